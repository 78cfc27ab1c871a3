//! Signing in and out.
//!
//! An unknown address takes as long as a wrong password and is told the same. Tries are counted by
//! account and by network before the password is looked at.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;

use super::flash::Flash;
use super::form::{Fields, Problems, Search};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::visit::Visit;
use super::visitor::{self, Visitor};
use crate::app::App;
use crate::error::Error;
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
struct SignIn {
    shell: Shell,
    problems: Problems,
    email: String,
    /// A path of this portal, or empty.
    next: String,
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
    page::html(&SignIn { shell, problems: Problems::new(), email: String::new(), next })
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
    let mut problems = Problems::new();
    if typed.is_empty() {
        problems.add("email", "Enter the mail address of your account.");
    }
    if password.is_empty() {
        problems.add("password", "Enter your password.");
    }
    let shell = Shell::new(&app, &visit, "Sign in").at(Place::SignIn).with_problems(true);
    if !problems.is_empty() {
        let again = SignIn { shell, problems, email: typed, next };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    let email = users::address(&typed).unwrap_or_else(|| typed.to_lowercase());
    let tries = [
        (&throttle::SIGN_IN_BY_NETWORK, network.neighbourhood()),
        (&throttle::SIGN_IN_BY_ACCOUNT, email.clone()),
    ];
    page::slow_down(&app, &tries.each_ref().map(|(limit, who)| (*limit, who.as_str()))).await?;
    let known = users::credentials(&mut app.db.read().await?.conn(), &email).await?;
    let stored = known.as_ref().and_then(|known| known.password_hash.clone());
    let is_right = app.passwords.verify(stored, password).await?;
    // An address that was not confirmed is answered like one that is unknown: whoever typed it at a sign-up would
    // otherwise learn here whether it had an account before.
    let Some(known) = known.filter(|known| is_right && known.email_confirmed_at.is_some()) else {
        problems.add(
            "",
            "This address and this password do not belong together, or the address is not confirmed yet. Check both, ask for the confirmation mail again, or choose a new password.",
        );
        let again = SignIn { shell, problems, email: typed, next };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    let response = Redirect::to(if next.is_empty() { "/home" } else { &next }).into_response();
    visitor::sign_in(&app, &session, &network, &headers, known.id, response).await
}

async fn leave(State(app): State<App>, session: Session) -> Result<Response, Error> {
    visitor::sign_out(&app, &session, page::see_other("/", Flash::SignedOut)).await
}
