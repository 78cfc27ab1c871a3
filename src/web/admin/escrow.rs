//! One escrow as an operator sees it: its state, people, money and payments, and its ledger entries.
//! An operator looks and changes nothing here.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::apart::Opened;
use super::ledger::Entry;
use super::look::Looks;
use super::payments;
use crate::app::App;
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::Escrow;
use crate::engine::party::{Party, PartyStatus};
use crate::engine::plan::Share;
use crate::engine::postings::Account;
use crate::engine::status;
use crate::engine::terms::{Mode, Terms};
use crate::engine::vocabulary::{self, Movement};
use crate::error::Error;
use crate::store::book::Book;
use crate::store::console::{self, Balance, Party as Person};
use crate::store::payments::Payment;
use crate::web::escrow::seat::{pill, pill_of, role_title};
use crate::web::form::Search;
use crate::web::labels;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut, Filter};
use crate::web::routes::Routes;
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, PillView, Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

pub fn routes() -> Routes {
    Routes::new().look("/admin/escrows/{reference}", Looks::AtEscrow, show).look(
        "/admin/escrows/{reference}/ledger",
        Looks::AtEscrow,
        entries,
    )
}

/// What stands above each page of an escrow.
pub struct Head {
    pub title: String,
    pub reference: String,
    pub pill: PillView,
    pub tabs: Vec<Filter>,
}

impl Head {
    #[must_use]
    pub fn new(escrow: &Escrow, chosen: &str) -> Self {
        let tab = |(below, words): (&str, &'static str)| Filter {
            words,
            href: format!("/admin/escrows/{}{below}", escrow.reference),
            is_chosen: below == chosen,
        };
        let tabs = [
            ("", "State and money"),
            ("/ledger", "Ledger entries"),
            ("/history", "History"),
            ("/mails", "Mails"),
        ];
        Self {
            title: escrow.terms.title.clone(),
            reference: escrow.reference.clone(),
            pill: pill_of(escrow),
            tabs: tabs.into_iter().map(tab).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/admin/escrow.html")]
struct Show {
    shell: Shell,
    head: Head,
    about: Vec<(&'static str, String)>,
    /// What it waits for, the earliest deadline first.
    clocks: Vec<Waits>,
    people: Vec<PersonRow>,
    money: Vec<Milestone>,
    /// What the accounts hold in another way than the state says; empty as it should be.
    disagreements: Vec<String>,
    held: MoneyView,
    payable: MoneyView,
    payments: Vec<PaymentRow>,
    /// What other products call this state, by product.
    names: [(&'static str, String); 4],
}

struct Waits {
    words: String,
    at: TimeView,
}

struct PersonRow {
    role: &'static str,
    href: String,
    name: String,
    email: String,
    standing: String,
}

struct Milestone {
    title: String,
    pill: PillView,
    lines: Vec<Line>,
}

struct Line {
    whom: String,
    planned: MoneyView,
    held: MoneyView,
    payable: MoneyView,
}

struct PaymentRow {
    what: String,
    amount: MoneyView,
    pill: PillView,
    reason: String,
    provider_ref: String,
    at: TimeView,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Opened(book): Opened,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let escrow = &book.escrow;
    let (people, balances) = console::around(conn, escrow.id).await?;
    let payments = crate::store::payments::of_escrow(conn, escrow.id).await?;
    let reader = operator.reader(&app);
    page::html(&Show {
        shell: Shell::new(&app, &visit, escrow.terms.title.clone()).at(Place::Admin),
        head: Head::new(escrow, ""),
        about: about(&book, &reader),
        clocks: clocks(escrow, &reader),
        people: escrow.parties.iter().map(|party| person(escrow, party, &people)).collect(),
        money: money(escrow),
        disagreements: disagreements(escrow, &balances),
        held: escrow.terms.money(escrow.held_minor()).into(),
        payable: escrow.terms.money(escrow.payable_minor()).into(),
        payments: payments.iter().map(|payment| payment_row(escrow, payment, &reader)).collect(),
        names: names(escrow, &payments),
    })
}

fn names(escrow: &Escrow, payments: &[Payment]) -> [(&'static str, String); 4] {
    let movements: Vec<Movement> = payments.iter().filter_map(payments::movement).collect();
    let names = vocabulary::names(escrow, &movements);
    [
        ("Vesicash", names.vesicash.to_owned()),
        ("DHMAD", if names.ticket { format!("{} + ticket", names.dhmad) } else { names.dhmad.to_owned() }),
        ("Tilia", names.tilia.to_owned()),
        ("Cashless", names.cashless.to_owned()),
    ]
}

fn about(book: &Book, reader: &Reader) -> Vec<(&'static str, String)> {
    let escrow = &book.escrow;
    let mut about = vec![
        ("Kind", mode_words(&escrow.terms)),
        (labels::PRICE, escrow.terms.money(escrow.terms.amount_minor).to_string()),
        ("The buyer pays", escrow.terms.money(escrow.plan.charge_minor()).to_string()),
        ("Platform fee", escrow.terms.money(escrow.plan.fee_minor()).to_string()),
        ("Proposed", reader.zone.moment(book.created_at)),
        ("Last changed", reader.zone.moment(book.updated_at)),
        ("Events", escrow.seq.to_string()),
        ("Fingerprint of the history", HEXLOWER.encode(&book.head)),
        ("Fingerprint of the contract", format!("version {}: {}", escrow.version, escrow.document_sha256)),
    ];
    if let Some(own) = &escrow.terms.external_reference {
        about.push((labels::OWN_REFERENCE, own.clone()));
    }
    about
}

fn clocks(escrow: &Escrow, reader: &Reader) -> Vec<Waits> {
    let waits = |clock: deadlines::Deadline| {
        let roles: Vec<&str> = deadlines::waits_for(escrow, &clock)
            .into_iter()
            .filter_map(|user| escrow.party_of(user))
            .map(|party| party.role.word())
            .collect();
        let whom = if roles.is_empty() { String::new() } else { format!(" ({})", roles.join(", ")) };
        let part = clock.milestone.map(|number| format!(", milestone {number}")).unwrap_or_default();
        Waits { words: format!("{}{part}{whom}", wanted(clock.waiting)), at: reader.time(clock.at) }
    };
    deadlines::all(escrow).into_iter().map(waits).collect()
}

fn wanted(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Acceptance => "Acceptance of the terms",
        Waiting::Payment => "Payment",
        Waiting::LinkPayment => "A payment by the pay link",
        Waiting::NextPayment => "Payment of the next milestone",
        Waiting::SellerAnswer => "The answer to a deal that is paid",
        Waiting::ProofUpload => "The proof",
        Waiting::ProofReview => "The look at the proof",
        Waiting::RailAnswer => "The provider’s answer",
        Waiting::Delivery => "Delivery",
        Waiting::Inspection => "Inspection",
        Waiting::Changes => "Changes",
        Waiting::Cancelling => "A decision on the overdue delivery",
        Waiting::Extension => "An answer about more time",
        Waiting::CancellationAnswer => "An answer to the request to cancel",
        Waiting::Settlement => "An answer to an offer to settle",
        Waiting::DisputeAnswer => "An answer in the dispute",
        Waiting::DisputeTalk => "A settlement of the dispute",
        Waiting::Ruling => "A decision of the dispute",
        Waiting::PayOut => "Moving the money to the wallet",
        Waiting::RefundAnswer => "The provider’s answer to a refund",
        Waiting::RefundAgain => "Sending a failed refund again",
        Waiting::FailedRefund => "A decision on a failed refund",
        Waiting::Closing => "Closing",
    }
}

fn mode_words(terms: &Terms) -> String {
    let mode = match terms.mode {
        Mode::Standard => "With a signed contract",
        Mode::Quick => "Quick",
        Mode::QuickProof => "Quick, with proof",
        Mode::Instant => "Instant",
    };
    match terms.milestones.len() {
        1 => format!("{mode}, one delivery"),
        count => format!("{mode}, {count} milestones"),
    }
}

fn person(escrow: &Escrow, party: &Party, people: &[Person]) -> PersonRow {
    let person = people.iter().find(|person| person.user_id == party.user);
    let agreed = match (party.role.must_agree(), escrow.has_agreed(party), &party.signature) {
        (false, ..) => "Receives only",
        (true, true, Some(_)) => "Signed",
        (true, true, None) => "Accepted",
        (true, false, _) => "Has not agreed",
    };
    let standing = match party.status {
        PartyStatus::Disowned => "Says this is the wrong person",
        PartyStatus::Declined => "Declined",
        PartyStatus::Created | PartyStatus::Accepted => agreed,
    };
    let claimed = person.is_some_and(|person| person.claimed);
    PersonRow {
        role: role_title(party.role),
        href: format!("/admin/users/{}", party.user),
        name: person.map(|person| person.name.clone()).unwrap_or_default(),
        email: person.map(|person| person.email.clone()).unwrap_or_default(),
        standing: if claimed { standing.to_owned() } else { format!("{standing}, no account yet") },
    }
}

fn money(escrow: &Escrow) -> Vec<Milestone> {
    let view = |minor: i64| MoneyView::from(escrow.terms.money(minor));
    let milestone = |number: u16| {
        let index = usize::from(number).saturating_sub(1);
        let terms = escrow.terms.milestones.get(index)?;
        let (plan, state) = (escrow.plan.milestones.get(index)?, escrow.milestone(number)?);
        let line = |part: &crate::engine::plan::Part| {
            let holding = state.holdings.iter().find(|holding| holding.share == part.share);
            Line {
                whom: share_words(part.share),
                planned: view(part.amount_minor),
                held: view(holding.map_or(0, |holding| holding.held_minor)),
                payable: view(holding.map_or(0, |holding| holding.payable_minor)),
            }
        };
        Some(Milestone {
            title: format!("{number}. {}", terms.title),
            pill: pill(status::of_milestone(escrow, number)),
            lines: plan.lines.iter().filter(|part| part.amount_minor > 0).map(line).collect(),
        })
    };
    (1_u16..).map_while(milestone).collect()
}

fn share_words(share: Share) -> String {
    match share {
        Share::Seller => "Seller".to_owned(),
        Share::Broker => "Broker".to_owned(),
        Share::BrokerOnTop => "Broker, on top".to_owned(),
        Share::Payee(place) => format!("Payee {}", u16::from(place) + 1),
        Share::Platform => "Platform fee".to_owned(),
    }
}

/// Each account of the escrow beside what the state says is in it.
fn disagreements(escrow: &Escrow, balances: &[Balance]) -> Vec<String> {
    let mut both: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (number, milestone) in (1_u16..).zip(&escrow.milestones) {
        for holding in &milestone.holdings {
            let (share, user) = (holding.share, escrow.receiver(holding.share));
            let held = Account::Held { escrow: escrow.id, milestone: number, share, user };
            let payable = Account::Payable { escrow: escrow.id, milestone: number, share, user };
            both.entry(held.key(escrow.terms.currency)).or_default().0 += holding.held_minor;
            both.entry(payable.key(escrow.terms.currency)).or_default().0 += holding.payable_minor;
        }
    }
    for balance in balances {
        both.entry(balance.account.clone()).or_default().1 += balance.amount_minor;
    }
    let wrong = both.into_iter().filter(|(_, (state, account))| state != account);
    let words = |(key, (state, account)): (String, (i64, i64))| {
        let (state, account) = (escrow.terms.money(state), escrow.terms.money(account));
        format!("{}: the state says {state}, the account holds {account}", super::account::words(&key))
    };
    wrong.map(words).collect()
}

fn payment_row(escrow: &Escrow, payment: &Payment, reader: &Reader) -> PaymentRow {
    PaymentRow {
        what: payments::what(&payment.kind, &payment.method),
        amount: escrow.terms.money(payment.amount_minor).into(),
        pill: payments::pill(&payment.state),
        reason: payment.reason.clone().unwrap_or_default(),
        provider_ref: payment.provider_ref.clone().unwrap_or_default(),
        at: reader.time(payment.created_at).plain(),
    }
}

#[derive(Template)]
#[template(path = "pages/admin/escrow_ledger.html")]
struct Entries {
    shell: Shell,
    head: Head,
    entries: Vec<Entry>,
    newer: String,
    older: String,
}

async fn entries(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Opened(book): Opened,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<i64> = query.get("before").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let cut =
        Cut::new(console::entries(conn, console::Entries::Escrow(book.escrow.id), before, ASKED).await?);
    let reader = operator.reader(&app);
    let path = format!("/admin/escrows/{}/ledger", book.escrow.reference);
    page::html(&Entries {
        shell: Shell::new(&app, &visit, format!("Entries: {}", book.escrow.terms.title)).at(Place::Admin),
        head: Head::new(&book.escrow, "/ledger"),
        newer: before.map(|_| path.clone()).unwrap_or_default(),
        older: cut.next(|last| paging::address(&path, &[("before", &last.id.to_string())])),
        entries: cut.rows.iter().map(|line| Entry::new(line, &reader)).collect(),
    })
}
