//! Notice → words: what a mail and the list of notifications say.
//!
//! Times are put into words by the caller, who knows the reader's zone.

mod agreement;
mod carried;
mod deciding;
mod disagreement;
mod modes;
mod money;
mod negotiation;
mod payees;
mod refunds;
mod reminders;

pub use disagreement::dispute_ended;
pub use money::bridge;
pub(super) use money::refunded;
use reminders::left;

use super::notices::{News, Notice};
use super::party::{Capacity, Role};
use super::time::Time;
use crate::money::Money;

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

    /// Where the reader reads on: the page of the escrow that is theirs by their role, or one below it, `path`.
    #[must_use]
    pub fn address(&self, reference: &str, path: &str) -> String {
        // A payee has one page, and the page of an escrow shows its invitation to those who are in it.
        let below = if self.role == Capacity::Payee || path == "/invitation" { "" } else { path };
        format!("{}{below}", self.page(reference))
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
            | Self::Refunded { .. } => self.money_out(at),
            Self::MayCancel { .. } | Self::Overdue { .. } => self.overdue(at),
            Self::Reminder { .. } => self.reminds(title, at),
            Self::Refund(news) => news.say(at),
            Self::Disagreement(news) => news.say(title, at),
            Self::Deciding(news) => news.say(Capacity::Arbiter, title, at),
            Self::Completed => (
                format!("Completed: {title}"),
                vec![
                    "Every milestone is decided, and the escrow holds no money any more. It is complete."
                        .to_owned(),
                    "It closes by itself after 30 days, and stays readable for you.".to_owned(),
                ],
                OPEN,
                String::new(),
            ),
            Self::Closed { completed } => {
                (format!("Closed: {title}"), vec![closed(*completed)], OPEN, String::new())
            }
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
            Self::Start { first_due, price } => {
                let due = first_due.map(|due| format!(" The first delivery is due {}.", at(due)));
                let text = format!("The buyer has paid and the money for “{title}”{} is held in escrow. Work can start.{}", priced(*price), due.unwrap_or_default());
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
            Self::ChangesRequested { milestone, number, reason, failed, deliver_by } => {
                let mut paragraphs = vec![format!("The buyer asks for changes to “{milestone}”.")];
                paragraphs.extend(failed.iter().map(|criterion| format!("Not met: {criterion}")));
                paragraphs.push(format!("The buyer writes: {reason}"));
                paragraphs.extend(deliver_by.map(|by| {
                    format!(
                        "Make the changes and deliver it again by {}. After that the buyer may cancel and get the money back.",
                        at(by)
                    )
                }));
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
    let money = if completed { "All its money was released" } else { "Its money went back to the buyer" };
    format!("The escrow is closed. {money}; its page stays readable, with its whole history.")
}

/// "The proof for “…” was not sent", or "“…” was not delivered".
fn late(proof: bool) -> (&'static str, &'static str) {
    if proof { ("The proof for ", "sent") } else { ("", "delivered") }
}

/// ", for 1,000.000 TND", where a price is known.
fn for_price(price: Option<Money>) -> String {
    price.map(|price| format!(", for {price}")).unwrap_or_default()
}

/// ", 1,000.000 TND," where a price is known.
fn priced(price: Option<Money>) -> String {
    price.map(|price| format!(", {price},")).unwrap_or_default()
}
