//! A quick deal with a proof: no contract, a proof that is sent back once, then the delivery. Without scripts:
//! no page needs them.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_phone_is_proved_corrected_delivered_and_paid() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::without_scripts(&driver, &portal).await;
    let buyer = Person::without_scripts(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Shop", SELLER).await;
    let escrow = seller.offers_quickly("No, but the seller shows a proof", "A phone", "900", BUYER).await;
    buyer.accepts_the_invitation(&portal, BUYER, "Amel Acheteur").await;
    buyer.pays_into(&escrow, "900.000").await;

    for (note, name) in [("The receipt.", "receipt.txt"), ("The receipt, with its date.", "whole.txt")] {
        seller.go(&format!("{escrow}/proof")).await;
        seller.tick("What is it? / Receipt").await;
        seller.fill("Message to the buyer", note).await;
        seller.attach("Files", &portal.file(name, note.as_bytes())).await;
        seller.press("Send the proof").await;
        seller.sees("Proof in review").await;
        buyer.go(&format!("{escrow}/proof")).await;
        buyer.sees(note).await;
        buyer.sees(name).await;
        if name == "receipt.txt" {
            buyer.inspects_without_scripts("proof-in-review").await;
            buyer.fill("What is to be corrected?", "The date is cut off.").await;
            buyer.press_in("form", "Ask for corrections").await;
            buyer.sees("Proof needed").await;
            seller.go(&escrow).await;
            seller.press("Send").await;
            seller.sees("The date is cut off.").await;
            seller.inspects_without_scripts("proof-to-correct").await;
        }
    }
    buyer.press("Accept the proof").await;
    buyer.sees("Held in escrow").await;
    seller.hands_over(&escrow, "By hand, in its box.").await;
    buyer.go(&format!("{escrow}/milestones/1/inspect")).await;
    buyer.press("Go on to approve").await;
    buyer.press("Release").await;
    buyer.sees("Approved. The money is released").await;
    buyer.go(&escrow).await;
    buyer.sees("Completed").await;
    buyer.picture("quick-completed").await;
    seller.go("/balances").await;
    seller.sees("891.000").await;
}
