//! What people type, and what their pages showed when they pressed: one mailbox is one account, a name is nobody
//! else's, an amount has one meaning, and a form carries the sums that stood on its page.

use std::path::Path;

use holdfast::address;
use holdfast::engine::command::Command;
use holdfast::store::addresses::{self, Left};
use holdfast::store::users;

use crate::draft::Draft;
use crate::milestone::{Cast, hidden_field};
use crate::world::{PASSWORD, World, both};

const SELLER: &str = "seller@example.com";

fn sign_up<'a>(name: &'a str, email: &'a str, zone: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [("name", name), ("email", email), ("time_zone", zone), ("password", password), ("terms", "yes")]
}

async fn account_of(world: &World, email: &str) -> Option<users::Account> {
    users::by_email(&mut world.app.db.read().await.unwrap().conn(), email).await.unwrap()
}

both! {
    async fn one_mailbox_is_one_account_however_it_is_typed(world) {
        let mut browser = world.browser();
        let form = sign_up("Xaver", "X@MÜNCHEN.de", "Asia/Calcutta", PASSWORD);
        assert_eq!(browser.post("/sign-up", &form).await.status, 303);
        let mail = world.mail("x@xn--mnchen-3ya.de").await;
        let link = mail.path("/verify-email/");
        assert_eq!(browser.post(&link, &[("password", PASSWORD)]).await.status, 303);
        let account = account_of(&world, "x@xn--mnchen-3ya.de").await.unwrap();
        assert_eq!(account.time_zone, "Asia/Kolkata", "a system's older name is the same zone");

        for typed in ["x@mu\u{308}nchen.de", "x@xn--mnchen-3ya.DE", " x@münchen.de. "] {
            let page = world.browser().post("/sign-in", &[("email", typed), ("password", PASSWORD)]).await;
            assert_eq!(page.status, 303, "{typed}: {}", page.text());
            assert_eq!(world.browser().post("/sign-up", &sign_up("Y", typed, "Etc/UTC", PASSWORD)).await.status, 303);
        }
        let kinds = world.kinds("x@xn--mnchen-3ya.de").await;
        assert!(kinds.contains(&"already_registered".to_owned()), "{kinds:?}");
        let page = world.browser().post("/sign-up", &sign_up("R", "rené@example.com", "Etc/UTC", PASSWORD)).await;
        page.is(422);
        page.shows("before the @ there can be Latin letters without accents");
    }
}

both! {
    async fn addresses_of_an_earlier_version_are_brought_into_their_one_form(world) {
        let first = world.account("First", "a@münchen.de").await;
        let taken = world.account("Taken", "b@xn--mnchen-3ya.de").await;
        let clash = world.account("Clash", "b@münchen.de").await;
        let nobody = world.account("Nobody", "é@example.com").await;
        let left = addresses::settle(&world.app.db).await.unwrap();
        let expected = [
            Left { user: clash, stored: "b@münchen.de".into(), taken: Some("b@xn--mnchen-3ya.de".into()) },
            Left { user: nobody, stored: "é@example.com".into(), taken: None },
        ];
        for one in &expected {
            assert!(left.contains(one), "{left:?}");
        }
        assert_eq!(left.len(), 2);
        assert_eq!(account_of(&world, "a@xn--mnchen-3ya.de").await.unwrap().id, first);
        assert_eq!(account_of(&world, "b@xn--mnchen-3ya.de").await.unwrap().id, taken);
        assert_eq!(addresses::settle(&world.app.db).await.unwrap().len(), 2, "a second start changes nothing");
        world.signed_in("a@MÜNCHEN.de").await;
    }
}

both! {
    async fn a_name_that_would_pass_for_something_else_is_refused_at_its_field(world) {
        let long = format!("A{}", "\u{301}".repeat(150));
        for (name, sentence) in [
            ("\u{200b}\u{2060}", "Enter your name"),
            ("\u{3164}", "Enter your name"),
            ("Amel\nAccount 12", "Write it on one line."),
            (long.as_str(), "too many accents"),
            ("Holdfаst", "kept for those who run this site"),
            ("Support", "kept for those who run this site"),
            ("=?utf-8?q?Amel?=", "without “=?”"),
            ("Amel www.evil.example", "Leave links and addresses out of the name."),
        ] {
            let page = world.browser().post("/sign-up", &sign_up(name, "n@example.com", "Etc/UTC", PASSWORD)).await;
            page.is(422);
            page.shows(sentence);
        }
        assert!(account_of(&world, "n@example.com").await.is_none());

        let profile = |name: &'static str| [("name", name), ("time_zone", "Africa/Tunis")];
        world.account("Amel", "amel@example.com").await;
        let mut amel = world.signed_in("amel@example.com").await;
        let page = amel.post("/settings/profile", &profile("Operator Olfa")).await;
        page.is(422);
        page.shows("kept for those who run this site");
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        assert_eq!(olfa.post("/settings/profile", &profile("Operator Olfa")).await.status, 303);
    }
}

both! {
    async fn a_password_is_the_same_however_a_keyboard_sends_its_accents(world) {
        let (composed, apart) = ("été à la forêt noire", "e\u{301}te\u{301} a\u{300} la fore\u{302}t noire");
        let mut browser = world.browser();
        let form = sign_up("Amel", "amel@example.com", "Etc/UTC", composed);
        assert_eq!(browser.post("/sign-up", &form).await.status, 303);
        let link = world.mail("amel@example.com").await.path("/verify-email/");
        assert_eq!(browser.post(&link, &[("password", apart)]).await.status, 303);
        for typed in [composed, apart] {
            let form = [("email", "amel@example.com"), ("password", typed)];
            assert_eq!(world.browser().post("/sign-in", &form).await.status, 303, "{typed:?}");
        }
    }
}

both! {
    async fn an_amount_is_taken_where_it_has_one_meaning_and_asked_about_where_it_has_two(world) {
        let mut draft = Draft::start(&world, "Bilel Seller", SELLER, "seller").await;
        draft.answers("kind", &[("kind", "one_off"), ("mode", "quick"), ("payment", "agreed")], "parties").await;
        for typed in ["8500", "8,500.00", "8 500,00", "8.500,00", "8'500", "8\u{202f}500,00\u{a0}€", "٨٥٠٠", "8,500.00 EUR"] {
            draft.answers("price", &[("currency", "EUR"), ("amount", typed)], "delivery").await;
            draft.page("check").await.shows("8,500.00");
        }
        let page = draft.sends("price", &[("currency", "TND"), ("amount", "12,500")]).await;
        page.is(422);
        page.shows("This can be 12.500 TND or 12,500.000 TND.");
        assert!(page.body.contains("value=\"12,500\""), "what was typed stays");
        for shown in ["12.500", "12,500.000"] {
            draft.answers("price", &[("currency", "TND"), ("amount", shown)], "delivery").await;
        }
        let page = draft.sends("price", &[("currency", "TND"), ("amount", "a lot")]).await;
        page.shows("Write the amount in digits, like 1,250.500.");
    }
}

both! {
    async fn a_page_saved_in_another_window_is_not_written_over_in_silence(world) {
        let mut draft = Draft::start(&world, "Bilel Seller", SELLER, "seller").await;
        let mut other = world.signed_in(SELLER).await;
        let at = format!("{}/work", draft.path);
        let old = hidden_field(&draft.page("work").await, "seen");
        assert_eq!(hidden_field(&other.get(&at).await, "seen"), old);
        let one = [("seen", old.as_str()), ("title", "A blue shop"), ("description", "Same"), ("do", "save")];
        assert_eq!(other.post(&at, &one).await.status, 303);

        let two = [("seen", old.as_str()), ("title", "A green shop"), ("description", "Same"), ("do", "next")];
        let page = draft.browser.post(&at, &two).await;
        page.is(409);
        page.shows("saved in another window");
        page.shows("The other window saved “A blue shop”.");
        assert!(page.body.contains("value=\"A green shop\""), "what was typed is there: {}", page.text());
        assert!(draft.page("work").await.body.contains("value=\"A blue shop\""), "nothing was written over");

        let fresh = hidden_field(&page, "seen");
        let three = [("seen", fresh.as_str()), ("title", "A green shop"), ("description", "Same"), ("do", "save")];
        assert_eq!(draft.browser.post(&at, &three).await.status, 303, "having read it one decides");
        assert!(other.get(&at).await.body.contains("value=\"A green shop\""));
        // Sent twice, and with what stands there anyway, it is no news.
        assert_eq!(draft.browser.post(&at, &three).await.status, 303);
        // Another page of the same draft disturbs nobody.
        let price = hidden_field(&draft.page("price").await, "seen");
        let four = [("seen", price.as_str()), ("currency", "TND"), ("amount", "500"), ("do", "save")];
        assert_eq!(draft.browser.post(&format!("{}/price", draft.path), &four).await.status, 303);
    }
}

both! {
    async fn what_is_pressed_is_the_sum_that_the_page_showed(world) {
        let mut cast = Cast::funded(&world).await;
        let deal = cast.deal.clone();
        world.delivers(&deal, 1).await;
        let cancel = deal.path("/cancel");
        let page = cast.seller.get(&cancel).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let asking = cast.buyer.get(&cancel).await;
        let asked = (hidden_field(&asking, "seen"), hidden_field(&asking, "key"));
        let part = Command::Approve { milestone: 1, part_minor: Some(60_000) };
        world.asks(&deal, deal.buyer, part).await;
        let before = world.escrow(&deal).await.held_minor();

        let page = cast.seller.post(&format!("{cancel}/agreement"), &[("seen", &seen), ("key", &key)]).await;
        page.is(409);
        page.shows("no money moved");
        assert_eq!(world.escrow(&deal).await.held_minor(), before);
        let fields = [("seen", asked.0.as_str()), ("key", asked.1.as_str()), ("reason", "It takes too long")];
        let page = cast.buyer.post(&cancel, &fields).await;
        page.is(409);
        page.shows("It takes too long");
        assert!(world.escrow(&deal).await.cancellation.is_none());

        let page = cast.seller.get(&cancel).await;
        let (seen, key) = (hidden_field(&page, "seen"), hidden_field(&page, "key"));
        let page = cast.seller.post(&format!("{cancel}/agreement"), &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(page.status, 303, "{}", page.text());
    }
}

/// Forms that carry nothing of what their page showed, each with the reason.
const WITHOUT_SEEN: &[(&str, &str)] = &[
    (
        "components/button.html",
        "one press that moves neither money nor rights: signing devices out, copying terms",
    ),
    ("layouts/header.html", "signs this browser out"),
    ("layouts/page.html", "ends a look as somebody else, in rehearsals"),
    ("pages/admin/confirm.html", "sends what was typed, `seen` among it"),
    ("pages/admin/fees.html", "leads to a page that asks, with `seen`"),
    ("pages/admin/terms.html", "leads to a page that asks, with `seen`"),
    (
        "pages/admin/jobs.html",
        "asks a provider or a mail server again for the same order, under its own number",
    ),
    ("pages/admin/mail_show.html", "sends one mail again, by its id"),
    ("pages/admin/notices.html", "marks one notice as looked after"),
    ("pages/arbiter/refusal.html", "declines an office; no sum stands there"),
    ("pages/draft/files.html", "adds a file, or takes it out"),
    ("pages/draft/guide.html", "answers a question of a draft"),
    ("pages/draft/start.html", "begins a draft, or throws one away by its id"),
    ("pages/escrow/dispute.html", "a statement adds words and evidence"),
    ("pages/escrow/messages.html", "a message adds words and files"),
    ("pages/escrow/propose.html", "begins a draft of other terms for a version"),
    ("pages/home.html", "begins a draft"),
    ("pages/link/dead.html", "mails a new link to the same address"),
    ("pages/escrow/end_payment.html", "its address names the attempt, and it moves nothing"),
    ("pages/link/link.html", "mails a link"),
    ("pages/notifications.html", "marks as read"),
    ("pages/reset.html", "its link names the account"),
    ("pages/reset_ask.html", "asks for a mail"),
    ("pages/settings/address.html", "its link names the change, and another request ends it"),
    ("pages/settings/address_undo.html", "its link names the address"),
    ("pages/settings/notifications.html", "one's own settings"),
    ("pages/settings/profile.html", "one's own settings"),
    ("pages/settings/security.html", "asks for the password"),
    ("pages/settings/sessions.html", "signs one device out, by its id"),
    ("pages/setup.html", "its link names the account to be"),
    ("pages/sign_in.html", "asks for the password"),
    ("pages/sign_up.html", "there is no account yet"),
    ("pages/terms_accept.html", "carries the version that was shown"),
    ("pages/unsent.html", "sends what was written before the session ended, `seen` among it"),
    ("pages/verify_email.html", "asks for the password"),
    ("pages/verify_email_wait.html", "asks for a mail"),
    ("pages/verify.html", "asks a question and changes nothing"),
    ("sandbox/pay.html", "another company's page"),
];

#[test]
fn every_form_that_moves_money_or_rights_carries_what_its_page_showed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let (mut folders, mut without, mut with) = (vec![root.clone()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (text, name) = (std::fs::read_to_string(&path).unwrap(), path.strip_prefix(&root).unwrap());
            let is_sent =
                |form: &&str| form.split('>').next().is_some_and(|tag| tag.contains("method=\"post\""));
            for form in text.split("<form ").skip(1).filter(is_sent) {
                let form = form.split("</form>").next().unwrap();
                let shows = form.contains("guard(") && !form.contains("guard(\"\"");
                if shows || form.contains("name=\"seen\"") {
                    with += 1;
                } else {
                    without.push(name.to_string_lossy().into_owned());
                }
            }
        }
    }
    assert!(with > 20, "the forms were not found");
    for name in &without {
        assert!(WITHOUT_SEEN.iter().any(|(known, _)| known == name), "{name}: a form without `seen`");
    }
    for (known, reason) in WITHOUT_SEEN {
        assert!(without.iter().any(|name| name == known), "{known} has no such form any more ({reason})");
    }
}

#[test]
fn an_address_that_only_looks_like_another_is_shown_as_what_it_is() {
    let other = address::canonical("amel@exаmple.com").unwrap();
    assert!(address::shown(&other).contains("xn--"));
}
