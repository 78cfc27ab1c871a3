//! What operators did and looked at. Nobody changes it, and every operator can read it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::error::Error;
use crate::store::audit::{self, Act, Line, Which, Who};
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/audit";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, show)
}

#[derive(Template)]
#[template(path = "pages/admin/audit.html")]
struct Show {
    shell: Shell,
    filters: Vec<Filter>,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

struct Row {
    at: TimeView,
    operator: String,
    did: &'static str,
    subject: String,
    /// Empty where it leads nowhere.
    href: String,
    note: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let which = match query.get("show") {
        "done" => Which::Done,
        "seen" => Which::Seen,
        _ => Which::All,
    };
    let before = query.get("before").parse().ok();
    let cut = Cut::new(audit::page(&mut app.db.read().await?.conn(), which, before, ASKED).await?);
    let chosen = match which {
        Which::All => "",
        Which::Done => "done",
        Which::Seen => "seen",
    };
    let filter = |(value, words): (&str, &'static str)| Filter {
        words,
        href: paging::address(PATH, &[("show", value)]),
        is_chosen: value == chosen,
    };
    let reader = operator.reader(&app);
    page::html(&Show {
        shell: Shell::new(&app, &visit, "Audit").at(Place::Admin),
        filters: [("", "All"), ("done", "What was done"), ("seen", "What was looked at")].map(filter).into(),
        newer: before.map(|_| paging::address(PATH, &[("show", chosen)])).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("show", chosen), ("before", &last.seq.to_string())])),
        rows: cut.rows.into_iter().map(|line| row(line, &reader)).collect(),
    })
}

fn row(line: Line, reader: &Reader) -> Row {
    let Line { at, who, operator, act, kind, subject, email, note, .. } = line;
    let act = Act::ALL.into_iter().find(|known| known.name() == act);
    let (subject, href) = match kind.as_str() {
        "user" => (email.unwrap_or_else(|| "an erased person".to_owned()), format!("/admin/users/{subject}")),
        "escrow" => (subject.clone(), format!("/admin/escrows/{subject}")),
        "mail" => ("a mail".to_owned(), format!("/admin/mail/{subject}")),
        "payment" => (format!("a payment of {subject}"), format!("/admin/escrows/{subject}")),
        "fee" => (format!("the fee in {subject}"), "/admin/fees".to_owned()),
        "notice" => (format!("the notice {subject}"), "/admin/payments/notices".to_owned()),
        "security" => ("the security log".to_owned(), "/admin/security".to_owned()),
        "terms" => (format!("version {subject} of the terms of service"), "/admin/terms".to_owned()),
        _ => (String::new(), String::new()),
    };
    // A ruling's note is the name of its command.
    let note = match (act, note.as_str()) {
        (Some(Act::Ruled), "rule") => "Ruled".to_owned(),
        (Some(Act::Ruled), "confirm_ruling") => "Confirmed a ruling".to_owned(),
        (Some(Act::Ruled), "return_ruling") => "Sent a ruling back".to_owned(),
        (Some(Act::MovedRefund), "retry_refund") => "Had it sent again".to_owned(),
        (Some(Act::MovedRefund), "refund_to_wallet") => "Put it into the buyer’s wallet".to_owned(),
        _ => note,
    };
    let operator = match who {
        Who::User(_) => operator,
        Who::Machine => "The command line".to_owned(),
        Who::Program => "The program".to_owned(),
    };
    Row { at: reader.time(at).plain(), operator, did: act.map_or("Did", words), subject, href, note }
}

fn words(act: Act) -> &'static str {
    match act {
        Act::Looked => "Looked at",
        Act::Searched => "Searched",
        Act::Froze => "Froze",
        Act::Unfroze => "Unfroze",
        Act::SetFee => "Set",
        Act::PublishedTerms => "Published",
        Act::Retried => "Had tried again",
        Act::Ruled => "Acted in a dispute of",
        Act::MovedRefund => "Moved a failed refund of",
        Act::MovedClock => "Moved the rehearsal’s clock on",
        Act::SettledNotice => "Looked after",
        Act::Left => "Is no operator any more:",
        Act::BecameOperator => "Became an operator:",
        Act::LinkedOperator => "Made a link to become an operator",
        Act::UnlinkedOperator => "Took back the link to become an operator of",
        Act::Began => "Began this list: each line seals all before it",
        Act::SetKey => "Set the key that signs checkpoints",
        Act::MadeCheckpoint => "Made a checkpoint",
        Act::Erased => "Erased what was kept long enough:",
        Act::ProposedFee => "Proposed",
        Act::DroppedFee => "Dropped a proposal for",
    }
}
