//! The proof before the delivery (DHMAD: quick with proof): sent, accepted, sent back for corrections.

use super::{Draft, said, short_enough};
use crate::engine::check::MOST_FILES;
use crate::engine::escrow::MilestoneStage;
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::proof::{MOST_CORRECTIONS, Proof, ProofKind, ProofPhase};
use crate::engine::refusal::Refusal;
use crate::engine::terms::{FileRef, Mode};
use crate::text::{is_blank, trimmed};

/// The proof of a milestone whose work is under way.
fn proof(draft: &Draft, number: u16) -> Result<Proof, Refusal> {
    match draft.escrow.terms.mode {
        Mode::QuickProof => {}
        Mode::Standard | Mode::Quick | Mode::Instant => return Err(Refusal::NoProofStep),
    }
    let part = draft.milestone(number)?;
    match (&part.proof, part.stage) {
        (Some(proof), MilestoneStage::InProgress { .. }) => Ok(proof.clone()),
        (_, MilestoneStage::Unfunded) => Err(super::delivery::unpaid(draft)),
        (
            _,
            MilestoneStage::InProgress { .. }
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. }
            | MilestoneStage::Ended { .. },
        ) => Err(Refusal::NotInProgress),
    }
}

pub(super) fn submit(
    draft: &mut Draft,
    number: u16,
    kind: ProofKind,
    note: &str,
    files: &[FileRef],
) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller])?;
    let proof = proof(draft, number)?;
    match proof.phase {
        ProofPhase::Review { .. } | ProofPhase::Accepted { .. } => return Ok(()),
        ProofPhase::WaitingSellerProof { .. } => {}
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    short_enough(note)?;
    if files.is_empty() && is_blank(note) {
        return Err(Refusal::ProofEmpty);
    }
    if files.len() > MOST_FILES {
        return Err(Refusal::TooManyFiles);
    }
    let review_by = draft.now.plus_hours(draft.escrow.terms.review_hours());
    draft.push(Event::ProofSubmitted {
        milestone: number,
        round: proof.sent.map_or(0, |sent| sent.round) + 1,
        kind,
        note: trimmed(note).to_owned(),
        files: files.to_vec(),
        review_by,
    });
    Ok(())
}

pub(super) fn accept(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    match proof(draft, number)?.phase {
        ProofPhase::Accepted { .. } => {}
        ProofPhase::Review { .. } => {
            draft.unfrozen(number)?;
            draft.not_cancelling()?;
            draft.push(Event::ProofAccepted { milestone: number, by_clock: false, lapsed_at: None });
        }
        ProofPhase::WaitingSellerProof { .. } => return Err(Refusal::NoProofInReview),
    }
    Ok(())
}

pub(super) fn request_corrections(draft: &mut Draft, number: u16, note: &str) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    let proof = proof(draft, number)?;
    match proof.phase {
        ProofPhase::Review { .. } => {}
        ProofPhase::WaitingSellerProof { .. } if proof.sent.is_some() => return Ok(()),
        ProofPhase::WaitingSellerProof { .. } | ProofPhase::Accepted { .. } => {
            return Err(Refusal::NoProofInReview);
        }
    }
    draft.unfrozen(number)?;
    draft.not_cancelling()?;
    if proof.corrections >= MOST_CORRECTIONS {
        return Err(Refusal::NoCorrectionsLeft);
    }
    said(note)?;
    let upload_by = draft.now.plus_hours(draft.escrow.terms.upload_hours());
    draft.push(Event::CorrectionsRequested {
        milestone: number,
        round: proof.corrections + 1,
        note: trimmed(note).to_owned(),
        upload_by,
    });
    Ok(())
}
