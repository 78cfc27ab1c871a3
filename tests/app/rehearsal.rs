//! A rehearsal: the clock is moved on by its page, and a whole deal passes by.

use holdfast::clock::Clock;
use holdfast::engine::escrow::{End, Stage};
use holdfast::work::{deadlines, payments};
use holdfast::{one, rehearsal};
use time::Duration;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::milestone::hidden_field;
use crate::world::{PASSWORD, World, both};

const PATH: &str = "/admin/rehearsal";

async fn rehearsing(world: &mut World) -> Browser {
    world.operator("olfa@example.com").await;
    world.with_config(|config| config.rehearsal = true);
    world.signed_in("olfa@example.com").await
}

async fn advance(operator: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = operator.get(PATH).await;
    let seen = hidden_field(&page, "seen");
    operator.submit(PATH, &[&[("seen", seen.as_str())], fields].concat()).await
}

/// What the workers of the program do when they are woken.
async fn workers(world: &World) {
    while deadlines::run_due(&world.app).await.unwrap() + payments::run_due(&world.app).await.unwrap() > 0 {}
}

both! {
    async fn a_whole_deal_passes_by_moving_the_clock_on(world) {
        let mut world = world;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let mut operator = rehearsing(&mut world).await;
        let start = world.app.clock.now();
        let page = operator.get(PATH).await;
        page.shows("Ahead of the real time Not at all");
        page.hides("its clock is");
        // The inspection of the first milestone lapses: 3 days.
        let page = advance(&mut operator, &[("number", "3"), ("unit", "days")]).await;
        page.shows("The clock has moved on. What came due is carried out now.");
        page.shows("This is a rehearsal: its clock is 3 days ahead.");
        operator.get("/admin/audit?show=done").await.shows("Moved the rehearsal’s clock on");
        workers(&world).await;
        assert_eq!(world.wallet(deal.seller).await, 380_000);
        // The second is never delivered: from one deadline to the next until it is over.
        let mut steps = 0;
        while !matches!(world.escrow(&deal).await.stage, Stage::Closed { .. }) {
            let page = advance(&mut operator, &[("to", "next")]).await;
            page.shows("The clock has moved on.");
            workers(&world).await;
            steps += 1;
            assert!(steps < 40, "it never ends");
        }
        assert!(matches!(world.escrow(&deal).await.stage, Stage::Closed { end: End::Completed, .. }));
        assert_eq!(world.wallet(deal.buyer).await, 606_000);
        assert!(world.app.clock.now().since(start) > Duration::days(60 + 7 + 14));
        assert!(steps > 5, "{steps} steps");
        let mails = world.kinds("amel.buyer@example.com").await;
        assert!(mails.len() > 5, "{mails:?}");
    }
}

both! {
    async fn the_clock_of_a_rehearsal_survives_a_restart_and_never_goes_back(world) {
        let mut world = world;
        let mut operator = rehearsing(&mut world).await;
        let page = operator.get(PATH).await;
        let seen = hidden_field(&page, "seen");
        let fields = [("seen", seen.as_str()), ("number", "20"), ("unit", "days")];
        operator.submit(PATH, &fields).await.shows("its clock is 20 days ahead");
        // The same form once more: a second click moves nothing.
        operator.submit(PATH, &fields).await.shows("This had already been done");
        assert_eq!(world.app.clock.ahead_by(), Duration::days(20));
        for (number, unit) in [("0", "days"), ("366", "hours"), ("-3", "days"), ("", "days")] {
            let page = operator.post(PATH, &[("seen", &seen), ("number", number), ("unit", unit)]).await;
            assert_eq!(page.status, 422, "{number}");
            page.shows("Enter a whole number from 1 to 365.");
        }
        // Another process over the same database, just started.
        let mut other = world.app.clone();
        other.clock = Clock::fixed(holdfast::engine::time::Time::from_micros(crate::world::START));
        rehearsal::begin(&other).await.unwrap();
        assert_eq!(other.clock.ahead_by(), Duration::days(20));
        advance(&mut operator, &[("number", "2"), ("unit", "hours")]).await;
        assert!(rehearsal::follow(&other).await.unwrap());
        assert_eq!(other.clock.now(), world.app.clock.now());
        let mut config = (*other.config).clone();
        config.rehearsal = false;
        other.config = config.into();
        let refused = rehearsal::begin(&other).await.unwrap_err();
        assert!(refused.contains("482 hours ahead") && refused.contains("HOLDFAST_REHEARSAL=1"), "{refused}");
    }
}

both! {
    async fn without_the_setting_there_is_no_such_page_and_with_it_for_operators_only(world) {
        let mut world = world;
        world.operator("olfa@example.com").await;
        world.account("Amel Buyer", "amel.buyer@example.com").await;
        let before = world.app.clock.now();
        for rehearsal in [false, true] {
            world.with_config(|config| config.rehearsal = rehearsal);
            let who = if rehearsal { "amel.buyer@example.com" } else { "olfa@example.com" };
            let mut browser = world.signed_in(who).await;
            assert_eq!(browser.get(PATH).await.status, 404);
            assert_eq!(browser.post(PATH, &[("seen", "0"), ("number", "1"), ("unit", "days")]).await.status, 404);
        }
        assert_eq!(world.app.clock.now(), before);
        let page = world.signed_in("olfa@example.com").await.get("/admin").await;
        page.shows("This is a rehearsal. Move the clock");
        world.with_config(|config| config.rehearsal = false);
        world.signed_in("olfa@example.com").await.get("/admin").await.hides("/admin/rehearsal");
    }
}

/// The newest mail to an address, by its id.
async fn mail_to(world: &World, address: &str) -> String {
    world.mails().await;
    let sql = "SELECT id FROM outbox WHERE to_address = $1 ORDER BY id DESC LIMIT 1";
    let (id,) = one!(&mut world.app.db.read().await.unwrap().conn(), (Uuid,), sql, address).unwrap();
    id.to_string()
}

both! {
    async fn an_operator_of_a_rehearsal_opens_a_mail_as_the_person_it_is_for_and_returns(world) {
        let mut world = world;
        world.with_config(|config| config.rehearsal = true);
        rehearsal::begin(&world.app).await.unwrap();
        let mut operator = rehearsing(&mut world).await;
        let deal = world.proposed().await;
        let mail = format!("/admin/mail/{}", mail_to(&world, "amel.buyer@example.com").await);
        operator.get(&mail).await.shows("Open it as this person");
        let banner = "You are looking as Amel Buyer (rehearsal). Return to your own account";
        let page = operator.submit(&format!("{mail}/open"), &[]).await;
        page.is(200);
        page.shows(banner);
        page.shows(&deal.reference);
        assert_eq!(operator.get("/admin").await.status, 404, "whoever looks as another is no operator");
        assert_eq!(operator.get("/nowhere").await.status, 404);
        operator.get("/nowhere").await.shows(banner);
        // What is done is done as that person.
        let path = format!("/escrows/{}", deal.reference);
        operator.get(&path).await.shows(banner);
        let page = operator.submit("/return-to-own-account", &[]).await;
        page.is(200);
        page.hides("You are looking as");
        operator.get("/admin/audit?show=seen").await.shows("looks as this person in a rehearsal");
        assert_eq!(operator.get(&path).await.status, 404);
        // Signing out while looking as somebody ends that, and no more.
        operator.submit(&format!("{mail}/open"), &[]).await;
        operator.post("/sign-out", &[]).await;
        operator.get("/admin").await.is(200);
    }
}

both! {
    async fn a_newcomer_of_a_rehearsal_registers_and_the_operator_stays_signed_in(world) {
        let mut world = world;
        world.with_config(|config| config.rehearsal = true);
        rehearsal::begin(&world.app).await.unwrap();
        let mut operator = rehearsing(&mut world).await;
        let form = [
            ("name", "Salma New"), ("email", "salma@example.com"), ("password", PASSWORD),
            ("time_zone", "Africa/Tunis"), ("terms", "yes"), ("terms_version", "1"),
        ];
        world.browser().submit("/sign-up", &form).await.shows("An operator finds it at /admin/mail");
        let mail = format!("/admin/mail/{}", mail_to(&world, "salma@example.com").await);
        let asked = operator.post(&format!("{mail}/open"), &[]).await;
        let link = asked.location().to_owned();
        operator.get(&link).await.shows("You are looking as salma@example.com (rehearsal).");
        let page = operator.submit(&link, &[("password", PASSWORD)]).await;
        page.shows("You are looking as Salma New (rehearsal).");
        operator.submit("/return-to-own-account", &[]).await.is(200);
        operator.get("/admin").await.is(200);
    }
}

both! {
    async fn nobody_looks_as_another_where_real_people_are(world) {
        let mut world = world;
        world.operator("olfa@example.com").await;
        world.proposed().await;
        let mail = format!("/admin/mail/{}", mail_to(&world, "amel.buyer@example.com").await);
        for rehearsal in [false, true] {
            // Set or not: this database was not begun as a rehearsal.
            world.with_config(|config| config.rehearsal = rehearsal);
            rehearsal::begin(&world.app).await.unwrap();
            let mut operator = world.signed_in("olfa@example.com").await;
            operator.get(&mail).await.hides("Open it as this person");
            assert_eq!(operator.post(&format!("{mail}/open"), &[]).await.status, 404);
            let mut amel = world.signed_in("amel.buyer@example.com").await;
            assert_eq!(amel.post(&format!("{mail}/open"), &[]).await.status, 404);
        }
    }
}
