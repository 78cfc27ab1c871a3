//! Connections: taken in while there is room, and each given so long to say what it wants and to take
//! its answer. One that asks nothing at the moment holds no place that another one needs: the longest silent of
//! whoever has most of them goes first. It knows no page.
//!
//! One address has no more than a quarter of them, but for this machine's own: a proxy speaks for many, and limits
//! them itself.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::config::Limits;
use crate::crowd::customer;
use crate::pace::Patience;

/// How long to wait when the system has no room for another connection.
const BREATH: Duration = Duration::from_secs(1);

/// Serves until `ended`, then lets each connection finish the request that it has begun. Whoever calls
/// decides how long to wait for that.
pub async fn listen(listener: TcpListener, pages: Router, limits: Limits, ended: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header);
    let (graceful, seats) = (GracefulShutdown::new(), Seats::new(limits.connections));
    loop {
        let next = tokio::select! {
            () = ended.cancelled() => break,
            next = next(&listener, &seats) => next,
        };
        let (seat, stream, peer) = match next {
            Ok(next) => next,
            Err(error) => {
                // Most likely there are too many open files: some must be closed first.
                tracing::error!("no connection can be taken: {error}");
                sleep(BREATH).await;
                continue;
            }
        };
        let patience = Patience::new(limits.stall, limits.least_rate);
        let stream = TokioIo::new(Patient { stream, patience, seat: seat.taken() });
        let (pages, taken) = (pages.clone(), seat.taken());
        let serve = service_fn(move |request| answer(pages.clone(), peer, taken.clone(), request));
        let connection = graceful.watch(http.serve_connection(stream, serve));
        tokio::spawn(async move {
            tokio::select! {
                () = seat.asked_to_leave() => tracing::debug!("a silent connection made room"),
                done = connection => if let Err(error) = done {
                    tracing::debug!("a connection ended early: {error}");
                },
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The next connection, with a place for it. Until there is one it waits.
async fn next(listener: &TcpListener, seats: &Seats) -> io::Result<(Seat, TcpStream, SocketAddr)> {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole, so that waiting for more gains nothing.
                stream.set_nodelay(true)?;
                if let Some(seat) = seats.take(customer(peer.ip())).await {
                    return Ok((seat, stream, peer));
                }
            }
            Err(error) if is_the_callers(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Every connection there is. Cheap to clone.
#[derive(Clone)]
struct Seats {
    most: usize,
    all: Arc<Mutex<BTreeMap<u64, Taken>>>,
    /// Somebody left, or fell silent.
    changed: Arc<Notify>,
}

/// The place of one connection, given back when it is dropped.
struct Seat {
    seats: Seats,
    number: u64,
    taken: Taken,
}

/// Who sits in it. Cheap to clone.
#[derive(Clone)]
struct Taken {
    by: IpAddr,
    state: Arc<Mutex<State>>,
    leave: CancellationToken,
    changed: Arc<Notify>,
}

struct State {
    /// Whether a request is being answered, and whether some of the answer waits to be taken.
    answering: bool,
    writing: bool,
    silent_since: Instant,
}

impl Seats {
    fn new(most: usize) -> Self {
        Self { most, all: Arc::default(), changed: Arc::default() }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Taken>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for `by`, once there is one; nothing when `by` has its share, and each of them is busy.
    async fn take(&self, by: IpAddr) -> Option<Seat> {
        loop {
            let changed = self.changed.notified();
            {
                let mut all = self.all();
                let of_theirs = all.values().filter(|taken| taken.by == by).count();
                let has_share = !by.is_loopback() && of_theirs >= (self.most / 4).max(1);
                if !has_share && all.len() < self.most {
                    return Some(self.sit(&mut all, by));
                }
                match longest_silent(&all, has_share.then_some(by)) {
                    Some(taken) => taken.leave.cancel(),
                    None if has_share => return None,
                    None => {}
                }
            }
            changed.await;
        }
    }

    fn sit(&self, all: &mut BTreeMap<u64, Taken>, by: IpAddr) -> Seat {
        let state = State { answering: false, writing: false, silent_since: Instant::now() };
        let (state, changed) = (Arc::new(Mutex::new(state)), self.changed.clone());
        let taken = Taken { by, state, leave: CancellationToken::new(), changed };
        let number = all.last_key_value().map_or(0, |(number, _)| number + 1);
        all.insert(number, taken.clone());
        Seat { seats: self.clone(), number, taken }
    }
}

/// Whom to send away: of whoever has most of them, or of `whose`, the one that has been silent for longest.
fn longest_silent(all: &BTreeMap<u64, Taken>, whose: Option<IpAddr>) -> Option<&Taken> {
    let mut counts = HashMap::new();
    for taken in all.values() {
        *counts.entry(taken.by).or_insert(0_usize) += 1;
    }
    let silent =
        all.values().filter(|taken| whose.is_none_or(|by| taken.by == by) && !taken.leave.is_cancelled());
    silent
        .filter_map(|taken| Some((taken.silence()?, taken)))
        .max_by_key(|(silence, taken)| (counts.get(&taken.by).copied(), *silence))
        .map(|(_, taken)| taken)
}

impl Seat {
    fn taken(&self) -> Taken {
        self.taken.clone()
    }

    async fn asked_to_leave(&self) {
        self.taken.leave.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.all().remove(&self.number);
        self.seats.changed.notify_waiters();
    }
}

impl Taken {
    /// For how long nothing has been asked of us; nothing while something is.
    fn silence(&self) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (!state.answering && !state.writing).then(|| state.silent_since.elapsed())
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let is_silent = !state.answering && !state.writing;
        if is_silent {
            state.silent_since = Instant::now();
        }
        drop(state);
        if is_silent {
            self.changed.notify_waiters();
        }
    }
}

/// A caller who hung up before being heard is no fault of ours.
fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

async fn answer(
    pages: Router,
    peer: SocketAddr,
    taken: Taken,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Answered>, Infallible> {
    taken.set(|state| state.answering = true);
    let answering = Answering(taken);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = pages.oneshot(request).await?;
    Ok(response.map(|body| Answered { body, _answering: answering }))
}

/// A request that is being answered, until it is dropped.
struct Answering(Taken);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set(|state| state.answering = false);
    }
}

/// An answer on its way.
struct Answered {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answered {
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

/// A connection that is given up when the other side takes its answers too slowly.
struct Patient {
    stream: TcpStream,
    patience: Patience,
    seat: Taken,
}

impl Patient {
    /// `bytes` says how many were taken.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        self.note_writing(done.is_pending());
        if let Poll::Ready(done) = done {
            self.patience.pays(done.as_ref().map_or(0, bytes));
            return Poll::Ready(done);
        }
        ready!(self.patience.poll_end(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn note_writing(&self, writing: bool) {
        self.seat.set(|state| state.writing = writing);
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, done, |taken| *taken)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, done, |taken| *taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, done, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, done, |()| 0)
    }
}
