//! Escrows and their ledger entries.

use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, opt};

/// An escrow's row.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EscrowRow {
    pub reference: String,
    pub seq: i64,
    pub head: Vec<u8>,
    pub document: String,
    pub next_at: Option<Time>,
}

/// A ledger entry as its event determines it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EntryRow {
    pub seq: i64,
    pub line: i32,
    pub from_account: String,
    pub to_account: String,
    pub currency: String,
    pub amount_minor: i64,
}

/// The ids of escrows after `after`, in their order.
///
/// # Errors
/// The database's.
pub async fn escrows_after(conn: &mut Conn<'_>, after: Uuid, most: i64) -> Result<Vec<Uuid>, DbError> {
    let rows = all!(conn, (Uuid,), "SELECT id FROM escrows WHERE id > $1 ORDER BY id LIMIT $2", after, most)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// An escrow's row.
///
/// # Errors
/// The database's.
pub async fn row(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<EscrowRow>, DbError> {
    opt!(conn, EscrowRow, "SELECT reference, seq, head, document, next_at FROM escrows WHERE id = $1", id)
}

/// The ledger entries of an escrow in their order.
///
/// # Errors
/// The database's.
pub async fn entries(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<EntryRow>, DbError> {
    all!(
        conn,
        EntryRow,
        "SELECT seq, line, from_account, to_account, currency, amount_minor FROM entries
         WHERE escrow_id = $1 ORDER BY seq, line",
        escrow
    )
}
