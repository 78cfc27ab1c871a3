//! News of one kind about one thing that come soon after one another: one mail tells them all, and names every sum.

use serde::{Deserialize, Serialize};

use super::{Disagreement, EscrowNews, News, RefundNews};
use crate::money::Money;

/// So many sums and messages are kept word for word; those after them are counted and added up.
const MOST_KEPT: usize = 50;

/// The earlier news that a mail tells together with the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// How many there are, also of those that are not kept.
    pub count: u32,
    /// What each of them moved, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Money>,
    /// What they moved in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Messages, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
}

impl EscrowNews {
    /// The news of `later`, which tell these as well.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        let mut earlier = self.earlier.unwrap_or_default();
        earlier.count = earlier.count.saturating_add(1);
        if let Some((_, sum)) = self.notice.news.moved() {
            let before = earlier.total.map_or(0, |total| total.minor);
            earlier.total = Some(Money { minor: before.saturating_add(sum.minor), ..sum });
            if earlier.sums.len() < MOST_KEPT {
                earlier.sums.push(sum);
            }
        }
        if let News::Disagreement(Disagreement::Said { text, .. }) = self.notice.news
            && earlier.texts.len() < MOST_KEPT
        {
            earlier.texts.push(text);
        }
        Self { earlier: Some(earlier), ..later }
    }
}

impl News {
    /// The money that it says has moved, and what it says of it. Sums of several such news add up.
    #[must_use]
    pub fn moved(&self) -> Option<(&'static str, Money)> {
        match self {
            Self::ReleasedToYou { amount, .. } => Some(("Released to you", *amount)),
            Self::ReleasedForYou { amount, .. } | Self::HandedOver { amount, .. } => {
                Some(("Released", *amount))
            }
            Self::InWallet { amount, .. } => Some(("In your wallet", *amount)),
            Self::RefundedToYou { amount, .. } => Some(("Refunded to you", *amount)),
            Self::Refunded { amount, .. } => amount.map(|amount| ("Refunded to the buyer", amount)),
            Self::Receipt { amount } | Self::Bought { amount, .. } => Some(("Money held", *amount)),
            Self::PaymentReturned { amount, .. } => Some(("Money returned", *amount)),
            Self::Refund(news) => news.moved(),
            Self::Invited { .. }
            | Self::NamedAsPayee { .. }
            | Self::PayeesPart { .. }
            | Self::NoLongerPayee { .. }
            | Self::Sent { .. }
            | Self::NewTerms { .. }
            | Self::PartyCorrected { .. }
            | Self::InvitedAgain { .. }
            | Self::Signed { .. }
            | Self::PaymentDue { .. }
            | Self::Agreed { .. }
            | Self::Declined { .. }
            | Self::Disowned { .. }
            | Self::Withdrawn { .. }
            | Self::ExpiredNotAccepted
            | Self::ExpiredNotPaid
            | Self::PaymentFailed { .. }
            | Self::Start { .. }
            | Self::LinkReady { .. }
            | Self::Sold { .. }
            | Self::PaidFirst { .. }
            | Self::PaidAccepted
            | Self::NextPaymentDue { .. }
            | Self::Dropped { .. }
            | Self::ProofNeeded { .. }
            | Self::ProofSubmitted { .. }
            | Self::CorrectionsRequested { .. }
            | Self::ProofAccepted { .. }
            | Self::Delivered { .. }
            | Self::DeliveryRecorded { .. }
            | Self::ChangesRequested { .. }
            | Self::MayCancel { .. }
            | Self::Overdue { .. }
            | Self::Reminder { .. }
            | Self::Nudged { .. }
            | Self::Completed
            | Self::Closed { .. }
            | Self::Disagreement(_)
            | Self::Deciding(_) => None,
        }
    }
}

impl RefundNews {
    fn moved(&self) -> Option<(&'static str, Money)> {
        match self {
            Self::Sent { amount, .. } => Some(("Refund on its way", *amount)),
            Self::Decided { amount, .. } => amount.map(|amount| ("Refunded to the buyer", amount)),
            Self::Done { amount, .. } | Self::LateDone { amount } => Some(("Refunded", *amount)),
            Self::Failed { amount, .. } | Self::LateFailed { amount, .. } => Some(("Refund failed", *amount)),
            Self::ToWallet { amount, .. } => Some(("In your wallet", *amount)),
        }
    }
}
