//! Work is delivered, inspected, approved, sent back.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{How, MilestoneEnd, MilestoneStage};
use holdfast::engine::event::Event;
use holdfast::engine::party::Role;
use holdfast::engine::plan::{Part, Share};
use holdfast::engine::refusal::Refusal;

use crate::dsl::deal::{file, start};
use crate::dsl::*;

fn done(milestone: u16, note: &str) -> Command {
    Command::MarkDone { milestone, note: note.to_owned(), files: Vec::new() }
}

fn approve(milestone: u16, part_minor: Option<i64>) -> Command {
    Command::Approve { milestone, part_minor }
}

fn changes(failed: &[u16], reason: &str) -> Command {
    Command::RequestChanges { milestone: 1, failed: failed.to_vec(), reason: reason.to_owned() }
}

#[test]
fn delivering_starts_the_inspection() {
    let delivered = Event::Delivered {
        milestone: 2,
        round: 1,
        note: "Both doors.".to_owned(),
        files: Vec::new(),
        inspect_by: start().plus_days(3),
    };
    given(Past::paid(&case4())).when(seller(), done(2, " Both doors. ")).then(delivered);
    let mut world = World::paid(case4());
    world.days_pass(5);
    world.seller().delivers(2).is_done();
    let stage = MilestoneStage::Delivered { since: world.now, inspect_by: world.now.plus_days(3) };
    assert_eq!((world.milestone(2).stage, world.status()), (stage, "Delivered: to inspect"));
    world.seller().delivers(2).is_already_done();
}

#[test]
fn nothing_is_delivered_before_it_is_paid() {
    for past in [Past::sent(&case4()), Past::agreed(&case4()), Past::charged(&case4())] {
        given(past).when(seller(), done(1, "")).then(Refusal::NotPaid);
    }
}

#[test]
fn what_is_decided_is_not_delivered_again() {
    let decided = Past::delivered(&case4(), 1).released(1);
    given(decided).when(seller(), done(1, "")).then(Refusal::NotInProgress);
    given(Past::paid(&case4()).overdue(1).refunded(1))
        .when(seller(), done(1, ""))
        .then(Refusal::NotInProgress);
}

#[test]
fn a_milestone_that_does_not_exist_is_said_to_be_unknown() {
    for number in [0, 3, u16::MAX] {
        let commands = [
            (seller(), done(number, "")),
            (buyer(), approve(number, None)),
            (buyer(), Command::Cancel { milestone: number }),
            (seller(), Command::PayOut { milestone: number }),
            (
                buyer(),
                Command::RequestChanges { milestone: number, failed: vec![0], reason: "No".to_owned() },
            ),
        ];
        for (actor, command) in commands {
            given(Past::delivered(&case4(), 1)).when(actor, command).then(Refusal::NoSuchMilestone);
        }
    }
}

#[test]
fn a_note_and_its_files_have_limits() {
    let too_long = done(1, &"x".repeat(5_001));
    given(Past::paid(&case4())).when(seller(), too_long).then(Refusal::TextTooLong { most: 5_000 });
    let files = (0..21).map(|number| file(number, 1)).collect();
    let too_many = Command::MarkDone { milestone: 1, note: String::new(), files };
    given(Past::paid(&case4())).when(seller(), too_many).then(Refusal::TooManyFiles);
}

#[test]
fn approving_releases_all_that_is_left() {
    let part = |share: Share, amount_minor: i64| Part { share, amount_minor };
    let parts = vec![part(Share::Seller, 380_000), part(Share::Broker, 20_000), part(Share::Platform, 4_000)];
    let how = How::Approved;
    let released =
        Event::Released { milestone: 1, amount_minor: 400_000, parts, whole: true, how, lapsed_at: None };
    given(Past::delivered(&case4(), 1)).when(buyer(), approve(1, None)).then(released.clone());
    given(Past::delivered(&case4(), 1)).when(buyer(), approve(1, Some(400_000))).then(released);
}

#[test]
fn approving_twice_releases_once() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves(1).is_done();
    world.buyer().approves(1).is_already_done();
    world.seller().pays_out(1).is_done();
    world.broker().pays_out(1).is_done();
    assert!(world.milestone(1).ended());
    world.buyer().approves(1).is_already_done();
    assert_eq!(world.count("released"), 1);
}

#[test]
fn a_part_is_released_and_the_rest_waits_on() {
    let mut world = World::delivered(case4(), 1);
    let before = world.milestone(1).stage;
    world.days_pass(1);
    world.buyer().approves_part(1, "100.000").is_done();
    assert_eq!(world.milestone(1).stage, before);
    assert_eq!(world.stands_in_for(SELLER), "950.000");
    assert_eq!(world.fees(), "1.000");
    world.seller().pays_out(1).is_done();
    assert_eq!(world.wallet(SELLER), "95.000");
    world.days_pass(2);
    assert_eq!(world.fees(), "4.000");
    let MilestoneStage::Settling { end, how, .. } = world.milestone(1).stage else { panic!() };
    assert_eq!((end, how), (MilestoneEnd::Released, How::ByClock));
}

#[test]
fn a_part_that_equals_the_rest_is_an_approval() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves_part(1, "399.999").is_done();
    assert!(matches!(world.milestone(1).stage, MilestoneStage::Delivered { .. }));
    world.buyer().approves_part(1, "0.001").is_done();
    assert!(matches!(world.milestone(1).stage, MilestoneStage::Settling { .. }));
    assert_eq!((world.milestone(1).held_minor(), world.fees().as_str()), (0, "4.000"));
}

#[test]
fn more_than_is_there_is_refused_with_what_is_there() {
    let mut world = World::delivered(case1(), 1);
    world.buyer().approves_part(1, "50").is_done();
    let sentence = "Insufficient funds in escrow. Available amount is 48.0";
    world.buyer().approves_part(1, "60").is_refused_saying(sentence);
    world.buyer().approves_part(1, "48.01").is_refused_saying(sentence);
    let all = approve(1, Some(i64::MAX));
    world.buyer().does(all).is_refused_saying(sentence);
    world.buyer().approves_part(1, "48").is_done();
}

#[test]
fn a_part_of_nothing_or_less_is_no_amount() {
    for part in [0, -1, i64::MIN] {
        let delivered = Past::delivered(&case4(), 1);
        given(delivered).when(buyer(), approve(1, Some(part))).then(Refusal::AmountMissing);
    }
}

#[test]
fn only_what_is_delivered_can_be_approved() {
    given(Past::agreed(&case4())).when(buyer(), approve(1, None)).then(Refusal::NotPaid);
    given(Past::paid(&case4())).when(buyer(), approve(1, None)).then(Refusal::NotDelivered);
    let sent_back = Past::delivered(&case4(), 1).changes(1);
    given(sent_back).when(buyer(), approve(1, None)).then(Refusal::NotDelivered);
    let refunded = Past::paid(&case4()).overdue(1).refunded(1);
    given(refunded).when(buyer(), approve(1, None)).then(Refusal::NotDelivered);
}

#[test]
fn changes_name_what_is_not_met() {
    let requested = Event::ChangesRequested {
        milestone: 1,
        round: 1,
        failed: vec![0, 1],
        reason: "It leaks.".to_owned(),
    };
    let delivered = || given(Past::delivered(&case4(), 1));
    delivered().when(buyer(), changes(&[1, 0, 1], " It leaks. ")).then(requested);
    delivered().when(buyer(), changes(&[], "It leaks.")).then(Refusal::CriteriaUnnamed);
    delivered().when(buyer(), changes(&[2], "It leaks.")).then(Refusal::UnknownCriterion);
    delivered().when(buyer(), changes(&[0], " \n ")).then(Refusal::ReasonMissing);
    let long = "x".repeat(5_001);
    delivered().when(buyer(), changes(&[0], &long)).then(Refusal::TextTooLong { most: 5_000 });
}

#[test]
fn a_deal_without_criteria_is_sent_back_by_its_reason_alone() {
    let quick = quick().with(|terms| terms.milestones[0].criteria.clear());
    let delivered = || given(Past::delivered(&quick, 1));
    assert_eq!(delivered().when(buyer(), changes(&[], "It leaks.")).events().len(), 1);
    delivered().when(buyer(), changes(&[0], "It leaks.")).then(Refusal::UnknownCriterion);
}

#[test]
fn only_what_is_delivered_can_be_sent_back() {
    given(Past::agreed(&case4())).when(buyer(), changes(&[0], "No")).then(Refusal::NotPaid);
    given(Past::paid(&case4())).when(buyer(), changes(&[0], "No")).then(Refusal::NotDelivered);
    let decided = Past::delivered(&case4(), 1).released(1);
    given(decided).when(buyer(), changes(&[0], "No")).then(Refusal::NotDelivered);
}

#[test]
fn every_round_is_counted_and_inspected_anew() {
    let mut world = World::delivered(case4(), 1);
    for round in 1..=5 {
        world.days_pass(2);
        world.buyer().requests_changes(1).is_done();
        world.buyer().requests_changes(1).is_already_done();
        let delivery = world.milestone(1).delivery.clone().unwrap();
        assert_eq!((delivery.round, delivery.changes.unwrap().failed), (round, vec![0]));
        assert_eq!(world.status(), "Changes requested");
        world.seller().delivers(1).is_done();
        let delivery = world.milestone(1).delivery.clone().unwrap();
        assert_eq!((delivery.round, delivery.changes), (round + 1, None));
        let inspect_by = world.now.plus_days(3);
        assert_eq!(world.milestone(1).stage, MilestoneStage::Delivered { since: world.now, inspect_by });
    }
    world.buyer().approves(1).is_done();
    assert_eq!(world.count("changes_requested"), 5);
}

#[test]
fn changes_can_be_asked_for_after_a_part_was_approved() {
    let mut world = World::delivered(case4(), 1);
    world.buyer().approves_part(1, "300.000").is_done();
    world.buyer().requests_changes(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!(world.wallet(SELLER), "285.000");
    world.seller().delivers(1).is_done();
    let sentence = "Insufficient funds in escrow. Available amount is 100.0";
    world.buyer().approves_part(1, "100.001").is_refused_saying(sentence);
    world.buyer().approves(1).is_done();
    assert_eq!(world.fees(), "4.000");
}

#[test]
fn one_milestone_waits_for_no_other() {
    let mut world = World::paid(case4());
    world.seller().delivers(2).is_done();
    world.buyer().approves(2).is_done();
    world.seller().delivers(1).is_done();
    world.buyer().requests_changes(1).is_done();
    world.seller().pays_out(2).is_done();
    assert_eq!(world.wallet(SELLER), "570.000");
    let needs = vec![Role::Seller];
    world.buyer().delivers(1).is_refused(Refusal::NotYourRole { needs });
}
