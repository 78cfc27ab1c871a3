//! Choosing a new password with a mailed link. Asking for the link says the same whatever the address.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::dead_link::{self, Instead};
use super::flash::Flash;
use super::form::{Fields, Problems};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::visit::Visit;
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::password;
use crate::store::throttle;
use crate::store::tokens::Purpose;
use crate::store::users;

pub fn routes() -> Routes {
    Routes::new()
        .get("/reset", Access::Public, ask)
        .post("/reset", Access::Public, send)
        .get("/reset/{token}", Access::Token, show)
        .post("/reset/{token}", Access::Token, choose)
}

const INSTEAD: Instead = Instead {
    used: "It was used already, or your password was changed in another way since.",
    href: "/reset",
    words: "Ask for a new link",
};

#[derive(Template)]
#[template(path = "pages/reset_ask.html")]
struct Ask {
    shell: Shell,
    problems: Problems,
    email: String,
}

#[derive(Template)]
#[template(path = "pages/reset.html")]
struct Choose {
    shell: Shell,
    problems: Problems,
    token: String,
    email: String,
}

async fn ask(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Choose a new password");
    page::html(&Ask { shell, problems: Problems::new(), email: String::new() })
}

async fn send(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let plain = "Enter the email address of your account, like amel@example.com.";
    let Some(email) = fields.email("email", plain, &mut problems) else {
        let shell = Shell::new(&app, &visit, "Choose a new password").with_problems(true);
        let again = Ask { shell, problems, email: fields.get("email").to_owned() };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    page::slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    accounts::request_reset(&app.db, &app.clock, &email).await?;
    app.wake.up();
    Ok(page::see_other("/sign-in", Flash::MailSent))
}

async fn show(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::Reset, &token).await?;
    match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => {
            let shell = Shell::new(&app, &visit, "Choose a new password");
            let email = good.email.unwrap_or_default();
            page::html(&Choose { shell, problems: Problems::new(), token, email })
        }
        Err(dead) => Ok(dead),
    }
}

async fn choose(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::Reset, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => good,
        Err(dead) => return Ok(dead),
    };
    let (user, email) = good.user_id.zip(good.email).ok_or(Error::NotFound)?;
    let account = users::by_id(&mut app.db.read().await?.conn(), user).await?.ok_or(Error::NotFound)?;
    let password = fields.exact("password").to_owned();
    if let Some(weakness) = password::weakness(&password, &email, &account.name) {
        let mut problems = Problems::new();
        problems.add("password", weakness.sentence());
        let shell = Shell::new(&app, &visit, "Choose a new password").with_problems(true);
        let again = Choose { shell, problems, token, email };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    page::slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    let password_hash = app.passwords.hash(&app.clock, password).await?;
    if accounts::reset_password(&app.db, &app.clock, &token, &password_hash).await?.is_none() {
        return dead_link::page(&app, &visit, INSTEAD.used, INSTEAD);
    }
    app.wake.up();
    Ok(page::see_other("/sign-in", Flash::PasswordReset))
}
