//! A quick deal with a proof: no contract, a proof that is sent back once, then the delivery.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_phone_is_proved_corrected_delivered_and_paid() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::at(&driver, &portal).await;
    let buyer = Person::at(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Shop", SELLER).await;
    let escrow = seller.sends_terms("No, but the seller shows a proof", "A phone", "900", BUYER).await;
    buyer.takes_the_invitation(&portal, BUYER, "Amel Acheteur").await;
    buyer.accepts_and_pays(&escrow, "900.000").await;

    seller.sends_a_proof(&portal, &escrow, "receipt.txt", "The receipt.").await;
    buyer.go(&format!("{escrow}/proof")).await;
    buyer.sees("receipt.txt").await;
    buyer.inspects("proof-in-review").await;
    buyer.fill("What is to be corrected?", "The date is cut off.").await;
    buyer.press("Ask for corrections").await;
    buyer.sees("Proof needed").await;
    seller.go(&format!("{escrow}/proof")).await;
    seller.sees("The date is cut off.").await;
    seller.inspects("proof-to-correct").await;
    seller.sends_a_proof(&portal, &escrow, "whole.txt", "The receipt, with its date.").await;
    buyer.go(&format!("{escrow}/proof")).await;
    buyer.sees("whole.txt").await;
    buyer.press("Accept the proof").await;
    buyer.sees("Held in escrow").await;

    seller.hands_over(&escrow, "By hand, in its box.").await;
    buyer.go(&format!("{escrow}/milestones/1/inspect")).await;
    buyer.press("Go on to approve").await;
    buyer.press("Release").await;
    buyer.sees("Approved. The money is released").await;
    buyer.go(&escrow).await;
    buyer.sees("Completed").await;
    buyer.inspects("quick-completed").await;
    seller.go("/balances").await;
    seller.sees("891.000").await;
    for person in [&seller, &buyer] {
        person.saw_nothing_wrong();
    }
}

impl Person {
    async fn sends_a_proof(&self, portal: &Portal, escrow: &str, file: &str, note: &str) {
        self.go(&format!("{escrow}/proof")).await;
        self.tick("What is it? / Receipt").await;
        self.fill("Message to the buyer", note).await;
        self.attach("Files", &portal.file(file, note.as_bytes())).await;
        self.press("Send the proof").await;
        self.sees("Proof in review").await;
    }

    /// Follows an invitation and makes an account by it.
    pub async fn takes_the_invitation(&self, portal: &Portal, email: &str, name: &str) {
        self.go(&portal.mailed_link(email, "invites you to an escrow")).await;
        self.press("Register to accept").await;
        self.introduces_herself(name, None).await;
        self.press("Create account").await;
        self.sees(name).await;
    }

    /// Accepts what there is no contract for, and pays by the provider's page.
    pub async fn accepts_and_pays(&self, escrow: &str, sum: &str) {
        self.go(&format!("{escrow}/accept")).await;
        self.press("Accept version 1").await;
        self.sees("To pay").await;
        self.go(&format!("{escrow}/pay")).await;
        self.press(&format!("Pay {sum}")).await;
        self.sees("Sandbox Pay").await;
        self.press(&format!("Pay {sum}")).await;
        self.waits_for(&format!("{sum} TND was paid into escrow")).await;
    }

    /// Marks the only milestone as delivered.
    pub async fn hands_over(&self, escrow: &str, note: &str) {
        self.go(&format!("{escrow}/milestones/1/deliver")).await;
        self.fill("Message to the buyer", note).await;
        self.press("Mark as delivered").await;
        self.sees("Marked as delivered").await;
    }
}
