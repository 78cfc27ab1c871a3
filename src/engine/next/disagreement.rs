//! The words of the next-panel while two sides do not agree: requests, offers and disputes.

use super::{number_of, offer_to};
use crate::engine::deadlines::{Deadline, Waiting};
use crate::engine::dispute::{Dispute, Handler, Step};
use crate::engine::escrow::Escrow;
use crate::engine::notices::{Silence, silence};
use crate::engine::party::Role;

/// What waits for an answer of the other side, or of a handler.
#[allow(clippy::wildcard_enum_match_arm, reason = "`words` sorts them and names every one")]
pub(super) fn disagreement(
    escrow: &Escrow,
    clock: &Deadline,
    title: &str,
    yours: bool,
    role: Role,
) -> (String, String) {
    let open = escrow.dispute_over(number_of(clock));
    let unanswered = open.map(|open| if_unanswered(escrow, open)).unwrap_or_default();
    let mine = |words: &str, others: String| if yours { words.to_owned() } else { others };
    let (headline, then) = match clock.waiting {
        Waiting::Extension => (
            mine(
                &format!("Answer the request for more time for {title}"),
                format!("The buyer is to answer the request for more time for {title}"),
            ),
            "Without an answer the request ends and the agreed date stays.",
        ),
        Waiting::CancellationAnswer => (
            mine(
                "The buyer asks to cancel. Agree, or say why not. Answer",
                "The seller is to answer the request to cancel".to_owned(),
            ),
            "Every other deadline stands still meanwhile. Without an answer it becomes a dispute.",
        ),
        Waiting::Settlement => {
            let others = if offer_to(escrow, Role::Buyer).is_some() { Role::Buyer } else { Role::Seller };
            (
                mine(
                    "Answer the offer to settle",
                    format!("The {} is to answer the offer to settle", others.word()),
                ),
                "Without an answer the offer ends and nothing moves.",
            )
        }
        Waiting::DisputeAnswer => {
            let other = escrow.dispute_over(clock.milestone.unwrap_or_default()).map(|it| it.other_side());
            let other = other.unwrap_or(Role::Seller).word();
            (
                mine(
                    &format!("Answer the dispute about {title}"),
                    format!("{title} is in dispute. The {other} is to answer"),
                ),
                unanswered.as_str(),
            )
        }
        Waiting::DisputeTalk => (
            mine(
                &format!("{title} is in dispute. Talk about it, and settle it"),
                format!("{title} is in dispute. The buyer and the seller are to talk about it and settle it"),
            ),
            "Without a settlement it goes to be decided.",
        ),
        _ => return deciding(escrow, clock, title, role),
    };
    (headline, then.to_owned())
}

/// What follows if nobody answers a dispute.
#[must_use]
pub fn if_unanswered(escrow: &Escrow, open: &Dispute) -> String {
    match silence(escrow, open) {
        Some(Silence::AsSought) => "Without an answer, what is sought is carried out.".to_owned(),
        Some(Silence::Decided { above, arbiter }) => {
            let who = if arbiter { "the arbiter decides" } else { "the operators of Holdfast decide" };
            format!("Without an answer {who} it, since more than {above} is at stake.")
        }
        None => "Without an answer it is decided as sought, or goes to be decided.".to_owned(),
    }
}

/// A dispute that somebody else decides.
fn deciding(escrow: &Escrow, clock: &Deadline, title: &str, role: Role) -> (String, String) {
    let whom = match role {
        Role::Buyer | Role::Seller => "You can still settle with each other meanwhile. ",
        Role::Broker | Role::Payee => "",
    };
    let open = escrow.dispute_over(number_of(clock));
    let nobody = format!("If nobody decides by then, {}.", escrow.terms.default_outcome.words());
    let (who, then) = match open.map(|open| &open.step) {
        Some(Step::Handler { handler: Handler::Arbiter, ruling: None, .. }) => (
            format!("The arbiter is to decide the dispute about {title}"),
            "If the arbiter does not decide by then, the operators of Holdfast do.",
        ),
        Some(Step::Handler { handler: Handler::Arbiter, ruling: Some(_), .. }) => (
            format!("The arbiter has decided the dispute about {title}. An operator is to confirm it"),
            "If nobody confirms it by then, the operators of Holdfast decide again.",
        ),
        Some(Step::Handler { .. } | Step::Answer { .. } | Step::Talk { .. }) | None => (
            format!("The dispute about {title} is being decided by the operators of Holdfast"),
            nobody.as_str(),
        ),
    };
    (who, format!("{whom}{then}"))
}
