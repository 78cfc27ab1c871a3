//! The seller delivers a milestone, with a message and files.
//!
//! A delivery says or brings something: one that is empty would start the inspection's clock with
//! nothing to inspect.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, refused, send};
use super::parcel::{Parcel, Typed, boxes, drain};
use super::rounds::{Round, Story};
use super::spot::{Agreed, Spot, Standing};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::files::Purpose;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::Problems;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::MOST_BYTES;
use crate::web::view::{Choice, TimeView};
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
    /// Sold by a link: delivering is enough.
    instant: bool,
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
    let key = if typed.key.is_empty() { app.clock.id().to_string() } else { typed.key };
    let days = i64::from(spot.terms.inspection_days);
    let page = Page {
        instant: spot.seat.escrow.instant(),
        shell: shell.with_problems(!typed.problems.is_empty()),
        back: spot.path(),
        reference: spot.seat.escrow.reference.clone(),
        title: spot.terms.title.clone(),
        agreed: spot.agreed(),
        last: story.rounds.into_iter().next(),
        inspect_by: spot.seat.reader.time(spot.seat.reader.now.plus_days(days)).plain(),
        kept: boxes(&typed.kept),
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
    let missing = "Write a message or attach a file, so that the buyer has something to check.";
    let mut parcel = Parcel::receive(&app, request, account.id, Purpose::Delivery, missing).await?;
    if !parcel.problems.is_empty() {
        parcel.keep(&app).await?;
        let typed = Typed::of(parcel);
        return draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let (files, evidence) = parcel.packed(&app, spot.seat.escrow.id);
    let command = Command::MarkDone { milestone: spot.number, note: parcel.note.clone(), files };
    let outcome = send(&app, &spot.seat, &parcel.upload.fields, command, Some(evidence)).await?;
    if outcome == Outcome::Stale {
        parcel.problems.add("", "This milestone has changed since you opened this page, so nothing was sent. Look at it as it stands now, then send it again.");
        parcel.keep(&app).await?;
        let typed = Typed { key: String::new(), ..Typed::of(parcel) };
        return draw(&app, &visit, account, &at, StatusCode::CONFLICT, typed).await;
    }
    let instant = spot.seat.escrow.instant();
    answer(outcome, &spot.path(), if instant { Flash::HandedOver } else { Flash::Delivered })
}
