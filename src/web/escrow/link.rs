//! The seller's pay link: to copy, to have mailed, to replace by a new one.
//!
//! The link is shown as often as he likes. It opens the terms and lets somebody pay, and nothing else; a new
//! one makes the old one worthless, so a link that went to the wrong place can be taken back.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::seat::Seat;
use crate::app::App;
use crate::engine::party::Role;
use crate::error::Error;
use crate::guests;
use crate::store::users::Account;
use crate::store::{links, throttle};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page::{self, slow_down};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const LINK: &str = "/escrows/{reference}/link";

pub fn routes() -> Routes {
    Routes::new()
        .get(LINK, Access::Party, show)
        .post("/escrows/{reference}/link/mail", Access::Party, mail)
        .get("/escrows/{reference}/link/new", Access::Party, ask_renew)
        .post("/escrows/{reference}/link/new", Access::Party, renew)
}

#[derive(Template)]
#[template(path = "pages/link/link.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    /// Empty once nothing can be paid by it any more.
    link: String,
    /// It works, but its text can't be read any more.
    sealed: bool,
    amount: String,
    until: Option<TimeView>,
    problems: Problems,
    email: String,
}

async fn load(app: &App, account: Account, reference: &str) -> Result<Seat, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await?;
    if seat.role == Role::Seller && seat.escrow.instant() { Ok(seat) } else { Err(Error::NotFound) }
}

async fn draw(
    app: &App,
    visit: &Visit,
    seat: &Seat,
    typed: Option<(String, Problems)>,
) -> Result<Response, Error> {
    use crate::engine::escrow::Stage;
    let current = links::current(&mut app.db.read().await?.conn(), app.db.keys(), seat.escrow.id).await?;
    let until = match seat.escrow.stage {
        Stage::Proposed { expires_at, .. } if !seat.escrow.funded() => Some(seat.reader.time(expires_at)),
        _ => None,
    };
    let sealed = current.as_ref().is_some_and(|link| link.secret.is_none()) && until.is_some();
    let link = current.and_then(|link| link.secret).filter(|_| until.is_some());
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (email, problems) = typed.unwrap_or_default();
    let page = Page {
        shell: Shell::new(app, visit, "Your pay link").at(Place::Escrows).with_problems(!problems.is_empty()),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        sealed,
        link: link.map(|secret| app.config.link(&format!("/pay/{secret}"))).unwrap_or_default(),
        amount: seat.amount(seat.escrow.plan.charge_minor()).to_string(),
        until,
        problems,
        email,
    };
    page::with_status(status, &page)
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    draw(&app, &visit, &seat, None).await
}

async fn mail(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    if !seat.escrow.for_sale() {
        return Ok(page::redirect(&format!("{}/link", seat.path())));
    }
    let mut problems = Problems::new();
    let Some(email) = fields.email("email", "Enter an email address like name@example.com.", &mut problems)
    else {
        return draw(&app, &visit, &seat, Some((fields.get("email").to_owned(), problems))).await;
    };
    slow_down(&app, &[(&throttle::PROPOSALS_BY_USER, &seat.account.id.to_string())]).await?;
    let seller = (seat.account.id, seat.account.name.as_str());
    let typed = email.clone();
    if let Err(too_many) = guests::mail_pay_link(&app.db, &app.clock, &seat.escrow, seller, email).await? {
        let mut problems = Problems::new();
        problems.add("email", too_many.sentence());
        return draw(&app, &visit, &seat, Some((typed, problems))).await;
    }
    app.wake.up();
    Ok(page::see_other(&format!("{}/link", seat.path()), Flash::LinkMailed))
}

/// Before the link that is out there is made worthless.
#[derive(Template)]
#[template(path = "pages/link/renew.html")]
struct Renew {
    shell: Shell,
    path: String,
    title: String,
    /// Which link is replaced: sent twice, the form replaces one.
    seen: String,
    key: String,
}

/// A link's short name, from which nobody can tell its secret.
async fn named(app: &App, seat: &Seat) -> Result<String, Error> {
    let link = links::current(&mut app.db.read().await?.conn(), app.db.keys(), seat.escrow.id).await?;
    Ok(HEXLOWER.encode(&link.map(|link| link.hash).unwrap_or_default()).chars().take(16).collect())
}

async fn ask_renew(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    if !seat.escrow.for_sale() {
        return Ok(page::redirect(&format!("{}/link", seat.path())));
    }
    page::html(&Renew {
        shell: Shell::new(&app, &visit, "Replace the pay link?").at(Place::Escrows),
        path: seat.path(),
        title: seat.escrow.terms.title.clone(),
        seen: named(&app, &seat).await?,
        key: app.clock.id().to_string(),
    })
}

async fn renew(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    if !seat.escrow.for_sale() {
        return Ok(page::redirect(&format!("{}/link", seat.path())));
    }
    if fields.get("seen") != named(&app, &seat).await? {
        return Ok(page::see_other(&format!("{}/link", seat.path()), Flash::AlreadyDone));
    }
    guests::new_pay_link(&app.db, &app.clock, seat.escrow.id).await?;
    Ok(page::see_other(&format!("{}/link", seat.path()), Flash::LinkMade))
}
