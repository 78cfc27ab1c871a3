//! What a decision moved, as one reader may know it: it is told in the same breath as the decision.

use serde::{Deserialize, Serialize};

use super::{News, Told};
use crate::engine::dispute::{DisputeEnd, SettlementEnd, Split};
use crate::engine::escrow::{End, Holding, How};
use crate::engine::event::Event;
use crate::engine::party::{PartyStatus, Role, UserId};
use crate::engine::plan::{Part, Share};
use crate::engine::step;
use crate::engine::time::Time;
use crate::engine::veil;
use crate::money::Money;

/// The sums of a decision, for one reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub reader: Role,
    /// Milestone by milestone.
    pub sums: Vec<Sums>,
    /// Whether what is released to the reader is in his wallet already.
    #[serde(default)]
    pub in_wallet: bool,
    /// Whether something goes back by the way on which it came.
    #[serde(default)]
    pub as_it_came: bool,
    /// Whether something went back to the buyer's wallet.
    #[serde(default)]
    pub to_wallet: bool,
    /// Whether the escrow is complete with that.
    #[serde(default)]
    pub completes: bool,
}

/// What becomes of one milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub milestone: String,
    pub number: u16,
    /// To whom how much is released.
    pub released: Vec<(Role, Money)>,
    /// What goes back to the buyer, with what follows it.
    pub refunded: Option<Money>,
}

/// Only a part was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOf {
    /// The part, what was held before it, and what stays held; not for a payee, who knows no other's sums.
    pub sums: Option<[Money; 3]>,
    pub inspect_by: Option<Time>,
}

impl Carried {
    fn of(reader: Role) -> Self {
        Self {
            reader,
            sums: Vec::new(),
            in_wallet: false,
            as_it_came: false,
            to_wallet: false,
            completes: false,
        }
    }
}

/// Whether the money that these events move is told together with what decided it.
#[must_use]
#[allow(clippy::wildcard_enum_match_arm, reason = "nothing else decides what becomes of money and tells it")]
pub(super) fn told_together(all: &[Event]) -> bool {
    all.iter().any(|event| match event {
        Event::DisputeEnded { how, .. } => *how != DisputeEnd::Withdrawn,
        Event::SettlementEnded { how, .. } => *how == SettlementEnd::Accepted,
        Event::Rejected { .. } => true,
        _ => false,
    })
}

impl Told<'_> {
    /// What the events move, as a role may know it; nothing where they move nothing.
    #[allow(clippy::wildcard_enum_match_arm, reason = "nothing else moves what is decided")]
    pub(super) fn carried(&self, all: &[Event], reader: Role) -> Option<Carried> {
        let mine = self.escrow.party(reader).map(|party| party.user);
        let mut told = Carried::of(reader);
        for event in all {
            match event {
                Event::Released { milestone, parts, .. } => {
                    let released = self.by_role(parts, reader);
                    self.sums(&mut told, *milestone).released = released;
                }
                Event::Refunded { milestone, parts, .. } | Event::RefundStarted { milestone, parts, .. } => {
                    let refunded = self.back(parts, reader);
                    self.sums(&mut told, *milestone).refunded = Some(refunded);
                    match event {
                        Event::RefundStarted { .. } => told.as_it_came = true,
                        _ => told.to_wallet = true,
                    }
                }
                Event::PaidOut { user, .. } => told.in_wallet |= Some(*user) == mine,
                Event::Ended { end, .. } => told.completes |= *end == End::Completed,
                _ => {}
            }
        }
        (!told.sums.is_empty()).then_some(told)
    }

    /// What some splits would move, as a role may know it.
    pub(super) fn sought(&self, splits: &[Split], reader: Role) -> Option<Carried> {
        let mut told = Carried::of(reader);
        for split in splits {
            let place = usize::from(split.milestone).checked_sub(1)?;
            let (part, plan) = (self.escrow.milestones.get(place)?, self.escrow.plan.milestones.get(place)?);
            let (released, refunded) = step::split(part, plan, split.release_minor, split.refund_minor);
            let (released, back) = (self.by_role(&released, reader), self.back(&refunded, reader));
            let sums = self.sums(&mut told, split.milestone);
            sums.released = released;
            sums.refunded = Some(back).filter(|_| split.refund_minor > 0);
        }
        (!told.sums.is_empty()).then_some(told)
    }

    fn sums<'a>(&self, told: &'a mut Carried, number: u16) -> &'a mut Sums {
        let place = told.sums.iter().position(|sums| sums.number == number).unwrap_or_else(|| {
            let (milestone, released) = (self.title(number), Vec::new());
            told.sums.push(Sums { milestone, number, released, refunded: None });
            told.sums.len() - 1
        });
        &mut told.sums[place]
    }

    fn by_role(&self, parts: &[Part], reader: Role) -> Vec<(Role, Money)> {
        let seen = veil::parts_seen(&self.escrow.terms, reader, parts.to_vec());
        let role = |share: Share| match share {
            Share::Seller => Some(Role::Seller),
            Share::Broker | Share::BrokerOnTop => Some(Role::Broker),
            Share::Payee(_) => Some(Role::Payee),
            Share::Platform => None,
        };
        let sum = |of: Role| step::sum_of(&seen, |part| role(part.share) == Some(of));
        let all = [Role::Seller, Role::Broker, Role::Payee].map(|of| (of, sum(of)));
        let some = all.into_iter().filter(|(_, minor)| *minor > 0);
        some.map(|(of, minor)| (of, self.escrow.terms.money(minor))).collect()
    }

    /// What some parts come to with all that follows them, as a role may know it.
    pub(super) fn back(&self, parts: &[Part], reader: Role) -> Money {
        let seen = veil::parts_seen(&self.escrow.terms, reader, parts.to_vec());
        self.escrow.terms.money(step::sum_of(&seen, |_| true))
    }

    /// Everyone who answers for the deal, each with his own words, but for one who is spared.
    pub(super) fn each(&mut self, spared: Option<UserId>, news: impl Fn(&Self, Role) -> News) {
        for party in self.escrow.parties.clone() {
            let reached = party.status != PartyStatus::Disowned && Some(party.user) != spared;
            if party.role.must_agree() && reached {
                let told = news(self, party.role);
                self.tell(party.user, party.role, told);
            }
        }
    }

    /// What the buyer approved of more, and what stays held, as the reader may know it.
    pub(super) fn part_of(
        &self,
        number: u16,
        parts: &[Part],
        (how, whole): (How, bool),
        reader: Role,
    ) -> Option<PartOf> {
        let part = self.escrow.milestone(number).filter(|_| how == How::Approved && !whole)?;
        let sums = (reader != Role::Payee).then(|| {
            let (moved, left) = (self.back(parts, reader), self.stays_held(number, reader));
            [moved, Money { minor: moved.minor + left.minor, ..moved }, left]
        });
        Some(PartOf { sums, inspect_by: part.inspect_by() })
    }

    /// What is held of a milestone and stays so, with what follows it, as a role may know it.
    pub(super) fn stays_held(&self, number: u16, reader: Role) -> Money {
        let seen = veil::escrow(self.escrow.clone(), reader);
        let free = seen.milestone(number).map(|part| part.holdings.iter().map(Holding::free_minor).sum());
        self.escrow.terms.money(free.unwrap_or_default())
    }
}
