//! The portal as people meet it: the real program, and a real browser in front of it.
//!
//! Each test starts the program on an empty data folder and drives Chromium through ChromeDriver, as
//! people would: by labels, buttons and the links of their mails. Screenshots lie in
//! `target/screenshots` afterwards.

mod broken;
mod counter;
mod deal;
mod driver;
mod entry;
mod link;
mod long;
mod longer;
mod look;
mod person;
mod portal;
mod proxy;
mod quarrel;
mod quick;
mod rehearsal;
mod simple;
mod walk;
