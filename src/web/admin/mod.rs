//! The console of the operators. To everybody else there is no such page.

pub mod account;
pub mod apart;
pub mod audit;
pub mod checkpoints;
pub mod confirm;
pub mod disputes;
pub mod escrow;
pub mod escrow_history;
pub mod escrow_mails;
pub mod escrows;
pub mod fees;
pub mod jobs;
pub mod laws;
pub mod ledger;
pub mod look;
pub mod mail;
pub mod notices;
pub mod overview;
pub mod papers;
pub mod payments;
pub mod refunds;
pub mod rehearsal;
pub mod search;
pub mod security;
pub mod terms;
pub mod user;
pub mod users;

use super::routes::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .merge(overview::routes())
        .merge(escrows::routes())
        .merge(escrow::routes())
        .merge(escrow_history::routes())
        .merge(escrow_mails::routes())
        .merge(disputes::routes())
        .merge(papers::routes())
        .merge(payments::routes())
        .merge(notices::routes())
        .merge(refunds::routes())
        .merge(ledger::routes())
        .merge(mail::routes())
        .merge(jobs::routes())
        .merge(users::routes())
        .merge(user::routes())
        .merge(search::routes())
        .merge(fees::routes())
        .merge(terms::routes())
        .merge(audit::routes())
        .merge(security::routes())
        .merge(checkpoints::routes())
        .merge(rehearsal::routes())
}
