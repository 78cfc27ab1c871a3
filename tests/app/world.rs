//! A world of its own for each test: an empty database, a fixed clock, and nobody in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use holdfast::app::App;
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::engine::time::Time;
use holdfast::keys::Keys;
use holdfast::password::Passwords;
use holdfast::store::audit::Who;
use holdfast::store::db::Db;
use holdfast::store::users::{self, Registration};
use holdfast::store::{links, rights};
use holdfast::{all, web, work};
use uuid::Uuid;

use crate::browser::Browser;

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

/// The password of everybody whom a test brings along.
pub const PASSWORD: &str = "copper violin thursday marsh";

/// The program, and the hands of the test on it.
pub struct World {
    pub app: App,
    router: Router,
    _folder: Folder,
}

/// A mail as it was caught.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub kind: String,
    pub text: String,
}

impl Mail {
    /// The path of the first link in it that begins so: `/verify-email/…`.
    pub fn path(&self, start: &str) -> String {
        let from = self.text.find(start).unwrap_or_else(|| panic!("no {start} in {}", self.text));
        self.text[from..].split_whitespace().next().unwrap().to_owned()
    }
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
        let db = Db::open(&config.database()).await.unwrap().with_keys(Keys::of_seed([7; 32]).unwrap());
        let clock = Clock::fixed(Time::from_micros(START));
        let passwords = Passwords::quick().unwrap();
        let app = App::new(db, clock, config, passwords).unwrap();
        Self { router: web::router(app.clone()), app, _folder: folder }
    }

    /// The same world with other settings, for a portal behind https and the like.
    pub fn with_config(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = (*self.app.config).clone();
        change(&mut config);
        self.app.config = config.into();
        self.router = web::router(self.app.clone());
    }

    /// A browser that was never here before.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// Somebody with an account whose address is confirmed, and [`PASSWORD`].
    pub async fn account(&self, name: &str, email: &str) -> Uuid {
        let hash = self.app.passwords.hash(&self.app.clock, PASSWORD.to_owned()).await.unwrap();
        let mut tx = self.app.db.write().await.unwrap();
        let new = Registration {
            email,
            name,
            password_hash: &hash,
            time_zone: "Africa/Tunis",
            terms_of_service_version: 1,
        };
        let id = users::register(&mut tx.conn(), &self.app.clock, &new).await.unwrap().unwrap();
        assert!(links::confirm(&mut tx.conn(), &self.app.clock, id, email).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    /// An operator.
    pub async fn operator(&self, email: &str) -> Uuid {
        let id = self.account("Olfa Operator", email).await;
        self.make_operator(id).await;
        id
    }

    /// Makes an operator of somebody.
    pub async fn make_operator(&self, id: Uuid) {
        let mut tx = self.app.db.write().await.unwrap();
        rights::make_operator(&mut tx.conn(), &self.app.clock, Who::Machine, id, "").await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A browser in which this person is signed in.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 303, "{}", page.text());
        browser
    }

    /// Every mail so far, in the order in which they were owed.
    pub async fn mails(&self) -> Vec<Mail> {
        while work::mails::run_due(&self.app).await.unwrap() > 0 {}
        let mut reader = self.app.db.read().await.unwrap();
        let sql = "SELECT to_address, kind, body_text FROM outbox WHERE state = 'sent' ORDER BY id";
        let rows = all!(&mut reader.conn(), (String, String, String), sql).unwrap();
        rows.into_iter().map(|(to, kind, text)| Mail { to, kind, text }).collect()
    }

    /// The kinds of the mails to one address, in order.
    pub async fn kinds(&self, to: &str) -> Vec<String> {
        self.mails().await.into_iter().filter(|mail| mail.to == to).map(|mail| mail.kind).collect()
    }

    /// The last mail to one address.
    pub async fn mail(&self, to: &str) -> Mail {
        let mails = self.mails().await;
        mails.into_iter().rfind(|mail| mail.to == to).unwrap_or_else(|| panic!("no mail to {to}"))
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes away with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn new() -> Self {
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
