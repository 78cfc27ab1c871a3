//! The seller delivers a milestone, with a message and files.
//!
//! A delivery says or brings something: one that is empty would start the inspection's clock with
//! nothing to inspect. Files that arrived with a form that comes back are kept for their uploader, so
//! that nobody has to send them twice; they belong to the escrow only with the delivery itself.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt;
use uuid::Uuid;

use super::act::{answer, refused, send};
use super::rounds::{Round, Story};
use super::spot::{Agreed, Spot, Standing};
use crate::app::App;
use crate::engine::check::MOST_FILES;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::refusal::LONGEST_TEXT;
use crate::error::Error;
use crate::store::execute::{Evidence, Outcome};
use crate::store::files::{self, FileRow, NewFile, Purpose};
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::{MOST_BYTES, Upload};
use crate::web::view::{Choice, TimeView, file_size};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/deliver";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).upload(PATH, Access::Party, MOST_BYTES, deliver)
}

#[derive(Template)]
#[template(path = "pages/escrow/deliver.html")]
struct Page {
    shell: Shell,
    back: String,
    reference: String,
    title: String,
    agreed: Agreed,
    /// The round that was answered with a request for changes.
    last: Option<Round>,
    inspect_by: TimeView,
    kept: Vec<Choice>,
    note: String,
    problems: Problems,
    seen: String,
    key: String,
}

/// What was typed and sent so far.
#[derive(Default)]
struct Typed {
    note: String,
    /// Files that wait for the form to be finished.
    kept: Vec<FileRow>,
    problems: Problems,
    key: String,
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &at, StatusCode::OK, Typed::default()).await
}

/// The form, or why there is none.
async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    at: &(String, String),
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let spot = Spot::load(app, &mut conn, account, at).await?;
    if let Some(page) = spot.blocked(app, visit, Action::Deliver(spot.number), "Deliver")? {
        return Ok(page);
    }
    let story = Story::load(&mut conn, &spot).await?;
    let shell = Shell::new(app, visit, format!("Deliver: {}", spot.terms.title)).at(Place::Escrows);
    let kept = |row: &FileRow| {
        let size = file_size(u64::try_from(row.size).unwrap_or_default());
        Choice::new(row.id.to_string(), row.name.clone()).hint(size).checked(true)
    };
    let key = if typed.key.is_empty() { app.clock.id().to_string() } else { typed.key };
    let days = i64::from(spot.terms.inspection_days);
    let page = Page {
        shell: shell.with_problems(!typed.problems.is_empty()),
        back: spot.path(),
        reference: spot.seat.escrow.reference.clone(),
        title: spot.terms.title.clone(),
        agreed: spot.agreed(),
        last: story.rounds.into_iter().next(),
        inspect_by: spot.seat.reader.time(spot.seat.reader.now.plus_days(days)).plain(),
        kept: typed.kept.iter().map(kept).collect(),
        note: typed.note,
        problems: typed.problems,
        seen: spot.seen(),
        key,
    };
    page::with_status(status, &page)
}

async fn deliver(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    request: Request,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let standing = spot.standing(Action::Deliver(spot.number));
    // Nothing is stored of what nobody wants. It is read all the same: a browser whose sending is cut
    // off shows its own words and not ours.
    match standing {
        Standing::Open => {}
        Standing::AlreadyDone => {
            drain(request.into_body()).await;
            return Ok(page::see_other(&spot.path(), Flash::AlreadyDone));
        }
        Standing::Refused(refusal) => {
            drain(request.into_body()).await;
            return Err(refused(&refusal));
        }
    }
    let upload = Upload::receive(&app, account.id, request).await?;
    let kept = kept(&app, &spot, &upload.fields).await?;
    let (note, problems) = check(&upload, kept.len());
    if !problems.is_empty() {
        let typed = typed(&app, &spot, &upload, kept, note, problems).await?;
        return draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let escrow = Some(spot.seat.escrow.id);
    let waiting = kept.iter().map(|row| new_file(row, escrow));
    let fresh = upload.files.iter().map(|file| file.row(account.id, escrow, Purpose::Delivery));
    let rows: Vec<FileRow> = waiting.chain(fresh).map(|new| FileRow::new(&app.clock, &new)).collect();
    let files = rows.iter().map(FileRow::reference).collect();
    let command = Command::MarkDone { milestone: spot.number, note: note.clone(), files };
    let evidence = Evidence::Files { rows, kept: kept.iter().map(|row| row.id).collect() };
    let outcome = send(&app, &spot.seat, &upload.fields, command, Some(evidence)).await?;
    if outcome == Outcome::Stale {
        let mut problems = Problems::new();
        problems.add("", "This milestone has changed since you opened this page, so nothing was sent. Look at it as it stands now, then send it again.");
        let mut typed = typed(&app, &spot, &upload, kept, note, problems).await?;
        typed.key.clear();
        return draw(&app, &visit, account, &at, StatusCode::CONFLICT, typed).await;
    }
    answer(outcome, &spot.path(), Flash::Delivered)
}

fn check(upload: &Upload, kept: usize) -> (String, Problems) {
    let mut problems = upload.problems.clone();
    if upload.files.len() + kept > MOST_FILES {
        problems.add(
            "files",
            format!("Attach at most {MOST_FILES} files, those included that are here already."),
        );
    }
    let note = upload.fields.optional_text("note", LONGEST_TEXT, &mut problems);
    if note.is_empty() && upload.files.is_empty() && kept == 0 && problems.is_empty() {
        problems.add("note", "Write a message or attach a file, so that the buyer has something to check.");
    }
    (note, problems.in_order_of(&["note", "files"]))
}

/// What a form that comes back holds: the files that came with it wait for the next try.
async fn typed(
    app: &App,
    spot: &Spot,
    upload: &Upload,
    mut kept: Vec<FileRow>,
    note: String,
    problems: Problems,
) -> Result<Typed, Error> {
    let fresh: Vec<NewFile<'_>> =
        upload.files.iter().map(|file| file.row(spot.seat.account.id, None, Purpose::Delivery)).collect();
    if !fresh.is_empty() {
        kept.extend(files::keep(&app.db, &app.clock, &fresh).await?);
    }
    Ok(Typed { note, kept, problems, key: upload.fields.get("key").to_owned() })
}

/// The files that wait and are still wanted. Somebody else's, and those that were attached meanwhile,
/// are none of them.
async fn kept(app: &App, spot: &Spot, fields: &Fields) -> Result<Vec<FileRow>, Error> {
    let mut ids: Vec<Uuid> = fields.all("kept[]").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut reader = app.db.read().await?;
    let mut rows = Vec::new();
    for id in ids.into_iter().take(2 * MOST_FILES) {
        let row = files::by_id(&mut reader.conn(), id).await?;
        rows.extend(row.filter(|row| {
            let waits = row.escrow_id.is_none() && row.purpose == Purpose::Delivery.name();
            waits && row.uploader == spot.seat.account.id
        }));
    }
    Ok(rows)
}

/// The row that a file which waited gets with the escrow. A row of its own, so that two tries at the
/// same moment cannot take it from each other.
fn new_file(row: &FileRow, escrow_id: Option<Uuid>) -> NewFile<'_> {
    NewFile {
        uploader: row.uploader,
        escrow_id,
        purpose: Purpose::Delivery,
        name: &row.name,
        size_bytes: row.size,
        sha256: &row.sha256,
        media_type: &row.media_type,
    }
}

/// Reads a body to its end, within the limit of the route, and keeps nothing of it.
async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > MOST_BYTES {
            return;
        }
    }
}
