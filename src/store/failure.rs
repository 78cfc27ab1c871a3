//! What can go wrong between us and the database, which connections are not to be trusted after it, and
//! whether a request has saved anything before it failed.
//!
//! When a disk is full, SQLite itself rolls a transaction back, and its driver goes on believing in it:
//! every later write of that connection fails. So after a failure of the disk or the server, each
//! connection that was open then is thrown away before it is used again.

use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use tokio::time::Instant;

/// What went wrong between us and the database. The inside is for the log, never for a page.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("database: {0}")]
    Query(#[source] sqlx::Error),
    #[error("migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database address is neither sqlite: nor postgres:")]
    UnknownAddress,
    #[error("database: it does not answer")]
    Silent,
    /// How the database is set up or reached is not safe to work with; the line says what to change.
    #[error("{0}")]
    Unfit(String),
    /// What must always hold does not: nothing was written, and somebody must look.
    #[error("broken: {0}")]
    Broken(String),
}

/// A failure that passes without anybody changing the program or the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The disk is full, fails, or may not be written.
    Disk,
    /// The database does not answer, or not in time.
    Away,
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let error = Self::Query(error);
        if error.outage().is_some() && !error.is_crowded() {
            distrust();
        }
        error
    }
}

impl DbError {
    /// Whether a row with the same unique key is there already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.database().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether a CHECK, a NOT NULL or a trigger of the database refused the row.
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.database().is_some_and(sqlx::error::DatabaseError::is_check_violation)
    }

    /// Whether a row holds what its column can't hold.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Query(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)))
    }

    /// Whether the same work may succeed when it is simply done again from its beginning: a deadlock,
    /// a serialization failure, a writer that did not get its turn.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.database()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01" | "5" | "6" | "261" | "517"))
    }

    /// Whether it will pass by itself, and then which kind of failure it is. Trying at once again is no use.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        match self {
            Self::Query(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::InvalidSavePointStatement
                | sqlx::Error::BeginFailed,
            ) => Some(Outage::Away),
            Self::Query(sqlx::Error::Database(inner)) => {
                if let Some(error) = inner.try_downcast_ref::<SqliteError>() {
                    of_sqlite(sqlx::error::DatabaseError::code(error).as_deref().unwrap_or_default())
                } else {
                    inner.try_downcast_ref::<PgDatabaseError>().and_then(|error| of_postgres(error.code()))
                }
            }
            Self::Silent => Some(Outage::Away),
            Self::Query(_) | Self::Migrate(_) | Self::UnknownAddress | Self::Unfit(_) | Self::Broken(_) => {
                None
            }
        }
    }

    /// Whether only the room for more work or connections has run out: those that there are stay good.
    fn is_crowded(&self) -> bool {
        if matches!(self, Self::Query(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)) {
            return true;
        }
        let code = self.database().and_then(sqlx::error::DatabaseError::code);
        code.is_some_and(|code| code.len() == 5 && code.starts_with("53") && code != "53100")
    }

    /// After a commit of which no answer came, nobody knows whether it holds. A database that answered with a
    /// refusal has saved nothing, unless its disk failed in the middle.
    pub(super) fn note_lost_commit(&self) {
        let code = self.database().and_then(sqlx::error::DatabaseError::code);
        let failed_midway = |code: &str| code.parse::<u32>().is_ok_and(|code| code & 0xff == 10);
        if code.is_none_or(|code| failed_midway(&code)) {
            saved();
        }
    }

    fn database(&self) -> Option<&(dyn sqlx::error::DatabaseError + 'static)> {
        match self {
            Self::Query(inner) => inner.as_database_error(),
            Self::Migrate(_) | Self::UnknownAddress | Self::Silent | Self::Unfit(_) | Self::Broken(_) => None,
        }
    }
}

/// By the lower byte of SQLite's result code: NOMEM, READONLY, IOERR, FULL, CANTOPEN.
fn of_sqlite(code: &str) -> Option<Outage> {
    match code.parse::<u32>().ok()? & 0xff {
        8 | 10 | 13 | 14 => Some(Outage::Disk),
        7 => Some(Outage::Away),
        _ => None,
    }
}

/// By PostgreSQL's code: 53100 disk full, 58 a failure of the system, 25006 a server that only reads; 53 no more
/// room for work, 57P a server that ends or begins, 08 a connection that broke.
fn of_postgres(code: &str) -> Option<Outage> {
    match code {
        "53100" | "25006" => Some(Outage::Disk),
        _ if code.starts_with("58") => Some(Outage::Disk),
        _ if ["53", "57P", "08"].iter().any(|class| code.starts_with(class)) => Some(Outage::Away),
        _ => None,
    }
}

/// When the disk or the server last failed. One for the process: too many connections opened again are no
/// harm, and one too few is.
static FAILED: Mutex<Option<Instant>> = Mutex::new(None);

fn distrust() {
    *FAILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
}

/// Whether the disk or the server has failed within so long before now.
#[must_use]
pub fn failed_within(span: Duration) -> bool {
    let failed = *FAILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    failed.is_some_and(|failed| failed.elapsed() <= span)
}

tokio::task_local! {
    static SAVED: Cell<bool>;
}

/// Runs `work` and says whether it has saved anything, or may have.
pub async fn noting_saves<T>(work: impl Future<Output = T>) -> (T, bool) {
    let noted = async {
        let output = work.await;
        (output, SAVED.with(Cell::get))
    };
    SAVED.scope(Cell::new(false), noted).await
}

/// Something was saved, or may have been.
pub(super) fn saved() {
    // Outside of `noting_saves` there is nobody to tell.
    let _ = SAVED.try_with(|saved| saved.set(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        for code in ["13", "10", "778", "1034", "8", "1032", "14", "1038"] {
            assert_eq!(of_sqlite(code), Some(Outage::Disk), "{code}");
        }
        for code in ["1", "5", "11", "19", "2067", "517", "26"] {
            assert_eq!(of_sqlite(code), None, "{code}");
        }
        for (code, outage) in [
            ("53100", Some(Outage::Disk)),
            ("58030", Some(Outage::Disk)),
            ("25006", Some(Outage::Disk)),
            ("53300", Some(Outage::Away)),
            ("57P01", Some(Outage::Away)),
            ("08006", Some(Outage::Away)),
            ("57014", None),
            ("23505", None),
            ("40001", None),
        ] {
            assert_eq!(of_postgres(code), outage, "{code}");
        }
    }
}
