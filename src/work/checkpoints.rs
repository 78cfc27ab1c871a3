//! A checkpoint a day: see `checkpoints.rs`.

use crate::app::App;
use crate::checkpoints::{self, Made};
use crate::store::audit::Who;
use crate::store::db::DbError;

/// Makes the next one if it is time; how many were made.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    if !checkpoints::is_due(app).await? {
        return Ok(0);
    }
    match checkpoints::make(app, Who::Program).await? {
        Made::Done(number) => {
            tracing::info!("checkpoint {number} is made");
            Ok(1)
        }
        Made::NoKey => Ok(0),
        Made::Broken(what) => {
            tracing::error!(
                "no checkpoint is made, since the history is not what the last one covers: {what}"
            );
            Ok(0)
        }
    }
}
