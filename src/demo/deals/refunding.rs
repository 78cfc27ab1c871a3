//! Deals whose money goes back as it came: one on its way, one that its provider could not carry out.

use super::{DAY, one_off};
use crate::demo::{Cast, Deal};
use crate::engine::command::Command;
use crate::engine::party::Role;
use crate::engine::terms::{FeePayer, Terms};
use crate::engine::time::Time;
use crate::sandbox::{Asked, book};
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;
use crate::store::payments;

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    // An amount to whose refund the sandbox never answers, so that it stays on its way.
    let terms = |at| leaflet(at, "Proofreading of a leaflet", 9_912);
    let deal = Deal::proposed(db, cast, now, 2 * DAY + 9, Role::Seller, &terms).await?;
    deal.signed().await?;
    paid_by_card(&deal).await?;
    deal.later(DAY);
    let reason = "I have fallen ill and can't take it on.".to_owned();
    deal.by(Role::Seller, Command::CancelAll { reason }).await?;
    deal.until_now().await?;
    let terms = |at| leaflet(at, "Engraved brass sign", 18_500);
    let deal = Deal::proposed(db, cast, now, 2 * DAY + 19, Role::Buyer, &terms).await?;
    deal.signed().await?;
    paid_by_card(&deal).await?;
    deal.later(2 * DAY);
    deal.by(Role::Seller, Command::Refund { milestone: 1, part_minor: None }).await?;
    deal.later(1);
    let reason = "The card or account no longer exists.".to_owned();
    deal.send(Who::Rail, Command::RefundFailed { refund: 1, attempt: 1, reason }, None).await?;
    deal.until_now().await
}

fn leaflet(at: Time, title: &str, amount_minor: i64) -> Terms {
    Terms { fee_payer: FeePayer::Seller, ..one_off(at, "EUR", title, amount_minor) }
}

/// Paid so that the sandbox's own books know of it: else it could send nothing back.
async fn paid_by_card(deal: &Deal<'_>) -> Result<(), DbError> {
    let payment = deal.starts_paying().await?;
    let escrow = deal.escrow().await?;
    let now = deal.clock.now();
    let reference = format!("ch_demo_{}", payment.simple());
    let asked = Asked {
        merchant_ref: &payment.to_string(),
        description: &escrow.terms.title,
        amount: escrow.terms.money(escrow.to_pay_minor()),
        return_url: "/",
    };
    let mut tx = deal.db.write().await?;
    book::open(&mut tx.conn(), &reference, &asked, now).await?;
    book::choose(&mut tx.conn(), &reference, Some(book::PAID), Some(now)).await?;
    book::settle(&mut tx.conn(), now, 1).await?;
    let page = format!("/sandbox/pay/{reference}");
    payments::told(&mut tx.conn(), payment, &reference, Some(&page), true).await?;
    tx.commit().await?;
    deal.later(1);
    deal.send(Who::Rail, Command::ChargeSettled { payment }, None).await
}
