//! The currencies that forms offer. The money itself knows every currency of ISO 4217; a list that a
//! person can read is shorter.

use super::view::Choice;
use crate::money::Currency;

const CODES: &[&str] = &[
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "DZD", "EGP", "EUR", "GBP", "GHS", "HKD", "INR",
    "JOD", "JPY", "KES", "KRW", "KWD", "LYD", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "OMR", "PHP", "PLN",
    "QAR", "RWF", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TZS", "UAH", "UGX", "USD", "XAF", "XOF", "ZAR",
];

/// The offered currencies by code, as the choices of a select: `TND – Tunisian dinar`.
#[must_use]
pub fn choices() -> Vec<Choice> {
    let currencies = CODES.iter().filter_map(|code| Currency::from_code(code));
    currencies.map(|it| Choice::new(it.code(), format!("{} – {}", it.code(), it.name()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_currency_is_one() {
        assert_eq!(choices().len(), CODES.len());
        assert!(CODES.is_sorted());
    }
}
