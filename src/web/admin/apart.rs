//! Operators stand apart from escrows in which they take part themselves: what the console shows and does of one
//! is another operator's, whatever the account or address by which this one came into it. Stands behind the gate
//! of every route that is about one escrow.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::App;
use crate::engine::refusal::Refusal;
use crate::error::Error;
use crate::store::book::{self, Book};
use crate::store::db::{Conn, opt};
use crate::store::interest::{self, Among};
use crate::web::visitor::Visitor;

/// Where the addresses begin that name one escrow, or something of one.
const ABOUT_ONE: [&str; 4] =
    ["/admin/escrows/{", "/admin/disputes/{", "/admin/mail/{", "/admin/jobs/payments/{"];

/// The escrow of an address below `/admin/escrows/`, as the gate has read it.
#[derive(Clone, Debug)]
pub struct Opened(pub Arc<Book>);

impl<S: Send + Sync> FromRequestParts<S> for Opened {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or(Error::NotFound)
    }
}

/// Whether a route is about one escrow.
#[must_use]
pub fn concerns(path: &str) -> bool {
    ABOUT_ONE.iter().any(|start| path.starts_with(start))
}

/// Refuses an operator what is another one's to see and do.
pub async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>();
    let operator = visitor.and_then(|visitor| visitor.0.as_ref()).map(|one| one.id);
    let path = request.uri().path().to_owned();
    match refused(&app, operator, &path).await {
        Ok(book) => {
            if let Some(book) = book {
                request.extensions_mut().insert(Opened(Arc::new(book)));
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// The escrow, where the address names it and the operator takes no part in it.
async fn refused(app: &App, operator: Option<Uuid>, path: &str) -> Result<Option<Book>, Error> {
    let operator = operator.ok_or(Error::NotFound)?;
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let (book, takes_part) = match parts[..] {
        ["escrows" | "disputes", reference, ..] => match book::read_for(conn, operator, reference).await? {
            Some((book, takes_part)) => (Some(book), takes_part),
            None => (None, false),
        },
        _ => match escrow_of(conn, &parts).await? {
            Some(escrow) => (None, interest::has(conn, operator, escrow, Among::All).await?),
            None => (None, false),
        },
    };
    if !takes_part {
        return Ok(book);
    }
    Err(Error::Refused {
        code: Refusal::OperatorIsParty.code(),
        sentence:
            "You take part in this escrow yourself, with this account or this email address, so another \
            operator has to look after it. What is yours to see of it stands on its own page."
                .to_owned(),
    })
}

/// The escrow that an address is about; nothing where there is none, which the handler answers.
async fn escrow_of(conn: &mut Conn<'_>, parts: &[&str]) -> Result<Option<Uuid>, Error> {
    let row = match *parts {
        ["mail", id, ..] => match id.parse::<Uuid>() {
            Ok(id) => opt!(conn, (Option<Uuid>,), "SELECT escrow_id FROM outbox WHERE id = $1", id)?,
            Err(_) => None,
        },
        ["jobs", "payments", id, ..] => match id.parse::<Uuid>() {
            Ok(id) => opt!(conn, (Option<Uuid>,), "SELECT escrow_id FROM payments WHERE id = $1", id)?,
            Err(_) => None,
        },
        _ => None,
    };
    Ok(row.and_then(|(escrow,)| escrow))
}
