//! Money that goes back as it came, as sentences.

use super::{Told, by_silence};
use crate::engine::event::Event;
use crate::engine::refund::Refund;
use crate::web::escrow::seat::Scene;
use crate::web::view::{Icon, Tone};

pub(super) fn told(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    let title = |number: &u16| scene.title_of(*number);
    if let Some((icon, tone, words)) = late(scene, event) {
        return plain(icon, tone, words.to_owned());
    }
    match event {
        Event::RefundStarted { milestone, parts, how, .. } => {
            let sum: i64 = parts.iter().map(|part| part.amount_minor).sum();
            let words = format!(
                "{}{} for “{}” goes back to the card or account it came from",
                by_silence(*how),
                scene.amount(sum),
                title(milestone)
            );
            plain(Icon::Undo2, Tone::Info, words)
        }
        Event::RefundSettled { refund, milestone, .. } => {
            let words = format!("{} for “{}” went back to the buyer", sum(scene, *refund), title(milestone));
            plain(Icon::Undo2, Tone::Neutral, words)
        }
        Event::RefundFailed { refund, milestone, reason, .. } => {
            let words = format!(
                "The refund of {} for “{}” failed; the money stays reserved for the buyer",
                sum(scene, *refund),
                title(milestone)
            );
            (Icon::TriangleAlert, Tone::Bad, words, reason.clone())
        }
        Event::RefundRetried { refund, milestone, by_clock, .. } => {
            let (sum, title) = (sum(scene, *refund), title(milestone));
            let words = if *by_clock {
                format!("The refund of {sum} for “{title}” was sent again by itself")
            } else {
                format!("{who} had the refund of {sum} for “{title}” sent again")
            };
            plain(Icon::RefreshCw, Tone::Info, words)
        }
        Event::RefundedToWallet { refund, milestone } => {
            let words = format!(
                "{} for “{}” went to the buyer's wallet instead of the card or account it came from",
                sum(scene, *refund),
                title(milestone)
            );
            plain(Icon::Wallet, Tone::Neutral, words)
        }
        _ => plain(Icon::Info, Tone::Neutral, String::new()),
    }
}

/// What came too late is none of the parties' money, so its sum and its provider's words are left out.
fn late(scene: &Scene<'_>, event: &Event) -> Option<(Icon, Tone, &'static str)> {
    let (refund, said) = match event {
        Event::RefundSettled { refund, .. } => {
            (*refund, (Icon::Undo2, Tone::Neutral, "The payment that came too late went back"))
        }
        Event::RefundFailed { refund, .. } => (
            *refund,
            (Icon::TriangleAlert, Tone::Neutral, "The payment that came too late could not be sent back yet"),
        ),
        Event::RefundRetried { refund, .. } => {
            (*refund, (Icon::RefreshCw, Tone::Info, "The payment that came too late was sent back again"))
        }
        Event::RefundedToWallet { refund, .. } => (
            *refund,
            (Icon::Wallet, Tone::Neutral, "The payment that came too late went to its payer's wallet"),
        ),
        _ => return None,
    };
    scene.escrow.is_late(refund).then_some(said)
}

/// What a refund comes to, as the reader may see it.
fn sum(scene: &Scene<'_>, number: u16) -> String {
    scene.amount(scene.escrow.refund(number).map_or(0, Refund::sum_minor)).to_string()
}
