//! Payments, derived from the events of their escrow. What only the provider knows of them stands in no event.

use uuid::Uuid;

use crate::engine::escrow::{Escrow, Method};
use crate::engine::event::Event;
use crate::engine::late::WayBack;
use crate::engine::party::{Role, UserId};
use crate::engine::refund::Refund;
use crate::engine::time::Time;
use crate::store::doctor::escrows::PaymentRow;
use crate::store::payments::{ANOTHER_ATTEMPT, WALLET};

/// What an event changes about the payments, given the escrow as it is after it.
#[allow(clippy::wildcard_enum_match_arm, reason = "the others move no money at a provider")]
pub(super) fn follow(rows: &mut Vec<PaymentRow>, escrow: &Escrow, event: &Event, at: Time) {
    let buyer = escrow.party(Role::Buyer).map(|party| party.user);
    match event {
        Event::ChargeStarted { payment, method, amount_minor, .. } => {
            let method = match method {
                Method::Wallet => WALLET,
                Method::Rail { rail } => rail.as_str(),
            };
            let charge = new(escrow, buyer.unwrap_or_default(), "escrow-deposit", method, *amount_minor, at);
            rows.push(PaymentRow { id: *payment, ..charge });
        }
        Event::ChargeSettled { payment, .. } => settle(rows, *payment, "successful", None, at),
        Event::ChargeFailed { payment, reason, .. } => settle(rows, *payment, "failed", Some(reason), at),
        Event::BuyerJoined { user, instead_of: Some(from), claimed: true, .. } => {
            rows.iter_mut().filter(|row| row.user_id == *from).for_each(|row| row.user_id = *user);
        }
        Event::PaidOut { milestone, user, amount_minor, .. } => {
            rows.push(to_wallet(escrow, *user, "escrow-payout", *milestone, *amount_minor, at));
        }
        Event::Refunded { milestone, parts, .. } => {
            if let Some(buyer) = buyer {
                let sum = parts.iter().map(|part| part.amount_minor).sum();
                rows.push(to_wallet(escrow, buyer, "escrow-refund", *milestone, sum, at));
            }
        }
        Event::RefundStarted { refund, .. }
        | Event::ChargeReturned { back: Some(WayBack { refund, .. }), .. } => {
            rows.extend(attempt(escrow, *refund, 1, buyer, at));
        }
        Event::RefundRetried { refund, attempt: number, .. } => match find(rows, *refund, *number) {
            Some(row) => {
                (row.state, row.reason, row.settled_at) = ("pending".to_owned(), None, None);
            }
            None => rows.extend(attempt(escrow, *refund, *number, buyer, at)),
        },
        Event::RefundSettled { refund, attempt, .. } => {
            answer(rows, (*refund, *attempt), "successful", None, at);
            let others = rows.iter_mut().filter(|row| row.refund == Some(i32::from(*refund)));
            for row in others.filter(|row| row.state == "pending") {
                end(row, "failed", Some(ANOTHER_ATTEMPT), at);
            }
        }
        Event::RefundFailed { refund, attempt, reason, .. } => {
            answer(rows, (*refund, *attempt), "failed", Some(reason), at);
        }
        Event::RefundedToWallet { refund, milestone } => {
            let sum = escrow.refund(*refund).map_or(0, Refund::sum_minor);
            let row = to_wallet(escrow, whose(escrow, *refund, buyer), "escrow-refund", *milestone, sum, at);
            rows.push(PaymentRow { refund: Some(i32::from(*refund)), attempt: Some(0), ..row });
        }
        _ => {}
    }
}

fn new(escrow: &Escrow, user: UserId, kind: &str, method: &str, amount_minor: i64, at: Time) -> PaymentRow {
    PaymentRow {
        id: Uuid::nil(),
        escrow_id: escrow.id,
        user_id: user,
        kind: kind.to_owned(),
        method: method.to_owned(),
        state: "pending".to_owned(),
        reason: None,
        currency: escrow.terms.currency.code().to_owned(),
        amount_minor,
        milestone: None,
        refund: None,
        attempt: None,
        created_at: at,
        settled_at: None,
    }
}

fn to_wallet(
    escrow: &Escrow,
    user: UserId,
    kind: &str,
    milestone: u16,
    amount_minor: i64,
    at: Time,
) -> PaymentRow {
    let mut row = new(escrow, user, kind, WALLET, amount_minor, at);
    end(&mut row, "successful", None, at);
    PaymentRow { milestone: Some(i32::from(milestone)), ..row }
}

/// The buyer's, but for what came too late from somebody who may be nobody here any more.
fn whose(escrow: &Escrow, number: u16, buyer: Option<UserId>) -> UserId {
    let late = escrow.refund(number).filter(|refund| refund.late);
    late.and_then(|refund| escrow.payer(refund.charge)).or(buyer).unwrap_or_default()
}

fn attempt(
    escrow: &Escrow,
    number: u16,
    attempt: u16,
    buyer: Option<UserId>,
    at: Time,
) -> Option<PaymentRow> {
    let refund = escrow.refund(number)?;
    let user = whose(escrow, number, buyer);
    let row = new(escrow, user, "escrow-refund", &refund.rail, refund.sum_minor(), at);
    Some(PaymentRow {
        milestone: Some(i32::from(refund.milestone)),
        refund: Some(i32::from(number)),
        attempt: Some(i32::from(attempt)),
        ..row
    })
}

fn find(rows: &mut [PaymentRow], refund: u16, attempt: u16) -> Option<&mut PaymentRow> {
    let of = (Some(i32::from(refund)), Some(i32::from(attempt)));
    rows.iter_mut().find(|row| (row.refund, row.attempt) == of)
}

fn settle(rows: &mut [PaymentRow], payment: Uuid, state: &str, reason: Option<&str>, at: Time) {
    let pending = rows.iter_mut().find(|row| row.id == payment && row.state == "pending");
    if let Some(row) = pending {
        end(row, state, reason, at);
    }
}

/// A silence that was taken for a failure can still become another answer.
fn answer(
    rows: &mut [PaymentRow],
    (refund, attempt): (u16, u16),
    state: &str,
    reason: Option<&str>,
    at: Time,
) {
    if let Some(row) = find(rows, refund, attempt).filter(|row| row.state != "successful") {
        end(row, state, reason, at);
    }
}

fn end(row: &mut PaymentRow, state: &str, reason: Option<&str>, at: Time) {
    state.clone_into(&mut row.state);
    row.reason = reason.map(str::to_owned);
    row.settled_at = Some(at);
}
