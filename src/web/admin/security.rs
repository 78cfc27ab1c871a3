//! The security log of everybody, or of one person. What an operator looks at here stands in the audit.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::look::Looks;
use super::mail::id_of;
use crate::app::App;
use crate::error::Error;
use crate::store::security;
use crate::store::users;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::Routes;
use crate::web::security_log::Row;
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/security";

pub fn routes() -> Routes {
    Routes::new().look(PATH, Looks::AtSecurity, everybody).look(
        "/admin/users/{id}/security",
        Looks::AtUser,
        of_person,
    )
}

#[derive(Template)]
#[template(path = "pages/admin/security.html")]
struct Show {
    shell: Shell,
    /// Where the person stands in the console; empty for everybody's log.
    back: String,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

async fn everybody(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let refused = query.get("show") == "refused";
    let chosen = if refused { "refused" } else { "" };
    let before = query.get("before").parse().ok();
    let cut = Cut::new(security::page(&mut app.db.read().await?.conn(), refused, before, ASKED).await?);
    let filter = |(value, words): (&str, &'static str)| Filter {
        words,
        href: paging::address(PATH, &[("show", value)]),
        is_chosen: value == chosen,
    };
    let reader = operator.reader(&app);
    page::html(&Show {
        shell: Shell::new(&app, &visit, "Security log").at(Place::Admin),
        back: String::new(),
        filters: [("", "All"), ("refused", "What was refused")].map(filter).into(),
        newer: before.map(|_| paging::address(PATH, &[("show", chosen)])).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("show", chosen), ("before", &last.id.to_string())])),
        rows: cut.rows.into_iter().map(|line| Row::new(line, &reader)).collect(),
    })
}

async fn of_person(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(id): Path<String>,
    Search(query): Search,
) -> Result<Response, Error> {
    let id = id_of(&id)?;
    let mut db = app.db.read().await?;
    let person = users::by_id(&mut db.conn(), id).await?.ok_or(Error::NotFound)?;
    let before = query.get("before").parse().ok();
    let cut = Cut::new(security::of_user(&mut db.conn(), id, before, ASKED).await?);
    let (reader, path) = (operator.reader(&app), format!("/admin/users/{id}/security"));
    let title = format!("Security log of {}", person.address());
    page::html(&Show {
        shell: Shell::new(&app, &visit, title).at(Place::Admin),
        back: format!("/admin/users/{id}"),
        filters: Vec::new(),
        newer: before.map(|_| path.clone()).unwrap_or_default(),
        older: cut.next(|last| paging::address(&path, &[("before", &last.id.to_string())])),
        rows: cut.rows.into_iter().map(|line| Row::new(line, &reader)).collect(),
    })
}
