//! Money that came too late: it lies in suspense and goes back as it came, by itself. Only who wants refunds in their
//! wallet, or paid by a provider that takes nothing back, gets it there at once.
//!
//! It is a refund like the others, with the escrow's next number, but no milestone holds it and no party has a say
//! in it: by then somebody else may have bought, or the escrow may be over and closed. What can't be sent back goes
//! to the payer's wallet after some days; a guest has none, and theirs waits for the operators. Its clocks run by
//! themselves, apart from those that the parties are shown.

use serde::{Deserialize, Serialize};

use super::deadlines::{self, Deadline};
use super::escrow::{ChargeState, Escrow};
use super::party::UserId;
use super::refund::Refund;
use super::time::Time;

/// The refund that sends it back, and until when its provider has time to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayBack {
    pub refund: u16,
    pub answer_by: Time,
}

/// Why nobody waited for a payment any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLate {
    /// Somebody else has bought meanwhile, or is paying.
    Taken,
    /// The same person has paid by another attempt.
    PaidAgain,
    Over,
    /// It had been given up, and it can be tried again.
    GivenUp,
}

impl Escrow {
    /// The refunds of what came too late, whoever paid it.
    pub fn late_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.late)
    }

    /// Whether a refund is one of what came too late.
    #[must_use]
    pub fn is_late(&self, refund: u16) -> bool {
        self.refund(refund).is_some_and(|refund| refund.late)
    }

    /// Whether a refund is this user's own affair: the buyer's, or that of whoever paid too late.
    #[must_use]
    pub fn refund_is_of(&self, refund: &Refund, user: UserId) -> bool {
        !refund.late || self.payer(refund.charge) == Some(user)
    }

    /// Whether a refund could go to a wallet instead: that of the buyer, or of whoever paid too late, who may have
    /// got an account since.
    #[must_use]
    pub fn refund_has_wallet(&self, refund: &Refund) -> bool {
        match refund.late {
            true => self.attempt(refund.charge).is_some_and(|charge| !charge.guest),
            false => self.buyer_has_wallet(),
        }
    }

    /// Why money of this payer was not waited for.
    #[must_use]
    pub fn too_late(&self, payer: UserId) -> TooLate {
        let last = self.charge.as_ref();
        let own = last.is_some_and(|charge| self.payer(charge.payment) == Some(payer));
        let failed = last.is_none_or(|charge| matches!(charge.state, ChargeState::Failed { .. }));
        match (own, failed) {
            (false, _) if self.funded() || !failed => TooLate::Taken,
            (true, false) => TooLate::PaidAgain,
            (true | false, _) if self.over() => TooLate::Over,
            (true | false, _) => TooLate::GivenUp,
        }
    }
}

/// Every clock that runs: those that the parties are shown, and those of late money.
#[must_use]
pub fn every(escrow: &Escrow) -> Vec<Deadline> {
    let mut clocks = deadlines::all(escrow);
    let late = escrow.late_refunds().flat_map(|refund| deadlines::of_refund(escrow, refund));
    clocks.extend(late.map(|clock| Deadline { milestone: None, ..clock }));
    clocks.sort_by_key(|clock| clock.at);
    clocks
}
