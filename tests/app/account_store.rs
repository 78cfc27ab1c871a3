//! People, sessions, tokens and the throttle, as the stores keep them.

use std::collections::HashMap;

use holdfast::store::db::Tx;
use holdfast::store::sessions::{self, Sessions, key};
use holdfast::store::tokens::{self, Bound, Purpose, Worth};
use holdfast::store::users::{self, Profile, Registration};
use holdfast::store::{hash, rights, throttle};
use time::Duration;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use uuid::Uuid;

use crate::world::{World, both};

fn amel(hash: &str) -> Registration<'_> {
    Registration {
        email: "amel@example.com",
        name: "Amel Émir",
        password_hash: hash,
        time_zone: "Africa/Tunis",
        terms_of_service_version: 1,
    }
}

async fn write(world: &World) -> Tx {
    world.app.db.write().await.unwrap()
}

async fn register(world: &World, hash: &str) -> Option<Uuid> {
    let mut tx = write(world).await;
    let id = users::register(&mut tx.conn(), &world.app.clock, &amel(hash)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

both! {
    async fn whoever_signs_up_with_a_named_address_claims_the_row_and_keeps_its_id(world) {
        let mut tx = write(&world).await;
        let named = users::find_or_invite(&mut tx.conn(), &world.app.clock, "amel@example.com", "A").await.unwrap();
        let again = users::find_or_invite(&mut tx.conn(), &world.app.clock, "amel@example.com", "B").await.unwrap();
        assert_eq!(named, again);
        let row = users::by_email(&mut tx.conn(), "amel@example.com").await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.claimed_at, row.to_wallet_at_once), ("A", None, true));
        tx.commit().await.unwrap();

        assert_eq!(register(&world, "one").await, Some(named));
        let mut tx = write(&world).await;
        let row = users::by_id(&mut tx.conn(), named).await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.is_confirmed()), ("Amel Émir", false));
        assert_eq!(row.claimed_at, Some(world.app.clock.now()));
    }
}

both! {
    async fn until_the_address_is_confirmed_the_next_one_takes_the_account_over(world) {
        let id = register(&world, "one").await.unwrap();
        assert_eq!(register(&world, "two").await, Some(id));
        let mut tx = write(&world).await;
        let conn = &mut tx.conn();
        assert_eq!(users::password_hash(conn, id).await.unwrap().as_deref(), Some("two"));
        assert!(!users::confirm(conn, world.app.clock.now(), id, "other@example.com").await.unwrap());
        assert!(users::confirm(conn, world.app.clock.now(), id, "amel@example.com").await.unwrap());
        tx.commit().await.unwrap();

        assert_eq!(register(&world, "three").await, None);
        let mut tx = write(&world).await;
        let conn = &mut tx.conn();
        let known = users::credentials(conn, "amel@example.com").await.unwrap().unwrap();
        assert_eq!((known.id, known.password_hash.as_deref()), (id, Some("two")));
        assert!(known.email_confirmed_at.is_some());
        users::set_password(conn, world.app.clock.now(), id, "four").await.unwrap();
        assert_eq!(users::password_hash(conn, id).await.unwrap().as_deref(), Some("four"));
    }
}

both! {
    async fn people_are_found_by_any_part_of_name_or_address_and_listed_newest_first(world) {
        let mut tx = write(&world).await;
        let conn = &mut tx.conn();
        for n in 0..5 {
            world.app.clock.advance(Duration::seconds(1));
            let (email, name) = (format!("p{n}@example.com"), format!("Élodie {n}_%"));
            users::find_or_invite(conn, &world.app.clock, &email, &name).await.unwrap();
        }
        let first = users::page(conn, "", false, None, 3).await.unwrap();
        let names = |page: &[users::Account]| page.iter().map(|one| one.address().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&first), ["p4@example.com", "p3@example.com", "p2@example.com"]);
        let second = users::page(conn, "", false, Some(first[2].id), 3).await.unwrap();
        assert_eq!(names(&second), ["p1@example.com", "p0@example.com"]);
        assert_eq!(names(&users::page(conn, "élodie 3", false, None, 9).await.unwrap()), ["p3@example.com"]);
        assert_eq!(users::page(conn, "p2@exam", false, None, 9).await.unwrap().len(), 1);
        assert_eq!(users::page(conn, "3_%", false, None, 9).await.unwrap().len(), 1);
        assert_eq!(users::page(conn, "e%o", false, None, 9).await.unwrap().len(), 0);
    }
}

both! {
    async fn a_profile_is_stored_and_an_operator_is_made(world) {
        let id = register(&world, "one").await.unwrap();
        let mut tx = write(&world).await;
        let conn = &mut tx.conn();
        assert!(!users::has_operator(conn).await.unwrap());
        let profile =
            Profile { name: "Ämel", time_zone: "Etc/UTC", country: Some("TN"), to_wallet_at_once: false, refunds_to_wallet: false };
        users::set_profile(conn, id, &profile).await.unwrap();
        rights::make_operator(conn, &world.app.clock, id, id, "").await.unwrap();
        let row = users::by_id(conn, id).await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.time_zone.as_str()), ("Ämel", "Etc/UTC"));
        assert_eq!((row.country.as_deref(), row.to_wallet_at_once, row.operator), (Some("TN"), false, true));
        assert!(users::has_operator(conn).await.unwrap());
        assert_eq!(users::page(conn, "ämel", false, None, 9).await.unwrap().len(), 1);
    }
}

async fn minted(world: &World, purpose: Purpose, user_id: Option<Uuid>) -> String {
    let mut tx = write(world).await;
    let bound = Bound { user_id, email: user_id.map(|_| "amel@example.com"), escrow_id: None };
    let secret = tokens::mint(&mut tx.conn(), &world.app.clock, purpose, &bound).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

async fn worth(world: &World, purpose: Purpose, secret: &str) -> Worth {
    let mut reader = world.app.db.read().await.unwrap();
    tokens::peek(&mut reader.conn(), world.app.clock.now(), purpose, secret).await.unwrap()
}

async fn consumed(world: &World, purpose: Purpose, secret: &str) -> bool {
    let mut tx = write(world).await;
    let token = tokens::consume(&mut tx.conn(), world.app.clock.now(), purpose, secret).await.unwrap();
    tx.commit().await.unwrap();
    token.is_some()
}

both! {
    async fn a_token_is_good_once_for_its_purpose_and_looking_does_not_use_it_up(world) {
        let id = register(&world, "one").await;
        let secret = minted(&world, Purpose::Reset, id).await;
        assert_eq!(secret.len(), 43);
        for _ in 0..3 {
            let Worth::Good(token) = worth(&world, Purpose::Reset, &secret).await else { panic!("not good") };
            assert_eq!((token.user_id, token.email.as_deref()), (id, Some("amel@example.com")));
        }
        assert_eq!(worth(&world, Purpose::ConfirmAddress, &secret).await, Worth::Unknown);
        assert!(!consumed(&world, Purpose::ConfirmAddress, &secret).await);
        assert!(consumed(&world, Purpose::Reset, &secret).await);
        assert!(!consumed(&world, Purpose::Reset, &secret).await);
        assert!(matches!(worth(&world, Purpose::Reset, &secret).await, Worth::Used(_)));
        assert_eq!(worth(&world, Purpose::Reset, "nonsense").await, Worth::Unknown);
    }
}

both! {
    async fn a_newer_token_replaces_the_older_one_of_the_same_escrow_only(world) {
        let id = register(&world, "one").await;
        let (one, other) = (world.app.clock.id(), world.app.clock.id());
        let mut secrets = Vec::new();
        let mut tx = write(&world).await;
        for escrow in [one, other, one] {
            let bound = Bound { user_id: id, email: Some("amel@example.com"), escrow_id: Some(escrow) };
            secrets.push(tokens::mint(&mut tx.conn(), &world.app.clock, Purpose::Invitation, &bound).await.unwrap());
        }
        tx.commit().await.unwrap();
        assert!(matches!(worth(&world, Purpose::Invitation, &secrets[0]).await, Worth::Replaced(_)));
        assert!(!consumed(&world, Purpose::Invitation, &secrets[0]).await);
        assert!(matches!(worth(&world, Purpose::Invitation, &secrets[1]).await, Worth::Good(_)));
        assert!(matches!(worth(&world, Purpose::Invitation, &secrets[2]).await, Worth::Good(_)));
        let first = minted(&world, Purpose::Setup, None).await;
        let second = minted(&world, Purpose::Setup, None).await;
        assert!(matches!(worth(&world, Purpose::Setup, &first).await, Worth::Replaced(_)));
        assert!(matches!(worth(&world, Purpose::Setup, &second).await, Worth::Good(_)));
    }
}

both! {
    async fn a_token_ends_with_its_time_or_when_it_is_retired(world) {
        let id = register(&world, "one").await;
        let old = minted(&world, Purpose::Reset, id).await;
        world.app.clock.advance(Purpose::Reset.lifetime());
        assert!(matches!(worth(&world, Purpose::Reset, &old).await, Worth::Expired(_)));
        assert!(!consumed(&world, Purpose::Reset, &old).await);
        let new = minted(&world, Purpose::Reset, id).await;
        let mut tx = write(&world).await;
        tokens::retire(&mut tx.conn(), world.app.clock.now(), Purpose::Reset, id.unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!consumed(&world, Purpose::Reset, &new).await);
        world.app.clock.advance(Duration::days(100));
        let mut tx = write(&world).await;
        assert_eq!(tokens::sweep(&mut tx.conn(), world.app.clock.now()).await.unwrap(), 2);
    }
}

both! {
    async fn of_two_who_use_a_token_at_once_one_gets_it(world) {
        let id = register(&world, "one").await;
        let secret = minted(&world, Purpose::Reset, id).await;
        let got = tokio::join!(
            consumed(&world, Purpose::Reset, &secret),
            consumed(&world, Purpose::Reset, &secret),
            consumed(&world, Purpose::Reset, &secret),
        );
        assert_eq!([got.0, got.1, got.2].iter().filter(|got| **got).count(), 1);
    }
}

both! {
    async fn tries_are_counted_in_windows_and_each_for_itself(world) {
        let limit = throttle::Limit::new("test", 2, Duration::minutes(10));
        let mut tx = write(&world).await;
        let conn = &mut tx.conn();
        let mut waits = Vec::new();
        for _ in 0..3 {
            waits.push(throttle::hit(conn, world.app.clock.now(), &limit, "a").await.unwrap());
        }
        assert_eq!(waits, [None, None, Some(601)]);
        assert_eq!(throttle::hit(conn, world.app.clock.now(), &limit, "b").await.unwrap(), None);
        world.app.clock.advance(Duration::minutes(9));
        assert_eq!(throttle::hit(conn, world.app.clock.now(), &limit, "a").await.unwrap(), Some(61));
        world.app.clock.advance(Duration::minutes(1));
        assert_eq!(throttle::hit(conn, world.app.clock.now(), &limit, "a").await.unwrap(), None);
        throttle::hit(conn, world.app.clock.now(), &limit, "a").await.unwrap();
        throttle::forgive(conn, &limit, "a").await.unwrap();
        assert_eq!(throttle::hit(conn, world.app.clock.now(), &limit, "a").await.unwrap(), None);
        world.app.clock.advance(Duration::minutes(10));
        assert_eq!(throttle::sweep(conn, world.app.clock.now()).await.unwrap(), 2);
    }
}

fn record(user: Uuid, device: &str) -> Record {
    let device = data_encoding::HEXLOWER.encode(&hash(device));
    let data = HashMap::from([
        (key::USER.into(), user.to_string().into()),
        (key::IP.into(), "192.0.2.1".into()),
        (key::USER_AGENT.into(), "Firefox".into()),
        (key::DEVICE.into(), device.into()),
        (key::PASSWORD.into(), "one".into()),
        ("draft".into(), 7.into()),
    ]);
    Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

both! {
    async fn a_session_lives_while_it_is_used_and_not_a_moment_after_it_ended(world) {
        let user = register(&world, "one").await.unwrap();
        let store = Sessions::new(world.app.db.clone(), world.app.clock.clone());
        let mut first = record(user, "laptop");
        store.create(&mut first).await.unwrap();
        let loaded = store.load(&first.id).await.unwrap().unwrap();
        assert_eq!((&loaded.data[key::USER], &loaded.data["draft"]), (&user.to_string().into(), &7.into()));

        world.app.clock.advance(Duration::days(13));
        store.save(&loaded).await.unwrap();
        world.app.clock.advance(Duration::days(13));
        assert!(store.load(&first.id).await.unwrap().is_some());

        store.delete(&first.id).await.unwrap();
        assert!(store.load(&first.id).await.unwrap().is_none());
        store.save(&loaded).await.unwrap();
        assert!(store.load(&first.id).await.unwrap().is_none(), "saved back to life");

        let mut second = record(user, "phone");
        store.create(&mut second).await.unwrap();
        world.app.clock.advance(sessions::LIFETIME);
        assert!(store.load(&second.id).await.unwrap().is_none());
        store.save(&second).await.unwrap();
        assert!(store.load(&second.id).await.unwrap().is_none(), "saved back to life");
    }
}

both! {
    async fn sessions_are_listed_ended_and_their_devices_remembered(world) {
        let user = register(&world, "one").await.unwrap();
        let store = Sessions::new(world.app.db.clone(), world.app.clock.clone());
        let mut tx = write(&world).await;
        let familiar = sessions::familiar(&mut tx.conn(), user, &hash("laptop")).await.unwrap();
        assert_eq!((familiar.person, familiar.device), (false, false));
        drop(tx);
        for device in ["laptop", "phone", "tablet"] {
            world.app.clock.advance(Duration::seconds(1));
            store.create(&mut record(user, device)).await.unwrap();
        }
        let mut tx = write(&world).await;
        let (conn, now) = (&mut tx.conn(), world.app.clock.now());
        let listed = sessions::list(conn, now, user).await.unwrap();
        assert_eq!(listed.len(), 3);
        assert!(listed[0].seen_at > listed[2].seen_at);
        let stranger = world.app.clock.id();
        assert!(!sessions::end(conn, now, stranger, listed[0].public_id).await.unwrap());
        assert!(sessions::end(conn, now, user, listed[0].public_id).await.unwrap());
        assert!(!sessions::end(conn, now, user, listed[0].public_id).await.unwrap());
        assert_eq!(sessions::end_all(conn, now, user).await.unwrap(), 2);
        assert!(sessions::list(conn, now, user).await.unwrap().is_empty());
        let known = sessions::familiar(conn, user, &hash("laptop")).await.unwrap();
        assert_eq!((known.person, known.device), (true, true));
        let new = sessions::familiar(conn, user, &hash("library")).await.unwrap();
        assert_eq!((new.person, new.device), (true, false));
        assert_eq!(sessions::sweep(conn, now.plus_days(415)).await.unwrap(), 3);
    }
}

both! {
    async fn nobody_has_a_session_without_signing_in(world) {
        let store = Sessions::new(world.app.db.clone(), world.app.clock.clone());
        let mut empty = Record { data: HashMap::new(), ..record(world.app.clock.id(), "x") };
        assert!(store.create(&mut empty).await.is_err());
    }
}
