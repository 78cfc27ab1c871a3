//! Terms are talked about: countered, sent to the right person, asked about again.

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::Waiting;
use holdfast::engine::escrow::{End, Stage};
use holdfast::engine::notices::{News, notices};
use holdfast::engine::offers::{self, Action};
use holdfast::engine::party::{PartyStatus, Role};
use holdfast::engine::plan::Share;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::{FeePayer, Recipient, Terms};

use crate::dsl::deal::{currency, fixed_fee, party, texts};
use crate::dsl::*;

fn larger(terms: &mut Terms) {
    terms.title = "A larger garden house".to_owned();
}

#[test]
fn a_counter_offer_is_the_next_version_and_clears_every_signature() {
    let mut world = World::sent(case4());
    world.buyer().signs().is_done();
    world.broker().signs().is_done();
    world.days_pass(3);
    world.seller().counters(larger).is_done();
    let escrow = world.escrow();
    assert_eq!((escrow.version, escrow.terms.title.as_str()), (2, "A larger garden house"));
    let now = texts(&escrow.terms, &escrow.reference, 2, world.now);
    assert_eq!(escrow.document_sha256, now.contract.sha256());
    assert!(escrow.parties.iter().all(|party| party.signature.is_none()));
    let expires_at = world.now.plus_days(14);
    assert_eq!(*world.stage(), Stage::Proposed { since: world.now, expires_at });
    world.everyone_agrees();
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
    let versions = world.escrow().parties.iter().map(|party| party.signature.as_ref().unwrap().version);
    assert_eq!(versions.collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn whoever_counters_without_a_contract_has_accepted_and_the_others_have_not() {
    let mut world = World::sent(quick());
    world.seller().counters(larger).is_done();
    let status = |world: &World, role| world.escrow().party(role).unwrap().status;
    assert_eq!(status(&world, Role::Seller), PartyStatus::Accepted);
    assert_eq!(status(&world, Role::Buyer), PartyStatus::Created);
    world.seller().declines("No").is_refused(Refusal::NotYourRole { needs: vec![Role::Buyer] });
    world.buyer().accepts().is_done();
    assert!(matches!(world.stage(), Stage::Agreed { .. }));
}

#[test]
fn whoever_made_the_escrow_can_decline_what_another_proposes_instead() {
    let mut world = World::sent(quick());
    world.seller().counters(larger).is_done();
    world.buyer().declines("Too large").is_done();
    let end = End::Declined { by: Role::Buyer, reason: "Too large".to_owned() };
    assert!(matches!(world.stage(), Stage::Ended { end: as_said, .. } if *as_said == end));
}

#[test]
fn whoever_answers_an_old_version_is_told_which_one_stands() {
    let mut world = World::sent(quick());
    world.seller().counters(larger).is_done();
    world.buyer().does(Command::Accept { version: 1 }).is_refused(Refusal::OtherVersion { current: 2 });
    let terms = Box::new(quick().with(|terms| terms.fee_payer = FeePayer::Seller));
    let late = Command::Counter { version: 1, terms };
    world.buyer().does(late).is_refused(Refusal::OtherVersion { current: 2 });
}

#[test]
fn the_parties_stay_who_they_are() {
    let refused = |change: fn(&mut Terms)| {
        World::sent(case4()).seller().counters(change).is_refused(Refusal::PartiesFixed);
    };
    refused(|terms| terms.parties.truncate(2));
    refused(|terms| terms.parties[0].user = STRANGER);
    refused(|terms| terms.parties.swap(0, 1));
    refused(|terms| terms.parties.push(party(Role::Broker, PAYEE)));
    refused(|terms| terms.parties[1].identity_sha256 = "e".repeat(64));
}

#[test]
fn those_who_receive_and_decide_nothing_come_and_go_with_the_terms() {
    let line = |user, amount_minor| Recipient { user, amount_minor };
    let mut world = World::sent(quick());
    let whole = world.escrow().terms.amount_minor;
    world
        .seller()
        .counters(|terms| {
            terms.parties.push(party(Role::Payee, PAYEE));
            let whole = terms.amount_minor;
            terms.milestones[0].recipients = vec![line(SELLER, whole - 700), line(PAYEE, 700)];
        })
        .is_done();
    assert_eq!(world.escrow().payees(), [PAYEE]);
    assert_eq!(world.escrow().party_of(PAYEE).map(|party| party.status), Some(PartyStatus::Created));
    assert_eq!(world.escrow().plan.receives_minor(Share::Payee(0)), 700);
    // Whoever stays is who he was, by the address that named him.
    let renamed = |terms: &mut Terms| {
        let payee = terms.parties.iter_mut().find(|party| party.role == Role::Payee);
        payee.unwrap().identity_sha256 = "e".repeat(64);
    };
    world.buyer().counters(renamed).is_refused(Refusal::PartiesFixed);
    world
        .buyer()
        .counters(|terms| {
            terms.parties.retain(|party| party.role != Role::Payee);
            terms.milestones[0].recipients.clear();
        })
        .is_done();
    assert_eq!((world.escrow().payees(), world.escrow().party_of(PAYEE)), (Vec::new(), None));
    assert_eq!(world.escrow().terms.gross_of(0, SELLER), whole);
}

#[test]
fn the_same_terms_are_no_counter_offer_and_wrong_ones_are_told_field_by_field() {
    World::sent(case4()).seller().counters(|_| {}).is_refused(Refusal::SameTerms);
    let refusal = World::sent(case4()).seller().counters(|terms| terms.title.clear()).result.unwrap_err();
    assert!(matches!(refusal, Refusal::TermsFaulty { faults } if faults[0].field == "title"));
    let mut world = World::sent(case4());
    world.seller().counters(larger).is_done();
    let again = Command::Counter { version: 1, terms: Box::new(world.escrow().terms.clone()) };
    world.seller().does(again).is_already_done();
}

#[test]
fn the_fee_schedule_of_the_first_version_stays_but_in_another_currency() {
    let mut world = World::sent(case1());
    world
        .seller()
        .counters(|terms| {
            larger(terms);
            terms.fee = fixed_fee(0);
        })
        .is_done();
    assert_eq!(world.escrow().terms.fee, fixed_fee(200));
    world
        .buyer()
        .counters(|terms| {
            terms.currency = currency("USD");
            terms.fee = fixed_fee(100);
        })
        .is_done();
    assert_eq!(world.escrow().terms.fee, fixed_fee(100));
}

#[test]
fn a_counter_offer_can_have_more_milestones_or_fewer() {
    let mut world = World::sent(case4());
    world
        .seller()
        .counters(|terms| {
            let mut third = terms.milestones[1].clone();
            third.title = "Paint".to_owned();
            terms.amount_minor += third.amount_minor;
            terms.milestones.push(third);
        })
        .is_done();
    assert_eq!((world.escrow().milestones.len(), world.escrow().plan.milestones.len()), (3, 3));
    world.everyone_agrees();
    world.buyer().pays().is_done();
}

#[test]
fn only_open_terms_are_countered() {
    let mut world = World::agreed(case4());
    world.seller().counters(larger).is_refused(Refusal::NotProposed);
    world.buyer().pays().is_done();
    world.seller().counters(larger).is_refused(Refusal::PaymentPending);
    let mut declined = World::sent(case4());
    declined.seller().declines("").is_done();
    declined.buyer().counters(larger).is_refused(Refusal::EscrowOver);
}

#[test]
fn the_others_are_told_of_new_terms_and_read_what_changed() {
    let mut world = World::sent(case4());
    let place = world.history.len();
    world.seller().counters(larger).is_done();
    let events: Vec<_> = world.history[place..].iter().map(|(_, event)| event.clone()).collect();
    let told = notices(world.escrow(), &events, &seller());
    let roles: Vec<Role> = told.iter().filter_map(|notice| notice.role.role()).collect();
    assert_eq!(roles, [Role::Buyer, Role::Broker]);
    let words = told[0].words("A larger garden house", &|_| "then".to_owned());
    assert_eq!(words.subject, "New terms, version 2: A larger garden house");
    assert_eq!(words.path, "/terms/compare?from=1&to=2");
}

#[test]
fn a_wrong_address_is_corrected_and_the_contract_names_the_right_one() {
    let mut world = World::sent(case4());
    world.broker().signs().is_done();
    world.seller().disowns().is_done();
    world.buyer().corrects(SELLER, STRANGER).is_done();
    let escrow = world.escrow();
    let seller_now = escrow.party(Role::Seller).unwrap();
    assert_eq!((seller_now.user, seller_now.status), (STRANGER, PartyStatus::Created));
    assert_eq!((escrow.version, escrow.party_of(SELLER)), (2, None));
    assert_eq!(escrow.terms.party(Role::Seller).unwrap().user, STRANGER);
    let now = texts(&escrow.terms, &escrow.reference, 2, world.now);
    assert_eq!(escrow.document_sha256, now.contract.sha256());
    assert!(escrow.party(Role::Broker).unwrap().signature.is_none(), "it was another contract");
}

#[test]
fn whoever_got_the_invitation_by_mistake_is_out_and_the_right_one_is_in() {
    let mut world = World::sent(quick());
    let place = world.history.len();
    world.buyer().corrects(SELLER, STRANGER).is_done();
    let events: Vec<_> = world.history[place..].iter().map(|(_, event)| event.clone()).collect();
    let told = notices(world.escrow(), &events, &buyer());
    assert_eq!(told.len(), 1);
    assert!(told[0].to == STRANGER && matches!(told[0].news, News::Invited { by: Role::Buyer, .. }));
    assert_eq!(world.escrow().actor(SELLER), None);
}

#[test]
fn an_address_is_right_once_its_owner_has_answered() {
    let mut world = World::sent(case4());
    world.seller().signs().is_done();
    world.buyer().corrects(SELLER, STRANGER).is_refused(Refusal::AlreadyAnswered);
    world.buyer().counters(larger).is_done();
    world.buyer().corrects(SELLER, STRANGER).is_refused(Refusal::AlreadyAnswered);
    world.seller().disowns().is_refused(Refusal::NotProposed);
    world.buyer().corrects(BROKER, SELLER).is_refused(Refusal::AddressTaken);
    world.seller().corrects(BROKER, STRANGER).is_refused(Refusal::NotYourRole { needs: vec![Role::Buyer] });
    world.buyer().corrects(STRANGER, PAYEE).is_refused(Refusal::NoSuchParty);
}

#[test]
fn an_invitation_is_sent_again_after_an_hour() {
    let mut world = World::sent(case4());
    world.buyer().invites_again(SELLER).is_done();
    world.buyer().invites_again(SELLER).is_already_done();
    world.broker().invites_again(BROKER).is_refused(Refusal::NobodyToRemind);
    world.now = world.now.plus(time::Duration::minutes(30));
    world.broker().invites_again(SELLER).is_refused(Refusal::InvitedJustNow);
    world.hours_pass(1);
    world.broker().invites_again(SELLER).is_done();
    world.seller().signs().is_done();
    world.buyer().invites_again(SELLER).is_refused(Refusal::AlreadyAnswered);
}

#[test]
fn a_reminder_by_hand_is_sent_once_a_day_and_to_those_who_are_waited_for() {
    let mut world = World::sent(case4());
    world.buyer().nudges().is_done();
    world.hours_pass(23);
    world.broker().nudges().is_refused(Refusal::RemindedToday);
    world.hours_pass(1);
    world.broker().nudges().is_done();
    world.everyone_agrees();
    world.buyer().nudges().is_refused(Refusal::NobodyToRemind);
    world.seller().nudges().is_done();
    let last = world.history.last().unwrap().1.clone();
    let told = notices(world.escrow(), &[last], &seller());
    assert_eq!(told.iter().map(|notice| notice.role.role()).collect::<Vec<_>>(), [Some(Role::Buyer)]);
    assert!(matches!(told[0].news, News::Nudged { by: Role::Seller, waiting: Waiting::Payment, .. }));
}

#[test]
fn what_can_be_talked_about_is_offered_and_nothing_else() {
    let mut world = World::sent(case4());
    let open = |world: &World, actor, action| {
        let all = offers::offers(world.escrow(), &actor, &world.facts(&actor), world.now);
        offers::offered(&all, action)
    };
    assert!(open(&world, seller(), Action::Counter) && open(&world, buyer(), Action::CorrectParty(2)));
    assert!(open(&world, buyer(), Action::InviteAgain(3)) && !open(&world, buyer(), Action::InviteAgain(1)));
    assert!(!open(&world, seller(), Action::CorrectParty(3)));
    world.everyone_agrees();
    assert!(!open(&world, seller(), Action::Counter) && !open(&world, buyer(), Action::CorrectParty(2)));
}
