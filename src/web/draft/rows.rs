//! Fields that a page repeats: one set for each person, one for each milestone.

use super::answers::{Answers, name};
use super::open::Opened;
use super::people::others;
use crate::engine::party::Role;
use crate::engine::terms::Kind;
use crate::money::Money;
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

/// A milestone's title and amount.
pub struct PriceRow {
    pub number: usize,
    pub title_name: String,
    pub title: String,
    pub amount_name: String,
    pub amount: String,
}

#[must_use]
pub fn prices(answers: &Answers) -> Vec<PriceRow> {
    let row = |number| {
        let (title_name, amount_name) = (name(number, "title"), name(number, "amount"));
        PriceRow {
            number,
            title: answers.get(&title_name).to_owned(),
            amount: answers.get(&amount_name).to_owned(),
            title_name,
            amount_name,
        }
    };
    (1..=answers.milestones()).map(row).collect()
}

/// When a milestone is due, how long the buyer may look at it, and how he can tell that it is done.
pub struct DeliveryRow {
    /// "1. Design", or nothing for the one delivery of a one-off deal.
    pub heading: String,
    pub amount: Option<MoneyView>,
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
        let [due_name, inspection_name, criteria_name] =
            ["due", "inspection", "criteria"].map(|part| name(number, part));
        DeliveryRow {
            heading,
            amount: amount.map(MoneyView::from),
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
