//! Who takes part in an escrow, in which role, and who acts on it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A user's id. Names and addresses stay outside the engine, in rows that can be erased.
pub type UserId = Uuid;

/// A role in one escrow. It never changes after creation (Vesicash: roles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Buyer,
    Seller,
    Broker,
    /// Receives and decides nothing (Tilia: several recipients).
    Payee,
}

impl Role {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Broker => "broker",
            Self::Payee => "payee",
        }
    }

    /// Payees receive money and agree to nothing.
    #[must_use]
    pub fn must_agree(self) -> bool {
        match self {
            Self::Buyer | Self::Seller | Self::Broker => true,
            Self::Payee => false,
        }
    }
}

/// As what somebody has to do with an escrow: a party in a role, or one of those who decide its disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    Buyer,
    Seller,
    Broker,
    Payee,
    /// The outside handler of disputes whom the terms name.
    Arbiter,
    /// Staff of the platform.
    Operator,
}

impl Capacity {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arbiter => "arbiter",
            Self::Operator => "operator",
            Self::Buyer => Role::Buyer.word(),
            Self::Seller => Role::Seller.word(),
            Self::Broker => Role::Broker.word(),
            Self::Payee => Role::Payee.word(),
        }
    }

    /// The role of a party; nothing for those who decide.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Buyer => Some(Role::Buyer),
            Self::Seller => Some(Role::Seller),
            Self::Broker => Some(Role::Broker),
            Self::Payee => Some(Role::Payee),
            Self::Arbiter | Self::Operator => None,
        }
    }

    /// The one of a word, as lists store it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Buyer, Self::Seller, Self::Broker, Self::Payee, Self::Arbiter, Self::Operator];
        all.into_iter().find(|capacity| capacity.word() == word)
    }
}

impl From<Role> for Capacity {
    fn from(role: Role) -> Self {
        match role {
            Role::Buyer => Self::Buyer,
            Role::Seller => Self::Seller,
            Role::Broker => Self::Broker,
            Role::Payee => Self::Payee,
        }
    }
}

/// Where a party stands with the terms (Vesicash: `status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyStatus {
    /// Invited; has not answered.
    Created,
    Accepted,
    Declined,
    /// Whoever holds the invitation says it reached the wrong person.
    Disowned,
}

/// A signature under one version of the contract. The typed name, the address it came from and the
/// browser lie in an erasable row, of which this keeps a salted digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub version: u32,
    pub document_sha256: String,
    /// The side agreement that was signed with it, by those who see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_sha256: Option<String>,
    pub evidence_sha256: String,
    pub at: super::time::Time,
}

/// A user in one escrow in one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub role: Role,
    pub user: UserId,
    pub status: PartyStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_again_at: Option<super::time::Time>,
    /// Has agreed to an earlier version, so this is the right person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
    /// Bought by a pay link without an account: he has no wallet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

/// Who asks for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Actor {
    Party {
        user: UserId,
        role: Role,
    },
    /// Staff of the platform. Never acts on an escrow in which they are a party.
    Operator {
        user: UserId,
    },
    /// The outside handler of this escrow's disputes, named by the terms; takes no other part.
    Arbiter {
        user: UserId,
    },
    /// A payment provider's signed answer.
    Rail,
    /// A deadline that has passed.
    Clock,
}

impl Actor {
    /// The role, if a party acts.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Party { role, .. } => Some(*role),
            Self::Operator { .. } | Self::Arbiter { .. } | Self::Rail | Self::Clock => None,
        }
    }

    /// The user behind the act, if a person acts.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Party { user, .. } | Self::Operator { user } | Self::Arbiter { user } => Some(*user),
            Self::Rail | Self::Clock => None,
        }
    }
}
