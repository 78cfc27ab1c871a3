//! The chain of the audit: appended, read, and begun once with what stood before it.
//!
//! There is one, so whoever appends waits for whoever appends at that moment. The order of locks is: escrows first,
//! by id, then whatever else a write touches, and the head of the audit last.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::record::{Began, Change, Record, Standing, VERSION, Who};
use super::{Act, Subject};
use crate::clock::Clock;
use crate::engine::chain::link;
use crate::engine::time::Time;
use crate::store::db::{Conn, Db, DbError, all, exec, lock, opt};
use crate::store::{fees, terms_of_service};

/// So many old lines are read at once.
const BATCH: i64 = 1_000;

/// A line to be appended.
pub(super) struct Line<'a> {
    pub at: Time,
    pub who: Who,
    pub act: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
    pub user: Option<Uuid>,
    pub note: &'a str,
    pub change: Option<Change>,
}

/// A line as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    pub seq: i64,
    pub at: Time,
    pub operator: Option<Uuid>,
    pub act: String,
    pub user_id: Option<Uuid>,
    pub body: String,
    pub hash: Vec<u8>,
}

impl Stored {
    /// The line as it was sealed.
    ///
    /// # Errors
    /// Bytes that this version of the program cannot read.
    pub fn record(&self) -> Result<Record, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// Appends a line. Nothing else may be locked afterwards.
pub(super) async fn append(conn: &mut Conn<'_>, clock: &Clock, line: Line<'_>) -> Result<(), DbError> {
    let (seq, head) = lock_head(conn).await?;
    append_after(conn, clock, seq, &head, line).await.map(|_| ())
}

async fn lock_head(conn: &mut Conn<'_>) -> Result<(i64, Vec<u8>), DbError> {
    let head = lock!(conn, (i64, Vec<u8>), "SELECT seq, head FROM audit_head WHERE id = 1")?;
    head.ok_or_else(|| DbError::Broken("the audit has lost its head".to_owned()))
}

async fn append_after(
    conn: &mut Conn<'_>,
    clock: &Clock,
    seq: i64,
    head: &[u8],
    line: Line<'_>,
) -> Result<Vec<u8>, DbError> {
    let next = seq + 1;
    let number = u64::try_from(next).map_err(|error| DbError::Broken(error.to_string()))?;
    let record = Record {
        v: VERSION,
        seq: number,
        at: line.at,
        who: line.who,
        act: line.act.to_owned(),
        kind: line.kind.to_owned(),
        subject: line.subject.to_owned(),
        note: line.note.to_owned(),
        change: line.change,
        salt: HEXLOWER.encode(&clock.random::<16>()),
    };
    let body = serde_json::to_string(&record).map_err(|error| DbError::Broken(error.to_string()))?;
    let hash = link(head, number, body.as_bytes()).to_vec();
    exec!(
        conn,
        "INSERT INTO audit_events (seq, at, operator, act, user_id, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        next,
        line.at,
        line.who.user(),
        line.act,
        line.user,
        body.as_str(),
        hash.as_slice()
    )?;
    // A trigger moves the head on.
    Ok(hash)
}

/// The number and the link of the last line; nothing where somebody took the row out.
///
/// # Errors
/// The database's.
pub async fn head(conn: &mut Conn<'_>) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    opt!(conn, (i64, Vec<u8>), "SELECT seq, head FROM audit_head WHERE id = 1")
}

/// The lines behind `after`, in their order, at most `most`.
///
/// # Errors
/// The database's.
pub async fn read(conn: &mut Conn<'_>, after: i64, most: i64) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT seq, at, operator, act, user_id, body, hash FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2",
        after,
        most
    )
}

/// What stands as the tables say it, without what only the chain knows.
///
/// # Errors
/// The database's.
pub async fn standing(conn: &mut Conn<'_>) -> Result<Standing, DbError> {
    let operators = all!(conn, (Uuid,), "SELECT id FROM users WHERE operator = TRUE ORDER BY id")?;
    let frozen = all!(
        conn,
        (Uuid, Time, String),
        "SELECT id, frozen_at, coalesce(frozen_because, '') FROM users WHERE frozen_at IS NOT NULL ORDER BY id"
    )?;
    Ok(Standing {
        operators: operators.into_iter().map(|(id,)| id).collect(),
        frozen: frozen.into_iter().map(|(id, since, because)| (id, (since, because))).collect(),
        fees: fees::digests(conn).await?.into_iter().collect(),
        terms: terms_of_service::digests(conn).await?.into_iter().collect(),
        erased: BTreeMap::new(),
        keys: Vec::new(),
    })
}

#[derive(sqlx::FromRow)]
struct Old {
    id: Uuid,
    at: Time,
    operator: Uuid,
    act: String,
    kind: String,
    subject: String,
    user_id: Option<Uuid>,
    note: String,
}

/// Begins the chain with the lines from before there was one, and with what stands. Done once: asked at every start,
/// by several processes at once.
///
/// # Errors
/// The database's.
pub async fn begin(db: &Db, clock: &Clock) -> Result<(), DbError> {
    if head(&mut db.read().await?.conn()).await?.is_some_and(|(seq, _)| seq > 0) {
        return Ok(());
    }
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let (mut seq, mut head) = lock_head(conn).await?;
    if seq > 0 {
        return Ok(());
    }
    let mut after = Uuid::nil();
    loop {
        let old = all!(
            conn,
            Old,
            "SELECT id, at, operator, act, kind, subject, user_id, note FROM audit
             WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            BATCH
        )?;
        let Some(last) = old.last() else { break };
        after = last.id;
        for Old { at, operator, act, kind, subject, user_id: user, note, .. } in &old {
            let (who, user, change) = (Who::User(*operator), *user, None);
            let line = Line { at: *at, who, act, kind, subject, user, note, change };
            head = append_after(conn, clock, seq, &head, line).await?;
            seq += 1;
        }
    }
    let stands = standing(conn).await?;
    let began = Began {
        operators: stands.operators.into_iter().collect(),
        frozen: stands.frozen.into_iter().map(|(user, (since, because))| (user, since, because)).collect(),
        fees: stands.fees.into_iter().collect(),
        terms: stands.terms.into_iter().collect(),
    };
    let (kind, subject, user) = Subject::All.columns();
    let line = Line {
        at: clock.now(),
        who: Who::Program,
        act: Act::Began.name(),
        kind,
        subject: &subject,
        user,
        note: "",
        change: Some(Change::Began(began)),
    };
    append_after(conn, clock, seq, &head, line).await?;
    tx.commit().await
}

/// Every public key that was named to sign checkpoints, in hex, the one that signs now last.
///
/// # Errors
/// The database's, or [`DbError::Broken`] for bytes that this program did not write.
pub async fn keys(conn: &mut Conn<'_>) -> Result<Vec<String>, DbError> {
    let sql = "SELECT body FROM audit_events WHERE act = 'set_key' ORDER BY seq";
    let mut standing = Standing::default();
    for (body,) in all!(conn, (String,), sql)? {
        let record: Record =
            serde_json::from_str(&body).map_err(|error| DbError::Broken(error.to_string()))?;
        record.change.iter().for_each(|change| standing.take(change));
    }
    Ok(standing.keys)
}

/// The public key that signs checkpoints now, in hex.
///
/// # Errors
/// The database's, or [`DbError::Broken`] for bytes that this program did not write.
pub async fn key(conn: &mut Conn<'_>) -> Result<Option<String>, DbError> {
    Ok(keys(conn).await?.pop())
}

/// Names the public key that signs checkpoints from now on; where one is named already, only if it is to be replaced.
/// The one that stands then comes back.
///
/// # Errors
/// The database's.
pub async fn name_key(
    db: &Db,
    clock: &Clock,
    who: Who,
    public: &str,
    replaces: bool,
) -> Result<String, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let (seq, head) = lock_head(conn).await?;
    if let Some(named) = key(conn).await?.filter(|named| !replaces || named == public) {
        return Ok(named);
    }
    let (kind, subject, user) = Subject::All.columns();
    let line = Line {
        at: clock.now(),
        who,
        act: Act::SetKey.name(),
        kind,
        subject: &subject,
        user,
        note: public,
        change: Some(Change::Key { public: public.to_owned() }),
    };
    append_after(conn, clock, seq, &head, line).await?;
    tx.commit().await?;
    Ok(public.to_owned())
}
