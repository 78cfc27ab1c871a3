//! A dispute about much money: an offer that is not taken, an operator's decision, and a second operator
//! without whom nothing moves.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_dispute_is_decided_by_one_operator_and_confirmed_by_another() {
    let Some(driver) = Driver::start() else { return };
    let mut portal = Portal::start();
    let [seller, buyer, olfa, omar] = [
        Person::at(&driver, &portal).await,
        Person::at(&driver, &portal).await,
        Person::at(&driver, &portal).await,
        Person::at(&driver, &portal).await,
    ];
    olfa.sets_up(&portal, "olfa@example.com").await;
    omar.joins_the_operators(&portal, "omar@example.com").await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let escrow = seller.sends_terms("No, it is enough that everyone accepts", "A film", "5000", BUYER).await;
    buyer.takes_the_invitation(&portal, BUYER, "Amel Acheteur").await;
    buyer.accepts_and_pays(&escrow, "5,000.000").await;
    seller.hands_over(&escrow, "Twelve minutes, in colour.").await;
    buyer.quarrels(&portal, &escrow).await;
    seller.answers(&escrow).await;
    buyer.go(&format!("{escrow}/settlement")).await;
    buyer.sees("Accept: you get").await;
    buyer.inspects("settlement").await;
    buyer.press("Don’t accept").await;
    buyer.sees("In dispute").await;

    // A week of talking, and no agreement.
    portal.restart(8 * 24);
    let case = format!("{}/1", escrow.replace("/escrows/", "/admin/disputes/"));
    olfa.decides(&case).await;
    buyer.go(&escrow).await;
    buyer.sees("In dispute").await;
    omar.go(&case).await;
    omar.sees("Nine minutes of twelve").await;
    omar.inspects("admin-ruling-to-confirm").await;
    omar.press("Confirm the decision").await;
    omar.sees("Nine minutes of twelve").await;
    buyer.go(&escrow).await;
    buyer.inspects("decided").await;
    buyer.go(&format!("{escrow}/disputes/1")).await;
    buyer.sees("Nine minutes of twelve").await;
    seller.go("/balances").await;
    seller.sees("3,000.000").await;
    for person in [&seller, &buyer, &olfa, &omar] {
        person.saw_nothing_wrong();
    }
}

impl Person {
    /// Becomes another operator by the link that the command line prints.
    async fn joins_the_operators(&self, portal: &Portal, email: &str) {
        self.go(&portal.operators_link(email)).await;
        self.introduces_herself("Omar Operator", None).await;
        self.press("Create the operator's account").await;
        self.sees("Omar Operator").await;
    }

    /// Seeks most of it back, with evidence.
    async fn quarrels(&self, portal: &Portal, escrow: &str) {
        self.go(&format!("{escrow}/disputes/new")).await;
        self.fill("To release for", "1000").await;
        self.tick("It is round").await;
        self.fill("What happened", "It lasts nine minutes.").await;
        self.attach("Evidence", &portal.file("clock.txt", b"9:02")).await;
        self.inspects("dispute-new").await;
        self.press("Open the dispute").await;
        self.sees("It lasts nine minutes.").await;
        self.sees("clock.txt").await;
        self.inspects("dispute-opened").await;
    }

    /// Says why not, and offers something else.
    async fn answers(&self, escrow: &str) {
        self.go(&format!("{escrow}/disputes/1")).await;
        self.sees("It lasts nine minutes.").await;
        self.fill("Statement", "The titles count too.").await;
        self.press("Add the statement").await;
        self.sees("The titles count too.").await;
        self.inspects("dispute-answered").await;
        self.press("Offer a settlement").await;
        self.fill("To release for", "4000").await;
        self.press("Go on to the offer").await;
        self.sees("Offer it: you get").await;
        self.inspects("settlement-confirm").await;
        self.press("Offer it: you get").await;
        self.sees("Take back the offer").await;
    }

    async fn decides(&self, case: &str) {
        self.go(case).await;
        self.waits_for("Go on to decide").await;
        self.fill("To release for", "3000").await;
        self.inspects("admin-dispute").await;
        self.press("Go on to decide").await;
        self.sees("a second operator has to confirm it").await;
        self.fill("Reasons", "Nine minutes of twelve, and the titles are no film.").await;
        self.inspects("admin-ruling").await;
        self.press("Decide: release").await;
        self.sees("Another operator has to confirm it").await;
        self.inspects("admin-ruling-waits").await;
    }
}
