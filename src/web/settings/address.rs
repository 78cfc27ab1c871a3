//! Another email address. It is asked for with the password, and becomes the account's only when the links of both
//! mailboxes were followed by somebody who is signed in to the account: a slip in the address gives nobody a way in, and a
//! stolen password moves nothing. The address that is left can undo it for a week, without an account.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tower_sessions::Session;

use super::security;
use crate::accounts;
use crate::address::shown;
use crate::app::App;
use crate::change_of_address::{self, Moved};
use crate::error::Error;
use crate::store::sessions;
use crate::store::throttle;
use crate::store::tokens::Purpose;
use crate::store::{address_changes, users};
use crate::web::dead_link::{self, Instead};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/settings/address/{token}";
const UNDO: &str = "/address-undo/{token}";

pub fn routes() -> Routes {
    Routes::new()
        .post("/settings/security/address", Access::SignedIn, request)
        .get(PATH, Access::SignedIn, ask)
        .post(PATH, Access::SignedIn, change)
        .get(UNDO, Access::Token, ask_undo)
        .post(UNDO, Access::Token, undo)
}

const INSTEAD: Instead = Instead {
    used: "It was used already, or another change was asked for since. Your security settings show the address that your account has.",
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
    /// The other mailbox has confirmed it, so that this one does it.
    is_last: bool,
    /// Which mailbox the other one is.
    other: &'static str,
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
    change_of_address::request(&app.db, &app.clock, account.id, &new).await?;
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
    let (purpose, worth) = change_of_address::peek(&app.db, &app.clock, &token).await?;
    match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) if good.user_id == Some(account.id) => {}
        Ok(_) => return Err(Error::NotFound),
        Err(dead) => return Ok(dead),
    }
    let change = address_changes::of(&mut app.db.read().await?.conn(), account.id).await?;
    let change = change.ok_or(Error::NotFound)?;
    let is_new = purpose == Purpose::NewAddress;
    let other = if is_new { change.old_confirmed_at } else { change.new_confirmed_at };
    page::html(&Confirm {
        shell: Shell::new(&app, &visit, "Use another address").at(Place::Settings),
        token,
        old: shown(account.address()),
        new: shown(&change.email),
        is_last: other.is_some(),
        other: if is_new { "old" } else { "new" },
    })
}

async fn change(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    SignedIn(account): SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let (_, worth) = change_of_address::peek(&app.db, &app.clock, &token).await?;
    match dead_link::good(&app, &visit, worth, INSTEAD)? {
        Ok(good) if good.user_id == Some(account.id) => {}
        Ok(_) => return Err(Error::NotFound),
        Err(dead) => return Ok(dead),
    }
    let here = session.id().map(sessions::id_hash).unwrap_or_default();
    match change_of_address::confirm(&app.db, &app.clock, account.id, &token, &here).await? {
        Moved::Done => {
            app.wake.up();
            Ok(page::see_other("/settings/security", Flash::AddressChanged))
        }
        Moved::Half => Ok(page::see_other("/settings/security", Flash::AddressHalf)),
        Moved::Taken => dead_link::page(&app, &visit, KNOWN, TAKEN),
        Moved::Dead => dead_link::page(&app, &visit, INSTEAD.used, INSTEAD),
    }
}

const KNOWN: &str = "Holdfast knows this address already: an escrow names it, or it has an account of its own. \
    Your account keeps the address that it had.";

#[derive(Template)]
#[template(path = "pages/settings/address_undo.html")]
struct Undo {
    shell: Shell,
    token: String,
    email: String,
}

const UNDONE: Instead = Instead {
    used: "It was used already: your account has its earlier address again.",
    href: "/sign-in",
    words: "Sign in",
};

async fn ask_undo(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::UndoAddress, &token).await?;
    let good = match dead_link::good(&app, &visit, worth, UNDONE)? {
        Ok(good) => good,
        Err(dead) => return Ok(dead),
    };
    page::html(&Undo {
        shell: Shell::new(&app, &visit, "Get your address back"),
        token,
        email: shown(&good.email.unwrap_or_default()),
    })
}

async fn undo(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let worth = accounts::peek(&app.db, &app.clock, Purpose::UndoAddress, &token).await?;
    if let Err(dead) = dead_link::good(&app, &visit, worth, UNDONE)? {
        return Ok(dead);
    }
    match change_of_address::undo(&app.db, &app.clock, &token).await? {
        Moved::Done => {
            app.wake.up();
            Ok(page::see_other("/sign-in", Flash::AddressUndone))
        }
        Moved::Taken => dead_link::page(
            &app,
            &visit,
            "Another account has this address by now. Write to the operators of this portal: nothing was changed.",
            UNDONE,
        ),
        Moved::Half | Moved::Dead => dead_link::page(&app, &visit, UNDONE.used, UNDONE),
    }
}
