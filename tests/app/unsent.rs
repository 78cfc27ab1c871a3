//! Forms that come after their sender was signed out: nothing of them is carried out, and nothing typed is lost.

use axum::body::Body;
use axum::http::Method;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::MilestoneStage;
use holdfast::store::execute::Outcome;

use crate::browser::{Browser, Page};
use crate::delivery::{Part, multipart};
use crate::milestone::Cast;
use crate::world::{PASSWORD, both};

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";
const TEXT: &str = "Line one & “two”\nnext <line>";

/// Ends the session of a browser without its knowing.
async fn signs_out_elsewhere(browser: &Browser) {
    let done = browser.clone().post("/sign-out", &[]).await;
    assert_eq!(done.status, 303);
}

/// The hidden fields of the page's forms, as a browser would send them.
fn hidden(page: &Page) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"");
        text.replace("&#39;", "'").replace("&#38;", "&")
    };
    let (_, main) = page.body.split_once("<main").unwrap();
    let inputs = main.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        (plain(name), plain(rest.split('"').next().unwrap()))
    };
    inputs.map(pair).collect()
}

async fn signs_in_with(browser: &mut Browser, page: &Page, email: &str, password: &str) -> Page {
    let mut fields = hidden(page);
    fields.extend([("email", email), ("password", password)].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post("/sign-in", &fields).await
}

/// Where the first form that is sent leads.
fn action(page: &Page) -> String {
    let (_, main) = page.body.split_once("<main").unwrap();
    let (_, rest) = main.split_once("<form method=\"post\" action=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn continues(browser: &mut Browser, page: &Page) -> Page {
    let fields = hidden(page);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&action(page), &fields).await
}

/// Sends `fields` without a session, signs in again, and goes on: the form is there again with its text.
async fn comes_back(browser: &mut Browser, email: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    signs_out_elsewhere(browser).await;
    let asked = browser.post(path, fields).await;
    asked.is(401);
    asked.shows("Nothing was sent. Sign in, and you can continue with what you typed.");
    let back = signs_in_with(browser, &asked, email, PASSWORD).await;
    back.is(200);
    assert!(back.text().contains("You are signed in again Nothing was sent yet."), "{path}: {}", back.text());
    assert_eq!(action(&back), path);
    continues(browser, &back).await
}

/// The same where the form must be drawn again.
async fn is_drawn_again(browser: &mut Browser, email: &str, path: &str, fields: &[(&str, &str)]) {
    let again = comes_back(browser, email, path, fields).await;
    assert_eq!(again.status, 422, "{path}: {}", again.text());
    again.shows("You were signed out before this was sent, so nothing was sent.");
    assert!(
        again.body.contains("Line one &#38; “two”\nnext &#60;line&#62;</textarea>"),
        "{path}: {}",
        again.body
    );
}

both! {
    async fn what_was_written_comes_back_in_its_own_form_and_nothing_is_carried_out(world) {
        let mut cast = Cast::funded(&world).await;
        let before = world.escrow(&cast.deal).await.seq;
        let (escrow, first) = (cast.deal.path(""), cast.first(""));
        for (path, field) in [
            (format!("{escrow}/messages"), "note"),
            (format!("{escrow}/cancel"), "reason"),
            (format!("{escrow}/disputes"), "note"),
        ] {
            is_drawn_again(&mut cast.buyer, BUYER, &path, &[(field, TEXT), ("key", "k")]).await;
        }
        let due = [("due", "2027-01-01"), ("reason", TEXT)];
        is_drawn_again(&mut cast.seller, SELLER, &format!("{first}/extension"), &due).await;
        is_drawn_again(&mut cast.seller, SELLER, &format!("{first}/deliver"), &[("note", TEXT)]).await;
        assert_eq!(world.escrow(&cast.deal).await.seq, before);

        world.delivers(&cast.deal, 1).await;
        let changes = [("failed[]", "0"), ("reason", TEXT)];
        is_drawn_again(&mut cast.buyer, BUYER, &format!("{first}/inspect"), &changes).await;
        let escrow = world.escrow(&cast.deal).await;
        assert!(matches!(escrow.milestones[0].stage, MilestoneStage::Delivered { .. }));

        let other = world.proposed().await;
        is_drawn_again(&mut cast.seller, SELLER, &other.path("/decline"), &[("reason", TEXT)]).await;
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        let freeze = format!("/admin/users/{}/freeze", cast.deal.seller);
        is_drawn_again(&mut olfa, "olfa@example.com", &freeze, &[("reason", TEXT)]).await;
        cast.seller.get("/home").await.hides("Your account is frozen");
        world.browser().post(&freeze, &[("reason", TEXT)]).await.is(404);

        let started = cast.seller.post("/escrows/new", &[("role", "seller")]).await;
        let draft = started.location().rsplit_once('/').unwrap().0.to_owned();
        cast.seller.post(&format!("{draft}/kind"), &[("kind", "one_off"), ("mode", "quick")]).await.is(303);
        let work = [("title", "A garden gate"), ("description", TEXT), ("do", "next")];
        let saved = comes_back(&mut cast.seller, SELLER, &format!("{draft}/work"), &work).await;
        assert_eq!(saved.status, 303, "a draft is saved: nobody else sees it");
        cast.seller.get(&format!("{draft}/work")).await.shows("Line one & “two”");
    }
}

both! {
    async fn files_are_named_and_a_form_without_text_leads_back_to_its_page(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        signs_out_elsewhere(&cast.buyer).await;
        let parts: [Part<'_>; 3] =
            [("note", None, b"See the plan."), ("files", Some("plan.pdf"), &[7; 300_000]), ("key", None, b"k")];
        let kind = Some("multipart/form-data; boundary=XX");
        let page = cast.buyer.send(Method::POST, &path, Body::from(multipart(&parts)), kind).await;
        page.is(401);
        let wrong = signs_in_with(&mut cast.buyer, &page, BUYER, "not the password").await;
        wrong.is(422);
        let back = signs_in_with(&mut cast.buyer, &wrong, BUYER, PASSWORD).await;
        back.shows("Choose these again: plan.pdf .");
        let form = continues(&mut cast.buyer, &back).await;
        form.is(422);
        form.shows("Choose these files again: plan.pdf.");
        form.hides("Files that are here already");

        // A press leads back to where it stood.
        let mut buyer = world.signed_in(BUYER).await;
        signs_out_elsewhere(&buyer).await;
        buyer.extra.push(("referer", "http://127.0.0.1:8080/escrows/x/close?a=1"));
        let page = buyer.post(&cast.deal.path("/close"), &[("seen", "1"), ("key", "k")]).await;
        assert_eq!((page.status, page.location()), (303, "/sign-in?next=%2Fescrows%2Fx%2Fclose%3Fa%3D1"));
        buyer.get("/sign-in").await.shows("nothing was sent and nothing was changed");

        // What nobody could type is not kept, and said so.
        let long = "x".repeat(100_000);
        let page = world.browser().post(&path, &[("note", &long)]).await;
        page.is(401);
        page.shows("too long to be kept here");
        assert!(page.body.len() < 20_000);
    }
}

both! {
    async fn nobody_sends_what_somebody_else_has_written(world) {
        let mut cast = Cast::funded(&world).await;
        let path = cast.deal.path("/messages");
        signs_out_elsewhere(&cast.buyer).await;
        let page = cast.buyer.post(&path, &[("note", "Of the buyer alone.")]).await;
        page.is(401);
        let back = signs_in_with(&mut cast.buyer, &page, SELLER, PASSWORD).await;
        back.is(200);
        back.shows("You are signed in as Bilel Seller , so nothing was sent in your name.");
        back.hides("Of the buyer alone.");

        // No secret goes along, and what would lead away from here is left out.
        let mut buyer = world.signed_in(BUYER).await;
        signs_out_elsewhere(&buyer).await;
        let secrets = [("current", "the old one"), ("new", "the new one"), ("note", "x")];
        let page = buyer.post("/settings/security/password", &secrets).await;
        assert_eq!((page.status, page.location()), (303, "/sign-in"));
        let fields = [("unsent-to", "//evil.example/"), ("unsent:note", "x"), ("email", BUYER), ("password", PASSWORD)];
        assert_eq!(world.browser().post("/sign-in", &fields).await.location(), "/home");
    }
}

both! {
    async fn a_form_that_only_comes_back_moves_nothing(world) {
        let mut cast = Cast::funded(&world).await;
        let offered = Command::RequestCancellation { reason: "We move.".to_owned() };
        assert_eq!(world.asks(&cast.deal, cast.deal.buyer, offered).await, Outcome::Done);
        let path = cast.deal.path("/cancel/agreement");
        let page = cast.seller.post(&path, &[("reason", "x"), ("unsent", "yes")]).await;
        page.is(409);
        page.shows("Nothing was sent and no money moved.");
        assert_eq!(world.escrow(&cast.deal).await.held_minor(), 1_010_000);
    }
}
