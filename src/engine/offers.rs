//! Which commands would be accepted now, and why the others would not: asked of `decide` itself, so a
//! page can't offer what the engine refuses.

use uuid::Uuid;

use super::command::{Command, Facts};
use super::deadlines::{self, Waiting};
use super::decide::{Decision, decide};
use super::escrow::{Escrow, Method, MilestoneStage};
use super::party::{Actor, UserId};
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
    Deliver(u16),
    Approve(u16),
    RequestChanges(u16),
    Cancel(u16),
    PayOut(u16),
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
pub fn probe(escrow: &Escrow, action: Action) -> Command {
    match action {
        Action::Accept => Command::Accept { version: escrow.version },
        Action::Sign => Command::Sign {
            version: escrow.version,
            document_sha256: escrow.document_sha256.clone(),
            evidence_sha256: String::new(),
        },
        Action::Decline => Command::Decline { reason: String::new() },
        Action::Counter => {
            let mut terms = escrow.terms.clone();
            terms.description = if terms.description == "-" { String::new() } else { "-".to_owned() };
            Command::Counter { version: escrow.version, terms: Box::new(terms) }
        }
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
            milestones: (1_u16..).take(escrow.milestones.len()).collect(),
            method: Method::Rail { rail: String::new() },
        },
        Action::Deliver(milestone) => Command::MarkDone { milestone, note: String::new(), files: Vec::new() },
        Action::Approve(milestone) => Command::Approve { milestone, part_minor: None },
        Action::RequestChanges(milestone) => {
            let terms = escrow.terms.milestones.get(usize::from(milestone).saturating_sub(1));
            let failed = if terms.is_some_and(|terms| !terms.criteria.is_empty()) { vec![0] } else { vec![] };
            Command::RequestChanges { milestone, failed, reason: "-".to_owned() }
        }
        Action::Cancel(milestone) => Command::Cancel { milestone },
        Action::PayOut(milestone) => Command::PayOut { milestone },
        Action::Close => Command::Close,
    }
}

/// The user of a party's place, from 1; nobody where there is none.
#[must_use]
pub fn user_at(escrow: &Escrow, place: u8) -> UserId {
    let party = usize::from(place).checked_sub(1).and_then(|index| escrow.parties.get(index));
    party.map_or(Uuid::nil(), |party| party.user)
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
    for (number, part) in (1_u16..).zip(&escrow.milestones) {
        match part.stage {
            MilestoneStage::Ended { .. } => {}
            MilestoneStage::Unfunded
            | MilestoneStage::InProgress { .. }
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. } => actions.extend([
                Action::Deliver(number),
                Action::Approve(number),
                Action::RequestChanges(number),
                Action::Cancel(number),
                Action::PayOut(number),
            ]),
        }
    }
    let offer = |action: Action| match decide(Some(escrow), &probe(escrow, action), actor, facts, now) {
        Ok(Decision::Done(_)) => Some(Offer { action, refusal: None }),
        Ok(Decision::AlreadyDone) => None,
        Err(refusal) => Some(Offer { action, refusal: Some(refusal) }),
    };
    actions.into_iter().filter_map(offer).collect()
}

/// Whether one action would be accepted.
#[must_use]
pub fn offered(offers: &[Offer], action: Action) -> bool {
    offers.iter().any(|offer| offer.action == action && offer.refusal.is_none())
}
