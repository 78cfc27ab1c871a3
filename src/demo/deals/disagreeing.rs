//! Deals that do not go straight: somebody asks to cancel, offers to settle, or quarrels.

use super::{DAY, one_off, website};
use crate::demo::{Cast, Deal};
use crate::engine::command::Command;
use crate::engine::dispute::{FailedCriterion, Split};
use crate::engine::party::Role;
use crate::engine::terms::{DisputeHandler, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    leaving(db, cast, now).await?;
    quarrelling(db, cast, now).await?;
    before_the_arbiter(db, cast, now).await?;
    decided(db, cast, now).await
}

/// Paid `hours_ago` and delivered a day later.
async fn delivered<'a>(
    db: &'a Db,
    cast: Cast,
    now: Time,
    hours_ago: i64,
    title: &'static str,
    minor: i64,
) -> Result<Deal<'a>, DbError> {
    let terms = move |at| one_off(at, "TND", title, minor);
    let deal = Deal::proposed(db, cast, now, hours_ago, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(DAY);
    deal.delivers(1, "It is all there; see the attached list.").await?;
    deal.later(5);
    Ok(deal)
}

fn split(milestone: u16, release_minor: i64, refund_minor: i64) -> Split {
    Split { milestone, release_minor, refund_minor }
}

async fn leaving(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let terms = |at| one_off(at, "TND", "Course of ten piano lessons", 700_000);
    let deal = Deal::proposed(db, cast, now, 4 * DAY + 7, Role::Buyer, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(2 * DAY);
    let reason = "I am moving to another town next month.".to_owned();
    deal.by(Role::Buyer, Command::RequestCancellation { reason }).await?;
    deal.until_now().await?;
    let deal = delivered(db, cast, now, 3 * DAY + 11, "Garden design with planting plan", 900_000).await?;
    let note =
        "The plan for the front garden is missing. Keep most of it, and give me a part back.".to_owned();
    let splits = vec![split(1, 700_000, 200_000)];
    deal.by(Role::Buyer, Command::OfferSettlement { splits, note }).await?;
    deal.until_now().await
}

async fn opened(
    deal: &Deal<'_>,
    milestone: u16,
    left: i64,
    release: i64,
    reason: &str,
) -> Result<(), DbError> {
    let claims = vec![split(milestone, release, left - release)];
    let failed = vec![FailedCriterion { milestone, criterion: 0 }];
    let (reason, files) = (reason.to_owned(), Vec::new());
    deal.by(Role::Buyer, Command::OpenDispute { claims, reason, failed, files }).await
}

async fn quarrelling(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let deal = delivered(db, cast, now, 2 * DAY + 13, "Catalogue of forty photographs", 640_000).await?;
    opened(&deal, 1, 640_000, 200_000, "Half of the photographs are out of focus.").await?;
    deal.until_now().await?;
    let deal = Deal::proposed(db, cast, now, 14 * DAY + 3, Role::Broker, &website).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(4 * DAY);
    deal.delivers(1, "The drafts, as PDF.").await?;
    deal.later(9);
    let left = deal.escrow().await?.milestone(1).map_or(0, |part| part.left_minor());
    opened(&deal, 1, left, left / 2, "The drafts follow none of the three examples that we agreed on.")
        .await?;
    deal.later(15);
    let text = "They follow the second example, as we said on the phone.".to_owned();
    deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
    deal.until_now().await
}

async fn before_the_arbiter(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let arbitrated = |at, title: &str, minor| {
        let dispute_handler = DisputeHandler::Arbitration;
        Terms { dispute_handler, ..one_off(at, "TND", title, minor) }
    };
    let terms = |at| arbitrated(at, "Translation of a rental contract", 860_000);
    let deal = Deal::proposed(db, cast, now, 13 * DAY + 19, Role::Seller, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(DAY);
    deal.delivers(1, "The French text, with the clauses numbered as in the original.").await?;
    deal.later(5);
    opened(&deal, 1, 860_000, 400_000, "Clauses 7 and 9 say something else than the original.").await?;
    deal.later(20);
    let text = "They follow the amended original that was sent on the second day.".to_owned();
    deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
    deal.until_now().await?;
    // An arbiter who has no account: the mail's link is all that he has.
    let cast = Cast { arbiter: ("notary@example.com", "Leila Notary"), ..cast };
    let terms = |at| arbitrated(at, "Survey of a plot of land", 1_450_000);
    let deal = Deal::proposed(db, cast, now, 3 * DAY + 13, Role::Buyer, &terms).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.until_now().await
}

async fn decided(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let deal = delivered(db, cast, now, 14 * DAY + 9, "Restored oak table", 1_200_000).await?;
    opened(&deal, 1, 1_200_000, 300_000, "The top is not level, and one leg is cracked.").await?;
    deal.later(20);
    let text = "The crack was there before, and the top is level to a millimetre.".to_owned();
    deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
    deal.later(7 * DAY);
    let reasons =
        "The photographs show the crack after delivery, not before it. The top is level.".to_owned();
    let command = Command::Rule { dispute: 1, splits: vec![split(1, 800_000, 400_000)], reasons };
    deal.send(Who::Operator(cast.operator), command, None).await?;
    deal.until_now().await?;
    let deal = delivered(db, cast, now, 15 * DAY + 17, "Hand-bound guest books", 400_000).await?;
    opened(&deal, 1, 400_000, 100_000, "The paper is thinner than agreed.").await?;
    deal.later(20);
    let text = "It is the paper that was in stock, 90 g.".to_owned();
    deal.by(Role::Seller, Command::Statement { dispute: 1, text, files: Vec::new() }).await?;
    deal.later(7 * DAY + 5);
    let reasons = "The contract names 120 g. The binding is as agreed.".to_owned();
    let command = Command::Rule { dispute: 1, splits: vec![split(1, 280_000, 120_000)], reasons };
    deal.send(Who::Operator(cast.operator), command, None).await?;
    deal.until_now().await
}
