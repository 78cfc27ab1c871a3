//! A refund by the way on which the money came: reserved when it is decided, gone when the provider says so.
//!
//! Until then the parts stay in what the milestone holds, and count for nothing else: the decision stands,
//! and the money is the buyer's. A provider that fails leaves it reserved; it is sent again, or goes to the
//! buyer's wallet instead. All of them are kept, so that an answer that comes late finds its refund.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::escrow::{Charge, ChargeState, Escrow, How, Method};
use super::party::Role;
use super::plan::Part;
use super::time::Time;

/// More go to the wallet: a document does not grow for ever.
pub const MOST_REFUNDS: usize = 500;

/// One refund of a milestone's money, or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// From 1, within the escrow.
    pub number: u16,
    pub milestone: u16,
    /// Of the balance, without what follows it.
    pub amount_minor: i64,
    pub parts: Vec<Part>,
    pub how: How,
    /// The payment that it goes back on, and its provider.
    pub charge: Uuid,
    pub rail: String,
    /// From 1. An order that nobody answered is asked again under its number; one that failed gets the next.
    pub attempt: u16,
    pub decided_at: Time,
    /// Whether it was sent again by itself: that happens once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sent_again: bool,
    /// Of a guest's payment that came too late: it lies in suspense and belongs to no milestone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    pub state: RefundState,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RefundState {
    Pending {
        since: Time,
        answer_by: Time,
    },
    Failed {
        at: Time,
        reason: String,
        /// The provider was silent, and may still have done it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        no_answer: bool,
        /// When it should have answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    /// Back where it came from, by this attempt.
    Successful {
        at: Time,
        attempt: u16,
    },
    /// In the buyer's wallet instead.
    ToWallet {
        at: Time,
    },
}

impl Refund {
    /// What goes back in all, followers included, in minor units.
    #[must_use]
    pub fn sum_minor(&self) -> i64 {
        if self.late {
            return self.amount_minor;
        }
        self.parts.iter().map(|part| part.amount_minor).sum()
    }

    /// Whether the provider is expected to answer.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.state, RefundState::Pending { .. })
    }

    /// Since when it has failed, if it has and nothing followed.
    #[must_use]
    pub fn failed_at(&self) -> Option<Time> {
        match self.state {
            RefundState::Failed { at, .. } => Some(at),
            RefundState::Pending { .. } | RefundState::Successful { .. } | RefundState::ToWallet { .. } => {
                None
            }
        }
    }

    /// Whether its money is still reserved here.
    #[must_use]
    pub fn open(&self) -> bool {
        match self.state {
            RefundState::Pending { .. } | RefundState::Failed { .. } => true,
            RefundState::Successful { .. } | RefundState::ToWallet { .. } => false,
        }
    }
}

impl Escrow {
    /// The refund of a number from 1.
    #[must_use]
    pub fn refund(&self, number: u16) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.number == number)
    }

    /// The refunds of a milestone whose money is still reserved.
    pub fn open_refunds(&self, milestone: u16) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(move |refund| refund.milestone == milestone && refund.open())
    }

    /// Whether a refund has failed and nothing was done about it.
    #[must_use]
    pub fn refund_failed(&self) -> bool {
        self.refunds.iter().any(|refund| !refund.late && refund.failed_at().is_some())
    }

    /// The payment that brought a milestone's money.
    #[must_use]
    pub fn paid_by(&self, milestone: u16) -> Option<&Charge> {
        self.charge.iter().chain(&self.given_up).find(|charge| {
            matches!(charge.state, ChargeState::Successful { .. }) && charge.milestones.contains(&milestone)
        })
    }

    /// The provider behind a milestone's money; none where it came from a wallet.
    #[must_use]
    pub fn paid_through(&self, milestone: u16) -> Option<&str> {
        match &self.paid_by(milestone)?.method {
            Method::Rail { rail } => Some(rail),
            Method::Wallet => None,
        }
    }

    /// Whether the buyer has a wallet to which money can go. A guest has none: what can't go back on his
    /// method waits for the operators, and no clock moves it.
    #[must_use]
    pub fn buyer_has_wallet(&self) -> bool {
        self.party(Role::Buyer).is_none_or(|buyer| !buyer.guest)
    }
}
