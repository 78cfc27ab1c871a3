//! What the engine must know from outside an escrow, read inside the same write.

use uuid::Uuid;

use crate::engine::command::{Command, Facts};
use crate::engine::escrow::{Escrow, Method};
use crate::engine::party::{Actor, UserId};
use crate::engine::terms::Mode;
use crate::engine::time::Time;
use crate::money::Currency;
use crate::store::db::{Conn, DbError, all, opt};
use crate::store::{ledger, terms_of_service};

/// The smallest amount of a mode in a currency, in minor units. DHMAD gives those of TND; elsewhere it is
/// one whole unit, and one hundredth of it for instant escrows.
#[must_use]
pub fn minimum_minor(mode: Mode, currency: Currency) -> i64 {
    let unit = 10_i64.pow(currency.scale());
    match (mode, currency.code()) {
        (Mode::Instant, _) => (unit / 100).max(1),
        (Mode::Standard | Mode::Quick | Mode::QuickProof, "TND") => 5 * unit,
        (Mode::Standard | Mode::Quick | Mode::QuickProof, _) => unit,
    }
}

/// Above what is at stake in a dispute a second operator has to agree: a thousand whole units of the currency.
#[must_use]
pub fn second_operator_above_minor(currency: Currency) -> i64 {
    1_000 * 10_i64.pow(currency.scale())
}

/// The facts for a command.
///
/// # Errors
/// The database's.
pub async fn read(
    conn: &mut Conn<'_>,
    escrow: Option<&Escrow>,
    command: &Command,
    actor: &Actor,
    now: Time,
) -> Result<Facts, DbError> {
    let mut facts = match actor.user() {
        Some(user) => of_user(conn, user, now).await?,
        None => Facts::default(),
    };
    if let Some(escrow) = escrow {
        facts.second_operator_above_minor = second_operator_above_minor(escrow.terms.currency);
    }
    match (escrow, command) {
        (None, Command::Propose { terms, .. }) | (Some(_), Command::Counter { terms, .. }) => {
            facts.minimum_minor = minimum_minor(terms.mode, terms.currency);
        }
        (Some(escrow), Command::StartCharge { method: Method::Wallet, .. }) => {
            if let Some(user) = actor.user() {
                let currency = escrow.terms.currency;
                let available = ledger::lock_wallet(conn, user, currency).await?;
                facts.wallet_available = Some(currency.of(available));
            }
        }
        (
            Some(escrow),
            Command::Approve { .. }
            | Command::AcceptSettlement { .. }
            | Command::Concede { .. }
            | Command::Rule { .. }
            | Command::ConfirmRuling { .. },
        ) => {
            facts.to_wallet_at_once = to_wallet_at_once(conn, escrow.id).await?;
        }
        _ => {}
    }
    Ok(facts)
}

/// The facts for a deadline.
///
/// # Errors
/// The database's.
pub async fn for_clock(conn: &mut Conn<'_>, escrow: &Escrow) -> Result<Facts, DbError> {
    let to_wallet_at_once = to_wallet_at_once(conn, escrow.id).await?;
    let second_operator_above_minor = second_operator_above_minor(escrow.terms.currency);
    Ok(Facts { to_wallet_at_once, second_operator_above_minor, ..Facts::default() })
}

async fn of_user(conn: &mut Conn<'_>, user: UserId, now: Time) -> Result<Facts, DbError> {
    let row = opt!(
        conn,
        (bool, bool, bool),
        "SELECT email_confirmed_at IS NOT NULL, frozen_at IS NOT NULL,
                coalesce(terms_of_service_version, 0) >= coalesce(
                    (SELECT max(t.version) FROM terms_of_service t WHERE t.starts_at <= $2), $3)
         FROM users WHERE id = $1",
        user,
        now,
        terms_of_service::FIRST
    )?;
    let (email_confirmed, frozen, terms_of_service_accepted) = row.unwrap_or((false, false, false));
    Ok(Facts { email_confirmed, frozen, terms_of_service_accepted, ..Facts::default() })
}

async fn to_wallet_at_once(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Vec<UserId>, DbError> {
    let rows = all!(
        conn,
        (Uuid,),
        "SELECT u.id FROM parties p JOIN users u ON u.id = p.user_id
         WHERE p.escrow_id = $1 AND u.to_wallet_at_once = TRUE AND u.frozen_at IS NULL ORDER BY p.role, u.id",
        escrow
    )?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}
