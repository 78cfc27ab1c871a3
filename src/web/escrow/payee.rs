//! The page of an escrow for a payee: who delivers, his own lines, what of them was released and moved, and what
//! happens next. Nothing of what others pay or receive is there; every other page answers him with 404.

use askama::Template;
use axum::response::Response;

use super::seat::{Seat, pill_of};
use super::show::{NextView, next_view, received_by};
use crate::app::App;
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::history::{self, Stored};
use crate::web::page;
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, PillView};
use crate::web::visit::Visit;

/// More of either than any deal of fifty milestones comes to.
const MOST: i64 = 1_000;

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
    let released = history::of_kind(conn, seat.escrow.id, "released", false, None, MOST).await?;
    let moved = history::of_kind(conn, seat.escrow.id, "paid_out", false, None, MOST).await?;
    let row = |(number, terms): (u16, &crate::engine::terms::MilestoneTerms)| {
        let plan = seat.escrow.plan.milestones.get(usize::from(number).checked_sub(1)?)?;
        let planned: i64 = plan.lines.iter().map(|line| line.amount_minor).sum();
        (planned > 0).then(|| Row {
            title: format!("{}{}", seat.prefix(number), terms.title),
            planned: seat.money(planned),
            released: seat.money(own(seat, &released, number)),
            moved: seat.money(own(seat, &moved, number)),
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

/// What some events moved of his own in a milestone, in minor units.
fn own(seat: &Seat, stored: &[Stored], number: u16) -> i64 {
    let mine = |share| seat.escrow.receiver(share) == Some(seat.account.id);
    let sum = |event: Event| match event {
        Event::Released { milestone, parts, .. } if milestone == number => {
            parts.iter().filter(|part| mine(part.share)).map(|part| part.amount_minor).sum()
        }
        Event::PaidOut { milestone, share, amount_minor, .. } if milestone == number && mine(share) => {
            amount_minor
        }
        _ => 0,
    };
    stored.iter().filter_map(|stored| stored.record().ok()).map(|record| sum(record.event)).sum()
}
