//! Signing in and out, sessions, throttles, and choosing a new password.

use std::sync::Arc;

use holdfast::store::sessions::{self, Sessions, key};
use holdfast::store::users;
use holdfast::{accounts, all};
use time::Duration;
use tower_sessions::Session;

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, World, both};

const AMEL: &str = "amel@example.com";
const NEW: &str = "river lantern quiet cobalt";

async fn try_sign_in(browser: &mut Browser, email: &str, password: &str) -> Page {
    browser.post("/sign-in", &[("email", email), ("password", password)]).await
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/settings/profile").await.status == 200
}

both! {
    async fn who_signs_in_is_led_back_to_the_page_that_was_asked_for(world) {
        world.account("Amel", AMEL).await;
        let mut browser = world.browser();
        let page = browser.get("/settings/sessions?a=1&b=2").await;
        assert_eq!(page.location(), "/sign-in?next=%2Fsettings%2Fsessions%3Fa%3D1%26b%3D2");
        let location = page.location().to_owned();
        assert!(browser.get(&location).await.body.contains("value=\"/settings/sessions?a=1&#38;b=2\""));
        let form = [("email", " AMEL@example.com "), ("password", PASSWORD), ("next", "/settings/sessions?a=1&b=2")];
        let page = browser.post("/sign-in", &form).await;
        assert_eq!((page.status, page.location()), (303, "/settings/sessions?a=1&b=2"));
        browser.get("/settings/sessions").await.shows("This device");
        assert_eq!(browser.get("/sign-in").await.location(), "/home");
        for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
            let form = [("email", AMEL), ("password", PASSWORD), ("next", evil)];
            assert_eq!(world.browser().post("/sign-in", &form).await.location(), "/home");
        }
        let page = world.browser().post("/settings/profile", &[("name", "x")]).await;
        assert_eq!((page.status, page.location()), (303, "/sign-in"));
    }
}

both! {
    async fn an_unknown_address_and_a_wrong_password_are_told_the_same(world) {
        world.account("Amel", AMEL).await;
        let mut tx = world.app.db.write().await.unwrap();
        holdfast::store::users::find_or_invite(&mut tx.conn(), &world.app.clock, "named@example.com", "").await.unwrap();
        tx.commit().await.unwrap();
        let wrong = try_sign_in(&mut world.browser(), AMEL, "not the right one").await;
        assert_eq!(wrong.status, 422);
        wrong.shows("do not belong together");
        wrong.hides("not the right one");
        assert!(wrong.set_cookies().is_empty());
        let without_address = |page: &Page, email: &str| page.body.replace(email, "");
        for email in ["nobody@example.com", "named@example.com", "nonsense"] {
            let page = try_sign_in(&mut world.browser(), email, "not the right one").await;
            assert_eq!(page.status, 422);
            assert_eq!(without_address(&page, email), without_address(&wrong, AMEL));
        }
        let empty = try_sign_in(&mut world.browser(), "", "").await;
        assert_eq!(empty.status, 422);
        empty.shows("Enter your password.");
        let huge = try_sign_in(&mut world.browser(), AMEL, &"x".repeat(100_000)).await;
        assert_eq!(huge.status, 422);
    }
}

both! {
    async fn guesses_at_one_account_are_slowed_down_wherever_they_come_from(world) {
        world.account("Amel", AMEL).await;
        for email in [AMEL, "nobody@example.com"] {
            for n in 0..10 {
                let mut browser = world.browser();
                browser.ip = format!("198.51.100.{n}");
                assert_eq!(try_sign_in(&mut browser, email, "wrong wrong wrong").await.status, 422);
            }
            let page = try_sign_in(&mut world.browser(), email, PASSWORD).await;
            assert_eq!(page.status, 429);
            assert_eq!(page.headers["retry-after"], "901");
            page.shows("Try again in 16 minutes");
        }
        world.app.clock.advance(Duration::minutes(15));
        assert_eq!(try_sign_in(&mut world.browser(), AMEL, PASSWORD).await.status, 303);
    }
}

both! {
    async fn guesses_of_strangers_do_not_keep_the_owner_out_of_a_browser_that_the_account_knows(world) {
        world.account("Amel", AMEL).await;
        world.account("Bilel", "bilel@example.com").await;
        let mut known = world.signed_in(AMEL).await;
        known.post("/sign-out", &[]).await;
        // Somebody else's browser, with a cookie of its own, and one that brings a cookie it made up.
        let mut strange = world.signed_in("bilel@example.com").await;
        strange.post("/sign-out", &[]).await;
        let mut made_up = world.browser();
        made_up.cookies.insert("holdfast-device".into(), "A".repeat(43));
        for n in 0..10 {
            let mut browser = [&strange, &made_up][n % 2].clone();
            assert_eq!(try_sign_in(&mut browser, AMEL, "wrong wrong wrong").await.status, 422);
        }
        for browser in [&mut strange, &mut made_up] {
            assert_eq!(try_sign_in(browser, AMEL, PASSWORD).await.status, 429);
        }
        // Even the whole network may be refused.
        for n in 0..60 {
            try_sign_in(&mut world.browser(), &format!("p{n}@example.com"), "wrong wrong wrong").await;
        }
        assert_eq!(try_sign_in(&mut known.clone(), "bilel@example.com", PASSWORD).await.status, 429);
        assert_eq!(try_sign_in(&mut known.clone(), AMEL, PASSWORD).await.status, 303);
        // The browser has a limit as well, which the right password resets.
        for _ in 0..2 {
            for _ in 0..9 {
                assert_eq!(try_sign_in(&mut known, AMEL, "wrong wrong wrong").await.status, 422);
            }
            assert_eq!(try_sign_in(&mut known, AMEL, PASSWORD).await.status, 303);
            known.post("/sign-out", &[]).await;
        }
        for _ in 0..10 {
            assert_eq!(try_sign_in(&mut known, AMEL, "wrong wrong wrong").await.status, 422);
        }
        assert_eq!(try_sign_in(&mut known, AMEL, PASSWORD).await.status, 429);
    }
}

both! {
    async fn a_network_that_is_refused_leaves_no_mark_on_the_account_that_it_names(world) {
        world.account("Amel", AMEL).await;
        for n in 0..60 {
            try_sign_in(&mut world.browser(), &format!("p{n}@example.com"), "wrong wrong wrong").await;
        }
        for _ in 0..10 {
            assert_eq!(try_sign_in(&mut world.browser(), AMEL, "wrong wrong wrong").await.status, 429);
        }
        let mut elsewhere = world.browser();
        elsewhere.ip = "198.51.100.1".into();
        assert_eq!(try_sign_in(&mut elsewhere, AMEL, PASSWORD).await.status, 303);
    }
}

both! {
    async fn no_session_begins_with_a_password_that_was_changed_since_it_was_looked_at(world) {
        let id = world.account("Amel", AMEL).await;
        let (db, clock) = (&world.app.db, &world.app.clock);
        let stored = async || users::password_hash(&mut db.read().await.unwrap().conn(), id).await.unwrap().unwrap();
        let old = stored().await;
        let new = world.app.passwords.hash(clock, NEW.to_owned()).await.unwrap();
        accounts::change_password(db, clock, id, &new).await.unwrap();
        let device = accounts::Device { hash: &[7; 32], ip: "192.0.2.7", name: "Firefox" };
        assert!(!accounts::note_sign_in(db, clock, id, &old, device).await.unwrap());
        let begin = async |password: &str| {
            let store: Arc<Sessions> = Sessions::new(db.clone(), clock.clone()).into();
            let session = Session::new(None, store, None);
            session.insert(key::USER, id).await.unwrap();
            session.insert(key::DEVICE, "07".repeat(32)).await.unwrap();
            session.insert(key::PASSWORD, password).await.unwrap();
            session.save().await.is_ok()
        };
        assert!(!begin(&old).await);
        assert!(begin(&new).await);
        assert!(accounts::note_sign_in(db, clock, id, &new, device).await.unwrap());
        let kept = all!(&mut db.read().await.unwrap().conn(), (String,), "SELECT data FROM sessions").unwrap();
        assert_eq!(kept, [("{}".to_owned(),)], "the password's hash is not kept with the session");
    }
}

both! {
    async fn the_right_password_forgives_the_wrong_ones_before_it(world) {
        world.account("Amel", AMEL).await;
        for _ in 0..3 {
            for _ in 0..9 {
                assert_eq!(try_sign_in(&mut world.browser(), AMEL, "wrong wrong wrong").await.status, 422);
            }
            assert_eq!(try_sign_in(&mut world.browser(), AMEL, PASSWORD).await.status, 303);
        }
    }
}

both! {
    async fn guesses_from_one_network_are_slowed_down_whatever_the_account(world) {
        for n in 0..60 {
            let mut browser = world.browser();
            browser.ip = format!("2001:db8:0:7::{n:x}");
            let page = try_sign_in(&mut browser, &format!("p{n}@example.com"), "wrong wrong wrong").await;
            assert_eq!(page.status, 422);
        }
        let mut browser = world.browser();
        browser.ip = "2001:db8:0:7:ffff::1".into();
        assert_eq!(try_sign_in(&mut browser, AMEL, PASSWORD).await.status, 429);
        browser.ip = "2001:db8:0:8::1".into();
        assert_eq!(try_sign_in(&mut browser, AMEL, PASSWORD).await.status, 422);
    }
}

both! {
    async fn signing_in_renews_the_session_and_signing_out_ends_it(world) {
        world.account("Amel", AMEL).await;
        world.account("Bilel", "bilel@example.com").await;
        let mut browser = world.signed_in(AMEL).await;
        let first = browser.cookies["holdfast"].clone();
        assert!(is_signed_in(&mut browser).await);
        // Somebody else signs in on the same browser: a new session, and the old one is over.
        let mut thief = browser.clone();
        try_sign_in(&mut browser, "bilel@example.com", PASSWORD).await;
        assert_ne!(browser.cookies["holdfast"], first);
        browser.get("/settings/profile").await.shows("bilel@example.com");
        assert!(!is_signed_in(&mut thief).await);

        let mut copy = browser.clone();
        let page = browser.post("/sign-out", &[]).await;
        assert_eq!((page.status, page.location()), (303, "/"));
        browser.get("/").await.shows("You are signed out.");
        assert!(!browser.cookies.contains_key("holdfast"));
        assert!(!is_signed_in(&mut copy).await, "the cookie still works after signing out");
        assert_eq!(world.browser().post("/sign-out", &[]).await.status, 303);
    }
}

both! {
    async fn nobody_can_bring_a_session_of_his_own_making(world) {
        world.account("Amel", AMEL).await;
        let mut browser = world.browser();
        browser.cookies.insert("holdfast".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
        assert!(!is_signed_in(&mut browser).await);
        browser.cookies.insert("holdfast".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
        try_sign_in(&mut browser, AMEL, PASSWORD).await;
        assert_ne!(browser.cookies["holdfast"], "AAAAAAAAAAAAAAAAAAAAAA");
        assert!(is_signed_in(&mut browser).await);
    }
}

both! {
    async fn a_page_view_writes_nothing_but_a_visit_every_few_minutes(world) {
        let id = world.account("Amel", AMEL).await;
        let mut browser = world.signed_in(AMEL).await;
        let seen = async || {
            let mut reader = world.app.db.read().await.unwrap();
            sessions::list(&mut reader.conn(), world.app.clock.now(), id).await.unwrap()[0].seen_at
        };
        let first = seen().await;
        world.app.clock.advance(Duration::minutes(4));
        let page = browser.get("/settings/profile").await;
        assert!(page.set_cookies().is_empty(), "{:?}", page.set_cookies());
        assert_eq!(seen().await, first);
        world.app.clock.advance(Duration::minutes(2));
        let page = browser.get("/settings/profile").await;
        assert!(page.set_cookies().is_empty(), "the cookie lasts as long as any session may");
        assert_eq!(seen().await, world.app.clock.now());
        assert!(world.browser().get("/").await.set_cookies().is_empty());
        // Used every week it lives on, and left alone for two weeks it ends.
        for _ in 0..3 {
            world.app.clock.advance(Duration::days(7));
            assert!(is_signed_in(&mut browser).await);
        }
        world.app.clock.advance(Duration::days(14));
        assert!(!is_signed_in(&mut browser).await);
    }
}

both! {
    async fn a_session_ends_after_thirty_days_however_often_it_is_used(world) {
        world.account("Amel", AMEL).await;
        let mut browser = world.signed_in(AMEL).await;
        for _ in 0..29 {
            world.app.clock.advance(Duration::days(1));
            assert!(is_signed_in(&mut browser).await);
        }
        world.app.clock.advance(Duration::days(1));
        assert!(!is_signed_in(&mut browser).await);
        assert!(browser.get("/settings/sessions").await.location().starts_with("/sign-in"));
    }
}

both! {
    async fn a_new_device_is_told_by_mail_and_a_known_one_is_not(world) {
        world.account("Amel", AMEL).await;
        let mut laptop = world.signed_in(AMEL).await;
        assert!(world.kinds(AMEL).await.is_empty(), "the first device of all is no news");
        laptop.post("/sign-out", &[]).await;
        try_sign_in(&mut laptop, AMEL, PASSWORD).await;
        assert!(world.kinds(AMEL).await.is_empty(), "a device that was here before is no news");
        let mut phone = world.browser();
        phone.user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1".into();
        phone.ip = "203.0.113.9".into();
        try_sign_in(&mut phone, AMEL, PASSWORD).await;
        let mail = world.mail(AMEL).await;
        assert_eq!(mail.kind, "new_sign_in");
        for fact in ["Safari on iPhone", "203.0.113.9"] {
            assert!(mail.text.contains(fact), "{}", mail.text);
        }
    }
}

#[tokio::test]
async fn behind_https_the_cookies_are_the_hosts_own() {
    let mut world = World::sqlite().await;
    world.account("Amel", AMEL).await;
    let plain = try_sign_in(&mut world.browser(), AMEL, PASSWORD).await;
    world.with_config(|config| config.public_url = "https://pay.example.com".into());
    let mut browser = world.browser();
    let secure = try_sign_in(&mut browser, AMEL, PASSWORD).await;
    for (page, prefix, is_secure) in [(&plain, "holdfast", false), (&secure, "__Host-holdfast", true)] {
        let cookies = page.set_cookies();
        assert_eq!(cookies.len(), 3);
        for cookie in cookies {
            assert!(cookie.starts_with(prefix), "{cookie}");
            assert_eq!(cookie.contains("Secure"), is_secure, "{cookie}");
            for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
                assert!(cookie.contains(part), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
    let page = browser.post("/sign-out", &[]).await;
    let removals = page.set_cookies();
    assert!(
        removals.iter().any(|one| one.starts_with("__Host-holdfast=;") && one.contains("Secure")),
        "{removals:?}"
    );
}

both! {
    async fn a_new_password_is_chosen_with_a_mailed_link_that_works_once(world) {
        world.account("Amel", AMEL).await;
        let mut signed_in = world.signed_in(AMEL).await;
        let page = world.browser().submit("/reset", &[("email", AMEL)]).await;
        page.shows("If that address is known here");
        let mail = world.mail(AMEL).await;
        assert_eq!(mail.kind, "reset_password");
        let link = mail.path("/reset/");
        for _ in 0..3 {
            world.browser().get(&link).await.shows("Choose a new password");
        }
        let weak = world.browser().post(&link, &[("password", "amel-amel-amel")]).await;
        assert_eq!(weak.status, 422);
        let page = world.browser().submit(&link, &[("password", NEW)]).await;
        page.shows("every device was signed out");
        assert!(!is_signed_in(&mut signed_in).await);
        assert_eq!(try_sign_in(&mut world.browser(), AMEL, PASSWORD).await.status, 422);
        assert_eq!(try_sign_in(&mut world.browser(), AMEL, NEW).await.status, 303);
        assert_eq!(world.browser().get(&link).await.status, 410);
        assert_eq!(world.browser().post(&link, &[("password", PASSWORD)]).await.status, 410);
        let kinds = world.kinds(AMEL).await;
        assert!(kinds.contains(&"password_changed".to_owned()), "{kinds:?}");
    }
}

both! {
    async fn asking_for_a_new_password_says_the_same_whatever_the_address(world) {
        world.account("Amel", AMEL).await;
        let known = world.browser().post("/reset", &[("email", AMEL)]).await;
        let unknown = world.browser().post("/reset", &[("email", "nobody@example.com")]).await;
        assert_eq!((known.status, known.location()), (unknown.status, unknown.location()));
        assert_eq!((known.body.clone(), known.set_cookies()), (unknown.body.clone(), unknown.set_cookies()));
        assert_eq!(world.mails().await.len(), 1);
        assert_eq!(world.browser().post("/reset", &[("email", "nonsense")]).await.status, 422);
        let link = world.mail(AMEL).await.path("/reset/");
        world.app.clock.advance(Duration::hours(1));
        assert_eq!(world.browser().get(&link).await.status, 410);
        assert_eq!(world.browser().get("/reset/nonsense").await.status, 404);
        for _ in 0..9 {
            world.browser().post("/reset", &[("email", AMEL)]).await;
        }
        assert_eq!(world.mails().await.len(), 6, "an hour later five more, and no more");
    }
}

both! {
    async fn whoever_signed_up_and_forgot_the_password_confirms_by_choosing_a_new_one(world) {
        let form = [("name", "Amel"), ("email", AMEL), ("password", PASSWORD), ("time_zone", "Etc/UTC"), ("terms", "yes")];
        world.browser().post("/sign-up", &form).await;
        world.browser().post("/reset", &[("email", AMEL)]).await;
        let link = world.mail(AMEL).await.path("/reset/");
        assert_eq!(world.browser().post(&link, &[("password", NEW)]).await.status, 303);
        assert_eq!(try_sign_in(&mut world.browser(), AMEL, NEW).await.status, 303);
    }
}
