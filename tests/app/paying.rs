//! The buyer pays, by pages: what each says about the money, and that none moves before it has come.

use std::sync::Arc;

use axum::http::HeaderMap;
use holdfast::engine::command::Command;
use holdfast::engine::time::Time;
use holdfast::rails::{
    Cancelled, Capabilities, Notice, Order, Rail, RailError, Rails, RefundBegun, RefundOrder, Started, Words,
};
use holdfast::sandbox::Choice;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::{web, work};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::world::{World, both};

/// The value of a hidden field.
fn field<'a>(page: &'a Page, name: &str) -> &'a str {
    let start = format!("name=\"{name}\" value=\"");
    let at = page.body.find(&start).unwrap_or_else(|| panic!("no {name} in {}", page.text())) + start.len();
    &page.body[at..at + page.body[at..].find('"').unwrap()]
}

/// Opens the page and presses its button.
async fn press(browser: &mut Browser, deal: &Deal, method: &str) -> Page {
    let page = browser.get(&deal.path("/pay")).await;
    send(browser, deal, method, field(&page, "seen"), field(&page, "key")).await
}

async fn send(browser: &mut Browser, deal: &Deal, method: &str, seen: &str, key: &str) -> Page {
    browser.post(&deal.path("/pay"), &[("method", method), ("seen", seen), ("key", key)]).await
}

/// The path of an address of ours.
fn path(address: &str) -> &str {
    address.strip_prefix("http://127.0.0.1:8080").unwrap_or(address)
}

both! {
    async fn a_payment_is_pending_until_the_provider_says_that_it_arrived(world) {
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("A web shop");
        page.shows("Bilel Seller (seller)");
        page.shows("Chiraz Broker (broker)");
        page.shows("You pay 1,010.000 TND Pay by Thu 14 May 2026");
        page.shows("Price 1,000.000 TND Platform fee (1%) 10.000 TND");
        page.shows("Pay 1,010.000 TND");
        page.shows("Not by my wallet: It holds 0.000 TND, which does not cover this payment.");
        page.shows("…01 refused: not enough money");
        assert!(!page.body.contains("commission"));

        let started = press(&mut buyer, &deal, "sandbox").await;
        assert_eq!(started.status, 303);
        let hosted = path(started.location()).to_owned();
        assert!(hosted.starts_with("/sandbox/pay/ch_"), "{hosted}");
        let page = buyer.get(&hosted).await;
        page.shows("Sandbox Pay test provider");
        page.shows("Pay 1,010.000 TND");
        page.hides("Sign out");
        assert_eq!(world.escrow(&deal).await.held_minor(), 0);

        let back = buyer.post(&hosted, &[("choice", "pay")]).await;
        let back = path(back.location()).to_owned();
        let page = buyer.get(&back).await;
        page.shows("Your payment is being processed");
        page.shows("Nothing is held in escrow yet. Sandbox Pay has not told us that 1,010.000 TND was paid.");
        page.shows("Go on at Sandbox Pay");
        assert!(page.body.contains("data-refresh=\"3\""));
        assert_eq!(world.escrow(&deal).await.held_minor(), 0);
        buyer.get(&hosted).await.shows("The payment is on its way.");
        buyer.get(&deal.path("/pay")).await.shows("A payment is being processed.");
        let escrow = buyer.get(&deal.path("")).await;
        assert!(escrow.body.contains(&format!("href=\"{back}\"")), "{}", escrow.text());

        assert_eq!(world.provider_tells().await, [200]);
        let page = buyer.get(&back).await;
        page.shows("Your payment has arrived");
        page.shows("1,010.000 TND was paid into escrow.");
        page.hides("data-refresh");
        assert_eq!(world.escrow(&deal).await.held_minor(), 1_010_000);
        buyer.get(&hosted).await.shows("This payment was made.");
        buyer.get(&deal.path("/pay")).await.shows("This is already paid for.");
        assert_eq!(world.notices().await[0].outcome, "done");
    }
}

both! {
    async fn a_refused_card_says_why_and_another_try_works(world) {
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let hosted = path(press(&mut buyer, &deal, "sandbox").await.location()).to_owned();
        let nothing = buyer.post(&hosted, &[]).await;
        assert_eq!(nothing.status, 422);
        nothing.shows("Choose what happens.");
        let back = path(buyer.post(&hosted, &[("choice", "funds")]).await.location()).to_owned();
        world.provider_tells().await;
        let page = buyer.get(&back).await;
        page.shows("Your payment failed");
        page.shows("No money was paid into escrow. There is not enough money on the card.");
        page.shows("You can try again until Thu 14 May 2026");
        page.shows("Try again");
        assert_eq!(world.escrow(&deal).await.held_minor(), 0);
        buyer.get(&hosted).await.shows("This payment was refused or cancelled.");

        let again = path(press(&mut buyer, &deal, "sandbox").await.location()).to_owned();
        assert_ne!(again, hosted);
        buyer.post(&again, &[("choice", "pay")]).await;
        world.provider_tells().await;
        assert_eq!(world.escrow(&deal).await.held_minor(), 1_010_000);
        let page = buyer.get(&back).await;
        page.shows("Your payment failed");
        page.hides("Try again");
    }
}

both! {
    async fn whoever_cancels_at_the_provider_can_pay_by_another_way_at_once(world) {
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let hosted = path(press(&mut buyer, &deal, "sandbox").await.location()).to_owned();
        let back = path(buyer.post(&hosted, &[("choice", "cancel")]).await.location()).to_owned();
        world.provider_tells().await;
        let page = buyer.get(&back).await;
        page.shows("You cancelled it on the provider's page.");
        page.shows("Try again");
    }
}

both! {
    async fn money_that_comes_after_it_was_given_up_goes_back_as_it_came_by_itself(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Nothing).await;
        world.days_go_by(3).await;
        let mut buyer = world.buyer().await;
        let again = path(press(&mut buyer, &deal, "sandbox").await.location()).to_owned();
        buyer.post(&again, &[("choice", "pay")]).await;
        assert_eq!(world.provider_tells().await, [200]);
        world.chooses(payment, Choice::Pay).await;
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!((world.wallet(deal.buyer).await, world.escrow(&deal).await.held_minor()), (0, 1_010_000));
        let back = deal.path(&format!("/pay/{payment}"));
        let page = buyer.get(&back).await;
        page.shows("Your payment came too late");
        page.shows("All of it goes back to the card or account you paid from.");
        let mail = world.mail("amel.buyer@example.com").await;
        assert_eq!(mail.kind, "payment_returned");
        assert!(mail.text.contains("You had started another payment, and that one counts."), "{}", mail.text);
        assert!(mail.text.contains("goes back to the card or account you paid from"), "{}", mail.text);
        assert_eq!(world.goes_round().await, [200]);
        buyer.get(&back).await.shows("All of it was sent back");
        buyer.get(&deal.path("/refunds/1")).await.shows("Sandbox Pay has sent 1,010.000 TND back");
        world.is_healthy().await;
    }
}

both! {
    async fn what_could_not_go_back_as_it_came_is_in_the_payers_wallet_after_a_week(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Nothing).await;
        world.days_go_by(3).await;
        assert_eq!(world.asks(&deal, deal.buyer, Command::Withdraw).await, Outcome::Done);
        assert_eq!(world.asks(&deal, deal.buyer, Command::Close).await, Outcome::Done);
        world.chooses(payment, Choice::Pay).await;
        assert_eq!(world.provider_tells().await, [200]);
        let (refund, reason) = (1, "The card no longer exists.".to_owned());
        let failed = Command::RefundFailed { refund, attempt: 1, reason };
        let request = Request::new(deal.escrow, Who::Rail, failed);
        assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);
        let mail = world.mail("amel.buyer@example.com").await;
        assert!(mail.text.contains("it moves to your wallet by itself on"), "{}", mail.text);
        world.days_go_by(1).await;
        let failed = Command::RefundFailed { refund, attempt: 2, reason: "The same.".to_owned() };
        let request = Request::new(deal.escrow, Who::Rail, failed);
        assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);
        assert_eq!(world.wallet(deal.buyer).await, 0);
        world.days_go_by(7).await;
        assert_eq!(world.wallet(deal.buyer).await, 1_010_000);
        world.is_healthy().await;
    }
}

both! {
    async fn late_money_of_who_wants_refunds_in_the_wallet_goes_there_and_can_be_paid_with(world) {
        let deal = world.agreed().await;
        world.wants_refunds_in_the_wallet(deal.buyer, true).await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Nothing).await;
        assert_eq!(world.provider_tells().await, [0_u16; 0]);
        world.app.clock.advance(Duration::days(3) - Duration::seconds(1));
        assert_eq!(work::deadlines::run_due(&world.app).await.unwrap(), 0);
        world.app.clock.advance(Duration::seconds(1));
        assert_eq!(work::deadlines::run_due(&world.app).await.unwrap(), 1);
        let back = deal.path(&format!("/pay/{payment}"));
        let mut buyer = world.buyer().await;
        buyer.get(&back).await.shows("The payment provider did not answer in time.");

        let hosted = path(&world.payment(payment).await.provider_page.unwrap()).to_owned();
        buyer.get(&hosted).await.shows("The bank has not answered yet.");
        buyer.post(&hosted, &[("choice", "pay")]).await;
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!(world.wallet(deal.buyer).await, 1_010_000);
        assert_eq!(world.escrow(&deal).await.held_minor(), 0);
        let page = buyer.get(&back).await;
        page.shows("Your payment came too late");
        page.shows("1,010.000 TND arrived on");
        page.shows("Try again");

        buyer.get(&deal.path("/pay")).await.shows("My wallet It holds 1,010.000 TND.");
        let paid = press(&mut buyer, &deal, "wallet").await;
        assert_eq!(paid.status, 303);
        let page = buyer.get(paid.location()).await;
        page.shows("Your payment has arrived");
        page.shows("Paid by Your wallet");
        assert_eq!((world.wallet(deal.buyer).await, world.escrow(&deal).await.held_minor()), (0, 1_010_000));
    }
}

both! {
    async fn a_wallet_that_does_not_cover_the_payment_pays_nothing(world) {
        let first = world.proposes(world.one_off(50_000)).await;
        world.all_sign(&first).await;
        world.fills_the_wallet(&first).await;
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("It holds 50.500 TND, which does not cover this payment.");
        page.hides("value=\"wallet\"");
        let refused = press(&mut buyer, &deal, "wallet").await;
        assert_eq!(refused.status, 422);
        refused.shows("Your balance of 50.500 TND does not cover this payment. No money has moved.");
        assert_eq!((world.wallet(deal.buyer).await, world.escrow(&deal).await.held_minor()), (50_500, 0));
        assert!(world.escrow(&deal).await.charge.is_none());
    }
}

both! {
    async fn of_two_tabs_that_pay_at_once_exactly_one_does_and_the_other_is_told_why(world) {
        let deal = world.agreed().await;
        let (mut one, mut other) = (world.buyer().await, world.buyer().await);
        let (page, page_of_other) = (one.get(&deal.path("/pay")).await, other.get(&deal.path("/pay")).await);
        let (one, other) = tokio::join!(
            send(&mut one, &deal, "sandbox", field(&page, "seen"), field(&page, "key")),
            send(&mut other, &deal, "sandbox", field(&page_of_other, "seen"), field(&page_of_other, "key")),
        );
        let (won, lost) = if one.status == 303 { (one, other) } else { (other, one) };
        assert!(path(won.location()).starts_with("/sandbox/pay/ch_"));
        assert_eq!(lost.status, 422);
        lost.shows("A payment is being processed. Wait for its result. No money has moved.");
        lost.shows("Look at the payment");
        assert!(world.escrow(&deal).await.given_up.is_empty());
    }
}

both! {
    async fn the_same_form_sent_twice_is_one_payment(world) {
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let page = buyer.get(&deal.path("/pay")).await;
        let (seen, key) = (field(&page, "seen").to_owned(), field(&page, "key").to_owned());
        let first = send(&mut buyer, &deal, "sandbox", &seen, &key).await;
        assert!(path(first.location()).starts_with("/sandbox/pay/ch_"));
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        let second = send(&mut buyer, &deal, "sandbox", &seen, &key).await;
        assert_eq!(second.location(), deal.path(&format!("/pay/{payment}")));
        let other = send(&mut buyer, &deal, "wallet", &seen, &key).await;
        assert_eq!(other.status, 409);
        assert!(world.escrow(&deal).await.given_up.is_empty());
    }
}

both! {
    async fn a_page_that_showed_something_else_pays_nothing(world) {
        let deal = world.agreed().await;
        let mut buyer = world.buyer().await;
        let page = send(&mut buyer, &deal, "sandbox", "v1-proposed", "a-key").await;
        assert_eq!(page.status, 409);
        page.shows("no money moved");
        assert!(world.escrow(&deal).await.charge.is_none());
        for method in ["", "cheque", "wallet/../sandbox"] {
            let page = send(&mut buyer, &deal, method, "v1-agreed", "a-key").await;
            assert_eq!(page.status, 422);
            page.shows("Choose how you want to pay.");
        }
        assert!(world.escrow(&deal).await.charge.is_none());
    }
}

both! {
    async fn only_the_buyer_pays_and_only_the_buyer_sees_how_it_went(world) {
        let deal = world.agreed().await;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        let page = seller.get(&deal.path("/pay")).await;
        page.shows("Only the buyer can do this.");
        let refused = send(&mut seller, &deal, "sandbox", "v1-agreed", "a-key").await;
        assert_eq!(refused.status, 422);
        refused.shows("Only the buyer can do this. No money has moved.");
        world.account("Dora", "dora@example.com").await;
        let mut stranger = world.signed_in("dora@example.com").await;
        assert_eq!(stranger.get(&deal.path("/pay")).await.status, 404);
        assert_eq!(send(&mut stranger, &deal, "sandbox", "", "").await.status, 404);

        let payment = world.charges(&deal).await;
        let page = deal.path(&format!("/pay/{payment}"));
        assert_eq!(world.buyer().await.get(&page).await.status, 200);
        assert_eq!(seller.get(&page).await.status, 404);
        assert_eq!(stranger.get(&page).await.status, 404);
        let other = world.proposed().await;
        for wrong in [other.path(&format!("/pay/{payment}")), deal.path("/pay/nothing")] {
            assert_eq!(world.buyer().await.get(&wrong).await.status, 404);
        }
    }
}

/// A provider in another town, who answers from time to time.
struct Far {
    answer: Result<(), RailError>,
}

#[async_trait::async_trait]
impl Rail for Far {
    fn name(&self) -> &'static str {
        "far"
    }
    fn words(&self) -> Words {
        Words { method: "Bank", hint: "By bank.", company: "Far Bank" }
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { refund: true }
    }
    fn origin(&self) -> String {
        "https://pay.far.example".to_owned()
    }
    async fn start(&self, order: &Order) -> Result<Started, RailError> {
        match &self.answer {
            Ok(()) => Ok(Started {
                reference: format!("far-{}", order.payment),
                page: format!("https://pay.far.example/{}", order.payment),
            }),
            Err(RailError::Refused(why)) => Err(RailError::Refused(why.clone())),
            Err(_) => Err(RailError::Unreachable("no line".to_owned())),
        }
    }
    async fn cancel(&self, _: &Order) -> Result<Cancelled, RailError> {
        Err(RailError::Unreachable("no line".to_owned()))
    }
    async fn refund(&self, order: &RefundOrder) -> Result<RefundBegun, RailError> {
        Ok(RefundBegun { reference: format!("far-back-{}", order.payment) })
    }
    async fn verify(&self, _: &HeaderMap, _: &[u8], _: Time) -> Result<Notice, RailError> {
        Err(RailError::Unverified("never"))
    }
}

/// The world with that provider instead of the sandbox, and the buyer in it.
async fn far(world: &mut World, answer: Result<(), RailError>) -> Browser {
    world.app.rails = Rails::new(vec![Arc::new(Far { answer })]);
    let mut buyer = Browser::new(web::router(world.app.clone()));
    buyer.cookies = world.buyer().await.cookies;
    buyer
}

both! {
    async fn a_provider_who_does_not_answer_is_told_again_and_the_payer_waits(world) {
        let mut world = world;
        let deal = world.agreed().await;
        let mut buyer = far(&mut world, Err(RailError::Unreachable(String::new()))).await;
        let started = press(&mut buyer, &deal, "far").await;
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        assert_eq!(started.location(), deal.path(&format!("/pay/{payment}")));
        let page = buyer.get(started.location()).await;
        page.shows("Nothing is held in escrow yet.");
        page.shows("We could not reach Far Bank yet and go on trying.");
        page.hides("Go on at");

        let mut buyer = far(&mut world, Ok(())).await;
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 1);
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 0);
        let page = buyer.get(started.location()).await;
        page.shows("Go on at Far Bank");
        assert!(page.body.contains(&format!("https://pay.far.example/{payment}")));
    }
}

both! {
    async fn a_worker_that_failed_tries_again_when_its_lease_ends(world) {
        let mut world = world;
        let deal = world.agreed().await;
        world.starts_to_pay(&deal).await;
        world.app.rails = Rails::new(Vec::new());
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 1);
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 0);
        world.app.clock.advance(Duration::minutes(1));
        assert_eq!(work::payments::run_due(&world.app).await.unwrap(), 1);
    }
}

both! {
    async fn what_a_provider_will_never_take_has_failed_at_once(world) {
        let mut world = world;
        let deal = world.agreed().await;
        let refused = RailError::Refused("Far Bank takes no dinars.".to_owned());
        let mut buyer = far(&mut world, Err(refused)).await;
        let started = press(&mut buyer, &deal, "far").await;
        let page = buyer.get(started.location()).await;
        page.shows("Your payment failed");
        page.shows("Far Bank takes no dinars.");
        page.shows("Try again");
    }
}

both! {
    async fn the_form_may_lead_to_the_pages_of_the_provider_and_nowhere_else(world) {
        let mut world = world;
        let deal = world.agreed().await;
        let policy = |page: &Page| page.headers["content-security-policy"].to_str().unwrap().to_owned();
        let page = world.buyer().await.get(&deal.path("/pay")).await;
        assert!(policy(&page).ends_with("form-action 'self'"));
        let mut buyer = far(&mut world, Ok(())).await;
        let page = buyer.get(&deal.path("/pay")).await;
        assert!(policy(&page).ends_with("form-action 'self' https://pay.far.example"));
        let started = press(&mut buyer, &deal, "far").await;
        assert!(started.location().starts_with("https://pay.far.example/"));
    }
}
