//! The engine, tested by itself: no database, no network, no clock.
//!
//! `stories` tell what each act comes to, `cases` are the worked cases of the domain, `laws` let random
//! people do random things and look for a broken rule, `golden` reads what was stored long ago.

mod cases;
mod diagram;
mod dsl;
mod golden;
mod laws;
mod refusals;
mod stories;
mod vocabulary;
