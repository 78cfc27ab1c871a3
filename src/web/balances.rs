//! A reader's money, currency by currency and never summed across, and the statement of each wallet.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::form::Search;
use super::page;
use super::paging::{self, ASKED, Cut, PAGE};
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::{MoneyView, PillView, Reader, TimeView};
use super::visit::Visit;
use super::visitor::SignedIn;
use crate::app::App;
use crate::error::Error;
use crate::money::Currency;
use crate::store::ledger::{self, Holdings, StatementLine};
use crate::store::payments::{self, OfBuyer, WALLET};

pub fn routes() -> Routes {
    Routes::new().get("/balances", Access::SignedIn, all).get("/balances/{currency}", Access::SignedIn, one)
}

/// What somebody has in one currency.
#[derive(Clone, Debug)]
pub struct Figures {
    pub code: &'static str,
    pub name: String,
    pub href: String,
    pub wallet: MoneyView,
    pub held: MoneyView,
    pub payable: MoneyView,
    /// Paid in as a buyer and still held; only where there is some.
    pub paid: Option<MoneyView>,
}

impl From<&Holdings> for Figures {
    fn from(holdings: &Holdings) -> Self {
        let currency = holdings.currency;
        let money = |minor: i64| MoneyView::from(currency.of(minor));
        Self {
            code: currency.code(),
            name: currency.name().to_owned(),
            href: format!("/balances/{currency}"),
            wallet: money(holdings.wallet_minor),
            held: money(holdings.held_minor),
            payable: money(holdings.payable_minor),
            paid: (holdings.paid_minor > 0).then(|| money(holdings.paid_minor)),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/balances.html")]
struct All {
    shell: Shell,
    money: Vec<Figures>,
    /// What the reader paid as a buyer, and what came back.
    payments: Vec<PaymentRow>,
    newer: String,
    older: String,
}

struct PaymentRow {
    what: String,
    href: String,
    reference: String,
    title: String,
    at: TimeView,
    pill: PillView,
    reason: String,
    amount: MoneyView,
}

#[derive(Template)]
#[template(path = "pages/statement.html")]
struct One {
    shell: Shell,
    figures: Figures,
    /// Where the money is that is not in the wallet yet.
    held_in: Vec<HeldRow>,
    more_held: bool,
    rows: Vec<Line>,
    newer: String,
    older: String,
}

struct HeldRow {
    href: String,
    reference: String,
    title: String,
    held: MoneyView,
    payable: MoneyView,
}

struct Line {
    at: TimeView,
    words: String,
    href: String,
    reference: String,
    title: String,
    change: MoneyView,
    /// "Came in" or "Went out", for those who hear the table.
    direction: &'static str,
    after: MoneyView,
}

async fn all(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<Uuid> = query.get("before").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let holdings = ledger::holdings(conn, account.id).await?;
    let cut = Cut::new(payments::of_buyer(conn, account.id, before, ASKED).await?);
    let reader = account.reader(&app);
    page::html(&All {
        shell: Shell::new(&app, &visit, "Balances").at(Place::Balances),
        money: holdings.iter().map(Figures::from).collect(),
        older: cut.next(|last| paging::address("/balances", &[("before", &last.id.to_string())])),
        newer: before.map(|_| "/balances".to_owned()).unwrap_or_default(),
        payments: cut.rows.iter().filter_map(|one| payment(one, &app, &reader)).collect(),
    })
}

/// A payment as its payer reads it. A deposit is a minus to him, and what comes back a plus.
fn payment(one: &OfBuyer, app: &App, reader: &Reader) -> Option<PaymentRow> {
    let currency = Currency::from_code(&one.currency)?;
    let comes_back = one.kind == "escrow-refund";
    let company = || app.rails.get(&one.method).map(|rail| rail.words().company);
    let by = company().unwrap_or(one.method.as_str());
    // Only what has moved reads as moved, and carries a sign.
    let moved = one.state == "successful";
    let what = match (comes_back, one.method.as_str(), one.state.as_str()) {
        (true, WALLET, _) => "Back to your wallet".to_owned(),
        (true, _, "successful") => format!("Back to you by {by}"),
        (true, _, "failed") => format!("Could not go back to you by {by}"),
        (true, _, _) => format!("On its way back to you by {by}"),
        (false, WALLET, _) => "Paid in from your wallet".to_owned(),
        (false, _, "successful") => format!("Paid in by {by}"),
        (false, _, "failed") => format!("Not paid in: the payment by {by} failed"),
        (false, _, _) => format!("Not paid in yet: the payment by {by} is being processed"),
    };
    Some(PaymentRow {
        what,
        href: format!("/escrows/{}", one.reference),
        reference: one.reference.clone(),
        title: one.title.clone(),
        at: reader.time(one.created_at).plain(),
        pill: super::admin::payments::pill(&one.state),
        reason: one.reason.clone().unwrap_or_default(),
        amount: match (moved, comes_back) {
            (false, _) => currency.of(one.amount_minor).into(),
            (true, true) => signed(currency, one.amount_minor),
            (true, false) => signed(currency, -one.amount_minor),
        },
    })
}

async fn one(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(code): Path<String>,
    Search(query): Search,
) -> Result<Response, Error> {
    let currency = Currency::from_code(&code).ok_or(Error::NotFound)?;
    let before: Option<i64> = query.get("before").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let holdings = ledger::holdings(conn, account.id).await?;
    let none = Holdings { currency, wallet_minor: 0, held_minor: 0, payable_minor: 0, paid_minor: 0 };
    let mine = holdings.into_iter().find(|one| one.currency == currency).unwrap_or(none);
    let held_in = match before {
        None => ledger::held_in(conn, account.id, currency, ASKED).await?,
        Some(_) => Vec::new(),
    };
    let cut = Cut::new(ledger::statement(conn, account.id, currency, before, ASKED).await?);
    let reader = account.reader(&app);
    let path = format!("/balances/{currency}");
    let money = |minor: i64| MoneyView::from(currency.of(minor));
    let held = held_in.iter().take(PAGE).map(|one| HeldRow {
        href: format!("/escrows/{}", one.reference),
        reference: one.reference.clone(),
        title: one.title.clone(),
        held: money(one.held_minor),
        payable: money(one.payable_minor),
    });
    let line = |line: &StatementLine| Line {
        at: reader.time(line.at).plain(),
        words: words(line),
        href: format!("/escrows/{}", line.reference),
        reference: line.reference.clone(),
        title: line.title.clone(),
        change: signed(currency, line.change_minor),
        direction: if line.change_minor < 0 { "Went out" } else { "Came in" },
        after: money(line.after_minor),
    };
    page::html(&One {
        shell: Shell::new(&app, &visit, format!("Statement in {currency}")).at(Place::Balances),
        figures: Figures::from(&mine),
        more_held: held_in.len() > PAGE,
        held_in: held.collect(),
        older: cut.next(|last| paging::address(&path, &[("before", &last.id.to_string())])),
        newer: before.map(|_| path.clone()).unwrap_or_default(),
        rows: cut.rows.iter().map(line).collect(),
    })
}

/// A change carries its sign, also the plus.
fn signed(currency: Currency, minor: i64) -> MoneyView {
    let mut view = MoneyView::from(currency.of(minor));
    if minor > 0 {
        view.figures.insert(0, '+');
    }
    view
}

/// What a line of the statement is about.
fn words(line: &StatementLine) -> String {
    // The other account says which part of which milestone it was: `held/…/2/platform`.
    let other: Vec<&str> = line.other.split('/').collect();
    let (number, share) = match other[..] {
        ["held" | "payable", _, number, share] => (number, share),
        _ => ("", ""),
    };
    let what = match (line.kind.as_str(), share) {
        // Somebody whom both sides pay reads which is which.
        ("paid_out", "broker") => "Released to you as the broker, out of the price",
        ("paid_out", "broker-on-top") => "Released to you as the broker, on top of the price",
        ("paid_out", _) => "Released to you",
        ("refunded" | "refunded_to_wallet", "platform") => "Platform fee, back to you",
        ("refunded" | "refunded_to_wallet", "broker-on-top") => "The commission, back to you",
        ("refunded" | "refunded_to_wallet", _) => "Back to you",
        ("charge_settled", "platform") => "Platform fee, paid into escrow",
        ("charge_settled", "broker-on-top") => "The commission, paid into escrow",
        ("charge_settled", _) => "Paid into escrow",
        ("charge_returned", _) => "Came too late for the escrow, back to you",
        _ if line.change_minor > 0 => "Came in",
        _ => "Went out",
    };
    if number.is_empty() { what.to_owned() } else { format!("{what}, milestone\u{a0}{number}") }
}
