//! Words for extensions, cancellations, settlements, disputes and messages.

use super::{OPEN, Said, by};
use crate::engine::deadlines::Waiting;
use crate::engine::dispute::{CancellationEnd, DisputeEnd, ExtensionEnd, SettlementEnd};
use crate::engine::notices::{Carried, Disagreement, Silence};
use crate::engine::party::Role;
use crate::engine::time::Time;

impl Disagreement {
    pub(super) fn say(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::InspectionExtended { .. }
            | Self::ExtensionAsked { .. }
            | Self::ExtensionGranted { .. }
            | Self::ExtensionEnded { .. } => self.dates(at),
            Self::CancellationAsked { .. }
            | Self::CancellationEnded { .. }
            | Self::SettlementOffered { .. }
            | Self::SettlementEnded { .. } => self.ways_out(title, at),
            Self::DisputeOpened { .. }
            | Self::Stated { .. }
            | Self::DisputeTalks { .. }
            | Self::DisputeWithHandler { .. }
            | Self::ArbiterDeclined { .. }
            | Self::DisputeEnded { .. } => self.dispute(title, at),
            Self::Said { by: role, text } => (
                format!("Message from {}: {title}", by(*role).to_lowercase()),
                if text.is_empty() {
                    vec![format!("{} sent you files.", by(*role))]
                } else {
                    vec![format!("{} writes:", by(*role)), text.clone()]
                },
                "Read and answer",
                "/messages".to_owned(),
            ),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn dates(&self, at: &dyn Fn(Time) -> String) -> Said {
        let page = |number: &u16| format!("/milestones/{number}");
        match self {
            Self::InspectionExtended { milestone, number, inspect_by } => (
                format!("Longer inspection: {milestone}"),
                vec![format!(
                    "The buyer takes longer to check “{milestone}”, until {}. Silence until then counts as approval.",
                    at(*inspect_by)
                )],
                OPEN,
                page(number),
            ),
            Self::ExtensionAsked { by: role, milestone, number, due, reason, answer_by } => (
                format!("More time asked for: {milestone}"),
                vec![
                    format!("{} asks to deliver “{milestone}” by {} instead.", by(*role), at(*due)),
                    format!("The reason given: {reason}"),
                    format!(
                        "Without an answer by {} the request ends and the agreed date stays.",
                        at(*answer_by)
                    ),
                ],
                "See the request",
                format!("/milestones/{number}/extension"),
            ),
            Self::ExtensionGranted { milestone, number, due } => (
                format!("More time granted: {milestone}"),
                vec![format!("“{milestone}” is now due {}. Everything else stays as agreed.", at(*due))],
                OPEN,
                page(number),
            ),
            Self::ExtensionEnded { milestone, number, how } => {
                let what = match how {
                    ExtensionEnd::Refused => "The buyer did not grant more time",
                    ExtensionEnd::Lapsed => "The request for more time was not answered and has lapsed",
                };
                (
                    format!("No more time: {milestone}"),
                    vec![format!("{what}. “{milestone}” stays due as agreed.")],
                    OPEN,
                    page(number),
                )
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn ways_out(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::CancellationAsked { reason, answer_by } => (
                format!("Cancellation asked for: {title}"),
                vec![
                    format!(
                        "The buyer asks to cancel “{title}” and to get back everything that is still open."
                    ),
                    format!("The reason given: {reason}"),
                    format!(
                        "Every other deadline stands still. Without the seller's answer by {} it becomes a dispute.",
                        at(*answer_by)
                    ),
                ],
                "See the request",
                "/cancel".to_owned(),
            ),
            Self::CancellationEnded { end } => {
                let what = match end {
                    CancellationEnd::Refused { .. } => "The seller did not agree to cancel",
                    CancellationEnd::Withdrawn | CancellationEnd::Accepted | CancellationEnd::Superseded => {
                        "The buyer took back the request to cancel"
                    }
                };
                let mut paragraphs =
                    vec![format!("{what}. Every deadline continues with the time that was left.")];
                if let CancellationEnd::Refused { reason } = end {
                    paragraphs.push(format!("The reason given: {reason}"));
                }
                (format!("Not cancelled: {title}"), paragraphs, OPEN, String::new())
            }
            Self::SettlementOffered { by: role, yours, note, answer_by, offered } => {
                let mut paragraphs =
                    vec![format!("{} offers to settle. By this offer you get {yours}.", by(*role))];
                paragraphs.extend(offered.iter().flat_map(Carried::lines));
                if !note.is_empty() {
                    paragraphs.push(format!("The note with it: {note}"));
                }
                paragraphs
                    .push(format!("Nothing moves unless you accept. The offer ends on {}.", at(*answer_by)));
                (
                    format!("Settlement offered: {title}"),
                    paragraphs,
                    "See the offer",
                    "/settlement".to_owned(),
                )
            }
            Self::SettlementEnded { how, carried, dispute } => {
                let (head, text) = match how {
                    SettlementEnd::Accepted => ("Settled", "The offer was accepted and is carried out."),
                    SettlementEnd::Refused => {
                        ("Offer not accepted", "The other side did not accept the offer. Nothing moved.")
                    }
                    SettlementEnd::Withdrawn => {
                        ("Offer withdrawn", "The offer to settle was taken back. Nothing moved.")
                    }
                    SettlementEnd::Lapsed => {
                        ("Offer lapsed", "Nobody answered the offer to settle in time. Nothing moved.")
                    }
                };
                let over = if *dispute { " The dispute is over with that." } else { "" };
                let mut paragraphs = vec![format!("{text}{over}")];
                paragraphs.extend(carried.iter().flat_map(Carried::say));
                (format!("{head}: {title}"), paragraphs, OPEN, "/settlement".to_owned())
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn dispute(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let page = |dispute: &u16| format!("/disputes/{dispute}");
        let button = "Open the dispute";
        match self {
            Self::DisputeOpened { .. } => self.opened(title, at),
            Self::Stated { dispute, by: role } => (
                format!("New in the dispute: {title}"),
                vec![format!("{} added a statement to the dispute.", by(*role))],
                button,
                page(dispute),
            ),
            Self::DisputeTalks { dispute, until, by: role } => (
                format!("The dispute is answered: {title}"),
                vec![format!(
                    "{} Talk and settle until {}; after that it goes to be decided.",
                    role.map_or_else(
                        || "Both sides have spoken.".to_owned(),
                        |role| format!("{} has answered the dispute, so both sides have spoken.", by(role))
                    ),
                    at(*until)
                )],
                button,
                page(dispute),
            ),
            Self::ArbiterDeclined { .. } | Self::DisputeWithHandler { .. } => self.handler(title, at),
            Self::DisputeEnded { dispute, how, reasons, carried } => {
                let (head, text) = dispute_ended(*how);
                let mut paragraphs = vec![text.to_owned()];
                paragraphs.extend(carried.iter().flat_map(Carried::say));
                if !reasons.is_empty() {
                    paragraphs.push(format!("The reasons: {reasons}"));
                }
                (format!("{head}: {title}"), paragraphs, button, page(dispute))
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    /// Whose dispute it is, what is sought, who is to answer by when, and what silence means.
    fn opened(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let Self::DisputeOpened {
            dispute,
            by: role,
            reason,
            answer_by,
            answers,
            sought,
            silence,
            of_request,
        } = self
        else {
            return (String::new(), Vec::new(), OPEN, String::new());
        };
        let other = if *role == Role::Buyer { Role::Seller } else { Role::Buyer };
        let first = if *of_request {
            format!(
                "{} did not answer the request to cancel in time, so it has become a dispute.",
                own(other, sought)
            )
        } else {
            format!("{} opened a dispute.", own(*role, sought))
        };
        let mut paragraphs = vec![
            format!("{first} The money that it is about is frozen; everything else continues."),
            format!("The reason given: {reason}"),
        ];
        if let Some(sought) = sought {
            let seeks = if sought.reader == *role { "you seek" } else { "is sought" };
            paragraphs.push(format!("What {seeks}:"));
            paragraphs.extend(sought.lines());
        }
        let then = match silence {
            Some(Silence::AsSought) => "Without an answer by then, what is sought is carried out.".to_owned(),
            Some(Silence::Decided { above, arbiter }) => {
                let who =
                    if *arbiter { "the arbiter decides it" } else { "the operators of Holdfast decide it" };
                format!("Without an answer by then, {who}, since more than {above} is at stake.")
            }
            None => "Silence can decide it as sought.".to_owned(),
        };
        let who = if *answers {
            format!("Answer by {}.", at(*answer_by))
        } else {
            format!("{} can answer until {}.", by(other), at(*answer_by))
        };
        paragraphs.push(format!("{who} {then}"));
        let button = if *answers { "Answer the dispute" } else { "Open the dispute" };
        (format!("Dispute opened: {title}"), paragraphs, button, format!("/disputes/{dispute}"))
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn handler(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let page = |dispute: &u16| format!("/disputes/{dispute}");
        let button = "Open the dispute";
        match self {
            Self::ArbiterDeclined { reason } => {
                let mut paragraphs = vec![format!(
                    "The arbiter named in “{title}” will not decide. If it comes to that, the operators of Holdfast decide instead. Everything else stays as agreed."
                )];
                if !reason.is_empty() {
                    paragraphs.push(format!("The reason given: {reason}"));
                }
                (format!("The arbiter declined: {title}"), paragraphs, OPEN, String::new())
            }
            Self::DisputeWithHandler { dispute, arbiter, until, passed_on } => {
                let whom = match (arbiter, passed_on) {
                    (true, _) => "The dispute is now with the arbiter whom the terms name, who decides by",
                    (false, true) => {
                        "The arbiter did not decide in time. The dispute is now with the operators of Holdfast, who decide by"
                    }
                    (false, false) => "The dispute is now with the operators of Holdfast, who decide by",
                };
                (
                    format!("The dispute is being decided: {title}"),
                    vec![
                        format!("{whom} {}.", at(*until)),
                        "Until then you can still settle with each other.".to_owned(),
                    ],
                    button,
                    page(dispute),
                )
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}

/// "You", for whoever reads of himself.
fn own(role: Role, told: &Option<Carried>) -> String {
    let mine = told.as_ref().is_some_and(|told| told.reader == role);
    if mine { "You".to_owned() } else { by(role) }
}

/// How a dispute ended, as a heading and a sentence.
#[must_use]
pub fn dispute_ended(how: DisputeEnd) -> (&'static str, &'static str) {
    match how {
        DisputeEnd::Withdrawn => (
            "Dispute withdrawn",
            "The dispute was withdrawn. The deadlines run on with the time that was left.",
        ),
        DisputeEnd::Conceded => {
            ("Dispute conceded", "The other side gave what was sought, and it is carried out.")
        }
        DisputeEnd::Settled => ("Dispute settled", "Both sides agreed, and their settlement is carried out."),
        DisputeEnd::Ruled => ("Dispute decided", "The dispute was decided, and the decision is carried out."),
        DisputeEnd::AsSought => {
            ("Dispute decided", "It was not answered in time, so what was sought is carried out.")
        }
        DisputeEnd::Default => (
            "Dispute decided",
            "Nobody decided in time, so what the terms name for that case is carried out.",
        ),
    }
}

/// What a reminder of these waits for, what follows, and where to do it.
#[allow(clippy::wildcard_enum_match_arm, reason = "`reminder` sorts them and names every one")]
pub(super) fn awaited(
    waiting: Waiting,
    title: &str,
    number: u16,
) -> (String, &'static str, &'static str, String) {
    match waiting {
        Waiting::Extension => (
            format!("your answer about more time for {title}"),
            "After that the request ends and the agreed date stays.",
            "Answer",
            format!("/milestones/{number}/extension"),
        ),
        Waiting::CancellationAnswer => (
            format!("your answer to the request to cancel {title}"),
            "After that it becomes a dispute.",
            "Answer",
            "/cancel".to_owned(),
        ),
        Waiting::Settlement => (
            format!("your answer to the offer to settle {title}"),
            "After that the offer ends.",
            "See the offer",
            "/settlement".to_owned(),
        ),
        Waiting::DisputeAnswer => (
            format!("your answer in the dispute about {title}"),
            "After that it can be decided as the other side seeks.",
            "Answer",
            "/disputes".to_owned(),
        ),
        Waiting::DisputeTalk => (
            format!("a settlement of the dispute about {title}"),
            "After that it goes to be decided.",
            "Open the dispute",
            "/disputes".to_owned(),
        ),
        _ => (
            format!("a decision of the dispute about {title}"),
            "After that it passes on, or what the terms name for it is carried out.",
            "Open the dispute",
            "/disputes".to_owned(),
        ),
    }
}
