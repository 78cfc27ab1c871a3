//! Quick deals with a proof, deals that are paid first, and milestones that are paid one by one: by pages,
//! with the mails and the history that go with them.

use axum::body::Body;
use axum::http::Method;
use holdfast::calendar::Zone;
use holdfast::engine::command::Command;
use holdfast::engine::party::Role;
use holdfast::engine::terms::{Funding, Mode, Terms};
use holdfast::store::execute::{Outcome, tick};
use holdfast::store::proposals::{Proposal, propose};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::milestone::hidden_field;
use crate::world::{World, both};

fn quick(world: &World, mode: Mode) -> Terms {
    Terms { mode, contract_terms: None, ..world.one_off(100_000) }
}

async fn accepts(world: &World, deal: &Deal, user: uuid::Uuid) {
    assert_eq!(world.asks(deal, user, Command::Accept { version: 1 }).await, Outcome::Done);
}

/// A deal with a proof, paid.
async fn proof_needed(world: &World) -> Deal {
    let deal = world.proposes(quick(world, Mode::QuickProof)).await;
    accepts(world, &deal, deal.buyer).await;
    world.pays(&deal).await;
    deal
}

async fn post(browser: &mut Browser, page: &Page, path: &str, more: &[(&str, &str)]) -> Page {
    let (seen, key) = (hidden_field(page, "seen"), hidden_field(page, "key"));
    let guard = [("seen", seen.as_str()), ("key", key.as_str())];
    browser.post(path, &[&guard, more].concat()).await
}

/// Sends a proof as the browser does, with a file.
async fn send_proof(seller: &mut Browser, deal: &Deal, kind: &str, note: &str) -> Page {
    let page = seller.get(&deal.path("/proof")).await;
    let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
    let mut body = Vec::new();
    for (name, value) in [("seen", seen.as_str()), ("key", key.as_str()), ("kind", kind), ("note", note)] {
        let part = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"slip.txt\"\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(b"paid in full\r\n--XX--\r\n");
    let kind = Some("multipart/form-data; boundary=XX");
    seller.send(Method::POST, &deal.path("/proof"), Body::from(body), kind).await
}

both! {
    async fn a_proof_is_sent_corrected_accepted_and_then_comes_the_delivery(world) {
        let deal = proof_needed(&world).await;
        let (mut buyer, mut seller) = (world.buyer().await, world.signed_in("bilel.seller@example.com").await);
        let page = seller.get(&deal.path("")).await;
        page.shows("Proof needed");
        page.shows("Send a proof for “Design” before you deliver by");
        let page = seller.get(&deal.path("/milestones/1/deliver")).await;
        page.shows("The buyer has not accepted the proof yet.");

        send_proof(&mut seller, &deal, "", "No kind").await.is(422);
        let page = send_proof(&mut seller, &deal, "receipt", "From the shop").await;
        page.is(303);
        let page = buyer.get(&deal.path("/proof")).await;
        page.shows("1. Receipt");
        page.shows("From the shop");
        page.shows("slip.txt");
        let path = deal.path("/proof/corrections");
        let refused = post(&mut buyer, &page, &path, &[("correction", " ")]).await;
        refused.is(422);
        refused.shows("Write what is to be corrected");
        post(&mut buyer, &refused, &path, &[("correction", "The date is cut off.")]).await.is(303);
        let page = seller.get(&deal.path("/proof")).await;
        page.shows("Corrections requested");
        page.shows("The date is cut off.");

        send_proof(&mut seller, &deal, "order_confirmation", "With its date").await.is(303);
        let page = buyer.get(&deal.path("/proof")).await;
        page.shows("so far you asked once");
        post(&mut buyer, &page, &deal.path("/proof/accept"), &[]).await.is(303);
        world.delivers(&deal, 1).await;
        let page = buyer.get(&deal.path("")).await;
        page.shows("Bilel Seller (seller) sent a new proof for “Design”: order confirmation");
        page.shows("Amel Buyer (buyer) accepted the proof for “Design”");
        page.shows("See the proof");
    }
}

both! {
    async fn a_page_that_is_stale_asks_for_nothing_and_strangers_find_no_proof(world) {
        let deal = proof_needed(&world).await;
        let (mut buyer, mut seller) = (world.buyer().await, world.signed_in("bilel.seller@example.com").await);
        send_proof(&mut seller, &deal, "tracking", "RR 1").await.is(303);
        let page = buyer.get(&deal.path("/proof")).await;
        let note = "Another one.".to_owned();
        let corrections = Command::RequestCorrections { milestone: 1, note };
        assert_eq!(world.asks(&deal, deal.buyer, corrections).await, Outcome::Done);
        send_proof(&mut seller, &deal, "tracking", "RR 2").await.is(303);
        post(&mut buyer, &page, &deal.path("/proof/accept"), &[]).await.is(409);
        let other = world.proposes(quick(&world, Mode::Quick)).await;
        buyer.get(&other.path("/proof")).await.is(404);
        world.account("Dora", "dora@example.com").await;
        world.signed_in("dora@example.com").await.get(&deal.path("/proof")).await.is(404);
    }
}

both! {
    async fn a_proof_that_nobody_looks_at_is_accepted_by_the_clock(world) {
        let deal = proof_needed(&world).await;
        send_proof(&mut world.signed_in("bilel.seller@example.com").await, &deal, "product_photo", "On the table").await.is(303);
        world.app.clock.advance(Duration::hours(25));
        tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
        let page = world.buyer().await.get(&deal.path("")).await;
        page.shows("The time to look at it ran out: the proof for “Design” counts as accepted");
    }
}

both! {
    async fn what_is_paid_first_is_held_while_the_seller_answers_and_goes_back_if_he_declines(world) {
        let terms = Terms { pay_first: true, ..quick(&world, Mode::Quick) };
        let deal = world.proposes(terms).await;
        // The seller sent it, so the buyer's payment accepts and everyone has agreed.
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("Paying accepts the terms");
        page.shows("Everyone else has accepted them already");
        let commission = world.case_4().commission;
        let by_broker = world.proposes(Terms { pay_first: true, commission, ..quick(&world, Mode::Quick) }).await;
        let page = buyer.get(&by_broker.path("/pay")).await;
        page.shows("The money is held while the others still have to answer.");
        world.pays(&deal).await;
        buyer.get(&deal.path("")).await.shows("Held in escrow");
    }
}

/// Sent by a broker and paid by the buyer, before the seller has answered.
async fn paid_unanswered(world: &World) -> Deal {
    let commission = world.case_4().commission;
    let deal = world.proposes(Terms { pay_first: true, commission, ..quick(world, Mode::Quick) }).await;
    world.pays(&deal).await;
    deal
}

both! {
    async fn who_declines_what_is_paid_reads_before_and_after_that_the_money_goes_back(world) {
        let deal = paid_unanswered(&world).await;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        let page = seller.get(&deal.path("/decline")).await;
        page.shows("The buyer has paid already: all of it goes back to the buyer, and nobody owes anything.");
        page.hides("Nothing was paid");
        post(&mut seller, &page, &deal.path("/decline"), &[("reason", "I am away.")]).await.is(303);
        let mails = world.mails().await;
        let of_buyer: Vec<_> = mails.iter().filter(|mail| mail.to == "amel.buyer@example.com").collect();
        let declined = of_buyer.iter().find(|mail| mail.kind == "declined").unwrap();
        assert!(declined.text.contains("The seller declined"), "{}", declined.text);
        assert!(declined.text.contains("All that you paid, 101.000 TND, goes back to you."), "{}", declined.text);
        assert!(of_buyer.iter().all(|mail| mail.kind != "refunded_to_you"), "it is one mail");
    }
}

both! {
    async fn an_invitation_names_the_clock_that_runs_as_the_panel_and_the_mail_do(world) {
        let commission = world.case_4().commission;
        let terms = Terms { pay_first: true, commission, ..quick(&world, Mode::Quick) };
        // The seller has no account yet.
        let (buyer, broker) = (world.person("Amel Buyer").await, world.person("Chiraz Broker").await);
        let parties = vec![
            (Role::Buyer, "amel.buyer@example.com".to_owned()),
            (Role::Seller, "new.seller@example.com".to_owned()),
            (Role::Broker, "chiraz.broker@example.com".to_owned()),
        ];
        let key = world.app.clock.secret();
        let proposal = Proposal { creator: broker, parties, terms, named: Default::default(), key, draft: None };
        let proposed = propose(&world.app.db, &world.app.clock, &proposal).await.unwrap();
        let seller = world.person_of("new.seller@example.com").await.unwrap();
        let (escrow, reference) = (proposed.escrow, proposed.reference);
        let deal = Deal { escrow, reference, buyer, seller, broker: Some(broker) };
        let invitation = world.mail("new.seller@example.com").await.path("/invitations/");
        let before = world.browser().get(&invitation).await;
        before.shows("the escrow expires and nobody owes anything");
        world.pays(&deal).await;
        let clocks = holdfast::engine::deadlines::all(&world.escrow(&deal).await);
        let told = ["Africa/Tunis", "UTC"].map(|zone| Zone::from_name(zone).unwrap().moment(clocks[0].at));
        let told = told.map(|at| at.split(" (").next().unwrap().to_owned());
        let page = world.browser().get(&invitation).await;
        page.hides("the escrow expires");
        page.shows("goes back to the buyer");
        let mail = world.mail("new.seller@example.com").await;
        assert_eq!(mail.kind, "paid_first");
        for text in [page.text(), mail.text] {
            assert!(told.iter().any(|at| text.contains(at)), "{told:?}: {text}");
        }
    }
}

both! {
    async fn who_never_answers_what_is_paid_is_not_said_to_have_declined(world) {
        let deal = paid_unanswered(&world).await;
        world.app.clock.advance(Duration::days(5));
        tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
        let page = world.buyer().await.get(&deal.path("")).await;
        page.shows("The seller did not answer in time");
        page.hides("The seller declined");
        assert!(world.mail("amel.buyer@example.com").await.text.contains("did not answer"));
    }
}

both! {
    async fn after_an_overdue_delivery_the_buyer_cancels_and_need_not_ask(world) {
        let deal = world.proposes(world.one_off(100_000)).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        let mut buyer = world.buyer().await;
        buyer.get(&deal.path("")).await.shows("Ask to cancel");
        world.app.clock.advance(Duration::days(17));
        tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("")).await;
        page.shows("Cancel and get the money back");
        page.hides("Ask to cancel");
        world.app.clock.advance(Duration::days(14));
        tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
        let mut buyer = world.buyer().await;
        buyer.get(&deal.path("/history")).await.shows("It was not delivered in time, and nobody did anything about it: 101.000 TND");
    }
}

both! {
    async fn each_milestone_is_asked_for_and_paid_by_itself(world) {
        let terms = Terms { funding: Funding::PerMilestone, ..world.case_4() };
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("You pay 404.000 TND For milestone 1. Design");
        let first = post(&mut buyer, &page, &deal.path("/pay"), &[("method", "sandbox")]).await;
        first.is(303);
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        world.answers(&deal, payment).await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        let stale = page;
        let page = buyer.get(&deal.path("")).await;
        page.shows("“Shop” comes next. Pay 606.000 TND into escrow by");
        page.shows("Paid for 1 of 2 milestones");
        let again = post(&mut buyer, &stale, &deal.path("/pay"), &[("method", "sandbox")]).await;
        again.is(409);
        assert_eq!(world.escrow(&deal).await.held_minor(), 0);
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("For milestone 2. Shop");
        post(&mut buyer, &page, &deal.path("/pay"), &[("method", "sandbox")]).await.is(303);
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        world.answers(&deal, payment).await;
        assert_eq!(world.escrow(&deal).await.held_minor(), 606_000);
    }
}
