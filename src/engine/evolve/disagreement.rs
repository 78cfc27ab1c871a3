//! Requests to cancel, offers, disputes and asked extensions, and the clocks that stand still meanwhile.

use super::with;
use crate::engine::dispute::{Cancellation, Dispute, Extension, Handler, Ruling, Settlement, Split, Step};
use crate::engine::escrow::{Escrow, Milestone, MilestoneStage};
use crate::engine::event::Event;
use crate::engine::time::Time;

/// Applies an event of these.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
pub(super) fn apply(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::InspectionExtended { milestone, days } => with(escrow, *milestone, |part| {
            if let MilestoneStage::Delivered { inspect_by, .. } = &mut part.stage {
                *inspect_by = inspect_by.plus_days(i64::from(*days));
            }
            part.delivery.iter_mut().for_each(|delivery| delivery.inspection_extended = true);
        }),
        Event::ExtensionAsked { milestone, by, due, reason, answer_by } => {
            let (due, answer_by, reason) = (*due, *answer_by, reason.clone());
            let asked = Extension { by: *by, due, reason, since: at, answer_by };
            with(escrow, *milestone, |part| part.extension = Some(asked));
        }
        Event::ExtensionGranted { milestone, due } => with(escrow, *milestone, |part| {
            restart(part);
            part.stage = MilestoneStage::InProgress { since: at, due: *due, overdue_since: None };
        }),
        Event::ExtensionEnded { milestone, .. } => with(escrow, *milestone, |part| part.extension = None),
        Event::CancellationRequested { reason, answer_by } => {
            let (reason, answer_by) = (reason.clone(), *answer_by);
            escrow.cancellation = Some(Cancellation { since: at, reason, answer_by });
            escrow.cancellations_asked += 1;
            for number in escrow.open_milestones() {
                with(escrow, number, |part| stop(part, at));
            }
        }
        Event::CancellationEnded { .. } => {
            escrow.cancellation = None;
            for number in escrow.open_milestones() {
                with(escrow, number, |part| go_on(part, at));
            }
        }
        Event::SettlementOffered { settlement, by, splits, note, answer_by } => {
            escrow.settlements_offered = *settlement;
            escrow.settlements.push(Settlement {
                number: *settlement,
                by: *by,
                since: at,
                answer_by: *answer_by,
                splits: splits.clone(),
                note: note.clone(),
            });
        }
        Event::SettlementEnded { settlement, .. } => {
            escrow.settlements.retain(|offer| offer.number != *settlement);
        }
        Event::Ruled { dispute, by, splits, reasons, second: true } => {
            let (splits, reasons) = (splits.clone(), reasons.clone());
            set_ruling(escrow, *dispute, Some(Ruling { by: *by, at, splits, reasons }));
        }
        Event::RulingReturned { dispute, .. } => set_ruling(escrow, *dispute, None),
        Event::ArbiterDeclined { .. } => escrow.arbiter_declined_at = Some(at),
        _ => disputes(escrow, event, at),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
fn disputes(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::DisputeOpened {
            dispute,
            by,
            claims,
            reason,
            failed,
            files,
            answer_by,
            second_above_minor,
        } => {
            escrow.disputes_opened = *dispute;
            escrow.disputes.push(Dispute {
                number: *dispute,
                by: *by,
                since: at,
                claims: claims.clone(),
                reason: reason.clone(),
                failed: failed.clone(),
                files: files.clone(),
                step: Step::Answer { since: at, until: *answer_by },
                second_above_minor: *second_above_minor,
            });
            for claim in claims {
                with(escrow, claim.milestone, |part| stop(part, at));
            }
        }
        Event::DisputeMoved { dispute, step } => {
            let to_arbiter = matches!(step, Step::Handler { handler: Handler::Arbiter, .. });
            if to_arbiter && !escrow.arbitrated.contains(dispute) {
                escrow.arbitrated.push(*dispute);
            }
            if let Some(open) = escrow.disputes.iter_mut().find(|open| open.number == *dispute) {
                open.step = step.clone();
            }
        }
        Event::DisputeEnded { dispute, .. } => {
            let Some(ended) = escrow.dispute(*dispute).cloned() else { return };
            escrow.disputes.retain(|open| open.number != *dispute);
            for claim in ended.claims {
                with(escrow, claim.milestone, |part| go_on(part, at));
            }
        }
        _ => {}
    }
}

fn set_ruling(escrow: &mut Escrow, dispute: u16, new: Option<Ruling>) {
    let open = escrow.disputes.iter_mut().find(|open| open.number == dispute);
    if let Some(Dispute { step: Step::Handler { ruling, .. }, .. }) = open {
        *ruling = new;
    }
}

/// The stage's clock stands still. What was asked for meanwhile is moot.
fn stop(part: &mut Milestone, at: Time) {
    part.extension = None;
    if part.undecided() && part.stopped_at.is_none() {
        part.stopped_at = Some(at);
    }
}

/// The stage's clock runs on with the time that was left.
fn go_on(part: &mut Milestone, at: Time) {
    if let Some(stopped_at) = part.stopped_at.take() {
        part.stopped_micros += at.micros() - stopped_at.micros();
    }
}

/// A new stage has a clock of its own, which has never stood still.
pub(super) fn restart(part: &mut Milestone) {
    part.stopped_at = None;
    part.stopped_micros = 0;
    part.extension = None;
    part.refund_at = None;
}

/// What stands beside the milestones and has lost its object: an offer about a sum that has moved, a request
/// when nothing is open, a dispute's claim on what is decided.
pub(super) fn drop_what_is_moot(escrow: &mut Escrow) {
    if escrow.cancellation.is_some() && escrow.open_milestones().is_empty() {
        escrow.cancellation = None;
    }
    let left: Vec<Option<i64>> =
        escrow.milestones.iter().map(|part| part.undecided().then(|| part.left_minor())).collect();
    let left = |number: u16| left.get(usize::from(number).checked_sub(1)?).copied().flatten();
    let stands = |split: &Split| left(split.milestone) == Some(split.sum_minor());
    escrow.settlements.retain(|offer| offer.splits.iter().all(stands));
    for dispute in &mut escrow.disputes {
        let before = dispute.claims.len();
        dispute.claims.retain(stands);
        if let (true, Step::Handler { ruling, .. }) = (dispute.claims.len() < before, &mut dispute.step) {
            *ruling = None;
        }
    }
    escrow.disputes.retain(|dispute| !dispute.claims.is_empty());
}
