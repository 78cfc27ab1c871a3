//! What is said of terms that are sent, answered, or come to nothing.

use super::{OPEN, Said, by, for_price};
use crate::engine::escrow::WhyNot;
use crate::engine::notices::{Carried, News};
use crate::engine::party::Role;
use crate::engine::status::roles_in_words;
use crate::engine::time::Time;

impl News {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn agreement(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let open = |subject: String, text: String| (subject, vec![text], OPEN, String::new());
        match self {
            Self::Invited { by: role, expires_at, signs, price } => {
                let act = if *signs { "read the contract and sign it" } else { "read the terms and accept them" };
                (
                    format!("{} invites you to an escrow: {title}", by(*role)),
                    vec![
                        format!("{} proposes a deal with you: “{title}”{}. The money is held in escrow and moves only as the agreement says.", by(*role), for_price(*price)),
                        format!("Read everything first: nothing binds you until you agree. To take part, {act} by {}. After that the invitation expires, and nobody owes anything.", at(*expires_at)),
                    ],
                    "Read the terms",
                    "/invitation".to_owned(),
                )
            }
            Self::Sent { invited, expires_at } => open(
                format!("Sent: {title}"),
                format!("The terms of “{title}” went to {}. They can answer until {}.", roles_in_words(invited), at(*expires_at)),
            ),
            Self::Signed { by: role } => open(
                format!("{} has agreed: {title}", by(*role)),
                format!("{} has agreed to “{title}”. We tell you when everyone has.", by(*role)),
            ),
            Self::PaymentDue { amount, pay_by } => (
                format!("Payment due: {title}"),
                vec![
                    format!("Everyone has agreed to “{title}”. Please pay {amount} into escrow by {}.", at(*pay_by)),
                    "The money stays in escrow until you approve what is delivered, or until the time to check it ends without a word from you: that counts as approval. If nothing is paid by then, the escrow expires and nobody owes anything.".to_owned(),
                ],
                "Pay into escrow",
                "/pay".to_owned(),
            ),
            Self::Agreed { pay_by } => open(
                format!("Everyone has agreed: {title}"),
                format!("Everyone has agreed to “{title}”. The buyer is to pay by {}. Don't start before we tell you that the money is held.", at(*pay_by)),
            ),
            Self::Declined { .. } => self.declined(title),
            Self::Disowned { by: role } => open(
                format!("Wrong address: {title}"),
                format!("Whoever got the invitation for the {} of “{title}” says that it reached the wrong person. Correct the address on the escrow’s page, or withdraw the escrow.", role.word()),
            ),
            Self::Withdrawn { by: role } => open(
                format!("Withdrawn: {title}"),
                format!("{} withdrew “{title}” before anything was paid. Nobody owes anything.", by(*role)),
            ),
            Self::ExpiredNotPaid => open(
                format!("Expired: {title}"),
                format!("Nothing was paid into “{title}” in time, so it has expired. Nobody owes anything."),
            ),
            _ => open(
                format!("Expired: {title}"),
                format!("Not everyone agreed to “{title}” in time, so it has expired. Nobody owes anything."),
            ),
        }
    }

    /// Declined, or paid for and not answered: with what becomes of the money.
    fn declined(&self, title: &str) -> Said {
        let Self::Declined { by: role, reason, why, carried } = self else {
            return (title.to_owned(), Vec::new(), OPEN, String::new());
        };
        let own = carried.as_ref().is_some_and(|carried| carried.reader == *role);
        let who = if own { "You".to_owned() } else { by(*role) };
        let (subject, first) = match why {
            WhyNot::Declined => (format!("Declined: {title}"), format!("{who} declined “{title}”.")),
            WhyNot::Silence => (
                format!("Not answered in time: {title}"),
                format!("{who} did not answer “{title}” in time, so the deal is over."),
            ),
            WhyNot::WrongPerson => (
                format!("Wrong address: {title}"),
                format!(
                    "The invitation for the {} of “{title}” reached the wrong person, so the deal is over.",
                    role.word()
                ),
            ),
        };
        let mut paragraphs = vec![first];
        if !reason.is_empty() {
            paragraphs.push(format!("The reason given: {reason}"));
        }
        paragraphs.push(carried.as_ref().map_or_else(|| "Nobody owes anything.".to_owned(), given_back));
        (subject, paragraphs, OPEN, String::new())
    }
}

/// What was paid goes back in full.
fn given_back(carried: &Carried) -> String {
    let sum = carried.back().map_or_else(|| "What was paid".to_owned(), |sum| sum.to_string());
    match (carried.reader, carried.way()) {
        (Role::Buyer, Some(way)) => {
            format!("All that you paid, {sum}, goes back to you. {way} Nobody owes anything.")
        }
        (_, _) => {
            format!("What the buyer paid, {sum}, goes back to the buyer in full. Nobody owes anything.")
        }
    }
}
