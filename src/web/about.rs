//! The public pages in words: what Holdfast is, how it works and on which terms. Their numbers come
//! from where the rules stand, so that no text promises what the engine does not keep.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use rust_decimal::Decimal;

use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::Icon;
use super::visit::Visit;
use crate::app::App;
use crate::engine::{deadlines, terms::FeeSchedule};
use crate::error::Error;

pub fn routes() -> Routes {
    Routes::new().get("/", Access::Public, welcome).get("/how-it-works", Access::Public, how_it_works).get(
        "/terms",
        Access::Public,
        terms,
    )
}

#[derive(Template)]
#[template(path = "pages/welcome.html")]
struct Welcome {
    shell: Shell,
    fee_percent: Decimal,
}

async fn welcome(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Money held safely until the deal is done")
        .at(Place::Welcome)
        .describing("Escrow for buyers, sellers and brokers: the buyer pays in, the seller delivers, and the money moves only as agreed.");
    page::html(&Welcome { shell, fee_percent: FeeSchedule::default().percent })
}

#[derive(Template)]
#[template(path = "pages/how-it-works.html")]
struct HowItWorks {
    shell: Shell,
}

async fn how_it_works(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "How it works").at(Place::HowItWorks).describing(
        "The steps of an escrow, every deadline with what happens if nobody acts, and who decides what.",
    );
    page::html(&HowItWorks { shell })
}

#[derive(Template)]
#[template(path = "pages/terms.html")]
struct Terms {
    shell: Shell,
    version: i64,
    fee_percent: Decimal,
    contact: String,
}

async fn terms(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Terms of service")
        .at(Place::Terms)
        .describing("The terms on which Holdfast holds money for buyers, sellers and brokers.");
    page::html(&Terms {
        shell,
        version: crate::accounts::TERMS_OF_SERVICE,
        fee_percent: FeeSchedule::default().percent,
        contact: app.config.mail_from.email.to_string(),
    })
}
