//! The door: the first page, signing up, and the mail that confirms the address.

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

#[tokio::test]
async fn somebody_finds_the_portal_and_looks_around() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let amel = Person::at(&driver, &portal).await;
    amel.go("/").await;
    assert_eq!(amel.status().await, 200);
    amel.inspects("home").await;
    amel.go("/no/such/page").await;
    assert_eq!(amel.status().await, 404);
    amel.sees("Page not found").await;
    amel.inspects("not-found").await;
}
