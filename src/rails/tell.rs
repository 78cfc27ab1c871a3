//! A provider is told of a payment that the buyer has started, or of a refund that was decided.
//!
//! It happens outside any transaction: at once by the page, and again by a worker until it worked. Two
//! who tell at the same moment do no harm, since a provider begins one charge, or one refund, for one payment.

use super::{Order, RailError, RefundOrder, in_time};
use crate::app::App;
use crate::engine::command::Command;
use crate::money::Currency;
use crate::store::db::DbError;
use crate::store::execute::{Request, Who};
use crate::store::payments::{self, Payment};
use crate::store::{escrows, links};

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The payer goes to this page.
    Page(String),
    /// It has what it needs.
    Known,
    /// The provider did not answer and is told again.
    NotYet,
    /// The provider will not take it; the payment has failed.
    Refused,
}

/// Tells the provider of a pending payment and writes down what it said.
///
/// # Errors
/// The database's.
pub async fn tell(app: &App, payment: &Payment) -> Result<Told, DbError> {
    match ask(app, payment).await? {
        Ok(Begun { reference, page, takes_back }) => {
            let mut tx = app.db.write().await?;
            payments::told(&mut tx.conn(), payment.id, &reference, page.as_deref(), takes_back).await?;
            tx.commit().await?;
            Ok(page.map_or(Told::Known, Told::Page))
        }
        Err(RailError::Refused(reason)) => {
            let failed = match payment.refund() {
                Some((refund, attempt)) => Command::RefundFailed { refund, attempt, reason },
                None => Command::ChargeFailed { payment: payment.id, reason },
            };
            app.execute(&Request::new(payment.escrow_id, Who::Rail, failed)).await?;
            Ok(Told::Refused)
        }
        Err(error) => {
            tracing::warn!(payment = %payment.id, rail = payment.method, "a provider was not told: {error}");
            let mut tx = app.db.write().await?;
            payments::not_told(&mut tx.conn(), payment.id, &error.to_string()).await?;
            tx.commit().await?;
            Ok(Told::NotYet)
        }
    }
}

/// What a provider has begun.
struct Begun {
    reference: String,
    page: Option<String>,
    takes_back: bool,
}

async fn ask(app: &App, payment: &Payment) -> Result<Result<Begun, RailError>, DbError> {
    let Some(rail) = app.rails.get(&payment.method) else {
        return Ok(Err(RailError::Unreachable(format!("there is no rail {:?}", payment.method))));
    };
    let begun = if let Some((refund, _)) = payment.refund() {
        let order = match refund_order(app, payment, refund).await? {
            Ok(order) => order,
            Err(error) => return Ok(Err(error)),
        };
        let begun = in_time(app, rail.refund(&order)).await;
        begun.map(|begun| Begun { reference: begun.reference, page: None, takes_back: false })
    } else {
        let order = match order(app, payment).await? {
            Ok(order) => order,
            Err(error) => return Ok(Err(error)),
        };
        let takes_back = rail.capabilities().refund;
        let started = in_time(app, rail.start(&order)).await;
        started.map(|begun| Begun { reference: begun.reference, page: Some(begun.page), takes_back })
    };
    Ok(begun)
}

async fn refund_order(
    app: &App,
    payment: &Payment,
    number: u16,
) -> Result<Result<RefundOrder, RailError>, DbError> {
    let mut reader = app.db.read().await?;
    let escrow = escrows::by_id(&mut reader.conn(), payment.escrow_id).await?;
    let refund = escrow.as_ref().and_then(|escrow| escrow.refund(number));
    let charge = match refund {
        Some(refund) => payments::by_id(&mut reader.conn(), refund.charge).await?,
        None => None,
    };
    let charge = charge.and_then(|charge| charge.provider_ref);
    Ok(match (charge, Currency::from_code(&payment.currency)) {
        (Some(charge), Some(currency)) => {
            Ok(RefundOrder { payment: payment.id, charge, amount: currency.of(payment.amount_minor) })
        }
        (None, _) | (_, None) => {
            Err(RailError::Refused("The payment that it belongs to is not known there.".to_owned()))
        }
    })
}

pub(super) async fn order(app: &App, payment: &Payment) -> Result<Result<Order, RailError>, DbError> {
    let escrow = escrows::by_id(&mut app.db.read().await?.conn(), payment.escrow_id).await?;
    let (Some(escrow), Some(currency)) = (escrow, Currency::from_code(&payment.currency)) else {
        return Ok(Err(RailError::Unreachable("its escrow or its currency is gone".to_owned())));
    };
    let guest = escrow.attempt(payment.id).is_some_and(|charge| charge.guest);
    let link = match guest {
        true => links::secret(&mut app.db.read().await?.conn(), app.db.keys(), escrow.id).await?,
        false => None,
    };
    let path = match link {
        Some(secret) => format!("/pay/{secret}/{}", payment.id),
        None => format!("/escrows/{}/pay/{}", escrow.reference, payment.id),
    };
    Ok(Ok(Order {
        payment: payment.id,
        amount: currency.of(payment.amount_minor),
        description: format!("{} ({})", escrow.terms.title, escrow.reference),
        return_url: app.config.link(&path),
    }))
}
