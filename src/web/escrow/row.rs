//! An escrow as a line of a list, and what it wants from its reader.

use super::seat::pill_of;
use crate::engine::deadlines::{Deadline, Waiting};
use crate::engine::escrow::Escrow;
use crate::engine::party::{Capacity, UserId};
use crate::engine::status;
use crate::engine::terms::{Kind, Mode};
use crate::store::escrows::Line;
use crate::web::view::{MoneyView, PillView, Reader, TimeView};

/// A line of a list of escrows.
#[derive(Clone, Debug)]
pub struct Row {
    pub href: String,
    pub reference: String,
    pub title: String,
    /// "You buy".
    pub part: &'static str,
    pub pill: PillView,
    pub amount: MoneyView,
    pub task: Option<Task>,
}

/// What an escrow wants from its reader.
#[derive(Clone, Debug)]
pub struct Task {
    /// What to do, in words.
    pub words: String,
    /// The page where it is done.
    pub href: String,
    pub by: TimeView,
}

impl Row {
    /// The line as `user` sees it.
    #[must_use]
    pub fn new(line: &Line, user: UserId, reader: &Reader) -> Self {
        let escrow = &line.escrow;
        Self {
            href: home(line),
            reference: escrow.reference.clone(),
            title: escrow.terms.title.clone(),
            part: part(line.role),
            pill: pill_of(escrow),
            // A payee's is his own.
            amount: match line.role {
                Capacity::Payee => escrow.terms.money(own_minor(escrow, user)).into(),
                Capacity::Buyer
                | Capacity::Seller
                | Capacity::Broker
                | Capacity::Arbiter
                | Capacity::Operator => escrow.terms.money(escrow.terms.amount_minor).into(),
            },
            task: status::task_of(escrow, user).map(|clock| task(line, &clock, reader)),
        }
    }
}

fn own_minor(escrow: &Escrow, user: UserId) -> i64 {
    let parts = (0..escrow.terms.milestones.len()).map(|index| escrow.terms.gross_of(index, user));
    parts.sum()
}

fn part(role: Capacity) -> &'static str {
    match role {
        Capacity::Buyer => "You buy",
        Capacity::Seller => "You sell",
        Capacity::Broker => "You broker",
        Capacity::Payee => "You receive",
        Capacity::Arbiter | Capacity::Operator => "You decide disputes",
    }
}

/// The page that this reader has of it.
fn home(line: &Line) -> String {
    let below = if line.role == Capacity::Arbiter { "arbitration" } else { "escrows" };
    format!("/{below}/{}", line.escrow.reference)
}

fn task(line: &Line, clock: &Deadline, reader: &Reader) -> Task {
    let terms = &line.escrow.terms;
    let is_seller = line.role == Capacity::Seller;
    let mut words = status::task_words(clock.waiting, terms.mode, is_seller).to_owned();
    let number = clock.milestone.unwrap_or(1);
    let milestone = terms.milestones.get(usize::from(number).saturating_sub(1));
    if let (Some(milestone), Some(_), Kind::Milestone) = (milestone, clock.milestone, terms.kind) {
        words = format!("{words}: {}", milestone.title);
    }
    // The same date as on the escrow's page: the agreed one, until only the days of grace are left.
    let by = clock.due.filter(|due| *due > reader.now).unwrap_or(clock.at);
    let href = format!("{}{}", home(line), below(clock.waiting, line, number));
    Task { words, href, by: reader.time(by) }
}

/// Where below an escrow's page a task is done.
fn below(waiting: Waiting, line: &Line, number: u16) -> String {
    match (waiting, line.escrow.terms.mode) {
        (Waiting::Acceptance, Mode::Standard) => "/contract/sign".to_owned(),
        (Waiting::Acceptance, Mode::Quick | Mode::QuickProof | Mode::Instant) => "/accept".to_owned(),
        (Waiting::SellerAnswer, _) => "/accept".to_owned(),
        (Waiting::Payment | Waiting::LinkPayment | Waiting::NextPayment, _) => "/pay".to_owned(),
        (Waiting::ProofUpload | Waiting::ProofReview, _) => "/proof".to_owned(),
        (Waiting::Delivery | Waiting::Changes, _) => format!("/milestones/{number}/deliver"),
        (Waiting::Inspection, _) => format!("/milestones/{number}/inspect"),
        (Waiting::Cancelling, _) if line.role == Capacity::Seller => format!("/milestones/{number}/deliver"),
        (Waiting::Cancelling, _) => format!("/milestones/{number}/cancel"),
        (Waiting::Extension, _) => format!("/milestones/{number}/extension"),
        (Waiting::CancellationAnswer, _) => "/cancel".to_owned(),
        (Waiting::Settlement, _) => "/settlement".to_owned(),
        (Waiting::Ruling, _) => {
            let open = line.escrow.dispute_over(number).map(|open| open.number);
            format!("/disputes/{}", open.unwrap_or(1))
        }
        (Waiting::DisputeAnswer | Waiting::DisputeTalk, _) => "/disputes".to_owned(),
        (Waiting::PayOut, _) => format!("/milestones/{number}/payout"),
        (Waiting::FailedRefund, _) => failed_refund(line, number),
        (Waiting::RailAnswer | Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::Closing, _) => {
            String::new()
        }
    }
}

/// The page of a milestone's first refund that failed.
fn failed_refund(line: &Line, number: u16) -> String {
    let mut refunds = line.escrow.open_refunds(number);
    let failed = refunds.find(|refund| refund.failed_at().is_some());
    failed.map_or_else(String::new, |refund| format!("/refunds/{}", refund.number))
}
