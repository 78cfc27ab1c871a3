//! Refunds under way and refunds that failed, for the next-panel.

use crate::engine::deadlines::{Deadline, Waiting};
use crate::engine::escrow::Escrow;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::refund::{Refund, RefundState};

/// The first failed refund of a milestone.
fn failed(escrow: &Escrow, milestone: u16) -> Option<&Refund> {
    escrow.open_refunds(milestone).find(|refund| refund.failed_at().is_some())
}

/// Sent again, or to the wallet.
pub(super) fn actions(escrow: &Escrow, milestone: u16) -> (Option<Action>, Vec<Action>) {
    let number = failed(escrow, milestone).map(|refund| refund.number);
    let to_wallet = number.map(Action::RefundToWallet).filter(|_| escrow.buyer_has_wallet());
    (number.map(Action::RetryRefund), to_wallet.into_iter().collect())
}

/// Headline and consequence.
#[allow(clippy::wildcard_enum_match_arm, reason = "`words` sorts them and names every one")]
pub(super) fn words(escrow: &Escrow, clock: &Deadline, title: &str, role: Role) -> (String, String) {
    let milestone = clock.milestone.unwrap_or_default();
    let buyer = role == Role::Buyer;
    let whom = if buyer { "you" } else { "the buyer" };
    match clock.waiting {
        Waiting::RefundAnswer => {
            let mut under_way = escrow.open_refunds(milestone).filter(|refund| refund.pending());
            let headline = match under_way.next().filter(|_| buyer) {
                Some(refund) => format!(
                    "{} for {title} goes back to the card or account you paid from. The payment provider answers",
                    escrow.terms.money(refund.sum_minor())
                ),
                None => format!("Money for {title} goes back to {whom}. The payment provider answers"),
            };
            let then = "If there is no answer by then, the refund counts as failed and is sent again.";
            (headline, then.to_owned())
        }
        Waiting::RefundAgain => (
            format!("The refund for {title} failed. We send it again by ourselves"),
            format!("The money stays reserved for {whom} until it has arrived."),
        ),
        _ => {
            let refund = failed(escrow, milestone);
            let again = refund.is_some_and(|refund| !refund.sent_again);
            let sum = refund.map_or(0, Refund::sum_minor);
            let headline = if buyer {
                format!(
                    "The refund of {} for {title} failed. Have it sent again, or take it to your wallet",
                    escrow.terms.money(sum)
                )
            } else {
                format!("The refund for {title} failed. The buyer decides where it goes")
            };
            let first = if again { "We try once more by ourselves, a day after the failure. " } else { "" };
            let whose = if buyer { "your" } else { "the buyer's" };
            (
                headline,
                format!("{first}If nothing works by then, the money goes to {whose} wallet by itself."),
            )
        }
    }
}

/// Why it failed, in the provider's words; for the buyer, whose money it is.
pub(super) fn note(escrow: &Escrow, clock: &Deadline, role: Role) -> Option<String> {
    let milestone =
        clock.milestone.filter(|_| role == Role::Buyer && clock.waiting == Waiting::FailedRefund)?;
    match &failed(escrow, milestone)?.state {
        RefundState::Failed { reason, .. } => Some(format!("The reason given: {reason}")),
        RefundState::Pending { .. } | RefundState::Successful { .. } | RefundState::ToWallet { .. } => None,
    }
}
