//! Terms are sent, or come back with every fault at its field.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::Stage;
use holdfast::engine::event::Event;
use holdfast::engine::party::{Actor, PartyStatus, Role};
use holdfast::engine::plan::Share;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{Kind, Terms};
use uuid::Uuid;

use crate::dsl::deal::{milestone, party, start};
use crate::dsl::given::given_nothing;
use crate::dsl::*;

pub(super) fn propose(terms: Terms) -> Command {
    let reference = "ESC-7K2M-9QXA".to_owned();
    Command::Propose { id: Uuid::from_u128(0xE5), reference, terms: Box::new(terms) }
}

/// The faults of terms that the buyer sends, as field and sentence.
pub(super) fn faults(terms: Terms) -> Vec<(String, String)> {
    match given_nothing().when(buyer(), propose(terms)).refusal() {
        Refusal::TermsFaulty { faults } => {
            faults.into_iter().map(|fault| (fault.field, fault.sentence)).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(super) type Case = (fn(&mut Terms), &'static str, &'static str);

#[track_caller]
pub(super) fn each_has_its_fault(base: fn() -> Terms, cases: &[Case]) {
    for (bend, field, sentence) in cases {
        let found = faults(base().with(bend));
        assert_eq!(found, [((*field).to_owned(), (*sentence).to_owned())]);
    }
}

#[test]
fn terms_without_a_fault_are_sent_as_version_1() {
    let events = given_nothing().when(broker(), propose(case4())).events();
    let [Event::Proposed { creator, terms, plan, expires_at, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((*creator, **terms == case4()), (BROKER, true));
    assert_eq!((plan.charge_minor(), plan.receives_minor(Share::Broker)), (1_010_000, 50_000));
    assert_eq!(*expires_at, start().plus_days(14));

    let mut world = World::of(case4());
    world.broker().proposes().is_done();
    let statuses: Vec<PartyStatus> = world.escrow().parties.iter().map(|party| party.status).collect();
    assert_eq!(statuses, [PartyStatus::Created, PartyStatus::Created, PartyStatus::Accepted]);
    assert!(matches!(world.stage(), Stage::Proposed { .. }));
    assert_eq!((world.escrow().version, world.status()), (1, "Awaiting signatures"));
}

#[test]
fn only_someone_with_a_say_in_the_deal_sends_it() {
    let say = vec![Role::Buyer, Role::Seller, Role::Broker];
    let with_payee = || {
        case4().with(|terms| {
            terms.commission = None;
            terms.parties.push(party(Role::Payee, PAYEE));
        })
    };
    for actor in [payee(), operator(), Actor::Party { user: SELLER, role: Role::Buyer }] {
        given_nothing().when(actor, propose(with_payee())).then(Refusal::NotYourRole { needs: say.clone() });
    }
    for machine in [rail(), clock()] {
        given_nothing().when(machine, propose(with_payee())).then(Refusal::NotAParty);
    }
}

#[test]
fn an_address_is_confirmed_before_terms_are_sent() {
    given_nothing()
        .with_facts(|facts| facts.email_confirmed = false)
        .when(buyer(), propose(case4()))
        .then(Refusal::EmailNotConfirmed);
}

#[test]
fn each_text_has_its_limits() {
    each_has_its_fault(
        case4,
        &[
            (|terms| terms.title = " ".to_owned(), "title", "Give the deal a title."),
            (|terms| terms.title = "ä".repeat(201), "title", "Write no more than 200 characters."),
            (
                |terms| terms.description = "x".repeat(5_001),
                "description",
                "Write no more than 5000 characters.",
            ),
            (
                |terms| terms.external_reference = Some("x".repeat(101)),
                "external_reference",
                "Write no more than 100 characters.",
            ),
            (
                |terms| terms.milestones[1].title = String::new(),
                "milestone-2-title",
                "Say in a few words what is delivered.",
            ),
            (
                |terms| terms.milestones[1].description = "x".repeat(5_001),
                "milestone-2-description",
                "Write no more than 5000 characters.",
            ),
            (
                |terms| terms.milestones[0].criteria = vec!["x".to_owned(); 21],
                "milestone-1-criteria",
                "Name no more than 20 criteria.",
            ),
            (
                |terms| terms.milestones[0].criteria.push(" ".to_owned()),
                "milestone-1-criteria",
                "A criterion can't be empty.",
            ),
            (
                |terms| terms.milestones[0].criteria.push("x".repeat(501)),
                "milestone-1-criteria",
                "Write no more than 500 characters.",
            ),
            (
                |terms| terms.milestones[0].criteria.clear(),
                "milestone-1-criteria",
                "Name at least one thing by which the buyer can tell that the work is done.",
            ),
            (|terms| terms.contract_terms = None, "contract_terms", "Write the contract's terms."),
            (
                |terms| terms.contract_terms = Some("x".repeat(10_001)),
                "contract_terms",
                "Write no more than 10000 characters.",
            ),
        ],
    );
}

#[test]
fn texts_at_their_limits_are_taken() {
    let terms = case4().with(|terms| {
        terms.title = "ä".repeat(200);
        terms.description = "x".repeat(5_000);
        terms.contract_terms = Some("x".repeat(10_000));
        terms.milestones[0].criteria = vec!["x".repeat(500); 20];
    });
    assert_eq!(given_nothing().when(buyer(), propose(terms)).events().len(), 1);
}

#[test]
fn the_kind_counts_the_milestones() {
    let part = |number: i64| milestone(&format!("Part {number}"), 20_000);
    each_has_its_fault(
        case4,
        &[
            (
                |terms| {
                    terms.milestones.pop();
                    terms.amount_minor = 400_000;
                },
                "kind",
                "A milestone deal has 2 to 50 milestones.",
            ),
            (
                |terms| {
                    terms.kind = Kind::OneOff;
                    terms.delivery_days = Some(1);
                    terms.milestones.iter_mut().for_each(|part| part.due = None);
                },
                "kind",
                "A one-off deal has exactly one delivery.",
            ),
        ],
    );
    let many = case4().with(|terms| {
        terms.milestones = (1..=51).map(part).collect();
        terms.milestones.iter_mut().for_each(|part| part.due = Some(start().plus_days(1)));
        terms.amount_minor = 51 * 20_000;
    });
    assert_eq!(faults(many), [fault("kind", "A milestone deal has 2 to 50 milestones.")]);
    let quick_one = quick().with(|terms| {
        terms.kind = Kind::Milestone;
        terms.delivery_days = None;
        terms.milestones[0].due = Some(start().plus_days(1));
    });
    assert_eq!(faults(quick_one), [fault("kind", "Only a standard escrow can have milestones.")]);
}

pub(super) fn fault(field: &str, sentence: &str) -> (String, String) {
    (field.to_owned(), sentence.to_owned())
}

#[test]
fn a_quick_escrow_has_no_contract() {
    let terms = quick().with(|terms| terms.contract_terms = Some("But".to_owned()));
    assert_eq!(faults(terms), [fault("contract_terms", "Only a standard escrow has a contract.")]);
}

#[test]
fn a_one_off_deal_says_its_days_and_no_date() {
    each_has_its_fault(
        one_off,
        &[
            (
                |terms| terms.delivery_days = None,
                "delivery_days",
                "Say within how many days it is delivered.",
            ),
            (
                |terms| terms.delivery_days = Some(0),
                "delivery_days",
                "Say within how many days it is delivered.",
            ),
            (|terms| terms.delivery_days = Some(731), "delivery_days", "At most 730 days."),
            (
                |terms| terms.milestones[0].due = Some(start().plus_days(9)),
                "milestone-1-due",
                "A one-off deal counts its days from payment.",
            ),
        ],
    );
}

#[test]
fn dates_lie_in_the_future_and_in_order() {
    each_has_its_fault(
        case4,
        &[
            (|terms| terms.milestones[1].due = None, "milestone-2-due", "Say when this is due."),
            (
                |terms| terms.milestones[0].due = Some(start()),
                "milestone-1-due",
                "This date has passed. Choose one in the future.",
            ),
            (
                |terms| terms.milestones[1].due = Some(start().plus_days(19)),
                "milestone-2-due",
                "This is due before the milestone above it. Put them in order.",
            ),
            (
                |terms| terms.milestones[1].due = Some(start().plus_days(3_651)),
                "milestone-2-due",
                "Choose a date within ten years.",
            ),
            (
                |terms| terms.milestones[0].inspection_days = 0,
                "milestone-1-inspection",
                "Choose 1 to 30 days.",
            ),
            (
                |terms| terms.milestones[1].inspection_days = 31,
                "milestone-2-inspection",
                "Choose 1 to 30 days.",
            ),
        ],
    );
}

#[test]
fn two_milestones_may_be_due_on_one_day() {
    let terms = case4().with(|terms| terms.milestones[1].due = terms.milestones[0].due);
    assert_eq!(given_nothing().when(buyer(), propose(terms)).events().len(), 1);
}

#[test]
fn every_role_is_filled_by_a_person_of_its_own() {
    each_has_its_fault(
        case4,
        &[
            (|terms| terms.parties.push(party(Role::Buyer, STRANGER)), "buyer", "Name the buyer."),
            (|terms| terms.parties.push(party(Role::Seller, STRANGER)), "seller", "Name the seller."),
            (
                |terms| terms.parties.push(party(Role::Broker, STRANGER)),
                "broker",
                "A deal has at most one broker.",
            ),
            (
                |terms| terms.parties[1].user = BUYER,
                "seller",
                "Each party needs an email address of its own.",
            ),
            (
                |terms| {
                    let payees = (1..=11).map(|n| party(Role::Payee, Uuid::from_u128(n)));
                    terms.parties.extend(payees);
                },
                "payees",
                "Name no more than 10 payees.",
            ),
        ],
    );
    let alone = case4().with(|terms| terms.parties.retain(|party| party.role != Role::Seller));
    assert_eq!(faults(alone)[0], fault("seller", "Name the seller."));
}

#[test]
fn a_contract_is_signed_before_anything_is_paid() {
    let sentence = "Signing comes before paying in a standard escrow.";
    each_has_its_fault(case4, &[(|terms| terms.pay_first = true, "pay_first", sentence)]);
}

#[test]
fn all_faults_are_shown_at_once() {
    let terms = case4().with(|terms| {
        terms.title = String::new();
        terms.contract_terms = None;
        terms.milestones[0].due = None;
        terms.milestones[1].amount_minor = -5;
        terms.commission.as_mut().unwrap().salt = "x".to_owned();
        terms.files[0].size_bytes = i64::MAX;
    });
    let fields: Vec<String> = faults(terms).into_iter().map(|(field, _)| field).collect();
    let expected =
        ["title", "contract_terms", "milestone-2-amount", "amount", "milestone-1-due", "commission", "files"];
    assert_eq!(fields, expected);
}
