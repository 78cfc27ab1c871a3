//! The demo's deals of the kinds that need no contract, and one that is paid milestone by milestone.

use super::deals::{DAY, one_off, website};
use super::{Cast, Deal};
use crate::engine::command::Command;
use crate::engine::party::Role;
use crate::engine::proof::ProofKind;
use crate::engine::terms::{Funding, Mode, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError};

fn quick(at: Time, mode: Mode, code: &str, title: &str, amount_minor: i64) -> Terms {
    Terms { mode, contract_terms: None, ..one_off(at, code, title, amount_minor) }
}

fn with_proof(at: Time, title: &str, amount_minor: i64) -> Terms {
    quick(at, Mode::QuickProof, "TND", title, amount_minor)
}

fn paid_first(at: Time, title: &str, amount_minor: i64) -> Terms {
    Terms { pay_first: true, ..quick(at, Mode::Quick, "TND", title, amount_minor) }
}

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    proofs(db, cast, now).await?;
    first(db, cast, now).await?;
    let terms = |at| Terms { funding: Funding::PerMilestone, ..website(at) };
    let deal = Deal::proposed(db, cast, now, 217, Role::Broker, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(4 * DAY);
    deal.delivers(1, "The mock-ups, to be paid by themselves.").await?;
    deal.later(8);
    deal.approves(1).await?;
    deal.until_now().await
}

async fn proofs(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| with_proof(at, "Phone bought abroad", 1_900_000);
    let deal = Deal::proposed(db, cast, now, 11, Role::Buyer, &terms).await?;
    accepted(&deal).await?;
    deal.paid().await?;
    deal.until_now().await?;
    let terms = |at| with_proof(at, "Leather sofa", 2_750_000);
    let deal = Deal::proposed(db, cast, now, 31, Role::Seller, &terms).await?;
    accepted(&deal).await?;
    deal.paid().await?;
    deal.later(6);
    sends(&deal, ProofKind::Receipt, "The shop's receipt.").await?;
    deal.later(3);
    let note = "The date on it is cut off.".to_owned();
    deal.by(Role::Buyer, Command::RequestCorrections { milestone: 1, note }).await?;
    deal.later(4);
    sends(&deal, ProofKind::OrderConfirmation, "Order 4711, with its date.").await?;
    deal.until_now().await?;
    let terms = |at| with_proof(at, "Rare vinyl record", 260_000);
    let deal = Deal::proposed(db, cast, now, 73, Role::Buyer, &terms).await?;
    accepted(&deal).await?;
    deal.paid().await?;
    deal.later(5);
    sends(&deal, ProofKind::Tracking, "RR 123 456 785 TN").await?;
    deal.later(7);
    deal.by(Role::Buyer, Command::AcceptProof { milestone: 1 }).await?;
    deal.until_now().await
}

async fn first(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| paid_first(at, "Bicycle, second hand", 420_000);
    let deal = Deal::proposed(db, cast, now, 33, Role::Buyer, &terms).await?;
    deal.later(1);
    deal.paid().await?;
    deal.until_now().await?;
    let terms = |at| paid_first(at, "Two concert tickets", 180_000);
    let deal = Deal::proposed(db, cast, now, 97, Role::Buyer, &terms).await?;
    deal.paid().await?;
    deal.later(9);
    let reason = "They are sold already. I am sorry.".to_owned();
    deal.by(Role::Seller, Command::Decline { reason }).await?;
    deal.until_now().await
}

/// Everyone accepts what there is no contract for.
pub(super) async fn accepted(deal: &Deal<'_>) -> Result<(), DbError> {
    let escrow = deal.escrow().await?;
    for party in escrow.parties.iter().filter(|party| party.role.must_agree()) {
        if !escrow.has_agreed(party) {
            deal.later(1);
            deal.by(party.role, Command::Accept { version: escrow.version }).await?;
        }
    }
    Ok(())
}

pub(super) async fn sends(deal: &Deal<'_>, kind: ProofKind, note: &str) -> Result<(), DbError> {
    let note = note.to_owned();
    deal.by(Role::Seller, Command::SubmitProof { milestone: 1, kind, note, files: Vec::new() }).await
}
