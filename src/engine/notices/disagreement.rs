//! Who is told what of extensions, cancellations, settlements, disputes and messages.

use serde::{Deserialize, Serialize};

use super::{Carried, News, Told};
use crate::engine::dispute::{
    CancellationEnd, Dispute, DisputeEnd, ExtensionEnd, SettlementEnd, Split, Step,
};
use crate::engine::escrow::Escrow;
use crate::engine::event::Event;
use crate::engine::party::{Actor, Role, UserId};
use crate::engine::plan::Share;
use crate::engine::step;
use crate::engine::time::Time;
use crate::money::Money;

/// News of these things. Amounts are the reader's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Disagreement {
    InspectionExtended {
        milestone: String,
        number: u16,
        inspect_by: Time,
    },
    ExtensionAsked {
        by: Role,
        milestone: String,
        number: u16,
        due: Time,
        reason: String,
        answer_by: Time,
    },
    ExtensionGranted {
        milestone: String,
        number: u16,
        due: Time,
    },
    ExtensionEnded {
        milestone: String,
        number: u16,
        how: ExtensionEnd,
    },
    CancellationAsked {
        reason: String,
        answer_by: Time,
    },
    CancellationEnded {
        end: CancellationEnd,
    },
    SettlementOffered {
        by: Role,
        yours: Money,
        note: String,
        answer_by: Time,
        /// Who gets what by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offered: Option<Carried>,
    },
    SettlementEnded {
        how: SettlementEnd,
        /// Of one that is carried out: the sums.
        #[serde(default)]
        carried: Option<Carried>,
        /// Whether a dispute is over with it.
        #[serde(default)]
        dispute: bool,
    },
    DisputeOpened {
        dispute: u16,
        by: Role,
        reason: String,
        answer_by: Time,
        /// Whether the reader is to answer it.
        #[serde(default)]
        answers: bool,
        /// What the opener seeks.
        #[serde(default)]
        sought: Option<Carried>,
        #[serde(default)]
        silence: Option<Silence>,
        /// Whether it came of a request to cancel that nobody answered.
        #[serde(default)]
        of_request: bool,
    },
    Stated {
        dispute: u16,
        by: Role,
    },
    DisputeTalks {
        dispute: u16,
        until: Time,
        /// Whose answer it was. Earlier versions told of the statement by itself.
        #[serde(default)]
        by: Option<Role>,
    },
    DisputeWithHandler {
        dispute: u16,
        arbiter: bool,
        until: Time,
        /// To the operators, because the arbiter did not decide in time.
        #[serde(default)]
        passed_on: bool,
    },
    ArbiterDeclined {
        reason: String,
    },
    DisputeEnded {
        dispute: u16,
        how: DisputeEnd,
        reasons: String,
        /// The sums, where any were moved by it.
        #[serde(default)]
        carried: Option<Carried>,
    },
    Said {
        by: Role,
        text: String,
    },
}

/// What follows if nobody answers a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Silence {
    AsSought,
    /// So much is at stake that somebody decides.
    Decided {
        above: Money,
        arbiter: bool,
    },
}

/// What a user gets by a settlement or a ruling, followers included, in minor units.
#[must_use]
pub fn gets_minor(escrow: &Escrow, splits: &[Split], user: UserId) -> i64 {
    let buyer = escrow.party(Role::Buyer).map(|party| party.user) == Some(user);
    let one = |split: &Split| {
        let part = escrow.milestone(split.milestone)?;
        let plan = escrow.plan.milestones.get(usize::from(split.milestone).checked_sub(1)?)?;
        let (released, refunded) = step::split(part, plan, split.release_minor, split.refund_minor);
        let mine = |share: Share| share != Share::Platform && escrow.receiver(share) == Some(user);
        Some(
            step::sum_of(&released, |part| mine(part.share))
                + if buyer { step::sum_of(&refunded, |_| true) } else { 0 },
        )
    };
    splits.iter().filter_map(one).sum()
}

/// What follows if nobody answers it; nothing for disputes of a time when that was not written down.
#[must_use]
pub fn silence(escrow: &Escrow, open: &Dispute) -> Option<Silence> {
    open.second_above_minor?;
    let decided = |minor: i64| {
        let arbiter = escrow.arbiter().is_some();
        Silence::Decided { above: escrow.terms.money(minor), arbiter }
    };
    Some(open.above_minor().map_or(Silence::AsSought, decided))
}

impl Told<'_> {
    /// Tells an event of these; what is not one of them is told elsewhere.
    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn disagreement(&mut self, event: &Event, all: &[Event], actor: &Actor) {
        use Disagreement as About;
        let by = actor.role().unwrap_or(Role::Buyer);
        match event {
            Event::InspectionExtended { milestone: number, .. } => {
                let inspect_by = self.escrow.milestone(*number).and_then(|part| part.inspect_by());
                if let Some(inspect_by) = inspect_by {
                    let (milestone, number) = (self.title(*number), *number);
                    self.tell_others(actor, About::InspectionExtended { milestone, number, inspect_by });
                }
            }
            Event::ExtensionAsked { milestone: number, by, due, reason, answer_by } => {
                let (milestone, number, reason) = (self.title(*number), *number, reason.clone());
                let (by, due, answer_by) = (*by, *due, *answer_by);
                let news = About::ExtensionAsked { by, milestone, number, due, reason, answer_by };
                self.tell_others(actor, news);
            }
            Event::ExtensionGranted { milestone: number, due } => {
                let (milestone, number, due) = (self.title(*number), *number, *due);
                self.tell_others(actor, About::ExtensionGranted { milestone, number, due });
            }
            Event::ExtensionEnded { milestone: number, how } => {
                let (milestone, number, how) = (self.title(*number), *number, *how);
                self.tell_others(actor, About::ExtensionEnded { milestone, number, how });
            }
            Event::CancellationRequested { reason, answer_by } => {
                let (reason, answer_by) = (reason.clone(), *answer_by);
                self.tell_others(actor, About::CancellationAsked { reason, answer_by });
            }
            // What took its place is told by itself.
            Event::CancellationEnded { end: CancellationEnd::Superseded | CancellationEnd::Accepted } => {}
            Event::CancellationEnded { end } => {
                self.tell_others(actor, About::CancellationEnded { end: end.clone() });
            }
            Event::SettlementOffered { by, splits, note, answer_by, .. } => {
                self.offered(*by, splits, note, *answer_by);
            }
            Event::SettlementEnded { how: SettlementEnd::Accepted, .. } => self.settled(all),
            Event::SettlementEnded { how, .. } => {
                let (how, carried, dispute) = (*how, None, false);
                self.tell_others(actor, About::SettlementEnded { how, carried, dispute });
            }
            Event::Said { text, .. } => self.tell_others(actor, About::Said { by, text: text.clone() }),
            _ => self.dispute(event, all, actor),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    fn dispute(&mut self, event: &Event, all: &[Event], actor: &Actor) {
        use Disagreement as About;
        self.deciding(event);
        match event {
            Event::ArbiterDeclined { reason } => {
                self.tell_all(About::ArbiterDeclined { reason: reason.clone() });
            }
            Event::DisputeOpened { dispute, .. } => self.opened(*dispute, actor),
            // The first answer is told with what follows from it.
            Event::Stated { .. } if all.iter().any(|event| matches!(event, Event::DisputeMoved { .. })) => {}
            Event::Stated { dispute, .. } => {
                let by = actor.role().unwrap_or(Role::Buyer);
                self.tell_others(actor, About::Stated { dispute: *dispute, by });
            }
            Event::DisputeMoved { dispute, step } => {
                let dispute = *dispute;
                match step {
                    Step::Answer { .. } => {}
                    Step::Talk { until, .. } => {
                        let (until, by) = (*until, actor.role());
                        self.tell_all(About::DisputeTalks { dispute, until, by });
                    }
                    Step::Handler { until, handler, .. } => {
                        let arbiter = *handler == crate::engine::dispute::Handler::Arbiter;
                        let was_his = self.escrow.arbitrated.contains(&dispute);
                        let passed_on = !arbiter && was_his && self.escrow.arbiter().is_some();
                        let until = *until;
                        self.tell_all(About::DisputeWithHandler { dispute, arbiter, until, passed_on });
                    }
                }
            }
            // Told with the settlement that ended it.
            Event::DisputeEnded { how: DisputeEnd::Settled, .. } => {}
            Event::DisputeEnded { dispute, how, reasons } => {
                let (dispute, how) = (*dispute, *how);
                self.each(None, |told, reader| {
                    let (reasons, carried) = (reasons.clone(), told.carried(all, reader));
                    News::Disagreement(About::DisputeEnded { dispute, how, reasons, carried })
                });
            }
            _ => {}
        }
    }

    /// A dispute was opened, or became of a request that nobody answered.
    fn opened(&mut self, number: u16, actor: &Actor) {
        let Some(open) = self.escrow.dispute(number).cloned() else { return };
        let (by, until, of_request) = (open.by, open.step.times().1, *actor == Actor::Clock);
        let silence = silence(self.escrow, &open);
        self.each(None, |told, reader| {
            News::Disagreement(Disagreement::DisputeOpened {
                dispute: number,
                by,
                reason: open.reason.clone(),
                answer_by: until,
                answers: reader == open.other_side(),
                sought: told.sought(&open.claims, reader),
                silence,
                of_request,
            })
        });
    }

    /// An offer was accepted: both sides and the broker get what it moves in one.
    fn settled(&mut self, all: &[Event]) {
        let how = SettlementEnd::Accepted;
        let dispute = all.iter().any(|event| matches!(event, Event::DisputeEnded { .. }));
        self.each(None, |told, reader| {
            let carried = told.carried(all, reader);
            News::Disagreement(Disagreement::SettlementEnded { how, carried, dispute })
        });
    }

    fn offered(&mut self, by: Role, splits: &[Split], note: &str, answer_by: Time) {
        let to = if by == Role::Buyer { Role::Seller } else { Role::Buyer };
        let Some(user) = self.escrow.party(to).map(|party| party.user) else { return };
        let yours = self.escrow.terms.money(gets_minor(self.escrow, splits, user));
        let (note, offered) = (note.to_owned(), self.sought(splits, to));
        let news = Disagreement::SettlementOffered { by, yours, note, answer_by, offered };
        self.tell(user, to, News::Disagreement(news));
    }

    fn tell_others(&mut self, actor: &Actor, news: Disagreement) {
        self.others(actor, &News::Disagreement(news));
    }

    fn tell_all(&mut self, news: Disagreement) {
        self.others(&Actor::Clock, &News::Disagreement(news));
    }
}
