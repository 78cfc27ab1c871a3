//! What mails say of what was done: one mail an act, with the sums, the dates, and what silence means.

use holdfast::engine::command::Command;
use holdfast::engine::next;
use holdfast::engine::notices::notices;
use holdfast::engine::offers::Action;
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::terms::Terms;
use holdfast::engine::time::Time;

use crate::dsl::deal::{split, start};
use crate::dsl::*;

/// The mails of the events from a place on, as whom they reach and what they say, without the broker's.
fn mails(world: &World, from: usize, actor: &Actor) -> Vec<(Role, String)> {
    let events: Vec<_> = world.history[from..].iter().map(|(_, event)| event.clone()).collect();
    let said = notices(world.escrow(), &events, actor).into_iter().filter_map(|notice| {
        let words = notice.words(&world.terms.title, &|at: Time| at.rfc3339());
        let role = notice.role.role().filter(|role| *role != Role::Broker)?;
        Some((role, format!("{}\n{}", words.subject, words.paragraphs.join("\n"))))
    });
    said.collect()
}

/// The one mail that a role gets of the events from a place on.
#[track_caller]
fn mail(world: &World, from: usize, actor: &Actor, role: Role) -> String {
    let all = mails(world, from, actor);
    let own: Vec<&String> = all.iter().filter(|(to, _)| *to == role).map(|(_, text)| text).collect();
    assert_eq!(own.len(), 1, "{role:?} gets {own:#?}");
    own[0].clone()
}

#[track_caller]
fn says(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in:\n{text}");
}

/// Where the last event of a kind stands.
fn last(world: &World, kind: &str) -> usize {
    world.history.iter().rposition(|(_, event)| event.kind() == kind).unwrap()
}

/// A date as these mails write it.
fn day(days: i64) -> String {
    start().plus_days(days).rfc3339()
}

/// A dispute over the first milestone with the operators.
fn with_operators(terms: Terms) -> World {
    let mut world = World::of(terms);
    // Whoever sends terms hides nothing from himself.
    world.seller().proposes().is_done();
    world.everyone_agrees();
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.buyer().disputes(1).is_done();
    let (text, files) = ("It stands.".to_owned(), Vec::new());
    world.seller().does(Command::Statement { dispute: 1, text, files }).is_done();
    world.days_pass(7);
    world
}

fn ruled(terms: Terms) -> (World, usize) {
    let mut world = with_operators(terms);
    let from = world.history.len();
    let (splits, reasons) = (vec![split(1, 300_000, 100_000)], "Half a door.".to_owned());
    world.person(operator()).does(Command::Rule { dispute: 1, splits, reasons }).is_done();
    (world, from)
}

#[test]
fn a_decision_names_what_each_gets_in_one_mail() {
    let (world, from) = ruled(case4());
    let of_buyer = mail(&world, from, &operator(), Role::Buyer);
    says(
        &of_buyer,
        "“Foundation and walls”: 285.000 TND is released to the seller, 15.000 TND to the broker; 101.000 TND goes back to you.",
    );
    says(&of_buyer, "What goes back to you is in your wallet.");
    says(&of_buyer, "The reasons: Half a door.");
    let of_seller = mail(&world, from, &operator(), Role::Seller);
    says(
        &of_seller,
        "285.000 TND is released to you, 15.000 TND to the broker; 101.000 TND goes back to the buyer.",
    );
    says(&of_seller, "Move what is released to you to your wallet");
}

#[test]
fn a_decision_betrays_no_hidden_commission() {
    let hidden = case4().with(|terms| {
        if let Some(commission) = &mut terms.commission {
            commission.hidden = true;
            commission.salt = "5a".repeat(16);
        }
    });
    let (world, from) = ruled(hidden);
    let of_buyer = mail(&world, from, &operator(), Role::Buyer);
    says(&of_buyer, "300.000 TND is released to the seller; 101.000 TND goes back to you.");
    assert!(!of_buyer.contains("285") && !of_buyer.contains("15.000"), "{of_buyer}");
}

#[test]
fn a_dispute_that_silence_decides_names_the_sums_too() {
    let mut world = World::paid(case4());
    world.buyer().disputes(1).is_done();
    world.days_pass(3);
    let from = last(&world, "dispute_ended");
    let of_seller = mail(&world, from, &clock(), Role::Seller);
    says(&of_seller, "It was not answered in time, so what was sought is carried out.");
    says(&of_seller, "404.000 TND goes back to the buyer; nothing is released to you.");
    let mut world = with_operators(case4());
    world.days_pass(7);
    let of_buyer = mail(&world, last(&world, "dispute_ended"), &clock(), Role::Buyer);
    says(
        &of_buyer,
        "190.000 TND is released to the seller, 10.000 TND to the broker; 202.000 TND goes back to you.",
    );
}

#[test]
fn a_settlement_is_one_mail_to_each_with_all_of_its_sums() {
    let mut world = World::paid(case4());
    world.at_once = vec![SELLER];
    let splits = vec![split(1, 400_000, 0), split(2, 300_000, 300_000)];
    world.buyer().disputes(2).is_done();
    world.buyer().offers(splits).is_done();
    let from = world.history.len();
    world.seller().does(Command::AcceptSettlement { settlement: 1 }).is_done();
    let of_seller = mail(&world, from, &seller(), Role::Seller);
    says(&of_seller, "The dispute is over with that.");
    says(
        &of_seller,
        "“Foundation and walls”: 380.000 TND is released to you, 20.000 TND to the broker; nothing goes back to the buyer.",
    );
    says(
        &of_seller,
        "In all: 665.000 TND is released to you, 35.000 TND to the broker; 303.000 TND goes back to the buyer.",
    );
    says(&of_seller, "What is released to you is in your wallet.");
    says(&mail(&world, from, &seller(), Role::Buyer), "303.000 TND goes back to you.");
}

#[test]
fn who_declines_what_is_paid_sends_the_money_back_in_the_same_mail() {
    let mut world = World::of(pay_first());
    world.buyer().proposes().is_done();
    world.as_it_came = true;
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    let from = world.history.len();
    world.seller().declines("I am away.").is_done();
    let of_buyer = mail(&world, from, &seller(), Role::Buyer);
    says(&of_buyer, "Declined: A garden house\nThe seller declined “A garden house”.");
    says(&of_buyer, "The reason given: I am away.");
    says(&of_buyer, "All that you paid, 100.00 KES, goes back to you.");
    says(&of_buyer, "the card or account you paid from");
    assert!(!mails(&world, from, &seller()).iter().any(|(to, _)| *to == Role::Seller));
    let from = world.history.len();
    world.provider().refunded(1).is_done();
    assert_eq!(mails(&world, from, &rail()).len(), 1, "the provider's word, and no second “declined”");
    let panel = next::panel(world.escrow(), BUYER, Role::Buyer, world.now);
    assert_eq!(
        panel.headline,
        "The seller declined. The 100.00 KES that you paid went back to you, and nobody owes anything"
    );
}

#[test]
fn silence_after_a_payment_is_not_called_declining() {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    world.days_pass(5);
    let from = last(&world, "rejected");
    says(&mail(&world, from, &clock(), Role::Buyer), "The seller did not answer “A garden house” in time");
    says(&mail(&world, from, &clock(), Role::Buyer), "All that you paid, 100.00 KES, goes back to you.");
    let of_seller = mail(&world, from, &clock(), Role::Seller);
    says(&of_seller, "Not answered in time: A garden house\nYou did not answer “A garden house” in time");
    says(&of_seller, "What the buyer paid, 100.00 KES, goes back to the buyer in full.");
    let panel = next::panel(world.escrow(), SELLER, Role::Seller, world.now);
    says(&panel.headline, "You did not answer in time. What the buyer paid went back to the buyer");
}

#[test]
fn a_wrong_address_that_was_paid_for_asks_nobody_to_correct_it() {
    let mut world = World::sent(pay_first());
    world.buyer().pays().is_done();
    world.provider().settles().is_done();
    let from = world.history.len();
    world.seller().disowns().is_done();
    let of_buyer = mail(&world, from, &seller(), Role::Buyer);
    says(&of_buyer, "reached the wrong person, so the deal is over.");
    says(&of_buyer, "100.00 KES");
}

#[test]
fn reminders_of_a_delivery_name_the_agreed_date_and_then_that_it_is_late() {
    let mut world = World::paid(case4().with(|terms| {
        terms.milestones[0].due = Some(start().plus_days(3));
    }));
    world.days_pass(9);
    let said: Vec<String> = (0..world.history.len())
        .filter(|place| world.history[*place].1.kind() == "reminded")
        .filter(|place| world.history[*place].1.milestone() == Some(1))
        .flat_map(|place| {
            let event = std::slice::from_ref(&world.history[place].1);
            let told = notices(world.escrow(), event, &clock());
            told.into_iter().map(|notice| notice.words("-", &|at: Time| at.rfc3339()).paragraphs.join(" "))
        })
        .collect();
    let then = format!(
        "If it is still not delivered on {}, the buyer may cancel from then on and get the money back.",
        day(10)
    );
    let due = format!("The agreed date is here: “Foundation and walls” is due now, {}.", day(3));
    let late = format!("“Foundation and walls” was to be delivered by {} and is overdue since then.", day(3));
    let less = format!("Less than a day is left. {late}");
    assert_eq!(said, [due, late, less].map(|first| format!("{first} {then}")));
    let early = Past::paid(&case4());
    let clock_of = holdfast::engine::deadlines::all(&early.escrow)[0];
    let event = holdfast::engine::event::Event::Reminded {
        waiting: clock_of.waiting,
        milestone: Some(1),
        since: clock_of.since,
        mark: holdfast::engine::deadlines::Mark::Half,
        deadline: clock_of.at,
    };
    let told = notices(&early.escrow, &[event], &clock());
    let words = told[0].words("-", &|at: Time| at.rfc3339());
    assert_eq!(words.subject, format!("Reminder, due {}: your delivery of “Foundation and walls”", day(20)));
    says(&words.paragraphs[0], &format!("is to be delivered by {}, as agreed.", day(20)));
}

#[test]
fn approving_a_part_says_which_part_and_what_stays() {
    let mut world = World::delivered(case1(), 1);
    let from = world.history.len();
    world.buyer().approves_part(1, "50.00").is_done();
    let until = world.milestone(1).inspect_by().unwrap().rfc3339();
    let rest = format!(
        "a part of it, 51.02 KES of the 100.00 KES that was held. The other 48.98 KES stays held. The inspection of it goes on until {until}"
    );
    let of_buyer = mail(&world, from, &buyer(), Role::Buyer);
    says(&of_buyer, "A part is released: A portrait");
    says(&of_buyer, &format!("You have approved {rest}"));
    says(
        &of_buyer,
        "50.00 KES was released to those who delivered. With 1.02 KES platform fee, 51.02 KES left the escrow.",
    );
    let of_seller = mail(&world, from, &buyer(), Role::Seller);
    says(&of_seller, &format!("The buyer has approved {rest}"));
    let from = world.history.len();
    world.buyer().approves(1).is_done();
    says(&mail(&world, from, &buyer(), Role::Buyer), "You have approved it. 48.00 KES was released");
}

#[test]
fn changes_are_asked_for_with_their_deadline_and_what_follows() {
    let mut world = World::delivered(case4(), 1);
    let from = world.history.len();
    world.buyer().requests_changes(1).is_done();
    let by = format!(
        "Make the changes and deliver it again by {}. After that the buyer may cancel and get the money back.",
        world.now.plus_days(14).rfc3339()
    );
    says(&mail(&world, from, &buyer(), Role::Seller), &by);
}

#[test]
fn whoever_is_to_answer_a_dispute_reads_so_with_what_is_sought_and_what_silence_means() {
    let mut world = World::paid(case4());
    let from = world.history.len();
    world.buyer().disputes(1).is_done();
    let by = day(3);
    let of_seller = mail(&world, from, &buyer(), Role::Seller);
    says(&of_seller, "The buyer opened a dispute.");
    says(
        &of_seller,
        "What is sought:\n“Foundation and walls”: 404.000 TND goes back to the buyer; nothing is released to you.",
    );
    says(&of_seller, &format!("Answer by {by}. Without an answer by then, what is sought is carried out."));
    let of_buyer = mail(&world, from, &buyer(), Role::Buyer);
    says(&of_buyer, "You opened a dispute.");
    says(&of_buyer, &format!("The seller can answer until {by}."));
    assert!(!of_seller.contains("other side"), "{of_seller}");
}

#[test]
fn what_is_a_large_sum_is_named_and_holds_from_the_opening_on() {
    let mut world = World::paid(case4());
    world.second_above = 399_999;
    let from = world.history.len();
    world.buyer().disputes(1).is_done();
    let then = "since more than 399.999 TND is at stake.";
    says(&mail(&world, from, &buyer(), Role::Seller), then);
    let panel = next::panel(world.escrow(), SELLER, Role::Seller, world.now);
    let otherwise =
        "Without an answer the operators of Holdfast decide it, since more than 399.999 TND is at stake.";
    assert_eq!(panel.otherwise.as_deref(), Some(otherwise));
    // The operators allow more: what both were told still holds.
    world.second_above = 400_000;
    world.days_pass(3);
    assert_eq!((world.count("dispute_moved"), world.count("dispute_ended")), (1, 0));
}

#[test]
fn an_unanswered_request_to_cancel_says_why_it_is_a_dispute() {
    let mut world = World::paid(case4());
    world.buyer().does(Command::RequestCancellation { reason: "I move away.".to_owned() }).is_done();
    world.days_pass(5);
    let from = last(&world, "dispute_opened");
    says(
        &mail(&world, from, &clock(), Role::Seller),
        "You did not answer the request to cancel in time, so it has become a dispute.",
    );
    let of_buyer = mail(&world, from, &clock(), Role::Buyer);
    says(&of_buyer, "The seller did not answer the request to cancel in time, so it has become a dispute.");
    says(&of_buyer, "In all: 1,010.000 TND goes back to you; nothing is released to the seller.");
}

#[test]
fn an_answer_in_a_dispute_is_one_mail() {
    let mut world = World::paid(case4());
    world.buyer().disputes(1).is_done();
    let from = world.history.len();
    let (text, files) = ("It stands.".to_owned(), Vec::new());
    world.seller().does(Command::Statement { dispute: 1, text, files }).is_done();
    says(
        &mail(&world, from, &seller(), Role::Buyer),
        "The seller has answered the dispute, so both sides have spoken.",
    );
}

#[test]
fn a_part_that_goes_back_is_named_to_the_seller() {
    let mut world = World::paid(case4());
    let from = world.history.len();
    world.seller().does(Command::Refund { milestone: 1, part_minor: Some(100_000) }).is_done();
    let of_seller = mail(&world, from, &seller(), Role::Seller);
    says(&of_seller, "101.000 TND goes back to the buyer. The other 303.000 TND stays held");
}

#[test]
fn invitations_name_the_price_and_held_money_the_sum_that_the_page_shows_too() {
    let world = World::sent(case4());
    says(&mail(&world, 0, &buyer(), Role::Seller), "“A garden house”, for 1,000.000 TND.");
    let world = World::paid(case4());
    let from = last(&world, "charge_settled");
    let of_seller = mail(&world, from, &rail(), Role::Seller);
    says(&of_seller, "the money for “A garden house”, 1,010.000 TND, is held in escrow");
    assert_eq!(world.held(), "1010.000");
}

#[test]
fn a_request_to_cancel_has_one_button_for_both_answers() {
    let mut world = World::paid(case4());
    world.buyer().does(Command::RequestCancellation { reason: "I move away.".to_owned() }).is_done();
    let panel = next::panel(world.escrow(), SELLER, Role::Seller, world.now);
    assert_eq!((panel.primary, panel.secondary), (Some(Action::RefuseCancellation), vec![]));
}

#[test]
fn an_overdue_proof_is_called_one() {
    let mut world = World::paid(quick_proof());
    world.days_pass(2);
    let headline = |world: &World| next::panel(world.escrow(), BUYER, Role::Buyer, world.now).headline;
    says(
        &headline(&world),
        "The proof for “A portrait” is overdue. Cancel and get your money back, or leave the seller time to send it.",
    );
}

#[test]
fn a_later_version_is_named_where_it_is_read() {
    let mut world = World::sent(case4());
    world.broker().counters(|terms| terms.title = "A larger garden house".to_owned()).is_done();
    let headline = next::panel(world.escrow(), SELLER, Role::Seller, world.now).headline;
    assert_eq!(headline, "The broker proposes other terms. Read version 2 of the contract and sign it");
}
