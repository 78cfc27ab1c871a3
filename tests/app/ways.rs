//! Every link of every mail and every notification leads its own reader to a page that is theirs, while the deal
//! goes on and after its end.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::Waiting;
use holdfast::engine::dispute::Split;
use holdfast::engine::notices::Notice;
use holdfast::engine::party::Role;
use holdfast::engine::terms::{DisputeHandler, Funding, Mode, Terms};
use holdfast::engine::time::Time;
use holdfast::money::Currency;
use holdfast::sandbox::Choice;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::fees::{self, Limits, Rules};
use holdfast::store::proposals::{Correction, correct};
use holdfast::store::users;
use holdfast::work::{deadlines, mails, payments};
use holdfast::{all, demo};
use time::Duration;
use uuid::Uuid;

use crate::browser::Browser;
use crate::deal::{ARBITER, Deal};
use crate::world::{PASSWORD, START, World, both};

type Written = (Option<Uuid>, String, String);

/// Opens each link as its reader; those that lead nowhere, each once. A secret link that is too old for a mail may
/// say so.
async fn dead_ends(world: &World, old: bool) -> Vec<String> {
    while mails::run_due(&world.app).await.unwrap() > 0 {}
    let mut people: BTreeMap<Uuid, (String, Browser)> = BTreeMap::new();
    for email in demo::PEOPLE.iter().map(|(email, _)| *email).chain(OTHERS) {
        let known = users::by_email(&mut world.app.db.read().await.unwrap().conn(), email).await.unwrap();
        if let Some(known) = known {
            people.insert(known.id, (email.to_owned(), world.signed_in(email).await));
        }
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

/// Those who take part in what the demo has no deal of.
const OTHERS: [&str; 6] = [
    "amel.buyer@example.com",
    "bilel.seller@example.com",
    "chiraz.broker@example.com",
    MASON,
    PAINTER,
    ARBITER,
];
const MASON: &str = "mason@example.com";
const PAINTER: &str = "painter@example.com";

async fn done(world: &World, deal: &Deal, user: Uuid, command: Command) {
    let name = command.name();
    assert_eq!(world.asks(deal, user, command).await, Outcome::Done, "{name}");
}

/// What the demo has no deal of: wrong addresses, reminders by hand, payees who change, a deal that is paid first,
/// and a milestone that is never paid.
async fn what_the_demo_lacks(world: &World) {
    let mason = world.account("Majd Mason", MASON).await;
    world.account("Paola Painter", PAINTER).await;
    let deal = world.proposed().await;
    let broker = deal.broker.unwrap();
    world.app.clock.advance(Duration::days(2));
    done(world, &deal, broker, Command::InviteAgain { user: deal.buyer }).await;
    done(world, &deal, broker, Command::Nudge { waiting: Waiting::Acceptance, milestone: None }).await;
    done(world, &deal, deal.seller, Command::Disown).await;
    let email = "right.seller@example.com".to_owned();
    let correction =
        Correction { by: broker, escrow: deal.escrow, user: deal.seller, email, seen: None, key: None };
    let corrected = correct(&world.app.db, &world.app.clock, &correction).await.unwrap();
    assert!(matches!(corrected, Ok(executed) if executed.outcome == Outcome::Done));

    let terms = Terms { commission: None, ..world.case_4() };
    let payees = [(MASON, &[100_000, 50_000][..]), (PAINTER, &[50_000, 0][..])];
    let deal = world.proposes_to(terms, &payees).await;
    let mut terms = world.escrow(&deal).await.terms;
    terms.parties.retain(|party| party.role != Role::Payee || party.user == mason);
    for part in &mut terms.milestones {
        part.recipients.retain(|line| line.user == deal.seller || line.user == mason);
        let whole = part.amount_minor;
        for line in &mut part.recipients {
            line.amount_minor = if line.user == mason { 40_000 } else { whole - 40_000 };
        }
    }
    done(world, &deal, deal.buyer, Command::Counter { version: 1, terms: Box::new(terms) }).await;

    let commission = world.case_4().commission;
    let quick = Terms { mode: Mode::Quick, contract_terms: None, pay_first: true, ..world.one_off(100_000) };
    let deal = world.proposes(Terms { commission, ..quick }).await;
    world.pays(&deal).await;
    done(world, &deal, deal.seller, Command::Accept { version: 1 }).await;

    let deal = world.proposes(Terms { funding: Funding::PerMilestone, ..world.case_4() }).await;
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    world.delivers(&deal, 1).await;
    world.approves(&deal, 1).await;
}

/// More of it, about what goes wrong: more time, a request taken back, an arbiter who has to be reminded and one whose
/// decision is not confirmed. Gives a payment that its provider has not answered.
async fn quarrels_that_the_demo_lacks(world: &World) -> Uuid {
    let nadia = world.account("Nadia Gharbi", ARBITER).await;
    let operator = world.person_of(demo::PEOPLE[3].0).await.unwrap();
    let limits = Limits { second_operator_above_minor: Some(500_000), ..Limits::default() };
    let rules = Rules { limits, ..Rules::default() };
    let (tnd, now) = (Currency::from_code("TND").unwrap(), world.app.clock.now());
    let mut tx = world.app.db.write().await.unwrap();
    fees::add(&mut tx.conn(), &world.app.clock, operator, (tnd, now), &rules, "").await.unwrap();
    tx.commit().await.unwrap();

    let words = || "We need it.".to_owned();
    let deal = world.funded().await;
    let due = now.plus_days(40);
    done(world, &deal, deal.seller, Command::AskExtension { milestone: 1, due, reason: words() }).await;
    done(world, &deal, deal.buyer, Command::GrantExtension { milestone: 1 }).await;
    done(world, &deal, deal.buyer, Command::RequestCancellation { reason: words() }).await;
    done(world, &deal, deal.buyer, Command::WithdrawCancellation).await;
    world.delivers(&deal, 1).await;
    done(world, &deal, deal.buyer, Command::ExtendInspection { milestone: 1, days: 3 }).await;

    let mut before_him = Vec::new();
    for milestone in [1, 2] {
        let terms = Terms { dispute_handler: DisputeHandler::Arbitration, ..world.case_4() };
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        let refund_minor = world.escrow(&deal).await.milestone(milestone).unwrap().left_minor();
        let claims = vec![Split { milestone, release_minor: 0, refund_minor }];
        let open = Command::OpenDispute { claims, reason: words(), failed: Vec::new(), files: Vec::new() };
        done(world, &deal, deal.buyer, open).await;
        for _ in 0..2 {
            let said = Command::Statement { dispute: 1, text: words(), files: Vec::new() };
            done(world, &deal, deal.seller, said).await;
        }
        before_him.push(deal);
    }
    world.app.clock.advance(Duration::days(7));
    while deadlines::run_due(&world.app).await.unwrap() > 0 {}
    let [small, large] = &before_him[..] else { panic!("two") };
    done(world, small, small.buyer, Command::Nudge { waiting: Waiting::Ruling, milestone: Some(1) }).await;
    done(world, small, nadia, Command::DeclineArbitration { reason: words() }).await;
    let splits = vec![Split { milestone: 2, release_minor: 0, refund_minor: 600_000 }];
    done(world, large, nadia, Command::Rule { dispute: 1, splits, reasons: words() }).await;
    let back = Command::ReturnRuling { dispute: 1, reason: words() };
    let request = Request::new(large.escrow, Who::Operator(operator), back);
    assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);

    let payment = world.starts_to_pay(&world.agreed().await).await;
    while payments::run_due(&world.app).await.unwrap() > 0 {}
    world.chooses(payment, Choice::Nothing).await;
    payment
}

/// The names of an enum's variants as they are stored, read from its source.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let mut all = BTreeSet::new();
    for line in body.lines().filter_map(|line| line.strip_prefix("    ")) {
        let word: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
        if word.starts_with(|sign: char| sign.is_ascii_uppercase()) {
            let snake = word.chars().enumerate().map(|(place, sign)| match sign.is_ascii_uppercase() {
                true if place > 0 => format!("_{}", sign.to_ascii_lowercase()),
                _ => sign.to_ascii_lowercase().to_string(),
            });
            all.insert(snake.collect());
        }
    }
    all
}

/// Every kind of news that somebody can be told.
fn all_kinds() -> BTreeSet<String> {
    let enums = [
        ("refund", "RefundNews", include_str!("../../src/engine/notices/refunds.rs")),
        ("disagreement", "Disagreement", include_str!("../../src/engine/notices/disagreement.rs")),
        ("deciding", "Deciding", include_str!("../../src/engine/notices/deciding.rs")),
    ];
    let mut all = variants(include_str!("../../src/engine/notices.rs"), "News");
    for (news, name, source) in enums {
        assert!(all.remove(news), "{news}");
        all.extend(variants(source, name).into_iter().map(|about| format!("{news}/{about}")));
    }
    all
}

/// Those that nobody in this world was told.
async fn never_told(world: &World) -> Vec<String> {
    let mut reader = world.app.db.read().await.unwrap();
    let rows = all!(&mut reader.conn(), (String,), "SELECT notice FROM notifications").unwrap();
    let mut missing = all_kinds();
    for (notice,) in rows {
        let notice: serde_json::Value = serde_json::from_str(&notice).unwrap();
        let news = notice["news"].clone();
        let kind = news["news"].as_str().unwrap().to_owned();
        missing.remove(&match news["about"].as_str() {
            Some(about) => format!("{kind}/{about}"),
            None => kind,
        });
    }
    missing.into_iter().collect()
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
    what_the_demo_lacks(&world).await;
    let dead = dead_ends(&world, false).await;
    assert!(dead.is_empty(), "{} dead ends:\n{}", dead.len(), dead.join("\n"));
    let payment = quarrels_that_the_demo_lacks(&world).await;
    everything_ends(&world).await;
    // It comes after all, goes back, and is back.
    world.chooses(payment, Choice::Pay).await;
    world.provider_tells().await;
    world.goes_round().await;
    let dead = dead_ends(&world, true).await;
    assert!(dead.is_empty(), "after the end, {} dead ends:\n{}", dead.len(), dead.join("\n"));
    assert_eq!(never_told(&world).await, Vec::<String>::new(), "their links were not followed");
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
