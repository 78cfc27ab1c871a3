//! What no page, mail and refusal may say.

use crate::rules::Fault;
use crate::source::{Source, line_of, words};

/// What sounds translated, and what says it plainly: again, ends or expires, continues, no longer counts, split 50/50,
/// your role, (optional), the extra cent, ready to withdraw, must or will.
const REFUSED: [&str; 12] = [
    "anew",
    "lapses",
    "runs on",
    "counts no longer",
    "divided in halves",
    "in halves",
    "Your part",
    "if you like",
    "odd unit",
    "On its way to you",
    "shall",
    "runs out",
];

pub fn sentences_are_plain(file: &Source) -> Vec<Fault> {
    // The oldest contracts keep the bytes that were signed.
    let is_read =
        (file.is_product() || file.is_under("templates")) && file.path != "src/engine/contract/first.rs";
    if !is_read {
        return Vec::new();
    }
    let found = REFUSED
        .iter()
        .flat_map(|refused| words(&file.quoted, refused).into_iter().map(move |at| (at, refused)));
    found.map(|(at, refused)| (line_of(&file.quoted, at), format!("says {refused:?}"))).collect()
}
