//! The ledger as a whole.

use super::report::Report;
use crate::store::db::{Conn, DbError};
use crate::store::ledger as entries;

/// Sums the ledger, and each account's entries against its balance.
pub(super) async fn ledger(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    for totals in entries::totals(conn).await? {
        let sum = totals.held_minor
            + totals.payable_minor
            + totals.wallet_minor
            + totals.fees_minor
            + totals.clearing_minor
            + totals.suspense_minor;
        if sum != 0 {
            report.ill(format!("the ledger in {} does not sum to zero but to {sum}", totals.currency));
        }
    }
    for (account, balance, entries) in entries::wrong_balances(conn).await? {
        report.ill(format!("account {account}: its balance is {balance}, its entries come to {entries}"));
    }
    Ok(())
}
