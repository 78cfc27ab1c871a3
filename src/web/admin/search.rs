//! One field for everything: an escrow's reference leads to it, anything else finds people and escrows. What
//! was searched for is written down, since its answer is private to those whom it names.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::users::pills;
use crate::address;
use crate::app::App;
use crate::error::Error;
use crate::operators;
use crate::store::audit::{Act, Subject};
use crate::store::console::{self, Which};
use crate::store::{escrows, users};
use crate::text::folded;
use crate::web::escrow::seat::pill_of;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::PillView;
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many of each kind; the lists have all.
const MOST: i64 = 10;
const LONGEST: usize = 254;

pub fn routes() -> Routes {
    Routes::new().get("/admin/search", Access::Operator, search)
}

#[derive(Template)]
#[template(path = "pages/admin/search.html")]
struct Found {
    shell: Shell,
    search: String,
    people: Vec<Hit>,
    escrows: Vec<Hit>,
    all_people: String,
    all_escrows: String,
}

struct Hit {
    href: String,
    words: String,
    /// An address or a reference.
    named: String,
    pills: Vec<PillView>,
}

async fn search(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let search: String = query.get("q").chars().take(LONGEST).collect();
    if search.is_empty() {
        return Ok(Redirect::to("/admin").into_response());
    }
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    if let Some(reference) = escrows::reference_of(&search)
        && escrows::by_reference(conn, &reference).await?.is_some()
    {
        return Ok(Redirect::to(&format!("/admin/escrows/{reference}")).into_response());
    }
    let people = users::page(
        conn,
        &address::canonical(&search).unwrap_or_else(|_| folded(&search)),
        false,
        None,
        MOST,
    )
    .await?;
    let lines = console::escrows(conn, &Which::Text(folded(&search)), None, MOST).await?;
    operators::look(&app.db, &app.clock, operator.id, Act::Searched, &Subject::All, &search).await?;
    let person = |one: &users::Account| Hit {
        href: format!("/admin/users/{}", one.id),
        words: if one.called().is_empty() { "No name yet".to_owned() } else { one.called().to_owned() },
        named: one.address().to_owned(),
        pills: pills(one),
    };
    let escrow = |line: &console::Line| Hit {
        href: format!("/admin/escrows/{}", line.escrow.reference),
        words: line.escrow.terms.title.clone(),
        named: line.escrow.reference.clone(),
        pills: vec![pill_of(&line.escrow)],
    };
    page::html(&Found {
        shell: Shell::new(&app, &visit, "Search").at(Place::Admin),
        people: people.iter().map(person).collect(),
        escrows: lines.iter().map(escrow).collect(),
        all_people: paging::address("/admin/users", &[("q", &search)]),
        all_escrows: paging::address("/admin/escrows", &[("q", &search)]),
        search,
    })
}
