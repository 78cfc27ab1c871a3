//! Which commands would be accepted now, and why the others would not: asked of `decide` itself, so a
//! page can't offer what the engine refuses.

use uuid::Uuid;

use super::command::{Command, Facts};
use super::deadlines::{self, Waiting};
use super::decide::{Decision, decide};
use super::dispute::Split;
use super::escrow::{Escrow, Method, Milestone, MilestoneStage};
use super::party::{Actor, UserId};
use super::plan::commission_of;
use super::proof::ProofKind;
use super::refund::Refund;
use super::refusal::Refusal;
use super::time::Time;

/// What a party can do, as pages know it. Milestones are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Accept,
    Sign,
    Decline,
    /// Other terms.
    Counter,
    /// The invitation of the party of this place, from 1, once more.
    InviteAgain(u8),
    /// Another address for the party of this place.
    CorrectParty(u8),
    /// A reminder by hand, of a milestone or of the whole.
    Nudge(Waiting, Option<u16>),
    Withdraw,
    Pay,
    SubmitProof(u16),
    AcceptProof(u16),
    RequestCorrections(u16),
    Deliver(u16),
    Approve(u16),
    RequestChanges(u16),
    ExtendInspection(u16),
    AskExtension(u16),
    GrantExtension(u16),
    RefuseExtension(u16),
    Cancel(u16),
    Refund(u16),
    RequestCancellation,
    WithdrawCancellation,
    CancelAll,
    RefuseCancellation,
    OfferSettlement,
    AcceptSettlement(u16),
    RefuseSettlement(u16),
    WithdrawSettlement(u16),
    OpenDispute,
    Statement(u16),
    WithdrawDispute(u16),
    Concede(u16),
    Rule(u16),
    ConfirmRuling(u16),
    ReturnRuling(u16),
    DeclineArbitration,
    Say,
    PayOut(u16),
    /// Of a refund's number.
    RetryRefund(u16),
    RefundToWallet(u16),
    Close,
}

/// An action and whether it would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub action: Action,
    pub refusal: Option<Refusal>,
}

/// The command by which an action is tried: as plain as it can be and still be accepted.
#[must_use]
pub fn probe(escrow: &Escrow, action: Action, now: Time) -> Command {
    match action {
        Action::Accept => Command::Accept { version: escrow.version },
        Action::Sign => Command::Sign {
            version: escrow.version,
            document_sha256: escrow.document_sha256.clone(),
            evidence_sha256: String::new(),
        },
        Action::Decline => Command::Decline { reason: String::new() },
        Action::Counter => other_terms(escrow),
        Action::InviteAgain(place) => Command::InviteAgain { user: user_at(escrow, place) },
        Action::CorrectParty(place) => Command::CorrectParty {
            user: user_at(escrow, place),
            to: Uuid::max(),
            identity_sha256: "0".repeat(64),
        },
        Action::Nudge(waiting, milestone) => Command::Nudge { waiting, milestone },
        Action::Withdraw => Command::Withdraw,
        Action::Pay => Command::StartCharge {
            payment: Uuid::nil(),
            milestones: escrow.to_pay(),
            method: Method::Rail { rail: String::new() },
        },
        Action::SubmitProof(milestone) => a_proof(milestone),
        Action::AcceptProof(milestone) => Command::AcceptProof { milestone },
        Action::RequestCorrections(milestone) => {
            Command::RequestCorrections { milestone, note: "-".to_owned() }
        }
        Action::Deliver(milestone) => Command::MarkDone { milestone, note: String::new(), files: Vec::new() },
        Action::Approve(milestone) => Command::Approve { milestone, part_minor: None },
        Action::RequestChanges(milestone) => {
            let terms = escrow.terms.milestones.get(usize::from(milestone).saturating_sub(1));
            let failed = if terms.is_some_and(|terms| !terms.criteria.is_empty()) { vec![0] } else { vec![] };
            Command::RequestChanges { milestone, failed, reason: "-".to_owned() }
        }
        Action::ExtendInspection(milestone) => Command::ExtendInspection { milestone, days: 1 },
        Action::AskExtension(milestone) => {
            let due = escrow.milestone(milestone).and_then(Milestone::due).unwrap_or(now).max(now);
            Command::AskExtension { milestone, due: due.plus_days(1), reason: "-".to_owned() }
        }
        Action::GrantExtension(milestone) => Command::GrantExtension { milestone },
        Action::RefuseExtension(milestone) => Command::RefuseExtension { milestone },
        Action::Cancel(milestone) => Command::Cancel { milestone },
        Action::Refund(milestone) => Command::Refund { milestone, part_minor: None },
        Action::RequestCancellation => Command::RequestCancellation { reason: "-".to_owned() },
        Action::WithdrawCancellation => Command::WithdrawCancellation,
        Action::CancelAll => Command::CancelAll { reason: String::new() },
        Action::RefuseCancellation => Command::RefuseCancellation { reason: "-".to_owned() },
        Action::OfferSettlement
        | Action::AcceptSettlement(_)
        | Action::RefuseSettlement(_)
        | Action::WithdrawSettlement(_)
        | Action::OpenDispute
        | Action::Statement(_)
        | Action::WithdrawDispute(_)
        | Action::Concede(_)
        | Action::Rule(_)
        | Action::ConfirmRuling(_)
        | Action::ReturnRuling(_)
        | Action::DeclineArbitration
        | Action::Say => quarrel(escrow, action),
        Action::PayOut(milestone) => Command::PayOut { milestone },
        Action::RetryRefund(refund) => Command::RetryRefund { refund },
        Action::RefundToWallet(refund) => Command::RefundToWallet { refund },
        Action::Close => Command::Close,
    }
}

/// Other terms by the smallest change there is.
fn other_terms(escrow: &Escrow) -> Command {
    let mut terms = escrow.terms.clone();
    // A commission that fell to nothing is no commission that anybody could propose.
    if terms.commission.as_ref().is_some_and(|_| commission_of(&terms) == 0) {
        terms.commission = None;
    }
    terms.description = if terms.description == "-" { String::new() } else { "-".to_owned() };
    Command::Counter { version: escrow.version, terms: Box::new(terms) }
}

fn a_proof(milestone: u16) -> Command {
    Command::SubmitProof { milestone, kind: ProofKind::Other, note: "-".to_owned(), files: Vec::new() }
}

/// The user of a party's place, from 1; nobody where there is none.
#[must_use]
pub fn user_at(escrow: &Escrow, place: u8) -> UserId {
    let party = usize::from(place).checked_sub(1).and_then(|index| escrow.parties.get(index));
    party.map_or(Uuid::nil(), |party| party.user)
}

/// Settlements, disputes and messages, as plain as they can be.
#[allow(clippy::wildcard_enum_match_arm, reason = "`probe` sorts them and names every one")]
fn quarrel(escrow: &Escrow, action: Action) -> Command {
    let text = || "-".to_owned();
    let back = |numbers: Vec<u16>| {
        let back = |number: u16| {
            let refund_minor = escrow.milestone(number).map_or(0, Milestone::left_minor);
            Split { milestone: number, release_minor: 0, refund_minor }
        };
        numbers.into_iter().map(back).collect::<Vec<_>>()
    };
    match action {
        Action::OfferSettlement => {
            let undecided = (1_u16..).zip(&escrow.milestones).filter(|(_, part)| part.undecided());
            let splits = back(undecided.map(|(number, _)| number).collect());
            Command::OfferSettlement { splits, note: text() }
        }
        Action::AcceptSettlement(settlement) => Command::AcceptSettlement { settlement },
        Action::RefuseSettlement(settlement) => Command::RefuseSettlement { settlement },
        Action::WithdrawSettlement(settlement) => Command::WithdrawSettlement { settlement },
        Action::OpenDispute => Command::OpenDispute {
            claims: back(escrow.open_milestones()),
            reason: text(),
            failed: Vec::new(),
            files: Vec::new(),
        },
        Action::Statement(dispute) => Command::Statement { dispute, text: text(), files: Vec::new() },
        Action::WithdrawDispute(dispute) => Command::WithdrawDispute { dispute },
        Action::Concede(dispute) => Command::Concede { dispute },
        Action::Rule(dispute) => {
            let splits = escrow.dispute(dispute).map(|open| open.claims.clone()).unwrap_or_default();
            Command::Rule { dispute, splits, reasons: text() }
        }
        Action::ConfirmRuling(dispute) => Command::ConfirmRuling { dispute },
        Action::ReturnRuling(dispute) => Command::ReturnRuling { dispute, reason: text() },
        Action::DeclineArbitration => Command::DeclineArbitration { reason: String::new() },
        _ => Command::Say { text: text(), files: Vec::new() },
    }
}

/// Every action that has a place in this escrow, with what would be said to it.
#[must_use]
pub fn offers(escrow: &Escrow, actor: &Actor, facts: &Facts, now: Time) -> Vec<Offer> {
    let mut actions = vec![
        Action::Accept,
        Action::Sign,
        Action::Decline,
        Action::Counter,
        Action::Withdraw,
        Action::Pay,
        Action::Close,
    ];
    let places = (1_u8..).zip(&escrow.parties).map(|(place, _)| place);
    actions.extend(places.flat_map(|place| [Action::InviteAgain(place), Action::CorrectParty(place)]));
    let clocks = deadlines::all(escrow).into_iter();
    actions.extend(clocks.map(|clock| Action::Nudge(clock.waiting, clock.milestone)));
    actions.extend([
        Action::RequestCancellation,
        Action::WithdrawCancellation,
        Action::CancelAll,
        Action::RefuseCancellation,
        Action::OfferSettlement,
        Action::OpenDispute,
        Action::DeclineArbitration,
        Action::Say,
    ]);
    for number in escrow.settlements.iter().map(|offer| offer.number) {
        actions.extend([
            Action::AcceptSettlement(number),
            Action::RefuseSettlement(number),
            Action::WithdrawSettlement(number),
        ]);
    }
    for number in escrow.disputes.iter().map(|dispute| dispute.number) {
        actions.extend([
            Action::Statement(number),
            Action::WithdrawDispute(number),
            Action::Concede(number),
            Action::Rule(number),
            Action::ConfirmRuling(number),
            Action::ReturnRuling(number),
        ]);
    }
    // What came too late is the affair of whoever paid it, and of operators.
    let operator = matches!(actor, Actor::Operator { .. });
    let own =
        |refund: &&Refund| operator || actor.user().is_none_or(|user| escrow.refund_is_of(refund, user));
    for refund in escrow.refunds.iter().filter(|refund| refund.open()).filter(own) {
        actions.extend([Action::RetryRefund(refund.number), Action::RefundToWallet(refund.number)]);
    }
    for (number, part) in (1_u16..).zip(&escrow.milestones) {
        match part.stage {
            MilestoneStage::Ended { .. } => {}
            MilestoneStage::Unfunded
            | MilestoneStage::InProgress { .. }
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. } => actions.extend(of_milestone(number)),
        }
    }
    let offer = |action: Action| match decide(Some(escrow), &probe(escrow, action, now), actor, facts, now) {
        Ok(Decision::Done(_)) => Some(Offer { action, refusal: None }),
        Ok(Decision::AlreadyDone) => None,
        Err(refusal) => Some(Offer { action, refusal: Some(refusal) }),
    };
    actions.into_iter().filter_map(offer).collect()
}

/// What can be done about a milestone that has not ended.
fn of_milestone(number: u16) -> [Action; 13] {
    [
        Action::SubmitProof(number),
        Action::AcceptProof(number),
        Action::RequestCorrections(number),
        Action::Deliver(number),
        Action::Approve(number),
        Action::RequestChanges(number),
        Action::ExtendInspection(number),
        Action::AskExtension(number),
        Action::GrantExtension(number),
        Action::RefuseExtension(number),
        Action::Cancel(number),
        Action::Refund(number),
        Action::PayOut(number),
    ]
}

/// Whether one action would be accepted.
#[must_use]
pub fn offered(offers: &[Offer], action: Action) -> bool {
    offers.iter().any(|offer| offer.action == action && offer.refusal.is_none())
}
