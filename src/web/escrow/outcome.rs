//! What a cancellation, a settlement or a ruling brings to each, before it is carried out.

use super::seat::Scene;
use super::transfers::{Line, Transfers};
use crate::engine::dispute::Split;
use crate::engine::party::{Role, UserId};
use crate::engine::plan::{Part, Share};
use crate::engine::step;
use crate::engine::sums::Gross;
use crate::engine::words::bridge;
use crate::money::Currency;
use crate::web::form::{Fields, Problems};

/// The exact transfers of some splits, a line a person, as the engine would make them.
#[must_use]
pub fn transfers(scene: &Scene<'_>, splits: &[Split]) -> Transfers {
    let (mut released, mut refunded) = (Vec::new(), Vec::new());
    for split in splits {
        let index = usize::from(split.milestone).saturating_sub(1);
        let (Some(part), Some(plan)) =
            (scene.escrow.milestones.get(index), scene.escrow.plan.milestones.get(index))
        else {
            continue;
        };
        let (forth, back) = step::split(part, plan, split.release_minor, split.refund_minor);
        released.extend(forth);
        refunded.extend(back);
    }
    moved(scene, &released, &refunded)
}

/// What some splits release and what they bring back to the buyer, with all that goes along, in minor units.
#[must_use]
pub fn sums(scene: &Scene<'_>, splits: &[Split]) -> (i64, i64) {
    let (mut forth, mut back) = (0, 0);
    for split in splits {
        let index = usize::from(split.milestone).saturating_sub(1);
        let pair = (scene.escrow.milestones.get(index), scene.escrow.plan.milestones.get(index));
        if let (Some(part), Some(plan)) = pair {
            let (released, refunded) = step::split(part, plan, split.release_minor, split.refund_minor);
            forth += step::sum_of(&released, |_| true);
            back += step::sum_of(&refunded, |_| true);
        }
    }
    (forth, back)
}

/// What some splits release, and what follows it.
#[must_use]
pub fn gross(scene: &Scene<'_>, splits: &[Split]) -> Gross {
    let one = |split: &Split| {
        let index = usize::from(split.milestone).checked_sub(1)?;
        let (part, plan) = (scene.escrow.milestones.get(index)?, scene.escrow.plan.milestones.get(index)?);
        Some(step::split(part, plan, split.release_minor, split.refund_minor).0)
    };
    Gross::of(&splits.iter().filter_map(one).flatten().collect::<Vec<_>>())
}

/// What a split releases and gives back, with what follows each: "With 1.000 TND platform fee, 101.000 TND is
/// released. With …, 303.000 TND goes back." Nothing where nothing follows.
#[must_use]
pub fn bridges(scene: &Scene<'_>, split: &Split) -> String {
    let index = usize::from(split.milestone).saturating_sub(1);
    let pair = (scene.escrow.milestones.get(index), scene.escrow.plan.milestones.get(index));
    let (Some(part), Some(plan)) = pair else { return String::new() };
    let (forth, back) = step::split(part, plan, split.release_minor, split.refund_minor);
    let sentence = |parts: &[Part], what: &str| {
        let bridge = bridge(&Gross::of(parts), scene.escrow.terms.currency);
        bridge.map(|bridge| format!(" {bridge} {what}."))
    };
    [sentence(&forth, "is released"), sentence(&back, "goes back")].into_iter().flatten().collect()
}

/// What leaves escrow in parts, a line a person.
#[must_use]
pub fn moved(scene: &Scene<'_>, released: &[Part], refunded: &[Part]) -> Transfers {
    let escrow = scene.escrow;
    let mut sums: Vec<(UserId, Role, i64)> = Vec::new();
    let back = step::sum_of(refunded, |_| true);
    let fee = step::sum_of(released, |part| part.share == Share::Platform);
    for part in released {
        let Some(party) = escrow.receiver(part.share).and_then(|user| escrow.party_of(user)) else {
            continue;
        };
        match sums.iter_mut().find(|(user, _, _)| *user == party.user) {
            Some((_, _, sum)) => *sum += part.amount_minor,
            None => sums.push((party.user, party.role, part.amount_minor)),
        }
    }
    let total = back + fee + sums.iter().map(|(_, _, sum)| sum).sum::<i64>();
    let money = |minor: i64| scene.amount(minor).into();
    let mut lines = Vec::new();
    if let Some(buyer) = escrow.party(Role::Buyer) {
        let name = scene.name(buyer.user);
        lines.push(Line { words: "Back to", name, role: "buyer".to_owned(), amount: money(back) });
    }
    if sums.iter().all(|(_, role, _)| *role != Role::Seller)
        && let Some(seller) = escrow.party(Role::Seller)
    {
        sums.insert(0, (seller.user, Role::Seller, 0));
    }
    for (user, role, sum) in sums {
        lines.push(Line {
            words: "To",
            name: scene.name(user),
            role: role.word().to_owned(),
            amount: money(sum),
        });
    }
    if fee > 0 {
        lines.push(Line {
            words: "Platform fee",
            name: String::new(),
            role: String::new(),
            amount: money(fee),
        });
    }
    Transfers { lines, total: ("Leaves escrow", money(total)), after: Vec::new() }
}

/// The field in which the part of a milestone is typed that is to be released.
#[must_use]
pub fn field(milestone: u16) -> String {
    format!("release-{milestone}")
}

/// What was typed for a milestone of which `left_minor` is left: so much is released, the rest goes back.
pub fn typed(
    fields: &Fields,
    milestone: u16,
    left_minor: i64,
    currency: Currency,
    problems: &mut Problems,
) -> Option<Split> {
    let field = field(milestone);
    let typed = fields.money_or_zero(&field, currency, problems)?;
    if typed.minor > left_minor {
        problems.add(field, format!("No more than {} is left of it.", currency.of(left_minor)));
        return None;
    }
    let refund_minor = left_minor - typed.minor;
    Some(Split { milestone, release_minor: typed.minor, refund_minor })
}

/// Everything of some milestones back to the buyer.
#[must_use]
pub fn all_back(scene: &Scene<'_>, milestones: &[u16]) -> Vec<Split> {
    let one = |number: &u16| {
        let refund_minor = scene.escrow.milestone(*number)?.left_minor();
        Some(Split { milestone: *number, release_minor: 0, refund_minor })
    };
    milestones.iter().filter_map(one).collect()
}

/// What the buyer gets back by some splits, in minor units.
#[must_use]
pub fn back_minor(scene: &Scene<'_>, splits: &[Split]) -> i64 {
    let buyer = scene.escrow.party(Role::Buyer).map(|party| party.user);
    buyer.map_or(0, |buyer| crate::engine::notices::gets_minor(scene.escrow, splits, buyer))
}
