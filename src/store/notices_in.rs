//! What providers told us, as it came: for the operators, and for whoever asks why a payment stands as
//! it does. Only notices whose signature was right are kept, so that nobody else can fill the table.

use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec, opt};

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
    /// When an operator had looked after it.
    pub settled_at: Option<Time>,
    /// The escrow that its payment belongs to.
    pub reference: Option<String>,
}

impl Kept {
    /// Whether it was believed and not carried out, so that somebody should look at it.
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

/// Which notices a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The newest first.
    All,
    /// Those that were believed and not carried out, and that nobody has looked after; the oldest first.
    Odd,
}

/// A page of notices: those that come behind the id `from` in the list's order.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    which: Which,
    from: Option<Uuid>,
    most: i64,
) -> Result<Vec<Kept>, DbError> {
    macro_rules! page {
        ($where:literal, $from:expr) => {
            all!(
                conn,
                Kept,
                concat!(
                    "SELECT n.id, n.rail, n.notice_id, n.payment_id, n.body, n.outcome, n.times, n.received_at,
                            n.settled_at, e.reference
                     FROM notices_in n
                     LEFT JOIN payments p ON p.id = n.payment_id
                     LEFT JOIN escrows e ON e.id = p.escrow_id WHERE ",
                    $where
                ),
                from.unwrap_or($from),
                most
            )
        };
    }
    match which {
        Which::All => page!("n.id < $1 ORDER BY n.id DESC LIMIT $2", Uuid::max()),
        Which::Odd => page!(
            "n.outcome NOT IN ('done', 'already done') AND n.settled_at IS NULL AND n.id > $1
             ORDER BY n.id LIMIT $2",
            Uuid::nil()
        ),
    }
}

/// Notes that somebody has looked after a notice that was not carried out; what it is called. Nothing when that was
/// done before, or there was nothing to do.
///
/// # Errors
/// The database's.
pub async fn settle(conn: &mut Conn<'_>, now: Time, id: Uuid) -> Result<Option<String>, DbError> {
    let row = opt!(
        conn,
        (String, String),
        "UPDATE notices_in SET settled_at = $2
         WHERE id = $1 AND settled_at IS NULL AND outcome NOT IN ('done', 'already done')
         RETURNING rail, notice_id",
        id,
        now
    )?;
    Ok(row.map(|(rail, notice)| format!("{rail} {notice}")))
}
