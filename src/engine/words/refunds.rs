//! The words for money that goes back as it came.

use super::money::given_back;
use super::{OPEN, Said, refunded};
use crate::engine::late::TooLate;
use crate::engine::notices::RefundNews;
use crate::engine::time::Time;
use crate::money::Money;

const SEE: &str = "See what became of it";
const TWO_LINES: &str = "Your bank's statement will show two lines: the payment, and its refund. Banks usually take 3 to 10 working days to show a refund.";
const BANK: &str =
    "If your bank's statement does not show it after ten working days, ask your bank, and then us.";

impl RefundNews {
    pub(super) fn say(&self, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::Sent { milestone, number, amount, how } => (
                format!("Refund on its way, {amount}: {milestone}"),
                vec![
                    format!(
                        "“{milestone}”: {} {amount} goes back to the card or account you paid from. Nothing is to be done.",
                        refunded(*how)
                    ),
                    TWO_LINES.to_owned(),
                ],
                "See the refund",
                page(*number),
            ),
            Self::Decided { milestone, number, how, amount, left } => {
                given_back((milestone, *number), *how, *amount, *left)
            }
            Self::Done { milestone, number, amount } => (
                format!("Refunded, {amount}: {milestone}"),
                vec![
                    format!(
                        "“{milestone}”: the payment provider has sent {amount} back to the card or account you paid from."
                    ),
                    BANK.to_owned(),
                ],
                "See the refund",
                page(*number),
            ),
            Self::Failed { milestone, refund, amount, reason, again, to_wallet_at, .. } => {
                let mut paragraphs = vec![format!(
                    "{amount} for “{milestone}” could not go back to the card or account you paid from: {reason} The money is yours and stays reserved for you."
                )];
                let by_itself = if *again { " We try once more by ourselves, after a day." } else { "" };
                paragraphs.push(match to_wallet_at {
                    Some(until) => format!("You can have it sent again, or take it to your wallet.{by_itself} If nothing works, it moves to your wallet by itself on {}.", at(*until)),
                    None => format!("You can have it sent again.{by_itself} If nothing works, we get in touch with you."),
                });
                (
                    format!("Refund failed: {milestone}"),
                    paragraphs,
                    "Choose what happens",
                    format!("/refunds/{refund}"),
                )
            }
            Self::LateDone { .. } | Self::LateFailed { .. } => self.late(at),
            Self::ToWallet { milestone, number, amount, by_clock } => {
                let why = if *by_clock {
                    "The refund had failed, and nothing else was chosen in time. "
                } else {
                    ""
                };
                (
                    format!("In your wallet, {amount}: {milestone}"),
                    vec![format!(
                        "{why}{amount} for “{milestone}” is in your wallet instead of on the card or account you paid from."
                    )],
                    OPEN,
                    page(*number),
                )
            }
        }
    }

    /// To whoever paid too late.
    fn late(&self, at: &dyn Fn(Time) -> String) -> Said {
        let (subject, paragraphs) = match self {
            Self::LateFailed { amount, reason, again, to_wallet_at } => {
                let again = if *again { "We send it once more by ourselves, after a day. " } else { "" };
                let next = match to_wallet_at {
                    Some(until) => {
                        format!(
                            "{again}If nothing works, it moves to your wallet by itself on {}.",
                            at(*until)
                        )
                    }
                    None => format!(
                        "{again}If nothing works, our operators look for another way and get in touch with you."
                    ),
                };
                (
                    format!("Refund failed, {amount}"),
                    vec![
                        format!(
                            "Your payment came too late, and {amount} could not go back to the card or account you paid from: {reason} The money is yours and stays reserved for you."
                        ),
                        next,
                    ],
                )
            }
            Self::LateDone { amount }
            | Self::Sent { amount, .. }
            | Self::Done { amount, .. }
            | Self::Failed { amount, .. }
            | Self::ToWallet { amount, .. } => (
                format!("Refunded, {amount}"),
                vec![
                    format!(
                        "Your payment came too late, and the payment provider has sent {amount} back to the card or account you paid from."
                    ),
                    BANK.to_owned(),
                ],
            ),
            Self::Decided { .. } => (String::new(), Vec::new()),
        };
        (subject, paragraphs, SEE, String::new())
    }
}

/// To whoever paid when nobody waited for it any more.
pub(super) fn too_late(title: &str, amount: Money, why: TooLate) -> Said {
    let because = match why {
        TooLate::Taken => "Somebody else had paid by the same link before it arrived.",
        TooLate::PaidAgain => "You had started another payment, and that one counts.",
        TooLate::Over => "The deal was over before it arrived.",
        TooLate::GivenUp => {
            "The payment had been given up before it arrived. If you still want to buy, you can pay again."
        }
    };
    (
        format!("Your payment goes back: {title}"),
        vec![
            format!("Your payment of {amount} for “{title}” came too late. {because}"),
            format!(
                "All of it, {amount}, goes back to the card or account you paid from. Nothing is to be done. {TWO_LINES}"
            ),
        ],
        SEE,
        String::new(),
    )
}

fn page(number: u16) -> String {
    format!("/milestones/{number}")
}

/// What a reminder of a failed refund waits for, and what follows.
pub(super) fn reminder(title: &str, number: u16) -> (String, &'static str, &'static str, String) {
    (
        format!("what you want done about the failed refund for {title}"),
        "After that the money moves to your wallet by itself.",
        "See the refund",
        page(number),
    )
}
