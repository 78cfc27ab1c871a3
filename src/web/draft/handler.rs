//! Who decides a dispute: the platform's operators, or an arbiter whom the parties name by name and address. Who
//! he is, is looked up when the terms are sent.

use uuid::Uuid;

use super::answers::Answers;
use super::terms::Given;
use crate::engine::escrow::Escrow;
use crate::engine::party::Role;
use crate::engine::terms::{Arbiter, DisputeHandler};
use crate::store::escrows::Person;
use crate::store::proposals::Named;
use crate::web::form::Problems;

/// The longest name, in characters.
pub(super) const LONGEST_NAME: usize = 200;
/// The place of the stand-in: far behind those of the parties.
const PLACE: u128 = 1_000;

/// The arbiter as somebody named him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    pub email: String,
    pub name: String,
}

impl Called {
    /// The one who stands among the people of an escrow.
    #[must_use]
    pub fn among(people: &[Person]) -> Option<Self> {
        let person = people.iter().find(|person| person.role == "arbiter")?;
        Some(Self { email: person.email.clone()?, name: person.name.clone() })
    }

    /// Those who are paid too, in the order of the terms.
    #[must_use]
    pub fn payees(escrow: &Escrow, people: &[Person]) -> Vec<Self> {
        let called = |user| {
            let person = people.iter().find(|person| person.user_id == user);
            let email = person.and_then(|person| person.email.clone()).unwrap_or_default();
            let name = person.map(|person| person.name.clone()).filter(|name| !name.is_empty());
            Self { name: name.unwrap_or_else(|| email.clone()), email }
        };
        escrow.payees().into_iter().map(called).collect()
    }

    /// "Nadia Gharbi (nadia@example.com)".
    #[must_use]
    pub fn words(&self) -> String {
        if self.name.is_empty() { self.email.clone() } else { format!("{} ({})", self.name, self.email) }
    }
}

/// Who decides, as it was chosen.
#[must_use]
pub fn chosen(answers: &Answers) -> Option<DisputeHandler> {
    match answers.or("dispute_handler", "platform").as_str() {
        "platform" => Some(DisputeHandler::Platform),
        "arbitration" => Some(DisputeHandler::Arbitration),
        _ => None,
    }
}

/// What the terms will say of it, and whom the sending looks up.
pub struct Handler {
    pub handler: DisputeHandler,
    pub arbiter: Option<Arbiter>,
    pub named: Named,
}

/// Reads it. `parties` are the others' addresses.
pub fn read(
    answers: &Answers,
    given: &Given<'_>,
    parties: &[(Role, String)],
    problems: &mut Problems,
) -> Handler {
    let handler = chosen(answers);
    if handler.is_none() {
        problems.add("dispute_handler", "Choose who decides a dispute.");
    }
    let handler = handler.unwrap_or(DisputeHandler::Platform);
    let named = Named { arbiter: None, names: super::people::names(answers) };
    let nobody = Handler { handler, arbiter: None, named };
    if handler == DisputeHandler::Platform {
        return nobody;
    }
    let name = answers.fields().name("arbiter_name", LONGEST_NAME, "Enter the arbiter’s name.", problems);
    let missing = if answers.get("arbiter").is_empty() {
        "Enter the arbiter’s email address."
    } else {
        "Enter an email address like name@example.com."
    };
    let Some(email) = answers.fields().email("arbiter", missing, problems) else { return nobody };
    if email == given.email || parties.iter().any(|(_, known)| *known == email) {
        problems.add("arbiter", "This address takes part in the deal. The arbiter takes no other part.");
        return nobody;
    }
    // Whoever stands in the terms already stays who he is.
    let base = given.base.filter(|base| base.arbiter.as_ref().is_some_and(|known| known.email == email));
    if let Some(arbiter) = base.and_then(|base| base.escrow.terms.arbiter.clone()) {
        return Handler { arbiter: Some(arbiter), ..nobody };
    }
    let arbiter = Arbiter { user: Uuid::from_u128(PLACE), identity_sha256: super::people::stand_in(PLACE) };
    let mut named = nobody.named;
    named.arbiter = Some(email.clone());
    named.names.push((email, name));
    Handler { handler, arbiter: Some(arbiter), named }
}
