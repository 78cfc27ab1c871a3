//! A second click: what stands already is said to stand, and changes nothing.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines;
use holdfast::engine::party::Actor;
use holdfast::engine::time::Time;

use super::roles::every_command;
use crate::dsl::deal::start;
use crate::dsl::given::Then;
use crate::dsl::*;

/// A past in which a plain command is accepted.
fn ready_for(command: &Command) -> Past {
    match command {
        Command::Propose { .. } | Command::Sign { .. } | Command::Decline { .. } => Past::sent(&case4()),
        Command::Disown | Command::Withdraw | Command::Counter { .. } => Past::sent(&case4()),
        Command::CorrectParty { .. } | Command::InviteAgain { .. } | Command::Nudge { .. } => {
            Past::sent(&case4())
        }
        Command::Accept { .. } => Past::sent(&quick()),
        Command::StartCharge { .. } => Past::agreed(&case4()),
        Command::BuyByLink { .. } => Past::sent(&instant()),
        Command::Claim { .. } => Past::sold(&instant()),
        Command::ChargeSettled { .. } | Command::ChargeFailed { .. } => Past::charged(&case4()),
        Command::RefundSettled { .. } | Command::RefundFailed { .. } => Past::paid(&case4()).refunding(1),
        Command::RetryRefund { .. } | Command::RefundToWallet { .. } => {
            Past::paid(&case4()).refunding(1).refund_failed()
        }
        Command::SubmitProof { .. } => Past::paid(&quick_proof()),
        Command::AcceptProof { .. } | Command::RequestCorrections { .. } => {
            Past::paid(&quick_proof()).proof()
        }
        Command::MarkDone { .. } => Past::paid(&case4()),
        Command::Approve { .. }
        | Command::RequestChanges { .. }
        | Command::Lapse { .. }
        | Command::Remind { .. } => Past::delivered(&case4(), 1),
        Command::Cancel { .. } => Past::paid(&case4()).overdue(1),
        Command::ExtendInspection { .. } => Past::delivered(&case4(), 1),
        Command::AskExtension { .. }
        | Command::Refund { .. }
        | Command::RequestCancellation { .. }
        | Command::CancelAll { .. }
        | Command::OfferSettlement { .. }
        | Command::OpenDispute { .. }
        | Command::Say { .. } => Past::paid(&case4()),
        Command::GrantExtension { .. } | Command::RefuseExtension { .. } => Past::paid(&case4()).asking(),
        Command::WithdrawCancellation | Command::RefuseCancellation { .. } => {
            Past::paid(&case4()).cancelling()
        }
        Command::AcceptSettlement { .. }
        | Command::RefuseSettlement { .. }
        | Command::WithdrawSettlement { .. } => Past::paid(&case4()).settling(),
        Command::Statement { .. } | Command::WithdrawDispute { .. } | Command::Concede { .. } => {
            Past::paid(&case4()).disputed(1)
        }
        Command::Rule { .. } => Past::paid(&case4()).disputed(1).handed_over(),
        Command::ConfirmRuling { .. } | Command::ReturnRuling { .. } => {
            Past::paid(&case4()).disputed(1).handed_over().ruled()
        }
        Command::DeclineArbitration { .. } => Past::agreed(&arbitrated()),
        Command::PayOut { .. } => Past::delivered(&case4(), 1).released(1),
        Command::Close => Past::sent(&case4()).ended(holdfast::engine::escrow::End::ExpiredNotAccepted),
    }
}

/// The moment at which a command of the clock is due.
fn moment(past: &Past, command: &Command) -> Time {
    match command {
        Command::Lapse { .. } => deadlines::all(&past.escrow)[0].at,
        Command::Remind { .. } => start().plus_hours(36),
        _ => past.now,
    }
}

fn bound(past: &Past, command: Command) -> Command {
    match command {
        Command::Sign { version, evidence_sha256, .. } => {
            Command::Sign { version, document_sha256: past.escrow.document_sha256.clone(), evidence_sha256 }
        }
        other => other,
    }
}

#[test]
fn every_command_given_twice_is_done_once() {
    for (actor, command) in every_command().split_off(1) {
        let mut past = ready_for(&command);
        past.now = moment(&past, &command);
        let command = bound(&past, command);
        let events = given(past.clone()).when(actor, command.clone()).events();
        let after = events.into_iter().fold(past, Past::then);
        let name = variant_of("command", &command);
        let again = given(after).when(actor, command).outcome;
        match name.as_str() {
            // What was said can be said again: the form's own key makes a second click count once.
            "statement" | "say" => assert!(matches!(again, Then::Events(_)), "{name}: {again:?}"),
            // An answer takes its question away, so that a second one meets none.
            "extend_inspection"
            | "grant_extension"
            | "refuse_extension"
            | "withdraw_cancellation"
            | "refuse_cancellation"
            | "accept_settlement"
            | "refuse_settlement"
            | "withdraw_settlement"
            | "withdraw_dispute"
            | "concede"
            | "rule"
            | "confirm_ruling"
            | "return_ruling" => {
                assert!(matches!(again, Then::Refused(_)), "{name}: {again:?}");
            }
            _ => assert_eq!(again, ALREADY_DONE, "{name}"),
        }
    }
}

#[test]
fn what_is_already_done_is_told_only_to_those_who_could_have_done_it() {
    let approve = Command::Approve { milestone: 1, part_minor: None };
    let released = Past::delivered(&case4(), 1).released(1);
    let outsiders: [Actor; 4] = [seller(), broker(), operator(), rail()];
    for actor in outsiders {
        given(released.clone()).when(actor, approve.clone()).refusal();
    }
}
