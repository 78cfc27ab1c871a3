//! What is said of money that is released, that goes back, or that reached a wallet.

use super::{OPEN, Said};
use crate::engine::escrow::How;
use crate::engine::notices::{News, PartOf};
use crate::engine::sums::Gross;
use crate::engine::time::Time;
use crate::money::{Currency, Money};

impl News {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn money_out(&self, at: &dyn Fn(Time) -> String) -> Said {
        let page = |number: &u16| format!("/milestones/{number}");
        match self {
            Self::ReleasedToYou { milestone, number, amount, how, in_wallet, part } => {
                let place = if *in_wallet {
                    "It is in your wallet."
                } else {
                    "Move it to your wallet on the escrow's page."
                };
                let act = match part {
                    Some(part) => partly("The buyer has approved", part, at),
                    None => released(*how).to_owned(),
                };
                (
                    format!("Released to you: {amount} for {milestone}"),
                    vec![format!("“{milestone}”: {act}"), format!("{amount} is released to you. {place}")],
                    OPEN,
                    page(number),
                )
            }
            Self::ReleasedForYou { .. } => self.released_for_you(at),
            Self::InWallet { milestone, number, amount } => (
                format!("In your wallet: {amount}"),
                vec![format!("{amount} for “{milestone}” has moved to your wallet.")],
                OPEN,
                page(number),
            ),
            Self::RefundedToYou { milestone, number, amount, how } => {
                let act = refunded(*how);
                (
                    format!("Refunded to you: {amount} for {milestone}"),
                    vec![
                        format!("“{milestone}”: {act} {amount} went back to your wallet."),
                        "Your statement shows it as two lines: the payment, and its refund.".to_owned(),
                    ],
                    OPEN,
                    page(number),
                )
            }
            Self::Refunded { milestone, number, how, amount, left } => {
                given_back((milestone, *number), *how, *amount, *left)
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`money_out` sorts them")]
    fn released_for_you(&self, at: &dyn Fn(Time) -> String) -> Said {
        let page = |number: &u16| format!("/milestones/{number}");
        match self {
            Self::ReleasedForYou { milestone, number, amount, part: Some(part), gross, .. } => (
                format!("A part is released: {milestone}"),
                vec![
                    format!("“{milestone}”: {}", partly("You have approved", part, at)),
                    format!(
                        "{amount} was released to those who delivered.{}",
                        left_with(gross.as_ref(), *amount)
                    ),
                ],
                OPEN,
                page(number),
            ),
            Self::ReleasedForYou { milestone, number, amount, how, part: None, gross } => {
                let act = match how {
                    How::Approved => "You have approved it.",
                    How::Delivered
                    | How::Declined
                    | How::ByClock
                    | How::Cancelled
                    | How::Refunded
                    | How::Settled
                    | How::Ruled => released(*how),
                };
                (
                    format!("Released: {milestone}"),
                    vec![format!(
                        "“{milestone}”: {act} {amount} was released to those who delivered.{}",
                        left_with(gross.as_ref(), *amount)
                    )],
                    OPEN,
                    page(number),
                )
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}

/// "The buyer has approved a part of it: 50 of 98. The other 48 stays held, …".
fn partly(who: &str, part: &PartOf, at: &dyn Fn(Time) -> String) -> String {
    let until = part.inspect_by.map(|by| {
        format!(" The inspection of it goes on until {}; silence until then releases it too.", at(by))
    });
    let until = until.unwrap_or_default();
    match part.sums {
        Some([sum, before, left]) => {
            format!(
                "{who} a part of it, {sum} of the {before} that was held. The other {left} stays held.{until}"
            )
        }
        None => format!("{who} a part of it. The rest stays held.{until}"),
    }
}

/// The bridge from a sum that was decided on to what leaves or goes back with it: "With 4.000 TND platform fee,
/// 404.000 TND". Nothing where nothing follows it.
#[must_use]
pub fn bridge(gross: &Gross, currency: Currency) -> Option<String> {
    let follows = [(gross.fee, "platform fee"), (gross.on_top, "commission")];
    let named = follows.iter().filter(|(minor, _)| *minor > 0);
    let named: Vec<String> = named.map(|(minor, what)| format!("{} {what}", currency.of(*minor))).collect();
    (!named.is_empty()).then(|| format!("With {}, {}", named.join(" and "), currency.of(gross.all())))
}

/// The same as a sentence of its own, behind others.
pub(super) fn left_with(gross: Option<&Gross>, amount: Money) -> String {
    let bridge = gross.and_then(|gross| bridge(gross, amount.currency));
    bridge.map(|bridge| format!(" {bridge} left the escrow.")).unwrap_or_default()
}

/// What goes back to the buyer, for those who would have received it.
pub(super) fn given_back(
    (milestone, number): (&str, u16),
    how: How,
    amount: Option<Money>,
    left: Option<Money>,
) -> Said {
    let sum = amount.map_or_else(|| "The money".to_owned(), |amount| amount.to_string());
    let mut text = format!("“{milestone}”: {} {sum} goes back to the buyer.", refunded(how));
    if let Some(left) = left {
        text.push_str(&format!(" The other {left} stays held, and the escrow goes on."));
    }
    (format!("Refunded to the buyer: {milestone}"), vec![text], OPEN, format!("/milestones/{number}"))
}

/// Why money was released.
fn released(how: How) -> &'static str {
    match how {
        How::Approved => "The buyer has approved it.",
        How::Delivered => "It is delivered.",
        How::ByClock => "The time for inspection ran out, so it counts as approved.",
        How::Settled => "Both sides settled it so.",
        How::Ruled => "The dispute was decided so.",
        How::Cancelled | How::Declined | How::Refunded => "It was given back.",
    }
}

/// Why money went back.
pub(in crate::engine) fn refunded(how: How) -> &'static str {
    match how {
        How::ByClock => "It was not delivered in time, and nobody did anything about it.",
        How::Cancelled => "It was cancelled.",
        How::Refunded => "The seller gave it back.",
        How::Settled => "Both sides settled it so.",
        How::Ruled => "The dispute was decided so.",
        How::Declined => "It was not accepted.",
        How::Approved | How::Delivered => "It was approved.",
    }
}
