//! The checks of terms: all of them at once, each at its field.
//!
//! A fault's field is the name of the input that shows it (`milestone-2-amount`), so that a page can put
//! the sentence where the reader looks.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::contract;
use super::party::Role;
use super::plan::{Plan, PlanError, Share, commission_of};
use super::proof::{LONGEST_WINDOW_HOURS, SHORTEST_WINDOW_HOURS};
use super::refusal::Fault;
use super::terms::{Commission, CommissionPayer, DisputeHandler, FeePayer, Funding, Kind, Mode, Rate, Terms};
use super::time::Time;
use crate::money::LARGEST_MINOR;
use crate::text::{is_blank, is_hiding};

/// Limits of texts, in characters, and of lists.
pub const LONGEST_TITLE: usize = 200;
pub const LONGEST_DESCRIPTION: usize = 5_000;
pub const LONGEST_CONTRACT: usize = 10_000;
pub const LONGEST_CRITERION: usize = 500;
pub const LONGEST_REFERENCE: usize = 100;
pub const MOST_MILESTONES: usize = 50;
pub const MOST_CRITERIA: usize = 20;
pub const MOST_PAYEES: usize = 10;
pub const MOST_FILES: usize = 20;
pub const LARGEST_FILE_BYTES: i64 = 20 * 1024 * 1024;
pub const LONGEST_DELIVERY_DAYS: u16 = 730;

struct Checker<'a> {
    terms: &'a Terms,
    now: Time,
    faults: Vec<Fault>,
}

/// All faults of the terms at `now`; none means that they can be proposed. `minimum_minor` is the
/// smallest amount of their mode in their currency.
#[must_use]
pub fn faults(terms: &Terms, minimum_minor: i64, now: Time) -> Vec<Fault> {
    let mut checker = Checker { terms, now, faults: Vec::new() };
    checker.texts();
    checker.mode();
    checker.parties();
    checker.handler();
    checker.amounts(minimum_minor);
    checker.dates();
    checker.recipients();
    checker.commission();
    checker.fee();
    checker.files();
    if checker.faults.is_empty() {
        checker.plan();
    }
    checker.faults
}

impl Checker<'_> {
    fn fault(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.faults.push(Fault { field: field.into(), sentence: sentence.into() });
    }

    fn text(&mut self, field: &str, text: &str, most: usize, required: Option<&str>) {
        self.seen(field, text, most, required, is_hiding(text));
    }

    fn seen(&mut self, field: &str, text: &str, most: usize, required: Option<&str>, hiding: bool) {
        if let (Some(sentence), true) = (required, is_blank(text)) {
            self.fault(field, sentence);
        } else if hiding {
            self.fault(field, "This holds signs that nobody can see. Write it again without them.");
        }
        if text.chars().count() > most {
            self.fault(field, format!("Write no more than {most} characters."));
        }
    }

    /// A text of one line: a second one could pass for a line of ours in the contract.
    fn line(&mut self, field: &str, text: &str, most: usize, required: Option<&str>) {
        let has_lines = text.chars().any(char::is_control);
        self.seen(field, text, most, required, is_hiding(text) && !has_lines);
        if has_lines {
            self.fault(field, "Write it on one line.");
        }
    }

    fn texts(&mut self) {
        let terms = self.terms;
        self.line("title", &terms.title, LONGEST_TITLE, Some("Give the deal a title."));
        self.text("description", &terms.description, LONGEST_DESCRIPTION, None);
        // Whether there is such a zone is for those to know who have the list. Here it must look like one, since it
        // stands in the contract.
        let plain = |sign: u8| sign.is_ascii_alphanumeric() || b"/_+-".contains(&sign);
        let zone = terms.time_zone.as_bytes();
        if !(1..=64).contains(&zone.len()) || !zone.iter().all(|sign| plain(*sign)) {
            self.fault("time_zone", "Choose a time zone like Africa/Tunis.");
        }
        if let Some(reference) = &terms.external_reference {
            self.line("external_reference", reference, LONGEST_REFERENCE, None);
        }
        for (number, milestone) in (1..).zip(&terms.milestones) {
            let field = |name: &str| format!("milestone-{number}-{name}");
            let title = Some("Say in a few words what is delivered.");
            self.line(&field("title"), &milestone.title, LONGEST_TITLE, title);
            self.text(&field("description"), &milestone.description, LONGEST_DESCRIPTION, None);
            if milestone.criteria.len() > MOST_CRITERIA {
                self.fault(field("criteria"), format!("Name no more than {MOST_CRITERIA} criteria."));
            }
            for criterion in &milestone.criteria {
                let required = Some("A criterion can't be empty.");
                self.line(&field("criteria"), criterion, LONGEST_CRITERION, required);
            }
            if terms.mode == Mode::Standard && milestone.criteria.is_empty() {
                self.fault(
                    field("criteria"),
                    "Name at least one thing by which the buyer can tell that the work is done.",
                );
            }
        }
    }

    fn mode(&mut self) {
        let terms = self.terms;
        let contract = terms.contract_terms.as_deref().unwrap_or_default();
        match terms.mode {
            Mode::Standard => {
                let required = Some("Write the contract's terms.");
                self.text("contract_terms", contract, LONGEST_CONTRACT, required);
            }
            Mode::Quick | Mode::QuickProof | Mode::Instant => {
                if !contract.is_empty() {
                    self.fault("contract_terms", "Only a standard escrow has a contract.");
                }
            }
        }
        let count = terms.milestones.len();
        match (terms.mode, terms.kind) {
            (_, Kind::OneOff) if count != 1 => {
                self.fault("kind", "A one-off deal has exactly one delivery.");
            }
            (Mode::Standard, Kind::Milestone) if !(2..=MOST_MILESTONES).contains(&count) => {
                self.fault("kind", format!("A milestone deal has 2 to {MOST_MILESTONES} milestones."));
            }
            (Mode::Quick | Mode::QuickProof | Mode::Instant, Kind::Milestone) => {
                self.fault("kind", "Only a standard escrow can have milestones.");
            }
            _ => {}
        }
        if terms.kind == Kind::OneOff {
            match terms.delivery_days {
                None if terms.mode == Mode::Instant => {}
                None | Some(0) => self.fault("delivery_days", "Say within how many days it is delivered."),
                Some(days) if days > LONGEST_DELIVERY_DAYS => {
                    self.fault("delivery_days", format!("At most {LONGEST_DELIVERY_DAYS} days."));
                }
                Some(_) => {}
            }
        }
        if terms.funding == Funding::PerMilestone && terms.kind == Kind::OneOff {
            self.fault("funding", "Only a deal with milestones can be paid milestone by milestone.");
        }
        match (terms.pay_first, terms.mode) {
            (true, Mode::Standard) => {
                self.fault("pay_first", "Signing comes before paying in a standard escrow.");
            }
            (true, Mode::Instant) => {
                self.fault("pay_first", "An instant escrow begins with its payment anyway.")
            }
            (true, Mode::Quick | Mode::QuickProof) | (false, _) => {}
        }
        self.proof_windows();
    }

    /// DHMAD: 6 to 72 hours, for the proof and for the look at it.
    fn proof_windows(&mut self) {
        let terms = self.terms;
        let windows = [
            ("proof_upload_hours", terms.proof_upload_hours),
            ("proof_review_hours", terms.proof_review_hours),
        ];
        for (field, hours) in windows {
            match hours {
                Some(_) if terms.mode != Mode::QuickProof => {
                    self.fault(field, "Only a quick escrow with proof has time windows for it.");
                }
                Some(hours) if !(SHORTEST_WINDOW_HOURS..=LONGEST_WINDOW_HOURS).contains(&hours) => {
                    let sentence = format!("Choose {SHORTEST_WINDOW_HOURS} to {LONGEST_WINDOW_HOURS} hours.");
                    self.fault(field, sentence);
                }
                Some(_) | None => {}
            }
        }
    }

    fn parties(&mut self) {
        let terms = self.terms;
        let count = |role: Role| terms.parties.iter().filter(|party| party.role == role).count();
        let instant = terms.mode == Mode::Instant;
        if instant && count(Role::Buyer) > 0 {
            self.fault("buyer", "Name nobody: whoever pays by the link is the buyer.");
        }
        if !instant && count(Role::Buyer) != 1 {
            self.fault("buyer", "Name the buyer.");
        }
        if instant && count(Role::Broker) > 0 {
            self.fault("broker", "An instant escrow has no broker.");
        }
        if instant && count(Role::Payee) > 0 {
            self.fault("payees", "An instant escrow has no payees.");
        }
        if count(Role::Seller) != 1 {
            self.fault("seller", "Name the seller.");
        }
        if count(Role::Broker) > 1 {
            self.fault("broker", "A deal has at most one broker.");
        }
        if count(Role::Payee) > MOST_PAYEES {
            self.fault("payees", format!("Name no more than {MOST_PAYEES} payees."));
        }
        let mut known = HashSet::new();
        for party in &terms.parties {
            if !contract::is_digest(&party.identity_sha256) {
                self.fault(party.role.word(), "This address could not be written into the contract.");
            }
            if !known.insert(party.user) {
                let sentence = "Each party needs an email address of its own.";
                self.fault(party.role.word(), sentence);
            }
        }
        if terms.fee_payer == FeePayer::Broker && count(Role::Broker) == 0 {
            self.fault("fee_payer", "There is no broker who could pay the fee.");
        }
    }

    /// Vesicash: `dispute_handler`. An arbiter takes no other part.
    fn handler(&mut self) {
        let terms = self.terms;
        match (terms.dispute_handler, &terms.arbiter) {
            (DisputeHandler::Platform, None) => {}
            (DisputeHandler::Platform, Some(_)) => {
                self.fault("dispute_handler", "Where Holdfast’s operators decide no arbiter is named.");
            }
            (DisputeHandler::Arbitration, None) => self.fault("arbiter", "Name the arbiter."),
            (DisputeHandler::Arbitration, Some(arbiter)) => {
                if !contract::is_digest(&arbiter.identity_sha256) {
                    self.fault("arbiter", "This address could not be written into the contract.");
                }
                if terms.role_of(arbiter.user).is_some() {
                    let sentence = "The arbiter takes no other part. Name somebody who is not one of you.";
                    self.fault("arbiter", sentence);
                }
            }
        }
    }

    fn amounts(&mut self, minimum_minor: i64) {
        let terms = self.terms;
        if terms.amount_minor <= 0 {
            self.fault("amount", "Enter an amount above zero.");
        } else if terms.amount_minor > LARGEST_MINOR {
            self.fault("amount", "This amount is larger than Holdfast can hold.");
        } else if terms.amount_minor < minimum_minor {
            let least = terms.money(minimum_minor);
            self.fault("amount", format!("The smallest amount for this kind of deal is {least}."));
        }
        let mut sum = 0_i64;
        for (number, milestone) in (1..).zip(&terms.milestones) {
            if milestone.amount_minor <= 0 || milestone.amount_minor > LARGEST_MINOR {
                self.fault(format!("milestone-{number}-amount"), "Enter an amount above zero.");
            }
            sum = sum.saturating_add(milestone.amount_minor);
        }
        if sum != terms.amount_minor && !terms.milestones.is_empty() {
            let sentence = format!(
                "The milestones come to {}, the whole to {}. They must be equal.",
                terms.money(sum),
                terms.money(terms.amount_minor)
            );
            self.fault("amount", sentence);
        }
    }

    fn dates(&mut self) {
        let terms = self.terms;
        let mut before: Option<Time> = None;
        for (number, milestone) in (1..).zip(&terms.milestones) {
            let field = format!("milestone-{number}-due");
            match (terms.kind, milestone.due) {
                (Kind::OneOff, Some(_)) => self.fault(&field, "A one-off deal counts its days from payment."),
                (Kind::OneOff, None) => {}
                (Kind::Milestone, None) => self.fault(&field, "Say when this is due."),
                (Kind::Milestone, Some(due)) if due <= self.now => {
                    self.fault(&field, "This date has passed. Choose one in the future.");
                }
                (Kind::Milestone, Some(due)) if before.is_some_and(|before| due < before) => {
                    self.fault(&field, "This is due before the milestone above it. Put them in order.");
                }
                (Kind::Milestone, Some(due)) if due > self.now.plus_days(3_650) => {
                    self.fault(&field, "Choose a date within ten years.");
                }
                (Kind::Milestone, Some(_)) => {}
            }
            before = milestone.due.or(before);
            if !(1..=30).contains(&milestone.inspection_days) {
                self.fault(format!("milestone-{number}-inspection"), "Choose 1 to 30 days.");
            }
        }
    }

    fn recipients(&mut self) {
        let terms = self.terms;
        for (number, milestone) in (1..).zip(&terms.milestones) {
            if milestone.recipients.is_empty() {
                continue;
            }
            let field = format!("milestone-{number}-recipients");
            let mut known = HashSet::new();
            let mut sum = 0_i64;
            for line in &milestone.recipients {
                sum = sum.saturating_add(line.amount_minor);
                match terms.role_of(line.user) {
                    None => self.fault(&field, "Only parties of the deal can receive from it."),
                    Some(Role::Buyer) => self.fault(&field, "The buyer pays and can't receive."),
                    Some(Role::Broker) if terms.commission.is_some() => {
                        self.fault(&field, "The broker has a commission or a line of its own, never both.");
                    }
                    Some(Role::Seller | Role::Broker | Role::Payee) => {}
                }
                if line.amount_minor <= 0 {
                    self.fault(&field, "Each recipient's amount must be above zero.");
                }
                if !known.insert(line.user) {
                    self.fault(&field, "Name each recipient once.");
                }
            }
            if sum != milestone.amount_minor {
                let (sum, whole) = (terms.money(sum), terms.money(milestone.amount_minor));
                self.fault(
                    &field,
                    format!("The recipients' amounts come to {sum}, the milestone to {whole}."),
                );
            }
        }
    }

    fn commission(&mut self) {
        let terms = self.terms;
        let Some(commission) = &terms.commission else { return };
        if terms.party(Role::Broker).is_none() {
            self.fault("commission", "There is no broker to earn a commission.");
        }
        let fine = match &commission.rate {
            Rate::FixedMinor(minor) => *minor > 0 && *minor < terms.amount_minor,
            Rate::Percent(percent) => {
                *percent > Decimal::ZERO && *percent < Decimal::ONE_HUNDRED && percent.scale() <= 4
            }
        };
        if !fine {
            let sentence =
                "Enter a commission above zero and below the whole amount, with at most 4 decimals.";
            self.fault("commission", sentence);
        } else if commission_of(terms) == 0 {
            self.fault("commission", "This percentage of the amount rounds to nothing.");
        }
        if commission.hidden {
            self.hidden(commission);
        } else if !commission.salt.is_empty() {
            self.fault("commission", "Only a hidden commission has a side agreement.");
        }
    }

    /// Nothing that the other side sees may tell how much is hidden from it.
    fn hidden(&mut self, commission: &Commission) {
        let terms = self.terms;
        if commission.payer == CommissionPayer::Split {
            self.fault("commission_hidden", "A commission that both sides pay can't be hidden.");
        }
        if terms.fee_payer == FeePayer::Broker {
            let sentence = "While the commission is hidden the broker can't pay the fee: it would tell what he earns at least.";
            self.fault("fee_payer", sentence);
        }
        let is_shared = terms.milestones.iter().any(|part| !part.recipients.is_empty());
        if commission.payer == CommissionPayer::Seller && is_shared {
            let sentence = "A commission can't be hidden from the buyer where others receive beside the seller: \
                their sums would give it away.";
            self.fault("commission_hidden", sentence);
        }
        let digits = commission.salt.bytes().filter(u8::is_ascii_hexdigit).count();
        if digits != 32 || commission.salt.len() != 32 {
            self.fault("commission_hidden", "The side agreement needs a random salt.");
        }
    }

    /// The schedule comes from the platform's settings and not from a form. A wrong one must not make
    /// money out of nothing.
    fn fee(&mut self) {
        let fee = &self.terms.fee;
        let sum = 0..=LARGEST_MINOR;
        let fine = fee.percent >= Decimal::ZERO
            && fee.percent < Decimal::ONE_HUNDRED
            && fee.percent.normalize().scale() <= 4
            && sum.contains(&fee.fixed_minor)
            && sum.contains(&fee.min_minor)
            && fee.max_minor.is_none_or(|most| sum.contains(&most) && most >= fee.min_minor);
        if !fine {
            let sentence =
                "The platform fee for this currency is not set up correctly. Please tell the operators.";
            self.fault("fee", sentence);
        }
    }

    fn files(&mut self) {
        if self.terms.files.len() > MOST_FILES {
            self.fault("files", format!("Attach no more than {MOST_FILES} files."));
        }
        if self.terms.files.iter().any(|file| file.size_bytes > LARGEST_FILE_BYTES) {
            self.fault("files", "A file can have up to 20 MiB.");
        }
    }

    fn plan(&mut self) {
        match Plan::of(self.terms) {
            Ok(plan) => {
                let earns = plan.receives_minor(Share::Broker) + plan.receives_minor(Share::BrokerOnTop);
                if self.terms.fee_payer == FeePayer::Broker && plan.fee_minor() > 0 && earns == 0 {
                    self.fault("fee_payer", "The fee must be less than what the broker earns.");
                }
            }
            Err(PlanError::SellerReceivesNothing(index)) => {
                let shared = self.terms.milestones.get(index).is_some_and(|part| !part.recipients.is_empty());
                let (part, sentence) = match shared {
                    true => {
                        ("recipients", "After fees and what others get nothing would be left for the seller.")
                    }
                    false => ("amount", "After fees and commission nothing would be left for the seller."),
                };
                self.fault(format!("milestone-{}-{part}", index + 1), sentence);
            }
            Err(PlanError::BrokerPaysMore(index)) => {
                let sentence = "The fee would be more than the broker earns in this milestone.";
                let part = if self.terms.broker_has_line() { "broker" } else { "amount" };
                self.fault(format!("milestone-{}-{part}", index + 1), sentence);
            }
        }
    }
}
