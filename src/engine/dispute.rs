//! What can stand beside a milestone's stage: a request to cancel, offers to settle, disputes, and an asked
//! extension. A dispute freezes exactly its milestones; a request stops every other clock of the escrow.
//!
//! Statements and messages stay in the history, so that a document does not grow with a quarrel.

use serde::{Deserialize, Serialize};

use super::party::{Role, UserId};
use super::terms::{DefaultOutcome, FileRef};
use super::time::Time;

/// What becomes of a milestone's balance: release a part, refund the rest. In minor units; the two sum to
/// what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// From 1.
    pub milestone: u16,
    pub release_minor: i64,
    pub refund_minor: i64,
}

impl Split {
    /// What is released and refunded together.
    #[must_use]
    pub fn sum_minor(&self) -> i64 {
        self.release_minor.saturating_add(self.refund_minor)
    }

    /// What the terms name for the case that nobody decides: halves release ⌊left/2⌋ (domain: the plan).
    #[must_use]
    pub fn by_default(outcome: DefaultOutcome, milestone: u16, left_minor: i64) -> Self {
        let release_minor = match outcome {
            DefaultOutcome::RefundBuyer => 0,
            DefaultOutcome::ReleaseToSeller => left_minor,
            DefaultOutcome::Halves => left_minor / 2,
        };
        Self { milestone, release_minor, refund_minor: left_minor - release_minor }
    }
}

/// A criterion that somebody says is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailedCriterion {
    /// From 1.
    pub milestone: u16,
    /// Its place in the milestone's terms, from 0.
    pub criterion: u16,
}

/// The buyer asks to cancel everything that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    pub since: Time,
    pub reason: String,
    pub answer_by: Time,
}

/// An offer of one side to settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// From 1, counted over the escrow's whole life.
    pub number: u16,
    pub by: Role,
    pub since: Time,
    pub answer_by: Time,
    pub splits: Vec<Split>,
    pub note: String,
}

/// A later due date that the seller or the broker asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    pub by: Role,
    pub due: Time,
    pub reason: String,
    pub since: Time,
    pub answer_by: Time,
}

/// An open dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// From 1, counted over the escrow's whole life.
    pub number: u16,
    /// The side that opened it: buyer or seller.
    pub by: Role,
    pub since: Time,
    /// What the opener seeks.
    pub claims: Vec<Split>,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedCriterion>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    pub step: Step,
    /// Above what is at stake a second operator has to agree, as it stood when the dispute was opened: nobody can
    /// move it out of his own way. Older disputes don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_above_minor: Option<i64>,
}

/// Where a dispute stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Step {
    /// The other side is to answer.
    Answer { since: Time, until: Time },
    /// Both talk and may settle.
    Talk { since: Time, until: Time },
    /// A handler is to decide.
    Handler {
        since: Time,
        until: Time,
        handler: Handler,
        /// A decision that waits for a second operator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ruling: Option<Ruling>,
    },
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    Operators,
    /// The outside arbiter whom the terms name.
    Arbiter,
}

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub by: UserId,
    pub at: Time,
    pub splits: Vec<Split>,
    pub reasons: String,
}

/// How a request to cancel ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum CancellationEnd {
    Withdrawn,
    Accepted,
    Refused {
        reason: String,
    },
    /// An approval, a dispute or a settlement took its place, or silence made it a dispute.
    Superseded,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementEnd {
    Accepted,
    Refused,
    Withdrawn,
    Lapsed,
}

/// How an asked extension ended without being granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionEnd {
    Refused,
    Lapsed,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeEnd {
    Withdrawn,
    /// The other side gave what was sought.
    Conceded,
    /// Both sides agreed on something.
    Settled,
    Ruled,
    /// The other side never answered.
    AsSought,
    /// Nobody decided in time: what the terms name for that.
    Default,
}

impl Dispute {
    /// Whether it freezes a milestone.
    #[must_use]
    pub fn covers(&self, milestone: u16) -> bool {
        self.claims.iter().any(|claim| claim.milestone == milestone)
    }

    /// What is at stake, in minor units.
    #[must_use]
    pub fn stake_minor(&self) -> i64 {
        self.claims.iter().map(Split::sum_minor).sum()
    }

    /// Above what is at stake a second operator has to agree, in minor units; `now_minor` is what is set at present.
    #[must_use]
    pub fn second_above(&self, now_minor: i64) -> i64 {
        self.second_above_minor.unwrap_or(now_minor)
    }

    /// The sum above which silence sends it to be decided, where it is above it; nothing where silence decides
    /// it as sought. In minor units.
    #[must_use]
    pub fn above_minor(&self) -> Option<i64> {
        self.second_above_minor.filter(|limit| self.stake_minor() > *limit)
    }

    /// The side that did not open it.
    #[must_use]
    pub fn other_side(&self) -> Role {
        if self.by == Role::Buyer { Role::Seller } else { Role::Buyer }
    }

    /// The decision that waits for a second operator.
    #[must_use]
    pub fn ruling(&self) -> Option<&Ruling> {
        match &self.step {
            Step::Handler { ruling, .. } => ruling.as_ref(),
            Step::Answer { .. } | Step::Talk { .. } => None,
        }
    }
}

impl Step {
    /// Since when, and until when.
    #[must_use]
    pub fn times(&self) -> (Time, Time) {
        match self {
            Self::Answer { since, until }
            | Self::Talk { since, until }
            | Self::Handler { since, until, .. } => (*since, *until),
        }
    }
}
