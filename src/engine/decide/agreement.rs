//! Terms sent, accepted, signed, declined, disowned, withdrawn.

use uuid::Uuid;

use super::ending::refund;
use super::funding::delivery_due;
use super::{Decision, Draft, short_enough};
use crate::engine::check;
use crate::engine::command::Facts;
use crate::engine::contract::{self, Source, Texts};
use crate::engine::deadlines::{accept_by, pay_by};
use crate::engine::escrow::{End, Escrow, How, Milestone, Stage, WhyNot};
use crate::engine::event::Event;
use crate::engine::party::{Actor, Party, PartyStatus, Role, UserId};
use crate::engine::plan::Plan;
use crate::engine::refusal::{Fault, Refusal};
use crate::engine::terms::{Mode, Terms};
use crate::engine::time::Time;
use crate::engine::veil;
use crate::text::trimmed;

pub(super) const AGREEING: [Role; 3] = [Role::Buyer, Role::Seller, Role::Broker];

pub(super) fn propose(
    id: Uuid,
    reference: &str,
    terms: &Terms,
    actor: &Actor,
    facts: &Facts,
    now: Time,
) -> Result<Decision, Refusal> {
    let creator = actor.user().ok_or(Refusal::NotAParty)?;
    sells_himself(terms, creator)?;
    match terms.role_of(creator) {
        Some(role) if role.must_agree() && actor.role() == Some(role) => {}
        Some(_) | None => return Err(Refusal::NotYourRole { needs: AGREEING.to_vec() }),
    }
    if !facts.email_confirmed {
        return Err(Refusal::EmailNotConfirmed);
    }
    let plan = sound(terms, facts, now);
    let plan = match actor.role().filter(|role| veil::hides_from(terms, *role)) {
        Some(_) => {
            return Err(with_fault(plan, "commission_hidden", "You can't hide a commission from yourself."));
        }
        None => plan?,
    };
    let first_due = terms.milestones.first().and_then(|milestone| milestone.due);
    let source = Source { terms, reference, version: 1, at: now, naming: &facts.naming };
    let texts = Texts::write(&source);
    Ok(Decision::Done(vec![Event::Proposed {
        id,
        reference: reference.to_owned(),
        creator,
        terms: Box::new(terms.clone()),
        plan,
        document_sha256: texts.contract.sha256(),
        side_sha256: texts.side_sha256(),
        expires_at: accept_by(first_due, now),
    }]))
}

/// DHMAD: the seller of an instant escrow is whoever makes it.
fn sells_himself(terms: &Terms, creator: UserId) -> Result<(), Refusal> {
    let seller = terms.party(Role::Seller).map(|seller| seller.user);
    if terms.mode != Mode::Instant || seller == Some(creator) {
        return Ok(());
    }
    let sentence = "In an instant escrow you are the seller yourself. Name nobody else.".to_owned();
    Err(Refusal::TermsFaulty { faults: vec![Fault { field: "seller".to_owned(), sentence }] })
}

/// One fault more than the checks found.
fn with_fault(plan: Result<Plan, Refusal>, field: &str, sentence: &str) -> Refusal {
    let mut faults = match plan {
        Ok(_) => Vec::new(),
        Err(Refusal::TermsFaulty { faults }) => faults,
        Err(other) => return other,
    };
    faults.push(Fault { field: field.to_owned(), sentence: sentence.to_owned() });
    Refusal::TermsFaulty { faults }
}

/// The plan of terms in which nothing is wrong.
pub(super) fn sound(terms: &Terms, facts: &Facts, now: Time) -> Result<Plan, Refusal> {
    let faults = check::faults(terms, facts.minimum_minor, now);
    if !faults.is_empty() {
        return Err(Refusal::TermsFaulty { faults });
    }
    Plan::of(terms).map_err(|_| Refusal::TermsFaulty { faults: Vec::new() })
}

/// What was proposed can't be proposed again; the same click twice is no second proposal.
pub(super) fn propose_again(draft: &Draft, terms: &Terms) -> Result<(), Refusal> {
    let same = draft.actor.user() == Some(draft.escrow.creator) && *terms == draft.escrow.terms;
    if same { Ok(()) } else { Err(Refusal::AlreadyProposed) }
}

/// The terms are open for this party's answer to this version.
pub(super) fn open(escrow: &Escrow, version: u32) -> Result<(), Refusal> {
    if escrow.over() {
        return Err(Refusal::EscrowOver);
    }
    if version != escrow.version {
        return Err(Refusal::OtherVersion { current: escrow.version });
    }
    match escrow.stage {
        // Declined after it was paid: only the money's way back is left.
        Stage::Proposed { .. } if escrow.rejected.is_some() => Err(Refusal::NotProposed),
        Stage::Proposed { .. } => Ok(()),
        Stage::Agreed { .. } | Stage::Active { .. } | Stage::Ended { .. } | Stage::Closed { .. } => {
            Err(Refusal::NotProposed)
        }
    }
}

pub(super) fn accept(draft: &mut Draft, version: u32, facts: &Facts) -> Result<(), Refusal> {
    let role = draft.needs(&AGREEING)?;
    match draft.escrow.terms.mode {
        Mode::Standard => return Err(Refusal::ContractNeedsSignature),
        Mode::Quick | Mode::QuickProof | Mode::Instant => {}
    }
    if version == draft.escrow.version && stands(draft, role) {
        return Ok(());
    }
    open(&draft.escrow, version)?;
    if !facts.email_confirmed {
        return Err(Refusal::EmailNotConfirmed);
    }
    let (version, document_sha256) = (Some(version), Some(draft.escrow.document_sha256.clone()));
    let side_sha256 = contract::side_sha256_for(&draft.escrow, role);
    draft.push(Event::Accepted { role, version, document_sha256, side_sha256 });
    agree_if_all(draft, facts);
    Ok(())
}

fn stands(draft: &Draft, role: Role) -> bool {
    draft.escrow.party(role).is_some_and(|party| draft.escrow.has_agreed(party))
}

pub(super) fn sign(
    draft: &mut Draft,
    version: u32,
    document_sha256: &str,
    evidence_sha256: &str,
    facts: &Facts,
) -> Result<(), Refusal> {
    let role = draft.needs(&AGREEING)?;
    match draft.escrow.terms.mode {
        Mode::Standard => {}
        Mode::Quick | Mode::QuickProof => return Err(Refusal::QuickEscrowNoContract),
        Mode::Instant => return Err(Refusal::NoContract),
    }
    if version == draft.escrow.version && stands(draft, role) {
        return Ok(());
    }
    open(&draft.escrow, version)?;
    if document_sha256 != draft.escrow.document_sha256 {
        return Err(Refusal::OtherDocument);
    }
    if !facts.email_confirmed {
        return Err(Refusal::EmailNotConfirmed);
    }
    draft.push(Event::Signed {
        role,
        version,
        document_sha256: document_sha256.to_owned(),
        side_sha256: contract::side_sha256_for(&draft.escrow, role),
        evidence_sha256: evidence_sha256.to_owned(),
    });
    agree_if_all(draft, facts);
    Ok(())
}

fn agree_if_all(draft: &mut Draft, facts: &Facts) {
    if draft.escrow.all_agreed() {
        let first_due = draft.escrow.terms.milestones.first().and_then(|milestone| milestone.due);
        let due = delivery_due(draft, facts).filter(|_| draft.escrow.funded());
        draft.push(Event::Agreed { pay_by: pay_by(first_due, draft.now), due });
    }
}

pub(super) fn decline(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    let role = draft.needs(&AGREEING)?;
    if draft.user()? == draft.escrow.proposer() {
        let others: Vec<Role> = draft.escrow.parties.iter().map(|party| party.role).collect();
        let needs = others.into_iter().filter(|other| *other != role && other.must_agree()).collect();
        return Err(Refusal::NotYourRole { needs });
    }
    if draft.escrow.instant() && !draft.escrow.over() {
        return Err(Refusal::InstantTermsFixed);
    }
    if let Stage::Ended { end: End::Declined { by, .. }, .. } = &draft.escrow.stage
        && *by == role
    {
        return Ok(());
    }
    if draft.escrow.rejected.as_ref().is_some_and(|rejected| rejected.by == role) {
        return Ok(());
    }
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    open(&draft.escrow, draft.escrow.version)?;
    short_enough(reason)?;
    let reason = trimmed(reason).to_owned();
    if draft.escrow.funded() {
        reject(draft, role, &reason, WhyNot::Declined);
    } else {
        draft.ended(End::Declined { by: role, reason });
    }
    Ok(())
}

/// Terms that were paid first are not accepted: everything goes back to the buyer.
pub(super) fn reject(draft: &mut Draft, by: Role, reason: &str, why: WhyNot) {
    draft.push(Event::Rejected { by, reason: reason.to_owned(), why });
    for number in (1_u16..).take(draft.escrow.milestones.len()) {
        let left = draft.escrow.milestone(number).map_or(0, Milestone::left_minor);
        refund(draft, number, left, How::Declined);
    }
}

/// Nobody answered in time what was paid first: the first of those who did not counts as declining.
pub(super) fn reject_unanswered(draft: &mut Draft) {
    let escrow = &draft.escrow;
    let open = |party: &&Party| party.role.must_agree() && !escrow.has_agreed(party);
    let by = escrow.parties.iter().find(open).map_or(Role::Seller, |party| party.role);
    reject(draft, by, "", WhyNot::Silence);
}

pub(super) fn disown(draft: &mut Draft) -> Result<(), Refusal> {
    let role = draft.needs(&[Role::Buyer, Role::Seller, Role::Broker, Role::Payee])?;
    let user = draft.user()?;
    let party = draft.escrow.party_of(user);
    let (status, joined) = (party.map(|party| party.status), party.is_some_and(|party| party.joined));
    if status == Some(PartyStatus::Disowned) {
        return Ok(());
    }
    open(&draft.escrow, draft.escrow.version)?;
    if status != Some(PartyStatus::Created) || joined {
        return Err(Refusal::NotProposed);
    }
    draft.push(Event::Disowned { role, user });
    // Nobody is there to answer, so the buyer's money does not wait for it.
    if draft.escrow.funded() && role.must_agree() {
        reject(draft, role, "", WhyNot::WrongPerson);
    }
    Ok(())
}

pub(super) fn withdraw(draft: &mut Draft) -> Result<(), Refusal> {
    let role = match draft.actor.role() {
        // Whoever tried to pay by the link is bound to nothing, and ends nothing.
        Some(_) if draft.escrow.instant() => draft.needs(&[Role::Seller])?,
        Some(Role::Broker) if draft.user()? == draft.escrow.creator => Role::Broker,
        Some(_) | None => draft.needs(&[Role::Buyer, Role::Seller])?,
    };
    match &draft.escrow.stage {
        Stage::Ended { end: End::Withdrawn { .. }, .. } => return Ok(()),
        Stage::Proposed { .. } if draft.escrow.funded() => return Err(Refusal::AlreadyPaid),
        Stage::Proposed { .. } | Stage::Agreed { .. } => {}
        Stage::Active { .. } => return Err(Refusal::AlreadyPaid),
        Stage::Ended { .. } | Stage::Closed { .. } => return Err(Refusal::EscrowOver),
    }
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    draft.ended(End::Withdrawn { by: role });
    Ok(())
}
