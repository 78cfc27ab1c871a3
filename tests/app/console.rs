//! The console's mails and jobs.

use holdfast::mail::letter::Letter;
use holdfast::store::db::Conn;
use holdfast::store::outbox::{self, MOST_REFUSALS, NewMail, To};
use holdfast::work::mails;
use time::Duration;
use uuid::Uuid;

use crate::world::{World, both};

const OLFA: &str = "olfa@example.com";
const AMEL: &str = "amel@example.com";

both! {
    async fn operators_read_every_mail_as_it_would_arrive(world) {
        world.operator(OLFA).await;
        let amel = world.account("Amel", AMEL).await;
        let id = write(&world, &Letter::ResetPassword.to_user(amel)).await;
        let mut olfa = world.signed_in(OLFA).await;
        let page = olfa.get("/admin/mail").await;
        page.shows("There is no mail server");
        page.shows("Reset password");
        page.shows("Waiting");
        olfa.get(&format!("/admin/mail/{id}/html")).await.is(404);

        world.mails().await;
        let page = olfa.get("/admin/mail").await;
        page.shows("Choose a new password for Holdfast");
        page.shows(AMEL);
        let page = olfa.get(&format!("/admin/mail/{id}")).await;
        page.shows("Follow its link");
        page.shows("Somebody, probably you, asked for a new password");
        let page = olfa.get(&format!("/admin/mail/{id}/html")).await;
        page.is(200);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("sandbox ") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");

        let mut amel = world.signed_in(AMEL).await;
        for path in ["/admin/mail".to_owned(), format!("/admin/mail/{id}"), format!("/admin/mail/{id}/html")] {
            amel.get(&path).await.is(404);
        }
        olfa.get(&format!("/admin/mail/{}", world.app.clock.id())).await.is(404);
        olfa.get("/admin/mail/nonsense").await.is(404);
    }
}

both! {
    async fn mails_are_listed_page_by_page(world) {
        world.operator(OLFA).await;
        let amel = world.account("Amel", AMEL).await;
        for _ in 0..26 {
            world.app.clock.advance(Duration::seconds(1));
            write(&world, &Letter::AlreadyRegistered.to_user(amel)).await;
        }
        let mut olfa = world.signed_in(OLFA).await;
        let first = olfa.get("/admin/mail").await;
        let (_, behind) = first.body.split_once("/admin/mail?before=").expect("a second page");
        let second = olfa.get(&format!("/admin/mail?before={}", &behind[..36])).await;
        assert!(second.body.contains("rel=\"prev\"") && !second.body.contains("rel=\"next\""));
        assert_eq!(first.body.matches("data-label=\"To\"").count(), 25);
    }
}

both! {
    async fn a_mail_that_was_given_up_is_tried_again_when_an_operator_says_so(world) {
        world.operator(OLFA).await;
        let amel = world.account("Amel", AMEL).await;
        let odd = NewMail { to: To::User(amel), kind: "odd_one".into(), payload: "{}".into(), escrow_id: None };
        let id = write(&world, &odd).await;
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin/jobs").await.shows("Nothing fails.");
        mails::run_due(&world.app).await.unwrap();
        let page = olfa.get("/admin/jobs").await;
        page.shows("Odd one");
        page.shows("Nothing was given up.");
        for _ in 1..MOST_REFUSALS {
            world.app.clock.advance(Duration::hours(4));
            mails::run_due(&world.app).await.unwrap();
        }
        let retry = format!("/admin/jobs/mails/{id}/retry");
        let page = olfa.get("/admin/jobs").await;
        page.shows("These mails failed too often");
        page.shows("missing field");
        assert!(page.body.contains(&retry));

        olfa.submit(&retry, &[]).await.shows("It is tried again now.");
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);
        world.app.clock.advance(Duration::days(1));
        world.signed_in(AMEL).await.post(&retry, &[]).await.is(404);
        let unknown = format!("/admin/jobs/mails/{}/retry", world.app.clock.id());
        olfa.submit(&unknown, &[]).await.shows("already been done");
    }
}

async fn write(world: &World, mail: &NewMail) -> Uuid {
    let mut tx = world.app.db.write().await.unwrap();
    let conn: &mut Conn<'_> = &mut tx.conn();
    let id = outbox::enqueue(conn, &world.app.clock, mail).await.unwrap();
    tx.commit().await.unwrap();
    id
}
