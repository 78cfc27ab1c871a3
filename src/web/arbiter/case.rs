//! The arbiter's own page of an escrow: what he is to do, the disputes that reached him, and what was agreed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::chair::Chair;
use crate::app::App;
use crate::error::Error;
use crate::store::history;
use crate::web::escrow::dispute::Line;
use crate::web::escrow::seat::{pill_of, role_title};
use crate::web::escrow::show::{NextView, lines_of};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::PillView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/arbitration/{reference}", Access::Party, show)
}

#[derive(Template)]
#[template(path = "pages/arbiter/case.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    description: String,
    pill: PillView,
    next: NextView,
    /// Whether he still decides here: else he sees no more than that.
    sits: bool,
    /// The disputes that reached him, the newest first.
    disputes: Vec<Line>,
    parties: Vec<(&'static str, String)>,
    lines: Vec<(&'static str, String)>,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let chair = Chair::load(&app, conn, account, &reference).await?;
    let (most, kind) = (i64::from(chair.escrow.disputes_opened), "dispute_opened");
    let opened = match chair.escrow.arbitrated.is_empty() {
        true => Vec::new(),
        false => history::of_kind(conn, chair.escrow.id, kind, false, None, most).await?,
    };
    drop(db);
    let (escrow, scene) = (&chair.escrow, chair.scene());
    let hides = escrow.terms.commission.as_ref().is_some_and(|commission| commission.hidden);
    page::html(&Page {
        shell: Shell::new(&app, &visit, escrow.terms.title.clone()).at(Place::Home),
        path: chair.path(),
        reference: escrow.reference.clone(),
        title: escrow.terms.title.clone(),
        description: escrow.terms.description.clone(),
        pill: pill_of(escrow),
        next: chair.next(),
        sits: escrow.arbiter().is_some(),
        disputes: opened
            .iter()
            .filter_map(|stored| Line::of(&scene, chair.record(stored).ok()))
            .filter(|line| chair.reached(line.number))
            .collect(),
        parties: escrow
            .parties
            .iter()
            .map(|party| (role_title(party.role), scene.name(party.user)))
            .collect(),
        lines: lines_of(&scene, hides),
    })
}
