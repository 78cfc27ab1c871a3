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

/// Names that systems have for a zone of the list, and the zone: `Asia/Calcutta`, `Asia/Kolkata`.
static ALIASES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("places/aliases.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).collect()
});

/// Every country, and "not said" before them.
#[must_use]
pub fn countries() -> Vec<Choice> {
    let none = std::iter::once(Choice::new("", "Not said"));
    none.chain(COUNTRIES.iter().map(|(code, name)| Choice::new(*code, *name))).collect()
}

/// The two letters of a country, from those that are used for it, in letters of either case.
#[must_use]
pub fn country(code: &str) -> Option<&'static str> {
    let code = match code.to_ascii_uppercase().as_str() {
        // As people and the European Union write them.
        "UK" => "GB".to_owned(),
        "EL" => "GR".to_owned(),
        other => other.to_owned(),
    };
    COUNTRIES.iter().map(|(known, _)| *known).find(|known| *known == code)
}

/// Every time zone, by region and city.
#[must_use]
pub fn zones() -> Vec<Choice> {
    ZONES.iter().map(|zone| Choice::new(*zone, words(zone))).collect()
}

/// The zone of the list that has this name, now or in earlier versions of the time zone database.
#[must_use]
pub fn zone(name: &str) -> Option<&'static str> {
    let listed = ZONES.iter().copied().find(|known| known.eq_ignore_ascii_case(name));
    let other = || ALIASES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, zone)| *zone);
    listed.or_else(other)
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
        assert!(ZONES.len() > 400 && zone("Africa/Tunis").is_some());
        for zone in ZONES.iter() {
            assert!(Zone::from_name(zone).is_some(), "{zone}");
        }
    }

    #[test]
    fn every_name_that_a_system_has_for_a_zone_is_known() {
        for (name, listed) in [
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Europe/Kiev", "Europe/Kyiv"),
            ("GMT", "Etc/UTC"),
            ("UTC", "Etc/UTC"),
        ] {
            assert_eq!(zone(name), Some(listed));
        }
        let db = jiff::tz::db();
        let names: Vec<String> = db.available().map(|name| name.to_string()).collect();
        assert!(names.len() > 500);
        for name in &names {
            // Hours from Greenwich are no place, and one name stands for a system that was never set up.
            let is_place =
                !name.starts_with("Etc/GMT+") && !name.starts_with("Etc/GMT-") && name != "Factory";
            assert!(zone(name).is_some() || !is_place, "{name}");
        }
        for (name, listed) in ALIASES.iter() {
            assert!(ZONES.contains(listed) && !ZONES.contains(name), "{name}");
        }
    }

    #[test]
    fn countries_have_two_letters_and_a_name() {
        assert!(COUNTRIES.len() > 240 && country("").is_none() && country("XX").is_none());
        for (typed, code) in [("TN", "TN"), ("tn", "TN"), ("UK", "GB"), ("el", "GR")] {
            assert_eq!(country(typed), Some(code));
        }
        assert!(COUNTRIES.iter().all(|(code, name)| code.len() == 2 && !name.is_empty()));
    }
}
