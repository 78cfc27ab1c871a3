//! The pages. They read and never write; what changes something goes through `store`.
//!
//! One file a page or feature, each with `pub fn routes() -> Routes`. This one puts them
//! together and holds the layers that stand around all of them, from the outside in:
//! request id · log · headers · gzip · origin · error pages · shares · what can be read · panics · forms of other
//! sites · size; and around each
//! route, by what it is for, how long it may take.

pub mod about;
pub mod admin;
pub mod arbiter;
pub mod assets;
pub mod balances;
pub mod currencies;
pub mod dead_link;
pub mod download;
pub mod draft;
pub mod escrow;
pub mod escrows;
pub mod faults;
pub mod fees;
pub mod flash;
pub mod form;
pub mod guard;
pub mod guest;
pub mod health;
pub mod home;
pub mod icons;
pub mod invitation;
pub mod labels;
mod left;
pub mod looks_as;
pub mod moment;
pub mod network;
pub mod notifications;
mod origin;
pub mod page;
pub mod paging;
pub mod pay_link;
pub mod places;
pub mod readable;
pub mod reset;
pub mod routes;
pub mod sale_terms;
mod security_log;
pub mod settings;
pub mod setup;
pub mod share;
pub mod shell;
pub mod sign_in;
pub mod sign_up;
pub mod terms;
pub mod unsent;
pub mod upload;
pub mod verify;
pub mod verify_email;
pub mod view;
pub mod visit;
pub mod visitor;
pub mod webhooks;

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::handler::Handler;
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Redirect, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use self::routes::{Access, Routes};
use crate::app::App;
use crate::clock::Clock;
use crate::error::Error;
use crate::rehearsal;

/// What a form may weigh. A page that takes files raises it for itself with a `DefaultBodyLimit` of
/// its own.
pub const FORM_LIMIT: usize = 256 * 1024;

/// Every page there is, with who may call it.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(assets::routes())
        .merge(health::routes())
        .merge(about::routes())
        .merge(admin::routes())
        .merge(fees::routes())
        .merge(terms::routes())
        .merge(draft::routes())
        .merge(home::routes())
        .merge(escrows::routes())
        .merge(escrow::routes())
        .merge(arbiter::routes())
        .merge(balances::routes())
        .merge(notifications::routes())
        .merge(invitation::routes())
        .merge(pay_link::routes())
        .merge(sale_terms::routes())
        .merge(guest::routes())
        .merge(sign_up::routes())
        .merge(sign_in::routes())
        .merge(verify::routes())
        .merge(verify_email::routes())
        .merge(reset::routes())
        .merge(setup::routes())
        .merge(settings::routes())
        .merge(looks_as::routes())
        .merge(webhooks::routes())
        .merge(crate::sandbox::page::routes())
}

/// Every page with everything around it.
pub fn router(app: App) -> Router {
    dress(routes().into_router(&app), app)
}

/// The layers, around whatever routes there are. The last one added sees a request first.
fn dress(pages: Router<App>, app: App) -> Router {
    let id = HeaderName::from_static("x-request-id");
    pages
        .fallback(nowhere.layer(from_fn_with_state((app.clone(), Access::Public), visitor::gate)))
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .layer(visitor::session_layer(&app))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(own_forms_only(&app))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), rehearsal::layer))
        .layer(from_fn(readable::layer))
        .layer(from_fn_with_state(app.clone(), share::layer))
        .layer(from_fn_with_state(app.clone(), faults::layer))
        .layer(from_fn(origin::layer))
        .layer(CompressionLayer::new().gzip(true).compress_when(DefaultPredicate::new().and(shown)))
        .layer(from_fn_with_state(app.clone(), guard::headers))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(SetRequestIdLayer::new(id, FreshId(app.clock.clone())))
        .layer(map_request(without_request_id))
        .with_state(app)
}

/// Behind the gate like a page, so that the page that says so greets whoever reads it. An address with a slash
/// at its end is most likely meant for the page without it.
async fn nowhere(method: Method, uri: Uri) -> Result<Redirect, Error> {
    let path = uri.path().trim_end_matches('/');
    if method.is_safe() && path != uri.path() && !path.is_empty() {
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let target = format!("{path}{query}");
        return visitor::local_path(&target).map(Redirect::permanent).ok_or(Error::NotFound);
    }
    Err(Error::NotFound)
}

/// Pages are compressed. A file that is saved keeps the length and the digest that its headers name.
fn shown(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(CONTENT_DISPOSITION)
}

type Refuse = fn(tower_http::csrf::ProtectionError) -> Response;

fn own_forms_only(app: &App) -> CsrfLayer<Refuse> {
    let refuse: Refuse = |_| Error::CrossSite.into_response();
    let layer = CsrfLayer::new();
    let trusting =
        guard::origin(&app.config.public_url).and_then(|own| layer.clone().add_trusted_origin(own).ok());
    trusting.unwrap_or(layer).with_rejection_response(refuse)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let words = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("without words");
    Error::internal(format!("panic: {words}")).into_response()
}

/// The log names the route and never the address itself, which may hold a token.
fn span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-");
    tracing::info_span!("request", id, method = %request.method(), route)
}

/// An id that a client brings is not ours: it would let anyone write into our log.
async fn without_request_id(mut request: Request) -> Request {
    request.headers_mut().remove("x-request-id");
    request
}

/// Ids of requests come from the clock like every other id.
#[derive(Clone)]
struct FreshId(Clock);

impl MakeRequestId for FreshId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let id = data_encoding::HEXLOWER.encode(&self.0.random::<8>());
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn a_panic_becomes_an_error_of_ours() {
        let response = panicked(Box::new("index out of bounds"));
        assert_eq!(response.status(), 500);
        let Some(Fault(error)) = response.extensions().get::<Fault>() else { panic!("no fault") };
        assert!(!error.sentence().contains("index"));
    }
}
