//! What was agreed to is stored with its version, word by word, and only read back.

use holdfast::doctor;
use holdfast::engine::chain::{GENESIS, sha256_hex};
use holdfast::engine::contract::Texts;
use holdfast::engine::event::Event;
use holdfast::engine::evolve::evolve;
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::plan::Plan;
use holdfast::engine::terms::{Commission, CommissionPayer, Mode, Terms, TermsParty};
use holdfast::engine::time::Time;
use holdfast::exec;
use holdfast::store::contracts::{self, Kind, Stored};
use holdfast::store::erasures::{Erasable, erase};
use holdfast::store::{escrows, history};
use uuid::Uuid;

use crate::browser::Page;
use crate::deal::Deal;
use crate::guests::for_sale;
use crate::world::{World, both};

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";

async fn stored(world: &World, deal: &Deal) -> Vec<Stored> {
    let mut reader = world.app.db.read().await.unwrap();
    contracts::of_escrow(&mut reader.conn(), deal.escrow).await.unwrap()
}

/// Does to the table what nobody can do.
async fn forced(world: &World, sql: &'static str) {
    let (off, on) = match world.app.db.kind() {
        "SQLite" => ("DROP TRIGGER IF EXISTS contract_texts_are_never_changed", "SELECT 1"),
        _ => (
            "ALTER TABLE contract_texts DISABLE TRIGGER USER",
            "ALTER TABLE contract_texts ENABLE TRIGGER USER",
        ),
    };
    let mut tx = world.app.db.write().await.unwrap();
    for part in [off, sql, on] {
        run(&mut tx.conn(), part).await;
    }
    tx.commit().await.unwrap();
}

async fn run(conn: &mut holdfast::store::db::Conn<'_>, sql: &str) {
    match conn {
        holdfast::store::db::Conn::Sqlite(it) => {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut **it).await.unwrap();
        }
        holdfast::store::db::Conn::Postgres(it) => {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut **it).await.unwrap();
        }
    }
}

/// The words of the reading copy, and those of the text.
fn words(text: &str) -> Vec<String> {
    let plain = text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    plain.map(str::to_owned).collect()
}

fn reading_copy(page: &Page) -> Vec<String> {
    let body = &page.body;
    let from = body.find("<article").unwrap_or_else(|| panic!("no article in {body}"));
    let article = &body[from..from + body[from..].find("</article>").unwrap()];
    words(&Page { body: article.to_owned(), ..page.clone() }.text())
}

both! {
    async fn what_is_signed_is_stored_and_only_read_back(world) {
        let deal = world.agreed().await;
        let escrow = world.escrow(&deal).await;
        let [text] = &stored(&world, &deal).await[..] else { panic!("not one text") };
        let exact = text.text.clone().unwrap();
        assert_eq!((text.version, text.seq, text.format, text.language.as_str()), (1, 1, 2, "en"));
        assert_eq!((sha256_hex(exact.as_bytes()), &text.sha256), (escrow.document_sha256.clone(), &escrow.document_sha256));
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.get(&deal.path("/contract.txt")).await;
        assert_eq!(page.body, exact);
        assert!(exact.contains("  - Name: Chiraz Broker\n  - Email address: chiraz.broker@example.com\n"), "{exact}");
        // Nobody has said yet what the others are called.
        assert!(exact.contains("  - Name: not known when these terms were sent\n  - Email address: amel.buyer@example.com\n"), "{exact}");
        let certificate = buyer.get(&deal.path("/signatures.txt")).await.body;
        assert!(certificate.contains(&escrow.document_sha256), "{certificate}");
        assert_eq!(certificate.matches("signed as “A Name” at 2026-05-04T09:00:00Z\n").count(), 3, "{certificate}");
        // What stands in the table is what is shown, whatever the program would write today.
        forced(&world, OTHER).await;
        for path in ["/contract", "/contract.txt", "/terms/1"] {
            assert!(buyer.get(&deal.path(path)).await.body.contains("Another wording"), "{path}");
        }
        let report = doctor::examine(&world.app).await.unwrap();
        let ill = format!("{}, version 1: the text of its contract was changed", deal.reference);
        assert!(report.ailments.iter().any(|what| what.starts_with(&ill)), "{:?}", report.ailments);
        forced(&world, "UPDATE contract_texts SET version = 2").await;
        let report = doctor::examine(&world.app).await.unwrap();
        let told = |what: &str| report.ailments.iter().any(|ailment| ailment.contains(what));
        assert!(told("the text of its contract is missing") && told("which no event made"), "{:?}", report.ailments);
    }
}

const OTHER: &str = "UPDATE contract_texts SET text = 'Another wording'";

both! {
    async fn a_text_is_never_changed_and_can_only_be_taken_out_whole(world) {
        let deal = world.proposed().await;
        for sql in [
            "UPDATE contract_texts SET text = 'x'",
            "UPDATE contract_texts SET sha256 = text, text = NULL, erased_at = NULL",
            "UPDATE contract_texts SET version = 2",
            "DELETE FROM contract_texts",
        ] {
            let mut tx = world.app.db.write().await.unwrap();
            let refused = exec!(&mut tx.conn(), sql);
            assert!(refused.is_err(), "{sql}");
        }
        assert_eq!(stored(&world, &deal).await[0].sha256, world.escrow(&deal).await.document_sha256);
        let operator = world.operator("olfa@example.com").await;
        let text = Erasable::Text { escrow: deal.escrow, version: 1, kind: Kind::Contract };
        for is_there in [true, false] {
            let mut tx = world.app.db.write().await.unwrap();
            let done = erase(&mut tx.conn(), &world.app.clock, operator, text, "kept for ten years").await;
            assert_eq!(done.unwrap(), is_there);
            tx.commit().await.unwrap();
        }
        let mut buyer = world.signed_in(BUYER).await;
        buyer.get(&deal.path("/contract")).await.shows("The text of this version is kept no longer.");
        buyer.get(&deal.path("/contract.txt")).await.is(404);
        assert!(doctor::examine(&world.app).await.unwrap().is_healthy());
        assert_eq!(contracts::fill(&world.app.db).await.unwrap(), 0);
        // Taken out by another hand than that of the audit, it is missed.
        let other = world.proposed().await;
        let mut tx = world.app.db.write().await.unwrap();
        let sql = "UPDATE contract_texts SET text = NULL, erased_at = $2 WHERE escrow_id = $1";
        exec!(&mut tx.conn(), sql, other.escrow, world.app.clock.now()).unwrap();
        tx.commit().await.unwrap();
        let found = doctor::examine(&world.app).await.unwrap().ailments;
        let ill = format!("contract text {}/1/contract: it was taken out", other.escrow);
        assert!(found.len() == 1 && found[0].starts_with(&ill), "{found:?}");
    }
}

both! {
    async fn the_copy_that_people_read_says_what_the_text_says_and_nothing_else(world) {
        let hidden = |mut terms: Terms| {
            let payer = CommissionPayer::Buyer;
            let salt = "5a".repeat(16);
            terms.commission = terms.commission.map(|it| Commission { payer, hidden: true, salt, ..it });
            terms
        };
        let quick = |mode| {
            let mut terms = world.one_off(50_000);
            (terms.mode, terms.contract_terms) = (mode, None);
            terms.description = "Two lines\n\nand <b>signs</b> & more".to_owned();
            terms
        };
        let all = [world.case_4(), hidden(world.case_4()), quick(Mode::Quick), quick(Mode::QuickProof)];
        for terms in all {
            let deal = world.proposes(terms).await;
            for email in [BUYER, SELLER] {
                let mut browser = world.signed_in(email).await;
                let text = browser.get(&deal.path("/contract.txt")).await.body;
                let copy = reading_copy(&browser.get(&deal.path("/contract")).await);
                assert_eq!(copy, words(&text), "{email}");
            }
        }
    }
}

both! {
    async fn an_arbiter_and_a_pay_link_show_the_text_without_addresses(world) {
        let mut terms = world.case_4();
        terms.dispute_handler = holdfast::engine::terms::DisputeHandler::Arbitration;
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        let link = world.mail(crate::deal::ARBITER).await.path("/arbiter/");
        let page = world.browser().get(&link).await;
        page.shows("This copy leaves out the email addresses.");
        page.shows("Name Chiraz Broker");
        for address in [BUYER, SELLER, "chiraz.broker@example.com"] {
            assert!(!page.body.contains(address), "{address}");
        }
        let (sale, link) = for_sale(&world).await;
        let page = world.browser().get(&format!("{link}/terms")).await;
        page.is(200);
        page.shows("There is no inspection.");
        page.shows(&world.escrow(&sale).await.document_sha256);
        page.hides("@example.com");
        world.browser().get(&link).await.shows("Read the terms of this sale, word for word");
    }
}

both! {
    async fn every_version_and_side_agreement_is_genuine_and_so_is_its_file(world) {
        let mut terms = world.case_4();
        terms.commission = terms.commission.map(|it| Commission { hidden: true, salt: "5a".repeat(16), ..it });
        let deal = world.proposes(terms).await;
        let texts = stored(&world, &deal).await;
        assert_eq!(texts.iter().map(|text| text.kind.as_str()).collect::<Vec<_>>(), ["contract", "side"]);
        let mut anybody = world.browser();
        for Stored { sha256, text, .. } in texts {
            let path = format!("/verify?reference={}&sha256={sha256}", deal.reference);
            anybody.get(&path).await.shows("Yes. A document with this fingerprint");
            let form = format!(
                "--x\r\nContent-Disposition: form-data; name=\"reference_of_file\"\r\n\r\n{}\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n{}\r\n--x--\r\n",
                deal.reference,
                text.unwrap()
            );
            let kind = Some("multipart/form-data; boundary=x");
            let answer = anybody.send(axum::http::Method::POST, "/verify", form.into(), kind).await;
            assert_eq!(answer.location(), path);
        }
    }
}

#[tokio::test]
async fn a_file_without_a_reference_is_asked_for_it_where_it_is_missing() {
    let world = World::sqlite().await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"reference_of_file\"\r\n\r\n\r\n\
                --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nabc\r\n--x--\r\n";
    let kind = Some("multipart/form-data; boundary=x");
    let page = world.browser().send(axum::http::Method::POST, "/verify", form.into(), kind).await;
    page.is(422);
    assert!(page.body.contains("id=\"reference_of_file-error\""), "{}", page.body);
    assert!(!page.body.contains("id=\"reference-error\"") && !page.body.contains("id=\"file-error\""));
    page.hides("kept exactly as you send them");
}

/// An escrow as it was written before there were texts, with another version after it.
async fn old_escrow(world: &World) -> (Uuid, Vec<String>) {
    let (buyer, seller) = (world.person("Amel Buyer").await, world.person("Bilel Seller").await);
    let mut terms = world.case_4();
    let party = |role, user| TermsParty { role, user, identity_sha256: "ab".repeat(32) };
    terms.parties = vec![party(Role::Buyer, buyer), party(Role::Seller, seller)];
    terms.commission = None;
    let (reference, now) = ("ESC-0000-0000".to_owned(), world.app.clock.now());
    let sha256 = |terms: &Terms, version| Texts::first(terms, &reference, version).contract.sha256();
    let mut other = terms.clone();
    other.title = "Another web shop".to_owned();
    let plan = |terms: &Terms| Plan::of(terms).unwrap();
    let (id, expires_at) = (world.app.clock.id(), now.plus_days(14));
    let events = [
        Event::Proposed {
            id,
            reference: reference.clone(),
            creator: buyer,
            plan: plan(&terms),
            document_sha256: sha256(&terms, 1),
            side_sha256: None,
            terms: Box::new(terms),
            expires_at,
        },
        Event::InvitedAgain { role: Role::Seller, user: seller },
        Event::Countered {
            by: Role::Seller,
            version: 2,
            plan: plan(&other),
            document_sha256: sha256(&other, 2),
            side_sha256: None,
            terms: Box::new(other),
            expires_at,
            payees_before: Vec::new(),
        },
    ];
    let mut tx = world.app.db.write().await.unwrap();
    let conn = &mut tx.conn();
    let (mut escrow, mut head) = (None, GENESIS);
    for event in events {
        let next = evolve(escrow.take(), &event, now).unwrap();
        if next.seq == 1 {
            let sql = "INSERT INTO escrows (id, reference, title, title_lower, currency, amount_minor, stage, seq, head,
                           document, created_at, updated_at)
                       VALUES ($1, $2, 'x', 'x', 'TND', 1, 'proposed', 0, $3, '', $4, $4)";
            exec!(conn, sql, id, reference.as_str(), GENESIS.as_slice(), now).unwrap();
        }
        let record = history::record(&world.app.clock, &next, now, Actor::Clock, &event);
        head = history::append(conn, &head, &record).await.unwrap();
        escrow = Some(next);
    }
    let escrow = escrow.unwrap();
    let sql = "UPDATE escrows SET document = $2, seq = 3, head = $3, next_at = $4 WHERE id = $1";
    let next_at: Option<Time> = holdfast::engine::deadlines::next_at(&escrow);
    exec!(conn, sql, id, escrows::document(&escrow).unwrap().as_str(), head.as_slice(), next_at).unwrap();
    tx.commit().await.unwrap();
    let hashes = [1, 2].map(|version| match version {
        1 => {
            let mut terms = escrow.terms.clone();
            terms.title = "A web shop".to_owned();
            sha256(&terms, 1)
        }
        _ => escrow.document_sha256.clone(),
    });
    (id, hashes.to_vec())
}

/// How many versions have no text. The old escrow was put together by hand and lacks other things too.
fn without_text(report: &doctor::Report) -> usize {
    report.ailments.iter().filter(|what| what.contains("the text of its contract is missing")).count()
}

both! {
    async fn versions_from_before_there_were_texts_get_the_bytes_that_were_signed(world) {
        let (id, hashes) = old_escrow(&world).await;
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!(without_text(&report), 2, "{:?}", report.ailments);
        assert_eq!(contracts::fill(&world.app.db).await.unwrap(), 1);
        assert_eq!(contracts::fill(&world.app.db).await.unwrap(), 0);
        let mut reader = world.app.db.read().await.unwrap();
        let texts = contracts::of_escrow(&mut reader.conn(), id).await.unwrap();
        drop(reader);
        let told: Vec<_> = texts.iter().map(|it| (it.version, it.seq, it.format, it.sha256.clone())).collect();
        assert_eq!(told, [(1, 1, 1, hashes[0].clone()), (2, 3, 1, hashes[1].clone())]);
        for text in &texts {
            assert_eq!(sha256_hex(text.text.as_ref().unwrap().as_bytes()), text.sha256);
        }
        assert_eq!(without_text(&doctor::examine(&world.app).await.unwrap()), 0);
        let page = world.signed_in(BUYER).await.get("/escrows/ESC-0000-0000/contract").await;
        page.shows("Title: Another web shop");
        page.shows("1. PARTIES");
    }
}
