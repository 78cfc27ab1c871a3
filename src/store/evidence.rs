//! Rows that can be erased and go with a command, written inside its write.

use crate::engine::command::Command;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, exec};
use crate::store::execute::{Evidence, Request};
use crate::store::files;

/// Writes them.
///
/// # Errors
/// The database's.
pub(super) async fn write(conn: &mut Conn<'_>, request: &Request, now: Time) -> Result<(), DbError> {
    match (&request.evidence, &request.command) {
        (
            Some(Evidence::Signature { typed_name, ip, user_agent, salt }),
            Command::Sign { version, document_sha256, .. },
        ) => {
            exec!(
                conn,
                "INSERT INTO signatures (escrow_id, user_id, version, document_sha256, typed_name, ip,
                     user_agent, salt, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                request.escrow,
                request.user(),
                i32::try_from(*version).unwrap_or(i32::MAX),
                document_sha256.as_str(),
                typed_name.as_str(),
                ip.as_str(),
                user_agent.as_str(),
                salt.as_slice(),
                now
            )?;
        }
        (
            Some(Evidence::Parties(parties)),
            Command::Propose { .. }
            | Command::Counter { .. }
            | Command::CorrectParty { .. }
            | Command::BuyByLink { .. }
            | Command::Claim { .. },
        ) => {
            for party in parties {
                exec!(
                    conn,
                    "UPDATE parties SET email = $3, salt = $4, name = $5 WHERE escrow_id = $1 AND user_id = $2",
                    request.escrow,
                    party.user,
                    party.email.as_str(),
                    party.salt.as_slice(),
                    party.name.as_str()
                )?;
            }
        }
        (
            Some(Evidence::Files { rows, kept }),
            Command::MarkDone { .. }
            | Command::SubmitProof { .. }
            | Command::OpenDispute { .. }
            | Command::Statement { .. }
            | Command::Say { .. },
        ) => {
            for row in rows {
                files::insert(conn, row).await?;
            }
            for id in kept {
                files::discard(conn, *id, request.user()).await?;
            }
        }
        _ => {}
    }
    Ok(())
}
