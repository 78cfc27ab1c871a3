//! Forms with files: their text fields, and their files stored while they arrive.
//!
//! A handler calls `receive` itself, and only after it knows that the reader may attach something
//! here, so that nobody else can fill the disk. Register such a route with `Routes::upload` and
//! `MOST_BYTES`. It knows no form.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures_util::StreamExt;
use uuid::Uuid;

use super::FORM_LIMIT;
use super::form::{Fields, Problems};
use crate::app::App;
use crate::engine::check::{LARGEST_FILE_BYTES, MOST_FILES};
use crate::error::Error;
use crate::files::{Stored, TakeError, clean_name};
use crate::store::files::{NewFile, Purpose};

/// What a whole form with files may weigh: as many files as there may be, each as large as it may be.
pub const MOST_BYTES: usize = MOST_FILES * LARGEST_FILE_BYTES as usize + FORM_LIMIT;

/// A form with files, taken in.
#[derive(Debug, Default)]
pub struct Upload {
    pub fields: Fields,
    /// In the order in which they were chosen; their bytes are stored, and no row names them yet.
    pub files: Vec<Uploaded>,
    /// Files that were not taken, by the name of their field.
    pub problems: Problems,
}

/// A file of a form.
#[derive(Clone, Debug)]
pub struct Uploaded {
    pub field: String,
    /// Cleaned, as it may be stored and shown.
    pub name: String,
    pub stored: Stored,
}

impl Uploaded {
    /// The row to write for it.
    #[must_use]
    pub fn row(&self, uploader: Uuid, escrow_id: Option<Uuid>, purpose: Purpose) -> NewFile<'_> {
        NewFile {
            uploader,
            escrow_id,
            purpose,
            name: &self.name,
            size_bytes: self.stored.size_bytes,
            sha256: &self.stored.sha256,
            media_type: self.stored.media_type,
        }
    }
}

impl Upload {
    /// Takes the form in. A file that is too large or empty becomes a problem of its field, so that the
    /// page can come back with everything else that was typed; a form without files is read as well.
    ///
    /// # Errors
    /// What is no form at all, one that is too large as a whole, or a disk that does not take it.
    pub async fn receive(app: &App, request: Request) -> Result<Self, Error> {
        let kind = request.headers().get(axum::http::header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/")) {
            let fields = Fields::from_request(request, app).await?;
            return Ok(Self { fields, ..Self::default() });
        }
        let mut form = Multipart::from_request(request, app)
            .await
            .map_err(|error| Error::BadRequest(error.body_text()))?;
        let (mut upload, mut pairs, mut weight) = (Self::default(), Vec::new(), 0);
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() {
                upload.file(app, name, field).await?;
                continue;
            }
            let text = text(field, FORM_LIMIT - weight).await?;
            weight += name.len() + text.len();
            if weight > FORM_LIMIT {
                return Err(too_large());
            }
            pairs.push((name, text));
        }
        upload.fields = Fields::new(pairs)?;
        Ok(upload)
    }

    async fn file(&mut self, app: &App, field: String, mut part: Field<'_>) -> Result<(), Error> {
        let name = part.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            // What browsers send for a file field in which nothing was chosen.
            return drain(part).await;
        }
        let name = clean_name(&name);
        if self.files.len() == MOST_FILES {
            self.problems.add(field, format!("Attach at most {MOST_FILES} files."));
            return drain(part).await;
        }
        match app.files.take(&mut part).await {
            Ok(stored) => self.files.push(Uploaded { field, name, stored }),
            Err(TakeError::TooLarge) => {
                let most = LARGEST_FILE_BYTES / (1024 * 1024);
                self.problems
                    .add(field, format!("“{name}” is larger than {most} MiB. Attach a smaller file."));
                drain(part).await?;
            }
            Err(TakeError::Empty) => {
                self.problems.add(field, format!("“{name}” is empty. Attach the right file."));
            }
            Err(TakeError::Interrupted(error)) => return Err(unreadable(error)),
            Err(TakeError::Disk(error)) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Reads a part to its end and keeps nothing, so that the fields behind it can be read.
async fn drain(mut part: Field<'_>) -> Result<(), Error> {
    while let Some(chunk) = part.next().await {
        chunk.map_err(unreadable)?;
    }
    Ok(())
}

async fn text(mut part: Field<'_>, most: usize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(unreadable)?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn too_large() -> Error {
    Error::TooLarge("The form holds more text than we take at once.".to_owned())
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let most = LARGEST_FILE_BYTES / (1024 * 1024);
        return Error::TooLarge(format!(
            "Everything attached is too large together. Attach at most {MOST_FILES} files of {most} MiB each."
        ));
    }
    Error::BadRequest("The form did not arrive whole. Send it again.".to_owned())
}
