//! What must hold after every change, whoever made it.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::deadlines::{self, Mark, Waiting};
use holdfast::engine::decide::{Decision, decide};
use holdfast::engine::dispute::{DisputeEnd, ExtensionEnd, Handler, SettlementEnd, Step};
use holdfast::engine::escrow::{End, Escrow, How, Milestone, MilestoneStage, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::evolve::evolve;
use holdfast::engine::notices::{News, Notice, duties, notices};
use holdfast::engine::party::{Actor, Capacity};
use holdfast::engine::plan::{Share, commission_of, fee_of};
use holdfast::engine::proof::ProofPhase;
use holdfast::engine::refund::{Refund, RefundState};
use holdfast::engine::sums::Sums;
use holdfast::engine::time::Time;
use holdfast::engine::{late, next, offers, status, veil};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::steps::parties;
use crate::dsl::*;

type Law = Result<(), String>;

fn hold(holds: bool, otherwise: impl FnOnce() -> String) -> Law {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The laws of a state.
pub fn of_state(world: &World) -> Law {
    hold(world.broken.is_empty(), || world.broken.join("\n"))?;
    let escrow = world.escrow();
    hold(escrow.seq == world.history.len() as u64, || "a gap in the history".to_owned())?;
    money(escrow)?;
    let (earned, booked) = (escrow.fee_earned_minor(), world.books.fees());
    hold(earned == booked, || format!("{booked} of fees is booked, {earned} is shown"))?;
    let returned: i64 = world.history.iter().map(|(_, event)| returned_by(escrow, event)).sum();
    let known = escrow.returned_minor();
    hold(returned == known, || format!("{returned} went back, {known} is shown"))?;
    sums(world)?;
    clocks(world)?;
    super::panels::of_state(world)?;
    words(world)
}

/// Each named sum is what the books say, and together they are what was paid in.
fn sums(world: &World) -> Law {
    let escrow = world.escrow();
    let mut released: BTreeMap<Share, i64> = BTreeMap::new();
    for (_, event) in &world.history {
        if let Event::Released { parts, .. } = event {
            parts.iter().for_each(|part| *released.entry(part.share).or_default() += part.amount_minor);
        }
    }
    let of = |share: Share| released.get(&share).copied().unwrap_or_default();
    let sums = Sums::of(escrow, of(Share::Broker));
    let with_commission = escrow.terms.commission.is_some();
    let commission = of(Share::BrokerOnTop) + if with_commission { of(Share::Broker) } else { 0 };
    let all: i64 = released.values().sum();
    let wanted = [
        ("the commission", sums.commission_earned, commission),
        ("the fee", sums.fee_earned, world.books.fees()),
        ("the receivers'", sums.to_receivers, all - commission - of(Share::Platform)),
        ("all that was released", sums.released(), all),
        ("what is held", sums.held, world.books.held()),
        ("what was paid in", sums.paid_in, sums.released() + sums.refunded + sums.held),
        ("what the buyer pays", sums.charge, escrow.plan.charge_minor()),
        ("the whole fee", sums.fee, fee_of(&escrow.terms.fee, escrow.terms.amount_minor)),
        ("the whole commission", sums.commission, commission_of(&escrow.terms)),
    ];
    for (what, named, booked) in wanted {
        hold(named == booked, || format!("{what}: {named} is named, {booked} is booked"))?;
    }
    Ok(())
}

fn returned_by(escrow: &Escrow, event: &Event) -> i64 {
    match event {
        Event::RefundSettled { refund, .. } | Event::RefundedToWallet { refund, .. } => {
            // What came too late was never in the escrow.
            escrow.refund(*refund).filter(|refund| !refund.late).map_or(0, Refund::sum_minor)
        }
        Event::Refunded { parts, .. } => parts.iter().map(|part| part.amount_minor).sum(),
        _ => 0,
    }
}

/// What has ended holds nothing; what is there is what is left.
fn money(escrow: &Escrow) -> Law {
    for (part, plan) in escrow.milestones.iter().zip(&escrow.plan.milestones) {
        let held = part.held_minor() + part.payable_minor();
        let over = matches!(part.stage, MilestoneStage::Ended { .. });
        hold(!over || held == 0, || format!("an ended milestone holds {held}: {part:?}"))?;
        let settling = matches!(part.stage, MilestoneStage::Settling { .. });
        hold(!settling || part.payable_minor() + part.reserved_minor() > 0, || {
            format!("settling waits for nothing: {part:?}")
        })?;
        let funded = if part.funded() { plan.balance_minor() } else { 0 };
        let moved = part.released_minor + part.refunded_minor + part.left_minor();
        hold(moved == funded, || format!("{moved} of {funded} is known of: {part:?}"))?;
        let payable = part.payable_minor() > 0;
        hold(payable == part.payable_since.is_some(), || format!("nobody knows since when: {part:?}"))?;
    }
    let held = escrow.held_minor() + escrow.payable_minor();
    hold(!escrow.over() || held == 0, || format!("an ended escrow holds {held}"))?;
    let ends = escrow.milestones.iter().all(holdfast::engine::escrow::Milestone::ended);
    hold(ends == escrow.over(), || "the escrow ends exactly when its milestones have".to_owned())
}

/// No state waits for ever, and the worker wakes up exactly when there is something to do.
fn clocks(world: &World) -> Law {
    let escrow = world.escrow();
    let running = deadlines::all(escrow);
    let closed = matches!(escrow.stage, Stage::Closed { .. });
    // A guest's refund that failed waits for the operators.
    let idle = closed || (running.is_empty() && waits_for_operators(escrow));
    hold(running.is_empty() == idle, || format!("{:?} has the clocks {running:?}", escrow.stage))?;
    hold(running.is_sorted_by_key(|clock| clock.at), || format!("out of order: {running:?}"))?;
    for clock in &running {
        // A date that was agreed can have passed before the money came.
        let dated = clock.waiting == Waiting::Delivery;
        hold(dated || clock.at > clock.since, || format!("no time at all: {clock:?}"))?;
    }
    let next = deadlines::next_at(escrow);
    // What came too late goes back even from what is closed.
    let late = late::every(escrow).len() > running.len();
    hold(next.is_none() == (idle && !late), || "nothing will ever happen".to_owned())?;
    let due = deadlines::due(escrow, world.now);
    hold(next.is_some_and(|next| next <= world.now) == due.is_some(), || {
        format!("{due:?} is due at {:?}, the next time is {next:?}", world.now)
    })
}

/// A failed refund that no wallet can take and that was sent again already.
pub fn waits_for_operators(escrow: &Escrow) -> bool {
    !escrow.buyer_has_wallet() && escrow.refund_failed()
}

/// Whatever the state, people can read it, and the one filled button works.
fn words(world: &World) -> Law {
    let escrow = world.escrow();
    hold(!status::of(escrow).words.is_empty(), || "no status".to_owned())?;
    hold(!status::steps(escrow).is_empty(), || "no steps".to_owned())?;
    let open = status::open_milestone(escrow);
    hold(escrow.milestone(open).is_some(), || format!("milestone {open} is no milestone"))?;
    for number in (1_u16..).take(escrow.milestones.len()) {
        hold(status::of_milestone(escrow, number).words != "Unknown", || format!("no status of {number}"))?;
    }
    arbiters_panel(world)?;
    parties(world).iter().try_for_each(|actor| panels(world, actor))?;
    parties(world).iter().try_for_each(|actor| veiled(world, actor))
}

/// Whoever may not see the commission is offered exactly what he could do if he saw it, and sees no share of it.
fn veiled(world: &World, actor: &Actor) -> Law {
    let (escrow, Some(role)) = (world.escrow(), actor.role()) else { return Ok(()) };
    if !veil::hides_from(&escrow.terms, role) {
        return Ok(());
    }
    let seen = veil::escrow(escrow.clone(), role);
    let facts = world.facts(actor);
    let open = |escrow: &Escrow| -> Vec<_> {
        let all = offers::offers(escrow, actor, &facts, world.now);
        all.into_iter().filter(|offer| offer.refusal.is_none()).map(|offer| offer.action).collect()
    };
    hold(open(&seen) == open(escrow), || format!("{role:?} is offered {:?}", open(&seen)))?;
    let lines = seen.plan.milestones.iter().flat_map(|part| &part.lines).map(|line| line.share);
    let held = seen.milestones.iter().flat_map(|part| &part.holdings).map(|held| held.share);
    let of_broker = |share: Share| matches!(share, Share::Broker | Share::BrokerOnTop);
    hold(!lines.chain(held).any(of_broker), || "the broker's share is there to see".to_owned())
}

/// The arbiter, once he is told, is shown nothing that would be refused, and what is his to decide first.
fn arbiters_panel(world: &World) -> Law {
    let (escrow, actor) = (world.escrow(), arbiter());
    if !escrow.arbiter_is_told() {
        return Ok(());
    }
    let panel = next::of_arbiter(escrow);
    hold(!panel.headline.is_empty(), || "nothing is said to the arbiter".to_owned())?;
    let his = deadlines::all(escrow).iter().any(|clock| deadlines::asks(escrow, clock, ARBITER));
    hold(his == panel.yours && his == panel.primary.is_some(), || format!("{panel:?}"))?;
    for action in panel.primary.into_iter().chain(panel.secondary) {
        let probe = offers::probe(escrow, action, world.now);
        let decision = decide(Some(escrow), &probe, &actor, &world.facts(&actor), world.now);
        hold(matches!(decision, Ok(Decision::Done(_))), || format!("{action:?} comes to {decision:?}"))?;
    }
    Ok(())
}

/// Every button that someone is shown is one that he can press.
fn panels(world: &World, actor: &Actor) -> Law {
    let escrow = world.escrow();
    let (Some(user), Some(role)) = (actor.user(), actor.role()) else { return Ok(()) };
    let numbers = (1_u16..).take(escrow.milestones.len());
    let of_parts = numbers.filter_map(|number| next::of_milestone(escrow, user, role, number, world.now));
    for panel in of_parts.chain([next::panel(escrow, user, role, world.now)]) {
        hold(!panel.headline.is_empty(), || format!("nothing is said to the {}", role.word()))?;
        hold(panel.primary.is_none() || panel.yours, || "a button for the wrong one".to_owned())?;
        for action in panel.primary.into_iter().chain(panel.secondary) {
            let probe = offers::probe(escrow, action, world.now);
            let decision = decide(Some(escrow), &probe, actor, &world.facts(actor), world.now);
            let taken = matches!(decision, Ok(Decision::Done(_)));
            hold(taken, || format!("{action:?} is shown and comes to {decision:?}"))?;
        }
    }
    Ok(())
}

/// The laws of one decision's events: nothing by the clock before its time, and words for everyone told.
pub fn of_events(before: Option<&Escrow>, after: &World, events: &[Event], actor: &Actor) -> Law {
    // One late look can carry out several clocks: each is held against what stood just before it.
    let mut stood = before.cloned();
    for event in events {
        if let Some(stood) = &stood {
            in_time(stood, event, after.now)?;
        }
        stood = evolve(stood, event, after.now);
    }
    for notice in notices(after.escrow(), events, actor) {
        let words = notice.words("The deal", &Time::rfc3339);
        let said = !words.subject.is_empty() && words.paragraphs.iter().all(|text| !text.is_empty());
        hold(said && !words.paragraphs.is_empty() && !words.button.is_empty(), || format!("{notice:?}"))?;
        let escrow = after.escrow();
        // Whoever tried to pay before the buyer gets his own money back, if it comes after all.
        let paid = escrow.given_up.iter().any(|charge| charge.payer == Some(notice.to));
        let is_meant = match (escrow.party_of(notice.to), notice.role) {
            (Some(party), role) => role == party.role.into(),
            (None, Capacity::Buyer) => paid,
            (None, role) => role == Capacity::Arbiter && escrow.arbiter() == Some(notice.to),
        };
        hold(is_meant, || format!("to whom? {notice:?}"))?;
    }
    for duty in duties(after.escrow(), events) {
        let (to, role, news) = (STRANGER, Capacity::Operator, News::Deciding(duty.news));
        let words = Notice { to, role, news }.words("The deal", &Time::rfc3339);
        hold(words.paragraphs.iter().all(|text| !text.is_empty()), || format!("{words:?}"))?;
    }
    Ok(())
}

fn proof_of(escrow: &Escrow, milestone: u16) -> Option<(ProofPhase, &Milestone)> {
    let part = escrow.milestone(milestone)?;
    Some((part.proof.as_ref()?.phase, part))
}

/// Reads the deadline off the state itself, without asking `deadlines`.
fn in_time(before: &Escrow, event: &Event, now: Time) -> Law {
    let early = |at: Time| hold(at <= now, || format!("before {at:?}: {event:?}"));
    match (event, &before.stage) {
        (Event::Ended { end: End::ExpiredNotAccepted | End::ExpiredNotPaid, .. }, _) => {
            expired(before, event, &early)
        }
        (Event::Released { milestone, how: How::ByClock, .. }, _) => {
            match before.milestone(*milestone).map(|part| (part.stage, part)) {
                Some((MilestoneStage::Delivered { inspect_by, .. }, part)) => early(part.later(inspect_by)),
                other => Err(format!("released by the clock from {other:?}")),
            }
        }
        (Event::Refunded { how: How::Declined, .. } | Event::Dropped { .. }, _)
        | (
            Event::RefundStarted { how: How::Declined, .. } | Event::ProofAccepted { by_clock: true, .. },
            _,
        ) => of_modes(before, event, &early),
        (Event::Overdue { milestone, .. }, _) if waits_for_proof(before, *milestone) => {
            of_modes(before, event, &early)
        }
        (
            Event::Refunded { milestone, how: How::ByClock, .. }
            | Event::RefundStarted { milestone, how: How::ByClock, .. },
            _,
        ) => match before.milestone(*milestone).map(|part| (part.stage, part)) {
            Some((
                MilestoneStage::InProgress { overdue_since: Some(since), .. }
                | MilestoneStage::ChangesRequested { overdue_since: Some(since), .. },
                part,
            )) => {
                // Less than 14 days where a worker came late with it, and never less than two.
                let refund_at = part.refund_at.unwrap_or_else(|| since.plus_days(14));
                early(part.later(refund_at.max(since.plus_hours(48))))
            }
            other => Err(format!("refunded by the clock from {other:?}")),
        },
        (Event::Overdue { milestone, .. }, _) => {
            match before.milestone(*milestone).map(|part| (part.stage, part)) {
                Some((MilestoneStage::InProgress { due, overdue_since: None, .. }, part)) => {
                    early(part.later(due.plus_days(7)))
                }
                Some((MilestoneStage::ChangesRequested { since, overdue_since: None }, part)) => {
                    early(part.later(since.plus_days(14)))
                }
                other => Err(format!("overdue from {other:?}")),
            }
        }
        (Event::RefundFailed { .. } | Event::RefundRetried { .. }, _) => of_refunds(before, event, &early),
        (Event::DisputeEnded { dispute, how: DisputeEnd::AsSought | DisputeEnd::Default, .. }, _) => {
            let step = before.dispute(*dispute).map(|open| open.step.times().1);
            step.map_or_else(|| Err(format!("no dispute: {event:?}")), early)
        }
        (Event::DisputeMoved { dispute, step: Step::Handler { .. } }, _) => {
            let open = before.dispute(*dispute).ok_or_else(|| format!("no dispute: {event:?}"))?;
            // An arbiter may say at any time that he decides nothing.
            let of_arbiter = matches!(open.step, Step::Handler { handler: Handler::Arbiter, .. });
            if of_arbiter { Ok(()) } else { early(open.step.times().1) }
        }
        (Event::ExtensionEnded { milestone, how: ExtensionEnd::Lapsed }, _) => {
            let asked = before.milestone(*milestone).and_then(|part| part.extension.as_ref());
            asked.map_or_else(|| Err(format!("nobody asked: {event:?}")), |asked| early(asked.answer_by))
        }
        (Event::SettlementEnded { settlement, how: SettlementEnd::Lapsed }, _) => {
            let offer = before.settlements.iter().find(|offer| offer.number == *settlement);
            offer.map_or_else(|| Err(format!("no offer: {event:?}")), |offer| early(offer.answer_by))
        }
        _ => Ok(()),
    }
}

/// Not agreed to, or not paid, in time.
fn expired(before: &Escrow, event: &Event, early: &dyn Fn(Time) -> Law) -> Law {
    use holdfast::engine::escrow::End;
    let unpaid = matches!(event, Event::Ended { end: End::ExpiredNotPaid, .. });
    hold(!unpaid || !before.charge_pending(), || "expired while a payment was under way".to_owned())?;
    match &before.stage {
        Stage::Proposed { expires_at, .. } if unpaid == before.instant() => early(*expires_at),
        Stage::Agreed { pay_by, .. } if unpaid => early(*pay_by),
        stage => Err(format!("expired in {stage:?}")),
    }
}

fn waits_for_proof(before: &Escrow, milestone: u16) -> bool {
    matches!(proof_of(before, milestone), Some((ProofPhase::WaitingSellerProof { .. }, _)))
}

/// The clocks of money that goes back as it came.
fn of_refunds(before: &Escrow, event: &Event, early: &dyn Fn(Time) -> Law) -> Law {
    match event {
        Event::RefundFailed { refund, no_answer: true, .. } => {
            match before.refund(*refund).map(|it| &it.state) {
                Some(RefundState::Pending { answer_by, .. }) => early(*answer_by),
                other => Err(format!("no answer was waited for: {other:?}")),
            }
        }
        Event::RefundRetried { refund, by_clock: true, .. } => {
            match before.refund(*refund).filter(|it| !it.sent_again).map(|it| &it.state) {
                Some(RefundState::Failed { at, lapsed_at, .. }) => {
                    early(lapsed_at.unwrap_or(*at).plus_days(1))
                }
                other => Err(format!("sent again: {event:?} of {other:?}")),
            }
        }
        _ => Ok(()),
    }
}

/// The clocks that only some kinds of escrow have.
fn of_modes(before: &Escrow, event: &Event, early: &dyn Fn(Time) -> Law) -> Law {
    match (event, &before.stage) {
        (
            Event::Refunded { how: How::Declined, .. } | Event::RefundStarted { how: How::Declined, .. },
            stage,
        ) => hold(matches!(stage, Stage::Proposed { .. }), || format!("declined in {stage:?}")),
        (Event::Dropped { milestone }, _) => {
            hold(!before.charge_pending(), || "dropped while a payment was under way".to_owned())?;
            let mut parts = before.milestones.iter();
            // Those after it are dropped with it, one event after the other.
            let asked = parts.find_map(|part| part.asked.filter(|_| !part.funded()));
            let cancelled = before.milestones.iter().any(holdfast::engine::escrow::Milestone::undecided);
            match asked {
                Some(asked) => early(asked.pay_by),
                None => hold(cancelled, || format!("{milestone} is dropped and nothing was asked for")),
            }
        }
        (Event::ProofAccepted { milestone, by_clock: true, .. }, _) => match proof_of(before, *milestone) {
            Some((ProofPhase::Review { review_by, .. }, part)) => early(part.later(review_by)),
            other => Err(format!("a proof accepted by the clock from {other:?}")),
        },
        (Event::Overdue { milestone, .. }, _)
            if let Some((ProofPhase::WaitingSellerProof { upload_by, .. }, part)) =
                proof_of(before, *milestone) =>
        {
            early(part.later(upload_by))
        }
        _ => Ok(()),
    }
}

/// The laws of a whole history: it makes the same document again byte for byte, and repeats no reminder.
pub fn of_history(world: &World) -> Law {
    let mut replayed = None;
    let mut reminders: BTreeSet<(Waiting, Option<u16>, Time, Mark)> = BTreeSet::new();
    for (at, event) in &world.history {
        let event: Event = round_trip(event)?;
        if let Event::Reminded { waiting, milestone, since, mark, .. } = event {
            let new = reminders.insert((waiting, milestone, since, mark));
            hold(new, || format!("reminded twice: {event:?}"))?;
        }
        replayed = evolve(replayed, &event, *at);
    }
    let replayed = replayed.ok_or("nothing was replayed")?;
    let (then, now) = (json(world.escrow())?, json(&replayed)?);
    hold(then == now, || format!("replayed to other bytes:\n{then}\n{now}"))?;
    let read: Escrow = round_trip(world.escrow())?;
    hold(json(&read)? == then, || "read and written to other bytes".to_owned())
}

fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

/// Written and read again, it is the same.
pub fn round_trip<T: Serialize + DeserializeOwned + PartialEq>(value: &T) -> Result<T, String> {
    let text = json(value)?;
    let read: T = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    hold(read == *value, || format!("reads as something else: {text}"))?;
    Ok(read)
}
