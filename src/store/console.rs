//! What the operators' console reads of everybody's escrows, payments and entries. Reads alone.
//!
//! Counts stop at a bound, and lists come by keyset: a console must not be what slows the portal down.

use uuid::Uuid;

use crate::engine::escrow::Escrow;
use crate::engine::time::Time;
use crate::money::Currency;
use crate::store::db::{Conn, DbError, all};
use crate::store::escrows::read;
use crate::store::search::pattern;

/// Counts stop here: what is more is told as "1000+".
pub const MOST_COUNTED: i64 = 1_000;

/// How much waits in a queue, and since when the oldest does.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Queue {
    pub name: String,
    /// One more than [`MOST_COUNTED`] when there is more.
    pub count: i64,
    pub since: Option<Time>,
}

/// Every queue with its length and its oldest member, in one statement. A further queue is a line here and
/// a line in the console's first page, under the same name. What is no task is counted since `lately`.
///
/// # Errors
/// The database's.
pub async fn queues(conn: &mut Conn<'_>, lately: Time) -> Result<Vec<Queue>, DbError> {
    /// The name, what of a row says since when it waits, and whose rows wait.
    macro_rules! queues {
        ($(($name:literal, $since:literal, $rows:literal))+) => {
            concat!(
                "SELECT '' AS name, count(*) AS count, min(created_at) AS since FROM users WHERE FALSE",
                $(" UNION ALL SELECT '", $name, "', count(*), min(at) FROM (SELECT ", $since, " AS at FROM ",
                  $rows, " ORDER BY id LIMIT $1) q_", $name,)+
            )
        };
    }
    let sql = queues! {
        ("proposed", "created_at", "escrows WHERE stage = 'proposed'")
        ("agreed", "created_at", "escrows WHERE stage = 'agreed'")
        ("active", "created_at", "escrows WHERE stage = 'active'")
        ("ended", "created_at", "escrows WHERE stage = 'ended'")
        ("rulings", "disputed_since", "escrows WHERE ruling_by IS NOT NULL")
        ("disputes", "disputed_since", "escrows WHERE disputed_since IS NOT NULL")
        ("pending_payments", "created_at", "payments WHERE state = 'pending'")
        ("failed_refunds", "settled_at",
         "payments p WHERE p.refund IS NOT NULL AND p.state = 'failed' AND NOT EXISTS (
                 SELECT 1 FROM payments o
                 WHERE o.escrow_id = p.escrow_id AND o.refund = p.refund
                   AND (o.state IN ('pending', 'successful') OR o.attempt > p.attempt))")
        ("sent_twice", "sent_twice_at", "payments WHERE sent_twice_at IS NOT NULL")
        ("odd_notices", "received_at",
         "notices_in WHERE outcome NOT IN ('done', 'already done') AND settled_at IS NULL")
        ("failed_payments", "created_at",
         "payments WHERE state = 'failed' AND refund IS NULL AND created_at >= $2")
        ("parked_mails", "created_at", "outbox WHERE state = 'parked'")
        ("late_mails", "next_at", "outbox WHERE state = 'waiting' AND attempts > 0")
        ("untold_payments", "created_at", "payments WHERE tell_at IS NOT NULL AND last_error IS NOT NULL")
        ("frozen_users", "frozen_at", "users WHERE frozen_at IS NOT NULL")
        ("users", "created_at", "users")
    };
    all!(conn, Queue, sql, MOST_COUNTED + 1, lately)
}

/// Which escrows a list shows, and in what order: a queue the oldest first, all else the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those that wait in a stage, by its stored name.
    Queue(&'static str),
    /// Those in a stage, by its stored name.
    Stage(&'static str),
    /// With a party of this address, lower-cased.
    Email(String),
    /// With this in the title or a reference, ours or the parties' own, or in the name or address of a party.
    Text(String),
}

/// An escrow of the console's list.
#[derive(Clone, Debug)]
pub struct Line {
    pub escrow: Escrow,
    /// Addresses; empty for people who were erased.
    pub buyer: String,
    pub seller: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    document: String,
    buyer: Option<String>,
    seller: Option<String>,
}

/// A page of the escrows of all people: those that come behind the id `from` in the list's order.
///
/// # Errors
/// The database's.
pub async fn escrows(
    conn: &mut Conn<'_>,
    which: &Which,
    from: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    macro_rules! page {
        ($where:literal $(, $bind:expr)?) => {
            all!(
                conn,
                Row,
                concat!(
                    "SELECT e.document, coalesce(bu.email, bu.guest_email) AS buyer, coalesce(su.email, su.guest_email) AS seller
                     FROM escrows e
                     LEFT JOIN parties b ON b.escrow_id = e.id AND b.role = 'buyer'
                     LEFT JOIN users bu ON bu.id = b.user_id
                     LEFT JOIN parties s ON s.escrow_id = e.id AND s.role = 'seller'
                     LEFT JOIN users su ON su.id = s.user_id WHERE ",
                    $where
                ),
                from.unwrap_or(if matches!(which, Which::Queue(_)) { Uuid::nil() } else { Uuid::max() }),
                most
                $(, $bind)?
            )?
        };
    }
    let rows = match which {
        Which::All => page!("e.id < $1 ORDER BY e.id DESC LIMIT $2"),
        Which::Queue(stage) => page!("e.stage = $3 AND e.id > $1 ORDER BY e.id LIMIT $2", *stage),
        Which::Stage(stage) => page!("e.stage = $3 AND e.id < $1 ORDER BY e.id DESC LIMIT $2", *stage),
        Which::Email(email) => page!(
            "e.id IN (SELECT p.escrow_id FROM parties p JOIN users u ON u.id = p.user_id 
                      WHERE coalesce(u.email, u.guest_email) = $3)
             AND e.id < $1 ORDER BY e.id DESC LIMIT $2",
            email.as_str()
        ),
        Which::Text(text) => page!(
            "(coalesce(e.title_search, e.title_lower) LIKE $3 ESCAPE '\\' OR lower(e.reference) LIKE $3 ESCAPE '\\'
              OR e.external_search LIKE $3 ESCAPE '\\' OR e.id IN (
                 SELECT p.escrow_id FROM parties p JOIN users u ON u.id = p.user_id
                 WHERE coalesce(u.name_search, u.name_lower) LIKE $3 ESCAPE '\\'
                       OR coalesce(u.email, u.guest_email) LIKE $3 ESCAPE '\\'))
             AND e.id < $1 ORDER BY e.id DESC LIMIT $2",
            pattern(text)
        ),
    };
    let line = |row: Row| {
        let escrow = read(&row.document)?;
        let (buyer, seller) = (row.buyer.unwrap_or_default(), row.seller.unwrap_or_default());
        Ok(Line { escrow, buyer, seller })
    };
    rows.into_iter().map(line).collect()
}

/// What an escrow says and what its accounts hold, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub reference: String,
    pub currency: Currency,
    /// Held and payable, as the state says.
    pub state_minor: (i64, i64),
    /// Held and payable, as the balances say.
    pub balances_minor: (i64, i64),
}

/// Compares the states of escrows with their accounts, the newest first: of those that are not over, and
/// of those that are and still hold something, which none may.
///
/// # Errors
/// The database's.
pub async fn compared(conn: &mut Conn<'_>, most: i64) -> Result<Vec<Compared>, DbError> {
    let rows = all!(
        conn,
        (String, i64, i64),
        "SELECT e.document,
                CAST(COALESCE(SUM(CASE WHEN b.kind = 'held' THEN b.amount_minor END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN b.kind = 'payable' THEN b.amount_minor END), 0) AS BIGINT)
         FROM escrows e LEFT JOIN balances b ON b.escrow_id = e.id
         WHERE e.stage IN ('proposed', 'agreed', 'active')
            OR e.id IN (SELECT escrow_id FROM balances WHERE amount_minor > 0 AND escrow_id IS NOT NULL)
         GROUP BY e.id, e.document ORDER BY e.id DESC LIMIT $1",
        most
    )?;
    let one = |(document, held, payable): (String, i64, i64)| {
        let escrow = read(&document)?;
        Ok(Compared {
            state_minor: (escrow.held_minor(), escrow.payable_minor()),
            balances_minor: (held, payable),
            reference: escrow.reference,
            currency: escrow.terms.currency,
        })
    };
    rows.into_iter().map(one).collect()
}

/// An account of one escrow with its balance, in minor units.
#[derive(Clone, Debug)]
pub struct Balance {
    pub account: String,
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub amount_minor: i64,
}

/// A party as the console names it.
#[derive(Clone, Debug)]
pub struct Party {
    pub user_id: Uuid,
    /// Of whoever has not confirmed his address, what he was named by, a guest by himself; else what the account
    /// says. Empty for erased people, who have no address either.
    pub name: String,
    pub email: String,
    pub claimed: bool,
}

#[derive(sqlx::FromRow)]
struct Around {
    user_id: Option<Uuid>,
    /// Nothing for a person.
    account: Option<String>,
    name: String,
    email: Option<String>,
    claimed: bool,
    amount_minor: i64,
}

/// The people of an escrow and every account of it, in one statement.
///
/// # Errors
/// The database's.
pub async fn around(conn: &mut Conn<'_>, escrow: Uuid) -> Result<(Vec<Party>, Vec<Balance>), DbError> {
    let rows = all!(
        conn,
        Around,
        "SELECT p.user_id, CAST(NULL AS TEXT) AS account,
                CASE WHEN u.email_confirmed_at IS NULL THEN coalesce(p.name, '') ELSE u.name END AS name,
                coalesce(u.email, u.guest_email) AS email,
                u.email_confirmed_at IS NOT NULL AS claimed, CAST(0 AS BIGINT) AS amount_minor
         FROM parties p JOIN users u ON u.id = p.user_id WHERE p.escrow_id = $1
         UNION ALL
         SELECT user_id, account, kind, CAST(NULL AS TEXT), FALSE, amount_minor
         FROM balances WHERE escrow_id = $1",
        escrow
    )?;
    let (mut people, mut balances) = (Vec::new(), Vec::new());
    for Around { user_id, account, name, email, claimed, amount_minor } in rows {
        match (account, user_id) {
            (Some(account), user_id) => balances.push(Balance { account, kind: name, user_id, amount_minor }),
            (None, Some(user_id)) => {
                people.push(Party { user_id, name, email: email.unwrap_or_default(), claimed });
            }
            (None, None) => {}
        }
    }
    Ok((people, balances))
}

/// A ledger entry with the addresses of those whose wallets it touches.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EntryLine {
    pub id: i64,
    pub at: Time,
    pub reference: String,
    pub seq: i64,
    pub line: i32,
    pub from_account: String,
    pub to_account: String,
    pub from_email: Option<String>,
    pub to_email: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
}

/// Whose entries a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries {
    /// All but those of escrows in which this operator takes part himself.
    ForOperator(Uuid),
    Escrow(Uuid),
}

/// The newest entries of the ledger, or of one escrow, those before the entry `before`.
///
/// # Errors
/// The database's.
pub async fn entries(
    conn: &mut Conn<'_>,
    of: Entries,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<EntryLine>, DbError> {
    macro_rules! page {
        ($where:literal $(, $bind:expr)?) => {
            all!(
                conn,
                EntryLine,
                concat!(
                    "SELECT n.id, n.at, e.reference, n.seq, n.line, n.from_account, n.to_account,
                            coalesce(fu.email, fu.guest_email) AS from_email, coalesce(tu.email, tu.guest_email) AS to_email, n.currency, n.amount_minor
                     FROM entries n JOIN escrows e ON e.id = n.escrow_id
                     LEFT JOIN balances f ON f.account = n.from_account AND f.kind = 'wallet'
                     LEFT JOIN users fu ON fu.id = f.user_id
                     LEFT JOIN balances t ON t.account = n.to_account AND t.kind = 'wallet'
                     LEFT JOIN users tu ON tu.id = t.user_id
                     WHERE n.id < $1 ",
                    $where,
                    " ORDER BY n.id DESC LIMIT $2"
                ),
                before.unwrap_or(i64::MAX),
                most
                $(, $bind)?
            )
        };
    }
    match of {
        Entries::ForOperator(operator) => page!(
            "AND NOT EXISTS (
                 SELECT 1 FROM users me, parties p JOIN users u ON u.id = p.user_id
                 WHERE me.id = $3 AND p.escrow_id = n.escrow_id
                   AND (p.user_id = me.id OR me.email IN (u.email, u.guest_email, p.email)))",
            operator
        ),
        Entries::Escrow(escrow) => page!("AND n.escrow_id = $3", escrow),
    }
}

/// Which payments a list shows: what waits the oldest first, all else the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payments {
    All,
    Pending,
    Failed,
    /// Refunds of which the last attempt failed, and nothing was done about it since.
    FailedRefunds,
    /// Refunds that the provider paid after they had gone another way.
    SentTwice,
}

impl Payments {
    /// Whether somebody works the list off, the oldest first.
    #[must_use]
    pub fn is_worked_off(self) -> bool {
        matches!(self, Self::Pending | Self::FailedRefunds | Self::SentTwice)
    }
}

/// A payment with its escrow and its payer or payee.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PaymentLine {
    pub id: Uuid,
    pub reference: String,
    pub email: Option<String>,
    pub kind: String,
    pub method: String,
    pub state: String,
    pub reason: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub provider_ref: Option<String>,
    pub last_error: Option<String>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
    pub refund: Option<i32>,
    pub sent_twice_at: Option<Time>,
}

/// A page of everybody's payments: those that come behind the id `from` in the list's order. Those of escrows in
/// which the operator takes part himself are left out.
///
/// # Errors
/// The database's.
pub async fn payments(
    conn: &mut Conn<'_>,
    which: Payments,
    operator: Uuid,
    from: Option<Uuid>,
    most: i64,
) -> Result<Vec<PaymentLine>, DbError> {
    macro_rules! page {
        ($where:literal) => {
            all!(
                conn,
                PaymentLine,
                concat!(
                    "SELECT p.id, e.reference, coalesce(u.email, u.guest_email) AS email, p.kind, p.method, p.state, p.reason, p.currency,
                            p.amount_minor, p.provider_ref, p.last_error, p.created_at, p.settled_at,
                            p.refund, p.sent_twice_at
                     FROM payments p JOIN escrows e ON e.id = p.escrow_id
                     LEFT JOIN users u ON u.id = p.user_id
                     WHERE NOT EXISTS (
                         SELECT 1 FROM users me, parties o JOIN users ou ON ou.id = o.user_id
                         WHERE me.id = $3 AND o.escrow_id = p.escrow_id
                           AND (o.user_id = me.id OR me.email IN (ou.email, ou.guest_email, o.email))) AND ",
                    $where
                ),
                from.unwrap_or(if which.is_worked_off() {
                    Uuid::nil()
                } else {
                    Uuid::max()
                }),
                most,
                operator
            )
        };
    }
    match which {
        Payments::All => page!("p.id < $1 ORDER BY p.id DESC LIMIT $2"),
        Payments::Pending => page!("p.state = 'pending' AND p.id > $1 ORDER BY p.id LIMIT $2"),
        Payments::FailedRefunds => {
            page!(
                "p.refund IS NOT NULL AND p.state = 'failed' AND NOT EXISTS (
                 SELECT 1 FROM payments o
                 WHERE o.escrow_id = p.escrow_id AND o.refund = p.refund
                   AND (o.state IN ('pending', 'successful') OR o.attempt > p.attempt))
             AND p.id > $1 ORDER BY p.id LIMIT $2"
            )
        }
        Payments::SentTwice => {
            page!("p.sent_twice_at IS NOT NULL AND p.id > $1 ORDER BY p.id LIMIT $2")
        }
        Payments::Failed => page!("p.state = 'failed' AND p.id < $1 ORDER BY p.id DESC LIMIT $2"),
    }
}

/// A mail about an escrow, without its text.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MailLine {
    pub id: Uuid,
    pub to_address: Option<String>,
    pub email: Option<String>,
    pub kind: String,
    pub subject: Option<String>,
    pub state: String,
    pub attempts: i64,
    pub created_at: Time,
}

/// The newest mails about an escrow.
///
/// # Errors
/// The database's.
pub async fn mails(conn: &mut Conn<'_>, escrow: Uuid, most: i64) -> Result<Vec<MailLine>, DbError> {
    all!(
        conn,
        MailLine,
        "SELECT o.id, o.to_address, coalesce(u.email, u.guest_email) AS email, o.kind, o.subject, o.state, o.attempts,
                o.created_at
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user
         WHERE o.escrow_id = $1 ORDER BY o.id DESC LIMIT $2",
        escrow,
        most
    )
}
