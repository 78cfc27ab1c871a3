//! Escrows, their events and the rows that follow from them, for a whole range of escrows at a time.

use uuid::Uuid;

use crate::engine::time::Time;
use crate::store::contracts;
use crate::store::db::{Conn, DbError, all};
use crate::store::files::FileRow;

/// An event as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EventRow {
    pub escrow_id: Uuid,
    pub seq: i64,
    pub at: Time,
    pub kind: String,
    pub milestone: Option<i32>,
    pub body: String,
    pub hash: Vec<u8>,
}

/// An escrow's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EscrowRow {
    pub id: Uuid,
    pub reference: String,
    pub title: String,
    pub title_lower: String,
    pub title_search: Option<String>,
    pub external_search: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub stage: String,
    pub seq: i64,
    pub head: Vec<u8>,
    pub document: String,
    pub next_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    pub disputed_since: Option<Time>,
    pub ruling_by: Option<Time>,
}

/// What lists show of an escrow to one person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PartyRow {
    pub escrow_id: Uuid,
    pub user_id: Uuid,
    pub role: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub salt: Option<Vec<u8>>,
    pub told: bool,
    pub task: Option<String>,
    pub task_by: Option<Time>,
    pub task_milestone: Option<i32>,
    pub over: bool,
}

/// A payment without what only its provider knows.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PaymentRow {
    pub id: Uuid,
    pub escrow_id: Uuid,
    pub user_id: Uuid,
    pub kind: String,
    pub method: String,
    pub state: String,
    pub reason: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub milestone: Option<i32>,
    pub refund: Option<i32>,
    pub attempt: Option<i32>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

/// A ledger entry as its event determines it, with what wallets held after it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EntryRow {
    pub id: i64,
    pub escrow_id: Uuid,
    pub seq: i64,
    pub line: i32,
    pub from_account: String,
    pub to_account: String,
    pub currency: String,
    pub amount_minor: i64,
    pub from_after: Option<i64>,
    pub to_after: Option<i64>,
    pub at: Time,
}

/// What one account holds.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct BalanceRow {
    pub account: String,
    pub kind: String,
    pub currency: String,
    pub user_id: Option<Uuid>,
    pub escrow_id: Option<Uuid>,
    pub amount_minor: i64,
}

/// What somebody typed under a contract.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SignatureRow {
    pub escrow_id: Uuid,
    pub user_id: Uuid,
    pub version: i32,
    pub document_sha256: String,
    pub typed_name: String,
    pub ip: String,
    pub user_agent: String,
    pub salt: Vec<u8>,
    pub at: Time,
}

/// A pay link that works.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRow {
    pub escrow_id: Uuid,
    pub hash: Vec<u8>,
    pub secret: Option<String>,
    pub sealed: Option<Vec<u8>>,
}

/// The text of a version.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TextRow {
    pub escrow_id: Uuid,
    #[sqlx(flatten)]
    pub text: contracts::Stored,
}

/// All that is stored of some escrows beside their events.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub escrows: Vec<EscrowRow>,
    pub parties: Vec<PartyRow>,
    pub payments: Vec<PaymentRow>,
    pub entries: Vec<EntryRow>,
    pub balances: Vec<BalanceRow>,
    pub signatures: Vec<SignatureRow>,
    pub files: Vec<FileRow>,
    pub links: Vec<LinkRow>,
    pub texts: Vec<TextRow>,
}

/// The events of all escrows behind the event `seq` of the escrow `after`, each escrow's in their order.
///
/// # Errors
/// The database's.
pub async fn events(conn: &mut Conn<'_>, after: Uuid, seq: i64, most: i64) -> Result<Vec<EventRow>, DbError> {
    all!(
        conn,
        EventRow,
        "SELECT escrow_id, seq, at, kind, milestone, body, hash FROM events
         WHERE (escrow_id, seq) > ($1, $2) ORDER BY escrow_id, seq LIMIT $3",
        after,
        seq,
        most
    )
}

/// What is stored of the escrows whose ids lie from `from` to `upto`, both included, whether they have events or not.
///
/// # Errors
/// The database's.
pub async fn rows(conn: &mut Conn<'_>, from: Uuid, upto: Uuid) -> Result<Rows, DbError> {
    macro_rules! between {
        ($row:ty, $sql:literal) => {
            all!(conn, $row, $sql, from, upto)?
        };
    }
    Ok(Rows {
        escrows: between!(
            EscrowRow,
            "SELECT id, reference, title, title_lower, title_search, external_search, currency, amount_minor, stage, seq, head, document, next_at,
                    created_at, updated_at, disputed_since, ruling_by
             FROM escrows WHERE id BETWEEN $1 AND $2 ORDER BY id"
        ),
        parties: between!(
            PartyRow,
            "SELECT escrow_id, user_id, role, email, name, salt, told, task, task_by, task_milestone, over
             FROM parties WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, user_id"
        ),
        payments: between!(
            PaymentRow,
            "SELECT id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor, milestone, refund,
                    attempt, created_at, settled_at
             FROM payments WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, id"
        ),
        entries: between!(
            EntryRow,
            "SELECT id, escrow_id, seq, line, from_account, to_account, currency, amount_minor, from_after, to_after, at
             FROM entries WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, seq, line"
        ),
        balances: between!(
            BalanceRow,
            "SELECT account, kind, currency, user_id, escrow_id, amount_minor
             FROM balances WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, account"
        ),
        signatures: between!(
            SignatureRow,
            "SELECT escrow_id, user_id, version, document_sha256, typed_name, ip, user_agent, salt, at
             FROM signatures WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, user_id, version"
        ),
        files: between!(
            FileRow,
            "SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at
             FROM files WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, id"
        ),
        links: between!(
            LinkRow,
            "SELECT escrow_id, hash, secret, sealed FROM pay_links
             WHERE escrow_id BETWEEN $1 AND $2 AND replaced_at IS NULL ORDER BY escrow_id"
        ),
        texts: between!(
            TextRow,
            "SELECT escrow_id, version, kind, seq, format, language, sha256, text FROM contract_texts
             WHERE escrow_id BETWEEN $1 AND $2 ORDER BY escrow_id, version, kind"
        ),
    })
}
