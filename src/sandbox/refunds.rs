//! The company's book of refunds.

use crate::engine::time::Time;
use crate::money::{Currency, Money};
use crate::sandbox::{AskedBack, NotBack, bank_says, book};
use crate::store::db::{Conn, DbError, all, claim, exec, lock, one, opt};

/// A refund as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Refund {
    pub reference: String,
    pub charge: String,
    pub merchant_ref: String,
    pub amount_minor: i64,
    pub state: String,
    pub answer: Option<String>,
}

/// Writes a refund down; its reference, or that of the one that stands for the merchant's own.
///
/// # Errors
/// The database's; inside, why it can't be done.
pub async fn begin(
    conn: &mut Conn<'_>,
    reference: &str,
    asked: &AskedBack<'_>,
    now: Time,
) -> Result<Result<String, NotBack>, DbError> {
    // One after the other for each charge, so that never more goes back than came.
    let charge = lock!(
        conn,
        (String, i64, String),
        "SELECT state, amount_minor, currency FROM sandbox_charges WHERE reference = $1",
        asked.charge
    )?;
    let sql = "SELECT reference FROM sandbox_refunds WHERE merchant_ref = $1";
    if let Some((known,)) = opt!(conn, (String,), sql, asked.merchant_ref)? {
        return Ok(Ok(known));
    }
    let Some((state, charged, currency)) = charge else { return Ok(Err(NotBack::ChargeUnknown)) };
    if state != "paid" {
        return Ok(Err(NotBack::ChargeNotPaid));
    }
    let (before, tries) = one!(
        conn,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(CASE WHEN state <> 'failed' THEN amount_minor ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN state = 'failed' AND amount_minor = $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM sandbox_refunds WHERE charge = $1",
        asked.charge,
        asked.amount.minor
    )?;
    if currency != asked.amount.currency.code() || before.saturating_add(asked.amount.minor) > charged {
        return Ok(Err(NotBack::MoreThanCharged));
    }
    let says = bank_says(asked.amount.minor, tries);
    exec!(
        conn,
        "INSERT INTO sandbox_refunds (reference, charge, merchant_ref, amount_minor, answer, settles_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        reference,
        asked.charge,
        asked.merchant_ref,
        asked.amount.minor,
        says.map(|(answer, _)| answer),
        says.map(|(_, after)| now.plus(after)),
        now
    )?;
    Ok(Ok(reference.to_owned()))
}

/// Settles refunds whose answer has come.
///
/// # Errors
/// The database's.
pub async fn settle(conn: &mut Conn<'_>, now: Time, most: i64) -> Result<Vec<Refund>, DbError> {
    claim!(
        conn,
        Refund,
        "UPDATE sandbox_refunds
         SET state = CASE WHEN answer = 'paid' THEN 'paid' ELSE 'failed' END, settles_at = NULL, settled_at = $1
         WHERE reference IN
         (SELECT reference FROM sandbox_refunds WHERE settles_at <= $1 ORDER BY settles_at LIMIT $2",
        ") RETURNING reference, charge, merchant_ref, amount_minor, state, answer",
        now,
        most
    )
}

/// Makes the bank answer a refund to which no answer was on its way; whether there was one.
///
/// # Errors
/// The database's.
pub async fn answer(conn: &mut Conn<'_>, reference: &str, answer: &str, now: Time) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE sandbox_refunds SET answer = $2, settles_at = $3
         WHERE reference = $1 AND state = 'processing' AND settles_at IS NULL",
        reference,
        answer,
        now
    )?;
    Ok(rows == 1)
}

/// The refunds of a charge, the oldest first.
///
/// # Errors
/// The database's.
pub async fn of_charge(conn: &mut Conn<'_>, charge: &str) -> Result<Vec<Refund>, DbError> {
    all!(
        conn,
        Refund,
        "SELECT reference, charge, merchant_ref, amount_minor, state, answer FROM sandbox_refunds
         WHERE charge = $1 ORDER BY created_at, reference LIMIT 100",
        charge
    )
}

/// What the merchant is told of a refund that was settled.
#[must_use]
pub fn body(refund: &Refund, currency: &str, now: Time) -> String {
    let answer = refund.answer.as_deref().unwrap_or_default();
    let kind = if answer == book::PAID { "refund.succeeded" } else { "refund.failed" };
    let mut data = serde_json::json!({
        "refund": refund.reference,
        "charge": refund.charge,
        "merchant_reference": refund.merchant_ref,
        "amount_minor": refund.amount_minor,
        "currency": currency,
    });
    if answer != book::PAID {
        data["failure"] = serde_json::json!({ "code": answer });
    }
    serde_json::json!({ "type": kind, "timestamp": now.rfc3339(), "data": data }).to_string()
}

/// A refund's amount in its charge's currency; nothing if that is none.
#[must_use]
pub fn amount(refund: &Refund, currency: &str) -> Option<Money> {
    Currency::from_code(currency).map(|currency| currency.of(refund.amount_minor))
}
