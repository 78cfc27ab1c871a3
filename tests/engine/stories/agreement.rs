//! Terms are signed, accepted, declined, disowned, withdrawn.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{End, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::party::{PartyStatus, Role};
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Terms;

use crate::dsl::deal::{party, start, texts};
use crate::dsl::*;

fn sign(version: u32, document_sha256: &str) -> Command {
    let evidence_sha256 = "e".repeat(64);
    Command::Sign { version, document_sha256: document_sha256.to_owned(), evidence_sha256 }
}

fn digest(terms: &Terms, reference: &str, version: u32) -> String {
    texts(terms, reference, version, start()).contract.sha256()
}

fn document() -> String {
    digest(&case4(), "ESC-7K2M-9QXA", 1)
}

#[test]
fn a_signature_binds_to_the_version_and_its_document() {
    let signed = Event::Signed {
        role: Role::Seller,
        version: 1,
        document_sha256: document(),
        side_sha256: None,
        evidence_sha256: "e".repeat(64),
    };
    given(Past::sent(&case4())).when(seller(), sign(1, &document())).then(signed);
    given(Past::sent(&case4()))
        .when(seller(), sign(2, &document()))
        .then(Refusal::OtherVersion { current: 1 });
    given(Past::sent(&case4())).when(seller(), sign(1, &"0".repeat(64))).then(Refusal::OtherDocument);
}

#[test]
fn the_contract_of_other_terms_has_another_digest() {
    let other = case4().with(|terms| terms.milestones[1].criteria[0].push('!'));
    assert_ne!(digest(&other, "ESC-7K2M-9QXA", 1), document());
    assert_ne!(digest(&case4(), "ESC-7K2M-9QXA", 2), document());
    assert_ne!(digest(&case4(), "ESC-7K2M-9QXB", 1), document());
}

#[test]
fn the_last_signature_makes_the_agreement() {
    let mut world = World::sent(case4());
    world.seller().signs().is_done();
    world.buyer().signs().is_done();
    assert!(matches!(world.stage(), Stage::Proposed { .. }));
    world.days_pass(1);
    world.broker().signs().is_done();
    let agreed = Stage::Agreed { since: world.now, pay_by: world.now.plus_days(10) };
    assert_eq!((world.stage(), world.status()), (&agreed, "To pay"));
    assert_eq!(&world.events()[world.history.len() - 2..], ["signed", "agreed"]);
}

#[test]
fn whoever_sent_the_terms_signs_them_too() {
    let mut world = World::sent(case4());
    world.seller().signs().is_done();
    world.broker().signs().is_done();
    assert!(matches!(world.stage(), Stage::Proposed { .. }));
    world.buyer().signs().is_done();
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
}

#[test]
fn a_payee_signs_nothing_and_nobody_waits_for_one() {
    let mut world = World::sent(case4().with(|terms| terms.parties.push(party(Role::Payee, PAYEE))));
    let needs = vec![Role::Buyer, Role::Seller, Role::Broker];
    world.payee().signs().is_refused(Refusal::NotYourRole { needs });
    world.everyone_agrees();
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
}

#[test]
fn signing_twice_changes_nothing() {
    let mut world = World::sent(case4());
    world.seller().signs().is_done();
    world.seller().signs().is_already_done();
    world.everyone_agrees();
    world.seller().signs().is_already_done();
    assert_eq!(world.count("signed"), 3);
}

#[test]
fn a_contract_is_signed_and_not_just_accepted() {
    let accept = Command::Accept { version: 1 };
    given(Past::sent(&case4())).when(seller(), accept).then(Refusal::ContractNeedsSignature);
}

#[test]
fn modes_without_a_contract_have_nothing_to_sign() {
    given(Past::sent(&quick())).when(seller(), sign(1, "")).then(Refusal::QuickEscrowNoContract);
    given(Past::sent(&instant())).when(seller(), sign(1, "")).then(Refusal::NoContract);
}

#[test]
fn a_quick_escrow_is_agreed_when_the_other_side_accepts() {
    let accept = |version: u32| Command::Accept { version };
    let sent = || given(Past::sent(&quick()));
    let pay_by = start().plus_days(10);
    let document_sha256 = Some(Past::sent(&quick()).escrow.document_sha256);
    let accepted =
        Event::Accepted { role: Role::Seller, version: Some(1), document_sha256, side_sha256: None };
    sent().when(seller(), accept(1)).then([accepted, Event::Agreed { pay_by, due: None }]);
    sent().when(seller(), accept(2)).then(Refusal::OtherVersion { current: 1 });
    sent().when(buyer(), accept(1)).then(ALREADY_DONE);
    let mut world = World::sent(quick());
    assert_eq!(world.status(), "Awaiting acceptance");
    world.seller().accepts().is_done();
    world.seller().accepts().is_already_done();
    assert_eq!(world.status(), "To pay");
}

#[test]
fn an_address_is_confirmed_before_anything_is_agreed_to() {
    let unconfirmed = |past: Past| given(past).with_facts(|facts| facts.email_confirmed = false);
    let sent = Past::sent(&case4());
    unconfirmed(sent).when(seller(), sign(1, &document())).then(Refusal::EmailNotConfirmed);
    let accept = Command::Accept { version: 1 };
    unconfirmed(Past::sent(&quick())).when(seller(), accept).then(Refusal::EmailNotConfirmed);
}

#[test]
fn declining_ends_it_and_is_written_with_its_reason() {
    let mut world = World::sent(case4());
    world.broker().declines("  I know nothing of this.  ").is_done();
    let end = End::Declined { by: Role::Broker, reason: "I know nothing of this.".to_owned() };
    assert_eq!(*world.stage(), Stage::Ended { end, at: world.now, lapsed_at: None });
    assert_eq!(world.escrow().party(Role::Broker).unwrap().status, PartyStatus::Declined);
    assert_eq!(world.status(), "Declined");
    world.broker().declines("Again").is_already_done();
    world.seller().declines("Me too").is_refused(Refusal::EscrowOver);
    world.seller().signs().is_refused(Refusal::EscrowOver);
}

#[test]
fn whoever_sent_the_terms_withdraws_them_and_does_not_decline() {
    let mut world = World::sent(case4());
    let needs = vec![Role::Seller, Role::Broker];
    world.buyer().declines("").is_refused(Refusal::NotYourRole { needs });
}

#[test]
fn agreed_terms_are_not_declined_any_more() {
    let mut world = World::agreed(case4());
    world.seller().declines("Too late").is_refused(Refusal::NotProposed);
}

#[test]
fn a_reason_has_its_limit() {
    let long = "x".repeat(5_001);
    World::sent(case4()).seller().declines(&long).is_refused(Refusal::TextTooLong { most: 5_000 });
    World::sent(case4()).seller().declines(&"ä".repeat(5_000)).is_done();
}

#[test]
fn not_me_marks_the_party_and_leaves_the_terms_open() {
    let mut world = World::sent(case4());
    world.seller().disowns().is_done();
    world.seller().disowns().is_already_done();
    assert_eq!(world.escrow().party(Role::Seller).unwrap().status, PartyStatus::Disowned);
    assert!(matches!(world.stage(), Stage::Proposed { .. }));
    world.broker().signs().is_done();
    world.broker().disowns().is_refused(Refusal::NotProposed);
    world.buyer().disowns().is_refused(Refusal::NotProposed);
    world.buyer().withdraws().is_done();
    world.broker().disowns().is_refused(Refusal::EscrowOver);
}

#[test]
fn not_me_of_one_payee_leaves_the_other_alone() {
    let mut world = World::sent(case4().with(|terms| {
        terms.parties.push(party(Role::Payee, SECOND_PAYEE));
        terms.parties.push(party(Role::Payee, PAYEE));
    }));
    world.payee().disowns().is_done();
    assert_eq!(world.escrow().party_of(PAYEE).unwrap().status, PartyStatus::Disowned);
    assert_eq!(world.escrow().party_of(SECOND_PAYEE).unwrap().status, PartyStatus::Created);
}

#[test]
fn unpaid_terms_are_withdrawn_by_buyer_or_seller() {
    for stage in [World::sent, World::agreed] {
        let mut world = stage(case4());
        let needs = vec![Role::Buyer, Role::Seller];
        world.broker().withdraws().is_refused(Refusal::NotYourRole { needs });
        world.seller().withdraws().is_done();
        let end = End::Withdrawn { by: Role::Seller };
        assert_eq!(*world.stage(), Stage::Ended { end, at: world.now, lapsed_at: None });
        world.buyer().withdraws().is_already_done();
        world.buyer().pays().is_refused(Refusal::EscrowOver);
    }
}

#[test]
fn a_broker_withdraws_what_he_sent_himself() {
    let mut world = World::of(case4());
    world.broker().proposes().is_done();
    world.broker().withdraws().is_done();
}

#[test]
fn what_is_paid_or_being_paid_is_not_withdrawn() {
    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.buyer().withdraws().is_refused(Refusal::PaymentPending);
    world.provider().settles().is_done();
    world.seller().withdraws().is_refused(Refusal::AlreadyPaid);
}

#[test]
fn what_expired_is_not_withdrawn() {
    let mut world = World::sent(case4());
    world.days_pass(14);
    world.buyer().withdraws().is_refused(Refusal::EscrowOver);
}

#[test]
fn the_same_terms_sent_twice_are_sent_once() {
    let mut world = World::sent(case4());
    world.buyer().proposes().is_already_done();
    world.seller().proposes().is_refused(Refusal::AlreadyProposed);
    world.terms.title = "Two garden houses".to_owned();
    world.buyer().proposes().is_refused(Refusal::AlreadyProposed);
}
