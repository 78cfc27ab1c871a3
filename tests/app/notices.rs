//! Notices of a provider: believed only with its signature, carried out once, in whatever order they
//! come; and a provider that does not give up.

use std::net::SocketAddr;

use holdfast::app::App;
use holdfast::engine::time::Time;
use holdfast::password::Passwords;
use holdfast::sandbox::notices::Post;
use holdfast::sandbox::{Choice, Decline, book};
use holdfast::{web, work};
use time::Duration;
use uuid::Uuid;

use crate::deal::Deal;
use crate::provider::by_card;
use crate::world::{World, both};

/// A notice as the provider would sign it now.
async fn signed(world: &World, id: &str, body: &str) -> Post {
    signed_at(world, id, world.app.clock.now(), body).await
}

async fn signed_at(world: &World, id: &str, at: Time, body: &str) -> Post {
    Post::signed(world.app.sandbox.secret().await.unwrap(), id, at, body).unwrap()
}

fn saying(kind: &str, payment: Uuid, minor: i64, code: &str) -> String {
    format!(
        r#"{{"type":"{kind}","data":{{"merchant_reference":"{payment}","amount_minor":{minor},"currency":"{code}"}}}}"#
    )
}

fn succeeded(payment: Uuid) -> String {
    saying("charge.succeeded", payment, 1_010_000, "TND")
}

async fn held(world: &World, deal: &Deal) -> i64 {
    world.escrow(deal).await.held_minor()
}

async fn outcomes(world: &World) -> Vec<String> {
    let mut outcomes: Vec<_> = world.notices().await.into_iter().map(|kept| kept.outcome).collect();
    outcomes.reverse();
    outcomes
}

both! {
    async fn a_notice_that_comes_twice_counts_once(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Pay).await;
        let posts = world.intercepted().await;
        assert_eq!(posts.len(), 1);
        for _ in 0..3 {
            assert_eq!(world.notice("sandbox", posts[0].clone()).await.status, 200);
        }
        assert_eq!(held(&world, &deal).await, 1_010_000);
        let kept = world.notices().await;
        assert_eq!((kept.len(), kept[0].times, kept[0].outcome.as_str()), (1, 3, "done"));
        assert_eq!(kept[0].payment_id, Some(payment));
        assert_eq!(kept[0].body, posts[0].body);
        assert_eq!(kept[0].reference.as_deref(), Some(deal.reference.as_str()));
    }
}

both! {
    async fn of_the_same_notice_at_the_same_moment_one_counts(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        let post = signed(&world, "evt_1", &succeeded(payment)).await;
        let sent = || world.notice("sandbox", post.clone());
        let (one, two, three) = tokio::join!(sent(), sent(), sent());
        assert_eq!([one.status, two.status, three.status], [200, 200, 200]);
        assert_eq!(held(&world, &deal).await, 1_010_000);
        assert_eq!(world.notices().await[0].times, 3);
    }
}

both! {
    async fn notices_that_overtake_each_other_do_no_harm(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        for (id, body) in [
            ("evt_2", succeeded(payment)),
            ("evt_1", saying("charge.failed", payment, 1_010_000, "TND")),
            ("evt_3", succeeded(payment)),
        ] {
            assert_eq!(world.notice("sandbox", signed(&world, id, &body).await).await.status, 200);
        }
        assert_eq!(held(&world, &deal).await, 1_010_000);
        assert_eq!(outcomes(&world).await, ["done", "refused: NO_PAYMENT_PENDING", "already done"]);
    }
}

both! {
    async fn a_notice_without_the_right_signature_is_not_believed_and_not_kept(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        let good = signed(&world, "evt_1", &succeeded(payment)).await;
        let mut forged = vec![Post { headers: Vec::new(), body: good.body.clone() }];
        for place in 0..3 {
            let mut less = good.clone();
            less.headers.remove(place);
            forged.push(less);
        }
        let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        forged.push(Post::signed(other, "evt_1", world.app.clock.now(), &good.body).unwrap());
        forged.push(Post { body: good.body.replace("1010000", "2010000"), ..good.clone() });
        for seconds in [301, -301] {
            let at = world.app.clock.now().plus(Duration::seconds(seconds));
            forged.push(signed_at(&world, "evt_1", at, &good.body).await);
        }
        for post in forged {
            assert_eq!(world.notice("sandbox", post).await.status, 401);
        }
        assert_eq!((held(&world, &deal).await, world.notices().await.len()), (0, 0));
        assert_eq!(world.notice("nobody", good.clone()).await.status, 404);
        let huge = signed(&world, "evt_1", &"x".repeat(64 * 1024 + 1)).await;
        assert_eq!(world.notice("sandbox", huge).await.status, 413);
        assert_eq!(world.notice("sandbox", good).await.status, 200);
        assert_eq!(held(&world, &deal).await, 1_010_000);
    }
}

both! {
    async fn money_that_was_not_asked_for_is_credited_to_nobody(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        let unknown = world.app.clock.id();
        for (id, body) in [
            ("evt_1", saying("charge.succeeded", payment, 1_010_001, "TND")),
            ("evt_2", saying("charge.succeeded", payment, 1_010_000, "KES")),
            ("evt_3", succeeded(unknown)),
            ("evt_4", saying("card.expired", payment, 1_010_000, "TND")),
            ("evt_5", "not json".to_owned()),
        ] {
            assert_eq!(world.notice("sandbox", signed(&world, id, &body).await).await.status, 200, "{id}");
        }
        assert_eq!((held(&world, &deal).await, world.wallet(deal.buyer).await), (0, 0));
        assert_eq!(outcomes(&world).await, [
            "another amount: 1,010.001 TND",
            "another amount: 10,100.00 KES",
            "no such payment",
            "not understood",
            "not understood",
        ]);

        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        let page = olfa.get("/admin/payments/notices?show=odd").await;
        page.shows("Not carried out another amount: 1,010.001 TND");
        page.shows("Not carried out no such payment");
        page.shows("charge.succeeded");
        assert!(page.body.contains(&format!("/admin/escrows/{}", deal.reference)));
        world.notice("sandbox", signed(&world, "evt_9", &succeeded(payment)).await).await;
        olfa.get("/admin/payments/notices").await.shows("Carried out");
        let odd = olfa.get("/admin/payments/notices?show=odd").await;
        odd.hides("evt_9");
        let place = |page: &crate::browser::Page, id: &str| page.body.find(id).unwrap();
        assert!(place(&odd, "evt_1") < place(&odd, "evt_5"), "the oldest first, since it is worked off");
        let all = olfa.get("/admin/payments/notices").await;
        assert!(place(&all, "evt_5") < place(&all, "evt_1"));
        olfa.get("/admin").await.shows("5 notices not carried out the oldest just now");
        let settle = odd.body.split("action=\"").find(|rest| rest.starts_with("/admin/payments/notices/")).unwrap();
        let settle = settle.split('"').next().unwrap().to_owned();
        olfa.submit(&settle, &[]).await.shows("The notice is marked as looked after.");
        olfa.submit(&settle, &[]).await.shows("already been done");
        olfa.get("/admin").await.shows("4 notices not carried out");
        olfa.get("/admin/payments/notices?show=odd").await.hides("evt_1");
        olfa.get("/admin/payments/notices").await.shows("Not carried out, looked after");
        olfa.get("/admin/audit?show=done").await.shows("Looked after the notice sandbox evt_1");
        olfa.get("/admin/payments").await.shows("What providers told us");
    }
}

both! {
    async fn a_provider_cannot_speak_for_a_payment_from_the_wallet(world) {
        let first = world.agreed().await;
        world.fills_the_wallet(&first).await;
        let deal = world.agreed().await;
        world.starts_charge(&deal, holdfast::engine::escrow::Method::Wallet).await;
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        let post = signed(&world, "evt_1", &saying("charge.failed", payment, 1_010_000, "TND")).await;
        assert_eq!(world.notice("sandbox", post).await.status, 200);
        assert_eq!(world.notices().await[0].outcome, "no such payment");
        assert_eq!(held(&world, &deal).await, 1_010_000);
    }
}

both! {
    async fn the_provider_repeats_itself_until_it_is_heard(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Pay).await;
        let sandbox = &world.app.sandbox;
        let answers = std::sync::Mutex::new(vec![Err("no line".to_owned()), Ok(503)]);
        let send = |_| {
            let answer = answers.lock().unwrap().pop().unwrap();
            async { answer }
        };
        assert_eq!(sandbox.run_due_by(send).await.unwrap(), 2);
        assert_eq!(sandbox.run_due_by(send).await.unwrap(), 0, "it waits before it tries again");
        world.app.clock.advance(Duration::seconds(5));
        assert_eq!(sandbox.run_due_by(send).await.unwrap(), 1);
        world.app.clock.advance(Duration::seconds(9));
        assert_eq!(world.provider_tells().await, [0_u16; 0]);
        world.app.clock.advance(Duration::seconds(1));
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!(held(&world, &deal).await, 1_010_000);
        let reference = world.charge(payment).await.reference;
        let mut reader = world.app.db.read().await.unwrap();
        let notices = book::notices_of(&mut reader.conn(), &reference).await.unwrap();
        assert_eq!(notices, [("delivered".to_owned(), 3)]);
    }
}

both! {
    async fn a_provider_who_is_never_heard_gives_up_after_days(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::Pay).await;
        let mut sent = 0;
        for _ in 0..200 {
            sent += world.app.sandbox.run_due_by(|_| async { Ok(500) }).await.unwrap();
            world.app.clock.advance(Duration::hours(1));
        }
        assert_eq!(sent, 91, "one settled, ninety tries");
        let reference = world.charge(payment).await.reference;
        let mut reader = world.app.db.read().await.unwrap();
        let notices = book::notices_of(&mut reader.conn(), &reference).await.unwrap();
        assert_eq!(notices, [("given up".to_owned(), 90)]);
    }
}

both! {
    async fn an_answer_that_takes_its_time_comes_by_the_clock(world) {
        let deal = world.agreed().await;
        let payment = world.charges(&deal).await;
        world.chooses(payment, Choice::PayLater).await;
        world.chooses(payment, Choice::Decline(Decline::CardRefused)).await;
        world.app.clock.advance(Duration::seconds(29));
        assert_eq!(world.provider_tells().await, [0_u16; 0]);
        world.app.clock.advance(Duration::seconds(1));
        assert_eq!(world.provider_tells().await, [200]);
        assert_eq!(held(&world, &deal).await, 1_010_000);
    }
}

both! {
    async fn magic_amounts_have_their_own_will(world) {
        for (price, reason) in [
            (100_001, "There is not enough money on the card."),
            (100_003, "The card was not accepted."),
            (100_004, "The card's bank refused it for safety reasons. Ask your bank, or use another card."),
        ] {
            let deal = world.proposes(world.one_off(price)).await;
            world.all_sign(&deal).await;
            let payment = world.charges(&deal).await;
            world.chooses(payment, Choice::Pay).await;
            world.provider_tells().await;
            assert_eq!(world.payment(payment).await.reason.as_deref(), Some(reason));
        }
    }
}

both! {
    async fn two_processes_share_the_provider_its_secret_and_its_work(world) {
        let app = App::new(
            world.app.db.clone(),
            world.app.clock.clone(),
            (*world.app.config).clone(),
            Passwords::quick().unwrap(),
        ).unwrap();
        let (one, two) = tokio::join!(world.app.sandbox.secret(), app.sandbox.secret());
        assert_eq!(one.unwrap(), two.unwrap());
        let deal = world.agreed().await;
        world.starts_to_pay(&deal).await;
        let (one, two) = tokio::join!(work::payments::run_due(&world.app), work::payments::run_due(&app));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        world.chooses(payment, Choice::Pay).await;
        let (one, two) = tokio::join!(world.provider_tells(), world.provider_tells_as(&app.sandbox));
        assert_eq!([one, two].concat(), [200]);
        assert_eq!(held(&world, &deal).await, 1_010_000);
        let (one, two) = tokio::join!(work::deadlines::run_due(&world.app), work::deadlines::run_due(&app));
        assert_eq!(one.unwrap() + two.unwrap(), 0);
    }
}

/// The one test in which a notice goes over the network.
#[tokio::test]
async fn notices_reach_the_portal_where_it_listens() {
    let mut world = World::sqlite().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = (*world.app.config).clone();
    config.listen = listener.local_addr().unwrap();
    let (db, clock) = (world.app.db.clone(), world.app.clock.clone());
    world.app = App::new(db, clock, config, Passwords::quick().unwrap()).unwrap();
    let deal = world.agreed().await;
    assert_eq!(world.starts_charge(&deal, by_card()).await, holdfast::store::execute::Outcome::Done);
    work::payments::run_due(&world.app).await.unwrap();
    let payment = world.escrow(&deal).await.charge.unwrap().payment;
    world.chooses(payment, Choice::Pay).await;
    let pages = web::router(world.app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, pages).await });
    assert_eq!(work::sandbox::run_due(&world.app).await.unwrap(), 2);
    assert_eq!(held(&world, &deal).await, 1_010_000);
    server.abort();
    let _ = server.await;
}
