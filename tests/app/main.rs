//! One binary that drives the real thing: the real router, both real databases, a clock that the test
//! moves, and every mail caught.
//!
//! Each test is written once and runs on SQLite, and on PostgreSQL too when
//! `HOLDFAST_TEST_POSTGRES_URL` names a database in which schemas may be made.

mod account_store;
mod append_only;
mod arbiter;
mod arbiter_terms;
mod browser;
mod chains;
mod choices;
mod clocks;
mod connections;
mod console;
mod contracts;
mod database;
mod dates;
// Not every helper has a test that needs it yet.
#[allow(dead_code)]
mod deal;
mod delivery;
mod demo;
mod disputes;
mod draft;
mod files;
mod guests;
mod guide;
mod hidden;
mod home;
mod hostile;
mod instant;
mod judge;
mod labels;
mod late;
mod layers;
mod left_open;
mod long;
mod mails;
mod messages;
mod milestone;
mod modes;
mod negotiation;
mod notices;
mod operators;
mod payee;
mod payees;
mod payees_money;
mod paying;
mod plain;
mod program;
mod provider;
mod races;
mod recovery;
mod refund;
mod refunds;
mod rehearsal;
mod rulebook;
mod search;
mod security_log;
mod settings;
mod share;
mod sides;
mod sign_in;
mod sign_up;
mod silent;
mod sink;
mod smtp;
mod snapshots;
mod statements;
#[path = "../shared/statuses.rs"]
mod statuses;
mod strangers;
mod sums;
mod tampering;
mod typed;
mod unsent;
mod walk;
mod ways;
mod weapon;
mod world;
