//! Mails: what they say (`letter`), how that looks as text and HTML (`sheet`), and how they leave
//! (`transport`). Nothing here knows the database's tables or any page; `work/mails.rs` brings both ends together.

pub mod letter;
pub mod sheet;
pub mod transport;
