//! What no database can hold is refused before any page sees it: a NUL and other control characters in an
//! address, and bytes that are no UTF-8, whether they stand in a path or in a query. Forms are read by
//! [`super::form`] and [`super::upload`], which hold to the same.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Error;

/// No address of ours comes near it.
const LONGEST_PATH: usize = 2_000;

/// Lets through what can be read.
pub async fn layer(request: Request, next: Next) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    if path.len() > LONGEST_PATH || text(path.as_bytes()).is_none_or(|path| path.contains(char::is_control)) {
        return Error::NotFound.into_response();
    }
    if text(query.as_bytes()).is_none_or(|query| query.contains('\0')) {
        return unreadable().into_response();
    }
    next.run(request).await
}

/// The answer to a form or a query that holds what no text can.
pub fn unreadable() -> Error {
    Error::BadRequest(
        "It holds signs that no text can have. Type it again, and leave out what was pasted.".to_owned(),
    )
}

/// The text behind percent signs; nothing when it is no UTF-8.
pub fn text(encoded: &[u8]) -> Option<String> {
    let digit = |at: usize| encoded.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::with_capacity(encoded.len()), 0);
    while let Some(byte) = encoded.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_or_it_is_none() {
        assert_eq!(text(b"/a%20b/%C3%A9").as_deref(), Some("/a b/\u{e9}"));
        assert_eq!(text(b"/100%/%4/%zz/%").as_deref(), Some("/100%/%4/%zz/%"));
        assert_eq!(text(b"/%00").as_deref(), Some("/\0"));
        for bad in [&b"/%ff"[..], b"/%C3", b"/%ED%A0%80", b"/%F5%80%80%80", b"/\xff"] {
            assert_eq!(text(bad), None);
        }
    }
}
