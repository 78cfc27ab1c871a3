//! Money that goes back as it came, through the real Sandbox Pay: asked for by the worker, answered by signed
//! notices, and seen on pages.

use std::sync::Arc;

use holdfast::doctor;
use holdfast::engine::command::Command;
use holdfast::engine::refund::RefundState;
use holdfast::engine::refusal::Refusal;
use holdfast::sandbox::Choice;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::payments::{self, Payment};
use holdfast::work;
use time::Duration;
use tokio::sync::Barrier;

use crate::deal::Deal;
use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

impl World {
    /// Worked case 4, paid on the pages of Sandbox Pay.
    async fn paid_by_card(&self) -> Cast {
        let cast = Cast::agreed(self).await;
        let payment = self.charges(&cast.deal).await;
        self.chooses(payment, Choice::Pay).await;
        assert_eq!(self.provider_tells().await, [200]);
        cast
    }

    /// The seller gives back so much of the first milestone. With the fee of one in a hundred that follows, 1.001 TND
    /// ends in 11, at which the sandbox fails, and so on.
    async fn gives_back(&self, deal: &Deal, part_minor: Option<i64>) {
        let command = Command::Refund { milestone: 1, part_minor };
        assert_eq!(self.asks(deal, deal.seller, command).await, Outcome::Done);
    }

    /// The provider hears of what was asked for, and answers.
    pub async fn goes_round(&self) -> Vec<u16> {
        while work::payments::run_due(&self.app).await.unwrap() > 0 {}
        self.provider_tells().await
    }

    async fn refund_state(&self, deal: &Deal, number: u16) -> RefundState {
        self.escrow(deal).await.refund(number).unwrap().state.clone()
    }

    async fn refund_rows(&self, deal: &Deal) -> Vec<Payment> {
        let mut reader = self.app.db.read().await.unwrap();
        let all = payments::of_escrow(&mut reader.conn(), deal.escrow).await.unwrap();
        all.into_iter().filter(|row| row.kind == "escrow-refund").collect()
    }

    pub async fn is_healthy(&self) {
        let report = doctor::examine(&self.app).await.unwrap();
        assert!(report.ailments.is_empty(), "{:?}", report.ailments);
    }

    pub async fn days_go_by(&self, days: i64) {
        self.app.clock.advance(Duration::days(days));
        while work::deadlines::run_due(&self.app).await.unwrap() > 0 {}
    }
}

async fn give(cast: &mut Cast, amount: &str) -> crate::browser::Page {
    let page = cast.seller.get(&cast.first(&format!("/refund?amount={amount}"))).await;
    page.shows("It goes back to the card or account it came from, and nobody can take it back.");
    let fields = ["amount", "seen", "key"].map(|name| (name, hidden_field(&page, name)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    cast.seller.post(&cast.deal.path("/milestones/1/refund"), &fields).await
}

both! {
    async fn a_refund_goes_back_as_it_came_and_everyone_sees_how_far_it_is(world) {
        let mut cast = world.paid_by_card().await;
        let done = give(&mut cast, "400").await;
        assert_eq!(done.status, 303, "{}", done.text());
        cast.seller.get(done.location()).await.shows("The money is on its way back to the card or account it came from.");
        let page = cast.buyer.get(&cast.deal.path("")).await;
        page.shows("Refund under way");
        page.shows("404.000 TND for “Design” goes back to the card or account you paid from.");
        page.shows("Of what is held, goes back to you 404.000 TND");
        let page = cast.buyer.get(&cast.deal.path("/refunds/1")).await;
        page.shows("404.000 TND goes back to the card or account you paid from, by Sandbox Pay.");
        page.hides("Send it again");
        let mut held = world.escrow(&cast.deal).await.held_minor();
        assert_eq!((held, world.wallet(cast.deal.buyer).await), (1_010_000, 0));
        cast.buyer.get("/balances").await.shows("On its way back to you by Sandbox Pay");

        assert_eq!(world.goes_round().await, [200]);
        assert_eq!(world.notices().await[0].outcome, "done");
        held = world.escrow(&cast.deal).await.held_minor();
        assert_eq!((held, world.wallet(cast.deal.buyer).await), (606_000, 0));
        let row = world.refund_rows(&cast.deal).await.remove(0);
        assert_eq!((row.state.as_str(), row.method.as_str(), row.amount_minor), ("successful", "sandbox", 404_000));
        let page = cast.buyer.get(&cast.deal.path("/refunds/1")).await;
        page.shows("Sandbox Pay has sent 404.000 TND back to the card or account you paid from.");
        page.hides("Send it again");
        cast.buyer.get(&cast.first("")).await.shows("Back to you 404.000 TND");
        cast.seller.get(&cast.deal.path("/history")).await.shows("404.000 TND for “Design” went back to the buyer");
        for browser in [&mut cast.seller, &mut cast.broker] {
            assert_eq!(browser.get(&cast.deal.path("/refunds/1")).await.status, 404, "it is the buyer's");
            assert_eq!(browser.post(&cast.deal.path("/refunds/1/wallet"), &[]).await.status, 404);
        }
        for path in ["/refunds/2", "/refunds/01", "/refunds/x"] {
            assert_eq!(cast.buyer.get(&cast.deal.path(path)).await.status, 404, "{path}");
        }
        world.is_healthy().await;
    }
}

both! {
    async fn a_failed_refund_is_sent_again_by_the_buyer_and_works(world) {
        let mut cast = world.paid_by_card().await;
        world.gives_back(&cast.deal, Some(1_003)).await;
        assert_eq!(world.goes_round().await, [200]);
        let page = cast.buyer.get(&cast.deal.path("")).await;
        page.shows("The refund of 1.013 TND for “Design” failed. Have it sent again, or take it to your wallet");
        page.shows("The reason given: The card or account no longer exists.");
        let page = cast.buyer.get(&cast.deal.path("/refunds/1")).await;
        page.shows("1.013 TND could not go back to the card or account you paid from. It is reserved here.");
        let key = hidden_field(&page, "key");
        let sent = cast.buyer.post(&cast.deal.path("/refunds/1/again"), &[("key", &key)]).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        cast.buyer.get(sent.location()).await.shows("The refund was sent again.");
        cast.buyer.post(&cast.deal.path("/refunds/1/again"), &[("key", "another")]).await;
        assert_eq!(world.goes_round().await, [200]);
        assert!(matches!(world.refund_state(&cast.deal, 1).await, RefundState::Successful { attempt: 2, .. }));
        let states: Vec<_> = world.refund_rows(&cast.deal).await.into_iter().map(|row| row.state).collect();
        assert_eq!(states, ["failed", "successful"]);
        let late = cast.buyer.post(&cast.deal.path("/refunds/1/wallet"), &[]).await;
        assert_eq!(late.status, 422);
        late.shows("This refund is done");
        world.is_healthy().await;
    }
}

both! {
    async fn a_failed_refund_goes_to_the_wallet_and_operators_see_money_that_went_out_twice(world) {
        let mut cast = world.paid_by_card().await;
        world.operator("olfa@example.com").await;
        world.gives_back(&cast.deal, Some(1_002)).await;
        assert_eq!(world.goes_round().await, [0_u16; 0], "the bank is silent");
        world.days_go_by(3).await;
        cast.later(&world).await;
        assert!(matches!(world.refund_state(&cast.deal, 1).await, RefundState::Failed { no_answer: true, .. }));
        let mut olfa = world.signed_in("olfa@example.com").await;
        olfa.get("/admin").await.shows("1 refunds failed");
        let page = olfa.get("/admin/payments?state=refunds").await;
        page.shows("Refund by sandbox");
        page.shows("The payment provider did not answer in time.");
        let path = format!("/admin/escrows/{}/refunds/1", cast.deal.reference);
        assert!(page.body.contains(&path), "{}", page.text());
        olfa.get(&path).await.shows("Amel Buyer’s wallet");
        assert_eq!(cast.buyer.get(&path).await.status, 404, "no operator");

        let taken = cast.buyer.post(&cast.deal.path("/refunds/1/wallet"), &[]).await;
        assert_eq!(taken.status, 303, "{}", taken.text());
        let page = cast.buyer.get(taken.location()).await;
        page.shows("1.012 TND is in your wallet instead of on the card or account you paid from.");
        assert_eq!(world.wallet(cast.deal.buyer).await, 1_012);
        cast.buyer.get("/balances/TND").await.shows("Back to you, milestone 1");
        olfa.get("/admin/payments?state=refunds").await.shows("No payments here");

        let reference = world.refund_rows(&cast.deal).await[0].provider_ref.clone().unwrap();
        world.app.sandbox.answer_refund(&reference, true).await.unwrap();
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!(world.notices().await[0].outcome, "refused: REFUND_SENT_TWICE");
        assert_eq!(world.wallet(cast.deal.buyer).await, 1_012, "nothing more moves here");
        olfa.get("/admin").await.shows("1 refunds sent twice");
        olfa.get("/admin/payments?state=twice").await.shows("The money went out twice");
        world.is_healthy().await;
    }
}

both! {
    async fn an_operator_sends_a_refund_again_or_puts_it_into_the_wallet(world) {
        let cast = world.paid_by_card().await;
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        world.gives_back(&cast.deal, Some(1_001)).await;
        assert_eq!(world.goes_round().await, [200]);
        let path = format!("/admin/escrows/{}/refunds/1", cast.deal.reference);
        olfa.submit(&format!("{path}/again"), &[]).await.shows("The refund was sent again.");
        assert_eq!(world.goes_round().await, [200]);
        olfa.submit(&format!("{path}/wallet"), &[]).await.shows("The money is in the wallet.");
        assert_eq!(world.wallet(cast.deal.buyer).await, 1_011);
        let page = olfa.get("/admin/audit").await;
        page.shows("Moved a failed refund of");
        let states: Vec<_> = world.refund_rows(&cast.deal).await.into_iter().map(|row| (row.state, row.attempt)).collect();
        let row = |state: &str, attempt| (state.to_owned(), Some(attempt));
        assert_eq!(states, [row("failed", 1), row("failed", 2), row("successful", 0)]);
        world.is_healthy().await;
    }
}

both! {
    async fn nobody_does_anything_and_the_clocks_bring_it_to_the_wallet(world) {
        let cast = world.paid_by_card().await;
        world.gives_back(&cast.deal, Some(1_002)).await;
        world.goes_round().await;
        world.days_go_by(3).await;
        world.days_go_by(1).await;
        assert!(matches!(world.refund_state(&cast.deal, 1).await, RefundState::Pending { .. }));
        world.goes_round().await;
        let rows = world.refund_rows(&cast.deal).await;
        assert_eq!(rows.len(), 1, "the same order is asked for again");
        world.days_go_by(3).await;
        world.days_go_by(6).await;
        assert_eq!(world.wallet(cast.deal.buyer).await, 0);
        world.days_go_by(1).await;
        assert_eq!(world.wallet(cast.deal.buyer).await, 1_012);
        world.is_healthy().await;
    }
}

both! {
    async fn a_provider_that_is_not_reached_is_told_again_and_then_the_refund_has_failed(world) {
        let mut cast = world.paid_by_card().await;
        let mut cut_off = world.app.clone();
        cut_off.rails = holdfast::rails::Rails::new(Vec::new());
        world.gives_back(&cast.deal, None).await;
        assert_eq!(work::payments::run_due(&cut_off).await.unwrap(), 1);
        assert!(world.refund_rows(&cast.deal).await[0].provider_ref.is_none());
        world.days_go_by(3).await;
        cast.later(&world).await;
        cast.buyer.get(&cast.deal.path("/refunds/1")).await.shows("The payment provider did not answer in time.");
        let outcome = world.asks(&cast.deal, cast.deal.buyer, Command::RetryRefund { refund: 1 }).await;
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(world.goes_round().await, [200]);
        assert!(matches!(world.refund_state(&cast.deal, 1).await, RefundState::Successful { attempt: 1, .. }));
        world.is_healthy().await;
    }
}

both! {
    async fn whoever_wants_refunds_in_the_wallet_gets_them_there_at_once(world) {
        let mut cast = world.paid_by_card().await;
        let page = cast.buyer.get("/settings/profile").await;
        page.shows("Put refunds into my wallet");
        let fields = [
            ("name", "Amel Buyer"),
            ("time_zone", "Africa/Tunis"),
            ("country", "TN"),
            ("refunds_to_wallet", "yes"),
        ];
        assert_eq!(cast.buyer.post("/settings/profile", &fields).await.status, 303);
        let page = cast.seller.get(&cast.first("/refund?amount=100")).await;
        page.shows("It goes to the buyer’s wallet immediately");
        world.gives_back(&cast.deal, Some(100_000)).await;
        assert_eq!(world.wallet(cast.deal.buyer).await, 101_000);
        assert!(world.escrow(&cast.deal).await.refunds.is_empty());
        world.is_healthy().await;
    }
}

/// Sends both at once.
async fn both_at_once(world: &World, requests: [Request; 2]) -> Vec<Outcome> {
    let barrier = Arc::new(Barrier::new(2));
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let (app, barrier) = (world.app.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                app.execute(&request).await.unwrap()
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

both! {
    async fn the_providers_yes_and_the_wallet_meet_and_one_of_them_moves_the_money(world) {
        let cast = world.paid_by_card().await;
        let deal = &cast.deal;
        for number in 1..=4_u16 {
            world.gives_back(deal, Some(1_002)).await;
            world.goes_round().await;
            world.days_go_by(3).await;
            let settled = Command::RefundSettled { refund: number, attempt: 1 };
            let wallet = Command::RefundToWallet { refund: number };
            let requests = [
                Request::new(deal.escrow, Who::Rail, settled),
                Request::new(deal.escrow, Who::User(deal.buyer), wallet),
            ];
            let outcomes = both_at_once(&world, requests).await;
            let won = outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count();
            let refused = [Refusal::RefundSentTwice, Refusal::NoSuchRefund];
            let lost = outcomes.iter().any(|outcome| match outcome {
                Outcome::Refused { refusal } => refused.contains(refusal),
                _ => false,
            });
            assert!(won == 1 && lost, "{outcomes:?}");
        }
        world.is_healthy().await;
    }
}

both! {
    async fn two_who_send_a_refund_again_send_it_once(world) {
        let cast = world.paid_by_card().await;
        let deal = &cast.deal;
        world.gives_back(deal, Some(1_001)).await;
        world.goes_round().await;
        let retry = || Request::new(deal.escrow, Who::User(deal.buyer), Command::RetryRefund { refund: 1 });
        let mut outcomes = both_at_once(&world, [retry(), retry()]).await;
        outcomes.sort_by_key(|outcome| *outcome != Outcome::Done);
        assert_eq!(outcomes, [Outcome::Done, Outcome::AlreadyDone]);
        assert_eq!(world.refund_rows(deal).await.len(), 2);
        world.is_healthy().await;
    }
}

both! {
    async fn the_provider_never_sends_more_back_than_it_took(world) {
        let cast = world.paid_by_card().await;
        let charge = world.escrow(&cast.deal).await.charge.unwrap();
        let reference = world.payment(charge.payment).await.provider_ref.unwrap();
        let asks = |merchant_ref: &'static str, minor: i64| {
            let (world, reference) = (&world, reference.clone());
            async move {
                let amount = holdfast::money::Currency::from_code("TND").unwrap().of(minor);
                let asked = holdfast::sandbox::AskedBack { merchant_ref, charge: &reference, amount };
                world.app.sandbox.refund(&asked).await.unwrap()
            }
        };
        use holdfast::sandbox::NotBack;
        let first = asks("one", 1_000_000).await.unwrap();
        assert_eq!(asks("one", 1_000_000).await, Ok(first), "asked for twice, it is one refund");
        assert_eq!(asks("two", 10_001).await, Err(NotBack::MoreThanCharged));
        assert!(asks("three", 10_000).await.is_ok());
        let unknown = holdfast::sandbox::AskedBack {
            merchant_ref: "four",
            charge: "ch_nothing",
            amount: holdfast::money::Currency::from_code("TND").unwrap().of(1),
        };
        assert_eq!(world.app.sandbox.refund(&unknown).await.unwrap(), Err(NotBack::ChargeUnknown));
    }
}
