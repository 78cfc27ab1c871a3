//! What the layers know about one request, for its page and for the page of its error.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::flash::Flash;

/// One request on its way. Cheap to clone; every handler may ask for it.
#[derive(Clone, Debug, Default)]
pub struct Visit(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    id: String,
    flash: Option<Flash>,
    person: OnceLock<Person>,
    looks_as: OnceLock<String>,
}

/// Who is signed in, as far as the header of a page needs it.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub is_operator: bool,
    /// Notices that were not read yet.
    pub unread: u32,
    /// Why an operator lets this person read and do nothing else, if one does.
    pub frozen: Option<String>,
}

impl Visit {
    #[must_use]
    pub fn new(id: String, flash: Option<Flash>) -> Self {
        Self(Arc::new(Inner { id, flash, person: OnceLock::new(), looks_as: OnceLock::new() }))
    }

    /// The id that stands in the log and on error pages.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What the page before wanted said.
    #[must_use]
    pub fn flash(&self) -> Option<Flash> {
        self.0.flash
    }

    /// Tells the header who reads. The extractor that finds out calls this, so that an error page
    /// greets the same person as the page would have.
    pub fn greet(&self, person: Person) {
        // A second greeting in one request could only repeat the first.
        let _ = self.0.person.set(person);
    }

    /// Tells the page that an operator of a rehearsal sees it as somebody else does.
    pub fn look_as(&self, name: String) {
        let _ = self.0.looks_as.set(name);
    }

    #[must_use]
    pub fn looks_as(&self) -> Option<&str> {
        self.0.looks_as.get().map(String::as_str)
    }

    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        self.0.person.get()
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
