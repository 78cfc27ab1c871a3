//! A portal in which every table of a deal has rows: the demo's world, and a deal with files, other terms and
//! an arbiter.

use axum::body::Bytes;
use holdfast::checkpoints::{self, Made};
use holdfast::demo;
use holdfast::engine::command::Command;
use holdfast::engine::time::Time;
use holdfast::money::Currency;
use holdfast::operators;
use holdfast::store::audit;
use holdfast::store::execute::{Evidence, Outcome, Request, Who};
use holdfast::store::fees::{self, Rules};
use holdfast::store::files::{FileRow, NewFile, Purpose};
use time::Duration;
use uuid::Uuid;

use crate::deal::Deal;
use crate::world::{START, World};

pub async fn fill(world: &mut World) {
    world.finds_its_key().await;
    let world = &*world;
    demo::fill(&world.app.db, Time::from_micros(START), "$argon2id$not-a-real-hash").await.unwrap();
    world.app.clock.advance(Duration::minutes(1));
    let deal = world.funded().await;
    delivers(world, &deal, &[("plan.pdf", b"%PDF-1.7 a plan"), ("read me.txt", b"Read me.")]).await;
    world.approves(&deal, 1).await;
    says(world, &deal, ("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).await;
    let other = world.proposed().await;
    counters(world, &other).await;
    world.all_sign(&other).await;
    world.pays(&other).await;
    rules(world).await;
    for number in 1..=2 {
        assert_eq!(checkpoints::make(&world.app, audit::Who::Machine).await.unwrap(), Made::Done(number));
        world.app.clock.advance(Duration::hours(1));
    }
}

/// Fees and terms of their own, somebody who was frozen and somebody who still is, and one who was an operator.
async fn rules(world: &World) {
    let (db, clock) = (&world.app.db, &world.app.clock);
    let olfa = world.operator("olfa.rules@example.com").await;
    world.operator("omar.rules@example.com").await;
    for (email, again) in [("still@example.com", false), ("again@example.com", true)] {
        let user = world.account("Frozen Once", email).await;
        assert!(operators::freeze(db, clock, olfa, user, "A stolen card.").await.unwrap());
        assert!(!again || operators::unfreeze(db, clock, olfa, user, "A mistake.").await.unwrap());
    }
    for code in ["TND", "EUR"] {
        let currency = Currency::from_code(code).unwrap();
        let mut tx = db.write().await.unwrap();
        fees::add(&mut tx.conn(), clock, olfa, (currency, clock.now()), &Rules::default(), "1%")
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    operators::publish_terms(db, clock, olfa, "New terms.", clock.now()).await.unwrap();
    assert_eq!(
        operators::remove(db, clock, "omar.rules@example.com").await.unwrap(),
        operators::Removed::Done
    );
}

/// Other terms, under another title and for another sum.
async fn counters(world: &World, deal: &Deal) {
    let mut terms = world.escrow(deal).await.terms;
    terms.title = "A larger web shop".to_owned();
    terms.amount_minor += 100_000;
    terms.milestones[1].amount_minor += 100_000;
    let command = Command::Counter { version: 1, terms: Box::new(terms) };
    assert_eq!(world.asks(deal, deal.buyer, command).await, Outcome::Done);
}

async fn file(
    world: &World,
    deal: &Deal,
    by: Uuid,
    purpose: Purpose,
    (name, bytes): (&str, &'static [u8]),
) -> FileRow {
    let chunk: Result<Bytes, std::io::Error> = Ok(Bytes::from_static(bytes));
    let stored = world.app.files.take(&mut futures_util::stream::iter([chunk])).await.unwrap();
    let new = NewFile {
        uploader: by,
        escrow_id: Some(deal.escrow),
        purpose,
        name,
        size_bytes: stored.size_bytes,
        sha256: &stored.sha256,
        media_type: stored.media_type,
    };
    FileRow::new(&world.app.clock, &new)
}

/// The seller hands a milestone over with files.
pub async fn delivers(world: &World, deal: &Deal, files: &[(&str, &'static [u8])]) -> Vec<FileRow> {
    let mut rows = Vec::new();
    for one in files {
        rows.push(file(world, deal, deal.seller, Purpose::Delivery, *one).await);
    }
    let named = rows.iter().map(FileRow::reference).collect();
    let command = Command::MarkDone { milestone: 1, note: "Here it is.".to_owned(), files: named };
    let evidence = Some(Evidence::Files { rows: rows.clone(), kept: Vec::new() });
    let request = Request { evidence, ..Request::new(deal.escrow, Who::User(deal.seller), command) };
    assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);
    rows
}

/// The buyer writes a message with a file.
async fn says(world: &World, deal: &Deal, with: (&str, &'static [u8])) {
    let row = file(world, deal, deal.buyer, Purpose::Evidence, with).await;
    let command = Command::Say { text: "Look at this.".to_owned(), files: vec![row.reference()] };
    let evidence = Some(Evidence::Files { rows: vec![row], kept: Vec::new() });
    let request = Request { evidence, ..Request::new(deal.escrow, Who::User(deal.buyer), command) };
    assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);
}
