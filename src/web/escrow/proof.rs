//! The proof before a delivery: the seller sends it, the buyer looks at it and accepts it or asks for
//! corrections. Everyone who takes part can read every round of it.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, refused, send};
use super::parcel::{Parcel, boxes, drain};
use super::rounds::file_view;
use super::seat::pill;
use super::show::{NextView, next_view};
use super::spot::{Agreed, Spot, Standing};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::event::{Event, Record};
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::proof::{MOST_CORRECTIONS, ProofKind, ProofPhase};
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::status;
use crate::engine::terms::Mode;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::execute::Outcome;
use crate::store::files::{self, FileRow, Purpose};
use crate::store::history;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::MOST_BYTES;
use crate::web::view::{Choice, FileView, PillView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/proof";
/// A deal with a proof has one delivery.
const NUMBER: &str = "1";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::Party, ask)
        .upload(PATH, Access::Party, MOST_BYTES, submit)
        .post("/escrows/{reference}/proof/accept", Access::Party, accept)
        .post("/escrows/{reference}/proof/corrections", Access::Party, request_corrections)
}

#[derive(Template)]
#[template(path = "pages/escrow/proof.html")]
struct Page {
    shell: Shell,
    back: String,
    path: String,
    reference: String,
    title: String,
    pill: PillView,
    next: NextView,
    agreed: Agreed,
    rounds: Vec<Round>,
    /// Which of the forms the viewer gets.
    can_submit: bool,
    can_accept: bool,
    can_correct: bool,
    upload_hours: i64,
    review_hours: i64,
    /// "1 of 3": the corrections asked for so far.
    corrections: u16,
    most_corrections: u16,
    seller: String,
    kinds: Vec<Choice>,
    kind: String,
    kept: Vec<Choice>,
    note: String,
    /// What the buyer typed.
    correction: String,
    problems: Problems,
    seen: String,
    key: String,
}

/// One proof, and what the buyer answered.
#[derive(Template)]
#[template(path = "pages/escrow/proof_round.html")]
struct Round {
    number: u16,
    by: String,
    at: TimeView,
    kind: &'static str,
    note: String,
    files: Vec<FileView>,
    correction: Option<Answered>,
    is_last: bool,
}

impl HtmlSafe for Round {}

struct Answered {
    by: String,
    at: TimeView,
    note: String,
}

/// What was typed and sent so far.
#[derive(Default)]
struct Typed {
    kind: String,
    note: String,
    kept: Vec<FileRow>,
    correction: String,
    problems: Problems,
    key: String,
}

async fn load(app: &App, conn: &mut Conn<'_>, account: Account, reference: &str) -> Result<Spot, Error> {
    let at = (reference.to_owned(), NUMBER.to_owned());
    let spot = Spot::load(app, conn, account, &at).await?;
    // Other kinds of escrow have no such page.
    if spot.seat.escrow.terms.mode == Mode::QuickProof { Ok(spot) } else { Err(Error::NotFound) }
}

fn path(spot: &Spot) -> String {
    format!("{}/proof", spot.seat.path())
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &reference, StatusCode::OK, Typed::default()).await
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let spot = load(app, &mut conn, account, reference).await?;
    let rounds = rounds(&mut conn, &spot).await?;
    let open = |action| matches!(spot.standing(action), Standing::Open);
    let escrow = &spot.seat.escrow;
    let proof = spot.state.proof.as_ref();
    let next = next_view(&spot.seat);
    let kinds = ProofKind::ALL.map(|kind| Choice::new(kind.name(), kind.words()));
    let shell = Shell::new(app, visit, format!("Proof: {}", spot.terms.title)).at(Place::Escrows);
    let page = Page {
        shell: shell.with_problems(!typed.problems.is_empty()),
        back: spot.seat.path(),
        path: path(&spot),
        reference: escrow.reference.clone(),
        title: spot.terms.title.clone(),
        pill: pill(status::of(escrow)),
        next: NextView { primary: None, secondary: Vec::new(), ..next },
        agreed: spot.agreed(),
        rounds,
        can_submit: open(Action::SubmitProof(spot.number)),
        can_accept: open(Action::AcceptProof(spot.number)),
        can_correct: open(Action::RequestCorrections(spot.number)),
        upload_hours: escrow.terms.upload_hours(),
        review_hours: escrow.terms.review_hours(),
        corrections: proof.map_or(0, |proof| proof.corrections),
        most_corrections: MOST_CORRECTIONS,
        seller: spot.seat.name_of(Role::Seller),
        kind: typed.kind,
        kinds: kinds.to_vec(),
        kept: boxes(&typed.kept),
        note: typed.note,
        correction: typed.correction,
        problems: typed.problems,
        seen: spot.seen(),
        key: if typed.key.is_empty() { app.clock.id().to_string() } else { typed.key },
    };
    page::with_status(status, &page)
}

/// More acts than the corrections that may be asked for come to.
const MOST_SHOWN: i64 = 100;

/// Every proof that was sent, the newest first.
async fn rounds(conn: &mut Conn<'_>, spot: &Spot) -> Result<Vec<Round>, Error> {
    let kinds = ["proof_submitted", "corrections_requested"];
    let stored = history::of_rounds(conn, spot.seat.escrow.id, spot.number, kinds, MOST_SHOWN).await?;
    let records: Vec<Record> = stored.iter().filter_map(|stored| stored.record().ok()).collect();
    let has_files =
        |record: &Record| matches!(&record.event, Event::ProofSubmitted { files, .. } if !files.is_empty());
    let rows = if records.iter().any(has_files) {
        files::of_escrow(conn, spot.seat.escrow.id).await?
    } else {
        Vec::new()
    };
    let files_at = spot.seat.files_at();
    let mut rounds: Vec<Round> = Vec::new();
    for record in &records {
        let by = record.actor.user().map_or_else(String::new, |user| spot.seat.name(user));
        let at = spot.seat.reader.time(record.at);
        match &record.event {
            Event::ProofSubmitted { round, kind, note, files, .. } => rounds.push(Round {
                number: *round,
                by,
                at,
                kind: kind.words(),
                note: note.clone(),
                files: files.iter().map(|file| file_view(&files_at, file, &rows)).collect(),
                correction: None,
                is_last: false,
            }),
            Event::CorrectionsRequested { note, .. } => {
                if let Some(answered) = rounds.last_mut() {
                    answered.correction = Some(Answered { by, at, note: note.clone() });
                }
            }
            _ => {}
        }
    }
    if let Some(last) = rounds.last_mut() {
        last.is_last = true;
    }
    rounds.reverse();
    Ok(rounds)
}

async fn submit(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let spot = load(&app, &mut app.db.read().await?.conn(), account.clone(), &reference).await?;
    match spot.standing(Action::SubmitProof(spot.number)) {
        Standing::Open => {}
        Standing::AlreadyDone => {
            drain(request.into_body()).await;
            return Ok(page::see_other(&path(&spot), Flash::AlreadyDone));
        }
        Standing::Refused(refusal) => {
            drain(request.into_body()).await;
            return Err(refused(&refusal));
        }
    }
    let missing = "Attach a file, or write where the proof can be found.";
    let mut parcel = Parcel::receive(&app, request, account.id, Purpose::Proof, missing).await?;
    let chosen = parcel.upload.fields.get("kind").to_owned();
    let kind = ProofKind::from_name(&chosen);
    if kind.is_none() {
        parcel.problems.add("kind", "Say what the proof is.");
    }
    if let (Some(kind), true) = (kind, parcel.problems.is_empty()) {
        let (files, evidence) = parcel.packed(&app, spot.seat.escrow.id);
        let note = parcel.note.clone();
        let command = Command::SubmitProof { milestone: spot.number, kind, note, files };
        let outcome = send(&app, &spot.seat, &parcel.upload.fields, command, Some(evidence)).await?;
        if outcome != Outcome::Stale {
            return answer(outcome, &path(&spot), Flash::ProofSubmitted);
        }
        parcel.problems.add("", "This escrow has changed since you opened this page, so nothing was sent. Look at it as it stands now, then send it again.");
        let typed = kept(&app, parcel, chosen, String::new()).await?;
        return draw(&app, &visit, account, &reference, StatusCode::CONFLICT, typed).await;
    }
    let key = parcel.upload.fields.get("key").to_owned();
    let typed = kept(&app, parcel, chosen, key).await?;
    draw(&app, &visit, account, &reference, StatusCode::UNPROCESSABLE_ENTITY, typed).await
}

/// What a form that comes back holds.
async fn kept(app: &App, mut parcel: Parcel, kind: String, key: String) -> Result<Typed, Error> {
    parcel.keep(app).await?;
    let (note, kept, problems) = (parcel.note, parcel.kept, parcel.problems);
    Ok(Typed { kind, note, kept, correction: String::new(), problems, key })
}

async fn accept(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let command = Command::AcceptProof { milestone: spot.number };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    answer(outcome, &path(&spot), Flash::ProofAccepted)
}

async fn request_corrections(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = load(&app, &mut app.db.read().await?.conn(), account.clone(), &reference).await?;
    let mut problems = Problems::new();
    let missing = "Write what is to be corrected, so that the seller can do it.";
    let note = fields.text("correction", LONGEST_TEXT, missing, &mut problems);
    let is_open =
        matches!(spot.state.proof.as_ref().map(|proof| proof.phase), Some(ProofPhase::Review { .. }))
            && spot.why_not(Action::RequestCorrections(spot.number)).is_none();
    if !problems.is_empty() && is_open {
        let typed = Typed { correction: note, problems, ..Typed::default() };
        return draw(&app, &visit, account, &reference, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let command = Command::RequestCorrections { milestone: spot.number, note };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    answer(outcome, &path(&spot), Flash::CorrectionsRequested)
}
