//! From what was typed to terms, with everything that is wrong with them, each at its field.
//!
//! What can't be read becomes a problem here; what can be read and is against the rules becomes one by
//! the engine's own checks, which are asked about every draft as they will be when it is sent.

use uuid::Uuid;

use super::answers::Answers;
use super::steps::{Step, milestone_field};
use super::{parts, people};
use crate::engine::check;
use crate::engine::party::Role;
use crate::engine::plan::Plan;
use crate::engine::terms::{
    Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FileRef, Funding, Kind, Mode,
    Rate, Terms,
};
use crate::engine::time::Time;
use crate::money::Currency;
use crate::store::facts::{fee_schedule, minimum_minor};
use crate::web::currencies;
use crate::web::form::Problems;

/// What is known besides the draft.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    pub creator: Uuid,
    /// The creator's normalised address.
    pub email: &'a str,
    /// The creator's time zone, in which dates are meant.
    pub zone: &'a str,
    pub now: Time,
    pub files: Vec<FileRef>,
}

/// A draft as terms. They are complete only if there are no problems.
#[derive(Clone, Debug)]
pub struct Reading {
    /// With stand-ins for the parties.
    pub terms: Terms,
    /// Everyone with a role, by normalised address.
    pub parties: Vec<(Role, String)>,
    /// In the order of the pages.
    pub problems: Problems,
    /// Who pays and receives what, as soon as that can be said.
    pub plan: Option<Plan>,
}

/// Reads a draft.
#[must_use]
pub fn read(answers: &Answers, given: &Given<'_>) -> Reading {
    let mut problems = Problems::new();
    let role = chosen(answers.role(), "role", "Say which part you have.", &mut problems);
    let role = role.unwrap_or(Role::Seller);
    let kind = chosen(answers.kind(), "kind", "Choose one delivery or several.", &mut problems);
    let kind = kind.unwrap_or(Kind::OneOff);
    let mode = chosen(answers.mode(), "mode", "Say whether you want a contract.", &mut problems);
    let mode = mode.unwrap_or(Mode::Standard);
    let parties = people::read(answers, role, given.email, &mut problems);
    let currency = currency(answers, &mut problems);
    let milestones = parts::read(answers, kind, currency, given.zone, &mut problems);
    let optional = |name: &str| Some(answers.get(name).to_owned()).filter(|text| !text.is_empty());
    let terms = Terms {
        title: answers.get("title").to_owned(),
        description: answers.get("description").to_owned(),
        mode,
        kind,
        currency,
        amount_minor: milestones.iter().fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor)),
        parties: people::stand_ins(&parties, given.email, given.creator),
        milestones,
        fee: fee_schedule(currency),
        fee_payer: fee_payer(answers, &mut problems),
        commission: commission(answers, currency, &mut problems),
        dispute_handler: DisputeHandler::Platform,
        default_outcome: default_outcome(answers, &mut problems),
        contract_terms: (mode == Mode::Standard).then(|| answers.get("contract_terms").to_owned()),
        delivery_days: delivery_days(answers, kind, &mut problems),
        proof_upload_hours: None,
        proof_review_hours: None,
        funding: Funding::Whole,
        pay_first: false,
        external_reference: optional("external_reference"),
        files: given.files.clone(),
        time_zone: given.zone.to_owned(),
    };
    add_faults(&terms, given.now, &mut problems);
    let problems = in_order(&problems);
    let plan = has_sums(&problems).then(|| Plan::of(&terms).ok()).flatten();
    Reading { terms, parties, problems, plan }
}

fn chosen<T>(choice: Option<T>, field: &str, missing: &str, problems: &mut Problems) -> Option<T> {
    if choice.is_none() {
        problems.add(field, missing);
    }
    choice
}

fn currency(answers: &Answers, problems: &mut Problems) -> Currency {
    let typed = Currency::from_code(answers.get("currency")).filter(|it| currencies::is_offered(*it));
    let currency = chosen(typed, "currency", "Choose a currency of the list.", problems);
    // Two decimals are the commonest, so amounts can be judged meanwhile.
    currency.unwrap_or(Currency::USD)
}

fn delivery_days(answers: &Answers, kind: Kind, problems: &mut Problems) -> Option<u16> {
    let most = i64::from(check::LONGEST_DELIVERY_DAYS);
    match kind {
        Kind::Milestone => None,
        Kind::OneOff => {
            let days = answers.fields().number("delivery_days", 1, most, problems)?;
            u16::try_from(days).ok()
        }
    }
}

fn fee_payer(answers: &Answers, problems: &mut Problems) -> FeePayer {
    let payer = match answers.get("fee_payer") {
        "buyer" => Some(FeePayer::Buyer),
        "seller" => Some(FeePayer::Seller),
        "split" => Some(FeePayer::Split),
        "broker" => Some(FeePayer::Broker),
        _ => None,
    };
    chosen(payer, "fee_payer", "Choose who pays Holdfast’s fee.", problems).unwrap_or(FeePayer::Buyer)
}

fn commission(answers: &Answers, currency: Currency, problems: &mut Problems) -> Option<Commission> {
    if !answers.has_broker() {
        return None;
    }
    let rate = match answers.get("commission_kind") {
        "percent" => answers.fields().percent("commission", problems).map(Rate::Percent),
        "fixed" => {
            answers.fields().money("commission", currency, problems).map(|sum| Rate::FixedMinor(sum.minor))
        }
        "none" => return None,
        _ => {
            problems.add("commission_kind", "Say what the broker earns.");
            None
        }
    };
    let payer = match answers.get("commission_payer") {
        "buyer" => Some(CommissionPayer::Buyer),
        "seller" => Some(CommissionPayer::Seller),
        "split" => Some(CommissionPayer::Split),
        _ => None,
    };
    let payer = chosen(payer, "commission_payer", "Choose who pays the broker.", problems);
    Some(Commission { rate: rate?, payer: payer?, hidden: false })
}

fn default_outcome(answers: &Answers, problems: &mut Problems) -> DefaultOutcome {
    let outcome = match answers.get("default_outcome") {
        "refund_buyer" => Some(DefaultOutcome::RefundBuyer),
        "release_to_seller" => Some(DefaultOutcome::ReleaseToSeller),
        "halves" => Some(DefaultOutcome::Halves),
        _ => None,
    };
    let missing = "Choose what happens to the money if nobody decides in time.";
    chosen(outcome, "default_outcome", missing, problems).unwrap_or(DefaultOutcome::Halves)
}

/// The engine's faults, each at the field that this form has for it. Those that only follow from
/// something that could not be read are left out: they go when that is mended.
fn add_faults(terms: &Terms, now: Time, problems: &mut Problems) {
    let on = |step: Step| problems.iter().any(|(field, _)| Step::of_field(field) == Some(step));
    let (parties, price) = (on(Step::Parties), on(Step::Price));
    for fault in check::faults(terms, minimum_minor(terms.mode, terms.currency), now) {
        let field = match (terms.kind, fault.field.as_str()) {
            // A one-off has one delivery, which is called what the deal is called.
            (Kind::OneOff, "milestone-1-title") => continue,
            (Kind::OneOff, "milestone-1-amount") => "amount",
            (Kind::Milestone, "kind") if terms.mode == Mode::Standard => "milestones",
            (_, field) => field,
        };
        let follows = match Step::of_field(field) {
            Some(Step::Parties) => parties,
            Some(Step::Price) => price && !field.ends_with("-title"),
            Some(Step::Fees) => price && field == "commission",
            _ => false,
        };
        if !follows {
            problems.add(field, fault.sentence);
        }
    }
}

/// By page, and there by milestone.
fn in_order(problems: &Problems) -> Problems {
    let mut all: Vec<_> = problems.iter().collect();
    all.sort_by_key(|(field, _)| {
        let number = milestone_field(field).map_or(0, |(number, _)| number);
        (Step::of_field(field).unwrap_or(Step::Check), number)
    });
    let mut sorted = Problems::new();
    for (field, sentence) in all {
        sorted.add(field, sentence);
    }
    sorted
}

/// Whether nothing is wrong with what the sums are made from.
fn has_sums(problems: &Problems) -> bool {
    let money = |step| matches!(step, Step::Role | Step::Kind | Step::Parties | Step::Price | Step::Fees);
    !problems
        .iter()
        .any(|(field, _)| Step::of_field(field).is_none_or(money) && !field.ends_with("-title"))
}

/// The problems of one page.
#[must_use]
pub fn problems_of(problems: &Problems, step: Step) -> Problems {
    let mut own = Problems::new();
    for (field, sentence) in problems.iter().filter(|(field, _)| Step::of_field(field) == Some(step)) {
        own.add(field, sentence);
    }
    own
}
