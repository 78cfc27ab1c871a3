//! Money leaves, by hand, at once or by the clock; the escrow ends, and is closed.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{End, How, MilestoneEnd, MilestoneStage, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::party::Role;
use holdfast::engine::plan::Share;
use holdfast::engine::refusal::Refusal;

use crate::dsl::deal::{commission, line, party, percent};
use crate::dsl::*;
use holdfast::engine::terms::{CommissionPayer, Terms};

#[test]
fn each_takes_what_is_his() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves(1).is_done();
    assert_eq!((world.wallet(SELLER).as_str(), world.escrow().payable_minor()), ("0.000", 400_000));
    world.broker().pays_out(1).is_done();
    world.broker().pays_out(1).is_already_done();
    assert_eq!((world.wallet(BROKER).as_str(), world.wallet(SELLER).as_str()), ("20.000", "0.000"));
    world.seller().pays_out(1).is_done();
    world.seller().pays_out(1).is_already_done();
    assert_eq!(world.wallet(SELLER), "380.000");
    assert!(world.milestone(1).ended());
}

#[test]
fn a_payout_names_the_share_and_its_receiver() {
    let paid = Event::PaidOut { milestone: 1, share: Share::Broker, user: BROKER, amount_minor: 20_000 };
    let pay_out = Command::PayOut { milestone: 1 };
    given(Past::delivered(&case4(), 1).released(1)).when(broker(), pay_out).then(paid);
}

#[test]
fn nothing_is_taken_before_it_is_released() {
    let pay_out = || Command::PayOut { milestone: 1 };
    given(Past::agreed(&case4())).when(seller(), pay_out()).then(Refusal::NotPaid);
    given(Past::delivered(&case4(), 1)).when(seller(), pay_out()).then(Refusal::NothingPayable);
    let refunded = Past::paid(&case4()).overdue(1).refunded(1);
    given(refunded).when(seller(), pay_out()).then(Refusal::NothingPayable);
}

#[test]
fn a_payee_takes_his_line_and_no_other() {
    let terms = shared();
    let mut world = World::delivered(terms, 1);
    world.buyer().approves(1).is_done();
    world.payee().pays_out(1).is_done();
    assert_eq!(world.wallet(PAYEE), "10.000");
    world.payee().pays_out(2).is_refused(Refusal::NothingPayable);
    let nobodys = Command::PayOut { milestone: 1 };
    let second = holdfast::engine::party::Actor::Party { user: SECOND_PAYEE, role: Role::Payee };
    world.person(second).does(nobodys).is_refused(Refusal::NothingPayable);
}

fn shared() -> Terms {
    case4().with(|terms| {
        terms.commission = None;
        terms.parties.push(party(Role::Payee, PAYEE));
        terms.parties.push(party(Role::Payee, SECOND_PAYEE));
        terms.milestones[0].recipients = vec![line(SELLER, 390_000), line(PAYEE, 10_000)];
    })
}

#[test]
fn a_broker_with_two_lines_takes_both_at_once() {
    let terms = case4().with(|terms| terms.commission = commission(percent(5), CommissionPayer::Split));
    let mut world = World::delivered(terms, 1);
    world.buyer().approves(1).is_done();
    world.broker().pays_out(1).is_done();
    assert_eq!((world.wallet(BROKER).as_str(), world.count("paid_out")), ("20.000", 2));
}

#[test]
fn whoever_wants_it_gets_his_money_at_once() {
    let mut world = World::delivered(case4(), 1);
    world.at_once = vec![SELLER, BUYER, STRANGER];
    world.buyer().approves_part(1, "100.000").is_done();
    assert_eq!(world.wallet(SELLER), "95.000");
    world.buyer().approves(1).is_done();
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BROKER).as_str()), ("380.000", "0.000"));
    assert!(!world.milestone(1).ended());
    world.at_once = vec![BROKER, SELLER];
    world.seller().delivers(2).is_done();
    world.days_pass(3);
    assert!(world.milestone(2).ended());
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BROKER).as_str()), ("950.000", "30.000"));
}

#[test]
fn money_that_nobody_takes_moves_by_the_clock() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves(1).is_done();
    world.seller().pays_out(1).is_done();
    world.days_pass(6);
    assert_eq!(world.wallet(BROKER), "0.000");
    world.days_pass(1);
    assert_eq!(world.wallet(BROKER), "20.000");
    assert!(world.milestone(1).ended());
}

#[test]
fn the_escrow_completes_when_everything_is_paid_out_and_closes() {
    let mut world = World::paid(case4());
    world.at_once = vec![SELLER, BROKER];
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.seller().closes().is_refused(Refusal::NotOverYet);
    world.seller().delivers(2).is_done();
    world.buyer().approves(2).is_done();
    assert_eq!(*world.stage(), Stage::Ended { end: End::Completed, at: world.now, lapsed_at: None });
    assert_eq!((world.status(), world.held().as_str()), ("Completed", "0.000"));
    world.broker().closes().is_done();
    world.buyer().closes().is_already_done();
    assert_eq!(world.status(), "Closed: completed");
    world.buyer().approves(2).is_refused_saying("Escrow is closed.");
}

#[test]
fn an_escrow_that_is_not_over_is_not_closed() {
    for past in [Past::sent(&case4()), Past::agreed(&case4()), Past::paid(&case4())] {
        given(past).when(buyer(), Command::Close).then(Refusal::NotOverYet);
    }
    given(Past::charged(&case4())).when(buyer(), Command::Close).then(Refusal::PaymentPending);
}

#[test]
fn an_overdue_milestone_is_cancelled_and_all_of_it_goes_back() {
    let mut world = World::paid(case4());
    world.days_pass(26);
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.days_pass(1);
    world.buyer().cancels(1).is_done();
    world.buyer().cancels(1).is_already_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("404.000", "0.000"));
    let MilestoneStage::Ended { end, how, .. } = world.milestone(1).stage else { panic!() };
    assert_eq!((end, how), (MilestoneEnd::Refunded, How::Cancelled));
    assert_eq!(world.held(), "606.000");
    world.buyer().cancels(2).is_refused(Refusal::NoRightToCancel);
}

#[test]
fn a_full_cancel_returns_everything_and_nobody_earns() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    world.buyer().cancels(1).is_done();
    world.days_pass(20);
    world.buyer().cancels(2).is_done();
    assert_eq!(*world.stage(), Stage::Ended { end: End::Cancelled, at: world.now, lapsed_at: None });
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("1010.000", "0.000"));
    assert_eq!(world.status(), "Cancelled");
}

#[test]
fn an_escrow_of_which_anything_was_released_is_completed() {
    let mut world = World::delivered(case4(), 1);
    world.at_once = vec![SELLER, BROKER];
    world.buyer().approves_part(1, "1.000").is_done();
    world.buyer().requests_changes(1).is_done();
    world.days_pass(14);
    world.buyer().cancels(1).is_done();
    let MilestoneStage::Ended { end, .. } = world.milestone(1).stage else { panic!() };
    assert_eq!(end, MilestoneEnd::Split);
    world.days_pass(33);
    world.buyer().cancels(2).is_done();
    assert_eq!(*world.stage(), Stage::Ended { end: End::Completed, at: world.now, lapsed_at: None });
}

#[test]
fn what_was_released_before_a_cancel_is_still_paid_out() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves_part(1, "200.000").is_done();
    world.buyer().requests_changes(1).is_done();
    world.days_pass(6);
    world.outage_of_days(20);
    assert_eq!(world.wallet(SELLER), "190.000");
    world.buyer().cancels(1).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("202.000", "2.000"));
    world.buyer().cancels(1).is_already_done();
    assert!(world.milestone(1).ended());
}

#[test]
fn delivering_takes_the_right_to_cancel_away() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    assert_eq!(world.status(), "Overdue");
    world.seller().delivers(1).is_done();
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.buyer().approves(1).is_done();
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
}

#[test]
fn an_unpaid_milestone_has_nothing_to_cancel() {
    given(Past::agreed(&case4())).when(buyer(), Command::Cancel { milestone: 1 }).then(Refusal::NotPaid);
}

#[test]
fn a_closed_escrow_says_so_to_everything() {
    let closed = || given(Past::closed(&case4()));
    for (actor, command) in super::roles::every_command() {
        match command {
            Command::Close => closed().when(buyer(), command).then(ALREADY_DONE),
            Command::ChargeSettled { .. }
            | Command::ChargeFailed { .. }
            | Command::RefundSettled { .. }
            | Command::RefundFailed { .. } => {}
            _ => closed().when(actor, command).then(Refusal::EscrowClosed),
        }
    }
    for machine in [operator(), clock(), rail()] {
        closed().when(machine, Command::Close).then(Refusal::EscrowClosed);
    }
}
