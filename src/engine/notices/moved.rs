//! Who is told what of money that is released, that goes back, or that reached a wallet.

use super::carried::told_together;
use super::{News, RefundNews, Told};
use crate::engine::escrow::{How, WhyNot};
use crate::engine::event::Event;
use crate::engine::party::{Actor, Role};
use crate::engine::plan::{Part, Share};
use crate::engine::sums::Gross;
use crate::engine::veil;

impl Told<'_> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn moved(&mut self, event: &Event, all: &[Event]) {
        match event {
            Event::Released { .. } => self.released(event, all),
            // Told with what decided it.
            Event::Refunded { .. } | Event::RefundStarted { .. } if told_together(all) => {}
            Event::Refunded { milestone, parts, how, whole, .. }
            | Event::RefundStarted { milestone, parts, how, whole, .. } => {
                let as_it_came = matches!(event, Event::RefundStarted { .. });
                self.refunded((*milestone, *how, *whole), parts, as_it_came);
            }
            Event::PaidOut { milestone, user, amount_minor, .. } => {
                let with_release = all.iter().any(|event| matches!(event, Event::Released { .. }));
                if !with_release && let Some(party) = self.escrow.party_of(*user) {
                    let (role, amount) = (party.role, self.escrow.terms.money(*amount_minor));
                    let milestone_title = self.title(*milestone);
                    let news = News::InWallet { milestone: milestone_title, number: *milestone, amount };
                    self.tell(*user, role, news);
                }
            }
            _ => {}
        }
    }

    /// Everyone who receives is told of his own; the buyer, of what he approved. Of a decision or a settlement
    /// those who answer for the deal are told with it, and only the payees here.
    fn released(&mut self, event: &Event, all: &[Event]) {
        let Event::Released { milestone: number, amount_minor, parts, how, whole, .. } = event else {
            return;
        };
        let (number, how, title) = (*number, *how, self.title(*number));
        let gross = Some(Gross::of(&veil::parts_seen(&self.escrow.terms, Role::Buyer, parts.clone())));
        let together = told_together(all);
        for party in self.escrow.parties.clone() {
            let mine = |part: &&Part| {
                part.share != Share::Platform && self.escrow.receiver(part.share) == Some(party.user)
            };
            let sum: i64 = parts.iter().filter(mine).map(|part| part.amount_minor).sum();
            let paid = |event: &Event| matches!(event, Event::PaidOut { user, .. } if *user == party.user);
            let (milestone, in_wallet) = (title.clone(), all.iter().any(paid));
            if sum > 0 && (party.role == Role::Payee || !together) {
                let amount = self.escrow.terms.money(sum);
                let part = self.part_of(number, parts, (how, *whole), party.role);
                let news = News::ReleasedToYou { milestone, number, amount, how, in_wallet, part };
                self.tell(party.user, party.role, news);
            }
        }
        if together {
            return;
        }
        let (milestone, amount) = (title, self.escrow.terms.money(*amount_minor));
        let part = self.part_of(number, parts, (how, *whole), Role::Buyer);
        let news = match how {
            How::Delivered => News::HandedOver { milestone, number, amount, gross },
            How::Approved
            | How::Declined
            | How::ByClock
            | How::Cancelled
            | How::Refunded
            | How::Settled
            | How::Ruled => News::ReleasedForYou { milestone, number, amount, how, part, gross },
        };
        self.role(Role::Buyer, news);
    }

    fn refunded(&mut self, (number, how, whole): (u16, How, bool), parts: &[Part], as_it_came: bool) {
        let title = || self.title(number);
        let (milestone, amount) = (title(), self.back(parts, Role::Buyer));
        let to_you = match as_it_came {
            true => News::Refund(RefundNews::Sent { milestone, number, amount, how }),
            false => News::RefundedToYou { milestone, number, amount, how },
        };
        self.role(Role::Buyer, to_you);
        for role in [Role::Seller, Role::Broker] {
            let left = (!whole).then(|| self.stays_held(number, role));
            let (milestone, amount) = (self.title(number), Some(self.back(parts, role)));
            let told = match as_it_came {
                true => News::Refund(RefundNews::Decided { milestone, number, how, amount, left }),
                false => News::Refunded { milestone, number, how, amount, left },
            };
            self.role(role, told);
        }
    }

    /// Terms that were paid for came to nothing. The buyer reads it even if it was himself, for his money.
    pub(super) fn rejected(&mut self, by: Role, reason: &str, why: WhyNot, all: &[Event], actor: &Actor) {
        let spared = actor.user().filter(|_| actor.role() != Some(Role::Buyer));
        self.each(spared, |told, reader| {
            let (reason, carried) = (reason.to_owned(), told.carried(all, reader));
            News::Declined { by, reason, why, carried }
        });
    }
}
