//! Why not: a stable code and one sentence for people.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::party::Role;
use crate::money::Money;

/// A field of the terms that is wrong. `field` is the name of the input that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub field: String,
    pub sentence: String,
}

/// Why a command was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// The terms have these faults, all of them.
    TermsFaulty {
        faults: Vec<Fault>,
    },
    /// Cashless' own sentence.
    EscrowClosed,
    NotYourRole {
        needs: Vec<Role>,
    },
    NotAParty,
    EmailNotConfirmed,
    AccountFrozen,
    EscrowOver,
    AlreadyProposed,
    NotProposed,
    /// A counter-offer that offers what stands already.
    SameTerms,
    /// A counter-offer with other people in it, or of another kind of deal.
    PartiesFixed,
    TooManyVersions {
        most: u32,
    },
    NoSuchParty,
    AlreadyAnswered,
    AddressTaken,
    InvitedJustNow,
    NobodyToRemind,
    RemindedToday,
    NotPaid,
    AlreadyPaid,
    NotAgreed,
    PaymentPending,
    NoPaymentPending,
    NoSuchMilestone,
    NoSuchRefund,
    RefundPending,
    /// The provider paid a refund that had already gone another way.
    RefundSentTwice,
    NotInProgress,
    NotDelivered,
    ContractNeedsSignature,
    QuickEscrowNoContract,
    NoContract,
    NoConfirmationStep,
    ProofNotAccepted,
    NoProofStep,
    NoProofInReview,
    NoCorrectionsLeft,
    ProofEmpty,
    OtherVersion {
        current: u32,
    },
    OtherDocument,
    TermsOfServiceNotAccepted,
    InsufficientFunds {
        available: Money,
    },
    PartTooSmall {
        least: Money,
    },
    InsufficientWallet {
        available: Money,
    },
    NothingPayable,
    CriteriaUnnamed,
    UnknownCriterion,
    ReasonMissing,
    AmountMissing,
    TextTooLong {
        most: u32,
    },
    TooManyFiles,
    NoRightToCancel,
    /// The milestone is frozen by an open dispute.
    InDispute,
    NoSuchDispute,
    /// The dispute is not (or no longer) in its handler's hands.
    NotWithHandler,
    /// A ruling waits for a second operator.
    RulingPending,
    NoRulingPending,
    /// The one who ruled can't be the second.
    SameOperator,
    /// Whoever takes part himself, by account or address, can't decide.
    OperatorIsParty,
    CancellationRequested,
    NoCancellationRequested,
    CancellationAskedOften {
        most: u16,
    },
    NoSuchSettlement,
    OwnSettlement,
    /// Release and refund must sum to what is left of the milestone.
    SplitDoesNotSum {
        milestone: u16,
        left: Money,
    },
    SplitIncomplete,
    NothingUndecided,
    NoExtensionAsked,
    ExtensionAsked,
    DateNotLater,
    InspectionExtendedBefore,
    DaysOutOfRange {
        most: u8,
    },
    MessageMissing,
    /// A text holds signs that its readers are not shown.
    SignsHidden,
    NotOverYet,
    PayAll,
    PayInOrder,
    NotDueYet,
    /// The escrow is not sold by a link.
    NoPayLink,
    /// What stands behind a pay link is not negotiated.
    InstantTermsFixed,
}

/// The longest note, reason or answer, in characters.
pub const LONGEST_TEXT: usize = 5_000;

impl Refusal {
    /// The stable code, for machines.
    #[must_use]
    pub fn code(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.get("code")?.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// One sentence for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.words().into_owned()
    }

    fn words(&self) -> Cow<'static, str> {
        match self {
            Self::TermsFaulty { .. } => "Some of the terms need another look.".into(),
            Self::EscrowClosed => "Escrow is closed.".into(),
            Self::NotYourRole { needs } => only(needs).into(),
            Self::NotAParty => "You take no part in this escrow.".into(),
            Self::EmailNotConfirmed => {
                "Confirm your email address first: the link is in the mail we sent you.".into()
            }
            Self::AccountFrozen => {
                "Your account is frozen: you can read everything, and do nothing else until the \
                 operators end that."
                    .into()
            }
            Self::EscrowOver => "This escrow has ended.".into(),
            Self::AlreadyProposed => "These terms were already sent.".into(),
            Self::NotProposed => "The terms are no longer open for answers.".into(),
            Self::NotPaid => "Nothing has been paid into this escrow yet.".into(),
            Self::AlreadyPaid => "This is already paid for.".into(),
            Self::NotAgreed => "Not everyone has agreed yet.".into(),
            Self::PaymentPending => "A payment is being processed. Wait for its result.".into(),
            Self::NoPaymentPending => "No such payment is waiting for a result.".into(),
            Self::NoSuchMilestone => "This escrow has no such milestone.".into(),
            Self::NotInProgress => "This milestone is not being worked on.".into(),
            Self::NotDelivered => {
                "This milestone has not been delivered, or has been answered already.".into()
            }
            Self::OtherVersion { current } => {
                format!("The terms have changed: version {current} is the one to answer now.").into()
            }
            Self::OtherDocument => {
                "The document you signed is not the one that stands. Read it again.".into()
            }
            Self::TermsOfServiceNotAccepted => "Accept the newest terms of service before you pay.".into(),
            Self::InsufficientFunds { available } => {
                format!("Insufficient funds in escrow. Available amount is {}", available.short()).into()
            }
            Self::PartTooSmall { least } => {
                format!("A part must be at least {least}. Enter more, or all that is left.").into()
            }
            Self::InsufficientWallet { available } => {
                format!("Your balance of {available} does not cover this payment.").into()
            }
            Self::NothingPayable => "There is nothing to pay out to you here.".into(),
            Self::TextTooLong { most } => format!("Write no more than {most} characters.").into(),
            Self::SignsHidden => {
                "The text holds signs that nobody can see. Write it again without them.".into()
            }
            Self::NotOverYet => "The escrow can be closed once it has ended and nothing is held.".into(),
            Self::NotDueYet => "This deadline has not passed.".into(),
            Self::NoSuchRefund => "This refund is done, or there is none of this number.".into(),
            Self::RefundPending => "This refund is under way. Wait for the provider's answer.".into(),
            Self::RefundSentTwice => {
                "This refund had already gone another way, so the money went out twice.".into()
            }
            Self::ContractNeedsSignature => "This escrow has a contract: sign it to accept.".into(),
            Self::QuickEscrowNoContract => {
                "A quick escrow has no contract to sign: accept it instead.".into()
            }
            Self::NoContract => {
                "An instant escrow has no contract to sign: whoever pays by its link accepts its terms."
                    .into()
            }
            Self::NoConfirmationStep => {
                "An instant escrow is complete when it is delivered, so there is nothing to confirm.".into()
            }
            Self::ProofNotAccepted => "The buyer has not accepted the proof yet.".into(),
            Self::NoProofStep => "This kind of escrow asks for no proof before the delivery.".into(),
            Self::NoProofInReview => "There is no proof to answer now.".into(),
            Self::NoCorrectionsLeft => {
                "Corrections were asked for three times, which is the most. Accept the proof or \
                 open a dispute."
                    .into()
            }
            Self::NoPayLink => "Only an instant escrow is paid by a link.".into(),
            Self::InstantTermsFixed => {
                "The terms behind a pay link can't be changed or declined. The seller can \
                 withdraw them and make another link."
                    .into()
            }
            Self::PayAll => "This escrow is paid as a whole: all its milestones together.".into(),
            Self::PayInOrder => "Each milestone is paid by itself, once the one before it is decided.".into(),
            Self::ProofEmpty => "Attach a file, or write where the proof can be found.".into(),
            Self::NoRightToCancel => {
                "You can cancel only once the seller is late by more than the agreed days.".into()
            }
            Self::CriteriaUnnamed => "Name at least one criterion that is not met.".into(),
            Self::UnknownCriterion => "This milestone has no such criterion.".into(),
            Self::ReasonMissing => "Write why, so that the other side can answer it.".into(),
            Self::AmountMissing => "Enter an amount above zero.".into(),
            Self::TooManyFiles => "Attach no more than 20 files.".into(),
            Self::SameTerms => {
                "These are the terms that stand already: agree to them, or change something.".into()
            }
            Self::PartiesFixed => {
                "New terms can't change who takes part. Withdraw this escrow and start another one for that."
                    .into()
            }
            Self::TooManyVersions { most } => {
                format!("These terms were changed {most} times. Talk to each other, then start again.").into()
            }
            Self::NoSuchParty => "No such person takes part in this escrow.".into(),
            Self::AlreadyAnswered => {
                "This person has answered already, so the address is the right one.".into()
            }
            Self::AddressTaken => "Each party needs an email address of its own.".into(),
            Self::InvitedJustNow => {
                "The invitation was sent again less than an hour ago. Wait a little.".into()
            }
            Self::NobodyToRemind => "Nobody else has to act here now.".into(),
            Self::RemindedToday => {
                "A reminder was sent already. You can send another one after a day.".into()
            }
            Self::InDispute => "This milestone is in dispute and frozen until the dispute ends.".into(),
            Self::NoSuchDispute => "This dispute is over, or there is none of this number.".into(),
            Self::NotWithHandler => {
                "This dispute is not with its handler yet: the parties are still talking.".into()
            }
            Self::RulingPending => "A decision has been made and waits for a second operator.".into(),
            Self::NoRulingPending => "No decision is waiting for a second operator.".into(),
            Self::SameOperator => "Another operator than the one who decided has to confirm it.".into(),
            Self::OperatorIsParty => {
                "You take part in this escrow yourself, so somebody else has to act.".into()
            }
            Self::CancellationRequested => {
                "The buyer has asked to cancel. That has to be answered first.".into()
            }
            Self::NoCancellationRequested => "No request to cancel is waiting for an answer.".into(),
            Self::CancellationAskedOften { most } => {
                format!("You have asked to cancel {most} times. Open a dispute instead.").into()
            }
            Self::NoSuchSettlement => "This offer no longer stands.".into(),
            Self::OwnSettlement => "This is your own offer: the other side has to answer it.".into(),
            Self::SplitDoesNotSum { milestone, left } => {
                format!("Milestone {milestone}: release and refund together must be {left}.").into()
            }
            Self::SplitIncomplete => {
                "Say for each milestone, once, what is released and what is refunded.".into()
            }
            Self::NothingUndecided => {
                "Nothing is held here about which something is still to be decided.".into()
            }
            Self::NoExtensionAsked => "Nobody is asking for more time here.".into(),
            Self::ExtensionAsked => {
                "More time has already been asked for. It has to be answered first.".into()
            }
            Self::DateNotLater => "Choose a later date than the present one, within ten years.".into(),
            Self::InspectionExtendedBefore => {
                "The inspection of this delivery was already extended once.".into()
            }
            Self::DaysOutOfRange { most } => format!("Choose 1 to {most} days.").into(),
            Self::MessageMissing => "Write something first.".into(),
        }
    }
}

/// "Only the buyer or the seller can do this."
fn only(needs: &[Role]) -> String {
    let words: Vec<String> = needs.iter().map(|role| format!("the {}", role.word())).collect();
    match words.split_last() {
        None => "Nobody can do this.".to_owned(),
        Some((last, [])) => format!("Only {last} can do this."),
        Some((last, rest)) => format!("Only {} or {last} can do this.", rest.join(", ")),
    }
}
