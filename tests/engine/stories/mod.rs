//! One story an act: what it comes to, and when it is refused.

mod agreement;
mod arbiter;
mod clock_table;
mod clocks;
mod contract;
mod delivery;
mod ending;
mod figures;
mod funding;
mod instant;
mod late;
mod negotiation;
mod panels;
mod pay_first;
mod per_milestone;
mod proof;
mod propose;
mod refunds;
mod reminders;
mod repeats;
mod roles;
mod sums;
mod texts;
mod told;
mod veiled;
