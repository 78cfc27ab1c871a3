//! Signed-in devices, as the store behind `tower-sessions`.
//!
//! The cookie holds the id and the table its hash. Times are ours, taken from the clock: what
//! `tower-sessions` says about expiry is used for the age of the cookie only. It knows no page.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::FromRow;
use time::Duration;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};
use uuid::Uuid;

use super::db::{Conn, Db, DbError, all, exec, opt};
use super::failure::Outage;
use super::{hash, users};
use crate::clock::Clock;
use crate::engine::time::Time;

/// After so long without a visit one has to sign in again.
pub const LIFETIME: Duration = Duration::days(14);
/// After so long from signing in one has to sign in again, however often one came.
pub const LONGEST: Duration = Duration::days(30);
/// A visit is noted when the last one noted is older than this: a page view writes nothing otherwise.
pub const NOTED_EVERY: Duration = Duration::minutes(5);
/// Why no session begins: the password that was found right is another one by now.
pub const PASSWORD_CHANGED: &str = "the password was changed meanwhile";
/// How long a device is known after its last session.
const DEVICE_KNOWN: Duration = Duration::days(400);

/// The keys under which the session itself holds what stands in columns.
pub mod key {
    /// Who is signed in.
    pub const USER: &str = "user";
    /// When a visit was last noted, in microseconds since 1970.
    pub const SEEN: &str = "seen";
    pub const IP: &str = "ip";
    pub const USER_AGENT: &str = "user_agent";
    /// The hash of the cookie that tells this browser from others, in hexadecimal.
    pub const DEVICE: &str = "device";
    /// What the stored password of whoever signs in must still be; not kept.
    pub const PASSWORD: &str = "password";
    /// Whom an operator looks as, in a rehearsal.
    pub const LOOKS_AS: &str = "looks_as";
    /// All that stand in columns.
    pub const COLUMNS: [&str; 6] = [USER, SEEN, IP, USER_AGENT, DEVICE, PASSWORD];
}

/// The sessions in our database.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

impl Sessions {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[derive(FromRow)]
struct Row {
    user_id: Uuid,
    data: String,
    seen_at: Time,
    ip: String,
    user_agent: String,
    device_hash: Vec<u8>,
}

/// The library takes a text for what went wrong, so its beginning says whether it passes by itself.
fn failed(error: DbError) -> Error {
    let start = match error.outage() {
        Some(Outage::Disk) => DISK,
        Some(Outage::Away) => AWAY,
        None => "",
    };
    Error::Backend(format!("{start}{error}"))
}

const DISK: &str = "disk: ";
const AWAY: &str = "away: ";

/// The failure behind an error of a session that passes by itself, if one is.
#[must_use]
pub fn outage(error: &tower_sessions::session::Error) -> Option<Outage> {
    let tower_sessions::session::Error::Store(Error::Backend(why)) = error else { return None };
    if why.starts_with(DISK) { Some(Outage::Disk) } else { why.starts_with(AWAY).then_some(Outage::Away) }
}

/// The hash under which a session stands in the table.
#[must_use]
pub fn id_hash(id: Id) -> Vec<u8> {
    hash(&id.to_string())
}

/// What the session holds beyond the columns.
fn rest(record: &Record) -> Result<String> {
    let rest: HashMap<_, _> =
        record.data.iter().filter(|(key, _)| !key::COLUMNS.contains(&key.as_str())).collect();
    serde_json::to_string(&rest).map_err(|error| Error::Encode(error.to_string()))
}

fn text<'a>(record: &'a Record, key: &str) -> &'a str {
    record.data.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let user: Uuid = text(record, key::USER)
            .parse()
            .map_err(|_| Error::Encode("only somebody who signs in has a session".into()))?;
        let device = data_encoding::HEXLOWER
            .decode(text(record, key::DEVICE).as_bytes())
            .map_err(|error| Error::Encode(error.to_string()))?;
        let now = self.clock.now();
        let data = rest(record)?;
        let mut tx = self.db.write().await.map_err(failed)?;
        // A new password signs everybody out. Whoever gave the old one a moment before it came must not
        // get in after that.
        let password = users::lock_password(&mut tx.conn(), user).await.map_err(failed)?;
        if password.as_deref() != Some(text(record, key::PASSWORD)) {
            return Err(Error::Backend(PASSWORD_CHANGED.into()));
        }
        exec!(
            &mut tx.conn(),
            "INSERT INTO sessions (id_hash, public_id, user_id, data, created_at, seen_at, expires_at,
                                   device_hash, ip, user_agent)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)",
            id_hash(record.id),
            self.clock.id(),
            user,
            data,
            now,
            now.plus(LIFETIME),
            device,
            text(record, key::IP),
            text(record, key::USER_AGENT)
        )
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    /// A plain update: a session that was signed out meanwhile stays signed out.
    async fn save(&self, record: &Record) -> Result<()> {
        let now = self.clock.now();
        let data = rest(record)?;
        let mut tx = self.db.write().await.map_err(failed)?;
        exec!(
            &mut tx.conn(),
            "UPDATE sessions SET data = $1, seen_at = $2, expires_at = $3
             WHERE id_hash = $4 AND ended_at IS NULL AND expires_at > $2 AND created_at > $5",
            data,
            now,
            now.plus(LIFETIME),
            id_hash(record.id),
            now.plus(-LONGEST)
        )
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut reader = self.db.read().await.map_err(failed)?;
        let row = opt!(
            &mut reader.conn(),
            Row,
            "SELECT user_id, data, seen_at, ip, user_agent, device_hash FROM sessions
             WHERE id_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND created_at > $3",
            id_hash(*id),
            self.clock.now(),
            self.clock.now().plus(-LONGEST)
        )
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let mut data: HashMap<String, Value> =
            serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        data.insert(key::USER.into(), row.user_id.to_string().into());
        data.insert(key::SEEN.into(), row.seen_at.micros().into());
        data.insert(key::IP.into(), row.ip.into());
        data.insert(key::USER_AGENT.into(), row.user_agent.into());
        data.insert(key::DEVICE.into(), data_encoding::HEXLOWER.encode(&row.device_hash).into());
        Ok(Some(Record { id: *id, data, expiry_date: row.seen_at.plus(LONGEST).utc() }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut tx = self.db.write().await.map_err(failed)?;
        exec!(
            &mut tx.conn(),
            "UPDATE sessions SET ended_at = $1 WHERE id_hash = $2 AND ended_at IS NULL",
            self.clock.now(),
            id_hash(*id)
        )
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

/// Notes a visit, from which the time without one is counted. That it could not be noted is for the log alone.
pub async fn note_visit(db: &Db, id: Id, now: Time) {
    if let Err(error) = touch(db, id, now).await {
        tracing::warn!("a visit was not noted: {error}");
    }
}

async fn touch(db: &Db, id: Id, now: Time) -> std::result::Result<(), DbError> {
    let mut tx = db.write().await?;
    exec!(
        &mut tx.conn(),
        "UPDATE sessions SET seen_at = $1, expires_at = $2 WHERE id_hash = $3 AND ended_at IS NULL",
        now,
        now.plus(LIFETIME),
        id_hash(id)
    )?;
    tx.commit().await
}

/// Whoever moves the clock of a rehearsal on has been here all the while, and stays signed in.
///
/// # Errors
/// The database's.
pub async fn stay(conn: &mut Conn<'_>, id: Id, now: Time) -> std::result::Result<(), DbError> {
    exec!(
        conn,
        "UPDATE sessions SET created_at = $1, seen_at = $1, expires_at = $2 WHERE id_hash = $3 AND ended_at IS NULL",
        now,
        now.plus(LIFETIME),
        id_hash(id)
    )?;
    Ok(())
}

/// A session as its owner sees it listed.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub id_hash: Vec<u8>,
    pub public_id: Uuid,
    pub created_at: Time,
    pub seen_at: Time,
    pub ip: String,
    pub user_agent: String,
}

/// Where this person is signed in, the latest visit first.
///
/// # Errors
/// The database did not answer.
pub async fn list(conn: &mut Conn<'_>, now: Time, user: Uuid) -> std::result::Result<Vec<Listed>, DbError> {
    all!(
        conn,
        Listed,
        "SELECT id_hash, public_id, created_at, seen_at, ip, user_agent FROM sessions
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND created_at > $3
         ORDER BY seen_at DESC, id_hash LIMIT 100",
        user,
        now,
        now.plus(-LONGEST)
    )
}

/// Signs one of this person's sessions out. False when there is no such session any more.
///
/// # Errors
/// The database did not answer.
pub async fn end(
    conn: &mut Conn<'_>,
    now: Time,
    user: Uuid,
    public_id: Uuid,
) -> std::result::Result<bool, DbError> {
    let rows = exec!(
        conn,
        "UPDATE sessions SET ended_at = $1 WHERE user_id = $2 AND public_id = $3 AND ended_at IS NULL",
        now,
        user,
        public_id
    )?;
    Ok(rows == 1)
}

/// Signs this person out everywhere.
///
/// # Errors
/// The database did not answer.
pub async fn end_all(conn: &mut Conn<'_>, now: Time, user: Uuid) -> std::result::Result<u64, DbError> {
    exec!(conn, "UPDATE sessions SET ended_at = $1 WHERE user_id = $2 AND ended_at IS NULL", now, user)
}

/// Signs this person out everywhere but in the session with this hash.
///
/// # Errors
/// The database did not answer.
pub async fn end_others(
    conn: &mut Conn<'_>,
    now: Time,
    user: Uuid,
    keep: &[u8],
) -> std::result::Result<u64, DbError> {
    exec!(
        conn,
        "UPDATE sessions SET ended_at = $1 WHERE user_id = $2 AND ended_at IS NULL AND id_hash <> $3",
        now,
        user,
        keep
    )
}

/// Whether this person has signed in before, and from this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Familiar {
    pub person: bool,
    pub device: bool,
}

/// Looks whether the person and the device are known.
///
/// # Errors
/// The database did not answer.
pub async fn familiar(
    conn: &mut Conn<'_>,
    user: Uuid,
    device_hash: &[u8],
) -> std::result::Result<Familiar, DbError> {
    let rows = all!(
        conn,
        (bool,),
        "SELECT device_hash = $2 FROM sessions WHERE user_id = $1 ORDER BY (device_hash = $2) DESC LIMIT 1",
        user,
        device_hash
    )?;
    Ok(Familiar { person: !rows.is_empty(), device: rows.contains(&(true,)) })
}

/// Removes sessions that ended so long ago that their device is a new one again.
///
/// # Errors
/// The database did not answer.
pub async fn sweep(conn: &mut Conn<'_>, now: Time) -> std::result::Result<u64, DbError> {
    exec!(conn, "DELETE FROM sessions WHERE expires_at <= $1", now.plus(-DEVICE_KNOWN))
}
