//! What follows once terms are sent, for whoever is about to send them.

use crate::engine::deadlines::SELLER_ANSWER_DAYS;
use crate::engine::terms::{Mode, Terms};

/// When the buyer pays, beside the date until which everyone has to answer; and until when it can be withdrawn.
#[must_use]
pub fn of_sent(terms: &Terms) -> String {
    if terms.pay_first {
        return format!(
            "The buyer can pay before everyone has accepted: from then on those who have not answered have \
             {SELLER_ANSWER_DAYS} days, and if not all accept, everything goes back to the buyer. Until it is paid you \
             can withdraw it."
        );
    }
    let done = match terms.mode {
        Mode::Standard => "signed",
        Mode::Quick | Mode::QuickProof | Mode::Instant => "accepted",
    };
    format!("Nobody pays anything before everyone has {done}, and until then you can withdraw it.")
}
