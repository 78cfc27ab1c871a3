//! Fields that a page repeats: one set for each person, one for each milestone.

use super::answers::{Answers, name, payee, share};
use super::open::Opened;
use super::people::{others, payee_name};
use super::shares::{broker_has_line, rest};
use crate::engine::party::Role;
use crate::engine::terms::Kind;
use crate::money::{Currency, Money};
use crate::web::view::MoneyView;

/// Somebody to be named.
pub struct PersonField {
    pub name: &'static str,
    pub heading: &'static str,
    pub hint: &'static str,
    pub value: String,
    pub country_name: String,
    pub country: String,
}

#[must_use]
pub fn people(answers: &Answers) -> Vec<PersonField> {
    let named = others(answers.role().unwrap_or(Role::Seller));
    let field = |(role, required): (Role, bool)| {
        let heading = match (role, required) {
            (Role::Buyer, _) => "The buyer",
            (Role::Seller, _) => "The seller",
            (Role::Broker | Role::Payee, _) => "A broker, if there is one",
        };
        let country_name = format!("{}_country", role.word());
        PersonField {
            name: role.word(),
            heading,
            hint: if required {
                ""
            } else {
                "Leave it empty if nobody brings you together for a commission."
            },
            value: answers.get(role.word()).to_owned(),
            country: answers.get(&country_name).to_owned(),
            country_name,
        }
    };
    named.into_iter().map(field).collect()
}

/// Somebody who is paid too.
pub struct PayeeField {
    pub number: usize,
    pub name_name: String,
    pub name: String,
    pub email_name: String,
    pub email: String,
}

#[must_use]
pub fn payees(answers: &Answers) -> Vec<PayeeField> {
    let field = |number| {
        let (name_name, email_name) = (payee(number, "name"), payee(number, "email"));
        PayeeField {
            number,
            name: answers.get(&name_name).to_owned(),
            email: answers.get(&email_name).to_owned(),
            name_name,
            email_name,
        }
    };
    (1..=answers.payees()).map(field).collect()
}

/// What others than the seller get from a milestone, and what is left for him.
pub struct Shared {
    /// Empty where nobody is paid too.
    pub fields: Vec<ShareField>,
    /// Where it is said that they get too much.
    pub name: String,
    pub rest: Option<MoneyView>,
    /// The broker gets something as well, which another page asks for.
    pub less_broker: bool,
}

/// What one of them gets.
pub struct ShareField {
    pub name: String,
    pub label: String,
    pub value: String,
}

impl Shared {
    #[must_use]
    pub fn of(answers: &Answers, number: usize, currency: Currency) -> Self {
        let field = |place| {
            let name = name(number, &share(place));
            let value = answers.get(&name).to_owned();
            ShareField { label: payee_name(answers, place), value, name }
        };
        Self {
            fields: (1..=answers.payees()).map(field).collect(),
            name: name(number, "recipients"),
            rest: rest(answers, number, kind(answers), currency).map(MoneyView::from),
            less_broker: broker_has_line(answers),
        }
    }
}

fn kind(answers: &Answers) -> Kind {
    answers.kind().unwrap_or(Kind::OneOff)
}

/// What the broker gets from each milestone, where that is no commission.
#[must_use]
pub fn broker_lines(answers: &Answers, currency: Currency) -> Vec<BrokerField> {
    let field = |number: usize| {
        let name = name(number, "broker");
        let whole = match kind(answers) {
            Kind::OneOff => "amount".to_owned(),
            Kind::Milestone => super::answers::name(number, "amount"),
        };
        let title = answers.get(&super::answers::name(number, "title"));
        BrokerField {
            label: match (kind(answers), title) {
                (Kind::OneOff, _) => "What the broker gets out of the price".to_owned(),
                (Kind::Milestone, "") => format!("Out of milestone {number}"),
                (Kind::Milestone, title) => format!("Out of {number}. {title}"),
            },
            value: answers.get(&name).to_owned(),
            name,
            whole: Money::parse(answers.get(&whole), currency).ok().map(|money| money.to_string()),
            rest: rest(answers, number, kind(answers), currency).map(|money| money.to_string()),
        }
    };
    (1..=answers.milestones()).map(field).collect()
}

/// The broker's sum of one milestone.
pub struct BrokerField {
    pub name: String,
    pub label: String,
    pub value: String,
    whole: Option<String>,
    rest: Option<String>,
}

impl BrokerField {
    /// "Of 400.000 TND. The seller gets 300.000 TND, before fees."
    #[must_use]
    pub fn hint(&self) -> String {
        match (&self.whole, &self.rest) {
            (Some(whole), Some(rest)) => {
                format!("Of {whole}. As last saved the seller gets {rest}, before fees.")
            }
            (Some(whole), None) => format!("Of {whole}."),
            (None, _) => String::new(),
        }
    }
}

/// A milestone's title and amount.
pub struct PriceRow {
    pub number: usize,
    pub title_name: String,
    pub title: String,
    pub amount_name: String,
    pub amount: String,
    pub shared: Shared,
}

#[must_use]
pub fn prices(answers: &Answers, currency: Currency) -> Vec<PriceRow> {
    let row = |number| {
        let (title_name, amount_name) = (name(number, "title"), name(number, "amount"));
        PriceRow {
            number,
            title: answers.get(&title_name).to_owned(),
            amount: answers.get(&amount_name).to_owned(),
            title_name,
            amount_name,
            shared: Shared::of(answers, number, currency),
        }
    };
    (1..=answers.milestones()).map(row).collect()
}

/// When a milestone is due, how long the buyer may look at it, and how he can tell that it is done.
pub struct DeliveryRow {
    /// "1. Design", or nothing for the one delivery of a one-off deal.
    pub heading: String,
    pub amount: Option<MoneyView>,
    pub description_name: String,
    pub description: String,
    pub due_name: String,
    pub due: String,
    pub inspection_name: String,
    pub inspection: String,
    pub criteria_name: String,
    pub criteria: String,
}

#[must_use]
pub fn deliveries(opened: &Opened, inspection_days: &str) -> Vec<DeliveryRow> {
    let answers = &opened.answers;
    let row = |number| {
        let heading = match (answers.kind(), answers.get(&name(number, "title"))) {
            (Some(Kind::Milestone), "") => format!("Milestone {number}"),
            (Some(Kind::Milestone), title) => format!("{number}. {title}"),
            (Some(Kind::OneOff) | None, _) => String::new(),
        };
        let amount = Money::parse(answers.get(&name(number, "amount")), opened.currency()).ok();
        let [description_name, due_name, inspection_name, criteria_name] =
            ["description", "due", "inspection", "criteria"].map(|part| name(number, part));
        DeliveryRow {
            heading,
            amount: amount.map(MoneyView::from),
            description: answers.get(&description_name).to_owned(),
            description_name,
            due: answers.get(&due_name).to_owned(),
            due_name,
            inspection: answers.or(&inspection_name, inspection_days),
            inspection_name,
            criteria: answers.get(&criteria_name).to_owned(),
            criteria_name,
        }
    };
    (1..=answers.milestones()).map(row).collect()
}
