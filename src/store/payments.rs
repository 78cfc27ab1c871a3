//! Payments: each movement in or out as it stands with its provider (Cashless: transactions).
//!
//! `execute.rs` writes them from events; the worker that speaks to the providers records here what it was
//! told. Only a settled payment has moved money, and that stands in the ledger.

mod refunds;

pub use refunds::{rails_that_refund, sent_twice};

use uuid::Uuid;

use crate::engine::escrow::{Escrow, Method};
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, claim, exec, opt};

/// After so long a worker that took a payment is given up for dead.
const LEASE_SECONDS: i64 = 60;
/// So long an attempt that was never submitted keeps others from paying.
pub const OPEN_FOR: time::Duration = time::Duration::minutes(30);
/// A provider that did not answer is asked again after so long.
const ASK_AGAIN: time::Duration = time::Duration::minutes(5);
/// The method's name for our own books.
pub const WALLET: &str = "wallet";
/// Why an attempt to refund is not waited for any more.
pub const ANOTHER_ATTEMPT: &str = "Another attempt had done it.";

/// A payment as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Payment {
    pub id: Uuid,
    pub escrow_id: Uuid,
    pub user_id: Uuid,
    pub kind: String,
    pub method: String,
    pub state: String,
    pub reason: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub provider_ref: Option<String>,
    pub provider_page: Option<String>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
    /// Of a refund by a provider: its number in the escrow, and which attempt this is.
    pub refund: Option<i32>,
    pub attempt: Option<i32>,
    /// When the provider paid a refund that had gone another way before.
    pub sent_twice_at: Option<Time>,
}

impl Payment {
    /// The refund that it carries out, and which attempt it is.
    #[must_use]
    pub fn refund(&self) -> Option<(u16, u16)> {
        Some((u16::try_from(self.refund?).ok()?, u16::try_from(self.attempt?).ok()?))
    }
}

/// Writes down what an event means for payments; `id` names a new one. True if a provider is to be told.
///
/// # Errors
/// The database's.
pub async fn record(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    event: &Event,
    id: Uuid,
    at: Time,
) -> Result<bool, DbError> {
    let buyer = escrow.party(Role::Buyer).map(|party| party.user);
    match (event, buyer) {
        (Event::ChargeStarted { payment, method, amount_minor, .. }, Some(buyer)) => {
            let (method, tell_at) = match method {
                Method::Wallet => (WALLET, None),
                Method::Rail { rail } => (rail.as_str(), Some(at)),
            };
            let end_at = tell_at.map(|at| at.plus(OPEN_FOR));
            exec!(
                conn,
                "INSERT INTO payments (id, escrow_id, user_id, kind, method, state, currency, amount_minor,
                     tell_at, created_at, end_at)
                 VALUES ($1, $2, $3, 'escrow-deposit', $4, 'pending', $5, $6, $7, $8, $9)",
                *payment,
                escrow.id,
                buyer,
                method,
                escrow.terms.currency.code(),
                *amount_minor,
                tell_at,
                at,
                end_at
            )?;
            Ok(tell_at.is_some())
        }
        (Event::ChargeSettled { payment, .. }, _) => settle(conn, *payment, "successful", None, at).await,
        (Event::ChargeFailed { payment, reason, .. }, _) => {
            settle(conn, *payment, "failed", Some(reason), at).await
        }
        (Event::PaidOut { milestone, user, amount_minor, .. }, _) => {
            to_wallet(conn, escrow, id, *user, "escrow-payout", *milestone, *amount_minor, at).await
        }
        (Event::Refunded { milestone, parts, .. }, Some(buyer)) => {
            let sum = parts.iter().map(|part| part.amount_minor).sum();
            to_wallet(conn, escrow, id, buyer, "escrow-refund", *milestone, sum, at).await
        }
        (Event::ChargeReturned { back: Some(_), .. }, _) => {
            refunds::record(conn, escrow, event, id, Uuid::nil(), at).await
        }
        (
            Event::RefundStarted { .. }
            | Event::RefundSettled { .. }
            | Event::RefundFailed { .. }
            | Event::RefundRetried { .. }
            | Event::RefundedToWallet { .. },
            Some(buyer),
        ) => refunds::record(conn, escrow, event, id, buyer, at).await,
        _ => Ok(false),
    }
}

async fn settle(
    conn: &mut Conn<'_>,
    payment: Uuid,
    state: &str,
    reason: Option<&String>,
    at: Time,
) -> Result<bool, DbError> {
    exec!(
        conn,
        "UPDATE payments SET state = $2, reason = $3, settled_at = $4, tell_at = NULL,
             end_at = NULL
         WHERE id = $1 AND state = 'pending'",
        payment,
        state,
        reason.map(String::as_str),
        at
    )?;
    Ok(false)
}

#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
async fn to_wallet(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    id: Uuid,
    user: Uuid,
    kind: &str,
    milestone: u16,
    amount_minor: i64,
    at: Time,
) -> Result<bool, DbError> {
    exec!(
        conn,
        "INSERT INTO payments (id, escrow_id, user_id, kind, method, state, currency, amount_minor,
             milestone, created_at, settled_at)
         VALUES ($1, $2, $3, $4, 'wallet', 'successful', $5, $6, $7, $8, $8)",
        id,
        escrow.id,
        user,
        kind,
        escrow.terms.currency.code(),
        amount_minor,
        i32::from(milestone),
        at
    )?;
    Ok(false)
}

/// A payment by its id.
///
/// # Errors
/// The database's.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<Payment>, DbError> {
    opt!(
        conn,
        Payment,
        "SELECT id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor, provider_ref,
                provider_page, created_at, settled_at, refund, attempt, sent_twice_at
         FROM payments WHERE id = $1",
        id
    )
}

/// The payments of an escrow, the oldest first.
///
/// # Errors
/// The database's.
pub async fn of_escrow(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Payment>, DbError> {
    all!(
        conn,
        Payment,
        "SELECT id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor, provider_ref,
                provider_page, created_at, settled_at, refund, attempt, sent_twice_at
         FROM payments WHERE escrow_id = $1 ORDER BY id LIMIT 500",
        escrow
    )
}

/// What a buyer paid into an escrow, or got back from it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OfBuyer {
    pub id: Uuid,
    pub reference: String,
    pub title: String,
    pub kind: String,
    pub method: String,
    pub state: String,
    pub reason: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub created_at: Time,
}

/// What a user paid as a buyer and got back, the newest first, those before `before`.
///
/// # Errors
/// The database's.
pub async fn of_buyer(
    conn: &mut Conn<'_>,
    user: Uuid,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<OfBuyer>, DbError> {
    all!(
        conn,
        OfBuyer,
        "SELECT y.id, e.reference, e.title, y.kind, y.method, y.state, y.reason, y.currency, y.amount_minor,
                y.created_at
         FROM parties p JOIN payments y ON y.escrow_id = p.escrow_id AND y.user_id = p.user_id
         JOIN escrows e ON e.id = p.escrow_id
         WHERE p.user_id = $1 AND p.role = 'buyer' AND y.kind IN ('escrow-deposit', 'escrow-refund') AND y.id < $2
         ORDER BY y.id DESC LIMIT $3",
        user,
        before.unwrap_or(Uuid::max()),
        most
    )
}

/// Whether there is anything to claim; a look that takes no lock.
///
/// # Errors
/// The database's.
pub async fn is_to_tell(conn: &mut Conn<'_>, now: Time) -> Result<bool, DbError> {
    let sql = "SELECT id FROM payments WHERE tell_at <= $1 AND state = 'pending' LIMIT 1";
    Ok(opt!(conn, (Uuid,), sql, now)?.is_some())
}

/// The same of attempts that may have been left open.
///
/// # Errors
/// The database's.
pub async fn is_to_end(conn: &mut Conn<'_>, now: Time) -> Result<bool, DbError> {
    let sql = "SELECT id FROM payments WHERE end_at <= $1 AND state = 'pending' LIMIT 1";
    Ok(opt!(conn, (Uuid,), sql, now)?.is_some())
}

/// Has a provider told of a payment at once that it was not told of yet; the reference of its escrow.
/// Nothing when there is nothing to tell.
///
/// # Errors
/// The database's.
pub async fn tell_now(conn: &mut Conn<'_>, now: Time, id: Uuid) -> Result<Option<String>, DbError> {
    let row = opt!(
        conn,
        (String,),
        "UPDATE payments SET tell_at = $2 WHERE id = $1 AND state = 'pending' AND tell_at IS NOT NULL
         RETURNING (SELECT e.reference FROM escrows e WHERE e.id = payments.escrow_id)",
        id,
        now
    )?;
    Ok(row.map(|(reference,)| reference))
}

/// Takes pending payments that their provider does not know of yet, for as long as the lease runs.
///
/// # Errors
/// The database's.
pub async fn claim_to_tell(conn: &mut Conn<'_>, now: Time, most: i64) -> Result<Vec<Payment>, DbError> {
    claim!(
        conn,
        Payment,
        "UPDATE payments SET attempts = attempts + 1, tell_at = $2 WHERE id IN
         (SELECT id FROM payments WHERE tell_at <= $1 AND state = 'pending' ORDER BY tell_at LIMIT $3",
        ") RETURNING id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor,
             provider_ref, provider_page, created_at, settled_at, refund, attempt, sent_twice_at",
        now,
        now.plus(time::Duration::seconds(LEASE_SECONDS)),
        most
    )
}

/// The provider knows of it: its name for it, the page where people pay, and whether the money can go back by it.
///
/// # Errors
/// The database's.
pub async fn told(
    conn: &mut Conn<'_>,
    id: Uuid,
    reference: &str,
    page: Option<&str>,
    takes_back: bool,
) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE payments SET provider_ref = $2, provider_page = $3, takes_back = $4, tell_at = NULL,
             last_error = NULL
         WHERE id = $1",
        id,
        reference,
        page,
        takes_back
    )?;
    Ok(())
}

/// The provider could not be reached; it is told again when the lease ends.
///
/// # Errors
/// The database's.
pub async fn not_told(conn: &mut Conn<'_>, id: Uuid, error: &str) -> Result<(), DbError> {
    let error: String = error.chars().take(500).collect();
    exec!(conn, "UPDATE payments SET last_error = $2 WHERE id = $1", id, error.as_str())?;
    Ok(())
}

/// Takes attempts to pay that were started long ago and may never have been submitted, until their provider is asked
/// again.
///
/// # Errors
/// The database's.
pub async fn claim_to_end(conn: &mut Conn<'_>, now: Time, most: i64) -> Result<Vec<Payment>, DbError> {
    claim!(
        conn,
        Payment,
        "UPDATE payments SET end_at = $2 WHERE id IN
         (SELECT id FROM payments WHERE end_at <= $1 AND state = 'pending' ORDER BY end_at LIMIT $3",
        ") RETURNING id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor,
             provider_ref, provider_page, created_at, settled_at, refund, attempt, sent_twice_at",
        now,
        now.plus(ASK_AGAIN),
        most
    )
}

/// It was submitted: only its provider's answer ends it now.
///
/// # Errors
/// The database's.
pub async fn submitted(conn: &mut Conn<'_>, id: Uuid) -> Result<(), DbError> {
    exec!(conn, "UPDATE payments SET end_at = NULL WHERE id = $1", id)?;
    Ok(())
}
