//! Every page there is, as each of them sees it: the demo's world is walked along its own links, and what no
//! link leads to is opened by its address. Nothing may be unreadable for somebody (axe-core, in the light and in
//! the dark), and nothing may have to be scrolled sideways on the narrowest phone, however long the texts are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::Method;
use holdfast::web;
use holdfast::web::routes::Access;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::look::NARROWEST;
use crate::person::Person;
use crate::portal::Portal;

/// What is no page of the demo's world, and why.
const NOT_WALKED: [(&str, &str); 8] = [
    ("/admin/mail/{id}/html", "a letter as mail programs show it, which runs no script of anybody"),
    ("/admin/disputes/{reference}/{number}/files/{file}", "a file"),
    ("/escrows/{reference}/files/{file}", "a file"),
    ("/escrows/new/{draft}/files/{file}", "a file"),
    ("/escrows/new/{draft}/files", "looked at while the broker's deal is written"),
    ("/arbitration/{reference}/files/{file}", "a file"),
    ("/g/{token}/files/{file}", "a file"),
    ("/sandbox/pay/{reference}", "the provider's page, looked at while the broker's deal is paid"),
];

/// Of these more than one is looked at, since they look otherwise in each state.
const MANY: [(&str, &str, usize); 9] = [
    ("buyer", "/escrows/{reference}", 36),
    ("buyer", "/escrows/{reference}/milestones/{number}", 8),
    ("seller", "/escrows/new/{draft}/{step}", 12),
    ("operator", "/admin/disputes/{reference}/{number}", 6),
    ("operator", "/admin/disputes/{reference}/{number}/ruling", 3),
    ("guest", "/g/{token}", BOUGHT.len() + 1),
    ("guest", "/g/{token}/milestones/{number}", 5),
    ("guest", "/g/{token}/refunds/{number}", 3),
    ("guest", "/g/{token}/cancel", 3),
];

/// Who bought without an account in the demo, and what.
const GUEST: &str = "guest@example.com";
const BOUGHT: [&str; 13] = [
    "Code for a thousand coins",
    "Set of vector icons",
    "Sewing patterns, size 42",
    "Two tickets for the opera",
    "Logbook template",
    "Recording of a lecture",
    "Gift card of a book shop",
    "Wallpaper for a phone",
    "Licence for a photo editor",
    "Course on bread baking",
    "Font family, four weights",
    "Plugin for a web shop",
    "Drum loops, one gigabyte",
];

/// What the demo sells by a link that nobody has paid by.
const FOR_SALE: &str = "Your pay link is ready: Voucher for a cooking class";

/// Somebody on a walk.
struct Walk {
    who: &'static str,
    person: Person,
    queue: VecDeque<String>,
    /// The addresses that were opened, without their queries.
    opened: BTreeSet<String>,
    /// How many pages of each route were looked at.
    looked_at: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

/// A page's path and who may call it.
type Page = (&'static str, Access);

fn pages() -> Vec<Page> {
    let routes = web::routes();
    let listed = routes.listed().filter(|route| route.method == Method::GET);
    let walked = listed.filter(|route| route.access != Access::Bare);
    walked.map(|route| (route.path, route.access)).collect()
}

/// The route of an address: of those that fit, the one with the fewest braces.
fn route(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |route: &str| {
        let mut parts = route.split('/').zip(path.split('/'));
        let same_length = route.split('/').count() == path.split('/').count();
        same_length
            && parts.all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
    };
    let fitting = pages().into_iter().map(|(route, _)| route).filter(|route| fits(route));
    fitting.min_by_key(|route| route.matches('{').count())
}

impl Walk {
    async fn begin(driver: &Driver, portal: &Portal, who: &'static str) -> Self {
        let person = Person::at(driver, portal).await;
        if is_known(who) {
            person.go("/sign-in").await;
            person.fill("Email address", &format!("{who}@example.com")).await;
            person.fill("Password", &portal.password).await;
            person.press("Sign in").await;
            person.sees("Test mode").await;
            person.waits_for("Balances").await;
        }
        person.window.at_every_page(&axe()).await;
        let for_them = |access: Access| match access {
            Access::Public => true,
            Access::SignedIn => is_known(who),
            Access::Operator => who == "operator",
            Access::Party | Access::Guest | Access::Token | Access::SignedNotice | Access::Bare => false,
        };
        let plain = pages().into_iter().filter(|(path, access)| !path.contains('{') && for_them(*access));
        let queue = plain.map(|(path, _)| path.to_owned()).collect();
        let (opened, looked_at, faults) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Self { who, person, queue, opened, looked_at, faults }
    }

    /// Follows every link, and opens then what no link led to.
    async fn goes(&mut self) {
        self.follows().await;
        let Some(reference) = self.opened.iter().find(|path| route(path) == Some("/escrows/{reference}"))
        else {
            return;
        };
        let escrow = reference.clone();
        for (path, access) in pages() {
            if access == Access::Party && !self.looked_at.contains_key(path) && !is_excepted(path) {
                let address = path.replace("/escrows/{reference}", &escrow);
                let address = address.replace("{number}", "1").replace("{n}", "1").replace("{v}", "1");
                if !address.contains('{') {
                    self.queue.push_back(address);
                }
            }
        }
        self.follows().await;
    }

    async fn follows(&mut self) {
        while let Some(address) = self.queue.pop_front() {
            let Some(route) = route(&address).filter(|route| !is_excepted(route)) else { continue };
            let most = MANY.iter().find(|(who, many, _)| *many == route && *who == self.who);
            if self.looked_at.get(route).copied().unwrap_or_default() >= most.map_or(1, |(.., most)| *most) {
                continue;
            }
            let path = address.split('?').next().unwrap_or_default().to_owned();
            if self.opened.insert(path) {
                self.looks_at(&address, route).await;
            }
        }
    }

    async fn looks_at(&mut self, address: &str, route: &'static str) {
        self.person.go(address).await;
        let seen = self.person.reads().await;
        let status = seen["status"].as_u64().unwrap_or_default();
        // A link of another role's, or one that has gone: the page that says so is looked at elsewhere.
        if status == 404 {
            return;
        }
        *self.looked_at.entry(route).or_default() += 1;
        if ["/admin/disputes/{reference}/{number}", "/arbitration/{reference}/disputes/{number}"]
            .contains(&route)
        {
            self.queue.push_back(format!("{address}/ruling?release-1=1"));
        }
        self.queue.extend(texts(&seen["links"]));
        let faults = ["violations", "dark", "wide"].map(|way| (way, texts(&seen[way])));
        for (way, fault) in
            faults.into_iter().flat_map(|(way, faults)| faults.into_iter().map(move |it| (way, it)))
        {
            self.faults.push(format!("{}, {address}, {way}: {fault}", self.who));
        }
    }
}

impl Person {
    /// The page's status, its links, and what is wrong with it.
    async fn reads(&self) -> Value {
        let light =
            self.asks("run(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])").await;
        self.window.dark(true).await;
        let dark = self.asks("run({ type: 'rule', values: ['color-contrast'] })").await;
        self.window.dark(false).await;
        self.window.width(NARROWEST).await;
        let mut wide = self.too_wide().await;
        wide.extend(self.too_wide_when_long().await);
        self.window.width(1280).await;
        json!({
            "status": light["status"], "links": light["links"],
            "violations": light["violations"], "dark": dark["violations"], "wide": wide,
        })
    }

    /// Asks axe-core. A page may be replaced by its own refresh meanwhile; then it is asked again.
    async fn asks(&self, run: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             const run = only => axe.run({{ runOnly: only, resultTypes: ['violations'] }}); \
             const links = [...document.querySelectorAll('a[href]')].map(it => it.getAttribute('href')); \
             const status = performance.getEntriesByType('navigation')[0].responseStatus; \
             {run}.then(found => done({{ links, status, violations: found.violations.map(it => \
                 it.id + ': ' + it.nodes.map(node => node.html.slice(0, 160)).join(' | ')) }}))"
        );
        for _ in 0..5 {
            if let Ok(found) = self.window.client.execute_async(&script, Vec::new()).await {
                return found;
            }
        }
        json!({ "violations": ["the page never stands still"] })
    }
}

impl Walk {
    /// Buys by the seller's link, comes back to what became of the payment, and opens then everything that the
    /// guest of the demo has bought by the links of his mails.
    async fn buys_and_follows(&mut self, portal: &Portal, link: &str) {
        self.queue = VecDeque::from([path(portal, link)]);
        self.follows().await;
        self.person.buys_as_a_guest(link, "nour@example.com", "Nour New", "85.850", false).await;
        self.queue.push_back(self.person.place().await);
        let links = BOUGHT.map(|title| path(portal, &portal.mailed_link(GUEST, title)));
        let own = links.map(|link| link.split('/').take(3).collect::<Vec<_>>().join("/"));
        self.queue.extend(own.clone());
        let late =
            portal.mailed_link("late@example.com", "Your payment goes back: Ticket for a jazz evening");
        self.queue.push_back(path(portal, &late));
        self.follows().await;
        for (page, _) in pages().into_iter().filter(|(_, access)| *access == Access::Guest) {
            for own in &own {
                let address = page.replace("/g/{token}", own).replace("{number}", "1");
                if !self.looked_at.contains_key(page) && !address.contains('{') {
                    self.queue.push_back(address);
                    self.follows().await;
                }
            }
        }
    }

    /// The links that change an address open for whoever asked for it, and the one that undoes it for anybody.
    async fn changes_the_address(&mut self, portal: &Portal) {
        self.person.go("/settings/security").await;
        self.person.fill("New email address", "other@example.com").await;
        self.person.fill("Your password", &portal.password).await;
        self.person.press("Send the link").await;
        let new = portal.mailed_link("other@example.com", "Use this address");
        let old = portal.mailed_link(&format!("{}@example.com", self.who), "Move your");
        self.queue.push_back(path(portal, &old));
        self.follows().await;
        let half = ("Confirm it here", "One mailbox has confirmed it");
        let whole = ("Use the new address", "Your account has the new address");
        for (link, (words, answer)) in [(&old, half), (&new, whole)] {
            self.person.go(link).await;
            self.person.press(words).await;
            self.person.sees(answer).await;
        }
        let undo = portal.mailed_link(&format!("{}@example.com", self.who), "was changed");
        self.queue.push_back(path(portal, &undo));
        self.follows().await;
        self.person.go(&undo).await;
        self.person.press("Take my address back").await;
        self.person.sees("Your account has its earlier address again").await;
    }
}

/// A link of the portal without its host.
fn path(portal: &Portal, link: &str) -> String {
    link.strip_prefix(&portal.home()).unwrap_or(link).to_owned()
}

/// Links that mails and the command line hand out, for which nobody has to be signed in; and a pay link, whole.
async fn doors(driver: &Driver, portal: &Portal) -> (Vec<String>, String) {
    let somebody = Person::at(driver, portal).await;
    somebody.go("/reset").await;
    somebody.fill("Email address", "broker@example.com").await;
    somebody.press("Send the link").await;
    let reset = portal.mailed_link("broker@example.com", "Choose a new password");
    somebody.go("/sign-up").await;
    somebody.introduces_herself("Nada New", Some("nada@example.com")).await;
    somebody.press("Create account").await;
    let confirm = portal.mailed_link("nada@example.com", "Confirm your address");
    somebody.go("/sign-in").await;
    somebody.fill("Email address", "seller@example.com").await;
    somebody.fill("Password", &portal.password).await;
    somebody.press("Sign in").await;
    somebody.waits_for("Balances").await;
    let quick = "No, it is enough that everyone accepts";
    somebody.sends_terms(quick, "A garden gate", "90", "unknown@example.com").await;
    let invited = portal.mailed_link("unknown@example.com", "invites you to an escrow");
    let mut doors = vec![reset, confirm, format!("{invited}/decline"), format!("{invited}/not-me"), invited];
    doors.push(portal.operators_link("another@example.com"));
    let case = portal.mailed_link("notary@example.com", "You are named as the arbiter");
    doors.extend([format!("{case}/refusal"), case]);
    somebody.go(&portal.mailed_link("seller@example.com", FOR_SALE)).await;
    let link = somebody.pay_link().await;
    (doors.iter().map(|link| path(portal, link)).collect(), link)
}

/// Whether somebody on a walk has an account.
fn is_known(who: &str) -> bool {
    !matches!(who, "nobody" | "guest")
}

fn axe() -> String {
    let path = std::env::var_os("HOLDFAST_TEST_AXE").expect("axe-core is there: scripts/test brings it");
    std::fs::read_to_string(path).unwrap()
}

fn is_excepted(route: &str) -> bool {
    NOT_WALKED.iter().any(|(excepted, _)| *excepted == route)
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().cloned().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_page_of_everyone_is_fit_to_be_shown() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::demo();
    let mut reached = BTreeSet::new();
    let mut faults = Vec::new();
    // Two at a time, one a core.
    for pair in [["buyer", "operator"], ["seller", "broker"]] {
        let [mut one, mut other] =
            [Walk::begin(&driver, &portal, pair[0]).await, Walk::begin(&driver, &portal, pair[1]).await];
        if pair[0] == "seller" {
            one.queue.push_back(path(&portal, &portal.mailed_link("seller@example.com", FOR_SALE)));
        }
        tokio::join!(one.goes(), other.goes());
        if pair[0] == "buyer" {
            one.changes_the_address(&portal).await;
        }
        for walk in [one, other] {
            println!("{}: {} pages of {} routes", walk.who, walk.opened.len(), walk.looked_at.len());
            reached.extend(walk.looked_at.into_keys());
            faults.extend(walk.faults);
        }
    }
    let [mut nobody, mut arbiter, mut guest] = [
        Walk::begin(&driver, &portal, "nobody").await,
        Walk::begin(&driver, &portal, "arbiter").await,
        Walk::begin(&driver, &portal, "guest").await,
    ];
    let (doors, link) = doors(&driver, &portal).await;
    nobody.queue.extend(doors);
    tokio::join!(nobody.goes(), arbiter.goes(), guest.buys_and_follows(&portal, &link));
    for walk in [nobody, arbiter, guest] {
        println!("{}: {} pages of {} routes", walk.who, walk.opened.len(), walk.looked_at.len());
        reached.extend(walk.looked_at.into_keys());
        faults.extend(walk.faults);
    }
    let missed: Vec<_> =
        pages().into_iter().filter(|(path, _)| !reached.contains(path) && !is_excepted(path)).collect();
    assert!(missed.is_empty(), "nobody came upon {missed:#?}");
    let needless: Vec<_> = NOT_WALKED.iter().filter(|(path, _)| reached.contains(path)).collect();
    assert!(needless.is_empty(), "{needless:?} can be walked");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
