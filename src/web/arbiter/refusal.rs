//! The arbiter says that he does not want to decide: then the operators do.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::chair::Chair;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::refusal::LONGEST_TEXT;
use crate::error::Error;
use crate::web::escrow::act::answer;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/arbitration/{reference}/refusal";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).post(PATH, Access::Party, refuse)
}

/// The page that asks once more, from his own page and from the link of a mail.
#[derive(Template)]
#[template(path = "pages/arbiter/refusal.html")]
pub struct Page {
    pub shell: Shell,
    pub back: String,
    pub title: String,
    pub reason: String,
    pub problems: Problems,
    pub key: String,
}

impl Page {
    /// What was typed, or what is wrong with it.
    #[must_use]
    pub fn read(fields: &Fields) -> (String, Problems) {
        let mut problems = Problems::new();
        let reason = fields.optional_text("reason", LONGEST_TEXT, &mut problems);
        (reason, problems)
    }

    /// The page for an escrow.
    #[must_use]
    pub fn of(
        app: &App,
        shell: Shell,
        back: String,
        chair: &Chair,
        fields: &Fields,
        problems: Problems,
    ) -> Self {
        Self {
            shell: shell.with_problems(!problems.is_empty()),
            back,
            title: chair.escrow.terms.title.clone(),
            reason: fields.get("reason").to_owned(),
            problems,
            key: app.clock.id().to_string(),
        }
    }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let chair = Chair::load_sitting(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    if !chair.offered(Action::DeclineArbitration) {
        return Ok(page::redirect(&chair.path()));
    }
    let shell = Shell::new(&app, &visit, "You don’t want to decide").at(Place::Home);
    page::html(&Page::of(&app, shell, chair.path(), &chair, &Fields::default(), Problems::new()))
}

async fn refuse(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let chair = Chair::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let (reason, problems) = Page::read(&fields);
    if !problems.is_empty() {
        let shell = Shell::new(&app, &visit, "You don’t want to decide").at(Place::Home);
        let page = Page::of(&app, shell, chair.path(), &chair, &fields, problems);
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let outcome = chair.send(&app, &fields, Command::DeclineArbitration { reason }).await?;
    answer(outcome, &chair.path(), Flash::ArbitrationDeclined)
}
