//! Everything that the parties agree to: one immutable, numbered version of it.
//!
//! The shapes hold every mode, kind and choice of the product, also those that no page offers yet,
//! so that stored escrows stay readable when they come. What is allowed stands in `check.rs`, what it
//! comes to in money in `plan.rs`.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::party::{Role, UserId};
use super::time::Time;
use crate::money::{Currency, Money};

/// How a deal runs (DHMAD: modes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// With a contract that every role signs before anything is paid.
    Standard,
    Quick,
    QuickProof,
    Instant,
}

/// One delivery or several (Vesicash: type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    OneOff,
    Milestone,
}

/// Who pays the platform's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeePayer {
    Buyer,
    Seller,
    Split,
    Broker,
}

/// Who pays the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommissionPayer {
    Buyer,
    Seller,
    Split,
}

/// Who decides a dispute (Vesicash: `dispute_handler`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeHandler {
    Platform,
    Arbitration,
}

/// What happens to a disputed milestone if nobody decides in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultOutcome {
    RefundBuyer,
    ReleaseToSeller,
    Halves,
}

impl DefaultOutcome {
    /// As the contract says it, within a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RefundBuyer => "the disputed money goes back to the buyer",
            Self::ReleaseToSeller => "the disputed money goes to the seller",
            Self::Halves => "the disputed money is split 50/50",
        }
    }
}

/// Whether the buyer pays everything before work starts, or each milestone before its own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funding {
    Whole,
    PerMilestone,
}

/// The platform's fee for one currency, frozen into the terms when they are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeSchedule {
    pub percent: Decimal,
    pub fixed_minor: i64,
    pub min_minor: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_minor: Option<i64>,
}

impl Default for FeeSchedule {
    /// One per cent and nothing else.
    fn default() -> Self {
        Self { percent: Decimal::ONE, fixed_minor: 0, min_minor: 0, max_minor: None }
    }
}

/// What the broker earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    FixedMinor(i64),
    Percent(Decimal),
}

/// The broker's commission and who pays it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commission {
    pub rate: Rate,
    pub payer: CommissionPayer,
    /// Hidden from the side that pays none of it: it stands in a side agreement of the others.
    #[serde(default)]
    pub hidden: bool,
    /// Random, of a hidden one: so that nobody can guess it from the side agreement's digest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: String,
}

/// A named user in a role, with a salted digest of the address he was named by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsParty {
    pub role: Role,
    pub user: UserId,
    pub identity_sha256: String,
}

/// The outside arbiter, with a salted digest of the address he was named by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arbiter {
    pub user: UserId,
    pub identity_sha256: String,
}

/// One recipient's gross line of a milestone, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub user: UserId,
    pub amount_minor: i64,
}

/// A file that belongs to the terms or to a delivery. Its name lies in an erasable row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    pub id: Uuid,
    pub sha256: String,
    pub size_bytes: i64,
    pub name_sha256: String,
}

/// A part of the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneTerms {
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub amount_minor: i64,
    /// When it is to be delivered; a one-off deal counts its delivery days from payment instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    pub inspection_days: u8,
    pub criteria: Vec<String>,
    /// Gross lines that sum to the amount. Empty means: all of it to the seller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
}

/// One version of everything agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub mode: Mode,
    pub kind: Kind,
    pub currency: Currency,
    pub amount_minor: i64,
    pub parties: Vec<TermsParty>,
    pub milestones: Vec<MilestoneTerms>,
    pub fee: FeeSchedule,
    pub fee_payer: FeePayer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<Commission>,
    pub dispute_handler: DisputeHandler,
    pub default_outcome: DefaultOutcome,
    /// Who decides disputes, if not the platform's operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arbiter: Option<Arbiter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_terms: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_days: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_upload_hours: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_review_hours: Option<u8>,
    pub funding: Funding,
    #[serde(default)]
    pub pay_first: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    /// The zone in which the contract writes its dates, an IANA name.
    pub time_zone: String,
}

impl Terms {
    /// `minor` units in the currency of these terms.
    #[must_use]
    pub fn money(&self, minor: i64) -> Money {
        self.currency.of(minor)
    }

    /// The days of a one-off delivery, counted from its payment.
    #[must_use]
    pub fn days_to_deliver(&self) -> i64 {
        i64::from(self.delivery_days.unwrap_or(1))
    }

    /// The one party in a role (for payees, the first).
    #[must_use]
    pub fn party(&self, role: Role) -> Option<&TermsParty> {
        self.parties.iter().find(|party| party.role == role)
    }

    /// The payees, in the order in which the terms name them.
    pub fn payees(&self) -> impl Iterator<Item = &TermsParty> {
        self.parties.iter().filter(|party| party.role == Role::Payee)
    }

    /// Whether the broker has a line of his own in some milestone, instead of a commission.
    #[must_use]
    pub fn broker_has_line(&self) -> bool {
        let broker = self.party(Role::Broker).map(|party| party.user);
        let mut lines = self.milestones.iter().flat_map(|part| &part.recipients);
        broker.is_some_and(|broker| lines.any(|line| line.user == broker))
    }

    /// What a user gets in all before fees, as a recipient.
    #[must_use]
    pub fn gross_in_all(&self, user: UserId) -> i64 {
        (0..self.milestones.len()).map(|index| self.gross_of(index, user)).sum()
    }

    /// "payee", and where there are several "payee 2": what tells a party from the others of its role.
    #[must_use]
    pub fn called(&self, user: UserId) -> String {
        let place = self.payees().position(|payee| payee.user == user);
        match place {
            Some(place) if self.payees().count() > 1 => format!("{} {}", Role::Payee.word(), place + 1),
            _ => self.role_of(user).map_or("recipient", Role::word).to_owned(),
        }
    }

    /// The role of a user in these terms.
    #[must_use]
    pub fn role_of(&self, user: UserId) -> Option<Role> {
        self.parties.iter().find(|party| party.user == user).map(|party| party.role)
    }

    /// The gross line of a user in a milestone, 0-based.
    #[must_use]
    pub fn gross_of(&self, milestone: usize, user: UserId) -> i64 {
        let Some(part) = self.milestones.get(milestone) else { return 0 };
        if part.recipients.is_empty() {
            let seller = self.party(Role::Seller).map(|seller| seller.user);
            return if seller == Some(user) { part.amount_minor } else { 0 };
        }
        part.recipients.iter().filter(|line| line.user == user).map(|line| line.amount_minor).sum()
    }
}
