//! The arithmetic by itself: the plan and its steps, on terms of every size.

use holdfast::engine::escrow::{Escrow, Milestone};
use holdfast::engine::plan::{MilestonePlan, Part, Plan, Share};
use holdfast::engine::plan::{commission_of, fee_of};
use holdfast::engine::step;
use holdfast::engine::terms::{CommissionPayer, FeePayer, Terms};
use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof};

use super::deals::deal;
use super::for_all;
use crate::dsl::*;

fn same(what: &str, left: i64, right: i64) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{what}: {left} is not {right}")) }
}

fn whole_parts(plan: &Plan, part: impl Fn(&MilestonePlan) -> i64) -> i64 {
    plan.milestones.iter().map(part).sum()
}

/// Each payer pays his whole, in parts that are never negative.
fn payers(terms: &Terms, plan: &Plan) -> Result<(), String> {
    let (fee, commission) = (fee_of(&terms.fee, terms.amount_minor), commission_of(terms));
    let halves = |sum: i64| [(sum + 1) / 2, sum / 2];
    let [buyer, seller, broker] = match terms.fee_payer {
        FeePayer::Buyer => [fee, 0, 0],
        FeePayer::Seller => [0, fee, 0],
        FeePayer::Broker => [0, 0, fee],
        FeePayer::Split => [halves(fee)[0], halves(fee)[1], 0],
    };
    same("the buyer's fee", whole_parts(plan, |part| part.fee_by_buyer_minor), buyer)?;
    same("the seller's fee", whole_parts(plan, |part| part.fee_by_seller_minor), seller)?;
    same("the broker's fee", whole_parts(plan, |part| part.fee_by_broker_minor), broker)?;
    let [by_buyer, by_seller] = match terms.commission.as_ref().map(|commission| commission.payer) {
        None => [0, 0],
        Some(CommissionPayer::Buyer) => [commission, 0],
        Some(CommissionPayer::Seller) => [0, commission],
        Some(CommissionPayer::Split) => halves(commission),
    };
    same("the buyer's commission", whole_parts(plan, |part| part.commission_by_buyer_minor), by_buyer)?;
    same("the seller's commission", whole_parts(plan, |part| part.commission_by_seller_minor), by_seller)?;
    same("the charge", plan.charge_minor(), terms.amount_minor + buyer + by_buyer)?;
    let broker_earns = plan.receives_minor(Share::Broker) + plan.receives_minor(Share::BrokerOnTop);
    let lines: i64 = terms
        .parties
        .iter()
        .filter(|party| party.user == BROKER)
        .map(|party| (0..terms.milestones.len()).map(|index| terms.gross_of(index, party.user)).sum::<i64>())
        .sum();
    same("the broker's earnings", broker_earns, lines + by_buyer + by_seller - broker)?;
    same("the platform's line", plan.receives_minor(Share::Platform), fee)
}

/// The lines of a milestone sum to what is charged for it, and the seller's is above zero.
fn lines(terms: &Terms, plan: &Plan) -> Result<(), String> {
    for (part, milestone) in plan.milestones.iter().zip(&terms.milestones) {
        let fields = [
            part.fee_by_buyer_minor,
            part.fee_by_seller_minor,
            part.fee_by_broker_minor,
            part.commission_by_buyer_minor,
            part.commission_by_seller_minor,
        ];
        let below =
            fields.iter().any(|field| *field < 0) || part.lines.iter().any(|line| line.amount_minor <= 0);
        if below || part.line(Share::Seller) <= 0 {
            return Err(format!("below zero: {part:?}"));
        }
        same("the lines", part.lines.iter().map(|line| line.amount_minor).sum(), part.charge_minor)?;
        let on_top = part.fee_by_buyer_minor + part.commission_by_buyer_minor;
        same("a charge", part.charge_minor, milestone.amount_minor + on_top)?;
    }
    Ok(())
}

#[test]
fn every_plan_is_exact() {
    for_all(2_000, &prop_oneof![deal(1..=6), deal(2..=50)], |deal| {
        let terms = deal.terms();
        let Ok(plan) = Plan::of(&terms) else { return Ok(()) };
        payers(&terms, &plan)?;
        lines(&terms, &plan)
    });
}

/// The first milestone of an escrow with these terms, once it is paid.
fn funded(terms: &Terms) -> Escrow {
    Past::paid(terms).escrow
}

/// Takes a step's parts out, and says what is wrong with them.
fn take(milestone: &mut Milestone, parts: &[Part], amount: i64) -> Result<(), String> {
    let mut moved = 0;
    for part in parts {
        let holding = milestone.holdings.iter_mut().find(|held| held.share == part.share);
        let holding = holding.ok_or_else(|| format!("{part:?} is held by nobody"))?;
        holding.held_minor -= part.amount_minor;
        if part.amount_minor <= 0 || holding.held_minor < 0 {
            return Err(format!("{part:?} leaves {holding:?}"));
        }
        if !part.share.follows() {
            moved += part.amount_minor;
        }
    }
    same("what a step moves", moved, amount)
}

#[test]
fn steps_of_any_size_empty_everything_exactly() {
    let thousandths = vec((1..=1_000_u16, any::<bool>()), 0..12);
    for_all(2_000, &(deal(1..=3), thousandths), |(deal, steps)| {
        let escrow = funded(&deal.good_terms());
        for (part, plan) in escrow.milestones.iter().zip(&escrow.plan.milestones) {
            let mut milestone = part.clone();
            for (share, single) in &steps {
                let left = milestone.left_minor();
                let exact = i128::from(left) * i128::from(*share) / 1_000;
                let amount = if *single { 1 } else { i64::try_from(exact).unwrap() };
                if (1..=left).contains(&amount) {
                    let parts = step::parts(&milestone, plan, amount);
                    take(&mut milestone, &parts, amount)?;
                    followers(&milestone, plan)?;
                }
            }
            let left = milestone.left_minor();
            let parts = step::parts(&milestone, plan, left);
            take(&mut milestone, &parts, left)?;
            same("what is left in the end", milestone.held_minor(), 0)?;
        }
        Ok(())
    });
}

/// A follower is never further from its share of what has moved than the rounding of one unit.
fn followers(milestone: &Milestone, plan: &MilestonePlan) -> Result<(), String> {
    let (first, left) = (i128::from(plan.balance_minor()), i128::from(milestone.left_minor()));
    for held in milestone.holdings.iter().filter(|held| held.share.follows()) {
        let whole = i128::from(plan.line(held.share));
        let moved = whole - i128::from(held.held_minor);
        if (2 * (moved * first - whole * (first - left))).abs() > first {
            return Err(format!("{held:?} has moved {moved} of {whole} while {left} of {first} is left"));
        }
    }
    Ok(())
}

#[test]
fn a_step_of_more_than_is_there_or_of_nothing_moves_nothing() {
    let escrow = funded(&case4());
    let (part, plan) = (&escrow.milestones[0], &escrow.plan.milestones[0]);
    for amount in [0, -1, 400_001, i64::MIN, i64::MAX] {
        assert_eq!(step::parts(part, plan, amount), []);
    }
}
