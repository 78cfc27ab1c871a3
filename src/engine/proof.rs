//! The proof that a seller shows before he delivers (DHMAD: quick with proof): its kinds, its phases and
//! what is kept of the last one.

use serde::{Deserialize, Serialize};

use super::terms::{FileRef, Terms};
use super::time::Time;

/// How often the buyer may ask for corrections.
pub const MOST_CORRECTIONS: u16 = 3;
/// The window for sending a proof, or for looking at it, in hours, where the terms name none.
pub const WINDOW_HOURS: u8 = 24;
pub const SHORTEST_WINDOW_HOURS: u8 = 6;
pub const LONGEST_WINDOW_HOURS: u8 = 72;

/// What a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    Receipt,
    OrderConfirmation,
    ProductPhoto,
    Tracking,
    Other,
}

impl ProofKind {
    pub const ALL: [Self; 5] =
        [Self::Receipt, Self::OrderConfirmation, Self::ProductPhoto, Self::Tracking, Self::Other];

    /// Its stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::OrderConfirmation => "order_confirmation",
            Self::ProductPhoto => "product_photo",
            Self::Tracking => "tracking",
            Self::Other => "other",
        }
    }

    /// The one of a stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The word for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Receipt => "Receipt",
            Self::OrderConfirmation => "Order confirmation",
            Self::ProductPhoto => "Photo of the product",
            Self::Tracking => "Tracking number",
            Self::Other => "Something else",
        }
    }
}

/// Where the proof stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ProofPhase {
    WaitingSellerProof { since: Time, upload_by: Time },
    Review { since: Time, review_by: Time },
    Accepted { at: Time, by_clock: bool },
}

/// What the seller sent last, and what is to be corrected in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentProof {
    /// From 1.
    pub round: u16,
    pub at: Time,
    pub kind: ProofKind,
    pub note: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
}

/// What the buyer asked to correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub note: String,
    pub at: Time,
}

/// The proof of a milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub phase: ProofPhase,
    /// How often corrections were asked for.
    #[serde(default)]
    pub corrections: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentProof>,
}

impl Proof {
    /// One that is asked for from `at` on.
    #[must_use]
    pub fn asked(terms: &Terms, at: Time) -> Self {
        let upload_by = at.plus_hours(terms.upload_hours());
        Self { phase: ProofPhase::WaitingSellerProof { since: at, upload_by }, corrections: 0, sent: None }
    }

    /// Whether delivering may follow.
    #[must_use]
    pub fn accepted(&self) -> bool {
        matches!(self.phase, ProofPhase::Accepted { .. })
    }
}

impl Terms {
    /// How long the seller has to send a proof, in hours (DHMAD: 24 by default).
    #[must_use]
    pub fn upload_hours(&self) -> i64 {
        i64::from(self.proof_upload_hours.unwrap_or(WINDOW_HOURS))
    }

    /// How long the buyer has to look at a proof, in hours.
    #[must_use]
    pub fn review_hours(&self) -> i64 {
        i64::from(self.proof_review_hours.unwrap_or(WINDOW_HOURS))
    }
}
