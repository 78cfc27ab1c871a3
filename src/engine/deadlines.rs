//! Clocks: no state waits for ever. Every waiting state has a deadline and an outcome if nobody acts.
//!
//! A deadline is read off the state, never stored beside it. A clock that has passed is carried out before
//! any other command is looked at, so it makes no difference how soon the worker wakes up.

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::dispute::{Handler, Step};
use super::escrow::{ChargeState, Escrow, Milestone, MilestoneStage, Reminder, Stage};
use super::late::every;
use super::party::{Role, UserId};
use super::proof::ProofPhase;
use super::refund::{Refund, RefundState};
use super::time::Time;
pub use super::waiting::Waiting;

/// How long each clock runs.
pub const ACCEPTANCE_DAYS: i64 = 14;
pub const PAYMENT_DAYS: i64 = 10;
pub const PAYMENT_LEAST_HOURS: i64 = 48;
pub const RAIL_ANSWER_DAYS: i64 = 3;
pub const SELLER_ANSWER_DAYS: i64 = 5;
pub const DELIVERY_GRACE_DAYS: i64 = 7;
pub const CHANGES_DAYS: i64 = 14;
pub const CANCEL_DAYS: i64 = 14;
pub const PAYOUT_DAYS: i64 = 7;
pub const EXTENSION_DAYS: i64 = 5;
pub const CANCELLATION_DAYS: i64 = 5;
pub const SETTLEMENT_DAYS: i64 = 5;
pub const ANSWER_DAYS: i64 = 3;
pub const TALK_DAYS: i64 = 7;
pub const HANDLER_DAYS: i64 = 7;
pub const CLOSING_DAYS: i64 = 30;
pub const REFUND_ANSWER_DAYS: i64 = 3;
pub const REFUND_AGAIN_DAYS: i64 = 1;
pub const FAILED_REFUND_DAYS: i64 = 7;
/// What a clock that another one's silence starts leaves people at least, from when they are told.
pub const LAPSED_LEAST_HOURS: i64 = 48;

/// When a reminder is sent, seen from its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Half,
    /// At the due date itself, where days of grace follow it.
    Due,
    Hours24,
    Hours2,
}

/// A clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub waiting: Waiting,
    /// The milestone, from 1, if it is about one.
    pub milestone: Option<u16>,
    pub since: Time,
    pub at: Time,
    /// Where the date that was agreed is earlier than the deadline.
    pub due: Option<Time>,
}

impl Deadline {
    /// The command that carries it out.
    #[must_use]
    pub fn lapse(&self) -> Command {
        Command::Lapse { waiting: self.waiting, milestone: self.milestone, since: self.since }
    }

    /// When a reminder is due; nothing where it would fall before the start.
    #[must_use]
    pub fn mark_at(&self, mark: Mark) -> Option<Time> {
        let at = match mark {
            Mark::Half => self.since.midway(self.at),
            Mark::Due => self.due?,
            Mark::Hours24 => self.at.plus_hours(-24),
            Mark::Hours2 => self.at.plus_hours(-2),
        };
        (at > self.since && at < self.at).then_some(at)
    }

    /// Its reminders in the order of their times. Machines and closing are reminded of nothing.
    #[must_use]
    pub fn marks(&self) -> Vec<(Time, Mark)> {
        match self.waiting {
            Waiting::RailAnswer | Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::Closing => {
                return Vec::new();
            }
            // Who paid too late has been written to, and need not be anybody here.
            Waiting::FailedRefund if self.milestone.is_none() => return Vec::new(),
            Waiting::Acceptance
            | Waiting::Payment
            | Waiting::LinkPayment
            | Waiting::NextPayment
            | Waiting::SellerAnswer
            | Waiting::ProofUpload
            | Waiting::ProofReview
            | Waiting::Delivery
            | Waiting::Inspection
            | Waiting::Changes
            | Waiting::Cancelling
            | Waiting::Extension
            | Waiting::CancellationAnswer
            | Waiting::Settlement
            | Waiting::DisputeAnswer
            | Waiting::DisputeTalk
            | Waiting::Ruling
            | Waiting::FailedRefund
            | Waiting::PayOut => {}
        }
        let all = [Mark::Half, Mark::Due, Mark::Hours24, Mark::Hours2];
        let mut marks: Vec<(Time, Mark)> =
            all.into_iter().filter_map(|mark| Some((self.mark_at(mark)?, mark))).collect();
        marks.sort();
        marks
    }

    fn reminder(&self, mark: Mark) -> Reminder {
        Reminder { waiting: self.waiting, milestone: self.milestone, since: self.since, mark }
    }
}

/// The end of a clock of so many days that begins now. If another clock's silence starts it, it begins when that one
/// ended, however late a worker comes; but people have two days from when it is recorded, since they hear of it then.
#[must_use]
pub fn ends(lapsed_at: Option<Time>, recorded_at: Time, days: i64) -> Time {
    match lapsed_at {
        None => recorded_at.plus_days(days),
        Some(at) => at.plus_days(days).max(recorded_at.plus_hours(LAPSED_LEAST_HOURS)),
    }
}

/// When the buyer must have paid: 10 days after agreement or the first due date, never less than 48 h.
#[must_use]
pub fn pay_by(first_due: Option<Time>, agreed_at: Time) -> Time {
    let at = agreed_at.plus_days(PAYMENT_DAYS);
    let at = first_due.map_or(at, |due| at.min(due));
    at.max(agreed_at.plus_hours(PAYMENT_LEAST_HOURS))
}

/// When a later milestone must be paid: 10 days after the one before was decided, or its due date, never
/// less than 48 h after its buyer is asked.
#[must_use]
pub fn next_pay_by(due: Option<Time>, decided_at: Time, asked_at: Time) -> Time {
    pay_by(due, decided_at).max(asked_at.plus_hours(PAYMENT_LEAST_HOURS))
}

/// When the terms lapse: 14 days after they were sent, or the first due date if that is earlier.
#[must_use]
pub fn accept_by(first_due: Option<Time>, proposed_at: Time) -> Time {
    let at = proposed_at.plus_days(ACCEPTANCE_DAYS);
    first_due.map_or(at, |due| at.min(due))
}

/// Every clock that runs, the earliest deadline first (ties: in the order of the milestones).
#[must_use]
pub fn all(escrow: &Escrow) -> Vec<Deadline> {
    let mut clocks = Vec::new();
    let mut add = |waiting, since, at| {
        clocks.push(Deadline { waiting, milestone: None, since, at, due: None });
    };
    if let Some(ChargeState::Pending { since, answer_by }) = escrow.charge.as_ref().map(|it| &it.state) {
        add(Waiting::RailAnswer, *since, *answer_by);
    }
    match &escrow.stage {
        // Whoever was paid first has days and not weeks to answer.
        Stage::Proposed { .. } if escrow.rejected.is_some() => {}
        Stage::Proposed { .. } if escrow.funded() => {
            if let Some(at) = paid_at(escrow) {
                add(Waiting::SellerAnswer, at, at.plus_days(SELLER_ANSWER_DAYS));
            }
        }
        Stage::Proposed { since, expires_at } if !escrow.charge_pending() => {
            let waiting = if escrow.instant() { Waiting::LinkPayment } else { Waiting::Acceptance };
            add(waiting, *since, *expires_at);
        }
        Stage::Agreed { since, pay_by } if !escrow.charge_pending() => add(Waiting::Payment, *since, *pay_by),
        Stage::Ended { at, lapsed_at, .. } => {
            add(Waiting::Closing, *at, ends(*lapsed_at, *at, CLOSING_DAYS));
        }
        Stage::Proposed { .. } | Stage::Agreed { .. } | Stage::Active { .. } | Stage::Closed { .. } => {}
    }
    if let Some(request) = &escrow.cancellation {
        add(Waiting::CancellationAnswer, request.since, request.answer_by);
    }
    for offer in &escrow.settlements {
        add(Waiting::Settlement, offer.since, offer.answer_by);
    }
    clocks.extend(escrow.disputes.iter().filter_map(of_dispute));
    clocks.extend(escrow.refunds.iter().filter(|it| !it.late).flat_map(|it| of_refund(escrow, it)));
    for (number, milestone) in (1_u16..).zip(&escrow.milestones) {
        if milestone.stopped_at.is_none() {
            clocks.extend(of_milestone(number, milestone, escrow.charge_pending()));
        }
        if let Some(asked) = &milestone.extension {
            let (waiting, since, at) = (Waiting::Extension, asked.since, asked.answer_by);
            clocks.push(Deadline { waiting, milestone: Some(number), since, at, due: None });
        }
        if let (true, Some(at)) = (milestone.payable_minor() > 0, milestone.payable_since) {
            clocks.push(Deadline {
                waiting: Waiting::PayOut,
                milestone: Some(number),
                since: at,
                at: milestone.pay_out_by.unwrap_or_else(|| at.plus_days(PAYOUT_DAYS)),
                due: None,
            });
        }
    }
    clocks.sort_by_key(|clock| clock.at);
    clocks
}

/// When the last payment arrived.
fn paid_at(escrow: &Escrow) -> Option<Time> {
    match escrow.charge.as_ref()?.state {
        ChargeState::Successful { at } => Some(at),
        ChargeState::Pending { .. } | ChargeState::Failed { .. } => None,
    }
}

/// A dispute's clock carries the first of its milestones, since a milestone is in one dispute at most.
fn of_dispute(dispute: &super::dispute::Dispute) -> Option<Deadline> {
    let waiting = match dispute.step {
        Step::Answer { .. } => Waiting::DisputeAnswer,
        Step::Talk { .. } => Waiting::DisputeTalk,
        Step::Handler { .. } => Waiting::Ruling,
    };
    let (since, at) = dispute.step.times();
    let milestone = dispute.claims.first()?.milestone;
    Some(Deadline { waiting, milestone: Some(milestone), since, at, due: None })
}

/// A refund waits for its provider; a failed one is sent once more by itself, and goes to the wallet of a
/// buyer who does nothing about it.
#[must_use]
pub fn of_refund(escrow: &Escrow, refund: &Refund) -> Vec<Deadline> {
    let clock = |waiting, since, at| {
        Some(Deadline { waiting, milestone: Some(refund.milestone), since, at, due: None })
    };
    let clocks = match refund.state {
        RefundState::Pending { since, answer_by } => [clock(Waiting::RefundAnswer, since, answer_by), None],
        // A machine that is asked once more needs no days to hear of it.
        RefundState::Failed { at, lapsed_at, .. } => [
            clock(Waiting::RefundAgain, at, lapsed_at.unwrap_or(at).plus_days(REFUND_AGAIN_DAYS))
                .filter(|_| !refund.sent_again),
            clock(Waiting::FailedRefund, at, ends(lapsed_at, at, FAILED_REFUND_DAYS))
                .filter(|_| escrow.refund_has_wallet(refund)),
        ],
        RefundState::Successful { .. } | RefundState::ToWallet { .. } => [None, None],
    };
    clocks.into_iter().flatten().collect()
}

/// A milestone's clock that stands still, and how long it would still run.
#[must_use]
pub fn stopped(escrow: &Escrow, number: u16) -> Option<(Deadline, ::time::Duration)> {
    let milestone = escrow.milestone(number)?;
    let stopped_at = milestone.stopped_at?;
    let clock = of_milestone(number, milestone, escrow.charge_pending())?;
    Some((clock, clock.at.since(stopped_at)))
}

fn of_milestone(number: u16, milestone: &Milestone, paying: bool) -> Option<Deadline> {
    let clock = |waiting, since, at, due: Option<Time>| {
        let due = due.map(|due| milestone.later(due));
        Deadline { waiting, milestone: Some(number), since, at: milestone.later(at), due }
    };
    let proof = milestone.proof.as_ref().map(|proof| proof.phase);
    match milestone.stage {
        MilestoneStage::InProgress { overdue_since: None, .. }
            if let Some(ProofPhase::WaitingSellerProof { since, upload_by }) = proof =>
        {
            Some(clock(Waiting::ProofUpload, since, upload_by, None))
        }
        MilestoneStage::InProgress { overdue_since: None, .. }
            if let Some(ProofPhase::Review { since, review_by }) = proof =>
        {
            Some(clock(Waiting::ProofReview, since, review_by, None))
        }
        MilestoneStage::Unfunded => {
            let asked = milestone.asked.filter(|_| !paying)?;
            Some(clock(Waiting::NextPayment, asked.since, asked.pay_by, None))
        }
        MilestoneStage::InProgress { since, due, overdue_since: None } => {
            Some(clock(Waiting::Delivery, since, due.plus_days(DELIVERY_GRACE_DAYS), Some(due)))
        }
        MilestoneStage::ChangesRequested { since, overdue_since: None } => {
            Some(clock(Waiting::Changes, since, since.plus_days(CHANGES_DAYS), None))
        }
        MilestoneStage::InProgress { overdue_since: Some(since), .. }
        | MilestoneStage::ChangesRequested { overdue_since: Some(since), .. } => {
            let refund_at = milestone.refund_at.unwrap_or_else(|| since.plus_days(CANCEL_DAYS));
            Some(clock(Waiting::Cancelling, since, refund_at, None))
        }
        MilestoneStage::Delivered { since, inspect_by } => {
            Some(clock(Waiting::Inspection, since, inspect_by, None))
        }
        MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. } => None,
    }
}

/// When something next comes due by itself: a deadline or a reminder that was not sent.
#[must_use]
pub fn next_at(escrow: &Escrow) -> Option<Time> {
    let clocks = every(escrow);
    let reminders = clocks.iter().flat_map(|clock| {
        let open =
            clock.marks().into_iter().filter(|(_, mark)| !escrow.reminded.contains(&clock.reminder(*mark)));
        // Of several that are due at once only the last is sent, and it stands for those before it.
        let sent = last_sent(escrow, clock);
        open.filter(move |(at, _)| sent.is_none_or(|sent| *at > sent)).map(|(at, _)| at)
    });
    clocks.iter().map(|clock| clock.at).chain(reminders).min()
}

fn last_sent(escrow: &Escrow, clock: &Deadline) -> Option<Time> {
    let sent = clock.marks().into_iter().filter(|(_, mark)| escrow.reminded.contains(&clock.reminder(*mark)));
    sent.map(|(at, _)| at).max()
}

/// The first thing that is due at `now`: a deadline that has passed before any reminder. After an outage
/// only the latest of several missed reminders is sent.
#[must_use]
pub fn due(escrow: &Escrow, now: Time) -> Option<Command> {
    let clocks = every(escrow);
    if let Some(clock) = clocks.iter().find(|clock| clock.at <= now) {
        return Some(clock.lapse());
    }
    clocks.iter().find_map(|clock| {
        let (at, mark) = clock.marks().into_iter().rfind(|(at, _)| *at <= now)?;
        let open = last_sent(escrow, clock).is_none_or(|sent| at > sent);
        let (waiting, milestone, since) = (clock.waiting, clock.milestone, clock.since);
        (open && !escrow.reminded.contains(&clock.reminder(mark))).then_some(Command::Remind {
            waiting,
            milestone,
            since,
            mark,
        })
    })
}

/// Whether a clock asks something of a user. A seller who is late is not waited for any more, but delivering
/// is still the thing for him to do.
#[must_use]
pub fn asks(escrow: &Escrow, clock: &Deadline, user: UserId) -> bool {
    let is_seller = escrow.party(Role::Seller).is_some_and(|party| party.user == user);
    let late = clock.waiting == Waiting::Cancelling && is_seller;
    late || waits_for(escrow, clock).contains(&user)
}

/// Those for whom a clock waits.
#[must_use]
pub fn waits_for(escrow: &Escrow, clock: &Deadline) -> Vec<UserId> {
    let role = |role: Role| escrow.party(role).map(|party| party.user).into_iter().collect();
    match clock.waiting {
        Waiting::Acceptance | Waiting::SellerAnswer => {
            // Where the payment comes first, the buyer is waited for even after he accepted.
            let pays =
                |role| clock.waiting == Waiting::Acceptance && escrow.terms.pay_first && role == Role::Buyer;
            let open = escrow.parties.iter().filter(|party| party.role.must_agree());
            open.filter(|party| !escrow.has_agreed(party) || pays(party.role))
                .map(|party| party.user)
                .collect()
        }
        // Nobody, until somebody has tried to pay by the link.
        Waiting::Payment
        | Waiting::LinkPayment
        | Waiting::NextPayment
        | Waiting::ProofReview
        | Waiting::Inspection
        | Waiting::Cancelling
        | Waiting::FailedRefund
        | Waiting::Extension => role(Role::Buyer),
        Waiting::ProofUpload | Waiting::Delivery | Waiting::Changes | Waiting::CancellationAnswer => {
            role(Role::Seller)
        }
        // Both sides can have made an offer at the same moment.
        Waiting::Settlement => {
            let made = escrow.settlements.iter().filter(|offer| offer.since == clock.since);
            made.flat_map(|offer| role(if offer.by == Role::Buyer { Role::Seller } else { Role::Buyer }))
                .collect()
        }
        Waiting::DisputeAnswer => {
            let dispute = clock.milestone.and_then(|number| escrow.dispute_over(number));
            dispute.map_or_else(Vec::new, |dispute| role(dispute.other_side()))
        }
        Waiting::DisputeTalk => [role(Role::Buyer), role(Role::Seller)].concat(),
        Waiting::Ruling => {
            let dispute = clock.milestone.and_then(|number| escrow.dispute_over(number));
            match dispute.map(|dispute| &dispute.step) {
                // Once he has decided, a second operator is waited for.
                Some(Step::Handler { handler: Handler::Arbiter, ruling: None, .. }) => {
                    escrow.arbiter().into_iter().collect()
                }
                Some(Step::Answer { .. } | Step::Talk { .. } | Step::Handler { .. }) | None => Vec::new(),
            }
        }
        Waiting::PayOut => {
            let number = clock.milestone.unwrap_or_default();
            let users = escrow.parties.iter().map(|party| party.user);
            users.filter(|user| !escrow.payable_to(number, *user).is_empty()).collect()
        }
        Waiting::RailAnswer | Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::Closing => Vec::new(),
    }
}
