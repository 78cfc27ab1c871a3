//! What a decision moved, in words: who gets what, milestone by milestone, and where it is.

use crate::engine::notices::{Carried, Sums};
use crate::engine::party::Role;
use crate::money::Money;

/// How long a card takes.
pub(super) const BANKS: &str = "Banks usually take 3 to 10 working days to show it.";

impl Carried {
    /// A paragraph for each milestone, their sum where there are several, and where the reader's money is.
    pub(super) fn say(&self) -> Vec<String> {
        let mut paragraphs = self.lines();
        let place = self.place();
        if !place.is_empty() {
            paragraphs.push(place);
        }
        paragraphs
    }

    /// The sums alone.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut paragraphs: Vec<String> = self
            .sums
            .iter()
            .map(|one| format!("“{}”: {}", one.milestone, self.sentence(&one.released, one.refunded)))
            .collect();
        if self.sums.len() > 1 {
            let roles = [Role::Seller, Role::Broker, Role::Payee];
            let of = |role: Role| {
                let parts = self.sums.iter().flat_map(|one| &one.released).filter(|(to, _)| *to == role);
                Some((role, total(parts.map(|(_, money)| *money))?))
            };
            let released: Vec<(Role, Money)> = roles.into_iter().filter_map(of).collect();
            paragraphs.push(format!("In all: {}", self.sentence(&released, self.back())));
        }
        paragraphs
    }

    /// What goes back in all.
    pub(super) fn back(&self) -> Option<Money> {
        total(self.sums.iter().filter_map(|one| one.refunded))
    }

    fn whom(&self, role: Role) -> String {
        match role {
            Role::Payee => "the payees".to_owned(),
            Role::Buyer | Role::Seller | Role::Broker if role == self.reader => "you".to_owned(),
            Role::Buyer | Role::Seller | Role::Broker => format!("the {}", role.word()),
        }
    }

    fn sentence(&self, released: &[(Role, Money)], refunded: Option<Money>) -> String {
        let (buyer, seller) = (self.whom(Role::Buyer), self.whom(Role::Seller));
        let back = match refunded {
            Some(money) => format!("{money} goes back to {buyer}"),
            None => format!("nothing goes back to {buyer}"),
        };
        let [(first, money), rest @ ..] = released else {
            return format!("{back}; nothing is released to {seller}.");
        };
        let rest: String =
            rest.iter().map(|(role, money)| format!(", {money} to {}", self.whom(*role))).collect();
        format!("{money} is released to {}{rest}; {back}.", self.whom(*first))
    }

    /// Where the reader's own money is, and whether anything is left to do.
    fn place(&self) -> String {
        let mut said = Vec::new();
        let receives =
            self.sums.iter().flat_map(|one: &Sums| &one.released).any(|(to, _)| *to == self.reader);
        if receives && self.in_wallet {
            said.push("What is released to you is in your wallet.".to_owned());
        } else if receives {
            said.push("Move what is released to you to your wallet on the escrow’s page. If you don’t, it gets there by itself within 7 days.".to_owned());
        }
        if self.reader == Role::Buyer {
            said.extend(self.way());
        }
        if self.completes {
            said.push("With that the escrow holds no money any more, and is complete.".to_owned());
        }
        said.join(" ")
    }

    /// By which way the buyer's money goes back to him.
    pub(super) fn way(&self) -> Option<String> {
        match (self.to_wallet, self.as_it_came) {
            (true, false) => Some("What goes back to you is in your wallet.".to_owned()),
            (false, true) => {
                Some(format!("What goes back to you returns to the card or account you paid from. {BANKS}"))
            }
            (true, true) => Some(format!(
                "A part of what goes back to you is in your wallet, the rest returns to the card or account you paid from. {BANKS}"
            )),
            (false, false) => None,
        }
    }
}

fn total(all: impl Iterator<Item = Money>) -> Option<Money> {
    all.reduce(|one, other| Money { minor: one.minor.saturating_add(other.minor), ..one })
}
