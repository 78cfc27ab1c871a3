//! The demo's deals: one for each state, told as a short script.

mod disagreeing;
mod refunding;
mod shared;

use rust_decimal::Decimal;

pub(super) use refunding::settled_by_card;

use super::{Cast, Deal};
use crate::engine::command::Command;
use crate::engine::party::Role;
use crate::engine::terms::{
    Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FeeSchedule, Funding, Kind,
    MilestoneTerms, Mode, Rate, Terms,
};
use crate::engine::time::Time;
use crate::money::Currency;
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;

pub(super) const DAY: i64 = 24;

/// Every deal of the demo.
pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    agreement(db, cast, now).await?;
    paying(db, cast, now).await?;
    working(db, cast, now).await?;
    over(db, cast, now).await?;
    disagreeing::all(db, cast, now).await?;
    refunding::all(db, cast, now).await?;
    shared::all(db, cast, now).await?;
    never_paid(db, cast, now).await?;
    super::modes::all(db, cast, now).await?;
    super::every::all(db, cast, now).await?;
    super::links::all(db, cast, now).await
}

async fn agreement(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| one_off(at, "TND", "Product photos for a ceramics shop", 850_000);
    let deal = Deal::proposed(db, cast, now, DAY, Role::Seller, &terms).await?;
    deal.later(2);
    deal.signs(Role::Seller).await?;
    deal.until_now().await?;
    let deal = Deal::proposed(db, cast, now, 9 * DAY, Role::Broker, &warehouse).await?;
    deal.later(5);
    deal.signs(Role::Broker).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Wooden shelves for a library", 3_400_000);
    let deal = Deal::proposed(db, cast, now, 3 * DAY + 5, Role::Seller, &terms).await?;
    deal.later(2);
    deal.signs(Role::Seller).await?;
    deal.later(20);
    deal.counters(Role::Buyer, |terms| {
        terms.amount_minor = 3_100_000;
        terms.milestones[0].amount_minor = 3_100_000;
        terms.milestones[0].criteria.push("Each board carries 40 kg.".to_owned());
        terms.delivery_days = Some(21);
        terms.contract_terms = terms.contract_terms.as_deref().map(|text| {
            text.replace(
                "inspects it within the agreed days",
                "inspects it in the library within the agreed days",
            )
        });
    })
    .await?;
    deal.until_now().await
}

/// The buyer's own broker: what he earns is none of the seller's business.
fn brokered(at: Time) -> Terms {
    let rate = Rate::Percent(Decimal::from(3));
    let commission =
        Some(Commission { rate, payer: CommissionPayer::Buyer, hidden: true, salt: String::new() });
    Terms { commission, ..one_off(at, "TND", "Refrigerated van, second hand", 62_000_000) }
}

async fn paying(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| one_off(at, "EUR", "Translation of a user manual", 120_000);
    let deal = Deal::proposed(db, cast, now, 3 * DAY, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "USD", "Used espresso machine", 64_000);
    let deal = Deal::proposed(db, cast, now, 30, Role::Buyer, &terms).await?;
    deal.signed().await?;
    let payment = deal.starts_paying().await?;
    deal.later(1);
    let reason = "The card has not enough money on it.".to_owned();
    deal.send(Who::Rail, Command::ChargeFailed { payment, reason }, None).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Repair of a fishing boat's engine", 2_300_000);
    let deal = Deal::proposed(db, cast, now, 9, Role::Seller, &terms).await?;
    deal.signed().await?;
    // At this very moment: a payment that nobody finishes ends after half an hour.
    deal.later(5);
    deal.starts_paying().await?;
    deal.until_now().await?;
    let deal = Deal::proposed(db, cast, now, 4 * DAY + 15, Role::Broker, &brokered).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.until_now().await
}

async fn working(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let deal = Deal::proposed(db, cast, now, 12 * DAY, Role::Broker, &website).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(5 * DAY);
    deal.delivers(1, "Three mock-ups as PDF, and the source files.").await?;
    deal.later(30);
    deal.approves(1).await?;
    deal.later(3 * DAY);
    deal.delivers(2, "The site is up at the staging address; the forms are tested.").await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "KES", "Wedding cake for 80 guests", 4_500_000);
    let deal = Deal::proposed(db, cast, now, 2 * DAY, Role::Buyer, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(20);
    let due = now.plus_days(19);
    let reason = "The oven is being repaired, and we do not want to bake in a hurry.".to_owned();
    deal.by(Role::Seller, Command::AskExtension { milestone: 1, due, reason }).await?;
    deal.later(1);
    let text = "Could you deliver half of it on the agreed day?".to_owned();
    deal.by(Role::Buyer, Command::Say { text, files: Vec::new() }).await?;
    deal.later(2);
    let text = "Yes: the two upper tiers can be ready then.\nThe rest would come a week later.".to_owned();
    deal.by(Role::Seller, Command::Say { text, files: Vec::new() }).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Voice-over for a training film", 480_000);
    let deal = Deal::proposed(db, cast, now, 8 * DAY, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(4 * DAY);
    deal.delivers(1, "Two takes, as WAV.").await?;
    deal.later(20);
    let reason = "The second chapter is missing.".to_owned();
    deal.by(Role::Buyer, Command::RequestChanges { milestone: 1, failed: vec![0], reason }).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Embroidered curtains", 610_000);
    let deal = Deal::proposed(db, cast, now, 26 * DAY, Role::Buyer, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.until_now().await
}

async fn over(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let deal = Deal::proposed(db, cast, now, 30 * DAY, Role::Broker, &website).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(5 * DAY);
    deal.delivers(1, "The mock-ups.").await?;
    deal.later(30);
    deal.approves(1).await?;
    deal.later(4 * DAY);
    deal.delivers(2, "The whole site.").await?;
    // Nobody answers: the inspection lapses and the clock approves.
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Bookkeeping for the first quarter", 900_000);
    let deal = Deal::proposed(db, cast, now, 22 * DAY, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(2 * DAY);
    deal.delivers(1, "The ledgers and the VAT return.").await?;
    deal.later(10);
    deal.approves(1).await?;
    deal.later(DAY);
    deal.by(Role::Buyer, Command::Close).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Market survey in Sfax", 750_000);
    let deal = Deal::proposed(db, cast, now, 60 * DAY, Role::Buyer, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    // Never delivered: first the buyer may cancel, then the money goes back by itself.
    deal.until_now().await
}

async fn never_paid(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| one_off(at, "TND", "Greenhouse irrigation", 5_200_000);
    let deal = Deal::proposed(db, cast, now, 6 * DAY, Role::Seller, &terms).await?;
    deal.later(8);
    let reason = "We found somebody closer by. Thank you for the offer.".to_owned();
    deal.by(Role::Buyer, Command::Decline { reason }).await?;
    let terms = |at| one_off(at, "EUR", "Concert recording", 95_000);
    let deal = Deal::proposed(db, cast, now, 5 * DAY, Role::Buyer, &terms).await?;
    deal.later(3);
    deal.by(Role::Buyer, Command::Withdraw).await?;
    let terms = |at| one_off(at, "TND", "Antique mirror", 340_000);
    let deal = Deal::proposed(db, cast, now, 20 * DAY, Role::Seller, &terms).await?;
    deal.until_now().await?;
    let terms = |at| one_off(at, "TND", "Garden fence", 1_150_000);
    let deal = Deal::proposed(db, cast, now, 18 * DAY, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.until_now().await
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).or_else(|| Currency::from_code("USD")).unwrap_or_else(|| unreachable!())
}

fn base(code: &str, title: &str, kind: Kind) -> Terms {
    Terms {
        title: title.to_owned(),
        description: String::new(),
        mode: Mode::Standard,
        kind,
        currency: currency(code),
        amount_minor: 0,
        parties: Vec::new(),
        milestones: Vec::new(),
        fee: FeeSchedule::default(),
        fee_payer: FeePayer::Buyer,
        commission: None,
        dispute_handler: DisputeHandler::Platform,
        default_outcome: DefaultOutcome::Halves,
        arbiter: None,
        contract_terms: Some(
            "The seller delivers what is described, free of the rights of others. The buyer inspects it \
             within the agreed days. Both keep what they learn of each other's business to themselves."
                .to_owned(),
        ),
        delivery_days: None,
        proof_upload_hours: None,
        proof_review_hours: None,
        funding: Funding::Whole,
        pay_first: false,
        external_reference: None,
        files: Vec::new(),
        time_zone: "Africa/Tunis".to_owned(),
    }
}

fn part(title: &str, amount_minor: i64, due: Option<Time>, criteria: &[&str]) -> MilestoneTerms {
    MilestoneTerms {
        title: title.to_owned(),
        description: String::new(),
        amount_minor,
        due,
        inspection_days: 3,
        criteria: criteria.iter().map(|text| (*text).to_owned()).collect(),
        recipients: Vec::new(),
    }
}

pub(super) fn one_off(_at: Time, code: &str, title: &str, amount_minor: i64) -> Terms {
    let criteria = ["It is complete as described.", "It can be used without further work."];
    Terms {
        amount_minor,
        delivery_days: Some(14),
        milestones: vec![part(title, amount_minor, None, &criteria)],
        ..base(code, title, Kind::OneOff)
    }
}

fn by_broker(terms: Terms) -> Terms {
    let rate = Rate::Percent(Decimal::from(5));
    let commission =
        Some(Commission { rate, payer: CommissionPayer::Seller, hidden: false, salt: String::new() });
    Terms { commission, ..terms }
}

pub(super) fn website(at: Time) -> Terms {
    let mock_ups = ["Three pages as mock-ups for desktop and phone", "The source files are handed over"];
    let site =
        ["Every page works on a phone", "The contact form arrives by mail", "Loads within two seconds"];
    by_broker(Terms {
        amount_minor: 1_000_000,
        description: "A new website for a guest house, in French and Arabic.".to_owned(),
        milestones: vec![
            part("Design mock-ups", 400_000, Some(at.plus_days(8)), &mock_ups),
            part("Built site", 600_000, Some(at.plus_days(20)), &site),
        ],
        ..base("TND", "Website for a guest house", Kind::Milestone)
    })
}

fn warehouse(at: Time) -> Terms {
    by_broker(Terms {
        amount_minor: 48_000_000,
        milestones: vec![
            part("Racks delivered", 30_000_000, Some(at.plus_days(30)), &["All 120 bays are on the site"]),
            part("Racks assembled", 12_000_000, Some(at.plus_days(45)), &["Load test passed at 2 t a bay"]),
            part("Handover", 6_000_000, Some(at.plus_days(50)), &["Staff are trained"]),
        ],
        ..base("TND", "Racking for a warehouse", Kind::Milestone)
    })
}
