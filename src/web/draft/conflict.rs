//! A page of a draft that was saved in another window since it was opened: nothing is written over in silence. The page
//! comes back with what was typed, and says at each field what stands there by now.

use super::answers::Answers;
use super::choices;
use super::steps::{Step, milestone_field};
use crate::web::form::{Fields, Problems};
use crate::web::view::Choice;
use crate::web::{currencies, places};

/// The fields that a page sends and that are saved otherwise by now. None where the page shows what is saved, or was
/// sent without saying what it showed.
#[must_use]
pub fn of(step: Step, saved: &Answers, sent: &Fields) -> Vec<String> {
    if !sent.has("seen") || sent.get("seen") == saved.seen(step) {
        return Vec::new();
    }
    let fields = sent.iter().filter(|(name, _)| Step::of_field(name) == Some(step));
    let others = fields.filter(|(name, _)| sent.get(name) != saved.get(name));
    others.map(|(name, _)| name.to_owned()).collect()
}

/// What is said above the page, and at each of its fields that differ.
#[must_use]
pub fn problems(fields: &[String], saved: &Answers) -> Problems {
    let mut problems = Problems::new();
    problems.add(
        "",
        "This page was saved in another window since you opened it here, so nothing of it was saved now. Your answers \
         stand below, and each field that differs says what was saved. Choose for each, then continue.",
    );
    for name in fields {
        let sentence = match words(name, saved.get(name)).as_str() {
            "" => "The other window left this empty.".to_owned(),
            saved => format!("The other window saved “{saved}”."),
        };
        problems.add(name, sentence);
    }
    problems
}

/// A saved answer as the page shows it: the words of a choice, and anything else as it was typed.
fn words(field: &str, value: &str) -> String {
    let list: Vec<Choice> = match field {
        "role" => choices::roles(),
        "kind" => choices::kinds(),
        "mode" => choices::modes(),
        "payment" => choices::payments(),
        "fee_payer" => choices::fee_payers(true),
        "commission_kind" => choices::commission_kinds(),
        "commission_payer" => choices::commission_payers(),
        "commission_hidden" => choices::commission_seen_by(),
        "dispute_handler" => choices::handlers(),
        "default_outcome" => choices::outcomes(),
        "currency" => currencies::choices(),
        "buyer_country" | "seller_country" | "broker_country" => places::countries(),
        _ => Vec::new(),
    };
    let chosen = choices::words(&list, value);
    let is_long = matches!(milestone_field(field), Some((_, "criteria")));
    match (chosen.is_empty(), is_long) {
        (true, true) => value.lines().collect::<Vec<_>>().join(" · "),
        (true, false) => value.to_owned(),
        (false, _) => chosen,
    }
}
