//! Work delivered, inspected, approved, sent back.

use super::cancellation::superseded;
use super::ending::{pay_out_at_once, release};
use super::{Draft, said, short_enough};
use crate::engine::check::MOST_FILES;
use crate::engine::command::Facts;
use crate::engine::escrow::{How, MilestoneEnd, MilestoneStage, Stage};
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::engine::terms::FileRef;
use crate::text::trimmed;

/// Vesicash: `mark_as_done`.
pub(super) fn mark_done(
    draft: &mut Draft,
    number: u16,
    note: &str,
    files: &[FileRef],
    facts: &Facts,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller])?;
    let part = draft.milestone(number)?;
    match part.stage {
        MilestoneStage::Delivered { .. }
        | MilestoneStage::Settling { how: How::Delivered, .. }
        | MilestoneStage::Ended { how: How::Delivered, .. } => return Ok(()),
        MilestoneStage::InProgress { .. } | MilestoneStage::ChangesRequested { .. } => {}
        MilestoneStage::Unfunded => return Err(unpaid(draft)),
        MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. } => return Err(Refusal::NotInProgress),
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    if part.proof.as_ref().is_some_and(|proof| !proof.accepted()) {
        return Err(Refusal::ProofNotAccepted);
    }
    short_enough(note)?;
    if files.len() > MOST_FILES {
        return Err(Refusal::TooManyFiles);
    }
    let round = part.delivery.as_ref().map_or(0, |delivery| delivery.round) + 1;
    let index = usize::from(number) - 1;
    let instant = draft.escrow.instant();
    let terms = draft.escrow.terms.milestones.get(index).filter(|_| !instant);
    let days = terms.map_or(if instant { 0 } else { 3 }, |terms| terms.inspection_days);
    draft.push(Event::Delivered {
        milestone: number,
        round,
        note: trimmed(note).to_owned(),
        files: files.to_vec(),
        inspect_by: draft.now.plus_days(i64::from(days)),
    });
    // DHMAD: delivering an instant escrow completes it.
    if instant {
        let left = draft.milestone(number)?.left_minor();
        release(draft, number, left, How::Delivered);
        pay_out_at_once(draft, number, facts);
    }
    Ok(())
}

/// An instant escrow is over with its delivery: there is nothing to confirm.
pub(super) fn confirmed(draft: &Draft) -> Result<(), Refusal> {
    if draft.escrow.instant() { Err(Refusal::NoConfirmationStep) } else { Ok(()) }
}

/// A milestone on which no work is to be done yet: nothing was paid, not everyone agreed, or it is over.
pub(super) fn unpaid(draft: &Draft) -> Refusal {
    // What was declined after it was paid only waits for its money to be back.
    if draft.escrow.over() || draft.escrow.rejected.is_some() {
        Refusal::EscrowOver
    } else if draft.escrow.funded() && matches!(draft.escrow.stage, Stage::Proposed { .. }) {
        Refusal::NotAgreed
    } else {
        Refusal::NotPaid
    }
}

/// How much of what is left a command moves: all of it, or a part that is not too small to move by itself.
pub(super) fn part_of(
    draft: &Draft,
    number: u16,
    left: i64,
    part_minor: Option<i64>,
) -> Result<i64, Refusal> {
    let amount = part_minor.unwrap_or(left);
    if amount <= 0 {
        return Err(Refusal::AmountMissing);
    }
    if amount > left {
        return Err(Refusal::InsufficientFunds { available: draft.escrow.terms.money(left) });
    }
    let least = draft.escrow.least_part_minor(number);
    if amount < least && amount < left {
        return Err(Refusal::PartTooSmall { least: draft.escrow.terms.money(least) });
    }
    Ok(amount)
}

/// Releases all that is left, or a part of it; a part that equals the rest is the whole.
pub(super) fn approve(
    draft: &mut Draft,
    number: u16,
    part_minor: Option<i64>,
    facts: &Facts,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    confirmed(draft)?;
    let part = draft.milestone(number)?;
    let left = part.left_minor();
    match part.stage {
        MilestoneStage::Settling { end: MilestoneEnd::Released, .. }
        | MilestoneStage::Ended { end: MilestoneEnd::Released, .. } => return Ok(()),
        MilestoneStage::Delivered { .. } => {}
        MilestoneStage::Unfunded => return Err(unpaid(draft)),
        MilestoneStage::InProgress { .. }
        | MilestoneStage::ChangesRequested { .. }
        | MilestoneStage::Settling { .. }
        | MilestoneStage::Ended { .. } => return Err(Refusal::NotDelivered),
    }
    draft.unfrozen(number)?;
    let amount = part_of(draft, number, left, part_minor)?;
    superseded(draft);
    release(draft, number, amount, How::Approved);
    pay_out_at_once(draft, number, facts);
    Ok(())
}

pub(super) fn request_changes(
    draft: &mut Draft,
    number: u16,
    failed: &[u16],
    reason: &str,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    confirmed(draft)?;
    let part = draft.milestone(number)?;
    let round = part.delivery.as_ref().map_or(0, |delivery| delivery.round);
    match part.stage {
        MilestoneStage::ChangesRequested { .. } => return Ok(()),
        MilestoneStage::Delivered { .. } => {}
        MilestoneStage::Unfunded => return Err(unpaid(draft)),
        MilestoneStage::InProgress { .. }
        | MilestoneStage::Settling { .. }
        | MilestoneStage::Ended { .. } => return Err(Refusal::NotDelivered),
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    let known = draft.escrow.terms.milestones[usize::from(number) - 1].criteria.len();
    let mut failed = failed.to_vec();
    failed.sort_unstable();
    failed.dedup();
    if failed.is_empty() && known > 0 {
        return Err(Refusal::CriteriaUnnamed);
    }
    if failed.iter().any(|place| usize::from(*place) >= known) {
        return Err(Refusal::UnknownCriterion);
    }
    said(reason)?;
    let reason = trimmed(reason).to_owned();
    draft.push(Event::ChangesRequested { milestone: number, round, failed, reason });
    Ok(())
}
