//! What happened to one's own account: sign-ins, refusals, changes.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::error::Error;
use crate::store::security;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut};
use crate::web::routes::{Access, Routes};
use crate::web::security_log::Row;
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/settings/security/log";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::SignedIn, show)
}

#[derive(Template)]
#[template(path = "pages/settings/security_log.html")]
struct Show {
    shell: Shell,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    SignedIn(account): SignedIn,
    Search(query): Search,
) -> Result<Response, Error> {
    let before = query.get("before").parse().ok();
    let lines = security::of_user(&mut app.db.read().await?.conn(), account.id, before, ASKED).await?;
    let cut = Cut::new(lines);
    let reader = account.reader(&app);
    page::html(&Show {
        shell: Shell::new(&app, &visit, "Security log").at(Place::Settings),
        newer: before.map(|_| PATH.to_owned()).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("before", &last.id.to_string())])),
        rows: cut.rows.into_iter().map(|line| Row::new(line, &reader)).collect(),
    })
}
