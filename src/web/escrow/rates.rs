//! Rates in words, beside the sums that they make: whoever reads a fee wants to see where it comes from.

use crate::engine::terms::{Commission, FeeSchedule, Rate, Terms};
use crate::money::Currency;

/// The rate of the platform's fee: "1%", and what its schedule adds to it.
#[must_use]
pub fn of_fee(terms: &Terms) -> String {
    of_schedule(&terms.fee, terms.currency)
}

/// The same of a schedule by itself.
#[must_use]
pub fn of_schedule(fee: &FeeSchedule, currency: Currency) -> String {
    let mut words = format!("{}%", fee.percent.normalize());
    if fee.fixed_minor > 0 {
        words.push_str(&format!(" and {}", currency.of(fee.fixed_minor)));
    }
    if fee.min_minor > 0 {
        words.push_str(&format!(", at least {}", currency.of(fee.min_minor)));
    }
    if let Some(most) = fee.max_minor {
        words.push_str(&format!(", at most {}", currency.of(most)));
    }
    words
}

/// The rate of a commission: "5%"; nothing for a fixed sum, which says all of itself.
#[must_use]
pub fn of_commission(commission: &Commission) -> Option<String> {
    match &commission.rate {
        Rate::Percent(percent) => Some(format!("{}%", percent.normalize())),
        Rate::FixedMinor(_) => None,
    }
}

/// What is called `words`, with its rate behind it: "Commission (5%)".
#[must_use]
pub fn beside(words: &str, rate: Option<&str>) -> String {
    rate.map_or_else(|| words.to_owned(), |rate| format!("{words} ({rate})"))
}
