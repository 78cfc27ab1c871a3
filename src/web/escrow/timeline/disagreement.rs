//! More time, cancelling, settling, quarrelling and talking, as sentences of the timeline.

use super::Told;
use crate::engine::dispute::{CancellationEnd, ExtensionEnd, Handler, SettlementEnd, Step};
use crate::engine::event::Event;
use crate::engine::words::dispute_ended;
use crate::web::escrow::seat::Scene;
use crate::web::view::{Icon, Tone};

pub(super) fn told(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    let title = |number: &u16| format!("“{}”", scene.title_of(*number));
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    match event {
        Event::InspectionExtended { milestone, days } => {
            let words = format!("{who} takes {days} more days to check {}", title(milestone));
            plain(Icon::Clock, Tone::Neutral, words)
        }
        Event::ExtensionAsked { milestone, due, reason, .. } => {
            let due = scene.reader.day(*due).words;
            let words = format!("{who} asked to deliver {} by {due}", title(milestone));
            (Icon::Clock, Tone::Wait, words, reason.clone())
        }
        Event::ExtensionGranted { milestone, due } => {
            let due = scene.reader.day(*due).words;
            plain(
                Icon::CircleCheck,
                Tone::Good,
                format!("{who} granted it: {} is due {due}", title(milestone)),
            )
        }
        Event::ExtensionEnded { milestone, how } => {
            let what = match how {
                ExtensionEnd::Refused => format!("{who} did not grant more time for {}", title(milestone)),
                ExtensionEnd::Lapsed => format!("The request for more time for {} lapsed", title(milestone)),
            };
            plain(Icon::CircleX, Tone::Neutral, what)
        }
        Event::CancellationRequested { reason, .. } => {
            (Icon::Undo2, Tone::Wait, format!("{who} asked to cancel"), reason.clone())
        }
        Event::CancellationEnded { end } => match end {
            CancellationEnd::Withdrawn => {
                plain(Icon::CircleX, Tone::Neutral, format!("{who} took back the request to cancel"))
            }
            CancellationEnd::Accepted => {
                plain(Icon::CircleCheck, Tone::Neutral, format!("{who} agreed to cancel"))
            }
            CancellationEnd::Refused { reason } => {
                (Icon::CircleX, Tone::Wait, format!("{who} did not agree to cancel"), reason.clone())
            }
            CancellationEnd::Superseded => {
                plain(Icon::Info, Tone::Neutral, "The request to cancel ended with what followed".to_owned())
            }
        },
        Event::SettlementOffered { note, .. } => {
            (Icon::Handshake, Tone::Wait, format!("{who} offered to settle"), note.clone())
        }
        Event::SettlementEnded { how, .. } => {
            let words = match how {
                SettlementEnd::Accepted => format!("{who} accepted the offer to settle"),
                SettlementEnd::Refused => format!("{who} did not accept the offer to settle"),
                SettlementEnd::Withdrawn => format!("{who} took back an offer to settle"),
                SettlementEnd::Lapsed => "An offer to settle lapsed".to_owned(),
            };
            let good = *how == SettlementEnd::Accepted;
            plain(Icon::Handshake, if good { Tone::Good } else { Tone::Neutral }, words)
        }
        Event::Said { text, .. } => (Icon::Mail, Tone::Neutral, format!("{who} wrote"), text.clone()),
        _ => dispute(event, who),
    }
}

fn dispute(event: &Event, who: &str) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    match event {
        Event::DisputeOpened { reason, .. } => {
            (Icon::Scale, Tone::Dispute, format!("{who} opened a dispute"), reason.clone())
        }
        Event::Stated { text, .. } => {
            (Icon::Scale, Tone::Dispute, format!("{who} made a statement in the dispute"), text.clone())
        }
        Event::DisputeMoved { step, .. } => {
            let words = match step {
                Step::Answer { .. } | Step::Talk { .. } => "The dispute is answered: both sides talk",
                Step::Handler { handler: Handler::Operators, .. } => "The dispute went to the operators",
                Step::Handler { handler: Handler::Arbiter, .. } => "The dispute went to the arbiter",
            };
            plain(Icon::Scale, Tone::Dispute, words.to_owned())
        }
        Event::Ruled { second: true, .. } => plain(
            Icon::Scale,
            Tone::Dispute,
            format!("{who} decided the dispute; a second operator has to agree"),
        ),
        Event::Ruled { .. } => plain(Icon::Scale, Tone::Dispute, format!("{who} decided the dispute")),
        Event::RulingReturned { .. } => plain(
            Icon::Undo2,
            Tone::Dispute,
            format!("{who} did not agree to the decision; it is made again"),
        ),
        Event::ArbiterDeclined { reason } => {
            (Icon::Undo2, Tone::Dispute, format!("{who} will not decide; the operators do"), reason.clone())
        }
        Event::DisputeEnded { how, reasons, .. } => {
            (Icon::Scale, Tone::Neutral, dispute_ended(*how).1.to_owned(), reasons.clone())
        }
        _ => (Icon::Info, Tone::Neutral, String::new(), String::new()),
    }
}
