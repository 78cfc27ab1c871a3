//! Event → who must be told what. The words stand in `words.rs`.

mod carried;
mod deciding;
mod disagreement;
mod merged;
mod modes;
mod moved;
mod negotiation;
mod payees;
mod refunds;

pub use carried::{Carried, PartOf, Sums};
pub use deciding::{Deciding, Duty, Whom, duties};
pub use disagreement::{Disagreement, Silence, gets_minor, silence};
pub use merged::Earlier;
pub use refunds::RefundNews;

use serde::{Deserialize, Serialize};

use super::deadlines::{Mark, Waiting};
use super::escrow::{End, Escrow, How, WhyNot};
use super::event::Event;
use super::late::TooLate;
use super::party::{Actor, Capacity, Role, UserId};
use super::proof::ProofKind;
use super::sums::Gross;
use super::time::Time;
use crate::money::Money;

/// A message for one party, or for one of those who decide disputes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub to: UserId,
    pub role: Capacity,
    pub news: News,
}

/// A notice with what names its escrow, as the outbox and the notifications keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowNews {
    pub reference: String,
    pub title: String,
    pub notice: Notice,
    #[serde(default)]
    pub guest: bool,
    /// What the same mail tells as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// What is told. Amounts are the reader's own: nobody's notice carries another's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    Invited {
        by: Role,
        expires_at: Time,
        signs: bool,
        #[serde(default)]
        price: Option<Money>,
    },
    /// A payee's: what will come, and nothing to do.
    NamedAsPayee {
        by: Role,
        /// What he is to receive in all. Earlier versions did not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
    },
    /// Other terms give the reader another part.
    PayeesPart {
        by: Role,
        before: Money,
        now: Money,
    },
    /// Other terms don't name the reader any more.
    NoLongerPayee {
        by: Role,
    },
    Sent {
        invited: Vec<Role>,
        expires_at: Time,
    },
    /// Other terms stand now. What the reader had agreed to counts no longer.
    NewTerms {
        by: Role,
        version: u32,
        expires_at: Time,
        signs: bool,
    },
    /// One party's address was corrected, so the contract names somebody else.
    PartyCorrected {
        role: Role,
        version: u32,
        expires_at: Time,
        signs: bool,
    },
    /// The invitation once more.
    InvitedAgain {
        by: Role,
        expires_at: Time,
        signs: bool,
        #[serde(default)]
        price: Option<Money>,
    },
    Signed {
        by: Role,
    },
    PaymentDue {
        amount: Money,
        pay_by: Time,
    },
    Agreed {
        pay_by: Time,
    },
    Declined {
        by: Role,
        reason: String,
        #[serde(default)]
        why: WhyNot,
        /// Of what was paid: how it goes back.
        #[serde(default)]
        carried: Option<Carried>,
    },
    Disowned {
        by: Role,
    },
    Withdrawn {
        by: Role,
    },
    ExpiredNotAccepted,
    ExpiredNotPaid,
    PaymentFailed {
        amount: Money,
        reason: String,
    },
    PaymentReturned {
        amount: Money,
        /// Where it goes back as it came, and not to a wallet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<TooLate>,
    },
    /// The buyer's receipt.
    Receipt {
        amount: Money,
    },
    /// The money is held: work can start.
    Start {
        first_due: Option<Time>,
        /// What was paid in, as the reader sees it on the escrow's page too.
        #[serde(default)]
        price: Option<Money>,
    },
    /// To the seller of an instant escrow: its pay link can be given away.
    LinkReady {
        expires_at: Time,
    },
    /// To its buyer: his receipt, and by when it is delivered.
    Bought {
        amount: Money,
        due: Option<Time>,
    },
    /// To its seller: the money is held.
    Sold {
        due: Option<Time>,
        #[serde(default)]
        price: Option<Money>,
    },
    /// To its buyer: it is delivered, and the money released with that.
    HandedOver {
        milestone: String,
        number: u16,
        amount: Money,
        /// What left with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gross: Option<Gross>,
    },
    /// To whoever has not answered: the buyer has paid already.
    PaidFirst {
        answer_by: Time,
        #[serde(default)]
        price: Option<Money>,
    },
    /// To a buyer who paid first: everyone has accepted.
    PaidAccepted,
    /// To the buyer: a later milestone is to be paid.
    NextPaymentDue {
        milestone: String,
        number: u16,
        amount: Money,
        pay_by: Time,
    },
    /// It was not paid in time, like those after it.
    Dropped {
        milestone: String,
        number: u16,
    },
    ProofNeeded {
        number: u16,
        upload_by: Time,
        #[serde(default)]
        price: Option<Money>,
    },
    ProofSubmitted {
        milestone: String,
        number: u16,
        kind: ProofKind,
        review_by: Time,
        again: bool,
    },
    CorrectionsRequested {
        milestone: String,
        number: u16,
        note: String,
        /// How often, this time included.
        round: u16,
        upload_by: Time,
    },
    ProofAccepted {
        milestone: String,
        number: u16,
        by_clock: bool,
        due: Option<Time>,
    },
    Delivered {
        milestone: String,
        number: u16,
        inspect_by: Time,
        again: bool,
    },
    DeliveryRecorded {
        milestone: String,
        number: u16,
        inspect_by: Time,
    },
    ChangesRequested {
        milestone: String,
        number: u16,
        reason: String,
        failed: Vec<String>,
        /// Until when; after that the buyer may cancel.
        #[serde(default)]
        deliver_by: Option<Time>,
    },
    /// To a receiver: his money is released, and whether it is already in his wallet.
    ReleasedToYou {
        milestone: String,
        number: u16,
        amount: Money,
        how: How,
        in_wallet: bool,
        /// Where only a part was approved.
        #[serde(default)]
        part: Option<PartOf>,
    },
    /// To the buyer: what he approved, or the clock did for him.
    ReleasedForYou {
        milestone: String,
        number: u16,
        amount: Money,
        how: How,
        #[serde(default)]
        part: Option<PartOf>,
        /// What left with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gross: Option<Gross>,
    },
    InWallet {
        milestone: String,
        number: u16,
        amount: Money,
    },
    RefundedToYou {
        milestone: String,
        number: u16,
        amount: Money,
        how: How,
    },
    Refunded {
        milestone: String,
        number: u16,
        how: How,
        /// How much goes back, as the reader may know it, and what stays held.
        #[serde(default)]
        amount: Option<Money>,
        #[serde(default)]
        left: Option<Money>,
    },
    MayCancel {
        milestone: String,
        number: u16,
        refund_at: Time,
        /// Late with the proof, and not with the delivery.
        #[serde(default)]
        proof: bool,
    },
    Overdue {
        milestone: String,
        number: u16,
        refund_at: Time,
        #[serde(default)]
        proof: bool,
    },
    Reminder {
        waiting: Waiting,
        mark: Mark,
        milestone: Option<String>,
        number: Option<u16>,
        deadline: Time,
        /// The date that was agreed, where days of grace follow it, and whether it has passed.
        #[serde(default)]
        due: Option<Time>,
        #[serde(default)]
        late: bool,
    },
    /// Somebody wants the reader reminded.
    Nudged {
        by: Role,
        waiting: Waiting,
        milestone: Option<String>,
        number: Option<u16>,
        deadline: Time,
        #[serde(default)]
        due: Option<Time>,
    },
    Completed,
    Closed {
        completed: bool,
    },
    /// Money that goes back as it came.
    Refund(RefundNews),
    /// More time, cancelling, settling, quarrelling, talking.
    Disagreement(Disagreement),
    /// To those who decide disputes.
    Deciding(Deciding),
}

/// The notices of one decision's events, with the escrow as it is after them.
#[must_use]
pub fn notices(escrow: &Escrow, events: &[Event], actor: &Actor) -> Vec<Notice> {
    let mut out = Vec::new();
    for event in events {
        Told { escrow, out: &mut out }.event(event, events, actor);
    }
    out
}

pub(super) struct Told<'a> {
    pub(super) escrow: &'a Escrow,
    out: &'a mut Vec<Notice>,
}

impl Told<'_> {
    fn tell(&mut self, to: UserId, role: impl Into<Capacity>, news: News) {
        self.out.push(Notice { to, role: role.into(), news });
    }

    pub(super) fn role(&mut self, role: Role, news: News) {
        if let Some(party) = self.escrow.party(role) {
            self.tell(party.user, role, news);
        }
    }

    pub(super) fn title(&self, number: u16) -> String {
        let index = usize::from(number).saturating_sub(1);
        self.escrow.terms.milestones.get(index).map(|terms| terms.title.clone()).unwrap_or_default()
    }

    fn event(&mut self, event: &Event, all: &[Event], actor: &Actor) {
        match event {
            Event::Proposed { creator, expires_at, .. } => self.proposed(*creator, *expires_at),
            Event::Countered { .. }
            | Event::PartyCorrected { .. }
            | Event::InvitedAgain { .. }
            | Event::Nudged { .. } => self.negotiation(event, actor),
            Event::Accepted { role, .. } | Event::Signed { role, .. } => {
                if !all.iter().any(|event| matches!(event, Event::Agreed { .. })) {
                    self.others(actor, &News::Signed { by: *role });
                }
            }
            // An instant escrow is agreed by its payment, which is told by itself.
            Event::Agreed { .. } if self.escrow.instant() => {}
            Event::Agreed { pay_by, .. } => self.agreed(*pay_by),
            Event::BuyerJoined { .. } => {}
            Event::Rejected { by, reason, why } => self.rejected(*by, reason, *why, all, actor),
            Event::NextPaymentDue { .. }
            | Event::Dropped { .. }
            | Event::ProofSubmitted { .. }
            | Event::CorrectionsRequested { .. }
            | Event::ProofAccepted { .. } => self.modes(event, all),
            // What was paid for comes to nothing by it, which is told with the money.
            Event::Disowned { .. } if carried::told_together(all) => {}
            Event::Disowned { role, .. } => {
                if let Some(party) = self.escrow.party_of(self.escrow.creator) {
                    let (to, as_role) = (party.user, party.role);
                    self.tell(to, as_role, News::Disowned { by: *role });
                }
            }
            Event::ChargeStarted { .. }
            | Event::ChargeFailed { .. }
            | Event::ChargeSettled { .. }
            | Event::ChargeReturned { .. } => self.charged_or_not(event),
            Event::Delivered { .. } | Event::ChangesRequested { .. } | Event::Overdue { .. } => {
                self.worked(event)
            }
            Event::InspectionExtended { .. }
            | Event::ExtensionAsked { .. }
            | Event::ExtensionGranted { .. }
            | Event::ExtensionEnded { .. }
            | Event::CancellationRequested { .. }
            | Event::CancellationEnded { .. }
            | Event::SettlementOffered { .. }
            | Event::SettlementEnded { .. }
            | Event::DisputeOpened { .. }
            | Event::Stated { .. }
            | Event::DisputeMoved { .. }
            | Event::Ruled { .. }
            | Event::RulingReturned { .. }
            | Event::ArbiterDeclined { .. }
            | Event::DisputeEnded { .. }
            | Event::Said { .. } => self.disagreement(event, all, actor),
            Event::Released { .. }
            | Event::Refunded { .. }
            | Event::RefundStarted { .. }
            | Event::PaidOut { .. } => self.moved(event, all),
            Event::RefundSettled { .. }
            | Event::RefundFailed { .. }
            | Event::RefundRetried { .. }
            | Event::RefundedToWallet { .. } => self.refunds(event, actor),
            Event::Reminded { waiting, milestone, since, mark, deadline } => {
                self.remind(*waiting, *milestone, *since, *mark, *deadline);
            }
            Event::Ended { end, .. } => self.ended(end, all, actor),
            Event::Closed => self.closed(actor),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    fn worked(&mut self, event: &Event) {
        match event {
            // Told with the money that it releases.
            Event::Delivered { .. } if self.escrow.instant() => {}
            Event::Delivered { milestone, round, inspect_by, .. } => {
                let (title, number, inspect_by) = (self.title(*milestone), *milestone, *inspect_by);
                let again = *round > 1;
                self.role(
                    Role::Buyer,
                    News::Delivered { milestone: title.clone(), number, inspect_by, again },
                );
                let recorded = News::DeliveryRecorded { milestone: title, number, inspect_by };
                self.role(Role::Seller, recorded.clone());
                self.role(Role::Broker, recorded);
            }
            Event::ChangesRequested { milestone, failed, reason, .. } => {
                self.changes(*milestone, failed, reason);
            }
            Event::Overdue { milestone, refund_at } => {
                self.overdue(*milestone, *refund_at);
            }
            _ => {}
        }
    }

    fn signs(&self) -> bool {
        self.escrow.terms.mode == super::terms::Mode::Standard
    }

    fn ended(&mut self, end: &End, all: &[Event], actor: &Actor) {
        let news = match end {
            // Refunds are told by themselves.
            End::Refunded | End::Cancelled => return,
            // So is the release of an instant escrow, which is complete with that.
            End::Completed if self.escrow.instant() => return,
            // What decided it has told the rest.
            End::Completed if carried::told_together(all) => return,
            End::Declined { .. } if self.escrow.rejected.is_some() => return,
            End::Completed => News::Completed,
            End::ExpiredNotAccepted => News::ExpiredNotAccepted,
            End::ExpiredNotPaid => News::ExpiredNotPaid,
            End::Declined { by, reason } => {
                let (reason, why) = (reason.clone(), WhyNot::Declined);
                News::Declined { by: *by, reason, why, carried: None }
            }
            End::Withdrawn { by } => News::Withdrawn { by: *by },
        };
        let everyone = Actor::Clock;
        let spared = if matches!(end, End::Completed) { &everyone } else { actor };
        self.others(spared, &news);
    }
}
