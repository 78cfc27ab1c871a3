//! A provider is told of a payment that the buyer has started.
//!
//! It happens outside any transaction: at once by the page, and again by a worker until it worked. Two
//! who tell at the same moment do no harm, since a provider begins one charge for one payment.

use super::{Order, RailError};
use crate::app::App;
use crate::engine::command::Command;
use crate::money::Currency;
use crate::store::db::DbError;
use crate::store::escrows;
use crate::store::execute::{Request, Who};
use crate::store::payments::{self, Payment};

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The payer goes to this page.
    Page(String),
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
    let started = match order(app, payment).await? {
        Ok(order) => match app.rails.get(&payment.method) {
            Some(rail) => rail.start(&order).await,
            None => Err(RailError::Unreachable(format!("there is no rail {:?}", payment.method))),
        },
        Err(error) => Err(error),
    };
    match started {
        Ok(started) => {
            let mut tx = app.db.write().await?;
            payments::told(&mut tx.conn(), payment.id, &started.reference, &started.page).await?;
            tx.commit().await?;
            Ok(Told::Page(started.page))
        }
        Err(RailError::Refused(reason)) => {
            let failed = Command::ChargeFailed { payment: payment.id, reason };
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

async fn order(app: &App, payment: &Payment) -> Result<Result<Order, RailError>, DbError> {
    let escrow = escrows::by_id(&mut app.db.read().await?.conn(), payment.escrow_id).await?;
    let (Some(escrow), Some(currency)) = (escrow, Currency::from_code(&payment.currency)) else {
        return Ok(Err(RailError::Unreachable("its escrow or its currency is gone".to_owned())));
    };
    let path = format!("/escrows/{}/pay/{}", escrow.reference, payment.id);
    Ok(Ok(Order {
        payment: payment.id,
        amount: currency.of(payment.amount_minor),
        description: format!("{} ({})", escrow.terms.title, escrow.reference),
        return_url: app.config.link(&path),
    }))
}
