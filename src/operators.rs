//! What operators do to other people's accounts and to the rules, each as one write with its row in the
//! audit. It stands above `store` and `mail` like `accounts`, holds no SQL, and knows no page.

use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::time::Time;
use crate::mail::letter::Letter;
use crate::money::Currency;
use crate::store::audit::{self, Act, Subject, Who};
use crate::store::db::{Db, DbError};
use crate::store::fee_proposals::Settled;
use crate::store::security::{self, Kind};
use crate::store::tokens::{self, Bound, Purpose};
use crate::store::{
    fee_proposals, fees, notices_in, outbox, payments, rights, sessions, terms_of_service, users,
};

/// Writes down what an operator looks at.
///
/// # Errors
/// The database did not answer; then nothing may be shown.
pub async fn look(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    act: Act,
    subject: &Subject,
    note: &str,
) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    audit::note(&mut tx.conn(), clock, operator, act, subject, note).await?;
    tx.commit().await
}

/// Lets somebody read and do nothing else from now on, and tells him why. False when that stands already.
///
/// # Errors
/// The database did not answer.
pub async fn freeze(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    user: Uuid,
    reason: &str,
) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if !rights::freeze(conn, clock, operator, user, reason).await? {
        return Ok(false);
    }
    security::note(conn, clock, Kind::Frozen, Some(user), "").await?;
    let letter = Letter::Frozen { at: clock.now(), reason: reason.to_owned() };
    outbox::enqueue(conn, clock, &letter.to_user(user)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Lets a frozen person act again, and says so. False when nobody had stopped him.
///
/// # Errors
/// The database did not answer.
pub async fn unfreeze(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    user: Uuid,
    reason: &str,
) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if !rights::unfreeze(conn, clock, operator, user, reason).await? {
        return Ok(false);
    }
    security::note(conn, clock, Kind::Unfrozen, Some(user), "").await?;
    outbox::enqueue(conn, clock, &Letter::Unfrozen { at: clock.now() }.to_user(user)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Has a mail tried again that was given up or waits for its next try. False when it is neither.
///
/// # Errors
/// The database did not answer.
pub async fn retry_mail(db: &Db, clock: &Clock, operator: Uuid, mail: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let done = outbox::retry(conn, clock.now(), mail).await?;
    if done {
        audit::note(conn, clock, operator, Act::Retried, &Subject::Mail(mail), "").await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// Has a provider told of a payment at once. False when there is nothing to tell.
///
/// # Errors
/// The database did not answer.
pub async fn retry_payment(db: &Db, clock: &Clock, operator: Uuid, payment: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let told = payments::tell_now(conn, clock.now(), payment).await?;
    if let Some(reference) = &told {
        audit::note(conn, clock, operator, Act::Retried, &Subject::Payment(reference.clone()), "").await?;
    }
    tx.commit().await?;
    Ok(told.is_some())
}

/// Notes that a provider's notice that was not carried out is looked after. False when there was nothing to do.
///
/// # Errors
/// The database did not answer.
pub async fn settle_notice(db: &Db, clock: &Clock, operator: Uuid, notice: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let settled = notices_in::settle(conn, clock.now(), notice).await?;
    if let Some(name) = &settled {
        audit::note(conn, clock, operator, Act::SettledNotice, &Subject::Notice(name.clone()), "").await?;
    }
    tx.commit().await?;
    Ok(settled.is_some())
}

/// What became of a version of fees and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    Done,
    /// It waits for a second operator.
    Waits,
}

/// Adds a version of the fee and the limits of a currency; where there are two operators, it waits for the other one.
/// Without a start it begins at once. `words` say for the audit what it comes to.
///
/// # Errors
/// The database did not answer.
pub async fn set_fee(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    (currency, starts_at): (Currency, Option<Time>),
    rules: &fees::Rules,
    words: &str,
) -> Result<Set, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let set = if fee_proposals::needs_two(conn).await? {
        let new = fee_proposals::New { currency, starts_at, rules, words };
        fee_proposals::propose(conn, clock, operator, &new).await?;
        Set::Waits
    } else {
        let starts_at = starts_at.unwrap_or_else(|| clock.now());
        fees::add(conn, clock, operator, (currency, starts_at), rules, words).await?;
        Set::Done
    };
    tx.commit().await?;
    Ok(set)
}

/// Confirms a version that another operator proposed, or drops it.
///
/// # Errors
/// The database did not answer.
pub async fn settle_fee(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    proposal: Uuid,
    confirms: bool,
) -> Result<Settled, DbError> {
    let mut tx = db.write().await?;
    let settled = fee_proposals::settle(&mut tx.conn(), clock, operator, proposal, confirms).await?;
    tx.commit().await?;
    Ok(settled)
}

/// Publishes the next version of the terms of service; its number.
///
/// # Errors
/// The database did not answer.
pub async fn publish_terms(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    text: &str,
    starts_at: Time,
) -> Result<i64, DbError> {
    let mut tx = db.write().await?;
    let version = terms_of_service::publish(&mut tx.conn(), clock, operator, text, starts_at).await?;
    tx.commit().await?;
    Ok(version)
}

const BY_ADD: &str = "holdfast operator add, on the machine itself";

/// What became of somebody who shall be an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The account was there and is an operator's from now on.
    AtOnce,
    /// The secret of the setup link with which the account is made.
    WithLink(String),
}

/// Makes an operator of the person with this address, now or as soon as the setup link is followed.
///
/// # Errors
/// The database did not answer.
pub async fn add_operator(db: &Db, clock: &Clock, email: &str) -> Result<Added, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let id = users::find_or_invite(conn, clock, email, "").await?;
    let known = users::by_id(conn, id).await?;
    let added = if known.is_some_and(|known| known.is_confirmed()) {
        security::note(conn, clock, Kind::OperatorAdded, Some(id), "").await?;
        tokens::retire_unbound(conn, clock.now(), Purpose::Setup).await?;
        rights::make_operator(conn, clock, Who::Machine, id, BY_ADD).await?;
        Added::AtOnce
    } else {
        let bound = Bound { user_id: Some(id), email: Some(email), escrow_id: None };
        let secret = tokens::mint(conn, clock, Purpose::Setup, &bound).await?;
        audit::note(conn, clock, Who::Machine, Act::LinkedOperator, &Subject::User(id), BY_ADD).await?;
        Added::WithLink(secret)
    };
    tx.commit().await?;
    Ok(added)
}

const BY_COMMAND: &str = "holdfast operator remove, on the machine itself";

/// What became of an operator who shall be none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// Somebody was to become one, and the link for it works no more.
    LinkOnly,
    /// No operator has this address.
    Unknown,
    /// Without this one nobody would run the portal.
    Last,
}

/// Makes an operator like everybody else again, and signs him out everywhere. The account and what was done with
/// it stay.
///
/// # Errors
/// The database did not answer.
pub async fn remove(db: &Db, clock: &Clock, email: &str) -> Result<Removed, DbError> {
    let mut tx = db.write().await?;
    let (conn, now) = (&mut tx.conn(), clock.now());
    let Some(account) = users::by_email(conn, email).await? else { return Ok(Removed::Unknown) };
    let links = tokens::retire(conn, now, Purpose::Setup, account.id).await?;
    if !account.operator {
        if links > 0 {
            let subject = Subject::User(account.id);
            audit::note(conn, clock, Who::Machine, Act::UnlinkedOperator, &subject, BY_COMMAND).await?;
        }
        tx.commit().await?;
        return Ok(if links > 0 { Removed::LinkOnly } else { Removed::Unknown });
    }
    if !users::operators(conn).await?.iter().any(|other| *other != account.id) {
        return Ok(Removed::Last);
    }
    sessions::end_all(conn, now, account.id).await?;
    security::note(conn, clock, Kind::OperatorRemoved, Some(account.id), "").await?;
    rights::unmake_operator(conn, clock, Who::Machine, account.id, BY_COMMAND).await?;
    tx.commit().await?;
    Ok(Removed::Done)
}
