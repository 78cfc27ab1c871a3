//! The pages of a new escrow in their order, one topic each, and which field stands on which.

use crate::engine::check::{MOST_MILESTONES, MOST_PAYEES};
use crate::engine::terms::Mode;

/// The fields that share a page, in their order there.
const RANKS: [&str; 32] = [
    "kind",
    "mode",
    "payment",
    "buyer",
    "seller",
    "broker",
    "name",
    "email",
    "payees",
    "currency",
    "title",
    "description",
    "contract_terms",
    "external_reference",
    "milestones",
    "amount",
    "payee",
    "recipients",
    "delivery_days",
    "proof_upload_hours",
    "proof_review_hours",
    "due",
    "inspection",
    "criteria",
    "fee_payer",
    "commission_kind",
    "commission",
    "commission_payer",
    "dispute_handler",
    "arbiter_name",
    "arbiter",
    "default_outcome",
];

/// A page of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Role,
    Kind,
    Parties,
    Work,
    Price,
    Delivery,
    Fees,
    Disputes,
    Files,
    Check,
}

impl Step {
    pub const ALL: [Self; 10] = [
        Self::Role,
        Self::Kind,
        Self::Parties,
        Self::Work,
        Self::Price,
        Self::Delivery,
        Self::Fees,
        Self::Disputes,
        Self::Files,
        Self::Check,
    ];

    /// The last part of its address.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Kind => "kind",
            Self::Parties => "parties",
            Self::Work => "work",
            Self::Price => "price",
            Self::Delivery => "delivery",
            Self::Fees => "fees",
            Self::Disputes => "disputes",
            Self::Files => "files",
            Self::Check => "check",
        }
    }

    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.slug() == slug)
    }

    /// The heading of the page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Role => "What is your part in this deal?",
            Self::Kind => "What kind of deal is it?",
            Self::Parties => "Who else takes part?",
            Self::Work => "What is delivered?",
            Self::Price => "What does it cost?",
            Self::Delivery => "When is it delivered, and when is it done?",
            Self::Fees => "Who pays the fees?",
            Self::Disputes => "What if you disagree?",
            Self::Files => "Do you want to attach files?",
            Self::Check => "Check your answers",
        }
    }

    /// The heading of its part of the check page.
    #[must_use]
    pub fn topic(self) -> &'static str {
        match self {
            Self::Role => "Your role",
            Self::Kind => "The deal",
            Self::Parties => "Who takes part",
            Self::Work => "What is delivered",
            Self::Price => "Price",
            Self::Delivery => "Delivery and inspection",
            Self::Fees => "Fee and commission",
            Self::Disputes => "If you disagree",
            Self::Files => "Files",
            Self::Check => "Check",
        }
    }

    /// Where on the pages a field comes, for lists in their order.
    #[must_use]
    pub fn place(field: &str) -> (Option<Self>, usize, usize) {
        let (number, name) = match (milestone_field(field), payee_field(field)) {
            (Some(of_milestone), _) => of_milestone,
            (None, Some(of_payee)) => of_payee,
            // The sum stands below the milestones that make it.
            (None, None) if matches!(field, "amount" | "milestones" | "payees") => (usize::MAX, field),
            (None, None) => (0, field),
        };
        let (name, place) = share_field(name).map_or((name, 0), |payee| ("payee", payee));
        let rank = RANKS.iter().position(|known| *known == name).unwrap_or(RANKS.len());
        (Self::of_field(field), number, rank * (MOST_PAYEES + 1) + place)
    }

    /// The page after it. Whoever sells by a link names nobody.
    #[must_use]
    pub fn next_of(self, mode: Option<Mode>) -> Self {
        match (self.next(), mode) {
            (Self::Parties, Some(Mode::Instant)) => Self::Work,
            (next, _) => next,
        }
    }

    /// The page before it.
    #[must_use]
    pub fn before_of(self, mode: Option<Mode>) -> Option<Self> {
        match (self.before(), mode) {
            (Some(Self::Parties), Some(Mode::Instant)) => Some(Self::Kind),
            (before, _) => before,
        }
    }

    /// Its place, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or_default() + 1
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL.get(self.number()).copied().unwrap_or(Self::Check)
    }

    #[must_use]
    pub fn before(self) -> Option<Self> {
        Self::ALL.get(self.number().checked_sub(2)?).copied()
    }

    /// The page on which a field stands; nothing for a name that none has.
    #[must_use]
    pub fn of_field(field: &str) -> Option<Self> {
        if let Some((_, part)) = milestone_field(field) {
            return match part {
                "title" | "amount" | "recipients" => Some(Self::Price),
                "description" | "due" | "inspection" | "criteria" => Some(Self::Delivery),
                "broker" => Some(Self::Fees),
                other => share_field(other).map(|_| Self::Price),
            };
        }
        if let Some((_, part)) = payee_field(field) {
            return matches!(part, "name" | "email").then_some(Self::Parties);
        }
        match field {
            "role" => Some(Self::Role),
            "kind" | "mode" | "payment" => Some(Self::Kind),
            "buyer" | "seller" | "broker" | "payee" | "payees" => Some(Self::Parties),
            "buyer_country" | "seller_country" | "broker_country" => Some(Self::Parties),
            "title" | "description" | "contract_terms" | "external_reference" => Some(Self::Work),
            "currency" | "amount" | "milestones" => Some(Self::Price),
            "delivery_days" | "proof_upload_hours" | "proof_review_hours" => Some(Self::Delivery),
            "fee_payer" | "commission_kind" | "commission" | "commission_payer" | "commission_hidden" => {
                Some(Self::Fees)
            }
            "dispute_handler" | "arbiter" | "arbiter_name" | "default_outcome" => Some(Self::Disputes),
            "files" => Some(Self::Files),
            _ => None,
        }
    }
}

/// `milestone-2-due` as 2 and `due`.
#[must_use]
pub fn milestone_field(field: &str) -> Option<(usize, &str)> {
    let (number, part) = field.strip_prefix("milestone-")?.split_once('-')?;
    Some((plain(number, MOST_MILESTONES)?, part))
}

/// `payee-2-email` as 2 and `email`.
fn payee_field(field: &str) -> Option<(usize, &str)> {
    let (number, part) = field.strip_prefix("payee-")?.split_once('-')?;
    Some((plain(number, MOST_PAYEES)?, part))
}

/// The 3 of `payee-3`, the part of a milestone's fields that says what a payee gets from it.
fn share_field(part: &str) -> Option<usize> {
    plain(part.strip_prefix("payee-")?, MOST_PAYEES)
}

/// A number from 1 on, in digits and nothing else.
fn plain(text: &str, most: usize) -> Option<usize> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && (1..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_follow_each_other_from_the_role_to_the_check() {
        let mut step = Step::Role;
        for (place, expected) in Step::ALL.into_iter().enumerate() {
            assert_eq!((step, step.number()), (expected, place + 1));
            assert_eq!(Step::from_slug(step.slug()), Some(step));
            assert_eq!(
                step.next().before().filter(|_| step != Step::Check),
                Some(step).filter(|_| step != Step::Check)
            );
            step = step.next();
        }
        assert_eq!((step, Step::Role.before()), (Step::Check, None));
    }

    #[test]
    fn a_field_stands_on_one_page() {
        assert_eq!(Step::of_field("milestone-2-due"), Some(Step::Delivery));
        assert_eq!(Step::of_field("milestone-50-amount"), Some(Step::Price));
        assert_eq!(Step::of_field("milestone-50-payee-10"), Some(Step::Price));
        assert_eq!(Step::of_field("milestone-1-broker"), Some(Step::Fees));
        assert_eq!(Step::of_field("payee-10-email"), Some(Step::Parties));
        let mut fields =
            ["milestone-1-payee-10", "milestone-2-title", "milestone-1-payee-2", "payee-1-email"];
        fields.sort_by_key(|field| Step::place(field));
        let expected = ["payee-1-email", "milestone-1-payee-2", "milestone-1-payee-10", "milestone-2-title"];
        assert_eq!(fields, expected);
        for name in [
            "milestone-51-due",
            "milestone-0-due",
            "milestone-01-due",
            "milestone-+1-due",
            "milestone-2-x",
            "milestone-2-payee-11",
            "milestone-2-payee-0",
            "payee-11-email",
            "payee-1-role",
            "do",
            "",
        ] {
            assert_eq!(Step::of_field(name), None, "{name}");
        }
    }
}
