//! A milestone by its pages: delivered, inspected, approved, cancelled, paid out.

use holdfast::engine::escrow::MilestoneStage;
use holdfast::engine::terms::CommissionPayer;
use holdfast::store::execute::tick;
use holdfast::store::users::{self, Profile};
use time::Duration;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::world::{World, both};

/// Worked case 4 with everyone in a browser.
pub struct Cast {
    pub deal: Deal,
    pub buyer: Browser,
    pub seller: Browser,
    pub broker: Browser,
}

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";
const BROKER: &str = "chiraz.broker@example.com";

impl Cast {
    /// Paid: 1,010.000 TND are held.
    pub async fn funded(world: &World) -> Self {
        Self::accounts(world).await;
        let deal = world.funded().await;
        Self::sign_in(world, deal).await
    }

    /// Signed by everyone, and not paid.
    pub async fn agreed(world: &World) -> Self {
        Self::accounts(world).await;
        let deal = world.agreed().await;
        Self::sign_in(world, deal).await
    }

    /// Everyone in a browser, for a deal with other terms.
    pub async fn of(world: &World, deal: Deal) -> Self {
        Self::sign_in(world, deal).await
    }

    async fn accounts(world: &World) {
        for (name, email) in [("Amel Buyer", BUYER), ("Bilel Seller", SELLER), ("Chiraz Broker", BROKER)] {
            world.account(name, email).await;
        }
    }

    /// Everybody signs in anew: sessions end when nobody comes for weeks.
    pub async fn later(&mut self, world: &World) {
        *self = Self::sign_in(world, self.deal.clone()).await;
    }

    async fn sign_in(world: &World, deal: Deal) -> Self {
        let [buyer, seller, broker] =
            [world.signed_in(BUYER).await, world.signed_in(SELLER).await, world.signed_in(BROKER).await];
        Self { deal, buyer, seller, broker }
    }

    /// A page below the first milestone: `cast.first("/deliver")`.
    pub fn first(&self, below: &str) -> String {
        self.deal.path(&format!("/milestones/1{below}"))
    }

    /// What the confirm page of an amount would send.
    async fn confirmation(&mut self, amount: &str) -> Vec<(&'static str, String)> {
        let page = self.buyer.get(&self.first(&format!("/approve?amount={amount}"))).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let hidden = ["amount", "seen", "key"];
        hidden.map(|name| (name, hidden_field(&page, name))).to_vec()
    }

    async fn approve(&mut self, fields: &[(&str, String)]) -> Page {
        let path = self.first("/approve");
        post(&mut self.buyer, &path, fields).await
    }

    async fn balances(&self, world: &World) -> (i64, i64, i64) {
        let held = world.escrow(&self.deal).await.held_minor();
        let broker = world.wallet(self.deal.broker.unwrap()).await;
        (world.wallet(self.deal.seller).await, broker, held)
    }
}

/// The value of a hidden field of a page.
pub fn hidden_field(page: &Page, name: &str) -> String {
    let start = format!(r#"name="{name}" value=""#);
    let at = page.body.find(&start).unwrap_or_else(|| panic!("no field {name} in: {}", page.text()));
    let value = &page.body[at + start.len()..];
    value[..value.find('"').unwrap()].to_owned()
}

async fn post(browser: &mut Browser, path: &str, fields: &[(&str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &fields).await
}

/// The fields of the form for changes on the page of the inspection.
async fn changes_form(cast: &mut Cast, failed: &[&str], reason: &str) -> Vec<(&'static str, String)> {
    let page = cast.buyer.get(&cast.first("/inspect")).await;
    let mut fields = vec![("seen", hidden_field(&page, "seen")), ("key", hidden_field(&page, "key"))];
    fields.extend(failed.iter().map(|place| ("failed[]", (*place).to_owned())));
    fields.push(("reason", reason.to_owned()));
    fields
}

both! {
    async fn the_worked_case_is_inspected_and_approved_with_exact_sums(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let page = cast.buyer.get(&cast.first("")).await;
        page.shows("Check “Design”, then approve it or ask for changes by Thu 7 May 2026, 10:00 (Tunis).");
        page.shows("Here it is.");
        page.shows("You paid in 404.000 TND");
        let page = cast.buyer.get(&cast.first("/inspect")).await;
        page.shows("It works");
        page.shows("If you do nothing, it counts as approved and 400.000 TND is released");
        page.shows("Here it is.");

        let confirm = cast.buyer.get(&cast.first("/approve")).await;
        confirm.shows("To Bilel Seller (seller) 380.000 TND");
        confirm.shows("To Chiraz Broker (broker) 20.000 TND");
        confirm.shows("Platform fee 4.000 TND Leaves escrow 404.000 TND");
        confirm.shows("Left in this milestone to release 0.000 TND Still held in the whole escrow 606.000 TND");
        confirm.shows("Release 404.000 TND, 380.000 TND of it to Bilel Seller");
        assert_eq!(cast.balances(&world).await, (0, 0, 1_010_000), "looking moves nothing");

        let form = cast.confirmation("400").await;
        let done = cast.approve(&form).await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let page = cast.buyer.get(done.location()).await;
        page.shows("Approved. The money is released.");
        page.shows("You approved it. The money is released.");
        page.shows("Bilel Seller (seller) 380.000 TND 380.000 TND 0.000 TND");
        page.shows("Platform fee 4.000 TND 4.000 TND 0.000 TND");
        assert_eq!(cast.balances(&world).await, (380_000, 20_000, 606_000));
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("You receive in all 380.000 TND Released to you 380.000 TND Moved to your wallet 380.000 TND");
        assert!(matches!(world.escrow(&cast.deal).await.milestones[1].stage, MilestoneStage::InProgress { .. }));
    }
}

both! {
    async fn a_broker_whom_both_sides_pay_has_two_lines_with_their_reasons(world) {
        let mut terms = world.case_4();
        if let Some(commission) = terms.commission.as_mut() {
            commission.payer = CommissionPayer::Split;
        }
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("/milestones/1/approve?amount=400.000")).await;
        page.shows("(seller) 390.000 TND");
        page.shows("(broker, out of the price) 10.000 TND");
        page.shows("(broker, on top of the price) 10.000 TND");
        page.shows("Platform fee 4.000 TND Leaves escrow 414.000 TND");
        // Where they are added up, it is one.
        let page = buyer.get(&deal.path("/milestones/1")).await;
        page.shows("(broker) 20.000 TND");
    }
}

both! {
    async fn a_second_click_on_approve_pays_nothing_twice(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let whole = cast.confirmation("400.000").await;
        let part = cast.confirmation("100").await;
        assert_eq!(cast.approve(&part).await.status, 303);
        let again = cast.approve(&part).await;
        cast.buyer.get(again.location()).await.shows("This had already been done, so nothing was changed.");
        assert_eq!(cast.balances(&world).await, (95_000, 5_000, 909_000));

        // The other page was opened before and shows what is no longer there.
        let too_much = cast.approve(&whole).await;
        assert_eq!(too_much.status, 422);
        too_much.shows("Insufficient funds in escrow. Available amount is 300.0");
        let rest = cast.confirmation("300").await;
        assert_eq!(cast.approve(&rest).await.status, 303);
        let again = cast.approve(&rest).await;
        cast.buyer.get(again.location()).await.shows("This had already been done");
        assert_eq!(cast.balances(&world).await, (380_000, 20_000, 606_000));
    }
}

both! {
    async fn a_part_is_released_and_the_inspection_goes_on(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let confirm = cast.buyer.get(&cast.first("/approve?amount=100.5")).await;
        confirm.shows("Approve a part of “Design”");
        confirm.shows("To Bilel Seller (seller) 95.475 TND To Chiraz Broker (broker) 5.025 TND Platform fee 1.005 TND");
        confirm.shows("Left in this milestone to release 299.500 TND");
        confirm.shows("you can go on inspecting until Thu 7 May 2026, 10:00 (Tunis)");
        let form = cast.confirmation("100.5").await;
        let done = cast.approve(&form).await;
        let page = cast.buyer.get(done.location()).await;
        page.shows("The part is released. The rest stays held");
        page.shows("Delivered: to inspect");
        page.shows("Released to the seller 95.475 TND Platform fee earned 1.005 TND Commission earned 5.025 TND");
        assert_eq!(cast.balances(&world).await, (95_475, 5_025, 1_010_000 - 101_505));
        cast.buyer.get(&cast.first("/inspect")).await.shows("299.500 TND is released at that time");
    }
}

both! {
    async fn an_amount_that_cannot_be_is_answered_at_its_field(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let seen = cast.confirmation("1").await;
        for (typed, sentence) in [
            ("400.001", "Insufficient funds in escrow. Available amount is 400.0"),
            ("0", "Enter an amount above zero."),
            ("", "Enter an amount."),
            ("1.0001", "TND has 3 decimals"),
            ("1,500", "This can be 1.500 TND or 1,500.000 TND."),
            ("-5", "Write the amount in digits"),
            ("99999999999999999999", "larger than Holdfast can hold"),
        ] {
            let page = cast.buyer.get(&cast.first(&format!("/approve?amount={typed}"))).await;
            assert_eq!(page.status, 422, "{typed}");
            page.shows(sentence);
            assert!(page.body.contains(r##"href="#amount""##) && page.body.contains(&format!(r#"value="{typed}""#)));
            let mut form = seen.clone();
            form[0].1 = typed.to_owned();
            let page = cast.approve(&form).await;
            assert_eq!(page.status, 422, "{typed}");
            page.shows(sentence);
        }
        assert_eq!(cast.buyer.get(&cast.first("/approve?amount=1&amount=2")).await.status, 400);
        assert_eq!(cast.balances(&world).await, (0, 0, 1_010_000));
    }
}

both! {
    async fn a_page_that_shows_an_older_state_moves_no_money(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let old = cast.confirmation("100").await;
        let changes = changes_form(&mut cast, &["0"], "Too dark.").await;
        let other = cast.confirmation("50").await;
        assert_eq!(cast.approve(&other).await.status, 303);
        let stale = cast.approve(&old).await;
        assert_eq!(stale.status, 409);
        stale.shows("no money moved");
        assert_eq!(cast.balances(&world).await, (47_500, 2_500, 1_010_000 - 50_500));

        let inspect = cast.first("/inspect");
        let stale = post(&mut cast.buyer, &inspect, &changes).await;
        assert_eq!(stale.status, 409);
        stale.shows("This milestone has changed since you opened this page, so nothing was sent.");
        stale.shows("Too dark.");
        assert!(matches!(world.escrow(&cast.deal).await.milestones[0].stage, MilestoneStage::Delivered { .. }));
    }
}

both! {
    async fn changes_are_asked_for_with_a_criterion_and_a_reason(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let inspect = cast.first("/inspect");
        let form = changes_form(&mut cast, &[], "").await;
        let page = post(&mut cast.buyer, &inspect, &form).await;
        assert_eq!(page.status, 422);
        page.shows("Tick at least one criterion that is not met.");
        page.shows("Write what is to be changed, so that the seller can do it.");
        let form = changes_form(&mut cast, &["1"], "").await;
        let page = post(&mut cast.buyer, &inspect, &form).await;
        assert!(page.body.contains(r#"value="1" checked"#), "what was ticked stays ticked");
        let form = changes_form(&mut cast, &[], "The <b>second</b> page is missing.").await;
        post(&mut cast.buyer, &inspect, &form).await.shows("The <b>second</b> page is missing.");
        for wrong in ["2", "-1", "x"] {
            let form = changes_form(&mut cast, &[wrong], "Why").await;
            let page = post(&mut cast.buyer, &inspect, &form).await;
            assert_eq!(page.status, 422, "{wrong}");
            page.shows("This milestone has no such criterion.");
        }
        let form = changes_form(&mut cast, &["0"], &"x".repeat(5_001)).await;
        post(&mut cast.buyer, &inspect, &form).await.shows("write at most 5000");

        let form = changes_form(&mut cast, &["1"], "A page is missing.").await;
        let done = post(&mut cast.buyer, &inspect, &form).await;
        cast.buyer.get(done.location()).await.shows("The seller has been told what to change.");
        let again = post(&mut cast.buyer, &inspect, &form).await;
        cast.buyer.get(again.location()).await.shows("This had already been done");
        let page = cast.seller.get(&cast.first("/deliver")).await;
        page.shows("A page is missing.");
        page.shows("Not met: It is documented");
        page.shows("It is documented Not met last time");
        let page = cast.buyer.get(&inspect).await;
        page.shows("This is not possible now. This milestone has not been delivered, or has been answered already.");
        page.hides("<form method=\"post\" action=\"/escrows");
    }
}

both! {
    async fn whoever_has_another_role_is_told_so_and_sees_no_form(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        let before = world.escrow(&cast.deal).await;
        let paths = ["/deliver", "/inspect", "/approve", "/cancel", "/payout"].map(|below| cast.first(below));
        let [deliver, inspect, approve, cancel, payout] = paths;
        let only_buyer = "Only the buyer can do this.";
        for (browser, path, sentence) in [
            (&cast.buyer, &deliver, "Only the seller can do this."),
            (&cast.broker, &deliver, "Only the seller can do this."),
            (&cast.seller, &inspect, only_buyer),
            (&cast.broker, &inspect, only_buyer),
            (&cast.seller, &approve, only_buyer),
            (&cast.broker, &approve, only_buyer),
            (&cast.seller, &cancel, only_buyer),
            (&cast.broker, &cancel, only_buyer),
            (&cast.buyer, &payout, "Only the seller, the broker or the payee can do this."),
        ] {
            let mut browser = browser.clone();
            let page = browser.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            page.shows(sentence);
            page.hides(&format!("action=\"{path}\""));
            let page = browser.post(path, &[("amount", "400"), ("reason", "x"), ("note", "x")]).await;
            assert_eq!(page.status, 422, "{path}");
            page.shows(sentence);
            page.shows("no money");
        }
        let page = cast.seller.get(&payout).await;
        page.shows("There is nothing to pay out to you here.");
        assert_eq!(cast.seller.post(&payout, &[]).await.status, 422);
        assert_eq!(world.escrow(&cast.deal).await, before);
    }
}

both! {
    async fn nothing_of_a_milestone_is_there_for_anybody_else(world) {
        let cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        world.account("Salma Stranger", "salma@example.com").await;
        let mut stranger = world.signed_in("salma@example.com").await;
        for below in ["", "/deliver", "/inspect", "/approve", "/cancel", "/payout"] {
            let path = cast.first(below);
            assert_eq!(stranger.get(&path).await.status, 404, "{path}");
            assert!(world.browser().get(&path).await.location().starts_with("/sign-in?"), "{path}");
            if !below.is_empty() {
                assert_eq!(stranger.post(&path, &[("amount", "1")]).await.status, 404, "{path}");
                assert_eq!(world.browser().post(&path, &[]).await.location(), "/sign-in");
            }
        }
        let mut buyer = cast.buyer.clone();
        for number in ["0", "3", "01", "-1", "x", "70000", "%31x"] {
            let path = cast.deal.path(&format!("/milestones/{number}"));
            assert_eq!(buyer.get(&path).await.status, 404, "{path}");
        }
    }
}

both! {
    async fn what_is_not_paid_can_be_neither_delivered_nor_inspected(world) {
        let mut cast = Cast::agreed(&world).await;
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("Not paid yet");
        page.shows("Deliver · Ask for more time · Give money back · Move money to your wallet Nothing has been paid into this escrow yet.");
        cast.seller.get(&cast.first("/deliver")).await.shows("Nothing has been paid into this escrow yet.");
        let page = cast.buyer.get(&cast.first("")).await;
        page.shows("Pay 1,010.000 TND");
        page.shows("Approve · Ask for changes · Take longer to check · Cancel Nothing has been paid into this escrow yet.");
        cast.buyer.get(&cast.first("/approve")).await.shows("Nothing has been paid into this escrow yet.");
    }
}

both! {
    async fn an_overdue_milestone_is_cancelled_for_the_whole_sum(world) {
        let mut cast = Cast::funded(&world).await;
        let cancel = cast.first("/cancel");
        cast.buyer.get(&cancel).await.shows("You can cancel only once the seller is late");
        assert_eq!(cast.buyer.post(&cancel, &[]).await.status, 422);
        world.app.clock.advance(Duration::days(30 + 7));
        tick(&world.app.db, &world.app.clock, cast.deal.escrow).await.unwrap();
        cast.later(&world).await;
        let page = cast.buyer.get(&cast.first("")).await;
        page.shows("Overdue");
        page.shows("Cancel and get the money back");
        // The seller is late and may still deliver.
        cast.seller.get(&cast.first("")).await.shows("Deliver");
        assert_eq!(cast.seller.get(&cast.first("/deliver")).await.status, 200);

        let page = cast.buyer.get(&cancel).await;
        page.shows("Held for Bilel Seller (seller) 380.000 TND Held for Chiraz Broker (broker) 20.000 TND");
        page.shows("Platform fee 4.000 TND Back to your wallet 404.000 TND");
        page.shows("Still held in the whole escrow 606.000 TND");
        page.shows("Cancel and get 404.000 TND back");
        let form = ["seen", "key"].map(|name| (name, hidden_field(&page, name)));
        let done = post(&mut cast.buyer, &cancel, &form).await;
        assert_eq!(done.status, 303);
        let page = cast.buyer.get(done.location()).await;
        page.shows("Cancelled. The money is back in your wallet.");
        page.shows("Back to you 404.000 TND");
        let again = post(&mut cast.buyer, &cancel, &form).await;
        assert_eq!(again.status, 303);
        assert_eq!(world.wallet(cast.deal.buyer).await, 404_000);
        assert_eq!(cast.balances(&world).await, (0, 0, 606_000));
        cast.seller.get(&cast.first("/deliver")).await.shows("This milestone is not being worked on.");
    }
}

async fn keeps_released_money_waiting(world: &World, user: Uuid, name: &str) {
    let profile = Profile {
        name,
        time_zone: "Africa/Tunis",
        country: None,
        to_wallet_at_once: false,
        refunds_to_wallet: false,
    };
    let mut tx = world.app.db.write().await.unwrap();
    users::set_profile(&mut tx.conn(), user, &profile).await.unwrap();
    tx.commit().await.unwrap();
}

both! {
    async fn released_money_is_moved_to_the_wallet_by_its_receiver(world) {
        let mut cast = Cast::funded(&world).await;
        keeps_released_money_waiting(&world, cast.deal.seller, "Bilel Seller").await;
        world.delivers(&cast.deal, 1).await;
        world.approves(&cast.deal, 1).await;
        assert_eq!(cast.balances(&world).await, (0, 20_000, 606_000));
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("Move it to your wallet");
        page.shows("Waits for you to move it 380.000 TND");
        let payout = cast.first("/payout");
        cast.broker.get(&payout).await.shows("This has already been done.");
        let page = cast.seller.get(&payout).await;
        page.shows("Released to you as the seller 380.000 TND To your wallet 380.000 TND");
        page.shows("Move 380.000 TND to my wallet");
        let form = ["seen", "key"].map(|name| (name, hidden_field(&page, name)));
        let done = post(&mut cast.seller, &payout, &form).await;
        let page = cast.seller.get(done.location()).await;
        page.shows("The money is in your wallet.");
        page.shows("Moved to your wallet 380.000 TND");
        assert_eq!(post(&mut cast.seller, &payout, &form).await.status, 303);
        assert_eq!(cast.balances(&world).await, (380_000, 20_000, 606_000));
    }
}
