//! Everything that was answered, topic by topic, with what is wrong at its place.

use super::answers::{Answers, name, payee, share};
use super::choices;
use super::handler;
use super::open::{Opened, step_path};
use super::people::{others, payee_name};
use super::shares::{LINE, rest};
use super::steps::Step;
use super::terms::Reading;
use crate::engine::party::Role;
use crate::engine::terms::{DisputeHandler, Kind, MilestoneTerms, Mode};
use crate::money::Currency;
use crate::web::currencies;
use crate::web::escrow::seat::role_title;
use crate::web::form::Problems;
use crate::web::labels;
use crate::web::view::{Choice, Reader};

/// The answers of one page.
pub struct Group {
    pub id: &'static str,
    pub topic: &'static str,
    /// Where they are changed; empty where each line has its own page.
    pub href: String,
    pub lines: Vec<Line>,
}

/// One answer.
pub struct Line {
    pub key: String,
    /// Empty where nothing can be said.
    pub value: String,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Where it is changed, if not where its whole group is.
    pub href: String,
}

/// A problem and the page where it is mended; no page for what no page can mend.
pub struct Fault {
    pub href: String,
    pub sentence: String,
}

/// All problems, in the order of the pages.
#[must_use]
pub fn faults(opened: &Opened, problems: &Problems) -> Vec<Fault> {
    let fault = |(field, sentence): (&str, &str)| {
        let step = Step::of_field(field);
        let href = step.map(|step| step_path(opened.id, step, true)).unwrap_or_default();
        Fault { href, sentence: sentence.to_owned() }
    };
    problems.iter().map(fault).collect()
}

/// The groups in the order of the pages.
#[must_use]
pub fn groups(opened: &Opened, reading: &Reading, reader: &Reader) -> Vec<Group> {
    let by_link = opened.answers.mode() == Some(Mode::Instant);
    let hides_commission = opened.hides_commission();
    let sheet = Sheet { answers: &opened.answers, reading, reader, hides_commission };
    let group = |step: Step, lines| Group {
        id: step.slug(),
        topic: step.topic(),
        href: step_path(opened.id, step, true),
        lines,
    };
    let files = super::attach::listed(opened).into_iter().filter(|file| !file.goes);
    let files = files.map(|file| format!("{} ({})", file.name, file.size)).collect::<Vec<_>>().join("\n");
    vec![
        Group { href: String::new(), ..group(Step::Kind, sheet.deal(opened)) },
        Group {
            href: if by_link { String::new() } else { step_path(opened.id, Step::Parties, true) },
            ..group(Step::Parties, sheet.parties())
        },
        group(Step::Work, sheet.work()),
        group(Step::Price, sheet.price()),
        group(Step::Delivery, sheet.delivery()),
        group(Step::Fees, sheet.fees()),
        group(
            Step::Disputes,
            vec![
                sheet.handler(),
                sheet.choice(labels::NOBODY_DECIDES, "default_outcome", &choices::outcomes()),
            ],
        ),
        group(
            Step::Files,
            vec![sheet.line("Attached", if files.is_empty() { "None" } else { &files }, &["files"])],
        ),
    ]
}

struct Sheet<'a> {
    answers: &'a Answers,
    reading: &'a Reading,
    reader: &'a Reader,
    hides_commission: bool,
}

impl Sheet<'_> {
    fn line(&self, key: impl Into<String>, value: impl Into<String>, fields: &[&str]) -> Line {
        let problems = fields.iter().filter_map(|field| self.reading.problems.get(field));
        let problems = problems.map(str::to_owned).collect();
        Line { key: key.into(), value: value.into(), problems, href: String::new() }
    }

    /// What was typed into one field.
    fn typed(&self, key: &str, field: &str, none: &str) -> Line {
        let typed = self.answers.get(field);
        self.line(key, if typed.is_empty() { none } else { typed }, &[field])
    }

    fn choice(&self, key: &str, field: &str, choices: &[Choice]) -> Line {
        self.line(key, choices::words(choices, self.answers.get(field)), &[field])
    }

    fn deal(&self, opened: &Opened) -> Vec<Line> {
        let line = |key, field, step, choices: &[Choice]| {
            let line = self.choice(key, field, choices);
            let href = step_path(opened.id, step, true);
            Line { href: if opened.is_settled(step) { String::new() } else { href }, ..line }
        };
        vec![
            line("Your role", "role", Step::Role, &choices::roles()),
            line("Delivered", "kind", Step::Kind, &choices::kinds()),
            line("A contract", "mode", Step::Kind, &choices::modes()),
            self.line("The buyer pays", self.payment(), &["payment"]),
        ]
    }

    fn handler(&self) -> Line {
        let (key, fields) = (labels::DECIDED_BY, ["dispute_handler", "arbiter_name", "arbiter"]);
        match handler::chosen(self.answers) {
            Some(DisputeHandler::Arbitration) => {
                let [name, email] = ["arbiter_name", "arbiter"].map(|field| self.answers.get(field));
                let words = [name, email].into_iter().filter(|text| !text.is_empty());
                self.line(key, words.collect::<Vec<_>>().join("\n"), &fields)
            }
            Some(DisputeHandler::Platform) => self.line(key, "Holdfast’s operators", &fields),
            None => self.line(key, "", &fields),
        }
    }

    fn by_link(&self) -> bool {
        self.answers.mode() == Some(Mode::Instant)
    }

    fn payment(&self) -> String {
        if self.by_link() {
            return "All of it, by the link".to_owned();
        }
        choices::words(&choices::payments(), &self.answers.or("payment", "agreed"))
    }

    fn parties(&self) -> Vec<Line> {
        if self.by_link() {
            return vec![self.line(
                "Buyer",
                "Whoever pays by the link first",
                &["buyer", "broker", "payees"],
            )];
        }
        let role = self.answers.role().unwrap_or(Role::Seller);
        let one = |(other, required): (Role, bool)| {
            let none = if required { "" } else { "None" };
            self.typed(role_title(other), other.word(), none)
        };
        let mut lines: Vec<Line> = others(role).into_iter().map(one).collect();
        for number in 1..=self.answers.payees() {
            let fields = ["name", "email"].map(|part| payee(number, part));
            let typed = fields.each_ref().map(|field| self.answers.get(field));
            let words = typed.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
            lines.push(self.line("Paid too", words, &fields.each_ref().map(String::as_str)));
        }
        lines
    }

    fn work(&self) -> Vec<Line> {
        let mut lines =
            vec![self.typed("Title", "title", ""), self.typed("Description", "description", "None")];
        if self.reading.terms.mode == Mode::Standard {
            lines.push(self.typed(labels::OWN_TERMS, "contract_terms", ""));
        }
        lines.push(self.typed(labels::OWN_REFERENCE, "external_reference", "None"));
        lines
    }

    fn price(&self) -> Vec<Line> {
        let terms = &self.reading.terms;
        let chosen = Currency::typed(self.answers.get("currency")).filter(|it| currencies::is_offered(*it));
        let words = chosen.map(|it| format!("{} – {}", it.code(), it.name())).unwrap_or_default();
        let mut lines = vec![self.line("Currency", words, &["currency"])];
        let sum = |minor: i64| if minor > 0 { terms.money(minor).to_string() } else { String::new() };
        if terms.kind == Kind::Milestone {
            for (number, part) in (1..).zip(&terms.milestones) {
                let fields = [name(number, "title"), name(number, "amount")];
                let fields = fields.each_ref().map(String::as_str);
                lines.push(self.line(heading(number, part), sum(part.amount_minor), &fields));
                lines.extend(self.shares(number, &format!("Of {number}. to ")));
            }
        }
        let whole = if terms.kind == Kind::OneOff { labels::PRICE } else { "The whole price" };
        lines.push(self.line(whole, sum(terms.amount_minor), &["amount", "milestones"]));
        if terms.kind == Kind::OneOff {
            lines.extend(self.shares(1, "Of it to "));
        }
        lines
    }

    /// What others than the seller get from a milestone, and what is left for him.
    fn shares(&self, number: usize, start: &str) -> Vec<Line> {
        let one = |place: usize| {
            let field = name(number, &share(place));
            let amount = self.answers.fields().money_or_zero(&field, self.currency(), &mut Problems::new());
            let words = amount.filter(|amount| amount.minor > 0).map(|amount| amount.to_string());
            let words = words.unwrap_or_else(|| "Nothing".to_owned());
            self.line(format!("{start}{}", payee_name(self.answers, place)), words, &[&field])
        };
        let mut lines: Vec<Line> = (1..=self.answers.payees()).map(one).collect();
        if !lines.is_empty() {
            let kind = self.reading.terms.kind;
            let rest = rest(self.answers, number, kind, self.currency()).map(|money| money.to_string());
            let field = name(number, "recipients");
            lines.push(self.line(format!("{start}the seller"), rest.unwrap_or_default(), &[&field]));
        }
        lines
    }

    fn currency(&self) -> Currency {
        self.reading.terms.currency
    }

    fn delivery(&self) -> Vec<Line> {
        let terms = &self.reading.terms;
        if terms.kind == Kind::OneOff {
            let days = terms.delivery_days.or(self.by_link().then_some(1));
            let days = days.map(|days| format!("{} after payment", plural(i64::from(days))));
            let mut lines =
                vec![self.line(labels::DELIVERED_WITHIN, days.unwrap_or_default(), &["delivery_days"])];
            if terms.mode == Mode::QuickProof {
                let hours = |hours: i64| format!("{hours} hours");
                let (upload, review) = (hours(terms.upload_hours()), hours(terms.review_hours()));
                lines.push(self.line(labels::PROOF_UPLOAD, upload, &["proof_upload_hours"]));
                lines.push(self.line(labels::PROOF_REVIEW, review, &["proof_review_hours"]));
            }
            lines.extend(terms.milestones.first().map(|part| {
                self.inspection(if self.by_link() { labels::CRITERIA } else { labels::INSPECTION }, 1, part)
            }));
            return lines;
        }
        let one = |(number, part): (usize, &MilestoneTerms)| {
            let mut line = self.inspection(&heading(number, part), number, part);
            if let Some(due) = part.due {
                line.value = format!("Due {}\n{}", self.reader.time(due).absolute, line.value);
            }
            line
        };
        (1..).zip(&terms.milestones).map(one).collect()
    }

    fn inspection(&self, key: &str, number: usize, part: &MilestoneTerms) -> Line {
        // Nobody inspects what is complete when it is handed over.
        let inspection = format!("{} to inspect", plural(i64::from(part.inspection_days)));
        let inspection = Some(inspection).filter(|_| !self.by_link());
        let criteria = part.criteria.iter().map(|criterion| format!("• {criterion}"));
        let about = Some(part.description.clone()).filter(|text| !text.is_empty());
        let mut value = about.into_iter().chain(inspection).chain(criteria).collect::<Vec<_>>().join("\n");
        if value.is_empty() {
            value.push_str("Nothing more was said");
        }
        let fields = ["description", "due", "inspection", "criteria"].map(|part| name(number, part));
        self.line(key, value, &fields.each_ref().map(String::as_str))
    }

    fn fees(&self) -> Vec<Line> {
        let has_broker = self.answers.has_broker() && !self.hides_commission;
        let mut lines =
            vec![self.choice("The platform fee is paid by", "fee_payer", &choices::fee_payers(true))];
        if !has_broker {
            return lines;
        }
        // As it stands there, with its sign or without.
        let typed = self.answers.get("commission");
        let typed = typed.strip_suffix('%').unwrap_or(typed).trim_end();
        let earns = match self.answers.get("commission_kind") {
            "percent" => format!("{typed}% of the price"),
            "fixed" => format!("{typed} {}", self.reading.terms.currency),
            "none" => "Nothing from this deal".to_owned(),
            LINE => "A sum of the price".to_owned(),
            _ => String::new(),
        };
        if self.answers.get("commission_kind") == LINE {
            lines.push(self.line("The broker earns", earns, &["commission_kind", "commission"]));
            let kind = self.reading.terms.kind;
            for number in 1..=self.answers.milestones() {
                let field = name(number, "broker");
                let key = if kind == Kind::OneOff {
                    "Out of the price".to_owned()
                } else {
                    format!("Out of milestone {number}")
                };
                let amount =
                    self.answers.fields().money_or_zero(&field, self.currency(), &mut Problems::new());
                let words = amount.filter(|amount| amount.minor > 0).map(|amount| amount.to_string());
                lines.push(self.line(key, words.unwrap_or_else(|| "Nothing".to_owned()), &[&field]));
            }
            return lines;
        }
        let is_earned = matches!(self.answers.get("commission_kind"), "percent" | "fixed");
        let earns = if is_earned && typed.is_empty() { String::new() } else { earns };
        lines.push(self.line("The broker earns", earns, &["commission_kind", "commission"]));
        if is_earned {
            lines.push(self.choice(
                "Commission is paid by",
                "commission_payer",
                &choices::commission_payers(),
            ));
            lines.push(self.choice(
                "Who may see the commission",
                "commission_hidden",
                &choices::commission_seen_by(),
            ));
        }
        lines
    }
}

fn heading(number: usize, part: &MilestoneTerms) -> String {
    if part.title.is_empty() { format!("Milestone {number}") } else { format!("{number}. {}", part.title) }
}

fn plural(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// What a reader should know before sending that is no fault (Vesicash: the local currency if everyone is
/// of one country, else USD; another choice is warned about, not refused).
#[must_use]
pub fn warning(answers: &Answers, role: Role, own_country: &str, currency: Currency) -> Option<String> {
    let mut countries = countries(answers, role);
    countries.push(own_country);
    if countries.iter().any(|country| country.is_empty()) {
        return None;
    }
    let same = countries.iter().all(|country| *country == own_country);
    let usual = if same { currencies::local(own_country)? } else { Currency::USD };
    if usual == currency {
        return None;
    }
    let why = if same { "Everyone is in the same country" } else { "You are in different countries" };
    Some(format!(
        "{why}, where deals are usually made in {usual}. Yours is in {currency}. You can send it like this."
    ))
}

/// The countries of the others, as far as anybody said them.
fn countries(answers: &Answers, role: Role) -> Vec<&str> {
    let named =
        others(role).into_iter().filter(|(role, required)| *required || !answers.get(role.word()).is_empty());
    named.map(|(role, _)| answers.get(country_field(role))).collect()
}

/// Whether somebody is said to live in another country than the creator.
#[must_use]
pub fn is_abroad(answers: &Answers, role: Role, own_country: &str) -> bool {
    let mut known = countries(answers, role).into_iter().filter(|country| !country.is_empty());
    !own_country.is_empty() && known.any(|country| country != own_country)
}

fn country_field(role: Role) -> &'static str {
    match role {
        Role::Buyer => "buyer_country",
        Role::Seller => "seller_country",
        Role::Broker | Role::Payee => "broker_country",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(buyer: &str, own: &str, currency: &str) -> bool {
        let pairs = [("buyer", "b@example.com"), ("buyer_country", buyer)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let currency = Currency::from_code(currency).unwrap();
        warning(&Answers::new(&pairs.to_vec()), Role::Seller, own, currency).is_some()
    }

    #[test]
    fn another_currency_than_the_usual_one_is_warned_about() {
        assert!(!warned("TN", "TN", "TND") && warned("TN", "TN", "USD"));
        assert!(!warned("TN", "FR", "USD") && warned("TN", "FR", "TND"));
        assert!(!warned("", "TN", "USD"), "nothing is said about countries that nobody named");
        assert!(!warned("VN", "VN", "USD"), "nor where no list has the local currency");
    }
}
