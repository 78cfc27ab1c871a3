//! What stands between a browser and the portal breaks: nothing typed is lost, nothing is claimed that is not
//! known, and the next press goes through.

use std::time::Duration;

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::Portal;
use crate::proxy::{BAD_GATEWAY, HOTEL, HOTEL_EVERYWHERE, Manner, Proxy, TOO_LARGE};

const SELLER: &str = "sami@example.com";
const NOTE: &str = "The first draft is attached.";

#[tokio::test]
async fn an_upload_that_breaks_can_be_sent_again() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let proxy = Proxy::before(&portal);
    let seller = Person::at(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    let quick = "No, it is enough that everyone accepts";
    let escrow = seller.sends_terms(quick, "A garden gate", "90", "amel@example.com").await;

    // The drafts' own form, whose buttons are locked while it is sent.
    let drafts = format!("{}/escrows/new", proxy.home());
    seller.go(&drafts).await;
    seller.press("Start as the seller").await;
    seller.sees("In one delivery").await;
    let draft = seller.place().await.replace("/kind", "/files");
    let large = portal.file("plan.bin", &vec![7; 8 << 20]);
    seller.go(&draft).await;
    seller.attach("Add files", &large).await;
    for button in ["Upload", "Continue", "Save and finish later"] {
        proxy.does(Manner::Cuts);
        seller.press(button).await;
        seller.sees("The connection broke. We don’t know whether this arrived.").await;
    }
    proxy.does(Manner::Passes);
    seller.press("Upload").await;
    seller.sees("Up to 19 more").await;

    // A message, whose text must stay as well.
    seller.go(&format!("{}{escrow}/messages", proxy.home())).await;
    seller.fill("Message", NOTE).await;
    seller.attach("Files", &large).await;
    for (manner, words) in [
        (TOO_LARGE, "Nothing was taken: this is too large for the way to us."),
        (BAD_GATEWAY, "The answer did not come from us. We don’t know whether this arrived."),
        (HOTEL, "The answer did not come from us. We don’t know whether this arrived."),
        (Manner::Cuts, "The connection broke. We don’t know whether this arrived."),
    ] {
        proxy.does(manner);
        seller.press("Send").await;
        seller.sees(words).await;
        seller.sees("Your text and your files are still here.").await;
        assert_eq!(seller.typed("Message").await, NOTE, "{manner:?}");
    }
    proxy.does(Manner::Passes);
    seller.press("Send").await;
    seller.sees("Sent. The others have been told by mail.").await;
    seller.sees(NOTE).await;
}

#[tokio::test]
async fn a_form_that_was_stopped_can_be_sent_again() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::at(&driver, &portal).await;
    seller.signs_up(&portal, "Sami Studio", SELLER).await;
    seller.go("/settings/profile").await;
    // What a page that is stopped leaves behind: the form was sent, and the page stands there as before.
    let script = "const form = document.querySelector('form[data-once]'); \
        form.addEventListener('submit', event => event.preventDefault(), { once: true }); \
        form.requestSubmit(form.querySelector('button'))";
    seller.window.client.execute(script, Vec::new()).await.unwrap();
    seller.fill("Your name", "Sami Atelier").await;
    seller.press("Save").await;
    assert_eq!(seller.typed("Your name").await, "Sami Atelier", "a second press on the way sends nothing");
    tokio::time::sleep(Duration::from_secs(16)).await;
    seller.press("Save").await;
    seller.sees("Sami Atelier").await;
    seller.sees("Saved").await;
}

#[tokio::test]
async fn a_page_that_looks_again_shows_nobody_elses_answer() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::demo();
    let proxy = Proxy::before(&portal);
    let buyer = Person::at(&driver, &portal).await;
    buyer.go("/sign-in").await;
    buyer.fill("Email address", "buyer@example.com").await;
    buyer.fill("Password", &portal.password).await;
    buyer.press("Sign in").await;
    buyer.waits_for("Balances").await;
    let waiting = buyer.a_page_that_waits().await;
    buyer.go(&format!("{}{waiting}", proxy.home())).await;
    let words = buyer.words().await;
    let looks =
        "return performance.getEntriesByType('resource').filter(it => it.initiatorType === 'fetch').length";
    proxy.does(HOTEL_EVERYWHERE);
    let mut seen = 0;
    for _ in 0..150 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        seen = buyer.window.client.execute(looks, Vec::new()).await.unwrap().as_u64().unwrap();
        if seen >= 2 {
            break;
        }
    }
    assert!(seen >= 2, "it looked {seen} times");
    assert_eq!(buyer.words().await, words);
}

impl Person {
    /// The first of the reader's escrows whose page looks again by itself.
    async fn a_page_that_waits(&self) -> String {
        let script = "const done = arguments[arguments.length - 1]; \
            const read = async address => new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html'); \
            (async () => { \
                for (let list = '/escrows'; list;) { \
                    const page = await read(list); \
                    for (const link of page.querySelectorAll('tbody th a')) \
                        if ((await read(link.getAttribute('href'))).querySelector('[data-refresh]')) \
                            return link.getAttribute('href'); \
                    list = page.querySelector('.pager .older')?.getAttribute('href'); \
                } \
            })().then(done)";
        let found = self.window.client.execute_async(script, Vec::new()).await.unwrap();
        found.as_str().expect("a payment is pending").to_owned()
    }
}
