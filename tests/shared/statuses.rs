//! Every status that an escrow can be shown in, mode by mode. The random runs prove that there is no other one; the
//! demo shows them.

use holdfast::engine::terms::Mode;

/// In every mode.
const COMMON: [&str; 24] = [
    "Being paid out",
    "Cancellation asked for",
    "Cancelled",
    "Changes requested",
    "Closed",
    "Closed: completed",
    "Closed: refunded",
    "Completed",
    "Decided",
    "Declined",
    "Delivered: to inspect",
    "Expired: not accepted",
    "Expired: not paid",
    "Held in escrow",
    "In dispute",
    "Overdue",
    "Payment failed",
    "Payment processing",
    "Refund failed",
    "Refund under way",
    "Refunded",
    "Release under way",
    "To pay",
    "Withdrawn",
];

/// Of an instant escrow.
const INSTANT: [&str; 20] = [
    "Awaiting payment",
    "Being paid out",
    "Cancellation asked for",
    "Cancelled",
    "Closed",
    "Closed: completed",
    "Closed: refunded",
    "Completed",
    "Decided",
    "Expired: not paid",
    "Held in escrow",
    "In dispute",
    "Overdue",
    "Payment failed",
    "Payment processing",
    "Refund failed",
    "Refund under way",
    "Refunded",
    "Release under way",
    "Withdrawn",
];

/// What can be shown of an escrow of this mode.
pub fn statuses(mode: Mode) -> Vec<&'static str> {
    let own: &[&str] = match mode {
        Mode::Standard => &["Awaiting signatures"],
        Mode::Quick => &["Awaiting acceptance", "Declined, refunding", "Paid, awaiting acceptance"],
        Mode::QuickProof => &[
            "Awaiting acceptance",
            "Declined, refunding",
            "Paid, awaiting acceptance",
            "Proof in review",
            "Proof needed",
        ],
        // Nothing is accepted, inspected or sent back.
        Mode::Instant => return INSTANT.to_vec(),
    };
    COMMON.iter().chain(own).copied().collect()
}
