//! The list of a reader's escrows, by what becomes of them or by what they are searched for, and the drafts.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::escrow::row::Row;
use super::form::Search;
use super::page;
use super::paging::{self, ASKED, Cut, Filter as Choice};
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::{Reader, TimeView};
use super::visit::Visit;
use super::visitor::SignedIn;
use crate::app::App;
use crate::error::Error;
use crate::store::drafts::{self, Draft};
use crate::store::escrows;
use crate::store::search::{self, Filter};

const PATH: &str = "/escrows";
/// More than anybody may have.
const MOST_DRAFTS: i64 = 100;
const LONGEST_SEARCH: usize = 254;

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::SignedIn, list)
}

/// What the list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Escrows(Filter),
    Drafts,
}

const CHOICES: [(&str, &str, Shown); 5] = [
    ("", "All", Shown::Escrows(Filter::All)),
    ("needs-me", "Needs me", Shown::Escrows(Filter::NeedsMe)),
    ("open", "Open", Shown::Escrows(Filter::Open)),
    ("over", "Over", Shown::Escrows(Filter::Over)),
    ("drafts", "Drafts", Shown::Drafts),
];

#[derive(Template)]
#[template(path = "pages/escrows.html")]
struct List {
    shell: Shell,
    filters: Vec<Choice>,
    /// What is searched for; empty for no search.
    search: String,
    shown: Shown,
    rows: Vec<Row>,
    drafts: Vec<DraftRow>,
    newer: String,
    older: String,
}

/// A draft as a line.
#[derive(Clone, Debug)]
pub struct DraftRow {
    pub href: String,
    pub title: String,
    pub touched: TimeView,
}

impl DraftRow {
    #[must_use]
    pub fn new(draft: &Draft, reader: &Reader) -> Self {
        let title = if draft.title.is_empty() { "Without a title yet" } else { &draft.title };
        Self {
            href: format!("/escrows/new/{}", draft.id),
            title: title.to_owned(),
            touched: reader.time(draft.updated_at),
        }
    }
}

async fn list(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    // Whoever follows an outdated link gets the whole list.
    let (name, _, shown) =
        CHOICES.into_iter().find(|(name, ..)| *name == query.get("show")).unwrap_or(CHOICES[0]);
    let before: Option<Uuid> = query.get("before").parse().ok();
    let reader = account.reader(&app);
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let search: String = query.get("q").chars().take(LONGEST_SEARCH).collect();
    if let Some(reference) = escrows::reference_of(&search)
        && escrows::is_of_user(conn, account.id, &reference).await?
    {
        return Ok(Redirect::to(&format!("{PATH}/{reference}")).into_response());
    }
    let (mut cut, mut drafts) = (Cut::new(Vec::new()), Vec::new());
    match shown {
        Shown::Escrows(filter) => {
            cut = Cut::new(search::page(conn, account.id, filter, &search, before, ASKED).await?);
            if cut.rows.is_empty() && search.is_empty() && matches!(filter, Filter::All | Filter::Open) {
                drafts = drafts::of_user(conn, account.id, MOST_DRAFTS).await?;
            }
        }
        Shown::Drafts => drafts = drafts::of_user(conn, account.id, MOST_DRAFTS).await?,
    }
    let here = |before: &str| paging::address(PATH, &[("show", name), ("q", &search), ("before", before)]);
    page::html(&List {
        shell: Shell::new(&app, &visit, "Escrows").at(Place::Escrows),
        filters: filters(name, &search),
        shown,
        newer: before.map(|_| here("")).unwrap_or_default(),
        older: cut.next(|last| here(&last.escrow.id.to_string())),
        rows: cut.rows.iter().map(|line| Row::new(line, account.id, &reader)).collect(),
        drafts: drafts.iter().map(|draft| DraftRow::new(draft, &reader)).collect(),
        search,
    })
}

/// The ways to narrow the list, which keep what is searched for; drafts are searched by nothing.
fn filters(chosen: &str, search: &str) -> Vec<Choice> {
    let filter = |(name, words, _): (&'static str, &'static str, Shown)| Choice {
        words,
        href: paging::address(PATH, &[("show", name), ("q", search)]),
        is_chosen: name == chosen,
    };
    CHOICES.into_iter().map(filter).collect()
}
