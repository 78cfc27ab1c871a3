//! A commission hidden from one side: every page and every mail of that side, byte for byte, under two
//! different commissions.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::terms::{Commission, CommissionPayer, Rate, Terms};
use holdfast::store::execute::Outcome;
use holdfast::store::history;
use holdfast::web;
use holdfast::web::routes::Access;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::home::{BUYER, SELLER, cast};
use crate::world::{World, both};

/// Hex that is a digest, and what is drawn anew at each page.
pub fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let is_digest = run.len() >= 32 && run.bytes().all(|sign| sign.is_ascii_hexdigit());
        out.push_str(if is_digest { "#" } else { run });
        run.clear();
    };
    for sign in text.chars() {
        if sign.is_ascii_hexdigit() {
            run.push(sign);
        } else {
            flush(&mut run, &mut out);
            out.push(sign);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// A hidden commission of so much; of nothing there is none.
fn terms(world: &World, payer: CommissionPayer, minor: i64) -> Terms {
    let mut terms = world.case_4();
    let (rate, salt) = (Rate::FixedMinor(minor), String::new());
    terms.commission = (minor > 0).then_some(Commission { rate, payer, hidden: true, salt });
    terms
}

/// Every page below the escrow, and those where its money shows, as one side reads them now.
async fn pages(browser: &mut Browser, deal: &Deal) -> Vec<(String, String)> {
    let mut read = Vec::new();
    let mut paths: Vec<String> =
        ["/home", "/escrows", "/balances", "/balances/TND", "/notifications"].map(str::to_owned).to_vec();
    for route in web::routes().listed().filter(|route| route.method == axum::http::Method::GET) {
        if route.access != Access::Party {
            continue;
        }
        for number in ["1", "2"] {
            let path = route.path.replace("{reference}", &deal.reference);
            let path = path.replace("{number}", number).replace("{v}", number).replace("{p}", number);
            if !path.contains('{') && !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths.push(deal.path("/terms/compare?from=1&to=2"));
    paths.push(deal.path("/milestones/1/approve?amount=33.333"));
    paths.push(deal.path("/history?before=9"));
    for path in paths {
        let page = browser.get(&path).await;
        read.push((path, masked(&format!("{} {}", page.status, page.body))));
    }
    read
}

/// One deal from its first version to its last sum, as one side sees it at every step.
async fn seen(world: &World, payer: CommissionPayer, minor: i64) -> Vec<(String, String)> {
    cast(world).await;
    let hidden = if payer == CommissionPayer::Buyer { SELLER } else { BUYER };
    let deal = world.proposes_among(terms(world, payer, minor), true, &[]).await;
    let mut browser = world.signed_in(hidden).await;
    let mut all = pages(&mut browser, &deal).await;
    let user = if payer == CommissionPayer::Buyer { deal.seller } else { deal.buyer };
    let mut other = world.escrow(&deal).await.terms;
    other.commission = None;
    other.milestones[0].amount_minor = 500_000;
    other.amount_minor = 1_100_000;
    let counter = Command::Counter { version: 1, terms: Box::new(other) };
    assert_eq!(world.asks(&deal, user, counter).await, Outcome::Done);
    all.extend(pages(&mut browser, &deal).await);
    // The pages of a counter-offer, by the side that may not see it.
    let draft = browser.post(&deal.path("/terms/propose"), &[]).await.location().to_owned();
    for step in ["check", "fees", "price"] {
        let path = draft.replace("/check", &format!("/{step}"));
        all.push((path.clone(), masked(&browser.get(&path).await.body)));
    }
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    all.extend(pages(&mut browser, &deal).await);
    world.delivers(&deal, 1).await;
    let part = Command::Approve { milestone: 1, part_minor: Some(33_333) };
    assert_eq!(world.asks(&deal, deal.buyer, part).await, Outcome::Done);
    all.extend(pages(&mut browser, &deal).await);
    world.approves(&deal, 1).await;
    let refund = Command::Refund { milestone: 2, part_minor: None };
    assert_eq!(world.asks(&deal, deal.seller, refund).await, Outcome::Done);
    all.extend(pages(&mut browser, &deal).await);
    for mail in world.mails().await.into_iter().filter(|mail| mail.to == hidden) {
        all.push((format!("mail {}", mail.kind), masked(&mail.text)));
    }
    all
}

/// The same for somebody who is paid too.
async fn seen_by_payee(world: &World, minor: i64) -> Vec<(String, String)> {
    const PAYEE: &str = "dorra@example.com";
    cast(world).await;
    world.account("Dorra Payee", PAYEE).await;
    let terms = terms(world, CommissionPayer::Buyer, minor);
    let deal = world.proposes_to(terms, &[(PAYEE, &[100_000, 50_001]), ("press@example.com", &[0, 7])]).await;
    let mut browser = world.signed_in(PAYEE).await;
    let mut all = pages(&mut browser, &deal).await;
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    all.extend(pages(&mut browser, &deal).await);
    world.delivers(&deal, 1).await;
    let part = Command::Approve { milestone: 1, part_minor: Some(33_333) };
    assert_eq!(world.asks(&deal, deal.buyer, part).await, Outcome::Done);
    all.extend(pages(&mut browser, &deal).await);
    let refund = Command::Refund { milestone: 2, part_minor: None };
    assert_eq!(world.asks(&deal, deal.seller, refund).await, Outcome::Done);
    all.extend(pages(&mut browser, &deal).await);
    let mut stranger = world.browser();
    for mail in world.mails().await.into_iter().filter(|mail| mail.to != BUYER && !mail.to.contains("broker"))
    {
        if mail.to == "press@example.com" {
            let page = stranger.get(&mail.path("/invitations/")).await;
            let secret = mail.path("/invitations/");
            all.push((
                "invitation".to_owned(),
                masked(&page.body.replace(secret.trim_start_matches("/invitations/"), "#")),
            ));
            continue;
        }
        all.push((format!("mail {}", mail.kind), masked(&mail.text)));
    }
    all
}

fn same(one: &[(String, String)], other: &[(String, String)]) {
    assert_eq!(one.len(), other.len());
    assert!(one.len() > 100, "only {} pages and mails", one.len());
    for ((path, text), (_, under_another)) in one.iter().zip(other) {
        if text != under_another {
            let at = text.bytes().zip(under_another.bytes()).position(|(one, other)| one != other);
            let from = at.unwrap_or_default().saturating_sub(200);
            let cut = |text: &str| text.chars().skip(from).take(400).collect::<String>();
            panic!("{path} differs:\n{}\n---\n{}", cut(text), cut(under_another));
        }
    }
}

#[tokio::test]
async fn no_page_and_no_mail_of_the_seller_tells_what_the_buyer_pays_the_broker() {
    let (one, other) = (World::sqlite().await, World::sqlite().await);
    let payer = CommissionPayer::Buyer;
    same(&seen(&one, payer, 30_000).await, &seen(&other, payer, 77_777).await);
}

#[tokio::test]
async fn no_page_and_no_mail_of_the_buyer_tells_what_the_seller_pays_the_broker() {
    let (one, other) = (World::sqlite().await, World::sqlite().await);
    let payer = CommissionPayer::Seller;
    same(&seen(&one, payer, 30_000).await, &seen(&other, payer, 77_777).await);
}

#[tokio::test]
async fn no_page_and_no_mail_of_a_payee_or_the_seller_tells_what_the_buyer_pays_the_broker() {
    let (one, other) = (World::sqlite().await, World::sqlite().await);
    same(&seen_by_payee(&one, 30_000).await, &seen_by_payee(&other, 77_777).await);
}

/// What everybody may know: that there is a side agreement. All else is left of a page, a sentence or a figure a line.
fn without_the_mark(text: &str) -> Vec<String> {
    let lines = text.split(['<', '>', '\n']).map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| !line.to_lowercase().contains("side agreement")).map(without_ids).collect()
}

/// Without what is drawn anew in each world: ids, numbers of requests, references.
fn without_ids(line: &str) -> String {
    let (mut out, mut run) = (String::new(), String::new());
    for sign in line.chars().chain(['\n']) {
        if sign.is_ascii_hexdigit() || sign == '-' {
            run.push(sign);
            continue;
        }
        out.push_str(if run.len() >= 16 { "#" } else { &run });
        run.clear();
        out.push(sign);
    }
    match out.trim_end().split_once("ESC-") {
        Some((before, rest)) => format!("{before}{}", rest.get(9..).unwrap_or_default()),
        None => out.trim_end().to_owned(),
    }
}

/// The same as under no commission at all, but for that mark.
fn same_as_under_none(one: &[(String, String)], none: &[(String, String)]) {
    assert_eq!(one.len(), none.len());
    let mut faults = Vec::new();
    // A commission that is hidden from somebody is not theirs to change: they are not asked for it.
    let asks_for_it = |path: &str| path.starts_with("/escrows/new/") && !path.ends_with("/price");
    for ((path, text), (_, under_none)) in one.iter().zip(none).filter(|((path, _), _)| !asks_for_it(path)) {
        let (lines, others) = (without_the_mark(text), without_the_mark(under_none));
        if let Some(at) = (0..lines.len().max(others.len())).find(|at| lines.get(*at) != others.get(*at)) {
            let cut = |lines: &[String]| {
                lines.iter().skip(at.saturating_sub(3)).take(8).cloned().collect::<Vec<_>>()
            };
            faults.push(format!("{path}:\n  {:?}\n  {:?}", cut(&lines), cut(&others)));
        }
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_hidden_commission_shows_the_side_that_knows_nothing_of_it_what_none_would_show() {
    for payer in [CommissionPayer::Buyer, CommissionPayer::Seller] {
        let (one, none) = (World::sqlite().await, World::sqlite().await);
        same_as_under_none(&seen(&one, payer, 30_000).await, &seen(&none, payer, 0).await);
    }
}

/// The numbers of the entries of a history, and how many of them tell of a payout.
fn entries(page: &Page) -> (Vec<u32>, usize) {
    let ids = page.body.split("id=\"event-").skip(1).map(|rest| rest.split('"').next().unwrap());
    (ids.map(|id| id.parse().unwrap()).collect(), page.text().matches("moved to the wallet of").count())
}

both! {
    async fn the_brokers_payouts_are_no_lines_and_leave_no_gap_for_the_side_that_knows_nothing_of_them(world) {
        cast(&world).await;
        for (payer, blind) in [(CommissionPayer::Seller, BUYER), (CommissionPayer::Buyer, SELLER)] {
            let deal = world.proposes(terms(&world, payer, 30_000)).await;
            world.all_sign(&deal).await;
            world.pays(&deal).await;
            world.delivers(&deal, 1).await;
            world.approves(&deal, 1).await;
            // Both have it in their wallets at once.
            let said = Command::Say { text: "Thank you.".to_owned(), files: Vec::new() };
            assert_eq!(world.asks(&deal, deal.buyer, said).await, Outcome::Done);
            let events = u32::try_from(world.escrow(&deal).await.seq).unwrap();
            let page = world.signed_in("chiraz.broker@example.com").await.get(&deal.path("/history")).await;
            assert_eq!(entries(&page), ((1..=events).rev().collect(), 2));
            let mut browser = world.signed_in(blind).await;
            for path in ["/history", ""] {
                let (numbers, payouts) = entries(&browser.get(&deal.path(path)).await);
                let first = numbers[0];
                assert_eq!((first, payouts), (events - 1, 1), "{path}");
                assert!(numbers.iter().rev().is_sorted() && numbers.len() >= 8, "{numbers:?}");
                let last = *numbers.last().unwrap();
                assert_eq!(numbers, (last..=first).rev().collect::<Vec<_>>());
            }
            let page = browser.get(&deal.path("/messages")).await;
            assert!(page.body.contains(&format!("message-{}", events - 1)), "{}", page.text());
            let page = browser.get(&deal.path("/history")).await;
            let (_, mails) = page.body.split_once("Mails about this escrow").unwrap();
            assert!(mails.contains("(seller)") && !mails.contains("(broker)"), "{mails}");
        }
    }
}

both! {
    async fn those_who_pay_and_receive_it_read_and_sign_the_side_agreement(world) {
        cast(&world).await;
        let deal = world.proposes(terms(&world, CommissionPayer::Buyer, 30_000)).await;
        let page = world.signed_in(BUYER).await.get(&deal.path("/contract")).await;
        page.shows("Side agreement");
        page.shows("The buyer pays the broker a commission of 30.000 TND, on top of the price.");
        let mut seller = world.signed_in(SELLER).await;
        let page = seller.get(&deal.path("/contract")).await;
        page.hides("Side agreement");
        page.hides("30.000");
        seller.get(&deal.path("")).await.shows("The buyer pays 1,010.000 TND");
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        assert_eq!(world.escrow(&deal).await.held_minor(), 1_040_000);
        seller.get(&deal.path("")).await.shows("Held now 1,010.000 TND");
    }
}

both! {
    async fn the_side_agreement_is_downloaded_by_those_whom_it_binds_and_by_nobody_else(world) {
        cast(&world).await;
        let deal = world.proposes(terms(&world, CommissionPayer::Buyer, 50_000)).await;
        let path = deal.path("/side-agreement.txt");
        for email in [BUYER, "chiraz.broker@example.com"] {
            let mut browser = world.signed_in(email).await;
            browser.get(&deal.path("/contract")).await.shows("Download the side agreement");
            let text = browser.get(&path).await.body;
            assert!(text.starts_with("Side agreement") && text.contains("50.000 TND"), "{text}");
            let digest = holdfast::engine::chain::sha256_hex(text.as_bytes());
            browser.get(&deal.path("/contract")).await.shows(&digest);
        }
        let mut seller = world.signed_in(SELLER).await;
        seller.get(&deal.path("/contract")).await.hides("side agreement");
        assert_eq!(seller.get(&path).await.status, 404);
    }
}

both! {
    /// Else whoever sees the chain's links would find out by trying what an event hides from him.
    async fn every_event_is_sealed_with_a_salt_that_no_page_shows(world) {
        cast(&world).await;
        let deal = world.proposes(terms(&world, CommissionPayer::Buyer, 30_000)).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        let mut reader = world.app.db.read().await.unwrap();
        let stored = history::read(&mut reader.conn(), deal.escrow, 0, 100).await.unwrap();
        drop(reader);
        let salts: BTreeSet<_> = stored.iter().map(|stored| stored.record().unwrap().salt).collect();
        assert_eq!(salts.len(), stored.len(), "two events share a salt");
        assert!(salts.iter().all(|salt| salt.len() == 32));
        let page = world.signed_in(SELLER).await.get(&deal.path("/history")).await;
        page.shows(&data_encoding::HEXLOWER.encode(&stored.last().unwrap().hash));
        for salt in &salts {
            assert!(!page.body.contains(salt.as_str()));
        }
    }
}
