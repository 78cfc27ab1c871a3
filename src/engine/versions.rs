//! The versions of an escrow's terms, read off its history: what stood, who sent it, who had agreed to it.

use super::escrow::Escrow;
use super::event::{Event, Record};
use super::evolve::evolve;
use super::party::{Actor, Role};
use super::time::Time;

/// How a version came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Sent,
    Countered,
    /// Only the address of this role changed.
    Corrected(Role),
}

/// One version of the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub number: u32,
    pub at: Time,
    pub by: Actor,
    pub origin: Origin,
    /// The escrow as it was as long as this version stood: its terms, plan and parties, with their answers.
    pub escrow: Escrow,
    /// The same at its first moment: what its text was made of.
    pub made: Escrow,
}

/// The kinds of events from which the versions are read.
pub const KINDS: [&str; 6] =
    ["proposed", "countered", "party_corrected", "buyer_joined", "accepted", "signed"];

/// The versions in their order, from the events of [`KINDS`] in theirs.
#[must_use]
#[allow(clippy::wildcard_enum_match_arm, reason = "other events make no version")]
pub fn versions(records: &[Record]) -> Vec<Version> {
    let mut all: Vec<Version> = Vec::new();
    for Record { seq, at, actor, event, .. } in records {
        let before = all.last().map(|last| last.escrow.clone());
        let Some(escrow) = evolve(before, event, *at) else { continue };
        let origin = match event {
            Event::Proposed { .. } => Some(Origin::Sent),
            Event::Countered { .. } => Some(Origin::Countered),
            Event::PartyCorrected { role, .. } => Some(Origin::Corrected(*role)),
            _ => None,
        };
        match (origin, all.last_mut()) {
            (Some(origin), _) => {
                let (number, made) = (escrow.version, Escrow { seq: *seq, ..escrow.clone() });
                all.push(Version { number, at: *at, by: *actor, origin, escrow, made });
            }
            (None, Some(last)) => last.escrow = escrow,
            (None, None) => {}
        }
    }
    all
}
