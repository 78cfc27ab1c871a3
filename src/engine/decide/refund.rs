//! Money that goes back by the way on which it came: the provider's answer, and what is done about a failure.

use super::Draft;
use super::ending::end_if_all;
use super::funding::by_rail;
use crate::engine::command::{Command, Facts};
use crate::engine::deadlines::{self, Deadline, REFUND_ANSWER_DAYS, Waiting};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::party::{Actor, Role};
use crate::engine::refund::{MOST_REFUNDS, Refund, RefundState};
use crate::engine::refusal::Refusal;
use crate::engine::step::Step;

/// The event that sends a step back to the buyer: by the way on which it came where that can be, else to his
/// wallet, at once.
pub(super) fn step_back(draft: &Draft, milestone: u16, step: Step) -> Event {
    let Step { amount_minor, parts, whole, how } = step;
    let escrow = &draft.escrow;
    let refund = u16::try_from(escrow.refunds.len() + 1).unwrap_or(u16::MAX);
    // A guest has no other way. A provider that can't do it says so, and then the operators see to it.
    let way = escrow.paid_through(milestone).filter(|rail| {
        let able = || draft.rails_that_refund.iter().any(|able| able == rail);
        !escrow.buyer_has_wallet() || (escrow.refunds.len() < MOST_REFUNDS && able())
    });
    match (way, escrow.paid_by(milestone)) {
        (Some(rail), Some(charge)) => Event::RefundStarted {
            refund,
            milestone,
            amount_minor,
            parts,
            whole,
            how,
            charge: charge.payment,
            rail: rail.to_owned(),
            answer_by: draft.until(REFUND_ANSWER_DAYS),
        },
        (Some(_) | None, _) => Event::Refunded { milestone, amount_minor, parts, whole, how },
    }
}

/// Whether a command counts even after closing: a provider's answer, and what is done for money that came too
/// late, since that has to go back whatever became of the escrow.
pub(super) fn is_heard_when_closed(escrow: &Escrow, command: &Command) -> bool {
    if let Command::RetryRefund { refund } | Command::RefundToWallet { refund } = command {
        return escrow.is_late(*refund);
    }
    if let Command::Lapse { waiting, .. } = command {
        return matches!(waiting, Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::FailedRefund);
    }
    matches!(
        command,
        Command::ChargeSettled { .. }
            | Command::ChargeFailed { .. }
            | Command::RefundSettled { .. }
            | Command::RefundFailed { .. }
    )
}

fn standing(draft: &Draft, number: u16) -> Result<Refund, Refusal> {
    draft.escrow.refund(number).cloned().ok_or(Refusal::NoSuchRefund)
}

/// The provider has paid. That also ends what had been given up, if nothing else was done about it.
pub(super) fn settled(draft: &mut Draft, number: u16, attempt: u16) -> Result<(), Refusal> {
    by_rail(draft)?;
    let refund = standing(draft, number)?;
    if attempt == 0 || attempt > refund.attempt {
        return Err(Refusal::NoSuchRefund);
    }
    match refund.state {
        RefundState::Successful { attempt: paid, .. } if paid == attempt => Ok(()),
        RefundState::Successful { .. } | RefundState::ToWallet { .. } => Err(Refusal::RefundSentTwice),
        RefundState::Pending { .. } | RefundState::Failed { .. } => {
            let milestone = refund.milestone;
            draft.push(Event::RefundSettled { refund: number, milestone, attempt });
            end_if_all(draft);
            Ok(())
        }
    }
}

pub(super) fn failed(draft: &mut Draft, number: u16, attempt: u16, reason: &str) -> Result<(), Refusal> {
    by_rail(draft)?;
    let refund = standing(draft, number)?;
    if attempt == 0 || attempt > refund.attempt {
        return Err(Refusal::NoSuchRefund);
    }
    let last = attempt == refund.attempt;
    match refund.state {
        RefundState::Successful { .. } => Err(Refusal::NoSuchRefund),
        // Silence was taken for a failure; now it is one, and the next try needs an order of its own.
        RefundState::Pending { .. } | RefundState::Failed { no_answer: true, .. } if last => {
            let (milestone, reason) = (refund.milestone, reason.chars().take(300).collect());
            let (refund, no_answer, lapsed_at) = (number, false, None);
            draft.push(Event::RefundFailed { refund, milestone, attempt, reason, no_answer, lapsed_at });
            Ok(())
        }
        RefundState::Pending { .. } | RefundState::Failed { .. } | RefundState::ToWallet { .. } => Ok(()),
    }
}

/// The refund, for the buyer whose it is, or for an operator who takes no part.
fn of_buyer_or_operator(draft: &Draft, number: u16, facts: &Facts) -> Result<Refund, Refusal> {
    match draft.actor {
        Actor::Operator { user } if draft.takes_part(user, facts) => Err(Refusal::OperatorIsParty),
        Actor::Operator { .. } => standing(draft, number),
        Actor::Party { .. } | Actor::Arbiter { .. } | Actor::Rail | Actor::Clock => {
            draft.needs(&[Role::Buyer])?;
            let (refund, user) = (standing(draft, number)?, draft.user()?);
            if draft.escrow.refund_is_of(&refund, user) { Ok(refund) } else { Err(Refusal::NoSuchRefund) }
        }
    }
}

pub(super) fn retry(draft: &mut Draft, number: u16, facts: &Facts) -> Result<(), Refusal> {
    let refund = of_buyer_or_operator(draft, number, facts)?;
    match refund.state {
        RefundState::Pending { .. } => Ok(()),
        RefundState::Failed { .. } => {
            send_again(draft, &refund, false);
            Ok(())
        }
        RefundState::Successful { .. } | RefundState::ToWallet { .. } => Err(Refusal::NoSuchRefund),
    }
}

pub(super) fn to_wallet(draft: &mut Draft, number: u16, facts: &Facts) -> Result<(), Refusal> {
    let refund = of_buyer_or_operator(draft, number, facts)?;
    match refund.state {
        RefundState::ToWallet { .. } => Ok(()),
        RefundState::Pending { .. } => Err(Refusal::RefundPending),
        RefundState::Successful { .. } => Err(Refusal::NoSuchRefund),
        RefundState::Failed { .. } if !draft.escrow.refund_has_wallet(&refund) => {
            Err(Refusal::NotYourRole { needs: Vec::new() })
        }
        RefundState::Failed { .. } => {
            into_wallet(draft, &refund);
            Ok(())
        }
    }
}

fn into_wallet(draft: &mut Draft, refund: &Refund) {
    let (refund, milestone) = (refund.number, refund.milestone);
    draft.push(Event::RefundedToWallet { refund, milestone });
    end_if_all(draft);
}

/// Whoever was silent is asked for the same order again, so that it can't be carried out twice.
fn send_again(draft: &mut Draft, refund: &Refund, by_clock: bool) {
    let silent = matches!(refund.state, RefundState::Failed { no_answer: true, .. });
    let attempt = if silent { refund.attempt } else { refund.attempt.saturating_add(1) };
    let (refund, milestone) = (refund.number, refund.milestone);
    let answer_by = draft.until(REFUND_ANSWER_DAYS);
    draft.push(Event::RefundRetried { refund, milestone, attempt, by_clock, answer_by });
}

/// What a clock of a milestone's refunds, or of those of late money, comes to. Two that began together may end apart,
/// so it is the refund's own clock that has to have ended.
pub(super) fn lapse(draft: &mut Draft, ended: Deadline) {
    let Deadline { waiting, milestone, since, at, .. } = ended;
    let fits = |refund: &&Refund| {
        let clocks = deadlines::of_refund(&draft.escrow, refund);
        clocks.iter().any(|clock| (clock.waiting, clock.since, clock.at) == (waiting, since, at))
    };
    let found = match milestone {
        Some(milestone) => draft.escrow.open_refunds(milestone).find(fits).cloned(),
        None => draft.escrow.late_refunds().find(fits).cloned(),
    };
    let Some(refund) = found else { return };
    let milestone = refund.milestone;
    match (waiting, &refund.state) {
        (Waiting::RefundAnswer, _) => {
            let (attempt, refund) = (refund.attempt, refund.number);
            let reason = "The payment provider did not answer in time.".to_owned();
            let (no_answer, lapsed_at) = (true, draft.lapsed_at);
            draft.push(Event::RefundFailed { refund, milestone, attempt, reason, no_answer, lapsed_at });
        }
        (Waiting::RefundAgain, _) => send_again(draft, &refund, true),
        _ => into_wallet(draft, &refund),
    }
}
