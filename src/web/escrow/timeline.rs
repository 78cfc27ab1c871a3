//! Events as sentences: who did what.

mod disagreement;
mod refunds;

use super::seat::{Scene, Seat, role_title};
use crate::engine::deadlines::{DELIVERY_GRACE_DAYS, Mark, Waiting};
use crate::engine::escrow::{End, How, Method, WhyNot};
use crate::engine::event::{Event, Record};
use crate::engine::party::{Actor, Role};
use crate::engine::sums::Gross;
use crate::engine::time::Time;
use crate::engine::words::bridge;
use crate::store::history::Stored;
use crate::web::view::{EventView, Icon, Tone};

/// The newest events of an escrow as entries of its timeline. What this version can't read is told so.
#[must_use]
pub fn entries(seat: &Seat, stored: &[Stored]) -> Vec<EventView> {
    let one = |stored: &Stored| told_entry(&seat.scene(), stored, seat.record(stored).ok());
    stored.iter().map(one).collect()
}

/// One event as an entry, for whoever may see the whole escrow.
#[must_use]
pub fn entry(scene: &Scene<'_>, stored: &Stored) -> EventView {
    told_entry(scene, stored, stored.record().ok())
}

/// A record as an entry, for whoever sees no more than it.
#[must_use]
pub fn of_record(scene: &Scene<'_>, record: &Record) -> EventView {
    let (icon, tone, words, quote) = told(scene, record);
    let (id, time) = (format!("event-{}", record.seq), scene.reader.time(record.at).plain());
    EventView { id, icon, tone, words, quote, time }
}

fn told_entry(scene: &Scene<'_>, stored: &Stored, record: Option<Record>) -> EventView {
    let (icon, tone, words, quote) = match record {
        Some(record) => told(scene, &record),
        None => {
            (Icon::CircleHelp, Tone::Neutral, "Something that this version can't show".into(), String::new())
        }
    };
    let id = format!("event-{}", stored.seq);
    EventView { id, icon, tone, words, quote, time: scene.reader.time(stored.at).plain() }
}

type Told = (Icon, Tone, String, String);

fn told(scene: &Scene<'_>, record: &Record) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    let who = actor(scene, &record.actor);
    match &record.event {
        Event::Proposed { .. } if scene.escrow.instant() => {
            plain(Icon::Send, Tone::Info, format!("{who} put it up for sale by a pay link"))
        }
        Event::Proposed { .. } => plain(Icon::Send, Tone::Info, format!("{who} sent the terms, version 1")),
        Event::Countered { .. }
        | Event::PartyCorrected { .. }
        | Event::InvitedAgain { .. }
        | Event::Disowned { .. }
        | Event::Reminded { .. }
        | Event::Nudged { .. }
        | Event::BuyerJoined { .. } => negotiated(scene, record, &who),
        Event::Accepted { .. } => plain(Icon::Handshake, Tone::Good, format!("{who} accepted the terms")),
        Event::Signed { version, .. } => {
            plain(Icon::FilePenLine, Tone::Good, format!("{who} signed the contract, version {version}"))
        }
        Event::Agreed { .. } if scene.escrow.instant() => {
            plain(Icon::Handshake, Tone::Good, "With that it is sold".to_owned())
        }
        Event::Agreed { .. } => plain(Icon::Handshake, Tone::Good, "Everyone has agreed".to_owned()),
        Event::ChargeStarted { .. }
        | Event::ChargeFailed { .. }
        | Event::ChargeSettled { .. }
        | Event::ChargeReturned { .. } => paid(scene, &record.event, &who),
        Event::Rejected { .. } | Event::NextPaymentDue { .. } | Event::Dropped { .. } => {
            unpaid(scene, &record.event)
        }
        Event::ProofSubmitted { .. } | Event::CorrectionsRequested { .. } | Event::ProofAccepted { .. } => {
            proof(scene, &record.event, &who)
        }
        Event::Delivered { .. } | Event::ChangesRequested { .. } | Event::Overdue { .. } => {
            worked(scene, &record.event, &who)
        }
        Event::DisputeOpened { reason, .. } if record.actor == Actor::Clock => {
            let words = "The request to cancel was not answered in time and became a dispute";
            (Icon::Scale, Tone::Dispute, words.to_owned(), reason.clone())
        }
        Event::InspectionExtended { .. }
        | Event::ExtensionAsked { .. }
        | Event::ExtensionGranted { .. }
        | Event::ExtensionEnded { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationEnded { .. }
        | Event::SettlementOffered { .. }
        | Event::SettlementEnded { .. }
        | Event::DisputeOpened { .. }
        | Event::Stated { .. }
        | Event::DisputeMoved { .. }
        | Event::Ruled { .. }
        | Event::RulingReturned { .. }
        | Event::ArbiterDeclined { .. }
        | Event::DisputeEnded { .. }
        | Event::Said { .. } => disagreement::told(scene, &record.event, &who),
        Event::Released { .. }
        | Event::Refunded { .. }
        | Event::RefundStarted { .. }
        | Event::RefundSettled { .. }
        | Event::RefundFailed { .. }
        | Event::RefundRetried { .. }
        | Event::RefundedToWallet { .. }
        | Event::PaidOut { .. } => moved(scene, &record.event, &who),
        Event::Ended { end, .. } => ended(scene, end),
        Event::Closed => plain(Icon::CircleCheckBig, Tone::Neutral, format!("{who} closed the escrow")),
    }
}

/// The seller's work, and the buyer's answer to it.
fn worked(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    let title = |number: &u16| format!("“{}”", scene.title_of(*number));
    match event {
        Event::Delivered { milestone, round, note, .. } => {
            let again = if *round > 1 { " again" } else { "" };
            let words = format!("{who} delivered {}{again}", title(milestone));
            (Icon::PackageCheck, Tone::Info, words, note.clone())
        }
        Event::ChangesRequested { milestone, failed, reason, .. } => {
            let words = format!("{who} asked for changes to {}", title(milestone));
            (Icon::Undo2, Tone::Wait, words, asked(scene, *milestone, failed, reason))
        }
        Event::Overdue { milestone, .. } => {
            let words = format!("{} is overdue: the buyer may cancel it", title(milestone));
            (Icon::ClockAlert, Tone::Bad, words, String::new())
        }
        _ => (Icon::Info, Tone::Neutral, String::new(), String::new()),
    }
}

fn negotiated(scene: &Scene<'_>, record: &Record, who: &str) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    match &record.event {
        Event::Countered { version, .. } => plain(
            Icon::FilePenLine,
            Tone::Wait,
            format!("{who} proposed other terms, version {version}; what was agreed before no longer counts"),
        ),
        Event::PartyCorrected { role, version, .. } => {
            let words = format!(
                "{who} corrected the address of the {}; the terms are version {version}",
                role.word()
            );
            plain(Icon::UserPlus, Tone::Wait, words)
        }
        Event::InvitedAgain { role, .. } => plain(
            Icon::Mail,
            Tone::Neutral,
            format!("{who} had the invitation of the {} sent again", role.word()),
        ),
        Event::Reminded { waiting, milestone, since, mark, deadline } => {
            let late = is_late(*waiting, *mark, *since, *deadline);
            plain(Icon::Bell, Tone::Neutral, reminded(scene, *waiting, *milestone, *mark, late))
        }
        Event::Nudged { waiting, milestone, .. } => {
            let words = format!("{who} had a reminder of {} sent", awaited(scene, *waiting, *milestone));
            plain(Icon::Bell, Tone::Neutral, words)
        }
        Event::Disowned { role, .. } => {
            let words = format!("The invitation for the {} reached the wrong person", role.word());
            plain(Icon::CircleX, Tone::Bad, words)
        }
        Event::BuyerJoined { claimed: true, .. } => {
            plain(Icon::Handshake, Tone::Neutral, format!("{who} put this purchase into an account"))
        }
        Event::BuyerJoined { .. } => {
            plain(Icon::Handshake, Tone::Good, format!("{who} opened the pay link and accepted the terms"))
        }
        _ => plain(Icon::Info, Tone::Neutral, String::new()),
    }
}

/// What is to be changed: the criteria that are not met, a line each, and the buyer's own words.
fn asked(scene: &Scene<'_>, milestone: u16, failed: &[u16], reason: &str) -> String {
    let terms = scene.escrow.terms.milestones.get(usize::from(milestone).saturating_sub(1));
    let criterion = |place: &u16| terms?.criteria.get(usize::from(*place));
    let failed = failed.iter().filter_map(criterion).map(|criterion| format!("Not met: {criterion}\n"));
    format!("{}{reason}", failed.collect::<String>())
}

/// "Amel Trabelsi (buyer)", or what acted where nobody did.
fn actor(scene: &Scene<'_>, actor: &Actor) -> String {
    match actor {
        Actor::Party { user, role } => format!("{} ({})", scene.name(*user), role.word()),
        // No party can be called so: see `text::names`.
        Actor::Operator { .. } => "An operator of Holdfast".to_owned(),
        Actor::Arbiter { .. } => "The arbiter".to_owned(),
        Actor::Rail => "The payment provider".to_owned(),
        Actor::Clock => "The deadline".to_owned(),
    }
}

/// What was paid for nothing, and what is not paid yet or never.
fn unpaid(scene: &Scene<'_>, event: &Event) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    let title = |number: &u16| format!("“{}”", scene.title_of(*number));
    match event {
        Event::Rejected { by, reason, why } => {
            let words = match why {
                WhyNot::Declined => format!("Not accepted by the {}: what was paid goes back", by.word()),
                WhyNot::Silence => {
                    format!("The {} did not answer in time: what was paid goes back", by.word())
                }
                WhyNot::WrongPerson => "Nobody is there to accept it: what was paid goes back".to_owned(),
            };
            (Icon::CircleX, Tone::Bad, words, reason.clone())
        }
        Event::NextPaymentDue { milestone, .. } => {
            plain(Icon::CreditCard, Tone::Wait, format!("{} is to be paid now", title(milestone)))
        }
        Event::Dropped { milestone } => {
            plain(Icon::CircleX, Tone::Neutral, format!("{} was not paid and is dropped", title(milestone)))
        }
        _ => plain(Icon::Info, Tone::Neutral, String::new()),
    }
}

fn proof(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    match event {
        Event::ProofSubmitted { milestone, round, kind, note, .. } => {
            let word = if *round > 1 { "a new proof" } else { "a proof" };
            let (title, kind) = (scene.title_of(*milestone), kind.words().to_lowercase());
            let words = format!("{who} sent {word} for “{title}”: {kind}");
            (Icon::FileText, Tone::Info, words, note.clone())
        }
        Event::CorrectionsRequested { milestone, note, .. } => {
            let title = scene.title_of(*milestone);
            let words = format!("{who} asked for corrections to the proof for “{title}”");
            (Icon::Undo2, Tone::Wait, words, note.clone())
        }
        Event::ProofAccepted { milestone, by_clock, .. } => {
            let title = scene.title_of(*milestone);
            let words = if *by_clock {
                format!("The time to look at it ran out: the proof for “{title}” counts as accepted")
            } else {
                format!("{who} accepted the proof for “{title}”")
            };
            (Icon::CircleCheckBig, Tone::Good, words, String::new())
        }
        _ => (Icon::Info, Tone::Neutral, String::new(), String::new()),
    }
}

fn paid(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    match event {
        Event::ChargeStarted { amount_minor, method, .. } => {
            let from = if *method == Method::Wallet { " from the wallet" } else { "" };
            let words = format!("{who} started a payment of {}{from}", scene.amount(*amount_minor));
            (Icon::CreditCard, Tone::Info, words, String::new())
        }
        Event::ChargeFailed { reason, .. } => {
            (Icon::CircleX, Tone::Bad, "The payment failed; no money is held".to_owned(), reason.clone())
        }
        Event::ChargeReturned { amount_minor, back, .. } => {
            let amount = scene.amount(*amount_minor);
            let words = match back {
                Some(_) => format!("A payment of {amount} came too late and goes back as it came"),
                None => {
                    format!("A payment of {amount} came too late and went to the wallet of whoever paid it")
                }
            };
            (Icon::Undo2, Tone::Neutral, words, String::new())
        }
        _ => {
            let attempt = match event {
                Event::ChargeSettled { payment, .. } => scene.escrow.attempt(*payment),
                _ => None,
            };
            let charged = attempt.map_or(0, |charge| charge.amount_minor);
            let words = format!("The payment of {} arrived; the money is held", scene.amount(charged));
            (Icon::Lock, Tone::Held, words, String::new())
        }
    }
}

fn moved(scene: &Scene<'_>, event: &Event, who: &str) -> Told {
    match event {
        Event::Released { milestone, amount_minor, how, whole, parts, .. } => {
            let part = if *whole { "" } else { "a part of " };
            let (title, amount) = (scene.title_of(*milestone), scene.amount(*amount_minor));
            let words = match how {
                How::ByClock => {
                    format!("The inspection time ran out: {amount} for {part}“{title}” was released")
                }
                How::Approved => format!("{who} approved {part}“{title}”: {amount} was released"),
                _ => format!("{amount} for {part}“{title}” was released"),
            };
            let bridge = bridge(&Gross::of(parts), scene.escrow.terms.currency);
            let bridge = bridge.map(|bridge| format!(". {bridge} left the escrow")).unwrap_or_default();
            let words = format!("{words}{bridge}");
            (Icon::HandCoins, Tone::Good, words, String::new())
        }
        Event::Refunded { milestone, parts, how, .. } => {
            let sum: i64 = parts.iter().map(|part| part.amount_minor).sum();
            let (title, amount) = (scene.title_of(*milestone), scene.amount(sum));
            let words = format!("{amount} for “{title}” went back to the buyer");
            (Icon::Undo2, Tone::Neutral, format!("{}{words}", by_silence(*how)), String::new())
        }
        Event::PaidOut { milestone, user, share, amount_minor } => {
            // A payout without a sum is one whose sum would tell what is hidden from the reader.
            let amount = match amount_minor {
                0 => "Money".to_owned(),
                minor => scene.amount(*minor).to_string(),
            };
            let title = scene.title_of(*milestone);
            let words = format!(
                "{amount} for “{title}” moved to the wallet of {}{}",
                scene.name(*user),
                scene.source_of(*share)
            );
            (Icon::Wallet, Tone::Good, words, String::new())
        }
        _ => refunds::told(scene, event, who),
    }
}

/// Why money went back by itself; nothing where somebody had it sent.
fn by_silence(how: How) -> &'static str {
    if how == How::ByClock { "It was not delivered in time, and nobody did anything about it: " } else { "" }
}

/// "the delivery of “Design”".
fn awaited(scene: &Scene<'_>, waiting: Waiting, milestone: Option<u16>) -> String {
    let title = milestone.map(|number| format!(" of “{}”", scene.title_of(number))).unwrap_or_default();
    let what = match waiting {
        Waiting::Acceptance => "the answer to the terms",
        Waiting::Payment | Waiting::LinkPayment => "the payment",
        Waiting::NextPayment => "the payment",
        Waiting::SellerAnswer => "the answer to the paid deal",
        Waiting::ProofUpload => "the proof",
        Waiting::ProofReview => "the look at the proof",
        Waiting::RailAnswer => "the provider's answer",
        Waiting::Delivery => "the delivery",
        Waiting::Inspection => "the inspection",
        Waiting::Changes => "the changes",
        Waiting::Cancelling => "the decision on the overdue delivery",
        Waiting::Extension => "the answer about more time",
        Waiting::CancellationAnswer => "the answer to the request to cancel",
        Waiting::Settlement => "the answer to the offer to settle",
        Waiting::DisputeAnswer => "the answer in the dispute",
        Waiting::DisputeTalk => "settling the dispute",
        Waiting::Ruling => "the decision in the dispute",
        Waiting::PayOut => "moving the money",
        Waiting::RefundAnswer | Waiting::RefundAgain => "the refund's result",
        Waiting::FailedRefund => "the decision on the failed refund",
        Waiting::Closing => "closing",
    };
    format!("{what}{title}")
}

/// Whether a reminder of a delivery came after its agreed date, in the days of grace.
fn is_late(waiting: Waiting, mark: Mark, since: Time, deadline: Time) -> bool {
    let due = deadline.plus_days(-DELIVERY_GRACE_DAYS);
    waiting == Waiting::Delivery && (mark != Mark::Half || since.midway(deadline) > due) && mark != Mark::Due
}

fn reminded(scene: &Scene<'_>, waiting: Waiting, milestone: Option<u16>, mark: Mark, late: bool) -> String {
    let what = awaited(scene, waiting, milestone);
    let when = match mark {
        Mark::Half if late => "it is overdue",
        Mark::Hours24 if late => "it is overdue, and in less than a day the buyer may cancel",
        Mark::Hours2 if late => "it is overdue, and in less than two hours the buyer may cancel",
        Mark::Half => "half of the time has passed",
        Mark::Due => "the agreed date is here",
        Mark::Hours24 => "less than a day is left",
        Mark::Hours2 => "less than two hours are left",
    };
    format!("A reminder of {what} was sent: {when}")
}

fn ended(scene: &Scene<'_>, end: &End) -> Told {
    let plain = |icon, tone, words: String| (icon, tone, words, String::new());
    let role = |role: &Role| role_title(*role).to_lowercase();
    match end {
        End::Completed => plain(
            Icon::CircleCheckBig,
            Tone::Good,
            "The escrow is complete: it holds no money any more".to_owned(),
        ),
        End::Refunded | End::Cancelled => plain(
            Icon::Undo2,
            Tone::Neutral,
            "Everything went back to the buyer: the escrow is over".to_owned(),
        ),
        End::ExpiredNotAccepted => {
            plain(Icon::ClockAlert, Tone::Neutral, "Expired: not everyone agreed in time".to_owned())
        }
        End::ExpiredNotPaid => {
            plain(Icon::ClockAlert, Tone::Neutral, "Expired: nothing was paid in time".to_owned())
        }
        // Why is told before it, with what becomes of the money.
        End::Declined { .. } if scene.escrow.rejected.is_some() => plain(
            Icon::CircleX,
            Tone::Neutral,
            "Everything went back to the buyer: the escrow is over".to_owned(),
        ),
        End::Declined { by, reason } => {
            (Icon::CircleX, Tone::Bad, format!("The {} declined", role(by)), reason.clone())
        }
        End::Withdrawn { by } => {
            plain(Icon::CircleX, Tone::Neutral, format!("The {} withdrew the escrow", role(by)))
        }
    }
}
