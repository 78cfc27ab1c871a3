//! Sold by a pay link, bought without an account: by pages and mails, honestly and otherwise.

use holdfast::engine::command::Command;
use holdfast::engine::escrow::{ChargeState, End, Stage};
use holdfast::engine::party::Role;
use holdfast::engine::terms::{Mode, Terms};
use holdfast::sandbox::Choice;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::links;
use holdfast::store::proposals::{Proposal, propose};
use time::Duration;

use crate::browser::{Browser, Page};
use crate::deal::Deal;
use crate::milestone::hidden_field;
use crate::world::{Mail, World, both};

pub const GUEST: &str = "gamal.guest@example.com";

/// A sale of 10.000 TND behind a pay link, and the link's path.
pub async fn for_sale(world: &World) -> (Deal, String) {
    let seller = world.person("Bilel Seller").await;
    let terms = Terms {
        mode: Mode::Instant,
        contract_terms: None,
        delivery_days: None,
        title: "A thousand coins".to_owned(),
        ..world.one_off(10_000)
    };
    let parties = vec![(Role::Seller, "bilel.seller@example.com".to_owned())];
    let key = world.app.clock.secret();
    let proposal = Proposal { creator: seller, parties, terms, named: Default::default(), key, draft: None };
    let proposed = propose(&world.app.db, &world.app.clock, &proposal).await.unwrap();
    assert_eq!(proposed.executed.outcome, Outcome::Done);
    let secret =
        links::secret(&mut world.app.db.read().await.unwrap().conn(), world.app.db.keys(), proposed.escrow)
            .await
            .unwrap();
    let deal = Deal {
        escrow: proposed.escrow,
        reference: proposed.reference,
        buyer: uuid::Uuid::nil(),
        seller,
        broker: None,
    };
    (deal, format!("/pay/{}", secret.unwrap()))
}

pub async fn buys(browser: &mut Browser, link: &str, email: &str, more: &[(&str, &str)]) -> Page {
    let page = browser.get(link).await;
    let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
    let version = hidden_field(&page, "terms_version");
    let mut fields = vec![
        ("email", email),
        ("name", "Gamal Guest"),
        ("method", "sandbox"),
        ("terms", "yes"),
        ("terms_version", version.as_str()),
        ("seen", seen.as_str()),
        ("key", key.as_str()),
    ];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    browser.post(link, &[&fields, more].concat()).await
}

pub async fn says(world: &World, deal: &Deal, good: bool) {
    let payment = world.escrow(deal).await.charge.unwrap().payment;
    let command = match good {
        true => Command::ChargeSettled { payment },
        false => Command::ChargeFailed { payment, reason: "Not enough money.".to_owned() },
    };
    let request = Request::new(deal.escrow, Who::Rail, command);
    assert_eq!(world.app.execute(&request).await.unwrap(), Outcome::Done);
}

/// The path of the guest's pages in his mail.
pub fn own_path(mail: &Mail) -> String {
    let path = mail.path("/g/");
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// Bought by a guest and paid; the guest's own path.
pub async fn sold(world: &World) -> (Deal, String, String) {
    let (deal, link) = for_sale(world).await;
    let started = buys(&mut world.browser(), &link, GUEST, &[]).await;
    started.is(303);
    says(world, &deal, true).await;
    let own = own_path(&world.mail(GUEST).await);
    (deal, link, own)
}

both! {
    async fn a_guest_pays_follows_it_by_the_mail_and_gets_the_delivery(world) {
        let (deal, link) = for_sale(&world).await;
        let mut guest = world.browser();
        let page = guest.get(&link).await;
        page.shows("A thousand coins");
        page.shows("From Bilel Seller");
        page.shows("10.100 TND");
        page.shows("Delivered within 1 day after payment");
        page.hides("bilel.seller@example.com");
        let started = buys(&mut guest, &link, GUEST, &[]).await;
        started.is(303);
        assert!(started.location().contains("/sandbox/pay/"), "{}", started.location());
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        let back = format!("{link}/{payment}");
        guest.get(&back).await.shows("Nothing is held in escrow yet.");
        says(&world, &deal, true).await;
        guest.get(&back).await.shows("is held in escrow.");
        guest.get(&link).await.shows("This is already paid.");
        assert_eq!(world.kinds(GUEST).await, ["bought"]);
        let mail = world.mail(GUEST).await;
        assert!(!mail.text.contains("/escrows/") && !mail.text.contains("/settings"), "{}", mail.text);
        let own = own_path(&mail);
        let mut reader = world.browser();
        let page = reader.get(&own).await;
        page.shows("Held in escrow");
        page.shows("The seller is to deliver");
        assert!(!page.body.contains("/escrows/"), "a link that needs an account");
        reader.get(&format!("{own}/receipt")).await.shows("10.100 TND");

        let mut seller = world.signed_in("bilel.seller@example.com").await;
        let page = seller.get(&deal.path("")).await;
        page.shows("Gamal Guest");
        page.shows(GUEST);
        world.delivers(&deal, 1).await;
        assert!(matches!(world.escrow(&deal).await.stage, Stage::Ended { end: End::Completed, .. }));
        assert_eq!(world.kinds(GUEST).await, ["bought", "handed_over"]);
        let over = reader.get(&own).await;
        over.shows("Completed");
        over.hides("Close the escrow");
        over.hides("Start again");
        leads_nowhere_else(&mut reader, &own).await;
        let page = reader.get(&format!("{own}/milestones/1")).await;
        page.shows("Here it is.");
        page.shows("It is delivered, and that completed the sale.");
        page.hides("approved");
        page.hides("silence counts as approval");
    }
}

both! {
    async fn what_is_missing_stands_at_its_field_and_what_was_typed_stays(world) {
        let (deal, link) = for_sale(&world).await;
        let page = buys(&mut world.browser(), &link, "nobody", &[("terms", "no"), ("name", "")]).await;
        page.is(422);
        page.shows("Enter an email address like name@example.com.");
        page.shows("Write your name");
        page.shows("tick that you accept them");
        assert!(page.body.contains("value=\"nobody\""));
        assert_eq!(world.escrow(&deal).await.party(Role::Buyer), None);
        let old = buys(&mut world.browser(), &link, GUEST, &[("terms_version", "0")]).await;
        old.is(422);
        let wallet = buys(&mut world.browser(), &link, GUEST, &[("method", "wallet")]).await;
        wallet.is(422);
    }
}

both! {
    async fn while_a_submitted_payment_is_processed_no_other_can_pay_and_after_a_failure_they_can(world) {
        let (deal, link) = for_sale(&world).await;
        let (mut first, mut second) = (world.browser(), world.browser());
        let late = second.get(&link).await;
        buys(&mut first, &link, GUEST, &[]).await.is(303);
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        world.chooses(payment, Choice::Nothing).await;
        second.get(&link).await.shows("Somebody has opened a payment by this link and not finished it yet.");
        let fields = [
            ("email", "other@example.com"),
            ("name", "Other"),
            ("method", "sandbox"),
            ("terms", "yes"),
            ("terms_version", &hidden_field(&late, "terms_version")),
            ("seen", &hidden_field(&late, "seen")),
            ("key", &hidden_field(&late, "key")),
        ];
        let page = second.post(&link, &fields).await;
        page.is(422);
        page.shows("was submitted before yours and is being processed");
        page.shows("No money has moved.");
        assert_eq!(world.person_of("other@example.com").await, None, "who was too late left no trace");
        says(&world, &deal, false).await;
        buys(&mut second, &link, "other@example.com", &[]).await.is(303);
        says(&world, &deal, true).await;
        let buyer = world.escrow(&deal).await.party(Role::Buyer).unwrap().user;
        assert_eq!(world.person_of("other@example.com").await, Some(buyer));
        let seen = first.get(&link).await;
        seen.shows("This is already paid.");
        seen.hides("Go to this sale");
    }
}

both! {
    async fn a_known_address_is_taken_for_nobody_until_its_mail_is_read(world) {
        world.person("Amel Buyer").await;
        let (deal, link) = for_sale(&world).await;
        let known = buys(&mut world.browser(), &link, "amel.buyer@example.com", &[]).await;
        known.is(303);
        says(&world, &deal, true).await;
        let mut amel = world.signed_in("amel.buyer@example.com").await;
        amel.get(&deal.path("")).await.is(404);
        let own = own_path(&world.mail("amel.buyer@example.com").await);
        amel.get(&own).await.shows("Put it into my account");
        world.person("Mona Mallory").await;
        let mut other = world.signed_in("mona.mallory@example.com").await;
        other.get(&own).await.hides("Put it into my account");
        other.post(&format!("{own}/account"), &[]).await.is(404);
        amel.post(&format!("{own}/account"), &[]).await.is(303);
        amel.get(&deal.path("")).await.shows("Held in escrow");
        world.browser().get(&own).await.is(404);
    }
}

both! {
    async fn registering_with_the_address_brings_the_purchase_along(world) {
        let (deal, _, own) = sold(&world).await;
        world.account("Gamal Guest", GUEST).await;
        let mut gamal = world.signed_in(GUEST).await;
        gamal.get("/escrows").await.shows("A thousand coins");
        gamal.get(&deal.path("")).await.shows("Held in escrow");
        let there = gamal.get(&own).await;
        assert_eq!(there.location(), deal.path(""));
        let away = world.browser().get(&own).await;
        assert!(away.location().starts_with("/sign-in?next="), "{}", away.location());
    }
}

both! {
    async fn a_guest_asks_to_cancel_takes_it_back_and_opens_a_dispute(world) {
        let (deal, _, own) = sold(&world).await;
        let mut guest = world.browser();
        let page = guest.get(&format!("{own}/cancel")).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let fields = [("reason", "I changed my mind."), ("seen", &*seen), ("key", &*key)];
        let asked = guest.post(&format!("{own}/cancel"), &fields).await;
        asked.is(303);
        assert_eq!(asked.location(), own);
        assert!(world.escrow(&deal).await.cancellation.is_some());
        let page = guest.get(&format!("{own}/cancel")).await;
        let key = hidden_field(&page, "key");
        guest.post(&format!("{own}/cancel/withdrawal"), &[("key", &key)]).await.is(303);
        assert!(world.escrow(&deal).await.cancellation.is_none());
        let page = guest.get(&format!("{own}/disputes/new")).await;
        page.shows("Open a dispute");
        let key = hidden_field(&page, "key");
        let fields = [("release-1", "0"), ("note", "It never came."), ("key", &*key)];
        guest.post(&format!("{own}/disputes"), &fields).await.is(303);
        assert_eq!(world.escrow(&deal).await.disputes.len(), 1);
        guest.get(&format!("{own}/disputes/1")).await.shows("It never came.");
        world.app.clock.advance(Duration::days(1));
        assert_eq!(world.kinds(GUEST).await, ["bought", "disagreement"]);
    }
}

both! {
    async fn a_guest_sees_one_escrow_and_no_page_that_is_not_his(world) {
        let (deal, link, own) = sold(&world).await;
        let other = world.funded().await;
        let mut guest = world.browser();
        for path in [
            format!("{own}/messages"),
            format!("{own}/history"),
            format!("{own}/contract"),
            format!("{own}/close"),
            format!("{own}/milestones/1/deliver"),
            format!("{own}/link"),
            format!("/g/{}", other.reference),
            "/g/no-such-secret".to_owned(),
            link.replace("/pay/", "/g/"),
            own.replace("/g/", "/pay/"),
        ] {
            guest.get(&path).await.is(404);
        }
        let page = guest.get(&deal.path("")).await;
        assert!(page.location().starts_with("/sign-in"), "{}", page.location());
        guest.forged_post(&format!("{own}/cancel")).await.is(403);
        world.browser().forged_post(&link).await.is(403);
        let page = guest.get(&own).await;
        assert_eq!(page.headers["x-robots-tag"], "noindex, nofollow");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
}

both! {
    async fn coming_back_with_somebody_elses_address_tells_nothing(world) {
        let (deal, link) = for_sale(&world).await;
        buys(&mut world.browser(), &link, GUEST, &[]).await.is(303);
        let payment = world.escrow(&deal).await.charge.unwrap().payment;
        let back = format!("{link}/{payment}");
        let page = world.browser().get(&back).await;
        assert_eq!(page.location(), link, "the link says what it says to everybody");
        assert!(matches!(world.escrow(&deal).await.charge.unwrap().state, ChargeState::Pending { .. }));
    }
}

both! {
    async fn an_old_link_is_renewed_by_mail_alone(world) {
        let (_, _, own) = sold(&world).await;
        world.app.clock.advance(Duration::days(91));
        let mut guest = world.browser();
        let page = guest.get(&own).await;
        page.is(410);
        page.shows("Mail me a new link");
        let before = world.mails().await.len();
        let wrong = guest.post(&format!("{own}/again"), &[("email", "else@example.com")]).await;
        assert_eq!(world.mails().await.len(), before);
        let right = guest.post(&format!("{own}/again"), &[("email", GUEST)]).await;
        assert_eq!(wrong.text(), right.text());
        let mail = world.mail(GUEST).await;
        assert_eq!(mail.kind, "guest_link");
        guest.get(&own_path(&mail)).await.is(200);
    }
}

both! {
    async fn nobody_keeps_a_guest_from_his_link_by_typing_his_address(world) {
        let (_, _, own) = sold(&world).await;
        let (deal, link) = for_sale(&world).await;
        let other = "other@example.com";
        buys(&mut world.browser(), &link, other, &[]).await.is(303);
        says(&world, &deal, true).await;
        let theirs = own_path(&world.mail(other).await);
        for _ in 0..6 {
            let page = world.browser().post(&format!("{theirs}/again"), &[("email", GUEST)]).await;
            page.is(200);
        }
        world.browser().post(&format!("{own}/again"), &[("email", GUEST)]).await.is(200);
        assert_eq!(world.kinds(GUEST).await, ["bought", "guest_link"]);
        for _ in 0..6 {
            world.browser().post(&format!("{own}/again"), &[("email", GUEST)]).await.is(200);
        }
        assert_eq!(world.kinds(GUEST).await.len(), 6, "no more than five of a kind in an hour");
    }
}

both! {
    async fn the_seller_finds_mails_and_replaces_the_link(world) {
        let (deal, link) = for_sale(&world).await;
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        seller.get(&deal.path("")).await.shows("See the pay link");
        let page = seller.get(&deal.path("/link")).await;
        assert!(page.body.contains(&link), "{}", page.text());
        seller.post(&deal.path("/link/mail"), &[("email", "nobody")]).await.is(422);
        seller.post(&deal.path("/link/mail"), &[("email", GUEST)]).await.is(303);
        let mail = world.mail(GUEST).await;
        assert!(mail.text.contains(&link), "{}", mail.text);
        let page = seller.get(&deal.path("/link/new")).await;
        page.shows("The link that you have now stops working at once");
        world.browser().get(&link).await.hides("replaced this link");
        let seen = hidden_field(&page, "seen");
        seller.post(&deal.path("/link/new"), &[("seen", &seen)]).await.is(303);
        world.browser().get(&link).await.shows("replaced this link by a newer one");
        let page = seller.get(&deal.path("/link")).await;
        assert!(!page.body.contains(&link));
        seller.post(&deal.path("/link/new"), &[("seen", &seen)]).await.is(303);
        let secret = |page: &Page| page.body.split("/pay/").nth(1).unwrap()[..20].to_owned();
        let again = seller.get(&deal.path("/link")).await;
        assert_eq!(secret(&again), secret(&page), "sent twice, it replaces one");
        seller.get(&link).await.is(200);
        world.person("Mona Mallory").await;
        let mut other = world.signed_in("mona.mallory@example.com").await;
        other.get(&deal.path("/link")).await.is(404);
        other.get(&deal.path("/link/new")).await.is(404);
    }
}

both! {
    async fn who_is_signed_in_pays_as_himself(world) {
        let amel = world.person("Amel Buyer").await;
        let (deal, link) = for_sale(&world).await;
        let mut browser = world.signed_in("amel.buyer@example.com").await;
        let page = browser.get(&link).await;
        page.shows("You are signed in and pay as Amel Buyer");
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let fields = [("method", "sandbox"), ("seen", &*seen), ("key", &*key)];
        browser.post(&link, &fields).await.is(303);
        assert_eq!(world.escrow(&deal).await.party(Role::Buyer).unwrap().user, amel);
        says(&world, &deal, true).await;
        browser.get(&deal.path("")).await.shows("Held in escrow");
        let mut seller = world.signed_in("bilel.seller@example.com").await;
        seller.get(&deal.path("")).await.shows("Deliver “Design”. That releases the money to you.");
    }
}

/// Every page of the guest's that this one leads to is there.
async fn leads_nowhere_else(guest: &mut Browser, own: &str) {
    let body = guest.get(own).await.body.replace("&#38;", "&").replace("&amp;", "&");
    let links = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mine: Vec<String> = links.filter(|link| link.starts_with(own)).map(str::to_owned).collect();
    assert!(!mine.is_empty());
    for link in mine {
        assert_eq!(guest.get(&link).await.status, 200, "{link}");
    }
}

both! {
    async fn no_button_of_a_guest_leads_to_a_page_that_is_not_there(world) {
        let (deal, _, own) = sold(&world).await;
        let mut guest = world.browser();
        guest.get(&own).await.shows("Send a reminder");
        leads_nowhere_else(&mut guest, &own).await;
        let reminder = format!("{own}/reminder?of=delivery&milestone=1");
        let page = guest.get(&reminder).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let fields = [("of", "delivery"), ("milestone", "1"), ("seen", &*seen), ("key", &*key)];
        let sent = guest.post(&format!("{own}/reminder"), &fields).await;
        assert_eq!((sent.status, sent.location()), (303, own.as_str()));
        assert!(world.kinds("bilel.seller@example.com").await.contains(&"nudged".to_owned()));
        let command = Command::CancelAll { reason: "Sold out.".to_owned() };
        assert_eq!(world.asks(&deal, deal.seller, command).await, Outcome::Done);
        guest.get(&own).await.shows("Refund under way");
        leads_nowhere_else(&mut guest, &own).await;
        assert_eq!(world.wallet(deal.buyer).await, 0, "it goes back as it came");
    }
}
