//! The beginning and the end of a new escrow: which kind fits, and signing with the sending.

use crate::draft::{case_4, one_off};
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

both! {
    async fn whoever_sends_a_contract_can_sign_it_with_that(world) {
        let mut draft = case_4(&world).await;
        let check = draft.page("check").await;
        check.shows("Sign it at once as “Chiraz Broker”");
        let (seen, key) = (hidden_field(&check, "seen"), hidden_field(&check, "key"));
        let form = [("seen", seen.as_str()), ("key", key.as_str()), ("sign_now", "yes")];
        let sent = draft.sends("send", &form).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let escrow = sent.location().trim_end_matches("/sent").to_owned();
        draft.browser.get(&format!("{escrow}/contract")).await.shows("signed as “ Chiraz Broker ”");
        draft.browser.get(&escrow).await.hides("Read and sign");
        for email in ["buyer@example.com", "seller@example.com"] {
            let kinds = world.kinds(email).await;
            assert_eq!(kinds.first().map(String::as_str), Some("invited"), "{kinds:?}");
        }
    }
}

both! {
    async fn what_has_no_contract_cannot_be_signed_when_it_is_sent(world) {
        world.person("Bilel Seller").await;
        let (mut draft, _) = one_off(&world, "Amel Buyer", "amel.buyer@example.com", "buyer", "seller", "bilel.seller@example.com").await;
        draft.answers("kind", &[("kind", "one_off"), ("mode", "quick")], "parties").await;
        let check = draft.page("check").await;
        check.hides("Sign it at once");
        let (seen, key) = (hidden_field(&check, "seen"), hidden_field(&check, "key"));
        let page = draft.sends("send", &[("seen", seen.as_str()), ("key", key.as_str()), ("sign_now", "yes")]).await;
        page.is(422);
        page.shows("A quick escrow has no contract to sign");
    }
}
