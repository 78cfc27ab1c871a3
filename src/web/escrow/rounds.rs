//! What has happened to a milestone: the last rounds of delivery, and what has moved of its money. The rounds are
//! read from the history, since the state keeps the last one only; the money from the state, and from the ledger
//! where something has gone back as well. A page takes no longer for a long history than for a short one.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use super::seat::{Scene, Seat};
use super::spot::Spot;
use crate::engine::event::{Event, Record};
use crate::engine::plan::Share;
use crate::engine::sums::Sums;
use crate::engine::terms::{CommissionPayer, FileRef};
use crate::engine::veil;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::files::{self, FileRow};
use crate::store::history;
use crate::store::ledger::{self, Received};
use crate::web::view::{FileView, TimeView, file_size};

/// How many rounds are shown; the history has the rest.
const MOST_ROUNDS: usize = 20;

/// The story of one milestone.
#[derive(Default)]
pub struct Story {
    /// The newest first.
    pub rounds: Vec<Round>,
    /// Whether there were more than are shown.
    pub has_older: bool,
    /// By share, in minor units.
    pub released: BTreeMap<Share, i64>,
    /// By share, in minor units.
    pub paid_out: BTreeMap<Share, i64>,
    /// What went back to the buyer, the fee that followed included, in minor units.
    pub refunded_minor: i64,
}

/// One delivery, and what the buyer answered.
#[derive(Clone, Template)]
#[template(path = "pages/escrow/round.html")]
pub struct Round {
    /// The milestone's number.
    pub of: u16,
    /// From 1.
    pub number: u16,
    pub by: String,
    pub at: TimeView,
    pub note: String,
    pub files: Vec<FileView>,
    pub changes: Option<Asked>,
    /// The last one: its fingerprints stand open.
    pub is_last: bool,
}

impl HtmlSafe for Round {}

/// The changes that the buyer asked for.
#[derive(Clone)]
pub struct Asked {
    pub by: String,
    pub at: TimeView,
    pub failed: Vec<String>,
    pub reason: String,
}

impl Story {
    /// Reads it.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn<'_>, spot: &Spot) -> Result<Self, Error> {
        // One event more than the rounds can have, to know whether there are older ones.
        let most = i64::try_from(2 * MOST_ROUNDS + 1).unwrap_or(i64::MAX);
        let kinds = ["delivered", "changes_requested"];
        let stored = history::of_rounds(conn, spot.seat.escrow.id, spot.number, kinds, most).await?;
        // What a newer version wrote and this one can't read is left out here; the history says so.
        let records: Vec<Record> = stored.iter().filter_map(|stored| spot.seat.record(stored).ok()).collect();
        let has_files =
            |record: &Record| matches!(&record.event, Event::Delivered { files, .. } if !files.is_empty());
        let rows = if records.iter().any(has_files) {
            files::of_escrow(conn, spot.seat.escrow.id).await?
        } else {
            Vec::new()
        };
        let files_at = spot.seat.files_at();
        let mut rounds = rounds(&spot.seat.scene(), &files_at, spot.number, &records, &rows);
        // The oldest event that was read may be an answer whose delivery was not.
        let has_older = rounds.len() > MOST_ROUNDS || stored.len() > 2 * MOST_ROUNDS;
        rounds.truncate(MOST_ROUNDS);
        let mut story = Self { rounds, has_older, ..Self::default() };
        story.count(conn, spot).await?;
        Ok(story)
    }

    /// What has moved. Where nothing went back, it is what is no longer held.
    async fn count(&mut self, conn: &mut Conn<'_>, spot: &Spot) -> Result<(), Error> {
        let (state, plan) = (&spot.state, &spot.plan);
        if !state.funded() {
            return Ok(());
        }
        self.refunded_minor = Sums::of_milestone(&spot.seat.escrow, spot.number, 0).refunded;
        // What one alone has of the balance stands in the state as well.
        let is_shared = state.holdings.iter().filter(|held| !held.share.follows()).count() > 1;
        let received = if self.refunded_minor > 0 && is_shared {
            Some(ledger::received(conn, spot.seat.escrow.id).await?)
        } else {
            None
        };
        for held in &state.holdings {
            let released = match &received {
                _ if self.refunded_minor == 0 => plan.line(held.share) - held.held_minor,
                _ if held.share.follows() => state.follower_released(plan, held.share),
                Some(received) => released_as_seen(received, &spot.seat, spot.number, held.share),
                None => state.released_minor,
            };
            self.released.insert(held.share, released);
            self.paid_out.insert(held.share, released - held.payable_minor);
        }
        Ok(())
    }
}

/// What was released of a share, as the viewer knows it: a commission that is hidden from the buyer counts for the
/// seller.
fn released_as_seen(received: &Received, seat: &Seat, number: u16, share: Share) -> i64 {
    let of = |share| received.released_minor(&seat.escrow, number, share);
    let terms = &seat.escrow.terms;
    let by_seller = terms.commission.as_ref().is_some_and(|terms| terms.payer == CommissionPayer::Seller);
    let hidden = by_seller && veil::hides_from(terms, seat.role);
    if share == Share::Seller && hidden { of(share) + of(Share::Broker) } else { of(share) }
}

/// Every round of delivery of a milestone, the newest first. `files_at` is where the reader gets its files.
#[must_use]
pub fn rounds(
    scene: &Scene<'_>,
    files_at: &str,
    milestone: u16,
    records: &[Record],
    rows: &[FileRow],
) -> Vec<Round> {
    let mut rounds = Vec::new();
    for record in records.iter().filter(|record| record.event.milestone() == Some(milestone)) {
        add_round(&mut rounds, scene, files_at, record, rows);
    }
    if let Some(last) = rounds.last_mut() {
        last.is_last = true;
    }
    rounds.reverse();
    rounds
}

fn add_round(rounds: &mut Vec<Round>, scene: &Scene<'_>, files_at: &str, record: &Record, rows: &[FileRow]) {
    let by = || record.actor.user().map_or_else(String::new, |user| scene.name(user));
    let at = scene.reader.time(record.at);
    match &record.event {
        Event::Delivered { milestone, round, note, files, .. } => {
            let (of, number) = (*milestone, *round);
            let files = files.iter().map(|file| file_view(files_at, file, rows)).collect();
            let (note, changes) = (note.clone(), None);
            rounds.push(Round { of, number, by: by(), at, note, files, changes, is_last: false });
        }
        Event::ChangesRequested { milestone, round, failed, reason } => {
            let terms = scene.escrow.terms.milestones.get(usize::from(*milestone).saturating_sub(1));
            let words = |place: &u16| terms?.criteria.get(usize::from(*place)).cloned();
            let failed = failed.iter().filter_map(words).collect();
            if let Some(answered) = rounds.iter_mut().rfind(|known| known.number == *round) {
                answered.changes = Some(Asked { by: by(), at, failed, reason: reason.clone() });
            }
        }
        _ => {}
    }
}

/// A file as lists show it, downloaded from below `files_at`. Its name lies in a row that can be erased; the
/// rest is in the history.
#[must_use]
pub fn file_view(files_at: &str, file: &FileRef, rows: &[FileRow]) -> FileView {
    let row = rows.iter().find(|row| row.id == file.id);
    FileView {
        href: format!("{files_at}/{}", file.id),
        name: row.map_or_else(|| "A file without a name".to_owned(), |row| row.name.clone()),
        size: file_size(u64::try_from(file.size_bytes).unwrap_or_default()),
        sha256: file.sha256.clone(),
        by: String::new(),
        time: None,
    }
}
