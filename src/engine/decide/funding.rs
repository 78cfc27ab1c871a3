//! The buyer's payment: started, settled, failed, and money that comes too late.

use uuid::Uuid;

use super::Draft;
use crate::engine::command::Facts;
use crate::engine::deadlines::RAIL_ANSWER_DAYS;
use crate::engine::escrow::{ChargeState, Method, Stage};
use crate::engine::event::Event;
use crate::engine::party::{Actor, Role};
use crate::engine::refusal::Refusal;

pub(super) fn start_charge(
    draft: &mut Draft,
    payment: Uuid,
    milestones: &[u16],
    method: &Method,
    facts: &Facts,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    if draft.escrow.attempt(payment).is_some() {
        return Ok(());
    }
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    match draft.escrow.stage {
        Stage::Proposed { .. } => return Err(Refusal::NotAgreed),
        Stage::Agreed { .. } => {}
        Stage::Active { .. } => return Err(Refusal::AlreadyPaid),
        Stage::Ended { .. } | Stage::Closed { .. } => return Err(Refusal::EscrowOver),
    }
    let all: Vec<u16> = (1_u16..).take(draft.escrow.milestones.len()).collect();
    if milestones != all {
        return Err(Refusal::PayAll);
    }
    draft.not_cancelling()?;
    if !facts.terms_of_service_accepted {
        return Err(Refusal::TermsOfServiceNotAccepted);
    }
    let amount_minor = draft.escrow.plan.charge_minor();
    if *method == Method::Wallet {
        let available = facts.wallet_available.unwrap_or_else(|| draft.escrow.terms.money(0));
        if available.minor < amount_minor || available.currency != draft.escrow.terms.currency {
            return Err(Refusal::InsufficientWallet { available });
        }
    }
    draft.push(Event::ChargeStarted {
        payment,
        milestones: all,
        method: method.clone(),
        amount_minor,
        answer_by: draft.now.plus_days(RAIL_ANSWER_DAYS),
    });
    // Our own books answer at once.
    if *method == Method::Wallet {
        draft.push(Event::ChargeSettled { payment });
    }
    Ok(())
}

fn by_rail(draft: &Draft) -> Result<(), Refusal> {
    match draft.actor {
        Actor::Rail | Actor::Clock => Ok(()),
        Actor::Party { .. } | Actor::Operator { .. } | Actor::Arbiter { .. } => {
            Err(Refusal::NotYourRole { needs: Vec::new() })
        }
    }
}

pub(super) fn charge_settled(draft: &mut Draft, payment: Uuid) -> Result<(), Refusal> {
    by_rail(draft)?;
    let charge = draft.escrow.attempt(payment).cloned().ok_or(Refusal::NoPaymentPending)?;
    match charge.state {
        ChargeState::Successful { .. } => Ok(()),
        ChargeState::Pending { .. } => {
            draft.push(Event::ChargeSettled { payment });
            Ok(())
        }
        // The attempt had been given up, so nobody counts on this money any more: it goes back.
        ChargeState::Failed { .. } if charge.returned_at.is_some() => Ok(()),
        ChargeState::Failed { .. } => {
            let Method::Rail { rail } = charge.method else { return Ok(()) };
            draft.push(Event::ChargeReturned { payment, amount_minor: charge.amount_minor, rail });
            Ok(())
        }
    }
}

pub(super) fn charge_failed(draft: &mut Draft, payment: Uuid, reason: &str) -> Result<(), Refusal> {
    by_rail(draft)?;
    let charge = draft.escrow.attempt(payment).ok_or(Refusal::NoPaymentPending)?;
    match charge.state {
        ChargeState::Failed { .. } => Ok(()),
        ChargeState::Successful { .. } => Err(Refusal::NoPaymentPending),
        ChargeState::Pending { .. } => {
            let reason = reason.chars().take(300).collect();
            draft.push(Event::ChargeFailed { payment, reason });
            Ok(())
        }
    }
}
