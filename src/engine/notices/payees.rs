//! What those are told who receive and decide nothing: their own sums.

use super::{News, Told};
use crate::engine::party::{PartyStatus, Role, UserId};
use crate::engine::terms::Recipient;

impl Told<'_> {
    /// What a payee is told who has nothing to answer.
    pub(super) fn named_as_payee(&self, user: UserId, by: Role) -> News {
        let terms = &self.escrow.terms;
        News::NamedAsPayee { by, amount: Some(terms.money(terms.gross_in_all(user))) }
    }

    /// Other terms: who is named now, whose part is another one, who is named no longer.
    pub(super) fn payees_changed(&mut self, by: Role, before: &[Recipient]) {
        let terms = &self.escrow.terms;
        let mut told = Vec::new();
        for payee in terms.payees() {
            let now = terms.money(terms.gross_in_all(payee.user));
            let status = self.escrow.party_of(payee.user).map(|party| party.status);
            let news = match before.iter().find(|line| line.user == payee.user) {
                None => self.named_as_payee(payee.user, by),
                Some(line) if line.amount_minor == now.minor => continue,
                Some(line) => News::PayeesPart { by, before: terms.money(line.amount_minor), now },
            };
            if status != Some(PartyStatus::Disowned) {
                told.push((payee.user, news));
            }
        }
        let gone = before.iter().filter(|line| terms.role_of(line.user).is_none());
        told.extend(gone.map(|line| (line.user, News::NoLongerPayee { by })));
        for (user, news) in told {
            self.tell(user, Role::Payee, news);
        }
    }
}
