//! Two who act at the same moment: exactly one wins, and the other is told why.
//!
//! The requests run as tasks of their own over the pool, begin behind one barrier, and meet in the
//! database; nothing waits for a guessed time.

mod pairs;
mod ready;

use std::sync::Arc;

use holdfast::doctor;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::Method;
use holdfast::store::db::all;
use holdfast::store::execute::{Outcome, Request, Who, tick};
use holdfast::store::ledger;
use time::Duration;
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::deal::Deal;
use crate::world::{World, both};

/// Sends all at once and returns their outcomes in the order of the requests.
async fn at_once(world: &World, requests: Vec<Request>) -> Vec<Outcome> {
    let barrier = Arc::new(Barrier::new(requests.len()));
    let send = |request: Request| {
        let (app, barrier) = (world.app.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            app.execute(&request).await.unwrap()
        })
    };
    let tasks: Vec<_> = requests.into_iter().map(send).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

fn by(deal: &Deal, user: Uuid, command: Command) -> Request {
    Request::new(deal.escrow, Who::User(user), command)
}

fn approve(deal: &Deal) -> Request {
    by(deal, deal.buyer, Command::Approve { milestone: 1, part_minor: None })
}

fn count(outcomes: &[Outcome], wanted: &Outcome) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}

async fn delivered(world: &World) -> Deal {
    let deal = world.funded().await;
    world.delivers(&deal, 1).await;
    deal
}

/// What the wallets hold, and that the doctor finds nothing wrong.
async fn wallets(world: &World, deal: &Deal) -> Vec<i64> {
    let report = doctor::examine(&world.app).await.unwrap();
    assert!(report.is_healthy(), "{report}");
    let mut reader = world.app.db.read().await.unwrap();
    let mut conn = reader.conn();
    let mut sums = Vec::new();
    for user in [deal.buyer, deal.seller, deal.broker.unwrap()] {
        let holdings = ledger::holdings(&mut conn, user).await.unwrap();
        sums.push(holdings.iter().map(|it| it.wallet_minor).sum());
    }
    sums
}

both! {
    async fn a_hundred_approvals_at_once_release_once(world) {
        let deal = delivered(&world).await;
        let outcomes = at_once(&world, vec![approve(&deal); 100]).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1);
        assert_eq!(count(&outcomes, &Outcome::AlreadyDone), 99);
        assert_eq!(wallets(&world, &deal).await, [0, 380_000, 20_000]);
        let mut reader = world.app.db.read().await.unwrap();
        let released = all!(
            &mut reader.conn(), (i64,),
            "SELECT seq FROM events WHERE escrow_id = $1 AND kind = 'released'", deal.escrow
        ).unwrap();
        assert_eq!(released.len(), 1);
    }
}

both! {
    async fn of_approving_and_asking_for_changes_one_wins(world) {
        let deal = delivered(&world).await;
        let reason = "The logo is missing.".to_owned();
        let changes = Command::RequestChanges { milestone: 1, failed: vec![0], reason };
        let requests = vec![approve(&deal), by(&deal, deal.buyer, changes)];
        let outcomes = at_once(&world, requests).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1, "{outcomes:?}");
        let refused = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Refused { refusal } => Some(refusal.sentence()),
            _ => None,
        });
        assert!(refused.unwrap().contains("not been delivered, or has been answered already"));
        let released = wallets(&world, &deal).await[1];
        assert_eq!(released, if outcomes[0] == Outcome::Done { 380_000 } else { 0 });
    }
}

both! {
    async fn two_tabs_that_pay_at_once_start_one_payment(world) {
        let deal = world.agreed().await;
        let pay = || {
            let method = Method::Rail { rail: "sandbox".to_owned() };
            let payment = world.app.clock.id();
            by(&deal, deal.buyer, Command::StartCharge { payment, milestones: vec![1, 2], method })
        };
        let requests = (0..10).map(|_| pay()).collect();
        let outcomes = at_once(&world, requests).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1, "{outcomes:?}");
        let told = outcomes.iter().filter(|outcome| match outcome {
            Outcome::Refused { refusal } => refusal.code() == "PAYMENT_PENDING",
            _ => false,
        });
        assert_eq!(told.count(), 9);
    }
}

both! {
    async fn of_paying_and_withdrawing_one_wins(world) {
        let deal = world.agreed().await;
        let method = Method::Rail { rail: "sandbox".to_owned() };
        let payment = world.app.clock.id();
        let pay = by(&deal, deal.buyer, Command::StartCharge { payment, milestones: vec![1, 2], method });
        let outcomes = at_once(&world, vec![pay, by(&deal, deal.seller, Command::Withdraw)]).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|it| matches!(it, Outcome::Refused { .. })).count(), 1);
    }
}

both! {
    async fn a_notice_that_comes_many_times_pays_in_once(world) {
        let deal = world.agreed().await;
        let payment = world.starts_to_pay(&deal).await;
        let settled = Request::new(deal.escrow, Who::Rail, Command::ChargeSettled { payment });
        let outcomes = at_once(&world, vec![settled; 20]).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1);
        assert_eq!(count(&outcomes, &Outcome::AlreadyDone), 19);
        assert_eq!(world.escrow(&deal).await.held_minor(), 1_010_000);
        assert_eq!(wallets(&world, &deal).await, [0, 0, 0]);
    }
}

both! {
    async fn when_the_inspection_lapses_while_the_buyer_answers_the_clock_was_first(world) {
        let deal = delivered(&world).await;
        world.app.clock.advance(Duration::days(3));
        let reason = "Too late.".to_owned();
        let changes = Command::RequestChanges { milestone: 1, failed: vec![0], reason };
        let ticking = {
            let (app, id) = (world.app.clone(), deal.escrow);
            tokio::spawn(async move { tick(&app.db, &app.clock, id).await.unwrap() })
        };
        let outcomes = at_once(&world, vec![by(&deal, deal.buyer, changes); 5]).await;
        ticking.await.unwrap();
        assert_eq!(count(&outcomes, &Outcome::Done), 0, "{outcomes:?}");
        assert_eq!(wallets(&world, &deal).await, [0, 380_000, 20_000]);
    }
}

both! {
    async fn one_form_sent_twice_counts_once_and_with_other_entries_is_refused(world) {
        let deal = delivered(&world).await;
        let part = |minor| Request {
            key: Some("form-1".to_owned()),
            ..by(&deal, deal.buyer, Command::Approve { milestone: 1, part_minor: Some(minor) })
        };
        let outcomes = at_once(&world, vec![part(100_000); 8]).await;
        assert_eq!(count(&outcomes, &Outcome::Done), 1);
        assert_eq!(count(&outcomes, &Outcome::AlreadyDone), 7);
        assert_eq!(world.app.execute(&part(200_000)).await.unwrap(), Outcome::KeyReused);
        assert_eq!(wallets(&world, &deal).await, [0, 95_000, 5_000]);
    }
}

both! {
    async fn a_page_that_is_out_of_date_moves_nothing(world) {
        let deal = delivered(&world).await;
        let seen = world.escrow(&deal).await.seen(Some(1_u16));
        let part = by(&deal, deal.buyer, Command::Approve { milestone: 1, part_minor: Some(1_000) });
        assert_eq!(world.app.execute(&part).await.unwrap(), Outcome::Done);
        let stale = Request { seen: Some(seen), ..approve(&deal) };
        assert_eq!(world.app.execute(&stale).await.unwrap(), Outcome::Stale);
        let fresh = Request { seen: Some(world.escrow(&deal).await.seen(Some(1_u16))), ..approve(&deal) };
        assert_eq!(world.app.execute(&fresh).await.unwrap(), Outcome::Done);
    }
}
