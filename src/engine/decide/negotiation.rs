//! Until everyone has agreed: other terms instead of those that stand, a wrong address corrected, an
//! invitation sent again, a reminder by hand.
//!
//! The fee schedule that was frozen into the first version stays, so that nobody can wait for a better
//! one; only terms in another currency bring the schedule of that currency with them. Each new version has
//! the whole time for answers again, because everyone has to read it anew.

use time::Duration;

use super::Draft;
use super::agreement::{AGREEING, open, sound};
use crate::engine::command::Facts;
use crate::engine::contract::{self, Source, Texts};
use crate::engine::deadlines::{self, Deadline, Waiting, accept_by};
use crate::engine::escrow::{Escrow, Milestone};
use crate::engine::event::Event;
use crate::engine::party::{PartyStatus, Role, UserId};
use crate::engine::plan::Plan;
use crate::engine::refusal::{Fault, Refusal};
use crate::engine::terms::{Mode, Rate, Recipient, Terms, TermsParty};
use crate::engine::time::Time;
use crate::engine::veil;

/// More versions than any two who want to agree need.
pub const MOST_VERSIONS: u32 = 100;
/// How soon an invitation can be sent once more, and a reminder by hand after another.
const INVITE_AGAIN_HOURS: i64 = 1;
const NUDGE_HOURS: i64 = 24;
/// The same asked for so soon again is the same once more.
const SECOND_CLICK: Duration = Duration::minutes(1);

/// The terms are open for this version, and nothing is paid or being paid.
fn negotiable(draft: &Draft, version: u32) -> Result<(), Refusal> {
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    open(&draft.escrow, version)?;
    if draft.escrow.milestones.iter().any(Milestone::funded) {
        return Err(Refusal::AlreadyPaid);
    }
    if draft.escrow.version >= MOST_VERSIONS {
        return Err(Refusal::TooManyVersions { most: MOST_VERSIONS });
    }
    Ok(())
}

/// In an instant escrow the seller alone makes the terms, and whoever pays by the link accepts them.
fn not_instant(draft: &Draft) -> Result<(), Refusal> {
    if draft.escrow.instant() && !draft.escrow.over() { Err(Refusal::InstantTermsFixed) } else { Ok(()) }
}

pub(super) fn counter(
    draft: &mut Draft,
    version: u32,
    offered: &Terms,
    facts: &Facts,
) -> Result<(), Refusal> {
    let by = draft.needs(&AGREEING)?;
    not_instant(draft)?;
    let mut terms = offered.clone();
    if terms.currency == draft.escrow.terms.currency {
        terms.fee = draft.escrow.terms.fee.clone();
    }
    let hidden = veil::hides_from(&draft.escrow.terms, by);
    if hidden {
        terms.commission.clone_from(&draft.escrow.terms.commission);
    } else if veil::hides_from(&terms, by) {
        let (field, sentence) = ("commission_hidden", "You can't hide a commission from yourself.");
        let fault = Fault { field: field.to_owned(), sentence: sentence.to_owned() };
        return Err(Refusal::TermsFaulty { faults: vec![fault] });
    }
    let same = terms == draft.escrow.terms;
    if same && draft.user()? == draft.escrow.proposer() && version + 1 == draft.escrow.version {
        return Ok(());
    }
    negotiable(draft, version)?;
    if !facts.email_confirmed {
        return Err(Refusal::EmailNotConfirmed);
    }
    // Nothing turns into an instant escrow, which names no buyer.
    if !same_parties(&draft.escrow.terms, &terms) || terms.mode == Mode::Instant {
        return Err(Refusal::PartiesFixed);
    }
    if same {
        return Err(Refusal::SameTerms);
    }
    // Only now: whether these terms are the same as those that stand must not depend on it either.
    if let (true, Some(commission), Some(rate)) =
        (hidden, &mut terms.commission, &draft.escrow.fallen_commission)
    {
        commission.rate = rate.clone();
    }
    let plan =
        if hidden { blindly_sound(&mut terms, facts, draft.now)? } else { sound(&terms, facts, draft.now)? };
    let version = draft.escrow.version + 1;
    let first_due = terms.milestones.first().and_then(|milestone| milestone.due);
    let texts = texts(draft, &terms, version, facts);
    let old = &draft.escrow.terms;
    let before =
        |payee: &TermsParty| Recipient { user: payee.user, amount_minor: old.gross_in_all(payee.user) };
    let payees_before = old.payees().map(before).collect();
    draft.push(Event::Countered {
        payees_before,
        by,
        version,
        document_sha256: texts.contract.sha256(),
        side_sha256: texts.side_sha256(),
        terms: Box::new(terms),
        plan,
        expires_at: accept_by(first_due, draft.now),
    });
    Ok(())
}

/// What a new version says.
fn texts(draft: &Draft, terms: &Terms, version: u32, facts: &Facts) -> Texts {
    let (reference, naming) = (draft.escrow.reference.as_str(), &facts.naming);
    Texts::write(&Source { terms, reference, version, at: draft.now, naming })
}

/// Whether those with a say are the same, as they were named. Payees, who have none, may come and go; but whoever
/// stays is who he was.
fn same_parties(old: &Terms, new: &Terms) -> bool {
    let with_a_say = |terms: &Terms| {
        terms.parties.iter().filter(|party| party.role.must_agree()).cloned().collect::<Vec<_>>()
    };
    let stays = |payee: &TermsParty| {
        let known = old.parties.iter().find(|known| known.user == payee.user);
        known.is_none_or(|known| known == payee)
    };
    with_a_say(old) == with_a_say(new) && new.payees().all(stays)
}

/// The plan of terms by somebody who may not know their commission. Whether they are refused must not depend
/// on it, or he could find it out by trying: so they are judged without it, and a commission that does not
/// fit them falls to nothing, until it fits again. Those who know of it see that, and can counter.
fn blindly_sound(terms: &mut Terms, facts: &Facts, now: Time) -> Result<Plan, Refusal> {
    let mut public = terms.clone();
    public.commission = None;
    sound(&public, facts, now)?;
    if let Ok(plan) = sound(terms, facts, now) {
        return Ok(plan);
    }
    if let Some(commission) = &mut terms.commission {
        commission.rate = Rate::FixedMinor(0);
    }
    Plan::of(terms).map_err(|_| Refusal::TermsFaulty { faults: Vec::new() })
}

/// The role of a party who has not answered yet.
fn unanswered(draft: &Draft, user: UserId) -> Result<Role, Refusal> {
    let party = draft.escrow.party_of(user).ok_or(Refusal::NoSuchParty)?;
    match party.status {
        PartyStatus::Created | PartyStatus::Disowned if !party.joined => Ok(party.role),
        PartyStatus::Created | PartyStatus::Disowned | PartyStatus::Accepted | PartyStatus::Declined => {
            Err(Refusal::AlreadyAnswered)
        }
    }
}

/// Whoever sent the version that stands says whom he meant: his own acceptance stays, the others read the
/// contract with the right name in it.
pub(super) fn correct_party(
    draft: &mut Draft,
    from: UserId,
    to: UserId,
    identity_sha256: &str,
    facts: &Facts,
) -> Result<(), Refusal> {
    draft.needs(&AGREEING)?;
    not_instant(draft)?;
    let named = draft.escrow.terms.parties.iter().find(|named| named.user == to);
    if draft.escrow.party_of(from).is_none()
        && named.is_some_and(|named| named.identity_sha256 == identity_sha256)
    {
        return Ok(());
    }
    if draft.user()? != draft.escrow.proposer() {
        let role = draft.escrow.party_of(draft.escrow.proposer()).map(|party| party.role);
        return Err(Refusal::NotYourRole { needs: role.into_iter().collect() });
    }
    negotiable(draft, draft.escrow.version)?;
    let role = unanswered(draft, from)?;
    if named.is_some() || draft.escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == to) {
        return Err(Refusal::AddressTaken);
    }
    if !contract::is_digest(identity_sha256) {
        let sentence = "This address could not be written into the contract.".to_owned();
        return Err(Refusal::TermsFaulty { faults: vec![Fault { field: role.word().to_owned(), sentence }] });
    }
    let version = draft.escrow.version + 1;
    let mut event = Event::PartyCorrected {
        role,
        from,
        to,
        identity_sha256: identity_sha256.to_owned(),
        version,
        document_sha256: String::new(),
        side_sha256: None,
        expires_at: draft.now,
    };
    // The contract of the terms as they will be.
    let after = crate::engine::evolve::evolve(Some(draft.escrow.clone()), &event, draft.now);
    let terms = after.map_or_else(|| draft.escrow.terms.clone(), |after| after.terms);
    if let Event::PartyCorrected { document_sha256, side_sha256, expires_at, .. } = &mut event {
        let texts = texts(draft, &terms, version, facts);
        let first_due = terms.milestones.first().and_then(|milestone| milestone.due);
        (*document_sha256, *side_sha256) = (texts.contract.sha256(), texts.side_sha256());
        *expires_at = accept_by(first_due, draft.now);
    }
    draft.push(event);
    Ok(())
}

pub(super) fn invite_again(draft: &mut Draft, user: UserId) -> Result<(), Refusal> {
    draft.needs(&AGREEING)?;
    open(&draft.escrow, draft.escrow.version)?;
    let role = unanswered(draft, user)?;
    let party = draft.escrow.party_of(user).ok_or(Refusal::NoSuchParty)?;
    // Whoever said that he is the wrong person is left alone, and nobody writes to himself.
    if party.status == PartyStatus::Disowned || draft.user()? == user {
        return Err(Refusal::NobodyToRemind);
    }
    match party.invited_again_at {
        Some(at) if draft.now < at.plus(SECOND_CLICK) => return Ok(()),
        Some(at) if draft.now < at.plus_hours(INVITE_AGAIN_HOURS) => return Err(Refusal::InvitedJustNow),
        Some(_) | None => {}
    }
    draft.push(Event::InvitedAgain { role, user });
    Ok(())
}

/// Which clocks wait for somebody whom the others may remind.
fn can_nudge(waiting: Waiting) -> bool {
    match waiting {
        Waiting::Acceptance
        | Waiting::LinkPayment
        | Waiting::Payment
        | Waiting::NextPayment
        | Waiting::SellerAnswer
        | Waiting::ProofUpload
        | Waiting::ProofReview
        | Waiting::Delivery
        | Waiting::Inspection
        | Waiting::Changes
        | Waiting::Extension
        | Waiting::CancellationAnswer
        | Waiting::Settlement
        | Waiting::DisputeAnswer
        | Waiting::Ruling => true,
        // A provider and time itself read no mails, and what is only a right needs no reminder.
        Waiting::RailAnswer
        | Waiting::Cancelling
        | Waiting::DisputeTalk
        | Waiting::PayOut
        | Waiting::RefundAnswer
        | Waiting::RefundAgain
        | Waiting::FailedRefund
        | Waiting::Closing => false,
    }
}

pub(super) fn nudge(draft: &mut Draft, waiting: Waiting, milestone: Option<u16>) -> Result<(), Refusal> {
    draft.needs(&AGREEING)?;
    let clocks = deadlines::all(&draft.escrow);
    let clock = clocks.iter().find(|clock| clock.waiting == waiting && clock.milestone == milestone);
    let clock = clock.ok_or(Refusal::NobodyToRemind)?;
    if nudged_at(&draft.escrow, clock).is_some_and(|at| draft.now < at.plus(SECOND_CLICK)) {
        return Ok(());
    }
    may_nudge(&draft.escrow, clock, draft.user()?, draft.now)?;
    let (since, deadline) = (clock.since, clock.at);
    draft.push(Event::Nudged { waiting, milestone, since, deadline });
    Ok(())
}

/// When somebody last had those reminded for whom this clock waits.
#[must_use]
pub fn nudged_at(escrow: &Escrow, clock: &Deadline) -> Option<Time> {
    let same = escrow.nudged.iter().find(|sent| {
        (sent.waiting, sent.milestone, sent.since) == (clock.waiting, clock.milestone, clock.since)
    });
    same.map(|sent| sent.at)
}

/// Whether a party can have those reminded now for whom a clock waits.
///
/// # Errors
/// Why not.
pub fn may_nudge(escrow: &Escrow, clock: &Deadline, user: UserId, now: Time) -> Result<(), Refusal> {
    let reached = |other: &UserId| {
        let party = escrow.party_of(*other).map(|party| party.status);
        *other != user && (party.map_or(escrow.arbiter() == Some(*other), |it| it != PartyStatus::Disowned))
    };
    if !can_nudge(clock.waiting) || !deadlines::waits_for(escrow, clock).iter().any(reached) {
        return Err(Refusal::NobodyToRemind);
    }
    if nudged_at(escrow, clock).is_some_and(|at| now < at.plus_hours(NUDGE_HOURS)) {
        return Err(Refusal::RemindedToday);
    }
    Ok(())
}
