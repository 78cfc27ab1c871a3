//! The door: the first page, signing up, the mail that confirms the address, and the first operator.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

/// Everybody's password.
pub const PASSWORD: &str = "copper violin thursday marsh";

impl Person {
    /// Fills in the form of a new account; the address is typed where the form asks for it.
    pub async fn introduces_herself(&self, name: &str, email: Option<&str>) {
        self.fill("Your name", name).await;
        if let Some(email) = email {
            self.fill("Email address", email).await;
        }
        self.fill("Password", PASSWORD).await;
        self.choose("Time zone", "Africa, Tunis").await;
        self.tick("I accept the terms of service").await;
    }

    /// Makes an account, follows the mailed link, and is signed in.
    pub async fn signs_up(&self, portal: &Portal, name: &str, email: &str) {
        self.go("/sign-up").await;
        self.introduces_herself(name, Some(email)).await;
        self.press("Create account").await;
        self.sees("your mail stays in it").await;
        self.go(&portal.mailed_link(email, "Confirm your address")).await;
        self.fill("Password", PASSWORD).await;
        self.press("Confirm address and sign in").await;
        self.sees(name).await;
    }

    /// Follows the printed link and becomes the first operator.
    pub async fn sets_up(&self, portal: &Portal, email: &str) {
        self.go(&portal.setup_link).await;
        self.introduces_herself("Olfa Operator", Some(email)).await;
        self.press("Create the operator's account").await;
        self.sees("Olfa Operator").await;
    }
}

#[tokio::test]
async fn somebody_finds_the_portal_and_signs_up() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let amel = Person::at(&driver, &portal).await;
    amel.go("/").await;
    assert_eq!(amel.status().await, 200);
    amel.inspects("welcome").await;
    amel.press("Create an account").await;
    amel.inspects("sign-up").await;
    amel.introduces_herself("Amel Trabelsi", Some("amel@example.com")).await;
    amel.fill("Password", "too short").await;
    amel.press("Create account").await;
    amel.sees("There is a problem").await;
    amel.inspects("sign-up-problems").await;

    amel.signs_up(&portal, "Amel Trabelsi", "amel@example.com").await;
    amel.go("/settings/profile").await;
    amel.sees("Amel Trabelsi").await;
    amel.inspects("profile").await;
    amel.go("/no/such/page").await;
    assert_eq!(amel.status().await, 404);
    amel.sees("Page not found").await;
    amel.inspects("not-found").await;
    amel.saw_nothing_wrong();
}

#[tokio::test]
async fn the_first_operator_comes_by_the_printed_link_and_reads_the_mails() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let amel = Person::at(&driver, &portal).await;
    amel.signs_up(&portal, "Amel Trabelsi", "amel@example.com").await;

    let olfa = Person::at(&driver, &portal).await;
    olfa.sets_up(&portal, "operator@example.com").await;
    olfa.go("/admin/mail").await;
    olfa.sees("There is no mail server").await;
    olfa.inspects("admin-mail").await;
    olfa.press("Confirm your address for Holdfast").await;
    olfa.sees("Hand it on to them").await;
    olfa.inspects("admin-mail-show").await;
    olfa.press("See it as HTML").await;
    olfa.sees("Confirm my address").await;
    olfa.picture("mail-html").await;
    olfa.press("Confirm my address").await;
    olfa.sees("This link").await;
    olfa.go("/admin/jobs").await;
    olfa.sees("Nothing was given up").await;
    olfa.inspects("admin-jobs").await;

    amel.go("/admin/mail").await;
    assert_eq!(amel.status().await, 404);
    let stranger = Person::at(&driver, &portal).await;
    stranger.go(&portal.setup_link).await;
    assert_eq!(stranger.status().await, 410, "the link works once");
    olfa.saw_nothing_wrong();
}
