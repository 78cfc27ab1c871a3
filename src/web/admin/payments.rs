//! Everybody's payments as they stand with their providers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use super::laws::money;
use crate::app::App;
use crate::engine::vocabulary::{Kind, Movement, Progress};
use crate::error::Error;
use crate::store::console::{self, PaymentLine, Payments};
use crate::store::payments::Payment;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, MoneyView, PillView, Reader, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/payments";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, list)
}

const STATES: [(&str, &str, Payments); 5] = [
    ("", "All", Payments::All),
    ("pending", "Pending", Payments::Pending),
    ("failed", "Failed", Payments::Failed),
    ("refunds", "Failed refunds", Payments::FailedRefunds),
    ("twice", "Sent twice", Payments::SentTwice),
];

#[derive(Template)]
#[template(path = "pages/admin/payments.html")]
struct List {
    shell: Shell,
    filters: Vec<Filter>,
    order: &'static str,
    rows: Vec<Row>,
    first: String,
    next: String,
}

struct Row {
    /// "Deposit by sandbox".
    what: String,
    href: String,
    reference: String,
    who: String,
    amount: MoneyView,
    pill: PillView,
    /// The page on which something is done about it; empty for none.
    act: String,
    /// Why it failed, or what keeps its provider from being told.
    reason: String,
    at: TimeView,
}

async fn list(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let state = STATES.into_iter().find(|(name, ..)| *name == query.get("state")).unwrap_or(STATES[0]);
    let (name, _, which) = state;
    let from: Option<Uuid> = query.get("from").parse().ok();
    let found = console::payments(&mut app.db.read().await?.conn(), which, operator.id, from, ASKED).await?;
    let cut = Cut::new(found);
    let reader = operator.reader(&app);
    let here = |from: &str| paging::address(PATH, &[("state", name), ("from", from)]);
    let filter = |(of, words, _): (&'static str, &'static str, Payments)| Filter {
        words,
        href: paging::address(PATH, &[("state", of)]),
        is_chosen: of == name,
    };
    page::html(&List {
        shell: Shell::new(&app, &visit, "Payments").at(Place::Admin),
        filters: STATES.into_iter().map(filter).collect(),
        order: if which.is_worked_off() { "the oldest first" } else { "the newest first" },
        first: from.map(|_| here("")).unwrap_or_default(),
        next: cut.next(|last| here(&last.id.to_string())),
        rows: cut.rows.iter().map(|one| row(one, &reader)).collect(),
    })
}

fn row(one: &PaymentLine, reader: &Reader) -> Row {
    Row {
        what: what(&one.kind, &one.method),
        href: format!("/admin/escrows/{}", one.reference),
        reference: one.reference.clone(),
        who: one.email.clone().unwrap_or_default(),
        amount: money(&one.currency, one.amount_minor),
        pill: pill(&one.state),
        act: one
            .refund
            .filter(|_| one.state == "failed")
            .map(|refund| format!("/admin/escrows/{}/refunds/{refund}", one.reference))
            .unwrap_or_default(),
        reason: match one.sent_twice_at {
            Some(_) => {
                "The money went out twice: the provider paid this refund after it had gone another way. \
                        Ask the provider, or the buyer, for one of them."
                    .to_owned()
            }
            None => one.reason.clone().or_else(|| one.last_error.clone()).unwrap_or_default(),
        },
        at: reader.time(one.created_at).plain(),
    }
}

/// The kind and the way of a payment in words.
#[must_use]
pub fn what(kind: &str, method: &str) -> String {
    match (kind, method) {
        ("escrow-deposit", "wallet") => "Deposit from the wallet".to_owned(),
        ("escrow-deposit", _) => format!("Deposit by {method}"),
        ("escrow-payout", "wallet") => "Payout to the wallet".to_owned(),
        ("escrow-payout", _) => format!("Payout by {method}"),
        ("escrow-refund", "wallet") => "Refund to the wallet".to_owned(),
        ("escrow-refund", _) => format!("Refund by {method}"),
        _ => format!("{kind} by {method}"),
    }
}

/// A payment as the other products' names of a state need it; nothing for what they have no word for.
#[must_use]
pub fn movement(payment: &Payment) -> Option<Movement> {
    let kind = match payment.kind.as_str() {
        "escrow-deposit" => Kind::Charge,
        "escrow-payout" => Kind::Payout,
        "escrow-refund" => Kind::Refund,
        _ => return None,
    };
    let progress = match payment.state.as_str() {
        "successful" => Progress::Successful,
        "failed" => Progress::Failed,
        _ => Progress::Initiated,
    };
    Some(Movement { kind, progress, at: payment.settled_at.unwrap_or(payment.created_at) })
}

/// The state of a payment.
#[must_use]
pub fn pill(state: &str) -> PillView {
    match state {
        "successful" => PillView::new(Tone::Good, Icon::CircleCheck, "Successful"),
        "failed" => PillView::new(Tone::Bad, Icon::CircleAlert, "Failed"),
        "pending" => PillView::new(Tone::Wait, Icon::Hourglass, "Pending"),
        other => PillView::new(Tone::Neutral, Icon::CircleDashed, other.to_owned()),
    }
}
