//! Mails: owed, sent, retried, parked.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::notices::{EscrowNews, News, Notice};
use holdfast::engine::party::Role;
use holdfast::engine::time::Time;
use holdfast::mail::letter::Letter;
use holdfast::mail::transport::Mailer;
use holdfast::store::execute::Outcome;
use holdfast::store::outbox::{self, LEASE, MOST_ATTEMPTS, MOST_REFUSALS, NewMail, PAUSE, To};
use holdfast::store::tokens::{self, Purpose, Worth};
use holdfast::store::users;
use holdfast::work::{Workers, mails};
use holdfast::{all, one};
use sqlx::FromRow;
use time::Duration;
use uuid::Uuid;

use crate::smtp::Smtp;
use crate::world::{World, both};

#[derive(Debug, FromRow)]
struct Row {
    state: String,
    attempts: i64,
    next_at: Time,
    last_error: Option<String>,
    to_address: Option<String>,
    subject: Option<String>,
    body_text: Option<String>,
    body_html: Option<String>,
}

both! {
    async fn without_a_mail_server_a_mail_can_be_read_with_its_link(world) {
        let amel = person(&world, "amel@example.com").await;
        let id = write(&world, &Letter::ConfirmAddress.to_user(amel)).await;
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 0);

        let row = row(&world, id).await;
        assert_eq!(row.state, "sent");
        assert_eq!(row.to_address.as_deref(), Some("amel@example.com"));
        assert_eq!(row.subject.as_deref(), Some("Confirm your address for Holdfast"));
        let secret = secret_in(row.body_text.as_deref().unwrap(), "/verify-email/");
        assert!(row.body_html.unwrap().contains(&secret));
        let Worth::Good(token) = worth(&world, Purpose::ConfirmAddress, &secret).await else {
            panic!("the link in the mail is good for nothing");
        };
        assert_eq!((token.user_id, token.email.as_deref()), (Some(amel), Some("amel@example.com")));
    }
}

both! {
    async fn an_address_that_nobody_confirmed_gets_no_more_than_so_many_invitations_a_day(world) {
        let stranger = person(&world, "amel@example.com").await;
        world.account("Bilel", "bilel@example.com").await;
        let known = person(&world, "bilel@example.com").await;
        let invitation = |user| {
            let news = News::Invited { by: Role::Seller, expires_at: world.app.clock.now().plus_days(14), signs: true, price: None };
            let notice = Notice { to: user, role: Role::Buyer.into(), news };
            let news = EscrowNews {
                reference: "ESC-7K2M-9QXA".into(),
                title: "Logo".into(),
                notice,
                guest: false,
                earlier: None,
            };
            Letter::Escrow(news).to_user(user)
        };
        let mut last = Uuid::nil();
        for _ in 0..21 {
            last = write(&world, &invitation(stranger)).await;
            write(&world, &invitation(known)).await;
        }
        write(&world, &Letter::ResetPassword.to_user(stranger)).await;
        assert_eq!(world.kinds("bilel@example.com").await.len(), 21, "who has an account can answer");
        assert_eq!(world.kinds("amel@example.com").await.len(), 20 + 1);
        let row = row(&world, last).await;
        assert_eq!((row.state.as_str(), row.attempts), ("waiting", 0));
        assert!(row.last_error.unwrap().contains("as many invitations as we send in a day"));
        world.app.clock.advance(Duration::hours(23));
        assert_eq!(world.kinds("amel@example.com").await.len(), 21);
        world.app.clock.advance(Duration::hours(2));
        assert_eq!(world.kinds("amel@example.com").await.len(), 22, "it comes the day after");
    }
}

both! {
    async fn a_mail_goes_with_what_it_tells_about_or_not_at_all(world) {
        let amel = person(&world, "amel@example.com").await;
        let mut tx = world.app.db.write().await.unwrap();
        let mail = Letter::AlreadyRegistered.to_user(amel);
        outbox::enqueue(&mut tx.conn(), &world.app.clock, &mail).await.unwrap();
        drop(tx);
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 0);
    }
}

both! {
    async fn a_real_mail_server_gets_the_mail_and_the_secret_stays_nowhere_else(world) {
        let Some(mut server) = Smtp::start() else { return };
        let world = sending_to(world, &server.url());
        // A name stands in the header of our mail once its bearer has confirmed the address.
        let amel = world.account("Amél Ωx", "amel@example.com").await;
        let id = write(&world, &Letter::ResetPassword.to_user(amel)).await;
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);

        let mail = server.mail();
        assert_eq!(mail["from"], "holdfast@localhost");
        assert_eq!(mail["to"], serde_json::json!(["amel@example.com"]));
        let headers = &mail["headers"];
        assert_eq!(headers["Subject"], "Choose a new password for Holdfast");
        assert_eq!(headers["To"], "Amél Ωx <amel@example.com>");
        assert_eq!(headers["Message-ID"], format!("<{}@127.0.0.1>", id.simple()));
        assert_eq!(headers["Auto-Submitted"], "auto-generated");
        let secret = secret_in(mail["text"].as_str().unwrap(), "/reset/");
        assert!(mail["html"].as_str().unwrap().contains(&secret));
        assert!(matches!(worth(&world, Purpose::Reset, &secret).await, Worth::Good(_)));

        let row = row(&world, id).await;
        assert_eq!(row.state, "sent");
        for body in [row.body_text.unwrap(), row.body_html.unwrap()] {
            assert!(body.contains("/reset/…") && !body.contains(&secret), "{body}");
        }
    }
}

both! {
    async fn a_mail_server_that_is_not_there_is_tried_again_and_in_the_end_an_operator_is_asked(world) {
        let world = sending_to(world, &format!("smtp://127.0.0.1:{}", closed_port()));
        let amel = person(&world, "amel@example.com").await;
        let id = write(&world, &Letter::ConfirmAddress.to_user(amel)).await;

        assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);
        let first = row(&world, id).await;
        assert_eq!((first.state.as_str(), first.attempts), ("waiting", 1));
        assert_eq!(first.next_at, world.app.clock.now().plus(Duration::minutes(1)));
        assert!(first.last_error.unwrap().to_lowercase().contains("refused"));
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 0, "not before its time");

        for _ in 1..MOST_ATTEMPTS {
            world.app.clock.advance(Duration::hours(4));
            assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);
        }
        let last = row(&world, id).await;
        assert_eq!((last.state.as_str(), last.attempts), ("parked", MOST_ATTEMPTS));
        world.app.clock.advance(Duration::days(30));
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 0);

        assert!(retry(&world, id).await);
        let Some(mut server) = Smtp::start() else { return };
        let world = sending_to(world, &server.url());
        assert_eq!(mails::run_due(&world.app).await.unwrap(), 1);
        assert_eq!(server.mail()["to"][0], "amel@example.com");
        assert_eq!(row_state(&world, id).await, "sent");
        assert!(!retry(&world, id).await, "a mail that was sent is not sent again");
    }
}

both! {
    async fn a_mailbox_that_does_not_exist_is_soon_given_up_and_a_busy_one_is_not(world) {
        let Some(server) = Smtp::start() else { return };
        let world = sending_to(world, &server.url());
        let gone = write(&world, &Letter::AlreadyRegistered.to_user(person(&world, "nobody@example.com").await)).await;
        let busy = write(&world, &Letter::AlreadyRegistered.to_user(person(&world, "busy@example.com").await)).await;
        for _ in 0..MOST_REFUSALS {
            assert_eq!(mails::run_due(&world.app).await.unwrap(), 2);
            world.app.clock.advance(Duration::hours(4));
        }
        let gone = row(&world, gone).await;
        assert_eq!(gone.state, "parked");
        assert!(gone.last_error.unwrap().contains("no such mailbox"));
        assert_eq!(row_state(&world, busy).await, "waiting");
    }
}

both! {
    async fn two_workers_never_hold_the_same_mail_and_a_dead_ones_mails_are_taken_over(world) {
        let amel = person(&world, "amel@example.com").await;
        for _ in 0..5 {
            write(&world, &Letter::AlreadyRegistered.to_user(amel)).await;
        }
        let now = world.app.clock.now();
        let first = claim(&world, now, 3).await;
        let second = claim(&world, now, 3).await;
        assert_eq!((first.len(), second.len()), (3, 2));
        let ids: BTreeSet<Uuid> = first.iter().chain(&second).map(|mail| mail.id).collect();
        assert_eq!(ids.len(), 5);

        assert!(claim(&world, now.plus(LEASE - Duration::seconds(1)), 9).await.is_empty());
        let later = now.plus(LEASE);
        assert_eq!(claim(&world, later, 9).await.len(), 5);
        let mut tx = world.app.db.write().await.unwrap();
        let came_back = outbox::record_failed(&mut tx.conn(), later, &first[0], "late", false).await.unwrap();
        assert!(!came_back, "whoever lost the lease records nothing");
    }
}

both! {
    async fn a_mail_that_nobody_can_write_or_read_is_parked_and_hinders_no_other(world) {
        let amel = person(&world, "amel@example.com").await;
        let odd = NewMail { to: To::User(amel), kind: "odd".into(), payload: "{}".into(), escrow_id: None, urgent: true };
        let odd = write(&world, &odd).await;
        let good = write(&world, &Letter::AlreadyRegistered.to(To::UserAt(amel, "old@example.com".into()))).await;
        for _ in 0..MOST_REFUSALS {
            mails::run_due(&world.app).await.unwrap();
            world.app.clock.advance(Duration::hours(4));
        }
        assert_eq!(row_state(&world, odd).await, "parked");
        assert_eq!(row(&world, good).await.to_address.as_deref(), Some("old@example.com"));
    }
}

#[tokio::test]
async fn the_workers_send_what_they_are_woken_for_and_stop_when_told() {
    let world = World::sqlite().await;
    let amel = person(&world, "amel@example.com").await;
    let workers = Workers::start(&world.app);
    let id = write(&world, &Letter::AlreadyRegistered.to_user(amel)).await;
    world.app.wake.up();
    let sent = async {
        while row_state(&world, id).await != "sent" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), sent).await.expect("the mail was sent");
    workers.stop().await;

    let late = write(&world, &Letter::AlreadyRegistered.to_user(amel)).await;
    world.app.wake.up();
    tokio::task::yield_now().await;
    assert_eq!(row_state(&world, late).await, "waiting");
}

#[tokio::test]
async fn every_letter_of_one_moment_is_sent_by_one_call_after_another() {
    let world = World::sqlite().await;
    let amel = person(&world, "amel@example.com").await;
    for _ in 0..25 {
        write(&world, &Letter::AlreadyRegistered.to_user(amel)).await;
    }
    let mut rounds = Vec::new();
    while let done @ 1.. = mails::run_due(&world.app).await.unwrap() {
        rounds.push(done);
    }
    assert_eq!(rounds, [8, 8, 8, 1]);
    let left = "SELECT id FROM outbox WHERE state <> 'sent'";
    assert!(all!(&mut world.app.db.read().await.unwrap().conn(), (Uuid,), left).unwrap().is_empty());
}

pub async fn person(world: &World, email: &str) -> Uuid {
    let mut tx = world.app.db.write().await.unwrap();
    let id = users::find_or_invite(&mut tx.conn(), &world.app.clock, email, "Amél Ωx").await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn write(world: &World, mail: &NewMail) -> Uuid {
    let mut tx = world.app.db.write().await.unwrap();
    let id = outbox::enqueue(&mut tx.conn(), &world.app.clock, mail).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn claim(world: &World, now: Time, most: i64) -> Vec<outbox::Claimed> {
    let mut tx = world.app.db.write().await.unwrap();
    let mails = outbox::claim_due(&mut tx.conn(), now, true, most).await.unwrap();
    tx.commit().await.unwrap();
    mails
}

async fn retry(world: &World, id: Uuid) -> bool {
    let mut tx = world.app.db.write().await.unwrap();
    let done = outbox::retry(&mut tx.conn(), world.app.clock.now(), id).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn row(world: &World, id: Uuid) -> Row {
    let sql = "SELECT state, attempts, next_at, last_error, to_address, subject, body_text, body_html
               FROM outbox WHERE id = $1";
    one!(&mut world.app.db.read().await.unwrap().conn(), Row, sql, id).unwrap()
}

async fn row_state(world: &World, id: Uuid) -> String {
    row(world, id).await.state
}

async fn worth(world: &World, purpose: Purpose, secret: &str) -> Worth {
    let now = world.app.clock.now();
    tokens::peek(&mut world.app.db.read().await.unwrap().conn(), now, purpose, secret).await.unwrap()
}

/// What stands behind `path` in a mail.
fn secret_in(text: &str, path: &str) -> String {
    let (_, behind) = text.split_once(path).expect("the mail holds the link");
    behind.split_whitespace().next().unwrap().to_owned()
}

fn sending_to(mut world: World, url: &str) -> World {
    let mut config = (*world.app.config).clone();
    config.smtp_url = Some(url.to_owned());
    world.app.mailer = Mailer::new(&config).unwrap();
    world
}

/// A port of this machine on which nobody listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

both! {
    async fn a_part_that_is_approved_again_and_again_sends_few_mails_which_name_every_sum(world) {
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        let seller = deal.seller;
        let before = sent_to(&world, seller, "released_to_you").await.len();
        const COUNT: i64 = 40;
        for number in 0..COUNT {
            let approve = Command::Approve { milestone: 1, part_minor: Some(1_000 + number) };
            assert_eq!(world.asks(&deal, deal.buyer, approve).await, Outcome::Done);
            if number < 5 {
                mails::run_due(&world.app).await.unwrap();
            }
        }
        world.mails().await;
        assert_eq!(sent_to(&world, seller, "released_to_you").await.len(), before + 3, "three at once");
        world.app.clock.advance(PAUSE);
        world.mails().await;
        let mails = sent_to(&world, seller, "released_to_you").await;
        assert_eq!(mails.len(), before + 4, "and the others in one");
        let (subject, text) = mails.last().unwrap();
        // Of each part he gets what the fee and the commission leave.
        assert!(subject.starts_with("Released to you, 37 times: ") && subject.contains(" in all · "), "{subject}");
        assert_eq!(text.matches(" TND; ").count(), 36, "{text}");
        for told in ["The last of them:", "In all: ", &world.escrow(&deal).await.terms.title, &world.escrow(&deal).await.reference] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        // As much is said as was moved.
        let payloads = "SELECT payload FROM outbox WHERE to_user = $1 AND kind = 'released_to_you'";
        let rows = all!(&mut world.app.db.read().await.unwrap().conn(), (String,), payloads, seller).unwrap();
        let told: i64 = rows.iter().map(|(payload,)| told_minor(payload)).sum();
        assert_eq!(told, world.wallet(seller).await);
    }
}

/// What a mail says of money in all, in minor units.
fn told_minor(payload: &str) -> i64 {
    let Letter::Escrow(news) = Letter::read(payload).unwrap() else { panic!("another letter") };
    let earlier = news.earlier.and_then(|earlier| earlier.total).map_or(0, |total| total.minor);
    earlier + news.notice.news.moved().unwrap().1.minor
}

async fn sent_to(world: &World, user: Uuid, kind: &str) -> Vec<(String, String)> {
    let sql = "SELECT subject, body_text FROM outbox WHERE to_user = $1 AND kind = $2 AND state = 'sent' ORDER BY id";
    all!(&mut world.app.db.read().await.unwrap().conn(), (String, String), sql, user, kind).unwrap()
}

both! {
    async fn messages_that_come_in_a_heap_become_one_mail_with_all_their_words(world) {
        let deal = world.agreed().await;
        world.mails().await;
        let seller = deal.seller;
        for text in ["One.", "Two.", "Three."] {
            let say = Command::Say { text: text.into(), files: Vec::new() };
            assert_eq!(world.asks(&deal, deal.buyer, say).await, Outcome::Done);
        }
        world.mails().await;
        let mails = sent_to(&world, seller, "disagreement").await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].0.starts_with("3 messages"), "{}", mails[0].0);
        for text in ["One.", "Two.", "Three."] {
            assert!(mails[0].1.contains(text), "{}", mails[0].1);
        }
    }
}
