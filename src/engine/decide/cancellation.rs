//! Everything goes back: the buyer asks, the seller answers or cancels by himself, or gives a part back.

use super::delivery::{part_of, unpaid};
use super::ending::{drop_unpaid, refund};
use super::{Draft, said, short_enough};
use crate::engine::deadlines::CANCELLATION_DAYS;
use crate::engine::dispute::CancellationEnd;
use crate::engine::escrow::{How, MilestoneStage, Stage};
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::text::trimmed;

/// How often a buyer can ask: each time stops the clocks, so it must not go on for ever.
pub const MOST_REQUESTS: u16 = 3;

/// DHMAD: stops every other clock until it is answered.
pub(super) fn request(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    if draft.escrow.cancellation.is_some() {
        return Ok(());
    }
    something_open(draft)?;
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    if draft.escrow.cancellations_asked >= MOST_REQUESTS {
        return Err(Refusal::CancellationAskedOften { most: MOST_REQUESTS });
    }
    said(reason)?;
    let (reason, answer_by) = (trimmed(reason).to_owned(), draft.until(CANCELLATION_DAYS));
    draft.push(Event::CancellationRequested { reason, answer_by });
    Ok(())
}

/// Whether anything is held that nobody has decided or quarrels about.
pub(super) fn something_open(draft: &Draft) -> Result<(), Refusal> {
    match draft.escrow.stage {
        Stage::Active { .. } => {}
        Stage::Proposed { .. } | Stage::Agreed { .. } => return Err(unpaid(draft)),
        Stage::Ended { .. } | Stage::Closed { .. } => return Err(Refusal::EscrowOver),
    }
    if !draft.escrow.open_milestones().is_empty() {
        Ok(())
    } else if draft.escrow.disputes.is_empty() {
        Err(Refusal::NothingUndecided)
    } else {
        Err(Refusal::InDispute)
    }
}

fn standing(draft: &Draft) -> Result<(), Refusal> {
    draft.escrow.cancellation.as_ref().map(|_| ()).ok_or(Refusal::NoCancellationRequested)
}

pub(super) fn withdraw(draft: &mut Draft) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    standing(draft)?;
    draft.push(Event::CancellationEnded { end: CancellationEnd::Withdrawn });
    Ok(())
}

/// The clocks go on with the time that was left.
pub(super) fn refuse(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller])?;
    standing(draft)?;
    said(reason)?;
    let reason = trimmed(reason).to_owned();
    draft.push(Event::CancellationEnded { end: CancellationEnd::Refused { reason } });
    Ok(())
}

/// The seller agrees, or cancels by himself: all that is open goes back in full.
pub(super) fn cancel_all(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller])?;
    let cancelled = |stage: &MilestoneStage| {
        matches!(
            stage,
            MilestoneStage::Settling { how: How::Cancelled, .. }
                | MilestoneStage::Ended { how: How::Cancelled, .. }
        )
    };
    let funded = draft.escrow.milestones.iter().filter(|part| part.funded());
    if draft.escrow.open_milestones().is_empty() && funded.clone().any(|part| cancelled(&part.stage)) {
        return Ok(());
    }
    something_open(draft)?;
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    short_enough(reason)?;
    if draft.escrow.cancellation.is_some() {
        draft.push(Event::CancellationEnded { end: CancellationEnd::Accepted });
    }
    // What was never paid for goes with it, so that nobody is asked to pay for the rest of a cancelled deal.
    drop_unpaid(draft);
    for number in draft.escrow.open_milestones() {
        let left = draft.milestone(number)?.left_minor();
        refund(draft, number, left, How::Cancelled);
    }
    Ok(())
}

/// The seller gives back all that is left of a milestone, or a part, which leaves its stage as it is.
pub(super) fn refund_by_seller(
    draft: &mut Draft,
    number: u16,
    part_minor: Option<i64>,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller])?;
    let part = draft.milestone(number)?;
    let left = part.left_minor();
    match part.stage {
        MilestoneStage::Settling { how: How::Refunded, .. }
        | MilestoneStage::Ended { how: How::Refunded, .. } => return Ok(()),
        MilestoneStage::InProgress { .. }
        | MilestoneStage::Delivered { .. }
        | MilestoneStage::ChangesRequested { .. } => {}
        MilestoneStage::Unfunded => return Err(unpaid(draft)),
        MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. } => {
            return Err(Refusal::NothingUndecided);
        }
    }
    draft.unfrozen(number)?;
    let amount = part_of(draft, number, left, part_minor)?;
    refund(draft, number, amount, How::Refunded);
    Ok(())
}

/// An approval, a dispute or a settlement takes the place of a standing request.
pub(super) fn superseded(draft: &mut Draft) {
    if draft.escrow.cancellation.is_some() {
        draft.push(Event::CancellationEnded { end: CancellationEnd::Superseded });
    }
}
