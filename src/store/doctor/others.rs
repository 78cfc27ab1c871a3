//! What belongs to no single escrow: wallets, notifications, and rows that name an escrow which may not be there.

use uuid::Uuid;

use super::escrows::BalanceRow;
use crate::store::db::{Conn, DbError, all, on_either};

/// The balances of no escrow, behind the account `after`.
///
/// # Errors
/// The database's.
pub async fn wallets(conn: &mut Conn<'_>, after: &str, most: i64) -> Result<Vec<BalanceRow>, DbError> {
    all!(
        conn,
        BalanceRow,
        "SELECT account, kind, currency, user_id, escrow_id, amount_minor FROM balances
         WHERE escrow_id IS NULL AND account > $1 ORDER BY account LIMIT $2",
        after,
        most
    )
}

/// Wallets whose balance is not the sum of their entries, with both. A wallet that was ever used has a balance, be it
/// zero.
///
/// # Errors
/// The database's.
pub async fn wrong_wallets(
    conn: &mut Conn<'_>,
    most: i64,
) -> Result<Vec<(String, Option<i64>, Option<i64>)>, DbError> {
    all!(
        conn,
        (String, Option<i64>, Option<i64>),
        "SELECT COALESCE(b.account, m.account), b.amount_minor, m.amount
         FROM (SELECT account, CAST(SUM(delta) AS BIGINT) AS amount
               FROM (SELECT to_account AS account, amount_minor AS delta FROM entries WHERE to_account LIKE 'wallet/%'
                     UNION ALL
                     SELECT from_account, -amount_minor FROM entries WHERE from_account LIKE 'wallet/%') moves
               GROUP BY account) m
         FULL OUTER JOIN (SELECT account, amount_minor FROM balances WHERE escrow_id IS NULL) b ON b.account = m.account
         WHERE b.amount_minor IS NULL OR b.amount_minor <> COALESCE(m.amount, 0)
         ORDER BY 1 LIMIT $1",
        most
    )
}

/// Entries after which a wallet held something else than they say: the entry, the wallet, what is stored, and what
/// its entries up to there come to.
///
/// # Errors
/// The database's.
pub async fn wrong_statements(
    conn: &mut Conn<'_>,
    most: i64,
) -> Result<Vec<(i64, String, Option<i64>, i64)>, DbError> {
    all!(
        conn,
        (i64, String, Option<i64>, i64),
        "SELECT id, account, after, running
         FROM (SELECT id, account, after,
                      CAST(SUM(delta) OVER (PARTITION BY account ORDER BY id) AS BIGINT) AS running
               FROM (SELECT id, to_account AS account, amount_minor AS delta, to_after AS after
                     FROM entries WHERE to_account LIKE 'wallet/%'
                     UNION ALL
                     SELECT id, from_account, -amount_minor, from_after
                     FROM entries WHERE from_account LIKE 'wallet/%') moves) statements
         WHERE after IS NULL OR after <> running
         ORDER BY id LIMIT $1",
        most
    )
}

/// A notification that does not match its escrow at first sight.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Odd {
    pub id: Uuid,
    pub user_id: Uuid,
    pub escrow_id: Uuid,
    pub reference: String,
    pub title: String,
    pub notice: String,
    /// Of the escrow, if it is there.
    pub escrow_reference: Option<String>,
    pub escrow_title: Option<String>,
    /// What its reader is in the escrow.
    pub role: Option<String>,
}

/// How a notice begins in every notification: the place of its reader's id and role.
macro_rules! odd {
    ($user:literal) => {
        concat!(
            "SELECT n.id, n.user_id, n.escrow_id, n.reference, n.title, n.notice, e.reference AS escrow_reference,
                    e.title AS escrow_title, p.role
             FROM notifications n
             LEFT JOIN escrows e ON e.id = n.escrow_id
             LEFT JOIN parties p ON p.escrow_id = n.escrow_id AND p.user_id = n.user_id
             WHERE n.id > $1 AND (e.id IS NULL OR p.user_id IS NULL OR e.reference <> n.reference
                 OR e.title <> n.title OR substr(n.notice, 8, 36) <> ",
            $user,
            "    OR substr(n.notice, 44, 11 + length(p.role)) <> '\",\"role\":\"' || p.role || '\"')
             ORDER BY n.id LIMIT $2"
        )
    };
}

/// Notifications behind the id `after` that need a second look: their escrow, its title, their reader, or what he is
/// in it does not simply match.
///
/// # Errors
/// The database's.
pub async fn odd_notifications(conn: &mut Conn<'_>, after: Uuid, most: i64) -> Result<Vec<Odd>, DbError> {
    on_either!(
        conn,
        (sqlx::query_as::<_, Odd>),
        (
            odd!(
                "lower(substr(hex(n.user_id), 1, 8) || '-' || substr(hex(n.user_id), 9, 4) || '-' ||
                 substr(hex(n.user_id), 13, 4) || '-' || substr(hex(n.user_id), 17, 4) || '-' ||
                 substr(hex(n.user_id), 21))"
            ),
            odd!("n.user_id::text")
        ),
        [after, most],
        fetch_all
    )
}

/// Rows that name an escrow which is not there: their table, and that escrow.
///
/// # Errors
/// The database's.
pub async fn of_no_escrow(conn: &mut Conn<'_>, most: i64) -> Result<Vec<(String, Uuid)>, DbError> {
    all!(
        conn,
        (String, Uuid),
        "SELECT t, escrow_id FROM (
             SELECT 'drafts' AS t, escrow_id FROM drafts
             UNION ALL SELECT 'drafts', counters FROM drafts
             UNION ALL SELECT 'outbox', escrow_id FROM outbox
             UNION ALL SELECT 'tokens', escrow_id FROM tokens
             UNION ALL SELECT 'pay_links', escrow_id FROM pay_links) named
         WHERE escrow_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM escrows e WHERE e.id = named.escrow_id)
         LIMIT $1",
        most
    )
}

/// Escrows with a pay link that was replaced, and none that works.
///
/// # Errors
/// The database's.
pub async fn only_replaced_links(conn: &mut Conn<'_>, most: i64) -> Result<Vec<(Uuid,)>, DbError> {
    all!(
        conn,
        (Uuid,),
        "SELECT DISTINCT escrow_id FROM pay_links l WHERE replaced_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM pay_links c WHERE c.escrow_id = l.escrow_id AND c.replaced_at IS NULL)
         LIMIT $1",
        most
    )
}

/// The names of the triggers that guard a table against being changed, those that are switched off left out.
///
/// # Errors
/// The database's.
pub async fn guards(conn: &mut Conn<'_>, table: &str) -> Result<Vec<String>, DbError> {
    let rows = on_either!(
        conn,
        (sqlx::query_as::<_, (String,)>),
        (
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND sql LIKE '%RAISE(ABORT%'
             ORDER BY name",
            "SELECT g.tgname::text FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relname = $1 AND NOT g.tgisinternal AND g.tgenabled <> 'D'
             ORDER BY 1"
        ),
        [table],
        fetch_all
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}
