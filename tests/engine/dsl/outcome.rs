//! What an act came to, and how a story says it.

use holdfast::engine::command::Command;
use holdfast::engine::decide::Decision;
use holdfast::engine::refusal::Refusal;
use holdfast::money::Money;

use super::people::BUYER;
use super::world::World;

/// What an act came to.
#[must_use = "say what it came to: `is_done`, `is_already_done`, `is_refused`"]
pub struct Outcome {
    pub(super) command: Command,
    pub result: Result<Decision, Refusal>,
}

impl Outcome {
    #[track_caller]
    pub fn is_done(&self) {
        assert!(matches!(self.result, Ok(Decision::Done(_))), "{:?} came to {:?}", self.command, self.result);
    }

    #[track_caller]
    pub fn is_already_done(&self) {
        assert_eq!(self.result, Ok(Decision::AlreadyDone), "{:?}", self.command);
    }

    #[track_caller]
    pub fn is_refused(&self, refusal: Refusal) {
        assert_eq!(self.result, Err(refusal), "{:?}", self.command);
    }

    #[track_caller]
    pub fn is_refused_saying(&self, sentence: &str) {
        let said = self.result.as_ref().err().map(Refusal::sentence);
        assert_eq!(said.as_deref(), Some(sentence), "{:?} came to {:?}", self.command, self.result);
    }
}

/// Gives the buyer money of his own before anything starts.
pub fn with_wallet(mut world: World, amount: &str) -> World {
    let money = Money::parse(amount, world.terms.currency).unwrap();
    world.books.top_up(BUYER, money.minor);
    world
}
