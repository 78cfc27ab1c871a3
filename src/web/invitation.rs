//! What an invitation's link opens: the terms, readable before having an account, with the ways to answer.
//!
//! Looking uses nothing up, since mail scanners follow every link. Declining and "not me" work from here,
//! by a form; accepting goes on through sign-up, for which the link proves the address.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::escrow::act::answer;
use super::escrow::answer::declining;
use super::escrow::contract::Document;
use super::escrow::seat::{Seat, pill_of, role_title};
use super::flash::Flash;
use super::form::Fields;
use super::page;
use super::routes::{Access, Routes};
use super::shell::Shell;
use super::view::{MoneyView, PillView, TimeView};
use super::visit::Visit;
use super::visitor::Visitor;
use crate::app::App;
use crate::engine::command::{Command, Facts};
use crate::engine::decide::{Decision, decide};
use crate::engine::escrow::{End, Stage};
use crate::engine::next;
use crate::engine::offers::Action;
use crate::engine::party::{PartyStatus, Role};
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::execute::{Request, Who};
use crate::store::tokens::{self, Purpose, Token, Worth};
use crate::store::{escrows, users};

pub fn routes() -> Routes {
    Routes::new()
        .get("/invitations/{token}", Access::Token, preview)
        .get("/invitations/{token}/decline", Access::Token, ask_decline)
        .post("/invitations/{token}/decline", Access::Token, decline)
        .get("/invitations/{token}/not-me", Access::Token, ask_not_me)
        .post("/invitations/{token}/not-me", Access::Token, not_me)
}

#[derive(Template)]
#[template(path = "pages/invitation/preview.html")]
struct Preview {
    shell: Shell,
    path: String,
    token: String,
    pill: PillView,
    heading: &'static str,
    inviter: String,
    role: &'static str,
    to: String,
    amount: MoneyView,
    /// By when the terms can be answered; nothing where it is too late.
    answer_by: Option<TimeView>,
    /// What happens if nobody answers.
    otherwise: String,
    /// Whoever is signed in, if it is somebody else.
    other: String,
    can_decline: bool,
    /// Whether the reader can say that it is for somebody else.
    can_disown: bool,
    /// Receives and decides nothing.
    is_payee: bool,
    /// What the button to the sign-up says; empty for none.
    register: &'static str,
    /// Where the reader stands once nothing is to be answered.
    over: &'static str,
    /// The terms; nothing for a payee, who sees his own part alone.
    document: Option<Document>,
}

/// A link that opens nothing any more, and why.
#[derive(Template)]
#[template(path = "pages/invitation/dead.html")]
struct Dead {
    shell: Shell,
    sentence: &'static str,
}

#[derive(Template)]
#[template(path = "pages/invitation/confirm.html")]
struct Confirm {
    shell: Shell,
    path: String,
    escrow_title: String,
    inviter: String,
    declines: bool,
    consequence: &'static str,
    seen: String,
    key: String,
}

/// What a link shows: its party's seat, or why nothing.
enum Opened {
    Seat(Box<Seat>),
    Dead(&'static str),
}

/// What to say where the address was named by mistake and another one stands there by now.
async fn not_meant(conn: &mut Conn<'_>, token: &Token) -> Result<Option<&'static str>, Error> {
    let (Some(user), Some(escrow)) = (token.user_id, token.escrow_id) else { return Ok(None) };
    let escrow = escrows::by_id(conn, escrow).await?;
    let is_out = escrow.is_some_and(|escrow| escrow.party_of(user).is_none());
    Ok(is_out.then_some(
        "This invitation had been sent to the wrong address, and whoever sent it has corrected that; or the terms were changed and name you no longer. There is nothing for you to do.",
    ))
}

async fn open(app: &App, conn: &mut Conn<'_>, secret: &str) -> Result<Opened, Error> {
    let token = match tokens::peek(conn, app.clock.now(), Purpose::Invitation, secret).await? {
        Worth::Unknown => return Err(Error::NotFound),
        Worth::Replaced(token) => {
            if let Some(sentence) = not_meant(conn, &token).await? {
                return Ok(Opened::Dead(sentence));
            }
            return Ok(Opened::Dead(
                "A newer invitation was sent to the same address. Use the link in the newest mail.",
            ));
        }
        Worth::Expired(_) => {
            return Ok(Opened::Dead(
                "This link is too old. Create an account with the address that it was sent to, and you find the deal there; or ask whoever invited you to send it again.",
            ));
        }
        Worth::Good(token) | Worth::Used(token) => token,
    };
    if let Some(sentence) = not_meant(conn, &token).await? {
        return Ok(Opened::Dead(sentence));
    }
    let Token { user_id: Some(user), escrow_id: Some(escrow), .. } = token else {
        return Err(Error::NotFound);
    };
    let account = users::by_id(conn, user).await?.ok_or(Error::NotFound)?;
    let escrow = escrows::by_id(conn, escrow).await?.ok_or(Error::NotFound)?;
    let reference = escrow.reference.clone();
    Ok(Opened::Seat(Box::new(Seat::load_receiving(app, conn, account, &reference).await?)))
}

fn dead(app: &App, visit: &Visit, sentence: &'static str) -> Result<Response, Error> {
    let shell = Shell::new(app, visit, "This invitation no longer opens");
    page::with_status(StatusCode::GONE, &Dead { shell, sentence })
}

async fn preview(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = match open(&app, &mut reader.conn(), &token).await? {
        Opened::Seat(seat) => seat,
        Opened::Dead(sentence) => return dead(&app, &visit, sentence),
    };
    if visitor.as_ref().is_some_and(|visitor| visitor.id == seat.account.id) {
        return Ok(Redirect::to(&seat.path()).into_response());
    }
    // Once the address has an account, the link alone opens nothing: whoever else finds it learns no terms.
    if seat.account.is_confirmed() {
        if visitor.is_some() {
            return dead(&app, &visit, "This invitation was used. Sign in with the address it was sent to.");
        }
        let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", &seat.path()).finish();
        return Ok(Redirect::to(&format!("/sign-in?{next}")).into_response());
    }
    let can_decline = seat.offered(Action::Decline);
    let is_payee = seat.role == Role::Payee;
    // The clock that runs, and what its silence means, as the escrow's own page says them.
    let next = next::panel(&seat.escrow, seat.account.id, seat.role, seat.reader.now);
    let answer_by = next.by.filter(|_| can_decline).map(|by| seat.reader.time(by));
    let register = match seat.role {
        Role::Payee if !seat.escrow.over() || gets_money(&seat) => "Register to be paid",
        _ if can_decline => "Register to accept",
        _ => "",
    };
    page::html(&Preview {
        shell: Shell::new(&app, &visit, seat.escrow.terms.title.clone()),
        path: format!("/invitations/{token}"),
        pill: pill_of(&seat.escrow),
        heading: if is_payee { "Your share of a deal" } else { "Your invitation" },
        inviter: seat.name(seat.escrow.creator),
        role: role_title(seat.role),
        to: seat.account.address().to_owned(),
        amount: seat.money(seat.escrow.terms.amount_minor),
        answer_by,
        otherwise: next.otherwise.unwrap_or_default(),
        other: visitor.map(|other| other.address().to_owned()).unwrap_or_default(),
        can_decline,
        can_disown: can_decline || (is_payee && may_disown(&seat)),
        is_payee,
        register,
        over: over(&seat),
        document: match seat.role {
            Role::Payee => None,
            Role::Buyer | Role::Seller | Role::Broker => {
                Some(Document::load(&mut reader.conn(), &seat).await?)
            }
        },
        token,
    })
}

/// Whether a payee, who answers nothing else, can still say that it is for somebody else.
fn may_disown(seat: &Seat) -> bool {
    let (escrow, now) = (&seat.escrow, seat.reader.now);
    matches!(
        decide(Some(escrow), &Command::Disown, &seat.actor(), &Facts::default(), now),
        Ok(Decision::Done(_))
    )
}

/// Whether a deal is complete in which the reader was paid too: they need an account to get the money.
fn gets_money(seat: &Seat) -> bool {
    let end = match &seat.escrow.stage {
        Stage::Ended { end, .. } | Stage::Closed { end, .. } => Some(end),
        Stage::Proposed { .. } | Stage::Agreed { .. } | Stage::Active { .. } => None,
    };
    seat.role == Role::Payee && matches!(end, Some(End::Completed))
}

/// What is left to say where the terms can no longer be answered.
fn over(seat: &Seat) -> &'static str {
    let mine = seat.escrow.party_of(seat.account.id).map(|party| party.status);
    match (mine, &seat.escrow.stage) {
        (Some(PartyStatus::Declined), _) if seat.escrow.rejected.is_some() => {
            "This deal is over for everyone: it was not accepted. All that the buyer paid goes back to the buyer, and \
             nobody owes anything. There is nothing more for you to do."
        }
        (Some(PartyStatus::Declined), _) => {
            "You declined this deal. It is over for everyone, nothing was paid, and nobody owes anything. \
             There is nothing more for you to do."
        }
        (Some(PartyStatus::Disowned), _) => {
            "You told us that this is not for you. Whoever sent it knows, and we send you nothing more about it."
        }
        (_, Stage::Ended { .. } | Stage::Closed { .. }) if gets_money(seat) => {
            "This deal has ended, and you owe nothing. What was released to you is yours: register with this \
             address, and you find it in your wallet."
        }
        (_, Stage::Ended { .. } | Stage::Closed { .. }) => {
            "This deal has ended, so its terms can no longer be answered. You owe nothing."
        }
        _ if seat.role == Role::Payee => {
            "You decide nothing in this deal, owe nothing, and need do nothing now. Your role is released when \
             the work is approved. To be paid you need an account with this address: register whenever you like."
        }
        _ => "These terms can no longer be answered here.",
    }
}

/// The seat of somebody who may answer by the link alone: nobody has claimed the address yet.
async fn answering(app: &App, token: &str) -> Result<Opened, Error> {
    match open(app, &mut app.db.read().await?.conn(), token).await? {
        Opened::Seat(seat) if seat.account.is_confirmed() => Ok(Opened::Dead(
            "This address has an account by now. Sign in and answer on the escrow's own page.",
        )),
        opened => Ok(opened),
    }
}

async fn ask(app: &App, visit: &Visit, token: &str, declines: bool) -> Result<Response, Error> {
    let seat = match answering(app, token).await? {
        Opened::Seat(seat) => seat,
        Opened::Dead(sentence) => return dead(app, visit, sentence),
    };
    let title = if declines { "Decline this deal" } else { "This is not for me" };
    page::html(&Confirm {
        shell: Shell::new(app, visit, title),
        path: format!("/invitations/{token}"),
        escrow_title: seat.escrow.terms.title.clone(),
        inviter: seat.name(seat.escrow.creator),
        declines,
        consequence: declining(seat.escrow.funded()),
        seen: seat.escrow.seen(Scope::Whole),
        key: app.clock.id().to_string(),
    })
}

async fn ask_decline(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    ask(&app, &visit, &token, true).await
}

async fn ask_not_me(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    ask(&app, &visit, &token, false).await
}

async fn send(
    app: &App,
    visit: &Visit,
    token: &str,
    fields: &Fields,
    command: Command,
    flash: Flash,
) -> Result<Response, Error> {
    let seat = match answering(app, token).await? {
        Opened::Seat(seat) => seat,
        Opened::Dead(sentence) => return dead(app, visit, sentence),
    };
    let mut request = Request::new(seat.escrow.id, Who::User(seat.account.id), command);
    request.seen = Some(fields.get("seen").to_owned()).filter(|seen| !seen.is_empty());
    answer(app.execute(&request).await?, &format!("/invitations/{token}"), flash)
}

async fn decline(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = Command::Decline { reason: fields.get("reason").to_owned() };
    send(&app, &visit, &token, &fields, command, Flash::Declined).await
}

async fn not_me(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    send(&app, &visit, &token, &fields, Command::Disown, Flash::Disowned).await
}
