//! Holdfast: a portal for escrow.
//!
//! The dependency rule, kept by `tests/tidy.rs`: `web`, `api` and `work` stand on `store`, `store`
//! stands on `engine`, and `engine` knows nothing of ours but `money`. `web` and `work` never see each
//! other; `work` alone speaks to `rails`, with the one page that sends a payer to the provider.

pub mod accounts;
pub mod address;
pub mod app;
pub mod calendar;
pub mod change_of_address;
pub mod checkpoints;
pub mod clock;
pub mod config;
pub mod crowd;
pub mod demo;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod files;
pub mod guests;
pub mod keys;
pub mod listen;
pub mod mail;
pub mod money;
pub mod operators;
pub mod orphans;
pub mod pace;
pub mod password;
pub mod rails;
pub mod rehearsal;
pub mod sandbox;
pub mod serve;
pub mod store;
pub mod text;
pub mod web;
pub mod work;
