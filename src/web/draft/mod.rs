//! A new escrow: terms in the making, one topic a page, saved at each.
//!
//! `answers.rs` holds what was typed, `terms.rs` reads it as terms with all their problems; both are pure.
//! `start.rs` begins and lists drafts, `ask.rs` shows and takes the pages of `steps.rs`, `attach.rs` the files,
//! `guide.rs` helps with the kind of deal, `check.rs` shows everything once more and sends it, `sent.rs` says what was mailed to whom.

pub mod answers;
mod ask;
mod attach;
pub mod base;
mod check;
mod choices;
mod conflict;
mod guide;
pub mod handler;
pub mod open;
mod pages;
pub mod parts;
pub mod people;
pub mod refill;
mod rows;
mod sent;
pub mod shares;
mod sheet;
mod start;
pub mod steps;
mod summary;
pub mod terms;

use super::routes::Routes;

#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(start::routes())
        .merge(attach::routes())
        .merge(check::routes())
        .merge(guide::routes())
        .merge(ask::routes())
        .merge(sent::routes())
}
