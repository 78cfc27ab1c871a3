//! Reminders: what is waited for, until when, and what follows. A delivery has two dates, the agreed one and the
//! one from which the buyer may cancel, and both are named.

use super::{OPEN, Said, by, disagreement, modes, refunds};
use crate::engine::deadlines::{Mark, Waiting};
use crate::engine::notices::News;
use crate::engine::time::Time;

impl News {
    /// By the clock, or because somebody wants it.
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn reminds(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let page = |number: &Option<u16>| format!("/milestones/{}/deliver", number.unwrap_or(1));
        match self {
            Self::Reminder {
                waiting: Waiting::Delivery,
                mark,
                milestone,
                number,
                deadline,
                due: Some(due),
                late,
            } => {
                let title = milestone.as_deref().unwrap_or(title);
                let (due, deadline) = (at(*due), at(*deadline));
                let (subject, text) = of_delivery(*late, *mark, title, &due);
                (subject, vec![format!("{text} {}", grace(&deadline))], "Deliver", page(number))
            }
            Self::Nudged {
                by: role,
                waiting: Waiting::Delivery,
                milestone,
                number,
                deadline,
                due: Some(due),
            } => {
                let (title, due) = (milestone.as_deref().unwrap_or(title), at(*due));
                (
                    format!("Reminder, agreed for {due}: your delivery of “{title}”"),
                    vec![format!(
                        "{} asks you to deliver “{title}”. The agreed date is {due}. {}",
                        by(*role),
                        grace(&at(*deadline))
                    )],
                    "Deliver",
                    page(number),
                )
            }
            Self::Reminder { waiting, mark, milestone, number, deadline, .. } => reminder(
                *waiting,
                left(*mark),
                milestone.as_deref().unwrap_or(title),
                *number,
                &at(*deadline),
            ),
            Self::Nudged { by: role, waiting, milestone, number, deadline, .. } => {
                let asks = format!("{} asks you to act.", by(*role));
                reminder(*waiting, &asks, milestone.as_deref().unwrap_or(title), *number, &at(*deadline))
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}

/// Subject and first sentence of a reminder of a delivery: its agreed date is to come, here, or past.
fn of_delivery(late: bool, mark: Mark, title: &str, due: &str) -> (String, String) {
    match (late, mark) {
        (true, mark) => {
            let first = match mark {
                Mark::Hours24 | Mark::Hours2 => format!("{} ", left(mark)),
                Mark::Half | Mark::Due => String::new(),
            };
            (
                format!("Overdue since {due}: {title}"),
                format!("{first}“{title}” was to be delivered by {due} and is overdue since then."),
            )
        }
        (false, Mark::Due) => {
            (format!("Due now: {title}"), format!("The agreed date is here: “{title}” is due now, {due}."))
        }
        (false, Mark::Half | Mark::Hours24 | Mark::Hours2) => (
            format!("Reminder, due {due}: your delivery of “{title}”"),
            format!("“{title}” is to be delivered by {due}, as agreed."),
        ),
    }
}

/// What follows if nothing is delivered in the days of grace either.
fn grace(deadline: &str) -> String {
    format!(
        "If it is still not delivered on {deadline}, the buyer may cancel from then on and get the money back."
    )
}

/// A reminder about a milestone or an escrow of this title; `first` says why it comes now.
pub(super) fn reminder(
    waiting: Waiting,
    first: &str,
    title: &str,
    number: Option<u16>,
    deadline: &str,
) -> Said {
    let title = format!("“{title}”");
    let number = number.unwrap_or(1);
    let (what, then, button, path) = match waiting {
        Waiting::Acceptance => (
            format!("your answer to the terms of {title}"),
            "After that the escrow expires and nobody owes anything.",
            "Read and answer",
            String::new(),
        ),
        Waiting::Payment
        | Waiting::LinkPayment
        | Waiting::SellerAnswer
        | Waiting::NextPayment
        | Waiting::ProofUpload
        | Waiting::ProofReview => modes::reminder(waiting, &title),
        Waiting::Delivery => (
            format!("your delivery of {title}"),
            "After that the buyer may cancel and get the money back.",
            "Deliver",
            format!("/milestones/{number}/deliver"),
        ),
        Waiting::Inspection => (
            format!("your check of {title}"),
            "After that it counts as approved and the money is released.",
            "Inspect the delivery",
            format!("/milestones/{number}/inspect"),
        ),
        Waiting::Changes => (
            format!("your changes to {title}"),
            "After that the buyer may cancel and get the money back.",
            "Deliver again",
            format!("/milestones/{number}/deliver"),
        ),
        Waiting::Cancelling => (
            format!("your decision about {title}, which is overdue"),
            "After that the money goes back to you by itself.",
            "See what you can do",
            format!("/milestones/{number}"),
        ),
        Waiting::PayOut => (
            format!("your money for {title}"),
            "After that it moves to your wallet by itself.",
            "Move it now",
            format!("/milestones/{number}"),
        ),
        Waiting::Extension
        | Waiting::CancellationAnswer
        | Waiting::Settlement
        | Waiting::DisputeAnswer
        | Waiting::DisputeTalk
        | Waiting::Ruling => disagreement::awaited(waiting, &title, number),
        Waiting::FailedRefund | Waiting::RefundAnswer | Waiting::RefundAgain => {
            refunds::reminder(&title, number)
        }
        Waiting::RailAnswer | Waiting::Closing => (title, "", OPEN, String::new()),
    };
    let text = format!("{first} We wait for {what}, until {deadline}. {then}");
    (format!("Reminder, until {deadline}: {what}"), vec![text], button, path)
}

pub(super) fn left(mark: Mark) -> &'static str {
    match mark {
        Mark::Half => "Half of the time has passed.",
        Mark::Due => "The agreed date is here.",
        Mark::Hours24 => "Less than a day is left.",
        Mark::Hours2 => "Less than two hours are left.",
    }
}
