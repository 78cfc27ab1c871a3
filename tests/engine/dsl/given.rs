//! *Given* a past, *when* someone asks for something, *then* events, a refusal, or "already done".

use holdfast::engine::command::{Command, Facts};
use holdfast::engine::deadlines::{
    ACCEPTANCE_DAYS, ANSWER_DAYS, CANCEL_DAYS, CANCELLATION_DAYS, EXTENSION_DAYS, HANDLER_DAYS, PAYMENT_DAYS,
    RAIL_ANSWER_DAYS, REFUND_ANSWER_DAYS, SETTLEMENT_DAYS,
};
use holdfast::engine::decide::{Decision, decide};
use holdfast::engine::dispute::{Handler, Split, Step};
use holdfast::engine::escrow::{End, Escrow, How, Method};
use holdfast::engine::event::Event;
use holdfast::engine::evolve::evolve;
use holdfast::engine::party::{Actor, Role, UserId};
use holdfast::engine::plan::{Part, Plan};
use holdfast::engine::proof::ProofKind;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Terms;
use holdfast::engine::time::Time;
use uuid::Uuid;

use super::deal::{start, texts};
use super::people::BUYER;

/// The first payment of every story, and the one that follows it.
pub const PAYMENT: Uuid = Uuid::from_u128(0xA1);
pub const SECOND_PAYMENT: Uuid = Uuid::from_u128(0xA2);

pub fn sandbox() -> Method {
    Method::Rail { rail: "sandbox".to_owned() }
}

/// What has happened so far, written event by event, without asking `decide`.
#[derive(Clone, Debug)]
pub struct Past {
    pub escrow: Escrow,
    pub now: Time,
}

impl Past {
    /// The terms were sent by the buyer; those behind a pay link by the seller.
    pub fn sent(terms: &Terms) -> Self {
        let creator = terms.party(Role::Buyer).or(terms.party(Role::Seller)).unwrap().user;
        let reference = "ESC-7K2M-9QXA".to_owned();
        let texts = texts(terms, &reference, 1, start());
        let event = Event::Proposed {
            id: Uuid::from_u128(0xE5),
            document_sha256: texts.contract.sha256(),
            side_sha256: texts.side_sha256(),
            reference,
            creator,
            terms: Box::new(terms.clone()),
            plan: Plan::of(terms).unwrap(),
            expires_at: start().plus_days(ACCEPTANCE_DAYS),
        };
        Self { escrow: evolve(None, &event, start()).unwrap(), now: start() }
    }

    pub fn agreed(terms: &Terms) -> Self {
        let sent = Self::sent(terms);
        let pay_by = sent.now.plus_days(PAYMENT_DAYS);
        let parties = sent.escrow.parties.clone();
        let signing = parties.iter().filter(|party| party.role.must_agree());
        signing.fold(sent, |past, party| past.signed_by(party.role)).then(Event::Agreed { pay_by, due: None })
    }

    /// Somebody pays by the link, as a guest or with an account.
    pub fn bought_by(self, user: UserId) -> Self {
        let document_sha256 = self.escrow.document_sha256.clone();
        let instead_of = self.escrow.party(Role::Buyer).map(|party| party.user);
        let identity_sha256 = format!("{:064x}", user.as_u128());
        let joined = Event::BuyerJoined {
            user,
            instead_of,
            claimed: false,
            identity_sha256,
            guest: false,
            version: 1,
            document_sha256,
        };
        let joined = self.then(joined);
        let mut charge = joined.charge(PAYMENT);
        if let Event::ChargeStarted { payer, .. } = &mut charge {
            *payer = Some(user);
        }
        joined.then(charge)
    }

    /// What was sold by a link is paid.
    pub fn sold(terms: &Terms) -> Self {
        let bought =
            Self::sent(terms).bought_by(BUYER).then(Event::ChargeSettled { payment: PAYMENT, due: None });
        let pay_by = bought.now;
        bought.then(Event::Agreed { pay_by, due: None })
    }

    pub fn charged(terms: &Terms) -> Self {
        let agreed = Self::agreed(terms);
        let event = agreed.charge(PAYMENT);
        agreed.then(event)
    }

    pub fn paid(terms: &Terms) -> Self {
        Self::charged(terms).then(Event::ChargeSettled { payment: PAYMENT, due: None })
    }

    pub fn delivered(terms: &Terms, number: u16) -> Self {
        Self::paid(terms).delivery(number)
    }

    /// One event more, at the present moment.
    pub fn then(mut self, event: Event) -> Self {
        self.escrow = evolve(Some(self.escrow), &event, self.now).unwrap();
        self
    }

    pub fn after_days(mut self, days: i64) -> Self {
        self.now = self.now.plus_days(days);
        self
    }

    pub fn after_minutes(mut self, minutes: i64) -> Self {
        self.now = self.now.plus(time::Duration::minutes(minutes));
        self
    }

    pub fn signed_by(self, role: Role) -> Self {
        let document_sha256 = self.escrow.document_sha256.clone();
        let version = self.escrow.version;
        self.then(Event::Signed {
            role,
            version,
            document_sha256,
            side_sha256: None,
            evidence_sha256: String::new(),
        })
    }

    /// A proof waits for the buyer's look.
    pub fn proof(self) -> Self {
        let sent = self.escrow.milestone(1).unwrap().proof.as_ref().and_then(|proof| proof.sent.clone());
        let review_by = self.now.plus_hours(24);
        self.then(Event::ProofSubmitted {
            milestone: 1,
            round: sent.map_or(1, |sent| sent.round + 1),
            kind: ProofKind::Receipt,
            note: "Bought today.".to_owned(),
            files: Vec::new(),
            review_by,
        })
    }

    pub fn corrections(self) -> Self {
        let round = self.escrow.milestone(1).unwrap().proof.as_ref().unwrap().corrections + 1;
        let (note, upload_by) = ("The date is cut off.".to_owned(), self.now.plus_hours(24));
        self.then(Event::CorrectionsRequested { milestone: 1, round, note, upload_by })
    }

    pub fn delivery(self, number: u16) -> Self {
        let round = self.escrow.milestone(number).unwrap().delivery.as_ref().map_or(1, |last| last.round + 1);
        let days = self.escrow.terms.milestones[usize::from(number) - 1].inspection_days;
        let inspect_by = self.now.plus_days(i64::from(days));
        self.then(Event::Delivered {
            milestone: number,
            round,
            note: "Here it is.".to_owned(),
            files: Vec::new(),
            inspect_by,
        })
    }

    pub fn changes(self, number: u16) -> Self {
        let round = self.escrow.milestone(number).unwrap().delivery.as_ref().map_or(1, |last| last.round);
        let reason = "The door sticks.".to_owned();
        self.then(Event::ChangesRequested { milestone: number, round, failed: vec![0], reason })
    }

    pub fn overdue(self, number: u16) -> Self {
        let refund_at = self.now.plus_days(CANCEL_DAYS);
        self.then(Event::Overdue { milestone: number, refund_at })
    }

    /// Everything of a milestone is released and waits to be paid out.
    pub fn released(self, number: u16) -> Self {
        let parts = self.whole(number);
        let amount_minor = self.escrow.milestone(number).unwrap().left_minor();
        let how = How::Approved;
        self.then(Event::Released {
            milestone: number,
            amount_minor,
            parts,
            whole: true,
            how,
            lapsed_at: None,
        })
    }

    /// Everything of a milestone went back, because the buyer cancelled it.
    pub fn refunded(self, number: u16) -> Self {
        let parts = self.whole(number);
        let amount_minor = self.escrow.milestone(number).unwrap().left_minor();
        let how = How::Cancelled;
        self.then(Event::Refunded { milestone: number, amount_minor, parts, whole: true, how })
    }

    /// Everything of a milestone is to go back as it came, because the buyer cancelled it.
    pub fn refunding(self, number: u16) -> Self {
        let parts = self.whole(number);
        let amount_minor = self.escrow.milestone(number).unwrap().left_minor();
        let answer_by = self.now.plus_days(REFUND_ANSWER_DAYS);
        self.then(Event::RefundStarted {
            refund: 1,
            milestone: number,
            amount_minor,
            parts,
            whole: true,
            how: How::Cancelled,
            charge: PAYMENT,
            rail: "sandbox".to_owned(),
            answer_by,
        })
    }

    /// The provider could not.
    pub fn refund_failed(self) -> Self {
        let (milestone, reason) = (self.escrow.refunds[0].milestone, "The card is closed.".to_owned());
        self.then(Event::RefundFailed {
            refund: 1,
            milestone,
            attempt: 1,
            reason,
            no_answer: false,
            lapsed_at: None,
        })
    }

    /// The buyer asked to cancel.
    pub fn cancelling(self) -> Self {
        let answer_by = self.now.plus_days(CANCELLATION_DAYS);
        self.then(Event::CancellationRequested { reason: "I move away.".to_owned(), answer_by })
    }

    /// The buyer asked for a milestone's money back, in a dispute that nobody has answered.
    pub fn disputed(self, milestone: u16) -> Self {
        let refund_minor = self.escrow.milestone(milestone).unwrap().left_minor();
        let answer_by = self.now.plus_days(ANSWER_DAYS);
        self.then(Event::DisputeOpened {
            dispute: 1,
            by: Role::Buyer,
            claims: vec![Split { milestone, release_minor: 0, refund_minor }],
            reason: "It leaks.".to_owned(),
            failed: Vec::new(),
            files: Vec::new(),
            answer_by,
            second_above_minor: None,
        })
    }

    /// The dispute is with the operators.
    pub fn handed_over(self) -> Self {
        let (since, until) = (self.now, self.now.plus_days(HANDLER_DAYS));
        let step = Step::Handler { since, until, handler: Handler::Operators, ruling: None };
        self.then(Event::DisputeMoved { dispute: 1, step })
    }

    /// Decided by an operator, and waiting for a second one.
    pub fn ruled(self) -> Self {
        let splits = self.escrow.dispute(1).unwrap().claims.clone();
        let reasons = "It does leak.".to_owned();
        self.then(Event::Ruled { dispute: 1, by: super::people::STRANGER, splits, reasons, second: true })
    }

    /// The buyer offered to settle the first milestone in equal parts.
    pub fn settling(self) -> Self {
        let left = self.escrow.milestone(1).unwrap().left_minor();
        let splits = vec![Split { milestone: 1, release_minor: left / 2, refund_minor: left - left / 2 }];
        let answer_by = self.now.plus_days(SETTLEMENT_DAYS);
        let (by, note) = (Role::Buyer, String::new());
        self.then(Event::SettlementOffered { settlement: 1, by, splits, note, answer_by })
    }

    /// The seller asked to deliver the first milestone later.
    pub fn asking(self) -> Self {
        let (due, answer_by) = (self.now.plus_days(30), self.now.plus_days(EXTENSION_DAYS));
        let (by, reason) = (Role::Seller, "It rains.".to_owned());
        self.then(Event::ExtensionAsked { milestone: 1, by, due, reason, answer_by })
    }

    pub fn ended(self, end: End) -> Self {
        self.then(Event::Ended { end, lapsed_at: None })
    }

    /// Withdrawn by the buyer before anything was paid, and closed.
    pub fn closed(terms: &Terms) -> Self {
        Self::sent(terms).ended(End::Withdrawn { by: Role::Buyer }).then(Event::Closed)
    }

    pub fn charge(&self, payment: Uuid) -> Event {
        Event::ChargeStarted {
            payment,
            milestones: (1_u16..).take(self.escrow.milestones.len()).collect(),
            method: sandbox(),
            amount_minor: self.escrow.plan.charge_minor(),
            answer_by: self.now.plus_days(RAIL_ANSWER_DAYS),
            payer: None,
        }
    }

    fn whole(&self, number: u16) -> Vec<Part> {
        let holdings = &self.escrow.milestone(number).unwrap().holdings;
        holdings.iter().map(|held| Part { share: held.share, amount_minor: held.held_minor }).collect()
    }
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    Events(Vec<Event>),
    Already,
    Refused(Refusal),
}

pub const ALREADY_DONE: Then = Then::Already;

impl From<Refusal> for Then {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Event> for Then {
    fn from(event: Event) -> Self {
        Self::Events(vec![event])
    }
}

impl<const N: usize> From<[Event; N]> for Then {
    fn from(events: [Event; N]) -> Self {
        Self::Events(events.to_vec())
    }
}

impl From<Result<Decision, Refusal>> for Then {
    fn from(result: Result<Decision, Refusal>) -> Self {
        match result {
            Ok(Decision::Done(events)) => Self::Events(events),
            Ok(Decision::AlreadyDone) => Self::Already,
            Err(refusal) => Self::Refused(refusal),
        }
    }
}

pub struct Given {
    escrow: Option<Escrow>,
    now: Time,
    facts: Facts,
}

/// The state before.
pub fn given(past: Past) -> Given {
    Given { escrow: Some(past.escrow), now: past.now, facts: Facts::default() }
}

/// Nothing has happened yet.
pub fn given_nothing() -> Given {
    Given { escrow: None, now: start(), facts: Facts::default() }
}

impl Given {
    pub fn with_facts(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(&mut self.facts);
        self
    }

    pub fn when(self, actor: Actor, command: Command) -> When {
        let outcome = decide(self.escrow.as_ref(), &command, &actor, &self.facts, self.now).into();
        When { command, outcome }
    }
}

pub struct When {
    command: Command,
    pub outcome: Then,
}

impl When {
    #[track_caller]
    pub fn then(self, expected: impl Into<Then>) {
        assert_eq!(self.outcome, expected.into(), "{:?}", self.command);
    }

    /// The refusal, for those who look into it.
    #[track_caller]
    pub fn refusal(self) -> Refusal {
        match self.outcome {
            Then::Refused(refusal) => refusal,
            Then::Events(_) | Then::Already => panic!("{:?} came to {:?}", self.command, self.outcome),
        }
    }

    #[track_caller]
    pub fn events(self) -> Vec<Event> {
        match self.outcome {
            Then::Events(events) => events,
            Then::Refused(_) | Then::Already => panic!("{:?} came to {:?}", self.command, self.outcome),
        }
    }
}
