//! Mails to people who have never dealt with their sender: how many somebody may cause in a day, which grows with
//! the deals that they completed, and how many anybody is sent by strangers together. Each is counted in the write
//! that would owe the mail, so that a refusal leaves no trace.

use time::Duration;
use uuid::Uuid;

use super::db::{Conn, DbError, one, opt};
use super::throttle::{self, Limit};
use crate::engine::party::UserId;
use crate::engine::time::Time;

const DAY: Duration = Duration::days(1);

/// Mails from one person to one stranger. Whoever does not answer is not asked on and on.
const BY_PAIR: Limit = Limit::new("strangers/pair", 3, DAY);
/// Mails from strangers to one address that nobody has confirmed.
const BY_ADDRESS: Limit = Limit::new("strangers/address", 10, DAY);
/// The same to one that belongs to an account: its owner has come to be found.
const BY_ACCOUNT: Limit = Limit::new("strangers/account", 100, DAY);

/// So many completed deals, and so many mails to strangers in a day. The largest deal names 13 people.
const TRUST: [(i64, i64); 4] = [(20, 400), (5, 150), (1, 60), (0, 30)];

/// Why a mail to strangers is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// The sender has written to as many as they may in a day.
    Sent { most: i64, wait_seconds: u64 },
    /// The sender has written to this address often enough.
    Pair { address: String, wait_seconds: u64 },
    /// Strangers have written to this address often enough.
    Received { address: String, wait_seconds: u64 },
}

impl TooMany {
    /// The address that it is about, if it is one of them.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Sent { .. } => None,
            Self::Pair { address, .. } | Self::Received { address, .. } => Some(address),
        }
    }

    /// What is told at the field, and what can be done.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Sent { most, wait_seconds } => format!(
                "Nothing was sent. You can write to {most} people a day with whom you have not dealt before; the number grows with the deals that you complete. Try again {}.",
                after(*wait_seconds)
            ),
            Self::Pair { address, wait_seconds } => format!(
                "Nothing was sent. You have written to {address} several times today, and they have not dealt with you before. Wait for their answer, or try again {}.",
                after(*wait_seconds)
            ),
            Self::Received { address, wait_seconds } => format!(
                "Nothing was sent. {address} has had as many mails today as we send from people they have not dealt with. Try again {}.",
                after(*wait_seconds)
            ),
        }
    }
}

fn after(seconds: u64) -> String {
    match seconds.div_ceil(3_600) {
        0 | 1 => "in an hour".to_owned(),
        hours => format!("in {hours} hours"),
    }
}

/// Counts mails from `sender` to these addresses. Those of people who have dealt with them are not counted.
///
/// # Errors
/// The database's; inside, why nothing may be sent. Whoever asks drops the write then.
pub async fn admit(
    conn: &mut Conn<'_>,
    now: Time,
    sender: UserId,
    addresses: &[String],
) -> Result<Result<(), TooMany>, DbError> {
    let mut strangers = Vec::new();
    for address in addresses {
        let sql = "SELECT id, email_confirmed_at IS NOT NULL FROM users WHERE email = $1";
        let known = opt!(conn, (Uuid, bool), sql, address.as_str())?;
        match known {
            Some((user, _)) if user == sender || have_dealt(conn, sender, user).await? => {}
            Some((_, confirmed)) => strangers.push((address, confirmed)),
            None => strangers.push((address, false)),
        }
    }
    // In one order, so that two who write to the same people don't wait for each other.
    strangers.sort();
    if strangers.is_empty() {
        return Ok(Ok(()));
    }
    let most = most_of(conn, sender).await?;
    let sent = Limit::new("strangers/sender", most, DAY);
    let count = i64::try_from(strangers.len()).unwrap_or(i64::MAX);
    if let Some(wait_seconds) = throttle::weigh(conn, now, &sent, &sender.to_string(), count).await? {
        return Ok(Err(TooMany::Sent { most, wait_seconds }));
    }
    for (address, confirmed) in strangers {
        let pair = format!("{sender} {address}");
        if let Some(wait_seconds) = throttle::hit(conn, now, &BY_PAIR, &pair).await? {
            return Ok(Err(TooMany::Pair { address: address.clone(), wait_seconds }));
        }
        let received = if confirmed { &BY_ACCOUNT } else { &BY_ADDRESS };
        if let Some(wait_seconds) = throttle::hit(conn, now, received, address).await? {
            return Ok(Err(TooMany::Received { address: address.clone(), wait_seconds }));
        }
    }
    Ok(Ok(()))
}

/// Whether both took part in a deal that everyone agreed to.
///
/// # Errors
/// The database's.
pub async fn have_dealt(conn: &mut Conn<'_>, one: UserId, other: UserId) -> Result<bool, DbError> {
    let found = opt!(
        conn,
        (i64,),
        "SELECT CAST(1 AS BIGINT) FROM parties a JOIN parties b ON b.escrow_id = a.escrow_id
         WHERE a.user_id = $1 AND b.user_id = $2
           AND EXISTS (SELECT 1 FROM events v WHERE v.escrow_id = a.escrow_id AND v.kind = 'agreed')
         LIMIT 1",
        one,
        other
    )?;
    Ok(found.is_some())
}

/// Whether everyone has agreed to an escrow.
///
/// # Errors
/// The database's.
pub async fn is_agreed(conn: &mut Conn<'_>, escrow: Uuid) -> Result<bool, DbError> {
    let found = opt!(
        conn,
        (i64,),
        "SELECT CAST(1 AS BIGINT) FROM events WHERE escrow_id = $1 AND kind = 'agreed' LIMIT 1",
        escrow
    )?;
    Ok(found.is_some())
}

/// How many strangers somebody may write to in a day.
async fn most_of(conn: &mut Conn<'_>, sender: UserId) -> Result<i64, DbError> {
    let (completed,) = one!(
        conn,
        (i64,),
        "SELECT count(*) FROM (
             SELECT e.id FROM parties p JOIN escrows e ON e.id = p.escrow_id
             WHERE p.user_id = $1 AND p.over = TRUE AND e.stage IN ('ended', 'closed')
               AND EXISTS (SELECT 1 FROM events v WHERE v.escrow_id = e.id AND v.kind = 'released')
             LIMIT 20) AS few",
        sender
    )?;
    let level = TRUST.iter().find(|(deals, _)| completed >= *deals);
    Ok(level.map_or(0, |(_, most)| *most))
}
