//! A sum that somebody decides on is the same number on the page that asks, in the mails that tell of it and on the
//! pages afterwards; where what leaves is more than what was decided on, the bridge stands beside it.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::terms::{Commission, CommissionPayer, FeePayer, Rate, Terms};
use holdfast::store::execute::Outcome;
use uuid::Uuid;

use crate::browser::Browser;
use crate::deal::Deal;
use crate::world::World;

const PEOPLE: [&str; 3] = ["amel.buyer@example.com", "bilel.seller@example.com", "chiraz.broker@example.com"];

/// The amounts of a text, without those of nothing.
fn sums(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let before =
        words.windows(2).filter(|pair| pair[1].trim_matches(|sign: char| !sign.is_alphanumeric()) == "TND");
    let figures = before.map(|pair| pair[0].trim_matches(|sign: char| !sign.is_ascii_digit()).to_owned());
    figures.filter(|figure| figure.contains('.') && figure != "0.000").collect()
}

/// A deal, its people, and the sums that each of them has read in the act that goes on.
struct Walk<'a> {
    world: &'a World,
    deal: Deal,
    browsers: [Browser; 3],
    read: [BTreeSet<String>; 3],
    mails: usize,
    faults: Vec<String>,
}

impl<'a> Walk<'a> {
    async fn new(world: &'a World, commission: Commission) -> Self {
        let terms = Terms { fee_payer: FeePayer::Split, commission: Some(commission), ..world.case_4() };
        let deal = world.proposes(terms).await;
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        world.delivers(&deal, 1).await;
        let browsers = [
            world.signed_in(PEOPLE[0]).await,
            world.signed_in(PEOPLE[1]).await,
            world.signed_in(PEOPLE[2]).await,
        ];
        let (mails, read) = (world.mails().await.len(), Default::default());
        Self { world, deal, browsers, read, mails, faults: Vec::new() }
    }

    /// What one of them reads on a page; it must be there.
    async fn reads(&mut self, who: usize, path: &str) -> String {
        let page = self.browsers[who].get(&self.deal.path(path)).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        let text = page.text();
        self.read[who].extend(sums(&text));
        text
    }

    /// What all of them read on the pages that are there at any time.
    async fn all_read(&mut self, more: &[&str]) {
        for who in 0..3 {
            for path in [&["", "/history", "/milestones/1", "/milestones/2"], more].concat() {
                self.reads(who, path).await;
            }
        }
    }

    async fn left(&self, milestone: u16) -> i64 {
        self.world.escrow(&self.deal).await.milestone(milestone).unwrap().left_minor()
    }

    async fn does(&mut self, user: Uuid, command: Command) {
        let name = command.name();
        assert_eq!(self.world.asks(&self.deal, user, command).await, Outcome::Done, "{name}");
    }

    /// Every sum of the mails about it stands on a page of their reader.
    async fn mails_agree(&mut self, act: &str, told: &[(usize, &str)]) {
        let all = self.world.mails().await;
        let new: Vec<_> = all.iter().skip(self.mails).collect();
        self.mails = all.len();
        for (who, email) in PEOPLE.iter().enumerate() {
            let texts: Vec<&str> =
                new.iter().filter(|mail| mail.to == *email).map(|mail| mail.text.as_str()).collect();
            let text = texts.join("\n");
            let strange: Vec<String> = sums(&text).difference(&self.read[who]).cloned().collect();
            if !strange.is_empty() {
                self.faults.push(format!("{act}: {email} reads {strange:?} in a mail alone:\n{text}"));
            }
            for (_, sum) in told.iter().filter(|(reader, _)| *reader == who) {
                if !sums(&text).contains(*sum) {
                    self.faults.push(format!("{act}: {email} is not told {sum}:\n{text}"));
                }
            }
        }
        self.read = Default::default();
    }
}

/// The last amount of a page's list of transfers: what leaves in all.
fn leaves(text: &str) -> String {
    let (_, rest) = text.split_once("Leaves escrow ").unwrap_or_else(|| panic!("no sum in {text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn walk(commission: Commission) {
    let world = World::sqlite().await;
    let mut walk = Walk::new(&world, commission).await;
    let (buyer, seller) = (walk.deal.buyer, walk.deal.seller);

    // A part is approved.
    walk.all_read(&[]).await;
    walk.reads(0, "/milestones/1/inspect").await;
    let page = walk.reads(0, "/milestones/1/approve?amount=33.333").await;
    let gone = leaves(&page);
    assert!(page.contains(&format!("Release {gone} TND")), "the button says what leaves: {page}");
    walk.does(buyer, Command::Approve { milestone: 1, part_minor: Some(33_333) }).await;
    walk.all_read(&[]).await;
    assert!(walk.reads(0, "/history").await.contains(&format!("{gone} TND left the escrow")));
    walk.mails_agree("a part is approved", &[(0, "33.333"), (0, &gone)]).await;

    // A part goes back.
    walk.all_read(&[]).await;
    walk.reads(1, "/milestones/1/refund?amount=10").await;
    walk.does(seller, Command::Refund { milestone: 1, part_minor: Some(10_000) }).await;
    walk.all_read(&[]).await;
    walk.mails_agree("a part is given back", &[]).await;

    // What is left is offered half and half, and accepted.
    walk.all_read(&[]).await;
    let (milestone, release_minor) = (1, 100_000);
    let refund_minor = walk.left(milestone).await - release_minor;
    let splits = vec![Split { milestone, release_minor, refund_minor }];
    walk.does(buyer, Command::OfferSettlement { splits, note: String::new() }).await;
    walk.all_read(&["/settlement"]).await;
    let offer = walk.reads(1, "/settlement").await;
    for line in ["is released.", "goes back."] {
        assert!(offer.contains(line), "the offer says what follows it: {offer}");
    }
    walk.mails_agree("an offer", &[]).await;
    walk.all_read(&["/settlement"]).await;
    walk.does(seller, Command::AcceptSettlement { settlement: 1 }).await;
    walk.all_read(&[]).await;
    walk.mails_agree("a settlement", &[]).await;

    // The other milestone is disputed, and conceded.
    walk.all_read(&[]).await;
    let (milestone, release_minor) = (2, 100_001);
    let refund_minor = walk.left(milestone).await - release_minor;
    let claims = vec![Split { milestone, release_minor, refund_minor }];
    let reason = "It never came.".to_owned();
    walk.does(buyer, Command::OpenDispute { claims, reason, failed: Vec::new(), files: Vec::new() }).await;
    walk.all_read(&["/disputes/1"]).await;
    let room = walk.reads(1, "/disputes/1").await;
    for line in ["is released.", "goes back.", "is held for it."] {
        assert!(room.contains(line), "the dispute says what follows it: {room}");
    }
    walk.mails_agree("a dispute", &[]).await;
    let page = walk.reads(1, "/disputes/1/concession").await;
    walk.all_read(&["/disputes/1"]).await;
    walk.does(seller, Command::Concede { dispute: 1 }).await;
    walk.all_read(&["/disputes/1"]).await;
    assert!(walk.reads(1, "/disputes/1").await.contains(&leaves(&page)));
    walk.mails_agree("a concession", &[]).await;
    assert!(walk.faults.is_empty(), "{}", walk.faults.join("\n"));
}

fn commission(payer: CommissionPayer, hidden: bool) -> Commission {
    Commission { rate: Rate::FixedMinor(77_777), payer, hidden, salt: String::new() }
}

#[tokio::test]
async fn with_a_fee_and_a_commission_that_both_sides_share_every_sum_is_one() {
    walk(commission(CommissionPayer::Split, false)).await;
}

#[tokio::test]
async fn and_with_a_commission_that_is_hidden_from_the_seller() {
    walk(commission(CommissionPayer::Buyer, true)).await;
}

#[tokio::test]
async fn and_with_a_commission_that_is_hidden_from_the_buyer() {
    walk(commission(CommissionPayer::Seller, true)).await;
}
