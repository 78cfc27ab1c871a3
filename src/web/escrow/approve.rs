//! The buyer approves a delivery, all of it or a part: first the exact transfers, then the release.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::amount::{self, Confirmation, wrong_amount};
use super::inspect::{self, Typed};
use super::spot::Spot;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::plan::Share;
use crate::error::Error;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/approve";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).post(PATH, Access::Party, approve)
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    Search(fields): Search,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    if let Some(page) = spot.blocked(&app, &visit, Action::Approve(spot.number), "Approve")? {
        return Ok(page);
    }
    let mut problems = Problems::new();
    // Without an amount the address means all that is left.
    let amount = if fields.has("amount") {
        amount::typed(&spot, &fields, &mut problems)
    } else {
        Some(spot.state.left_minor())
    };
    let Some(amount) = amount else {
        let typed = Typed { amount: Some(fields.get("amount").to_owned()), problems, ..Typed::default() };
        return inspect::draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    };
    page::html(&confirmation(&app, &visit, &spot, amount))
}

fn confirmation(app: &App, visit: &Visit, spot: &Spot, amount: i64) -> Confirmation {
    let seat = &spot.seat;
    let whole = amount == spot.state.left_minor();
    let to_seller: i64 = spot
        .step(amount)
        .iter()
        .filter(|part| part.share == Share::Seller)
        .map(|part| part.amount_minor)
        .sum();
    let consequence = match (whole, spot.state.inspect_by()) {
        (false, Some(inspect_by)) => format!(
            "This part leaves escrow immediately, and nobody can take it back. The rest stays held, and you can go on inspecting until {}.",
            seat.reader.time(inspect_by).absolute
        ),
        _ => "The money leaves escrow immediately, and nobody can take it back. You accept this milestone as delivered.".to_owned(),
    };
    // The smallest of parts may hold nothing for the seller; then the button names the sum alone.
    let leaves = seat.amount(spot.leaves(amount));
    let button = match to_seller {
        0 => format!("Release {leaves}"),
        all if all == leaves.minor => format!("Release {leaves} to {}", seat.name_of(Role::Seller)),
        _ => format!("Release {leaves}, {} of it to {}", seat.amount(to_seller), seat.name_of(Role::Seller)),
    };
    let title = if whole { "Approve" } else { "Approve a part of" };
    Confirmation {
        shell: Shell::new(app, visit, format!("Approve: {}", spot.terms.title)).at(Place::Escrows),
        back: format!("{}/inspect", spot.path()),
        back_words: "Back to the inspection",
        action: format!("{}/approve", spot.path()),
        title: format!("{title} “{}”", spot.terms.title),
        transfers: spot.release(amount),
        consequence,
        button,
        danger: false,
        amount: seat.amount(amount).plain(),
        seen: spot.seen(),
        key: app.clock.id().to_string(),
    }
}

async fn approve(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let mut problems = Problems::new();
    let typed = fields.money("amount", spot.seat.escrow.terms.currency, &mut problems);
    let is_open = spot.why_not(Action::Approve(spot.number)).is_none();
    if typed.is_none() && is_open {
        let typed = Typed { amount: Some(fields.get("amount").to_owned()), problems, ..Typed::default() };
        return inspect::draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let part_minor = typed.map(|amount| amount.minor);
    let command = Command::Approve { milestone: spot.number, part_minor };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    if let Some(sentence) = wrong_amount(&spot, &outcome) {
        problems.add("amount", sentence);
        let typed = Typed { amount: Some(fields.get("amount").to_owned()), problems, ..Typed::default() };
        return inspect::draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed).await;
    }
    let whole = part_minor == Some(spot.state.left_minor());
    answer(outcome, &spot.path(), if whole { Flash::Approved } else { Flash::PartApproved })
}
