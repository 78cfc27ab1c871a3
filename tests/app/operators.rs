//! What operators do to accounts, and what is written down of it.

use holdfast::engine::command::Command;
use holdfast::engine::refusal::Refusal;
use holdfast::store::execute::Outcome;
use time::Duration;

use crate::home::{BUYER, SELLER, cast};
use crate::world::{PASSWORD, both};

const OLFA: &str = "olfa@example.com";

both! {
    async fn a_frozen_person_reads_everything_and_does_nothing(world) {
        cast(&world).await;
        world.operator(OLFA).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let mut olfa = world.signed_in(OLFA).await;
        let path = format!("/admin/users/{}", deal.buyer);
        let page = olfa.get(&path).await;
        page.shows("Amel Buyer");
        page.shows("A web shop");
        let empty = olfa.post(&format!("{path}/freeze"), &[("reason", " ")]).await;
        assert_eq!(empty.status, 422);
        empty.shows("Say why");
        let page = olfa.submit(&format!("{path}/freeze"), &[("reason", "A stolen <card>.")]).await;
        page.shows("The account is frozen, and its owner is told by mail.");
        page.shows("A stolen <card>.");
        olfa.submit(&format!("{path}/freeze"), &[("reason", "Again.")]).await.shows("already been done");
        let mail = world.mail(BUYER).await;
        assert_eq!(mail.kind, "frozen");
        assert!(mail.text.contains("A stolen <card>."), "{}", mail.text);

        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&format!("/escrows/{}", deal.reference)).await;
        page.shows("Your account is frozen. You can read everything");
        page.shows("A stolen <card>.");
        buyer.get(&format!("/escrows/{}/milestones/1", deal.reference)).await.is(200);
        let approve = Command::Approve { milestone: 1, part_minor: None };
        let refused = world.asks(&deal, deal.buyer, approve.clone()).await;
        assert_eq!(refused, Outcome::Refused { refusal: Refusal::AccountFrozen });
        let page = buyer.post(&format!("/escrows/{}/milestones/1/approve", deal.reference), &[]).await;
        assert_eq!(page.status, 422);
        page.shows("Your account is frozen");

        olfa.get("/admin").await.shows("1 accounts frozen the oldest just now");
        let page = olfa.get("/admin/users?show=frozen").await;
        page.shows(BUYER);
        page.hides(SELLER);
        let page = olfa.submit(&format!("{path}/unfreeze"), &[("note", "The bank cleared it.")]).await;
        page.shows("The account works again");
        olfa.submit(&format!("{path}/unfreeze"), &[]).await.shows("already been done");
        assert_eq!(world.mail(BUYER).await.kind, "unfrozen");
        buyer.get("/home").await.hides("Your account is frozen");
        assert_eq!(world.asks(&deal, deal.buyer, approve).await, Outcome::Done);
    }
}

both! {
    async fn a_frozen_person_changes_nothing_but_what_keeps_the_account_his(world) {
        let operator = world.operator(OLFA).await;
        let amel = world.account("Amel Buyer", BUYER).await;
        let mut browser = world.signed_in(BUYER).await;
        let draft = browser.post("/escrows/new", &[("role", "buyer")]).await.location().to_owned();
        let (db, clock) = (&world.app.db, &world.app.clock);
        assert!(holdfast::operators::freeze(db, clock, operator, amel, "A stolen card.").await.unwrap());
        let profile = [("name", "The Bank"), ("time_zone", "Africa/Tunis")];
        let address = [("new_email", "new@example.com"), ("password", PASSWORD)];
        let delete = format!("{}/delete", draft.trim_end_matches("/kind"));
        let tries: [(&str, &[(&str, &str)]); 6] = [
            ("/settings/profile", &profile),
            ("/settings/security/address", &address),
            ("/settings/notifications", &[]),
            ("/escrows/new", &[("role", "seller")]),
            (&draft, &[("kind", "one_off")]),
            (&delete, &[]),
        ];
        for (path, fields) in tries {
            let page = browser.post(path, fields).await;
            assert_eq!(page.status, 422, "{path}: {}", page.text());
            page.shows("Your account is frozen: you can read everything");
        }
        browser.get("/settings/profile").await.hides("The Bank");
        assert_eq!(world.kinds("new@example.com").await, Vec::<String>::new());
        browser.get(&draft).await.is(200);
        browser.post("/notifications/read", &[]).await.is(400);
        browser.submit("/settings/sessions/others/end", &[]).await;
        let new = "another copper violin in march";
        browser.submit("/settings/security/password", &[("current", PASSWORD), ("new", new)]).await;
        browser.post("/sign-out", &[]).await.is(303);
    }
}

both! {
    async fn an_operator_who_leaves_is_signed_out_and_the_last_one_stays(world) {
        use holdfast::operators::{Removed, remove};
        let (db, clock) = (&world.app.db, &world.app.clock);
        world.operator(OLFA).await;
        assert_eq!(remove(db, clock, OLFA).await.unwrap(), Removed::Last);
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin").await.is(200);
        world.operator("omar@example.com").await;
        assert_eq!(remove(db, clock, OLFA).await.unwrap(), Removed::Done);
        assert!(olfa.get("/home").await.location().starts_with("/sign-in"));
        world.signed_in(OLFA).await.get("/admin").await.is(404);
        assert_eq!(remove(db, clock, OLFA).await.unwrap(), Removed::Unknown);
        assert_eq!(remove(db, clock, "nobody@example.com").await.unwrap(), Removed::Unknown);
        assert_eq!(remove(db, clock, "omar@example.com").await.unwrap(), Removed::Last);
        let mut omar = world.signed_in("omar@example.com").await;
        omar.get("/admin/audit?show=done").await.shows(&format!("Is no operator any more: {OLFA}"));
    }
}

both! {
    async fn money_for_a_frozen_person_stays_payable_and_deadlines_go_on(world) {
        cast(&world).await;
        let operator = world.operator(OLFA).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let (db, clock) = (&world.app.db, &world.app.clock);
        assert!(holdfast::operators::freeze(db, clock, operator, deal.seller, "Why not.").await.unwrap());
        world.approves(&deal, 1).await;
        assert_eq!(world.escrow(&deal).await.payable_minor(), 380_000, "the broker has his, the seller has not");
        let refused = world.asks(&deal, deal.seller, Command::PayOut { milestone: 1 }).await;
        assert_eq!(refused, Outcome::Refused { refusal: Refusal::AccountFrozen });
        world.app.clock.advance(Duration::days(8));
        holdfast::store::execute::tick(db, clock, deal.escrow).await.unwrap();
        assert_eq!(world.escrow(&deal).await.payable_minor(), 0, "no state waits for ever");
    }
}

both! {
    async fn operators_freeze_neither_themselves_nor_each_other(world) {
        let me = world.operator(OLFA).await;
        let other = world.account("Omar", "omar@example.com").await;
        world.make_operator(other).await;
        let mut olfa = world.signed_in(OLFA).await;
        for (id, words) in [(me, "This is your own account."), (other, "can’t freeze each other’s accounts")] {
            olfa.get(&format!("/admin/users/{id}")).await.shows(words);
            let page = olfa.post(&format!("/admin/users/{id}/freeze"), &[("reason", "No.")]).await;
            assert_eq!(page.status, 422);
            page.shows(words);
        }
        let nobody = "/admin/users/0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(olfa.get(nobody).await.status, 404);
        assert_eq!(olfa.post(&format!("{nobody}/freeze"), &[("reason", "No.")]).await.status, 404);
        assert_eq!(olfa.post(&format!("{nobody}/unfreeze"), &[]).await.status, 404);
    }
}

both! {
    async fn what_an_operator_does_and_looks_at_is_written_down_for_good(world) {
        cast(&world).await;
        world.operator(OLFA).await;
        let deal = world.funded().await;
        world.mails().await;
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin/audit?show=seen").await.shows("Nothing yet");
        let user = format!("/admin/users/{}", deal.seller);
        olfa.get(&user).await;
        olfa.get(&format!("/admin/escrows/{}/history", deal.reference.to_lowercase())).await;
        let mails = olfa.get("/admin/mail").await;
        let start = mails.body.find("/admin/mail/").unwrap();
        let mail: String = mails.body[start..].chars().take_while(|sign| *sign != '"').collect();
        olfa.get(&mail).await.is(200);
        olfa.get("/admin/escrows/ESC-0000-0000").await.is(404);
        olfa.post(&format!("{user}/freeze"), &[("reason", "A stolen card.")]).await;
        let page = olfa.get("/admin/audit").await;
        page.shows(&format!("Olfa Operator Froze {SELLER} A stolen card."));
        page.shows("Olfa Operator Looked at a mail –");
        page.shows(&format!("Looked at {} history", deal.reference));
        page.shows(&format!("Looked at {SELLER}"));
        page.hides("ESC-0000-0000");
        let done = olfa.get("/admin/audit?show=done").await;
        done.shows("A stolen card.");
        done.hides("Looked at");
        olfa.get("/admin/audit?show=seen").await.hides("A stolen card.");
        for _ in 0..26 {
            olfa.get(&user).await;
        }
        let page = olfa.get("/admin/audit?show=seen").await;
        let older = page.body.split("href=\"").find(|href| href.contains("before=")).unwrap();
        let older = older.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let page = olfa.get(&older).await;
        page.shows(&deal.reference);
        let mut tx = world.app.db.write().await.unwrap();
        assert!(holdfast::exec!(&mut tx.conn(), "UPDATE audit_events SET body = '{}'").is_err());
        drop(tx);
        let mut tx = world.app.db.write().await.unwrap();
        assert!(holdfast::exec!(&mut tx.conn(), "DELETE FROM audit_events").is_err());
    }
}

both! {
    async fn one_field_finds_people_and_escrows_by_reference_address_name_and_title(world) {
        cast(&world).await;
        world.operator(OLFA).await;
        let deal = world.funded().await;
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin").await.shows("Reference, address, name or title");
        let page = olfa.get(&format!("/admin/search?q={}", deal.reference.to_lowercase())).await;
        assert_eq!(page.location(), format!("/admin/escrows/{}", deal.reference));
        for search in ["AMEL+BUY", "amel.buyer@", "web+shop"] {
            let page = olfa.get(&format!("/admin/search?q={search}")).await;
            page.shows(&deal.reference);
            assert_eq!(page.body.contains(BUYER), search != "web+shop", "{search}");
        }
        let page = olfa.get("/admin/search?q=%25").await;
        page.shows("Nobody of this name or address.");
        page.shows("No escrow of this title");
        assert_eq!(olfa.get("/admin/search?q=+").await.location(), "/admin");
        olfa.get("/admin/audit").await.shows("Searched web shop");
    }
}

both! {
    async fn a_payment_that_no_provider_was_told_of_is_told_again_at_once(world) {
        cast(&world).await;
        world.operator(OLFA).await;
        let deal = world.agreed().await;
        let payment = world.starts_to_pay(&deal).await;
        let later = world.app.clock.now().plus_days(1);
        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE payments SET tell_at = $2, last_error = 'No answer.', attempts = 7 WHERE id = $1";
        assert_eq!(holdfast::exec!(&mut tx.conn(), sql, payment, later).unwrap(), 1);
        tx.commit().await.unwrap();
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin").await.shows("1 payments not told");
        olfa.get("/admin/jobs").await.shows(&format!("{} No answer. 7", deal.reference));
        let retry = format!("/admin/jobs/payments/{payment}/retry");
        olfa.submit(&retry, &[]).await.shows("It is tried again now.");
        assert_eq!(holdfast::work::payments::run_due(&world.app).await.unwrap(), 1);
        olfa.submit(&retry, &[]).await.shows("already been done");
        olfa.get("/admin/audit?show=done").await.shows(&format!("Had tried again a payment of {}", deal.reference));
    }
}
