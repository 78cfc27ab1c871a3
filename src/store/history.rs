//! The history of an escrow: a chain of events, appended and read.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::chain::link;
use crate::engine::escrow::Escrow;
use crate::engine::event::{Event, Record, VERSION};
use crate::engine::party::Actor;
use crate::engine::time::Time;
use crate::engine::versions;
use crate::store::db::{Conn, DbError, all, exec, one};

/// An event as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    pub seq: i64,
    pub at: Time,
    pub body: String,
    pub hash: Vec<u8>,
}

impl Stored {
    /// The event as the engine knows it.
    ///
    /// # Errors
    /// Bytes that this version of the program cannot read.
    pub fn record(&self) -> Result<Record, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// An event as it is kept, with a salt that nobody can guess.
#[must_use]
pub fn record(clock: &Clock, escrow: &Escrow, at: Time, actor: Actor, event: &Event) -> Record {
    let salt = HEXLOWER.encode(&clock.random::<16>());
    Record {
        v: VERSION,
        escrow: escrow.id,
        seq: escrow.seq,
        at,
        actor,
        event: event.clone(),
        salt,
        names: BTreeMap::new(),
    }
}

/// Appends a record after the link `head`; the new link comes back.
///
/// # Errors
/// The database's, or [`DbError::Broken`] where the record can't be written as JSON.
pub async fn append(conn: &mut Conn<'_>, head: &[u8], record: &Record) -> Result<[u8; 32], DbError> {
    let body = serde_json::to_string(record).map_err(|error| DbError::Broken(error.to_string()))?;
    let hash = link(head, record.seq, body.as_bytes());
    exec!(
        conn,
        "INSERT INTO events (escrow_id, seq, at, kind, milestone, body, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        record.escrow,
        i64::try_from(record.seq).unwrap_or(i64::MAX),
        record.at,
        record.event.kind(),
        record.event.milestone().map(i32::from),
        body.as_str(),
        hash.as_slice()
    )?;
    Ok(hash)
}

/// The events of an escrow after `after`, in their order, at most `most`.
///
/// # Errors
/// The database's.
pub async fn read(conn: &mut Conn<'_>, escrow: Uuid, after: i64, most: i64) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT seq, at, body, hash FROM events WHERE escrow_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        escrow,
        after,
        most
    )
}

/// The events as somebody counts them from whom a commission is hidden: the broker's payouts are none, and leave no
/// gap in the numbers.
const COUNTED: &str = "SELECT seq, at, body, hash FROM
         (SELECT e.kind, e.at, e.body, e.hash, e.seq - (SELECT COUNT(*) FROM events h
             WHERE h.escrow_id = $1 AND h.kind = 'paid_out' AND h.seq < e.seq
               AND h.body LIKE '%\"share\":\"broker%') AS seq
          FROM events e WHERE e.escrow_id = $1
            AND NOT (e.kind = 'paid_out' AND e.body LIKE '%\"share\":\"broker%')) counted
         WHERE seq < $2 AND ($3 = '' OR kind = $3) ORDER BY seq DESC LIMIT $4";

/// The newest events of an escrow before `before`, the newest first, without those that tell of a hidden commission
/// where it `hides`.
///
/// # Errors
/// The database's.
pub async fn newest(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    hides: bool,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    let before = before.unwrap_or(i64::MAX);
    if hides {
        return all!(conn, Stored, COUNTED, escrow, before, "", most);
    }
    let sql =
        "SELECT seq, at, body, hash FROM events WHERE escrow_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    all!(conn, Stored, sql, escrow, before, most)
}

/// The newest events of one kind before `before`, the newest first.
///
/// # Errors
/// The database's.
pub async fn of_kind(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    kind: &str,
    hides: bool,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    let before = before.unwrap_or(i64::MAX);
    if hides {
        return all!(conn, Stored, COUNTED, escrow, before, kind, most);
    }
    let sql = "SELECT seq, at, body, hash FROM events
         WHERE escrow_id = $1 AND kind = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4";
    all!(conn, Stored, sql, escrow, kind, before, most)
}

/// The newest events of two kinds of one milestone, at most `most`, in their order: what was sent, and what was
/// answered.
///
/// # Errors
/// The database's.
pub async fn of_rounds(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    number: u16,
    [sent, answered]: [&str; 2],
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    let mut newest = all!(
        conn,
        Stored,
        "SELECT seq, at, body, hash FROM events
         WHERE escrow_id = $1 AND milestone = $2 AND kind IN ($3, $4) ORDER BY seq DESC LIMIT $5",
        escrow,
        i32::from(number),
        sent,
        answered,
        most
    )?;
    newest.reverse();
    Ok(newest)
}

/// The events from which the versions of the terms are read, in their order.
///
/// # Errors
/// The database's, or [`DbError::Broken`] for bytes that this program did not write.
pub async fn of_terms(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Record>, DbError> {
    let [sent, countered, corrected, joined, accepted, signed] = versions::KINDS;
    let stored = all!(
        conn,
        Stored,
        "SELECT seq, at, body, hash FROM events
         WHERE escrow_id = $1 AND kind IN ($2, $3, $4, $5, $6, $7) ORDER BY seq",
        escrow,
        sent,
        countered,
        corrected,
        joined,
        accepted,
        signed
    )?;
    let read = |stored: &Stored| stored.record().map_err(|error| DbError::Broken(error.to_string()));
    stored.iter().map(read).collect()
}

/// What happened in the disputes of an escrow, in its order, with what moved when one ended; of endless quarrels the
/// newest thousand acts.
///
/// # Errors
/// The database's.
pub async fn of_disputes(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Stored>, DbError> {
    let mut newest = all!(
        conn,
        Stored,
        "SELECT seq, at, body, hash FROM events
         WHERE escrow_id = $1 AND (kind IN ('dispute_opened', 'stated', 'dispute_moved', 'ruled',
                 'ruling_returned', 'dispute_ended')
             OR (kind IN ('released', 'refunded', 'refund_started')
                 AND at IN (SELECT e.at FROM events e WHERE e.escrow_id = $1 AND e.kind = 'dispute_ended')))
         ORDER BY seq DESC LIMIT 1000",
        escrow
    )?;
    newest.reverse();
    Ok(newest)
}

/// What whoever decides a dispute has before him, in its order: what was agreed, delivered and answered, the last
/// hundred times that money moved and what moved when a dispute ended, and the disputes. Of endless quarrels the
/// newest thousand acts. What the parties write to each other and offer each other to settle is not among it.
///
/// # Errors
/// The database's.
pub async fn of_case(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Stored>, DbError> {
    let mut newest = all!(
        conn,
        Stored,
        "SELECT seq, at, body, hash FROM events
         WHERE escrow_id = $1 AND (kind IN ('proposed', 'countered', 'agreed', 'charge_settled',
                 'proof_submitted', 'corrections_requested', 'proof_accepted', 'delivered', 'changes_requested',
                 'inspection_extended', 'extension_granted', 'overdue', 'dispute_opened', 'stated',
                 'dispute_moved', 'ruled', 'ruling_returned', 'arbiter_declined', 'dispute_ended', 'ended')
             OR (kind IN ('released', 'refunded', 'refund_started')
                 AND (at IN (SELECT e.at FROM events e WHERE e.escrow_id = $1 AND e.kind = 'dispute_ended')
                      OR seq IN (SELECT e.seq FROM events e
                                 WHERE e.escrow_id = $1 AND e.kind IN ('released', 'refunded', 'refund_started')
                                 ORDER BY e.seq DESC LIMIT 100))))
         ORDER BY seq DESC LIMIT 1000",
        escrow
    )?;
    newest.reverse();
    Ok(newest)
}

/// How many events there are in all.
///
/// # Errors
/// The database's.
pub async fn count(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    Ok(one!(conn, (i64,), "SELECT COUNT(*) FROM events")?.0)
}
