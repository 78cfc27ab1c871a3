//! Money of guests that comes too late, through the real Sandbox Pay: it goes back as it came, they are told, and
//! of two who buy at once one does. Who has got an account since has a wallet.

use std::sync::Arc;

use holdfast::engine::command::Command;
use holdfast::engine::escrow::Stage;
use holdfast::engine::party::Role;
use holdfast::sandbox::Choice;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::ledger;
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::guests::{GUEST, buys, for_sale, own_path, says, sold};
use crate::milestone::hidden_field;
use crate::world::{PASSWORD, World, both};

const OTHER: &str = "ghada.other@example.com";
const SELLER: &str = "bilel.seller@example.com";

impl World {
    async fn suspense(&self) -> i64 {
        let mut reader = self.app.db.read().await.unwrap();
        let totals = ledger::totals(&mut reader.conn()).await.unwrap();
        totals.iter().map(|total| total.suspense_minor).sum()
    }

    async fn payment_under_way(&self, deal: &Deal) -> Uuid {
        self.escrow(deal).await.charge.unwrap().payment
    }

    async fn rail_says(&self, deal: &Deal, command: Command) {
        let request = Request::new(deal.escrow, Who::Rail, command);
        assert_eq!(self.app.execute(&request).await.unwrap(), Outcome::Done);
    }
}

/// A guest went to the provider's page and did nothing there, until nobody waited for it any more.
async fn given_up(world: &World) -> (Deal, String, Uuid, String) {
    let (deal, link) = for_sale(world).await;
    buys(&mut world.browser(), &link, GUEST, &[]).await.is(303);
    let payment = world.payment_under_way(&deal).await;
    world.days_go_by(3).await;
    let mail = world.mail(GUEST).await;
    assert_eq!(mail.kind, "payment_failed");
    (deal, link, payment, own_path(&mail))
}

both! {
    async fn it_goes_back_to_the_card_and_the_guest_is_told(world) {
        let (deal, link, first, own) = given_up(&world).await;
        let page = world.browser().get(&own).await;
        page.shows("Payment failed");
        buys(&mut world.browser(), &link, OTHER, &[]).await.is(303);
        let page = world.browser().get(&own).await;
        page.shows("Your payment of 10.100 TND did not go through.");
        page.shows("Somebody else has paid by the same link");
        let second = world.payment_under_way(&deal).await;
        world.chooses(second, Choice::Pay).await;
        world.chooses(first, Choice::Pay).await;
        assert_eq!(world.provider_tells().await, [200, 200]);
        assert_eq!(world.suspense().await, 10_100);
        world.is_healthy().await;
        let mail = world.mail(GUEST).await;
        assert_eq!(mail.kind, "payment_returned");
        assert!(mail.text.contains("Somebody else had paid by the same link before it arrived."), "{}", mail.text);
        assert!(mail.text.contains("goes back to the card or account you paid from"), "{}", mail.text);
        let own = own_path(&mail);
        world.browser().get(&own).await.shows("All of it goes back to the card or account you paid from.");
        assert_eq!(world.goes_round().await, [200]);
        assert_eq!(world.suspense().await, 0);
        let mail = world.mail(GUEST).await;
        assert!(mail.text.contains("has sent 10.100 TND back to the card or account you paid from"), "{}", mail.text);
        let page = world.browser().get(&own).await;
        page.shows("Sandbox Pay has sent all of it back");
        for mail in world.mails().await.into_iter().filter(|mail| mail.to == GUEST) {
            assert!(!mail.text.to_lowercase().contains("wallet"), "{}", mail.text);
        }
        assert!(!page.body.to_lowercase().contains("wallet"));
        for below in ["/cancel", "/receipt", "/milestones/1", "/disputes", "/refunds/1", "/pay"] {
            assert_eq!(world.browser().get(&format!("{own}{below}")).await.status, 404, "{below}");
        }
        // The one who bought has nothing to do with it.
        let mine = own_path(&world.mail(OTHER).await);
        world.browser().get(&format!("{mine}/refunds/1")).await.is(404);
        let page = world.browser().get(&mine).await;
        page.shows("Held in escrow");
        page.shows("The payment that came too late went back");
        world.is_healthy().await;
    }
}

both! {
    async fn of_a_sale_that_is_closed_too_and_what_fails_is_the_operators_affair(world) {
        let (deal, _, payment, own) = given_up(&world).await;
        for command in [Command::Withdraw, Command::Close] {
            assert_eq!(world.asks(&deal, deal.seller, command).await, Outcome::Done);
        }
        let page = world.browser().get(&own).await;
        page.shows("The seller withdrew it before anything was paid.");
        page.hides("Start again");
        world.chooses(payment, Choice::Pay).await;
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!(world.suspense().await, 10_100);
        assert!(world.mail(GUEST).await.text.contains("The deal was over before it arrived."));
        let reason = "The card no longer exists.".to_owned();
        world.rail_says(&deal, Command::RefundFailed { refund: 1, attempt: 1, reason }).await;
        assert!(world.mail(GUEST).await.text.contains("The money is yours and stays reserved for you."));
        world.browser().get(&own).await.shows("See the refund of 10.100 TND");
        let page = world.browser().get(&format!("{own}/refunds/1")).await;
        page.shows("could not go back to the card or account you paid from");
        page.hides("wallet");
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        olfa.get("/admin/payments?state=refunds").await.shows("10.100");
        let address = format!("/admin/escrows/{}/refunds/1", deal.reference);
        let page = olfa.get(&address).await;
        page.shows("The payment came too late");
        page.hides("wallet");
        let key = hidden_field(&page, "key");
        olfa.post(&format!("{address}/again"), &[("key", &key)]).await.is(303);
        assert_eq!(world.goes_round().await, [200]);
        assert_eq!(world.suspense().await, 0);
        assert!(matches!(world.escrow(&deal).await.stage, Stage::Closed { .. }));
        world.is_healthy().await;
    }
}

/// The form as it was opened, to be sent later.
async fn filled(browser: &mut Browser, link: &str, email: &str) -> Vec<(&'static str, String)> {
    let page = browser.get(link).await;
    let hidden = ["terms_version", "seen", "key"].map(|name| (name, hidden_field(&page, name)));
    let typed = [("email", email), ("name", "Some Guest"), ("method", "sandbox"), ("terms", "yes")];
    hidden.into_iter().chain(typed.map(|(name, value)| (name, value.to_owned()))).collect()
}

async fn sends(mut browser: Browser, link: &str, fields: Vec<(&'static str, String)>) -> (Browser, Page) {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post(link, &fields).await;
    (browser, page)
}

both! {
    async fn of_two_who_buy_at_once_one_does_and_the_other_reads_why_not(world) {
        let (deal, link) = for_sale(&world).await;
        let (mut one, mut two) = (world.browser(), world.browser());
        let (first, second) = (filled(&mut one, &link, GUEST).await, filled(&mut two, &link, OTHER).await);
        let (first, second) = tokio::join!(sends(one, &link, first), sends(two, &link, second));
        let (mut won, mut lost) = (0, Vec::new());
        for (browser, page) in [first, second] {
            if page.status == 303 && page.location().contains("/sandbox/pay/") {
                won += 1;
            } else {
                lost.push((browser, page));
            }
        }
        let escrow = world.escrow(&deal).await;
        assert!(escrow.charge_pending() && escrow.parties.len() == 2, "exactly one is paying");
        let buyer = escrow.party(Role::Buyer).unwrap().user;
        let known = [world.person_of(GUEST).await, world.person_of(OTHER).await];
        if let Some((mut browser, page)) = lost.pop() {
            assert_eq!((won, lost.len(), escrow.given_up.len()), (1, 0, 0));
            let said = if page.status == 303 { browser.get(page.location()).await } else { page };
            let text = said.text();
            assert!(text.contains("paying by this link just now") || text.contains("No money has moved."), "{text}");
            assert_eq!(known.iter().flatten().collect::<Vec<_>>(), [&buyer], "who was too late left no trace");
        } else {
            // Whoever came a moment later has ended what the first had opened and not submitted.
            assert_eq!((won, escrow.given_up.len()), (2, 1));
            assert!(known.iter().flatten().any(|person| *person == buyer));
        }
        says(&world, &deal, true).await;
        assert_eq!(world.escrow(&deal).await.held_minor(), 10_100);
        world.is_healthy().await;
    }
}

both! {
    async fn both_payments_arriving_at_once_come_to_one_sale_and_one_refund(world) {
        let (deal, link, first, _) = given_up(&world).await;
        buys(&mut world.browser(), &link, OTHER, &[]).await.is(303);
        let second = world.payment_under_way(&deal).await;
        let barrier = Arc::new(Barrier::new(6));
        let mut tasks = Vec::new();
        for payment in [first, second, first, second, first, second] {
            let (app, barrier, escrow) = (world.app.clone(), Arc::clone(&barrier), deal.escrow);
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                let settled = Command::ChargeSettled { payment };
                app.execute(&Request::new(escrow, Who::Rail, settled)).await.unwrap()
            }));
        }
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Outcome::Done => done += 1,
                other => assert_eq!(other, Outcome::AlreadyDone),
            }
        }
        let escrow = world.escrow(&deal).await;
        assert_eq!((done, escrow.refunds.len(), escrow.held_minor()), (2, 1, 10_100));
        assert_eq!(world.suspense().await, 10_100);
        assert!(escrow.refunds[0].late && escrow.refunds[0].charge == first);
        world.is_healthy().await;
    }
}

/// Signs up by the pages and follows the mail.
async fn registers(world: &World, email: &str) -> Browser {
    let mut browser = world.browser();
    let fields = [
        ("name", "Gamal Guest"),
        ("email", email),
        ("password", PASSWORD),
        ("time_zone", "Africa/Tunis"),
        ("terms", "yes"),
    ];
    browser.post("/sign-up", &fields).await.is(303);
    let link = world.mail(email).await.path("/verify-email/");
    browser.post(&link, &[("password", PASSWORD)]).await.is(303);
    browser
}

both! {
    async fn who_registers_may_take_a_failed_refund_to_his_wallet(world) {
        let (deal, _, own) = sold(&world).await;
        let cancel = Command::CancelAll { reason: "Sold out.".to_owned() };
        assert_eq!(world.asks(&deal, deal.seller, cancel).await, Outcome::Done);
        let reason = "The card no longer exists.".to_owned();
        world.rail_says(&deal, Command::RefundFailed { refund: 1, attempt: 1, reason }).await;
        let page = world.browser().get(&format!("{own}/refunds/1")).await;
        page.shows("Send it again");
        assert!(!page.body.to_lowercase().contains("wallet"), "a guest has none");
        world.browser().post(&format!("{own}/refunds/1/wallet"), &[]).await.is(404);
        let mut gamal = registers(&world, GUEST).await;
        assert!(world.escrow(&deal).await.buyer_has_wallet());
        let page = gamal.get(&deal.path("/refunds/1")).await;
        page.shows("Put it into your wallet");
        let key = hidden_field(&page, "key");
        gamal.post(&deal.path("/refunds/1/wallet"), &[("key", &key)]).await.is(303);
        gamal.get("/balances").await.shows("10.100");
        gamal.get(&deal.path("/history")).await.is(200);
        world.is_healthy().await;
    }
}

both! {
    async fn who_registers_while_the_payment_is_under_way_is_no_guest_afterwards(world) {
        let (deal, link) = for_sale(&world).await;
        buys(&mut world.browser(), &link, GUEST, &[]).await.is(303);
        registers(&world, GUEST).await;
        says(&world, &deal, true).await;
        let escrow = world.escrow(&deal).await;
        assert!(escrow.buyer_has_wallet() && !escrow.charge.unwrap().guest);
        let mut seller = world.signed_in(SELLER).await;
        seller.get(&deal.path("")).await.shows("Gamal Guest");
        world.is_healthy().await;
    }
}
