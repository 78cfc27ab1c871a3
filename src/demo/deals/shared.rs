//! Deals in which two others are paid out of the price beside the seller: one under way, and one that is complete.

use super::{DAY, base, one_off, part};
use crate::demo::{Cast, Deal};
use crate::engine::command::Command;
use crate::engine::party::Role;
use crate::engine::terms::{FeePayer, Kind, MilestoneTerms, Recipient, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError};
use crate::store::execute::Who;

pub(super) async fn all(db: &Db, cast: Cast, now: Time) -> Result<(), DbError> {
    let deal = Deal::proposed(db, cast, now, 19 * DAY + 7, Role::Seller, &|at| stand(cast, at)).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(4 * DAY);
    deal.delivers(1, "The drawings, and a model of card.").await?;
    deal.later(20);
    deal.approves(1).await?;
    deal.until_now().await?;
    let deal = Deal::proposed(db, cast, now, 50 * DAY + 7, Role::Buyer, &|at| corner(cast, at)).await?;
    deal.signed().await?;
    deal.paid().await?;
    deal.later(6 * DAY);
    deal.delivers(1, "Everything stands and is painted.").await?;
    deal.later(30);
    deal.approves(1).await?;
    deal.later(3);
    deal.send(Who::User(cast.payees[1]), Command::PayOut { milestone: 1 }, None).await?;
    deal.until_now().await
}

/// What the two get of a part, and the seller the rest.
fn shared(cast: Cast, part: MilestoneTerms, [carpenter, printer]: [i64; 2]) -> MilestoneTerms {
    let mut recipients =
        vec![Recipient { user: cast.seller, amount_minor: part.amount_minor - carpenter - printer }];
    for (user, amount_minor) in cast.payees.into_iter().zip([carpenter, printer]) {
        if amount_minor > 0 {
            recipients.push(Recipient { user, amount_minor });
        }
    }
    MilestoneTerms { recipients, ..part }
}

fn stand(cast: Cast, at: Time) -> Terms {
    let parts = [
        ("Drawings and graphics", 1_200_000, 9, "The drawings show every side", [0, 260_000]),
        ("Stand built at the fair", 3_400_000, 30, "It stands and is lit", [1_450_000, 315_500]),
    ];
    let part = |(title, amount_minor, days, criterion, shares)| {
        shared(cast, part(title, amount_minor, Some(at.plus_days(days)), &[criterion]), shares)
    };
    Terms {
        amount_minor: 4_600_000,
        description: "A stand of 24 m² at the book fair, with shelves and printed walls.".to_owned(),
        milestones: parts.into_iter().map(part).collect(),
        fee_payer: FeePayer::Split,
        ..base("TND", "Fair stand for a publisher", Kind::Milestone)
    }
}

fn corner(cast: Cast, at: Time) -> Terms {
    let mut terms = one_off(at, "TND", "Reading corner for a school", 2_750_000);
    terms.milestones =
        terms.milestones.into_iter().map(|part| shared(cast, part, [900_000, 180_000])).collect();
    terms
}
