//! Another address for an account, confirmed at both mailboxes: the password alone, or the new mailbox
//! alone, moves nobody's account. The address that is left can undo it for a week.
//!
//! It stands above `store` and `mail`, as `accounts` does, and holds no SQL. Whatever the address, the page says the
//! same, so that nobody learns here who has an account.

use uuid::Uuid;

use crate::accounts::owe_mail;
use crate::clock::Clock;
use crate::mail::letter::Letter;
use crate::store::db::{Conn, Db, DbError};
use crate::store::outbox::To;
use crate::store::security::{self, Kind};
use crate::store::tokens::{self, Purpose, Token, Worth};
use crate::store::{address_changes, outbox, sessions, users};

/// The links of a change: one to each mailbox.
const LINKS: [Purpose; 2] = [Purpose::NewAddress, Purpose::OldAddress];

/// Sends a link to the address that an account is to have and another to the one that it has; those of an earlier
/// request are worth nothing from now on. The owner of an account with the new address is told by mail instead.
///
/// # Errors
/// The database did not answer.
pub async fn request(db: &Db, clock: &Clock, user: Uuid, email: &str) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    for purpose in LINKS {
        tokens::retire(conn, clock.now(), purpose, user).await?;
    }
    address_changes::begin(conn, clock.now(), user, email).await?;
    let known = users::by_email(conn, email).await?.filter(|known| known.claimed_at.is_some());
    let mail = match known {
        Some(owner) => Letter::AlreadyRegistered.to_user(owner.id),
        None => Letter::NewAddress.to(To::UserAt(user, email.to_owned())),
    };
    security::note(conn, clock, Kind::AddressAsked, Some(user), "").await?;
    owe_mail(conn, clock, email, &mail).await?;
    if let Some(old) = users::by_id(conn, user).await?.and_then(|account| account.email) {
        let letter = Letter::OldAddress { new: email.to_owned() };
        owe_mail(conn, clock, &old, &letter.to(To::UserAt(user, old.clone()))).await?;
    }
    tx.commit().await
}

/// A link of a change, at whichever mailbox it was read.
///
/// # Errors
/// The database did not answer.
pub async fn peek(db: &Db, clock: &Clock, secret: &str) -> Result<(Purpose, Worth), DbError> {
    let mut reader = db.read().await?;
    let conn = &mut reader.conn();
    match tokens::peek(conn, clock.now(), Purpose::NewAddress, secret).await? {
        Worth::Unknown => {
            let old = tokens::peek(conn, clock.now(), Purpose::OldAddress, secret).await?;
            Ok((Purpose::OldAddress, old))
        }
        known => Ok((Purpose::NewAddress, known)),
    }
}

/// What became of a change of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Done,
    /// The other mailbox has still to confirm it.
    Half,
    /// Somebody has the address, or an escrow names it.
    Taken,
    /// The link is no longer good, or another account's.
    Dead,
}

/// Notes that one mailbox has confirmed the change. Once both have, the account has the new address, every session
/// but the one with the hash `keep` ends, and the address that is left is sent a link to undo it.
///
/// # Errors
/// The database did not answer.
pub async fn confirm(
    db: &Db,
    clock: &Clock,
    user: Uuid,
    secret: &str,
    keep: &[u8],
) -> Result<Moved, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let Some((purpose, token)) = consume(conn, clock, user, secret).await? else { return Ok(Moved::Dead) };
    let is_new = purpose == Purpose::NewAddress;
    address_changes::confirm(conn, now, user, is_new).await?;
    let Some(change) = address_changes::of(conn, user).await? else { return Ok(Moved::Dead) };
    if is_new && token.email.as_deref() != Some(change.email.as_str()) {
        return Ok(Moved::Dead);
    }
    if change.old_confirmed_at.is_none() || change.new_confirmed_at.is_none() {
        tx.commit().await?;
        return Ok(Moved::Half);
    }
    let old = users::by_id(conn, user).await?.and_then(|account| account.email);
    match users::set_address(conn, now, user, &change.email).await {
        Ok(true) => {}
        // Of several who move to one address at the same moment, one gets it.
        Ok(false) => return Ok(Moved::Taken),
        Err(error) if error.is_unique_violation() => return Ok(Moved::Taken),
        Err(error) => return Err(error),
    }
    retire_all(conn, clock, user).await?;
    sessions::end_others(conn, now, user, keep).await?;
    security::note(conn, clock, Kind::AddressChanged, Some(user), "").await?;
    if let Some(old) = old {
        let letter = Letter::AddressChanged { at: now };
        outbox::enqueue(conn, clock, &letter.to(To::UserAt(user, old))).await?;
    }
    tx.commit().await?;
    Ok(Moved::Done)
}

async fn consume(
    conn: &mut Conn<'_>,
    clock: &Clock,
    user: Uuid,
    secret: &str,
) -> Result<Option<(Purpose, Token)>, DbError> {
    for purpose in LINKS {
        if let Some(token) = tokens::consume(conn, clock.now(), purpose, secret).await? {
            return Ok(Some((purpose, token)).filter(|(_, token)| token.user_id == Some(user)));
        }
    }
    Ok(None)
}

/// Links that went to an address which the account has no longer, and the change itself, are worth nothing any more.
async fn retire_all(conn: &mut Conn<'_>, clock: &Clock, user: Uuid) -> Result<(), DbError> {
    for purpose in [Purpose::ConfirmAddress, Purpose::Reset, Purpose::NewAddress, Purpose::OldAddress] {
        tokens::retire(conn, clock.now(), purpose, user).await?;
    }
    address_changes::end(conn, user).await
}

/// Gives an account the address back that was left. Every session ends, and a link to a new password goes to that
/// address: the one who changed it knew the old password. Later changes can't be undone over this one's head.
///
/// # Errors
/// The database did not answer.
pub async fn undo(db: &Db, clock: &Clock, secret: &str) -> Result<Moved, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let now = clock.now();
    let Some(token) = tokens::consume(conn, now, Purpose::UndoAddress, secret).await? else {
        return Ok(Moved::Dead);
    };
    let (Some(user), Some(email)) = (token.user_id, token.email) else { return Ok(Moved::Dead) };
    let has_it =
        users::by_id(conn, user).await?.and_then(|account| account.email).as_deref() == Some(email.as_str());
    match users::set_address(conn, now, user, &email).await {
        Ok(true) => {}
        Ok(false) if has_it => {}
        Ok(false) => return Ok(Moved::Taken),
        Err(error) if error.is_unique_violation() => return Ok(Moved::Taken),
        Err(error) => return Err(error),
    }
    retire_all(conn, clock, user).await?;
    tokens::retire_since(conn, now, Purpose::UndoAddress, user, token.created_at).await?;
    sessions::end_all(conn, now, user).await?;
    security::note(conn, clock, Kind::AddressChanged, Some(user), "undone").await?;
    outbox::enqueue(conn, clock, &Letter::ResetPassword.to_user(user)).await?;
    tx.commit().await?;
    Ok(Moved::Done)
}
