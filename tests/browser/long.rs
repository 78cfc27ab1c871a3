//! A deal in which everything that people may type is one long word: no page of it has to be scrolled sideways.

use crate::driver::Driver;
use crate::look::NARROWEST;
use crate::person::Person;
use crate::portal::Portal;

const SELLER: &str = "extraordinarily.long.address.of.the.seller@subdomain.of-some-company.example.com";
const WORD: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

#[tokio::test]
async fn long_words_break_and_no_page_grows() {
    let Some(driver) = Driver::start() else { return };
    let portal = Portal::start();
    let seller = Person::at(&driver, &portal).await;
    seller.signs_up(&portal, WORD, SELLER).await;
    let (mode, buyer) = ("No, it is enough that everyone accepts", format!("buyer.{SELLER}"));
    let escrow = seller.sends_terms(mode, &WORD.repeat(2), "1000000000", &buyer).await;
    seller.go(&format!("{escrow}/messages")).await;
    seller.fill("Message", WORD).await;
    seller.attach("Files", &portal.file(&format!("{WORD}.txt"), b"a plan")).await;
    seller.press("Send").await;
    seller.sees("Sent. The others").await;
    let mut faults = Vec::new();
    for below in ["", "/messages", "/contract", "/history", "/terms", "/decline", "/withdraw", "/cancel"] {
        seller.go(&format!("{escrow}{below}")).await;
        faults.extend(seller.sticks_out(&format!("the escrow{below}")).await);
    }
    for place in
        ["/home", "/escrows", "/notifications", "/escrows?q=donau", "/settings/profile", "/escrows/new"]
    {
        seller.go(place).await;
        faults.extend(seller.sticks_out(place).await);
    }
    seller.window.width(1280).await;
    let invited = portal.mailed_link(&buyer, "invites you to an escrow");
    let stranger = Person::at(&driver, &portal).await;
    stranger.go(&invited).await;
    faults.extend(stranger.sticks_out("the invitation").await);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

impl Person {
    async fn sticks_out(&self, page: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for width in [NARROWEST, 375, 720, 1280] {
            self.window.width(width).await;
            let found = self.too_wide().await;
            faults.extend(found.into_iter().map(|fault| format!("{page}, {width} pixels: {fault}")));
        }
        faults
    }
}
