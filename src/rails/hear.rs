//! A provider's notice: checked, carried out once, and written down.
//!
//! A notice that comes twice, or after a later one, changes nothing. Whatever was signed and understood
//! is answered with "taken", also when it could not be carried out: sending it again would change
//! nothing, and the operators see it.

use axum::http::HeaderMap;
use uuid::Uuid;

use super::{Notice, Rail, RailError, Said, Verdict, in_time};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::refusal::Refusal;
use crate::money::Money;
use crate::store::db::DbError;
use crate::store::execute::{Outcome, Request, Who};
use crate::store::notices_in::{self, Received};
use crate::store::payments::{self, Payment};
use crate::text::storable;

/// Hears a notice of `rail`.
///
/// # Errors
/// [`RailError::Unverified`], after which nothing was done and nothing kept; the database's, after which
/// the provider shall send it again.
pub async fn hear(app: &App, rail: &dyn Rail, headers: &HeaderMap, body: &[u8]) -> Result<(), RailError> {
    let now = app.clock.now();
    let notice = in_time(app, rail.verify(headers, body, now)).await?;
    let (payment, outcome) = match &notice.said {
        Said::Other => (None, "not understood".to_owned()),
        Said::Charge { payment, amount, verdict } => {
            let about = About { payment: *payment, amount: *amount, verdict, refund: false };
            carry_out(app, rail, &notice, &about).await?
        }
        Said::Refund { payment, amount, verdict } => {
            let about = About { payment: *payment, amount: *amount, verdict, refund: true };
            carry_out(app, rail, &notice, &about).await?
        }
    };
    let received = Received {
        id: app.clock.id(),
        rail: rail.name(),
        notice_id: &notice.id,
        payment_id: payment,
        body: &storable(&String::from_utf8_lossy(body)),
        outcome: &outcome,
        received_at: now,
    };
    let mut tx = app.db.write().await?;
    notices_in::record(&mut tx.conn(), &received).await?;
    tx.commit().await?;
    Ok(())
}

/// What a notice is about, and what it says.
struct About<'a> {
    payment: Uuid,
    amount: Money,
    verdict: &'a Verdict,
    /// Of a refund, not of a charge.
    refund: bool,
}

impl About<'_> {
    /// The command that carries it out; none where the payment is of the other kind.
    fn command(&self, known: &Payment) -> Option<Command> {
        let payment = self.payment;
        match (known.refund().filter(|_| self.refund), self.verdict.clone()) {
            (Some((refund, attempt)), Verdict::Settled) => Some(Command::RefundSettled { refund, attempt }),
            (Some((refund, attempt)), Verdict::Failed { reason }) => {
                Some(Command::RefundFailed { refund, attempt, reason })
            }
            (None, _) if self.refund || known.kind != "escrow-deposit" => None,
            (None, Verdict::Settled) => Some(Command::ChargeSettled { payment }),
            (None, Verdict::Failed { reason }) => Some(Command::ChargeFailed { payment, reason }),
        }
    }
}

/// Our payment, if it is one, and what came of the notice in a few words.
async fn carry_out(
    app: &App,
    rail: &dyn Rail,
    notice: &Notice,
    about: &About<'_>,
) -> Result<(Option<Uuid>, String), DbError> {
    let (payment, amount) = (about.payment, about.amount);
    let known = payments::by_id(&mut app.db.read().await?.conn(), payment).await?;
    let Some(known) = known.filter(|known| known.method == rail.name()) else {
        tracing::error!(rail = rail.name(), notice = notice.id, "a notice about a payment that is not ours");
        return Ok((None, "no such payment".to_owned()));
    };
    if !is_of(&known, amount) {
        tracing::error!(rail = rail.name(), notice = notice.id, %payment, "a notice with another amount: {amount}");
        return Ok((Some(payment), format!("another amount: {amount}")));
    }
    let Some(command) = about.command(&known) else {
        tracing::error!(rail = rail.name(), notice = notice.id, %payment, "a notice about a payment of another kind");
        return Ok((Some(payment), "another kind of payment".to_owned()));
    };
    let request = Request {
        key: Some(format!("{}/{}", rail.name(), notice.id)),
        ..Request::new(known.escrow_id, Who::Rail, command)
    };
    let outcome = match app.execute(&request).await? {
        Outcome::Done => "done".to_owned(),
        Outcome::AlreadyDone => "already done".to_owned(),
        other => {
            tracing::error!(rail = rail.name(), notice = notice.id, %payment, "a notice not carried out: {other:?}");
            match other {
                Outcome::Refused { refusal } => {
                    if refusal == Refusal::RefundSentTwice {
                        sent_twice(app, payment).await?;
                    }
                    format!("refused: {}", refusal.code())
                }
                Outcome::KeyReused => "another notice had this id".to_owned(),
                _ => "not carried out".to_owned(),
            }
        }
    };
    Ok((Some(payment), outcome))
}

/// The money went out twice, here and at the provider: the operators find it among the payments.
async fn sent_twice(app: &App, payment: Uuid) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    payments::sent_twice(&mut tx.conn(), payment, app.clock.now()).await?;
    tx.commit().await
}

/// What arrived must be what was asked for: nobody is credited with more, or less, than came.
fn is_of(payment: &Payment, amount: Money) -> bool {
    payment.amount_minor == amount.minor && payment.currency == amount.currency.code()
}
