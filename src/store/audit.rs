//! What operators did, and what of other people's they looked at: a chain of lines, each sealing all before it.
//! The database itself refuses to change one.

mod chain;
mod record;

use uuid::Uuid;

use super::db::{Conn, DbError, all};
use crate::clock::Clock;
use crate::engine::time::Time;

pub use chain::{Stored, begin, head, key, keys, name_key, read, standing};
pub use record::{Change, Record, Standing, Who};

/// What an operator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Looked,
    Searched,
    Froze,
    Unfroze,
    SetFee,
    PublishedTerms,
    Retried,
    /// Decided, confirmed or sent back a dispute.
    Ruled,
    /// Had a failed refund sent again, or put it into the wallet.
    MovedRefund,
    /// Moved the clock of a rehearsal on.
    MovedClock,
    /// Has looked after a provider's notice that was not carried out.
    SettledNotice,
    /// Is an operator no more: whoever runs the program said so.
    Left,
    BecameOperator,
    /// Made the link with which somebody becomes an operator.
    LinkedOperator,
    /// Took that link back.
    UnlinkedOperator,
    /// Began the chain with what stood before it.
    Began,
    /// Named the key that signs checkpoints.
    SetKey,
    MadeCheckpoint,
    Erased,
    ProposedFee,
    DroppedFee,
}

impl Act {
    /// Every one.
    pub const ALL: [Self; 21] = [
        Self::Looked,
        Self::Searched,
        Self::Froze,
        Self::Unfroze,
        Self::SetFee,
        Self::PublishedTerms,
        Self::Retried,
        Self::Ruled,
        Self::MovedRefund,
        Self::MovedClock,
        Self::SettledNotice,
        Self::Left,
        Self::BecameOperator,
        Self::LinkedOperator,
        Self::UnlinkedOperator,
        Self::Began,
        Self::SetKey,
        Self::MadeCheckpoint,
        Self::Erased,
        Self::ProposedFee,
        Self::DroppedFee,
    ];

    /// As it stands in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Looked => "looked",
            Self::Searched => "searched",
            Self::Froze => "froze",
            Self::Unfroze => "unfroze",
            Self::SetFee => "set_fee",
            Self::PublishedTerms => "published_terms",
            Self::Retried => "retried",
            Self::Ruled => "ruled",
            Self::MovedRefund => "moved_refund",
            Self::MovedClock => "moved_clock",
            Self::SettledNotice => "settled_notice",
            Self::Left => "left",
            Self::BecameOperator => "became_operator",
            Self::LinkedOperator => "linked_operator",
            Self::UnlinkedOperator => "unlinked_operator",
            Self::Began => "began",
            Self::SetKey => "set_key",
            Self::MadeCheckpoint => "made_checkpoint",
            Self::Erased => "erased",
            Self::ProposedFee => "proposed_fee",
            Self::DroppedFee => "dropped_fee",
        }
    }
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    User(Uuid),
    /// By its reference.
    Escrow(String),
    Mail(Uuid),
    /// A payment, by the reference of its escrow.
    Payment(String),
    /// The fee of a currency, by its code.
    Fee(String),
    /// A version of the terms of service.
    Terms(i64),
    /// What a provider told us, by its name and the notice's.
    Notice(String),
    SecurityLog,
    /// Everybody and everything.
    All,
}

impl Subject {
    fn columns(&self) -> (&'static str, String, Option<Uuid>) {
        match self {
            Self::User(id) => ("user", id.to_string(), Some(*id)),
            Self::Escrow(reference) => ("escrow", reference.to_ascii_uppercase(), None),
            Self::Mail(id) => ("mail", id.to_string(), None),
            Self::Payment(reference) => ("payment", reference.clone(), None),
            Self::Fee(currency) => ("fee", currency.clone(), None),
            Self::Terms(version) => ("terms", version.to_string(), None),
            Self::Notice(name) => ("notice", name.clone(), None),
            Self::SecurityLog => ("security", String::new(), None),
            Self::All => ("all", String::new(), None),
        }
    }
}

/// Writes down what somebody does, in the transaction in which it is done and as its last act: see `chain.rs` for the
/// order of locks.
///
/// # Errors
/// The database's.
pub async fn note(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: impl Into<Who>,
    act: Act,
    subject: &Subject,
    note: &str,
) -> Result<(), DbError> {
    write(conn, clock, who.into(), act, subject, note, None).await
}

/// The same for what changes rights or rules: what stands follows from these lines, and the doctor compares it.
pub(super) async fn change(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: Who,
    (act, subject): (Act, &Subject),
    note: &str,
    change: Change,
) -> Result<(), DbError> {
    write(conn, clock, who, act, subject, note, Some(change)).await
}

async fn write(
    conn: &mut Conn<'_>,
    clock: &Clock,
    who: Who,
    act: Act,
    subject: &Subject,
    note: &str,
    change: Option<Change>,
) -> Result<(), DbError> {
    let (kind, name, user) = subject.columns();
    let (at, act, subject) = (clock.now(), act.name(), name.as_str());
    chain::append(conn, clock, chain::Line { at, who, act, kind, subject, user, note, change }).await
}

/// Which rows a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// What changed something.
    Done,
    /// What was only looked at.
    Seen,
}

/// A line with the names of who it is of and about.
#[derive(Clone, Debug)]
pub struct Line {
    pub seq: i64,
    pub at: Time,
    pub who: Who,
    /// The name of the operator; empty for the command line and the program itself.
    pub operator: String,
    pub act: String,
    pub kind: String,
    pub subject: String,
    /// The address of the person whom it is about.
    pub email: Option<String>,
    pub note: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    body: String,
    operator: String,
    email: Option<String>,
}

impl Row {
    fn read(self) -> Result<Line, DbError> {
        let Self { seq, body, operator, email } = self;
        let record: Record =
            serde_json::from_str(&body).map_err(|error| DbError::Broken(error.to_string()))?;
        let Record { at, who, act, kind, subject, note, .. } = record;
        Ok(Line { seq, at, who, operator, act, kind, subject, email, note })
    }
}

/// The newest lines, those before the line `before`.
///
/// # Errors
/// The database's, or [`DbError::Broken`] for bytes that this program did not write.
pub async fn page(
    conn: &mut Conn<'_>,
    which: Which,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    macro_rules! page {
        ($where:literal) => {
            all!(
                conn,
                Row,
                concat!(
                    "SELECT a.seq, a.body, coalesce(o.name, '') AS operator, coalesce(u.email, u.guest_email) AS email
                     FROM audit_events a LEFT JOIN users o ON o.id = a.operator LEFT JOIN users u ON u.id = a.user_id
                     WHERE a.seq < $1",
                    $where,
                    " ORDER BY a.seq DESC LIMIT $2"
                ),
                before.unwrap_or(i64::MAX),
                most
            )
        };
    }
    let rows = match which {
        Which::All => page!(""),
        Which::Done => page!(" AND a.act NOT IN ('looked', 'searched')"),
        Which::Seen => page!(" AND a.act IN ('looked', 'searched')"),
    }?;
    rows.into_iter().map(Row::read).collect()
}
