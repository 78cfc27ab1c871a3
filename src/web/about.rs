//! The public pages in words: what Holdfast is and how it works. Their numbers come
//! from where the rules stand, so that no text promises what the engine does not keep.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::currencies;
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::Icon;
use super::visit::Visit;
use crate::app::App;
use crate::engine::deadlines;
use crate::error::Error;
use crate::store::fees;

pub fn routes() -> Routes {
    Routes::new().get("/", Access::Public, welcome).get("/how-it-works", Access::Public, how_it_works)
}

#[derive(Template)]
#[template(path = "pages/welcome.html")]
struct Welcome {
    shell: Shell,
    /// "1%", or from the least to the most of all currencies.
    fee_percents: String,
}

async fn welcome(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Money held safely until the deal is done")
        .at(Place::Welcome)
        .describing("Escrow for buyers, sellers and brokers: the buyer pays in, the seller delivers, and the money moves only as agreed.");
    let current = fees::current(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    page::html(&Welcome { shell, fee_percents: current.percents(currencies::offered()) })
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
