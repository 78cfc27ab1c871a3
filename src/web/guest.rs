//! The pages of somebody who bought without an account: below `/g/` and the secret of his mail.
//!
//! They are the pages of every party, drawn by the same handlers: the gate puts the guest in the place of whoever
//! is signed in, with the one escrow that his secret opens, and `Seat` writes addresses below it. What is not
//! listed for guests is a 404 to them. Once he has an account the secret opens nothing: it leads to the
//! sign-in, and from there to the escrow's own page.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::escrow::act::answer;
use super::escrow::seat::Seat;
use super::flash::Flash;
use super::form::Fields;
use super::left;
use super::network::Network;
use super::page::{self, slow_down};
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::view::{MoneyView, TimeView};
use super::visit::Visit;
use super::visitor::{SignedIn, Visitor, unlisted};
use crate::address;
use crate::app::App;
use crate::engine::escrow::ChargeState;
use crate::engine::party::Role;
use crate::error::Error;
use crate::guests;
use crate::store::tokens::{self, Purpose, Worth};
use crate::store::users::{Account, ByLink};
use crate::store::{escrows, links, throttle, users};

pub fn routes() -> Routes {
    Routes::new()
        .get("/g/{token}/receipt", Access::Guest, receipt)
        .get("/g/{token}/pay", Access::Guest, pay)
        .post("/g/{token}/account", Access::Guest, take_over)
        .post("/g/{token}/again", Access::Token, again)
}

/// Who is signed in beside the guest.
#[derive(Clone, Debug)]
pub struct Beside(pub Option<Account>);

#[derive(Template)]
#[template(path = "pages/link/dead.html")]
struct Dead {
    shell: Shell,
    path: String,
    sent: bool,
}

/// Lets a guest in by the secret of the address.
pub async fn gate(app: &App, visit: &Visit, visitor: Visitor, mut request: Request, next: Next) -> Response {
    let secret = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
    match enter(app, visit, &visitor, &secret).await {
        Ok(Ok(account)) => {
            request.extensions_mut().insert(Visitor(Some(account)));
            request.extensions_mut().insert(Beside(visitor.0));
            unlisted(next.run(request).await)
        }
        Ok(Err(response)) => unlisted(response),
        Err(error) => error.into_response(),
    }
}

async fn enter(
    app: &App,
    visit: &Visit,
    visitor: &Visitor,
    secret: &str,
) -> Result<Result<Account, Response>, Error> {
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let token = match tokens::peek(conn, app.clock.now(), Purpose::Guest, secret).await? {
        Worth::Unknown => return Err(Error::NotFound),
        Worth::Good(token) => token,
        Worth::Expired(_) | Worth::Used(_) | Worth::Replaced(_) => {
            return dead(app, visit, secret, false).map(Err);
        }
    };
    let (Some(user), Some(escrow)) = (token.user_id, token.escrow_id) else { return Err(Error::NotFound) };
    let mut account = users::by_id(conn, user).await?.ok_or(Error::NotFound)?;
    if account.is_confirmed() {
        let escrow = escrows::by_id(conn, escrow).await?.ok_or(Error::NotFound)?;
        if escrow.party_of(user).is_none() {
            return left::draw(app, visit, conn, &account, escrow.id).await.map(Err);
        }
        let path = format!("/escrows/{}", escrow.reference);
        let to = match &visitor.0 {
            Some(_) => path,
            None => super::paging::address("/sign-in", &[("next", &path)]),
        };
        return Ok(Err(Redirect::to(&to).into_response()));
    }
    account.by_link = Some(ByLink { secret: secret.to_owned(), escrow });
    Ok(Ok(account))
}

fn dead(app: &App, visit: &Visit, secret: &str, sent: bool) -> Result<Response, Error> {
    let shell = Shell::new(app, visit, "This link no longer works");
    let status = if sent { StatusCode::OK } else { StatusCode::GONE };
    page::with_status(status, &Dead { shell, path: format!("/g/{secret}"), sent })
}

/// A new link, to the address that the old one was for, if it was typed. The answer is always the same.
async fn again(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    Path(secret): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let worth =
        tokens::peek(&mut app.db.read().await?.conn(), app.clock.now(), Purpose::Guest, &secret).await?;
    let token = match worth {
        Worth::Unknown => return Err(Error::NotFound),
        Worth::Good(token) | Worth::Expired(token) | Worth::Used(token) | Worth::Replaced(token) => token,
    };
    let typed = address::canonical(fields.get("email")).unwrap_or_default();
    slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    if let (Some(user), Some(escrow), true) =
        (token.user_id, token.escrow_id, token.email.as_deref() == Some(typed.as_str()))
    {
        guests::send_guest_link(&app.db, &app.clock, (user, &typed), escrow).await?;
        app.wake.up();
    }
    dead(&app, &visit, &secret, true)
}

#[derive(Template)]
#[template(path = "pages/link/receipt.html")]
struct Receipt {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    seller: String,
    buyer: String,
    email: String,
    sums: Vec<(String, MoneyView)>,
    total: MoneyView,
    paid_at: TimeView,
    payment: String,
}

async fn receipt(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, "").await?;
    let charge = seat.escrow.charge.as_ref().ok_or(Error::NotFound)?;
    let ChargeState::Successful { at } = charge.state else { return Err(Error::NotFound) };
    page::html(&Receipt {
        shell: Shell::new(&app, &visit, "Receipt"),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        seller: seat.name_of(Role::Seller),
        buyer: seat.name_of(Role::Buyer),
        email: seat.account.address().to_owned(),
        sums: super::pay_link::sums(&seat.escrow),
        total: seat.money(charge.amount_minor),
        paid_at: seat.reader.time(at).plain(),
        payment: charge.payment.to_string(),
    })
}

/// A payment that failed is tried again where it was tried first.
async fn pay(State(app): State<App>, SignedIn(account): SignedIn) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, "").await?;
    let secret =
        links::secret(&mut reader.conn(), app.db.keys(), seat.escrow.id).await?.ok_or(Error::NotFound)?;
    Ok(Redirect::to(&format!("/pay/{secret}")).into_response())
}

/// Whether the one who is signed in is the person as whom the guest bought.
#[must_use]
pub fn is_same_person(guest: &Account, beside: &Beside) -> bool {
    beside.0.as_ref().is_some_and(|own| own.id != guest.id && own.address() == guest.address())
}

/// What was bought as a guest, into the account of the same address.
async fn take_over(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    Extension(beside): Extension<Beside>,
) -> Result<Response, Error> {
    let (true, Some(own)) = (is_same_person(&guest, &beside), &beside.0) else { return Err(Error::NotFound) };
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), guest, "").await?;
    drop(reader);
    let to = (own.id, own.address());
    let executed = links::claim(&app.db, &app.clock, seat.escrow.id, seat.account.id, to).await?;
    answer(executed.outcome, &format!("/escrows/{}", seat.escrow.reference), Flash::PurchaseTaken)
}
