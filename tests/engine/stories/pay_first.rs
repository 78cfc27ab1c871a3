//! Paid before the seller accepts: the money is held while he answers.

use holdfast::engine::check;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::{End, Stage};
use holdfast::engine::party::Role;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Mode;

use crate::dsl::deal::{split, start};
use crate::dsl::*;

fn paid_first() -> World {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world
}

#[test]
fn nothing_is_cancelled_or_settled_before_the_seller_has_answered() {
    let mut world = paid_first();
    let reason = "No need.".to_owned();
    world.buyer().does(Command::RequestCancellation { reason }).is_refused(Refusal::NotAgreed);
    world.buyer().offers(vec![split(1, 5_000, 5_000)]).is_refused(Refusal::NotAgreed);
    world.buyer().disputes(1).is_refused(Refusal::NotAgreed);
    world.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_refused(Refusal::NotAgreed);
}

#[test]
fn the_money_is_held_while_the_seller_answers() {
    let mut world = paid_first();
    assert_eq!((world.status(), world.held().as_str()), ("Paid, awaiting acceptance", "100.00"));
    world.seller().delivers(1).is_refused(Refusal::NotAgreed);
    world.buyer().withdraws().is_refused(Refusal::AlreadyPaid);
    world.buyer().pays().is_refused(Refusal::AlreadyPaid);
    world.seller().accepts().is_done();
    assert_eq!(world.status(), "Held in escrow");
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!(world.status(), "Completed");
}

#[test]
fn delivery_days_count_from_the_acceptance() {
    let mut world = paid_first();
    world.days_pass(3);
    world.seller().accepts().is_done();
    let due = holdfast::engine::deadlines::all(world.escrow())[0].due;
    assert_eq!(due, Some(start().plus_days(10)));
}

#[test]
fn declining_sends_everything_back() {
    let mut world = paid_first();
    world.seller().declines("I am away.").is_done();
    let end = End::Declined { by: Role::Seller, reason: "I am away.".to_owned() };
    assert_eq!(*world.stage(), Stage::Ended { end, at: world.now, lapsed_at: None });
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Declined", "100.00"));
    world.seller().declines("I am away.").is_already_done();
    world.seller().accepts().is_refused(Refusal::EscrowOver);
}

#[test]
fn five_days_of_silence_count_as_declined() {
    let mut world = paid_first();
    world.days_pass(4);
    assert_eq!(world.status(), "Paid, awaiting acceptance");
    world.days_pass(1);
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Declined", "100.00"));
}

#[test]
fn the_wrong_person_is_not_waited_for() {
    let mut world = paid_first();
    world.seller().disowns().is_done();
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Declined", "100.00"));
}

#[test]
fn paying_accepts_where_there_is_nothing_to_sign() {
    let mut world = World::of(pay_first());
    world.seller().proposes().is_done();
    world.buyer().pays().is_done();
    assert_eq!(world.events(), ["proposed", "accepted", "agreed", "charge_started"]);
    world.provider().settles().is_done();
    assert_eq!(world.status(), "Held in escrow");
}

#[test]
fn an_acceptance_while_the_payment_is_under_way_lets_work_start_with_the_money() {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.seller().declines("No.").is_refused(Refusal::PaymentPending);
    world.seller().accepts().is_done();
    assert_eq!(world.status(), "Payment processing");
    world.provider().settles().is_done();
    assert_eq!(world.status(), "Held in escrow");
}

#[test]
fn a_payment_that_fails_leaves_the_terms_open() {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().fails("No funds.").is_done();
    assert_eq!(world.status(), "Payment failed");
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(world.status(), "Paid, awaiting acceptance");
}

#[test]
fn others_are_not_paid_before_everyone_agreed() {
    let mut world = World::sent(quick());
    world.buyer().pays().is_refused(Refusal::NotAgreed);
    let faulty = |mode: Mode| {
        let terms = pay_first().with(|terms| terms.mode = mode);
        check::faults(&terms, 0, start()).iter().any(|fault| fault.field == "pay_first")
    };
    assert_eq!([Mode::Standard, Mode::Quick, Mode::QuickProof].map(faulty), [true, false, false]);
}
