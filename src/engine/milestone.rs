//! One milestone: where it stands, what it holds, what was delivered last.

use serde::{Deserialize, Serialize};

use super::dispute::Extension;
use super::plan::{MilestonePlan, Part, Share};
use super::proof::Proof;
use super::step;
use super::terms::FileRef;
use super::time::Time;
use crate::money::share_of;

/// By what act a milestone was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Approved,
    /// An instant escrow: delivering is enough.
    Delivered,
    /// The seller did not want the deal that was paid for.
    Declined,
    ByClock,
    Cancelled,
    /// Given back by the seller.
    Refunded,
    Settled,
    Ruled,
}

/// What became of a milestone's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneEnd {
    Released,
    Refunded,
    Split,
    /// Never funded.
    Dropped,
}

/// Where one milestone stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum MilestoneStage {
    /// Nothing was paid for it; or it was paid before the seller's answer, and holds that money.
    Unfunded,
    InProgress {
        since: Time,
        due: Time,
        /// Set once the seller is so late that the buyer may cancel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overdue_since: Option<Time>,
    },
    Delivered {
        since: Time,
        inspect_by: Time,
    },
    ChangesRequested {
        since: Time,
        /// Set once the seller is so late that the buyer may cancel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overdue_since: Option<Time>,
    },
    /// Decided; something is still to be paid out, or to go back.
    Settling {
        end: MilestoneEnd,
        how: How,
        at: Time,
    },
    Ended {
        end: MilestoneEnd,
        how: How,
        at: Time,
    },
}

/// What a milestone holds for one share, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub share: Share,
    /// In our custody, not yet decided.
    pub held_minor: i64,
    /// Decided for the beneficiary, not yet paid out.
    #[serde(default)]
    pub payable_minor: i64,
    /// Of what is held: decided to go back, and not gone yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserved_minor: i64,
}

impl Holding {
    /// What is held and not reserved.
    #[must_use]
    pub fn free_minor(&self) -> i64 {
        self.held_minor - self.reserved_minor
    }
}

/// The seller's last delivery of a milestone, and what the buyer found wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// From 1, counted over all rounds.
    pub round: u16,
    pub at: Time,
    pub note: String,
    pub files: Vec<FileRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Whether the buyer has given himself longer to check this delivery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inspection_extended: bool,
}

/// What is to be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Places of the failed criteria, from 0.
    pub failed: Vec<u16>,
    pub reason: String,
    pub at: Time,
}

/// One milestone's state and money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub stage: MilestoneStage,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<Holding>,
    /// Of the balance, what has been released so far.
    #[serde(default)]
    pub released_minor: i64,
    /// Of the balance, what has been refunded so far.
    #[serde(default)]
    pub refunded_minor: i64,
    /// What was released of the shares that follow, where something had gone back before: only then can it not
    /// be told from what was released of the balance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followed: Vec<Part>,
    /// Since when something is payable and not yet paid out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payable_since: Option<Time>,
    /// Until when its receivers have time to move it, where a clock's silence released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_out_by: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Only where a proof comes before the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Only with funding per milestone, from the second on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// When the work was due, once it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_due: Option<Time>,
    /// When an overdue one goes back by itself, if not so many days after that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_at: Option<Time>,
    /// A later due date that was asked for and not answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// Since when the stage's clock stands still: a dispute or a request to cancel is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Time>,
    /// How long the stage's clock has stood still before, in microseconds: its deadline is later by that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stopped_micros: i64,
}

/// The buyer is asked to pay for a later milestone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub since: Time,
    pub pay_by: Time,
}

impl Milestone {
    /// What was released so far of a share that follows, in minor units.
    #[must_use]
    pub fn follower_released(&self, plan: &MilestonePlan, share: Share) -> i64 {
        let known = self.followed.iter().find(|part| part.share == share);
        let reckoned = || share_of(plan.line(share), self.released_minor, plan.balance_minor());
        known.map_or_else(reckoned, |part| part.amount_minor)
    }

    /// Notes what a release moves of the shares that follow, if something went back before it.
    pub(super) fn note_followers(&mut self, plan: &MilestonePlan, parts: &[Part]) {
        if self.refunded_minor == 0 {
            return;
        }
        let after = |line: &Part| {
            let now = step::sum_of(parts, |part| part.share == line.share);
            Part { share: line.share, amount_minor: self.follower_released(plan, line.share) + now }
        };
        self.followed = plan.lines.iter().filter(|line| line.share.follows()).map(after).collect();
    }

    /// What is left of the balance to release or refund, in minor units.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        self.holdings.iter().filter(|held| !held.share.follows()).map(Holding::free_minor).sum()
    }

    /// Held for everyone, followers included.
    #[must_use]
    pub fn held_minor(&self) -> i64 {
        self.holdings.iter().map(|held| held.held_minor).sum()
    }

    /// Decided to go back and not gone yet, followers included.
    #[must_use]
    pub fn reserved_minor(&self) -> i64 {
        self.holdings.iter().map(|held| held.reserved_minor).sum()
    }

    /// Decided and not yet paid out.
    #[must_use]
    pub fn payable_minor(&self) -> i64 {
        self.holdings.iter().map(|held| held.payable_minor).sum()
    }

    /// Whether nothing can follow here any more.
    #[must_use]
    pub fn ended(&self) -> bool {
        matches!(self.stage, MilestoneStage::Ended { .. })
    }

    /// Whether it holds money about which nothing is decided: it can be cancelled, settled or disputed.
    #[must_use]
    pub fn undecided(&self) -> bool {
        match self.stage {
            MilestoneStage::InProgress { .. }
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. } => true,
            MilestoneStage::Unfunded | MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. } => {
                false
            }
        }
    }

    /// When the work is due, later by the time for which the clock stood still.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        match self.stage {
            MilestoneStage::InProgress { due, .. } => Some(self.later(due)),
            MilestoneStage::Unfunded
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. }
            | MilestoneStage::Ended { .. } => None,
        }
    }

    /// When inspection ends, later by the time for which the clock stood still.
    #[must_use]
    pub fn inspect_by(&self) -> Option<Time> {
        match self.stage {
            MilestoneStage::Delivered { inspect_by, .. } => Some(self.later(inspect_by)),
            MilestoneStage::Unfunded
            | MilestoneStage::InProgress { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. }
            | MilestoneStage::Ended { .. } => None,
        }
    }

    /// A moment moved by the time for which the stage's clock has stood still.
    #[must_use]
    pub fn later(&self, at: Time) -> Time {
        Time::from_micros(at.micros().saturating_add(self.stopped_micros))
    }

    /// Whether money was ever paid in for it.
    #[must_use]
    pub fn funded(&self) -> bool {
        !self.holdings.is_empty()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
