//! The exact transfers of a step, as confirm pages show them before it is taken.

use askama::Template;
use askama::filters::HtmlSafe;

use super::spot::Spot;
use crate::engine::plan::{Part, Share};
use crate::engine::step;
use crate::engine::sums::Gross;
use crate::engine::words::bridge;
use crate::money::Money;
use crate::web::view::MoneyView;

/// Line by line who gets or gives what, their sum, and what is left.
#[derive(Template)]
#[template(path = "pages/escrow/transfers.html")]
pub struct Transfers {
    pub lines: Vec<Line>,
    pub total: (&'static str, MoneyView),
    pub after: Vec<(&'static str, MoneyView)>,
}

impl HtmlSafe for Transfers {}

/// One line: words, and the person whom they are about.
pub struct Line {
    pub words: &'static str,
    /// Empty where nobody is meant.
    pub name: String,
    pub role: String,
    pub amount: MoneyView,
}

impl Spot {
    /// The parts of a step of the balance, exactly as the engine would make them.
    #[must_use]
    pub fn step(&self, amount_minor: i64) -> Vec<Part> {
        step::parts(&self.state, &self.plan, amount_minor)
    }

    /// What leaves escrow with a step of the balance, in minor units.
    #[must_use]
    pub fn leaves(&self, amount_minor: i64) -> i64 {
        self.step(amount_minor).iter().map(|part| part.amount_minor).sum()
    }

    /// What a release of a part of the balance takes along, and what leaves in all; nothing where it takes nothing.
    #[must_use]
    pub fn taken_along(&self, amount_minor: i64) -> String {
        let gross = Gross::of(&self.step(amount_minor));
        let bridge = bridge(&gross, self.seat.escrow.terms.currency);
        bridge.map(|bridge| format!(" {bridge} leaves the escrow.")).unwrap_or_default()
    }

    /// A part as a line: `words` before the name, or `platform` for the fee.
    fn line(&self, part: &Part, words: &'static str, platform: &'static str) -> Line {
        let amount = self.seat.money(part.amount_minor);
        match self.name_of(part.share) {
            Some(name) => Line { words, name, role: self.role_in(part.share), amount },
            None => Line { words: platform, name: String::new(), role: String::new(), amount },
        }
    }

    /// What a release of a part of the balance moves, and what is held after it.
    #[must_use]
    pub fn release(&self, amount_minor: i64) -> Transfers {
        let parts = self.step(amount_minor);
        let moved: i64 = parts.iter().map(|part| part.amount_minor).sum();
        let left = self.state.left_minor() - amount_minor;
        let mut after = vec![("Left in this milestone to release", self.seat.money(left))];
        if self.seat.escrow.milestones.len() > 1 {
            let held = self.seat.escrow.held_minor() - moved;
            after.push(("Still held in the whole escrow", self.seat.money(held)));
        }
        Transfers {
            lines: parts.iter().map(|part| self.line(part, "To", "Platform fee")).collect(),
            total: ("Leaves escrow", self.seat.money(moved)),
            after,
        }
    }

    /// What a refund of all that is left brings back to the buyer.
    #[must_use]
    pub fn refund(&self) -> Transfers {
        let parts = self.step(self.state.left_minor());
        let moved: i64 = parts.iter().map(|part| part.amount_minor).sum();
        let mut after = Vec::new();
        if self.state.released_minor > 0 {
            after.push(("Already released, stays so", self.seat.money(self.state.released_minor)));
        }
        if self.seat.escrow.milestones.len() > 1 {
            let held = self.seat.escrow.held_minor() - moved;
            after.push(("Still held in the whole escrow", self.seat.money(held)));
        }
        Transfers {
            lines: parts.iter().map(|part| self.line(part, "Held for", "Platform fee")).collect(),
            total: (self.back_to_you(), self.seat.money(moved)),
            after,
        }
    }

    /// Where a refund goes, for the buyer.
    fn back_to_you(&self) -> &'static str {
        if self.seat.goes_back_as_it_came(self.number) {
            "Back to the card or account you paid from"
        } else {
            "Back to your wallet"
        }
    }

    /// What a part of the balance that the seller gives back brings to the buyer, as the seller may know it.
    #[must_use]
    pub fn give_back(&self, amount_minor: i64) -> Transfers {
        let parts = self.step(amount_minor);
        let moved: i64 = parts.iter().map(|part| part.amount_minor).sum();
        let left = self.state.left_minor() - amount_minor;
        Transfers {
            lines: parts.iter().map(|part| self.line(part, "Held for", "Platform fee")).collect(),
            total: ("Back to the buyer", self.seat.money(moved)),
            after: vec![("Left in this milestone", self.seat.money(left))],
        }
    }

    /// The sum of it.
    #[must_use]
    pub fn given_back(&self, amount_minor: i64) -> Money {
        let parts = self.step(amount_minor);
        self.seat.amount(parts.iter().map(|part| part.amount_minor).sum())
    }

    /// What a payout moves to the viewer's wallet.
    #[must_use]
    pub fn payout(&self) -> Transfers {
        let parts = self.seat.escrow.payable_to(self.number, self.seat.account.id);
        let moved = parts.iter().map(|part| part.amount_minor).sum();
        let line = |part: &Part| {
            let words = match part.share {
                Share::Seller => "Released to you as the seller",
                Share::Broker => "Released to you as the broker",
                Share::BrokerOnTop => "Your commission, paid by the buyer",
                Share::Payee(_) => "Released to you",
                Share::Platform => "Platform fee",
            };
            Line {
                words,
                name: String::new(),
                role: String::new(),
                amount: self.seat.money(part.amount_minor),
            }
        };
        Transfers {
            lines: parts.iter().map(line).collect(),
            total: ("To your wallet", self.seat.money(moved)),
            after: Vec::new(),
        }
    }
}
