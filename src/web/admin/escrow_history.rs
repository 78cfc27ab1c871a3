//! What happened to one escrow, the check of its chain made while the page is drawn.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::apart::Opened;
use super::escrow::Head;
use super::look::Looks;
use crate::app::App;
use crate::engine::chain;
use crate::engine::escrow::Escrow;
use crate::engine::evolve::evolve;
use crate::error::Error;
use crate::store::book::Book;
use crate::store::escrows;
use crate::store::history::{self, Stored};
use crate::web::escrow::seat::Scene;
use crate::web::escrow::timeline;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, PAGE};
use crate::web::routes::Routes;
use crate::web::shell::{Place, Shell};
use crate::web::view::EventView;
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// The chain of a longer history is followed by `holdfast doctor` and no more by a page.
const MOST_EVENTS: i64 = 1_000;

pub fn routes() -> Routes {
    Routes::new().look("/admin/escrows/{reference}/history", Looks::AtEscrow, show)
}

#[derive(Template)]
#[template(path = "pages/admin/escrow_history.html")]
struct Show {
    shell: Shell,
    head: Head,
    events: i64,
    /// Whether there are few enough events to follow their chain while the page is drawn.
    is_followed: bool,
    /// What is wrong with the chain; empty as it should be.
    broken: String,
    entries: Vec<(EventView, String)>,
    newer: String,
    older: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Opened(book): Opened,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: i64 = query.get("before").parse().unwrap_or(i64::MAX);
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let people = escrows::people(conn, book.escrow.id).await?;
    let events = i64::try_from(book.escrow.seq).unwrap_or(i64::MAX);
    let is_followed = events <= MOST_EVENTS;
    let (all, shown): (Vec<Stored>, Vec<Stored>) = if is_followed {
        let all = history::read(conn, book.escrow.id, 0, MOST_EVENTS).await?;
        let shown = all.iter().rev().filter(|one| one.seq < before).take(PAGE).cloned().collect();
        (all, shown)
    } else {
        let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
        (Vec::new(), history::newest(conn, book.escrow.id, false, Some(before), most).await?)
    };
    let reader = operator.reader(&app);
    let scene = Scene { escrow: &book.escrow, people: &people, reader: &reader };
    let path = format!("/admin/escrows/{}/history", book.escrow.reference);
    let last = shown.last().map_or(1, |one| one.seq);
    let older =
        if last > 1 { paging::address(&path, &[("before", &last.to_string())]) } else { String::new() };
    page::html(&Show {
        shell: Shell::new(&app, &visit, format!("History: {}", book.escrow.terms.title)).at(Place::Admin),
        head: Head::new(&book.escrow, "/history"),
        events,
        is_followed,
        broken: if is_followed { broken(&book, &all).unwrap_or_default() } else { String::new() },
        newer: if before == i64::MAX { String::new() } else { path.clone() },
        older,
        entries: shown.iter().map(|one| (timeline::entry(&scene, one), HEXLOWER.encode(&one.hash))).collect(),
    })
}

/// Follows the chain from its first link and replays the events; the first thing that is wrong.
fn broken(book: &Book, stored: &[Stored]) -> Option<String> {
    let mut head = chain::GENESIS;
    let mut escrow: Option<Escrow> = None;
    for (expected, one) in (1_i64..).zip(stored) {
        if one.seq != expected {
            return Some(format!("Event {expected} is missing."));
        }
        head = chain::link(&head, u64::try_from(one.seq).unwrap_or_default(), one.body.as_bytes());
        if head.as_slice() != one.hash.as_slice() {
            return Some(format!("Event {expected} is not what its fingerprint seals."));
        }
        let Ok(record) = one.record() else {
            return Some(format!("Event {expected} cannot be read by this version."));
        };
        escrow = evolve(escrow, &record.event, record.at);
    }
    if head.as_slice() != book.head.as_slice() {
        return Some("The chain ends elsewhere than the escrow’s own row says.".to_owned());
    }
    (escrow.as_ref() != Some(&book.escrow))
        .then(|| "The events make another state than the stored one.".to_owned())
}
