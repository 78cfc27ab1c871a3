//! Deals that do not go straight, by their pages: cancelling, settling, disputing, deciding.

use axum::body::Body;
use axum::http::Method;
use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::{End, How, MilestoneStage, Stage};
use holdfast::store::execute::{Outcome, Request, Who, tick};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

/// Fills the first form of a page whose action ends so, and sends it with what the page hides.
pub async fn press(who: &mut Browser, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![];
    for name in ["seen", "key"] {
        if page.body.contains(&format!("name=\"{name}\"")) {
            all.push((name, hidden_field(page, name)));
        }
    }
    let mut sent: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    sent.extend(fields);
    who.post(action, &sent).await
}

/// A form with files, whose parts are field, file name, content.
pub async fn upload(who: &mut Browser, path: &str, parts: &[(&str, Option<&str>, &str)]) -> Page {
    let mut body = String::new();
    for (field, file, content) in parts {
        let file = file.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        body +=
            &format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n{content}\r\n");
    }
    body += "--XX--\r\n";
    who.send(Method::POST, path, Body::from(body), Some("multipart/form-data; boundary=XX")).await
}

/// The buyer opens a dispute over the first milestone: a quarter for the seller, the rest back.
pub async fn dispute(cast: &mut Cast) -> String {
    let ask = cast.deal.path("/disputes/new");
    let page = cast.buyer.get(&ask).await;
    page.shows("Leave a field empty to keep that milestone out of the dispute.");
    let key = hidden_field(&page, "key");
    let parts = [
        ("key", None, key.as_str()),
        ("release-1", None, "100"),
        ("release-2", None, ""),
        ("failed-1[]", None, "1"),
        ("note", None, "There is no manual."),
        ("files", Some("photo.txt"), "a photo"),
    ];
    let done = upload(&mut cast.buyer, &cast.deal.path("/disputes"), &parts).await;
    assert_eq!(done.status, 303, "{}", done.text());
    cast.deal.path("/disputes/1")
}

pub async fn state(cast: &mut Cast, who: &str, text: &str) -> Page {
    let room = cast.deal.path("/disputes/1");
    let browser = if who == "seller" { &mut cast.seller } else { &mut cast.buyer };
    let page = browser.get(&room).await;
    let key = hidden_field(&page, "key");
    upload(browser, &format!("{room}/statements"), &[("key", None, &key), ("note", None, text)]).await
}

pub async fn time_passes(world: &World, deal: &Deal, days: i64) {
    world.app.clock.advance(Duration::days(days));
    tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
}

both! {
    async fn the_buyer_asks_to_cancel_the_seller_agrees_and_everything_goes_back(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/cancel");
        cast.buyer.get(&cast.deal.path("")).await.shows("Ask to cancel");
        let page = cast.buyer.get(&path).await;
        page.shows("Back to Amel Buyer (buyer) 1,010.000 TND");
        let empty = press(&mut cast.buyer, &page, &path, &[("reason", " ")]).await;
        empty.is(422);
        empty.shows("Write why, so that the other side can answer it.");
        let asked = press(&mut cast.buyer, &page, &path, &[("reason", "We move away.")]).await;
        assert_eq!(asked.status, 303);
        cast.buyer.get(asked.location()).await.shows("The seller is to answer the request to cancel");
        world.app.clock.advance(Duration::days(1));

        let deliver = Command::MarkDone { milestone: 1, note: "Here".to_owned(), files: Vec::new() };
        let refused = world.asks(&cast.deal, cast.deal.seller, deliver).await;
        assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");

        let page = cast.seller.get(&cast.deal.path("")).await;
        page.shows("Answer the request");
        page.hides("Cancel and refund");
        let page = cast.seller.get(&path).await;
        page.shows("We move away.");
        page.shows("Cancel and give 1,010.000 TND back");
        let done = press(&mut cast.seller, &page, &format!("{path}/agreement"), &[]).await;
        assert_eq!(done.status, 303);
        assert_eq!(world.wallet(cast.deal.buyer).await, 1_010_000);
        assert_eq!(world.wallet(cast.deal.seller).await, 0);
        let escrow = world.escrow(&cast.deal).await;
        assert!(matches!(escrow.stage, Stage::Ended { end: End::Cancelled, .. }));
        let mail = world.mail("amel.buyer@example.com").await;
        assert!(mail.text.contains("two lines"), "{}", mail.text);
    }
}

both! {
    async fn a_refused_request_gives_every_clock_the_time_it_had_left(world) {
        let mut cast = Cast::funded(&world).await;
        let due = world.escrow(&cast.deal).await.milestone(1).unwrap().due().unwrap();
        let path = cast.deal.path("/cancel");
        let page = cast.buyer.get(&path).await;
        press(&mut cast.buyer, &page, &path, &[("reason", "We move away.")]).await;
        world.app.clock.advance(Duration::days(2));
        let page = cast.seller.get(&path).await;
        let done = press(&mut cast.seller, &page, &format!("{path}/refusal"), &[("reason", "The wood is cut.")]).await;
        assert_eq!(done.status, 303);
        let after = world.escrow(&cast.deal).await.milestone(1).unwrap().due().unwrap();
        assert_eq!(after, due.plus_days(2));
        cast.buyer.get(&cast.deal.path("")).await.shows("did not agree to cancel");
    }
}

both! {
    async fn an_offer_shows_what_each_gets_and_is_carried_out_when_it_is_accepted(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/settlement");
        let wrong = cast.buyer.get(&format!("{path}/offer?release-1=401&release-2=")).await;
        wrong.is(422);
        wrong.shows("No more than 400.000 TND is left of it.");
        let preview = cast.buyer.get(&format!("{path}/offer?release-1=200&release-2=")).await;
        preview.shows("Back to Amel Buyer (buyer) 202.000 TND");
        preview.shows("To Bilel Seller (seller) 190.000 TND");
        let split = [("split-1", "200000/200000"), ("note", "Half and half?")];
        let done = press(&mut cast.buyer, &preview, &path, &split).await;
        assert_eq!(done.status, 303, "{}", done.text());
        cast.buyer.get(&path).await.hides("Accept: you get");

        let page = cast.seller.get(&path).await;
        page.shows("Half and half?");
        page.shows("Accept: you get 190.000 TND");
        let accepted = press(&mut cast.seller, &page, &format!("{path}/1/acceptance"), &[]).await;
        assert_eq!(accepted.status, 303);
        assert_eq!(world.wallet(cast.deal.buyer).await, 202_000);
        assert_eq!(world.wallet(cast.deal.seller).await, 190_000);
        assert_eq!(world.wallet(cast.deal.broker.unwrap()).await, 10_000);
        let stage = world.escrow(&cast.deal).await.milestone(1).unwrap().stage;
        assert!(matches!(stage, MilestoneStage::Ended { how: How::Settled, .. }), "{stage:?}");
        let again = cast.seller.post(&format!("{path}/1/acceptance"), &[]).await;
        again.is(422);
        again.shows("This offer no longer stands.");
    }
}

both! {
    async fn a_dispute_is_answered_talked_over_decided_and_confirmed_by_a_second_operator(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let room = dispute(&mut cast).await;
        let page = cast.seller.get(&room).await;
        page.shows("Bilel Seller is to answer");
        page.shows("There is no manual.");
        page.shows("It is documented");
        page.shows("photo.txt");
        page.hides("Withdraw the dispute");
        let approve = Command::Approve { milestone: 1, part_minor: None };
        let frozen = world.asks(&cast.deal, cast.deal.buyer, approve).await;
        assert!(matches!(frozen, Outcome::Refused { .. }), "{frozen:?}");
        // The rest runs on.
        world.delivers(&cast.deal, 2).await;

        let empty = state(&mut cast, "seller", "").await;
        empty.is(422);
        empty.shows("Write a statement or attach a file.");
        assert_eq!(state(&mut cast, "seller", "The manual is in the box.").await.status, 303);
        cast.buyer.get(&room).await.shows("The manual is in the box.");

        world.operator("olfa@example.com").await;
        world.operator("omar@example.com").await;
        let (mut olfa, mut omar) =
            (world.signed_in("olfa@example.com").await, world.signed_in("omar@example.com").await);
        let case = format!("/admin/disputes/{}/1", cast.deal.reference);
        olfa.get(&case).await.hides("Go on to decide");
        time_passes(&world, &cast.deal, 2).await;
        world.approves(&cast.deal, 2).await;
        time_passes(&world, &cast.deal, 5).await;
        olfa.get("/admin").await.shows("1 disputes to decide");
        olfa.get("/admin/disputes").await.shows("To decide");
        olfa.get(&case).await.shows("Go on to decide");
        let wrong = olfa.get(&format!("{case}/ruling?release-1=400.001")).await;
        wrong.is(422);
        // Nothing for the seller is a decision too.
        let all_back = olfa.get(&format!("{case}/ruling?release-1=0")).await;
        all_back.is(200);
        all_back.shows("Back to Amel Buyer (buyer) 404.000 TND");
        let page = olfa.get(&format!("{case}/ruling?release-1=300")).await;
        page.shows("Back to Amel Buyer (buyer) 101.000 TND");
        page.shows("To Bilel Seller (seller) 285.000 TND");
        let unsaid = press(&mut olfa, &page, &format!("{case}/ruling"), &[("release-1", "300"), ("reasons", "")]).await;
        unsaid.is(422);
        unsaid.shows("Write the reasons");
        let fields = [("release-1", "300"), ("reasons", "The manual lacks two chapters.")];
        let done = press(&mut olfa, &page, &format!("{case}/ruling"), &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(world.wallet(cast.deal.buyer).await, 101_000);
        let card = cast.buyer.get(&cast.deal.path("")).await;
        card.shows("Refunded 101.000 TND");
        let page = cast.seller.get(&room).await;
        page.shows("The manual lacks two chapters.");
        for reader in [&mut cast.buyer, &mut cast.seller, &mut olfa] {
            let at = if reader.get("/admin").await.status == 200 { case.clone() } else { room.clone() };
            let page = reader.get(&at).await;
            page.shows("Back to Amel Buyer (buyer) 101.000 TND");
            page.shows("To Bilel Seller (seller) 285.000 TND");
        }
        let stage = world.escrow(&cast.deal).await.milestone(1).unwrap().stage;
        assert!(matches!(stage, MilestoneStage::Ended { how: How::Ruled, .. } | MilestoneStage::Settling { how: How::Ruled, .. }));
        // It was below the set sum, so nobody had to confirm it.
        let late = omar.post(&format!("{case}/confirmation"), &[]).await;
        late.is(422);
    }
}

both! {
    async fn above_the_set_sum_nothing_moves_before_a_second_operator_agrees(world) {
        let deal = world.proposes(world.one_off(2_000_000)).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 2_000_000 }];
        let (reason, failed, files) = ("It leaks.".to_owned(), Vec::new(), Vec::new());
        let open = Command::OpenDispute { claims, reason, failed, files };
        assert_eq!(world.asks(&deal, deal.buyer, open).await, Outcome::Done);
        // Nobody answers: for so much money that goes to the operators.
        time_passes(&world, &deal, 3).await;
        world.operator("olfa@example.com").await;
        world.operator("omar@example.com").await;
        let (mut olfa, mut omar) =
            (world.signed_in("olfa@example.com").await, world.signed_in("omar@example.com").await);
        let case = format!("/admin/disputes/{}/1", deal.reference);
        let page = olfa.get(&format!("{case}/ruling?release-1=500")).await;
        page.shows("a second operator has to confirm it");
        let fields = [("release-1", "500"), ("reasons", "It leaks a little.")];
        press(&mut olfa, &page, &format!("{case}/ruling"), &fields).await;
        assert_eq!(world.wallet(deal.buyer).await, 0);
        olfa.get(&case).await.shows("You made it. Another operator has to confirm it");
        olfa.post(&format!("{case}/confirmation"), &[]).await.is(422);
        let page = omar.get(&case).await;
        page.shows("It leaks a little.");
        let back = press(&mut omar, &page, &format!("{case}/return"), &[("reason", "")]).await;
        back.is(422);
        let back = press(&mut omar, &page, &format!("{case}/return"), &[("reason", "How much?")]).await;
        assert_eq!(back.status, 303);
        let page = olfa.get(&format!("{case}/ruling?release-1=500")).await;
        let fields = [("release-1", "500"), ("reasons", "It leaks two litres a day.")];
        press(&mut olfa, &page, &format!("{case}/ruling"), &fields).await;
        let page = omar.get(&case).await;
        let done = press(&mut omar, &page, &format!("{case}/confirmation"), &[]).await;
        assert_eq!(done.status, 303);
        assert_eq!(world.wallet(deal.buyer).await, 1_515_000);
        assert_eq!(world.wallet(deal.seller).await, 500_000);
        let audited = olfa.get("/admin/audit").await;
        audited.shows("Acted in a dispute of");
    }
}

both! {
    async fn nobody_else_sees_a_dispute_and_no_operator_decides_his_own(world) {
        let mut cast = Cast::funded(&world).await;
        let room = dispute(&mut cast).await;
        world.person("Zied Stranger").await;
        let mut stranger = world.signed_in("zied.stranger@example.com").await;
        for below in ["/disputes", "/disputes/new", "/disputes/1", "/disputes/1/concession", "/cancel", "/settlement"] {
            stranger.get(&cast.deal.path(below)).await.is(404);
        }
        for below in ["/disputes/1/withdrawal", "/cancel", "/cancel/agreement", "/settlement/1/acceptance"] {
            stranger.post(&cast.deal.path(below), &[]).await.is(404);
        }
        cast.buyer.get(&format!("/admin/disputes/{}/1", cast.deal.reference)).await.is(404);
        cast.buyer.get("/admin/disputes").await.is(404);
        cast.buyer.get(&cast.deal.path("/disputes/2")).await.is(404);
        assert_eq!(cast.broker.get(&room).await.status, 200);
        // An operator who is a party.
        let rule = Command::Rule {
            dispute: 1,
            splits: vec![Split { milestone: 1, release_minor: 0, refund_minor: 400_000 }],
            reasons: "For me.".to_owned(),
        };
        world.make_operator(cast.deal.seller).await;
        let request = Request::new(cast.deal.escrow, Who::Operator(cast.deal.seller), rule.clone());
        let outcome = world.app.execute(&request).await.unwrap();
        assert!(matches!(&outcome, Outcome::Refused { refusal } if refusal.code() == "OPERATOR_IS_PARTY"), "{outcome:?}");
        // Somebody who says that he is an operator and is none.
        let request = Request::new(cast.deal.escrow, Who::Operator(cast.deal.buyer), rule);
        let outcome = world.app.execute(&request).await.unwrap();
        assert!(matches!(&outcome, Outcome::Refused { refusal } if refusal.code() == "NOT_A_PARTY"), "{outcome:?}");
    }
}

both! {
    async fn a_dispute_is_withdrawn_or_what_is_sought_is_given(world) {
        let mut cast = Cast::funded(&world).await;
        let room = dispute(&mut cast).await;
        let page = cast.buyer.get(&room).await;
        let done = press(&mut cast.buyer, &page, &format!("{room}/withdrawal"), &[]).await;
        assert_eq!(done.status, 303);
        cast.buyer.get(&room).await.shows("The dispute was withdrawn.");
        assert!(world.escrow(&cast.deal).await.disputes.is_empty());
        dispute(&mut cast).await;
        let second = cast.deal.path("/disputes/2");
        let page = cast.seller.get(&format!("{second}/concession")).await;
        page.shows("Give what is sought: you get 95.000 TND");
        let done = press(&mut cast.seller, &page, &format!("{second}/concession"), &[]).await;
        assert_eq!(done.status, 303);
        assert_eq!(world.wallet(cast.deal.buyer).await, 303_000);
        assert_eq!(world.wallet(cast.deal.seller).await, 95_000);
    }
}
