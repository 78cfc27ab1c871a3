//! No state waits for ever: what silence means, never early, never twice, and after an outage too.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Waiting, accept_by, pay_by};
use holdfast::engine::escrow::{End, How, MilestoneEnd, MilestoneStage, Stage};
use holdfast::engine::party::Role;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::time::Time;

use crate::dsl::deal::start;
use crate::dsl::given::PAYMENT;
use crate::dsl::*;

/// The clocks of an escrow, as (what, milestone, until).
fn clocks(past: &Past) -> Vec<(Waiting, Option<u16>, Time)> {
    deadlines::all(&past.escrow).iter().map(|clock| (clock.waiting, clock.milestone, clock.at)).collect()
}

#[test]
fn every_waiting_state_has_its_clock() {
    let day = |days: i64| start().plus_days(days);
    let sent = Past::sent(&case4());
    assert_eq!(clocks(&sent), [(Waiting::Acceptance, None, day(14))]);
    assert_eq!(clocks(&Past::agreed(&case4())), [(Waiting::Payment, None, day(10))]);
    assert_eq!(clocks(&Past::charged(&case4())), [(Waiting::RailAnswer, None, day(3))]);
    let paid = Past::paid(&case4());
    let second = (Waiting::Delivery, Some(2), day(47));
    assert_eq!(clocks(&paid), [(Waiting::Delivery, Some(1), day(27)), second]);
    let delivered = paid.delivery(1);
    assert_eq!(clocks(&delivered), [(Waiting::Inspection, Some(1), day(3)), second]);
    assert_eq!(clocks(&delivered.clone().changes(1)), [(Waiting::Changes, Some(1), day(14)), second]);
    let overdue = delivered.clone().changes(1).overdue(1);
    assert_eq!(clocks(&overdue), [(Waiting::Cancelling, Some(1), day(14)), second]);
    assert_eq!(clocks(&delivered.released(1)), [(Waiting::PayOut, Some(1), day(7)), second]);
    let withdrawn = sent.ended(End::Withdrawn { by: Role::Buyer });
    assert_eq!(clocks(&withdrawn), [(Waiting::Closing, None, day(30))]);
    assert_eq!(clocks(&Past::closed(&case4())), []);
}

#[test]
fn a_deadline_is_never_carried_out_early() {
    let pasts = [
        Past::sent(&case4()),
        Past::agreed(&case4()),
        Past::charged(&case4()),
        Past::paid(&case4()),
        Past::delivered(&case4(), 1),
        Past::delivered(&case4(), 1).changes(1),
        Past::paid(&case4()).overdue(1),
        Past::delivered(&case4(), 1).released(1),
        Past::sent(&case4()).ended(End::ExpiredNotAccepted),
    ];
    for past in pasts {
        let first = deadlines::all(&past.escrow)[0];
        let mut early = past.clone();
        early.now = Time::from_micros(first.at.micros() - 1);
        assert!(!matches!(deadlines::due(&early.escrow, early.now), Some(Command::Lapse { .. })));
        given(early).when(clock(), first.lapse()).then(Refusal::NotDueYet);
        let mut punctual = past;
        punctual.now = first.at;
        assert_eq!(deadlines::due(&punctual.escrow, punctual.now), Some(first.lapse()));
        assert!(!given(punctual).when(clock(), first.lapse()).events().is_empty());
    }
}

#[test]
fn a_clock_that_has_stopped_has_nothing_to_say() {
    let delivered = Past::delivered(&case4(), 1);
    let inspection = deadlines::all(&delivered.escrow)[0].lapse();
    let sent_back = delivered.clone().changes(1).after_days(3);
    given(sent_back.clone()).when(clock(), inspection.clone()).then(ALREADY_DONE);
    // Delivered again: another clock runs, and the lapse of the first one must not hit it.
    given(sent_back.delivery(1).after_days(3)).when(clock(), inspection.clone()).then(ALREADY_DONE);
    given(delivered.released(1).after_days(9)).when(clock(), inspection).then(ALREADY_DONE);
}

#[test]
fn only_the_clock_speaks_for_the_clock() {
    let past = Past::delivered(&case4(), 1).after_days(3);
    let lapse = deadlines::all(&past.escrow)[0].lapse();
    for actor in [buyer(), seller(), broker(), operator(), rail()] {
        given(past.clone()).when(actor, lapse.clone()).then(Refusal::NotYourRole { needs: Vec::new() });
    }
}

#[test]
fn unanswered_terms_expire() {
    let mut world = World::sent(case4());
    world.seller().signs().is_done();
    world.days_pass(14);
    assert_eq!(
        *world.stage(),
        Stage::Ended { end: End::ExpiredNotAccepted, at: start().plus_days(14), lapsed_at: None }
    );
    assert_eq!(world.status(), "Expired: not accepted");
    world.broker().signs().is_refused(Refusal::EscrowOver);
}

#[test]
fn at_the_very_deadline_it_is_too_late() {
    let mut world = World::sent(case4());
    world.now = start().plus_days(14);
    world.seller().signs().is_refused(Refusal::EscrowOver);
    let mut world = World::delivered(case4(), 1);
    world.now = world.now.plus_days(3);
    world.buyer().requests_changes(1).is_refused(Refusal::NotDelivered);
    world.buyer().approves(1).is_already_done();
}

#[test]
fn an_unpaid_agreement_expires() {
    let mut world = World::agreed(case4());
    world.days_pass(10);
    assert_eq!(
        *world.stage(),
        Stage::Ended { end: End::ExpiredNotPaid, at: start().plus_days(10), lapsed_at: None }
    );
    world.buyer().pays().is_refused(Refusal::EscrowOver);
    assert!(
        world
            .escrow()
            .milestones
            .iter()
            .all(|part| { matches!(part.stage, MilestoneStage::Ended { end: MilestoneEnd::Dropped, .. }) })
    );
}

#[test]
fn terms_are_answered_before_the_first_due_date() {
    let due = |hours: i64| Some(start().plus_hours(hours));
    assert_eq!(accept_by(None, start()), start().plus_days(14));
    assert_eq!(accept_by(due(14 * 24 + 1), start()), start().plus_days(14));
    assert_eq!(accept_by(due(5), start()), start().plus_hours(5));
}

#[test]
fn payment_has_ten_days_or_till_the_first_due_date_but_two_days_at_least() {
    let due = |hours: i64| Some(start().plus_hours(hours));
    assert_eq!(pay_by(None, start()), start().plus_days(10));
    assert_eq!(pay_by(due(11 * 24), start()), start().plus_days(10));
    assert_eq!(pay_by(due(9 * 24), start()), start().plus_days(9));
    assert_eq!(pay_by(due(48), start()), start().plus_hours(48));
    assert_eq!(pay_by(due(47), start()), start().plus_hours(48));
    assert_eq!(pay_by(due(-5), start()), start().plus_hours(48));
}

#[test]
fn the_clock_of_payment_waits_for_the_provider_and_gets_its_time_back() {
    let mut world = World::agreed(case4());
    world.days_pass(9);
    world.buyer().pays().is_done();
    world.days_pass(2);
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
    let old = Command::Lapse { waiting: Waiting::Payment, milestone: None, since: start() };
    world.person(clock()).does(old).is_already_done();
    world.provider().fails("Declined.").is_done();
    assert_eq!(*world.stage(), Stage::Agreed { since: start(), pay_by: start().plus_days(12) });
    world.hours_pass(23);
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
    world.hours_pass(1);
    assert_eq!(world.status(), "Expired: not paid");
}

#[test]
fn a_silent_provider_costs_the_buyer_no_time() {
    let mut world = World::agreed(case4());
    world.days_pass(5);
    world.buyer().pays().is_done();
    world.outage_of_days(30);
    assert_eq!(*world.stage(), Stage::Agreed { since: start(), pay_by: start().plus_days(40) });
    assert_eq!(world.status(), "Payment failed");
}

#[test]
fn an_inspection_that_nobody_makes_is_an_approval() {
    let mut world = World::delivered(case4(), 1);
    world.days_pass(3);
    let MilestoneStage::Settling { end, how, at } = world.milestone(1).stage else { panic!() };
    assert_eq!((end, how, at), (MilestoneEnd::Released, How::ByClock, start().plus_days(3)));
    world.buyer().approves(1).is_already_done();
    assert_eq!(world.fees(), "4.000");
}

#[test]
fn a_late_delivery_first_gives_a_right_and_then_goes_back() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    assert_eq!(world.status(), "Overdue");
    assert_eq!(world.held(), "1010.000");
    world.days_pass(13);
    assert_eq!(world.wallet(BUYER), "0.000");
    world.days_pass(1);
    let MilestoneStage::Ended { end, how, at } = world.milestone(1).stage else { panic!() };
    assert_eq!((end, how, at), (MilestoneEnd::Refunded, How::ByClock, start().plus_days(41)));
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("404.000", "0.000"));
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.days_pass(20);
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Cancelled", "1010.000"));
}

#[test]
fn changes_that_do_not_come_go_the_same_way() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().requests_changes(1).is_done();
    world.days_pass(14);
    assert_eq!(
        world.milestone(1).stage,
        MilestoneStage::ChangesRequested { since: start(), overdue_since: Some(start().plus_days(14)) }
    );
    world.days_pass(14);
    assert_eq!(world.wallet(BUYER), "404.000");
}

#[test]
fn while_changes_are_awaited_only_their_clock_runs() {
    let mut world = World::paid(case4());
    world.days_pass(19);
    world.seller().delivers(1).is_done();
    world.days_pass(2);
    world.buyer().requests_changes(1).is_done();
    world.days_pass(13);
    assert_eq!(
        world.milestone(1).stage,
        MilestoneStage::ChangesRequested { since: start().plus_days(21), overdue_since: None }
    );
}

#[test]
fn an_escrow_that_is_over_closes_by_itself() {
    let mut world = World::sent(case4());
    world.buyer().withdraws().is_done();
    world.days_pass(29);
    assert!(matches!(world.stage(), Stage::Ended { .. }));
    world.days_pass(1);
    let end = End::Withdrawn { by: Role::Buyer };
    assert_eq!(*world.stage(), Stage::Closed { end, at: start().plus_days(30) });
}

#[test]
fn left_to_itself_a_paid_escrow_runs_to_its_end() {
    let mut world = World::paid(case4());
    world.days_pass(400);
    assert_eq!(world.status(), "Closed: refunded");
    assert_eq!(world.wallet(BUYER), "1010.000");
    let mut world = World::delivered(case4(), 1);
    world.days_pass(400);
    assert_eq!(world.status(), "Closed: completed");
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BUYER).as_str()), ("380.000", "606.000"));
}

#[test]
fn after_an_outage_each_deadline_is_carried_out_once() {
    let mut world = World::delivered(case4(), 1);
    let before = world.history.len();
    world.outage_of_days(400);
    let released = ["released", "overdue"];
    assert_eq!(world.events_since(before), released);
    world.wake_up();
    assert_eq!(world.events_since(before), released);
    let lapse = Command::Lapse { waiting: Waiting::Inspection, milestone: Some(1), since: start() };
    world.person(clock()).does(lapse).is_already_done();
    assert_eq!(world.last_payment().as_u128(), 1);
    assert_ne!(world.last_payment(), PAYMENT);
}
