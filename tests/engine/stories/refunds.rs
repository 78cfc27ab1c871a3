//! Money that goes back as it came: reserved, sent, failed, sent again, or to the wallet instead.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Waiting};
use holdfast::engine::escrow::{End, How, MilestoneStage, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::notices::{News, RefundNews, notices};
use holdfast::engine::offers::Action;
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::plan::{Part, Share};
use holdfast::engine::postings::{Account, entries};
use holdfast::engine::refund::{MOST_REFUNDS, RefundState};
use holdfast::engine::refusal::Refusal;
use holdfast::engine::status::{self, StepState};
use holdfast::engine::{next, vocabulary};
use uuid::Uuid;

use crate::dsl::deal::{milestone, start};
use crate::dsl::given::PAYMENT;
use crate::dsl::outcome::with_wallet;
use crate::dsl::*;

/// Paid by the sandbox's rail, and cancelled by the seller.
fn cancelled() -> World {
    let mut world = World::paid(case1());
    world.as_it_came = true;
    world.seller().does(Command::CancelAll { reason: String::new() }).is_done();
    world
}

fn failed() -> World {
    let mut world = cancelled();
    world.provider().could_not_refund(1).is_done();
    world
}

fn refund_of(milestone: u16, part_minor: Option<i64>) -> Command {
    Command::Refund { milestone, part_minor }
}

#[test]
fn it_is_reserved_when_it_is_decided_and_gone_when_the_provider_says_so() {
    let mut world = cancelled();
    assert_eq!(world.status(), "Refund under way");
    assert_eq!((world.held().as_str(), world.balance().as_str()), ("100.00", "98.00"));
    assert_eq!((world.milestone(1).left_minor(), world.milestone(1).reserved_minor()), (0, 10_000));
    assert!(matches!(world.milestone(1).stage, MilestoneStage::Settling { how: How::Cancelled, .. }));
    world.buyer().closes().is_refused(Refusal::NotOverYet);
    world.provider().refunded(1).is_done();
    world.provider().refunded(1).is_already_done();
    assert_eq!(*world.stage(), Stage::Ended { end: End::Cancelled, at: world.now, lapsed_at: None });
    assert_eq!((world.held().as_str(), world.wallet(BUYER).as_str()), ("0.00", "0.00"));
    assert_eq!((world.books.came_in(), world.status()), (0, "Cancelled"));
    world.buyer().closes().is_done();
}

#[test]
fn what_was_never_delivered_is_no_step_that_was_done() {
    let done = |world: &World| {
        let steps = status::steps(world.escrow()).into_iter();
        steps.filter(|(_, state)| *state == StepState::Done).map(|(name, _)| name).collect::<Vec<_>>()
    };
    let mut world = cancelled();
    assert_eq!(done(&world), ["Agree", "Sign", "Pay in"]);
    world.provider().refunded(1).is_done();
    assert_eq!(done(&world), ["Agree", "Sign", "Pay in"]);
    let mut world = World::delivered(case1(), 1);
    world.seller().does(refund_of(1, None)).is_done();
    assert_eq!(done(&world), ["Agree", "Sign", "Pay in", "Deliver"]);
}

#[test]
fn the_event_names_the_payment_on_which_it_goes_back() {
    let parts = vec![
        Part { share: Share::Seller, amount_minor: 9_800 },
        Part { share: Share::Platform, amount_minor: 200 },
    ];
    let started = Event::RefundStarted {
        refund: 1,
        milestone: 1,
        amount_minor: 9_800,
        parts,
        whole: true,
        how: How::Refunded,
        charge: PAYMENT,
        rail: "sandbox".to_owned(),
        answer_by: start().plus_days(3),
    };
    given(Past::paid(&case1()))
        .with_facts(|facts| facts.rails_that_refund = vec!["sandbox".to_owned()])
        .when(seller(), refund_of(1, None))
        .then(started);
}

#[test]
fn the_entries_leave_by_the_provider_line_by_line() {
    let past = Past::paid(&case1()).refunding(1);
    let settled = Event::RefundSettled { refund: 1, milestone: 1, attempt: 1 };
    let all = entries(&past.escrow, &settled);
    let clearing = Account::Clearing { rail: "sandbox".to_owned() };
    assert!(all.iter().all(|entry| entry.to == clearing), "{all:?}");
    let amounts: Vec<i64> = all.iter().map(|entry| entry.amount.minor).collect();
    assert_eq!(amounts, [9_800, 200]);
    let failed = past.refund_failed();
    let to_wallet = Event::RefundedToWallet { refund: 1, milestone: 1 };
    let all = entries(&failed.escrow, &to_wallet);
    assert!(all.iter().all(|entry| entry.to == Account::Wallet { user: BUYER }), "{all:?}");
}

#[test]
fn money_that_came_from_a_wallet_goes_back_to_it() {
    let mut world = with_wallet(World::agreed(case1()), "100");
    world.as_it_came = true;
    world.buyer().pays_from_the_wallet().is_done();
    world.seller().does(refund_of(1, None)).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.status()), ("100.00", "Refunded"));
    assert_eq!(world.count("refund_started"), 0);
}

#[test]
fn a_provider_that_cant_take_money_back_is_not_asked() {
    let mut world = World::paid(case1());
    world.seller().does(refund_of(1, None)).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.count("refunded")), ("100.00", 1));
    given(Past::paid(&case1()))
        .with_facts(|facts| facts.rails_that_refund = vec!["another".to_owned()])
        .when(seller(), refund_of(1, None))
        .events()
        .iter()
        .for_each(|event| assert!(!matches!(event, Event::RefundStarted { .. }), "{event:?}"));
}

#[test]
fn each_milestone_goes_back_on_the_payment_that_brought_it() {
    let mut world = World::paid(per_milestone());
    world.as_it_came = true;
    let first = world.last_payment();
    world.seller().delivers(1).is_done();
    world.buyer().approves_part(1, "100").is_done();
    world.seller().does(refund_of(1, None)).is_done();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    let second = world.last_payment();
    world.seller().does(refund_of(2, None)).is_done();
    let charges: Vec<Uuid> = world.escrow().refunds.iter().map(|refund| refund.charge).collect();
    assert_eq!(charges, [first, second]);
    world.provider().refunded(2).is_done();
    world.provider().refunded(1).is_done();
    world.days_pass(8);
    assert_eq!(world.status(), "Completed");
}

#[test]
fn case_1_with_the_method_the_rest_goes_back_as_it_came() {
    let mut world = World::delivered(case1(), 1);
    world.as_it_came = true;
    world.buyer().approves_part(1, "50").is_done();
    world.seller().pays_out(1).is_done();
    world.seller().does(refund_of(1, None)).is_done();
    // Nothing changes for the seller until the provider has done it.
    assert_eq!((world.stands_in_for(SELLER).as_str(), world.balance().as_str()), ("48.00", "48.00"));
    let sentence = "Insufficient funds in escrow. Available amount is 0.0";
    world.seller().does(refund_of(1, Some(1))).is_already_done();
    let part = Past::delivered(&case1(), 1);
    let reserved = part.clone().then(started_part(1, 9_800));
    given(reserved)
        .when(buyer(), Command::Approve { milestone: 1, part_minor: Some(1) })
        .then(Refusal::InsufficientFunds { available: case1().money(0) });
    assert_eq!(Refusal::InsufficientFunds { available: case1().money(0) }.sentence(), sentence);
    world.provider().could_not_refund(1).is_done();
    assert_eq!((world.stands_in_for(SELLER).as_str(), world.balance().as_str()), ("48.00", "48.00"));
    world.buyer().retries(1).is_done();
    world.provider().refunded(1).is_done();
    assert_eq!((world.stands_in_for(SELLER).as_str(), world.balance().as_str()), ("0.00", "0.00"));
    assert_eq!((world.wallet(BUYER).as_str(), world.fees().as_str()), ("0.00", "1.02"));
    assert_eq!(world.money(world.books.came_in()), "51.02");
    world.seller().closes().is_done();
    world.buyer().approves_part(1, "1").is_refused_saying("Escrow is closed.");
}

/// A part of a balance is on its way back, and the milestone stays where it stands.
fn started_part(refund: u16, amount_minor: i64) -> Event {
    Event::RefundStarted {
        refund,
        milestone: 1,
        amount_minor,
        parts: vec![Part { share: Share::Seller, amount_minor }],
        whole: false,
        how: How::Refunded,
        charge: PAYMENT,
        rail: "sandbox".to_owned(),
        answer_by: start().plus_days(3),
    }
}

#[test]
fn case_2_with_the_method_a_full_cancel_returns_everything() {
    let mut world = World::paid(case1());
    world.as_it_came = true;
    world.days_pass(14);
    world.buyer().cancels(1).is_done();
    world.buyer().cancels(1).is_already_done();
    world.buyer().approves(1).is_refused(Refusal::NotDelivered);
    world.provider().refunded(1).is_done();
    assert_eq!((world.books.came_in(), world.fees().as_str()), (0, "0.00"));
    assert_eq!((world.balance().as_str(), world.status()), ("0.00", "Cancelled"));
}

#[test]
fn a_part_leaves_the_stage_and_only_the_rest_can_be_approved() {
    let mut world = World::delivered(case1(), 1);
    world.as_it_came = true;
    world.seller().does(refund_of(1, Some(1_800))).is_done();
    assert_eq!((world.status(), world.milestone(1).left_minor()), ("Delivered: to inspect", 8_000));
    let sentence = "Insufficient funds in escrow. Available amount is 80.0";
    world.buyer().approves_part(1, "80.01").is_refused_saying(sentence);
    world.buyer().approves(1).is_done();
    world.seller().pays_out(1).is_done();
    assert_eq!(world.status(), "Refund under way");
    world.provider().refunded(1).is_done();
    assert_eq!((world.status(), world.held().as_str()), ("Completed", "0.00"));
}

#[test]
fn while_both_ways_are_open_the_release_gives_the_name() {
    let mut world = World::delivered(case1(), 1);
    world.as_it_came = true;
    world
        .buyer()
        .does(Command::OpenDispute {
            claims: vec![crate::dsl::deal::split(1, 5_000, 4_800)],
            reason: "Half of it.".to_owned(),
            failed: Vec::new(),
            files: Vec::new(),
        })
        .is_done();
    world.seller().does(Command::Concede { dispute: 1 }).is_done();
    assert_eq!(world.status(), "Being paid out");
    world.seller().pays_out(1).is_done();
    assert_eq!(world.status(), "Refund under way");
    world.provider().could_not_refund(1).is_done();
    assert_eq!(world.status(), "Refund failed");
}

#[test]
fn a_failed_refund_stays_the_buyers_and_he_sends_it_again() {
    let mut world = failed();
    assert_eq!((world.status(), world.held().as_str()), ("Refund failed", "100.00"));
    world.seller().retries(1).is_refused(Refusal::NotYourRole { needs: vec![Role::Buyer] });
    world.provider().could_not_refund(1).is_already_done();
    world.buyer().retries(1).is_done();
    world.buyer().retries(1).is_already_done();
    assert_eq!(world.escrow().refund(1).unwrap().attempt, 2);
    world.buyer().takes_to_wallet(1).is_refused(Refusal::RefundPending);
    // What the provider says of the first attempt is old news.
    world
        .provider()
        .does(Command::RefundFailed { refund: 1, attempt: 1, reason: "No.".into() })
        .is_already_done();
    assert_eq!(world.status(), "Refund under way");
    world.provider().refunded(1).is_done();
    world.buyer().retries(1).is_refused(Refusal::NoSuchRefund);
    world.buyer().takes_to_wallet(1).is_refused(Refusal::NoSuchRefund);
    assert_eq!(world.status(), "Cancelled");
}

#[test]
fn the_buyer_takes_a_failed_refund_to_his_wallet() {
    let mut world = failed();
    world.buyer().takes_to_wallet(1).is_done();
    world.buyer().takes_to_wallet(1).is_already_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.status()), ("100.00", "Cancelled"));
    world.buyer().retries(1).is_refused(Refusal::NoSuchRefund);
    world.provider().could_not_refund(1).is_already_done();
    // The provider paid all the same: nothing moves here, and the operators see it.
    world.provider().refunded(1).is_refused(Refusal::RefundSentTwice);
    world.buyer().closes().is_done();
    world.provider().refunded(1).is_refused(Refusal::RefundSentTwice);
}

#[test]
fn an_operator_can_do_both_unless_he_is_a_party() {
    let mut world = failed();
    let party = Actor::Operator { user: SELLER };
    world.person(party).retries(1).is_refused(Refusal::OperatorIsParty);
    world.person(operator()).retries(1).is_done();
    world.provider().could_not_refund(1).is_done();
    world.person(operator()).takes_to_wallet(1).is_done();
    assert_eq!(world.wallet(BUYER), "100.00");
}

#[test]
fn silence_of_the_provider_is_a_failure_after_three_days() {
    let mut world = cancelled();
    world.days_pass(2);
    assert_eq!(world.status(), "Refund under way");
    world.days_pass(1);
    assert_eq!(world.status(), "Refund failed");
    // The same order is asked for again: it must not be carried out twice.
    world.buyer().retries(1).is_done();
    assert_eq!(world.escrow().refund(1).unwrap().attempt, 1);
    world.provider().refunded(1).is_done();
    assert_eq!(world.status(), "Cancelled");
}

#[test]
fn an_answer_that_comes_late_still_counts() {
    let mut world = cancelled();
    world.outage_of_days(3);
    world.provider().refunded(1).is_done();
    assert_eq!(world.status(), "Cancelled");

    let mut world = cancelled();
    world.outage_of_days(3);
    world.provider().could_not_refund(1).is_done();
    world.buyer().retries(1).is_done();
    assert_eq!(world.escrow().refund(1).unwrap().attempt, 2, "the first order is dead");
    // The provider contradicts itself about the first one, and then pays the second too.
    world.provider().does(Command::RefundSettled { refund: 1, attempt: 1 }).is_done();
    world
        .provider()
        .does(Command::RefundSettled { refund: 1, attempt: 2 })
        .is_refused(Refusal::RefundSentTwice);
    world.provider().does(Command::RefundSettled { refund: 1, attempt: 3 }).is_refused(Refusal::NoSuchRefund);
}

#[test]
fn a_failed_refund_is_sent_again_once_by_itself_and_then_goes_to_the_wallet() {
    let mut world = failed();
    world.days_pass(1);
    assert_eq!((world.status(), world.count("refund_retried")), ("Refund under way", 1));
    world.provider().could_not_refund(1).is_done();
    world.days_pass(6);
    assert_eq!((world.status(), world.count("refund_retried")), ("Refund failed", 1));
    world.days_pass(1);
    assert_eq!((world.status(), world.wallet(BUYER).as_str()), ("Cancelled", "100.00"));
}

#[test]
fn after_a_long_outage_it_is_tried_before_it_is_given_up() {
    let mut world = failed();
    world.outage_of_days(30);
    assert_eq!(world.status(), "Refund under way");
    world.days_pass(3);
    assert_eq!(world.status(), "Refund failed");
    world.days_pass(7);
    assert_eq!(world.wallet(BUYER), "100.00");
}

#[test]
fn its_clocks_wait_for_the_provider_and_then_for_the_buyer() {
    let clocks = |past: &Past| -> Vec<_> {
        let all = deadlines::all(&past.escrow).into_iter().filter(|clock| clock.milestone == Some(1));
        all.map(|clock| (clock.waiting, clock.at, deadlines::waits_for(&past.escrow, &clock))).collect()
    };
    let past = Past::paid(&case4()).refunding(1);
    assert_eq!(clocks(&past), [(Waiting::RefundAnswer, start().plus_days(3), vec![])]);
    let past = past.refund_failed();
    let again = (Waiting::RefundAgain, start().plus_days(1), vec![]);
    assert_eq!(clocks(&past), [again, (Waiting::FailedRefund, start().plus_days(7), vec![BUYER])]);
    let panel = next::panel(&past.escrow, BUYER, Role::Buyer, start());
    assert_eq!(
        (panel.primary, panel.secondary),
        (Some(Action::RetryRefund(1)), vec![Action::RefundToWallet(1)])
    );
    assert!(panel.headline.contains("404.000 TND"), "{}", panel.headline);
    assert_eq!(panel.note.as_deref(), Some("The reason given: The card is closed."));
    let panel = next::panel(&past.escrow, SELLER, Role::Seller, start());
    assert_eq!((panel.yours && panel.milestone == Some(1), panel.note), (false, None));
}

#[test]
fn declined_after_it_was_paid_it_waits_for_the_money_to_be_back() {
    let mut world = World::sent(pay_first());
    world.as_it_came = true;
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.seller().declines("I am away.").is_done();
    world.seller().declines("I am away.").is_already_done();
    assert_eq!(world.status(), "Declined, refunding");
    world.seller().accepts().is_refused(Refusal::NotProposed);
    world.buyer().declines("").is_refused(Refusal::NotYourRole { needs: vec![Role::Seller] });
    world.provider().could_not_refund(1).is_done();
    assert_eq!(world.status(), "Refund failed");
    world.buyer().retries(1).is_done();
    world.provider().refunded(1).is_done();
    let end = End::Declined { by: Role::Seller, reason: "I am away.".to_owned() };
    assert_eq!(
        (world.stage().clone(), world.status()),
        (Stage::Ended { end, at: world.now, lapsed_at: None }, "Declined")
    );
}

#[test]
fn the_names_of_other_products_follow_it() {
    let names = |world: &World| vocabulary::names(world.escrow(), &[]);
    let mut world = cancelled();
    let under_way = names(&world);
    assert_eq!(
        (under_way.vesicash, under_way.dhmad, under_way.tilia),
        ("Closed - Refunded", "cancelled", "ESCROWED")
    );
    world.provider().could_not_refund(1).is_done();
    assert_eq!((names(&world).vesicash, names(&world).tilia), ("Closed - Refunded", "CANCEL-FAILED"));
    world.buyer().retries(1).is_done();
    assert_eq!(names(&world).tilia, "ESCROWED");
    world.provider().refunded(1).is_done();
    assert_eq!(names(&world).tilia, "CANCELLED");
}

#[test]
fn the_buyer_is_told_of_the_money_and_the_others_of_the_decision() {
    let past = Past::paid(&case4()).refunding(1);
    let told = |past: &Past, event: &Event, actor: &Actor| -> Vec<(Role, RefundNews)> {
        let all = notices(&past.escrow, std::slice::from_ref(event), actor);
        all.into_iter()
            .map(|notice| match notice.news {
                News::Refund(news) => (notice.role.role().unwrap(), news),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let settled = Event::RefundSettled { refund: 1, milestone: 1, attempt: 1 };
    let (milestone, amount) = ("Foundation and walls".to_owned(), case4().money(404_000));
    let done = RefundNews::Done { milestone: milestone.clone(), number: 1, amount };
    assert_eq!(told(&past, &settled, &rail()), [(Role::Buyer, done)]);
    let past = past.refund_failed();
    let (reason, no_answer) = ("The card is closed.".to_owned(), false);
    let event = Event::RefundFailed {
        refund: 1,
        milestone: 1,
        attempt: 1,
        reason: reason.clone(),
        no_answer,
        lapsed_at: None,
    };
    let to_wallet_at = Some(start().plus_days(7));
    let failed =
        RefundNews::Failed { milestone, number: 1, refund: 1, amount, reason, again: true, to_wallet_at };
    assert_eq!(told(&past, &event, &rail()), [(Role::Buyer, failed)]);
}

#[test]
fn a_document_does_not_grow_for_ever() {
    let dear = one_off().with(|terms| {
        terms.amount_minor = 100_000;
        terms.milestones = vec![milestone("A portrait", 100_000)];
    });
    let mut world = World::paid(dear);
    world.as_it_came = true;
    for _ in 0..MOST_REFUNDS {
        world.seller().does(refund_of(1, Some(100))).is_done();
    }
    assert_eq!(world.wallet(BUYER), "0.00");
    world.seller().does(refund_of(1, Some(100))).is_done();
    assert_eq!((world.wallet(BUYER).as_str(), world.escrow().refunds.len()), ("1.00", MOST_REFUNDS));
}

#[test]
fn two_that_fail_at_the_same_moment_both_go_their_way() {
    let mut world = World::paid(one_off());
    world.as_it_came = true;
    for _ in 0..2 {
        world.seller().does(refund_of(1, Some(1_000))).is_done();
    }
    for refund in [1, 2] {
        world.provider().could_not_refund(refund).is_done();
    }
    world.days_pass(5);
    world.days_pass(7);
    assert_eq!(world.wallet(BUYER), "20.00");
    let states =
        world.escrow().refunds.iter().all(|refund| matches!(refund.state, RefundState::ToWallet { .. }));
    assert!(states, "{:?}", world.escrow().refunds);
}
