//! An outside arbiter by the pages: named, told, asked, deciding, declining, staying silent. And who sees what.

use axum::http::Method;
use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::terms::{Commission, CommissionPayer, DisputeHandler, Rate, Terms};
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::web;
use holdfast::web::routes::Access;

use crate::browser::Browser;
use crate::deal::{ARBITER, Deal};
use crate::disputes::{dispute, press, state, time_passes, upload};
use crate::milestone::{Cast, hidden_field};
use crate::world::{PASSWORD, World, both};

const PARTIES: [&str; 3] =
    ["amel.buyer@example.com", "bilel.seller@example.com", "chiraz.broker@example.com"];

fn arbitrated(world: &World) -> Terms {
    Terms { dispute_handler: DisputeHandler::Arbitration, ..world.case_4() }
}

/// Paid, with an arbiter.
async fn funded(world: &World) -> Cast {
    let deal = world.proposes(arbitrated(world)).await;
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    Cast::of(world, deal).await
}

/// The first milestone is delivered and in dispute, both sides have talked, and it is before the arbiter.
async fn before_him(world: &World) -> Cast {
    let mut cast = funded(world).await;
    world.delivers(&cast.deal, 1).await;
    dispute(&mut cast).await;
    assert_eq!(state(&mut cast, "seller", "The manual is in the box.").await.status, 303);
    time_passes(world, &cast.deal, 7).await;
    cast
}

fn case(deal: &Deal, below: &str) -> String {
    format!("/arbitration/{}{below}", deal.reference)
}

/// The link of the last mail to the arbiter.
async fn link(world: &World) -> String {
    let text = world.mail(ARBITER).await.text;
    let (_, rest) = text.split_once("/arbiter/").unwrap_or_else(|| panic!("no link in {text}"));
    format!("/arbiter/{}", rest.split_whitespace().next().unwrap())
}

/// The arbiter signs up with the link of his last mail.
async fn registered(world: &World) -> Browser {
    let mut browser = world.browser();
    let link = link(world).await;
    let secret = link.trim_start_matches("/arbiter/").to_owned();
    let form = browser.get(&format!("/sign-up?invitation={secret}")).await;
    form.shows("nadia@example.com");
    let fields = [
        ("invitation", secret.as_str()),
        ("name", "Nadia Gharbi"),
        ("password", PASSWORD),
        ("time_zone", "Africa/Tunis"),
        ("terms", "yes"),
        ("terms_version", "1"),
    ];
    let done = browser.post("/sign-up", &fields).await;
    assert_eq!((done.status, done.location()), (303, link.as_str()), "{}", done.text());
    let inside = browser.get(&link).await;
    assert!(inside.location().starts_with("/arbitration/ESC-"), "{}", inside.location());
    browser
}

async fn rules(browser: &mut Browser, deal: &Deal, release: &str) -> crate::browser::Page {
    let room = case(deal, "/disputes/1");
    let page = browser.get(&format!("{room}/ruling?release-1={release}")).await;
    let fields = [("release-1", release), ("reasons", "The manual lacks two chapters.")];
    press(browser, &page, &format!("{room}/ruling"), &fields).await
}

both! {
    async fn the_arbiter_is_told_asked_signs_up_and_decides(world) {
        let deal = world.proposes(arbitrated(&world)).await;
        assert_eq!(world.kinds(ARBITER).await, Vec::<String>::new(), "nobody has agreed yet");
        world.all_sign(&deal).await;
        let mail = world.mail(ARBITER).await;
        assert_eq!(mail.kind, "arbiter_named");
        assert!(mail.text.contains("You are named as the arbiter") && !mail.text.contains("chiraz"), "{}", mail.text);
        let first = link(&world).await;
        let mut stranger = world.browser();
        let preview = stranger.get(&first).await;
        preview.shows("You are named as the arbiter");
        preview.shows("There is nothing to decide now");
        preview.shows("Register to read the case");
        preview.shows("Amel Buyer");
        assert!(PARTIES.iter().all(|address| !preview.body.contains(address)), "{}", preview.text());

        world.pays(&deal).await;
        let mut cast = Cast::of(&world, deal).await;
        world.delivers(&cast.deal, 1).await;
        dispute(&mut cast).await;
        assert_eq!(world.kinds(ARBITER).await.len(), 1, "it is not his yet");
        state(&mut cast, "seller", "The manual is in the box.").await;
        time_passes(&world, &cast.deal, 7).await;
        cast.later(&world).await;
        let mail = world.mail(ARBITER).await;
        assert_eq!(mail.kind, "arbiter_asked");
        assert!(mail.text.contains("400.000 TND"), "{}", mail.text);
        stranger.get(&first).await.shows("Decide the dispute about");
        cast.buyer.get(&cast.deal.path("")).await.shows("Waiting for Nadia Gharbi");
        cast.seller.get(&cast.deal.path("/disputes/1")).await.shows("Nadia Gharbi decides, as the arbiter");

        let mut nadia = registered(&world).await;
        stranger.get(&link(&world).await).await.is(303);
        let home = nadia.get("/home").await;
        home.shows("Decide the dispute: Design");
        home.shows("You decide disputes");
        let page = nadia.get(&case(&cast.deal, "")).await;
        page.shows("Decide the dispute about “Design”");
        page.shows("I don’t want to decide");
        let room = nadia.get(&case(&cast.deal, "/disputes/1")).await;
        room.shows("There is no manual.");
        room.shows("The manual is in the box.");
        room.shows("Here it is.");
        room.shows("photo.txt");
        let wrong = nadia.get(&case(&cast.deal, "/disputes/1/ruling?release-1=400.001")).await;
        wrong.is(422);
        wrong.shows("No more than 400.000 TND is left of it.");
        let preview = nadia.get(&case(&cast.deal, "/disputes/1/ruling?release-1=300")).await;
        preview.shows("Back to Amel Buyer (buyer) 101.000 TND");
        preview.shows("To Bilel Seller (seller) 285.000 TND");
        let ruling = case(&cast.deal, "/disputes/1/ruling");
        let unsaid = press(&mut nadia, &preview, &ruling, &[("release-1", "300"), ("reasons", "")]).await;
        unsaid.is(422);
        unsaid.shows("Write the reasons");
        assert_eq!(rules(&mut nadia, &cast.deal, "300").await.status, 303);
        assert_eq!(world.wallet(cast.deal.buyer).await, 101_000);
        assert_eq!(world.mail(ARBITER).await.kind, "arbiter_ended");
        cast.buyer.get(&cast.deal.path("/disputes/1")).await.shows("The manual lacks two chapters.");
        nadia.get(&case(&cast.deal, "/history")).await.shows("The arbiter decided the dispute");
        nadia.get("/home").await.shows("Nothing waits for you now.");
    }
}

both! {
    async fn he_sees_this_and_nothing_else_and_nobody_else_sees_his_pages(world) {
        let mut cast = before_him(&world).await;
        let say = Command::Say { text: "Between us two.".to_owned(), files: Vec::new() };
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, say).await, Outcome::Done);
        let mut nadia = registered(&world).await;
        let other = world.proposes(arbitrated(&world)).await;
        nadia.get(&case(&other, "")).await.is(404);
        world.operator("olfa@example.com").await;
        let mut others = vec![world.signed_in("olfa@example.com").await];
        others.extend([cast.buyer.clone(), cast.seller.clone(), cast.broker.clone()]);
        let mut walked = 0;
        for route in web::routes().listed().filter(|route| route.access == Access::Party) {
            let path = route.path.replace("{reference}", &cast.deal.reference).replace("{number}", "1");
            let path = path.replace("{v}", "1").replace("{p}", "1").replace("{payment}", "1");
            let path = path.replace("{file}", "0190163d-8694-739b-aea5-966c26f8ad91");
            let his = path.starts_with("/arbitration/");
            walked += 1;
            if his && !path.contains("/files/") {
                for other in &mut others {
                    let page = other.send(route.method.clone(), &path, axum::body::Body::empty(), form(route)).await;
                    assert_eq!(page.status, 404, "{} {path}", route.method);
                }
            } else {
                let page = nadia.send(route.method.clone(), &path, axum::body::Body::empty(), form(route)).await;
                assert_eq!(page.status, 404, "{} {path}", route.method);
            }
        }
        assert!(walked > 60, "only {walked} routes");
        for below in ["", "/contract", "/history", "/disputes/1", "/disputes/1/ruling?release-1=1", "/refusal"] {
            let page = nadia.get(&case(&cast.deal, below)).await;
            page.is(200);
            for address in PARTIES {
                assert!(!page.body.contains(address), "{below} tells {address}");
            }
            page.hides("Between us two.");
        }
        nadia.get(&case(&cast.deal, "/disputes/2")).await.is(404);
        nadia.get("/escrows").await.shows(&cast.deal.reference);
        // The evidence is his to read; what was sent as a message is not.
        let room = nadia.get(&case(&cast.deal, "/disputes/1")).await;
        let file = room.body.split("/files/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(nadia.get(&case(&cast.deal, &format!("/files/{file}"))).await.body, "a photo");
        let key = hidden_field(&cast.buyer.get(&cast.deal.path("/messages")).await, "key");
        let parts = [("key", None, key.as_str()), ("note", None, "See."), ("files", Some("secret.txt"), "ours")];
        upload(&mut cast.buyer, &cast.deal.path("/messages"), &parts).await;
        let messages = cast.buyer.get(&cast.deal.path("/messages")).await;
        let secret = messages.body.split("/files/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        nadia.get(&case(&cast.deal, &format!("/files/{secret}"))).await.is(404);
        cast.buyer.get(&cast.deal.path(&format!("/files/{secret}"))).await.is(200);
    }
}

fn form(route: &web::routes::Listed) -> Option<&'static str> {
    (route.method == Method::POST).then_some("application/x-www-form-urlencoded")
}

both! {
    async fn he_says_no_by_the_link_and_the_operators_decide(world) {
        world.operator("olfa@example.com").await;
        let mut cast = before_him(&world).await;
        assert_eq!(world.kinds("olfa@example.com").await, Vec::<String>::new());
        let link = link(&world).await;
        let mut browser = world.browser();
        let refusal = format!("{link}/refusal");
        let page = browser.get(&refusal).await;
        page.shows("This cannot be undone.");
        let reason = "I know the seller.";
        let done = press(&mut browser, &page, &refusal, &[("reason", reason)]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let after = browser.get(&link).await;
        after.shows("You have declined to decide");
        after.hides("Register to read the case");
        after.hides("Amel Buyer");
        assert_eq!(world.mail("olfa@example.com").await.kind, "operator_asked");
        let told = world.mails().await.into_iter().filter(|mail| mail.to == PARTIES[0]);
        assert!(told.into_iter().any(|mail| mail.text.contains(reason)));
        cast.later(&world).await;
        cast.buyer.get(&cast.deal.path("/disputes/1")).await.shows("The operators decide");
        cast.buyer.get(&cast.deal.path("")).await.shows("Holdfast’s operators, since Nadia Gharbi (nadia@example.com) declined");
        world.account("Nadia Gharbi", ARBITER).await;
        let mut nadia = world.signed_in(ARBITER).await;
        nadia.get(&case(&cast.deal, "")).await.shows("You have declined to decide");
        // The mail that asked them to decide leads to the case, which says so.
        assert_eq!(nadia.get(&case(&cast.deal, "/disputes/1")).await.location(), case(&cast.deal, ""));
        for below in ["/contract", "/history", "/disputes/1/ruling", "/refusal"] {
            nadia.get(&case(&cast.deal, below)).await.is(404);
        }
        nadia.get("/escrows").await.hides(&cast.deal.reference);
        let rule = rules(&mut nadia, &cast.deal, "300").await;
        rule.is(404);
    }
}

both! {
    async fn his_silence_hands_it_to_the_operators_who_want_to_know(world) {
        world.operator("olfa@example.com").await;
        world.operator("omar@example.com").await;
        let cast = before_him(&world).await;
        world.make_operator(cast.deal.broker.unwrap()).await;
        let mut omar = world.signed_in("omar@example.com").await;
        omar.get("/settings/notifications").await.shows("Disputes to decide");
        let off = omar.post("/settings/notifications", &[("progress-mail", "yes"), ("disputes-portal", "yes")]).await;
        assert_eq!(off.status, 303);
        world.mails().await;
        time_passes(&world, &cast.deal, 4).await;
        assert_eq!(world.mail(ARBITER).await.kind, "arbiter_reminder");
        time_passes(&world, &cast.deal, 3).await;
        assert_eq!(world.mail(ARBITER).await.kind, "arbiter_passed_on");
        assert_eq!(world.kinds("olfa@example.com").await, ["operator_asked"]);
        assert_eq!(world.kinds("omar@example.com").await, Vec::<String>::new());
        let is_operators = |kind: &String| kind.starts_with("operator_");
        assert!(!world.kinds(PARTIES[2]).await.iter().any(is_operators), "he takes part in it");
        world.signed_in("omar@example.com").await.get("/notifications").await.shows("Decide the dispute");
        let mail = world.mail("olfa@example.com").await;
        assert!(mail.text.contains(&format!("/admin/disputes/{}/1", cast.deal.reference)), "{}", mail.text);
        time_passes(&world, &cast.deal, 4).await;
        assert_eq!(world.mail("olfa@example.com").await.kind, "operator_reminder");
        // What operators are told is no part of what the parties see.
        let mut buyer = world.signed_in(PARTIES[0]).await;
        let history = buyer.get(&cast.deal.path("/history")).await;
        history.hides("Operator");
        history.shows("Nadia Gharbi (arbiter)");
    }
}

both! {
    async fn a_large_sum_waits_for_an_operator(world) {
        world.operator("olfa@example.com").await;
        let terms = Terms { dispute_handler: DisputeHandler::Arbitration, ..world.one_off(2_000_000) };
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let claims = vec![Split { milestone: 1, release_minor: 0, refund_minor: 2_000_000 }];
        let open = Command::OpenDispute { claims, reason: "It leaks.".to_owned(), failed: Vec::new(), files: Vec::new() };
        assert_eq!(world.asks(&deal, deal.buyer, open).await, Outcome::Done);
        time_passes(&world, &deal, 3).await;
        let mut nadia = registered(&world).await;
        let page = nadia.get(&case(&deal, "/disputes/1/ruling?release-1=500")).await;
        page.shows("an operator of Holdfast has to confirm it");
        assert_eq!(rules(&mut nadia, &deal, "500").await.status, 303);
        assert_eq!(world.wallet(deal.buyer).await, 0);
        nadia.get(&case(&deal, "/disputes/1")).await.shows("Your decision");
        assert_eq!(world.mail("olfa@example.com").await.kind, "operator_awaits_second");
        let mut olfa = world.signed_in("olfa@example.com").await;
        let at = format!("/admin/disputes/{}/1", deal.reference);
        let page = olfa.get(&at).await;
        page.shows("The manual lacks two chapters.");
        let back = press(&mut olfa, &page, &format!("{at}/return"), &[("reason", "How much?")]).await;
        assert_eq!(back.status, 303);
        assert_eq!(world.mail(ARBITER).await.kind, "arbiter_returned");
        rules(&mut nadia, &deal, "500").await;
        let page = olfa.get(&at).await;
        press(&mut olfa, &page, &format!("{at}/confirmation"), &[]).await;
        assert_eq!(world.wallet(deal.buyer).await, 1_515_000);
        assert_eq!(world.mail(ARBITER).await.kind, "arbiter_ended");
    }
}

both! {
    async fn nobody_else_acts_for_him(world) {
        let cast = before_him(&world).await;
        let rule = Command::Rule {
            dispute: 1,
            splits: vec![Split { milestone: 1, release_minor: 0, refund_minor: 400_000 }],
            reasons: "Mine.".to_owned(),
        };
        let stranger = world.person("Zied Stranger").await;
        for user in [cast.deal.buyer, cast.deal.seller, stranger] {
            let refused = world.asks(&cast.deal, user, rule.clone()).await;
            assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
        }
        let operator = world.operator("olfa@example.com").await;
        let request = Request::new(cast.deal.escrow, Who::Operator(operator), rule);
        let outcome = world.app.execute(&request).await.unwrap();
        assert!(matches!(&outcome, Outcome::Refused { refusal } if refusal.code() == "NOT_WITH_HANDLER"), "{outcome:?}");
    }
}

#[tokio::test]
async fn no_page_of_his_tells_a_hidden_commission() {
    let mut seen = Vec::new();
    for minor in [30_000, 77_777] {
        let world = World::sqlite().await;
        let mut terms = arbitrated(&world);
        let (rate, payer, salt) = (Rate::FixedMinor(minor), CommissionPayer::Buyer, String::new());
        terms.commission = Some(Commission { rate, payer, hidden: true, salt });
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        let mut cast = Cast::of(&world, deal).await;
        world.delivers(&cast.deal, 1).await;
        dispute(&mut cast).await;
        state(&mut cast, "seller", "The manual is in the box.").await;
        time_passes(&world, &cast.deal, 7).await;
        let mut nadia = registered(&world).await;
        let mut pages = Vec::new();
        for below in ["", "/contract", "/history", "/disputes/1", "/disputes/1/ruling?release-1=100"] {
            pages.push(nadia.get(&case(&cast.deal, below)).await.text());
        }
        let mails = world.mails().await.into_iter().filter(|mail| mail.to == ARBITER);
        pages.extend(mails.map(|mail| mail.text));
        seen.push(pages.into_iter().map(|page| crate::hidden::masked(&page)).collect::<Vec<_>>());
    }
    for (one, other) in seen[0].iter().zip(&seen[1]) {
        let secrets = |text: &str| -> Vec<String> {
            let words = text.split_whitespace().filter(|word| !word.contains("/arbiter/"));
            words.map(str::to_owned).collect()
        };
        assert_eq!(secrets(one), secrets(other));
    }
}
