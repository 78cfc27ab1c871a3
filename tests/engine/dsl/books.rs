//! A small ledger of our own, which knows nothing but entries: what the escrow says of its money must be
//! what their sums say.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::escrow::Escrow;
use holdfast::engine::event::Event;
use holdfast::engine::party::UserId;
use holdfast::engine::plan::Share;
use holdfast::engine::postings::{Account, Entry, entries};
use holdfast::engine::refund::Refund;
use uuid::Uuid;

/// Sums of entries by account, in one currency.
#[derive(Clone, Debug, Default)]
pub struct Books {
    clearing: i64,
    fees: i64,
    suspense: i64,
    wallets: BTreeMap<UserId, i64>,
    topped_up: BTreeMap<UserId, i64>,
    held: BTreeMap<(u16, Share), i64>,
    payable: BTreeMap<(u16, Share), i64>,
    /// Payments whose money has come in. A second arrival of the same money would be made of nothing.
    arrived: BTreeSet<Uuid>,
    /// What came in by each payment, less what went back on it.
    charged: BTreeMap<Uuid, i64>,
}

impl Books {
    /// Money that a user already has.
    pub fn top_up(&mut self, user: UserId, minor: i64) {
        self.clearing -= minor;
        *self.wallets.entry(user).or_default() += minor;
        *self.topped_up.entry(user).or_default() += minor;
    }

    /// What users brought along, in all.
    pub fn topped_up(&self) -> i128 {
        self.topped_up.values().copied().map(i128::from).sum()
    }

    /// What the escrow has put into wallets and taken out of them, in all.
    pub fn wallets_without_top_ups(&self) -> BTreeMap<UserId, i128> {
        let brought = |user: &UserId| self.topped_up.get(user).copied().unwrap_or_default();
        let moved = self.wallets.iter().map(|(user, minor)| (*user, i128::from(minor - brought(user))));
        moved.filter(|(_, minor)| *minor != 0).collect()
    }

    pub fn all_held(&self) -> BTreeMap<(u16, Share), i128> {
        with_something(&self.held)
    }

    pub fn all_payable(&self) -> BTreeMap<(u16, Share), i128> {
        with_something(&self.payable)
    }

    pub fn wallet(&self, user: UserId) -> i64 {
        self.wallets.get(&user).copied().unwrap_or_default()
    }

    pub fn fees(&self) -> i64 {
        self.fees
    }

    /// What came too late and can't go to a wallet.
    pub fn suspense(&self) -> i64 {
        self.suspense
    }

    /// What has come in from outside, net.
    pub fn came_in(&self) -> i64 {
        -self.clearing
    }

    pub fn held(&self) -> i64 {
        self.held.values().sum()
    }

    pub fn payable(&self) -> i64 {
        self.payable.values().sum()
    }

    fn account(&mut self, account: &Account) -> &mut i64 {
        match account {
            Account::Clearing { .. } => &mut self.clearing,
            Account::Fees => &mut self.fees,
            Account::Suspense => &mut self.suspense,
            Account::Wallet { user } => self.wallets.entry(*user).or_default(),
            Account::Held { milestone, share, .. } => self.held.entry((*milestone, *share)).or_default(),
            Account::Payable { milestone, share, .. } => {
                self.payable.entry((*milestone, *share)).or_default()
            }
        }
    }

    /// Books an event, given the escrow before it. Says what is wrong with it.
    pub fn book(&mut self, escrow: &Escrow, event: &Event) -> Result<(), String> {
        if let Event::ChargeSettled { payment, .. } | Event::ChargeReturned { payment, .. } = event
            && !self.arrived.insert(*payment)
        {
            return Err(format!("the money of payment {payment} arrived twice"));
        }
        let before = self.clearing;
        for Entry { from, to, amount } in entries(escrow, event) {
            if amount.minor <= 0 || amount.currency != escrow.terms.currency || from == to {
                return Err(format!("a senseless entry of {amount} from {from:?} to {to:?}"));
            }
            for account in [&from, &to] {
                let (Account::Held { share, user, .. } | Account::Payable { share, user, .. }) = account
                else {
                    continue;
                };
                if *user != escrow.receiver(*share) || account.escrow() != Some(escrow.id) {
                    return Err(format!("{account:?} is nobody's"));
                }
            }
            *self.account(&from) -= amount.minor;
            *self.account(&to) += amount.minor;
        }
        self.on_charges(escrow, event)?;
        self.outside_moved(escrow, event, before - self.clearing)
    }

    /// Nothing goes back on a payment but what it brought.
    fn on_charges(&mut self, escrow: &Escrow, event: &Event) -> Result<(), String> {
        match (event, &escrow.charge) {
            (Event::ChargeSettled { payment, .. }, Some(charge)) => {
                self.charged.insert(*payment, charge.amount_minor);
            }
            (Event::ChargeReturned { payment, amount_minor, .. }, _) => {
                self.charged.insert(*payment, *amount_minor);
            }
            (Event::RefundSettled { refund, .. }, _) => {
                let refund = escrow.refund(*refund).ok_or("a refund that nobody knows")?;
                let left = self.charged.entry(refund.charge).or_default();
                *left -= refund.sum_minor();
                if *left < 0 {
                    return Err(format!("{refund:?} takes back more than its payment brought"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is held and reserved for refunds that are neither done nor gone to a wallet.
    pub fn reserved(escrow: &Escrow) -> i64 {
        escrow.refunds.iter().filter(|refund| refund.open() && !refund.late).map(Refund::sum_minor).sum()
    }

    /// Only settled payments bring money in, and they bring exactly what was charged.
    fn outside_moved(&self, escrow: &Escrow, event: &Event, came_in: i64) -> Result<(), String> {
        use holdfast::engine::escrow::Method;
        let expected = match (event, &escrow.charge) {
            (Event::ChargeReturned { amount_minor, .. }, _) => *amount_minor,
            (Event::RefundSettled { refund, .. }, _) => -escrow.refund(*refund).map_or(0, Refund::sum_minor),
            (Event::ChargeSettled { .. }, Some(charge)) => match charge.method {
                Method::Rail { .. } => charge.amount_minor,
                Method::Wallet => 0,
            },
            _ => 0,
        };
        if came_in == expected { Ok(()) } else { Err(format!("{came_in} came in instead of {expected}")) }
    }

    /// The laws of the ledger (domain, section 5), against what the escrow says.
    pub fn check(&self, escrow: &Escrow) -> Result<(), String> {
        let balances = self.held.values().chain(self.payable.values()).chain(self.wallets.values());
        if balances.clone().any(|balance| *balance < 0) {
            return Err(format!("a balance below zero: {self:?}"));
        }
        if balances.sum::<i64>() + self.fees + self.suspense + self.clearing != 0 {
            return Err(format!("the books don't sum to zero: {self:?}"));
        }
        let mut known = 0;
        for (number, part) in (1_u16..).zip(&escrow.milestones) {
            for holding in &part.holdings {
                let place = (number, holding.share);
                let booked =
                    |side: &BTreeMap<(u16, Share), i64>| side.get(&place).copied().unwrap_or_default();
                let (held, payable) = (booked(&self.held), booked(&self.payable));
                if (held, payable) != (holding.held_minor, holding.payable_minor) {
                    return Err(format!("{place:?}: the books hold {held} and {payable}, not {holding:?}"));
                }
                if !(0..=held).contains(&holding.reserved_minor) {
                    return Err(format!("{place:?} reserves more than it holds: {holding:?}"));
                }
                known += held + payable;
            }
        }
        let kept: i64 = escrow.milestones.iter().map(|part| part.reserved_minor()).sum();
        let reserved = Self::reserved(escrow);
        if reserved != kept {
            return Err(format!("{reserved} is to go back, {kept} is reserved"));
        }
        let late: i64 = escrow.late_refunds().filter(|refund| refund.open()).map(Refund::sum_minor).sum();
        if late != self.suspense {
            return Err(format!(
                "{late} came too late and is to go back, {} is booked for it",
                self.suspense
            ));
        }
        let booked = self.held() + self.payable();
        if booked == known { Ok(()) } else { Err(format!("{booked} is booked, {known} is known")) }
    }
}

fn with_something(side: &BTreeMap<(u16, Share), i64>) -> BTreeMap<(u16, Share), i128> {
    side.iter().filter(|(_, minor)| **minor != 0).map(|(place, minor)| (*place, i128::from(*minor))).collect()
}
