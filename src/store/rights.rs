//! Who is an operator and who is frozen. Each change is a line of the audit too, written here so that none is
//! forgotten. It locks the audit's head and so comes last in its write.

use uuid::Uuid;

use super::audit::{self, Act, Change, Subject, Who};
use super::db::{Conn, DbError, exec};
use crate::clock::Clock;

/// Makes somebody an operator, with a line in the audit.
///
/// # Errors
/// The database did not answer.
pub async fn make_operator(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    id: Uuid,
    note: &str,
) -> Result<(), DbError> {
    let sql = "UPDATE users SET operator = $1 WHERE id = $2 AND operator = $3";
    if exec!(conn, sql, true, id, false)? == 0 {
        return Ok(());
    }
    let change = Change::Operator { user: id, is: true };
    audit::change(conn, clock, who.into(), (Act::BecameOperator, &Subject::User(id)), note, change).await
}

/// Makes an operator like everybody else again. False when they were none.
///
/// # Errors
/// The database did not answer.
pub async fn unmake_operator(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    id: Uuid,
    note: &str,
) -> Result<bool, DbError> {
    let sql = "UPDATE users SET operator = $1 WHERE id = $2 AND operator = $3";
    if exec!(conn, sql, false, id, true)? == 0 {
        return Ok(false);
    }
    let change = Change::Operator { user: id, is: false };
    audit::change(conn, clock, who.into(), (Act::Left, &Subject::User(id)), note, change).await?;
    Ok(true)
}

/// Lets somebody read and do nothing else. False when that stands already.
///
/// # Errors
/// The database did not answer.
pub async fn freeze(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    id: Uuid,
    because: &str,
) -> Result<bool, DbError> {
    let now = clock.now();
    let sql = "UPDATE users SET frozen_at = $1, frozen_because = $2 WHERE id = $3 AND frozen_at IS NULL";
    if exec!(conn, sql, now, because, id)? == 0 {
        return Ok(false);
    }
    let change = Change::Frozen { user: id, since: Some(now), because: because.to_owned() };
    audit::change(conn, clock, who.into(), (Act::Froze, &Subject::User(id)), because, change).await?;
    Ok(true)
}

/// Lets somebody act again. False when nobody had stopped them.
///
/// # Errors
/// The database did not answer.
pub async fn unfreeze(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    id: Uuid,
    note: &str,
) -> Result<bool, DbError> {
    let sql = "UPDATE users SET frozen_at = NULL, frozen_because = NULL
               WHERE id = $1 AND frozen_at IS NOT NULL";
    if exec!(conn, sql, id)? == 0 {
        return Ok(false);
    }
    let change = Change::Frozen { user: id, since: None, because: String::new() };
    audit::change(conn, clock, who.into(), (Act::Unfroze, &Subject::User(id)), note, change).await?;
    Ok(true)
}
