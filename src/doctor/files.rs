//! The bytes of every attached file.

use super::report::{BATCH, Report};
use crate::app::App;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::files;

/// Reads every file against its fingerprint.
pub(super) async fn contents(app: &App, conn: &mut Conn<'_>, report: &mut Report) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let batch = files::contents(conn, &after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after.clone_from(last);
        for sha256 in &batch {
            report.files += 1;
            match app.files.is_whole(sha256).await {
                Ok(true) => {}
                Ok(false) if !app.files.is_here(sha256).await? => {
                    report.ill(format!("file {sha256}: it is not here, in {}", app.files.folder()));
                }
                Ok(false) => report.ill(format!("file {sha256}: its content has changed")),
                Err(error) => report.ill(format!("file {sha256}: {error}")),
            }
        }
    }
}
