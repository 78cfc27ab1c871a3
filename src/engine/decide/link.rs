//! Buying by the pay link of an instant escrow, as somebody with an account or as a guest.
//!
//! The terms name no buyer. Whoever pays becomes it, and accepts the terms by that: one link, one sale. While
//! a payment is under way nobody else can pay; when it has failed, another one may take the buyer's place.
//! Who holds the link, and whether a claimed account is the same person's, is for the caller to know.

use uuid::Uuid;

use super::{Draft, funding};
use crate::engine::command::Facts;
use crate::engine::contract;
use crate::engine::escrow::Method;
use crate::engine::event::Event;
use crate::engine::party::{Role, UserId};
use crate::engine::refusal::{Fault, Refusal};

/// How somebody takes the buyer's place.
struct Joining<'a> {
    guest: bool,
    claimed: bool,
    identity_sha256: &'a str,
}

pub(super) fn buy(
    draft: &mut Draft,
    payment: Uuid,
    method: &Method,
    identity_sha256: &str,
    guest: bool,
    facts: &Facts,
) -> Result<(), Refusal> {
    let joining = &Joining { guest, claimed: false, identity_sha256 };
    draft.needs(&[Role::Buyer])?;
    let user = draft.user()?;
    if !draft.escrow.instant() {
        return Err(Refusal::NoPayLink);
    }
    if draft.escrow.attempt(payment).is_some() {
        return Ok(());
    }
    let to_pay = draft.escrow.to_pay();
    if draft.escrow.funded() {
        return Err(Refusal::AlreadyPaid);
    }
    if draft.escrow.over() {
        return Err(Refusal::EscrowOver);
    }
    if draft.escrow.charge_pending() {
        return Err(Refusal::PaymentPending);
    }
    // A guest has none, and his name is no key to anybody's.
    if joining.guest && *method == Method::Wallet {
        return Err(Refusal::InsufficientWallet { available: draft.escrow.terms.money(0) });
    }
    if !facts.terms_of_service_accepted {
        return Err(Refusal::TermsOfServiceNotAccepted);
    }
    let buyer = draft.escrow.party(Role::Buyer).map(|party| party.user);
    if buyer != Some(user) {
        free_for(draft, user, facts)?;
        join(draft, user, buyer, joining)?;
    }
    funding::charge(draft, payment, to_pay, method, facts)
}

/// Nobody is on two sides of one deal, by account or address.
fn free_for(draft: &Draft, user: UserId, facts: &Facts) -> Result<(), Refusal> {
    let escrow = &draft.escrow;
    let decides = escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == user);
    if decides || facts.address_takes_part || escrow.party_of(user).is_some() {
        Err(Refusal::AddressTaken)
    } else {
        Ok(())
    }
}

fn join(
    draft: &mut Draft,
    user: UserId,
    instead_of: Option<UserId>,
    joining: &Joining<'_>,
) -> Result<(), Refusal> {
    if !contract::is_digest(joining.identity_sha256) {
        let sentence = "This address could not be written down.".to_owned();
        return Err(Refusal::TermsFaulty { faults: vec![Fault { field: "email".to_owned(), sentence }] });
    }
    draft.push(Event::BuyerJoined {
        user,
        instead_of,
        claimed: joining.claimed,
        identity_sha256: joining.identity_sha256.to_owned(),
        guest: joining.guest,
        version: draft.escrow.version,
        document_sha256: draft.escrow.document_sha256.clone(),
    });
    Ok(())
}

/// The buyer's place passes to another user of the same person, with everything that belongs to it.
pub(super) fn claim(
    draft: &mut Draft,
    to: UserId,
    identity_sha256: &str,
    facts: &Facts,
) -> Result<(), Refusal> {
    draft.needs(&[Role::Buyer])?;
    let user = draft.user()?;
    if !draft.escrow.instant() {
        return Err(Refusal::NoPayLink);
    }
    let (buyer, guest) =
        draft.escrow.party(Role::Buyer).map_or((None, false), |party| (Some(party.user), party.guest));
    if buyer == Some(to) && !guest {
        return Ok(());
    }
    if buyer != Some(user) {
        return Err(Refusal::NotAParty);
    }
    // The guest himself may have got an account meanwhile; then nothing changes hands.
    if to != user {
        if draft.escrow.charge_pending() {
            return Err(Refusal::PaymentPending);
        }
        free_for(draft, to, facts)?;
    }
    join(draft, to, buyer, &Joining { guest: false, claimed: true, identity_sha256 })
}
