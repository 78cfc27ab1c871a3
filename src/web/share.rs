//! Nobody takes more than a share: how much one network has under way, how slowly it may send, and that some
//! room is kept for those who are signed in.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};

use super::network::Network;
use crate::app::App;
use crate::crowd::{MOST_OF_ACCOUNT, MOST_OF_NETWORK, Place};
use crate::error::{Error, Fault};
use crate::pace::{Arrival, Paced};
use crate::store::users::Account;

/// Holds a request to its share, until its answer has been sent.
pub async fn layer(State(app): State<App>, network: Network, request: Request, next: Next) -> Response {
    let place = match network.crowd() {
        Some(key) => match app.crowd.enter(format!("network/{key}"), MOST_OF_NETWORK) {
            Some(place) => Some(place),
            None => return Error::Crowded.into_response(),
        },
        None => None,
    };
    let arrival = Arrival::default();
    let limits = app.config.limits;
    let request = request.map(|body| Body::new(Paced::new(body, &limits, arrival.clone())));
    let response = next.run(request).await;
    let timed_out =
        response.extensions().get::<Fault>().is_some_and(|Fault(error)| matches!(**error, Error::TimedOut));
    if arrival.is_slow() || (timed_out && arrival.is_awaited()) {
        return Error::TooSlow.into_response();
    }
    match place {
        Some(place) => response.map(|body| Body::new(Held { body, _place: place })),
        None => response,
    }
}

/// A place among the requests of an account, or among those of all who are not signed in: a quarter of all connections
/// is kept for those who are.
///
/// # Errors
/// There is none at this moment.
pub fn place(app: &App, account: Option<&Account>) -> Result<Place, Error> {
    match account {
        Some(account) => {
            app.crowd.enter(format!("account/{}", account.id), MOST_OF_ACCOUNT).ok_or(Error::Crowded)
        }
        None => {
            let most = (app.config.limits.connections * 3 / 4).max(1);
            app.crowd.enter("strangers".to_owned(), most).ok_or(Error::Full)
        }
    }
}

/// An answer that holds a place until it is sent.
struct Held {
    body: Body,
    _place: Place,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
