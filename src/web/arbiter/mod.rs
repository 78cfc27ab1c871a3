//! The pages of the arbiter whom the terms of an escrow name. He sees that escrow and nothing else: what was agreed,
//! the disputes that reached him with the work that they are about, and what has happened of it. No party's
//! address, no message, no offer to settle and no hidden commission is among it; every other page of the
//! escrow answers him with 404 like any stranger.
//!
//! `chair.rs` loads the escrow for him. `link.rs` is what the link of his mails opens before he has an account.

pub mod case;
pub mod chair;
pub mod dispute;
pub mod link;
pub mod papers;
pub mod refusal;

use super::routes::Routes;

#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(case::routes())
        .merge(dispute::routes())
        .merge(papers::routes())
        .merge(refusal::routes())
        .merge(link::routes())
}
