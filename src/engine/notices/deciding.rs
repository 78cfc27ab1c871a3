//! Who is told what of those who decide disputes: the arbiter whom the terms name, and the operators.
//!
//! Who the operators are is not known here. What they are to be told is a [`Duty`], and the store finds them.

use serde::{Deserialize, Serialize};

use super::{News, Told};
use crate::engine::deadlines::{Deadline, Mark, Waiting};
use crate::engine::dispute::{Dispute, DisputeEnd, Handler, Step};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::party::{Actor, Capacity, Role, UserId};
use crate::engine::time::Time;
use crate::money::Money;

/// News for those who decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Deciding {
    /// To the arbiter: everyone has agreed that he decides, should it come to that.
    Named,
    /// A dispute is theirs to decide; `passed_on` from an arbiter who did not.
    Asked { dispute: u16, stake: Money, until: Time, passed_on: bool },
    /// The time runs out; `pending` where a decision waits to be confirmed.
    Reminder { dispute: u16, mark: Mark, until: Time, pending: bool },
    /// A party asks for the decision.
    Nudged { dispute: u16, by: Role, until: Time },
    /// To operators: a decision that one of them has to confirm.
    AwaitsSecond { dispute: u16, stake: Money, until: Time },
    /// To whoever decided: it was not confirmed.
    Returned { dispute: u16, reason: String, until: Time },
    /// To the arbiter: what was his to decide is over.
    Ended { dispute: u16, how: DisputeEnd, reasons: String },
    /// To the arbiter: he did not decide in time.
    PassedOn { dispute: u16 },
}

/// Something that operators are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    pub to: Whom,
    pub news: Deciding,
}

/// Which operators. Whoever is a party is never among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    All,
    AllBut(UserId),
}

/// What the operators are to be told of a decision's events, with the escrow as it is after them.
#[must_use]
#[allow(clippy::wildcard_enum_match_arm, reason = "nothing else is an operator's business")]
pub fn duties(escrow: &Escrow, events: &[Event]) -> Vec<Duty> {
    let stake = |dispute: &Dispute| escrow.terms.money(dispute.stake_minor());
    let until = |dispute: &Dispute| dispute.step.times().1;
    let mut out = Vec::new();
    for event in events {
        let duty = match event {
            Event::DisputeMoved { dispute, step: Step::Handler { handler: Handler::Operators, .. } } => {
                let passed_on = escrow.arbitrated.contains(dispute);
                let asked = |open: &Dispute| {
                    let (stake, until) = (stake(open), until(open));
                    Deciding::Asked { dispute: open.number, stake, until, passed_on }
                };
                escrow.dispute(*dispute).map(|open| (Whom::All, asked(open)))
            }
            Event::Ruled { dispute, by, second: true, .. } => escrow.dispute(*dispute).map(|open| {
                let (dispute, stake, until) = (open.number, stake(open), until(open));
                (Whom::AllBut(*by), Deciding::AwaitsSecond { dispute, stake, until })
            }),
            Event::Reminded { waiting: Waiting::Ruling, milestone: Some(number), mark, .. } => {
                escrow.dispute_over(*number).and_then(|open| reminder(open, *mark))
            }
            _ => None,
        };
        out.extend(duty.map(|(to, news)| Duty { to, news }));
    }
    out
}

fn reminder(open: &Dispute, mark: Mark) -> Option<(Whom, Deciding)> {
    let Step::Handler { until, handler, ruling, .. } = &open.step else { return None };
    let pending = ruling.is_some();
    let to = match (handler, ruling) {
        (_, Some(ruling)) => Whom::AllBut(ruling.by),
        (Handler::Operators, None) => Whom::All,
        (Handler::Arbiter, None) => return None,
    };
    Some((to, Deciding::Reminder { dispute: open.number, mark, until: *until, pending }))
}

impl Told<'_> {
    /// Tells the arbiter what concerns him; nothing where there is none, or he has declined.
    pub(super) fn arbiter(&mut self, news: Deciding) {
        if let Some(user) = self.escrow.arbiter() {
            self.tell(user, Capacity::Arbiter, News::Deciding(news));
        }
    }

    /// What an event means for the arbiter.
    #[allow(clippy::wildcard_enum_match_arm, reason = "he is told of nothing but what is his to decide")]
    pub(super) fn deciding(&mut self, event: &Event) {
        match event {
            Event::DisputeMoved { dispute, step: Step::Handler { handler, until, .. } } => {
                let (dispute, until) = (*dispute, *until);
                let was_his = self.escrow.arbitrated.contains(&dispute);
                match (handler, self.escrow.dispute(dispute)) {
                    (Handler::Arbiter, Some(open)) => {
                        let stake = self.escrow.terms.money(open.stake_minor());
                        self.arbiter(Deciding::Asked { dispute, stake, until, passed_on: false });
                    }
                    (Handler::Operators, _) if was_his => self.arbiter(Deciding::PassedOn { dispute }),
                    (Handler::Arbiter | Handler::Operators, _) => {}
                }
            }
            Event::RulingReturned { dispute, reason } => {
                let open = self.escrow.dispute(*dispute).map(|open| open.step.clone());
                if let Some(Step::Handler { handler: Handler::Arbiter, until, .. }) = open {
                    self.arbiter(Deciding::Returned { dispute: *dispute, reason: reason.clone(), until });
                }
            }
            Event::DisputeEnded { dispute, how, reasons } if self.escrow.arbitrated.contains(dispute) => {
                let (dispute, how, reasons) = (*dispute, *how, reasons.clone());
                self.arbiter(Deciding::Ended { dispute, how, reasons });
            }
            _ => {}
        }
    }

    fn with_arbiter(&self, clock: &Deadline) -> Option<u16> {
        let open = self.escrow.dispute_over(clock.milestone?).filter(|_| clock.waiting == Waiting::Ruling)?;
        let his = matches!(open.step, Step::Handler { handler: Handler::Arbiter, ruling: None, .. });
        his.then_some(open.number)
    }

    pub(super) fn remind_arbiter(&mut self, clock: &Deadline, mark: Mark) {
        if let Some(dispute) = self.with_arbiter(clock) {
            self.arbiter(Deciding::Reminder { dispute, mark, until: clock.at, pending: false });
        }
    }

    pub(super) fn nudge_arbiter(&mut self, clock: &Deadline, actor: &Actor) {
        if let (Some(dispute), Some(by)) = (self.with_arbiter(clock), actor.role()) {
            self.arbiter(Deciding::Nudged { dispute, by, until: clock.at });
        }
    }
}
