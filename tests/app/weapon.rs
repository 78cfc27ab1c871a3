//! Mail is not a weapon: whoever is new here writes to few strangers, nobody is flooded by strangers, and what they
//! say does not stand where it would be taken for ours.

use holdfast::engine::party::Role;
use holdfast::one;
use holdfast::store::proposals::{Named, Proposal, propose_within_limits};
use holdfast::store::strangers::{self, TooMany};
use time::Duration;
use uuid::Uuid;

use crate::payees::shared;
use crate::world::{World, both};

impl World {
    /// A proposal of case 4 by Bilel to a buyer and so many payees whom nobody knows.
    async fn writes_to(&self, creator: Uuid, buyer: &str) -> Result<(), TooMany> {
        let mut terms = self.case_4();
        terms.commission = None;
        let parties =
            vec![(Role::Buyer, buyer.to_owned()), (Role::Seller, "bilel.seller@example.com".to_owned())];
        let key = self.app.clock.secret();
        let proposal = Proposal { creator, parties, terms, named: Named::default(), key, draft: None };
        let proposed = propose_within_limits(&self.app.db, &self.app.clock, &proposal).await.unwrap();
        proposed.map(|_| ())
    }

    async fn count(&self, sql: &'static str) -> i64 {
        one!(&mut self.app.db.read().await.unwrap().conn(), (i64,), sql).unwrap().0
    }
}

both! {
    async fn a_new_account_writes_to_few_strangers_a_day_and_more_once_it_has_completed_deals(world) {
        let seller = world.person("Bilel Seller").await;
        for number in 0..30 {
            world.writes_to(seller, &format!("stranger{number}@example.com")).await.unwrap();
        }
        let (users, escrows, mails) = ("SELECT count(*) FROM users", "SELECT count(*) FROM escrows", "SELECT count(*) FROM outbox");
        let before = (world.count(users).await, world.count(escrows).await, world.count(mails).await);
        let refused = world.writes_to(seller, "one.more@example.com").await.unwrap_err();
        assert!(matches!(refused, TooMany::Sent { most: 30, .. }), "{refused:?}");
        assert!(refused.sentence().contains("Nothing was sent. You can write to 30 people a day"), "{}", refused.sentence());
        let after = (world.count(users).await, world.count(escrows).await, world.count(mails).await);
        assert_eq!(before, after, "a refusal leaves no trace, not even of the address");
        world.app.clock.advance(Duration::hours(25));
        world.writes_to(seller, "one.more@example.com").await.unwrap();
        // One deal is completed, and that is worth some trust. Those in it are no strangers.
        let deal = world.funded().await;
        for milestone in [1, 2] {
            world.delivers(&deal, milestone).await;
            world.approves(&deal, milestone).await;
        }
        world.app.clock.advance(Duration::hours(25));
        for number in 0..60 {
            world.writes_to(seller, &format!("other{number}@example.com")).await.unwrap();
        }
        assert!(world.writes_to(seller, "one.too.many@example.com").await.is_err());
        world.writes_to(seller, "amel.buyer@example.com").await.unwrap();
    }
}

both! {
    async fn nobody_is_flooded_by_strangers(world) {
        let seller = world.person("Bilel Seller").await;
        for _ in 0..3 {
            world.writes_to(seller, "victim@example.com").await.unwrap();
        }
        let refused = world.writes_to(seller, "victim@example.com").await.unwrap_err();
        assert!(matches!(&refused, TooMany::Pair { address, .. } if address == "victim@example.com"), "{refused:?}");
        assert_eq!(refused.address(), Some("victim@example.com"));
        // Many together send no more than one: each of these is counted and none of them is kept.
        let now = world.app.clock.now();
        let mut got = 3;
        for _ in 0..20 {
            let mut tx = world.app.db.write().await.unwrap();
            let sender = world.app.clock.id();
            let admitted = strangers::admit(&mut tx.conn(), now, sender, &["victim@example.com".to_owned()]).await.unwrap();
            if admitted.is_ok() {
                tx.commit().await.unwrap();
                got += 1;
            } else {
                assert!(matches!(admitted, Err(TooMany::Received { .. })));
            }
        }
        assert_eq!(got, 10);
    }
}

both! {
    async fn a_stranger_reads_the_senders_words_in_the_text_and_not_in_the_subject(world) {
        let seller = world.account("Your Bank www.evil.example", "bilel.seller@example.com").await;
        world.writes_to(seller, "victim@example.com").await.unwrap();
        world.person("Amel Buyer").await;
        world.mails().await;
        let sql = "SELECT subject, body_text FROM outbox WHERE to_address = 'victim@example.com'";
        let (subject, text) =
            one!(&mut world.app.db.read().await.unwrap().conn(), (String, String), sql).unwrap();
        let title = world.case_4().title;
        assert!(subject.starts_with("The seller invites you to an escrow · ESC-"), "{subject}");
        let headline = text.lines().next().unwrap();
        assert!(!headline.contains("evil") && !headline.contains(&title), "{headline}");
        assert!(text.contains(&title) && text.contains("From: Your Bank www.evil.example"), "{text}");
    }
}

both! {
    async fn what_is_one_too_many_is_told_at_its_field_and_nothing_is_lost(world) {
        let mut draft = shared(&world).await;
        // Others have written to the second payee today, as often as anybody is written to.
        let printer = "printer@example.com".to_owned();
        for _ in 0..10 {
            let mut tx = world.app.db.write().await.unwrap();
            let (now, sender) = (world.app.clock.now(), world.app.clock.id());
            strangers::admit(&mut tx.conn(), now, sender, std::slice::from_ref(&printer)).await.unwrap().unwrap();
            tx.commit().await.unwrap();
        }
        let (escrows, mails) = ("SELECT count(*) FROM escrows", "SELECT count(*) FROM outbox");
        let page = draft.is_sent().await;
        page.is(422);
        page.shows("Nothing was sent. printer@example.com has had as many mails today as we send");
        assert!(page.body.contains("/parties"), "it leads to the field");
        assert_eq!((world.count(escrows).await, world.count(mails).await), (0, 0));
        world.app.clock.advance(Duration::hours(25));
        assert_eq!(draft.is_sent().await.status, 303, "the draft was kept");
    }
}
