//! Event → ledger. Each entry moves an amount from one account to another, so that every entry sums to
//! zero by its own shape.

use uuid::Uuid;

use super::escrow::{Escrow, Method};
use super::event::Event;
use super::party::{Role, UserId};
use super::plan::{Part, Share};
use crate::money::Money;

/// An account of the ledger, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// The outside world behind a provider; may be negative.
    Clearing { rail: String },
    /// In custody, not yet decided.
    Held { escrow: Uuid, milestone: u16, share: Share, user: Option<UserId> },
    /// Decided, not yet paid out.
    Payable { escrow: Uuid, milestone: u16, share: Share, user: Option<UserId> },
    /// A user's own money.
    Wallet { user: UserId },
    /// What the platform has earned.
    Fees,
    /// Money that nobody here may have, on its way out again: a guest's payment that came too late.
    Suspense,
}

impl Account {
    /// Its kind's stored name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Clearing { .. } => "clearing",
            Self::Held { .. } => "held",
            Self::Payable { .. } => "payable",
            Self::Wallet { .. } => "wallet",
            Self::Fees => "fees",
            Self::Suspense => "suspense",
        }
    }

    /// Its stored key, stable for ever.
    #[must_use]
    pub fn key(&self, currency: crate::money::Currency) -> String {
        match self {
            Self::Clearing { rail } => format!("clearing/{rail}/{currency}"),
            Self::Held { escrow, milestone, share, .. } => {
                format!("held/{escrow}/{milestone}/{}", share.name())
            }
            Self::Payable { escrow, milestone, share, .. } => {
                format!("payable/{escrow}/{milestone}/{}", share.name())
            }
            Self::Wallet { user } => format!("wallet/{user}/{currency}"),
            Self::Fees => format!("fees/{currency}"),
            Self::Suspense => format!("suspense/{currency}"),
        }
    }

    /// Whether it has a balance of its own that must never be negative. The others are sums of entries, so
    /// that no row is written by every command.
    #[must_use]
    pub fn has_balance(&self) -> bool {
        match self {
            Self::Held { .. } | Self::Payable { .. } | Self::Wallet { .. } => true,
            Self::Clearing { .. } | Self::Fees | Self::Suspense => false,
        }
    }

    /// The user whose money it is, or will be.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Held { user, .. } | Self::Payable { user, .. } => *user,
            Self::Wallet { user } => Some(*user),
            Self::Clearing { .. } | Self::Fees | Self::Suspense => None,
        }
    }

    /// The escrow it belongs to.
    #[must_use]
    pub fn escrow(&self) -> Option<Uuid> {
        match self {
            Self::Held { escrow, .. } | Self::Payable { escrow, .. } => Some(*escrow),
            Self::Wallet { .. } | Self::Clearing { .. } | Self::Fees | Self::Suspense => None,
        }
    }
}

/// A balanced entry: `amount > 0` moves from one account to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub from: Account,
    pub to: Account,
    pub amount: Money,
}

/// The entries of an event, given the escrow as it was before it.
#[must_use]
pub fn entries(escrow: &Escrow, event: &Event) -> Vec<Entry> {
    let buyer = escrow.party(Role::Buyer).map(|party| Account::Wallet { user: party.user });
    let entry =
        |from: Account, to: Account, minor: i64| Entry { from, to, amount: escrow.terms.money(minor) };
    match event {
        Event::ChargeSettled { .. } => deposit(escrow),
        Event::ChargeReturned { payment, amount_minor, rail, back } => {
            returned(escrow, *payment, *amount_minor, rail, back.is_some())
        }
        Event::Released { milestone, parts, .. } => step(escrow, *milestone, parts, |share| match share {
            Share::Platform => Account::Fees,
            Share::Seller | Share::Broker | Share::Payee(_) | Share::BrokerOnTop => {
                payable(escrow, *milestone, share)
            }
        }),
        Event::Refunded { milestone, parts, .. } => {
            buyer.map_or_else(Vec::new, |buyer| step(escrow, *milestone, parts, |_| buyer.clone()))
        }
        Event::RefundSettled { refund, .. } | Event::RefundedToWallet { refund, .. } => {
            refunded(escrow, *refund, matches!(event, Event::RefundSettled { .. }))
        }
        Event::PaidOut { milestone, share, user, amount_minor } => {
            let wallet = Account::Wallet { user: *user };
            vec![entry(payable(escrow, *milestone, *share), wallet, *amount_minor)]
        }
        Event::Proposed { .. }
        | Event::Countered { .. }
        | Event::Accepted { .. }
        | Event::Signed { .. }
        | Event::Disowned { .. }
        | Event::PartyCorrected { .. }
        | Event::InvitedAgain { .. }
        | Event::BuyerJoined { .. }
        | Event::Agreed { .. }
        | Event::ChargeStarted { .. }
        | Event::ChargeFailed { .. }
        | Event::Rejected { .. }
        | Event::NextPaymentDue { .. }
        | Event::Dropped { .. }
        | Event::ProofSubmitted { .. }
        | Event::CorrectionsRequested { .. }
        | Event::ProofAccepted { .. }
        | Event::Delivered { .. }
        | Event::ChangesRequested { .. }
        | Event::InspectionExtended { .. }
        | Event::ExtensionAsked { .. }
        | Event::ExtensionGranted { .. }
        | Event::ExtensionEnded { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationEnded { .. }
        | Event::SettlementOffered { .. }
        | Event::SettlementEnded { .. }
        | Event::DisputeOpened { .. }
        | Event::Stated { .. }
        | Event::DisputeMoved { .. }
        | Event::Ruled { .. }
        | Event::RulingReturned { .. }
        | Event::DisputeEnded { .. }
        | Event::ArbiterDeclined { .. }
        | Event::Said { .. }
        | Event::RefundStarted { .. }
        | Event::RefundFailed { .. }
        | Event::RefundRetried { .. }
        | Event::Overdue { .. }
        | Event::Reminded { .. }
        | Event::Nudged { .. }
        | Event::Ended { .. }
        | Event::Closed => Vec::new(),
    }
}

/// A reserved refund's parts leave what is held, or late money leaves suspense: sent as it came, or to the wallet
/// of whose it is.
fn refunded(escrow: &Escrow, refund: u16, sent: bool) -> Vec<Entry> {
    let Some(refund) = escrow.refund(refund) else { return Vec::new() };
    let buyer = || escrow.party(Role::Buyer).map(|party| party.user);
    let owner = if refund.late { escrow.payer(refund.charge) } else { buyer() };
    let wallet = || owner.map(|user| Account::Wallet { user });
    let to = if sent { Some(Account::Clearing { rail: refund.rail.clone() }) } else { wallet() };
    let Some(to) = to else { return Vec::new() };
    if refund.late {
        return vec![Entry { from: Account::Suspense, to, amount: escrow.terms.money(refund.amount_minor) }];
    }
    step(escrow, refund.milestone, &refund.parts, |_| to.clone())
}

/// A step's parts leave what is held, each to its account.
fn step(escrow: &Escrow, milestone: u16, parts: &[Part], to: impl Fn(Share) -> Account) -> Vec<Entry> {
    let one = |part: &Part| Entry {
        from: held(escrow, milestone, part.share),
        to: to(part.share),
        amount: escrow.terms.money(part.amount_minor),
    };
    parts.iter().map(one).collect()
}

/// Money that nobody waits for any more: on its way back, or to the wallet of whoever paid it.
fn returned(escrow: &Escrow, payment: Uuid, amount_minor: i64, rail: &str, back: bool) -> Vec<Entry> {
    let Some(user) = escrow.payer(payment) else { return Vec::new() };
    let guest = escrow.attempt(payment).is_some_and(|charge| charge.guest);
    let to = if guest || back { Account::Suspense } else { Account::Wallet { user } };
    let from = Account::Clearing { rail: rail.to_owned() };
    vec![Entry { from, to, amount: escrow.terms.money(amount_minor) }]
}

fn held(escrow: &Escrow, milestone: u16, share: Share) -> Account {
    Account::Held { escrow: escrow.id, milestone, share, user: escrow.receiver(share) }
}

fn payable(escrow: &Escrow, milestone: u16, share: Share) -> Account {
    Account::Payable { escrow: escrow.id, milestone, share, user: escrow.receiver(share) }
}

/// A settled payment: one entry a share of each milestone that it pays for.
fn deposit(escrow: &Escrow) -> Vec<Entry> {
    let Some(charge) = &escrow.charge else { return Vec::new() };
    let from = match &charge.method {
        Method::Rail { rail } => Account::Clearing { rail: rail.clone() },
        Method::Wallet => match escrow.party(Role::Buyer) {
            Some(buyer) => Account::Wallet { user: buyer.user },
            None => return Vec::new(),
        },
    };
    let mut entries = Vec::new();
    for number in &charge.milestones {
        let Some(plan) = escrow.plan.milestones.get(usize::from(*number).saturating_sub(1)) else { continue };
        for line in plan.lines.iter().filter(|line| line.amount_minor > 0) {
            entries.push(Entry {
                from: from.clone(),
                to: held(escrow, *number, line.share),
                amount: escrow.terms.money(line.amount_minor),
            });
        }
    }
    entries
}
