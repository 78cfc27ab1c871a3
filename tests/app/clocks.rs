//! A date that somebody reads is one by which something happens: on the panel of every state, for every role, in the
//! list of what needs them, before an arbiter, behind a link and in mails it is the instant of a clock of the engine.

use std::collections::BTreeSet;

use holdfast::calendar::Zone;
use holdfast::engine::deadlines::{self, Waiting};
use holdfast::engine::escrow::Escrow;
use holdfast::engine::party::PartyStatus;
use holdfast::engine::terms::Mode;
use holdfast::engine::time::Time;
use holdfast::store::{escrows, users};
use holdfast::{all, demo, work};
use time::Duration;
use uuid::Uuid;

use crate::browser::Page;
use crate::guests::for_sale;
use crate::world::{PASSWORD, START, World, both};

/// "Thu 14 May 2026, 10:00", of every date in a text.
fn dates(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ends = (5..words.len()).filter(|at| words[*at].starts_with("(Tunis)"));
    ends.map(|at| words[at - 5..at].join(" ")).collect()
}

fn shown(at: Time) -> String {
    Zone::from_name("Africa/Tunis").unwrap().moment(at).replace(" (Tunis)", "")
}

/// Every instant that the engine knows of an escrow: when a clock runs out, and what was agreed instead.
fn known(escrow: &Escrow) -> BTreeSet<String> {
    let clocks = deadlines::all(escrow);
    let of_clocks = clocks.iter().flat_map(|clock| [Some(clock.at), clock.due]).flatten();
    let of_work = escrow.milestones.iter().flat_map(|part| [part.due(), part.was_due]).flatten();
    of_clocks.chain(of_work).map(shown).collect()
}

async fn everything(world: &World) -> Vec<Escrow> {
    let mut reader = world.app.db.read().await.unwrap();
    let conn = &mut reader.conn();
    let ids = all!(conn, (Uuid,), "SELECT id FROM escrows ORDER BY id").unwrap();
    let mut found = Vec::new();
    for (id,) in ids {
        found.push(escrows::by_id(conn, id).await.unwrap().unwrap());
    }
    found
}

/// The words of a page between two others.
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    rest.split_once(to).map_or(rest, |(part, _)| part)
}

/// Dates that are no clock's, and sentences of another mode, on what everybody reads now.
async fn faults(world: &World, statuses: &mut BTreeSet<String>) -> Vec<String> {
    let all = everything(world).await;
    let mut faults = Vec::new();
    for (email, _) in demo::PEOPLE {
        let user =
            users::by_email(&mut world.app.db.read().await.unwrap().conn(), email).await.unwrap().unwrap().id;
        let mut browser = world.signed_in(email).await;
        let mut asks_for_me = BTreeSet::new();
        for escrow in &all {
            let party = escrow.party_of(user).filter(|party| party.status != PartyStatus::Disowned);
            let decides = escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == user);
            let (path, role) = match party {
                Some(party) => (format!("/escrows/{}", escrow.reference), party.role.word()),
                None if decides && escrow.all_agreed() => {
                    (format!("/arbitration/{}", escrow.reference), "arbiter")
                }
                None => continue,
            };
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text());
            let text = page.text();
            let to = if role == "arbiter" { "The parties named you" } else { "Held now" };
            let panel = part(&text, "What happens next", to);
            let known = known(escrow);
            let status = holdfast::engine::status::of(escrow);
            statuses.insert(format!("{status:?} {role}"));
            let strange: Vec<String> = dates(panel).difference(&known).cloned().collect();
            if !strange.is_empty() {
                faults
                    .push(format!("{email}, {status:?}, {role}: {strange:?} is none of {known:?}: {panel}"));
            }
            let pays_early = escrow.terms.pay_first || escrow.terms.mode == Mode::Instant;
            if pays_early && text.contains("Nobody pays anything before") {
                faults.push(format!("{email}, {status:?}, {role}: somebody pays before that: {panel}"));
            }
            asks_for_me.extend(known.into_iter().map(|date| (escrow.reference.clone(), date)));
        }
        // The list gives each its first date.
        let list = browser.get("/escrows?show=needs-me").await;
        for row in list.body.split("<tr>").skip(1) {
            let plain =
                Page { status: list.status, headers: list.headers.clone(), body: row.to_owned() }.text();
            let reference =
                plain.split_whitespace().find(|word| word.starts_with("ESC-")).unwrap_or_default();
            for date in dates(&plain) {
                if !reference.is_empty() && !asks_for_me.contains(&(reference.to_owned(), date.clone())) {
                    faults.push(format!("{email}: the list gives {reference} {date}"));
                }
            }
        }
    }
    faults
}

/// Dates of new mails that no clock of their escrow has, before or after what they tell.
async fn mail_faults(world: &World, seen: &mut usize, before: &[Escrow]) -> Vec<String> {
    world.mails().await;
    let after = everything(world).await;
    let mut reader = world.app.db.read().await.unwrap();
    let sql = "SELECT escrow_id, kind, body_text FROM outbox WHERE state = 'sent' AND escrow_id IS NOT NULL ORDER BY id";
    let rows = all!(&mut reader.conn(), (Uuid, String, String), sql).unwrap();
    let mut faults = Vec::new();
    for (id, kind, text) in rows.iter().skip(*seen) {
        let of =
            |all: &[Escrow]| all.iter().filter(|it| it.id == *id).flat_map(known).collect::<BTreeSet<_>>();
        let clocks: BTreeSet<String> = of(before).union(&of(&after)).cloned().collect();
        let strange: Vec<String> = dates(text).difference(&clocks).cloned().collect();
        if !strange.is_empty() {
            faults.push(format!("a mail, {kind}: {strange:?} is none of {clocks:?}:\n{text}"));
        }
    }
    *seen = rows.len();
    faults
}

#[tokio::test]
async fn every_date_that_somebody_reads_is_that_of_a_clock_in_every_state_for_every_role() {
    let world = World::sqlite().await;
    let hash = world.app.passwords.hash(&world.app.clock, PASSWORD.to_owned()).await.unwrap();
    demo::fill(&world.app.db, Time::from_micros(START), &hash).await.unwrap();
    let mut seen = {
        world.mails().await;
        let mut reader = world.app.db.read().await.unwrap();
        let sql =
            "SELECT CAST(count(*) AS BIGINT) FROM outbox WHERE state = 'sent' AND escrow_id IS NOT NULL";
        usize::try_from(holdfast::one!(&mut reader.conn(), (i64,), sql).unwrap().0).unwrap()
    };
    let (mut statuses, mut found) = (BTreeSet::new(), Vec::new());
    for hours in [0, 20, 30, 48, 100, 200, 500] {
        for _ in 0..hours / 10 {
            let before = everything(&world).await;
            world.app.clock.advance(Duration::hours(10));
            while work::deadlines::run_due(&world.app).await.unwrap() > 0 {}
            found.extend(mail_faults(&world, &mut seen, &before).await);
        }
        found.extend(faults(&world, &mut statuses).await);
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    assert!(statuses.len() > 50, "only {} states and roles: {statuses:?}", statuses.len());
}

both! {
    async fn a_link_that_is_sent_names_the_instant_at_which_it_ends(world) {
        let deal = world.proposes_to(world.case_4(), &[]).await;
        let clocks = |escrow: &Escrow, waiting: Waiting| {
            let clock = deadlines::all(escrow).into_iter().find(|clock| clock.waiting == waiting).unwrap();
            shown(clock.at)
        };
        let until = clocks(&world.escrow(&deal).await, Waiting::Acceptance);
        let mail = world.mail("amel.buyer@example.com").await;
        assert!(dates(&mail.text).contains(&until), "{}", mail.text);
        let (deal, link) = for_sale(&world).await;
        let until = clocks(&world.escrow(&deal).await, Waiting::LinkPayment);
        // Whoever sells does not pay: the page behind the link is the buyer's.
        let behind = world.signed_in("amel.buyer@example.com").await.get(&link).await;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        for page in [behind, seller.get(&deal.path("/link")).await, seller.get(&deal.path("")).await] {
            assert!(dates(&page.text()).contains(&until), "{until}: {}", page.text());
            page.hides("Nobody pays anything before");
        }
    }
}
