//! What is stored of one escrow, held against what its events come to.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::contracts;
use super::people;
use super::replay::Replay;
use super::report::Report;
use super::stored::{Known, Stored};
use crate::engine::deadlines;
use crate::engine::escrow::Escrow;
use crate::engine::refund::Refund;
use crate::engine::terms::Mode;
use crate::keys;
use crate::store::doctor::escrows::{BalanceRow, EntryRow, EscrowRow, LinkRow, PaymentRow};
use crate::store::{disputes, escrows, hash};
use crate::text::{folded, unaccented};

/// Rows of an escrow of which there is no event: the tables in which they stand.
pub(super) fn orphans(id: Uuid, stored: &Stored, report: &mut Report) {
    let name = stored.escrow.as_ref().map_or_else(|| format!("escrow {id}"), |row| row.reference.clone());
    let counts = [
        ("escrows", usize::from(stored.escrow.is_some())),
        ("parties", stored.parties.len()),
        ("payments", stored.payments.len()),
        ("entries", stored.entries.len()),
        ("balances", stored.balances.len()),
        ("signatures", stored.signatures.len()),
        ("files", stored.files.len()),
        ("pay_links", stored.links.len()),
        ("contract_texts", stored.texts.len()),
    ];
    let tables: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).map(|(table, _)| *table).collect();
    report.ill(format!("{name}: it has no events, but rows in {}", tables.join(", ")));
}

/// Compares everything.
pub(super) fn compare(replay: &Replay, stored: &Stored, known: &Known, report: &mut Report) {
    report.escrows += 1;
    report.entries += stored.entries.len();
    if let Some(what) = &replay.wrong {
        report.ill(what.clone());
        return;
    }
    let Some(escrow) = &replay.escrow else { return };
    let name = escrow.reference.as_str();
    match &stored.escrow {
        None => report.ill(format!("{name}: its row is gone from escrows")),
        Some(row) => own_row(replay, escrow, row, report),
    }
    ledger(replay, escrow, stored, report);
    payments(replay, name, stored, report);
    contracts::examine(&replay.terms, &stored.texts, name, report);
    people::parties(replay, escrow, (stored, known), report);
    people::signatures(replay, name, (stored, known), report);
    people::files(replay, name, (stored, known), report);
    link(escrow, stored, known, report);
}

fn own_row(replay: &Replay, escrow: &Escrow, row: &EscrowRow, report: &mut Report) {
    let name = escrow.reference.as_str();
    if row.head != replay.head || row.seq != replay.seq {
        report.ill(format!("{name}: its chain ends elsewhere than its row says"));
    }
    if escrows::document(escrow).ok().as_ref() != Some(&row.document) {
        report.ill(format!("{name}: its events give another state than the stored one"));
    }
    let terms = &escrow.terms;
    report.column(name, "reference", &row.reference, &escrow.reference);
    report.column(name, "title", &row.title, &terms.title);
    // Rows from before the program folded letters itself were folded by their database.
    let before = [terms.title.to_ascii_lowercase(), terms.title.to_lowercase()];
    if !before.contains(&row.title_lower) {
        report.column(name, "title_lower", &row.title_lower, &folded(&terms.title));
    }
    // Both are empty until the program has written them.
    if row.title_search.is_some() {
        let external = terms.external_reference.as_deref().map(unaccented);
        report.column(name, "title_search", &row.title_search, &Some(unaccented(&terms.title)));
        report.column(name, "external_search", &row.external_search, &external);
    }
    report.column(name, "currency", &row.currency.as_str(), &terms.currency.code());
    report.column(name, "amount_minor", &row.amount_minor, &terms.amount_minor);
    report.column(name, "stage", &row.stage.as_str(), &escrow.stage.name());
    report.column(name, "next_at", &row.next_at, &deadlines::next_at(escrow));
    report.column(name, "created_at", &Some(row.created_at), &replay.began);
    report.column(name, "updated_at", &Some(row.updated_at), &replay.changed);
    report.column(name, "disputed_since", &row.disputed_since, &disputes::disputed_since(escrow));
    report.column(name, "ruling_by", &row.ruling_by, &disputes::ruling_by(escrow));
}

fn ledger(replay: &Replay, escrow: &Escrow, stored: &Stored, report: &mut Report) {
    let name = escrow.reference.as_str();
    // What a wallet held after an entry is looked at with all its entries; here only whether it is told.
    let told = |after: Option<i64>| after.map(|_| 0);
    let shape = |row: &EntryRow| EntryRow {
        id: 0,
        from_after: told(row.from_after),
        to_after: told(row.to_after),
        ..row.clone()
    };
    let same = |(row, derived): (&EntryRow, &EntryRow)| shape(row) == *derived;
    let place = stored.entries.iter().zip(&replay.entries).position(|pair| !same(pair));
    let shorter = stored.entries.len().min(replay.entries.len());
    let differ = place.or((stored.entries.len() != replay.entries.len()).then_some(shorter));
    if let Some(place) = differ {
        let row = stored.entries.get(place).or(replay.entries.get(place));
        let at = row.map_or_else(String::new, |row| format!(" from event {}, line {} on", row.seq, row.line));
        report.ill(format!("{name}: its ledger entries are not those of its events{at}"));
    }
    if stored.entries.windows(2).any(|two| two[0].id >= two[1].id) {
        report.ill(format!("{name}: the ids of its ledger entries are not in their order"));
    }
    let aside: i64 = replay.entries.iter().map(into_suspense).sum();
    let late = escrow.late_refunds().filter(|refund| refund.open());
    if aside != late.map(Refund::sum_minor).sum::<i64>() {
        report.ill(format!("{name}: what lies in suspense is not what is on its way back"));
    }
    let sum = |kind: &str| {
        let rows = replay.balances.values().filter(|row| row.kind == kind);
        rows.map(|row| row.amount_minor).sum::<i64>()
    };
    if sum("held") != escrow.held_minor() || sum("payable") != escrow.payable_minor() {
        report.ill(format!("{name}: its balances are not what its state says"));
    }
    let mut left: BTreeMap<&str, &BalanceRow> =
        replay.balances.iter().map(|(key, row)| (key.as_str(), row)).collect();
    for row in &stored.balances {
        if left.remove(row.account.as_str()) != Some(row) {
            report.ill(format!("{name}: the balance of {} is not what its entries come to", row.account));
        }
    }
    // What came and went in one write left no row of nothing.
    for (account, _) in left.iter().filter(|(_, row)| row.amount_minor != 0) {
        report.ill(format!("{name}: the balance of {account} is gone"));
    }
}

/// What an entry adds to the money that came too late and is to go back.
fn into_suspense(entry: &EntryRow) -> i64 {
    let is = |account: &str| account.starts_with("suspense/");
    match (is(&entry.to_account), is(&entry.from_account)) {
        (true, false) => entry.amount_minor,
        (false, true) => -entry.amount_minor,
        (true, true) | (false, false) => 0,
    }
}

/// Charges have their ids from their events. The others are known by what they are; their ids are names that were
/// drawn when the row was written.
fn payments(replay: &Replay, name: &str, stored: &Stored, report: &mut Report) {
    let mut left: Vec<&PaymentRow> = replay.payments.iter().collect();
    for row in &stored.payments {
        let same = |derived: &&PaymentRow| {
            let id = if derived.id.is_nil() { Uuid::nil() } else { row.id };
            **derived == PaymentRow { id, ..row.clone() }
        };
        match left.iter().position(same) {
            Some(place) => {
                left.swap_remove(place);
            }
            None => report.ill(format!("{name}: the payment {} is not as its events have it", row.id)),
        }
    }
    for row in left {
        report.ill(format!(
            "{name}: a payment is missing or changed: {} of {} {}, {}",
            row.kind, row.amount_minor, row.currency, row.state
        ));
    }
}

/// An instant deal has one pay link that works, and no other deal has any.
fn link(escrow: &Escrow, stored: &Stored, known: &Known, report: &mut Report) {
    let name = escrow.reference.as_str();
    let expected = usize::from(escrow.terms.mode == Mode::Instant);
    if stored.links.len() != expected {
        report.ill(format!("{name}: it has {} pay links that work, not {expected}", stored.links.len()));
    }
    let right = |row: &LinkRow| {
        let open = |sealed: &Vec<u8>| known.keys.open(keys::Purpose::PayLink, &row.hash, sealed);
        let secret = row.secret.clone().or_else(|| row.sealed.as_ref().and_then(open));
        match secret {
            Some(secret) => hash(&secret) == row.hash,
            None => !known.sealed_by_this || known.keys.public().is_none(),
        }
    };
    if !stored.links.iter().all(right) {
        report.ill(format!("{name}: its pay link is not the one of its secret"));
    }
}
