//! What the parties wrote to each other, the newest first, and the form to write more. A message is part of the
//! history: nobody can take it back or deny it. Payees take no part in the conversation.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, refused, send};
use super::parcel::{Parcel, Typed, boxes, drain};
use super::rounds::file_view;
use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::engine::offers::Action;
use crate::engine::refusal::Refusal;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::execute::Outcome;
use crate::store::files::{self, Purpose};
use crate::store::history::{self, Stored};
use crate::store::throttle::MESSAGES_BY_USER;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Problems, Search};
use crate::web::page;
use crate::web::paging::{ASKED, Cut};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::MOST_BYTES;
use crate::web::view::{Choice, FileView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/messages";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, show).upload(PATH, Access::Party, MOST_BYTES, say)
}

#[derive(Template)]
#[template(path = "pages/escrow/messages.html")]
struct Page {
    shell: Shell,
    path: String,
    deal: String,
    reference: String,
    messages: Vec<Message>,
    /// The page of those before; empty for none.
    older: String,
    is_first: bool,
    /// Why nothing more can be written; empty where it can.
    why_not: String,
    /// Who reads what is written, besides whoever writes it.
    readers: String,
    kept: Vec<Choice>,
    note: String,
    problems: Problems,
    key: String,
}

/// One message.
struct Message {
    /// Its place in the history, which is its anchor too.
    seq: i64,
    by: String,
    role: &'static str,
    is_yours: bool,
    at: TimeView,
    text: String,
    files: Vec<FileView>,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let before = search.get("before").parse().ok();
    draw(&app, &visit, account, &reference, before, StatusCode::OK, Typed::default()).await
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    before: Option<i64>,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(app, &mut conn, account, reference).await?;
    let stored = history::of_kind(&mut conn, seat.escrow.id, "said", seat.hides(), before, ASKED).await?;
    let cut = Cut::new(stored);
    let older = cut.next(|last| format!("{}/messages?before={}", seat.path(), last.seq));
    let messages = messages(&mut conn, &seat, &cut.rows).await?;
    let shell = Shell::new(app, visit, format!("Messages: {}", seat.escrow.terms.title)).at(Place::Escrows);
    let page = Page {
        shell: shell.with_problems(!typed.problems.is_empty()),
        path: seat.path(),
        deal: seat.escrow.terms.title.clone(),
        reference: seat.escrow.reference.clone(),
        messages,
        older,
        is_first: before.is_none(),
        why_not: refusal(&seat).map_or_else(String::new, |refusal| refusal.sentence()),
        readers: seat.the_others(),
        kept: boxes(&typed.kept),
        note: typed.note,
        problems: typed.problems,
        key: if typed.key.is_empty() { app.clock.id().to_string() } else { typed.key },
    };
    page::with_status(status, &page)
}

/// Why nothing can be written now.
fn refusal(seat: &Seat) -> Option<Refusal> {
    let offer = seat.offers().into_iter().find(|offer| offer.action == Action::Say);
    offer.and_then(|offer| offer.refusal)
}

async fn messages(conn: &mut Conn<'_>, seat: &Seat, stored: &[Stored]) -> Result<Vec<Message>, Error> {
    // What a newer version wrote and this one can't read is left out here; the history says so.
    let records = stored.iter().filter_map(|stored| Some((stored.seq, stored.record().ok()?)));
    let records: Vec<_> = records.collect();
    let has_files = records
        .iter()
        .any(|(_, record)| matches!(&record.event, Event::Said { files, .. } if !files.is_empty()));
    let rows = if has_files { files::of_escrow(conn, seat.escrow.id).await? } else { Vec::new() };
    let files_at = seat.files_at();
    let message = |(seq, record): (i64, crate::engine::event::Record)| {
        let Event::Said { text, files } = &record.event else { return None };
        let user = record.actor.user()?;
        Some(Message {
            seq,
            by: seat.name(user),
            role: seat.escrow.party_of(user).map_or("", |party| party.role.word()),
            is_yours: user == seat.account.id,
            at: seat.reader.time(record.at),
            text: text.clone(),
            files: files.iter().map(|file| file_view(&files_at, file, &rows)).collect(),
        })
    };
    Ok(records.into_iter().filter_map(message).collect())
}

async fn say(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account.clone(), &reference).await?;
    // Nothing is stored of what nobody wants, and it is read all the same: see `deliver.rs`.
    if let Some(refusal) = refusal(&seat) {
        drain(request.into_body()).await;
        return Err(refused(&refusal));
    }
    let missing = "Write a message or attach a file.";
    let mut parcel = Parcel::receive(&app, request, account.id, Purpose::Evidence, missing).await?;
    if !parcel.problems.is_empty() {
        parcel.keep(&app).await?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return draw(&app, &visit, account, &reference, None, status, Typed::of(parcel)).await;
    }
    // Each message is mailed to the others.
    page::slow_down(&app, &[(&MESSAGES_BY_USER, &account.id.to_string())]).await?;
    let (files, evidence) = parcel.packed(&app, seat.escrow.id);
    let command = Command::Say { text: parcel.note.clone(), files };
    let outcome = send(&app, &seat, &parcel.upload.fields, command, Some(evidence)).await?;
    if outcome == Outcome::KeyReused {
        // A second click with files, or the page of before with other words: nothing typed is lost.
        parcel.problems.add(
            "",
            "A message was sent from this page before: see below. If this is another one, send it again.",
        );
        parcel.keep(&app).await?;
        let typed = Typed { key: String::new(), ..Typed::of(parcel) };
        return draw(&app, &visit, account, &reference, None, StatusCode::CONFLICT, typed).await;
    }
    answer(outcome, &format!("{}/messages", seat.path()), Flash::MessageSent)
}
