//! The escrow engine: pure. No database, no network, no clock, no randomness.
//!
//! `decide` turns a command into events or a refusal, `evolve` turns events into state, and everything
//! else reads: `deadlines` what comes due, `postings` what moves in the ledger, `notices` who is told,
//! `status` and `next` what people read, `vocabulary` what other products call it, `offers` which commands would be accepted now.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod attached;
pub mod chain;
pub mod check;
pub mod command;
pub mod contract;
pub mod deadlines;
pub mod decide;
pub mod dispute;
pub mod escrow;
pub mod event;
pub mod evolve;
pub mod late;
pub mod merkle;
pub mod milestone;
pub mod next;
pub mod notices;
pub mod offers;
pub mod party;
pub mod plan;
pub mod postings;
pub mod proof;
pub mod record;
pub mod refund;
pub mod refusal;
pub mod seen;
pub mod status;
pub mod step;
pub mod sums;
pub mod terms;
pub mod time;
pub mod topics;
pub mod veil;
pub mod versions;
pub mod vocabulary;
pub mod waiting;
pub mod words;
