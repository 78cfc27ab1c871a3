//! How fast a milestone is approved: through HTTP, on SQLite as it is shipped (WAL, synchronous=FULL), by 1, 8
//! and 32 buyers at once, and beside it the very same rows written by a bare loop over one connection.
//!
//!     cargo bench --bench approve
//!
//! Read the ratio, not the figures: those are the machine's.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a benchmark measures real time")]

mod bare;
mod setup;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use holdfast::web;
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use setup::{Buyer, Job};

/// How many buyers press at once, and how many milestones each has to approve.
const ROUNDS: [(usize, usize); 3] = [(1, 300), (8, 60), (32, 20)];

type Http = Client<HttpConnector, Full<Bytes>>;

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("holdfast-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let world = setup::world(&folder, &ROUNDS).await;
    bare::copy(&folder).await;
    let address = serve(&world.app).await;
    println!("{:>7} {:>10} {:>12} {:>9} {:>9}", "buyers", "approvals", "per second", "p50 ms", "p99 ms");
    for (round, (buyers, _)) in ROUNDS.iter().enumerate() {
        let (count, took, mut times) = run(address, &world.rounds[round]).await;
        times.sort();
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!(
            "{buyers:>7} {count:>10} {:>12.0} {:>9.1} {:>9.1}",
            rate(count, took),
            millis(p50),
            millis(p99)
        );
    }
    let (count, rows, took) = bare::run(&folder).await;
    println!(
        "   bare {count:>10} {:>12.0}   ({} rows an approval, one connection, no HTTP, no rules)",
        rate(count, took),
        rows / count
    );
    world.app.db.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

async fn serve(app: &holdfast::app::App) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Every buyer approves one milestone after the other, all buyers at the same time.
async fn run(address: SocketAddr, buyers: &[Buyer]) -> (usize, Duration, Vec<Duration>) {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let begin = Instant::now();
    let tasks: Vec<_> = buyers
        .iter()
        .map(|buyer| {
            let (http, cookie, jobs) = (http.clone(), buyer.cookie.clone(), buyer.jobs.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                for job in jobs {
                    let begin = Instant::now();
                    approve(&http, address, &cookie, &job).await;
                    times.push(begin.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    (times.len(), begin.elapsed(), times)
}

async fn approve(http: &Http, address: SocketAddr, cookie: &str, job: &Job) {
    let form = format!("amount=50.000&seen={}&key={}", job.seen, job.key);
    let request = Request::post(format!("http://{address}/escrows/{}/milestones/1/approve", job.reference))
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Full::from(form))
        .unwrap();
    let answer = http.request(request).await.unwrap();
    assert_eq!(answer.status(), 303, "{}", job.reference);
}
