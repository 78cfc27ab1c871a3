//! What operators did, and what of other people's they looked at. Rows are added and never changed: the
//! database itself refuses it.

use uuid::Uuid;

use super::db::{Conn, DbError, all, exec};
use crate::clock::Clock;
use crate::engine::time::Time;

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
}

impl Act {
    /// Every one.
    pub const ALL: [Self; 12] = [
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

/// Writes down what an operator does, in the transaction in which it is done.
///
/// # Errors
/// The database's.
pub async fn note(
    conn: &mut Conn<'_>,
    clock: &Clock,
    operator: Uuid,
    act: Act,
    subject: &Subject,
    note: &str,
) -> Result<(), DbError> {
    let (kind, name, user) = subject.columns();
    exec!(
        conn,
        "INSERT INTO audit (id, at, operator, act, kind, subject, user_id, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        clock.id(),
        clock.now(),
        operator,
        act.name(),
        kind,
        name.as_str(),
        user,
        note
    )?;
    Ok(())
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

/// A row with the names of who it is of and about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub id: Uuid,
    pub at: Time,
    pub operator: String,
    pub act: String,
    pub kind: String,
    pub subject: String,
    /// The address of the person whom it is about.
    pub email: Option<String>,
    pub note: String,
}

/// The newest rows, those before the row `before`.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    which: Which,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    macro_rules! page {
        ($where:literal) => {
            all!(
                conn,
                Line,
                concat!(
                    "SELECT a.id, a.at, o.name AS operator, a.act, a.kind, a.subject, coalesce(u.email, u.guest_email) AS email, a.note
                     FROM audit a JOIN users o ON o.id = a.operator LEFT JOIN users u ON u.id = a.user_id
                     WHERE a.id < $1",
                    $where,
                    " ORDER BY a.id DESC LIMIT $2"
                ),
                before.unwrap_or(Uuid::max()),
                most
            )
        };
    }
    match which {
        Which::All => page!(""),
        Which::Done => page!(" AND a.act NOT IN ('looked', 'searched')"),
        Which::Seen => page!(" AND a.act IN ('looked', 'searched')"),
    }
}
