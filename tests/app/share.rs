//! Nobody shuts the others out: how much one network, one account and all the strangers have under way.

use axum::body::{Body, Bytes};
use axum::http::Method;
use holdfast::crowd::{MOST_OF_ACCOUNT, MOST_OF_NETWORK, MOST_UPLOADS};
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::world::World;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// A form of which nothing ever comes, sent by each of these browsers, until all of them are under way.
async fn under_way(browsers: Vec<Browser>, path: &str, kind: Option<&'static str>) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for mut browser in browsers {
        let path = path.to_owned();
        all.spawn(async move {
            let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
            browser.send(Method::POST, &path, endless, kind).await;
        });
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    all
}

fn from(world: &World, ip: &str) -> Browser {
    at(world.browser(), ip)
}

fn at(mut browser: Browser, ip: &str) -> Browser {
    ip.clone_into(&mut browser.ip);
    browser
}

#[tokio::test]
async fn one_network_has_a_share_and_the_next_one_its_own() {
    let world = World::sqlite().await;
    let many = (0..MOST_OF_NETWORK).map(|one| from(&world, &format!("2001:db8::{one:x}"))).collect();
    let mut all = under_way(many, "/sign-in", FORM).await;
    let page = from(&world, "2001:db8::ffff").get("/").await;
    page.is(429);
    page.shows("That is too much at once");
    assert_eq!(page.headers["retry-after"], "5");
    from(&world, "2001:db8:0:1::1").get("/").await.is(200);
    all.shutdown().await;
    from(&world, "2001:db8::ffff").get("/").await.is(200);
}

#[tokio::test]
async fn one_account_has_a_share_from_however_many_networks() {
    let world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let mut amel = world.signed_in("amel@example.com").await;
    let many = (0..MOST_OF_ACCOUNT).map(|one| at(amel.clone(), &format!("192.0.2.{one}")));
    let mut all = under_way(many.collect(), "/settings/profile", FORM).await;
    amel.get("/home").await.is(429);
    world.browser().get("/").await.is(200);
    all.shutdown().await;
    amel.get("/home").await.is(200);
}

#[tokio::test]
async fn strangers_leave_room_for_those_who_are_signed_in() {
    let mut world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let cookies = world.signed_in("amel@example.com").await.cookies;
    world.with_config(|config| config.limits.connections = 8);
    let many = (0..6).map(|one| from(&world, &format!("198.51.100.{one}"))).collect();
    let mut all = under_way(many, "/sign-in", FORM).await;
    let page = world.browser().get("/").await;
    page.is(503);
    page.shows("Too many people are here right now");
    let mut amel = world.browser();
    amel.cookies = cookies;
    amel.get("/home").await.is(200);
    world.browser().get("/healthz").await.is(200);
    all.shutdown().await;
    world.browser().get("/").await.is(200);
}

#[tokio::test]
async fn one_account_sends_few_forms_with_files_at_a_time() {
    let world = World::sqlite().await;
    world.account("Amel", "amel@example.com").await;
    let mut amel = world.signed_in("amel@example.com").await;
    let draft = amel.post("/escrows/new", &[("role", "buyer")]).await.location().replace("/kind", "");
    let path = format!("{draft}/files");
    let kind = Some("multipart/form-data; boundary=XX");
    let mut all = under_way(vec![amel.clone(); MOST_UPLOADS], &path, kind).await;
    let form =
        "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\na\r\n--XX--\r\n";
    amel.send(Method::POST, &path, Body::from(form), kind).await.is(429);
    amel.get("/home").await.is(200);
    all.shutdown().await;
    amel.send(Method::POST, &path, Body::from(form), kind).await.is(303);
}
