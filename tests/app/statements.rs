//! No page asks the database more than six times, who reads it included: a walk along every page there is,
//! for deals at every point of their way.

use std::collections::BTreeMap;

use axum::http::Method;
use holdfast::engine::command::Command;
use holdfast::store::db::counting;
use holdfast::store::execute::Outcome;
use holdfast::web;
use holdfast::web::draft::steps::Step;
use holdfast::web::routes::Access;

use crate::browser::Browser;
use crate::guests::{GUEST, buys, for_sale, own_path, says};
use crate::home::{BROKER, BUYER, SELLER, cast, many};
use crate::milestone::hidden_field;
use crate::world::{World, both};

const MOST: usize = 6;

/// A portal in which every page has something to show: the references of deals at each point of their way.
async fn deals(world: &World) -> Vec<String> {
    cast(world).await;
    world.operator("olfa@example.com").await;
    many(world, 30).await;
    let (proposed, agreed, paying) = (world.proposed().await, world.agreed().await, world.agreed().await);
    world.starts_to_pay(&paying).await;
    let working = world.funded().await;
    world.delivers(&working, 1).await;
    world.approves(&working, 1).await;
    world.delivers(&working, 2).await;
    let changing = world.funded().await;
    world.delivers(&changing, 1).await;
    let reason = "It does not work.".to_owned();
    let change = Command::RequestChanges { milestone: 1, failed: vec![0], reason };
    assert_eq!(world.asks(&changing, changing.buyer, change).await, Outcome::Done);
    let over = world.funded().await;
    for number in [1, 2] {
        world.delivers(&over, number).await;
        world.approves(&over, number).await;
    }
    [proposed, agreed, paying, working, changing, over].map(|deal| deal.reference).to_vec()
}

/// Every address of a route, with each value that may stand in its braces.
fn addresses(path: &str, values: &BTreeMap<&str, Vec<String>>) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let (name, after) = rest.split_once('}').unwrap();
    let unknown = vec!["0190163d-8694-739b-aea5-966c26f8ad91".to_owned()];
    let here = values.get(name).unwrap_or(&unknown);
    here.iter().flat_map(|value| addresses(&format!("{before}{value}{after}"), values)).collect()
}

async fn draft(browser: &mut Browser) -> String {
    let started = browser.post("/escrows/new", &[("role", "buyer")]).await;
    started.location().split('/').nth(3).unwrap().to_owned()
}

/// A draft of other terms; nothing for whoever takes no part in it.
async fn other_terms(browser: &mut Browser, reference: &str) -> Option<String> {
    let begun = browser.post(&format!("/escrows/{reference}/terms/propose"), &[]).await;
    (begun.status == 303).then(|| begun.location().split('/').nth(3).unwrap().to_owned())
}

/// Pages of the console whose look is written down: the audit is a chain, so its head is read before a line is added.
/// A page that is refused has a line in the security log as well.
fn is_noted(path: &str) -> bool {
    path.starts_with("/admin/escrows/")
        || path.starts_with("/admin/disputes/")
        || path.starts_with("/admin/users/")
}

both! {
    async fn no_page_needs_more_than_six_statements(world) {
        let references = deals(&world).await;
        let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        values.insert("reference", references);
        values.insert("number", vec!["1".to_owned(), "2".to_owned()]);
        values.insert("v", vec!["1".to_owned()]);
        values.insert("currency", vec!["TND".to_owned()]);
        values.insert("step", Step::ALL.iter().map(|step| step.slug().to_owned()).collect());
        let readers = [BUYER, SELLER, BROKER, "olfa@example.com"];
        let (mut asked, mut too_many) = (0, Vec::new());
        for email in readers {
            let mut browser = world.signed_in(email).await;
            values.insert("draft", vec![draft(&mut browser).await]);
            if let Some(draft) = other_terms(&mut browser, &values["reference"][0]).await {
                values.get_mut("draft").unwrap().push(draft);
            }
            for route in web::routes().listed() {
                let is_console = route.access == Access::Operator;
                if route.method != Method::GET || is_console != (email == "olfa@example.com") {
                    continue;
                }
                for path in addresses(route.path, &values) {
                    let (page, count) = counting(browser.get(&path)).await;
                    asked += 1;
                    if count > MOST + usize::from(is_noted(&path) || page.status == 404) {
                        too_many.push(format!("{path} ({}) for {email}: {count}", page.status));
                    }
                }
            }
            let compare = format!("/escrows/{}/terms/compare?from=1&to=1", values["reference"][0]);
            // Filters and searches ask in other ways.
            for path in [
                "/escrows?show=drafts", "/escrows?show=needs-me", "/escrows?show=over", "/escrows?q=ESC-0000-0000", "/escrows?show=over&q=a",
                &compare, "/admin/search?q=shop", "/admin/escrows?q=shop", "/admin/escrows?q=webshops", "/admin/escrows?stage=active",
                "/admin/payments?state=pending", "/admin/ledger?before=9",
            ] {
                let (_, count) = counting(browser.get(path)).await;
                assert!((2..=MOST).contains(&count), "{path}: {count}");
            }
        }
        asked += by_links(&world, &mut too_many).await;
        assert!(asked > 300, "only {asked} pages were there");
        assert!(too_many.is_empty(), "{too_many:#?}");
    }
}

/// The pages behind pay links and guests' links, for whoever bought by one, and the seller's page of it.
async fn by_links(world: &World, too_many: &mut Vec<String>) -> usize {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (open, link) = for_sale(world).await;
    let mut guest = world.browser();
    let (deal, taken) = for_sale(world).await;
    buys(&mut guest, &taken, GUEST, &[]).await.is(303);
    let payment = world.escrow(&deal).await.charge.unwrap().payment;
    says(world, &deal, true).await;
    let own = own_path(&world.mail(GUEST).await);
    let dispute = guest.get(&format!("{own}/disputes/new")).await;
    let key = hidden_field(&dispute, "key");
    let fields = [("release-1", "0"), ("note", "It never came."), ("key", &*key)];
    guest.post(&format!("{own}/disputes"), &fields).await.is(303);
    let secret = |path: &str| path.split('/').nth(2).unwrap().to_owned();
    values.insert("token", vec![secret(&link), secret(&taken), secret(&own)]);
    values.insert("payment", vec![payment.to_string()]);
    values.insert("number", vec!["1".to_owned()]);
    let by_token = web::routes();
    let by_token = by_token.listed().filter(|route| route.path.contains("{token}"));
    let gets = by_token.filter(|route| route.method == Method::GET);
    let mut paths: Vec<String> = gets.flat_map(|route| addresses(route.path, &values)).collect();
    let (mut there, all) = (0, paths.len());
    for path in paths.drain(..) {
        let (page, count) = counting(guest.get(&path)).await;
        there += usize::from(page.status == 200);
        if count > MOST {
            too_many.push(format!("{path} ({}) for a guest: {count}", page.status));
        }
    }
    assert!(there > 11, "only {there} pages of a guest were there");
    let mut seller = world.signed_in(SELLER).await;
    for path in [open.path("/link"), open.path("/link/new"), open.path("")] {
        let (page, count) = counting(seller.get(&path)).await;
        assert!(page.status == 200 && count <= MOST, "{path} ({}): {count}", page.status);
    }
    all
}
