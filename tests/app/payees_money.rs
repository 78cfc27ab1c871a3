//! What reaches those who are paid too, by the pages: to the smallest unit, whatever becomes of the deal.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::Stage;
use holdfast::store::execute::Outcome;
use holdfast::store::users::{self, Profile};
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::disputes::{press, time_passes};
use crate::payees::{CARPENTER, PRINTER, shared};
use crate::world::{World, both};

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";

/// 100 dinars for one delivery: 50.000 for the seller, 33.333 and 16.667 for two others, and the buyer pays the fee.
/// The carpenter wants his money in the wallet at once, the printer moves his himself.
struct Cast {
    deal: Deal,
    buyer: Browser,
    seller: Browser,
    carpenter: Uuid,
    printer: Uuid,
}

impl Cast {
    async fn delivered(world: &World) -> Self {
        let carpenter = world.account("Salma Ferchichi", CARPENTER).await;
        let printer = world.account("Moez Jaziri", PRINTER).await;
        let mut tx = world.app.db.write().await.unwrap();
        let by_hand = Profile {
            name: "Moez Jaziri",
            time_zone: "Africa/Tunis",
            country: None,
            to_wallet_at_once: false,
            refunds_to_wallet: false,
        };
        users::set_profile(&mut tx.conn(), printer, &by_hand).await.unwrap();
        tx.commit().await.unwrap();
        let payees: [(&str, &[i64]); 2] = [(CARPENTER, &[33_333]), (PRINTER, &[16_667])];
        let deal = world.proposes_to(world.one_off(100_000), &payees).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let (buyer, seller) = (world.signed_in(BUYER).await, world.signed_in(SELLER).await);
        Self { deal, buyer, seller, carpenter, printer }
    }

    fn first(&self, below: &str) -> String {
        self.deal.path(&format!("/milestones/1{below}"))
    }

    /// Approves a part after reading what it comes to.
    async fn approves(&mut self, amount: &str, exactly: &str) {
        let page = self.buyer.get(&self.first(&format!("/approve?amount={amount}"))).await;
        page.shows(exactly);
        let path = self.first("/approve");
        let done = press(&mut self.buyer, &page, &path, &[("amount", amount)]).await;
        assert_eq!(done.status, 303, "{}", done.text());
    }

    /// In the wallets of seller, carpenter, printer and buyer.
    async fn wallets(&self, world: &World) -> [i64; 4] {
        let mut all = [0; 4];
        for (place, user) in
            [self.deal.seller, self.carpenter, self.printer, self.deal.buyer].iter().enumerate()
        {
            all[place] = world.wallet(*user).await;
        }
        all
    }
}

fn is_done(page: &Page) {
    assert_eq!(page.status, 303, "{}", page.text());
}

both! {
    async fn every_odd_unit_goes_where_the_page_said(world) {
        let mut cast = Cast::delivered(&world).await;
        cast.approves("10.001", "To Bilel Seller (seller) 5.000 TND To carpenter@example.com (payee) 3.334 TND \
            To printer@example.com (payee) 1.667 TND Platform fee 0.100 TND Leaves escrow 10.101 TND \
            Left in this milestone to release 89.999 TND").await;
        assert_eq!(cast.wallets(&world).await, [5_000, 3_334, 0, 0]);

        // Given back by the seller: out of everybody's part.
        let page = cast.seller.get(&cast.first("/refund?amount=20.002")).await;
        page.shows("Held for Bilel Seller (seller) 10.001 TND Held for carpenter@example.com (payee) 6.667 TND \
            Held for printer@example.com (payee) 3.334 TND Platform fee 0.200 TND Back to the buyer 20.202 TND");
        let refund = cast.first("/refund");
        is_done(&press(&mut cast.seller, &page, &refund, &[("amount", "20.002")]).await);
        assert_eq!(cast.wallets(&world).await, [5_000, 3_334, 0, 20_202]);

        // The rest is quarrelled about and decided.
        let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 69_997 }];
        let reason = "It wobbles.".to_owned();
        let open = Command::OpenDispute { claims, reason, failed: Vec::new(), files: Vec::new() };
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, open).await, Outcome::Done);
        let answer = Command::Statement { dispute: 1, text: "It does not.".to_owned(), files: Vec::new() };
        assert_eq!(world.asks(&cast.deal, cast.deal.seller, answer).await, Outcome::Done);
        time_passes(&world, &cast.deal, 8).await;
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        let ruling = format!("/admin/disputes/{}/1/ruling", cast.deal.reference);
        let page = olfa.get(&format!("{ruling}?release-1=33.333")).await;
        for words in [
            "To Bilel Seller (seller) 16.667 TND",
            "To carpenter@example.com (payee) 11.111 TND",
            "To printer@example.com (payee) 5.555 TND",
            "Back to Amel Buyer (buyer) 37.031 TND",
        ] {
            page.shows(words);
        }
        let fields = [("release-1", "33.333"), ("reasons", "It wobbles a little.")];
        is_done(&press(&mut olfa, &page, &ruling, &fields).await);
        // What the printer left lying has gone to his wallet by the clock; what was decided now waits again.
        assert_eq!(cast.wallets(&world).await, [21_667, 14_445, 1_667, 57_233]);
        time_passes(&world, &cast.deal, 8).await;
        let all = cast.wallets(&world).await;
        assert_eq!(all, [21_667, 14_445, 7_222, 57_233]);
        assert_eq!(all.iter().sum::<i64>() + world.escrow(&cast.deal).await.fee_earned_minor(), 101_000);
        assert!(matches!(world.escrow(&cast.deal).await.stage, Stage::Ended { .. }));
        let mut printer = world.signed_in(PRINTER).await;
        printer.get(&cast.deal.path("")).await.shows("16.667 TND 7.222 TND 7.222 TND");
    }
}

both! {
    async fn a_payee_moves_his_own_line_and_no_other_and_silence_moves_it_too(world) {
        let mut cast = Cast::delivered(&world).await;
        cast.approves("50", "To printer@example.com (payee) 8.333 TND").await;
        let carpenters = world.wallet(cast.carpenter).await;
        assert_eq!(carpenters, 16_667, "at once, as his settings say");
        let mail = world.mail(PRINTER).await;
        assert!(mail.text.contains("Released to you: 8.333 TND"), "{}", mail.text);
        let mut printer = world.signed_in(PRINTER).await;
        let home = printer.get("/home").await;
        home.shows("Move your money to your wallet");
        printer.get(&cast.deal.path("")).await.shows("is released to you. Move it to your wallet by");
        let path = cast.first("/payout");
        let page = printer.get(&path).await;
        page.shows("8.333 TND");
        page.hides("16.667");
        is_done(&press(&mut printer, &page, &path, &[]).await);
        assert_eq!(world.wallet(cast.printer).await, 8_333);
        assert_eq!(world.wallet(cast.carpenter).await, carpenters, "nobody else's");
        printer.get("/balances").await.shows("8.333 TND");
        printer.get(&path).await.shows("There is nothing to pay out to you here.");
        // The others can't move it, nor can strangers.
        cast.approves("50", "To printer@example.com (payee) 8.334 TND").await;
        cast.seller.post(&path, &[]).await;
        assert_eq!(world.wallet(cast.printer).await, 8_333);
        world.account("A stranger", "stranger@example.com").await;
        let mut stranger = world.signed_in("stranger@example.com").await;
        assert_eq!(stranger.get(&path).await.status, 404);
        assert_eq!(stranger.post(&path, &[]).await.status, 404);
        // He does nothing about the rest: after 7 days it is in his wallet, and everything is over.
        time_passes(&world, &cast.deal, 6).await;
        assert_eq!(world.wallet(cast.printer).await, 8_333);
        time_passes(&world, &cast.deal, 1).await;
        assert_eq!(world.wallet(cast.printer).await, 16_667);
        assert!(matches!(world.escrow(&cast.deal).await.stage, Stage::Ended { .. }));
        let mail = world.mail(PRINTER).await;
        assert!(mail.text.contains("In your wallet: 8.334 TND"), "{}", mail.text);
    }
}

both! {
    async fn whoever_has_no_account_yet_finds_his_money_when_he_registers(world) {
        let mut draft = shared(&world).await;
        let deal = crate::payees::deal_at(&world, &draft.is_sent().await).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        time_passes(&world, &deal, 8).await;
        let carpenter = world.person_of(CARPENTER).await.unwrap();
        assert_eq!(world.wallet(carpenter).await, 100_000);
        let mail = world.mail(CARPENTER).await;
        let link = mail.path("/invitations/");
        let mut browser = world.browser();
        browser.get(&link).await.shows("Register to be paid");
        let token = link.trim_start_matches("/invitations/");
        let fields = [
            ("name", "Salma Ferchichi"), ("email", CARPENTER), ("password", crate::world::PASSWORD),
            ("time_zone", "Africa/Tunis"), ("terms", "yes"), ("invitation", token),
        ];
        let done = browser.post("/sign-up", &fields).await;
        is_done(&done);
        browser.get(&deal.path("")).await.shows("100.000 TND 100.000 TND 100.000 TND");
        browser.get("/balances").await.shows("100.000 TND");
    }
}

both! {
    async fn everything_that_goes_back_leaves_nothing_for_those_who_are_paid_too(world) {
        let mut cast = Cast::delivered(&world).await;
        let page = cast.seller.get(&cast.first("/refund?amount=100")).await;
        page.shows("Held for printer@example.com (payee) 16.667 TND");
        let refund = cast.first("/refund");
        is_done(&press(&mut cast.seller, &page, &refund, &[("amount", "100")]).await);
        assert_eq!(cast.wallets(&world).await, [0, 0, 0, 101_000]);
        let mut printer = world.signed_in(PRINTER).await;
        let page = printer.get(&cast.deal.path("")).await;
        page.shows("16.667 TND 0.000 TND 0.000 TND");
        page.shows("This escrow has ended");
    }
}
