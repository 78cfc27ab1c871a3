//! The invitation of one party: how it stands, sent once more, and sent to the right address instead of a
//! wrong one. Whether an address has an account is nobody's business, so the page never tells.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::seat::{Seat, role_title};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::party::{Party, PartyStatus};
use crate::engine::refusal::Refusal;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::execute::Outcome;
use crate::store::outbox::{self, Mailed};
use crate::store::proposals::{Correction, correct};
use crate::store::strangers;
use crate::store::throttle::PROPOSALS_BY_USER;
use crate::store::users::Account;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/parties/{p}/invitation";
const ADDRESS: &str = "/escrows/{reference}/parties/{p}/address";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::Party, show).post(PATH, Access::Party, again).post(
        ADDRESS,
        Access::Party,
        correct_address,
    )
}

#[derive(Template)]
#[template(path = "pages/escrow/invite.html")]
struct Page {
    shell: Shell,
    path: String,
    place: u8,
    role: &'static str,
    name: String,
    email: String,
    stands: &'static str,
    /// The last mail about this escrow to this party, and how it stands.
    mail: Option<(&'static str, TimeView)>,
    /// Why it can't be sent again now; empty where it can.
    blocked_again: String,
    /// Whether the viewer may name another address.
    can_correct: bool,
    typed: String,
    problems: Problems,
    seen: String,
    key: String,
}

/// The seat, and the party of the address.
struct At {
    seat: Seat,
    place: u8,
    party: Party,
    mail: Option<Mailed>,
}

async fn load(
    app: &App,
    conn: &mut Conn<'_>,
    account: Account,
    (reference, p): &(String, String),
) -> Result<At, Error> {
    let seat = Seat::load(app, conn, account, reference).await?;
    let place = p.parse::<u8>().ok().filter(|place| place.to_string() == *p).ok_or(Error::NotFound)?;
    let index = usize::from(place).checked_sub(1).ok_or(Error::NotFound)?;
    let party = seat.escrow.parties.get(index).cloned().ok_or(Error::NotFound)?;
    // A payee decides nothing and invites nobody.
    if !seat.role.must_agree() {
        return Err(Error::NotFound);
    }
    let mail = outbox::last_to(conn, seat.escrow.id, party.user).await?;
    Ok(At { seat, place, party, mail })
}

fn draw(app: &App, visit: &Visit, at: &At, typed: &str, problems: Problems) -> Result<Response, Error> {
    let seat = &at.seat;
    let role = role_title(at.party.role);
    let person = seat.people.iter().find(|person| person.user_id == at.party.user);
    let is_open = at.party.status != PartyStatus::Accepted && !at.party.joined;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        shell: Shell::new(app, visit, format!("The invitation of the {}", role.to_lowercase()))
            .at(Place::Escrows)
            .with_problems(!problems.is_empty()),
        path: seat.path(),
        place: at.place,
        role,
        name: seat.name(at.party.user),
        email: person.and_then(|person| person.email.clone()).unwrap_or_default(),
        stands: match at.party.status {
            PartyStatus::Accepted => "Has answered",
            PartyStatus::Declined => "Has declined",
            PartyStatus::Disowned => "Says that it reached the wrong person",
            PartyStatus::Created if at.party.joined => "Has answered an earlier version",
            PartyStatus::Created => "Has not answered yet",
        },
        mail: at.mail.as_ref().map(|mail| (mail.words(), seat.reader.time(mail.at()))),
        blocked_again: match (is_open, seat.why_not(Action::InviteAgain(at.place))) {
            (true, Some(reason)) => reason,
            (true, None) => String::new(),
            (false, _) => Refusal::AlreadyAnswered.sentence(),
        },
        can_correct: seat.refusal(Action::CorrectParty(at.place)).is_none(),
        typed: typed.to_owned(),
        problems,
        seen: seat.escrow.seen(Scope::Whole),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let at = load(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    draw(&app, &visit, &at, "", Problems::new())
}

async fn again(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let at = load(&app, &mut app.db.read().await?.conn(), account, &at).await?;
    let person = at.seat.people.iter().find(|person| person.user_id == at.party.user);
    let addresses: Vec<String> = person.and_then(|person| person.email.clone()).into_iter().collect();
    let mut tx = app.db.write().await?;
    let (now, sender) = (app.clock.now(), at.seat.account.id);
    if let Err(too_many) = strangers::admit(&mut tx.conn(), now, sender, &addresses).await? {
        let mut problems = Problems::new();
        problems.add("email", too_many.sentence());
        return draw(&app, &visit, &at, "", problems);
    }
    tx.commit().await?;
    let command = Command::InviteAgain { user: at.party.user };
    let outcome = send(&app, &at.seat, &fields, command, None).await?;
    answer(outcome, &format!("{}/parties/{}/invitation", at.seat.path(), at.place), Flash::InvitationSent)
}

async fn correct_address(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(path): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let at = load(&app, &mut app.db.read().await?.conn(), account, &path).await?;
    let mut problems = Problems::new();
    let typed = fields.get("email");
    let Some(email) = fields.email("email", "Enter an email address like name@example.com.", &mut problems)
    else {
        return draw(&app, &visit, &at, typed, problems);
    };
    page::slow_down(&app, &[(&PROPOSALS_BY_USER, &at.seat.account.id.to_string())]).await?;
    let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let correction = Correction {
        by: at.seat.account.id,
        escrow: at.seat.escrow.id,
        user: at.party.user,
        email,
        seen: text("seen"),
        key: text("key").filter(|key| key.len() <= 100),
    };
    let executed = match correct(&app.db, &app.clock, &correction).await? {
        Ok(executed) => executed,
        Err(too_many) => {
            problems.add("email", too_many.sentence());
            return draw(&app, &visit, &at, typed, problems);
        }
    };
    if executed.wake {
        app.wake.up();
    }
    if let Outcome::Refused { refusal: refusal @ Refusal::AddressTaken } = &executed.outcome {
        problems.add("email", refusal.sentence());
        return draw(&app, &visit, &at, typed, problems);
    }
    answer(executed.outcome, &at.seat.path(), Flash::AddressCorrected)
}
