//! Reminders: at half time, at the agreed date, a day and two hours before the end; each one once.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Mark, Waiting};
use holdfast::engine::event::Event;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::time::Time;

use crate::dsl::deal::start;
use crate::dsl::*;

/// When which reminder was sent.
fn sent(world: &World) -> Vec<(Time, Waiting, Mark)> {
    let reminder = |(at, event): &(Time, Event)| match event {
        Event::Reminded { waiting, mark, .. } => Some((*at, *waiting, *mark)),
        _ => None,
    };
    world.history.iter().filter_map(reminder).collect()
}

fn hours(hours: i64) -> Time {
    start().plus_hours(hours)
}

#[test]
fn three_reminders_before_a_deadline() {
    let mut world = World::sent(case4());
    world.days_pass(14);
    let expected = [
        (hours(7 * 24), Waiting::Acceptance, Mark::Half),
        (hours(13 * 24), Waiting::Acceptance, Mark::Hours24),
        (hours(14 * 24 - 2), Waiting::Acceptance, Mark::Hours2),
    ];
    assert_eq!(sent(&world), expected);
}

#[test]
fn a_delivery_is_reminded_of_at_its_due_date_too() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    let of_first: Vec<_> = sent(&world).into_iter().filter(|(at, ..)| *at != hours(47 * 12)).collect();
    let expected = [
        (hours(27 * 12), Waiting::Delivery, Mark::Half),
        (hours(20 * 24), Waiting::Delivery, Mark::Due),
        (hours(26 * 24), Waiting::Delivery, Mark::Hours24),
        (hours(27 * 24 - 2), Waiting::Delivery, Mark::Hours2),
    ];
    assert_eq!(of_first, expected);
}

#[test]
fn reminders_that_would_fall_before_the_start_are_skipped() {
    let short = case4().with(|terms| terms.milestones[0].inspection_days = 1);
    let mut world = World::delivered(short, 1);
    let before = sent(&world).len();
    world.days_pass(1);
    let expected =
        [(hours(12), Waiting::Inspection, Mark::Half), (hours(22), Waiting::Inspection, Mark::Hours2)];
    assert_eq!(sent(&world)[before..], expected);
}

#[test]
fn the_provider_and_the_closing_are_reminded_of_nothing() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.hours_pass(71);
    assert_eq!(sent(&world), []);
    let mut world = World::sent(case4());
    world.buyer().withdraws().is_done();
    world.days_pass(30);
    assert_eq!(sent(&world), []);
}

#[test]
fn a_reminder_is_sent_once_and_never_early() {
    let past = Past::sent(&case4());
    let remind =
        Command::Remind { waiting: Waiting::Acceptance, milestone: None, since: start(), mark: Mark::Half };
    let early = past.clone().after_days(6);
    assert_eq!(deadlines::due(&early.escrow, early.now), None);
    given(early).when(clock(), remind.clone()).then(Refusal::NotDueYet);
    let due = past.after_days(7);
    assert_eq!(deadlines::due(&due.escrow, due.now), Some(remind.clone()));
    let reminded = given(due.clone()).when(clock(), remind.clone()).events();
    let after = due.then(reminded[0].clone());
    assert_eq!(deadlines::due(&after.escrow, after.now), None);
    given(after).when(clock(), remind.clone()).then(ALREADY_DONE);
    for actor in [buyer(), seller(), operator(), rail()] {
        let late = Past::sent(&case4()).after_days(7);
        given(late).when(actor, remind.clone()).then(Refusal::NotYourRole { needs: Vec::new() });
    }
}

#[test]
fn after_an_outage_only_the_latest_reminder_is_sent() {
    let mut world = World::sent(case4());
    world.now = hours(14 * 24 - 1);
    world.wake_up();
    assert_eq!(sent(&world), [(hours(14 * 24 - 1), Waiting::Acceptance, Mark::Hours2)]);
    assert_eq!(deadlines::next_at(world.escrow()), Some(hours(14 * 24)));
}

#[test]
fn after_an_outage_beyond_the_deadline_no_reminder_is_sent() {
    let mut world = World::sent(case4());
    world.outage_of_days(15);
    assert_eq!(sent(&world), []);
    assert_eq!(world.count("ended"), 1);
}

#[test]
fn an_act_makes_its_reminders_needless() {
    let mut world = World::delivered(case4(), 1);
    world.days_pass(2);
    assert_eq!(sent(&world).len(), 2);
    assert_eq!(world.escrow().reminded.len(), 2);
    world.buyer().requests_changes(1).is_done();
    assert_eq!(world.escrow().reminded, []);
    world.days_pass(7);
    assert_eq!(sent(&world)[2..], [(hours(9 * 24), Waiting::Changes, Mark::Half)]);
}

#[test]
fn a_failed_payment_repeats_no_reminder() {
    let mut world = World::agreed(case4());
    world.days_pass(6);
    let half = (hours(5 * 24), Waiting::Payment, Mark::Half);
    assert_eq!(sent(&world), [half]);
    world.buyer().pays().is_done();
    world.hours_pass(1);
    world.provider().fails("Declined.").is_done();
    world.days_pass(2);
    assert_eq!(sent(&world), [half]);
    world.days_pass(2);
    let day_before = (hours(9 * 24 + 1), Waiting::Payment, Mark::Hours24);
    assert_eq!(sent(&world)[1], day_before);
}

#[test]
fn nobody_is_reminded_of_a_payment_that_is_under_way() {
    let mut world = World::agreed(case4());
    world.days_pass(4);
    world.buyer().pays().is_done();
    world.days_pass(2);
    assert_eq!(sent(&world), []);
    world.provider().settles().is_done();
    assert_eq!(world.escrow().reminded, []);
}

#[test]
fn the_next_wake_up_is_the_next_thing_to_do() {
    let mut world = World::sent(case4());
    assert_eq!(deadlines::next_at(world.escrow()), Some(hours(7 * 24)));
    world.days_pass(7);
    assert_eq!(deadlines::next_at(world.escrow()), Some(hours(13 * 24)));
    world.buyer().withdraws().is_done();
    assert_eq!(deadlines::next_at(world.escrow()), Some(hours(37 * 24)));
    world.buyer().closes().is_done();
    assert_eq!(deadlines::next_at(world.escrow()), None);
}
