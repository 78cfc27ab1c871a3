//! Deals that stand where a race begins.

use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::proof::ProofKind;
use holdfast::engine::terms::{Mode, Terms};
use holdfast::store::execute::{Outcome, tick};
use time::Duration;
use uuid::Uuid;

use super::pairs::{ACCEPT, Cast, ask_to_cancel, state, words};
use crate::deal::Deal;
use crate::world::World;

/// Where a pair begins.
#[derive(Clone, Copy, Debug)]
pub enum Ready {
    Sent,
    SentQuick,
    SentPayFirst,
    PaidFirst,
    Agreed,
    PayLate,
    Paid,
    ProofInReview,
    Asked,
    AskedLate,
    Overdue,
    Cancelling,
    Delivered,
    InspectedLate,
    Released,
    Offered,
    Disputed,
    Handed,
    HandedAndOffered,
    Ruled,
}

impl World {
    async fn does(&self, deal: &Deal, user: Uuid, command: Command) {
        assert_eq!(self.asks(deal, user, command).await, Outcome::Done);
    }

    fn days_pass(&self, days: i64) {
        self.app.clock.advance(Duration::days(days));
    }

    pub(super) async fn ticks(&self, deal: &Deal) {
        tick(&self.app.db, &self.app.clock, deal.escrow).await.unwrap();
    }

    /// Sends terms of one delivery and no contract; the buyer has yet to accept.
    async fn sends_quick(&self, mode: Mode, pay_first: bool) -> Deal {
        self.proposes(Terms { mode, pay_first, contract_terms: None, ..self.one_off(100_000) }).await
    }

    pub(super) async fn ready(&self, ready: Ready, operators: [Uuid; 3]) -> Cast {
        let deal = match ready {
            Ready::Sent => self.proposes(self.one_off(100_000)).await,
            Ready::SentQuick => self.sends_quick(Mode::Quick, false).await,
            Ready::SentPayFirst => self.sends_quick(Mode::Quick, true).await,
            Ready::PaidFirst | Ready::Agreed | Ready::PayLate | Ready::ProofInReview => {
                self.before_the_work(ready).await
            }
            Ready::Paid
            | Ready::Asked
            | Ready::AskedLate
            | Ready::Overdue
            | Ready::Cancelling
            | Ready::Delivered
            | Ready::InspectedLate
            | Ready::Released
            | Ready::Offered => self.at_work(ready).await,
            Ready::Disputed | Ready::Handed | Ready::HandedAndOffered | Ready::Ruled => {
                self.in_dispute(ready, operators).await
            }
        };
        let escrow = self.escrow(&deal).await;
        Cast { deal, escrow, payment: self.app.clock.id(), operators }
    }

    async fn before_the_work(&self, ready: Ready) -> Deal {
        match ready {
            Ready::PaidFirst => {
                let deal = self.sends_quick(Mode::Quick, true).await;
                // The buyer changes the terms, so that he pays what the seller has yet to agree to.
                let mut terms = Box::new(self.escrow(&deal).await.terms);
                terms.description = "In red.".to_owned();
                self.does(&deal, deal.buyer, Command::Counter { version: 1, terms }).await;
                self.pays(&deal).await;
                deal
            }
            Ready::ProofInReview => {
                let deal = self.sends_quick(Mode::QuickProof, false).await;
                self.does(&deal, deal.buyer, ACCEPT).await;
                self.pays(&deal).await;
                let (kind, files) = (ProofKind::Receipt, Vec::new());
                let proof = Command::SubmitProof { milestone: 1, kind, note: words(), files };
                self.does(&deal, deal.seller, proof).await;
                deal
            }
            _ => {
                let deal = self.proposes(self.one_off(100_000)).await;
                self.all_sign(&deal).await;
                if matches!(ready, Ready::PayLate) {
                    self.days_pass(10);
                }
                deal
            }
        }
    }

    async fn at_work(&self, ready: Ready) -> Deal {
        let deal = self.proposes(self.one_off(100_000)).await;
        self.all_sign(&deal).await;
        self.pays(&deal).await;
        match ready {
            Ready::Asked | Ready::AskedLate => {
                let due = self.app.clock.now().plus_days(30);
                let ask = Command::AskExtension { milestone: 1, due, reason: words() };
                self.does(&deal, deal.seller, ask).await;
                if matches!(ready, Ready::AskedLate) {
                    self.days_pass(5);
                }
            }
            Ready::Overdue => {
                self.days_pass(18);
                self.ticks(&deal).await;
            }
            Ready::Cancelling => self.does(&deal, deal.buyer, ask_to_cancel()).await,
            Ready::Delivered | Ready::InspectedLate | Ready::Released | Ready::Offered => {
                self.delivers(&deal, 1).await;
            }
            _ => {}
        }
        match ready {
            Ready::InspectedLate => self.days_pass(3),
            Ready::Released => self.approves(&deal, 1).await,
            Ready::Offered => self.offers(&deal).await,
            _ => {}
        }
        deal
    }

    /// The seller offers to keep half.
    async fn offers(&self, deal: &Deal) {
        let left = self.escrow(deal).await.milestone(1).unwrap().left_minor();
        let splits = vec![Split { milestone: 1, release_minor: left / 2, refund_minor: left - left / 2 }];
        self.does(deal, deal.seller, Command::OfferSettlement { splits, note: words() }).await;
    }

    async fn in_dispute(&self, ready: Ready, operators: [Uuid; 3]) -> Deal {
        // Above the set sum a second operator has to agree.
        let amount = if matches!(ready, Ready::Ruled) { 2_000_000 } else { 100_000 };
        let deal = self.proposes(self.one_off(amount)).await;
        self.all_sign(&deal).await;
        self.pays(&deal).await;
        self.delivers(&deal, 1).await;
        let escrow = self.escrow(&deal).await;
        let cast = Cast { deal, escrow, payment: Uuid::nil(), operators };
        self.does(&cast.deal, cast.deal.buyer, cast.dispute()).await;
        if matches!(ready, Ready::Disputed) {
            return cast.deal;
        }
        self.does(&cast.deal, cast.deal.seller, state()).await;
        self.days_pass(7);
        self.ticks(&cast.deal).await;
        if matches!(ready, Ready::HandedAndOffered) {
            self.offers(&cast.deal).await;
        }
        if matches!(ready, Ready::Ruled) {
            let ruled = self.app.execute(&cast.operator(0, cast.rule(1_000)).unwrap()).await.unwrap();
            assert_eq!(ruled, Outcome::Done);
        }
        cast.deal
    }
}
