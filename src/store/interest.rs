//! Whether somebody has a hand in an escrow: by his account, or by an address that stands in it under another
//! one. Who buys without an account is a user of his own, so accounts alone don't say it.

use uuid::Uuid;

use super::db::{Conn, DbError, all, opt};

/// Whether the user `me` is the party `p`, whose user is `u`, or has an address of his: the one that he has, or was
/// named by.
macro_rules! is_party {
    () => {
        "(p.user_id = me.id OR coalesce(me.email, me.guest_email) IN (u.email, u.guest_email, p.email))"
    };
}
pub(super) use is_party;

/// Of which of those who take part somebody is asked whether he is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// The parties and the arbiter.
    All,
    /// All but whoever has the buyer's place, which another one may take after a failed payment.
    NotBuyers,
    /// The parties alone.
    NotArbiters,
}

/// Whether this user is one of them, or has the address of one: the one that he has, or was named by.
///
/// # Errors
/// The database's.
pub async fn has(conn: &mut Conn<'_>, user: Uuid, escrow: Uuid, among: Among) -> Result<bool, DbError> {
    let but = match among {
        Among::All => "",
        Among::NotBuyers => "buyer",
        Among::NotArbiters => "arbiter",
    };
    let row = opt!(
        conn,
        (Uuid,),
        concat!(
            "SELECT p.user_id FROM users me, parties p JOIN users u ON u.id = p.user_id
             WHERE me.id = $1 AND p.escrow_id = $2 AND p.role <> $3 AND ",
            is_party!(),
            " LIMIT 1"
        ),
        user,
        escrow,
        but
    )?;
    Ok(row.is_some())
}

/// Those of the operators who have none in an escrow.
///
/// # Errors
/// The database's.
pub async fn without(conn: &mut Conn<'_>, escrow: Uuid, operators: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    let rows = all!(
        conn,
        (Uuid,),
        concat!(
            "SELECT me.id FROM users me
             WHERE me.operator = TRUE AND EXISTS (
                 SELECT 1 FROM parties p JOIN users u ON u.id = p.user_id WHERE p.escrow_id = $1 AND ",
            is_party!(),
            ")"
        ),
        escrow
    )?;
    Ok(operators.iter().copied().filter(|one| !rows.contains(&(*one,))).collect())
}

/// Whether two people are in one escrow, by account or address.
///
/// # Errors
/// The database's.
pub async fn shared(conn: &mut Conn<'_>, one: Uuid, other: Uuid) -> Result<bool, DbError> {
    let row = opt!(
        conn,
        (Uuid,),
        concat!(
            "SELECT theirs.escrow_id FROM parties theirs
             JOIN parties p ON p.escrow_id = theirs.escrow_id JOIN users u ON u.id = p.user_id, users me
             WHERE me.id = $1 AND theirs.user_id = $2 AND ",
            is_party!(),
            " LIMIT 1"
        ),
        one,
        other
    )?;
    Ok(row.is_some())
}
