//! Notice → words: what a mail and the list of notifications say.
//!
//! Times are put into words by the caller, who knows the reader's zone.

mod deciding;
mod disagreement;
mod modes;
mod negotiation;
mod payees;
mod refunds;

pub use disagreement::dispute_ended;

use super::deadlines::{Mark, Waiting};
use super::escrow::How;
use super::notices::{News, Notice};
use super::party::{Capacity, Role};
use super::status::roles_in_words;
use super::time::Time;

/// What a notice says. Paragraphs are plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// What the button says, and where below the escrow's page it leads (`""` is the page itself).
    pub button: &'static str,
    pub path: String,
    /// Why the reader gets it.
    pub why: String,
}

impl Notice {
    /// The words for an escrow of this title, with times said by `at`.
    #[must_use]
    pub fn words(&self, title: &str, at: &dyn Fn(Time) -> String) -> Words {
        let said = if let News::Deciding(news) = &self.news {
            news.say(self.role, title, at)
        } else {
            self.news.say(title, at)
        };
        let (subject, paragraphs, button, path) = said;
        let why = match self.role {
            Capacity::Operator => "You get this mail because you are an operator of Holdfast.".to_owned(),
            Capacity::Arbiter => {
                "You get this mail because the parties named you as the arbiter of this escrow.".to_owned()
            }
            Capacity::Buyer | Capacity::Seller | Capacity::Broker | Capacity::Payee => {
                format!("You get this mail because you are the {} in this escrow.", self.role.word())
            }
        };
        Words { subject, paragraphs, button, path, why }
    }

    /// Where the reader's own page of an escrow is, if he still has one: what a path of the words is below of.
    #[must_use]
    pub fn page(&self, reference: &str) -> String {
        // The deal may be somebody else's by now.
        if matches!(self.news, News::PaymentReturned { why: None, .. }) {
            return "/balances".to_owned();
        }
        match self.role {
            _ if matches!(self.news, News::NoLongerPayee { .. }) => "/home".to_owned(),
            Capacity::Operator => format!("/admin/disputes/{reference}"),
            Capacity::Arbiter => format!("/arbitration/{reference}"),
            Capacity::Buyer | Capacity::Seller | Capacity::Broker | Capacity::Payee => {
                format!("/escrows/{reference}")
            }
        }
    }
}

pub(super) type Said = (String, Vec<String>, &'static str, String);

fn by(role: Role) -> String {
    format!("The {}", role.word())
}

pub(super) const OPEN: &str = "Open the escrow";

impl News {
    fn say(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::NamedAsPayee { by, amount } => payees::named(*by, amount.as_ref(), title),
            Self::PayeesPart { by, before, now } => payees::changed(*by, before, now, title),
            Self::NoLongerPayee { by } => payees::no_longer(*by, title),
            Self::Invited { .. }
            | Self::Sent { .. }
            | Self::Signed { .. }
            | Self::PaymentDue { .. }
            | Self::Agreed { .. }
            | Self::Declined { .. }
            | Self::Disowned { .. }
            | Self::Withdrawn { .. }
            | Self::ExpiredNotAccepted
            | Self::ExpiredNotPaid => self.agreement(title, at),
            Self::NewTerms { .. }
            | Self::PartyCorrected { .. }
            | Self::InvitedAgain { .. }
            | Self::Nudged { .. } => self.negotiation(title, at),
            Self::LinkReady { .. } | Self::Bought { .. } | Self::Sold { .. } | Self::HandedOver { .. } => {
                self.instant(title, at)
            }
            Self::PaidFirst { .. }
            | Self::PaidAccepted
            | Self::NextPaymentDue { .. }
            | Self::Dropped { .. }
            | Self::ProofNeeded { .. }
            | Self::ProofSubmitted { .. }
            | Self::CorrectionsRequested { .. }
            | Self::ProofAccepted { .. } => self.modes(title, at),
            Self::PaymentFailed { .. }
            | Self::PaymentReturned { .. }
            | Self::Receipt { .. }
            | Self::Start { .. } => self.payment(title, at),
            Self::Delivered { .. } | Self::DeliveryRecorded { .. } | Self::ChangesRequested { .. } => {
                self.delivery(at)
            }
            Self::ReleasedToYou { .. }
            | Self::ReleasedForYou { .. }
            | Self::InWallet { .. }
            | Self::RefundedToYou { .. }
            | Self::Refunded { .. } => self.money_out(),
            Self::MayCancel { .. } | Self::Overdue { .. } => self.overdue(at),
            Self::Reminder { waiting, mark, milestone, number, deadline } => {
                let due = *mark == Mark::Due;
                reminder(*waiting, due, left(*mark), milestone.as_deref(), *number, &at(*deadline))
            }
            Self::Refund(news) => news.say(at),
            Self::Disagreement(news) => news.say(title, at),
            Self::Deciding(news) => news.say(Capacity::Arbiter, title, at),
            Self::Completed => (
                format!("Completed: {title}"),
                vec![
                    "Every milestone is decided and everything is paid out. The escrow is complete."
                        .to_owned(),
                    "It closes by itself after 30 days, and stays readable for you.".to_owned(),
                ],
                OPEN,
                String::new(),
            ),
            Self::Closed { completed } => {
                (format!("Closed: {title}"), vec![closed(*completed)], "See the statement", String::new())
            }
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn agreement(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        let open = |subject: String, text: String| (subject, vec![text], OPEN, String::new());
        match self {
            Self::Invited { by: role, expires_at, signs } => {
                let act = if *signs { "read the contract and sign it" } else { "read the terms and accept them" };
                (
                    format!("{} invites you to an escrow: {title}", by(*role)),
                    vec![
                        format!("{} proposes a deal with you: “{title}”. The money is held in escrow and moves only as the agreement says.", by(*role)),
                        format!("Read everything first: nothing binds you until you agree. To take part, {act} by {}. After that the invitation lapses, and nobody owes anything.", at(*expires_at)),
                    ],
                    "Read the terms",
                    "/invitation".to_owned(),
                )
            }
            Self::Sent { invited, expires_at } => open(
                format!("Sent: {title}"),
                format!("The terms of “{title}” went to {}. They can answer until {}.", roles_in_words(invited), at(*expires_at)),
            ),
            Self::Signed { by: role } => open(
                format!("{} has agreed: {title}", by(*role)),
                format!("{} has agreed to “{title}”. We tell you when everyone has.", by(*role)),
            ),
            Self::PaymentDue { amount, pay_by } => (
                format!("Payment due: {title}"),
                vec![
                    format!("Everyone has signed “{title}”. Please pay {amount} into escrow by {}.", at(*pay_by)),
                    "The money stays in escrow until you approve what is delivered. If nothing is paid by then, the escrow expires and nobody owes anything.".to_owned(),
                ],
                "Pay into escrow",
                "/pay".to_owned(),
            ),
            Self::Agreed { pay_by } => open(
                format!("Everyone has agreed: {title}"),
                format!("Everyone has agreed to “{title}”. The buyer is to pay by {}. Don't start before we tell you that the money is held.", at(*pay_by)),
            ),
            Self::Declined { by: role, reason } => {
                let mut paragraphs = vec![format!("{} declined “{title}”. Nobody owes anything.", by(*role))];
                if !reason.is_empty() {
                    paragraphs.push(format!("The reason given: {reason}"));
                }
                (format!("Declined: {title}"), paragraphs, OPEN, String::new())
            }
            Self::Disowned { by: role } => open(
                format!("Wrong address: {title}"),
                format!("Whoever got the invitation for the {} of “{title}” says that it reached the wrong person. Correct the address on the escrow’s page, or withdraw the escrow.", role.word()),
            ),
            Self::Withdrawn { by: role } => open(
                format!("Withdrawn: {title}"),
                format!("{} withdrew “{title}” before anything was paid. Nobody owes anything.", by(*role)),
            ),
            Self::ExpiredNotPaid => open(
                format!("Expired: {title}"),
                format!("Nothing was paid into “{title}” in time, so it has expired. Nobody owes anything."),
            ),
            _ => open(
                format!("Expired: {title}"),
                format!("Not everyone agreed to “{title}” in time, so it has expired. Nobody owes anything."),
            ),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn payment(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::PaymentFailed { amount, reason } => (
                format!("Payment failed: {title}"),
                vec![
                    format!("Your payment of {amount} failed: {reason}"),
                    "No money is held. You can try again on the same escrow.".to_owned(),
                ],
                "Try again",
                "/pay".to_owned(),
            ),
            Self::PaymentReturned { amount, why: Some(why) } => refunds::too_late(title, *amount, *why),
            Self::PaymentReturned { amount, why: None } => (
                format!("Money returned: {title}"),
                vec![format!("A payment of {amount} arrived after it had been given up. The escrow does not need it, so it is in your wallet.")],
                "See your balances",
                String::new(),
            ),
            Self::Receipt { amount } => (
                format!("Receipt, money held: {title}"),
                vec![
                    format!("We have received {amount} from you. It is held in escrow."),
                    "Nothing leaves it without your approval, a deadline that you can read on the page, or a decision that the contract provides for.".to_owned(),
                ],
                "See the escrow",
                String::new(),
            ),
            Self::Start { first_due } => {
                let due = first_due.map(|due| format!(" The first delivery is due {}.", at(due)));
                let text = format!("The buyer has paid and the money for “{title}” is held in escrow. Work can start.{}", due.unwrap_or_default());
                (format!("Money held, work can start: {title}"), vec![text], OPEN, String::new())
            }
            _ => (title.to_owned(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn delivery(&self, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::Delivered { milestone, number, inspect_by, again } => {
                let word = if *again { "delivered again" } else { "delivered" };
                (
                    format!("Delivered, check by {}: {milestone}", at(*inspect_by)),
                    vec![
                        format!(
                            "The seller has {word} “{milestone}”. Check it against the criteria, then approve it or ask for changes, by {}.",
                            at(*inspect_by)
                        ),
                        "If you do nothing, it counts as approved and the money is released at that time."
                            .to_owned(),
                    ],
                    "Inspect the delivery",
                    format!("/milestones/{number}/inspect"),
                )
            }
            Self::DeliveryRecorded { milestone, number, inspect_by } => (
                format!("Delivery recorded: {milestone}"),
                vec![format!(
                    "“{milestone}” counts as delivered. The buyer can check it until {}; silence until then counts as approval.",
                    at(*inspect_by)
                )],
                "See the delivery",
                format!("/milestones/{number}"),
            ),
            Self::ChangesRequested { milestone, number, reason, failed } => {
                let mut paragraphs = vec![format!("The buyer asks for changes to “{milestone}”.")];
                paragraphs.extend(failed.iter().map(|criterion| format!("Not met: {criterion}")));
                paragraphs.push(format!("The buyer writes: {reason}"));
                (
                    format!("Changes requested: {milestone}"),
                    paragraphs,
                    "See what is asked",
                    format!("/milestones/{number}"),
                )
            }
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn money_out(&self) -> Said {
        let page = |number: &u16| format!("/milestones/{number}");
        match self {
            Self::ReleasedToYou { milestone, number, amount, how, in_wallet } => {
                let place = if *in_wallet {
                    "It is in your wallet."
                } else {
                    "Move it to your wallet on the escrow's page."
                };
                (
                    format!("Released to you: {amount} for {milestone}"),
                    vec![
                        format!("“{milestone}”: {}", released(*how)),
                        format!("{amount} is released to you. {place}"),
                    ],
                    OPEN,
                    page(number),
                )
            }
            Self::ReleasedForYou { milestone, number, amount, how } => {
                let act = match how {
                    How::Approved => "You have approved it.",
                    How::Delivered
                    | How::Declined
                    | How::ByClock
                    | How::Cancelled
                    | How::Refunded
                    | How::Settled
                    | How::Ruled => released(*how),
                };
                (
                    format!("Released: {milestone}"),
                    vec![format!("“{milestone}”: {act} {amount} was released to those who delivered.")],
                    OPEN,
                    page(number),
                )
            }
            Self::InWallet { milestone, number, amount } => (
                format!("In your wallet: {amount}"),
                vec![format!("{amount} for “{milestone}” has moved to your wallet.")],
                OPEN,
                page(number),
            ),
            Self::RefundedToYou { milestone, number, amount, how } => {
                let act = refunded(*how);
                (
                    format!("Refunded to you: {amount} for {milestone}"),
                    vec![
                        format!("“{milestone}”: {act} {amount} went back to your wallet."),
                        "Your statement shows it as two lines: the payment, and its refund.".to_owned(),
                    ],
                    OPEN,
                    page(number),
                )
            }
            Self::Refunded { milestone, number, how } => (
                format!("Refunded to the buyer: {milestone}"),
                vec![format!("“{milestone}”: {} The money went back to the buyer.", refunded(*how))],
                OPEN,
                page(number),
            ),
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    fn overdue(&self, at: &dyn Fn(Time) -> String) -> Said {
        let page = |number: &u16| format!("/milestones/{number}");
        match self {
            Self::MayCancel { milestone, number, refund_at, proof } => (
                format!("Overdue, you may cancel: {milestone}"),
                vec![format!(
                    "{}“{milestone}” was not {} in time. You can cancel it now and get your money back, or wait. If nothing happens, the money goes back to you on {}.",
                    late(*proof).0,
                    late(*proof).1,
                    at(*refund_at)
                )],
                "See what you can do",
                page(number),
            ),
            Self::Overdue { milestone, number, refund_at, proof } => (
                format!("Overdue: {milestone}"),
                vec![format!(
                    "{}“{milestone}” was not {} in time, so the buyer may now cancel it. You can still do it until that happens. If nothing happens, the money goes back to the buyer on {}.",
                    late(*proof).0,
                    late(*proof).1,
                    at(*refund_at)
                )],
                if *proof { "Send the proof" } else { "Deliver now" },
                if *proof { "/proof".to_owned() } else { format!("/milestones/{number}/deliver") },
            ),
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}

/// What closing says of the money.
fn closed(completed: bool) -> String {
    let money = if completed { "All its money was paid out" } else { "Its money went back to the buyer" };
    format!("The escrow is closed. {money}; the page keeps the whole statement.")
}

/// Why money was released.
fn released(how: How) -> &'static str {
    match how {
        How::Approved => "The buyer has approved it.",
        How::Delivered => "It is delivered.",
        How::ByClock => "The time for inspection ran out, so it counts as approved.",
        How::Settled => "Both sides settled it so.",
        How::Ruled => "The dispute was decided so.",
        How::Cancelled | How::Declined | How::Refunded => "It was given back.",
    }
}

/// Why money went back.
fn refunded(how: How) -> &'static str {
    match how {
        How::ByClock => "It was not delivered in time.",
        How::Cancelled => "It was cancelled.",
        How::Refunded => "The seller gave it back.",
        How::Settled => "Both sides settled it so.",
        How::Ruled => "The dispute was decided so.",
        How::Declined => "It was not accepted.",
        How::Approved | How::Delivered => "It was approved.",
    }
}

/// "The proof for “…” was not sent", or "“…” was not delivered".
fn late(proof: bool) -> (&'static str, &'static str) {
    if proof { ("The proof for ", "sent") } else { ("", "delivered") }
}

/// A reminder, `due` if on the agreed date; `first` says why it comes now.
fn reminder(
    waiting: Waiting,
    due: bool,
    first: &str,
    title: Option<&str>,
    number: Option<u16>,
    deadline: &str,
) -> Said {
    let title = title.map_or_else(String::new, |title| format!("“{title}”"));
    let number = number.unwrap_or(1);
    let (what, then, button, path) = match waiting {
        Waiting::Acceptance => (
            "your answer to the terms".to_owned(),
            "After that the escrow expires and nobody owes anything.",
            "Read and answer",
            String::new(),
        ),
        Waiting::Payment
        | Waiting::LinkPayment
        | Waiting::SellerAnswer
        | Waiting::NextPayment
        | Waiting::ProofUpload
        | Waiting::ProofReview => modes::reminder(waiting, &title),
        Waiting::Delivery => (
            if due { format!("{title}, which is due now") } else { format!("your delivery of {title}") },
            "After that the buyer may cancel and get the money back.",
            "Deliver",
            format!("/milestones/{number}/deliver"),
        ),
        Waiting::Inspection => (
            format!("your check of {title}"),
            "After that it counts as approved and the money is released.",
            "Inspect the delivery",
            format!("/milestones/{number}/inspect"),
        ),
        Waiting::Changes => (
            format!("your changes to {title}"),
            "After that the buyer may cancel and get the money back.",
            "Deliver again",
            format!("/milestones/{number}/deliver"),
        ),
        Waiting::Cancelling => (
            format!("your decision about {title}, which is overdue"),
            "After that the money goes back to you by itself.",
            "See what you can do",
            format!("/milestones/{number}"),
        ),
        Waiting::PayOut => (
            format!("your money for {title}"),
            "After that it moves to your wallet by itself.",
            "Move it now",
            format!("/milestones/{number}"),
        ),
        Waiting::Extension
        | Waiting::CancellationAnswer
        | Waiting::Settlement
        | Waiting::DisputeAnswer
        | Waiting::DisputeTalk
        | Waiting::Ruling => disagreement::awaited(waiting, &title, number),
        Waiting::FailedRefund | Waiting::RefundAnswer | Waiting::RefundAgain => {
            refunds::reminder(&title, number)
        }
        Waiting::RailAnswer | Waiting::Closing => (title, "", OPEN, String::new()),
    };
    let text = format!("{first} We wait for {what}, until {deadline}. {then}");
    (format!("Reminder, until {deadline}: {what}"), vec![text], button, path)
}

fn left(mark: Mark) -> &'static str {
    match mark {
        Mark::Half => "Half of the time has passed.",
        Mark::Due => "The agreed date is here.",
        Mark::Hours24 => "Less than a day is left.",
        Mark::Hours2 => "Less than two hours are left.",
    }
}
