//! Checkpoints as rows, and the ends of the chains that they cover. How one is made and signed: `checkpoints.rs`.

use uuid::Uuid;

use super::db::{Conn, DbError, all, exec, opt};
use crate::engine::time::Time;

/// The id under which the audit stands among the chains. No escrow has it.
pub const AUDIT: Uuid = Uuid::nil();

/// A checkpoint as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Stored {
    pub number: i64,
    pub at: Time,
    /// The exact bytes that were signed.
    pub body: String,
    /// In hex.
    pub signature: String,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct End {
    pub chain: Uuid,
    pub seq: i64,
    pub head: Vec<u8>,
}

/// The end of an escrow's chain, and whether a checkpoint covers it as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Standing {
    #[sqlx(flatten)]
    pub end: End,
    pub covered: bool,
}

/// A chain that does not begin any more as a checkpoint has it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Broken {
    pub chain: Uuid,
    pub number: i64,
    /// How many events the checkpoint covers.
    pub seq: i64,
    /// Nothing once there is no such escrow.
    pub reference: Option<String>,
    /// How many events it says it has.
    pub now: Option<i64>,
    /// What stands at that place, if anything.
    pub hash: Option<Vec<u8>>,
}

/// The newest checkpoint.
///
/// # Errors
/// The database's.
pub async fn newest(conn: &mut Conn<'_>) -> Result<Option<Stored>, DbError> {
    let sql = "SELECT number, at, body, signature FROM checkpoints ORDER BY number DESC LIMIT 1";
    opt!(conn, Stored, sql)
}

/// One checkpoint.
///
/// # Errors
/// The database's.
pub async fn by_number(conn: &mut Conn<'_>, number: i64) -> Result<Option<Stored>, DbError> {
    opt!(conn, Stored, "SELECT number, at, body, signature FROM checkpoints WHERE number = $1", number)
}

/// The newest checkpoints before `before`.
///
/// # Errors
/// The database's.
pub async fn page(conn: &mut Conn<'_>, before: Option<i64>, most: i64) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT number, at, body, signature FROM checkpoints WHERE number < $1 ORDER BY number DESC LIMIT $2",
        before.unwrap_or(i64::MAX),
        most
    )
}

/// The checkpoints behind `after`, in their order.
///
/// # Errors
/// The database's.
pub async fn read(conn: &mut Conn<'_>, after: i64, most: i64) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT number, at, body, signature FROM checkpoints WHERE number > $1 ORDER BY number LIMIT $2",
        after,
        most
    )
}

/// Those whose chains are stored, and they are not.
///
/// # Errors
/// The database's.
pub async fn without_body(conn: &mut Conn<'_>) -> Result<Vec<i64>, DbError> {
    let sql = "SELECT DISTINCT number FROM checkpoint_heads
               WHERE number NOT IN (SELECT number FROM checkpoints) ORDER BY number";
    Ok(all!(conn, (i64,), sql)?.into_iter().map(|(number,)| number).collect())
}

/// The ends that one checkpoint added behind the chain `after`, in their order.
///
/// # Errors
/// The database's.
pub async fn added(
    conn: &mut Conn<'_>,
    number: i64,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<End>, DbError> {
    all!(
        conn,
        End,
        "SELECT chain, seq, head FROM checkpoint_heads
         WHERE number = $1 AND ($4 OR chain > $2) ORDER BY chain LIMIT $3",
        number,
        after.unwrap_or(AUDIT),
        most,
        after.is_none()
    )
}

/// The ends of all chains behind `after` as one checkpoint covers them, in their order.
///
/// # Errors
/// The database's.
pub async fn covered(
    conn: &mut Conn<'_>,
    number: i64,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<End>, DbError> {
    all!(
        conn,
        End,
        "SELECT h.chain, h.seq, h.head FROM checkpoint_heads h
         WHERE h.number <= $1 AND ($4 OR h.chain > $2) AND NOT EXISTS (
             SELECT 1 FROM checkpoint_heads later
             WHERE later.chain = h.chain AND later.number > h.number AND later.number <= $1)
         ORDER BY h.chain LIMIT $3",
        number,
        after.unwrap_or(AUDIT),
        most,
        after.is_none()
    )
}

/// The ends of the escrows' chains behind `after` as they stand, in their order.
///
/// # Errors
/// The database's.
pub async fn standing(conn: &mut Conn<'_>, after: Uuid, most: i64) -> Result<Vec<Standing>, DbError> {
    all!(
        conn,
        Standing,
        "SELECT e.id AS chain, e.seq, e.head, EXISTS (
             SELECT 1 FROM checkpoint_heads h
             WHERE h.chain = e.id AND h.seq = e.seq AND h.head = e.head) AS covered
         FROM escrows e WHERE e.id > $1 ORDER BY e.id LIMIT $2",
        after,
        most
    )
}

/// Adds a checkpoint with the ends that it covers anew. Of two with the same number one gets a unique violation (on
/// SQLite, a trigger's refusal).
///
/// # Errors
/// The database's.
pub async fn add(conn: &mut Conn<'_>, checkpoint: &Stored, ends: &[End]) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO checkpoints (number, at, body, signature) VALUES ($1, $2, $3, $4)",
        checkpoint.number,
        checkpoint.at,
        checkpoint.body.as_str(),
        checkpoint.signature.as_str()
    )?;
    for end in ends {
        exec!(
            conn,
            "INSERT INTO checkpoint_heads (chain, number, seq, head) VALUES ($1, $2, $3, $4)",
            end.chain,
            checkpoint.number,
            end.seq,
            end.head.as_slice()
        )?;
    }
    Ok(())
}

/// The chains that do not begin any more as some checkpoint has it, those of the earliest one first.
///
/// # Errors
/// The database's.
pub async fn broken(conn: &mut Conn<'_>, most: i64) -> Result<Vec<Broken>, DbError> {
    all!(
        conn,
        Broken,
        "SELECT chain, number, seq, reference, now, hash FROM (
             SELECT h.chain, h.number, h.seq, h.head, x.reference, x.seq AS now, e.hash
             FROM checkpoint_heads h LEFT JOIN escrows x ON x.id = h.chain
                  LEFT JOIN events e ON e.escrow_id = h.chain AND e.seq = h.seq
             WHERE h.chain <> $1
             UNION ALL
             SELECT h.chain, h.number, h.seq, h.head, 'the audit', a.seq, e.hash
             FROM checkpoint_heads h LEFT JOIN audit_head a ON a.id = 1
                  LEFT JOIN audit_events e ON e.seq = h.seq
             WHERE h.chain = $1 AND h.seq > 0) ends
         WHERE hash IS NULL OR hash <> head OR now IS NULL OR now < seq
         ORDER BY number, chain LIMIT $2",
        AUDIT,
        most
    )
}

/// The link at one place of a chain.
///
/// # Errors
/// The database's.
pub async fn hash_at(conn: &mut Conn<'_>, chain: Uuid, seq: i64) -> Result<Option<Vec<u8>>, DbError> {
    let row = if chain == AUDIT {
        opt!(conn, (Vec<u8>,), "SELECT hash FROM audit_events WHERE seq = $1", seq)?
    } else {
        opt!(conn, (Vec<u8>,), "SELECT hash FROM events WHERE escrow_id = $1 AND seq = $2", chain, seq)?
    };
    Ok(row.map(|(hash,)| hash))
}

/// What stands now of a chain that does not fit: `hash` is what was found at the place that the checkpoint covers.
///
/// # Errors
/// The database's.
pub async fn now(
    conn: &mut Conn<'_>,
    end: &End,
    number: i64,
    hash: Option<Vec<u8>>,
) -> Result<Broken, DbError> {
    let row = if end.chain == AUDIT {
        opt!(conn, (String, i64), "SELECT 'the audit', seq FROM audit_head WHERE id = 1")?
    } else {
        opt!(conn, (String, i64), "SELECT reference, seq FROM escrows WHERE id = $1", end.chain)?
    };
    let (reference, now) = row.unzip();
    Ok(Broken { chain: end.chain, number, seq: end.seq, reference, now, hash })
}
