//! More time by the pages: a later due date asked for and answered, an inspection that takes longer.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::MilestoneStage;
use holdfast::store::execute::{Outcome, tick};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::milestone::{Cast, hidden_field};
use crate::world::both;

/// Fills in the form on the milestone's page below `from` and sends it to the page below `to`.
async fn fill(browser: &mut Browser, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(from).await;
    let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
    let guard = [("seen", seen.as_str()), ("key", key.as_str())];
    browser.post(to, &[&guard, fields].concat()).await
}

/// The seller asks for the end of 20 June in Tunis; the work was due on 3 June.
async fn asked(cast: &mut Cast) -> Page {
    let path = cast.first("/extension");
    let fields = [("due", "2026-06-20"), ("reason", "The supplier is <late>.")];
    fill(&mut cast.seller, &path, &path, &fields).await
}

both! {
    async fn a_later_date_is_asked_for_and_granted(world) {
        let mut cast = Cast::funded(&world).await;
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("Ask for more time");
        let form = cast.seller.get(&cast.first("/extension")).await;
        form.shows("Due as agreed Wed 3 Jun 2026, 10:00 (Tunis)");
        form.shows("The end of this day in Tunis.");
        form.shows("Amel Buyer has 5 days to answer.");
        let done = asked(&mut cast).await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let page = cast.seller.get(done.location()).await;
        page.shows("Asked. The buyer has been told and has five days to answer.");
        page.shows("You asked to deliver “Design” by 20 Jun 2026. The buyer answers by Sat 9 May 2026, 10:00 (Tunis).");
        page.shows("Ask for more time More time has already been asked for.");
        let mail = world.mail("amel.buyer@example.com").await;
        assert!(mail.text.contains("The supplier is <late>.") && mail.text.contains("/milestones/1/extension"), "{}", mail.text);

        for browser in [&mut cast.seller, &mut cast.broker, &mut cast.buyer] {
            let page = browser.get(&cast.deal.path("/milestones/1/extension")).await;
            page.shows("for 17 days more");
            page.shows("Due as agreed Wed 3 Jun 2026, 10:00 (Tunis)");
            page.shows("Due if granted Sat 20 Jun 2026, 23:59 (Tunis)");
            page.shows("The supplier is <late>.");
        }
        for browser in [&mut cast.seller, &mut cast.broker] {
            browser.get(&cast.deal.path("/milestones/1/extension")).await.hides("Grant 17 days more");
        }
        let page = cast.buyer.get(&cast.first("")).await;
        page.shows("Answer the request for more time for “Design” by Sat 9 May 2026, 10:00 (Tunis).");
        assert_eq!(page.body.matches("/milestones/1/extension").count(), 1, "one question has one link");
        let (from, to) = (cast.first("/extension"), cast.first("/extension/grant"));
        let done = fill(&mut cast.buyer, &from, &to, &[]).await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let page = cast.buyer.get(done.location()).await;
        page.shows("Granted. The new due date stands, and the others have been told.");
        page.shows("The seller is to deliver “Design” by Sat 20 Jun 2026, 23:59 (Tunis).");
        cast.seller.get(&cast.deal.path("/history")).await.shows("Amel Buyer (buyer) granted it: “Design” is due 20 Jun 2026");
        let mail = world.mail("bilel.seller@example.com").await;
        assert!(mail.text.contains("20 Jun 2026"), "{}", mail.text);
        let escrow = world.escrow(&cast.deal).await;
        assert_eq!(escrow.version, 1, "the terms and their signatures stay");
        let page = cast.buyer.get(&cast.first("/extension")).await;
        page.shows("This is not possible now. Nobody is asking for more time here.");
        // It stays the date once the work is there.
        world.delivers(&cast.deal, 1).await;
        let page = cast.buyer.get(&cast.deal.path("")).await;
        page.shows("20 Jun 2026");
        cast.buyer.get(&cast.first("/inspect")).await.shows("Due Sat 20 Jun 2026, 23:59 (Tunis)");
    }
}

both! {
    async fn a_request_that_is_not_granted_leaves_the_date_and_one_without_an_answer_lapses(world) {
        let mut cast = Cast::funded(&world).await;
        let due = world.escrow(&cast.deal).await.milestones[0].due();
        asked(&mut cast).await;
        let (from, to) = (cast.first("/extension"), cast.first("/extension/refuse"));
        let done = fill(&mut cast.buyer, &from, &to, &[]).await;
        cast.buyer.get(done.location()).await.shows("The agreed due date stays. Whoever asked has been told.");
        assert_eq!(world.escrow(&cast.deal).await.milestones[0].due(), due);
        asked(&mut cast).await;
        world.app.clock.advance(Duration::days(6));
        tick(&world.app.db, &world.app.clock, cast.deal.escrow).await.unwrap();
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("Deliver “Design” by Wed 3 Jun 2026, 10:00 (Tunis).");
        page.hides("You asked to deliver");
        cast.seller.get(&cast.deal.path("/history")).await.shows("The request for more time for “Design” lapsed");
    }
}

both! {
    async fn the_form_for_more_time_answers_at_its_fields_and_keeps_what_was_typed(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.first("/extension");
        for (due, reason, sentence) in [
            ("", "Because.", "Choose the day on which it is due."),
            ("soon", "Because.", "This is no day of the calendar."),
            ("2026-06-02", "Because.", "Choose a day after 3 Jun 2026."),
            ("2046-06-02", "Because.", "Choose a later date than the present one, within ten years."),
            ("2026-06-20", "", "Write why, so that the buyer can decide."),
        ] {
            let page = fill(&mut cast.seller, &path, &path, &[("due", due), ("reason", reason)]).await;
            assert_eq!(page.status, 422, "{due}");
            page.shows(sentence);
            page.shows(reason);
            assert!(page.body.contains(&format!(r#"value="{due}""#)), "{due}");
        }
        let page = fill(&mut cast.seller, &path, &path, &[("due", "x"), ("reason", "")]).await;
        assert_eq!(page.body.matches(r##"<li><a href="#"##).count(), 2, "all problems at once");
        for browser in [&mut cast.buyer, &mut cast.broker] {
            let grant = browser.post(&cast.deal.path("/milestones/1/extension/grant"), &[]).await;
            assert_eq!(grant.status, 422);
        }
        let page = cast.buyer.post(&path, &[("due", "2026-06-20"), ("reason", "Me.")]).await;
        assert_eq!(page.status, 422);
        page.shows("Only the seller or the broker can do this.");
        assert!(world.escrow(&cast.deal).await.milestones[0].extension.is_none());
    }
}

both! {
    async fn an_answer_to_another_date_than_the_one_that_was_read_is_stale(world) {
        let mut cast = Cast::funded(&world).await;
        asked(&mut cast).await;
        let page = cast.buyer.get(&cast.first("/extension")).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, Command::RefuseExtension { milestone: 1 }).await, Outcome::Done);
        let due = world.app.clock.now().plus_days(900);
        let reason = "Much longer.".to_owned();
        let more = Command::AskExtension { milestone: 1, due, reason };
        assert_eq!(world.asks(&cast.deal, cast.deal.seller, more).await, Outcome::Done);
        let grant = cast.first("/extension/grant");
        let page = cast.buyer.post(&grant, &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(page.status, 409);
        page.shows("no money moved");
        assert!(world.escrow(&cast.deal).await.milestones[0].extension.is_some());
    }
}

both! {
    async fn the_buyer_takes_longer_to_check_once(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        cast.buyer.get(&cast.first("")).await.shows("Take longer to check");
        let (from, to) = (cast.first("/inspect"), cast.first("/inspection"));
        for wrong in ["", "0", "15", "x", "1.5"] {
            let page = fill(&mut cast.buyer, &from, &to, &[("days", wrong)]).await;
            assert_eq!(page.status, 422, "{wrong}");
            page.shows("Enter a whole number from 1 to 14.");
            assert!(page.body.contains(r##"<a href="#days">"##) && page.body.contains(&format!(r#"value="{wrong}""#)));
        }
        let page = cast.seller.post(&to, &[("days", "3")]).await;
        assert_eq!(page.status, 422);
        page.shows("Only the buyer can do this.");
        let done = fill(&mut cast.buyer, &from, &to, &[("days", "10")]).await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let page = cast.buyer.get(done.location()).await;
        page.shows("You have longer to check. The seller has been told.");
        page.shows("Check “Design”, then approve it or ask for changes by Sun 17 May 2026, 10:00 (Tunis).");
        page.shows("Take longer to check The inspection of this delivery was already extended once.");
        let page = cast.buyer.get(&from).await;
        page.hides("id=\"longer\"");
        let again = cast.buyer.post(&to, &[("days", "3")]).await;
        assert_eq!(again.status, 422);
        let stage = world.escrow(&cast.deal).await.milestones[0].stage;
        assert!(matches!(stage, MilestoneStage::Delivered { .. }));
        let mail = world.mail("bilel.seller@example.com").await;
        assert!(mail.text.contains("17 May 2026"), "{}", mail.text);
    }
}

both! {
    async fn a_clock_that_stands_still_says_how_much_is_left(world) {
        let mut cast = Cast::funded(&world).await;
        world.delivers(&cast.deal, 1).await;
        world.app.clock.advance(Duration::hours(21));
        let ask = Command::RequestCancellation { reason: "We no longer need it.".to_owned() };
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, ask).await, Outcome::Done);
        world.app.clock.advance(Duration::hours(30));
        for browser in [&mut cast.buyer, &mut cast.seller, &mut cast.broker] {
            let words = "Stopped, 2 days 3 hours left to check “Design”.";
            browser.get(&cast.deal.path("/milestones/1")).await.shows(words);
            let page = browser.get(&cast.deal.path("")).await;
            page.shows(words);
            page.shows("Stopped, 66 days 3 hours left to deliver “Shop”.");
        }
        let again = Command::WithdrawCancellation;
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, again).await, Outcome::Done);
        cast.buyer.get(&cast.first("")).await.hides("Stopped, ");
    }
}
