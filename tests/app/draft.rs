//! New escrows as their creators type them: kept, reopened, refused at the right field, sent once.

use axum::body::Body;
use axum::http::Method;
use holdfast::engine::party::Role;
use holdfast::store::drafts;
use holdfast::store::execute::Outcome;
use holdfast::store::proposals::{Named, Proposal, Proposed, Source, propose};
use holdfast::store::throttle::{self, PROPOSALS_BY_USER};
use holdfast::store::users::{self, Profile};
use holdfast::{all, one};

use crate::browser::{Browser, Page};
use crate::world::{World, both};

const BUYER: &str = "buyer@example.com";
const SELLER: &str = "seller@example.com";
const BROKER: &str = "broker@example.com";

pub type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A draft in somebody's browser.
pub struct Draft {
    pub browser: Browser,
    pub path: String,
}

impl Draft {
    /// Somebody with an account starts one in a role.
    pub async fn start(world: &World, name: &str, email: &str, role: &str) -> Self {
        world.account(name, email).await;
        let mut browser = world.signed_in(email).await;
        let page = browser.post("/escrows/new", &[("role", role)]).await;
        assert_eq!(page.status, 303, "{}", page.text());
        let path = page.location().trim_end_matches("/kind").to_owned();
        Self { browser, path }
    }

    pub async fn page(&mut self, step: &str) -> Page {
        self.browser.get(&format!("{}/{step}", self.path)).await
    }

    /// Sends a page and asserts where it leads.
    pub async fn answers(&mut self, step: &str, fields: Pairs<'_>, next: &str) {
        let page = self.sends(step, fields).await;
        assert_eq!(page.status, 303, "{step}: {}", page.text());
        assert_eq!(page.location(), format!("{}/{next}", self.path));
    }

    pub async fn sends(&mut self, step: &str, fields: Pairs<'_>) -> Page {
        self.browser.post(&format!("{}/{step}", self.path), fields).await
    }

    /// Presses the button at the end.
    pub async fn is_sent(&mut self) -> Page {
        let check = self.page("check").await;
        let (seen, key) = (hidden(&check, "seen"), hidden(&check, "key"));
        self.sends("send", &[("seen", &seen), ("key", &key)]).await
    }
}

fn hidden(page: &Page, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", page.text()));
    rest.split('"').next().unwrap().to_owned()
}

const MILESTONES: Pairs<'static> = &[
    ("currency", "TND"),
    ("milestone-1-title", "Design"),
    ("milestone-1-amount", "400"),
    ("milestone-2-title", "Shop"),
    ("milestone-2-amount", "600"),
];

const DATES: Pairs<'static> = &[
    ("milestone-1-due", "2026-06-01"),
    ("milestone-1-inspection", "3"),
    ("milestone-1-criteria", "It is drawn\nIt is liked"),
    ("milestone-2-due", "2026-07-01"),
    ("milestone-2-inspection", "5"),
    ("milestone-2-criteria", "It sells"),
];

const FEES: Pairs<'static> = &[
    ("fee_payer", "buyer"),
    ("commission_kind", "percent"),
    ("commission", "5 %"),
    ("commission_payer", "seller"),
];

/// Worked case 4, up to the files.
pub async fn case_4(world: &World) -> Draft {
    let mut draft = Draft::start(world, "Chiraz Broker", BROKER, "broker").await;
    draft.answers("kind", &[("kind", "milestone"), ("mode", "standard")], "parties").await;
    draft.answers("parties", &[("buyer", "Buyer@Example.com"), ("seller", SELLER)], "work").await;
    let work =
        [("title", "A web shop"), ("contract_terms", "Work for money."), ("external_reference", "PO-7")];
    draft.answers("work", &work, "price").await;
    draft.answers("price", MILESTONES, "delivery").await;
    draft.answers("delivery", DATES, "fees").await;
    draft.answers("fees", FEES, "disputes").await;
    draft.answers("disputes", &[("default_outcome", "halves")], "files").await;
    draft
}

both! {
    async fn a_broker_makes_the_deal_of_worked_case_4_and_sends_it(world) {
        let mut draft = case_4(&world).await;
        let check = draft.page("check").await;
        check.shows("1. Design 404.000 TND 380.000 TND 20.000 TND 4.000 TND");
        check.shows("2. Shop 606.000 TND 570.000 TND 30.000 TND 6.000 TND");
        check.shows("In all 1,010.000 TND 950.000 TND 50.000 TND 10.000 TND");
        check.shows("Commission of 5%, paid by the seller out of the price 50.000 TND");
        check.shows("The broker earns 5% of the price");
        check.shows("Due Mon 1 Jun 2026, 23:59 (Tunis)");
        check.shows("- Name: not known when these terms were sent - Email address: buyer@example.com");
        check.shows("The buyer pays 1,010.000 TND in all under this contract.");
        check.shows("Send to the buyer and the seller");

        let sent = draft.is_sent().await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let told = draft.browser.get(sent.location()).await;
        told.shows("Its reference is ESC-");
        told.shows("Buyer buyer@example.com An invitation");
        for email in [BUYER, SELLER] {
            assert_eq!(world.kinds(email).await.len(), 1, "{email}");
        }
        let escrow = draft.browser.get(sent.location().trim_end_matches("/sent")).await;
        escrow.shows("A web shop");
        escrow.shows("PO-7");
        let other = world.browser().get(sent.location()).await;
        assert!(other.location().starts_with("/sign-in"));
    }
}

both! {
    async fn sending_twice_makes_one_escrow(world) {
        let mut draft = case_4(&world).await;
        let check = draft.page("check").await;
        let (seen, key) = (hidden(&check, "seen"), hidden(&check, "key"));
        let form = [("seen", seen.as_str()), ("key", key.as_str())];
        let first = draft.sends("send", &form).await;
        let escrow = first.location().trim_end_matches("/sent").to_owned();
        assert_eq!(draft.sends("send", &form).await.location(), escrow);
        // The button "back" leads to pages of the draft, and those lead to the escrow.
        for step in ["", "/check", "/price", "/files"] {
            let path = format!("{}{step}", draft.path);
            assert_eq!(draft.browser.get(&path).await.location(), escrow, "{step}");
        }
        assert_eq!(draft.sends("price", MILESTONES).await.location(), escrow);
        assert_eq!(draft.sends("delete", &[]).await.status, 404);
        let sql = "SELECT count(*) FROM escrows";
        let (count,) = one!(&mut world.app.db.read().await.unwrap().conn(), (i64,), sql).unwrap();
        assert_eq!(count, 1);
        draft.browser.get("/escrows/new").await.hides("Your drafts");
    }
}

both! {
    async fn a_draft_is_kept_as_it_was_typed_and_opens_where_it_was_left(world) {
        let mut draft = Draft::start(&world, "Bilel Seller", SELLER, "seller").await;
        draft.answers("kind", &[("kind", "one_off"), ("mode", "standard")], "parties").await;
        let page = draft.sends("parties", &[("buyer", "no address"), ("do", "save")]).await;
        assert_eq!(page.location(), "/escrows/new");
        let list = draft.browser.get("/escrows/new").await;
        list.shows("The draft is saved");
        list.shows("Without a title yet I am selling");
        let path = draft.path.clone();
        assert_eq!(draft.browser.get(&path).await.location(), format!("{path}/parties"));
        let page = draft.page("parties").await;
        assert!(page.body.contains("value=\"no address\""));
        page.hides("Enter an email address");

        draft.sends("work", &[("title", "A <b>chair</b>"), ("do", "save")]).await;
        draft.browser.get("/escrows/new").await.shows("A <b>chair</b> I am selling");
        let deleted = draft.sends("delete", &[]).await;
        assert_eq!(deleted.location(), "/escrows/new");
        draft.browser.get("/escrows/new").await.hides("Your drafts");
        assert_eq!(draft.page("parties").await.status, 404);
    }
}

both! {
    async fn somebody_elses_draft_is_not_there(world) {
        let mut draft = case_4(&world).await;
        draft.path = draft.path.to_uppercase().replace("/ESCROWS/NEW/", "/escrows/new/");
        assert_eq!(draft.page("check").await.status, 200, "an id may be written either way");
        world.account("A stranger", "stranger@example.com").await;
        let mut stranger = world.signed_in("stranger@example.com").await;
        for path in ["", "/check", "/price", "/files", "/nothing"] {
            assert_eq!(stranger.get(&format!("{}{path}", draft.path)).await.status, 404, "{path}");
        }
        for path in ["/price", "/send", "/delete", "/files"] {
            assert_eq!(stranger.post(&format!("{}{path}", draft.path), MILESTONES).await.status, 404, "{path}");
        }
        for path in ["/escrows/new/1/price", "/escrows/new/%00/price", "/escrows/new/0190163d-8694-739b-aea5-966c26f8ad91/price"] {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
        draft.page("check").await.shows("In all 1,010.000 TND");
    }
}

both! {
    async fn what_is_wrong_comes_back_at_its_field_with_everything_that_was_typed(world) {
        let mut draft = case_4(&world).await;
        let huge = "9".repeat(60);
        for (step, field, bad, words) in [
            ("parties", "buyer", "a b@c", "Enter an email address like"),
            ("parties", "seller", BROKER, "This is your own address"),
            ("parties", "seller", BUYER, "This address is named above"),
            ("work", "title", "", "Give the deal a title."),
            ("price", "milestone-2-amount", "600.0001", "TND has 3 decimals"),
            ("price", "milestone-2-amount", "-600", "Write the amount in digits"),
            ("price", "milestone-2-amount", &huge, "larger than Holdfast can hold"),
            ("price", "milestone-1-title", "", "Say in a few words what is delivered."),
            ("price", "currency", "XAU", "Choose a currency of the list."),
            ("delivery", "milestone-1-due", "2026-02-30", "This is no day of the calendar."),
            ("delivery", "milestone-2-due", "2026-05-05", "This is due before the milestone above it"),
            ("delivery", "milestone-1-inspection", "0", "Enter a whole number from 1 to 30."),
            ("delivery", "milestone-2-criteria", "", "Name at least one thing"),
            ("fees", "commission", "<script>alert(1)</script>", "Enter a percentage from 0 to 100"),
            ("disputes", "default_outcome", "me", "Choose what happens to the money"),
        ] {
            let page = draft.sends(step, &[(field, bad)]).await;
            assert_eq!(page.status, 422, "{step} {field}={bad}");
            page.shows(words);
            assert!(page.body.contains("<title>Error: "), "{step} {field}");
            assert!(page.body.contains(&format!("href=\"#{field}\"")), "{step} {field}");
            assert!(page.body.contains(&format!("id=\"{field}\"")), "{step} {field}");
            page.hides("<script>alert");
            // The check page has it too, and leads to the page where it is mended.
            let check = draft.page("check").await;
            check.shows(words);
            check.hides("Send to the buyer");
            assert!(check.body.contains(&format!("{}/{step}?from=check", draft.path)), "{step} {field}");
            assert_eq!(draft.sends("send", &[("seen", "x")]).await.status, 409);
            assert_eq!(draft.browser.get("/escrows/new").await.status, 200);
            draft.sends("parties", &[("buyer", BUYER), ("seller", SELLER)]).await;
            draft.sends("work", &[("title", "A web shop")]).await;
            draft.sends("price", MILESTONES).await;
            draft.sends("delivery", DATES).await;
            draft.sends("fees", FEES).await;
            draft.sends("disputes", &[("default_outcome", "halves")]).await;
        }
        draft.page("check").await.shows("Send to the buyer and the seller");
        let twice = draft.sends("work", &[("title", "One"), ("title", "Two")]).await;
        assert_eq!(twice.status, 400);
        twice.shows("The field “title” was sent twice.");
        assert_eq!(draft.is_sent().await.status, 303, "and nothing of it was left behind");
    }
}

both! {
    async fn milestones_are_added_and_removed_without_a_script(world) {
        let mut draft = Draft::start(&world, "Amel Buyer", BUYER, "buyer").await;
        draft.answers("kind", &[("kind", "milestone"), ("mode", "standard")], "parties").await;
        let two = draft.page("price").await;
        assert!(two.body.contains("milestone-2-title") && !two.body.contains("milestone-3-title"));
        two.hides("remove-1");
        let with = |press| [MILESTONES, &[("do", press)]].concat();
        let added = draft.sends("price", &with("add")).await;
        assert_eq!(added.location(), format!("{}/price#milestone-3-title", draft.path));
        let three = draft.page("price").await;
        three.shows("The whole price , as last saved 1,000.000 TND");
        assert!(three.body.contains("milestone-3-title") && three.body.contains("value=\"remove-3\""));
        let typed = [MILESTONES, &[("milestone-3-title", "Care"), ("milestone-3-amount", "a lot"), ("do", "total")]];
        draft.sends("price", &typed.concat()).await;
        draft.page("price").await.shows("The whole price , as last saved 1,000.000 TND Without milestone 3, whose amount can’t be read.");
        draft.sends("delivery", &[("milestone-2-due", "2026-07-01"), ("milestone-3-due", "2026-08-01"), ("do", "save")]).await;
        draft.sends("price", &with("remove-2")).await;
        let page = draft.page("price").await;
        assert!(page.body.contains("value=\"Care\"") && !page.body.contains("value=\"Shop\""));
        assert!(draft.page("delivery").await.body.contains("value=\"2026-08-01\""), "its date moved along");
        for absurd in ["remove-0", "remove-9", "remove-99999999999999999999", "remove--1", "remove-x"] {
            assert!(draft.sends("price", &[("do", absurd)]).await.status < 500, "{absurd}");
        }
    }
}

/// A one-off deal with somebody else, sent.
pub async fn one_off(
    world: &World,
    name: &str,
    email: &str,
    role: &str,
    other: &str,
    to: &str,
) -> (Draft, Page) {
    let mut draft = Draft::start(world, name, email, role).await;
    draft.answers("kind", &[("kind", "one_off"), ("mode", "standard")], "parties").await;
    draft.answers("parties", &[(other, to)], "work").await;
    draft.answers("work", &[("title", "A table"), ("contract_terms", "Oak.")], "price").await;
    draft.answers("price", &[("currency", "KES"), ("amount", "100")], "delivery").await;
    let delivery =
        [("delivery_days", "5"), ("milestone-1-inspection", "2"), ("milestone-1-criteria", "It stands")];
    draft.answers("delivery", &delivery, "fees").await;
    draft.answers("fees", &[("fee_payer", "seller")], "disputes").await;
    draft.answers("disputes", &[("default_outcome", "refund_buyer")], "files").await;
    draft.answers("files", &[("do", "next")], "check").await;
    let check = draft.page("check").await;
    (draft, check)
}

both! {
    async fn a_one_off_is_made_by_a_seller_and_by_a_buyer(world) {
        for (name, email, role, other, to) in [
            ("Bilel Seller", SELLER, "seller", "buyer", "first@example.com"),
            ("Amel Buyer", BUYER, "buyer", "seller", "second@example.com"),
        ] {
            let (mut draft, check) = one_off(&world, name, email, role, other, to).await;
            check.shows("The buyer pays in 100.00 KES The seller receives 99.00 KES Platform fee 1.00 KES");
            check.shows("Delivered within 5 days after payment");
            check.shows(&format!("Send to the {other}"));
            let sent = draft.is_sent().await;
            let told = draft.browser.get(sent.location()).await;
            told.shows(to);
            let contract = draft.browser.get(&sent.location().replace("/sent", "/contract.txt")).await;
            contract.shows("- What: A table - Price: 100.00 KES - Due: 5 days after payment - Inspection: 2 days");
        }
    }
}

both! {
    async fn files_belong_to_the_draft_until_it_is_sent_and_then_to_the_escrow(world) {
        let mut draft = case_4(&world).await;
        let page = draft.uploads(&[("plan.txt", "oak"), ("list.txt", "nails")], "upload").await;
        assert_eq!(page.location(), format!("{}/files", draft.path));
        let files = draft.page("files").await;
        files.shows("plan.txt 3 bytes");
        let one = files.body.split("href=\"").filter(|part| part.contains("/files/")).nth(1).unwrap();
        let one = one.split('"').next().unwrap().to_owned();
        assert_eq!(draft.browser.get(&one).await.body, "nails");
        world.account("A stranger", "stranger@example.com").await;
        assert_eq!(world.signed_in("stranger@example.com").await.get(&one).await.status, 404);
        assert_eq!(draft.browser.post(&format!("{one}/remove"), &[]).await.status, 303);
        draft.page("files").await.hides("list.txt");

        // What was attached after the page was opened is not sent unseen.
        let check = draft.page("check").await;
        let (seen, key) = (hidden(&check, "seen"), hidden(&check, "key"));
        assert_eq!(draft.uploads(&[("late.txt", "late")], "next").await.location(), format!("{}/check", draft.path));
        let stale = draft.sends("send", &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(stale.status, 409);
        stale.shows("nothing was sent");
        assert_eq!(draft.is_sent().await.status, 303);
        let sql = "SELECT name FROM files WHERE escrow_id IS NOT NULL ORDER BY id";
        let names = all!(&mut world.app.db.read().await.unwrap().conn(), (String,), sql).unwrap();
        assert_eq!(names, [("plan.txt".to_owned(),), ("late.txt".to_owned(),)]);
    }
}

both! {
    async fn more_files_than_there_may_be_are_left_out_and_named(world) {
        let mut draft = case_4(&world).await;
        let names: Vec<String> = (1..=19).map(|number| format!("{number}.txt")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(draft.uploads(&files, "upload").await.status, 303);
        let page = draft.uploads(&[("20.txt", "x"), ("21.txt", "x")], "upload").await;
        assert_eq!(page.status, 422);
        page.shows("Attach at most 20 files. Left out: 21.txt.");
        page.shows("These are 20 files, the most there may be.");
        let none = draft.uploads(&[], "upload").await;
        assert_eq!(none.status, 422);
        none.shows("Choose a file first.");
        // With the draft they go as well.
        draft.sends("delete", &[]).await;
        let sql = "SELECT count(*) FROM files";
        let (count,) = one!(&mut world.app.db.read().await.unwrap().conn(), (i64,), sql).unwrap();
        assert_eq!(count, 0);
    }
}

both! {
    async fn only_what_was_read_is_sent_and_only_once(world) {
        let creator = world.account("Chiraz Broker", BROKER).await;
        let (db, clock) = (&world.app.db, &world.app.clock);
        let fields = vec![("role".to_owned(), "broker".to_owned())];
        let id = drafts::start(db, clock, creator, "", &fields).await.unwrap().unwrap();
        let parties = [(Role::Buyer, BUYER), (Role::Seller, SELLER), (Role::Broker, BROKER)];
        let proposal = |id, fields: &str, key: &str| Proposal {
            creator,
            parties: parties.map(|(role, email)| (role, email.to_owned())).to_vec(),
            terms: world.case_4(),
            named: Named::default(),
            key: key.to_owned(),
            draft: Some(Source { id, fields: fields.to_owned() }),
        };
        let outcome = |sent: Proposed| sent.executed.outcome;
        let of_another = proposal(clock.id(), "[]", "1");
        assert_eq!(outcome(propose(db, clock, &of_another).await.unwrap()), Outcome::Unknown);
        let changed_since = proposal(id, "[]", "2");
        assert_eq!(outcome(propose(db, clock, &changed_since).await.unwrap()), Outcome::Stale);
        // The same draft at the same moment from two windows, each with a key of its own.
        let stored = r#"[["role","broker"]]"#;
        let (one, two) = (proposal(id, stored, "3"), proposal(id, stored, "4"));
        let (one, two) = tokio::join!(propose(db, clock, &one), propose(db, clock, &two));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.escrow, &one.reference), (two.escrow, &two.reference));
        let mut outcomes = [outcome(one), outcome(two)];
        outcomes.sort_by_key(|outcome| *outcome != Outcome::Done);
        assert_eq!(outcomes, [Outcome::Done, Outcome::AlreadyDone]);
    }
}

both! {
    async fn a_date_that_passed_while_the_page_was_open_is_told_at_its_place(world) {
        let mut draft = case_4(&world).await;
        draft.sends("delivery", &[("milestone-1-due", "2026-05-05")]).await;
        let check = draft.page("check").await;
        let (seen, key) = (hidden(&check, "seen"), hidden(&check, "key"));
        world.app.clock.advance(time::Duration::days(2));
        let page = draft.sends("send", &[("seen", &seen), ("key", &key)]).await;
        assert_eq!(page.status, 422);
        page.shows("One answer is missing or wrong Milestone 1: This date has passed.");
        page.hides("Send to the buyer");
    }
}

both! {
    async fn nobody_sends_deals_without_end(world) {
        let mut draft = case_4(&world).await;
        let mut tx = world.app.db.write().await.unwrap();
        let id = users::by_email(&mut tx.conn(), BROKER).await.unwrap().unwrap().id.to_string();
        for _ in 0..60 {
            throttle::hit(&mut tx.conn(), world.app.clock.now(), &PROPOSALS_BY_USER, &id).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(draft.is_sent().await.status, 429);
        draft.page("check").await.shows("Send to the buyer and the seller");
    }
}

both! {
    async fn an_unusual_currency_is_warned_about_and_not_refused(world) {
        let mut draft = case_4(&world).await;
        draft.page("check").await.hides("where deals are usually made");
        let mut tx = world.app.db.write().await.unwrap();
        let id = users::by_email(&mut tx.conn(), BROKER).await.unwrap().unwrap().id;
        let profile = Profile { name: "Chiraz", time_zone: "Africa/Tunis", country: Some("TN"), to_wallet_at_once: false, refunds_to_wallet: false };
        users::set_profile(&mut tx.conn(), id, &profile).await.unwrap();
        tx.commit().await.unwrap();
        draft.sends("parties", &[("buyer_country", "TN"), ("seller_country", "FR")]).await;
        draft.page("check").await.shows("where deals are usually made in USD. Yours is in TND.");
        assert_eq!(draft.is_sent().await.status, 303);
    }
}

both! {
    async fn nobody_has_more_drafts_than_there_may_be(world) {
        let mut draft = Draft::start(&world, "Amel Buyer", BUYER, "buyer").await;
        for _ in 1..50 {
            assert_eq!(draft.browser.post("/escrows/new", &[("role", "buyer")]).await.status, 303);
        }
        let page = draft.browser.post("/escrows/new", &[("role", "buyer")]).await;
        assert_eq!(page.status, 422);
        page.shows("You have 50 drafts.");
        assert_eq!(draft.browser.post("/escrows/new", &[("role", "king")]).await.status, 422);
    }
}

impl Draft {
    /// Sends the form with files.
    async fn uploads(&mut self, files: &[(&str, &str)], press: &str) -> Page {
        let mut body = String::new();
        for (name, content) in files {
            body.push_str(&format!(
                "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
            ));
        }
        body.push_str(&format!(
            "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\n{press}\r\n--x--\r\n"
        ));
        let kind = Some("multipart/form-data; boundary=x");
        self.browser.send(Method::POST, &format!("{}/files", self.path), Body::from(body), kind).await
    }
}
