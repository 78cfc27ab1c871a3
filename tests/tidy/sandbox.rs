//! The walls around the sandbox provider, which lives in the same process and must not notice.

use crate::rules::Fault;
use crate::source::{Source, line_of};

/// What of ours an outside company that has moved in may use: the frame, and how a page is drawn.
const SANDBOX_MAY_USE: [&str; 10] = [
    "app",
    "clock",
    "config",
    "error",
    "money",
    "sandbox",
    "web",
    "store::db",
    "engine::time",
    "store::hash",
];

/// Inside it no table and no rule of the portal, and outside it none of its tables.
pub fn is_another_house(file: &Source) -> Vec<Fault> {
    if !file.is_product() {
        return Vec::new();
    }
    let inside = file.is_under("src/sandbox");
    let quoted = file.quoted.to_lowercase();
    let mut faults = Vec::new();
    let mut before = "";
    for (number, line) in quoted.lines().enumerate() {
        for word in line.split(|sign: char| sign.is_whitespace() || sign == '"') {
            let names_a_table = matches!(before, "from" | "join" | "into" | "update") && word != "set";
            if names_a_table && !word.is_empty() && word.starts_with("sandbox_") != inside {
                faults.push((number + 1, format!("reaches into a table of the other house: {word}")));
            }
            if !word.is_empty() {
                before = word;
            }
        }
    }
    if inside {
        for (at, _) in file.code.match_indices("crate::") {
            let path = &file.code[at + "crate::".len()..];
            if !SANDBOX_MAY_USE.iter().any(|may| path.starts_with(may)) {
                faults.push((line_of(&file.code, at), "uses what only the portal may".to_owned()));
            }
        }
    }
    faults
}
