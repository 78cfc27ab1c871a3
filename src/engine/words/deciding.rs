//! Words for those who decide disputes.

use super::{OPEN, Said, by, dispute_ended, left};
use crate::engine::notices::Deciding;
use crate::engine::party::Capacity;
use crate::engine::time::Time;

/// What follows if an arbiter stays silent, and if the operators do.
const PASSES_ON: &str = "If you don’t decide in time, the operators of Holdfast do.";
const DEFAULT: &str = "If nobody decides in time, what the terms name for that case is carried out.";

impl Deciding {
    pub(super) fn say(&self, reader: Capacity, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        // An operator's page is the dispute itself.
        let page = |dispute: &u16| {
            let below = if reader == Capacity::Operator { "" } else { "/disputes" };
            format!("{below}/{dispute}")
        };
        let silence = if reader == Capacity::Operator { DEFAULT } else { PASSES_ON };
        let button = "Open the dispute";
        match self {
            Self::Named => (
                format!("You are named as the arbiter: {title}"),
                vec![
                    format!(
                        "The parties of “{title}” have agreed that you decide if they can’t settle a dispute themselves. There is nothing to do now."
                    ),
                    "If a dispute reaches you we write to you, and you have seven days to decide. If you don’t want to decide, say so on the page: then the operators of Holdfast do it.".to_owned(),
                ],
                "See what it is about",
                String::new(),
            ),
            Self::Asked { dispute, stake, until, passed_on } => {
                let why = match (reader, passed_on) {
                    (Capacity::Operator, true) => "The arbiter did not decide in time or declined.",
                    _ => "The two sides found no agreement.",
                };
                (
                    format!("Decide the dispute: {title}"),
                    vec![
                        format!("{why} {stake} of “{title}” is at stake, and you decide what becomes of it by {}.", at(*until)),
                        format!("Read what each side says. Then say how much is released, and why. {silence}"),
                    ],
                    button,
                    page(dispute),
                )
            }
            Self::Reminder { .. } | Self::Nudged { .. } | Self::AwaitsSecond { .. } | Self::Returned { .. } => {
                self.awaited(title, silence, &page, at)
            }
            Self::Ended { dispute, how, reasons } => {
                let (head, text) = dispute_ended(*how);
                let mut paragraphs = vec![text.to_owned(), "There is nothing more for you to do.".to_owned()];
                if !reasons.is_empty() {
                    paragraphs.push(format!("The reasons: {reasons}"));
                }
                (format!("{head}: {title}"), paragraphs, button, page(dispute))
            }
            Self::PassedOn { dispute } => (
                format!("Passed on to the operators: {title}"),
                vec![format!(
                    "The time to decide the dispute about “{title}” is over, so the operators of Holdfast decide it now. There is nothing more for you to do."
                )],
                OPEN,
                page(dispute),
            ),
        }
    }

    /// What waits for a decision, or for a second one.
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn awaited(
        &self,
        title: &str,
        silence: &str,
        page: &dyn Fn(&u16) -> String,
        at: &dyn Fn(Time) -> String,
    ) -> Said {
        let button = "Open the dispute";
        match self {
            Self::Reminder { dispute, mark, until, pending } => {
                let awaited = if *pending { "A second operator’s word on the decision" } else { "Your decision" };
                (
                    format!("Reminder, decide by {}: {title}", at(*until)),
                    vec![format!("{} {awaited} is awaited by {}. {silence}", left(*mark), at(*until))],
                    button,
                    page(dispute),
                )
            }
            Self::Nudged { dispute, by: role, until } => (
                format!("Reminder, decide by {}: {title}", at(*until)),
                vec![format!(
                    "{} asks you to decide the dispute. Your decision is awaited by {}. {silence}",
                    by(*role),
                    at(*until)
                )],
                button,
                page(dispute),
            ),
            Self::AwaitsSecond { dispute, stake, until } => (
                format!("A decision awaits a second operator: {title}"),
                vec![
                    format!("The dispute about “{title}” is decided. Since {stake} is at stake, a second operator has to confirm it by {}.", at(*until)),
                    "Read the reasons and the exact transfers, then confirm the decision or send it back. Nothing moves before that.".to_owned(),
                ],
                button,
                page(dispute),
            ),
            Self::Returned { dispute, reason, until } => (
                format!("Your decision was sent back: {title}"),
                vec![
                    format!("A second operator did not confirm your decision about “{title}”. Nothing has moved. Decide again by {}.", at(*until)),
                    format!("The reason given: {reason}"),
                    silence.to_owned(),
                ],
                button,
                page(dispute),
            ),
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}
