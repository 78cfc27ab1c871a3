//! The two databases are one to everybody above `store/db.rs`.

use std::collections::BTreeMap;

use holdfast::engine::time::Time;
use holdfast::store::db::{Conn, Db};
use holdfast::{all, claim, exec, lock, one, opt};
use uuid::Uuid;

use crate::world::{World, both};

both! {
    async fn every_type_comes_back_as_it_went_in(world) {
        let (id, now) = (world.app.clock.id(), world.app.clock.now());
        let mut tx = world.app.db.write().await.unwrap();
        let conn = &mut tx.conn();
        let user = "INSERT INTO users (id, name, name_lower, operator, identity_salt, created_at) VALUES ($1, $2, $2, $3, $4, $5)";
        assert_eq!(exec!(conn, user, id, "Amel", true, &[7_u8, 8][..], now).unwrap(), 1);
        tx.commit().await.unwrap();

        let mut reader = world.app.db.read().await.unwrap();
        let conn = &mut reader.conn();
        type Row = (Uuid, String, bool, Vec<u8>, Time, Option<Time>, Option<String>);
        let sql = "SELECT id, name, operator, identity_salt, created_at, claimed_at, email FROM users WHERE id = $1";
        let row = one!(conn, Row, sql, id).unwrap();
        assert_eq!(row, (id, "Amel".into(), true, vec![7, 8], now, None, None));
        assert!(opt!(conn, Row, sql, world.app.clock.id()).unwrap().is_none());
        assert_eq!(all!(conn, (Uuid,), "SELECT id FROM users").unwrap(), [(id,)]);
    }
}

both! {
    async fn a_write_that_is_dropped_never_happened(world) {
        let mut tx = world.app.db.write().await.unwrap();
        add_throttle(&mut tx.conn(), 1).await;
        drop(tx);
        assert_eq!(keys(&world.app.db).await, 0);
    }
}

both! {
    async fn a_reader_cannot_write(world) {
        let mut reader = world.app.db.read().await.unwrap();
        let refused = exec!(&mut reader.conn(), "DELETE FROM throttle");
        assert!(refused.is_err());
    }
}

both! {
    async fn a_second_row_with_the_same_key_is_told_from_other_failures(world) {
        let id = world.app.clock.id();
        let mut codes = Vec::new();
        for (email, key) in [("a@example.com", id), ("a@example.com", world.app.clock.id()), ("x", id)] {
            let mut tx = world.app.db.write().await.unwrap();
            let sql = "INSERT INTO users (id, email, name, name_lower, identity_salt, created_at) VALUES ($1, $2, '', '', $3, $4)";
            let done = exec!(&mut tx.conn(), sql, key, email, &[0_u8][..], world.app.clock.now());
            codes.push(done.map_err(|error| (error.is_unique_violation(), error.is_check_violation())));
            tx.commit().await.ok();
        }
        assert_eq!(codes[0], Ok(1));
        assert_eq!(codes[1], Err((true, false)));
        assert_eq!(codes[2], Err((false, true)));
    }
}

both! {
    async fn rows_are_locked_and_claimed(world) {
        let mut tx = world.app.db.write().await.unwrap();
        let conn = &mut tx.conn();
        for n in 1..=3 {
            add_throttle(conn, n).await;
        }
        let locked = lock!(conn, (i64,), "SELECT count FROM throttle WHERE count = $1", 2_i64).unwrap();
        assert_eq!(locked, Some((2,)));
        let claimed = claim!(
            conn,
            (i64,),
            "UPDATE throttle SET count = count + 10 WHERE key_hash IN (SELECT key_hash FROM throttle ORDER BY key_hash LIMIT $1",
            ") RETURNING count",
            2_i64
        );
        let mut claimed = claimed.unwrap();
        claimed.sort_unstable();
        assert_eq!(claimed, [(11,), (12,)]);
    }
}

both! {
    async fn migrating_twice_changes_nothing(world) {
        world.app.db.migrate().await.unwrap();
        assert_eq!(keys(&world.app.db).await, 0);
    }
}

#[tokio::test]
async fn a_database_that_forgets_what_it_confirmed_is_noticed() {
    let Some(server) = std::env::var_os("HOLDFAST_TEST_POSTGRES_URL") else { return };
    let server = server.into_string().unwrap();
    let and = if server.contains('?') { '&' } else { '?' };
    for (set, risky) in [("off", true), ("on", false)] {
        let url = format!("{server}{and}options=-c%20synchronous_commit%3D{set}");
        let risks = Db::connect(&url).await.unwrap().risks().await.unwrap();
        let named = risks.iter().any(|risk| risk.contains("synchronous_commit = off"));
        assert_eq!(named, risky, "{risks:?}");
    }
    assert!(World::sqlite().await.app.db.risks().await.unwrap().is_empty());
}

async fn add_throttle(conn: &mut Conn<'_>, n: u8) {
    let at = Time::from_micros(i64::from(n));
    let sql = "INSERT INTO throttle (key_hash, started_at, ends_at, count) VALUES ($1, $2, $2, $3)";
    exec!(conn, sql, vec![n; 32], at, i64::from(n)).unwrap();
}

async fn keys(db: &Db) -> i64 {
    let mut reader = db.read().await.unwrap();
    one!(&mut reader.conn(), (i64,), "SELECT count(*) FROM throttle").unwrap().0
}

/// Table, column, and the type as both databases mean it, with whether it may be empty.
pub type Columns = BTreeMap<(String, String), (&'static str, bool)>;

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(postgres) = World::postgres().await else { return };
    let postgres = postgres_columns(&postgres.app.db).await;
    let sqlite = sqlite_columns(&World::sqlite().await.app.db).await;
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (key, (in_sqlite, null_in_sqlite)) in &sqlite {
        let (in_postgres, null_in_postgres) = postgres[key];
        let same = match *in_sqlite {
            "INTEGER" => ["bigint", "integer", "boolean", "timestamp with time zone"].contains(&in_postgres),
            "TEXT" => in_postgres == "text",
            "BLOB" => ["bytea", "uuid"].contains(&in_postgres),
            _ => false,
        };
        assert!(same, "{key:?}: {in_sqlite} and {in_postgres}");
        assert_eq!(*null_in_sqlite, null_in_postgres, "{key:?}: may it be empty?");
    }
}

pub async fn sqlite_columns(db: &Db) -> Columns {
    let sql = "SELECT t.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema t, pragma_table_info(t.name) c
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'";
    columns(all!(&mut db.read().await.unwrap().conn(), (String, String, String, bool), sql).unwrap())
}

pub async fn postgres_columns(db: &Db) -> Columns {
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
               FROM information_schema.columns
               WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'";
    columns(all!(&mut db.read().await.unwrap().conn(), (String, String, String, bool), sql).unwrap())
}

fn columns(rows: Vec<(String, String, String, bool)>) -> Columns {
    rows.into_iter()
        .map(|(table, column, kind, required)| ((table, column), (leak(kind), !required)))
        .collect()
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
