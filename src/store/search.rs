//! Lists of a user's escrows, and what they are searched by: titles and references in columns of the escrow, names in
//! one of the user, all as [`unaccented`] writes them. A list shows only what the reader takes part in.

use uuid::Uuid;

use crate::engine::party::UserId;
use crate::store::db::{Conn, Db, DbError, all, exec};
use crate::store::escrows::{Line, Row, external, read};
use crate::text::unaccented;

/// So many rows are filled in by one write.
const BATCH: i64 = 500;

/// Which of a user's escrows a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    All,
    NeedsMe,
    Open,
    Over,
}

/// `search` as a pattern that matches it anywhere and takes nothing in it for a wildcard; empty for no search.
#[must_use]
pub fn pattern(search: &str) -> String {
    let search = unaccented(search);
    if search.is_empty() {
        return search;
    }
    format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// A page of a user's escrows, the newest first, those before `before`: with `search` in the title or the reference,
/// and for those who see them in the parties' own reference or in the name of another one. Names are those that pages
/// show; payees and arbiters are known by none.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    user: UserId,
    filter: Filter,
    search: &str,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    macro_rules! page {
        ($where:literal) => {
            all!(
                conn,
                Row,
                concat!(
                    "SELECT e.document, p.role, p.task, p.task_by, p.task_milestone
                     FROM parties p JOIN escrows e ON e.id = p.escrow_id
                     WHERE p.user_id = $1 AND p.escrow_id < $2 AND p.told = TRUE AND ",
                    $where,
                    " AND ($4 = '' OR coalesce(e.title_search, e.title_lower) LIKE $4 ESCAPE '\\'
                         OR lower(e.reference) LIKE $4 ESCAPE '\\'
                         OR p.role IN ('buyer', 'seller', 'broker') AND (
                             e.external_search LIKE $4 ESCAPE '\\' OR EXISTS (
                                 SELECT 1 FROM parties o JOIN users u ON u.id = o.user_id
                                 WHERE o.escrow_id = e.id AND o.user_id <> $1
                                   AND o.role IN ('buyer', 'seller', 'broker')
                                   AND CASE WHEN u.email_confirmed_at IS NULL THEN lower(coalesce(o.name, ''))
                                            ELSE coalesce(u.name_search, u.name_lower) END
                                       LIKE $4 ESCAPE '\\')))
                     ORDER BY p.escrow_id DESC LIMIT $3"
                ),
                user,
                before.unwrap_or(Uuid::max()),
                most,
                pattern(search)
            )?
        };
    }
    let rows = match filter {
        Filter::All => page!("TRUE"),
        Filter::NeedsMe => page!("p.task IS NOT NULL"),
        Filter::Open => page!("p.over = FALSE"),
        Filter::Over => page!("p.over = TRUE"),
    };
    rows.into_iter().map(Row::line).collect()
}

/// Fills in what was written before there was something to search by, or by a program that knew of none.
///
/// # Errors
/// The database's.
pub async fn fill(db: &Db) -> Result<(), DbError> {
    loop {
        let mut tx = db.write().await?;
        let conn = &mut tx.conn();
        let sql = "SELECT id, document FROM escrows WHERE title_search IS NULL ORDER BY id LIMIT $1";
        let escrows = all!(conn, (Uuid, String), sql, BATCH)?;
        let sql = "SELECT id, name FROM users WHERE name_search IS NULL ORDER BY id LIMIT $1";
        let users = all!(conn, (Uuid, String), sql, BATCH)?;
        if escrows.is_empty() && users.is_empty() {
            return Ok(());
        }
        for (id, document) in escrows {
            // What a newer program wrote is found by its reference until that one fills it in.
            let (title, reference) = match read(&document) {
                Ok(escrow) => (unaccented(&escrow.terms.title), external(&escrow)),
                Err(_) => (String::new(), None),
            };
            let sql = "UPDATE escrows SET title_search = $2, external_search = $3 WHERE id = $1";
            exec!(conn, sql, id, title, reference)?;
        }
        for (id, name) in users {
            exec!(conn, "UPDATE users SET name_search = $2 WHERE id = $1", id, unaccented(&name))?;
        }
        tx.commit().await?;
    }
}
