//! What a page showed of an escrow, as a fingerprint: a command that carries another one is stale. It is as fine as the
//! sums on the page and no finer, so that work elsewhere disturbs nobody.

use super::chain::sha256_hex;
use super::command::Command;
use super::dispute::{Split, Step};
use super::escrow::{Escrow, MilestoneStage};
use super::milestone::Milestone;
use super::proof::ProofPhase;
use super::refund::RefundState;
use super::terms::Funding;

/// What of an escrow a page showed before a command was given on it. Numbers are from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its terms and how far it has come, and no sum that moves.
    Whole,
    Milestone(u16),
    /// What is left of every milestone that is open, and what is asked about all of them.
    Money,
    /// The milestones of a dispute, and where it stands.
    Dispute(u16),
    /// The milestones of an offer to settle.
    Settlement(u16),
    Refund(u16),
}

impl From<Option<u16>> for Scope {
    fn from(milestone: Option<u16>) -> Self {
        milestone.map_or(Self::Whole, Self::Milestone)
    }
}

impl Command {
    /// What a page shows before it asks for this.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::RequestCancellation { .. }
            | Self::WithdrawCancellation
            | Self::CancelAll { .. }
            | Self::RefuseCancellation { .. }
            | Self::OfferSettlement { .. }
            | Self::OpenDispute { .. } => Scope::Money,
            Self::AcceptSettlement { settlement }
            | Self::RefuseSettlement { settlement }
            | Self::WithdrawSettlement { settlement } => Scope::Settlement(*settlement),
            Self::WithdrawDispute { dispute }
            | Self::Concede { dispute }
            | Self::Rule { dispute, .. }
            | Self::ConfirmRuling { dispute }
            | Self::ReturnRuling { dispute, .. } => Scope::Dispute(*dispute),
            Self::RetryRefund { refund } | Self::RefundToWallet { refund } => Scope::Refund(*refund),
            Self::Propose { .. }
            | Self::Counter { .. }
            | Self::Accept { .. }
            | Self::Sign { .. }
            | Self::Decline { .. }
            | Self::Disown
            | Self::CorrectParty { .. }
            | Self::InviteAgain { .. }
            | Self::Nudge { .. }
            | Self::Withdraw
            | Self::StartCharge { .. }
            | Self::BuyByLink { .. }
            | Self::Claim { .. }
            | Self::ChargeSettled { .. }
            | Self::ChargeFailed { .. }
            | Self::RefundSettled { .. }
            | Self::RefundFailed { .. }
            | Self::SubmitProof { .. }
            | Self::AcceptProof { .. }
            | Self::RequestCorrections { .. }
            | Self::MarkDone { .. }
            | Self::Approve { .. }
            | Self::RequestChanges { .. }
            | Self::ExtendInspection { .. }
            | Self::AskExtension { .. }
            | Self::GrantExtension { .. }
            | Self::RefuseExtension { .. }
            | Self::Cancel { .. }
            | Self::Refund { .. }
            | Self::Statement { .. }
            | Self::DeclineArbitration { .. }
            | Self::Say { .. }
            | Self::PayOut { .. }
            | Self::Close
            | Self::Lapse { .. }
            | Self::Remind { .. } => self.milestone().into(),
        }
    }
}

impl Escrow {
    /// A fingerprint of what a page showed of it.
    #[must_use]
    pub fn seen(&self, scope: impl Into<Scope>) -> String {
        match scope.into() {
            Scope::Whole => self.seen_whole(),
            Scope::Milestone(number) => match self.milestone(number) {
                Some(part) => self.seen_milestone(number, part),
                None => self.seen_whole(),
            },
            Scope::Money => {
                let asked = self.cancellation.as_ref().map_or(0, |request| request.since.micros());
                format!("{}-c{asked}-{}", self.seen_whole(), self.sums(self.open_milestones()))
            }
            Scope::Dispute(number) => {
                let Some(open) = self.dispute(number) else { return format!("d{number}-over") };
                let step = match &open.step {
                    Step::Answer { .. } => "answer".to_owned(),
                    Step::Talk { .. } => "talk".to_owned(),
                    Step::Handler { ruling: None, .. } => "handler".to_owned(),
                    // Another decision than the one that was read is not confirmed.
                    Step::Handler { ruling: Some(ruling), .. } => format!("ruled{}", ruling.at.micros()),
                };
                format!("d{number}-{step}-{}", self.sums(numbers(&open.claims)))
            }
            Scope::Settlement(number) => {
                let offer = self.settlements.iter().find(|offer| offer.number == number);
                let about =
                    offer.map_or_else(|| "over".to_owned(), |offer| self.sums(numbers(&offer.splits)));
                format!("o{number}-{about}")
            }
            Scope::Refund(number) => match self.refund(number) {
                Some(refund) => {
                    let state = match &refund.state {
                        RefundState::Pending { .. } => "pending",
                        RefundState::Failed { .. } => "failed",
                        RefundState::Successful { .. } => "back",
                        RefundState::ToWallet { .. } => "wallet",
                    };
                    format!("b{number}-{}-{state}-{}", refund.attempt, refund.amount_minor)
                }
                None => format!("b{number}-none"),
            },
        }
    }

    fn seen_whole(&self) -> String {
        let stage = self.stage.name();
        let paid = if self.funded() && stage == "proposed" { "-paid" } else { "" };
        // A payment for the next milestone is another one than for this.
        let next = match (self.terms.funding, self.to_pay().first()) {
            (Funding::PerMilestone, Some(number)) => format!("-pays{number}"),
            (Funding::PerMilestone | Funding::Whole, _) => String::new(),
        };
        format!("v{}-{stage}{paid}{next}", self.version)
    }

    fn seen_milestone(&self, number: u16, part: &Milestone) -> String {
        let (stage, at) = (self.stage.name(), stage_of(part));
        let round = part.delivery.as_ref().map_or(0, |delivery| delivery.round);
        let proof = match part.proof.as_ref().map(|proof| (&proof.sent, proof.phase)) {
            Some((sent, phase)) => {
                let phase = match phase {
                    ProofPhase::WaitingSellerProof { .. } => "w",
                    ProofPhase::Review { .. } => "r",
                    ProofPhase::Accepted { .. } => "a",
                };
                format!("-p{}{phase}", sent.as_ref().map_or(0, |sent| sent.round))
            }
            None => String::new(),
        };
        let asked =
            part.extension.as_ref().map_or_else(String::new, |ask| format!("-x{}", ask.due.seconds()));
        format!("v{}-{stage}-m{number}-{at}-r{round}{proof}-{}{asked}", self.version, part.left_minor())
    }

    /// What is left of some milestones and how far each has come, short enough for a form.
    fn sums(&self, numbers: impl IntoIterator<Item = u16>) -> String {
        let one = |number: u16| {
            let part = self.milestone(number);
            part.map_or_else(String::new, |part| {
                format!("{number} {} {};", stage_of(part), part.left_minor())
            })
        };
        let all: String = numbers.into_iter().map(one).collect();
        sha256_hex(all.as_bytes()).chars().take(16).collect()
    }
}

fn numbers(splits: &[Split]) -> impl Iterator<Item = u16> {
    splits.iter().map(|split| split.milestone)
}

fn stage_of(part: &Milestone) -> &'static str {
    match part.stage {
        MilestoneStage::Unfunded if part.asked.is_some() => "asked",
        MilestoneStage::Unfunded => "unfunded",
        MilestoneStage::InProgress { .. } => "progress",
        MilestoneStage::Delivered { .. } => "delivered",
        MilestoneStage::ChangesRequested { .. } => "changes",
        MilestoneStage::Settling { .. } => "settling",
        MilestoneStage::Ended { .. } => "ended",
    }
}
