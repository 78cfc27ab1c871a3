//! What concerns the safety of accounts is written down, for its owner and for operators, and nobody fills it.

use holdfast::one;
use holdfast::sandbox::notices::Post;
use holdfast::store::security::{KEPT, Kind};
use holdfast::work::sweep;
use time::Duration;

use crate::world::{PASSWORD, World, both};

const AMEL: &str = "amel@example.com";
const KARIM: &str = "karim@example.com";
const OLFA: &str = "olfa@example.com";
const NEW: &str = "river lantern quiet cobalt";

async fn rows(world: &World, kind: Kind) -> i64 {
    let sql = "SELECT count(*) FROM security_log WHERE kind = $1";
    one!(&mut world.app.db.read().await.unwrap().conn(), (i64,), sql, kind.name()).unwrap().0
}

both! {
    async fn the_owner_reads_sign_ins_failures_and_changes_of_the_account(world) {
        world.account("Amel", AMEL).await;
        let mut stranger = world.browser();
        stranger.ip = "203.0.113.9".to_owned();
        stranger.post("/sign-in", &[("email", AMEL), ("password", "not hers")]).await.is(422);
        let mut browser = world.signed_in(AMEL).await;
        let change = [("current", PASSWORD), ("new", NEW)];
        browser.post("/settings/security/password", &change).await.is(303);
        let page = browser.get("/settings/security/log").await;
        for line in ["Signed in on a new device", "Sign-in failed", "203.0.113.9", "The password was changed", "Firefox on Linux"] {
            page.shows(line);
        }
        page.hides("not hers");
        assert!(page.text().find("The password was changed") < page.text().find("Sign-in failed"), "the newest first");
    }
}

both! {
    async fn nobody_reads_the_log_of_another(world) {
        world.account("Amel", AMEL).await;
        world.account("Karim", KARIM).await;
        world.signed_in(AMEL).await;
        let mut karim = world.signed_in(KARIM).await;
        karim.ip = "203.0.113.77".to_owned();
        karim.get("/settings/security/log").await.hides(AMEL);
        karim.get("/admin/security").await.is(404);
        world.operator(OLFA).await;
        let mut olfa = world.signed_in(OLFA).await;
        let page = olfa.get("/admin/security").await;
        for text in [AMEL, KARIM, "a page that is not this person’s", "/admin/security", "203.0.113.77"] {
            page.shows(text);
        }
        olfa.get("/admin/security?show=refused").await.hides("Signed in on a new device");
        olfa.get("/admin/audit").await.shows("the security log");
    }
}

both! {
    async fn what_the_portal_does_to_an_account_names_no_place(world) {
        let amel = world.account("Amel", AMEL).await;
        world.operator(OLFA).await;
        let mut browser = world.signed_in(AMEL).await;
        let mut olfa = world.signed_in(OLFA).await;
        olfa.ip = "198.51.100.4".to_owned();
        olfa.post(&format!("/admin/users/{amel}/freeze"), &[("reason", "A question of ours")]).await.is(303);
        browser.post("/settings/profile", &[("name", "Amel")]).await.is(422);
        let page = browser.get("/settings/security/log").await;
        page.shows("The portal froze this account");
        page.shows("Refused: the account is frozen");
        page.hides("198.51.100.4");
        olfa.get(&format!("/admin/users/{amel}/security")).await.shows("The portal froze this account");
    }
}

both! {
    async fn a_form_of_another_site_is_written_down_without_its_address(world) {
        world.browser().forged_post("/invitations/secret-of-somebody").await.is(403);
        assert_eq!(rows(&world, Kind::CrossSite).await, 1);
        world.operator(OLFA).await;
        let page = world.signed_in(OLFA).await.get("/admin/security").await;
        page.shows("a form that another site sent");
        page.hides("secret-of-somebody");
    }
}

both! {
    async fn refusals_of_one_kind_from_one_network_come_to_an_end(world) {
        world.account("Amel", AMEL).await;
        let mut stranger = world.browser();
        for _ in 0..40 {
            assert_eq!(world.notice("sandbox", Post { headers: Vec::new(), body: "{}".to_owned() }).await.status, 401);
            stranger.post("/sign-in", &[("email", "nobody@example.com"), ("password", "x")]).await;
        }
        assert_eq!(rows(&world, Kind::UnsignedNotice).await, 30);
        assert!(rows(&world, Kind::SignInFailed).await <= 30);
        stranger.ip = "198.51.100.9".to_owned();
        stranger.post("/sign-in", &[("email", AMEL), ("password", "x")]).await.is(422);
        let page = world.signed_in(AMEL).await.get("/settings/security/log").await;
        page.shows("198.51.100.9");
    }
}

both! {
    async fn rows_go_after_half_a_year(world) {
        world.account("Amel", AMEL).await;
        world.signed_in(AMEL).await;
        world.app.clock.advance(KEPT - Duration::days(1));
        sweep::run_due(&world.app).await.unwrap();
        assert_eq!(rows(&world, Kind::NewDevice).await, 1);
        world.app.clock.advance(Duration::days(2));
        sweep::run_due(&world.app).await.unwrap();
        assert_eq!(rows(&world, Kind::NewDevice).await, 0);
    }
}
