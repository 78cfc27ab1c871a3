//! Notices become notifications in the portal and mails in the outbox, in the write that they tell about.

use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::escrow::Escrow;
use crate::engine::notices::{Duty, EscrowNews, News, Notice, Whom};
use crate::engine::party::{Capacity, Role};
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, exec, opt};
use crate::store::outbox::{self, NewMail, To};
use crate::store::{interest, preferences, users};

/// Writes the notices of a decision, in the ways in which each reader wants to be told.
///
/// # Errors
/// The database's.
pub async fn write(
    conn: &mut Conn<'_>,
    clock: &Clock,
    escrow: &Escrow,
    notices: &[Notice],
) -> Result<(), DbError> {
    for notice in notices {
        let ways = preferences::ways(conn, notice.to, notice.topic()).await?;
        let broken = |error: serde_json::Error| DbError::Broken(error.to_string());
        if ways.in_portal {
            let text = serde_json::to_string(notice).map_err(broken)?;
            exec!(
                conn,
                "INSERT INTO notifications (id, user_id, escrow_id, reference, title, notice, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                clock.id(),
                notice.to,
                escrow.id,
                escrow.reference.as_str(),
                escrow.terms.title.as_str(),
                text.as_str(),
                clock.now()
            )?;
        }
        if !ways.by_mail {
            continue;
        }
        let news = EscrowNews {
            reference: escrow.reference.clone(),
            title: escrow.terms.title.clone(),
            notice: notice.clone(),
            guest: escrow.instant() && notice.role == Capacity::from(Role::Buyer),
            earlier: None,
        };
        let mut payload = serde_json::to_value(&news).map_err(broken)?;
        payload["letter"] = "escrow".into();
        let told = &payload["notice"]["news"];
        let kind = match &notice.news {
            News::Deciding(_) => {
                format!("{}_{}", notice.role.word(), told["about"].as_str().unwrap_or("news"))
            }
            _ => told["news"].as_str().unwrap_or("escrow").to_owned(),
        };
        let mail = NewMail {
            to: To::User(notice.to),
            kind,
            payload: payload.to_string(),
            escrow_id: Some(escrow.id),
            urgent: false,
        };
        outbox::enqueue_news(conn, clock, &mail, &about(escrow.id, told), joined).await?;
    }
    Ok(())
}

/// What news are about: those of one kind about one thing have the same. Sums, times and words don't count.
fn about(escrow: Uuid, news: &serde_json::Value) -> String {
    const COUNTS: [&str; 11] =
        ["news", "about", "again", "by", "role", "number", "dispute", "refund", "waiting", "mark", "how"];
    let told = COUNTS.iter().filter_map(|name| news.get(name)).map(ToString::to_string);
    format!("{escrow} {}", told.collect::<Vec<_>>().join(" "))
}

/// The payload of a mail that tells the news of both. Nothing where one of them can't be read.
fn joined(earlier: &str, later: &str) -> Option<String> {
    let (earlier, later): (EscrowNews, EscrowNews) =
        (serde_json::from_str(earlier).ok()?, serde_json::from_str(later).ok()?);
    let mut payload = serde_json::to_value(earlier.followed_by(later)).ok()?;
    payload["letter"] = "escrow".into();
    Some(payload.to_string())
}

/// The notices of what operators are to be told. Whoever takes part in the escrow is none of them here.
///
/// # Errors
/// The database's.
pub async fn for_operators(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    duties: &[Duty],
) -> Result<Vec<Notice>, DbError> {
    if duties.is_empty() {
        return Ok(Vec::new());
    }
    let operators = users::operators(conn).await?;
    let operators = interest::without(conn, escrow.id, &operators).await?;
    let notice = |to: Uuid, duty: &Duty| {
        let told = match duty.to {
            Whom::All => true,
            Whom::AllBut(spared) => to != spared,
        };
        let news = News::Deciding(duty.news.clone());
        told.then_some(Notice { to, role: Capacity::Operator, news })
    };
    Ok(duties.iter().flat_map(|duty| operators.iter().filter_map(move |to| notice(*to, duty))).collect())
}

/// A notification as it stands in the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Notification {
    pub id: Uuid,
    pub reference: String,
    pub title: String,
    pub notice: String,
    pub created_at: Time,
    pub read_at: Option<Time>,
}

/// A page of a user's notifications, the newest first, those before `before`.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    user: Uuid,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Notification>, DbError> {
    all!(
        conn,
        Notification,
        "SELECT id, reference, title, notice, created_at, read_at FROM notifications
         WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        user,
        before.unwrap_or(Uuid::max()),
        most
    )
}

/// A notification of a user, which is read from now on like those before it about the same escrow: its page shows what
/// they tell. Nothing if the user has none of this id.
///
/// # Errors
/// The database's.
pub async fn open(
    conn: &mut Conn<'_>,
    user: Uuid,
    id: Uuid,
    at: Time,
) -> Result<Option<Notification>, DbError> {
    exec!(
        conn,
        "UPDATE notifications SET read_at = $3 WHERE user_id = $1 AND id <= $2 AND read_at IS NULL
             AND escrow_id = (SELECT n.escrow_id FROM notifications n WHERE n.id = $2 AND n.user_id = $1)",
        user,
        id,
        at
    )?;
    opt!(
        conn,
        Notification,
        "SELECT id, reference, title, notice, created_at, read_at FROM notifications WHERE user_id = $1 AND id = $2",
        user,
        id
    )
}

/// Marks a user's notifications as read, up to and including the newest he saw.
///
/// # Errors
/// The database's.
pub async fn mark_read(conn: &mut Conn<'_>, user: Uuid, upto: Uuid, at: Time) -> Result<u64, DbError> {
    exec!(
        conn,
        "UPDATE notifications SET read_at = $3 WHERE user_id = $1 AND id <= $2 AND read_at IS NULL",
        user,
        upto,
        at
    )
}
