//! What a page showed of an escrow, as a fingerprint: a command that carries another one is stale.

use super::escrow::{Escrow, MilestoneStage};
use super::proof::ProofPhase;
use super::terms::Funding;

impl Escrow {
    /// A fingerprint of what a page showed of it: a command that carries another one is stale. With a
    /// milestone's number it covers that milestone alone, so that work elsewhere disturbs nobody.
    #[must_use]
    pub fn seen(&self, milestone: Option<u16>) -> String {
        let stage = self.stage.name();
        let Some((number, part)) = milestone.and_then(|number| Some((number, self.milestone(number)?)))
        else {
            let paid = if self.funded() && stage == "proposed" { "-paid" } else { "" };
            // A payment for the next milestone is another one than for this.
            let next = match (self.terms.funding, self.to_pay().first()) {
                (Funding::PerMilestone, Some(number)) => format!("-pays{number}"),
                (Funding::PerMilestone | Funding::Whole, _) => String::new(),
            };
            return format!("v{}-{stage}{paid}{next}", self.version);
        };
        let at = match part.stage {
            MilestoneStage::Unfunded if part.asked.is_some() => "asked",
            MilestoneStage::Unfunded => "unfunded",
            MilestoneStage::InProgress { .. } => "progress",
            MilestoneStage::Delivered { .. } => "delivered",
            MilestoneStage::ChangesRequested { .. } => "changes",
            MilestoneStage::Settling { .. } => "settling",
            MilestoneStage::Ended { .. } => "ended",
        };
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
}
