//! A dispute about much money: an offer that nobody takes, an operator's decision, and a second operator
//! without whom nothing moves.

use crate::driver::Driver;
use crate::entry::PASSWORD;
use crate::person::Person;
use crate::portal::{Portal, program};

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_dispute_is_decided_by_one_operator_and_confirmed_by_another() {
    let Some(driver) = Driver::start() else { return };
    let mut portal = Portal::start();
    let seller = Person::at(&driver, &portal).await;
    let buyer = Person::at(&driver, &portal).await;
    let first = Person::at(&driver, &portal).await;
    first.sets_up(&portal, "olfa@example.com").await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let escrow = seller.offers_quickly("No, it is enough that everyone accepts", "A film", "5000", BUYER).await;
    buyer.accepts_the_invitation(&portal, BUYER, "Amel Acheteur").await;
    buyer.pays_into(&escrow, "5,000.000").await;
    seller.hands_over(&escrow, "Twelve minutes, in colour.").await;

    buyer.go(&format!("{escrow}/disputes/new")).await;
    buyer.fill("A film", "1000").await;
    buyer.tick("It is round").await;
    buyer.fill("What happened", "It lasts nine minutes.").await;
    buyer.attach("Evidence", &portal.file("clock.txt", b"9:02")).await;
    buyer.inspects("dispute-new").await;
    buyer.press_in("form", "Open the dispute").await;
    buyer.sees("It lasts nine minutes.").await;
    buyer.inspects("dispute-opened").await;
    seller.go(&portal.mailed_link(SELLER, "Dispute")).await;
    seller.sees("clock.txt").await;
    seller.fill("Statement", "The titles count too.").await;
    seller.press("Add the statement").await;
    seller.sees("The titles count too.").await;
    seller.press("Offer a settlement").await;
    seller.fill("A film", "4000").await;
    seller.press("Go on to the offer").await;
    seller.inspects("settlement-confirm").await;
    seller.press("Offer it: you get").await;
    buyer.go(&format!("{escrow}/settlement")).await;
    buyer.sees("Accept: you get").await;
    buyer.inspects("settlement").await;
    buyer.press("Don’t accept").await;
    buyer.sees("Make an offer").await;

    // They do not agree within a week.
    second_operator(&portal).await;
    portal.restart(8 * 24);
    first.decides(&driver, &portal, &escrow).await;
    seller.go("/balances").await;
    seller.sees("2,970.000").await;
    seller.inspects("balances-after-ruling").await;
    buyer.go(&escrow).await;
    buyer.sees("Decided").await;
    buyer.inspects("decided").await;
    for person in [&seller, &buyer, &first] {
        person.saw_nothing_wrong();
    }
}

/// The command line makes another operator.
async fn second_operator(portal: &Portal) {
    let made = program()
        .args(["operator", "omar@example.com"])
        .env("HOLDFAST_DATA_DIR", portal.data_dir())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?} {PASSWORD}");
}

impl Person {
    async fn decides(&self, driver: &Driver, portal: &Portal, escrow: &str) {
        let case = format!("{}/1", escrow.replace("/escrows/", "/admin/disputes/"));
        let second = Person::at(driver, portal).await;
        self.go(&case).await;
        self.fill("A film", "3000").await;
        self.inspects("admin-dispute").await;
        self.press("Go on to decide").await;
        self.sees("a second operator has to confirm it").await;
        self.fill("Reasons", "Nine minutes of twelve, and the titles are no film.").await;
        self.inspects("admin-ruling").await;
        self.press_in("form", "Decide").await;
        self.sees("You made it. Another operator has to confirm it").await;
        self.inspects("admin-ruling-waits").await;
        second.go(&case).await;
    }
}
