//! Every INSERT, UPDATE and DELETE of the product; one file an aggregate.
//!
//! Functions take the connection of a write that somebody else began and will end, so that several of
//! them are one write.

pub mod address_changes;
pub mod addresses;
pub mod audit;
pub mod book;
pub mod checkpoints;
pub mod console;
pub mod contracts;
pub mod db;
pub mod disputes;
pub mod doctor;
pub mod drafts;
pub mod erasures;
pub mod escrows;
pub mod evidence;
pub mod execute;
pub mod facts;
pub mod failure;
pub mod fee_proposals;
pub mod fees;
pub mod files;
pub mod history;
pub mod interest;
pub mod ledger;
pub mod links;
pub mod listing;
pub mod notices_in;
pub mod notifications;
pub mod outbox;
pub mod payments;
pub mod preferences;
pub mod probe;
pub mod proposals;
pub mod rehearsal;
pub mod rights;
pub mod search;
pub mod security;
pub mod sessions;
pub mod strangers;
pub mod terms_of_service;
pub mod throttle;
pub mod tokens;
pub mod users;

use sha2::{Digest, Sha256};

/// Tables whose rows are never changed and never deleted. In each database triggers named `TABLE_…_never_…` refuse it:
/// `changed` (UPDATE), `deleted` and, since REPLACE passes those, `replaced` on SQLite; `changed` for both and
/// `truncated` on PostgreSQL.
pub const APPEND_ONLY: &[&str] = &[
    "events",
    "entries",
    // A text can be taken out whole after its retention.
    "contract_texts",
    "fee_schedules",
    "terms_of_service",
    "audit",
    "audit_events",
    "checkpoints",
    "checkpoint_heads",
];

/// What is stored of a secret: whoever reads the database can use none of them.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
