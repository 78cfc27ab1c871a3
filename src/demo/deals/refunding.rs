//! Deals whose money goes back as it came, in each mode: on its way, not carried out by the provider, and of
//! those that were paid first the declined.

use uuid::Uuid;

use super::{DAY, one_off};
use crate::demo::{Cast, Deal, modes};
use crate::engine::command::Command;
use crate::engine::party::Role;
use crate::engine::terms::{FeePayer, Mode, Terms};
use crate::engine::time::Time;
use crate::sandbox::{Asked, book};
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;
use crate::store::payments;

/// A mode, the currency, how long ago the deal began, what it is about, and for how much.
type Row = (Mode, &'static str, i64, &'static str, i64);

/// To a refund of such an amount the sandbox never answers, so that it stays on its way.
const UNDER_WAY: [Row; 3] = [
    (Mode::Standard, "EUR", 2 * DAY + 9, "Proofreading of a leaflet", 9_912),
    (Mode::Quick, "EUR", 2 * DAY + 8, "Bread machine", 8_412),
    (Mode::QuickProof, "USD", 2 * DAY + 12, "Noise-cancelling headphones", 21_912),
];

const FAILED: [Row; 3] = [
    (Mode::Standard, "EUR", 2 * DAY + 19, "Engraved brass sign", 18_500),
    (Mode::Quick, "EUR", 2 * DAY + 18, "Electric scooter", 31_000),
    (Mode::QuickProof, "USD", 2 * DAY + 14, "Signed football shirt", 16_000),
];

/// Paid first and declined; no answer to these either.
const DECLINED: [Row; 2] = [
    (Mode::Quick, "EUR", 2 * DAY + 20, "Two chairs from the fifties", 24_012),
    (Mode::QuickProof, "EUR", 2 * DAY + 22, "Concert violin, rented for a week", 13_512),
];

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    for row in UNDER_WAY {
        let deal = agreed(db, cast, now, row, Role::Seller).await?;
        paid_by_card(&deal).await?;
        deal.later(DAY);
        let reason = "I have fallen ill and can't take it on.".to_owned();
        deal.by(Role::Seller, Command::CancelAll { reason }).await?;
        deal.until_now().await?;
    }
    for row in FAILED {
        let deal = agreed(db, cast, now, row, Role::Buyer).await?;
        paid_by_card(&deal).await?;
        deal.later(2 * DAY);
        deal.by(Role::Seller, Command::Refund { milestone: 1, part_minor: None }).await?;
        deal.later(1);
        let reason = "The card or account no longer exists.".to_owned();
        deal.send(Who::Rail, Command::RefundFailed { refund: 1, attempt: 1, reason }, None).await?;
        deal.until_now().await?;
    }
    for row in DECLINED {
        let deal = proposed(db, cast, now, row, Role::Buyer, true).await?;
        paid_by_card(&deal).await?;
        deal.later(DAY);
        let reason = "Somebody else was faster. I am sorry.".to_owned();
        deal.by(Role::Seller, Command::Decline { reason }).await?;
        deal.until_now().await?;
    }
    Ok(())
}

async fn proposed<'a>(
    db: &'a Db,
    cast: Cast,
    now: Time,
    row: Row,
    by: Role,
    pay_first: bool,
) -> Result<Deal<'a>, DbError> {
    let (mode, code, hours_ago, title, amount_minor) = row;
    let terms = |at| {
        let terms = one_off(at, code, title, amount_minor);
        let contract_terms = terms.contract_terms.clone().filter(|_| mode == Mode::Standard);
        Terms { mode, contract_terms, pay_first, fee_payer: FeePayer::Seller, ..terms }
    };
    Deal::proposed(db, cast, now, hours_ago, by, &terms).await
}

async fn agreed<'a>(db: &'a Db, cast: Cast, now: Time, row: Row, by: Role) -> Result<Deal<'a>, DbError> {
    let deal = proposed(db, cast, now, row, by, false).await?;
    if row.0 == Mode::Standard {
        deal.signed().await?
    } else {
        modes::accepted(&deal).await?
    }
    Ok(deal)
}

/// Paid so that the sandbox's own books know of it: else it could send nothing back.
async fn paid_by_card(deal: &Deal<'_>) -> Result<(), DbError> {
    let payment = deal.starts_paying().await?;
    settled_by_card(deal, payment).await
}

/// The same of a payment that has begun.
pub(in crate::demo) async fn settled_by_card(deal: &Deal<'_>, payment: Uuid) -> Result<(), DbError> {
    let escrow = deal.escrow().await?;
    let now = deal.clock.now();
    let reference = format!("ch_demo_{}", payment.simple());
    let asked = Asked {
        merchant_ref: &payment.to_string(),
        description: &escrow.terms.title,
        amount: escrow.terms.money(escrow.attempt(payment).map_or(0, |charge| charge.amount_minor)),
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
