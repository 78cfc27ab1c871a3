//! What people choose for themselves: how they are told of what, and the address of their account. And what
//! anybody may ask: whether a document is genuine.

use holdfast::change_of_address::{self, Moved};
use holdfast::engine::chain::sha256_hex;
use time::Duration;

use crate::browser::Browser;
use crate::world::{PASSWORD, World, both};

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";
const NEW: &str = "amel@elsewhere.example";

async fn asks_for(browser: &mut Browser, email: &str, password: &str) -> u16 {
    browser.post("/settings/security/address", &[("new_email", email), ("password", password)]).await.status
}

async fn unread(browser: &mut Browser, words: &str) -> bool {
    browser.get("/notifications").await.text().contains(words)
}

both! {
    async fn what_one_switches_off_is_told_in_no_way_and_what_binds_is_told_all_the_same(world) {
        world.person("Amel Buyer").await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get("/settings/notifications").await;
        page.shows("Money and agreements");
        page.shows("cannot be switched off");
        assert_eq!(page.body.matches(" checked").count(), 8, "everything is on at first");
        let some = [("reminders-mail", "yes"), ("endings-portal", "yes"), ("binding-mail", "no")];
        buyer.submit("/settings/notifications", &some).await.shows("Saved.");
        assert_eq!(buyer.get("/settings/notifications").await.body.matches(" checked").count(), 2);
        let deal = world.funded().await;
        world.mails().await;
        let kinds = world.kinds(BUYER).await;
        assert_eq!(kinds, ["invited", "payment_due", "receipt"], "who else has signed is progress");
        assert!(world.kinds(SELLER).await.contains(&"signed".to_owned()), "the others are told as before");
        assert!(!unread(&mut buyer, "has agreed: A web shop").await);
        assert!(unread(&mut buyer, "Receipt, money held").await);
        for number in [1, 2] {
            world.delivers(&deal, number).await;
            world.approves(&deal, number).await;
        }
        assert!(unread(&mut buyer, "Completed: A web shop").await, "in the portal, as he chose");
        assert!(!world.kinds(BUYER).await.contains(&"completed".to_owned()), "and not by mail");
    }
}

both! {
    async fn a_mail_that_can_be_switched_off_says_where(world) {
        let deal = world.proposed().await;
        world.all_sign(&deal).await;
        let mails = world.mails().await;
        let of = |kind: &str| mails.iter().find(|mail| mail.kind == kind).unwrap().text.clone();
        assert!(of("signed").contains("/settings/notifications"));
        assert!(!of("payment_due").contains("/settings/notifications"));
    }
}

both! {
    async fn an_address_is_changed_by_its_own_link_and_the_old_one_is_told(world) {
        let id = world.person("Amel Buyer").await;
        let mut amel = world.signed_in(BUYER).await;
        assert_eq!(asks_for(&mut amel, NEW, "wrong").await, 422);
        assert_eq!(asks_for(&mut amel, BUYER, PASSWORD).await, 422);
        assert_eq!(asks_for(&mut amel, NEW, PASSWORD).await, 303);
        let [link, old] = both_links(&world).await;
        assert_eq!(world.browser().get(&link).await.status, 303, "whoever is not signed in is asked to be");
        world.account("Somebody Else", "else@example.com").await;
        assert_eq!(world.signed_in("else@example.com").await.get(&link).await.status, 404);
        amel.get(&link).await.shows(NEW);
        assert_eq!(world.signed_in(BUYER).await.get("/home").await.status, 200, "looking changes nothing");
        let mut phone = world.signed_in(BUYER).await;
        amel.submit(&link, &[]).await.shows("The address changes once the link in the other mail is opened too.");
        assert_eq!(amel.post(&link, &[]).await.status, 410);
        assert_eq!(world.person_of(BUYER).await, Some(id), "one mailbox alone moves nothing");
        amel.get(&old).await.shows(NEW);
        amel.submit(&old, &[]).await.shows("Your account has the new address.");
        assert_eq!(phone.get("/home").await.status, 303, "other sessions end");
        assert_eq!(world.kinds(BUYER).await.last().unwrap(), "address_changed");
        let known = world.signed_in(NEW).await;
        drop(known);
        let page = world.browser().post("/sign-in", &[("email", BUYER), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 422, "nobody signs in with the old one");
        assert_eq!(world.person_of(NEW).await, Some(id));
    }
}

both! {
    async fn an_address_that_somebody_has_is_not_taken_from_him(world) {
        world.person("Amel Buyer").await;
        world.person("Bilel Seller").await;
        let mut amel = world.signed_in(BUYER).await;
        assert_eq!(asks_for(&mut amel, SELLER, PASSWORD).await, 303, "the page tells nobody who has an account");
        assert_eq!(world.kinds(SELLER).await, ["already_registered"]);
        assert_eq!(asks_for(&mut amel, NEW, PASSWORD).await, 303);
        let [link, old] = both_links(&world).await;
        world.account("Quicker", NEW).await;
        assert_eq!(amel.post(&old, &[]).await.status, 303);
        let page = amel.post(&link, &[]).await;
        page.is(410);
        page.shows("Your account keeps the address that it had.");
        world.signed_in(BUYER).await.get("/home").await.is(200);
    }
}

/// The links that the new mailbox and the old one were sent.
async fn both_links(world: &World) -> [String; 2] {
    [world.mail(NEW).await.path("/settings/address/"), world.mail(BUYER).await.path("/settings/address/")]
}

both! {
    async fn a_change_of_address_is_undone_from_the_old_one_for_a_week(world) {
        let id = world.person("Amel Buyer").await;
        let mut thief = world.signed_in(BUYER).await;
        assert_eq!(asks_for(&mut thief, NEW, PASSWORD).await, 303);
        for link in both_links(&world).await {
            assert_eq!(thief.post(&link, &[]).await.status, 303);
        }
        let undo = world.mail(BUYER).await.path("/address-undo/");
        // Moving on does not end the way back.
        assert_eq!(asks_for(&mut thief, "third@example.com", PASSWORD).await, 303);
        let third = world.mail("third@example.com").await.path("/settings/address/");
        let second = world.mail(NEW).await.path("/settings/address/");
        for link in [third, second] {
            assert_eq!(thief.post(&link, &[]).await.status, 303);
        }
        let later = world.mail(NEW).await.path("/address-undo/");
        assert_eq!(world.person_of("third@example.com").await, Some(id));
        world.app.clock.advance(Duration::days(6));
        let mut anybody = world.browser();
        anybody.get(&undo).await.shows("Take my address back");
        assert_eq!(world.person_of("third@example.com").await, Some(id), "looking changes nothing");
        anybody.submit(&undo, &[]).await.shows("Your account has its earlier address again");
        assert_eq!(world.person_of(BUYER).await, Some(id));
        assert_eq!(thief.get("/home").await.status, 303, "the one who moved it is signed out");
        assert_eq!(world.kinds(BUYER).await.last().unwrap(), "reset_password");
        for dead in [&undo, &later] {
            assert_eq!(anybody.post(dead, &[]).await.status, 410);
        }

        let mut amel = world.signed_in(BUYER).await;
        assert_eq!(asks_for(&mut amel, NEW, PASSWORD).await, 303);
        for link in both_links(&world).await {
            assert_eq!(amel.post(&link, &[]).await.status, 303);
        }
        let undo = world.mail(BUYER).await.path("/address-undo/");
        world.app.clock.advance(Duration::days(8));
        assert_eq!(anybody.get(&undo).await.status, 410, "a week has passed");
    }
}

both! {
    async fn another_request_ends_the_links_of_the_one_before(world) {
        let id = world.person("Amel Buyer").await;
        let mut amel = world.signed_in(BUYER).await;
        assert_eq!(asks_for(&mut amel, NEW, PASSWORD).await, 303);
        let [new, old] = both_links(&world).await;
        assert_eq!(amel.post(&old, &[]).await.status, 303);
        assert_eq!(asks_for(&mut amel, "third@example.com", PASSWORD).await, 303);
        assert_eq!(amel.post(&new, &[]).await.status, 410);
        let third = world.mail("third@example.com").await.path("/settings/address/");
        assert_eq!(amel.post(&third, &[]).await.status, 303);
        assert_eq!(world.person_of(BUYER).await, Some(id), "the old mailbox agreed to another address");
    }
}

both! {
    async fn of_five_who_move_to_one_address_at_once_one_gets_it(world) {
        let mut ready = Vec::new();
        for number in 0..5 {
            let email = format!("mover{number}@example.com");
            let id = world.account("Mover", &email).await;
            change_of_address::request(&world.app.db, &world.app.clock, id, "one@example.com").await.unwrap();
            let new = world.mail("one@example.com").await.path("/settings/address/");
            let old = world.mail(&email).await.path("/settings/address/");
            let secret = |path: String| path.rsplit('/').next().unwrap().to_owned();
            let half = change_of_address::confirm(&world.app.db, &world.app.clock, id, &secret(old), &[]).await;
            assert_eq!(half.unwrap(), Moved::Half);
            ready.push((id, secret(new)));
        }
        let moves = ready.iter().map(|(id, secret)| async {
            change_of_address::confirm(&world.app.db, &world.app.clock, *id, secret, &[]).await.unwrap()
        });
        let moved = futures_util::future::join_all(moves).await;
        assert_eq!(moved.iter().filter(|moved| **moved == Moved::Done).count(), 1, "{moved:?}");
        assert_eq!(moved.iter().filter(|moved| **moved == Moved::Taken).count(), 4, "{moved:?}");
    }
}

both! {
    async fn a_document_is_genuine_under_its_own_reference_alone(world) {
        let deal = world.agreed().await;
        let other = world.proposes(world.one_off(50_000)).await;
        let mut buyer = world.signed_in(BUYER).await;
        let text = buyer.get(&deal.path("/contract.txt")).await.body;
        let mut anybody = world.browser();
        anybody.get("/verify").await.shows("Is this document genuine?");
        let ask = |reference: &str, hash: &str| format!("/verify?reference={reference}&sha256={hash}");
        let hash = sha256_hex(text.as_bytes());
        anybody.get(&ask(&deal.reference, &hash)).await.shows("Yes. A document with this fingerprint");
        anybody.get(&ask(&deal.reference.to_lowercase(), &hash.to_uppercase())).await.shows("Yes.");
        for (reference, hash) in [
            (other.reference.as_str(), hash.clone()),
            ("ESC-0000-0000", hash),
            (deal.reference.as_str(), sha256_hex(format!("{text} ").as_bytes())),
        ] {
            let page = anybody.get(&ask(reference, &hash)).await;
            page.is(200);
            page.shows("No. No document with this fingerprint");
            page.hides("A web shop");
        }
        let page = anybody.get("/verify?reference=nonsense&sha256=12").await;
        page.is(422);
        page.shows("Enter the SHA-256 of the document");
        for _ in 0..60 {
            anybody.get(&ask(&deal.reference, &"0".repeat(64))).await;
        }
        assert_eq!(anybody.get(&ask(&deal.reference, &"0".repeat(64))).await.status, 429);
    }
}
