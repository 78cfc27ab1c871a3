//! More time is asked for and granted, and the parties write to each other, with a file. Without scripts: no page
//! needs them.

use crate::deal::in_days;
use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;

const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn more_time_is_granted_after_a_message_with_a_file() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::without_scripts(&driver, &portal).await;
    let buyer = Person::without_scripts(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let escrow = seller.sends_terms("No, it is enough that everyone accepts", "A mural", "70", BUYER).await;
    buyer.takes_the_invitation(&portal, BUYER, "Amel Acheteur").await;
    buyer.accepts_and_pays(&escrow, "70.000").await;

    seller.go(&format!("{escrow}/milestones/1/extension")).await;
    seller.fill("Why is more time needed?", "The wall is still wet.").await;
    seller.press("Ask for this date").await;
    seller.sees("Choose the day on which it is due.").await;
    seller.sees("The wall is still wet.").await;
    seller.fill("New due date", &in_days(30)).await;
    seller.press("Ask for this date").await;
    seller.sees("Asked. The buyer has been told").await;
    seller.picture("extension-asked").await;

    buyer.go(&portal.mailed_link(BUYER, "A mural")).await;
    buyer.go(&format!("{escrow}/messages")).await;
    buyer.fill("Message", "How wet is it? This is how it looks to me.").await;
    buyer.attach("Files", &portal.file("wall.txt", b"a picture of a wall")).await;
    buyer.press("Send").await;
    buyer.sees("Sent. The others have been told by mail.").await;
    seller.go(&format!("{escrow}/messages")).await;
    seller.sees("How wet is it?").await;
    seller.sees("wall.txt").await;
    seller.picture("messages").await;
    seller.fill("Message", "Two weeks of drying.").await;
    seller.press("Send").await;
    seller.sees("Two weeks of drying.").await;

    buyer.go(&format!("{escrow}/milestones/1/extension")).await;
    buyer.sees("The wall is still wet.").await;
    buyer.picture("extension-to-answer").await;
    buyer.press("Grant").await;
    buyer.sees("Granted. The new due date stands").await;
    buyer.go(&format!("{escrow}/history")).await;
    buyer.sees("granted it").await;
    buyer.sees("Two weeks of drying.").await;
}
