//! The erasable rows of an escrow, held against the salted digests that its events keep of them: how people were
//! named, what they signed, and the files that they attached.

use super::replay::Replay;
use super::report::Report;
use super::stored::{Known, Stored};
use crate::engine::chain::salted_hex;
use crate::engine::escrow::Escrow;
use crate::engine::party::{Capacity, UserId};
use crate::store::doctor::escrows::PartyRow;
use crate::store::evidence;
use crate::store::listing::Listing;

pub(super) fn parties(
    replay: &Replay,
    escrow: &Escrow,
    (stored, known): (&Stored, &Known),
    report: &mut Report,
) {
    let name = escrow.reference.as_str();
    let with_a_role = escrow.parties.iter().map(|party| (party.user, party.role.word()));
    let arbiter = escrow.terms.arbiter.iter().map(|arbiter| (arbiter.user, Capacity::Arbiter.word()));
    let people: Vec<(UserId, &str)> = with_a_role.chain(arbiter).collect();
    for (user, role) in &people {
        match stored.parties.iter().find(|row| row.user_id == *user) {
            None => report.ill(format!("{name}: the {role} is gone from parties, or is another user there")),
            Some(row) => party(replay, escrow, (row, known), role, report),
        }
    }
    for row in &stored.parties {
        if !people.iter().any(|(user, _)| *user == row.user_id) {
            report
                .ill(format!("{name}: the user {} takes no part in it, but stands in parties", row.user_id));
        }
    }
}

fn party(
    replay: &Replay,
    escrow: &Escrow,
    (row, known): (&PartyRow, &Known),
    role: &str,
    report: &mut Report,
) {
    let name = format!("{}, {role}", escrow.reference);
    let listing = Listing::of(escrow, row.user_id);
    let waits = listing.task;
    report.column(&name, "role", &row.role.as_str(), &role);
    report.column(&name, "told", &row.told, &listing.told);
    report.column(&name, "over", &row.over, &listing.over);
    report.column(&name, "task", &row.task.as_deref(), &waits.map(|task| task.waiting.name()));
    report.column(&name, "task_by", &row.task_by, &waits.map(|task| task.at));
    let milestone = waits.and_then(|task| task.milestone).map(i32::from);
    report.column(&name, "task_milestone", &row.task_milestone, &milestone);
    let identity = replay.identities.get(&row.user_id);
    if (&row.email, &row.name, &row.salt) == (&None, &None, &None) {
        let row_name = format!("{}/{}", replay.id, row.user_id);
        if identity.is_some_and(|digest| known.erased("parties", &row_name, digest)) {
            return;
        }
    }
    let (salt, email) = (row.salt.as_deref().unwrap_or_default(), row.email.as_deref().unwrap_or_default());
    if identity.is_none_or(|digest| *digest != salted_hex(salt, email)) {
        report.ill(format!("{name}: the address or its salt is not the one of the agreement"));
    }
    let called = row.name.as_deref().map(|name| salted_hex(salt, name));
    // Older events keep no digest of names.
    if replay.names.get(&row.user_id).is_some_and(|digest| Some(digest) != called.as_ref()) {
        report.ill(format!("{name}: the name is not the one by which they were named"));
    }
}

pub(super) fn signatures(
    replay: &Replay,
    name: &str,
    (stored, known): (&Stored, &Known),
    report: &mut Report,
) {
    let version = |version: u32| i32::try_from(version).unwrap_or(i32::MAX);
    for ((user, number), signed) in &replay.signatures {
        let of = (*user, version(*number));
        let Some(row) = stored.signatures.iter().find(|row| (row.user_id, row.version) == of) else {
            let row_name = format!("{}/{user}/{number}", replay.id);
            if !known.erased("signatures", &row_name, &signed.evidence_sha256) {
                report.ill(format!("{name}: the signature of {user} under version {number} is gone"));
            }
            continue;
        };
        let row_name = format!("{name}, signature of {user} under version {number}");
        report.column(&row_name, "document_sha256", &row.document_sha256, &signed.document_sha256);
        report.column(&row_name, "at", &row.at, &signed.at);
        if evidence::of_signature(&row.salt, &row.typed_name, &row.ip, &row.user_agent)
            != signed.evidence_sha256
        {
            report
                .ill(format!("{row_name}: the typed name, its address, its browser or its salt has changed"));
        }
    }
    for row in &stored.signatures {
        let known = |(user, number): &(UserId, u32)| (*user, version(*number)) == (row.user_id, row.version);
        if !replay.signatures.keys().any(known) {
            report.ill(format!("{name}: nobody signed what {} has in signatures", row.user_id));
        }
    }
}

pub(super) fn files(replay: &Replay, name: &str, (stored, known): (&Stored, &Known), report: &mut Report) {
    for (id, attached) in &replay.files {
        let Some(row) = stored.files.iter().find(|row| row.id == *id) else {
            if !known.erased("files", &id.to_string(), &attached.file.sha256) {
                report.ill(format!("{name}: the row of the file {id} is gone"));
            }
            continue;
        };
        let row_name = format!("{name}, file {id}");
        let (is, was) = (row.reference(), &attached.file);
        report.column(&row_name, "sha256", &is.sha256, &was.sha256);
        report.column(&row_name, "size", &is.size_bytes, &was.size_bytes);
        if is.name_sha256 != was.name_sha256 {
            report.ill(format!("{row_name}: its name or its salt has changed"));
        }
        report.column(&row_name, "uploader", &Some(row.uploader), &attached.by);
        report.column(&row_name, "purpose", &row.purpose.as_str(), &attached.purpose.name());
        if row.created_at > attached.at {
            report.ill(format!("{row_name}: it came after the event that names it"));
        }
    }
    for row in &stored.files {
        if !replay.files.contains_key(&row.id) {
            report.ill(format!("{name}: no event names the file {}", row.id));
        }
    }
}
