//! The doctor: whether all that must hold does, read from the first event to the last file.
//!
//! It replays every escrow from its events and derives again every row that follows from them, in whatever table it
//! stands; follows each chain of hashes; sums each wallet; holds erasable rows against the digests that events keep of
//! them; and reads every file and every contract against its fingerprint. Rows that no event made are found as well as rows that are
//! gone. It reads one moment of the database, and changes nothing. Each file of this folder examines one kind of thing.

mod audit;
mod checkpoints;
mod compare;
mod contracts;
mod escrows;
mod files;
mod guards;
mod notices;
mod payments;
mod people;
mod replay;
mod report;
mod stored;
mod wallets;

use crate::app::App;
use crate::error::Error;
use crate::files::Files;
use crate::keys::Keys;
use crate::store::db::Conn;
pub use checkpoints::against;
pub use report::Report;
use stored::Known;

/// Examines everything.
///
/// # Errors
/// The database's or the disk's; what is merely wrong stands in the report.
pub async fn examine(app: &App) -> Result<Report, Error> {
    let mut moment = app.db.snapshot().await?;
    examine_in(&mut moment.conn(), &app.files, app.db.keys()).await
}

/// Examines what one connection sees.
///
/// # Errors
/// The database's or the disk's; what is merely wrong stands in the report.
pub async fn examine_in(conn: &mut Conn<'_>, files: &Files, keys: &Keys) -> Result<Report, Error> {
    let mut report = Report::default();
    let done = audit::chain(conn, &mut report).await;
    let standing = report.readable("audit", done)?;
    // A link that was sealed with an earlier key can be opened by nobody.
    let known = Known {
        sealed_by_this: standing.keys.len() < 2,
        keys: keys.clone(),
        erased: standing.erased.clone(),
    };
    escrows::all(conn, known, &mut report).await?;
    let done = wallets::all(conn, &mut report).await;
    report.readable("wallets", done)?;
    let done = notices::all(conn, &mut report).await;
    report.readable("notifications", done)?;
    let done = contracts::taken_out(conn, &standing, &mut report).await;
    report.readable("contract texts", done)?;
    let done = checkpoints::stored(conn, &standing, &mut report).await;
    report.readable("checkpoints", done)?;
    files::contents(files, conn, &mut report).await?;
    guards::all(conn, &mut report).await?;
    Ok(report)
}
