//! Signing in and out.
//!
//! An unknown address takes as long as a wrong password and is told the same. Tries are counted by
//! network and by account before the password is looked at, and in a browser that the account knows by
//! that browser.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;
use uuid::Uuid;

use super::flash::Flash;
use super::form::{Fields, Problems, Search};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::unsent::Unsent;
use super::visit::Visit;
use super::visitor::{self, Proven, Visitor};
use crate::accounts;
use crate::address;
use crate::app::App;
use crate::error::Error;
use crate::store::security::{self, Kind};
use crate::store::throttle;
use crate::store::users;

pub fn routes() -> Routes {
    Routes::new().get("/sign-in", Access::Public, show).post("/sign-in", Access::Public, submit).post(
        "/sign-out",
        Access::Public,
        leave,
    )
}

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
pub struct SignIn {
    pub shell: Shell,
    pub problems: Problems,
    pub email: String,
    /// A path of this portal, or empty.
    pub next: String,
    /// A form that came without a session.
    pub unsent: Option<Unsent>,
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    visitor: Visitor,
    Search(query): Search,
) -> Result<Response, Error> {
    let next = visitor::local_path(query.get("next")).unwrap_or_default().to_owned();
    if visitor.0.is_some() {
        return Ok(Redirect::to(if next.is_empty() { "/home" } else { &next }).into_response());
    }
    let shell = Shell::new(&app, &visit, "Sign in").at(Place::SignIn);
    page::html(&SignIn { shell, problems: Problems::new(), email: String::new(), next, unsent: None })
}

async fn submit(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    network: Network,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let typed = fields.get("email").to_owned();
    let password = fields.exact("password").to_owned();
    let next = visitor::local_path(fields.get("next")).unwrap_or_default().to_owned();
    let unsent = Unsent::of(&fields);
    let mut problems = Problems::new();
    if typed.is_empty() {
        problems.add("email", "Enter the email address of your account.");
    }
    if password.is_empty() {
        problems.add("password", "Enter your password.");
    }
    let again = |problems: Problems, status: StatusCode| {
        let shell = Shell::new(&app, &visit, "Sign in").at(Place::SignIn).with_problems(true);
        let (email, next, unsent) = (typed.clone(), next.clone(), unsent.clone());
        page::with_status(status, &SignIn { shell, problems, email, next, unsent })
    };
    if !problems.is_empty() {
        return again(problems, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let email = address::canonical(&typed).unwrap_or_else(|_| typed.to_lowercase());
    let known = users::credentials(&mut app.db.read().await?.conn(), &email).await?;
    let device = visitor::device_hash(&app, &headers);
    let who = known.as_ref().map(|known| known.id);
    match slow_down(&app, &network, &email, who, device.as_deref()).await {
        Err(error @ Error::Throttled { .. }) => {
            security::tell(&app.db, &app.clock, Kind::SignInSlowed, who, "").await?;
            if unsent.is_none() {
                return Err(error);
            }
            problems.add("", error.sentence());
            return again(problems, error.status());
        }
        slowed => slowed?,
    }
    let stored = known.as_ref().and_then(|known| known.password_hash.clone());
    let is_right = app.passwords.verify(stored.clone(), password).await?;
    // An address that was not confirmed is answered like one that is unknown: whoever typed it at a sign-up would
    // otherwise learn here whether it had an account before.
    let Some(known) = known.filter(|known| is_right && known.email_confirmed_at.is_some()) else {
        security::tell(&app.db, &app.clock, Kind::SignInFailed, who, "").await?;
        problems.add(
            "",
            "This address and this password do not belong together, or the address is not confirmed yet. Check both, ask for the confirmation mail again, or choose a new password.",
        );
        return again(problems, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let response = match unsent.as_ref().filter(|unsent| unsent.goes_along()) {
        Some(unsent) => {
            let account = visitor::greeted(&app, &visit, known.id).await?.ok_or(Error::NotFound)?;
            unsent.again(&app, &visit, &account)?
        }
        None => Redirect::to(if next.is_empty() { "/home" } else { &next }).into_response(),
    };
    let proven = Proven { user: known.id, password_hash: stored.as_deref().unwrap_or_default() };
    visitor::sign_in(&app, &session, &network, &headers, proven, response).await
}

/// Counts a try. In a browser that the account knows it counts for this browser alone: neither guesses
/// from elsewhere nor those of a neighbour in the same network keep the owner out.
async fn slow_down(
    app: &App,
    network: &Network,
    email: &str,
    known: Option<Uuid>,
    device: Option<&[u8]>,
) -> Result<(), Error> {
    let (limit, who) = accounts::sign_in_bucket(&app.db, email, known, device).await?;
    if limit == throttle::SIGN_IN_BY_DEVICE {
        return page::slow_down(app, &[(&limit, &who)]).await;
    }
    page::slow_down(app, &[(&throttle::SIGN_IN_BY_NETWORK, &network.neighbourhood()), (&limit, &who)]).await
}

async fn leave(State(app): State<App>, session: Session) -> Result<Response, Error> {
    visitor::sign_out(&app, &session, page::see_other("/", Flash::SignedOut)).await
}
