//! Addresses that an earlier version stored as they were typed, brought into their one form.
//!
//! It runs when the program starts, before anybody signs in. Where two rows come to the same address, each keeps what
//! it has: they are two accounts with money and agreements of their own, and people must say which one is whose.

use uuid::Uuid;

use crate::address;
use crate::store::db::{Db, DbError, all, exec};

/// So many rows at a time, so that a large portal's start holds its only writer for moments.
const BATCH: i64 = 200;

/// A row whose address stays as an earlier version stored it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub user: Uuid,
    pub stored: String,
    /// What the row would be called: another one is. Nothing where no mail can be sent to it at all.
    pub taken: Option<String>,
}

/// Brings every stored address into its one form; those that stay as they are.
///
/// # Errors
/// The database's.
pub async fn settle(db: &Db) -> Result<Vec<Left>, DbError> {
    let (mut left, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let mut tx = db.write().await?;
        let conn = &mut tx.conn();
        let rows = all!(
            conn,
            (Uuid, Option<String>, Option<String>),
            "SELECT id, email, guest_email FROM users
             WHERE id > $1 AND (octet_length(email) <> length(email) OR octet_length(guest_email) <> length(guest_email))
             ORDER BY id LIMIT $2",
            after,
            BATCH
        )?;
        let Some((last, _, _)) = rows.last() else { return Ok(left) };
        after = *last;
        for (user, email, guest) in rows {
            for (stored, is_guest) in [(email, false), (guest, true)] {
                let Some(stored) = stored.filter(|stored| !stored.is_ascii()) else { continue };
                let Ok(form) = address::canonical(&stored) else {
                    left.push(Left { user, stored, taken: None });
                    continue;
                };
                let sql = match is_guest {
                    false => {
                        "UPDATE users SET email = $2
                         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.email = $2)"
                    }
                    true => {
                        "UPDATE users SET guest_email = $2
                         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.guest_email = $2)"
                    }
                };
                if exec!(conn, sql, user, form.as_str())? == 0 {
                    left.push(Left { user, stored, taken: Some(form) });
                    continue;
                }
                // Links that are out there prove the address that they were sent to.
                exec!(
                    conn,
                    "UPDATE tokens SET email = $3 WHERE user_id = $1 AND email = $2",
                    user,
                    stored.as_str(),
                    form.as_str()
                )?;
            }
        }
        tx.commit().await?;
    }
}

/// Says in the log what stays as it is, so that an operator can write to those people.
pub fn report(left: &[Left]) {
    for row in left {
        let Left { user, stored, taken } = row;
        match taken {
            Some(form) => {
                tracing::warn!("user {user}: {stored:?} and {form} are one mailbox and two accounts")
            }
            None => tracing::warn!("user {user}: no mail can be sent to {stored:?}"),
        }
    }
}
