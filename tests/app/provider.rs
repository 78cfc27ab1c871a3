//! The hands of the tests on Sandbox Pay: what its payer chooses, and its notices on their way.

use axum::body::Body;
use axum::http::{Request, header};
use holdfast::engine::escrow::Method;
use holdfast::sandbox::book::Charge;
use holdfast::sandbox::notices::Post;
use holdfast::sandbox::{Choice, Sandbox};
use holdfast::store::notices_in::{self, Kept, Which};
use holdfast::store::payments::{self, Payment};
use holdfast::{web, work};
use http_body_util::BodyExt;
use tower::ServiceExt;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::world::World;

impl World {
    /// The buyer at a browser.
    pub async fn buyer(&self) -> Browser {
        self.person("Amel Buyer").await;
        self.signed_in("amel.buyer@example.com").await
    }

    /// A payment as it is written down.
    pub async fn payment(&self, id: Uuid) -> Payment {
        let mut reader = self.app.db.read().await.unwrap();
        payments::by_id(&mut reader.conn(), id).await.unwrap().unwrap()
    }

    /// Starts a payment without a page and tells the provider of it.
    pub async fn charges(&self, deal: &Deal) -> Uuid {
        let payment = self.starts_to_pay(deal).await;
        assert_eq!(work::payments::run_due(&self.app).await.unwrap(), 1);
        payment
    }

    /// The provider's side of a payment.
    pub async fn charge(&self, payment: Uuid) -> Charge {
        let reference = self.payment(payment).await.provider_ref.unwrap();
        self.app.sandbox.charge(&reference).await.unwrap().unwrap()
    }

    /// What the payer chooses on the provider's page.
    pub async fn chooses(&self, payment: Uuid, choice: Choice) {
        let charge = self.charge(payment).await;
        self.app.sandbox.choose(&charge, choice).await.unwrap();
    }

    /// The provider delivers what is due through the router; the statuses it got.
    pub async fn provider_tells(&self) -> Vec<u16> {
        self.provider_tells_as(&self.app.sandbox).await
    }

    /// The same by another process.
    pub async fn provider_tells_as(&self, sandbox: &Sandbox) -> Vec<u16> {
        let statuses = std::cell::RefCell::new(Vec::new());
        let send = |post: Post| async {
            let status = self.notice("sandbox", post).await.status;
            statuses.borrow_mut().push(status);
            Ok(status)
        };
        while sandbox.run_due_by(&send).await.unwrap() > 0 {}
        statuses.into_inner()
    }

    /// Takes the notices that are due out of the provider's hands: it believes that they were taken.
    pub async fn intercepted(&self) -> Vec<Post> {
        let posts = std::cell::RefCell::new(Vec::new());
        let send = |post: Post| async {
            posts.borrow_mut().push(post);
            Ok(200)
        };
        while self.app.sandbox.run_due_by(&send).await.unwrap() > 0 {}
        posts.into_inner()
    }

    /// Posts a notice as a provider does, who is no browser.
    pub async fn notice(&self, rail: &str, post: Post) -> Page {
        let mut request = Request::post(format!("/webhooks/{rail}")).header(header::HOST, "127.0.0.1:8080");
        for (name, value) in &post.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(post.body)).unwrap();
        let response = web::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Page { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Every notice that was believed, the newest first.
    pub async fn notices(&self) -> Vec<Kept> {
        let mut reader = self.app.db.read().await.unwrap();
        notices_in::page(&mut reader.conn(), Which::All, None, 100).await.unwrap()
    }

    /// Whether somebody wants refunds in their wallet.
    pub async fn wants_refunds_in_the_wallet(&self, user: Uuid, wants: bool) {
        let mut tx = self.app.db.write().await.unwrap();
        let sql = "UPDATE users SET refunds_to_wallet = $2 WHERE id = $1";
        holdfast::exec!(&mut tx.conn(), sql, user, wants).unwrap();
        tx.commit().await.unwrap();
    }

    /// Money for the buyer's wallet: a payment that came after it was given up (1,010.000 TND), of a buyer who wants
    /// refunds there.
    pub async fn fills_the_wallet(&self, deal: &Deal) -> Uuid {
        self.wants_refunds_in_the_wallet(deal.buyer, true).await;
        let payment = self.charges(deal).await;
        self.chooses(payment, Choice::Nothing).await;
        self.app.clock.advance(time::Duration::days(3));
        while work::deadlines::run_due(&self.app).await.unwrap() > 0 {}
        self.chooses(payment, Choice::Pay).await;
        assert_eq!(self.provider_tells().await, [200]);
        self.wants_refunds_in_the_wallet(deal.buyer, false).await;
        payment
    }
}

/// The way that the sandbox's money comes.
pub fn by_card() -> Method {
    Method::Rail { rail: "sandbox".to_owned() }
}
