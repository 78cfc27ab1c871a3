//! The names that other products have for our states, against the domain's table.

use holdfast::engine::time::Time;
use holdfast::engine::vocabulary::{self, Kind, Movement, Progress, Situation, names, situation, words};

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
