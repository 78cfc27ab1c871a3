//! The terms of service: the versions there are, and a form for the next one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::confirm::{Confirm, For};
use crate::app::App;
use crate::engine::time::Time;
use crate::error::Error;
use crate::operators;
use crate::store::terms_of_service::{self, FIRST, Version};
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/terms";
const LONGEST: usize = 50_000;

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, show).post(PATH, Access::Operator, publish)
}

#[derive(Template)]
#[template(path = "pages/admin/terms.html")]
struct Show {
    shell: Shell,
    problems: Problems,
    typed: Fields,
    next: i64,
    zone: String,
    rows: Vec<Row>,
}

struct Row {
    version: i64,
    starts_at: TimeView,
    standing: &'static str,
    by: String,
    text: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
) -> Result<Response, Error> {
    draw(&app, &operator, &visit, Fields::default(), Problems::new()).await
}

async fn draw(
    app: &App,
    operator: &Account,
    visit: &Visit,
    typed: Fields,
    problems: Problems,
) -> Result<Response, Error> {
    let versions = terms_of_service::versions(&mut app.db.read().await?.conn()).await?;
    let has_problems = !problems.is_empty();
    let status = if has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Show {
        shell: Shell::new(app, visit, "Terms of service").at(Place::Admin).with_problems(has_problems),
        problems,
        typed,
        next: versions.first().map_or(FIRST, |newest| newest.version) + 1,
        zone: operator.time_zone.clone(),
        rows: rows(versions, &operator.reader(app)),
    };
    page::with_status(status, &page)
}

fn rows(versions: Vec<Version>, reader: &Reader) -> Vec<Row> {
    let mut stands = false;
    let row = |Version { version, starts_at, text, by }| {
        let standing = if starts_at > reader.now {
            "Not yet"
        } else if std::mem::replace(&mut stands, true) {
            "Past"
        } else {
            "Stands"
        };
        Row { version, starts_at: reader.time(starts_at), standing, by, text }
    };
    versions.into_iter().map(row).collect()
}

async fn publish(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Error> {
    let (mut problems, now) = (Problems::new(), app.clock.now());
    let text = fields.text("text", LONGEST, "Write the terms, all of them.", &mut problems);
    let starts_at = match fields.get("starts") {
        "" => Some(now),
        _ => fields.start_of_day("starts", &operator.time_zone, &mut problems),
    };
    if starts_at.is_some_and(|at| at < now) {
        problems
            .add("starts", "Nobody can accept terms in the past. Choose a day to come, or leave this empty.");
    }
    let Some(starts_at) = starts_at.filter(|_| problems.is_empty()) else {
        return draw(&app, &operator, &visit, fields, problems).await;
    };
    match For::of(&fields) {
        For::Asking => return ask(&app, &operator, &visit, &fields, (text, starts_at)).await,
        For::Changing => return draw(&app, &operator, &visit, fields, problems).await,
        // The number of the version on the page that was confirmed.
        For::Doing if fields.has("seen") && fields.get("seen") != next(&app).await?.to_string() => {
            return ask(&app, &operator, &visit, &fields, (text, starts_at)).await;
        }
        For::Doing => {}
    }
    operators::publish_terms(&app.db, &app.clock, operator.id, &text, starts_at).await?;
    Ok(page::see_other(PATH, Flash::TermsPublished))
}

/// The number of the version to come.
async fn next(app: &App) -> Result<i64, Error> {
    let versions = terms_of_service::versions(&mut app.db.read().await?.conn()).await?;
    Ok(versions.first().map_or(FIRST, |newest| newest.version) + 1)
}

/// The terms as they will be read, before they are published.
async fn ask(
    app: &App,
    operator: &Account,
    visit: &Visit,
    fields: &Fields,
    (text, starts_at): (String, Time),
) -> Result<Response, Error> {
    let next = next(app).await?;
    let from = match fields.get("starts") {
        "" => "At once".to_owned(),
        _ => operator.reader(app).zone.moment(starts_at),
    };
    let confirm = Confirm {
        shell: Shell::new(app, visit, format!("Publish version {next}?")).at(Place::Admin),
        path: PATH,
        rows: vec![("Version", next.to_string()), ("From", from)],
        text,
        warning: "A published version can’t be changed or taken back. From its start on nobody can pay before accepting it.",
        button: format!("Publish version {next}"),
        typed: Confirm::typed(fields, &next.to_string()),
    };
    confirm.draw()
}
