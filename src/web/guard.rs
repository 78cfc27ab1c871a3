//! The headers and checks that stand around every page, whatever it does.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::page::FormTarget;
use crate::app::App;

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the security headers. A header that a handler set itself (a file's sandbox, an asset's
/// cache) stays as it is.
pub async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = policy(response.extensions().get::<FormTarget>());
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        set(headers, name, value);
    }
    set(headers, CONTENT_SECURITY_POLICY, policy);
    set(headers, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if app.config.public_url.starts_with("https://") {
        set(
            headers,
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
        keep_to_https(headers);
    }
    response
}

/// Whether a form says from which page it was sent, as those of every browser do. What it says is checked for all
/// pages at once; the gate lets nothing through that says nothing.
#[must_use]
pub fn says_where_from(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN)
}

/// No cookie goes over a line that anybody can read, whichever page set it.
fn keep_to_https(headers: &mut HeaderMap) {
    let cookies: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies {
        let is_kept = String::from_utf8_lossy(cookie.as_bytes())
            .split(';')
            .any(|part| part.trim().eq_ignore_ascii_case("secure"));
        let secure = [cookie.as_bytes(), b"; Secure"].concat();
        let kept = if is_kept { None } else { HeaderValue::from_bytes(&secure).ok() };
        headers.append(SET_COOKIE, kept.unwrap_or(cookie));
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// Nothing from anywhere but us, nothing inline, nobody's frame. A form may also lead to the page of
/// the payment provider that the handler named: browsers hold redirects of a form to the same rule.
fn policy(target: Option<&FormTarget>) -> HeaderValue {
    const STRICT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
        connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    target
        .and_then(|FormTarget(origin)| HeaderValue::from_str(&format!("{STRICT} {origin}")).ok())
        .unwrap_or(HeaderValue::from_static(STRICT))
}

/// The origin of an address exactly as a browser writes it in `Origin`: lower case, no default port,
/// no path. Nothing if the address is none.
#[must_use]
pub fn origin(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let host = uri.host()?.to_ascii_lowercase();
    let default_port = if scheme == "https" { 443 } else { 80 };
    Some(match uri.port_u16() {
        Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        assert_eq!(origin("HTTPS://Escrow.Example:443/").as_deref(), Some("https://escrow.example"));
        assert_eq!(origin("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(origin("escrow.example"), None);
    }

    #[test]
    fn the_policy_is_strict_and_opens_for_one_provider_only() {
        let plain = policy(None);
        assert!(plain.to_str().unwrap().ends_with("form-action 'self'"));
        assert!(!plain.to_str().unwrap().contains("unsafe"));
        let open = policy(Some(&FormTarget("https://pay.example".to_owned())));
        assert!(open.to_str().unwrap().ends_with("form-action 'self' https://pay.example"));
    }
}
