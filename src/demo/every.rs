//! One deal for each state that the told deals leave out, in each mode: a table, and what brings a deal there.

use uuid::Uuid;

use super::deals::{DAY, one_off};
use super::{Cast, Deal, PEOPLE};
use crate::engine::command::Command;
use crate::engine::dispute::Split;
use crate::engine::party::Role;
use crate::engine::proof::ProofKind;
use crate::engine::terms::{Mode, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;
use crate::store::users::{self, Profile};

/// Where a deal is brought.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Sent,
    Declined,
    Withdrawn,
    /// Withdrawn, and closed then.
    Left,
    Agreed,
    Paying,
    PayFailed,
    PaidFirst,
    /// Paid, and its proof accepted where there is one. With enough hours it becomes overdue.
    Held,
    Cancelling,
    Delivered,
    SentBack,
    Disputed,
    Decided,
    Approved,
    ApprovedAndClosed,
    /// Both agree to end it in halves.
    Settled,
    Refunded,
    RefundedAndClosed,
    Cancelled,
}

/// A deal of the table: its mode, where it ends, how long ago it began, what it is about, for how much.
type Row = (Mode, At, i64, &'static str, i64);

const TABLE: [Row; 45] = [
    (Mode::Standard, At::Refunded, 8 * DAY + 5, "Sculpture for a courtyard", 2_400_000),
    (Mode::Standard, At::RefundedAndClosed, 11 * DAY + 5, "Film music, four minutes", 1_300_000),
    (Mode::Standard, At::Left, 7 * DAY + 9, "Shop sign with lights", 780_000),
    (Mode::Quick, At::Sent, 2 * DAY + 1, "Racing wheel for a console", 320_000),
    (Mode::Quick, At::Declined, 5 * DAY + 2, "Set of garden chairs", 450_000),
    (Mode::Quick, At::Withdrawn, 5 * DAY + 3, "Aquarium, 200 litres", 390_000),
    (Mode::Quick, At::Left, 6 * DAY + 2, "Camping tent for four", 280_000),
    (Mode::Quick, At::Sent, 19 * DAY + 1, "Vintage typewriter", 210_000),
    (Mode::Quick, At::Agreed, 17 * DAY + 2, "Sewing machine", 640_000),
    (Mode::Quick, At::Agreed, 2 * DAY + 5, "Electric guitar", 990_000),
    (Mode::Quick, At::Paying, 14, "Coffee grinder", 175_000),
    (Mode::Quick, At::PayFailed, 26, "Baby carriage", 340_000),
    (Mode::Quick, At::Held, 3 * DAY + 2, "Handmade chessboard", 260_000),
    (Mode::Quick, At::Held, 25 * DAY + 2, "Painted wall clock", 145_000),
    (Mode::Quick, At::Cancelling, 3 * DAY + 4, "Weekly vegetable box, ten weeks", 300_000),
    (Mode::Quick, At::Delivered, 2 * DAY + 7, "Translation of a certificate", 120_000),
    (Mode::Quick, At::SentBack, 4 * DAY + 2, "Slides for a conference", 350_000),
    (Mode::Quick, At::Disputed, 2 * DAY + 21, "Second-hand dishwasher", 520_000),
    (Mode::Quick, At::Decided, 13 * DAY + 1, "Used drone with two batteries", 950_000),
    (Mode::Quick, At::Approved, 9 * DAY + 2, "Logo for a bakery", 270_000),
    (Mode::Quick, At::ApprovedAndClosed, 10 * DAY + 1, "Proofreading of a thesis", 410_000),
    (Mode::Quick, At::Refunded, 9 * DAY + 3, "Tickets for a match", 160_000),
    (Mode::Quick, At::RefundedAndClosed, 10 * DAY + 3, "Rented projector", 190_000),
    (Mode::Quick, At::Cancelled, 11 * DAY + 1, "Guided tour for six", 540_000),
    (Mode::QuickProof, At::Sent, 2 * DAY + 2, "Watch from an auction", 3_200_000),
    (Mode::QuickProof, At::PaidFirst, DAY + 8, "Sneakers, limited series", 480_000),
    (Mode::QuickProof, At::Declined, 5 * DAY + 4, "Camera lens, 50 mm", 1_150_000),
    (Mode::QuickProof, At::Withdrawn, 5 * DAY + 5, "Mechanical keyboard", 420_000),
    (Mode::QuickProof, At::Left, 6 * DAY + 4, "Inline skates", 230_000),
    (Mode::QuickProof, At::Sent, 19 * DAY + 3, "Telescope with tripod", 1_700_000),
    (Mode::QuickProof, At::Agreed, 17 * DAY + 4, "Smart watch", 690_000),
    (Mode::QuickProof, At::Agreed, 2 * DAY + 11, "Tablet for drawing", 1_050_000),
    (Mode::QuickProof, At::Paying, 16, "Pair of loudspeakers", 880_000),
    (Mode::QuickProof, At::PayFailed, 28, "Folding bicycle", 1_250_000),
    (Mode::QuickProof, At::Held, 25 * DAY + 4, "Perfume from abroad", 310_000),
    (Mode::QuickProof, At::Cancelling, 3 * DAY + 6, "Winter coat", 370_000),
    (Mode::QuickProof, At::Delivered, 2 * DAY + 15, "Game console", 1_480_000),
    (Mode::QuickProof, At::SentBack, 4 * DAY + 3, "Hiking boots", 290_000),
    (Mode::QuickProof, At::Disputed, 2 * DAY + 17, "Laptop, refurbished", 2_300_000),
    (Mode::QuickProof, At::Decided, 13 * DAY + 3, "Silver bracelet", 760_000),
    (Mode::QuickProof, At::Approved, 9 * DAY + 5, "Car radio", 540_000),
    (Mode::QuickProof, At::ApprovedAndClosed, 10 * DAY + 5, "Graphics card", 1_900_000),
    (Mode::QuickProof, At::Refunded, 9 * DAY + 7, "Rug, two by three metres", 830_000),
    (Mode::QuickProof, At::RefundedAndClosed, 10 * DAY + 7, "Set of kitchen knives", 360_000),
    (Mode::QuickProof, At::Cancelled, 11 * DAY + 3, "Trumpet in its case", 1_100_000),
];

/// Deals whose seller has yet to move his money to his wallet.
const WAITING: [Row; 6] = [
    (Mode::Standard, At::Approved, 4 * DAY + 5, "Portrait in oil", 1_600_000),
    (Mode::Standard, At::Settled, 4 * DAY + 9, "Garden shed, painted", 2_100_000),
    (Mode::Quick, At::Approved, 4 * DAY + 11, "Poster for a concert", 130_000),
    (Mode::Quick, At::Settled, 4 * DAY + 13, "Repair of an accordion", 220_000),
    (Mode::QuickProof, At::Approved, 4 * DAY + 17, "Rowing machine", 940_000),
    (Mode::QuickProof, At::Settled, 4 * DAY + 19, "Carpet from Kairouan", 1_350_000),
];

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    at_once(db, cast, true).await?;
    bring(db, cast, now, &TABLE).await?;
    at_once(db, cast, false).await?;
    bring(db, cast, now, &WAITING).await?;
    settings(db, cast.buyer, PEOPLE[0].1, true, false).await?;
    settings(db, cast.seller, PEOPLE[1].1, true, false).await
}

/// Whether what is released moves to the seller's wallet by itself. What goes back always goes to the buyer's.
async fn at_once(db: &Db, cast: Cast, to_wallet_at_once: bool) -> Result<(), DbError> {
    settings(db, cast.buyer, PEOPLE[0].1, true, true).await?;
    settings(db, cast.seller, PEOPLE[1].1, to_wallet_at_once, false).await
}

pub(super) async fn settings(
    db: &Db,
    user: Uuid,
    name: &str,
    to_wallet_at_once: bool,
    refunds_to_wallet: bool,
) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let profile =
        Profile { name, time_zone: "Africa/Tunis", country: None, to_wallet_at_once, refunds_to_wallet };
    users::set_profile(&mut tx.conn(), user, &profile).await?;
    tx.commit().await
}

async fn bring(db: &Db, cast: Cast, now: Time, table: &[Row]) -> Result<(), DbError> {
    for (mode, at, hours_ago, title, minor) in table.iter().copied() {
        let terms = |start| terms(start, mode, at, title, minor);
        // Whoever pays first has sent the terms himself; the others are sent by either in turn.
        let by = if at == At::PaidFirst || hours_ago % 2 == 0 { Role::Buyer } else { Role::Seller };
        let deal = Deal::proposed(db, cast, now, hours_ago, by, &terms).await?;
        begins(&deal, at, by).await?;
        deal.until_now().await?;
    }
    Ok(())
}

fn terms(start: Time, mode: Mode, at: At, title: &str, minor: i64) -> Terms {
    let terms = one_off(start, "TND", title, minor);
    let contract_terms = terms.contract_terms.clone().filter(|_| mode == Mode::Standard);
    Terms { mode, contract_terms, pay_first: at == At::PaidFirst, ..terms }
}

/// Up to the payment; what comes after it is told by `works`.
async fn begins(deal: &Deal<'_>, at: At, by: Role) -> Result<(), DbError> {
    let other = if by == Role::Buyer { Role::Seller } else { Role::Buyer };
    match at {
        At::Sent => return Ok(()),
        At::Declined => {
            deal.later(4);
            let reason = "I have found another one in the meantime.".to_owned();
            return deal.by(other, Command::Decline { reason }).await;
        }
        At::Withdrawn | At::Left => {
            deal.later(5);
            deal.by(by, Command::Withdraw).await?;
            return if at == At::Left { deal.by(other, Command::Close).await } else { Ok(()) };
        }
        At::PaidFirst => return deal.paid().await,
        _ => {}
    }
    if deal.escrow().await?.terms.mode == Mode::Standard {
        deal.signed().await?;
    } else {
        super::modes::accepted(deal).await?;
    }
    match at {
        At::Agreed => Ok(()),
        At::Paying => deal.starts_paying().await.map(drop),
        At::PayFailed => {
            let payment = deal.starts_paying().await?;
            let reason = "The bank has declined the card.".to_owned();
            deal.send(Who::Rail, Command::ChargeFailed { payment, reason }, None).await
        }
        _ => {
            deal.paid().await?;
            works(deal, at).await
        }
    }
}

async fn works(deal: &Deal<'_>, at: At) -> Result<(), DbError> {
    if deal.escrow().await?.terms.mode == Mode::QuickProof {
        deal.later(2);
        super::modes::sends(deal, ProofKind::Receipt, "The receipt, with its date.").await?;
        deal.later(3);
        deal.by(Role::Buyer, Command::AcceptProof { milestone: 1 }).await?;
    }
    deal.later(6);
    let reason = "It is not what was agreed.".to_owned();
    match at {
        At::Held => return Ok(()),
        At::Cancelling => return deal.by(Role::Buyer, Command::RequestCancellation { reason }).await,
        At::Cancelled => return deal.by(Role::Seller, Command::CancelAll { reason }).await,
        At::Refunded | At::RefundedAndClosed => {
            deal.by(Role::Seller, Command::Refund { milestone: 1, part_minor: None }).await?;
            return if at == At::Refunded { Ok(()) } else { closes(deal).await };
        }
        _ => {}
    }
    deal.delivers(1, "As agreed, and a day early.").await?;
    deal.later(7);
    match at {
        At::SentBack => {
            deal.by(Role::Buyer, Command::RequestChanges { milestone: 1, failed: vec![1], reason }).await
        }
        At::Disputed => disputes(deal, reason).await,
        At::Decided => {
            disputes(deal, reason).await?;
            let text = "It is exactly that, and it works.".to_owned();
            deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
            deal.later(7 * DAY);
            let splits = deal.escrow().await?.dispute(1).map(|open| open.claims.clone()).unwrap_or_default();
            let reasons = "The photographs show what the buyer says.".to_owned();
            let rule = Command::Rule { dispute: 1, splits, reasons };
            deal.send(Who::Operator(deal.cast.operator), rule, None).await
        }
        At::Approved => deal.approves(1).await,
        At::Settled => {
            let left = deal.escrow().await?.milestone(1).map_or(0, |part| part.left_minor());
            let splits = vec![Split { milestone: 1, release_minor: left / 2, refund_minor: left - left / 2 }];
            let note = "Let us meet in the middle.".to_owned();
            deal.by(Role::Buyer, Command::OfferSettlement { splits, note }).await?;
            deal.later(2);
            deal.by(Role::Seller, Command::AcceptSettlement { settlement: 1 }).await
        }
        At::ApprovedAndClosed => {
            deal.approves(1).await?;
            closes(deal).await
        }
        _ => Ok(()),
    }
}

async fn closes(deal: &Deal<'_>) -> Result<(), DbError> {
    deal.later(3);
    deal.by(Role::Buyer, Command::Close).await
}

/// The buyer wants all of it back.
async fn disputes(deal: &Deal<'_>, reason: String) -> Result<(), DbError> {
    let left = deal.escrow().await?.milestone(1).map_or(0, |part| part.left_minor());
    let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: left }];
    let (failed, files) = (Vec::new(), Vec::new());
    deal.by(Role::Buyer, Command::OpenDispute { claims, reason, failed, files }).await
}
