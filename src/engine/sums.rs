//! What each named sum of an escrow is, in minor units: pages, mails and lists that name one take it from here, so
//! that a name is one number everywhere. Of an escrow as a viewer may see it they are what that viewer may know.
//!
//! What was paid in is told whole by what became of it: the receivers', the commission, the fee, what went back, and
//! what is held.

use serde::{Deserialize, Serialize};

use super::escrow::Escrow;
use super::milestone::Milestone;
use super::plan::{MilestonePlan, Part, Share, commission_of};

/// The sums of an escrow, or of one milestone of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What the parties agreed on for the work.
    pub price: i64,
    /// The platform's whole fee, whoever pays it.
    pub fee: i64,
    /// The broker's whole commission, whoever pays it.
    pub commission: i64,
    /// What the buyer pays: the price and what comes on top.
    pub charge: i64,
    /// What was paid in so far.
    pub paid_in: i64,
    /// In custody, what is decided to go back included.
    pub held: i64,
    /// Released so far to those who share the price: all that was released but the fee and the commission.
    pub to_receivers: i64,
    /// Released so far to the broker of the commission, less what the broker pays of the fee.
    pub commission_earned: i64,
    /// Released so far to the platform.
    pub fee_earned: i64,
    /// Back with the buyer so far, with what followed it.
    pub refunded: i64,
}

impl Sums {
    /// Those of a whole escrow. `to_broker` is what was released to the broker so far out of the balance, which
    /// only the ledger knows.
    #[must_use]
    pub fn of(escrow: &Escrow, to_broker: i64) -> Self {
        let parts = escrow.milestones.iter().zip(&escrow.plan.milestones).zip(&escrow.terms.milestones);
        let mut sums = Self::default();
        for ((part, plan), terms) in parts {
            sums.add(part, plan, terms.amount_minor);
        }
        sums.with_commission(escrow, to_broker, commission_of(&escrow.terms))
    }

    /// Those of one milestone, from 1; of none there are none.
    #[must_use]
    pub fn of_milestone(escrow: &Escrow, number: u16, to_broker: i64) -> Self {
        let index = usize::from(number).saturating_sub(1);
        let mut sums = Self::default();
        let mut commission = 0;
        if let (Some(part), Some(plan), Some(terms)) = (
            escrow.milestones.get(index),
            escrow.plan.milestones.get(index),
            escrow.terms.milestones.get(index),
        ) {
            sums.add(part, plan, terms.amount_minor);
            commission = plan.commission_by_buyer_minor + plan.commission_by_seller_minor;
        }
        sums.with_commission(escrow, to_broker, commission)
    }

    fn add(&mut self, part: &Milestone, plan: &MilestonePlan, price: i64) {
        let [fee, on_top] =
            [Share::Platform, Share::BrokerOnTop].map(|share| part.follower_released(plan, share));
        self.price += price;
        self.fee += plan.fee_minor();
        self.charge += plan.charge_minor;
        self.held += part.held_minor();
        if part.funded() {
            self.paid_in += plan.charge_minor;
            self.to_receivers += part.released_minor;
            self.commission_earned += on_top;
            self.fee_earned += fee;
            self.refunded += plan.charge_minor - part.held_minor() - part.released_minor - fee - on_top;
        }
    }

    /// What the broker has out of the price is commission where one was agreed, and else a share of the price.
    fn with_commission(mut self, escrow: &Escrow, to_broker: i64, commission: i64) -> Self {
        if escrow.terms.commission.is_some() {
            self.commission = commission;
            self.commission_earned += to_broker;
            self.to_receivers -= to_broker;
        }
        self
    }

    /// Everything that was released so far: what has left for good, and not back to the buyer.
    #[must_use]
    pub fn released(&self) -> i64 {
        self.to_receivers + self.commission_earned + self.fee_earned
    }
}

/// What leaves a milestone by one step: the sum that was decided on, and what follows it. Somebody decides on the
/// first and finds the whole of it gone, so each page and mail that names the first can name the whole too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gross {
    /// Of those who share the price.
    pub net: i64,
    /// The platform's fee on top of it.
    pub fee: i64,
    /// The broker's commission on top of it.
    pub on_top: i64,
}

impl Gross {
    /// What some parts come to. Parts as a viewer may see them come to what that viewer may know.
    #[must_use]
    pub fn of(parts: &[Part]) -> Self {
        let mut gross = Self::default();
        for part in parts {
            *match part.share {
                Share::Platform => &mut gross.fee,
                Share::BrokerOnTop => &mut gross.on_top,
                Share::Seller | Share::Broker | Share::Payee(_) => &mut gross.net,
            } += part.amount_minor;
        }
        gross
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> i64 {
        self.net + self.fee + self.on_top
    }
}
