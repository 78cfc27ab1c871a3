//! Who is told what of money that goes back as it came.

use serde::{Deserialize, Serialize};

use super::{News, Told};
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::{Escrow, How};
use crate::engine::event::Event;
use crate::engine::party::{Actor, Role};
use crate::engine::refund::Refund;
use crate::engine::time::Time;
use crate::money::Money;

/// News of a refund. What is failed or done is the buyer's, and nobody else is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum RefundNews {
    /// To the buyer: it is on its way.
    Sent { milestone: String, number: u16, amount: Money, how: How },
    /// To the others: decided so.
    Decided {
        milestone: String,
        number: u16,
        how: How,
        /// How much goes back, as the reader may know it, and what stays held.
        #[serde(default)]
        amount: Option<Money>,
        #[serde(default)]
        left: Option<Money>,
    },
    /// To the buyer: the provider has done it.
    Done { milestone: String, number: u16, amount: Money },
    /// To the buyer: what he can do about it, and what happens if he does nothing.
    Failed {
        milestone: String,
        number: u16,
        refund: u16,
        amount: Money,
        reason: String,
        /// Whether it is sent once more by itself.
        again: bool,
        /// When it goes to his wallet by itself; never, for somebody without one.
        to_wallet_at: Option<Time>,
    },
    /// To whoever paid too late: the provider has sent it back.
    LateDone { amount: Money },
    /// To whoever paid too late: it could not be sent back.
    LateFailed {
        amount: Money,
        reason: String,
        again: bool,
        /// When it goes to their wallet by itself; never, for somebody without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_wallet_at: Option<Time>,
    },
    /// To the buyer: it is in his wallet instead, by himself, an operator or the clock.
    ToWallet { milestone: String, number: u16, amount: Money, by_clock: bool },
}

/// When a failed refund goes to a wallet by itself, if it does.
fn to_wallet_at(escrow: &Escrow, refund: &Refund) -> Option<Time> {
    let mut clocks = deadlines::of_refund(escrow, refund).into_iter();
    clocks.find(|clock| clock.waiting == Waiting::FailedRefund).map(|clock| clock.at)
}

impl Told<'_> {
    /// Tells an event of these.
    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn refunds(&mut self, event: &Event, actor: &Actor) {
        match event {
            Event::RefundSettled { refund, .. }
            | Event::RefundFailed { refund, .. }
            | Event::RefundedToWallet { refund, .. } => self.went(event, *refund, actor),
            _ => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`refunds` sorts them")]
    fn went(&mut self, event: &Event, number: u16, actor: &Actor) {
        let Some(refund) = self.escrow.refund(number).cloned() else { return };
        if refund.late {
            return self.went_late(event, &refund);
        }
        let (amount, number) = (self.escrow.terms.money(refund.sum_minor()), refund.milestone);
        let milestone = self.title(number);
        let news = match event {
            Event::RefundSettled { .. } => RefundNews::Done { milestone, number, amount },
            Event::RefundFailed { reason, .. } => RefundNews::Failed {
                milestone,
                number,
                refund: refund.number,
                amount,
                reason: reason.clone(),
                again: !refund.sent_again,
                to_wallet_at: to_wallet_at(self.escrow, &refund),
            },
            _ => {
                let by_clock = *actor == Actor::Clock;
                RefundNews::ToWallet { milestone, number, amount, by_clock }
            }
        };
        self.buyer(news);
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`refunds` sorts them")]
    fn went_late(&mut self, event: &Event, refund: &Refund) {
        let Some(payer) = self.escrow.payer(refund.charge) else { return };
        let amount = self.escrow.terms.money(refund.sum_minor());
        let news = match event {
            Event::RefundSettled { .. } => RefundNews::LateDone { amount },
            Event::RefundFailed { reason, .. } => {
                let (reason, again) = (reason.clone(), !refund.sent_again);
                let to_wallet_at = to_wallet_at(self.escrow, refund);
                RefundNews::LateFailed { amount, reason, again, to_wallet_at }
            }
            // Only somebody who has an account since gets it into a wallet.
            _ => return self.tell(payer, Role::Buyer, News::PaymentReturned { amount, why: None }),
        };
        self.tell(payer, Role::Buyer, News::Refund(news));
    }

    fn buyer(&mut self, news: RefundNews) {
        self.role(Role::Buyer, News::Refund(news));
    }
}
