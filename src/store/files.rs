//! Rows of attached files: who put which bytes there, under what name, for what. The bytes themselves
//! lie below the data folder (`files.rs`) before a row names them.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use super::db::{Conn, Db, DbError, all, exec, one, opt};
use super::throttle;
use crate::clock::Clock;
use crate::engine::event::Record;
use crate::engine::terms::FileRef;
use crate::engine::time::Time;
use crate::engine::{attached, chain};

/// How many files of one person may wait for their form or draft to be sent.
pub const MOST_WAITING: usize = 200;

/// How long a form that was begun may still be finished with its files.
const UNFINISHED_DAYS: i64 = 7;

/// What a file was attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Terms,
    Delivery,
    Proof,
    /// Statements and messages.
    Evidence,
}

impl Purpose {
    /// As it stands in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Delivery => "delivery",
            Self::Proof => "proof",
            Self::Evidence => "evidence",
        }
    }
}

/// A file to be written down; its bytes are stored already.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    pub uploader: Uuid,
    /// `None` while the escrow is a draft.
    pub escrow_id: Option<Uuid>,
    pub purpose: Purpose,
    /// Cleaned: see `files::clean_name`.
    pub name: &'a str,
    pub size_bytes: i64,
    pub sha256: &'a str,
    pub media_type: &'a str,
}

/// A file as it stands.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct FileRow {
    pub id: Uuid,
    pub escrow_id: Option<Uuid>,
    pub uploader: Uuid,
    pub name: String,
    pub salt: Vec<u8>,
    pub size: i64,
    pub sha256: String,
    pub media_type: String,
    pub purpose: String,
    pub created_at: Time,
}

impl FileRow {
    /// The row to write for a file.
    #[must_use]
    pub fn new(clock: &Clock, new: &NewFile<'_>) -> Self {
        Self {
            id: clock.id(),
            escrow_id: new.escrow_id,
            uploader: new.uploader,
            name: new.name.to_owned(),
            salt: clock.random::<16>().to_vec(),
            size: new.size_bytes,
            sha256: new.sha256.to_owned(),
            media_type: new.media_type.to_owned(),
            purpose: new.purpose.name().to_owned(),
            created_at: clock.now(),
        }
    }

    /// What terms and events hold of it: nothing that would have to be erased.
    #[must_use]
    pub fn reference(&self) -> FileRef {
        let name = Sha256::new().chain_update(&self.salt).chain_update(self.name.as_bytes()).finalize();
        FileRef {
            id: self.id,
            sha256: self.sha256.clone(),
            size_bytes: self.size,
            name_sha256: HEXLOWER.encode(&name),
        }
    }
}

/// Writes a file down.
///
/// # Errors
/// The database's.
pub async fn add(conn: &mut Conn<'_>, clock: &Clock, new: &NewFile<'_>) -> Result<FileRow, DbError> {
    let row = FileRow::new(clock, new);
    insert(conn, &row).await?;
    Ok(row)
}

pub(super) async fn insert(conn: &mut Conn<'_>, row: &FileRow) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO files (id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        row.id,
        row.escrow_id,
        row.uploader,
        row.name.as_str(),
        row.salt.as_slice(),
        row.size,
        row.sha256.as_str(),
        row.media_type.as_str(),
        row.purpose.as_str(),
        row.created_at
    )?;
    Ok(())
}

/// Writes files down whose form is not finished, so that nobody has to choose them again: until the
/// form is, they are their uploader's alone.
///
/// # Errors
/// The database's; then none of them is written.
pub async fn keep(db: &Db, clock: &Clock, files: &[NewFile<'_>]) -> Result<Vec<FileRow>, DbError> {
    let mut tx = db.write().await?;
    let mut rows = Vec::with_capacity(files.len());
    for new in files {
        rows.push(add(&mut tx.conn(), clock, new).await?);
    }
    tx.commit().await?;
    Ok(rows)
}

/// One file. Whether the reader may see it is for the caller to find out.
///
/// # Errors
/// The database's.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<FileRow>, DbError> {
    opt!(
        conn,
        FileRow,
        "SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at
         FROM files WHERE id = $1",
        id
    )
}

/// A file of an escrow as its row has it, and as the first event has it that names it.
#[derive(Clone, Debug)]
pub struct Named {
    pub row: FileRow,
    /// Nothing where no event names it, or where the link of the event does not seal it.
    pub in_event: Option<FileRef>,
}

impl Named {
    /// A file that waits for its form or draft to be sent: no event names it yet.
    #[must_use]
    pub fn waiting(row: FileRow) -> Self {
        Self { in_event: Some(row.reference()), row }
    }
}

/// One file of an escrow, with what its history keeps of it.
///
/// # Errors
/// The database's.
pub async fn named(conn: &mut Conn<'_>, escrow_id: Uuid, id: Uuid) -> Result<Option<Named>, DbError> {
    let Some(row) = by_id(conn, id).await?.filter(|row| row.escrow_id == Some(escrow_id)) else {
        return Ok(None);
    };
    let [proposed, countered, delivered, proof, dispute, stated, said] = attached::KINDS;
    let event = opt!(
        conn,
        (i64, String, Vec<u8>, Option<Vec<u8>>),
        "SELECT e.seq, e.body, e.hash, b.hash FROM events e
         LEFT JOIN events b ON b.escrow_id = e.escrow_id AND b.seq = e.seq - 1
         WHERE e.escrow_id = $1 AND e.kind IN ($3, $4, $5, $6, $7, $8, $9) AND e.body LIKE $2
         ORDER BY e.seq LIMIT 1",
        escrow_id,
        format!("%\"{id}\"%"),
        proposed,
        countered,
        delivered,
        proof,
        dispute,
        stated,
        said
    )?;
    let in_event = event.and_then(|(seq, body, hash, before)| {
        let before = before.unwrap_or_else(|| chain::GENESIS.to_vec());
        let sealed = chain::link(&before, seq.unsigned_abs(), body.as_bytes());
        let record: Record = serde_json::from_str(&body).ok().filter(|_| sealed.as_slice() == hash)?;
        attached::files(&record.event).iter().find(|file| file.id == id).cloned()
    });
    Ok(Some(Named { row, in_event }))
}

/// Every file of an escrow, the oldest first.
///
/// # Errors
/// The database's.
pub async fn of_escrow(conn: &mut Conn<'_>, escrow_id: Uuid) -> Result<Vec<FileRow>, DbError> {
    all!(
        conn,
        FileRow,
        "SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at
         FROM files WHERE escrow_id = $1 ORDER BY id",
        escrow_id
    )
}

/// The files of a draft that was not sent, the oldest first.
///
/// # Errors
/// The database's.
pub async fn of_draft(conn: &mut Conn<'_>, draft_id: Uuid) -> Result<Vec<FileRow>, DbError> {
    all!(
        conn,
        FileRow,
        "SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at
         FROM files WHERE draft_id = $1 AND escrow_id IS NULL ORDER BY id",
        draft_id
    )
}

/// The files of a draft that was not sent and those of the escrow that it counters, if it counters one: in
/// one statement, the oldest first.
///
/// # Errors
/// The database's.
pub async fn of_draft_and_escrow(
    conn: &mut Conn<'_>,
    draft_id: Uuid,
    escrow_id: Option<Uuid>,
) -> Result<(Vec<FileRow>, Vec<FileRow>), DbError> {
    let rows = all!(
        conn,
        FileRow,
        "SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at
         FROM files WHERE (draft_id = $1 AND escrow_id IS NULL) OR escrow_id = $2 ORDER BY id",
        draft_id,
        escrow_id.unwrap_or(Uuid::nil())
    )?;
    Ok(rows.into_iter().partition(|row| row.escrow_id.is_none()))
}

/// Gives a file of a draft to the escrow that was made of it. False when it is not this uploader's, or
/// belongs to an escrow already.
///
/// # Errors
/// The database's.
pub async fn attach(conn: &mut Conn<'_>, id: Uuid, uploader: Uuid, escrow_id: Uuid) -> Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE files SET escrow_id = $3 WHERE id = $1 AND uploader = $2 AND escrow_id IS NULL",
        id,
        uploader,
        escrow_id
    )?;
    Ok(rows == 1)
}

/// Takes a file out of a draft. The bytes stay, since another row may name them.
///
/// # Errors
/// The database's.
pub async fn discard(conn: &mut Conn<'_>, id: Uuid, uploader: Uuid) -> Result<bool, DbError> {
    let rows =
        exec!(conn, "DELETE FROM files WHERE id = $1 AND uploader = $2 AND escrow_id IS NULL", id, uploader)?;
    Ok(rows == 1)
}

/// How many files of this person wait for their form or draft to be sent, counted no further than
/// [`MOST_WAITING`].
///
/// # Errors
/// The database's.
pub async fn waiting(conn: &mut Conn<'_>, uploader: Uuid) -> Result<usize, DbError> {
    let (count,) = one!(
        conn,
        (i64,),
        "SELECT count(*) FROM (SELECT id FROM files WHERE uploader = $1 AND escrow_id IS NULL LIMIT $2) AS few",
        uploader,
        i64::try_from(MOST_WAITING).unwrap_or(i64::MAX)
    )?;
    Ok(usize::try_from(count).unwrap_or(MOST_WAITING))
}

/// Counts bytes that this person has attached, sent or not.
///
/// # Errors
/// The database's.
pub async fn count_bytes(db: &Db, clock: &Clock, uploader: Uuid, size_bytes: i64) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    let who = uploader.to_string();
    throttle::weigh(&mut tx.conn(), clock.now(), &throttle::UPLOADS_BY_USER, &who, size_bytes).await?;
    tx.commit().await
}

/// Removes files of deliveries that were begun and not sent for so long that nobody will. Those of drafts
/// go with their drafts.
///
/// # Errors
/// The database's.
pub async fn sweep(conn: &mut Conn<'_>, now: Time) -> Result<u64, DbError> {
    exec!(
        conn,
        "DELETE FROM files WHERE escrow_id IS NULL AND purpose = $1 AND created_at < $2",
        Purpose::Delivery.name(),
        now.plus_days(-UNFINISHED_DAYS)
    )
}

/// Whether any row names these bytes.
///
/// # Errors
/// The database's.
pub async fn is_named(conn: &mut Conn<'_>, sha256: &str) -> Result<bool, DbError> {
    Ok(opt!(conn, (Uuid,), "SELECT id FROM files WHERE sha256 = $1 LIMIT 1", sha256)?.is_some())
}

/// The digests of all bytes that a row names behind `after`, in order.
///
/// # Errors
/// The database's.
pub async fn contents(conn: &mut Conn<'_>, after: &str, most: i64) -> Result<Vec<String>, DbError> {
    let rows = all!(
        conn,
        (String,),
        "SELECT DISTINCT sha256 FROM files WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
        after,
        most
    )?;
    Ok(rows.into_iter().map(|(sha256,)| sha256).collect())
}

/// The files whose rows name these bytes and say that they are of another size or type, at most twenty.
///
/// # Errors
/// The database's.
pub async fn otherwise(
    conn: &mut Conn<'_>,
    sha256: &str,
    size: i64,
    media_type: &str,
) -> Result<Vec<Uuid>, DbError> {
    let rows = all!(
        conn,
        (Uuid,),
        "SELECT id FROM files WHERE sha256 = $1 AND (size <> $2 OR media_type <> $3) ORDER BY id LIMIT 20",
        sha256,
        size,
        media_type
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
