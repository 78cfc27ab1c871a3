//! Is this document genuine? With a contract or a file of an escrow, and its reference, anybody can ask whether Holdfast
//! knows exactly that, by the file itself or by its fingerprint. Nothing of a file is kept. The answer is yes or no and
//! nothing else: an unknown reference and an unknown document sound the same.

use askama::Template;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::FORM_LIMIT;
use super::form::{Problems, Search};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::visit::Visit;
use crate::app::App;
use crate::calendar::Zone;
use crate::checkpoints as made;
use crate::engine::check::LARGEST_FILE_BYTES;
use crate::error::Error;
use crate::store::checkpoints;
use crate::store::escrows;
use crate::store::throttle;

/// The field of a file's reference, which stands on the page beside that of a fingerprint.
const REFERENCE: &str = "reference_of_file";
/// Longer than any reference, in bytes.
const LONGEST_REFERENCE: usize = 200;

pub fn routes() -> Routes {
    let most = usize::try_from(LARGEST_FILE_BYTES).unwrap_or_default() + FORM_LIMIT;
    Routes::new().get("/verify", Access::Public, ask).upload("/verify", Access::Public, most, hash)
}

const NO_REFERENCE: &str = "Enter the reference as it stands on the document, like ESC-7K2M-9QXA.";

/// Makes the fingerprint of a file, and leads on to the answer for that.
async fn hash(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    request: Request,
) -> Result<Response, Error> {
    page::slow_down(&app, &[(&throttle::VERIFY_BY_NETWORK, &network.neighbourhood())]).await?;
    let form = Multipart::from_request(request, &app).await;
    let (reference, sha256) = read(form.map_err(|error| Error::BadRequest(error.body_text()))?).await?;
    let mut problems = Problems::new();
    if escrows::reference_of(&reference).is_none() {
        problems.add(REFERENCE, NO_REFERENCE);
    }
    if sha256.is_empty() {
        problems.add("file", "Choose the file.");
    }
    if !problems.is_empty() {
        return draw(&app, &visit, problems, (reference, String::new()), None).await;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("reference", &reference).append_pair("sha256", &sha256);
    Ok(Redirect::to(&format!("/verify?{}", query.finish())).into_response())
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let most = LARGEST_FILE_BYTES / (1024 * 1024);
        return Error::TooLarge(format!("No file of an escrow is larger than {most} MiB, so this is none."));
    }
    Error::BadRequest("The file did not arrive whole. Choose it again.".to_owned())
}

/// The reference as it was typed, and the SHA-256 of the file; empty where none was chosen.
async fn read(mut form: Multipart) -> Result<(String, String), Error> {
    let (mut reference, mut sha256) = (String::new(), String::new());
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_chosen = field.file_name().is_some_and(|name| !name.is_empty());
        let (mut digest, mut text) = (Sha256::new(), Vec::new());
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            match name.as_str() {
                "file" => digest.update(&chunk),
                REFERENCE if text.len() + chunk.len() <= LONGEST_REFERENCE => text.extend_from_slice(&chunk),
                _ => {}
            }
        }
        match name.as_str() {
            "file" if is_chosen => sha256 = HEXLOWER.encode(&digest.finalize()),
            REFERENCE => reference = String::from_utf8_lossy(&text).into_owned(),
            _ => {}
        }
    }
    Ok((reference, sha256))
}

#[derive(Template)]
#[template(path = "pages/verify.html")]
struct Page {
    shell: Shell,
    problems: Problems,
    reference: String,
    sha256: String,
    /// Nothing as long as nothing was asked.
    answer: Option<bool>,
    newest: Option<Newest>,
}

/// The newest checkpoint, as whoever takes part may note it.
struct Newest {
    number: i64,
    at: String,
    root: String,
    key: String,
}

async fn newest(app: &App) -> Result<Option<Newest>, Error> {
    let Some(stored) = checkpoints::newest(&mut app.db.read().await?.conn()).await? else { return Ok(None) };
    let body = made::body(&stored)?;
    let at = Zone::utc().moment(stored.at);
    Ok(Some(Newest { number: stored.number, at, root: body.root, key: body.key }))
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    network: Network,
    Search(query): Search,
) -> Result<Response, Error> {
    let (typed_reference, typed_hash) = (query.get("reference").to_owned(), query.get("sha256").to_owned());
    let mut problems = Problems::new();
    let asked = query.has("sha256");
    let reference = escrows::reference_of(&typed_reference);
    let sha256 = hash_of(&typed_hash);
    if asked && reference.is_none() {
        problems.add("reference", NO_REFERENCE);
    }
    if asked && sha256.is_none() {
        problems.add("sha256", "Enter the SHA-256 of the document: 64 digits and letters from a to f.");
    }
    let answer = match (asked, &reference, &sha256) {
        (true, Some(reference), Some(sha256)) => {
            // Guessing is hopeless anyway; this only keeps the asking from becoming a burden.
            page::slow_down(&app, &[(&throttle::VERIFY_BY_NETWORK, &network.neighbourhood())]).await?;
            Some(escrows::knows_document(&mut app.db.read().await?.conn(), reference, sha256).await?)
        }
        _ => None,
    };
    let shown = (reference.unwrap_or(typed_reference), sha256.unwrap_or(typed_hash));
    draw(&app, &visit, problems, shown, answer).await
}

async fn draw(
    app: &App,
    visit: &Visit,
    problems: Problems,
    (reference, sha256): (String, String),
    answer: Option<bool>,
) -> Result<Response, Error> {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell =
        Shell::new(app, visit, "Is this document genuine?").with_problems(!problems.is_empty()).describing(
            "Check whether a contract or a file belongs to an escrow at Holdfast, by its fingerprint.",
        );
    let newest = newest(app).await?;
    page::with_status(status, &Page { shell, problems, reference, sha256, answer, newest })
}

/// A SHA-256 in hexadecimal, in letters of either case; what `sha256sum` writes behind it is left out.
fn hash_of(typed: &str) -> Option<String> {
    let digest = typed.split_whitespace().next()?.to_ascii_lowercase();
    let fits = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_however_it_is_pasted() {
        let plain = "ab".repeat(32);
        assert_eq!(hash_of(&plain).as_deref(), Some(plain.as_str()));
        assert_eq!(hash_of(&format!(" {} ", plain.to_uppercase())).as_deref(), Some(plain.as_str()));
        assert_eq!(hash_of(&format!("{plain}  offer.pdf")).as_deref(), Some(plain.as_str()));
        for bad in ["", "ab", &"ab".repeat(33), &"xy".repeat(32), &format!("é{}", "a".repeat(63))] {
            assert_eq!(hash_of(bad), None, "{bad}");
        }
    }
}
