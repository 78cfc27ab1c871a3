//! A payment that was opened at its provider and left keeps nobody from paying: it ends after half an hour, or when the
//! payer, the seller or the next buyer says so, and never once it was submitted.

use holdfast::engine::escrow::{ChargeState, Method};
use holdfast::engine::party::Role;
use holdfast::sandbox::Choice;
use holdfast::work;
use time::Duration;
use uuid::Uuid;

use crate::deal::Deal;
use crate::guests::{GUEST, buys, for_sale};
use crate::milestone::hidden_field;
use crate::world::{World, both};

const SELLER: &str = "bilel.seller@example.com";
const OTHER: &str = "other@example.com";

impl World {
    async fn works(&self) {
        while work::payments::run_due(&self.app).await.unwrap() > 0 {}
    }

    /// Why an attempt has failed; nothing while it is pending.
    async fn failure(&self, deal: &Deal, payment: Uuid) -> Option<String> {
        match self.escrow(deal).await.attempt(payment).unwrap().state.clone() {
            ChargeState::Failed { reason, .. } => Some(reason),
            ChargeState::Pending { .. } => None,
            ChargeState::Successful { .. } => panic!("it was paid"),
        }
    }

    async fn open_payment(&self, deal: &Deal) -> Uuid {
        self.escrow(deal).await.charge.unwrap().payment
    }

    /// The page where it would be paid, which takes nothing any more.
    async fn takes_nothing(&self, payment: Uuid) {
        let page = self.payment(payment).await.provider_page.unwrap();
        let page = page.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
        let mut browser = self.browser();
        browser.get(&page).await.shows("This payment was ended before it was finished.");
        browser.post(&page, &[("choice", "pay")]).await.is(303);
        assert_eq!(self.provider_tells().await, [0_u16; 0]);
    }
}

both! {
    async fn of_a_sale_ends_when_the_next_buyer_pays(world) {
        let (deal, link) = for_sale(&world).await;
        buys(&mut world.browser(), &link, GUEST, &[]).await.is(303);
        let first = world.open_payment(&deal).await;
        let mut other = world.browser();
        buys(&mut other, &link, OTHER, &[]).await.is(303);
        let second = world.open_payment(&deal).await;
        assert_ne!(first, second);
        assert!(world.failure(&deal, first).await.unwrap().contains("somebody else went on to pay"));
        world.takes_nothing(first).await;
        world.chooses(second, Choice::Pay).await;
        assert_eq!(world.provider_tells().await, [200]);
        let buyer = world.escrow(&deal).await.party(Role::Buyer).unwrap().user;
        assert_eq!(world.person_of(OTHER).await, Some(buyer));
        world.is_healthy().await;
    }
}

both! {
    async fn ends_by_itself_after_half_an_hour_and_never_once_it_was_submitted(world) {
        for submitted in [false, true] {
            let (deal, link) = for_sale(&world).await;
            buys(&mut world.browser(), &link, GUEST, &[]).await.is(303);
            let payment = world.open_payment(&deal).await;
            world.works().await;
            world.app.clock.advance(Duration::minutes(29));
            world.works().await;
            assert_eq!(world.failure(&deal, payment).await, None);
            if submitted {
                world.chooses(payment, Choice::Nothing).await;
            }
            world.app.clock.advance(Duration::minutes(1));
            world.works().await;
            let failure = world.failure(&deal, payment).await;
            assert_eq!(failure.is_some(), !submitted, "{failure:?}");
            if submitted {
                world.app.clock.advance(Duration::hours(40));
                world.works().await;
                assert_eq!(world.failure(&deal, payment).await, None);
                world.chooses(payment, Choice::Pay).await;
                assert_eq!(world.provider_tells().await, [200]);
                assert_eq!(world.escrow(&deal).await.held_minor(), 10_100);
            } else {
                assert_eq!(failure.unwrap(), "It was not finished at Sandbox Pay within 30 minutes.");
                world.takes_nothing(payment).await;
            }
        }
        world.is_healthy().await;
    }
}

both! {
    async fn ends_when_its_payer_wants_another_way_or_the_seller_says_so(world) {
        let deal = world.agreed().await;
        let (mut buyer, mut seller) = (world.buyer().await, world.signed_in(SELLER).await);
        let payment = world.charges(&deal).await;
        world.works().await;
        let end = deal.path(&format!("/pay/{payment}/end"));
        let page = buyer.get(&deal.path(&format!("/pay/{payment}"))).await;
        assert!(page.body.contains(&end), "{}", page.text());
        buyer.get(&end).await.shows("If you have not finished it at Sandbox Pay, it ends there");
        buyer.post(&end, &[]).await.is(303);
        let failure = world.failure(&deal, payment).await.unwrap();
        assert_eq!(failure, "The payer ended it before it was finished at Sandbox Pay.");
        world.takes_nothing(payment).await;
        let page = buyer.get(&deal.path("/pay")).await;
        page.shows("How do you want to pay?");
        assert!(!hidden_field(&page, "key").is_empty());

        let payment = world.charges(&deal).await;
        world.works().await;
        let end = deal.path(&format!("/pay/{payment}/end"));
        let page = seller.get(&deal.path("")).await;
        assert!(page.body.contains(&end), "{}", page.text());
        seller.get(&end).await.shows("If the buyer has not finished it at Sandbox Pay");
        seller.post(&end, &[]).await.is(303);
        assert!(world.failure(&deal, payment).await.unwrap().starts_with("The seller ended it"));
        world.signed_in("chiraz.broker@example.com").await.get(&end).await.is(404);

        let payment = world.charges(&deal).await;
        world.works().await;
        world.chooses(payment, Choice::Nothing).await;
        for browser in [&mut buyer, &mut seller] {
            browser.post(&deal.path(&format!("/pay/{payment}/end")), &[]).await.is(303);
            assert_eq!(world.failure(&deal, payment).await, None, "it was submitted");
        }
        let charge = world.escrow(&deal).await.charge.unwrap();
        assert_eq!(charge.method, Method::Rail { rail: "sandbox".to_owned() });
        world.is_healthy().await;
    }
}
