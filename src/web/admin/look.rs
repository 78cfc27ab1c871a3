//! Pages that show an operator what is private to others: each look is written down before the page is
//! shown, and where it can't be, the page isn't shown either.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Error;
use crate::operators;
use crate::store::audit::{Act, Subject};
use crate::web::visitor::Visitor;

/// What a page lets an operator look at. Its address names it in the third part: `/admin/users/{id}/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    AtUser,
    AtEscrow,
    AtMail,
    /// The security log of everybody.
    AtSecurity,
}

/// Stands behind the gate of such a page.
pub async fn noted(State((app, looks)): State<(App, Looks)>, request: Request, next: Next) -> Response {
    let operator =
        request.extensions().get::<Visitor>().and_then(|visitor| visitor.0.as_ref()).map(|one| one.id);
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let mut parts = path.split('/').skip(3);
    let (name, part) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>().join("/"));
    let subject = match looks {
        Looks::AtUser => name.parse().ok().map(Subject::User),
        Looks::AtEscrow => Some(Subject::Escrow(name.to_owned())),
        Looks::AtMail => name.parse().ok().map(Subject::Mail),
        Looks::AtSecurity => Some(Subject::SecurityLog),
    };
    let Some((operator, subject)) = operator.zip(subject) else { return Error::NotFound.into_response() };
    match operators::look(&app.db, &app.clock, operator, Act::Looked, &subject, &part).await {
        Ok(()) => response,
        Err(error) => Error::from(error).into_response(),
    }
}
