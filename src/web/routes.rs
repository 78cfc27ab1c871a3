//! The one way to register a page: with who may call it.
//!
//! The router is built from this list and from nothing else, and each entry's gate is put in front of
//! its handler here. So no route can be added without saying whom it is for, what it says is enforced,
//! and a test walks the list.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::admin::apart;
use super::admin::look::{self, Looks};
use super::visitor;
use crate::app::App;
use crate::error::Error;

/// Who may call a route. The gate refuses everybody else before the handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, and nobody is asked who they are: assets and probes.
    Bare,
    /// Anybody; the page greets whoever is signed in.
    Public,
    /// Whoever is signed in. Others are sent to sign in.
    SignedIn,
    /// Whoever is signed in and takes part in the escrow of the address, or decides its disputes. The gate sees
    /// to the first half; the handler's load answers 404 to everybody but those the page is for.
    Party,
    /// Operators. To everybody else there is no such page.
    Operator,
    /// Whoever holds the secret in the address. The handler looks at it; a wrong one is a 404.
    Token,
    /// A guest who holds the secret in the address, for the one escrow that he bought. The gate looks at it,
    /// and the handlers are those of a party.
    Guest,
    /// A provider whose signature the handler checks.
    SignedNotice,
}

/// One entry of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// Routes with who may call them.
#[derive(Default)]
pub struct Routes(Vec<Route>);

struct Route {
    listed: Listed,
    /// It takes files, and so takes longer.
    uploads: bool,
    /// What is written down that somebody looked at.
    looks: Option<Looks>,
    handler: MethodRouter<App>,
}

impl Routes {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.with(Method::GET, path, access, false, on(MethodFilter::GET, handler))
    }

    /// A page of the console that shows what is private to somebody: each look is written down.
    #[must_use]
    pub fn look<H, T>(mut self, path: &'static str, looks: Looks, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self = self.get(path, Access::Operator, handler);
        if let Some(route) = self.0.last_mut() {
            route.looks = Some(looks);
        }
        self
    }

    /// What a form or a provider sends.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.with(Method::POST, path, access, false, on(MethodFilter::POST, handler))
    }

    /// What a form with files sends: up to so many bytes in all.
    #[must_use]
    pub fn upload<H, T>(self, path: &'static str, access: Access, most_bytes: usize, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let route = on(MethodFilter::POST, handler).route_layer(DefaultBodyLimit::max(most_bytes));
        self.with(Method::POST, path, access, true, route)
    }

    /// What a provider sends: up to so many bytes, of whatever kind.
    #[must_use]
    pub fn notice<H, T>(self, path: &'static str, access: Access, most_bytes: usize, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let route = on(MethodFilter::POST, handler).route_layer(DefaultBodyLimit::max(most_bytes));
        self.with(Method::POST, path, access, false, route)
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Every entry, for the test that walks them.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.0.iter().map(|route| &route.listed)
    }

    /// The router, with every entry's gate in front of its handler, and a limit to the time that both may
    /// take. A sender's word on what it sends is not asked: any route could be kept waiting by it.
    pub fn into_router(self, app: &App) -> Router<App> {
        self.0.into_iter().fold(Router::new(), |router, Route { listed, uploads, looks, mut handler }| {
            let gate = from_fn_with_state((app.clone(), listed.access), visitor::gate);
            let limits = app.config.limits;
            let limit = if uploads { limits.upload } else { limits.page };
            if let Some(looks) = looks {
                handler = handler.route_layer(from_fn_with_state((app.clone(), looks), look::noted));
            }
            if listed.access == Access::Operator && apart::concerns(listed.path) {
                handler = handler.route_layer(from_fn_with_state(app.clone(), apart::gate));
            }
            let handler = handler.route_layer(gate).route_layer(from_fn_with_state(limit, patience));
            router.route(listed.path, handler)
        })
    }

    fn with(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        uploads: bool,
        handler: MethodRouter<App>,
    ) -> Self {
        self.0.push(Route { listed: Listed { method, path, access }, uploads, looks: None, handler });
        self
    }
}

async fn patience(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| Error::TimedOut.into_response())
}
