//! The page for a link of a mail that does nothing any more: why, and what to do instead.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::page;
use super::shell::Shell;
use super::visit::Visit;
use crate::app::App;
use crate::error::Error;
use crate::store::tokens::{Token, Worth};

#[derive(Template)]
#[template(path = "pages/dead_link.html")]
struct DeadLink {
    shell: Shell,
    sentence: &'static str,
    href: &'static str,
    words: &'static str,
}

/// Where a reader goes on whose link is dead.
#[derive(Clone, Copy, Debug)]
pub struct Instead {
    /// What to say when the link was used already.
    pub used: &'static str,
    pub href: &'static str,
    pub words: &'static str,
}

/// The token if it is good, or the page that says why it is not.
///
/// # Errors
/// `NotFound` when there never was such a token; else none but a template that cannot be drawn.
pub fn good(
    app: &App,
    visit: &Visit,
    worth: Worth,
    instead: Instead,
) -> Result<Result<Token, Response>, Error> {
    let sentence = match worth {
        Worth::Good(token) => return Ok(Ok(token)),
        Worth::Unknown => return Err(Error::NotFound),
        Worth::Used(_) => instead.used,
        Worth::Replaced(_) => "A newer one was sent. Use the link of the latest mail.",
        Worth::Expired(_) => "It was good for a limited time, and that time is over.",
    };
    page(app, visit, sentence, instead).map(Err)
}

/// The page itself, for a link that died while its form was on its way.
///
/// # Errors
/// When the template cannot be drawn.
pub fn page(app: &App, visit: &Visit, sentence: &'static str, instead: Instead) -> Result<Response, Error> {
    let shell = Shell::new(app, visit, "This link no longer works");
    let page = DeadLink { shell, sentence, href: instead.href, words: instead.words };
    page::with_status(StatusCode::GONE, &page)
}
