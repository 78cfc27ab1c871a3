//! The rail to Sandbox Pay: what the portal knows of that company, and no more.

use async_trait::async_trait;
use axum::http::HeaderMap;
use serde::Deserialize;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use time::Duration;
use uuid::Uuid;

use super::{
    Cancelled, Capabilities, Notice, Order, Rail, RailError, RefundBegun, RefundOrder, Said, Started,
    Verdict, Words,
};
use crate::engine::time::Time;
use crate::money::Currency;
use crate::sandbox::{Asked, AskedBack, MAGIC, Sandbox};
use crate::store::hash;

/// How far a notice's own time may lie from ours (Standard Webhooks: five minutes).
const TOLERANCE: Duration = Duration::minutes(5);
const LONGEST_ID: usize = 64;

/// The rail.
pub struct SandboxRail {
    company: Sandbox,
    origin: String,
}

impl SandboxRail {
    #[must_use]
    pub fn new(company: Sandbox, origin: String) -> Self {
        Self { company, origin }
    }
}

/// A notice as the company writes it.
#[derive(Deserialize)]
struct Body {
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    merchant_reference: Uuid,
    amount_minor: i64,
    currency: String,
    failure: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
}

#[async_trait]
impl Rail for SandboxRail {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn words(&self) -> Words {
        Words {
            method: "Card, by Sandbox Pay",
            hint: "You pay on the pages of Sandbox Pay, a test provider, and come back here.",
            company: "Sandbox Pay",
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { refund: true }
    }

    fn origin(&self) -> String {
        self.origin.clone()
    }

    fn magic_amounts(&self) -> &'static [(&'static str, &'static str)] {
        &MAGIC
    }

    async fn start(&self, order: &Order) -> Result<Started, RailError> {
        let opened = self.company.open(&asked(order, &order.payment.to_string())).await?;
        Ok(Started { reference: opened.reference, page: opened.page })
    }

    async fn cancel(&self, order: &Order) -> Result<Cancelled, RailError> {
        let expired = self.company.expire(&asked(order, &order.payment.to_string())).await?;
        Ok(if expired { Cancelled::Expired } else { Cancelled::Submitted })
    }

    async fn refund(&self, order: &RefundOrder) -> Result<RefundBegun, RailError> {
        let asked = AskedBack {
            merchant_ref: &order.payment.to_string(),
            charge: &order.charge,
            amount: order.amount,
        };
        match self.company.refund(&asked).await? {
            Ok(reference) => Ok(RefundBegun { reference }),
            Err(code) => Err(RailError::Refused(refund_reason(code.code()).to_owned())),
        }
    }

    async fn verify(&self, headers: &HeaderMap, body: &[u8], now: Time) -> Result<Notice, RailError> {
        let id = signed_id(self.company.secret().await?, headers, body, now)?;
        Ok(Notice { id, said: said(body) })
    }
}

fn asked<'a>(order: &'a Order, merchant_ref: &'a str) -> Asked<'a> {
    Asked {
        merchant_ref,
        description: &order.description,
        amount: order.amount,
        return_url: &order.return_url,
    }
}

/// The id of a notice that was signed with `secret` and not long ago.
fn signed_id(secret: &str, headers: &HeaderMap, body: &[u8], now: Time) -> Result<String, RailError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let id = header(HEADER_WEBHOOK_ID)
        .filter(|id| (1..=LONGEST_ID).contains(&id.len()))
        .ok_or(RailError::Unverified("no id"))?;
    let at: i64 = header(HEADER_WEBHOOK_TIMESTAMP)
        .and_then(|text| text.parse().ok())
        .ok_or(RailError::Unverified("no time"))?;
    let given = header(HEADER_WEBHOOK_SIGNATURE).ok_or(RailError::Unverified("no signature"))?;
    // The crate's own check would ask the system's clock, which is not ours to ask.
    let right = Webhook::new(secret)
        .and_then(|webhook| webhook.sign(id, at, body))
        .map_err(|_| RailError::Unverified("nothing that can be signed"))?;
    // Digests are compared, so that the time it takes tells nothing about the signature.
    if !given.split(' ').any(|one| hash(one) == hash(&right)) {
        return Err(RailError::Unverified("a wrong signature"));
    }
    if now.seconds().abs_diff(at) > TOLERANCE.whole_seconds().unsigned_abs() {
        return Err(RailError::Unverified("too old, or from the future"));
    }
    Ok(id.to_owned())
}

/// Whatever is not about a charge of ours is none of our business, and no reason to have it sent again.
fn said(body: &[u8]) -> Said {
    let Ok(Body { r#type, data }) = serde_json::from_slice(body) else { return Said::Other };
    let Some(currency) = Currency::from_code(&data.currency) else { return Said::Other };
    let (payment, amount) = (data.merchant_reference, currency.of(data.amount_minor));
    let code = data.failure.map(|failure| failure.code).unwrap_or_default();
    let failed = |reason: fn(&str) -> &'static str| Verdict::Failed { reason: reason(&code).to_owned() };
    match r#type.as_str() {
        "charge.succeeded" => Said::Charge { payment, amount, verdict: Verdict::Settled },
        "charge.failed" => Said::Charge { payment, amount, verdict: failed(reason) },
        "refund.succeeded" => Said::Refund { payment, amount, verdict: Verdict::Settled },
        "refund.failed" => Said::Refund { payment, amount, verdict: failed(refund_reason) },
        _ => Said::Other,
    }
}

/// The company's codes for refunds, likewise.
fn refund_reason(code: &str) -> &'static str {
    match code {
        "card_closed" => "The card or account no longer exists.",
        "charge_unknown" | "charge_not_paid" => "The provider does not know the payment.",
        "more_than_charged" => "The provider has already sent back what was paid.",
        _ => "The provider could not send it back and gave no reason.",
    }
}

/// The company's codes as sentences for the payer.
fn reason(code: &str) -> &'static str {
    match code {
        "insufficient_funds" => "There is not enough money on the card.",
        "card_refused" => "The card was not accepted.",
        "fraud_suspected" => {
            "The card's bank refused it for safety reasons. Ask your bank, or use another card."
        }
        "cancelled" => "You cancelled it on the provider's page.",
        _ => "The provider refused it and gave no reason.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::notices::Post;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn headers(post: &Post) -> HeaderMap {
        post.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn checked(secret: &str, now: i64, change: impl FnOnce(&mut Post)) -> Option<String> {
        let at = Time::from_micros(1_777_885_200_000_000);
        let mut post = Post::signed(SECRET, "evt_1", at, "{}").unwrap();
        change(&mut post);
        let now = at.plus(Duration::seconds(now));
        signed_id(secret, &headers(&post), post.body.as_bytes(), now).ok()
    }

    #[test]
    fn a_notice_is_believed_for_five_minutes_by_our_own_clock() {
        for (seconds, believed) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(checked(SECRET, seconds, |_| {}).is_some(), believed, "{seconds}");
        }
    }

    #[test]
    fn whatever_is_changed_breaks_the_signature() {
        assert_eq!(checked(SECRET, 0, |_| {}).as_deref(), Some("evt_1"));
        assert!(checked("whsec_AAAAsBQIhrscChlQIMV+b5sSYspob7oD", 0, |_| {}).is_none());
        assert!(checked(SECRET, 0, |post| post.body.push(' ')).is_none());
        assert!(checked(SECRET, 0, |post| post.headers[0].1 = "evt_2".into()).is_none());
        assert!(checked(SECRET, 0, |post| post.headers[1].1 = "1777885201".into()).is_none());
        for missing in 0..3 {
            assert!(checked(SECRET, 0, |post| drop(post.headers.remove(missing))).is_none());
        }
        assert!(checked(SECRET, 0, |post| post.headers[2].1.truncate(20)).is_none());
        assert!(checked(SECRET, 0, |post| post.headers[2].1.insert_str(0, "v1,bm9wZQ== ")).is_some());
    }

    #[test]
    fn what_a_notice_says_is_read_and_all_else_is_let_be() {
        let body = |kind: &str, rest: &str| {
            let payment = Uuid::max();
            let data =
                format!(r#"{{"merchant_reference":"{payment}","amount_minor":5,"currency":"TND"{rest}}}"#);
            said(format!(r#"{{"type":"{kind}","data":{data}}}"#).as_bytes())
        };
        let verdict = |said| match said {
            Said::Charge { verdict, .. } => Some((false, verdict)),
            Said::Refund { verdict, .. } => Some((true, verdict)),
            Said::Other => None,
        };
        assert_eq!(verdict(body("charge.succeeded", "")), Some((false, Verdict::Settled)));
        let failed = verdict(body("charge.failed", r#","failure":{"code":"card_refused"}"#));
        assert_eq!(
            failed,
            Some((false, Verdict::Failed { reason: "The card was not accepted.".to_owned() }))
        );
        assert_eq!(verdict(body("refund.succeeded", "")), Some((true, Verdict::Settled)));
        let failed = verdict(body("refund.failed", r#","failure":{"code":"card_closed"}"#));
        let reason = "The card or account no longer exists.".to_owned();
        assert_eq!(failed, Some((true, Verdict::Failed { reason })));
        assert!(verdict(body("charge.failed", "")).is_some());
        assert_eq!(verdict(body("dispute.opened", "")), None);
        assert_eq!(verdict(said(b"not json")), None);
    }
}
