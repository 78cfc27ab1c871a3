//! The parties' conversation by its page: written, answered, with files, page by page.

use axum::body::Body;
use axum::http::Method;
use holdfast::engine::command::Command;
use holdfast::engine::party::Role;
use holdfast::engine::terms::Recipient;
use holdfast::store::db::counting;
use holdfast::store::execute::Outcome;
use holdfast::store::files;
use holdfast::store::proposals::{Named, Proposal, propose};

use crate::browser::{Browser, Page};
use crate::delivery::{Part, multipart};
use crate::milestone::{Cast, hidden_field};
use crate::world::both;

async fn say(browser: &mut Browser, path: &str, parts: &[Part<'_>]) -> Page {
    let page = browser.get(path).await;
    let key = hidden_field(&page, "key");
    let guard: [Part<'_>; 1] = [("key", None, key.as_bytes())];
    let kind = Some("multipart/form-data; boundary=XX");
    browser.send(Method::POST, path, Body::from(multipart(&[&guard, parts].concat())), kind).await
}

both! {
    async fn the_parties_write_to_each_other_and_nothing_is_lost(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        let page = cast.buyer.get(&cast.deal.path("")).await;
        assert!(page.body.contains(&format!(r#"href="{path}""#)));
        cast.buyer.get(&path).await.shows("Nobody has written anything yet.");
        let first: [Part<'_>; 1] = [("note", None, b"When can we <b>talk</b>?")];
        let done = say(&mut cast.buyer, &path, &first).await;
        assert_eq!((done.status, done.location()), (303, path.as_str()));
        cast.buyer.get(&path).await.shows("Sent. The others have been told by mail.");
        let second: [Part<'_>; 2] = [("note", None, b"Tomorrow."), ("files", Some("plan.txt"), b"the plan")];
        assert_eq!(say(&mut cast.seller, &path, &second).await.status, 303);
        let file: [Part<'_>; 1] = [("files", Some("only.txt"), b"only a file")];
        assert_eq!(say(&mut cast.broker, &path, &file).await.status, 303);
        let (page, count) = counting(cast.buyer.get(&path)).await;
        assert!((2..=6).contains(&count), "{count} statements");
        for words in ["Amel Buyer (buyer) you", "When can we <b>talk</b>?", "Bilel Seller (seller)", "Tomorrow.", "plan.txt 8 bytes", "only.txt 11 bytes"] {
            page.shows(words);
        }
        let text = page.text();
        assert!(text.find("only.txt") < text.find("Tomorrow.") && text.find("Tomorrow.") < text.find("When can we"), "the newest stands first");
        let mail = world.mail("chiraz.broker@example.com").await;
        assert!(mail.text.contains("Tomorrow.") && mail.text.contains("/messages"), "{}", mail.text);
        let rows = files::of_escrow(&mut world.app.db.read().await.unwrap().conn(), cast.deal.escrow).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.purpose.as_str()).collect::<Vec<_>>(), ["evidence", "evidence"]);
        let file = cast.broker.get(&cast.deal.path(&format!("/files/{}", rows[0].id))).await;
        assert_eq!((file.status, file.body.as_str()), (200, "the plan"));
        cast.broker.get(&cast.deal.path("/history")).await.shows("Bilel Seller (seller) wrote Tomorrow.");
    }
}

both! {
    async fn an_empty_message_comes_back_and_a_second_click_sends_once(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        let page = say(&mut cast.buyer, &path, &[("note", None, b"  ")]).await;
        assert_eq!(page.status, 422);
        page.shows("Write a message or attach a file.");
        let long = "x".repeat(5_001);
        let page = say(&mut cast.buyer, &path, &[("note", None, long.as_bytes()), ("files", Some("a.txt"), b"kept")]).await;
        assert_eq!(page.status, 422);
        page.shows(&long);
        page.shows("Files that are here already");
        page.shows("a.txt");
        let (kept, key) = (hidden_field(&page, "key"), "kept[]");
        let start = r#"name="kept[]" value=""#;
        let at = page.body.find(start).unwrap() + start.len();
        let id = page.body[at..at + 36].to_owned();
        let parts: [Part<'_>; 3] = [("key", None, kept.as_bytes()), ("note", None, b"Shorter."), (key, None, id.as_bytes())];
        let kind = Some("multipart/form-data; boundary=XX");
        let send = |browser: &mut Browser| {
            let mut browser = browser.clone();
            let (body, path) = (Body::from(multipart(&parts)), path.clone());
            async move { browser.send(Method::POST, &path, body, kind).await }
        };
        let done = send(&mut cast.buyer).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let again = send(&mut cast.buyer).await;
        assert_eq!(again.status, 409);
        again.shows("A message was sent from this page before: see below.");
        assert_eq!(again.body.matches("Shorter.").count(), 2, "once typed and once sent");
        let page = cast.buyer.get(&path).await;
        assert_eq!(page.body.matches("Shorter.").count(), 1);
        assert_eq!(page.body.matches("a.txt").count(), 1);

        let key = hidden_field(&page, "key");
        let parts: [Part<'_>; 2] = [("key", None, key.as_bytes()), ("note", None, b"And this.")];
        for words in ["Sent. The others have been told by mail.", "This had already been done, so nothing was changed."] {
            let done = cast.buyer.send(Method::POST, &path, Body::from(multipart(&parts)), kind).await;
            assert_eq!(done.status, 303, "{}", done.text());
            let page = cast.buyer.get(done.location()).await;
            page.shows(words);
            assert_eq!(page.body.matches("And this.").count(), 1);
        }
    }
}

both! {
    async fn a_long_conversation_is_read_page_by_page_and_ends_with_the_escrow(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        for number in 0..30 {
            let text = format!("Message {number:02}.");
            let said = Command::Say { text, files: Vec::new() };
            assert_eq!(world.asks(&cast.deal, cast.deal.seller, said).await, Outcome::Done);
        }
        let page = cast.buyer.get(&path).await;
        page.shows("Message 29.");
        page.shows("Message 05.");
        page.hides("Message 04.");
        let start = page.body.find("messages?before=").unwrap();
        let older = format!("{}/{}", cast.deal.path(""), page.body[start..].split('"').next().unwrap());
        let page = cast.buyer.get(&older).await;
        page.shows("Message 04.");
        page.shows("Message 00.");
        page.hides("Message 05.");
        page.hides("<textarea");
        for number in [1, 2] {
            world.delivers(&cast.deal, number).await;
            world.approves(&cast.deal, number).await;
        }
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, Command::Close).await, Outcome::Done);
        let page = cast.buyer.get(&path).await;
        page.shows("Nothing more can be written here. Escrow is closed.");
        let kind = Some("multipart/form-data; boundary=XX");
        let refused = cast.buyer.send(Method::POST, &path, Body::from(multipart(&[("note", None, b"Hello?")])), kind).await;
        assert_eq!(refused.status, 422);
    }
}

both! {
    async fn payees_and_strangers_take_no_part_in_the_conversation(world) {
        let buyer = world.person("Amel Buyer").await;
        let (seller, payee) = (world.person("Bilel Seller").await, world.person("Dorra Payee").await);
        world.account("Salma Stranger", "salma@example.com").await;
        let mut terms = world.one_off(100_000);
        terms.milestones[0].recipients =
            vec![Recipient { user: seller, amount_minor: 71_000 }, Recipient { user: payee, amount_minor: 29_000 }];
        let parties = [(Role::Buyer, "amel.buyer@example.com"), (Role::Seller, "bilel.seller@example.com"), (Role::Payee, "dorra.payee@example.com")];
        let parties = parties.map(|(role, email)| (role, email.to_owned())).to_vec();
        let key = world.app.clock.secret();
        let named = Named::default();
        let proposal = Proposal { creator: buyer, parties, terms, named, key, draft: None };
        let proposed = propose(&world.app.db, &world.app.clock, &proposal).await.unwrap();
        let path = format!("/escrows/{}/messages", proposed.reference);
        assert_eq!(world.signed_in("amel.buyer@example.com").await.get(&path).await.status, 200);
        for email in ["dorra.payee@example.com", "salma@example.com"] {
            let mut browser = world.signed_in(email).await;
            assert_eq!(browser.get(&path).await.status, 404, "{email}");
            let kind = Some("multipart/form-data; boundary=XX");
            let sent = browser.send(Method::POST, &path, Body::from(multipart(&[("note", None, b"Hello")])), kind).await;
            assert_eq!(sent.status, 404, "{email}");
        }
        let page = world.signed_in("dorra.payee@example.com").await.get(&format!("/escrows/{}", proposed.reference)).await;
        page.hides("/messages");
    }
}
