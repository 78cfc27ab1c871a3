//! The buyer pays: started, settled, failed and tried again, and money that comes too late.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{ChargeState, Method, MilestoneStage, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::refusal::Refusal;
use uuid::Uuid;

use crate::dsl::deal::{currency, start};
use crate::dsl::given::{PAYMENT, SECOND_PAYMENT, sandbox};
use crate::dsl::outcome::with_wallet;
use crate::dsl::*;

fn pay(payment: Uuid, milestones: &[u16], method: Method) -> Command {
    Command::StartCharge { payment, milestones: milestones.to_vec(), method }
}

#[test]
fn a_payment_by_rail_waits_for_the_provider() {
    let agreed = Past::agreed(&case4());
    let started = agreed.charge(PAYMENT);
    given(agreed).when(buyer(), pay(PAYMENT, &[1, 2], sandbox())).then(started);

    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    assert_eq!((world.status(), world.held().as_str()), ("Payment processing", "0.000"));
    world.provider().settles().is_done();
    assert_eq!((world.status(), world.held().as_str()), ("Held in escrow", "1010.000"));
    assert_eq!(world.money(world.books.came_in()), "1010.000");
    assert!(matches!(world.stage(), Stage::Active { .. }));
}

#[test]
fn everything_is_paid_at_once() {
    for some in [&[1][..], &[2, 1], &[1, 1], &[], &[1, 2, 3]] {
        given(Past::agreed(&case4())).when(buyer(), pay(PAYMENT, some, sandbox())).then(Refusal::PayAll);
    }
}

#[test]
fn nothing_is_paid_before_everyone_agreed() {
    given(Past::sent(&case4())).when(buyer(), pay(PAYMENT, &[1, 2], sandbox())).then(Refusal::NotAgreed);
}

#[test]
fn the_newest_terms_of_service_come_first() {
    given(Past::agreed(&case4()))
        .with_facts(|facts| facts.terms_of_service_accepted = false)
        .when(buyer(), pay(PAYMENT, &[1, 2], sandbox()))
        .then(Refusal::TermsOfServiceNotAccepted);
}

#[test]
fn one_attempt_at_a_time() {
    let charged = || given(Past::charged(&case4()));
    charged().when(buyer(), pay(PAYMENT, &[1, 2], sandbox())).then(ALREADY_DONE);
    charged().when(buyer(), pay(SECOND_PAYMENT, &[1, 2], sandbox())).then(Refusal::PaymentPending);
    let paid = || given(Past::paid(&case4()));
    paid().when(buyer(), pay(PAYMENT, &[1, 2], sandbox())).then(ALREADY_DONE);
    paid().when(buyer(), pay(SECOND_PAYMENT, &[1, 2], sandbox())).then(Refusal::AlreadyPaid);
}

#[test]
fn the_wallet_pays_at_once_if_it_can() {
    let mut world = with_wallet(World::agreed(case4()), "1010.000");
    world.buyer().pays_from_the_wallet().is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.held().as_str()), ("0.000", "1010.000"));
    assert_eq!(world.status(), "Held in escrow");

    let mut world = with_wallet(World::agreed(case4()), "1009.999");
    let sentence = "Your balance of 1,009.999 TND does not cover this payment.";
    world.buyer().pays_from_the_wallet().is_refused_saying(sentence);
    let available = currency("KES").of(i64::MAX);
    given(Past::agreed(&case4()))
        .with_facts(|facts| facts.wallet_available = Some(available))
        .when(buyer(), pay(PAYMENT, &[1, 2], Method::Wallet))
        .then(Refusal::InsufficientWallet { available });
    let available = currency("TND").of(0);
    given(Past::agreed(&case4()))
        .when(buyer(), pay(PAYMENT, &[1, 2], Method::Wallet))
        .then(Refusal::InsufficientWallet { available });
}

#[test]
fn a_failed_payment_is_tried_again_on_the_same_escrow() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.provider().fails("The card is blocked.").is_done();
    world.provider().fails("The card is blocked.").is_already_done();
    assert_eq!((world.status(), world.held().as_str()), ("Payment failed", "0.000"));
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.provider().settles().is_already_done();
    world.provider().fails("No, it failed.").is_refused(Refusal::NoPaymentPending);
    assert_eq!(world.held(), "1010.000");
}

#[test]
fn a_long_reason_of_a_provider_is_cut() {
    let failed = |reason: String| Event::ChargeFailed { payment: PAYMENT, reason, lapsed_at: None };
    given(Past::charged(&case4()))
        .when(rail(), Command::ChargeFailed { payment: PAYMENT, reason: "é".repeat(1_000) })
        .then(failed("é".repeat(300)));
}

#[test]
fn nobody_but_the_provider_says_what_became_of_a_payment() {
    for actor in [buyer(), seller(), broker(), operator()] {
        let none = Refusal::NotYourRole { needs: Vec::new() };
        let settled = Command::ChargeSettled { payment: PAYMENT };
        given(Past::charged(&case4())).when(actor, settled).then(none.clone());
        let failed = Command::ChargeFailed { payment: PAYMENT, reason: String::new() };
        given(Past::charged(&case4())).when(actor, failed).then(none);
    }
}

#[test]
fn a_payment_that_nobody_started_is_unknown() {
    for past in [Past::agreed(&case4()), Past::charged(&case4())] {
        let settled = Command::ChargeSettled { payment: SECOND_PAYMENT };
        given(past.clone()).when(rail(), settled).then(Refusal::NoPaymentPending);
        let failed = Command::ChargeFailed { payment: SECOND_PAYMENT, reason: String::new() };
        given(past).when(rail(), failed).then(Refusal::NoPaymentPending);
    }
}

#[test]
fn a_provider_who_does_not_answer_for_three_days_has_failed() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.hours_pass(71);
    assert_eq!(world.status(), "Payment processing");
    world.hours_pass(1);
    let state = &world.escrow().charge.as_ref().unwrap().state;
    assert!(matches!(state, ChargeState::Failed { .. }), "{state:?}");
}

#[test]
fn money_that_comes_after_all_goes_back_once() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.days_pass(3);
    world.provider().settles().is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.held().as_str()), ("1010.000", "0.000"));
    world.provider().settles().is_already_done();
    assert_eq!(world.wallet(BUYER), "1010.000");
    assert_eq!(world.count("charge_returned"), 1);
    world.buyer().pays_from_the_wallet().is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.held().as_str()), ("0.000", "1010.000"));
}

#[test]
fn late_money_of_an_attempt_goes_back_also_when_another_was_made_since() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    let first = world.last_payment();
    world.days_pass(3);
    world.buyer().pays().is_done();
    world.provider().settles_payment(first).is_done();
    world.provider().settles_payment(first).is_already_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.held().as_str()), ("1010.000", "0.000"));
    assert_eq!(world.status(), "Payment processing");
    world.provider().settles().is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.held().as_str()), ("1010.000", "1010.000"));
}

#[test]
fn a_given_up_attempt_stays_failed_whatever_follows() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    let first = world.last_payment();
    world.provider().fails("Declined.").is_done();
    world.buyer().pays().is_done();
    let failed = Command::ChargeFailed { payment: first, reason: "Declined.".to_owned() };
    world.provider().does(failed).is_already_done();
    let again = pay(first, &[1, 2], sandbox());
    world.buyer().does(again).is_already_done();
    assert_eq!(world.status(), "Payment processing");
}

#[test]
fn late_money_goes_back_even_from_a_closed_escrow() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.days_pass(3);
    world.seller().withdraws().is_done();
    world.seller().closes().is_done();
    world.provider().settles().is_done();
    world.provider().settles().is_already_done();
    assert_eq!(world.wallet(BUYER), "1010.000");
    assert!(matches!(world.stage(), Stage::Closed { .. }));
    world.provider().fails("It failed.").is_already_done();
}

#[test]
fn work_starts_with_the_payment() {
    let world = World::paid(case4());
    let due = start().plus_days(20);
    let stage = MilestoneStage::InProgress { since: start(), due, overdue_since: None };
    assert_eq!(world.milestone(1).stage, stage);
    let mut world = World::agreed(one_off());
    world.days_pass(2);
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    let stage = MilestoneStage::InProgress {
        since: start().plus_days(2),
        due: start().plus_days(9),
        overdue_since: None,
    };
    assert_eq!(world.milestone(1).stage, stage);
}

#[test]
fn who_is_paid_after_the_agreed_date_still_has_days_to_deliver_in() {
    let soon = case4().with(|terms| terms.milestones[0].due = Some(start().plus_hours(6)));
    let mut world = World::agreed(soon);
    // Payment may take 48 hours, however near the first date is.
    world.hours_pass(47);
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    let paid_at = start().plus_hours(47);
    let stage = MilestoneStage::InProgress { since: paid_at, due: paid_at, overdue_since: None };
    assert_eq!(world.milestone(1).stage, stage);
    world.days_pass(6);
    assert_eq!(world.status(), "Held in escrow");
}
