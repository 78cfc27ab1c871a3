//! The ledger: entries are appended, balances follow, and the database refuses what must not be.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::engine::escrow::Escrow;
use crate::engine::plan::Share;
use crate::engine::postings::{Account, Entry};
use crate::engine::time::Time;
use crate::money::Currency;
use crate::store::db::{Conn, DbError, all, exec, one, opt};

/// An entry with the event it belongs to.
pub struct Posting {
    pub seq: i64,
    pub line: i32,
    pub entry: Entry,
}

/// Appends the postings of one write. Balances are changed once an account, in the order of their keys,
/// so that two writes can't wait for each other.
///
/// # Errors
/// The database's; a balance that would become negative is one.
pub async fn post(conn: &mut Conn<'_>, escrow: Uuid, postings: &[Posting], at: Time) -> Result<(), DbError> {
    let mut changes: BTreeMap<String, (Account, Currency, i64)> = BTreeMap::new();
    for Posting { entry, .. } in postings {
        for (account, delta) in [(&entry.from, -entry.amount.minor), (&entry.to, entry.amount.minor)] {
            if account.has_balance() {
                let currency = entry.amount.currency;
                let change = changes.entry(account.key(currency)).or_insert((account.clone(), currency, 0));
                change.2 += delta;
            }
        }
    }
    let mut after = BTreeMap::new();
    for (key, (account, currency, delta)) in &changes {
        if let Some(amount) = change(conn, key, account, *currency, *delta).await? {
            after.insert(key.clone(), amount);
        }
    }
    // What each wallet held after each entry: from its last balance backwards.
    let mut rows = Vec::with_capacity(postings.len());
    for posting in postings.iter().rev() {
        let (from, to) = keys(&posting.entry);
        let from_after = after.get(&from).copied();
        let to_after = after.get(&to).copied();
        if let Some(amount) = after.get_mut(&from) {
            *amount += posting.entry.amount.minor;
        }
        if let Some(amount) = after.get_mut(&to) {
            *amount -= posting.entry.amount.minor;
        }
        rows.push((posting, from, to, from_after, to_after));
    }
    for (posting, from, to, from_after, to_after) in rows.into_iter().rev() {
        exec!(
            conn,
            "INSERT INTO entries (escrow_id, seq, line, from_account, to_account, currency, amount_minor,
                 from_after, to_after, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            escrow,
            posting.seq,
            posting.line,
            from.as_str(),
            to.as_str(),
            posting.entry.amount.currency.code(),
            posting.entry.amount.minor,
            from_after,
            to_after,
            at
        )?;
    }
    Ok(())
}

fn keys(entry: &Entry) -> (String, String) {
    let currency = entry.amount.currency;
    (entry.from.key(currency), entry.to.key(currency))
}

/// Changes one balance and returns it, if it is a wallet's.
async fn change(
    conn: &mut Conn<'_>,
    key: &str,
    account: &Account,
    currency: Currency,
    delta: i64,
) -> Result<Option<i64>, DbError> {
    let is_wallet = matches!(account, Account::Wallet { .. });
    if delta == 0 && !is_wallet {
        return Ok(None);
    }
    let (amount,) = if delta < 0 {
        one!(
            conn,
            (i64,),
            "UPDATE balances SET amount_minor = amount_minor + $2 WHERE account = $1 RETURNING amount_minor",
            key,
            delta
        )?
    } else {
        one!(
            conn,
            (i64,),
            "INSERT INTO balances (account, kind, currency, user_id, escrow_id, amount_minor)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (account) DO UPDATE SET amount_minor = balances.amount_minor + excluded.amount_minor
             RETURNING amount_minor",
            key,
            account.kind(),
            currency.code(),
            account.user(),
            account.escrow(),
            delta
        )?
    };
    Ok(is_wallet.then_some(amount))
}

/// What ever came into each account of an escrow, in minor units: into what is payable, all that was released.
#[derive(Debug, Default)]
pub struct Received(BTreeMap<String, i64>);

impl Received {
    /// What was released of a share of a milestone.
    #[must_use]
    pub fn released_minor(&self, escrow: &Escrow, milestone: u16, share: Share) -> i64 {
        let account = Account::Payable { escrow: escrow.id, milestone, share, user: None };
        self.0.get(&account.key(escrow.terms.currency)).copied().unwrap_or_default()
    }
}

/// Sums up what came into the accounts of an escrow: one line an account, however many entries there are.
///
/// # Errors
/// The database's.
pub async fn received(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Received, DbError> {
    let rows = all!(
        conn,
        (String, i64),
        "SELECT to_account, CAST(SUM(amount_minor) AS BIGINT) FROM entries WHERE escrow_id = $1 GROUP BY to_account",
        escrow
    )?;
    Ok(Received(rows.into_iter().collect()))
}

/// Whether what the ledger holds for an escrow is what its state says (domain law).
///
/// # Errors
/// The database's.
pub async fn agrees(conn: &mut Conn<'_>, escrow: &Escrow) -> Result<bool, DbError> {
    let (held, payable) = one!(
        conn,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'held' THEN amount_minor END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN kind = 'payable' THEN amount_minor END), 0) AS BIGINT)
         FROM balances WHERE escrow_id = $1",
        escrow.id
    )?;
    Ok(held == escrow.held_minor() && payable == escrow.payable_minor())
}

/// What a user can spend from his wallet, in minor units; the row stays as it is until the write ends.
///
/// # Errors
/// The database's.
pub async fn lock_wallet(conn: &mut Conn<'_>, user: Uuid, currency: Currency) -> Result<i64, DbError> {
    let key = Account::Wallet { user }.key(currency);
    let row = crate::store::db::lock!(
        conn,
        (i64,),
        "SELECT amount_minor FROM balances WHERE account = $1",
        key.as_str()
    )?;
    Ok(row.map_or(0, |(amount,)| amount))
}

/// What a user can spend from his wallet, in minor units, for a page to show.
///
/// # Errors
/// The database's.
pub async fn wallet(conn: &mut Conn<'_>, user: Uuid, currency: Currency) -> Result<i64, DbError> {
    let key = Account::Wallet { user }.key(currency);
    let row = opt!(conn, (i64,), "SELECT amount_minor FROM balances WHERE account = $1", key.as_str())?;
    Ok(row.map_or(0, |(amount,)| amount))
}

/// What a user has in one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    pub currency: Currency,
    /// Free to use.
    pub wallet_minor: i64,
    /// In custody for him, not decided.
    pub held_minor: i64,
    /// Decided for him, not paid out.
    pub payable_minor: i64,
    /// Still in custody of what he paid in as a buyer. It is held for others and is part of their sums.
    pub paid_minor: i64,
}

/// A user's money in every currency, never summed across. Held and payable together are Cashless' seller
/// balance.
///
/// # Errors
/// The database's.
pub async fn holdings(conn: &mut Conn<'_>, user: Uuid) -> Result<Vec<Holdings>, DbError> {
    let rows = all!(
        conn,
        (String, i64, i64, i64, i64),
        "SELECT currency,
                CAST(SUM(CASE WHEN kind = 'wallet' THEN amount_minor ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN kind = 'held' THEN amount_minor ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN kind = 'payable' THEN amount_minor ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN kind = 'paid' THEN amount_minor ELSE 0 END) AS BIGINT)
         FROM (SELECT currency, kind, amount_minor FROM balances
               WHERE user_id = $1 AND (amount_minor > 0 OR kind = 'wallet')
               UNION ALL
               SELECT b.currency, 'paid', b.amount_minor FROM parties p
               JOIN balances b ON b.escrow_id = p.escrow_id
               WHERE p.user_id = $1 AND p.over = FALSE AND p.role = 'buyer' AND b.kind = 'held') mine
         GROUP BY currency ORDER BY currency",
        user
    )?;
    let read = |(code, wallet_minor, held_minor, payable_minor, paid_minor): (String, i64, i64, i64, i64)| {
        let currency = Currency::from_code(&code)?;
        Some(Holdings { currency, wallet_minor, held_minor, payable_minor, paid_minor })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// What one escrow holds for a user, in minor units.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HeldIn {
    pub reference: String,
    pub title: String,
    pub held_minor: i64,
    pub payable_minor: i64,
}

/// The escrows that hold something of one currency for a user, the newest first.
///
/// # Errors
/// The database's.
pub async fn held_in(
    conn: &mut Conn<'_>,
    user: Uuid,
    currency: Currency,
    most: i64,
) -> Result<Vec<HeldIn>, DbError> {
    all!(
        conn,
        HeldIn,
        "SELECT e.reference, e.title,
                CAST(SUM(CASE WHEN b.kind = 'held' THEN b.amount_minor ELSE 0 END) AS BIGINT) AS held_minor,
                CAST(SUM(CASE WHEN b.kind = 'payable' THEN b.amount_minor ELSE 0 END) AS BIGINT) AS payable_minor
         FROM balances b JOIN escrows e ON e.id = b.escrow_id
         WHERE b.user_id = $1 AND b.currency = $2 AND b.amount_minor > 0
         GROUP BY e.id, e.reference, e.title ORDER BY e.id DESC LIMIT $3",
        user,
        currency.code(),
        most
    )
}

/// A line of a wallet's statement.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StatementLine {
    pub id: i64,
    pub at: Time,
    /// The key of the account on the other side.
    pub other: String,
    /// Above zero when it came in, in minor units.
    pub change_minor: i64,
    pub after_minor: i64,
    pub reference: String,
    pub title: String,
    pub milestone: Option<i32>,
    pub kind: String,
}

/// A page of a wallet's statement, the newest first, entries before `before`.
///
/// # Errors
/// The database's.
pub async fn statement(
    conn: &mut Conn<'_>,
    user: Uuid,
    currency: Currency,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<StatementLine>, DbError> {
    let key = Account::Wallet { user }.key(currency);
    let lines = all!(
        conn,
        StatementLine,
        "SELECT n.id, n.at, n.other, n.change_minor, n.after_minor, e.reference, e.title, v.milestone, v.kind
         FROM (SELECT id, escrow_id, seq, at, from_account AS other, amount_minor AS change_minor,
                      COALESCE(to_after, 0) AS after_minor
               FROM entries WHERE to_account = $1 AND id < $2
               UNION ALL
               SELECT id, escrow_id, seq, at, to_account, -amount_minor, COALESCE(from_after, 0)
               FROM entries WHERE from_account = $1 AND id < $2
               ORDER BY id DESC LIMIT $3) n
         JOIN escrows e ON e.id = n.escrow_id
         JOIN events v ON v.escrow_id = n.escrow_id AND v.seq = n.seq
         ORDER BY n.id DESC",
        key.as_str(),
        before.unwrap_or(i64::MAX),
        most.saturating_mul(MOST_RECEIVERS)
    )?;
    let mut merged: Vec<StatementLine> = Vec::new();
    for line in lines {
        match merged.last_mut() {
            // The lower id, from which the next page goes on; the balance is that after the last of them.
            Some(last) if last.is_same(&line) => {
                last.id = line.id;
                last.change_minor += line.change_minor;
            }
            _ => merged.push(line),
        }
    }
    merged.truncate(usize::try_from(most).unwrap_or_default());
    Ok(merged)
}

/// Seller, broker and payees of one milestone.
const MOST_RECEIVERS: i64 = 12;

impl StatementLine {
    /// What was paid for several receivers of a milestone, or came back from them, is one line to its payer: how
    /// they share it may be hidden from him.
    fn is_same(&self, other: &Self) -> bool {
        let paid = matches!(self.kind.as_str(), "charge_settled" | "refunded" | "refunded_to_wallet");
        let rest = |line: &Self| {
            let (place, share) = line.other.rsplit_once('/')?;
            let receives = share == "seller" || share == "broker" || share.starts_with("payee-");
            (place.starts_with("held/") && receives).then(|| place.to_owned())
        };
        let same = (&self.reference, &self.kind, self.at) == (&other.reference, &other.kind, other.at);
        paid && same && rest(self).is_some() && rest(self) == rest(other)
    }
}

/// One currency's whole ledger, summed from its entries and from its balances.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Totals {
    pub currency: String,
    pub entries: i64,
    pub held_minor: i64,
    pub payable_minor: i64,
    pub wallet_minor: i64,
    pub fees_minor: i64,
    pub clearing_minor: i64,
    pub suspense_minor: i64,
}

/// The totals of every currency, from the entries alone. It reads them all: for the operators' page and
/// `doctor`, not for every click.
///
/// # Errors
/// The database's.
pub async fn totals(conn: &mut Conn<'_>) -> Result<Vec<Totals>, DbError> {
    all!(
        conn,
        Totals,
        "SELECT currency, CAST(SUM(CASE WHEN delta > 0 THEN 1 ELSE 0 END) AS BIGINT) AS entries,
                CAST(SUM(CASE WHEN account LIKE 'held/%' THEN delta ELSE 0 END) AS BIGINT) AS held_minor,
                CAST(SUM(CASE WHEN account LIKE 'payable/%' THEN delta ELSE 0 END) AS BIGINT) AS payable_minor,
                CAST(SUM(CASE WHEN account LIKE 'wallet/%' THEN delta ELSE 0 END) AS BIGINT) AS wallet_minor,
                CAST(SUM(CASE WHEN account LIKE 'fees/%' THEN delta ELSE 0 END) AS BIGINT) AS fees_minor,
                CAST(SUM(CASE WHEN account LIKE 'clearing/%' THEN delta ELSE 0 END) AS BIGINT) AS clearing_minor,
                CAST(SUM(CASE WHEN account LIKE 'suspense/%' THEN delta ELSE 0 END) AS BIGINT) AS suspense_minor
         FROM (SELECT currency, to_account AS account, amount_minor AS delta FROM entries
               UNION ALL
               SELECT currency, from_account, -amount_minor FROM entries) moves
         GROUP BY currency ORDER BY currency"
    )
}

/// Accounts whose balance is not the sum of their entries: the law is broken where there is one.
///
/// # Errors
/// The database's.
pub async fn wrong_balances(conn: &mut Conn<'_>) -> Result<Vec<(String, i64, i64)>, DbError> {
    all!(
        conn,
        (String, i64, i64),
        "SELECT COALESCE(b.account, m.account), COALESCE(b.amount_minor, 0), COALESCE(m.amount, 0)
         FROM (SELECT account, CAST(SUM(delta) AS BIGINT) AS amount
               FROM (SELECT to_account AS account, amount_minor AS delta FROM entries
                     UNION ALL SELECT from_account, -amount_minor FROM entries) moves
               WHERE account LIKE 'held/%' OR account LIKE 'payable/%' OR account LIKE 'wallet/%'
               GROUP BY account) m
         FULL OUTER JOIN balances b ON b.account = m.account
         WHERE COALESCE(b.amount_minor, 0) <> COALESCE(m.amount, 0)
         ORDER BY 1 LIMIT 100"
    )
}

/// What was released to one escrow's broker so far out of the balance, in minor units.
///
/// # Errors
/// The database's.
pub async fn released_to_broker(conn: &mut Conn<'_>, escrow: Uuid) -> Result<i64, DbError> {
    let row = opt!(
        conn,
        (i64,),
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM entries
         WHERE escrow_id = $1 AND to_account LIKE 'payable/%/broker'",
        escrow
    )?;
    Ok(row.map_or(0, |(sum,)| sum))
}
