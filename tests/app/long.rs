//! Escrows with long histories: their pages read no more than those of short ones, and show what matters all the same.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::refusal::Refusal;
use holdfast::store::db::{counting, one};
use holdfast::store::execute::Outcome;

use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

both! {
    async fn only_the_last_rounds_of_delivery_stand_on_the_page_and_the_rest_is_a_link_away(world) {
        let mut cast = Cast::funded(&world).await;
        let deal = cast.deal.clone();
        for round in 1..=22 {
            let note = format!("This is try number {round}.");
            let deliver = Command::MarkDone { milestone: 1, note, files: Vec::new() };
            assert_eq!(world.asks(&deal, deal.seller, deliver).await, Outcome::Done);
            let reason = "Not yet.".to_owned();
            let change = Command::RequestChanges { milestone: 1, failed: vec![0], reason };
            assert_eq!(world.asks(&deal, deal.buyer, change).await, Outcome::Done);
        }
        let page = cast.buyer.get(&cast.first("")).await;
        for (shown, hidden) in [("try number 22.", "try number 2."), ("try number 3.", "try number 1.")] {
            page.shows(shown);
            page.hides(hidden);
        }
        page.shows("Earlier deliveries in the history");
        cast.seller.get(&cast.first("/deliver")).await.shows("try number 22.");
    }
}

both! {
    async fn a_part_has_a_least_size_and_the_rest_always_moves(world) {
        let mut cast = Cast::funded(&world).await;
        let deal = cast.deal.clone();
        world.delivers(&deal, 1).await;
        let part = |part_minor| Command::Approve { milestone: 1, part_minor: Some(part_minor) };
        let terms = world.escrow(&deal).await.terms;
        let small = Outcome::Refused { refusal: Refusal::PartTooSmall { least: terms.money(1_000) } };
        assert_eq!(world.asks(&deal, deal.buyer, part(999)).await, small);
        let refund = Command::Refund { milestone: 1, part_minor: Some(1) };
        assert_eq!(world.asks(&deal, deal.seller, refund).await, small);
        let page = cast.buyer.get(&cast.first("/approve?amount=0.999")).await;
        page.is(422);
        page.shows("A part must be at least 1.000 TND. Enter more, or all that is left.");
        let confirm = cast.buyer.get(&cast.first("/approve?amount=399.500")).await;
        let [amount, seen, key] = ["amount", "seen", "key"].map(|name| hidden_field(&confirm, name));
        let fields = [("amount", amount.as_str()), ("seen", &seen), ("key", &key)];
        cast.buyer.post(&cast.first("/approve"), &fields).await.is(303);
        assert_eq!(world.asks(&deal, deal.buyer, part(500)).await, Outcome::Done, "the rest is smaller");
    }
}

#[tokio::test]
async fn after_a_thousand_parts_the_pages_show_the_sums_and_the_dispute() {
    let world = World::sqlite().await;
    let cast = Cast::funded(&world).await;
    let deal = world.proposes(world.one_off(2_000_000)).await;
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    world.delivers(&deal, 1).await;
    for _ in 0..1_010 {
        let part = Command::Approve { milestone: 1, part_minor: Some(1_000) };
        assert_eq!(world.asks(&deal, deal.buyer, part).await, Outcome::Done);
    }
    let refund = Command::Refund { milestone: 1, part_minor: Some(100_000) };
    assert_eq!(world.asks(&deal, deal.seller, refund).await, Outcome::Done);
    let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 890_000 }];
    let (reason, failed, files) = ("It leaks.".to_owned(), Vec::new(), Vec::new());
    let dispute = Command::OpenDispute { claims, reason, failed, files };
    assert_eq!(world.asks(&deal, deal.buyer, dispute).await, Outcome::Done);
    let mut cast = Cast { deal, ..cast };
    let key = format!("payable/{}/1/seller", cast.deal.escrow);
    let sql = "SELECT CAST(SUM(amount_minor) AS BIGINT) FROM entries WHERE to_account = $1";
    let (minor,) = one!(&mut world.app.db.read().await.unwrap().conn(), (i64,), sql, key).unwrap();
    let released = format!("Released to you {}", world.escrow(&cast.deal).await.terms.money(minor));
    let (page, statements) = counting(cast.seller.get(&cast.first(""))).await;
    page.shows(&released);
    page.shows("Back to the buyer 101.000 TND");
    assert!(statements <= 6, "{statements}");
    cast.buyer.get(&cast.first("")).await.shows("Released 1,010.000 TND");
    cast.buyer.get(&cast.deal.path("/disputes/1")).await.shows("It leaks.");
    world.operator("olfa@example.com").await;
    let mut operator = world.signed_in("olfa@example.com").await;
    let history = format!("/admin/escrows/{}/history", cast.deal.reference);
    operator.get(&history).await.shows("events are too many to follow while you wait");
    operator.get(&format!("/admin/disputes/{}/1", cast.deal.reference)).await.shows("It leaks.");
}
