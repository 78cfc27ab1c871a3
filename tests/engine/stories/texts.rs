//! A text that shows nothing says nothing: it is refused wherever one is required, and kept nowhere.

use holdfast::engine::command::Command;
use holdfast::engine::party::Actor;
use holdfast::engine::proof::ProofKind;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Terms;

use super::propose::{faults, propose};
use crate::dsl::deal::{split, start};
use crate::dsl::given::{Past, Then, given_nothing};
use crate::dsl::*;

/// What people and programs send that looks like nothing.
const BLANK: [&str; 9] = [
    " \n",
    "\u{a0}",
    "\u{200b}",
    "\u{2060}\u{2060}",
    "\u{ad}",
    "\u{3164}",
    "\u{2800}",
    "\u{feff}",
    "\u{200d}\u{301}",
];

type Case = (Past, Actor, fn(String) -> Command);

/// Every command that carries words of a person, where it can be given.
fn commands() -> Vec<Case> {
    let paid = || Past::paid(&case4());
    let delivered = || Past::delivered(&case4(), 1);
    let ruled = || delivered().disputed(1).handed_over().ruled();
    let all: [Case; 15] = [
        (Past::sent(&case4()), seller(), |reason| Command::Decline { reason }),
        (Past::paid(&quick_proof()), seller(), |note| Command::SubmitProof {
            milestone: 1,
            kind: ProofKind::Other,
            note,
            files: Vec::new(),
        }),
        (Past::paid(&quick_proof()).proof(), buyer(), |note| Command::RequestCorrections {
            milestone: 1,
            note,
        }),
        (paid(), seller(), |note| Command::MarkDone { milestone: 1, note, files: Vec::new() }),
        (delivered(), buyer(), |reason| Command::RequestChanges { milestone: 1, failed: vec![0], reason }),
        (paid(), seller(), |reason| Command::AskExtension {
            milestone: 1,
            due: start().plus_days(300),
            reason,
        }),
        (paid(), buyer(), |reason| Command::RequestCancellation { reason }),
        (paid(), seller(), |reason| Command::CancelAll { reason }),
        (paid().cancelling(), seller(), |reason| Command::RefuseCancellation { reason }),
        (delivered(), buyer(), |note| Command::OfferSettlement {
            splits: vec![split(1, 300_000, 100_000)],
            note,
        }),
        (delivered(), buyer(), |reason| Command::OpenDispute {
            claims: vec![split(1, 0, 400_000)],
            reason,
            failed: Vec::new(),
            files: Vec::new(),
        }),
        (delivered().disputed(1), seller(), |text| Command::Statement {
            dispute: 1,
            text,
            files: Vec::new(),
        }),
        (delivered().disputed(1).handed_over(), operator(), |reasons| Command::Rule {
            dispute: 1,
            splits: vec![split(1, 400_000, 0)],
            reasons,
        }),
        (ruled(), second_operator(), |reason| Command::ReturnRuling { dispute: 1, reason }),
        (paid(), buyer(), |text| Command::Say { text, files: Vec::new() }),
    ];
    all.into()
}

#[test]
fn a_blank_text_says_no_more_than_none() {
    for (past, actor, command) in commands() {
        let when = |text: &str| given(past.clone()).when(actor, command(text.to_owned())).outcome;
        let none = when("");
        for blank in BLANK {
            let (outcome, name) = (when(blank), command(String::new()).name());
            let refused = matches!(outcome, Then::Refused(Refusal::SignsHidden));
            assert!(
                outcome == none || refused,
                "{name} with {blank:?}: {outcome:?}, and {none:?} with nothing"
            );
        }
    }
}

#[test]
fn signs_that_nobody_sees_get_into_no_text() {
    for (past, actor, command) in commands() {
        for hiding in ["Done\u{200b}", "Done\u{202e}", "Do\u{2060}ne", "Done\u{0}"] {
            let outcome = given(past.clone()).when(actor, command(hiding.to_owned())).outcome;
            let refused = matches!(outcome, Then::Refused(Refusal::SignsHidden));
            assert!(refused, "{} came to {outcome:?}", command(String::new()).name());
        }
    }
}

#[test]
fn every_command_with_words_is_among_them() {
    let known: Vec<String> = commands().iter().map(|(_, _, command)| command(String::new()).name()).collect();
    // Words of a provider, and what only an arbiter says.
    let others = ["charge_failed", "refund_failed", "decline_arbitration", "propose", "counter"];
    for name in crate::dsl::variants::<Command>("command") {
        let words = ["reason", "reasons", "note", "text"];
        let asks = |word: &str| {
            let mut sample = serde_json::json!({ "command": name });
            sample[word] = 1.into();
            let error = serde_json::from_value::<Command>(sample).map_err(|error| error.to_string());
            error.is_err_and(|error| error.contains("expected a string"))
        };
        if words.iter().any(|word| asks(word)) {
            assert!(known.contains(&name) || others.contains(&name.as_str()), "{name}");
        }
    }
}

/// Writes a text into a field of the terms.
type Set = fn(&mut Terms, String);

#[test]
fn terms_say_something_that_can_be_seen() {
    let fields: [(&str, Set); 4] = [
        ("title", |terms, text| terms.title = text),
        ("contract_terms", |terms, text| terms.contract_terms = Some(text)),
        ("milestone-1-title", |terms, text| terms.milestones[0].title = text),
        ("milestone-1-criteria", |terms, text| terms.milestones[0].criteria = vec![text]),
    ];
    for (field, set) in fields {
        let empty = faults(case4().with(|terms| set(terms, String::new())));
        assert_eq!(empty.len(), 1, "{field}");
        for blank in BLANK {
            let found = faults(case4().with(|terms| set(terms, blank.to_owned())));
            assert_eq!(found[0], empty[0], "{field} of {blank:?}");
        }
        let found = faults(case4().with(|terms| set(terms, "Al\u{200b}pha".to_owned())));
        assert_eq!(found[0].0, field);
        assert!(found[0].1.contains("nobody can see"), "{found:?}");
    }
    let joined = case4().with(|terms| terms.title = "نمی\u{200c}دانم ❤\u{fe0f}".to_owned());
    let _ = given_nothing().when(buyer(), propose(joined)).events();
}
