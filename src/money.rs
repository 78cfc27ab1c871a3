//! Money: whole minor units and a currency. No floating point, and no rounding but where a rule of
//! the plan asks for it by name.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::text::{plain_digits, trimmed};

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

    /// The same of a code as people type it, in letters of either case.
    #[must_use]
    pub fn typed(code: &str) -> Option<Self> {
        Self::from_code(&trimmed(code).to_ascii_uppercase())
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

    /// An amount that shows how one is written in this currency: `1,250.500`, `1,250.50`, `1,250`.
    #[must_use]
    pub fn example(self) -> Money {
        self.of(12_505 * 10_i64.pow(self.scale()) / 10)
    }

    /// Digits before and behind the point as money.
    fn exact(self, whole: &str, decimals: &str) -> Result<Money, AmountError> {
        let scale = self.scale() as usize;
        if decimals.len() > scale {
            return Err(AmountError::OverScale(self));
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() + scale > 18 {
            return Err(AmountError::TooLarge);
        }
        let minor: i64 = format!("0{whole}{decimals:0<scale$}").parse().map_err(|_| AmountError::TooLarge)?;
        if minor > LARGEST_MINOR { Err(AmountError::TooLarge) } else { Ok(self.of(minor)) }
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

/// Why a text is no amount. `Display` is the sentence for its field, with an example in the currency that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    Empty,
    NotANumber(Currency),
    /// A code of another currency stands beside it.
    OtherCurrency(Currency),
    OverScale(Currency),
    /// Its one sign may stand before the decimals or between the thousands: the two amounts that it can be.
    Ambiguous(Money, Money),
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter an amount."),
            Self::NotANumber(currency) => {
                write!(f, "Write the amount in digits, like {}.", currency.example().figures())
            }
            Self::OtherCurrency(currency) => write!(
                f,
                "This amount is in {currency}. Write it without another currency, like {}.",
                currency.example()
            ),
            Self::OverScale(currency) => match currency.scale() {
                0 => write!(f, "{currency} has no decimals: write a whole number."),
                1 => write!(f, "{currency} has 1 decimal: write no more than that."),
                n => write!(f, "{currency} has {n} decimals: write no more than that."),
            },
            Self::Ambiguous(small, large) => write!(
                f,
                "This can be {small} or {large}. Write {} for the first or {} for the second.",
                small.figures(),
                large.figures()
            ),
            Self::TooLarge => f.write_str("This amount is larger than Holdfast can hold."),
        }
    }
}

impl Money {
    /// Reads an amount as people type it: digits of any script, with or without signs between the thousands (`8,500.00`,
    /// `8.500,00`, `8 500,00`, `8'500`), with or without its currency. What has two meanings is refused with both of
    /// them. Over-scale is refused, never rounded. Whatever [`Money`] shows of a sum above zero is read as that sum.
    ///
    /// # Errors
    /// Why the text is no amount, or not one alone.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let plain = plain_digits(text);
        let bare = without_currency(trimmed(&plain), currency)?;
        if bare.is_empty() {
            return Err(AmountError::Empty);
        }
        match read(bare).ok_or(AmountError::NotANumber(currency))? {
            Reading::One(whole, decimals) => currency.exact(&whole, decimals),
            Reading::Two { whole, behind, by } => {
                let joined = currency.exact(&format!("{whole}{behind}"), "");
                match (currency.scale(), by) {
                    // What the portal writes itself: 1.500 TND.
                    (3.., '.') => currency.exact(&whole, behind),
                    (3.., _) => match (currency.exact(&whole, behind), joined) {
                        (Ok(small), Ok(large)) => Err(AmountError::Ambiguous(small, large)),
                        (small, _) => small,
                    },
                    // A point stands before decimals here, and there are too many of them for that.
                    (scale, '.') => {
                        let (kept, more) = behind.split_at(scale as usize);
                        let large = joined?;
                        match more.bytes().all(|digit| digit == b'0') {
                            true => Err(AmountError::Ambiguous(currency.exact(&whole, kept)?, large)),
                            false => Err(AmountError::OverScale(currency)),
                        }
                    }
                    (_, _) => joined,
                }
            }
        }
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

/// What digits with signs between them come to.
#[derive(Debug, PartialEq, Eq)]
enum Reading<'a> {
    /// Digits before the decimals, and the decimals.
    One(String, &'a str),
    /// One point or comma with three digits behind it, and nothing else that says what it is.
    Two { whole: String, behind: &'a str, by: char },
}

/// Takes the currency's code or sign off one end.
fn without_currency(text: &str, currency: Currency) -> Result<&str, AmountError> {
    let symbol = currency.0.symbol().symbol;
    let rest = |own: &str| {
        let is_own = |part: &&str| part.eq_ignore_ascii_case(own);
        let head = text.get(..own.len()).filter(is_own).map(|_| &text[own.len()..]);
        let before = text.len().checked_sub(own.len());
        head.or_else(|| {
            before.filter(|at| text.get(*at..).as_ref().is_some_and(is_own)).map(|at| &text[..at])
        })
    };
    if let Some(rest) = [symbol.as_str(), currency.code()].into_iter().find_map(rest) {
        return Ok(trimmed(rest));
    }
    let word = text.trim_matches(|sign: char| !sign.is_ascii_alphabetic()).to_ascii_uppercase();
    // A word alone is no amount of anything: "all" is also the code of the lek.
    let has_digits = text.contains(|sign: char| sign.is_ascii_digit());
    let is_other = has_digits && iso_currency::Currency::from_code(&word).is_some();
    if is_other { Err(AmountError::OtherCurrency(currency)) } else { Ok(text) }
}

/// Whether people put this sign between digits of an amount.
fn is_between(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '.' | ',' | '\'' | '’' | '\u{66b}' | '\u{66c}')
}

/// Splits an amount into what stands before and behind its point. `None` where it is none.
fn read(text: &str) -> Option<Reading<'_>> {
    let signs: Vec<(usize, char)> = text.char_indices().filter(|(_, sign)| !sign.is_ascii_digit()).collect();
    if !signs.iter().all(|(_, sign)| is_between(*sign)) || text.ends_with(is_between) {
        return None;
    }
    let Some((at, last)) = signs.last().copied() else { return Some(Reading::One(text.to_owned(), "")) };
    let behind = &text[at + last.len_utf8()..];
    let times = signs.iter().filter(|(_, sign)| *sign == last).count();
    let is_point = match last {
        '\u{66b}' => true,
        '.' | ',' => times == 1,
        _ => false,
    };
    if !is_point {
        return Some(Reading::One(whole(text)?, ""));
    }
    let before = &text[..at];
    if before.is_empty() {
        return Some(Reading::One(String::new(), behind));
    }
    let front = whole(before)?;
    // Three digits behind the only sign may be thousands, if what stands before can be a number of them.
    let may_be_thousands = last != '\u{66b}' && signs.len() == 1 && behind.len() == 3 && front.len() <= 3;
    if may_be_thousands && !front.starts_with('0') {
        return Some(Reading::Two { whole: front, behind, by: last });
    }
    Some(Reading::One(front, behind))
}

/// The digits of a number with signs between its thousands: of one kind, with three digits behind each, or in the
/// Indian way with two behind all but the last.
fn whole(text: &str) -> Option<String> {
    let like = |sign: char| if sign.is_whitespace() { ' ' } else { sign };
    let mut kinds: Vec<char> = text.chars().filter(|sign| !sign.is_ascii_digit()).map(like).collect();
    kinds.dedup();
    let groups: Vec<&str> = text.split(is_between).collect();
    let (first, rest) = groups.split_first()?;
    if kinds.len() > 1 || kinds.contains(&'\u{66b}') {
        return None;
    }
    let Some((last, middle)) = rest.split_last() else { return Some((*first).to_owned()) };
    let all = |width: usize| middle.iter().all(|group| group.len() == width);
    let fits = last.len() == 3
        && ((all(3) && (1..=3).contains(&first.len())) || (all(2) && (1..=2).contains(&first.len())));
    fits.then(|| groups.concat())
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
    fn an_amount_is_read_as_the_world_types_it() {
        for (code, typed, minor) in [
            ("TND", "1000.5", 1_000_500),
            ("TND", "1.500", 1_500),
            ("TND", "0,500", 500),
            ("TND", "8 500,000", 8_500_000),
            ("TND", "8.500,000", 8_500_000),
            ("TND", "8,500.000", 8_500_000),
            ("TND", "1,5", 1_500),
            ("TND", "1500,25", 1_500_250),
            ("TND", "٨٬٥٠٠٫٢٥٠", 8_500_250),
            ("TND", "٨٥٠٠", 8_500_000),
            ("TND", "۱٫۵۰۰", 1_500),
            ("TND", "8,500.000 TND", 8_500_000),
            ("TND", "tnd 12", 12_000),
            ("TND", "300 د.ت", 300_000),
            ("EUR", "8,500.00", 850_000),
            ("EUR", "8.500,00", 850_000),
            ("EUR", "8 500,00", 850_000),
            ("EUR", "8\u{a0}500,00", 850_000),
            ("EUR", "8\u{202f}500,00\u{a0}€", 850_000),
            ("EUR", "€8500", 850_000),
            ("EUR", "300,00", 30_000),
            ("EUR", "8'500", 850_000),
            ("EUR", "8’500.50", 850_050),
            ("EUR", "1,500", 150_000),
            ("EUR", "1.000.000", 100_000_000),
            ("EUR", "1,000,000.5", 100_000_050),
            ("EUR", ".50", 50),
            ("EUR", "0.5", 50),
            ("INR", "12,34,567.00", 123_456_700),
            ("INR", "1,00,000", 10_000_000),
            ("JPY", " 007 ", 7),
            ("JPY", "1,500", 1_500),
            ("JPY", "１５００", 1_500),
            ("KES", "0.01", 1),
        ] {
            assert_eq!(Money::parse(typed, of(code)), Ok(of(code).of(minor)), "{typed} {code}");
        }
    }

    #[test]
    fn what_has_two_meanings_is_asked_about() {
        for (code, typed, small, large) in [
            ("TND", "1,500", 1_500, 1_500_000),
            ("TND", "12,345", 12_345, 12_345_000),
            ("EUR", "1.500", 150, 150_000),
            ("JPY", "8.000", 8, 8_000),
        ] {
            let both = AmountError::Ambiguous(of(code).of(small), of(code).of(large));
            assert_eq!(Money::parse(typed, of(code)), Err(both), "{typed} {code}");
            for one in [small, large] {
                assert!(both.to_string().contains(&of(code).of(one).figures()), "{both}");
            }
        }
        let sentence = Money::parse("1,500", of("TND")).unwrap_err().to_string();
        assert_eq!(
            sentence,
            "This can be 1.500 TND or 1,500.000 TND. Write 1.500 for the first or 1,500.000 for the second."
        );
    }

    #[test]
    fn what_is_no_amount_is_refused_with_an_example_of_one() {
        for text in [
            "-1",
            "+1",
            "1e3",
            "5.",
            "NaN",
            "0x10",
            "12 34",
            "1.2.3",
            "1,2,3",
            "1,000.000,00",
            "1 000.000,0.0",
            "1,,0",
            "1'000,000.0",
            "12 apples",
            "all",
            "1.000 ,5",
            "1 2",
            "− 5",
            "1٫5٫5",
            "TND 5 TND",
        ] {
            assert_eq!(Money::parse(text, of("TND")), Err(AmountError::NotANumber(of("TND"))), "{text}");
        }
        assert_eq!(Money::parse("5 EUR", of("TND")), Err(AmountError::OtherCurrency(of("TND"))));
        assert_eq!(Money::parse("0.0001", of("TND")), Err(AmountError::OverScale(of("TND"))));
        assert_eq!(Money::parse("1.0", of("JPY")), Err(AmountError::OverScale(of("JPY"))));
        assert_eq!(Money::parse("12.345", of("EUR")), Err(AmountError::OverScale(of("EUR"))));
        assert_eq!(Money::parse(" \u{200b} ", of("TND")), Err(AmountError::Empty));
        assert_eq!(Money::parse(&"9".repeat(400), of("TND")), Err(AmountError::TooLarge));
        for (code, example) in [("TND", "1,250.500"), ("EUR", "1,250.50"), ("JPY", "1,250")] {
            assert!(Money::parse("x", of(code)).unwrap_err().to_string().contains(example), "{code}");
        }
    }

    #[test]
    fn what_is_shown_can_be_pasted() {
        for code in ["TND", "EUR", "JPY", "KES", "CLF", "INR", "KWD"] {
            for minor in [1, 7, 10, 99, 100, 999, 1_000, 1_500, 12_345, 1_500_000, 123_456_789, LARGEST_MINOR]
            {
                let money = of(code).of(minor);
                for shown in [money.to_string(), money.figures(), money.plain()] {
                    assert_eq!(Money::parse(&shown, of(code)), Ok(money), "{shown}");
                }
            }
        }
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
        assert_eq!(Currency::typed(" tnd "), Currency::from_code("TND"));
    }
}
