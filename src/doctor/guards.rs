//! The triggers of the database that refuse to change what is kept for ever. Without them the history is still
//! examined, but nobody would be stopped.

use super::report::Report;
use crate::store::APPEND_ONLY;
use crate::store::db::{Conn, DbError};
use crate::store::doctor::others;

pub(super) async fn all(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    let wanted: &[&str] = match conn {
        Conn::Sqlite(_) => &["never_changed", "never_deleted", "never_replaced"],
        Conn::Postgres(_) => &["never_changed", "never_truncated"],
    };
    for table in APPEND_ONLY {
        let guards = others::guards(conn, table).await?;
        for what in wanted {
            if !guards.iter().any(|name| name.starts_with(table) && name.ends_with(what)) {
                report.ill(format!("the table {table}: the trigger *_{what} that guards it is gone"));
            }
        }
    }
    Ok(())
}
