//! Checkpoints: a digest over the ends of all chains (every escrow's and the audit's), numbered, each holding the one
//! before, and signed with a key that lies outside the database. A copy that is kept elsewhere shows later whether
//! anything was cut off, taken out or written again.
//!
//! They are made daily and on demand, from one moment of the database. What no longer begins as the last one has it is
//! not signed. The rows are what counts; the files below the data folder and the mails to operators are copies.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::chain::sha256_hex;
use crate::engine::merkle::{Tree, leaf};
use crate::engine::time::Time;
use crate::keys::Keys;
use crate::mail::letter::Letter;
use crate::money::Currency;
use crate::store::audit::{self, Act, Subject, Who};
use crate::store::checkpoints::{self, AUDIT, Broken, End, Stored};
use crate::store::db::{Conn, Db, DbError};
use crate::store::ledger::{self, Totals};
use crate::store::outbox::{self, NewMail};
use crate::store::users;

/// How often one is made by itself.
const EVERY: Duration = Duration::hours(24);
const BATCH: i64 = 1_000;
/// So many copies stay in the data folder.
const COPIES: usize = 31;
/// The digest that the first one holds as the one before.
pub const NONE_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is signed, as JSON. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub v: u32,
    pub number: i64,
    pub at: Time,
    /// The SHA-256 of the body before, in hex.
    pub previous: String,
    /// The digest over the ends of all chains: see `engine/merkle.rs`.
    pub root: String,
    /// How many chains there are.
    pub chains: u64,
    pub totals: Vec<Sums>,
    /// The public key that signs it, in hex.
    pub key: String,
}

/// The ledger of a currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub currency: String,
    pub held_minor: i64,
    pub payable_minor: i64,
    pub wallet_minor: i64,
    pub fees_minor: i64,
    pub clearing_minor: i64,
    pub suspense_minor: i64,
}

impl From<Totals> for Sums {
    fn from(of: Totals) -> Self {
        Self {
            currency: of.currency,
            held_minor: of.held_minor,
            payable_minor: of.payable_minor,
            wallet_minor: of.wallet_minor,
            fees_minor: of.fees_minor,
            clearing_minor: of.clearing_minor,
            suspense_minor: of.suspense_minor,
        }
    }
}

impl Sums {
    /// "TND: held 380.000, payable …".
    #[must_use]
    pub fn words(&self) -> String {
        let of = |minor: i64| match Currency::from_code(&self.currency) {
            Some(currency) => currency.of(minor).to_string(),
            None => format!("{minor} {}", self.currency),
        };
        format!(
            "{} held, {} payable, {} in wallets, {} fees, {} clearing, {} in suspense",
            of(self.held_minor),
            of(self.payable_minor),
            of(self.wallet_minor),
            of(self.fees_minor),
            of(self.clearing_minor),
            of(self.suspense_minor)
        )
    }
}

/// A copy to be kept elsewhere, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Copy {
    /// The exact text that was signed.
    pub checkpoint: String,
    /// In hex.
    pub signature: String,
    /// The ends of all chains: id, length, last hash in hex. A mail leaves them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chains: Option<Vec<(Uuid, i64, String)>>,
}

/// What came of making one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    Done(i64),
    /// This machine lacks the key.
    NoKey,
    /// The history is not what an earlier one covers: the first chain that is not.
    Broken(String),
}

/// Reads a stored body.
///
/// # Errors
/// [`DbError::Broken`] for bytes that this program did not write.
pub fn body(stored: &Stored) -> Result<Body, DbError> {
    serde_json::from_str(&stored.body)
        .map_err(|error| DbError::Broken(format!("checkpoint {}: {error}", stored.number)))
}

/// The key of this portal, from its file. The first machine that starts makes the key and names it in the audit; one
/// that comes without it, or with another one, says so and works without.
///
/// # Errors
/// One line for whoever started it.
pub async fn begin(db: &Db, clock: &Clock, config: &Config, makes_key: bool) -> Result<Keys, String> {
    let path = config.key_file();
    let of_file = |error: std::io::Error| format!("{}: {error}", path.display());
    let of_db = |error: DbError| error.to_string();
    let here = Keys::read(&path).map_err(of_file)?;
    let named = async { audit::key(&mut db.read().await?.conn()).await };
    let named = match named.await.map_err(of_db)? {
        Some(named) => named,
        None if !makes_key => return Ok(Keys::default()),
        None => {
            let (keys, is_new) = match here.public() {
                Some(_) => (here.clone(), false),
                None => (Keys::create(&path, clock).map_err(of_file)?, true),
            };
            let public = keys.public().unwrap_or_default().to_owned();
            let named = audit::name_key(db, clock, Who::Program, &public, false).await.map_err(of_db)?;
            if named == public {
                return Ok(keys);
            }
            if is_new {
                // Another machine was faster, and its key is the portal's.
                std::fs::remove_file(&path).map_err(of_file)?;
            }
            named
        }
    };
    if here.public() == Some(named.as_str()) {
        return Ok(here);
    }
    let file = path.display();
    match here.public() {
        Some(_) => tracing::warn!("{file} is not this portal's key, which is {named}"),
        None => tracing::warn!("{file} is missing: copy this portal's key there, which is {named}"),
    }
    tracing::warn!("this machine makes no checkpoints and can't show the links of sales");
    Ok(Keys::default())
}

/// Makes another key the portal's: for when the old one was lost or read by others.
///
/// # Errors
/// One line for whoever asked.
pub async fn new_key(app: &App) -> Result<Keys, String> {
    let path = app.config.key_file();
    let of_file = |error: std::io::Error| format!("{}: {error}", path.display());
    let here = Keys::read(&path).map_err(of_file)?;
    if here.public().is_some() && here.public() == app.db.keys().public() {
        return Err(format!("{} is in use: move it away first", path.display()));
    }
    let keys = match here.public() {
        Some(_) => here,
        None => Keys::create(&path, &app.clock).map_err(of_file)?,
    };
    let public = keys.public().unwrap_or_default();
    audit::name_key(&app.db, &app.clock, Who::Machine, public, true)
        .await
        .map_err(|error| error.to_string())?;
    Ok(keys)
}

/// Whether it is time for one.
///
/// # Errors
/// The database's.
pub async fn is_due(app: &App) -> Result<bool, DbError> {
    let newest = checkpoints::newest(&mut app.db.read().await?.conn()).await?;
    Ok(app.db.keys().public().is_some() && newest.is_none_or(|it| it.at.plus(EVERY) <= app.clock.now()))
}

/// Makes the next one, tells the operators, and leaves a copy in the data folder.
///
/// # Errors
/// The database's; of two that are made at one moment one is refused.
pub async fn make(app: &App, who: Who) -> Result<Made, DbError> {
    let Some(key) = app.db.keys().public() else { return Ok(Made::NoKey) };
    let now = app.clock.now();
    let mut read = app.db.snapshot().await?;
    let conn = &mut read.conn();
    if let Some(first) = checkpoints::broken(conn, 1).await?.first() {
        return Ok(Made::Broken(in_words(first)));
    }
    let before = checkpoints::newest(conn).await?;
    let (tree, ends) = ends(conn).await?;
    let totals = ledger::totals(conn).await?;
    read.commit().await?;
    let body = Body {
        v: 1,
        number: before.as_ref().map_or(0, |before| before.number) + 1,
        at: now,
        previous: before.map_or(NONE_BEFORE.to_owned(), |before| sha256_hex(before.body.as_bytes())),
        root: HEXLOWER.encode(&tree.root()),
        chains: tree.leaves,
        totals: totals.into_iter().map(Sums::from).collect(),
        key: key.to_owned(),
    };
    let (number, text) = (body.number, serde_json::to_string(&body));
    let text = text.map_err(|error| DbError::Broken(error.to_string()))?;
    let signature = app.db.keys().sign(text.as_bytes()).unwrap_or_default();
    let stored = Stored { number, at: now, body: text, signature };
    let mut tx = app.db.write().await?;
    let conn = &mut tx.conn();
    if let Some(other) = checkpoints::newest(conn).await?.filter(|other| other.number >= number) {
        // Somebody else made it at the same moment.
        return Ok(Made::Done(other.number));
    }
    checkpoints::add(conn, &stored, &ends).await?;
    let letter = Letter::Checkpoint {
        number,
        at: now,
        root: body.root,
        key: body.key,
        totals: body.totals.iter().map(Sums::words).collect(),
        copy: copy_of(&stored, None)?,
    };
    for operator in users::operators(conn).await? {
        let mail = NewMail { urgent: false, ..letter.to_user(operator) };
        outbox::enqueue(conn, &app.clock, &mail).await?;
    }
    if who != Who::Program {
        let note = format!("number {number}");
        audit::note(conn, &app.clock, who, Act::MadeCheckpoint, &Subject::All, &note).await?;
    }
    tx.commit().await?;
    app.wake.up();
    if let Err(error) = keep(app, number).await {
        tracing::error!("the copy of checkpoint {number} in the data folder: {error}");
    }
    Ok(Made::Done(number))
}

/// The tree over the ends of all chains as they stand, and those ends that no checkpoint covers yet.
async fn ends(conn: &mut Conn<'_>) -> Result<(Tree, Vec<End>), DbError> {
    let (mut tree, mut ends) = (Tree::default(), Vec::new());
    let head = audit::head(conn).await?;
    let (seq, head) = head.ok_or_else(|| DbError::Broken("the audit has lost its head".to_owned()))?;
    let audit = End { chain: AUDIT, seq, head };
    tree.add(leaf_of(&audit));
    ends.push(audit);
    let mut after = AUDIT;
    loop {
        let standing = checkpoints::standing(conn, after, BATCH).await?;
        let Some(last) = standing.last() else { return Ok((tree, ends)) };
        after = last.end.chain;
        for one in standing {
            tree.add(leaf_of(&one.end));
            if !one.covered {
                ends.push(one.end);
            }
        }
    }
}

/// The leaf of a chain.
#[must_use]
pub fn leaf_of(end: &End) -> [u8; 32] {
    leaf(end.chain.as_bytes(), u64::try_from(end.seq).unwrap_or_default(), &end.head)
}

/// What is wrong with a chain.
#[must_use]
pub fn in_words(broken: &Broken) -> String {
    let Broken { chain, number, seq, reference, now, hash } = broken;
    let name = reference.clone().unwrap_or_else(|| format!("escrow {chain}"));
    let what = match (now, hash) {
        (None, _) => "it is gone".to_owned(),
        (Some(now), _) if now < seq => format!("it was cut off and has {now}"),
        (Some(_), None) => format!("its event {seq} is gone"),
        (Some(_), Some(_)) => "it was written again".to_owned(),
    };
    format!("{name}: checkpoint {number} covers {seq} of its events, but {what}")
}

/// The text of a copy, with the ends of all chains or without.
fn copy_of(stored: &Stored, chains: Option<Vec<(Uuid, i64, String)>>) -> Result<String, DbError> {
    let copy = Copy { checkpoint: stored.body.clone(), signature: stored.signature.clone(), chains };
    serde_json::to_string(&copy).map_err(|error| DbError::Broken(error.to_string()))
}

/// The whole copy of a stored one; nothing for a number that there is not.
///
/// # Errors
/// The database's.
pub async fn whole_copy(db: &Db, number: i64) -> Result<Option<String>, DbError> {
    let mut read = db.read().await?;
    let conn = &mut read.conn();
    let Some(stored) = checkpoints::by_number(conn, number).await? else { return Ok(None) };
    let (mut chains, mut after) = (Vec::new(), None);
    loop {
        let ends = checkpoints::covered(conn, number, after, BATCH).await?;
        let Some(last) = ends.last() else { break };
        after = Some(last.chain);
        chains.extend(ends.iter().map(|end| (end.chain, end.seq, HEXLOWER.encode(&end.head))));
    }
    copy_of(&stored, Some(chains)).map(Some)
}

/// Leaves a copy in the data folder, and removes the oldest there.
async fn keep(app: &App, number: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let Some(text) = whole_copy(&app.db, number).await? else { return Ok(()) };
    let folder = app.config.data_dir.join("checkpoints");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let path = folder.join(format!("checkpoint-{number:08}.json"));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let mut names: Vec<String> =
        std::fs::read_dir(&folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.starts_with("checkpoint-") && name.ends_with(".json"));
    names.sort_unstable();
    for name in names.iter().rev().skip(COPIES) {
        std::fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// Reads a copy: the file, or a text in which a line is one, like a saved mail.
///
/// # Errors
/// One line for whoever named the file.
pub fn read_copy(path: &Path) -> Result<Copy, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.lines().map(str::trim).find_map(|line| serde_json::from_str(line).ok());
    line.or_else(|| serde_json::from_str(&text).ok())
        .ok_or_else(|| format!("{}: it holds no checkpoint", path.display()))
}
