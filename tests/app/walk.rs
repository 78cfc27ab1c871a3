//! A walk along every route there is: each refuses everybody whom it is not for.
//!
//! The list is the one from which the router is built, so that no route can be left out of it.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use holdfast::web;
use holdfast::web::routes::{Access, Listed};

use crate::browser::Browser;
use crate::world::{World, both};

/// The route's address with made-up values for what stands in braces.
fn address(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{ref}" | "{reference}" => "ESC-7K2M-9QXA",
        "{n}" | "{v}" | "{p}" => "1",
        "{id}" | "{f}" => "0190163d-8694-739b-aea5-966c26f8ad91",
        part if part.starts_with('{') => "no-such-thing",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn call(browser: &mut Browser, route: &Listed) -> u16 {
    let kind = (route.method == Method::POST).then_some("application/x-www-form-urlencoded");
    let page = browser.send(route.method.clone(), &address(route.path), Body::empty(), kind).await;
    if page.status == 303 && page.location().starts_with("/sign-in") { 401 } else { page.status }
}

both! {
    async fn every_route_refuses_whom_it_is_not_for(world) {
        world.account("Nobody in particular", "stranger@example.com").await;
        let mut signed_in = world.signed_in("stranger@example.com").await;
        for route in web::routes().listed() {
            let nobody = call(&mut world.browser(), route).await;
            let mut browser = signed_in.clone();
            let stranger = call(&mut browser, route).await;
            if browser.cookies.get("holdfast") != signed_in.cookies.get("holdfast") {
                signed_in = world.signed_in("stranger@example.com").await;
            }
            let what = format!("{} {} ({:?})", route.method, route.path, route.access);
            match route.access {
                Access::Bare | Access::Public => assert_ne!(nobody, 401, "{what}"),
                Access::SignedIn => {
                    assert_eq!(nobody, 401, "{what}, nobody signed in");
                    assert_ne!(stranger, 401, "{what}, signed in");
                }
                Access::Party => {
                    assert_eq!(nobody, 401, "{what}, nobody signed in");
                    assert_eq!(stranger, 404, "{what}, no party");
                }
                Access::Operator => {
                    assert_eq!(nobody, 404, "{what}, nobody signed in");
                    assert_eq!(stranger, 404, "{what}, no operator");
                }
                Access::Token | Access::Guest => {
                    assert_eq!(nobody, 404, "{what}, nobody signed in");
                    assert_eq!(stranger, 404, "{what}, signed in");
                }
                Access::SignedNotice => {
                    assert!((400..500).contains(&nobody), "{what}: {nobody} without a signature");
                }
            }
        }
    }
}

#[test]
fn nothing_is_changed_by_getting_and_everything_is_listed_once() {
    let routes = web::routes();
    let mut seen = BTreeSet::new();
    for route in routes.listed() {
        assert!(seen.insert((route.method.to_string(), route.path)), "{} {} twice", route.method, route.path);
        assert!([Method::GET, Method::POST].contains(&route.method), "{}", route.path);
        let is_console = route.path.starts_with("/admin");
        assert_eq!(is_console, route.access == Access::Operator, "{}", route.path);
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let browser = world.signed_in("amel@example.com").await;
    for route in web::routes().listed().filter(|route| route.method == Method::POST) {
        if route.access == Access::SignedNotice {
            continue;
        }
        let page = browser.clone().forged_post(&address(route.path)).await;
        assert_eq!(page.status, 403, "{}", route.path);
        let page = browser.clone().nameless_post(&address(route.path)).await;
        assert_eq!(page.status, 403, "{}", route.path);
        page.shows("A program must send the header Origin");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_of_an_address_leads_to_the_page_and_a_form_nowhere() {
    let world = World::sqlite().await;
    for route in web::routes().listed().filter(|route| route.path != "/") {
        let plain = address(route.path);
        let page =
            world.browser().send(route.method.clone(), &format!("{plain}/"), Body::empty(), None).await;
        let led = route.method == Method::GET;
        assert_eq!(page.status, if led { 308 } else { 404 }, "{} {plain}/", route.method);
        assert_eq!(page.location(), if led { plain.as_str() } else { "" });
    }
    assert_eq!(world.browser().get("/sign-in/?next=%2Fhome").await.location(), "/sign-in?next=%2Fhome");
    for elsewhere in ["//evil.example/", "/%5Cevil.example/", "//"] {
        let page = world.browser().get(elsewhere).await;
        assert!(
            !page.location().starts_with("//") && !page.location().starts_with("/\\"),
            "{}",
            page.location()
        );
    }
}

#[tokio::test]
async fn probes_are_answered_to_anybody() {
    let world = World::sqlite().await;
    assert_eq!(world.browser().get("/healthz").await.body, "ok\n");
    assert_eq!(world.browser().get("/readyz").await.body, "ready\n");
    // A good answer serves for a while, whoever asks; that nothing can be read is noticed at once.
    world.app.db.close().await;
    assert_eq!(world.browser().get("/healthz").await.status, 200);
    assert_eq!(world.browser().get("/readyz").await.status, 503);
}
