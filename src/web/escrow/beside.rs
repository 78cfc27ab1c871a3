//! What stands beside the next step of a milestone: a clock that stands still with the time that is left, and
//! a later date that was asked for.

use time::Duration;

use super::seat::Seat;
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::Milestone;
use crate::engine::party::Role;
use crate::web::view::Icon;

/// One sentence beside the panel.
pub struct Also {
    pub icon: Icon,
    pub words: String,
    /// Where the request stands whole; empty where there is none.
    pub href: String,
}

/// What stands beside the next step of a milestone, numbered from 1.
#[must_use]
pub fn also(seat: &Seat, number: u16) -> Vec<Also> {
    let title = seat.title_of(number);
    let mut lines = Vec::new();
    if let Some((clock, left)) = deadlines::stopped(&seat.escrow, number) {
        let whose = match clock.waiting {
            Waiting::Delivery | Waiting::Changes => "to deliver",
            Waiting::Inspection => "to check",
            _ => "to decide about",
        };
        let words = format!("Stopped, {} left {whose} “{title}”.", left_in_words(left));
        lines.push(Also { icon: Icon::CirclePause, words, href: String::new() });
    }
    let asked = seat.escrow.milestone(number).and_then(|part: &Milestone| part.extension.as_ref());
    if let Some(asked) = asked.filter(|_| matches!(seat.role, Role::Seller | Role::Broker)) {
        let (due, by) = (seat.reader.day(asked.due).words, seat.reader.time(asked.answer_by).absolute);
        let who = if asked.by == seat.role { "You".to_owned() } else { seat.name_of(asked.by) };
        let words = format!("{who} asked to deliver “{title}” by {due}. The buyer answers by {by}.");
        let href = format!("{}/milestones/{number}/extension", seat.path());
        lines.push(Also { icon: Icon::Hourglass, words, href });
    }
    lines
}

/// "2 days 3 hours", never more than there is.
#[must_use]
pub fn left_in_words(left: Duration) -> String {
    let count = |number: i64, unit: &str| match number {
        0 => String::new(),
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    };
    let (days, hours, minutes) = (left.whole_days(), left.whole_hours() % 24, left.whole_minutes() % 60);
    let words = match (days, hours, minutes) {
        (..=0, ..=0, ..=0) => return "less than a minute".to_owned(),
        (..=0, ..=0, _) => [String::new(), count(minutes, "minute")],
        (..=0, ..) => [count(hours, "hour"), count(minutes, "minute")],
        _ => [count(days, "day"), count(hours, "hour")],
    };
    words.join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_stopped_clock_is_told_in_two_units() {
        let told = |minutes| left_in_words(Duration::minutes(minutes));
        assert_eq!(told(2 * 1_440 + 3 * 60 + 59), "2 days 3 hours");
        assert_eq!(told(1_440 + 60), "1 day 1 hour");
        assert_eq!(told(2 * 1_440 + 59), "2 days");
        assert_eq!(told(61), "1 hour 1 minute");
        assert_eq!(told(59), "59 minutes");
        assert_eq!(told(0), "less than a minute");
        assert_eq!(told(-5), "less than a minute");
    }
}
