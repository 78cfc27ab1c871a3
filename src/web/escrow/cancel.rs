//! Cancelling what is open: the buyer asks, the seller agrees, refuses, or cancels by himself.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::act::{CHANGED, answer, send, status_of};
use super::outcome;
use super::seat::Seat;
use super::transfers::Transfers;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::{Action, Offer, offered};
use crate::engine::party::Role;
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const CANCEL: &str = "/escrows/{reference}/cancel";

pub fn routes() -> Routes {
    Routes::new()
        .get(CANCEL, Access::Party, show)
        .post(CANCEL, Access::Party, request)
        .post("/escrows/{reference}/cancel/withdrawal", Access::Party, withdraw)
        .post("/escrows/{reference}/cancel/agreement", Access::Party, agree)
        .post("/escrows/{reference}/cancel/refusal", Access::Party, refuse)
        .get("/g/{token}/cancel", Access::Guest, show)
        .post("/g/{token}/cancel", Access::Guest, request)
        .post("/g/{token}/cancel/withdrawal", Access::Guest, withdraw)
}

#[derive(Template)]
#[template(path = "pages/escrow/cancel.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: &'static str,
    standing: Option<Standing>,
    /// The milestones that it is about, by title.
    about: Vec<String>,
    transfers: Transfers,
    /// What the buyer gets back.
    sum: String,
    /// And where.
    way: String,
    can_request: bool,
    can_withdraw: bool,
    can_cancel: bool,
    can_refuse: bool,
    /// Why nothing is possible here.
    blocked: String,
    /// Who reads a reason, besides whoever writes it.
    readers: String,
    problems: Problems,
    reason: String,
    seen: String,
    key: String,
}

/// The request that stands.
struct Standing {
    reason: String,
    since: TimeView,
    answer_by: TimeView,
}

fn refusal_of(offers: &[Offer], action: Action) -> String {
    let offer = offers.iter().find(|offer| offer.action == action);
    offer.and_then(|offer| offer.refusal.as_ref()).map(|refusal| refusal.sentence()).unwrap_or_default()
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    typed: Option<(String, Problems)>,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let seat = Seat::load(app, conn, account, reference).await?.with_ways_back(conn).await?;
    let (scene, offers) = (seat.scene(), seat.offers());
    let open = seat.escrow.open_milestones();
    let splits = outcome::all_back(&scene, &open);
    let standing = seat.escrow.cancellation.as_ref().map(|request| Standing {
        reason: request.reason.clone(),
        since: seat.reader.time(request.since),
        answer_by: seat.reader.time(request.answer_by),
    });
    let (can_request, can_cancel) =
        (offered(&offers, Action::RequestCancellation), offered(&offers, Action::CancelAll));
    let can_withdraw = offered(&offers, Action::WithdrawCancellation);
    let can_refuse = offered(&offers, Action::RefuseCancellation);
    let own = if seat.role == Role::Seller { Action::CancelAll } else { Action::RequestCancellation };
    let nothing = !(can_request || can_cancel || can_withdraw || can_refuse || standing.is_some());
    let title = match (seat.role, standing.is_some()) {
        (Role::Seller, true) => "The buyer asks to cancel",
        (_, true) => "Cancellation asked for",
        (Role::Seller, false) => "Cancel and refund",
        (_, false) => "Ask to cancel",
    };
    let (reason, problems) = typed.unwrap_or_default();
    let status = status_of(&problems);
    let page = Page {
        shell: Shell::new(app, visit, title).at(Place::Escrows).with_problems(!problems.is_empty()),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title,
        standing,
        about: open.iter().map(|number| seat.title_of(*number).to_owned()).collect(),
        sum: seat.amount(outcome::back_minor(&scene, &splits)).to_string(),
        way: way(&seat, &open),
        transfers: outcome::transfers(&scene, &splits),
        can_request,
        can_withdraw,
        can_cancel,
        can_refuse,
        blocked: if nothing { refusal_of(&offers, own) } else { String::new() },
        readers: seat.the_others(),
        problems,
        reason,
        seen: seat.escrow.seen(Scope::Money),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

/// Where the money of some milestones goes back to.
fn way(seat: &Seat, open: &[u16]) -> String {
    let (by, whose) =
        if seat.role == Role::Buyer { ("you paid", "your") } else { ("the buyer paid", "the buyer’s") };
    let as_it_came = open.iter().filter(|number| seat.goes_back_as_it_came(**number)).count();
    match as_it_came {
        0 => format!("It goes to {whose} wallet, immediately."),
        all if all == open.len() => format!(
            "It goes back to the card or account {by} from. The bank’s statement will show two lines, the payment and its refund, usually within 3 to 10 working days."
        ),
        _ => format!(
            "What came from a wallet goes to {whose} wallet, the rest back to the card or account {by} from."
        ),
    }
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &reference, None).await
}

/// A reason, or the page again with what was typed.
async fn reasoned(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    fields: &Fields,
    command: fn(String) -> Command,
    flash: Flash,
) -> Result<Response, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account.clone(), reference).await?;
    let mut problems = Problems::new();
    let missing = "Write why, so that the other side can answer it.";
    let reason = fields.text("reason", LONGEST_TEXT, missing, &mut problems);
    if !problems.is_empty() {
        return draw(app, visit, account, reference, Some((fields.get("reason").to_owned(), problems))).await;
    }
    let outcome = send(app, &seat, fields, command(reason), None).await?;
    if outcome == Outcome::Stale {
        problems.add("", CHANGED);
        return draw(app, visit, account, reference, Some((fields.get("reason").to_owned(), problems))).await;
    }
    answer(outcome, &seat.path(), flash)
}

async fn request(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |reason| Command::RequestCancellation { reason };
    reasoned(&app, &visit, account, &reference, &fields, command, Flash::CancellationAsked).await
}

async fn refuse(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |reason| Command::RefuseCancellation { reason };
    reasoned(&app, &visit, account, &reference, &fields, command, Flash::CancellationRefused).await
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let outcome = send(&app, &seat, &fields, Command::WithdrawCancellation, None).await?;
    answer(outcome, &seat.path(), Flash::CancellationWithdrawn)
}

async fn agree(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let command = Command::CancelAll { reason: fields.get("reason").to_owned() };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    answer(outcome, &seat.path(), Flash::Refunded)
}
