//! What happens next: who must do what by when, and what happens otherwise. One table from state and
//! role to words; the page, the mails and the lists read it.

mod arbiter;
mod disagreement;
mod payee;
mod refunds;
mod sent;

pub use arbiter::of_arbiter;
pub use disagreement::if_unanswered;
pub use sent::of_sent;

use disagreement::disagreement;

use super::deadlines::{self, Deadline, Waiting};
use super::decide::{MOST_VERSIONS, may_nudge};
use super::escrow::{ChargeState, End, Escrow, Stage, WhyNot};
use super::offers::Action;
use super::party::{Role, UserId};
use super::proof::MOST_CORRECTIONS;
use super::status::roles_in_words;
use super::terms::Mode;
use super::time::Time;
use crate::money::Money;

/// The next-panel for one viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Whether this viewer must act.
    pub yours: bool,
    /// Who must do what, without a full stop, so that "by …" can follow.
    pub headline: String,
    pub by: Option<Time>,
    /// What happens if nobody acts.
    pub otherwise: Option<String>,
    /// Something the viewer should know besides, such as why a payment failed.
    pub note: Option<String>,
    /// The one filled button.
    pub primary: Option<Action>,
    /// Quieter ones.
    pub secondary: Vec<Action>,
    pub milestone: Option<u16>,
}

/// The panel of a user with a role in the escrow. What waits for the viewer comes before what waits for
/// others, the earliest deadline first.
#[must_use]
pub fn panel(escrow: &Escrow, user: UserId, role: Role, now: Time) -> Next {
    if role == Role::Payee {
        return payee::panel(escrow, user);
    }
    let clocks = deadlines::all(escrow);
    let mine = clocks.iter().find(|clock| deadlines::asks(escrow, clock, user));
    let first = clocks.first();
    let mut next = match mine.or(first) {
        Some(clock) if clock.waiting != Waiting::Closing => {
            of_clock(escrow, clock, mine.is_some(), (user, role), now)
        }
        Some(_) | None => over(escrow, role),
    };
    // While a payment is under way nobody can leave.
    let open = matches!(escrow.stage, Stage::Proposed { .. } | Stage::Agreed { .. })
        && !escrow.charge_pending()
        && escrow.rejected.is_none();
    let agreed = escrow.party_of(user).is_some_and(|party| escrow.has_agreed(party));
    if open && escrow.instant() {
        // The seller's terms stand as they are, and whoever tried to pay is bound to nothing.
        next.secondary.extend((role == Role::Seller).then_some(Action::Withdraw));
    } else if open && role.must_agree() {
        if matches!(escrow.stage, Stage::Proposed { .. }) && may_counter(escrow) {
            next.secondary.push(Action::Counter);
        }
        // Whoever has not answered yet declines; to withdraw is for those who stand behind the deal.
        if user != escrow.proposer() && !agreed {
            next.secondary.push(Action::Decline);
        } else if (role != Role::Broker || user == escrow.creator) && !escrow.funded() {
            next.secondary.push(Action::Withdraw);
        }
    }
    next
}

/// Other terms can be proposed as long as nothing is paid and there were not too many already.
fn may_counter(escrow: &Escrow) -> bool {
    escrow.version < MOST_VERSIONS && !escrow.milestones.iter().any(super::escrow::Milestone::funded)
}

/// The panel of one milestone, numbered from 1; nothing where none of its clocks runs.
#[must_use]
pub fn of_milestone(escrow: &Escrow, user: UserId, role: Role, number: u16, now: Time) -> Option<Next> {
    let mut clocks = deadlines::all(escrow);
    clocks.retain(|clock| clock.milestone == Some(number));
    let mine = clocks.iter().find(|clock| deadlines::asks(escrow, clock, user));
    let clock = mine.or(clocks.first())?;
    Some(of_clock(escrow, clock, mine.is_some(), (user, role), now))
}

fn of_clock(escrow: &Escrow, clock: &Deadline, yours: bool, (user, role): (UserId, Role), now: Time) -> Next {
    let number = clock.milestone.unwrap_or(1);
    let title = escrow
        .terms
        .milestones
        .get(usize::from(number).saturating_sub(1))
        .map_or_else(String::new, |terms| format!("“{}”", terms.title));
    let (headline, otherwise) = words(escrow, clock, &title, yours, role);
    let (primary, secondary) = actions(escrow, clock.waiting, role, number);
    let by = clock.due.filter(|due| *due > now).unwrap_or(clock.at);
    let nudge = Action::Nudge(clock.waiting, clock.milestone);
    let can_nudge = role.must_agree() && may_nudge(escrow, clock, user, now).is_ok();
    Next {
        yours,
        headline,
        by: Some(by),
        otherwise: Some(otherwise),
        note: refunds::note(escrow, clock, role)
            .or_else(|| failed_charge(escrow, role))
            .or_else(|| rejection(escrow, role)),
        primary: if yours { primary } else { None },
        secondary: if yours { secondary } else { can_nudge.then_some(nudge).into_iter().collect() },
        milestone: clock.milestone,
    }
}

fn failed_charge(escrow: &Escrow, role: Role) -> Option<String> {
    let charge = escrow.charge.as_ref().filter(|_| role == Role::Buyer)?;
    match (&charge.state, &escrow.stage) {
        (
            ChargeState::Failed { reason, .. },
            Stage::Agreed { .. } | Stage::Proposed { .. } | Stage::Active { .. },
        ) => Some(format!("Your last payment failed: {reason} No money is held. You can try again.")),
        (ChargeState::Failed { .. } | ChargeState::Pending { .. } | ChargeState::Successful { .. }, _) => {
            None
        }
    }
}

fn actions(escrow: &Escrow, waiting: Waiting, role: Role, number: u16) -> (Option<Action>, Vec<Action>) {
    match waiting {
        Waiting::Acceptance if role == Role::Buyer && escrow.terms.pay_first => {
            let agreed = escrow.party(role).is_some_and(|party| escrow.has_agreed(party));
            (Some(Action::Pay), if agreed { vec![] } else { vec![Action::Accept] })
        }
        Waiting::Acceptance | Waiting::SellerAnswer => match escrow.terms.mode {
            Mode::Standard => (Some(Action::Sign), vec![]),
            Mode::Quick | Mode::QuickProof | Mode::Instant => (Some(Action::Accept), vec![]),
        },
        Waiting::Payment | Waiting::LinkPayment | Waiting::NextPayment => (Some(Action::Pay), vec![]),
        Waiting::ProofUpload => (Some(Action::SubmitProof(number)), vec![]),
        Waiting::ProofReview => {
            let proof = escrow.milestone(number).and_then(|part| part.proof.as_ref());
            let once_more = proof.is_some_and(|proof| proof.corrections < MOST_CORRECTIONS);
            let corrections = once_more.then_some(Action::RequestCorrections(number));
            (Some(Action::AcceptProof(number)), corrections.into_iter().collect())
        }
        Waiting::Cancelling if role == Role::Seller && proof_missing(escrow, number) => {
            (Some(Action::SubmitProof(number)), vec![])
        }
        Waiting::Delivery | Waiting::Changes => (Some(Action::Deliver(number)), vec![]),
        Waiting::Inspection => (Some(Action::Approve(number)), vec![Action::RequestChanges(number)]),
        Waiting::Cancelling if role == Role::Seller => (Some(Action::Deliver(number)), vec![]),
        Waiting::Cancelling => (None, vec![Action::Cancel(number)]),
        Waiting::Extension => (Some(Action::GrantExtension(number)), vec![Action::RefuseExtension(number)]),
        // One page for both answers, so one button.
        Waiting::CancellationAnswer => (Some(Action::RefuseCancellation), vec![]),
        Waiting::Settlement => (offer_to(escrow, role).map(Action::AcceptSettlement), vec![]),
        Waiting::DisputeAnswer | Waiting::DisputeTalk => {
            let dispute = escrow.dispute_over(number).map(|dispute| dispute.number);
            let offered = escrow.settlements.iter().any(|offer| offer.by == role);
            (dispute.map(Action::Statement), if offered { vec![] } else { vec![Action::OfferSettlement] })
        }
        Waiting::Ruling => (None, vec![]),
        Waiting::PayOut => (Some(Action::PayOut(number)), vec![]),
        Waiting::FailedRefund => refunds::actions(escrow, number),
        Waiting::RailAnswer | Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::Closing => {
            (None, vec![])
        }
    }
}

/// The number of the other side's standing offer.
fn offer_to(escrow: &Escrow, role: Role) -> Option<u16> {
    escrow.settlements.iter().find(|offer| offer.by != role).map(|offer| offer.number)
}

/// Headline and consequence of a clock, for one viewer.
fn words(escrow: &Escrow, clock: &Deadline, title: &str, yours: bool, role: Role) -> (String, String) {
    let charge = escrow.terms.money(escrow.to_pay_minor());
    match clock.waiting {
        Waiting::SellerAnswer | Waiting::NextPayment | Waiting::ProofUpload | Waiting::ProofReview => {
            of_modes(escrow, clock, title, yours, role)
        }
        Waiting::LinkPayment => by_link(yours, role, charge),
        Waiting::Acceptance => acceptance(escrow, yours, role),
        Waiting::Payment => {
            let headline = if yours {
                format!("Everyone has agreed. Pay {charge} into escrow")
            } else {
                "Everyone has agreed. The buyer is to pay into escrow".to_owned()
            };
            (headline, "If nothing is paid by then, the escrow expires and nobody owes anything.".to_owned())
        }
        Waiting::RailAnswer => rail_answer(role),
        Waiting::Delivery => {
            let headline = match (yours, escrow.instant()) {
                (true, false) => format!("Deliver {title}"),
                (true, true) => format!("Deliver {title}. That releases the money to you. Do it"),
                (false, _) => format!("The seller is to deliver {title}"),
            };
            let whom = if role == Role::Buyer { "you" } else { "the buyer" };
            let then = format!("Seven days after the due date {whom} may cancel and get the money back.");
            (headline, then)
        }
        Waiting::Inspection => {
            let headline = if yours {
                format!("Check {title}, then approve it or ask for changes")
            } else {
                format!("The buyer is to check {title}")
            };
            let silence = if yours { "If you do nothing" } else { "If the buyer does nothing" };
            (headline, format!("{silence}, it counts as approved and the money is released at that time."))
        }
        Waiting::Changes => {
            let headline = if yours {
                format!("Make the changes and deliver {title} again")
            } else {
                format!("The seller is to make changes and deliver {title} again")
            };
            let whom = if role == Role::Buyer { "you" } else { "the buyer" };
            (headline, format!("After that {whom} may cancel and get the money back."))
        }
        Waiting::Cancelling => cancelling(escrow, number_of(clock), title, role),
        Waiting::Extension
        | Waiting::CancellationAnswer
        | Waiting::Settlement
        | Waiting::DisputeAnswer
        | Waiting::DisputeTalk
        | Waiting::Ruling => disagreement(escrow, clock, title, yours, role),
        Waiting::PayOut => {
            let headline = if yours {
                format!("Money for {title} is released to you. Move it to your wallet")
            } else {
                format!("Money for {title} is released. Its receiver is to move it to a wallet")
            };
            (headline, "If nothing happens by then, it moves to the wallet by itself.".to_owned())
        }
        Waiting::RefundAnswer | Waiting::RefundAgain | Waiting::FailedRefund => {
            refunds::words(escrow, clock, title, role)
        }
        Waiting::Closing => (String::new(), String::new()),
    }
}

/// A payment is under way: opened, or submitted. Which of both only its provider knows.
fn rail_answer(role: Role) -> (String, String) {
    let (whose, unfinished) = match role {
        Role::Buyer => ("Your payment", " Finish it within 30 minutes."),
        Role::Seller | Role::Broker | Role::Payee => ("The buyer's payment", ""),
    };
    let then = "A payment that was opened and not finished ends after 30 minutes. If one that was submitted has no answer by then, it counts as failed and can be tried again.";
    let headline =
        format!("{whose} is being processed.{unfinished} Once it is submitted, the provider answers");
    (headline, then.to_owned())
}

/// The pay link of an instant escrow is out.
fn by_link(yours: bool, role: Role, charge: Money) -> (String, String) {
    let headline = match (yours, role) {
        (true, _) => format!("Your payment did not go through. Pay {charge} into escrow"),
        (false, Role::Seller) => "Give the pay link to your buyer. Whoever opens it first can pay".to_owned(),
        (false, _) => "Waiting for a payment".to_owned(),
    };
    (headline, "If nothing is paid by then, the link stops working and nobody owes anything.".to_owned())
}

fn cancelling(escrow: &Escrow, number: u16, title: &str, role: Role) -> (String, String) {
    let headline = match role {
        Role::Seller if proof_missing(escrow, number) => {
            format!("The proof for {title} is overdue and the buyer may cancel any time. Send it")
        }
        Role::Buyer if proof_missing(escrow, number) => format!(
            "The proof for {title} is overdue. Cancel and get your money back, or leave the seller time to send it. Decide"
        ),
        Role::Broker | Role::Payee if proof_missing(escrow, number) => format!(
            "The proof for {title} is overdue. Unless the buyer cancels first, the seller is to send it"
        ),
        Role::Buyer => format!(
            "{title} is overdue. Cancel it and get your money back, or leave the seller time to deliver. Decide"
        ),
        Role::Seller => {
            format!("{title} is overdue and the buyer may cancel it any time. Deliver it")
        }
        Role::Broker | Role::Payee => {
            format!("{title} is overdue. Unless the buyer cancels it first, the seller is to deliver it")
        }
    };
    let whom = if role == Role::Buyer { "you" } else { "the buyer" };
    (headline, format!("If nothing happens by then, the money goes back to {whom} by itself."))
}

/// What asks nothing of its reader.
fn said(headline: &str, otherwise: &str) -> Next {
    Next {
        yours: false,
        headline: headline.to_owned(),
        by: None,
        otherwise: Some(otherwise.to_owned()),
        note: None,
        primary: None,
        secondary: Vec::new(),
        milestone: None,
    }
}

fn number_of(clock: &Deadline) -> u16 {
    clock.milestone.unwrap_or(1)
}

/// Whether a proof comes before the delivery and is still to be sent.
fn proof_missing(escrow: &Escrow, number: u16) -> bool {
    let part = escrow.milestone(number);
    part.and_then(|part| part.proof.as_ref()).is_some_and(|proof| !proof.accepted())
}

/// Headline and consequence of the clocks that only some kinds of escrow have.
#[allow(clippy::wildcard_enum_match_arm, reason = "`words` sorts them and names every one")]
fn of_modes(escrow: &Escrow, clock: &Deadline, title: &str, yours: bool, role: Role) -> (String, String) {
    let charge = escrow.terms.money(escrow.to_pay_minor());
    let whom = if role == Role::Buyer { "you" } else { "the buyer" };
    match clock.waiting {
        Waiting::SellerAnswer => {
            let headline = match (yours, role) {
                (true, _) => "The buyer has paid and the money is held. Accept or decline".to_owned(),
                (false, Role::Buyer) => {
                    format!("You have paid. Waiting for {} to accept", roles_in_words(&open_roles(escrow)))
                }
                (false, _) => {
                    format!(
                        "The buyer has paid. Waiting for {} to accept",
                        roles_in_words(&open_roles(escrow))
                    )
                }
            };
            let then =
                format!("Without an answer by then it counts as declined and the money goes back to {whom}.");
            (headline, then)
        }
        Waiting::NextPayment => {
            let headline = if yours {
                format!("{title} comes next. Pay {charge} into escrow")
            } else {
                format!("The buyer is to pay for {title}")
            };
            let then = "If it is not paid by then, it and the milestones after it are dropped. The rest stays as it is.";
            (headline, then.to_owned())
        }
        Waiting::ProofUpload => {
            let again = escrow
                .milestone(number_of(clock))
                .and_then(|part| part.proof.as_ref())
                .is_some_and(|proof| proof.sent.is_some());
            let headline = match (yours, again) {
                (true, false) => format!("Send a proof for {title} before you deliver"),
                (true, true) => format!("Send a corrected proof for {title}"),
                (false, false) => format!("The seller is to send a proof for {title}"),
                (false, true) => format!("The seller is to send a corrected proof for {title}"),
            };
            (headline, format!("After that {whom} may cancel and get the money back."))
        }
        _ => {
            let headline = if yours {
                format!("Look at the proof for {title}, then accept it or ask for corrections")
            } else {
                format!("The buyer is to look at the proof for {title}")
            };
            let silence = if yours { "If you do nothing" } else { "If the buyer does nothing" };
            (
                headline,
                format!(
                    "{silence}, it counts as accepted and the seller delivers. No money is released by that."
                ),
            )
        }
    }
}

fn open_roles(escrow: &Escrow) -> Vec<Role> {
    let open = escrow.parties.iter().filter(|party| party.role.must_agree() && !escrow.has_agreed(party));
    open.map(|party| party.role).collect()
}

fn acceptance(escrow: &Escrow, yours: bool, role: Role) -> (String, String) {
    let open = open_roles(escrow);
    let to_pay = escrow.terms.pay_first && role == Role::Buyer;
    let charge = escrow.terms.money(escrow.to_pay_minor());
    let pay =
        format!("Pay {charge} into escrow, so that the seller can answer. Paying accepts the terms. Do it");
    let version = match escrow.version {
        0 | 1 => String::new(),
        later => format!("version {later} of "),
    };
    let (do_it, done) = match escrow.terms.mode {
        Mode::Quick | Mode::QuickProof if to_pay => (pay, "accept"),
        Mode::Standard => (format!("Read {version}the contract and sign it"), "sign"),
        Mode::Quick | Mode::QuickProof | Mode::Instant => {
            (format!("Read {version}the terms and accept or decline"), "accept")
        }
    };
    let headline = if yours && escrow.version > 1 && !to_pay {
        let other = escrow.countered_by.and_then(|user| escrow.party_of(user));
        match other.filter(|party| party.role != role) {
            Some(party) => format!("The {} proposes other terms. {do_it}", party.role.word()),
            None => do_it,
        }
    } else if yours {
        do_it
    } else {
        format!("You are done here for now. Waiting for {} to {done}", roles_in_words(&open))
    };
    let then =
        format!("If not everyone has agreed to {done} by then, the escrow expires and nobody owes anything.");
    (headline, then.replace("agreed to sign", "signed").replace("agreed to accept", "accepted"))
}

/// Terms that came to nothing, and what became of what was paid for them.
fn declined(escrow: &Escrow, by: Role, role: Role) -> String {
    let Some(why) = rejection(escrow, role) else {
        return format!("The {} declined. Nobody owes anything", by.word());
    };
    match role {
        Role::Buyer => {
            let sum = escrow.terms.money(escrow.returned_minor());
            format!("{why} The {sum} that you paid went back to you, and nobody owes anything")
        }
        Role::Seller | Role::Broker | Role::Payee => {
            format!("{why} What the buyer paid went back to the buyer, and nobody owes anything")
        }
    }
}

/// Why terms that were paid for came to nothing, for one reader.
fn rejection(escrow: &Escrow, role: Role) -> Option<String> {
    let rejected = escrow.rejected.as_ref()?;
    let who = if rejected.by == role { "You".to_owned() } else { format!("The {}", rejected.by.word()) };
    Some(match rejected.why {
        WhyNot::Declined => format!("{who} declined."),
        WhyNot::Silence => format!("{who} did not answer in time."),
        WhyNot::WrongPerson => {
            format!("The invitation for the {} reached the wrong person.", rejected.by.word())
        }
    })
}

/// An escrow that is over: how it ended, and that it can be closed.
fn over(escrow: &Escrow, role: Role) -> Next {
    let (end, closed) = match &escrow.stage {
        Stage::Ended { end, .. } => (Some(end), false),
        Stage::Closed { end, .. } => (Some(end), true),
        Stage::Proposed { .. } | Stage::Agreed { .. } | Stage::Active { .. } => (None, false),
    };
    let headline = match end {
        Some(End::Completed) => "This escrow is complete. It holds no money any more".to_owned(),
        Some(End::Refunded | End::Cancelled) => {
            "The money went back to the buyer. This escrow is over".to_owned()
        }
        Some(End::ExpiredNotAccepted) => "Not everyone agreed in time. This escrow has expired".to_owned(),
        Some(End::ExpiredNotPaid) => "Nothing was paid in time. This escrow has expired".to_owned(),
        Some(End::Declined { by, .. }) => declined(escrow, *by, role),
        Some(End::Withdrawn { by }) => {
            format!("The {} withdrew it before anything was paid. Nobody owes anything", by.word())
        }
        None if escrow.refund_failed() => {
            "The refund could not be sent. The operators of Holdfast see to it".to_owned()
        }
        None => "Nothing is to be done".to_owned(),
    };
    let note = match end {
        Some(End::Declined { reason, .. }) if !reason.is_empty() => {
            Some(format!("The reason given: {reason}"))
        }
        Some(_) | None => None,
    };
    let secondary = if end.is_some() && !closed { vec![Action::Close] } else { vec![] };
    let otherwise = match (end.is_some(), closed) {
        (true, false) => Some("It closes by itself 30 days after its end. Closing is final.".to_owned()),
        (true, true) => Some("It is closed. It stays readable for its parties.".to_owned()),
        (false, _) if escrow.refund_failed() => {
            Some("The money stays reserved for the buyer until it has arrived.".to_owned())
        }
        (false, _) => None,
    };
    Next { yours: false, headline, by: None, otherwise, note, primary: None, secondary, milestone: None }
}
