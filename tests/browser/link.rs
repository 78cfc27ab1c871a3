//! Sold by a pay link and bought without an account: the link is made, paid by somebody who types an address,
//! followed by the link of his receipt, delivered and over; another sale ends up in a dispute that its guest opens.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const SELLER: &str = "sami@example.com";
const GUEST: &str = "gamal@example.com";
const OTHER: &str = "ghada@example.com";

#[tokio::test]
async fn a_guest_buys_by_a_link_and_another_one_disputes() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::at(&driver, &portal).await;
    let guest = Person::at(&driver, &portal).await;
    let other = Person::without_scripts(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Shop", SELLER).await;
    let (escrow, link) = seller.sells_by_a_link("A thousand coins", "60", true).await;

    guest.buys_as_a_guest(&link, GUEST, "Gamal Guest", "60.600", true).await;
    let own = portal.mailed_link(GUEST, "Receipt, money held: A thousand coins");
    guest.follows_the_purchase(&own).await;
    let passer_by = Person::at(&driver, &portal).await;
    passer_by.go(&link).await;
    passer_by.sees("This is already paid.").await;
    passer_by.inspects("pay-link-taken").await;

    seller.go(&portal.mailed_link(SELLER, "Sold, money held: A thousand coins")).await;
    seller.fill("Message to the buyer", "The code is 4711-0815.").await;
    seller.inspects("instant-deliver").await;
    seller.press("Deliver and complete the sale").await;
    seller.sees("Delivered. The money is released").await;
    seller.inspects("instant-delivered").await;
    guest.go(&portal.mailed_link(GUEST, "Delivered: ")).await;
    guest.sees("The code is 4711-0815.").await;
    guest.inspects("guest-delivery").await;
    guest.go(&own).await;
    guest.sees("Completed").await;
    guest.inspects("guest-completed").await;
    seller.go("/balances").await;
    seller.sees("60.000").await;

    guest.signs_up(&portal, "Gamal Guest", GUEST).await;
    guest.go("/escrows").await;
    guest.sees("A thousand coins").await;
    guest.go(&own).await;
    guest.sees("Completed").await;
    assert_eq!(guest.place().await, escrow, "his own link leads into his account");

    let (_, link) = seller.sells_by_a_link("A concert ticket", "80", false).await;
    other.buys_as_a_guest(&link, OTHER, "Ghada Guest", "80.800", false).await;
    let own = portal.mailed_link(OTHER, "Receipt, money held: A concert ticket");
    other.disputes_as_a_guest(&own).await;
    seller.go(&portal.mailed_link(SELLER, "Dispute opened: A concert ticket")).await;
    seller.sees("Nobody answers me.").await;
    for person in [&seller, &guest, &passer_by, &other] {
        person.saw_nothing_wrong();
    }
}

impl Person {
    /// Makes an instant deal through the pages; where the escrow is, and its pay link.
    async fn sells_by_a_link(&self, title: &str, price: &str, looks: bool) -> (String, String) {
        self.go("/escrows/new").await;
        self.press("Start as the seller").await;
        self.tick("In one delivery").await;
        self.tick("No, I sell by a link that anyone can pay").await;
        self.press("Continue").await;
        self.fill("Title", title).await;
        self.looks_if(looks, "instant-work").await;
        self.press("Continue").await;
        self.choose("Currency", "TND").await;
        self.fill("Price", price).await;
        self.looks_if(looks, "instant-price").await;
        self.press("Continue").await;
        self.looks_if(looks, "instant-delivery").await;
        self.press("Continue").await;
        self.tick("Who pays the platform fee? / The buyer").await;
        self.looks_if(looks, "instant-fees").await;
        self.press("Continue").await;
        self.tick("It is split 50/50").await;
        self.press("Continue").await;
        self.sees("Do you want to attach files?").await;
        self.press("Continue").await;
        self.sees("Check your answers").await;
        self.sees("You get a link for one sale.").await;
        self.looks_if(looks, "instant-check").await;
        self.press("Make the pay link").await;
        self.sees("Your pay link").await;
        self.looks_if(looks, "pay-link-own").await;
        let place = self.place().await;
        let escrow = place.strip_suffix("/link").unwrap_or_else(|| panic!("no link at {place}")).to_owned();
        (escrow, self.pay_link().await)
    }

    /// The link that the seller's page of it shows.
    pub async fn pay_link(&self) -> String {
        self.sees("Your pay link").await;
        let words = self.words().await;
        let link = words.split_whitespace().find(|word| word.contains("/pay/"));
        link.expect("the link stands on its page").to_owned()
    }

    async fn looks_if(&self, looks: bool, name: &str) {
        if looks {
            self.inspects(name).await;
        }
    }

    /// Pays by the link with nothing but an address and a name.
    pub async fn buys_as_a_guest(&self, link: &str, email: &str, name: &str, sum: &str, looks: bool) {
        self.go(link).await;
        self.sees("You need no account.").await;
        self.looks_if(looks, "pay-link").await;
        self.press(&format!("Pay {sum}")).await;
        self.sees("There is a problem").await;
        self.looks_if(looks, "pay-link-problems").await;
        self.fill("Your email address", email).await;
        self.fill("Your name", name).await;
        self.tick("I accept the terms of service").await;
        self.press(&format!("Pay {sum}")).await;
        self.sees("Sandbox Pay").await;
        self.press(&format!("Pay {sum}")).await;
        self.waits_for(&format!("{sum} TND is held in escrow")).await;
        self.looks_if(looks, "pay-link-paid").await;
    }

    /// What the link of the receipt opens.
    async fn follows_the_purchase(&self, own: &str) {
        self.go(own).await;
        self.sees("Held in escrow").await;
        self.sees("The seller is to deliver").await;
        self.inspects("guest-held").await;
        self.press("Your receipt").await;
        self.sees("60.600").await;
        self.inspects("guest-receipt").await;
        self.go(&format!("{own}/cancel")).await;
        self.inspects("guest-cancel").await;
    }

    /// Opens a dispute by the link of the receipt.
    async fn disputes_as_a_guest(&self, own: &str) {
        self.go(&format!("{own}/disputes/new")).await;
        self.fill("To release for", "0").await;
        self.fill("What happened", "Nobody answers me.").await;
        self.press("Open the dispute").await;
        self.sees("Nobody answers me.").await;
        self.go(own).await;
        self.sees("In dispute").await;
        self.picture("guest-disputed").await;
    }
}
