//! The ledger's laws and how they stand at this moment, for the pages that tell an operator.

use crate::error::Error;
use crate::money::Currency;
use crate::store::db::Conn;
use crate::store::ledger::{self, Totals};
use crate::web::view::MoneyView;

/// What the entries and the balances say, read just now.
pub struct Books {
    pub totals: Vec<Totals>,
    /// Accounts whose balance is not what their entries come to: key, balance, sum of entries.
    pub wrong: Vec<(String, i64, i64)>,
}

impl Books {
    /// Sums the whole ledger: two statements.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(conn: &mut Conn<'_>) -> Result<Self, Error> {
        let totals = ledger::totals(conn).await?;
        let wrong = ledger::wrong_balances(conn).await?;
        Ok(Self { totals, wrong })
    }

    /// Whether every currency sums to zero and every balance is what its entries come to.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.wrong.is_empty() && self.totals.iter().all(|totals| sum(totals) == 0)
    }

    /// "3 currencies, 412 entries".
    #[must_use]
    pub fn extent(&self) -> String {
        let entries: i64 = self.totals.iter().map(|totals| totals.entries).sum();
        let plural =
            |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let currencies = i64::try_from(self.totals.len()).unwrap_or(i64::MAX);
        format!("{} in {}", plural(entries, "entry", "entries"), plural(currencies, "currency", "currencies"))
    }
}

/// What a currency's accounts come to together: zero, since each entry takes what it gives.
#[must_use]
pub fn sum(totals: &Totals) -> i64 {
    let inside = totals.held_minor + totals.payable_minor + totals.wallet_minor;
    inside + totals.fees_minor + totals.suspense_minor + totals.clearing_minor
}

/// Minor units of a currency by its code; of one that is unknown here the units stand as they are.
#[must_use]
pub fn money(code: &str, minor: i64) -> MoneyView {
    match Currency::from_code(code) {
        Some(currency) => currency.of(minor).into(),
        None => MoneyView { figures: minor.to_string(), code: "?" },
    }
}
