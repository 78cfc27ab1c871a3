//! The next-panel of the arbiter whom the terms name: what he is to decide, by when, and what follows if not.

use super::{Next, said};
use crate::engine::dispute::{Dispute, Handler, Step};
use crate::engine::escrow::Escrow;
use crate::engine::offers::Action;

/// The panel of the arbiter. What is his to decide comes first, the earliest deadline before others.
#[must_use]
pub fn of_arbiter(escrow: &Escrow) -> Next {
    if escrow.arbiter().is_none() {
        return said(
            "You have declined to decide",
            "The operators of Holdfast decide instead. There is nothing for you to do.",
        );
    }
    let mut open: Vec<&Dispute> = escrow.disputes.iter().collect();
    open.sort_by_key(|dispute| (rank(dispute), dispute.step.times().1));
    match open.first() {
        Some(dispute) => of_dispute(escrow, dispute),
        None if escrow.over() => said("This escrow has ended", "There is nothing more for you to do."),
        None => Next {
            secondary: vec![Action::DeclineArbitration],
            ..said(
                "There is nothing to decide now",
                "If a dispute reaches you we write to you, and you have seven days to decide it.",
            )
        },
    }
}

/// What is to be decided comes before what is decided, and that before what others do.
fn rank(dispute: &Dispute) -> u8 {
    match &dispute.step {
        Step::Handler { handler: Handler::Arbiter, ruling: None, .. } => 0,
        Step::Handler { handler: Handler::Arbiter, ruling: Some(_), .. } => 1,
        Step::Handler { handler: Handler::Operators, .. } => 2,
        Step::Answer { .. } | Step::Talk { .. } => 3,
    }
}

fn of_dispute(escrow: &Escrow, dispute: &Dispute) -> Next {
    let number = dispute.claims.first().map(|claim| claim.milestone);
    let terms = number.and_then(|number| escrow.terms.milestones.get(usize::from(number).checked_sub(1)?));
    let title = terms.map_or_else(String::new, |terms| format!("“{}”", terms.title));
    let by = Some(dispute.step.times().1);
    let next = match &dispute.step {
        Step::Handler { handler: Handler::Arbiter, ruling: None, .. } => Next {
            yours: true,
            primary: Some(Action::Rule(dispute.number)),
            secondary: vec![Action::DeclineArbitration],
            ..said(
                &format!("Decide the dispute about {title}"),
                "If you don’t decide by then, the operators of Holdfast do.",
            )
        },
        Step::Handler { handler: Handler::Arbiter, ruling: Some(_), .. } => said(
            "You have decided. An operator is to confirm it, since so much is at stake",
            "Nothing moves before that. If nobody confirms it by then, the operators decide again.",
        ),
        Step::Handler { handler: Handler::Operators, .. } => said(
            &format!("The operators of Holdfast are to decide the dispute about {title}"),
            "It is no longer yours to decide. There is nothing for you to do.",
        ),
        Step::Answer { .. } | Step::Talk { .. } => Next {
            secondary: vec![Action::DeclineArbitration],
            ..said(
                &format!("The two sides talk about a dispute over {title}"),
                "Without an agreement it may come to you. Then we write to you, and you have seven days.",
            )
        },
    };
    Next { by, milestone: number, ..next }
}
