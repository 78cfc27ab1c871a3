//! The row of one escrow as operators see it.

use uuid::Uuid;

use crate::engine::escrow::Escrow;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, opt};
use crate::store::escrows::read;
use crate::store::interest::is_party;

/// An escrow's row as an operator sees it.
#[derive(Clone, Debug)]
pub struct Book {
    pub escrow: Escrow,
    /// The link of the last event.
    pub head: Vec<u8>,
    pub next_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(sqlx::FromRow)]
struct BookRow {
    document: String,
    head: Vec<u8>,
    next_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

#[derive(sqlx::FromRow)]
struct BookForRow {
    #[sqlx(flatten)]
    row: BookRow,
    takes_part: bool,
}

impl BookRow {
    fn book(self) -> Result<Book, DbError> {
        let Self { document, head, next_at, created_at, updated_at } = self;
        Ok(Book { escrow: read(&document)?, head, next_at, created_at, updated_at })
    }
}

/// The row of an escrow, by its reference in letters of either case, and whether this operator takes part in it
/// himself.
///
/// # Errors
/// The database's.
pub async fn read_for(
    conn: &mut Conn<'_>,
    operator: Uuid,
    reference: &str,
) -> Result<Option<(Book, bool)>, DbError> {
    let row = opt!(
        conn,
        BookForRow,
        concat!(
            "SELECT e.document, e.head, e.next_at, e.created_at, e.updated_at, EXISTS (
                 SELECT 1 FROM users me, parties p JOIN users u ON u.id = p.user_id
                 WHERE me.id = $2 AND p.escrow_id = e.id AND ",
            is_party!(),
            ") AS takes_part
             FROM escrows e WHERE e.reference = $1"
        ),
        reference.to_ascii_uppercase(),
        operator
    )?;
    row.map(|BookForRow { row, takes_part }| Ok((row.book()?, takes_part))).transpose()
}
