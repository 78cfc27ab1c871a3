//! What others than the seller get out of the price: the payees, and a broker who has a sum of his own from each
//! milestone instead of a commission. The seller gets the rest, so nobody types what he gets.

use super::answers::{Answers, name, share};
use super::people::payee_name;
use crate::engine::party::{Role, UserId};
use crate::engine::terms::{Kind, Recipient, TermsParty};
use crate::money::{Currency, LARGEST_MINOR, Money};
use crate::web::form::Problems;

/// The commission's kind by which a broker has a sum of his own from each milestone.
pub const LINE: &str = "line";

/// Whether the broker has a line of his own instead of a commission.
#[must_use]
pub fn broker_has_line(answers: &Answers) -> bool {
    answers.has_broker() && answers.get("commission_kind") == LINE
}

/// Who can get something, as the terms will name them.
#[derive(Clone, Debug, Default)]
pub struct Receivers {
    seller: Option<UserId>,
    broker: Option<UserId>,
    payees: Vec<UserId>,
}

impl Receivers {
    /// Among the parties of terms; the broker only where he has a line.
    #[must_use]
    pub fn of(parties: &[TermsParty], broker_has_line: bool) -> Self {
        let all = |role: Role| parties.iter().filter(move |party| party.role == role).map(|party| party.user);
        Self {
            seller: all(Role::Seller).next(),
            broker: all(Role::Broker).next().filter(|_| broker_has_line),
            payees: all(Role::Payee).collect(),
        }
    }

    /// Whoever is not the seller, with the field of what he gets from a milestone, in the order of the plan.
    fn others(&self, number: usize) -> impl Iterator<Item = (UserId, String)> {
        let broker = self.broker.map(|user| (user, name(number, "broker")));
        let payees = (1..).zip(&self.payees).map(move |(place, user)| (*user, name(number, &share(place))));
        broker.into_iter().chain(payees)
    }

    /// The gross lines of a milestone; none where the seller gets all of it.
    pub fn read(
        &self,
        answers: &Answers,
        number: usize,
        whole: Option<Money>,
        currency: Currency,
        problems: &mut Problems,
    ) -> Vec<Recipient> {
        let mut lines = Vec::new();
        for (user, field) in self.others(number) {
            if answers.get(&field).is_empty() {
                continue;
            }
            let amount = answers.fields().money_or_zero(&field, currency, problems);
            let amount_minor = amount.map_or(0, |amount| amount.minor);
            if amount_minor > 0 {
                lines.push(Recipient { user, amount_minor });
            }
        }
        let (Some(seller), Some(whole), false) = (self.seller, whole, lines.is_empty()) else {
            return Vec::new();
        };
        let sum = |sum: i64, line: &Recipient| sum.saturating_add(line.amount_minor);
        let given = lines.iter().fold(0, sum);
        if given >= whole.minor {
            // Said where it is too much first: the page of the price comes before the one of the broker.
            let to_payees = lines.iter().filter(|line| Some(line.user) != self.broker).fold(0, sum);
            let part = if to_payees >= whole.minor { "recipients" } else { "broker" };
            problems.add(name(number, part), too_much(currency.of(given.min(LARGEST_MINOR)), whole));
            return Vec::new();
        }
        lines.insert(0, Recipient { user: seller, amount_minor: whole.minor - given });
        lines
    }

    /// What would be pointless: to name somebody who gets nothing at all.
    pub fn judge(&self, answers: &Answers, kind: Kind, problems: &mut Problems) {
        let gets = |field: &dyn Fn(usize) -> String| {
            (1..=answers.milestones()).any(|number| {
                // What can't be read is said at its place.
                let typed = answers.get(&field(number));
                !typed.is_empty() && typed.bytes().any(|sign| sign != b'0' && sign != b'.')
            })
        };
        let from = match kind {
            Kind::OneOff => "",
            Kind::Milestone => ", from this milestone or from another one",
        };
        if self.broker.is_some() && !gets(&|number| name(number, "broker")) {
            problems.add(name(1, "broker"), format!("Say what the broker gets{from}."));
        }
        for place in 1..=self.payees.len() {
            if !gets(&|number| name(number, &share(place))) {
                let who = payee_name(answers, place);
                problems.add(name(1, &share(place)), format!("Say what {who} gets{from}."));
            }
        }
    }
}

fn too_much(given: Money, whole: Money) -> String {
    if given.minor == whole.minor {
        format!(
            "The others would get all of {whole}, and the seller nothing. Leave something for the seller."
        )
    } else {
        format!("The others would get {given} together, more than the {whole} there are. Give them less.")
    }
}

/// What is left of a milestone for the seller before fees; nothing where that can't be said.
#[must_use]
pub fn rest(answers: &Answers, number: usize, kind: Kind, currency: Currency) -> Option<Money> {
    let mut quiet = Problems::new();
    let whole = match kind {
        Kind::OneOff => "amount".to_owned(),
        Kind::Milestone => name(number, "amount"),
    };
    let mut left = answers.fields().money(&whole, currency, &mut quiet)?.minor;
    let broker = broker_has_line(answers).then(|| name(number, "broker"));
    let payees = (1..=answers.payees()).map(|place| name(number, &share(place)));
    for field in payees.chain(broker).filter(|field| !answers.get(field).is_empty()) {
        left -= answers.fields().money_or_zero(&field, currency, &mut quiet)?.minor;
    }
    (left > 0).then(|| currency.of(left))
}
