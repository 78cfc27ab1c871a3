//! What an operator reads who decides a dispute: every version of the terms, and what the parties wrote to each
//! other. Each look is written down.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::apart::Opened;
use super::disputes::{has_dispute, path_of};
use super::look::Looks;
use crate::app::App;
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::versions;
use crate::error::Error;
use crate::store::contracts;
use crate::store::escrows;
use crate::store::files::{self, FileRow};
use crate::store::history;
use crate::web::escrow::contract::Document;
use crate::web::escrow::rounds::file_view;
use crate::web::escrow::seat::Scene;
use crate::web::escrow::texts::Texts;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut};
use crate::web::routes::Routes;
use crate::web::shell::{Place, Shell};
use crate::web::view::{FileView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

pub fn routes() -> Routes {
    Routes::new().look("/admin/disputes/{reference}/{number}/contract", Looks::AtEscrow, read).look(
        "/admin/disputes/{reference}/{number}/messages",
        Looks::AtEscrow,
        messages,
    )
}

#[derive(Template)]
#[template(path = "pages/admin/contract.html")]
struct Contract {
    shell: Shell,
    back: String,
    /// The number of the version that is shown, of the one that stands, and of all of them.
    version: u32,
    stands: u32,
    versions: Vec<u32>,
    document: Document,
    text: String,
}

async fn read(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path((_, number)): Path<(String, String)>,
    Opened(book): Opened,
    Search(query): Search,
) -> Result<Response, Error> {
    has_dispute(&book.escrow, &number)?;
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let stands = book.escrow.version;
    let wanted = if query.has("version") { query.get("version").parse().ok() } else { Some(stands) };
    let versions = versions::versions(&history::of_terms(conn, book.escrow.id).await?);
    let shown = versions.iter().find(|version| Some(version.number) == wanted).ok_or(Error::NotFound)?;
    let people = escrows::people(conn, book.escrow.id).await?;
    let reader = operator.reader(&app);
    let scene = Scene { escrow: &shown.escrow, people: &people, reader: &reader };
    let back = path_of(&book.escrow, &number);
    let texts = Texts::of(&contracts::of_escrow(conn, book.escrow.id).await?, shown.number);
    let (files_at, name) = (format!("{back}/files"), |user| scene.name(user));
    let mut document = Document::draw(&scene, &texts, Some(&files_at), &name, true);
    // Whoever decides reads what the parties agreed on the side as well.
    document.side = texts.side(&shown.escrow, Role::Broker);
    page::html(&Contract {
        shell: Shell::new(&app, &visit, format!("Contract: {}", shown.escrow.terms.title)).at(Place::Admin),
        version: shown.number,
        stands,
        versions: versions.iter().map(|version| version.number).collect(),
        document,
        text: texts.contract(),
        back,
    })
}

#[derive(Template)]
#[template(path = "pages/admin/messages.html")]
struct Messages {
    shell: Shell,
    back: String,
    reference: String,
    messages: Vec<Message>,
    newer: String,
    older: String,
}

struct Message {
    seq: i64,
    by: String,
    role: &'static str,
    at: TimeView,
    text: String,
    files: Vec<FileView>,
}

async fn messages(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path((_, number)): Path<(String, String)>,
    Opened(book): Opened,
    Search(query): Search,
) -> Result<Response, Error> {
    has_dispute(&book.escrow, &number)?;
    let before: Option<i64> = query.get("before").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let cut = Cut::new(history::of_kind(conn, book.escrow.id, "said", false, before, ASKED).await?);
    let people = escrows::people(conn, book.escrow.id).await?;
    let rows = files::of_escrow(conn, book.escrow.id).await?;
    let reader = operator.reader(&app);
    let scene = Scene { escrow: &book.escrow, people: &people, reader: &reader };
    let back = path_of(&book.escrow, &number);
    let here = |before: &str| paging::address(&format!("{back}/messages"), &[("before", before)]);
    page::html(&Messages {
        shell: Shell::new(&app, &visit, format!("Messages: {}", book.escrow.terms.title)).at(Place::Admin),
        reference: book.escrow.reference.clone(),
        messages: cut.rows.iter().filter_map(|stored| message(&scene, stored, &rows, &back)).collect(),
        newer: before.map(|_| here("")).unwrap_or_default(),
        older: cut.next(|last| here(&last.seq.to_string())),
        back,
    })
}

/// What a newer version of the program wrote and this one can't read is left out; the history says so.
fn message(scene: &Scene<'_>, stored: &history::Stored, rows: &[FileRow], back: &str) -> Option<Message> {
    let record = stored.record().ok()?;
    let Event::Said { text, files } = record.event else { return None };
    let user = record.actor.user()?;
    Some(Message {
        seq: stored.seq,
        by: scene.name(user),
        role: scene.escrow.party_of(user).map_or("", |party| party.role.word()),
        at: scene.reader.time(record.at),
        text,
        files: files.iter().map(|file| file_view(&format!("{back}/files"), file, rows)).collect(),
    })
}
