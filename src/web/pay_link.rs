//! What a pay link opens: one sale, and the form by which whoever opens it buys, signed in or as a guest.
//!
//! The page says the same to every visitor, whatever address he types. Who came back from the provider's page
//! is believed only by his session, or by the cookie that his own purchase left in this browser.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::escrow::act::answer;
use super::escrow::pay::{By, Ended, end, lead_on, with_providers};
use super::escrow::rates;
use super::flash::Flash;
use super::form::{Fields, Problems};
use super::network::Network;
use super::page::{self, slow_down};
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::view::{Choice, MoneyView, TimeView};
use super::visit::Visit;
use super::visitor::{Visitor, remember_guest, remembered_guest};
use crate::app::App;
use crate::engine::escrow::{ChargeState, Escrow, Method, Stage};
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::engine::seen::Scope;
use crate::engine::terms::FeePayer;
use crate::error::Error;
use crate::money::Money;
use crate::store::db::Conn;
use crate::store::execute::Outcome;
use crate::store::files;
use crate::store::links::{self, Bought, Buyer, Purchase};
use crate::store::payments::{self, WALLET};
use crate::store::tokens::{self, Purpose, Worth};
use crate::store::users::{self, Account};
use crate::store::{escrows, ledger, terms_of_service, throttle};

/// To whoever sells here, or decides: he can't buy as well.
const TAKEN: &str = "Somebody who takes part in this sale already has this email address, and nobody can be on two sides of it.";
const LONGEST_NAME: usize = 100;
/// How soon the page looks again while a payment is pending.
const REFRESH_SECONDS: u32 = 3;
use crate::text::names;

pub fn routes() -> Routes {
    Routes::new().get("/pay/{token}", Access::Token, show).post("/pay/{token}", Access::Token, buy).get(
        "/pay/{token}/{payment}",
        Access::Token,
        returned,
    )
}

#[derive(Template)]
#[template(path = "pages/link/pay.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    description: String,
    delivered: String,
    seller: String,
    sums: Vec<(String, MoneyView)>,
    total: Money,
    pay_until: Option<TimeView>,
    due: String,
    files: Vec<String>,
    /// Why nothing can be paid; empty where it can.
    blocked: &'static str,
    /// Somebody has begun to pay, and may have left.
    begun: bool,
    /// Where the reader finds his own purchase; empty for none.
    own: String,
    /// Whoever is signed in; empty for a guest.
    signed_in: String,
    accepts_terms: bool,
    methods: Vec<Choice>,
    magic: Vec<(&'static str, &'static [(&'static str, &'static str)])>,
    method: String,
    email: String,
    name: String,
    accepted: bool,
    terms_version: i64,
    problems: Problems,
    seen: String,
    key: String,
}

/// What the buyer pays, line by line.
#[must_use]
pub fn sums(escrow: &Escrow) -> Vec<(String, MoneyView)> {
    let terms = &escrow.terms;
    let fee: i64 = escrow.plan.milestones.iter().map(|part| part.fee_by_buyer_minor).sum();
    let mut sums = vec![("Price".to_owned(), terms.money(terms.amount_minor).into())];
    if fee > 0 {
        let half = terms.fee_payer == FeePayer::Split;
        let words = if half { "Your half of the platform fee" } else { "Platform fee" };
        sums.push((rates::beside(words, Some(&rates::of_fee(terms))), terms.money(fee).into()));
    }
    sums
}

/// The sale behind a link, and who looks at it.
struct Sale {
    escrow: Escrow,
    replaced: bool,
    seller: String,
    visitor: Option<Account>,
    /// The page of the reader's own purchase, if this is one.
    own: String,
}

async fn open(
    app: &App,
    conn: &mut Conn<'_>,
    secret: &str,
    visitor: Option<Account>,
    headers: &HeaderMap,
) -> Result<Sale, Error> {
    let link = links::find(conn, secret).await?.ok_or(Error::NotFound)?;
    let escrow = escrows::by_id(conn, link.escrow).await?.ok_or(Error::NotFound)?;
    let seller = escrow.party(Role::Seller).map(|party| party.user).ok_or(Error::NotFound)?;
    let seller =
        users::by_id(conn, seller).await?.map(|account| names::shown(&account.name)).unwrap_or_default();
    let takes_part = visitor.as_ref().is_some_and(|account| escrow.party_of(account.id).is_some());
    let mut own = if takes_part { format!("/escrows/{}", escrow.reference) } else { String::new() };
    if let (true, Some(guest)) = (own.is_empty(), remembered_guest(app, headers)) {
        let worth = tokens::peek(conn, app.clock.now(), Purpose::Guest, guest).await?;
        if let Worth::Good(token) = worth
            && token.escrow_id == Some(escrow.id)
            && token.user_id.is_some_and(|user| escrow.party_of(user).is_some())
        {
            own = format!("/g/{guest}");
        }
    }
    Ok(Sale { escrow, replaced: link.replaced, seller, visitor, own })
}

impl Sale {
    fn blocked(&self) -> &'static str {
        let escrow = &self.escrow;
        let sells =
            |account: &Account| escrow.party(Role::Seller).is_some_and(|seller| seller.user == account.id);
        if self.replaced {
            "The seller has replaced this link by a newer one. Ask for it."
        } else if escrow.funded() {
            "This is already paid. A link is good for one sale."
        } else if escrow.over() {
            "This sale is over, so nothing can be paid here any more. Nobody owes anything."
        } else if self.visitor.as_ref().is_some_and(sells) {
            "This is your own pay link, as a buyer sees it. Give its address to your buyer."
        } else {
            ""
        }
    }
}

/// The ways to pay, and whether the terms of service are still to be accepted.
async fn methods(
    app: &App,
    conn: &mut Conn<'_>,
    sale: &Sale,
    total: Money,
    newest: i64,
) -> Result<(Vec<Choice>, bool), Error> {
    let rails = app.rails.iter();
    let mut methods: Vec<Choice> =
        rails.map(|rail| Choice::new(rail.name(), rail.words().method).hint(rail.words().hint)).collect();
    let Some(account) = &sale.visitor else { return Ok((methods, true)) };
    let wallet = total.currency.of(ledger::wallet(conn, account.id, total.currency).await?);
    if wallet.minor >= total.minor {
        methods.push(Choice::new(WALLET, "My wallet").hint(format!("It holds {wallet}.")));
    }
    Ok((methods, terms_of_service::accepted(conn, account.id).await? < newest))
}

async fn draw(
    app: &App,
    visit: &Visit,
    secret: &str,
    sale: Sale,
    fields: &Fields,
    problems: Problems,
) -> Result<Response, Error> {
    let escrow = &sale.escrow;
    let total = escrow.terms.money(escrow.plan.charge_minor());
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let (terms_version, _) = terms_of_service::newest(conn, app.clock.now()).await?;
    let (methods, accepts_terms) = methods(app, conn, &sale, total, terms_version).await?;
    let mut files = Vec::new();
    for file in &escrow.terms.files {
        files.extend(files::by_id(conn, file.id).await?.map(|row| row.name));
    }
    drop(reader);
    let zone = Visitor(sale.visitor.clone()).reader(app);
    let pay_until = match escrow.stage {
        Stage::Proposed { expires_at, .. } => Some(zone.time(expires_at)),
        _ => None,
    };
    let days = escrow.terms.delivery_days.unwrap_or(1);
    let typed = |name: &str| fields.get(name).to_owned();
    let first = methods.first().map(|choice| choice.value.to_string()).unwrap_or_default();
    let magic = app.rails.iter().map(|rail| (rail.words().company, rail.magic_amounts()));
    let (blocked, has_problems) = (sale.blocked(), !problems.is_empty());
    let status = if has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        shell: Shell::new(app, visit, format!("Pay: {}", escrow.terms.title)).with_problems(has_problems),
        path: format!("/pay/{secret}"),
        reference: escrow.reference.clone(),
        title: escrow.terms.title.clone(),
        description: escrow.terms.description.clone(),
        delivered: escrow.terms.milestones.first().map(|part| part.title.clone()).unwrap_or_default(),
        seller: sale.seller.clone(),
        sums: sums(escrow),
        total,
        pay_until,
        due: format!("{days} day{}", if days == 1 { "" } else { "s" }),
        files,
        blocked,
        begun: escrow.charge_pending(),
        own: sale.own.clone(),
        signed_in: sale.visitor.as_ref().map(|account| account.name.clone()).unwrap_or_default(),
        accepts_terms,
        method: if fields.has("method") { typed("method") } else { first },
        methods,
        magic: magic.filter(|(_, amounts)| !amounts.is_empty()).collect(),
        email: typed("email"),
        name: typed("name"),
        // A tick counts for the version beside which it was set.
        accepted: fields.ticked("terms") && fields.get("terms_version").parse() == Ok(terms_version),
        terms_version,
        problems,
        seen: escrow.seen(Scope::Whole),
        key: app.clock.id().to_string(),
    };
    Ok(with_providers(app, page::with_status(status, &page)?))
}

async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Result<Response, Error> {
    let sale = open(&app, &mut app.db.read().await?.conn(), &secret, visitor, &headers).await?;
    draw(&app, &visit, &secret, sale, &Fields::default(), Problems::new()).await
}

/// The buyer as he is signed in, or as he typed himself.
fn buyer(sale: &Sale, fields: &Fields, problems: &mut Problems) -> Option<Buyer> {
    if let Some(account) = &sale.visitor {
        return Some(Buyer::User(account.id, account.address().to_owned()));
    }
    let plain = "Enter an email address like name@example.com. The receipt goes there.";
    let email = fields.email("email", plain, problems);
    let missing = "Write your name, so that the seller knows who bought.";
    let name = fields.name("name", LONGEST_NAME, missing, problems);
    Some(Buyer::Guest { email: email?, name })
}

/// On to the provider, with the guest's own secret left in his browser.
async fn bought(
    app: &App,
    wake: bool,
    (payment, method): (Uuid, &Method),
    guest: Option<String>,
    (path, reference): (&str, &str),
) -> Result<Response, Error> {
    if wake {
        app.wake.up();
    }
    let back = match &guest {
        Some(_) => format!("{path}/{payment}"),
        None => format!("/escrows/{reference}/pay/{payment}"),
    };
    let response = lead_on(app, payment, method, &back).await?;
    Ok(match guest {
        Some(guest) => remember_guest(app, response, &guest),
        None => response,
    })
}

/// The field at which a refusal is said, and its sentence.
fn at_field(refusal: &Refusal, signed_in: bool) -> (&'static str, String) {
    match refusal {
        Refusal::InsufficientWallet { .. } => ("method", refusal.sentence()),
        Refusal::TermsOfServiceNotAccepted => {
            ("terms", "Read the terms of service and tick that you accept them.".to_owned())
        }
        // Whoever is signed in has no such field.
        Refusal::AddressTaken => (if signed_in { "" } else { "email" }, TAKEN.to_owned()),
        _ => ("", refusal.sentence()),
    }
}

/// Why somebody else's payment still keeps others from paying. One that was opened and left ends by this.
async fn still_kept(app: &App, escrow: &Escrow) -> Result<Option<&'static str>, Error> {
    let open = escrow.charge.as_ref().filter(|_| escrow.charge_pending());
    let Some(charge) = open else { return Ok(None) };
    let row = payments::by_id(&mut app.db.read().await?.conn(), charge.payment).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(match end(app, &row, By::NextBuyer).await? {
        Ended::Ended => None,
        Ended::Submitted => Some(
            "A payment by this link was submitted before yours and is being processed. If it does not go through, you \
             can pay here afterwards. No money has moved.",
        ),
        Ended::NotReached => Some(
            "A payment by this link was opened before yours, and its provider did not answer. Try again in a moment. \
             No money has moved.",
        ),
    })
}

async fn buy(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    network: Network,
    headers: HeaderMap,
    Path(secret): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    slow_down(&app, &[(&throttle::FORMS_BY_NETWORK, &network.neighbourhood())]).await?;
    let mut reader = app.db.read().await?;
    let sale = open(&app, &mut reader.conn(), &secret, visitor.clone(), &headers).await?;
    let (newest, _) = terms_of_service::newest(&mut reader.conn(), app.clock.now()).await?;
    drop(reader);
    let path = format!("/pay/{secret}");
    if !sale.blocked().is_empty() {
        return Ok(Redirect::to(&path).into_response());
    }
    let mut problems = Problems::new();
    let buyer = buyer(&sale, &fields, &mut problems);
    let method = match (app.rails.get(fields.get("method")), fields.get("method")) {
        (Some(rail), _) => Some(Method::Rail { rail: rail.name().to_owned() }),
        (None, WALLET) if visitor.is_some() => Some(Method::Wallet),
        (None, _) => None,
    };
    if method.is_none() {
        problems.add("method", "Choose how you want to pay.");
    }
    // What is accepted is what was shown.
    let shown = fields.get("terms_version").parse() == Ok(newest);
    let terms_version = (fields.ticked("terms") && shown).then_some(newest);
    if visitor.is_none() && terms_version.is_none() {
        problems.add("terms", "Read the terms of service and tick that you accept them.");
    }
    let (Some(buyer), Some(method), true) = (buyer, method, problems.is_empty()) else {
        return draw(&app, &visit, &secret, sale, &fields, problems).await;
    };
    let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let payment = app.clock.id();
    let purchase = Purchase {
        secret: secret.clone(),
        buyer,
        payment,
        method: method.clone(),
        terms_version,
        seen: text("seen"),
        key: text("key").filter(|key| key.len() <= 100),
    };
    if let Some(kept) = still_kept(&app, &sale.escrow).await? {
        problems.add("", kept);
        return draw(&app, &visit, &secret, sale, &fields, problems).await;
    }
    let Bought { executed, guest } = links::buy(&app.db, &app.clock, &purchase).await?;
    match executed.outcome {
        Outcome::Done => {
            let to = (path.as_str(), sale.escrow.reference.as_str());
            bought(&app, executed.wake, (payment, &method), guest, to).await
        }
        Outcome::AlreadyDone | Outcome::Stale => Ok(Redirect::to(&path).into_response()),
        Outcome::Refused { refusal } => {
            let (field, sentence) = at_field(&refusal, visitor.is_some());
            problems.add(field, format!("{sentence} No money has moved."));
            let sale = open(&app, &mut app.db.read().await?.conn(), &secret, visitor, &headers).await?;
            draw(&app, &visit, &secret, sale, &fields, problems).await
        }
        other => answer(other, &path, Flash::PaymentStarted),
    }
}

#[derive(Template)]
#[template(path = "pages/link/returned.html")]
struct Returned {
    shell: Shell,
    path: String,
    own: String,
    reference: String,
    title: String,
    heading: &'static str,
    money: String,
    then: String,
    reason: String,
    state: State3,
    provider: String,
}

/// How the payment stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State3 {
    Pending,
    Paid,
    Failed,
}

/// Where a guest comes back to. Coming back says nothing about the money.
async fn returned(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    headers: HeaderMap,
    Path((secret, payment)): Path<(String, String)>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let sale = open(&app, conn, &secret, visitor, &headers).await?;
    let path = format!("/pay/{secret}");
    let attempt = payment.parse().ok().and_then(|id: Uuid| sale.escrow.attempt(id).cloned());
    // Only whoever paid is told how it went; to others the link says what it says to everybody.
    let (Some(attempt), false) = (attempt, sale.own.is_empty()) else {
        return Ok(Redirect::to(&path).into_response());
    };
    let row = payments::by_id(conn, attempt.payment).await?;
    let amount = sale.escrow.terms.money(attempt.amount_minor);
    let (state, heading, money, then, reason) = match &attempt.state {
        ChargeState::Pending { .. } => (
            State3::Pending,
            "Your payment is being processed",
            "Nothing is held in escrow yet.".to_owned(),
            "This page looks again by itself. You can also leave it: we write to you when there is an answer.".to_owned(),
            String::new(),
        ),
        ChargeState::Successful { .. } => (
            State3::Paid,
            "Your payment has arrived",
            format!("{amount} is held in escrow."),
            format!("{} has been told to deliver. Your receipt is on its way by mail, with a link to this purchase.", sale.seller),
            String::new(),
        ),
        ChargeState::Failed { reason, .. } => (
            State3::Failed,
            "Your payment failed",
            "No money was paid into escrow.".to_owned(),
            "You can try again, as long as nobody else has paid by this link.".to_owned(),
            reason.clone(),
        ),
    };
    let mut shell = Shell::new(&app, &visit, heading);
    if state == State3::Pending {
        shell = shell.refreshing(REFRESH_SECONDS);
    }
    page::html(&Returned {
        shell,
        path,
        own: sale.own,
        reference: sale.escrow.reference,
        title: sale.escrow.terms.title,
        heading,
        money,
        then,
        reason,
        state,
        provider: row
            .and_then(|row| row.provider_page)
            .filter(|_| state == State3::Pending)
            .unwrap_or_default(),
    })
}
