//! Copies of escrows under other ids and references, with everything that follows from them.

use holdfast::engine::chain::{GENESIS, link};
use holdfast::store::hash;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, FromRow};
use uuid::Uuid;

#[derive(FromRow)]
struct Event {
    seq: i64,
    at: i64,
    kind: String,
    milestone: Option<i64>,
    body: String,
}

/// What changes from one copy to the next: each text and what stands there instead.
struct Names(Vec<(String, String)>);

impl Names {
    fn change(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new))
    }
}

/// The same id with another beginning of its random part.
fn other(id: Uuid, copy: u64) -> Uuid {
    Uuid::from_u128(id.as_u128() ^ (u128::from(copy) << 20))
}

pub async fn make(path: &str, wanted: usize) {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let triggers: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let (here,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM events").fetch_one(&mut conn).await.unwrap();
    let copies = wanted.div_ceil(usize::try_from(here).unwrap());
    let escrows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, reference FROM escrows ORDER BY id").fetch_all(&mut conn).await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    for (name, _) in &triggers {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {name}"))).execute(&mut *tx).await.unwrap();
    }
    let mut number = 0_u64;
    for (id, reference) in &escrows {
        for copy in 1..copies {
            number += 1;
            one(&mut tx, *id, reference, u64::try_from(copy).unwrap(), number).await;
        }
    }
    wallets(&mut tx).await;
    for (_, sql) in triggers {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn one(conn: &mut SqliteConnection, id: Uuid, reference: &str, copy: u64, number: u64) {
    let new = other(id, copy);
    let new_reference = format!("ESC-{:04}-{:04}", number / 10_000, number % 10_000);
    let payments: Vec<(Uuid,)> = sqlx::query_as("SELECT id FROM payments WHERE escrow_id = $1")
        .bind(id)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    let mut names = vec![(id.to_string(), new.to_string()), (reference.to_owned(), new_reference.clone())];
    names.extend(payments.iter().map(|(id,)| (id.to_string(), other(*id, copy).to_string())));
    let names = Names(names);
    let events: Vec<Event> =
        sqlx::query_as("SELECT seq, at, kind, milestone, body FROM events WHERE escrow_id = $1 ORDER BY seq")
            .bind(id)
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    let mut head = GENESIS;
    for event in events {
        let body = names.change(&event.body);
        head = link(&head, event.seq.unsigned_abs(), body.as_bytes());
        sqlx::query("INSERT INTO events (escrow_id, seq, at, kind, milestone, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(new).bind(event.seq).bind(event.at).bind(event.kind).bind(event.milestone).bind(body).bind(head.to_vec())
            .execute(&mut *conn).await.unwrap();
    }
    let (document,): (String,) = sqlx::query_as("SELECT document FROM escrows WHERE id = $1")
        .bind(id)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO escrows (id, reference, title, title_lower, currency, amount_minor, stage, seq, head, document, next_at,
             created_at, updated_at, disputed_since, ruling_by)
         SELECT $2, $3, title, title_lower, currency, amount_minor, stage, seq, $4, $5, next_at, created_at, updated_at,
             disputed_since, ruling_by FROM escrows WHERE id = $1",
    )
    .bind(id).bind(new).bind(new_reference.as_str()).bind(head.to_vec()).bind(names.change(&document))
    .execute(&mut *conn).await.unwrap();
    rows(conn, (id, new), &new_reference, copy, payments).await;
}

/// The rows beside the events and the escrow's own.
async fn rows(
    conn: &mut SqliteConnection,
    (id, new): (Uuid, Uuid),
    new_reference: &str,
    copy: u64,
    payments: Vec<(Uuid,)>,
) {
    for sql in [
        "INSERT INTO parties (escrow_id, user_id, role, email, name, salt, told, task, task_by, task_milestone, over)
         SELECT $2, user_id, role, email, name, salt, told, task, task_by, task_milestone, over FROM parties WHERE escrow_id = $1",
        "INSERT INTO signatures (escrow_id, user_id, version, document_sha256, typed_name, ip, user_agent, salt, at)
         SELECT $2, user_id, version, document_sha256, typed_name, ip, user_agent, salt, at FROM signatures WHERE escrow_id = $1",
        "INSERT INTO contract_texts (escrow_id, version, kind, seq, format, language, sha256, text)
         SELECT $2, version, kind, seq, format, language, sha256, text FROM contract_texts WHERE escrow_id = $1",
        "INSERT INTO notifications (id, user_id, escrow_id, reference, title, notice, created_at)
         SELECT randomblob(16), user_id, $2, $3, title, notice, created_at FROM notifications WHERE escrow_id = $1",
    ] {
        sqlx::query(sql).bind(id).bind(new).bind(new_reference).execute(&mut *conn).await.unwrap();
    }
    for sql in [
        "INSERT INTO entries (escrow_id, seq, line, from_account, to_account, currency, amount_minor, from_after, to_after, at)
         SELECT $2, seq, line, replace(from_account, $3, $4), replace(to_account, $3, $4), currency, amount_minor, from_after,
             to_after, at FROM entries WHERE escrow_id = $1 ORDER BY seq, line",
        "INSERT INTO balances (account, kind, currency, user_id, escrow_id, amount_minor)
         SELECT replace(account, $3, $4), kind, currency, user_id, $2, amount_minor FROM balances WHERE escrow_id = $1",
    ] {
        sqlx::query(sql).bind(id).bind(new).bind(id.to_string()).bind(new.to_string()).execute(&mut *conn).await.unwrap();
    }
    for (payment,) in payments {
        sqlx::query(
            "INSERT INTO payments (id, escrow_id, user_id, kind, method, state, reason, currency, amount_minor, milestone, refund,
                 attempt, created_at, settled_at)
             SELECT $2, $3, user_id, kind, method, state, reason, currency, amount_minor, milestone, refund, attempt, created_at,
                 settled_at FROM payments WHERE id = $1",
        )
        .bind(payment).bind(other(payment, copy)).bind(new).execute(&mut *conn).await.unwrap();
    }
    sqlx::query(
        "INSERT INTO pay_links (hash, escrow_id, secret, created_at)
         SELECT $2, $3, $4, created_at FROM pay_links WHERE escrow_id = $1 AND replaced_at IS NULL",
    )
    .bind(id)
    .bind(hash(new_reference))
    .bind(new)
    .bind(new_reference)
    .execute(&mut *conn)
    .await
    .unwrap();
}

/// What every wallet holds, and held after each of its entries.
async fn wallets(conn: &mut SqliteConnection) {
    for (account, after) in [("to_account", "to_after"), ("from_account", "from_after")] {
        let sql = format!(
            "UPDATE entries SET {after} = r.running FROM (
                 SELECT id, account, SUM(delta) OVER (PARTITION BY account ORDER BY id) AS running FROM (
                     SELECT id, to_account AS account, amount_minor AS delta FROM entries WHERE to_account LIKE 'wallet/%'
                     UNION ALL SELECT id, from_account, -amount_minor FROM entries WHERE from_account LIKE 'wallet/%')) r
             WHERE r.id = entries.id AND r.account = entries.{account}"
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    }
    let moves = "SELECT to_account AS account, amount_minor AS delta FROM entries WHERE to_account LIKE 'wallet/%'
                 UNION ALL SELECT from_account, -amount_minor FROM entries WHERE from_account LIKE 'wallet/%'";
    let sql = format!(
        "UPDATE balances SET amount_minor = m.amount
         FROM (SELECT account, SUM(delta) AS amount FROM ({moves}) GROUP BY account) m WHERE m.account = balances.account"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
}
