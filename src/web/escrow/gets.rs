//! Who gets what in all, where more than the seller are paid out of the price: before fees, the fees out of it, and
//! what arrives. Drawn before the terms are sent, and in the contract. What is hidden from a viewer is no part of
//! the terms and the plan that he brings.

use askama::Template;
use askama::filters::HtmlSafe;

use super::seat::{Seat, role_title};
use crate::engine::party::{Role, UserId};
use crate::engine::plan::{Plan, Share, commission_of};
use crate::engine::terms::{Terms, TermsParty};
use crate::web::view::MoneyView;

/// The table.
#[derive(Template)]
#[template(path = "pages/escrow/gets.html")]
pub struct Gets {
    pub rows: Vec<Row>,
}

impl HtmlSafe for Gets {}

/// One of those who receive.
pub struct Row {
    pub name: String,
    pub role: &'static str,
    pub is_you: bool,
    pub gross: MoneyView,
    pub fees: MoneyView,
    pub net: MoneyView,
}

/// Whether others than the seller are paid out of the price.
#[must_use]
pub fn is_shared(terms: &Terms) -> bool {
    terms.milestones.iter().any(|part| !part.recipients.is_empty())
}

impl Gets {
    /// The table of a shared deal; nothing for any other, whose sums are few enough without it. `hides` the
    /// broker's commission.
    #[must_use]
    pub fn of(
        terms: &Terms,
        plan: &Plan,
        hides: bool,
        you: UserId,
        name: &dyn Fn(UserId) -> String,
    ) -> Option<Self> {
        let mut payees = 0_u8;
        let mut row = |party: &TermsParty| {
            let share = match party.role {
                Role::Payee => {
                    payees += 1;
                    Share::Payee(payees - 1)
                }
                Role::Seller => Share::Seller,
                Role::Buyer | Role::Broker => Share::Broker,
            };
            let net = plan.receives_minor(share);
            let (gross, net) = match party.role {
                Role::Buyer => return None,
                Role::Broker if hides => return None,
                Role::Broker if terms.broker_has_line() => (terms.gross_in_all(party.user), net),
                Role::Broker => (commission_of(terms), net + plan.receives_minor(Share::BrokerOnTop)),
                Role::Seller | Role::Payee => (terms.gross_in_all(party.user), net),
            };
            Some(Row {
                name: name(party.user),
                role: role_title(party.role),
                is_you: party.user == you,
                gross: terms.money(gross).into(),
                fees: terms.money(gross - net).into(),
                net: terms.money(net).into(),
            })
        };
        is_shared(terms).then(|| Self { rows: terms.parties.iter().filter_map(&mut row).collect() })
    }
}

impl Seat {
    /// Who gets what in all, as this viewer may know it; nothing where it is the seller alone.
    #[must_use]
    pub fn gets(&self) -> Option<Gets> {
        let escrow = &self.escrow;
        Gets::of(&escrow.terms, &escrow.plan, self.hides(), self.account.id, &|user| self.name(user))
    }
}
