//! The decision of a dispute as a form: how much of each milestone is released, the exact transfers of that, and
//! the reasons. Whoever decides, an operator or the arbiter, does it here.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::outcome;
use super::seat::Scene;
use super::transfers::Transfers;
use crate::engine::command::Command;
use crate::engine::dispute::{Dispute, Split};
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::shell::Shell;

/// A field of the form: name, label, value, hint.
pub type Line = (String, String, String, String);

/// A field for each milestone in dispute, with what was typed.
#[must_use]
pub fn lines(scene: &Scene<'_>, open: &Dispute, typed: Option<&Fields>) -> Vec<Line> {
    let line = |claim: &Split| {
        let name = outcome::field(claim.milestone);
        let value = typed.map(|fields| fields.get(&name).to_owned()).unwrap_or_default();
        let left = scene.amount(claim.sum_minor());
        let label = format!("To release for “{}”", scene.title_of(claim.milestone));
        (
            name,
            label,
            value,
            format!(
                "Of {left}; the rest goes back to the buyer. What follows it, like the platform’s fee, goes along."
            ),
        )
    };
    open.claims.iter().map(line).collect()
}

/// What was typed, as splits of everything that is disputed.
pub fn splits(scene: &Scene<'_>, open: &Dispute, fields: &Fields, problems: &mut Problems) -> Vec<Split> {
    let mut splits = Vec::new();
    for claim in &open.claims {
        let name = outcome::field(claim.milestone);
        if fields.get(&name).is_empty() {
            problems.add(name, "Enter what is to be released; 0 gives all of it back to the buyer.");
            continue;
        }
        let (left, currency) = (claim.sum_minor(), scene.escrow.terms.currency);
        splits.extend(outcome::typed(fields, claim.milestone, left, currency, problems));
    }
    splits
}

/// The command that decides, read from the form that asked for the reasons. `open` is missing once the dispute
/// is over, which the engine then says.
///
/// # Errors
/// What is wrong with the reasons; empty where only the amounts are, whose own page says what.
pub fn decision(
    scene: &Scene<'_>,
    number: u16,
    open: Option<&Dispute>,
    fields: &Fields,
) -> Result<Command, Problems> {
    let (mut problems, mut amounts) = (Problems::new(), Problems::new());
    let missing = "Write the reasons: both sides read them.";
    let reasons = fields.text("reasons", LONGEST_TEXT, missing, &mut problems);
    let splits = open.map(|open| splits(scene, open, fields, &mut amounts)).unwrap_or_default();
    if problems.is_empty() && amounts.is_empty() {
        Ok(Command::Rule { dispute: number, splits, reasons })
    } else {
        Err(problems)
    }
}

#[derive(Template)]
#[template(path = "pages/escrow/ruling.html")]
struct Page {
    shell: Shell,
    path: String,
    transfers: Transfers,
    /// The same fields as typed, for the form that decides.
    typed: Vec<(String, String)>,
    /// Who has to confirm it; empty where nobody does.
    second: &'static str,
    button: String,
    reasons: String,
    problems: Problems,
    seen: String,
    key: String,
}

/// What the page that asks for the reasons is drawn with. `path` is the dispute's own page.
pub struct Asked<'a> {
    pub shell: Shell,
    pub path: String,
    pub scene: &'a Scene<'a>,
    pub open: &'a Dispute,
    pub splits: &'a [Split],
    pub fields: &'a Fields,
    pub problems: Problems,
    /// Who has to confirm it; empty where nobody does.
    pub second: &'static str,
    pub key: String,
}

/// The page that shows who would get what, and asks for the reasons before anything moves.
///
/// # Errors
/// When the template cannot be drawn.
pub fn ask(asked: Asked<'_>, status: StatusCode) -> Result<Response, Error> {
    let Asked { shell, path, scene, open, splits, fields, problems, second, key } = asked;
    let typed = open.claims.iter().map(|claim| outcome::field(claim.milestone));
    let (release, refund) = outcome::sums(scene, splits);
    let (release, refund) = (scene.amount(release), scene.amount(refund));
    let page = Page {
        shell: shell.with_problems(!problems.is_empty()),
        path,
        transfers: outcome::transfers(scene, splits),
        typed: typed.map(|name| (name.clone(), fields.get(&name).to_owned())).collect(),
        second,
        button: format!("Decide: release {release}, refund {refund}"),
        reasons: fields.get("reasons").to_owned(),
        problems,
        seen: scene.escrow.seen(Scope::Dispute(open.number)),
        key,
    };
    page::with_status(status, &page)
}
