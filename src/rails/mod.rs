//! Rails: the ways for money to come and go. One trait, a file a provider.
//!
//! A provider is told of a payment outside any transaction (`tell.rs`) and answers much later with a
//! signed notice (`hear.rs`). Nothing here may know a page, and nothing but a notice whose signature is
//! right may move money.

pub mod end;
pub mod hear;
pub mod sandbox;
pub mod tell;

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use uuid::Uuid;

use crate::app::App;
use crate::engine::time::Time;
use crate::money::Money;
use crate::store::db::DbError;

/// A payment that a provider is asked to collect.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our own name for it. Asked for twice, it must be one charge.
    pub payment: Uuid,
    pub amount: Money,
    /// What the payer reads on the provider's page.
    pub description: String,
    /// Where the payer comes back to. Coming back says nothing about the money.
    pub return_url: String,
}

/// A charge that the provider has begun.
#[derive(Clone, Debug)]
pub struct Started {
    /// The provider's name for it.
    pub reference: String,
    /// The page where people pay.
    pub page: String,
}

/// Money that a provider is asked to send back by the way on which it came.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// Our own name for it. Asked for twice, it must be one refund.
    pub payment: Uuid,
    /// The provider's name for the charge that brought the money.
    pub charge: String,
    /// All of the charge, or a part of it.
    pub amount: Money,
}

/// A refund that the provider has begun.
#[derive(Clone, Debug)]
pub struct RefundBegun {
    /// The provider's name for it.
    pub reference: String,
}

/// A notice whose signature was right.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The provider's own id of it: the same one again is the same notice.
    pub id: String,
    pub said: Said,
}

/// What a notice says.
#[derive(Clone, Debug)]
pub enum Said {
    /// About one charge of ours.
    Charge { payment: Uuid, amount: Money, verdict: Verdict },
    /// About one refund of ours.
    Refund { payment: Uuid, amount: Money, verdict: Verdict },
    /// Something that we do not wait for.
    Other,
}

/// What became of a charge or a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Settled,
    /// With a sentence for the payer.
    Failed {
        reason: String,
    },
}

/// How a rail is spoken of on pages.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// What the payer chooses: "Card".
    pub method: &'static str,
    /// What choosing it means, in one sentence.
    pub hint: &'static str,
    /// The company: "Sandbox Pay".
    pub company: &'static str,
}

/// What a rail can do beside taking money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Money can go back by the way it came; else it goes to the wallet.
    pub refund: bool,
}

/// What a provider says to ending an attempt to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It was never submitted, and nobody can pay by it any more.
    Expired,
    /// The payer has submitted it: it is being processed, or has its answer.
    Submitted,
}

/// Why a provider did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RailError {
    /// It will never take this payment; the sentence is for the payer.
    #[error("refused: {0}")]
    Refused(String),
    /// It did not answer, or not in a way we know: it is asked again.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The notice is not the provider's, or too old to be believed.
    #[error("not a notice of this provider: {0}")]
    Unverified(&'static str),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Waits for a provider's answer as long as one is waited for, whatever its rail does about that.
///
/// # Errors
/// The answer's, and [`RailError::Unreachable`] when none came in time.
pub async fn in_time<T>(
    app: &App,
    asked: impl Future<Output = Result<T, RailError>>,
) -> Result<T, RailError> {
    let patience = app.config.limits.outside;
    let late = || Err(RailError::Unreachable(format!("no answer within {} seconds", patience.as_secs())));
    tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| late())
}

/// A provider.
#[async_trait]
pub trait Rail: Send + Sync {
    /// Its stored name, for ever the same. Its notices come to `/webhooks/{name}`.
    fn name(&self) -> &'static str;

    fn words(&self) -> Words;

    fn capabilities(&self) -> Capabilities;

    /// Where its pages are, as a browser writes an origin: `https://pay.example`.
    fn origin(&self) -> String;

    /// For a provider that only rehearses: the last digits of an amount in its smallest unit, and what
    /// they make it do. None for one that moves real money.
    fn magic_amounts(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Begins a charge, or finds the one that was begun for the same payment.
    ///
    /// # Errors
    /// [`RailError::Refused`] for good, anything else for now.
    async fn start(&self, order: &Order) -> Result<Started, RailError>;

    /// Expires a charge that nobody has submitted, whether it was begun before or not. From then on it can bring no
    /// money. Asked again, it says the same.
    ///
    /// # Errors
    /// Any; it may have been expired all the same.
    async fn cancel(&self, order: &Order) -> Result<Cancelled, RailError>;

    /// Begins a refund, or finds the one that was begun for the same payment.
    ///
    /// # Errors
    /// [`RailError::Refused`] for good, anything else for now.
    async fn refund(&self, order: &RefundOrder) -> Result<RefundBegun, RailError>;

    /// Reads a notice that came at `now`.
    ///
    /// # Errors
    /// [`RailError::Unverified`] unless the provider itself signed exactly this, and not long ago.
    async fn verify(&self, headers: &HeaderMap, body: &[u8], now: Time) -> Result<Notice, RailError>;
}

/// Every rail there is. Cheap to clone.
#[derive(Clone)]
pub struct Rails(Arc<[Arc<dyn Rail>]>);

impl Rails {
    #[must_use]
    pub fn new(rails: Vec<Arc<dyn Rail>>) -> Self {
        Self(rails.into())
    }

    /// The rail of a stored name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Rail> {
        self.iter().find(|rail| rail.name() == name)
    }

    /// All of them, in the order in which pages offer them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Rail> {
        self.0.iter().map(AsRef::as_ref)
    }
}
