//! The terms of a sale by a pay link, word for word, for whoever holds the link: the text that was stored when the
//! link was made, without the seller's address.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::escrow::contract::Document;
use super::escrow::seat::Scene;
use super::escrow::texts::Texts;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::visit::Visit;
use super::visitor::Visitor;
use crate::app::App;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::{escrows, links};

pub fn routes() -> Routes {
    Routes::new().get("/pay/{token}/terms", Access::Token, show)
}

#[derive(Template)]
#[template(path = "pages/link/terms.html")]
struct Page {
    shell: Shell,
    back: String,
    document: Document,
}

async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    Path(secret): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let link = links::find(conn, &secret).await?.ok_or(Error::NotFound)?;
    let mut escrow = escrows::by_id(conn, link.escrow).await?.ok_or(Error::NotFound)?;
    let people = escrows::people(conn, escrow.id).await?;
    let texts = Texts::load(conn, &escrow).await?;
    // The link does not tell who has bought by it.
    escrow.parties.retain(|party| party.role == Role::Seller);
    let zone = Visitor(visitor).reader(&app);
    let scene = Scene { escrow: &escrow, people: &people, reader: &zone };
    let name = |user| scene.name(user);
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("Terms: {}", escrow.terms.title)),
        back: format!("/pay/{secret}"),
        document: Document::draw(&scene, &texts, None, &name, false),
    })
}
