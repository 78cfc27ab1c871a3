//! Money of guests that comes too late: it goes back as it came, whatever became of the sale.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{REFUND_AGAIN_DAYS, REFUND_ANSWER_DAYS};
use holdfast::engine::late::TooLate;
use holdfast::engine::party::{Actor, UserId};
use holdfast::engine::refund::RefundState;
use holdfast::engine::refusal::Refusal;
use uuid::Uuid;

use crate::dsl::*;

/// A guest's payment was given up, and this became of the sale.
fn given_up(guest: UserId, then: impl FnOnce(&mut World)) -> (World, Uuid) {
    let mut world = World::sent(instant());
    world.guests.push(guest);
    world.as_it_came = true;
    world.person(person_of(guest)).pays().is_done();
    let payment = world.last_payment();
    world.days_pass(3);
    assert_eq!(world.status(), "Payment failed");
    then(&mut world);
    (world, payment)
}

fn person_of(user: UserId) -> Actor {
    if user == BUYER { buyer() } else { stranger() }
}

fn bought_by_another(world: &mut World) {
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
}

fn settled(world: &mut World, refund: u16) {
    let attempt = world.escrow().refund(refund).unwrap().attempt;
    world.provider().does(Command::RefundSettled { refund, attempt }).is_done();
}

#[test]
fn it_goes_back_as_it_came_and_the_sale_goes_on() {
    let (mut world, payment) = given_up(STRANGER, bought_by_another);
    world.provider().settles_payment(payment).is_done();
    assert_eq!((world.books.suspense(), world.held().as_str()), (10_000, "100.00"));
    assert_eq!(world.status(), "Held in escrow");
    world.provider().settles_payment(payment).is_already_done();
    settled(&mut world, 1);
    assert_eq!((world.books.suspense(), world.books.came_in()), (0, 10_000));
    assert_eq!((world.wallet(STRANGER).as_str(), world.wallet(BUYER).as_str()), ("0.00", "0.00"));
    world.seller().delivers(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!((world.status(), world.wallet(SELLER).as_str()), ("Completed", "100.00"));
}

#[test]
fn why_it_was_too_late_is_told_as_it_is() {
    let why = |(world, _): (World, Uuid), payer| world.escrow().too_late(payer);
    assert_eq!(why(given_up(STRANGER, bought_by_another), STRANGER), TooLate::Taken);
    assert_eq!(why(given_up(STRANGER, |world| world.buyer().pays().is_done()), STRANGER), TooLate::Taken);
    assert_eq!(why(given_up(BUYER, bought_by_another), BUYER), TooLate::PaidAgain);
    assert_eq!(
        why(given_up(STRANGER, |world| world.seller().withdraws().is_done()), STRANGER),
        TooLate::Over
    );
    assert_eq!(why(given_up(STRANGER, |_| {}), STRANGER), TooLate::GivenUp);
    let fails = |world: &mut World| {
        world.buyer().pays().is_done();
        world.provider().fails("Declined.").is_done();
    };
    assert_eq!(why(given_up(STRANGER, fails), STRANGER), TooLate::GivenUp);
}

#[test]
fn a_withdrawn_and_closed_sale_still_sends_it_back_and_tries_again_by_itself() {
    let (mut world, payment) = given_up(STRANGER, |world| {
        world.seller().withdraws().is_done();
        world.seller().closes().is_done();
    });
    world.provider().settles_payment(payment).is_done();
    assert_eq!((world.books.suspense(), world.status()), (10_000, "Closed"));
    world.days_pass(REFUND_ANSWER_DAYS);
    assert!(matches!(world.escrow().refund(1).unwrap().state, RefundState::Failed { no_answer: true, .. }));
    world.days_pass(REFUND_AGAIN_DAYS);
    assert!(world.escrow().refund(1).unwrap().pending(), "it was sent again by itself");
    let failed = Command::RefundFailed { refund: 1, attempt: 1, reason: "Closed.".to_owned() };
    world.provider().does(failed).is_done();
    world.days_pass(60);
    assert_eq!(world.books.suspense(), 10_000, "no clock puts it anywhere else");
    world.person(second_operator()).does(Command::RetryRefund { refund: 1 }).is_done();
    settled(&mut world, 1);
    assert_eq!((world.books.suspense(), world.books.came_in()), (0, 0));
    assert_eq!(world.status(), "Closed");
}

#[test]
fn of_two_that_were_sent_again_together_each_has_its_own_time() {
    let (mut world, first) = given_up(STRANGER, |world| {
        world.buyer().pays().is_done();
        world.days_pass(3);
    });
    let second = world.last_payment();
    world.provider().settles_payment(first).is_done();
    let failed = Command::RefundFailed { refund: 1, attempt: 1, reason: "Closed.".to_owned() };
    world.provider().does(failed).is_done();
    world.hours_pass(12);
    world.provider().settles_payment(second).is_done();
    world.hours_pass(11);
    world.person(operator()).does(Command::RetryRefund { refund: 1 }).is_done();
    world.outage_of_days(4);
    let pending = |world: &World| [1, 2].map(|refund| world.escrow().refund(refund).unwrap().pending());
    assert_eq!(pending(&world), [true, true], "one look found both silent and sent both again");
    // The second was asked half a day before the first, and its provider has so much less time to answer.
    world.hours_pass(62);
    assert_eq!(pending(&world), [true, false]);
    world.hours_pass(12);
    assert_eq!(pending(&world), [false, false]);
}

#[test]
fn it_is_nobody_elses_affair() {
    let (mut world, payment) = given_up(STRANGER, bought_by_another);
    world.provider().settles_payment(payment).is_done();
    let failed = Command::RefundFailed { refund: 1, attempt: 1, reason: "Closed.".to_owned() };
    world.provider().does(failed).is_done();
    assert_eq!(world.status(), "Held in escrow", "the deal has not failed");
    let (again, to_wallet) = (Command::RetryRefund { refund: 1 }, Command::RefundToWallet { refund: 1 });
    world.buyer().does(again.clone()).is_refused(Refusal::NoSuchRefund);
    world.buyer().does(to_wallet.clone()).is_refused(Refusal::NoSuchRefund);
    world.person(operator()).does(to_wallet).is_refused(Refusal::NotYourRole { needs: Vec::new() });
    world.person(operator()).does(again.clone()).is_done();
    world.person(operator()).does(again).is_already_done();
    world.seller().does(Command::CancelAll { reason: "Sold out.".to_owned() }).is_done();
    settled(&mut world, 2);
    assert_eq!(world.status(), "Cancelled", "the other refund does not keep it open");
    world.seller().closes().is_done();
    settled(&mut world, 1);
    assert_eq!(world.books.suspense(), 0);
}

#[test]
fn who_has_got_an_account_meanwhile_may_take_it_to_his_wallet() {
    let (mut world, payment) = given_up(BUYER, bought_by_another);
    world.provider().settles_payment(payment).is_done();
    let failed = Command::RefundFailed { refund: 1, attempt: 1, reason: "Closed.".to_owned() };
    world.provider().does(failed).is_done();
    let to_wallet = Command::RefundToWallet { refund: 1 };
    world.buyer().does(to_wallet.clone()).is_refused(Refusal::NotYourRole { needs: Vec::new() });
    world.buyer().hands_over_to(BUYER).is_done();
    world.buyer().does(to_wallet.clone()).is_done();
    world.buyer().does(to_wallet).is_already_done();
    assert_eq!((world.books.suspense(), world.wallet(BUYER).as_str()), (0, "100.00"));
}

#[test]
fn with_an_account_before_it_comes_it_goes_to_the_wallet_at_once() {
    let mut world = World::sent(instant());
    world.guests.push(BUYER);
    world.buyer().pays().is_done();
    let payment = world.last_payment();
    world.buyer().hands_over_to(BUYER).is_done();
    world.days_pass(3);
    world.provider().settles_payment(payment).is_done();
    assert_eq!((world.books.suspense(), world.wallet(BUYER).as_str()), (0, "100.00"));
}

#[test]
fn a_guest_gets_it_back_as_it_came_even_where_nobody_knows_that_it_can() {
    let mut world = World::sent(instant());
    world.guests.push(BUYER);
    bought_by_another(&mut world);
    world.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_done();
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Refund under way", "0.00"));
    settled(&mut world, 1);
    assert_eq!(world.status(), "Refunded");
}
