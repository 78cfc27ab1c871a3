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

/// Whether forms offer this currency.
#[must_use]
pub fn is_offered(currency: Currency) -> bool {
    CODES.contains(&currency.code())
}

/// What people in a country (two letters of ISO 3166) pay with, if forms offer it.
#[must_use]
pub fn local(country: &str) -> Option<Currency> {
    Currency::of_country(country).into_iter().find(|currency| is_offered(*currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_currency_is_one() {
        assert_eq!(choices().len(), CODES.len());
        assert!(CODES.is_sorted());
    }

    #[test]
    fn a_country_pays_in_its_own_currency() {
        let code = |country| local(country).map(Currency::code);
        assert_eq!(["TN", "FR", "CH", "US", "KE"].map(code), ["TND", "EUR", "CHF", "USD", "KES"].map(Some));
        assert_eq!(["VN", "ZZ", ""].map(code), [None; 3]);
    }
}
