//! Random acts: what is offered, what providers say, how time passes, and plain nonsense.

mod quarrels;

use std::fmt;

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Mark, Waiting};
use holdfast::engine::dispute::{self, Handler};
use holdfast::engine::escrow::Method;
use holdfast::engine::offers::{self, Action};
use holdfast::engine::party::{Actor, Role, UserId};
use holdfast::engine::proof::ProofKind;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use uuid::Uuid;

use crate::dsl::deal::{file, start};
use crate::dsl::given::sandbox;
use crate::dsl::*;

/// One step of a run. The earlier ones are the simpler ones, to which a failing run shrinks.
#[derive(Clone, Debug)]
pub enum Step {
    Nothing,
    /// Someone takes an offer.
    Offer {
        who: u8,
        which: u8,
    },
    /// The provider answers, or says again what it has said.
    Provider {
        good: bool,
        payment: u8,
    },
    /// The provider answers about a refund.
    Refunds {
        good: bool,
        place: u8,
    },
    Wait {
        minutes: u32,
    },
    /// Anyone asks for anything.
    Anything {
        who: u8,
        what: u8,
        milestone: u8,
        number: u32,
    },
}

/// The steps of a run. Those that do nothing are not worth printing.
#[derive(Clone)]
pub struct Steps(pub Vec<Step>);

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().filter(|step| !matches!(step, Step::Nothing))).finish()
    }
}

pub fn steps(count: usize) -> impl Strategy<Value = Steps> {
    vec(step(), count).prop_map(Steps)
}

fn step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![4 => 1..=600_u32, 4 => 600..=6_000_u32, 1 => 6_000..=60_000_u32];
    prop_oneof![
        1 => Just(Step::Nothing),
        400 => any::<(u8, u8)>().prop_map(|(who, which)| Step::Offer { who, which }),
        60 => (any::<bool>(), 0..=2_u8).prop_map(|(good, payment)| Step::Provider { good, payment }),
        160 => any::<(bool, u8)>().prop_map(|(good, place)| Step::Refunds { good, place }),
        140 => minutes.prop_map(|minutes| Step::Wait { minutes }),
        400 => (any::<u8>(), any::<u8>(), 0..=7_u8, any::<u32>()).prop_map(
            |(who, what, milestone, number)| Step::Anything { who, what, milestone, number },
        ),
    ]
}

/// Somebody without an account, who holds a pay link.
pub const GUEST: UserId = Uuid::from_u128(0x60);

pub fn parties(world: &World) -> Vec<Actor> {
    let parties = &world.escrow().parties;
    parties.iter().map(|party| Actor::Party { user: party.user, role: party.role }).collect()
}

pub fn pick<T: Clone>(all: &[T], place: u8) -> T {
    all[usize::from(place) % all.len()].clone()
}

/// The offer that someone takes, if anything is offered. What ends a deal is taken now and then.
pub fn offer(world: &World, who: u8, which: u8) -> Option<(Actor, Action)> {
    let mut actors = parties(world);
    if !world.escrow().disputes.is_empty() {
        actors.extend([operator(), second_operator()]);
    }
    if world.escrow().terms.arbiter.is_some() {
        actors.push(arbiter());
    }
    let actor = pick(&actors, who);
    let facts = world.facts(&actor);
    let offered = offers::offers(world.escrow(), &actor, &facts, world.now);
    let mut open: Vec<Action> =
        offered.into_iter().filter(|offer| offer.refusal.is_none()).map(|offer| offer.action).collect();
    let ends = |action: &Action| {
        matches!(
            action,
            Action::Decline
                | Action::Withdraw
                | Action::Close
                | Action::Cancel(_)
                | Action::Counter
                | Action::CorrectParty(_)
                | Action::Refund(_)
                | Action::RequestCancellation
                | Action::CancelAll
                | Action::AcceptSettlement(_)
                | Action::OpenDispute
                | Action::Concede(_)
                | Action::DeclineArbitration
                | Action::Say
        )
    };
    if !which.is_multiple_of(16) {
        open.retain(|action| !ends(action));
    }
    (!open.is_empty()).then(|| (actor, pick(&open, which / 16)))
}

/// Somebody takes the pay link, as long as it is open to anybody.
pub fn by_link(world: &mut World, who: u8) -> Option<(Actor, Command)> {
    if !world.escrow().for_sale() || !who.is_multiple_of(3) {
        return None;
    }
    let user = if who.is_multiple_of(2) { BUYER } else { GUEST };
    let payment = world.new_payment();
    let identity_sha256 = "b".repeat(64);
    let command = Command::BuyByLink { payment, method: sandbox(), identity_sha256, guest: user == GUEST };
    Some((Actor::Party { user, role: Role::Buyer }, command))
}

/// The same at any time; or what was bought passes to another user.
fn about_links(world: &mut World, number: u32) -> Command {
    let identity_sha256 = "b".repeat(if number.is_multiple_of(16) { 63 } else { 64 });
    if number.is_multiple_of(2) {
        let to = pick(&[GUEST, BUYER, SELLER, STRANGER], (number >> 8) as u8);
        return Command::Claim { to, identity_sha256 };
    }
    let again = number.is_multiple_of(5) && !world.last_payment().is_nil();
    let payment = if again { world.last_payment() } else { world.new_payment() };
    let method = if number.is_multiple_of(3) { Method::Wallet } else { sandbox() };
    Command::BuyByLink { payment, method, identity_sha256, guest: number.is_multiple_of(7) }
}

/// What the provider says of the last payment or of one before it.
pub fn provider(world: &World, good: bool, payment: u8) -> Command {
    let last = world.last_payment().as_u128();
    let payment = Uuid::from_u128(last.saturating_sub(u128::from(payment)));
    if good {
        Command::ChargeSettled { payment }
    } else {
        Command::ChargeFailed { payment, reason: "No.".to_owned() }
    }
}

/// What the provider says of a refund: mostly of the last attempt, now and then of one before it or of none.
pub fn refunds(world: &World, good: bool, place: u8) -> Command {
    let refunds = &world.escrow().refunds;
    let open: Vec<_> = refunds.iter().filter(|refund| refund.open()).cloned().collect();
    let refunds = if open.is_empty() { refunds } else { &open };
    let of = (!refunds.is_empty()).then(|| pick(refunds, place));
    let (refund, last) = of.map_or((1, 1), |refund| (refund.number, refund.attempt));
    let attempt = if place.is_multiple_of(5) { u16::from(place % 4) } else { last };
    if good {
        Command::RefundSettled { refund, attempt }
    } else {
        Command::RefundFailed { refund, attempt, reason: "No.".to_owned() }
    }
}

/// Anyone and anything. Much of it is refused, and some of it is near enough to hit.
pub fn anything(world: &mut World, who: u8, what: u8, milestone: u8, number: u32) -> (Actor, Command) {
    let mut actors = parties(world);
    // Buyer and seller have the most to do. They are those of the escrow, whoever it named first.
    let both: Vec<Actor> = actors
        .iter()
        .filter(|actor| matches!(actor.role(), Some(Role::Buyer | Role::Seller)))
        .copied()
        .collect();
    actors.extend([operator(), second_operator(), rail(), clock()]);
    if world.escrow().terms.arbiter.is_some() {
        actors.push(arbiter());
    }
    actors.extend(both.iter().chain(&both));
    let command = match what % 33 {
        0 => propose(world, number),
        1 => Command::Accept { version: number % 3 },
        2 => sign(world, number),
        3 if number.is_multiple_of(8) => Command::Decline { reason: text(number) },
        4 => Command::Disown,
        5 if number.is_multiple_of(8) => Command::Withdraw,
        6 => start_charge(world, number),
        7 | 8 => provider(world, what.is_multiple_of(2), milestone),
        9 => {
            let files = (0..u128::from(number % 23)).map(|number| file(number, 1)).collect();
            Command::MarkDone { milestone: milestone.into(), note: text(number), files }
        }
        10 | 3 => approve(world, milestone.into(), number),
        11 | 5 => {
            let failed = (0..number % 4).map(|place| (place * (number >> 24) % 4) as u16).collect();
            Command::RequestChanges { milestone: milestone.into(), failed, reason: text(number) }
        }
        12 => Command::Cancel { milestone: milestone.into() },
        13 => Command::PayOut { milestone: milestone.into() },
        14 => Command::Close,
        15 => lapse(world, milestone, number),
        16 => {
            let kind = pick(&ProofKind::ALL, number as u8);
            let files = (0..u128::from(number % 23)).map(|number| file(number, 1)).collect();
            Command::SubmitProof { milestone: milestone.into(), kind, note: text(number), files }
        }
        23 => Command::AcceptProof { milestone: milestone.into() },
        24 => Command::RequestCorrections { milestone: milestone.into(), note: text(number) },
        30 => refunds(world, number.is_multiple_of(2), milestone),
        31 => about_refund(world, milestone, number),
        32 => about_links(world, number),
        17 => counter(world, number),
        18 => about_people(world, milestone, number),
        19..=22 | 25..=29 => quarrels::anything(world, milestone, number),
        _ => remind(world, milestone, number),
    };
    let by_machine =
        matches!(command, Command::Lapse { .. } | Command::Remind { .. }) && who.is_multiple_of(2);
    let ruling = matches!(
        command,
        Command::Rule { .. } | Command::ConfirmRuling { .. } | Command::ReturnRuling { .. }
    );
    let actor = match who % 4 {
        _ if by_machine => clock(),
        0 | 1 | 3 if ruling && with_arbiter(world) => arbiter(),
        0 | 1 if ruling => operator(),
        2 if ruling => second_operator(),
        // From outside comes only who has the link.
        0..=2 if matches!(command, Command::BuyByLink { .. }) => {
            let user = if who.is_multiple_of(2) { BUYER } else { GUEST };
            Actor::Party { user, role: Role::Buyer }
        }
        _ => pick(&actors, who),
    };
    (actor, command)
}

fn about_refund(world: &World, place: u8, number: u32) -> Command {
    let refunds = &world.escrow().refunds;
    let refund = (!refunds.is_empty()).then(|| pick(refunds, place)).map_or(u16::from(place), |it| it.number);
    if number.is_multiple_of(2) {
        Command::RetryRefund { refund }
    } else {
        Command::RefundToWallet { refund }
    }
}

fn with_arbiter(world: &World) -> bool {
    let his = |step: &dispute::Step| matches!(step, dispute::Step::Handler { handler: Handler::Arbiter, .. });
    world.escrow().disputes.iter().any(|open| his(&open.step))
}

pub fn text(number: u32) -> String {
    match number % 100 {
        0 => String::new(),
        1 => "x".repeat(5_001),
        2 => " \u{202e}<b>&\0 ".to_owned(),
        _ => "A few words.".to_owned(),
    }
}

fn propose(world: &World, number: u32) -> Command {
    let mut terms = Box::new(world.terms.clone());
    if number.is_multiple_of(2) {
        terms.amount_minor = i64::from(number) << 31;
        terms.fee.percent = rust_decimal::Decimal::from(number);
        terms.parties.truncate(number as usize % 3);
    }
    Command::Propose { id: Uuid::from_u128(1), reference: String::new(), terms }
}

/// Other terms: good ones, senseless ones, the same, for the version that stands or another one.
fn counter(world: &World, number: u32) -> Command {
    let mut terms = Box::new(world.escrow().terms.clone());
    let version = if number.is_multiple_of(7) { number % 3 } else { world.escrow().version };
    match number >> 8 & 7 {
        0 => {}
        1 => terms.title = text(number),
        2 => terms.parties.truncate(1),
        3 => {
            terms.amount_minor += 10;
            terms.milestones[0].amount_minor += 10;
        }
        4 => terms.fee_payer = holdfast::engine::terms::FeePayer::Seller,
        5 => terms.fee = crate::dsl::deal::fixed_fee(1),
        6 => terms.milestones[0].inspection_days = 1 + (number % 30) as u8,
        _ => terms.milestones[0].criteria.push(text(number)),
    }
    Command::Counter { version, terms }
}

/// An address is corrected, somebody is invited or reminded again.
fn about_people(world: &World, milestone: u8, number: u32) -> Command {
    let all: Vec<_> = world.escrow().parties.iter().map(|party| party.user).chain([STRANGER]).collect();
    let user = pick(&all, number as u8);
    match number >> 8 & 7 {
        0 => {
            let to =
                if number.is_multiple_of(3) { pick(&all, milestone) } else { Uuid::from_u128(number.into()) };
            let digits = if number.is_multiple_of(16) { 63 } else { 64 };
            Command::CorrectParty { user, to, identity_sha256: "a".repeat(digits) }
        }
        1..=3 => Command::InviteAgain { user },
        _ => {
            let running = deadlines::all(world.escrow());
            let clock = (!running.is_empty()).then(|| pick(&running, milestone));
            let (waiting, milestone) =
                clock.map_or((Waiting::Closing, None), |clock| (clock.waiting, clock.milestone));
            Command::Nudge { waiting, milestone }
        }
    }
}

fn sign(world: &World, number: u32) -> Command {
    let right = !number.is_multiple_of(3);
    let document_sha256 = if right { world.escrow().document_sha256.clone() } else { "0".repeat(64) };
    Command::Sign { version: 1 + number % 2, document_sha256, evidence_sha256: text(number) }
}

fn start_charge(world: &mut World, number: u32) -> Command {
    let payment = if number.is_multiple_of(4) { world.last_payment() } else { world.new_payment() };
    let some = (1..=number as u16 % 4).collect();
    let milestones = if number.is_multiple_of(5) { some } else { world.escrow().to_pay() };
    let method = if number.is_multiple_of(3) { Method::Wallet } else { sandbox() };
    Command::StartCharge { payment, milestones, method }
}

/// Parts of every size: whole, none, a share of what is left, one too many, absurd.
fn approve(world: &World, milestone: u16, number: u32) -> Command {
    let left = world.escrow().milestone(milestone).map_or(0, |part| part.left_minor());
    let share = i64::try_from(i128::from(left) * i128::from(number % 1_000) / 1_000).unwrap();
    let part_minor = match number % 11 {
        0 => None,
        1 => Some(0),
        2 => Some(-i64::from(number)),
        3 => Some(left + 1),
        4 => Some(i64::MAX),
        5 => Some(1),
        6 => Some(left - 1),
        _ => Some(share),
    };
    Command::Approve { milestone, part_minor }
}

const WAITING: [Waiting; 23] = [
    Waiting::RefundAnswer,
    Waiting::RefundAgain,
    Waiting::FailedRefund,
    Waiting::LinkPayment,
    Waiting::Extension,
    Waiting::CancellationAnswer,
    Waiting::Settlement,
    Waiting::DisputeAnswer,
    Waiting::DisputeTalk,
    Waiting::Ruling,
    Waiting::NextPayment,
    Waiting::SellerAnswer,
    Waiting::ProofUpload,
    Waiting::ProofReview,
    Waiting::Acceptance,
    Waiting::Payment,
    Waiting::RailAnswer,
    Waiting::Delivery,
    Waiting::Inspection,
    Waiting::Changes,
    Waiting::Cancelling,
    Waiting::PayOut,
    Waiting::Closing,
];

/// A deadline that runs, or one that does not.
fn lapse(world: &World, milestone: u8, number: u32) -> Command {
    let running = deadlines::all(world.escrow());
    if number.is_multiple_of(2) && !running.is_empty() {
        return pick(&running, milestone).lapse();
    }
    let waiting = pick(&WAITING, number as u8);
    Command::Lapse { waiting, milestone: Some(milestone.into()), since: start() }
}

fn remind(world: &World, milestone: u8, number: u32) -> Command {
    let marks = [Mark::Half, Mark::Due, Mark::Hours24, Mark::Hours2];
    let mark = pick(&marks, number as u8);
    match lapse(world, milestone, number / 4) {
        Command::Lapse { waiting, milestone, since } => Command::Remind { waiting, milestone, since, mark },
        other => other,
    }
}
