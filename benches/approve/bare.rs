//! The same rows by a bare loop: a copy of the database from before the approvals gets every row that they
//! wrote, escrow by escrow, each in a transaction of its own, over one connection with the same settings. What is
//! written is read into memory first, so that the loop writes and does nothing else.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo, ValueRef};

/// What an approval adds or changes, by escrow `$1`: the table, and which of its rows are new. `before` is the copy.
const WRITTEN: [(&str, &str); 7] = [
    ("events", "escrow_id = $1 AND seq > (SELECT seq FROM before.escrows WHERE id = $1)"),
    ("entries", "escrow_id = $1 AND seq > (SELECT seq FROM before.escrows WHERE id = $1)"),
    ("payments", "escrow_id = $1 AND id NOT IN (SELECT id FROM before.payments WHERE escrow_id = $1)"),
    (
        "notifications",
        "escrow_id = $1 AND id NOT IN (SELECT id FROM before.notifications WHERE escrow_id = $1)",
    ),
    ("outbox", "escrow_id = $1 AND id NOT IN (SELECT id FROM before.outbox WHERE escrow_id = $1)"),
    // Rows that are there already get their new values: the two held accounts and the seller's wallet.
    (
        "balances",
        "escrow_id = $1 AND kind = 'held' OR kind = 'wallet' AND user_id =
        (SELECT user_id FROM main.parties WHERE escrow_id = $1 AND role = 'seller')",
    ),
    ("escrows", "id = $1"),
];

enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

struct Write {
    sql: String,
    values: Vec<Value>,
}

async fn open(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .connect()
        .await
        .unwrap()
}

/// Copies the database as it is now.
pub async fn copy(folder: &Path) {
    let mut conn = open(&folder.join("holdfast.db")).await;
    let into = format!("VACUUM INTO '{}'", folder.join("before.db").display());
    sqlx::query(AssertSqlSafe(into)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// Writes the rows; how many approvals, how many rows, and how long it took.
pub async fn run(folder: &Path) -> (usize, usize, Duration) {
    let approvals = read(folder).await;
    let mut conn = open(&folder.join("before.db")).await;
    let (mut rows, begin) = (0, Instant::now());
    for writes in &approvals {
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
        for write in writes {
            let sql = AssertSqlSafe(write.sql.clone());
            let query = write.values.iter().fold(sqlx::query::<sqlx::Sqlite>(sql), bind);
            rows += usize::try_from(query.execute(&mut *tx).await.unwrap().rows_affected()).unwrap();
        }
        tx.commit().await.unwrap();
    }
    (approvals.len(), rows, begin.elapsed())
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(query: Query<'q>, value: &'q Value) -> Query<'q> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
        Value::Blob(bytes) => query.bind(bytes.as_slice()),
    }
}

/// The writes of every approval, in the order in which the escrows were made.
async fn read(folder: &Path) -> Vec<Vec<Write>> {
    let mut conn = open(&folder.join("holdfast.db")).await;
    let attach = format!("ATTACH DATABASE '{}' AS before", folder.join("before.db").display());
    sqlx::query(AssertSqlSafe(attach)).execute(&mut conn).await.unwrap();
    let ended = sqlx::query("SELECT id FROM main.escrows WHERE stage = 'ended' ORDER BY id");
    let ids: Vec<Vec<u8>> = ended.fetch_all(&mut conn).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut approvals = Vec::new();
    for id in ids {
        let mut writes = Vec::new();
        for (table, which) in WRITTEN {
            let sql = format!("SELECT * FROM main.{table} WHERE {which}");
            let rows = sqlx::query(AssertSqlSafe(sql)).bind(&id).fetch_all(&mut conn).await.unwrap();
            writes.extend(rows.iter().map(|row| write(table, row)));
        }
        let party = "UPDATE parties SET task = NULL, task_by = NULL, over = TRUE WHERE escrow_id = $1";
        writes.push(Write { sql: party.to_owned(), values: vec![Value::Blob(id.clone())] });
        let key = "INSERT INTO idempotency (user_id, key, input, outcome, at) VALUES ($1, $2, zeroblob(32), '{}', 0)";
        let values = vec![Value::Blob(id.clone()), Value::Text(format!("{:?}", &id[..8]))];
        writes.push(Write { sql: key.to_owned(), values });
        approvals.push(writes);
    }
    conn.close().await.unwrap();
    approvals
}

fn write(table: &str, row: &SqliteRow) -> Write {
    let names: Vec<&str> = row.columns().iter().map(Column::name).collect();
    let places: Vec<String> = (1..=names.len()).map(|place| format!("${place}")).collect();
    // A key that is set, even to itself, makes SQLite look through every table that points to it.
    let changed = names.iter().filter(|name| !matches!(**name, "id" | "account"));
    let sets: Vec<String> = changed.map(|name| format!("{name} = excluded.{name}")).collect();
    let conflict = match table {
        "balances" => format!("ON CONFLICT (account) DO UPDATE SET {}", sets.join(", ")),
        "escrows" => format!("ON CONFLICT (id) DO UPDATE SET {}", sets.join(", ")),
        _ => String::new(),
    };
    let sql = format!("INSERT INTO {table} ({}) VALUES ({}) {conflict}", names.join(", "), places.join(", "));
    Write { sql, values: (0..names.len()).map(|column| value(row, column)).collect() }
}

fn value(row: &SqliteRow, column: usize) -> Value {
    let raw = row.try_get_raw(column).unwrap();
    if raw.is_null() {
        return Value::Null;
    }
    match raw.type_info().name() {
        "INTEGER" | "BOOLEAN" => Value::Integer(row.get(column)),
        "TEXT" => Value::Text(row.get(column)),
        "BLOB" => Value::Blob(row.get(column)),
        other => panic!("{other}"),
    }
}
