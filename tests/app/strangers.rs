//! Other people's things: every address of an escrow, a draft, a file, a payment, a dispute, an offer, a request, a
//! session, a user or a mail that exists, called by those whom it is none of the business of.
//!
//! `walk` does the same for what does not exist; here each address is a real one, and somebody is shown that
//! it is: a wrong 404 for everybody would prove nothing.

use axum::body::Body;
use axum::http::Method;
use holdfast::checkpoints;
use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::party::Role;
use holdfast::engine::terms::Terms;
use holdfast::store::db::all;
use holdfast::store::execute::Outcome;
use holdfast::store::proposals::{Named, Proposal, propose};
use holdfast::store::{drafts, files};
use holdfast::web;
use holdfast::web::routes::{Access, Listed};
use uuid::Uuid;

use crate::browser::Browser;
use crate::deal::Deal;
use crate::delivery::{Part, multipart};
use crate::guests::{for_sale, sold};
use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

/// Party pages that a deal like this one does not have, even for its parties: it asks for no proof, a reminder by
/// hand needs a clock in its query, and nothing of it is hidden.
const NOT_HERE: [&str; 5] = [
    "/escrows/{reference}/link",
    "/escrows/{reference}/link/new",
    "/escrows/{reference}/proof",
    "/escrows/{reference}/reminder",
    "/escrows/{reference}/side-agreement.txt",
];

/// Everything that belongs to the parties of one deal.
pub struct Things {
    pub deal: Deal,
    file: Uuid,
    payment: Uuid,
    draft: Uuid,
    draft_file: Uuid,
    session: Uuid,
    mail: Uuid,
}

impl Things {
    pub fn address(&self, path: &str) -> String {
        let parts = path.split('/').map(|part| match part {
            "{reference}" if path.starts_with("/sandbox") => "no-such-payment".to_owned(),
            "{ref}" | "{reference}" => self.deal.reference.clone(),
            "{number}" | "{n}" | "{v}" | "{p}" => "1".to_owned(),
            "{payment}" => self.payment.to_string(),
            "{draft}" => self.draft.to_string(),
            "{file}" if path.starts_with("/escrows/new") => self.draft_file.to_string(),
            "{file}" => self.file.to_string(),
            "{step}" => "work".to_owned(),
            "{currency}" => "TND".to_owned(),
            "{id}" if path.starts_with("/settings/sessions") => self.session.to_string(),
            "{id}" if path.starts_with("/admin/users") => self.deal.buyer.to_string(),
            "{id}" if path.starts_with("/admin/jobs/payments") => self.payment.to_string(),
            "{id}" => self.mail.to_string(),
            part => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

async fn upload(browser: &mut Browser, path: &str, parts: &[Part<'_>]) {
    let kind = Some("multipart/form-data; boundary=XX");
    let page = browser.send(Method::POST, path, Body::from(multipart(parts)), kind).await;
    assert_eq!(page.status, 303, "{path}: {}", page.text());
}

/// A deal in which something of everything is there: a file, a dispute over the first milestone, an offer and a
/// request for the second.
pub async fn things(world: &World, cast: &mut Cast) -> Things {
    let deal = cast.deal.clone();
    world.delivers(&deal, 1).await;
    let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 400_000 }];
    let (reason, failed, files) = ("It leaks.".to_owned(), Vec::new(), Vec::new());
    let dispute = Command::OpenDispute { claims, reason: reason.clone(), failed, files };
    let splits = vec![Split { milestone: 2, release_minor: 300_000, refund_minor: 300_000 }];
    let offer = Command::OfferSettlement { splits, note: String::new() };
    let ask = Command::AskExtension { milestone: 2, due: world.app.clock.now().plus_days(90), reason };
    for (user, command) in [(deal.buyer, dispute), (deal.seller, offer), (deal.seller, ask)] {
        assert_eq!(world.asks(&deal, user, command).await, Outcome::Done);
    }
    let path = deal.path("/messages");
    let key = hidden_field(&cast.buyer.get(&path).await, "key");
    let parts: [Part<'_>; 2] = [("key", None, key.as_bytes()), ("files", Some("plan.txt"), b"the plan")];
    upload(&mut cast.buyer, &path, &parts).await;
    let fields = [("role", "buyer"), ("kind", "one_off"), ("mode", "quick"), ("title", "A secret")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let draft =
        drafts::start(&world.app.db, &world.app.clock, deal.buyer, "A secret", &fields).await.unwrap();
    let draft = draft.unwrap();
    let parts: [Part<'_>; 1] = [("files", Some("draft.txt"), b"a draft")];
    upload(&mut cast.buyer, &format!("/escrows/new/{draft}/files"), &parts).await;
    world.mails().await;
    let payment = world.escrow(&deal).await.charge.unwrap().payment;
    let mut reader = world.app.db.read().await.unwrap();
    let conn = &mut reader.conn();
    let file = files::of_escrow(conn, deal.escrow).await.unwrap()[0].id;
    let first = |rows: Vec<(Uuid,)>| rows[0].0;
    let sql = "SELECT id FROM files WHERE escrow_id IS NULL";
    let draft_file = first(all!(conn, (Uuid,), sql).unwrap());
    let sql = "SELECT public_id FROM sessions WHERE user_id = $1 AND ended_at IS NULL";
    let session = first(all!(conn, (Uuid,), sql, deal.buyer).unwrap());
    let mail = first(all!(conn, (Uuid,), "SELECT id FROM outbox ORDER BY id LIMIT 1").unwrap());
    Things { deal, file, payment, draft, draft_file, session, mail }
}

async fn call(browser: &mut Browser, route: &Listed, address: &str) -> u16 {
    let kind = (route.method == Method::POST).then_some("application/x-www-form-urlencoded");
    let page = browser.send(route.method.clone(), address, Body::empty(), kind).await;
    let signs_in = page.status == 303 && page.location().starts_with("/sign-in");
    if signs_in { 401 } else { page.status }
}

/// Routes about something that belongs to somebody.
fn about_things() -> Vec<Listed> {
    let routes = web::routes();
    let owned = |route: &&Listed| {
        let in_braces = route.path.contains('{') && !route.path.contains("{currency}");
        match route.access {
            Access::Party | Access::Operator => in_braces,
            Access::SignedIn => in_braces && !route.path.contains("{token}"),
            Access::Bare | Access::Public | Access::Token | Access::Guest | Access::SignedNotice => false,
        }
    };
    routes.listed().filter(owned).cloned().collect()
}

impl World {
    /// Bilel sells something to whoever has this address.
    async fn sells_to(&self, terms: &Terms, email: &str) -> Deal {
        let seller = self.person("Bilel Seller").await;
        let parties =
            vec![(Role::Buyer, email.to_owned()), (Role::Seller, "bilel.seller@example.com".to_owned())];
        let (key, terms) = (self.app.clock.secret(), terms.clone());
        let proposal =
            Proposal { creator: seller, parties, named: Named::default(), terms, key, draft: None };
        let proposed = propose(&self.app.db, &self.app.clock, &proposal).await.unwrap();
        assert_eq!(proposed.executed.outcome, Outcome::Done);
        let (escrow, reference) = (proposed.escrow, proposed.reference);
        Deal { escrow, reference, buyer: Uuid::nil(), seller, broker: None }
    }
}

both! {
    async fn nobody_reaches_what_belongs_to_others(world) {
        let mut cast = Cast::funded(&world).await;
        let things = things(&world, &mut cast).await;
        let before = world.escrow(&things.deal).await;
        world.account("Zied Stranger", "zied.stranger@example.com").await;
        world.account("Dora Other", "dora.other@example.com").await;
        world.operator("olfa@example.com").await;
        let mut operator = world.signed_in("olfa@example.com").await;
        let made = checkpoints::make(&world.app, holdfast::store::audit::Who::Program).await.unwrap();
        assert_eq!(made, checkpoints::Made::Done(1));
        let mut strangers = [
            ("a stranger", world.signed_in("zied.stranger@example.com").await),
            ("another stranger", world.signed_in("dora.other@example.com").await),
        ];
        for route in about_things() {
            let address = things.address(route.path);
            assert!(!address.contains('{'), "{address} has a part that this test does not know");
            let what = format!("{} {address}", route.method);
            let out = call(&mut world.browser(), &route, &address).await;
            let expected = if route.access == Access::Operator { 404 } else { 401 };
            assert_eq!(out, expected, "{what}, nobody signed in");
            for (who, browser) in &mut strangers {
                let status = call(browser, &route, &address).await;
                // Of a session that is not one's own nothing is told: it might as well have ended.
                let is_session = route.path.starts_with("/settings/sessions");
                assert_eq!(status, if is_session { 303 } else { 404 }, "{what}, {who}");
            }
            if route.access == Access::Operator {
                for browser in [&mut cast.buyer, &mut cast.seller, &mut cast.broker] {
                    assert_eq!(call(browser, &route, &address).await, 404, "{what}, a party");
                }
            } else if !route.path.starts_with("/settings") {
                assert_eq!(call(&mut operator, &route, &address).await, 404, "{what}, an operator");
            }
            if route.method == Method::GET {
                is_there(&mut cast, &mut operator, &route, &address).await;
            }
        }
        assert_eq!(world.escrow(&things.deal).await, before, "somebody changed something");
        cast.buyer.get("/home").await.is(200);
        cast.buyer.get(&format!("/escrows/new/{}/files", things.draft)).await.shows("draft.txt");
    }
}

/// Whoever it is for gets it at this address, so that the others' 404 says something.
async fn is_there(cast: &mut Cast, operator: &mut Browser, route: &Listed, address: &str) {
    let mut statuses = Vec::new();
    let mut people = vec![&mut cast.buyer, &mut cast.seller, &mut cast.broker];
    if route.access == Access::Operator {
        people = vec![operator];
    }
    for browser in people {
        statuses.push(call(browser, route, address).await);
    }
    let found = statuses.iter().any(|status| *status != 404);
    // Nobody decides here but the platform, and nothing has gone back.
    let elsewhere = route.path.starts_with("/arbitration") || route.path.contains("/refunds/");
    assert_eq!(found, !elsewhere && !NOT_HERE.contains(&route.path), "GET {address}: {statuses:?}");
}

both! {
    async fn what_belongs_to_one_escrow_is_not_reached_through_another(world) {
        let mut cast = Cast::funded(&world).await;
        let things = things(&world, &mut cast).await;
        // Bilel sells to Amel here too, but Zied takes part in this one only.
        world.account("Zied Stranger", "zied.stranger@example.com").await;
        let mut terms = world.one_off(50_000);
        terms.title = "Something else".to_owned();
        let own = world.sells_to(&terms, "zied.stranger@example.com").await;
        let mut zied = world.signed_in("zied.stranger@example.com").await;
        zied.get(&own.path("")).await.is(200);
        for below in [
            format!("/files/{}", things.file),
            format!("/pay/{}", things.payment),
            "/disputes/1".to_owned(),
        ] {
            let page = zied.get(&own.path(&below)).await;
            assert_eq!(page.status, 404, "{below} leads to {}", page.location());
        }
        for below in ["/disputes/1/withdrawal", "/disputes/1/concession"] {
            let status = zied.post(&own.path(below), &[]).await.status;
            assert!(status == 404 || status == 422, "{below}: {status}");
        }
        let fields = vec![("role".to_owned(), "buyer".to_owned())];
        let zied_id = world.person_of("zied.stranger@example.com").await.unwrap();
        let draft = drafts::start(&world.app.db, &world.app.clock, zied_id, "", &fields).await.unwrap().unwrap();
        let file = format!("/escrows/new/{draft}/files/{}", things.draft_file);
        zied.get(&file).await.is(404);
        // Nothing of this name is in his draft, so it is as good as removed there.
        zied.post(&format!("{file}/remove"), &[]).await.is(303);
        cast.buyer.get(&format!("/escrows/new/{}/files", things.draft)).await.shows("draft.txt");
        // What others are told is not told to him.
        zied.get("/notifications").await.hides(&things.deal.reference);
        zied.get("/balances").await.hides(&things.deal.reference);
        zied.get("/escrows").await.hides(&things.deal.reference);
    }
}

both! {
    async fn no_secret_opens_what_it_is_not_for(world) {
        let (deal, link, own) = sold(&world).await;
        let (open, other) = for_sale(&world).await;
        let payment = world.escrow(&deal).await.charge.unwrap().payment.to_string();
        let before = (world.escrow(&deal).await, world.escrow(&open).await);
        let secret = |path: &str| path.split('/').nth(2).unwrap().to_owned();
        let (pay, guest) = (secret(&link), secret(&own));
        let routes = web::routes();
        let by_secret = routes.listed().filter(|route| route.path.starts_with("/pay/") || route.path.starts_with("/g/"));
        let mut asked = 0;
        let mut browsers = [world.browser(), world.signed_in("bilel.seller@example.com").await];
        for route in by_secret {
            let others = if route.path.starts_with("/g/") { &pay } else { &guest };
            for wrong in ["no-such-secret", others.as_str(), deal.reference.as_str()] {
                let address = route.path.replace("{token}", wrong).replace("{number}", "1");
                let address = address.replace("{payment}", &payment).replace("{file}", &payment);
                assert!(!address.contains('{'), "{address} has a part that this test does not know");
                for browser in &mut browsers {
                    assert_eq!(call(browser, route, &address).await, 404, "{} {address}", route.method);
                    asked += 1;
                }
            }
        }
        assert!(asked > 100, "only {asked} were tried");
        // The right ones open their pages, and a payment is told of behind its own link alone.
        world.browser().get(&link).await.is(200);
        world.browser().get(&own).await.is(200);
        let elsewhere = world.browser().get(&format!("{other}/{payment}")).await;
        assert_eq!(elsewhere.location(), other);
        assert_eq!((world.escrow(&deal).await, world.escrow(&open).await), before, "somebody changed something");
    }
}
