//! More time: a longer inspection, a later due date.

use super::delivery::confirmed;
use super::{Draft, said};
use crate::engine::deadlines::EXTENSION_DAYS;
use crate::engine::dispute::ExtensionEnd;
use crate::engine::escrow::MilestoneStage;
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::engine::time::Time;
use crate::text::trimmed;

/// By how many days a buyer can extend an inspection.
pub const MOST_INSPECTION_DAYS: u8 = 14;
/// A due date can't be further away.
const FURTHEST_DAYS: i64 = 3_650;

/// Once a delivery, by 14 days at most.
pub(super) fn extend_inspection(draft: &mut Draft, number: u16, days: u8) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    confirmed(draft)?;
    let part = draft.milestone(number)?;
    let extended = part.delivery.as_ref().is_some_and(|delivery| delivery.inspection_extended);
    match part.stage {
        MilestoneStage::Delivered { .. } => {}
        MilestoneStage::Unfunded => return Err(Refusal::NotPaid),
        MilestoneStage::InProgress { .. }
        | MilestoneStage::ChangesRequested { .. }
        | MilestoneStage::Settling { .. }
        | MilestoneStage::Ended { .. } => return Err(Refusal::NotDelivered),
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    if extended {
        return Err(Refusal::InspectionExtendedBefore);
    }
    if !(1..=MOST_INSPECTION_DAYS).contains(&days) {
        return Err(Refusal::DaysOutOfRange { most: MOST_INSPECTION_DAYS });
    }
    draft.push(Event::InspectionExtended { milestone: number, days });
    Ok(())
}

/// Vesicash: funded, not delivered.
pub(super) fn ask_extension(draft: &mut Draft, number: u16, due: Time, reason: &str) -> Result<(), Refusal> {
    let by = draft.needs(&[Role::Seller, Role::Broker])?;
    let part = draft.milestone(number)?;
    let Some(present) = part.due() else {
        return Err(if part.funded() { Refusal::NotInProgress } else { Refusal::NotPaid });
    };
    // Its own windows run first, and the date of the delivery moves with them.
    if part.proof.as_ref().is_some_and(|proof| !proof.accepted()) {
        return Err(Refusal::ProofNotAccepted);
    }
    if let Some(asked) = &part.extension {
        let same = asked.by == by && asked.due == due;
        return if same { Ok(()) } else { Err(Refusal::ExtensionAsked) };
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    said(reason)?;
    if due <= present || due <= draft.now || due > draft.now.plus_days(FURTHEST_DAYS) {
        return Err(Refusal::DateNotLater);
    }
    let (reason, answer_by) = (trimmed(reason).to_owned(), draft.until(EXTENSION_DAYS));
    draft.push(Event::ExtensionAsked { milestone: number, by, due, reason, answer_by });
    Ok(())
}

/// An amendment of one date: no new version of the terms, signatures stay.
pub(super) fn grant_extension(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    let due = asked(draft, number)?;
    draft.push(Event::ExtensionGranted { milestone: number, due });
    Ok(())
}

pub(super) fn refuse_extension(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    asked(draft, number)?;
    draft.push(Event::ExtensionEnded { milestone: number, how: ExtensionEnd::Refused });
    Ok(())
}

fn asked(draft: &Draft, number: u16) -> Result<Time, Refusal> {
    draft.needs(&[Role::Buyer])?;
    let part = draft.milestone(number)?;
    part.extension.as_ref().map(|asked| asked.due).ok_or(Refusal::NoExtensionAsked)
}
