//! The mails about one escrow, and what became of each.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::apart::Opened;
use super::escrow::Head;
use super::look::Looks;
use super::mail;
use crate::app::App;
use crate::error::Error;
use crate::store::console::{self, MailLine};
use crate::web::page;
use crate::web::routes::Routes;
use crate::web::shell::{Place, Shell};
use crate::web::view::{PillView, Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many are shown, the newest.
const MOST: i64 = 200;

pub fn routes() -> Routes {
    Routes::new().look("/admin/escrows/{reference}/mails", Looks::AtEscrow, show)
}

#[derive(Template)]
#[template(path = "pages/admin/escrow_mails.html")]
struct Show {
    shell: Shell,
    head: Head,
    mails: Vec<Mail>,
}

struct Mail {
    href: String,
    to: String,
    subject: String,
    pill: PillView,
    at: TimeView,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Opened(book): Opened,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let mails = console::mails(conn, book.escrow.id, MOST).await?;
    let reader = operator.reader(&app);
    page::html(&Show {
        shell: Shell::new(&app, &visit, format!("Mails: {}", book.escrow.terms.title)).at(Place::Admin),
        head: Head::new(&book.escrow, "/mails"),
        mails: mails.into_iter().map(|one| row(one, &reader, app.mailer.sends())).collect(),
    })
}

fn row(one: MailLine, reader: &Reader, sends: bool) -> Mail {
    Mail {
        href: format!("/admin/mail/{}", one.id),
        to: one.to_address.or(one.email).unwrap_or_default(),
        subject: one.subject.unwrap_or_else(|| mail::kind_in_words(&one.kind)),
        pill: mail::pill(&one.state, one.attempts, sends),
        at: reader.time(one.created_at).plain(),
    }
}
