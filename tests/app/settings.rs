//! What people set for themselves, and the console's list of people.

use holdfast::store::users;
use time::Duration;

use crate::world::{PASSWORD, both};

const AMEL: &str = "amel@example.com";
const NEW: &str = "river lantern quiet cobalt";

both! {
    async fn a_profile_is_shown_and_saved(world) {
        let id = world.account("Amel", AMEL).await;
        let mut browser = world.signed_in(AMEL).await;
        let page = browser.get("/settings/profile").await;
        assert!(page.body.contains("value=\"Amel\""), "{}", page.body);
        assert!(page.body.contains("<option value=\"Africa/Tunis\" selected>"));
        assert!(page.body.contains("value=\"yes\" checked"));
        let form = [("name", "Ämel <b>"), ("time_zone", "Asia/Kathmandu"), ("country", "NP")];
        let page = browser.submit("/settings/profile", &form).await;
        page.shows("Saved.");
        assert!(page.body.contains("value=\"Ämel &#60;b&#62;\""));
        let row = users::by_id(&mut world.app.db.read().await.unwrap().conn(), id).await.unwrap().unwrap();
        assert_eq!((row.time_zone.as_str(), row.country.as_deref()), ("Asia/Kathmandu", Some("NP")));
        assert!(!row.to_wallet_at_once);
        let bad = [("name", ""), ("time_zone", "../etc/passwd"), ("country", "XX"), ("to_wallet_at_once", "yes")];
        let page = browser.post("/settings/profile", &bad).await;
        assert_eq!(page.status, 422);
        for sentence in ["Enter your name.", "Choose your time zone", "Choose your country"] {
            page.shows(sentence);
        }
        let row = users::by_id(&mut world.app.db.read().await.unwrap().conn(), id).await.unwrap().unwrap();
        assert_eq!(row.name, "Ämel <b>");
    }
}

both! {
    async fn changing_the_password_needs_the_old_one_and_signs_every_other_device_out(world) {
        world.account("Amel", AMEL).await;
        let mut laptop = world.signed_in(AMEL).await;
        let mut phone = world.signed_in(AMEL).await;
        let change = "/settings/security/password";
        let page = laptop.post(change, &[("current", "not the right one"), ("new", NEW)]).await;
        assert_eq!(page.status, 422);
        page.shows("not the password that you have now");
        page.hides(NEW);
        let page = laptop.post(change, &[("current", PASSWORD), ("new", "password1234")]).await;
        assert_eq!(page.status, 422);
        assert_eq!(phone.get("/settings/security").await.status, 200);

        let before = laptop.cookies["holdfast"].clone();
        let page = laptop.submit(change, &[("current", PASSWORD), ("new", NEW)]).await;
        page.shows("Your password is changed");
        assert_ne!(laptop.cookies["holdfast"], before);
        assert_eq!(phone.get("/settings/security").await.status, 303);
        laptop.get("/settings/sessions").await.shows("This device");
        assert_eq!(world.mail(AMEL).await.kind, "password_changed");
        let page = world.browser().post("/sign-in", &[("email", AMEL), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 422);
    }
}

both! {
    async fn guesses_at_the_old_password_are_slowed_down(world) {
        world.account("Amel", AMEL).await;
        let mut browser = world.signed_in(AMEL).await;
        for _ in 0..10 {
            let page = browser.post("/settings/security/password", &[("current", "wrong"), ("new", NEW)]).await;
            assert_eq!(page.status, 422);
        }
        let page = browser.post("/settings/security/password", &[("current", PASSWORD), ("new", NEW)]).await;
        assert_eq!(page.status, 429);
    }
}

both! {
    async fn a_session_can_be_signed_out_from_another_device_by_its_owner_only(world) {
        world.account("Amel", AMEL).await;
        world.account("Bilel", "bilel@example.com").await;
        let mut phone = world.signed_in(AMEL).await;
        world.app.clock.advance(Duration::seconds(1));
        let mut laptop = world.signed_in(AMEL).await;
        let page = laptop.get("/settings/sessions").await;
        page.shows("Firefox on Linux");
        let ends = page.body.split("action=\"").filter_map(|rest| rest.split_once("\"")).map(|(path, _)| path);
        let ends: Vec<_> = ends.filter(|path| path.starts_with("/settings/sessions/")).map(str::to_owned).collect();
        assert_eq!(ends.len(), 2, "the phone's, and all others'");
        let mut bilel = world.signed_in("bilel@example.com").await;
        bilel.submit(&ends[0], &[]).await.shows("already been done");
        assert_eq!(phone.get("/settings/profile").await.status, 200);
        laptop.submit(&ends[0], &[]).await.shows("That session is signed out.");
        assert_eq!(phone.get("/settings/profile").await.status, 303);
        laptop.submit(&ends[0], &[]).await.shows("already been done");
        assert_eq!(laptop.post("/settings/sessions/nonsense/end", &[]).await.status, 404);

        let mut tablet = world.signed_in(AMEL).await;
        laptop.submit("/settings/sessions/others/end", &[]).await.shows("Every other session is signed out.");
        assert_eq!(tablet.get("/settings/profile").await.status, 303);
        assert_eq!(laptop.get("/settings/profile").await.status, 200);
    }
}

both! {
    async fn operators_find_people_and_others_find_no_such_page(world) {
        world.operator("olfa@example.com").await;
        for n in 0..30 {
            world.app.clock.advance(Duration::seconds(1));
            world.account(&format!("Person {n}"), &format!("p{n}@example.com")).await;
        }
        let mut olfa = world.signed_in("olfa@example.com").await;
        let page = olfa.get("/admin/users").await;
        page.shows("p29@example.com");
        page.hides("p4@example.com");
        let older = page.body.split("href=\"").find(|rest| rest.starts_with("/admin/users?before=")).unwrap();
        let older = older.split('"').next().unwrap().to_owned();
        let page = olfa.get(&older).await;
        page.shows("p4@example.com");
        page.shows("olfa@example.com");
        page.hides("p29@example.com");
        let page = olfa.get("/admin/users?q=PERSON+17").await;
        page.shows("p17@example.com");
        page.hides("p18@example.com");
        olfa.get("/admin/users?q=%3Cscript%3E&before=nonsense").await.shows("Nobody was found");
        assert_eq!(olfa.get("/admin/users?q=a%00b").await.status, 400, "no database holds it");

        let mut other = world.signed_in("p1@example.com").await;
        assert_eq!(other.get("/admin/users").await.status, 404);
        assert_eq!(world.browser().get("/admin/users").await.status, 404);
    }
}
