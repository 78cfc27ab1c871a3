//! The texts of contracts and side agreements: written once with the version that they belong to, read ever after.
//!
//! `write` is for `execute.rs` alone. `fill` gives the versions from before there were texts theirs; what comes of
//! it is what their events were sealed with, or nothing.

use data_encoding::HEXLOWER;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::command::Command;
use crate::engine::contract::{Named, Naming, Source, Text, Texts};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::party::{PartyStatus, UserId};
use crate::engine::terms::Terms;
use crate::engine::time::Time;
use crate::engine::versions;
use crate::store::db::{Conn, Db, DbError, all, exec, opt};
use crate::store::execute::{Evidence, Request, Who};
use crate::store::{escrows, history};

/// So many escrows are given their texts in one write.
const BATCH: i64 = 100;

/// Which text of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Contract,
    /// The side agreement on a hidden commission.
    Side,
}

impl Kind {
    /// As it stands in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Side => "side",
        }
    }
}

/// A text as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Stored {
    pub version: i32,
    pub kind: String,
    pub seq: i64,
    pub format: i32,
    pub language: String,
    pub sha256: String,
    /// Nothing once its retention is over.
    pub text: Option<String>,
}

/// The texts of an escrow, in the order of their versions.
///
/// # Errors
/// The database's.
pub async fn of_escrow(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT version, kind, seq, format, language, sha256, text FROM contract_texts
         WHERE escrow_id = $1 ORDER BY version, kind",
        escrow
    )
}

/// The texts of one version.
///
/// # Errors
/// The database's.
pub async fn of_version(conn: &mut Conn<'_>, escrow: Uuid, version: u32) -> Result<Vec<Stored>, DbError> {
    all!(
        conn,
        Stored,
        "SELECT version, kind, seq, format, language, sha256, text FROM contract_texts
         WHERE escrow_id = $1 AND version = $2 ORDER BY kind",
        escrow,
        number(version)
    )
}

/// Whether a text of this SHA-256 (in hex) belongs to an escrow.
///
/// # Errors
/// The database's.
pub async fn knows(conn: &mut Conn<'_>, escrow: Uuid, sha256: &str) -> Result<bool, DbError> {
    let sql = "SELECT version FROM contract_texts WHERE sha256 = $2 AND escrow_id = $1";
    Ok(opt!(conn, (i32,), sql, escrow, sha256)?.is_some())
}

/// Takes a text out whole; the fingerprint of what stood there comes back. Nothing where it is out already.
///
/// # Errors
/// The database's.
pub(super) async fn take_out(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    version: u32,
    kind: Kind,
    now: Time,
) -> Result<Option<String>, DbError> {
    let row = opt!(
        conn,
        (String,),
        "UPDATE contract_texts SET text = NULL, erased_at = $4
         WHERE escrow_id = $1 AND version = $2 AND kind = $3 AND text IS NOT NULL RETURNING sha256",
        escrow,
        number(version),
        kind.name(),
        now
    )?;
    Ok(row.map(|(sha256,)| sha256))
}

/// The rows whose text was taken out, as the audit names them, each with its fingerprint.
///
/// # Errors
/// The database's.
pub async fn taken_out(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, DbError> {
    let rows = all!(
        conn,
        (Uuid, i32, String, String),
        "SELECT escrow_id, version, kind, sha256 FROM contract_texts WHERE text IS NULL
         ORDER BY escrow_id, version, kind"
    )?;
    let named = |(escrow, version, kind, sha256): (Uuid, i32, String, String)| {
        (format!("{escrow}/{version}/{kind}"), sha256)
    };
    Ok(rows.into_iter().map(named).collect())
}

fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// Stores the texts of the version that an event makes; other events make none.
///
/// # Errors
/// The database's, or [`DbError::Broken`] where they are not what the event names.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    event: &Event,
    naming: &Naming,
    at: Time,
) -> Result<(), DbError> {
    if !makes_a_version(event) {
        return Ok(());
    }
    let (terms, reference, version) = (&escrow.terms, escrow.reference.as_str(), escrow.version);
    let texts = Texts::write(&Source { terms, reference, version, at, naming });
    insert(conn, escrow, &texts).await
}

/// Whether an event makes a version of the terms.
#[must_use]
#[allow(clippy::wildcard_enum_match_arm, reason = "other events make no version")]
pub fn makes_a_version(event: &Event) -> bool {
    matches!(event, Event::Proposed { .. } | Event::Countered { .. } | Event::PartyCorrected { .. })
}

/// The escrow is as the event has made it.
async fn insert(conn: &mut Conn<'_>, escrow: &Escrow, texts: &Texts) -> Result<(), DbError> {
    let sealed = escrow.side_sha256.is_none() || escrow.side_sha256 == texts.side_sha256();
    if texts.contract.sha256() != escrow.document_sha256 || !sealed {
        return Err(DbError::Broken(format!("{}: a text that its event does not name", escrow.reference)));
    }
    let side = texts.side.iter().map(|text| (Kind::Side, text));
    for (kind, text) in [(Kind::Contract, &texts.contract)].into_iter().chain(side) {
        let Text { format, language, text: words } = text;
        exec!(
            conn,
            "INSERT INTO contract_texts (escrow_id, version, kind, seq, format, language, sha256, text)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (escrow_id, version, kind) DO NOTHING",
            escrow.id,
            number(escrow.version),
            kind.name(),
            i64::try_from(escrow.seq).unwrap_or(i64::MAX),
            i32::from(*format),
            *language,
            text.sha256().as_str(),
            words.as_str()
        )?;
    }
    Ok(())
}

/// What people and files are called in the text that a request makes; nothing for one that makes none.
///
/// People are called what they call themselves once they have acted here, and before that what they are called by
/// those who named them: a text must not tell who is behind an address.
///
/// # Errors
/// The database's.
pub(super) async fn naming(
    conn: &mut Conn<'_>,
    clock: &Clock,
    escrow: Option<&Escrow>,
    request: &Request,
) -> Result<Naming, DbError> {
    let terms: &Terms = match (&request.command, escrow) {
        (Command::Propose { terms, .. } | Command::Counter { terms, .. }, _) => terms,
        (Command::CorrectParty { .. }, Some(escrow)) => &escrow.terms,
        _ => return Ok(Naming::default()),
    };
    let mut people = Vec::new();
    if let Some(Evidence::Parties(named)) = &request.evidence {
        let named = named.iter();
        people.extend(named.map(|it| Named {
            user: it.user,
            name: it.name.clone(),
            address: it.email.clone(),
        }));
    }
    if let Some(escrow) = escrow {
        for known in people_of(conn, escrow).await? {
            if !people.iter().any(|named: &Named| named.user == known.user) {
                people.push(known);
            }
        }
    }
    if let Who::User(user) = request.who {
        sign_on(conn, &mut people, user).await?;
    }
    let files = match terms.files.is_empty() {
        true => Vec::new(),
        false => names_of_files(conn, terms).await?,
    };
    Ok(Naming { people, files, salt: HEXLOWER.encode(&clock.random::<16>()) })
}

/// Whoever sends a version is called what their account says.
async fn sign_on(conn: &mut Conn<'_>, people: &mut Vec<Named>, user: UserId) -> Result<(), DbError> {
    let sql = "SELECT name, coalesce(email, guest_email, '') FROM users WHERE id = $1";
    let Some((name, address)) = opt!(conn, (String, String), sql, user)? else { return Ok(()) };
    match people.iter_mut().find(|person| person.user == user) {
        Some(person) => person.name = name,
        None => people.push(Named { user, name, address }),
    }
    Ok(())
}

async fn people_of(conn: &mut Conn<'_>, escrow: &Escrow) -> Result<Vec<Named>, DbError> {
    let rows = all!(
        conn,
        (Uuid, Option<String>, Option<String>, String, Option<String>),
        "SELECT p.user_id, p.name, coalesce(p.email, u.email), u.name, u.email
         FROM parties p JOIN users u ON u.id = p.user_id WHERE p.escrow_id = $1",
        escrow.id
    )?;
    let named = |(user, given, named_by, name, _): (Uuid, Option<String>, Option<String>, String, _)| {
        let party = escrow.party_of(user);
        let acted = party.is_some_and(|it| it.joined || it.status == PartyStatus::Accepted);
        let name = if acted && party.is_some_and(|it| it.role.must_agree()) {
            name
        } else {
            given.unwrap_or_default()
        };
        Named { user, name, address: named_by.unwrap_or_default() }
    };
    Ok(rows.into_iter().map(named).collect())
}

async fn names_of_files(conn: &mut Conn<'_>, terms: &Terms) -> Result<Vec<(Uuid, String)>, DbError> {
    let mut names = Vec::new();
    for file in &terms.files {
        let row = opt!(conn, (String,), "SELECT name FROM files WHERE id = $1", file.id)?;
        names.extend(row.map(|(name,)| (file.id, name)));
    }
    Ok(names)
}

/// Gives every escrow from before there were texts those that its events were sealed with. Done once: what has a
/// text is passed over, so it can be asked at every start, by several processes at once.
///
/// # Errors
/// The database's, or [`DbError::Broken`] for a history that this program did not write.
pub async fn fill(db: &Db) -> Result<usize, DbError> {
    let (mut after, mut filled) = (Uuid::nil(), 0);
    loop {
        let mut tx = db.write().await?;
        let mut conn = tx.conn();
        let without = all!(
            &mut conn,
            (Uuid,),
            "SELECT id FROM escrows e WHERE id > $1
               AND NOT EXISTS (SELECT 1 FROM contract_texts t WHERE t.escrow_id = e.id)
             ORDER BY id LIMIT $2",
            after,
            BATCH
        )?;
        let Some((last,)) = without.last() else { return Ok(filled) };
        after = *last;
        for (escrow,) in &without {
            filled += usize::from(fill_one(&mut conn, *escrow).await?);
        }
        tx.commit().await?;
    }
}

/// Whether all of its versions were filled in. One whose bytes can't be found again stays without, for the doctor
/// to tell.
async fn fill_one(conn: &mut Conn<'_>, escrow: Uuid) -> Result<bool, DbError> {
    let Some(head) = escrows::lock(conn, escrow).await? else { return Ok(false) };
    let mut whole = true;
    for version in versions::versions(&history::of_terms(conn, escrow).await?) {
        let made = &version.made;
        let texts = Texts::first(&made.terms, &made.reference, made.version);
        if texts.contract.sha256() == made.document_sha256 {
            insert(conn, made, &texts).await?;
        } else {
            tracing::warn!("{}: the text of version {} is lost", head.escrow.reference, made.version);
            whole = false;
        }
    }
    Ok(whole)
}
