//! More time for the work: the seller or the broker asks for a later due date, and the buyer answers. Everyone
//! else who takes part sees what was asked; a date that is granted amends that one date and nothing else.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::inspect::STALE;
use super::spot::{Agreed, Spot};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::deadlines::EXTENSION_DAYS;
use crate::engine::dispute::Extension;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::refusal::{LONGEST_TEXT, Refusal};
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/extension";
const GRANT: &str = "/escrows/{reference}/milestones/{number}/extension/grant";
const REFUSE: &str = "/escrows/{reference}/milestones/{number}/extension/refuse";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::Party, show)
        .post(PATH, Access::Party, ask)
        .post(GRANT, Access::Party, grant)
        .post(REFUSE, Access::Party, refuse)
        .get("/g/{token}/milestones/{number}/extension", Access::Guest, show)
        .post("/g/{token}/milestones/{number}/extension/grant", Access::Guest, grant)
        .post("/g/{token}/milestones/{number}/extension/refuse", Access::Guest, refuse)
}

#[derive(Template)]
#[template(path = "pages/escrow/extension.html")]
struct Page {
    shell: Shell,
    back: String,
    reference: String,
    title: String,
    agreed: Agreed,
    /// The due date that stands.
    due: TimeView,
    /// What was asked for and waits for its answer; without it the page is the form that asks.
    request: Option<Request>,
    buyer: String,
    city: String,
    answer_days: i64,
    new_due: String,
    reason: String,
    problems: Problems,
    seen: String,
    /// Two forms can stand on the page, and each is sent once.
    keys: [String; 2],
}

/// A later date that was asked for.
struct Request {
    by: String,
    is_yours: bool,
    due: TimeView,
    /// By how much later that is: "14 days".
    longer: String,
    reason: String,
    since: TimeView,
    answer_by: TimeView,
    /// Whether the viewer is the one to answer.
    is_answerer: bool,
}

/// What was typed so far.
#[derive(Default)]
struct Typed {
    due: String,
    reason: String,
    problems: Problems,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &at, StatusCode::OK, Typed::default()).await
}

/// The request that stands, the form that asks, or why there is none.
async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    at: &(String, String),
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let spot = Spot::load(app, &mut app.db.read().await?.conn(), account, at).await?;
    let role = spot.seat.role;
    let request = spot.state.extension.as_ref().filter(|_| role != Role::Payee);
    let (Some(due), true) = (spot.state.due(), request.is_some() || open(&spot)) else {
        let action = match role {
            Role::Buyer => Action::GrantExtension(spot.number),
            Role::Seller | Role::Broker | Role::Payee => Action::AskExtension(spot.number),
        };
        return spot.blocked(app, visit, action, "More time for")?.ok_or(Error::NotFound);
    };
    let reader = &spot.seat.reader;
    let shell = Shell::new(app, visit, format!("More time for: {}", spot.terms.title)).at(Place::Escrows);
    let page = Page {
        shell: shell.with_problems(!typed.problems.is_empty()),
        back: spot.path(),
        reference: spot.seat.escrow.reference.clone(),
        title: spot.terms.title.clone(),
        agreed: spot.agreed(),
        due: reader.time(due),
        request: request.map(|request| view(&spot, request, due)),
        buyer: spot.seat.name_of(Role::Buyer),
        city: reader.zone.city().to_owned(),
        answer_days: EXTENSION_DAYS,
        new_due: typed.due,
        reason: typed.reason,
        problems: typed.problems,
        seen: spot.seen(),
        keys: [app.clock.id().to_string(), app.clock.id().to_string()],
    };
    page::with_status(status, &page)
}

/// Whether the viewer can ask now.
fn open(spot: &Spot) -> bool {
    spot.why_not(Action::AskExtension(spot.number)).is_none()
}

fn view(spot: &Spot, request: &Extension, due: Time) -> Request {
    let reader = &spot.seat.reader;
    let days = reader.zone.days_between(due, request.due).max(1);
    Request {
        by: spot.seat.name_of(request.by),
        is_yours: request.by == spot.seat.role,
        due: reader.time(request.due),
        longer: format!("{days} day{}", if days == 1 { "" } else { "s" }),
        reason: request.reason.clone(),
        since: reader.time(request.since).plain(),
        answer_by: reader.time(request.answer_by),
        is_answerer: spot.why_not(Action::GrantExtension(spot.number)).is_none(),
    }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let mut problems = Problems::new();
    let due = fields.end_of_day("due", &account.time_zone, &mut problems);
    let missing = "Write why, so that the buyer can decide.";
    let reason = fields.text("reason", LONGEST_TEXT, missing, &mut problems);
    if let (Some(due), Some(present)) = (due, spot.state.due())
        && due <= present
    {
        problems.add("due", format!("Choose a day after {}.", spot.seat.reader.day(present).words));
    }
    let typed = |problems: Problems| Typed {
        due: fields.get("due").to_owned(),
        reason: reason.clone(),
        problems: problems.in_order_of(&["due", "reason"]),
    };
    if !problems.is_empty() && open(&spot) {
        return draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed(problems)).await;
    }
    let due = due.unwrap_or(spot.seat.reader.now);
    let command = Command::AskExtension { milestone: spot.number, due, reason: reason.clone() };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    let (status, field, sentence) = match &outcome {
        Outcome::Refused { refusal: refusal @ Refusal::DateNotLater } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "due", refusal.sentence())
        }
        Outcome::Stale => (StatusCode::CONFLICT, "", STALE.to_owned()),
        _ => return answer(outcome, &spot.path(), Flash::ExtensionAsked),
    };
    problems.add(field, sentence);
    draw(&app, &visit, account, &at, status, typed(problems)).await
}

async fn grant(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let command = Command::GrantExtension { milestone: spot.number };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    answer(outcome, &spot.path(), Flash::ExtensionGranted)
}

async fn refuse(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let command = Command::RefuseExtension { milestone: spot.number };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    answer(outcome, &spot.path(), Flash::ExtensionRefused)
}
