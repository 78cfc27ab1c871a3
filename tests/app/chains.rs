//! Nobody changes the history unnoticed: whoever can write to the database itself is seen by the doctor.

use std::path::{Path, PathBuf};

use holdfast::app::App;
use holdfast::checkpoints::{self, Made};
use holdfast::doctor::Report;
use holdfast::engine::terms::FeeSchedule;
use holdfast::keys::Keys;
use holdfast::money::Currency;
use holdfast::store::audit;
use holdfast::store::db::Conn;
use holdfast::store::erasures::{Erasable, erase};
use holdfast::store::fees::{self, Rules};
use holdfast::store::{history, links};
use holdfast::{all, doctor, exec, one, operators, work};
use time::Duration;
use uuid::Uuid;

use crate::guests::for_sale;
use crate::home::{BUYER, SELLER, cast};
use crate::milestone::hidden_field;
use crate::world::{Folder, World, both};

const OLFA: &str = "olfa@example.com";

impl World {
    /// What the doctor finds wrong, beside the triggers that [`World::tamper`] took away.
    pub async fn ailments(&self) -> Vec<String> {
        let found = doctor::examine(&self.app).await.unwrap().ailments;
        found.into_iter().filter(|it| !it.contains("trigger")).collect()
    }

    /// Runs statements as somebody can who owns the database and has taken its triggers away.
    pub async fn tamper(&self, statements: &[&'static str]) {
        let mut tx = self.app.db.write().await.unwrap();
        let mut conn = tx.conn();
        let triggers = match &mut conn {
            Conn::Sqlite(_) => {
                "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE '%move_the_head'"
            }
            Conn::Postgres(_) => {
                "SELECT tgname::text, relname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                 WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
                   AND tgname NOT LIKE '%move_the_head'"
            }
        };
        for (name, table) in all!(&mut conn, (String, String), triggers).unwrap() {
            let drop = match &conn {
                Conn::Sqlite(_) => format!("DROP TRIGGER {name}"),
                Conn::Postgres(_) => format!("DROP TRIGGER {name} ON {table}"),
            };
            run(&mut conn, drop).await.unwrap();
        }
        for statement in statements {
            run(&mut conn, (*statement).to_owned()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

async fn run(conn: &mut Conn<'_>, sql: String) -> Result<(), sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql);
    match conn {
        Conn::Sqlite(conn) => sqlx::query(sql).execute(&mut **conn).await.map(|_| ()),
        Conn::Postgres(conn) => sqlx::query(sql).execute(&mut **conn).await.map(|_| ()),
    }
}

/// A portal with operators, a frozen person, a fee and terms of its own.
async fn ruled(world: &World) -> Uuid {
    cast(world).await;
    let olfa = world.operator(OLFA).await;
    world.operator("omar@example.com").await;
    let (db, clock) = (&world.app.db, &world.app.clock);
    let amel = world.account("Amel Twin", "twin@example.com").await;
    let karim = world.account("Karim Twin", "karim.twin@example.com").await;
    assert!(operators::freeze(db, clock, olfa, amel, "A stolen card.").await.unwrap());
    assert!(operators::freeze(db, clock, olfa, karim, "Another one.").await.unwrap());
    assert!(operators::unfreeze(db, clock, olfa, karim, "A mistake.").await.unwrap());
    let rules =
        Rules { schedule: FeeSchedule { min_minor: 7, ..FeeSchedule::default() }, ..Rules::default() };
    let tnd = Currency::from_code("TND").unwrap();
    let mut tx = db.write().await.unwrap();
    fees::add(&mut tx.conn(), clock, olfa, (tnd, clock.now()), &rules, "1%").await.unwrap();
    tx.commit().await.unwrap();
    operators::publish_terms(db, clock, olfa, "New terms.", clock.now()).await.unwrap();
    assert_eq!(operators::remove(db, clock, "omar@example.com").await.unwrap(), operators::Removed::Done);
    amel
}

both! {
    async fn rights_and_rules_are_those_that_the_audit_says(world) {
        ruled(&world).await;
        assert_eq!(world.ailments().await, Vec::<String>::new());
        for (statement, words) in [
            ("UPDATE users SET operator = TRUE WHERE email = 'amel.buyer@example.com'", "an operator, which the audit does not say"),
            ("UPDATE users SET operator = FALSE WHERE email = 'olfa@example.com'", "no operator, which the audit says"),
            ("UPDATE users SET frozen_because = 'Why not.' WHERE email = 'twin@example.com'", "user, frozen"),
            ("UPDATE users SET frozen_at = NULL, frozen_because = NULL WHERE email = 'twin@example.com'", "user, frozen"),
            ("UPDATE users SET frozen_at = created_at, frozen_because = '' WHERE email = 'karim.twin@example.com'", "the audit does not"),
            ("UPDATE fee_schedules SET second_operator_above_minor = 9999999", "fees and limits"),
            ("DELETE FROM fee_schedules", "the audit has it, the tables do not"),
            ("UPDATE terms_of_service SET text = 'We keep the money.'", "terms of service, version 2"),
        ] {
            let before = world.ailments().await.len();
            world.tamper(&[statement]).await;
            let ailments = world.ailments().await;
            assert!(ailments.len() >= before && ailments.iter().any(|it| it.contains(words)), "{statement}: {ailments:#?}");
        }
    }
}

both! {
    async fn a_line_of_the_audit_is_neither_changed_nor_left_out_nor_cut_off(world) {
        ruled(&world).await;
        for (statement, words) in [
            ("UPDATE audit_head SET seq = seq - 1", "its head says"),
            ("DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)", "its chain ends"),
            ("DELETE FROM audit_events WHERE seq = 6", "audit, line 7: line 6 was expected"),
            ("UPDATE audit_events SET operator = NULL WHERE seq = 4", "audit, line 4: its row says something else"),
            ("UPDATE audit_events SET act = 'unfroze' WHERE seq = 3", "audit, line 3: its row says something else"),
            ("UPDATE audit_events SET body = replace(body, '\"seq\":2', '\"seq\": 2') WHERE seq = 2", "audit, line 2: the link"),
        ] {
            world.tamper(&[statement]).await;
            let ailments = world.ailments().await;
            assert!(ailments.iter().any(|it| it.contains(words)), "{statement}: {ailments:#?}");
        }
    }
}

both! {
    async fn those_who_look_at_once_make_one_chain(world) {
        let olfa = world.operator(OLFA).await;
        let looks = (0..24).map(|_| {
            let (db, clock) = (world.app.db.clone(), world.app.clock.clone());
            tokio::spawn(async move {
                operators::look(&db, &clock, olfa, audit::Act::Looked, &audit::Subject::All, "").await
            })
        });
        for look in looks.collect::<Vec<_>>() {
            look.await.unwrap().unwrap();
        }
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!((report.audit, report.ailments), (25, Vec::new()));
    }
}

both! {
    async fn what_was_noted_before_there_was_a_chain_is_put_into_it_once(world) {
        let amel = ruled(&world).await;
        let olfa = one!(&mut world.app.db.read().await.unwrap().conn(), (Uuid,), "SELECT id FROM users WHERE email = $1", OLFA).unwrap().0;
        // As it was before: rows of their own, and no line.
        world.tamper(&["DELETE FROM audit_events"]).await;
        let mut tx = world.app.db.write().await.unwrap();
        exec!(&mut tx.conn(), "UPDATE audit_head SET seq = 0, head = $1", &[0_u8; 32][..]).unwrap();
        for (note, user) in [("A stolen card.", Some(amel)), ("shop", None)] {
            let sql = "INSERT INTO audit (id, at, operator, act, kind, subject, user_id, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let (id, now) = (world.app.clock.id(), world.app.clock.now());
            let subject = user.map(|user| user.to_string()).unwrap_or_default();
            exec!(&mut tx.conn(), sql, id, now, olfa, "froze", "user", subject, user, note).unwrap();
        }
        tx.commit().await.unwrap();
        for _ in 0..2 {
            audit::begin(&world.app.db, &world.app.clock).await.unwrap();
            assert_eq!(doctor::examine(&world.app).await.unwrap().audit, 3);
            assert_eq!(world.ailments().await, Vec::<String>::new());
        }
        let page = world.signed_in(OLFA).await.get("/admin/audit").await;
        page.shows("Olfa Operator Froze twin@example.com A stolen card.");
        page.shows("The program Began this list");
        world.tamper(&["UPDATE users SET operator = TRUE WHERE email = 'amel.buyer@example.com'"]).await;
        assert_eq!(world.ailments().await.len(), 1);
    }
}

both! {
    async fn no_row_of_the_audit_and_of_the_rules_is_put_in_the_place_of_another(world) {
        ruled(&world).await;
        let mut refused = vec![
            "UPDATE audit_events SET body = '{}'", "DELETE FROM audit_events",
            "UPDATE fee_schedules SET percent = '0'", "DELETE FROM terms_of_service",
        ];
        let is_sqlite = world.app.db.kind() == "SQLite";
        refused.extend(if is_sqlite {
            [
                "INSERT OR REPLACE INTO audit_events SELECT seq, at, operator, act, user_id, '{}', hash FROM audit_events",
                "REPLACE INTO audit_events SELECT * FROM audit_events",
                "UPDATE OR REPLACE audit_events SET seq = seq + 1",
                "DELETE FROM audit_events WHERE seq = 1",
            ]
        } else {
            ["TRUNCATE audit_events", "TRUNCATE fee_schedules", "TRUNCATE terms_of_service", "TRUNCATE users CASCADE"]
        });
        for statement in refused {
            let mut tx = world.app.db.write().await.unwrap();
            let error = run(&mut tx.conn(), statement.to_owned()).await.unwrap_err().to_string();
            assert!(error.contains("never"), "{statement}: {error}");
        }
        assert_eq!(world.ailments().await, Vec::<String>::new());
    }
}

both! {
    async fn what_the_command_line_does_to_rights_is_in_the_audit(world) {
        use holdfast::accounts;
        use holdfast::operators::Added;
        let (db, clock) = (&world.app.db, &world.app.clock);
        cast(&world).await;
        assert!(accounts::first_setup(db, clock).await.unwrap().is_some());
        assert_eq!(operators::add_operator(db, clock, BUYER).await.unwrap(), Added::AtOnce);
        assert!(matches!(operators::add_operator(db, clock, "new@example.com").await.unwrap(), Added::WithLink(_)));
        assert_eq!(operators::remove(db, clock, "new@example.com").await.unwrap(), operators::Removed::LinkOnly);
        let page = world.signed_in(BUYER).await.get("/admin/audit?show=done").await;
        page.shows("The program Made a link to become an operator for the first operator, printed at the start");
        page.shows("The command line Became an operator: amel.buyer@example.com holdfast operator add");
        page.shows("The command line Made a link to become an operator new@example.com");
        page.shows("The command line Took back the link to become an operator of new@example.com");
        assert_eq!(world.ailments().await, Vec::<String>::new());
    }
}

/// A portal whose first checkpoint covers two deals, one of which is funded.
async fn sealed(world: &mut World) -> [crate::deal::Deal; 2] {
    cast(world).await;
    world.operator(OLFA).await;
    world.finds_its_key().await;
    let deals = [world.proposed().await, world.funded().await];
    assert_eq!(checkpoints::make(&world.app, audit::Who::Program).await.unwrap(), Made::Done(1));
    deals
}

impl World {
    /// As the program does when it starts.
    pub async fn finds_its_key(&mut self) {
        let App { db, clock, config, .. } = &self.app;
        let keys = checkpoints::begin(db, clock, config, true).await.unwrap();
        self.has(keys);
    }

    /// Runs with another key, or without one.
    fn has(&mut self, keys: Keys) {
        self.app.db = self.app.db.clone().with_keys(keys);
        self.with_config(|_| {});
    }

    /// What the doctor finds beside a copy that was kept.
    async fn ailments_against(&self, copy: &Path) -> Vec<String> {
        let mut report = Report::default();
        doctor::against(&self.app, copy, &mut report).await.unwrap();
        report.ailments
    }

    fn copy(&self, number: i64) -> PathBuf {
        self.app.config.data_dir.join(format!("checkpoints/checkpoint-{number:08}.json"))
    }

    /// Writes the two last events of an escrow again, with another note of the same state, and all links.
    async fn forges(&self, deal: &crate::deal::Deal) {
        let mut reader = self.app.db.read().await.unwrap();
        let events = history::read(&mut reader.conn(), deal.escrow, 0, 99).await.unwrap();
        drop(reader);
        let from = events.len() - 2;
        let mut head = events[from - 1].hash.clone();
        self.tamper(&[]).await;
        let mut tx = self.app.db.write().await.unwrap();
        for event in &events[from..] {
            let mut record = event.record().unwrap();
            record.salt = "00".repeat(16);
            let body = serde_json::to_string(&record).unwrap();
            head = holdfast::engine::chain::link(&head, record.seq, body.as_bytes()).to_vec();
            let sql = "UPDATE events SET body = $1, hash = $2 WHERE escrow_id = $3 AND seq = $4";
            exec!(&mut tx.conn(), sql, body.as_str(), head.as_slice(), deal.escrow, event.seq).unwrap();
        }
        let sql = "UPDATE escrows SET head = $1 WHERE id = $2";
        exec!(&mut tx.conn(), sql, head.as_slice(), deal.escrow).unwrap();
        tx.commit().await.unwrap();
    }
}

both! {
    async fn a_checkpoint_seals_every_chain_and_the_next_one_holds_it(world) {
        let mut world = world;
        let [_, funded] = sealed(&mut world).await;
        world.delivers(&funded, 1).await;
        assert_eq!(checkpoints::make(&world.app, audit::Who::Program).await.unwrap(), Made::Done(2));
        let report = doctor::examine(&world.app).await.unwrap();
        assert_eq!((report.checkpoints, report.ailments), (2, Vec::new()));
        // What goes on after a checkpoint does not contradict it.
        world.approves(&funded, 1).await;
        for number in [1, 2] {
            assert_eq!(world.ailments_against(&world.copy(number)).await, Vec::<String>::new());
        }
        let mail = world.mail(OLFA).await;
        assert_eq!(mail.kind, "checkpoint");
        assert!(mail.text.contains("The ledger: "), "{}", mail.text);
        let saved = world.copy(1).with_file_name("mail.txt");
        std::fs::write(&saved, &mail.text).unwrap();
        assert_eq!(world.ailments_against(&saved).await, Vec::<String>::new());
        let newest = holdfast::store::checkpoints::newest(&mut world.app.db.read().await.unwrap().conn()).await.unwrap().unwrap();
        let body = checkpoints::body(&newest).unwrap();
        assert_eq!((body.number, body.chains, body.totals.len()), (2, 3, 1));
        let page = world.browser().get("/verify").await;
        page.shows("The newest checkpoint");
        page.shows(&body.root);
        page.shows(world.app.db.keys().public().unwrap());
    }
}

both! {
    async fn a_checkpoint_is_made_daily_and_on_demand_by_whoever_has_the_key(world) {
        let mut world = world;
        cast(&world).await;
        world.operator(OLFA).await;
        world.has(Keys::default());
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get("/admin/checkpoints").await.shows("This machine lacks the portal’s key");
        assert_eq!(work::checkpoints::run_due(&world.app).await.unwrap(), 0);
        assert_eq!(checkpoints::make(&world.app, audit::Who::Machine).await.unwrap(), Made::NoKey);
        world.finds_its_key().await;
        let key = world.app.db.keys().public().unwrap().to_owned();
        for (hours, made) in [(0, 1), (0, 0), (23, 0), (1, 1)] {
            world.app.clock.advance(Duration::hours(hours));
            assert_eq!(work::checkpoints::run_due(&world.app).await.unwrap(), made, "{hours}");
        }
        let mut olfa = world.signed_in(OLFA).await;
        let page = olfa.submit("/admin/checkpoints", &[]).await;
        page.shows("The checkpoint is made.");
        page.shows("Copy of 3");
        page.shows(&key);
        olfa.get("/admin/audit").await.shows("Olfa Operator Made a checkpoint number 3");
        let copy = olfa.get("/admin/checkpoints/3").await;
        assert_eq!(copy.body, std::fs::read_to_string(world.copy(3)).unwrap());
        olfa.get("/admin/checkpoints/4").await.is(404);
        // A machine that comes without the key says so, and makes none of its own.
        let other = Folder::new();
        let App { db, clock, config, .. } = &world.app;
        let mut config = (**config).clone();
        config.data_dir = other.path().to_owned();
        assert_eq!(checkpoints::begin(db, clock, &config, true).await.unwrap().public(), None);
        assert!(!config.key_file().exists());
        std::fs::copy(world.app.config.key_file(), config.key_file()).unwrap();
        assert_eq!(checkpoints::begin(db, clock, &config, true).await.unwrap().public(), Some(key.as_str()));
        // Another key is the portal's once somebody at the machine says so; the old checkpoints stay good.
        std::fs::remove_file(world.app.config.key_file()).unwrap();
        let keys = checkpoints::new_key(&world.app).await.unwrap();
        world.has(keys);
        assert_eq!(checkpoints::make(&world.app, audit::Who::Machine).await.unwrap(), Made::Done(4));
        assert_eq!(world.ailments().await, Vec::<String>::new());
    }
}

both! {
    async fn events_that_were_written_again_with_all_links_are_seen(world) {
        let mut world = world;
        let [_, funded] = sealed(&mut world).await;
        world.forges(&funded).await;
        let words = format!("{}: checkpoint 1 covers", funded.reference);
        let again = |found: &[String]| found.iter().any(|it| it.starts_with(&words) && it.ends_with("it was written again"));
        assert!(again(&world.ailments().await), "{:#?}", world.ailments().await);
        assert!(again(&world.ailments_against(&world.copy(1)).await));
        // It is not signed again either.
        assert!(matches!(checkpoints::make(&world.app, audit::Who::Program).await.unwrap(), Made::Broken(_)));
    }
}

both! {
    async fn a_chain_whose_end_is_cut_off_is_seen(world) {
        let mut world = world;
        let [_, funded] = sealed(&mut world).await;
        world.tamper(&[
            "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM events e WHERE e.escrow_id = entries.escrow_id)",
            "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events e WHERE e.escrow_id = events.escrow_id) AND seq > 1",
            "UPDATE escrows SET seq = (SELECT max(seq) FROM events e WHERE e.escrow_id = escrows.id),
                 head = (SELECT hash FROM events e WHERE e.escrow_id = escrows.id ORDER BY seq DESC LIMIT 1)",
        ]).await;
        for found in [world.ailments().await, world.ailments_against(&world.copy(1)).await] {
            let cut = format!("{}: checkpoint 1 covers", funded.reference);
            assert!(found.iter().any(|it| it.starts_with(&cut) && it.contains("it was cut off")), "{found:#?}");
        }
    }
}

both! {
    async fn an_escrow_that_is_gone_with_everything_is_seen(world) {
        let mut world = world;
        let [proposed, _] = sealed(&mut world).await;
        let mut reader = world.app.db.read().await.unwrap();
        let sql = match reader.conn() {
            Conn::Sqlite(_) => "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND p.name = 'escrow_id'",
            Conn::Postgres(_) => "SELECT table_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'escrow_id'",
        };
        let mut tables: Vec<String> = all!(&mut reader.conn(), (String,), sql).unwrap().into_iter().map(|(it,)| it).collect();
        drop(reader);
        // What others lead to goes last.
        tables.sort_by_key(|it| it == "events");
        let rows = |it: &String| format!("DELETE FROM {it} WHERE escrow_id = (SELECT id FROM escrows ORDER BY id LIMIT 1)");
        let mut statements: Vec<String> = tables.iter().map(rows).collect();
        statements.push("DELETE FROM escrows WHERE id = (SELECT id FROM escrows ORDER BY id LIMIT 1)".to_owned());
        let statements: Vec<&'static str> = statements.into_iter().map(|it| &*it.leak()).collect();
        world.tamper(&statements).await;
        let words = format!("escrow {}: checkpoint 1 covers", proposed.escrow);
        for found in [world.ailments().await, world.ailments_against(&world.copy(1)).await] {
            assert!(found.iter().any(|it| it.starts_with(&words) && it.ends_with("it is gone")), "{found:#?}");
        }
    }
}

both! {
    async fn checkpoints_themselves_are_neither_changed_nor_taken_out(world) {
        let mut world = world;
        sealed(&mut world).await;
        let kept = std::fs::read_to_string(world.copy(1)).unwrap();
        world.app.clock.advance(Duration::hours(24));
        assert_eq!(work::checkpoints::run_due(&world.app).await.unwrap(), 1);
        for (statement, words) in [
            ("UPDATE checkpoint_heads SET seq = seq + 1 WHERE number = 2", "checkpoint 2: the chains that are stored"),
            ("UPDATE checkpoints SET signature = (SELECT signature FROM checkpoints WHERE number = 1) WHERE number = 2", "checkpoint 2: its signature"),
            ("UPDATE checkpoints SET body = replace(body, '\"number\":2', '\"number\": 2') WHERE number = 2", "checkpoint 2: its signature"),
            ("UPDATE checkpoints SET body = replace(body, '\"number\":1', '\"number\": 1') WHERE number = 1", "checkpoint 1: its signature"),
        ] {
            world.tamper(&[statement]).await;
            let found = world.ailments().await;
            assert!(found.iter().any(|it| it.starts_with(words)), "{statement}: {found:#?}");
        }
        world.tamper(&["DELETE FROM checkpoint_heads", "DELETE FROM checkpoints"]).await;
        assert_eq!(world.ailments_against(&world.copy(1)).await, ["checkpoint 1: it is gone"]);
        // A copy that was changed proves nothing.
        let forged = world.copy(1).with_file_name("forged.json");
        std::fs::write(&forged, kept.replace("\\\"chains\\\":3", "\\\"chains\\\":2")).unwrap();
        let refused = doctor::against(&world.app, &forged, &mut Report::default()).await;
        assert!(refused.unwrap_err().contains("proves nothing"));
    }
}

both! {
    async fn a_pay_link_can_t_be_read_in_a_copy_of_the_database(world) {
        let mut world = world;
        let (deal, link) = for_sale(&world).await;
        let page = format!("/escrows/{}/link", deal.reference);
        let secret = link.trim_start_matches("/pay/").to_owned();
        type Row = (Option<String>, Option<Vec<u8>>);
        let rows = "SELECT secret, sealed FROM pay_links WHERE replaced_at IS NULL";
        let row = one!(&mut world.app.db.read().await.unwrap().conn(), Row, rows).unwrap();
        assert!(row.0.is_none() && row.1.is_some_and(|it| !it.windows(20).any(|some| secret.as_bytes().starts_with(some))));
        world.signed_in(SELLER).await.get(&page).await.shows(&link);
        // One from before links were sealed works as it was, and is sealed at the next start.
        let mut tx = world.app.db.write().await.unwrap();
        exec!(&mut tx.conn(), "UPDATE pay_links SET secret = $1, sealed = NULL", secret.as_str()).unwrap();
        tx.commit().await.unwrap();
        world.signed_in(SELLER).await.get(&page).await.shows(&link);
        for _ in 0..2 {
            links::seal_old(&world.app.db, &world.app.clock).await.unwrap();
            let row = one!(&mut world.app.db.read().await.unwrap().conn(), Row, rows).unwrap();
            assert!(row.0.is_none() && row.1.is_some());
        }
        world.signed_in(SELLER).await.get(&page).await.shows(&link);
        // With another key the link works, and its seller is told to make a new one to copy.
        world.has(Keys::of_seed([9; 32]).unwrap());
        let mut seller = world.signed_in(SELLER).await;
        let shown = seller.get(&page).await;
        shown.shows("This link can’t be shown any more");
        shown.hides(&link);
        world.browser().get(&link).await.shows("A thousand coins");
        let ask = seller.get(&format!("{page}/new")).await;
        let (seen, key) = (hidden_field(&ask, "seen"), hidden_field(&ask, "key"));
        let page = seller.submit(&format!("{page}/new"), &[("seen", seen.as_str()), ("key", &key)]).await;
        page.shows("Give this to your buyer");
    }
}

both! {
    async fn what_is_erased_lawfully_stands_in_the_audit_with_its_digest(world) {
        cast(&world).await;
        let olfa = world.operator(OLFA).await;
        let deal = world.funded().await;
        let (escrow, user) = (deal.escrow, deal.seller);
        let signed = Erasable::Signature { escrow, user, version: 1 };
        let named = Erasable::Party { escrow, user };
        for what in [signed, named] {
            for is_there in [true, false] {
                let mut tx = world.app.db.write().await.unwrap();
                let done = erase(&mut tx.conn(), &world.app.clock, olfa, what, "kept for ten years").await;
                assert_eq!(done.unwrap(), is_there, "{what:?}");
                tx.commit().await.unwrap();
            }
        }
        let mut reader = world.app.db.read().await.unwrap();
        let lines = audit::read(&mut reader.conn(), 0, 99).await.unwrap();
        let events = history::read(&mut reader.conn(), escrow, 0, 99).await.unwrap();
        let mut standing = audit::Standing::default();
        lines.iter().for_each(|line| line.record().unwrap().change.iter().for_each(|change| standing.take(change)));
        assert_eq!(standing.erased.len(), 2);
        for ((table, row), sha256) in &standing.erased {
            assert!(row.starts_with(&escrow.to_string()), "{table} {row}");
            assert!(events.iter().any(|event| event.body.contains(sha256.as_str())), "{table}: no event has {sha256}");
        }
        world.signed_in(OLFA).await.get("/admin/audit").await.shows("signatures: kept for ten years");
    }
}
