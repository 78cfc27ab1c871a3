//! Every escrow: replayed from its events, and held against its rows in every table.
//!
//! It starts from the events and reads them in the order of their escrows, some thousands at a time; then the rows
//! of all escrows that ended among them, by the range of their ids, so that rows without an event are met too.
//! What was read is worked through on every core while the next events are being read. What is held in memory is one
//! batch, and of an escrow that is not read to its end what its rows will be compared with.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use uuid::Uuid;

use super::compare;
use super::replay::Replay;
use super::report::Report;
use super::stored::{Known, Stored, sorted};
use crate::store::db::{Conn, DbError};
use crate::store::doctor::escrows::{self as read, EventRow, Rows};

/// So many events are read at a time.
const BATCH: usize = 4_000;

/// Events of one escrow, and the replay that goes on with them.
type Case = (Replay, Vec<EventRow>);

/// Examines every escrow.
pub(super) async fn all(conn: &mut Conn<'_>, known: Known, report: &mut Report) -> Result<(), DbError> {
    let known = Arc::new(known);
    let (mut from, mut open) = (Uuid::nil(), None);
    let mut events = next(conn, None, report).await?;
    loop {
        let ended = events.len() < BATCH;
        let last = events.last().map(|event| (event.escrow_id, event.seq));
        let mut cases = cases(open.take(), events);
        // The last one may go on in the next batch.
        let rest = if ended { None } else { cases.pop() };
        let behind = rest.as_ref().map(|(replay, _)| replay.id);
        let upto = behind.map_or(Uuid::max(), before);
        let rows = if from <= upto { rows(conn, from, upto, report).await? } else { Rows::default() };
        let by = Arc::clone(&known);
        let work = tokio::task::spawn_blocking(move || work(cases, rest, rows, &by));
        let following = if ended { Ok(Vec::new()) } else { next(conn, last, report).await };
        let (found, going_on) = work.await.map_err(|error| DbError::Broken(error.to_string()))?;
        report.add(found);
        let Some(id) = behind else { return Ok(()) };
        (from, open) = (from.max(id), going_on);
        events = following?;
    }
}

async fn next(
    conn: &mut Conn<'_>,
    last: Option<(Uuid, i64)>,
    report: &mut Report,
) -> Result<Vec<EventRow>, DbError> {
    let (after, seq) = last.unwrap_or((Uuid::nil(), i64::MIN));
    match read::events(conn, after, seq, i64::try_from(BATCH).unwrap_or(i64::MAX)).await {
        Err(error) if error.is_unreadable() => {
            report.ill(format!("an event behind those of the escrow {after} can't be read: {error}"));
            Ok(Vec::new())
        }
        events => events,
    }
}

/// Rows that nobody can read are as wrong as any other, and no reason to look no further.
async fn rows(conn: &mut Conn<'_>, from: Uuid, upto: Uuid, report: &mut Report) -> Result<Rows, DbError> {
    match read::rows(conn, from, upto).await {
        Err(error) if error.is_unreadable() => {
            report.ill(format!("a row of the escrows from {from} to {upto} can't be read: {error}"));
            Ok(Rows::default())
        }
        rows => rows,
    }
}

/// The id before another one in their order.
fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// Sorts events by their escrows. The first ones may go on with one that was begun.
fn cases(open: Option<Replay>, events: Vec<EventRow>) -> Vec<Case> {
    let mut cases: Vec<Case> = open.map(|replay| (replay, Vec::new())).into_iter().collect();
    for event in events {
        match cases.last_mut() {
            Some((replay, own)) if replay.id == event.escrow_id => own.push(event),
            _ => cases.push((Replay::new(event.escrow_id), vec![event])),
        }
    }
    cases
}

/// Replays and compares; what goes on in the next batch is only replayed.
fn work(cases: Vec<Case>, rest: Option<Case>, rows: Rows, known: &Known) -> (Report, Option<Replay>) {
    let mut stored = sorted(rows);
    let mut with_rows: Vec<(Case, Stored)> = Vec::with_capacity(cases.len());
    for case in cases {
        let own = stored.remove(&case.0.id).unwrap_or_default();
        with_rows.push((case, own));
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = with_rows.len().div_ceil(cores).max(1);
    let mut shares = Vec::new();
    while !with_rows.is_empty() {
        let tail = with_rows.split_off(share.min(with_rows.len()));
        shares.push(std::mem::replace(&mut with_rows, tail));
    }
    let mut report = Report::default();
    let rest = thread::scope(|scope| {
        let others: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(move || examine(share, known))).collect();
        let rest = rest.map(|(mut replay, events)| {
            replay.run(&events);
            replay
        });
        for other in others {
            match other.join() {
                Ok(found) => report.add(found),
                Err(_) => report.ill("a part of the escrows could not be examined"),
            }
        }
        rest
    });
    without_events(stored, &mut report);
    (report, rest)
}

fn examine(share: Vec<(Case, Stored)>, known: &Known) -> Report {
    let mut report = Report::default();
    for ((mut replay, events), stored) in share {
        replay.run(&events);
        report.events += replay.events;
        compare::compare(&replay, &stored, known, &mut report);
    }
    report
}

fn without_events(stored: HashMap<Uuid, Stored>, report: &mut Report) {
    let mut left: Vec<_> = stored.into_iter().collect();
    left.sort_by_key(|(id, _)| *id);
    for (id, stored) in &left {
        compare::orphans(*id, stored, report);
    }
}
