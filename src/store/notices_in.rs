//! What providers told us, as it came: for the operators, and for whoever asks why a payment stands as
//! it does. Only notices whose signature was right are kept, so that nobody else can fill the table.

use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec};

/// A notice to be kept.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    pub id: Uuid,
    pub rail: &'a str,
    pub notice_id: &'a str,
    pub payment_id: Option<Uuid>,
    pub body: &'a str,
    pub outcome: &'a str,
    pub received_at: Time,
}

/// A notice as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Kept {
    pub id: Uuid,
    pub rail: String,
    pub notice_id: String,
    pub payment_id: Option<Uuid>,
    pub body: String,
    /// What came of it when it first came.
    pub outcome: String,
    /// How often it came.
    pub times: i64,
    pub received_at: Time,
    /// The escrow that its payment belongs to.
    pub reference: Option<String>,
}

impl Kept {
    /// Whether somebody should look at it.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        !["done", "already done"].contains(&self.outcome.as_str())
    }
}

/// Keeps a notice; one that came before is only counted.
///
/// # Errors
/// The database's.
pub async fn record(conn: &mut Conn<'_>, received: &Received<'_>) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO notices_in (id, rail, notice_id, payment_id, body, outcome, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (rail, notice_id) DO UPDATE SET times = notices_in.times + 1",
        received.id,
        received.rail,
        received.notice_id,
        received.payment_id,
        received.body,
        received.outcome,
        received.received_at
    )?;
    Ok(())
}

/// The newest notices, those before `before`; without `all` only those that somebody should look at,
/// because they were believed and not carried out.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    all: bool,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Kept>, DbError> {
    all!(
        conn,
        Kept,
        "SELECT n.id, n.rail, n.notice_id, n.payment_id, n.body, n.outcome, n.times, n.received_at, e.reference
         FROM notices_in n
         LEFT JOIN payments p ON p.id = n.payment_id
         LEFT JOIN escrows e ON e.id = p.escrow_id
         WHERE n.id < $2 AND ($1 OR n.outcome NOT IN ('done', 'already done'))
         ORDER BY n.id DESC LIMIT $3",
        all,
        before.unwrap_or(Uuid::max()),
        most
    )
}
