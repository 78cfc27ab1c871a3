//! A pay link made by the pages, from the questions that lead to it to the link that anybody opens; and what an
//! instant deal does not have, said where somebody looks for it.

use crate::draft::Draft;
use crate::guests::says;
use crate::milestone::hidden_field;
use crate::world::{World, both};

const SELLER: &str = "bilel.seller@example.com";

/// Through every page, with this price.
async fn written(world: &World, price: &str) -> Draft {
    let mut draft = Draft::start(world, "Bilel Seller", SELLER, "seller").await;
    let answers = "buyer=anyone&parts=no&written=no&look=no&pays=agreed";
    let path = format!("{}/guide?{answers}", draft.path);
    let page = draft.browser.get(&path).await;
    page.shows("A link that anybody can pay by");
    page.shows("You hand it over, and the money is released at once.");
    let taken = ["kind", "mode", "payment"].map(|name| (name, hidden_field(&page, name)));
    let taken: Vec<(&str, &str)> = taken.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(taken, [("kind", "one_off"), ("mode", "instant"), ("payment", "agreed")]);
    draft.answers("kind", &[&taken[..], &[("do", "next")]].concat(), "work").await;
    draft.page("work").await.hides("The parties’ own terms");
    draft.answers("work", &[("title", "A thousand coins")], "price").await;
    draft.answers("price", &[("currency", "TND"), ("amount", price)], "delivery").await;
    let page = draft.page("delivery").await;
    page.shows("Leave it empty for one day");
    page.hides("1 to 30 for the buyer");
    draft.answers("delivery", &[("delivery_days", "")], "fees").await;
    draft.answers("fees", &[("fee_payer", "seller")], "disputes").await;
    draft.answers("disputes", &[("default_outcome", "halves")], "files").await;
    draft
}

both! {
    async fn the_questions_lead_to_a_link_that_anybody_opens(world) {
        let mut draft = written(&world, "0.01").await;
        let check = draft.page("check").await;
        check.shows("Buyer Whoever pays by the link first");
        check.shows("The buyer pays All of it, by the link");
        check.shows("Delivered within 1 day after payment");
        check.shows("You get a link for one sale.");
        check.shows("Make the pay link");
        check.hides("to inspect");
        check.hides("Send to");
        let sent = draft.is_sent().await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let escrow = sent.location().trim_end_matches("/sent").to_owned();
        let on = draft.browser.get(sent.location()).await;
        assert_eq!(on.location(), format!("{escrow}/link"), "nobody was written to, so the link comes next");
        let page = draft.browser.get(on.location()).await;
        page.shows("Whoever pays 0.010 TND by it first buys");
        let at = page.body.find("/pay/").unwrap();
        let link: String = page.body[at..].chars().take_while(|letter| !"\"<& ".contains(*letter)).collect();
        let page = world.browser().get(&link).await;
        page.shows("A thousand coins");
        page.shows("0.010 TND");
        page.shows("You need no account.");
        assert_eq!(world.kinds(SELLER).await, ["link_ready"]);
        draft.browser.get(&link).await.shows("This is your own pay link, as a buyer sees it.");
    }
}

both! {
    async fn less_than_ten_millimes_is_refused_at_the_price(world) {
        let mut draft = written(&world, "0.01").await;
        let page = draft.sends("price", &[("currency", "TND"), ("amount", "0.009")]).await;
        page.is(422);
        page.shows("The smallest amount for this kind of deal is 0.010 TND.");
        assert!(page.body.contains("value=\"0.009\""), "what was typed stays");
    }
}

both! {
    async fn only_the_seller_makes_a_link(world) {
        let mut draft = Draft::start(&world, "Amel Buyer", "amel.buyer@example.com", "buyer").await;
        let page = draft.sends("kind", &[("kind", "one_off"), ("mode", "instant")]).await;
        let said = if page.status == 303 { draft.page("check").await } else { page };
        said.shows("Only the seller makes a pay link. Choose “I am selling”, or another kind of deal.");
    }
}

both! {
    async fn who_looks_for_a_contract_or_an_inspection_reads_that_there_is_none(world) {
        let mut draft = written(&world, "10").await;
        let sent = draft.is_sent().await;
        let escrow = sent.location().trim_end_matches("/sent").to_owned();
        let page = draft.browser.get(&format!("{escrow}/contract/sign")).await;
        page.shows("An instant escrow has no contract to sign");
        let link = draft.browser.get(&format!("{escrow}/link")).await;
        let at = link.body.find("/pay/").unwrap();
        let link: String = link.body[at..].chars().take_while(|letter| !"\"<& ".contains(*letter)).collect();
        world.person("Amel Buyer").await;
        let mut buyer = world.signed_in("amel.buyer@example.com").await;
        let page = buyer.get(&link).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        buyer.post(&link, &[("method", "sandbox"), ("seen", &seen), ("key", &key)]).await.is(303);
        let deal = world.deal_of(escrow.trim_start_matches("/escrows/")).await;
        says(&world, &deal, true).await;
        for below in ["/milestones/1/approve", "/milestones/1/inspect"] {
            let page = buyer.get(&deal.path(below)).await;
            page.shows("An instant escrow is complete when it is delivered");
        }
    }
}

impl World {
    async fn deal_of(&self, reference: &str) -> crate::deal::Deal {
        let mut reader = self.app.db.read().await.unwrap();
        let found =
            holdfast::store::escrows::by_reference(&mut reader.conn(), reference).await.unwrap().unwrap();
        let nobody = uuid::Uuid::nil();
        crate::deal::Deal {
            escrow: found.id,
            reference: reference.to_owned(),
            buyer: nobody,
            seller: found.creator,
            broker: None,
        }
    }
}
