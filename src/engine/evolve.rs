//! The only place where an escrow changes: an event at a moment makes the next state.
//!
//! It decides nothing and refuses nothing. Replaying an escrow's events through it gives the stored
//! document byte for byte.

mod disagreement;
mod funding;
mod refunds;

use super::deadlines::{self, CANCEL_DAYS, PAYOUT_DAYS, Waiting};
use super::escrow::{
    Asked, Changes, Delivery, End, Escrow, How, Milestone, MilestoneEnd, MilestoneStage, Nudge, Rejection,
    Reminder, Stage,
};
use super::event::Event;
use super::party::{Party, PartyStatus, Role, Signature, UserId};
use super::plan::{Part, Share};
use super::terms::{Rate, Terms, TermsParty};
use super::time::Time;
use super::veil;

/// The state after `event` happened at `at`. Nothing comes of an event without its escrow.
#[must_use]
pub fn evolve(escrow: Option<Escrow>, event: &Event, at: Time) -> Option<Escrow> {
    let mut escrow = match (escrow, event) {
        (None, Event::Proposed { .. }) => return proposed(event, at),
        (None, _) => return None,
        (Some(escrow), _) => escrow,
    };
    escrow.seq += 1;
    apply(&mut escrow, event, at);
    disagreement::drop_what_is_moot(&mut escrow);
    forget_reminders(&mut escrow);
    Some(escrow)
}

/// Reminders are kept as long as their clock runs, or waits for a provider and will run on: else it would
/// remind again of what it has reminded of.
fn forget_reminders(escrow: &mut Escrow) {
    let clocks = deadlines::all(escrow);
    let paused = escrow.charge_pending();
    let still = |number: u16| escrow.milestone(number).is_some_and(|part| part.stopped_at.is_some());
    let stopped: Vec<u16> = (1_u16..).take(escrow.milestones.len()).filter(|number| still(*number)).collect();
    escrow.reminded.retain(|sent| {
        let runs = |clock: &deadlines::Deadline| {
            clock.waiting == sent.waiting && clock.milestone == sent.milestone && clock.since == sent.since
        };
        let still = sent.milestone.is_some_and(|number| stopped.contains(&number));
        let paying = waits_for_the_provider(sent.waiting);
        let waits = still || paused && paying;
        waits || clocks.iter().any(runs)
    });
    escrow.nudged.retain(|sent| {
        let runs = |clock: &deadlines::Deadline| clock.waiting == sent.waiting && clock.since == sent.since;
        let waits = paused && waits_for_the_provider(sent.waiting);
        waits || clocks.iter().any(|clock| clock.milestone == sent.milestone && runs(clock))
    });
}

/// Clocks that stand still while a payment is under way.
fn waits_for_the_provider(waiting: Waiting) -> bool {
    matches!(waiting, Waiting::Acceptance | Waiting::Payment | Waiting::LinkPayment | Waiting::NextPayment)
}

fn proposed(event: &Event, at: Time) -> Option<Escrow> {
    let Event::Proposed { id, reference, creator, terms, plan, document_sha256, side_sha256, expires_at } =
        event
    else {
        return None;
    };
    let status = |user: UserId| {
        if user == *creator { PartyStatus::Accepted } else { PartyStatus::Created }
    };
    let party = |role: Role, user: UserId| Party { status: status(user), ..invited(role, user) };
    Some(Escrow {
        id: *id,
        reference: reference.clone(),
        creator: *creator,
        countered_by: None,
        seq: 1,
        version: 1,
        document_sha256: document_sha256.clone(),
        side_sha256: side_sha256.clone(),
        parties: terms.parties.iter().map(|named| party(named.role, named.user)).collect(),
        milestones: vec![UNFUNDED; terms.milestones.len()],
        terms: (**terms).clone(),
        plan: plan.clone(),
        stage: Stage::Proposed { since: at, expires_at: *expires_at },
        charge: None,
        fallen_commission: None,
        given_up: Vec::new(),
        cancellation: None,
        cancellations_asked: 0,
        settlements: Vec::new(),
        settlements_offered: 0,
        disputes: Vec::new(),
        disputes_opened: 0,
        refunds: Vec::new(),
        reminded: Vec::new(),
        nudged: Vec::new(),
        proposed_at: at,
        arbitrated: Vec::new(),
        arbiter_declined_at: None,
        rejected: None,
    })
}

/// Somebody who is named and has not answered.
fn invited(role: Role, user: UserId) -> Party {
    let status = PartyStatus::Created;
    Party { role, user, status, signature: None, invited_again_at: None, joined: false, guest: false }
}

/// Other terms may name other payees; whoever was named before stays who he is.
fn name_parties(escrow: &mut Escrow, named: &[TermsParty]) {
    let known = std::mem::take(&mut escrow.parties);
    let party = |named: &TermsParty| {
        let party = known.iter().find(|party| party.user == named.user && party.role == named.role);
        party.cloned().unwrap_or_else(|| invited(named.role, named.user))
    };
    escrow.parties = named.iter().map(party).collect();
}

/// A milestone for which nobody has paid.
const UNFUNDED: Milestone = Milestone {
    stage: MilestoneStage::Unfunded,
    holdings: Vec::new(),
    released_minor: 0,
    refunded_minor: 0,
    followed: Vec::new(),
    payable_since: None,
    pay_out_by: None,
    delivery: None,
    was_due: None,
    refund_at: None,
    extension: None,
    stopped_at: None,
    stopped_micros: 0,
    proof: None,
    asked: None,
};

fn apply(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::Proposed { .. } => {}
        Event::Countered { .. }
        | Event::PartyCorrected { .. }
        | Event::BuyerJoined { .. }
        | Event::InvitedAgain { .. }
        | Event::Reminded { .. }
        | Event::Nudged { .. } => talked_about(escrow, event, at),
        Event::Accepted { role, .. } => set_status(escrow, *role, None, PartyStatus::Accepted),
        Event::Disowned { role, user } => set_status(escrow, *role, Some(*user), PartyStatus::Disowned),
        Event::Signed { role, version, document_sha256, side_sha256, evidence_sha256 } => {
            let (version, document_sha256) = (*version, document_sha256.clone());
            let (side_sha256, evidence_sha256) = (side_sha256.clone(), evidence_sha256.clone());
            signed(escrow, *role, Signature { version, document_sha256, side_sha256, evidence_sha256, at });
        }
        Event::Agreed { pay_by, due } => funding::agreed(escrow, *pay_by, *due, at),
        Event::Rejected { by, reason, why } => {
            set_status(escrow, *by, None, PartyStatus::Declined);
            escrow.rejected = Some(Rejection { by: *by, reason: reason.clone(), at, why: *why });
        }
        Event::ChargeStarted { .. }
        | Event::ChargeFailed { .. }
        | Event::ChargeSettled { .. }
        | Event::ChargeReturned { .. } => funding::charged(escrow, event, at),
        Event::NextPaymentDue { milestone, pay_by } => {
            with(escrow, *milestone, |part| part.asked = Some(Asked { since: at, pay_by: *pay_by }));
        }
        Event::Dropped { milestone } => with(escrow, *milestone, |part| dropped(part, at)),
        Event::ProofSubmitted { .. } | Event::CorrectionsRequested { .. } | Event::ProofAccepted { .. } => {
            if let Some(number) = event.milestone() {
                with(escrow, number, |part| funding::proof(part, event, at));
            }
        }
        Event::Delivered { .. } | Event::ChangesRequested { .. } | Event::Overdue { .. } => {
            worked(escrow, event, at);
        }
        Event::Released { .. }
        | Event::Refunded { .. }
        | Event::RefundStarted { .. }
        | Event::RefundSettled { .. }
        | Event::RefundFailed { .. }
        | Event::RefundRetried { .. }
        | Event::RefundedToWallet { .. }
        | Event::PaidOut { .. } => moved(escrow, event, at),
        Event::InspectionExtended { .. }
        | Event::ExtensionAsked { .. }
        | Event::ExtensionGranted { .. }
        | Event::ExtensionEnded { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationEnded { .. }
        | Event::SettlementOffered { .. }
        | Event::SettlementEnded { .. }
        | Event::DisputeOpened { .. }
        | Event::Stated { .. }
        | Event::DisputeMoved { .. }
        | Event::Ruled { .. }
        | Event::RulingReturned { .. }
        | Event::ArbiterDeclined { .. }
        | Event::DisputeEnded { .. }
        | Event::Said { .. } => disagreement::apply(escrow, event, at),
        Event::Ended { end, lapsed_at } => ended(escrow, end, *lapsed_at, at),
        Event::Closed => {
            if let Stage::Ended { end, .. } = &escrow.stage {
                escrow.stage = Stage::Closed { end: end.clone(), at };
            }
        }
    }
}

fn dropped(milestone: &mut Milestone, at: Time) {
    let (end, how) = (MilestoneEnd::Dropped, How::ByClock);
    milestone.stage = MilestoneStage::Ended { end, how, at };
}

/// The seller's work and the buyer's answer to it.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
fn worked(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::Delivered { milestone, round, note, files, inspect_by } => {
            let delivery = Delivery {
                round: *round,
                at,
                note: note.clone(),
                files: files.clone(),
                changes: None,
                inspection_extended: false,
            };
            with(escrow, *milestone, |part| delivered(part, delivery, *inspect_by));
        }
        Event::ChangesRequested { milestone, failed, reason, .. } => {
            let changes = Changes { failed: failed.clone(), reason: reason.clone(), at };
            with(escrow, *milestone, |part| changes_requested(part, changes));
        }
        Event::Overdue { milestone, refund_at } => {
            with(escrow, *milestone, |part| overdue(part, *refund_at, at));
        }
        _ => {}
    }
}

/// Money that leaves what is held.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
fn moved(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::Released { milestone, amount_minor, parts, whole, how, lapsed_at } => {
            let plan = escrow.plan.milestones.get(usize::from(*milestone).saturating_sub(1)).cloned();
            with(escrow, *milestone, |part| {
                plan.iter().for_each(|plan| part.note_followers(plan, parts));
                part.released_minor += amount_minor;
                take(part, parts);
                payable(part, parts, *lapsed_at, at);
                decided(part, *whole, *how, at);
            });
        }
        Event::Refunded { milestone, amount_minor, parts, whole, how } => {
            with(escrow, *milestone, |part| {
                part.refunded_minor += amount_minor;
                take(part, parts);
                decided(part, *whole, *how, at);
            });
        }
        Event::PaidOut { milestone, share, amount_minor, .. } => {
            with(escrow, *milestone, |part| paid_out(part, *share, *amount_minor, at));
        }
        _ => refunds::apply(escrow, event, at),
    }
}

/// What a hidden commission was before it fell to nothing under terms of a side that does not see it.
fn fallen(escrow: &Escrow, by: Role, terms: &Terms) -> Option<Rate> {
    let (was, is) = (&escrow.terms.commission.as_ref()?.rate, &terms.commission.as_ref()?.rate);
    let blind = veil::hides_from(&escrow.terms, by);
    (blind && *is == Rate::FixedMinor(0)).then(|| escrow.fallen_commission.as_ref().unwrap_or(was).clone())
}

/// What happens while the terms are talked about, and reminders.
#[allow(clippy::wildcard_enum_match_arm, reason = "`apply` sorts them and names every one")]
fn talked_about(escrow: &mut Escrow, event: &Event, at: Time) {
    match event {
        Event::Countered { by, version, terms, plan, document_sha256, side_sha256, expires_at, .. } => {
            let proposer = escrow.party(*by).map(|party| party.user);
            escrow.countered_by = proposer.filter(|user| *user != escrow.creator);
            escrow.fallen_commission = fallen(escrow, *by, terms);
            name_parties(escrow, &terms.parties);
            escrow.terms = (**terms).clone();
            escrow.plan = plan.clone();
            escrow.milestones = vec![UNFUNDED; terms.milestones.len()];
            escrow.side_sha256.clone_from(side_sha256);
            new_version(escrow, *version, document_sha256, *expires_at, at);
        }
        Event::PartyCorrected {
            from,
            to,
            identity_sha256,
            version,
            document_sha256,
            side_sha256,
            expires_at,
            ..
        } => {
            correct_party(escrow, *from, *to, identity_sha256);
            escrow.side_sha256.clone_from(side_sha256);
            new_version(escrow, *version, document_sha256, *expires_at, at);
        }
        Event::BuyerJoined { .. } => funding::joined(escrow, event),
        Event::InvitedAgain { user, .. } => {
            if let Some(party) = escrow.parties.iter_mut().find(|party| party.user == *user) {
                party.invited_again_at = Some(at);
            }
        }
        Event::Nudged { waiting, milestone, since, .. } => {
            let (waiting, milestone, since) = (*waiting, *milestone, *since);
            escrow
                .nudged
                .retain(|sent| (sent.waiting, sent.milestone, sent.since) != (waiting, milestone, since));
            escrow.nudged.push(Nudge { waiting, milestone, since, at });
        }
        Event::Reminded { waiting, milestone, since, mark, .. } => escrow.reminded.push(Reminder {
            waiting: *waiting,
            milestone: *milestone,
            since: *since,
            mark: *mark,
        }),
        _ => {}
    }
}

/// What was accepted or signed before was another version. Whoever sent this one accepts it; whoever said
/// that he is the wrong person still is.
fn new_version(escrow: &mut Escrow, version: u32, document_sha256: &str, expires_at: Time, at: Time) {
    escrow.version = version;
    document_sha256.clone_into(&mut escrow.document_sha256);
    escrow.stage = Stage::Proposed { since: at, expires_at };
    let proposer = escrow.proposer();
    for party in &mut escrow.parties {
        party.signature = None;
        party.joined |= party.status == PartyStatus::Accepted;
        if party.status != PartyStatus::Disowned {
            let own = party.user == proposer;
            party.status = if own { PartyStatus::Accepted } else { PartyStatus::Created };
        }
    }
}

fn correct_party(escrow: &mut Escrow, from: UserId, to: UserId, identity_sha256: &str) {
    if let Some(party) = escrow.parties.iter_mut().find(|party| party.user == from) {
        party.user = to;
        party.status = PartyStatus::Created;
        party.invited_again_at = None;
    }
    if let Some(named) = escrow.terms.parties.iter_mut().find(|named| named.user == from) {
        named.user = to;
        identity_sha256.clone_into(&mut named.identity_sha256);
    }
    for line in escrow.terms.milestones.iter_mut().flat_map(|part| &mut part.recipients) {
        if line.user == from {
            line.user = to;
        }
    }
}

fn signed(escrow: &mut Escrow, role: Role, signature: Signature) {
    set_status(escrow, role, None, PartyStatus::Accepted);
    if let Some(party) = escrow.parties.iter_mut().find(|party| party.role == role) {
        party.signature = Some(signature);
    }
}

fn delivered(milestone: &mut Milestone, delivery: Delivery, inspect_by: Time) {
    milestone.was_due = milestone.due().or(milestone.was_due);
    disagreement::restart(milestone);
    milestone.stage = MilestoneStage::Delivered { since: delivery.at, inspect_by };
    milestone.delivery = Some(delivery);
}

fn changes_requested(milestone: &mut Milestone, changes: Changes) {
    disagreement::restart(milestone);
    milestone.stage = MilestoneStage::ChangesRequested { since: changes.at, overdue_since: None };
    if let Some(delivery) = &mut milestone.delivery {
        delivery.changes = Some(changes);
    }
}

/// What was never paid for is dropped.
fn ended(escrow: &mut Escrow, end: &End, lapsed_at: Option<Time>, at: Time) {
    if let End::Declined { by, .. } = end {
        set_status(escrow, *by, None, PartyStatus::Declined);
    }
    for part in &mut escrow.milestones {
        if part.stage == MilestoneStage::Unfunded {
            let how = How::Cancelled;
            part.stage = MilestoneStage::Ended { end: MilestoneEnd::Dropped, how, at };
        }
    }
    escrow.stage = Stage::Ended { end: end.clone(), at, lapsed_at: before(lapsed_at, at) };
}

/// When a clock ran out, if that was not noted at once.
fn before(lapsed_at: Option<Time>, at: Time) -> Option<Time> {
    lapsed_at.filter(|lapsed| *lapsed < at)
}

fn with(escrow: &mut Escrow, number: u16, change: impl FnOnce(&mut Milestone)) {
    let index = usize::from(number).checked_sub(1);
    if let Some(part) = index.and_then(|index| escrow.milestones.get_mut(index)) {
        change(part);
    }
}

fn set_status(escrow: &mut Escrow, role: Role, user: Option<UserId>, status: PartyStatus) {
    let named = |party: &&mut Party| party.role == role && user.is_none_or(|user| party.user == user);
    if let Some(party) = escrow.parties.iter_mut().find(named) {
        party.status = status;
    }
}

/// Takes a step's parts out of what is held.
fn take(milestone: &mut Milestone, parts: &[Part]) {
    for part in parts {
        if let Some(held) = milestone.holdings.iter_mut().find(|held| held.share == part.share) {
            held.held_minor -= part.amount_minor;
        }
    }
}

/// A release makes its parts payable; the platform's goes to its fees.
fn payable(milestone: &mut Milestone, parts: &[Part], lapsed_at: Option<Time>, at: Time) {
    for part in parts.iter().filter(|part| part.share != Share::Platform) {
        if let Some(held) = milestone.holdings.iter_mut().find(|held| held.share == part.share) {
            held.payable_minor += part.amount_minor;
        }
    }
    if milestone.payable_minor() > 0 && milestone.payable_since.is_none() {
        milestone.payable_since = Some(at);
        let late = before(lapsed_at, at);
        milestone.pay_out_by = late.map(|_| deadlines::ends(late, at, PAYOUT_DAYS));
    }
}

fn decided(milestone: &mut Milestone, whole: bool, how: How, at: Time) {
    if !whole {
        return;
    }
    let end = match (milestone.released_minor > 0, milestone.refunded_minor > 0) {
        (true, true) => MilestoneEnd::Split,
        (true, false) => MilestoneEnd::Released,
        (false, _) => MilestoneEnd::Refunded,
    };
    disagreement::restart(milestone);
    milestone.stage = MilestoneStage::Settling { end, how, at };
    end_when_empty(milestone, at);
}

fn paid_out(milestone: &mut Milestone, share: Share, amount_minor: i64, at: Time) {
    if let Some(held) = milestone.holdings.iter_mut().find(|held| held.share == share) {
        held.payable_minor -= amount_minor;
    }
    if milestone.payable_minor() == 0 {
        (milestone.payable_since, milestone.pay_out_by) = (None, None);
    }
    end_when_empty(milestone, at);
}

/// A milestone reaches its end only when nothing is held or payable in it.
fn end_when_empty(milestone: &mut Milestone, at: Time) {
    if let MilestoneStage::Settling { end, how, .. } = milestone.stage
        && milestone.held_minor() == 0
        && milestone.payable_minor() == 0
    {
        milestone.stage = MilestoneStage::Ended { end, how, at };
    }
}

fn overdue(milestone: &mut Milestone, refund_at: Time, at: Time) {
    let extension = milestone.extension.take();
    disagreement::restart(milestone);
    milestone.extension = extension;
    milestone.refund_at = (refund_at != at.plus_days(CANCEL_DAYS)).then_some(refund_at);
    match &mut milestone.stage {
        MilestoneStage::InProgress { overdue_since, .. }
        | MilestoneStage::ChangesRequested { overdue_since, .. } => *overdue_since = Some(at),
        MilestoneStage::Unfunded
        | MilestoneStage::Delivered { .. }
        | MilestoneStage::Settling { .. }
        | MilestoneStage::Ended { .. } => {}
    }
}
