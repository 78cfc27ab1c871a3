//! A dispute before its arbiter: both sides' words and evidence, the work that it is about, and the decision.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::chair::Chair;
use crate::app::App;
use crate::engine::dispute::Dispute;
use crate::engine::offers::Action;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::users::Account;
use crate::store::{escrows, fees};
use crate::web::escrow::act::{CHANGED, answer};
use crate::web::escrow::outcome;
use crate::web::escrow::room::{self, Room, Work};
use crate::web::escrow::ruling;
use crate::web::escrow::transfers::Transfers;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const ROOM: &str = "/arbitration/{reference}/disputes/{number}";
const RULING: &str = "/arbitration/{reference}/disputes/{number}/ruling";

pub fn routes() -> Routes {
    Routes::new().get(ROOM, Access::Party, show).get(RULING, Access::Party, preview).post(
        RULING,
        Access::Party,
        rule,
    )
}

/// A dispute that is or was his to decide.
struct Case {
    chair: Chair,
    number: u16,
}

impl Case {
    async fn load(
        app: &App,
        conn: &mut crate::store::db::Conn<'_>,
        account: Account,
        (reference, number): &(String, String),
    ) -> Result<Self, Error> {
        let chair = Chair::load_sitting(app, conn, account, reference).await?;
        let typed = number.parse::<u16>().ok().filter(|typed| typed.to_string() == *number);
        let number = typed.filter(|number| chair.reached(*number)).ok_or(Error::NotFound)?;
        Ok(Self { chair, number })
    }

    fn path(&self) -> String {
        format!("{}/disputes/{}", self.chair.path(), self.number)
    }

    /// The open dispute, while it is his to decide.
    fn to_rule(&self) -> Option<&Dispute> {
        let open = self.chair.escrow.dispute(self.number)?;
        self.chair.offered(Action::Rule(self.number)).then_some(open)
    }
}

/// His decision while it waits to be confirmed.
struct Pending {
    reasons: String,
    at: TimeView,
    transfers: Transfers,
}

#[derive(Template)]
#[template(path = "pages/arbiter/dispute.html")]
struct Page {
    shell: Shell,
    back: String,
    path: String,
    reference: String,
    title: String,
    room: Room,
    works: Vec<Work>,
    lines: Vec<ruling::Line>,
    currency: String,
    pending: Option<Pending>,
    problems: Problems,
}

async fn draw(
    app: &App,
    visit: &Visit,
    account: Account,
    at: &(String, String),
    typed: Option<(&Fields, Problems)>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let case = Case::load(app, &mut conn, account, at).await?;
    let (chair, scene) = (&case.chair, case.chair.scene());
    let (room, works) =
        room::read_case(&mut conn, &scene, &|stored| chair.record(stored), &chair.files_at(), case.number)
            .await?;
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let fields = typed.as_ref().map(|(fields, _)| *fields);
    let pending = chair.escrow.dispute(case.number).and_then(Dispute::ruling);
    let pending = pending.filter(|ruling| ruling.by == chair.account.id).map(|ruling| Pending {
        reasons: ruling.reasons.clone(),
        at: chair.reader.time(ruling.at),
        transfers: outcome::transfers(&scene, &ruling.splits),
    });
    let title = format!("Dispute: {}", chair.escrow.terms.title);
    let lines = case.to_rule().map(|open| ruling::lines(&scene, open, fields)).unwrap_or_default();
    let problems = typed.map(|(_, problems)| problems).unwrap_or_default();
    let page = Page {
        shell: Shell::new(app, visit, title.clone()).at(Place::Home).with_problems(!problems.is_empty()),
        back: chair.path(),
        path: case.path(),
        reference: chair.escrow.reference.clone(),
        title,
        room,
        works,
        lines,
        currency: chair.escrow.terms.currency.code().to_owned(),
        pending,
        problems,
    };
    page::with_status(status, &page)
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    match draw(&app, &visit, account.clone(), &at, None).await {
        // The mail that asked for a decision leads here also whoever has declined since; the case says so.
        Err(Error::NotFound) => {
            let chair = Chair::load(&app, &mut app.db.read().await?.conn(), account, &at.0).await?;
            let declined = chair.escrow.arbiter().is_none();
            if declined { Ok(page::redirect(&chair.path())) } else { Err(Error::NotFound) }
        }
        drawn => drawn,
    }
}

async fn preview(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    Search(fields): Search,
) -> Result<Response, Error> {
    ask(&app, &visit, account, &at, &fields, Problems::new(), StatusCode::OK).await
}

/// The exact transfers of a decision, and the form that makes it.
async fn ask(
    app: &App,
    visit: &Visit,
    account: Account,
    at: &(String, String),
    fields: &Fields,
    reasons: Problems,
    status: StatusCode,
) -> Result<Response, Error> {
    let (case, rules) = {
        let mut reader = app.db.read().await?;
        let mut conn = reader.conn();
        let case = Case::load(app, &mut conn, account.clone(), at).await?;
        (case, fees::current(&mut conn, app.clock.now()).await?)
    };
    let Some(open) = case.to_rule() else { return Ok(page::redirect(&case.path())) };
    let (mut problems, scene) = (Problems::new(), case.chair.scene());
    let splits = ruling::splits(&scene, open, fields, &mut problems);
    if !problems.is_empty() {
        return draw(app, visit, account, at, Some((fields, problems))).await;
    }
    let currency = case.chair.escrow.terms.currency;
    let second =
        open.stake_minor() > open.second_above(rules.limits(currency).second_operator_above(currency));
    ruling::ask(
        ruling::Asked {
            shell: Shell::new(app, visit, "Decide the dispute").at(Place::Home),
            path: case.path(),
            scene: &scene,
            open,
            splits: &splits,
            fields,
            problems: reasons,
            second: if second { "an operator of Holdfast" } else { "" },
            key: app.clock.id().to_string(),
        },
        status,
    )
}

async fn rule(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let case = Case::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let open = case.chair.escrow.dispute(case.number);
    let command = match ruling::decision(&case.chair.scene(), case.number, open, &fields) {
        Ok(command) => command,
        Err(problems) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return ask(&app, &visit, account, &at, &fields, problems, status).await;
        }
    };
    let outcome = case.chair.send(&app, &fields, command).await?;
    if outcome == Outcome::Stale {
        let mut problems = Problems::new();
        problems.add("", CHANGED);
        return ask(&app, &visit, account, &at, &fields, problems, StatusCode::CONFLICT).await;
    }
    let after = escrows::by_id(&mut app.db.read().await?.conn(), case.chair.escrow.id).await?;
    let waits = after.is_some_and(|after| after.dispute(case.number).is_some());
    answer(outcome, &case.path(), if waits { Flash::RulingPending } else { Flash::Ruled })
}
