//! What providers told us, notice by notice, and what came of each.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::mail::id_of;
use crate::app::App;
use crate::error::Error;
use crate::operators;
use crate::store::notices_in::{self, Kept, Which};
use crate::web::flash::Flash;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, PillView, Reader, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/payments/notices";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, list).post(
        "/admin/payments/notices/{id}/settled",
        Access::Operator,
        settle,
    )
}

#[derive(Template)]
#[template(path = "pages/admin/notices.html")]
struct List {
    shell: Shell,
    filters: Vec<Filter>,
    order: &'static str,
    rows: Vec<Row>,
    first: String,
    next: String,
}

struct Row {
    /// Where it is marked as looked after; empty where there is nothing to do.
    settle: String,
    rail: String,
    id: String,
    /// Empty where the notice is about no payment of ours.
    reference: String,
    pill: PillView,
    /// Why it was not carried out; empty if it was.
    why: String,
    /// "3 times", where it came more than once.
    times: String,
    at: TimeView,
    body: String,
}

async fn list(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let odd = query.get("show") == "odd";
    let show = if odd { "odd" } else { "" };
    let which = if odd { Which::Odd } else { Which::All };
    let from: Option<Uuid> = query.get("from").parse().ok();
    let found = notices_in::page(&mut app.db.read().await?.conn(), which, from, ASKED).await?;
    let cut = Cut::new(found);
    let reader = operator.reader(&app);
    let here = |from: &str| paging::address(PATH, &[("show", show), ("from", from)]);
    let filter = |of: &str, words| {
        let href = paging::address(PATH, &[("show", of)]);
        Filter { words, href, is_chosen: of == show }
    };
    page::html(&List {
        shell: Shell::new(&app, &visit, "What providers told us").at(Place::Admin),
        filters: vec![filter("", "All"), filter("odd", "To look after")],
        order: if odd { "the oldest first" } else { "the newest first" },
        first: from.map(|_| here("")).unwrap_or_default(),
        next: cut.next(|last| here(&last.id.to_string())),
        rows: cut.rows.iter().map(|kept| row(kept, &reader)).collect(),
    })
}

fn row(kept: &Kept, reader: &Reader) -> Row {
    let to_settle = kept.is_odd() && kept.settled_at.is_none();
    let pill = if kept.is_odd() && !to_settle {
        PillView::new(Tone::Neutral, Icon::CircleCheck, "Not carried out, looked after")
    } else if to_settle {
        PillView::new(Tone::Bad, Icon::CircleAlert, "Not carried out")
    } else {
        PillView::new(Tone::Good, Icon::CircleCheck, "Carried out")
    };
    Row {
        settle: if to_settle { format!("{PATH}/{}/settled", kept.id) } else { String::new() },
        rail: kept.rail.clone(),
        id: kept.notice_id.clone(),
        reference: kept.reference.clone().unwrap_or_default(),
        pill,
        why: if kept.outcome == "done" { String::new() } else { kept.outcome.clone() },
        times: if kept.times > 1 { format!("{} times", kept.times) } else { String::new() },
        at: reader.time(kept.received_at).plain(),
        body: kept.body.clone(),
    }
}

async fn settle(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let done = operators::settle_notice(&app.db, &app.clock, operator.id, id_of(&id)?).await?;
    let flash = if done { Flash::NoticeSettled } else { Flash::AlreadyDone };
    Ok(page::see_other(&paging::address(PATH, &[("show", "odd")]), flash))
}
