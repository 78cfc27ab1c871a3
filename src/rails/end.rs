//! An attempt to pay that was opened at a provider and never submitted is ended there, so that it keeps nobody from
//! paying and can't bring money any more. Only the provider knows whether it was submitted, and an attempt ends here
//! only once it has ended there. If its money comes all the same, it goes back like any that is too late.

use super::tell::order;
use super::{Cancelled, RailError, in_time};
use crate::app::App;
use crate::engine::command::Command;
use crate::store::db::DbError;
use crate::store::execute::{Request, Who};
use crate::store::payments::{self, Payment};

/// Who says that it is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Nobody: it was left open for too long.
    Clock,
    Payer,
    Seller,
    /// Somebody else who wants to pay by the same link.
    NextBuyer,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has ended, and nothing was paid.
    Ended,
    /// It was submitted: its answer is waited for.
    Submitted,
    /// The provider could not be asked.
    NotReached,
}

/// Ends a pending attempt, unless it was submitted.
///
/// # Errors
/// The database's.
pub async fn end(app: &App, payment: &Payment, by: By) -> Result<Ended, DbError> {
    let rail = app.rails.get(&payment.method);
    let order = order(app, payment).await?;
    let (Some(rail), Ok(order)) = (rail, order) else { return Ok(Ended::NotReached) };
    match in_time(app, rail.cancel(&order)).await {
        Ok(Cancelled::Expired) => {
            let reason = reason(by, rail.words().company);
            let failed = Command::ChargeFailed { payment: payment.id, reason };
            app.execute(&Request::new(payment.escrow_id, Who::Rail, failed)).await?;
            Ok(Ended::Ended)
        }
        Ok(Cancelled::Submitted) => {
            let mut tx = app.db.write().await?;
            payments::submitted(&mut tx.conn(), payment.id).await?;
            tx.commit().await?;
            Ok(Ended::Submitted)
        }
        Err(RailError::Db(error)) => Err(error),
        Err(error) => {
            tracing::warn!(payment = %payment.id, rail = payment.method, "an attempt was not ended: {error}");
            Ok(Ended::NotReached)
        }
    }
}

/// Why it has ended, for the payer and for the others who read the history.
fn reason(by: By, company: &str) -> String {
    match by {
        By::Clock => format!("It was not finished at {company} within 30 minutes."),
        By::Payer => format!("The payer ended it before it was finished at {company}."),
        By::Seller => format!("The seller ended it, since it was not finished at {company}."),
        By::NextBuyer => {
            format!("It was not finished at {company}, and somebody else went on to pay by the same link.")
        }
    }
}
