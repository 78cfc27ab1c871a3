//! A commission hidden from one side: what that side sees of the escrow instead.
//!
//! The veiled escrow holds no number from which the commission could be computed, so whatever is drawn from it
//! gives nothing away. What the buyer pays on top is left out; what the seller pays is told as "to the
//! seller". Payees see neither. The mark that something is hidden stays, for the contract's text is the
//! same for everyone.

use rust_decimal::Decimal;

use super::escrow::{End, Escrow, Holding, Milestone, Stage};
use super::event::{Event, Record};
use super::party::{Role, UserId};
use super::plan::{MilestonePlan, Part, Plan, Share};
use super::terms::{Commission, CommissionPayer, FeeSchedule, Rate, Terms};

/// Whether terms hide their commission from a role.
#[must_use]
pub fn hides_from(terms: &Terms, role: Role) -> bool {
    let Some(commission) = terms.commission.as_ref().filter(|commission| commission.hidden) else {
        return false;
    };
    match (commission.payer, role) {
        (_, Role::Payee) => true,
        (CommissionPayer::Buyer, Role::Seller) | (CommissionPayer::Seller, Role::Buyer) => true,
        (CommissionPayer::Buyer, Role::Buyer | Role::Broker)
        | (CommissionPayer::Seller, Role::Seller | Role::Broker)
        | (CommissionPayer::Split, Role::Buyer | Role::Seller | Role::Broker) => false,
    }
}

/// The terms as a role may see them.
#[must_use]
pub fn terms(terms: Terms, role: Role) -> Terms {
    if hides_from(&terms, role) { without_commission(terms) } else { terms }
}

/// That one is hidden stays to be seen; how much it is does not.
fn without_commission(mut terms: Terms) -> Terms {
    terms.commission = terms.commission.take().map(|commission| Commission {
        rate: Rate::FixedMinor(0),
        salt: String::new(),
        ..commission
    });
    terms
}

/// The escrow as a role may see it.
#[must_use]
pub fn escrow(escrow: Escrow, role: Role) -> Escrow {
    match hidden_payer(&escrow.terms, role) {
        Some(payer) => veiled(escrow, payer),
        None => escrow,
    }
}

/// The escrow as its arbiter may see it: what he decides is no business of the broker's, so a hidden commission
/// is hidden from him too.
#[must_use]
pub fn for_arbiter(escrow: Escrow) -> Escrow {
    let hidden = escrow.terms.commission.as_ref().filter(|commission| commission.hidden);
    match hidden.map(|commission| commission.payer) {
        Some(payer) => veiled(escrow, payer),
        None => escrow,
    }
}

/// The escrow as one of its payees may see it: the titles, his own lines and clocks, and nothing of what others
/// pay, receive, write or quarrel about.
#[must_use]
pub fn for_payee(mut escrow: Escrow, user: UserId) -> Escrow {
    let own: Vec<Share> =
        (0..=u8::MAX).map(Share::Payee).filter(|share| escrow.receiver(*share) == Some(user)).collect();
    let is_own = |share: Share| own.contains(&share);
    for (part, plan) in escrow.terms.milestones.iter_mut().zip(&mut escrow.plan.milestones) {
        part.recipients.retain(|line| line.user == user);
        part.amount_minor = part.recipients.iter().map(|line| line.amount_minor).sum();
        part.description.clear();
        part.criteria.clear();
        plan.lines.retain(|line| is_own(line.share));
        (plan.charge_minor, plan.commission_by_buyer_minor, plan.commission_by_seller_minor) = (0, 0, 0);
    }
    escrow.terms = Terms {
        description: String::new(),
        amount_minor: escrow.terms.milestones.iter().map(|part| part.amount_minor).sum(),
        fee: FeeSchedule { percent: Decimal::ZERO, ..FeeSchedule::default() },
        commission: None,
        contract_terms: None,
        external_reference: None,
        files: Vec::new(),
        arbiter: None,
        ..escrow.terms
    };
    for part in &mut escrow.milestones {
        part.holdings.retain(|held| is_own(held.share));
        (part.released_minor, part.refunded_minor, part.extension) = (0, 0, None);
        if part.payable_minor() == 0 {
            (part.payable_since, part.pay_out_by) = (None, None);
        }
        if let Some(delivery) = &mut part.delivery {
            delivery.note.clear();
            delivery.files.clear();
            delivery.changes = None;
        }
    }
    escrow.fallen_commission = None;
    escrow.document_sha256.clear();
    escrow.side_sha256 = None;
    escrow.parties.iter_mut().for_each(|party| party.signature = None);
    escrow.charge = None;
    escrow.given_up.clear();
    escrow.cancellation = None;
    escrow.settlements.clear();
    escrow.disputes.clear();
    escrow.refunds.clear();
    escrow.rejected = None;
    if let Stage::Ended { end, .. } | Stage::Closed { end, .. } = &mut escrow.stage
        && let End::Declined { reason, .. } = end
    {
        reason.clear();
    }
    escrow
}

fn veiled(mut escrow: Escrow, payer: CommissionPayer) -> Escrow {
    let on_top = |milestones: &[u16], plan: &Plan| -> i64 {
        let part = |number: &u16| plan.milestones.get(usize::from(*number).checked_sub(1)?);
        milestones.iter().filter_map(part).map(|part| part.commission_by_buyer_minor).sum()
    };
    for charge in escrow.charge.iter_mut().chain(&mut escrow.given_up) {
        charge.amount_minor -= on_top(&charge.milestones, &escrow.plan);
    }
    escrow.terms = without_commission(escrow.terms);
    escrow.fallen_commission = None;
    escrow.side_sha256 = None;
    escrow.plan.milestones.iter_mut().for_each(|part| plan(part, payer));
    escrow.milestones.iter_mut().for_each(|part| milestone(part, payer));
    escrow.refunds.iter_mut().for_each(|refund| parts(&mut refund.parts, payer));
    for party in &mut escrow.parties {
        if let Some(signature) = &mut party.signature {
            signature.side_sha256 = None;
        }
    }
    escrow
}

fn hidden_payer(terms: &Terms, role: Role) -> Option<CommissionPayer> {
    hides_from(terms, role).then(|| terms.commission.as_ref().map(|commission| commission.payer)).flatten()
}

fn plan(part: &mut MilestonePlan, payer: CommissionPayer) {
    part.charge_minor -= part.commission_by_buyer_minor;
    part.commission_by_buyer_minor = 0;
    part.commission_by_seller_minor = 0;
    parts(&mut part.lines, payer);
}

/// The parts of a step as a role may see them.
#[must_use]
pub fn parts_seen(terms: &Terms, role: Role, mut all: Vec<Part>) -> Vec<Part> {
    if let Some(payer) = hidden_payer(terms, role) {
        parts(&mut all, payer);
    }
    all
}

/// What is for the broker goes with what is for the seller, or is left out.
fn parts(parts: &mut Vec<Part>, payer: CommissionPayer) {
    let is_brokers = |share: Share| matches!(share, Share::Broker | Share::BrokerOnTop);
    let brokers: i64 = parts.iter().filter(|part| is_brokers(part.share)).map(|part| part.amount_minor).sum();
    parts.retain(|part| !is_brokers(part.share));
    if payer != CommissionPayer::Seller || brokers == 0 {
        return;
    }
    match parts.iter_mut().find(|part| part.share == Share::Seller) {
        Some(seller) => seller.amount_minor += brokers,
        None => parts.insert(0, Part { share: Share::Seller, amount_minor: brokers }),
    }
}

fn milestone(part: &mut Milestone, payer: CommissionPayer) {
    let is_brokers = |held: &Holding| matches!(held.share, Share::Broker | Share::BrokerOnTop);
    let brokers: Vec<Holding> = part.holdings.iter().filter(|held| is_brokers(held)).copied().collect();
    part.holdings.retain(|held| !is_brokers(held));
    part.followed.retain(|part| part.share != Share::BrokerOnTop);
    if payer == CommissionPayer::Seller {
        let released = part.released_minor;
        if let Some(seller) = part.holdings.iter_mut().find(|held| held.share == Share::Seller) {
            seller.held_minor += brokers.iter().map(|held| held.held_minor).sum::<i64>();
            seller.reserved_minor += brokers.iter().map(|held| held.reserved_minor).sum::<i64>();
            // One of the two may have moved his money already: only that some waits may be seen.
            let waits = seller.payable_minor + brokers.iter().map(|held| held.payable_minor).sum::<i64>() > 0;
            seller.payable_minor = if waits { released } else { 0 };
        }
    }
    if part.payable_minor() == 0 {
        (part.payable_since, part.pay_out_by) = (None, None);
    }
}

/// A record of the history as a role may see it, given the escrow as that role sees it. A payout whose sum
/// would tell something comes with none.
#[must_use]
pub fn record(record: Record, escrow: &Escrow, role: Role) -> Record {
    let record = match hidden_payer(&escrow.terms, role) {
        Some(payer) => veiled_record(record, escrow, payer),
        None => record,
    };
    if role == Role::Buyer { without_sum(record) } else { record }
}

/// When a receiver moves money to a wallet is the buyer's to know, how much at a time is not: where something is
/// hidden the sums would tell it, and where nothing is, that.
fn without_sum(mut record: Record) -> Record {
    if let Event::PaidOut { amount_minor, .. } = &mut record.event {
        *amount_minor = 0;
    }
    record
}

/// A record of the history as the arbiter may see it, given the escrow as he sees it.
#[must_use]
pub fn record_for_arbiter(record: Record, escrow: &Escrow) -> Record {
    let hidden = escrow.terms.commission.as_ref().filter(|commission| commission.hidden);
    match hidden.map(|commission| commission.payer) {
        Some(payer) => veiled_record(record, escrow, payer),
        None => record,
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "other events carry no sum of a charge and no parts")]
fn veiled_record(mut record: Record, escrow: &Escrow, payer: CommissionPayer) -> Record {
    match &mut record.event {
        Event::ChargeStarted { payment, milestones, amount_minor, .. } => {
            let part = |number: &u16| escrow.plan.milestones.get(usize::from(*number).checked_sub(1)?);
            let planned = milestones.iter().filter_map(part).map(|part| part.charge_minor).sum();
            *amount_minor = escrow.attempt(*payment).map_or(planned, |charge| charge.amount_minor);
        }
        Event::ChargeReturned { payment, amount_minor, .. } => {
            *amount_minor = escrow.attempt(*payment).map_or(0, |charge| charge.amount_minor);
        }
        Event::Released { parts: all, .. }
        | Event::Refunded { parts: all, .. }
        | Event::RefundStarted { parts: all, .. } => parts(all, payer),
        Event::PaidOut { share, amount_minor, .. } => {
            let tells = match share {
                Share::Broker | Share::BrokerOnTop => true,
                Share::Seller => payer == CommissionPayer::Seller,
                Share::Payee(_) | Share::Platform => false,
            };
            if tells {
                *amount_minor = 0;
            }
        }
        Event::Proposed { terms: all, plan: whole, side_sha256, .. }
        | Event::Countered { terms: all, plan: whole, side_sha256, .. } => {
            *side_sha256 = None;
            **all = without_commission((**all).clone());
            whole.milestones.iter_mut().for_each(|part| plan(part, payer));
        }
        Event::Signed { side_sha256, .. }
        | Event::Accepted { side_sha256, .. }
        | Event::PartyCorrected { side_sha256, .. } => *side_sha256 = None,
        _ => {}
    }
    record
}
