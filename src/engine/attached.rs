//! The files that an event names: everything of them that history keeps.

use super::event::Event;
use super::terms::FileRef;

/// The kinds of events that can name files.
pub const KINDS: [&str; 7] =
    ["proposed", "countered", "delivered", "proof_submitted", "dispute_opened", "stated", "said"];

/// The files that an event names; of other terms also those that stood in the terms before.
#[must_use]
pub fn files(event: &Event) -> &[FileRef] {
    match event {
        Event::Proposed { terms, .. } | Event::Countered { terms, .. } => &terms.files,
        Event::Delivered { files, .. }
        | Event::ProofSubmitted { files, .. }
        | Event::DisputeOpened { files, .. }
        | Event::Stated { files, .. }
        | Event::Said { files, .. } => files,
        Event::Accepted { .. }
        | Event::Signed { .. }
        | Event::Disowned { .. }
        | Event::PartyCorrected { .. }
        | Event::InvitedAgain { .. }
        | Event::BuyerJoined { .. }
        | Event::Agreed { .. }
        | Event::Rejected { .. }
        | Event::ChargeStarted { .. }
        | Event::ChargeFailed { .. }
        | Event::ChargeSettled { .. }
        | Event::ChargeReturned { .. }
        | Event::NextPaymentDue { .. }
        | Event::Dropped { .. }
        | Event::CorrectionsRequested { .. }
        | Event::ProofAccepted { .. }
        | Event::ChangesRequested { .. }
        | Event::InspectionExtended { .. }
        | Event::ExtensionAsked { .. }
        | Event::ExtensionGranted { .. }
        | Event::ExtensionEnded { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationEnded { .. }
        | Event::SettlementOffered { .. }
        | Event::SettlementEnded { .. }
        | Event::DisputeMoved { .. }
        | Event::Ruled { .. }
        | Event::RulingReturned { .. }
        | Event::ArbiterDeclined { .. }
        | Event::DisputeEnded { .. }
        | Event::Released { .. }
        | Event::Refunded { .. }
        | Event::RefundStarted { .. }
        | Event::RefundSettled { .. }
        | Event::RefundFailed { .. }
        | Event::RefundRetried { .. }
        | Event::RefundedToWallet { .. }
        | Event::PaidOut { .. }
        | Event::Overdue { .. }
        | Event::Reminded { .. }
        | Event::Nudged { .. }
        | Event::Ended { .. }
        | Event::Closed => &[],
    }
}
