//! Checkpoints: their signatures, numbers and links, and whether every chain still begins as they have it.

use std::collections::BTreeMap;
use std::path::Path;

use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::report::Report;
use crate::app::App;
use crate::checkpoints::{self as made, Body, NONE_BEFORE};
use crate::engine::chain::sha256_hex;
use crate::engine::merkle::Tree;
use crate::keys::verifies;
use crate::store::audit::{self, Standing};
use crate::store::checkpoints::{self, End, Stored};
use crate::store::db::{Conn, DbError};

const BATCH: i64 = 1_000;
const MOST: i64 = 50;

/// Examines every stored checkpoint. `standing` says which keys the audit has named.
///
/// # Errors
/// The database's.
pub async fn stored(conn: &mut Conn<'_>, standing: &Standing, report: &mut Report) -> Result<(), DbError> {
    let (mut leaves, mut before) = (BTreeMap::new(), None);
    loop {
        let after = before.as_ref().map_or(0, |it: &Stored| it.number);
        let batch = checkpoints::read(conn, after, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        for one in batch {
            report.checkpoints += 1;
            take_added(conn, one.number, &mut leaves).await?;
            if let Err(what) = examine(&one, before.as_ref(), &leaves, standing) {
                report.ill(format!("checkpoint {}: {what}", one.number));
                return Ok(());
            }
            before = Some(one);
        }
    }
    for number in checkpoints::without_body(conn).await? {
        report.ill(format!("checkpoint {number}: it is gone, and the chains that it covers are not"));
    }
    for broken in checkpoints::broken(conn, MOST).await? {
        report.ill(made::in_words(&broken));
    }
    Ok(())
}

async fn take_added(
    conn: &mut Conn<'_>,
    number: i64,
    leaves: &mut BTreeMap<Uuid, [u8; 32]>,
) -> Result<(), DbError> {
    let mut after = None;
    loop {
        let ends = checkpoints::added(conn, number, after, BATCH).await?;
        let Some(last) = ends.last() else { return Ok(()) };
        after = Some(last.chain);
        leaves.extend(ends.iter().map(|end| (end.chain, made::leaf_of(end))));
    }
}

fn examine(
    one: &Stored,
    before: Option<&Stored>,
    leaves: &BTreeMap<Uuid, [u8; 32]>,
    standing: &Standing,
) -> Result<(), String> {
    let body: Body = serde_json::from_str(&one.body).map_err(|error| format!("unreadable: {error}"))?;
    let number = before.map_or(0, |before| before.number) + 1;
    if (one.number, body.number, body.at) != (number, number, one.at) {
        return Err(format!("number {number} was expected"));
    }
    let previous = before.map_or(NONE_BEFORE.to_owned(), |before| sha256_hex(before.body.as_bytes()));
    if body.previous != previous {
        return Err("it does not follow the one before".to_owned());
    }
    if !standing.keys.contains(&body.key) {
        return Err("the audit does not know the key that signs it".to_owned());
    }
    if !verifies(&body.key, one.body.as_bytes(), &one.signature) {
        return Err("its signature does not fit".to_owned());
    }
    let mut tree = Tree::default();
    leaves.values().for_each(|leaf| tree.add(*leaf));
    if (HEXLOWER.encode(&tree.root()), tree.leaves) != (body.root, body.chains) {
        return Err("the chains that are stored for it are not those that it seals".to_owned());
    }
    Ok(())
}

/// Compares the database with a copy that was kept elsewhere; what is wrong goes into the report. The number and the
/// time of the copy come back in words.
///
/// # Errors
/// One line about a file that can't be read, or the database's.
pub async fn against(app: &App, path: &Path, report: &mut Report) -> Result<String, String> {
    let copy = made::read_copy(path)?;
    let body: Body =
        serde_json::from_str(&copy.checkpoint).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = format!(
        "checkpoint {} of {}, {} chains, root {}",
        body.number,
        body.at.rfc3339(),
        body.chains,
        body.root
    );
    if !verifies(&body.key, copy.checkpoint.as_bytes(), &copy.signature) {
        return Err(format!("{}: its signature does not fit, so it proves nothing", path.display()));
    }
    compare(app, &copy, &body, report).await.map_err(|error| error.to_string())?;
    Ok(name)
}

async fn compare(app: &App, copy: &made::Copy, body: &Body, report: &mut Report) -> Result<(), DbError> {
    let mut read = app.db.snapshot().await?;
    let conn = &mut read.conn();
    if !audit::keys(conn).await?.contains(&body.key) {
        report.ill(format!("the audit does not know the key that signs the copy: {}", body.key));
    }
    match checkpoints::by_number(conn, body.number).await? {
        None => report.ill(format!("checkpoint {}: it is gone", body.number)),
        Some(stored) if stored.body != copy.checkpoint => {
            report.ill(format!("checkpoint {}: what is stored is not what the copy says", body.number));
        }
        Some(_) => {}
    }
    let ends: Vec<End> = match &copy.chains {
        Some(chains) => {
            let read = |hex: &String| HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
            chains
                .iter()
                .map(|(chain, seq, head)| End { chain: *chain, seq: *seq, head: read(head) })
                .collect()
        }
        None => all_covered(conn, body.number).await?,
    };
    let mut tree = Tree::default();
    ends.iter().for_each(|end| tree.add(made::leaf_of(end)));
    if HEXLOWER.encode(&tree.root()) != body.root {
        let whose = if copy.chains.is_some() { "of the file" } else { "that are stored for it" };
        report.ill(format!("checkpoint {}: the chains {whose} are not those that it seals", body.number));
    }
    for end in ends.iter().filter(|end| end.seq > 0) {
        let hash = checkpoints::hash_at(conn, end.chain, end.seq).await?;
        if hash.as_ref() != Some(&end.head) {
            let broken = checkpoints::now(conn, end, body.number, hash).await?;
            report.ill(made::in_words(&broken));
        }
    }
    read.commit().await
}

async fn all_covered(conn: &mut Conn<'_>, number: i64) -> Result<Vec<End>, DbError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let ends = checkpoints::covered(conn, number, after, BATCH).await?;
        let Some(last) = ends.last() else { return Ok(all) };
        after = Some(last.chain);
        all.extend(ends);
    }
}
