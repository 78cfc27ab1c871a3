//! Time zones: when a moment is for the people who live by one. Pages and mails tell times alike.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit, Zoned};

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

    /// How many days of the calendar later `until` falls than `from`; negative where it is earlier.
    #[must_use]
    pub fn days_between(&self, from: Time, until: Time) -> i64 {
        let days = self.zoned(until).date().since(self.zoned(from).date()).map(|span| span.get_days());
        days.map_or(0, i64::from)
    }

    /// The whole days from one moment to a later one, by this zone's clocks, and the seconds that are left over. A
    /// day on which the clocks are put on or back is one day too.
    #[must_use]
    pub fn days_and_seconds(&self, from: Time, until: Time) -> (i64, i64) {
        let (from, until) = (self.zoned(from), self.zoned(until));
        let Ok(span) = from.until((Unit::Day, &until)) else { return (0, 0) };
        let days = Span::new().days(span.get_days());
        let rest = from
            .checked_add(days)
            .map_or(0, |day| until.timestamp().as_second() - day.timestamp().as_second());
        (i64::from(span.get_days()), rest)
    }

    /// The same time of day so many days of the calendar later.
    #[must_use]
    pub fn days_later(&self, at: Time, days: i64) -> Time {
        let later = Span::new().try_days(days).and_then(|span| self.zoned(at).checked_add(span));
        later.map_or_else(
            |_| at.plus_days(days),
            |later| Time::from_micros(later.timestamp().as_microsecond()),
        )
    }

    fn zoned(&self, at: Time) -> Zoned {
        let at = Timestamp::from_microsecond(at.micros()).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone())
    }

    /// By a pattern of `strftime`.
    #[must_use]
    pub fn format(&self, at: Time, pattern: &str) -> String {
        self.zoned(at).strftime(pattern).to_string()
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

    /// The clocks of Paris are put on in the night of 28 March 2027 and back in that of 31 October.
    #[test]
    fn a_day_on_which_the_clocks_change_is_one_day() {
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Time::from_micros(at.as_microsecond())
        };
        let paris = Zone::from_name("Europe/Paris").unwrap();
        let (march, april) = (at("2027-03-20T22:59:59Z"), at("2027-04-03T21:59:59Z"));
        assert_eq!(april.since(march).whole_days(), 13, "by hours it is an hour less than 14 days");
        assert_eq!(paris.days_between(march, april), 14);
        assert_eq!(paris.days_and_seconds(march, april), (14, 0));
        assert_eq!(paris.days_later(march, 14), april);
        assert_eq!(paris.days_between(april, march), -14);
        let (october, november) = (at("2027-10-25T10:00:00Z"), at("2027-11-01T10:30:00Z"));
        assert_eq!(paris.days_and_seconds(october, november), (6, 23 * 3_600 + 1_800));
        assert_eq!(
            (paris.days_between(october, november), paris.days_later(october, 7)),
            (7, at("2027-11-01T11:00:00Z"))
        );
        let tunis = Zone::from_name("Africa/Tunis").unwrap();
        // No clocks change there: fourteen dates later, and an hour earlier in the day.
        assert_eq!(tunis.days_between(march, april), 14);
        assert_eq!(tunis.days_and_seconds(march, april), (13, 23 * 3_600));
    }

    #[test]
    fn what_is_no_zone_is_none() {
        assert!(Zone::from_name("Nowhere/Atlantis").is_none());
        assert!(Zone::from_name("").is_none());
    }
}
