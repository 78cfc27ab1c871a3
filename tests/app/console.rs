//! What operators see of everybody's escrows, payments and books.

use holdfast::engine::command::Command;
use holdfast::store::execute::{Outcome, Request, Who};
use time::Duration;
use uuid::Uuid;

use crate::browser::Browser;
use crate::guests::{buys, for_sale, says};
use crate::home::{BROKER, BUYER, SELLER, cast, many, pages, references};
use crate::world::{World, both};

const OPERATOR: &str = "olfa@example.com";

async fn operator(world: &World) -> Browser {
    cast(world).await;
    world.operator(OPERATOR).await;
    world.signed_in(OPERATOR).await
}

both! {
    async fn the_console_counts_what_waits_and_says_whether_the_books_balance(world) {
        let mut olfa = operator(&world).await;
        let page = olfa.get("/admin").await;
        page.shows("The ledger is balanced, verified just now: 0 entries in 0 currencies.");
        page.shows("0 wait for signatures");
        many(&world, 2).await;
        let deal = world.funded().await;
        world.app.clock.advance(Duration::days(2));
        let page = olfa.get("/admin").await;
        page.shows("2 wait for signatures the oldest 2 days ago");
        page.shows("1 hold money");
        page.shows("4 people");
        page.shows("balanced, verified just now: 6 entries in 1 currency.");

        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE balances SET amount_minor = amount_minor + 1 WHERE escrow_id = $1 AND account LIKE '%/1/seller'";
        assert_eq!(holdfast::exec!(&mut tx.conn(), sql, deal.escrow).unwrap(), 1);
        tx.commit().await.unwrap();
        olfa.get("/admin").await.shows("The ledger is not balanced.");
        let page = olfa.get("/admin/ledger").await;
        page.shows("the balance is 380001, the entries come to 380000");
        page.shows("the state says 1,010.000 TND held and 0.000 TND payable, the accounts 1,010.001 TND held");
        let page = olfa.get(&format!("/admin/escrows/{}", deal.reference)).await;
        page.shows("Held for the seller, milestone 1: the state says 380.000 TND, the account holds 380.001 TND");
    }
}

both! {
    async fn the_ledger_shows_every_total_and_its_entries_in_pages(world) {
        let mut olfa = operator(&world).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        let page = olfa.get("/admin/ledger").await;
        page.shows("Holds: Every currency sums to zero: 11 entries in 1 currency.");
        page.shows("TND 11 entries 606.000 0.000 400.000 4.000 \u{2212}1,010.000 0.000");
        page.shows("Payable to the seller, milestone 1");
        page.shows(SELLER);
        for deal in many(&world, 12).await {
            world.all_sign(&deal).await;
            world.pays(&deal).await;
        }
        let mut all = pages(&mut olfa, "/admin/ledger").await.concat();
        all.dedup();
        assert_eq!(all.len(), 13, "one run of entries for each escrow: {all:?}");
        let one = pages(&mut olfa, &format!("/admin/escrows/{}/ledger", deal.reference)).await;
        assert_eq!(one.concat(), [&*deal.reference]);
    }
}

both! {
    async fn an_operator_finds_escrows_by_stage_reference_address_and_title(world) {
        let mut olfa = operator(&world).await;
        let deals = many(&world, 28).await;
        let mut oldest_first: Vec<String> = deals.iter().map(|deal| deal.reference.clone()).collect();
        let shop = world.funded().await;
        let mut terms = world.one_off(70_000);
        terms.title = "Élan_100% & <b>".to_owned();
        let odd = world.proposes(terms).await;
        oldest_first.push(odd.reference.clone());

        let queue = pages(&mut olfa, "/admin/escrows?stage=proposed").await;
        assert_eq!(queue.iter().map(Vec::len).collect::<Vec<_>>(), [25, 4]);
        assert_eq!(queue.concat(), oldest_first);
        assert_eq!(pages(&mut olfa, "/admin/escrows").await.concat().len(), 30);
        assert_eq!(pages(&mut olfa, "/admin/escrows?stage=active").await.concat(), [&*shop.reference]);
        assert_eq!(pages(&mut olfa, "/admin/escrows?stage=closed").await.concat().len(), 0);

        let found = olfa.get(&format!("/admin/escrows?q={}", shop.reference.to_lowercase())).await;
        assert_eq!(found.location(), format!("/admin/escrows/{}", shop.reference));
        assert_eq!(references(&olfa.get(&format!("/admin/escrows?q={BROKER}")).await), [&*shop.reference]);
        assert_eq!(pages(&mut olfa, &format!("/admin/escrows?q={}", BUYER.to_uppercase())).await.concat().len(), 30);
        for title in ["%C3%89LAN", "n_100%25", "%26+%3Cb%3E"] {
            let page = olfa.get(&format!("/admin/escrows?q={title}")).await;
            assert_eq!(references(&page), [&*odd.reference], "{title}");
        }
        let part = &shop.reference[4..8].to_lowercase();
        olfa.get(&format!("/admin/search?q={part}")).await.shows(&shop.reference);
        for nothing in ["nobody@example.com", "b_shop", "ESC-0000-0000"] {
            olfa.get(&format!("/admin/escrows?q={nothing}")).await.shows("No escrows found");
        }
        assert_eq!(olfa.get("/admin/escrows/ESC-0000-0000").await.status, 404);
        assert_eq!(olfa.get("/admin/escrows/ESC-0000-0000/history").await.status, 404);
        assert_eq!(olfa.get("/admin/escrows/ESC-0000-0000/mails").await.status, 404);
        assert_eq!(olfa.get("/admin/escrows/ESC-0000-0000/ledger").await.status, 404);
    }
}

both! {
    async fn an_operator_sees_everything_of_one_escrow(world) {
        let mut olfa = operator(&world).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        let path = format!("/admin/escrows/{}", deal.reference.to_lowercase());
        let page = olfa.get(&path).await;
        for words in [
            "The accounts hold what the state says, compared just now: 606.000 TND held, 0.000 TND payable.",
            "Buyer Amel Buyer amel.buyer@example.com Signed",
            "Delivery, milestone 2 (seller)",
            "1. Design Released",
            "Platform fee 6.000 TND 6.000 TND 0.000 TND",
            "Deposit by sandbox",
            "Payout to the wallet",
            "With a signed contract, 2 milestones",
        ] {
            page.shows(words);
        }
        let page = olfa.get(&format!("{path}/history")).await;
        page.shows("The chain holds, followed just now:");
        page.shows("Amel Buyer (buyer) approved “Design”: 400.000 TND was released");
        olfa.get(&format!("{path}/mails")).await.shows(BROKER);

        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE escrows SET document = replace(document, 'A web shop', 'A web stop') WHERE id = $1";
        assert_eq!(holdfast::exec!(&mut tx.conn(), sql, deal.escrow).unwrap(), 1);
        tx.commit().await.unwrap();
        olfa.get(&format!("{path}/history")).await.shows("The events make another state than the stored one.");
        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE escrows SET head = $2 WHERE id = $1";
        assert_eq!(holdfast::exec!(&mut tx.conn(), sql, deal.escrow, &[7_u8; 32][..]).unwrap(), 1);
        tx.commit().await.unwrap();
        olfa.get(&format!("{path}/history")).await.shows("The chain ends elsewhere");
    }
}

both! {
    async fn payments_are_listed_by_what_became_of_them(world) {
        let mut olfa = operator(&world).await;
        let deals = many(&world, 28).await;
        let mut payments = Vec::new();
        for deal in &deals {
            world.all_sign(deal).await;
            world.app.clock.advance(Duration::seconds(1));
            payments.push(world.starts_to_pay(deal).await);
        }
        let reason = "The card was refused.".to_owned();
        let failed = Command::ChargeFailed { payment: payments[0], reason };
        let request = Request::new(deals[0].escrow, Who::Rail, failed);
        assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);

        let pending = pages(&mut olfa, "/admin/payments?state=pending").await;
        assert_eq!(pending.iter().map(Vec::len).collect::<Vec<_>>(), [25, 2]);
        let oldest_first: Vec<String> = deals[1..].iter().map(|deal| deal.reference.clone()).collect();
        assert_eq!(pending.concat(), oldest_first);
        let page = olfa.get("/admin/payments?state=failed").await;
        assert_eq!(references(&page), [&*deals[0].reference]);
        page.shows("The card was refused.");
        page.shows(BUYER);
        assert_eq!(pages(&mut olfa, "/admin/payments").await.concat().len(), 28);
        let page = olfa.get("/admin").await;
        page.shows("27 payments pending");
        page.shows("1 payments failed in 7 days");
        let (tasks, rest) = page.body.split_once("payments pending").unwrap();
        assert!(!tasks.contains("payments failed") && rest.contains("payments failed"), "it is no task");
        world.app.clock.advance(Duration::days(8));
        olfa = world.signed_in(OPERATOR).await;
        olfa.get("/admin").await.shows("0 payments failed in 7 days");
    }
}

both! {
    async fn a_guest_is_called_what_he_typed_and_his_mails_say_where_they_go(world) {
        let mut olfa = operator(&world).await;
        let (deal, link) = for_sale(&world).await;
        // The address of somebody with an account, so that he buys as a stand-in.
        buys(&mut world.browser(), &link, BUYER, &[]).await.is(303);
        says(&world, &deal, true).await;
        let (other, link) = for_sale(&world).await;
        buys(&mut world.browser(), &link, "gamal.guest@example.com", &[]).await.is(303);
        says(&world, &other, true).await;
        assert_eq!(world.kinds(BUYER).await, ["bought"]);
        let mails = olfa.get("/admin/mail").await;
        mails.shows(BUYER);
        let mail = olfa.get(&format!("/admin/escrows/{}/mails", deal.reference)).await;
        mail.shows(BUYER);
        let sql = "SELECT id FROM outbox WHERE escrow_id = $1 AND kind = 'bought'";
        let mut db = world.app.db.read().await.unwrap();
        let (bought,) = holdfast::one!(&mut db.conn(), (Uuid,), sql, deal.escrow).unwrap();
        drop(db);
        olfa.get(&format!("/admin/mail/{bought}")).await.shows(&format!("To {BUYER}"));
        let page = olfa.get(&format!("/admin/escrows/{}", deal.reference)).await;
        page.shows(&format!("Gamal Guest {BUYER}"));
        let page = olfa.get("/admin/users").await;
        page.shows("Gamal Guest gamal.guest@example.com");
        page.shows(&format!("Gamal Guest {BUYER}"));
        page.shows("Guest of one purchase");
        page.hides("No name yet");
        let page = olfa.get("/admin/search?q=gamal+guest").await;
        page.shows("Gamal Guest gamal.guest@example.com Guest of one purchase");
        let id = world.person_of("gamal.guest@example.com").await.unwrap();
        let page = olfa.get(&format!("/admin/users/{id}")).await;
        page.shows("Gamal Guest");
        page.shows("Guest of one purchase");
        page.shows(&other.reference);
        olfa.get(&format!("/admin/escrows?q={BUYER}")).await.shows(&deal.reference);
    }
}

both! {
    async fn a_mail_that_fails_can_be_tried_before_it_is_given_up(world) {
        let mut olfa = operator(&world).await;
        world.proposed().await;
        let later = world.app.clock.now().plus_days(1);
        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE outbox SET attempts = 2, last_error = 'Nobody answers.', next_at = $1";
        assert!(holdfast::exec!(&mut tx.conn(), sql, later).unwrap() > 0);
        tx.commit().await.unwrap();
        let page = olfa.get("/admin/jobs").await;
        page.shows("Nobody answers.");
        let retry = page.body.split("action=\"").find(|rest| rest.starts_with("/admin/jobs/mails/")).unwrap();
        let retry = retry.split('"').next().unwrap().to_owned();
        olfa.submit(&retry, &[]).await.shows("It is tried again now.");
        assert_eq!(holdfast::work::mails::run_due(&world.app).await.unwrap(), 1);
    }
}
