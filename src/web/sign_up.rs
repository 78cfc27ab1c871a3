//! Signing up, by oneself or with the link of an invitation.
//!
//! Whatever the address, the page says that a mail was sent: only the mail tells whether there was an
//! account already. An invitation's link proves the address, so that whoever has it is signed in.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;

use super::dead_link::{self, Instead};
use super::flash::Flash;
use super::form::{Fields, Problems, Search};
use super::network::Network;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::verify_email;
use super::view::Choice;
use super::visit::Visit;
use super::visitor::{self, Proven, Visitor};
use super::{page, places};
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::mail::letter;
use crate::password;
use crate::store::terms_of_service::{self, FIRST};
use crate::store::throttle;
use crate::store::users::{self, Registration};

pub fn routes() -> Routes {
    Routes::new().get("/sign-up", Access::Public, show).post("/sign-up", Access::Public, submit)
}

pub const LONGEST_NAME: usize = 200;

const INSTEAD: Instead = Instead {
    used: "It was used already. Sign in with the account that was made with it.",
    href: "/sign-in",
    words: "Sign in",
};

#[derive(Template)]
#[template(path = "pages/sign_up.html")]
struct SignUp {
    shell: Shell,
    problems: Problems,
    form: Form,
    zones: Vec<Choice>,
    terms_version: i64,
    /// The form is shown for the first time, so that the script may fill in the time zone.
    is_fresh: bool,
}

/// What is typed; the password apart.
#[derive(Default)]
pub struct Form {
    pub name: String,
    pub email: String,
    pub time_zone: String,
    pub accepts_terms: bool,
    /// The secret of an invitation; the address is then the invitation's and cannot be changed.
    pub invitation: String,
    /// The page that the invitation's link opens.
    pub follow: String,
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    visitor: Visitor,
    Search(query): Search,
) -> Result<Response, Error> {
    let invitation = query.get("invitation").to_owned();
    if visitor.0.is_some() && invitation.is_empty() {
        return Ok(Redirect::to("/home").into_response());
    }
    let mut form = Form { time_zone: "Etc/UTC".to_owned(), invitation, ..Form::default() };
    if let Err(instead) = invited(&app, &visit, &mut form).await? {
        return Ok(instead);
    }
    draw(&app, &visit, form, None).await
}

/// Puts the invitation's address into the form, or says where its reader goes instead.
async fn invited(app: &App, visit: &Visit, form: &mut Form) -> Result<Result<(), Response>, Error> {
    if form.invitation.is_empty() {
        return Ok(Ok(()));
    }
    let (purpose, worth) = accounts::peek_invitation(&app.db, &app.clock, &form.invitation).await?;
    form.follow = letter::path(purpose, &form.invitation);
    let token = match dead_link::good(app, visit, worth, INSTEAD)? {
        Ok(token) => token,
        Err(dead) => return Ok(Err(dead)),
    };
    let email = token.email.ok_or(Error::NotFound)?;
    let known = users::by_email(&mut app.db.read().await?.conn(), &email).await?;
    if known.is_some_and(|known| known.is_confirmed()) {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("next", &form.follow).finish();
        return Ok(Err(Redirect::to(&format!("/sign-in?{query}")).into_response()));
    }
    form.email = email;
    Ok(Ok(()))
}

async fn draw(app: &App, visit: &Visit, form: Form, problems: Option<Problems>) -> Result<Response, Error> {
    let is_fresh = problems.is_none();
    let problems = problems.unwrap_or_default();
    let shell =
        Shell::new(app, visit, "Create an account").at(Place::SignUp).with_problems(!problems.is_empty());
    let status = if is_fresh { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (terms_version, _) =
        terms_of_service::newest(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    page::with_status(
        status,
        &SignUp { shell, problems, form, zones: places::zones(), terms_version, is_fresh },
    )
}

/// What every form that makes an account asks, checked. The password's own field is `password`.
/// Only those who run the portal may call themselves so.
pub fn check(fields: &Fields, form: &mut Form, for_operator: bool, problems: &mut Problems) -> String {
    let missing = "Enter your name, as the others in an escrow see it.";
    form.name = fields.called("name", LONGEST_NAME, missing, for_operator, problems);
    if form.email.is_empty() {
        let plain = "Enter an email address, like amel@example.com.";
        let email = fields.email("email", plain, problems);
        form.email = email.unwrap_or_else(|| fields.get("email").to_owned());
    }
    let password = fields.exact("password").to_owned();
    if let Some(weakness) = password::weakness(&password, &form.email, &form.name) {
        problems.add("password", weakness.sentence());
    }
    let zone = places::zone(fields.get("time_zone"));
    form.time_zone = zone.unwrap_or(fields.get("time_zone")).to_owned();
    if zone.is_none() {
        problems.add("time_zone", "Choose your time zone from the list.");
    }
    form.accepts_terms = fields.ticked("terms");
    if !form.accepts_terms {
        problems.add("terms", "Accept the terms of service to have an account.");
    }
    password
}

async fn submit(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    network: Network,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let mut form = Form { invitation: fields.get("invitation").to_owned(), ..Form::default() };
    if let Err(instead) = invited(&app, &visit, &mut form).await? {
        return Ok(instead);
    }
    let mut problems = Problems::new();
    let password = check(&fields, &mut form, false, &mut problems);
    if !problems.is_empty() {
        return draw(&app, &visit, form, Some(problems)).await;
    }
    page::slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    let password_hash = app.passwords.hash(&app.clock, password).await?;
    let (newest, _) = terms_of_service::newest(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    let new = Registration {
        email: &form.email,
        name: &form.name,
        password_hash: &password_hash,
        time_zone: &form.time_zone,
        // Of what the page showed, whatever came since: the newest is asked for before the first payment.
        terms_of_service_version: fields
            .get("terms_version")
            .parse()
            .map_or(newest, |it: i64| it.clamp(FIRST, newest)),
    };
    if form.invitation.is_empty() {
        accounts::sign_up(&app.db, &app.clock, &new).await?;
        app.wake.up();
        let response = page::see_other("/verify-email", Flash::SignedUp);
        return Ok(verify_email::remembering(response, &form.email));
    }
    let Some(user) = accounts::sign_up_invited(&app.db, &app.clock, &form.invitation, &new).await? else {
        return dead_link::page(&app, &visit, INSTEAD.used, INSTEAD);
    };
    let response = page::see_other(&form.follow, Flash::AddressConfirmed);
    let proven = Proven { user, password_hash: &password_hash };
    visitor::sign_in(&app, &session, &network, &headers, proven, response).await
}
