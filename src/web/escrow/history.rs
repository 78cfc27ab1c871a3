//! The whole history of an escrow, with the fingerprint that seals each entry and all before it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::seat::Seat;
use super::timeline;
use crate::app::App;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::history;
use crate::store::outbox::{self, Posted};
use crate::web::admin::mail;
use crate::web::form::Search;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{EventView, PillView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PAGE: usize = 25;
const MAILS: usize = 50;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/history", Access::Party, show)
}

#[derive(Template)]
#[template(path = "pages/escrow/history.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    entries: Vec<(EventView, String)>,
    older: String,
    /// What was mailed to whom, on the first page.
    mails: Vec<Mailed>,
    more_mails: bool,
}

/// A mail without its text, which is its reader's own.
struct Mailed {
    about: String,
    to: String,
    pill: PillView,
    at: TimeView,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let before: Option<i64> = search.get("before").parse().ok();
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(&app, &mut conn, account, &reference).await?;
    let most = i64::try_from(PAGE).unwrap_or_default() + 1;
    let mut stored = history::newest(&mut conn, seat.escrow.id, seat.hides(), before, most).await?;
    let more = stored.len() > PAGE;
    stored.truncate(PAGE);
    let older = match stored.last() {
        Some(last) if more => format!("{}/history?before={}", seat.path(), last.seq),
        _ => String::new(),
    };
    let mails = match before {
        None => {
            outbox::of_escrow(&mut conn, seat.escrow.id, i64::try_from(MAILS).unwrap_or_default() + 1).await?
        }
        Some(_) => Vec::new(),
    };
    // A payee knows of his own mails alone, as of his own line.
    // What operators are told is between them; the arbiter's mails are everybody's who takes part.
    let arbiter = seat.escrow.terms.arbiter.as_ref().map(|arbiter| arbiter.user);
    let takes_part = |user| seat.escrow.party_of(user).is_some() || arbiter == Some(user);
    // The broker's are the broker's own: they would tell of money that can be hidden from the reader.
    let brokers = |user| seat.escrow.party_of(user).is_some_and(|party| party.role == Role::Broker);
    let is_shown = |one: &&Posted| {
        let others = seat.role != Role::Payee && takes_part(one.to_user) && !brokers(one.to_user);
        one.to_user == seat.account.id || others
    };
    let hashes = stored.iter().map(|stored| HEXLOWER.encode(&stored.hash));
    let entries = timeline::entries(&seat, &stored).into_iter().zip(hashes).collect();
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("History: {}", seat.escrow.terms.title)).at(Place::Escrows),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        entries,
        older,
        more_mails: mails.len() > MAILS,
        mails: mails.iter().take(MAILS).filter(is_shown).map(|one| mailed(&app, &seat, one)).collect(),
    })
}

fn mailed(app: &App, seat: &Seat, one: &Posted) -> Mailed {
    let role = seat.escrow.party_of(one.to_user).map_or("arbiter", |party| party.role.word());
    Mailed {
        about: mail::kind_in_words(&one.kind),
        to: format!("{} ({role})", seat.name(one.to_user)),
        pill: mail::pill(&one.state, one.attempts, app.mailer.sends()),
        at: seat.reader.time(one.created_at).plain(),
    }
}
