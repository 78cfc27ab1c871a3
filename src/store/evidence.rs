//! Erasable rows that go with a command: who was named, what was signed, which files came along. Events keep salted
//! digests of them, so that nobody changes one unnoticed and everybody can be forgotten.

use std::collections::BTreeMap;

use crate::engine::chain::salted_hex;
use crate::engine::command::Command;
use crate::engine::party::UserId;
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, exec};
use crate::store::execute::{Evidence, Request};
use crate::store::files;

/// The digest of a signature's row, as its event keeps it.
#[must_use]
pub fn of_signature(salt: &[u8], typed_name: &str, ip: &str, user_agent: &str) -> String {
    salted_hex(salt, &format!("{typed_name}\n{ip}\n{user_agent}"))
}

/// Digests of what the people are called whom a request names, each with the salt of their address.
pub(super) fn names(request: &Request) -> BTreeMap<UserId, String> {
    let Some(Evidence::Parties(parties)) = &request.evidence else { return BTreeMap::new() };
    parties.iter().map(|party| (party.user, salted_hex(&party.salt, &party.name))).collect()
}

/// Writes the rows.
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
