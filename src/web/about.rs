//! The public pages: what Holdfast is, how it works, what it costs and on which terms.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::visit::Visit;
use crate::app::App;
use crate::error::Error;

pub fn routes() -> Routes {
    Routes::new().get("/", Access::Public, welcome)
}

#[derive(Template)]
#[template(path = "pages/welcome.html")]
struct Welcome {
    shell: Shell,
}

async fn welcome(State(app): State<App>, visit: Visit) -> Result<Response, Error> {
    let shell = Shell::new(&app, &visit, "Money held safely until the deal is done")
        .at(Place::Welcome)
        .describing("Escrow for buyers, sellers and brokers: the buyer pays in, the seller delivers, and the money moves only as agreed.");
    page::html(&Welcome { shell })
}
