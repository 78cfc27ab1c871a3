//! The plan: who gets what from each milestone, computed once from the terms, exactly.
//!
//! Each payer's part of a fee or commission is spread over the milestones by itself, by cumulative
//! rounding, so that it is never negative and always sums to the whole. Rounding is half to even.
//!
//! A part that is released or refunded by itself is at least one whole unit of the currency, or a hundred of one
//! without decimals, or a tenth of the milestone's price where that is less. Each part leaves events and entries
//! behind for ever, and nobody should make thousands of them out of cents. The rest may always move, however
//! small it is.

use serde::{Deserialize, Serialize};

use super::party::Role;
use super::terms::{CommissionPayer, FeePayer, FeeSchedule, Rate, Terms};
use crate::money::{Currency, LARGEST_MINOR, percent_of, share_of};

/// One line of what a milestone holds, and for whom.
///
/// The first three kinds are the milestone's balance and share every step; the last two *follow*
/// whatever has moved of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    Seller,
    Broker,
    /// The payee of this place in the terms, from 0.
    Payee(u8),
    /// The part of a commission that the buyer pays on top.
    BrokerOnTop,
    /// The platform's fee.
    Platform,
}

impl Share {
    /// Followers move in proportion to what has moved of the balance.
    #[must_use]
    pub fn follows(self) -> bool {
        match self {
            Self::Seller | Self::Broker | Self::Payee(_) => false,
            Self::BrokerOnTop | Self::Platform => true,
        }
    }

    /// The name of the ledger account's share: stable, stored.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Seller => "seller".to_owned(),
            Self::Broker => "broker".to_owned(),
            Self::Payee(n) => format!("payee-{n}"),
            Self::BrokerOnTop => "broker-on-top".to_owned(),
            Self::Platform => "platform".to_owned(),
        }
    }
}

/// An amount in minor units for one share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub share: Share,
    pub amount_minor: i64,
}

/// What one milestone costs the buyer and holds for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestonePlan {
    /// What the buyer pays for it: the amount, his fee part and his commission part.
    pub charge_minor: i64,
    pub fee_by_buyer_minor: i64,
    pub fee_by_seller_minor: i64,
    pub fee_by_broker_minor: i64,
    pub commission_by_buyer_minor: i64,
    pub commission_by_seller_minor: i64,
    /// Net lines, beneficiaries before followers; they sum to the charge.
    pub lines: Vec<Part>,
}

impl MilestonePlan {
    /// What it holds without the followers: the number that releases and refunds count in.
    #[must_use]
    pub fn balance_minor(&self) -> i64 {
        self.lines.iter().filter(|line| !line.share.follows()).map(|line| line.amount_minor).sum()
    }

    /// The smallest part that is released or refunded by itself, in minor units.
    #[must_use]
    pub fn least_part_minor(&self, currency: Currency) -> i64 {
        let unit = 10_i64.pow(currency.scale().max(2));
        unit.min(self.balance_minor() / 10).max(1)
    }

    /// What is held for one share.
    #[must_use]
    pub fn line(&self, share: Share) -> i64 {
        self.lines.iter().filter(|line| line.share == share).map(|line| line.amount_minor).sum()
    }

    /// The platform's fee of this milestone.
    #[must_use]
    pub fn fee_minor(&self) -> i64 {
        self.fee_by_buyer_minor + self.fee_by_seller_minor + self.fee_by_broker_minor
    }
}

/// Who gets what from every milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub milestones: Vec<MilestonePlan>,
}

/// Terms whose arithmetic leaves someone with less than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The seller would receive nothing from this milestone (0-based), or less.
    SellerReceivesNothing(usize),
    /// The broker's fee is more than the broker earns in this milestone (0-based).
    BrokerPaysMore(usize),
}

/// The platform's fee for an amount, both in minor units.
#[must_use]
pub fn fee_of(schedule: &FeeSchedule, amount_minor: i64) -> i64 {
    let exact = percent_of(amount_minor, schedule.percent).saturating_add(schedule.fixed_minor);
    let most = schedule.max_minor.unwrap_or(LARGEST_MINOR);
    exact.max(schedule.min_minor).min(most)
}

/// The whole commission in minor units, 0 without one.
#[must_use]
pub fn commission_of(terms: &Terms) -> i64 {
    match terms.commission.as_ref().map(|commission| &commission.rate) {
        None => 0,
        Some(Rate::FixedMinor(minor)) => *minor,
        Some(Rate::Percent(percent)) => percent_of(terms.amount_minor, *percent),
    }
}

/// Splits a sum between two payers: the first takes the odd unit.
fn halves(sum: i64) -> (i64, i64) {
    (sum - sum / 2, sum / 2)
}

impl Plan {
    /// Computes the plan of terms whose amounts sum up.
    ///
    /// # Errors
    /// When the seller of some milestone would receive nothing, or the broker would pay.
    pub fn of(terms: &Terms) -> Result<Self, PlanError> {
        // Of a draft whose price is still open nobody receives anything.
        if terms.amount_minor <= 0 {
            return Err(PlanError::SellerReceivesNothing(0));
        }
        let fee = fee_of(&terms.fee, terms.amount_minor);
        let (fee_buyer, fee_seller, fee_broker) = match terms.fee_payer {
            FeePayer::Buyer => (fee, 0, 0),
            FeePayer::Seller => (0, fee, 0),
            FeePayer::Broker => (0, 0, fee),
            FeePayer::Split => (halves(fee).0, halves(fee).1, 0),
        };
        let commission = commission_of(terms);
        let payer = terms.commission.as_ref().map(|commission| commission.payer);
        let (commission_buyer, commission_seller) = match payer {
            None => (0, 0),
            Some(CommissionPayer::Buyer) => (commission, 0),
            Some(CommissionPayer::Seller) => (0, commission),
            Some(CommissionPayer::Split) => halves(commission),
        };
        let mut before = 0;
        let mut milestones = Vec::with_capacity(terms.milestones.len());
        for (index, milestone) in terms.milestones.iter().enumerate() {
            let upto = before + milestone.amount_minor;
            let spread = |whole: i64| {
                share_of(whole, upto, terms.amount_minor) - share_of(whole, before, terms.amount_minor)
            };
            milestones.push(one(
                terms,
                index,
                [spread(fee_buyer), spread(fee_seller), spread(fee_broker)],
                [spread(commission_buyer), spread(commission_seller)],
            )?);
            before = upto;
        }
        Ok(Self { milestones })
    }

    /// What the buyer pays in all.
    #[must_use]
    pub fn charge_minor(&self) -> i64 {
        self.milestones.iter().map(|milestone| milestone.charge_minor).sum()
    }

    /// What a share receives from all milestones if everything is released.
    #[must_use]
    pub fn receives_minor(&self, share: Share) -> i64 {
        self.milestones.iter().map(|milestone| milestone.line(share)).sum()
    }

    /// The platform's whole fee.
    #[must_use]
    pub fn fee_minor(&self) -> i64 {
        self.milestones.iter().map(MilestonePlan::fee_minor).sum()
    }
}

/// One milestone's plan from its parts of the fee (buyer, seller, broker) and of the commission
/// (buyer, seller).
fn one(
    terms: &Terms,
    index: usize,
    [fee_buyer, fee_seller, fee_broker]: [i64; 3],
    [commission_buyer, commission_seller]: [i64; 2],
) -> Result<MilestonePlan, PlanError> {
    let amount = terms.milestones[index].amount_minor;
    let gross = |role: Role| terms.party(role).map_or(0, |party| terms.gross_of(index, party.user));
    let seller = gross(Role::Seller) - fee_seller - commission_seller;
    if seller <= 0 {
        return Err(PlanError::SellerReceivesNothing(index));
    }
    // A broker who pays the platform's fee pays it first from what the buyer adds on top, so that the
    // balance stays the amount wherever it can.
    let from_top = fee_broker.min(commission_buyer);
    let broker = gross(Role::Broker) + commission_seller - (fee_broker - from_top);
    if broker < 0 {
        return Err(PlanError::BrokerPaysMore(index));
    }
    let fee = fee_buyer + fee_seller + fee_broker;
    let mut lines = vec![Part { share: Share::Seller, amount_minor: seller }];
    let mut add = |share: Share, amount_minor: i64| {
        if amount_minor > 0 {
            lines.push(Part { share, amount_minor });
        }
    };
    add(Share::Broker, broker);
    for (place, payee) in (0_u8..).zip(terms.payees()) {
        add(Share::Payee(place), terms.gross_of(index, payee.user));
    }
    add(Share::BrokerOnTop, commission_buyer - from_top);
    add(Share::Platform, fee);
    Ok(MilestonePlan {
        charge_minor: amount + fee_buyer + commission_buyer,
        fee_by_buyer_minor: fee_buyer,
        fee_by_seller_minor: fee_seller,
        fee_by_broker_minor: fee_broker,
        commission_by_buyer_minor: commission_buyer,
        commission_by_seller_minor: commission_seller,
        lines,
    })
}
