//! What an escrow is at one moment: the state that events build and commands are judged by.
//!
//! Only `evolve.rs` changes one. It is stored as a document; old documents stay readable through serde
//! defaults. Long texts of past rounds stay in the history, so that a document does not grow with it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deadlines::{Mark, Waiting};
use super::dispute::{Cancellation, Dispute, Settlement};
pub use super::milestone::{Asked, Changes, Delivery, Holding, How, Milestone, MilestoneEnd, MilestoneStage};
use super::party::{Actor, Party, PartyStatus, Role, UserId};
use super::plan::{Part, Plan, Share};
use super::refund::Refund;
use super::sums::Sums;
use super::terms::{Funding, Mode, Rate, Terms};
use super::time::Time;

/// One agreement and the money held under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escrow {
    pub id: Uuid,
    /// The public reference, `ESC-7K2M-9QXA`.
    pub reference: String,
    pub creator: UserId,
    /// Who sent the present version, if not the creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countered_by: Option<UserId>,
    /// The number of the last event of its chain.
    pub seq: u64,
    /// The version of the terms, from 1.
    pub version: u32,
    /// SHA-256 of the contract's text in this version, in hex.
    pub document_sha256: String,
    /// The same of the side agreement on a hidden commission, where its event names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_sha256: Option<String>,
    pub terms: Terms,
    /// What a hidden commission came to before a side that does not see it offered a price into which it does
    /// not fit. It stands again as soon as it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallen_commission: Option<Rate>,
    pub plan: Plan,
    pub parties: Vec<Party>,
    pub stage: Stage,
    pub milestones: Vec<Milestone>,
    /// The last attempt of the buyer to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Charge>,
    /// Attempts before the last one: they failed, or paid for earlier milestones. A provider can still bring
    /// the money of a failed one: then it goes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<Charge>,
    /// The buyer's standing request to cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// How often the buyer has asked to cancel.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cancellations_asked: u16,
    /// Standing offers to settle, at most one a side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settlements: Vec<Settlement>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settlements_offered: u16,
    /// Open disputes. A milestone is in one at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disputes_opened: u16,
    /// Refunds by the way on which the money came, from the first on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// Reminders that were sent for clocks that still run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded: Vec<Reminder>,
    /// The same for reminders by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nudged: Vec<Nudge>,
    pub proposed_at: Time,
    /// The disputes that were the arbiter's to decide, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arbitrated: Vec<u16>,
    /// When the arbiter whom the terms name said that he decides nothing. Then the operators do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arbiter_declined_at: Option<Time>,
    /// Who declined it after it was paid. It ends once everything is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejection>,
}

/// A refusal of terms that were already paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub by: Role,
    pub reason: String,
    pub at: Time,
    #[serde(default, skip_serializing_if = "WhyNot::is_declined")]
    pub why: WhyNot,
}

/// Why terms that were paid for came to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    #[default]
    Declined,
    /// Nobody answered in time.
    Silence,
    /// The invitation had reached somebody who was not meant.
    WrongPerson,
}

impl WhyNot {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(super) fn is_declined(&self) -> bool {
        *self == Self::Declined
    }
}

/// Where the whole escrow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Stage {
    /// Waiting for acceptances or signatures.
    Proposed {
        since: Time,
        expires_at: Time,
    },
    /// Everyone agreed; the buyer is to pay.
    Agreed {
        since: Time,
        pay_by: Time,
    },
    /// Paid: the milestones say the rest.
    Active {
        since: Time,
    },
    /// Nothing is held and nothing can follow but closing.
    Ended {
        end: End,
        at: Time,
        /// When the clock ran out that ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    Closed {
        end: End,
        at: Time,
    },
}

/// How an escrow ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Something was released.
    Completed,
    /// All went back, by the seller, a settlement or a ruling.
    Refunded,
    /// All went back by a cancellation.
    Cancelled,
    ExpiredNotAccepted,
    ExpiredNotPaid,
    Declined {
        by: Role,
        reason: String,
    },
    Withdrawn {
        by: Role,
    },
}

/// Where a payment comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Method {
    Wallet,
    Rail { rail: String },
}

/// One attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub payment: Uuid,
    /// Milestones it pays for, from 1.
    pub milestones: Vec<u16>,
    pub method: Method,
    pub amount_minor: i64,
    pub state: ChargeState,
    /// Whose money it is, if not always the buyer's: see [`Escrow::payer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<UserId>,
    /// Paid without an account: what comes too late has no wallet to go to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
    /// When its money came after all and went back: once, however often the provider says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_at: Option<Time>,
}

/// Cashless: pending → successful or failed, with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ChargeState {
    Pending { since: Time, answer_by: Time },
    Failed { at: Time, reason: String },
    Successful { at: Time },
}

/// A reminder that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    pub waiting: Waiting,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u16>,
    pub since: Time,
    pub mark: Mark,
}

/// A reminder that somebody had sent by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudge {
    pub waiting: Waiting,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u16>,
    pub since: Time,
    pub at: Time,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(count: &u16) -> bool {
    *count == 0
}

impl Stage {
    /// Its stored name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Agreed { .. } => "agreed",
            Self::Active { .. } => "active",
            Self::Ended { .. } => "ended",
            Self::Closed { .. } => "closed",
        }
    }
}

impl Escrow {
    /// The milestone of a number from 1.
    #[must_use]
    pub fn milestone(&self, number: u16) -> Option<&Milestone> {
        self.milestones.get(usize::from(number).checked_sub(1)?)
    }

    /// The party in a role (for payees, the first).
    #[must_use]
    pub fn party(&self, role: Role) -> Option<&Party> {
        self.parties.iter().find(|party| party.role == role)
    }

    /// The party that a user is.
    #[must_use]
    pub fn party_of(&self, user: UserId) -> Option<&Party> {
        self.parties.iter().find(|party| party.user == user)
    }

    /// Those who receive and decide nothing, in the order of the terms.
    #[must_use]
    pub fn payees(&self) -> Vec<UserId> {
        let payees = self.parties.iter().filter(|party| party.role == Role::Payee);
        payees.map(|party| party.user).collect()
    }

    /// Who a user is in this escrow, if anyone.
    #[must_use]
    pub fn actor(&self, user: UserId) -> Option<Actor> {
        let arbiter = || {
            let named = self.terms.arbiter.as_ref().filter(|arbiter| arbiter.user == user);
            named.map(|_| Actor::Arbiter { user })
        };
        self.party_of(user).map(|party| Actor::Party { user, role: party.role }).or_else(arbiter)
    }

    /// The arbiter whom the terms name, unless he has declined.
    #[must_use]
    pub fn arbiter(&self) -> Option<UserId> {
        let named = self.terms.arbiter.as_ref().filter(|_| self.arbiter_declined_at.is_none());
        named.map(|arbiter| arbiter.user)
    }

    /// Whether the arbiter was told that he is named, and has not declined since.
    #[must_use]
    pub fn arbiter_is_told(&self) -> bool {
        self.arbiter().is_some() && self.all_agreed()
    }

    /// Whoever sent the version that stands.
    #[must_use]
    pub fn proposer(&self) -> UserId {
        self.countered_by.unwrap_or(self.creator)
    }

    /// The user who receives a share; nobody for the platform's.
    #[must_use]
    pub fn receiver(&self, share: Share) -> Option<UserId> {
        match share {
            Share::Platform => None,
            Share::Seller => self.party(Role::Seller).map(|party| party.user),
            Share::Broker | Share::BrokerOnTop => self.party(Role::Broker).map(|party| party.user),
            Share::Payee(place) => {
                let mut payees = self.parties.iter().filter(|party| party.role == Role::Payee);
                payees.nth(usize::from(place)).map(|party| party.user)
            }
        }
    }

    /// The attempt to pay of this id, the last one or one that was given up.
    #[must_use]
    pub fn attempt(&self, payment: Uuid) -> Option<&Charge> {
        self.charge.iter().chain(&self.given_up).find(|charge| charge.payment == payment)
    }

    /// Whose money a payment is: the buyer's, or that of somebody who tried to pay by the link before him.
    #[must_use]
    pub fn payer(&self, payment: Uuid) -> Option<UserId> {
        let named = self.attempt(payment).and_then(|charge| charge.payer);
        named.or_else(|| self.party(Role::Buyer).map(|party| party.user))
    }

    /// Whether whoever has its pay link can become its buyer now.
    #[must_use]
    pub fn for_sale(&self) -> bool {
        let open = matches!(self.stage, Stage::Proposed { .. });
        self.instant() && open && !self.funded() && !self.charge_pending()
    }

    /// Whether it is sold by a pay link and complete when it is delivered.
    #[must_use]
    pub fn instant(&self) -> bool {
        self.terms.mode == Mode::Instant
    }

    /// Whether a payment waits for its provider's answer.
    #[must_use]
    pub fn charge_pending(&self) -> bool {
        self.charge.as_ref().is_some_and(|charge| matches!(charge.state, ChargeState::Pending { .. }))
    }

    /// Whether every party who must agree has (in standard mode: has signed this version).
    #[must_use]
    pub fn all_agreed(&self) -> bool {
        self.parties.iter().filter(|party| party.role.must_agree()).all(|party| self.has_agreed(party))
    }

    /// Whether one party has agreed to the present version.
    #[must_use]
    pub fn has_agreed(&self, party: &Party) -> bool {
        match self.terms.mode {
            Mode::Standard => party.signature.as_ref().is_some_and(|mark| mark.version == self.version),
            Mode::Quick | Mode::QuickProof | Mode::Instant => party.status == PartyStatus::Accepted,
        }
    }

    /// The milestones that a payment would be for now, from 1; none where nothing is to be paid.
    #[must_use]
    pub fn to_pay(&self) -> Vec<u16> {
        let numbers = (1_u16..).zip(&self.milestones);
        match (self.terms.funding, &self.stage) {
            (_, Stage::Ended { .. } | Stage::Closed { .. }) | (Funding::Whole, Stage::Active { .. }) => {
                Vec::new()
            }
            (Funding::Whole, Stage::Proposed { .. } | Stage::Agreed { .. }) if self.funded() => Vec::new(),
            (Funding::Whole, Stage::Proposed { .. } | Stage::Agreed { .. }) => {
                numbers.map(|(number, _)| number).collect()
            }
            (Funding::PerMilestone, Stage::Proposed { .. } | Stage::Agreed { .. }) => vec![1],
            (Funding::PerMilestone, Stage::Active { .. }) => {
                let open = |part: &Milestone| part.stage == MilestoneStage::Unfunded && part.asked.is_some();
                numbers.filter(|(_, part)| open(part)).map(|(number, _)| number).collect()
            }
        }
    }

    /// What a payment would come to now, in minor units.
    #[must_use]
    pub fn to_pay_minor(&self) -> i64 {
        let plans =
            self.to_pay().into_iter().filter_map(|number| self.plan.milestones.get(usize::from(number) - 1));
        plans.map(|plan| plan.charge_minor).sum()
    }

    /// Whether anything was ever paid into it.
    #[must_use]
    pub fn funded(&self) -> bool {
        self.milestones.iter().any(Milestone::funded)
    }

    /// Held in all, followers included, in minor units.
    #[must_use]
    pub fn held_minor(&self) -> i64 {
        self.milestones.iter().map(Milestone::held_minor).sum()
    }

    /// Decided and not yet paid out, in minor units.
    #[must_use]
    pub fn payable_minor(&self) -> i64 {
        self.milestones.iter().map(Milestone::payable_minor).sum()
    }

    /// Cashless' `balance`: held and payable without the followers.
    #[must_use]
    pub fn balance_minor(&self) -> i64 {
        let holdings = self.milestones.iter().flat_map(|milestone| &milestone.holdings);
        holdings.filter(|held| !held.share.follows()).map(|held| held.held_minor + held.payable_minor).sum()
    }

    /// Paid in so far, in minor units.
    #[must_use]
    pub fn paid_in_minor(&self) -> i64 {
        let plans = self.milestones.iter().zip(&self.plan.milestones);
        plans.filter(|(milestone, _)| milestone.funded()).map(|(_, plan)| plan.charge_minor).sum()
    }

    /// What the platform has earned so far, in minor units: its fee on what was released.
    #[must_use]
    pub fn fee_earned_minor(&self) -> i64 {
        Sums::of(self, 0).fee_earned
    }

    /// What went back to the buyer so far, in minor units, with what followed it.
    #[must_use]
    pub fn returned_minor(&self) -> i64 {
        Sums::of(self, 0).refunded
    }

    /// The smallest part of a milestone that is released or refunded by itself, in minor units.
    #[must_use]
    pub fn least_part_minor(&self, number: u16) -> i64 {
        let place = usize::from(number).checked_sub(1);
        let plan = place.and_then(|place| self.plan.milestones.get(place));
        plan.map_or(1, |plan| plan.least_part_minor(self.terms.currency))
    }

    /// What is payable to one user in one milestone: the parts with something in them.
    #[must_use]
    pub fn payable_to(&self, number: u16, user: UserId) -> Vec<Part> {
        let Some(milestone) = self.milestone(number) else { return Vec::new() };
        let of_user = |held: &&Holding| held.payable_minor > 0 && self.receiver(held.share) == Some(user);
        let part = |held: &Holding| Part { share: held.share, amount_minor: held.payable_minor };
        milestone.holdings.iter().filter(of_user).map(part).collect()
    }

    /// The open dispute that freezes a milestone.
    #[must_use]
    pub fn dispute_over(&self, number: u16) -> Option<&Dispute> {
        self.disputes.iter().find(|dispute| dispute.covers(number))
    }

    /// The open dispute of a number.
    #[must_use]
    pub fn dispute(&self, number: u16) -> Option<&Dispute> {
        self.disputes.iter().find(|dispute| dispute.number == number)
    }

    /// The numbers of the milestones about which nothing is decided and nobody quarrels.
    #[must_use]
    pub fn open_milestones(&self) -> Vec<u16> {
        let open = (1_u16..).zip(&self.milestones).filter(|(_, part)| part.undecided());
        open.map(|(number, _)| number).filter(|number| self.dispute_over(*number).is_none()).collect()
    }

    /// Whether a ruling decided any of it.
    #[must_use]
    pub fn ruled(&self) -> bool {
        self.milestones.iter().any(|part| match part.stage {
            MilestoneStage::Settling { how, .. } | MilestoneStage::Ended { how, .. } => how == How::Ruled,
            MilestoneStage::Unfunded
            | MilestoneStage::InProgress { .. }
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. } => false,
        })
    }

    /// Whether nothing can change any more but closing, or nothing at all.
    #[must_use]
    pub fn over(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. } | Stage::Closed { .. })
    }
}
