//! The seller gives money back by the pages: a part, then all that is left, with exact sums.

use holdfast::engine::escrow::MilestoneStage;

use crate::milestone::{Cast, hidden_field};
use crate::world::both;

async fn confirmation(cast: &mut Cast, amount: &str) -> Vec<(&'static str, String)> {
    let page = cast.seller.get(&cast.first(&format!("/refund?amount={amount}"))).await;
    assert_eq!(page.status, 200, "{}", page.text());
    ["amount", "seen", "key"].map(|name| (name, hidden_field(&page, name))).to_vec()
}

async fn give(cast: &mut Cast, fields: &[(&str, String)]) -> crate::browser::Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    cast.seller.post(&cast.deal.path("/milestones/1/refund"), &fields).await
}

both! {
    async fn a_part_and_then_the_rest_go_back_to_the_buyer(world) {
        let mut cast = Cast::funded(&world).await;
        cast.seller.get(&cast.first("")).await.shows("Give money back");
        let form = cast.seller.get(&cast.first("/refund")).await;
        form.shows("Left in this milestone 400.000 TND");
        assert!(form.body.contains(r#"value="400.000""#));
        let page = cast.seller.get(&cast.first("/refund?amount=100")).await;
        page.shows("Held for Bilel Seller (seller) 95.000 TND Held for Chiraz Broker (broker) 5.000 TND");
        page.shows("Platform fee 1.000 TND Back to the buyer 101.000 TND Left in this milestone 300.000 TND");
        page.shows("Give 101.000 TND back to Amel Buyer");
        page.shows("The rest stays held");
        assert_eq!(world.wallet(cast.deal.buyer).await, 0, "looking moves nothing");

        let part = confirmation(&mut cast, "100").await;
        let whole = confirmation(&mut cast, "400").await;
        let done = give(&mut cast, &part).await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let page = cast.seller.get(done.location()).await;
        page.shows("The money is back in the buyer’s wallet.");
        page.shows("Back to the buyer 101.000 TND");
        page.shows("Deliver “Design” by");
        let again = give(&mut cast, &part).await;
        cast.seller.get(again.location()).await.shows("This had already been done, so nothing was changed.");
        assert_eq!(world.wallet(cast.deal.buyer).await, 101_000);
        let too_much = give(&mut cast, &whole).await;
        assert_eq!(too_much.status, 422);
        too_much.shows("Insufficient funds in escrow. Available amount is 300.0");

        let rest = confirmation(&mut cast, "300").await;
        let done = give(&mut cast, &rest).await;
        cast.seller.get(done.location()).await.shows("The seller gave it back. The money went back to the buyer.");
        assert_eq!(world.wallet(cast.deal.buyer).await, 404_000);
        assert_eq!(world.escrow(&cast.deal).await.held_minor(), 606_000);
        assert!(matches!(world.escrow(&cast.deal).await.milestones[0].stage, MilestoneStage::Ended { .. }));
        cast.seller.get(&cast.first("/refund")).await.shows("This is not possible now.");
    }
}

both! {
    async fn an_amount_that_cannot_be_given_back_is_answered_at_its_field(world) {
        let mut cast = Cast::funded(&world).await;
        let seen = confirmation(&mut cast, "1").await;
        for (typed, sentence) in [
            ("400.001", "Insufficient funds in escrow. Available amount is 400.0"),
            ("0", "Enter an amount above zero."),
            ("", "Enter an amount."),
            ("1.0001", "TND has 3 decimals"),
            ("-5", "Write the amount in digits"),
        ] {
            let page = cast.seller.get(&cast.first(&format!("/refund?amount={typed}"))).await;
            assert_eq!(page.status, 422, "{typed}");
            page.shows(sentence);
            assert!(page.body.contains(r##"href="#amount""##) && page.body.contains(&format!(r#"value="{typed}""#)));
            let mut form = seen.clone();
            form[0].1 = typed.to_owned();
            let page = give(&mut cast, &form).await;
            assert_eq!(page.status, 422, "{typed}");
            page.shows(sentence);
        }
        for browser in [&mut cast.buyer, &mut cast.broker] {
            let path = cast.deal.path("/milestones/1/refund");
            browser.get(&path).await.shows("Only the seller can do this.");
            assert_eq!(browser.post(&path, &[("amount", "1")]).await.status, 422);
        }
        let stale = confirmation(&mut cast, "100").await;
        let first = confirmation(&mut cast, "50").await;
        assert_eq!(give(&mut cast, &first).await.status, 303);
        let stale = give(&mut cast, &stale).await;
        assert_eq!(stale.status, 409);
        stale.shows("no money moved");
        assert_eq!(world.wallet(cast.deal.buyer).await, 50_500);
    }
}
