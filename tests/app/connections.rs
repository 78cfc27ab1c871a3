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
/// A form of which nothing comes but its head.
const BUSY: &[u8] = b"POST /webhooks/sandbox HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n";
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

/// Nothing ends by itself, but for what a test changes.
fn patient() -> Limits {
    let all = WITHOUT_END;
    Limits {
        connections: 100,
        header: all,
        stall: all,
        slack: all,
        least_rate: 1,
        page: all,
        upload: all,
        outside: all,
    }
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
    let first = portal.call(BUSY).await;
    let second = portal.call(REQUEST).await;
    let second = tokio::spawn(heard(second));
    // A third one in between would be answered before the second if there were room.
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let world = World::sqlite().await;
    let portal = portal(&world, Limits { connections: 3, ..patient() }).await;
    let mut silent = Vec::new();
    for half in [&b""[..], b"GET / HTTP/1.1\r\n"].repeat(4) {
        silent.push(portal.call(half).await);
        let answer = heard(portal.call(REQUEST).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    // Nor does one that waits for its next request.
    let mut idle = portal.call(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    idle.read_exact(&mut [0; 12]).await.unwrap();
    for _ in 0..8 {
        silent.push(portal.call(b"").await);
    }
    assert!(heard(portal.call(REQUEST).await).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_has_its_share_of_the_connections_and_no_more() {
    let world = World::sqlite().await;
    let limits = Limits { connections: 8, ..patient() };
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let (port, ended) = (listener.local_addr().unwrap().port(), CancellationToken::new());
    // Connecting to an address of one's own that is not the loopback makes that the address one comes from.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.connect("192.0.2.1:9").is_err() || probe.local_addr().unwrap().ip().is_loopback() {
        return;
    }
    let outside = SocketAddr::new(probe.local_addr().unwrap().ip(), port);
    let task = tokio::spawn(listen(listener, web::router(world.app.clone()), limits, ended.clone()));
    let portal = Portal { address: outside, ended, task };
    let busy = [portal.call(BUSY).await, portal.call(BUSY).await];
    // Both are being answered by the time that a third one is looked at, which is turned away without a word.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(heard(portal.call(REQUEST).await).await, "");
    let home = Portal { address: SocketAddr::new("127.0.0.1".parse().unwrap(), port), ..portal };
    assert!(heard(home.call(REQUEST).await).await.starts_with("HTTP/1.1 200"), "others have room");
    drop(busy);
}

#[tokio::test]
async fn a_form_that_comes_a_byte_now_and_then_is_given_up_and_is_no_fault_of_ours() {
    let mut world = World::sqlite().await;
    let limits = Limits { slack: Duration::from_millis(300), least_rate: 1_000, ..patient() };
    world.with_config(|config| config.limits = limits);
    let portal = portal(&world, limits).await;
    let head = "POST /webhooks/sandbox HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 900\r\n\r\n";
    let slow = portal.call(head.as_bytes()).await;
    let (read, mut write) = slow.into_split();
    let drip = tokio::spawn(async move {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = { read }.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("What you sent did not arrive in time"), "{answer}");
    drip.await.unwrap();

    // One that is slow and comes all the same is heard: a notice that nobody signed.
    let mut steady = portal.call(head.as_bytes()).await;
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        steady.write_all(&[b'x'; 100]).await.unwrap();
    }
    assert!(heard(steady).await.starts_with("HTTP/1.1 401"));
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
    assert_eq!(page.status, 408);
    page.shows("What you sent did not arrive in time");

    let form =
        "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\na\r\n--XX--\r\n";
    let mut browser = world.browser();
    browser.cookies = amel.cookies;
    let page = browser.send(Method::POST, &format!("{draft}/files"), Body::from(form), kind).await;
    assert_eq!(page.status, 303, "{}", page.text());
}
