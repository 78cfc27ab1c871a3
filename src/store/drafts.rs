//! Terms in the making: what was typed, right or wrong, so that nothing of it is lost.
//!
//! A draft that was sent leaves a row behind that leads to its escrow: whoever sends it again, or goes
//! back to it, is led there.

use uuid::Uuid;

use super::files::{self, NewFile};
use super::users;
use crate::clock::Clock;
use crate::engine::time::Time;
use crate::store::db::{Conn, Db, DbError, all, exec, lock, opt};

/// The fields of a form and what was typed into them, in order.
pub type Pairs = Vec<(String, String)>;

/// How many drafts one person may have at a time.
pub const MOST_DRAFTS: usize = 50;

/// A draft: the form's fields as pairs, in JSON.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Draft {
    pub id: Uuid,
    pub title: String,
    pub fields: String,
    pub updated_at: Time,
    /// The escrow for which it holds other terms.
    pub counters: Option<Uuid>,
    /// The version that stood when it was begun.
    pub counters_version: Option<i64>,
}

impl Draft {
    /// What was typed.
    ///
    /// # Errors
    /// [`DbError::Broken`] for a row that this program did not write.
    pub fn pairs(&self) -> Result<Pairs, DbError> {
        pairs(&self.fields)
    }
}

/// A draft whose row no other write can take until this one ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Locked {
    pub fields: String,
    /// The escrow that it was sent as.
    pub escrow_id: Option<Uuid>,
}

fn pairs(fields: &str) -> Result<Pairs, DbError> {
    serde_json::from_str(fields).map_err(|error| DbError::Broken(format!("a draft: {error}")))
}

fn json(pairs: &Pairs) -> Result<String, DbError> {
    serde_json::to_string(pairs).map_err(|error| DbError::Broken(error.to_string()))
}

/// Starts a draft; its id, or nothing when its owner has as many as there may be.
///
/// # Errors
/// The database's.
pub async fn start(
    db: &Db,
    clock: &Clock,
    user: Uuid,
    title: &str,
    fields: &Pairs,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if of_owner(conn, user).await?.len() >= MOST_DRAFTS {
        return Ok(None);
    }
    let id = insert(conn, clock, user, title, fields, None).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// All the drafts of somebody who begins another one. Their row is locked first, so that two who begin at the same
/// moment are counted one after the other.
async fn of_owner(conn: &mut Conn<'_>, user: Uuid) -> Result<Vec<Draft>, DbError> {
    users::lock_password(conn, user).await?;
    of_user(conn, user, i64::try_from(MOST_DRAFTS).unwrap_or(i64::MAX)).await
}

async fn insert(
    conn: &mut Conn<'_>,
    clock: &Clock,
    user: Uuid,
    title: &str,
    fields: &Pairs,
    counters: Option<(Uuid, u32)>,
) -> Result<Uuid, DbError> {
    let (id, now) = (clock.id(), clock.now());
    exec!(
        conn,
        "INSERT INTO drafts (id, user_id, title, fields, created_at, updated_at, counters, counters_version)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
        id,
        user,
        title,
        json(fields)?.as_str(),
        now,
        counters.map(|(escrow, _)| escrow),
        counters.map(|(_, version)| i64::from(version))
    )?;
    Ok(id)
}

/// The draft of other terms for a version of an escrow: the one that was begun, or a new one with these
/// fields. Nothing when its owner has as many drafts as there may be.
///
/// # Errors
/// The database's.
pub async fn counter(
    db: &Db,
    clock: &Clock,
    user: Uuid,
    (escrow, version): (Uuid, u32),
    title: &str,
    fields: &Pairs,
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let all = of_owner(conn, user).await?;
    let begun = (Some(escrow), Some(i64::from(version)));
    if let Some(draft) = all.iter().find(|draft| (draft.counters, draft.counters_version) == begun) {
        return Ok(Some(draft.id));
    }
    if all.len() >= MOST_DRAFTS {
        return Ok(None);
    }
    let id = insert(conn, clock, user, title, fields, Some((escrow, version))).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// A new draft that begins with what stood in another deal, and with copies of its files: their bytes are
/// the same, and each row belongs to one deal alone.
///
/// # Errors
/// The database's.
pub async fn again(
    db: &Db,
    clock: &Clock,
    user: Uuid,
    title: &str,
    fields: &Pairs,
    copied: &[Uuid],
) -> Result<Option<Uuid>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if of_owner(conn, user).await?.len() >= MOST_DRAFTS {
        return Ok(None);
    }
    let id = insert(conn, clock, user, title, fields, None).await?;
    for file in copied {
        let Some(row) = files::by_id(conn, *file).await? else { continue };
        let new = NewFile {
            uploader: user,
            escrow_id: None,
            purpose: files::Purpose::Terms,
            name: &row.name,
            size_bytes: row.size,
            sha256: &row.sha256,
            media_type: &row.media_type,
        };
        let copy = files::add(conn, clock, &new).await?;
        exec!(conn, "UPDATE files SET draft_id = $2 WHERE id = $1", copy.id, id)?;
    }
    tx.commit().await?;
    Ok(Some(id))
}

/// Changes what was typed: `edit` is given the fields and says the draft's title and its new fields, or nothing to
/// leave it as it is. Two windows that change different pages at the same moment lose nothing. Whether the draft is there.
///
/// # Errors
/// The database's.
pub async fn change(
    db: &Db,
    clock: &Clock,
    id: Uuid,
    user: Uuid,
    edit: impl FnOnce(Pairs) -> Option<(String, Pairs)>,
) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let Some(draft) = lock(conn, id, user).await?.filter(|draft| draft.escrow_id.is_none()) else {
        return Ok(false);
    };
    let Some((title, fields)) = edit(pairs(&draft.fields)?) else { return Ok(true) };
    exec!(
        conn,
        "UPDATE drafts SET title = $2, fields = $3, updated_at = $4 WHERE id = $1",
        id,
        title.as_str(),
        json(&fields)?.as_str(),
        clock.now()
    )?;
    tx.commit().await?;
    Ok(true)
}

/// Attaches files to a draft, up to so many in all; how many of them found no room any more, or nothing
/// when there is no such draft.
///
/// # Errors
/// The database's.
pub async fn attach(
    db: &Db,
    clock: &Clock,
    id: Uuid,
    user: Uuid,
    new: &[NewFile<'_>],
    most: usize,
) -> Result<Option<usize>, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if lock(conn, id, user).await?.is_none_or(|draft| draft.escrow_id.is_some()) {
        return Ok(None);
    }
    let room = most.saturating_sub(files::of_draft(conn, id).await?.len());
    for file in new.iter().take(room) {
        let row = files::add(conn, clock, file).await?;
        exec!(conn, "UPDATE files SET draft_id = $2 WHERE id = $1", row.id, id)?;
    }
    tx.commit().await?;
    Ok(Some(new.len().saturating_sub(room)))
}

/// Takes a file out of a draft. Whether it was there.
///
/// # Errors
/// The database's.
pub async fn detach(db: &Db, id: Uuid, user: Uuid, file: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    let there = match lock(conn, id, user).await?.filter(|draft| draft.escrow_id.is_none()) {
        Some(_) => files::of_draft(conn, id).await?.iter().any(|row| row.id == file),
        None => false,
    };
    let gone = there && files::discard(conn, file, user).await?;
    tx.commit().await?;
    Ok(gone)
}

/// A user's own draft, if it was not sent.
///
/// # Errors
/// The database's.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid, user: Uuid) -> Result<Option<Draft>, DbError> {
    opt!(
        conn,
        Draft,
        "SELECT id, title, fields, updated_at, counters, counters_version FROM drafts
         WHERE id = $1 AND user_id = $2 AND escrow_id IS NULL",
        id,
        user
    )
}

/// The reference of the escrow that a user's draft was sent as.
///
/// # Errors
/// The database's.
pub async fn sent_as(conn: &mut Conn<'_>, id: Uuid, user: Uuid) -> Result<Option<String>, DbError> {
    let row = opt!(
        conn,
        (String,),
        "SELECT e.reference FROM drafts d JOIN escrows e ON e.id = d.escrow_id
         WHERE d.id = $1 AND d.user_id = $2",
        id,
        user
    )?;
    Ok(row.map(|(reference,)| reference))
}

/// A user's drafts that were not sent, the last one touched first.
///
/// # Errors
/// The database's.
pub async fn of_user(conn: &mut Conn<'_>, user: Uuid, most: i64) -> Result<Vec<Draft>, DbError> {
    all!(
        conn,
        Draft,
        "SELECT id, title, fields, updated_at, counters, counters_version FROM drafts
         WHERE user_id = $1 AND escrow_id IS NULL
         ORDER BY updated_at DESC, id DESC LIMIT $2",
        user,
        most
    )
}

/// A user's draft, sent or not; no other write can take it until this one ends.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut Conn<'_>, id: Uuid, user: Uuid) -> Result<Option<Locked>, DbError> {
    lock!(conn, Locked, "SELECT fields, escrow_id FROM drafts WHERE id = $1 AND user_id = $2", id, user)
}

/// Notes the escrow that a draft was sent as. What was typed goes: the escrow holds it.
///
/// # Errors
/// The database's.
pub async fn mark_sent(conn: &mut Conn<'_>, id: Uuid, escrow: Uuid) -> Result<(), DbError> {
    exec!(conn, "UPDATE drafts SET escrow_id = $2, title = '', fields = '[]' WHERE id = $1", id, escrow)?;
    Ok(())
}

/// Throws a draft away, and its files. Whether it was there.
///
/// # Errors
/// The database's.
pub async fn delete(db: &Db, id: Uuid, user: Uuid) -> Result<bool, DbError> {
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    if lock(conn, id, user).await?.is_none_or(|draft| draft.escrow_id.is_some()) {
        return Ok(false);
    }
    for file in files::of_draft(conn, id).await? {
        files::discard(conn, file.id, user).await?;
    }
    exec!(conn, "DELETE FROM drafts WHERE id = $1", id)?;
    tx.commit().await?;
    Ok(true)
}
