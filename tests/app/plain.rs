//! What pages say so that nobody has to guess: whose name stands under a contract, where a sum comes
//! from, what was mailed, and what is left to do.

use holdfast::engine::command::Command;
use holdfast::engine::party::Role;
use holdfast::engine::terms::{Commission, CommissionPayer, FeePayer, Rate};
use holdfast::store::execute::{Outcome, tick};
use time::Duration;

use crate::browser::Browser;
use crate::deal::Deal;
use crate::milestone::hidden_field;
use crate::world::both;

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";

async fn signs(browser: &mut Browser, deal: &Deal, fields: &[(&str, &str)]) -> crate::browser::Page {
    let page = browser.get(&deal.path("/contract/sign")).await;
    let hidden = ["version", "document", "seen", "key"].map(|name| (name, hidden_field(&page, name)));
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend(fields);
    browser.post(&deal.path("/contract/sign"), &all).await
}

both! {
    async fn another_name_than_the_accounts_is_asked_about_and_then_shown_to_everyone(world) {
        let deal = world.proposed().await;
        let mut buyer = world.signed_in(BUYER).await;
        let name = [("typed_name", "A. Buyer-Haddad"), ("consent", "yes")];
        let page = signs(&mut buyer, &deal, &name).await;
        page.is(422);
        page.shows("Your account is called “Amel Buyer”.");
        assert!(page.body.contains("value=\"A. Buyer-Haddad\"") && page.body.contains("name_confirmed"));
        let page = signs(&mut buyer, &deal, &[&name[..], &[("name_confirmed", "yes")]].concat()).await;
        page.is(303);
        let mut seller = world.signed_in(SELLER).await;
        seller.get(&deal.path("/contract")).await.shows("Buyer: Amel Buyer signed as “ A. Buyer-Haddad ”,");
        seller.get(&deal.path("")).await.shows("Signed version 1 as “A. Buyer-Haddad”");
        let page = signs(&mut seller, &deal, &[("typed_name", "bilel  SELLER"), ("consent", "yes")]).await;
        page.is(303);
        seller.get(&deal.path("")).await.hides("as “bilel");
    }
}

both! {
    async fn rates_stand_beside_the_sums_that_they_make(world) {
        let deal = world.agreed().await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("")).await;
        page.shows("10.000 TND (1%), paid by the buyer");
        page.shows("50.000 TND (5%), paid by the seller");
        let page = buyer.get(&deal.path("/contract")).await;
        page.shows("The platform fee is 10.000 TND. The buyer pays it on top of the price. How the fee is counted 1 % of the price");
        page.shows("The broker’s commission is 50.000 TND (5 % of the price). The seller pays it out of the price.");
        buyer.get(&deal.path("/pay")).await.shows("Platform fee (1%) 10.000 TND");
    }
}

both! {
    async fn more_than_there_is_to_release_is_refused_with_its_currency_and_the_reason(world) {
        let mut terms = world.one_off(100_000);
        terms.fee_payer = FeePayer::Seller;
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("/milestones/1/approve?amount=100")).await;
        page.is(422);
        page.shows("Insufficient funds in escrow. Available amount is 99.0 (TND). Of 100.000 TND, the platform fee is kept aside");
    }
}

both! {
    async fn a_one_off_has_no_number_and_says_when_it_will_be_due(world) {
        let deal = world.proposes(world.one_off(100_000)).await;
        world.all_sign(&deal).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("")).await;
        page.shows("days after payment");
        page.hides("1. ");
        world.pays(&deal).await;
        buyer.get(&deal.path("")).await.hides("days after payment");
    }
}

both! {
    async fn a_buyer_finds_his_payments_and_everyone_what_was_mailed(world) {
        let deal = world.funded().await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get("/balances").await;
        page.shows("Your payments");
        page.shows("\u{2212}1,010.000 TND");
        world.mails().await;
        let page = buyer.get(&deal.path("/history")).await;
        page.shows("Payment due Amel Buyer (buyer)");
        page.shows("Kept here, not sent");
        world.signed_in(SELLER).await.get("/balances").await.hides("Your payments");
    }
}

both! {
    async fn the_last_request_stands_on_the_page_of_the_next_inspection(world) {
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let reason = "The colours are too loud.".to_owned();
        let change = Command::RequestChanges { milestone: 1, failed: vec![1], reason };
        assert_eq!(world.asks(&deal, deal.buyer, change).await, Outcome::Done);
        world.delivers(&deal, 1).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("/milestones/1/inspect")).await;
        page.shows("What you asked for last time Not met: It is documented The colours are too loud.");
        buyer.get(&deal.path("/history")).await.shows("Not met: It is documented The colours are too loud.");
    }
}

both! {
    async fn a_late_seller_finds_the_delivery_among_what_waits_for_him(world) {
        let deal = world.funded().await;
        world.app.clock.advance(time::Duration::days(40));
        holdfast::work::deadlines::run_due(&world.app).await.unwrap();
        let mut seller = world.signed_in(SELLER).await;
        let page = seller.get("/home").await;
        page.shows("Deliver, it is overdue: Design");
        assert!(page.body.contains(&deal.path("/milestones/1/deliver")));
        world.signed_in(BUYER).await.get("/home").await.shows("Decide whether to cancel: Design");
    }
}

both! {
    async fn whoever_has_drafts_alone_is_led_to_them(world) {
        world.person("Amel Buyer").await;
        let mut buyer = world.signed_in(BUYER).await;
        buyer.post("/escrows/new", &[("role", "buyer")]).await.is(303);
        buyer.get("/escrows").await.shows("You have 1 draft that nobody else can see.");
        buyer.get("/escrows?show=over").await.hides("draft that nobody");
    }
}

both! {
    async fn the_page_after_a_sign_up_repeats_the_address(world) {
        let mut browser = world.browser();
        browser.post("/verify-email", &[("email", "Nobody@Example.com")]).await.is(303);
        browser.get("/verify-email").await.shows("Written to nobody@example.com .");
        world.browser().get("/verify-email").await.hides("Written to");
    }
}

both! {
    async fn an_operator_reads_what_other_products_call_a_state(world) {
        world.operator("olfa@example.com").await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let page = world.signed_in("olfa@example.com").await.get(&format!("/admin{}", deal.path(""))).await;
        page.shows("Vesicash Delivered DHMAD delivered Tilia ESCROWED Cashless charge_successful");
    }
}

both! {
    async fn the_link_of_an_invitation_opens_until_a_newer_invitation_is_sent_whatever_else_is_mailed(world) {
        let mut draft = crate::draft::case_4(&world).await;
        draft.page("check").await.shows("Who may see the commission");
        let sent = draft.is_sent().await;
        let path = sent.location().trim_end_matches("/sent").to_owned();
        let link = world.mail("buyer@example.com").await.path("/invitations/");
        // News of the same escrow bring links of their own.
        let page = draft.browser.get(&format!("{path}/contract/sign")).await;
        let fields = ["version", "document", "seen", "key"].map(|name| (name, hidden_field(&page, name)));
        let mut fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("typed_name", "Chiraz Broker"), ("consent", "yes")]);
        let signed = draft.browser.post(&format!("{path}/contract/sign"), &fields).await;
        assert_eq!(signed.status, 303, "{}", signed.text());
        let news = world.mail("buyer@example.com").await.path("/invitations/");
        assert_ne!(news, link);
        for link in [&link, &news] {
            world.browser().get(link).await.shows("Your invitation");
        }
        let ask = draft.browser.get(&format!("{path}/parties/1/invitation")).await;
        let key = hidden_field(&ask, "key");
        let again = draft.browser.post(&format!("{path}/parties/1/invitation"), &[("key", &key)]).await;
        assert_eq!(again.status, 303, "{}", again.text());
        world.mails().await;
        for link in [&link, &news] {
            assert_eq!(world.browser().get(link).await.status, 410);
        }
    }
}

both! {
    async fn whoever_declines_is_shown_as_having_declined_and_who_stays_silent_as_silent(world) {
        let deal = world.proposed().await;
        world.all_sign_but(&deal, Role::Buyer).await;
        let decline = Command::Decline { reason: String::new() };
        assert_eq!(world.asks(&deal, deal.buyer, decline).await, Outcome::Done);
        let mut seller = world.signed_in(SELLER).await;
        let page = seller.get(&deal.path("")).await;
        page.shows("amel.buyer@example.com Declined Not paid");
        let deal = world.proposed().await;
        world.app.clock.advance(Duration::days(15));
        tick(&world.app.db, &world.app.clock, deal.escrow).await.unwrap();
        let mut seller = world.signed_in(SELLER).await;
        seller.get(&deal.path("")).await.shows("Did not answer");
    }
}

both! {
    async fn what_the_buyer_sees_adds_up_with_a_commission_on_top(world) {
        let mut terms = world.case_4();
        let salt = String::new();
        let rate = Rate::FixedMinor(50_000);
        terms.commission = Some(Commission { rate, payer: CommissionPayer::Buyer, hidden: false, salt });
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("")).await;
        page.shows("Held now 636.000 TND Paid in 1,060.000 TND Released to the seller 400.000 TND Platform fee earned 4.000 TND Commission earned 20.000 TND");
        let page = buyer.get(&deal.path("/milestones/1")).await;
        page.shows("You paid in 424.000 TND Released to the seller 400.000 TND Platform fee earned 4.000 TND Commission earned 20.000 TND");
    }
}
