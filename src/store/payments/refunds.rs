//! Refunds as they stand with their providers: a row an attempt.

use uuid::Uuid;

use super::{ANOTHER_ATTEMPT, to_wallet};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::late::WayBack;
use crate::engine::refund::Refund;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec};

/// Writes down what an event means for the attempts of a refund; `id` names a new one. True if a provider is
/// to be told.
pub(super) async fn record(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    event: &Event,
    id: Uuid,
    buyer: Uuid,
    at: Time,
) -> Result<bool, DbError> {
    match event {
        Event::RefundStarted { refund, .. }
        | Event::ChargeReturned { back: Some(WayBack { refund, .. }), .. } => {
            start(conn, escrow, *refund, 1, id, buyer, at).await
        }
        // Whoever was silent is told of the same order again; an order that failed is dead.
        Event::RefundRetried { refund, attempt, .. } => {
            let again = exec!(
                conn,
                "UPDATE payments SET state = 'pending', reason = NULL, settled_at = NULL, tell_at = $4
                 WHERE escrow_id = $1 AND refund = $2 AND attempt = $3",
                escrow.id,
                i32::from(*refund),
                i32::from(*attempt),
                at
            )?;
            if again > 0 { Ok(true) } else { start(conn, escrow, *refund, *attempt, id, buyer, at).await }
        }
        Event::RefundSettled { refund, attempt, .. } => {
            answered(conn, escrow, (*refund, *attempt), "successful", None, at).await?;
            // The buyer has his money: whatever else was asked for it is not waited for.
            exec!(
                conn,
                "UPDATE payments SET state = 'failed', reason = $5, settled_at = $4, tell_at = NULL
                 WHERE escrow_id = $1 AND refund = $2 AND attempt <> $3 AND state = 'pending'",
                escrow.id,
                i32::from(*refund),
                i32::from(*attempt),
                at,
                ANOTHER_ATTEMPT
            )?;
            Ok(false)
        }
        Event::RefundFailed { refund, attempt, reason, .. } => {
            answered(conn, escrow, (*refund, *attempt), "failed", Some(reason), at).await?;
            Ok(false)
        }
        Event::RefundedToWallet { refund, milestone } => {
            let sum = escrow.refund(*refund).map_or(0, Refund::sum_minor);
            let buyer = whose(escrow, *refund, buyer);
            to_wallet(conn, escrow, id, buyer, "escrow-refund", *milestone, sum, at).await?;
            let sql = "UPDATE payments SET refund = $2, attempt = 0 WHERE id = $1";
            exec!(conn, sql, id, i32::from(*refund))?;
            Ok(false)
        }
        _ => Ok(false),
    }
}

/// The buyer's, but for what came too late from somebody who may be nobody here any more.
fn whose(escrow: &Escrow, number: u16, buyer: Uuid) -> Uuid {
    let late = escrow.refund(number).filter(|refund| refund.late);
    late.and_then(|refund| escrow.payer(refund.charge)).unwrap_or(buyer)
}

async fn start(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    number: u16,
    attempt: u16,
    id: Uuid,
    buyer: Uuid,
    at: Time,
) -> Result<bool, DbError> {
    let Some(refund) = escrow.refund(number) else { return Ok(false) };
    let buyer = whose(escrow, number, buyer);
    exec!(
        conn,
        "INSERT INTO payments (id, escrow_id, user_id, kind, method, state, currency, amount_minor, milestone,
             refund, attempt, tell_at, created_at)
         VALUES ($1, $2, $3, 'escrow-refund', $4, 'pending', $5, $6, $7, $8, $9, $10, $10)",
        id,
        escrow.id,
        buyer,
        refund.rail.as_str(),
        escrow.terms.currency.code(),
        refund.sum_minor(),
        i32::from(refund.milestone),
        i32::from(number),
        i32::from(attempt),
        at
    )?;
    Ok(true)
}

/// An attempt got its answer. A silence that was taken for a failure can still become another answer.
async fn answered(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    (refund, attempt): (u16, u16),
    state: &str,
    reason: Option<&String>,
    at: Time,
) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE payments SET state = $4, reason = $5, settled_at = $6, tell_at = NULL
         WHERE escrow_id = $1 AND refund = $2 AND attempt = $3 AND state <> 'successful'",
        escrow.id,
        i32::from(refund),
        i32::from(attempt),
        state,
        reason.map(String::as_str),
        at
    )?;
    Ok(())
}

/// The providers that can take back what they brought into an escrow, or what one payment of it brought; none where
/// whoever paid wants refunds in their wallet.
///
/// # Errors
/// The database's.
pub async fn rails_that_refund(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    payment: Option<Uuid>,
) -> Result<Vec<String>, DbError> {
    let rows = all!(
        conn,
        (String,),
        "SELECT DISTINCT y.method FROM payments y JOIN users u ON u.id = y.user_id
         WHERE y.escrow_id = $1 AND y.kind = 'escrow-deposit' AND y.takes_back = TRUE
           AND u.refunds_to_wallet = FALSE AND ($2 IS NULL OR y.id = $2)
         ORDER BY y.method",
        escrow,
        payment
    )?;
    Ok(rows.into_iter().map(|(method,)| method).collect())
}

/// The provider has paid a refund that had gone another way: the operators must see it.
///
/// # Errors
/// The database's.
pub async fn sent_twice(conn: &mut Conn<'_>, payment: Uuid, at: Time) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE payments SET sent_twice_at = COALESCE(sent_twice_at, $2) WHERE id = $1",
        payment,
        at
    )?;
    Ok(())
}
