//! The seller gives money back, all that is left of a milestone or a part: first the amount, then the exact
//! transfers, then the refund.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::amount::{self, Confirmation, wrong_amount};
use super::spot::Spot;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::error::Error;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::MoneyView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/refund";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).post(PATH, Access::Party, refund)
}

#[derive(Template)]
#[template(path = "pages/escrow/refund.html")]
struct Form {
    shell: Shell,
    back: String,
    reference: String,
    title: String,
    buyer: String,
    left: MoneyView,
    held_back: String,
    currency: &'static str,
    amount: String,
    problems: Problems,
}

/// Without an amount in the address, the form that asks for it; with one, what it comes to.
async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    Search(fields): Search,
) -> Result<Response, Error> {
    let spot = Spot::load_with_ways_back(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    if let Some(page) = spot.blocked(&app, &visit, Action::Refund(spot.number), "Give money back for")? {
        return Ok(page);
    }
    let mut problems = Problems::new();
    if !fields.has("amount") {
        let amount = spot.seat.amount(spot.state.left_minor()).plain();
        return page::html(&form(&app, &visit, &spot, amount, problems));
    }
    match amount::typed(&spot, &fields, &mut problems) {
        Some(amount) => page::html(&confirmation(&app, &visit, &spot, amount)),
        None => again(&app, &visit, &spot, &fields, problems),
    }
}

fn form(app: &App, visit: &Visit, spot: &Spot, amount: String, problems: Problems) -> Form {
    let left = spot.seat.amount(spot.state.left_minor());
    let shell = Shell::new(app, visit, format!("Give money back: {}", spot.terms.title)).at(Place::Escrows);
    Form {
        shell: shell.with_problems(!problems.is_empty()),
        back: spot.path(),
        reference: spot.seat.escrow.reference.clone(),
        title: spot.terms.title.clone(),
        buyer: spot.seat.name_of(Role::Buyer),
        left: left.into(),
        held_back: spot.held_back().unwrap_or_default(),
        currency: left.currency.code(),
        amount,
        problems,
    }
}

fn again(
    app: &App,
    visit: &Visit,
    spot: &Spot,
    fields: &Fields,
    problems: Problems,
) -> Result<Response, Error> {
    let form = form(app, visit, spot, fields.get("amount").to_owned(), problems);
    page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &form)
}

fn confirmation(app: &App, visit: &Visit, spot: &Spot, amount: i64) -> Confirmation {
    let seat = &spot.seat;
    let transfers = spot.give_back(amount);
    let way = if seat.goes_back_as_it_came(spot.number) {
        "It goes back to the card or account it came from, and nobody can take it back."
    } else {
        "It goes to the buyer’s wallet immediately, and nobody can take it back."
    };
    let consequence = if amount == spot.state.left_minor() {
        format!("{way} You can no longer deliver this milestone, and you earn nothing more from it.")
    } else {
        format!("{way} The rest stays held, and everything else about the milestone stays as it is.")
    };
    Confirmation {
        shell: Shell::new(app, visit, format!("Give money back: {}", spot.terms.title)).at(Place::Escrows),
        back: format!("{}/refund", spot.path()),
        back_words: "Back to the amount",
        action: format!("{}/refund", spot.path()),
        title: format!("Give money back for “{}”", spot.terms.title),
        consequence,
        button: format!("Give {} back to {}", spot.given_back(amount), seat.name_of(Role::Buyer)),
        transfers,
        danger: true,
        amount: seat.amount(amount).plain(),
        seen: spot.seen(),
        key: app.clock.id().to_string(),
    }
}

async fn refund(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load_with_ways_back(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let mut problems = Problems::new();
    let amount = fields.money("amount", spot.seat.escrow.terms.currency, &mut problems);
    let is_open = spot.why_not(Action::Refund(spot.number)).is_none();
    if amount.is_none() && is_open {
        return again(&app, &visit, &spot, &fields, problems);
    }
    let part_minor = amount.map(|amount| amount.minor);
    let command = Command::Refund { milestone: spot.number, part_minor };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    if let Some(sentence) = wrong_amount(&spot, &outcome) {
        problems.add("amount", sentence);
        return again(&app, &visit, &spot, &fields, problems);
    }
    let as_it_came = spot.seat.goes_back_as_it_came(spot.number);
    answer(outcome, &spot.path(), if as_it_came { Flash::GivenBackAsItCame } else { Flash::GivenBack })
}
