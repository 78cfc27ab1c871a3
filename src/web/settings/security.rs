//! Password and address. Whoever changes the password knows the old one, and every other device is signed
//! out; the address is changed by `address.rs`, whose form stands on the same page.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tower_sessions::Session;

use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::password;
use crate::store::sessions::key;
use crate::store::throttle;
use crate::store::users::{self, Account};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/settings/security", Access::SignedIn, show).post(
        "/settings/security/password",
        Access::SignedIn,
        change,
    )
}

#[derive(Template)]
#[template(path = "pages/settings/security.html")]
struct Security {
    shell: Shell,
    problems: Problems,
    email: String,
    /// What was typed as the address to come.
    new_email: String,
}

async fn show(State(app): State<App>, visit: Visit, SignedIn(account): SignedIn) -> Result<Response, Error> {
    draw(&app, &visit, &account, Problems::new(), "", StatusCode::OK)
}

/// The page, with what was typed into either of its forms.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(
    app: &App,
    visit: &Visit,
    account: &Account,
    problems: Problems,
    new_email: &str,
    status: StatusCode,
) -> Result<Response, Error> {
    let shell = Shell::new(app, visit, "Security").at(Place::Settings).with_problems(!problems.is_empty());
    let (email, new_email) = (account.address().to_owned(), new_email.to_owned());
    page::with_status(status, &Security { shell, problems, email, new_email })
}

async fn change(
    State(app): State<App>,
    visit: Visit,
    session: Session,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let current = fields.exact("current").to_owned();
    let new = fields.exact("new").to_owned();
    if current.is_empty() {
        problems.add("current", "Enter the password that you have now.");
    }
    if let Some(weakness) = password::weakness(&new, account.address(), &account.name) {
        problems.add("new", weakness.sentence());
    }
    if problems.is_empty() {
        page::slow_down(&app, &[(&throttle::PASSWORD_BY_USER, &account.id.to_string())]).await?;
        let stored = users::password_hash(&mut app.db.read().await?.conn(), account.id).await?;
        if !app.passwords.verify(stored, current).await? {
            problems.add("current", "This is not the password that you have now.");
        }
    }
    if !problems.is_empty() {
        return draw(&app, &visit, &account, problems, "", StatusCode::UNPROCESSABLE_ENTITY);
    }
    let password_hash = app.passwords.hash(&app.clock, new).await?;
    accounts::change_password(&app.db, &app.clock, account.id, &password_hash).await?;
    // Every session has ended with the old password; this browser goes on with one of its own.
    session.insert(key::PASSWORD, &password_hash).await?;
    session.cycle_id().await?;
    app.wake.up();
    Ok(page::see_other("/settings/security", Flash::PasswordChanged))
}
