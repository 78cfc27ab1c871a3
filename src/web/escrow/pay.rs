//! Paying into an escrow: what, for whom, how much, by which way. The form starts a payment and moves no
//! money of its own; only the wallet, which is our own book, answers at once.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::act::{answer, send};
use super::rates;
use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::deadlines::{self, Deadline, Waiting};
use crate::engine::escrow::{Method, Stage};
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::plan::MilestonePlan;
use crate::engine::refusal::Refusal;
use crate::engine::seen::Scope;
use crate::engine::terms::{CommissionPayer, FeePayer, Funding};
use crate::error::Error;
use crate::money::Money;
pub use crate::rails::end::{By, Ended, end};
use crate::rails::tell::{Told, tell};
use crate::store::db::Conn;
use crate::store::execute::Outcome;
use crate::store::payments::WALLET;
use crate::store::users::Account;
use crate::store::{ledger, payments, terms_of_service};
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::terms::accept_first;
use crate::web::view::{Choice, MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;
use crate::web::{page, paging};

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/pay", Access::Party, ask).post(
        "/escrows/{reference}/pay",
        Access::Party,
        pay,
    )
}

#[derive(Template)]
#[template(path = "pages/escrow/pay.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    /// "Bilel (seller)", "Chiraz (broker)": those for whom it is held.
    receivers: Vec<String>,
    has_contract: bool,
    sums: Vec<(String, MoneyView)>,
    total: Money,
    pay_by: Option<TimeView>,
    /// The milestone that is paid by itself; empty for the whole.
    part: String,
    /// Whether paying accepts the terms too.
    accepts: bool,
    /// Whether everyone else has accepted them already.
    is_last: bool,
    methods: Vec<Choice>,
    method: String,
    /// Why the wallet is not among the methods; empty if it is.
    wallet_blocked: String,
    magic: Vec<(&'static str, &'static [(&'static str, &'static str)])>,
    /// Empty where the viewer can pay now, else why not.
    blocked: String,
    /// The page of the payment that stands; empty without one.
    standing: String,
    problems: Problems,
    seen: String,
    key: String,
}

impl Page {
    fn new(app: &App, visit: &Visit, seat: &Seat, wallet: Money) -> Self {
        let escrow = &seat.escrow;
        let total = seat.amount(escrow.to_pay_minor());
        let (methods, wallet_blocked) = methods(app, wallet, total);
        let magic = app.rails.iter().map(|rail| (rail.words().company, rail.magic_amounts()));
        let standing = match (&escrow.charge, seat.role) {
            (Some(charge), Role::Buyer) => format!("{}/pay/{}", seat.path(), charge.payment),
            _ => String::new(),
        };
        Self {
            shell: Shell::new(app, visit, "Pay into escrow").at(Place::Escrows),
            path: seat.path(),
            reference: escrow.reference.clone(),
            title: escrow.terms.title.clone(),
            receivers: receivers(seat),
            has_contract: escrow.terms.contract_terms.is_some(),
            sums: sums(seat),
            total,
            part: part(seat),
            accepts: matches!(escrow.stage, Stage::Proposed { .. }),
            is_last: escrow
                .parties
                .iter()
                .filter(|party| party.role.must_agree() && party.role != Role::Buyer)
                .all(|party| escrow.has_agreed(party)),
            pay_by: pay_by(seat),
            method: methods.first().map(|choice| choice.value.to_string()).unwrap_or_default(),
            methods,
            wallet_blocked,
            magic: magic.filter(|(_, amounts)| !amounts.is_empty()).collect(),
            blocked: blocked(seat),
            standing,
            problems: Problems::default(),
            seen: escrow.seen(Scope::Whole),
            key: app.clock.id().to_string(),
        }
    }
}

/// Why this viewer can't pay now; empty if he can.
fn blocked(seat: &Seat) -> String {
    let offers = seat.offers();
    match offers.into_iter().find(|offer| offer.action == Action::Pay) {
        Some(offer) => offer.refusal.map(|refusal| refusal.sentence()).unwrap_or_default(),
        None => Refusal::AlreadyPaid.sentence(),
    }
}

/// The ways to pay, and why the wallet is not one of them.
fn methods(app: &App, wallet: Money, total: Money) -> (Vec<Choice>, String) {
    let of_rail = |rail: &dyn crate::rails::Rail| {
        let words = rail.words();
        Choice::new(rail.name(), words.method).hint(words.hint)
    };
    let mut methods: Vec<Choice> = app.rails.iter().map(of_rail).collect();
    if wallet.minor >= total.minor {
        let hint = format!("It holds {wallet}. The money is held in escrow immediately.");
        methods.push(Choice::new(WALLET, "My wallet").hint(hint));
        return (methods, String::new());
    }
    (methods, format!("It holds {wallet}, which does not cover this payment."))
}

fn receivers(seat: &Seat) -> Vec<String> {
    let parties = seat.escrow.parties.iter().filter(|party| party.role != Role::Buyer);
    parties.map(|party| format!("{} ({})", seat.name(party.user), party.role.word())).collect()
}

/// What the sum is made of, as far as the buyer pays it.
fn sums(seat: &Seat) -> Vec<(String, MoneyView)> {
    let (to_pay, plan) = (seat.escrow.to_pay(), &seat.escrow.plan.milestones);
    let paid: Vec<&MilestonePlan> =
        to_pay.iter().filter_map(|number| plan.get(usize::from(*number) - 1)).collect();
    let sum = |part: fn(&MilestonePlan) -> i64| paid.iter().map(|plan| part(plan)).sum::<i64>();
    let fee = sum(|milestone| milestone.fee_by_buyer_minor);
    let commission = sum(|milestone| milestone.commission_by_buyer_minor);
    let terms = &seat.escrow.terms;
    let amount = |number: &u16| terms.milestones.get(usize::from(*number) - 1).map(|part| part.amount_minor);
    let price = to_pay.iter().filter_map(amount).sum();
    let mut sums = vec![("Price".to_owned(), seat.money(price))];
    if fee > 0 {
        let words =
            if terms.fee_payer == FeePayer::Split { "Your half of the platform fee" } else { "Platform fee" };
        sums.push((rates::beside(words, Some(&rates::of_fee(terms))), seat.money(fee)));
    }
    if let Some(agreed) = terms.commission.as_ref().filter(|_| commission > 0) {
        let halved = agreed.payer == CommissionPayer::Split;
        let words =
            if halved { "Your half of the broker’s commission" } else { "The broker’s commission" };
        sums.push((rates::beside(words, rates::of_commission(agreed).as_deref()), seat.money(commission)));
    }
    sums
}

/// Which milestone is paid by itself.
fn part(seat: &Seat) -> String {
    match (seat.escrow.terms.funding, seat.escrow.to_pay().first()) {
        (Funding::PerMilestone, Some(number)) => format!("{number}. {}", seat.title_of(*number)),
        (Funding::PerMilestone | Funding::Whole, _) => String::new(),
    }
}

fn pay_by(seat: &Seat) -> Option<TimeView> {
    let clocks = deadlines::all(&seat.escrow);
    let pays = |clock: &&Deadline| matches!(clock.waiting, Waiting::Payment | Waiting::NextPayment);
    clocks.iter().find(pays).map(|clock| seat.reader.time(clock.at))
}

async fn load(app: &App, account: Account, reference: &str) -> Result<(Seat, Money), Error> {
    load_from(app, &mut app.db.read().await?.conn(), account, reference).await
}

async fn load_from(
    app: &App,
    conn: &mut Conn<'_>,
    account: Account,
    reference: &str,
) -> Result<(Seat, Money), Error> {
    let seat = Seat::load(app, conn, account, reference).await?;
    let currency = seat.escrow.terms.currency;
    let wallet = ledger::wallet(conn, seat.account.id, currency).await?;
    Ok((seat, currency.of(wallet)))
}

/// The terms of service first, then this page with the way to pay that was chosen already.
fn after_terms(seat: &Seat, chosen: &str) -> Response {
    let path = seat.path();
    accept_first(&paging::address(&format!("{path}/pay"), &[("method", chosen)]), &path)
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(query): Search,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let (seat, wallet) = load_from(&app, conn, account, &reference).await?;
    let mut page = Page::new(&app, &visit, &seat, wallet);
    // Before anything is chosen, so that nothing has to be chosen twice.
    if page.blocked.is_empty()
        && !terms_of_service::is_accepted(conn, seat.account.id, app.clock.now()).await?
    {
        return Ok(after_terms(&seat, query.get("method")));
    }
    if let Some(chosen) = page.methods.iter().find(|choice| choice.value == query.get("method")) {
        page.method = chosen.value.to_string();
    }
    Ok(with_providers(&app, page::html(&page)?))
}

/// The form may lead on to the pages of providers, which a browser holds to the page's own policy.
pub fn with_providers(app: &App, response: Response) -> Response {
    let others = app.rails.iter().map(|rail| rail.origin()).filter(|origin| *origin != app.config.public_url);
    let others = others.collect::<Vec<_>>().join(" ");
    if others.is_empty() { response } else { page::with_form_target(response, &others) }
}

async fn pay(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let (seat, wallet) = load(&app, account.clone(), &reference).await?;
    let chosen = fields.get("method");
    let method = match app.rails.get(chosen) {
        Some(rail) => Method::Rail { rail: rail.name().to_owned() },
        None if chosen == WALLET => Method::Wallet,
        None => {
            let problem = ("method", "Choose how you want to pay.".to_owned());
            return again(&app, &visit, &seat, wallet, &fields, problem);
        }
    };
    let payment = app.clock.id();
    let milestones = seat.escrow.to_pay();
    let command = Command::StartCharge { payment, milestones, method: method.clone() };
    match send(&app, &seat, &fields, command, None).await? {
        Outcome::Done => go(&app, &seat, payment, &method).await,
        Outcome::AlreadyDone => {
            // The same form came before: on to the payment that it started.
            let (seat, _) = load(&app, account, &reference).await?;
            let payment = seat.escrow.charge.as_ref().map(|charge| charge.payment).ok_or(Error::NotFound)?;
            Ok(to_payment(&seat, payment))
        }
        Outcome::Refused { refusal: Refusal::TermsOfServiceNotAccepted } => Ok(after_terms(&seat, chosen)),
        Outcome::Refused { refusal } if refusal != Refusal::NotAParty => {
            let (seat, wallet) = load(&app, account, &reference).await?;
            let field = if matches!(refusal, Refusal::InsufficientWallet { .. }) { "method" } else { "" };
            let sentence = format!("{} No money has moved.", refusal.sentence());
            again(&app, &visit, &seat, wallet, &fields, (field, sentence))
        }
        other => answer(other, &format!("{}/pay", seat.path()), Flash::PaymentStarted),
    }
}

/// The page again, with what is wrong.
fn again(
    app: &App,
    visit: &Visit,
    seat: &Seat,
    wallet: Money,
    fields: &Fields,
    (field, sentence): (&str, String),
) -> Result<Response, Error> {
    let mut page = Page::new(app, visit, seat, wallet);
    page.problems.add(field, sentence);
    page.shell = page.shell.with_problems(true);
    page.method = fields.get("method").to_owned();
    let response = page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)?;
    Ok(with_providers(app, response))
}

/// On to the provider's page, if it answers at once; else to our own, which waits for it.
async fn go(app: &App, seat: &Seat, payment: Uuid, method: &Method) -> Result<Response, Error> {
    if *method == Method::Wallet {
        return Ok(to_payment(seat, payment));
    }
    let started = payments::by_id(&mut app.db.read().await?.conn(), payment).await?;
    let told = match started {
        Some(started) => tell(app, &started).await?,
        None => Told::NotYet,
    };
    Ok(match told {
        Told::Page(page) => Redirect::to(&page).into_response(),
        Told::Known | Told::NotYet | Told::Refused => to_payment(seat, payment),
    })
}

fn to_payment(seat: &Seat, payment: Uuid) -> Response {
    Redirect::to(&format!("{}/pay/{payment}", seat.path())).into_response()
}

/// On to the provider's page, if it answers at once; else to `back`, which waits for it.
///
/// # Errors
/// The database's.
pub async fn lead_on(app: &App, payment: Uuid, method: &Method, back: &str) -> Result<Response, Error> {
    let started = match method {
        Method::Wallet => None,
        Method::Rail { .. } => payments::by_id(&mut app.db.read().await?.conn(), payment).await?,
    };
    if let Some(started) = started
        && let Told::Page(page) = tell(app, &started).await?
    {
        return Ok(Redirect::to(&page).into_response());
    }
    Ok(Redirect::to(back).into_response())
}
