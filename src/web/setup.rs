//! The setup link: whoever can read what the program prints becomes an operator.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tower_sessions::Session;

use super::dead_link::{self, Instead};
use super::flash::Flash;
use super::form::{Fields, Problems};
use super::network::Network;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::sign_up::{self, Form};
use super::view::Choice;
use super::visit::Visit;
use super::visitor::Proven;
use super::{page, places, visitor};
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::terms_of_service;
use crate::store::throttle;
use crate::store::tokens::Purpose;
use crate::store::users::{self, Registration};

pub fn routes() -> Routes {
    Routes::new().get("/setup/{token}", Access::Token, show).post("/setup/{token}", Access::Token, submit)
}

const INSTEAD: Instead = Instead {
    used: "It was used already. Start Holdfast again for a new one, or sign in.",
    href: "/sign-in",
    words: "Sign in",
};

#[derive(Template)]
#[template(path = "pages/setup.html")]
struct Setup {
    shell: Shell,
    problems: Problems,
    form: Form,
    zones: Vec<Choice>,
    token: String,
    /// The link was made for this address.
    is_bound: bool,
    is_fresh: bool,
}

async fn show(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::Setup, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => good,
        Err(dead) => return Ok(dead),
    };
    let is_bound = good.email.is_some();
    let form =
        Form { time_zone: "Etc/UTC".to_owned(), email: good.email.unwrap_or_default(), ..Form::default() };
    draw(&app, &visit, token, form, is_bound, None)
}

fn draw(
    app: &App,
    visit: &Visit,
    token: String,
    form: Form,
    is_bound: bool,
    problems: Option<Problems>,
) -> Result<Response, Error> {
    let is_fresh = problems.is_none();
    let problems = problems.unwrap_or_default();
    let shell = Shell::new(app, visit, "Set up this portal").with_problems(!is_fresh);
    let status = if is_fresh { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let zones = places::zones();
    page::with_status(status, &Setup { shell, problems, form, zones, token, is_bound, is_fresh })
}

async fn submit(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    network: Network,
    headers: HeaderMap,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::Setup, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => good,
        Err(dead) => return Ok(dead),
    };
    let is_bound = good.email.is_some();
    let mut form = Form { email: good.email.unwrap_or_default(), ..Form::default() };
    let mut problems = Problems::new();
    let password = sign_up::check(&fields, &mut form, true, &mut problems);
    let known = users::by_email(&mut app.db.read().await?.conn(), &form.email).await?;
    if known.is_some_and(|known| known.is_confirmed()) {
        problems.add(
            "email",
            "This address has an account. To make it an operator's, run “holdfast operator add” with it.",
        );
    }
    if !problems.is_empty() {
        return draw(&app, &visit, token, form, is_bound, Some(problems));
    }
    page::slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    let password_hash = app.passwords.hash(&app.clock, password).await?;
    let (terms_of_service_version, _) =
        terms_of_service::newest(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    let new = Registration {
        email: &form.email,
        name: &form.name,
        password_hash: &password_hash,
        time_zone: &form.time_zone,
        terms_of_service_version,
    };
    let Some(user) = accounts::set_up_operator(&app.db, &app.clock, &token, &new).await? else {
        return dead_link::page(&app, &visit, INSTEAD.used, INSTEAD);
    };
    let response = page::see_other("/admin", Flash::OperatorReady);
    let proven = Proven { user, password_hash: &password_hash };
    visitor::sign_in(&app, &session, &network, &headers, proven, response).await
}
