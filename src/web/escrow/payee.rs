//! The page of an escrow for a payee: who delivers, his own lines, what of them was released and moved, and what
//! happens next. Nothing of what others pay or receive is there; every other page answers him with 404.

use askama::Template;
use axum::response::Response;

use super::seat::{Seat, pill_of};
use super::show::{NextView, next_view, received_by};
use crate::app::App;
use crate::engine::party::Role;
use crate::engine::plan::Share;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::ledger::{self, Received};
use crate::web::page;
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, PillView};
use crate::web::visit::Visit;

#[derive(Template)]
#[template(path = "pages/escrow/payee.html")]
struct Page {
    shell: Shell,
    reference: String,
    title: String,
    pill: PillView,
    next: NextView,
    seller: String,
    total: MoneyView,
    rows: Vec<Row>,
}

/// His line of one milestone.
struct Row {
    title: String,
    planned: MoneyView,
    released: MoneyView,
    moved: MoneyView,
}

/// The page.
///
/// # Errors
/// The database's, or when it cannot be drawn.
pub async fn draw(app: &App, visit: &Visit, conn: &mut Conn<'_>, seat: &Seat) -> Result<Response, Error> {
    let received = ledger::received(conn, seat.escrow.id).await?;
    let row = |(number, terms): (u16, &crate::engine::terms::MilestoneTerms)| {
        let plan = seat.escrow.plan.milestones.get(usize::from(number).checked_sub(1)?)?;
        let planned: i64 = plan.lines.iter().map(|line| line.amount_minor).sum();
        let (released, waits) = own(seat, &received, number);
        (planned > 0).then(|| Row {
            title: format!("{}{}", seat.prefix(number), terms.title),
            planned: seat.money(planned),
            released: seat.money(released),
            moved: seat.money(released - waits),
        })
    };
    page::html(&Page {
        shell: Shell::new(app, visit, seat.escrow.terms.title.clone()).at(Place::Escrows),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        pill: pill_of(&seat.escrow),
        next: next_view(seat),
        seller: seat.name_of(Role::Seller),
        total: seat.money(received_by(seat)),
        rows: (1_u16..).zip(&seat.escrow.terms.milestones).filter_map(row).collect(),
    })
}

/// What was released of his own in a milestone, and what of that waits to be moved, in minor units.
fn own(seat: &Seat, received: &Received, number: u16) -> (i64, i64) {
    let mine = |share: &Share| seat.escrow.receiver(*share) == Some(seat.account.id);
    let lines = usize::from(number).checked_sub(1).and_then(|place| seat.escrow.plan.milestones.get(place));
    let shares = lines.iter().flat_map(|plan| &plan.lines).map(|line| line.share).filter(mine);
    let released = shares.map(|share| received.released_minor(&seat.escrow, number, share)).sum();
    let waits = seat.escrow.payable_to(number, seat.account.id).iter().map(|part| part.amount_minor).sum();
    (released, waits)
}
