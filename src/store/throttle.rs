//! How often something may be tried: counted in windows of time, in the database, so that every
//! process counts together and a restart forgives nobody.
//!
//! Only a hash of who tried is kept. It knows no page; who is slowed down and by how much is said here.

use time::Duration;

use super::db::{Conn, DbError, exec, one, opt};
use super::hash;
use crate::engine::time::Time;

/// What is counted, and how much of it is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    name: &'static str,
    tries: i64,
    window: Duration,
}

/// Guesses at the password of one account, wherever they come from.
pub const SIGN_IN_BY_ACCOUNT: Limit = Limit::new("sign-in/account", 10, Duration::minutes(15));
/// Guesses in a browser in which this account was signed in before. They are counted apart, so that no
/// stranger's guesses keep the owner out.
pub const SIGN_IN_BY_DEVICE: Limit = Limit::new("sign-in/device", 10, Duration::minutes(15));
/// Guesses from one network, whatever the account.
pub const SIGN_IN_BY_NETWORK: Limit = Limit::new("sign-in/network", 60, Duration::minutes(15));
/// Forms from one network that make us hash a password or send a mail.
pub const FORMS_BY_NETWORK: Limit = Limit::new("forms/network", 60, Duration::hours(1));
/// Mails of one kind to one address that somebody else may have typed: each kind is counted by itself, so that none
/// can be asked for so often that another one stays away.
pub const MAILS_BY_ADDRESS: Limit = Limit::new("mails/address", 5, Duration::hours(1));
/// Guesses at the password with which an address is confirmed. Only the mailed link leads there, so
/// that guesses at the sign-in don't count here, nor these there.
pub const CONFIRM_BY_ADDRESS: Limit = Limit::new("confirm/address", 10, Duration::minutes(15));
/// Mails with an invitation to one address that nobody has confirmed, whoever sends them: it has not
/// asked for any, and many senders must not be able to flood it together.
pub const INVITATIONS_BY_ADDRESS: Limit = Limit::new("invitations/address", 20, Duration::days(1));
/// Guesses at the current password by someone who is signed in already.
pub const PASSWORD_BY_USER: Limit = Limit::new("password/user", 10, Duration::minutes(15));

/// Deals that one person sends, each of which is mailed to addresses of his choice.
pub const PROPOSALS_BY_USER: Limit = Limit::new("proposals/user", 60, Duration::hours(1));

/// Messages that one person writes, each of which is mailed to the others of the deal.
pub const MESSAGES_BY_USER: Limit = Limit::new("messages/user", 60, Duration::hours(1));

/// Questions whether a document is genuine, from one network.
pub const VERIFY_BY_NETWORK: Limit = Limit::new("verify/network", 60, Duration::hours(1));

/// Bytes that one person attaches.
pub const UPLOADS_BY_USER: Limit = Limit::new("uploads/user", 1 << 30, Duration::days(1));

impl Limit {
    /// `tries` are let through in each `window`.
    #[must_use]
    pub const fn new(name: &'static str, tries: i64, window: Duration) -> Self {
        Self { name, tries, window }
    }

    fn key(&self, who: &str) -> Vec<u8> {
        hash(&format!("{}\n{who}", self.name))
    }
}

/// Counts one try by `who`. `Some` is the number of seconds to wait: this try is one too many.
///
/// # Errors
/// The database did not answer.
pub async fn hit(conn: &mut Conn<'_>, now: Time, limit: &Limit, who: &str) -> Result<Option<u64>, DbError> {
    weigh(conn, now, limit, who, 1).await
}

/// Counts something of `who` that weighs as much as so many tries.
///
/// # Errors
/// The database did not answer.
pub async fn weigh(
    conn: &mut Conn<'_>,
    now: Time,
    limit: &Limit,
    who: &str,
    weight: i64,
) -> Result<Option<u64>, DbError> {
    let (count, ends_at) = one!(
        conn,
        (i64, Time),
        "INSERT INTO throttle (key_hash, started_at, ends_at, count) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key_hash) DO UPDATE SET
             count = CASE WHEN throttle.ends_at <= $2 THEN $4 ELSE throttle.count + $4 END,
             started_at = CASE WHEN throttle.ends_at <= $2 THEN $2 ELSE throttle.started_at END,
             ends_at = CASE WHEN throttle.ends_at <= $2 THEN $3 ELSE throttle.ends_at END
         RETURNING count, ends_at",
        limit.key(who),
        now,
        now.plus(limit.window),
        weight
    )?;
    Ok((count > limit.tries).then(|| seconds(now, ends_at)))
}

/// Looks whether `who` has used up the window, and counts nothing. `Some` is the number of seconds to wait.
///
/// # Errors
/// The database did not answer.
pub async fn used_up(
    conn: &mut Conn<'_>,
    now: Time,
    limit: &Limit,
    who: &str,
) -> Result<Option<u64>, DbError> {
    let window = opt!(
        conn,
        (Time,),
        "SELECT ends_at FROM throttle WHERE key_hash = $1 AND ends_at > $2 AND count >= $3",
        limit.key(who),
        now,
        limit.tries
    )?;
    Ok(window.map(|(ends_at,)| seconds(now, ends_at)))
}

fn seconds(now: Time, until: Time) -> u64 {
    u64::try_from(until.since(now).whole_seconds()).unwrap_or_default() + 1
}

/// Forgives `who`: the right password was given after all.
///
/// # Errors
/// The database did not answer.
pub async fn forgive(conn: &mut Conn<'_>, limit: &Limit, who: &str) -> Result<(), DbError> {
    exec!(conn, "DELETE FROM throttle WHERE key_hash = $1", limit.key(who))?;
    Ok(())
}

/// Removes windows that are over.
///
/// # Errors
/// The database did not answer.
pub async fn sweep(conn: &mut Conn<'_>, now: Time) -> Result<u64, DbError> {
    exec!(conn, "DELETE FROM throttle WHERE ends_at <= $1", now)
}
