//! What those are told who receive and decide nothing: their own sums.

use super::{News, Told};
use crate::engine::party::{Role, UserId};

impl Told<'_> {
    /// What a payee is told who has nothing to answer.
    pub(super) fn named_as_payee(&self, user: UserId, by: Role) -> News {
        let terms = &self.escrow.terms;
        News::NamedAsPayee { by, amount: Some(terms.money(terms.gross_in_all(user))) }
    }
}
