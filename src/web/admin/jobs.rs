//! What happens by itself, and what of it is late, failing or given up.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sqlx::FromRow;
use uuid::Uuid;

use super::mail::{id_of, kind_in_words};
use crate::app::App;
use crate::engine::time::Time;
use crate::error::Error;
use crate::operators;
use crate::store::db::{all, one};
use crate::web::flash::Flash;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many of a list are shown; its count says how many there are.
const MOST: i64 = 25;

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/jobs", Access::Operator, show)
        .post("/admin/jobs/mails/{id}/retry", Access::Operator, retry)
        .post("/admin/jobs/payments/{id}/retry", Access::Operator, retry_payment)
}

#[derive(Template)]
#[template(path = "pages/admin/jobs.html")]
struct Show {
    shell: Shell,
    counts: Counts,
    parked: Vec<Row>,
    failing: Vec<Row>,
    untold: Vec<UntoldRow>,
}

#[derive(FromRow)]
struct Counts {
    waiting: i64,
    failing: i64,
    parked: i64,
    deadlines: i64,
    payments: i64,
}

struct Row {
    id: Uuid,
    href: String,
    to: String,
    kind: String,
    attempts: i64,
    last_error: String,
    next_at: TimeView,
}

#[derive(FromRow)]
struct Mail {
    id: Uuid,
    to_address: Option<String>,
    email: Option<String>,
    kind: String,
    attempts: i64,
    last_error: Option<String>,
    next_at: Time,
}

/// A payment that a provider could not be told of.
#[derive(FromRow)]
struct Untold {
    id: Uuid,
    reference: String,
    attempts: i32,
    last_error: String,
    tell_at: Time,
}

struct UntoldRow {
    id: Uuid,
    reference: String,
    attempts: i32,
    last_error: String,
    tell_at: TimeView,
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    OperatorOnly(operator): OperatorOnly,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let counts = one!(
        conn,
        Counts,
        "SELECT (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed')) AS waiting,
                (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed') AND attempts > 0) AS failing,
                (SELECT count(*) FROM outbox WHERE state = 'parked') AS parked,
                (SELECT count(*) FROM escrows WHERE next_at IS NOT NULL AND next_at <= $1) AS deadlines,
                (SELECT count(*) FROM payments WHERE tell_at IS NOT NULL AND tell_at <= $1) AS payments",
        app.clock.now()
    )?;
    let parked = all!(
        conn,
        Mail,
        "SELECT o.id, o.to_address, coalesce(u.email, u.guest_email) AS email, o.kind, o.attempts, o.last_error, o.next_at
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user
         WHERE o.state = 'parked' ORDER BY o.id LIMIT $1",
        MOST
    )?;
    let failing = all!(
        conn,
        Mail,
        "SELECT o.id, o.to_address, coalesce(u.email, u.guest_email) AS email, o.kind, o.attempts, o.last_error, o.next_at
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user
         WHERE o.state IN ('waiting', 'claimed') AND o.attempts > 0 ORDER BY o.next_at, o.id LIMIT $1",
        MOST
    )?;
    let untold = all!(
        conn,
        Untold,
        "SELECT p.id, e.reference, CAST(p.attempts AS INTEGER) AS attempts, p.last_error, p.tell_at
         FROM payments p JOIN escrows e ON e.id = p.escrow_id
         WHERE p.tell_at IS NOT NULL AND p.state = 'pending' AND p.last_error IS NOT NULL
         ORDER BY p.tell_at, p.id LIMIT $1",
        MOST
    )?;
    let reader = operator.reader(&app);
    let untold_row = |Untold { id, reference, attempts, last_error, tell_at }| UntoldRow {
        id,
        reference,
        attempts,
        last_error,
        tell_at: reader.time(tell_at),
    };
    let rows = |mails: Vec<Mail>| {
        let row = |mail: Mail| Row {
            id: mail.id,
            href: format!("/admin/mail/{}", mail.id),
            to: mail.to_address.or(mail.email).unwrap_or_default(),
            kind: kind_in_words(&mail.kind),
            attempts: mail.attempts,
            last_error: mail.last_error.unwrap_or_default(),
            next_at: reader.time(mail.next_at),
        };
        mails.into_iter().map(row).collect()
    };
    page::html(&Show {
        shell: Shell::new(&app, &visit, "Jobs").at(Place::Admin),
        counts,
        parked: rows(parked),
        failing: rows(failing),
        untold: untold.into_iter().map(untold_row).collect(),
    })
}

async fn retry(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let done = operators::retry_mail(&app.db, &app.clock, operator.id, id_of(&id)?).await?;
    app.wake.up();
    Ok(page::see_other("/admin/jobs", if done { Flash::Retried } else { Flash::AlreadyDone }))
}

async fn retry_payment(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let done = operators::retry_payment(&app.db, &app.clock, operator.id, id_of(&id)?).await?;
    app.wake.up();
    Ok(page::see_other("/admin/jobs", if done { Flash::Retried } else { Flash::AlreadyDone }))
}
