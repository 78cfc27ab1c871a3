//! Single edits, drawn at random over every table and column that is sealed or audited: another value, nothing, the value of
//! another row, a row taken out, a row put in.

use std::collections::BTreeMap;

use super::Hand;
use super::columns::{AUDITED, SEALED};
use crate::database::{postgres_columns, sqlite_columns};
use crate::world::World;

/// Numbers that look random and are the same each time (splitmix64).
pub struct Luck(pub u64);

impl Luck {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn hex(&mut self, bytes: usize) -> String {
        (0..bytes).map(|_| format!("{:02x}", self.below(256))).collect()
    }
}

/// Every column of the database: by table and name its type, and whether it may be empty.
pub struct Schema(BTreeMap<(String, String), (&'static str, bool)>);

impl Schema {
    pub async fn of(world: &World) -> Self {
        match world.app.db.kind() {
            "SQLite" => Self(sqlite_columns(&world.app.db).await),
            _ => Self(postgres_columns(&world.app.db).await),
        }
    }

    fn columns(&self, table: &str) -> Vec<&str> {
        self.0.keys().filter(|(of, _)| of == table).map(|(_, name)| name.as_str()).collect()
    }
}

/// One edit, and the names of which its finding has to say one.
pub struct Edit {
    pub statement: String,
    pub names: Vec<String>,
}

/// Rows of a table that are part of a deal's history.
fn scope(table: &str) -> &'static str {
    match table {
        "files" => "escrow_id IS NOT NULL",
        "pay_links" => "replaced_at IS NULL",
        "users" => "(operator OR frozen_at IS NOT NULL)",
        _ => "TRUE",
    }
}

/// Rows whose disappearance matters: an empty balance says what no row says too, and whether somebody wanted to be
/// told of something is his affair.
fn may_go(table: &str) -> Option<&'static str> {
    match table {
        "balances" => Some("(amount_minor <> 0 OR kind = 'wallet')"),
        "notifications" => None,
        other => Some(scope(other)),
    }
}

impl Edit {
    /// Draws one. Nothing where the draw has no row to work on.
    pub async fn draw(schema: &Schema, hand: &mut Hand, luck: &mut Luck) -> Option<Self> {
        let place = luck.below(SEALED.len() + AUDITED.len());
        let (table, sealed) = *SEALED.iter().chain(AUDITED).nth(place)?;
        let place = if matches!(hand, Hand::Sqlite(_)) { "rowid" } else { "ctid" };
        let sealed: Vec<&str> = sealed.split_whitespace().collect();
        let kind = luck.below(10);
        let rows = if kind == 0 { may_go(table)? } else { scope(table) };
        let count = hand.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table} WHERE {rows}")).await;
        let count: usize = count[0].parse().unwrap();
        if count == 0 {
            return None;
        }
        let row = format!(
            "{place} = (SELECT {place} FROM {table} WHERE {rows} ORDER BY {place} LIMIT 1 OFFSET {})",
            luck.below(count)
        );
        let mut names = names(schema, hand, table, &row).await;
        let statement = match kind {
            0 => format!("DELETE FROM {table} WHERE {row}"),
            1 => {
                let hex = luck.hex(16);
                names.extend([hyphened(&hex), "ESC-0000-0000".to_owned()]);
                copied(schema, hand, table, &row, &hex)?
            }
            _ => {
                let column = sealed[luck.below(sealed.len())];
                let other = value(schema, hand, (table, column), luck);
                format!(
                    "UPDATE {table} SET {column} = {other} WHERE {row} AND {column} IS DISTINCT FROM {other}"
                )
            }
        };
        Some(Self { statement, names })
    }
}

/// Another value for a column.
fn value(schema: &Schema, hand: &Hand, (table, column): (&str, &str), luck: &mut Luck) -> String {
    let (kind, nullable) = schema.0[&(table.to_owned(), column.to_owned())];
    if nullable && luck.below(4) == 0 {
        return "NULL".to_owned();
    }
    if luck.below(3) == 0 {
        // What another row has, which is a value that could be right.
        return format!(
            "(SELECT o.{column} FROM {table} o WHERE o.{column} IS DISTINCT FROM {table}.{column}
              ORDER BY o.{column} LIMIT 1 OFFSET {})",
            luck.below(3)
        );
    }
    let sqlite = matches!(hand, Hand::Sqlite(_));
    let uuid = "019dee3d-8694-739b-aea5-966c26f8ad91";
    match kind {
        "TEXT" | "text" => match luck.below(3) {
            0 => format!("COALESCE({column}, '') || 'x'"),
            1 => format!("'{}'", luck.hex(8)),
            _ => format!("CASE WHEN {column} = '' THEN '-' ELSE substr({column}, 2) END"),
        },
        "INTEGER" | "bigint" | "integer" => match luck.below(3) {
            0 => format!("COALESCE({column}, 0) + 1"),
            1 => format!("COALESCE({column}, 0) - 1"),
            _ => format!("{}", luck.below(1_000_000)),
        },
        "boolean" => format!("NOT {column}"),
        "timestamp with time zone" => match luck.below(2) {
            0 => format!("COALESCE({column}, now()) + interval '1 microsecond'"),
            _ => "TIMESTAMPTZ '2026-01-01 00:00:00+00'".to_owned(),
        },
        "uuid" => format!("'{uuid}'::uuid"),
        "bytea" => format!("'\\x{}'::bytea", luck.hex(32)),
        _ if sqlite && (column.ends_with("id") || column == "uploader") => {
            format!("X'{}'", uuid.replace('-', ""))
        }
        _ => format!("X'{}'", luck.hex(32)),
    }
}

/// A row that no event made: a copy of one under another key.
fn copied(schema: &Schema, hand: &Hand, table: &str, row: &str, hex: &str) -> Option<String> {
    let key = match table {
        "events" | "entries" => "seq",
        "parties" | "signatures" => "user_id",
        "payments" | "files" => "id",
        "balances" => "account",
        "terms_of_service" => "version",
        "checkpoints" => "number",
        "pay_links" => "escrow_id",
        "contract_texts" => "version",
        "audit_events" => "seq",
        "fee_schedules" => "id",
        "checkpoint_heads" => "chain",
        // Their reader could have been told once more; and anybody may come along.
        "notifications" | "users" | "audit_head" => return None,
        "escrows" => "id, reference",
        other => panic!("how is a row of {other} copied?"),
    };
    let columns: Vec<&str> =
        schema.columns(table).into_iter().filter(|column| !(table == "entries" && *column == "id")).collect();
    let values = columns.iter().map(|column| match (*column, key) {
        ("seq", "seq") => "seq + 1000".to_owned(),
        ("number", "number") => "number + 1000".to_owned(),
        ("version", "version") => "version + 1000".to_owned(),
        ("account", "account") => "account || '0'".to_owned(),
        ("reference", "id, reference") => "'ESC-0000-0000'".to_owned(),
        ("hash", _) if table == "pay_links" => binary(hand, &hex.repeat(2)),
        (column, key) if key == column || (key == "id, reference" && column == "id") => id(hand, hex),
        (column, _) => column.to_owned(),
    });
    let values: Vec<String> = values.collect();
    Some(format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {row}",
        columns.join(", "),
        values.join(", ")
    ))
}

fn hyphened(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn id(hand: &Hand, hex: &str) -> String {
    match hand {
        Hand::Sqlite(_) => format!("X'{hex}'"),
        Hand::Postgres(_) => format!("'{hex}'::uuid"),
    }
}

fn binary(hand: &Hand, hex: &str) -> String {
    match hand {
        Hand::Sqlite(_) => format!("X'{hex}'"),
        Hand::Postgres(_) => format!("'\\x{hex}'::bytea"),
    }
}

/// By which names a finding may call a row: the reference of its escrow, its account, its own id.
async fn names(schema: &Schema, hand: &mut Hand, table: &str, row: &str) -> Vec<String> {
    let columns = schema.columns(table);
    let text = |column: &str| {
        match hand {
        Hand::Sqlite(_) => format!(
            "lower(substr(hex({column}), 1, 8) || '-' || substr(hex({column}), 9, 4) || '-' ||
             substr(hex({column}), 13, 4) || '-' || substr(hex({column}), 17, 4) || '-' || substr(hex({column}), 21))"
        ),
        Hand::Postgres(_) => format!("{column}::text"),
    }
    };
    let mut wanted = Vec::new();
    if columns.contains(&"reference") {
        wanted.push("reference".to_owned());
    }
    if columns.contains(&"account") {
        wanted.push("account".to_owned());
    }
    if columns.contains(&"escrow_id") {
        wanted.push(format!("(SELECT e.reference FROM escrows e WHERE e.id = {table}.escrow_id)"));
        wanted.push(text("escrow_id"));
    }
    match table {
        "entries" => wanted.push("'ledger entry ' || CAST(id AS TEXT)".to_owned()),
        "users" => wanted.push(text("id")),
        "audit_events" | "audit_head" => wanted.push("'audit'".to_owned()),
        "fee_schedules" => wanted.push("'fees and limits'".to_owned()),
        "terms_of_service" => wanted.push("'terms of service'".to_owned()),
        "checkpoints" | "checkpoint_heads" => wanted.push("'checkpoint'".to_owned()),
        "escrows" | "payments" | "files" | "notifications" => wanted.push(text("id")),
        _ => {}
    }
    // Bytes are named by their digest.
    if table == "files" {
        wanted.push("sha256".to_owned());
    }
    let mut names = Vec::new();
    for what in wanted {
        names.extend(hand.texts(&format!("SELECT {what} FROM {table} WHERE {row}")).await);
    }
    names
}
