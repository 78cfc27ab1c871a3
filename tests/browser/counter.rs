//! A counter-offer: the buyer takes the seller's terms, changes the price, and the seller sees by the words
//! what changed before he signs. Without scripts: no page needs them.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_counter_offer_is_compared_and_signed() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::without_scripts(&driver, &portal).await;
    let buyer = Person::without_scripts(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let escrow = seller.offers(true, "A logo", BUYER).await;
    buyer.go(&portal.mailed_link(BUYER, "invites you to an escrow")).await;
    buyer.press("Register to accept").await;
    buyer.introduces_herself("Amel Acheteur", None).await;
    buyer.press("Create account").await;
    buyer.sees("Amel Acheteur").await;
    seller.go(&format!("{escrow}/contract/sign")).await;
    seller.fill("Your full name", "Sami Studio").await;
    seller.tick("I have read the contract").await;
    seller.press("Sign contract v1").await;
    seller.sees("You signed the contract").await;

    buyer.go(&escrow).await;
    buyer.press("Propose changes").await;
    buyer.sees("Sami Studio signed no longer counts then").await;
    buyer.press("Change the terms").await;
    buyer.sees("Check your answers").await;
    buyer.press("Change: Price").await;
    buyer.fill("Price", "45").await;
    buyer.press("Continue").await;
    buyer.sees("What you change").await;
    buyer.press("Send as version 2").await;
    buyer.sees("Your terms are sent, as a new version").await;

    seller.go(&portal.mailed_link(SELLER, "New terms, version 2: A logo")).await;
    seller.sees("What changed in version 2").await;
    for (tag, words) in [("del", "50.000"), ("ins", "45.000")] {
        let marked = seller.marked(tag).await;
        assert!(marked.iter().any(|text| text.contains(words)), "{tag}: {marked:?}");
    }
    seller.picture("counter-offer").await;
    seller.press("Read and sign version 2").await;
    seller.fill("Your full name", "Sami Studio").await;
    seller.tick("I have read the contract").await;
    seller.press("Sign contract v2").await;
    seller.sees("You signed the contract").await;
    seller.go(&format!("{escrow}/terms")).await;
    seller.sees("Version 2").await;
}
