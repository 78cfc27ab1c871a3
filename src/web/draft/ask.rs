//! The pages of a new escrow: shown, and taken. What was typed is kept before it is judged.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::answers::{Answers, name, payee};
use super::conflict;
use super::open::{self, Found, Opened, find, step_path};
use super::pages;
use super::steps::Step;
use super::terms::problems_of;
use crate::app::App;
use crate::engine::check::LONGEST_TITLE;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::drafts;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems, Search};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// Fifty milestones with their criteria are longer than what other forms hold.
const MOST_BYTES: usize = 1024 * 1024;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/new/{draft}/{step}", Access::SignedIn, ask).upload(
        "/escrows/new/{draft}/{step}",
        Access::SignedIn,
        MOST_BYTES,
        take,
    )
}

/// What the pressed button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    Next,
    /// Keep it and go; nothing is judged.
    Save,
    Add,
    Remove(usize),
    Total,
    AddPayee,
    RemovePayee(usize),
}

impl Press {
    fn of(fields: &Fields) -> Self {
        match fields.get("do") {
            "save" => Self::Save,
            "add" => Self::Add,
            "total" => Self::Total,
            "add-payee" => Self::AddPayee,
            other => {
                let numbered = |start: &str| other.strip_prefix(start).and_then(|number| number.parse().ok());
                let milestone = numbered("remove-").map(Self::Remove);
                milestone.or_else(|| numbered("remove-payee-").map(Self::RemovePayee)).unwrap_or(Self::Next)
            }
        }
    }

    /// Changes the answers as the button asks; where on the page the reader goes on.
    fn apply(self, answers: &mut Answers) -> String {
        match self {
            Self::Next | Self::Save => String::new(),
            Self::Add => {
                answers.add_milestone().map_or_else(|| "milestones".to_owned(), |at| name(at, "title"))
            }
            Self::Remove(number) => {
                answers.remove_milestone(number);
                "milestones".to_owned()
            }
            Self::Total => "amount".to_owned(),
            Self::AddPayee => {
                answers.add_payee().map_or_else(|| "payees".to_owned(), |number| payee(number, "name"))
            }
            Self::RemovePayee(number) => {
                answers.remove_payee(number);
                "payees".to_owned()
            }
        }
    }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path((draft, slug)): Path<(String, String)>,
    Search(search): Search,
) -> Result<Response, Error> {
    let step = Step::from_slug(&slug).ok_or(Error::NotFound)?;
    let opened = match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    if opened.is_settled(step) {
        return Ok(Redirect::to(&step_path(opened.id, Step::Check, false)).into_response());
    }
    let from_check = search.get("from") == "check";
    // Whoever comes to mend something sees at once what it is; whoever is in the middle of it does not.
    let is_mending = from_check && !search.has("more");
    let problems = if is_mending { problems_of(&opened.read().problems, step) } else { Problems::new() };
    pages::draw(&app, &visit, &opened, step, problems, from_check, StatusCode::OK)
}

async fn take(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path((draft, slug)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let step = Step::from_slug(&slug).filter(|step| *step < Step::Files).ok_or(Error::NotFound)?;
    let id = open::id(&draft)?;
    let mut fields = fields;
    if matches!(step, Step::Role | Step::Parties) {
        match find(&app, account.clone(), id).await? {
            Found::Draft(opened) if opened.is_settled(step) => return Err(Error::NotFound),
            // Of a counter-offer this page asks for those alone who are paid too.
            Found::Draft(opened) if opened.base.is_some() => {
                for role in [Role::Buyer, Role::Seller, Role::Broker] {
                    fields.remove(role.word());
                }
            }
            Found::Draft(_) => {}
            Found::Sent(response) => return Ok(response),
        }
    }
    let press = Press::of(&fields);
    let (mut place, mut differs) = (String::new(), Vec::new());
    drafts::change(&app.db, &app.clock, id, account.id, |pairs| {
        let mut answers = Answers::new(&pairs);
        differs = conflict::of(step, &answers, &fields);
        if !differs.is_empty() {
            return None;
        }
        answers.put(step, &fields);
        place = press.apply(&mut answers);
        Some((answers.get("title").chars().take(LONGEST_TITLE).collect(), answers.pairs()))
    })
    .await?;
    let mut opened = match find(&app, account, id).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    let from_check = fields.get("from") == "check";
    if !differs.is_empty() {
        let problems = conflict::problems(&differs, &opened.answers);
        opened.answers.put(step, &fields);
        return pages::draw(&app, &visit, &opened, step, problems, from_check, StatusCode::CONFLICT);
    }
    match press {
        Press::Save => Ok(page::see_other("/escrows/new", Flash::DraftSaved)),
        Press::Add | Press::Remove(_) | Press::Total | Press::AddPayee | Press::RemovePayee(_) => {
            let from = if from_check { "?from=check&more=yes" } else { "" };
            let to = format!("{}/{}{from}#{place}", opened.path(), step.slug());
            Ok(Redirect::to(&to).into_response())
        }
        Press::Next => go_on(&app, &visit, &opened, step, from_check),
    }
}

fn go_on(app: &App, visit: &Visit, opened: &Opened, step: Step, from_check: bool) -> Result<Response, Error> {
    let problems = problems_of(&opened.read().problems, step);
    if !problems.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return pages::draw(app, visit, opened, step, problems, from_check, status);
    }
    let next =
        if from_check || opened.base.is_some() { Step::Check } else { step.next_of(opened.answers.mode()) };
    Ok(Redirect::to(&step_path(opened.id, next, false)).into_response())
}
