//! The demo's deals that are sold by a pay link: one for each state, most of them bought by a guest, whose link lies
//! in the mail box.

use uuid::Uuid;

use super::deals::{DAY, one_off, settled_by_card};
use super::every::settings;
use super::{Cast, Deal, PEOPLE, expect_done};
use crate::engine::command::Command;
use crate::engine::dispute::Split;
use crate::engine::escrow::Method;
use crate::engine::party::Role;
use crate::engine::terms::{Mode, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;
use crate::store::links::{self, Buyer, Purchase};
use crate::store::terms_of_service::FIRST;

/// Who buys without an account.
const GUEST: (&str, &str) = ("guest@example.com", "Gamal Riahi");
/// Whose payment comes when another one has bought.
const LATE: (&str, &str) = ("late@example.com", "Leila Mzali");

/// Where a sale is brought.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// With enough hours it expires.
    ForSale,
    Withdrawn,
    /// Withdrawn, and closed then.
    Left,
    Paying,
    PayFailed,
    /// With enough hours it becomes overdue.
    Held,
    /// The same, and money of somebody else came too late.
    PaidTwice,
    Cancelling,
    Disputed,
    Decided,
    Delivered,
    DeliveredAndClosed,
    /// Both agree to end it in halves.
    Settled,
    Refunding,
    RefundFailed,
    Refunded,
    RefundedAndClosed,
    Cancelled,
}

/// A sale: where it ends, how long ago it began, what it is, for how much, and whether a guest buys it.
type Row = (At, i64, &'static str, i64, bool);

const TABLE: [Row; 18] = [
    (At::ForSale, DAY + 10, "Voucher for a cooking class", 85_000, true),
    (At::ForSale, 21 * DAY + 6, "Season ticket, second half", 240_000, true),
    (At::Withdrawn, 4 * DAY + 6, "Domain name for a café", 150_000, true),
    (At::Left, 6 * DAY + 6, "Beta access to a game", 30_000, true),
    (At::Paying, 6, "Sheet music, twelve pieces", 45_000, true),
    (At::PayFailed, 18, "Licence for a photo editor", 190_000, true),
    (At::Held, 20, "Code for a thousand coins", 60_000, true),
    (At::Held, 22, "E-book on beekeeping", 25_000, false),
    (At::Held, 10 * DAY + 6, "Set of vector icons", 75_000, true),
    (At::PaidTwice, DAY + 13, "Ticket for a jazz evening", 50_000, true),
    (At::Cancelling, DAY + 11, "Sewing patterns, size 42", 35_000, true),
    (At::Disputed, DAY + 12, "Two tickets for the opera", 320_000, true),
    (At::Decided, 13 * DAY + 6, "Logbook template", 28_000, true),
    (At::Delivered, 3 * DAY + 7, "Recording of a lecture", 55_000, true),
    (At::Delivered, 3 * DAY + 8, "Ringtone, made to order", 20_000, false),
    (At::DeliveredAndClosed, 9 * DAY + 6, "Plans for a bookshelf", 40_000, true),
    (At::RefundedAndClosed, 9 * DAY + 8, "Gift card of a book shop", 100_000, true),
    (At::Refunded, 5 * DAY + 6, "Wallpaper for a phone", 15_000, true),
];

/// Sales whose money has yet to move on.
const WAITING: [Row; 5] = [
    (At::Delivered, 2 * DAY + 6, "Map of hiking trails", 35_000, true),
    (At::Settled, 2 * DAY + 10, "Course on bread baking", 120_000, true),
    // An amount to whose refund the sandbox never answers, so that it stays on its way.
    (At::Refunding, DAY + 14, "Font family, four weights", 97_537, true),
    (At::RefundFailed, 23, "Plugin for a web shop", 130_000, true),
    (At::Cancelled, 7 * DAY + 6, "Drum loops, one gigabyte", 65_000, true),
];

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    bring(db, cast, now, &TABLE).await?;
    settings(db, cast.seller, PEOPLE[1].1, false, false).await?;
    bring(db, cast, now, &WAITING).await?;
    settings(db, cast.seller, PEOPLE[1].1, true, false).await
}

async fn bring(db: &Db, cast: Cast, now: Time, table: &[Row]) -> Result<(), DbError> {
    for (at, hours_ago, title, minor, guest) in table.iter().copied() {
        let terms = |start| terms(start, title, minor);
        let mut deal = Deal::proposed(db, cast, now, hours_ago, Role::Seller, &terms).await?;
        begins(&mut deal, at, guest).await?;
        deal.until_now().await?;
    }
    Ok(())
}

fn terms(start: Time, title: &str, minor: i64) -> Terms {
    let terms = one_off(start, "TND", title, minor);
    Terms { mode: Mode::Instant, contract_terms: None, delivery_days: Some(1), ..terms }
}

/// Up to the payment; what comes after it is told by `works`.
async fn begins(deal: &mut Deal<'_>, at: At, guest: bool) -> Result<(), DbError> {
    match at {
        At::ForSale => return Ok(()),
        At::Withdrawn | At::Left => {
            deal.later(5);
            deal.by(Role::Seller, Command::Withdraw).await?;
            return if at == At::Left { closes(deal).await } else { Ok(()) };
        }
        _ => deal.later(2),
    }
    let mut late = None;
    if at == At::PaidTwice {
        let payment = buys(deal, Some(LATE)).await?;
        let reason = "The payment provider did not answer in time.".to_owned();
        deal.send(Who::Rail, Command::ChargeFailed { payment, reason }, None).await?;
        deal.later(1);
        late = Some(payment);
    }
    let payment = buys(deal, guest.then_some(GUEST)).await?;
    match at {
        At::Paying => Ok(()),
        At::PayFailed => {
            let reason = "The bank has declined the card.".to_owned();
            deal.send(Who::Rail, Command::ChargeFailed { payment, reason }, None).await
        }
        _ => {
            settled_by_card(deal, payment).await?;
            deal.later(3);
            match late {
                Some(late) => settled_by_card(deal, late).await,
                None => works(deal, at).await,
            }
        }
    }
}

/// Somebody opens the link and begins to pay.
async fn buys(deal: &mut Deal<'_>, guest: Option<(&str, &str)>) -> Result<Uuid, DbError> {
    let secret = links::secret(&mut deal.db.read().await?.conn(), deal.db.keys(), deal.id).await?;
    let buyer = match guest {
        Some((email, name)) => Buyer::Guest { email: email.to_owned(), name: name.to_owned() },
        None => Buyer::User(deal.cast.buyer, PEOPLE[0].0.to_owned()),
    };
    let payment = deal.clock.id();
    let purchase = Purchase {
        secret: secret.unwrap_or_default(),
        buyer,
        payment,
        method: Method::Rail { rail: "sandbox".to_owned() },
        terms_version: guest.map(|_| FIRST),
        seen: None,
        key: None,
    };
    let bought = links::buy(deal.db, &deal.clock, &purchase).await?;
    expect_done(&bought.executed.outcome, "purchase by a link")?;
    if let Some(buyer) = deal.escrow().await?.party(Role::Buyer) {
        deal.cast.buyer = buyer.user;
    }
    Ok(payment)
}

async fn works(deal: &Deal<'_>, at: At) -> Result<(), DbError> {
    let reason = "I have bought it twice by mistake.".to_owned();
    match at {
        At::Cancelling => deal.by(Role::Buyer, Command::RequestCancellation { reason }).await,
        At::Disputed => disputes(deal).await,
        At::Decided => decided(deal).await,
        At::Delivered | At::DeliveredAndClosed => {
            deal.delivers(1, "Here it is: https://files.example.com/4711").await?;
            if at == At::Delivered { Ok(()) } else { closes(deal).await }
        }
        At::Settled => {
            let left = deal.escrow().await?.milestone(1).map_or(0, |part| part.left_minor());
            let splits = vec![Split { milestone: 1, release_minor: left / 2, refund_minor: left - left / 2 }];
            let note = "Half of it is there: let us leave it at that.".to_owned();
            deal.by(Role::Buyer, Command::OfferSettlement { splits, note }).await?;
            deal.later(2);
            deal.by(Role::Seller, Command::AcceptSettlement { settlement: 1 }).await?;
            sent_back(deal).await
        }
        At::Refunding | At::RefundFailed | At::Refunded | At::RefundedAndClosed => {
            deal.by(Role::Seller, Command::Refund { milestone: 1, part_minor: None }).await?;
            goes_back(deal, at).await
        }
        At::Cancelled => {
            let reason = "It is sold out. I am sorry.".to_owned();
            deal.by(Role::Seller, Command::CancelAll { reason }).await?;
            sent_back(deal).await
        }
        _ => Ok(()),
    }
}

async fn goes_back(deal: &Deal<'_>, at: At) -> Result<(), DbError> {
    match at {
        At::Refunding => Ok(()),
        At::RefundFailed => {
            deal.later(1);
            let reason = "The card or account no longer exists.".to_owned();
            deal.send(Who::Rail, Command::RefundFailed { refund: 1, attempt: 1, reason }, None).await
        }
        At::RefundedAndClosed => {
            sent_back(deal).await?;
            closes(deal).await
        }
        _ => sent_back(deal).await,
    }
}

/// The provider has sent it back.
async fn sent_back(deal: &Deal<'_>) -> Result<(), DbError> {
    deal.later(1);
    deal.send(Who::Rail, Command::RefundSettled { refund: 1, attempt: 1 }, None).await
}

/// The guest wants all of it back before anything was delivered.
async fn disputes(deal: &Deal<'_>) -> Result<(), DbError> {
    let left = deal.escrow().await?.milestone(1).map_or(0, |part| part.left_minor());
    let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: left }];
    let reason = "The seller says now that it is for another day.".to_owned();
    let (failed, files) = (Vec::new(), Vec::new());
    deal.by(Role::Buyer, Command::OpenDispute { claims, reason, failed, files }).await
}

async fn decided(deal: &Deal<'_>) -> Result<(), DbError> {
    disputes(deal).await?;
    let text = "The day stands in the description.".to_owned();
    deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
    deal.later(7 * DAY);
    let splits = deal.escrow().await?.dispute(1).map(|open| open.claims.clone()).unwrap_or_default();
    let reasons = "The description names no day.".to_owned();
    let rule = Command::Rule { dispute: 1, splits, reasons };
    deal.send(Who::Operator(deal.cast.operator), rule, None).await?;
    sent_back(deal).await
}

async fn closes(deal: &Deal<'_>) -> Result<(), DbError> {
    deal.later(3);
    deal.by(Role::Seller, Command::Close).await
}
