//! The demo's world holds every state, and the doctor finds nothing wrong with it, until there is.

use std::collections::BTreeSet;

use holdfast::engine::status;
use holdfast::engine::terms::Mode;
use holdfast::engine::time::Time;
use holdfast::store::db::{all, exec};
use holdfast::store::escrows;
use holdfast::{demo, doctor};

use uuid::Uuid;

use crate::statuses::statuses;
use crate::world::{START, World, both};

async fn filled(world: &World) {
    demo::fill(&world.app.db, Time::from_micros(START), "$argon2id$not-a-real-hash").await.unwrap();
}

both! {
    async fn the_demo_shows_every_state_and_the_doctor_finds_it_healthy(world) {
        filled(&world).await;
        let mut reader = world.app.db.read().await.unwrap();
        let mut conn = reader.conn();
        let rows = all!(&mut conn, (Uuid,), "SELECT id FROM escrows").unwrap();
        let mut shown = BTreeSet::new();
        for (id,) in rows {
            let escrow = escrows::by_id(&mut conn, id).await.unwrap().unwrap();
            shown.insert((escrow.terms.mode as u8, status::of(&escrow).words));
        }
        for mode in [Mode::Standard, Mode::Quick, Mode::QuickProof, Mode::Instant] {
            let missing: Vec<_> =
                statuses(mode).into_iter().filter(|status| !shown.contains(&(mode as u8, *status))).collect();
            assert!(missing.is_empty(), "of {mode:?} the demo does not show {missing:?}");
        }
        // Two deals that began at the same moment would have drawn the same ids.
        let began = all!(&mut conn, (Time,), "SELECT at FROM events WHERE seq = 1").unwrap();
        let moments: BTreeSet<_> = began.iter().map(|(at,)| at.micros()).collect();
        assert_eq!(moments.len(), began.len(), "two deals of the demo begin at the same hour");
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!(report.ailments, Vec::<String>::new());
        assert!(report.escrows > 15 && report.events > 100 && report.entries > 20, "{report}");
    }
}

both! {
    async fn the_doctor_names_what_was_tampered_with(world) {
        filled(&world).await;
        let mut tx = world.app.db.write().await.unwrap();
        let mut conn = tx.conn();
        let (reference,) = all!(
            &mut conn, (String,), "SELECT reference FROM escrows WHERE stage = 'closed' AND document LIKE '%Bookkeeping%' LIMIT 1"
        ).unwrap().remove(0);
        exec!(
            &mut conn,
            "UPDATE escrows SET document = REPLACE(document, 'Bookkeeping', 'Bookmaking')
             WHERE reference = $1",
            reference.as_str()
        ).unwrap();
        exec!(
            &mut conn,
            "UPDATE balances SET amount_minor = amount_minor + 1
             WHERE account IN (SELECT account FROM balances WHERE kind = 'wallet' ORDER BY account LIMIT 1)"
        ).unwrap();
        tx.commit().await.unwrap();
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!(report.ailments.len(), 2, "{report}");
        assert!(report.ailments[0].starts_with(&reference), "{report}");
        assert!(report.ailments[1].starts_with("account wallet/"), "{report}");
    }
}

both! {
    async fn the_database_refuses_to_change_or_delete_history(world) {
        filled(&world).await;
        for statement in [
            "UPDATE events SET body = '{}'", "DELETE FROM events",
            "UPDATE entries SET amount_minor = 1", "DELETE FROM entries",
        ] {
            let mut tx = world.app.db.write().await.unwrap();
            let mut conn = tx.conn();
            let refused = match &mut conn {
                holdfast::store::db::Conn::Sqlite(conn) => {
                    sqlx::query(statement).execute(&mut **conn).await.map(|_| ())
                }
                holdfast::store::db::Conn::Postgres(conn) => {
                    sqlx::query(statement).execute(&mut **conn).await.map(|_| ())
                }
            };
            assert!(refused.unwrap_err().to_string().contains("are never"), "{statement}");
        }
    }
}
