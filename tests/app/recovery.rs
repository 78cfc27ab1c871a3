//! The database fails for a while, and the portal is whole again as soon as it is.

use holdfast::engine::time::Time;
use holdfast::store::db::{Tx, exec, one};
use holdfast::store::failure::Outage;
use sqlx::AssertSqlSafe;
use tokio::sync::Mutex;

use crate::browser::Page;
use crate::milestone::{Cast, hidden_field};
use crate::world::World;

/// After a failure every connection of the process is opened again, and a limit that another test has set on
/// one is gone: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

impl World {
    async fn written_at(&self) -> Time {
        let mut reader = self.app.db.read().await.unwrap();
        one!(&mut reader.conn(), (Time,), "SELECT written_at FROM write_probe").unwrap().0
    }

    /// From now on the database may not grow, as on a full disk, until its connection is opened again.
    async fn fills_up(&self) {
        let mut tx = self.app.db.write().await.unwrap();
        exec!(&mut tx.conn(), "PRAGMA max_page_count = 1").unwrap();
        tx.commit().await.unwrap();
    }
}

/// Delivers with a note that needs more room than there is left in any page.
async fn delivers_at_length(cast: &mut Cast) -> Page {
    let path = cast.first("/deliver");
    let page = cast.seller.get(&path).await;
    let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
    let note = "word ".repeat(900);
    cast.seller.post(&path, &[("seen", &seen), ("key", &key), ("note", &note)]).await
}

#[tokio::test]
async fn after_a_full_disk_the_next_write_is_made_as_if_nothing_had_been() {
    let _alone = ALONE.lock().await;
    let world = World::sqlite().await;
    world.fills_up().await;
    let mut tx = world.app.db.write().await.unwrap();
    let insert = "INSERT INTO write_probe (id, written_at, weight) VALUES (1, 1, zeroblob(1000000))";
    let full = exec!(&mut tx.conn(), insert).unwrap_err();
    assert_eq!(full.outage(), Some(Outage::Disk), "{full}");
    drop(tx);
    let mut tx = world.app.db.write().await.unwrap();
    exec!(&mut tx.conn(), insert).unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_as_what_it_is_and_the_page_works_again_when_there_is_room() {
    let _alone = ALONE.lock().await;
    let world = World::sqlite().await;
    let mut cast = Cast::funded(&world).await;
    let before = world.escrow(&cast.deal).await;
    world.fills_up().await;
    let page = delivers_at_length(&mut cast).await;
    page.is(503);
    page.shows("The portal can’t save anything right now");
    page.shows("nothing that was saved before is lost");
    page.shows("Nothing was changed, and no money has moved.");
    assert_eq!(page.headers["retry-after"], "30");
    assert_eq!(world.escrow(&cast.deal).await, before);
    // There is room again, and nobody had to do anything about it.
    assert_eq!(delivers_at_length(&mut cast).await.status, 303);
    assert_ne!(world.escrow(&cast.deal).await, before);
}

#[tokio::test]
async fn readiness_is_that_something_can_be_saved() {
    let _alone = ALONE.lock().await;
    let world = World::sqlite().await;
    world.fills_up().await;
    world.browser().get("/readyz").await.is(503);
    // Within a second nobody makes us try again, though it would go well by now.
    world.browser().get("/readyz").await.is(503);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    world.browser().get("/readyz").await.is(200);
    // A good answer serves for a while, until something else fails.
    let first = world.app.clock.now();
    world.app.clock.advance(time::Duration::seconds(1));
    world.fills_up().await;
    world.browser().get("/readyz").await.is(200);
    assert_eq!(world.written_at().await, first);
    let mut tx = world.app.db.write().await.unwrap();
    let update = "UPDATE write_probe SET weight = zeroblob(1000000)";
    assert_eq!(exec!(&mut tx.conn(), update).unwrap_err().outage(), Some(Outage::Disk));
    drop(tx);
    world.browser().get("/readyz").await.is(200);
    assert_eq!(world.written_at().await, world.app.clock.now());
}

/// Ends the server's end of a connection, as a restart does.
async fn ends(backend: i32) {
    let server = std::env::var_os("HOLDFAST_TEST_POSTGRES_URL").unwrap().into_string().unwrap();
    let mut admin = sqlx::PgPool::connect(&server).await.unwrap().acquire().await.unwrap();
    let sql = AssertSqlSafe(format!("SELECT pg_terminate_backend({backend})"));
    sqlx::query(sql).execute(&mut *admin).await.unwrap();
}

async fn backend(tx: &mut Tx) -> i32 {
    one!(&mut tx.conn(), (i32,), "SELECT pg_backend_pid()").unwrap().0
}

#[tokio::test]
async fn a_server_that_was_away_is_found_again() {
    let _alone = ALONE.lock().await;
    let Some(world) = World::postgres().await else { return };
    let mut tx = world.app.db.write().await.unwrap();
    let pid = backend(&mut tx).await;
    ends(pid).await;
    let lost = one!(&mut tx.conn(), (i32,), "SELECT 1").unwrap_err();
    assert_eq!(lost.outage(), Some(Outage::Away), "{lost}");
    drop(tx);
    // Idle ones are ended too, and nobody notices.
    let mut tx = world.app.db.write().await.unwrap();
    let idle = backend(&mut tx).await;
    assert_ne!(idle, pid);
    drop(tx);
    ends(idle).await;
    world.account("Amel", "amel@example.com").await;
    world.signed_in("amel@example.com").await.get("/home").await.is(200);
    world.browser().get("/readyz").await.is(200);
}

#[tokio::test]
async fn a_visit_that_cannot_be_noted_is_no_reason_to_show_no_page() {
    let world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let mut amel = world.signed_in("amel@example.com").await;
    world.app.clock.advance(time::Duration::hours(1));
    let mut tx = world.app.db.write().await.unwrap();
    let refusing = "CREATE TRIGGER refused BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END";
    exec!(&mut tx.conn(), refusing).unwrap();
    tx.commit().await.unwrap();
    amel.get("/home").await.is(200);
}
