//! What was stored once stays readable: documents and records as they were written, byte for byte.
//!
//! The files in `tests/golden` are never changed. A new shape gets a new file, written by
//! `cargo test --test engine golden -- --ignored`, and the old ones go on being read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use holdfast::engine::command::Command;
use holdfast::engine::contract::Texts;
use holdfast::engine::deadlines::Waiting;
use holdfast::engine::escrow::{End, Escrow};
use holdfast::engine::event::{Event, Record, VERSION};
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::terms::{CommissionPayer, FeePayer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dsl::deal::{commission, file, line, party, percent, split, start};
use crate::dsl::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The golden files whose names begin so, with their text.
fn files(prefix: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with(prefix) {
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Reads a stored text, and writes the same bytes again.
#[track_caller]
fn read<T: DeserializeOwned + Serialize>(name: &str, text: &str) -> T {
    let stored = text.trim_end();
    let value: T = serde_json::from_str(stored).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), stored, "{name} is written to other bytes");
    value
}

#[test]
fn stored_escrows_stay_readable() {
    let documents = files("escrow-");
    assert!(documents.len() >= 3, "{documents:?}");
    for (name, text) in documents {
        let escrow: Escrow = read(&name, &text);
        assert_eq!(escrow.reference, "ESC-7K2M-9QXA", "{name}");
    }
}

/// Texts of versions from before texts were stored are filled in with the bytes that were signed. The other stored
/// escrows are from the time when that wording was still being made.
#[test]
fn the_first_format_writes_the_bytes_that_were_signed() {
    let made = ["countered", "disputed", "instant", "passed-on", "refunds", "ruled"];
    let is_made = |name: &String| made.iter().any(|made| *name == format!("escrow-{made}.v1.json"));
    let stored: Vec<_> = files("escrow-").into_iter().filter(|(name, _)| is_made(name)).collect();
    assert_eq!(stored.len(), made.len());
    for (name, text) in stored {
        let escrow: Escrow = read(&name, &text);
        let texts = Texts::first(&escrow.terms, &escrow.reference, escrow.version);
        assert_eq!(texts.contract.sha256(), escrow.document_sha256, "{name}:\n{}", texts.contract.text);
    }
}

#[test]
fn stored_records_stay_readable() {
    for (name, text) in files("record-") {
        let record: Record = read(&name, &text);
        let kind = name.trim_start_matches("record-").split('.').next().unwrap();
        assert_eq!(record.event.kind(), kind, "{name}");
    }
}

#[test]
fn every_kind_of_event_has_a_stored_record() {
    let stored: BTreeSet<&str> =
        files("record-").into_iter().map(|(name, text)| read::<Record>(&name, &text).event.kind()).collect();
    let known: BTreeSet<&str> = histories().iter().flat_map(World::events).collect();
    assert_eq!(stored, known);
    let all = variants::<Event>("type");
    assert_eq!(stored.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), all);
}

/// Worlds in which everything has happened once.
fn histories() -> Vec<World> {
    let before = vec![long_and_open(), declined(), quick_and_done(), talked_about(), disputed(), ruled()];
    let modes =
        [proof_in_review(), paid_and_rejected(), half_paid(), refunded(), sold_by_link(), passed_on()];
    before.into_iter().chain(modes).collect()
}

/// Countered, with one address corrected, and everyone asked once more.
fn talked_about() -> World {
    let mut world = World::sent(case4());
    world.seller().counters(|terms| terms.title = "A larger garden house".to_owned()).is_done();
    world.seller().corrects(BROKER, STRANGER).is_done();
    world.seller().invites_again(STRANGER).is_done();
    let (waiting, milestone) = (Waiting::Acceptance, None);
    world.seller().does(Command::Nudge { waiting, milestone }).is_done();
    world
}

/// In dispute, decided and waiting for a second operator, with an offer and a request for more time.
fn disputed() -> World {
    let mut world = World::paid(case4());
    world.second_above = 100_000;
    let ask = |milestone: u16, days: i64| Command::AskExtension {
        milestone,
        due: start().plus_days(days),
        reason: "It rains.".to_owned(),
    };
    world.seller().does(ask(1, 25)).is_done();
    world.buyer().does(Command::GrantExtension { milestone: 1 }).is_done();
    world.broker().does(ask(2, 50)).is_done();
    world.buyer().does(Command::RefuseExtension { milestone: 2 }).is_done();
    let text = "The posts have come.".to_owned();
    world.seller().does(Command::Say { text, files: vec![file(0xF3, 9)] }).is_done();
    world.buyer().does(Command::RequestCancellation { reason: "I move away.".to_owned() }).is_done();
    world.hours_pass(30);
    let reason = "The wood is cut.".to_owned();
    world.seller().does(Command::RefuseCancellation { reason }).is_done();
    world.seller().delivers(1).is_done();
    world.buyer().does(Command::ExtendInspection { milestone: 1, days: 4 }).is_done();
    world.buyer().disputes(1).is_done();
    let statement =
        Command::Statement { dispute: 1, text: "It stands.".to_owned(), files: vec![file(0xF4, 7)] };
    world.seller().does(statement).is_done();
    world.days_pass(7);
    let splits = vec![split(1, 100_000, 300_000)];
    let rule =
        |reasons: &str| Command::Rule { dispute: 1, splits: splits.clone(), reasons: reasons.to_owned() };
    world.person(operator()).does(rule("The door is missing.")).is_done();
    let back = Command::ReturnRuling { dispute: 1, reason: "Say more.".to_owned() };
    world.person(second_operator()).does(back).is_done();
    world.person(operator()).does(rule("The door and a window are missing.")).is_done();
    world.seller().offers(vec![split(2, 300_000, 300_000)]).is_done();
    world.seller().does(ask(2, 60)).is_done();
    world
}

/// The same, decided.
fn ruled() -> World {
    let mut world = disputed();
    world.person(second_operator()).does(Command::ConfirmRuling { dispute: 1 }).is_done();
    world.buyer().does(Command::AcceptSettlement { settlement: 1 }).is_done();
    world
}

/// A proof that was corrected once, accepted by the clock, and is followed by a delivery.
fn proof_in_review() -> World {
    let mut world = World::paid(quick_proof());
    world.seller().sends_proof().is_done();
    world.buyer().requests_corrections().is_done();
    world.seller().sends_proof().is_done();
    world.hours_pass(24);
    world
}

/// Somebody's payment failed, a guest bought it and put it into his account, and it was delivered.
fn sold_by_link() -> World {
    let mut world = World::sent(instant());
    world.person(stranger()).pays().is_done();
    world.provider().fails("Declined.").is_done();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.buyer().hands_over_to(PAYEE).is_done();
    world.seller().delivers(1).is_done();
    world
}

fn paid_and_rejected() -> World {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.days_pass(5);
    world
}

/// The second milestone was asked for, and never paid.
fn half_paid() -> World {
    let mut world = World::paid(per_milestone());
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.days_pass(10);
    world
}

/// Refunds that came to everything that can become of one, and one that is under way.
fn refunded() -> World {
    let mut world = World::paid(case4());
    world.as_it_came = true;
    for _ in 0..3 {
        world.seller().does(Command::Refund { milestone: 1, part_minor: Some(10_000) }).is_done();
    }
    world.provider().refunded(1).is_done();
    world.provider().could_not_refund(2).is_done();
    world.days_pass(12);
    world.seller().does(Command::Refund { milestone: 1, part_minor: None }).is_done();
    world
}

/// The arbiter had a dispute before him and declined.
fn passed_on() -> World {
    let mut world = World::paid(arbitrated());
    world.seller().delivers(1).is_done();
    world.buyer().disputes(1).is_done();
    let (text, files) = ("It stands.".to_owned(), Vec::new());
    world.seller().does(Command::Statement { dispute: 1, text, files }).is_done();
    world.days_pass(7);
    let reason = "I know the seller.".to_owned();
    world.person(arbiter()).does(Command::DeclineArbitration { reason }).is_done();
    world
}

fn quick_and_done() -> World {
    let mut world = World::sent(quick());
    world.everyone_agrees();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.seller().delivers(1).is_done();
    world.buyer().approves(1).is_done();
    world.days_pass(40);
    world
}

fn declined() -> World {
    let mut world = World::sent(case4());
    world.broker().declines("Not for me.").is_done();
    assert!(matches!(
        world.stage(),
        holdfast::engine::escrow::Stage::Ended { end: End::Declined { .. }, .. }
    ));
    world
}

/// Every part of a document that can be there is there.
fn long_and_open() -> World {
    let mut world = World::sent(rich());
    world.payee().disowns().is_done();
    world.seller().signs().is_done();
    world.everyone_agrees();
    world.days_pass(6);
    world.buyer().pays().is_done();
    let first = world.last_payment();
    world.days_pass(3);
    world.buyer().pays().is_done();
    world.provider().settles_payment(first).is_done();
    world.provider().settles().is_done();
    let files = vec![file(0xF2, 20_480)];
    let note = "The posts stand, and the walls.".to_owned();
    world.seller().does(Command::MarkDone { milestone: 1, note, files }).is_done();
    world.buyer().approves_part(1, "100").is_done();
    world.broker().pays_out(1).is_done();
    world.buyer().requests_changes(1).is_done();
    world.seller().delivers(3).is_done();
    world.days_pass(2);
    world.buyer().approves(3).is_done();
    world.outage_of_days(60);
    world.buyer().cancels(1).is_done();
    world.seller().delivers(2).is_done();
    world.days_pass(2);
    world
}

fn rich() -> holdfast::engine::terms::Terms {
    case4().with(|terms| {
        terms.fee_payer = FeePayer::Split;
        terms.fee.max_minor = Some(50_000);
        terms.commission = commission(percent(5), CommissionPayer::Split);
        terms.external_reference = Some("PO 4711".to_owned());
        terms.parties.push(party(Role::Payee, PAYEE));
        let mut third = terms.milestones[1].clone();
        third.title = "Paint".to_owned();
        third.description = "Green, twice.".to_owned();
        third.amount_minor = 200_000;
        third.recipients = vec![line(SELLER, 150_000), line(PAYEE, 50_000)];
        terms.milestones.push(third);
        terms.amount_minor = 1_200_000;
    })
}

/// Who is written down as having done it: it only has to be someone of every kind.
fn actor(event: &Event) -> Actor {
    match event.kind() {
        "charge_settled" | "charge_returned" | "refund_settled" => Actor::Rail,
        "charge_failed" | "overdue" | "reminded" => Actor::Clock,
        "signed" | "delivered" => seller(),
        "accepted" | "disowned" => Actor::Operator { user: STRANGER },
        "ruling_returned" | "arbiter_declined" => Actor::Arbiter { user: STRANGER },
        _ => buyer(),
    }
}

/// Writes what is missing and never touches what is there.
#[test]
#[ignore = "writes golden files for shapes that have none"]
fn write_what_is_missing() {
    let write = |name: String, text: String| {
        let path = folder().join(name);
        if !path.exists() {
            std::fs::write(path, text + "\n").unwrap();
        }
    };
    let names = [
        "open",
        "declined",
        "done",
        "countered",
        "disputed",
        "ruled",
        "proof",
        "rejected",
        "half-paid",
        "refunds",
        "instant",
        "passed-on",
    ];
    for (name, world) in names.into_iter().zip(histories()) {
        let document = serde_json::to_string(world.escrow()).unwrap();
        write(format!("escrow-{name}.v{VERSION}.json"), document);
        for (seq, (at, event)) in (1..).zip(&world.history) {
            let escrow = world.escrow().id;
            let (v, at, event) = (VERSION, *at, event.clone());
            let record = Record {
                v,
                escrow,
                seq,
                at,
                actor: actor(&event),
                event,
                salt: String::new(),
                names: BTreeMap::new(),
            };
            let text = serde_json::to_string(&record).unwrap();
            write(format!("record-{}.v{VERSION}.json", record.event.kind()), text);
        }
    }
}
