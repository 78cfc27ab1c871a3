//! How far the clock of a rehearsal is ahead. The row is the truth for every process over the database, it
//! survives a restart, and it only ever grows: a clock that went back would let deadlines come twice.

use time::Duration;

use super::db::{Conn, DbError, exec, one};

/// How far a rehearsal may go in all.
pub const FURTHEST: Duration = Duration::days(3_650);

/// How far ahead the clock is.
///
/// # Errors
/// The database's.
pub async fn ahead(conn: &mut Conn<'_>) -> Result<Duration, DbError> {
    let (micros,) = one!(conn, (i64,), "SELECT ahead_micros FROM rehearsal WHERE id = 1")?;
    Ok(Duration::microseconds(micros))
}

/// Whether the database was begun as a rehearsal, or was rehearsed on: it holds nobody's real deals.
///
/// # Errors
/// The database's.
pub async fn is_one(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let sql = "SELECT begun OR ahead_micros > 0 FROM rehearsal WHERE id = 1";
    Ok(one!(conn, (bool,), sql)?.0)
}

/// Makes it one, while nobody has an account in it.
///
/// # Errors
/// The database's.
pub async fn begin(conn: &mut Conn<'_>) -> Result<(), DbError> {
    let sql = "UPDATE rehearsal SET begun = TRUE
               WHERE id = 1 AND begun = FALSE AND NOT EXISTS (SELECT 1 FROM users)";
    exec!(conn, sql)?;
    Ok(())
}

/// Moves it on from `seen`, which is what the mover was shown. Nothing happens when it has moved since.
///
/// # Errors
/// The database's.
pub async fn advance(conn: &mut Conn<'_>, seen: Duration, by: Duration) -> Result<bool, DbError> {
    let micros = |ahead: Duration| i64::try_from(ahead.whole_microseconds()).unwrap_or(i64::MAX);
    let to = seen.saturating_add(by).min(FURTHEST);
    let rows = exec!(
        conn,
        "UPDATE rehearsal SET ahead_micros = $1 WHERE id = 1 AND ahead_micros = $2 AND ahead_micros < $1",
        micros(to),
        micros(seen)
    )?;
    Ok(rows > 0)
}
