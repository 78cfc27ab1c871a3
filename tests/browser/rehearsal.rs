//! The rehearsal of the README, step by step: one operator plays both sides by the mails that the portal keeps, and
//! lets the clock release the money.

use crate::driver::Driver;
use crate::entry::PASSWORD;
use crate::person::Person;
use crate::portal::Portal;

const SELLER: &str = "seller@example.com";
const BUYER: &str = "buyer@example.com";

#[tokio::test]
async fn a_newcomer_rehearses_a_deal_from_the_readme_alone() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::rehearsal();
    let olfa = Person::at(&driver, &portal).await;
    olfa.sets_up(&portal, "olfa@example.com").await;
    let seller = Person::at(&driver, &portal).await;
    seller.go("/sign-up").await;
    seller.introduces_herself("Sami Shop", Some(SELLER)).await;
    seller.press("Create account").await;
    seller.sees("An operator finds it at /admin/mail").await;

    olfa.opens_as_its_reader("Confirm your address").await;
    olfa.sees("You are looking as seller@example.com").await;
    olfa.fill("Password", PASSWORD).await;
    olfa.press("Confirm address and sign in").await;
    olfa.sees("You are looking as Sami Shop").await;
    let quick = "No, it is enough that everyone accepts";
    let escrow = olfa.sends_terms(quick, "A bicycle", "100", BUYER).await;
    olfa.inspects("rehearsal-as-the-seller").await;

    olfa.returns().await;
    olfa.opens_as_its_reader("invites you to an escrow").await;
    olfa.press("Register to accept").await;
    olfa.introduces_herself("Amel Acheteur", None).await;
    olfa.press("Create account").await;
    olfa.sees("You are looking as Amel Acheteur").await;
    olfa.accepts_and_pays(&escrow, "100.000").await;

    olfa.returns().await;
    olfa.opens_as_its_reader("Money held, work can start").await;
    olfa.sees("You are looking as Sami Shop").await;
    olfa.hands_over(&escrow, "By hand.").await;
    olfa.returns().await;
    olfa.opens_as_its_reader("Delivered").await;
    olfa.sees("You are looking as Amel Acheteur").await;
    olfa.sees("A bicycle").await;

    // Nobody approves: the inspection ends by itself.
    olfa.returns().await;
    olfa.press("Move the clock").await;
    olfa.picture("rehearsal-clock").await;
    olfa.fill("How many", "3").await;
    olfa.choose("Of what", "days").await;
    olfa.press("Move the clock on").await;
    olfa.opens_as_its_reader("Released to you").await;
    olfa.go(&escrow).await;
    olfa.waits_for("Completed").await;
    olfa.go("/balances").await;
    olfa.sees("99.000").await;
    olfa.saw_nothing_wrong();
}

impl Person {
    /// Finds the newest mail like this in the console, as soon as it is there, and opens its link as its reader.
    async fn opens_as_its_reader(&self, subject: &str) {
        self.go("/admin/mail").await;
        self.waits_for(subject).await;
        self.press(subject).await;
        self.sees("About this mail").await;
        self.press("Open it as this person").await;
        self.sees("You are looking as").await;
    }

    async fn returns(&self) {
        self.press("Return to your own account").await;
        self.sees("Olfa Operator").await;
    }
}
