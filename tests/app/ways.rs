//! Every link of every mail and every notification leads its own reader to a page that is theirs, while the deal
//! goes on and after its end.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::notices::Notice;
use holdfast::engine::party::Role;
use holdfast::engine::time::Time;
use holdfast::store::users;
use holdfast::work::{deadlines, mails, payments};
use holdfast::{all, demo};
use time::Duration;
use uuid::Uuid;

use crate::browser::Browser;
use crate::world::{PASSWORD, START, World, both};

type Written = (Option<Uuid>, String, String);

/// Opens each link as its reader; those that lead nowhere, each once. A secret link that is too old for a mail may
/// say so.
async fn dead_ends(world: &World, old: bool) -> Vec<String> {
    while mails::run_due(&world.app).await.unwrap() > 0 {}
    let mut people: BTreeMap<Uuid, (String, Browser)> = BTreeMap::new();
    for (email, _) in demo::PEOPLE {
        let known = users::by_email(&mut world.app.db.read().await.unwrap().conn(), email).await.unwrap();
        people.insert(known.unwrap().id, (email.to_owned(), world.signed_in(email).await));
    }
    let mut reader = world.app.db.read().await.unwrap();
    let told = "SELECT user_id, reference, notice FROM notifications";
    let told = all!(&mut reader.conn(), (Uuid, String, String), told).unwrap();
    let written = "SELECT to_user, coalesce(to_address, ''), body_text FROM outbox WHERE state = 'sent'";
    let written = all!(&mut reader.conn(), Written, written).unwrap();
    drop(reader);
    let mut links: BTreeSet<(Option<Uuid>, String)> = BTreeSet::new();
    for (user, reference, notice) in told {
        let notice: Notice = serde_json::from_str(&notice).unwrap();
        let words = notice.words("title", &|at: Time| at.rfc3339());
        links.insert((Some(user), notice.address(&reference, &words.path)));
    }
    let home = world.app.config.public_url.clone();
    for (user, _, text) in written {
        let paths =
            text.split_whitespace().filter_map(|word| word.strip_prefix(&home)).filter(|path| path.len() > 1);
        links.extend(paths.map(|path| (user.filter(|user| people.contains_key(user)), path.to_owned())));
    }
    assert!(links.len() > 200, "only {} links", links.len());
    let mut nobody = world.browser();
    let mut dead = Vec::new();
    for (user, link) in links {
        let (name, browser) = match user.and_then(|user| people.get_mut(&user)) {
            Some((email, browser)) => (email.as_str(), browser),
            None => ("a stranger", &mut nobody),
        };
        let mut at = link.clone();
        let mut page = browser.get(&at).await;
        while matches!(page.status, 302 | 303) {
            at = page.location().to_owned();
            page = browser.get(&at).await;
        }
        let says_so = old && user.is_none() && page.status == 410;
        if page.status != 200 && !says_so {
            dead.push(format!(
                "{name}: {link} → {at} {} {}",
                page.status,
                page.text().chars().take(160).collect::<String>()
            ));
        }
    }
    dead
}

async fn everything_ends(world: &World) {
    for _ in 0..40 {
        world.app.clock.advance(Duration::days(10));
        while deadlines::run_due(&world.app).await.unwrap() + payments::run_due(&world.app).await.unwrap() > 0
        {
        }
    }
}

#[tokio::test]
async fn every_link_leads_its_reader_somewhere_while_the_deal_goes_on_and_after_its_end() {
    let world = World::sqlite().await;
    let hash = world.app.passwords.hash(&world.app.clock, PASSWORD.to_owned()).await.unwrap();
    demo::fill(&world.app.db, Time::from_micros(START), &hash).await.unwrap();
    let dead = dead_ends(&world, false).await;
    assert!(dead.is_empty(), "{} dead ends:\n{}", dead.len(), dead.join("\n"));
    everything_ends(&world).await;
    let dead = dead_ends(&world, true).await;
    assert!(dead.is_empty(), "after the end, {} dead ends:\n{}", dead.len(), dead.join("\n"));
}

both! {
    async fn a_payee_without_an_account_finds_the_way_to_the_money_also_when_the_deal_is_over(world) {
        let deal = world.proposes_to(world.case_4(), &[("payee@example.com", &[20_000, 30_000])]).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        for milestone in [1, 2] {
            world.delivers(&deal, milestone).await;
            world.approves(&deal, milestone).await;
        }
        let end = world.escrow(&deal).await;
        assert!(end.party(Role::Payee).is_some());
        world.app.clock.advance(Duration::days(8));
        while deadlines::run_due(&world.app).await.unwrap() > 0 {}
        assert!(world.escrow(&deal).await.over());
        let mail = world.mail("payee@example.com").await;
        let mut payee = world.browser();
        let page = payee.get(&mail.path("/invitations/")).await;
        page.is(200);
        page.shows("What was released to you is yours");
        page.shows("Register to be paid");
        let token = mail.path("/invitations/").rsplit('/').next().unwrap().to_owned();
        let form = [
            ("invitation", token.as_str()), ("name", "Salma Payee"), ("password", PASSWORD), ("time_zone", "Africa/Tunis"),
            ("terms", "yes"), ("terms_version", "1"),
        ];
        payee.submit("/sign-up", &form).await;
        payee.get("/balances").await.shows("50.000 TND");
    }
}

/// The pages that news lead to, by whose they are.
const PAGES: [(Role, &[&str]); 3] = [
    (
        Role::Buyer,
        &[
            "",
            "/contract",
            "/milestones/1",
            "/milestones/1/inspect",
            "/milestones/1/extension",
            "/cancel",
            "/settlement",
            "/disputes",
            "/pay",
            "/messages",
        ],
    ),
    (
        Role::Seller,
        &[
            "",
            "/contract",
            "/milestones/1",
            "/milestones/1/deliver",
            "/milestones/1/extension",
            "/cancel",
            "/settlement",
            "/disputes",
            "/messages",
        ],
    ),
    (Role::Broker, &["", "/contract", "/milestones/1", "/disputes", "/messages"]),
];

/// The first stage in which news lead to a page.
fn told_from(path: &str) -> usize {
    match path {
        "" | "/contract" | "/messages" => 0,
        "/pay" => 1,
        "/milestones/1/inspect" => 3,
        _ => 2,
    }
}

both! {
    async fn a_link_of_an_earlier_stage_leads_somewhere_in_every_later_one(world) {
        let deal = world.proposed().await;
        let mut people = [
            (Role::Buyer, world.signed_in("amel.buyer@example.com").await),
            (Role::Seller, world.signed_in("bilel.seller@example.com").await),
            (Role::Broker, world.signed_in("chiraz.broker@example.com").await),
        ];
        let mut dead = Vec::new();
        for (place, stage) in ["proposed", "agreed", "funded", "delivered", "ended"].into_iter().enumerate() {
            match stage {
                "agreed" => world.all_sign(&deal).await,
                "funded" => world.pays(&deal).await,
                "delivered" => world.delivers(&deal, 1).await,
                "ended" => {
                    world.approves(&deal, 1).await;
                    world.delivers(&deal, 2).await;
                    world.approves(&deal, 2).await;
                }
                _ => {}
            }
            for ((role, browser), (_, paths)) in people.iter_mut().zip(PAGES) {
                for path in paths.iter().filter(|path| place >= told_from(path)) {
                    let mut page = browser.get(&format!("/escrows/{}{path}", deal.reference)).await;
                    while matches!(page.status, 302 | 303) {
                        page = browser.get(page.location()).await;
                    }
                    if page.status != 200 {
                        dead.push(format!("{stage}, {role:?}: {path}: {}", page.status));
                    }
                }
            }
        }
        assert!(world.escrow(&deal).await.over());
        assert!(dead.is_empty(), "{}", dead.join("\n"));
    }
}
