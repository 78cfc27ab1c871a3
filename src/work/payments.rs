//! Providers are told of payments that they do not know of yet, and asked about those that may have been left open.
//!
//! The page that starts a payment tells at once; this is for when the provider did not answer, or the
//! process ended in between.

use futures_util::future::try_join_all;

use crate::app::App;
use crate::rails::end::{By, end};
use crate::rails::tell::tell;
use crate::store::db::DbError;
use crate::store::payments;

const BATCH: i64 = 20;

/// Tells of every payment that is due; how many were tried.
///
/// # Errors
/// The database's. What was claimed and not recorded is told again when its lease ends.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    Ok(told(app).await? + ended(app).await?)
}

/// Attempts that nobody has submitted for so long keep others from paying no longer.
async fn ended(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    if !payments::is_to_end(&mut app.db.read().await?.conn(), now).await? {
        return Ok(0);
    }
    let mut tx = app.db.write().await?;
    let due = payments::claim_to_end(&mut tx.conn(), now, BATCH).await?;
    tx.commit().await?;
    try_join_all(due.iter().map(|payment| end(app, payment, By::Clock))).await?;
    Ok(due.len())
}

async fn told(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    if !payments::is_to_tell(&mut app.db.read().await?.conn(), now).await? {
        return Ok(0);
    }
    let mut tx = app.db.write().await?;
    let due = payments::claim_to_tell(&mut tx.conn(), now, BATCH).await?;
    tx.commit().await?;
    // All at once: a provider that does not answer must not keep the last one waiting until the lease has ended.
    try_join_all(due.iter().map(|payment| tell(app, payment))).await?;
    Ok(due.len())
}
