//! From a template to a response.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::flash::Flash;
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::store::throttle::Limit;

/// The page with status 200.
///
/// # Errors
/// When the template cannot be drawn.
pub fn html(template: &impl Template) -> Result<Response, Error> {
    with_status(StatusCode::OK, template)
}

/// The page with another status, like 422 for a form that comes back with its problems.
///
/// # Errors
/// When the template cannot be drawn.
pub fn with_status(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    let body = template.render().map_err(Error::internal)?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], body).into_response())
}

/// On to another page, with nothing to say there.
#[must_use]
pub fn redirect(to: &str) -> Response {
    axum::response::Redirect::to(to).into_response()
}

/// The answer to a POST that worked: 303 to a page, which shows `flash` once.
#[must_use]
pub fn see_other(to: &str, flash: Flash) -> Response {
    ([(header::SET_COOKIE, flash.cookie())], Redirect::to(to)).into_response()
}

/// Where else the page's forms may lead, beside this portal: the page of a payment provider. The
/// content policy of the response lets it pass.
#[derive(Clone, Debug)]
pub struct FormTarget(pub String);

/// Lets the forms of this page lead to `origin` (like `https://pay.example`) as well.
#[must_use]
pub fn with_form_target(mut response: Response, origin: &str) -> Response {
    response.extensions_mut().insert(FormTarget(origin.to_owned()));
    response
}

/// Counts one try of each kind and refuses the request when there were too many.
///
/// # Errors
/// `Throttled`, or the database did not answer.
pub async fn slow_down(app: &App, tries: &[(&Limit, &str)]) -> Result<(), Error> {
    match accounts::throttled(&app.db, &app.clock, tries).await? {
        Some(retry_after_seconds) => Err(Error::Throttled { retry_after_seconds }),
        None => Ok(()),
    }
}
