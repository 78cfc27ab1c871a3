//! The rules that operators set: what a deal costs and on which terms, by versions with a start.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::Method;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{FeeSchedule, Terms};
use holdfast::money::Currency;
use holdfast::operators::{self, Set};
use holdfast::store::execute::{Outcome, tick};
use holdfast::store::fees::{self, Rules};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::guests::{GUEST, buys, for_sale};
use crate::home::{BUYER, cast};
use crate::milestone::hidden_field;
use crate::world::{PASSWORD, World, both};

const OLFA: &str = "olfa@example.com";
const CALCULATOR: &str = "/fees?amount=1000&currency=TND&fee-payer=buyer&commission-kind=none";

async fn operator(world: &World) -> Browser {
    cast(world).await;
    world.operator(OLFA).await;
    world.signed_in(OLFA).await
}

/// Sends a form of the console, reads what it comes to, and confirms that.
async fn sets(olfa: &mut Browser, path: &str, form: &[(&str, &str)]) -> Page {
    let asked = olfa.post(path, form).await;
    asked.is(200);
    asked.shows("can’t be changed or taken back");
    olfa.submit(path, &[form, &[("step", "confirm")]].concat()).await
}

async fn fee(world: &World, code: &str) -> FeeSchedule {
    let mut reader = world.app.db.read().await.unwrap();
    let current = fees::current(&mut reader.conn(), world.app.clock.now()).await.unwrap();
    current.of(Currency::from_code(code).unwrap())
}

both! {
    async fn a_fee_applies_from_its_start_and_to_its_currency_alone(world) {
        let mut olfa = operator(&world).await;
        olfa.get("/admin/fees").await.shows("A currency without a version of its own pays 1%, takes deals from one whole unit");
        world.browser().get(CALCULATOR).await.shows("1,010.000 TND");
        let next = [("currency", "TND"), ("percent", "2.50"), ("fixed", "1"), ("least", "5"), ("most", "20"), ("starts", "2026-05-10")];
        let page = sets(&mut olfa, "/admin/fees", &next).await;
        page.shows("The version is added.");
        page.shows("TND 2.5% and 1.000 TND, at least 5.000 TND, at most 20.000 TND 5.000 TND 0.010 TND 1,000.000 TND");
        page.shows("Will apply");
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        let page = sets(&mut olfa, "/admin/fees", &[("currency", "EUR"), ("percent", "0.5")]).await;
        page.shows("EUR 0.5%");
        page.shows("Applies");
        world.browser().get("/").await.shows("The fee is 0.5% to 1% of what is released");
        world.browser().get("/terms").await.shows("0.5% to 1%");

        // Midnight of the tenth in Tunis, which is an hour ahead.
        world.app.clock.advance(Duration::days(5) + Duration::hours(13) + Duration::minutes(59));
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        world.app.clock.advance(Duration::minutes(1));
        assert_eq!(fee(&world, "TND").await.max_minor, Some(20_000));
        assert_eq!(fee(&world, "USD").await, FeeSchedule::default());
        let page = world.browser().get(CALCULATOR).await;
        page.shows("One fee, here 2.5% and 1.000 TND, at least 5.000 TND, at most 20.000 TND of the price");
        page.shows("1,020.000 TND");

        // A mistake is mended by another version; the one before is past, and stays.
        sets(&mut olfa, "/admin/fees", &[("currency", "TND"), ("percent", "2")]).await.shows("Past");
        world.browser().get(CALCULATOR).await.shows("1,020.000 TND");
        assert_eq!(fee(&world, "TND").await.max_minor, None);
        olfa.get("/admin/audit?show=done").await.shows("Set the fee in TND 2%, from");
        let mut tx = world.app.db.write().await.unwrap();
        assert!(holdfast::exec!(&mut tx.conn(), "UPDATE fee_schedules SET percent = '0'").is_err());
        drop(tx);
        let mut tx = world.app.db.write().await.unwrap();
        assert!(holdfast::exec!(&mut tx.conn(), "DELETE FROM fee_schedules").is_err());
    }
}

both! {
    async fn what_begins_at_once_begins_when_it_is_written(world) {
        let olfa = world.operator(OLFA).await;
        let (db, clock, typed_at) = (&world.app.db, &world.app.clock, world.app.clock.now());
        clock.advance(Duration::microseconds(7));
        let (tnd, schedule) = (Currency::from_code("TND").unwrap(), FeeSchedule { min_minor: 7, ..FeeSchedule::default() });
        let rules = Rules { schedule: schedule.clone(), ..Rules::default() };
        assert_eq!(operators::set_fee(db, clock, olfa, (tnd, Some(typed_at)), &rules, "").await.unwrap(), Set::Done);
        assert_eq!(operators::publish_terms(db, clock, olfa, "New terms.", typed_at).await.unwrap(), 2);
        assert_eq!(fee(&world, "TND").await, schedule);
    }
}

both! {
    async fn a_draft_reads_the_fee_of_its_day_and_what_was_sent_keeps_its_own(world) {
        let mut olfa = operator(&world).await;
        let before = world.proposed().await;
        let mut buyer = world.signed_in(BUYER).await;
        let draft = buyer.post("/escrows/new", &[("role", "buyer")]).await.location().replace("/kind", "");
        buyer.get(&format!("{draft}/fees")).await.shows("The platform fee is 1% of the price");
        for code in ["TND", "USD", "EUR"] {
            sets(&mut olfa, "/admin/fees", &[("currency", code), ("percent", "3")]).await;
        }
        buyer.get(&format!("{draft}/fees")).await.shows("The platform fee is 3% of the price");
        assert_eq!(world.escrow(&before).await.terms.fee, FeeSchedule::default());
    }
}

both! {
    async fn the_smallest_deal_and_the_second_operator_are_settings_of_a_currency(world) {
        let mut olfa = operator(&world).await;
        let (small, large) = (world.proposes(world.one_off(5_000)).await, world.proposes(world.one_off(2_000_000)).await);
        assert_eq!(world.escrow(&small).await.terms.amount_minor, 5_000);
        let limits = [("currency", "TND"), ("percent", "1"), ("smallest", "20"), ("smallest_instant", "2"), ("second_above", "3000")];
        let page = sets(&mut olfa, "/admin/fees", &limits).await;
        page.shows("20.000 TND");
        page.shows("2.000 TND");
        page.shows("3,000.000 TND");
        olfa.get("/admin/audit?show=done").await.shows("1%, deals from 20.000 TND, instant deals from 2.000 TND, two operators above 3,000.000 TND");
        world.browser().get("/fees?amount=19.999&currency=TND").await.shows("The smallest amount in this currency is 20.000 TND.");
        // Other terms are new terms, so they have to reach it.
        let terms = Terms { title: "Another pump".to_owned(), ..world.escrow(&small).await.terms };
        let counter = Command::Counter { version: 1, terms: Box::new(terms) };
        let refused = world.asks(&small, small.buyer, counter).await;
        assert!(matches!(&refused, Outcome::Refused { refusal: Refusal::TermsFaulty { .. } }), "{refused:?}");
        world.proposes(world.one_off(20_000)).await;
        // What stands is judged by the limits of its day: a ruling about less than the new sum needs one operator.
        world.all_sign(&large).await;
        world.pays(&large).await;
        let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 2_000_000 }];
        let open = Command::OpenDispute { claims: claims.clone(), reason: "It leaks.".to_owned(), failed: Vec::new(), files: Vec::new() };
        assert_eq!(world.asks(&large, large.buyer, open).await, Outcome::Done);
        world.app.clock.advance(Duration::days(3));
        tick(&world.app.db, &world.app.clock, large.escrow).await.unwrap();
        assert!(world.escrow(&large).await.over(), "decided as sought, since it is not above the sum any more");
    }
}

both! {
    async fn nothing_is_set_or_published_before_it_was_read_once_more(world) {
        let mut olfa = operator(&world).await;
        let fees = [("currency", "TND"), ("percent", "2.5"), ("most", "20"), ("second_above", "9999999"), ("starts", "")];
        let page = olfa.post("/admin/fees", &fees).await;
        page.is(200);
        page.shows("Add this version?");
        page.shows("From At once");
        page.shows("Fee 2.5%, at most 20.000 TND (now 1%)");
        page.shows("Smallest deal 5.000 TND, as now");
        page.shows("Two operators above 9,999,999.000 TND (now 1,000.000 TND)");
        assert!(page.body.contains("name=\"second_above\" value=\"9999999\""));
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        let back = olfa.post("/admin/fees", &[&fees[..], &[("step", "change")]].concat()).await;
        back.is(200);
        assert!(back.body.contains("value=\"2.5\"") && back.body.contains("value=\"9999999\""));
        let bad = olfa.post("/admin/fees", &[("currency", "TND"), ("percent", "200"), ("step", "confirm")]).await;
        bad.is(422);

        let terms = [("text", "We hold <money>.\n\nNothing else."), ("starts", "2026-05-06")];
        let page = olfa.post("/admin/terms", &terms).await;
        page.is(200);
        page.shows("Publish version 2?");
        page.shows("From Wed 6 May 2026, 00:00 (Tunis)");
        page.shows("We hold <money>. Nothing else.");
        assert!(page.body.contains("value=\"2026-05-06\""));
        let back = olfa.post("/admin/terms", &[&terms[..], &[("step", "change")]].concat()).await;
        back.shows("We hold <money>.");
        back.hides("Version 2 · Not yet");
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        olfa.get("/admin/audit?show=done").await.hides("Set the fee");
    }
}

both! {
    async fn a_fee_that_makes_no_sense_is_refused_at_its_field(world) {
        let mut olfa = operator(&world).await;
        let good = [("currency", "TND"), ("percent", "2"), ("fixed", ""), ("least", ""), ("most", ""), ("starts", "")];
        for (name, value, words) in [
            ("currency", "XXX", "Choose a currency of the list."),
            ("percent", "101", "Enter a percentage from 0 to 100"),
            ("percent", "", "Enter a percentage from 0 to 100"),
            ("percent", "100", "Enter less than 100 %"),
            ("percent", "100.0", "Enter less than 100 %"),
            ("fixed", "1.0001", "TND has 3 decimals"),
            ("fixed", "-1", "Write the amount in digits"),
            ("most", "0", "above zero"),
            ("starts", "2026-05-03", "What is past can’t be changed."),
            ("starts", "tomorrow", "Enter a date"),
        ] {
            let form = good.map(|(field, typed)| if field == name { (field, value) } else { (field, typed) });
            let page = olfa.post("/admin/fees", &form).await;
            assert_eq!(page.status, 422, "{name} {value}");
            page.shows(words);
        }
        let page = olfa.post("/admin/fees", &[("currency", "TND"), ("percent", "2"), ("least", "6"), ("most", "5")]).await;
        page.shows("The highest fee can’t be below the lowest one.");
        assert!(page.body.contains("value=\"6\""));
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
    }
}

both! {
    async fn whoever_pays_accepts_the_newest_terms_of_service_first_and_comes_back(world) {
        let mut olfa = operator(&world).await;
        let deal = world.agreed().await;
        world.wants_refunds_in_the_wallet(deal.buyer, true).await;
        let off = world.funded().await;
        let cancel = Command::CancelAll { reason: "Sold out.".to_owned() };
        assert_eq!(world.asks(&off, off.seller, cancel).await, Outcome::Done);
        assert_eq!(world.wallet(off.buyer).await, 1_010_000);
        let mut buyer = world.signed_in(BUYER).await;
        let pay = format!("/escrows/{}/pay", deal.reference);
        let open = buyer.get(&pay).await;
        let page = olfa.post("/admin/terms", &[("text", " ")]).await;
        assert_eq!(page.status, 422);
        page.shows("Write the terms, all of them.");
        let text = "We hold <money>.\n\nNothing else.";
        let page = sets(&mut olfa, "/admin/terms", &[("text", text), ("starts", "2026-05-06")]).await;
        page.shows("The terms are published.");
        page.shows("Version 2 · Not yet");
        world.browser().get("/terms").await.shows("Version 1");
        world.app.clock.advance(Duration::days(2));
        let page = world.browser().get("/terms").await;
        page.shows("Version 2 We hold <money>. Nothing else.");
        olfa.get("/admin/terms").await.shows("Version 2 · Stands");

        // Nobody chooses a method for nothing: the terms come first.
        let gate = buyer.get(&pay).await;
        let (escrow, encoded) = (deal.path(""), format!("%2Fescrows%2F{}", deal.reference));
        let first = format!("/terms/accept?next={encoded}%2Fpay&back={encoded}");
        assert_eq!((gate.status, gate.location()), (303, first.as_str()));
        let (seen, key) = (hidden_field(&open, "seen"), hidden_field(&open, "key"));
        let form = [("seen", seen.as_str()), ("key", &key), ("method", "wallet")];
        let page = buyer.post(&pay, &form).await;
        let accept = page.location().to_owned();
        assert_eq!((page.status, accept.starts_with("/terms/accept?next=")), (303, true), "{accept}");
        let charge = Command::StartCharge { payment: world.app.clock.id(), milestones: vec![1, 2], method: Method::Wallet };
        let refused = world.asks(&deal, deal.buyer, charge).await;
        assert_eq!(refused, Outcome::Refused { refusal: Refusal::TermsOfServiceNotAccepted });

        let page = buyer.get(&accept).await;
        page.shows("We hold <money>.");
        page.shows("Accept version 2");
        // Who does not accept now is not led in a circle.
        assert!(page.body.contains(&format!("href=\"{escrow}\">Not now")), "{}", page.body);
        let shown = buyer.post("/terms/accept", &[("version", "1"), ("next", &pay)]).await;
        assert_eq!(shown.status, 200);
        shown.shows("Another version came while this page was open.");
        let page = buyer.submit("/terms/accept", &[("version", "2"), ("next", &pay)]).await;
        page.shows("You accepted the terms of service.");
        let chosen = buyer.get(&format!("{pay}?method=wallet")).await;
        assert!(chosen.body.contains("value=\"wallet\" checked"), "{}", chosen.body);
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let form = [("seen", seen.as_str()), ("key", &key), ("method", "sandbox")];
        assert!(buyer.post(&pay, &form).await.location().contains("/sandbox/"));
        assert_eq!(buyer.get(&accept).await.location(), format!("{pay}?method=wallet"));
        let evil = buyer.post("/terms/accept", &[("version", "2"), ("next", "https://evil.example")]).await;
        assert_eq!(evil.location(), "/home");
    }
}

both! {
    async fn terms_of_service_that_begin_while_somebody_chooses_how_to_pay_lose_nothing_of_it(world) {
        let mut olfa = operator(&world).await;
        let before = world.proposes(world.one_off(1_000_000)).await;
        world.all_sign(&before).await;
        world.fills_the_wallet(&before).await;
        let deal = world.agreed().await;
        let mut buyer = world.signed_in(BUYER).await;
        let pay = deal.path("/pay");
        let page = buyer.get(&pay).await;
        assert!(page.body.contains("value=\"sandbox\" checked"), "{}", page.body);
        sets(&mut olfa, "/admin/terms", &[("text", "We hold money.")]).await.shows("Version 2 · Stands");
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let form = [("seen", seen.as_str()), ("key", &key), ("method", "wallet")];
        let accept = buyer.post(&pay, &form).await.location().to_owned();
        let page = buyer.get(&accept).await;
        let (version, next) = (hidden_field(&page, "version"), hidden_field(&page, "next").replace("&#38;", "&"));
        let page = buyer.submit("/terms/accept", &[("version", &version), ("next", &next)]).await;
        assert!(page.body.contains("value=\"wallet\" checked"), "{}", page.body);
        let form = [("seen", hidden_field(&page, "seen")), ("key", hidden_field(&page, "key"))];
        let form = [("seen", form[0].1.as_str()), ("key", &form[1].1), ("method", "wallet")];
        buyer.submit(&pay, &form).await.shows("1,010.000 TND");
        assert_eq!(world.escrow(&deal).await.held_minor(), 1_010_000);
    }
}

both! {
    async fn a_tick_counts_for_the_version_of_the_terms_beside_which_it_was_set(world) {
        let mut olfa = operator(&world).await;
        let (_, link) = for_sale(&world).await;
        let mut browser = world.browser();
        let old = hidden_field(&browser.get(&link).await, "terms_version");
        sets(&mut olfa, "/admin/terms", &[("text", "We hold money.")]).await.shows("Version 2 · Stands");
        let page = buys(&mut browser, &link, GUEST, &[("terms_version", &old)]).await;
        page.is(422);
        page.shows("Read the terms of service and tick that you accept them.");
        for kept in [GUEST, "Gamal Guest", "value=\"sandbox\" checked"] {
            assert!(page.body.contains(kept), "{kept}: {}", page.body);
        }
        let tick = &page.body[page.body.find("name=\"terms\"").unwrap()..];
        assert!(!tick[..tick.find('>').unwrap()].contains("checked"), "nobody has read the new one yet");
        buys(&mut browser, &link, GUEST, &[]).await.is(303);
    }
}

both! {
    async fn whoever_signs_up_accepts_the_version_that_the_page_showed(world) {
        let mut olfa = operator(&world).await;
        let mut browser = world.browser();
        browser.get("/sign-up").await.shows("(version 1)");
        sets(&mut olfa, "/admin/terms", &[("text", "New terms.")]).await.shows("Version 2 · Stands");
        let form = |email, version| [
            ("name", "Amel"), ("email", email), ("password", PASSWORD), ("time_zone", "Etc/UTC"), ("terms", "yes"),
            ("terms_version", version),
        ];
        browser.get("/sign-up").await.shows("(version 2)");
        for (email, version, stored) in [("a@example.com", "1", 1), ("b@example.com", "2", 2), ("c@example.com", "9", 2), ("d@example.com", "", 2)] {
            assert_eq!(browser.post("/sign-up", &form(email, version)).await.status, 303);
            let sql = "SELECT terms_of_service_version FROM users WHERE email = $1";
            let mut reader = world.app.db.read().await.unwrap();
            assert_eq!(holdfast::one!(&mut reader.conn(), (i64,), sql, email).unwrap(), (stored,));
        }
    }
}

both! {
    async fn where_there_are_two_operators_the_other_one_confirms_a_fee_before_it_applies(world) {
        let mut olfa = operator(&world).await;
        let omar = world.account("Omar", "omar@example.com").await;
        world.make_operator(omar).await;
        let mut omar = world.signed_in("omar@example.com").await;
        let form = [("currency", "TND"), ("percent", "2"), ("second_above", "9999999")];
        let page = sets(&mut olfa, "/admin/fees", &form).await;
        page.shows("The version waits until another operator confirms it.");
        page.shows("TND: waits for a second operator");
        page.shows("Another operator must confirm it.");
        page.hides("Confirm this version");
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        let address = |page: &Page, what: &str| {
            let end = page.body.find(&format!("/{what}\"")).unwrap();
            let start = page.body[..end].rfind('"').unwrap() + 1;
            format!("{}/{what}", &page.body[start..end])
        };
        // Nobody confirms their own, whatever form they send.
        let path = address(&page, "drop").replace("/drop", "/confirm");
        olfa.submit(&path, &[]).await.shows("Another operator must confirm what you proposed.");
        assert_eq!(fee(&world, "TND").await, FeeSchedule::default());
        let page = omar.get("/admin/fees").await;
        page.shows("Olfa Operator proposed");
        let path = address(&page, "confirm");
        omar.submit(&path, &[]).await.shows("The version is confirmed.");
        assert_eq!(fee(&world, "TND").await.percent, 2.into());
        omar.submit(&path, &[]).await.shows("TND 2%");
        omar.get("/admin/audit?show=done").await.shows("Omar Set the fee in TND 2%, two operators above 9,999,999.000 TND, confirmed");
        olfa.get("/admin/audit?show=done").await.shows("Olfa Operator Proposed the fee in TND 2%");
        // What is dropped never applies.
        let page = sets(&mut omar, "/admin/fees", &[("currency", "EUR"), ("percent", "9")]).await;
        let path = address(&page, "drop");
        olfa.submit(&path, &[]).await.shows("The proposed version is dropped.");
        assert_eq!(fee(&world, "EUR").await, FeeSchedule::default());
        let report = holdfast::doctor::examine(&world.app).await.unwrap();
        assert_eq!(report.ailments, Vec::<String>::new());
    }
}
