//! People: those who have an account, and those whose address somebody named.
//!
//! An address that is named as a party makes a row that nobody has claimed. Whoever signs up with that
//! address claims the row and keeps its id (Vesicash: an account is created for an unknown email).
//! Until the address is confirmed the account can do nothing, so a stranger who signs up with somebody
//! else's address gains nothing, and the next one to sign up with it takes the account over.

use sqlx::FromRow;
use uuid::Uuid;

use super::db::{Conn, DbError, all, exec, lock, one, opt};
use super::search;
use crate::clock::Clock;
use crate::engine::time::Time;
use crate::text::{folded, unaccented};

/// A person, without the password.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Account {
    pub id: Uuid,
    /// Nothing once the person was erased.
    pub email: Option<String>,
    pub name: String,
    pub email_confirmed_at: Option<Time>,
    /// A name of the IANA list, like `Africa/Tunis`.
    pub time_zone: String,
    /// Two letters of ISO 3166.
    pub country: Option<String>,
    pub operator: bool,
    pub to_wallet_at_once: bool,
    /// Refunds go to the wallet, and not back by the way on which the money came.
    pub refunds_to_wallet: bool,
    pub created_at: Time,
    pub claimed_at: Option<Time>,
    /// Since when an operator lets this person read and do nothing else.
    pub frozen_at: Option<Time>,
    pub frozen_because: Option<String>,
    /// How many purchases nobody has an account for were made as this person, and the name typed at the last one; known
    /// where the console asks.
    #[sqlx(default)]
    pub guest_purchases: i64,
    #[sqlx(default)]
    pub guest_name: Option<String>,
    /// A guest who came by the secret of a mail: his pages stand below it, and show one escrow.
    #[sqlx(skip)]
    pub by_link: Option<ByLink>,
}

/// The secret by which a guest came, and what it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLink {
    pub secret: String,
    pub escrow: Uuid,
}

impl Account {
    /// Whether somebody has proved to be this person, so that it may sign in and act.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.claimed_at.is_some() && self.email_confirmed_at.is_some()
    }

    /// The name, for the console: of a guest what he typed.
    #[must_use]
    pub fn called(&self) -> &str {
        let typed = self.guest_name.as_deref().unwrap_or_default();
        if self.name.is_empty() { typed } else { &self.name }
    }

    /// The address, for pages; empty once the person was erased.
    #[must_use]
    pub fn address(&self) -> &str {
        self.email.as_deref().unwrap_or_default()
    }
}

/// A person who visits a page, with what the page's header shows beside the name.
#[derive(Clone, Debug, FromRow)]
pub struct Visiting {
    #[sqlx(flatten)]
    pub account: Account,
    /// Notices that were not read yet, counted no further than a hundred.
    pub unread: i64,
}

/// What is needed to sign somebody in.
#[derive(Clone, Debug, FromRow)]
pub struct Credentials {
    pub id: Uuid,
    /// Nothing while nobody has claimed the account.
    pub password_hash: Option<String>,
    pub email_confirmed_at: Option<Time>,
}

/// What somebody who signs up says.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// In its one form: see [`crate::address::canonical`].
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub time_zone: &'a str,
    pub terms_of_service_version: i64,
}

/// What people may change about themselves.
#[derive(Clone, Debug)]
pub struct Profile<'a> {
    pub name: &'a str,
    pub time_zone: &'a str,
    pub country: Option<&'a str>,
    pub to_wallet_at_once: bool,
    pub refunds_to_wallet: bool,
}

/// The person with this id.
///
/// # Errors
/// The database did not answer.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<Account>, DbError> {
    opt!(
        conn,
        Account,
        "SELECT id, coalesce(email, guest_email) AS email, name, email_confirmed_at, time_zone, country, operator,
                to_wallet_at_once, refunds_to_wallet, created_at, claimed_at, frozen_at, frozen_because
         FROM users WHERE id = $1",
        id
    )
}

/// The person with this id, for the header of a page: one statement, since every page asks it.
///
/// # Errors
/// The database did not answer.
pub async fn visiting(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<Visiting>, DbError> {
    opt!(
        conn,
        Visiting,
        "SELECT id, email, name, email_confirmed_at, time_zone, country, operator, to_wallet_at_once,
                refunds_to_wallet, created_at, claimed_at, frozen_at, frozen_because,
                (SELECT count(*) FROM (SELECT id FROM notifications
                                       WHERE user_id = $1 AND read_at IS NULL LIMIT 100) AS few) AS unread
         FROM users WHERE id = $1",
        id
    )
}

/// The person with this address, in its one form.
///
/// # Errors
/// The database did not answer.
pub async fn by_email(conn: &mut Conn<'_>, email: &str) -> Result<Option<Account>, DbError> {
    opt!(
        conn,
        Account,
        "SELECT id, email, name, email_confirmed_at, time_zone, country, operator, to_wallet_at_once,
                refunds_to_wallet, created_at, claimed_at, frozen_at, frozen_because
         FROM users WHERE email = $1",
        email
    )
}

/// What is needed to sign the person with this address in.
///
/// # Errors
/// The database did not answer.
pub async fn credentials(conn: &mut Conn<'_>, email: &str) -> Result<Option<Credentials>, DbError> {
    opt!(conn, Credentials, "SELECT id, password_hash, email_confirmed_at FROM users WHERE email = $1", email)
}

/// The stored password of one person.
///
/// # Errors
/// The database did not answer.
pub async fn password_hash(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<String>, DbError> {
    let row = opt!(conn, (Option<String>,), "SELECT password_hash FROM users WHERE id = $1", id)?;
    Ok(row.and_then(|(hash,)| hash))
}

/// The stored password of one person, which stays as it is until the write that asks has ended.
///
/// # Errors
/// The database did not answer.
pub async fn lock_password(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<String>, DbError> {
    let row = lock!(conn, (Option<String>,), "SELECT password_hash FROM users WHERE id = $1", id)?;
    Ok(row.and_then(|(hash,)| hash))
}

/// Makes an account, or claims the one that nobody has confirmed yet, which keeps its id. `None` when
/// the address belongs to somebody who confirmed it: nothing is changed then.
///
/// # Errors
/// The database did not answer.
pub async fn register(
    conn: &mut Conn<'_>,
    clock: &Clock,
    new: &Registration<'_>,
) -> Result<Option<Uuid>, DbError> {
    let row = opt!(
        conn,
        (Uuid,),
        "INSERT INTO users (id, email, name, name_lower, password_hash, time_zone, terms_of_service_version,
                            terms_of_service_at, identity_salt, created_at, claimed_at, name_search)
         VALUES ($1, $2, $3, $9, $4, $5, $6, $7, $8, $7, $7, $10)
         ON CONFLICT (email) DO UPDATE SET
             name = excluded.name, name_lower = excluded.name_lower, name_search = excluded.name_search, password_hash = excluded.password_hash, time_zone = excluded.time_zone,
             terms_of_service_version = excluded.terms_of_service_version,
             terms_of_service_at = excluded.terms_of_service_at, claimed_at = excluded.claimed_at
         WHERE users.email_confirmed_at IS NULL
         RETURNING id",
        clock.id(),
        new.email,
        new.name,
        new.password_hash,
        new.time_zone,
        new.terms_of_service_version,
        clock.now(),
        clock.random::<16>().to_vec(),
        folded(new.name),
        unaccented(new.name)
    )?;
    Ok(row.map(|(id,)| id))
}

/// The id of whoever has this address; an unknown one makes a row that nobody has claimed.
///
/// # Errors
/// The database did not answer.
pub async fn find_or_invite(
    conn: &mut Conn<'_>,
    clock: &Clock,
    email: &str,
    name: &str,
) -> Result<Uuid, DbError> {
    // Not "do nothing", which would give back no row when the address is known.
    let (id,) = one!(
        conn,
        (Uuid,),
        "INSERT INTO users (id, email, name, name_lower, name_search, identity_salt, created_at)
         VALUES ($1, $2, $3, $6, $7, $4, $5)
         ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id",
        clock.id(),
        email,
        name,
        clock.random::<16>().to_vec(),
        clock.now(),
        folded(name),
        unaccented(name)
    )?;
    Ok(id)
}

/// Notes that the person reads the mail of this address. False when the account has another one by now.
///
/// # Errors
/// The database did not answer.
pub async fn confirm(conn: &mut Conn<'_>, now: Time, id: Uuid, email: &str) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE users SET email_confirmed_at = coalesce(email_confirmed_at, $1) WHERE id = $2 AND email = $3",
        now,
        id,
        email
    )?;
    Ok(rows == 1)
}

/// Stores a new password. Somebody who never had one has claimed the account with it.
///
/// # Errors
/// The database did not answer.
pub async fn set_password(
    conn: &mut Conn<'_>,
    now: Time,
    id: Uuid,
    password_hash: &str,
) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE users SET password_hash = $1, claimed_at = coalesce(claimed_at, $2) WHERE id = $3",
        password_hash,
        now,
        id
    )?;
    Ok(())
}

/// Gives the account another address, whose mail the person has proved to read. False when somebody has it.
///
/// # Errors
/// The database did not answer.
pub async fn set_address(conn: &mut Conn<'_>, now: Time, id: Uuid, email: &str) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE users SET email = $1, email_confirmed_at = $2
         WHERE id = $3 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.email = $1)",
        email,
        now,
        id
    )?;
    Ok(rows == 1)
}

/// Stores what the person says of itself.
///
/// # Errors
/// The database did not answer.
pub async fn set_profile(conn: &mut Conn<'_>, id: Uuid, profile: &Profile<'_>) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE users SET name = $1, name_lower = $6, time_zone = $2, country = $3, to_wallet_at_once = $4,
             refunds_to_wallet = $7, name_search = $8
         WHERE id = $5",
        profile.name,
        profile.time_zone,
        profile.country,
        profile.to_wallet_at_once,
        id,
        folded(profile.name),
        profile.refunds_to_wallet,
        unaccented(profile.name)
    )?;
    Ok(())
}

/// Whether anybody runs this portal yet.
///
/// # Errors
/// The database did not answer.
pub async fn has_operator(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let sql = "SELECT id FROM users WHERE operator = $1 AND claimed_at IS NOT NULL LIMIT 1";
    Ok(opt!(conn, (Uuid,), sql, true)?.is_some())
}

/// Everyone who runs this portal and can act on it.
///
/// # Errors
/// The database did not answer.
pub async fn operators(conn: &mut Conn<'_>) -> Result<Vec<Uuid>, DbError> {
    let rows = all!(
        conn,
        (Uuid,),
        "SELECT id FROM users WHERE operator = TRUE AND claimed_at IS NOT NULL AND frozen_at IS NULL ORDER BY id"
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The newest people first, those made before `before`, whose address or name holds `search`
/// (folded by the caller; empty for all); or of them only those who are frozen.
///
/// # Errors
/// The database did not answer.
pub async fn page(
    conn: &mut Conn<'_>,
    search: &str,
    frozen: bool,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Account>, DbError> {
    all!(
        conn,
        Account,
        "SELECT id, coalesce(email, guest_email) AS email, name, email_confirmed_at, time_zone, country, operator,
                to_wallet_at_once, refunds_to_wallet, created_at, claimed_at, frozen_at, frozen_because,
                (SELECT count(*) FROM parties p
                 WHERE p.user_id = users.id AND p.role = 'buyer' AND users.claimed_at IS NULL
                   AND EXISTS (SELECT 1 FROM pay_links l WHERE l.escrow_id = p.escrow_id)) AS guest_purchases,
                (SELECT p.name FROM parties p
                 WHERE p.user_id = users.id AND p.role = 'buyer' AND users.claimed_at IS NULL
                 ORDER BY p.escrow_id DESC LIMIT 1) AS guest_name
         FROM users
         WHERE ($1 = '' OR coalesce(email, guest_email) LIKE $2 ESCAPE '\\' OR coalesce(name_search, name_lower) LIKE $6 ESCAPE '\\'
                OR EXISTS (SELECT 1 FROM parties p WHERE p.user_id = users.id AND p.role = 'buyer'
                             AND users.claimed_at IS NULL AND lower(p.name) LIKE $2 ESCAPE '\\'))
           AND id < $3 AND ($5 = FALSE OR frozen_at IS NOT NULL)
         ORDER BY id DESC LIMIT $4",
        search,
        contains(search),
        before.unwrap_or(Uuid::max()),
        limit,
        frozen,
        search::pattern(search)
    )
}

/// The same person as the console knows him: with what he bought as a guest.
///
/// # Errors
/// The database did not answer.
pub async fn known_as(conn: &mut Conn<'_>, account: &mut Account) -> Result<(), DbError> {
    let sql = "SELECT p.name FROM parties p JOIN users u ON u.id = p.user_id
               WHERE p.user_id = $1 AND p.role = 'buyer' AND u.claimed_at IS NULL
                 AND EXISTS (SELECT 1 FROM pay_links l WHERE l.escrow_id = p.escrow_id)
               ORDER BY p.escrow_id DESC LIMIT 100";
    let bought = all!(conn, (Option<String>,), sql, account.id)?;
    account.guest_purchases = i64::try_from(bought.len()).unwrap_or(i64::MAX);
    account.guest_name = bought.into_iter().next().and_then(|(name,)| name);
    Ok(())
}

/// `search` as a pattern that matches it anywhere and takes nothing in it for a wildcard.
fn contains(search: &str) -> String {
    format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
