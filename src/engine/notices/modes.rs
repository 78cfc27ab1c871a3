//! Who is told of payments and of what begins with them, and of what only some kinds of escrow have: the
//! proof before a delivery, and payments of later milestones.

use super::{Deciding, News, Told};
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::{Milestone, MilestoneStage, Stage};
use crate::engine::event::Event;
use crate::engine::party::Role;
use crate::engine::proof::ProofPhase;
use crate::engine::time::Time;
use crate::engine::veil;
use crate::money::Money;

impl Told<'_> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn modes(&mut self, event: &Event, all: &[Event]) {
        match event {
            Event::NextPaymentDue { milestone, pay_by } => {
                let (number, pay_by) = (*milestone, *pay_by);
                let plan = self.escrow.plan.milestones.get(usize::from(number).saturating_sub(1));
                let amount = self.escrow.terms.money(plan.map_or(0, |plan| plan.charge_minor));
                let news = News::NextPaymentDue { milestone: self.title(number), number, amount, pay_by };
                self.role(Role::Buyer, news);
            }
            Event::Dropped { milestone } => {
                let first = all.iter().find_map(|event| match event {
                    Event::Dropped { milestone } => Some(*milestone),
                    _ => None,
                });
                if first == Some(*milestone) {
                    let news = News::Dropped { milestone: self.title(*milestone), number: *milestone };
                    for role in [Role::Buyer, Role::Seller, Role::Broker] {
                        self.role(role, news.clone());
                    }
                }
            }
            Event::ProofSubmitted { milestone, round, kind, review_by, .. } => {
                let (number, kind, review_by, again) = (*milestone, *kind, *review_by, *round > 1);
                let milestone = self.title(number);
                self.role(Role::Buyer, News::ProofSubmitted { milestone, number, kind, review_by, again });
            }
            Event::CorrectionsRequested { milestone, round, note, upload_by } => {
                let (number, note, round, upload_by) = (*milestone, note.clone(), *round, *upload_by);
                let milestone = self.title(number);
                self.role(
                    Role::Seller,
                    News::CorrectionsRequested { milestone, number, note, round, upload_by },
                );
            }
            Event::ProofAccepted { milestone, by_clock, .. } => {
                let (number, by_clock) = (*milestone, *by_clock);
                let due = self.escrow.milestone(number).and_then(|part| match part.stage {
                    MilestoneStage::InProgress { due, .. } => Some(due),
                    _ => None,
                });
                let news = News::ProofAccepted { milestone: self.title(number), number, by_clock, due };
                self.role(Role::Seller, news.clone());
                if by_clock {
                    self.role(Role::Buyer, news);
                }
            }
            _ => {}
        }
    }

    pub(super) fn paid(&mut self) {
        let amount = self.charged();
        if self.escrow.instant() {
            let due = self.escrow.milestone(1).and_then(Milestone::due);
            self.role(Role::Buyer, News::Bought { amount, due });
            return self.role(Role::Seller, News::Sold { due, price: self.held_for(Role::Seller) });
        }
        self.role(Role::Buyer, News::Receipt { amount });
        if matches!(self.escrow.stage, Stage::Proposed { .. }) {
            let clock =
                deadlines::all(self.escrow).into_iter().find(|it| it.waiting == Waiting::SellerAnswer);
            let Some(clock) = clock else { return };
            for user in deadlines::waits_for(self.escrow, &clock) {
                let Some(role) = self.escrow.party_of(user).map(|party| party.role) else { continue };
                let price = self.held_for(role);
                self.tell(user, role, News::PaidFirst { answer_by: clock.at, price });
            }
            return;
        }
        let number = self.escrow.charge.as_ref().and_then(|charge| charge.milestones.first().copied());
        self.work_starts(number.unwrap_or(1));
    }

    /// The money for a milestone is held: work can start, or the proof for it.
    pub(super) fn work_starts(&mut self, number: u16) {
        let part = self.escrow.milestone(number);
        let first_due = part.and_then(|part| match part.stage {
            MilestoneStage::InProgress { due, .. } => Some(due),
            MilestoneStage::Unfunded
            | MilestoneStage::Delivered { .. }
            | MilestoneStage::ChangesRequested { .. }
            | MilestoneStage::Settling { .. }
            | MilestoneStage::Ended { .. } => None,
        });
        let start = |role| News::Start { first_due, price: self.held_for(role) };
        let phase = part.and_then(|part| part.proof.as_ref()).map(|proof| proof.phase);
        let to_seller = match phase {
            Some(ProofPhase::WaitingSellerProof { upload_by, .. }) => {
                News::ProofNeeded { number, upload_by, price: self.held_for(Role::Seller) }
            }
            Some(ProofPhase::Review { .. } | ProofPhase::Accepted { .. }) | None => start(Role::Seller),
        };
        let to_broker = start(Role::Broker);
        self.role(Role::Seller, to_seller);
        self.role(Role::Broker, to_broker);
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn charged_or_not(&mut self, event: &Event) {
        match event {
            Event::ChargeFailed { reason, .. } => {
                let amount = self.charged();
                self.role(Role::Buyer, News::PaymentFailed { amount, reason: reason.clone() });
            }
            Event::ChargeReturned { payment, amount_minor, back, .. } => {
                let amount = self.escrow.terms.money(*amount_minor);
                if let Some(payer) = self.escrow.payer(*payment) {
                    let why = back.map(|_| self.escrow.too_late(payer));
                    self.tell(payer, Role::Buyer, News::PaymentReturned { amount, why });
                }
            }
            Event::ChargeSettled { .. } => self.paid(),
            _ => {}
        }
    }

    pub(super) fn overdue(&mut self, number: u16, refund_at: Time) {
        let title = self.title(number);
        let proof = self.escrow.milestone(number).and_then(|part| part.proof.as_ref());
        let proof = proof.is_some_and(|proof| !proof.accepted());
        let may = News::MayCancel { milestone: title.clone(), number, refund_at, proof };
        self.role(Role::Buyer, may);
        self.role(Role::Seller, News::Overdue { milestone: title, number, refund_at, proof });
    }

    pub(super) fn agreed(&mut self, pay_by: Time) {
        self.arbiter(Deciding::Named);
        if self.escrow.funded() {
            self.role(Role::Buyer, News::PaidAccepted);
            self.work_starts(1);
            return;
        }
        let amount = self.escrow.terms.money(self.escrow.to_pay_minor());
        self.role(Role::Buyer, News::PaymentDue { amount, pay_by });
        self.role(Role::Seller, News::Agreed { pay_by });
        self.role(Role::Broker, News::Agreed { pay_by });
    }

    /// What the last payment brought into escrow, as a role sees it on the escrow's page too.
    fn held_for(&self, role: Role) -> Option<Money> {
        let paid = &self.escrow.charge.as_ref()?.milestones;
        let hides = veil::hides_from(&self.escrow.terms, role);
        let held = |number: &u16| {
            let plan = self.escrow.plan.milestones.get(usize::from(*number).checked_sub(1)?)?;
            Some(plan.charge_minor - if hides { plan.commission_by_buyer_minor } else { 0 })
        };
        Some(self.escrow.terms.money(paid.iter().filter_map(held).sum()))
    }

    fn charged(&self) -> Money {
        let minor = self.escrow.charge.as_ref().map_or(0, |charge| charge.amount_minor);
        self.escrow.terms.money(minor)
    }

    pub(super) fn changes(&mut self, number: u16, failed: &[u16], reason: &str) {
        let index = usize::from(number).saturating_sub(1);
        let named = |place: &u16| {
            let terms = self.escrow.terms.milestones.get(index)?;
            terms.criteria.get(usize::from(*place)).cloned()
        };
        let failed = failed.iter().filter_map(named).collect();
        let (milestone, reason) = (self.title(number), reason.to_owned());
        let mut clocks = deadlines::all(self.escrow).into_iter();
        let clock = clocks.find(|clock| clock.waiting == Waiting::Changes && clock.milestone == Some(number));
        let deliver_by = clock.map(|clock| clock.at);
        self.role(Role::Seller, News::ChangesRequested { milestone, number, reason, failed, deliver_by });
    }
}
