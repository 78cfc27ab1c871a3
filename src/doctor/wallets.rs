//! Wallets, whose entries come from many escrows: each balance is the sum of its entries, and each line of a statement
//! says what the wallet held then.

use super::report::{BATCH, MOST, Report};
use crate::engine::postings::Account;
use crate::money::Currency;
use crate::store::db::{Conn, DbError};
use crate::store::doctor::others;

pub(super) async fn all(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    for (account, balance, entries) in others::wrong_wallets(conn, most).await? {
        let (balance, entries) = (in_words(balance), in_words(entries));
        report.ill(format!("account {account}: its balance is {balance}, its entries come to {entries}"));
    }
    for (id, account, stored, running) in others::wrong_statements(conn, most).await? {
        let stored = in_words(stored);
        report.ill(format!(
            "ledger entry {id}: it says that {account} held {stored} after it, its entries come to {running}"
        ));
    }
    let mut after = String::new();
    loop {
        let rows = others::wallets(conn, &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.account);
        for row in rows {
            let currency = Currency::from_code(&row.currency);
            let wallet = row.user_id.map(|user| Account::Wallet { user });
            let same = |(wallet, currency): (&Account, Currency)| {
                wallet.key(currency) == row.account && wallet.kind() == row.kind
            };
            if !wallet.as_ref().zip(currency).is_some_and(same) {
                report.ill(format!("account {}: its row names another owner, kind or currency", row.account));
            }
        }
    }
}

fn in_words(minor: Option<i64>) -> String {
    minor.map_or_else(|| "nothing".to_owned(), |minor| minor.to_string())
}
