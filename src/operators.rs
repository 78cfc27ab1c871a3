//! What operators do to other people's accounts and to the rules, each as one write with its row in the
//! audit. It stands above `store` and `mail` like `accounts`, holds no SQL, and knows no page.

use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::time::Time;
use crate::mail::letter::Letter;
use crate::money::Currency;
use crate::store::audit::{self, Act, Subject};
use crate::store::db::{Db, DbError};
use crate::store::security::{self, Kind};
use crate::store::tokens::{self, Purpose};
use crate::store::{fees, notices_in, outbox, payments, sessions, terms_of_service, users};

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
    let (conn, now) = (&mut tx.conn(), clock.now());
    if !users::freeze(conn, now, user, reason).await? {
        return Ok(false);
    }
    audit::note(conn, clock, operator, Act::Froze, &Subject::User(user), reason).await?;
    security::note(conn, clock, Kind::Frozen, Some(user), "").await?;
    let letter = Letter::Frozen { at: now, reason: reason.to_owned() };
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
    let (conn, now) = (&mut tx.conn(), clock.now());
    if !users::unfreeze(conn, user).await? {
        return Ok(false);
    }
    audit::note(conn, clock, operator, Act::Unfroze, &Subject::User(user), reason).await?;
    security::note(conn, clock, Kind::Unfrozen, Some(user), "").await?;
    outbox::enqueue(conn, clock, &Letter::Unfrozen { at: now }.to_user(user)).await?;
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

/// Adds a version of the fee and the limits of a currency. `words` say for the audit what it comes to.
///
/// # Errors
/// The database did not answer.
pub async fn set_fee(
    db: &Db,
    clock: &Clock,
    operator: Uuid,
    currency: Currency,
    starts_at: Time,
    rules: &fees::Rules,
    words: &str,
) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    fees::add(conn, clock, operator, currency, starts_at, rules).await?;
    let note = format!("{words}, from {}", starts_at.rfc3339());
    audit::note(conn, clock, operator, Act::SetFee, &Subject::Fee(currency.code().to_owned()), &note).await?;
    tx.commit().await
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
    let conn = &mut tx.conn();
    let version = terms_of_service::publish(conn, clock, operator, text, starts_at).await?;
    let note = format!("from {}", starts_at.rfc3339());
    audit::note(conn, clock, operator, Act::PublishedTerms, &Subject::Terms(version), &note).await?;
    tx.commit().await?;
    Ok(version)
}

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
        tx.commit().await?;
        return Ok(if links > 0 { Removed::LinkOnly } else { Removed::Unknown });
    }
    if !users::operators(conn).await?.iter().any(|other| *other != account.id) {
        return Ok(Removed::Last);
    }
    users::unmake_operator(conn, account.id).await?;
    sessions::end_all(conn, now, account.id).await?;
    security::note(conn, clock, Kind::OperatorRemoved, Some(account.id), "").await?;
    let by = "holdfast operator remove, on the machine itself";
    audit::note(conn, clock, account.id, Act::Left, &Subject::User(account.id), by).await?;
    tx.commit().await?;
    Ok(Removed::Done)
}
