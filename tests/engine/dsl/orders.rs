//! What a command orders to be moved, read off the command itself and what was said before it: so that not only
//! the parts of a step are right, but its sum.

use std::collections::BTreeMap;

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::Waiting;
use holdfast::engine::dispute::{DisputeEnd, Split};
use holdfast::engine::event::Event;
use holdfast::engine::party::UserId;
use holdfast::engine::terms::DefaultOutcome;

use super::model::Model;

/// Of a milestone's balance, so much is released or refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Release(u16, i128),
    Refund(u16, i128),
}

/// What the events of a decision move, in their order.
pub fn moved(events: &[Event]) -> Vec<Order> {
    let order = |event: &Event| match event {
        Event::Released { milestone, amount_minor, .. } => {
            Some(Order::Release(*milestone, i128::from(*amount_minor)))
        }
        Event::Refunded { milestone, amount_minor, .. }
        | Event::RefundStarted { milestone, amount_minor, .. } => {
            Some(Order::Refund(*milestone, i128::from(*amount_minor)))
        }
        _ => None,
    };
    events.iter().filter_map(order).collect()
}

/// Release first, then refund, milestone by milestone; nothing of nothing.
fn of_splits(splits: Option<&Vec<Split>>) -> Vec<Order> {
    let both = |split: &Split| {
        [
            Order::Release(split.milestone, split.release_minor.into()),
            Order::Refund(split.milestone, split.refund_minor.into()),
        ]
    };
    let some = |order: &Order| !matches!(order, Order::Release(_, 0) | Order::Refund(_, 0));
    splits.into_iter().flatten().flat_map(both).filter(some).collect()
}

impl Model {
    /// What a command that was decided so orders to be moved, before any of it has.
    pub fn ordered(&self, command: &Command, events: &[Event]) -> Vec<Order> {
        let rest = |number: u16| self.left(number);
        let back = |numbers: Vec<u16>| {
            numbers.into_iter().map(|number| Order::Refund(number, rest(number))).collect::<Vec<_>>()
        };
        let ended = events.iter().find_map(|event| match event {
            Event::DisputeEnded { dispute, how, .. } => Some((*dispute, *how)),
            _ => None,
        });
        let rejected = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        match command {
            Command::Approve { milestone, part_minor } => {
                vec![Order::Release(*milestone, part_minor.map_or(rest(*milestone), i128::from))]
            }
            Command::MarkDone { milestone, .. } if self.by_link() => {
                vec![Order::Release(*milestone, rest(*milestone))]
            }
            Command::Refund { milestone, part_minor } => {
                vec![Order::Refund(*milestone, part_minor.map_or(rest(*milestone), i128::from))]
            }
            Command::Cancel { milestone } => back(vec![*milestone]),
            Command::CancelAll { .. } => {
                back(self.open().into_iter().filter(|number| !self.disputed(*number)).collect())
            }
            Command::AcceptSettlement { settlement } => of_splits(self.offers.get(settlement)),
            Command::Concede { dispute } => of_splits(Some(&self.sought(*dispute))),
            Command::Rule { splits, .. } if ended.is_some() => of_splits(Some(splits)),
            Command::ConfirmRuling { dispute } => of_splits(self.rulings.get(dispute)),
            Command::Decline { .. } | Command::Disown if rejected => back(self.open()),
            Command::Lapse { waiting, milestone, .. } => {
                let number = milestone.unwrap_or_default();
                match (waiting, ended) {
                    (Waiting::Inspection, _) => vec![Order::Release(number, rest(number))],
                    (Waiting::Cancelling, _) => back(vec![number]),
                    (Waiting::SellerAnswer, _) => back(self.open()),
                    (_, Some((dispute, DisputeEnd::AsSought))) => of_splits(Some(&self.sought(dispute))),
                    (_, Some((dispute, DisputeEnd::Default))) => self.by_default(dispute),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// What is still sought: a settlement may have taken some of its milestones out of a dispute.
    fn sought(&self, dispute: u16) -> Vec<Split> {
        let claims = self.claims.get(&dispute).into_iter().flatten();
        claims.filter(|claim| self.left(claim.milestone) > 0).copied().collect()
    }

    fn by_default(&self, dispute: u16) -> Vec<Order> {
        let mut orders = Vec::new();
        for claim in self.sought(dispute) {
            let left = self.left(claim.milestone);
            let release = match self.default_outcome() {
                Some(DefaultOutcome::ReleaseToSeller) => left,
                Some(DefaultOutcome::Halves) => left / 2,
                Some(DefaultOutcome::RefundBuyer) | None => 0,
            };
            orders.push(Order::Release(claim.milestone, release));
            orders.push(Order::Refund(claim.milestone, left - release));
        }
        orders.retain(|order| !matches!(order, Order::Release(_, 0) | Order::Refund(_, 0)));
        orders
    }

    /// Who is still owed what he should have by now: whoever asked for it, those who want it at once, and
    /// everyone once that clock has run out.
    pub fn unpaid(
        &self,
        command: &Command,
        by: Option<UserId>,
        at_once: &[UserId],
        events: &[Event],
    ) -> Vec<(u16, UserId)> {
        let mut due: BTreeMap<u16, Vec<UserId>> = BTreeMap::new();
        for order in moved(events) {
            if let Order::Release(number, _) = order {
                due.entry(number).or_default().extend(at_once);
            }
        }
        match command {
            Command::PayOut { milestone } => due.entry(*milestone).or_default().extend(by),
            Command::Lapse { waiting: Waiting::PayOut, milestone: Some(number), .. } => {
                due.entry(*number).or_default().extend(self.receivers());
            }
            _ => {}
        }
        let pairs =
            due.into_iter().flat_map(|(number, users)| users.into_iter().map(move |user| (number, user)));
        pairs.filter(|(number, user)| self.owes(*number, *user)).collect()
    }
}
