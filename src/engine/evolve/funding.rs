//! The buyer's payments, and what begins with them: the work, or the proof that comes before it.

use super::{disagreement, refunds};
use crate::engine::deadlines::{self, DELIVERY_GRACE_DAYS, LAPSED_LEAST_HOURS};
use crate::engine::escrow::{Charge, ChargeState, Escrow, Holding, Milestone, MilestoneStage, Stage};
use crate::engine::event::Event;
use crate::engine::party::{Party, PartyStatus, Role};
use crate::engine::plan::Part;
use crate::engine::proof::{Correction, Proof, ProofPhase, SentProof};
use crate::engine::terms::{Kind, Mode};
use crate::engine::time::Time;

/// The buyer's payment.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
pub(super) fn charged(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::ChargeStarted { payment, milestones, method, amount_minor, answer_by, payer } => {
            let (milestones, method, amount_minor) = (milestones.clone(), method.clone(), *amount_minor);
            let state = ChargeState::Pending { since: at, answer_by: *answer_by };
            let (payment, payer, returned_at) = (*payment, *payer, None);
            let guest = escrow.party(Role::Buyer).is_some_and(|buyer| buyer.guest);
            escrow.given_up.extend(escrow.charge.take());
            escrow.charge =
                Some(Charge { payment, milestones, method, amount_minor, state, payer, guest, returned_at });
        }
        Event::ChargeFailed { reason, lapsed_at, .. } => charge_failed(escrow, reason, *lapsed_at, at),
        Event::ChargeSettled { due, .. } => charge_settled(escrow, *due, at),
        Event::ChargeReturned { payment, .. } => {
            let attempts = escrow.charge.iter_mut().chain(&mut escrow.given_up);
            let returned = attempts.filter(|charge| charge.payment == *payment);
            returned.for_each(|charge| charge.returned_at = Some(at));
            refunds::apply(escrow, event, at);
        }
        _ => {}
    }
}

/// Whoever pays by the link has accepted the terms by that. The same person by another user has paid what the
/// first one did.
pub(super) fn joined(escrow: &mut Escrow, event: &Event) {
    let Event::BuyerJoined { user, instead_of, claimed, guest, .. } = event else { return };
    let (user, from) = (*user, instead_of.filter(|_| *claimed));
    match escrow.parties.iter_mut().find(|party| party.role == Role::Buyer) {
        Some(buyer) => (buyer.user, buyer.guest) = (user, *guest),
        None => escrow.parties.push(Party {
            role: Role::Buyer,
            user,
            status: PartyStatus::Accepted,
            signature: None,
            invited_again_at: None,
            joined: false,
            guest: *guest,
        }),
    }
    for charge in escrow.charge.iter_mut().chain(&mut escrow.given_up) {
        if from.is_some() && charge.payer == from {
            (charge.payer, charge.guest) = (Some(user), *guest);
        }
    }
}

/// The buyer is to pay; or, if that came first, work begins.
pub(super) fn agreed(escrow: &mut Escrow, pay_by: Time, due: Option<Time>, at: Time) {
    if escrow.funded() {
        escrow.stage = Stage::Active { since: at };
        for number in (1_u16..).take(escrow.milestones.len()) {
            begin(escrow, number, due, at);
        }
    } else {
        escrow.stage = Stage::Agreed { since: at, pay_by };
    }
}

/// A proof was sent, sent back, or accepted. Sending one ends the buyer's right to cancel.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
pub(super) fn proof(milestone: &mut Milestone, event: &Event, at: Time) {
    // Each phase has a clock of its own.
    disagreement::restart(milestone);
    let Some(proof) = &mut milestone.proof else { return };
    match event {
        Event::ProofSubmitted { round, kind, note, files, review_by, .. } => {
            let (note, files) = (note.clone(), files.clone());
            proof.sent = Some(SentProof { round: *round, at, kind: *kind, note, files, correction: None });
            proof.phase = ProofPhase::Review { since: at, review_by: *review_by };
            if let MilestoneStage::InProgress { overdue_since, .. } = &mut milestone.stage {
                *overdue_since = None;
            }
        }
        Event::CorrectionsRequested { round, note, upload_by, .. } => {
            proof.corrections = *round;
            proof.phase = ProofPhase::WaitingSellerProof { since: at, upload_by: *upload_by };
            if let Some(sent) = &mut proof.sent {
                sent.correction = Some(Correction { note: note.clone(), at });
            }
        }
        Event::ProofAccepted { by_clock, lapsed_at, .. } => {
            proof.phase = ProofPhase::Accepted { at, by_clock: *by_clock };
            // The time that the proof took is not the seller's delay.
            if let MilestoneStage::InProgress { since, due, .. } = &mut milestone.stage {
                let ends = deadlines::ends(*lapsed_at, at, DELIVERY_GRACE_DAYS);
                (*since, *due) = (at, (*due).max(ends.plus_days(-DELIVERY_GRACE_DAYS)));
            }
        }
        _ => {}
    }
}

/// The clocks of acceptance and payment waited for the provider: they get that time back.
fn charge_failed(escrow: &mut Escrow, reason: &str, lapsed_at: Option<Time>, at: Time) {
    let Some(charge) = &mut escrow.charge else { return };
    if let ChargeState::Pending { since, .. } = charge.state {
        let waited = at.since(since);
        let later = |end: Time| {
            let end = end.plus(waited);
            if lapsed_at.is_some() { end.max(at.plus_hours(LAPSED_LEAST_HOURS)) } else { end }
        };
        match &mut escrow.stage {
            Stage::Proposed { expires_at: end, .. } | Stage::Agreed { pay_by: end, .. } => {
                *end = later(*end);
            }
            Stage::Active { .. } | Stage::Ended { .. } | Stage::Closed { .. } => {}
        }
        for number in &charge.milestones {
            let part = escrow.milestones.get_mut(usize::from(*number).saturating_sub(1));
            if let Some(asked) = part.and_then(|part| part.asked.as_mut()) {
                asked.pay_by = later(asked.pay_by);
            }
        }
    }
    charge.state = ChargeState::Failed { at, reason: reason.to_owned() };
}

fn charge_settled(escrow: &mut Escrow, due: Option<Time>, at: Time) {
    let Some(charge) = &mut escrow.charge else { return };
    charge.state = ChargeState::Successful { at };
    let paid_for = charge.milestones.clone();
    for number in paid_for {
        let index = usize::from(number).saturating_sub(1);
        if let (Some(plan), Some(part)) =
            (escrow.plan.milestones.get(index), escrow.milestones.get_mut(index))
        {
            let holding = |line: &Part| Holding {
                share: line.share,
                held_minor: line.amount_minor,
                payable_minor: 0,
                reserved_minor: 0,
            };
            part.holdings = plan.lines.iter().map(holding).collect();
        }
        // What was paid before everyone agreed waits for that.
        if !matches!(escrow.stage, Stage::Proposed { .. }) {
            begin(escrow, number, due, at);
        }
    }
    if matches!(escrow.stage, Stage::Agreed { .. }) {
        escrow.stage = Stage::Active { since: at };
    }
}

/// Work on a paid milestone begins.
fn begin(escrow: &mut Escrow, number: u16, due: Option<Time>, at: Time) {
    let index = usize::from(number).saturating_sub(1);
    let (Some(terms), Some(part)) = (escrow.terms.milestones.get(index), escrow.milestones.get_mut(index))
    else {
        return;
    };
    // A one-off deal counts its days from payment (Vesicash: delivery days).
    let days = escrow.terms.days_to_deliver();
    let due = match escrow.terms.kind {
        Kind::OneOff => due.unwrap_or_else(|| at.plus_days(days)),
        // Whoever is paid after the agreed date still has the days of grace to deliver in.
        Kind::Milestone => terms.due.unwrap_or(at).max(at),
    };
    part.stage = MilestoneStage::InProgress { since: at, due, overdue_since: None };
    if escrow.terms.mode == Mode::QuickProof {
        part.proof = Some(Proof::asked(&escrow.terms, at));
    }
}
