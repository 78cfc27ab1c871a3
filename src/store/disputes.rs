//! The queue of disputes: which escrows have open ones, and which wait for the operators. Reads alone; the
//! columns are written with the escrow.

use crate::engine::dispute::{Handler, Step};
use crate::engine::escrow::Escrow;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all};
use crate::store::escrows::read;

/// More are not listed at once; those that come due first come first.
pub const MOST: i64 = 100;

/// Since when the oldest open dispute of an escrow is open.
#[must_use]
pub fn disputed_since(escrow: &Escrow) -> Option<Time> {
    escrow.disputes.iter().map(|dispute| dispute.since).min()
}

/// Until when the operators are to decide one, if any is with them.
#[must_use]
pub fn ruling_by(escrow: &Escrow) -> Option<Time> {
    let due = escrow.disputes.iter().filter_map(|dispute| match &dispute.step {
        Step::Handler { handler: Handler::Operators, until, .. } => Some(*until),
        Step::Handler { .. } | Step::Answer { .. } | Step::Talk { .. } => None,
    });
    due.min()
}

/// The escrows in dispute: those to decide first, by their deadline.
///
/// # Errors
/// The database's.
pub async fn open(conn: &mut Conn<'_>) -> Result<Vec<Escrow>, DbError> {
    let rows = all!(
        conn,
        (String,),
        "SELECT document FROM escrows WHERE disputed_since IS NOT NULL
         ORDER BY ruling_by IS NULL, ruling_by, disputed_since, id LIMIT $1",
        MOST
    )?;
    rows.into_iter().map(|(document,)| read(&document)).collect()
}
