//! Removes what has been worthless for long: counts of tries, tokens, sessions, files of forms that
//! nobody finished. Nothing that anybody could still ask for is lost.

use crate::accounts;
use crate::app::App;
use crate::store::db::DbError;
use crate::store::files;

/// Sweeps once; how many rows went.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    let swept = accounts::sweep(&app.db, &app.clock).await?;
    let mut tx = app.db.write().await?;
    let files = files::sweep(&mut tx.conn(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(usize::try_from(swept + files).unwrap_or(usize::MAX))
}
