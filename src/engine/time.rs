//! Moments, as the engine and both databases know them: UTC, whole microseconds.
//!
//! PostgreSQL keeps microseconds and nothing finer. A moment that was finer in memory than in the
//! database would replay to other bytes than were stored, so the rest is cut off when one is made.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A moment in UTC, whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(#[serde(with = "time::serde::rfc3339")] OffsetDateTime);

impl Time {
    /// Cuts `at` to whole microseconds, in UTC.
    #[must_use]
    pub fn new(at: OffsetDateTime) -> Self {
        let at = at.to_offset(time::UtcOffset::UTC);
        let nanos = at.nanosecond() / 1_000 * 1_000;
        Self(at.replace_nanosecond(nanos).unwrap_or(at))
    }

    /// Microseconds since 1970; a number outside the calendar becomes its nearest end.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self::new(
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        )
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The moment as the `time` crate has it.
    #[must_use]
    pub fn utc(self) -> OffsetDateTime {
        self.0
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus(Duration::days(days))
    }

    #[must_use]
    pub fn plus_hours(self, hours: i64) -> Self {
        self.plus(Duration::hours(hours))
    }

    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.checked_add(by).unwrap_or(self.0))
    }

    /// How long from `earlier` to here; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }

    /// The moment in the middle between two.
    #[must_use]
    pub fn midway(self, later: Self) -> Self {
        self.plus(Duration::microseconds((later.micros() - self.micros()) / 2))
    }

    /// RFC 3339 in UTC, for `<time datetime>` and documents.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.0.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
    }
}
