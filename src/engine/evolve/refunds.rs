//! Refunds by the way on which the money came: reserved, sent, failed, sent again, gone.

use super::{before, decided, end_when_empty, with};
use crate::engine::escrow::{Escrow, How};
use crate::engine::event::Event;
use crate::engine::refund::{Refund, RefundState};
use crate::engine::time::Time;

/// Applies an event of these.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
pub(super) fn apply(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::RefundStarted { milestone, amount_minor, parts, whole, how, .. } => {
            with(escrow, *milestone, |part| {
                part.refunded_minor += amount_minor;
                for moved in parts {
                    if let Some(held) = part.holdings.iter_mut().find(|held| held.share == moved.share) {
                        held.reserved_minor += moved.amount_minor;
                    }
                }
                decided(part, *whole, *how, at);
            });
            escrow.refunds.extend(started(event, at));
        }
        Event::ChargeReturned { payment, amount_minor, rail, back: Some(back) } => {
            escrow.refunds.push(Refund {
                number: back.refund,
                milestone: 0,
                amount_minor: *amount_minor,
                parts: Vec::new(),
                how: How::Cancelled,
                charge: *payment,
                rail: rail.clone(),
                attempt: 1,
                decided_at: at,
                sent_again: false,
                late: true,
                state: RefundState::Pending { since: at, answer_by: back.answer_by },
            });
        }
        Event::RefundSettled { refund, attempt, .. } => {
            let state = RefundState::Successful { at, attempt: *attempt };
            gone(escrow, *refund, state, at);
        }
        Event::RefundedToWallet { refund, .. } => gone(escrow, *refund, RefundState::ToWallet { at }, at),
        Event::RefundFailed { refund, reason, no_answer, lapsed_at, .. } => {
            let (reason, no_answer, lapsed_at) = (reason.clone(), *no_answer, before(*lapsed_at, at));
            if let Some(refund) = find(escrow, *refund) {
                refund.state = RefundState::Failed { at, reason, no_answer, lapsed_at };
            }
        }
        Event::RefundRetried { refund, attempt, by_clock, answer_by, .. } => {
            if let Some(refund) = find(escrow, *refund) {
                refund.attempt = *attempt;
                refund.sent_again |= by_clock;
                refund.state = RefundState::Pending { since: at, answer_by: *answer_by };
            }
        }
        _ => {}
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "only one event starts a refund")]
fn started(event: &Event, at: Time) -> Option<Refund> {
    match event {
        Event::RefundStarted {
            refund, milestone, amount_minor, parts, how, charge, rail, answer_by, ..
        } => Some(Refund {
            number: *refund,
            milestone: *milestone,
            amount_minor: *amount_minor,
            parts: parts.clone(),
            how: *how,
            charge: *charge,
            rail: rail.clone(),
            attempt: 1,
            decided_at: at,
            sent_again: false,
            late: false,
            state: RefundState::Pending { since: at, answer_by: *answer_by },
        }),
        _ => None,
    }
}

fn find(escrow: &mut Escrow, number: u16) -> Option<&mut Refund> {
    escrow.refunds.iter_mut().find(|refund| refund.number == number)
}

/// Its money has left what is held.
fn gone(escrow: &mut Escrow, number: u16, state: RefundState, at: Time) {
    let Some(refund) = find(escrow, number) else { return };
    refund.state = state;
    let (milestone, parts) = (refund.milestone, refund.parts.clone());
    with(escrow, milestone, |part| {
        for moved in parts {
            if let Some(held) = part.holdings.iter_mut().find(|held| held.share == moved.share) {
                held.held_minor -= moved.amount_minor;
                held.reserved_minor -= moved.amount_minor;
            }
        }
        end_when_empty(part, at);
    });
}
