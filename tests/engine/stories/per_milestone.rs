//! Funding per milestone: each is paid before its work starts, the next once the one before is decided.

use holdfast::engine::check;
use holdfast::engine::command::Command;
use holdfast::engine::deadlines;
use holdfast::engine::offers::Action;
use holdfast::engine::party::Role;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Funding;
use holdfast::engine::{next, status};

use crate::dsl::deal::start;
use crate::dsl::given::sandbox;
use crate::dsl::*;

fn pay(world: &mut World, milestones: &[u16]) -> Command {
    let payment = world.new_payment();
    Command::StartCharge { payment, milestones: milestones.to_vec(), method: sandbox() }
}

fn first_is_approved() -> World {
    let mut world = World::paid(per_milestone());
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world
}

#[test]
fn each_milestone_is_paid_by_itself() {
    let mut world = World::agreed(per_milestone());
    let both = pay(&mut world, &[1, 2]);
    world.buyer().does(both).is_refused(Refusal::PayInOrder);
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(world.held(), "404.000");
    let second = pay(&mut world, &[2]);
    world.buyer().does(second).is_refused(Refusal::PayInOrder);
    let first = pay(&mut world, &[1]);
    world.buyer().does(first).is_refused(Refusal::AlreadyPaid);
    world.seller().delivers(2).is_refused(Refusal::NotPaid);
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    assert_eq!(status::of_milestone(world.escrow(), 2).words, "To pay");
    let panel = next::panel(world.escrow(), BUYER, Role::Buyer, world.now);
    assert_eq!((panel.yours, panel.primary), (true, Some(Action::Pay)));
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(world.held(), "606.000");
    world.seller().delivers(2).is_done();
    world.buyer().approves(2).is_done();
    world.days_pass(7);
    assert_eq!((world.status(), world.fees().as_str()), ("Completed", "10.000"));
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BROKER).as_str()), ("950.000", "50.000"));
}

#[test]
fn a_milestone_that_is_not_paid_is_dropped_with_those_after_it() {
    let mut world = first_is_approved();
    world.days_pass(7);
    assert_eq!(world.wallet(SELLER), "380.000");
    assert_eq!(status::of_milestone(world.escrow(), 2).words, "To pay");
    world.days_pass(3);
    assert_eq!((world.status(), world.fees().as_str()), ("Completed", "4.000"));
    assert_eq!(status::of_milestone(world.escrow(), 2).words, "Not paid");
}

#[test]
fn the_date_of_the_next_payment_is_its_due_date_but_never_less_than_two_days() {
    let clock = |world: &World| {
        let clocks = deadlines::all(world.escrow());
        clocks.into_iter().find(|clock| clock.waiting == deadlines::Waiting::NextPayment).unwrap().at
    };
    assert_eq!(clock(&first_is_approved()), start().plus_days(10));
    let mut world = World::paid(per_milestone());
    world.days_pass(26);
    world.seller().delivers(1).is_done();
    world.days_pass(3);
    // Approved by the clock on day 29; due on day 40, so ten days are within it.
    assert_eq!(clock(&world), start().plus_days(39));
}

#[test]
fn the_clock_of_the_next_payment_waits_for_the_provider() {
    let mut world = first_is_approved();
    world.days_pass(9);
    world.buyer().pays().is_done();
    world.days_pass(2);
    world.provider().fails("No funds.").is_done();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(world.held(), "606.000");
}

#[test]
fn a_milestone_that_went_back_is_followed_by_the_next_one() {
    let mut world = World::paid(per_milestone());
    world.days_pass(27);
    world.buyer().cancels(1).is_done();
    assert_eq!(status::of_milestone(world.escrow(), 2).words, "To pay");
    world.days_pass(10);
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Cancelled", "404.000"));
}

#[test]
fn only_several_milestones_are_paid_one_by_one() {
    let terms = one_off().with(|terms| terms.funding = Funding::PerMilestone);
    let faults = check::faults(&terms, 0, start());
    assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["funding"]);
}
