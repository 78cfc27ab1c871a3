//! A reminder by hand to those for whom something waits, once a day.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::act::{answer, send};
use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::deadlines::{self, Waiting};
use crate::engine::decide::nudged_at;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::engine::status::task_words;
use crate::error::Error;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/reminder";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::Party, ask)
        .post(PATH, Access::Party, nudge)
        .get("/g/{token}/reminder", Access::Guest, ask)
        .post("/g/{token}/reminder", Access::Guest, nudge)
}

#[derive(Template)]
#[template(path = "pages/escrow/nudge.html")]
struct Page {
    shell: Shell,
    path: String,
    /// What is waited for.
    task: String,
    names: Vec<String>,
    until: Option<TimeView>,
    last: Option<TimeView>,
    of: &'static str,
    milestone: String,
    /// Empty where it can be sent now.
    blocked: String,
    seen: String,
    key: String,
}

/// The clock that a form or an address names.
fn named(fields: &Fields) -> Result<(Waiting, Option<u16>), Error> {
    let waiting = Waiting::from_name(fields.get("of")).ok_or(Error::NotFound)?;
    match fields.get("milestone") {
        "" => Ok((waiting, None)),
        number => number.parse().map(|number| (waiting, Some(number))).map_err(|_| Error::NotFound),
    }
}

async fn load(app: &App, account: Account, reference: &str) -> Result<Seat, Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await?;
    if seat.role.must_agree() { Ok(seat) } else { Err(Error::NotFound) }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    let (waiting, milestone) = named(&search)?;
    let clocks = deadlines::all(&seat.escrow);
    let clock = clocks.iter().find(|clock| clock.waiting == waiting && clock.milestone == milestone);
    let users = clock.map(|clock| deadlines::waits_for(&seat.escrow, clock)).unwrap_or_default();
    let title = milestone.map(|number| format!(": {}", seat.title_of(number))).unwrap_or_default();
    let first = users.iter().find_map(|user| seat.escrow.party_of(*user));
    let is_seller = first.is_some_and(|party| party.role == Role::Seller);
    page::html(&Page {
        shell: Shell::new(&app, &visit, "Send a reminder").at(Place::Escrows),
        path: seat.path(),
        task: format!("{}{title}", task_words(waiting, seat.escrow.terms.mode, is_seller)),
        names: users
            .into_iter()
            .filter(|user| *user != seat.account.id)
            .map(|user| seat.name(user))
            .collect(),
        until: clock.map(|clock| seat.reader.time(clock.at)),
        last: clock.and_then(|clock| nudged_at(&seat.escrow, clock)).map(|at| seat.reader.time(at)),
        of: waiting.name(),
        milestone: milestone.map(|number| number.to_string()).unwrap_or_default(),
        blocked: seat.why_not(Action::Nudge(waiting, milestone)).unwrap_or_default(),
        seen: seat.escrow.seen(milestone),
        key: app.clock.id().to_string(),
    })
}

async fn nudge(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    let (waiting, milestone) = named(&fields)?;
    let outcome = send(&app, &seat, &fields, Command::Nudge { waiting, milestone }, None).await?;
    answer(outcome, &seat.path(), Flash::Nudged)
}
