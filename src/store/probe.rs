//! Whether the database takes a write at this moment, for whoever asks `/readyz`.
//!
//! Anybody may ask, every second and all at once, so an answer serves for a while: a good one until a write
//! fails somewhere, and no longer than [`GOOD_FOR`]. One question at a time goes to the database.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::db::{Db, DbError, exec};
use super::failure::failed_within;
use crate::engine::time::Time;

/// How long a good answer serves.
const GOOD_FOR: Duration = Duration::from_secs(30);
/// How long a bad one does.
const BAD_FOR: Duration = Duration::from_secs(1);
/// About what the write of an escrow takes: with less room the probe would find what no deal can use.
const WEIGHT_BYTES: usize = 64 * 1024;

/// The last answer. Cheap to clone.
#[derive(Clone, Default)]
pub struct Probe(Arc<Mutex<Option<Answer>>>);

#[derive(Clone, Copy)]
struct Answer {
    at: Instant,
    is_good: bool,
}

impl Answer {
    fn serves(self) -> bool {
        let age = self.at.elapsed();
        if self.is_good { age < GOOD_FOR && !failed_within(age) } else { age < BAD_FOR }
    }
}

impl Probe {
    /// Whether the database takes a write; the error of the last try if it does not.
    ///
    /// # Errors
    /// Why it doesn't, as the database says; within a second of that, only that it does not.
    pub async fn takes_writes(&self, db: &Db, now: Time) -> Result<bool, DbError> {
        let mut last = self.0.lock().await;
        if let Some(answer) = last.filter(|answer| answer.serves()) {
            return Ok(answer.is_good);
        }
        let written = write(db, now).await;
        *last = Some(Answer { at: Instant::now(), is_good: written.is_ok() });
        written.map(|()| true)
    }
}

async fn write(db: &Db, now: Time) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    exec!(
        &mut tx.conn(),
        "INSERT INTO write_probe (id, written_at, weight) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, weight = excluded.weight",
        now,
        vec![0_u8; WEIGHT_BYTES]
    )?;
    tx.commit().await
}
