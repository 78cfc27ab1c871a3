//! Money leaves: released, refunded, paid out; and the escrow ends and is closed.

use super::Draft;
use super::refund::step_back;
use crate::engine::command::Facts;
use crate::engine::deadlines::next_pay_by;
use crate::engine::escrow::{End, How, MilestoneEnd, MilestoneStage, Stage};
use crate::engine::event::Event;
use crate::engine::party::{Role, UserId};
use crate::engine::refusal::Refusal;
use crate::engine::step::{self, Step};
use crate::engine::terms::Funding;

/// Releases a part of the balance that is there, or the rest of it.
pub(super) fn release(draft: &mut Draft, number: u16, amount_minor: i64, how: How) {
    if let Some((parts, whole)) = parts(draft, number, amount_minor) {
        let lapsed_at = draft.lapsed_at;
        draft.push(Event::Released { milestone: number, amount_minor, parts, whole, how, lapsed_at });
        end_if_all(draft);
    }
}

/// Refunds a part of the balance that is there, or the rest of it, with the fee that followed it.
pub(super) fn refund(draft: &mut Draft, number: u16, amount_minor: i64, how: How) {
    if let Some((parts, whole)) = parts(draft, number, amount_minor) {
        let event = step_back(draft, number, Step { amount_minor, parts, whole, how });
        draft.push(event);
        end_if_all(draft);
    }
}

fn parts(draft: &Draft, number: u16, amount: i64) -> Option<(Vec<crate::engine::plan::Part>, bool)> {
    let part = draft.escrow.milestone(number)?;
    let plan = draft.escrow.plan.milestones.get(usize::from(number).checked_sub(1)?)?;
    let left = part.left_minor();
    (amount > 0 && amount <= left).then(|| (step::parts(part, plan, amount), amount == left))
}

/// Pays out what is payable to those who want it in their wallet at once.
pub(super) fn pay_out_at_once(draft: &mut Draft, number: u16, facts: &Facts) {
    for user in facts.to_wallet_at_once.clone() {
        pay_out_to(draft, number, user);
    }
}

/// Pays out all that is payable to one user in a milestone; whether there was anything.
pub(super) fn pay_out_to(draft: &mut Draft, number: u16, user: UserId) -> bool {
    let parts = draft.escrow.payable_to(number, user);
    let any = !parts.is_empty();
    for part in parts {
        let (share, amount_minor) = (part.share, part.amount_minor);
        draft.push(Event::PaidOut { milestone: number, share, user, amount_minor });
    }
    if any {
        end_if_all(draft);
    }
    any
}

pub(super) fn pay_out(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    draft.needs(&[Role::Seller, Role::Broker, Role::Payee])?;
    let user = draft.user()?;
    let funded = draft.milestone(number)?.funded();
    if !pay_out_to(draft, number, user) && !paid_before(draft, number, user) {
        return Err(if funded { Refusal::NothingPayable } else { Refusal::NotPaid });
    }
    Ok(())
}

/// Whether the user's money of a decided milestone has already gone out.
fn paid_before(draft: &Draft, number: u16, user: UserId) -> bool {
    draft.escrow.milestone(number).is_some_and(|part| {
        let receives = part.holdings.iter().any(|held| draft.escrow.receiver(held.share) == Some(user));
        receives && part.released_minor > 0 && draft.escrow.payable_to(number, user).is_empty()
    })
}

/// With funding per milestone: once all before it are decided, the next one is to be paid.
fn ask_for_next(draft: &mut Draft) {
    let escrow = &draft.escrow;
    if escrow.terms.funding != Funding::PerMilestone || !matches!(escrow.stage, Stage::Active { .. }) {
        return;
    }
    let decided = |stage| matches!(stage, MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. });
    let Some(index) = escrow.milestones.iter().position(|part| !decided(part.stage)) else { return };
    let part = &escrow.milestones[index];
    if part.stage == MilestoneStage::Unfunded && part.asked.is_none() {
        let due = escrow.terms.milestones.get(index).and_then(|terms| terms.due);
        let milestone = u16::try_from(index + 1).unwrap_or(u16::MAX);
        let pay_by = next_pay_by(due, draft.lapsed_at.unwrap_or(draft.now), draft.now);
        draft.push(Event::NextPaymentDue { milestone, pay_by });
    }
}

/// A later milestone was not paid: it and those after it are dropped, the rest goes on.
pub(super) fn drop_unpaid(draft: &mut Draft) {
    for milestone in (1_u16..).take(draft.escrow.milestones.len()) {
        if draft.escrow.milestone(milestone).is_some_and(|part| part.stage == MilestoneStage::Unfunded) {
            draft.push(Event::Dropped { milestone });
        }
    }
    end_if_all(draft);
}

/// The escrow ends when every milestone has: completed if anything was released, else cancelled or refunded.
pub(super) fn end_if_all(draft: &mut Draft) {
    ask_for_next(draft);
    let ended = |how: &mut Option<How>, stage: &MilestoneStage| match stage {
        MilestoneStage::Ended { end: MilestoneEnd::Dropped, .. } => true,
        MilestoneStage::Ended { how: by, .. } => {
            *how = Some(*by);
            true
        }
        MilestoneStage::Unfunded
        | MilestoneStage::InProgress { .. }
        | MilestoneStage::Delivered { .. }
        | MilestoneStage::ChangesRequested { .. }
        | MilestoneStage::Settling { .. } => false,
    };
    let mut last = None;
    if draft.escrow.over() || !draft.escrow.milestones.iter().all(|part| ended(&mut last, &part.stage)) {
        return;
    }
    let released = draft.escrow.milestones.iter().any(|part| part.released_minor > 0);
    let end = match (released, last) {
        (true, _) => End::Completed,
        (false, Some(How::Cancelled | How::ByClock)) => End::Cancelled,
        (false, Some(How::Declined)) if let Some(rejected) = draft.escrow.rejected.clone() => {
            End::Declined { by: rejected.by, reason: rejected.reason }
        }
        (
            false,
            Some(How::Approved | How::Delivered | How::Declined | How::Refunded | How::Settled | How::Ruled)
            | None,
        ) => End::Refunded,
    };
    draft.ended(end);
}

/// The buyer cancels an overdue milestone: all that is left goes back.
pub(super) fn cancel(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    let part = draft.milestone(number)?;
    let left = part.left_minor();
    match part.stage {
        MilestoneStage::Settling { how: How::Cancelled, .. }
        | MilestoneStage::Ended {
            how: How::Cancelled,
            end: MilestoneEnd::Refunded | MilestoneEnd::Split | MilestoneEnd::Released,
            ..
        } => Ok(()),
        MilestoneStage::InProgress { overdue_since: Some(_), .. }
        | MilestoneStage::ChangesRequested { overdue_since: Some(_), .. } => {
            draft.unfrozen(number)?;
            refund(draft, number, left, How::Cancelled);
            Ok(())
        }
        MilestoneStage::Unfunded => Err(Refusal::NotPaid),
        MilestoneStage::InProgress { .. }
        | MilestoneStage::ChangesRequested { .. }
        | MilestoneStage::Delivered { .. }
        | MilestoneStage::Settling { .. }
        | MilestoneStage::Ended { .. } => Err(Refusal::NoRightToCancel),
    }
}

/// Cashless: closing needs a balance of zero and no pending payment; it is final.
pub(super) fn close(draft: &mut Draft) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer, Role::Seller, Role::Broker, Role::Payee])?;
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    match draft.escrow.stage {
        Stage::Ended { .. } => {
            draft.push(Event::Closed);
            Ok(())
        }
        Stage::Proposed { .. } | Stage::Agreed { .. } | Stage::Active { .. } => Err(Refusal::NotOverYet),
        Stage::Closed { .. } => Ok(()),
    }
}
