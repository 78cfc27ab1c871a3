//! Changes of address that have been asked for and wait for their two mailboxes.

use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, exec, opt};

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Change {
    pub email: String,
    pub old_confirmed_at: Option<Time>,
    pub new_confirmed_at: Option<Time>,
}

/// Begins a change, in the place of one that waits.
///
/// # Errors
/// The database did not answer.
pub async fn begin(conn: &mut Conn<'_>, now: Time, user: Uuid, email: &str) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO address_changes (user_id, email, asked_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, asked_at = excluded.asked_at,
             old_confirmed_at = NULL, new_confirmed_at = NULL",
        user,
        email,
        now
    )?;
    Ok(())
}

/// Notes that the new mailbox, or the old one, has confirmed it.
///
/// # Errors
/// The database did not answer.
pub async fn confirm(conn: &mut Conn<'_>, now: Time, user: Uuid, is_new: bool) -> Result<(), DbError> {
    let sql = match is_new {
        true => "UPDATE address_changes SET new_confirmed_at = $1 WHERE user_id = $2",
        false => "UPDATE address_changes SET old_confirmed_at = $1 WHERE user_id = $2",
    };
    exec!(conn, sql, now, user)?;
    Ok(())
}

/// The change that a person waits for.
///
/// # Errors
/// The database did not answer.
pub async fn of(conn: &mut Conn<'_>, user: Uuid) -> Result<Option<Change>, DbError> {
    opt!(
        conn,
        Change,
        "SELECT email, old_confirmed_at, new_confirmed_at FROM address_changes WHERE user_id = $1",
        user
    )
}

/// Ends a change, done or not.
///
/// # Errors
/// The database did not answer.
pub async fn end(conn: &mut Conn<'_>, user: Uuid) -> Result<(), DbError> {
    exec!(conn, "DELETE FROM address_changes WHERE user_id = $1", user)?;
    Ok(())
}
