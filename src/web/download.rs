//! A stored file as an answer: always saved and never shown by the browser under our name, whatever is
//! in it. Whether the reader may have it is for the page to find out first.

use std::io::ErrorKind;

use axum::body::Body;
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::{BASE64, HEXLOWER};
use tokio::io::AsyncSeekExt;
use tokio_util::io::ReaderStream;

use crate::app::App;
use crate::error::Error;
use crate::files;
use crate::store::files::Named;

const CHUNK_BYTES: usize = 64 * 1024;

/// The file, streamed from the disk once its bytes, its row and the event that names it say the same. A file that was
/// exchanged is worse than none: it may be evidence.
///
/// # Errors
/// When they differ, or the bytes are not there.
pub async fn attachment(app: &App, named: &Named) -> Result<Response, Error> {
    let row = &named.row;
    let altered = |what: &str| Error::Altered(format!("file {}: {what}", row.id));
    if named.in_event.as_ref() != Some(&row.reference()) {
        return Err(altered("its row is not as its event has it"));
    }
    let mut file = match app.files.open(&row.sha256).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(altered("its bytes are gone")),
        opened => opened?,
    };
    let seen = files::seen(&mut file).await?;
    if (seen.sha256.as_str(), seen.size_bytes) != (row.sha256.as_str(), row.size) {
        return Err(altered("its bytes have changed"));
    }
    file.rewind().await?;
    let headers = [
        (CONTENT_TYPE, Ok(HeaderValue::from_static(served_type(seen.media_type)))),
        (CONTENT_LENGTH, HeaderValue::from_str(&row.size.to_string())),
        (CONTENT_DISPOSITION, HeaderValue::from_str(&disposition(&row.name))),
        (
            CONTENT_SECURITY_POLICY,
            Ok(HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'")),
        ),
        // RFC 9530: whoever saves the file can check that it is the one of the agreement.
        (HeaderName::from_static("repr-digest"), HeaderValue::from_str(&digest(&row.sha256))),
    ];
    let body = Body::from_stream(ReaderStream::with_capacity(file, CHUNK_BYTES));
    let mut response = (StatusCode::OK, body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.map_err(Error::internal)?);
    }
    Ok(response)
}

/// Text of any kind is only text: a page that somebody attached must not become a page of ours.
fn served_type(media_type: &'static str) -> &'static str {
    if media_type.starts_with("text/") { "text/plain; charset=utf-8" } else { media_type }
}

fn digest(sha256: &str) -> String {
    let bytes = HEXLOWER.decode(sha256.as_bytes()).unwrap_or_default();
    format!("sha-256=:{}:", BASE64.encode(&bytes))
}

/// RFC 6266: a plain name for old programs, and the real one beside it.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' })
        .collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_header() {
        assert_eq!(
            disposition("a\"b;\r\n é.pdf"),
            "attachment; filename=\"a_b___ _.pdf\"; filename*=UTF-8''a%22b%3B%0D%0A%20%C3%A9.pdf"
        );
    }

    #[test]
    fn an_attached_page_is_served_as_text() {
        assert_eq!(served_type("text/html"), "text/plain; charset=utf-8");
        assert_eq!(served_type("application/pdf"), "application/pdf");
    }

    #[test]
    fn the_digest_is_the_one_of_the_standard() {
        let sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        assert_eq!(digest(sha256), "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:");
    }
}
