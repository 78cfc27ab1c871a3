//! Ending a payment that was opened at its provider and not finished, so that the buyer can choose another way and
//! nobody else is kept waiting. The provider says whether it was submitted; then only its answer ends it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::pay::{By, Ended, end};
use super::seat::Seat;
use crate::app::App;
use crate::engine::escrow::ChargeState;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::payments::{self, Payment};
use crate::web::flash::Flash;
use crate::web::page::{self, see_other};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::MoneyView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/pay/{payment}/end", Access::Party, ask).post(
        "/escrows/{reference}/pay/{payment}/end",
        Access::Party,
        carry_out,
    )
}

#[derive(Template)]
#[template(path = "pages/escrow/end_payment.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    company: &'static str,
    amount: MoneyView,
    /// Whether it is the reader's own.
    own: bool,
    action: String,
}

/// The pending payment, for its buyer and for the seller.
async fn load(
    app: &App,
    account: crate::store::users::Account,
    (reference, payment): &(String, String),
) -> Result<(Seat, Option<Payment>), Error> {
    let id: Uuid = payment.parse().map_err(|_| Error::NotFound)?;
    let mut reader = app.db.read().await?;
    let seat = Seat::load(app, &mut reader.conn(), account, reference).await?;
    let (true, Some(attempt)) = (matches!(seat.role, Role::Buyer | Role::Seller), seat.escrow.attempt(id))
    else {
        return Err(Error::NotFound);
    };
    let pending = matches!(attempt.state, ChargeState::Pending { .. });
    let row = payments::by_id(&mut reader.conn(), id).await?.ok_or(Error::NotFound)?;
    Ok((seat, pending.then_some(row)))
}

/// Where its reader goes on from.
fn back(seat: &Seat, payment: &str) -> String {
    if seat.role == Role::Buyer { format!("{}/pay/{payment}", seat.path()) } else { seat.path() }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let (seat, pending) = load(&app, account, &at).await?;
    let Some(payment) = pending else { return Ok(see_other(&back(&seat, &at.1), Flash::PaymentOver)) };
    let company = app.rails.get(&payment.method).map_or("the provider", |rail| rail.words().company);
    let amount = seat.escrow.attempt(payment.id).map_or(0, |charge| charge.amount_minor);
    page::html(&Page {
        shell: Shell::new(&app, &visit, "End the open payment").at(Place::Escrows),
        path: back(&seat, &at.1),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        company,
        amount: seat.money(amount),
        own: seat.role == Role::Buyer,
        action: format!("{}/pay/{}/end", seat.path(), payment.id),
    })
}

async fn carry_out(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let (seat, pending) = load(&app, account, &at).await?;
    let by = if seat.role == Role::Buyer { By::Payer } else { By::Seller };
    let flash = match pending {
        None => Flash::PaymentOver,
        Some(payment) => match end(&app, &payment, by).await? {
            Ended::Ended => Flash::PaymentEnded,
            Ended::Submitted => Flash::PaymentSubmitted,
            Ended::NotReached => Flash::ProviderNotReached,
        },
    };
    Ok(see_other(&back(&seat, &at.1), flash))
}
