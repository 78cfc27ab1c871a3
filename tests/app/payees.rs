//! Others who are paid out of the price, as the pages of a new escrow name them and what they make of it.

use holdfast::engine::party::Role;
use holdfast::engine::plan::Share;
use holdfast::store::{escrows, users};

use crate::browser::Page;
use crate::deal::Deal;
use crate::draft::{Draft, Pairs};
use crate::world::{World, both};

const BUYER: &str = "amel.buyer@example.com";
const SELLER: &str = "bilel.seller@example.com";
pub const CARPENTER: &str = "carpenter@example.com";
pub const PRINTER: &str = "printer@example.com";

pub const NAMED: Pairs<'static> = &[
    ("payee-1-name", "Carpenter & Sons"),
    ("payee-1-email", "Carpenter@Example.com"),
    ("payee-2-name", "The printer"),
    ("payee-2-email", PRINTER),
];

const PRICES: Pairs<'static> = &[
    ("currency", "TND"),
    ("milestone-1-title", "Design"),
    ("milestone-1-amount", "400"),
    ("milestone-1-payee-1", "100"),
    ("milestone-1-payee-2", "0"),
    ("milestone-2-title", "Stand"),
    ("milestone-2-amount", "600"),
    ("milestone-2-payee-1", "150.5"),
    ("milestone-2-payee-2", "50"),
];

/// A deal of two milestones by its seller, with two who are paid too, up to the check of its answers.
pub async fn shared(world: &World) -> Draft {
    world.account("Amel Buyer", BUYER).await;
    let mut draft = Draft::start(world, "Bilel Seller", SELLER, "seller").await;
    draft.answers("kind", &[("kind", "milestone"), ("mode", "standard")], "parties").await;
    named(&mut draft).await;
    draft.answers("parties", &[&[("buyer", BUYER)], NAMED].concat(), "work").await;
    draft.answers("work", &[("title", "A fair stand"), ("contract_terms", "Wood.")], "price").await;
    draft.answers("price", PRICES, "delivery").await;
    let dates = [
        ("milestone-1-due", "2026-06-01"),
        ("milestone-1-criteria", "It is drawn"),
        ("milestone-2-due", "2026-07-01"),
        ("milestone-2-criteria", "It stands"),
    ];
    draft.answers("delivery", &dates, "fees").await;
    draft.answers("fees", &[("fee_payer", "seller")], "disputes").await;
    draft.answers("disputes", &[("default_outcome", "halves")], "files").await;
    draft.answers("files", &[("do", "next")], "check").await;
    draft
}

/// Room for two.
async fn named(draft: &mut Draft) {
    for number in 1..=2 {
        let page = draft.sends("parties", &[("do", "add-payee")]).await;
        assert_eq!(page.location(), format!("{}/parties#payee-{number}-name", draft.path));
    }
}

/// The escrow of a page's address.
pub async fn deal_at(world: &World, page: &Page) -> Deal {
    let reference = page.location().split('/').nth(2).unwrap().to_owned();
    let mut reader = world.app.db.read().await.unwrap();
    let escrow = escrows::by_reference(&mut reader.conn(), &reference).await.unwrap().unwrap();
    let user = |role| escrow.party(role).unwrap().user;
    Deal { escrow: escrow.id, reference, buyer: user(Role::Buyer), seller: user(Role::Seller), broker: None }
}

both! {
    async fn who_is_paid_too_is_named_and_gets_his_lines(world) {
        let mut draft = shared(&world).await;
        let check = draft.page("check").await;
        check.shows("1. Design 400.000 TND 296.000 TND 100.000 TND 4.000 TND");
        check.shows("In all 1,000.000 TND 689.500 TND 300.500 TND 10.000 TND");
        check.shows("Bilel Seller Seller you 699.500 TND 10.000 TND 689.500 TND");
        check.shows("Carpenter & Sons Payee 250.500 TND 0.000 TND 250.500 TND");
        check.shows("The printer Payee 50.000 TND 0.000 TND 50.000 TND");
        check.shows("Of 1. to The printer Nothing Of 1. to the seller 300.000 TND");
        check.shows("the seller, before fees: 300.000 TND - Of the price for payee 1, before fees: 100.000 TND");
        check.shows("Payee 1 receives a part of the price and decides nothing. - Name: Carpenter & Sons - Email address: carpenter@example.com");
        check.shows("payee 1, before fees: 150.500 TND - Of the price for payee 2, before fees: 50.000 TND");
        let sent = draft.is_sent().await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let deal = deal_at(&world, &sent).await;
        let escrow = world.escrow(&deal).await;
        let mut lines = Vec::new();
        for email in [CARPENTER, PRINTER] {
            let mut reader = world.app.db.read().await.unwrap();
            let user = users::by_email(&mut reader.conn(), email).await.unwrap().unwrap().id;
            lines.push([0, 1].map(|part| escrow.terms.gross_of(part, user)));
        }
        assert_eq!(lines, [[100_000, 150_500], [0, 50_000]]);
        assert_eq!(escrow.plan.receives_minor(Share::Payee(1)), 50_000);
        assert_eq!(escrow.terms.gross_in_all(deal.seller), 699_500);
        draft.browser.get(sent.location()).await.shows(CARPENTER);
    }
}

both! {
    async fn nothing_of_it_stands_in_the_way_of_an_ordinary_deal(world) {
        let mut draft = Draft::start(&world, "Bilel Seller", SELLER, "seller").await;
        draft.answers("kind", &[("kind", "one_off"), ("mode", "quick")], "parties").await;
        let page = draft.page("parties").await;
        page.shows("Others are paid too");
        assert!(!page.body.contains("payee-1"), "no field of theirs");
        let price = draft.page("price").await;
        assert!(!price.body.contains("payee") && !price.text().contains("The seller gets the rest"));
        // Named by mistake, and taken out again with what was typed.
        named(&mut draft).await;
        let typed = [&[("buyer", BUYER), ("do", "remove-payee-1")], NAMED].concat();
        assert_eq!(draft.sends("parties", &typed).await.location(), format!("{}/parties#payees", draft.path));
        let page = draft.page("parties").await;
        assert!(page.body.contains("value=\"The printer\"") && !page.body.contains("payee-2-name"));
        assert!(page.body.contains(&format!("value=\"{BUYER}\"")), "what else was typed is kept");
        draft.sends("parties", &[("do", "remove-payee-1")]).await;
        draft.page("parties").await.shows("Others are paid too");
        draft.answers("parties", &[("buyer", BUYER)], "work").await;
        for absurd in ["remove-payee-0", "remove-payee-9", "remove-payee-x", "remove-payee-99999999999999999999"] {
            assert!(draft.sends("parties", &[("do", absurd)]).await.status < 500, "{absurd}");
        }
        for _ in 0..12 {
            draft.sends("parties", &[("do", "add-payee")]).await;
        }
        let page = draft.page("parties").await;
        page.shows("A deal pays at most 10 others");
        assert!(page.body.contains("payee-10-email") && !page.body.contains("payee-11-email"));
    }
}

both! {
    async fn what_is_wrong_with_those_who_are_paid_too_stands_at_its_field(world) {
        let mut draft = shared(&world).await;
        let long = "n".repeat(201);
        for (step, field, bad, words) in [
            ("parties", "payee-1-name", "", "Enter a name, or remove this person."),
            ("parties", "payee-1-name", &long, "write at most 200"),
            ("parties", "payee-2-email", "", "Enter an email address like"),
            ("parties", "payee-2-email", "nobody", "Enter an email address like"),
            ("parties", "payee-2-email", SELLER, "This is your own address"),
            ("parties", "payee-2-email", BUYER, "This address is named above"),
            ("parties", "payee-2-email", "CARPENTER@example.com", "This address is named above"),
            ("price", "milestone-1-payee-1", "1.2345", "TND has 3 decimals"),
            ("price", "milestone-1-payee-1", "-5", "Write the amount in digits"),
            ("price", "milestone-1-payee-1", "all", "Write the amount in digits"),
        ] {
            let page = draft.sends(step, &[(field, bad)]).await;
            assert_eq!(page.status, 422, "{step} {field}={bad}");
            page.shows(words);
            assert!(page.body.contains(&format!("href=\"#{field}\"")), "{step} {field}={bad}");
            assert!(page.body.contains(&format!("id=\"{field}\"")), "{step} {field}={bad}");
            let check = draft.page("check").await;
            check.shows(words);
            check.hides("Send to the buyer");
            draft.sends("parties", NAMED).await;
            draft.sends("price", PRICES).await;
        }
        draft.page("check").await.shows("Send to the buyer");
    }
}

both! {
    async fn the_seller_gets_the_rest_and_never_nothing(world) {
        let mut draft = shared(&world).await;
        let saved = draft.sends("price", &[("milestone-2-payee-2", "60"), ("do", "total")]).await;
        assert_eq!(saved.status, 303);
        draft.page("price").await.shows("The seller gets the rest , as last saved 389.500 TND");
        let field = "id=\"milestone-1-recipients\"";
        for (given, words) in [
            ("500", "The others would get 500.000 TND together, more than the 400.000 TND there are"),
            ("400", "The others would get all of 400.000 TND, and the seller nothing"),
            ("398", "After fees and what others get nothing would be left for the seller"),
        ] {
            let page = draft.sends("price", &[("milestone-1-payee-1", given)]).await;
            assert_eq!(page.status, 422, "{given}");
            page.shows(words);
            assert!(page.body.contains(field) && page.body.contains("href=\"#milestone-1-recipients\""), "{given}");
            assert!(page.body.contains(&format!("value=\"{given}\"")), "what was typed is kept");
            draft.page("check").await.shows(words);
        }
        draft.answers("price", &[("milestone-1-payee-1", "395.999"), ("from", "check")], "check").await;
        // Whoever gets nothing at all need not be named.
        let nothing = [("milestone-2-payee-2", "0.000"), ("from", "check")];
        let page = draft.sends("price", &nothing).await;
        assert_eq!(page.status, 422);
        page.shows("Milestone 1: Say what The printer gets, from this milestone or from another one.");
    }
}

both! {
    async fn a_broker_is_paid_by_a_sum_of_the_price_instead_of_a_commission(world) {
        let mut draft = shared(&world).await;
        let page = draft.sends("parties", &[("broker", "chiraz@example.com"), ("from", "check")]).await;
        assert_eq!(page.status, 303);
        let page = draft.sends("fees", &[("fee_payer", "broker"), ("commission_kind", "line")]).await;
        assert_eq!(page.status, 422);
        page.shows("Say what the broker gets, from this milestone or from another one.");
        page.shows("Out of 2. Stand Of 600.000 TND. As last saved the seller gets 399.500 TND, before fees.");
        assert!(!page.body.contains("name=\"commission\""));
        let sums = |first, second| [("milestone-1-broker", first), ("milestone-2-broker", second), ("from", "check")];
        for (first, second, field, words) in [
            ("300", "40", "milestone-1-broker", "The others would get all of 400.000 TND"),
            ("20", "", "milestone-2-broker", "The fee would be more than the broker earns in this milestone"),
            ("x", "40", "milestone-1-broker", "Write the amount in digits"),
        ] {
            let page = draft.sends("fees", &sums(first, second)).await;
            assert_eq!(page.status, 422, "{first} {second}");
            page.shows(words);
            assert!(page.body.contains(&format!("href=\"#{field}\"")), "{first} {second}");
        }
        draft.answers("fees", &sums("20", "40"), "check").await;
        let check = draft.page("check").await;
        check.shows("2. Stand 600.000 TND 359.500 TND 34.000 TND 200.500 TND 6.000 TND");
        check.shows("chiraz@example.com Broker 60.000 TND 10.000 TND 50.000 TND");
        check.shows("The broker earns A sum of the price Out of milestone 1 20.000 TND Out of milestone 2 40.000 TND");
        check.shows("Of the price for the broker, before fees: 20.000 TND");
        draft.page("price").await.shows("280.000 TND after what the broker gets");
        assert_eq!(draft.is_sent().await.status, 303);
    }
}

/// Sent, signed and paid.
pub async fn paid(world: &World) -> Deal {
    let sent = shared(world).await.is_sent().await;
    let deal = deal_at(world, &sent).await;
    world.all_sign(&deal).await;
    world.pays(&deal).await;
    deal
}

both! {
    async fn who_is_paid_too_is_told_what_and_how_and_can_say_that_it_is_not_for_him(world) {
        let sent = shared(&world).await.is_sent().await;
        let deal = deal_at(&world, &sent).await;
        world.signed_in(SELLER).await.get(sent.location()).await.shows("A mail that says what they are to receive");
        let mail = world.mail(PRINTER).await;
        for words in [
            "You are named to receive from an escrow",
            "“A fair stand”",
            "you are to receive 50.000 TND",
            "You decide nothing in this deal, owe nothing, and need do nothing now.",
            "To be paid you need an account with the address that this mail came to",
            "You are to receive: 50.000 TND",
            "See your part",
        ] {
            assert!(mail.text.contains(words), "{words}: {}", mail.text);
        }
        assert!(!mail.text.contains("decline") && !mail.text.contains("250.500"), "{}", mail.text);
        let mut printer = world.browser();
        let link = mail.path("/invitations/");
        let page = printer.get(&link).await;
        page.shows("named you as somebody who is paid out of");
        page.shows("You are to receive 50.000 TND");
        page.shows("Register to be paid");
        for hidden in ["1,000.000", "250.500", "Read the contract", "Decline", "Wood."] {
            page.hides(hidden);
        }
        let ask = printer.get(&format!("{link}/not-me")).await;
        assert_eq!(ask.status, 200);
        assert_eq!(printer.post(&format!("{link}/not-me"), &[]).await.status, 303);
        printer.get(&link).await.shows("You told us that this is not for you");
        let mut seller = world.signed_in(SELLER).await;
        seller.get(&deal.path("")).await.shows("Says this is the wrong person");
        // Corrected, the right one is told the same.
        let fields = [("email", "press@example.com"), ("key", "k")];
        let page = seller.submit(&deal.path("/parties/4/address"), &fields).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let mail = world.mail("press@example.com").await;
        assert!(mail.text.contains("you are to receive 50.000 TND"), "{}", mail.text);
    }
}

both! {
    async fn everyone_with_a_say_sees_who_gets_what(world) {
        let deal = paid(&world).await;
        for email in [BUYER, SELLER] {
            let mut browser = world.signed_in(email).await;
            for path in ["", "/contract"] {
                let page = browser.get(&deal.path(path)).await;
                page.shows("699.500 TND 10.000 TND 689.500 TND");
                page.shows("Carpenter & Sons Payee 250.500 TND 0.000 TND 250.500 TND");
                page.shows("The printer Payee 50.000 TND 0.000 TND 50.000 TND");
            }
            let contract = browser.get(&deal.path("/contract")).await;
            contract.shows("Payee 1: Carpenter & Sons");
            contract.shows("Of the price for payee 1, before fees 150.500 TND");
            contract.shows("Name Carpenter & Sons Email address carpenter@example.com");
            let part = browser.get(&deal.path("/milestones/2")).await;
            part.shows("399.500 TND 393.500 TND 0.000 TND 393.500 TND");
            part.shows("Carpenter & Sons (payee) 150.500 TND 150.500 TND 0.000 TND 150.500 TND");
            part.shows("Platform fee – 6.000 TND");
        }
    }
}

both! {
    async fn a_commission_that_is_hidden_tells_nothing_to_those_who_are_paid_too(world) {
        let mut draft = shared(&world).await;
        draft.sends("parties", &[("broker", "chiraz@example.com"), ("from", "check")]).await;
        let fees = |payer| [
            ("fee_payer", "seller"), ("commission_kind", "percent"), ("commission", "3.7"),
            ("commission_payer", payer), ("commission_hidden", "yes"), ("from", "check"),
        ];
        let page = draft.sends("fees", &fees("seller")).await;
        assert_eq!(page.status, 422);
        page.shows("A commission can't be hidden from the buyer where others receive beside the seller");
        // The buyer's own: hidden from the seller and from those who are paid too.
        let page = draft.sends("fees", &fees("buyer")).await;
        assert_eq!(page.status, 422);
        page.shows("You can’t hide the commission from yourself.");
    }
}

both! {
    async fn other_terms_and_a_new_start_carry_those_who_are_paid_too(world) {
        let sent = shared(&world).await.is_sent().await;
        let deal = deal_at(&world, &sent).await;
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.post(&deal.path("/terms/propose"), &[]).await;
        let draft = page.location().trim_end_matches("/check").to_owned();
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("Nothing has changed yet.");
        check.shows("Carpenter & Sons Payee 250.500 TND");
        let price = buyer.get(&format!("{draft}/price")).await;
        assert!(price.body.contains("value=\"150.500\""), "{}", price.body);
        let page = buyer.post(&format!("{draft}/price"), &[("milestone-2-payee-1", "600")]).await;
        assert_eq!(page.status, 422);
        page.shows("The others would get 650.000 TND together, more than the 600.000 TND there are");
        buyer.post(&format!("{draft}/price"), &[("milestone-2-payee-1", "120")]).await;
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("Carpenter & Sons receives in all 250.500 TND 220.000 TND");
        check.shows("Milestone 2: to Carpenter & Sons 150.500 TND 120.000 TND");
        let (seen, key) = (crate::milestone::hidden_field(&check, "seen"), crate::milestone::hidden_field(&check, "key"));
        let page = buyer.post(&format!("{draft}/send"), &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(page.location(), deal.path(""), "{}", page.text());
        let mut seller = world.signed_in(SELLER).await;
        let compare = seller.get(&deal.path("/terms/compare?from=1&to=2")).await;
        compare.shows("Milestone 2: to Carpenter & Sons 150.500 TND 120.000 TND");
        compare.shows("You receive in all 689.500 TND 720.000 TND");
        assert!(compare.body.contains("<del>150.500</del><ins>120.000</ins>"), "{}", compare.body);
        let mail = world.mail(CARPENTER).await;
        assert!(mail.text.contains("250.500 TND before, and now 220.000 TND"), "{}", mail.text);
        assert!(!world.kinds(PRINTER).await.is_empty());
        assert_eq!(world.kinds(PRINTER).await.len(), 1, "of the printer's part nothing changed");
        // It comes to nothing, and is begun anew.
        let decline = holdfast::engine::command::Command::Decline { reason: String::new() };
        assert_eq!(world.asks(&deal, deal.seller, decline).await, holdfast::store::execute::Outcome::Done);
        let again = seller.post(&deal.path("/again"), &[]).await;
        let to = seller.get(again.location()).await.location().to_owned();
        let check = seller.get(&to).await;
        check.shows("Carpenter & Sons Payee 220.000 TND");
        check.shows("The printer Payee 50.000 TND");
        check.shows("Send to the buyer and the 2 payees");
    }
}

both! {
    async fn other_terms_name_others_who_are_paid_too_and_leave_some_out(world) {
        let sent = shared(&world).await.is_sent().await;
        let deal = deal_at(&world, &sent).await;
        let old = world.mail(PRINTER).await.path("/invitations/");
        let mut buyer = world.signed_in(BUYER).await;
        let page = buyer.post(&deal.path("/terms/propose"), &[]).await;
        let draft = page.location().trim_end_matches("/check").to_owned();
        // What is no field of this page changes nothing.
        let wrong = [("seller", "other@example.com"), ("payee-2-email", SELLER)];
        let page = buyer.post(&format!("{draft}/parties"), &wrong).await;
        assert_eq!(page.status, 422);
        page.shows("This address is named above");
        let painter = [("payee-2-name", "The painter"), ("payee-2-email", "painter@example.com")];
        assert_eq!(buyer.post(&format!("{draft}/parties"), &painter).await.status, 303);
        let check = buyer.get(&format!("{draft}/check")).await;
        check.shows("The painter receives in all nothing 50.000 TND");
        check.shows("The printer receives in all 50.000 TND nothing");
        let (seen, key) = (crate::milestone::hidden_field(&check, "seen"), crate::milestone::hidden_field(&check, "key"));
        let page = buyer.post(&format!("{draft}/send"), &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(page.location(), deal.path(""), "{}", page.text());

        let escrow = world.escrow(&deal).await;
        let [carpenter, printer, painter] = [CARPENTER, PRINTER, "painter@example.com"];
        let (carpenter, painter) =
            (world.person_of(carpenter).await.unwrap(), world.person_of(painter).await.unwrap());
        assert_eq!(escrow.payees(), [carpenter, painter]);
        assert_eq!(escrow.terms.gross_in_all(painter), 50_000);
        let page = buyer.get(&deal.path("")).await;
        page.shows("The painter Payee 50.000 TND");
        page.hides("The printer");
        let mail = world.mail("painter@example.com").await;
        assert!(mail.text.contains("you are to receive 50.000 TND"), "{}", mail.text);
        world.browser().get(&mail.path("/invitations/")).await.shows("You are to receive 50.000 TND");
        let mail = world.mail(printer).await;
        assert!(mail.text.contains("You are no longer named"), "{}", mail.text);
        assert!(!mail.text.contains("/invitations/") && !mail.text.contains(&deal.path("")), "{}", mail.text);
        let dead = world.browser().get(&old).await;
        assert_eq!(dead.status, 410);
        dead.shows("the terms were changed and name you no longer");
        assert_eq!(world.kinds(CARPENTER).await.len(), 1, "of his part nothing changed");
        // Everyone agrees, and the new one is paid.
        world.all_sign(&deal).await;
        world.pays(&deal).await;
        for number in [1, 2] {
            world.delivers(&deal, number).await;
            world.approves(&deal, number).await;
        }
        assert_eq!((world.wallet(carpenter).await, world.wallet(painter).await), (250_500, 50_000));
        let report = holdfast::doctor::examine(&world.app).await.unwrap();
        assert_eq!(report.ailments, Vec::<String>::new());
        let mut seller = world.signed_in(SELLER).await;
        let compare = seller.get(&deal.path("/terms/compare?from=1&to=2")).await;
        compare.shows("The painter receives in all nothing 50.000 TND");
        compare.shows("receives in all 50.000 TND nothing");
    }
}
