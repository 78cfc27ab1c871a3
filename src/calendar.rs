//! Moments as people read them, in their own time zone. It knows the time zone tables and nothing of
//! ours but `Time`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::time::Time;

/// Whether this is the name of a time zone, such as `Africa/Tunis`.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// A moment with its day, its minute and its zone: `Mon 4 May 2026, 10:00 CET`. An unknown zone is
/// read as UTC.
#[must_use]
pub fn moment(at: Time, time_zone: &str) -> String {
    zoned(at, time_zone).strftime("%a %-d %b %Y, %H:%M %Z").to_string()
}

/// Only the day: `Mon 4 May 2026`.
#[must_use]
pub fn day(at: Time, time_zone: &str) -> String {
    zoned(at, time_zone).strftime("%a %-d %b %Y").to_string()
}

fn zoned(at: Time, time_zone: &str) -> jiff::Zoned {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    Timestamp::from_microsecond(at.micros()).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_the_readers_zone() {
        let at = Time::from_micros(1_777_933_800_000_000);
        assert_eq!(moment(at, "Africa/Tunis"), "Mon 4 May 2026, 23:30 CET");
        assert_eq!(moment(at, "Asia/Kathmandu"), "Tue 5 May 2026, 04:15 +0545");
        assert_eq!(day(at, "Asia/Kathmandu"), "Tue 5 May 2026");
        assert_eq!(moment(at, "Nowhere/Here"), "Mon 4 May 2026, 22:30 UTC");
    }

    #[test]
    fn names_of_zones_are_checked() {
        assert!(is_time_zone("Africa/Nairobi"));
        assert!(!is_time_zone("Africa"));
        assert!(!is_time_zone(""));
    }
}
