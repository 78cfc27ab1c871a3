//! What sellers and guests have done about their links, over `store` and `mail`.

use uuid::Uuid;

use crate::accounts;
use crate::clock::Clock;
use crate::engine::escrow::Escrow;
use crate::mail::letter::Letter;
use crate::store::db::{Db, DbError};
use crate::store::outbox::{NewMail, To};
use crate::store::strangers::{self, TooMany};
use crate::store::{escrows, links, outbox};

/// Mails a guest a new link to what he bought, unless he was mailed enough of them just now.
///
/// # Errors
/// The database did not answer.
pub async fn send_guest_link(
    db: &Db,
    clock: &Clock,
    (user, email): (Uuid, &str),
    escrow: Uuid,
) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if let Some(escrow) = escrows::by_id(conn, escrow).await? {
        let letter = Letter::GuestLink { title: escrow.terms.title, reference: escrow.reference };
        let mail = NewMail { escrow_id: Some(escrow.id), ..letter.to_user(user) };
        accounts::owe_mail(conn, clock, email, &mail).await?;
    }
    tx.commit().await
}

/// Has a seller's pay link mailed to an address, unless that is one mail to strangers too many.
///
/// # Errors
/// The database did not answer.
pub async fn mail_pay_link(
    db: &Db,
    clock: &Clock,
    escrow: &Escrow,
    seller: (Uuid, &str),
    to: String,
) -> Result<Result<(), TooMany>, DbError> {
    let letter = Letter::PayLink {
        title: escrow.terms.title.clone(),
        reference: escrow.reference.clone(),
        seller: seller.1.to_owned(),
        amount: escrow.terms.money(escrow.plan.charge_minor()).to_string(),
    };
    let mut tx = db.write().await?;
    let addresses = [to.clone()];
    if let Err(too_many) = strangers::admit(&mut tx.conn(), clock.now(), seller.0, &addresses).await? {
        return Ok(Err(too_many));
    }
    let mail = NewMail { escrow_id: Some(escrow.id), ..letter.to(To::Address(to)) };
    outbox::enqueue(&mut tx.conn(), clock, &mail).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// The pay link of an escrow anew; the one before it works no more.
///
/// # Errors
/// The database did not answer.
pub async fn new_pay_link(db: &Db, clock: &Clock, escrow: Uuid) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    links::make(&mut tx.conn(), clock, db.keys(), escrow).await?;
    tx.commit().await
}
