//! Single-use secrets: 256 bits, stored as a hash, good for one purpose and one address.
//!
//! Looking at one never uses it up, since mail scanners follow every link. It knows nothing of what a
//! token is for beyond its name.

use sqlx::FromRow;
use time::Duration;
use uuid::Uuid;

use super::db::{Conn, DbError, exec, opt};
use super::hash;
use crate::clock::Clock;
use crate::engine::time::Time;

/// What a token proves. A token of one purpose is unknown to every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever has it reads the mail of the address with which the account was made.
    ConfirmAddress,
    /// Whoever has it reads the mail of the address that an account shall have.
    NewAddress,
    /// It proves that its reader gets the mail of the address that an account is about to leave.
    OldAddress,
    /// It proves that its reader gets the mail of an address that an account has left, and gives it back.
    UndoAddress,
    /// Whoever has it may choose a new password for the account.
    Reset,
    /// Whoever has it may become an operator. The first one's is bound to nobody.
    Setup,
    /// Whoever has it reads the mail of the address that an escrow names as a party.
    Invitation,
    /// Whoever has it reads the mail of the address that an escrow names as its arbiter.
    Arbiter,
    /// Whoever has it reads the mail of the address with which a guest bought something.
    Guest,
}

impl Purpose {
    /// As it stands in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ConfirmAddress => "confirm_address",
            Self::NewAddress => "new_address",
            Self::OldAddress => "old_address",
            Self::UndoAddress => "undo_address",
            Self::Reset => "reset",
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Arbiter => "arbiter",
            Self::Guest => "guest",
        }
    }

    /// How long one is good.
    #[must_use]
    pub fn lifetime(self) -> Duration {
        match self {
            Self::ConfirmAddress | Self::NewAddress | Self::OldAddress => Duration::days(1),
            Self::UndoAddress => Duration::days(7),
            Self::Reset => Duration::hours(1),
            Self::Setup => Duration::minutes(30),
            // Longer than any invitation waits (domain: acceptance within 14 days), and whoever
            // comes late is told so by the escrow and not by a dead link.
            Self::Invitation | Self::Arbiter => Duration::days(30),
            // Longer than a sale can take with everything that may delay it, and its closing.
            Self::Guest => Duration::days(90),
        }
    }
}

/// Whom and what a new token is for.
#[derive(Clone, Debug, Default)]
pub struct Bound<'a> {
    pub user_id: Option<Uuid>,
    /// The address that it is sent to, lower-cased.
    pub email: Option<&'a str>,
    pub escrow_id: Option<Uuid>,
}

/// A token as it stands.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Token {
    pub user_id: Option<Uuid>,
    pub email: Option<String>,
    pub escrow_id: Option<Uuid>,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    pub replaced_at: Option<Time>,
}

/// What a secret is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    Good(Token),
    /// It was good once, and was used.
    Used(Token),
    /// A newer one was sent.
    Replaced(Token),
    Expired(Token),
    /// There never was such a one, or not for this purpose.
    Unknown,
}

/// Makes a token and returns its secret, which is stored nowhere. Earlier ones for the same purpose,
/// person and escrow are worth nothing from now on.
///
/// # Errors
/// The database did not answer.
pub async fn mint(
    conn: &mut Conn<'_>,
    clock: &Clock,
    purpose: Purpose,
    bound: &Bound<'_>,
) -> Result<String, DbError> {
    replace(conn, clock.now(), purpose, bound).await?;
    mint_beside(conn, clock, purpose, bound).await
}

/// The same, and earlier ones go on working: whoever has no account has nothing but the links of his mails.
///
/// # Errors
/// The database did not answer.
pub async fn mint_beside(
    conn: &mut Conn<'_>,
    clock: &Clock,
    purpose: Purpose,
    bound: &Bound<'_>,
) -> Result<String, DbError> {
    let now = clock.now();
    let secret = clock.secret();
    exec!(
        conn,
        "INSERT INTO tokens (hash, purpose, user_id, email, escrow_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash(&secret),
        purpose.name(),
        bound.user_id,
        bound.email,
        bound.escrow_id,
        now,
        now.plus(purpose.lifetime())
    )?;
    Ok(secret)
}

async fn replace(conn: &mut Conn<'_>, now: Time, purpose: Purpose, bound: &Bound<'_>) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE tokens SET replaced_at = $1 WHERE purpose = $2 AND used_at IS NULL AND replaced_at IS NULL
           AND (user_id = $3 OR (user_id IS NULL AND $3 IS NULL))
           AND (escrow_id = $4 OR (escrow_id IS NULL AND $4 IS NULL))",
        now,
        purpose.name(),
        bound.user_id,
        bound.escrow_id
    )?;
    Ok(())
}

/// Looks at a token and changes nothing.
///
/// # Errors
/// The database did not answer.
pub async fn peek(conn: &mut Conn<'_>, now: Time, purpose: Purpose, secret: &str) -> Result<Worth, DbError> {
    let token = opt!(
        conn,
        Token,
        "SELECT user_id, email, escrow_id, created_at, expires_at, used_at, replaced_at FROM tokens
         WHERE hash = $1 AND purpose = $2",
        hash(secret),
        purpose.name()
    )?;
    Ok(match token {
        None => Worth::Unknown,
        Some(token) if token.used_at.is_some() => Worth::Used(token),
        Some(token) if token.replaced_at.is_some() => Worth::Replaced(token),
        Some(token) if token.expires_at <= now => Worth::Expired(token),
        Some(token) => Worth::Good(token),
    })
}

/// Uses a token up. `None` when it was not good; of two who come at once, one gets it.
///
/// # Errors
/// The database did not answer.
pub async fn consume(
    conn: &mut Conn<'_>,
    now: Time,
    purpose: Purpose,
    secret: &str,
) -> Result<Option<Token>, DbError> {
    opt!(
        conn,
        Token,
        "UPDATE tokens SET used_at = $1
         WHERE hash = $2 AND purpose = $3 AND used_at IS NULL AND replaced_at IS NULL AND expires_at > $1
         RETURNING user_id, email, escrow_id, created_at, expires_at, used_at, replaced_at",
        now,
        hash(secret),
        purpose.name()
    )
}

/// Makes every open token of this purpose and person worthless, like a reset link after the password
/// was changed.
///
/// # Errors
/// The database did not answer.
pub async fn retire(conn: &mut Conn<'_>, now: Time, purpose: Purpose, user_id: Uuid) -> Result<u64, DbError> {
    exec!(
        conn,
        "UPDATE tokens SET replaced_at = $1
         WHERE purpose = $2 AND user_id = $3 AND used_at IS NULL AND replaced_at IS NULL",
        now,
        purpose.name(),
        user_id
    )
}

/// The same of those that were made since a moment.
///
/// # Errors
/// The database did not answer.
pub async fn retire_since(
    conn: &mut Conn<'_>,
    now: Time,
    purpose: Purpose,
    user_id: Uuid,
    since: Time,
) -> Result<u64, DbError> {
    exec!(
        conn,
        "UPDATE tokens SET replaced_at = $1
         WHERE purpose = $2 AND user_id = $3 AND created_at >= $4 AND used_at IS NULL AND replaced_at IS NULL",
        now,
        purpose.name(),
        user_id,
        since
    )
}

/// Makes every open token of this purpose that is bound to nobody worthless, like the first operator's
/// setup link once there is an operator.
///
/// # Errors
/// The database did not answer.
pub async fn retire_unbound(conn: &mut Conn<'_>, now: Time, purpose: Purpose) -> Result<u64, DbError> {
    exec!(
        conn,
        "UPDATE tokens SET replaced_at = $1
         WHERE purpose = $2 AND user_id IS NULL AND used_at IS NULL AND replaced_at IS NULL",
        now,
        purpose.name()
    )
}

/// Removes tokens that have been worthless for so long that nobody asks why any more.
///
/// # Errors
/// The database did not answer.
pub async fn sweep(conn: &mut Conn<'_>, now: Time) -> Result<u64, DbError> {
    exec!(conn, "DELETE FROM tokens WHERE expires_at <= $1", now.plus_days(-90))
}
