//! A run: one deal, and a hundred steps of everyone.

use std::collections::BTreeSet;
use std::sync::Mutex;

use holdfast::engine::command::Command;
use holdfast::engine::deadlines;
use holdfast::engine::decide::Decision;
use holdfast::engine::escrow::{MilestoneEnd, MilestoneStage, Stage};
use holdfast::engine::offers;
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::plan::Share;
use holdfast::engine::terms::Mode;

use proptest::prelude::prop_oneof;

use super::deals::{Deal, deal, payee_id};
use super::steps::{self, Step};
use super::{for_all, panels, rules};
use crate::dsl::*;

const RUNS: u32 = 1_000;
const STEPS: usize = 100;

/// The kinds of events and the codes of refusals that the runs came upon.
#[derive(Default)]
struct Seen {
    events: BTreeSet<&'static str>,
    refusals: BTreeSet<String>,
}

#[test]
fn whatever_anyone_does_no_law_is_broken() {
    let seen = Mutex::new(Seen::default());
    let all = variants::<holdfast::engine::event::Event>("type");
    let never = |seen: &Mutex<Seen>| {
        let seen = seen.lock().unwrap();
        all.iter().filter(|kind| !seen.events.contains(kind.as_str())).cloned().collect::<Vec<_>>()
    };
    // Runs that never come far prove little: what is rare gets more of them.
    for _ in 0..4 {
        // Some kinds of deal have one delivery only.
        let deals = prop_oneof![deal(1..=1), deal(1..=5)];
        for_all(RUNS, &(deals, steps::steps(STEPS)), |(deal, steps)| run(&deal, &steps.0, &seen));
        if never(&seen).is_empty() && panels::unseen().is_empty() {
            break;
        }
    }
    let unlisted = panels::unlisted();
    assert!(unlisted.is_empty(), "tests/shared/statuses.rs lacks {unlisted:?}");
    let missed = never(&seen);
    assert!(missed.is_empty(), "nobody came upon {missed:?}");
    let unseen = panels::unseen();
    assert!(unseen.is_empty(), "nobody was shown {unseen:?}");
    let seen = seen.into_inner().unwrap();
    assert!(seen.refusals.len() >= 40, "{:?}", seen.refusals);
}

fn run(deal: &Deal, steps: &[Step], seen: &Mutex<Seen>) -> Result<(), String> {
    let mut world = begin(deal)?;
    for step in steps {
        take(&mut world, step, seen)?;
    }
    rules::of_history(&world)?;
    to_the_end(&mut world)?;
    rules::of_history(&world)?;
    let mut seen = seen.lock().unwrap();
    seen.events.extend(world.events());
    Ok(())
}

fn begin(deal: &Deal) -> Result<World, String> {
    let terms = deal.good_terms();
    let mut sent_by = terms.party(deal.sent_by).map_or(Role::Buyer, |party| party.role);
    if terms.mode == Mode::Instant {
        sent_by = Role::Seller;
    }
    let mut world = World::of(terms);
    let wallet = i128::from(world.terms.amount_minor) * i128::from(deal.wallet) / 1_000;
    world.books.top_up(BUYER, i64::try_from(wallet).unwrap());
    world.at_once.extend(deal.at_once.0.then_some(SELLER));
    world.as_it_came = deal.as_it_came;
    // Half of the worlds want a second operator for everything.
    world.second_above = if deal.wallet.is_multiple_of(2) { 0 } else { i64::from(deal.wallet) * 1_000 };
    world.at_once.extend(deal.at_once.1.then_some(payee_id(0)));
    let sent = world.person(of_role(sent_by)).proposes();
    sent.result.map_err(|refusal| format!("good terms were refused: {refusal:?}"))?;
    rules::of_state(&world)?;
    Ok(world)
}

fn take(world: &mut World, step: &Step, seen: &Mutex<Seen>) -> Result<(), String> {
    let (actor, command, offered) = match *step {
        Step::Nothing => return Ok(()),
        Step::Wait { minutes } => {
            world.now = world.now.plus_hours(i64::from(minutes / 60));
            return act(world, &Actor::Clock, |world| world.wake_up());
        }
        Step::Offer { who, which } => {
            act(world, &Actor::Clock, |world| world.wake_up())?;
            if let Some((actor, command)) = steps::by_link(world, who) {
                (actor, command, true)
            } else {
                let Some((actor, action)) = steps::offer(world, who, which) else { return Ok(()) };
                (actor, offers::probe(world.escrow(), action, world.now), true)
            }
        }
        Step::Provider { good, payment } => (Actor::Rail, steps::provider(world, good, payment), false),
        Step::Refunds { good, place } => (Actor::Rail, steps::refunds(world, good, place), false),
        Step::Anything { who, what, milestone, number } => {
            let (actor, command) = steps::anything(world, who, what, milestone, number);
            (actor, command, false)
        }
    };
    let command = with_a_new_payment(world, command);
    rules::round_trip(&command)?;
    let mut result = Ok(Decision::AlreadyDone);
    act(world, &Actor::Clock, |world| world.wake_up())?;
    act(world, &actor, |world| result = world.decide(&actor, &command))?;
    match result {
        Ok(Decision::Done(_)) => Ok(()),
        other if offered => Err(format!("{command:?} was offered to {actor:?} and came to {other:?}")),
        Ok(Decision::AlreadyDone) => Ok(()),
        Err(refusal) => {
            let said = (refusal.code().to_string(), refusal.sentence());
            if said.0.is_empty() || !said.1.ends_with(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
            {
                return Err(format!("{refusal:?} says {said:?}"));
            }
            rules::round_trip(&refusal)?;
            seen.lock().unwrap().refusals.insert(said.0);
            Ok(())
        }
    }
}

/// A probe carries no payment's id of its own; a page would draw a new one.
fn with_a_new_payment(world: &mut World, command: Command) -> Command {
    match command {
        Command::StartCharge { payment, milestones, method } if payment.is_nil() => {
            let payment = world.new_payment();
            Command::StartCharge { payment, milestones, method }
        }
        other => other,
    }
}

/// Does something to the world and checks what it changed.
fn act(world: &mut World, actor: &Actor, what: impl FnOnce(&mut World)) -> Result<(), String> {
    let before = world.escrow.clone();
    let place = world.history.len();
    what(world);
    if world.history.len() > place {
        let events: Vec<_> = world.history[place..].iter().map(|(_, event)| event.clone()).collect();
        rules::of_events(before.as_ref(), world, &events, actor)?;
        rules::of_state(world)?;
    }
    Ok(())
}

/// Nobody does anything any more: the clocks alone bring every escrow to its end.
fn to_the_end(world: &mut World) -> Result<(), String> {
    for _ in 0..500 {
        if let Some(next) = deadlines::next_at(world.escrow()) {
            world.now = world.now.max(next);
            act(world, &Actor::Clock, |world| world.wake_up())?;
        } else if rules::waits_for_operators(world.escrow()) {
            operators_see_to_it(world)?;
        } else {
            break;
        }
    }
    let escrow = world.escrow();
    if !matches!(escrow.stage, Stage::Closed { .. }) {
        return Err(format!("it never ends: {:?}", escrow.stage));
    }
    everyone_has_his(world)
}

/// What failed is sent again, and arrives.
fn operators_see_to_it(world: &mut World) -> Result<(), String> {
    let failed = world.escrow().refunds.iter().find(|refund| refund.failed_at().is_some());
    let Some(refund) = failed.map(|refund| refund.number) else { return Ok(()) };
    for (actor, settles) in [(operator(), false), (Actor::Rail, true)] {
        let attempt = world.escrow().refund(refund).map_or(1, |refund| refund.attempt);
        let command = if settles {
            Command::RefundSettled { refund, attempt }
        } else {
            Command::RetryRefund { refund }
        };
        let mut result = Ok(Decision::AlreadyDone);
        act(world, &actor, |world| result = world.decide(&actor, &command))?;
        result.map_err(|refusal| format!("{command:?}: {refusal:?}"))?;
    }
    Ok(())
}

/// Where everything was released, each has exactly what the plan says; where nothing was, nobody has.
fn everyone_has_his(world: &World) -> Result<(), String> {
    let escrow = world.escrow();
    let ended_so = |wanted: MilestoneEnd| {
        escrow.milestones.iter().all(|part| match part.stage {
            MilestoneStage::Ended { end, .. } => end == wanted,
            _ => false,
        })
    };
    let plan = &escrow.plan;
    let shares = [Share::Seller, Share::Broker, Share::BrokerOnTop];
    let shares = shares.into_iter().chain((0..3).map(Share::Payee));
    for share in shares {
        let Some(user) = escrow.receiver(share) else { continue };
        let due: i64 = match share {
            Share::Broker | Share::BrokerOnTop => {
                plan.receives_minor(Share::Broker) + plan.receives_minor(Share::BrokerOnTop)
            }
            Share::Seller | Share::Payee(_) | Share::Platform => plan.receives_minor(share),
        };
        let has = world.books.wallet(user);
        let all_or_nothing = (ended_so(MilestoneEnd::Released) && has != due)
            || (ended_so(MilestoneEnd::Refunded) && has != 0)
            || !(0..=due).contains(&has);
        if all_or_nothing {
            return Err(format!("{share:?} has {has} of {due}"));
        }
    }
    let fees = world.books.fees();
    let wrong = (ended_so(MilestoneEnd::Released) && fees != plan.fee_minor())
        || (ended_so(MilestoneEnd::Refunded) && fees != 0)
        || !(0..=plan.fee_minor()).contains(&fees);
    if wrong { Err(format!("the platform earned {fees} of {}", plan.fee_minor())) } else { Ok(()) }
}
