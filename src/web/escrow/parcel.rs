//! What a seller sends with a form, a delivery or a proof: a message and files. Files that arrived with a form
//! that comes back are kept for their uploader, so that nobody has to send them twice; they belong to the
//! escrow only with the act itself.

use axum::body::Body;
use axum::extract::Request;
use futures_util::StreamExt;
use uuid::Uuid;

use crate::app::App;
use crate::engine::check::MOST_FILES;
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::terms::FileRef;
use crate::error::Error;
use crate::store::execute::Evidence;
use crate::store::files::{self, FileRow, NewFile, Purpose};
use crate::web::form::{Fields, Problems};
use crate::web::upload::{MOST_BYTES, Upload};
use crate::web::view::{Choice, file_size};

/// A form with its files.
pub struct Parcel {
    pub upload: Upload,
    pub note: String,
    /// Files that waited for the form to be finished.
    pub kept: Vec<FileRow>,
    pub problems: Problems,
    uploader: Uuid,
    purpose: Purpose,
}

impl Parcel {
    /// Takes what was sent. `missing` is said where it brings nothing at all.
    ///
    /// # Errors
    /// The database's, or a form that can't be read.
    pub async fn receive(
        app: &App,
        request: Request,
        uploader: Uuid,
        purpose: Purpose,
        missing: &str,
    ) -> Result<Self, Error> {
        let upload = Upload::receive(app, uploader, request).await?;
        let kept = kept(app, &upload.fields, uploader, purpose).await?;
        let mut problems = upload.problems.clone();
        if upload.files.len() + kept.len() > MOST_FILES {
            problems.add(
                "files",
                format!("Attach at most {MOST_FILES} files, those included that are here already."),
            );
        }
        let note = upload.fields.optional_text("note", LONGEST_TEXT, &mut problems);
        if note.is_empty() && upload.files.is_empty() && kept.is_empty() && problems.is_empty() {
            problems.add("note", missing);
        }
        let problems = problems.in_order_of(&["kind", "note", "files"]);
        Ok(Self { upload, note, kept, problems, uploader, purpose })
    }

    /// The files as rows of an escrow: what the command names, and what is written with it.
    #[must_use]
    pub fn packed(&self, app: &App, escrow: Uuid) -> (Vec<FileRef>, Evidence) {
        let escrow = Some(escrow);
        let waiting = self.kept.iter().map(|row| new_file(row, escrow, self.purpose));
        let fresh = self.upload.files.iter().map(|file| file.row(self.uploader, escrow, self.purpose));
        let rows: Vec<FileRow> = waiting.chain(fresh).map(|new| FileRow::new(&app.clock, &new)).collect();
        let files = rows.iter().map(FileRow::reference).collect();
        (files, Evidence::Files { rows, kept: self.kept.iter().map(|row| row.id).collect() })
    }

    /// Keeps the files that came with a form which comes back, for the next try.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(&mut self, app: &App) -> Result<(), Error> {
        let fresh: Vec<NewFile<'_>> =
            self.upload.files.iter().map(|file| file.row(self.uploader, None, self.purpose)).collect();
        if !fresh.is_empty() {
            self.kept.extend(files::keep(&app.db, &app.clock, &fresh).await?);
        }
        Ok(())
    }
}

/// What was typed and sent so far, for a form that comes back.
#[derive(Default)]
pub struct Typed {
    pub note: String,
    /// Files that wait for the form to be finished.
    pub kept: Vec<FileRow>,
    pub problems: Problems,
    pub key: String,
}

impl Typed {
    #[must_use]
    pub fn of(parcel: Parcel) -> Self {
        let key = parcel.upload.fields.get("key").to_owned();
        Self { note: parcel.note, kept: parcel.kept, problems: parcel.problems, key }
    }
}

/// Kept files as the boxes of a form.
#[must_use]
pub fn boxes(kept: &[FileRow]) -> Vec<Choice> {
    let one = |row: &FileRow| {
        let size = file_size(u64::try_from(row.size).unwrap_or_default());
        Choice::new(row.id.to_string(), row.name.clone()).hint(size).checked(true)
    };
    kept.iter().map(one).collect()
}

/// The files that wait and are still wanted. Somebody else's, and those that were attached meanwhile,
/// are none of them.
async fn kept(app: &App, fields: &Fields, uploader: Uuid, purpose: Purpose) -> Result<Vec<FileRow>, Error> {
    let mut ids: Vec<Uuid> = fields.all("kept[]").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut reader = app.db.read().await?;
    let mut rows = Vec::new();
    for id in ids.into_iter().take(2 * MOST_FILES) {
        let row = files::by_id(&mut reader.conn(), id).await?;
        rows.extend(row.filter(|row| {
            let waits = row.escrow_id.is_none() && row.purpose == purpose.name();
            waits && row.uploader == uploader
        }));
    }
    Ok(rows)
}

/// The row that a file which waited gets with the escrow. A row of its own, so that two tries at the
/// same moment cannot take it from each other.
fn new_file(row: &FileRow, escrow_id: Option<Uuid>, purpose: Purpose) -> NewFile<'_> {
    NewFile {
        uploader: row.uploader,
        escrow_id,
        purpose,
        name: &row.name,
        size_bytes: row.size,
        sha256: &row.sha256,
        media_type: &row.media_type,
    }
}

/// Reads a body to its end, within the limit of the route, and keeps nothing of it.
pub async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > MOST_BYTES {
            return;
        }
    }
}
