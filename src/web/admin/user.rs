//! One person as an operator sees him: account, wallets, escrows; and whether he may act.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::look::Looks;
use super::mail::id_of;
use super::users::pills;
use crate::app::App;
use crate::error::Error;
use crate::operators;
use crate::store::console::{self, Which};
use crate::store::db::Conn;
use crate::store::interest;
use crate::store::ledger;
use crate::store::users::{self, Account};
use crate::web::escrow::act::not_unsent;
use crate::web::escrow::seat::pill_of;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, PillView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many escrows are shown; the list has all.
const ESCROWS: i64 = 10;
const LONGEST_REASON: usize = 500;

pub fn routes() -> Routes {
    Routes::new()
        .look("/admin/users/{id}", Looks::AtUser, show)
        .post("/admin/users/{id}/freeze", Access::Operator, freeze)
        .post("/admin/users/{id}/unfreeze", Access::Operator, unfreeze)
}

#[derive(Template)]
#[template(path = "pages/admin/user.html")]
struct Show {
    shell: Shell,
    problems: Problems,
    own_path: String,
    name: String,
    pills: Vec<PillView>,
    about: Vec<(&'static str, String)>,
    /// Sent back by the forms.
    seen: String,
    frozen_at: Option<TimeView>,
    frozen_because: String,
    /// Why it can't be frozen; empty where it can.
    untouchable: &'static str,
    reason: String,
    wallets: Vec<MoneyView>,
    escrows: Vec<Row>,
    all_escrows: String,
}

struct Row {
    href: String,
    title: String,
    reference: String,
    pill: PillView,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &operator, &visit, id_of(&id)?, String::new(), Problems::new()).await
}

async fn draw(
    app: &App,
    operator: &Account,
    visit: &Visit,
    id: Uuid,
    reason: String,
    problems: Problems,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let mut person = users::by_id(conn, id).await?.ok_or(Error::NotFound)?;
    users::known_as(conn, &mut person).await?;
    let wallets = ledger::holdings(conn, id).await?;
    let of_person = Which::Email(person.address().to_owned());
    let lines = console::escrows(conn, &of_person, None, ESCROWS).await?;
    let reader = operator.reader(app);
    let row = |line: &console::Line| Row {
        href: format!("/admin/escrows/{}", line.escrow.reference),
        title: line.escrow.terms.title.clone(),
        reference: line.escrow.reference.clone(),
        pill: pill_of(&line.escrow),
    };
    let or_dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let moment = |at| reader.zone.moment(at);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = if person.called().is_empty() { person.address() } else { person.called() };
    let page = Show {
        shell: Shell::new(app, visit, title).at(Place::Admin).with_problems(!problems.is_empty()),
        problems,
        own_path: path(id),
        name: title.to_owned(),
        pills: pills(&person),
        about: vec![
            ("Email address", or_dash(person.address())),
            ("Address confirmed", person.email_confirmed_at.map_or_else(|| "No".to_owned(), moment)),
            ("Known since", moment(person.created_at)),
            ("Account since", person.claimed_at.map_or_else(|| "No account yet".to_owned(), moment)),
            ("Country", or_dash(person.country.as_deref().unwrap_or_default())),
            ("Time zone", person.time_zone.clone()),
        ],
        seen: seen(&person),
        frozen_at: person.frozen_at.map(|at| reader.time(at)),
        frozen_because: person.frozen_because.clone().unwrap_or_default(),
        untouchable: untouchable(conn, operator, &person).await?,
        reason,
        wallets: wallets.iter().map(|holdings| holdings.currency.of(holdings.wallet_minor).into()).collect(),
        escrows: lines.iter().map(row).collect(),
        all_escrows: crate::web::paging::address("/admin/escrows", &[("q", person.address())]),
    };
    page::with_status(status, &page)
}

/// Operators are stopped by whoever runs the program, not by each other, and nobody stops the other side of a deal
/// of his own.
async fn untouchable(
    conn: &mut Conn<'_>,
    operator: &Account,
    person: &Account,
) -> Result<&'static str, Error> {
    Ok(if person.id == operator.id {
        "This is your own account."
    } else if person.operator {
        "Operators can’t freeze each other’s accounts."
    } else {
        beside(conn, operator, person).await?
    })
}

/// Why an operator leaves somebody's account to another one; empty where he need not.
async fn beside(conn: &mut Conn<'_>, operator: &Account, person: &Account) -> Result<&'static str, Error> {
    let shared = interest::shared(conn, operator.id, person.id).await?;
    Ok(if shared {
        "You and this person take part in the same escrow, so another operator has to do this."
    } else {
        ""
    })
}

async fn freeze(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let id = id_of(&id)?;
    let mut db = app.db.read().await?;
    let person = users::by_id(&mut db.conn(), id).await?.ok_or(Error::NotFound)?;
    let why_not = untouchable(&mut db.conn(), &operator, &person).await?;
    drop(db);
    let mut problems = Problems::new();
    let missing = "Say why: the person reads it in a mail and on every page.";
    let reason = fields.text("reason", LONGEST_REASON, missing, &mut problems);
    if !why_not.is_empty() {
        problems.add("", why_not);
    } else if !is_as_seen(&fields, &person) {
        problems.add("", CHANGED);
    }
    if !problems.is_empty() {
        return draw(&app, &operator, &visit, id, reason, problems).await;
    }
    let done = operators::freeze(&app.db, &app.clock, operator.id, id, &reason).await?;
    app.wake.up();
    Ok(page::see_other(&path(id), if done { Flash::Frozen } else { Flash::AlreadyDone }))
}

async fn unfreeze(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let id = id_of(&id)?;
    let mut db = app.db.read().await?;
    let person = users::by_id(&mut db.conn(), id).await?.ok_or(Error::NotFound)?;
    let why_not = if person.id == operator.id {
        "This is your own account."
    } else {
        beside(&mut db.conn(), &operator, &person).await?
    };
    drop(db);
    let why_not = if why_not.is_empty() && !is_as_seen(&fields, &person) { CHANGED } else { why_not };
    if !why_not.is_empty() {
        let mut problems = Problems::new();
        problems.add("", why_not);
        return draw(&app, &operator, &visit, id, String::new(), problems).await;
    }
    not_unsent(&fields)?;
    let note: String = fields.get("note").chars().take(LONGEST_REASON).collect();
    let done = operators::unfreeze(&app.db, &app.clock, operator.id, id, &note).await?;
    app.wake.up();
    Ok(page::see_other(&path(id), if done { Flash::Unfrozen } else { Flash::AlreadyDone }))
}

const CHANGED: &str =
    "Another operator acted while your page was open, so nothing was changed. Look at it as it stands now.";

/// Whether this person may act, as the page shows it: one freezing is told from the next.
fn seen(person: &Account) -> String {
    person.frozen_at.map_or_else(|| "free".to_owned(), |at| at.micros().to_string())
}

fn is_as_seen(fields: &Fields, person: &Account) -> bool {
    !fields.has("seen") || fields.get("seen") == seen(person)
}

fn path(id: Uuid) -> String {
    format!("/admin/users/{id}")
}
