//! What the doctor found.

use std::fmt;

use crate::store::db::DbError;

/// So many rows are read at a time.
pub(super) const BATCH: i64 = 200;
/// So many ailments are told; a broken disk would fill the screen otherwise.
pub(super) const MOST: usize = 50;

/// What the doctor found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub escrows: usize,
    pub events: usize,
    pub entries: usize,
    pub files: usize,
    /// Lines of the audit.
    pub audit: usize,
    pub checkpoints: usize,
    /// The first things that are wrong, each a sentence that names the row.
    pub ailments: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.ailments.is_empty()
    }

    /// Notes what is wrong: a sentence that names the row.
    pub(super) fn ill(&mut self, what: impl Into<String>) {
        if self.ailments.len() < MOST {
            self.ailments.push(what.into());
        }
    }

    /// Notes a column that says something else than the events.
    pub(super) fn column<T: PartialEq + fmt::Debug>(
        &mut self,
        row: &str,
        column: &str,
        stored: &T,
        derived: &T,
    ) {
        if stored != derived {
            self.ill(format!("{row}: {column} is stored as {stored:?}, its events come to {derived:?}"));
        }
    }

    /// Notes rows that nobody can read, and goes on as if there were none; any other error goes on.
    pub(super) fn readable<T: Default>(
        &mut self,
        what: &str,
        done: Result<T, DbError>,
    ) -> Result<T, DbError> {
        match done {
            Err(error) if error.is_unreadable() => {
                self.ill(format!("a row of the {what} can't be read: {error}"));
                Ok(T::default())
            }
            done => done,
        }
    }

    /// Adds what was found beside this.
    pub(super) fn add(&mut self, other: Self) {
        self.escrows += other.escrows;
        self.events += other.events;
        self.entries += other.entries;
        self.files += other.files;
        self.audit += other.audit;
        self.checkpoints += other.checkpoints;
        for ailment in other.ailments {
            self.ill(ailment);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ailment in &self.ailments {
            writeln!(f, "WRONG  {ailment}")?;
        }
        let found = if self.is_healthy() { "Healthy" } else { "Not healthy" };
        write!(
            f,
            "{found}: {} escrows replayed from {} events, {} ledger entries, {} files, {} lines of the audit, {} checkpoints.",
            self.escrows, self.events, self.entries, self.files, self.audit, self.checkpoints
        )
    }
}
