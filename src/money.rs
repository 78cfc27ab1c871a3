//! Money: whole minor units and a currency. No floating point, and no rounding but where a rule of
//! the plan asks for it by name.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// The largest sum that any field takes, in minor units: with it, no sum of sums can overflow.
pub const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// A currency of ISO 4217 that has minor units (gold and test codes have none and are refused).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// What people agree on who have no currency in common (Vesicash: else USD).
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The currency of a three-letter code in capitals, or nothing.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        currency.exponent().map(|_| Self(currency))
    }

    /// The currencies that are used in the country of two capital letters (ISO 3166).
    #[must_use]
    pub fn of_country(code: &str) -> Vec<Self> {
        let Ok(country) = code.parse::<iso_currency::Country>() else { return Vec::new() };
        let used = iso_currency::Currency::from_country(country).into_iter();
        used.filter(|currency| currency.exponent().is_some()).map(Self).collect()
    }

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Its English name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Decimal digits of a minor unit: TND 3, KES 2, JPY 0.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// `minor` units as money of this currency.
    #[must_use]
    pub fn of(self, minor: i64) -> Money {
        Money { minor, currency: self }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("{code:?} is no currency with minor units"))
    }
}

/// An amount in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why a text is no amount. `Display` is the sentence for its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    Empty,
    NotANumber,
    OverScale(Currency),
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter an amount."),
            Self::NotANumber => f.write_str(
                "Write the amount in digits, with a point before the decimals and nothing between the thousands, like 1250.500.",
            ),
            Self::OverScale(currency) => match currency.scale() {
                0 => write!(f, "{currency} has no decimals: write a whole number."),
                1 => write!(f, "{currency} has 1 decimal: write no more than that."),
                n => write!(f, "{currency} has {n} decimals: write no more than that."),
            },
            Self::TooLarge => f.write_str("This amount is larger than Holdfast can hold."),
        }
    }
}

impl Money {
    /// Reads digits with at most one point. A comma is refused, since it is a thousands separator
    /// to some readers and a decimal point to others. Over-scale is refused, never rounded.
    ///
    /// # Errors
    /// Why the text is no amount.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || text.ends_with('.') {
            return Err(AmountError::NotANumber);
        }
        let scale = currency.scale() as usize;
        if decimals.len() > scale {
            return Err(AmountError::OverScale(currency));
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() + scale > 18 {
            return Err(AmountError::TooLarge);
        }
        let minor: i64 = format!("0{whole}{decimals:0<scale$}").parse().map_err(|_| AmountError::TooLarge)?;
        if minor > LARGEST_MINOR {
            return Err(AmountError::TooLarge);
        }
        Ok(currency.of(minor))
    }

    /// For people: groups of three, the currency's own decimals, a true minus; without the code.
    #[must_use]
    pub fn figures(self) -> String {
        let (whole, decimals) = self.digits();
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.minor < 0 { "\u{2212}" } else { "" };
        if decimals.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{decimals}") }
    }

    /// For fields and machines: plain digits with the currency's own decimals.
    #[must_use]
    pub fn plain(self) -> String {
        let (whole, decimals) = self.digits();
        let sign = if self.minor < 0 { "-" } else { "" };
        if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
    }

    /// Plain digits with at least one decimal and no more than it needs: `48.0`, `0.125`
    /// (Cashless: the sentence about insufficient funds).
    #[must_use]
    pub fn short(self) -> String {
        let (whole, decimals) = self.digits();
        let decimals = decimals.trim_end_matches('0');
        let sign = if self.minor < 0 { "-" } else { "" };
        format!("{sign}{whole}.{}", if decimals.is_empty() { "0" } else { decimals })
    }

    fn digits(self) -> (String, String) {
        let scale = self.currency.scale() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = scale + 1);
        let (whole, decimals) = digits.split_at(digits.len() - scale);
        (whole.to_owned(), decimals.to_owned())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.figures(), self.currency)
    }
}

/// `percent` of `amount_minor`, half to even; what is beyond all numbers is the largest sum.
#[must_use]
pub fn percent_of(amount_minor: i64, percent: Decimal) -> i64 {
    let exact = Decimal::from(amount_minor).checked_mul(percent).map(|sum| sum / Decimal::ONE_HUNDRED);
    let rounded = exact.map(|sum| sum.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven));
    rounded.and_then(|sum| i64::try_from(sum).ok()).unwrap_or(LARGEST_MINOR)
}

/// `amount · part / whole`, half to even, for `whole > 0` and nothing negative.
#[must_use]
pub fn share_of(amount_minor: i64, part: i64, whole: i64) -> i64 {
    let (product, whole) = (i128::from(amount_minor) * i128::from(part), i128::from(whole));
    let (quotient, rest) = (product / whole, product % whole);
    let up = rest * 2 > whole || (rest * 2 == whole && quotient % 2 == 1);
    i64::try_from(quotient + i128::from(up)).unwrap_or(LARGEST_MINOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn an_amount_is_read_in_its_currencys_own_scale() {
        assert_eq!(Money::parse("1000.5", of("TND")).unwrap().minor, 1_000_500);
        assert_eq!(Money::parse(" 007 ", of("JPY")).unwrap().minor, 7);
        assert_eq!(Money::parse("0.01", of("KES")).unwrap().minor, 1);
        assert_eq!(Money::parse("0.0001", of("TND")), Err(AmountError::OverScale(of("TND"))));
        assert_eq!(Money::parse("1.0", of("JPY")), Err(AmountError::OverScale(of("JPY"))));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_no_amount() {
        for text in ["1,000", "1.000.000", "-1", "+1", "1e3", ".5", "5.", "1 000", "١", "NaN", "0x10"] {
            assert_eq!(Money::parse(text, of("TND")), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!(Money::parse("  ", of("TND")), Err(AmountError::Empty));
        assert_eq!(Money::parse(&"9".repeat(400), of("TND")), Err(AmountError::TooLarge));
    }

    #[test]
    fn money_is_shown_with_all_its_decimals() {
        assert_eq!(of("TND").of(1_010_000).to_string(), "1,010.000 TND");
        assert_eq!(of("TND").of(0).figures(), "0.000");
        assert_eq!(of("JPY").of(-1_234_567).figures(), "\u{2212}1,234,567");
        assert_eq!(of("KES").of(4_800).short(), "48.0");
        assert_eq!(of("KES").of(4_898).short(), "48.98");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!([share_of(1, 1, 2), share_of(3, 1, 2), share_of(5, 1, 2)], [0, 2, 2]);
        assert_eq!(percent_of(50, Decimal::ONE), 0);
        assert_eq!(percent_of(150, Decimal::ONE), 2);
    }

    #[test]
    fn gold_is_no_currency_to_pay_in() {
        assert!(Currency::from_code("XAU").is_none());
        assert!(Currency::from_code("tnd").is_none());
    }
}
