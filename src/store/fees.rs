//! The platform's fee by currency: versions with a start. The newest that has begun applies to what is
//! proposed and is frozen into its terms; what is past never changes, and the database refuses it.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::db::{Conn, DbError, all, exec};
use crate::clock::Clock;
use crate::engine::terms::FeeSchedule;
use crate::engine::time::Time;
use crate::money::Currency;

/// So many versions are listed, the newest.
const MOST: i64 = 500;

/// A version as it stands.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: Uuid,
    pub currency: Currency,
    pub starts_at: Time,
    pub schedule: FeeSchedule,
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
            schedule: FeeSchedule { percent, fixed_minor, min_minor, max_minor },
            created_at: self.created_at,
            by: self.name,
        })
    }
}

/// What applies now, for every currency.
#[derive(Clone, Debug, Default)]
pub struct Current(Vec<(Currency, FeeSchedule)>);

impl Current {
    /// The schedule of a currency; where none was ever set, the program's own.
    #[must_use]
    pub fn of(&self, currency: Currency) -> FeeSchedule {
        let own = self.0.iter().find(|(code, _)| *code == currency);
        own.map_or_else(FeeSchedule::default, |(_, schedule)| schedule.clone())
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
                '' AS name
         FROM fee_schedules f
         WHERE f.starts_at <= $1 AND NOT EXISTS (
             SELECT 1 FROM fee_schedules later
             WHERE later.currency = f.currency AND later.starts_at <= $1
               AND (later.starts_at > f.starts_at OR (later.starts_at = f.starts_at AND later.id > f.id)))",
        now
    )?;
    let one = |row: Row| row.read().map(|version| (version.currency, version.schedule));
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
                u.name
         FROM fee_schedules f JOIN users u ON u.id = f.created_by
         ORDER BY f.starts_at DESC, f.id DESC LIMIT $1",
        MOST
    )?;
    rows.into_iter().map(Row::read).collect()
}

/// Adds a version. It may begin now or later, and never earlier.
///
/// # Errors
/// The database's.
pub async fn add(
    conn: &mut Conn<'_>,
    clock: &Clock,
    operator: Uuid,
    currency: Currency,
    starts_at: Time,
    schedule: &FeeSchedule,
) -> Result<(), DbError> {
    let now = clock.now();
    exec!(
        conn,
        "INSERT INTO fee_schedules (id, currency, starts_at, percent, fixed_minor, min_minor, max_minor,
                                    created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        clock.id(),
        currency.code(),
        // What begins at once was typed a moment ago.
        starts_at.max(now),
        schedule.percent.normalize().to_string(),
        schedule.fixed_minor,
        schedule.min_minor,
        schedule.max_minor,
        operator,
        now
    )?;
    Ok(())
}
