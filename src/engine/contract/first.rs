//! Format 1 of the contract's text, as it was written until texts were stored: kept for nothing but to fill in
//! the texts of versions from before, whose hash was made of exactly these bytes.
//!
//! NOTHING IN THIS FILE MAY CHANGE, not a word and not a blank: a text of other bytes has another hash than the
//! one that was signed. Texts of new versions are written in `clauses.rs`.

use std::fmt::Write as _;

use crate::engine::chain::sha256_hex;
use crate::engine::party::Role;
use crate::engine::plan::{Plan, commission_of, fee_of};
use crate::engine::status::capital;
use crate::engine::terms::{
    CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, Funding, Kind, MilestoneTerms, Mode, Rate,
    Terms,
};

/// The contract's text: plain, UTF-8, `\n` at each line's end.
#[must_use]
pub fn text(terms: &Terms, reference: &str, version: u32) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("ESCROW CONTRACT");
    line(&format!("Reference: {reference}"));
    line(&format!("Version: {version}"));
    line(&format!("Title: {}", terms.title));
    if !terms.description.is_empty() {
        line(&format!("Description:{}", quoted(&terms.description)));
    }
    if let Some(reference) = &terms.external_reference {
        line(&format!("The parties' own reference: {reference}"));
    }
    line("");
    line("1. PARTIES");
    for party in &terms.parties {
        line(&format!("{}: identity {}", capital(&terms.called(party.user)), party.identity_sha256));
    }
    if terms.mode == Mode::Instant {
        line("Buyer: whoever pays by the pay link, which accepts these terms.");
    }
    line("");
    line("2. WORK AND PAYMENT");
    line(&format!("Amount: {}", terms.money(terms.amount_minor)));
    for (number, milestone) in (1..).zip(&terms.milestones) {
        line(&milestone_text(terms, number, milestone));
    }
    for text in mode_text(terms) {
        line(&text);
    }
    line("");
    line("3. FEES");
    line(&fees(terms));
    line("");
    line("4. IF THE PARTIES DISAGREE");
    line(&disputes(terms));
    line("");
    line("5. THE PARTIES' OWN TERMS");
    line(terms.contract_terms.as_deref().map_or("None.".to_owned(), quoted).trim_start_matches('\n'));
    if !terms.files.is_empty() {
        line("");
        line("6. FILES");
        for file in &terms.files {
            line(&format!("{} bytes, SHA-256 {}", file.size_bytes, file.sha256));
        }
    }
    out
}

/// The side agreement on a commission that the contract keeps quiet about; nothing where there is none. It
/// binds to the contract of the same version, and its salt keeps its digest from being guessed at.
#[must_use]
pub fn side_text(terms: &Terms, reference: &str, version: u32) -> Option<String> {
    let commission = terms.commission.as_ref().filter(|commission| commission.hidden)?;
    let (payer, how) = match commission.payer {
        CommissionPayer::Buyer => (Role::Buyer, "on top of the price"),
        CommissionPayer::Seller | CommissionPayer::Split => (Role::Seller, "out of the price"),
    };
    let sum = terms.money(commission_of(terms));
    let rate = match &commission.rate {
        Rate::FixedMinor(_) => String::new(),
        Rate::Percent(percent) => format!(" ({} % of the amount)", percent.normalize()),
    };
    let mut lines = vec![
        "SIDE AGREEMENT ON THE COMMISSION".to_owned(),
        format!("Reference: {reference}"),
        format!("Version: {version}"),
    ];
    for role in [payer, Role::Broker] {
        if let Some(party) = terms.party(role) {
            lines.push(format!("{}: identity {}", capital(role.word()), party.identity_sha256));
        }
    }
    lines.push(format!("The {} pays the broker a commission of {sum}{rate}, {how}.", payer.word()));
    if let (Role::Buyer, Ok(plan)) = (payer, Plan::of(terms)) {
        lines.push(format!("The buyer pays {} in all.", terms.money(plan.charge_minor())));
    }
    lines.push(format!(
        "It belongs to the contract with the SHA-256 {}.",
        sha256_hex(text(terms, reference, version).as_bytes())
    ));
    lines.push(format!("Salt: {}", commission.salt));
    Some(lines.join("\n") + "\n")
}

/// What people wrote, each line set in: only we write at the beginning of a line, so that nobody can write a
/// heading or a clause that looks like ours.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("\n    {line}")).collect()
}

/// How it is paid and shown, where that is not the usual way.
fn mode_text(terms: &Terms) -> Vec<String> {
    let mut out = Vec::new();
    if terms.funding == Funding::PerMilestone {
        out.push("Payment: each milestone is paid before its work starts.".to_owned());
    }
    if terms.pay_first {
        out.push("Payment: before the seller accepts; it goes back if he does not.".to_owned());
    }
    if terms.mode == Mode::QuickProof {
        out.push(format!(
            "Before the delivery the seller sends a proof within {} hours; the buyer answers within {} hours.",
            terms.upload_hours(),
            terms.review_hours()
        ));
    }
    out
}

fn milestone_text(terms: &Terms, number: usize, milestone: &MilestoneTerms) -> String {
    let mut out = String::new();
    let kind = match terms.kind {
        Kind::OneOff => "Delivery".to_owned(),
        Kind::Milestone => format!("Milestone {number}"),
    };
    let amount = terms.money(milestone.amount_minor);
    let _ = write!(out, "{kind}: {}. {amount}.", milestone.title);
    if terms.mode == Mode::Instant {
        let days = terms.delivery_days.unwrap_or(1);
        let _ = write!(out, " Due {days} days after payment. Delivering it releases the money.");
    }
    match (milestone.due, terms.delivery_days.filter(|_| terms.mode != Mode::Instant)) {
        (Some(due), _) => {
            let _ = write!(out, " Due {} ({}).", due.rfc3339(), terms.time_zone);
        }
        (None, Some(days)) => {
            let _ = write!(out, " Due {days} days after payment.");
        }
        (None, None) => {}
    }
    if terms.mode != Mode::Instant {
        let _ = write!(out, " Inspection: {} days.", milestone.inspection_days);
    }
    if !milestone.description.is_empty() {
        out.push_str(&quoted(&milestone.description));
    }
    for (place, criterion) in (1..).zip(&milestone.criteria) {
        let _ = write!(out, "\n  Criterion {number}.{place}: {criterion}");
    }
    for recipient in &milestone.recipients {
        let who = terms.called(recipient.user);
        let article = if who.ends_with(|sign: char| sign.is_ascii_digit()) { "" } else { "the " };
        let _ = write!(out, "\n  Of it to {article}{who}: {}", terms.money(recipient.amount_minor));
    }
    out
}

fn fees(terms: &Terms) -> String {
    let fee = terms.money(fee_of(&terms.fee, terms.amount_minor));
    let payer = match terms.fee_payer {
        FeePayer::Buyer => "paid by the buyer",
        FeePayer::Seller => "paid by the seller",
        FeePayer::Split => "shared by buyer and seller",
        FeePayer::Broker => "paid by the broker",
    };
    let mut out = format!("Platform fee: {fee}, {payer}. It is earned only on what is released.");
    if let Some(commission) = terms.commission.as_ref().filter(|commission| !commission.hidden) {
        let sum = terms.money(commission_of(terms));
        let rate = match &commission.rate {
            Rate::FixedMinor(_) => String::new(),
            Rate::Percent(percent) => format!(" ({} % of the amount)", percent.normalize()),
        };
        let payer = match commission.payer {
            CommissionPayer::Buyer => "paid by the buyer on top",
            CommissionPayer::Seller => "paid by the seller out of the amount",
            CommissionPayer::Split => "shared by buyer and seller",
        };
        let _ = write!(out, "\nBroker's commission: {sum}{rate}, {payer}.");
    }
    if let Ok(plan) = Plan::of(terms)
        && terms.commission.as_ref().is_none_or(|commission| !commission.hidden)
    {
        let _ = write!(out, "\nThe buyer pays {} in all.", terms.money(plan.charge_minor()));
    }
    out
}

fn disputes(terms: &Terms) -> String {
    let handler = match terms.dispute_handler {
        DisputeHandler::Platform => "The platform's operators decide a dispute.".to_owned(),
        DisputeHandler::Arbitration => {
            let identity = terms.arbiter.as_ref().map_or("unknown", |arbiter| &arbiter.identity_sha256);
            format!(
                "An outside arbiter decides a dispute.\nArbiter: identity {identity}\n\
                 If the arbiter declines, or does not decide in time, the platform's operators decide."
            )
        }
    };
    let outcome = match terms.default_outcome {
        DefaultOutcome::RefundBuyer => "the disputed money goes back to the buyer",
        DefaultOutcome::ReleaseToSeller => "the disputed money goes to the seller",
        DefaultOutcome::Halves => "the disputed money is divided in halves",
    };
    format!("{handler} If nobody decides in time, {outcome}.")
}
