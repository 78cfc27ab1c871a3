//! A line of the audit as it is sealed, and what stands by all of them: who is an operator, who is frozen, which
//! fees, limits and terms of service there are, what was lawfully erased. It knows no database.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::time::Time;

/// The form in which lines are written now.
pub const VERSION: u32 = 1;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    User(Uuid),
    /// Somebody at the command line of the machine itself.
    Machine,
    /// Nobody asked: the program does it by itself.
    Program,
}

impl From<Uuid> for Who {
    fn from(user: Uuid) -> Self {
        Self::User(user)
    }
}

impl Who {
    /// The account that did it.
    #[must_use]
    pub fn user(self) -> Option<Uuid> {
        match self {
            Self::User(user) => Some(user),
            Self::Machine | Self::Program => None,
        }
    }
}

/// A line, whose JSON is what the link seals. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    pub seq: u64,
    pub at: Time,
    pub who: Who,
    pub act: String,
    pub kind: String,
    pub subject: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What stands from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Random, so that nobody finds out by trying what a link seals.
    pub salt: String,
}

impl Record {
    /// The person whom it is about, if it is about one.
    #[must_use]
    pub fn user(&self) -> Option<Uuid> {
        Some(&self.subject).filter(|_| self.kind == "user").and_then(|subject| subject.parse().ok())
    }
}

/// A change of what stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Change {
    Operator {
        user: Uuid,
        is: bool,
    },
    /// Frozen since then, or not any more.
    Frozen {
        user: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Time>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    },
    /// A version of a currency's fee and limits, by the SHA-256 of its row.
    Fee {
        id: Uuid,
        sha256: String,
    },
    Terms {
        version: i64,
        sha256: String,
    },
    /// What stood before there was a chain.
    Began(Began),
    /// A row that is lawfully gone, by the digest that events hold of it.
    Erased {
        table: String,
        row: String,
        sha256: String,
    },
    /// The public key that signs checkpoints from then on, in hex.
    Key {
        public: String,
    },
}

/// What stood before there was a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    pub operators: Vec<Uuid>,
    pub frozen: Vec<(Uuid, Time, String)>,
    pub fees: Vec<(Uuid, String)>,
    pub terms: Vec<(i64, String)>,
}

/// What stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub operators: BTreeSet<Uuid>,
    /// Since when and why.
    pub frozen: BTreeMap<Uuid, (Time, String)>,
    /// The SHA-256 of each row.
    pub fees: BTreeMap<Uuid, String>,
    pub terms: BTreeMap<i64, String>,
    /// By table and row, the digest of what stood there.
    pub erased: BTreeMap<(String, String), String>,
    /// Every public key that was named, the one that signs now last.
    pub keys: Vec<String>,
}

impl Standing {
    /// What stands after a change.
    pub fn take(&mut self, change: &Change) {
        match change {
            Change::Operator { user, is: true } => {
                self.operators.insert(*user);
            }
            Change::Operator { user, is: false } => {
                self.operators.remove(user);
            }
            Change::Frozen { user, since: Some(since), because } => {
                self.frozen.insert(*user, (*since, because.clone()));
            }
            Change::Frozen { user, since: None, .. } => {
                self.frozen.remove(user);
            }
            Change::Fee { id, sha256 } => {
                self.fees.insert(*id, sha256.clone());
            }
            Change::Terms { version, sha256 } => {
                self.terms.insert(*version, sha256.clone());
            }
            Change::Began(began) => {
                self.operators.extend(&began.operators);
                let frozen = began.frozen.iter().cloned();
                self.frozen.extend(frozen.map(|(user, since, because)| (user, (since, because))));
                self.fees.extend(began.fees.iter().cloned());
                self.terms.extend(began.terms.iter().cloned());
            }
            Change::Erased { table, row, sha256 } => {
                self.erased.insert((table.clone(), row.clone()), sha256.clone());
            }
            Change::Key { public } => self.keys.push(public.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let (user, at) = (Uuid::max(), Time::from_micros(1_777_885_200_000_001));
        let changes = [
            Change::Operator { user, is: true },
            Change::Frozen { user, since: Some(at), because: "A stolen card.".to_owned() },
            Change::Frozen { user, since: None, because: String::new() },
            Change::Began(Began { operators: vec![user], ..Began::default() }),
            Change::Erased { table: "files".to_owned(), row: user.to_string(), sha256: "ab".repeat(32) },
        ];
        let whos = [Who::User(user), Who::Machine, Who::Program];
        for (who, change) in whos.into_iter().cycle().zip(changes) {
            let record = Record {
                v: VERSION,
                seq: 7,
                at,
                who,
                act: "froze".to_owned(),
                kind: "user".to_owned(),
                subject: user.to_string(),
                note: String::new(),
                change: Some(change),
                salt: "00".to_owned(),
            };
            let body = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&body).unwrap(), record, "{body}");
        }
    }

    #[test]
    fn what_stands_follows_from_the_changes() {
        let (amel, omar, at) = (Uuid::nil(), Uuid::max(), Time::from_micros(7));
        let mut standing = Standing::default();
        let began =
            Began { operators: vec![omar], frozen: vec![(amel, at, "Why.".to_owned())], ..Began::default() };
        for change in [
            Change::Began(began),
            Change::Operator { user: amel, is: true },
            Change::Operator { user: omar, is: false },
            Change::Frozen { user: amel, since: None, because: String::new() },
        ] {
            standing.take(&change);
        }
        assert_eq!(standing, Standing { operators: BTreeSet::from([amel]), ..Standing::default() });
    }
}
