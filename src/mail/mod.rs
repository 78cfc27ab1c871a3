//! Mails: what they say (`letter`, `escrow`), how that looks as text and HTML (`sheet`), and how they leave
//! (`transport`, `smtp`). Nothing here knows the database's tables or any page; `work/mails.rs` brings both ends together.

pub mod escrow;
pub mod letter;
pub mod sheet;
pub mod smtp;
pub mod transport;
mod voice;
