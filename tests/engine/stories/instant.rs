//! Sold by a pay link: the seller makes it, whoever pays by it is the buyer, and delivering is enough.

use holdfast::engine::check;
use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Waiting};
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::{End, How, Method, MilestoneStage, Stage};
use holdfast::engine::next;
use holdfast::engine::notices::{News, notices};
use holdfast::engine::offers::Action;
use holdfast::engine::party::Role;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::status::{self, StepState};
use holdfast::engine::sums::Gross;
use holdfast::engine::terms::{FeePayer, Kind, Mode, Terms};
use uuid::Uuid;

use crate::dsl::deal::{commission, currency, fixed_fee, party, percent, start};
use crate::dsl::given::{given_nothing, sandbox};
use crate::dsl::outcome::with_wallet;
use crate::dsl::*;

fn sold() -> World {
    let mut world = World::sent(instant());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world
}

fn faults(change: impl FnOnce(&mut Terms)) -> Vec<String> {
    let faults = check::faults(&instant().with(change), 0, start());
    faults.into_iter().map(|fault| fault.field).collect()
}

#[test]
fn whoever_pays_by_the_link_becomes_the_buyer_and_delivering_releases_the_money() {
    let mut world = World::sent(instant());
    assert_eq!(world.status(), "Awaiting payment");
    assert_eq!(world.escrow().party(Role::Buyer), None);
    world.buyer().pays().is_done();
    assert_eq!(world.events(), ["proposed", "buyer_joined", "charge_started"]);
    assert_eq!(world.status(), "Payment processing");
    world.provider().settles().is_done();
    assert_eq!(world.events_since(3), ["charge_settled", "agreed"]);
    assert_eq!((world.status(), world.held().as_str()), ("Held in escrow", "100.00"));
    assert_eq!(world.milestone(1).due(), Some(start().plus_days(1)), "a day, if nothing else was said");
    world.seller().delivers(1).is_done();
    assert_eq!(world.events_since(5), ["delivered", "released"]);
    assert!(matches!(world.milestone(1).stage, MilestoneStage::Settling { how: How::Delivered, .. }));
    world.seller().delivers(1).is_already_done();
    world.seller().pays_out(1).is_done();
    assert_eq!((world.status(), world.wallet(SELLER).as_str()), ("Completed", "100.00"));
}

#[test]
fn a_seller_who_wants_his_money_at_once_has_it_with_the_delivery() {
    let mut world = sold();
    world.at_once.push(SELLER);
    world.seller().delivers(1).is_done();
    assert_eq!(world.wallet(SELLER), "100.00");
    assert!(matches!(world.stage(), Stage::Ended { end: End::Completed, .. }));
}

#[test]
fn the_seller_makes_it_and_names_nobody_else() {
    let propose =
        |terms: Terms| Command::Propose { id: Uuid::nil(), reference: String::new(), terms: Box::new(terms) };
    let fields = |refusal: Refusal| match refusal {
        Refusal::TermsFaulty { faults } => faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let with_buyer = || instant().with(|terms| terms.parties.push(party(Role::Buyer, BUYER)));
    assert_eq!(fields(given_nothing().when(buyer(), propose(with_buyer())).refusal()), ["seller"]);
    assert_eq!(fields(given_nothing().when(seller(), propose(with_buyer())).refusal()), ["buyer"]);
    given_nothing()
        .with_facts(|facts| facts.email_confirmed = false)
        .when(seller(), propose(instant()))
        .then(Refusal::EmailNotConfirmed);
}

#[test]
fn each_thing_that_it_lacks_is_refused_at_its_field() {
    assert!(faults(|_| {}).is_empty());
    assert!(faults(|terms| terms.delivery_days = Some(3)).is_empty());
    let fields = |change: fn(&mut Terms)| faults(change);
    assert_eq!(fields(|terms| terms.parties.push(party(Role::Buyer, BUYER))), ["buyer"]);
    assert_eq!(fields(|terms| terms.parties.push(party(Role::Broker, BROKER))), ["broker"]);
    assert_eq!(fields(|terms| terms.parties.push(party(Role::Payee, PAYEE))), ["payees"]);
    assert_eq!(fields(|terms| terms.contract_terms = Some("No.".to_owned())), ["contract_terms"]);
    assert_eq!(fields(|terms| terms.pay_first = true), ["pay_first"]);
    assert_eq!(fields(|terms| terms.fee_payer = FeePayer::Broker), ["fee_payer"]);
    assert_eq!(fields(|terms| terms.delivery_days = Some(0)), ["delivery_days"]);
    assert_eq!(fields(|terms| terms.proof_upload_hours = Some(24)), ["proof_upload_hours"]);
    let earns = |terms: &mut Terms| {
        terms.commission = commission(percent(5), holdfast::engine::terms::CommissionPayer::Seller);
    };
    assert_eq!(fields(earns), ["commission"]);
    let several = |terms: &mut Terms| {
        terms.kind = Kind::Milestone;
        terms.delivery_days = None;
        terms.milestones[0].due = Some(start().plus_days(3));
    };
    assert_eq!(fields(several), ["kind"]);
}

#[test]
fn ten_millimes_are_enough_and_nine_are_not() {
    let of = |minor: i64| {
        let terms = instant().with(|terms| {
            terms.currency = currency("TND");
            terms.amount_minor = minor;
            terms.milestones[0].amount_minor = minor;
        });
        check::faults(&terms, 10, start())
    };
    assert_eq!(of(9)[0].sentence, "The smallest amount for this kind of deal is 0.010 TND.");
    assert!(of(10).is_empty());
}

#[test]
fn there_is_nothing_to_sign_to_confirm_or_to_haggle_about() {
    let sold = || given(Past::sold(&instant()));
    let changes = Command::RequestChanges { milestone: 1, failed: vec![0], reason: "No.".to_owned() };
    sold()
        .when(buyer(), Command::Approve { milestone: 1, part_minor: None })
        .then(Refusal::NoConfirmationStep);
    sold().when(buyer(), changes).then(Refusal::NoConfirmationStep);
    let longer = Command::ExtendInspection { milestone: 1, days: 1 };
    sold().when(buyer(), longer).then(Refusal::NoConfirmationStep);
    let sign = Command::Sign { version: 1, document_sha256: String::new(), evidence_sha256: String::new() };
    sold().when(buyer(), sign.clone()).then(Refusal::NoContract);
    let sent = || given(Past::sent(&instant()));
    sent().when(seller(), sign).then(Refusal::NoContract);
    let other = Box::new(instant().with(|terms| terms.title.push('!')));
    sent().when(seller(), Command::Counter { version: 1, terms: other }).then(Refusal::InstantTermsFixed);
    sent().when(seller(), Command::Accept { version: 1 }).then(ALREADY_DONE);
}

#[test]
fn only_what_is_sold_by_a_link_is_bought_by_one() {
    let identity_sha256 = || "e".repeat(64);
    let buy = |payment: u128| Command::BuyByLink {
        payment: Uuid::from_u128(payment),
        method: sandbox(),
        identity_sha256: identity_sha256(),
        guest: false,
    };
    given(Past::agreed(&case4())).when(buyer(), buy(7)).then(Refusal::NoPayLink);
    given(Past::sent(&instant()))
        .when(seller(), buy(7))
        .then(Refusal::NotYourRole { needs: vec![Role::Buyer] });
    let as_buyer = holdfast::engine::party::Actor::Party { user: SELLER, role: Role::Buyer };
    given(Past::sent(&instant())).when(as_buyer, buy(7)).then(Refusal::AddressTaken);
    given(Past::sent(&instant()))
        .with_facts(|facts| facts.address_takes_part = true)
        .when(buyer(), buy(7))
        .then(Refusal::AddressTaken);
    given(Past::sent(&instant()))
        .with_facts(|facts| facts.terms_of_service_accepted = false)
        .when(buyer(), buy(7))
        .then(Refusal::TermsOfServiceNotAccepted);
    let nobody = Command::BuyByLink {
        payment: Uuid::from_u128(7),
        method: sandbox(),
        identity_sha256: String::new(),
        guest: true,
    };
    let refusal = given(Past::sent(&instant())).when(buyer(), nobody).refusal();
    assert!(matches!(refusal, Refusal::TermsFaulty { .. }), "{refusal:?}");
    let wallet = Command::BuyByLink {
        payment: Uuid::from_u128(7),
        method: Method::Wallet,
        identity_sha256: identity_sha256(),
        guest: false,
    };
    let available = currency("KES").of(0);
    given(Past::sent(&instant())).when(buyer(), wallet).then(Refusal::InsufficientWallet { available });
}

#[test]
fn who_has_an_account_can_pay_from_his_wallet() {
    let mut world = with_wallet(World::sent(instant()), "100");
    world.buyer().pays_from_the_wallet().is_done();
    assert_eq!(world.status(), "Held in escrow");
}

#[test]
fn one_link_is_one_sale() {
    let mut world = World::sent(instant());
    world.buyer().pays().is_done();
    let payment = world.last_payment();
    world.person(stranger()).pays().is_refused(Refusal::PaymentPending);
    world.provider().settles_payment(payment).is_done();
    world.person(stranger()).pays().is_refused(Refusal::AlreadyPaid);
    world.buyer().pays().is_refused(Refusal::AlreadyPaid);
    world.seller().delivers(1).is_done();
    world.seller().pays_out(1).is_done();
    world.person(stranger()).pays().is_refused(Refusal::AlreadyPaid);
}

#[test]
fn after_a_failed_payment_another_one_may_pay() {
    let mut world = World::sent(instant());
    world.person(stranger()).pays().is_done();
    let first = world.last_payment();
    world.provider().fails("Declined.").is_done();
    assert_eq!(world.status(), "Payment failed");
    world.buyer().pays().is_done();
    assert_eq!(world.escrow().party(Role::Buyer).unwrap().user, BUYER);
    assert_eq!(world.escrow().party_of(STRANGER), None);
    world.provider().settles().is_done();
    // The money of the first one comes after all: it is his and not the buyer's.
    world.provider().settles_payment(first).is_done();
    assert_eq!((world.wallet(STRANGER).as_str(), world.wallet(BUYER).as_str()), ("100.00", "0.00"));
    assert_eq!(world.held(), "100.00");
}

#[test]
fn whoever_failed_can_try_again_and_ends_nothing() {
    let mut world = World::sent(instant());
    world.buyer().pays().is_done();
    world.provider().fails("Declined.").is_done();
    world.buyer().withdraws().is_refused(Refusal::NotYourRole { needs: vec![Role::Seller] });
    world.buyer().declines("No.").is_refused(Refusal::InstantTermsFixed);
    world.buyer().disowns().is_refused(Refusal::NotProposed);
    let panel = next::panel(world.escrow(), BUYER, Role::Buyer, world.now);
    assert_eq!((panel.yours, panel.primary), (true, Some(Action::Pay)));
    let command =
        Command::StartCharge { payment: world.new_payment(), milestones: vec![1], method: sandbox() };
    world.buyer().does(command).is_done();
    world.provider().settles().is_done();
    assert_eq!(world.status(), "Held in escrow");
}

#[test]
fn a_link_that_nobody_pays_expires_after_two_weeks() {
    let mut world = World::sent(instant());
    let clock = deadlines::all(world.escrow())[0];
    assert_eq!((clock.waiting, clock.at), (Waiting::LinkPayment, start().plus_days(14)));
    world.days_pass(14);
    assert_eq!(world.status(), "Expired: not paid");
    world.buyer().pays().is_refused(Refusal::EscrowOver);
}

#[test]
fn the_time_that_a_payment_took_is_not_lost_for_the_next_one() {
    let mut world = World::sent(instant());
    world.days_pass(13);
    world.buyer().pays().is_done();
    world.days_pass(2);
    world.provider().fails("Declined.").is_done();
    assert_eq!(deadlines::all(world.escrow())[0].at, start().plus_days(16));
}

#[test]
fn the_seller_withdraws_as_long_as_nobody_pays() {
    let mut world = World::sent(instant());
    world.buyer().pays().is_done();
    world.seller().withdraws().is_refused(Refusal::PaymentPending);
    world.provider().fails("Declined.").is_done();
    world.seller().withdraws().is_done();
    assert_eq!(world.status(), "Withdrawn");
    world.buyer().pays().is_refused(Refusal::EscrowOver);
    sold().seller().withdraws().is_refused(Refusal::AlreadyPaid);
}

#[test]
fn what_is_not_delivered_can_be_cancelled_and_goes_back_by_itself() {
    let mut world = sold();
    world.buyer().cancels(1).is_refused(Refusal::NoRightToCancel);
    world.days_pass(8);
    assert_eq!(world.status(), "Overdue");
    let mut silent = world.clone();
    world.buyer().cancels(1).is_done();
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Cancelled", "100.00"));
    silent.days_pass(14);
    assert_eq!((silent.status(), silent.wallet(BUYER).as_str()), ("Cancelled", "100.00"));
    let mut late = sold();
    late.days_pass(9);
    late.seller().delivers(1).is_done();
    assert_eq!(late.status(), "Release under way");
}

#[test]
fn before_the_delivery_people_disagree_as_in_any_escrow() {
    let mut asked = sold();
    asked.buyer().does(Command::RequestCancellation { reason: "I don't want it.".to_owned() }).is_done();
    asked.seller().delivers(1).is_refused(Refusal::CancellationRequested);
    asked.days_pass(5);
    assert_eq!(asked.status(), "In dispute");
    let mut quarrel = sold();
    quarrel.buyer().disputes(1).is_done();
    quarrel.seller().delivers(1).is_refused(Refusal::InDispute);
    quarrel
        .seller()
        .offers(vec![Split { milestone: 1, release_minor: 4_000, refund_minor: 6_000 }])
        .is_done();
    quarrel.buyer().does(Command::AcceptSettlement { settlement: 1 }).is_done();
    assert_eq!(quarrel.wallet(BUYER), "60.00");
    let mut given_back = sold();
    given_back.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_done();
    assert_eq!((given_back.status(), given_back.wallet(BUYER).as_str()), ("Refunded", "100.00"));
}

#[test]
fn what_a_guest_bought_passes_to_his_account() {
    let mut world = sold();
    world.buyer().hands_over_to(SELLER).is_refused(Refusal::AddressTaken);
    world.buyer().hands_over_to(STRANGER).is_done();
    assert_eq!(world.escrow().party(Role::Buyer).unwrap().user, STRANGER);
    world.buyer().hands_over_to(STRANGER).is_already_done();
    world.buyer().hands_over_to(PAYEE).is_refused(Refusal::NotAParty);
    world.days_pass(8);
    world.person(stranger()).cancels(1).is_done();
    assert_eq!(world.wallet(STRANGER), "100.00");
    let mut paying = World::sent(instant());
    paying.buyer().pays().is_done();
    let first = paying.last_payment();
    paying.buyer().hands_over_to(STRANGER).is_refused(Refusal::PaymentPending);
    paying.provider().fails("Declined.").is_done();
    paying.buyer().hands_over_to(STRANGER).is_done();
    paying.provider().settles_payment(first).is_done();
    assert_eq!(paying.wallet(STRANGER), "100.00", "what comes late is still the same person's");
}

#[test]
fn a_guest_has_no_wallet() {
    let mut world = World::sent(instant());
    world.guests.push(BUYER);
    world.as_it_came = true;
    world
        .buyer()
        .pays_from_the_wallet()
        .is_refused(Refusal::InsufficientWallet { available: currency("KES").of(0) });
    world.buyer().pays().is_done();
    let first = world.last_payment();
    world.provider().fails("Declined.").is_done();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.provider().settles_payment(first).is_done();
    assert_eq!(
        (world.books.suspense(), world.wallet(BUYER).as_str()),
        (10_000, "0.00"),
        "it is on its way back"
    );
    world.provider().does(Command::RefundSettled { refund: 1, attempt: 1 }).is_done();
    assert_eq!(world.books.suspense(), 0);
    world.days_pass(8);
    world.buyer().cancels(1).is_done();
    assert_eq!(world.status(), "Refund under way");
    let failed = Command::RefundFailed { refund: 2, attempt: 1, reason: "Closed.".to_owned() };
    world.provider().does(failed).is_done();
    let to_wallet = Command::RefundToWallet { refund: 2 };
    world.buyer().does(to_wallet).is_refused(Refusal::NotYourRole { needs: Vec::new() });
    world.days_pass(30);
    assert_eq!(world.wallet(BUYER), "0.00", "no clock moves it there");
    world.buyer().does(Command::RetryRefund { refund: 2 }).is_done();
    let attempt = world.escrow().refund(2).unwrap().attempt;
    world.provider().does(Command::RefundSettled { refund: 2, attempt }).is_done();
    assert_eq!(world.status(), "Cancelled");
}

#[test]
fn with_an_account_a_guest_has_a_wallet() {
    let mut world = World::sent(instant());
    world.guests.push(BUYER);
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert!(!world.escrow().buyer_has_wallet());
    world.buyer().hands_over_to(BUYER).is_done();
    assert!(world.escrow().buyer_has_wallet());
    world.buyer().hands_over_to(BUYER).is_already_done();
}

#[test]
fn the_way_has_three_steps() {
    let steps = |world: &World| {
        let steps = status::steps(world.escrow());
        steps.into_iter().map(|(name, state)| (name, state == StepState::Done)).collect::<Vec<_>>()
    };
    let mut world = World::sent(instant());
    assert_eq!(steps(&world), [("Pay in", false), ("Deliver", false), ("Pay out", false)]);
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(steps(&world), [("Pay in", true), ("Deliver", false), ("Pay out", false)]);
    world.seller().delivers(1).is_done();
    assert_eq!(steps(&world), [("Pay in", true), ("Deliver", true), ("Pay out", false)]);
}

#[test]
fn each_is_told_what_concerns_him_once() {
    let told = |past: Past, actor, command| {
        let facts = holdfast::engine::command::Facts::default();
        let decided =
            holdfast::engine::decide::decide(Some(&past.escrow), &command, &actor, &facts, past.now);
        let Ok(holdfast::engine::decide::Decision::Done(events)) = decided else { panic!("{decided:?}") };
        let after = events.iter().cloned().fold(past, Past::then);
        let notices = notices(&after.escrow, &events, &actor);
        notices.into_iter().filter_map(|notice| Some((notice.role.role()?, notice.news))).collect::<Vec<_>>()
    };
    let due = Some(start().plus_days(1));
    let amount = currency("KES").of(10_000);
    let paid = told(
        Past::sent(&instant()).bought_by(BUYER),
        rail(),
        Command::ChargeSettled { payment: crate::dsl::given::PAYMENT },
    );
    assert_eq!(
        paid,
        [
            (Role::Buyer, News::Bought { amount, due }),
            (Role::Seller, News::Sold { due, price: Some(amount) })
        ]
    );
    let deliver = Command::MarkDone { milestone: 1, note: String::new(), files: Vec::new() };
    let delivered = told(Past::sold(&instant()), seller(), deliver);
    let (milestone, number) = ("A portrait".to_owned(), 1);
    let how = How::Delivered;
    let to_seller = News::ReleasedToYou {
        milestone: milestone.clone(),
        number,
        amount,
        how,
        in_wallet: false,
        part: None,
    };
    let gross = Some(Gross { net: 10_000, fee: 0, on_top: 0 });
    let to_buyer = News::HandedOver { milestone, number, amount, gross };
    assert_eq!(delivered, [(Role::Seller, to_seller), (Role::Buyer, to_buyer)]);
}

#[test]
fn nothing_turns_into_it_and_the_fee_can_be_split() {
    let terms = Box::new(quick().with(|terms| terms.mode = Mode::Instant));
    let counter = Command::Counter { version: 1, terms };
    given(Past::sent(&quick())).when(seller(), counter).then(Refusal::PartiesFixed);
    let mut world = World::sent(instant().with(|terms| {
        terms.fee = fixed_fee(200);
        terms.fee_payer = FeePayer::Split;
    }));
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    assert_eq!(world.held(), "101.00");
    world.seller().delivers(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!(world.wallet(SELLER), "99.00");
}
