//! One name for one thing: no list names two lines alike, a field is called the same wherever it stands, and what did
//! not happen does not read as if it had.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::terms::{Commission, CommissionPayer, DisputeHandler, FeePayer, Rate, Terms};
use holdfast::sandbox::{Choice, Decline};
use holdfast::store::execute::Outcome;
use holdfast::web::{self, labels, routes::Access};

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::disputes::time_passes;
use crate::home::{BUYER, SELLER, cast};
use crate::world::both;

const BROKER: &str = "chiraz.broker@example.com";

/// The texts between two tags, without what is marked up in them.
fn between(body: &str, open: &str, close: &str) -> Vec<String> {
    let pieces = body.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(text, _)| text);
    let plain = |text: &str| {
        let (mut out, mut inside) = (String::new(), true);
        for sign in text.chars() {
            match sign {
                '<' => inside = false,
                '>' => inside = true,
                _ if inside => out.push(sign),
                _ => {}
            }
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    pieces.map(plain).collect()
}

/// Lines of one list that say the same of two things.
fn doubles(page: &Page) -> Vec<String> {
    let mut twice = Vec::new();
    for list in page.body.split("<dl").skip(1) {
        let list = list.split("</dl>").next().unwrap_or_default();
        let mut seen = BTreeSet::new();
        twice.extend(between(list, "<dt", "</dt>").into_iter().filter(|words| !seen.insert(words.clone())));
    }
    let mut seen = BTreeSet::new();
    let buttons = between(&page.body, "<button class=\"btn\"", "</button>");
    twice.extend(buttons.into_iter().filter(|words| !seen.insert(words.clone())));
    for words in ["Nothing was changed", "Start as the broker"] {
        if page.text().matches(words).count() > 1 {
            twice.push(words.to_owned());
        }
    }
    twice
}

async fn all_pages(browser: &mut Browser, deal: &Deal, faults: &mut Vec<String>) {
    let mut paths: Vec<String> =
        ["/home", "/escrows", "/escrows/new", "/balances", "/balances/TND"].map(str::to_owned).to_vec();
    for route in web::routes().listed().filter(|route| route.method == axum::http::Method::GET) {
        if route.access == Access::Party {
            let path = route.path.replace("{reference}", &deal.reference);
            paths.push(path.replace("{number}", "1").replace("{v}", "1").replace("{p}", "1"));
        }
    }
    paths.push(deal.path("/milestones/1/approve?amount=33.333"));
    paths.push(deal.path("/milestones/1/refund?amount=33.333"));
    for path in paths.into_iter().filter(|path| !path.contains('{') && !path.contains(".txt")) {
        let page = browser.get(&path).await;
        faults.extend(doubles(&page).into_iter().map(|words| format!("{path}: {words}")));
    }
}

both! {
    async fn no_list_names_two_lines_alike_for_a_broker_whom_both_sides_pay(world) {
        cast(&world).await;
        let (rate, payer) = (Rate::FixedMinor(50_000), CommissionPayer::Split);
        let commission = Some(Commission { rate, payer, hidden: false, salt: String::new() });
        let terms = Terms { fee_payer: FeePayer::Split, commission, ..world.case_4() };
        let deal = world.proposes(terms).await;
        let mut people = [world.signed_in(BUYER).await, world.signed_in(SELLER).await, world.signed_in(BROKER).await];
        let mut faults = Vec::new();
        for stage in 0..4 {
            match stage {
                1 => {
                    world.all_sign(&deal).await;
                    world.pays(&deal).await;
                }
                2 => world.delivers(&deal, 1).await,
                3 => world.approves(&deal, 1).await,
                _ => {}
            }
            for browser in &mut people {
                all_pages(browser, &deal, &mut faults).await;
            }
            if stage == 2 {
                let page = people[0].get(&deal.path("/milestones/1/approve")).await;
                page.shows("Chiraz Broker (broker, out of the price) 10.000 TND");
                page.shows("Chiraz Broker (broker, on top of the price) 10.000 TND");
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        let page = people[2].get("/balances/TND").await;
        page.shows("Released to you as the broker, out of the price");
        page.shows("Released to you as the broker, on top of the price");
        let page = people[1].get(&deal.path("/history")).await;
        page.shows("moved to the wallet of Chiraz Broker, on top of the price");
    }
}

both! {
    async fn a_field_is_called_the_same_on_its_form_among_the_answers_and_where_versions_are_compared(world) {
        cast(&world).await;
        let mut terms = world.case_4();
        terms.external_reference = Some("PO 17".to_owned());
        let deal = world.proposes(terms).await;
        let mut browser = world.signed_in(SELLER).await;
        let draft = browser.post(&deal.path("/terms/propose"), &[]).await.location().to_owned();
        let mut pages = Vec::new();
        for step in ["work", "price", "delivery", "check"] {
            pages.push(browser.get(&draft.replace("/check", &format!("/{step}"))).await.body);
        }
        let mut other = world.escrow(&deal).await.terms;
        other.external_reference = Some("PO 18".to_owned());
        other.contract_terms = Some("Work for more money.".to_owned());
        other.milestones[0].inspection_days = 4;
        other.milestones[0].criteria[0] = "It works well".to_owned();
        let counter = Command::Counter { version: 1, terms: Box::new(other) };
        assert_eq!(world.asks(&deal, deal.seller, counter).await, Outcome::Done);
        pages.push(browser.get(&deal.path("/terms/compare?from=1&to=2")).await.body);
        pages.push(browser.get(&deal.path("")).await.body);
        pages.push(browser.get(&deal.path("/milestones/1")).await.body);
        let [work, price, delivery, check, compared, escrow, milestone] = &pages[..] else { panic!() };
        let has = |label: &str, on: &[&String]| {
            for (place, body) in on.iter().enumerate() {
                assert!(body.to_lowercase().contains(&label.to_lowercase()), "{label} is not on page {place} of its own");
            }
        };
        has(labels::OWN_TERMS, &[work, check, compared]);
        has(labels::OWN_REFERENCE, &[work, check, compared, escrow]);
        has(labels::PRICE, &[price, check, escrow, milestone]);
        has(labels::DELIVERED, &[price]);
        has(labels::WORK, &[delivery]);
        has(labels::INSPECTION, &[delivery, compared, milestone]);
        has(labels::CRITERIA, &[delivery, compared, milestone]);
        has(labels::DECIDED_BY, &[check, escrow]);
        has(labels::NOBODY_DECIDES, &[check, escrow]);
        for old in ["Your own reference", "terms of your contract", "Terms of the contract", "Amount agreed", "you need not", "if you like", "must fulfil"] {
            assert!(pages.iter().all(|body| !body.contains(old)), "{old} has another name now");
        }
    }
}

both! {
    async fn a_payment_that_failed_does_not_read_as_paid(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        let mut buyer = world.buyer().await;
        let path = deal.path(&format!("/pay/{payment}"));
        buyer.get(&path).await.hides("Paid by");
        world.chooses(payment, Choice::Decline(Decline::InsufficientFunds)).await;
        world.provider_tells().await;
        let page = buyer.get(&path).await;
        page.shows("Your payment failed");
        page.hides("Paid by");
        let page = buyer.get("/balances").await;
        page.shows("Not paid in: the payment by Sandbox Pay failed");
        page.hides("\u{2212}1,010.000 TND");
    }
}

both! {
    async fn a_dispute_in_a_list_says_what_it_is_about_also_to_its_arbiter(world) {
        let nadia = crate::deal::ARBITER;
        world.account("Nadia Gharbi", nadia).await;
        let terms = Terms { dispute_handler: DisputeHandler::Arbitration, ..world.case_4() };
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        for milestone in [1, 2] {
            let refund_minor = if milestone == 1 { 400_000 } else { 600_000 };
            let claims = vec![Split { milestone, release_minor: 0, refund_minor }];
            let reason = "It never came.".to_owned();
            let command = Command::OpenDispute { claims, reason, failed: Vec::new(), files: Vec::new() };
            assert_eq!(world.asks(&deal, deal.buyer, command).await, Outcome::Done);
            let said = Command::Statement { dispute: milestone, text: "It did.".to_owned(), files: Vec::new() };
            assert_eq!(world.asks(&deal, deal.seller, said).await, Outcome::Done);
        }
        time_passes(&world, &deal, 7).await;
        let lists = [(nadia, format!("/arbitration/{}", deal.reference)), (BUYER, deal.path("/disputes"))];
        for (email, path) in lists {
            let page = world.signed_in(email).await.get(&path).await;
            page.shows("Dispute 1 about “Design” , 400.000 TND : open");
            page.shows("Dispute 2 about “Shop” , 600.000 TND : open");
        }
    }
}
