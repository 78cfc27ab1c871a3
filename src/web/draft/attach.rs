//! Files that belong to the terms: put to a draft, listed, taken out again.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::base::dropped;
use super::open::{self, Found, Opened, find, step_path};
use super::pages::{self, Frame};
use super::steps::Step;
use crate::app::App;
use crate::engine::check::{LARGEST_FILE_BYTES, MOST_FILES};
use crate::error::Error;
use crate::store::drafts;
use crate::store::files::{self, FileRow, Named, NewFile, Purpose};
use crate::web::download::attachment;
use crate::web::flash::Flash;
use crate::web::form::{Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::Shell;
use crate::web::upload::{MOST_BYTES, Upload};
use crate::web::view::file_size;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// The name of the file field.
const FIELD: &str = "files";

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/new/{draft}/files", Access::SignedIn, ask)
        .upload("/escrows/new/{draft}/files", Access::SignedIn, MOST_BYTES, take)
        .get("/escrows/new/{draft}/files/{file}", Access::SignedIn, download)
        .post("/escrows/new/{draft}/files/{file}/remove", Access::SignedIn, remove)
}

#[derive(Template)]
#[template(path = "pages/draft/files.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    files: Vec<Attached>,
    /// How many more there may be.
    room: usize,
    most: usize,
    most_mib: i64,
}

/// A file of the draft.
pub struct Attached {
    pub name: String,
    pub size: String,
    pub href: String,
    /// Where it is taken out, or put back.
    pub toggle: String,
    /// Belongs to the terms that stand, and is to go.
    pub goes: bool,
}

/// The files of a draft as they are listed.
#[must_use]
pub fn listed(opened: &Opened) -> Vec<Attached> {
    let one = |row: &FileRow| Attached {
        name: row.name.clone(),
        size: file_size(u64::try_from(row.size).unwrap_or_default()),
        href: format!("{}/files/{}", opened.path(), row.id.simple()),
        toggle: format!("{}/files/{}/remove", opened.path(), row.id.simple()),
        goes: opened.answers.fields().has(&dropped(row.id)),
    };
    of_terms(opened).chain(&opened.files).map(one).collect()
}

/// The files of the terms that stand, where other terms are offered.
fn of_terms(opened: &Opened) -> impl Iterator<Item = &FileRow> {
    let base = opened.base.iter();
    base.flat_map(|base| {
        base.files.iter().filter(|row| base.escrow.terms.files.iter().any(|file| file.id == row.id))
    })
}

/// The page.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(
    opened: &Opened,
    shell: Shell,
    frame: Frame,
    problems: Problems,
    status: StatusCode,
) -> Result<Response, Error> {
    let kept = opened.base.as_ref().map_or(0, |base| base.kept(&opened.answers).len());
    let page = Page {
        shell,
        frame,
        problems,
        files: listed(opened),
        room: MOST_FILES.saturating_sub(opened.files.len() + kept),
        most: MOST_FILES,
        most_mib: LARGEST_FILE_BYTES / (1024 * 1024),
    };
    page::with_status(status, &page)
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(draft): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let opened = match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    let from_check = search.get("from") == "check";
    pages::draw(&app, &visit, &opened, Step::Files, Problems::new(), from_check, StatusCode::OK)
}

async fn take(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(draft): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let opened = match find(&app, account.clone(), open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    let id = opened.id;
    let Upload { fields, files, mut problems } = Upload::receive(&app, account.id, request).await?;
    let rows: Vec<NewFile<'_>> =
        files.iter().map(|file| file.row(account.id, None, Purpose::Terms)).collect();
    let kept = opened.base.as_ref().map_or(0, |base| base.kept(&opened.answers).len());
    let most = MOST_FILES.saturating_sub(kept);
    match drafts::attach(&app.db, &app.clock, id, account.id, &rows, most).await? {
        Some(0) => {}
        Some(left_out) => {
            let names: Vec<&str> = rows.iter().rev().take(left_out).map(|file| file.name).collect();
            problems
                .add(FIELD, format!("Attach at most {MOST_FILES} files. Left out: {}.", names.join(", ")));
        }
        None => return Err(Error::NotFound),
    }
    let from_check = fields.get("from") == "check";
    let press = fields.get("do");
    if press == "upload" && files.is_empty() && problems.is_empty() {
        problems.add(FIELD, "Choose a file first.");
    }
    if problems.is_empty() || press == "save" {
        return Ok(match press {
            "save" => page::see_other("/escrows/new", Flash::DraftSaved),
            "upload" => Redirect::to(&step_path(id, Step::Files, from_check)).into_response(),
            _ => Redirect::to(&step_path(id, Step::Check, false)).into_response(),
        });
    }
    let opened = match find(&app, account, id).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    pages::draw(&app, &visit, &opened, Step::Files, problems, from_check, StatusCode::UNPROCESSABLE_ENTITY)
}

async fn download(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((draft, file)): Path<(String, String)>,
) -> Result<Response, Error> {
    let file = open::id(&file)?;
    match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => {
            let row = of_terms(&opened).chain(&opened.files).find(|row| row.id == file);
            let row = row.ok_or(Error::NotFound)?;
            let named = match row.escrow_id {
                None => Named::waiting(row.clone()),
                // One of the terms that stand, to which the draft makes others.
                Some(escrow) => {
                    let mut reader = app.db.read().await?;
                    files::named(&mut reader.conn(), escrow, row.id).await?.ok_or(Error::NotFound)?
                }
            };
            attachment(&app, &named).await
        }
        Found::Sent(response) => Ok(response),
    }
}

async fn remove(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((draft, file)): Path<(String, String)>,
) -> Result<Response, Error> {
    let (id, file) = (open::id(&draft)?, open::id(&file)?);
    let flash = if drafts::detach(&app.db, id, account.id, file).await? {
        Flash::FileRemoved
    } else {
        Flash::AlreadyDone
    };
    let opened = match find(&app, account, id).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    let from_check = opened.base.is_some();
    if of_terms(&opened).any(|row| row.id == file) {
        let (field, title) = (dropped(file), opened.answers.get("title").to_owned());
        drafts::change(&app.db, &app.clock, id, opened.account.id, |mut pairs| {
            let known = pairs.len();
            pairs.retain(|(name, _)| *name != field);
            if pairs.len() == known {
                pairs.push((field, "yes".to_owned()));
            }
            Some((title, pairs))
        })
        .await?;
        return Ok(page::see_other(&step_path(id, Step::Files, from_check), Flash::Saved));
    }
    Ok(page::see_other(&step_path(id, Step::Files, from_check), flash))
}
