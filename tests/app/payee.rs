//! What a payee sees: his own lines, and nothing of what others pay, receive or write.

use holdfast::engine::party::Role;
use holdfast::engine::terms::Recipient;
use holdfast::store::execute::Outcome;
use holdfast::store::proposals::{Named, Proposal, propose};

use crate::browser::Browser;
use crate::deal::Deal;
use crate::home::{BUYER, SELLER};
use crate::world::both;

both! {
    async fn a_payee_sees_his_own_line_and_no_other(world) {
        let [_, bilel, dorra] = [
            world.account("Amel Buyer", BUYER).await,
            world.account("Bilel Seller", SELLER).await,
            world.account("Dorra Payee", "dorra@example.com").await,
        ];
        let mut terms = world.one_off(100_000);
        terms.milestones[0].recipients = vec![
            Recipient { user: bilel, amount_minor: 71_000 },
            Recipient { user: dorra, amount_minor: 29_000 },
        ];
        let parties = [(Role::Buyer, BUYER), (Role::Seller, SELLER), (Role::Payee, "dorra@example.com")];
        let parties = parties.map(|(role, email)| (role, email.to_owned())).to_vec();
        let key = world.app.clock.secret();
        let named = Named::default();
        let proposal = Proposal { creator: bilel, parties, terms, named, key, draft: None };
        let proposed = propose(&world.app.db, &world.app.clock, &proposal).await.unwrap();
        assert_eq!(proposed.executed.outcome, Outcome::Done);
        let buyer = world.person("Amel Buyer").await;
        let (escrow, reference) = (proposed.escrow, proposed.reference);
        let deal = Deal { escrow, reference, buyer, seller: bilel, broker: None };
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        let mut dorra = world.signed_in("dorra@example.com").await;
        let page = dorra.get(&deal.path("")).await;
        page.shows("You receive in all 29.000 TND");
        page.shows("29.000 TND 0.000 TND 0.000 TND");
        world.delivers(&deal, 1).await;
        let command = holdfast::engine::command::Command::Say { text: "Between us.".to_owned(), files: Vec::new() };
        assert_eq!(world.asks(&deal, deal.buyer, command).await, Outcome::Done);
        let seen = everything(&mut dorra, &deal).await;
        assert_eq!(seen, 7, "pages that are there for a payee");
        world.approves(&deal, 1).await;
        let page = dorra.get(&deal.path("")).await;
        page.shows("29.000 TND 29.000 TND 29.000 TND");
        everything(&mut dorra, &deal).await;
        for mail in world.mails().await.into_iter().filter(|mail| mail.to == "dorra@example.com") {
            for hidden in HIDDEN {
                assert!(!mail.text.contains(hidden), "{hidden}: {}", mail.text);
            }
        }
    }
}

/// What of the deal with a payee is none of his business: sums, texts, addresses.
const HIDDEN: [&str; 9] = [
    "71.000",
    "100.000",
    "101.000",
    "71000",
    "100000",
    "Work for money.",
    "Here it is.",
    "Between us.",
    "It is documented",
];

/// Every page below an escrow, and those where its money shows, as its payee reads them; how many are there.
async fn everything(payee: &mut Browser, deal: &Deal) -> usize {
    let mut paths: Vec<String> =
        ["/home", "/escrows", "/balances", "/balances/TND", "/notifications"].map(str::to_owned).to_vec();
    for route in holdfast::web::routes().listed() {
        let is_page = route.method == axum::http::Method::GET;
        if is_page && route.access == holdfast::web::routes::Access::Party {
            let path = route.path.replace("{reference}", &deal.reference).replace("{number}", "1");
            paths.push(path.replace("{v}", "1").replace("{p}", "1"));
        }
    }
    let mut there = 0;
    for path in paths {
        let page = payee.get(&path).await;
        there += usize::from(page.status == 200);
        for hidden in HIDDEN {
            assert!(!page.body.contains(hidden), "{path} tells {hidden}");
        }
        assert!(page.status == 404 || !path.contains("/contract"), "{path}");
    }
    there
}
