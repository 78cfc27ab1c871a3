//! The page between a form of the console and what can't be undone: everything that was typed in words, and the
//! same form again for whoever wants to change something.

use askama::Template;
use axum::response::Response;

use crate::error::Error;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::shell::Shell;

/// The field that says what a form is sent for: nothing for the page that asks, `confirm`, or `change`.
const STEP: &str = "step";

/// What a form is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To be shown what it comes to.
    Asking,
    Doing,
    /// Back to the form, with what was typed.
    Changing,
}

impl For {
    #[must_use]
    pub fn of(fields: &Fields) -> Self {
        match fields.get(STEP) {
            "confirm" => Self::Doing,
            "change" => Self::Changing,
            _ => Self::Asking,
        }
    }
}

/// The page that asks.
#[derive(Template)]
#[template(path = "pages/admin/confirm.html")]
pub struct Confirm {
    pub shell: Shell,
    /// Where the form is sent.
    pub path: &'static str,
    pub rows: Vec<(&'static str, String)>,
    /// A long text; empty for none.
    pub text: String,
    /// What can't be undone about it.
    pub warning: &'static str,
    pub button: String,
    /// What was typed, to be sent again.
    pub typed: Vec<(String, String)>,
}

impl Confirm {
    /// What was typed, without what it was sent for, and what the page shows of today.
    #[must_use]
    pub fn typed(fields: &Fields, seen: &str) -> Vec<(String, String)> {
        let all = fields.iter().filter(|(name, _)| ![STEP, "seen"].contains(name)).chain([("seen", seen)]);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// # Errors
    /// When it cannot be drawn.
    pub fn draw(&self) -> Result<Response, Error> {
        page::html(self)
    }
}
