//! From what was typed to terms, with everything that is wrong with them, each at its field.
//!
//! What can't be read becomes a problem here; what can be read and is against the rules becomes one by
//! the engine's own checks, which are asked about every draft as they will be when it is sent.

use uuid::Uuid;

use super::answers::Answers;
use super::base::Base;
use super::shares::{LINE, Receivers, broker_has_line};
use super::steps::{Step, milestone_field};
use super::{handler, parts, people};
use crate::engine::check;
use crate::engine::party::Role;
use crate::engine::plan::Plan;
use crate::engine::proof::{LONGEST_WINDOW_HOURS, SHORTEST_WINDOW_HOURS};
use crate::engine::terms::{
    Commission, CommissionPayer, DefaultOutcome, FeePayer, FileRef, Funding, Kind, Mode, Rate, Terms,
};
use crate::engine::time::Time;
use crate::engine::veil;
use crate::money::Currency;
use crate::store::fees::Current;
use crate::store::proposals::Named;
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
    /// What it is a counter-offer to.
    pub base: Option<&'a Base>,
    /// The fees that apply now.
    pub fees: &'a Current,
}

/// A draft as terms. They are complete only if there are no problems.
#[derive(Clone, Debug)]
pub struct Reading {
    /// With stand-ins for the parties.
    pub terms: Terms,
    /// Everyone with a role, by normalised address.
    pub parties: Vec<(Role, String)>,
    /// Of other terms: payees who are new in them, as stand-ins with their addresses.
    pub new_payees: Vec<(Uuid, String)>,
    /// Whom else the sending looks up, and what people are called.
    pub named: Named,
    /// In the order of the pages.
    pub problems: Problems,
    /// Who pays and receives what, as soon as that can be said.
    pub plan: Option<Plan>,
}

/// Reads a draft.
#[must_use]
pub fn read(answers: &Answers, given: &Given<'_>) -> Reading {
    let mut problems = Problems::new();
    let role = chosen(answers.role(), "role", "Choose your part in the deal.", &mut problems);
    let role = role.unwrap_or(Role::Seller);
    let kind = chosen(
        answers.kind(),
        "kind",
        "Choose how it is delivered: in one delivery, or in several milestones.",
        &mut problems,
    );
    let kind = kind.unwrap_or(Kind::OneOff);
    let mode = chosen(
        answers.mode(),
        "mode",
        "Choose whether you want a contract that everyone signs.",
        &mut problems,
    );
    let mode = mode.unwrap_or(Mode::Standard);
    let seats = match given.base {
        Some(base) => people::of_base(answers, base, (role, given.email), &mut problems),
        None => people::of_new(answers, given, role, &mut problems),
    };
    let handler = handler::read(answers, given, &seats.named, &mut problems);
    let currency = currency(answers, &mut problems);
    let hides = given.base.is_some_and(|base| veil::hides_from(&base.escrow.terms, role));
    let receivers = Receivers::of(&seats.parties, broker_has_line(answers) && !hides);
    let milestones = parts::read(answers, kind, currency, given.zone, &receivers, &mut problems);
    let optional = |name: &str| Some(answers.get(name).to_owned()).filter(|text| !text.is_empty());
    let mut terms = Terms {
        title: answers.get("title").to_owned(),
        description: answers.get("description").to_owned(),
        mode,
        kind,
        currency,
        amount_minor: milestones.iter().fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor)),
        parties: seats.parties,
        milestones,
        fee: given.fees.of(currency),
        fee_payer: fee_payer(answers, &mut problems),
        // One that is hidden stays whatever it is.
        commission: if hides { None } else { commission(answers, currency, &mut problems) },
        dispute_handler: handler.handler,
        default_outcome: default_outcome(answers, &mut problems),
        arbiter: handler.arbiter,
        contract_terms: (mode == Mode::Standard).then(|| answers.get("contract_terms").to_owned()),
        delivery_days: delivery_days(answers, kind, mode, &mut problems),
        proof_upload_hours: window(answers, mode, "proof_upload_hours", &mut problems),
        proof_review_hours: window(answers, mode, "proof_review_hours", &mut problems),
        funding: if answers.get("payment") == "each" { Funding::PerMilestone } else { Funding::Whole },
        pay_first: answers.get("payment") == "first",
        external_reference: optional("external_reference"),
        files: given.files.clone(),
        time_zone: given.zone.to_owned(),
    };
    if let Some(base) = given.base {
        base.keep(answers, &mut terms);
    }
    judge(&mut terms, given, role, &mut problems);
    let problems = in_order(&problems, kind);
    let plan = has_sums(&problems).then(|| Plan::of(&terms).ok()).flatten();
    Reading { terms, parties: seats.named, new_payees: seats.new, named: handler.named, problems, plan }
}

/// Everything that is wrong with terms beside what could not be read. A commission that is hidden from the
/// writer is put back afterwards: he is told nothing that depends on it.
fn judge(terms: &mut Terms, given: &Given<'_>, role: Role, problems: &mut Problems) {
    if given.base.is_some_and(Base::is_old) {
        let sentence =
            "Another version of the terms stands by now. Delete this draft and begin again from that one.";
        problems.add("", sentence);
    }
    if veil::hides_from(terms, role) {
        problems.add("commission_hidden", "You can’t hide the commission from yourself.");
    }
    add_faults(terms, given.fees, given.now, problems);
    if let Some(base) = given.base.filter(|base| veil::hides_from(&base.escrow.terms, role)) {
        terms.commission.clone_from(&base.escrow.terms.commission);
    }
}

fn chosen<T>(choice: Option<T>, field: &str, missing: &str, problems: &mut Problems) -> Option<T> {
    if choice.is_none() {
        problems.add(field, missing);
    }
    choice
}

fn currency(answers: &Answers, problems: &mut Problems) -> Currency {
    let typed = Currency::typed(answers.get("currency")).filter(|it| currencies::is_offered(*it));
    let currency = chosen(typed, "currency", "Choose a currency of the list.", problems);
    // Of those on the list it is one with the most decimals, so no amount is refused for them meanwhile.
    currency.or(Currency::from_code("TND")).unwrap_or(Currency::USD)
}

/// A window for the proof, in hours; nothing where no proof is asked for, or the page was not sent yet.
fn window(answers: &Answers, mode: Mode, field: &str, problems: &mut Problems) -> Option<u8> {
    if mode != Mode::QuickProof || !answers.fields().has(field) {
        return None;
    }
    let (least, most) = (i64::from(SHORTEST_WINDOW_HOURS), i64::from(LONGEST_WINDOW_HOURS));
    let hours = answers.fields().number(field, least, most, problems)?;
    u8::try_from(hours).ok()
}

fn delivery_days(answers: &Answers, kind: Kind, mode: Mode, problems: &mut Problems) -> Option<u16> {
    // DHMAD: a day, where nothing else is said.
    if mode == Mode::Instant && answers.get("delivery_days").is_empty() {
        return None;
    }
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
    chosen(payer, "fee_payer", "Choose who pays the platform fee.", problems).unwrap_or(FeePayer::Buyer)
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
        "none" | LINE => return None,
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
    let hidden = answers.get("commission_hidden") == "yes";
    // The real salt is drawn when it is sent.
    let salt = if hidden { "0".repeat(32) } else { String::new() };
    Some(Commission { rate: rate?, payer: payer?, hidden, salt })
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
fn add_faults(terms: &Terms, fees: &Current, now: Time, problems: &mut Problems) {
    let on = |step: Step| problems.iter().any(|(field, _)| Step::of_field(field) == Some(step));
    let (parties, price) = (on(Step::Parties), on(Step::Price));
    let smallest = fees.limits(terms.currency).smallest_of(terms.mode, terms.currency);
    for fault in check::faults(terms, smallest, now) {
        let field = match (terms.kind, fault.field.as_str()) {
            // A one-off has one delivery, which is called what the deal is called.
            (Kind::OneOff, "milestone-1-title") => continue,
            (Kind::OneOff, "milestone-1-amount") => "amount",
            (_, "payee") => "payees",
            // Where nobody but the broker is paid too, his page is the one to mend.
            (_, field) if field.ends_with("-recipients") && terms.payees().next().is_none() => {
                &field.replace("-recipients", "-broker")
            }
            (Kind::Milestone, "kind") if terms.mode == Mode::Standard => "milestones",
            (_, "funding" | "pay_first") => "payment",
            (_, field) => field,
        };
        let follows = match Step::of_field(field) {
            Some(Step::Parties) => parties,
            Some(Step::Price) => price && !field.ends_with("-title"),
            Some(Step::Fees) => price && field == "commission",
            _ => false,
        };
        // The page asks for a contract and not for a mode.
        let sentence = match (field, terms.kind) {
            ("kind", Kind::Milestone) => {
                "Several milestones need a contract. Choose one, or one delivery.".to_owned()
            }
            _ => fault.sentence,
        };
        if !follows {
            problems.add(field, sentence);
        }
    }
}

/// By page, and there as they stand on it.
fn in_order(problems: &Problems, kind: Kind) -> Problems {
    let mut all: Vec<_> = problems.iter().collect();
    // What stands on no page comes last.
    all.sort_by_key(|(field, _)| (Step::of_field(field).is_none(), Step::place(field)));
    let mut sorted = Problems::new();
    for (field, sentence) in all {
        match milestone_field(field).filter(|_| kind == Kind::Milestone) {
            // A list of problems says the same of several of them.
            Some((number, _)) => sorted.add(field, format!("Milestone {number}: {sentence}")),
            None => sorted.add(field, sentence),
        }
    }
    sorted
}

/// Whether nothing is wrong with what the sums are made from.
fn has_sums(problems: &Problems) -> bool {
    let money = |step| matches!(step, Step::Role | Step::Kind | Step::Parties | Step::Price | Step::Fees);
    !problems.iter().any(|(field, _)| Step::of_field(field).is_none_or(money) && !field.ends_with("-title"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::Share;

    const NOW: i64 = 1_777_885_200_000_000;

    fn reading(pairs: &[(&str, &str)], changes: &[(&str, &str)]) -> Reading {
        let all = pairs.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let given = Given {
            creator: Uuid::from_u128(99),
            email: "own@example.com",
            zone: "Africa/Tunis",
            now: Time::from_micros(NOW),
            files: Vec::new(),
            base: None,
            fees: &Current::default(),
        };
        read(&Answers::new(&all.collect()), &given)
    }

    /// Worked case 4, as a broker types it.
    const CASE_4: &[(&str, &str)] = &[
        ("role", "broker"),
        ("kind", "milestone"),
        ("mode", "standard"),
        ("buyer", "Buyer@Example.com"),
        ("seller", "seller@example.com"),
        ("title", "A web shop"),
        ("contract_terms", "Work for money."),
        ("currency", "TND"),
        ("milestone-1-title", "Design"),
        ("milestone-1-amount", "400"),
        ("milestone-2-title", "Shop"),
        ("milestone-2-amount", "600.000"),
        ("milestone-1-due", "2026-06-01"),
        ("milestone-1-criteria", "- It is drawn\n- It is liked"),
        ("milestone-2-due", "2026-07-01"),
        ("milestone-2-criteria", "It sells"),
        ("fee_payer", "buyer"),
        ("commission_kind", "percent"),
        ("commission", "5"),
        ("commission_payer", "seller"),
        ("default_outcome", "halves"),
    ];

    const ONE_OFF: &[(&str, &str)] = &[
        ("role", "seller"),
        ("kind", "one_off"),
        ("mode", "quick"),
        ("buyer", "buyer@example.com"),
        ("title", "A chair"),
        ("currency", "JPY"),
        ("amount", "500"),
        ("delivery_days", "5"),
        ("fee_payer", "split"),
        ("default_outcome", "refund_buyer"),
    ];

    fn problems(changes: &[(&str, &str)]) -> Vec<String> {
        reading(CASE_4, changes).problems.iter().map(|(field, _)| field.to_owned()).collect()
    }

    #[test]
    fn a_whole_draft_is_read_as_terms_and_their_sums() {
        let reading = reading(CASE_4, &[]);
        assert_eq!(reading.problems.iter().collect::<Vec<_>>(), []);
        let (terms, plan) = (&reading.terms, reading.plan.unwrap());
        assert_eq!((terms.amount_minor, terms.milestones.len()), (1_000_000, 2));
        assert_eq!(terms.milestones[0].criteria, ["It is drawn", "It is liked"]);
        assert_eq!(terms.milestones[0].due.unwrap().rfc3339(), "2026-06-01T22:59:59.999999Z");
        assert_eq!(terms.milestones[0].inspection_days, 3);
        let sums = [Share::Seller, Share::Broker].map(|share| plan.receives_minor(share));
        assert_eq!((plan.charge_minor(), sums, plan.fee_minor()), (1_010_000, [950_000, 50_000], 10_000));
        let named: Vec<_> =
            reading.parties.iter().map(|(role, email)| (role.word(), email.as_str())).collect();
        let expected =
            [("buyer", "buyer@example.com"), ("seller", "seller@example.com"), ("broker", "own@example.com")];
        assert_eq!(named, expected);
    }

    #[test]
    fn an_empty_draft_has_a_problem_on_every_page_and_no_panic() {
        let reading = reading(&[], &[]);
        let steps: Vec<_> = reading.problems.iter().filter_map(|(field, _)| Step::of_field(field)).collect();
        assert!(steps.is_sorted(), "in the order of the pages");
        for step in Step::ALL.into_iter().filter(|step| !matches!(step, Step::Files | Step::Check)) {
            assert!(steps.contains(&step), "{step:?}");
        }
        assert!(reading.plan.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field_and_nowhere_else() {
        for (field, bad) in [
            ("title", ""),
            ("buyer", "nobody"),
            ("buyer", "own@example.com"),
            ("seller", "buyer@example.com"),
            ("contract_terms", ""),
            ("currency", "XAU"),
            ("milestone-1-title", ""),
            ("milestone-2-amount", "600.0001"),
            ("milestone-2-amount", "-600"),
            ("milestone-2-amount", "99999999999999999999"),
            ("milestone-1-due", "2026-02-30"),
            ("milestone-2-due", "2026-05-31"),
            ("milestone-1-due", "2020-01-01"),
            ("milestone-1-inspection", "31"),
            ("milestone-1-criteria", " \n "),
            ("fee_payer", "me"),
            ("commission", "100"),
            ("commission", "0.00001"),
            ("commission_kind", ""),
            ("commission_payer", ""),
            ("default_outcome", ""),
        ] {
            assert_eq!(problems(&[(field, bad)]), [field], "{field}={bad}");
        }
        assert_eq!(problems(&[("mode", "quick"), ("contract_terms", "")]), ["kind"]);
        assert_eq!(
            problems(&[
                ("milestone-1-amount", "9999"),
                ("commission_kind", "fixed"),
                ("commission", "9999999")
            ]),
            ["commission"]
        );
    }

    #[test]
    fn a_one_off_is_called_what_its_deal_is_called_and_counts_its_days() {
        let good = reading(ONE_OFF, &[]);
        assert_eq!(good.problems.iter().collect::<Vec<_>>(), []);
        assert_eq!((good.terms.milestones[0].title.as_str(), good.terms.delivery_days), ("A chair", Some(5)));
        assert_eq!(good.plan.unwrap().charge_minor(), 503);
        let bad = |changes: &[(&str, &str)]| {
            let problems = reading(ONE_OFF, changes).problems;
            problems.iter().map(|(field, _)| field.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bad(&[("amount", "0.5")]), ["amount"]);
        assert_eq!(bad(&[("title", "")]), ["title"]);
        assert_eq!(bad(&[("delivery_days", "0")]), ["delivery_days"]);
        assert_eq!(bad(&[("mode", "standard")]), ["contract_terms", "milestone-1-criteria"]);
        assert_eq!(bad(&[("broker", "b@example.com")]), ["commission_kind", "commission_payer"]);
        assert_eq!(bad(&[("fee_payer", "broker")]), ["fee_payer"]);
    }

    #[test]
    fn what_was_typed_for_another_role_or_kind_does_not_count() {
        let changed = reading(CASE_4, &[("role", "buyer"), ("buyer", "rubbish"), ("amount", "rubbish")]);
        let fields: Vec<_> = changed.problems.iter().map(|(field, _)| field.to_owned()).collect();
        assert_eq!(fields, Vec::<String>::new());
        assert!(changed.terms.commission.is_none() && changed.parties.len() == 2);
    }
}
