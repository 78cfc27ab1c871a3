//! The ledger: its laws as they stand at this moment, its totals, and its newest entries.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::account;
use super::laws::{Books, money, sum};
use crate::app::App;
use crate::error::Error;
use crate::store::console::{self, Compared, EntryLine};
use crate::store::ledger::Totals;
use crate::web::form::Search;
use crate::web::page;
use crate::web::paging::{self, ASKED, Cut};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/ledger";
/// So many escrows are compared with their accounts on this page; `doctor` compares every one.
const COMPARED: usize = 1_000;

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Operator, show)
}

#[derive(Template)]
#[template(path = "pages/admin/ledger.html")]
struct Ledger {
    shell: Shell,
    laws: Vec<Law>,
    totals: Vec<Sums>,
    entries: Vec<Entry>,
    newer: String,
    older: String,
}

/// A law, whether it holds, and what breaks it.
struct Law {
    words: String,
    broken: Vec<String>,
}

struct Sums {
    code: String,
    entries: i64,
    held: MoneyView,
    payable: MoneyView,
    wallets: MoneyView,
    fees: MoneyView,
    outside: MoneyView,
    sum: MoneyView,
}

/// An entry as a line.
pub struct Entry {
    pub number: i64,
    pub at: TimeView,
    pub from: String,
    pub from_whom: String,
    pub to: String,
    pub to_whom: String,
    pub href: String,
    pub reference: String,
    pub seq: i64,
    pub amount: MoneyView,
}

impl Entry {
    #[must_use]
    pub fn new(line: &EntryLine, reader: &Reader) -> Self {
        Self {
            number: line.id,
            at: reader.time(line.at).plain(),
            from: account::words(&line.from_account),
            from_whom: line.from_email.clone().unwrap_or_default(),
            to: account::words(&line.to_account),
            to_whom: line.to_email.clone().unwrap_or_default(),
            href: format!("/admin/escrows/{}", line.reference),
            reference: line.reference.clone(),
            seq: line.seq,
            amount: money(&line.currency, line.amount_minor),
        }
    }
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Search(query): Search,
) -> Result<Response, Error> {
    let before: Option<i64> = query.get("before").parse().ok();
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let books = Books::read(conn).await?;
    let most = i64::try_from(COMPARED).unwrap_or_default() + 1;
    let compared = console::compared(conn, most).await?;
    let cut =
        Cut::new(console::entries(conn, console::Entries::ForOperator(operator.id), before, ASKED).await?);
    let reader = operator.reader(&app);
    page::html(&Ledger {
        shell: Shell::new(&app, &visit, "Ledger").at(Place::Admin),
        laws: vec![zero(&books), balances(&books), states(&compared)],
        totals: books.totals.iter().map(sums).collect(),
        newer: before.map(|_| PATH.to_owned()).unwrap_or_default(),
        older: cut.next(|last| paging::address(PATH, &[("before", &last.id.to_string())])),
        entries: cut.rows.iter().map(|line| Entry::new(line, &reader)).collect(),
    })
}

fn zero(books: &Books) -> Law {
    let wrong = books.totals.iter().filter(|totals| sum(totals) != 0);
    let words =
        |totals: &Totals| format!("{} comes to {}", totals.currency, plain(&totals.currency, sum(totals)));
    Law {
        words: format!("Every currency sums to zero: {}.", books.extent()),
        broken: wrong.map(words).collect(),
    }
}

fn balances(books: &Books) -> Law {
    let words = |(account, balance, entries): &(String, i64, i64)| {
        format!("{account}: the balance is {balance}, the entries come to {entries}")
    };
    Law {
        words: "Every balance is what its entries come to.".to_owned(),
        broken: books.wrong.iter().map(words).collect(),
    }
}

fn states(compared: &[Compared]) -> Law {
    let checked = compared.len().min(COMPARED);
    let wrong = compared.iter().take(COMPARED).filter(|one| one.state_minor != one.balances_minor);
    let words = |one: &Compared| {
        let of = |(held, payable)| {
            format!("{} held and {} payable", one.currency.of(held), one.currency.of(payable))
        };
        format!(
            "{}: the state says {}, the accounts {}",
            one.reference,
            of(one.state_minor),
            of(one.balances_minor)
        )
    };
    let which = if compared.len() > COMPARED {
        format!("the newest {checked} that are not over; the command “holdfast doctor” looks at all")
    } else {
        format!("{checked} that are not over or still hold something")
    };
    Law {
        words: format!("What each escrow’s state says is what its accounts hold: {which}."),
        broken: wrong.map(words).collect(),
    }
}

fn plain(code: &str, minor: i64) -> String {
    let money = money(code, minor);
    format!("{} {}", money.figures, money.code)
}

fn sums(totals: &Totals) -> Sums {
    let money = |minor: i64| money(&totals.currency, minor);
    Sums {
        code: totals.currency.clone(),
        entries: totals.entries,
        held: money(totals.held_minor),
        payable: money(totals.payable_minor),
        wallets: money(totals.wallet_minor),
        fees: money(totals.fees_minor),
        outside: money(totals.clearing_minor),
        sum: money(sum(totals)),
    }
}
