//! The whole history of an escrow, with the fingerprint that seals each entry and all before it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::seat::Seat;
use super::timeline;
use crate::app::App;
use crate::error::Error;
use crate::store::history;
use crate::web::form::Search;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::EventView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PAGE: usize = 25;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/history", Access::Party, show)
}

#[derive(Template)]
#[template(path = "pages/escrow/history.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    entries: Vec<(EventView, String)>,
    older: String,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let before: Option<i64> = search.get("before").parse().ok();
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(&app, &mut conn, account, &reference).await?;
    let most = i64::try_from(PAGE).unwrap_or_default() + 1;
    let mut stored = history::newest(&mut conn, seat.escrow.id, before, most).await?;
    let more = stored.len() > PAGE;
    stored.truncate(PAGE);
    let older = match stored.last() {
        Some(last) if more => format!("{}/history?before={}", seat.path(), last.seq),
        _ => String::new(),
    };
    let hashes = stored.iter().map(|stored| HEXLOWER.encode(&stored.hash));
    let entries = timeline::entries(&seat, &stored).into_iter().zip(hashes).collect();
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("History: {}", seat.escrow.terms.title)).at(Place::Escrows),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        entries,
        older,
    })
}
