//! Countries and time zones to choose from.

use std::sync::LazyLock;

use super::view::Choice;

/// Two letters of ISO 3166 and the name, by name.
static COUNTRIES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("places/countries.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).collect()
});

static ZONES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("places/zones.txt").lines().filter(|line| !line.starts_with('#'));
    std::iter::once("Etc/UTC").chain(lines).collect()
});

/// Every country, and "not said" before them.
#[must_use]
pub fn countries() -> Vec<Choice> {
    let none = std::iter::once(Choice::new("", "Not said"));
    none.chain(COUNTRIES.iter().map(|(code, name)| Choice::new(*code, *name))).collect()
}

/// Whether these are the two letters of a country.
#[must_use]
pub fn is_country(code: &str) -> bool {
    COUNTRIES.iter().any(|(known, _)| *known == code)
}

/// Every time zone, by region and city.
#[must_use]
pub fn zones() -> Vec<Choice> {
    ZONES.iter().map(|zone| Choice::new(*zone, words(zone))).collect()
}

/// Whether this is the name of a time zone.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    ZONES.contains(&name)
}

/// `America/Argentina/Buenos_Aires` as "America, Argentina, Buenos Aires".
fn words(zone: &str) -> String {
    if zone == "Etc/UTC" { "UTC".to_owned() } else { zone.replace('/', ", ").replace('_', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::view::Zone;

    #[test]
    fn every_zone_to_choose_is_one_that_times_can_be_told_in() {
        assert!(ZONES.len() > 400 && is_zone("Africa/Tunis"));
        for zone in ZONES.iter() {
            assert!(Zone::from_name(zone).is_some(), "{zone}");
        }
    }

    #[test]
    fn countries_have_two_letters_and_a_name() {
        assert!(COUNTRIES.len() > 240 && is_country("TN") && !is_country("tn") && !is_country(""));
        assert!(COUNTRIES.iter().all(|(code, name)| code.len() == 2 && !name.is_empty()));
    }
}
