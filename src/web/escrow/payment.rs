//! One attempt to pay, as it stands: where the payer comes back to. Coming back says nothing about the
//! money, so this page believes nobody but the escrow's own state.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::seat::Seat;
use crate::app::App;
use crate::engine::escrow::{Charge, ChargeState, Method, Stage};
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::refund::{Refund, RefundState};
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::payments::{self, Payment};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, MoneyView, PillView, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// How soon the page looks again while the payment is pending.
const REFRESH_SECONDS: u32 = 3;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/pay/{payment}", Access::Party, show)
}

#[derive(Template)]
#[template(path = "pages/escrow/payment.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    pill: PillView,
    heading: &'static str,
    /// What the payment's state means, the money first.
    tone: Tone,
    icon: Icon,
    money: String,
    /// What the provider said; empty for nothing.
    reason: String,
    then: String,
    /// Where the payment goes on, with the company's name; none once it is decided.
    provider: Option<(String, &'static str)>,
    can_retry: bool,
    /// Where it is ended as long as it is open; guests pay again instead.
    end: Option<String>,
    /// The refund of what came too late.
    refund: Option<String>,
    lines: Vec<(&'static str, Line)>,
}

/// A value of the summary.
enum Line {
    Text(String),
    Money(MoneyView),
    Time(TimeView),
}

/// Words for a state.
struct Words {
    heading: &'static str,
    pill: &'static str,
    tone: Tone,
    icon: Icon,
    money: String,
    reason: String,
    then: String,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path((reference, payment)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id: Uuid = payment.parse().map_err(|_| Error::NotFound)?;
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(&app, &mut conn, account, &reference).await?;
    let attempt = seat.escrow.attempt(id).filter(|_| seat.role == Role::Buyer).ok_or(Error::NotFound)?;
    let row = payments::by_id(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let is_pending = matches!(attempt.state, ChargeState::Pending { .. });
    let company = company(&app, &attempt.method);
    let words = words(&seat, attempt, row.provider_page.is_some(), company);
    let mut shell = Shell::new(&app, &visit, words.heading).at(Place::Escrows);
    if is_pending {
        shell = shell.refreshing(REFRESH_SECONDS);
    }
    page::html(&Page {
        shell,
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        pill: PillView::new(words.tone, words.icon, words.pill),
        heading: words.heading,
        tone: words.tone,
        icon: words.icon,
        money: words.money,
        reason: words.reason,
        then: words.then,
        provider: row.provider_page.clone().filter(|_| is_pending).map(|page| (page, company)),
        can_retry: matches!(attempt.state, ChargeState::Failed { .. }) && seat.offered(Action::Pay),
        end: (is_pending && seat.account.by_link.is_none()).then(|| format!("{}/pay/{id}/end", seat.path())),
        refund: late_refund(&seat, attempt).map(|it| format!("{}/refunds/{}", seat.path(), it.number)),
        lines: lines(&seat, attempt, &row, company),
    })
}

fn company(app: &App, method: &Method) -> &'static str {
    match method {
        Method::Wallet => "your wallet",
        Method::Rail { rail } => app.rails.get(rail).map_or("the provider", |rail| rail.words().company),
    }
}

fn words(seat: &Seat, attempt: &Charge, told: bool, company: &str) -> Words {
    let amount = seat.amount(attempt.amount_minor);
    let seller = seat.name_of(Role::Seller);
    match &attempt.state {
        ChargeState::Pending { answer_by, .. } => Words {
            heading: "Your payment is being processed",
            pill: "Processing",
            tone: Tone::Info,
            icon: Icon::Hourglass,
            money: format!(
                "Nothing is held in escrow yet. {company} has not told us that {amount} was paid."
            ),
            reason: String::new(),
            then: format!(
                "{} This page looks again by itself. You can also leave it: we write to you when there is an answer. \
                 If it was submitted and there is none by {}, it counts as failed and you can try again.",
                if told {
                    format!(
                        "If you have not finished there, go on at {company}, or choose another way to pay. \
                         What is not finished ends by itself after 30 minutes."
                    )
                } else {
                    format!("We could not reach {company} yet and go on trying.")
                },
                seat.reader.time(*answer_by).absolute
            ),
        },
        ChargeState::Successful { .. } => Words {
            heading: "Your payment has arrived",
            pill: "Paid",
            tone: Tone::Held,
            icon: Icon::Lock,
            money: format!("{amount} was paid into escrow."),
            reason: String::new(),
            then: format!(
                "{seller} has been told to start. The money moves on only as agreed: when you approve what is \
                 delivered, or when the time to inspect it ends."
            ),
        },
        ChargeState::Failed { reason, .. } => failed(seat, attempt, reason),
    }
}

fn failed(seat: &Seat, attempt: &Charge, reason: &str) -> Words {
    let late = "If the money should arrive after all, it goes back by itself, and we write to you.";
    let then = match seat.escrow.stage {
        Stage::Agreed { pay_by, .. } if !seat.escrow.charge_pending() => format!(
            "You can try again until {}. If nothing is paid by then, the escrow expires and nobody owes anything. {late}",
            seat.reader.time(pay_by).absolute
        ),
        _ => late.to_owned(),
    };
    let base = Words {
        heading: "Your payment failed",
        pill: "Failed",
        tone: Tone::Bad,
        icon: Icon::CircleX,
        money: "No money was paid into escrow.".to_owned(),
        reason: reason.to_owned(),
        then,
    };
    match attempt.returned_at {
        None => base,
        Some(at) => Words { heading: "Your payment came too late", ..came_late(seat, attempt, at, base) },
    }
}

fn late_refund<'a>(seat: &'a Seat, attempt: &Charge) -> Option<&'a Refund> {
    seat.escrow.late_refunds().find(|refund| refund.charge == attempt.payment)
}

/// Where money is that came when nobody waited for it any more.
fn came_late(seat: &Seat, attempt: &Charge, at: Time, base: Words) -> Words {
    let amount = seat.amount(attempt.amount_minor);
    let came = format!("{amount} arrived on {}.", seat.reader.time(at).absolute);
    let (pill, tone, icon, money, then) = match late_refund(seat, attempt).map(|refund| &refund.state) {
        None | Some(RefundState::ToWallet { .. }) => (
            "In your wallet",
            Tone::Wait,
            Icon::Wallet,
            "It is in your wallet. None of it is held in this escrow.",
            "You can pay from your wallet with it.",
        ),
        Some(RefundState::Pending { .. }) => (
            "Going back",
            Tone::Info,
            Icon::Hourglass,
            "All of it goes back to the card or account you paid from. None of it is held in this escrow.",
            "Nothing is to be done. We write to you when it has gone.",
        ),
        Some(RefundState::Failed { .. }) => (
            "Refund failed",
            Tone::Bad,
            Icon::CircleX,
            "It could not go back to the card or account you paid from. It is yours and stays reserved for you.",
            "The refund’s page says what happens next.",
        ),
        Some(RefundState::Successful { .. }) => (
            "Sent back",
            Tone::Good,
            Icon::CircleCheck,
            "All of it was sent back to the card or account you paid from. None of it is held in this escrow.",
            "Banks usually take 3 to 10 working days to show a refund.",
        ),
    };
    let (money, then, reason) = (format!("{came} {money}"), then.to_owned(), String::new());
    Words { pill, tone, icon, money, then, reason, ..base }
}

fn lines(seat: &Seat, attempt: &Charge, row: &Payment, company: &str) -> Vec<(&'static str, Line)> {
    let time = |at| Line::Time(seat.reader.time(at).plain());
    let method = match attempt.method {
        Method::Wallet => "Your wallet".to_owned(),
        Method::Rail { .. } => company.to_owned(),
    };
    // Only what arrived reads as paid.
    let by =
        if matches!(attempt.state, ChargeState::Successful { .. }) { "Paid by" } else { "To be paid by" };
    let mut lines = vec![
        ("Amount", Line::Money(seat.money(attempt.amount_minor))),
        (by, Line::Text(method)),
        ("Started", time(row.created_at)),
    ];
    match attempt.state {
        ChargeState::Successful { at } => lines.push(("Arrived", time(at))),
        ChargeState::Failed { at, .. } => lines.push(("Failed", time(at))),
        ChargeState::Pending { .. } => {}
    }
    lines.push(("Payment number", Line::Text(row.id.to_string())));
    lines
}
