//! One step of a milestone's balance: who gets which part of it, exactly.
//!
//! A release and a refund share the arithmetic. The beneficiaries divide the step by what each still
//! has in it, odd units going to the largest fractions; a follower moves in proportion to what has
//! moved of the balance. Nothing is ever negative, and the last step empties everything.

use super::escrow::{How, Milestone};
use super::plan::{MilestonePlan, Part};
use crate::money::share_of;

/// A step that was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub amount_minor: i64,
    pub parts: Vec<Part>,
    /// Whether nothing is left after it.
    pub whole: bool,
    pub how: How,
}

/// The parts of a step of `amount_minor`, with `0 < amount_minor ≤ milestone.left_minor()`, in the order
/// of the plan's lines. Parts of nothing are left out.
#[must_use]
pub fn parts(milestone: &Milestone, plan: &MilestonePlan, amount_minor: i64) -> Vec<Part> {
    let left = milestone.left_minor();
    if amount_minor <= 0 || amount_minor > left {
        return Vec::new();
    }
    let mut parts: Vec<Part> =
        milestone.holdings.iter().map(|held| Part { share: held.share, amount_minor: 0 }).collect();
    let mut fractions = Vec::new();
    let mut given = 0;
    for (index, held) in milestone.holdings.iter().enumerate() {
        if held.share.follows() {
            continue;
        }
        let exact = i128::from(amount_minor) * i128::from(held.free_minor());
        let whole = i64::try_from(exact / i128::from(left)).unwrap_or_else(|_| held.free_minor());
        parts[index].amount_minor = whole;
        given += whole;
        fractions.push((index, exact % i128::from(left)));
    }
    // A stable sort: among equal fractions the plan's order stays, seller, broker, payees.
    fractions.sort_by(|(_, one), (_, other)| other.cmp(one));
    for (index, _) in fractions.into_iter().take(usize::try_from(amount_minor - given).unwrap_or(0)) {
        parts[index].amount_minor += 1;
    }
    let first = plan.balance_minor();
    let moved = first - left + amount_minor;
    for (part, held) in parts.iter_mut().zip(&milestone.holdings) {
        if held.share.follows() {
            let whole = plan.line(held.share);
            part.amount_minor = share_of(whole, moved, first) - (whole - held.free_minor());
        }
    }
    parts.retain(|part| part.amount_minor > 0);
    parts
}

/// The parts of a release of `release_minor` and of the refund of `refund_minor` that follows it, of a
/// milestone of which they are the rest. Nothing is moved.
#[must_use]
pub fn split(
    milestone: &Milestone,
    plan: &MilestonePlan,
    release_minor: i64,
    refund_minor: i64,
) -> (Vec<Part>, Vec<Part>) {
    let released = parts(milestone, plan, release_minor);
    let mut rest = milestone.clone();
    for held in &mut rest.holdings {
        held.held_minor -= sum_of(&released, |part| part.share == held.share);
    }
    let refunded = parts(&rest, plan, refund_minor);
    (released, refunded)
}

/// The sum of some parts, in minor units.
#[must_use]
pub fn sum_of(parts: &[Part], which: impl Fn(&Part) -> bool) -> i64 {
    parts.iter().filter(|part| which(part)).map(|part| part.amount_minor).sum()
}
