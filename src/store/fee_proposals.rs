//! Fees and limits that wait for a second operator. Once confirmed, a proposal is a version like any other: see `fees.rs`.

use uuid::Uuid;

use super::audit::{self, Act, Subject};
use super::db::{Conn, DbError, all, exec, lock, one};
use super::fees::{self, Rules};
use crate::clock::Clock;
use crate::engine::time::Time;
use crate::money::Currency;

const MOST: i64 = 50;

/// A version that is proposed.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub currency: Currency,
    /// Nothing for as soon as it is confirmed.
    pub starts_at: Option<Time>,
    pub rules: &'a Rules,
    /// What it comes to.
    pub words: &'a str,
}

/// One that waits, as pages show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    pub id: Uuid,
    pub currency: String,
    pub starts_at: Option<Time>,
    pub words: String,
    pub created_by: Uuid,
    pub created_at: Time,
    /// The name of the operator who proposed it.
    pub by: String,
}

/// What came of confirming or dropping one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// Somebody was faster, or there is none.
    Gone,
    /// Nobody confirms their own.
    Own,
}

/// Whether a version needs a second operator: where there are two. A frozen one counts, so that nobody freezes the
/// other out of the way.
///
/// # Errors
/// The database's.
pub async fn needs_two(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let sql = "SELECT count(*) FROM users WHERE operator = TRUE AND claimed_at IS NOT NULL";
    Ok(one!(conn, (i64,), sql)?.0 > 1)
}

/// Proposes a version, with a line in the audit.
///
/// # Errors
/// The database's.
pub async fn propose(
    conn: &mut Conn<'_>,
    clock: &Clock,
    operator: Uuid,
    new: &New<'_>,
) -> Result<Uuid, DbError> {
    let rules = serde_json::to_string(new.rules).map_err(|error| DbError::Broken(error.to_string()))?;
    let (id, code) = (clock.id(), new.currency.code());
    exec!(
        conn,
        "INSERT INTO fee_proposals (id, currency, starts_at, rules, words, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        code,
        new.starts_at,
        rules.as_str(),
        new.words,
        operator,
        clock.now()
    )?;
    let subject = Subject::Fee(code.to_owned());
    audit::note(conn, clock, operator, Act::ProposedFee, &subject, new.words).await?;
    Ok(id)
}

/// Those that wait, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting(conn: &mut Conn<'_>) -> Result<Vec<Waiting>, DbError> {
    all!(
        conn,
        Waiting,
        "SELECT p.id, p.currency, p.starts_at, p.words, p.created_by, p.created_at, u.name AS by
         FROM fee_proposals p JOIN users u ON u.id = p.created_by
         WHERE p.settled_at IS NULL ORDER BY p.id LIMIT $1",
        MOST
    )
}

type Row = (String, Option<Time>, String, String, Uuid);

/// Makes a version of a proposal, or drops it.
///
/// # Errors
/// The database's; the caller must not commit then.
pub async fn settle(
    conn: &mut Conn<'_>,
    clock: &Clock,
    operator: Uuid,
    id: Uuid,
    confirms: bool,
) -> Result<Settled, DbError> {
    let row = lock!(
        conn,
        Row,
        "SELECT currency, starts_at, rules, words, created_by FROM fee_proposals
         WHERE id = $1 AND settled_at IS NULL",
        id
    )?;
    let Some((code, starts_at, rules, words, proposer)) = row else { return Ok(Settled::Gone) };
    if confirms && proposer == operator {
        return Ok(Settled::Own);
    }
    let now = clock.now();
    exec!(
        conn,
        "UPDATE fee_proposals SET settled_by = $2, settled_at = $3, confirmed = $4 WHERE id = $1",
        id,
        operator,
        now,
        confirms
    )?;
    if !confirms {
        audit::note(conn, clock, operator, Act::DroppedFee, &Subject::Fee(code), &words).await?;
        return Ok(Settled::Done);
    }
    let broken = |what: &str| DbError::Broken(format!("a proposed fee: {what}"));
    let currency = Currency::from_code(&code).ok_or_else(|| broken("its currency"))?;
    let rules: Rules = serde_json::from_str(&rules).map_err(|error| broken(&error.to_string()))?;
    let words = format!("{words}, confirmed");
    let by = fees::By { proposer, confirmed_by: Some(operator) };
    fees::add(conn, clock, by, (currency, starts_at.unwrap_or(now)), &rules, &words).await?;
    Ok(Settled::Done)
}
