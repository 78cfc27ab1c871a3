//! Opening a dispute: about which milestones, what is sought, what is not met, why, and files.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{CHANGED, answer, refused, send};
use super::parcel::{Parcel, boxes, drain};
use super::seat::Seat;
use super::settlement::{OpenLine, open_lines, splits_of};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::dispute::{FailedCriterion, Split};
use crate::engine::offers::Action;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::files::{FileRow, Purpose};
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::MOST_BYTES;
use crate::web::view::Choice;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/disputes/new", Access::Party, ask)
        .upload("/escrows/{reference}/disputes", Access::Party, MOST_BYTES, open)
        .get("/g/{token}/disputes/new", Access::Guest, ask)
        .upload("/g/{token}/disputes", Access::Guest, MOST_BYTES, open)
}

#[derive(Template)]
#[template(path = "pages/escrow/dispute_open.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    blocked: String,
    parts: Vec<Part>,
    currency: String,
    default_outcome: &'static str,
    note: String,
    kept: Vec<Choice>,
    problems: Problems,
    seen: String,
    key: String,
}

/// A milestone that can be disputed.
struct Part {
    line: OpenLine,
    criteria_name: String,
    criteria: Vec<Choice>,
}

#[derive(Default)]
struct Typed {
    fields: Option<Fields>,
    note: String,
    kept: Vec<FileRow>,
    problems: Problems,
}

/// The milestones that are open and in no dispute yet.
fn lines(seat: &Seat, fields: Option<&Fields>) -> Vec<OpenLine> {
    let mut lines = open_lines(seat, fields);
    lines.retain(|line| seat.escrow.dispute_over(line.number).is_none());
    lines
}

fn parts(seat: &Seat, fields: Option<&Fields>) -> Vec<Part> {
    let part = |line: OpenLine| {
        let criteria_name = format!("failed-{}[]", line.number);
        let terms = &seat.escrow.terms.milestones[usize::from(line.number) - 1];
        let ticked: Vec<&str> = fields.map(|fields| fields.all(&criteria_name).collect()).unwrap_or_default();
        let choice = |(place, words): (usize, &String)| {
            let value = place.to_string();
            let is_ticked = ticked.contains(&value.as_str());
            Choice::new(value, words.clone()).checked(is_ticked)
        };
        let criteria = terms.criteria.iter().enumerate().map(choice).collect();
        Part { line, criteria_name, criteria }
    };
    lines(seat, fields).into_iter().map(part).collect()
}

fn why_not(seat: &Seat) -> Option<crate::engine::refusal::Refusal> {
    let offers = seat.offers();
    let offer = offers.into_iter().find(|offer| offer.action == Action::OpenDispute)?;
    offer.refusal
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await?;
    let key = typed.fields.as_ref().map(|fields| fields.get("key").to_owned()).unwrap_or_default();
    let page = Page {
        shell: Shell::new(app, visit, "Open a dispute")
            .at(Place::Escrows)
            .with_problems(!typed.problems.is_empty()),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        blocked: why_not(&seat).map(|refusal| refusal.sentence()).unwrap_or_default(),
        parts: parts(&seat, typed.fields.as_ref()),
        currency: seat.escrow.terms.currency.code().to_owned(),
        default_outcome: seat.escrow.terms.default_outcome.words(),
        note: typed.note,
        kept: boxes(&typed.kept),
        problems: typed.problems,
        seen: seat.escrow.seen(Scope::Money),
        key: if key.is_empty() { app.clock.id().to_string() } else { key },
    };
    page::with_status(status, &page)
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &reference, StatusCode::OK, Typed::default()).await
}

/// The criteria that were ticked, of the milestones that are disputed.
fn failed(seat: &Seat, fields: &Fields, claims: &[Split]) -> Vec<FailedCriterion> {
    let mut failed = Vec::new();
    for claim in claims {
        let index = usize::from(claim.milestone).saturating_sub(1);
        let known = seat.escrow.terms.milestones.get(index).map_or(0, |terms| terms.criteria.len());
        let name = format!("failed-{}[]", claim.milestone);
        let ticked = fields.all(&name).filter_map(|place| place.parse().ok());
        let ticked = ticked.filter(|place: &u16| usize::from(*place) < known);
        failed.extend(ticked.map(|criterion| FailedCriterion { milestone: claim.milestone, criterion }));
    }
    failed
}

async fn open(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account.clone(), &reference).await?;
    if let Some(refusal) = why_not(&seat) {
        drain(request.into_body()).await;
        return Err(refused(&refusal));
    }
    let missing = "Write why, so that the other side can answer it.";
    let mut parcel = Parcel::receive(&app, request, account.id, Purpose::Evidence, missing).await?;
    if parcel.note.is_empty() && parcel.problems.is_empty() {
        parcel.problems.add("note", missing);
    }
    let lines = lines(&seat, Some(&parcel.upload.fields));
    let mut problems = Problems::new();
    let claims = splits_of(&seat, &lines, &parcel.upload.fields, &mut problems);
    for (field, sentence) in parcel.problems.iter() {
        problems.add(field, sentence);
    }
    if !problems.is_empty() {
        parcel.keep(&app).await?;
        let typed =
            Typed { fields: Some(parcel.upload.fields), note: parcel.note, kept: parcel.kept, problems };
        return draw(&app, &visit, account, &reference, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let failed = failed(&seat, &parcel.upload.fields, &claims);
    let (files, evidence) = parcel.packed(&app, seat.escrow.id);
    let command = Command::OpenDispute { claims, reason: parcel.note.clone(), failed, files };
    let outcome = send(&app, &seat, &parcel.upload.fields, command, Some(evidence)).await?;
    if outcome == Outcome::Stale {
        problems.add("", CHANGED);
        parcel.keep(&app).await?;
        parcel.upload.fields.remove("key");
        let typed =
            Typed { fields: Some(parcel.upload.fields), note: parcel.note, kept: parcel.kept, problems };
        return draw(&app, &visit, account, &reference, StatusCode::CONFLICT, typed).await;
    }
    answer(outcome, &format!("{}/disputes", seat.path()), Flash::DisputeOpened)
}
