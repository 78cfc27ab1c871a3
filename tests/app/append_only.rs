//! What is kept for ever: the database refuses every way to change it, on any connection.

use holdfast::engine::time::Time;
use holdfast::money::Currency;
use holdfast::store::APPEND_ONLY;
use holdfast::store::audit::Who;
use holdfast::store::db::Conn;
use holdfast::store::fees::{self, Rules};
use holdfast::store::terms_of_service;
use holdfast::{checkpoints, demo, doctor, exec};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::world::{START, World, both};

/// A portal with a row in every table that is kept for ever.
async fn filled() -> World {
    filled_in(World::sqlite().await).await
}

async fn filled_in(mut world: World) -> World {
    let keys = checkpoints::begin(&world.app.db, &world.app.clock, &world.app.config, true).await.unwrap();
    world.app.db = world.app.db.clone().with_keys(keys);
    demo::fill(&world.app.db, Time::from_micros(START), "$argon2id$not-a-real-hash").await.unwrap();
    world.app.clock.advance(time::Duration::minutes(1));
    let operator = world.operator("root@example.com").await;
    let (clock, mut tx) = (&world.app.clock, world.app.db.write().await.unwrap());
    let conn = &mut tx.conn();
    let tnd = Currency::from_code("TND").unwrap();
    fees::add(conn, clock, operator, (tnd, clock.now()), &Rules::default(), "1%").await.unwrap();
    terms_of_service::publish(conn, clock, operator, "Be kind.", clock.now()).await.unwrap();
    // The audit from before it was a chain, which nothing writes any more.
    let old = "INSERT INTO audit (id, at, operator, act, kind, subject, note) VALUES ($1, $2, $3, 'looked', 'all', '', '')";
    exec!(conn, old, clock.id(), clock.now(), operator).unwrap();
    tx.commit().await.unwrap();
    checkpoints::make(&world.app, Who::Program).await.unwrap();
    world
}

/// A connection as any other program would open it, without the settings that ours asks for.
async fn strangers(world: &World) -> SqliteConnection {
    let path = world.app.config.database();
    let options =
        SqliteConnectOptions::new().filename(path.strip_prefix("sqlite:").unwrap()).foreign_keys(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn refused_in_sqlite(conn: &mut SqliteConnection, statement: &str) -> Result<(), String> {
    let mut tx = conn.begin().await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await;
    refused(statement, done.map(|done| done.rows_affected()))
}

async fn refused_in_postgres(conn: &mut PgConnection, statement: &str) -> Result<(), String> {
    let mut tx = conn.begin().await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await;
    refused(statement, done.map(|done| done.rows_affected()))
}

fn refused(statement: &str, done: Result<u64, sqlx::Error>) -> Result<(), String> {
    match done {
        Err(error)
            if error.to_string().contains("never changed") || error.to_string().contains("never deleted") =>
        {
            Ok(())
        }
        other => Err(format!("{statement}: {other:?}")),
    }
}

/// The columns of a table, in their order.
async fn columns(conn: &mut Conn<'_>, table: &str) -> Vec<String> {
    let rows: Vec<(String,)> = match conn {
        Conn::Sqlite(conn) => {
            let sql = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut **conn).await.unwrap()
        }
        Conn::Postgres(conn) => {
            let sql = format!(
                "SELECT column_name::text FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            );
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut **conn).await.unwrap()
        }
    };
    rows.into_iter().map(|(name,)| name).collect()
}

#[tokio::test]
async fn sqlite_refuses_every_verb_on_what_is_kept_for_ever() {
    let world = filled().await;
    let mut stranger = strangers(&world).await;
    let mut kept = Vec::new();
    for table in APPEND_ONLY {
        let names = columns(&mut Conn::Sqlite(&mut stranger), table).await;
        let (all, last) = (names.join(", "), names.last().unwrap());
        let one = format!("SELECT {all} FROM {table} LIMIT 1");
        let statements = [
            format!("UPDATE {table} SET {last} = {last}"),
            format!("UPDATE OR REPLACE {table} SET {last} = {last}"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} ({all}) {one}"),
            format!("REPLACE INTO {table} ({all}) {one}"),
            format!(
                "INSERT INTO {table} ({all}) SELECT {all} FROM {table} WHERE TRUE LIMIT 1 ON CONFLICT DO UPDATE SET {last} = excluded.{last}"
            ),
        ];
        for statement in &statements {
            kept.push(refused_in_sqlite(&mut stranger, statement).await);
            let mut own = world.app.db.write().await.unwrap();
            let Conn::Sqlite(own) = own.conn() else { unreachable!() };
            let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *own).await;
            kept.push(refused(statement, done.map(|done| done.rows_affected())));
        }
    }
    // Under a new key, but in the place of a row that is there.
    let place = "INSERT OR REPLACE INTO events (rowid, escrow_id, seq, at, kind, milestone, body, hash)
                 SELECT rowid, escrow_id, seq + 1000, at, kind, milestone, body, hash FROM events LIMIT 1";
    kept.push(refused_in_sqlite(&mut stranger, place).await);
    let place = "INSERT OR REPLACE INTO entries SELECT id, escrow_id, seq, line + 1000, from_account, to_account, currency,
                 amount_minor, from_after, to_after, at FROM entries LIMIT 1";
    kept.push(refused_in_sqlite(&mut stranger, place).await);
    let missed: Vec<String> = kept.into_iter().filter_map(Result::err).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(doctor::examine(&world.app).await.unwrap().ailments, Vec::<String>::new());
}

#[tokio::test]
async fn postgres_refuses_every_verb_on_what_is_kept_for_ever() {
    let Some(world) = World::postgres().await else { return };
    let world = filled_in(world).await;
    let mut tx = world.app.db.write().await.unwrap();
    let mut missed = Vec::new();
    for table in APPEND_ONLY {
        let mut conn = tx.conn();
        let names = columns(&mut conn, table).await;
        let (all, last) = (names.join(", "), names.last().unwrap());
        let Conn::Postgres(conn) = &mut conn else { unreachable!() };
        for statement in [
            format!("UPDATE {table} SET {last} = {last}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!(
                "INSERT INTO {table} ({all}) OVERRIDING SYSTEM VALUE SELECT {all} FROM {table} LIMIT 1
                     ON CONFLICT ON CONSTRAINT {table}_pkey DO UPDATE SET {last} = excluded.{last}"
            ),
            format!("MERGE INTO {table} t USING (SELECT 1) one ON TRUE WHEN MATCHED THEN DELETE"),
        ] {
            missed.extend(refused_in_postgres(conn, &statement).await.err());
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

both! {
    async fn what_guards_the_history_is_missed_when_it_is_gone(world) {
        let mut tx = world.app.db.write().await.unwrap();
        match &mut tx.conn() {
            Conn::Sqlite(conn) => {
                sqlx::query("DROP TRIGGER events_are_never_deleted").execute(&mut **conn).await.unwrap();
            }
            Conn::Postgres(conn) => {
                sqlx::query("ALTER TABLE events DISABLE TRIGGER events_are_never_changed").execute(&mut **conn).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!(report.ailments.len(), 1, "{report}");
        assert!(report.ailments[0].contains("the table events"), "{report}");
    }
}
