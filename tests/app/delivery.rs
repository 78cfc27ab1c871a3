//! Delivering by the page: files and a message arrive, are kept while the form is not finished, and
//! belong to the escrow with the delivery and not before.

use axum::body::Body;
use axum::http::{Method, header};
use holdfast::all;
use holdfast::engine::escrow::MilestoneStage;
use holdfast::store::db::counting;
use holdfast::store::execute::tick;
use holdfast::store::files::{self, FileRow, NewFile, Purpose};
use holdfast::work::sweep;
use sha2::{Digest, Sha256};
use time::Duration;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

/// A part of a form: field, name of the file if it is one, content.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

pub fn multipart(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, file, content) in parts {
        let file = file.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}

async fn send(browser: &mut Browser, path: &str, parts: &[Part<'_>]) -> Page {
    let kind = Some("multipart/form-data; boundary=XX");
    browser.send(Method::POST, path, Body::from(multipart(parts)), kind).await
}

/// What the page of the delivery would send beside what is given.
async fn form(cast: &mut Cast) -> (String, String) {
    let page = cast.seller.get(&cast.first("/deliver")).await;
    (hidden_field(&page, "seen"), hidden_field(&page, "key"))
}

/// The seller sends a delivery from a page that was just opened.
async fn deliver(cast: &mut Cast, parts: &[Part<'_>]) -> Page {
    let (seen, key) = form(cast).await;
    let guard: [Part<'_>; 2] = [("seen", None, seen.as_bytes()), ("key", None, key.as_bytes())];
    let path = cast.first("/deliver");
    send(&mut cast.seller, &path, &[&guard, parts].concat()).await
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

async fn attached(world: &World, cast: &Cast) -> Vec<FileRow> {
    let mut reader = world.app.db.read().await.unwrap();
    files::of_escrow(&mut reader.conn(), cast.deal.escrow).await.unwrap()
}

/// Files that wait for their form to be finished.
async fn waiting(world: &World) -> Vec<Uuid> {
    let mut reader = world.app.db.read().await.unwrap();
    let rows = all!(&mut reader.conn(), (Uuid,), "SELECT id FROM files WHERE escrow_id IS NULL ORDER BY id");
    rows.unwrap().into_iter().map(|(id,)| id).collect()
}

/// The files that a form which came back offers to keep.
fn offered(page: &Page) -> Vec<String> {
    let start = r#"name="kept[]" value=""#;
    page.body.split(start).skip(1).map(|rest| rest[..36].to_owned()).collect()
}

both! {
    async fn a_milestone_is_delivered_changed_delivered_again_and_shows_every_round(world) {
        let mut cast = Cast::funded(&world).await;
        let page = cast.seller.get(&cast.first("")).await;
        page.shows("Deliver “Design” by Wed 3 Jun 2026, 10:00 (Tunis).");
        page.shows("Nothing has been delivered yet.");
        let page = cast.seller.get(&cast.first("/deliver")).await;
        page.shows("It is done when: • It works • It is documented");
        page.shows("until about Thu 7 May 2026, 10:00 (Tunis)");

        let done = deliver(&mut cast, &[
            ("note", None, "First <i>try</i>".as_bytes()),
            ("files", Some("plan.txt"), b"the plan"),
            ("files", Some(""), b""),
            ("files", Some("logo.svg"), b"<svg onload=alert(1)>"),
        ])
        .await;
        assert_eq!((done.status, done.location()), (303, cast.first("").as_str()));
        let receipt = cast.seller.get(done.location()).await;
        receipt.shows("Marked as delivered. The buyer has been told and the inspection has started.");
        receipt.shows("First <i>try</i>");
        receipt.shows(&format!("plan.txt 8 bytes SHA-256 {}", sha256(b"the plan")));
        receipt.shows(&format!("logo.svg 21 bytes SHA-256 {}", sha256(b"<svg onload=alert(1)>")));

        let page = cast.buyer.get(&cast.first("/inspect")).await;
        page.shows("plan.txt");
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let inspect = cast.first("/inspect");
        let fields = [("seen", seen.as_str()), ("key", &key), ("failed[]", "0"), ("reason", "It crashes.")];
        cast.buyer.submit(&inspect, &fields).await.shows("The seller has been told what to change.");
        world.app.clock.advance(Duration::hours(5));
        let done = deliver(&mut cast, &[("note", None, b"Mended"), ("files", Some("plan.txt"), b"the plan, mended")]).await;
        assert_eq!(done.status, 303);
        let path = cast.first("");
        // After some hours the first view notes the visit as well.
        cast.broker.get(&path).await;
        let (page, statements) = counting(cast.broker.get(&path)).await;
        assert!((2..=6).contains(&statements), "{statements} statements for a page with files");
        for words in ["Round 2", "Mended", "Round 1", "First <i>try</i>", "Not met: It works", "It crashes."] {
            page.shows(words);
        }
        let text = page.text();
        assert!(text.find("Round 2") < text.find("Round 1"), "the newest stands first");
        page.shows("Waiting for Amel Buyer");
        assert_eq!(attached(&world, &cast).await.len(), 3);
        assert_eq!(world.escrow(&cast.deal).await.milestones[0].delivery.as_ref().unwrap().round, 2);
        let kinds = world.kinds("amel.buyer@example.com").await;
        assert_eq!(kinds.iter().filter(|kind| kind.contains("delivered")).count(), 2, "{kinds:?}");
    }
}

both! {
    async fn files_come_back_to_the_parties_as_they_went_in(world) {
        let mut cast = Cast::funded(&world).await;
        let hostile = "../../etc/pass\u{202e}wd%0D\t.html";
        deliver(&mut cast, &[("files", Some(hostile), b"<script>alert(1)</script>")]).await;
        let row = attached(&world, &cast).await.remove(0);
        assert_eq!((row.name.as_str(), row.purpose.as_str()), ("passwd  .html", "delivery"));
        let path = cast.deal.path(&format!("/files/{}", row.id));
        for browser in [&mut cast.buyer, &mut cast.seller, &mut cast.broker] {
            let file = browser.get(&path).await;
            assert_eq!((file.status, file.body.as_str()), (200, "<script>alert(1)</script>"));
            let head = |name| file.headers.get(name).map_or("", |value| value.to_str().unwrap());
            assert!(head(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"passwd  .html\""));
            assert!(head(header::CONTENT_SECURITY_POLICY).starts_with("sandbox;"));
            assert_eq!(head(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(head(header::CONTENT_TYPE), "text/plain; charset=utf-8");
            assert_eq!(head(header::CACHE_CONTROL), "no-store");
        }
        world.account("Salma Stranger", "salma@example.com").await;
        assert_eq!(world.signed_in("salma@example.com").await.get(&path).await.status, 404);
        assert!(world.browser().get(&path).await.location().starts_with("/sign-in?"));

        let other = world.funded().await;
        let elsewhere = other.path(&format!("/files/{}", row.id));
        assert_eq!(cast.buyer.get(&elsewhere).await.status, 404, "a file belongs to one escrow");
        for wrong in ["x", "0190163d-8694-739b-aea5-966c26f8ad91", "..%2f..%2fetc%2fpasswd"] {
            assert_eq!(cast.buyer.get(&cast.deal.path(&format!("/files/{wrong}"))).await.status, 404);
        }
    }
}

both! {
    async fn a_download_keeps_the_length_and_the_digest_that_it_names(world) {
        let mut cast = Cast::funded(&world).await;
        let text = "All work and no play. ".repeat(200);
        deliver(&mut cast, &[("files", Some("a.txt"), text.as_bytes())]).await;
        let row = attached(&world, &cast).await.remove(0);
        cast.buyer.takes_gzip = true;
        let page = cast.buyer.get(&cast.first("")).await;
        assert_eq!(page.headers[header::CONTENT_ENCODING], "gzip");
        let file = cast.buyer.get(&cast.deal.path(&format!("/files/{}", row.id))).await;
        assert!(!file.headers.contains_key(header::CONTENT_ENCODING));
        assert_eq!(file.headers[header::CONTENT_LENGTH], text.len().to_string());
        assert!(file.headers.contains_key("repr-digest"));
        assert_eq!(file.body, text);
    }
}

both! {
    async fn a_form_that_comes_back_keeps_its_files_and_words(world) {
        let mut cast = Cast::funded(&world).await;
        let page = deliver(&mut cast, &[
            ("note", None, b"All here"),
            ("files", Some("good.txt"), b"good"),
            ("files", Some("none.txt"), b""),
        ])
        .await;
        assert_eq!(page.status, 422);
        page.shows("“none.txt” is empty. Attach the right file.");
        page.shows("All here");
        page.shows("good.txt 4 bytes");
        assert!(page.body.contains("<title>Error: "));
        assert!(attached(&world, &cast).await.is_empty());
        let kept = offered(&page);
        assert_eq!(kept, waiting(&world).await.iter().map(Uuid::to_string).collect::<Vec<_>>());
        for browser in [&mut cast.seller, &mut cast.buyer] {
            let path = cast.deal.path(&format!("/files/{}", kept[0]));
            assert_eq!(browser.get(&path).await.status, 404, "it belongs to no escrow yet");
        }

        world.app.clock.advance(Duration::days(6));
        sweep::run_due(&world.app).await.unwrap();
        assert_eq!(waiting(&world).await.len(), 1, "a form may take some days");

        let done = deliver(&mut cast, &[
            ("note", None, b"All here"),
            ("kept[]", None, kept[0].as_bytes()),
            ("kept[]", None, kept[0].as_bytes()),
            ("files", Some("more.txt"), b"more"),
        ])
        .await;
        assert_eq!(done.status, 303);
        let names: Vec<String> = attached(&world, &cast).await.into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["good.txt", "more.txt"]);
        assert!(waiting(&world).await.is_empty());
        cast.buyer.get(&cast.first("")).await.shows("good.txt 4 bytes");
    }
}

both! {
    async fn nobody_delivers_what_somebody_else_uploaded(world) {
        let mut cast = Cast::funded(&world).await;
        let new = |uploader, purpose| NewFile {
            uploader,
            escrow_id: None,
            purpose,
            name: "secret.txt",
            size_bytes: 1,
            sha256: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            media_type: "text/plain",
        };
        let foreign = [new(cast.deal.buyer, Purpose::Delivery), new(cast.deal.seller, Purpose::Terms)];
        let rows = files::keep(&world.app.db, &world.app.clock, &foreign).await.unwrap();
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut parts: Vec<Part<'_>> = ids.iter().map(|id| ("kept[]", None, id.as_bytes())).collect();
        parts.push(("note", None, b"Here"));
        assert_eq!(deliver(&mut cast, &parts).await.status, 303);
        assert!(attached(&world, &cast).await.is_empty());
        assert_eq!(waiting(&world).await.len(), 2);
        world.app.clock.advance(Duration::days(8));
        sweep::run_due(&world.app).await.unwrap();
        assert_eq!(waiting(&world).await, [rows[1].id], "those of drafts stay");
    }
}

both! {
    async fn a_second_click_delivers_once(world) {
        let mut cast = Cast::funded(&world).await;
        let (seen, key) = form(&mut cast).await;
        let parts: [Part<'_>; 4] = [
            ("seen", None, seen.as_bytes()),
            ("key", None, key.as_bytes()),
            ("note", None, b"Here"),
            ("files", Some("a.txt"), b"a"),
        ];
        let path = cast.first("/deliver");
        assert_eq!(send(&mut cast.seller, &path, &parts).await.status, 303);
        let again = send(&mut cast.seller, &path, &parts).await;
        cast.seller.get(again.location()).await.shows("This had already been done, so nothing was changed.");
        assert_eq!(attached(&world, &cast).await.len(), 1);

        // The same form once more, after the buyer has asked for changes: its key is known.
        let page = cast.buyer.get(&cast.first("/inspect")).await;
        let guard = [hidden_field(&page, "seen"), hidden_field(&page, "key")];
        let inspect = cast.first("/inspect");
        let fields = [("seen", guard[0].as_str()), ("key", &guard[1]), ("failed[]", "0"), ("reason", "No.")];
        cast.buyer.submit(&inspect, &fields).await;
        let again = send(&mut cast.seller, &path, &parts).await;
        cast.seller.get(again.location()).await.shows("This had already been done");
        assert_eq!(attached(&world, &cast).await.len(), 1);
        assert!(waiting(&world).await.is_empty());
        let stage = world.escrow(&cast.deal).await.milestones[0].stage;
        assert!(matches!(stage, MilestoneStage::ChangesRequested { .. }));

        // With a key of its own it is stale: it was written before the changes were asked for.
        let parts = [("seen", None, seen.as_bytes()), ("key", None, b"other" as &[u8]), parts[2], parts[3]];
        let page = send(&mut cast.seller, &path, &parts).await;
        assert_eq!(page.status, 409);
        page.shows("This milestone has changed since you opened this page, so nothing was sent.");
        page.shows("a.txt 1 byte");
        assert_eq!(attached(&world, &cast).await.len(), 1);
    }
}

both! {
    async fn a_refused_delivery_leaves_no_file_attached(world) {
        let mut cast = Cast::funded(&world).await;
        let (seen, key) = form(&mut cast).await;
        // Overdue, and left so until the clock gives the money back by itself.
        world.app.clock.advance(Duration::days(30 + 7));
        tick(&world.app.db, &world.app.clock, cast.deal.escrow).await.unwrap();
        world.app.clock.advance(Duration::days(14));
        cast.later(&world).await;
        let parts: [Part<'_>; 3] = [
            ("seen", None, seen.as_bytes()),
            ("key", None, key.as_bytes()),
            ("files", Some("late.txt"), b"too late"),
        ];
        let path = cast.first("/deliver");
        let page = send(&mut cast.seller, &path, &parts).await;
        assert_eq!(page.status, 422);
        page.shows("This milestone is not being worked on. Nothing was changed, and no money has moved.");
        assert!(attached(&world, &cast).await.is_empty());
        assert!(waiting(&world).await.is_empty());
        assert_eq!(world.wallet(cast.deal.buyer).await, 404_000, "the deadlines were carried out all the same");
        let page = send(&mut cast.buyer, &path, &parts).await;
        assert_eq!(page.status, 422);
        page.shows("Only the seller can do this.");
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_much_is_told_in_words() {
    let world = World::sqlite().await;
    let mut cast = Cast::funded(&world).await;
    let page = deliver(&mut cast, &[("note", None, b" \n ")]).await;
    assert_eq!(page.status, 422);
    page.shows("Write a message or attach a file, so that the buyer has something to check.");
    let large = vec![1_u8; 20 * 1024 * 1024 + 1];
    let page =
        deliver(&mut cast, &[("files", Some("film.mov"), &large), ("files", Some("a.txt"), b"a")]).await;
    assert_eq!(page.status, 422);
    page.shows("“film.mov” is larger than 20 MiB. Attach a smaller file.");
    assert_eq!(offered(&page).len(), 1);
    let page = deliver(&mut cast, &[("note", None, "ü".repeat(5_001).as_bytes())]).await;
    assert_eq!(page.status, 422);
    page.shows("This has 5001 characters; write at most 5000.");
    let page = deliver(&mut cast, &[("note", None, &vec![b'x'; 300 * 1024])]).await;
    assert_eq!(page.status, 413);
    page.shows("The form holds more text than we take at once.");

    let many: Vec<Part<'_>> = (0..20).map(|_| ("files", Some("b.txt"), &b"b"[..])).collect();
    let kept = waiting(&world).await[0].to_string();
    let page = deliver(&mut cast, &[&many[..], &[("kept[]", None, kept.as_bytes())]].concat()).await;
    assert_eq!(page.status, 422);
    page.shows("Attach at most 20 files, those included that are here already.");
    assert_eq!(offered(&page).len(), 21);
    assert!(attached(&world, &cast).await.is_empty());
    let kept = offered(&page);
    let parts: Vec<Part<'_>> = kept[1..].iter().map(|id| ("kept[]", None, id.as_bytes())).collect();
    assert_eq!(deliver(&mut cast, &parts).await.status, 303);
    assert_eq!(attached(&world, &cast).await.len(), 20);
}
