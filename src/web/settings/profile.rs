//! Name, time zone, country, and where released and refunded money goes.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::users::Profile;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::sign_up::LONGEST_NAME;
use crate::web::view::Choice;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;
use crate::web::{page, places};

pub fn routes() -> Routes {
    Routes::new().get("/settings/profile", Access::SignedIn, show).post(
        "/settings/profile",
        Access::SignedIn,
        save,
    )
}

#[derive(Template)]
#[template(path = "pages/settings/profile.html")]
struct ProfilePage {
    shell: Shell,
    problems: Problems,
    email: String,
    name: String,
    time_zone: String,
    country: String,
    to_wallet_at_once: bool,
    refunds_to_wallet: bool,
    zones: Vec<Choice>,
    countries: Vec<Choice>,
}

async fn show(State(app): State<App>, visit: Visit, SignedIn(account): SignedIn) -> Result<Response, Error> {
    page::html(&ProfilePage {
        shell: Shell::new(&app, &visit, "Profile").at(Place::Settings),
        problems: Problems::new(),
        email: account.address().to_owned(),
        name: account.name,
        time_zone: account.time_zone,
        country: account.country.unwrap_or_default(),
        to_wallet_at_once: account.to_wallet_at_once,
        refunds_to_wallet: account.refunds_to_wallet,
        zones: places::zones(),
        countries: places::countries(),
    })
}

async fn save(
    State(app): State<App>,
    visit: Visit,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let name = fields.called("name", LONGEST_NAME, "Enter your name.", account.operator, &mut problems);
    let zone = places::zone(fields.get("time_zone"));
    let time_zone = zone.unwrap_or(fields.get("time_zone")).to_owned();
    if zone.is_none() {
        problems.add("time_zone", "Choose your time zone from the list.");
    }
    let known = places::country(fields.get("country"));
    let country = known.unwrap_or(fields.get("country")).to_owned();
    if !country.is_empty() && known.is_none() {
        problems.add("country", "Choose your country from the list.");
    }
    let to_wallet_at_once = fields.ticked("to_wallet_at_once");
    let refunds_to_wallet = fields.ticked("refunds_to_wallet");
    if !problems.is_empty() {
        let again = ProfilePage {
            shell: Shell::new(&app, &visit, "Profile").at(Place::Settings).with_problems(true),
            problems,
            email: account.address().to_owned(),
            name,
            time_zone,
            country,
            to_wallet_at_once,
            refunds_to_wallet,
            zones: places::zones(),
            countries: places::countries(),
        };
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    let country = Some(country.as_str()).filter(|country| !country.is_empty());
    let profile =
        Profile { name: &name, time_zone: &time_zone, country, to_wallet_at_once, refunds_to_wallet };
    accounts::set_profile(&app.db, account.id, &profile).await?;
    Ok(page::see_other("/settings/profile", Flash::Saved))
}
