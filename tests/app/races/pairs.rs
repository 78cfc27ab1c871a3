//! Every pair of commands that exclude each other, at the same moment and against one another.
//!
//! Each pair is first carried out one after the other in both orders, on deals of their own; what comes of the
//! race has to be one of these two ends, in its outcomes and in everything that stands afterwards. Where
//! exactly one may win, the other is told why by a sentence that the row names.

use holdfast::doctor;
use holdfast::engine::command::Command;
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::{Escrow, Method};
use holdfast::engine::seen::Scope;
use holdfast::store::execute::{Outcome, Request, Who, tick};
use uuid::Uuid;

use super::ready::Ready;
use super::{at_once, by};
use crate::deal::Deal;
use crate::world::{World, both};

/// What may come of a pair.
enum Ends {
    /// One wins: what the second is told where the first was faster, and the other way round.
    One([&'static str; 2]),
    /// In one of the two orders both stand.
    Serial,
    /// Time was first, whoever came first: this is what the person is told.
    Clock(&'static str),
}

/// A deal, who is in it, and what the commands are made of.
pub(super) struct Cast {
    pub deal: Deal,
    pub escrow: Escrow,
    pub payment: Uuid,
    pub operators: [Uuid; 3],
}

/// Two who do something; the second may be time.
type Pair = fn(&Cast) -> [Option<Request>; 2];

const DONE: &str = "(already done)";
const STALE: &str = "(look again)";
const ANSWERED: &str = "This milestone has not been delivered, or has been answered already.";
const ENDED: &str = "This escrow has ended.";
const NO_OFFER: &str = "This offer no longer stands.";
const NO_DISPUTE: &str = "This dispute is over, or there is none of this number.";
const SETTLED: &str = "Nothing is held here about which something is still to be decided.";
const FROZEN: &str = "This milestone is in dispute and frozen until the dispute ends.";
const NO_REQUEST: &str = "No request to cancel is waiting for an answer.";
const NOT_OPEN: &str = "The terms are no longer open for answers.";

impl Cast {
    fn buyer(&self, command: Command) -> Option<Request> {
        Some(by(&self.deal, self.deal.buyer, command))
    }

    fn seller(&self, command: Command) -> Option<Request> {
        Some(by(&self.deal, self.deal.seller, command))
    }

    pub(super) fn operator(&self, place: usize, command: Command) -> Option<Request> {
        Some(Request::new(self.deal.escrow, Who::Operator(self.operators[place]), command))
    }

    fn pay(&self) -> Command {
        let method = Method::Rail { rail: "sandbox".to_owned() };
        Command::StartCharge { payment: self.payment, milestones: self.escrow.to_pay(), method }
    }

    fn left(&self) -> i64 {
        self.escrow.milestone(1).unwrap().left_minor()
    }

    fn splits(&self, release_minor: i64) -> Vec<Split> {
        vec![Split { milestone: 1, release_minor, refund_minor: self.left() - release_minor }]
    }

    pub(super) fn dispute(&self) -> Command {
        let (failed, files) = (Vec::new(), Vec::new());
        Command::OpenDispute { claims: self.splits(0), reason: words(), failed, files }
    }

    pub(super) fn rule(&self, release_minor: i64) -> Command {
        Command::Rule { dispute: 1, splits: self.splits(release_minor), reasons: words() }
    }

    fn counter(&self) -> Command {
        let mut terms = self.escrow.terms.clone();
        terms.description = "With a handle.".to_owned();
        Command::Counter { version: self.escrow.version, terms: Box::new(terms) }
    }

    fn sign(&self) -> Command {
        Command::Sign {
            version: self.escrow.version,
            document_sha256: self.escrow.document_sha256.clone(),
            evidence_sha256: "e".repeat(64),
        }
    }
}

pub(super) fn words() -> String {
    "Because.".to_owned()
}

const APPROVE: Command = Command::Approve { milestone: 1, part_minor: None };
const CANCEL: Command = Command::Cancel { milestone: 1 };
const REFUND: Command = Command::Refund { milestone: 1, part_minor: None };
pub(super) const ACCEPT: Command = Command::Accept { version: 1 };
const TAKE_OFFER: Command = Command::AcceptSettlement { settlement: 1 };
const CONFIRM: Command = Command::ConfirmRuling { dispute: 1 };
const WITHDRAW_DISPUTE: Command = Command::WithdrawDispute { dispute: 1 };
const CONCEDE: Command = Command::Concede { dispute: 1 };

fn cancel_all() -> Command {
    Command::CancelAll { reason: words() }
}

fn changes() -> Command {
    Command::RequestChanges { milestone: 1, failed: vec![0], reason: words() }
}

fn deliver() -> Command {
    Command::MarkDone { milestone: 1, note: words(), files: Vec::new() }
}

pub(super) fn state() -> Command {
    Command::Statement { dispute: 1, text: words(), files: Vec::new() }
}

pub(super) fn ask_to_cancel() -> Command {
    Command::RequestCancellation { reason: words() }
}

fn corrections() -> Command {
    Command::RequestCorrections { milestone: 1, note: words() }
}

impl World {
    /// Carries out one of a pair; time has nothing to say but that it was there.
    async fn carries_out(&self, deal: &Deal, request: Option<&Request>) -> Option<Outcome> {
        match request {
            Some(request) => Some(self.app.execute(request).await.unwrap()),
            None => {
                self.ticks(deal).await;
                None
            }
        }
    }

    /// Both at once, and what each was told.
    async fn races(&self, deal: &Deal, pair: [Option<Request>; 2]) -> [Option<Outcome>; 2] {
        let requests: Vec<Request> = pair.iter().flatten().cloned().collect();
        if requests.len() == 2 {
            let [first, second] = at_once(self, requests).await.try_into().unwrap();
            return [Some(first), Some(second)];
        }
        let ticking = {
            let (app, id) = (self.app.clone(), deal.escrow);
            tokio::spawn(async move { tick(&app.db, &app.clock, id).await.unwrap() })
        };
        let mut outcomes = at_once(self, requests).await;
        ticking.await.unwrap();
        [outcomes.pop(), None]
    }

    /// One row: in both orders, and then three times at once.
    async fn plays(&self, what: &str, ready: Ready, pair: Pair, ends: &Ends, operators: [Uuid; 3]) {
        let mut serial = Vec::new();
        for order in [[0, 1], [1, 0]] {
            let cast = self.ready(ready, operators).await;
            let pair = pair(&cast);
            let mut outcomes = [None, None];
            for place in order {
                outcomes[place] = self.carries_out(&cast.deal, pair[place].as_ref()).await;
            }
            serial.push((outcomes, standing(&self.escrow(&cast.deal).await)));
        }
        match ends {
            Ends::One(told) => {
                for (first, (outcomes, _)) in serial.iter().enumerate() {
                    let [winner, loser] = [&outcomes[first], &outcomes[1 - first]];
                    assert_eq!(*winner, Some(Outcome::Done), "{what}, the faster of {outcomes:?}");
                    assert_eq!(said(loser.as_ref()), told[first], "{what}, {first} was faster");
                }
            }
            Ends::Clock(told) => {
                assert_eq!(serial[0].1, serial[1].1, "{what}");
                for (outcomes, _) in &serial {
                    assert_eq!(said(outcomes[0].as_ref()), *told, "{what}");
                }
            }
            Ends::Serial => {
                let both = |outcomes: &[Option<Outcome>; 2]| {
                    outcomes.iter().flatten().all(|it| *it == Outcome::Done)
                };
                assert!(serial.iter().any(|(outcomes, _)| both(outcomes)), "{what}: {serial:?}");
                for outcome in serial.iter().flat_map(|(outcomes, _)| outcomes) {
                    assert!(said(outcome.as_ref()).ends_with(['.', ')']), "{what}: {outcome:?}");
                }
            }
        }
        for _ in 0..3 {
            let cast = self.ready(ready, operators).await;
            let outcomes = self.races(&cast.deal, pair(&cast)).await;
            let raced = (outcomes, standing(&self.escrow(&cast.deal).await));
            assert!(serial.contains(&raced), "{what} came to {raced:#?}, and should to one of {serial:#?}");
        }
    }

    async fn plays_all(&self, rows: &[(&str, Ready, Pair, Ends)]) {
        let mut operators = [Uuid::nil(); 3];
        for (place, email) in ["olfa@example.com", "omar@example.com", "oda@example.com"].iter().enumerate() {
            operators[place] = self.operator(email).await;
        }
        for (what, ready, pair, ends) in rows {
            self.plays(what, *ready, *pair, ends, operators).await;
        }
        let report = doctor::examine(&self.app).await.unwrap();
        // Those who sign here bring no row of what they typed.
        let unhealthy = report.ailments.iter().any(|what| !what.contains(": the signature of "));
        assert!(!unhealthy, "{report}");
    }
}

/// What somebody is told, in words.
fn said(outcome: Option<&Outcome>) -> String {
    match outcome {
        None | Some(Outcome::Done) => "(done)".to_owned(),
        Some(Outcome::AlreadyDone) => DONE.to_owned(),
        Some(Outcome::Stale) => STALE.to_owned(),
        Some(Outcome::Refused { refusal }) => refusal.sentence(),
        Some(other) => format!("{other:?}"),
    }
}

/// Everything that stands, without the moments since when.
fn standing(escrow: &Escrow) -> String {
    let mut told = format!("v{} {}", escrow.version, name(&escrow.stage));
    for party in &escrow.parties {
        let signed = party.signature.as_ref().map(|mark| mark.version);
        told += &format!(" · {:?} {:?} {signed:?}", party.role, party.status);
    }
    for part in &escrow.milestones {
        let sums = (part.left_minor(), part.held_minor(), part.payable_minor());
        let rest =
            (part.released_minor, part.refunded_minor, part.extension.is_some(), part.stopped_at.is_some());
        let proof = part.proof.as_ref().map(|proof| (proof.corrections, name(&proof.phase)));
        told += &format!(" · {} {sums:?} {rest:?} {proof:?}", name(&part.stage));
    }
    let offers: Vec<_> = escrow.settlements.iter().map(|offer| (offer.number, offer.by)).collect();
    let disputes: Vec<_> = escrow
        .disputes
        .iter()
        .map(|open| (name(&open.step), open.ruling().map(|it| it.splits.clone())))
        .collect();
    let charge = escrow.charge.as_ref().map(|charge| name(&charge.state));
    let cancelling = escrow.cancellation.is_some();
    told + &format!(" · {offers:?} {disputes:?} {charge:?} {cancelling}")
}

/// The variant of something stored, and how it ended.
fn name(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    let part = |key: &str| value.get(key).map(ToString::to_string).unwrap_or_default();
    ["is", "end", "how", "phase"].map(part).concat()
}

both! {
    async fn while_a_deal_is_made_and_paid_one_wins(world) {
        world.plays_all(&[
            ("sign, counter", Ready::Sent, |it| [it.buyer(it.sign()), it.seller(it.counter())], Ends::Serial),
            ("accept, withdraw", Ready::SentQuick, |it| [it.buyer(ACCEPT), it.seller(Command::Withdraw)], Ends::Serial),
            ("accept, decline", Ready::SentQuick, |it| {
                [it.buyer(ACCEPT), it.buyer(Command::Decline { reason: words() })]
            }, Ends::One([NOT_OPEN, ENDED])),
            ("pay, counter", Ready::SentPayFirst, |it| {
                let seen = Some(it.escrow.seen(Scope::Whole));
                [it.buyer(it.pay()).map(|pay| Request { seen, ..pay }), it.seller(it.counter())]
            }, Ends::One(["A payment is being processed. Wait for its result.", STALE])),
            ("accept, decline what is paid", Ready::PaidFirst, |it| {
                let version = it.escrow.version;
                [it.seller(Command::Accept { version }), it.seller(Command::Decline { reason: words() })]
            }, Ends::One([NOT_OPEN, ENDED])),
            ("pay, withdraw", Ready::Agreed, |it| [it.buyer(it.pay()), it.seller(Command::Withdraw)],
                Ends::One(["A payment is being processed. Wait for its result.", ENDED])),
            ("pay, expire", Ready::PayLate, |it| [it.buyer(it.pay()), None], Ends::Clock(ENDED)),
        ]).await;
    }
}

both! {
    async fn while_work_is_done_and_checked_one_wins(world) {
        world.plays_all(&[
            ("accept, correct a proof", Ready::ProofInReview, |it| {
                [it.buyer(Command::AcceptProof { milestone: 1 }), it.buyer(corrections())]
            }, Ends::One(["There is no proof to answer now.", "There is no proof to answer now."])),
            ("deliver, ask to cancel", Ready::Paid, |it| [it.seller(deliver()), it.buyer(ask_to_cancel())], Ends::Serial),
            ("deliver, cancel all", Ready::Paid, |it| [it.seller(deliver()), it.seller(cancel_all())], Ends::Serial),
            ("deliver, cancel", Ready::Overdue, |it| [it.seller(deliver()), it.buyer(CANCEL)], Ends::One([
                "You can cancel only once the seller is late by more than the agreed days.",
                "This milestone is not being worked on.",
            ])),
            ("grant, refuse more time", Ready::Asked, |it| {
                let (grant, refuse) = (Command::GrantExtension { milestone: 1 }, Command::RefuseExtension { milestone: 1 });
                [it.buyer(grant), it.buyer(refuse)]
            }, Ends::One(["Nobody is asking for more time here.", "Nobody is asking for more time here."])),
            ("grant more time, lapse", Ready::AskedLate, |it| {
                [it.buyer(Command::GrantExtension { milestone: 1 }), None]
            }, Ends::Clock("Nobody is asking for more time here.")),
            ("approve, ask for changes", Ready::Delivered, |it| [it.buyer(APPROVE), it.buyer(changes())],
                Ends::One([ANSWERED, ANSWERED])),
            ("approve, refund", Ready::Delivered, |it| [it.buyer(APPROVE), it.seller(REFUND)],
                Ends::One([SETTLED, ANSWERED])),
            ("approve, cancel all", Ready::Delivered, |it| [it.buyer(APPROVE), it.seller(cancel_all())],
                Ends::One([ENDED, ANSWERED])),
            ("close twice", Ready::Released, |it| [it.buyer(Command::Close), it.seller(Command::Close)],
                Ends::One([DONE, DONE])),
        ]).await;
    }
}

both! {
    async fn while_people_disagree_one_wins(world) {
        world.plays_all(&[
            ("approve, dispute", Ready::Delivered, |it| [it.buyer(APPROVE), it.seller(it.dispute())],
                Ends::One([ENDED, FROZEN])),
            ("dispute, lapse", Ready::InspectedLate, |it| [it.buyer(it.dispute()), None], Ends::Clock(ENDED)),
            ("two disputes", Ready::Delivered, |it| [it.buyer(it.dispute()), it.seller(it.dispute())],
                Ends::One([FROZEN, FROZEN])),
            ("withdraw, refuse to cancel", Ready::Cancelling, |it| {
                [it.buyer(Command::WithdrawCancellation), it.seller(Command::RefuseCancellation { reason: words() })]
            }, Ends::One([NO_REQUEST, NO_REQUEST])),
            ("withdraw, agree to cancel", Ready::Cancelling, |it| {
                [it.buyer(Command::WithdrawCancellation), it.seller(cancel_all())]
            }, Ends::Serial),
            ("accept, withdraw an offer", Ready::Offered, |it| {
                [it.buyer(TAKE_OFFER), it.seller(Command::WithdrawSettlement { settlement: 1 })]
            }, Ends::One([NO_OFFER, NO_OFFER])),
            ("accept, refuse an offer", Ready::Offered, |it| {
                [it.buyer(TAKE_OFFER), it.buyer(Command::RefuseSettlement { settlement: 1 })]
            }, Ends::One([NO_OFFER, NO_OFFER])),
            ("accept an offer, approve", Ready::Offered, |it| [it.buyer(TAKE_OFFER), it.buyer(APPROVE)],
                Ends::One([ANSWERED, NO_OFFER])),
            ("state, withdraw a dispute", Ready::Disputed, |it| [it.seller(state()), it.buyer(WITHDRAW_DISPUTE)],
                Ends::Serial),
            ("concede, withdraw a dispute", Ready::Disputed, |it| [it.seller(CONCEDE), it.buyer(WITHDRAW_DISPUTE)],
                Ends::One([NO_DISPUTE, NO_DISPUTE])),
            ("rule, concede", Ready::Handed, |it| [it.operator(0, it.rule(1_000)), it.seller(CONCEDE)],
                Ends::One([NO_DISPUTE, NO_DISPUTE])),
            ("rule, settle", Ready::HandedAndOffered, |it| [it.operator(0, it.rule(1_000)), it.buyer(TAKE_OFFER)],
                Ends::One([NO_OFFER, NO_DISPUTE])),
            ("two operators rule", Ready::Handed, |it| {
                [it.operator(0, it.rule(1_000)), it.operator(1, it.rule(2_000))]
            }, Ends::One([NO_DISPUTE, NO_DISPUTE])),
            ("confirm, return a ruling", Ready::Ruled, |it| {
                [it.operator(1, CONFIRM), it.operator(2, Command::ReturnRuling { dispute: 1, reason: words() })]
            }, Ends::One([NO_DISPUTE, "No decision is waiting for a second operator."])),
            ("confirm twice", Ready::Ruled, |it| [it.operator(1, CONFIRM), it.operator(2, CONFIRM)],
                Ends::One([NO_DISPUTE, NO_DISPUTE])),
        ]).await;
    }
}
