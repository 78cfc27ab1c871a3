//! What the portal has told its reader, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use super::flash::Flash;
use super::form::{Fields, Search};
use super::page;
use super::paging::{self, ASKED, Cut};
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::{Reader, TimeView};
use super::visit::Visit;
use super::visitor::SignedIn;
use crate::app::App;
use crate::engine::notices::Notice;
use crate::error::Error;
use crate::store::notifications::{self, Notification};

const PATH: &str = "/notifications";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::SignedIn, list)
        .post("/notifications/read", Access::SignedIn, mark_read)
        .post("/notifications/open", Access::SignedIn, open)
}

#[derive(Template)]
#[template(path = "pages/notifications.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    /// The newest one shown, while something is unread: the button marks up to it.
    upto: String,
    newer: String,
    older: String,
}

struct Row {
    id: Uuid,
    subject: String,
    href: String,
    /// The first of its paragraphs; the others stand in the mail, and what they tell on the page.
    text: String,
    reference: String,
    is_new: bool,
    at: TimeView,
}

async fn list(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<Uuid> = query.get("before").parse().ok();
    let found = notifications::page(&mut app.db.read().await?.conn(), account.id, before, ASKED).await?;
    let cut = Cut::new(found);
    let reader = account.reader(&app);
    let has_unread = visit.person().is_some_and(|person| person.unread > 0);
    // Only the first page knows the newest; to mark from a later one would leave newer ones unread.
    let newest = cut.rows.first().filter(|_| has_unread && before.is_none());
    page::html(&List {
        shell: Shell::new(&app, &visit, "Notifications").at(Place::Notifications),
        upto: newest.map(|newest| newest.id.to_string()).unwrap_or_default(),
        newer: before.map(|_| PATH.to_owned()).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("before", &last.id.to_string())])),
        rows: cut.rows.iter().map(|one| row(one, &reader)).collect(),
    })
}

fn row(one: &Notification, reader: &Reader) -> Row {
    let page = format!("/escrows/{}", one.reference);
    let notice: Option<Notice> = serde_json::from_str(&one.notice).ok();
    // What this version can't read still leads to its escrow.
    let (subject, text, href) = match notice {
        Some(notice) => {
            let words = notice.words(&one.title, &|at| reader.zone.moment(at));
            let text = words.paragraphs.into_iter().next().unwrap_or_default();
            (words.subject, text, notice.address(&one.reference, &words.path))
        }
        None => (format!("News of {}", one.title), String::new(), page),
    };
    Row {
        id: one.id,
        subject,
        href,
        text,
        reference: one.reference.clone(),
        is_new: one.read_at.is_none(),
        at: reader.time(one.created_at),
    }
}

/// Following an unread one reads it. A page view changes nothing, so it is a form that leads there.
async fn open(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let id = fields.get("id").parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.write().await?;
    let one = notifications::open(&mut tx.conn(), account.id, id, app.clock.now()).await?;
    tx.commit().await?;
    let one = one.ok_or(Error::NotFound)?;
    Ok(page::redirect(&row(&one, &account.reader(&app)).href))
}

async fn mark_read(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let upto = fields.get("upto").parse().map_err(|_| {
        Error::BadRequest(
            "This form lacks the notice up to which you have read. Open the page again.".to_owned(),
        )
    })?;
    let mut tx = app.db.write().await?;
    notifications::mark_read(&mut tx.conn(), account.id, upto, app.clock.now()).await?;
    tx.commit().await?;
    Ok(page::see_other(PATH, Flash::NoticesRead))
}
