//! Forms with files: their text fields, and their files stored while they arrive.
//!
//! A handler calls `receive` itself, and only after it knows that the reader may attach something
//! here, so that nobody else can fill the disk. Register such a route with `Routes::upload` and
//! `MOST_BYTES`. It knows no form.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::StreamExt;
use uuid::Uuid;

use super::FORM_LIMIT;
use super::form::{Fields, Problems};
use super::readable;
use crate::app::App;
use crate::crowd::MOST_UPLOADS;
use crate::engine::check::{LARGEST_FILE_BYTES, MOST_FILES};
use crate::error::{Error, in_words};
use crate::files::{Stored, TakeError, clean_name};
use crate::store::files::{self, MOST_WAITING, NewFile, Purpose};
use crate::store::throttle;

/// What a whole form with files may weigh: as many files as there may be, each as large as it may be.
pub const MOST_BYTES: usize = MOST_FILES * LARGEST_FILE_BYTES as usize + FORM_LIMIT;

/// What a part of a form weighs beside its name and its text, so that many parts without either come to
/// an end as well.
const PART_WEIGHT: usize = 128;

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
    /// Takes the form of `uploader` in. A file that is too large or empty becomes a problem of its field, so that the
    /// page can come back with everything else that was typed; a form without files is read as well.
    ///
    /// # Errors
    /// What is no form at all, one that is too large as a whole, or a disk that does not take it.
    pub async fn receive(app: &App, uploader: Uuid, request: Request) -> Result<Self, Error> {
        let kind = request.headers().get(axum::http::header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/")) {
            let fields = Fields::from_request(request, app).await?;
            return Ok(Self { fields, ..Self::default() });
        }
        let _place = app.crowd.enter(format!("uploads/{uploader}"), MOST_UPLOADS).ok_or(Error::Crowded)?;
        let mut form = Multipart::from_request(request, app)
            .await
            .map_err(|error| Error::BadRequest(error.body_text()))?;
        let mut room = Room::of(app, uploader).await?;
        let (mut upload, mut pairs, mut weight) = (Self::default(), Vec::new(), 0);
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            weight += PART_WEIGHT + name.len();
            if weight > FORM_LIMIT {
                return Err(too_large());
            }
            if let Some(chosen) = file_name(&field) {
                upload.file(app, &mut room, (name, chosen), field).await?;
                continue;
            }
            let text = text(field, FORM_LIMIT - weight).await?;
            weight += text.len();
            pairs.push((name, text));
        }
        upload.fields = Fields::new(pairs)?;
        Ok(upload)
    }

    async fn file(
        &mut self,
        app: &App,
        room: &mut Room,
        (field, name): (String, String),
        mut part: Field<'_>,
    ) -> Result<(), Error> {
        if name.is_empty() {
            // What browsers send for a file field in which nothing was chosen.
            return drain(part).await;
        }
        let name = clean_name(&name);
        if let Some(sentence) = room.lacks(app).await? {
            self.problems.add(field, sentence);
            return drain(part).await;
        }
        room.chosen += 1;
        let mut came = 0_i64;
        let weigh = |chunk: &Result<Bytes, MultipartError>| {
            came += chunk.as_ref().map_or(0, |chunk| i64::try_from(chunk.len()).unwrap_or(i64::MAX / 2));
        };
        let taken = app.files.take(&mut (&mut part).inspect(weigh)).await;
        // What is not kept in the end took its place on the disk all the same.
        files::count_bytes(&app.db, &app.clock, room.uploader, came).await?;
        match taken {
            Ok(stored) => {
                room.waiting += 1;
                self.files.push(Uploaded { field, name, stored });
            }
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
            Err(TakeError::Crowded) => return Err(Error::Full),
            Err(TakeError::Disk(error)) => return Err(error.into()),
        }
        Ok(())
    }
}

/// How much more one person may attach.
struct Room {
    uploader: Uuid,
    /// Files of this form so far, those too that were empty or too large.
    chosen: usize,
    /// Files that wait for something to be sent, those of this form included.
    waiting: usize,
}

impl Room {
    async fn of(app: &App, uploader: Uuid) -> Result<Self, Error> {
        let waiting = files::waiting(&mut app.db.read().await?.conn(), uploader).await?;
        Ok(Self { uploader, chosen: 0, waiting })
    }

    /// Why there is no room for another file, if there is none.
    async fn lacks(&self, app: &App) -> Result<Option<String>, Error> {
        if self.chosen == MOST_FILES {
            return Ok(Some(format!("Attach at most {MOST_FILES} files.")));
        }
        if self.waiting >= MOST_WAITING {
            return Ok(Some(format!(
                "You have {MOST_WAITING} files that wait in drafts and unfinished forms. Send or remove some of them first."
            )));
        }
        let (who, mut reader) = (self.uploader.to_string(), app.db.read().await?);
        let limit = &throttle::UPLOADS_BY_USER;
        let wait = throttle::used_up(&mut reader.conn(), app.clock.now(), limit, &who).await?;
        Ok(wait.map(|seconds| {
            format!(
                "You have attached as much as one person may in a day. Attach the rest in {}.",
                in_words(seconds)
            )
        }))
    }
}

/// What a part calls its file, if it is one. A name in another encoding than UTF-8 is one too, read as Latin-1, which
/// most of them are close to: the form's reader itself takes such a part for a text.
pub(super) fn file_name(part: &Field<'_>) -> Option<String> {
    const NAME: &str = "filename=";
    if let Some(name) = part.file_name() {
        return Some(unescaped(name));
    }
    let bytes = part.headers().get(axum::http::header::CONTENT_DISPOSITION)?.as_bytes();
    let line: String = match std::str::from_utf8(bytes) {
        Ok(line) => line.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    let (before, name) = line.split_once(NAME)?;
    let is_apart = before.ends_with([';', ' ', '\t']);
    let name = name.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(name);
    is_apart.then(|| unescaped(name))
}

/// A file's name as it is on its owner's disk: browsers send these three signs escaped, and no others.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// Reads a part to its end and keeps nothing, so that the fields behind it can be read.
async fn drain(mut part: Field<'_>) -> Result<(), Error> {
    while let Some(chunk) = part.next().await {
        chunk.map_err(unreadable)?;
    }
    Ok(())
}

/// The text of a part, of at most so many bytes.
pub(super) async fn text(mut part: Field<'_>, most: usize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(unreadable)?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| readable::unreadable())
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
