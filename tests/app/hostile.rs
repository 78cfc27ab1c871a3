//! What no database can hold, in each path, query, field and cookie of every route there is: an answer, and never a
//! fault of ours. The names of the fields are read off the sources, so that none can be left out.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use holdfast::web;
use holdfast::web::routes::{Access, Listed};
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::delivery::{Part, multipart};
use crate::milestone::Cast;
use crate::strangers::{Things, things};
use crate::world::{World, both};

/// As they stand in an address.
const IN_ADDRESSES: [&str; 9] = [
    "%00",
    "a%00b",
    "%FF",
    "%ED%A0%80",
    "%0A",
    "99999999999999999999",
    "-1",
    "%F0%9F%92%A9%27%22",
    "9999-12-31",
];

/// What none of our addresses can hold, whatever page it is.
const UNREADABLE: [&str; 5] = ["%00", "a%00b", "%FF", "%ED%A0%80", "%0A"];

struct People {
    buyer: Browser,
    operator: Browser,
    nobody: Browser,
}

impl People {
    fn of(&self, route: &Listed) -> Browser {
        match route.access {
            Access::Operator => self.operator.clone(),
            Access::SignedIn | Access::Party => self.buyer.clone(),
            Access::Bare | Access::Public | Access::Token | Access::Guest | Access::SignedNotice => {
                self.nobody.clone()
            }
        }
    }
}

async fn people(world: &World) -> (People, Things) {
    let mut cast = Cast::funded(world).await;
    let things = things(world, &mut cast).await;
    world.operator("olfa@example.com").await;
    let operator = world.signed_in("olfa@example.com").await;
    (People { buyer: cast.buyer, operator, nobody: world.browser() }, things)
}

/// What ends what the rest of the walk needs.
fn ends_a_session(path: &str) -> bool {
    path == "/sign-out" || path.starts_with("/settings/sessions")
}

/// The real address, with whatever part this test does not know made up.
fn real(things: &Things, path: &str) -> String {
    let parts = things.address(path).split('/').map(str::to_owned).collect::<Vec<_>>();
    parts
        .into_iter()
        .map(|part| if part.starts_with('{') { "x".to_owned() } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

async fn call(people: &People, route: &Listed, address: &str, body: Body, kind: Option<&str>) -> u16 {
    let page = people.of(route).send(route.method.clone(), address, body, kind).await;
    assert!(page.status < 500, "{} {address}: {}", route.method, page.text());
    page.status
}

both! {
    async fn in_each_part_of_each_path_it_is_an_address_that_is_not_there(world) {
        let (people, things) = people(&world).await;
        for route in web::routes().listed().filter(|route| !ends_a_session(route.path)) {
            for (place, _) in route.path.split('/').enumerate().filter(|(_, part)| part.starts_with('{')) {
                for hostile in IN_ADDRESSES.iter().copied().chain(["a".repeat(3_000).as_str()]) {
                    let address = real(&things, route.path);
                    let parts = address.split('/').enumerate();
                    let parts = parts.map(|(at, part)| if at == place { hostile } else { part });
                    let address = parts.collect::<Vec<_>>().join("/");
                    let status = call(&people, route, &address, Body::empty(), None).await;
                    if UNREADABLE.contains(&hostile) {
                        assert_eq!(status, 404, "{} {address}", route.method);
                    }
                }
            }
        }
    }
}

/// The names of all fields that any form or query is asked for.
fn fields() -> BTreeSet<String> {
    fn read(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                read(&entry.path(), names);
                continue;
            }
            let source = std::fs::read_to_string(entry.path()).unwrap();
            for asked in [
                "get",
                "exact",
                "all",
                "has",
                "ticked",
                "text",
                "optional_text",
                "money",
                "number",
                "percent",
            ] {
                for found in source.split(&format!(".{asked}(\"")).skip(1) {
                    names.extend(found.split('"').next().map(str::to_owned));
                }
            }
        }
    }
    let mut names = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut names);
    names.retain(|name| name.len() < 40 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
    names
}

both! {
    async fn in_each_query_it_is_answered(world) {
        let (people, things) = people(&world).await;
        let names = fields();
        assert!(names.len() > 60 && names.contains("before") && names.contains("q"), "{names:?}");
        for route in web::routes().listed().filter(|route| route.method == Method::GET) {
            for hostile in IN_ADDRESSES.iter().copied().chain(["a".repeat(120).as_str()]) {
                let query = names.iter().map(|name| format!("{name}={hostile}")).collect::<Vec<_>>().join("&");
                let address = format!("{}?{query}", real(&things, route.path));
                let status = call(&people, route, &address, Body::empty(), None).await;
                if UNREADABLE.contains(&hostile) && hostile != "%0A" {
                    assert_eq!(status, 400, "{} with {hostile}", route.path);
                }
            }
        }
    }
}

both! {
    async fn in_each_field_it_is_answered(world) {
        let (people, things) = people(&world).await;
        let names = fields();
        let long = "a".repeat(1_000);
        let texts = ["\0", "a\0b", "99999999999999999999", "-1", "\u{1f4a9}", "9999-12-31", "\u{202e}", long.as_str()];
        let form = Some("application/x-www-form-urlencoded");
        for route in web::routes().listed() {
            if route.method != Method::POST || ends_a_session(route.path) {
                continue;
            }
            let address = real(&things, route.path);
            for text in texts {
                let mut body = form_urlencoded::Serializer::new(String::new());
                body.extend_pairs(names.iter().map(|name| (name.as_str(), text)));
                call(&people, route, &address, Body::from(body.finish()), form).await;
            }
            let parts: Vec<Part<'_>> = names.iter().map(|name| (name.as_str(), None, &b"a\0b"[..])).collect();
            let kind = Some("multipart/form-data; boundary=XX");
            call(&people, route, &address, Body::from(multipart(&parts)), kind).await;
            let latin = names.iter().map(|name| format!("{name}=caf%E9")).collect::<Vec<_>>().join("&");
            call(&people, route, &address, Body::from(latin), form).await;
        }
    }
}

both! {
    async fn in_each_cookie_it_is_answered(world) {
        world.account("Amel", "amel@example.com").await;
        for hostile in ["%00", "a%00b", "%FF", "99999999999999999999", "\"", "a".repeat(3_000).as_str()] {
            let mut browser = world.signed_in("amel@example.com").await;
            for name in ["holdfast-device", "holdfast-guest", "flash", "typed_address"] {
                browser.cookies.insert(name.to_owned(), hostile.to_owned());
            }
            for path in ["/", "/home", "/verify-email", "/settings/security", "/pay/none", "/sign-up"] {
                assert!(browser.get(path).await.status < 500, "{path} {hostile}");
            }
            browser.cookies.insert("holdfast".to_owned(), hostile.to_owned());
            assert!(browser.get("/home").await.status < 500, "{hostile}");
        }
    }
}

both! {
    async fn many_drafts_begun_at_once_are_no_more_than_there_may_be(world) {
        use holdfast::store::drafts::{self, MOST_DRAFTS};
        let id = world.account("Amel", "amel@example.com").await;
        for _ in 0..MOST_DRAFTS - 1 {
            drafts::start(&world.app.db, &world.app.clock, id, "A shelf", &Vec::new()).await.unwrap();
        }
        let mut all = JoinSet::new();
        for _ in 0..6 {
            let app = world.app.clone();
            all.spawn(async move { drafts::start(&app.db, &app.clock, id, "A shelf", &Vec::new()).await.unwrap() });
        }
        let begun = all.join_all().await;
        assert_eq!(begun.iter().filter(|draft| draft.is_some()).count(), 1);
    }
}
