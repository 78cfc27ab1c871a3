//! The clock of a rehearsal: how far it is ahead, and moving it on. Without the setting there is no such page.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use time::Duration;
use tower_sessions::Session;

use crate::app::App;
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::audit::{self, Act, Subject};
use crate::store::db::DbError;
use crate::store::users::Account;
use crate::store::{escrows, rehearsal, sessions};
use crate::web::escrow::beside::left_in_words;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Choice, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/rehearsal";
/// How many hours or days at once.
const MOST: i64 = 365;

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, show).post(PATH, Access::Operator, advance)
}

#[derive(Template)]
#[template(path = "pages/admin/rehearsal.html")]
struct Page {
    shell: Shell,
    now: TimeView,
    ahead: String,
    /// When a deadline or a reminder comes due next.
    next: Option<TimeView>,
    number: String,
    unit: String,
    units: [Choice; 2],
    problems: Problems,
    /// How far it is ahead, in microseconds: whoever sends a form twice moves the clock once.
    seen: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
) -> Result<Response, Error> {
    draw(&app, &visit, &operator, Fields::default(), Problems::new()).await
}

async fn draw(
    app: &App,
    visit: &Visit,
    operator: &Account,
    typed: Fields,
    problems: Problems,
) -> Result<Response, Error> {
    if !app.config.rehearsal {
        return Err(Error::NotFound);
    }
    let reader = operator.reader(app);
    let next = next(app).await?;
    let ahead = app.clock.ahead_by();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::new(app, visit, "Rehearsal").at(Place::Admin).with_problems(!problems.is_empty());
    let or = |typed: &str, other: &str| if typed.is_empty() { other.to_owned() } else { typed.to_owned() };
    let page = Page {
        shell,
        now: reader.time(reader.now).plain(),
        ahead: if ahead.is_positive() { left_in_words(ahead) } else { "Not at all".to_owned() },
        next: next.map(|at| reader.time(at)),
        number: if typed.has("number") { typed.get("number").to_owned() } else { "1".to_owned() },
        unit: or(typed.get("unit"), "days"),
        units: [Choice::new("hours", "hours"), Choice::new("days", "days")],
        problems,
        seen: ahead.whole_microseconds().to_string(),
    };
    page::with_status(status, &page)
}

/// When a deadline or a reminder comes due next.
async fn next(app: &App) -> Result<Option<Time>, DbError> {
    escrows::next_due(&mut app.db.read().await?.conn()).await
}

async fn advance(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    session: Session,
    fields: Fields,
) -> Result<Response, Error> {
    if !app.config.rehearsal {
        return Err(Error::NotFound);
    }
    let mut problems = Problems::new();
    let by = if fields.get("to") == "next" {
        next(&app).await?.map_or(Duration::ZERO, |at| at.since(app.clock.now()))
    } else {
        let number = fields.number("number", 1, MOST, &mut problems).unwrap_or_default();
        if fields.get("unit") == "hours" { Duration::hours(number) } else { Duration::days(number) }
    };
    if !problems.is_empty() {
        return draw(&app, &visit, &operator, fields, problems).await;
    }
    let seen = fields.get("seen").parse().map(Duration::microseconds).unwrap_or_default();
    let mut tx = app.db.write().await?;
    let moved = by.is_positive() && rehearsal::advance(&mut tx.conn(), seen, by).await?;
    if let (true, Some(id)) = (moved, session.id()) {
        sessions::stay(&mut tx.conn(), id, app.clock.now().plus(by)).await?;
    }
    if moved {
        let note = format!("by {}", left_in_words(by));
        audit::note(&mut tx.conn(), &app.clock, operator.id, Act::MovedClock, &Subject::All, &note).await?;
    }
    tx.commit().await?;
    crate::rehearsal::follow(&app).await?;
    app.wake.up();
    if moved {
        tracing::warn!(operator = %operator.id, "the clock of the rehearsal moved on by {by}");
    }
    Ok(page::see_other(PATH, if moved { Flash::ClockMoved } else { Flash::AlreadyDone }))
}
