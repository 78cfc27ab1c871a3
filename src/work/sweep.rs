//! Removes what has been worthless for long: counts of tries, tokens, sessions. Nothing that anybody could
//! still ask for is lost.

use crate::accounts;
use crate::app::App;
use crate::store::db::DbError;

/// Sweeps once; how many rows went.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    let swept = accounts::sweep(&app.db, &app.clock).await?;
    Ok(usize::try_from(swept).unwrap_or(usize::MAX))
}
