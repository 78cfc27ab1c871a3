//! Everybody's escrows: by stage, or found by a reference, an address, a name or the title.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use crate::address;
use crate::app::App;
use crate::error::Error;
use crate::store::console::{self, Line, Which};
use crate::store::escrows;
use crate::text::folded;
use crate::web::escrow::seat::pill_of;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{DayView, MoneyView, PillView, Reader};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/escrows";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, list)
}

/// Stages and what the filter calls them. The open ones are queues.
const STAGES: [(&str, &str); 6] = [
    ("", "All"),
    ("proposed", "To sign"),
    ("agreed", "To pay"),
    ("active", "Paid"),
    ("ended", "Ended"),
    ("closed", "Closed"),
];

#[derive(Template)]
#[template(path = "pages/admin/escrows.html")]
struct List {
    shell: Shell,
    filters: Vec<Filter>,
    search: String,
    order: &'static str,
    rows: Vec<Row>,
    first: String,
    next: String,
}

struct Row {
    href: String,
    reference: String,
    title: String,
    buyer: String,
    seller: String,
    pill: PillView,
    since: DayView,
    amount: MoneyView,
}

async fn list(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let search = query.get("q");
    let stage = STAGES.iter().map(|(name, _)| *name).find(|name| *name == query.get("stage")).unwrap_or("");
    let from: Option<Uuid> = query.get("from").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    if let Some(reference) = escrows::reference_of(search)
        && escrows::by_reference(conn, &reference).await?.is_some()
    {
        return Ok(Redirect::to(&format!("{PATH}/{reference}")).into_response());
    }
    let which = which(search, stage);
    let cut = Cut::new(console::escrows(conn, &which, from, ASKED).await?);
    let reader = operator.reader(&app);
    let here = |from: &str| paging::address(PATH, &[("q", search), ("stage", stage), ("from", from)]);
    page::html(&List {
        shell: Shell::new(&app, &visit, "Escrows").at(Place::Admin),
        filters: STAGES.iter().map(|(name, words)| filter(name, words, stage, search)).collect(),
        order: if matches!(which, Which::Queue(_)) { "the oldest first" } else { "the newest first" },
        first: from.map(|_| here("")).unwrap_or_default(),
        next: cut.next(|last| here(&last.escrow.id.to_string())),
        rows: cut.rows.iter().map(|line| row(line, &reader)).collect(),
        search: search.to_owned(),
    })
}

/// What is searched for goes before the stage.
fn which(search: &str, stage: &'static str) -> Which {
    match (address::canonical(search).ok(), search.is_empty()) {
        (Some(email), _) => Which::Email(email),
        (None, false) => Which::Text(folded(search)),
        (None, true) => match stage {
            "" => Which::All,
            "closed" => Which::Stage(stage),
            _ => Which::Queue(stage),
        },
    }
}

fn filter(name: &'static str, words: &'static str, stage: &str, search: &str) -> Filter {
    Filter {
        words,
        href: paging::address(PATH, &[("stage", name)]),
        is_chosen: search.is_empty() && name == stage,
    }
}

fn row(line: &Line, reader: &Reader) -> Row {
    let escrow = &line.escrow;
    Row {
        href: format!("{PATH}/{}", escrow.reference),
        reference: escrow.reference.clone(),
        title: escrow.terms.title.clone(),
        buyer: line.buyer.clone(),
        seller: line.seller.clone(),
        pill: pill_of(escrow),
        since: reader.day(escrow.proposed_at),
        amount: escrow.terms.money(escrow.terms.amount_minor).into(),
    }
}
