//! The audit: its chain, and whether the rights and rules that stand are those that follow from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::report::Report;
use crate::engine::chain::{GENESIS, link};
use crate::store::audit::{self, Change, Record, Standing, Stored};
use crate::store::db::{Conn, DbError};

const BATCH: i64 = 1_000;

/// Follows the chain of the audit and compares what stands by it with the tables; what stands comes back.
///
/// # Errors
/// The database's.
pub async fn chain(conn: &mut Conn<'_>, report: &mut Report) -> Result<Standing, DbError> {
    let (mut standing, mut hash, mut seq) = (Standing::default(), GENESIS, 0_i64);
    loop {
        let lines = audit::read(conn, seq, BATCH).await?;
        if lines.is_empty() {
            break;
        }
        for line in &lines {
            report.audit += 1;
            match step(&mut hash, seq, line) {
                Ok(record) => {
                    if matches!(record.change, Some(Change::Began(_))) && standing != Standing::default() {
                        report.ill(format!("audit, line {}: it begins a second time", line.seq));
                    }
                    record.change.iter().for_each(|change| standing.take(change));
                }
                Err(what) => {
                    report.ill(format!("audit, line {}: {what}", line.seq));
                    return Ok(standing);
                }
            }
            seq = line.seq;
        }
    }
    match audit::head(conn).await? {
        Some((last, head)) if (last, head.as_slice()) == (seq, hash.as_slice()) => {}
        Some((last, _)) => {
            report.ill(format!("audit: its chain ends with line {seq}, and its head says {last}"));
        }
        None => report.ill("audit: its head is gone".to_owned()),
    }
    match audit::standing(conn).await {
        Err(error) if error.is_unreadable() => report.ill(format!(
            "a row of users, of fees and limits or of the terms of service can't be read: {error}"
        )),
        tables => compare(&standing, &tables?, report),
    }
    Ok(standing)
}

/// A line that must be the next one.
fn step(hash: &mut [u8; 32], before: i64, line: &Stored) -> Result<Record, String> {
    if line.seq != before + 1 {
        return Err(format!("line {} was expected", before + 1));
    }
    let seq = u64::try_from(line.seq).map_err(|_| "a negative number".to_owned())?;
    *hash = link(hash, seq, line.body.as_bytes());
    if hash.as_slice() != line.hash.as_slice() {
        return Err("the link does not seal what is stored".to_owned());
    }
    let record = line.record().map_err(|error| format!("unreadable: {error}"))?;
    let sealed = (record.seq, record.at, record.who.user(), record.act.as_str(), record.user());
    if sealed != (seq, line.at, line.operator, line.act.as_str(), line.user_id) {
        return Err("its row says something else than what was sealed".to_owned());
    }
    Ok(record)
}

/// Both ways: what the audit says and no table does, and the other way round.
fn compare(audit: &Standing, tables: &Standing, report: &mut Report) {
    for user in audit.operators.symmetric_difference(&tables.operators) {
        let is = tables.operators.contains(user);
        report.ill(if is {
            format!("user {user}: an operator, which the audit does not say")
        } else {
            format!("user {user}: no operator, which the audit says")
        });
    }
    differ("user", "frozen", &audit.frozen, &tables.frozen, report);
    differ("fees and limits", "version", &audit.fees, &tables.fees, report);
    differ("terms of service", "version", &audit.terms, &tables.terms, report);
}

fn differ<K: Ord + Display + Clone, V: PartialEq>(
    of: &str,
    what: &str,
    audit: &BTreeMap<K, V>,
    tables: &BTreeMap<K, V>,
    report: &mut Report,
) {
    let keys: BTreeSet<&K> = audit.keys().chain(tables.keys()).collect();
    for key in keys {
        match (audit.get(key), tables.get(key)) {
            (Some(said), Some(stands)) if said == stands => {}
            (Some(_), Some(_)) => report.ill(format!("{of}, {what} {key}: not as the audit has it")),
            (Some(_), None) => report.ill(format!("{of}, {what} {key}: the audit has it, the tables do not")),
            (None, Some(_)) => {
                report.ill(format!("{of}, {what} {key}: the tables have it, the audit does not"))
            }
            (None, None) => {}
        }
    }
}
