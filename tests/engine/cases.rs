//! The worked cases of the domain (section 11), as far as they touch what exists: each with its own figures.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{Escrow, How};
use holdfast::engine::event::Event;
use holdfast::engine::plan::{Part, Plan, Share};
use holdfast::engine::postings::{Account, entries};
use holdfast::engine::refusal::Refusal;
use holdfast::engine::step;
use holdfast::engine::terms::{CommissionPayer, FeePayer, Rate, Terms};
use holdfast::money::Money;

use crate::dsl::deal::{commission, currency, fixed_fee, milestone, start};
use crate::dsl::*;

/// Other escrows have earned the seller so much; it stands beside everything here.
const ELSEWHERE: i64 = 50_000;

/// Cashless' seller balance, in KES: what stands in escrows for him, those of elsewhere included.
fn seller_balance(world: &World) -> String {
    let here: i64 = world.escrow().milestones.iter().flat_map(|part| &part.holdings).fold(0, |sum, held| {
        let his = held.share == Share::Seller;
        sum + if his { held.held_minor + held.payable_minor } else { 0 }
    });
    world.money(ELSEWHERE + here)
}

/// A refund by the seller's own hand is not offered yet, so its event is written down as it will be.
fn refund_by_seller(world: &mut World, number: u16) {
    let left = world.milestone(number).left_minor();
    let index = usize::from(number) - 1;
    let parts = step::parts(world.milestone(number), &world.escrow().plan.milestones[index], left);
    world.happens(&Event::Refunded {
        milestone: number,
        amount_minor: left,
        parts,
        whole: true,
        how: How::Settled,
    });
}

#[test]
fn case_1_a_part_is_approved_and_paid_out_and_the_rest_goes_back() {
    let mut world = World::delivered(case1(), 1);
    assert_eq!(world.money(world.escrow().plan.charge_minor()), "100.00");
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("598.00", "98.00"));
    world.buyer().approves_part(1, "50").is_done();
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("598.00", "98.00"));
    world.seller().pays_out(1).is_done();
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("548.00", "48.00"));
    let sentence = "Insufficient funds in escrow. Available amount is 48.0";
    world.buyer().approves_part(1, "60").is_refused_saying(sentence);
    refund_by_seller(&mut world, 1);
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("500.00", "0.00"));
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("48.98", "1.02"));
    assert_eq!((world.wallet(SELLER).as_str(), world.held().as_str()), ("50.00", "0.00"));
}

#[test]
fn case_1_goes_the_same_way_when_the_clock_sends_the_rest_back() {
    let mut world = World::delivered(case1(), 1);
    world.buyer().approves_part(1, "50").is_done();
    world.seller().pays_out(1).is_done();
    world.buyer().requests_changes(1).is_done();
    world.days_pass(14);
    world.buyer().cancels(1).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("48.98", "1.02"));
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("500.00", "0.00"));
    world.seller().closes().is_done();
    world.buyer().approves_part(1, "1").is_refused_saying("Escrow is closed.");
    world.seller().delivers(1).is_refused_saying("Escrow is closed.");
}

#[test]
fn case_2_a_full_cancel_before_any_release_returns_everything() {
    let mut world = World::paid(case1());
    assert_eq!(seller_balance(&world), "598.00");
    world.days_pass(14);
    world.buyer().cancels(1).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("100.00", "0.00"));
    assert_eq!((seller_balance(&world).as_str(), world.balance().as_str()), ("500.00", "0.00"));
    world.buyer().approves(1).is_refused(Refusal::NotDelivered);
    world.seller().delivers(1).is_refused(Refusal::NotInProgress);
}

#[test]
fn case_4_a_brokers_milestone_escrow() {
    let mut world = World::paid(case4());
    assert_eq!(world.money(world.escrow().plan.charge_minor()), "1010.000");
    assert_eq!(world.held(), "1010.000");
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.seller().pays_out(1).is_done();
    world.broker().pays_out(1).is_done();
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BROKER).as_str()), ("380.000", "20.000"));
    assert_eq!((world.fees().as_str(), world.held().as_str()), ("4.000", "606.000"));
    world.seller().delivers(2).is_done();
    world.buyer().requests_changes(2).is_done();
    world.seller().delivers(2).is_done();
    world.days_pass(3 + 7);
    assert_eq!((world.wallet(SELLER).as_str(), world.wallet(BROKER).as_str()), ("950.000", "50.000"));
    assert_eq!((world.fees().as_str(), world.held().as_str()), ("10.000", "0.000"));
    assert_eq!(world.status(), "Completed");
    world.days_pass(30);
    assert_eq!(world.status(), "Closed: completed");
}

/// The parts of releasing a half of a milestone, and of refunding the rest after it.
fn halved(escrow: &Escrow, number: u16) -> (Vec<Part>, Vec<Part>) {
    let index = usize::from(number) - 1;
    let (part, plan) = (escrow.milestone(number).unwrap(), &escrow.plan.milestones[index]);
    let half = part.left_minor() / 2;
    let released = step::parts(part, plan, half);
    let mut rest = part.clone();
    for moved in &released {
        let holding = rest.holdings.iter_mut().find(|held| held.share == moved.share).unwrap();
        holding.held_minor -= moved.amount_minor;
    }
    let refunded = step::parts(&rest, plan, rest.left_minor());
    (released, refunded)
}

fn figures(terms: &Terms, parts: &[Part]) -> Vec<(Share, String)> {
    parts.iter().map(|part| (part.share, terms.money(part.amount_minor).plain())).collect()
}

fn sum(terms: &Terms, parts: &[Part]) -> String {
    terms.money(parts.iter().map(|part| part.amount_minor).sum()).plain()
}

#[test]
fn case_5_a_ruling_of_halves_on_the_second_milestone() {
    let terms = case4();
    let (released, refunded) = halved(&Past::paid(&terms).escrow, 2);
    let of = |share: Share, amount: &str| (share, amount.to_owned());
    let expected = [of(Share::Seller, "285.000"), of(Share::Broker, "15.000"), of(Share::Platform, "3.000")];
    assert_eq!(figures(&terms, &released), expected);
    assert_eq!((sum(&terms, &released), sum(&terms, &refunded)), ("303.000".into(), "303.000".into()));
}

#[test]
fn case_7_of_two_approvals_at_the_same_moment_one_releases() {
    let approve = Command::Approve { milestone: 1, part_minor: None };
    let delivered = Past::delivered(&case4(), 1);
    let first = given(delivered.clone()).when(buyer(), approve.clone()).events();
    assert_eq!(first.len(), 1);
    let after = first.into_iter().fold(delivered, Past::then);
    given(after).when(buyer(), approve).then(ALREADY_DONE);
}

#[test]
fn case_7_cancel_against_delivery_and_two_tabs_that_pay() {
    let mut world = World::paid(case4());
    world.days_pass(27);
    let mut other = world.clone();
    world.buyer().cancels(1).is_done();
    world.seller().delivers(1).is_refused(Refusal::NotInProgress);
    other.seller().delivers(1).is_done();
    other.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);

    let mut world = World::agreed(case4());
    world.buyer().pays().is_done();
    world.buyer().pays().is_refused(Refusal::PaymentPending);
    world.buyer().withdraws().is_refused(Refusal::PaymentPending);
}

/// 50 milestones of 0.100 TND and a fee of 1 % that is halved: 0.050 in all.
fn fifty() -> Terms {
    case4().with(|terms| {
        terms.fee_payer = FeePayer::Split;
        terms.commission = None;
        terms.amount_minor = 5_000;
        terms.milestones = (1..=50).map(|number| milestone(&format!("Part {number}"), 100)).collect();
        terms.milestones.iter_mut().for_each(|part| part.due = Some(start().plus_days(30)));
    })
}

#[test]
fn case_8_a_small_fee_is_split_exactly_over_fifty_milestones() {
    let plan = Plan::of(&fifty()).unwrap();
    let buyer: i64 = plan.milestones.iter().map(|part| part.fee_by_buyer_minor).sum();
    let seller: i64 = plan.milestones.iter().map(|part| part.fee_by_seller_minor).sum();
    assert_eq!((buyer, seller, plan.fee_minor(), plan.charge_minor()), (25, 25, 50, 5_025));
    assert!(plan.milestones.iter().all(|part| (0..=1).contains(&part.fee_by_buyer_minor)));

    let mut world = World::paid(fifty());
    world.at_once = vec![SELLER];
    for number in 1..=50 {
        world.seller().delivers(number).is_done();
        world.buyer().approves(number).is_done();
    }
    assert_eq!((world.fees().as_str(), world.wallet(SELLER).as_str()), ("0.050", "4.975"));
    assert_eq!((world.held().as_str(), world.status()), ("0.000", "Completed"));
}

/// 600.000 TND with a commission of 30.000 on top, which the buyer pays.
fn commission_on_top() -> Terms {
    one_off().with(|terms| {
        terms.currency = currency("TND");
        terms.parties = case4().parties;
        terms.amount_minor = 600_000;
        terms.milestones[0].amount_minor = 600_000;
        terms.commission = commission(Rate::FixedMinor(30_000), CommissionPayer::Buyer);
        terms.fee = fixed_fee(0);
    })
}

#[test]
fn case_8_a_commission_on_top_follows_what_moves() {
    let terms = commission_on_top();
    let past = Past::delivered(&terms, 1);
    let money = |minor: i64| terms.money(minor).plain();
    assert_eq!(money(past.escrow.plan.charge_minor()), "630.000");
    assert_eq!(money(past.escrow.balance_minor()), "600.000");
    let (released, refunded) = halved(&past.escrow, 1);
    let of = |share: Share, amount: &str| (share, amount.to_owned());
    let expected = [of(Share::Seller, "300.000"), of(Share::BrokerOnTop, "15.000")];
    assert_eq!(figures(&terms, &released), expected);
    assert_eq!(sum(&terms, &refunded), "315.000");
    let sentence = Refusal::InsufficientFunds { available: terms.money(600_000) };
    let too_much = Command::Approve { milestone: 1, part_minor: Some(600_001) };
    given(past).when(buyer(), too_much).then(sentence);
}

#[test]
fn a_deposit_is_held_line_by_line() {
    let past = Past::charged(&case4());
    let settled = Event::ChargeSettled { payment: crate::dsl::given::PAYMENT, due: None };
    let booked: Vec<(String, Money)> = entries(&past.escrow, &settled)
        .into_iter()
        .map(|entry| {
            assert_eq!(entry.from, Account::Clearing { rail: "sandbox".to_owned() });
            (entry.to.key(entry.amount.currency), entry.amount)
        })
        .collect();
    let id = past.escrow.id;
    let line = |name: &str, minor: i64| (format!("held/{id}/{name}"), currency("TND").of(minor));
    let expected = [
        line("1/seller", 380_000),
        line("1/broker", 20_000),
        line("1/platform", 4_000),
        line("2/seller", 570_000),
        line("2/broker", 30_000),
        line("2/platform", 6_000),
    ];
    assert_eq!(booked, expected);
}
