//! Terms: the worked cases of the domain, and a way to bend them.

use holdfast::engine::contract::{Naming, Source, Texts};
use holdfast::engine::dispute::Split;
use holdfast::engine::party::{Role, UserId};
use holdfast::engine::terms::{
    Arbiter, Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FeeSchedule, FileRef,
    Funding, Kind, MilestoneTerms, Mode, Rate, Recipient, Terms, TermsParty,
};
use holdfast::engine::time::Time;
use holdfast::money::Currency;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::people::{ARBITER, BROKER, BUYER, SELLER};

/// The moment at which every story starts: 2 March 2026, nine o'clock.
pub fn start() -> Time {
    Time::from_micros(1_772_442_000_000_000)
}

/// The texts of a version sent at a moment, in which nobody has a name.
pub fn texts(terms: &Terms, reference: &str, version: u32, at: Time) -> Texts {
    let naming = Naming::default();
    Texts::write(&Source { terms, reference, version, at, naming: &naming })
}

/// Bends a value in place: `case4().with(|terms| terms.fee_payer = FeePayer::Split)`.
pub trait With: Sized {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl With for Terms {}

pub fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

pub fn party(role: Role, user: UserId) -> TermsParty {
    TermsParty { role, user, identity_sha256: format!("{:064x}", user.as_u128()) }
}

pub fn milestone(title: &str, amount_minor: i64) -> MilestoneTerms {
    MilestoneTerms {
        title: title.to_owned(),
        description: String::new(),
        amount_minor,
        due: None,
        inspection_days: 3,
        criteria: vec!["It does what the drawing shows".to_owned(), "It is clean".to_owned()],
        recipients: Vec::new(),
    }
}

pub fn line(user: UserId, amount_minor: i64) -> Recipient {
    Recipient { user, amount_minor }
}

pub fn split(milestone: u16, release_minor: i64, refund_minor: i64) -> Split {
    Split { milestone, release_minor, refund_minor }
}

pub fn file(number: u128, size_bytes: i64) -> FileRef {
    let digest = format!("{number:064x}");
    FileRef { id: Uuid::from_u128(number), sha256: digest.clone(), size_bytes, name_sha256: digest }
}

pub fn commission(rate: Rate, payer: CommissionPayer) -> Option<Commission> {
    Some(Commission { rate, payer, hidden: false, salt: String::new() })
}

pub fn percent(percent: i64) -> Rate {
    Rate::Percent(Decimal::from(percent))
}

pub fn fixed_fee(minor: i64) -> FeeSchedule {
    FeeSchedule { percent: Decimal::ZERO, fixed_minor: minor, min_minor: 0, max_minor: None }
}

/// Worked case 4: 1000.000 TND as 400 + 600, due after 20 and 40 days; the broker earns 5 % that the seller
/// pays; the buyer pays the fee of 1 %.
pub fn case4() -> Terms {
    let due = |mut part: MilestoneTerms, days: i64| {
        part.due = Some(start().plus_days(days));
        part
    };
    Terms {
        title: "A garden house".to_owned(),
        description: "Built behind the pear tree.".to_owned(),
        mode: Mode::Standard,
        kind: Kind::Milestone,
        currency: currency("TND"),
        amount_minor: 1_000_000,
        parties: vec![party(Role::Buyer, BUYER), party(Role::Seller, SELLER), party(Role::Broker, BROKER)],
        milestones: vec![
            due(milestone("Foundation and walls", 400_000), 20),
            due(milestone("Roof and doors", 600_000), 40),
        ],
        fee: FeeSchedule::default(),
        fee_payer: FeePayer::Buyer,
        commission: commission(percent(5), CommissionPayer::Seller),
        dispute_handler: DisputeHandler::Platform,
        default_outcome: DefaultOutcome::Halves,
        arbiter: None,
        contract_terms: Some("The house stands on eight posts.".to_owned()),
        delivery_days: None,
        proof_upload_hours: None,
        proof_review_hours: None,
        funding: Funding::Whole,
        pay_first: false,
        external_reference: None,
        files: vec![file(0xF1, 1_024)],
        time_zone: "Africa/Tunis".to_owned(),
    }
}

/// A one-off deal of buyer and seller in standard mode: 100.00 KES in 7 days, no fee.
pub fn one_off() -> Terms {
    case4().with(|terms| {
        terms.kind = Kind::OneOff;
        terms.currency = currency("KES");
        terms.amount_minor = 10_000;
        terms.parties.pop();
        terms.milestones = vec![milestone("A portrait", 10_000)];
        terms.commission = None;
        terms.fee = fixed_fee(0);
        terms.delivery_days = Some(7);
    })
}

/// Worked case 1: 100 KES, a fee of 2 that the seller pays.
pub fn case1() -> Terms {
    one_off().with(|terms| {
        terms.fee = fixed_fee(200);
        terms.fee_payer = FeePayer::Seller;
    })
}

/// Worked case 4 with an arbiter.
pub fn arbitrated() -> Terms {
    case4().with(name_arbiter)
}

/// Names the arbiter.
pub fn name_arbiter(terms: &mut Terms) {
    terms.dispute_handler = DisputeHandler::Arbitration;
    terms.arbiter = Some(Arbiter { user: ARBITER, identity_sha256: format!("{:064x}", ARBITER.as_u128()) });
}

/// A quick one with a proof before the delivery.
pub fn quick_proof() -> Terms {
    quick().with(|terms| terms.mode = Mode::QuickProof)
}

/// A quick one that is paid before the seller answers.
pub fn pay_first() -> Terms {
    quick().with(|terms| terms.pay_first = true)
}

/// Worked case 4, each milestone paid before its work starts.
pub fn per_milestone() -> Terms {
    case4().with(|terms| terms.funding = Funding::PerMilestone)
}

/// Sold by a pay link: the terms name the seller alone.
pub fn instant() -> Terms {
    quick().with(|terms| {
        terms.mode = Mode::Instant;
        terms.parties.retain(|party| party.role == Role::Seller);
        terms.delivery_days = None;
    })
}

/// A quick one: no contract, nothing to sign.
pub fn quick() -> Terms {
    one_off().with(|terms| {
        terms.mode = Mode::Quick;
        terms.contract_terms = None;
    })
}
