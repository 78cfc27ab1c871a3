//! What is delivered for how much: the milestones of a deal, or the one delivery of a one-off.

use super::answers::{Answers, name};
use super::shares::Receivers;
use crate::engine::terms::{Kind, MilestoneTerms};
use crate::money::Currency;
use crate::text::trimmed;
use crate::web::form::Problems;

/// The inspection days of a delivery as long as nobody chose others.
pub const INSPECTION_DAYS: &str = "3";

/// The milestones. What can't be read is a problem and stands there as nothing.
pub fn read(
    answers: &Answers,
    kind: Kind,
    currency: Currency,
    zone: &str,
    receivers: &Receivers,
    problems: &mut Problems,
) -> Vec<MilestoneTerms> {
    let one = |number| milestone(answers, kind, currency, zone, receivers, number, problems);
    let all = (1..=answers.milestones()).map(one).collect();
    receivers.judge(answers, kind, problems);
    all
}

fn milestone(
    answers: &Answers,
    kind: Kind,
    currency: Currency,
    zone: &str,
    receivers: &Receivers,
    number: usize,
    problems: &mut Problems,
) -> MilestoneTerms {
    let fields = answers.fields();
    let (title, amount, due) = match kind {
        Kind::OneOff => (answers.get("title"), "amount".to_owned(), None),
        Kind::Milestone => {
            let due = fields.end_of_day(&name(number, "due"), zone, problems);
            (answers.get(&name(number, "title")), name(number, "amount"), due)
        }
    };
    let amount = fields.money(&amount, currency, problems);
    MilestoneTerms {
        title: title.to_owned(),
        description: answers.get(&name(number, "description")).to_owned(),
        amount_minor: amount.map_or(0, |amount| amount.minor),
        due,
        inspection_days: inspection(answers, &name(number, "inspection"), problems),
        criteria: criteria(answers.get(&name(number, "criteria"))),
        recipients: receivers.read(answers, number, amount, currency, problems),
    }
}

fn inspection(answers: &Answers, field: &str, problems: &mut Problems) -> u8 {
    let default = INSPECTION_DAYS.parse().unwrap_or_default();
    if !answers.fields().has(field) {
        return default;
    }
    let days = answers.fields().number(field, 1, 30, problems);
    days.and_then(|days| u8::try_from(days).ok()).unwrap_or(default)
}

/// One criterion a line. Signs that people put before the lines of a list go.
fn criteria(text: &str) -> Vec<String> {
    let plain = |line: &str| {
        let line = trimmed(line);
        let bare = ["- ", "* ", "• ", "– "].iter().find_map(|sign| line.strip_prefix(sign));
        trimmed(bare.unwrap_or(line)).to_owned()
    };
    text.lines().map(plain).filter(|line| !line.is_empty()).collect()
}

/// The sum of the amounts that can be read, in minor units, and the numbers of those that can't.
#[must_use]
pub fn running_total(answers: &Answers, currency: Currency) -> (i64, Vec<usize>) {
    let (mut sum, mut unread) = (0_i64, Vec::new());
    for number in 1..=answers.milestones() {
        let field = name(number, "amount");
        match answers.fields().money(&field, currency, &mut Problems::new()) {
            Some(amount) => sum = sum.saturating_add(amount.minor),
            None if answers.get(&field).is_empty() => {}
            None => unread.push(number),
        }
    }
    (sum, unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_criteria_is_read_line_by_line() {
        let text = "- Loads in 2 s\n\n  * Works on a phone \n-5 °C is survived\n";
        assert_eq!(criteria(text), ["Loads in 2 s", "Works on a phone", "-5 °C is survived"]);
        assert!(criteria(" \n-\n").len() == 1, "a sign alone is what was typed");
    }
}
