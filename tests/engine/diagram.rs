//! The state diagram of the README, walked out of the engine: whatever `decide` accepts from a state is an
//! edge, and nothing else is. `HOLDFAST_WRITE_README=1` writes it into the README.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use holdfast::engine::command::{Command, Facts};
use holdfast::engine::deadlines;
use holdfast::engine::decide::{Decision, decide};
use holdfast::engine::escrow::{ChargeState, Escrow, Method, MilestoneEnd, MilestoneStage, Stage};
use holdfast::engine::evolve::evolve;
use holdfast::engine::party::Actor;
use holdfast::engine::time::Time;
use uuid::Uuid;

use crate::dsl::{buyer as the_buyer, one_off, seller as the_seller};

const BEGIN: &str = "<!-- the diagram is printed from the engine; a test compares it -->\n```mermaid\n";
const END: &str = "```\n<!-- end of the diagram -->";

/// What one node of the diagram stands for: a one-off deal, by the names of its states.
fn node(escrow: &Escrow) -> &'static str {
    let pending =
        matches!(escrow.charge.as_ref().map(|charge| &charge.state), Some(ChargeState::Pending { .. }));
    match (&escrow.stage, escrow.milestones[0].stage) {
        (Stage::Proposed { .. }, _) => "proposed",
        (Stage::Agreed { .. }, _) if pending => "paying",
        (Stage::Agreed { .. }, _) => "agreed",
        (Stage::Active { .. }, MilestoneStage::InProgress { overdue_since: None, .. }) => "in_progress",
        (Stage::Active { .. }, MilestoneStage::Delivered { .. }) => "delivered",
        (Stage::Active { .. }, MilestoneStage::ChangesRequested { overdue_since: None, .. }) => {
            "changes_requested"
        }
        (Stage::Active { .. }, MilestoneStage::Settling { .. }) if escrow.refund_failed() => "refund_failed",
        (Stage::Active { .. }, MilestoneStage::Settling { end: MilestoneEnd::Refunded, .. }) => "refunding",
        (Stage::Active { .. }, MilestoneStage::Settling { .. }) => "being_paid_out",
        (Stage::Active { .. }, _) => "overdue",
        (Stage::Ended { .. }, _) => match escrow.milestones[0].released_minor {
            0 if escrow.milestones[0].funded() => "cancelled",
            0 => "ended_unpaid",
            _ => "completed",
        },
        (Stage::Closed { .. }, _) => "closed",
    }
}

/// Monday 4 May 2026, 09:00 UTC.
fn start() -> Time {
    Time::from_micros(1_777_885_200_000_000)
}

fn moves(escrow: &Escrow, now: Time) -> Vec<(&'static str, Actor, Command, Time)> {
    let (buyer, seller) = (the_buyer(), the_seller());
    let version = escrow.version;
    let document_sha256 = escrow.document_sha256.clone();
    let sign = Command::Sign { version, document_sha256, evidence_sha256: String::new() };
    let payment = Uuid::from_u128(7);
    let rail = Method::Rail { rail: "rail".to_owned() };
    let start = Command::StartCharge { payment, milestones: vec![1], method: rail };
    let done = Command::MarkDone { milestone: 1, note: String::new(), files: Vec::new() };
    let changes = Command::RequestChanges { milestone: 1, failed: vec![0], reason: "-".to_owned() };
    let failed = Command::ChargeFailed { payment, reason: "-".to_owned() };
    let declined = Command::Decline { reason: String::new() };
    let mut moves = vec![
        ("sign", buyer, sign.clone(), now),
        ("sign", seller, sign, now),
        ("decline", buyer, declined, now),
        ("withdraw", buyer, Command::Withdraw, now),
        ("start charge", buyer, start, now),
        ("charge settled", Actor::Rail, Command::ChargeSettled { payment }, now),
        ("charge failed", Actor::Rail, failed, now),
        ("mark done", seller, done, now),
        ("approve", buyer, Command::Approve { milestone: 1, part_minor: None }, now),
        ("request changes", buyer, changes, now),
        ("cancel", buyer, Command::Cancel { milestone: 1 }, now),
        ("pay out", seller, Command::PayOut { milestone: 1 }, now),
        ("refund", seller, Command::Refund { milestone: 1, part_minor: None }, now),
        ("retry refund", buyer, Command::RetryRefund { refund: 1 }, now),
        ("to the wallet instead", buyer, Command::RefundToWallet { refund: 1 }, now),
        ("close", buyer, Command::Close, now),
    ];
    let attempt = escrow.refund(1).map_or(1, |refund| refund.attempt);
    let reason = "-".to_owned();
    moves.extend([
        ("refund settled", Actor::Rail, Command::RefundSettled { refund: 1, attempt }, now),
        ("refund failed", Actor::Rail, Command::RefundFailed { refund: 1, attempt, reason }, now),
    ]);
    for clock in deadlines::all(escrow) {
        moves.push(("deadline", Actor::Clock, clock.lapse(), clock.at));
    }
    moves
}

/// Walks every state that can be reached, each by its node once for every set of signatures.
fn walk() -> BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>> {
    let mut edges: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let first = one_off_proposed();
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(first, start())]);
    while let Some((escrow, now)) = queue.pop_front() {
        for (name, actor, command, at) in moves(&escrow, now) {
            let rails_that_refund = vec!["rail".to_owned()];
            let facts = Facts { rails_that_refund, ..Facts::default() };
            let Ok(Decision::Done(events)) = decide(Some(&escrow), &command, &actor, &facts, at) else {
                continue;
            };
            let mut next = Some(escrow.clone());
            for event in &events {
                next = evolve(next, event, at);
            }
            let next = next.unwrap();
            let (from, to) = (node(&escrow), node(&next));
            let late = name == "charge settled" && from != "paying";
            let name = if late { "late payment goes back" } else { name };
            edges.entry((from, to)).or_default().insert(name);
            let signed = next.parties.iter().filter(|party| party.signature.is_some()).count();
            if seen.insert((to, signed, next.charge.is_some())) {
                queue.push_back((next, at));
            }
        }
    }
    edges
}

fn one_off_proposed() -> Escrow {
    let terms = one_off();
    let creator = the_seller();
    let id = Uuid::from_u128(1);
    let reference = "ESC-7K2M-9QXA".to_owned();
    let command = Command::Propose { id, reference, terms: Box::new(terms) };
    let Ok(Decision::Done(events)) = decide(None, &command, &creator, &Facts::default(), start()) else {
        panic!("the terms of the diagram can be proposed");
    };
    evolve(None, &events[0], start()).unwrap()
}

fn diagram() -> String {
    let mut out = String::from("stateDiagram-v2\n    [*] --> proposed: propose\n");
    for ((from, to), names) in walk() {
        let names: Vec<&str> = names.into_iter().collect();
        let _ = writeln!(out, "    {from} --> {to}: {}", names.join(", "));
    }
    out.push_str("    closed --> [*]\n");
    out
}

#[test]
fn the_readmes_diagram_is_what_the_engine_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("HOLDFAST_WRITE_README").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{}{END}{after}", diagram())).unwrap();
        return;
    }
    assert_eq!(written, diagram(), "run this test with HOLDFAST_WRITE_README=1 and look at the change");
}

#[test]
fn every_state_of_the_diagram_leads_to_the_end() {
    let edges = walk();
    let nodes: BTreeSet<&str> = edges.keys().flat_map(|(from, to)| [*from, *to]).collect();
    assert_eq!(nodes.len(), 14, "{nodes:?}");
    for from in nodes {
        let mut reached = BTreeSet::from([from]);
        while let Some(next) =
            edges.keys().find(|(a, b)| reached.contains(a) && !reached.contains(b)).map(|(_, b)| *b)
        {
            reached.insert(next);
        }
        assert!(reached.contains("closed"), "{from} can wait for ever");
    }
}
