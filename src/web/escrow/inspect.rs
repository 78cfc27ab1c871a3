//! The buyer inspects a delivery: the criteria beside it, and the ways on. Approving, all or a part,
//! leads to a page that shows the exact transfers; a request for changes is sent from here.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::rounds::{Asked, Round, Story};
use super::spot::{Agreed, Spot};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::deadlines::CHANGES_DAYS;
use crate::engine::decide::MOST_INSPECTION_DAYS;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::refusal::{LONGEST_TEXT, Refusal};
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Choice, MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/inspect";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).post(PATH, Access::Party, request_changes)
}

#[derive(Template)]
#[template(path = "pages/escrow/inspect.html")]
struct Page {
    shell: Shell,
    back: String,
    reference: String,
    title: String,
    seller: String,
    agreed: Agreed,
    last: Option<Round>,
    /// What was asked for the time before.
    asked: Option<Asked>,
    inspect_by: Option<TimeView>,
    left: MoneyView,
    /// What goes along with it.
    taken_along: String,
    /// Why `left` is less than the price; empty where it is not.
    held_back: String,
    currency: &'static str,
    amount: String,
    criteria: Vec<Choice>,
    reason: String,
    /// How long the seller has to deliver again.
    changes_days: i64,
    /// Nothing where the inspection was extended already.
    longer: Option<Longer>,
    problems: Problems,
    seen: String,
    key: String,
}

/// The form for more time.
struct Longer {
    days: String,
    most: u8,
    key: String,
}

/// What is said where the milestone changed under a form.
pub const STALE: &str = "This milestone has changed since you opened this page, so nothing was sent. Look at it as it stands now, then send it again.";

/// What was typed so far, in any of the forms.
#[derive(Default)]
pub struct Typed {
    /// Nothing for all that is left.
    pub amount: Option<String>,
    pub failed: Vec<u16>,
    pub reason: String,
    pub days: String,
    pub problems: Problems,
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &at, StatusCode::OK, Typed::default()).await
}

/// The page with what was typed, or why there is nothing to inspect.
///
/// # Errors
/// The database's, or a 404.
pub async fn draw(
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
    if let Some(page) = spot.blocked(app, visit, Action::Approve(spot.number), "Inspect")? {
        return Ok(page);
    }
    let story = Story::load(&mut conn, &spot).await?;
    let shell = Shell::new(app, visit, format!("Inspect: {}", spot.terms.title)).at(Place::Escrows);
    let left = spot.seat.amount(spot.state.left_minor());
    let criterion = |(place, words): (u16, &String)| {
        Choice::new(place.to_string(), words.clone()).checked(typed.failed.contains(&place))
    };
    let can_extend = spot.why_not(Action::ExtendInspection(spot.number)).is_none();
    let inspect_by = spot.state.inspect_by().map(|at| spot.seat.reader.time(at));
    let page = Page {
        shell: shell.with_problems(!typed.problems.is_empty()),
        back: spot.path(),
        reference: spot.seat.escrow.reference.clone(),
        title: spot.terms.title.clone(),
        seller: spot.seat.name_of(Role::Seller),
        agreed: spot.agreed(),
        asked: story.rounds.get(1).and_then(|before| before.changes.clone()),
        last: story.rounds.into_iter().next(),
        inspect_by,
        left: left.into(),
        taken_along: spot.taken_along(spot.state.left_minor()),
        held_back: spot.held_back().unwrap_or_default(),
        currency: left.currency.code(),
        amount: typed.amount.unwrap_or_else(|| left.plain()),
        criteria: (0_u16..).zip(&spot.terms.criteria).map(criterion).collect(),
        reason: typed.reason,
        changes_days: CHANGES_DAYS,
        longer: can_extend.then(|| Longer {
            days: typed.days,
            most: MOST_INSPECTION_DAYS,
            key: app.clock.id().to_string(),
        }),
        problems: typed.problems,
        seen: spot.seen(),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

async fn request_changes(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let known = spot.terms.criteria.len();
    let failed: Vec<u16> = fields.all("failed[]").filter_map(|place| place.parse().ok()).collect();
    let mut problems = Problems::new();
    if failed.len() != fields.all("failed[]").count() || failed.iter().any(|it| usize::from(*it) >= known) {
        problems.add("failed[]", Refusal::UnknownCriterion.sentence());
    } else if failed.is_empty() && known > 0 {
        problems.add("failed[]", "Tick at least one criterion that is not met.");
    }
    let missing = "Write what is to be changed, so that the seller can do it.";
    let reason = fields.text("reason", LONGEST_TEXT, missing, &mut problems);
    let is_open = spot.why_not(Action::RequestChanges(spot.number)).is_none();
    if !problems.is_empty() && is_open {
        let typed = Typed { failed, reason, problems, ..Typed::default() };
        return draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let command =
        Command::RequestChanges { milestone: spot.number, failed: failed.clone(), reason: reason.clone() };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    if outcome == Outcome::Stale {
        let mut problems = Problems::new();
        problems.add("", STALE);
        let typed = Typed { failed, reason, problems, ..Typed::default() };
        return draw(&app, &visit, account, &at, StatusCode::CONFLICT, typed).await;
    }
    answer(outcome, &spot.path(), Flash::ChangesRequested)
}
