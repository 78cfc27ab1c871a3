//! From terms back to what would have been typed: the pages open with what stands, or stood, in another deal.

use super::answers::{name, payee, share};
use super::handler::Called;
use super::shares::LINE;
use crate::calendar::Zone;
use crate::engine::party::Role;
use crate::engine::terms::{
    CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, Funding, Kind, MilestoneTerms, Mode, Rate,
    Terms,
};
use crate::engine::time::Time;
use crate::engine::veil;
use crate::store::drafts::Pairs;

/// What the terms do not say of themselves.
pub struct Refill<'a> {
    pub role: Role,
    /// The others' addresses.
    pub others: Vec<(Role, String)>,
    /// Those who are paid too, in the order of the terms.
    pub payees: Vec<Called>,
    /// The arbiter who stands in the terms.
    pub arbiter: Option<Called>,
    /// In whose days dates are written.
    pub zone: &'a Zone,
    /// Dates before this moment are left open.
    pub since: Option<Time>,
}

/// The fields of the pages of a new escrow.
#[must_use]
pub fn pairs(terms: &Terms, refill: &Refill<'_>) -> Pairs {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    set("role", refill.role.word());
    set("kind", if terms.kind == Kind::OneOff { "one_off" } else { "milestone" });
    set("mode", mode(terms.mode));
    set("payment", payment(terms));
    if terms.mode == Mode::QuickProof {
        set("proof_upload_hours", &terms.upload_hours().to_string());
        set("proof_review_hours", &terms.review_hours().to_string());
    }
    for (role, email) in &refill.others {
        set(role.word(), email);
    }
    for (number, called) in (1..).zip(&refill.payees) {
        set(&payee(number, "name"), &called.name);
        set(&payee(number, "email"), &called.email);
    }
    set("title", &terms.title);
    set("description", &terms.description);
    set("contract_terms", terms.contract_terms.as_deref().unwrap_or_default());
    set("external_reference", terms.external_reference.as_deref().unwrap_or_default());
    set("currency", terms.currency.code());
    if terms.kind == Kind::OneOff {
        set("amount", &terms.money(terms.amount_minor).plain());
        set("delivery_days", &terms.delivery_days.map(|days| days.to_string()).unwrap_or_default());
    }
    for (number, part) in (1..).zip(&terms.milestones) {
        milestone(terms, number, part, refill, &mut set);
    }
    set("fee_payer", fee_payer(terms.fee_payer));
    commission(terms, refill.role, &mut set);
    let handler = match terms.dispute_handler {
        DisputeHandler::Platform => "platform",
        DisputeHandler::Arbitration => "arbitration",
    };
    set("dispute_handler", handler);
    if let Some(arbiter) = &refill.arbiter {
        set("arbiter", &arbiter.email);
        set("arbiter_name", &arbiter.name);
    }
    set("default_outcome", outcome(terms.default_outcome));
    pairs
}

fn milestone(
    terms: &Terms,
    number: usize,
    part: &MilestoneTerms,
    refill: &Refill<'_>,
    set: &mut dyn FnMut(&str, &str),
) {
    if terms.kind == Kind::Milestone {
        set(&name(number, "title"), &part.title);
        set(&name(number, "amount"), &terms.money(part.amount_minor).plain());
        let due = part.due.filter(|due| refill.since.is_none_or(|since| *due > since));
        set(&name(number, "due"), &due.map(|due| day(refill.zone, due)).unwrap_or_default());
    }
    set(&name(number, "description"), &part.description);
    set(&name(number, "inspection"), &part.inspection_days.to_string());
    set(&name(number, "criteria"), &part.criteria.join("\n"));
    for line in &part.recipients {
        let amount = terms.money(line.amount_minor).plain();
        if let Some(place) = terms.payees().position(|payee| payee.user == line.user) {
            set(&name(number, &share(place + 1)), &amount);
        } else if terms.role_of(line.user) == Some(Role::Broker) {
            set(&name(number, "broker"), &amount);
        }
    }
}

/// The day of a moment as a date field holds it.
#[must_use]
pub fn day(zone: &Zone, at: Time) -> String {
    zone.format(at, "%Y-%m-%d")
}

fn commission(terms: &Terms, role: Role, set: &mut dyn FnMut(&str, &str)) {
    let Some(commission) = terms.commission.as_ref().filter(|_| !veil::hides_from(terms, role)) else {
        if terms.party(Role::Broker).is_some() && terms.commission.is_none() {
            set("commission_kind", if terms.broker_has_line() { LINE } else { "none" });
        }
        return;
    };
    match &commission.rate {
        Rate::Percent(percent) => {
            set("commission_kind", "percent");
            set("commission", &percent.normalize().to_string());
        }
        Rate::FixedMinor(minor) => {
            set("commission_kind", "fixed");
            set("commission", &terms.money(*minor).plain());
        }
    }
    let payer = match commission.payer {
        CommissionPayer::Buyer => "buyer",
        CommissionPayer::Seller => "seller",
        CommissionPayer::Split => "split",
    };
    set("commission_payer", payer);
    set("commission_hidden", if commission.hidden { "yes" } else { "no" });
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Standard => "standard",
        Mode::Quick => "quick",
        Mode::QuickProof => "quick_proof",
        Mode::Instant => "instant",
    }
}

fn payment(terms: &Terms) -> &'static str {
    match (terms.funding, terms.pay_first) {
        (Funding::PerMilestone, _) => "each",
        (Funding::Whole, true) => "first",
        (Funding::Whole, false) => "agreed",
    }
}

fn fee_payer(payer: FeePayer) -> &'static str {
    match payer {
        FeePayer::Buyer => "buyer",
        FeePayer::Seller => "seller",
        FeePayer::Split => "split",
        FeePayer::Broker => "broker",
    }
}

fn outcome(outcome: DefaultOutcome) -> &'static str {
    match outcome {
        DefaultOutcome::RefundBuyer => "refund_buyer",
        DefaultOutcome::ReleaseToSeller => "release_to_seller",
        DefaultOutcome::Halves => "halves",
    }
}
