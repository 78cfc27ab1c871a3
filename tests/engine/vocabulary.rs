//! The names that other products have for our states, against the domain's table.

use holdfast::engine::command::Command;
use holdfast::engine::event::Event;
use holdfast::engine::party::Role;
use holdfast::engine::status;
use holdfast::engine::time::Time;
use holdfast::engine::vocabulary::{self, Kind, Movement, Progress, Situation, names, situation, words};

use uuid::Uuid;

use crate::dsl::deal::split;
use crate::dsl::*;

/// The table as it stands in the domain: our state, Vesicash, DHMAD, Tilia.
const TABLE: &[(Situation, &str, &str, &str)] = &[
    (Situation::Draft, "Draft", "–", "–"),
    (Situation::Proposed, "Sent - Awaiting Confirmation", "pending", "OPEN"),
    (Situation::Unfunded { failed: false }, "Accepted - Not Funded", "pending", "OPEN"),
    (Situation::Unfunded { failed: true }, "Accepted - Not Funded", "pending", "ESCROW-FAILED"),
    (Situation::ProposedFunded, "Accepted - Funded", "paid", "ESCROWED"),
    (Situation::DeclinedPaid, "Funded - Rejected", "cancelled", "CANCELLED"),
    (Situation::Active, "In Progress", "paid", "ESCROWED"),
    (Situation::Delivered, "Delivered", "delivered", "ESCROWED"),
    (Situation::ChangesRequested, "Delivered - Rejected", "paid", "ESCROWED"),
    (Situation::Releasing { begun: false, failed: false }, "Delivered - Accepted", "completed", "COMMITTED"),
    (
        Situation::Releasing { begun: true, failed: false },
        "Closed - Disbursement Pending",
        "completed",
        "COMMITTED",
    ),
    (
        Situation::Releasing { begun: false, failed: true },
        "Delivered - Accepted",
        "completed",
        "COMMIT-FAILED",
    ),
    (
        Situation::Releasing { begun: true, failed: true },
        "Closed - Disbursement Pending",
        "completed",
        "COMMIT-FAILED",
    ),
    (Situation::Completed, "Closed - Disbursement Complete", "completed", "COMMITTED"),
    (Situation::Decided { released: true }, "Closed - Disputed", "completed", "COMMITTED"),
    (Situation::Decided { released: false }, "Closed - Disputed", "cancelled", "CANCELLED"),
    (Situation::Refunding { failed: false }, "Closed - Refunded", "cancelled", "ESCROWED"),
    (Situation::Refunding { failed: true }, "Closed - Refunded", "cancelled", "CANCEL-FAILED"),
    (Situation::Returned, "Closed - Refunded", "cancelled", "CANCELLED"),
    (Situation::Withdrawn, "Closed", "cancelled", "SYSTEM-CANCELLED"),
    (Situation::DeclinedUnpaid, "Sent - Rejected", "cancelled", "SYSTEM-CANCELLED"),
    (Situation::ExpiredNotAccepted, "Closed", "cancelled", "SYSTEM-CANCELLED"),
    (Situation::ExpiredNotPaid, "Closed - Not Funded", "cancelled", "SYSTEM-CANCELLED"),
];

#[test]
fn every_situation_has_the_names_of_the_table() {
    for (situation, vesicash, dhmad, tilia) in TABLE {
        assert_eq!(words(*situation), (*vesicash, *dhmad, *tilia), "{situation:?}");
    }
}

fn stands(world: &World) -> Situation {
    situation(world.escrow(), &[])
}

#[test]
fn an_escrow_passes_through_the_situations_of_its_way() {
    let mut world = World::sent(case4());
    assert_eq!(stands(&world), Situation::Proposed);
    world.everyone_agrees();
    assert_eq!(stands(&world), Situation::Unfunded { failed: false });
    world.buyer().pays().is_done();
    world.provider().fails("Declined.").is_done();
    assert_eq!(stands(&world), Situation::Unfunded { failed: true });
    world.buyer().pays().is_done();
    assert_eq!(stands(&world), Situation::Unfunded { failed: false });
    world.provider().settles().is_done();
    assert_eq!(stands(&world), Situation::Active);
    world.seller().delivers(1).is_done();
    assert_eq!(stands(&world), Situation::Delivered);
    world.buyer().requests_changes(1).is_done();
    assert_eq!(stands(&world), Situation::ChangesRequested);
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.seller().delivers(2).is_done();
    world.buyer().approves(2).is_done();
    assert!(matches!(stands(&world), Situation::Releasing { .. }), "{:?}", stands(&world));
    world.days_pass(8);
    assert_eq!(stands(&world), Situation::Completed);
    world.days_pass(31);
    assert_eq!(names(world.escrow(), &[]).vesicash, "Closed - Disbursement Complete", "the last one");
    assert_eq!(names(world.escrow(), &[]).cashless, "closed");
}

#[test]
fn what_ends_unpaid_has_the_names_of_its_end() {
    let mut declined = World::sent(case4());
    declined.seller().declines("No.").is_done();
    assert_eq!(stands(&declined), Situation::DeclinedUnpaid);
    let mut withdrawn = World::sent(case4());
    withdrawn.buyer().withdraws().is_done();
    assert_eq!(stands(&withdrawn), Situation::Withdrawn);
    let mut forgotten = World::sent(case4());
    forgotten.days_pass(20);
    assert_eq!(stands(&forgotten), Situation::ExpiredNotAccepted);
    let mut unpaid = World::agreed(case4());
    unpaid.days_pass(20);
    assert_eq!(stands(&unpaid), Situation::ExpiredNotPaid);
}

#[test]
fn what_is_sold_by_a_link_goes_from_pending_to_paid_to_completed() {
    let mut world = World::sent(instant());
    let dhmad = |world: &World| names(world.escrow(), &[]).dhmad;
    assert_eq!((stands(&world), dhmad(&world)), (Situation::Unfunded { failed: false }, "pending"));
    world.buyer().pays().is_done();
    world.provider().fails("Declined.").is_done();
    assert_eq!(stands(&world), Situation::Unfunded { failed: true });
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!((stands(&world), dhmad(&world)), (Situation::Active, "paid"));
    world.seller().delivers(1).is_done();
    assert_eq!(dhmad(&world), "completed", "delivering goes there without a stop");
    world.seller().pays_out(1).is_done();
    assert_eq!(stands(&world), Situation::Completed);
}

#[test]
fn what_is_cancelled_after_a_payment_was_returned() {
    let mut world = World::paid(case4());
    world.days_pass(90);
    assert_eq!(stands(&world), Situation::Returned);
}

#[test]
fn cashless_names_the_payment_that_changed_last() {
    let world = World::agreed(case4());
    let name = |movements: &[Movement]| names(world.escrow(), movements).cashless;
    let at = |minute: i64| Time::from_micros(minute * 60_000_000);
    let one = |kind, progress, minute| Movement { kind, progress, at: at(minute) };
    assert_eq!(name(&[]), "pending_charge");
    let charge = one(Kind::Charge, Progress::Successful, 5);
    let failed = one(Kind::Charge, Progress::Failed, 1);
    assert_eq!(name(&[failed]), "charge_failed");
    assert_eq!(name(&[charge, failed]), "charge_successful");
    assert_eq!(name(&[charge, one(Kind::Payout, Progress::Initiated, 6)]), "payout_initiated");
    assert_eq!(name(&[charge, one(Kind::Refund, Progress::Successful, 5)]), "refund_successful");
}

#[test]
fn a_failed_payout_shows_in_the_names_of_a_release() {
    let mut world = World::delivered(one_off(), 1);
    world.buyer().approves(1).is_done();
    let failed = Movement { kind: Kind::Payout, progress: Progress::Failed, at: world.now };
    assert_eq!(vocabulary::names(world.escrow(), &[failed]).tilia, "COMMIT-FAILED");
    assert_eq!(vocabulary::names(world.escrow(), &[]).tilia, "COMMITTED");
}

#[test]
fn a_dispute_changes_no_name_and_adds_a_ticket() {
    let past = Past::delivered(&case4(), 1).disputed(1);
    let names = names(&past.escrow, &[]);
    assert_eq!((names.dhmad, names.ticket, names.vesicash), ("delivered", true, "Delivered"));
}

/// What people read of it, and its row of the table: our words, Vesicash, DHMAD, Tilia.
#[track_caller]
fn reads(world: &World, words: &str, row: (&str, &str, &str)) {
    let names = names(world.escrow(), &[]);
    assert_eq!((world.status(), (names.vesicash, names.dhmad, names.tilia)), (words, row));
}

const IN_PROGRESS: (&str, &str, &str) = ("In Progress", "paid", "ESCROWED");

#[test]
fn the_phases_of_a_proof_are_in_progress() {
    let mut world = World::paid(quick_proof());
    reads(&world, "Proof needed", IN_PROGRESS);
    world.seller().sends_proof().is_done();
    reads(&world, "Proof in review", IN_PROGRESS);
    world.buyer().requests_corrections().is_done();
    reads(&world, "Proof needed", IN_PROGRESS);
    world.seller().sends_proof().is_done();
    world.buyer().accepts_proof().is_done();
    reads(&world, "Held in escrow", IN_PROGRESS);
}

#[test]
fn what_is_paid_first_is_funded_before_it_is_accepted_and_goes_back_if_declined() {
    let mut world = World::sent(pay_first());
    reads(&world, "Awaiting acceptance", ("Sent - Awaiting Confirmation", "pending", "OPEN"));
    world.buyer().pays().is_done();
    reads(&world, "Payment processing", ("Sent - Awaiting Confirmation", "pending", "OPEN"));
    world.provider().settles().is_done();
    reads(&world, "Paid, awaiting acceptance", ("Accepted - Funded", "paid", "ESCROWED"));
    let mut accepted = world.clone();
    accepted.seller().accepts().is_done();
    reads(&accepted, "Held in escrow", IN_PROGRESS);
    world.seller().declines("Sold already.").is_done();
    reads(&world, "Declined", ("Closed - Refunded", "cancelled", "CANCELLED"));
}

#[test]
fn what_is_declined_after_a_payment_is_rejected_until_the_money_is_back() {
    let mut past = Past::sent(&pay_first());
    let charge = past.charge(Uuid::from_u128(7));
    past = past.then(charge).then(Event::ChargeSettled { payment: Uuid::from_u128(7), due: None });
    past = past.then(Event::Rejected {
        by: Role::Seller,
        reason: String::new(),
        why: holdfast::engine::escrow::WhyNot::Declined,
    });
    assert_eq!(situation(&past.escrow, &[]), Situation::DeclinedPaid);
    assert_eq!(status::of(&past.escrow).words, "Declined, refunding");
}

#[test]
fn what_a_ruling_ended_is_decided() {
    let row = |tilia| if tilia == "COMMITTED" { "completed" } else { "cancelled" };
    for (release, tilia) in [(10_000, "COMMITTED"), (5_000, "COMMITTED"), (0, "CANCELLED")] {
        let mut world = World::delivered(one_off(), 1);
        world.at_once = vec![SELLER];
        world.buyer().disputes(1).is_done();
        reads(&world, "In dispute", ("Delivered", "delivered", "ESCROWED"));
        let text = "It was round.".to_owned();
        world.seller().does(Command::Statement { dispute: 1, text, files: Vec::new() }).is_done();
        world.days_pass(7);
        let splits = vec![split(1, release, 10_000 - release)];
        let rule = Command::Rule { dispute: 1, splits, reasons: "It is round.".to_owned() };
        world.person(operator()).does(rule).is_done();
        reads(&world, "Decided", ("Closed - Disputed", row(tilia), tilia));
        world.buyer().closes().is_done();
        assert_eq!(names(world.escrow(), &[]).vesicash, "Closed - Disputed", "the last one");
    }
}

#[test]
fn a_later_milestone_that_is_to_be_paid_is_not_funded() {
    let mut world = World::agreed(per_milestone());
    world.at_once = vec![SELLER, BROKER];
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    reads(&world, "To pay", ("Accepted - Not Funded", "pending", "OPEN"));
}
