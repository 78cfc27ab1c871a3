//! Offers to settle, in a dispute or without one: per milestone, release a part and refund the rest.

use super::cancellation::superseded;
use super::delivery::unpaid;
use super::ending::{pay_out_at_once, refund, release};
use super::{Draft, short_enough};
use crate::engine::command::Facts;
use crate::engine::deadlines::SETTLEMENT_DAYS;
use crate::engine::dispute::{DisputeEnd, Settlement, SettlementEnd, Split};
use crate::engine::escrow::{How, Stage};
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::text::trimmed;

pub(super) const SIDES: [Role; 2] = [Role::Buyer, Role::Seller];

pub(super) fn offer(draft: &mut Draft, splits: &[Split], note: &str) -> Result<(), Refusal> {
    let by = draft.needs(&SIDES)?;
    let mut own = draft.escrow.settlements.iter().filter(|offer| offer.by == by);
    let last = own.next().map(|offer| (offer.number, offer.splits == splits && offer.note == trimmed(note)));
    if last.is_some_and(|(_, same)| same) {
        return Ok(());
    }
    paid_and_open(draft)?;
    exact(draft, splits)?;
    short_enough(note)?;
    if let Some((settlement, _)) = last {
        draft.push(Event::SettlementEnded { settlement, how: SettlementEnd::Withdrawn });
    }
    draft.push(Event::SettlementOffered {
        settlement: draft.escrow.settlements_offered + 1,
        by,
        splits: splits.to_vec(),
        note: trimmed(note).to_owned(),
        answer_by: draft.until(SETTLEMENT_DAYS),
    });
    Ok(())
}

pub(super) fn paid_and_open(draft: &Draft) -> Result<(), Refusal> {
    match draft.escrow.stage {
        Stage::Active { .. } => {}
        Stage::Proposed { .. } | Stage::Agreed { .. } => return Err(unpaid(draft)),
        Stage::Ended { .. } | Stage::Closed { .. } => return Err(Refusal::EscrowOver),
    }
    let undecided = draft.escrow.milestones.iter().any(|part| part.undecided());
    if undecided { Ok(()) } else { Err(Refusal::NothingUndecided) }
}

/// Each milestone once, undecided, and its two sums come to what is left of it.
pub(super) fn exact(draft: &Draft, splits: &[Split]) -> Result<(), Refusal> {
    if splits.is_empty() {
        return Err(Refusal::SplitIncomplete);
    }
    for (place, split) in splits.iter().enumerate() {
        let part = draft.milestone(split.milestone)?;
        if splits[..place].iter().any(|other| other.milestone == split.milestone) {
            return Err(Refusal::SplitIncomplete);
        }
        if !part.undecided() {
            return Err(if part.funded() { Refusal::NothingUndecided } else { Refusal::NotPaid });
        }
        let left = part.left_minor();
        if split.release_minor < 0 || split.refund_minor < 0 || split.sum_minor() != left {
            let (milestone, left) = (split.milestone, draft.escrow.terms.money(left));
            return Err(Refusal::SplitDoesNotSum { milestone, left });
        }
    }
    Ok(())
}

fn standing(draft: &Draft, number: u16) -> Result<Settlement, Refusal> {
    let offer = draft.escrow.settlements.iter().find(|offer| offer.number == number);
    offer.cloned().ok_or(Refusal::NoSuchSettlement)
}

fn of_the_other_side(draft: &Draft, number: u16) -> Result<Settlement, Refusal> {
    let role = draft.needs(&SIDES)?;
    let offer = standing(draft, number)?;
    if offer.by == role { Err(Refusal::OwnSettlement) } else { Ok(offer) }
}

pub(super) fn accept(draft: &mut Draft, number: u16, facts: &Facts) -> Result<(), Refusal> {
    let offer = of_the_other_side(draft, number)?;
    draft.push(Event::SettlementEnded { settlement: number, how: SettlementEnd::Accepted });
    superseded(draft);
    let settled = |milestone: u16| offer.splits.iter().any(|split| split.milestone == milestone);
    let over: Vec<u16> = draft
        .escrow
        .disputes
        .iter()
        .filter(|dispute| dispute.claims.iter().all(|claim| settled(claim.milestone)))
        .map(|dispute| dispute.number)
        .collect();
    for dispute in over {
        draft.push(Event::DisputeEnded { dispute, how: DisputeEnd::Settled, reasons: String::new() });
    }
    carry_out(draft, &offer.splits, How::Settled, facts);
    Ok(())
}

pub(super) fn refuse(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    of_the_other_side(draft, number)?;
    draft.push(Event::SettlementEnded { settlement: number, how: SettlementEnd::Refused });
    Ok(())
}

pub(super) fn withdraw(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    let role = draft.needs(&SIDES)?;
    if standing(draft, number)?.by != role {
        return Err(Refusal::NoSuchSettlement);
    }
    draft.push(Event::SettlementEnded { settlement: number, how: SettlementEnd::Withdrawn });
    Ok(())
}

/// Releases, then refunds, milestone by milestone.
pub(super) fn carry_out(draft: &mut Draft, splits: &[Split], how: How, facts: &Facts) {
    for split in splits {
        release(draft, split.milestone, split.release_minor, how);
        refund(draft, split.milestone, split.refund_minor, how);
        pay_out_at_once(draft, split.milestone, facts);
    }
}
