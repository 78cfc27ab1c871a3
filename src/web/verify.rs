//! Is this document genuine? Whoever holds a contract or a file of an escrow, and its reference, can ask
//! whether Holdfast knows exactly that text. The answer is yes or no and nothing else: an unknown reference
//! and an unknown document sound the same.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{Problems, Search};
use super::network::Network;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::visit::Visit;
use crate::app::App;
use crate::calendar::Zone;
use crate::checkpoints as made;
use crate::error::Error;
use crate::store::checkpoints;
use crate::store::escrows;
use crate::store::throttle;

pub fn routes() -> Routes {
    Routes::new().get("/verify", Access::Public, ask)
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
        problems.add("reference", "Enter the reference as it stands on the document, like ESC-7K2M-9QXA.");
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
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell =
        Shell::new(&app, &visit, "Is this document genuine?").with_problems(!problems.is_empty()).describing(
            "Check whether a contract or a file belongs to an escrow at Holdfast, by its fingerprint.",
        );
    let page = Page {
        shell,
        problems,
        reference: reference.unwrap_or(typed_reference),
        sha256: sha256.unwrap_or(typed_hash),
        answer,
        newest: newest(&app).await?,
    };
    page::with_status(status, &page)
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
