//! What people do with their accounts, each as one write: the rows, and the mails that are owed for it.
//!
//! It stands above `store`, whose functions it calls, and `mail`, whose letters it owes, and holds no SQL.
//! Nothing here tells a stranger who has an account: whatever the address, the same is answered and
//! about the same is written. It knows no page; passwords come as hashes, since hashing takes long
//! and a write must not.

use uuid::Uuid;

use crate::clock::Clock;
use crate::mail::letter::Letter;
use crate::store::audit::{self, Act, Subject, Who};
use crate::store::db::{Conn, Db, DbError};
use crate::store::outbox::NewMail;
use crate::store::security::{self, Kind};
use crate::store::throttle::{self, Limit};
use crate::store::tokens::{self, Bound, Purpose, Worth};
use crate::store::users::{self, Registration};
use crate::store::{links, outbox, rights, sessions, terms_of_service};

/// Counts one try of each kind in turn, up to the first that was tried too often: whoever is refused for
/// his network leaves no mark on the account that he names. `Some` is the number of seconds to wait.
///
/// # Errors
/// The database did not answer.
pub async fn throttled(db: &Db, clock: &Clock, tries: &[(&Limit, &str)]) -> Result<Option<u64>, DbError> {
    let mut tx = db.write().await?;
    let mut wait = None;
    for (limit, who) in tries {
        wait = throttle::hit(&mut tx.conn(), clock.now(), limit, who).await?;
        if wait.is_some() {
            break;
        }
    }
    tx.commit().await?;
    Ok(wait)
}

/// Signs somebody up and owes the mail with which the address is confirmed. Whoever has the address
/// already is told by mail instead, and the page says the same.
///
/// # Errors
/// The database did not answer.
pub async fn sign_up(db: &Db, clock: &Clock, new: &Registration<'_>) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let (id, letter) = match users::register(conn, clock, new).await? {
        Some(id) => (Some(id), Letter::ConfirmAddress),
        None => (users::by_email(conn, new.email).await?.map(|known| known.id), Letter::AlreadyRegistered),
    };
    if let Some(id) = id {
        owe(conn, clock, new.email, id, &letter).await?;
    }
    tx.commit().await
}

/// Sends the confirmation once more, if the address waits for one.
///
/// # Errors
/// The database did not answer.
pub async fn resend_confirmation(db: &Db, clock: &Clock, email: &str) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if let Some(known) = users::by_email(conn, email).await?.filter(|known| known.claimed_at.is_some()) {
        let letter = if known.is_confirmed() { Letter::AlreadyRegistered } else { Letter::ConfirmAddress };
        owe(conn, clock, email, known.id, &letter).await?;
    }
    tx.commit().await
}

/// Sends a link with which a new password can be chosen, if the address has an account.
///
/// # Errors
/// The database did not answer.
pub async fn request_reset(db: &Db, clock: &Clock, email: &str) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if let Some(known) = users::by_email(conn, email).await?.filter(|known| known.claimed_at.is_some()) {
        security::note(conn, clock, Kind::ResetAsked, Some(known.id), "").await?;
        owe(conn, clock, email, known.id, &Letter::ResetPassword).await?;
    }
    tx.commit().await
}

/// A mail to an address that anybody may have typed: no more than a few of a kind in an hour.
async fn owe(
    conn: &mut Conn<'_>,
    clock: &Clock,
    email: &str,
    user: Uuid,
    letter: &Letter,
) -> Result<(), DbError> {
    owe_mail(conn, clock, email, &letter.to_user(user)).await
}

/// The same of a mail that is written already.
///
/// # Errors
/// The database did not answer.
pub async fn owe_mail(
    conn: &mut Conn<'_>,
    clock: &Clock,
    email: &str,
    mail: &NewMail,
) -> Result<(), DbError> {
    let who = format!("{} {email}", mail.kind);
    if throttle::hit(conn, clock.now(), &throttle::MAILS_BY_ADDRESS, &who).await?.is_none() {
        outbox::enqueue(conn, clock, mail).await?;
    }
    Ok(())
}

/// Looks at a token and changes nothing.
///
/// # Errors
/// The database did not answer.
pub async fn peek(db: &Db, clock: &Clock, purpose: Purpose, secret: &str) -> Result<Worth, DbError> {
    tokens::peek(&mut db.read().await?.conn(), clock.now(), purpose, secret).await
}

/// The same for the link of an invitation: a party's, or an arbiter's.
///
/// # Errors
/// The database did not answer.
pub async fn peek_invitation(db: &Db, clock: &Clock, secret: &str) -> Result<(Purpose, Worth), DbError> {
    match peek(db, clock, Purpose::Invitation, secret).await? {
        Worth::Unknown => Ok((Purpose::Arbiter, peek(db, clock, Purpose::Arbiter, secret).await?)),
        known => Ok((Purpose::Invitation, known)),
    }
}

/// Confirms an address by the token that was mailed to it; whose it is. `password_hash` is the stored one
/// that the password was found right by: until the address is confirmed somebody else may sign up with it
/// and set another. `None` when that happened, or the token is no longer good; nothing is changed then.
///
/// # Errors
/// The database did not answer.
pub async fn confirm_address(
    db: &Db,
    clock: &Clock,
    secret: &str,
    password_hash: &str,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let token = tokens::consume(conn, now, Purpose::ConfirmAddress, secret).await?;
    let Some((user, email)) = token.and_then(|token| token.user_id.zip(token.email)) else { return Ok(None) };
    let still = users::lock_password(conn, user).await?;
    if still.as_deref() != Some(password_hash) || !links::confirm(conn, clock, user, &email).await? {
        return Ok(None);
    }
    throttle::forgive(conn, &throttle::CONFIRM_BY_ADDRESS, &email).await?;
    tx.commit().await?;
    Ok(Some(user))
}

/// Signs somebody up with the token of an invitation, which also confirms the address that it was sent
/// to. `None` when the token is no longer good, or the address has an account that was confirmed
/// meanwhile; nothing is changed then.
///
/// # Errors
/// The database did not answer.
pub async fn sign_up_invited(
    db: &Db,
    clock: &Clock,
    secret: &str,
    new: &Registration<'_>,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let token = match tokens::consume(conn, now, Purpose::Invitation, secret).await? {
        Some(token) => Some(token),
        None => tokens::consume(conn, now, Purpose::Arbiter, secret).await?,
    };
    if token.and_then(|token| token.email).as_deref() != Some(new.email) {
        return Ok(None);
    }
    let Some(user) = users::register(conn, clock, new).await? else { return Ok(None) };
    links::confirm(conn, clock, user, new.email).await?;
    tokens::retire(conn, now, Purpose::ConfirmAddress, user).await?;
    tx.commit().await?;
    Ok(Some(user))
}

/// Makes an operator of whoever has the setup link. `None` when the token is no longer good, when it
/// was made for another address, or when the address has an account already; nothing is changed then.
///
/// # Errors
/// The database did not answer.
pub async fn set_up_operator(
    db: &Db,
    clock: &Clock,
    secret: &str,
    new: &Registration<'_>,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let Some(token) = tokens::consume(conn, now, Purpose::Setup, secret).await? else { return Ok(None) };
    if token.email.is_some_and(|bound| bound != new.email) {
        return Ok(None);
    }
    let Some(user) = users::register(conn, clock, new).await? else { return Ok(None) };
    links::confirm(conn, clock, user, new.email).await?;
    security::note(conn, clock, Kind::OperatorAdded, Some(user), "").await?;
    tokens::retire_unbound(conn, now, Purpose::Setup).await?;
    rights::make_operator(conn, clock, user, user, "by the setup link").await?;
    tx.commit().await?;
    Ok(Some(user))
}

/// The secret of a setup link for the first operator, or nothing when there is an operator already.
/// The link of an earlier start is worth nothing any more.
///
/// # Errors
/// The database did not answer.
pub async fn first_setup(db: &Db, clock: &Clock) -> Result<Option<String>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if users::has_operator(conn).await? {
        tokens::retire_unbound(conn, clock.now(), Purpose::Setup).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let secret = tokens::mint(conn, clock, Purpose::Setup, &Bound::default()).await?;
    let note = "for the first operator, printed at the start";
    audit::note(conn, clock, Who::Program, Act::LinkedOperator, &Subject::All, note).await?;
    tx.commit().await?;
    Ok(Some(secret))
}

/// Stores a new password for whoever has the reset link, which also proves the address. Every device
/// is signed out and the owner is told. `None` when the token is no longer good.
///
/// # Errors
/// The database did not answer.
pub async fn reset_password(
    db: &Db,
    clock: &Clock,
    secret: &str,
    password_hash: &str,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let token = tokens::consume(conn, now, Purpose::Reset, secret).await?;
    let Some((user, email)) = token.and_then(|token| token.user_id.zip(token.email)) else { return Ok(None) };
    if !links::confirm(conn, clock, user, &email).await? {
        return Ok(None);
    }
    tokens::retire(conn, now, Purpose::ConfirmAddress, user).await?;
    throttle::forgive(conn, &throttle::SIGN_IN_BY_ACCOUNT, &email).await?;
    store_password(conn, clock, user, password_hash).await?;
    tx.commit().await?;
    Ok(Some(user))
}

/// Stores a new password for somebody who knew the old one. Every device is signed out, this one
/// included, and the owner is told.
///
/// # Errors
/// The database did not answer.
pub async fn change_password(db: &Db, clock: &Clock, user: Uuid, password_hash: &str) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    store_password(&mut tx.conn(), clock, user, password_hash).await?;
    tx.commit().await
}

async fn store_password(
    conn: &mut Conn<'_>,
    clock: &Clock,
    user: Uuid,
    password_hash: &str,
) -> Result<(), DbError> {
    let now = clock.now();
    users::set_password(conn, now, user, password_hash).await?;
    sessions::end_all(conn, now, user).await?;
    tokens::retire(conn, now, Purpose::Reset, user).await?;
    security::note(conn, clock, Kind::PasswordChanged, Some(user), "").await?;
    outbox::enqueue(conn, clock, &Letter::PasswordChanged { at: now }.to_user(user)).await?;
    Ok(())
}

/// A browser in which somebody signs in.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// Of the cookie that tells this browser from others.
    pub hash: &'a [u8],
    pub ip: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
}

/// Whom tries to sign in are counted for beside the network: the account, wherever they come from; or
/// this browser alone, if this account was signed in there before.
///
/// # Errors
/// The database did not answer.
pub async fn sign_in_bucket(
    db: &Db,
    email: &str,
    known: Option<Uuid>,
    device_hash: Option<&[u8]>,
) -> Result<(Limit, String), DbError> {
    // An unknown address is looked up as well, so that it takes no less time.
    let user = known.unwrap_or_default();
    if let Some(device) = device_hash
        && sessions::familiar(&mut db.read().await?.conn(), user, device).await?.device
    {
        return Ok((throttle::SIGN_IN_BY_DEVICE, by_device(user, device)));
    }
    Ok((throttle::SIGN_IN_BY_ACCOUNT, email.to_owned()))
}

fn by_device(user: Uuid, device_hash: &[u8]) -> String {
    format!("{user} {}", data_encoding::HEXLOWER.encode(device_hash))
}

/// Notes that somebody gave the right password on this device: earlier wrong ones are forgiven, and
/// the owner is told when the device is a new one. The first device of all is no news. False, and
/// nothing noted, when `password_hash`, which the password was found right by, is the stored one no more.
///
/// # Errors
/// The database did not answer.
pub async fn note_sign_in(
    db: &Db,
    clock: &Clock,
    user: Uuid,
    password_hash: &str,
    device: Device<'_>,
) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if users::lock_password(conn, user).await?.as_deref() != Some(password_hash) {
        return Ok(false);
    }
    if let Some(email) = users::by_id(conn, user).await?.and_then(|account| account.email) {
        throttle::forgive(conn, &throttle::SIGN_IN_BY_ACCOUNT, &email).await?;
    }
    throttle::forgive(conn, &throttle::SIGN_IN_BY_DEVICE, &by_device(user, device.hash)).await?;
    let familiar = sessions::familiar(conn, user, device.hash).await?;
    let kind = if familiar.device { Kind::SignedIn } else { Kind::NewDevice };
    security::note(conn, clock, kind, Some(user), "").await?;
    if familiar.person && !familiar.device {
        let (ip, device) = (device.ip.to_owned(), device.name.to_owned());
        let letter = Letter::NewSignIn { at: clock.now(), ip, device };
        outbox::enqueue(conn, clock, &letter.to_user(user)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Notes that somebody accepted a version of the terms of service.
///
/// # Errors
/// The database did not answer.
pub async fn accept_terms(db: &Db, clock: &Clock, user: Uuid, version: i64) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    terms_of_service::accept(&mut tx.conn(), clock.now(), user, version).await?;
    tx.commit().await
}

/// Stores what a person says of itself.
///
/// # Errors
/// The database did not answer.
pub async fn set_profile(db: &Db, user: Uuid, profile: &users::Profile<'_>) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    users::set_profile(&mut tx.conn(), user, profile).await?;
    tx.commit().await
}

/// Signs one of this person's devices out. False when it was signed out already.
///
/// # Errors
/// The database did not answer.
pub async fn end_session(db: &Db, clock: &Clock, user: Uuid, public_id: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let ended = sessions::end(&mut tx.conn(), clock.now(), user, public_id).await?;
    if ended {
        security::note(&mut tx.conn(), clock, Kind::SessionEnded, Some(user), "").await?;
    }
    tx.commit().await?;
    Ok(ended)
}

/// Signs every device of this person out but the one whose session has this hash.
///
/// # Errors
/// The database did not answer.
pub async fn end_other_sessions(db: &Db, clock: &Clock, user: Uuid, keep: &[u8]) -> Result<u64, DbError> {
    let mut tx = db.write().await?;
    let ended = sessions::end_others(&mut tx.conn(), clock.now(), user, keep).await?;
    security::note(&mut tx.conn(), clock, Kind::OthersSignedOut, Some(user), "").await?;
    tx.commit().await?;
    Ok(ended)
}

/// Removes what has been worthless for long: windows of the throttle, tokens, sessions, old rows of the security log.
///
/// # Errors
/// The database did not answer.
pub async fn sweep(db: &Db, clock: &Clock) -> Result<u64, DbError> {
    let mut tx = db.write().await?;
    let (conn, now) = (&mut tx.conn(), clock.now());
    let swept = throttle::sweep(conn, now).await?
        + tokens::sweep(conn, now).await?
        + sessions::sweep(conn, now).await?
        + security::sweep(conn, now).await?;
    tx.commit().await?;
    Ok(swept)
}
