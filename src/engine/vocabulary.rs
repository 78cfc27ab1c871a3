//! What Vesicash, DHMAD, Tilia and Cashless call the state of an escrow. One stored state, and each of their
//! names made from it here and nowhere else (the domain's table of states).
//!
//! Two steps, so that neither forgets a state: every stage has a situation, every situation its names.
//! Both are matches without a wildcard. It knows nothing of payments but what it is handed.

use super::escrow::{ChargeState, End, Escrow, How, Milestone, MilestoneEnd, MilestoneStage, Stage};
use super::status::open_milestone;
use super::time::Time;

/// The four names of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    pub vesicash: &'static str,
    pub dhmad: &'static str,
    /// A dispute changes no name; at DHMAD a ticket stands beside it.
    pub ticket: bool,
    pub tilia: &'static str,
    pub cashless: &'static str,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    Draft,
    Proposed,
    /// Agreed and not paid, or a milestone that is paid later; whether the last attempt failed.
    Unfunded {
        failed: bool,
    },
    /// Paid before everyone has accepted.
    ProposedFunded,
    /// Declined, and the money is not back yet.
    DeclinedPaid,
    Active,
    Delivered,
    ChangesRequested,
    /// Released and being paid out; whether the first payout was made.
    Releasing {
        begun: bool,
        failed: bool,
    },
    Completed,
    /// Ended by a ruling; whether anything was released.
    Decided {
        released: bool,
    },
    Refunding {
        failed: bool,
    },
    /// Refunded, or cancelled after a payment.
    Returned,
    Withdrawn,
    DeclinedUnpaid,
    ExpiredNotAccepted,
    ExpiredNotPaid,
}

/// What kind of payment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Charge,
    Payout,
    Refund,
}

/// How far a payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Initiated,
    Successful,
    Failed,
}

/// A payment of the escrow, and when it changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    pub kind: Kind,
    pub progress: Progress,
    pub at: Time,
}

/// The four names of an escrow's state, its payments being these.
#[must_use]
pub fn names(escrow: &Escrow, movements: &[Movement]) -> Names {
    let (vesicash, dhmad, tilia) = words(situation(escrow, movements));
    let ticket = escrow.dispute_over(open_milestone(escrow)).is_some();
    Names { vesicash, dhmad, ticket, tilia, cashless: cashless(escrow, movements) }
}

/// The row of the table in which an escrow stands. With several milestones it is that of the open one with
/// the earliest deadline, as for the words that people read.
#[must_use]
pub fn situation(escrow: &Escrow, movements: &[Movement]) -> Situation {
    let paid = escrow.milestones.iter().any(Milestone::funded);
    match &escrow.stage {
        Stage::Proposed { .. } if escrow.rejected.is_some() => Situation::DeclinedPaid,
        // The seller has agreed by sending the link, and whoever pays agrees by paying.
        Stage::Proposed { .. } if escrow.instant() => unfunded(escrow),
        Stage::Proposed { .. } if paid => Situation::ProposedFunded,
        Stage::Proposed { .. } => Situation::Proposed,
        Stage::Agreed { .. } => unfunded(escrow),
        Stage::Active { .. } => match escrow.milestone(open_milestone(escrow)) {
            Some(part) => of_milestone(escrow, part, movements),
            None => Situation::Active,
        },
        Stage::Ended { end, .. } | Stage::Closed { end, .. } => of_end(escrow, end, paid),
    }
}

fn unfunded(escrow: &Escrow) -> Situation {
    let charge = escrow.charge.as_ref().map(|charge| &charge.state);
    Situation::Unfunded { failed: matches!(charge, Some(ChargeState::Failed { .. })) }
}

fn of_milestone(escrow: &Escrow, part: &Milestone, movements: &[Movement]) -> Situation {
    let has_failed = |kind| last(movements, Some(kind)).is_some_and(|last| last.progress == Progress::Failed);
    match part.stage {
        MilestoneStage::Unfunded => unfunded(escrow),
        MilestoneStage::InProgress { .. } => Situation::Active,
        MilestoneStage::Delivered { .. } => Situation::Delivered,
        MilestoneStage::ChangesRequested { .. } => Situation::ChangesRequested,
        MilestoneStage::Settling { end, .. } => match end {
            MilestoneEnd::Released | MilestoneEnd::Split => {
                let balance = part.holdings.iter().filter(|held| !held.share.follows());
                let waits: i64 = balance.map(|held| held.payable_minor).sum();
                Situation::Releasing { begun: waits < part.released_minor, failed: has_failed(Kind::Payout) }
            }
            MilestoneEnd::Refunded => Situation::Refunding { failed: escrow.refund_failed() },
            MilestoneEnd::Dropped => Situation::ExpiredNotPaid,
        },
        MilestoneStage::Ended { end, how, .. } => match (end, how) {
            (MilestoneEnd::Dropped, _) => Situation::ExpiredNotPaid,
            (_, How::Ruled) => Situation::Decided { released: end != MilestoneEnd::Refunded },
            (MilestoneEnd::Released | MilestoneEnd::Split, _) => Situation::Completed,
            (MilestoneEnd::Refunded, _) => Situation::Returned,
        },
    }
}

fn of_end(escrow: &Escrow, end: &End, paid: bool) -> Situation {
    let ruled = escrow.ruled();
    match end {
        End::Completed if ruled => Situation::Decided { released: true },
        End::Completed => Situation::Completed,
        End::Refunded | End::Cancelled if ruled => Situation::Decided { released: false },
        End::Refunded | End::Cancelled => Situation::Returned,
        End::ExpiredNotAccepted | End::ExpiredNotPaid | End::Declined { .. } | End::Withdrawn { .. }
            if paid && escrow.held_minor() == 0 =>
        {
            Situation::Returned
        }
        End::ExpiredNotAccepted => Situation::ExpiredNotAccepted,
        End::ExpiredNotPaid => Situation::ExpiredNotPaid,
        End::Declined { .. } if paid => Situation::DeclinedPaid,
        End::Declined { .. } => Situation::DeclinedUnpaid,
        End::Withdrawn { .. } => Situation::Withdrawn,
    }
}

/// What Vesicash, DHMAD and Tilia call a situation, in this order; "–" where one has no word for it.
#[must_use]
pub fn words(situation: Situation) -> (&'static str, &'static str, &'static str) {
    match situation {
        Situation::Draft => ("Draft", "–", "–"),
        Situation::Proposed => ("Sent - Awaiting Confirmation", "pending", "OPEN"),
        Situation::Unfunded { failed: false } => ("Accepted - Not Funded", "pending", "OPEN"),
        Situation::Unfunded { failed: true } => ("Accepted - Not Funded", "pending", "ESCROW-FAILED"),
        Situation::ProposedFunded => ("Accepted - Funded", "paid", "ESCROWED"),
        Situation::DeclinedPaid => ("Funded - Rejected", "cancelled", "CANCELLED"),
        Situation::Active => ("In Progress", "paid", "ESCROWED"),
        Situation::Delivered => ("Delivered", "delivered", "ESCROWED"),
        Situation::ChangesRequested => ("Delivered - Rejected", "paid", "ESCROWED"),
        Situation::Releasing { begun, failed } => {
            let vesicash = if begun { "Closed - Disbursement Pending" } else { "Delivered - Accepted" };
            (vesicash, "completed", if failed { "COMMIT-FAILED" } else { "COMMITTED" })
        }
        Situation::Completed => ("Closed - Disbursement Complete", "completed", "COMMITTED"),
        Situation::Decided { released: true } => ("Closed - Disputed", "completed", "COMMITTED"),
        Situation::Decided { released: false } => ("Closed - Disputed", "cancelled", "CANCELLED"),
        Situation::Refunding { failed: false } => ("Closed - Refunded", "cancelled", "ESCROWED"),
        Situation::Refunding { failed: true } => ("Closed - Refunded", "cancelled", "CANCEL-FAILED"),
        Situation::Returned => ("Closed - Refunded", "cancelled", "CANCELLED"),
        Situation::Withdrawn => ("Closed", "cancelled", "SYSTEM-CANCELLED"),
        Situation::DeclinedUnpaid => ("Sent - Rejected", "cancelled", "SYSTEM-CANCELLED"),
        Situation::ExpiredNotAccepted => ("Closed", "cancelled", "SYSTEM-CANCELLED"),
        Situation::ExpiredNotPaid => ("Closed - Not Funded", "cancelled", "SYSTEM-CANCELLED"),
    }
}

/// The payment that changed last; of those that changed at the same moment, the later one in the list.
fn last(movements: &[Movement], kind: Option<Kind>) -> Option<&Movement> {
    let of_kind = movements.iter().filter(|one| kind.is_none_or(|kind| one.kind == kind));
    of_kind.max_by_key(|one| one.at)
}

/// Cashless' one rule: `closed` after close, `pending_charge` until a first payment, else the payment that
/// changed last.
fn cashless(escrow: &Escrow, movements: &[Movement]) -> &'static str {
    if let Stage::Closed { .. } = escrow.stage {
        return "closed";
    }
    let Some(last) = last(movements, None) else { return "pending_charge" };
    match (last.kind, last.progress) {
        (Kind::Charge, Progress::Initiated) => "charge_initiated",
        (Kind::Charge, Progress::Successful) => "charge_successful",
        (Kind::Charge, Progress::Failed) => "charge_failed",
        (Kind::Payout, Progress::Initiated) => "payout_initiated",
        (Kind::Payout, Progress::Successful) => "payout_successful",
        (Kind::Payout, Progress::Failed) => "payout_failed",
        (Kind::Refund, Progress::Initiated) => "refund_initiated",
        (Kind::Refund, Progress::Successful) => "refund_successful",
        (Kind::Refund, Progress::Failed) => "refund_failed",
    }
}
