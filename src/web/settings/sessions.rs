//! Where one is signed in, and signing a device out from afar.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use tower_sessions::Session;
use uuid::Uuid;

use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::sessions;
use crate::web::flash::Flash;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, PillView, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::{self, SignedIn};

pub fn routes() -> Routes {
    Routes::new()
        .get("/settings/sessions", Access::SignedIn, list)
        .post("/settings/sessions/others/end", Access::SignedIn, end_others)
        .post("/settings/sessions/{id}/end", Access::SignedIn, end)
}

#[derive(Template)]
#[template(path = "pages/settings/sessions.html")]
struct Sessions {
    shell: Shell,
    rows: Vec<Row>,
    this_one: PillView,
}

struct Row {
    id: Uuid,
    device: String,
    ip: String,
    since: TimeView,
    seen: TimeView,
    is_this_one: bool,
}

async fn list(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    SignedIn(account): SignedIn,
) -> Result<Response, Error> {
    let reader = account.reader(&app);
    let here = session.id().map(sessions::id_hash).unwrap_or_default();
    let listed = sessions::list(&mut app.db.read().await?.conn(), app.clock.now(), account.id).await?;
    let rows = listed.into_iter().map(|one| Row {
        id: one.public_id,
        device: visitor::device_name(&one.user_agent),
        ip: one.ip,
        since: reader.time(one.created_at).plain(),
        seen: reader.time(one.seen_at),
        is_this_one: one.id_hash == here,
    });
    page::html(&Sessions {
        shell: Shell::new(&app, &visit, "Sessions").at(Place::Settings),
        rows: rows.collect(),
        this_one: PillView::new(Tone::Good, Icon::CircleCheck, "This device"),
    })
}

async fn end(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let ended = accounts::end_session(&app.db, &app.clock, account.id, id).await?;
    Ok(page::see_other("/settings/sessions", if ended { Flash::SessionEnded } else { Flash::AlreadyDone }))
}

async fn end_others(
    State(app): State<App>,
    session: Session,
    SignedIn(account): SignedIn,
) -> Result<Response, Error> {
    let here = session.id().map(sessions::id_hash).unwrap_or_default();
    accounts::end_other_sessions(&app.db, &app.clock, account.id, &here).await?;
    Ok(page::see_other("/settings/sessions", Flash::OthersSignedOut))
}
