//! Nobody changes the history unnoticed: whatever single value, row or file somebody edits who has the database in his
//! hands and its triggers out of his way, the doctor says so, and names what was edited.

mod columns;
mod edits;
mod rich;

use std::collections::BTreeSet;

use holdfast::doctor;
use holdfast::error::Error;
use holdfast::store::db::Conn;
use holdfast::store::files;
use holdfast::web::download::attachment;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::database::{postgres_columns, sqlite_columns};
use crate::deal::Deal;
use crate::world::{World, both};
use columns::{AUDITED, FREE, SEALED};
use edits::{Edit, Luck, Schema};

/// How many random edits are tried: 150, or as many as are asked for.
fn how_many() -> usize {
    let asked = std::env::var_os("HOLDFAST_TEST_EDITS").and_then(|many| many.into_string().ok());
    asked.and_then(|many| many.parse().ok()).unwrap_or(150)
}

/// A connection to the database for somebody whom nothing holds back.
pub enum Hand {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Hand {
    async fn of(world: &World) -> Self {
        let url = world.app.config.database();
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
                Self::Sqlite(Box::new(SqliteConnection::connect_with(&options).await.unwrap()))
            }
            None => Self::Postgres(Box::new(PgConnection::connect(&url).await.unwrap())),
        }
    }

    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }

    pub async fn send(&mut self, statement: &str) -> Result<u64, sqlx::Error> {
        let safe = AssertSqlSafe(statement.to_owned());
        Ok(match self {
            Self::Sqlite(conn) => sqlx::query(safe).execute(&mut **conn).await?.rows_affected(),
            Self::Postgres(conn) => sqlx::query(safe).execute(&mut **conn).await?.rows_affected(),
        })
    }

    pub async fn texts(&mut self, query: &str) -> Vec<String> {
        let rows: Vec<(Option<String>,)> = match self {
            Self::Sqlite(conn) => {
                sqlx::query_as(AssertSqlSafe(query.to_owned())).fetch_all(&mut **conn).await.unwrap()
            }
            Self::Postgres(conn) => {
                sqlx::query_as(AssertSqlSafe(query.to_owned())).fetch_all(&mut **conn).await.unwrap()
            }
        };
        rows.into_iter().filter_map(|(text,)| text).collect()
    }

    /// Begins something that will be undone, with every trigger and key out of the way.
    async fn begin(&mut self) {
        self.send("BEGIN").await.unwrap();
        if matches!(self, Self::Postgres(_)) {
            self.send("SET LOCAL session_replication_role = replica").await.unwrap();
            return;
        }
        let triggers =
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name NOT LIKE '%move_the_head'";
        for name in self.texts(triggers).await {
            self.send(&format!("DROP TRIGGER {name}")).await.unwrap();
        }
    }

    async fn undo(&mut self) {
        self.send("ROLLBACK").await.unwrap();
    }

    /// What the doctor says now, but for the triggers that are out of the way.
    async fn ailments(&mut self, world: &World) -> Vec<String> {
        let report = doctor::examine_in(&mut self.conn(), &world.app.files, world.app.db.keys()).await;
        let ailments = report.unwrap_or_else(|error| panic!("the doctor gave up: {error}")).ailments;
        ailments.into_iter().filter(|what| !what.ends_with("that guards it is gone")).collect()
    }
}

both! {
    async fn every_column_is_sealed_audited_or_free_for_a_reason(world) {
        let columns = match world.app.db.kind() {
            "SQLite" => sqlite_columns(&world.app.db).await,
            _ => postgres_columns(&world.app.db).await,
        };
        let here: BTreeSet<(String, String)> = columns.keys().cloned().collect();
        let mut known = BTreeSet::new();
        let free = FREE.iter().map(|(table, names, _)| (table, names));
        for (table, names) in SEALED.iter().chain(AUDITED).map(|(table, names)| (table, names)).chain(free) {
            if *names == "*" {
                known.extend(here.iter().filter(|(other, _)| other == table).cloned());
                continue;
            }
            for name in names.split_whitespace() {
                assert!(known.insert(((*table).to_owned(), name.to_owned())), "{table}.{name} stands there twice");
            }
        }
        let new: Vec<_> = here.difference(&known).collect();
        let gone: Vec<_> = known.difference(&here).collect();
        assert!(new.is_empty() && gone.is_empty(), "not classified: {new:?}; not there: {gone:?}");
    }
}

both! {
    async fn whatever_somebody_edits_by_hand_is_refused_or_found_and_named(world) {
        let mut world = world;
        rich::fill(&mut world).await;
        let mut hand = Hand::of(&world).await;
        assert_eq!(hand.ailments(&world).await, Vec::<String>::new());
        let schema = Schema::of(&world).await;
        let mut luck = Luck(20_261_130);
        let (mut tried, mut refused, mut missed) = (0, 0, Vec::new());
        let many = how_many();
        while tried < many {
            let Some(edit) = Edit::draw(&schema, &mut hand, &mut luck).await else { continue };
            hand.begin().await;
            let done = hand.send(&edit.statement).await;
            match done {
                // The value was what it is: nothing was edited.
                Ok(0) => {}
                Ok(_) => {
                    tried += 1;
                    let ailments = hand.ailments(&world).await;
                    if !ailments.iter().any(|what| edit.names.iter().any(|name| what.contains(name.as_str()))) {
                        missed.push(format!("{}\n    {:?}: {ailments:?}", edit.statement, edit.names));
                    }
                }
                Err(_) => {
                    tried += 1;
                    refused += 1;
                }
            }
            hand.undo().await;
        }
        assert!(missed.is_empty(), "{} of {tried} edits were not found: {missed:#?}", missed.len());
        assert!(refused * 2 < tried, "too many were refused to say anything: {refused} of {tried}");
        assert_eq!(hand.ailments(&world).await, Vec::<String>::new());
    }
}

/// Edits of a kind that somebody would make who wants something by it, each with what its finding says.
const WANTED: &[(&str, &str)] = &[
    (
        "DELETE FROM escrows WHERE id = (SELECT escrow_id FROM balances WHERE kind = 'held' AND amount_minor > 0 LIMIT 1)",
        "is gone from escrows",
    ),
    (
        "DELETE FROM files WHERE id = (SELECT id FROM files WHERE purpose = 'delivery' LIMIT 1)",
        "the row of the file",
    ),
    (
        "UPDATE files SET sha256 = (SELECT o.sha256 FROM files o WHERE o.sha256 <> files.sha256 LIMIT 1)
         WHERE id = (SELECT id FROM files WHERE purpose = 'delivery' LIMIT 1)",
        "sha256 is stored as",
    ),
    (
        "UPDATE signatures SET typed_name = 'Somebody Else' WHERE typed_name = (SELECT MIN(typed_name) FROM signatures)",
        "the typed name",
    ),
    (
        "UPDATE parties SET name = 'Somebody Else' WHERE name = (SELECT MIN(name) FROM parties WHERE name <> '')",
        "the name is not the one",
    ),
    (
        "UPDATE payments SET state = 'failed', reason = 'It bounced.' WHERE state = 'successful'",
        "the payment",
    ),
    (
        "INSERT INTO balances (account, kind, currency, user_id, escrow_id, amount_minor) SELECT 'wallet/x/TND', 'wallet', 'TND', id, NULL, 5 FROM users LIMIT 1",
        "account wallet/x/TND",
    ),
    (
        "UPDATE entries SET to_after = to_after + 1 WHERE id = (SELECT MAX(id) FROM entries WHERE to_after IS NOT NULL)",
        "held",
    ),
    (
        "DELETE FROM parties WHERE user_id = (SELECT MIN(user_id) FROM parties WHERE role = 'seller')",
        "is gone from parties",
    ),
    ("DELETE FROM pay_links WHERE replaced_at IS NULL", "pay links that work"),
];

both! {
    async fn what_somebody_would_gain_by_is_found(world) {
        let mut world = world;
        rich::fill(&mut world).await;
        let mut hand = Hand::of(&world).await;
        let mut missed = Vec::new();
        for (statement, says) in WANTED {
            // Each database has its own smallest id.
            let (sqlite, postgres) = ("MIN(user_id)", "MIN(user_id::text)::uuid");
            let statement = match &hand {
                Hand::Sqlite(_) => (*statement).to_owned(),
                Hand::Postgres(_) => statement.replace(sqlite, postgres),
            };
            hand.begin().await;
            let done = hand.send(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            let ailments = hand.ailments(&world).await;
            hand.undo().await;
            if done == 0 || !ailments.iter().any(|what| what.contains(says)) {
                missed.push(format!("{done} rows by {statement}: {ailments:?}"));
            }
        }
        assert!(missed.is_empty(), "{missed:#?}");
    }
}

both! {
    async fn a_whole_escrow_that_is_taken_out_is_missed(world) {
        let mut world = world;
        rich::fill(&mut world).await;
        let mut hand = Hand::of(&world).await;
        let held = "SELECT reference FROM escrows WHERE id IN (SELECT escrow_id FROM balances WHERE kind = 'held' AND amount_minor > 0)";
        let reference = hand.texts(held).await.remove(0);
        hand.begin().await;
        let tables = ["notifications", "pay_links", "files", "signatures", "balances", "entries", "payments", "parties", "events"];
        for table in tables {
            let own = format!("DELETE FROM {table} WHERE escrow_id = (SELECT id FROM escrows WHERE reference = '{reference}')");
            hand.send(&own).await.unwrap();
        }
        hand.send(&format!("DELETE FROM escrows WHERE reference = '{reference}'")).await.unwrap();
        let ailments = hand.ailments(&world).await;
        hand.undo().await;
        assert!(ailments.iter().any(|what| what.contains("which is not there")), "{ailments:?}");
    }
}

/// Whether a file of a deal is handed out, and if not, what its reader is told.
async fn handed_out(world: &World, deal: &Deal, id: Uuid) -> Result<(), String> {
    let mut reader = world.app.db.read().await.unwrap();
    let named = files::named(&mut reader.conn(), deal.escrow, id).await.unwrap().unwrap();
    match attachment(&world.app, &named).await {
        Ok(_) => Ok(()),
        Err(Error::Altered(what)) => Err(Error::Altered(what).sentence()),
        Err(other) => panic!("{other}"),
    }
}

both! {
    async fn a_file_is_handed_out_only_as_its_event_has_it(world) {
        let deal = world.funded().await;
        let attached: [(&str, &'static [u8]); 2] = [("plan.pdf", b"%PDF-1.7 a plan"), ("read me.txt", b"Read me.")];
        let rows = rich::delivers(&world, &deal, &attached).await;
        let mut browser = world.signed_in("amel.buyer@example.com").await;
        browser.get(&deal.path(&format!("/files/{}", rows[0].id))).await.is(200);
        let mut hand = Hand::of(&world).await;
        let (other, own) = (&rows[1].sha256, &rows[0].sha256);
        for (edit, undo) in [
            (format!("sha256 = '{other}', size = 8"), format!("sha256 = '{own}', size = 15")),
            (format!("sha256 = '{other}'"), format!("sha256 = '{own}'")),
            (format!("sha256 = '{}'", "0".repeat(64)), format!("sha256 = '{own}'")),
            ("size = 14".to_owned(), "size = 15".to_owned()),
            ("name = 'another.pdf'".to_owned(), "name = 'plan.pdf'".to_owned()),
        ] {
            let of = "media_type = 'application/pdf'";
            assert_eq!(hand.send(&format!("UPDATE files SET {edit} WHERE {of}")).await.unwrap(), 1, "{edit}");
            let told = handed_out(&world, &deal, rows[0].id).await.unwrap_err();
            assert!(told.contains("differs from the one that the history of this escrow names"), "{told}");
            hand.send(&format!("UPDATE files SET {undo} WHERE {of}")).await.unwrap();
            handed_out(&world, &deal, rows[0].id).await.unwrap();
        }
        handed_out(&world, &deal, rows[1].id).await.unwrap();
        let bytes = world.app.config.data_dir.join("files").join(&other[..2]).join(&other[2..4]).join(other);
        std::fs::write(bytes, b"Read it.").unwrap();
        assert!(handed_out(&world, &deal, rows[1].id).await.is_err(), "other bytes of the same length");
        // The event that names it, changed without its link.
        hand.begin().await;
        hand.send("UPDATE events SET body = replace(body, 'Here it is.', 'Here it was') WHERE kind = 'delivered'").await.unwrap();
        let named = files::named(&mut hand.conn(), deal.escrow, rows[0].id).await.unwrap().unwrap();
        assert!(named.in_event.is_none());
        hand.undo().await;
    }
}
