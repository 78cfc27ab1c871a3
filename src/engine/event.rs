//! What has happened to an escrow, in the past tense. Events are kept for ever, so a field is only ever
//! added with a default; `VERSION` tells readers which shape they see.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deadlines::{Mark, Waiting};
use super::dispute::{
    CancellationEnd, DisputeEnd, ExtensionEnd, FailedCriterion, SettlementEnd, Split, Step,
};
use super::escrow::{End, How, Method, WhyNot};
use super::late::WayBack;
use super::party::{Role, UserId};
use super::plan::{Part, Plan, Share};
use super::proof::ProofKind;
pub use super::record::Record;
use super::terms::{FileRef, Recipient, Terms};
use super::time::Time;

/// The version of the shapes below.
pub const VERSION: u32 = 1;

/// What has happened. Milestones are numbered from 1, amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Proposed {
        id: Uuid,
        reference: String,
        creator: UserId,
        terms: Box<Terms>,
        plan: Plan,
        document_sha256: String,
        /// The side agreement on a hidden commission. Events from before its text was stored don't name it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side_sha256: Option<String>,
        expires_at: Time,
    },
    /// Other terms stand now, as the next version. What was accepted or signed before no longer counts.
    Countered {
        by: Role,
        version: u32,
        terms: Box<Terms>,
        plan: Plan,
        document_sha256: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side_sha256: Option<String>,
        expires_at: Time,
        /// What each payee was to receive in all until then: who is named no longer must be told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        payees_before: Vec<Recipient>,
    },
    Accepted {
        role: Role,
        /// What was accepted. The first ones were written down without it: only one version could stand then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<String>,
        /// The side agreement on a hidden commission, by those who see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side_sha256: Option<String>,
    },
    Signed {
        role: Role,
        version: u32,
        document_sha256: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side_sha256: Option<String>,
        evidence_sha256: String,
    },
    Disowned {
        role: Role,
        user: UserId,
    },
    /// A wrong address was corrected. The contract names somebody else, so it is the next version.
    PartyCorrected {
        role: Role,
        from: UserId,
        to: UserId,
        identity_sha256: String,
        version: u32,
        document_sha256: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side_sha256: Option<String>,
        expires_at: Time,
    },
    InvitedAgain {
        role: Role,
        user: UserId,
    },
    /// Somebody pays by the link of an instant escrow, which accepts its terms; or takes the place of one
    /// who did: whose payment failed, or who had bought as a guest and has an account.
    BuyerJoined {
        user: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// The same person, by another user: what was paid goes along.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        claimed: bool,
        identity_sha256: String,
        /// Without an account, so that money can only go back as it came.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        guest: bool,
        version: u32,
        document_sha256: String,
    },
    Agreed {
        pay_by: Time,
        /// When the work is due that begins by it, unless that is its days times 24 hours from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Time>,
    },
    /// Declined, or not answered in time, after it was paid: what was paid goes back.
    Rejected {
        by: Role,
        reason: String,
        /// The first ones were written down without it.
        #[serde(default, skip_serializing_if = "WhyNot::is_declined")]
        why: WhyNot,
    },
    ChargeStarted {
        payment: Uuid,
        milestones: Vec<u16>,
        method: Method,
        amount_minor: i64,
        answer_by: Time,
        /// Whose money it is, where another one can become the buyer after it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer: Option<UserId>,
    },
    ChargeFailed {
        payment: Uuid,
        reason: String,
        /// When the clock ran out whose silence it is, in this and other events: what follows counts from then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    /// Paid: the money is held. The milestones that it pays for are in progress.
    ChargeSettled {
        payment: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Time>,
    },
    /// Money that came when the escrow no longer wanted it; it went to its payer's wallet, or goes back as it came.
    ChargeReturned {
        payment: Uuid,
        amount_minor: i64,
        rail: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back: Option<WayBack>,
    },
    /// With funding per milestone: the one before is decided, so this one is to be paid.
    NextPaymentDue {
        milestone: u16,
        pay_by: Time,
    },
    /// It was not paid in time: it and those after it are dropped.
    Dropped {
        milestone: u16,
    },
    ProofSubmitted {
        milestone: u16,
        /// From 1.
        round: u16,
        kind: ProofKind,
        note: String,
        files: Vec<FileRef>,
        review_by: Time,
    },
    CorrectionsRequested {
        milestone: u16,
        /// How often, this time included.
        round: u16,
        note: String,
        upload_by: Time,
    },
    ProofAccepted {
        milestone: u16,
        by_clock: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    Delivered {
        milestone: u16,
        round: u16,
        note: String,
        files: Vec<FileRef>,
        inspect_by: Time,
    },
    ChangesRequested {
        milestone: u16,
        round: u16,
        failed: Vec<u16>,
        reason: String,
    },
    InspectionExtended {
        milestone: u16,
        days: u8,
    },
    ExtensionAsked {
        milestone: u16,
        by: Role,
        due: Time,
        reason: String,
        answer_by: Time,
    },
    ExtensionGranted {
        milestone: u16,
        due: Time,
    },
    ExtensionEnded {
        milestone: u16,
        how: ExtensionEnd,
    },
    CancellationRequested {
        reason: String,
        answer_by: Time,
    },
    CancellationEnded {
        end: CancellationEnd,
    },
    SettlementOffered {
        settlement: u16,
        by: Role,
        splits: Vec<Split>,
        note: String,
        answer_by: Time,
    },
    SettlementEnded {
        settlement: u16,
        how: SettlementEnd,
    },
    /// Its milestones are frozen.
    DisputeOpened {
        dispute: u16,
        by: Role,
        claims: Vec<Split>,
        reason: String,
        failed: Vec<FailedCriterion>,
        files: Vec<FileRef>,
        answer_by: Time,
        /// Above what is at stake a second operator has to agree, in minor units, as it stood now. Older ones don't
        /// say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_above_minor: Option<i64>,
    },
    Stated {
        dispute: u16,
        text: String,
        files: Vec<FileRef>,
    },
    DisputeMoved {
        dispute: u16,
        step: Step,
    },
    /// Decided, with reasons. With `second`, another operator has yet to agree.
    Ruled {
        dispute: u16,
        by: UserId,
        splits: Vec<Split>,
        reasons: String,
        second: bool,
    },
    RulingReturned {
        dispute: u16,
        reason: String,
    },
    /// The arbiter won't decide: from now on the operators do.
    ArbiterDeclined {
        reason: String,
    },
    /// Its milestones run on, or are decided by what follows.
    DisputeEnded {
        dispute: u16,
        how: DisputeEnd,
        /// Of a ruling: why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reasons: String,
    },
    Said {
        text: String,
        files: Vec<FileRef>,
    },
    /// A part of the balance, or the rest of it, was decided for those who receive it.
    Released {
        milestone: u16,
        amount_minor: i64,
        parts: Vec<Part>,
        whole: bool,
        how: How,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    /// A part of the balance, or the rest of it, went back to the buyer's wallet.
    Refunded {
        milestone: u16,
        amount_minor: i64,
        parts: Vec<Part>,
        whole: bool,
        how: How,
    },
    /// The same, by the way on which it came: the parts are reserved until the provider says that it is done.
    RefundStarted {
        /// From 1, within the escrow.
        refund: u16,
        milestone: u16,
        amount_minor: i64,
        parts: Vec<Part>,
        whole: bool,
        how: How,
        /// The payment on which it goes back.
        charge: Uuid,
        rail: String,
        answer_by: Time,
    },
    /// It is back where it came from.
    RefundSettled {
        refund: u16,
        milestone: u16,
        attempt: u16,
    },
    /// The provider could not, or was silent. The money stays reserved for the buyer.
    RefundFailed {
        refund: u16,
        milestone: u16,
        attempt: u16,
        reason: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        no_answer: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    /// The provider is asked again.
    RefundRetried {
        refund: u16,
        milestone: u16,
        attempt: u16,
        by_clock: bool,
        answer_by: Time,
    },
    /// A refund that had failed went to the buyer's wallet instead.
    RefundedToWallet {
        refund: u16,
        milestone: u16,
    },
    PaidOut {
        milestone: u16,
        share: Share,
        user: UserId,
        amount_minor: i64,
    },
    /// The seller is so late that the buyer may cancel.
    Overdue {
        milestone: u16,
        refund_at: Time,
    },
    Reminded {
        waiting: Waiting,
        milestone: Option<u16>,
        since: Time,
        mark: Mark,
        deadline: Time,
    },
    /// By hand, of a clock.
    Nudged {
        waiting: Waiting,
        milestone: Option<u16>,
        since: Time,
        deadline: Time,
    },
    Ended {
        end: End,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapsed_at: Option<Time>,
    },
    Closed,
}

impl Event {
    /// The stored name of its kind: the `type` of its JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Countered { .. } => "countered",
            Self::Accepted { .. } => "accepted",
            Self::Signed { .. } => "signed",
            Self::Disowned { .. } => "disowned",
            Self::PartyCorrected { .. } => "party_corrected",
            Self::InvitedAgain { .. } => "invited_again",
            Self::BuyerJoined { .. } => "buyer_joined",
            Self::Agreed { .. } => "agreed",
            Self::Rejected { .. } => "rejected",
            Self::ChargeStarted { .. } => "charge_started",
            Self::ChargeFailed { .. } => "charge_failed",
            Self::ChargeSettled { .. } => "charge_settled",
            Self::ChargeReturned { .. } => "charge_returned",
            Self::NextPaymentDue { .. } => "next_payment_due",
            Self::Dropped { .. } => "dropped",
            Self::ProofSubmitted { .. } => "proof_submitted",
            Self::CorrectionsRequested { .. } => "corrections_requested",
            Self::ProofAccepted { .. } => "proof_accepted",
            Self::Delivered { .. } => "delivered",
            Self::ChangesRequested { .. } => "changes_requested",
            Self::InspectionExtended { .. } => "inspection_extended",
            Self::ExtensionAsked { .. } => "extension_asked",
            Self::ExtensionGranted { .. } => "extension_granted",
            Self::ExtensionEnded { .. } => "extension_ended",
            Self::CancellationRequested { .. } => "cancellation_requested",
            Self::CancellationEnded { .. } => "cancellation_ended",
            Self::SettlementOffered { .. } => "settlement_offered",
            Self::SettlementEnded { .. } => "settlement_ended",
            Self::DisputeOpened { .. } => "dispute_opened",
            Self::Stated { .. } => "stated",
            Self::DisputeMoved { .. } => "dispute_moved",
            Self::Ruled { .. } => "ruled",
            Self::RulingReturned { .. } => "ruling_returned",
            Self::ArbiterDeclined { .. } => "arbiter_declined",
            Self::DisputeEnded { .. } => "dispute_ended",
            Self::Said { .. } => "said",
            Self::Released { .. } => "released",
            Self::Refunded { .. } => "refunded",
            Self::RefundStarted { .. } => "refund_started",
            Self::RefundSettled { .. } => "refund_settled",
            Self::RefundFailed { .. } => "refund_failed",
            Self::RefundRetried { .. } => "refund_retried",
            Self::RefundedToWallet { .. } => "refunded_to_wallet",
            Self::PaidOut { .. } => "paid_out",
            Self::Overdue { .. } => "overdue",
            Self::Reminded { .. } => "reminded",
            Self::Nudged { .. } => "nudged",
            Self::Ended { .. } => "ended",
            Self::Closed => "closed",
        }
    }

    /// The milestone it is about, if about one.
    #[must_use]
    pub fn milestone(&self) -> Option<u16> {
        match self {
            Self::NextPaymentDue { milestone, .. }
            | Self::Dropped { milestone }
            | Self::ProofSubmitted { milestone, .. }
            | Self::CorrectionsRequested { milestone, .. }
            | Self::ProofAccepted { milestone, .. }
            | Self::Delivered { milestone, .. }
            | Self::ChangesRequested { milestone, .. }
            | Self::InspectionExtended { milestone, .. }
            | Self::ExtensionAsked { milestone, .. }
            | Self::ExtensionGranted { milestone, .. }
            | Self::ExtensionEnded { milestone, .. }
            | Self::Released { milestone, .. }
            | Self::Refunded { milestone, .. }
            | Self::RefundStarted { milestone, .. }
            | Self::RefundSettled { milestone, .. }
            | Self::RefundFailed { milestone, .. }
            | Self::RefundRetried { milestone, .. }
            | Self::RefundedToWallet { milestone, .. }
            | Self::PaidOut { milestone, .. }
            | Self::Overdue { milestone, .. } => Some(*milestone),
            Self::Reminded { milestone, .. } | Self::Nudged { milestone, .. } => *milestone,
            Self::Proposed { .. }
            | Self::Countered { .. }
            | Self::Accepted { .. }
            | Self::Signed { .. }
            | Self::Disowned { .. }
            | Self::PartyCorrected { .. }
            | Self::InvitedAgain { .. }
            | Self::BuyerJoined { .. }
            | Self::Agreed { .. }
            | Self::Rejected { .. }
            | Self::ChargeStarted { .. }
            | Self::ChargeFailed { .. }
            | Self::ChargeSettled { .. }
            | Self::ChargeReturned { .. }
            | Self::CancellationRequested { .. }
            | Self::CancellationEnded { .. }
            | Self::SettlementOffered { .. }
            | Self::SettlementEnded { .. }
            | Self::DisputeOpened { .. }
            | Self::Stated { .. }
            | Self::DisputeMoved { .. }
            | Self::Ruled { .. }
            | Self::RulingReturned { .. }
            | Self::ArbiterDeclined { .. }
            | Self::DisputeEnded { .. }
            | Self::Said { .. }
            | Self::Ended { .. }
            | Self::Closed => None,
        }
    }
}
