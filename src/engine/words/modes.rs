//! The words for what only some kinds of escrow have: paying before the seller answers, the proof before
//! the delivery, payments of later milestones.

use super::money::left_with;
use super::{OPEN, Said, priced};
use crate::engine::deadlines::Waiting;
use crate::engine::notices::News;
use crate::engine::proof::MOST_CORRECTIONS;
use crate::engine::time::Time;

const PROOF: &str = "/proof";

impl News {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn instant(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::LinkReady { expires_at } => (
                format!("Your pay link is ready: {title}"),
                vec![
                    format!("Give the link for “{title}” to your buyer. It is for one sale: whoever pays by it first is the buyer. It can be paid until {}.", at(*expires_at)),
                    "Don’t deliver before we tell you that the money is held.".to_owned(),
                ],
                "See the pay link",
                "/link".to_owned(),
            ),
            Self::Bought { amount, due } => (
                format!("Receipt, money held: {title}"),
                vec![
                    format!("We have received {amount} from you for “{title}”. It is held in escrow, and the seller has been told to deliver{}.", until(*due, at)),
                    "Delivering releases the money to the seller at once; nobody asks you to confirm it. If you change your mind or something is wrong, ask to cancel or open a dispute before that. If nothing is delivered, you can cancel seven days after the due date.".to_owned(),
                ],
                "Follow your purchase",
                String::new(),
            ),
            Self::Sold { due, price } => (
                format!("Sold, money held: {title}"),
                vec![format!("“{title}” is paid, and the money{} is held in escrow. Deliver it{}: that releases the money to you at once.", priced(*price), until(*due, at))],
                "Deliver it",
                "/milestones/1/deliver".to_owned(),
            ),
            Self::HandedOver { milestone, number, amount, gross } => (
                format!("Delivered: {milestone}"),
                vec![
                    format!("The seller has delivered “{milestone}”. The message and the files stand on its page."),
                    format!(
                        "With that {amount} was released, and the sale is complete.{}",
                        left_with(gross.as_ref(), *amount)
                    ),
                ],
                "See the delivery",
                format!("/milestones/{number}"),
            ),
            _ => (title.to_owned(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn modes(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::PaidFirst { answer_by, price } => (
                format!("Paid, your answer is due: {title}"),
                vec![
                    format!("The buyer has paid for “{title}” already, and the money{} is held in escrow. Read the terms and accept or decline by {}.", priced(*price), at(*answer_by)),
                    "Without an answer by then it counts as declined and the money goes back to the buyer.".to_owned(),
                ],
                "Read and answer",
                String::new(),
            ),
            Self::PaidAccepted => (
                format!("Accepted, work can start: {title}"),
                vec![format!("Everyone has accepted “{title}”. Your money is held, and work starts now.")],
                OPEN,
                String::new(),
            ),
            Self::NextPaymentDue { milestone, amount, pay_by, .. } => (
                format!("Payment due: {milestone}"),
                vec![
                    format!("The milestone before it is decided, so “{milestone}” comes next. Please pay {amount} into escrow by {}.", at(*pay_by)),
                    "If it is not paid by then, it and the milestones after it are dropped, and nobody owes anything for them.".to_owned(),
                ],
                "Pay into escrow",
                "/pay".to_owned(),
            ),
            Self::Dropped { milestone, .. } => (
                format!("Not paid, dropped: {milestone}"),
                vec![format!("“{milestone}” was not paid in time, so it is dropped, with every milestone after it. Nobody owes anything for them; what was paid before stays as it is.")],
                OPEN,
                String::new(),
            ),
            _ => self.proof(title, at),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn proof(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::ProofNeeded { upload_by, price, .. } => (
                format!("Money held, proof needed: {title}"),
                vec![
                    format!(
                        "The buyer has paid and the money for “{title}”{} is held in escrow. Before you deliver, send a proof by {}: a receipt, an order confirmation, a photo of the product or a tracking number.",
                        priced(*price),
                        at(*upload_by)
                    ),
                    "If you send none by then, the buyer may cancel and get the money back.".to_owned(),
                ],
                "Send the proof",
                PROOF.to_owned(),
            ),
            Self::ProofSubmitted { milestone, kind, review_by, again, .. } => {
                let word = if *again { "sent a new proof" } else { "sent a proof" };
                (
                    format!("Proof to check by {}: {milestone}", at(*review_by)),
                    vec![
                        format!("The seller has {word} for “{milestone}” ({}). Look at it, then accept it or ask for corrections, by {}.", kind.words().to_lowercase(), at(*review_by)),
                        "If you do nothing, it counts as accepted and the seller delivers. No money is released by that.".to_owned(),
                    ],
                    "Look at the proof",
                    PROOF.to_owned(),
                )
            }
            Self::CorrectionsRequested { milestone, note, round, upload_by, .. } => (
                format!("Corrections to the proof: {milestone}"),
                vec![
                    format!(
                        "The buyer asks for corrections to the proof for “{milestone}” ({round} of {MOST_CORRECTIONS}). Send a new one by {}.",
                        at(*upload_by)
                    ),
                    format!("The buyer writes: {note}"),
                    "If you send none by then, the buyer may cancel and get the money back.".to_owned(),
                ],
                "Send a new proof",
                PROOF.to_owned(),
            ),
            Self::ProofAccepted { milestone, number, by_clock, due } => {
                let act = if *by_clock {
                    "The time to look at the proof ran out, so it counts as accepted."
                } else {
                    "The buyer has accepted the proof."
                };
                let due = due.map(|due| format!(" “{milestone}” is to be delivered by {}.", at(due)));
                (
                    format!("Proof accepted: {milestone}"),
                    vec![format!("{act}{}", due.unwrap_or_default())],
                    OPEN,
                    format!("/milestones/{number}"),
                )
            }
            _ => (title.to_owned(), Vec::new(), OPEN, String::new()),
        }
    }
}

/// " by Mon 4 May 2026, 10:00", where a date is known.
fn until(due: Option<Time>, at: &dyn Fn(Time) -> String) -> String {
    due.map(|due| format!(" by {}", at(due))).unwrap_or_default()
}

/// What a reminder waits for, what follows, and where it is done.
#[allow(clippy::wildcard_enum_match_arm, reason = "`words` sorts them and names every one")]
pub(super) fn reminder(waiting: Waiting, title: &str) -> (String, &'static str, &'static str, String) {
    match waiting {
        Waiting::Payment => (
            format!("your payment into escrow for {title}"),
            "After that the escrow expires and nobody owes anything.",
            "Pay into escrow",
            "/pay".to_owned(),
        ),
        Waiting::LinkPayment => (
            format!("your payment by the pay link for {title}"),
            "After that the link stops working and nobody owes anything.",
            "Pay into escrow",
            "/pay".to_owned(),
        ),
        Waiting::SellerAnswer => (
            format!("your answer to {title}: the buyer has paid already"),
            "After that it counts as declined and the money goes back to the buyer.",
            "Read and answer",
            String::new(),
        ),
        Waiting::NextPayment => (
            format!("your payment for {title}"),
            "After that it and the milestones after it are dropped.",
            "Pay into escrow",
            "/pay".to_owned(),
        ),
        Waiting::ProofUpload => (
            format!("your proof for {title}"),
            "After that the buyer may cancel and get the money back.",
            "Send the proof",
            "/proof".to_owned(),
        ),
        _ => (
            format!("your look at the proof for {title}"),
            "After that it counts as accepted and the seller delivers.",
            "Look at the proof",
            "/proof".to_owned(),
        ),
    }
}
