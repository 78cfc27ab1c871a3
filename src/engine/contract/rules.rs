//! The clauses that follow from how Holdfast works: when something is to be done, and what silence means. Their
//! numbers are those by which the engine's clocks really run.

use super::clauses::{Writer, agree_by};
use super::dates::{days, hours};
use crate::engine::deadlines::{
    ANSWER_DAYS, CANCEL_DAYS, CANCELLATION_DAYS, CHANGES_DAYS, DELIVERY_GRACE_DAYS, EXTENSION_DAYS,
    HANDLER_DAYS, PAYMENT_DAYS, PAYMENT_LEAST_HOURS, PAYOUT_DAYS, RAIL_ANSWER_DAYS, SELLER_ANSWER_DAYS,
    SETTLEMENT_DAYS, TALK_DAYS,
};
use crate::engine::decide::{MOST_INSPECTION_DAYS, MOST_REQUESTS};
use crate::engine::party::Role;
use crate::engine::proof::MOST_CORRECTIONS;
use crate::engine::terms::{DefaultOutcome, DisputeHandler, Funding, Kind, Mode};

type Section = (&'static str, fn(&mut Writer<'_>));

/// The sections in their order, each with what writes its clauses.
pub(super) const SECTIONS: [Section; 7] = [
    ("How these terms become binding", binding),
    ("Payment", payment),
    ("Delivery and lateness", delivery),
    ("Inspection", inspection),
    ("Cancelling and settling", cancelling),
    ("Disputes", disputes),
    ("Time", time),
];

/// "buyer, seller and broker".
fn agreeing(it: &Writer<'_>) -> &'static str {
    if it.has(Role::Broker) { "Buyer, seller and broker" } else { "Buyer and seller" }
}

fn binding(it: &mut Writer<'_>) {
    let (by, all) = (agree_by(it), agreeing(it));
    match it.terms.mode {
        Mode::Standard => {
            it.clause(format!("{all} sign this version, each with their typed name, by {by}."));
            it.clause("If one of them has not signed by then, the deal ends and nobody owes anything.");
            it.clause(
                "A signature binds to the SHA-256 of exactly this text. The typed names stand beside it.",
            );
        }
        Mode::Quick | Mode::QuickProof => {
            it.clause(format!("{all} accept this version by {by}. Nothing is signed."));
            it.clause("If one of them has not accepted by then, the deal ends and nobody owes anything.");
            if it.terms.pay_first {
                it.clause("Once the buyer has paid, the time that the next section names counts instead.");
            }
        }
        Mode::Instant => {
            it.clause(format!("The pay link is good for one sale, until {by}. Nothing is signed."));
            it.clause("If nobody has paid by then, the offer ends and nobody owes anything.");
            return;
        }
    }
    it.clause("Other terms are a new version. What was agreed to before does not count for it.");
}

fn payment(it: &mut Writer<'_>) {
    let in_time = format!(
        "The buyer pays within {} after everybody has agreed, or by the first due date if that is earlier. There are at least {} to pay.",
        days(PAYMENT_DAYS),
        hours(PAYMENT_LEAST_HOURS)
    );
    let in_time = match it.terms.kind {
        Kind::OneOff => format!("The buyer pays within {} after everybody has agreed.", days(PAYMENT_DAYS)),
        Kind::Milestone => in_time,
    };
    match (it.terms.mode, it.terms.pay_first) {
        (Mode::Instant, _) => {}
        (Mode::Standard | Mode::Quick | Mode::QuickProof, true) => {
            it.clause(format!(
                "The buyer can pay before the others accept. They then have {} to accept. If one of them does not, all of the money goes back to the buyer.",
                days(SELLER_ANSWER_DAYS)
            ));
            it.clause(format!("If everybody accepts before anything is paid: {}", lower(&in_time)));
        }
        (Mode::Standard | Mode::Quick | Mode::QuickProof, false) => it.clause(in_time),
    }
    match it.terms.funding {
        Funding::PerMilestone => {
            it.clause(format!(
                "Each milestone is paid before its work starts. After the first, the buyer has {} from the decision about the milestone before it, or until its due date if that is earlier, and at least {}.",
                days(PAYMENT_DAYS),
                hours(PAYMENT_LEAST_HOURS)
            ));
            it.clause("If the first milestone is not paid in time, the deal ends and nobody owes anything.");
            it.clause("If a later one is not paid in time, it and those after it are dropped. What was decided before stays.");
        }
        Funding::Whole => {
            it.clause("Everything is paid at once, before the work starts.");
            if it.terms.mode != Mode::Instant {
                it.clause("If it is not paid in time, the deal ends and nobody owes anything.");
            }
        }
    }
    it.clause(format!(
        "If the payment provider does not answer within {}, the payment counts as failed. Money that arrives later goes back. The time to agree and to pay waits for the provider.",
        days(RAIL_ANSWER_DAYS)
    ));
    it.clause("Money that goes back returns by the way on which it was paid, or to the buyer’s wallet at Holdfast if the buyer has one.");
    it.clause(format!(
        "Those to whom money is released can move it to their wallets at Holdfast. After {} it goes there by itself.",
        days(PAYOUT_DAYS)
    ));
}

fn lower(sentence: &str) -> String {
    let mut signs = sentence.chars();
    signs.next().map(|first| first.to_lowercase().chain(signs).collect()).unwrap_or_default()
}

fn delivery(it: &mut Writer<'_>) {
    let part = it.part();
    if it.terms.mode == Mode::QuickProof {
        let (upload, review) = (hours(it.terms.upload_hours()), hours(it.terms.review_hours()));
        it.clause(format!(
            "Before the delivery the seller sends a proof, within {upload} after the work starts."
        ));
        it.clause(format!(
            "The buyer answers within {review}. If the buyer is silent, the proof counts as accepted."
        ));
        it.clause(format!(
            "The buyer can ask for corrections up to {MOST_CORRECTIONS} times. Each time the seller has {upload} again."
        ));
        it.clause(format!(
            "If the proof does not come in time, the buyer can cancel until it comes. If the buyer does not, the money goes back by itself after {}.",
            days(CANCEL_DAYS)
        ));
        it.clause("Only after the proof is accepted can the seller deliver. If the due date has passed by then, the delivery is due at once.");
    }
    it.clause(match it.terms.kind {
        Kind::OneOff if it.terms.pay_first => {
            "The seller delivers by the due date in section 2. Its days count from the moment when everything is paid and everybody has agreed."
        }
        Kind::OneOff => "The seller delivers by the due date in section 2. Its days count from the payment.",
        Kind::Milestone => "The seller delivers each milestone by its due date in section 2. A milestone that is paid after its due date is due at once.",
    });
    let who = if it.has(Role::Broker) { "The seller or the broker" } else { "The seller" };
    it.clause(format!(
        "{who} can ask for a later date. If the buyer does not answer within {}, the date stays. A later date that the buyer grants changes nothing else.",
        days(EXTENSION_DAYS)
    ));
    it.clause(format!(
        "If a {part} is not there {} after its due date, the buyer can cancel it until it comes, and its money goes back.",
        days(DELIVERY_GRACE_DAYS)
    ));
    it.clause(format!(
        "If the buyer does not cancel it and it does not come, its money goes back by itself after another {}.",
        days(CANCEL_DAYS)
    ));
}

fn inspection(it: &mut Writer<'_>) {
    if it.terms.mode == Mode::Instant {
        it.clause(
            "There is no inspection. The money is released when the seller marks the work as delivered.",
        );
        return;
    }
    let part = it.part();
    let length = match it.terms.milestones.as_slice() {
        [only] => format!("It lasts {}.", days(i64::from(only.inspection_days))),
        _ => "It lasts the days that section 2 names for the milestone.".to_owned(),
    };
    it.clause(format!("The inspection starts when the seller marks the {part} as delivered. {length}"));
    it.clause("In this time the buyer approves the work, or asks for changes and names what is missing.");
    it.clause("If the buyer does neither in time, the work counts as approved. Silence is approval, and the money is released.");
    it.clause(format!(
        "Once for each delivery, the buyer can make the inspection longer, by up to {}.",
        days(i64::from(MOST_INSPECTION_DAYS))
    ));
    it.clause(format!(
        "If the buyer asks for changes, the seller has {} to deliver again, and a new inspection starts then.",
        days(CHANGES_DAYS)
    ));
    it.clause(format!(
        "If the seller does not, the buyer can cancel the {part} until it comes. If the buyer does not cancel, its money goes back by itself after another {}.",
        days(CANCEL_DAYS)
    ));
    it.clause("The buyer can also release a part of the money of delivered work. The inspection of the rest continues.");
}

fn cancelling(it: &mut Writer<'_>) {
    it.clause(match (it.terms.mode, it.has(Role::Broker)) {
        (Mode::Instant, _) => "Until somebody pays, the seller can withdraw the offer.",
        (Mode::Standard | Mode::Quick | Mode::QuickProof, false) => {
            "Until anything is paid, buyer and seller can each end the deal. Nobody owes anything then."
        }
        (Mode::Standard | Mode::Quick | Mode::QuickProof, true) => {
            "Until anything is paid, buyer and seller can each end the deal, and so can a broker who sent it. Nobody owes anything then."
        }
    });
    it.clause("After the payment, the seller can cancel what is not decided yet. All of its money goes back to the buyer.");
    it.clause(format!(
        "The buyer can ask to cancel, up to {MOST_REQUESTS} times. The clocks of the work stop until there is an answer."
    ));
    it.clause(format!(
        "The seller answers within {}. If the seller is silent, a dispute opens about all that is not decided yet.",
        days(CANCELLATION_DAYS)
    ));
    it.clause(format!(
        "Buyer and seller can agree to split money that is not decided yet. An offer ends after {} without an answer.",
        days(SETTLEMENT_DAYS)
    ));
}

fn disputes(it: &mut Writer<'_>) {
    let part = it.part();
    let decider = match it.terms.dispute_handler {
        DisputeHandler::Platform => "Holdfast’s operators",
        DisputeHandler::Arbitration => "the arbiter",
    };
    it.clause(format!(
        "Buyer and seller can each open a dispute about money that is paid and not decided. It stops every clock of a {part} that it is about."
    ));
    it.clause(format!(
        "The other side answers within {}. If they are silent, what the first side asks for is carried out. If more is at stake than Holdfast’s limit on the day when the dispute is opened, it goes to {decider} instead.",
        days(ANSWER_DAYS)
    ));
    it.clause(format!("After the answer both have {} to agree. Then it goes to {decider}.", days(TALK_DAYS)));
    let within = days(HANDLER_DAYS);
    match it.terms.dispute_handler {
        DisputeHandler::Platform => it.clause(format!("Holdfast’s operators decide within {within}.")),
        DisputeHandler::Arbitration => {
            it.clause(format!("The arbiter named in section 1 decides within {within}."));
            it.clause(format!(
                "If the arbiter declines or is silent, Holdfast’s operators decide within {within} from then."
            ));
        }
    }
    it.clause(
        "If more is at stake than that limit, a second operator must confirm a decision. This takes no longer.",
    );
    it.clause(match it.terms.default_outcome {
        DefaultOutcome::RefundBuyer => "If nobody decides in time, the disputed money goes back to the buyer.",
        DefaultOutcome::ReleaseToSeller => "If nobody decides in time, the disputed money is released, as if the work had been approved.",
        DefaultOutcome::Halves => {
            "If nobody decides in time, the disputed money is split 50/50 between buyer and seller. What cannot be halved goes to the buyer."
        }
    });
}

fn time(it: &mut Writer<'_>) {
    let zone = it.zone.name().to_owned();
    it.clause(format!("The time zone of this deal is {zone}. Dates and times in this text are in it."));
    it.clause("A day is 24 hours from the moment at which it starts to count. Holdfast’s clock counts.");
}
