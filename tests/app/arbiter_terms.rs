//! An arbiter in the making of terms: typed, checked, sent, changed by a counter-offer, and kept when a deal is
//! started again.

use holdfast::engine::terms::{DisputeHandler, Terms};

use crate::browser::Browser;
use crate::deal::ARBITER;
use crate::draft::case_4;
use crate::milestone::hidden_field;
use crate::world::both;

async fn draft_of(browser: &mut Browser, path: &str) -> String {
    let begun = browser.post(path, &[]).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    begun.location().trim_end_matches("/check").to_owned()
}

async fn sent(browser: &mut Browser, draft: &str) -> crate::browser::Page {
    let check = browser.get(&format!("{draft}/check")).await;
    let (seen, key) = (hidden_field(&check, "seen"), hidden_field(&check, "key"));
    browser.post(&format!("{draft}/send"), &[("seen", &seen), ("key", &key)]).await
}

both! {
    async fn an_arbiter_is_typed_checked_and_stands_in_the_contract(world) {
        let mut draft = case_4(&world).await;
        draft.page("disputes").await.shows("An arbiter whom you name");
        draft.page("check").await.shows("Disputes are decided by Holdfast’s operators");
        let fields = |name: &'static str, email: &'static str| {
            [("dispute_handler", "arbitration"), ("arbiter_name", name), ("arbiter", email), ("default_outcome", "halves")]
        };
        for (name, email, words) in [
            ("", ARBITER, "Enter the arbiter’s name."),
            ("Nadia", "", "Enter the arbiter’s email address."),
            ("Nadia", "nadia", "Enter an email address like name@example.com."),
            ("Nadia", "Seller@Example.com", "This address takes part in the deal."),
            ("Nadia", "broker@example.com", "This address takes part in the deal."),
        ] {
            let page = draft.sends("disputes", &fields(name, email)).await;
            page.is(422);
            page.shows(words);
            assert!(page.body.contains(&format!("value=\"{email}\"")), "{email} is kept");
        }
        draft.answers("disputes", &fields("Nadia Gharbi", " Nadia@Example.com "), "files").await;
        let check = draft.page("check").await;
        check.shows("Disputes are decided by Nadia Gharbi Nadia@Example.com");
        check.shows("The arbiter decides disputes and takes no other part. - Name: Nadia Gharbi - Email address: nadia@example.com");
        let done = draft.is_sent().await;
        assert_eq!(done.status, 303, "{}", done.text());
        let page = draft.browser.get(done.location().trim_end_matches("/sent")).await;
        page.shows("Disputes are decided by Nadia Gharbi (nadia@example.com), as the arbiter");
        assert_eq!(world.kinds(ARBITER).await, Vec::<String>::new(), "nobody has agreed yet");
    }
}

both! {
    async fn a_counter_offer_keeps_changes_or_drops_the_arbiter(world) {
        let terms = Terms { dispute_handler: DisputeHandler::Arbitration, ..world.case_4() };
        let deal = world.proposes(terms).await;
        let named = world.escrow(&deal).await.terms.arbiter;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        let draft = draft_of(&mut seller, &deal.path("/terms/propose")).await;
        let page = seller.get(&format!("{draft}/disputes")).await;
        assert!(page.body.contains("value=\"nadia@example.com\"") && page.body.contains("value=\"Nadia Gharbi\""));
        // Nothing was changed, and so nothing is new.
        seller.get(&format!("{draft}/check")).await.hides("Nadia Gharbi (nadia@example.com)");
        seller.post(&format!("{draft}/work"), &[("title", "A larger web shop"), ("contract_terms", "Work for money.")]).await;
        assert_eq!(sent(&mut seller, &draft).await.status, 303);
        assert_eq!(world.escrow(&deal).await.terms.arbiter, named, "the same one stays who he is");

        let mut buyer = world.signed_in("amel.buyer@example.com").await;
        let draft = draft_of(&mut buyer, &deal.path("/terms/propose")).await;
        let other = [
            ("dispute_handler", "arbitration"), ("arbiter_name", "Hedi Ayari"),
            ("arbiter", "hedi@example.com"), ("default_outcome", "halves"),
        ];
        assert_eq!(buyer.post(&format!("{draft}/disputes"), &other).await.status, 303);
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("Nadia Gharbi (nadia@example.com) Hedi Ayari (hedi@example.com)");
        assert_eq!(sent(&mut buyer, &draft).await.status, 303);
        assert_ne!(world.escrow(&deal).await.terms.arbiter, named);
        let compared = seller.get(&deal.path("/terms/compare?from=2&to=3")).await;
        compared.shows("Hedi Ayari (hedi@example.com)");

        let draft = draft_of(&mut seller, &deal.path("/terms/propose")).await;
        let nobody = [("dispute_handler", "platform"), ("default_outcome", "halves")];
        seller.post(&format!("{draft}/disputes"), &nobody).await;
        assert_eq!(sent(&mut seller, &draft).await.status, 303);
        assert_eq!(world.escrow(&deal).await.terms.arbiter, None);
        world.all_sign(&deal).await;
        for email in [ARBITER, "hedi@example.com"] {
            assert_eq!(world.kinds(email).await, Vec::<String>::new(), "{email}");
        }
    }
}

both! {
    async fn a_deal_started_again_names_the_same_arbiter(world) {
        let terms = Terms { dispute_handler: DisputeHandler::Arbitration, ..world.case_4() };
        let deal = world.proposes(terms).await;
        world.asks(&deal, deal.seller, holdfast::engine::command::Command::Withdraw).await;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        let draft = draft_of(&mut seller, &deal.path("/again")).await;
        let page = seller.get(&format!("{draft}/disputes")).await;
        assert!(page.body.contains("value=\"nadia@example.com\""));
        seller.get(&format!("{draft}/check")).await.shows("Nadia Gharbi nadia@example.com");
    }
}
