//! What was typed into the pages of a new escrow, right or wrong. It knows the names of the fields and
//! how the milestones are numbered, and judges nothing.

use super::steps::Step;
use crate::engine::chain::sha256_hex;
use crate::engine::check::{MOST_MILESTONES, MOST_PAYEES};
use crate::engine::party::Role;
use crate::engine::terms::{Kind, Mode};
use crate::store::drafts::Pairs;
use crate::text;
use crate::web::form::Fields;

/// A milestone deal has at least so many, and its page shows them from the start.
pub const FEWEST_MILESTONES: usize = 2;

const PARTS: [&str; 7] = ["title", "amount", "description", "due", "inspection", "criteria", "broker"];
const PAYEE_PARTS: [&str; 2] = ["name", "email"];

/// Everything typed so far.
#[derive(Clone, Debug, Default)]
pub struct Answers(Fields);

impl Answers {
    #[must_use]
    pub fn new(pairs: &Pairs) -> Self {
        let mut fields = Fields::default();
        for (name, value) in pairs {
            fields.set(name, text::clean(value));
        }
        Self(fields)
    }

    /// As it is stored.
    #[must_use]
    pub fn pairs(&self) -> Pairs {
        self.0.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The fields, to be read.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.0
    }

    /// The text of a field without white space around it.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    /// What was typed, or `default` as long as the page of the field was never sent.
    #[must_use]
    pub fn or(&self, name: &str, default: &str) -> String {
        if self.0.has(name) { self.0.get(name).to_owned() } else { default.to_owned() }
    }

    /// Takes over what the page of a step sent, and nothing else. What it did not show stays, so that
    /// who changes his mind twice finds everything again.
    pub fn put(&mut self, step: Step, sent: &Fields) {
        for (name, value) in sent.iter().filter(|(name, _)| Step::of_field(name) == Some(step)) {
            self.0.set(name, text::trimmed(value));
        }
    }

    /// What the page of a step shows of it, as a fingerprint: a page that sends another one was saved elsewhere since.
    #[must_use]
    pub fn seen(&self, step: Step) -> String {
        let of_step =
            self.0.iter().filter(|(name, value)| Step::of_field(name) == Some(step) && !value.is_empty());
        let mut lines: Vec<String> = of_step.map(|(name, value)| format!("{name}\0{value}\0")).collect();
        lines.sort_unstable();
        sha256_hex(lines.concat().as_bytes()).chars().take(16).collect()
    }

    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self.get("role") {
            "buyer" => Some(Role::Buyer),
            "seller" => Some(Role::Seller),
            "broker" => Some(Role::Broker),
            _ => None,
        }
    }

    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self.get("kind") {
            "one_off" => Some(Kind::OneOff),
            "milestone" => Some(Kind::Milestone),
            _ => None,
        }
    }

    /// The modes that Holdfast offers so far.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        match self.get("mode") {
            "standard" => Some(Mode::Standard),
            "quick" => Some(Mode::Quick),
            "quick_proof" => Some(Mode::QuickProof),
            "instant" => Some(Mode::Instant),
            _ => None,
        }
    }

    /// Whether a broker takes part: the creator, or somebody named.
    #[must_use]
    pub fn has_broker(&self) -> bool {
        let named = self.role() == Some(Role::Broker) || !self.get("broker").is_empty();
        named && self.mode() != Some(Mode::Instant)
    }

    /// How many milestones the pages show: those of the numbers that follow each other from 1.
    #[must_use]
    pub fn milestones(&self) -> usize {
        if self.kind() != Some(Kind::Milestone) {
            return 1;
        }
        let typed = (1..=MOST_MILESTONES).take_while(|number| self.0.has(&name(*number, "title"))).count();
        typed.max(FEWEST_MILESTONES)
    }

    /// One more milestone at the end; its number, or nothing when there are as many as there may be.
    pub fn add_milestone(&mut self) -> Option<usize> {
        let number = self.milestones() + 1;
        if number > MOST_MILESTONES {
            return None;
        }
        // Also those that were shown and not sent yet, so that the numbers have no gap.
        for known in 1..=number {
            if !self.0.has(&name(known, "title")) {
                self.0.set(&name(known, "title"), "");
            }
        }
        Some(number)
    }

    /// Takes a milestone out; those behind it move up.
    pub fn remove_milestone(&mut self, number: usize) {
        let count = self.milestones();
        if !(1..=count).contains(&number) || count <= FEWEST_MILESTONES {
            return;
        }
        let shares: Vec<String> = (1..=MOST_PAYEES).map(share).collect();
        for part in PARTS.into_iter().chain(shares.iter().map(String::as_str)) {
            self.move_up(number, count, &|at| name(at, part));
        }
    }

    /// Takes out the field of `number`; those up to the one of `last` move up by one.
    fn move_up(&mut self, number: usize, last: usize, field: &dyn Fn(usize) -> String) {
        for at in number..last {
            let (to, from) = (field(at), field(at + 1));
            if self.0.has(&from) {
                let moved = self.0.exact(&from).to_owned();
                self.0.set(&to, moved);
            } else {
                self.0.remove(&to);
            }
        }
        self.0.remove(&field(last));
    }

    /// How many are named who are paid too. Behind a pay link there is nobody but the seller.
    #[must_use]
    pub fn payees(&self) -> usize {
        if self.mode() == Some(Mode::Instant) { 0 } else { self.payees_typed() }
    }

    fn payees_typed(&self) -> usize {
        (1..=MOST_PAYEES).take_while(|number| self.0.has(&payee(*number, "email"))).count()
    }

    /// Room for one more; his number, or nothing when there are as many as there may be.
    pub fn add_payee(&mut self) -> Option<usize> {
        let number = self.payees_typed() + 1;
        if number > MOST_PAYEES {
            return None;
        }
        for part in PAYEE_PARTS {
            self.0.set(&payee(number, part), "");
        }
        Some(number)
    }

    /// Takes one out, with what he gets from each milestone; those behind him move up.
    pub fn remove_payee(&mut self, number: usize) {
        let count = self.payees_typed();
        if !(1..=count).contains(&number) {
            return;
        }
        for part in PAYEE_PARTS {
            self.move_up(number, count, &|at| payee(at, part));
        }
        for milestone in 1..=MOST_MILESTONES {
            self.move_up(number, count, &|at| name(milestone, &share(at)));
        }
    }
}

/// The name of a payee's field.
#[must_use]
pub fn payee(number: usize, part: &str) -> String {
    format!("payee-{number}-{part}")
}

/// The part of a milestone's fields that says what a payee gets from it.
#[must_use]
pub fn share(payee: usize) -> String {
    format!("payee-{payee}")
}

/// The name of a milestone's field.
#[must_use]
pub fn name(number: usize, part: &str) -> String {
    format!("milestone-{number}-{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(pairs: &[(&str, &str)]) -> Answers {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Answers::new(&pairs.collect())
    }

    fn three() -> Answers {
        answers(&[
            ("kind", "milestone"),
            ("milestone-1-title", "a"),
            ("milestone-2-title", "b"),
            ("milestone-2-due", "2026-06-01"),
            ("milestone-3-title", "c"),
            ("milestone-3-amount", "3"),
        ])
    }

    #[test]
    fn a_page_changes_its_own_fields_and_no_others() {
        let mut answers = answers(&[("title", "Old"), ("amount", "5")]);
        let pairs = [("title", " New "), ("amount", "6"), ("key", "x"), ("milestone-99-title", "y")];
        let sent = Fields::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        answers.put(Step::Work, &sent);
        assert_eq!((answers.get("title"), answers.get("amount")), ("New", "5"));
        assert_eq!(answers.pairs().len(), 2);
    }

    #[test]
    fn those_behind_a_removed_milestone_move_up() {
        let mut answers = three();
        assert_eq!(answers.milestones(), 3);
        answers.remove_milestone(2);
        assert_eq!(answers.milestones(), 2);
        assert_eq!((answers.get("milestone-2-title"), answers.get("milestone-2-amount")), ("c", "3"));
        assert!(!answers.fields().has("milestone-2-due") && !answers.fields().has("milestone-3-title"));
        answers.remove_milestone(1);
        assert_eq!(answers.milestones(), 2, "two are the fewest");
    }

    #[test]
    fn milestones_are_added_up_to_the_most_there_may_be() {
        let mut answers = answers(&[("kind", "milestone")]);
        assert_eq!((answers.milestones(), answers.add_milestone()), (2, Some(3)));
        while answers.add_milestone().is_some() {}
        assert_eq!(answers.milestones(), MOST_MILESTONES);
    }

    #[test]
    fn who_is_paid_too_is_added_and_removed_with_what_he_gets() {
        let mut answers = three();
        assert_eq!((answers.payees(), answers.add_payee(), answers.add_payee()), (0, Some(1), Some(2)));
        let typed = [("payee-2-email", "b@x"), ("milestone-1-payee-1", "1"), ("milestone-3-payee-2", "2")];
        for (field, value) in typed {
            answers.0.set(field, value);
        }
        answers.remove_milestone(2);
        assert_eq!(answers.get("milestone-2-payee-2"), "2", "it moves with its milestone");
        answers.remove_payee(1);
        assert_eq!((answers.payees(), answers.get("payee-1-email")), (1, "b@x"));
        assert_eq!((answers.get("milestone-1-payee-1"), answers.get("milestone-2-payee-1")), ("", "2"));
        assert!(!answers.fields().has("milestone-2-payee-2"));
        while answers.add_payee().is_some() {}
        assert_eq!(answers.payees(), MOST_PAYEES);
        answers.0.set("mode", "instant");
        assert_eq!(answers.payees(), 0, "a pay link has none");
    }

    #[test]
    fn what_a_default_filled_in_is_only_a_default_until_the_page_was_sent() {
        assert_eq!(three().or("milestone-1-inspection", "3"), "3");
        assert_eq!(answers(&[("x", "")]).or("x", "3"), "");
    }
}
