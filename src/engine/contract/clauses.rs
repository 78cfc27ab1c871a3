//! Format 2 of the contract's text: what is agreed, as numbered clauses.
//!
//! Two things are no part of it. A commission that is hidden from a side stands in the side agreement, and no sum
//! here contains it: the contract is the same for everybody. And the names that are typed as signatures: what is
//! signed must be fixed before anybody signs it, so the text lists who signs, and the typed names stand beside it, in
//! a certificate that pages draw from the signatures. Each of those binds to this text's SHA-256.
//!
//! Names and addresses stand as they were given when the version was sent, each on a line of its own, so that a copy
//! for somebody who may not know addresses (an arbiter, whoever holds a link) leaves exactly those lines out. The last
//! section holds fingerprints and a salt. The text can be erased whole; its SHA-256, which stays, then tells nothing.

use super::blocks::{Block, one_line, own_lines};
use super::dates::{self, Zone};
use super::{Naming, Source, rules};
use crate::engine::deadlines::accept_by;
use crate::engine::party::{Role, UserId};
use crate::engine::plan::{Plan, commission_of, fee_of};
use crate::engine::status::capital;
use crate::engine::terms::{
    Commission, CommissionPayer, DisputeHandler, FeePayer, FileRef, Funding, Kind, MilestoneTerms, Mode,
    Rate, Terms,
};
use crate::money::Money;
use crate::text::is_blank;

/// The label of an address: such lines are left out for those who may not know any.
pub const ADDRESS: &str = "Email address";
/// The section at the end, which people need not read.
pub const TECHNICAL: &str = "Technical details";
const NOT_GIVEN: &str = "not known when these terms were sent";

/// A text without its last section, which says nothing about the deal.
#[must_use]
pub fn without_technical(text: &str) -> String {
    let begins =
        |line: &&str| line.starts_with(|sign: char| sign.is_ascii_digit()) && line.ends_with(TECHNICAL);
    let lines = text.lines().take_while(|line| !begins(line));
    lines.map(|line| format!("{line}\n")).collect::<String>().trim_end().to_owned() + "\n"
}

/// A text in the making.
pub(super) struct Writer<'a> {
    pub(super) source: &'a Source<'a>,
    /// The terms without what is hidden from a side.
    pub(super) terms: Terms,
    pub(super) zone: Zone,
    blocks: Vec<Block>,
    section: u16,
    clause: u16,
}

impl Writer<'_> {
    fn section(&mut self, title: &str) {
        (self.section, self.clause) = (self.section + 1, 0);
        self.blocks.push(Block::Section { number: self.section, title: title.to_owned() });
    }

    pub(super) fn clause(&mut self, text: impl AsRef<str>) {
        self.clause += 1;
        let (section, number, text) = (self.section, self.clause, one_line(text.as_ref()));
        self.blocks.push(Block::Clause { section, number, text });
    }

    fn item(&mut self, label: impl Into<String>, value: impl AsRef<str>) {
        let value = one_line(value.as_ref());
        let value = if value.is_empty() { NOT_GIVEN.to_owned() } else { value };
        self.blocks.push(Block::Item { label: label.into(), value });
    }

    fn quote(&mut self, text: &str) {
        self.blocks.push(Block::Quote(own_lines(text)));
    }

    pub(super) fn money(&self, minor: i64) -> Money {
        self.terms.money(minor)
    }

    /// "delivery" where there is one, else "milestone": what a part is called.
    pub(super) fn part(&self) -> &'static str {
        match self.terms.kind {
            Kind::OneOff => "delivery",
            Kind::Milestone => "milestone",
        }
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.terms.party(role).is_some()
    }
}

/// The terms as everybody may see them: without a hidden commission.
fn public(terms: &Terms) -> Terms {
    let mut terms = terms.clone();
    terms.commission = terms.commission.filter(|commission| !commission.hidden);
    terms
}

/// The blocks of a contract.
pub(super) fn contract(source: &Source<'_>) -> Vec<Block> {
    let terms = public(source.terms);
    let zone = Zone::of(&terms.time_zone);
    let mut it = Writer { source, terms, zone, blocks: Vec::new(), section: 0, clause: 0 };
    head(&mut it);
    parties(&mut it);
    work(&mut it);
    price(&mut it);
    for (title, clauses) in rules::SECTIONS {
        it.section(title);
        clauses(&mut it);
    }
    own_terms(&mut it);
    files(&mut it);
    technical(&mut it);
    it.blocks
}

fn head(it: &mut Writer<'_>) {
    let title = match it.terms.mode {
        Mode::Standard => "Escrow contract",
        Mode::Quick | Mode::QuickProof | Mode::Instant => "Escrow terms",
    };
    it.blocks.push(Block::Title(title.to_owned()));
    it.item("Title", it.terms.title.clone());
    it.item("Reference", it.source.reference);
    it.item("Version", it.source.version.to_string());
    it.item("Sent", it.zone.moment(it.source.at));
    if let Some(reference) = it.terms.external_reference.clone() {
        it.item("Own reference of the parties", reference);
    }
}

fn named(it: &mut Writer<'_>, user: UserId) {
    let person = it.source.naming.people.iter().find(|person| person.user == user);
    let (name, address) = person.map_or(("", ""), |person| (&person.name, &person.address));
    it.item("Name", name);
    it.item(ADDRESS, address);
}

fn parties(it: &mut Writer<'_>) {
    it.section("Who takes part");
    if it.terms.mode == Mode::Instant {
        it.clause(
            "The buyer is the first person who pays by the pay link. By paying they accept these terms.",
        );
    }
    for party in it.terms.parties.clone() {
        let who = it.terms.called(party.user);
        it.clause(match party.role {
            Role::Buyer => "The buyer pays and receives the work.".to_owned(),
            Role::Seller => "The seller delivers the work and is paid for it.".to_owned(),
            Role::Broker => "The broker brought buyer and seller together.".to_owned(),
            Role::Payee => format!("{} receives a part of the price and decides nothing.", the(&who, true)),
        });
        named(it, party.user);
    }
    if let Some(arbiter) = it.terms.arbiter.clone() {
        it.clause("The arbiter decides disputes and takes no other part.");
        named(it, arbiter.user);
    }
    it.clause(
        "Holdfast holds the money until it is released or goes back. Holdfast is no party to this deal.",
    );
}

/// "the seller", "payee 2".
fn the(who: &str, begins: bool) -> String {
    let is_numbered = who.ends_with(|sign: char| sign.is_ascii_digit());
    match (is_numbered, begins) {
        (true, true) => capital(who),
        (true, false) => who.to_owned(),
        (false, true) => format!("The {who}"),
        (false, false) => format!("the {who}"),
    }
}

fn work(it: &mut Writer<'_>) {
    it.section("What is delivered, and when");
    if !is_blank(&it.terms.description) {
        it.clause("The deal, in the words of the parties:");
        it.quote(&it.terms.description.clone());
    }
    let count = it.terms.milestones.len();
    for (number, part) in (1..).zip(it.terms.milestones.clone()) {
        milestone(it, number, count, &part);
    }
}

fn milestone(it: &mut Writer<'_>, number: usize, count: usize, part: &MilestoneTerms) {
    let MilestoneTerms { title, description, amount_minor, due, inspection_days, criteria, recipients } =
        part;
    it.clause(match it.terms.kind {
        Kind::OneOff => "The seller delivers this:".to_owned(),
        Kind::Milestone => format!("Milestone {number} of {count}:"),
    });
    it.item("What", title);
    it.item("Price", it.money(*amount_minor).to_string());
    it.item("Due", when(it, *due));
    if it.terms.mode != Mode::Instant {
        it.item("Inspection", dates::days(i64::from(*inspection_days)));
    }
    for (place, criterion) in (1..).zip(criteria) {
        it.item(format!("It is done when (criterion {place})"), criterion);
    }
    for line in recipients {
        let who = the(&it.terms.called(line.user), false);
        it.item(format!("Of the price for {who}, before fees"), it.money(line.amount_minor).to_string());
    }
    if !is_blank(description) {
        it.item("Description", "in the words of the parties");
        it.quote(description);
    }
}

/// When a part is due: a one-off deal counts its days from payment.
fn when(it: &Writer<'_>, due: Option<crate::engine::time::Time>) -> String {
    match (due, it.terms.delivery_days, it.terms.mode) {
        (Some(due), _, _) => it.zone.moment(due),
        (None, Some(days), _) => format!("{} after payment", dates::days(i64::from(days))),
        (None, None, Mode::Instant) => format!("{} after payment", dates::days(1)),
        (None, None, Mode::Standard | Mode::Quick | Mode::QuickProof) => NOT_GIVEN.to_owned(),
    }
}

fn price(it: &mut Writer<'_>) {
    it.section("Price and fees");
    it.clause(format!("The price is {}.", it.money(it.terms.amount_minor)));
    let is_shared = it.terms.milestones.iter().any(|part| !part.recipients.is_empty());
    it.clause(match is_shared {
        true => "The price goes to those named in section 2 for each part, less the fees that they pay.",
        false => "The whole price goes to the seller, less what this section says that the seller pays.",
    });
    let fee = it.money(fee_of(&it.terms.fee, it.terms.amount_minor));
    let payer = match it.terms.fee_payer {
        FeePayer::Buyer => "The buyer pays it on top of the price.",
        FeePayer::Seller => "The seller pays it out of the price.",
        FeePayer::Split => {
            "Buyer and seller pay half each: the buyer on top of the price, the seller out of it. What cannot be halved falls to the buyer."
        }
        FeePayer::Broker => "The broker pays it out of what they receive.",
    };
    it.clause(format!("The platform fee is {fee}. {payer}"));
    it.item("How the fee is counted", schedule(it));
    it.clause("Holdfast earns the fee only on money that is released. What goes back takes its part of the fee with it.");
    if let Some(commission) = it.terms.commission.clone() {
        it.clause(commission_clause(it, &commission));
    }
    let Ok(plan) = Plan::of(&it.terms) else { return };
    let under = if it.terms.mode == Mode::Standard { "this contract" } else { "these terms" };
    it.clause(format!("The buyer pays {} in all under {under}.", it.money(plan.charge_minor())));
    if it.terms.funding == Funding::PerMilestone {
        for (number, part) in (1..).zip(&plan.milestones) {
            it.item(format!("To pay for milestone {number}"), it.money(part.charge_minor).to_string());
        }
    }
}

/// "1 % of the price, at least 2.000 TND".
fn schedule(it: &Writer<'_>) -> String {
    let crate::engine::terms::FeeSchedule { percent, fixed_minor, min_minor, max_minor } = &it.terms.fee;
    let mut all = format!("{} % of the price", percent.normalize());
    if *fixed_minor > 0 {
        all.push_str(&format!(" and {}", it.money(*fixed_minor)));
    }
    if *min_minor > 0 {
        all.push_str(&format!(", at least {}", it.money(*min_minor)));
    }
    if let Some(most) = max_minor {
        all.push_str(&format!(", at most {}", it.money(*most)));
    }
    all
}

/// " (5 % of the price)"; nothing for a fixed sum.
pub(super) fn in_percent(rate: &Rate) -> String {
    match rate {
        Rate::FixedMinor(_) => String::new(),
        Rate::Percent(percent) => format!(" ({} % of the price)", percent.normalize()),
    }
}

fn commission_clause(it: &Writer<'_>, commission: &Commission) -> String {
    let payer = match commission.payer {
        CommissionPayer::Buyer => "The buyer pays it on top of the price.",
        CommissionPayer::Seller => "The seller pays it out of the price.",
        CommissionPayer::Split => {
            "Buyer and seller pay half each: the buyer on top of the price, the seller out of it. What cannot be halved falls to the buyer."
        }
    };
    let sum = it.money(commission_of(&it.terms));
    format!("The broker’s commission is {sum}{}. {payer}", in_percent(&commission.rate))
}

fn own_terms(it: &mut Writer<'_>) {
    let Some(own) = it.terms.contract_terms.clone().filter(|own| !is_blank(own)) else { return };
    it.section("The parties’ own terms");
    it.clause("The parties add this, in their own words:");
    it.quote(&own);
}

fn files(it: &mut Writer<'_>) {
    if it.terms.files.is_empty() {
        return;
    }
    it.section("Files");
    it.clause("These files belong to what is agreed. Each is known by its SHA-256.");
    for (number, file) in (1..).zip(it.terms.files.clone()) {
        let FileRef { id, sha256, size_bytes, name_sha256: _ } = file;
        let name = it.source.naming.files.iter().find(|(known, _)| *known == id);
        let name = name.map_or(NOT_GIVEN, |(_, name)| name);
        it.item(format!("File {number}"), format!("{name} ({size_bytes} bytes)"));
        it.item(format!("SHA-256 of file {number}"), sha256);
    }
}

/// What ties this text to the history, in which nobody has a name.
fn technical(it: &mut Writer<'_>) {
    let Naming { salt, .. } = it.source.naming;
    it.section(TECHNICAL);
    it.clause("The history names people and file names by these fingerprints alone.");
    for party in it.terms.parties.clone() {
        let who = it.terms.called(party.user);
        it.item(format!("Fingerprint of {}", the(&who, false)), party.identity_sha256);
    }
    if let Some(arbiter) = it.terms.arbiter.clone() {
        it.item("Fingerprint of the arbiter", arbiter.identity_sha256);
    }
    for (number, file) in (1..).zip(it.terms.files.clone()) {
        it.item(format!("Fingerprint of the name of file {number}"), file.name_sha256);
    }
    let mode = match it.terms.mode {
        Mode::Standard => "standard",
        Mode::Quick => "quick",
        Mode::QuickProof => "quick with proof",
        Mode::Instant => "instant",
    };
    let kind = match it.terms.kind {
        Kind::OneOff => "one-off",
        Kind::Milestone => "milestones",
    };
    let handler = match it.terms.dispute_handler {
        DisputeHandler::Platform => "platform",
        DisputeHandler::Arbitration => "arbitration",
    };
    it.item("Kind of deal", format!("{mode}, {kind}, disputes by {handler}, {}", it.terms.currency.code()));
    it.item("Form of this text", "format 2, English");
    it.item("Salt", salt);
}

/// By when everybody must have agreed, as the clocks begin with this version.
pub(super) fn agree_by(it: &Writer<'_>) -> String {
    let first_due = it.terms.milestones.first().and_then(|part| part.due);
    it.zone.moment(accept_by(first_due, it.source.at))
}

/// The side agreement: who pays the broker how much, seen by those two alone. It binds to the contract of the same
/// version, and its salt keeps its digest from being guessed at.
pub(super) fn side(source: &Source<'_>, contract_sha256: &str) -> Option<Vec<Block>> {
    let commission = source.terms.commission.as_ref().filter(|commission| commission.hidden)?;
    let (payer, how) = match commission.payer {
        CommissionPayer::Buyer => (Role::Buyer, "on top of the price"),
        CommissionPayer::Seller | CommissionPayer::Split => (Role::Seller, "out of the price"),
    };
    let (terms, zone) = (source.terms.clone(), Zone::of(&source.terms.time_zone));
    let mut it = Writer { source, terms, zone, blocks: Vec::new(), section: 0, clause: 0 };
    it.blocks.push(Block::Title("Side agreement on the commission".to_owned()));
    it.item("Title", &source.terms.title);
    it.item("Reference", source.reference);
    it.item("Version", source.version.to_string());
    it.item("Sent", it.zone.moment(source.at));
    let document = if it.terms.mode == Mode::Standard { "contract" } else { "terms" };
    it.section("Who is bound");
    for role in [payer, Role::Broker] {
        if let Some(party) = source.terms.party(role) {
            it.clause(format!("The {} agrees to it together with the {document}.", role.word()));
            named(&mut it, party.user);
        }
    }
    it.section("The commission");
    let sum = source.terms.money(commission_of(source.terms));
    let percent = in_percent(&commission.rate);
    it.clause(format!("The {} pays the broker a commission of {sum}{percent}, {how}.", payer.word()));
    if let (Role::Buyer, Ok(plan)) = (payer, Plan::of(source.terms)) {
        it.clause(format!("The buyer pays {} in all.", source.terms.money(plan.charge_minor())));
    }
    it.clause(format!("None of this stands in the {document}. The other side does not see it."));
    it.section(TECHNICAL);
    it.clause(format!("It belongs to the {document} of this version, known by their SHA-256."));
    it.item(format!("SHA-256 of the {document}"), contract_sha256);
    it.item("Form of this text", "format 2, English");
    it.item("Salt", &commission.salt);
    Some(it.blocks)
}
