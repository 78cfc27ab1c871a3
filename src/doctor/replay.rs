//! Every escrow, replayed from its events.

use uuid::Uuid;

use super::contracts;
use super::report::{BATCH, Report};
use crate::engine::chain::{self, link};
use crate::engine::deadlines;
use crate::engine::escrow::Escrow;
use crate::engine::evolve::evolve;
use crate::engine::postings;
use crate::engine::refund::Refund;
use crate::store::db::{Conn, DbError};
use crate::store::doctor::escrows::{self as stored, EntryRow};
use crate::store::history::{self, Stored};
use crate::store::{escrows as rows, ledger};

/// Replays every escrow and compares what comes of it with what is stored.
pub(super) async fn escrows(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    let mut after = Uuid::nil();
    loop {
        let ids = stored::escrows_after(conn, after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = *last;
        for id in ids {
            one(conn, id, report).await?;
        }
    }
}

async fn one(conn: &mut Conn<'_>, id: Uuid, report: &mut Report) -> Result<(), DbError> {
    report.escrows += 1;
    let Some(row) = stored::row(conn, id).await? else { return Ok(()) };
    let mut replay = Replay { escrow: None, head: chain::GENESIS, entries: Vec::new() };
    let mut after = 0;
    loop {
        let events = history::read(conn, id, after, BATCH).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        for event in &events {
            report.events += 1;
            if let Err(what) = replay.step(event) {
                report.ill(format!("{}, event {}: {what}", row.reference, event.seq));
                return Ok(());
            }
        }
    }
    let Some(escrow) = replay.escrow else {
        report.ill(format!("{}: it has no events", row.reference));
        return Ok(());
    };
    if rows::document(&escrow)? != row.document {
        report.ill(format!("{}: its events give another state than the stored one", row.reference));
    }
    if row.head != replay.head || row.seq != after {
        report.ill(format!("{}: its chain ends elsewhere than its row says", row.reference));
    }
    if row.next_at != deadlines::next_at(&escrow) {
        report.ill(format!("{}: its next deadline is stored wrongly", row.reference));
    }
    contracts::examine(conn, id, &row.reference, report).await?;
    let entries = stored::entries(conn, id).await?;
    report.entries += entries.len();
    if entries != replay.entries {
        report.ill(format!("{}: its ledger entries are not those of its events", row.reference));
    }
    let aside: i64 = replay.entries.iter().map(into_suspense).sum();
    let late = escrow.late_refunds().filter(|refund| refund.open());
    if aside != late.map(Refund::sum_minor).sum::<i64>() {
        report.ill(format!("{}: what lies in suspense is not what is on its way back", row.reference));
    }
    if !ledger::agrees(conn, &escrow).await? {
        report.ill(format!("{}: its balances are not what its state says", row.reference));
    }
    Ok(())
}

/// What an entry adds to the money that came too late and is to go back.
fn into_suspense(entry: &EntryRow) -> i64 {
    let is = |account: &str| account.starts_with("suspense/");
    match (is(&entry.to_account), is(&entry.from_account)) {
        (true, false) => entry.amount_minor,
        (false, true) => -entry.amount_minor,
        (true, true) | (false, false) => 0,
    }
}

struct Replay {
    escrow: Option<Escrow>,
    head: [u8; 32],
    entries: Vec<EntryRow>,
}

impl Replay {
    fn step(&mut self, stored: &Stored) -> Result<(), String> {
        let seq = u64::try_from(stored.seq).map_err(|_| "a negative number".to_owned())?;
        self.head = link(&self.head, seq, stored.body.as_bytes());
        if self.head.as_slice() != stored.hash.as_slice() {
            return Err("the link does not seal what is stored".to_owned());
        }
        let record = stored.record().map_err(|error| format!("unreadable: {error}"))?;
        let expected = self.escrow.as_ref().map_or(1, |escrow| escrow.seq + 1);
        if record.seq != seq || seq != expected {
            return Err(format!("number {expected} was expected"));
        }
        if let Some(escrow) = &self.escrow {
            for (line, entry) in (1_i32..).zip(postings::entries(escrow, &record.event)) {
                let currency = entry.amount.currency;
                self.entries.push(EntryRow {
                    seq: stored.seq,
                    line,
                    from_account: entry.from.key(currency),
                    to_account: entry.to.key(currency),
                    currency: currency.code().to_owned(),
                    amount_minor: entry.amount.minor,
                });
            }
        }
        self.escrow = evolve(self.escrow.take(), &record.event, record.at);
        self.escrow.as_ref().map(|_| ()).ok_or_else(|| "the first event proposes nothing".to_owned())
    }
}
