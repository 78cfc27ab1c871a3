//! Offers to settle: "the buyer gets, the seller gets", in a dispute or without one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{CHANGED, answer, send};
use super::outcome;
use super::seat::Seat;
use super::transfers::Transfers;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::dispute::{Settlement, Split};
use crate::engine::offers::{Action, offered};
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const SETTLEMENT: &str = "/escrows/{reference}/settlement";
const OFFER: &str = "/escrows/{reference}/settlement/offer";

pub fn routes() -> Routes {
    Routes::new()
        .get(SETTLEMENT, Access::Party, show)
        .get(OFFER, Access::Party, preview)
        .post(SETTLEMENT, Access::Party, offer)
        .post("/escrows/{reference}/settlement/{number}/acceptance", Access::Party, accept)
        .post("/escrows/{reference}/settlement/{number}/refusal", Access::Party, refuse)
        .post("/escrows/{reference}/settlement/{number}/withdrawal", Access::Party, withdraw)
        .get("/g/{token}/settlement", Access::Guest, show)
        .get("/g/{token}/settlement/offer", Access::Guest, preview)
        .post("/g/{token}/settlement", Access::Guest, offer)
        .post("/g/{token}/settlement/{number}/acceptance", Access::Guest, accept)
        .post("/g/{token}/settlement/{number}/refusal", Access::Guest, refuse)
        .post("/g/{token}/settlement/{number}/withdrawal", Access::Guest, withdraw)
}

#[derive(Template)]
#[template(path = "pages/escrow/settlement.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    offers: Vec<OfferView>,
    can_offer: bool,
    blocked: String,
    lines: Vec<OpenLine>,
    currency: String,
    problems: Problems,
    key: String,
}

/// An offer that stands.
struct OfferView {
    number: u16,
    by: String,
    note: String,
    since: TimeView,
    answer_by: TimeView,
    /// Of each milestone its title, what is released and given back, and what follows those.
    parts: Vec<(String, MoneyView, MoneyView, String)>,
    transfers: Transfers,
    yours: String,
    seen: String,
    can_accept: bool,
    can_withdraw: bool,
}

/// A milestone about which something can be offered.
pub struct OpenLine {
    pub field: String,
    pub label: String,
    pub hint: String,
    pub value: String,
    pub left_minor: i64,
    pub number: u16,
}

#[derive(Template)]
#[template(path = "pages/escrow/settlement_confirm.html")]
struct Confirm {
    shell: Shell,
    path: String,
    transfers: Transfers,
    splits: Vec<(String, i64, i64)>,
    note: String,
    problems: Problems,
    yours: String,
    seen: String,
    key: String,
}

/// The milestones that are held and undecided, with what was typed for each.
#[must_use]
pub fn open_lines(seat: &Seat, fields: Option<&Fields>) -> Vec<OpenLine> {
    let parts = (1_u16..).zip(&seat.escrow.milestones).filter(|(_, part)| part.undecided());
    let line = |(number, part): (u16, &crate::engine::escrow::Milestone)| {
        let (field, left_minor) = (outcome::field(number), part.left_minor());
        OpenLine {
            label: format!("To release for {}“{}”", seat.prefix(number), seat.title_of(number)),
            hint: format!("Of {}; the rest goes back to the buyer.", seat.amount(left_minor)),
            value: fields.map(|fields| fields.get(&field).to_owned()).unwrap_or_default(),
            field,
            left_minor,
            number,
        }
    };
    parts.map(line).collect()
}

/// What was typed, as splits: a field left empty leaves its milestone out.
pub fn splits_of(seat: &Seat, lines: &[OpenLine], fields: &Fields, problems: &mut Problems) -> Vec<Split> {
    let mut splits = Vec::new();
    for line in lines {
        if fields.get(&line.field).is_empty() {
            continue;
        }
        let currency = seat.escrow.terms.currency;
        splits.extend(outcome::typed(fields, line.number, line.left_minor, currency, problems));
    }
    if splits.is_empty() && problems.is_empty() {
        let field = lines.first().map_or_else(String::new, |line| line.field.clone());
        problems
            .add(field, "Enter for at least one milestone what is to be released; 0 gives all of it back.");
    }
    splits
}

fn view(seat: &Seat, offer: &Settlement) -> OfferView {
    let (scene, offers) = (seat.scene(), seat.offers());
    let part = |split: &Split| {
        let (release, refund) = (seat.money(split.release_minor), seat.money(split.refund_minor));
        (seat.title_of(split.milestone).to_owned(), release, refund, outcome::bridges(&scene, split))
    };
    let yours = crate::engine::notices::gets_minor(&seat.escrow, &offer.splits, seat.account.id);
    OfferView {
        number: offer.number,
        by: seat.name_of(offer.by),
        note: offer.note.clone(),
        since: seat.reader.time(offer.since),
        answer_by: seat.reader.time(offer.answer_by),
        parts: offer.splits.iter().map(part).collect(),
        transfers: outcome::transfers(&scene, &offer.splits),
        yours: seat.amount(yours).to_string(),
        seen: seat.escrow.seen(Scope::Settlement(offer.number)),
        can_accept: offered(&offers, Action::AcceptSettlement(offer.number)),
        can_withdraw: offered(&offers, Action::WithdrawSettlement(offer.number)),
    }
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    reference: &str,
    typed: Option<(&Fields, Problems)>,
) -> Result<Response, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await?;
    let offers = seat.offers();
    let offer = offers.iter().find(|offer| offer.action == Action::OfferSettlement);
    let blocked = offer.and_then(|offer| offer.refusal.as_ref()).map(|refusal| refusal.sentence());
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let fields = typed.as_ref().map(|(fields, _)| *fields);
    let lines = open_lines(&seat, fields);
    let problems = typed.map(|(_, problems)| problems).unwrap_or_default();
    let page = Page {
        shell: Shell::new(app, visit, "Settlement").at(Place::Escrows).with_problems(!problems.is_empty()),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        offers: seat.escrow.settlements.iter().map(|offer| view(&seat, offer)).collect(),
        can_offer: blocked.is_none() && !lines.is_empty(),
        blocked: blocked.unwrap_or_default(),
        lines,
        currency: seat.escrow.terms.currency.code().to_owned(),
        problems,
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &reference, None).await
}

/// What an offer would come to, before it is sent.
async fn preview(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(fields): Search,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account.clone(), &reference).await?;
    let mut problems = Problems::new();
    let lines = open_lines(&seat, Some(&fields));
    let splits = splits_of(&seat, &lines, &fields, &mut problems);
    if !problems.is_empty() || !offered(&seat.offers(), Action::OfferSettlement) {
        return draw(&app, &visit, account, &reference, Some((&fields, problems))).await;
    }
    confirm(&app, &visit, &seat, splits, String::new(), Problems::new(), StatusCode::OK)
}

fn confirm(
    app: &App,
    visit: &Visit,
    seat: &Seat,
    splits: Vec<Split>,
    note: String,
    problems: Problems,
    status: StatusCode,
) -> Result<Response, Error> {
    let yours = crate::engine::notices::gets_minor(&seat.escrow, &splits, seat.account.id);
    let hidden =
        |split: &Split| (format!("split-{}", split.milestone), split.release_minor, split.refund_minor);
    let page = Confirm {
        shell: Shell::new(app, visit, "Offer a settlement")
            .at(Place::Escrows)
            .with_problems(!problems.is_empty()),
        path: seat.path(),
        transfers: outcome::transfers(&seat.scene(), &splits),
        splits: splits.iter().map(hidden).collect(),
        note,
        problems,
        yours: seat.amount(yours).to_string(),
        seen: seat.escrow.seen(Scope::Money),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

/// The splits that the confirm page showed: `split-2=300000/300000`, in minor units.
fn confirmed(seat: &Seat, fields: &Fields) -> Option<Vec<Split>> {
    let mut splits = Vec::new();
    for number in (1_u16..).take(seat.escrow.milestones.len()) {
        let typed = fields.get(&format!("split-{number}"));
        if typed.is_empty() {
            continue;
        }
        let (release, refund) = typed.split_once('/')?;
        let (release_minor, refund_minor) = (release.parse().ok()?, refund.parse().ok()?);
        splits.push(Split { milestone: number, release_minor, refund_minor });
    }
    (!splits.is_empty()).then_some(splits)
}

async fn offer(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let unreadable = || Error::BadRequest("The offer can't be read. Open the page again.".to_owned());
    let splits = confirmed(&seat, &fields).ok_or_else(unreadable)?;
    let mut problems = Problems::new();
    let note = fields.optional_text("note", LONGEST_TEXT, &mut problems);
    if !problems.is_empty() {
        let typed = fields.get("note").to_owned();
        return confirm(&app, &visit, &seat, splits, typed, problems, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let command = Command::OfferSettlement { splits: splits.clone(), note: note.clone() };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    let fits = |split: &Split| {
        seat.escrow.milestone(split.milestone).is_some_and(|part| part.left_minor() == split.sum_minor())
    };
    if outcome == Outcome::Stale && splits.iter().all(fits) {
        problems.add("", CHANGED);
        return confirm(&app, &visit, &seat, splits, note, problems, StatusCode::CONFLICT);
    }
    answer(outcome, &format!("{}/settlement", seat.path()), Flash::SettlementOffered)
}

async fn about(
    app: &App,
    account: Account,
    (reference, number): &(String, String),
    fields: &Fields,
    command: fn(u16) -> Command,
    flash: Flash,
) -> Result<Response, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let outcome = send(app, &seat, fields, command(number), None).await?;
    answer(outcome, &seat.path(), flash)
}

async fn accept(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |settlement| Command::AcceptSettlement { settlement };
    about(&app, account, &at, &fields, command, Flash::Settled).await
}

async fn refuse(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |settlement| Command::RefuseSettlement { settlement };
    about(&app, account, &at, &fields, command, Flash::SettlementRefused).await
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |settlement| Command::WithdrawSettlement { settlement };
    about(&app, account, &at, &fields, command, Flash::SettlementWithdrawn).await
}
