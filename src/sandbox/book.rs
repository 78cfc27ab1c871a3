//! The company's books: charges, the notices it owes, and its settings. No other table is its business,
//! and these are nobody else's.

use crate::engine::time::Time;
use crate::money::{Currency, Money};
use crate::sandbox::Asked;
use crate::store::db::{Conn, DbError, all, claim, exec, one, opt};

/// The bank's answer that is good.
pub const PAID: &str = "paid";
/// What stands for the bank's answer where the merchant ended the charge before anything was chosen.
pub const EXPIRED: &str = "expired";

/// A charge as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Charge {
    pub reference: String,
    pub merchant_ref: String,
    pub description: String,
    pub currency: String,
    pub amount_minor: i64,
    pub return_url: String,
    pub state: String,
    pub answer: Option<String>,
    pub settles_at: Option<Time>,
}

impl Charge {
    /// Its amount; nothing if its currency is none.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        Currency::from_code(&self.currency).map(|currency| currency.of(self.amount_minor))
    }

    /// Whether the merchant ended it before its payer had chosen anything.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.state == "declined" && self.answer.as_deref() == Some(EXPIRED)
    }

    /// Whether the payer can still choose: nothing was chosen, or that nobody answers.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "open" | "processing") && self.settles_at.is_none()
    }
}

/// A notice that is to be delivered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Owed {
    pub id: String,
    pub body: String,
    pub attempts: i64,
    pub next_at: Time,
}

/// Writes a charge down; the reference of the one that stands for the merchant's own.
///
/// # Errors
/// The database's.
pub async fn open(
    conn: &mut Conn<'_>,
    reference: &str,
    asked: &Asked<'_>,
    now: Time,
) -> Result<String, DbError> {
    // Not "do nothing", which would give back no row when the charge is known.
    let (reference,) = one!(
        conn,
        (String,),
        "INSERT INTO sandbox_charges (reference, merchant_ref, description, currency, amount_minor, return_url,
             created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (merchant_ref) DO UPDATE SET merchant_ref = excluded.merchant_ref RETURNING reference",
        reference,
        asked.merchant_ref,
        asked.description,
        asked.amount.currency.code(),
        asked.amount.minor,
        asked.return_url,
        now
    )?;
    Ok(reference)
}

/// The charge of a reference.
///
/// # Errors
/// The database's.
pub async fn by_reference(conn: &mut Conn<'_>, reference: &str) -> Result<Option<Charge>, DbError> {
    opt!(
        conn,
        Charge,
        "SELECT reference, merchant_ref, description, currency, amount_minor, return_url, state, answer,
                settles_at
         FROM sandbox_charges WHERE reference = $1",
        reference
    )
}

/// Notes what will come of a charge, and when; whether it was still open.
///
/// # Errors
/// The database's.
pub async fn choose(
    conn: &mut Conn<'_>,
    reference: &str,
    answer: Option<&str>,
    settles_at: Option<Time>,
) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE sandbox_charges SET state = 'processing', answer = $2, settles_at = $3
         WHERE reference = $1 AND state IN ('open', 'processing') AND settles_at IS NULL",
        reference,
        answer,
        settles_at
    )?;
    Ok(rows == 1)
}

/// Expires a charge for which nothing was chosen; whether it is expired.
///
/// # Errors
/// The database's.
pub async fn expire(conn: &mut Conn<'_>, reference: &str, now: Time) -> Result<bool, DbError> {
    exec!(
        conn,
        "UPDATE sandbox_charges SET state = 'declined', answer = $2, settled_at = $3
         WHERE reference = $1 AND state = 'open'",
        reference,
        EXPIRED,
        now
    )?;
    let charge = by_reference(conn, reference).await?;
    Ok(charge.is_some_and(|charge| charge.is_expired()))
}

/// Whether anything is to be settled or delivered; a look that takes no lock.
///
/// # Errors
/// The database's.
pub async fn is_due(conn: &mut Conn<'_>, now: Time) -> Result<bool, DbError> {
    let due = opt!(
        conn,
        (String,),
        "SELECT reference FROM sandbox_charges WHERE settles_at <= $1
         UNION ALL
         SELECT reference FROM sandbox_refunds WHERE settles_at <= $1
         UNION ALL
         SELECT reference FROM sandbox_notices WHERE state IN ('waiting', 'claimed') AND next_at <= $1 LIMIT 1",
        now
    )?;
    Ok(due.is_some())
}

/// Settles charges whose answer has come.
///
/// # Errors
/// The database's.
pub async fn settle(conn: &mut Conn<'_>, now: Time, most: i64) -> Result<Vec<Charge>, DbError> {
    claim!(
        conn,
        Charge,
        "UPDATE sandbox_charges
         SET state = CASE WHEN answer = 'paid' THEN 'paid' ELSE 'declined' END, settles_at = NULL, settled_at = $1
         WHERE reference IN
         (SELECT reference FROM sandbox_charges WHERE settles_at <= $1 ORDER BY settles_at LIMIT $2",
        ") RETURNING reference, merchant_ref, description, currency, amount_minor, return_url, state, answer,
             settles_at",
        now,
        most
    )
}

/// Owes a notice from now on.
///
/// # Errors
/// The database's.
pub async fn owe(
    conn: &mut Conn<'_>,
    id: &str,
    reference: &str,
    body: &str,
    now: Time,
) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO sandbox_notices (id, reference, body, next_at, created_at) VALUES ($1, $2, $3, $4, $4)",
        id,
        reference,
        body,
        now
    )?;
    Ok(())
}

/// Takes notices that are due, for as long as the lease runs.
///
/// # Errors
/// The database's.
pub async fn claim_owed(
    conn: &mut Conn<'_>,
    now: Time,
    lease: Time,
    most: i64,
) -> Result<Vec<Owed>, DbError> {
    claim!(
        conn,
        Owed,
        "UPDATE sandbox_notices SET state = 'claimed', attempts = attempts + 1, next_at = $2 WHERE id IN
         (SELECT id FROM sandbox_notices WHERE state IN ('waiting', 'claimed') AND next_at <= $1
          ORDER BY next_at, id LIMIT $3",
        ") RETURNING id, body, attempts, next_at",
        now,
        lease,
        most
    )
}

/// The merchant took a notice. Nothing if somebody else has it by now.
///
/// # Errors
/// The database's.
pub async fn delivered(conn: &mut Conn<'_>, owed: &Owed, now: Time) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE sandbox_notices SET state = 'delivered', delivered_at = $3, last_error = NULL
         WHERE id = $1 AND state = 'claimed' AND next_at = $2",
        owed.id.as_str(),
        owed.next_at,
        now
    )?;
    Ok(())
}

/// The merchant did not take a notice: it is sent again at `next_at`, or never where there is none.
///
/// # Errors
/// The database's.
pub async fn not_delivered(
    conn: &mut Conn<'_>,
    owed: &Owed,
    next_at: Option<Time>,
    error: &str,
) -> Result<(), DbError> {
    let error: String = error.chars().take(500).collect();
    exec!(
        conn,
        "UPDATE sandbox_notices SET state = $3, next_at = $4, last_error = $5
         WHERE id = $1 AND state = 'claimed' AND next_at = $2",
        owed.id.as_str(),
        owed.next_at,
        if next_at.is_some() { "waiting" } else { "given up" },
        next_at.unwrap_or(owed.next_at),
        error.as_str()
    )?;
    Ok(())
}

/// How often each notice of a charge was sent so far, and how it stands, the oldest first.
///
/// # Errors
/// The database's.
pub async fn notices_of(conn: &mut Conn<'_>, reference: &str) -> Result<Vec<(String, i64)>, DbError> {
    all!(
        conn,
        (String, i64),
        "SELECT state, attempts FROM sandbox_notices WHERE reference = $1 ORDER BY created_at, id",
        reference
    )
}

/// A setting, which is `value` unless it has been set before.
///
/// # Errors
/// The database's.
pub async fn setting(conn: &mut Conn<'_>, name: &str, value: &str) -> Result<String, DbError> {
    let (value,) = one!(
        conn,
        (String,),
        "INSERT INTO sandbox_settings (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING value",
        name,
        value
    )?;
    Ok(value)
}
