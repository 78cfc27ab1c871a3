//! The terms of service: versions with a start. The first stands in the program, the others here; none
//! is ever changed. Whoever pays must have accepted the newest that has begun.

use serde::Serialize;
use uuid::Uuid;

use super::audit::{self, Act, Change, Subject};
use super::db::{Conn, DbError, all, exec, one, opt};
use crate::clock::Clock;
use crate::engine::chain::sha256_hex;
use crate::engine::time::Time;

/// The version that stands in the program.
pub const FIRST: i64 = 1;

/// A version that an operator published.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Version {
    pub version: i64,
    pub starts_at: Time,
    pub text: String,
    /// The name of the operator who published it.
    pub by: String,
}

/// The newest version that has begun at `now`, with its text; no text for the first.
///
/// # Errors
/// The database's.
pub async fn newest(conn: &mut Conn<'_>, now: Time) -> Result<(i64, Option<String>), DbError> {
    let row = opt!(
        conn,
        (i64, String),
        "SELECT version, text FROM terms_of_service WHERE starts_at <= $1 ORDER BY version DESC LIMIT 1",
        now
    )?;
    Ok(row.map_or((FIRST, None), |(version, text)| (version, Some(text))))
}

/// Whether somebody has accepted the version that stands.
///
/// # Errors
/// The database's.
pub async fn is_accepted(conn: &mut Conn<'_>, user: Uuid, now: Time) -> Result<bool, DbError> {
    let row = opt!(
        conn,
        (bool,),
        "SELECT coalesce(terms_of_service_version, 0) >= coalesce(
                    (SELECT max(t.version) FROM terms_of_service t WHERE t.starts_at <= $2), $3)
         FROM users WHERE id = $1",
        user,
        now,
        FIRST
    )?;
    Ok(row.is_some_and(|(is,)| is))
}

/// Every version that was published, the newest first.
///
/// # Errors
/// The database's.
pub async fn versions(conn: &mut Conn<'_>) -> Result<Vec<Version>, DbError> {
    all!(
        conn,
        Version,
        "SELECT t.version, t.starts_at, t.text, u.name AS by
         FROM terms_of_service t JOIN users u ON u.id = t.created_by ORDER BY t.version DESC LIMIT 100"
    )
}

/// A row as its digest in the audit has it.
#[derive(Serialize, sqlx::FromRow)]
struct Sealed {
    version: i64,
    starts_at: Time,
    text: String,
    created_by: Uuid,
    created_at: Time,
}

impl Sealed {
    fn sha256(&self) -> Result<String, DbError> {
        let json = serde_json::to_vec(self).map_err(|error| DbError::Broken(error.to_string()))?;
        Ok(sha256_hex(&json))
    }
}

/// The SHA-256 of every row, as the audit has it.
///
/// # Errors
/// The database's.
pub async fn digests(conn: &mut Conn<'_>) -> Result<Vec<(i64, String)>, DbError> {
    let sql =
        "SELECT version, starts_at, text, created_by, created_at FROM terms_of_service ORDER BY version";
    let rows = all!(conn, Sealed, sql)?;
    rows.into_iter().map(|row| Ok((row.version, row.sha256()?))).collect()
}

/// Publishes the next version, with a line in the audit; its number. Two operators who publish at the same moment get a unique
/// violation for one of them.
///
/// # Errors
/// The database's.
pub async fn publish(
    conn: &mut Conn<'_>,
    clock: &Clock,
    operator: Uuid,
    text: &str,
    starts_at: Time,
) -> Result<i64, DbError> {
    let now = clock.now();
    let row = one!(
        conn,
        Sealed,
        "INSERT INTO terms_of_service (version, starts_at, text, created_by, created_at)
         SELECT CAST(coalesce(max(version), 1) + 1 AS BIGINT), $1, $2, $3, $4 FROM terms_of_service
         RETURNING version, starts_at, text, created_by, created_at",
        // What begins at once was typed a moment ago.
        starts_at.max(now),
        text,
        operator,
        now
    )?;
    let (version, sha256) = (row.version, row.sha256()?);
    let note = format!("from {}", row.starts_at.rfc3339());
    let change = Change::Terms { version, sha256 };
    audit::change(
        conn,
        clock,
        operator.into(),
        (Act::PublishedTerms, &Subject::Terms(version)),
        &note,
        change,
    )
    .await?;
    Ok(version)
}

/// Notes that somebody accepted a version, unless he accepted a newer one before.
///
/// # Errors
/// The database's.
pub async fn accept(conn: &mut Conn<'_>, now: Time, user: Uuid, version: i64) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE users SET terms_of_service_version = $2, terms_of_service_at = $1
         WHERE id = $3 AND coalesce(terms_of_service_version, 0) < $2",
        now,
        version,
        user
    )?;
    Ok(())
}

/// The version that a person accepted last; 0 for none.
///
/// # Errors
/// The database's.
pub async fn accepted(conn: &mut Conn<'_>, user: Uuid) -> Result<i64, DbError> {
    let row = opt!(
        conn,
        (i64,),
        "SELECT CAST(coalesce(terms_of_service_version, 0) AS BIGINT) FROM users WHERE id = $1",
        user
    )?;
    Ok(row.map_or(0, |(version,)| version))
}
