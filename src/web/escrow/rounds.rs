//! What has happened to a milestone: every round of delivery, and what has moved of its money. Both are
//! read from the history, since the state keeps the last round only.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use super::seat::Scene;
use super::spot::Spot;
use crate::engine::escrow::Escrow;
use crate::engine::event::{Event, Record};
use crate::engine::plan::{Part, Share};
use crate::engine::refund::Refund;
use crate::engine::terms::FileRef;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::files::{self, FileRow};
use crate::store::history;
use crate::web::view::{FileView, TimeView, file_size};

/// The story of one milestone.
#[derive(Default)]
pub struct Story {
    /// The newest first.
    pub rounds: Vec<Round>,
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
        let stored = history::of_milestone(conn, spot.seat.escrow.id, spot.number).await?;
        // What a newer version wrote and this one can't read is left out here; the history says so.
        let records: Vec<Record> = stored.iter().filter_map(|stored| spot.seat.record(stored).ok()).collect();
        let has_files =
            |record: &Record| matches!(&record.event, Event::Delivered { files, .. } if !files.is_empty());
        let rows = if records.iter().any(has_files) {
            files::of_escrow(conn, spot.seat.escrow.id).await?
        } else {
            Vec::new()
        };
        let mut story = Self::default();
        for record in &records {
            story.add(&spot.seat.escrow, record);
        }
        let files_at = spot.seat.files_at();
        story.rounds = rounds(&spot.seat.scene(), &files_at, spot.number, &records, &rows);
        Ok(story)
    }

    fn add(&mut self, escrow: &Escrow, record: &Record) {
        match &record.event {
            Event::Released { parts, .. } => add_parts(&mut self.released, parts),
            Event::Refunded { parts, .. } => {
                self.refunded_minor += parts.iter().map(|part| part.amount_minor).sum::<i64>();
            }
            Event::RefundSettled { refund, .. } | Event::RefundedToWallet { refund, .. } => {
                self.refunded_minor += escrow.refund(*refund).map_or(0, Refund::sum_minor);
            }
            Event::PaidOut { share, amount_minor, .. } => {
                *self.paid_out.entry(*share).or_default() += amount_minor;
            }
            _ => {}
        }
    }
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

fn add_parts(sums: &mut BTreeMap<Share, i64>, parts: &[Part]) {
    for part in parts {
        *sums.entry(part.share).or_default() += part.amount_minor;
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
