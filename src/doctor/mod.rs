//! The doctor: whether all that must hold does, read from the first event to the last file.
//!
//! It replays every escrow from its events and compares the result with what is stored, byte for byte;
//! follows each chain of hashes; derives every ledger entry anew; sums the ledger; and reads every file
//! against its fingerprint, and the texts of contracts against theirs. It changes nothing. Each file of this folder
//! examines one kind of thing.

mod audit;
mod checkpoints;
mod contracts;
mod files;
mod replay;
mod report;
mod sums;

use crate::app::App;
use crate::error::Error;
pub use checkpoints::against;
pub use report::Report;

/// Examines everything.
///
/// # Errors
/// The database's or the disk's; what is merely wrong stands in the report.
pub async fn examine(app: &App) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    replay::escrows(&mut conn, &mut report).await?;
    sums::ledger(&mut conn, &mut report).await?;
    let standing = audit::chain(&mut conn, &mut report).await?;
    contracts::taken_out(&mut conn, &standing, &mut report).await?;
    checkpoints::stored(&mut conn, &standing, &mut report).await?;
    files::contents(app, &mut conn, &mut report).await?;
    Ok(report)
}
