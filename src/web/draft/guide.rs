//! Help with the kind of deal: a few questions that anybody can answer about it, and what fits, with the reasons.
//!
//! Nothing is stored here. The questions are a form in the address; what fits is taken over by sending the same
//! fields that the page of the kind sends.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::open::{self, Found, find, step_path};
use super::steps::Step;
use crate::app::App;
use crate::engine::party::Role;
use crate::engine::terms::{Kind, Mode};
use crate::error::Error;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Choice, Icon};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/new/{draft}/guide";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::SignedIn, show)
}

#[derive(Template)]
#[template(path = "pages/draft/guide.html")]
struct Page {
    shell: Shell,
    /// Where the draft's pages are.
    path: String,
    back: String,
    problems: Problems,
    questions: Vec<Question>,
    fits: Option<Fit>,
}

/// A question with its answers, and the one that was chosen.
struct Question {
    name: &'static str,
    words: &'static str,
    answers: Vec<Choice>,
    chosen: String,
}

/// The kind of deal that fits, as the fields of its page, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    pub kind: Kind,
    pub mode: Mode,
    /// The field `payment` of the page of the kind.
    pub payment: &'static str,
    pub why: Vec<&'static str>,
}

impl Fit {
    fn kind_value(&self) -> &'static str {
        match self.kind {
            Kind::OneOff => "one_off",
            Kind::Milestone => "milestone",
        }
    }

    fn mode_value(&self) -> &'static str {
        match self.mode {
            Mode::Standard => "standard",
            Mode::Quick => "quick",
            Mode::QuickProof => "quick_proof",
            Mode::Instant => "instant",
        }
    }

    fn name(&self) -> &'static str {
        match (self.mode, self.kind) {
            (Mode::Standard, Kind::OneOff) => "One delivery with a signed contract",
            (Mode::Standard, Kind::Milestone) => "Milestones with a signed contract",
            (Mode::Quick, _) => "A quick deal",
            (Mode::QuickProof, _) => "A quick deal with a proof first",
            (Mode::Instant, _) => "A link that anybody can pay by",
        }
    }

    /// What then happens, one line a step.
    fn course(&self) -> Vec<&'static str> {
        let agree = match self.mode {
            Mode::Standard => "You write the contract, and everyone signs it.",
            Mode::Quick | Mode::QuickProof => "You write down the deal, and everyone accepts it.",
            Mode::Instant => "You describe what you sell and get a link.",
        };
        let pay = match (self.mode, self.payment) {
            (Mode::Instant, _) => "Whoever opens it pays into escrow, also without an account.",
            (_, "each") => "The buyer pays for each milestone before its work starts.",
            (_, "first") => "The buyer pays into escrow before the seller has answered.",
            _ => "The buyer pays into escrow, and the money is held.",
        };
        let proof = "The seller shows a proof, and the buyer accepts it or asks for corrections.";
        let end = match (self.mode, self.kind) {
            (Mode::Instant, _) => "You hand it over, and the money is released at once.",
            (_, Kind::Milestone) => "Each milestone is delivered, inspected and released by itself.",
            (_, Kind::OneOff) => "The seller delivers, the buyer inspects, and the money is released.",
        };
        let mut course = vec![agree, pay];
        if self.mode == Mode::QuickProof {
            course.push(proof);
        }
        course.push(end);
        course
    }
}

/// What fits these answers; nothing before all questions are answered. `role` is the creator's.
#[must_use]
pub fn fit(role: Option<Role>, answers: &Fields) -> Option<Fit> {
    let get = |name| Some(answers.get(name)).filter(|value| !value.is_empty());
    let (buyer, parts) = (get("buyer").unwrap_or("named"), get("parts")? == "yes");
    let (written, look, pays) = (get("written")? == "yes", get("look")? == "yes", get("pays")?);
    let by_link = buyer == "anyone" && role == Some(Role::Seller);
    if by_link && !parts && !written && !look {
        let why = vec![
            "Nobody has to be named: whoever opens your link can buy.",
            "What is handed over at once needs no inspection afterwards, so delivering completes the deal.",
        ];
        return Some(Fit { kind: Kind::OneOff, mode: Mode::Instant, payment: "agreed", why });
    }
    let mut why = Vec::new();
    let kind = if parts { Kind::Milestone } else { Kind::OneOff };
    let mode = if written || parts {
        why.push(if written {
            "Duties that take more than a few sentences belong into a contract that everyone signs."
        } else {
            "Parts with prices of their own need a contract, so that nobody can say later that they were others."
        });
        Mode::Standard
    } else if look {
        why.push("The buyer sees something to rely on before anything is sent.");
        Mode::QuickProof
    } else {
        why.push("For something simple it is enough that everyone accepts the same few sentences.");
        Mode::Quick
    };
    if parts {
        why.push("Each part is inspected and paid by itself, so neither side risks all of it.");
    }
    if look && mode == Mode::Standard {
        why.push("A contract has no proof before the delivery: write what the buyer must see into its criteria, or make it the first milestone.");
    }
    if by_link {
        why.push("A link for anybody is only for one thing that is handed over at once, so you name the buyer here.");
    }
    Some(Fit { kind, mode, payment: payment(pays, mode, kind, &mut why), why })
}

/// When the buyer pays, as far as the kind of deal lets him choose.
fn payment(wanted: &str, mode: Mode, kind: Kind, why: &mut Vec<&'static str>) -> &'static str {
    match (wanted, mode, kind) {
        ("steps", _, Kind::Milestone) => "each",
        ("first", Mode::Quick | Mode::QuickProof, _) => {
            why.push("Money that is there already shows the seller that the offer is serious; it goes back if he declines.");
            "first"
        }
        ("first", _, _) => {
            why.push("With a contract nothing is paid before everyone has signed.");
            "agreed"
        }
        ("steps", _, Kind::OneOff) => {
            why.push("One delivery is paid at one time. For steps, deliver in parts.");
            "agreed"
        }
        _ => "agreed",
    }
}

/// The questions, for somebody with this part in the deal.
fn questions(role: Option<Role>, answers: &Fields) -> Vec<Question> {
    let yes = |words: &'static str, no: &'static str| vec![Choice::new("no", no), Choice::new("yes", words)];
    let mut questions = Vec::new();
    if role == Some(Role::Seller) {
        let who = vec![
            Choice::new("named", "Somebody whose email address I have"),
            Choice::new("anyone", "Whoever opens my link")
                .hint("For something that you hand over at once: a file, a ticket, a code."),
        ];
        questions.push(("buyer", "Who is the buyer?", who));
    }
    questions.extend([
        ("parts", "How is it delivered?", yes("Part by part, over weeks or months", "All of it at one time")),
        (
            "written",
            "Do a few sentences and a price say it all?",
            yes("No, duties, rights or details have to be written down", "Yes, a few sentences are enough"),
        ),
        (
            "look",
            "Does the buyer need to see something before it is sent?",
            yes(
                "Yes: a receipt, an order confirmation, a photo or a tracking number",
                "No, looking at it on arrival is enough",
            ),
        ),
        (
            "pays",
            "When is the buyer willing to pay into escrow?",
            vec![
                Choice::new("agreed", "Once everyone has agreed"),
                Choice::new("first", "At once, to show that the offer is serious"),
                Choice::new("steps", "Step by step, as the work goes on"),
            ],
        ),
    ]);
    let question = |(name, words, choices): (&'static str, &'static str, Vec<Choice>)| Question {
        name,
        words,
        answers: choices,
        chosen: answers.get(name).to_owned(),
    };
    questions.into_iter().map(question).collect()
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(draft): Path<String>,
    Search(answers): Search,
) -> Result<Response, Error> {
    let opened = match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    // Of which kind it is stays as it is in other terms.
    if opened.base.is_some() {
        return Ok(Redirect::to(&step_path(opened.id, Step::Check, false)).into_response());
    }
    let role = opened.answers.role();
    let questions = questions(role, &answers);
    let asked = questions.iter().any(|question| answers.has(question.name));
    let mut problems = Problems::new();
    for question in questions.iter().filter(|_| asked) {
        if question.answers.iter().all(|answer| answer.value != question.chosen) {
            problems.add(question.name, "Choose the answer that comes nearest.");
        }
    }
    let fits = if problems.is_empty() { fit(role, &answers) } else { None };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::new(&app, &visit, "Which kind fits your deal?").at(Place::Escrows);
    let page = Page {
        shell: shell.with_problems(!problems.is_empty()),
        path: opened.path(),
        back: step_path(opened.id, Step::Kind, false),
        problems,
        questions,
        fits,
    };
    page::with_status(status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(buyer: &str, rest: [&str; 4]) -> Fields {
        let [parts, written, look, pays] = rest;
        let pairs =
            [("buyer", buyer), ("parts", parts), ("written", written), ("look", look), ("pays", pays)];
        Fields::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    }

    fn fits(role: Role, buyer: &str, rest: [&str; 4]) -> (Kind, Mode, &'static str) {
        let fit = fit(Some(role), &answers(buyer, rest)).unwrap();
        assert!(!fit.why.is_empty() && fit.course().len() >= 3);
        (fit.kind, fit.mode, fit.payment)
    }

    #[test]
    fn the_answers_lead_to_the_kind_that_fits() {
        use Kind::{Milestone, OneOff};
        use Mode::{Instant, Quick, QuickProof, Standard};
        use Role::{Buyer, Seller};
        for (role, buyer, rest, expected) in [
            (Seller, "anyone", ["no", "no", "no", "agreed"], (OneOff, Instant, "agreed")),
            (Seller, "anyone", ["yes", "no", "no", "steps"], (Milestone, Standard, "each")),
            (Seller, "named", ["no", "no", "no", "agreed"], (OneOff, Quick, "agreed")),
            (Buyer, "", ["no", "no", "no", "first"], (OneOff, Quick, "first")),
            (Buyer, "anyone", ["no", "no", "no", "agreed"], (OneOff, Quick, "agreed")),
            (Buyer, "", ["no", "no", "yes", "agreed"], (OneOff, QuickProof, "agreed")),
            (Buyer, "", ["no", "yes", "yes", "first"], (OneOff, Standard, "agreed")),
            (Buyer, "", ["no", "no", "no", "steps"], (OneOff, Quick, "agreed")),
            (Seller, "named", ["yes", "yes", "no", "steps"], (Milestone, Standard, "each")),
        ] {
            assert_eq!(fits(role, buyer, rest), expected, "{role:?} {buyer} {rest:?}");
        }
    }

    #[test]
    fn whatever_is_answered_a_deal_fits_that_the_rules_allow() {
        for role in [Role::Buyer, Role::Seller, Role::Broker] {
            for buyer in ["named", "anyone"] {
                for bits in 0..8_u8 {
                    let yes = |bit: u8| if bits & (1 << bit) == 0 { "no" } else { "yes" };
                    for pays in ["agreed", "first", "steps"] {
                        let (kind, mode, payment) = fits(role, buyer, [yes(0), yes(1), yes(2), pays]);
                        let context = format!("{role:?} {buyer} {bits:b} {pays}");
                        assert!(kind == Kind::OneOff || mode == Mode::Standard, "{context}");
                        assert!(payment != "each" || kind == Kind::Milestone, "{context}");
                        assert!(payment != "first" || mode != Mode::Standard, "{context}");
                        assert!(mode != Mode::Instant || role == Role::Seller, "{context}");
                    }
                }
            }
        }
        assert_eq!(fit(Some(Role::Buyer), &answers("", ["yes", "", "no", "agreed"])), None);
    }
}
