//! Somebody outside who takes the connection and never answers: nobody waits longer for them than we say, and
//! nobody else waits because of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use holdfast::all;
use holdfast::engine::time::Time;
use holdfast::mail::letter::Letter;
use holdfast::mail::transport::Mailer;
use holdfast::rails::{
    Cancelled, Capabilities, Notice, Order, Rail, RailError, Rails, RefundBegun, RefundOrder, Started, Words,
    hear,
};
use holdfast::sandbox::{Choice, Sandbox};
use holdfast::store::db::Db;
use holdfast::work::mails::{Lane, run_lane};
use holdfast::work::{self, Workers, mails};
use tokio::time::Instant;

use crate::mails::{person, write};
use crate::program::{Running, holdfast};
use crate::sink::{Sink, silent_port};
use crate::world::{Folder, World, both};

/// How long the portals of these tests wait for an answer.
const PATIENCE: Duration = Duration::from_millis(400);

fn impatient(world: &mut World) {
    world.with_config(|config| config.limits.outside = PATIENCE);
}

fn sending_to(world: &mut World, url: &str) {
    world.with_config(|config| config.smtp_url = Some(url.to_owned()));
    world.app.mailer = Mailer::new(&world.app.config).unwrap();
}

async fn states(world: &World) -> Vec<(String, Option<String>)> {
    let sql = "SELECT state, last_error FROM outbox ORDER BY id";
    all!(&mut world.app.db.read().await.unwrap().conn(), (String, Option<String>), sql).unwrap()
}

both! {
    async fn a_mail_server_that_never_answers_keeps_no_mail_for_ever(world) {
        let mut world = world;
        let sink = Sink::start().await;
        impatient(&mut world);
        sending_to(&mut world, &sink.url());
        for name in ["silent", "amel", "silent", "karim"] {
            let reader = person(&world, &format!("{name}@example.com")).await;
            write(&world, &Letter::AlreadyRegistered.to_user(reader)).await;
        }
        let began = Instant::now();
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 4);
        assert!(began.elapsed() < PATIENCE * 5, "{:?}", began.elapsed());
        let states = states(&world).await;
        let found: Vec<&str> = states.iter().map(|(state, _)| state.as_str()).collect();
        // The second mail to the same reader was not even tried: it would hang as well.
        assert_eq!(found, ["waiting", "sent", "waiting", "sent"]);
        for (_, why) in [&states[0], &states[2]] {
            assert!(why.as_ref().unwrap().contains("did not answer"), "{why:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_taken_for_that_of_the_next_mail() {
    let mut world = World::sqlite().await;
    let sink = Sink::start().await;
    impatient(&mut world);
    sending_to(&mut world, &sink.url());
    for name in ["late", "amel"] {
        let reader = person(&world, &format!("{name}@example.com")).await;
        write(&world, &Letter::AlreadyRegistered.to_user(reader)).await;
        mails::run_due(&world.app).await.unwrap();
    }
    assert_eq!(sink.connections(), 2, "a connection in the middle of something is never used again");
    assert_eq!(sink.taken(), ["amel@example.com"]);
    let reader = person(&world, "karim@example.com").await;
    write(&world, &Letter::AlreadyRegistered.to_user(reader)).await;
    mails::run_due(&world.app).await.unwrap();
    assert_eq!(sink.connections(), 2, "one that was left in order is");
}

#[tokio::test]
async fn news_that_hang_keep_nobody_waiting_for_a_new_password() {
    let mut world = World::sqlite().await;
    let sink = Sink::start().await;
    sending_to(&mut world, &sink.url());
    let mut news = Letter::AlreadyRegistered.to_user(person(&world, "silent@example.com").await);
    news.urgent = false;
    write(&world, &news).await;
    let workers = Workers::start(&world.app);
    assert!(sink.is_asked_for("silent@example.com", Duration::from_secs(10)).await);
    write(&world, &Letter::ResetPassword.to_user(person(&world, "amel@example.com").await)).await;
    world.app.wake.up();
    assert!(sink.takes("amel@example.com", Duration::from_secs(10)).await, "before the other try has ended");
    drop(workers);
}

#[tokio::test]
async fn a_database_that_never_answers_stops_the_start() {
    let url = format!("postgres://amel@127.0.0.1:{}/holdfast", silent_port().await);
    let began = Instant::now();
    let error = Db::connect(&url).await.err().unwrap().to_string();
    assert_eq!(error, "database: it does not answer");
    assert!(began.elapsed() < Duration::from_secs(15));
}

/// A provider that takes every question and answers none.
struct Silent;

#[async_trait]
impl Rail for Silent {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn words(&self) -> Words {
        Words { method: "Card", hint: "", company: "Silent" }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { refund: true }
    }

    fn origin(&self) -> String {
        String::new()
    }

    async fn start(&self, _: &Order) -> Result<Started, RailError> {
        std::future::pending().await
    }

    async fn cancel(&self, _: &Order) -> Result<Cancelled, RailError> {
        std::future::pending().await
    }

    async fn refund(&self, _: &RefundOrder) -> Result<RefundBegun, RailError> {
        std::future::pending().await
    }

    async fn verify(&self, _: &HeaderMap, _: &[u8], _: Time) -> Result<Notice, RailError> {
        std::future::pending().await
    }
}

both! {
    async fn a_provider_that_never_answers_is_asked_again_later(world) {
        let mut world = world;
        impatient(&mut world);
        world.app.rails = Rails::new(vec![Arc::new(Silent)]);
        let mut payments = Vec::new();
        for _ in 0..3 {
            let deal = world.agreed().await;
            payments.push(world.starts_to_pay(&deal).await);
        }
        let began = Instant::now();
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 3);
        assert!(began.elapsed() < PATIENCE * 3, "all at once: {:?}", began.elapsed());
        for payment in payments {
            assert_eq!(world.payment(payment).await.state, "pending");
        }
        let sql = "SELECT last_error FROM payments";
        let rows = all!(&mut world.app.db.read().await.unwrap().conn(), (Option<String>,), sql).unwrap();
        assert!(rows.iter().all(|(why,)| why.as_ref().unwrap().contains("no answer within")), "{rows:?}");
        world.app.clock.advance(time::Duration::minutes(10));
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 3);
        let heard = hear::hear(&world.app, &Silent, &HeaderMap::new(), b"{}").await;
        assert!(matches!(heard, Err(RailError::Unreachable(_))));
    }
}

#[tokio::test]
async fn a_portal_that_never_answers_its_provider_holds_up_none_of_its_notices() {
    let mut world = World::sqlite().await;
    let port = silent_port().await;
    let mut payments = Vec::new();
    for _ in 0..4 {
        let deal = world.agreed().await;
        payments.push(world.charges(&deal).await);
    }
    for payment in &payments {
        world.chooses(*payment, Choice::Pay).await;
    }
    impatient(&mut world);
    let mut config = (*world.app.config).clone();
    config.listen = format!("127.0.0.1:{port}").parse().unwrap();
    let app = &world.app;
    let sandbox = Sandbox::new(app.db.clone(), app.clock.clone(), &config, app.wake.clone());
    let began = Instant::now();
    assert_eq!(sandbox.run_due().await.unwrap(), 8, "settled, and owed");
    assert!(began.elapsed() < PATIENCE * 3, "all at once: {:?}", began.elapsed());
}

#[test]
fn a_portal_whose_mail_server_hangs_ends_when_it_is_told_to() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sink = runtime.block_on(Sink::start());
    let folder = Folder::new();
    let mut command = holdfast(folder.path(), &[]);
    command.env("HOLDFAST_LISTEN", "127.0.0.1:0").env("HOLDFAST_SMTP_URL", sink.url());
    let mut portal = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(portal.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let host = first.split_whitespace().last().unwrap().strip_prefix("http://").unwrap().to_owned();
    let body = "name=Amel&email=silent%40example.com&password=copper+violin+thursday+marsh&time_zone=Africa%2FTunis&terms=yes&terms_version=1";
    let answer = post(&host, "/sign-up", body);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(runtime.block_on(sink.is_asked_for("silent@example.com", Duration::from_secs(20))));
    let began = Instant::now();
    let told = Command::new("kill").args(["-TERM", &portal.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(portal.0.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(28), "{:?}", began.elapsed());
}

fn post(host: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// `cargo test --test app how_many_mails -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_many_mails_a_second_leave() {
    const COUNT: usize = 5_000;
    let mut world = World::sqlite().await;
    let sink = Sink::start().await;
    sending_to(&mut world, &sink.url());
    let mut tx = world.app.db.write().await.unwrap();
    for number in 0..COUNT {
        let email = format!("reader{number}@example.com");
        let conn = &mut tx.conn();
        let clock = &world.app.clock;
        let user = holdfast::store::users::find_or_invite(conn, clock, &email, "").await.unwrap();
        let mut mail = Letter::AlreadyRegistered.to_user(user);
        mail.urgent = false;
        holdfast::store::outbox::enqueue(conn, clock, &mail).await.unwrap();
    }
    tx.commit().await.unwrap();
    let began = Instant::now();
    while run_lane(&world.app, Lane::News).await.unwrap() > 0 {}
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(sink.taken().len(), COUNT);
    println!(
        "{COUNT} mails in {seconds:.1} s: {:.0} a second, {} connections",
        COUNT as f64 / seconds,
        sink.connections()
    );
}
