//! Another email address. It is asked for with the password, and becomes the account's only when its link
//! was followed by whoever is signed in to the account: a slip in the address gives nobody a way in.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::security;
use crate::accounts::{self, Moved};
use crate::app::App;
use crate::error::Error;
use crate::store::throttle;
use crate::store::tokens::Purpose;
use crate::store::users;
use crate::web::dead_link::{self, Instead};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/settings/address/{token}";

pub fn routes() -> Routes {
    Routes::new()
        .post("/settings/security/address", Access::SignedIn, request)
        .get(PATH, Access::SignedIn, ask)
        .post(PATH, Access::SignedIn, change)
}

const INSTEAD: Instead = Instead {
    used: "It was used already. Your security settings show the address that your account has.",
    href: "/settings/security",
    words: "Security settings",
};

const TAKEN: Instead = Instead { used: "", href: "/settings/security", words: "Choose another address" };

#[derive(Template)]
#[template(path = "pages/settings/address.html")]
struct Confirm {
    shell: Shell,
    token: String,
    old: String,
    new: String,
}

async fn request(
    State(app): State<App>,
    visit: Visit,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let typed = fields.get("new_email").to_owned();
    let new = fields.email("new_email", "Enter an email address, like amel@example.com.", &mut problems);
    if new.as_deref() == Some(account.address()) {
        problems.add("new_email", "This is the address that your account has now.");
    }
    let password = fields.exact("password").to_owned();
    if password.is_empty() {
        problems.add("password", "Enter your password, so that nobody else can move your account.");
    }
    if problems.is_empty() {
        page::slow_down(&app, &[(&throttle::PASSWORD_BY_USER, &account.id.to_string())]).await?;
        let stored = users::password_hash(&mut app.db.read().await?.conn(), account.id).await?;
        if !app.passwords.verify(stored, password).await? {
            problems.add("password", "This is not your password.");
        }
    }
    let Some(new) = new.filter(|_| problems.is_empty()) else {
        return security::draw(&app, &visit, &account, problems, &typed, StatusCode::UNPROCESSABLE_ENTITY);
    };
    accounts::request_address(&app.db, &app.clock, account.id, &new).await?;
    app.wake.up();
    Ok(page::see_other("/settings/security", Flash::AddressAsked))
}

/// Somebody else's link is unknown to whoever is signed in.
async fn ask(
    State(app): State<App>,
    visit: Visit,
    SignedIn(account): SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::NewAddress, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) if good.user_id == Some(account.id) => good,
        Ok(_) => return Err(Error::NotFound),
        Err(dead) => return Ok(dead),
    };
    page::html(&Confirm {
        shell: Shell::new(&app, &visit, "Use this address").at(Place::Settings),
        token,
        old: account.address().to_owned(),
        new: good.email.unwrap_or_default(),
    })
}

async fn change(
    State(app): State<App>,
    visit: Visit,
    SignedIn(account): SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::NewAddress, &token).await?;
    match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) if good.user_id == Some(account.id) => {}
        Ok(_) => return Err(Error::NotFound),
        Err(dead) => return Ok(dead),
    }
    match accounts::change_address(&app.db, &app.clock, account.id, &token).await? {
        Moved::Done => {
            app.wake.up();
            Ok(page::see_other("/settings/security", Flash::AddressChanged))
        }
        Moved::Taken => dead_link::page(
            &app,
            &visit,
            "Holdfast knows this address already: an escrow names it, or it has an account of its own. \
             Your account keeps the address that it had.",
            TAKEN,
        ),
        Moved::Dead => dead_link::page(&app, &visit, INSTEAD.used, INSTEAD),
    }
}
