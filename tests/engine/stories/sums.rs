//! What terms come to in money: amounts, recipients, commissions, fees, and what is left for each.

use holdfast::engine::party::Role;
use holdfast::engine::terms::{CommissionPayer, FeePayer, FeeSchedule, Rate, Terms};
use holdfast::money::Money;
use rust_decimal::Decimal;

use super::propose::{each_has_its_fault, fault, faults, propose};
use crate::dsl::deal::{commission, currency, file, fixed_fee, line, party, percent};
use crate::dsl::given::given_nothing;
use crate::dsl::*;

#[test]
fn amounts_are_above_zero_and_sum_up() {
    each_has_its_fault(
        case4,
        &[
            (
                |terms| terms.milestones[0].amount_minor += 1,
                "amount",
                "The milestones come to 1,000.001 TND, the whole to 1,000.000 TND. They must be equal.",
            ),
            (
                |terms| {
                    terms.milestones[0].amount_minor = 0;
                    terms.amount_minor = 600_000;
                },
                "milestone-1-amount",
                "Enter an amount above zero.",
            ),
            (
                |terms| {
                    terms.milestones[0].amount_minor = -1;
                    terms.amount_minor = 599_999;
                },
                "milestone-1-amount",
                "Enter an amount above zero.",
            ),
        ],
    );
    let nothing = one_off().with(|terms| {
        terms.amount_minor = 0;
        terms.milestones[0].amount_minor = 0;
    });
    let sentence = "Enter an amount above zero.";
    assert_eq!(faults(nothing), [fault("amount", sentence), fault("milestone-1-amount", sentence)]);
    let sentence = "This amount is larger than Holdfast can hold.";
    for most in [1_000_000_000_000_001, i64::MAX] {
        let huge = case4().with(|terms| {
            terms.amount_minor = most;
            terms.milestones[0].amount_minor = most;
        });
        assert_eq!(faults(huge)[0], fault("amount", sentence));
    }
}

#[test]
fn recipients_are_parties_who_share_the_whole_amount() {
    fn both() -> Terms {
        case4().with(|terms| {
            terms.commission = None;
            terms.parties.push(party(Role::Payee, PAYEE));
            terms.milestones[0].recipients = vec![line(SELLER, 390_000), line(PAYEE, 10_000)];
        })
    }
    let field = "milestone-1-recipients";
    assert_eq!(given_nothing().when(buyer(), propose(both())).events().len(), 1);
    each_has_its_fault(
        both,
        &[
            (
                |terms| terms.milestones[0].recipients[1].user = STRANGER,
                field,
                "Only parties of the deal can receive from it.",
            ),
            (
                |terms| terms.milestones[0].recipients[1].user = BUYER,
                field,
                "The buyer pays and can't receive.",
            ),
            (|terms| terms.milestones[0].recipients[1].user = SELLER, field, "Name each recipient once."),
            (
                |terms| terms.milestones[0].recipients.push(line(BROKER, 0)),
                field,
                "Each recipient's amount must be above zero.",
            ),
            (
                |terms| terms.milestones[0].recipients[0].amount_minor -= 1,
                field,
                "The recipients' amounts come to 399.999 TND, the milestone to 400.000 TND.",
            ),
            (
                |terms| {
                    terms.commission = commission(percent(5), CommissionPayer::Seller);
                    terms.milestones[0].recipients[1].user = BROKER;
                },
                field,
                "The broker has a commission or a line of its own, never both.",
            ),
        ],
    );
}

#[test]
fn a_commission_is_a_part_of_the_amount_and_somebody_earns_it() {
    let limits = "Enter a commission above zero and below the whole amount, with at most 4 decimals.";
    each_has_its_fault(
        case4,
        &[
            (
                |terms| terms.commission = commission(Rate::FixedMinor(0), CommissionPayer::Buyer),
                "commission",
                limits,
            ),
            (
                |terms| terms.commission = commission(Rate::FixedMinor(1_000_000), CommissionPayer::Buyer),
                "commission",
                limits,
            ),
            (|terms| terms.commission = commission(percent(0), CommissionPayer::Buyer), "commission", limits),
            (
                |terms| terms.commission = commission(percent(100), CommissionPayer::Buyer),
                "commission",
                limits,
            ),
            (
                |terms| {
                    let odd = Rate::Percent(Decimal::new(1, 5));
                    terms.commission = commission(odd, CommissionPayer::Buyer);
                },
                "commission",
                limits,
            ),
            (
                |terms| {
                    let least = Rate::Percent(Decimal::new(1, 4));
                    terms.commission = commission(least, CommissionPayer::Buyer);
                    terms.amount_minor = 2;
                    terms.milestones.iter_mut().for_each(|part| part.amount_minor = 1);
                },
                "commission",
                "This percentage of the amount rounds to nothing.",
            ),
            (
                |terms| {
                    terms.commission = commission(percent(5), CommissionPayer::Buyer);
                    terms.commission.as_mut().unwrap().hidden = true;
                },
                "commission_hidden",
                "The side agreement needs a random salt.",
            ),
            (
                |terms| {
                    terms.commission = commission(percent(5), CommissionPayer::Split);
                    terms.commission.as_mut().unwrap().hidden = true;
                    terms.commission.as_mut().unwrap().salt = "5a".repeat(16);
                },
                "commission_hidden",
                "A commission that both sides pay can't be hidden.",
            ),
            (
                |terms| terms.parties.retain(|party| party.role != Role::Broker),
                "commission",
                "There is no broker to earn a commission.",
            ),
        ],
    );
}

#[test]
fn the_seller_and_the_broker_are_left_with_something() {
    each_has_its_fault(
        case4,
        &[
            (
                |terms| {
                    terms.fee = fixed_fee(950_000);
                    terms.fee_payer = FeePayer::Seller;
                },
                "milestone-1-amount",
                "After fees and commission nothing would be left for the seller.",
            ),
            (
                |terms| {
                    terms.fee = fixed_fee(50_001);
                    terms.fee_payer = FeePayer::Broker;
                },
                "milestone-2-amount",
                "The fee would be more than the broker earns in this milestone.",
            ),
        ],
    );
    let no_broker = one_off().with(|terms| terms.fee_payer = FeePayer::Broker);
    assert_eq!(faults(no_broker), [fault("fee_payer", "There is no broker who could pay the fee.")]);
}

#[test]
fn a_senseless_schedule_of_fees_is_refused_and_never_reckoned_with() {
    let sentence = "The platform fee for this currency is not set up correctly. Please tell the operators.";
    let schedules = [
        FeeSchedule { percent: Decimal::NEGATIVE_ONE, ..fixed_fee(0) },
        FeeSchedule { percent: Decimal::MAX, ..fixed_fee(0) },
        FeeSchedule { percent: Decimal::ONE_HUNDRED, ..fixed_fee(0) },
        FeeSchedule { percent: Decimal::new(1, 28), ..fixed_fee(0) },
        fixed_fee(-1),
        fixed_fee(i64::MAX),
        FeeSchedule { min_minor: -1, ..fixed_fee(0) },
        FeeSchedule { min_minor: i64::MAX, ..fixed_fee(0) },
        FeeSchedule { min_minor: 5, max_minor: Some(4), ..fixed_fee(0) },
        FeeSchedule { max_minor: Some(-1), ..fixed_fee(0) },
    ];
    for schedule in schedules {
        let terms = case4().with(|terms| terms.fee = schedule.clone());
        assert_eq!(faults(terms), [fault("fee", sentence)], "{schedule:?}");
    }
}

#[test]
fn files_are_few_and_small() {
    each_has_its_fault(
        case4,
        &[
            (
                |terms| terms.files = (0..21).map(|number| file(number, 1)).collect(),
                "files",
                "Attach no more than 20 files.",
            ),
            (
                |terms| terms.files[0].size_bytes = 20 * 1024 * 1024 + 1,
                "files",
                "A file can have up to 20 MiB.",
            ),
        ],
    );
}

/// Worked case 6, as far as modes are offered; the smallest amount of a mode is a setting.
#[test]
fn a_deal_has_the_smallest_amount_of_its_mode() {
    fn in_dinars(amount: &str) -> Terms {
        let minor = Money::parse(amount, currency("TND")).unwrap().minor;
        quick().with(|terms| {
            terms.currency = currency("TND");
            terms.amount_minor = minor;
            terms.milestones[0].amount_minor = minor;
        })
    }
    let send = |amount: &str| {
        given_nothing()
            .with_facts(|facts| facts.minimum_minor = 5_000)
            .when(buyer(), propose(in_dinars(amount)))
    };
    let sentence = "The smallest amount for this kind of deal is 5.000 TND.".to_owned();
    let faults = vec![holdfast::engine::refusal::Fault { field: "amount".to_owned(), sentence }];
    send("4.999").then(holdfast::engine::refusal::Refusal::TermsFaulty { faults });
    assert_eq!(send("5.000").events().len(), 1);
}
