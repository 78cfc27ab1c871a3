//! The texts of contracts against their fingerprints and their events: each version has its text, each text its
//! version, and none was changed. A text that was taken out after its retention is not missed.

use super::report::Report;
use crate::engine::chain::sha256_hex;
use crate::engine::contract::Texts;
use crate::engine::escrow::Escrow;
use crate::engine::event::Record;
use crate::engine::versions;
use crate::store::audit::Standing;
use crate::store::contracts::{self, Kind, Stored};
use crate::store::db::{Conn, DbError};
use crate::store::doctor::escrows::TextRow;

/// Compares those of one escrow.
pub(super) fn examine(records: &[Record], texts: &[TextRow], reference: &str, report: &mut Report) {
    let versions = versions::versions(records);
    let texts: Vec<&Stored> = texts.iter().map(|row| &row.text).collect();
    for made in versions.iter().map(|version| &version.made) {
        let side = made.side_sha256.clone().or_else(|| side_of_old(made));
        for (kind, sha256) in [(Kind::Contract, Some(made.document_sha256.clone())), (Kind::Side, side)] {
            let named = format!("{reference}, version {}: the text of its {}", made.version, called(kind));
            let text = texts.iter().copied().find(|text| is_of(text, made, kind));
            if let Err(what) = compare(text, made, sha256.as_deref()) {
                report.ill(format!("{named} {what}"));
            }
        }
    }
    for text in texts {
        if !versions.iter().any(|version| u32::try_from(text.version) == Ok(version.number)) {
            report.ill(format!("{reference}: a text of version {}, which no event made", text.version));
        }
    }
}

/// A text can only be taken out by a line of the audit that names it.
pub(super) async fn taken_out(
    conn: &mut Conn<'_>,
    standing: &Standing,
    report: &mut Report,
) -> Result<(), DbError> {
    for (row, sha256) in contracts::taken_out(conn).await? {
        let line = standing.erased.get(&("contract_texts".to_owned(), row.clone()));
        if line != Some(&sha256) {
            report.ill(format!("contract text {row}: it was taken out, and the audit does not say so"));
        }
    }
    Ok(())
}

fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Contract => "contract",
        Kind::Side => "side agreement",
    }
}

/// Events from before there were texts name no side agreement.
fn side_of_old(made: &Escrow) -> Option<String> {
    Texts::first(&made.terms, &made.reference, made.version).side_sha256()
}

fn is_of(text: &Stored, made: &Escrow, kind: Kind) -> bool {
    u32::try_from(text.version) == Ok(made.version) && text.kind == kind.name()
}

fn compare(text: Option<&Stored>, made: &Escrow, sha256: Option<&str>) -> Result<(), &'static str> {
    let (text, sha256) = match (text, sha256) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err("is missing"),
        (Some(_), None) => return Err("is there, and no event names it"),
        (Some(text), Some(sha256)) => (text, sha256),
    };
    if text.sha256 != sha256 {
        return Err("has another fingerprint than its event names");
    }
    if text.text.as_ref().is_some_and(|words| sha256_hex(words.as_bytes()) != text.sha256) {
        return Err("was changed: its fingerprint is another");
    }
    if u64::try_from(text.seq) != Ok(made.seq) {
        return Err("names another event than the one that made it");
    }
    Ok(())
}
