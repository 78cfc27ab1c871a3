//! The buyer's payment: started, settled, failed, and money that comes too late.

use uuid::Uuid;

use super::{Draft, agreement};
use crate::engine::command::Facts;
use crate::engine::deadlines::{RAIL_ANSWER_DAYS, REFUND_ANSWER_DAYS};
use crate::engine::escrow::{ChargeState, Method, Stage};
use crate::engine::event::Event;
use crate::engine::late::WayBack;
use crate::engine::party::{Actor, Role};
use crate::engine::refund::MOST_REFUNDS;
use crate::engine::refusal::Refusal;
use crate::engine::terms::{Funding, Mode};
use crate::engine::time::Time;

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
    let to_pay = wanted(draft, milestones)?;
    draft.not_cancelling()?;
    if !facts.terms_of_service_accepted {
        return Err(Refusal::TermsOfServiceNotAccepted);
    }
    agree_by_paying(draft, facts)?;
    charge(draft, payment, to_pay, method, facts)
}

/// The payment begins; out of the wallet it is over at once, since those are our own books.
pub(super) fn charge(
    draft: &mut Draft,
    payment: Uuid,
    milestones: Vec<u16>,
    method: &Method,
    facts: &Facts,
) -> Result<(), Refusal> {
    let amount_minor = draft.escrow.to_pay_minor();
    if *method == Method::Wallet {
        let available = facts.wallet_available.unwrap_or_else(|| draft.escrow.terms.money(0));
        if available.minor < amount_minor || available.currency != draft.escrow.terms.currency {
            return Err(Refusal::InsufficientWallet { available });
        }
    }
    draft.push(Event::ChargeStarted {
        payment,
        milestones,
        method: method.clone(),
        amount_minor,
        answer_by: draft.until(RAIL_ANSWER_DAYS),
        payer: if draft.escrow.instant() { draft.actor.user() } else { None },
    });
    if *method == Method::Wallet {
        arrived(draft, payment, facts);
    }
    Ok(())
}

/// The money is here. An instant escrow is agreed by that, and its work begins.
fn arrived(draft: &mut Draft, payment: Uuid, facts: &Facts) {
    let due = delivery_due(draft, facts);
    draft.push(Event::ChargeSettled { payment, due });
    if draft.escrow.instant() && matches!(draft.escrow.stage, Stage::Proposed { .. }) {
        draft.push(Event::Agreed { pay_by: draft.now, due });
    }
}

/// When a one-off delivery is due that begins now, where its days are not all of 24 hours.
pub(super) fn delivery_due(draft: &Draft, facts: &Facts) -> Option<Time> {
    let plain = draft.now.plus_days(draft.escrow.terms.days_to_deliver());
    facts.delivery_due.filter(|due| *due != plain)
}

/// The milestones to pay for now, if they are those that were named.
fn wanted(draft: &Draft, milestones: &[u16]) -> Result<Vec<u16>, Refusal> {
    let escrow = &draft.escrow;
    let to_pay = escrow.to_pay();
    let funded = |number: &u16| escrow.milestone(*number).is_some_and(|part| part.funded());
    let whole = escrow.terms.funding == Funding::Whole;
    match escrow.stage {
        Stage::Ended { .. } | Stage::Closed { .. } => Err(Refusal::EscrowOver),
        Stage::Proposed { .. } | Stage::Agreed { .. } | Stage::Active { .. } => {
            if (whole && to_pay.is_empty()) || (!milestones.is_empty() && milestones.iter().all(funded)) {
                Err(Refusal::AlreadyPaid)
            } else if milestones != to_pay || to_pay.is_empty() {
                Err(if whole { Refusal::PayAll } else { Refusal::PayInOrder })
            } else {
                Ok(to_pay)
            }
        }
    }
}

/// Paying accepts too, where there is no contract to sign (DHMAD). Until everyone has agreed, only an
/// escrow that is paid first takes money.
fn agree_by_paying(draft: &mut Draft, facts: &Facts) -> Result<(), Refusal> {
    if !matches!(draft.escrow.stage, Stage::Proposed { .. }) {
        return Ok(());
    }
    match draft.escrow.terms.mode {
        Mode::Standard => return Err(Refusal::NotAgreed),
        // Whoever pays by the link has accepted; the seller made the terms.
        Mode::Instant => return Ok(()),
        Mode::Quick | Mode::QuickProof => {
            let version = draft.escrow.version;
            agreement::accept(draft, version, facts)?;
        }
    }
    let agreed = matches!(draft.escrow.stage, Stage::Agreed { .. });
    if agreed || draft.escrow.terms.pay_first { Ok(()) } else { Err(Refusal::NotAgreed) }
}

pub(super) fn by_rail(draft: &Draft) -> Result<(), Refusal> {
    match draft.actor {
        Actor::Rail | Actor::Clock => Ok(()),
        Actor::Party { .. } | Actor::Operator { .. } | Actor::Arbiter { .. } => {
            Err(Refusal::NotYourRole { needs: Vec::new() })
        }
    }
}

pub(super) fn charge_settled(draft: &mut Draft, payment: Uuid, facts: &Facts) -> Result<(), Refusal> {
    by_rail(draft)?;
    let charge = draft.escrow.attempt(payment).cloned().ok_or(Refusal::NoPaymentPending)?;
    match charge.state {
        ChargeState::Successful { .. } => Ok(()),
        ChargeState::Pending { .. } => {
            arrived(draft, payment, facts);
            Ok(())
        }
        // The attempt had been given up, so nobody counts on this money any more: it goes back.
        ChargeState::Failed { .. } if charge.returned_at.is_some() => Ok(()),
        ChargeState::Failed { .. } => {
            let Method::Rail { rail } = charge.method else { return Ok(()) };
            // Without a wallet it can only go where it came from.
            let able = draft.rails_that_refund.contains(&rail) && draft.escrow.refunds.len() < MOST_REFUNDS;
            let back = (charge.guest || able).then(|| next_refund(draft));
            draft.push(Event::ChargeReturned { payment, amount_minor: charge.amount_minor, rail, back });
            Ok(())
        }
    }
}

fn next_refund(draft: &Draft) -> WayBack {
    let refund = u16::try_from(draft.escrow.refunds.len() + 1).unwrap_or(u16::MAX);
    WayBack { refund, answer_by: draft.until(REFUND_ANSWER_DAYS) }
}

pub(super) fn charge_failed(draft: &mut Draft, payment: Uuid, reason: &str) -> Result<(), Refusal> {
    by_rail(draft)?;
    let charge = draft.escrow.attempt(payment).ok_or(Refusal::NoPaymentPending)?;
    match charge.state {
        ChargeState::Failed { .. } => Ok(()),
        ChargeState::Successful { .. } => Err(Refusal::NoPaymentPending),
        ChargeState::Pending { .. } => {
            let reason = reason.chars().take(300).collect();
            draft.push(Event::ChargeFailed { payment, reason, lapsed_at: None });
            Ok(())
        }
    }
}
