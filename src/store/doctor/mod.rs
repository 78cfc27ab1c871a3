//! What the doctor reads: rows as they stand, nothing more. A file for each kind of thing.

pub mod escrows;
pub mod others;
