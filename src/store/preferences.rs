//! How people want to be told of what: by mail, in the portal, both or neither. What nobody chose is told in
//! both ways, and what binds is told whatever was chosen.

use uuid::Uuid;

use crate::engine::topics::Topic;
use crate::store::db::{Conn, DbError, all, exec, opt};

/// The ways in which one topic is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    pub by_mail: bool,
    pub in_portal: bool,
}

impl Ways {
    pub const BOTH: Self = Self { by_mail: true, in_portal: true };
}

/// How a user wants to be told of a topic.
///
/// # Errors
/// The database's.
pub async fn ways(conn: &mut Conn<'_>, user: Uuid, topic: Topic) -> Result<Ways, DbError> {
    if !topic.may_be_off() {
        return Ok(Ways::BOTH);
    }
    let row = opt!(
        conn,
        (bool, bool),
        "SELECT by_mail, in_portal FROM notice_preferences WHERE user_id = $1 AND topic = $2",
        user,
        topic.name()
    )?;
    Ok(row.map_or(Ways::BOTH, |(by_mail, in_portal)| Ways { by_mail, in_portal }))
}

/// What a user chose for each topic that can be switched off, in their order.
///
/// # Errors
/// The database's.
pub async fn of_user(conn: &mut Conn<'_>, user: Uuid) -> Result<Vec<(Topic, Ways)>, DbError> {
    let rows = all!(
        conn,
        (String, bool, bool),
        "SELECT topic, by_mail, in_portal FROM notice_preferences WHERE user_id = $1",
        user
    )?;
    let chosen = |topic: Topic| {
        let row = rows.iter().find(|(name, ..)| name == topic.name());
        row.map_or(Ways::BOTH, |(_, by_mail, in_portal)| Ways { by_mail: *by_mail, in_portal: *in_portal })
    };
    Ok(Topic::CHOICES.into_iter().map(|topic| (topic, chosen(topic))).collect())
}

/// Stores how a user wants to be told of a topic. What binds has no choice, and nothing is stored of it.
///
/// # Errors
/// The database's.
pub async fn choose(conn: &mut Conn<'_>, user: Uuid, topic: Topic, ways: Ways) -> Result<(), DbError> {
    if !topic.may_be_off() {
        return Ok(());
    }
    exec!(
        conn,
        "INSERT INTO notice_preferences (user_id, topic, by_mail, in_portal) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id, topic) DO UPDATE SET by_mail = excluded.by_mail, in_portal = excluded.in_portal",
        user,
        topic.name(),
        ways.by_mail,
        ways.in_portal
    )?;
    Ok(())
}
