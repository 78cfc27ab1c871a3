//! Terms are talked about on the pages: other terms proposed, compared, agreed to.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::Stage;
use holdfast::engine::party::Role;
use holdfast::store::execute::Outcome;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::home::{BROKER, BUYER, SELLER, cast};
use crate::world::{World, both};

fn hidden(page: &Page, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", page.text()));
    rest.split('"').next().unwrap().to_owned()
}

/// Worked case 4, sent by the broker, with its buyer in a browser.
async fn proposed(world: &World) -> (Deal, Browser) {
    cast(world).await;
    let deal = world.proposed().await;
    (deal, world.signed_in(BUYER).await)
}

/// Opens the pages with the terms that stand; where they are.
async fn begins(browser: &mut Browser, deal: &Deal) -> String {
    let page = browser.post(&deal.path("/terms/propose"), &[]).await;
    assert_eq!(page.status, 303, "{}", page.text());
    page.location().trim_end_matches("/check").to_owned()
}

async fn sends(browser: &mut Browser, draft: &str) -> Page {
    let check = browser.get(&format!("{draft}/check")).await;
    let (seen, key) = (hidden(&check, "seen"), hidden(&check, "key"));
    browser.post(&format!("{draft}/send"), &[("seen", &seen), ("key", &key)]).await
}

const PRICES: [(&str, &str); 5] = [
    ("currency", "TND"),
    ("milestone-1-title", "Design"),
    ("milestone-1-amount", "350"),
    ("milestone-2-title", "Shop"),
    ("milestone-2-amount", "550"),
];

both! {
    async fn the_buyer_proposes_another_price_and_the_others_see_what_changed(world) {
        let (deal, mut buyer) = proposed(&world).await;
        world.all_sign_but(&deal, Role::Buyer).await;
        let ask = buyer.get(&deal.path("/terms/propose")).await;
        ask.shows("Bilel Seller and Chiraz Broker signed counts no longer then");
        let draft = begins(&mut buyer, &deal).await;
        buyer.get(&format!("{draft}/check")).await.shows("Nothing changed but words of the text");
        assert_eq!(buyer.get(&format!("{draft}/parties")).await.location(), format!("{draft}/check"));
        let page = buyer.post(&format!("{draft}/price"), &PRICES).await;
        assert_eq!(page.location(), format!("{draft}/check"));
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("Price 1,000.000 TND 900.000 TND");
        check.shows("You pay in all 1,010.000 TND 909.000 TND");
        check.shows("These terms become version 2");
        check.shows("Send as version 2");
        let sent = sends(&mut buyer, &draft).await;
        assert_eq!(sent.location(), deal.path(""), "{}", sent.text());

        let escrow = world.escrow(&deal).await;
        assert_eq!((escrow.version, escrow.terms.amount_minor), (2, 900_000));
        assert!(escrow.parties.iter().all(|party| party.signature.is_none()));
        let page = buyer.get(&deal.path("")).await;
        page.shows("Your terms are sent, as a new version");
        page.shows("Amel Buyer (buyer) proposed other terms, version 2");

        let mail = world.mail(SELLER).await;
        assert!(mail.text.contains("New terms, version 2: A web shop"), "{}", mail.text);
        let mut seller = world.signed_in(SELLER).await;
        let compare = seller.get(&mail.path("/escrows/")).await;
        compare.shows("What changed in version 2 Compared with version 1.");
        compare.shows("Milestone 1: amount 400.000 TND 350.000 TND");
        compare.shows("You receive in all 950.000 TND 855.000 TND");
        assert!(compare.body.contains("<del>1,000.000</del><ins>900.000</ins>"), "{}", compare.body);
        compare.shows("Read and sign version 2");
        seller.get(&deal.path("")).await.shows("The buyer proposes other terms. Read the contract and sign it, version 2");
    }
}

both! {
    async fn whoever_answers_a_version_that_stands_no_longer_is_told(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let mut seller = world.signed_in(SELLER).await;
        let old = seller.get(&deal.path("/contract/sign")).await;
        let form = ["version", "document", "seen", "key"].map(|name| (name, hidden(&old, name)));
        let draft = begins(&mut buyer, &deal).await;
        buyer.post(&format!("{draft}/price"), &PRICES).await;
        sends(&mut buyer, &draft).await;
        let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("typed_name", "Bilel Seller"), ("consent", "yes")]);
        let page = seller.post(&deal.path("/contract/sign"), &fields).await;
        assert_eq!(page.status, 409, "{}", page.text());
        page.shows("The terms have changed: version 2 is the one to answer now.");
        assert!(world.escrow(&deal).await.parties.iter().all(|party| party.signature.is_none()));
    }
}

both! {
    async fn a_draft_of_other_terms_changes_nothing_by_itself_and_is_found_again(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let draft = begins(&mut buyer, &deal).await;
        assert_eq!(begins(&mut buyer, &deal).await, draft, "the one that was begun");
        let page = sends(&mut buyer, &draft).await;
        assert_eq!(page.status, 422, "{}", page.text());
        page.shows("These are the terms that stand already");
        buyer.get("/escrows/new").await.shows("Other terms: A web shop");
        // Meanwhile the seller was faster.
        let mut terms = world.escrow(&deal).await.terms;
        terms.title = "A larger web shop".to_owned();
        let counter = Command::Counter { version: 1, terms: Box::new(terms) };
        assert_eq!(world.asks(&deal, deal.seller, counter).await, Outcome::Done);
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("Another version of the terms stands by now");
        let other = begins(&mut buyer, &deal).await;
        assert_ne!(other, draft);
        buyer.get(&format!("{other}/check")).await.shows("A larger web shop");
    }
}

both! {
    async fn every_version_stays_readable_for_the_parties_alone(world) {
        let (deal, mut buyer) = proposed(&world).await;
        world.all_sign_but(&deal, Role::Buyer).await;
        let draft = begins(&mut buyer, &deal).await;
        buyer.post(&format!("{draft}/price"), &PRICES).await;
        sends(&mut buyer, &draft).await;
        let list = buyer.get(&deal.path("/terms")).await;
        list.shows("Version 2 , which stands now Amel Buyer proposed other terms");
        list.shows("Version 1 Chiraz Broker sent the terms");
        let first = buyer.get(&deal.path("/terms/1")).await;
        first.shows("This version counts no longer");
        first.shows("In all 1,000.000 TND");
        first.shows("Seller: Bilel Seller signed");
        buyer.get(&deal.path("/terms/2")).await.shows("In all 900.000 TND");
        let latest = buyer.get(&deal.path("/terms/compare")).await;
        assert_eq!(latest.location(), deal.path("/terms/compare?from=1&to=2"));
        for path in ["/terms/3", "/terms/0", "/terms/01", "/terms/compare?from=1&to=3", "/terms/x"] {
            assert_eq!(buyer.get(&deal.path(path)).await.status, 404, "{path}");
        }
        world.account("A stranger", "stranger@example.com").await;
        let mut stranger = world.signed_in("stranger@example.com").await;
        for path in ["/terms", "/terms/1", "/terms/compare?from=1&to=2", "/terms/propose"] {
            assert_eq!(stranger.get(&deal.path(path)).await.status, 404, "{path}");
        }
    }
}

both! {
    async fn once_everyone_agreed_to_a_counter_offer_it_is_paid_as_it_says(world) {
        let (deal, _) = proposed(&world).await;
        let mut terms = world.escrow(&deal).await.terms;
        terms.milestones[0].amount_minor = 300_000;
        terms.amount_minor = 900_000;
        let counter = Command::Counter { version: 1, terms: Box::new(terms) };
        assert_eq!(world.asks(&deal, deal.seller, counter).await, Outcome::Done);
        world.all_sign(&deal).await;
        assert!(matches!(world.escrow(&deal).await.stage, Stage::Agreed { .. }));
        world.pays(&deal).await;
        assert_eq!(world.escrow(&deal).await.held_minor(), 909_000);
        let broker = world.signed_in(BROKER).await.get(&deal.path("/terms/propose")).await;
        broker.shows("The terms are no longer open for answers");
    }
}
