//! Time zones: when a moment is for the people who live by one. Pages and mails tell times alike.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::time::Time;

/// A time zone of the IANA list and the name that people know it by.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    city: String,
}

impl Zone {
    /// The zone of a name like `Africa/Tunis`, or nothing.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
        Some(Self { zone, city })
    }

    /// Coordinated universal time: for readers whose zone is not known.
    #[must_use]
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, city: "UTC".to_owned() }
    }

    /// The city (or `UTC`) that stands in brackets behind a time.
    #[must_use]
    pub fn city(&self) -> &str {
        &self.city
    }

    /// A moment with its zone: `Sun 22 Nov 2026, 15:32 (Tunis)`.
    #[must_use]
    pub fn moment(&self, at: Time) -> String {
        format!("{} ({})", self.format(at, "%a %-d %b %Y, %H:%M"), self.city)
    }

    /// By a pattern of `strftime`.
    #[must_use]
    pub fn format(&self, at: Time, pattern: &str) -> String {
        let at = Timestamp::from_microsecond(at.micros()).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone()).strftime(pattern).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_readers_zone() {
        let at = Time::from_micros(1_777_933_800_000_000);
        let told = |zone| Zone::from_name(zone).unwrap().moment(at);
        assert_eq!(told("Africa/Tunis"), "Mon 4 May 2026, 23:30 (Tunis)");
        assert_eq!(told("Asia/Kathmandu"), "Tue 5 May 2026, 04:15 (Kathmandu)");
        assert_eq!(Zone::utc().moment(at), "Mon 4 May 2026, 22:30 (UTC)");
    }

    #[test]
    fn what_is_no_zone_is_none() {
        assert!(Zone::from_name("Nowhere/Atlantis").is_none());
        assert!(Zone::from_name("").is_none());
    }
}
