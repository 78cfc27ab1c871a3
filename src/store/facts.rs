//! What the engine must know from outside an escrow, read inside the same write.

use uuid::Uuid;

use crate::calendar::Zone;
use crate::engine::command::{Command, Facts};
use crate::engine::escrow::{Escrow, Method};
use crate::engine::party::{Actor, UserId};
use crate::engine::time::Time;
use crate::store::db::{Conn, DbError, all, opt};
use crate::store::interest::{self, Among};
use crate::store::{fees, ledger, payments, terms_of_service};

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
        let opens = matches!(command, Command::OpenDispute { .. });
        facts.second_operator_above_minor = second_operator_above(conn, escrow, opens, now).await?;
        // What came too late is its payer's, and by then the buyer can be somebody else.
        let one = match command {
            Command::ChargeSettled { payment } => Some(*payment),
            _ => None,
        };
        facts.rails_that_refund = payments::rails_that_refund(conn, escrow.id, one).await?;
        let zone = Zone::from_name(&escrow.terms.time_zone).unwrap_or_else(Zone::utc);
        facts.delivery_due = Some(zone.days_later(now, escrow.terms.days_to_deliver()));
        facts.address_takes_part = address_takes_part(conn, escrow.id, command, actor).await?;
    }
    match (escrow, command) {
        (None, Command::Propose { terms, .. }) | (Some(_), Command::Counter { terms, .. }) => {
            let limits = fees::current(conn, now).await?.limits(terms.currency);
            facts.minimum_minor = limits.smallest_of(terms.mode, terms.currency);
        }
        (
            Some(escrow),
            Command::StartCharge { method: Method::Wallet, .. }
            | Command::BuyByLink { method: Method::Wallet, .. },
        ) => {
            if let Some(user) = actor.user() {
                let currency = escrow.terms.currency;
                let available = ledger::lock_wallet(conn, user, currency).await?;
                facts.wallet_available = Some(currency.of(available));
            }
        }
        (
            Some(escrow),
            Command::Approve { .. }
            | Command::MarkDone { .. }
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
pub async fn for_clock(conn: &mut Conn<'_>, escrow: &Escrow, now: Time) -> Result<Facts, DbError> {
    let to_wallet_at_once = to_wallet_at_once(conn, escrow.id).await?;
    let second_operator_above_minor =
        second_operator_above(conn, escrow, escrow.cancellation.is_some(), now).await?;
    let rails_that_refund = payments::rails_that_refund(conn, escrow.id, None).await?;
    Ok(Facts { to_wallet_at_once, second_operator_above_minor, rails_that_refund, ..Facts::default() })
}

/// Only a dispute asks for it, and whatever may open one: it keeps what stands then.
async fn second_operator_above(
    conn: &mut Conn<'_>,
    escrow: &Escrow,
    opens: bool,
    now: Time,
) -> Result<i64, DbError> {
    if escrow.disputes.is_empty() && !opens {
        return Ok(i64::MAX);
    }
    let currency = escrow.terms.currency;
    Ok(fees::current(conn, now).await?.limits(currency).second_operator_above(currency))
}

/// Asked of those who decide or buy from outside. Accounts are compared by the rules themselves, but by address
/// one person can be two users: who buys without an account is a user of his own.
async fn address_takes_part(
    conn: &mut Conn<'_>,
    escrow: Uuid,
    command: &Command,
    actor: &Actor,
) -> Result<bool, DbError> {
    match (actor, command) {
        (Actor::Operator { user }, _) => interest::has(conn, *user, escrow, Among::All).await,
        (Actor::Arbiter { user }, _) => interest::has(conn, *user, escrow, Among::NotArbiters).await,
        (Actor::Party { user, .. }, Command::BuyByLink { .. }) => {
            interest::has(conn, *user, escrow, Among::NotBuyers).await
        }
        (Actor::Party { .. } | Actor::Rail | Actor::Clock, _) => Ok(false),
    }
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
         WHERE p.escrow_id = $1 AND u.to_wallet_at_once = TRUE AND u.frozen_at IS NULL
           AND p.role <> 'arbiter' ORDER BY p.role, u.id",
        escrow
    )?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}
