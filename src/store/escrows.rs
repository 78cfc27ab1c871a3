//! Escrows as rows: the document that `evolve` made, and the columns by which lists find it.
//!
//! `insert` and `save` are for `execute.rs` alone.

use uuid::Uuid;

use crate::engine::deadlines;
use crate::engine::deadlines::Waiting;
use crate::engine::escrow::Escrow;
use crate::engine::party::{Capacity, Role, UserId};
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec, opt};
use crate::store::listing::Listing;
use crate::store::{contracts, disputes};
use crate::text::{folded, unaccented};

/// An escrow and the link of its last event.
#[derive(Clone, Debug)]
pub struct Head {
    pub escrow: Escrow,
    pub hash: Vec<u8>,
}

pub(super) fn read(document: &str) -> Result<Escrow, DbError> {
    serde_json::from_str(document).map_err(|error| DbError::Broken(format!("a document: {error}")))
}

/// The exact bytes of a stored state.
///
/// # Errors
/// [`DbError::Broken`] where it can't be written as JSON.
pub fn document(escrow: &Escrow) -> Result<String, DbError> {
    serde_json::to_string(escrow).map_err(|error| DbError::Broken(error.to_string()))
}

/// Loads an escrow for a write; no other write can take it until this one ends.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<Head>, DbError> {
    let row = crate::store::db::lock!(
        conn,
        (String, Vec<u8>),
        "SELECT document, head FROM escrows WHERE id = $1",
        id
    )?;
    row.map(|(document, hash)| Ok(Head { escrow: read(&document)?, hash })).transpose()
}

/// An escrow by its id.
///
/// # Errors
/// The database's.
pub async fn by_id(conn: &mut Conn<'_>, id: Uuid) -> Result<Option<Escrow>, DbError> {
    let row = opt!(conn, (String,), "SELECT document FROM escrows WHERE id = $1", id)?;
    row.map(|(document,)| read(&document)).transpose()
}

/// An escrow by its reference; letters of either case.
///
/// # Errors
/// The database's.
pub async fn by_reference(conn: &mut Conn<'_>, reference: &str) -> Result<Option<Escrow>, DbError> {
    let reference = reference.to_ascii_uppercase();
    let row = opt!(conn, (String,), "SELECT document FROM escrows WHERE reference = $1", reference.as_str())?;
    row.map(|(document,)| read(&document)).transpose()
}

pub(super) async fn insert(conn: &mut Conn<'_>, escrow: &Escrow, now: Time) -> Result<(), DbError> {
    exec!(
        conn,
        "INSERT INTO escrows (id, reference, title, title_lower, currency, amount_minor, stage, seq, head,
             document, created_at, updated_at, title_search, external_search)
         VALUES ($1, $2, $3, $9, $4, $5, $6, 0, $7, '', $8, $8, $10, $11)",
        escrow.id,
        escrow.reference.as_str(),
        escrow.terms.title.as_str(),
        escrow.terms.currency.code(),
        escrow.terms.amount_minor,
        escrow.stage.name(),
        crate::engine::chain::GENESIS.as_slice(),
        now,
        folded(&escrow.terms.title),
        unaccented(&escrow.terms.title),
        external(escrow)
    )?;
    for party in &escrow.parties {
        exec!(
            conn,
            "INSERT INTO parties (escrow_id, user_id, role, over) VALUES ($1, $2, $3, FALSE)",
            escrow.id,
            party.user,
            party.role.word()
        )?;
    }
    Ok(())
}

/// The parties' own reference, as it is searched for.
pub(super) fn external(escrow: &Escrow) -> Option<String> {
    escrow.terms.external_reference.as_deref().map(unaccented)
}

/// The arbiter's row follows the terms: other terms can name another one, or none.
async fn name_arbiter(conn: &mut Conn<'_>, before: Option<&Escrow>, escrow: &Escrow) -> Result<(), DbError> {
    let named = |escrow: &Escrow| escrow.terms.arbiter.as_ref().map(|arbiter| arbiter.user);
    let (old, new) = (before.and_then(named), named(escrow));
    if old == new {
        return Ok(());
    }
    let arbiter = Capacity::Arbiter.word();
    exec!(conn, "DELETE FROM parties WHERE escrow_id = $1 AND role = $2", escrow.id, arbiter)?;
    if let Some(user) = new {
        exec!(
            conn,
            "INSERT INTO parties (escrow_id, user_id, role, told, over) VALUES ($1, $2, $3, FALSE, FALSE)",
            escrow.id,
            user,
            arbiter
        )?;
    }
    Ok(())
}

/// Another user takes the place of one who was named by a wrong address. What waits to be mailed to the old
/// one, and what he was told, concerns him no longer.
pub(super) async fn correct_party(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    from: UserId,
    to: UserId,
) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE parties SET user_id = $3, email = NULL, name = NULL, salt = NULL, task = NULL, task_by = NULL,
             task_milestone = NULL
         WHERE escrow_id = $1 AND user_id = $2",
        escrow,
        from,
        to
    )?;
    forget(conn, escrow, from).await
}

/// The payees' rows follow the terms: other terms can name others.
pub(super) async fn name_payees(
    conn: &mut Conn<'_>,
    before: &[UserId],
    escrow: &Escrow,
) -> Result<(), DbError> {
    let now = escrow.payees();
    for gone in before.iter().filter(|user| !now.contains(user)) {
        forget(conn, escrow.id, *gone).await?;
        exec!(conn, "DELETE FROM parties WHERE escrow_id = $1 AND user_id = $2", escrow.id, *gone)?;
    }
    // An arbiter who is named as a payee instead is the arbiter no longer.
    for new in now.iter().filter(|user| !before.contains(user)) {
        exec!(conn, "DELETE FROM parties WHERE escrow_id = $1 AND user_id = $2", escrow.id, *new)?;
        exec!(
            conn,
            "INSERT INTO parties (escrow_id, user_id, role, over) VALUES ($1, $2, $3, FALSE)",
            escrow.id,
            *new,
            Role::Payee.word()
        )?;
    }
    Ok(())
}

/// What waits to be mailed to somebody, and what he was told, concerns him no longer.
async fn forget(conn: &mut Conn<'_>, escrow: Uuid, user: UserId) -> Result<(), DbError> {
    exec!(
        conn,
        "DELETE FROM outbox WHERE escrow_id = $1 AND to_user = $2 AND state IN ('waiting', 'parked')",
        escrow,
        user
    )?;
    exec!(conn, "DELETE FROM notifications WHERE escrow_id = $1 AND user_id = $2", escrow, user)?;
    Ok(())
}

/// Somebody takes the buyer's seat that a pay link leaves open, or takes it over. What a guest bought passes to
/// his account with its payments; who only tried to pay leaves nothing behind but those.
pub(super) async fn seat_buyer(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    user: UserId,
    instead_of: Option<UserId>,
    claimed: bool,
) -> Result<(), DbError> {
    let Some(from) = instead_of else {
        exec!(
            conn,
            "INSERT INTO parties (escrow_id, user_id, role, over) VALUES ($1, $2, $3, FALSE)",
            escrow,
            user,
            Role::Buyer.word()
        )?;
        return Ok(());
    };
    // He has got an account himself: the seat is his already.
    if from == user {
        return Ok(());
    }
    if claimed {
        for sql in [
            "UPDATE payments SET user_id = $3 WHERE escrow_id = $1 AND user_id = $2",
            "UPDATE notifications SET user_id = $3 WHERE escrow_id = $1 AND user_id = $2",
        ] {
            exec!(conn, sql, escrow, from, user)?;
        }
    }
    correct_party(conn, escrow, from, user).await
}

pub(super) async fn save(
    conn: &mut Conn<'_>,
    before: Option<&Escrow>,
    escrow: &Escrow,
    head: &[u8],
    now: Time,
) -> Result<(), DbError> {
    exec!(
        conn,
        "UPDATE escrows SET stage = $2, seq = $3, head = $4, document = $5, next_at = $6, updated_at = $7,
             disputed_since = $8, ruling_by = $9, title_search = $10, external_search = $11, title = $12,
             title_lower = $13, currency = $14, amount_minor = $15
         WHERE id = $1",
        escrow.id,
        escrow.stage.name(),
        i64::try_from(escrow.seq).unwrap_or(i64::MAX),
        head,
        document(escrow)?.as_str(),
        deadlines::next_at(escrow),
        now,
        disputes::disputed_since(escrow),
        disputes::ruling_by(escrow),
        unaccented(&escrow.terms.title),
        external(escrow),
        escrow.terms.title.as_str(),
        folded(&escrow.terms.title),
        escrow.terms.currency.code(),
        escrow.terms.amount_minor
    )?;
    name_arbiter(conn, before, escrow).await?;
    let arbiter = escrow.terms.arbiter.iter().map(|arbiter| arbiter.user);
    for user in escrow.parties.iter().map(|party| party.user).chain(arbiter) {
        let now = Listing::of(escrow, user);
        if before.is_some_and(|before| Listing::of(before, user) == now) {
            continue;
        }
        exec!(
            conn,
            "UPDATE parties SET task = $3, task_by = $4, task_milestone = $5, over = $6, told = $7
             WHERE escrow_id = $1 AND user_id = $2",
            escrow.id,
            user,
            now.task.map(|task| task.waiting.name()),
            now.task.map(|task| task.at),
            now.task.and_then(|task| task.milestone).map(i32::from),
            now.over,
            now.told
        )?;
    }
    Ok(())
}

/// Escrows in which something is due at `now`, the longest overdue first.
///
/// # Errors
/// The database's.
pub async fn due(conn: &mut Conn<'_>, now: Time, most: i64) -> Result<Vec<Uuid>, DbError> {
    let rows = all!(
        conn,
        (Uuid,),
        "SELECT id FROM escrows WHERE next_at <= $1 ORDER BY next_at LIMIT $2",
        now,
        most
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// When something next comes due anywhere.
///
/// # Errors
/// The database's.
pub async fn next_due(conn: &mut Conn<'_>) -> Result<Option<Time>, DbError> {
    let row = opt!(
        conn,
        (Time,),
        "SELECT next_at FROM escrows WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
    )?;
    Ok(row.map(|(at,)| at))
}

/// A party as pages name it, or the arbiter. Erased people have an empty name, and so has whoever has not
/// confirmed his address: anybody could have signed up with it and called himself what he likes. The arbiter and
/// payees, who answer nothing, are called what those call them who name them: naming somebody must not tell who has
/// an account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    pub user_id: Uuid,
    pub role: String,
    pub name: String,
    pub email: Option<String>,
    pub claimed: bool,
    /// What this party typed as a signature under the newest version that it signed.
    pub signed_as: Option<String>,
}

/// The people of an escrow.
///
/// # Errors
/// The database's.
pub async fn people(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Person>, DbError> {
    all!(
        conn,
        Person,
        "SELECT p.user_id, p.role,
                CASE WHEN p.role IN ('arbiter', 'payee') OR u.email_confirmed_at IS NULL
                     THEN coalesce(p.name, '')
                     ELSE u.name END AS name,
                CASE WHEN p.role = 'arbiter' THEN coalesce(p.email, u.email)
                     ELSE coalesce(u.email, u.guest_email) END AS email,
                u.email_confirmed_at IS NOT NULL AS claimed,
                (SELECT s.typed_name FROM signatures s WHERE s.escrow_id = p.escrow_id AND s.user_id = p.user_id
                 ORDER BY s.version DESC LIMIT 1) AS signed_as
         FROM parties p JOIN users u ON u.id = p.user_id WHERE p.escrow_id = $1",
        escrow
    )
}

/// A line of a list: what is shown of an escrow without opening it.
#[derive(Clone, Debug)]
pub struct Line {
    pub escrow: Escrow,
    pub role: Capacity,
    pub task: Option<(Waiting, Time, Option<u16>)>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    document: String,
    role: String,
    task: Option<String>,
    task_by: Option<Time>,
    task_milestone: Option<i32>,
}

impl Row {
    pub(super) fn line(self) -> Result<Line, DbError> {
        let escrow = read(&self.document)?;
        let role = Capacity::from_word(&self.role)
            .ok_or_else(|| DbError::Broken(format!("a role: {}", self.role)))?;
        let waiting = self.task.as_deref().and_then(Waiting::from_name);
        let milestone = self.task_milestone.and_then(|number| u16::try_from(number).ok());
        let task = waiting.zip(self.task_by).map(|(waiting, by)| (waiting, by, milestone));
        Ok(Line { escrow, role, task })
    }
}

/// A reference as it is written, from what was typed: in letters of either case, with or without `ESC` and
/// its hyphens, with the letters that Crockford's base 32 reads as digits. Nothing if it can be none.
#[must_use]
pub fn reference_of(typed: &str) -> Option<String> {
    let signs: String = typed.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let signs = signs.strip_prefix("ESC").filter(|rest| rest.len() == 8).unwrap_or(&signs);
    let signs = signs.replace('O', "0").replace(['I', 'L'], "1");
    let (first, second) = signs.split_at_checked(4)?;
    (second.len() == 4).then(|| format!("ESC-{first}-{second}"))
}

/// Whether a user takes part in the escrow of a reference.
///
/// # Errors
/// The database's.
pub async fn is_of_user(conn: &mut Conn<'_>, user: UserId, reference: &str) -> Result<bool, DbError> {
    let row = opt!(
        conn,
        (Uuid,),
        "SELECT e.id FROM escrows e JOIN parties p ON p.escrow_id = e.id
         WHERE e.reference = $1 AND p.user_id = $2 AND p.role <> 'arbiter'",
        reference,
        user
    )?;
    Ok(row.is_some())
}

/// Whether a document of this SHA-256 (in hex) belongs to the escrow of a reference: a version of its contract, a
/// side agreement, or a file.
///
/// # Errors
/// The database's.
pub async fn knows_document(conn: &mut Conn<'_>, reference: &str, sha256: &str) -> Result<bool, DbError> {
    let Some(escrow) = by_reference(conn, reference).await? else { return Ok(false) };
    if contracts::knows(conn, escrow.id, sha256).await? {
        return Ok(true);
    }
    let row = opt!(
        conn,
        (i64,),
        "SELECT CAST(1 AS BIGINT) FROM escrows e WHERE e.id = $1
         AND EXISTS (SELECT 1 FROM files f WHERE f.escrow_id = e.id AND f.sha256 = $2)",
        escrow.id,
        sha256
    )?;
    Ok(row.is_some())
}

/// What waits for a user, the most urgent first.
///
/// # Errors
/// The database's.
pub async fn tasks(conn: &mut Conn<'_>, user: UserId, most: i64) -> Result<Vec<Line>, DbError> {
    let rows = all!(
        conn,
        Row,
        "SELECT e.document, p.role, p.task, p.task_by, p.task_milestone
         FROM parties p JOIN escrows e ON e.id = p.escrow_id
         WHERE p.user_id = $1 AND p.task IS NOT NULL AND p.told = TRUE ORDER BY p.task_by, p.escrow_id LIMIT $2",
        user,
        most
    )?;
    rows.into_iter().map(Row::line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_however_it_is_typed() {
        for typed in ["ESC-7K2M-9QX0", "esc-7k2m-9qxo", " 7K2M 9QX0", "7k2m9qxo", "ESC7K2M9QX0"] {
            assert_eq!(reference_of(typed).as_deref(), Some("ESC-7K2M-9QX0"), "{typed:?}");
        }
        assert_eq!(reference_of("ESC1-2345").as_deref(), Some("ESC-ESC1-2345"));
        for typed in ["", "ESC", "ESC-7K2M", "7K2M-9QXA-1", "web shop", "é7k2m9qx"] {
            assert_eq!(reference_of(typed), None, "{typed:?}");
        }
    }
}
