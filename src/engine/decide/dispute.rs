//! Disputes: opened, answered, talked over, settled, ruled. A dispute freezes exactly its milestones.

use super::cancellation::{something_open, superseded};
use super::settlement::{SIDES, carry_out, exact, paid_and_open};
use super::{Draft, said, short_enough};
use crate::engine::check::MOST_FILES;
use crate::engine::command::Facts;
use crate::engine::deadlines::{ANSWER_DAYS, HANDLER_DAYS, TALK_DAYS};
use crate::engine::dispute::{Dispute, DisputeEnd, FailedCriterion, Handler, Ruling, Split, Step};
use crate::engine::escrow::How;
use crate::engine::event::Event;
use crate::engine::party::{Actor, UserId};
use crate::engine::refusal::Refusal;
use crate::engine::terms::{DisputeHandler, FileRef};
use crate::text::{is_blank, trimmed};

pub(super) fn open(
    draft: &mut Draft,
    claims: &[Split],
    reason: &str,
    failed: &[FailedCriterion],
    files: &[FileRef],
    facts: &Facts,
) -> Result<(), Refusal> {
    let by = draft.needs(&SIDES)?;
    if draft.escrow.disputes.iter().any(|dispute| dispute.by == by && dispute.claims == claims) {
        return Ok(());
    }
    paid_and_open(draft)?;
    if claims.is_empty() {
        something_open(draft)?;
    }
    for claim in claims {
        draft.unfrozen(claim.milestone)?;
    }
    exact(draft, claims)?;
    said(reason)?;
    if files.len() > MOST_FILES {
        return Err(Refusal::TooManyFiles);
    }
    let mut failed = failed.to_vec();
    failed.sort_unstable();
    failed.dedup();
    for named in &failed {
        let index = usize::from(named.milestone).saturating_sub(1);
        let known = draft.escrow.terms.milestones.get(index).map_or(0, |terms| terms.criteria.len());
        let claimed = claims.iter().any(|claim| claim.milestone == named.milestone);
        if !claimed || usize::from(named.criterion) >= known {
            return Err(Refusal::UnknownCriterion);
        }
    }
    superseded(draft);
    draft.push(Event::DisputeOpened {
        dispute: draft.escrow.disputes_opened + 1,
        by,
        claims: claims.to_vec(),
        reason: trimmed(reason).to_owned(),
        failed,
        files: files.to_vec(),
        answer_by: draft.until(ANSWER_DAYS),
        second_above_minor: Some(facts.second_operator_above_minor),
    });
    Ok(())
}

fn standing(draft: &Draft, number: u16) -> Result<Dispute, Refusal> {
    draft.escrow.dispute(number).cloned().ok_or(Refusal::NoSuchDispute)
}

/// The other side's first statement is its answer: then both talk.
pub(super) fn state(draft: &mut Draft, number: u16, text: &str, files: &[FileRef]) -> Result<(), Refusal> {
    let role = draft.needs(&SIDES)?;
    let dispute = standing(draft, number)?;
    if is_blank(text) && files.is_empty() {
        return Err(Refusal::MessageMissing);
    }
    short_enough(text)?;
    if files.len() > MOST_FILES {
        return Err(Refusal::TooManyFiles);
    }
    let (text, files) = (trimmed(text).to_owned(), files.to_vec());
    draft.push(Event::Stated { dispute: number, text, files });
    if matches!(dispute.step, Step::Answer { .. }) && role == dispute.other_side() {
        let step = Step::Talk { since: draft.now, until: draft.until(TALK_DAYS) };
        draft.push(Event::DisputeMoved { dispute: number, step });
    }
    Ok(())
}

/// The clocks go on with the time that was left. A decision that is already made can't be run away from.
pub(super) fn withdraw(draft: &mut Draft, number: u16) -> Result<(), Refusal> {
    let role = draft.needs(&SIDES)?;
    let dispute = standing(draft, number)?;
    if role != dispute.by {
        return Err(Refusal::NotYourRole { needs: vec![dispute.by] });
    }
    if dispute.ruling().is_some() {
        return Err(Refusal::RulingPending);
    }
    end(draft, number, DisputeEnd::Withdrawn, "");
    Ok(())
}

pub(super) fn concede(draft: &mut Draft, number: u16, facts: &Facts) -> Result<(), Refusal> {
    let role = draft.needs(&SIDES)?;
    let dispute = standing(draft, number)?;
    if role == dispute.by {
        return Err(Refusal::NotYourRole { needs: vec![dispute.other_side()] });
    }
    end(draft, number, DisputeEnd::Conceded, "");
    carry_out(draft, &dispute.claims, How::Settled, facts);
    Ok(())
}

fn end(draft: &mut Draft, dispute: u16, how: DisputeEnd, reasons: &str) {
    draft.push(Event::DisputeEnded { dispute, how, reasons: reasons.to_owned() });
}

/// Who acts as a handler: an operator, or this escrow's arbiter, who takes no other part in it.
fn handler(draft: &Draft, facts: &Facts) -> Result<(UserId, Handler), Refusal> {
    match draft.actor {
        Actor::Operator { user } if draft.takes_part(user, facts) => Err(Refusal::OperatorIsParty),
        Actor::Arbiter { .. } if facts.address_takes_part => Err(Refusal::OperatorIsParty),
        Actor::Operator { user } => Ok((user, Handler::Operators)),
        Actor::Arbiter { user } => Ok((user, Handler::Arbiter)),
        Actor::Party { .. } | Actor::Rail | Actor::Clock => Err(Refusal::NotYourRole { needs: Vec::new() }),
    }
}

pub(super) fn rule(
    draft: &mut Draft,
    number: u16,
    splits: &[Split],
    reasons: &str,
    facts: &Facts,
) -> Result<(), Refusal> {
    let (user, hand) = handler(draft, facts)?;
    let dispute = standing(draft, number)?;
    let Step::Handler { handler, ruling, .. } = &dispute.step else { return Err(Refusal::NotWithHandler) };
    if *handler != hand {
        return Err(Refusal::NotWithHandler);
    }
    if let Some(ruling) = ruling {
        let same = ruling.by == user && ruling.splits == splits && ruling.reasons == trimmed(reasons);
        return if same { Ok(()) } else { Err(Refusal::RulingPending) };
    }
    let covered = splits.len() == dispute.claims.len();
    if !covered || !splits.iter().all(|split| dispute.covers(split.milestone)) {
        return Err(Refusal::SplitIncomplete);
    }
    exact(draft, splits)?;
    said(reasons)?;
    let second = dispute.stake_minor() > dispute.second_above(facts.second_operator_above_minor);
    let (splits, reasons) = (splits.to_vec(), trimmed(reasons).to_owned());
    let ruled = reasons.clone();
    draft.push(Event::Ruled { dispute: number, by: user, splits: splits.clone(), reasons: ruled, second });
    if !second {
        end(draft, number, DisputeEnd::Ruled, &reasons);
        carry_out(draft, &splits, How::Ruled, facts);
    }
    Ok(())
}

/// A second operator, who is not the one who ruled and no party.
fn second(draft: &Draft, number: u16, facts: &Facts) -> Result<Ruling, Refusal> {
    let (user, hand) = handler(draft, facts)?;
    if hand != Handler::Operators {
        return Err(Refusal::NotYourRole { needs: Vec::new() });
    }
    let dispute = standing(draft, number)?;
    let ruling = dispute.ruling().ok_or(Refusal::NoRulingPending)?;
    if ruling.by == user {
        return Err(Refusal::SameOperator);
    }
    Ok(ruling.clone())
}

pub(super) fn confirm(draft: &mut Draft, number: u16, facts: &Facts) -> Result<(), Refusal> {
    let ruling = second(draft, number, facts)?;
    end(draft, number, DisputeEnd::Ruled, &ruling.reasons);
    carry_out(draft, &ruling.splits, How::Ruled, facts);
    Ok(())
}

pub(super) fn send_back(draft: &mut Draft, number: u16, reason: &str, facts: &Facts) -> Result<(), Refusal> {
    second(draft, number, facts)?;
    said(reason)?;
    draft.push(Event::RulingReturned { dispute: number, reason: trimmed(reason).to_owned() });
    Ok(())
}

/// The arbiter says no: what is with him, and whatever comes later, is the operators' to decide. A decision
/// that he has made can't be left behind.
pub(super) fn decline_arbitration(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    let named = draft.escrow.terms.arbiter.as_ref().map(|arbiter| arbiter.user);
    match draft.actor {
        Actor::Arbiter { user } if named == Some(user) => {}
        Actor::Arbiter { .. } | Actor::Party { .. } | Actor::Operator { .. } | Actor::Rail | Actor::Clock => {
            return Err(Refusal::NotYourRole { needs: Vec::new() });
        }
    }
    if draft.escrow.arbiter_declined_at.is_some() {
        return Ok(());
    }
    if draft.escrow.over() {
        return Err(Refusal::EscrowOver);
    }
    if !draft.escrow.all_agreed() {
        return Err(Refusal::NotAgreed);
    }
    short_enough(reason)?;
    let is_his = |step: &Step| matches!(step, Step::Handler { handler: Handler::Arbiter, .. });
    let with_him = draft.escrow.disputes.iter().filter(|dispute| is_his(&dispute.step));
    let with_him: Vec<(u16, bool)> =
        with_him.map(|dispute| (dispute.number, dispute.ruling().is_some())).collect();
    if with_him.iter().any(|(_, ruled)| *ruled) {
        return Err(Refusal::RulingPending);
    }
    draft.push(Event::ArbiterDeclined { reason: trimmed(reason).to_owned() });
    for (dispute, _) in with_him {
        to_handler(draft, dispute, Handler::Operators);
    }
    Ok(())
}

/// What silence means in each step.
pub(super) fn lapse(draft: &mut Draft, milestone: u16, facts: &Facts) {
    let Some(dispute) = draft.escrow.dispute_over(milestone).cloned() else { return };
    let number = dispute.number;
    match &dispute.step {
        Step::Answer { .. }
            if dispute.stake_minor() <= dispute.second_above(facts.second_operator_above_minor) =>
        {
            end(draft, number, DisputeEnd::AsSought, "");
            carry_out(draft, &dispute.claims, How::Ruled, facts);
        }
        Step::Answer { .. } | Step::Talk { .. } => {
            let stands = draft.escrow.arbiter().is_some();
            let handler = match draft.escrow.terms.dispute_handler {
                DisputeHandler::Arbitration if stands => Handler::Arbiter,
                DisputeHandler::Arbitration | DisputeHandler::Platform => Handler::Operators,
            };
            to_handler(draft, number, handler);
        }
        // An arbiter's silence passes it to the platform, once.
        Step::Handler { handler: Handler::Arbiter, .. } => to_handler(draft, number, Handler::Operators),
        Step::Handler { handler: Handler::Operators, .. } => {
            end(draft, number, DisputeEnd::Default, "");
            let outcome = draft.escrow.terms.default_outcome;
            let default = |claim: &Split| Split::by_default(outcome, claim.milestone, claim.sum_minor());
            let splits: Vec<Split> = dispute.claims.iter().map(default).collect();
            carry_out(draft, &splits, How::Ruled, facts);
        }
    }
}

fn to_handler(draft: &mut Draft, dispute: u16, handler: Handler) {
    let until = draft.until(HANDLER_DAYS);
    let step = Step::Handler { since: draft.now, until, handler, ruling: None };
    draft.push(Event::DisputeMoved { dispute, step });
}

/// A request to cancel that nobody answered becomes the buyer's dispute over everything that is open.
pub(super) fn from_cancellation(draft: &mut Draft, facts: &Facts) {
    let Some(request) = draft.escrow.cancellation.clone() else { return };
    superseded(draft);
    let claims: Vec<Split> = draft
        .escrow
        .open_milestones()
        .into_iter()
        .filter_map(|number| {
            let refund_minor = draft.escrow.milestone(number)?.left_minor();
            Some(Split { milestone: number, release_minor: 0, refund_minor })
        })
        .collect();
    draft.push(Event::DisputeOpened {
        dispute: draft.escrow.disputes_opened + 1,
        by: crate::engine::party::Role::Buyer,
        claims,
        reason: request.reason,
        failed: Vec::new(),
        files: Vec::new(),
        answer_by: draft.until(ANSWER_DAYS),
        second_above_minor: Some(facts.second_operator_above_minor),
    });
}

/// A message is part of the history, so it can't be denied later.
pub(super) fn say(draft: &mut Draft, text: &str, files: &[FileRef]) -> Result<(), Refusal> {
    use crate::engine::party::{PartyStatus, Role};
    draft.needs(&[Role::Buyer, Role::Seller, Role::Broker])?;
    let user = draft.user()?;
    let gone = draft.escrow.party_of(user).is_none_or(|party| party.status == PartyStatus::Disowned);
    if gone {
        return Err(Refusal::NotAParty);
    }
    if is_blank(text) && files.is_empty() {
        return Err(Refusal::MessageMissing);
    }
    short_enough(text)?;
    if files.len() > MOST_FILES {
        return Err(Refusal::TooManyFiles);
    }
    draft.push(Event::Said { text: trimmed(text).to_owned(), files: files.to_vec() });
    Ok(())
}
