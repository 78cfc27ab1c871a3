//! One escrow, derived from its events: its state, and every row that follows from them.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::payments;
use crate::engine::attached;
use crate::engine::chain::{self, link};
use crate::engine::escrow::Escrow;
use crate::engine::event::{Event, Record};
use crate::engine::evolve::evolve;
use crate::engine::party::UserId;
use crate::engine::postings::{self, Account, Entry};
use crate::engine::terms::FileRef;
use crate::engine::time::Time;
use crate::engine::versions;
use crate::store::doctor::escrows::{BalanceRow, EntryRow, EventRow, PaymentRow};
use crate::store::files::Purpose;

/// A signature as its event has it; who it was and from where lies in a row that this seals.
pub(super) struct Signed {
    pub document_sha256: String,
    pub evidence_sha256: String,
    pub at: Time,
}

/// A file as the first event has it that names it.
pub(super) struct Attached {
    pub file: FileRef,
    pub by: Option<UserId>,
    pub purpose: Purpose,
    pub at: Time,
}

/// What the events of one escrow come to, as far as they were read.
pub(super) struct Replay {
    pub id: Uuid,
    pub events: usize,
    pub seq: i64,
    pub head: [u8; 32],
    pub escrow: Option<Escrow>,
    pub began: Option<Time>,
    pub changed: Option<Time>,
    pub entries: Vec<EntryRow>,
    pub balances: BTreeMap<String, BalanceRow>,
    pub payments: Vec<PaymentRow>,
    pub signatures: BTreeMap<(UserId, u32), Signed>,
    pub files: BTreeMap<Uuid, Attached>,
    /// Salted digests of the addresses by which people were named, the last of each, and of the names.
    pub identities: BTreeMap<UserId, String>,
    pub names: BTreeMap<UserId, String>,
    /// The events from which the versions of the terms are read.
    pub terms: Vec<Record>,
    /// The first event that is wrong. What follows from the others says nothing then.
    pub wrong: Option<String>,
}

impl Replay {
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            id,
            events: 0,
            seq: 0,
            head: chain::GENESIS,
            escrow: None,
            began: None,
            changed: None,
            entries: Vec::new(),
            balances: BTreeMap::new(),
            payments: Vec::new(),
            signatures: BTreeMap::new(),
            files: BTreeMap::new(),
            identities: BTreeMap::new(),
            names: BTreeMap::new(),
            terms: Vec::new(),
            wrong: None,
        }
    }

    /// Its reference, or its id as long as no event has told it.
    pub(super) fn name(&self) -> String {
        self.escrow.as_ref().map_or_else(|| format!("escrow {}", self.id), |escrow| escrow.reference.clone())
    }

    /// Goes on with the next events.
    pub(super) fn run(&mut self, events: &[EventRow]) {
        for event in events {
            self.events += 1;
            if self.wrong.is_none()
                && let Err(what) = self.step(event)
            {
                self.wrong = Some(format!("{}, event {}: {what}", self.name(), event.seq));
            }
        }
    }

    fn step(&mut self, row: &EventRow) -> Result<(), String> {
        let record = self.sealed(row)?;
        let entries = self.escrow.as_ref().map(|escrow| postings::entries(escrow, &record.event));
        let next = evolve(self.escrow.take(), &record.event, record.at);
        let next = next.ok_or_else(|| "the first event proposes nothing".to_owned())?;
        if next.id != self.id {
            return Err("it is of another escrow".to_owned());
        }
        for (line, entry) in (1_i32..).zip(entries.unwrap_or_default()) {
            self.post(row.seq, line, &entry, record.at);
        }
        payments::follow(&mut self.payments, &next, &record.event, record.at);
        self.name_people(&record);
        self.attach(&record);
        self.escrow = Some(next);
        self.seq = row.seq;
        self.began = self.began.or(Some(record.at));
        self.changed = Some(record.at);
        if versions::KINDS.contains(&row.kind.as_str()) {
            self.terms.push(record);
        }
        Ok(())
    }

    /// The record of an event whose link seals it and whose columns say what it says.
    fn sealed(&mut self, row: &EventRow) -> Result<Record, String> {
        if row.seq != self.seq + 1 {
            return Err(format!("number {} was expected", self.seq + 1));
        }
        let seq = row.seq.unsigned_abs();
        self.head = link(&self.head, seq, row.body.as_bytes());
        if self.head.as_slice() != row.hash.as_slice() {
            return Err("the link does not seal what is stored".to_owned());
        }
        let record: Record =
            serde_json::from_str(&row.body).map_err(|error| format!("unreadable: {error}"))?;
        let same = [
            ("escrow_id", record.escrow == self.id),
            ("seq", record.seq == seq),
            ("at", record.at == row.at),
            ("kind", record.event.kind() == row.kind),
            ("milestone", record.event.milestone().map(i32::from) == row.milestone),
        ];
        match same.into_iter().find(|(_, same)| !same) {
            Some((column, _)) => Err(format!("its {column} is not what its text says")),
            None => Ok(record),
        }
    }

    fn post(&mut self, seq: i64, line: i32, entry: &Entry, at: Time) {
        let currency = entry.amount.currency;
        for (account, change) in [(&entry.from, -entry.amount.minor), (&entry.to, entry.amount.minor)] {
            let (true, Some(escrow)) = (account.has_balance(), account.escrow()) else { continue };
            let key = account.key(currency);
            let balance = self.balances.entry(key).or_insert_with_key(|key| BalanceRow {
                account: key.clone(),
                kind: account.kind().to_owned(),
                currency: currency.code().to_owned(),
                user_id: account.user(),
                escrow_id: Some(escrow),
                amount_minor: 0,
            });
            balance.amount_minor += change;
        }
        let is_wallet = |account: &Account| matches!(account, Account::Wallet { .. }).then_some(0);
        self.entries.push(EntryRow {
            id: 0,
            escrow_id: self.id,
            seq,
            line,
            from_account: entry.from.key(currency),
            to_account: entry.to.key(currency),
            currency: currency.code().to_owned(),
            amount_minor: entry.amount.minor,
            from_after: is_wallet(&entry.from),
            to_after: is_wallet(&entry.to),
            at,
        });
    }

    fn name_people(&mut self, record: &Record) {
        if let Event::Proposed { terms, .. } | Event::Countered { terms, .. } = &record.event {
            for party in &terms.parties {
                self.identify(party.user, &party.identity_sha256);
            }
            if let Some(arbiter) = &terms.arbiter {
                self.identify(arbiter.user, &arbiter.identity_sha256);
            }
        }
        if let Event::PartyCorrected { to: user, identity_sha256, .. }
        | Event::BuyerJoined { user, identity_sha256, .. } = &record.event
        {
            self.identify(*user, identity_sha256);
        }
        self.names.extend(record.names.iter().map(|(user, digest)| (*user, digest.clone())));
        if let (Event::Signed { version, document_sha256, evidence_sha256, .. }, Some(user)) =
            (&record.event, record.actor.user())
        {
            let (document_sha256, evidence_sha256) = (document_sha256.clone(), evidence_sha256.clone());
            let signed = Signed { document_sha256, evidence_sha256, at: record.at };
            self.signatures.insert((user, *version), signed);
        }
    }

    /// Somebody named again has another salt, for his name too.
    fn identify(&mut self, user: UserId, digest: &str) {
        if self.identities.insert(user, digest.to_owned()).is_some_and(|before| before != digest) {
            self.names.remove(&user);
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the others that name files are evidence")]
    fn attach(&mut self, record: &Record) {
        let files = attached::files(&record.event);
        if files.is_empty() {
            return;
        }
        let purpose = match &record.event {
            Event::Proposed { .. } | Event::Countered { .. } => Purpose::Terms,
            Event::Delivered { .. } => Purpose::Delivery,
            Event::ProofSubmitted { .. } => Purpose::Proof,
            _ => Purpose::Evidence,
        };
        for file in files {
            let (by, at) = (record.actor.user(), record.at);
            self.files.entry(file.id).or_insert_with(|| Attached { file: file.clone(), by, purpose, at });
        }
    }
}
