//! An event in its history: numbered, dated, with who made it happen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use super::party::{Actor, UserId};
use super::time::Time;

/// An event as the history keeps it: the exact bytes of this, in JSON, are what the chain hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    pub escrow: Uuid,
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Time,
    pub actor: Actor,
    pub event: Event,
    /// Random, and shown to nobody: who sees the chain's links, but not all of an event, can't find out the rest by
    /// trying. Records from before it was there have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: String,
    /// Salted digests of what the people are called whom it names; the names lie in erasable rows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<UserId, String>,
}
