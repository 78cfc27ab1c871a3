//! Lawful erasure: what names people goes once its retention is over, in one write with a line of the audit that names
//! the row and the digest which events keep of it. The doctor takes a missing row only with that line. When a
//! retention is over, the caller knows.

use uuid::Uuid;

use super::audit::{self, Act, Change, Subject, Who};
use super::contracts::{self, Kind};
use super::db::{Conn, DbError, exec, opt};
use super::escrows;
use crate::clock::Clock;
use crate::engine::chain::salted_hex;
use crate::engine::time::Time;

/// A row that can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasable {
    /// Who typed which name under a version, and from where.
    Signature { escrow: Uuid, user: Uuid, version: i32 },
    /// The address and the name by which somebody was named.
    Party { escrow: Uuid, user: Uuid },
    /// The exact text of a version's contract or side agreement; its row stays, with the fingerprint.
    Text { escrow: Uuid, version: u32, kind: Kind },
    /// An attached file's name and digest; its bytes go once no other row names them.
    File { escrow: Uuid, id: Uuid },
}

impl Erasable {
    /// The table, and what names the row in it.
    #[must_use]
    pub fn named(&self) -> (&'static str, String) {
        match self {
            Self::Signature { escrow, user, version } => ("signatures", format!("{escrow}/{user}/{version}")),
            Self::Party { escrow, user } => ("parties", format!("{escrow}/{user}")),
            Self::Text { escrow, version, kind } => {
                ("contract_texts", format!("{escrow}/{version}/{}", kind.name()))
            }
            Self::File { id, .. } => ("files", id.to_string()),
        }
    }

    fn escrow(&self) -> Uuid {
        match self {
            Self::Signature { escrow, .. }
            | Self::Party { escrow, .. }
            | Self::Text { escrow, .. }
            | Self::File { escrow, .. } => *escrow,
        }
    }
}

/// Erases a row. False when it is not there, or was erased before.
///
/// # Errors
/// The database's; the caller must not commit then.
pub async fn erase(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    what: Erasable,
    why: &str,
) -> Result<bool, DbError> {
    let Some(head) = escrows::lock(conn, what.escrow()).await? else { return Ok(false) };
    let Some(sha256) = take(conn, what, clock.now()).await? else { return Ok(false) };
    let (table, row) = what.named();
    let change = Change::Erased { table: table.to_owned(), row, sha256 };
    let subject = Subject::Escrow(head.escrow.reference);
    let note = format!("{table}: {why}");
    audit::change(conn, clock, who.into(), (Act::Erased, &subject), &note, change).await?;
    Ok(true)
}

/// Takes the row out; the digest that events keep of it comes back.
async fn take(conn: &mut Conn<'_>, what: Erasable, now: Time) -> Result<Option<String>, DbError> {
    match what {
        Erasable::Signature { escrow, user, version } => {
            let row = opt!(
                conn,
                (String, String, String, Vec<u8>),
                "DELETE FROM signatures WHERE escrow_id = $1 AND user_id = $2 AND version = $3
                 RETURNING typed_name, ip, user_agent, salt",
                escrow,
                user,
                version
            )?;
            Ok(row.map(|(name, ip, agent, salt)| salted_hex(&salt, &format!("{name}\n{ip}\n{agent}"))))
        }
        Erasable::Party { escrow, user } => {
            let row = opt!(
                conn,
                (String, Vec<u8>),
                "SELECT email, salt FROM parties
                 WHERE escrow_id = $1 AND user_id = $2 AND email IS NOT NULL AND salt IS NOT NULL",
                escrow,
                user
            )?;
            let Some((email, salt)) = row else { return Ok(None) };
            let sql = "UPDATE parties SET email = NULL, name = NULL, salt = NULL
                       WHERE escrow_id = $1 AND user_id = $2";
            exec!(conn, sql, escrow, user)?;
            Ok(Some(salted_hex(&salt, &email)))
        }
        Erasable::Text { escrow, version, kind } => {
            contracts::take_out(conn, escrow, version, kind, now).await
        }
        Erasable::File { escrow, id } => {
            let sql = "DELETE FROM files WHERE id = $1 AND escrow_id = $2 RETURNING sha256";
            Ok(opt!(conn, (String,), sql, id, escrow)?.map(|(sha256,)| sha256))
        }
    }
}
