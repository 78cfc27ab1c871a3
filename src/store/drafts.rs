//! Terms in the making: what was typed, right or wrong, so that nothing of it is lost.

use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec, opt};

/// A draft: the form's fields as pairs, in JSON.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Draft {
    pub id: Uuid,
    pub title: String,
    pub fields: String,
    pub updated_at: Time,
}

/// Starts a draft.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut Conn<'_>,
    id: Uuid,
    user: Uuid,
    title: &str,
    fields: &str,
    now: Time,
) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO drafts (id, user_id, title, fields, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        id,
        user,
        title,
        fields,
        now
    )?;
    Ok(())
}

/// Keeps what was typed; whether the draft is still there.
///
/// # Errors
/// The database's.
pub async fn save(
    conn: &mut Conn<'_>,
    id: Uuid,
    user: Uuid,
    title: &str,
    fields: &str,
    now: Time,
) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE drafts SET title = $3, fields = $4, updated_at = $5 WHERE id = $1 AND user_id = $2",
        id,
        user,
        title,
        fields,
        now
    )?;
    Ok(rows == 1)
}

/// A user's own draft.
///
/// # Errors
/// The database's.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid, user: Uuid) -> Result<Option<Draft>, DbError> {
    opt!(
        conn,
        Draft,
        "SELECT id, title, fields, updated_at FROM drafts WHERE id = $1 AND user_id = $2",
        id,
        user
    )
}

/// A user's drafts, the last one touched first.
///
/// # Errors
/// The database's.
pub async fn of_user(conn: &mut Conn<'_>, user: Uuid, most: i64) -> Result<Vec<Draft>, DbError> {
    all!(
        conn,
        Draft,
        "SELECT id, title, fields, updated_at FROM drafts WHERE user_id = $1
         ORDER BY updated_at DESC, id DESC LIMIT $2",
        user,
        most
    )
}

/// Throws a draft away.
///
/// # Errors
/// The database's.
pub async fn delete(conn: &mut Conn<'_>, id: Uuid, user: Uuid) -> Result<(), DbError> {
    exec!(conn, "DELETE FROM drafts WHERE id = $1 AND user_id = $2", id, user)?;
    Ok(())
}
