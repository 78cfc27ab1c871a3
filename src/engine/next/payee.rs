//! The next-panel of a payee, who receives and decides nothing: his own money, and what it waits for.

use super::{Next, said};
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::{Escrow, Stage};
use crate::engine::offers::Action;
use crate::engine::party::UserId;

/// What is to be moved comes first, the earliest deadline before others.
pub(super) fn panel(escrow: &Escrow, user: UserId) -> Next {
    let clocks = deadlines::all(escrow).into_iter().filter(|clock| clock.waiting == Waiting::PayOut);
    let mut own = clocks.filter(|clock| deadlines::asks(escrow, clock, user));
    if let Some((clock, number)) = own.next().and_then(|clock| Some((clock, clock.milestone?))) {
        let title = escrow.terms.milestones.get(usize::from(number).saturating_sub(1));
        let title = title.map_or_else(String::new, |terms| format!("“{}”", terms.title));
        return Next {
            yours: true,
            headline: format!("Money for {title} is released to you. Move it to your wallet"),
            by: Some(clock.at),
            otherwise: Some("If nothing happens by then, it moves to your wallet by itself.".to_owned()),
            primary: Some(Action::PayOut(number)),
            secondary: own.filter_map(|clock| clock.milestone).map(Action::PayOut).collect(),
            milestone: Some(number),
            note: None,
        };
    }
    let (headline, otherwise) = match &escrow.stage {
        Stage::Proposed { .. } | Stage::Agreed { .. } => (
            "You are named to receive a part of this. It is not agreed and paid yet",
            "There is nothing for you to do. We write to you when money is yours.",
        ),
        Stage::Active { .. } => (
            "What is yours is released when the work is approved",
            "There is nothing for you to do. We write to you when money is yours.",
        ),
        Stage::Ended { .. } | Stage::Closed { .. } => {
            ("This escrow has ended", "There is nothing more for you to do.")
        }
    };
    said(headline, otherwise)
}
