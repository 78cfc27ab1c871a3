//! Help with the kind of deal: a few questions, and what fits.

use crate::milestone::hidden_field;
use crate::world::both;

both! {
    async fn a_few_questions_lead_to_the_kind_of_deal(world) {
        world.person("Amel Buyer").await;
        let mut amel = world.signed_in("amel.buyer@example.com").await;
        let draft = amel.post("/escrows/new", &[("role", "buyer")]).await.location().replace("/kind", "");
        amel.get(&format!("{draft}/kind")).await.shows("Answer a few questions about your deal");
        let guide = format!("{draft}/guide");
        let page = amel.get(&guide).await;
        page.hides("This fits");
        page.hides("Who is the buyer?");
        let page = amel.get(&format!("{guide}?parts=no&written=no&look=&pays=agreed")).await;
        page.is(422);
        page.shows("Choose the answer that comes nearest.");
        let page = amel.get(&format!("{guide}?parts=no&written=no&look=yes&pays=first")).await;
        page.shows("A quick deal with a proof first");
        page.shows("it goes back if he declines");
        let taken = [("kind", "one_off"), ("mode", "quick_proof"), ("payment", "first"), ("do", "next")];
        for (name, value) in &taken[..3] {
            assert_eq!(hidden_field(&page, name), *value);
        }
        assert_eq!(amel.post(&format!("{draft}/kind"), &taken).await.location(), format!("{draft}/parties"));
        let page = amel.get(&format!("{draft}/kind")).await;
        for value in ["one_off", "quick_proof", "first"] {
            assert!(page.body.contains(&format!("value=\"{value}\" checked")), "{value}");
        }
        world.person("Bilel Seller").await;
        let mut stranger = world.signed_in("bilel.seller@example.com").await;
        assert_eq!(stranger.get(&guide).await.status, 404);
    }
}
