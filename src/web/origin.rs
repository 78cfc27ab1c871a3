//! The layer that says where a request comes from, for the security log.

use axum::extract::{FromRequestParts, Request};
use axum::http::header::USER_AGENT;
use axum::middleware::Next;
use axum::response::Response;

use super::network::Network;
use super::visitor::device_name;
use crate::store::security::{Origin, coming_from};

/// Runs everything behind it for the sender of the request.
pub async fn layer(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(network) = Network::from_request_parts(&mut parts, &()).await;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin = Origin {
        request_id: text("x-request-id").to_owned(),
        ip: network.ip(),
        network: network.neighbourhood(),
        device: device_name(text(USER_AGENT.as_str())),
    };
    coming_from(origin, next.run(Request::from_parts(parts, body))).await
}
