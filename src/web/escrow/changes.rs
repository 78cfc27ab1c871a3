//! Two versions of terms side by side: a table of what changed, and the words of the exact texts.
//!
//! Sums are the viewer's own. Both versions must come as that viewer may see them.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use similar::{ChangeTag, TextDiff};

use crate::engine::escrow::Escrow;
use crate::engine::party::{Role, UserId};
use crate::engine::plan::{Share, commission_of};
use crate::engine::status::capital;
use crate::engine::terms::{
    Arbiter, CommissionPayer, DisputeHandler, FeePayer, Funding, Kind, Mode, Rate, Terms, TermsParty,
};
use crate::engine::veil;
use crate::store::files::FileRow;
use crate::web::labels;
use crate::web::view::Reader;

/// Longer than any honest pair of texts needs. After it the rest is shown as replaced in one piece.
const LONGEST_LOOK: Duration = Duration::from_millis(300);

const BROKER: &str = "the broker";

/// What changed, as a table.
#[derive(Template)]
#[template(path = "pages/escrow/changes.html")]
pub struct Changes {
    pub from: u32,
    pub to: u32,
    pub rows: Vec<Row>,
}

impl HtmlSafe for Changes {}

pub struct Row {
    pub what: String,
    /// Empty where there was nothing.
    pub before: String,
    pub after: String,
}

/// A run of words that stayed, went or came.
pub struct Run {
    pub kind: Kept,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Stayed,
    Went,
    Came,
}

/// For whom the versions are compared.
pub struct Viewer<'a> {
    pub user: UserId,
    pub role: Role,
    pub reader: &'a Reader,
    pub files: &'a [FileRow],
    /// What an arbiter is called, where that is known still.
    pub called: &'a dyn Fn(&Arbiter) -> Option<String>,
    /// What a payee of a version is called, where that is known still.
    pub name: &'a dyn Fn(&Escrow, UserId) -> Option<String>,
}

impl Viewer<'_> {
    /// The table from one version to another.
    #[must_use]
    pub fn changes(&self, before: &Escrow, after: &Escrow) -> Changes {
        let (old, new) = (self.lines(before), self.lines(after));
        let value = |lines: &[(String, String)], what: &str| {
            lines.iter().find(|(key, _)| key == what).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let mut keys: Vec<&String> = new.iter().map(|(key, _)| key).collect();
        keys.extend(old.iter().map(|(key, _)| key).filter(|key| !new.iter().any(|(known, _)| known == *key)));
        let row = |what: &String| {
            let (before, after) = (value(&old, what), value(&new, what));
            (before != after).then(|| Row { what: what.clone(), before, after })
        };
        let mut rows: Vec<Row> = keys.into_iter().filter_map(row).collect();
        let (old, new) = (texts(&before.terms), texts(&after.terms));
        for (what, text) in &new {
            let was = value(&old, what);
            if *text != was {
                let (before, after) = excerpts(&was, text);
                rows.push(Row { what: what.clone(), before, after });
            }
        }
        Changes { from: before.version, to: after.version, rows }
    }

    /// Everything of the terms that has a short value.
    fn lines(&self, escrow: &Escrow) -> Vec<(String, String)> {
        let terms = &escrow.terms;
        let mut lines = Vec::new();
        let mut add = |what: String, value: String| lines.push((what, value));
        add("Title".to_owned(), terms.title.clone());
        add("Contract".to_owned(), mode(terms.mode).to_owned());
        for party in &terms.parties {
            let identity: String = party.identity_sha256.chars().take(12).collect();
            let who = match terms.called(party.user) {
                payee if party.role == Role::Payee && payee != party.role.word() => payee,
                role => format!("the {role}"),
            };
            add(format!("Identity of {who}"), format!("{identity}…"));
        }
        add(labels::PRICE.to_owned(), terms.money(terms.amount_minor).to_string());
        if let (Kind::OneOff, Some(days)) = (terms.kind, terms.delivery_days) {
            add(labels::DELIVERED_WITHIN.to_owned(), plural(u32::from(days)));
        }
        for (number, part) in (1..).zip(&terms.milestones) {
            let what = |of: &str| match terms.kind {
                Kind::OneOff => of.to_owned(),
                Kind::Milestone => format!("Milestone {number}: {}", of.to_lowercase()),
            };
            if terms.kind == Kind::Milestone {
                add(what(labels::DELIVERED), part.title.clone());
                add(what(labels::PRICE), terms.money(part.amount_minor).to_string());
                add(what("Due"), part.due.map(|due| self.reader.time(due).absolute).unwrap_or_default());
            }
            add(what(labels::INSPECTION), plural(u32::from(part.inspection_days)));
            add(what("Criteria"), part.criteria.len().to_string());
        }
        self.shares(escrow, &mut add);
        self.money(escrow, &mut add);
        rules(terms, &mut add);
        add(labels::DECIDED_BY.to_owned(), self.handler(terms));
        let file = |file: &crate::engine::terms::FileRef| {
            let row = self.files.iter().find(|row| row.id == file.id);
            row.map_or_else(|| file.sha256.chars().take(12).collect(), |row| row.name.clone())
        };
        let files: Vec<String> = terms.files.iter().map(file).collect();
        add("Files".to_owned(), files.join(", "));
        lines
    }

    /// What others than the seller get.
    fn shares(&self, escrow: &Escrow, add: &mut dyn FnMut(String, String)) {
        let terms = &escrow.terms;
        let name = |party: &TermsParty| {
            (self.name)(escrow, party.user).unwrap_or_else(|| {
                let identity: String = party.identity_sha256.chars().take(12).collect();
                format!("a payee, identity {identity}…")
            })
        };
        let broker = terms.party(Role::Broker).filter(|_| terms.broker_has_line());
        let broker = broker.map(|party| (party.user, BROKER.to_owned()));
        let others = broker.into_iter().chain(terms.payees().map(|party| (party.user, name(party))));
        for (user, who) in others {
            if terms.kind == Kind::Milestone {
                for (number, _) in (1..).zip(&terms.milestones) {
                    let minor = terms.gross_of(number - 1, user);
                    if minor > 0 {
                        add(format!("Milestone {number}: to {who}"), terms.money(minor).to_string());
                    }
                }
            }
            let in_all = terms.money(terms.gross_in_all(user)).to_string();
            let who = if who == BROKER { capital(&who) } else { who };
            add(format!("{who} receives in all"), in_all);
        }
    }

    fn handler(&self, terms: &Terms) -> String {
        match (terms.dispute_handler, &terms.arbiter) {
            (DisputeHandler::Arbitration, Some(arbiter)) => (self.called)(arbiter).unwrap_or_else(|| {
                let identity: String = arbiter.identity_sha256.chars().take(12).collect();
                format!("An arbiter, identity {identity}…")
            }),
            (DisputeHandler::Arbitration | DisputeHandler::Platform, _) => "Holdfast’s operators".to_owned(),
        }
    }

    fn money(&self, escrow: &Escrow, add: &mut dyn FnMut(String, String)) {
        let (terms, plan) = (&escrow.terms, &escrow.plan);
        let payer = match terms.fee_payer {
            FeePayer::Buyer => "paid by the buyer",
            FeePayer::Seller => "paid by the seller",
            FeePayer::Split => "shared by buyer and seller",
            FeePayer::Broker => "paid by the broker",
        };
        add("Platform fee".to_owned(), format!("{}, {payer}", terms.money(plan.fee_minor())));
        if !veil::hides_from(terms, self.role) {
            add("Commission".to_owned(), commission(terms));
        }
        let own = |share: &Share| escrow.receiver(*share) == Some(self.user);
        let shares = [Share::Seller, Share::Broker, Share::BrokerOnTop].into_iter();
        let shares = shares.chain((0..=u8::MAX).take(terms.payees().count()).map(Share::Payee));
        let (what, minor) = match self.role {
            Role::Buyer => ("You pay in all", plan.charge_minor()),
            Role::Seller | Role::Broker | Role::Payee => {
                ("You receive in all", shares.filter(own).map(|share| plan.receives_minor(share)).sum())
            }
        };
        add(what.to_owned(), terms.money(minor).to_string());
    }
}

fn commission(terms: &Terms) -> String {
    let Some(commission) = &terms.commission else { return String::new() };
    let payer = match commission.payer {
        CommissionPayer::Buyer => "paid by the buyer",
        CommissionPayer::Seller => "paid by the seller",
        CommissionPayer::Split => "shared by buyer and seller",
    };
    let rate = match &commission.rate {
        Rate::Percent(percent) => format!(" ({}%)", percent.normalize()),
        Rate::FixedMinor(_) => String::new(),
    };
    let hidden = if commission.hidden { ", in a side agreement" } else { "" };
    format!("{}{rate}, {payer}{hidden}", terms.money(commission_of(terms)))
}

fn rules(terms: &Terms, add: &mut dyn FnMut(String, String)) {
    let funding = match terms.funding {
        Funding::Whole => "Everything before work starts",
        Funding::PerMilestone => "Each milestone before its own work",
    };
    add("Paid".to_owned(), if terms.pay_first { "Before the answer".to_owned() } else { funding.to_owned() });
    let hours = |hours: Option<u8>| hours.map(|hours| format!("{hours} hours")).unwrap_or_default();
    add(labels::PROOF_UPLOAD.to_owned(), hours(terms.proof_upload_hours));
    add(labels::PROOF_REVIEW.to_owned(), hours(terms.proof_review_hours));
    let outcome = capital(terms.default_outcome.words());
    add(labels::NOBODY_DECIDES.to_owned(), outcome);
    add(labels::OWN_REFERENCE.to_owned(), terms.external_reference.clone().unwrap_or_default());
}

/// The longer texts of the terms.
fn texts(terms: &Terms) -> Vec<(String, String)> {
    let mut texts = vec![("Description".to_owned(), terms.description.clone())];
    for (number, part) in (1..).zip(&terms.milestones) {
        let of = |label: &str| match terms.kind {
            Kind::OneOff => label.to_owned(),
            Kind::Milestone => format!("Milestone {number}: {}", label.to_lowercase()),
        };
        texts.push((of(labels::WORK), part.description.clone()));
        texts.push((of(labels::CRITERIA), part.criteria.join(" · ")));
    }
    texts.push((labels::OWN_TERMS.to_owned(), terms.contract_terms.clone().unwrap_or_default()));
    texts
}

/// How much of a text stands before and after the place where it changes, in characters.
const LEAD: usize = 30;
const EXCERPT: usize = 110;

/// The first place where two texts differ, as each of them has it, from a word on.
fn excerpts(before: &str, after: &str) -> (String, String) {
    let shared = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
    let head: Vec<char> = before.chars().take(shared).collect();
    let lead = head.len().saturating_sub(LEAD);
    let from =
        head[lead..].iter().position(|sign| sign.is_whitespace()).map_or(lead, |space| lead + space + 1);
    let from = if lead == 0 { 0 } else { from };
    let cut = |text: &str| {
        let shown: String = text.chars().skip(from).take(EXCERPT).collect();
        if shown.is_empty() {
            return shown;
        }
        let before = if from > 0 { "… " } else { "" };
        let rest = if text.chars().count() > from + EXCERPT { " …" } else { "" };
        format!("{before}{shown}{rest}")
    };
    (cut(before), cut(after))
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Standard => "Signed by everyone",
        Mode::Quick | Mode::QuickProof => "None, the terms are accepted",
        Mode::Instant => "None",
    }
}

fn plural(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// Two texts word by word.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<Run> {
    let diff = TextDiff::configure().timeout(LONGEST_LOOK).diff_words(before, after);
    let mut runs: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => Kept::Stayed,
            ChangeTag::Delete => Kept::Went,
            ChangeTag::Insert => Kept::Came,
        };
        match runs.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => runs.push(Run { kind, text: change.value().to_owned() }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_stay_go_and_come_are_told_apart() {
        let told: Vec<(Kept, String)> =
            diff("Pay 400 now.", "Pay 500 now.").into_iter().map(|run| (run.kind, run.text)).collect();
        let expected =
            [(Kept::Stayed, "Pay "), (Kept::Went, "400"), (Kept::Came, "500"), (Kept::Stayed, " now.")];
        assert_eq!(told, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn a_changed_text_is_shown_from_shortly_before_the_change() {
        let lead = "The seller delivers what is described, free of the rights of others.";
        let (one, other) = (format!("{lead} Warranty: 6 months."), format!("{lead} Warranty: 3 months."));
        let (before, after) = excerpts(&one, &other);
        assert_eq!(
            (before.as_str(), after.as_str()),
            ("… rights of others. Warranty: 6 months.", "… rights of others. Warranty: 3 months.")
        );
        assert_eq!(excerpts("", "New"), (String::new(), "New".to_owned()));
        let long = excerpts("x", &"y ".repeat(200)).1;
        assert!(long.ends_with(" …") && long.chars().count() < 120, "{long}");
    }

    #[test]
    fn no_word_of_either_text_is_lost() {
        let (before, after) = ("a b\n c  d\u{e9}", "b\n c x d\u{e9} e");
        let runs = diff(before, after);
        let side = |left_out: Kept| {
            runs.iter().filter(|run| run.kind != left_out).map(|run| run.text.as_str()).collect::<String>()
        };
        assert_eq!((side(Kept::Came).as_str(), side(Kept::Went).as_str()), (before, after));
    }
}
