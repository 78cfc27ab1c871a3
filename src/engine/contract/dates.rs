//! Moments and lengths of time as a contract writes them: in the deal's own zone, with its offset.
//!
//! The list of zones is built into the program, so nothing of the machine it runs on decides what a text says.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::time::Time;

/// The zone of a deal and its name.
pub(super) struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// The zone of a name of the IANA list; UTC for a name that is not on it.
    pub(super) fn of(name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => Self { zone, name: name.to_owned() },
            Err(_) => Self { zone: TimeZone::UTC, name: "UTC".to_owned() },
        }
    }

    /// `Thursday 31 December 2026, 23:59:59 (America/Los_Angeles, UTC-08:00)`. Seconds stand where there are some;
    /// what is finer than a second is left out.
    pub(super) fn moment(&self, at: Time) -> String {
        let at = Timestamp::from_microsecond(at.micros()).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = at.to_zoned(self.zone.clone());
        let pattern = if at.second() == 0 { "%A %-d %B %Y, %H:%M" } else { "%A %-d %B %Y, %H:%M:%S" };
        format!("{} ({}, UTC{})", at.strftime(pattern), self.name, at.strftime("%:z"))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

fn counted(count: i64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// "1 day", "2 days".
pub(super) fn days(count: i64) -> String {
    counted(count, "day")
}

/// "1 hour", "48 hours".
pub(super) fn hours(count: i64) -> String {
    counted(count, "hour")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_stands_in_the_zone_of_the_deal_with_its_offset() {
        let end_of_year = Time::from_micros(1_798_790_399_999_999);
        assert_eq!(
            Zone::of("America/Los_Angeles").moment(end_of_year),
            "Thursday 31 December 2026, 23:59:59 (America/Los_Angeles, UTC-08:00)"
        );
        assert_eq!(
            Zone::of("Africa/Tunis").moment(Time::from_micros(1_777_885_200_000_000)),
            "Monday 4 May 2026, 10:00 (Africa/Tunis, UTC+01:00)"
        );
        assert!(Zone::of("Nowhere/Atlantis").moment(end_of_year).ends_with("(UTC, UTC+00:00)"));
    }

    #[test]
    fn one_is_one_and_more_are_many() {
        assert_eq!([days(1), days(2), hours(1), hours(48)], ["1 day", "2 days", "1 hour", "48 hours"]);
    }
}
