//! A commission that one side does not see: whatever happens, what that side sees is the same for every
//! commission there could be.

use std::collections::BTreeMap;

use holdfast::engine::command::Command;
use holdfast::engine::contract;
use holdfast::engine::escrow::Escrow;
use holdfast::engine::event::{Record, VERSION};
use holdfast::engine::notices::{Notice, notices};
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{Commission, CommissionPayer, FeePayer, Rate, Terms};
use holdfast::engine::veil;
use rust_decimal::Decimal;

use crate::dsl::deal::{percent, start, texts};
use crate::dsl::*;

fn hidden(rate: Rate, payer: CommissionPayer) -> Terms {
    case4().with(|terms| {
        let salt = "5a".repeat(16);
        terms.commission = Some(Commission { rate, payer, hidden: true, salt });
    })
}

/// What one side has seen of a world: the escrow after every act, every event, every mail.
#[derive(Default, PartialEq, Debug)]
struct Seen {
    escrows: Vec<Escrow>,
    records: Vec<Record>,
    told: Vec<Notice>,
    refusals: Vec<Option<String>>,
}

/// The same story under a commission, as one role sees it.
fn story(terms: &Terms, role: Role, by: &Actor) -> Seen {
    let mut world = World::of(terms.clone());
    world.at_once = vec![SELLER];
    let mut seen = Seen::default();
    let mut act = |world: &mut World, actor: &Actor, command: Command| {
        let place = world.history.len();
        let result = world.attempt(actor, &command);
        if of_role(role) == *actor {
            seen.refusals.push(result.err().map(|refusal| refusal.sentence()));
        }
        let escrow = veil::escrow(world.escrow().clone(), role);
        let events: Vec<_> = world.history[place..].iter().map(|(_, event)| event.clone()).collect();
        for (seq, (at, event)) in (1..).zip(&world.history).skip(place) {
            let record = Record {
                v: VERSION,
                escrow: escrow.id,
                seq,
                at: *at,
                actor: *actor,
                event: event.clone(),
                salt: String::new(),
                names: BTreeMap::new(),
            };
            seen.records.push(veil::record(record, &escrow, role));
        }
        let told = notices(world.escrow(), &events, actor);
        seen.told.extend(told.into_iter().filter(|notice| notice.role == role.into()));
        seen.escrows.push(escrow);
    };
    let reference = "ESC-7K2M-9QXA".to_owned();
    let propose =
        Command::Propose { id: uuid::Uuid::from_u128(7), reference, terms: Box::new(terms.clone()) };
    act(&mut world, by, propose);
    // The side that does not see it tries prices, down to where no commission fits any more, and up again.
    for amount in [900_000, 20_000, 10_010, 2, 2, 700_000] {
        let mut terms = veil::terms(world.escrow().terms.clone(), role);
        terms.amount_minor = amount;
        terms.milestones[0].amount_minor = amount / 2;
        terms.milestones[1].amount_minor = amount - amount / 2;
        let version = world.escrow().version;
        act(&mut world, &of_role(role), Command::Counter { version, terms: Box::new(terms) });
    }
    let version = world.escrow().version;
    act(&mut world, &broker(), Command::Counter { version, terms: Box::new(terms.clone()) });
    for signer in [buyer(), seller(), broker()] {
        let (version, document_sha256) = (world.escrow().version, world.escrow().document_sha256.clone());
        act(&mut world, &signer, Command::Sign { version, document_sha256, evidence_sha256: "e".repeat(64) });
    }
    let payment = world.new_payment();
    let method = crate::dsl::given::sandbox();
    act(&mut world, &buyer(), Command::StartCharge { payment, milestones: vec![1, 2], method });
    act(&mut world, &Actor::Rail, Command::ChargeSettled { payment });
    for milestone in [1, 2] {
        act(&mut world, &seller(), Command::MarkDone { milestone, note: String::new(), files: Vec::new() });
        for part_minor in [Some(33_333), Some(1), Some(999_999)] {
            act(&mut world, &buyer(), Command::Approve { milestone, part_minor });
        }
    }
    act(&mut world, &broker(), Command::PayOut { milestone: 1 });
    act(&mut world, &buyer(), Command::Approve { milestone: 1, part_minor: None });
    act(&mut world, &seller(), Command::Refund { milestone: 2, part_minor: None });
    act(&mut world, &broker(), Command::PayOut { milestone: 1 });
    act(&mut world, &broker(), Command::PayOut { milestone: 2 });
    seen
}

fn percents() -> [Rate; 3] {
    [percent(3), Rate::Percent(Decimal::new(77_777, 4)), Rate::FixedMinor(30_001)]
}

#[test]
fn the_seller_sees_the_same_whatever_the_buyer_pays_the_broker() {
    let seen = percents().map(|rate| story(&hidden(rate, CommissionPayer::Buyer), Role::Seller, &broker()));
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert!(seen[0].told.len() > 5 && seen[0].records.len() > 15);
}

#[test]
fn the_buyer_sees_the_same_whatever_the_seller_pays_the_broker() {
    let seen = percents().map(|rate| story(&hidden(rate, CommissionPayer::Seller), Role::Buyer, &broker()));
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!(seen[0].escrows.last().unwrap().plan.charge_minor(), 1_010_000);
}

#[test]
fn a_commission_that_fell_to_nothing_stands_again_as_soon_as_it_fits() {
    let terms = hidden(Rate::FixedMinor(30_001), CommissionPayer::Seller);
    let mut world = World::of(terms.clone());
    let (id, reference) = (uuid::Uuid::from_u128(7), "ESC-7K2M-9QXA".to_owned());
    world.attempt(&broker(), &Command::Propose { id, reference, terms: Box::new(terms) }).unwrap();
    let rate = |world: &World| world.escrow().terms.commission.clone().unwrap().rate;
    let offer = |world: &mut World, by: Actor, amount: i64| {
        let mut terms = veil::terms(world.escrow().terms.clone(), by.role().unwrap());
        terms.amount_minor = amount;
        terms.milestones[0].amount_minor = amount / 2;
        terms.milestones[1].amount_minor = amount - amount / 2;
        let version = world.escrow().version;
        world.attempt(&by, &Command::Counter { version, terms: Box::new(terms) }).unwrap();
    };
    for (amount, stands) in [(20_000, 0), (10_000, 0), (900_000, 30_001)] {
        offer(&mut world, buyer(), amount);
        assert_eq!(rate(&world), Rate::FixedMinor(stands), "at {amount}");
    }
    offer(&mut world, buyer(), 20_000);
    let mut waived = world.escrow().terms.clone();
    waived.commission.as_mut().unwrap().rate = Rate::FixedMinor(1);
    let version = world.escrow().version;
    world.attempt(&broker(), &Command::Counter { version, terms: Box::new(waived) }).unwrap();
    offer(&mut world, buyer(), 900_000);
    assert_eq!(rate(&world), Rate::FixedMinor(1), "what the broker says counts from then on");
}

#[test]
fn case_8_a_commission_on_top_follows_and_no_number_of_the_seller_betrays_it() {
    let terms = case4().with(|terms| {
        terms.amount_minor = 600_000;
        terms.milestones.remove(0);
        terms.kind = holdfast::engine::terms::Kind::OneOff;
        terms.milestones[0].due = None;
        terms.delivery_days = Some(7);
        terms.fee = crate::dsl::deal::fixed_fee(0);
        let salt = "5a".repeat(16);
        let rate = Rate::FixedMinor(30_000);
        terms.commission = Some(Commission { rate, payer: CommissionPayer::Buyer, hidden: true, salt });
    });
    let mut world = World::delivered(terms, 1);
    assert_eq!((world.balance(), world.held()), ("600.000".to_owned(), "630.000".to_owned()));
    world.buyer().approves_part(1, "300").is_done();
    world.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_done();
    world.seller().pays_out(1).is_done();
    world.broker().pays_out(1).is_done();
    assert_eq!(
        [world.wallet(SELLER), world.wallet(BROKER), world.wallet(BUYER)],
        ["300.000", "15.000", "315.000"]
    );
}

#[test]
fn the_contract_is_the_same_for_all_and_the_side_agreement_for_those_who_see_it() {
    let (one, other) = (percent(3), percent(4));
    let [one, other] = [one, other].map(|rate| Past::sent(&hidden(rate, CommissionPayer::Buyer)).escrow);
    assert_eq!(one.document_sha256, other.document_sha256);
    let seen = |escrow: &Escrow, role| contract::side_sha256_for(escrow, role);
    assert_eq!(seen(&one, Role::Seller), None);
    assert_eq!(seen(&one, Role::Buyer), seen(&one, Role::Broker));
    assert_ne!(seen(&one, Role::Buyer), seen(&other, Role::Buyer));
    let text = texts(&one.terms, &one.reference, 1, start()).side.unwrap().text;
    assert!(text.contains("pays the broker a commission of 30.000 TND (3 % of the price), on top"), "{text}");
    let salted = one.terms.clone().with(|terms| terms.commission.as_mut().unwrap().salt = "a5".repeat(16));
    let salted = Past::sent(&salted).escrow;
    assert_ne!(seen(&one, Role::Buyer), seen(&salted, Role::Buyer));
}

#[test]
fn whoever_signs_signs_the_side_agreement_that_he_sees() {
    let world = World::agreed(hidden(percent(3), CommissionPayer::Buyer));
    let signed = |role| world.escrow().party(role).unwrap().signature.clone().unwrap().side_sha256;
    assert_eq!(signed(Role::Seller), None);
    assert!(signed(Role::Buyer).is_some() && signed(Role::Buyer) == signed(Role::Broker));
}

#[test]
fn what_would_give_it_away_is_refused() {
    let refused = |field: &str, change: fn(&mut Terms)| {
        let mut world = World::of(hidden(percent(3), CommissionPayer::Buyer).with(change));
        let refusal = world.broker().proposes().result.unwrap_err();
        let Refusal::TermsFaulty { faults } = refusal else { panic!("{refusal:?}") };
        assert_eq!(faults[0].field, field, "{faults:?}");
    };
    refused("fee_payer", |terms| terms.fee_payer = FeePayer::Broker);
    refused("commission_hidden", |terms| {
        terms.commission.as_mut().unwrap().payer = CommissionPayer::Split;
    });
    refused("commission_hidden", |terms| terms.commission.as_mut().unwrap().salt.clear());
    let mut world = World::of(hidden(percent(3), CommissionPayer::Buyer));
    assert!(world.seller().proposes().result.is_err(), "nobody hides it from himself");
}
