//! Short answers with a confirm page each: accept, decline, withdraw, close.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::contract::Document;
use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/accept", Access::Party, ask_accept)
        .post("/escrows/{reference}/accept", Access::Party, accept)
        .get("/escrows/{reference}/decline", Access::Party, ask_decline)
        .post("/escrows/{reference}/decline", Access::Party, decline)
        .get("/escrows/{reference}/withdraw", Access::Party, ask_withdraw)
        .post("/escrows/{reference}/withdraw", Access::Party, withdraw)
        .get("/escrows/{reference}/close", Access::Party, ask_close)
        .post("/escrows/{reference}/close", Access::Party, close)
}

/// What a confirm page says.
struct Words {
    action: Action,
    below: &'static str,
    title: &'static str,
    consequence: &'static str,
    button: String,
    danger: bool,
    asks_reason: bool,
}

#[derive(Template)]
#[template(path = "pages/escrow/answer.html")]
struct Page {
    shell: Shell,
    /// The terms, where they are what is answered.
    document: Option<Document>,
    path: String,
    below: &'static str,
    escrow_title: String,
    reference: String,
    amount: crate::web::view::MoneyView,
    title: &'static str,
    consequence: &'static str,
    button: String,
    danger: bool,
    asks_reason: bool,
    reason: String,
    problems: Problems,
    version: u32,
    /// Empty where it is possible now, else why not.
    blocked: String,
    seen: String,
    key: String,
}

/// What follows if somebody declines, who may be paid already.
#[must_use]
pub fn declining(paid: bool) -> &'static str {
    if paid {
        "The escrow ends for everyone, and this cannot be undone. The buyer has paid already: all of it goes back to the buyer, and nobody owes anything."
    } else {
        "The escrow ends for everyone, and this cannot be undone. Nothing was paid and nobody owes anything."
    }
}

fn words(action: Action, version: u32, paid: bool) -> Words {
    let base = Words {
        action,
        below: "close",
        title: "Close the escrow",
        consequence: "Closing is final. The escrow stays readable for its parties, and nothing can be done in it any more.",
        button: "Close the escrow".to_owned(),
        danger: false,
        asks_reason: false,
    };
    match action {
        Action::Accept => Words {
            below: "accept",
            title: "Accept the terms",
            consequence: "You agree to these terms. Once everyone has, the buyer is asked to pay.",
            button: format!("Accept version {version}"),
            ..base
        },
        Action::Decline => Words {
            below: "decline",
            title: "Decline this deal",
            consequence: declining(paid),
            button: "Decline this deal".to_owned(),
            danger: true,
            asks_reason: true,
            ..base
        },
        Action::Withdraw => Words {
            below: "withdraw",
            title: "Withdraw this escrow",
            consequence: "The escrow ends for everyone, and this cannot be undone. Nothing was paid and nobody owes anything.",
            button: "Withdraw this escrow".to_owned(),
            danger: true,
            ..base
        },
        _ => base,
    }
}

async fn load(app: &App, account: Account, reference: &str) -> Result<Seat, Error> {
    Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await
}

async fn ask(
    app: &App,
    account: Account,
    visit: &Visit,
    reference: &str,
    action: Action,
    (reason, problems): (String, Problems),
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(app, &mut reader.conn(), account, reference).await?;
    // Nobody accepts what is not on the page.
    let document = match action {
        Action::Accept => Some(Document::load(&mut reader.conn(), &seat).await?),
        _ => None,
    };
    let words = words(action, seat.escrow.version, seat.escrow.funded());
    let offers = seat.offers();
    let blocked = match offers.iter().find(|offer| offer.action == words.action) {
        Some(offer) => offer.refusal.as_ref().map(|refusal| refusal.sentence()).unwrap_or_default(),
        None => "This has already been done.".to_owned(),
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        document,
        shell: Shell::new(app, visit, words.title).at(Place::Escrows).with_problems(!problems.is_empty()),
        path: seat.path(),
        below: words.below,
        escrow_title: seat.escrow.terms.title.clone(),
        reference: seat.escrow.reference.clone(),
        amount: seat.money(seat.escrow.terms.amount_minor),
        title: words.title,
        consequence: words.consequence,
        button: words.button,
        danger: words.danger,
        asks_reason: words.asks_reason,
        reason,
        problems,
        blocked,
        version: seat.escrow.version,
        seen: seat.escrow.seen(Scope::Whole),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

macro_rules! asks {
    ($($name:ident $action:ident)*) => {
        $(async fn $name(
            State(app): State<App>,
            SignedIn(account): SignedIn,
            visit: Visit,
            Path(reference): Path<String>,
        ) -> Result<Response, Error> {
            ask(&app, account, &visit, &reference, Action::$action, (String::new(), Problems::new())).await
        })*
    };
}
asks! { ask_accept Accept ask_decline Decline ask_withdraw Withdraw ask_close Close }

async fn accept(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    // Whoever answers a version that stands no longer is told which one does.
    let version = fields.get("version").parse().unwrap_or_default();
    let command = Command::Accept { version };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    answer(outcome, &seat.path(), Flash::Accepted)
}

async fn decline(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let reason = fields.optional_text("reason", LONGEST_TEXT, &mut problems);
    if !problems.is_empty() {
        return ask(&app, account, &visit, &reference, Action::Decline, (reason, problems)).await;
    }
    let seat = load(&app, account, &reference).await?;
    let command = Command::Decline { reason };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    answer(outcome, &seat.path(), Flash::Declined)
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    let outcome = send(&app, &seat, &fields, Command::Withdraw, None).await?;
    answer(outcome, &seat.path(), Flash::Withdrawn)
}

async fn close(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    let outcome = send(&app, &seat, &fields, Command::Close, None).await?;
    answer(outcome, &seat.path(), Flash::Closed)
}
