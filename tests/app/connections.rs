//! Connections as a hostile caller makes them: half a head, no end, too many, never read.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use holdfast::config::Limits;
use holdfast::listen::listen;
use holdfast::web;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

const AN_INSTANT: Duration = Duration::from_millis(20);
const WITHOUT_END: Duration = Duration::from_secs(3_600);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

/// Nothing ends by itself, but for what a test changes.
fn patient() -> Limits {
    let all = WITHOUT_END;
    Limits { connections: 100, header: all, stall: all, page: all, upload: all, outside: all }
}

struct Portal {
    address: SocketAddr,
    ended: CancellationToken,
    task: JoinHandle<()>,
}

async fn portal(world: &World, limits: Limits) -> Portal {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, ended) = (listener.local_addr().unwrap(), CancellationToken::new());
    let task = tokio::spawn(listen(listener, web::router(world.app.clone()), limits, ended.clone()));
    Portal { address, ended, task }
}

impl Portal {
    async fn call(&self, says: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(says).await.unwrap();
        stream
    }
}

/// Everything that comes until the other side hangs up.
async fn heard(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection may also end by a reset, which is an end as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn whoever_sends_half_a_head_is_not_waited_for() {
    let world = World::sqlite().await;
    let portal = portal(&world, Limits { header: AN_INSTANT, ..patient() }).await;
    for half in [&b""[..], b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "] {
        let answer = heard(portal.call(half).await).await;
        assert!(!answer.contains("200"), "{answer}");
    }
    // Nor is a connection kept for a next request that does not come.
    let answer = heard(portal.call(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn when_there_are_as_many_as_there_may_be_the_next_one_waits_for_its_turn() {
    let world = World::sqlite().await;
    let portal = portal(&world, Limits { connections: 1, ..patient() }).await;
    let first = portal.call(b"GET /healthz HTTP/1.1\r\n").await;
    let second = portal.call(REQUEST).await;
    let second = tokio::spawn(heard(second));
    // A third one in between would be answered before the second if there were room.
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn whoever_never_takes_the_answers_is_given_up() {
    let world = World::sqlite().await;
    let portal = portal(&world, Limits { stall: AN_INSTANT, ..patient() }).await;
    let mut caller = portal.call(b"").await;
    // It goes on asking until both sides' buffers are full, and then the connection ends.
    while caller.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.is_ok() {}
}

#[tokio::test]
async fn at_the_end_what_has_begun_is_finished_and_nobody_else_is_let_in() {
    let world = World::sqlite().await;
    let portal = portal(&world, patient()).await;
    // Known to have been taken in, since it was answered once.
    let mut idle = portal.call(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    portal.ended.cancel();
    portal.task.await.unwrap();
    heard(idle).await;
    assert!(TcpStream::connect(portal.address).await.is_err());
}

#[tokio::test]
async fn how_long_a_form_may_take_is_the_routes_to_say_and_not_the_senders() {
    let mut world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let mut amel = world.signed_in("amel@example.com").await;
    let draft = amel.post("/escrows/new", &[("role", "buyer")]).await.location().replace("/kind", "");
    world.with_config(|config| config.limits = Limits { page: Duration::ZERO, ..patient() });
    let kind = Some("multipart/form-data; boundary=XX");
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    // The one page that reads whatever is sent: the provider's notices.
    let page = world.browser().send(Method::POST, "/webhooks/sandbox", endless, kind).await;
    assert_eq!(page.status, 503);
    page.shows("This took too long");

    let form =
        "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\na\r\n--XX--\r\n";
    let mut browser = world.browser();
    browser.cookies = amel.cookies;
    let page = browser.send(Method::POST, &format!("{draft}/files"), Body::from(form), kind).await;
    assert_eq!(page.status, 303, "{}", page.text());
}
