//! Every row of the domain's table of clocks, by its name: never a microsecond early, at its moment, once, after an
//! outage, and with its reminders at half time, a day and two hours before.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Deadline, Mark, Waiting};
use holdfast::engine::dispute::Split;
use holdfast::engine::event::Event;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{Arbiter, DisputeHandler, Terms};
use holdfast::engine::time::Time;

use crate::dsl::deal::{self, split};
use crate::dsl::{clock as clock_actor, *};

/// A row: what is waited for, how long, and what silence means.
struct Row {
    name: &'static str,
    begin: fn() -> World,
    waiting: Waiting,
    hours: i64,
    silence: &'static [&'static str],
}

const DAY: i64 = 24;

const fn row(
    name: &'static str,
    waiting: Waiting,
    hours: i64,
    begin: fn() -> World,
    silence: &'static [&'static str],
) -> Row {
    Row { name, begin, waiting, hours, silence }
}

/// One delivery, whose seller has his money at once, so that no other clock runs beside.
fn plain() -> World {
    at_once(World::sent(one_off()))
}

fn at_once(mut world: World) -> World {
    world.at_once = vec![SELLER, BROKER];
    world
}

fn paid(terms: Terms) -> World {
    let mut world = at_once(World::sent(terms));
    world.everyone_agrees();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world
}

fn delivered() -> World {
    let mut world = paid(one_off());
    world.seller().delivers(1).is_done();
    world
}

/// The first milestone is due so many days after the terms were sent.
fn due_in(days: i64) -> Terms {
    case4().with(|terms| terms.milestones[0].due = Some(deal::start().plus_days(days)))
}

fn next_is_due() -> World {
    let mut world = paid(per_milestone());
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world
}

fn paid_first() -> World {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world
}

fn in_review() -> World {
    let mut world = paid(quick_proof());
    world.seller().sends_proof().is_done();
    world
}

fn overdue() -> World {
    let mut world = paid(one_off());
    world.days_pass(14);
    world
}

fn sent_back() -> World {
    let mut world = delivered();
    world.buyer().requests_changes(1).is_done();
    world
}

fn cancelling() -> World {
    let mut world = paid(one_off());
    world.buyer().does(Command::RequestCancellation { reason: "We move.".to_owned() }).is_done();
    world
}

fn offered() -> World {
    let mut world = paid(one_off());
    world.seller().offers(vec![split(1, 6_000, 4_000)]).is_done();
    world
}

fn asked() -> World {
    let mut world = paid(one_off());
    let (due, reason) = (world.now.plus_days(30), "It rains.".to_owned());
    world.seller().does(Command::AskExtension { milestone: 1, due, reason }).is_done();
    world
}

fn disputed() -> World {
    let mut world = delivered();
    world.buyer().disputes(1).is_done();
    world
}

fn above_the_sum() -> World {
    let mut world = delivered();
    world.second_above = 9_999;
    world.buyer().disputes(1).is_done();
    world
}

fn talking(mut world: World) -> World {
    let text = "It is dry.".to_owned();
    world.seller().does(Command::Statement { dispute: 1, text, files: Vec::new() }).is_done();
    world
}

fn with_the_operators() -> World {
    let mut world = talking(above_the_sum());
    world.days_pass(7);
    world
}

/// Decided, and nobody confirms it: the handler's seven days include the second operator.
fn half_ruled() -> World {
    let mut world = with_the_operators();
    let splits: Vec<Split> = vec![split(1, 0, 10_000)];
    let rule = Command::Rule { dispute: 1, splits, reasons: "It leaks.".to_owned() };
    world.person(operator()).does(rule).is_done();
    world
}

fn with_the_arbiter() -> World {
    let terms = one_off().with(|terms| {
        terms.dispute_handler = DisputeHandler::Arbitration;
        terms.arbiter = Some(Arbiter { user: STRANGER, identity_sha256: "a".repeat(64) });
    });
    let mut world = paid(terms);
    world.seller().delivers(1).is_done();
    world.buyer().disputes(1).is_done();
    let mut world = talking(world);
    world.days_pass(7);
    world
}

fn released() -> World {
    let mut world = World::delivered(one_off(), 1);
    world.buyer().approves(1).is_done();
    world
}

/// The seller has cancelled, and the money goes back as it came.
fn refunding() -> World {
    let mut world = paid(one_off());
    world.as_it_came = true;
    world.seller().does(Command::CancelAll { reason: String::new() }).is_done();
    world
}

fn failed() -> World {
    let mut world = refunding();
    world.provider().could_not_refund(1).is_done();
    world
}

fn twice_failed() -> World {
    let mut world = failed();
    world.days_pass(1);
    world.provider().could_not_refund(1).is_done();
    world
}

fn withdrawn() -> World {
    let mut world = plain();
    world.buyer().withdraws().is_done();
    world
}

fn agreed(terms: Terms) -> World {
    at_once(World::agreed(terms))
}

fn table() -> Vec<Row> {
    use Waiting as W;
    let halves: &[&str] = &["dispute_ended", "released", "refunded", "paid_out", "ended"];
    let back: &[&str] = &["refunded", "ended"];
    vec![
        row("acceptance and signatures", W::Acceptance, 14 * DAY, plain, &["ended"]),
        row("… or the first due date", W::Acceptance, 9 * DAY, || World::sent(due_in(9)), &["ended"]),
        row("payment", W::Payment, 10 * DAY, || agreed(one_off()), &["ended"]),
        row("… or the first due date", W::Payment, 5 * DAY, || agreed(due_in(5)), &["ended"]),
        row("… but never less than 48 h", W::Payment, 2 * DAY, || agreed(due_in(1)), &["ended"]),
        row(
            "… by the link of an instant one",
            W::LinkPayment,
            14 * DAY,
            || World::sent(instant()),
            &["ended"],
        ),
        row("payment of a later milestone", W::NextPayment, 10 * DAY, next_is_due, &["dropped", "ended"]),
        row(
            "the rail's answer to a charge",
            W::RailAnswer,
            3 * DAY,
            || charged(one_off()),
            &["charge_failed"],
        ),
        row(
            "seller's answer after pay-first",
            W::SellerAnswer,
            5 * DAY,
            paid_first,
            &["rejected", "refunded", "ended"],
        ),
        row("proof upload", W::ProofUpload, 24, || paid(quick_proof()), &["overdue"]),
        row("proof review", W::ProofReview, 24, in_review, &["proof_accepted"]),
        row("delivery", W::Delivery, 14 * DAY, || paid(one_off()), &["overdue"]),
        row("… after 14 more days", W::Cancelling, 14 * DAY, overdue, back),
        row("inspection", W::Inspection, 3 * DAY, delivered, &["released", "paid_out", "ended"]),
        row("changes requested", W::Changes, 14 * DAY, sent_back, &["overdue"]),
        row(
            "answer to a cancellation request",
            W::CancellationAnswer,
            5 * DAY,
            cancelling,
            &["cancellation_ended", "dispute_opened"],
        ),
        row("settlement offer", W::Settlement, 5 * DAY, offered, &["settlement_ended"]),
        row("extension request", W::Extension, 5 * DAY, asked, &["extension_ended"]),
        row(
            "other side's first answer",
            W::DisputeAnswer,
            3 * DAY,
            disputed,
            &["dispute_ended", "refunded", "ended"],
        ),
        row("… above the set sum", W::DisputeAnswer, 3 * DAY, above_the_sum, &["dispute_moved"]),
        row("talk in a dispute", W::DisputeTalk, 7 * DAY, || talking(disputed()), &["dispute_moved"]),
        row("handler's decision", W::Ruling, 7 * DAY, with_the_operators, halves),
        row("… second operator included", W::Ruling, 7 * DAY, half_ruled, halves),
        row("… an arbiter's silence", W::Ruling, 7 * DAY, with_the_arbiter, &["dispute_moved"]),
        row("payee's destination or retry", W::PayOut, 7 * DAY, released, &["paid_out", "ended"]),
        row("the rail's answer to a refund", W::RefundAnswer, 3 * DAY, refunding, &["refund_failed"]),
        row("failed refund", W::FailedRefund, 7 * DAY, twice_failed, &["refunded_to_wallet", "ended"]),
        row("… sent again by itself", W::RefundAgain, DAY, failed, &["refund_retried"]),
        row("closing", W::Closing, 30 * DAY, withdrawn, &["closed"]),
    ]
}

fn charged(terms: Terms) -> World {
    let mut world = agreed(terms);
    world.buyer().pays().is_done();
    world
}

fn clock_of(row: &Row, world: &World) -> Deadline {
    let running = deadlines::all(world.escrow());
    let found = running.iter().find(|clock| clock.waiting == row.waiting);
    *found.unwrap_or_else(|| panic!("{}: only {running:?}", row.name))
}

/// What has happened since a place, without reminders.
fn happened(world: &World, place: usize) -> Vec<&'static str> {
    world.events_since(place).into_iter().filter(|kind| *kind != "reminded").collect()
}

/// The world at a moment to which nobody has woken up.
fn at(world: &World, now: Time) -> World {
    let mut world = world.clone();
    world.now = now;
    world
}

#[test]
fn every_clock_fires_at_its_moment_never_early_once_and_after_an_outage() {
    for row in table() {
        let world = (row.begin)();
        let (clock, place) = (clock_of(&row, &world), world.history.len());
        assert_eq!(clock.at, clock.since.plus_hours(row.hours), "{}", row.name);

        let mut early = at(&world, Time::from_micros(clock.at.micros() - 1));
        early.wake_up();
        assert_eq!(happened(&early, place), Vec::<&str>::new(), "{}, a microsecond early", row.name);
        assert_eq!(early.decide(&clock_actor(), &clock.lapse()), Err(Refusal::NotDueYet), "{}", row.name);

        let mut punctual = at(&world, clock.at);
        punctual.wake_up();
        assert_eq!(happened(&punctual, place), row.silence, "{}", row.name);
        let (after, said) = (punctual.history.len(), punctual.decide(&clock_actor(), &clock.lapse()));
        assert!(
            !matches!(said, Ok(holdfast::engine::decide::Decision::Done(_))),
            "{} twice: {said:?}",
            row.name
        );
        punctual.wake_up();
        assert_eq!(punctual.events_since(after), Vec::<&str>::new(), "{} twice", row.name);

        let mut late = at(&world, clock.at.plus_hours(30));
        late.wake_up();
        assert!(happened(&late, place).starts_with(row.silence), "{}, after an outage", row.name);
        assert!(late.broken.is_empty() && punctual.broken.is_empty(), "{}: {:?}", row.name, late.broken);
    }
}

/// The clocks that a clock's silence has started, by what is waited for. What a machine is asked to do once more
/// is no days for anybody to hear of.
fn started(before: &World, after: &World) -> BTreeMap<Waiting, Time> {
    let ran: Vec<Deadline> = deadlines::all(before.escrow());
    let mut clocks = deadlines::all(after.escrow());
    clocks.retain(|clock| !ran.contains(clock) && clock.waiting != Waiting::RefundAgain);
    clocks.into_iter().map(|clock| (clock.waiting, clock.at)).collect()
}

#[test]
fn a_clock_that_silence_starts_begins_when_that_ended_and_leaves_two_days_from_when_it_is_told() {
    let mut pairs = BTreeSet::new();
    for row in table().into_iter().chain(more_pairs()) {
        let world = (row.begin)();
        let clock = clock_of(&row, &world);
        let mut punctual = at(&world, clock.at);
        let _ = punctual.decide(&clock_actor(), &clock.lapse());
        for days in [1, 3, 9, 40] {
            let mut late = at(&world, clock.at.plus_days(days));
            let _ = late.decide(&clock_actor(), &clock.lapse());
            let least = late.now.plus_hours(48);
            // What waited for a provider has waited until that is told.
            let waited = if row.waiting == Waiting::RailAnswer { days } else { 0 };
            let expected: BTreeMap<_, _> = started(&world, &punctual)
                .into_iter()
                .map(|(waiting, at)| (waiting, at.plus_days(waited).max(least)))
                .collect();
            assert_eq!(started(&world, &late), expected, "{}, {days} days late", row.name);
        }
        pairs.extend(started(&world, &punctual).into_keys().map(|next| (row.waiting, next)));
    }
    use Waiting as W;
    let expected = [
        (W::Acceptance, W::Closing),
        (W::Payment, W::Closing),
        (W::LinkPayment, W::Closing),
        (W::NextPayment, W::Closing),
        (W::SellerAnswer, W::RefundAnswer),
        (W::SellerAnswer, W::Closing),
        (W::RailAnswer, W::Payment),
        (W::RailAnswer, W::LinkPayment),
        (W::RailAnswer, W::NextPayment),
        (W::ProofUpload, W::Cancelling),
        (W::ProofReview, W::Delivery),
        (W::Delivery, W::Cancelling),
        (W::Inspection, W::NextPayment),
        (W::Inspection, W::PayOut),
        (W::Inspection, W::Closing),
        (W::Changes, W::Cancelling),
        (W::Cancelling, W::NextPayment),
        (W::Cancelling, W::RefundAnswer),
        (W::Cancelling, W::Closing),
        (W::CancellationAnswer, W::DisputeAnswer),
        (W::DisputeAnswer, W::Ruling),
        (W::DisputeAnswer, W::RefundAnswer),
        (W::DisputeAnswer, W::Closing),
        (W::DisputeTalk, W::Ruling),
        (W::Ruling, W::Ruling),
        (W::Ruling, W::PayOut),
        (W::Ruling, W::RefundAnswer),
        (W::Ruling, W::Closing),
        (W::PayOut, W::Closing),
        (W::RefundAnswer, W::FailedRefund),
        (W::RefundAgain, W::RefundAnswer),
        (W::FailedRefund, W::Closing),
    ];
    assert_eq!(pairs, BTreeSet::from(expected));
}

fn buying_by_link() -> World {
    let mut world = World::sent(instant());
    world.buyer().pays().is_done();
    world
}

/// Who receives has not chosen where to, and what goes back goes as it came.
fn slowly(mut world: World) -> World {
    world.at_once.clear();
    world.as_it_came = true;
    world
}

/// More of what the clocks of the table can start.
fn more_pairs() -> Vec<Row> {
    use Waiting as W;
    let more = |waiting, begin| row("more", waiting, 0, begin, &[]);
    vec![
        more(W::RailAnswer, || charged(pay_first())),
        more(W::RailAnswer, buying_by_link),
        more(W::RailAnswer, || {
            let mut world = next_is_due();
            world.buyer().pays().is_done();
            world
        }),
        more(W::SellerAnswer, || slowly(paid_first())),
        more(W::Cancelling, || slowly(overdue())),
        more(W::Inspection, || slowly(delivered())),
        more(W::Inspection, || {
            let mut world = paid(per_milestone());
            world.seller().delivers(1).is_done();
            world
        }),
        more(W::Cancelling, || {
            let mut world = paid(per_milestone());
            world.days_pass(40);
            world
        }),
        more(W::DisputeAnswer, || slowly(disputed())),
        more(W::Ruling, || slowly(with_the_operators())),
        more(W::ProofUpload, || paid(quick_proof())),
    ]
}

/// When each reminder is due, by the domain and not by the engine.
fn expected(row: &Row, clock: &Deadline) -> Vec<(Time, Mark)> {
    let of_machines = [Waiting::RailAnswer, Waiting::RefundAnswer, Waiting::RefundAgain, Waiting::Closing];
    if of_machines.contains(&row.waiting) {
        return Vec::new();
    }
    let mut marks = vec![
        (clock.since.plus(time::Duration::minutes(row.hours * 30)), Mark::Half),
        (clock.at.plus_hours(-24), Mark::Hours24),
        (clock.at.plus_hours(-2), Mark::Hours2),
    ];
    if row.waiting == Waiting::Delivery {
        marks.push((clock.at.plus_days(-7), Mark::Due));
    }
    marks.retain(|(at, _)| *at > clock.since);
    marks.sort();
    // Of two at the same moment one is enough: the later mark.
    marks.reverse();
    marks.dedup_by_key(|(at, _)| *at);
    marks.reverse();
    marks
}

#[test]
fn every_clock_reminds_at_half_time_a_day_and_two_hours_before_and_the_history_knows() {
    for row in table() {
        let mut world = (row.begin)();
        let (clock, place) = (clock_of(&row, &world), world.history.len());
        let hours = row.hours - 1;
        world.hours_pass(hours - (world.now.since(clock.since).whole_hours()));
        let reminder = |(at, event): &(Time, Event)| match event {
            Event::Reminded { waiting, milestone, mark, since, deadline } if *waiting == row.waiting => {
                assert_eq!((*milestone, *since, *deadline), (clock.milestone, clock.since, clock.at));
                Some((*at, *mark))
            }
            _ => None,
        };
        let sent: Vec<_> = world.history[place..].iter().filter_map(reminder).collect();
        assert_eq!(sent, expected(&row, &clock), "{}", row.name);
    }
}

#[test]
fn no_clock_is_missing_from_the_table() {
    let table: Vec<Waiting> = table().into_iter().map(|row| row.waiting).collect();
    for name in crate::dsl::unit_variants::<Waiting>() {
        let waiting = Waiting::from_name(&name).unwrap();
        assert!(table.contains(&waiting), "{waiting:?} has no row");
    }
}
