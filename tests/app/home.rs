//! What people see of their own: what needs them, their escrows, their money, their notices.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::escrow::Method;
use holdfast::money::Currency;
use holdfast::store::execute::Outcome;
use holdfast::store::ledger;
use time::Duration;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::milestone::hidden_field;
use crate::world::{PASSWORD, World, both};

pub const BUYER: &str = "amel.buyer@example.com";
pub const SELLER: &str = "bilel.seller@example.com";
pub const BROKER: &str = "chiraz.broker@example.com";

/// The three of the worked case, with passwords.
pub async fn cast(world: &World) {
    for (name, email) in [("Amel Buyer", BUYER), ("Bilel Seller", SELLER), ("Chiraz Broker", BROKER)] {
        world.account(name, email).await;
    }
}

/// So many one-off deals of 50 dinars, sent by the seller a second apart; their references, the oldest first.
pub async fn many(world: &World, count: usize) -> Vec<Deal> {
    let mut deals = Vec::new();
    for _ in 0..count {
        world.app.clock.advance(Duration::seconds(1));
        deals.push(world.proposes(world.one_off(50_000)).await);
    }
    deals
}

/// Every reference that stands on a page, in its order.
pub fn references(page: &Page) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in page.body.match_indices("<bdi dir=\"ltr\">ESC-") {
        let reference = page.body[at + 15..at + 28].to_owned();
        if found.last() != Some(&reference) {
            found.push(reference);
        }
    }
    found
}

/// The link to the page behind this one.
pub fn older(page: &Page) -> Option<String> {
    let at = page.body.find("rel=\"next\"")?;
    let rest = &page.body[at..];
    let from = rest.find("href=\"")? + 6;
    let link = rest[from..].split('"').next()?;
    Some(link.replace("&#38;", "&"))
}

/// The references of a list, page by page to its end.
pub async fn pages(browser: &mut Browser, first: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        next = older(&page);
        all.push(references(&page));
    }
    all
}

both! {
    async fn the_first_page_says_what_needs_its_reader_and_leads_there(world) {
        cast(&world).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;

        let page = world.signed_in(BUYER).await.get("/home").await;
        page.shows("Inspect the delivery: Design");
        page.shows("Thu 7 May 2026, 10:00 (Tunis) in 3 days");
        assert!(page.body.contains(&format!("href=\"{}\"", deal.path("/milestones/1/inspect"))));
        page.shows("Paid in by you, held 1,010.000 TND");
        page.shows("Held for you 0.000 TND");

        let page = world.signed_in(SELLER).await.get("/home").await;
        page.shows("Deliver the work: Shop");
        assert!(page.body.contains(&format!("href=\"{}\"", deal.path("/milestones/2/deliver"))));
        page.shows("Held for you 950.000 TND");
        page.hides("Paid in by you");

        let page = world.signed_in(BROKER).await.get("/home").await;
        page.shows("Nothing waits for you now");
        page.shows("Held for you 50.000 TND");
        page.shows("A web shop");
    }
}

both! {
    async fn every_task_leads_to_a_page_where_it_can_be_done(world) {
        let passwords = world.app.passwords.hash(&world.app.clock, PASSWORD.to_owned()).await.unwrap();
        holdfast::demo::fill(&world.app.db, world.app.clock.now(), &passwords).await.unwrap();
        let mut kinds = BTreeSet::new();
        for (email, _) in holdfast::demo::PEOPLE {
            let mut browser = world.signed_in(email).await;
            let home = browser.get("/home").await;
            let mut links: Vec<String> = home
                .body
                .match_indices("<th scope=\"row\"><a href=\"/escrows/ESC-")
                .map(|(at, _)| home.body[at + 25..].split('"').next().unwrap().to_owned())
                .collect();
            // What does not fit there stands in the list: a task is a link below the escrow's own page.
            let mut older = Some("/escrows".to_owned());
            while let Some(path) = older {
                let body = browser.get(&path).await.body.replace("&#38;", "&");
                let hrefs = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
                let tasks = hrefs.filter(|href| href.starts_with("/escrows/ESC-") && href.matches('/').count() > 2);
                links.extend(tasks.map(str::to_owned));
                let next = body.split("rel=\"next\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1));
                older = next.and_then(|rest| rest.split('"').next()).map(str::to_owned);
            }
            for link in links {
                let mut page = browser.get(&link).await;
                // A list of one dispute leads on to it.
                if page.status == 303 {
                    page = browser.get(page.location()).await;
                }
                assert_eq!(page.status, 200, "{link}");
                kinds.insert(link.rsplit('/').next().unwrap().to_owned());
            }
        }
        for kind in ["sign", "pay", "deliver", "inspect", "cancel"] {
            assert!(kinds.contains(kind), "nobody is to {kind}: {kinds:?}");
        }
    }
}

both! {
    async fn whoever_is_new_is_asked_on_which_side_he_stands(world) {
        cast(&world).await;
        world.account("Dora", "dora@example.com").await;
        world.funded().await;
        let mut dora = world.signed_in("dora@example.com").await;
        let page = dora.get("/home").await;
        page.shows("I am selling");
        page.shows("I am buying");
        for path in ["/home", "/escrows", "/balances", "/balances/TND", "/notifications"] {
            let page = dora.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            page.hides("ESC-");
            page.hides("A web shop");
            page.hides("950.000");
        }
        dora.get("/balances/tnd").await.is(404);
        dora.get("/balances/XAU").await.is(404);
        let draft = dora.submit("/escrows/new", &[("role", "seller")]).await;
        draft.is(200);
        let page = dora.get("/home").await;
        page.hides("I am selling");
        page.shows("Drafts");
        let at = page.body.find("href=\"/escrows/new/").unwrap() + 6;
        let link = page.body[at..].split('"').next().unwrap().to_owned();
        assert!(dora.get("/escrows?show=drafts").await.body.contains(&link));
        assert!([200, 303].contains(&dora.get(&link).await.status));
    }
}

both! {
    async fn a_list_of_many_escrows_comes_in_pages_of_25_and_misses_none(world) {
        cast(&world).await;
        let deals = many(&world, 31).await;
        let mut newest_first: Vec<String> = deals.iter().map(|deal| deal.reference.clone()).collect();
        newest_first.reverse();
        let mut buyer = world.signed_in(BUYER).await;
        for list in ["/escrows", "/escrows?show=open", "/escrows?show=needs-me"] {
            let pages = pages(&mut buyer, list).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [25, 6], "{list}");
            assert_eq!(pages.concat(), newest_first, "{list}");
        }
        let tasks = buyer.get("/home").await;
        tasks.shows("Everything that needs you");
        let broken = buyer.get("/escrows?before=nonsense&show=nonsense").await;
        assert_eq!((broken.status, references(&broken).len()), (200, 25));
    }
}

both! {
    async fn the_filters_of_the_list_part_what_is_open_from_what_is_over(world) {
        cast(&world).await;
        let deals = many(&world, 3).await;
        let [proposed, declined, paid] = &deals[..] else { panic!() };
        let decline = Command::Decline { reason: "Too dear.".to_owned() };
        assert_eq!(world.asks(declined, declined.buyer, decline).await, Outcome::Done);
        world.all_sign(paid).await;
        world.pays(paid).await;

        let mut buyer = world.signed_in(BUYER).await;
        let names = |deals: &[&Deal]| deals.iter().map(|deal| deal.reference.clone()).collect::<BTreeSet<_>>();
        for (list, wanted) in [
            ("/escrows", names(&[proposed, declined, paid])),
            ("/escrows?show=open", names(&[proposed, paid])),
            ("/escrows?show=over", names(&[declined])),
            ("/escrows?show=needs-me", names(&[proposed])),
            ("/escrows?show=drafts", names(&[])),
        ] {
            let page = buyer.get(list).await;
            assert_eq!(references(&page).into_iter().collect::<BTreeSet<_>>(), wanted, "{list}");
        }
        buyer.get("/escrows?show=drafts").await.shows("No drafts");
        let page = world.signed_in(SELLER).await.get("/escrows?show=needs-me").await;
        assert_eq!(references(&page).into_iter().collect::<BTreeSet<_>>(), names(&[proposed, paid]));
    }
}

both! {
    async fn an_escrow_is_found_by_its_reference_by_its_parties_alone(world) {
        cast(&world).await;
        world.account("Dora", "dora@example.com").await;
        let deal = world.proposed().await;
        let typed = deal.reference.to_lowercase().replace('-', "+");
        let mut buyer = world.signed_in(BUYER).await;
        let found = buyer.get(&format!("/escrows?q={typed}")).await;
        assert_eq!((found.status, found.location()), (303, deal.path("").as_str()));
        let mut dora = world.signed_in("dora@example.com").await;
        let missing = dora.get(&format!("/escrows?q={}", deal.reference)).await;
        assert_eq!(missing.status, 200);
        missing.shows("None of these escrows has");
        missing.hides("A logo");
        buyer.get("/escrows?q=%3Cb%3E").await.shows("None of these escrows has “ <b> ” in its title");
    }
}

async fn statement(world: &World, user: Uuid, currency: Currency) -> Vec<ledger::StatementLine> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let mut reader = world.app.db.read().await.unwrap();
        let lines = ledger::statement(&mut reader.conn(), user, currency, before, 7).await.unwrap();
        let Some(last) = lines.last() else { return all };
        before = Some(last.id);
        all.extend(lines);
    }
}

both! {
    async fn a_wallets_statement_comes_to_its_balance_line_by_line(world) {
        cast(&world).await;
        let deals = many(&world, 27).await;
        for deal in &deals {
            world.all_sign(deal).await;
            world.pays(deal).await;
            world.delivers(deal, 1).await;
            world.approves(deal, 1).await;
        }
        // The seller of them pays for something himself, from what he earned.
        let bought = world.proposes(world.one_off(30_000)).await;
        world.all_sign(&bought).await;
        let seller = bought.seller;
        let tnd = Currency::from_code("TND").unwrap();
        let lines = statement(&world, seller, tnd).await;
        assert_eq!(lines.len(), 27);
        assert_eq!(lines.iter().map(|line| line.change_minor).sum::<i64>(), world.wallet(seller).await);
        for two in lines.windows(2) {
            assert_eq!(two[0].after_minor, two[1].after_minor + two[0].change_minor);
        }
        assert_eq!(lines[0].after_minor, world.wallet(seller).await);

        let mut browser = world.signed_in(SELLER).await;
        browser.get("/balances").await.shows("In your wallet 1,350.000 TND");
        let first = browser.get("/balances/TND").await;
        first.shows("Released to you, milestone 1");
        first.shows("+50.000 TND 1,350.000 TND");
        let pages = pages(&mut browser, "/balances/TND").await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [25, 2]);
        let buyers = world.signed_in(BUYER).await.get("/balances/TND").await;
        buyers.shows("Nothing has moved in or out yet");
        buyers.hides("1,350.000");
    }
}

both! {
    async fn what_is_paid_from_a_wallet_stands_on_its_statement_also_when_nothing_is_left(world) {
        cast(&world).await;
        let first = world.proposes(world.one_off(50_000)).await;
        world.all_sign(&first).await;
        world.pays(&first).await;
        // Nothing is delivered: the money goes back to the buyer's wallet by itself, the fee with it.
        for _ in 0..40 {
            world.app.clock.advance(Duration::days(1));
            holdfast::store::execute::tick(&world.app.db, &world.app.clock, first.escrow).await.unwrap();
        }
        assert_eq!(world.wallet(first.buyer).await, 50_500);
        let again = world.proposes(world.one_off(50_000)).await;
        world.all_sign(&again).await;
        assert_eq!(world.starts_charge(&again, Method::Wallet).await, Outcome::Done);
        assert_eq!(world.wallet(again.buyer).await, 0);
        let mut buyer = world.signed_in(BUYER).await;
        buyer.get("/balances").await.shows("In your wallet 0.000 TND");
        let page = buyer.get("/balances/TND").await;
        for words in ["Platform fee, back to you", "Back to you, milestone 1", "Paid into escrow", "Platform fee, paid into escrow"] {
            page.shows(words);
        }
        page.shows("\u{2212}50.000 TND");
        let tnd = Currency::from_code("TND").unwrap();
        let lines = statement(&world, first.buyer, tnd).await;
        assert_eq!(lines.iter().map(|line| line.change_minor).collect::<Vec<_>>().len(), 4);
        assert_eq!(lines.iter().map(|line| line.change_minor).sum::<i64>(), 0);
    }
}

/// What the button of the page sends.
fn upto(page: &Page) -> String {
    let at = page.body.find("name=\"upto\" value=\"").unwrap() + 19;
    page.body[at..at + 36].to_owned()
}

both! {
    async fn notices_are_unread_in_words_until_their_reader_says_so(world) {
        cast(&world).await;
        many(&world, 30).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get("/notifications").await;
        page.shows("30 unread");
        page.shows("The seller invites you to an escrow: A web shop");
        assert_eq!(page.text().matches("Unread").count(), 25);
        assert_eq!(pages(&mut buyer, "/notifications").await.iter().map(Vec::len).collect::<Vec<_>>(), [25, 5]);

        // One more comes between the page and its button: it stays unread.
        many(&world, 1).await;
        let page = buyer.submit("/notifications/read", &[("upto", &upto(&page))]).await;
        page.shows("Marked as read.");
        page.shows("1 unread");
        assert_eq!(page.text().matches("Unread").count(), 1);
        let page = buyer.submit("/notifications/read", &[("upto", &upto(&page))]).await;
        page.hides("unread");
        page.hides("Mark all as read");
        assert_eq!(buyer.post("/notifications/read", &[("upto", "x")]).await.status, 400);
        assert_eq!(buyer.post("/notifications/read", &[]).await.status, 400);

        // Following one reads it and those before it about the same escrow, and nobody else's.
        many(&world, 2).await;
        let page = buyer.get("/notifications").await;
        page.shows("2 unread");
        let id = hidden_field(&page, "id");
        world.signed_in(SELLER).await.post("/notifications/open", &[("id", &id)]).await.is(404);
        let page = buyer.post("/notifications/open", &[("id", &id)]).await;
        page.is(303);
        assert!(page.location().starts_with("/escrows/ESC-"), "{}", page.location());
        buyer.get("/notifications").await.shows("1 unread");

        // The seller's own are still as they were.
        world.signed_in(SELLER).await.get("/notifications").await.shows("33 unread");
    }
}

both! {
    async fn the_header_counts_no_further_than_99(world) {
        cast(&world).await;
        let deal = world.proposed().await;
        let mut tx = world.app.db.write().await.unwrap();
        let sql = "INSERT INTO notifications (id, user_id, escrow_id, reference, title, notice, created_at)
                   VALUES ($1, $2, $3, 'ESC-0000-0000', 'Of another version', '{}', $4)";
        for _ in 0..120 {
            let (id, now) = (world.app.clock.id(), world.app.clock.now());
            holdfast::exec!(&mut tx.conn(), sql, id, deal.buyer, deal.escrow, now).unwrap();
        }
        tx.commit().await.unwrap();
        let page = world.signed_in(BUYER).await.get("/notifications").await;
        page.shows("99+ unread");
        page.shows("News of Of another version");
    }
}
