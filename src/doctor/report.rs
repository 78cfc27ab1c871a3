//! What the doctor found.

use std::fmt;

/// So many rows are read at a time.
pub(super) const BATCH: i64 = 200;
/// So many ailments are told; a broken disk would fill the screen otherwise.
const MOST: usize = 50;

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
