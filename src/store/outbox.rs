//! Mails that are owed: written down with what they tell about, claimed by a worker, sent, recorded.
//!
//! A mail is sent at least once. A worker that dies between sending and recording leaves a mail that
//! is sent again under the same Message-ID, which readers' programs fold into one.

use sqlx::FromRow;
use time::Duration;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, claim, exec, opt};

/// After so long a worker that claimed a mail is given up for dead, and another takes the mail.
pub const LEASE: Duration = Duration::minutes(5);
/// The wait after a first failure; it doubles each time.
const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(4);
/// So many failures, more than a day of them, and the mail waits for an operator.
pub const MOST_ATTEMPTS: i64 = 15;
/// The same for a mail that the other side refused for good: it may have been a slip of its own.
pub const MOST_REFUSALS: i64 = 3;
const LONGEST_ERROR: usize = 1_000;

/// Whom a mail is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// A user, at the address on record when it is sent.
    User(Uuid),
    /// A user at another address: the one just left, or one not confirmed yet.
    UserAt(Uuid, String),
    /// Somebody who is no user.
    Address(String),
}

/// A mail to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    pub to: To,
    /// What letter it is, for lists and for reading the payload.
    pub kind: String,
    /// JSON, without secrets: those are made when the mail is sent.
    pub payload: String,
    pub escrow_id: Option<Uuid>,
    /// Somebody waits in front of a page for it, or it is about the safety of an account: no news keep it waiting.
    pub urgent: bool,
}

/// A mail that this worker holds until its lease ends.
#[derive(Clone, Debug, FromRow)]
pub struct Claimed {
    pub id: Uuid,
    pub to_user: Option<Uuid>,
    pub to_address: Option<String>,
    pub kind: String,
    pub payload: String,
    pub escrow_id: Option<Uuid>,
    /// This one included.
    pub attempts: i64,
    /// The end of the lease.
    pub next_at: Time,
    pub created_at: Time,
}

/// A mail as it was sent, for `/admin/mail`.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    pub to_address: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
}

/// How the last mail about an escrow to one party stands.
#[derive(Clone, Debug, FromRow)]
pub struct Mailed {
    pub state: String,
    pub created_at: Time,
    pub sent_at: Option<Time>,
}

impl Mailed {
    /// In words, for whoever waits for an answer to it.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.state.as_str() {
            "sent" => "Sent",
            "parked" => "Could not be sent; the operators look at it",
            _ => "On its way",
        }
    }

    /// When it was sent, else since when it is owed.
    #[must_use]
    pub fn at(&self) -> Time {
        self.sent_at.unwrap_or(self.created_at)
    }
}

/// The last mail about an escrow to one user.
///
/// # Errors
/// The database's.
pub async fn last_to(conn: &mut Conn<'_>, escrow: Uuid, user: Uuid) -> Result<Option<Mailed>, DbError> {
    opt!(
        conn,
        Mailed,
        "SELECT state, created_at, sent_at FROM outbox WHERE escrow_id = $1 AND to_user = $2
         ORDER BY id DESC LIMIT 1",
        escrow,
        user
    )
}

/// Writes a mail down, in the transaction of what it tells about; the id is the mail's.
///
/// # Errors
/// The database's.
pub async fn enqueue(conn: &mut Conn<'_>, clock: &Clock, mail: &NewMail) -> Result<Uuid, DbError> {
    insert(conn, clock, mail, None, clock.now()).await
}

/// Writes it down, to be sent from `at` on.
async fn insert(
    conn: &mut Conn<'_>,
    clock: &Clock,
    mail: &NewMail,
    about: Option<&str>,
    at: Time,
) -> Result<Uuid, DbError> {
    let (id, now) = (clock.id(), clock.now());
    let (user, address) = match &mail.to {
        To::User(user) => (Some(*user), None),
        To::UserAt(user, address) => (Some(*user), Some(address.as_str())),
        To::Address(address) => (None, Some(address.as_str())),
    };
    exec!(
        conn,
        "INSERT INTO outbox (id, to_user, to_address, kind, payload, escrow_id, next_at, created_at, urgent, about)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        user,
        address,
        mail.kind.as_str(),
        mail.payload.as_str(),
        mail.escrow_id,
        at,
        now,
        mail.urgent,
        about
    )?;
    Ok(id)
}

/// So many mails of one kind about one thing go to the same reader at once; after that they come after a pause.
pub const AT_ONCE: i64 = 3;
pub const PAUSE: Duration = Duration::minutes(10);

/// The last mail of one kind about one thing to one reader.
#[derive(FromRow)]
struct Last {
    id: Uuid,
    state: String,
    attempts: i64,
    payload: String,
    next_at: Time,
    created_at: Time,
    sent_at: Option<Time>,
    /// How many of them there were within the pause.
    recent: i64,
}

/// Writes down a mail with news that may come again and again. One that still waits tells these as well; after
/// several that have gone they wait for a while, so that what follows them goes along.
///
/// # Errors
/// The database's.
pub async fn enqueue_news(
    conn: &mut Conn<'_>,
    clock: &Clock,
    mail: &NewMail,
    about: &str,
    joined: impl Fn(&str, &str) -> Option<String>,
) -> Result<(), DbError> {
    let now = clock.now();
    let To::User(reader) = mail.to else {
        enqueue(conn, clock, mail).await?;
        return Ok(());
    };
    let last = opt!(
        conn,
        Last,
        "SELECT id, state, attempts, payload, next_at, created_at, sent_at,
                (SELECT count(*) FROM outbox r
                 WHERE r.to_user = $1 AND r.about = $2 AND r.created_at > $3) AS recent
         FROM outbox WHERE to_user = $1 AND about = $2 ORDER BY id DESC LIMIT 1",
        reader,
        about,
        now.plus(-PAUSE)
    )?;
    let mut at = now;
    if let Some(last) = last {
        let soon = last.created_at.plus(PAUSE) > now;
        if soon && joined_to(conn, &last, joined(&last.payload, &mail.payload)).await? {
            return Ok(());
        }
        let gone = match last.state.as_str() {
            "claimed" => now,
            "waiting" => last.next_at,
            _ => last.sent_at.unwrap_or(last.created_at),
        };
        if last.recent >= AT_ONCE {
            at = at.max(gone.plus(PAUSE));
        }
    }
    insert(conn, clock, mail, Some(about), at).await?;
    Ok(())
}

/// Puts the news of both into the mail that waits. False where it does so no more: a worker has taken it. What was
/// tried may have arrived, and stays as it is.
async fn joined_to(conn: &mut Conn<'_>, last: &Last, payload: Option<String>) -> Result<bool, DbError> {
    let Some(payload) = payload.filter(|_| last.state == "waiting" && last.attempts == 0) else {
        return Ok(false);
    };
    let sql = "UPDATE outbox SET payload = $2 WHERE id = $1 AND state = 'waiting' AND attempts = 0";
    Ok(exec!(conn, sql, last.id, payload)? == 1)
}

/// Whether there is anything to claim, urgent or not; a look that takes no lock.
///
/// # Errors
/// The database's.
pub async fn is_due(conn: &mut Conn<'_>, now: Time, urgent: bool) -> Result<bool, DbError> {
    let due = opt!(
        conn,
        (Uuid,),
        "SELECT id FROM outbox
         WHERE urgent = $2 AND state IN ('waiting', 'claimed') AND next_at <= $1 LIMIT 1",
        now,
        urgent
    )?;
    Ok(due.is_some())
}

/// Takes up to `most` mails that are due, urgent ones or the others, the longest waiting first, for as long as
/// the lease runs.
///
/// # Errors
/// The database's.
pub async fn claim_due(
    conn: &mut Conn<'_>,
    now: Time,
    urgent: bool,
    most: i64,
) -> Result<Vec<Claimed>, DbError> {
    let mut mails = claim!(
        conn,
        Claimed,
        "UPDATE outbox SET state = 'claimed', attempts = attempts + 1, next_at = $2 WHERE id IN
         (SELECT id FROM outbox WHERE urgent = $4 AND state IN ('waiting', 'claimed') AND next_at <= $1
          ORDER BY next_at, id LIMIT $3",
        ") RETURNING id, to_user, to_address, kind, payload, escrow_id, attempts, next_at, created_at",
        now,
        now.plus(LEASE),
        most,
        urgent
    )?;
    // In the order in which they were owed: "completed" must not arrive before "released".
    mails.sort_by_key(|mail| (mail.created_at, mail.id));
    Ok(mails)
}

/// Records that a claimed mail was sent. False when the lease ran out and somebody else has it now.
///
/// # Errors
/// The database's.
pub async fn record_sent(
    conn: &mut Conn<'_>,
    now: Time,
    mail: &Claimed,
    sent: &Sent<'_>,
) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE outbox SET state = 'sent', sent_at = $3, last_error = NULL,
                           to_address = $4, subject = $5, body_text = $6, body_html = $7
         WHERE id = $1 AND state = 'claimed' AND next_at = $2",
        mail.id,
        mail.next_at,
        now,
        sent.to_address,
        sent.subject,
        sent.text,
        sent.html
    )?;
    Ok(rows == 1)
}

/// Records that a claimed mail could not be sent. It is tried again later, or parked for an operator
/// when it has failed too often; `for_good` says that the other side will not take it at all.
///
/// # Errors
/// The database's.
pub async fn record_failed(
    conn: &mut Conn<'_>,
    now: Time,
    mail: &Claimed,
    why: &str,
    for_good: bool,
) -> Result<bool, DbError> {
    let parked = mail.attempts >= if for_good { MOST_REFUSALS } else { MOST_ATTEMPTS };
    let why: String = why.chars().take(LONGEST_ERROR).collect();
    let rows = exec!(
        conn,
        "UPDATE outbox SET state = $3, next_at = $4, last_error = $5
         WHERE id = $1 AND state = 'claimed' AND next_at = $2",
        mail.id,
        mail.next_at,
        if parked { "parked" } else { "waiting" },
        now.plus(wait_after(mail.attempts)),
        why
    )?;
    Ok(rows == 1)
}

/// Puts a claimed mail off until then: nothing failed, but it is not its time yet.
///
/// # Errors
/// The database's.
pub async fn postpone(conn: &mut Conn<'_>, until: Time, mail: &Claimed, why: &str) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE outbox SET state = 'waiting', attempts = 0, next_at = $3, last_error = $4
         WHERE id = $1 AND state = 'claimed' AND next_at = $2",
        mail.id,
        mail.next_at,
        until,
        why
    )?;
    Ok(rows == 1)
}

/// A mail about an escrow, as far as its parties see it: to whom, about what, and how far it has come.
#[derive(Clone, Debug, FromRow)]
pub struct Posted {
    pub to_user: Uuid,
    pub kind: String,
    pub state: String,
    pub attempts: i64,
    pub created_at: Time,
}

/// The newest mails about an escrow.
///
/// # Errors
/// The database's.
pub async fn of_escrow(conn: &mut Conn<'_>, escrow: Uuid, most: i64) -> Result<Vec<Posted>, DbError> {
    all!(
        conn,
        Posted,
        "SELECT to_user, kind, state, attempts, created_at FROM outbox
         WHERE escrow_id = $1 AND to_user IS NOT NULL ORDER BY id DESC LIMIT $2",
        escrow,
        most
    )
}

/// An operator has it tried again from the beginning. False when it is not parked or waiting.
///
/// # Errors
/// The database's.
pub async fn retry(conn: &mut Conn<'_>, now: Time, id: Uuid) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE outbox SET state = 'waiting', attempts = 0, next_at = $2
         WHERE id = $1 AND state IN ('waiting', 'parked')",
        id,
        now
    )?;
    Ok(rows == 1)
}

/// How long to wait after so many attempts.
fn wait_after(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    FIRST_WAIT.checked_mul(1 << doublings).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_and_there_is_a_longest() {
        let minutes = [1, 2, 3, 8, 9, 10, 1_000].map(|attempts| wait_after(attempts).whole_minutes());
        assert_eq!(minutes, [1, 2, 4, 128, 240, 240, 240]);
    }
}
