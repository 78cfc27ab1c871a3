//! Deadlines and reminders are carried out when they come due, also those that lapsed while nobody ran.
//!
//! A write carries out what is due in its escrow by itself, so this worker decides nothing about who was
//! in time: it only sees to it that silence has its effect.

use crate::app::App;
use crate::store::db::DbError;
use crate::store::escrows;
use crate::store::execute::tick;

const BATCH: i64 = 50;

/// Carries out what is due in up to a batch of escrows; in how many something happened. An escrow that
/// fails is logged and does not keep the others waiting.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    let due = escrows::due(&mut app.db.read().await?.conn(), now, BATCH).await?;
    let mut moved = 0;
    for id in due {
        match tick(&app.db, &app.clock, id).await {
            Ok(ticked) => {
                moved += usize::from(ticked.moved);
                if ticked.wake {
                    app.wake.up();
                }
            }
            Err(error) => tracing::error!(escrow = %id, "a deadline: {error}"),
        }
    }
    Ok(moved)
}
