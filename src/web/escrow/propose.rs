//! "Propose changes": the pages of a new escrow, opened with the terms that stand.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::act::refused;
use super::seat::Seat;
use crate::app::App;
use crate::calendar::Zone;
use crate::engine::offers::Action;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::drafts::{self, MOST_DRAFTS};
use crate::store::users::Account;
use crate::web::draft::handler::Called;
use crate::web::draft::open::step_path;
use crate::web::draft::refill::{Refill, pairs};
use crate::web::draft::steps::Step;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/terms/propose";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, ask).post(PATH, Access::Party, begin)
}

#[derive(Template)]
#[template(path = "pages/escrow/propose.html")]
struct Page {
    shell: Shell,
    path: String,
    version: u32,
    has_contract: bool,
    /// Those whose agreement would count no longer.
    agreed: Vec<String>,
    /// Empty where it is possible now.
    blocked: String,
}

async fn load(app: &App, account: Account, reference: &str) -> Result<Seat, Error> {
    Seat::load(app, &mut app.db.read().await?.conn(), account, reference).await
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    let escrow = &seat.escrow;
    let agreed = escrow.parties.iter().filter(|party| party.user != seat.account.id);
    let agreed = agreed.filter(|party| party.role.must_agree() && escrow.has_agreed(party));
    page::html(&Page {
        shell: Shell::new(&app, &visit, "Propose changes").at(Place::Escrows),
        path: seat.path(),
        version: escrow.version,
        has_contract: escrow.terms.contract_terms.is_some(),
        agreed: agreed.map(|party| seat.name(party.user)).collect(),
        blocked: seat.why_not(Action::Counter).unwrap_or_default(),
    })
}

/// Opens a draft with what stands, or the one that was begun. Nothing is sent.
async fn begin(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = load(&app, account, &reference).await?;
    if let Some(refusal) = seat.refusal(Action::Counter) {
        return Err(refused(&refusal));
    }
    let (escrow, zone) = (&seat.escrow, Zone::from_name(&seat.escrow.terms.time_zone));
    let refill = Refill {
        role: seat.role,
        others: others(&seat),
        payees: Called::payees(escrow, &seat.people),
        arbiter: Called::among(&seat.people),
        zone: &zone.unwrap_or_else(Zone::utc),
        since: None,
    };
    let fields = pairs(&escrow.terms, &refill);
    let of = (escrow.id, escrow.version);
    let draft =
        drafts::counter(&app.db, &app.clock, seat.account.id, of, &escrow.terms.title, &fields).await?;
    let draft = draft.ok_or_else(|| {
        Error::Conflict(format!("You have {MOST_DRAFTS} drafts. Send or delete one of them first."))
    })?;
    Ok(Redirect::to(&step_path(draft, Step::Check, false)).into_response())
}

/// The addresses of everyone else who agrees, as the escrow's page shows them.
#[must_use]
pub fn others(seat: &Seat) -> Vec<(Role, String)> {
    let parties = seat.escrow.parties.iter();
    let parties = parties.filter(|party| party.user != seat.account.id && party.role.must_agree());
    let address = |user| {
        let person = seat.people.iter().find(|person| person.user_id == user);
        person.and_then(|person| person.email.clone()).unwrap_or_default()
    };
    parties.map(|party| (party.role, address(party.user))).collect()
}
