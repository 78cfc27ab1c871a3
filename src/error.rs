//! Everything that can go wrong on the way to an answer, each with one status and one sentence.
//!
//! A handler returns `Result<Response, Error>`. The inside of an error goes to the log with the
//! request's id; the outside is drawn by one layer of `web`, as a page or as JSON.

use std::io::ErrorKind;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::password::PasswordError;
use crate::store::db::DbError;
use crate::store::failure::Outage;
use crate::store::sessions;

/// What lies behind an error that the reader can do nothing about.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The one error of the portal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such thing, or nothing that this reader may know of: the two look the same.
    #[error("not found")]
    NotFound,
    #[error("method not allowed")]
    WrongMethod,
    /// The request cannot be read at all: a fault of a program, not of a person's entries.
    #[error("bad request: {0}")]
    BadRequest(String),
    /// A form that was sent from another site.
    #[error("a form was sent from another site")]
    CrossSite,
    /// A form that does not say where it was sent from, as every browser's does.
    #[error("a form does not say where it was sent from")]
    FromNowhere,
    /// Something else stands in the way; the sentence says what.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The page showed an older state than there is now; `back` is where the present one stands.
    #[error("stale: {sentence}")]
    Stale { sentence: String, back: String },
    /// A rule says no: its stable code and its one sentence for people.
    #[error("refused: {code}: {sentence}")]
    Refused { code: String, sentence: String },
    /// Larger than the limit that the sentence names.
    #[error("too large: {0}")]
    TooLarge(String),
    /// Too many tries; after this many seconds the next one is welcome.
    #[error("throttled for {retry_after_seconds} s")]
    Throttled { retry_after_seconds: u64 },
    /// One network or account has too much under way at this moment.
    #[error("too much at once")]
    Crowded,
    /// There is no more room for those who are not signed in.
    #[error("no room for another visitor")]
    Full,
    /// What was sent came too slowly, or stopped.
    #[error("what was sent came too slowly")]
    TooSlow,
    /// It took too long, and how far it came is not known.
    #[error("took too long")]
    TimedOut,
    /// A part that we need does not answer now and will again.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Cause),
    /// The disk is full or fails, and will be mended.
    #[error("cannot save: {0}")]
    CannotSave(#[source] Cause),
    /// Something that is kept is not what its history says. The inside names it.
    #[error("altered: {0}")]
    Altered(String),
    #[error("internal: {0}")]
    Internal(#[source] Cause),
}

impl Error {
    /// An error that is nobody's but ours.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::FromNowhere => StatusCode::FORBIDDEN,
            Self::Conflict(_) | Self::Stale { .. } => StatusCode::CONFLICT,
            Self::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Throttled { .. } | Self::Crowded => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Full | Self::TimedOut | Self::Unavailable(_) | Self::CannotSave(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Altered(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::WrongMethod => "WRONG_METHOD",
            Self::BadRequest(_) => "BAD_REQUEST",
            Self::CrossSite => "CROSS_SITE",
            Self::FromNowhere => "NO_ORIGIN",
            Self::Conflict(_) => "CONFLICT",
            Self::Stale { .. } => "STALE",
            Self::Refused { code, .. } => code,
            Self::TooLarge(_) => "TOO_LARGE",
            Self::Throttled { .. } => "THROTTLED",
            Self::Crowded => "TOO_MUCH_AT_ONCE",
            Self::Full => "FULL",
            Self::TooSlow => "TOO_SLOW",
            Self::TimedOut => "TIMED_OUT",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::CannotSave(_) => "CANNOT_SAVE",
            Self::Altered(_) => "ALTERED",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// The heading of the page.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Page not found",
            Self::WrongMethod => "This page works another way",
            Self::BadRequest(_) => "We could not read this request",
            Self::CrossSite => "This form came from somewhere else",
            Self::FromNowhere => "This form does not say where it comes from",
            Self::Conflict(_) => "Something else happened first",
            Self::Stale { .. } => "This has changed since you opened it",
            Self::Refused { .. } => "This is not possible now",
            Self::TooLarge(_) => "That is too large",
            Self::Throttled { .. } => "Too many tries",
            Self::Crowded => "That is too much at once",
            Self::Full => "Too many people are here right now",
            Self::TooSlow => "What you sent did not arrive in time",
            Self::TimedOut => "This took too long",
            Self::Unavailable(_) => "Holdfast is not available for a moment",
            Self::CannotSave(_) => "The portal can’t save anything right now",
            Self::Altered(_) => "This is not the file that was attached",
            Self::Internal(_) => "Something went wrong on our side",
        }
    }

    /// The sentence for the reader. It never carries anything of an inner error.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotFound => "There is nothing at this address, or it is not yours to see. \
                If you followed a link from a mail, check that it was copied whole; if you typed the address, check its spelling."
                .to_owned(),
            Self::WrongMethod => "This address is where a form is sent. Open the page that has the form, and send it from there.".to_owned(),
            Self::BadRequest(sentence) | Self::Conflict(sentence) | Self::TooLarge(sentence) => sentence.clone(),
            Self::CrossSite => "Your browser says that this form was not sent from a page of Holdfast, so we did not carry it out. \
                If you pressed the button on one of our pages, open that page again and send it once more."
                .to_owned(),
            Self::FromNowhere => "Your browser did not say from which page this form was sent, so we did not carry it out. \
                Open the page again in another browser. A program must send the header Origin with the address of this portal."
                .to_owned(),
            Self::Stale { sentence, .. } | Self::Refused { sentence, .. } => sentence.clone(),
            Self::Throttled { retry_after_seconds } => format!(
                "To keep accounts safe we limit how often this can be tried. Try again in {}.",
                in_words(*retry_after_seconds)
            ),
            Self::Crowded => "Your account or your network has many pages or files under way at this moment. Wait until they are done, then try again."
                .to_owned(),
            Self::Full => "It is nothing that you did. Try again in a few seconds.".to_owned(),
            Self::TooSlow => "The connection was too slow, or it stopped. Send it again, or try another connection.".to_owned(),
            Self::TimedOut => "We stopped waiting for an answer. Look at the page again before you repeat what you did.".to_owned(),
            Self::Unavailable(_) => "A part that we need does not answer. It is nothing that you did. Try again in a minute.".to_owned(),
            Self::CannotSave(_) => "Its disk is full or does not answer. It is nothing that you did, and nothing that was saved before is lost. \
                Everything can still be read. Try again in a few minutes."
                .to_owned(),
            Self::Altered(_) => "The stored file differs from the one that the history of this escrow names, so we do not hand it out. \
                It is nothing that you did. The fault is written down, and we will look at it."
                .to_owned(),
            Self::Internal(_) => "It is nothing that you did. The fault is written down, and we will look at it.".to_owned(),
        }
    }

    /// After how long another try may succeed, where that can be said.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Throttled { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Crowded | Self::Full => Some(5),
            Self::Unavailable(_) | Self::CannotSave(_) => Some(30),
            Self::NotFound
            | Self::WrongMethod
            | Self::BadRequest(_)
            | Self::CrossSite
            | Self::FromNowhere
            | Self::Conflict(_)
            | Self::Stale { .. }
            | Self::Refused { .. }
            | Self::TooLarge(_)
            | Self::TooSlow
            | Self::TimedOut
            | Self::Altered(_)
            | Self::Internal(_) => None,
        }
    }

    /// Whether the request may have been carried out in part, so that nobody can say "nothing
    /// happened" without looking. `saved` is whether it had saved anything before it failed.
    #[must_use]
    pub fn is_uncertain(&self, saved: bool) -> bool {
        match self {
            Self::TimedOut | Self::Internal(_) => true,
            Self::TooSlow | Self::Unavailable(_) | Self::CannotSave(_) => saved,
            Self::NotFound
            | Self::WrongMethod
            | Self::BadRequest(_)
            | Self::CrossSite
            | Self::FromNowhere
            | Self::Conflict(_)
            | Self::Stale { .. }
            | Self::Refused { .. }
            | Self::TooLarge(_)
            | Self::Throttled { .. }
            | Self::Crowded
            | Self::Altered(_)
            | Self::Full => false,
        }
    }
}

/// Seconds in words, rounded up: nobody should come back too early.
#[must_use]
pub fn in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

/// The error, carried in the response to the layer that draws it.
#[derive(Clone, Debug)]
pub struct Fault(pub Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Fault(Arc::new(self)));
        response
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.outage() {
            Some(Outage::Disk) => Self::CannotSave(Box::new(error)),
            Some(Outage::Away) => Self::Unavailable(Box::new(error)),
            None if error.is_transient() => Self::Unavailable(Box::new(error)),
            // Each place that expects one asks for it itself; this is for two who did the same at one moment.
            None if error.is_unique_violation() => Self::Conflict(
                "Somebody did the same at the same moment, so this was not done twice. Open the page again to see how it stands."
                    .to_owned(),
            ),
            None => Self::internal(error),
        }
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        Self::internal(error)
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        match sessions::outage(&error) {
            Some(Outage::Disk) => Self::CannotSave(Box::new(error)),
            Some(Outage::Away) => Self::Unavailable(Box::new(error)),
            None => Self::internal(error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        // What is not there any more, or is asked for in a wrong way, no room on the disk will bring back.
        let is_ours = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::InvalidInput | ErrorKind::InvalidData
        );
        if is_ours { Self::internal(error) } else { Self::CannotSave(Box::new(error)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_an_error_stays_inside() {
        let error = Error::internal("password of the database is hunter2");
        assert!(!error.sentence().contains("hunter2") && !error.title().contains("hunter2"));
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_wait_is_told_in_words_and_never_too_short() {
        assert_eq!(in_words(1), "a second");
        assert_eq!(in_words(45), "45 seconds");
        assert_eq!(in_words(121), "3 minutes");
        assert_eq!(in_words(7_201), "3 hours");
    }
}
