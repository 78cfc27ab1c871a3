//! What happens next, as each of them reads it.

use holdfast::engine::deadlines::Waiting;
use holdfast::engine::next::{self, Next};
use holdfast::engine::offers::Action;
use holdfast::engine::party::{Actor, UserId};

use crate::dsl::deal::start;
use crate::dsl::*;

fn panel(world: &World, actor: &Actor) -> Next {
    let (user, role) = (actor.user().unwrap(), actor.role().unwrap());
    next::panel(world.escrow(), user, role, world.now)
}

/// Whether it is the viewer's turn, and the one button.
fn turn(world: &World, user: UserId) -> (bool, Option<Action>) {
    let panel = panel(world, &world.escrow().actor(user).unwrap());
    (panel.yours, panel.primary)
}

#[test]
fn the_turn_goes_from_one_to_the_next() {
    let mut world = World::sent(case4());
    assert_eq!(turn(&world, SELLER), (true, Some(Action::Sign)));
    world.seller().signs().is_done();
    assert_eq!(turn(&world, SELLER), (false, None));
    world.everyone_agrees();
    assert_eq!(turn(&world, BUYER), (true, Some(Action::Pay)));
    world.buyer().pays().is_done();
    assert_eq!(turn(&world, BUYER), (false, None));
    world.provider().settles().is_done();
    assert_eq!(turn(&world, SELLER), (true, Some(Action::Deliver(1))));
    assert_eq!(turn(&world, BUYER), (false, None));
    world.seller().delivers(1).is_done();
    assert_eq!(turn(&world, BUYER), (true, Some(Action::Approve(1))));
    assert_eq!(turn(&world, SELLER), (true, Some(Action::Deliver(2))));
    world.buyer().approves(1).is_done();
    assert_eq!(turn(&world, BROKER), (true, Some(Action::PayOut(1))));
}

#[test]
fn what_is_late_shows_the_date_when_it_will_be_too_late() {
    let mut world = World::paid(case4());
    assert_eq!(panel(&world, &seller()).by, Some(start().plus_days(20)));
    world.days_pass(21);
    assert_eq!(panel(&world, &seller()).by, Some(start().plus_days(27)));
}

#[test]
fn a_late_seller_still_reads_how_to_deliver() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    let of_seller = panel(&world, &seller());
    assert_eq!((of_seller.primary, of_seller.milestone), (Some(Action::Deliver(1)), Some(1)));
    let said = "“Foundation and walls” is overdue and the buyer may cancel it any time. Deliver it";
    assert_eq!(of_seller.headline, said);
    let of_buyer = panel(&world, &buyer());
    assert_eq!((of_buyer.primary, of_buyer.secondary), (None, vec![Action::Cancel(1)]));
    assert!(!panel(&world, &broker()).yours);
}

#[test]
fn nobody_is_shown_a_way_out_while_a_payment_is_under_way() {
    let mut world = World::agreed(case4());
    let nudge = Action::Nudge(Waiting::Payment, None);
    assert_eq!(panel(&world, &seller()).secondary, [nudge, Action::Withdraw]);
    world.buyer().pays().is_done();
    assert_eq!(panel(&world, &seller()).secondary, []);
    world.provider().fails("Declined.").is_done();
    assert_eq!(panel(&world, &seller()).secondary, [nudge, Action::Withdraw]);
    let note = panel(&world, &buyer()).note;
    let said = "Your last payment failed: Declined. No money is held. You can try again.";
    assert_eq!(note.as_deref(), Some(said));
    assert_eq!(panel(&world, &seller()).note, None);
}

#[test]
fn an_escrow_that_is_over_offers_to_close_it() {
    let mut world = World::sent(case4());
    world.seller().declines("Too far away.").is_done();
    let over = panel(&world, &buyer());
    assert_eq!((over.yours, over.secondary), (false, vec![Action::Close]));
    assert_eq!(over.note.as_deref(), Some("The reason given: Too far away."));
    world.buyer().closes().is_done();
    assert_eq!(panel(&world, &buyer()).secondary, []);
}
