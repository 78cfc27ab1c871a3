//! The first page after signing in: what needs its reader, then the money, then the work.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::balances::Figures;
use super::escrow::row::Row;
use super::escrows::DraftRow;
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::visit::Visit;
use super::visitor::SignedIn;
use crate::app::App;
use crate::error::Error;
use crate::store::escrows;
use crate::store::search::{self, Filter};
use crate::store::{drafts, ledger};

/// So many tasks stand here; more of them are a list of their own.
const TASKS: usize = 10;
const LATEST: i64 = 5;
const DRAFTS: i64 = 3;

pub fn routes() -> Routes {
    Routes::new().get("/home", Access::SignedIn, show)
}

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home {
    shell: Shell,
    /// The reader has never had anything to do with an escrow.
    is_new: bool,
    tasks: Vec<Row>,
    more_tasks: bool,
    money: Vec<Figures>,
    open: Vec<Row>,
    drafts: Vec<DraftRow>,
}

impl Home {
    /// Whether nothing is open for the reader.
    fn is_quiet(&self) -> bool {
        self.tasks.is_empty() && self.money.is_empty() && self.open.is_empty() && self.drafts.is_empty()
    }
}

async fn show(State(app): State<App>, SignedIn(account): SignedIn, visit: Visit) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let most = i64::try_from(TASKS).unwrap_or_default() + 1;
    let tasks = escrows::tasks(conn, account.id, most).await?;
    let money = ledger::holdings(conn, account.id).await?;
    let open = search::page(conn, account.id, Filter::Open, "", None, LATEST).await?;
    let drafts = drafts::of_user(conn, account.id, DRAFTS).await?;
    let reader = account.reader(&app);
    let row = |line: &escrows::Line| Row::new(line, account.id, &reader);
    let mut home = Home {
        shell: Shell::new(&app, &visit, "Home").at(Place::Home),
        is_new: false,
        more_tasks: tasks.len() > TASKS,
        tasks: tasks.iter().take(TASKS).map(row).collect(),
        money: money.iter().map(Figures::from).collect(),
        open: open.iter().map(row).collect(),
        drafts: drafts.iter().map(|draft| DraftRow::new(draft, &reader)).collect(),
    };
    // Whoever has been here before is not welcomed like a stranger.
    home.is_new =
        home.is_quiet() && search::page(conn, account.id, Filter::All, "", None, 1).await?.is_empty();
    page::html(&home)
}
