//! Random acts of those who disagree.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::{FailedCriterion, Split};

use super::{pick, text};
use crate::dsl::deal::{file, split, start};
use crate::dsl::*;

/// A split of every size: exact, and now and then not.
fn splits(world: &World, milestone: u8, number: u32) -> Vec<Split> {
    let escrow = world.escrow();
    let count = escrow.milestones.len() as u16;
    let one = |place: u16| {
        let left = escrow.milestone(place).map_or(0, |part| part.left_minor());
        let release = i64::try_from(i128::from(left) * i128::from(number % 1_001) / 1_000).unwrap();
        match number % 37 {
            0 => split(place, release, left - release + 1),
            1 => split(place, -1, left + 1),
            2 => split(place, i64::MAX, i64::MAX),
            _ => split(place, release, left - release),
        }
    };
    let first = u16::from(milestone);
    match number >> 16 & 7 {
        0 => Vec::new(),
        1 => vec![one(first), one(first)],
        2 | 3 => (1..=count).map(one).collect(),
        _ => vec![one(first)],
    }
}

/// One of these commands, much of it refused, some of it near enough to hit.
pub fn anything(world: &World, milestone: u8, number: u32) -> Command {
    let escrow = world.escrow();
    let (place, words) = (u16::from(milestone), text(number >> 4));
    let dispute = escrow.disputes.first().map_or(1, |open| open.number);
    let settlement = match &escrow.settlements[..] {
        [] => 1,
        offers => pick(offers, milestone).number,
    };
    let files = || (0..u128::from(number % 22)).map(|number| file(number, 1)).collect();
    let ruling = || match escrow.disputes.first() {
        Some(open) if !number.is_multiple_of(5) => {
            let halve = |claim: &Split| {
                let release = claim.sum_minor() / i64::from(1 + number % 3);
                split(claim.milestone, release, claim.sum_minor() - release)
            };
            open.claims.iter().map(halve).collect()
        }
        _ => splits(world, milestone, number),
    };
    match number >> 20 & 31 {
        0 => Command::ExtendInspection { milestone: place, days: (number % 17) as u8 },
        1 => {
            let due = start().plus_days(i64::from(number % 200));
            Command::AskExtension { milestone: place, due, reason: words }
        }
        2 => Command::GrantExtension { milestone: place },
        3 => Command::RefuseExtension { milestone: place },
        4 if number.is_multiple_of(4) => {
            let part_minor = (!number.is_multiple_of(3)).then_some(i64::from(number % 5_000) - 10);
            Command::Refund { milestone: place, part_minor }
        }
        5 | 6 => Command::RequestCancellation { reason: words },
        7 => Command::WithdrawCancellation,
        8 if number.is_multiple_of(8) => Command::CancelAll { reason: words },
        9 => Command::RefuseCancellation { reason: words },
        10 | 11 => Command::OfferSettlement { splits: splits(world, milestone, number), note: words },
        12 => Command::AcceptSettlement { settlement },
        13 => Command::RefuseSettlement { settlement },
        14 => Command::WithdrawSettlement { settlement },
        4 | 15..=18 => {
            let failed = vec![FailedCriterion { milestone: place, criterion: (number % 3) as u16 }];
            let failed = if number.is_multiple_of(2) { Vec::new() } else { failed };
            let claims = splits(world, milestone, number);
            Command::OpenDispute { claims, reason: words, failed, files: files() }
        }
        8 | 19 | 20 => Command::Statement { dispute, text: words, files: files() },
        21 => Command::WithdrawDispute { dispute },
        22 => Command::Concede { dispute },
        23..=26 => Command::Rule { dispute, splits: ruling(), reasons: words },
        27 | 28 => Command::ConfirmRuling { dispute },
        30 if number.is_multiple_of(4) => Command::DeclineArbitration { reason: words },
        29 => Command::ReturnRuling { dispute, reason: words },
        _ => Command::Say { text: words, files: files() },
    }
}
