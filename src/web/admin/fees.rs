//! The platform's fee and limits by currency: what applies, what applied, what will; and a form for the next version.
//! What was added is never changed: a mistake is mended by another version.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::confirm::{Confirm, For};
use crate::app::App;
use crate::engine::terms::{FeeSchedule, Mode};
use crate::engine::time::Time;
use crate::error::Error;
use crate::money::Currency;
use crate::operators::{self, Set};
use crate::store::fee_proposals::{self, Settled, Waiting};
use crate::store::fees::{self, Limits, Rules, Version};
use crate::store::users::Account;
use crate::web::currencies;
use crate::web::escrow::rates;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Choice, Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/fees";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::Operator, show)
        .post(PATH, Access::Operator, add)
        .post("/admin/fees/{id}/confirm", Access::Operator, confirm)
        .post("/admin/fees/{id}/drop", Access::Operator, drop_it)
}

#[derive(Template)]
#[template(path = "pages/admin/fees.html")]
struct Show {
    shell: Shell,
    problems: Problems,
    typed: Fields,
    currencies: Vec<Choice>,
    zone: String,
    /// What the currencies pay for which nothing was ever set.
    otherwise: String,
    rows: Vec<Row>,
    waiting: Vec<Proposed>,
}

/// A version that waits for a second operator.
struct Proposed {
    id: String,
    currency: String,
    words: String,
    from: String,
    by: String,
    at: TimeView,
    is_own: bool,
}

struct Row {
    currency: &'static str,
    rate: String,
    smallest: String,
    smallest_instant: String,
    second_above: String,
    starts_at: TimeView,
    standing: &'static str,
    by: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
) -> Result<Response, Error> {
    draw(&app, &operator, &visit, Fields::default(), Problems::new()).await
}

async fn draw(
    app: &App,
    operator: &Account,
    visit: &Visit,
    typed: Fields,
    problems: Problems,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let versions = fees::versions(&mut db.conn()).await?;
    let waiting = fee_proposals::waiting(&mut db.conn()).await?;
    let reader = operator.reader(app);
    let has_problems = !problems.is_empty();
    let status = if has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Show {
        shell: Shell::new(app, visit, "Fees and limits").at(Place::Admin).with_problems(has_problems),
        problems,
        typed,
        currencies: currencies::choices(),
        zone: operator.time_zone.clone(),
        otherwise: rates::of_schedule(&FeeSchedule::default(), Currency::USD),
        rows: rows(&versions, &reader),
        waiting: waiting.into_iter().map(|one| proposed(one, operator, &reader)).collect(),
    };
    page::with_status(status, &page)
}

fn proposed(one: Waiting, operator: &Account, reader: &Reader) -> Proposed {
    Proposed {
        id: one.id.to_string(),
        currency: one.currency,
        words: one.words,
        from: one.starts_at.map_or("as soon as it is confirmed".to_owned(), |at| reader.zone.moment(at)),
        is_own: one.created_by == operator.id,
        by: one.by,
        at: reader.time(one.created_at),
    }
}

/// The versions with what each is now: of those of a currency that have begun, the last one applies.
fn rows(versions: &[Version], reader: &Reader) -> Vec<Row> {
    let mut applied: Vec<Currency> = Vec::new();
    let row = |version: &Version| {
        let standing = if version.starts_at > reader.now {
            "Will apply"
        } else if applied.contains(&version.currency) {
            "Past"
        } else {
            applied.push(version.currency);
            "Applies"
        };
        let (currency, limits) = (version.currency, version.rules.limits);
        let sum = |minor: i64| currency.of(minor).to_string();
        Row {
            currency: currency.code(),
            rate: rates::of_schedule(&version.rules.schedule, currency),
            smallest: sum(limits.smallest_of(Mode::Standard, currency)),
            smallest_instant: sum(limits.smallest_of(Mode::Instant, currency)),
            second_above: sum(limits.second_operator_above(currency)),
            starts_at: reader.time(version.starts_at),
            standing,
            by: version.by.clone(),
        }
    };
    versions.iter().map(row).collect()
}

async fn add(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let now = app.clock.now();
    let read = read(&fields, &operator.time_zone, now, &mut problems);
    let Some((currency, starts_at, rules)) = read.filter(|_| problems.is_empty()) else {
        return draw(&app, &operator, &visit, fields, problems).await;
    };
    match For::of(&fields) {
        For::Asking => return ask(&app, &operator, &visit, &fields, (currency, starts_at, &rules)).await,
        For::Changing => return draw(&app, &operator, &visit, fields, problems).await,
        // What "now" is on the page that was confirmed.
        For::Doing if fields.has("seen") && fields.get("seen") != newest(&app).await? => {
            return ask(&app, &operator, &visit, &fields, (currency, starts_at, &rules)).await;
        }
        For::Doing => {}
    }
    let words = in_words(&rules, currency);
    let starts_at = (!fields.get("starts").is_empty()).then_some(starts_at);
    let set =
        operators::set_fee(&app.db, &app.clock, operator.id, (currency, starts_at), &rules, &words).await?;
    let flash = match set {
        Set::Done => Flash::FeeSet,
        Set::Waits => Flash::FeeProposed,
    };
    Ok(page::see_other(PATH, flash))
}

async fn confirm(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<Uuid>,
) -> Result<Response, Error> {
    settle(&app, operator.id, id, true).await
}

async fn drop_it(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(id): Path<Uuid>,
) -> Result<Response, Error> {
    settle(&app, operator.id, id, false).await
}

async fn settle(app: &App, operator: Uuid, id: Uuid, confirms: bool) -> Result<Response, Error> {
    let settled = operators::settle_fee(&app.db, &app.clock, operator, id, confirms).await?;
    let flash = match (settled, confirms) {
        (Settled::Done, true) => Flash::FeeConfirmed,
        (Settled::Done, false) => Flash::FeeDropped,
        (Settled::Own, _) => Flash::FeeOwn,
        (Settled::Gone, _) => Flash::AlreadyDone,
    };
    Ok(page::see_other(PATH, flash))
}

/// What a version comes to, beside what applies now, before it is added.
async fn ask(
    app: &App,
    operator: &Account,
    visit: &Visit,
    fields: &Fields,
    (currency, starts_at, rules): (Currency, Time, &Rules),
) -> Result<Response, Error> {
    let now = app.clock.now();
    let current = fees::current(&mut app.db.read().await?.conn(), now).await?;
    let (old, limits) = (current.limits(currency), rules.limits);
    let sum = |minor: i64| currency.of(minor).to_string();
    let beside = |new: String, old: String| {
        if new == old { format!("{new}, as now") } else { format!("{new} (now {old})") }
    };
    let from = match fields.get("starts") {
        "" => "At once".to_owned(),
        _ => operator.reader(app).zone.moment(starts_at),
    };
    let seen = newest(app).await?;
    let changed = fields.has("seen") && fields.get("seen") != seen;
    let news = changed.then(|| ("Changed meanwhile", "Another version was added while your page was open, and this one was not. These are the figures now.".to_owned()));
    let rows = vec![
        ("Currency", currency.code().to_owned()),
        ("From", from),
        (
            "Fee",
            beside(
                rates::of_schedule(&rules.schedule, currency),
                rates::of_schedule(&current.of(currency), currency),
            ),
        ),
        (
            "Smallest deal",
            beside(
                sum(limits.smallest_of(Mode::Standard, currency)),
                sum(old.smallest_of(Mode::Standard, currency)),
            ),
        ),
        (
            "Smallest instant deal",
            beside(
                sum(limits.smallest_of(Mode::Instant, currency)),
                sum(old.smallest_of(Mode::Instant, currency)),
            ),
        ),
        (
            "Two operators above",
            beside(sum(limits.second_operator_above(currency)), sum(old.second_operator_above(currency))),
        ),
    ];
    let confirm = Confirm {
        shell: Shell::new(app, visit, "Add this version?").at(Place::Admin),
        path: PATH,
        rows: news.into_iter().chain(rows).collect(),
        text: String::new(),
        warning: "Where there are two operators, the other one must confirm it before it applies. What was added can’t be changed or taken back: another version mends it, from its own start on. \
            Deals keep the fee under which they were sent, and disputes the sum that stood when they were opened.",
        button: "Add this version".to_owned(),
        typed: Confirm::typed(fields, &seen),
    };
    confirm.draw()
}

/// Which version was added last: the figures of now hang on it.
async fn newest(app: &App) -> Result<String, Error> {
    let versions = fees::versions(&mut app.db.read().await?.conn()).await?;
    let newest = versions.iter().map(|version| version.id).max();
    Ok(newest.map_or_else(|| "none".to_owned(), |id| id.to_string()))
}

/// For the audit: the fee, and the limits that are not the program's own.
fn in_words(rules: &Rules, currency: Currency) -> String {
    let limits = [
        ("deals from", rules.limits.smallest_minor),
        ("instant deals from", rules.limits.smallest_instant_minor),
        ("two operators above", rules.limits.second_operator_above_minor),
    ];
    let mut words = rates::of_schedule(&rules.schedule, currency);
    for (what, minor) in limits {
        words.extend(minor.map(|minor| format!(", {what} {}", currency.of(minor))));
    }
    words
}

/// What was typed. A field that is left empty adds nothing to the fee and bounds it by nothing; the program's
/// own limits apply where none is typed.
fn read(fields: &Fields, zone: &str, now: Time, problems: &mut Problems) -> Option<(Currency, Time, Rules)> {
    let currency = Currency::typed(fields.get("currency")).filter(|it| currencies::is_offered(*it));
    let Some(currency) = currency else {
        problems.add("currency", "Choose a currency of the list.");
        return None;
    };
    let percent = fields.percent("percent", problems);
    if percent == Some(Decimal::ONE_HUNDRED) {
        problems.add(
            "percent",
            "Enter less than 100 %: a fee of all that is paid leaves nothing to deliver for.",
        );
    }
    let mut money = |name: &str| {
        let is_empty = fields.get(name).is_empty();
        if is_empty { None } else { fields.money(name, currency, problems).map(|money| money.minor) }
    };
    let (fixed, least, most) = (money("fixed"), money("least"), money("most"));
    let (smallest_minor, smallest_instant_minor) = (money("smallest"), money("smallest_instant"));
    let second_operator_above_minor = match fields.get("second_above") {
        "" => None,
        _ => fields.money_or_zero("second_above", currency, problems).map(|money| money.minor),
    };
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        problems.add("most", "The highest fee can’t be below the lowest one.");
    }
    let starts_at = match fields.get("starts") {
        "" => Some(now),
        _ => fields.start_of_day("starts", zone, problems),
    };
    if starts_at.is_some_and(|at| at < now) {
        problems.add("starts", "What is past can’t be changed. Choose a day to come, or leave this empty.");
    }
    let limits = Limits { smallest_minor, smallest_instant_minor, second_operator_above_minor };
    let schedule = FeeSchedule {
        percent: percent?,
        fixed_minor: fixed.unwrap_or_default(),
        min_minor: least.unwrap_or_default(),
        max_minor: most,
    };
    Some((currency, starts_at?, Rules { schedule, limits }))
}
