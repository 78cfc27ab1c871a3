//! The bytes of every attached file.

use std::io::ErrorKind;

use super::report::{BATCH, Report};
use crate::error::Error;
use crate::files::Files;
use crate::store::db::Conn;
use crate::store::files;

/// Reads every file against its fingerprint, its size and its type.
pub(super) async fn contents(files: &Files, conn: &mut Conn<'_>, report: &mut Report) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let read = files::contents(conn, &after, BATCH).await;
        let batch = report.readable("files", read)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after.clone_from(last);
        for sha256 in &batch {
            report.files += 1;
            match files.look(sha256).await {
                Ok(seen) if seen.sha256 == *sha256 => {
                    for id in files::otherwise(conn, sha256, seen.size_bytes, seen.media_type).await? {
                        report.ill(format!("file {id}: its row says another size or type than its bytes"));
                    }
                }
                Ok(_) => report.ill(format!("file {sha256}: its content has changed")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    report.ill(format!("file {sha256}: it is not here, in {}", files.folder()));
                }
                Err(error) => report.ill(format!("file {sha256}: {error}")),
            }
        }
    }
}
