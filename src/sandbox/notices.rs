//! What the company tells its merchant: a signed POST for each answer of the bank, again and again
//! until it is taken.

use std::future::Future;

use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http_body_util::Full;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError,
};
use time::Duration;

use super::Sandbox;
use super::book::{self, Charge, Owed, PAID};
use super::refunds;
use crate::engine::time::Time;
use crate::store::db::DbError;

/// How many are taken at once.
const BATCH: i64 = 20;
/// After so long a worker that took a notice is given up for dead.
const LEASE: Duration = Duration::seconds(60);
/// The first wait after a failure; each is twice the one before, up to the longest.
const FIRST_WAIT: Duration = Duration::seconds(5);
const LONGEST_WAIT: Duration = Duration::hours(1);
/// After so many attempts, more than three days, nobody listens any more.
const MOST_ATTEMPTS: i64 = 90;
pub(super) type Client = HyperClient<HttpConnector, Full<Bytes>>;

/// Connections are not kept: the portal shall not wait for one when it ends.
pub(super) fn client() -> Client {
    HyperClient::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

/// A notice on its way.
#[derive(Clone, Debug)]
pub struct Post {
    /// The names and values of its headers.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Post {
    /// Signs `body` as Standard Webhooks wants it, at the moment of sending.
    ///
    /// # Errors
    /// A secret that is none.
    pub fn signed(secret: &str, id: &str, now: Time, body: &str) -> Result<Self, WebhookError> {
        let signature = Webhook::new(secret)?.sign(id, now.seconds(), body.as_bytes())?;
        let headers = vec![
            (HEADER_WEBHOOK_ID, id.to_owned()),
            (HEADER_WEBHOOK_TIMESTAMP, now.seconds().to_string()),
            (HEADER_WEBHOOK_SIGNATURE, signature),
        ];
        Ok(Self { headers, body: body.to_owned() })
    }
}

impl Sandbox {
    /// Settles what the bank has answered and tells the merchant, by POST to its address.
    ///
    /// # Errors
    /// The database's. What was taken and not recorded is sent again.
    pub async fn run_due(&self) -> Result<usize, DbError> {
        self.run_due_by(|post| self.send(post)).await
    }

    /// The same with a way of sending of the caller's own, which answers with the status.
    ///
    /// # Errors
    /// The database's.
    pub async fn run_due_by<F, Sent>(&self, send: F) -> Result<usize, DbError>
    where
        F: Fn(Post) -> Sent,
        Sent: Future<Output = Result<u16, String>>,
    {
        let now = self.clock.now();
        if !book::is_due(&mut self.db.read().await?.conn(), now).await? {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let settled = book::settle(&mut tx.conn(), now, BATCH).await?;
        for charge in &settled {
            let id = format!("evt_{}", self.clock.id().simple());
            book::owe(&mut tx.conn(), &id, &charge.reference, &body(charge, now), now).await?;
        }
        let refunded = refunds::settle(&mut tx.conn(), now, BATCH).await?;
        for refund in &refunded {
            let charge = book::by_reference(&mut tx.conn(), &refund.charge).await?;
            let currency = charge.map(|charge| charge.currency).unwrap_or_default();
            let id = format!("evt_{}", self.clock.id().simple());
            let body = refunds::body(refund, &currency, now);
            book::owe(&mut tx.conn(), &id, &refund.charge, &body, now).await?;
        }
        let owed = book::claim_owed(&mut tx.conn(), now, now.plus(LEASE), BATCH).await?;
        tx.commit().await?;
        // All at once: a merchant who does not answer must not keep the last one waiting until the lease has ended.
        try_join_all(owed.iter().map(|notice| self.deliver(notice, &send))).await?;
        Ok(settled.len() + refunded.len() + owed.len())
    }

    async fn deliver<F, Sent>(&self, owed: &Owed, send: &F) -> Result<(), DbError>
    where
        F: Fn(Post) -> Sent,
        Sent: Future<Output = Result<u16, String>>,
    {
        let post = Post::signed(self.secret().await?, &owed.id, self.clock.now(), &owed.body)
            .map_err(|error| DbError::Broken(format!("the sandbox's secret: {error}")))?;
        let sent = match send(post).await {
            Ok(200..=299) => Ok(()),
            Ok(status) => Err(format!("status {status}")),
            Err(error) => Err(error),
        };
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        match sent {
            Ok(()) => book::delivered(&mut tx.conn(), owed, now).await?,
            Err(error) => {
                tracing::warn!(notice = owed.id, attempts = owed.attempts, "sandbox: not delivered: {error}");
                let again = (owed.attempts < MOST_ATTEMPTS).then(|| now.plus(wait_after(owed.attempts)));
                book::not_delivered(&mut tx.conn(), owed, again, &error).await?;
            }
        }
        tx.commit().await
    }

    async fn send(&self, post: Post) -> Result<u16, String> {
        let mut request = Request::builder().method(Method::POST).uri(&self.endpoint);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(post.body)))
            .map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(self.patience, self.post.request(request));
        let answer = answer.await.map_err(|_| "no answer in time".to_owned())?;
        Ok(answer.map_err(|error| error.to_string())?.status().as_u16())
    }
}

fn body(charge: &Charge, now: Time) -> String {
    let answer = charge.answer.as_deref().unwrap_or_default();
    let kind = if answer == PAID { "charge.succeeded" } else { "charge.failed" };
    let mut data = serde_json::json!({
        "charge": charge.reference,
        "merchant_reference": charge.merchant_ref,
        "amount_minor": charge.amount_minor,
        "currency": charge.currency,
    });
    if answer != PAID {
        data["failure"] = serde_json::json!({ "code": answer });
    }
    serde_json::json!({ "type": kind, "timestamp": now.rfc3339(), "data": data }).to_string()
}

fn wait_after(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    FIRST_WAIT.checked_mul(1 << doublings).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_who_does_not_listen_is_asked_ever_more_seldom_for_more_than_three_days() {
        assert_eq!([1, 2, 3].map(|attempts| wait_after(attempts).whole_seconds()), [5, 10, 20]);
        assert_eq!(wait_after(90), Duration::hours(1));
        let sum: Duration = (1..MOST_ATTEMPTS).map(wait_after).sum();
        assert!(sum > Duration::days(3), "{sum}");
    }
}
