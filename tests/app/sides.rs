//! Nobody is on two sides of one escrow: who sells, decides or runs the portal can't be let in by another account
//! with his own address, and what an operator takes part in is another operator's.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::party::Role;
use holdfast::engine::refusal::Refusal;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::fees::{self, Limits, Rules};
use uuid::Uuid;

use crate::deal::Deal;
use crate::disputes::{dispute, press, state, time_passes};
use crate::guests::{buys, for_sale, own_path, says};
use crate::home::{BUYER, SELLER};
use crate::milestone::{Cast, hidden_field};
use crate::world::{World, both};

const OLFA: &str = "olfa@example.com";
const OMAR: &str = "omar@example.com";

async fn as_operator(world: &World, deal: &Deal, user: Uuid, command: Command) -> Outcome {
    world.app.execute(&Request::new(deal.escrow, Who::Operator(user), command)).await.unwrap()
}

async fn promote(world: &World, user: Uuid) {
    world.make_operator(user).await;
}

/// Bought by a guest of this address, and in dispute before the operators.
async fn before_the_operators(world: &World, guest: &str) -> Deal {
    let (deal, link) = for_sale(world).await;
    buys(&mut world.browser(), &link, guest, &[]).await.is(303);
    says(world, &deal, true).await;
    let own = own_path(&world.mail(guest).await);
    let mut browser = world.browser();
    let page = browser.get(&format!("{own}/disputes/new")).await;
    let key = hidden_field(&page, "key");
    let fields = [("release-1", "0"), ("note", "It never came."), ("key", &*key)];
    browser.post(&format!("{own}/disputes"), &fields).await.is(303);
    let (text, files) = ("It did.".to_owned(), Vec::new());
    let said = world.asks(&deal, deal.seller, Command::Statement { dispute: 1, text, files }).await;
    assert_eq!(said, Outcome::Done);
    time_passes(world, &deal, 7).await;
    deal
}

fn all_back() -> Command {
    let splits = vec![Split { milestone: 1, release_minor: 0, refund_minor: 10_000 }];
    Command::Rule { dispute: 1, splits, reasons: "I say so.".to_owned() }
}

both! {
    async fn a_seller_cannot_buy_from_himself_as_a_guest(world) {
        let (deal, link) = for_sale(&world).await;
        let mut browser = world.browser();
        let page = buys(&mut browser, &link, "Bilel.Seller@Example.com", &[]).await;
        page.is(422);
        page.shows("nobody can be on two sides of it");
        assert!(page.body.contains("id=\"email-error\"") || page.body.contains("#email"), "at its field");
        assert!(page.body.contains("value=\"Bilel.Seller@Example.com\""), "what was typed is kept");
        assert_eq!(world.escrow(&deal).await.party(Role::Buyer), None);
        buys(&mut browser, &link, "gamal.guest@example.com", &[]).await.is(303);
    }
}

both! {
    async fn an_operator_who_bought_as_a_guest_decides_nothing_of_it(world) {
        let olfa = world.operator(OLFA).await;
        let deal = before_the_operators(&world, OLFA).await;
        let refused = Outcome::Refused { refusal: Refusal::OperatorIsParty };
        assert_eq!(as_operator(&world, &deal, olfa, all_back()).await, refused);
        let case = format!("/admin/disputes/{}/1", deal.reference);
        let mut browser = world.signed_in(OLFA).await;
        let page = browser.get(&case).await;
        page.is(422);
        page.shows("another operator has to look after it");
        page.hides("It never came.");
        browser.get(&format!("/admin/escrows/{}", deal.reference)).await.is(422);
        assert!(!world.kinds(OLFA).await.contains(&"deciding".to_owned()));
        let omar = world.operator(OMAR).await;
        world.signed_in(OMAR).await.get(&case).await.shows("It never came.");
        assert_eq!(as_operator(&world, &deal, omar, all_back()).await, Outcome::Done);
    }
}

both! {
    async fn nor_does_somebody_who_became_an_operator_later(world) {
        let mona = world.account("Mona", "mona@example.com").await;
        let deal = before_the_operators(&world, "mona@example.com").await;
        promote(&world, mona).await;
        let refused = Outcome::Refused { refusal: Refusal::OperatorIsParty };
        assert_eq!(as_operator(&world, &deal, mona, all_back()).await, refused);
        let retry = Command::RetryRefund { refund: 1 };
        assert_eq!(as_operator(&world, &deal, mona, retry).await, refused);
    }
}

both! {
    async fn an_operator_sees_nothing_of_his_own_escrow_and_stops_nobody_in_it(world) {
        let mut cast = Cast::funded(&world).await;
        promote(&world, cast.deal.seller).await;
        let at = |below: &str| format!("/admin/escrows/{}{below}", cast.deal.reference);
        world.mails().await;
        let mut db = world.app.db.read().await.unwrap();
        let sql = "SELECT id FROM outbox WHERE escrow_id = $1";
        let (mail,) = holdfast::all!(&mut db.conn(), (Uuid,), sql, cast.deal.escrow).unwrap()[0];
        drop(db);
        let pages = ["", "/ledger", "/history", "/mails", "/refunds/1"].map(at);
        for path in pages.into_iter().chain([format!("/admin/mail/{mail}"), format!("/admin/mail/{mail}/html")]) {
            let page = cast.seller.get(&path).await;
            assert_eq!(page.status, 422, "{path}");
            page.shows("You take part in this escrow yourself");
            page.hides(BUYER);
        }
        cast.seller.post(&at("/refunds/1/again"), &[]).await.is(422);
        let other = world.proposes(world.one_off(50_000)).await;
        let user = format!("/admin/users/{}", other.buyer);
        let page = cast.seller.post(&format!("{user}/freeze"), &[("reason", "He annoys me.")]).await;
        page.is(422);
        page.shows("take part in the same escrow, so another operator has to do this");
        cast.seller.get(&user).await.hides("Freeze the account");
        world.operator(OLFA).await;
        let mut olfa = world.signed_in(OLFA).await;
        olfa.get(&at("")).await.shows(SELLER);
        olfa.get(&format!("/admin/mail/{mail}")).await.is(200);
        olfa.submit(&format!("{user}/freeze"), &[("reason", "A stolen card.")]).await;
        let page = cast.seller.post(&format!("{user}/unfreeze"), &[]).await;
        page.is(422);
        page.shows("another operator has to do this");
        cast.seller.get("/admin/payments").await.hides(&cast.deal.reference);
        cast.seller.get("/admin/ledger").await.hides(&cast.deal.reference);
        olfa.get("/admin/payments").await.shows(&cast.deal.reference);
        olfa.get("/admin/ledger").await.shows(&cast.deal.reference);
        cast.seller.get("/admin/escrows/ESC-0000-0000").await.is(404);
        cast.buyer.get(&at("")).await.is(404);
    }
}

both! {
    async fn no_operator_moves_the_second_one_out_of_his_way(world) {
        let mut cast = Cast::funded(&world).await;
        let olfa = world.operator(OLFA).await;
        world.operator(OMAR).await;
        let set = async |above: i64| {
            let limits = Limits { second_operator_above_minor: Some(above), ..Limits::default() };
            let (db, clock) = (&world.app.db, &world.app.clock);
            let tnd = holdfast::money::Currency::from_code("TND").unwrap();
            let rules = Rules { limits, ..Rules::default() };
            let mut tx = db.write().await.unwrap();
            fees::add(&mut tx.conn(), clock, olfa, (tnd, clock.now()), &rules, "").await.unwrap();
            tx.commit().await.unwrap();
        };
        set(100_000).await;
        world.delivers(&cast.deal, 1).await;
        dispute(&mut cast).await;
        assert_eq!(state(&mut cast, "seller", "The manual is in the box.").await.status, 303);
        time_passes(&world, &cast.deal, 7).await;
        set(i64::from(i32::MAX)).await;
        let case = format!("/admin/disputes/{}/1", cast.deal.reference);
        let mut browser = world.signed_in(OLFA).await;
        let page = browser.get(&case).await;
        page.shows("400.000 TND is at stake, so a second operator has to agree to the decision");
        page.shows("above 100.000 TND, the sum that stood when this dispute was opened");
        let page = browser.get(&format!("{case}/ruling?release-1=300")).await;
        page.shows("a second operator");
        let fields = [("release-1", "300"), ("reasons", "Most of it is there.")];
        press(&mut browser, &page, &format!("{case}/ruling"), &fields).await.is(303);
        assert!(world.escrow(&cast.deal).await.dispute(1).is_some_and(|open| open.ruling().is_some()));
        assert_eq!(world.wallet(cast.deal.buyer).await, 0, "nothing moves before a second one agrees");
    }
}
