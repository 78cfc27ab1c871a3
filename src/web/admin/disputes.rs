//! Disputes as the operators decide them: the queue, the room, the ruling with its exact transfers shown
//! first, and a second operator's confirmation above the set sum.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::look::Looks;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::dispute::{Dispute, Handler, Step};
use crate::engine::escrow::Escrow;
use crate::engine::refusal::LONGEST_TEXT;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::escrows::{self, Person};
use crate::store::execute::{Outcome, Request, Who};
use crate::store::fees;
use crate::store::history::Stored;
use crate::store::users::Account;
use crate::store::{disputes, files};
use crate::web::download::attachment;
use crate::web::escrow::act::{CHANGED, answer, not_unsent};
use crate::web::escrow::outcome;
use crate::web::escrow::room::{self, Room, Work};
use crate::web::escrow::ruling;
use crate::web::escrow::seat::Scene;
use crate::web::escrow::transfers::Transfers;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const ROOM: &str = "/admin/disputes/{reference}/{number}";
const RULING: &str = "/admin/disputes/{reference}/{number}/ruling";

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/disputes", Access::Operator, list)
        .look(ROOM, Looks::AtEscrow, show)
        .look(RULING, Looks::AtEscrow, preview)
        .post(RULING, Access::Operator, rule)
        .post("/admin/disputes/{reference}/{number}/confirmation", Access::Operator, confirm)
        .post("/admin/disputes/{reference}/{number}/return", Access::Operator, send_back)
        .look("/admin/disputes/{reference}/{number}/files/{file}", Looks::AtEscrow, file)
}

#[derive(Template)]
#[template(path = "pages/admin/disputes.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    reference: String,
    title: String,
    number: u16,
    words: &'static str,
    by: TimeView,
    stake: MoneyView,
}

async fn list(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
) -> Result<Response, Error> {
    let open = disputes::open(&mut app.db.read().await?.conn()).await?;
    let reader = operator.reader(&app);
    let row = |escrow: &Escrow, dispute: &Dispute| Row {
        href: format!("/admin/disputes/{}/{}", escrow.reference, dispute.number),
        reference: escrow.reference.clone(),
        title: escrow.terms.title.clone(),
        number: dispute.number,
        words: match &dispute.step {
            Step::Answer { .. } => "The other side is to answer",
            Step::Talk { .. } => "Both sides talk",
            Step::Handler { ruling: Some(_), .. } => "Waits for a second operator",
            Step::Handler { handler: Handler::Arbiter, .. } => "The arbiter is to decide",
            Step::Handler { handler: Handler::Operators, .. } => "To decide",
        },
        by: reader.time(dispute.step.times().1),
        stake: escrow.terms.money(dispute.stake_minor()).into(),
    };
    let rows = open.iter().flat_map(|escrow| escrow.disputes.iter().map(move |dispute| row(escrow, dispute)));
    page::html(&List { rows: rows.collect(), shell: Shell::new(&app, &visit, "Disputes").at(Place::Admin) })
}

/// The number of a dispute that was opened in an escrow, as an address names it.
///
/// # Errors
/// [`Error::NotFound`] where it never was.
pub fn has_dispute(escrow: &Escrow, number: &str) -> Result<u16, Error> {
    let number = number.parse().map_err(|_| Error::NotFound)?;
    if number == 0 || number > escrow.disputes_opened { Err(Error::NotFound) } else { Ok(number) }
}

/// Where operators read about a dispute and decide it.
#[must_use]
pub fn path_of(escrow: &Escrow, number: &str) -> String {
    format!("/admin/disputes/{}/{number}", escrow.reference)
}

/// A dispute as an operator has it before him.
struct Case {
    escrow: Escrow,
    people: Vec<Person>,
    number: u16,
    operator: Account,
}

impl Case {
    async fn load(
        conn: &mut Conn<'_>,
        operator: Account,
        reference: &str,
        number: &str,
    ) -> Result<Self, Error> {
        let escrow = escrows::by_reference(conn, reference).await?.ok_or(Error::NotFound)?;
        let number = has_dispute(&escrow, number)?;
        let people = escrows::people(conn, escrow.id).await?;
        Ok(Self { escrow, people, number, operator })
    }

    fn path(&self) -> String {
        path_of(&self.escrow, &self.number.to_string())
    }

    /// The open dispute, while it is this operator's to decide.
    fn to_rule(&self) -> Option<&Dispute> {
        let open = self.escrow.dispute(self.number)?;
        let handler = matches!(open.step, Step::Handler { handler: Handler::Operators, ruling: None, .. });
        handler.then_some(open)
    }

    async fn send(&self, app: &App, fields: &Fields, command: Command) -> Result<Outcome, Error> {
        not_unsent(fields)?;
        let key = Some(fields.get("key").to_owned()).filter(|key| !key.is_empty() && key.len() <= 100);
        let who = Who::Operator(self.operator.id);
        Ok(app.execute(&Request { key, ..Request::new(self.escrow.id, who, command) }).await?)
    }
}

/// A decision that waits for a second operator.
struct Pending {
    by_you: bool,
    reasons: String,
    at: TimeView,
    transfers: Transfers,
}

#[derive(Template)]
#[template(path = "pages/admin/dispute.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    room: Room,
    works: Vec<Work>,
    /// A field for each milestone, while it is to be decided here.
    lines: Vec<ruling::Line>,
    currency: String,
    pending: Option<Pending>,
    /// How many operators have to agree, and why; empty once the dispute is over.
    needs: String,
    reason: String,
    problems: Problems,
    seen: String,
    key: String,
}

async fn draw(
    app: &App,
    visit: &Visit,
    operator: Account,
    (reference, number): &(String, String),
    typed: Option<(&Fields, Problems)>,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let case = Case::load(conn, operator, reference, number).await?;
    let reader = case.operator.reader(app);
    let scene = Scene { escrow: &case.escrow, people: &case.people, reader: &reader };
    let (room, works) =
        room::read_case(conn, &scene, &Stored::record, &format!("{}/files", case.path()), case.number)
            .await?;
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let fields = typed.as_ref().map(|(fields, _)| *fields);
    let open = case.escrow.dispute(case.number);
    let rules = fees::current(conn, app.clock.now()).await?;
    let needs = open.map(|open| needs(&case.escrow, open, &rules)).unwrap_or_default();
    let pending = open.and_then(Dispute::ruling).map(|ruling| Pending {
        by_you: ruling.by == case.operator.id,
        reasons: ruling.reasons.clone(),
        at: reader.time(ruling.at),
        transfers: outcome::transfers(&scene, &ruling.splits),
    });
    let page = Page {
        lines: case.to_rule().map(|open| ruling::lines(&scene, open, fields)).unwrap_or_default(),
        path: case.path(),
        reference: case.escrow.reference.clone(),
        title: case.escrow.terms.title.clone(),
        room,
        works,
        currency: case.escrow.terms.currency.code().to_owned(),
        pending,
        needs,
        reason: typed.as_ref().map(|(fields, _)| fields.get("reason").to_owned()).unwrap_or_default(),
        shell: Shell::new(app, visit, format!("Dispute: {}", case.escrow.terms.title)).at(Place::Admin),
        problems: typed.map(|(_, problems)| problems).unwrap_or_default(),
        seen: case.escrow.seen(Scope::Dispute(case.number)),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

/// The sum was frozen when the dispute was opened; one from before that was done goes by what is set now.
fn needs(escrow: &Escrow, open: &Dispute, rules: &fees::Current) -> String {
    let currency = escrow.terms.currency;
    let above = open.second_above(rules.limits(currency).second_operator_above(currency));
    let (stake, above_words) = (currency.of(open.stake_minor()), currency.of(above));
    let who = if open.stake_minor() > above {
        "so a second operator has to agree to the decision"
    } else {
        "so one operator decides alone"
    };
    let when = match open.second_above_minor {
        Some(_) => "the sum that stood when this dispute was opened",
        None => "the sum that stands now",
    };
    format!("{stake} is at stake, {who}: two are asked for above {above_words}, {when}.")
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &visit, operator, &at, None).await
}

async fn preview(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(at): Path<(String, String)>,
    Search(fields): Search,
) -> Result<Response, Error> {
    ask(&app, &visit, operator, &at, &fields, Problems::new(), StatusCode::OK).await
}

/// The exact transfers of a ruling, and the form that decides it.
async fn ask(
    app: &App,
    visit: &Visit,
    operator: Account,
    at: &(String, String),
    fields: &Fields,
    reasons: Problems,
    status: StatusCode,
) -> Result<Response, Error> {
    let (case, rules) = {
        let mut db = app.db.read().await?;
        let conn = &mut db.conn();
        let case = Case::load(conn, operator.clone(), &at.0, &at.1).await?;
        (case, fees::current(conn, app.clock.now()).await?)
    };
    let Some(open) = case.to_rule() else { return Ok(page::redirect(&case.path())) };
    let mut problems = Problems::new();
    let reader = case.operator.reader(app);
    let scene = Scene { escrow: &case.escrow, people: &case.people, reader: &reader };
    let splits = ruling::splits(&scene, open, fields, &mut problems);
    if !problems.is_empty() {
        return draw(app, visit, operator, at, Some((fields, problems))).await;
    }
    let currency = case.escrow.terms.currency;
    let second =
        open.stake_minor() > open.second_above(rules.limits(currency).second_operator_above(currency));
    ruling::ask(
        ruling::Asked {
            shell: Shell::new(app, visit, "Decide the dispute").at(Place::Admin),
            path: case.path(),
            scene: &scene,
            open,
            splits: &splits,
            fields,
            problems: reasons,
            second: if second { "a second operator" } else { "" },
            key: app.clock.id().to_string(),
        },
        status,
    )
}

async fn rule(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let case = Case::load(&mut app.db.read().await?.conn(), operator.clone(), &at.0, &at.1).await?;
    let reader = case.operator.reader(&app);
    let scene = Scene { escrow: &case.escrow, people: &case.people, reader: &reader };
    let open = case.escrow.dispute(case.number);
    let command = match ruling::decision(&scene, case.number, open, &fields) {
        Ok(command) => command,
        Err(problems) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return ask(&app, &visit, operator, &at, &fields, problems, status).await;
        }
    };
    let outcome = case.send(&app, &fields, command).await?;
    if outcome == Outcome::Stale {
        let mut problems = Problems::new();
        problems.add("", CHANGED);
        return ask(&app, &visit, operator, &at, &fields, problems, StatusCode::CONFLICT).await;
    }
    let after = escrows::by_id(&mut app.db.read().await?.conn(), case.escrow.id).await?;
    let waits = after.is_some_and(|after| after.dispute(case.number).is_some());
    answer(outcome, &case.path(), if waits { Flash::RulingPending } else { Flash::Ruled })
}

async fn confirm(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let case = Case::load(&mut app.db.read().await?.conn(), operator, &at.0, &at.1).await?;
    let outcome = case.send(&app, &fields, Command::ConfirmRuling { dispute: case.number }).await?;
    answer(outcome, &case.path(), Flash::Ruled)
}

async fn send_back(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let case = Case::load(&mut app.db.read().await?.conn(), operator.clone(), &at.0, &at.1).await?;
    let mut problems = Problems::new();
    let missing = "Write why, so that it can be decided better.";
    let reason = fields.text("reason", LONGEST_TEXT, missing, &mut problems);
    if !problems.is_empty() {
        return draw(&app, &visit, operator, &at, Some((&fields, problems))).await;
    }
    let outcome = case.send(&app, &fields, Command::ReturnRuling { dispute: case.number, reason }).await?;
    answer(outcome, &case.path(), Flash::RulingReturned)
}

/// A file of the escrow, for whoever decides about it.
async fn file(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path((reference, number, file)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let id: Uuid = file.parse().map_err(|_| Error::NotFound)?;
    let file = {
        let mut reader = app.db.read().await?;
        let mut conn = reader.conn();
        let case = Case::load(&mut conn, operator, &reference, &number).await?;
        files::named(&mut conn, case.escrow.id, id).await?.ok_or(Error::NotFound)?
    };
    attachment(&app, &file).await
}
