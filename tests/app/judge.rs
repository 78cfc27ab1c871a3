//! What operators read who decide a dispute: the contract, every version of it, and the parties' messages.

use axum::body::Body;
use axum::http::Method;

use crate::delivery::{Part, multipart};
use crate::disputes::dispute;
use crate::milestone::{Cast, hidden_field};
use crate::world::both;

both! {
    async fn operators_read_what_was_agreed_and_said_before_they_decide(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        let key = hidden_field(&cast.buyer.get(&path).await, "key");
        let parts: [Part<'_>; 3] = [
            ("key", None, key.as_bytes()), ("note", None, b"You promised <b>two</b> languages."),
            ("files", Some("promise.txt"), b"I promise"),
        ];
        let kind = Some("multipart/form-data; boundary=XX");
        cast.buyer.send(Method::POST, &path, Body::from(multipart(&parts)), kind).await.is(303);
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        let room = format!("/admin/disputes/{}/1", cast.deal.reference);
        for below in ["", "/contract", "/messages"] {
            olfa.get(&format!("{room}{below}")).await.is(404);
        }
        dispute(&mut cast).await;
        let page = olfa.get(&room).await;
        for below in ["contract", "messages"] {
            assert!(page.body.contains(&format!("href=\"{room}/{below}\"")), "{below}");
        }

        let page = olfa.get(&format!("{room}/contract")).await;
        page.is(200);
        page.shows("Contract, version 1");
        page.shows("Work for money.");
        page.shows("The exact text of this version");
        olfa.get(&format!("{room}/contract?version=1")).await.is(200);
        for wrong in ["2", "0", "x", ""] {
            olfa.get(&format!("{room}/contract?version={wrong}")).await.is(404);
        }
        let page = olfa.get(&format!("{room}/messages")).await;
        page.is(200);
        page.shows("Amel Buyer (buyer)");
        page.shows("You promised <b>two</b> languages.");
        let at = page.body.find(&format!("{room}/files/")).unwrap();
        let file = page.body[at..].split('"').next().unwrap().to_owned();
        assert_eq!(olfa.get(&file).await.body, "I promise");

        let audit = olfa.get("/admin/audit?show=seen").await;
        for part in ["1/contract", "1/messages", "1/files/"] {
            audit.shows(&format!("Looked at {} {part}", cast.deal.reference));
        }
        for browser in [&mut cast.buyer, &mut cast.seller] {
            browser.get(&format!("{room}/contract")).await.is(404);
            browser.get(&format!("{room}/messages")).await.is(404);
        }
    }
}

both! {
    async fn an_operator_who_takes_part_reads_none_of_it_as_one(world) {
        let mut cast = Cast::funded(&world).await;
        dispute(&mut cast).await;
        world.make_operator(cast.deal.seller).await;
        let room = format!("/admin/disputes/{}/1", cast.deal.reference);
        for below in ["/contract", "/messages"] {
            let page = cast.seller.get(&format!("{room}{below}")).await;
            page.is(422);
            page.shows("You take part in this escrow yourself");
        }
    }
}
