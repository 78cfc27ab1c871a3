//! The terms of service that stand, to read and to accept. Whoever wants to pay and has not accepted them
//! is led here and back.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::currencies;
use super::flash::Flash;
use super::form::{Fields, Search};
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::visit::Visit;
use super::visitor::{SignedIn, local_path};
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::{fees, terms_of_service};

const ACCEPT: &str = "/terms/accept";

pub fn routes() -> Routes {
    Routes::new().get("/terms", Access::Public, read).get(ACCEPT, Access::SignedIn, ask).post(
        ACCEPT,
        Access::SignedIn,
        accept,
    )
}

/// Where somebody accepts the newest version and comes back to `next` from, or goes to `back` without it.
#[must_use]
pub fn accept_first(next: &str, back: &str) -> Response {
    Redirect::to(&super::paging::address(ACCEPT, &[("next", next), ("back", back)])).into_response()
}

#[derive(Template)]
#[template(path = "pages/terms.html")]
struct Terms {
    shell: Shell,
    version: i64,
    /// What an operator published; the first version stands in the template.
    paragraphs: Option<Vec<String>>,
    fee_percents: String,
    contact: String,
}

async fn read(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let (conn, now) = (&mut db.conn(), app.clock.now());
    let (version, text) = terms_of_service::newest(conn, now).await?;
    let shell = Shell::new(&app, &visit, "Terms of service")
        .at(Place::Terms)
        .describing("The terms on which Holdfast holds money for buyers, sellers and brokers.");
    page::html(&Terms {
        shell,
        version,
        paragraphs: text.as_deref().map(paragraphs),
        fee_percents: fees::current(conn, now).await?.percents(currencies::offered()),
        contact: app.config.mail_from.email.to_string(),
    })
}

fn paragraphs(text: &str) -> Vec<String> {
    let parts = text.split("\n\n").map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[derive(Template)]
#[template(path = "pages/terms_accept.html")]
struct Accept {
    shell: Shell,
    version: i64,
    paragraphs: Vec<String>,
    ways: Ways,
    /// A newer version came while the page was open.
    is_newer: bool,
}

/// Where the page leads to: with the terms accepted, and without.
struct Ways {
    next: String,
    back: String,
}

impl Ways {
    fn new(next: &str, back: &str) -> Self {
        let path = |path| local_path(path).unwrap_or("/home").to_owned();
        Self { next: path(next), back: path(back) }
    }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let ways = Ways::new(query.get("next"), query.get("back"));
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let (version, text) = terms_of_service::newest(conn, app.clock.now()).await?;
    if terms_of_service::accepted(conn, account.id).await? >= version {
        return Ok(page::see_other(&ways.next, Flash::TermsAcceptedBefore));
    }
    draw(&app, &visit, version, text.as_deref(), ways, false)
}

fn draw(
    app: &App,
    visit: &Visit,
    version: i64,
    text: Option<&str>,
    ways: Ways,
    is_newer: bool,
) -> Result<Response, Error> {
    let shell = Shell::new(app, visit, "New terms of service").at(Place::Terms);
    let paragraphs = text.map(paragraphs).unwrap_or_default();
    page::html(&Accept { shell, version, paragraphs, ways, is_newer })
}

async fn accept(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Error> {
    let ways = Ways::new(fields.get("next"), fields.get("back"));
    let (version, text) = terms_of_service::newest(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    // What is accepted is what was shown.
    if fields.get("version").parse() != Ok(version) {
        return draw(&app, &visit, version, text.as_deref(), ways, true);
    }
    accounts::accept_terms(&app.db, &app.clock, account.id, version).await?;
    Ok(page::see_other(&ways.next, Flash::TermsAccepted))
}
