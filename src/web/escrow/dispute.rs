//! The dispute room of the parties: statements and evidence, withdrawing, giving what is sought.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, refused, send};
use super::outcome;
use super::parcel::{Parcel, Typed, boxes, drain};
use super::room::{self, Room};
use super::seat::{Scene, Seat};
use super::transfers::Transfers;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::dispute::Split;
use crate::engine::event::{Event, Record};
use crate::engine::offers::{Action, offered};
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::files::Purpose;
use crate::store::history;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::upload::MOST_BYTES;
use crate::web::view::{Choice, MoneyView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const DISPUTE: &str = "/escrows/{reference}/disputes/{number}";
const CONCESSION: &str = "/escrows/{reference}/disputes/{number}/concession";

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/disputes", Access::Party, list)
        .get(DISPUTE, Access::Party, show)
        .upload("/escrows/{reference}/disputes/{number}/statements", Access::Party, MOST_BYTES, state)
        .post("/escrows/{reference}/disputes/{number}/withdrawal", Access::Party, withdraw)
        .get(CONCESSION, Access::Party, ask_concede)
        .post(CONCESSION, Access::Party, concede)
        .get("/g/{token}/disputes", Access::Guest, list)
        .get("/g/{token}/disputes/{number}", Access::Guest, show)
        .upload("/g/{token}/disputes/{number}/statements", Access::Guest, MOST_BYTES, state)
        .post("/g/{token}/disputes/{number}/withdrawal", Access::Guest, withdraw)
        .get("/g/{token}/disputes/{number}/concession", Access::Guest, ask_concede)
        .post("/g/{token}/disputes/{number}/concession", Access::Guest, concede)
}

#[derive(Template)]
#[template(path = "pages/escrow/disputes.html")]
struct List {
    shell: Shell,
    path: String,
    reference: String,
    disputes: Vec<Line>,
    can_open: bool,
}

/// One dispute in a list, here or before its arbiter.
pub struct Line {
    pub number: u16,
    /// The milestones that it is about, by their titles.
    pub about: String,
    pub stake: MoneyView,
    pub is_open: bool,
}

impl Line {
    /// A dispute as it was opened, from its record; nothing of one that this version can't read.
    #[must_use]
    pub fn of(scene: &Scene<'_>, record: Option<Record>) -> Option<Self> {
        let Event::DisputeOpened { dispute, claims, .. } = record?.event else { return None };
        let titles: Vec<String> =
            claims.iter().map(|claim| format!("“{}”", scene.title_of(claim.milestone))).collect();
        Some(Self {
            number: dispute,
            about: titles.join(", "),
            stake: scene.amount(claims.iter().map(Split::sum_minor).sum()).into(),
            is_open: scene.escrow.dispute(dispute).is_some(),
        })
    }
}

/// The disputes of an escrow. Where there is one, its room is the page.
async fn list(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(&app, &mut conn, account, &reference).await?;
    let can_open = offered(&seat.offers(), Action::OpenDispute);
    if seat.escrow.disputes_opened == 1 && !can_open {
        return Ok(page::redirect(&format!("{}/disputes/1", seat.path())));
    }
    let (most, kind) = (i64::from(seat.escrow.disputes_opened), "dispute_opened");
    let opened = history::of_kind(&mut conn, seat.escrow.id, kind, false, None, most).await?;
    page::html(&List {
        shell: Shell::new(&app, &visit, "Disputes").at(Place::Escrows),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        disputes: opened
            .iter()
            .filter_map(|stored| Line::of(&seat.scene(), seat.record(stored).ok()))
            .collect(),
        can_open,
    })
}

#[derive(Template)]
#[template(path = "pages/escrow/dispute.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    room: Room,
    number: u16,
    can_state: bool,
    can_withdraw: bool,
    can_concede: bool,
    can_settle: bool,
    kept: Vec<Choice>,
    note: String,
    problems: Problems,
    seen: String,
    key: String,
}

fn number_of(number: &str) -> Result<u16, Error> {
    let typed = number.parse::<u16>().ok().filter(|typed| typed.to_string() == *number);
    typed.ok_or(Error::NotFound)
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    (reference, number): &(String, String),
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Error> {
    let number = number_of(number)?;
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(app, &mut conn, account, reference).await?;
    let room =
        room::read(&mut conn, &seat.scene(), &|stored| seat.record(stored), &seat.files_at(), number).await?;
    let offers = seat.offers();
    let title = format!("Dispute: {}", seat.escrow.terms.title);
    let page = Page {
        shell: Shell::new(app, visit, title.clone())
            .at(Place::Escrows)
            .with_problems(!typed.problems.is_empty()),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title,
        room,
        number,
        can_state: offered(&offers, Action::Statement(number)),
        can_withdraw: offered(&offers, Action::WithdrawDispute(number)),
        can_concede: offered(&offers, Action::Concede(number)),
        can_settle: offered(&offers, Action::OfferSettlement) && seat.escrow.dispute(number).is_some(),
        kept: boxes(&typed.kept),
        note: typed.note,
        problems: typed.problems,
        seen: seat.escrow.seen(Scope::Dispute(number)),
        key: if typed.key.is_empty() { app.clock.id().to_string() } else { typed.key },
    };
    page::with_status(status, &page)
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &visit, account, &at, StatusCode::OK, Typed::default()).await
}

async fn state(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    request: Request,
) -> Result<Response, Error> {
    let dispute = number_of(&at.1)?;
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at.0).await?;
    let offers = seat.offers();
    let offer = offers.iter().find(|offer| offer.action == Action::Statement(dispute));
    let Some(offer) = offer else {
        drain(request.into_body()).await;
        return Err(refused(&crate::engine::refusal::Refusal::NoSuchDispute));
    };
    if let Some(refusal) = &offer.refusal {
        drain(request.into_body()).await;
        return Err(refused(refusal));
    }
    let missing = "Write a statement or attach a file.";
    let mut parcel = Parcel::receive(&app, request, account.id, Purpose::Evidence, missing).await?;
    if !parcel.problems.is_empty() {
        parcel.keep(&app).await?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return draw(&app, &visit, account, &at, status, Typed::of(parcel)).await;
    }
    let (files, evidence) = parcel.packed(&app, seat.escrow.id);
    let command = Command::Statement { dispute, text: parcel.note.clone(), files };
    let outcome = send(&app, &seat, &parcel.upload.fields, command, Some(evidence)).await?;
    answer(outcome, &format!("{}/disputes/{dispute}", seat.path()), Flash::Stated)
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((reference, number)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let dispute = number_of(&number)?;
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let outcome = send(&app, &seat, &fields, Command::WithdrawDispute { dispute }, None).await?;
    answer(outcome, &format!("{}/disputes/{dispute}", seat.path()), Flash::DisputeWithdrawn)
}

#[derive(Template)]
#[template(path = "pages/escrow/concede.html")]
struct Concession {
    shell: Shell,
    back: String,
    action: String,
    transfers: Transfers,
    button: String,
    seen: String,
    key: String,
}

async fn ask_concede(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path((reference, number)): Path<(String, String)>,
) -> Result<Response, Error> {
    let dispute = number_of(&number)?;
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let back = format!("{}/disputes/{dispute}", seat.path());
    let open = seat.escrow.dispute(dispute).filter(|_| offered(&seat.offers(), Action::Concede(dispute)));
    let Some(open) = open else { return Ok(page::redirect(&back)) };
    let yours = crate::engine::notices::gets_minor(&seat.escrow, &open.claims, seat.account.id);
    page::html(&Concession {
        shell: Shell::new(&app, &visit, "Give what is sought").at(Place::Escrows),
        action: format!("{back}/concession"),
        back,
        transfers: outcome::transfers(&seat.scene(), &open.claims),
        button: format!("Give what is sought: you get {}", seat.amount(yours)),
        seen: seat.escrow.seen(Scope::Dispute(dispute)),
        key: app.clock.id().to_string(),
    })
}

async fn concede(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((reference, number)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let dispute = number_of(&number)?;
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let outcome = send(&app, &seat, &fields, Command::Concede { dispute }, None).await?;
    answer(outcome, &format!("{}/disputes/{dispute}", seat.path()), Flash::Conceded)
}
