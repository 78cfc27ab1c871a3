//! An amount of what is left of a milestone: typed, then confirmed before it moves.

use askama::Template;

use super::spot::Spot;
use super::transfers::Transfers;
use crate::engine::refusal::Refusal;
use crate::store::execute::Outcome;
use crate::web::form::{Fields, Problems};
use crate::web::shell::Shell;

/// What an amount comes to, before it moves.
#[derive(Template)]
#[template(path = "pages/escrow/approve.html")]
pub struct Confirmation {
    pub shell: Shell,
    pub back: String,
    pub back_words: &'static str,
    pub action: String,
    pub title: String,
    pub transfers: Transfers,
    pub consequence: String,
    pub button: String,
    pub danger: bool,
    pub amount: String,
    pub seen: String,
    pub key: String,
}

/// The amount that was typed, in minor units, if that much is there.
pub fn typed(spot: &Spot, fields: &Fields, problems: &mut Problems) -> Option<i64> {
    let left = spot.state.left_minor();
    let typed = fields.money("amount", spot.seat.escrow.terms.currency, problems)?;
    if typed.minor > left {
        let refusal = Refusal::InsufficientFunds { available: spot.seat.amount(left) };
        problems.add("amount", too_much(spot, &refusal));
        return None;
    }
    let least = spot.seat.escrow.least_part_minor(spot.number);
    if typed.minor < least && typed.minor < left {
        problems.add("amount", Refusal::PartTooSmall { least: spot.seat.amount(least) }.sentence());
        return None;
    }
    Some(typed.minor)
}

/// What is wrong with the amount, where that is why it was refused.
#[must_use]
#[allow(clippy::wildcard_enum_match_arm, reason = "nothing else is about the amount")]
pub fn wrong_amount(spot: &Spot, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused { refusal: refusal @ Refusal::InsufficientFunds { .. } } => {
            Some(too_much(spot, refusal))
        }
        Outcome::Refused { refusal: refusal @ Refusal::PartTooSmall { .. } } => Some(refusal.sentence()),
        _ => None,
    }
}

/// The refusal's own sentence, the currency that it leaves out, and why there is less than the price.
#[must_use]
pub fn too_much(spot: &Spot, refusal: &Refusal) -> String {
    let sentence = format!("{} ({}).", refusal.sentence(), spot.seat.escrow.terms.currency);
    match spot.held_back() {
        Some(why) => format!("{sentence} {why}"),
        None => sentence,
    }
}
