//! The platform's fee and limits by currency: versions with a start. The newest that has begun applies. The
//! fee is frozen into the terms that are proposed; what is past never changes, and the database refuses it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::audit::{self, Act, Change, Subject};
use super::db::{Conn, DbError, all, exec};
use crate::clock::Clock;
use crate::engine::chain::sha256_hex;
use crate::engine::terms::{FeeSchedule, Mode};
use crate::engine::time::Time;
use crate::money::Currency;

/// So many versions are listed, the newest.
const MOST: i64 = 500;

/// What a deal in a currency must reach, and what one operator alone may decide; in minor units. Where nothing
/// was set, the program's own applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The smallest price of a deal that is not instant.
    pub smallest_minor: Option<i64>,
    pub smallest_instant_minor: Option<i64>,
    /// Above what is at stake in a dispute a second operator has to agree.
    pub second_operator_above_minor: Option<i64>,
}

impl Limits {
    /// The smallest price in a mode. DHMAD gives those of TND, 5 and 0.010; elsewhere it is one whole unit,
    /// and a hundredth of it for instant deals.
    #[must_use]
    pub fn smallest_of(&self, mode: Mode, currency: Currency) -> i64 {
        let unit = 10_i64.pow(currency.scale());
        match mode {
            Mode::Instant => self.smallest_instant_minor.unwrap_or((unit / 100).max(1)),
            Mode::Standard | Mode::Quick | Mode::QuickProof => {
                self.smallest_minor.unwrap_or(if currency.code() == "TND" { 5 * unit } else { unit })
            }
        }
    }

    /// Above what is at stake a second operator has to agree: of itself, a thousand whole units.
    #[must_use]
    pub fn second_operator_above(&self, currency: Currency) -> i64 {
        self.second_operator_above_minor.unwrap_or(1_000 * 10_i64.pow(currency.scale()))
    }
}

/// What stands in a version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rules {
    pub schedule: FeeSchedule,
    pub limits: Limits,
}

/// A version as it stands.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: Uuid,
    pub currency: Currency,
    pub starts_at: Time,
    pub rules: Rules,
    pub created_at: Time,
    /// The name of the operator who added it.
    pub by: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    currency: String,
    starts_at: Time,
    percent: String,
    fixed_minor: i64,
    min_minor: i64,
    max_minor: Option<i64>,
    smallest_minor: Option<i64>,
    smallest_instant_minor: Option<i64>,
    second_operator_above_minor: Option<i64>,
    created_at: Time,
    name: String,
}

impl Row {
    fn read(self) -> Result<Version, DbError> {
        let broken = |what: &str| DbError::Broken(format!("a fee schedule: {what}"));
        let percent: Decimal = self.percent.parse().map_err(|_| broken("its percentage"))?;
        let (fixed_minor, min_minor, max_minor) = (self.fixed_minor, self.min_minor, self.max_minor);
        Ok(Version {
            id: self.id,
            currency: Currency::from_code(&self.currency).ok_or_else(|| broken("its currency"))?,
            starts_at: self.starts_at,
            rules: Rules {
                schedule: FeeSchedule { percent, fixed_minor, min_minor, max_minor },
                limits: Limits {
                    smallest_minor: self.smallest_minor,
                    smallest_instant_minor: self.smallest_instant_minor,
                    second_operator_above_minor: self.second_operator_above_minor,
                },
            },
            created_at: self.created_at,
            by: self.name,
        })
    }
}

/// What applies now, for every currency.
#[derive(Clone, Debug, Default)]
pub struct Current(Vec<(Currency, Rules)>);

impl Current {
    /// The schedule of a currency; where none was ever set, the program's own.
    #[must_use]
    pub fn of(&self, currency: Currency) -> FeeSchedule {
        let own = self.0.iter().find(|(code, _)| *code == currency);
        own.map_or_else(FeeSchedule::default, |(_, rules)| rules.schedule.clone())
    }

    /// The limits of a currency.
    #[must_use]
    pub fn limits(&self, currency: Currency) -> Limits {
        let own = self.0.iter().find(|(code, _)| *code == currency);
        own.map_or_else(Limits::default, |(_, rules)| rules.limits)
    }

    /// The percentages of these currencies: "1%", or "0.5% to 2%".
    #[must_use]
    pub fn percents(&self, currencies: impl Iterator<Item = Currency>) -> String {
        let mut all: Vec<Decimal> = currencies.map(|it| self.of(it).percent.normalize()).collect();
        all.sort_unstable();
        match (all.first(), all.last()) {
            (Some(least), Some(most)) if least != most => format!("{least}% to {most}%"),
            (Some(one), _) => format!("{one}%"),
            (None, _) => String::new(),
        }
    }
}

/// The schedules that apply at `now`.
///
/// # Errors
/// The database's.
pub async fn current(conn: &mut Conn<'_>, now: Time) -> Result<Current, DbError> {
    let rows = all!(
        conn,
        Row,
        "SELECT f.id, f.currency, f.starts_at, f.percent, f.fixed_minor, f.min_minor, f.max_minor, f.created_at,
                f.smallest_minor, f.smallest_instant_minor, f.second_operator_above_minor, '' AS name
         FROM fee_schedules f
         WHERE f.starts_at <= $1 AND NOT EXISTS (
             SELECT 1 FROM fee_schedules later
             WHERE later.currency = f.currency AND later.starts_at <= $1
               AND (later.starts_at > f.starts_at OR (later.starts_at = f.starts_at AND later.id > f.id)))",
        now
    )?;
    let one = |row: Row| row.read().map(|version| (version.currency, version.rules));
    rows.into_iter().map(one).collect::<Result<_, _>>().map(Current)
}

/// Every version, the latest start first.
///
/// # Errors
/// The database's.
pub async fn versions(conn: &mut Conn<'_>) -> Result<Vec<Version>, DbError> {
    let rows = all!(
        conn,
        Row,
        "SELECT f.id, f.currency, f.starts_at, f.percent, f.fixed_minor, f.min_minor, f.max_minor, f.created_at,
                f.smallest_minor, f.smallest_instant_minor, f.second_operator_above_minor, u.name
         FROM fee_schedules f JOIN users u ON u.id = f.created_by
         ORDER BY f.starts_at DESC, f.id DESC LIMIT $1",
        MOST
    )?;
    rows.into_iter().map(Row::read).collect()
}

/// A row as its digest in the audit has it: times in microseconds.
#[derive(Serialize, sqlx::FromRow)]
struct Sealed {
    id: Uuid,
    currency: String,
    starts_at: Time,
    percent: String,
    fixed_minor: i64,
    min_minor: i64,
    max_minor: Option<i64>,
    created_by: Uuid,
    created_at: Time,
    smallest_minor: Option<i64>,
    smallest_instant_minor: Option<i64>,
    second_operator_above_minor: Option<i64>,
}

impl Sealed {
    fn sha256(&self) -> Result<String, DbError> {
        let json = serde_json::to_vec(self).map_err(|error| DbError::Broken(error.to_string()))?;
        Ok(sha256_hex(&json))
    }
}

/// The SHA-256 of every row, as the audit has it.
///
/// # Errors
/// The database's.
pub async fn digests(conn: &mut Conn<'_>) -> Result<Vec<(Uuid, String)>, DbError> {
    let rows = all!(
        conn,
        Sealed,
        "SELECT id, currency, starts_at, percent, fixed_minor, min_minor, max_minor, created_by, created_at,
                smallest_minor, smallest_instant_minor, second_operator_above_minor
         FROM fee_schedules ORDER BY id"
    )?;
    rows.into_iter().map(|row| Ok((row.id, row.sha256()?))).collect()
}

/// Who adds a version.
#[derive(Clone, Copy, Debug)]
pub struct By {
    pub proposer: Uuid,
    /// The second operator, where there are two.
    pub confirmed_by: Option<Uuid>,
}

impl From<Uuid> for By {
    fn from(proposer: Uuid) -> Self {
        Self { proposer, confirmed_by: None }
    }
}

/// Adds a version, with a line in the audit that says in `words` what it comes to. It may begin now or later, and
/// never earlier.
///
/// # Errors
/// The database's.
pub async fn add(
    conn: &mut Conn<'_>,
    clock: &Clock,
    by: impl Into<By>,
    (currency, starts_at): (Currency, Time),
    rules: &Rules,
    words: &str,
) -> Result<(), DbError> {
    let (by, now) = (by.into(), clock.now());
    let Rules { schedule, limits } = rules;
    let row = Sealed {
        id: clock.id(),
        currency: currency.code().to_owned(),
        // What begins at once was typed a moment ago.
        starts_at: starts_at.max(now),
        percent: schedule.percent.normalize().to_string(),
        fixed_minor: schedule.fixed_minor,
        min_minor: schedule.min_minor,
        max_minor: schedule.max_minor,
        created_by: by.proposer,
        created_at: now,
        smallest_minor: limits.smallest_minor,
        smallest_instant_minor: limits.smallest_instant_minor,
        second_operator_above_minor: limits.second_operator_above_minor,
    };
    exec!(
        conn,
        "INSERT INTO fee_schedules (id, currency, starts_at, percent, fixed_minor, min_minor, max_minor,
                                    created_by, created_at, smallest_minor, smallest_instant_minor,
                                    second_operator_above_minor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        row.id,
        row.currency.as_str(),
        row.starts_at,
        row.percent.as_str(),
        row.fixed_minor,
        row.min_minor,
        row.max_minor,
        row.created_by,
        row.created_at,
        row.smallest_minor,
        row.smallest_instant_minor,
        row.second_operator_above_minor
    )?;
    let (subject, sha256) = (Subject::Fee(row.currency.clone()), row.sha256()?);
    let note = format!("{words}, from {}", row.starts_at.rfc3339());
    let change = Change::Fee { id: row.id, sha256 };
    let who = by.confirmed_by.unwrap_or(by.proposer).into();
    audit::change(conn, clock, who, (Act::SetFee, &subject), &note, change).await
}
