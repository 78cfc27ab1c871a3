//! The terms that a counter-offer is made against, and what of them its pages leave as it is.

use super::answers::{Answers, name};
use super::handler::Called;
use super::refill::day;
use crate::calendar::Zone;
use crate::engine::escrow::Escrow;
use crate::engine::terms::{FileRef, MilestoneTerms, Mode, Terms};
use crate::store::files::FileRow;

/// The escrow that a draft offers other terms for, as its writer sees it.
#[derive(Clone, Debug)]
pub struct Base {
    pub escrow: Escrow,
    /// The version that stood when the draft was begun.
    pub version: u32,
    /// Rows of the files that belong to the terms.
    pub files: Vec<FileRow>,
    /// The arbiter who stands in the terms, as he was named.
    pub arbiter: Option<Called>,
    /// Those who are paid too by the terms, in their order, as they are named.
    pub payees: Vec<Called>,
}

/// The name of the field that says that a file of the terms goes.
#[must_use]
pub fn dropped(file: uuid::Uuid) -> String {
    format!("drop-{}", file.simple())
}

impl Base {
    /// The files that stay, and are not new.
    #[must_use]
    pub fn kept(&self, answers: &Answers) -> Vec<FileRef> {
        let files = self.escrow.terms.files.iter();
        files.filter(|file| !answers.fields().has(&dropped(file.id))).cloned().collect()
    }

    /// Whether another version stands than the one the draft was begun from.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.version != self.escrow.version
    }

    /// Puts back what the pages don't ask for, so that nothing changes that nobody changed.
    pub fn keep(&self, answers: &Answers, terms: &mut Terms) {
        let old = &self.escrow.terms;
        terms.time_zone.clone_from(&old.time_zone);
        if terms.currency == old.currency {
            terms.fee = old.fee.clone();
        }
        let is_asked = |field: &str| answers.fields().has(field);
        if !is_asked("dispute_handler") {
            terms.dispute_handler = old.dispute_handler;
        }
        if !is_asked("arbiter") {
            terms.arbiter.clone_from(&old.arbiter);
        }
        if !is_asked("payment") {
            terms.funding = old.funding;
        }
        if !is_asked("payment") {
            terms.pay_first = old.pay_first;
        }
        let has_proof = terms.mode == Mode::QuickProof;
        if has_proof && !is_asked("proof_upload_hours") {
            terms.proof_upload_hours = old.proof_upload_hours;
        }
        if has_proof && !is_asked("proof_review_hours") {
            terms.proof_review_hours = old.proof_review_hours;
        }
        let zone = Zone::from_name(&old.time_zone).unwrap_or_else(Zone::utc);
        for (number, (part, old)) in (1..).zip(terms.milestones.iter_mut().zip(&old.milestones)) {
            keep_part(&zone, answers, number, part, old);
        }
    }
}

fn keep_part(zone: &Zone, answers: &Answers, number: usize, part: &mut MilestoneTerms, old: &MilestoneTerms) {
    if part.title == old.title {
        part.description.clone_from(&old.description);
    }
    // A date field holds a day. The same day means the same moment, whatever its hour was.
    if let Some(due) = old.due.filter(|due| day(zone, *due) == answers.get(&name(number, "due"))) {
        part.due = Some(due);
    }
}
