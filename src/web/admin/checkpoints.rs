//! Checkpoints: those that were made, a copy of each to be kept elsewhere, and a button for the next one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::checkpoints::{self as made, Made};
use crate::error::Error;
use crate::store::audit::Who;
use crate::store::checkpoints::{self, Stored};
use crate::web::flash::Flash;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/checkpoints";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, show).post(PATH, Access::Operator, make).get(
        "/admin/checkpoints/{number}",
        Access::Operator,
        copy,
    )
}

#[derive(Template)]
#[template(path = "pages/admin/checkpoints.html")]
struct Show {
    shell: Shell,
    /// Empty on a machine that lacks it.
    key: String,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

struct Row {
    number: i64,
    at: TimeView,
    root: String,
    chains: u64,
    totals: Vec<String>,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<i64> = query.get("before").parse().ok();
    let cut = Cut::new(checkpoints::page(&mut app.db.read().await?.conn(), before, ASKED).await?);
    let reader = operator.reader(&app);
    let rows = cut.rows.iter().map(|stored| row(stored, &reader)).collect::<Result<_, Error>>()?;
    page::html(&Show {
        shell: Shell::new(&app, &visit, "Checkpoints").at(Place::Admin),
        key: app.db.keys().public().unwrap_or_default().to_owned(),
        rows,
        newer: before.map(|_| PATH.to_owned()).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("before", &last.number.to_string())])),
    })
}

fn row(stored: &Stored, reader: &Reader) -> Result<Row, Error> {
    let body = made::body(stored)?;
    Ok(Row {
        number: stored.number,
        at: reader.time(stored.at).plain(),
        root: body.root,
        chains: body.chains,
        totals: body.totals.iter().map(made::Sums::words).collect(),
    })
}

async fn make(State(app): State<App>, OperatorOnly(operator): OperatorOnly) -> Result<Response, Error> {
    let flash = match made::make(&app, Who::User(operator.id)).await? {
        Made::Done(_) => Flash::CheckpointMade,
        Made::NoKey => Flash::CheckpointKeyMissing,
        Made::Broken(what) => {
            tracing::error!(
                "no checkpoint is made, since the history is not what the last one covers: {what}"
            );
            Flash::CheckpointBroken
        }
    };
    Ok(page::see_other(PATH, flash))
}

/// The copy to be kept elsewhere.
async fn copy(
    State(app): State<App>,
    OperatorOnly(_): OperatorOnly,
    Path(number): Path<i64>,
) -> Result<Response, Error> {
    let text = made::whole_copy(&app.db, number).await?.ok_or(Error::NotFound)?;
    let name = format!("attachment; filename=\"checkpoint-{number:08}.json\"");
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}
