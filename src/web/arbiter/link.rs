//! What the link of an arbiter's mail opens: what he is named for, readable before having an account. Saying no
//! works from here; deciding goes on through sign-up, for which the link proves the address.
//!
//! Looking uses nothing up, since mail scanners follow every link.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::chair::Chair;
use super::papers::document;
use super::refusal;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::tokens::{self, Purpose, Token, Worth};
use crate::store::{escrows, users};
use crate::web::dead_link::{self, Instead};
use crate::web::escrow::act::answer;
use crate::web::escrow::contract::Document;
use crate::web::escrow::seat::pill_of;
use crate::web::escrow::show::NextView;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::Shell;
use crate::web::view::PillView;
use crate::web::visit::Visit;
use crate::web::visitor::Visitor;

const REFUSAL: &str = "/arbiter/{token}/refusal";

pub fn routes() -> Routes {
    Routes::new().get("/arbiter/{token}", Access::Token, preview).get(REFUSAL, Access::Token, ask).post(
        REFUSAL,
        Access::Token,
        refuse,
    )
}

const INSTEAD: Instead =
    Instead { used: "Sign in with the address it was sent to.", href: "/sign-in", words: "Sign in" };

#[derive(Template)]
#[template(path = "pages/arbiter/link.html")]
struct Preview {
    shell: Shell,
    path: String,
    token: String,
    pill: PillView,
    to: String,
    /// Whoever is signed in, if it is somebody else.
    other: String,
    next: NextView,
    sits: bool,
    can_decline: bool,
    document: Document,
}

/// What a link shows: the escrow as its arbiter sees it, or why nothing.
enum Opened {
    Chair(Box<Chair>),
    Dead(Worth),
}

async fn open(app: &App, conn: &mut Conn<'_>, secret: &str) -> Result<Opened, Error> {
    let token = match tokens::peek(conn, app.clock.now(), Purpose::Arbiter, secret).await? {
        Worth::Unknown => return Err(Error::NotFound),
        Worth::Good(token) | Worth::Used(token) => token,
        dead => return Ok(Opened::Dead(dead)),
    };
    let Token { user_id: Some(user), escrow_id: Some(escrow), .. } = token else {
        return Err(Error::NotFound);
    };
    let account = users::by_id(conn, user).await?.ok_or(Error::NotFound)?;
    let escrow = escrows::by_id(conn, escrow).await?.ok_or(Error::NotFound)?;
    Ok(Opened::Chair(Box::new(Chair::load(app, conn, account, &escrow.reference).await?)))
}

fn dead(app: &App, visit: &Visit, worth: Worth) -> Result<Response, Error> {
    match dead_link::good(app, visit, worth, INSTEAD)? {
        Err(page) => Ok(page),
        Ok(_) => Err(Error::NotFound),
    }
}

async fn preview(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let chair = match open(&app, &mut conn, &token).await? {
        Opened::Chair(chair) => chair,
        Opened::Dead(worth) => return dead(&app, &visit, worth),
    };
    if visitor.as_ref().is_some_and(|visitor| visitor.id == chair.account.id) {
        return Ok(Redirect::to(&chair.path()).into_response());
    }
    // Once the address has an account, the link alone opens nothing: whoever else finds it learns no terms.
    if chair.account.is_confirmed() {
        if visitor.is_some() {
            return dead_link::page(&app, &visit, INSTEAD.used, INSTEAD);
        }
        let next =
            form_urlencoded::Serializer::new(String::new()).append_pair("next", &chair.path()).finish();
        return Ok(Redirect::to(&format!("/sign-in?{next}")).into_response());
    }
    let sits = chair.escrow.arbiter().is_some();
    page::html(&Preview {
        shell: Shell::new(&app, &visit, chair.escrow.terms.title.clone()),
        path: format!("/arbiter/{token}"),
        pill: pill_of(&chair.escrow),
        to: chair.account.address().to_owned(),
        other: visitor.map(|other| other.address().to_owned()).unwrap_or_default(),
        next: chair.next(),
        sits,
        can_decline: chair.offered(Action::DeclineArbitration),
        document: document(&mut conn, &chair, false).await?,
        token,
    })
}

/// The chair of somebody who may answer by the link alone: nobody has claimed the address yet.
async fn answering(app: &App, visit: &Visit, token: &str) -> Result<Result<Box<Chair>, Response>, Error> {
    match open(app, &mut app.db.read().await?.conn(), token).await? {
        Opened::Chair(chair) if chair.account.is_confirmed() => {
            let sentence = "This address has an account by now. Sign in and answer there.";
            dead_link::page(app, visit, sentence, INSTEAD).map(Err)
        }
        Opened::Chair(chair) => Ok(Ok(chair)),
        Opened::Dead(worth) => dead(app, visit, worth).map(Err),
    }
}

async fn ask(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let chair = match answering(&app, &visit, &token).await? {
        Ok(chair) => chair,
        Err(dead) => return Ok(dead),
    };
    let back = format!("/arbiter/{token}");
    if !chair.offered(Action::DeclineArbitration) {
        return Ok(page::redirect(&back));
    }
    let shell = Shell::new(&app, &visit, "You don’t want to decide");
    page::html(&refusal::Page::of(&app, shell, back, &chair, &Fields::default(), Problems::new()))
}

async fn refuse(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let chair = match answering(&app, &visit, &token).await? {
        Ok(chair) => chair,
        Err(dead) => return Ok(dead),
    };
    let back = format!("/arbiter/{token}");
    let (reason, problems) = refusal::Page::read(&fields);
    if !problems.is_empty() {
        let shell = Shell::new(&app, &visit, "You don’t want to decide");
        let page = refusal::Page::of(&app, shell, back, &chair, &fields, problems);
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let outcome = chair.send(&app, &fields, Command::DeclineArbitration { reason }).await?;
    answer(outcome, &back, Flash::ArbitrationDeclined)
}
