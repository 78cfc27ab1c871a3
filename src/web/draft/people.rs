//! Who takes part: addresses become the parties of terms. Who they are is looked up when the terms are
//! sent, so that nobody learns here which addresses have an account.

use uuid::Uuid;

use super::answers::{Answers, payee};
use super::base::Base;
use super::handler::LONGEST_NAME;
use super::terms::Given;
use crate::address;
use crate::engine::party::{Role, UserId};
use crate::engine::terms::{Mode, TermsParty};
use crate::web::form::Problems;

/// Whom a creator in this role names, and whether he must.
#[must_use]
pub fn others(role: Role) -> [(Role, bool); 2] {
    match role {
        Role::Seller | Role::Payee => [(Role::Buyer, true), (Role::Broker, false)],
        Role::Buyer => [(Role::Seller, true), (Role::Broker, false)],
        Role::Broker => [(Role::Buyer, true), (Role::Seller, true)],
    }
}

/// Everyone with a role by normalised address, in the order of the contract.
fn read(answers: &Answers, role: Role, own: &str, problems: &mut Problems) -> Vec<(Role, String)> {
    // Behind a pay link stands the seller alone, whatever was typed before it was chosen.
    if answers.mode() == Some(Mode::Instant) {
        if role != Role::Seller {
            problems.add(
                "role",
                "Only the seller makes a pay link. Choose “I am selling”, or another kind of deal.",
            );
        }
        return vec![(Role::Seller, own.to_owned())];
    }
    let mut named = vec![(role, own.to_owned())];
    for (other, required) in others(role) {
        let typed = answers.get(other.word());
        if typed.is_empty() {
            if required {
                problems.add(other.word(), format!("Enter the {}’s email address.", other.word()));
            }
            continue;
        }
        let plain = "Enter an email address like name@example.com.";
        let Some(email) = answers.fields().email(other.word(), plain, problems) else { continue };
        if email == own {
            problems.add(other.word(), "This is your own address. Everyone who takes part has another one.");
        } else if named.iter().any(|(_, known)| *known == email) {
            problems
                .add(other.word(), "This address is named above. Everyone who takes part has another one.");
        }
        named.push((other, email));
    }
    payees(answers, own, &mut named, problems);
    named.sort_by_key(|(role, _)| *role);
    named
}

/// Those who are paid too. One who can't be read stands there by his number, so that the others keep theirs.
fn payees(answers: &Answers, own: &str, named: &mut Vec<(Role, String)>, problems: &mut Problems) {
    for number in 1..=answers.payees() {
        let (name, field) = (payee(number, "name"), payee(number, "email"));
        let missing = "Enter a name, or remove this person.";
        let _ = answers.fields().name(&name, LONGEST_NAME, missing, problems);
        let plain = "Enter an email address like name@example.com.";
        let email = answers.fields().email(&field, plain, problems);
        match &email {
            None => {}
            Some(email) if email == own => problems.add(
                &field,
                "This is your own address. Whoever is paid too takes no other part in the deal.",
            ),
            Some(email) if named.iter().any(|(_, known)| known == email) => {
                problems.add(&field, "This address is named above. Everyone who takes part has another one.")
            }
            Some(_) => {}
        }
        named.push((Role::Payee, email.unwrap_or_else(|| format!("payee {number}"))));
    }
}

/// What those who are paid too are called by whoever names them, by address.
#[must_use]
pub fn names(answers: &Answers) -> Vec<(String, String)> {
    let one = |number| {
        let email = address::canonical(answers.get(&payee(number, "email"))).ok()?;
        Some((email, answers.get(&payee(number, "name")).to_owned()))
    };
    (1..=answers.payees()).filter_map(one).collect()
}

/// What the payee of a number from 1 is called on the pages: his name, else his address.
#[must_use]
pub fn payee_name(answers: &Answers, number: usize) -> String {
    let [name, email] = ["name", "email"].map(|part| answers.get(&payee(number, part)));
    match (name, email) {
        ("", "") => format!("Payee {number}"),
        ("", email) => email.to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// Everyone by address, and the same as the terms hold them before they are sent.
pub struct Seats {
    pub named: Vec<(Role, String)>,
    pub parties: Vec<TermsParty>,
    /// Of other terms: the stand-ins of payees who are new in them, with their addresses.
    pub new: Vec<(UserId, String)>,
}

/// Those of a new escrow.
#[must_use]
pub fn of_new(answers: &Answers, given: &Given<'_>, role: Role, problems: &mut Problems) -> Seats {
    let named = read(answers, role, given.email, problems);
    let parties = stand_ins(&named, given.email, given.creator);
    Seats { named, parties, new: Vec::new() }
}

/// Those of a counter-offer: who has a say in the escrow stays, by the address shown there, and whoever is paid too is
/// read anew.
pub fn of_base(answers: &Answers, base: &Base, own: (Role, &str), problems: &mut Problems) -> Seats {
    let with_a_say = base.escrow.terms.parties.iter().filter(|party| party.role.must_agree());
    let mut parties: Vec<TermsParty> = with_a_say.cloned().collect();
    let address = |role: Role| if role == own.0 { own.1 } else { answers.get(role.word()) }.to_owned();
    let mut named: Vec<(Role, String)> =
        parties.iter().map(|party| (party.role, address(party.role))).collect();
    payees(answers, own.1, &mut named, problems);
    let mut new = Vec::new();
    for (place, (_, email)) in (1..).zip(&named).skip(parties.len()) {
        let known = base.payees.iter().position(|called| called.email == *email);
        let known = known.and_then(|place| base.escrow.terms.payees().nth(place));
        parties.push(known.cloned().unwrap_or_else(|| {
            let user = Uuid::from_u128(place);
            new.push((user, email.clone()));
            TermsParty { role: Role::Payee, user, identity_sha256: stand_in(place) }
        }));
    }
    Seats { named, parties, new }
}

/// What stands for a digest that is made when the terms are sent.
pub(super) fn stand_in(place: u128) -> String {
    format!("{place:064x}")
}

/// The same as the terms hold them before they are sent: the creator, and stand-ins for the others. The
/// address stands where the contract will have its salted digest.
#[must_use]
fn stand_ins(named: &[(Role, String)], own: &str, creator: UserId) -> Vec<TermsParty> {
    let party = |(place, (role, email)): (u128, &(Role, String))| TermsParty {
        role: *role,
        user: if email == own { creator } else { Uuid::from_u128(place) },
        identity_sha256: stand_in(place),
    };
    (1..).zip(named).map(party).collect()
}
