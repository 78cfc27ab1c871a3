//! The doctor: whether all that must hold does, read from the first event to the last file.
//!
//! It replays every escrow from its events and compares the result with what is stored, byte for byte;
//! follows each chain of hashes; derives every ledger entry anew; sums the ledger; and reads every file
//! against its fingerprint. It changes nothing.

use std::fmt;

use uuid::Uuid;

use crate::app::App;
use crate::engine::chain::{self, link};
use crate::engine::deadlines;
use crate::engine::escrow::Escrow;
use crate::engine::evolve::evolve;
use crate::engine::postings;
use crate::engine::refund::Refund;
use crate::error::Error;
use crate::store::db::{Conn, DbError};
use crate::store::history::Stored;
use crate::store::{doctor, escrows, files, history, ledger};

const BATCH: i64 = 200;
/// So many ailments are told; a broken disk would fill the screen otherwise.
const MOST: usize = 50;

/// What the doctor found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub escrows: usize,
    pub events: usize,
    pub entries: usize,
    pub files: usize,
    /// The first things that are wrong, each a sentence that names the row.
    pub ailments: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.ailments.is_empty()
    }

    fn ill(&mut self, what: impl Into<String>) {
        if self.ailments.len() < MOST {
            self.ailments.push(what.into());
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ailment in &self.ailments {
            writeln!(f, "WRONG  {ailment}")?;
        }
        let found = if self.is_healthy() { "Healthy" } else { "Not healthy" };
        write!(
            f,
            "{found}: {} escrows replayed from {} events, {} ledger entries, {} files.",
            self.escrows, self.events, self.entries, self.files
        )
    }
}

/// Examines everything.
///
/// # Errors
/// The database's or the disk's; what is merely wrong stands in the report.
pub async fn examine(app: &App) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let mut after = Uuid::nil();
    loop {
        let ids = doctor::escrows_after(&mut conn, after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for id in ids {
            one(&mut conn, id, &mut report).await?;
        }
    }
    sums(&mut conn, &mut report).await?;
    contents(app, &mut conn, &mut report).await?;
    Ok(report)
}

async fn one(conn: &mut Conn<'_>, id: Uuid, report: &mut Report) -> Result<(), DbError> {
    report.escrows += 1;
    let Some(row) = doctor::row(conn, id).await? else { return Ok(()) };
    let mut replay = Replay { escrow: None, head: chain::GENESIS, entries: Vec::new() };
    let mut after = 0;
    loop {
        let stored = history::read(conn, id, after, BATCH).await?;
        let Some(last) = stored.last() else { break };
        after = last.seq;
        for event in &stored {
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
    if escrows::document(&escrow)? != row.document {
        report.ill(format!("{}: its events give another state than the stored one", row.reference));
    }
    if row.head != replay.head || row.seq != after {
        report.ill(format!("{}: its chain ends elsewhere than its row says", row.reference));
    }
    if row.next_at != deadlines::next_at(&escrow) {
        report.ill(format!("{}: its next deadline is stored wrongly", row.reference));
    }
    let stored = doctor::entries(conn, id).await?;
    report.entries += stored.len();
    if stored != replay.entries {
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
fn into_suspense(entry: &doctor::EntryRow) -> i64 {
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
    entries: Vec<doctor::EntryRow>,
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
                self.entries.push(doctor::EntryRow {
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

async fn sums(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    for totals in ledger::totals(conn).await? {
        let sum = totals.held_minor
            + totals.payable_minor
            + totals.wallet_minor
            + totals.fees_minor
            + totals.clearing_minor
            + totals.suspense_minor;
        if sum != 0 {
            report.ill(format!("the ledger in {} does not sum to zero but to {sum}", totals.currency));
        }
    }
    for (account, balance, entries) in ledger::wrong_balances(conn).await? {
        report.ill(format!("account {account}: its balance is {balance}, its entries come to {entries}"));
    }
    Ok(())
}

async fn contents(app: &App, conn: &mut Conn<'_>, report: &mut Report) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let batch = files::contents(conn, &after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after.clone_from(last);
        for sha256 in &batch {
            report.files += 1;
            match app.files.is_whole(sha256).await {
                Ok(true) => {}
                Ok(false) => report.ill(format!("file {sha256}: its content has changed")),
                Err(error) => report.ill(format!("file {sha256}: {error}")),
            }
        }
    }
}
