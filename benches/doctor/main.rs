//! How fast the doctor reads: a demo's world, copied until it has as many events as are wanted, on SQLite.
//!
//!     cargo bench --bench doctor [EVENTS]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a benchmark measures real time")]

mod copies;

use std::time::Instant;

use holdfast::app::App;
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::engine::time::Time;
use holdfast::keys::Keys;
use holdfast::password::Passwords;
use holdfast::store::db::Db;
use holdfast::{demo, doctor};

const EVENTS: usize = 200_000;

#[tokio::main]
async fn main() {
    let wanted = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(EVENTS);
    let folder = std::env::temp_dir().join(format!("holdfast-doctor-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = Config::in_folder(&folder).unwrap();
    let db = Db::open(&config.database()).await.unwrap().with_keys(Keys::of_seed([7; 32]).unwrap());
    let now = Time::from_micros(1_777_885_200_000_000);
    demo::fill(&db, now, "$argon2id$not-a-real-hash").await.unwrap();
    copies::make(config.database().strip_prefix("sqlite:").unwrap(), wanted).await;
    let app = App::new(db, Clock::fixed(now), config, Passwords::quick().unwrap()).unwrap();
    for _ in 0..3 {
        let begin = Instant::now();
        let report = doctor::examine(&app).await.unwrap();
        let took = begin.elapsed().as_secs_f64();
        println!("{report}");
        println!(
            "{:.2} s, {:.0} events a second, {} MiB at most",
            took,
            report.events as f64 / took,
            peak_mib()
        );
    }
    app.db.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The most memory that this process ever had.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let kib: u64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    kib / 1024
}
