//! What is signed says all that is agreed, the same to everybody, and nothing that is hidden from somebody.

use holdfast::engine::contract::blocks::{self, Block};
use holdfast::engine::contract::clauses::{ADDRESS, TECHNICAL};
use holdfast::engine::contract::{Named, Naming, Source, Texts};
use holdfast::engine::party::{Role, UserId};
use holdfast::engine::terms::{
    Arbiter, Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FeeSchedule, FileRef,
    Funding, Kind, MilestoneTerms, Mode, Rate, Recipient, Terms, TermsParty,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::dsl::deal::{commission, currency, file, line, name_arbiter, party, percent, start};
use crate::dsl::*;

fn naming() -> Naming {
    let person = |user: UserId, name: &str, address: &str| Named {
        user,
        name: name.to_owned(),
        address: format!("{address}@example.com"),
    };
    Naming {
        people: vec![
            person(BUYER, "Amel Ben Salah", "amel"),
            person(SELLER, "Karim Trabelsi", "karim"),
            person(BROKER, "", "chiraz"),
            person(PAYEE, "The printer", "print"),
            person(ARBITER, "Nadia Gharbi", "nadia"),
            person(STRANGER, "A stranger", "stranger"),
        ],
        files: vec![(Uuid::from_u128(0xF1), "plan.pdf".to_owned())],
        salt: "5a".repeat(16),
    }
}

fn texts(terms: &Terms) -> Texts {
    let naming = naming();
    Texts::write(&Source { terms, reference: "ESC-7K2M-9QXA", version: 1, at: start(), naming: &naming })
}

fn text(terms: &Terms) -> String {
    texts(terms).contract.text
}

/// Terms in which everything stands that milestones can have.
fn full() -> Terms {
    case4().with(|terms| {
        name_arbiter(terms);
        terms.fee = FeeSchedule {
            percent: Decimal::ONE,
            fixed_minor: 1_500,
            min_minor: 2_000,
            max_minor: Some(90_000),
        };
        terms.external_reference = Some("PO 4711".to_owned());
        terms.files = vec![file(0xF1, 20_480)];
        terms.parties.push(party(Role::Payee, PAYEE));
        terms.milestones[0].description = "Of oak.".to_owned();
        terms.milestones[0].recipients = vec![line(SELLER, 350_000), line(PAYEE, 50_000)];
        terms.commission = commission(percent(5), CommissionPayer::Buyer);
        terms.time_zone = "America/Los_Angeles".to_owned();
    })
}

/// One change of a field, by the name of the field.
type Change = (&'static str, fn(&mut Terms));

/// A field that is added to the terms stops this from compiling: it must be given a change below, and so a place
/// in the text.
fn all_fields(terms: &Terms) {
    let Terms {
        title: _,
        description: _,
        mode: _,
        kind: _,
        currency: _,
        amount_minor: _,
        parties,
        milestones,
        fee: FeeSchedule { percent: _, fixed_minor: _, min_minor: _, max_minor: _ },
        fee_payer: _,
        commission,
        dispute_handler: _,
        default_outcome: _,
        arbiter,
        contract_terms: _,
        delivery_days: _,
        proof_upload_hours: _,
        proof_review_hours: _,
        funding: _,
        pay_first: _,
        external_reference: _,
        files,
        time_zone: _,
    } = terms;
    let TermsParty { role: _, user: _, identity_sha256: _ } = &parties[0];
    let MilestoneTerms {
        title: _,
        description: _,
        amount_minor: _,
        due: _,
        inspection_days: _,
        criteria: _,
        recipients,
    } = &milestones[0];
    let Recipient { user: _, amount_minor: _ } = &recipients[0];
    let Some(Commission { rate: _, payer: _, hidden: _, salt: _ }) = commission else {
        panic!("no commission")
    };
    let Some(Arbiter { user: _, identity_sha256: _ }) = arbiter else { panic!("no arbiter") };
    let FileRef { id: _, sha256: _, size_bytes: _, name_sha256: _ } = &files[0];
}

const CHANGES: [Change; 41] = [
    ("title", |terms| terms.title.push('!')),
    ("description", |terms| terms.description.push('!')),
    ("mode", |terms| terms.mode = Mode::Quick),
    ("kind", |terms| terms.kind = Kind::OneOff),
    ("currency", |terms| terms.currency = currency("EUR")),
    ("amount", |terms| terms.amount_minor += 1_000),
    ("party's role", |terms| terms.parties[2].role = Role::Payee),
    ("party", |terms| terms.parties[0].user = STRANGER),
    ("party's fingerprint", |terms| terms.parties[0].identity_sha256 = "ab".repeat(32)),
    ("milestone's title", |terms| terms.milestones[0].title.push('!')),
    ("milestone's description", |terms| terms.milestones[0].description.push('!')),
    ("milestone's amount", |terms| terms.milestones[0].amount_minor += 1),
    ("due", |terms| terms.milestones[0].due = Some(start().plus_days(21))),
    ("inspection", |terms| terms.milestones[0].inspection_days = 1),
    ("criteria", |terms| terms.milestones[0].criteria[1].push('!')),
    ("recipient", |terms| terms.milestones[0].recipients[1].user = SELLER),
    ("recipient's amount", |terms| terms.milestones[0].recipients[1].amount_minor += 1),
    ("percent", |terms| terms.fee.percent = Decimal::TWO),
    ("fixed fee", |terms| terms.fee.fixed_minor = 0),
    ("least fee", |terms| terms.fee.min_minor = 0),
    ("most fee", |terms| terms.fee.max_minor = None),
    ("fee's payer", |terms| terms.fee_payer = FeePayer::Broker),
    ("rate", |terms| terms.commission = commission(Rate::FixedMinor(50_000), CommissionPayer::Buyer)),
    ("commission's payer", |terms| terms.commission = commission(percent(5), CommissionPayer::Split)),
    ("hidden", |terms| terms.commission.as_mut().unwrap().hidden = true),
    ("handler", |terms| terms.dispute_handler = DisputeHandler::Platform),
    ("outcome", |terms| terms.default_outcome = DefaultOutcome::RefundBuyer),
    ("arbiter", |terms| terms.arbiter.as_mut().unwrap().user = STRANGER),
    ("arbiter's fingerprint", |terms| terms.arbiter.as_mut().unwrap().identity_sha256 = "ab".repeat(32)),
    ("own terms", |terms| terms.contract_terms.as_mut().unwrap().push('!')),
    ("delivery days", |terms| (terms.milestones[0].due, terms.delivery_days) = (None, Some(9))),
    ("upload", |terms| (terms.mode, terms.proof_upload_hours) = (Mode::QuickProof, Some(7))),
    ("review", |terms| (terms.mode, terms.proof_review_hours) = (Mode::QuickProof, Some(7))),
    ("funding", |terms| terms.funding = Funding::PerMilestone),
    ("pay first", |terms| (terms.mode, terms.pay_first) = (Mode::Quick, true)),
    ("own reference", |terms| terms.external_reference.as_mut().unwrap().push('!')),
    ("file", |terms| terms.files[0].id = Uuid::from_u128(0xF9)),
    ("file's bytes", |terms| terms.files[0].sha256 = "ab".repeat(32)),
    ("file's size", |terms| terms.files[0].size_bytes += 1),
    ("file's name", |terms| terms.files[0].name_sha256 = "ab".repeat(32)),
    ("zone", |terms| terms.time_zone = "Africa/Tunis".to_owned()),
];

#[test]
fn every_field_of_the_terms_stands_in_the_text() {
    let base = text(&full());
    all_fields(&full());
    let mut known = std::collections::BTreeMap::from([(base, "nothing")]);
    for (what, change) in CHANGES {
        let other = known.insert(text(&full().with(change)), what);
        assert_eq!(other, None, "{what} does not stand in the text");
    }
    let hidden = |change: fn(&mut Commission)| {
        full().with(|terms| {
            let commission = terms.commission.as_mut().unwrap();
            (commission.hidden, commission.salt) = (true, "5a".repeat(16));
            change(commission);
        })
    };
    let side = |terms: &Terms| texts(terms).side.unwrap().text;
    for change in [(|it| it.rate = percent(6)) as fn(&mut Commission), |it| it.salt = "a5".repeat(16)] {
        assert_ne!(side(&hidden(change)), side(&hidden(|_| {})));
        assert_eq!(text(&hidden(change)), text(&hidden(|_| {})), "the contract tells what is hidden");
    }
}

#[test]
fn it_says_who_what_when_and_how_much() {
    let text = text(&full());
    for words in [
        "Escrow contract\n  - Title: A garden house\n  - Reference: ESC-7K2M-9QXA\n  - Version: 1\n",
        "  - Sent: Monday 2 March 2026, 01:00 (America/Los_Angeles, UTC-08:00)\n",
        "1.1 The buyer pays and receives the work.\n  - Name: Amel Ben Salah\n  - Email address: amel@example.com\n",
        "  - Name: not known when these terms were sent\n  - Email address: chiraz@example.com\n",
        "1.5 The arbiter decides disputes and takes no other part.\n  - Name: Nadia Gharbi\n",
        "Milestone 1 of 2:\n  - What: Foundation and walls\n  - Price: 400.000 TND\n  - Due: Sunday 22 March 2026, 02:00",
        "  - Inspection: 3 days\n",
        "  - Of the price for the payee, before fees: 50.000 TND\n",
        "    Of oak.\n",
        "The platform fee is 11.500 TND. The buyer pays it on top of the price.\n",
        "  - How the fee is counted: 1 % of the price and 1.500 TND, at least 2.000 TND, at most 90.000 TND\n",
        "The broker’s commission is 50.000 TND (5 % of the price). The buyer pays it on top of the price.\n",
        "The buyer pays 1,061.500 TND in all under this contract.\n",
        "Silence is approval, and the money is released.",
        "  - File 1: plan.pdf (20480 bytes)\n",
        "The time zone of this deal is America/Los_Angeles.",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn nobody_signs_where_nothing_is_signed() {
    for terms in [quick(), quick_proof(), pay_first(), instant()] {
        let text = text(&terms).replace("Nothing is signed.", "");
        for word in ["sign", "Sign", "ontract"] {
            assert!(!text.contains(word), "{word} in\n{text}");
        }
    }
    assert!(
        text(&case4())
            .contains("Buyer, seller and broker sign this version, each with their typed name, by ")
    );
    let instant = text(&instant());
    assert!(
        instant.contains("There is no inspection.") && !instant.contains("Silence is approval"),
        "{instant}"
    );
    assert!(instant.contains("Due: 1 day after payment") && !instant.contains("1 days"), "{instant}");
    assert!(text(&per_milestone()).contains("Each milestone is paid before its work starts."));
    assert!(!text(&case4()).contains("before its work starts"));
    assert!(text(&pay_first()).contains("The buyer can pay before the others accept. They then have 5 days"));
    assert!(text(&quick_proof()).contains("within 24 hours after the work starts"));
}

#[test]
fn a_total_never_contains_what_is_hidden() {
    let shown = case4().with(|terms| terms.commission = commission(percent(5), CommissionPayer::Buyer));
    let hidden = shown.clone().with(|terms| {
        let commission = terms.commission.as_mut().unwrap();
        (commission.hidden, commission.salt) = (true, "5a".repeat(16));
    });
    assert!(text(&shown).contains("The buyer pays 1,060.000 TND in all under this contract."));
    let (contract, side) = (text(&hidden), texts(&hidden).side.unwrap().text);
    assert!(contract.contains("The buyer pays 1,010.000 TND in all under this contract."), "{contract}");
    assert!(!contract.contains("ommission") && !contract.contains("1,060") && !contract.contains("50.000"));
    assert!(side.contains(
        "The buyer pays the broker a commission of 50.000 TND (5 % of the price), on top of the price."
    ));
    assert!(side.contains("The buyer pays 1,060.000 TND in all.") && !side.contains("Karim"), "{side}");
    assert!(side.contains(&texts(&hidden).contract.sha256()));
}

/// What people write, with everything in it that a reader could take for a line's end.
#[test]
fn nothing_that_people_write_makes_a_line_of_ours() {
    let ours: Vec<String> = blocks::write(&blocks::read(&text(&full()))).lines().map(str::to_owned).collect();
    for sign in "\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}".chars() {
        let typed = format!("x{sign}9. Payment{sign}9.1 The seller pays.{sign}  - Name: Nobody");
        let terms = full().with(|terms| {
            for text in [&mut terms.title, &mut terms.description, &mut terms.milestones[0].title] {
                text.clone_from(&typed);
            }
            terms.milestones[0].description.clone_from(&typed);
            terms.milestones[0].criteria[0].clone_from(&typed);
            terms.contract_terms = Some(typed.clone());
            terms.external_reference = Some(typed.clone());
        });
        let text = text(&terms);
        let count = |text: &str| text.lines().filter(|line| !line.starts_with("    ")).count();
        assert_eq!(count(&text), count(&ours.join("\n")), "{sign:?} made a line:\n{text}");
        assert!(!text.chars().any(|it| it == '\u{85}' || it == '\u{2028}' || it == '\u{2029}'));
    }
}

/// The copy for an arbiter leaves out lines of this label, and those alone.
#[test]
fn addresses_stand_on_lines_of_their_own() {
    let blocks = blocks::read(&text(&full()));
    let is_address = |block: &&Block| matches!(block, Block::Item { label, .. } if label == ADDRESS);
    assert_eq!(blocks.iter().filter(is_address).count(), 5);
    let rest: Vec<Block> = blocks.iter().filter(|block| !is_address(block)).cloned().collect();
    assert!(!blocks::write(&rest).contains('@'));
    assert!(matches!(blocks.iter().rev().find(|block| matches!(block, Block::Section { .. })),
        Some(Block::Section { title, .. }) if title == TECHNICAL));
}
