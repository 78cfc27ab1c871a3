//! Quick with proof: the seller shows a proof, the buyer looks at it, and only then is delivered.

use holdfast::engine::check;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::MilestoneStage;
use holdfast::engine::offers::Action;
use holdfast::engine::proof::ProofPhase;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::status;
use holdfast::engine::terms::Mode;
use holdfast::engine::{next, offers};

use crate::dsl::deal::start;
use crate::dsl::*;

fn phase(world: &World) -> ProofPhase {
    world.milestone(1).proof.as_ref().unwrap().phase
}

#[test]
fn the_proof_comes_between_the_payment_and_the_delivery() {
    let mut world = World::paid(quick_proof());
    assert_eq!(world.status(), "Proof needed");
    world.seller().delivers(1).is_refused(Refusal::ProofNotAccepted);
    world.seller().sends_proof().is_done();
    assert_eq!(world.status(), "Proof in review");
    world.seller().delivers(1).is_refused(Refusal::ProofNotAccepted);
    world.buyer().accepts_proof().is_done();
    assert_eq!((world.status(), world.held().as_str()), ("Held in escrow", "100.00"));
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!(world.status(), "Completed");
    let names: Vec<_> = status::steps(world.escrow()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Accept", "Pay in", "Proof", "Deliver", "Inspect", "Pay out"]);
}

#[test]
fn corrections_are_asked_for_with_a_note_three_times_at_most() {
    let mut world = World::paid(quick_proof());
    world.buyer().requests_corrections().is_refused(Refusal::NoProofInReview);
    for round in 1..=3 {
        world.seller().sends_proof().is_done();
        let unsaid = Command::RequestCorrections { milestone: 1, note: " ".to_owned() };
        world.buyer().does(unsaid).is_refused(Refusal::ReasonMissing);
        world.hours_pass(5);
        world.buyer().requests_corrections().is_done();
        world.buyer().requests_corrections().is_already_done();
        assert_eq!(world.milestone(1).proof.as_ref().unwrap().corrections, round);
        // A fresh window each time.
        let upload_by = world.now.plus_hours(24);
        assert_eq!(phase(&world), ProofPhase::WaitingSellerProof { since: world.now, upload_by });
    }
    world.seller().sends_proof().is_done();
    world.buyer().requests_corrections().is_refused(Refusal::NoCorrectionsLeft);
    world.buyer().accepts_proof().is_done();
    world.seller().sends_proof().is_already_done();
}

#[test]
fn a_proof_that_nobody_looks_at_is_accepted_by_the_clock() {
    let terms = quick_proof().with(|terms| terms.proof_review_hours = Some(6));
    let mut world = World::paid(terms);
    world.seller().sends_proof().is_done();
    world.hours_pass(5);
    assert_eq!(world.status(), "Proof in review");
    world.hours_pass(1);
    let at = start().plus_hours(6);
    assert_eq!(phase(&world), ProofPhase::Accepted { at, by_clock: true });
    world.buyer().accepts_proof().is_already_done();
    world.buyer().requests_corrections().is_refused(Refusal::NoProofInReview);
    world.seller().delivers(1).is_done();
}

#[test]
fn a_missed_upload_window_frees_the_buyer_until_the_seller_sends_one() {
    let mut world = World::paid(quick_proof());
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.hours_pass(24);
    assert_eq!(world.status(), "Overdue");
    let panel = next::panel(world.escrow(), SELLER, holdfast::engine::party::Role::Seller, world.now);
    assert_eq!(panel.primary, Some(Action::SubmitProof(1)));
    world.seller().sends_proof().is_done();
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.buyer().requests_corrections().is_done();
    world.hours_pass(24);
    world.buyer().cancels(1).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.status()), ("100.00", "Cancelled"));
}

#[test]
fn fourteen_days_after_a_missed_upload_everything_goes_back() {
    let mut world = World::paid(quick_proof());
    world.days_pass(14);
    assert_eq!(world.held(), "100.00");
    world.days_pass(1);
    assert_eq!((world.wallet(BUYER).as_str(), world.status()), ("100.00", "Cancelled"));
}

#[test]
fn the_time_that_a_proof_took_is_not_the_sellers_delay() {
    let terms = quick_proof().with(|terms| terms.delivery_days = Some(1));
    let mut world = World::paid(terms);
    world.hours_pass(23);
    world.seller().sends_proof().is_done();
    world.hours_pass(24);
    let at = start().plus_hours(47);
    let stage = MilestoneStage::InProgress { since: at, due: at, overdue_since: None };
    assert_eq!(world.milestone(1).stage, stage);
}

#[test]
fn a_proof_says_or_brings_something() {
    let mut world = World::paid(quick_proof());
    let kind = holdfast::engine::proof::ProofKind::Tracking;
    let empty = Command::SubmitProof { milestone: 1, kind, note: "  ".to_owned(), files: Vec::new() };
    world.seller().does(empty).is_refused(Refusal::ProofEmpty);
}

#[test]
fn other_escrows_have_no_proof() {
    let mut world = World::paid(quick());
    world.seller().sends_proof().is_refused(Refusal::NoProofStep);
    let facts = world.facts(&seller());
    let offers = offers::offers(world.escrow(), &seller(), &facts, world.now);
    assert!(!offers::offered(&offers, Action::SubmitProof(1)));
}

#[test]
fn the_windows_last_six_to_seventy_two_hours() {
    let faulty = |hours: Option<u8>, mode: Mode| {
        let terms = quick_proof().with(|terms| {
            terms.mode = mode;
            terms.proof_upload_hours = hours;
        });
        check::faults(&terms, 0, start()).into_iter().map(|fault| fault.field).collect::<Vec<_>>()
    };
    for hours in [None, Some(6), Some(24), Some(72)] {
        assert_eq!(faulty(hours, Mode::QuickProof), Vec::<String>::new());
    }
    for hours in [0, 5, 73, 255] {
        assert_eq!(faulty(Some(hours), Mode::QuickProof), ["proof_upload_hours"]);
    }
    assert_eq!(faulty(Some(24), Mode::Quick), ["proof_upload_hours"]);
}
