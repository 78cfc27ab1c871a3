//! Confirming an address with the link that was mailed to it.
//!
//! Following the link changes nothing, since mail scanners follow every link. The form behind it asks
//! for the password that was chosen at the sign-up: without that question, a stranger could sign up
//! with somebody else's address and wait for the owner to confirm an account whose password the
//! stranger knows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use tower_sessions::Session;

use super::dead_link::{self, Instead};
use super::flash::Flash;
use super::form::{Fields, Problems};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::visit::Visit;
use super::visitor::{self, Proven};
use crate::accounts;
use crate::address;
use crate::app::App;
use crate::error::Error;
use crate::store::throttle;
use crate::store::tokens::Purpose;
use crate::store::users;

pub fn routes() -> Routes {
    Routes::new()
        .get("/verify-email", Access::Public, wait)
        .post("/verify-email", Access::Public, resend)
        .get("/verify-email/{token}", Access::Token, show)
        .post("/verify-email/{token}", Access::Token, confirm)
}

const INSTEAD: Instead = Instead {
    used: "It was used already, so your address is confirmed. Sign in to go on.",
    href: "/sign-in",
    words: "Sign in",
};

const MEANWHILE: &str = "It was used a moment ago, or another password was chosen since you opened it. Sign in, \
    or ask for the confirmation mail again.";

/// The cookie with the address that was typed.
const TYPED: &str = "typed_address";

/// The page between signing up and the mail.
#[derive(Template)]
#[template(path = "pages/verify_email_wait.html")]
struct Wait {
    shell: Shell,
    problems: Problems,
    /// Where the mail went, if this browser asked for it.
    sent_to: String,
    email: String,
}

#[derive(Template)]
#[template(path = "pages/verify_email.html")]
struct Confirm {
    shell: Shell,
    problems: Problems,
    token: String,
    email: String,
}

async fn wait(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Check your mail");
    let email = typed_before(&headers).unwrap_or_default();
    page::html(&Wait { shell, problems: Problems::new(), sent_to: email.clone(), email })
}

/// Remembers for the next page which address was typed, so that a slip in it is seen there. A cookie and
/// not the address of the page: that would stand in logs and histories.
#[must_use]
pub fn remembering(mut response: Response, email: &str) -> Response {
    let value = BASE64URL_NOPAD.encode(email.as_bytes());
    let cookie = format!("{TYPED}={value}; Path=/verify-email; Max-Age=3600; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn typed_before(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == TYPED)?;
    let email = String::from_utf8(BASE64URL_NOPAD.decode(value.as_bytes()).ok()?).ok()?;
    address::canonical(&email).ok()
}

async fn resend(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let plain = "Enter the email address that you signed up with.";
    let Some(email) = fields.email("email", plain, &mut problems) else {
        let shell = Shell::new(&app, &visit, "Check your mail").with_problems(true);
        let page = Wait { shell, problems, sent_to: String::new(), email: fields.get("email").to_owned() };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    page::slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    accounts::resend_confirmation(&app.db, &app.clock, &email).await?;
    app.wake.up();
    Ok(remembering(page::see_other("/verify-email", Flash::MailSent), &email))
}

async fn show(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::ConfirmAddress, &token).await?;
    match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => {
            let email = good.email.unwrap_or_default();
            let shell = Shell::new(&app, &visit, "Confirm your address");
            page::html(&Confirm { shell, problems: Problems::new(), token, email })
        }
        Err(dead) => Ok(dead),
    }
}

async fn confirm(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    network: Network,
    headers: HeaderMap,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::ConfirmAddress, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) => good,
        Err(dead) => return Ok(dead),
    };
    let (user, email) = good.user_id.zip(good.email).ok_or(Error::NotFound)?;
    page::slow_down(&app, &[(&throttle::CONFIRM_BY_ADDRESS, &email)]).await?;
    let stored = users::password_hash(&mut app.db.read().await?.conn(), user).await?;
    if !app.passwords.verify(stored.clone(), fields.exact("password").to_owned()).await? {
        let mut problems = Problems::new();
        let sentence = if fields.exact("password").is_empty() {
            "Enter the password that you chose when you signed up."
        } else {
            "This is not the password that you chose when you signed up."
        };
        problems.add("password", sentence);
        let shell = Shell::new(&app, &visit, "Confirm your address").with_problems(true);
        let again = Confirm { shell, problems, token, email };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    let password_hash = stored.unwrap_or_default();
    let Some(user) = accounts::confirm_address(&app.db, &app.clock, &token, &password_hash).await? else {
        return dead_link::page(&app, &visit, MEANWHILE, INSTEAD);
    };
    let response = page::see_other("/home", Flash::AddressConfirmed);
    let proven = Proven { user, password_hash: &password_hash };
    visitor::sign_in(&app, &session, &network, &headers, proven, response).await
}
