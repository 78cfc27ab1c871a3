//! A world of its own for each test: an empty database, a fixed clock, and nobody in it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use holdfast::app::App;
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::engine::time::Time;
use holdfast::password::Passwords;
use holdfast::store::db::Db;

/// When every test begins: Monday 4 May 2026, 09:00 UTC.
pub const START: i64 = 1_777_885_200_000_000;

/// `both! { async fn the_buyer_cannot_approve_twice(world) { … } }`: one test for each database.
/// The PostgreSQL one passes without doing anything when no address is given.
macro_rules! both {
    ($(#[$about:meta])* async fn $name:ident($world:ident) $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($world: $crate::world::World) $body

            #[tokio::test]
            async fn sqlite() {
                body($crate::world::World::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(world) = $crate::world::World::postgres().await {
                    body(world).await;
                }
            }
        }
    };
}
pub(crate) use both;

/// The program, and the hands of the test on it.
pub struct World {
    pub app: App,
    _folder: Folder,
}

impl World {
    pub async fn sqlite() -> Self {
        Self::with(None).await
    }

    /// Nothing when no PostgreSQL is there to test on.
    pub async fn postgres() -> Option<Self> {
        let Some(server) = std::env::var_os("HOLDFAST_TEST_POSTGRES_URL") else {
            assert!(std::env::var_os("HOLDFAST_TEST_ALL").is_none(), "PostgreSQL is not there to test on");
            return None;
        };
        let server = server.into_string().unwrap();
        let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = sqlx::PgPool::connect(&server).await.unwrap().acquire().await.unwrap();
        for statement in
            [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")]
        {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *admin).await.unwrap();
        }
        let and = if server.contains('?') { '&' } else { '?' };
        Some(Self::with(Some(format!("{server}{and}options=-c%20search_path%3D{schema}"))).await)
    }

    async fn with(database_url: Option<String>) -> Self {
        let folder = Folder::new();
        let mut config = Config::in_folder(&folder.0).unwrap();
        config.database_url = database_url;
        let db = Db::open(&config.database()).await.unwrap();
        let clock = Clock::fixed(Time::from_micros(START));
        let passwords = Passwords::quick().unwrap();
        Self { app: App::new(db, clock, config, passwords).unwrap(), _folder: folder }
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("holdfast-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
