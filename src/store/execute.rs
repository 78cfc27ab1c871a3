//! The write path. A click, a deadline, a provider's notice and the demo's world are each one `Request`
//! that goes through `execute`, and nothing else writes an escrow.
//!
//! In one transaction: the escrow's row is locked, deadlines that have passed are carried out, the engine
//! decides, and each event is posted to the ledger, evolved into the state, appended to the chain and
//! told to those it concerns. Then the ledger's laws are asserted, and everything is committed or nothing.
//! Nothing slow happens inside: no password hash, no network, no file.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::command::Command;
use crate::engine::contract::Naming;
use crate::engine::decide::{Decision, decide};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::evolve::evolve;
use crate::engine::notices::{duties, notices};
use crate::engine::party::{Actor, Role, UserId};
use crate::engine::refusal::Refusal;
use crate::engine::terms::FileRef;
use crate::engine::time::Time;
use crate::engine::{chain, deadlines, postings};
use crate::store::audit::{self, Act, Subject};
use crate::store::db::{Conn, Db, DbError, exec, opt};
use crate::store::escrows::{self, Head};
use crate::store::files::FileRow;
use crate::store::ledger::{self, Posting};
use crate::store::{contracts, evidence, facts, history, notifications, payments, users};

/// More deadlines than any escrow can have at once: past it something fires for ever.
const MOST_LAPSES: usize = 500;
/// How often a write is begun again that another one crossed.
const MOST_TRIES: usize = 4;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    User(UserId),
    /// Staff of the platform; whether he is, is looked up inside the write.
    Operator(UserId),
    /// A provider whose signature was checked.
    Rail,
    /// Time itself.
    Clock,
}

/// A command for an escrow.
#[derive(Clone, Debug)]
pub struct Request {
    pub escrow: Uuid,
    pub who: Who,
    pub command: Command,
    /// What the page showed when it offered the command: [`Escrow::seen`].
    pub seen: Option<String>,
    /// The form's own key: sent twice, it counts once.
    pub key: Option<String>,
    pub evidence: Option<Evidence>,
}

/// Erasable rows that go with a command, whose salted digests the events hold.
#[derive(Clone, Debug)]
pub enum Evidence {
    Signature {
        typed_name: String,
        ip: String,
        user_agent: String,
        salt: Vec<u8>,
    },
    /// The addresses that a proposal's parties were named by.
    Parties(Vec<NamedParty>),
    /// The files of a delivery, whose bytes are stored. `kept` names the rows under which some of them
    /// waited for the form to be finished.
    Files {
        rows: Vec<FileRow>,
        kept: Vec<Uuid>,
    },
}

/// Somebody's address, the salt of its digest in the terms, and what he is called by whoever named him (empty
/// where he was named by the address alone).
#[derive(Clone, Debug)]
pub struct NamedParty {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub salt: Vec<u8>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Done,
    AlreadyDone,
    Refused {
        refusal: Refusal,
    },
    /// It would be accepted, but the page showed something else than what stands now.
    Stale,
    /// The same key came with another input.
    KeyReused,
    /// No such escrow.
    Unknown,
}

/// An outcome, and whether workers have something to do.
#[derive(Clone, Debug)]
pub struct Executed {
    pub outcome: Outcome,
    pub wake: bool,
}

impl Request {
    /// A request with nothing but its command.
    #[must_use]
    pub fn new(escrow: Uuid, who: Who, command: Command) -> Self {
        Self { escrow, who, command, seen: None, key: None, evidence: None }
    }

    pub(super) fn user(&self) -> Uuid {
        match self.who {
            Who::User(user) | Who::Operator(user) => user,
            Who::Rail | Who::Clock => Uuid::nil(),
        }
    }

    /// A digest of what the key stands for. The proposal's own ids are new at each try and are left out.
    fn input(&self) -> Vec<u8> {
        let escrow = match self.command {
            Command::Propose { .. } => String::new(),
            _ => self.escrow.to_string(),
        };
        let command = match &self.command {
            Command::Propose { terms, .. } => serde_json::to_string(&(&terms.title, terms.amount_minor)),
            // A new payment's id is drawn when the form comes in, and the signature's salt too.
            Command::StartCharge { method, milestones, .. } => {
                serde_json::to_string(&("pay", method, milestones))
            }
            Command::Sign { version, document_sha256, .. } => {
                serde_json::to_string(&("sign", version, document_sha256))
            }
            // Not the payment and not the salt, which are new at each try.
            Command::BuyByLink { method, .. } => serde_json::to_string(&("buy", method)),
            Command::Claim { to, .. } => serde_json::to_string(&("claim", to)),
            // The salt of the digest is drawn at each try.
            Command::CorrectParty { user, to, .. } => serde_json::to_string(&("correct", user, to)),
            // So is that of a hidden commission.
            Command::Counter { version, terms } => serde_json::to_string(&(
                "counter",
                version,
                &terms.title,
                terms.amount_minor,
                &terms.contract_terms,
            )),
            // A file's id and salt are drawn at each try; its bytes say whether it is the same.
            Command::MarkDone { milestone, note, files } => {
                serde_json::to_string(&("deliver", milestone, note, contents(files)))
            }
            Command::OpenDispute { claims, reason, failed, files } => {
                serde_json::to_string(&("dispute", claims, reason, failed, contents(files)))
            }
            Command::Statement { dispute, text, files } => {
                serde_json::to_string(&("state", dispute, text, contents(files)))
            }
            Command::Say { text, files } => serde_json::to_string(&("say", text, contents(files))),
            Command::SubmitProof { milestone, kind, note, files } => {
                serde_json::to_string(&("proof", milestone, kind, note, contents(files)))
            }
            other => serde_json::to_string(other),
        };
        Sha256::digest(format!("{escrow}\n{}", command.unwrap_or_default())).to_vec()
    }
}

/// The digests of some files' bytes.
fn contents(files: &[FileRef]) -> Vec<&str> {
    files.iter().map(|file| file.sha256.as_str()).collect()
}

/// Carries out a request in a transaction of its own.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn execute(db: &Db, clock: &Clock, request: &Request) -> Result<Executed, DbError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = db.write().await?;
        let result = match execute_in(&mut tx.conn(), clock, request).await {
            Ok(executed) => tx.commit().await.map(|()| executed),
            Err(error) => Err(error),
        };
        match result {
            // Another write crossed this one, or the same form came twice at the same moment.
            Err(error) if tries < MOST_TRIES && (error.is_transient() || error.is_unique_violation()) => {}
            other => return other,
        }
    }
}

/// Carries out a request inside a write that is already open.
///
/// # Errors
/// The database's; the caller must not commit then.
pub async fn execute_in(conn: &mut Conn<'_>, clock: &Clock, request: &Request) -> Result<Executed, DbError> {
    let now = clock.now();
    let head = escrows::lock(conn, request.escrow).await?;
    if let Some(outcome) = remembered(conn, request).await? {
        return Ok(Executed { outcome, wake: false });
    }
    let proposing = matches!(request.command, Command::Propose { .. });
    if head.is_none() && !proposing {
        return Ok(Executed { outcome: Outcome::Unknown, wake: false });
    }
    let mut write = Write::new(clock, now, head);
    write.lapse(conn).await?;
    let outcome = write.command(conn, request).await?;
    let wake = write.save(conn).await?;
    if outcome == Outcome::Done {
        evidence::write(conn, request, now).await?;
        if let (Who::Operator(user), Some(escrow)) = (request.who, &write.escrow) {
            let subject = Subject::Escrow(escrow.reference.clone());
            let act = match request.command {
                Command::RetryRefund { .. } | Command::RefundToWallet { .. } => Act::MovedRefund,
                _ => Act::Ruled,
            };
            audit::note(conn, clock, user, act, &subject, &request.command.name()).await?;
        }
    }
    remember(conn, request, &outcome, now).await?;
    Ok(Executed { outcome, wake })
}

/// What came of looking at an escrow's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// Whether anything was due.
    pub moved: bool,
    /// Whether workers have something to do.
    pub wake: bool,
}

/// Carries out every deadline and reminder of an escrow that is due.
///
/// # Errors
/// The database's.
pub async fn tick(db: &Db, clock: &Clock, escrow: Uuid) -> Result<Ticked, DbError> {
    let mut tx = db.write().await?;
    let ticked = {
        let mut conn = tx.conn();
        let head = escrows::lock(&mut conn, escrow).await?;
        let mut write = Write::new(clock, clock.now(), head);
        write.lapse(&mut conn).await?;
        let moved = write.moved();
        Ticked { moved, wake: write.save(&mut conn).await? }
    };
    tx.commit().await?;
    Ok(ticked)
}

/// One write under way: the escrow as it was, and as its events make it.
struct Write<'a> {
    clock: &'a Clock,
    now: Time,
    before: Option<Escrow>,
    escrow: Option<Escrow>,
    head: Vec<u8>,
    postings: Vec<Posting>,
    /// What people and files are called in the text that the command makes.
    naming: Naming,
    wake: bool,
}

impl<'a> Write<'a> {
    fn new(clock: &'a Clock, now: Time, head: Option<Head>) -> Self {
        let (escrow, head) = match head {
            Some(head) => (Some(head.escrow), head.hash),
            None => (None, chain::GENESIS.to_vec()),
        };
        let before = escrow.clone();
        Self {
            clock,
            now,
            before,
            escrow,
            head,
            postings: Vec::new(),
            naming: Naming::default(),
            wake: false,
        }
    }

    /// Carries out what has come due, so that a late worker changes nothing about who was in time.
    async fn lapse(&mut self, conn: &mut Conn<'_>) -> Result<(), DbError> {
        for _ in 0..MOST_LAPSES {
            let Some(escrow) = &self.escrow else { return Ok(()) };
            let Some(command) = deadlines::due(escrow, self.now) else { return Ok(()) };
            let facts = facts::for_clock(conn, escrow, self.now).await?;
            match decide(Some(escrow), &command, &Actor::Clock, &facts, self.now) {
                Ok(Decision::Done(events)) => self.apply(conn, Actor::Clock, events, BTreeMap::new()).await?,
                other => return Err(DbError::Broken(format!("a deadline was not carried out: {other:?}"))),
            }
        }
        Err(DbError::Broken("deadlines come due without end".to_owned()))
    }

    async fn command(&mut self, conn: &mut Conn<'_>, request: &Request) -> Result<Outcome, DbError> {
        let refused = |refusal| Outcome::Refused { refusal };
        let actor = match (request.who, &self.escrow, &request.command) {
            (Who::Rail, _, _) => Actor::Rail,
            (Who::Clock, _, _) => Actor::Clock,
            (Who::User(user), None, Command::Propose { terms, .. }) => match terms.role_of(user) {
                Some(role) => Actor::Party { user, role },
                None => return Ok(refused(Refusal::NotAParty)),
            },
            (Who::Operator(user), Some(_), _)
                if users::by_id(conn, user).await?.is_some_and(|account| account.operator) =>
            {
                Actor::Operator { user }
            }
            (Who::Operator(_), _, _) => return Ok(refused(Refusal::NotAParty)),
            (Who::User(user), Some(escrow), command) => match escrow.actor(user) {
                Some(actor) => actor,
                // Whoever holds the pay link comes from outside: see `links.rs`.
                None if matches!(command, Command::BuyByLink { .. }) => {
                    Actor::Party { user, role: Role::Buyer }
                }
                None => return Ok(refused(Refusal::NotAParty)),
            },
            (Who::User(_), None, _) => return Ok(Outcome::Unknown),
        };
        let mut facts = facts::read(conn, self.escrow.as_ref(), &request.command, &actor, self.now).await?;
        self.naming = contracts::naming(conn, self.clock, self.escrow.as_ref(), request).await?;
        facts.naming = self.naming.clone();
        match decide(self.escrow.as_ref(), &request.command, &actor, &facts, self.now) {
            Err(refusal) => Ok(refused(refusal)),
            Ok(Decision::AlreadyDone) => Ok(Outcome::AlreadyDone),
            Ok(Decision::Done(_)) if self.is_stale(request) => Ok(Outcome::Stale),
            Ok(Decision::Done(events)) => {
                self.apply(conn, actor, events, evidence::names(request)).await?;
                Ok(Outcome::Done)
            }
        }
    }

    fn is_stale(&self, request: &Request) -> bool {
        let now = self.escrow.as_ref().map(|escrow| escrow.seen(request.command.scope()));
        matches!((&request.seen, now), (Some(seen), Some(now)) if *seen != now)
    }

    /// Transfers → evolve → chain → payments for each event, then the notices of all of them.
    /// The first of them keeps the digests of what people are called whom the command names.
    async fn apply(
        &mut self,
        conn: &mut Conn<'_>,
        actor: Actor,
        events: Vec<Event>,
        mut names: BTreeMap<UserId, String>,
    ) -> Result<(), DbError> {
        for event in &events {
            let entries = self.escrow.as_ref().map(|escrow| postings::entries(escrow, event));
            let payees = self.escrow.as_ref().map(Escrow::payees).unwrap_or_default();
            let Some(next) = evolve(self.escrow.take(), event, self.now) else {
                return Err(DbError::Broken(format!("an event without its escrow: {}", event.kind())));
            };
            if next.seq == 1 {
                escrows::insert(conn, &next, self.now).await?;
            }
            if matches!(event, Event::Countered { .. }) {
                escrows::name_payees(conn, &payees, &next).await?;
            }
            if let Event::PartyCorrected { from, to, .. } = event {
                escrows::correct_party(conn, next.id, *from, *to).await?;
            }
            if let Event::BuyerJoined { user, instead_of, claimed, .. } = event {
                escrows::seat_buyer(conn, next.id, *user, *instead_of, *claimed).await?;
            }
            let mut record = history::record(self.clock, &next, self.now, actor, event);
            record.names = std::mem::take(&mut names);
            let hash = history::append(conn, &self.head, &record).await?;
            self.head = hash.to_vec();
            contracts::write(conn, &next, event, &self.naming, self.now).await?;
            let seq = i64::try_from(next.seq).unwrap_or(i64::MAX);
            for (line, entry) in (1..).zip(entries.unwrap_or_default()) {
                self.postings.push(Posting { seq, line, entry });
            }
            self.wake |= payments::record(conn, &next, event, self.clock.id(), self.now).await?;
            self.escrow = Some(next);
        }
        if let Some(escrow) = &self.escrow {
            let mut notices = notices(escrow, &events, &actor);
            notices.extend(notifications::for_operators(conn, escrow, &duties(escrow, &events)).await?);
            self.wake |= !notices.is_empty();
            notifications::write(conn, self.clock, escrow, &notices).await?;
        }
        Ok(())
    }

    /// Whether any event happened.
    fn moved(&self) -> bool {
        self.before.as_ref().map(|before| before.seq) != self.escrow.as_ref().map(|escrow| escrow.seq)
    }

    /// Posts, saves and asserts the laws. Nothing happens if there were no events.
    async fn save(&mut self, conn: &mut Conn<'_>) -> Result<bool, DbError> {
        let Some(escrow) = &self.escrow else { return Ok(false) };
        if self.before.as_ref().is_some_and(|before| before.seq == escrow.seq) {
            return Ok(false);
        }
        ledger::post(conn, escrow.id, &self.postings, self.now).await?;
        escrows::save(conn, self.before.as_ref(), escrow, &self.head, self.now).await?;
        let zero = escrow.held_minor() == 0 && escrow.payable_minor() == 0;
        if (escrow.over() && !zero) || !ledger::agrees(conn, escrow).await? {
            return Err(DbError::Broken(format!("{}: the ledger and the state disagree", escrow.reference)));
        }
        Ok(self.wake)
    }
}

/// What was answered when this key first came.
async fn remembered(conn: &mut Conn<'_>, request: &Request) -> Result<Option<Outcome>, DbError> {
    let Some(key) = &request.key else { return Ok(None) };
    let row = opt!(
        conn,
        (Vec<u8>, String),
        "SELECT input, outcome FROM idempotency WHERE user_id = $1 AND key = $2",
        request.user(),
        key.as_str()
    )?;
    let Some((input, outcome)) = row else { return Ok(None) };
    if input != request.input() {
        return Ok(Some(Outcome::KeyReused));
    }
    let outcome: Outcome =
        serde_json::from_str(&outcome).map_err(|error| DbError::Broken(error.to_string()))?;
    Ok(Some(if outcome == Outcome::Done { Outcome::AlreadyDone } else { outcome }))
}

/// Only what was done is kept: whoever was refused may mend it and send the same form again.
async fn remember(
    conn: &mut Conn<'_>,
    request: &Request,
    outcome: &Outcome,
    now: Time,
) -> Result<(), DbError> {
    let (Some(key), Outcome::Done) = (&request.key, outcome) else { return Ok(()) };
    let outcome = serde_json::to_string(outcome).map_err(|error| DbError::Broken(error.to_string()))?;
    exec!(
        conn,
        "INSERT INTO idempotency (user_id, key, input, outcome, at) VALUES ($1, $2, $3, $4, $5)",
        request.user(),
        key.as_str(),
        request.input().as_slice(),
        outcome.as_str(),
        now
    )?;
    Ok(())
}
