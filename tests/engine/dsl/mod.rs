//! The language that the engine's tests are written in.
//!
//! `given(past).when(actor, command).then(…)` asks one question of a state that was built from bare events,
//! without `decide`. `World` runs one escrow as the store will: lapsed clocks first, then the command, then
//! the ledger, and after every command the books are compared with what the escrow says and with what the
//! `model` of the money comes to by itself.

pub mod books;
pub mod deal;
pub mod given;
pub mod model;
pub mod orders;
pub mod outcome;
pub mod people;
pub mod variants;
pub mod world;

pub use deal::{
    With, arbitrated, case1, case4, instant, one_off, pay_first, per_milestone, quick, quick_proof,
};
pub use given::{ALREADY_DONE, Past, given};
pub use people::*;
pub use variants::{unit_variants, variant_of, variants};
pub use world::World;
