//! The one layer that turns an [`Error`] into a page, and the page into words about money.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::flash::Flash;
use super::page;
use super::shell::Shell;
use super::view::Icon;
use super::visit::Visit;
use crate::app::App;
use crate::error::{Error, Fault};
use crate::store::failure::noting_saves;
use crate::store::security::{self, Kind};

#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    sentence: String,
    /// Whether money moved, where the request was about money.
    money: &'static str,
    /// Where the reader goes on; empty for the start.
    back: String,
    request_id: String,
}

/// What of a request its error page needs to know.
struct Asked {
    method: Method,
    path: String,
    accepts_html: bool,
    /// Whether anything was saved on the way to the answer, or may have been.
    saved: bool,
}

/// Gives every request its [`Visit`], draws errors, and removes the flash that a page has shown.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let visit = Visit::new(id.to_owned(), Flash::of(request.headers()));
    request.extensions_mut().insert(visit.clone());
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        accepts_html: accept.contains("text/html"),
        saved: false,
    };
    // What a script fetches for itself is not shown yet, so the sentence waits for the page that is. The one
    // that sends files draws the answer, and says so.
    let is_drawn = request.headers().contains_key("x-drawn");
    let is_shown = is_drawn || request.headers().get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    let (response, saved) = noting_saves(next.run(request)).await;
    let asked = Asked { saved, ..asked };
    let mut response = match fault_of(&response, &asked) {
        Some(error) => {
            if matches!(*error, Error::CrossSite) {
                tell_cross_site(&app).await;
            }
            draw(&app, &visit, &asked, &error, &response)
        }
        None => response,
    };
    if is_shown && visit.flash().is_some() && response.status().is_success() && is_html(&response) {
        response.headers_mut().append(SET_COOKIE, Flash::gone());
    }
    response
}

/// A form that another site sent never reaches a gate, so nobody is known here. Its address may hold a secret.
async fn tell_cross_site(app: &App) {
    if let Err(error) = security::tell(&app.db, &app.clock, Kind::CrossSite, None, "").await {
        tracing::error!("the security log: {error}");
    }
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// The error of a response: ours, or one of the framework's bare answers in plain text, of which a
/// reader at a browser should see nothing.
fn fault_of(response: &Response, asked: &Asked) -> Option<Arc<Error>> {
    if let Some(Fault(error)) = response.extensions().get::<Fault>() {
        return Some(error.clone());
    }
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_bare = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || !is_bare || !asked.accepts_html {
        return None;
    }
    Some(Arc::new(match status {
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Error::WrongMethod,
        StatusCode::PAYLOAD_TOO_LARGE => {
            Error::TooLarge("What you sent is larger than this page takes.".to_owned())
        }
        StatusCode::REQUEST_TIMEOUT => Error::TooSlow,
        StatusCode::GATEWAY_TIMEOUT => Error::TimedOut,
        _ if status.is_client_error() => Error::BadRequest(
            "Something in it was missing or written in a way that we do not know.".to_owned(),
        ),
        _ => Error::internal(format!("a bare answer with status {status}")),
    }))
}

fn draw(app: &App, visit: &Visit, asked: &Asked, error: &Error, bare: &Response) -> Response {
    if error.status().is_server_error() && !matches!(error, Error::Full) {
        tracing::error!(request_id = visit.id(), code = error.code(), error = ?error, "request failed");
    } else {
        tracing::debug!(request_id = visit.id(), code = error.code(), %error, "request refused");
    }
    let mut response = if asked.path.starts_with("/api/") {
        json(error, visit)
    } else {
        let page = ErrorPage {
            shell: Shell { flash: None, ..Shell::new(app, visit, error.title()) },
            title: error.title(),
            sentence: error.sentence(),
            money: money_words(asked, error),
            back: if let Error::Stale { back, .. } = error { back.clone() } else { String::new() },
            request_id: visit.id().to_owned(),
        };
        page::with_status(error.status(), &page)
            .unwrap_or_else(|_| (error.status(), error.title()).into_response())
    };
    for name in [SET_COOKIE, ALLOW] {
        for value in bare.headers().get_all(&name) {
            response.headers_mut().append(&name, value.clone());
        }
    }
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn json(error: &Error, visit: &Visit) -> Response {
    let body = serde_json::json!({
        "error": { "code": error.code(), "message": error.sentence(), "request_id": visit.id() }
    });
    (error.status(), axum::Json(body)).into_response()
}

/// Pages whose POSTs are about money or about the agreement that moves it.
const MONEY: &[&str] =
    &["/escrows", "/pay", "/g/", "/balances", "/payouts", "/arbitration", "/admin", "/invitations"];

fn money_words(asked: &Asked, error: &Error) -> &'static str {
    let is_about_money = MONEY.iter().any(|start| asked.path.starts_with(start));
    // It says so in its own words.
    let is_said = matches!(error, Error::Stale { .. }) || error.sentence().contains("no money moved");
    if asked.method.is_safe() || !is_about_money || is_said {
        ""
    } else if error.is_uncertain(asked.saved) {
        "We can't say for sure whether what you asked for was carried out. Open the page again and look before you repeat it: \
         if it was, its history shows it, and repeating it does not pay or release anything twice."
    } else {
        "Nothing was changed, and no money has moved."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::execute::Outcome;
    use crate::web::escrow::act::{answer, not_unsent};
    use crate::web::flash::Flash;
    use crate::web::form::{Fields, UNSENT};

    fn asked(method: Method, path: &str) -> Asked {
        Asked { method, path: path.to_owned(), accepts_html: true, saved: false }
    }

    #[test]
    fn a_refused_payment_says_that_no_money_has_moved() {
        let post = asked(Method::POST, "/escrows/ESC-7K2M-9QXA/pay");
        let refused = Error::Refused { code: "PAYMENT_PENDING".to_owned(), sentence: String::new() };
        assert_eq!(money_words(&post, &refused), "Nothing was changed, and no money has moved.");
        assert!(money_words(&post, &Error::TimedOut).starts_with("We can't say for sure"));
        let full = Error::CannotSave("full".into());
        assert_eq!(money_words(&post, &full), "Nothing was changed, and no money has moved.");
        let midway = Asked { saved: true, ..asked(Method::POST, "/escrows/ESC-7K2M-9QXA/pay") };
        assert!(money_words(&midway, &full).starts_with("We can't say for sure"));
        assert_eq!(money_words(&asked(Method::GET, "/escrows"), &Error::NotFound), "");
        let twice = not_unsent(&Fields::new(vec![(UNSENT.to_owned(), "yes".to_owned())]).unwrap_or_default());
        assert_eq!(twice.err().map(|error| money_words(&post, &error)), Some(""), "it says so itself");
        let reused = answer(Outcome::KeyReused, "/", Flash::Approved);
        assert_eq!(reused.err().map(|error| money_words(&post, &error)), Some(""), "it says so itself");
        assert_eq!(money_words(&asked(Method::POST, "/sign-in"), &Error::NotFound), "");
    }
}
