//! Signing up, confirming the address, invitations, and the setup of the first operator.

use holdfast::accounts;
use holdfast::operators::{self, Added};
use holdfast::store::tokens::{self, Bound, Purpose};
use holdfast::store::users::{self, Account};
use time::Duration;
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, World, both};

const AMEL: &str = "amel@example.com";

fn form(email: &str) -> Vec<(&str, &str)> {
    vec![
        ("name", "Amel Trabelsi"),
        ("email", email),
        ("password", PASSWORD),
        ("time_zone", "Africa/Tunis"),
        ("terms", "yes"),
    ]
}

fn with<'a>(mut form: Vec<(&'a str, &'a str)>, field: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    form.iter_mut().filter(|(name, _)| *name == field).for_each(|(_, old)| *old = value);
    form
}

async fn account(world: &World, email: &str) -> Option<Account> {
    users::by_email(&mut world.app.db.read().await.unwrap().conn(), email).await.unwrap()
}

/// The name in the header, which shows who is signed in.
async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/settings/profile").await.status == 200
}

both! {
    async fn who_signs_up_confirms_the_address_by_mail_and_is_signed_in(world) {
        let mut browser = world.browser();
        let page = browser.get("/sign-up").await;
        page.shows("Create an account");
        let page = browser.submit("/sign-up", &form(" Amel@Example.com ")).await;
        page.shows("We have written a mail");
        assert!(!is_signed_in(&mut browser).await);
        let row = account(&world, AMEL).await.unwrap();
        assert_eq!((row.name.as_str(), row.time_zone.as_str()), ("Amel Trabelsi", "Africa/Tunis"));
        assert!(!row.is_confirmed());

        let mail = world.mail(AMEL).await;
        assert_eq!(mail.kind, "confirm_address");
        let link = mail.path("/verify-email/");
        // On another device, where nobody is signed in; following the link again and again changes nothing.
        let mut phone = world.browser();
        for _ in 0..3 {
            phone.get(&link).await.shows("Confirm your address");
        }
        assert!(!account(&world, AMEL).await.unwrap().is_confirmed());
        let page = phone.post(&link, &[("password", "not the right one at all")]).await;
        assert_eq!(page.status, 422);
        page.shows("not the password that you chose");
        page.hides("not the right one at all");
        let page = phone.post(&link, &[("password", PASSWORD)]).await;
        assert_eq!((page.status, page.location()), (303, "/home"));
        assert!(account(&world, AMEL).await.unwrap().is_confirmed());
        assert!(is_signed_in(&mut phone).await);

        let page = browser.get(&link).await;
        assert_eq!(page.status, 410);
        page.shows("used already");
        assert_eq!(browser.post(&link, &[("password", PASSWORD)]).await.status, 410);
        assert_eq!(world.kinds(AMEL).await, ["confirm_address"]);
    }
}

both! {
    async fn an_address_that_is_known_gets_the_same_answer_and_a_mail_of_its_own(world) {
        let id = world.account("The Owner", AMEL).await;
        let unknown = world.browser().post("/sign-up", &form("new@example.com")).await;
        let known = world.browser().post("/sign-up", &form(AMEL)).await;
        assert_eq!((known.status, known.location()), (unknown.status, unknown.location()));
        assert_eq!(known.body, unknown.body);
        // Each browser keeps for itself what was typed into it; nothing else may differ.
        let cookies = |page: &Page, typed: &str| {
            let typed = data_encoding::BASE64URL_NOPAD.encode(typed.as_bytes());
            page.set_cookies().iter().map(|cookie| cookie.replace(&typed, "…")).collect::<Vec<_>>()
        };
        assert_eq!(cookies(&known, AMEL), cookies(&unknown, "new@example.com"));
        assert_eq!(world.kinds(AMEL).await, ["already_registered"]);
        let row = account(&world, AMEL).await.unwrap();
        assert_eq!((row.id, row.name.as_str()), (id, "The Owner"));
        let page = world.browser().post("/sign-in", &[("email", AMEL), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 303, "the owner's password still works");
    }
}

both! {
    async fn guesses_at_the_sign_in_do_not_keep_anybody_from_confirming_the_address_nor_the_other_way_round(world) {
        world.browser().post("/sign-up", &form(AMEL)).await;
        let link = world.mail(AMEL).await.path("/verify-email/");
        for _ in 0..10 {
            world.browser().post("/sign-in", &[("email", AMEL), ("password", "wrong wrong wrong")]).await;
        }
        for _ in 0..10 {
            assert_eq!(world.browser().post(&link, &[("password", "wrong wrong wrong")]).await.status, 422);
        }
        assert_eq!(world.browser().post(&link, &[("password", PASSWORD)]).await.status, 429);
        world.app.clock.advance(Duration::minutes(15));
        assert_eq!(world.browser().post(&link, &[("password", PASSWORD)]).await.status, 303);
    }
}

both! {
    async fn an_address_is_not_confirmed_with_a_password_that_was_replaced_while_it_was_looked_at(world) {
        world.browser().post("/sign-up", &with(form(AMEL), "password", "purple monkey dishwasher 9")).await;
        let secret = world.mail(AMEL).await.path("/verify-email/").replace("/verify-email/", "");
        let id = account(&world, AMEL).await.unwrap().id;
        let (db, clock) = (&world.app.db, &world.app.clock);
        let looked_at = users::password_hash(&mut db.read().await.unwrap().conn(), id).await.unwrap().unwrap();
        // Meanwhile somebody else signs up with the address; the mail for that is not sent yet.
        world.browser().post("/sign-up", &form(AMEL)).await;
        assert_eq!(accounts::confirm_address(db, clock, &secret, &looked_at).await.unwrap(), None);
        assert!(!account(&world, AMEL).await.unwrap().is_confirmed());
        let newer = world.mail(AMEL).await.path("/verify-email/");
        assert_eq!(world.browser().post(&newer, &[("password", PASSWORD)]).await.status, 303);
    }
}

both! {
    async fn a_stranger_who_signs_up_first_gains_nothing(world) {
        let stolen = with(form(AMEL), "password", "purple monkey dishwasher 9");
        world.browser().post("/sign-up", &stolen).await;
        let page = world.browser().post("/sign-in", &[("email", AMEL), ("password", "purple monkey dishwasher 9")]).await;
        assert_eq!(page.status, 422);
        page.shows("do not belong together, or the address is not confirmed yet");
        assert!(page.set_cookies().is_empty());
        // The owner follows the mail of the stranger's sign-up, but does not know the password.
        let link = world.mail(AMEL).await.path("/verify-email/");
        let page = world.browser().post(&link, &[("password", PASSWORD)]).await;
        assert_eq!(page.status, 422);
        // The owner signs up as if nothing had been, and the stranger's link and password are worthless.
        world.browser().post("/sign-up", &form(AMEL)).await;
        let newer = world.mail(AMEL).await.path("/verify-email/");
        let page = world.browser().get(&link).await;
        assert_eq!(page.status, 410);
        page.shows("A newer one was sent");
        let page = world.browser().post(&newer, &[("password", "purple monkey dishwasher 9")]).await;
        assert_eq!(page.status, 422);
        let page = world.browser().post(&newer, &[("password", PASSWORD)]).await;
        assert_eq!(page.status, 303);
    }
}

both! {
    async fn bad_entries_come_back_with_their_problems_and_nothing_typed_is_lost_but_the_password(world) {
        let form = [
            ("name", "  "),
            ("email", "amel at <example>"),
            ("password", "password1234"),
            ("time_zone", "Mars/Olympus"),
        ];
        let page = world.browser().post("/sign-up", &form).await;
        assert_eq!(page.status, 422);
        for sentence in ["Enter your name", "Enter an email address", "among those that attackers try first", "Choose your time zone", "Accept the terms of service"] {
            page.shows(sentence);
        }
        assert!(page.body.contains("amel at &#60;example&#62;"));
        assert!(page.body.contains("<title>Error: "));
        page.hides("password1234");
        let long = "x".repeat(300);
        let page = world.browser().post("/sign-up", &with(self::form(AMEL), "name", &long)).await;
        page.shows("300 characters; write at most 200");
        for weak in ["short", "Trabelsi-1234567", "amel@example.com", "aaaaaaaaaaaaaaaa"] {
            let page = world.browser().post("/sign-up", &with(self::form(AMEL), "password", weak)).await;
            assert_eq!(page.status, 422, "{weak}");
        }
        assert!(world.mails().await.is_empty());
        assert!(account(&world, AMEL).await.is_none());
        let mut twice = self::form(AMEL);
        twice.push(("email", "other@example.com"));
        let page = world.browser().post("/sign-up", &twice).await;
        assert_eq!(page.status, 400);
        page.shows("was sent twice");
    }
}

both! {
    async fn a_confirmation_is_sent_again_and_says_the_same_to_everybody(world) {
        world.browser().post("/sign-up", &form(AMEL)).await;
        world.account("Bilel", "bilel@example.com").await;
        let first = world.mail(AMEL).await.path("/verify-email/");
        let mut answers = Vec::new();
        for email in [AMEL, "bilel@example.com", "nobody@example.com"] {
            let page = world.browser().post("/verify-email", &[("email", email)]).await;
            answers.push((page.status, page.location().to_owned(), page.body.clone()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(world.kinds(AMEL).await, ["confirm_address", "confirm_address"]);
        assert_eq!(world.kinds("bilel@example.com").await, ["already_registered"]);
        assert!(world.kinds("nobody@example.com").await.is_empty());
        assert_eq!(world.browser().get(&first).await.status, 410);
        let page = world.browser().post("/verify-email", &[("email", "nonsense")]).await;
        assert_eq!(page.status, 422);
        // After a day the link is dead.
        let link = world.mail(AMEL).await.path("/verify-email/");
        world.app.clock.advance(Duration::days(1));
        let page = world.browser().get(&link).await;
        assert_eq!(page.status, 410);
        page.shows("that time is over");
    }
}

both! {
    async fn nobodys_mailbox_is_flooded_and_nobodys_network_signs_up_without_end(world) {
        for _ in 0..8 {
            world.browser().post("/sign-up", &form(AMEL)).await;
        }
        assert_eq!(world.kinds(AMEL).await.len(), 5);
        let mut statuses = Vec::new();
        for n in 0..60 {
            let email = format!("p{n}@example.com");
            let page = world.browser().post("/sign-up", &form(&email)).await;
            statuses.push(page.status);
            if page.status == 429 {
                assert!(page.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
            }
        }
        assert_eq!((statuses[50], statuses[59]), (303, 429));
    }
}

async fn invited(world: &World, email: &str, escrow: Uuid) -> (Uuid, String) {
    let mut tx = world.app.db.write().await.unwrap();
    let conn = &mut tx.conn();
    let id = users::find_or_invite(conn, &world.app.clock, email, "").await.unwrap();
    let bound = Bound { user_id: Some(id), email: Some(email), escrow_id: Some(escrow) };
    let secret = tokens::mint(conn, &world.app.clock, Purpose::Invitation, &bound).await.unwrap();
    tx.commit().await.unwrap();
    (id, secret)
}

both! {
    async fn an_invitation_confirms_the_address_and_the_account_keeps_its_id(world) {
        let (id, secret) = invited(&world, AMEL, world.app.clock.id()).await;
        let mut browser = world.browser();
        let address = format!("/sign-up?invitation={secret}");
        browser.get(&address).await.shows("You were invited as amel@example.com");
        let mut form = form("somebody.else@example.com");
        form.push(("invitation", &secret));
        let bad = browser.post("/sign-up", &with(form.clone(), "password", "short")).await;
        assert_eq!(bad.status, 422);
        bad.shows("You were invited as amel@example.com");
        let page = browser.post("/sign-up", &form).await;
        assert_eq!((page.status, page.location().to_owned()), (303, format!("/invitations/{secret}")));
        assert!(is_signed_in(&mut browser).await);
        let row = account(&world, AMEL).await.unwrap();
        assert_eq!((row.id, row.is_confirmed()), (id, true));
        assert!(account(&world, "somebody.else@example.com").await.is_none());
        assert!(world.mails().await.is_empty());

        let page = world.browser().get(&address).await;
        assert_eq!(page.status, 410);
        assert_eq!(world.browser().post("/sign-up", &form).await.status, 410);
        assert_eq!(world.browser().get("/sign-up?invitation=nonsense").await.status, 404);
    }
}

both! {
    async fn who_is_invited_and_has_an_account_is_asked_to_sign_in(world) {
        world.account("Amel", AMEL).await;
        let (_, secret) = invited(&world, AMEL, world.app.clock.id()).await;
        let page = world.browser().get(&format!("/sign-up?invitation={secret}")).await;
        assert_eq!(page.location(), format!("/sign-in?next=%2Finvitations%2F{secret}"));
        let mut form = form(AMEL);
        form.push(("invitation", &secret));
        let page = world.browser().post("/sign-up", &form).await;
        assert!(page.location().starts_with("/sign-in"), "{}", page.location());
        assert_eq!(account(&world, AMEL).await.unwrap().name, "Amel");
    }
}

both! {
    async fn an_invitation_beats_a_stranger_who_signed_up_with_the_address(world) {
        world.browser().post("/sign-up", &with(form(AMEL), "password", "purple monkey dishwasher 9")).await;
        let stolen = world.mail(AMEL).await.path("/verify-email/");
        let (_, secret) = invited(&world, AMEL, world.app.clock.id()).await;
        let mut form = form(AMEL);
        form.push(("invitation", &secret));
        assert_eq!(world.browser().post("/sign-up", &form).await.status, 303);
        assert_eq!(world.browser().get(&stolen).await.status, 410);
        let page = world.browser().post("/sign-in", &[("email", AMEL), ("password", "purple monkey dishwasher 9")]).await;
        assert_eq!(page.status, 422);
    }
}

both! {
    async fn the_first_operator_is_made_with_the_setup_link_and_no_second_one(world) {
        let secret = accounts::first_setup(&world.app.db, &world.app.clock).await.unwrap().unwrap();
        let newer = accounts::first_setup(&world.app.db, &world.app.clock).await.unwrap().unwrap();
        let old = format!("/setup/{secret}");
        assert_eq!(world.browser().get(&old).await.status, 410);
        let link = format!("/setup/{newer}");
        let mut browser = world.browser();
        browser.get(&link).await.shows("Set up this portal");
        assert_eq!(browser.post(&link, &with(form(AMEL), "password", "x")).await.status, 422);
        let page = browser.post(&link, &form(AMEL)).await;
        assert_eq!((page.status, page.location()), (303, "/admin"));
        let row = account(&world, AMEL).await.unwrap();
        assert!(row.operator && row.is_confirmed());
        assert_eq!(browser.get("/admin/users").await.status, 200);
        assert_eq!(browser.post(&link, &form("second@example.com")).await.status, 410);
        assert_eq!(accounts::first_setup(&world.app.db, &world.app.clock).await.unwrap(), None);
    }
}

both! {
    async fn once_there_is_an_operator_the_printed_setup_link_is_worth_nothing(world) {
        let (db, clock) = (&world.app.db, &world.app.clock);
        let printed = accounts::first_setup(db, clock).await.unwrap().unwrap();
        world.account("The Owner", AMEL).await;
        operators::add_operator(db, clock, AMEL).await.unwrap();
        let link = format!("/setup/{printed}");
        assert_eq!(world.browser().get(&link).await.status, 410);
        assert_eq!(world.browser().post(&link, &form("new@example.com")).await.status, 410);

        // A link of an older program that did not retire it goes with the next start.
        let mut tx = db.write().await.unwrap();
        let old = tokens::mint(&mut tx.conn(), clock, Purpose::Setup, &Bound::default()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(accounts::first_setup(db, clock).await.unwrap(), None);
        assert_eq!(world.browser().get(&format!("/setup/{old}")).await.status, 410);

        // A link for one address stays good, however many operators there are.
        let Added::WithLink(bound) = operators::add_operator(db, clock, "new@example.com").await.unwrap() else { panic!("no link") };
        assert_eq!(accounts::first_setup(db, clock).await.unwrap(), None);
        assert_eq!(world.browser().post(&format!("/setup/{bound}"), &form("new@example.com")).await.status, 303);
    }
}

both! {
    async fn a_setup_link_dies_after_half_an_hour_and_takes_no_account_over(world) {
        let id = world.account("The Owner", AMEL).await;
        let secret = accounts::first_setup(&world.app.db, &world.app.clock).await.unwrap().unwrap();
        let link = format!("/setup/{secret}");
        let page = world.browser().post(&link, &form(AMEL)).await;
        assert_eq!(page.status, 422);
        page.shows("holdfast operator add");
        assert!(!account(&world, AMEL).await.unwrap().operator);
        world.app.clock.advance(Duration::minutes(30));
        assert_eq!(world.browser().post(&link, &form("new@example.com")).await.status, 410);

        let added = operators::add_operator(&world.app.db, &world.app.clock, AMEL).await.unwrap();
        assert_eq!(added, Added::AtOnce);
        let row = account(&world, AMEL).await.unwrap();
        assert_eq!((row.id, row.operator), (id, true));
    }
}

both! {
    async fn an_operator_who_is_added_gets_a_link_for_one_address(world) {
        let added = operators::add_operator(&world.app.db, &world.app.clock, AMEL).await.unwrap();
        let Added::WithLink(secret) = added else { panic!("no link") };
        let link = format!("/setup/{secret}");
        world.browser().get(&link).await.shows(AMEL);
        let page = world.browser().post(&link, &form("other@example.com")).await;
        assert_eq!(page.status, 303);
        assert!(account(&world, AMEL).await.unwrap().operator);
        assert!(account(&world, "other@example.com").await.is_none());
    }
}

both! {
    async fn sign_ups_with_an_address_do_not_use_up_its_other_mails(world) {
        world.account("The Owner", AMEL).await;
        for _ in 0..6 {
            world.browser().post("/sign-up", &form(AMEL)).await.is(303);
        }
        world.browser().post("/reset", &[("email", AMEL)]).await.is(303);
        let kinds = world.kinds(AMEL).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "already_registered").count(), 5, "{kinds:?}");
        assert_eq!(kinds.last().map(String::as_str), Some("reset_password"), "{kinds:?}");
    }
}
