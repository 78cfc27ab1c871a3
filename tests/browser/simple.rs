//! One-off deals: one that its seller begins, and one that its buyer begins, both without a broker and
//! with scripts switched off: no page needs them.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_seller_makes_a_deal_and_then_the_buyer_makes_one_without_scripts() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::without_scripts(&driver, &portal).await;
    let buyer = Person::without_scripts(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let first = seller.offers(true, "A logo", BUYER).await;
    let link = portal.mailed_link(BUYER, "invites you to an escrow");
    buyer.go(&link).await;
    buyer.press("Register to accept").await;
    buyer.introduces_herself("Amel Acheteur", None).await;
    buyer.press("Create account").await;
    buyer.sees("Amel Acheteur").await;
    goes_through(&portal, &first, &buyer, &seller).await;

    // Now both have accounts, so the mail leads to the escrow itself.
    let second = buyer.offers(false, "A second logo", SELLER).await;
    seller.go(&portal.mailed_link(SELLER, "invites you to an escrow: A second logo")).await;
    seller.sees("A second logo").await;
    assert!(seller.place().await.starts_with(&second));
    goes_through(&portal, &second, &buyer, &seller).await;
    seller.go("/balances").await;
    seller.sees("99.000").await;
}

/// From signatures to the released money.
async fn goes_through(portal: &Portal, escrow: &str, buyer: &Person, seller: &Person) {
    for (person, name) in [(buyer, "Amel Acheteur"), (seller, "Sami Studio")] {
        person.go(&format!("{escrow}/contract/sign")).await;
        person.fill("Your full name", name).await;
        person.tick("I have read the contract").await;
        person.press("Sign contract v1").await;
        person.sees("You signed the contract").await;
    }
    buyer.go(&format!("{escrow}/pay")).await;
    buyer.press("Pay 50.000").await;
    buyer.sees("Sandbox Pay").await;
    buyer.press("Pay 50.000").await;
    buyer.waits_for("50.000 TND was paid into escrow").await;
    seller.go(&format!("{escrow}/milestones/1/deliver")).await;
    seller.attach("Files", &portal.file("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")).await;
    seller.fill("Message to the buyer", "Here it is.").await;
    seller.press("Mark as delivered").await;
    seller.sees("Marked as delivered").await;
    buyer.go(&format!("{escrow}/milestones/1/inspect")).await;
    buyer.press("Go on to approve").await;
    buyer.press("Release").await;
    buyer.sees("Approved. The money is released").await;
    buyer.go(escrow).await;
    buyer.sees("Completed").await;
}

impl Person {
    /// Makes an escrow over 50 TND in one delivery, with the fee paid by the seller. Where it is.
    pub async fn offers(&self, sells: bool, title: &str, other: &str) -> String {
        self.go("/escrows/new").await;
        // A browser that runs no scripts reads what stands in `noscript`.
        let script = "const part = document.createElement('div'); \
             part.innerHTML = '<noscript><b></b></noscript>'; \
             return part.querySelector('b') === null";
        let ran = self.window.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(ran, false, "scripts are switched off");
        self.writes(sells, "Yes, a contract that everyone signs", title, "50", other).await
    }

    /// The same by a seller who wants no contract.
    pub async fn sends_terms(&self, mode: &str, title: &str, price: &str, buyer: &str) -> String {
        self.go("/escrows/new").await;
        self.writes(true, mode, title, price, buyer).await
    }

    async fn writes(&self, sells: bool, mode: &str, title: &str, price: &str, other: &str) -> String {
        self.press(if sells { "Start as the seller" } else { "Start as the buyer" }).await;
        self.tick("In one delivery").await;
        self.tick(mode).await;
        self.press("Continue").await;
        let whose = if sells { "The buyer / Email address" } else { "The seller / Email address" };
        self.fill(whose, other).await;
        self.press("Continue").await;
        self.fill("Title", title).await;
        if mode.starts_with("Yes") {
            self.fill("The parties’ own terms", "The logo is the buyer’s once it is paid.").await;
        }
        self.press("Continue").await;
        self.choose("Currency", "TND").await;
        self.fill("Price", price).await;
        self.press("Continue").await;
        self.fill("Delivered within", "10").await;
        self.fill("Inspection", "2").await;
        self.fill("It is done when", "It is round").await;
        self.press("Continue").await;
        self.tick("Who pays the platform fee? / The seller").await;
        self.press("Continue").await;
        self.tick("It is split 50/50").await;
        self.press("Continue").await;
        self.sees("Do you want to attach files?").await;
        self.press("Continue").await;
        self.sees("Check your answers").await;
        self.press("Send to the").await;
        self.sees("Your terms are sent").await;
        let words = self.words().await;
        let at = words.find("ESC-").expect("a reference");
        format!("/escrows/{}", &words[at..at + 13])
    }
}
