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
        ask.shows("Bilel Seller and Chiraz Broker signed no longer counts then");
        let draft = begins(&mut buyer, &deal).await;
        buyer.get(&format!("{draft}/check")).await.shows("Nothing has changed yet.");
        assert_eq!(buyer.get(&format!("{draft}/role")).await.location(), format!("{draft}/check"));
        let parties = buyer.get(&format!("{draft}/parties")).await;
        parties.shows("Those who have a say stay who they are.");
        assert!(!parties.body.contains("name=\"seller\""), "who is asked for by no field");
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
        assert!(mail.text.contains("New terms, version 2") && mail.text.contains("“A web shop"), "{}", mail.text);
        let mut seller = world.signed_in(SELLER).await;
        let compare = seller.get(&mail.path("/escrows/")).await;
        compare.shows("What changed in version 2 Compared with version 1.");
        compare.shows("Milestone 1: price 400.000 TND 350.000 TND");
        compare.shows("You receive in all 950.000 TND 855.000 TND");
        assert!(compare.body.contains("<del>1,000.000</del><ins>900.000</ins>"), "{}", compare.body);
        compare.shows("Read and sign version 2");
        seller.get(&deal.path("")).await.shows("The buyer proposes other terms. Read version 2 of the contract and sign it");
    }
}

both! {
    async fn a_word_of_the_parties_own_terms_that_changed_stands_among_the_changes(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let mut terms = world.escrow(&deal).await.terms;
        let own = terms.contract_terms.clone().unwrap_or_default();
        terms.contract_terms = Some(format!("{own} Warranty: 3 months."));
        terms.milestones[0].criteria[0] += " by everybody";
        let counter = Command::Counter { version: 1, terms: Box::new(terms) };
        assert_eq!(world.asks(&deal, deal.seller, counter).await, Outcome::Done);
        let page = buyer.get(&deal.path("/terms/compare?from=1&to=2")).await;
        page.shows("The parties’ own terms");
        page.shows("Warranty: 3 months.");
        page.shows("Milestone 1: it is done when");
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
        first.shows("This version no longer counts");
        first.shows("The price is 1,000.000 TND.");
        first.shows("Seller: Bilel Seller signed");
        buyer.get(&deal.path("/terms/2")).await.shows("The price is 900.000 TND.");
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
    async fn a_wrong_address_is_corrected_and_its_link_is_dead(world) {
        let (deal, _) = proposed(&world).await;
        let mut broker = world.signed_in(BROKER).await;
        // To somebody who has no account yet.
        let page = broker.get(&deal.path("/parties/2/invitation")).await;
        page.shows("Has not answered yet");
        page.shows("Last mail");
        let (seen, key) = (hidden(&page, "seen"), hidden(&page, "key"));
        let fields = [("seen", seen.as_str()), ("key", key.as_str()), ("email", "wrong@example.com")];
        let sent = broker.submit(&deal.path("/parties/2/address"), &fields).await;
        sent.shows("The address is corrected");
        sent.shows("corrected the address of the seller; the terms are version 2");
        let wrong = world.mail("wrong@example.com").await.path("/invitations/");
        world.browser().get(&wrong).await.shows("A web shop");
        let buyer = world.mail(BUYER).await;
        assert!(buyer.text.contains("had been named by a wrong address"), "{}", buyer.text);

        let page = broker.get(&deal.path("/parties/2/invitation")).await;
        let again = [("seen", hidden(&page, "seen")), ("key", "k1".to_owned())];
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
        broker.submit(&deal.path("/parties/2/invitation"), &again).await.shows("The invitation is sent again");
        let newer = world.mail("wrong@example.com").await.path("/invitations/");
        let old = world.browser().get(&wrong).await;
        assert_eq!(old.status, 410);
        old.shows("A newer invitation was sent to the same address");
        broker.get(&deal.path("/parties/2/invitation")).await.shows("This has already been done");
        world.app.clock.advance(time::Duration::minutes(5));
        broker.get(&deal.path("/parties/2/invitation")).await.shows("less than an hour ago");

        let page = broker.get(&deal.path("/parties/2/invitation")).await;
        let (seen, key) = (hidden(&page, "seen"), hidden(&page, "key"));
        for (email, said) in [("nobody", "Enter an email address"), (BUYER, "Each party needs an email address")] {
            let fields = [("seen", seen.as_str()), ("key", key.as_str()), ("email", email)];
            let page = broker.post(&deal.path("/parties/2/address"), &fields).await;
            assert_eq!(page.status, 422);
            page.shows(said);
        }
        let fields = [("seen", seen.as_str()), ("key", key.as_str()), ("email", SELLER)];
        broker.submit(&deal.path("/parties/2/address"), &fields).await.shows("version 3");
        for link in [wrong, newer] {
            let dead = world.browser().get(&link).await;
            assert_eq!(dead.status, 410);
            dead.shows("sent to the wrong address, and whoever sent it has corrected that");
        }
        assert!(world.escrow(&deal).await.party_of(deal.seller).is_some());
        world.all_sign(&deal).await;
        assert!(matches!(world.escrow(&deal).await.stage, Stage::Agreed { .. }));
    }
}

both! {
    async fn only_whoever_sent_the_terms_corrects_an_address_and_only_an_open_one(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let fields = [("seen", "v1-proposed"), ("key", "k"), ("email", "other@example.com")];
        let page = buyer.post(&deal.path("/parties/2/address"), &fields).await;
        assert_eq!(page.status, 422);
        page.shows("Only the broker can do this");
        world.all_sign_but(&deal, Role::Buyer).await;
        let mut broker = world.signed_in(BROKER).await;
        let page = broker.get(&deal.path("/parties/2/invitation")).await;
        page.shows("Has answered");
        page.hides("Is the address wrong?");
        for path in ["/parties/0/invitation", "/parties/4/invitation", "/parties/x/invitation"] {
            assert_eq!(broker.get(&deal.path(path)).await.status, 404, "{path}");
        }
    }
}

both! {
    async fn a_reminder_is_sent_by_hand_once_a_day(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let mut broker = world.signed_in(BROKER).await;
        world.all_sign_but(&deal, Role::Seller).await;
        let page = broker.get(&deal.path("")).await;
        assert!(page.body.contains(&deal.path("/reminder?of=acceptance")));
        let ask = broker.get(&deal.path("/reminder?of=acceptance")).await;
        ask.shows("Read the contract and sign it");
        let (seen, key) = (hidden(&ask, "seen"), hidden(&ask, "key"));
        let fields = [("of", "acceptance"), ("milestone", ""), ("seen", seen.as_str()), ("key", key.as_str())];
        broker.submit(&deal.path("/reminder"), &fields).await.shows("The reminder is sent");
        let mail = world.mail(SELLER).await;
        assert!(mail.text.contains("The broker asks you to act."), "{}", mail.text);
        world.app.clock.advance(time::Duration::hours(2));
        buyer.get(&deal.path("/reminder?of=acceptance")).await.shows("You can send another one after a day");
        assert_eq!(buyer.get(&deal.path("/reminder?of=nothing")).await.status, 404);
    }
}

both! {
    async fn an_escrow_that_is_over_is_started_again_from_its_terms(world) {
        let (deal, mut buyer) = proposed(&world).await;
        let early = buyer.post(&deal.path("/again"), &[]).await;
        assert_eq!(early.status, 409);
        let decline = Command::Decline { reason: String::new() };
        assert_eq!(world.asks(&deal, deal.seller, decline).await, Outcome::Done);
        buyer.get(&deal.path("")).await.shows("Start again from these terms");
        let page = buyer.post(&deal.path("/again"), &[]).await;
        assert_eq!(page.status, 303);
        let to = buyer.get(page.location()).await.location().to_owned();
        let check = buyer.get(&to).await;
        check.shows("1. Design 404.000 TND 380.000 TND 20.000 TND");
        check.shows("Send to the seller and the broker");
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
