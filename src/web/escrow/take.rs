//! Two ways in which money comes to the one who asks: the buyer cancels an overdue milestone and gets it
//! back, and whoever was released money moves it to the wallet. Each shows the exact sum first.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::act::{answer, send};
use super::spot::Spot;
use super::transfers::Transfers;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const CANCEL: &str = "/escrows/{reference}/milestones/{number}/cancel";
const PAYOUT: &str = "/escrows/{reference}/milestones/{number}/payout";

pub fn routes() -> Routes {
    Routes::new()
        .get(CANCEL, Access::Party, ask_cancel)
        .post(CANCEL, Access::Party, cancel)
        .get(PAYOUT, Access::Party, ask_payout)
        .post(PAYOUT, Access::Party, pay_out)
        .get("/g/{token}/milestones/{number}/cancel", Access::Guest, ask_cancel)
        .post("/g/{token}/milestones/{number}/cancel", Access::Guest, cancel)
}

#[derive(Template)]
#[template(path = "pages/escrow/take.html")]
struct Page {
    shell: Shell,
    back: String,
    action: String,
    title: String,
    transfers: Transfers,
    consequence: &'static str,
    button: String,
    danger: bool,
    seen: String,
    key: String,
}

async fn ask_cancel(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let spot = Spot::load_with_ways_back(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    if let Some(page) = spot.blocked(&app, &visit, Action::Cancel(spot.number), "Cancel")? {
        return Ok(page);
    }
    let sum = spot.step(spot.state.left_minor()).iter().map(|part| part.amount_minor).sum();
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("Cancel: {}", spot.terms.title)).at(Place::Escrows),
        back: spot.path(),
        action: format!("{}/cancel", spot.path()),
        title: format!("Cancel “{}”", spot.terms.title),
        transfers: spot.refund(),
        consequence: if spot.seat.goes_back_as_it_came(spot.number) {
            "The seller can no longer deliver this milestone, and this cannot be undone. The money goes back to the card or account you paid from: your bank’s statement will show two lines, the payment and its refund, usually within 3 to 10 working days."
        } else {
            "The seller can no longer deliver this milestone, and this cannot be undone. The money goes to your wallet immediately."
        },
        button: format!("Cancel and get {} back", spot.seat.amount(sum)),
        danger: true,
        seen: spot.seen(),
        key: app.clock.id().to_string(),
    })
}

async fn cancel(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load_with_ways_back(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let command = Command::Cancel { milestone: spot.number };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    let as_it_came = spot.seat.goes_back_as_it_came(spot.number);
    answer(outcome, &spot.path(), if as_it_came { Flash::CancelledRefunding } else { Flash::Cancelled })
}

async fn ask_payout(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let spot = Spot::load_receiving(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    if let Some(page) =
        spot.blocked(&app, &visit, Action::PayOut(spot.number), "Move money to your wallet")?
    {
        return Ok(page);
    }
    let parts = spot.seat.escrow.payable_to(spot.number, spot.seat.account.id);
    let sum = parts.iter().map(|part| part.amount_minor).sum();
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("Move to your wallet: {}", spot.terms.title))
            .at(Place::Escrows),
        back: spot.money_page(),
        action: format!("{}/payout", spot.path()),
        title: "Move money to your wallet".to_owned(),
        transfers: spot.payout(),
        consequence: "The money goes to your wallet immediately, free to pay into escrows with.",
        button: format!("Move {} to my wallet", spot.seat.amount(sum)),
        danger: false,
        seen: spot.seen(),
        key: app.clock.id().to_string(),
    })
}

async fn pay_out(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load_receiving(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let command = Command::PayOut { milestone: spot.number };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    answer(outcome, &spot.money_page(), Flash::PaidOut)
}
