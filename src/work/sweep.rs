//! Removes what has been worthless for long: counts of tries, tokens, sessions, files of forms that
//! nobody finished, and bytes that no row names. Nothing that anybody could still ask for is lost.

use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::files;

/// So many digests are read at once.
const BATCH: i64 = 1_000;

/// Sweeps once; how many rows and files went.
///
/// # Errors
/// The database's or the disk's.
pub async fn run_due(app: &App) -> Result<usize, Error> {
    let swept = accounts::sweep(&app.db, &app.clock).await?;
    let mut tx = app.db.write().await?;
    let rows = files::sweep(&mut tx.conn(), app.clock.now()).await?;
    tx.commit().await?;
    let bytes = orphans(app).await?;
    Ok(usize::try_from(swept + rows + bytes).unwrap_or(usize::MAX))
}

/// The two steps of `orphans.rs`, with what the rows say; how many files were deleted.
async fn orphans(app: &App) -> Result<u64, Error> {
    let clock = app.files.disk_clock().await?;
    let mut deleted = app.files.sweep_unfinished(clock).await?;
    for sha256 in app.files.lying_aside().await? {
        if files::is_named(&mut app.db.read().await?.conn(), &sha256).await? {
            app.files.put_back(&sha256).await?;
        } else {
            deleted += u64::from(app.files.delete_aside(clock, &sha256).await?);
        }
    }
    for folder in app.files.folders().await? {
        let mut unnamed = app.files.old_in(clock, &folder).await?;
        let mut after = folder.clone();
        while !unnamed.is_empty() {
            let named = files::contents(&mut app.db.read().await?.conn(), &after, BATCH).await?;
            for sha256 in &named {
                unnamed.remove(sha256);
            }
            match named.last() {
                Some(last) if last.starts_with(&folder) => after.clone_from(last),
                Some(_) | None => break,
            }
        }
        for sha256 in &unnamed {
            app.files.set_aside(clock, sha256).await?;
        }
    }
    Ok(deleted)
}
