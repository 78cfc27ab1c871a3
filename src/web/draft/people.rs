//! Who takes part: addresses become the parties of terms. Who they are is looked up when the terms are
//! sent, so that nobody learns here which addresses have an account.

use uuid::Uuid;

use super::answers::Answers;
use super::base::Base;
use crate::engine::party::{Role, UserId};
use crate::engine::terms::{Mode, TermsParty};
use crate::store::users;
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
pub fn read(answers: &Answers, role: Role, own: &str, problems: &mut Problems) -> Vec<(Role, String)> {
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
        let Some(email) = users::address(typed) else {
            problems.add(other.word(), "Enter an email address like name@example.com.");
            continue;
        };
        if email == own {
            problems.add(other.word(), "This is your own address. Everyone who takes part has another one.");
        } else if named.iter().any(|(_, known)| *known == email) {
            problems
                .add(other.word(), "This address is named above. Everyone who takes part has another one.");
        }
        named.push((other, email));
    }
    named.sort_by_key(|(role, _)| *role);
    named
}

/// Everyone who takes part in the escrow that a counter-offer is made to, by the address shown there.
#[must_use]
pub fn known(answers: &Answers, base: &Base, role: Role, own: &str) -> Vec<(Role, String)> {
    let address = |other: Role| if other == role { own } else { answers.get(other.word()) }.to_owned();
    base.escrow.terms.parties.iter().map(|party| (party.role, address(party.role))).collect()
}

/// What stands for a digest that is made when the terms are sent.
pub(super) fn stand_in(place: u128) -> String {
    format!("{place:064x}")
}

/// The contract's text with words in the place of the digests that are only made when it is sent.
#[must_use]
pub fn in_words(text: &str, named: &[(Role, String)]) -> String {
    let one = |text: String, (place, (_, email)): (u128, &(Role, String))| {
        text.replace(&stand_in(place), &format!("SHA-256 of {email} and a random salt"))
    };
    (1..).zip(named).fold(text.to_owned(), one)
}

/// The same as the terms hold them before they are sent: the creator, and stand-ins for the others. The
/// address stands where the contract will have its salted digest.
#[must_use]
pub fn stand_ins(named: &[(Role, String)], own: &str, creator: UserId) -> Vec<TermsParty> {
    let party = |(place, (role, email)): (u128, &(Role, String))| TermsParty {
        role: *role,
        user: if email == own { creator } else { Uuid::from_u128(place) },
        identity_sha256: stand_in(place),
    };
    (1..).zip(named).map(party).collect()
}
