//! Where a new escrow begins, and the drafts that were left for later.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::answers::Answers;
use super::open::{self, Found, find, step_path};
use super::steps::Step;
use crate::app::App;
use crate::error::Error;
use crate::store::drafts::{self, MOST_DRAFTS};
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/new", Access::SignedIn, begin)
        .post("/escrows/new", Access::SignedIn, start)
        .get("/escrows/new/{draft}", Access::SignedIn, reopen)
        .post("/escrows/new/{draft}/delete", Access::SignedIn, delete)
}

#[derive(Template)]
#[template(path = "pages/draft/start.html")]
struct Page {
    shell: Shell,
    problems: Problems,
    roles: [RoleCard; 3],
    drafts: Vec<DraftRow>,
}

struct RoleCard {
    value: &'static str,
    icon: Icon,
    words: &'static str,
    button: &'static str,
    about: &'static str,
}

struct DraftRow {
    href: String,
    title: String,
    role: &'static str,
    changed: TimeView,
}

const ROLES: [RoleCard; 3] = [
    RoleCard {
        value: "seller",
        icon: Icon::Package,
        words: "I am selling",
        button: "Start as the seller",
        about: "You deliver goods or work. The buyer’s money waits for you before you begin.",
    },
    RoleCard {
        value: "buyer",
        icon: Icon::Wallet,
        words: "I am buying",
        button: "Start as the buyer",
        about: "You pay in, and the seller receives it only when you have what was agreed.",
    },
    RoleCard {
        value: "broker",
        icon: Icon::Handshake,
        words: "I am brokering",
        button: "Start as the broker",
        about: "You bring the two together, write the terms, and earn your commission.",
    },
];

async fn begin(State(app): State<App>, SignedIn(account): SignedIn, visit: Visit) -> Result<Response, Error> {
    draw(&app, &visit, &account, Problems::new()).await
}

async fn draw(app: &App, visit: &Visit, account: &Account, problems: Problems) -> Result<Response, Error> {
    let most = i64::try_from(MOST_DRAFTS).unwrap_or(i64::MAX);
    let stored = drafts::of_user(&mut app.db.read().await?.conn(), account.id, most).await?;
    let reader = account.reader(app);
    let row = |draft: &drafts::Draft| -> Result<DraftRow, Error> {
        let answers = Answers::new(&draft.pairs()?);
        Ok(DraftRow {
            href: open::path(draft.id),
            title: match (draft.title.as_str(), draft.counters) {
                (title, Some(_)) => format!("Other terms: {title}"),
                ("", None) => "Without a title yet".to_owned(),
                (title, None) => title.to_owned(),
            },
            role: ROLES.iter().find(|card| card.value == answers.get("role")).map_or("", |card| card.words),
            changed: reader.time(draft.updated_at),
        })
    };
    let has_problems = !problems.is_empty();
    let status = if has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page::with_status(
        status,
        &Page {
            shell: Shell::new(app, visit, "New escrow").at(Place::Escrows).with_problems(has_problems),
            problems,
            roles: ROLES,
            drafts: stored.iter().map(row).collect::<Result<_, _>>()?,
        },
    )
}

async fn start(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let mut answers = Answers::default();
    answers.put(Step::Role, &fields);
    if answers.role().is_none() {
        problems.add("role", "Say which part you have in the deal.");
        return draw(&app, &visit, &account, problems).await;
    }
    match drafts::start(&app.db, &app.clock, account.id, "", &answers.pairs()).await? {
        Some(id) => Ok(Redirect::to(&step_path(id, Step::Kind, false)).into_response()),
        None => {
            problems.add("", format!("You have {MOST_DRAFTS} drafts. Send or delete one of them first."));
            draw(&app, &visit, &account, problems).await
        }
    }
}

/// Leads to the first page that still needs an answer.
async fn reopen(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(draft): Path<String>,
) -> Result<Response, Error> {
    let opened = match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    let reading = opened.read();
    let step = reading.problems.iter().find_map(|(field, _)| Step::of_field(field));
    Ok(Redirect::to(&step_path(opened.id, step.unwrap_or(Step::Check), false)).into_response())
}

async fn delete(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(draft): Path<String>,
) -> Result<Response, Error> {
    if drafts::delete(&app.db, open::id(&draft)?, account.id).await? {
        Ok(page::see_other("/escrows/new", Flash::DraftDeleted))
    } else {
        Err(Error::NotFound)
    }
}
