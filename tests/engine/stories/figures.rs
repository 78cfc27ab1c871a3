//! What pages sum up of an escrow's money, against what was booked.

use holdfast::engine::command::Command;
use holdfast::engine::terms::FeePayer;

use crate::dsl::deal::fixed_fee;
use crate::dsl::*;

/// 20 fils of work and a fee of 3 on top, so that every rounding shows.
fn tiny() -> World {
    World::paid(one_off().with(|terms| {
        terms.amount_minor = 20;
        terms.milestones[0].amount_minor = 20;
        terms.fee = fixed_fee(3);
        terms.fee_payer = FeePayer::Buyer;
    }))
}

fn shown(world: &World) -> (i64, i64) {
    (world.escrow().fee_earned_minor(), world.escrow().returned_minor())
}

#[test]
fn what_goes_back_comes_with_its_fee_and_the_rest_of_the_fee_is_earned() {
    let mut world = tiny();
    world.seller().does(Command::Refund { milestone: 1, part_minor: Some(10) }).is_done();
    assert_eq!(shown(&world), (0, 12), "half of 3 is 2, to the even one");
    world.seller().delivers(1).is_done();
    world.buyer().approves_part(1, "0.05").is_done();
    assert_eq!((shown(&world), world.books.fees()), ((0, 12), 0), "2 of 3 have moved, and both went back");
    world.buyer().approves(1).is_done();
    assert_eq!((shown(&world), world.books.fees()), ((1, 12), 1));
}

#[test]
fn paid_in_is_released_earned_and_returned_together() {
    let mut world = World::delivered(case1(), 1);
    world.buyer().approves_part(1, "50.00").is_done();
    world.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_done();
    let escrow = world.escrow();
    assert_eq!(shown(&world), (102, 4_898), "worked case 1: 48.98 back, 1.02 earned");
    let released = escrow.milestones[0].released_minor;
    assert_eq!(escrow.paid_in_minor(), released + escrow.fee_earned_minor() + escrow.returned_minor());
}
