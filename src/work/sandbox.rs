//! The sandbox provider's own clockwork, which in life would run in another house.

use crate::app::App;
use crate::store::db::DbError;

/// Lets it settle what is due and deliver its notices; how much was done.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    app.sandbox.run_due().await
}
