//! The two databases behind one handle: SQLite in the data folder, or PostgreSQL.
//!
//! Every statement is written once, with `$1` placeholders, through the macros below, which expand the
//! same call for both connections. What one dialect knows and the other does not (` FOR UPDATE`) is
//! joined here and nowhere else. This module knows no table.

use std::cell::Cell;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::{PoolConnection, PoolConnectionMetadata, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, Database, Postgres, Row, Sqlite, Transaction};

pub use super::failure::DbError;
use super::failure::{failed_within, saved};
use crate::engine::time::Time;
use crate::keys::Keys;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The most connections a process opens to PostgreSQL for writing, and again for reading; on SQLite
/// the most readers (there is one writer).
const LARGEST_POOL: u32 = 8;
/// How long a request waits for a connection before it is told that the service is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database, and the key that seals what a copy of it must not tell. Cheap to clone.
#[derive(Clone)]
pub struct Db(Pools, Keys);

#[derive(Clone)]
enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres { writers: PgPool, readers: PgPool },
}

/// One connection of either kind; what the functions of `store` take, as `&mut Conn<'_>`.
pub enum Conn<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A write that is under way. Dropped without `commit`, it never happened.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A connection on which nothing can be written.
pub enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Db {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`) and brings its tables up to date.
    ///
    /// # Errors
    /// An address of neither kind, a database that does not answer, or a migration that fails.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        let db = Self::connect(url).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database at `url` as it is.
    ///
    /// # Errors
    /// An address of neither kind, or a database that does not answer.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::postgres(url.parse()?).await
        } else {
            Err(DbError::UnknownAddress)
        }
    }

    /// One writer, since SQLite has one at a time anyway and waiting in a pool is fairer than waiting
    /// in its busy handler; readers beside it, which cannot write.
    async fn sqlite(path: &Path) -> Result<Self, DbError> {
        keep_private(path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Without it, what REPLACE deletes does not ask the triggers against deletion.
            .pragma("recursive_triggers", "ON")
            .busy_timeout(PATIENCE);
        let writer = trusted(SqlitePoolOptions::new())
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        let readers = trusted(SqlitePoolOptions::new())
            .max_connections(LARGEST_POOL)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self(Pools::Sqlite { writer, readers }, Keys::default()))
    }

    async fn postgres(options: PgConnectOptions) -> Result<Self, DbError> {
        let options = options.application_name("holdfast");
        // A pool tries again until its patience ends and then says no more than that it ended.
        tokio::time::timeout(PATIENCE, not_pooled(&options)).await.map_err(|_| DbError::Silent)??;
        let pool = || trusted(PgPoolOptions::new()).max_connections(LARGEST_POOL);
        let writers = pool().connect_with(options.clone()).await?;
        let readers = pool().connect_lazy_with(options.options([("default_transaction_read_only", "on")]));
        Ok(Self(Pools::Postgres { writers, readers }, Keys::default()))
    }

    /// The same database with the key of this machine: see `checkpoints::begin`.
    #[must_use]
    pub fn with_keys(self, keys: Keys) -> Self {
        Self(self.0, keys)
    }

    /// The key of this machine.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.1
    }

    /// Runs the migrations that have not been run. Two processes may try at once: one waits.
    ///
    /// # Errors
    /// A migration that fails, or one that was changed after it had been run.
    pub async fn migrate(&self) -> Result<(), DbError> {
        match &self.0 {
            Pools::Sqlite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Pools::Postgres { writers, .. } => POSTGRES_MIGRATIONS.run(writers).await?,
        }
        Ok(())
    }

    /// Begins a write. On SQLite it waits here for its turn (`BEGIN IMMEDIATE`), so that nothing read
    /// inside can be out of date when it is written.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn write(&self) -> Result<Tx, DbError> {
        Ok(match &self.0 {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres { writers, .. } => Tx::Postgres(writers.begin().await?),
        })
    }

    /// A connection to read on.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn read(&self) -> Result<Reader, DbError> {
        Ok(match &self.0 {
            Pools::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Pools::Postgres { readers, .. } => Reader::Postgres(readers.acquire().await?),
        })
    }

    /// One moment of the database to read, however long that takes. Nothing is written on it.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn snapshot(&self) -> Result<Tx, DbError> {
        Ok(match &self.0 {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres { readers, .. } => {
                Tx::Postgres(readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?)
            }
        })
    }

    /// Settings of the database with which it forgets what it has confirmed; one line each.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn risks(&self) -> Result<Vec<String>, DbError> {
        let Pools::Postgres { readers, .. } = &self.0 else { return Ok(Vec::new()) };
        let sql = "SELECT name, setting FROM pg_settings
                   WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes') AND setting = 'off' ORDER BY name";
        let off: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(readers).await?;
        let line = |(name, setting)| {
            format!(
                "PostgreSQL has {name} = {setting}: after a power cut it may have forgotten payments that were confirmed. Set it to on"
            )
        };
        Ok(off.into_iter().map(line).collect())
    }

    /// What is behind the handle, for `doctor` and the log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Closes every connection; on SQLite the write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { writers, readers } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }
}

impl Tx {
    /// The connection that this write goes through.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(tx),
            Self::Postgres(tx) => Conn::Postgres(tx),
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// The database refused; nothing was written.
    pub async fn commit(self) -> Result<(), DbError> {
        let done = match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        };
        done.map_err(DbError::from).inspect_err(DbError::note_lost_commit).inspect(|()| saved())
    }
}

/// A pooler that gives each transaction another connection mixes up our prepared statements with those of others.
/// It shows when somebody else's transaction takes the server's end that was ours a moment ago.
async fn not_pooled(options: &PgConnectOptions) -> Result<(), DbError> {
    async fn backend(conn: &mut PgConnection) -> Result<i32, sqlx::Error> {
        sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(conn).await?.try_get(0)
    }
    let mut ours = PgConnection::connect_with(options).await?;
    let mut other = PgConnection::connect_with(options).await?;
    let before = backend(&mut ours).await?;
    sqlx::raw_sql("BEGIN").execute(&mut other).await?;
    let taken = backend(&mut other).await?;
    let after = backend(&mut ours).await?;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await?;
    ours.close().await?;
    other.close().await?;
    if before == taken || before != after {
        return Err(DbError::Unfit(
            "the database is reached through a pooler in transaction mode, which mixes up statements: set it to \
             session mode, or name the database's own address"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A pool that waits no longer than our patience, and hands no connection out that was open when the disk or
/// the server failed, or that still believes in a transaction which has ended.
fn trusted<DB: Database>(pool: PoolOptions<DB>) -> PoolOptions<DB> {
    pool.acquire_timeout(PATIENCE).before_acquire(|conn, PoolConnectionMetadata { age, .. }| {
        let is_trusted = !failed_within(age) && !conn.is_in_transaction();
        Box::pin(async move { Ok(is_trusted) })
    })
}

/// Nobody else on this machine may read the database, whatever its folder allows. The files beside it get the
/// same mode from SQLite, unless they were there before.
fn keep_private(path: &Path) -> std::io::Result<()> {
    const OURS: u32 = 0o600;
    std::fs::OpenOptions::new().create(true).append(true).mode(OURS).open(path)?;
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match std::fs::set_permissions(Path::new(&name), std::fs::Permissions::from_mode(OURS)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

impl Reader {
    /// The connection to read on.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

tokio::task_local! {
    static STATEMENTS: Cell<usize>;
}

/// Runs `work` and says how many statements it sent, on this task and no other. Nothing is counted
/// otherwise.
pub async fn counting<T>(work: impl Future<Output = T>) -> (T, usize) {
    let counted = async {
        let output = work.await;
        (output, STATEMENTS.with(Cell::get))
    };
    STATEMENTS.scope(Cell::new(0), counted).await
}

/// One statement more.
#[doc(hidden)]
pub fn count_statement() {
    // Outside of `counting` there is nobody to tell.
    let _ = STATEMENTS.try_with(|count| count.set(count.get() + 1));
}

/// Runs `$query` with `$binds` on whichever connection `$conn` is, and hands the bound query to `$run`.
#[doc(hidden)]
#[macro_export]
macro_rules! on_either {
    ($conn:expr, ($($query:tt)+), ($sqlite:expr, $postgres:expr), [$($bind:expr),*], $run:ident $(, $then:expr)?) => {
        {
            $crate::store::db::count_statement();
            match &mut *$conn {
                $crate::store::db::Conn::Sqlite(conn) => {
                    $($query)+($sqlite)$(.bind($bind))*.$run(&mut **conn).await$(.map($then))?
                }
                $crate::store::db::Conn::Postgres(conn) => {
                    $($query)+($postgres)$(.bind($bind))*.$run(&mut **conn).await$(.map($then))?
                }
            }
            .map_err($crate::store::db::DbError::from)
        }
    };
}

/// `exec!(conn, "sql", binds…)`: how many rows were written, as `Result<u64, DbError>`.
#[macro_export]
macro_rules! exec {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!($conn, (sqlx::query), ($sql, $sql), [$($bind),*], execute, |done| done.rows_affected())
    };
}

/// `one!(conn, T, "sql", binds…)`: the one row, as `Result<T, DbError>`; none is an error.
#[macro_export]
macro_rules! one {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!($conn, (sqlx::query_as::<_, $row>), ($sql, $sql), [$($bind),*], fetch_one)
    };
}

/// `opt!(conn, T, "sql", binds…)`: the row if there is one, as `Result<Option<T>, DbError>`.
#[macro_export]
macro_rules! opt {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!($conn, (sqlx::query_as::<_, $row>), ($sql, $sql), [$($bind),*], fetch_optional)
    };
}

/// `all!(conn, T, "sql", binds…)`: every row, as `Result<Vec<T>, DbError>`.
#[macro_export]
macro_rules! all {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!($conn, (sqlx::query_as::<_, $row>), ($sql, $sql), [$($bind),*], fetch_all)
    };
}

/// `lock!(conn, T, "SELECT …", binds…)`: like `opt!`, and no other write can take the row until this
/// one ends. The whole database is locked on SQLite already.
#[macro_export]
macro_rules! lock {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!(
            $conn, (sqlx::query_as::<_, $row>), ($sql, concat!($sql, " FOR UPDATE")), [$($bind),*], fetch_optional
        )
    };
}

/// `claim!(conn, T, "UPDATE … WHERE id IN (SELECT … LIMIT $1", ") RETURNING …", binds…)`: every row
/// claimed; rows that another process is claiming at this moment are passed over on PostgreSQL.
#[macro_export]
macro_rules! claim {
    ($conn:expr, $row:ty, $head:expr, $tail:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::on_either!(
            $conn, (sqlx::query_as::<_, $row>),
            (concat!($head, $tail), concat!($head, " FOR UPDATE SKIP LOCKED", $tail)), [$($bind),*], fetch_all
        )
    };
}

pub use crate::{all, claim, exec, lock, on_either, one, opt};

impl sqlx::Type<Sqlite> for Time {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <i64 as sqlx::Type<Sqlite>>::type_info()
    }
    fn compatible(ty: &sqlx::sqlite::SqliteTypeInfo) -> bool {
        <i64 as sqlx::Type<Sqlite>>::compatible(ty)
    }
}

impl sqlx::Encode<'_, Sqlite> for Time {
    fn encode_by_ref(
        &self,
        buffer: &mut <Sqlite as sqlx::Database>::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        sqlx::Encode::<Sqlite>::encode_by_ref(&self.micros(), buffer)
    }
}

impl sqlx::Decode<'_, Sqlite> for Time {
    fn decode(value: sqlx::sqlite::SqliteValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self::from_micros(<i64 as sqlx::Decode<Sqlite>>::decode(value)?))
    }
}

impl sqlx::Type<Postgres> for Time {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <time::OffsetDateTime as sqlx::Type<Postgres>>::type_info()
    }
    fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
        <time::OffsetDateTime as sqlx::Type<Postgres>>::compatible(ty)
    }
}

impl sqlx::Encode<'_, Postgres> for Time {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        sqlx::Encode::<Postgres>::encode_by_ref(&self.utc(), buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Time {
    fn decode(value: sqlx::postgres::PgValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self::new(<time::OffsetDateTime as sqlx::Decode<Postgres>>::decode(value)?))
    }
}
