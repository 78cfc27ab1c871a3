//! An outside arbiter: named by the terms, told when everyone has agreed, asked when a dispute reaches him; and
//! what becomes of it when he decides, declines or stays silent.

use holdfast::engine::check;
use holdfast::engine::command::Command;
use holdfast::engine::dispute::{Handler, Step};
use holdfast::engine::event::Event;
use holdfast::engine::next;
use holdfast::engine::notices::{Deciding, Disagreement, News, Whom, duties, notices};
use holdfast::engine::offers::Action;
use holdfast::engine::party::{Actor, Capacity, Role};
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{CommissionPayer, DisputeHandler, Rate, Terms};
use holdfast::engine::veil;

use crate::dsl::deal::{split, start, texts};
use crate::dsl::*;

/// A dispute over the first milestone that both sides have talked about for long enough.
fn before_him(terms: Terms) -> World {
    before_him_above(terms, i64::MAX)
}

/// The same, where a second one has to agree above a sum.
fn before_him_above(terms: Terms, second_above: i64) -> World {
    let mut world = World::paid(terms);
    world.second_above = second_above;
    world.seller().delivers(1).is_done();
    world.buyer().disputes(1).is_done();
    let (text, files) = ("It stands.".to_owned(), Vec::new());
    world.seller().does(Command::Statement { dispute: 1, text, files }).is_done();
    world.days_pass(7);
    world
}

fn rule(release: i64) -> Command {
    let reasons = "The door sticks.".to_owned();
    Command::Rule { dispute: 1, splits: vec![split(1, release, 400_000 - release)], reasons }
}

fn decline() -> Command {
    Command::DeclineArbitration { reason: "I know the seller.".to_owned() }
}

fn handler(world: &World) -> Option<Handler> {
    match world.escrow().dispute(1)?.step {
        Step::Handler { handler, .. } => Some(handler),
        Step::Answer { .. } | Step::Talk { .. } => None,
    }
}

/// What one capacity is told by the last event and those after it.
fn told(world: &World, last: usize, actor: &Actor, capacity: Capacity) -> Vec<News> {
    let events: Vec<Event> =
        world.history[world.history.len() - last..].iter().map(|(_, event)| event.clone()).collect();
    let all = notices(world.escrow(), &events, actor).into_iter();
    all.filter(|notice| notice.role == capacity).map(|notice| notice.news).collect()
}

#[test]
fn terms_name_an_arbiter_who_takes_no_other_part() {
    let faults = |change: fn(&mut Terms)| -> Vec<String> {
        let terms = arbitrated().with(change);
        check::faults(&terms, 0, start()).into_iter().map(|fault| fault.field).collect()
    };
    assert_eq!(faults(|_| {}), Vec::<String>::new());
    assert_eq!(faults(|terms| terms.arbiter = None), ["arbiter"]);
    assert_eq!(faults(|terms| terms.arbiter.as_mut().unwrap().user = SELLER), ["arbiter"]);
    assert_eq!(faults(|terms| terms.arbiter.as_mut().unwrap().identity_sha256.clear()), ["arbiter"]);
    assert_eq!(faults(|terms| terms.dispute_handler = DisputeHandler::Platform), ["dispute_handler"]);
}

#[test]
fn the_contract_names_him_by_his_digest() {
    let text = texts(&arbitrated(), "ESC-7K2M-9QXA", 1, start()).contract.text;
    let identity = &arbitrated().arbiter.unwrap().identity_sha256;
    assert!(text.contains(&format!("Fingerprint of the arbiter: {identity}")), "{text}");
    assert!(!texts(&case4(), "ESC-7K2M-9QXA", 1, start()).contract.text.contains("rbiter"));
}

#[test]
fn he_is_told_when_everyone_has_agreed_and_not_before() {
    let mut world = World::sent(arbitrated());
    assert!(!world.escrow().arbiter_is_told());
    world.person(arbiter()).does(decline()).is_refused(Refusal::NotAgreed);
    world.seller().signs().is_done();
    assert_eq!(told(&world, 1, &seller(), Capacity::Arbiter), []);
    world.buyer().signs().is_done();
    world.broker().signs().is_done();
    assert!(world.escrow().arbiter_is_told());
    assert_eq!(told(&world, 2, &broker(), Capacity::Arbiter), [News::Deciding(Deciding::Named)]);
}

#[test]
fn a_dispute_reaches_him_and_he_decides() {
    let mut world = before_him(arbitrated());
    assert_eq!(handler(&world), Some(Handler::Arbiter));
    let news = told(&world, 1, &clock(), Capacity::Arbiter);
    assert!(
        matches!(&news[..], [News::Deciding(Deciding::Asked { dispute: 1, passed_on: false, .. })]),
        "{news:?}"
    );
    let events = [world.history.last().unwrap().1.clone()];
    assert_eq!(duties(world.escrow(), &events), [], "it is none of the operators' business");
    world.person(operator()).does(rule(0)).is_refused(Refusal::NotWithHandler);
    world.buyer().does(rule(0)).is_refused(Refusal::NotYourRole { needs: Vec::new() });
    world.person(arbiter()).does(rule(300_000)).is_done();
    assert_eq!(world.wallet(BUYER), "101.000");
    assert!(world.escrow().disputes.is_empty());
    world.person(arbiter()).does(rule(300_000)).is_refused(Refusal::NoSuchDispute);
}

#[test]
fn above_the_set_sum_an_operator_confirms_or_sends_back() {
    let mut world = before_him_above(arbitrated(), 100_000);
    world.person(arbiter()).does(rule(300_000)).is_done();
    assert_eq!(world.wallet(BUYER), "0.000");
    let events = [world.history.last().unwrap().1.clone()];
    let owed = duties(world.escrow(), &events);
    assert!(matches!(owed[..], [ref duty] if duty.to == Whom::AllBut(ARBITER)), "{owed:?}");
    world.person(arbiter()).does(decline()).is_refused(Refusal::RulingPending);
    let back = Command::ReturnRuling { dispute: 1, reason: "Say more.".to_owned() };
    world.person(operator()).does(back).is_done();
    let news = told(&world, 1, &operator(), Capacity::Arbiter);
    assert!(matches!(&news[..], [News::Deciding(Deciding::Returned { .. })]), "{news:?}");
    world.person(arbiter()).does(rule(200_000)).is_done();
    world.person(operator()).does(Command::ConfirmRuling { dispute: 1 }).is_done();
    assert_eq!(world.wallet(BUYER), "202.000");
}

#[test]
fn the_sum_that_stood_at_the_opening_counts_whatever_is_set_later() {
    let mut raised = before_him_above(arbitrated(), 100_000);
    raised.second_above = i64::MAX;
    raised.person(arbiter()).does(rule(300_000)).is_done();
    assert_eq!(raised.wallet(BUYER), "0.000", "it waits for a second one");
    let mut lowered = before_him_above(arbitrated(), 400_000);
    lowered.second_above = 0;
    lowered.person(arbiter()).does(rule(300_000)).is_done();
    assert_eq!(lowered.wallet(BUYER), "101.000");
    // An older dispute doesn't say, and goes by what is set now.
    let older = || given(Past::delivered(&crate::dsl::deal::case4(), 1).disputed(1).handed_over());
    let splits = vec![split(1, 0, 400_000)];
    let (reasons, by) = ("It leaks.".to_owned(), operator().user().unwrap());
    let ruling = Command::Rule { dispute: 1, splits: splits.clone(), reasons: reasons.clone() };
    older()
        .with_facts(|facts| facts.second_operator_above_minor = 0)
        .when(operator(), ruling)
        .then(Event::Ruled { dispute: 1, by, splits, reasons, second: true });
}

#[test]
fn whoever_takes_part_under_another_account_decides_nothing() {
    let with_him = || {
        given(Past::delivered(&crate::dsl::deal::case4(), 1).disputed(1).handed_over())
            .with_facts(|facts| facts.address_takes_part = true)
    };
    let reasons = "It leaks.".to_owned();
    let ruling = Command::Rule { dispute: 1, splits: vec![split(1, 0, 400_000)], reasons };
    with_him().when(operator(), ruling.clone()).then(Refusal::OperatorIsParty);
    with_him().when(arbiter(), ruling).then(Refusal::OperatorIsParty);
    with_him().when(operator(), Command::ConfirmRuling { dispute: 1 }).then(Refusal::OperatorIsParty);
    let back = Command::ReturnRuling { dispute: 1, reason: "Say more.".to_owned() };
    with_him().when(operator(), back).then(Refusal::OperatorIsParty);
    let own = Actor::Operator { user: ARBITER };
    let mut world = before_him(arbitrated());
    world.days_pass(7);
    world.person(own).does(rule(0)).is_refused(Refusal::OperatorIsParty);
}

#[test]
fn his_silence_passes_it_to_the_operators_once() {
    let mut world = before_him(arbitrated());
    world.days_pass(7);
    assert_eq!(handler(&world), Some(Handler::Operators));
    let news = told(&world, 1, &clock(), Capacity::Arbiter);
    assert_eq!(news, [News::Deciding(Deciding::PassedOn { dispute: 1 })]);
    let news = told(&world, 1, &clock(), Capacity::Seller);
    let passed_on = |news: &News| {
        matches!(
            news,
            News::Disagreement(Disagreement::DisputeWithHandler { arbiter: false, passed_on: true, .. })
        )
    };
    assert!(news.iter().any(passed_on), "{news:?}");
    let events = [world.history.last().unwrap().1.clone()];
    assert!(matches!(duties(world.escrow(), &events)[..], [ref duty] if duty.to == Whom::All));
    world.person(arbiter()).does(rule(0)).is_refused(Refusal::NotWithHandler);
    // Then what the terms name is carried out.
    world.days_pass(7);
    assert_eq!(world.wallet(BUYER), "202.000");
}

#[test]
fn when_he_declines_the_operators_decide_now_and_later() {
    let mut world = World::agreed(arbitrated());
    world.seller().does(decline()).is_refused(Refusal::NotYourRole { needs: Vec::new() });
    world.person(arbiter()).does(decline()).is_done();
    world.person(arbiter()).does(decline()).is_already_done();
    let news = told(&world, 1, &arbiter(), Capacity::Buyer);
    assert!(matches!(&news[..], [News::Disagreement(Disagreement::ArbiterDeclined { .. })]), "{news:?}");
    assert!(!world.escrow().arbiter_is_told());

    let mut world = before_him(arbitrated());
    world.person(arbiter()).does(decline()).is_done();
    assert_eq!(handler(&world), Some(Handler::Operators));
    assert_eq!(told(&world, 2, &arbiter(), Capacity::Arbiter), []);
    world.person(operator()).does(rule(0)).is_done();
}

#[test]
fn he_does_nothing_else() {
    let world = before_him(arbitrated());
    for (_, command) in super::roles::every_command().split_off(1) {
        if matches!(command, Command::Rule { .. } | Command::DeclineArbitration { .. }) {
            continue;
        }
        let refused = World::attempt(&mut world.clone(), &arbiter(), &command);
        let refused = refused.expect_err(&format!("{command:?}"));
        let not_his =
            [Refusal::NotAParty, Refusal::NotYourRole { needs: Vec::new() }, Refusal::AlreadyProposed];
        assert!(not_his.contains(&refused), "{command:?}: {refused:?}");
    }
}

#[test]
fn his_panel_says_what_is_to_be_done_and_by_when() {
    let said = |world: &World| {
        let panel = next::of_arbiter(world.escrow());
        (panel.yours, panel.headline, panel.primary)
    };
    let mut world = World::agreed(arbitrated());
    assert_eq!(said(&world), (false, "There is nothing to decide now".to_owned(), None));
    world = World::paid(arbitrated());
    world.seller().delivers(1).is_done();
    world.buyer().disputes(1).is_done();
    assert!(said(&world).1.starts_with("The two sides talk"));
    let mut world = before_him_above(arbitrated(), 100_000);
    let decide = "Decide the dispute about “Foundation and walls”".to_owned();
    assert_eq!(said(&world), (true, decide, Some(Action::Rule(1))));
    assert_eq!(next::of_arbiter(world.escrow()).by, Some(world.escrow().dispute(1).unwrap().step.times().1));
    let seen = next::panel(world.escrow(), BUYER, Role::Buyer, world.now);
    assert!(seen.headline.starts_with("The arbiter is to decide"), "{seen:?}");
    assert_eq!(seen.secondary, [Action::Nudge(holdfast::engine::deadlines::Waiting::Ruling, Some(1))]);
    world.person(arbiter()).does(rule(0)).is_done();
    assert!(said(&world).1.starts_with("You have decided."));
    world.days_pass(7);
    assert!(said(&world).1.starts_with("The operators of Holdfast are to decide"));
}

#[test]
fn a_hidden_commission_is_hidden_from_him() {
    for payer in [CommissionPayer::Buyer, CommissionPayer::Seller] {
        let seen = |minor: i64| {
            let terms = arbitrated().with(|terms| {
                terms.commission = crate::dsl::deal::commission(Rate::FixedMinor(minor), payer);
                let commission = terms.commission.as_mut().unwrap();
                (commission.hidden, commission.salt) = (true, "5a".repeat(16));
            });
            let mut escrow = veil::for_arbiter(Past::delivered(&terms, 1).disputed(1).escrow);
            escrow.parties.clear();
            escrow.document_sha256.clear();
            serde_json::to_string(&escrow).unwrap()
        };
        assert_eq!(seen(30_000), seen(77_777), "{payer:?}");
    }
}
