//! Every refusal has a code and a sentence, and somebody can come upon it.

use std::collections::BTreeSet;

use holdfast::engine::command::Command;
use holdfast::engine::deadlines::{self, Waiting};
use holdfast::engine::dispute::{CancellationEnd, Split};
use holdfast::engine::escrow::{End, Method};
use holdfast::engine::event::Event;
use holdfast::engine::party::Role;
use holdfast::engine::proof::ProofKind;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::terms::Terms;
use uuid::Uuid;

use crate::dsl::deal::{currency, file, split};
use crate::dsl::given::{PAYMENT, SECOND_PAYMENT, given_nothing, sandbox};
use crate::dsl::*;

/// One of each; none can be forgotten.
fn one_of_each() -> Vec<Refusal> {
    let available = currency("KES").of(4_800);
    let all = vec![
        Refusal::TermsFaulty { faults: Vec::new() },
        Refusal::EscrowClosed,
        Refusal::NotYourRole { needs: vec![Role::Buyer, Role::Seller] },
        Refusal::NotAParty,
        Refusal::EmailNotConfirmed,
        Refusal::AccountFrozen,
        Refusal::EscrowOver,
        Refusal::AlreadyProposed,
        Refusal::NotProposed,
        Refusal::SameTerms,
        Refusal::PartiesFixed,
        Refusal::TooManyVersions { most: 100 },
        Refusal::NoSuchParty,
        Refusal::AlreadyAnswered,
        Refusal::AddressTaken,
        Refusal::InvitedJustNow,
        Refusal::NobodyToRemind,
        Refusal::RemindedToday,
        Refusal::NotPaid,
        Refusal::AlreadyPaid,
        Refusal::NotAgreed,
        Refusal::PaymentPending,
        Refusal::NoPaymentPending,
        Refusal::NoSuchMilestone,
        Refusal::NoSuchRefund,
        Refusal::RefundPending,
        Refusal::RefundSentTwice,
        Refusal::NotInProgress,
        Refusal::NotDelivered,
        Refusal::ContractNeedsSignature,
        Refusal::QuickEscrowNoContract,
        Refusal::NoContract,
        Refusal::NoConfirmationStep,
        Refusal::ProofNotAccepted,
        Refusal::NoProofStep,
        Refusal::NoProofInReview,
        Refusal::NoCorrectionsLeft,
        Refusal::ProofEmpty,
        Refusal::OtherVersion { current: 2 },
        Refusal::OtherDocument,
        Refusal::TermsOfServiceNotAccepted,
        Refusal::InsufficientFunds { available },
        Refusal::PartTooSmall { least: available },
        Refusal::InsufficientWallet { available },
        Refusal::NothingPayable,
        Refusal::CriteriaUnnamed,
        Refusal::UnknownCriterion,
        Refusal::ReasonMissing,
        Refusal::AmountMissing,
        Refusal::TextTooLong { most: 5_000 },
        Refusal::TooManyFiles,
        Refusal::SignsHidden,
        Refusal::NoRightToCancel,
        Refusal::NotOverYet,
        Refusal::PayAll,
        Refusal::PayInOrder,
        Refusal::NotDueYet,
        Refusal::NoPayLink,
        Refusal::InstantTermsFixed,
    ];
    let all: Vec<_> = all.into_iter().chain(of_disagreement()).collect();
    assert_eq!(codes(&all), variants::<Refusal>("code"));
    all
}

fn of_disagreement() -> Vec<Refusal> {
    let available = currency("KES").of(4_800);
    vec![
        Refusal::InDispute,
        Refusal::NoSuchDispute,
        Refusal::NotWithHandler,
        Refusal::RulingPending,
        Refusal::NoRulingPending,
        Refusal::SameOperator,
        Refusal::OperatorIsParty,
        Refusal::CancellationRequested,
        Refusal::NoCancellationRequested,
        Refusal::CancellationAskedOften { most: 3 },
        Refusal::NoSuchSettlement,
        Refusal::OwnSettlement,
        Refusal::SplitDoesNotSum { milestone: 1, left: available },
        Refusal::SplitIncomplete,
        Refusal::NothingUndecided,
        Refusal::NoExtensionAsked,
        Refusal::ExtensionAsked,
        Refusal::DateNotLater,
        Refusal::InspectionExtendedBefore,
        Refusal::DaysOutOfRange { most: 14 },
        Refusal::MessageMissing,
    ]
}

fn sign(version: u32, document: &str) -> Command {
    Command::Sign { version, document_sha256: document.to_owned(), evidence_sha256: String::new() }
}

fn pay(payment: Uuid, milestones: &[u16], method: Method) -> Command {
    Command::StartCharge { payment, milestones: milestones.to_vec(), method }
}

fn propose(terms: Terms) -> Command {
    Command::Propose { id: Uuid::nil(), reference: String::new(), terms: Box::new(terms) }
}

/// What is refused around agreement and payment.
fn before_the_money() -> Vec<Refusal> {
    let sent = || given(Past::sent(&case4()));
    let agreed = || given(Past::agreed(&case4()));
    let charged = || given(Past::charged(&case4()));
    let paid = || given(Past::paid(&case4()));
    let expired = given(Past::sent(&case4()).ended(End::ExpiredNotAccepted));
    let all = vec![
        given_nothing().when(buyer(), propose(case4().with(|terms| terms.title.clear()))),
        given_nothing().when(seller(), Command::Withdraw),
        sent().when(seller(), propose(case4())),
        sent().when(payee(), Command::Withdraw),
        sent().when(seller(), Command::Accept { version: 1 }),
        sent().when(seller(), sign(2, "")),
        sent().when(seller(), sign(1, "")),
        given(Past::sent(&quick())).when(seller(), sign(1, "")),
        given(Past::sent(&instant())).when(seller(), sign(1, "")),
        given(Past::sent(&instant()))
            .when(seller(), Command::Counter { version: 1, terms: Box::new(quick()) }),
        sent().when(buyer(), Command::Claim { to: STRANGER, identity_sha256: "e".repeat(64) }),
        given(Past::sent(&quick()))
            .with_facts(|facts| facts.email_confirmed = false)
            .when(seller(), Command::Accept { version: 1 }),
        sent().with_facts(|facts| facts.frozen = true).when(seller(), sign(1, "")),
        sent().when(seller(), Command::Decline { reason: "x".repeat(5_001) }),
        sent().when(seller(), Command::Decline { reason: "x\u{202e}".to_owned() }),
        sent().when(buyer(), pay(PAYMENT, &[1, 2], sandbox())),
        sent().when(clock(), deadlines::all(&Past::sent(&case4()).escrow)[0].lapse()),
        agreed().when(seller(), Command::Decline { reason: String::new() }),
        agreed().when(buyer(), pay(PAYMENT, &[1], sandbox())),
        given(Past::agreed(&per_milestone())).when(buyer(), pay(PAYMENT, &[2], sandbox())),
        agreed().when(buyer(), pay(PAYMENT, &[1, 2], Method::Wallet)),
        agreed()
            .with_facts(|facts| facts.terms_of_service_accepted = false)
            .when(buyer(), pay(PAYMENT, &[1, 2], sandbox())),
        charged().when(buyer(), Command::Withdraw),
        charged().when(rail(), Command::ChargeSettled { payment: SECOND_PAYMENT }),
        paid().when(buyer(), Command::Withdraw),
        expired.when(buyer(), Command::Withdraw),
        given(Past::closed(&case4())).when(buyer(), Command::Withdraw),
    ];
    all.into_iter().map(super::dsl::given::When::refusal).collect()
}

/// What is refused once money is held.
fn after_the_money() -> Vec<Refusal> {
    let paid = || given(Past::paid(&case4()));
    let delivered = || given(Past::delivered(&case4(), 1));
    let approve = |part_minor: Option<i64>| Command::Approve { milestone: 1, part_minor };
    let changes = |failed: &[u16], reason: &str| Command::RequestChanges {
        milestone: 1,
        failed: failed.to_vec(),
        reason: reason.to_owned(),
    };
    let many = (0..21).map(|number| file(number, 1)).collect();
    let done = Command::MarkDone { milestone: 1, note: String::new(), files: Vec::new() };
    let proof =
        Command::SubmitProof { milestone: 1, kind: ProofKind::Other, note: String::new(), files: Vec::new() };
    let corrected = (0..3).fold(Past::paid(&quick_proof()), |past, _| past.proof().corrections()).proof();
    let all = vec![
        given(Past::agreed(&case4())).when(buyer(), approve(None)),
        paid().when(buyer(), approve(None)),
        paid().when(buyer(), Command::Cancel { milestone: 3 }),
        paid().when(buyer(), Command::Cancel { milestone: 1 }),
        paid().when(buyer(), Command::Close),
        paid().when(seller(), Command::PayOut { milestone: 1 }),
        paid().when(seller(), Command::MarkDone { milestone: 1, note: String::new(), files: many }),
        delivered().when(buyer(), approve(Some(0))),
        delivered().when(buyer(), approve(Some(400_001))),
        delivered().when(buyer(), changes(&[], "No")),
        delivered().when(buyer(), changes(&[9], "No")),
        delivered().when(buyer(), changes(&[0], "")),
        given(Past::sold(&instant())).when(buyer(), approve(None)),
        given(Past::delivered(&case4(), 1).released(1)).when(seller(), done.clone()),
        given(Past::paid(&quick_proof())).when(seller(), done),
        given(Past::paid(&quick_proof())).when(seller(), proof.clone()),
        given(Past::paid(&quick_proof())).when(buyer(), Command::AcceptProof { milestone: 1 }),
        given(corrected)
            .when(buyer(), Command::RequestCorrections { milestone: 1, note: "Once more.".to_owned() }),
        paid().when(seller(), proof),
        paid().when(buyer(), Command::RetryRefund { refund: 1 }),
        given(Past::paid(&case4()).refunding(1)).when(buyer(), Command::RefundToWallet { refund: 1 }),
        given(
            Past::paid(&case4())
                .refunding(1)
                .refund_failed()
                .then(Event::RefundedToWallet { refund: 1, milestone: 1 }),
        )
        .when(rail(), Command::RefundSettled { refund: 1, attempt: 1 }),
    ];
    all.into_iter().map(super::dsl::given::When::refusal).collect()
}

/// What is refused while the terms are talked about.
fn around_the_terms() -> Vec<Refusal> {
    let sent = || given(Past::sent(&case4()));
    let counter =
        |change: fn(&mut Terms)| Command::Counter { version: 1, terms: Box::new(case4().with(change)) };
    let correct = |user, to| Command::CorrectParty { user, to, identity_sha256: "e".repeat(64) };
    let nudge = Command::Nudge { waiting: Waiting::Acceptance, milestone: None };
    let mut often = Past::sent(&case4());
    often.escrow.version = 100;
    let other = Box::new(case4().with(|terms| terms.title.clear()));
    let invited = Past::sent(&case4()).then(Event::InvitedAgain { role: Role::Seller, user: SELLER });
    let mut nudged = Past::sent(&case4());
    let clock = deadlines::all(&nudged.escrow)[0];
    let (waiting, since, deadline) = (clock.waiting, clock.since, clock.at);
    nudged = nudged.then(Event::Nudged { waiting, milestone: None, since, deadline });
    let all = vec![
        sent().when(seller(), counter(|_| {})),
        sent().when(seller(), counter(|terms| terms.parties.truncate(2))),
        given(often).when(seller(), Command::Counter { version: 100, terms: other }),
        sent().when(buyer(), Command::InviteAgain { user: STRANGER }),
        given(Past::sent(&case4()).signed_by(Role::Seller)).when(buyer(), correct(SELLER, STRANGER)),
        sent().when(buyer(), correct(SELLER, BROKER)),
        given(invited.after_minutes(5)).when(buyer(), Command::InviteAgain { user: SELLER }),
        sent().when(buyer(), Command::Nudge { waiting: Waiting::Payment, milestone: None }),
        given(nudged.after_minutes(5)).when(buyer(), nudge),
    ];
    all.into_iter().map(super::dsl::given::When::refusal).collect()
}

/// What is refused to those who disagree.
fn in_disagreement() -> Vec<Refusal> {
    let paid = || given(Past::paid(&case4()));
    let delivered = || Past::delivered(&case4(), 1);
    let disputed = || given(delivered().disputed(1));
    let handed_over = || given(delivered().disputed(1).handed_over());
    let ruled = || given(delivered().disputed(1).handed_over().ruled());
    let text = || "Because.".to_owned();
    let approve = Command::Approve { milestone: 1, part_minor: None };
    let rule = |splits: Vec<Split>| Command::Rule { dispute: 1, splits, reasons: text() };
    let whole = || vec![split(1, 0, 400_000)];
    let asked_often = (0..3).fold(Past::paid(&case4()), |past, _| {
        past.cancelling().then(Event::CancellationEnded { end: CancellationEnd::Withdrawn })
    });
    let ask = |days: i64| Command::AskExtension {
        milestone: 1,
        due: crate::dsl::deal::start().plus_days(days),
        reason: text(),
    };
    let longer = |days: u8| Command::ExtendInspection { milestone: 1, days };
    let confirm = || Command::ConfirmRuling { dispute: 1 };
    let all = vec![
        disputed().when(buyer(), approve),
        paid().when(buyer(), Command::WithdrawDispute { dispute: 1 }),
        disputed().when(operator(), rule(whole())),
        ruled().when(buyer(), Command::WithdrawDispute { dispute: 1 }),
        handed_over().when(second_operator(), confirm()),
        ruled().when(operator(), confirm()),
        handed_over().when(holdfast::engine::party::Actor::Operator { user: BUYER }, rule(whole())),
        given(delivered().cancelling()).when(buyer(), longer(1)),
        paid().when(buyer(), Command::WithdrawCancellation),
        given(asked_often).when(buyer(), Command::RequestCancellation { reason: text() }),
        paid().when(seller(), Command::AcceptSettlement { settlement: 1 }),
        given(delivered().settling()).when(buyer(), Command::AcceptSettlement { settlement: 1 }),
        handed_over().when(operator(), rule(vec![split(1, 1, 400_000)])),
        handed_over().when(operator(), rule(Vec::new())),
        given(delivered().released(1)).when(seller(), Command::Refund { milestone: 1, part_minor: None }),
        paid().when(buyer(), Command::GrantExtension { milestone: 1 }),
        given(Past::paid(&case4()).asking()).when(broker(), ask(50)),
        paid().when(seller(), ask(1)),
        given(delivered().then(Event::InspectionExtended { milestone: 1, days: 2 })).when(buyer(), longer(1)),
        given(delivered()).when(buyer(), longer(15)),
        given(delivered()).when(buyer(), Command::Approve { milestone: 1, part_minor: Some(1) }),
        paid().when(buyer(), Command::Say { text: " ".to_owned(), files: Vec::new() }),
    ];
    all.into_iter().map(super::dsl::given::When::refusal).collect()
}

fn codes(refusals: &[Refusal]) -> BTreeSet<String> {
    refusals.iter().map(|refusal| refusal.code().to_string()).collect()
}

#[test]
fn every_refusal_is_come_upon_by_someone() {
    let mut reached = codes(&before_the_money());
    reached.extend(codes(&around_the_terms()));
    reached.extend(codes(&after_the_money()));
    reached.extend(codes(&in_disagreement()));
    assert_eq!(reached, codes(&one_of_each()));
}

#[test]
fn every_refusal_has_a_code_and_one_sentence() {
    for refusal in one_of_each() {
        let (code, sentence) = (refusal.code().to_string(), refusal.sentence());
        let capitals = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        assert!(capitals && !code.is_empty(), "{refusal:?}: {code:?}");
        let starts = sentence.starts_with(|letter: char| letter.is_uppercase());
        assert!(starts && sentence.ends_with(['.', '0']), "{refusal:?}: {sentence:?}");
        is_for_laymen(&code, &sentence);
        let stored = serde_json::to_value(&refusal).unwrap();
        assert_eq!(stored["code"], code);
        assert_eq!(serde_json::from_value::<Refusal>(stored).unwrap(), refusal);
    }
    assert_eq!(codes(&one_of_each()).len(), one_of_each().len());
}

/// Short, without the words of programs, and ending as a sentence does.
#[track_caller]
fn is_for_laymen(code: &str, sentence: &str) {
    // Cashless' own sentence ends with its sum.
    let ends = sentence.ends_with('.') || code == "INSUFFICIENT_FUNDS";
    assert!(ends && sentence.chars().count() <= 140, "{code}: {sentence:?}");
    let words: Vec<String> = sentence
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .map(str::to_owned)
        .filter(|word| !word.is_empty())
        .collect();
    assert!(words.len() >= 3, "{code}: {sentence:?}");
    for word in words {
        let of_code =
            word.contains('_') || (word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase()));
        let jargon =
            ["invalid", "null", "id", "uuid", "enum", "payload", "command", "state", "field", "actor"];
        assert!(
            !of_code && !jargon.contains(&word.to_lowercase().as_str()),
            "{code}: {word:?} in {sentence:?}"
        );
    }
}

#[test]
fn a_refusal_names_the_roles_that_could() {
    let only = |needs: &[Role]| Refusal::NotYourRole { needs: needs.to_vec() }.sentence();
    assert_eq!(only(&[]), "Nobody can do this.");
    assert_eq!(only(&[Role::Buyer]), "Only the buyer can do this.");
    let all = [Role::Buyer, Role::Seller, Role::Broker];
    assert_eq!(only(&all), "Only the buyer, the seller or the broker can do this.");
}
