//! Who is told while the terms are talked about, and who is reminded.

use super::{News, Told};
use crate::engine::deadlines::{self, Mark, Waiting};
use crate::engine::escrow::{End, Milestone, Stage};
use crate::engine::event::Event;
use crate::engine::party::{Actor, PartyStatus, Role, UserId};
use crate::engine::time::Time;
use crate::money::Money;

impl Told<'_> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`event` sorts them and names every one")]
    pub(super) fn negotiation(&mut self, event: &Event, actor: &Actor) {
        match event {
            Event::Countered { by, version, expires_at, payees_before, .. } => {
                self.payees_changed(*by, payees_before);
                let (by, version, expires_at, signs) = (*by, *version, *expires_at, self.signs());
                self.others(actor, &News::NewTerms { by, version, expires_at, signs });
            }
            Event::PartyCorrected { role, to, version, expires_at, .. } => {
                self.corrected(*role, *to, *version, *expires_at, actor);
            }
            Event::InvitedAgain { role, user } => self.invited_again(*role, *user, actor),
            Event::Nudged { waiting, milestone, since, deadline } => {
                self.nudged((*waiting, *milestone, *since), *deadline, actor);
            }
            _ => {}
        }
    }

    /// Everyone who is named is told, and whoever named them that they are.
    pub(super) fn proposed(&mut self, creator: UserId, expires_at: Time) {
        let by = self.escrow.party_of(creator).map_or(Role::Buyer, |party| party.role);
        if self.escrow.instant() {
            return self.tell(creator, by, News::LinkReady { expires_at });
        }
        let (signs, price) = (self.signs(), self.price());
        let mut invited = Vec::new();
        for party in self.escrow.parties.clone() {
            if party.user == creator {
                continue;
            }
            invited.push(party.role);
            let news = match party.role {
                Role::Payee => self.named_as_payee(party.user, by),
                Role::Buyer | Role::Seller | Role::Broker => News::Invited { by, expires_at, signs, price },
            };
            self.tell(party.user, party.role, news);
        }
        self.tell(creator, by, News::Sent { invited, expires_at });
    }

    /// The one who was meant is invited; the others learn that they are to agree once more.
    fn corrected(&mut self, role: Role, to: UserId, version: u32, expires_at: Time, actor: &Actor) {
        let (signs, price) = (self.signs(), self.price());
        let by = actor.role().unwrap_or(Role::Buyer);
        let news = match role {
            Role::Payee => self.named_as_payee(to, by),
            Role::Buyer | Role::Seller | Role::Broker => News::Invited { by, expires_at, signs, price },
        };
        self.tell(to, role, news);
        for party in self.escrow.parties.clone() {
            let told = party.role.must_agree() && party.status != PartyStatus::Disowned;
            if told && party.user != to && Some(party.user) != actor.user() {
                let news = News::PartyCorrected { role, version, expires_at, signs };
                self.tell(party.user, party.role, news);
            }
        }
    }

    fn invited_again(&mut self, role: Role, user: UserId, actor: &Actor) {
        let by = actor.role().unwrap_or(Role::Buyer);
        let (signs, clocks) = (self.signs(), deadlines::all(self.escrow));
        let clock = clocks.iter().find(|clock| clock.waiting == Waiting::Acceptance);
        let news = match (role, clock) {
            (Role::Buyer | Role::Seller | Role::Broker, Some(clock)) => {
                News::InvitedAgain { by, expires_at: clock.at, signs, price: self.price() }
            }
            (_, _) => self.named_as_payee(user, by),
        };
        self.tell(user, role, news);
    }

    /// Everyone for whom the clock waits, but for whoever has them reminded.
    fn nudged(
        &mut self,
        (waiting, number, since): (Waiting, Option<u16>, Time),
        deadline: Time,
        actor: &Actor,
    ) {
        let by = actor.role().unwrap_or(Role::Buyer);
        let clocks = deadlines::all(self.escrow);
        let running = |clock: &&deadlines::Deadline| {
            clock.waiting == waiting && clock.milestone == number && clock.since == since
        };
        let Some(clock) = clocks.iter().find(running) else { return };
        self.nudge_arbiter(clock, actor);
        let (milestone, due) = (number.map(|number| self.title(number)), clock.due);
        for user in deadlines::waits_for(self.escrow, clock) {
            let Some(party) = self.escrow.party_of(user) else { continue };
            if party.status == PartyStatus::Disowned || Some(user) == actor.user() {
                continue;
            }
            let role = party.role;
            let news = News::Nudged { by, waiting, milestone: milestone.clone(), number, deadline, due };
            self.tell(user, role, news);
        }
    }

    pub(super) fn remind(
        &mut self,
        waiting: Waiting,
        number: Option<u16>,
        since: Time,
        mark: Mark,
        deadline: Time,
    ) {
        let clocks = deadlines::all(self.escrow);
        let Some(clock) = clocks
            .iter()
            .find(|clock| clock.waiting == waiting && clock.milestone == number && clock.since == since)
        else {
            return;
        };
        self.remind_arbiter(clock, mark);
        let (milestone, due) = (number.map(|number| self.title(number)), clock.due);
        let late = due.is_some_and(|due| clock.mark_at(mark).is_some_and(|at| at > due));
        for user in deadlines::waits_for(self.escrow, clock) {
            let Some(party) = self.escrow.party_of(user) else { continue };
            if party.status == PartyStatus::Disowned {
                continue;
            }
            let role = party.role;
            let news =
                News::Reminder { waiting, mark, milestone: milestone.clone(), number, deadline, due, late };
            self.tell(user, role, news);
        }
    }

    /// What the deal is about, and nothing of what somebody pays beside it.
    fn price(&self) -> Option<Money> {
        Some(self.escrow.terms.money(self.escrow.terms.amount_minor))
    }

    pub(super) fn closed(&mut self, actor: &Actor) {
        let completed = matches!(self.escrow.stage, Stage::Closed { end: End::Completed, .. });
        let paid = self.escrow.milestones.iter().any(Milestone::funded);
        if paid {
            self.others(actor, &News::Closed { completed });
        }
    }

    /// Everyone who answers for the deal, but for the one who acted.
    pub(super) fn others(&mut self, actor: &Actor, news: &News) {
        for party in self.escrow.parties.clone() {
            let reached = party.status != PartyStatus::Disowned;
            if party.role.must_agree() && reached && Some(party.user) != actor.user() {
                self.tell(party.user, party.role, news.clone());
            }
        }
    }
}
