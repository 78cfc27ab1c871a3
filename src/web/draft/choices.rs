//! What the pages of a new escrow offer to choose from.

use crate::web::view::Choice;

#[must_use]
pub fn roles() -> Vec<Choice> {
    vec![
        Choice::new("seller", "I am selling")
            .hint("You deliver goods or work, and receive the money once it is approved."),
        Choice::new("buyer", "I am buying").hint("You pay in, look at what is delivered, and approve it."),
        Choice::new("broker", "I am brokering")
            .hint("You bring the two together, and may earn a commission."),
    ]
}

#[must_use]
pub fn kinds() -> Vec<Choice> {
    vec![
        Choice::new("one_off", "In one delivery").hint("One delivery, one inspection, one payment."),
        Choice::new("milestone", "In several milestones")
            .hint("Each has its own amount, date and criteria, and is paid out by itself."),
    ]
}

#[must_use]
pub fn modes() -> Vec<Choice> {
    vec![
        Choice::new("standard", "Yes, a contract that everyone signs")
            .hint("You write its terms here. Nothing is paid before everyone has signed."),
        Choice::new("quick", "No, it is enough that everyone accepts")
            .hint("For one simple delivery. Milestones need a contract."),
        Choice::new("quick_proof", "No, but the seller shows a proof before delivering").hint(
            "A receipt, an order confirmation, a photo or a tracking number, which the buyer looks at first.",
        ),
        Choice::new("instant", "No, I sell by a link that anyone can pay").hint(
            "Sell something that you hand over at once, to anyone who has the link, also without an account. Delivering it releases the money.",
        ),
    ]
}

/// When the buyer pays. What does not go with the answers above is said when it is checked.
#[must_use]
pub fn payments() -> Vec<Choice> {
    vec![
        Choice::new("agreed", "All of it, once everyone has agreed"),
        Choice::new("first", "All of it, even before the seller has answered")
            .hint("Without a contract only. Everything goes back if the seller declines or does not answer in 5 days."),
        Choice::new("each", "Each milestone before its own work starts")
            .hint("With several milestones only. The next one is paid once the one before it is decided."),
    ]
}

#[must_use]
pub fn fee_payers(has_broker: bool) -> Vec<Choice> {
    let mut payers = vec![
        Choice::new("buyer", "The buyer, on top of the price"),
        Choice::new("seller", "The seller, out of the price"),
        Choice::new("split", "Both, one half each"),
    ];
    if has_broker {
        payers.push(Choice::new("broker", "The broker, out of what the broker earns"));
    }
    payers
}

#[must_use]
pub fn commission_kinds() -> Vec<Choice> {
    vec![
        Choice::new("percent", "A percentage of the price"),
        Choice::new("fixed", "A fixed amount"),
        Choice::new("line", "A sum of the price, set for each delivery")
            .hint("The broker is one of those who are paid out of the price, and has no commission. Choose it and continue: you are asked for the sums then."),
        Choice::new("none", "Nothing from this deal"),
    ]
}

#[must_use]
pub fn commission_payers() -> Vec<Choice> {
    vec![
        Choice::new("seller", "The seller, out of the price"),
        Choice::new("buyer", "The buyer, on top of the price"),
        Choice::new("split", "Both, one half each"),
    ]
}

#[must_use]
pub fn commission_seen_by() -> Vec<Choice> {
    vec![
        Choice::new("no", "Everyone").hint("It stands in the contract."),
        Choice::new("yes", "Only those who pay and receive it")
            .hint("It stands in a side agreement. The other side sees its own sums and nothing from which it could be worked out. Not possible where both sides pay it, or where the broker pays the fee."),
    ]
}

#[must_use]
pub fn handlers() -> Vec<Choice> {
    vec![
        Choice::new("platform", "Holdfast’s operators").hint("They take no part in the deal."),
        Choice::new("arbitration", "An arbiter whom you name")
            .hint("Somebody outside the deal whom all of you trust. If they decline or don’t decide in time, Holdfast’s operators do."),
    ]
}

#[must_use]
pub fn outcomes() -> Vec<Choice> {
    vec![
        Choice::new("refund_buyer", "It goes back to the buyer"),
        Choice::new("release_to_seller", "It goes to the seller"),
        Choice::new("halves", "It is split 50/50"),
    ]
}

/// The words of a chosen value.
#[must_use]
pub fn words(choices: &[Choice], value: &str) -> String {
    choices
        .iter()
        .find(|choice| choice.value == value)
        .map(|choice| choice.words.to_string())
        .unwrap_or_default()
}
