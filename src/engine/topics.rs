//! Which notices people may switch off. Whatever carries money, law or a deadline that decides about either
//! reaches its reader always; so does everything that is not named here.

use super::notices::{Disagreement, News, Notice};
use super::party::Capacity;

/// What a notice is about, as far as people may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Others have done their part, and the reader need do nothing.
    Progress,
    Reminders,
    Messages,
    /// An escrow is complete or closed. Its last payments are told by themselves.
    Endings,
    /// To operators: disputes to decide, and decisions to confirm.
    Disputes,
    /// Money and agreements: told always.
    Binding,
}

impl Topic {
    /// Those that can be switched off, in the order of the page.
    pub const CHOICES: [Self; 5] =
        [Self::Progress, Self::Reminders, Self::Messages, Self::Endings, Self::Disputes];

    /// As it is stored and sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Reminders => "reminders",
            Self::Messages => "messages",
            Self::Endings => "endings",
            Self::Disputes => "disputes",
            Self::Binding => "binding",
        }
    }

    /// Whether people may do without it.
    #[must_use]
    pub fn may_be_off(self) -> bool {
        self != Self::Binding
    }

    /// Whether it is about an operator's work.
    #[must_use]
    pub fn is_operators(self) -> bool {
        self == Self::Disputes
    }
}

impl News {
    /// What it is about.
    #[must_use]
    #[allow(clippy::wildcard_enum_match_arm, reason = "what nobody thought of is never kept from its reader")]
    pub fn topic(&self) -> Topic {
        match self {
            Self::Sent { .. }
            | Self::LinkReady { .. }
            | Self::Signed { .. }
            | Self::DeliveryRecorded { .. } => Topic::Progress,
            Self::Reminder { .. } | Self::Nudged { .. } => Topic::Reminders,
            Self::Disagreement(Disagreement::Said { .. }) => Topic::Messages,
            Self::Completed | Self::Closed { .. } => Topic::Endings,
            _ => Topic::Binding,
        }
    }
}

impl Notice {
    /// What it is about, for its reader.
    #[must_use]
    pub fn topic(&self) -> Topic {
        if self.role == Capacity::Operator { Topic::Disputes } else { self.news.topic() }
    }
}
