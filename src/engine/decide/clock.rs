//! Deadlines that have passed, and reminders before them.

use super::ending::{drop_unpaid, pay_out_at_once, pay_out_to, refund, release};
use super::{Draft, agreement, dispute, refund as back};
use crate::engine::command::Facts;
use crate::engine::deadlines::{CANCEL_DAYS, Deadline, Mark, Waiting};
use crate::engine::dispute::{ExtensionEnd, Settlement, SettlementEnd};
use crate::engine::escrow::{End, How};
use crate::engine::event::Event;
use crate::engine::late;
use crate::engine::party::Actor;
use crate::engine::refusal::Refusal;
use crate::engine::time::Time;

fn running(
    draft: &Draft,
    waiting: Waiting,
    milestone: Option<u16>,
    since: Time,
) -> Result<Option<Deadline>, Refusal> {
    match draft.actor {
        Actor::Clock => {}
        Actor::Party { .. } | Actor::Operator { .. } | Actor::Arbiter { .. } | Actor::Rail => {
            return Err(Refusal::NotYourRole { needs: Vec::new() });
        }
    }
    let same =
        |clock: &Deadline| clock.waiting == waiting && clock.milestone == milestone && clock.since == since;
    Ok(late::every(&draft.escrow).into_iter().find(same))
}

/// Carries out what silence means. A clock that no longer runs has nothing to say; never early.
pub(super) fn lapse(
    draft: &mut Draft,
    waiting: Waiting,
    milestone: Option<u16>,
    since: Time,
    facts: &Facts,
) -> Result<(), Refusal> {
    let Some(clock) = running(draft, waiting, milestone, since)? else { return Ok(()) };
    if clock.at > draft.now {
        return Err(Refusal::NotDueYet);
    }
    draft.lapsed_at = Some(clock.at);
    let number = milestone.unwrap_or_default();
    let left = draft.escrow.milestone(number).map_or(0, |part| part.left_minor());
    match waiting {
        Waiting::Acceptance => draft.ended(End::ExpiredNotAccepted),
        Waiting::Payment | Waiting::LinkPayment => draft.ended(End::ExpiredNotPaid),
        Waiting::RailAnswer => {
            if let Some(charge) = draft.escrow.charge.clone() {
                let reason = "The payment provider did not answer in time.".to_owned();
                draft.push(Event::ChargeFailed {
                    payment: charge.payment,
                    reason,
                    lapsed_at: draft.lapsed_at,
                });
            }
        }
        Waiting::SellerAnswer => agreement::reject_unanswered(draft),
        Waiting::NextPayment => drop_unpaid(draft),
        Waiting::ProofReview => {
            draft.push(Event::ProofAccepted { milestone: number, by_clock: true, lapsed_at: draft.lapsed_at })
        }
        Waiting::ProofUpload | Waiting::Delivery | Waiting::Changes => {
            draft.push(Event::Overdue { milestone: number, refund_at: draft.until(CANCEL_DAYS) });
        }
        Waiting::Extension => {
            draft.push(Event::ExtensionEnded { milestone: number, how: ExtensionEnd::Lapsed });
        }
        Waiting::CancellationAnswer => dispute::from_cancellation(draft, facts),
        Waiting::Settlement => {
            let lapsed = |offer: &&Settlement| offer.since == since && offer.answer_by <= draft.now;
            if let Some(settlement) = draft.escrow.settlements.iter().find(lapsed).map(|offer| offer.number) {
                draft.push(Event::SettlementEnded { settlement, how: SettlementEnd::Lapsed });
            }
        }
        Waiting::DisputeAnswer | Waiting::DisputeTalk | Waiting::Ruling => {
            dispute::lapse(draft, number, facts);
        }
        Waiting::Cancelling => refund(draft, number, left, How::ByClock),
        Waiting::Inspection => {
            release(draft, number, left, How::ByClock);
            pay_out_at_once(draft, number, facts);
        }
        Waiting::PayOut => {
            let users: Vec<_> = draft.escrow.parties.iter().map(|party| party.user).collect();
            for user in users {
                pay_out_to(draft, number, user);
            }
        }
        Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::FailedRefund => {
            back::lapse(draft, clock);
        }
        Waiting::Closing => draft.push(Event::Closed),
    }
    Ok(())
}

pub(super) fn remind(
    draft: &mut Draft,
    waiting: Waiting,
    milestone: Option<u16>,
    since: Time,
    mark: Mark,
) -> Result<(), Refusal> {
    let Some(clock) = running(draft, waiting, milestone, since)? else { return Ok(()) };
    let sent = draft.escrow.reminded.iter().any(|sent| {
        sent.waiting == waiting && sent.milestone == milestone && sent.since == since && sent.mark == mark
    });
    if sent {
        return Ok(());
    }
    if clock.mark_at(mark).is_none_or(|at| at > draft.now) {
        return Err(Refusal::NotDueYet);
    }
    draft.push(Event::Reminded { waiting, milestone, since, mark, deadline: clock.at });
    Ok(())
}
