//! How slowly the other side may send. Only the time that we wait for it counts, and what arrives pays for
//! waiting: whoever sends a byte now and then is done soon, whoever has a slow line is not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::config::Limits;

/// How long one side has kept the other waiting.
#[derive(Debug)]
pub struct Patience {
    most: Duration,
    bytes_per_second: u32,
    waited: Duration,
    /// Since when we wait now, and when we stop.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Patience {
    /// So long in all, and a second more for each so many bytes.
    #[must_use]
    pub fn new(most: Duration, bytes_per_second: u32) -> Self {
        Self { most, bytes_per_second, waited: Duration::ZERO, waiting: None }
    }

    /// Something came, or was taken: so many bytes of it.
    pub fn pays(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let paid = Duration::from_secs(1) * bytes / self.bytes_per_second.max(1);
        self.waited = self.waited.saturating_sub(paid);
    }

    /// Is ready when it ends.
    pub fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.most.saturating_sub(self.waited);
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        end.as_mut().poll(context)
    }
}

/// What became of a body on its way.
#[derive(Clone, Debug, Default)]
pub struct Arrival(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// We wait for more of it.
    awaited: AtomicBool,
    given_up: AtomicBool,
}

impl Arrival {
    /// Whether it was the sender who kept us waiting, at the end or without one.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed)
    }

    /// Whether more of it was waited for when we stopped looking.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.0.awaited.load(Ordering::Relaxed)
    }
}

/// A body that ends with an error when its sender is too slow.
pub struct Paced {
    body: Body,
    patience: Patience,
    arrival: Arrival,
}

impl Paced {
    #[must_use]
    pub fn new(body: Body, limits: &Limits, arrival: Arrival) -> Self {
        Self { body, patience: Patience::new(limits.slack, limits.least_rate), arrival }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.arrival.0.awaited.store(frame.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(frame) = frame {
            let came = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            let bytes = came.map_or(0, Bytes::len);
            self.patience.pays(bytes);
            return Poll::Ready(frame);
        }
        ready!(self.patience.poll_end(context));
        self.arrival.0.given_up.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_pays_for_waiting() {
        let mut patience = Patience::new(Duration::from_secs(10), 1_000);
        patience.waited = Duration::from_secs(9);
        patience.pays(1);
        assert_eq!(patience.waited, Duration::from_millis(8_999));
        patience.pays(3_000);
        assert_eq!(patience.waited, Duration::from_millis(5_999));
        patience.pays(1_000_000);
        assert_eq!(patience.waited, Duration::ZERO);
    }
}
