//! State → the words that people read. Every name of a state is made here, from the one stored state.

use super::deadlines::{self, Deadline, Waiting};
use super::escrow::{ChargeState, End, Escrow, How, Milestone, MilestoneEnd, MilestoneStage, Stage};
use super::party::{Role, UserId};
use super::proof::ProofPhase;
use super::terms::Mode;

/// The tone of a status, for its colours and icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Info,
    Wait,
    Held,
    Good,
    Bad,
    Dispute,
}

/// A status: words that stand by themselves, and a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub tone: Tone,
    pub words: &'static str,
}

const fn status(tone: Tone, words: &'static str) -> Status {
    Status { tone, words }
}

const REFUND_FAILED: Status = status(Tone::Bad, "Refund failed");

/// The status of the whole escrow. With several milestones it is that of the open one with the earliest
/// deadline (ties: the lowest number).
#[must_use]
pub fn of(escrow: &Escrow) -> Status {
    let charge = escrow.charge.as_ref().map(|charge| &charge.state);
    match (&escrow.stage, charge) {
        (_, Some(ChargeState::Pending { .. })) => status(Tone::Info, "Payment processing"),
        (Stage::Proposed { .. }, _) if escrow.rejected.is_some() && escrow.refund_failed() => REFUND_FAILED,
        (Stage::Proposed { .. }, _) if escrow.rejected.is_some() => status(Tone::Info, "Declined, refunding"),
        (Stage::Proposed { .. }, None) if escrow.instant() => status(Tone::Wait, "Awaiting payment"),
        (Stage::Proposed { .. }, _) if escrow.funded() => status(Tone::Wait, "Paid, awaiting acceptance"),
        (Stage::Proposed { .. }, Some(ChargeState::Failed { .. })) => status(Tone::Bad, "Payment failed"),
        (Stage::Proposed { .. }, _) => match escrow.terms.mode {
            Mode::Standard => status(Tone::Wait, "Awaiting signatures"),
            Mode::Quick | Mode::QuickProof | Mode::Instant => status(Tone::Wait, "Awaiting acceptance"),
        },
        (Stage::Agreed { .. }, Some(ChargeState::Failed { .. })) => status(Tone::Bad, "Payment failed"),
        (Stage::Agreed { .. }, _) => status(Tone::Wait, "To pay"),
        (Stage::Active { .. }, _) if escrow.cancellation.is_some() => {
            status(Tone::Wait, "Cancellation asked for")
        }
        (Stage::Active { .. }, _) => of_milestone(escrow, open_milestone(escrow)),
        (Stage::Ended { end: End::Completed | End::Refunded | End::Cancelled, .. }, _) if escrow.ruled() => {
            status(Tone::Neutral, "Decided")
        }
        (Stage::Ended { end, .. }, _) => of_end(end),
        (Stage::Closed { end: End::Completed, .. }, _) => status(Tone::Neutral, "Closed: completed"),
        (Stage::Closed { end: End::Refunded | End::Cancelled, .. }, _) => {
            status(Tone::Neutral, "Closed: refunded")
        }
        (Stage::Closed { .. }, _) => status(Tone::Neutral, "Closed"),
    }
}

fn of_end(end: &End) -> Status {
    match end {
        End::Completed => status(Tone::Good, "Completed"),
        End::Refunded => status(Tone::Neutral, "Refunded"),
        End::Cancelled => status(Tone::Neutral, "Cancelled"),
        End::ExpiredNotAccepted => status(Tone::Neutral, "Expired: not accepted"),
        End::ExpiredNotPaid => status(Tone::Neutral, "Expired: not paid"),
        End::Declined { .. } => status(Tone::Bad, "Declined"),
        End::Withdrawn { .. } => status(Tone::Neutral, "Withdrawn"),
    }
}

/// The open milestone with the earliest deadline, else the first open one, else the last.
#[must_use]
pub fn open_milestone(escrow: &Escrow) -> u16 {
    let clock = deadlines::all(escrow).into_iter().find_map(|clock| clock.milestone);
    let open = (1_u16..).zip(&escrow.milestones).find(|(_, part)| !part.ended()).map(|(number, _)| number);
    clock.or(open).unwrap_or_else(|| u16::try_from(escrow.milestones.len()).unwrap_or(u16::MAX))
}

/// The status of one milestone, numbered from 1.
#[must_use]
pub fn of_milestone(escrow: &Escrow, number: u16) -> Status {
    let Some(part) = escrow.milestone(number) else { return status(Tone::Neutral, "Unknown") };
    if escrow.dispute_over(number).is_some() {
        return status(Tone::Dispute, "In dispute");
    }
    let failed = escrow.open_refunds(number).any(|refund| refund.failed_at().is_some());
    match part.stage {
        MilestoneStage::Settling { .. } if failed => REFUND_FAILED,
        MilestoneStage::Settling { .. } if part.payable_minor() == 0 => {
            status(Tone::Info, "Refund under way")
        }
        MilestoneStage::Unfunded if part.asked.is_some() => status(Tone::Wait, "To pay"),
        MilestoneStage::Unfunded if part.funded() => status(Tone::Held, "Paid, awaiting acceptance"),
        MilestoneStage::Unfunded => status(Tone::Neutral, "Not paid yet"),
        MilestoneStage::InProgress { overdue_since: None, .. } if let Some(phase) = waiting_proof(part) => {
            phase
        }
        MilestoneStage::InProgress { overdue_since: None, .. } => status(Tone::Held, "Held in escrow"),
        MilestoneStage::ChangesRequested { overdue_since: None, .. } => {
            status(Tone::Wait, "Changes requested")
        }
        MilestoneStage::InProgress { overdue_since: Some(_), .. }
        | MilestoneStage::ChangesRequested { overdue_since: Some(_), .. } => status(Tone::Bad, "Overdue"),
        MilestoneStage::Delivered { .. } => status(Tone::Wait, "Delivered: to inspect"),
        MilestoneStage::Settling { end: MilestoneEnd::Released, .. } => {
            status(Tone::Good, "Release under way")
        }
        MilestoneStage::Settling { .. } => status(Tone::Info, "Being paid out"),
        MilestoneStage::Ended { how: How::Ruled, .. } => status(Tone::Neutral, "Decided"),
        MilestoneStage::Ended { how: How::Settled, .. } => status(Tone::Good, "Settled"),
        MilestoneStage::Ended { end: MilestoneEnd::Released, how: How::ByClock, .. } => {
            status(Tone::Good, "Released by deadline")
        }
        MilestoneStage::Ended { end: MilestoneEnd::Released, .. } => status(Tone::Good, "Released"),
        MilestoneStage::Ended { end: MilestoneEnd::Refunded, .. } => status(Tone::Neutral, "Refunded"),
        MilestoneStage::Ended { end: MilestoneEnd::Split, .. } => status(Tone::Neutral, "Split"),
        MilestoneStage::Ended { end: MilestoneEnd::Dropped, .. } => status(Tone::Neutral, "Not paid"),
    }
}

/// A proof that is not accepted yet.
fn waiting_proof(part: &Milestone) -> Option<Status> {
    match part.proof.as_ref()?.phase {
        ProofPhase::WaitingSellerProof { .. } => Some(status(Tone::Wait, "Proof needed")),
        ProofPhase::Review { .. } => Some(status(Tone::Wait, "Proof in review")),
        ProofPhase::Accepted { .. } => None,
    }
}

/// Where a step of the way stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    ToDo,
}

/// A step of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Agree,
    /// Signing, or accepting where there is no contract.
    Answer,
    PayIn,
    Proof,
    Deliver,
    Inspect,
    PayOut,
    Through,
}

/// The steps that an escrow's mode has, in their order.
fn way(escrow: &Escrow) -> Vec<(Step, &'static str)> {
    use Step::{Agree, Answer, Deliver, Inspect, PayIn, PayOut, Proof};
    let (answer, pay) = ((Answer, "Accept"), (PayIn, "Pay in"));
    let rest = [(Deliver, "Deliver"), (Inspect, "Inspect"), (PayOut, "Pay out")];
    let unanswered = matches!(escrow.stage, Stage::Proposed { .. });
    let mut way = match escrow.terms.mode {
        Mode::Standard => vec![(Agree, "Agree"), (Answer, "Sign"), pay],
        // Until it is answered, the payment comes first.
        Mode::Quick | Mode::QuickProof if escrow.terms.pay_first && unanswered => vec![pay, answer],
        Mode::Quick | Mode::QuickProof => vec![answer, pay],
        Mode::Instant => return vec![pay, (Deliver, "Deliver"), (PayOut, "Pay out")],
    };
    if escrow.terms.mode == Mode::QuickProof {
        way.push((Proof, "Proof"));
    }
    way.extend(rest);
    way
}

/// The stepper: Sign (or Accept) · Pay in · Proof · Deliver · Inspect · Pay out. Steps that a mode lacks are
/// left out, and an escrow that ended unpaid, or whose money went back, stops where it stood.
#[must_use]
pub fn steps(escrow: &Escrow) -> Vec<(&'static str, StepState)> {
    let way = way(escrow);
    let position = position(escrow);
    let stands = escrow.over() || escrow.milestone(open_milestone(escrow)).is_some_and(goes_back);
    let at = way.iter().position(|(step, _)| *step == position).unwrap_or(way.len());
    let state = |place: usize| match place.cmp(&at) {
        std::cmp::Ordering::Less => StepState::Done,
        std::cmp::Ordering::Equal if stands => StepState::ToDo,
        std::cmp::Ordering::Equal => StepState::Current,
        std::cmp::Ordering::Greater => StepState::ToDo,
    };
    way.iter().enumerate().map(|(place, (_, name))| (*name, state(place))).collect()
}

/// How far along its way an escrow is.
fn position(escrow: &Escrow) -> Step {
    match &escrow.stage {
        Stage::Proposed { .. } if escrow.instant() => Step::PayIn,
        Stage::Proposed { .. } if escrow.terms.pay_first && !escrow.funded() => Step::PayIn,
        Stage::Proposed { .. } => Step::Answer,
        Stage::Agreed { .. } => Step::PayIn,
        Stage::Active { .. } => match escrow.milestone(open_milestone(escrow)) {
            Some(part) if goes_back(part) => stood(part),
            Some(part) => at_milestone(part),
            None => Step::Deliver,
        },
        Stage::Ended { end, .. } | Stage::Closed { end, .. } => match end {
            End::Completed => Step::Through,
            End::Refunded | End::Cancelled => {
                let released = escrow.milestones.iter().any(|part| part.released_minor > 0);
                let first = escrow.milestones.first().filter(|_| !released);
                first.map_or(Step::Through, stood)
            }
            End::ExpiredNotPaid => Step::PayIn,
            End::Withdrawn { .. } if escrow.all_agreed() => Step::PayIn,
            End::ExpiredNotAccepted | End::Declined { .. } | End::Withdrawn { .. } => Step::Answer,
        },
    }
}

/// Whether all that is left of it is on its way back to the buyer.
fn goes_back(part: &Milestone) -> bool {
    matches!(part.stage, MilestoneStage::Settling { .. }) && part.payable_minor() == 0
}

/// Where the work stood when its money went back: nobody inspected what was not delivered.
fn stood(part: &Milestone) -> Step {
    match (&part.delivery, &part.proof) {
        (Some(_), _) => Step::Inspect,
        (None, Some(proof)) if !proof.accepted() => Step::Proof,
        (None, _) => Step::Deliver,
    }
}

fn at_milestone(part: &Milestone) -> Step {
    match part.stage {
        MilestoneStage::Unfunded => Step::PayIn,
        MilestoneStage::InProgress { .. } if part.proof.as_ref().is_some_and(|proof| !proof.accepted()) => {
            Step::Proof
        }
        MilestoneStage::InProgress { .. } | MilestoneStage::ChangesRequested { .. } => Step::Deliver,
        MilestoneStage::Delivered { .. } => Step::Inspect,
        MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. } => Step::PayOut,
    }
}

/// The most urgent thing that waits for one user here.
#[must_use]
pub fn task_of(escrow: &Escrow, user: UserId) -> Option<Deadline> {
    deadlines::all(escrow).into_iter().find(|clock| deadlines::asks(escrow, clock, user))
}

/// A task in a few words, for lists: what this reader is to do.
#[must_use]
pub fn task_words(waiting: Waiting, mode: Mode, is_seller: bool) -> &'static str {
    match (waiting, mode) {
        (Waiting::Acceptance, Mode::Standard) => "Read the contract and sign it",
        (Waiting::SellerAnswer, _) => "Answer: the buyer has paid already",
        (Waiting::Acceptance, Mode::Quick | Mode::QuickProof | Mode::Instant) => "Read the terms and answer",
        (Waiting::Payment | Waiting::LinkPayment, _) => "Pay into escrow",
        (Waiting::NextPayment, _) => "Pay for the next milestone",
        (Waiting::ProofUpload, _) => "Send the proof",
        (Waiting::ProofReview, _) => "Look at the proof",
        (Waiting::RailAnswer, _) => "Wait for the payment's result",
        (Waiting::Delivery, _) => "Deliver the work",
        (Waiting::Inspection, _) => "Inspect the delivery",
        (Waiting::Changes, _) => "Make the changes and deliver again",
        (Waiting::Cancelling, _) if is_seller => "Deliver, it is overdue",
        (Waiting::Cancelling, _) => "Decide whether to cancel",
        (Waiting::Extension, _) => "Answer the request for more time",
        (Waiting::CancellationAnswer, _) => "Answer the request to cancel",
        (Waiting::Settlement, _) => "Answer the offer to settle",
        (Waiting::DisputeAnswer, _) => "Answer the dispute",
        (Waiting::DisputeTalk, _) => "Settle the dispute",
        (Waiting::Ruling, _) => "Decide the dispute",
        (Waiting::PayOut, _) => "Move your money to your wallet",
        (Waiting::RefundAnswer | Waiting::RefundAgain, _) => "Wait for the refund's result",
        (Waiting::FailedRefund, _) => "Have a failed refund sent again",
        (Waiting::Closing, _) => "Close the escrow",
    }
}

/// "the buyer and the seller".
#[must_use]
pub fn roles_in_words(roles: &[Role]) -> String {
    let payees = roles.iter().filter(|role| **role == Role::Payee).count();
    let named = roles.iter().filter(|role| **role != Role::Payee || payees == 1);
    let mut words: Vec<String> = named.map(|role| format!("the {}", role.word())).collect();
    if payees > 1 {
        words.push(format!("the {payees} payees"));
    }
    match words.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Words as they begin a sentence.
#[must_use]
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
