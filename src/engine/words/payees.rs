//! What is said to those who receive and decide nothing.

use super::{OPEN, Said, by};
use crate::engine::party::Role;
use crate::money::Money;

/// How the money reaches somebody who needs an account for it, and need not hurry.
const HOW: &str = "To be paid you need an account with the address that this mail came to; you can register at any \
    time. We write to you when your money is released. You move it to your wallet then, and what nobody moves \
    within 7 days gets there by itself.";

/// He is named: how much he is to receive, that he decides nothing, and how he is paid.
pub(super) fn named(role: Role, amount: Option<&Money>, title: &str) -> Said {
    let part = amount.map_or_else(|| "a part of the price".to_owned(), ToString::to_string);
    (
        format!("You are named to receive from an escrow: {title}"),
        vec![
            format!(
                "{} named you as someone who is paid out of “{title}”: you are to receive {part}. It is released \
                 when the work is approved, and not before the deal is agreed and paid. If the deal comes to \
                 nothing, or money goes back to the buyer, you receive less or nothing.",
                by(role)
            ),
            "You decide nothing in this deal, owe nothing, and need do nothing now.".to_owned(),
            HOW.to_owned(),
        ],
        OPEN,
        String::new(),
    )
}

/// Other terms give him more or less.
pub(super) fn changed(role: Role, before: &Money, now: &Money, title: &str) -> Said {
    (
        format!("Your share has changed: {title}"),
        vec![
            format!(
                "{} proposed other terms for “{title}”. You were to receive {before} before, and now {now}. It \
                 holds once everyone who decides has agreed.",
                by(role)
            ),
            "You decide nothing in this deal and need do nothing.".to_owned(),
        ],
        OPEN,
        String::new(),
    )
}

/// Other terms leave him out.
pub(super) fn no_longer(role: Role, title: &str) -> Said {
    (
        format!("You are no longer named: {title}"),
        vec![format!(
            "{} proposed other terms for “{title}”, in which you are not named. You receive nothing from it, owe \
             nothing, and can no longer see it. If this surprises you, ask whoever named you.",
            by(role)
        )],
        "Open Holdfast",
        String::new(),
    )
}
