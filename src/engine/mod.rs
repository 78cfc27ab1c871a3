//! The escrow engine: pure. No database, no network, no clock, no randomness.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod time;
