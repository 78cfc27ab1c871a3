//! Everybody with an account, and everybody whose address was named, found by name or address.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use crate::address;
use crate::app::App;
use crate::error::Error;
use crate::store::users::{self, Account};
use crate::text::folded;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{DayView, Icon, PillView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many on a page.
const PAGE: usize = 25;

pub fn routes() -> Routes {
    Routes::new().get("/admin/users", Access::Operator, list)
}

#[derive(Template)]
#[template(path = "pages/admin/users.html")]
struct Users {
    shell: Shell,
    search: String,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

struct Row {
    href: String,
    name: String,
    email: String,
    country: String,
    time_zone: String,
    since: DayView,
    pills: Vec<PillView>,
}

async fn list(
    State(app): State<App>,
    visit: Visit,
    OperatorOnly(operator): OperatorOnly,
    Search(query): Search,
) -> Result<Response, Error> {
    let search = query.get("q").to_owned();
    let frozen = query.get("show") == "frozen";
    let before: Option<Uuid> = query.get("before").parse().ok();
    let mut found = users::page(
        &mut app.db.read().await?.conn(),
        &address::canonical(&search).unwrap_or_else(|_| folded(&search)),
        frozen,
        before,
        i64::try_from(PAGE).unwrap_or(i64::MAX) + 1,
    )
    .await?;
    // One more than is shown says whether there is another page.
    let has_older = found.len() > PAGE;
    found.truncate(PAGE);
    let older = found.last().filter(|_| has_older).map(|last| address(&search, frozen, Some(last.id)));
    let reader = operator.reader(&app);
    let rows = found.into_iter().map(|one| Row {
        href: format!("/admin/users/{}", one.id),
        pills: pills(&one),
        email: one.address().to_owned(),
        since: reader.day(one.created_at),
        name: one.called().to_owned(),
        country: one.country.unwrap_or_default(),
        time_zone: one.time_zone,
    });
    page::html(&Users {
        shell: Shell::new(&app, &visit, "Users").at(Place::Admin),
        rows: rows.collect(),
        newer: before.map(|_| address(&search, frozen, None)).unwrap_or_default(),
        older: older.unwrap_or_default(),
        search,
    })
}

/// The list's address: the first page, or the one that begins behind `before`.
fn address(search: &str, frozen: bool, before: Option<Uuid>) -> String {
    let show = if frozen { "frozen" } else { "" };
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    paging::address("/admin/users", &[("q", search), ("show", show), ("before", &before)])
}

pub fn pills(account: &Account) -> Vec<PillView> {
    let pill = |tone, icon, words: &'static str| PillView::new(tone, icon, Cow::Borrowed(words));
    let words: Cow<'static, str> = match account.guest_purchases {
        0 => Cow::Borrowed("Named, no account yet"),
        1 => Cow::Borrowed("Guest of one purchase"),
        many => Cow::Owned(format!("Guest of {many} purchases")),
    };
    let standing = if account.is_confirmed() {
        pill(Tone::Good, Icon::CircleCheck, "Confirmed")
    } else if account.claimed_at.is_some() {
        pill(Tone::Wait, Icon::Clock, "Address not confirmed")
    } else {
        PillView::new(Tone::Neutral, Icon::Mail, words)
    };
    let operator = account.operator.then(|| pill(Tone::Info, Icon::ShieldCheck, "Operator"));
    let frozen = account.frozen_at.map(|_| pill(Tone::Bad, Icon::Lock, "Frozen"));
    std::iter::once(standing).chain(operator).chain(frozen).collect()
}
