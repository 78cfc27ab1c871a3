//! A command of a party, sent, and its outcome as an answer.

use axum::http::StatusCode;
use axum::response::Response;

use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::refusal::Refusal;
use crate::error::Error;
use crate::store::execute::{Evidence, Outcome, Request, Who};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, UNSENT};
use crate::web::page::see_other;

/// Said above a form that comes back with what was typed, since the sums on its page have changed.
pub const CHANGED: &str = "Somebody else acted while your page was open, so nothing was carried out and no money moved. \
    Look at it as it stands now, then send it again.";

/// The status of a page that comes back with these problems.
#[must_use]
pub fn status_of(problems: &Problems) -> StatusCode {
    if problems.is_empty() {
        StatusCode::OK
    } else if problems.get("") == Some(CHANGED) {
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// Sends a party's command with what the form carried: `seen` and `key`.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn send(
    app: &App,
    seat: &Seat,
    fields: &Fields,
    command: Command,
    evidence: Option<Evidence>,
) -> Result<Outcome, Error> {
    not_unsent(fields)?;
    let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let key = text("key").filter(|key| key.len() <= 100);
    let request = Request {
        escrow: seat.escrow.id,
        who: Who::User(seat.account.id),
        command,
        seen: text("seen"),
        key,
        evidence,
    };
    Ok(app.execute(&request).await?)
}

/// A form that only comes back to be looked at again is not carried out, whatever its page makes of it.
///
/// # Errors
/// `Conflict` for such a form.
pub fn not_unsent(fields: &Fields) -> Result<(), Error> {
    if !fields.has(UNSENT) {
        return Ok(());
    }
    Err(Error::Conflict(
        "You were signed out before this was sent. Nothing was sent and no money moved. Go back to copy your text, and open the page again."
            .to_owned(),
    ))
}

/// The answer to an outcome: on to `to` with a sentence, or the page that says why not.
///
/// # Errors
/// The refusal, the staleness, or a 404.
pub fn answer(outcome: Outcome, to: &str, flash: Flash) -> Result<Response, Error> {
    match outcome {
        Outcome::Done => Ok(see_other(to, flash)),
        Outcome::AlreadyDone => Ok(see_other(to, Flash::AlreadyDone)),
        Outcome::Refused { refusal: refusal @ Refusal::OtherVersion { .. } } => Err(Error::Stale {
            sentence: format!("{} Nothing was changed.", refusal.sentence()),
            back: to.to_owned(),
        }),
        Outcome::Refused { refusal } => Err(refused(&refusal)),
        Outcome::Stale => Err(Error::Stale {
            sentence: "Somebody else acted while your page was open, so nothing was carried out and no money moved. \
                Look at it as it stands now, then decide again."
                .to_owned(),
            back: to.to_owned(),
        }),
        Outcome::KeyReused => Err(Error::Conflict(
            "This form was sent before with other entries. Nothing was carried out this time and no money moved. \
                Open the page again."
                .to_owned(),
        )),
        Outcome::Unknown => Err(Error::NotFound),
    }
}

/// A refusal as the error that its page is drawn from. Whoever takes no part is told nothing.
#[must_use]
pub fn refused(refusal: &Refusal) -> Error {
    match refusal {
        Refusal::NotAParty => Error::NotFound,
        other => Error::Refused { code: other.code(), sentence: ended(&other.sentence()) },
    }
}

/// A sentence with a full stop, where the engine's own words have none.
fn ended(sentence: &str) -> String {
    if sentence.ends_with('.') { sentence.to_owned() } else { format!("{sentence}.") }
}
