//! What the arbiter reads: the contract, the files of what is before him, and what has happened of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::chair::Chair;
use crate::app::App;
use crate::engine::event::{Event, Record};
use crate::engine::terms::FileRef;
use crate::error::Error;
use crate::store::files;
use crate::web::download::attachment;
use crate::web::escrow::contract::Document;
use crate::web::escrow::texts::Texts;
use crate::web::escrow::timeline;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::EventView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/arbitration/{reference}/contract", Access::Party, read)
        .get("/arbitration/{reference}/history", Access::Party, history)
        .get("/arbitration/{reference}/files/{file}", Access::Party, file)
}

/// The contract as the arbiter of a chair reads it: without anybody's address, which they may not know.
///
/// # Errors
/// The database's.
pub async fn document(
    conn: &mut crate::store::db::Conn<'_>,
    chair: &Chair,
    with_files: bool,
) -> Result<Document, Error> {
    let scene = chair.scene();
    let texts = Texts::load(conn, &chair.escrow).await?;
    let files_at = with_files.then(|| chair.files_at());
    let name = |user| scene.name(user);
    Ok(Document::draw(&scene, &texts, files_at.as_deref(), &name, false))
}

#[derive(Template)]
#[template(path = "pages/arbiter/contract.html")]
struct Contract {
    shell: Shell,
    back: String,
    document: Document,
}

async fn read(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let chair = Chair::load_sitting(&app, &mut conn, account, &reference).await?;
    let escrow = &chair.escrow;
    page::html(&Contract {
        shell: Shell::new(&app, &visit, format!("Contract: {}", escrow.terms.title)).at(Place::Home),
        back: chair.path(),
        document: document(&mut conn, &chair, true).await?,
    })
}

#[derive(Template)]
#[template(path = "pages/arbiter/history.html")]
struct History {
    shell: Shell,
    back: String,
    reference: String,
    events: Vec<EventView>,
}

async fn history(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let chair = Chair::load_sitting(&app, &mut conn, account, &reference).await?;
    let records = chair.records(&mut conn).await?;
    let shown = records.iter().rev().filter(|record| chair.concerns(&record.event, &records));
    page::html(&History {
        shell: Shell::new(&app, &visit, format!("History: {}", chair.escrow.terms.title)).at(Place::Home),
        back: chair.path(),
        reference: chair.escrow.reference.clone(),
        events: shown.map(|record| timeline::of_record(&chair.scene(), record)).collect(),
    })
}

/// Whether a file belongs to the terms, or to what was laid before this arbiter.
fn may_have(chair: &Chair, records: &[Record], id: Uuid) -> bool {
    let has = |files: &[FileRef]| files.iter().any(|file| file.id == id);
    let laid = |record: &Record| match &record.event {
        Event::DisputeOpened { files, .. }
        | Event::Stated { files, .. }
        | Event::Delivered { files, .. }
        | Event::ProofSubmitted { files, .. } => has(files) && chair.concerns(&record.event, records),
        _ => false,
    };
    has(&chair.escrow.terms.files) || records.iter().any(laid)
}

async fn file(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((reference, file)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id: Uuid = file.parse().map_err(|_| Error::NotFound)?;
    let file = {
        let mut reader = app.db.read().await?;
        let mut conn = reader.conn();
        let chair = Chair::load_sitting(&app, &mut conn, account, &reference).await?;
        let records = chair.records(&mut conn).await?;
        if !may_have(&chair, &records, id) {
            return Err(Error::NotFound);
        }
        files::named(&mut conn, chair.escrow.id, id).await?.ok_or(Error::NotFound)?
    };
    attachment(&app, &file).await
}
