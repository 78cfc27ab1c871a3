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

/// The offered currencies.
pub fn offered() -> impl Iterator<Item = Currency> {
    CODES.iter().filter_map(|code| Currency::from_code(code))
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

/// What is usual where a time zone is the one of a single country, for those who have not said where they
/// live; only what forms offer. Zones of several countries, or of none, say nothing.
const OF_ZONES: &[(&str, &str)] = &[
    ("Africa/Algiers", "DZD"),
    ("Africa/Cairo", "EGP"),
    ("Africa/Casablanca", "MAD"),
    ("Africa/Nairobi", "KES"),
    ("Africa/Tripoli", "LYD"),
    ("Africa/Tunis", "TND"),
    ("America/Chicago", "USD"),
    ("America/Los_Angeles", "USD"),
    ("America/Mexico_City", "MXN"),
    ("America/New_York", "USD"),
    ("America/Sao_Paulo", "BRL"),
    ("America/Toronto", "CAD"),
    ("Asia/Amman", "JOD"),
    ("Asia/Hong_Kong", "HKD"),
    ("Asia/Kolkata", "INR"),
    ("Asia/Manila", "PHP"),
    ("Asia/Seoul", "KRW"),
    ("Asia/Shanghai", "CNY"),
    ("Asia/Tokyo", "JPY"),
    ("Australia/Sydney", "AUD"),
    ("Europe/Athens", "EUR"),
    ("Europe/Dublin", "EUR"),
    ("Europe/Helsinki", "EUR"),
    ("Europe/Istanbul", "TRY"),
    ("Europe/Kyiv", "UAH"),
    ("Europe/Lisbon", "EUR"),
    ("Europe/London", "GBP"),
    ("Europe/Madrid", "EUR"),
    ("Europe/Paris", "EUR"),
    ("Europe/Prague", "CZK"),
    ("Europe/Rome", "EUR"),
    ("Europe/Vienna", "EUR"),
    ("Europe/Warsaw", "PLN"),
    ("Europe/Zurich", "CHF"),
    ("Pacific/Auckland", "NZD"),
];

/// What people in a time zone most likely pay with, where that can be said.
#[must_use]
pub fn of_zone(zone: &str) -> Option<Currency> {
    let (_, code) = OF_ZONES.iter().find(|(name, _)| *name == zone)?;
    Currency::from_code(code)
}

/// How an amount is written in the currency of this code, for the hint of a field.
#[must_use]
pub fn example(code: &str) -> String {
    Currency::from_code(code).unwrap_or(Currency::USD).example().figures()
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
    fn a_time_zone_hints_at_a_currency_that_is_offered() {
        assert_eq!(of_zone("Africa/Tunis").map(Currency::code), Some("TND"));
        assert_eq!(of_zone("Etc/UTC"), None);
        for (zone, _) in OF_ZONES {
            assert!(of_zone(zone).is_some_and(is_offered), "{zone}");
            assert!(crate::web::places::zone(zone) == Some(*zone), "{zone}");
        }
        assert!(OF_ZONES.is_sorted());
    }

    #[test]
    fn a_country_pays_in_its_own_currency() {
        let code = |country| local(country).map(Currency::code);
        assert_eq!(["TN", "FR", "CH", "US", "KE"].map(code), ["TND", "EUR", "CHF", "USD", "KES"].map(Some));
        assert_eq!(["VN", "ZZ", ""].map(code), [None; 3]);
    }
}
