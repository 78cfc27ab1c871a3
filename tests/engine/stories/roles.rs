//! Who may do what: every command, tried by everyone to whom it is not given.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{Mark, Waiting};
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::proof::ProofKind;
use holdfast::engine::refusal::Refusal;
use uuid::Uuid;

use crate::dsl::deal::{split, start};
use crate::dsl::given::{PAYMENT, given_nothing, sandbox};
use crate::dsl::*;

/// Every command in a plain form, with someone who could give it. A new command does not compile until it
/// stands here too.
pub fn every_command() -> Vec<(Actor, Command)> {
    let (waiting, milestone, since) = (Waiting::Inspection, Some(1), start());
    let some_text = || "Because.".to_owned();
    let terms = Box::new(case4());
    let other = case4().with(|terms| terms.title.push('!'));
    let identity_sha256 = "e".repeat(64);
    let all = vec![
        (buyer(), Command::Propose { id: Uuid::from_u128(1), reference: some_text(), terms }),
        (seller(), Command::Counter { version: 1, terms: Box::new(other) }),
        (seller(), Command::Accept { version: 1 }),
        (
            seller(),
            Command::Sign { version: 1, document_sha256: String::new(), evidence_sha256: String::new() },
        ),
        (seller(), Command::Decline { reason: some_text() }),
        (seller(), Command::Disown),
        (
            buyer(),
            Command::CorrectParty { user: SELLER, to: STRANGER, identity_sha256: identity_sha256.clone() },
        ),
        (buyer(), Command::InviteAgain { user: SELLER }),
        (buyer(), Command::Nudge { waiting: Waiting::Acceptance, milestone: None }),
        (buyer(), Command::Withdraw),
        (buyer(), Command::StartCharge { payment: PAYMENT, milestones: vec![1, 2], method: sandbox() }),
        (
            buyer(),
            Command::BuyByLink {
                payment: PAYMENT,
                method: sandbox(),
                identity_sha256: identity_sha256.clone(),
                guest: false,
            },
        ),
        (buyer(), Command::Claim { to: STRANGER, identity_sha256: identity_sha256.clone() }),
        (rail(), Command::ChargeSettled { payment: PAYMENT }),
        (rail(), Command::ChargeFailed { payment: PAYMENT, reason: some_text() }),
        (rail(), Command::RefundSettled { refund: 1, attempt: 1 }),
        (rail(), Command::RefundFailed { refund: 1, attempt: 1, reason: some_text() }),
        (buyer(), Command::RetryRefund { refund: 1 }),
        (buyer(), Command::RefundToWallet { refund: 1 }),
        (
            seller(),
            Command::SubmitProof {
                milestone: 1,
                kind: ProofKind::Tracking,
                note: some_text(),
                files: Vec::new(),
            },
        ),
        (buyer(), Command::AcceptProof { milestone: 1 }),
        (buyer(), Command::RequestCorrections { milestone: 1, note: some_text() }),
        (seller(), Command::MarkDone { milestone: 1, note: some_text(), files: Vec::new() }),
        (buyer(), Command::Approve { milestone: 1, part_minor: None }),
        (buyer(), Command::RequestChanges { milestone: 1, failed: vec![0], reason: some_text() }),
        (buyer(), Command::Cancel { milestone: 1 }),
        (seller(), Command::PayOut { milestone: 1 }),
        (buyer(), Command::Close),
        (clock(), Command::Lapse { waiting, milestone, since }),
        (clock(), Command::Remind { waiting, milestone, since, mark: Mark::Half }),
    ];
    let all: Vec<_> = all.into_iter().chain(disagreeing()).collect();
    let named: BTreeSet<String> = all.iter().map(|(_, command)| variant_of("command", command)).collect();
    assert_eq!(named, variants::<Command>("command"));
    all
}

fn disagreeing() -> Vec<(Actor, Command)> {
    let text = || "Because.".to_owned();
    let (milestone, due) = (1, start().plus_days(30));
    let splits = || vec![split(1, 100_000, 300_000)];
    vec![
        (buyer(), Command::ExtendInspection { milestone, days: 3 }),
        (seller(), Command::AskExtension { milestone, due, reason: text() }),
        (buyer(), Command::GrantExtension { milestone }),
        (buyer(), Command::RefuseExtension { milestone }),
        (seller(), Command::Refund { milestone, part_minor: None }),
        (buyer(), Command::RequestCancellation { reason: text() }),
        (buyer(), Command::WithdrawCancellation),
        (seller(), Command::CancelAll { reason: text() }),
        (seller(), Command::RefuseCancellation { reason: text() }),
        (buyer(), Command::OfferSettlement { splits: splits(), note: text() }),
        (seller(), Command::AcceptSettlement { settlement: 1 }),
        (seller(), Command::RefuseSettlement { settlement: 1 }),
        (buyer(), Command::WithdrawSettlement { settlement: 1 }),
        (
            buyer(),
            Command::OpenDispute { claims: splits(), reason: text(), failed: Vec::new(), files: Vec::new() },
        ),
        (seller(), Command::Statement { dispute: 1, text: text(), files: Vec::new() }),
        (buyer(), Command::WithdrawDispute { dispute: 1 }),
        (seller(), Command::Concede { dispute: 1 }),
        (operator(), Command::Rule { dispute: 1, splits: splits(), reasons: text() }),
        (second_operator(), Command::ConfirmRuling { dispute: 1 }),
        (second_operator(), Command::ReturnRuling { dispute: 1, reason: text() }),
        (arbiter(), Command::DeclineArbitration { reason: text() }),
        (buyer(), Command::Say { text: text(), files: Vec::new() }),
    ]
}

/// The roles that a command is given to; nothing means: machines alone.
fn given_to(command: &Command) -> Vec<Role> {
    let all = [Role::Buyer, Role::Seller, Role::Broker, Role::Payee];
    match command {
        Command::Propose { .. } | Command::Accept { .. } | Command::Sign { .. } => all[..3].to_vec(),
        Command::Counter { .. }
        | Command::CorrectParty { .. }
        | Command::InviteAgain { .. }
        | Command::Nudge { .. } => all[..3].to_vec(),
        // Of the other roles: the terms of these stories were sent by the buyer.
        Command::Decline { .. } => all[1..3].to_vec(),
        Command::Disown | Command::Close => all.to_vec(),
        Command::Withdraw => all[..2].to_vec(),
        Command::StartCharge { .. }
        | Command::BuyByLink { .. }
        | Command::Claim { .. }
        | Command::AcceptProof { .. }
        | Command::RequestCorrections { .. }
        | Command::Approve { .. }
        | Command::RequestChanges { .. }
        | Command::Cancel { .. }
        | Command::ExtendInspection { .. }
        | Command::GrantExtension { .. }
        | Command::RefuseExtension { .. }
        | Command::RequestCancellation { .. }
        | Command::RetryRefund { .. }
        | Command::RefundToWallet { .. }
        | Command::WithdrawCancellation => vec![Role::Buyer],
        Command::SubmitProof { .. }
        | Command::MarkDone { .. }
        | Command::Refund { .. }
        | Command::CancelAll { .. }
        | Command::RefuseCancellation { .. } => vec![Role::Seller],
        Command::AskExtension { .. } => all[1..3].to_vec(),
        Command::OfferSettlement { .. }
        | Command::AcceptSettlement { .. }
        | Command::RefuseSettlement { .. }
        | Command::WithdrawSettlement { .. }
        | Command::OpenDispute { .. }
        | Command::Statement { .. }
        | Command::WithdrawDispute { .. }
        | Command::Concede { .. } => all[..2].to_vec(),
        Command::Say { .. } => all[..3].to_vec(),
        Command::Rule { .. }
        | Command::ConfirmRuling { .. }
        | Command::ReturnRuling { .. }
        | Command::DeclineArbitration { .. } => Vec::new(),
        Command::PayOut { .. } => all[1..].to_vec(),
        Command::ChargeSettled { .. }
        | Command::ChargeFailed { .. }
        | Command::RefundSettled { .. }
        | Command::RefundFailed { .. }
        | Command::Lapse { .. }
        | Command::Remind { .. } => Vec::new(),
    }
}

fn pasts() -> Vec<Past> {
    vec![
        Past::sent(&case4()),
        Past::sent(&quick()),
        Past::agreed(&case4()),
        Past::charged(&case4()),
        Past::paid(&case4()),
        Past::paid(&quick_proof()),
        Past::paid(&quick_proof()).proof(),
        Past::delivered(&case4(), 1),
        Past::delivered(&case4(), 1).changes(1),
        Past::paid(&case4()).cancelling(),
        Past::delivered(&case4(), 1).disputed(1),
        Past::delivered(&case4(), 1).disputed(1).handed_over(),
        Past::delivered(&case4(), 1).disputed(1).handed_over().ruled(),
        Past::paid(&case4()).overdue(1),
        Past::delivered(&case4(), 1).released(1),
        Past::paid(&case4()).refunding(1),
        Past::paid(&case4()).refunding(1).refund_failed(),
        Past::sent(&case4()).ended(holdfast::engine::escrow::End::ExpiredNotAccepted),
    ]
}

#[test]
fn a_command_of_another_role_is_refused_in_every_state() {
    for past in pasts() {
        for (_, command) in every_command() {
            if matches!(command, Command::Propose { .. }) {
                continue;
            }
            let needs = given_to(&command);
            for actor in everyone() {
                let Some(role) = actor.role() else { continue };
                if needs.contains(&role) {
                    continue;
                }
                let refusal = given(past.clone()).when(actor, command.clone()).refusal();
                let expected = match (&command, role) {
                    (Command::Decline { .. }, Role::Payee) => {
                        vec![Role::Buyer, Role::Seller, Role::Broker]
                    }
                    (Command::Decline { .. }, _) => {
                        let parties = past.escrow.parties.iter().map(|party| party.role);
                        parties.filter(|role| *role != Role::Buyer && role.must_agree()).collect()
                    }
                    _ => needs.clone(),
                };
                assert_eq!(refusal, Refusal::NotYourRole { needs: expected }, "{role:?} {command:?}");
            }
        }
    }
}

#[test]
fn whoever_is_no_party_does_nothing() {
    for past in pasts() {
        for (_, command) in every_command() {
            for actor in [operator(), rail(), clock()] {
                let expected = match &command {
                    Command::Propose { .. } => Refusal::AlreadyProposed,
                    Command::DeclineArbitration { .. } => Refusal::NotYourRole { needs: Vec::new() },
                    Command::ChargeSettled { .. }
                    | Command::ChargeFailed { .. }
                    | Command::RefundSettled { .. }
                    | Command::RefundFailed { .. }
                        if actor == operator() =>
                    {
                        Refusal::NotYourRole { needs: Vec::new() }
                    }
                    Command::RetryRefund { .. } | Command::RefundToWallet { .. } if actor == operator() => {
                        continue;
                    }
                    Command::Lapse { .. } | Command::Remind { .. } if actor != clock() => {
                        Refusal::NotYourRole { needs: Vec::new() }
                    }
                    Command::Rule { .. } | Command::ConfirmRuling { .. } | Command::ReturnRuling { .. }
                        if actor != operator() =>
                    {
                        Refusal::NotYourRole { needs: Vec::new() }
                    }
                    Command::Rule { .. } | Command::ConfirmRuling { .. } | Command::ReturnRuling { .. } => {
                        continue;
                    }
                    Command::ChargeSettled { .. }
                    | Command::ChargeFailed { .. }
                    | Command::RefundSettled { .. }
                    | Command::RefundFailed { .. }
                    | Command::Lapse { .. }
                    | Command::Remind { .. } => continue,
                    _ => Refusal::NotAParty,
                };
                given(past.clone()).when(actor, command.clone()).then(expected);
            }
        }
    }
}

#[test]
fn before_anything_was_sent_there_is_nothing_to_act_on() {
    for (actor, command) in every_command().split_off(1) {
        given_nothing().when(actor, command).then(Refusal::NotAParty);
    }
}
