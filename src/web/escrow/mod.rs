//! The pages of one escrow: what its parties see of it and do in it.
//!
//! `seat.rs` loads the escrow for one viewer and answers 404 to everybody else; `act.rs` sends a command and
//! puts its outcome into an answer. The other files are a page each.

pub mod act;
pub mod actions;
pub mod amount;
pub mod anew;
pub mod answer;
pub mod approve;
pub mod beside;
pub mod cancel;
pub mod changes;
pub mod contract;
pub mod deliver;
pub mod dispute;
pub mod dispute_open;
pub mod end_payment;
pub mod extension;
pub mod file;
pub mod gets;
pub mod history;
pub mod inspect;
pub mod invite;
pub mod link;
pub mod longer;
pub mod messages;
pub mod milestone;
pub mod money_back;
pub mod nudge;
pub mod outcome;
pub mod parcel;
pub mod pay;
pub mod payee;
pub mod payment;
pub mod proof;
pub mod propose;
pub mod rates;
pub mod refund;
pub mod room;
pub mod rounds;
pub mod row;
pub mod ruling;
pub mod seat;
pub mod settlement;
pub mod show;
pub mod sign;
pub mod spot;
pub mod take;
pub mod texts;
pub mod timeline;
pub mod transfers;
pub mod versions;

use super::routes::Routes;

/// Every page of an escrow.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(show::routes())
        .merge(contract::routes())
        .merge(sign::routes())
        .merge(versions::routes())
        .merge(propose::routes())
        .merge(invite::routes())
        .merge(nudge::routes())
        .merge(anew::routes())
        .merge(answer::routes())
        .merge(history::routes())
        .merge(messages::routes())
        .merge(milestone::routes())
        .merge(proof::routes())
        .merge(deliver::routes())
        .merge(extension::routes())
        .merge(inspect::routes())
        .merge(link::routes())
        .merge(longer::routes())
        .merge(approve::routes())
        .merge(refund::routes())
        .merge(money_back::routes())
        .merge(take::routes())
        .merge(cancel::routes())
        .merge(settlement::routes())
        .merge(dispute_open::routes())
        .merge(dispute::routes())
        .merge(file::routes())
        .merge(pay::routes())
        .merge(payment::routes())
        .merge(end_payment::routes())
}
