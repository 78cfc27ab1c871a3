//! In a rehearsal an operator opens a mail as the person it is for: the pages then show what that person sees, and do
//! what they do, until the operator returns. The operator's own session stays below it.
//!
//! It is possible only over a database that was begun as a rehearsal and holds nobody's real deals, and each
//! beginning is written down. While somebody looks as another, they are no operator.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use tower_sessions::Session;
use uuid::Uuid;

use super::admin::mail::{id_of, own_link};
use super::page;
use super::routes::{Access, Routes};
use super::visitor::{OperatorOnly, local_path};
use crate::app::App;
use crate::error::Error;
use crate::store::audit::{self, Act, Subject};
use crate::store::db::{DbError, opt};
use crate::store::rehearsal;
use crate::store::sessions::key;
use crate::store::users::{self, Account};

pub fn routes() -> Routes {
    Routes::new().post("/admin/mail/{id}/open", Access::Operator, open).post(
        "/return-to-own-account",
        Access::Public,
        end,
    )
}

/// Whom a session looks as.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LooksAs {
    /// Nobody, for somebody without an account.
    pub user: Option<Uuid>,
    pub name: String,
}

/// Whether operators may look as others here.
///
/// # Errors
/// The database's.
pub async fn is_possible(app: &App) -> Result<bool, DbError> {
    Ok(app.config.rehearsal && rehearsal::is_one(&mut app.db.read().await?.conn()).await?)
}

/// Whom the session of this account looks as.
///
/// # Errors
/// The database's.
pub async fn of(app: &App, session: &Session, account: &Account) -> Result<Option<LooksAs>, Error> {
    if !app.config.rehearsal || !account.operator {
        return Ok(None);
    }
    let looks_as = session.get::<LooksAs>(key::LOOKS_AS).await?;
    Ok(if looks_as.is_some() && is_possible(app).await? { looks_as } else { None })
}

/// Whoever has just proved to be somebody while an operator looks as nobody yet: the session looks as them from now
/// on, and stays the operator's. False where no operator looks as anybody.
///
/// # Errors
/// The database's.
pub async fn takes_over(app: &App, session: &Session, user: Uuid) -> Result<bool, Error> {
    if !app.config.rehearsal || session.get::<LooksAs>(key::LOOKS_AS).await?.is_none() {
        return Ok(false);
    }
    let known = users::by_id(&mut app.db.read().await?.conn(), user).await?;
    let name = known.map(|known| known.name).unwrap_or_default();
    session.insert(key::LOOKS_AS, LooksAs { user: Some(user), name }).await?;
    Ok(true)
}

#[derive(FromRow)]
struct Mail {
    to_user: Option<Uuid>,
    to_address: Option<String>,
    name: Option<String>,
    email: Option<String>,
    confirmed: bool,
    operator: Option<bool>,
    body_text: Option<String>,
}

async fn open(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    if !is_possible(&app).await? {
        return Err(Error::NotFound);
    }
    let id = id_of(&id)?;
    let mut tx = app.db.write().await?;
    let mail = opt!(
        &mut tx.conn(),
        Mail,
        "SELECT o.to_user, o.to_address, u.name, coalesce(u.email, u.guest_email) AS email, u.operator,
                u.claimed_at IS NOT NULL AND u.email_confirmed_at IS NOT NULL AS confirmed, o.body_text
         FROM outbox o LEFT JOIN users u ON u.id = o.to_user WHERE o.id = $1",
        id
    )?
    .ok_or(Error::NotFound)?;
    let text = mail.body_text.unwrap_or_default();
    let link = own_link(&text, &app.config.public_url);
    let path = link.strip_prefix(&app.config.public_url).and_then(local_path).unwrap_or("/").to_owned();
    // An operator's mail is about an operator's work: they do that as themselves.
    if mail.to_user == Some(operator.id) || mail.operator == Some(true) {
        return Ok(Redirect::to(&path).into_response());
    }
    let address = mail.to_address.or(mail.email).unwrap_or_default();
    let name = mail.name.filter(|name| mail.confirmed && !name.is_empty()).unwrap_or(address);
    let subject = mail.to_user.map_or(Subject::Mail(id), Subject::User);
    let note = "looks as this person in a rehearsal";
    audit::note(&mut tx.conn(), &app.clock, operator.id, Act::Looked, &subject, note).await?;
    tx.commit().await?;
    let user = mail.to_user.filter(|_| mail.confirmed);
    session.insert(key::LOOKS_AS, LooksAs { user, name }).await?;
    Ok(Redirect::to(&path).into_response())
}

async fn end(session: Session) -> Result<Response, Error> {
    if session.id().is_some() {
        session.remove::<LooksAs>(key::LOOKS_AS).await?;
    }
    Ok(page::redirect("/admin/mail"))
}
