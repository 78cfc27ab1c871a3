//! What an escrow waits for: a name for each clock.

use serde::{Deserialize, Serialize};

/// What an escrow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Acceptances and signatures; silence: expired.
    Acceptance,
    /// The buyer's payment; silence: expired.
    Payment,
    /// Somebody's payment by the pay link; silence: expired.
    LinkPayment,
    /// The payment of a later milestone; silence: it and those after it are dropped.
    NextPayment,
    /// The answer to terms that were paid first; silence: declined and refunded.
    SellerAnswer,
    /// The provider's answer to a payment; silence: failed.
    RailAnswer,
    /// The seller's proof; silence: the buyer may cancel.
    ProofUpload,
    /// The buyer's look at the proof; silence: accepted.
    ProofReview,
    /// Delivery and its days of grace; silence: the buyer may cancel.
    Delivery,
    /// Inspection; silence: approved and released.
    Inspection,
    /// The seller's next try; silence: the buyer may cancel.
    Changes,
    /// The buyer's cancelling after an overdue delivery; silence: refunded.
    Cancelling,
    /// The buyer's answer to a later date that was asked for; silence: it lapses.
    Extension,
    /// The seller's answer to a request to cancel; silence: a dispute.
    CancellationAnswer,
    /// The other side's answer to an offer; silence: it lapses.
    Settlement,
    /// The other side's first word in a dispute; silence: as sought, or to the handler above the set sum.
    DisputeAnswer,
    /// An agreement between the two; silence: to the handler.
    DisputeTalk,
    /// The handler's decision; silence: from an arbiter to the platform once, then what the terms name.
    Ruling,
    /// The payee's moving his money; silence: to his wallet.
    PayOut,
    /// The provider's answer to a refund; silence: failed.
    RefundAnswer,
    /// The one more time that a failed refund is sent by itself.
    RefundAgain,
    /// What the buyer does about a failed refund; silence: to his wallet.
    FailedRefund,
    /// Somebody's closing; silence: closed. No reminders.
    Closing,
}

impl Waiting {
    /// Its stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Payment => "payment",
            Self::LinkPayment => "link_payment",
            Self::NextPayment => "next_payment",
            Self::SellerAnswer => "seller_answer",
            Self::RailAnswer => "rail_answer",
            Self::ProofUpload => "proof_upload",
            Self::ProofReview => "proof_review",
            Self::Delivery => "delivery",
            Self::Inspection => "inspection",
            Self::Changes => "changes",
            Self::Cancelling => "cancelling",
            Self::Extension => "extension",
            Self::CancellationAnswer => "cancellation_answer",
            Self::Settlement => "settlement",
            Self::DisputeAnswer => "dispute_answer",
            Self::DisputeTalk => "dispute_talk",
            Self::Ruling => "ruling",
            Self::PayOut => "pay_out",
            Self::RefundAnswer => "refund_answer",
            Self::RefundAgain => "refund_again",
            Self::FailedRefund => "failed_refund",
            Self::Closing => "closing",
        }
    }

    /// The one of a stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Acceptance,
            Self::Payment,
            Self::LinkPayment,
            Self::NextPayment,
            Self::SellerAnswer,
            Self::RailAnswer,
            Self::ProofUpload,
            Self::ProofReview,
            Self::Delivery,
            Self::Inspection,
            Self::Changes,
            Self::Cancelling,
            Self::Extension,
            Self::CancellationAnswer,
            Self::Settlement,
            Self::DisputeAnswer,
            Self::DisputeTalk,
            Self::Ruling,
            Self::PayOut,
            Self::RefundAnswer,
            Self::RefundAgain,
            Self::FailedRefund,
            Self::Closing,
        ];
        all.into_iter().find(|waiting| waiting.name() == name)
    }
}
