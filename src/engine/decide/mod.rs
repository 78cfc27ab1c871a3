//! What a command comes to: events, "already done", or a refusal. Nothing else decides.
//!
//! Each part of the domain has a file. A decision works on a copy of the escrow that its own events
//! change as they are made, so that a later event of the same decision sees what an earlier one did.

mod agreement;
mod cancellation;
mod clock;
mod dates;
mod delivery;
mod dispute;
mod ending;
mod funding;
mod link;
mod negotiation;
mod proof;
mod refund;
mod settlement;

pub use cancellation::MOST_REQUESTS;
pub use dates::MOST_INSPECTION_DAYS;
pub use negotiation::{MOST_VERSIONS, may_nudge, nudged_at};

use super::command::{Command, Facts};
use super::deadlines;
use super::escrow::{End, Escrow, Milestone, Stage};
use super::event::Event;
use super::evolve::evolve;
use super::party::{Actor, Role, UserId};
use super::refusal::{LONGEST_TEXT, Refusal};
use super::time::Time;
use crate::text::{is_blank, is_hiding};

/// What a command comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Done(Vec<Event>),
    /// Its effect already stands; nothing changes.
    AlreadyDone,
}

/// Decides a command at `now`.
///
/// The actor's role is looked at before anything else, so that "already done" is told only to those who
/// could have done it.
///
/// # Errors
/// Why it is refused; then nothing changes.
pub fn decide(
    escrow: Option<&Escrow>,
    command: &Command,
    actor: &Actor,
    facts: &Facts,
    now: Time,
) -> Result<Decision, Refusal> {
    if facts.frozen {
        return Err(Refusal::AccountFrozen);
    }
    let Some(escrow) = escrow else {
        let Command::Propose { id, reference, terms } = command else { return Err(Refusal::NotAParty) };
        return agreement::propose(*id, reference, terms, actor, facts, now);
    };
    let mut draft = Draft::new(escrow, *actor, &facts.rails_that_refund, now);
    if matches!(escrow.stage, Stage::Closed { .. }) && !refund::is_heard_when_closed(escrow, command) {
        let again = *command == Command::Close && actor.role().is_some();
        return if again { Ok(Decision::AlreadyDone) } else { Err(Refusal::EscrowClosed) };
    }
    carry_out(&mut draft, command, facts)?;
    Ok(draft.finish())
}

fn carry_out(draft: &mut Draft, command: &Command, facts: &Facts) -> Result<(), Refusal> {
    match command {
        Command::Propose { terms, .. } => agreement::propose_again(draft, terms),
        Command::Counter { version, terms } => negotiation::counter(draft, *version, terms, facts),
        Command::CorrectParty { user, to, identity_sha256 } => {
            negotiation::correct_party(draft, *user, *to, identity_sha256, facts)
        }
        Command::InviteAgain { user } => negotiation::invite_again(draft, *user),
        Command::Nudge { waiting, milestone } => negotiation::nudge(draft, *waiting, *milestone),
        Command::Accept { version } => agreement::accept(draft, *version, facts),
        Command::Sign { version, document_sha256, evidence_sha256 } => {
            agreement::sign(draft, *version, document_sha256, evidence_sha256, facts)
        }
        Command::Decline { reason } => agreement::decline(draft, reason),
        Command::Disown => agreement::disown(draft),
        Command::Withdraw => agreement::withdraw(draft),
        Command::StartCharge { payment, milestones, method } => {
            funding::start_charge(draft, *payment, milestones, method, facts)
        }
        Command::BuyByLink { payment, method, identity_sha256, guest } => {
            link::buy(draft, *payment, method, identity_sha256, *guest, facts)
        }
        Command::Claim { to, identity_sha256 } => link::claim(draft, *to, identity_sha256, facts),
        Command::ChargeSettled { payment } => funding::charge_settled(draft, *payment, facts),
        Command::ChargeFailed { payment, reason } => funding::charge_failed(draft, *payment, reason),
        Command::RefundSettled { refund, attempt } => refund::settled(draft, *refund, *attempt),
        Command::RefundFailed { refund, attempt, reason } => refund::failed(draft, *refund, *attempt, reason),
        Command::RetryRefund { refund } => refund::retry(draft, *refund, facts),
        Command::RefundToWallet { refund } => refund::to_wallet(draft, *refund, facts),
        Command::SubmitProof { milestone, kind, note, files } => {
            proof::submit(draft, *milestone, *kind, note, files)
        }
        Command::AcceptProof { milestone } => proof::accept(draft, *milestone),
        Command::RequestCorrections { milestone, note } => {
            proof::request_corrections(draft, *milestone, note)
        }
        Command::MarkDone { milestone, note, files } => {
            delivery::mark_done(draft, *milestone, note, files, facts)
        }
        Command::Approve { milestone, part_minor } => {
            delivery::approve(draft, *milestone, *part_minor, facts)
        }
        Command::RequestChanges { milestone, failed, reason } => {
            delivery::request_changes(draft, *milestone, failed, reason)
        }
        Command::ExtendInspection { milestone, days } => dates::extend_inspection(draft, *milestone, *days),
        Command::AskExtension { milestone, due, reason } => {
            dates::ask_extension(draft, *milestone, *due, reason)
        }
        Command::GrantExtension { milestone } => dates::grant_extension(draft, *milestone),
        Command::RefuseExtension { milestone } => dates::refuse_extension(draft, *milestone),
        Command::Cancel { milestone } => ending::cancel(draft, *milestone),
        Command::Refund { milestone, part_minor } => {
            cancellation::refund_by_seller(draft, *milestone, *part_minor)
        }
        Command::RequestCancellation { reason } => cancellation::request(draft, reason),
        Command::WithdrawCancellation => cancellation::withdraw(draft),
        Command::CancelAll { reason } => cancellation::cancel_all(draft, reason),
        Command::RefuseCancellation { reason } => cancellation::refuse(draft, reason),
        Command::OfferSettlement { splits, note } => settlement::offer(draft, splits, note),
        Command::AcceptSettlement { settlement } => settlement::accept(draft, *settlement, facts),
        Command::RefuseSettlement { settlement } => settlement::refuse(draft, *settlement),
        Command::WithdrawSettlement { settlement } => settlement::withdraw(draft, *settlement),
        Command::OpenDispute { claims, reason, failed, files } => {
            dispute::open(draft, claims, reason, failed, files, facts)
        }
        Command::Statement { dispute, text, files } => dispute::state(draft, *dispute, text, files),
        Command::WithdrawDispute { dispute } => dispute::withdraw(draft, *dispute),
        Command::Concede { dispute } => dispute::concede(draft, *dispute, facts),
        Command::Rule { dispute, splits, reasons } => dispute::rule(draft, *dispute, splits, reasons, facts),
        Command::ConfirmRuling { dispute } => dispute::confirm(draft, *dispute, facts),
        Command::ReturnRuling { dispute, reason } => dispute::send_back(draft, *dispute, reason, facts),
        Command::DeclineArbitration { reason } => dispute::decline_arbitration(draft, reason),
        Command::Say { text, files } => dispute::say(draft, text, files),
        Command::PayOut { milestone } => ending::pay_out(draft, *milestone),
        Command::Close => ending::close(draft),
        Command::Lapse { waiting, milestone, since } => {
            clock::lapse(draft, *waiting, *milestone, *since, facts)
        }
        Command::Remind { waiting, milestone, since, mark } => {
            clock::remind(draft, *waiting, *milestone, *since, *mark)
        }
    }
}

/// A decision in the making.
struct Draft {
    escrow: Escrow,
    actor: Actor,
    now: Time,
    /// When the clock ran out whose silence is carried out: earlier than now where a worker came late.
    lapsed_at: Option<Time>,
    events: Vec<Event>,
    /// The providers by which money can go back as it came.
    rails_that_refund: Vec<String>,
}

impl Draft {
    fn new(escrow: &Escrow, actor: Actor, rails_that_refund: &[String], now: Time) -> Self {
        let rails_that_refund = rails_that_refund.to_vec();
        let (escrow, events) = (escrow.clone(), Vec::new());
        Self { escrow, actor, now, lapsed_at: None, events, rails_that_refund }
    }

    fn push(&mut self, event: Event) {
        if let Some(next) = evolve(Some(self.escrow.clone()), &event, self.now) {
            self.escrow = next;
        }
        self.events.push(event);
    }

    /// The end of a clock of so many days that this decision starts.
    fn until(&self, days: i64) -> Time {
        deadlines::ends(self.lapsed_at, self.now, days)
    }

    fn ended(&mut self, end: End) {
        self.push(Event::Ended { end, lapsed_at: self.lapsed_at });
    }

    fn finish(self) -> Decision {
        if self.events.is_empty() { Decision::AlreadyDone } else { Decision::Done(self.events) }
    }

    /// The actor's role, if it is one of these.
    fn needs(&self, roles: &[Role]) -> Result<Role, Refusal> {
        match self.actor.role() {
            Some(role) if roles.contains(&role) => Ok(role),
            Some(_) => Err(Refusal::NotYourRole { needs: roles.to_vec() }),
            None => Err(Refusal::NotAParty),
        }
    }

    /// Whether an operator takes part himself, by account or address, or is the escrow's own arbiter.
    fn takes_part(&self, operator: UserId, facts: &Facts) -> bool {
        let arbiter = self.escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == operator);
        facts.address_takes_part || arbiter || self.escrow.party_of(operator).is_some()
    }

    fn user(&self) -> Result<UserId, Refusal> {
        self.actor.user().ok_or(Refusal::NotAParty)
    }

    /// A dispute freezes its milestones for every command but those of the dispute.
    fn unfrozen(&self, number: u16) -> Result<(), Refusal> {
        if self.escrow.dispute_over(number).is_some() { Err(Refusal::InDispute) } else { Ok(()) }
    }

    /// While the buyer's request to cancel stands, nobody works on.
    fn not_cancelling(&self) -> Result<(), Refusal> {
        if self.escrow.cancellation.is_some() { Err(Refusal::CancellationRequested) } else { Ok(()) }
    }

    fn milestone(&self, number: u16) -> Result<&Milestone, Refusal> {
        self.escrow.milestone(number).ok_or(Refusal::NoSuchMilestone)
    }
}

/// A text that must say something, within the limit.
fn said(text: &str) -> Result<(), Refusal> {
    if is_blank(text) {
        return Err(Refusal::ReasonMissing);
    }
    short_enough(text)
}

/// A text within the limit that shows its readers all that it holds.
fn short_enough(text: &str) -> Result<(), Refusal> {
    if is_hiding(text) {
        return Err(Refusal::SignsHidden);
    }
    if text.chars().count() > LONGEST_TEXT {
        let most = u32::try_from(LONGEST_TEXT).unwrap_or(u32::MAX);
        return Err(Refusal::TextTooLong { most });
    }
    Ok(())
}
