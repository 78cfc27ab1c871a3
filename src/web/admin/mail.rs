//! Every mail as it would arrive, so that an invitation can be followed on a first run without a mail
//! server. Where mails leave the house, the secrets in their links do not stand here.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sqlx::FromRow;
use uuid::Uuid;

use super::look::Looks;
use crate::app::App;
use crate::engine::status::capital;
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::db::{all, opt};
use crate::web::form::Search;
use crate::web::looks_as;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, PillView, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

/// So many on a page.
const PAGE: usize = 25;

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/mail", Access::Operator, list)
        .look("/admin/mail/{id}", Looks::AtMail, show)
        .look("/admin/mail/{id}/html", Looks::AtMail, html)
}

#[derive(Template)]
#[template(path = "pages/admin/mail.html")]
struct List {
    shell: Shell,
    sends: bool,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

struct Row {
    href: String,
    to: String,
    subject: String,
    at: TimeView,
    pill: PillView,
}

#[derive(Template)]
#[template(path = "pages/admin/mail_show.html")]
struct Show {
    shell: Shell,
    mail: Uuid,
    to: String,
    kind: String,
    pill: PillView,
    attempts: i64,
    created_at: TimeView,
    sent_at: Option<TimeView>,
    last_error: String,
    /// Empty while it was not sent.
    text: String,
    html: String,
    /// The first link of the portal in the text, if it still carries what it carried.
    link: String,
    /// Whether it can be opened as the person whom it is for.
    opens: bool,
}

#[derive(FromRow)]
struct Listed {
    id: Uuid,
    to_address: Option<String>,
    email: Option<String>,
    kind: String,
    subject: Option<String>,
    state: String,
    attempts: i64,
    created_at: Time,
}

#[derive(FromRow)]
struct Shown {
    to_address: Option<String>,
    email: Option<String>,
    kind: String,
    subject: Option<String>,
    state: String,
    attempts: i64,
    created_at: Time,
    sent_at: Option<Time>,
    last_error: Option<String>,
    body_text: Option<String>,
}

async fn list(
    State(app): State<App>,
    visit: Visit,
    OperatorOnly(operator): OperatorOnly,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<Uuid> = query.get("before").parse().ok();
    let mut found = all!(
        &mut app.db.read().await?.conn(),
        Listed,
        "SELECT o.id, o.to_address, coalesce(u.email, u.guest_email) AS email, o.kind, o.subject, o.state, o.attempts, o.created_at
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user
         WHERE o.id < $1 ORDER BY o.id DESC LIMIT $2",
        before.unwrap_or(Uuid::max()),
        i64::try_from(PAGE).unwrap_or(i64::MAX) + 1
    )?;
    // One more than is shown says whether there is another page.
    let has_older = found.len() > PAGE;
    found.truncate(PAGE);
    let older = found.last().filter(|_| has_older).map(|last| format!("/admin/mail?before={}", last.id));
    let reader = operator.reader(&app);
    let rows = found.into_iter().map(|one| Row {
        href: format!("/admin/mail/{}", one.id),
        pill: pill(&one.state, one.attempts, app.mailer.sends()),
        at: reader.time(one.created_at).plain(),
        to: one.to_address.or(one.email).unwrap_or_default(),
        subject: one.subject.unwrap_or_else(|| kind_in_words(&one.kind)),
    });
    page::html(&List {
        shell: Shell::new(&app, &visit, "Mail").at(Place::Admin),
        sends: app.mailer.sends(),
        rows: rows.collect(),
        newer: before.map(|_| "/admin/mail".to_owned()).unwrap_or_default(),
        older: older.unwrap_or_default(),
    })
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = id_of(&id)?;
    let mail = opt!(
        &mut app.db.read().await?.conn(),
        Shown,
        "SELECT o.to_address, coalesce(u.email, u.guest_email) AS email, o.kind, o.subject, o.state, o.attempts, o.created_at, o.sent_at,
                o.last_error, o.body_text
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user WHERE o.id = $1",
        id
    )?
    .ok_or(Error::NotFound)?;
    let reader = operator.reader(&app);
    let text = mail.body_text.unwrap_or_default();
    let subject = mail.subject.unwrap_or_else(|| kind_in_words(&mail.kind));
    page::html(&Show {
        shell: Shell::new(&app, &visit, subject).at(Place::Admin),
        mail: id,
        to: mail.to_address.or(mail.email).unwrap_or_default(),
        kind: kind_in_words(&mail.kind),
        pill: pill(&mail.state, mail.attempts, app.mailer.sends()),
        attempts: mail.attempts,
        created_at: reader.time(mail.created_at),
        sent_at: mail.sent_at.filter(|_| app.mailer.sends()).map(|at| reader.time(at)),
        last_error: mail.last_error.unwrap_or_default(),
        html: if text.is_empty() { String::new() } else { format!("/admin/mail/{id}/html") },
        link: own_link(&text, &app.config.public_url).to_owned(),
        text,
        opens: looks_as::is_possible(&app).await?,
    })
}

/// The HTML by itself and as if it came from nowhere: whatever stands in it runs nothing, fetches
/// nothing and knows no cookie.
async fn html(State(app): State<App>, _: OperatorOnly, Path(id): Path<String>) -> Result<Response, Error> {
    let id = id_of(&id)?;
    let row = opt!(
        &mut app.db.read().await?.conn(),
        (Option<String>,),
        "SELECT body_html FROM outbox WHERE id = $1",
        id
    )?;
    let body = row.and_then(|(body,)| body).ok_or(Error::NotFound)?;
    let policy = "sandbox allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
    ];
    Ok((headers, body).into_response())
}

/// The id in an address; nonsense is the address of nothing.
pub fn id_of(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// What has become of a mail. Without a mail server none leaves the house: it can be read here.
pub fn pill(state: &str, attempts: i64, sends: bool) -> PillView {
    match state {
        "sent" if !sends => PillView::new(Tone::Info, Icon::Mail, "Kept here, not sent"),
        "sent" => PillView::new(Tone::Good, Icon::MailCheck, "Sent"),
        "parked" => PillView::new(Tone::Bad, Icon::CircleAlert, "Given up"),
        "claimed" => PillView::new(Tone::Info, Icon::Send, "Being sent"),
        _ if attempts > 0 => PillView::new(Tone::Wait, Icon::RefreshCw, "To be tried again"),
        _ => PillView::new(Tone::Neutral, Icon::Clock, "Waiting"),
    }
}

/// `payment_due` → "Payment due".
pub fn kind_in_words(kind: &str) -> String {
    match kind {
        "sent" => return "Terms sent".to_owned(),
        "invited" => return "Invitation".to_owned(),
        "signed" => return "Somebody agreed".to_owned(),
        "agreed" => return "Everyone agreed".to_owned(),
        "start" => return "Money held, work can start".to_owned(),
        "released_for_you" => return "Released as approved".to_owned(),
        "released_to_you" => return "Released to the reader".to_owned(),
        "in_wallet" => return "Moved to the wallet".to_owned(),
        "refunded_to_you" => return "Refunded to the reader".to_owned(),
        "may_cancel" => return "Overdue, may cancel".to_owned(),
        _ => {}
    }
    capital(&kind.replace('_', " "))
}

/// The first address of this portal in a mail that leads to a page. Nothing when its secret was blanked.
pub fn own_link<'a>(text: &'a str, home: &str) -> &'a str {
    let is_own =
        |word: &&str| word.strip_prefix(home).is_some_and(|path| path.len() > 1 && path.starts_with('/'));
    text.split_whitespace().find(is_own).filter(|word| !word.contains('…')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_of_ours_that_still_works_is_offered() {
        let home = "https://h.example";
        let link = |text| own_link(text, home);
        assert_eq!(link("see\nhttps://h.example/reset/abc\nx"), "https://h.example/reset/abc");
        assert_eq!(link("https://h.example/reset/…"), "");
        assert_eq!(link("https://h.example.evil.example/x https://h.example"), "");
        assert_eq!(kind_in_words("payment_due"), "Payment due");
    }
}
