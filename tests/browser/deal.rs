//! The main job, end to end and by real pages: a broker's escrow in two milestones, from sign-up to the
//! last sum (worked case 4 of the domain: 1000.000 TND as 400 + 600; the broker earns 5 %, paid by the
//! seller; Holdfast 1 %, paid by the buyer).

use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::driver::Driver;
use crate::person::Person;
use crate::portal::{Portal, program};

const BROKER: &str = "bilel@example.com";
const BUYER: &str = "amel@example.com";
const SELLER: &str = "sami@example.com";

#[tokio::test]
async fn a_broker_brings_two_strangers_together_and_everyone_is_paid() {
    let Some(driver) = Driver::start() else { return };
    let mut portal = Portal::start();
    let broker = Person::at(&driver, &portal).await;
    broker.signs_up(&portal, "Bilel Broker", BROKER).await;
    let escrow = broker.writes_the_terms(&portal).await;
    let buyer = Person::at(&driver, &portal).await;
    buyer.joins(&portal, BUYER, "Amel Acheteur").await;
    let seller = Person::at(&driver, &portal).await;
    seller.joins(&portal, SELLER, "Sami Studio").await;
    for (person, name) in [(&broker, "Bilel Broker"), (&buyer, "Amel Acheteur"), (&seller, "Sami Studio")] {
        person.signs(&escrow, name).await;
    }
    buyer.pays(&portal).await;
    seller.delivers(&portal, &escrow, 1, "The design, as agreed.").await;
    buyer.approves(&portal).await;
    seller.delivers(&portal, &escrow, 2, "The whole site.").await;
    buyer.asks_for_changes(&portal).await;
    seller.delivers(&portal, &escrow, 2, "Now with the menu mended.").await;
    portal.mailed_link(BUYER, "Delivered, check by");
    // Three days to inspect, and nobody says anything.
    portal.restart(4 * 24);
    buyer.go(&escrow).await;
    buyer.waits_for("Completed").await;
    buyer.inspects("escrow-completed").await;
    seller.closes(&escrow).await;
    everyone_has_the_right_sums(&driver, &portal, [&seller, &broker, &buyer]).await;
    everyone_has_the_right_mails(&portal);
    doctor_finds_nothing(&portal);
    for person in [&broker, &buyer, &seller] {
        person.saw_nothing_wrong();
    }
}

async fn everyone_has_the_right_sums(driver: &Driver, portal: &Portal, people: [&Person; 3]) {
    for (person, name, sum) in [(people[0], "seller", "950.000"), (people[1], "broker", "50.000")] {
        person.go("/balances").await;
        person.sees(sum).await;
        person.inspects(&format!("balances-{name}")).await;
        person.press("Statement").await;
        person.sees(sum).await;
        person.inspects(&format!("statement-{name}")).await;
    }
    for (path, name, words) in [
        ("/home", "home", "Nothing waits for you now"),
        ("/escrows", "escrows", "A web shop for a bakery"),
        ("/notifications", "notifications", "Receipt, money held"),
    ] {
        people[2].go(path).await;
        people[2].sees(words).await;
        people[2].inspects(name).await;
    }
    let operator = Person::at(driver, portal).await;
    operator.sets_up(portal, "olfa@example.com").await;
    for (path, name) in
        [("/admin", "admin"), ("/admin/escrows", "admin-escrows"), ("/admin/users", "admin-users")]
    {
        operator.go(path).await;
        operator.inspects(name).await;
    }
    operator.go("/admin/ledger").await;
    // Held, payable, wallets, fees, and what the provider holds for us: nothing is missing.
    operator.sees("0.000 0.000 1,000.000 10.000 −1,010.000 0.000").await;
    operator.misses("Broken").await;
    operator.inspects("admin-ledger").await;
    operator.saw_nothing_wrong();
}

impl Person {
    /// All pages of a new escrow, to the sent terms. Where the escrow is.
    async fn writes_the_terms(&self, portal: &Portal) -> String {
        self.go("/escrows/new").await;
        self.inspects("new-start").await;
        self.press("Start as the broker").await;
        self.tick("In several milestones").await;
        self.tick("Yes, a contract that everyone signs").await;
        self.turns_the_page("new-kind").await;
        self.fill("The buyer / Email address", BUYER).await;
        self.fill("The seller / Email address", SELLER).await;
        self.turns_the_page("new-parties").await;
        self.fill("Title", "A web shop for a bakery").await;
        self.fill("The parties’ own terms", "The seller builds the shop. The buyer owns it once it is paid.")
            .await;
        self.turns_the_page("new-work").await;
        self.choose("Currency", "TND").await;
        for (number, title, amount) in [(1, "Design", "400"), (2, "The site", "600")] {
            self.fill(&format!("Milestone {number} / What is delivered"), title).await;
            self.fill(&format!("Milestone {number} / Price"), amount).await;
        }
        self.turns_the_page("new-price").await;
        for (title, days, criteria) in [
            ("Design", 20, "Three pages are drawn"),
            ("The site", 40, "The menu works\nIt loads in two seconds"),
        ] {
            self.fill(&format!("{title} / Due"), &in_days(days)).await;
            self.fill(&format!("{title} / Inspection"), "3").await;
            self.fill(&format!("{title} / It is done when"), criteria).await;
        }
        self.turns_the_page("new-delivery").await;
        self.tick("Who pays the platform fee? / The buyer").await;
        self.tick("A percentage of the price").await;
        self.fill("Commission", "5").await;
        self.tick("Who pays the commission? / The seller").await;
        self.turns_the_page("new-fees").await;
        self.tick("It is split 50/50").await;
        self.turns_the_page("new-disputes").await;
        self.attach("Add files", &portal.file("wishes.pdf", b"%PDF-1.7\nThe wishes of the bakery.\n")).await;
        self.press("Upload").await;
        self.sees("wishes.pdf").await;
        self.turns_the_page("new-files").await;
        self.sees("Check your answers").await;
        for sum in ["1,010.000", "950.000", "50.000", "10.000"] {
            self.sees(sum).await;
        }
        self.inspects("new-check").await;
        self.press("Send to the buyer and the seller").await;
        self.sees("Your terms are sent").await;
        self.inspects("new-sent").await;
        let words = self.words().await;
        let at = words.find("ESC-").expect("a reference");
        format!("/escrows/{}", &words[at..at + 13])
    }

    /// Looks at a page of the form, and goes on to the next.
    async fn turns_the_page(&self, name: &str) {
        self.inspects(name).await;
        self.press("Continue").await;
    }

    /// Follows an invitation: reads the terms first, and registers then.
    async fn joins(&self, portal: &Portal, email: &str, name: &str) {
        let link = portal.mailed_link(email, "invites you to an escrow");
        self.go(&link).await;
        self.sees("A web shop for a bakery").await;
        self.sees("Three pages are drawn").await;
        self.inspects("invitation").await;
        self.press("Register to accept").await;
        self.introduces_herself(name, None).await;
        self.press("Create account").await;
        self.sees(name).await;
    }

    /// Reads the contract and signs it.
    async fn signs(&self, escrow: &str, name: &str) {
        self.go(escrow).await;
        self.inspects("escrow-to-sign").await;
        self.go(&format!("{escrow}/contract")).await;
        self.sees("SHA-256").await;
        self.inspects("contract").await;
        self.press("Go on to sign").await;
        self.fill("Your full name", name).await;
        self.tick("I have read the contract").await;
        self.inspects("sign").await;
        self.press("Sign contract v1").await;
        self.sees("You signed the contract").await;
    }

    /// Pays by the provider's page, and sees the payment arrive.
    async fn pays(&self, portal: &Portal) {
        self.go(&portal.mailed_link(BUYER, "Payment due")).await;
        self.sees("1,010.000").await;
        self.inspects("pay").await;
        self.press("Pay 1,010.000").await;
        self.sees("Sandbox Pay").await;
        self.inspects("provider").await;
        self.press("Pay 1,010.000").await;
        self.picture("payment-pending").await;
        self.waits_for("1,010.000 TND was paid into escrow").await;
        self.inspects("payment-arrived").await;
    }

    /// Marks a milestone as delivered, with a message and files.
    async fn delivers(&self, portal: &Portal, escrow: &str, milestone: u32, note: &str) {
        self.go(&format!("{escrow}/milestones/{milestone}/deliver")).await;
        self.fill("Message to the buyer", note).await;
        self.attach("Files", &portal.file("result.txt", note.as_bytes())).await;
        self.inspects("deliver").await;
        self.press("Mark as delivered").await;
        self.sees("Marked as delivered").await;
        self.inspects("delivered").await;
    }

    /// Inspects the first delivery against its criteria and releases its money.
    async fn approves(&self, portal: &Portal) {
        self.go(&portal.mailed_link(BUYER, "Delivered, check by")).await;
        self.sees("Three pages are drawn").await;
        self.sees("result.txt").await;
        self.inspects("inspect").await;
        self.press("Go on to approve").await;
        for sum in ["380.000", "20.000", "4.000"] {
            self.sees(sum).await;
        }
        self.inspects("approve").await;
        self.press("Release").await;
        self.sees("Approved. The money is released").await;
        self.inspects("approved").await;
    }

    /// Closes what is over, for good.
    async fn closes(&self, escrow: &str) {
        self.go(escrow).await;
        self.press("Close the escrow").await;
        self.sees("Closing is final").await;
        self.inspects("close").await;
        self.press("Close the escrow").await;
        self.sees("The escrow is closed").await;
        self.inspects("closed").await;
    }

    /// Names what is not met, and asks for it.
    async fn asks_for_changes(&self, portal: &Portal) {
        self.go(&portal.mailed_link(BUYER, "Delivered, check by")).await;
        self.tick("The menu works").await;
        self.fill("What is to be changed?", "The menu does not open on a phone.").await;
        self.press("Ask for changes").await;
        self.sees("The seller has been told what to change").await;
        self.inspects("changes").await;
    }
}

/// A day so many days from now, as a date field holds it.
#[allow(clippy::disallowed_methods, reason = "the program under test runs by the system's clock too")]
pub fn in_days(days: i64) -> String {
    let day: Date = OffsetDateTime::now_utc().date() + Duration::days(days);
    day.format(format_description!("[year]-[month]-[day]")).unwrap()
}

/// What each was told, in order and nothing else; the title stands for the deal, and dates are left out.
fn everyone_has_the_right_mails(portal: &Portal) {
    portal.mailed_link(BUYER, "Closed");
    portal.mailed_link(BROKER, "Closed");
    let told = |who| {
        let subjects = portal.subjects(who).into_iter();
        let plain = subjects.map(|subject| subject.split(" · ESC-").next().unwrap_or_default().to_owned());
        let plain = plain.map(|subject| match subject.split_once(", check by ") {
            Some((what, rest)) => format!("{what}: {}", rest.rsplit_once(": ").unwrap().1),
            None => subject,
        });
        let title = [": A web shop for a bakery", " · A web shop for a bakery"];
        plain.map(|subject| subject.replace(title[0], "").replace(title[1], "")).collect::<Vec<_>>()
    };
    let buyer = [
        "The broker invites you to an escrow",
        "The broker has agreed",
        "Payment due",
        "Receipt, money held",
        "Delivered: Design",
        "Released: Design",
        "Delivered: The site",
        "Delivered: The site",
        "Released: The site",
        "Completed",
        "Closed",
    ];
    let seller = [
        "The broker invites you to an escrow",
        "The broker has agreed",
        "The buyer has agreed",
        "Everyone has agreed",
        "Money held, work can start",
        "Delivery recorded: Design",
        "Released to you: 380.000 TND for Design",
        "Delivery recorded: The site",
        "Changes requested: The site",
        "Delivery recorded: The site",
        "Released to you: 570.000 TND for The site",
        "Completed",
    ];
    let broker = [
        "Confirm your address for Holdfast",
        "Sent",
        "The buyer has agreed",
        "Everyone has agreed",
        "Money held, work can start",
        "Delivery recorded: Design",
        "Released to you: 20.000 TND for Design",
        "Delivery recorded: The site",
        "Delivery recorded: The site",
        "Released to you: 30.000 TND for The site",
        "Completed",
        "Closed",
    ];
    for (who, wanted) in [(BUYER, &buyer[..]), (SELLER, &seller[..]), (BROKER, &broker[..])] {
        assert_eq!(told(who), wanted, "the mails to {who}");
    }
}

/// The program's own doctor replays every escrow and sums the ledger.
fn doctor_finds_nothing(portal: &Portal) {
    let report = program().arg("doctor").env("HOLDFAST_DATA_DIR", portal.data_dir()).output().unwrap();
    let said = String::from_utf8_lossy(&report.stdout);
    assert!(report.status.success(), "{said}");
}
