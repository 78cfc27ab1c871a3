//! Moments and days as a reader sees them: in the reader's own time zone, with the zone's name, and
//! how far away they are.

use askama::Template;
use askama::filters::HtmlSafe;

pub use crate::calendar::Zone;
use crate::engine::time::Time;

/// For whom and as of when a page is drawn.
#[derive(Clone, Debug)]
pub struct Reader {
    pub now: Time,
    pub zone: Zone,
}

impl Reader {
    #[must_use]
    pub fn new(now: Time, zone: Zone) -> Self {
        Self { now, zone }
    }

    /// The moment with its zone, and how far from now: `Sun 22 Nov 2026, 15:32 (Tunis)`, `in 3 days`.
    #[must_use]
    pub fn time(&self, at: Time) -> TimeView {
        TimeView {
            datetime: at.rfc3339(),
            absolute: self.zone.moment(at),
            relative: relative(at, self.now, &self.zone),
            left_seconds: at.since(self.now).whole_seconds(),
        }
    }

    /// The day on which the moment falls for the reader: `26 Nov 2026`.
    #[must_use]
    pub fn day(&self, at: Time) -> DayView {
        DayView { date: self.zone.format(at, "%Y-%m-%d"), words: self.zone.format(at, "%-d %b %Y") }
    }
}

/// A moment: absolute with the zone first, relative second.
#[derive(Clone, Debug, Template)]
#[template(path = "components/time.html")]
pub struct TimeView {
    /// RFC 3339, UTC.
    pub datetime: String,
    pub absolute: String,
    /// Empty for "do not show it": see [`TimeView::plain`].
    pub relative: String,
    /// What is left when the page is drawn, for the script that counts down; not above zero for the past.
    pub left_seconds: i64,
}

impl TimeView {
    /// The same without the relative part, for sentences and dense lists.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.relative.clear();
        self
    }
}

impl HtmlSafe for TimeView {}

/// A calendar day.
#[derive(Clone, Debug, Template)]
#[template(source = r#"<time datetime="{{ date }}" class="day">{{ words }}</time>"#, ext = "html")]
pub struct DayView {
    /// `2026-11-26`.
    pub date: String,
    pub words: String,
}

impl HtmlSafe for DayView {}

/// "in 3 days", "in almost 5 hours", "2 days ago". What is left is never overstated, so it is cut off; but
/// whoever has nearly three days shall not read two.
fn relative(at: Time, now: Time, zone: &Zone) -> String {
    let seconds = at.since(now).whole_seconds();
    let far = seconds.unsigned_abs();
    let cut = |size: u64| (far / size, far % size);
    let ((whole, rest), size, unit) = match far {
        0..60 => return if seconds > 0 { "in less than a minute" } else { "just now" }.to_owned(),
        60..7_200 => (cut(60), 60, "minute"),
        7_200..172_800 => (cut(3_600), 3_600, "hour"),
        // Days are the reader's: one on which the clocks are put on has 23 hours.
        172_800..63_072_000 => {
            let (days, rest) = zone.days_and_seconds(at.min(now), at.max(now));
            ((days.unsigned_abs(), rest.unsigned_abs()), 86_400, "day")
        }
        _ => (cut(31_536_000), 31_536_000, "year"),
    };
    let is_nearly = seconds > 0 && size > 60 && rest * 4 >= size * 3;
    let count = whole + u64::from(is_nearly);
    let plural = if count == 1 { "" } else { "s" };
    match (seconds > 0, is_nearly) {
        (true, true) => format!("in almost {count} {unit}{plural}"),
        (true, false) => format!("in {count} {unit}{plural}"),
        (false, _) => format!("{count} {unit}{plural} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_moment_is_told_in_the_readers_zone() {
        // 22 November 2026, 14:32 UTC.
        let at = moment(1_795_357_920);
        let reader = Reader::new(at.plus_days(-3), Zone::from_name("Africa/Tunis").unwrap());
        let view = reader.time(at);
        assert_eq!(view.absolute, "Sun 22 Nov 2026, 15:32 (Tunis)");
        assert_eq!(view.relative, "in 3 days");
        assert_eq!(view.datetime, "2026-11-22T14:32:00Z");
        let reader = Reader::new(at, Zone::from_name("America/Argentina/Buenos_Aires").unwrap());
        assert_eq!(reader.time(at).absolute, "Sun 22 Nov 2026, 11:32 (Buenos Aires)");
        assert_eq!(reader.day(at.plus_hours(-12)).words, "21 Nov 2026");
    }

    #[test]
    fn what_is_left_is_never_overstated() {
        let now = moment(1_795_357_920);
        let told = |seconds: i64| relative(moment(1_795_357_920 + seconds), now, &Zone::utc());
        assert_eq!(told(30), "in less than a minute");
        assert_eq!(told(0), "just now");
        assert_eq!(told(60), "in 1 minute");
        assert_eq!(told(7_199), "in 119 minutes");
        assert_eq!(told(172_799), "in almost 48 hours");
        assert_eq!(told(3 * 86_400 + 43_200), "in 3 days");
        assert_eq!(told(3 * 86_400 + 86_399), "in almost 4 days");
        assert_eq!(told(-86_400), "24 hours ago");
        assert_eq!(told(-800 * 86_400), "2 years ago");
        // From 20 March 2027, 23:59:59 in Paris, whose clocks are put on a week later.
        let (at, paris) = (1_805_583_599, Zone::from_name("Europe/Paris").unwrap());
        let in_two_weeks = relative(moment(at + 14 * 86_400 - 3_600), moment(at), &paris);
        assert_eq!(in_two_weeks, "in 14 days");
    }
}
