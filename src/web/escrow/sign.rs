//! Signing the contract: the document again, a typed name, consent. Whoever sends a contract can sign it with
//! that (DHMAD: auto-sign); the name of the account is the signature that is stored for it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use uuid::Uuid;

use super::act::{answer, send};
use super::contract::Document;
use super::seat::Seat;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::offers::Action;
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::store::execute::{Evidence, Outcome, Request, Who};
use crate::store::users::Account;
use crate::store::{escrows, evidence};
use crate::text::folded;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::network::Network;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const LONGEST_NAME: usize = 200;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/contract/sign", Access::Party, ask).post(
        "/escrows/{reference}/contract/sign",
        Access::Party,
        sign,
    )
}

/// Whether two names differ in nothing but letters' case and blanks.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| folded(name).split_whitespace().collect::<Vec<_>>().join(" ");
    plain(one) == plain(other)
}

#[derive(Template)]
#[template(path = "pages/escrow/sign.html")]
struct Page {
    shell: Shell,
    path: String,
    document: Document,
    version: u32,
    /// Empty where the viewer can sign now, else why not.
    blocked: String,
    typed_name: String,
    /// The account's name where another one was typed: it asks to be confirmed. Empty else.
    other_name: String,
    name_confirmed: bool,
    consent: bool,
    problems: Problems,
    seen: String,
    key: String,
}

impl Page {
    fn new(app: &App, visit: &Visit, seat: &Seat, document: Document) -> Self {
        let offers = seat.offers();
        let offer = offers.iter().find(|offer| offer.action == Action::Sign);
        let blocked = match offer {
            Some(offer) => offer.refusal.as_ref().map(|refusal| refusal.sentence()).unwrap_or_default(),
            None => "You have signed this version.".to_owned(),
        };
        Self {
            shell: Shell::new(app, visit, "Sign the contract").at(Place::Escrows),
            path: seat.path(),
            document,
            version: seat.escrow.version,
            blocked,
            typed_name: String::new(),
            other_name: String::new(),
            name_confirmed: false,
            consent: false,
            problems: Problems::default(),
            seen: seat.escrow.seen(Scope::Whole),
            key: app.clock.id().to_string(),
        }
    }
}

async fn ask(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, &reference).await?;
    let document = Document::load(&mut reader.conn(), &seat).await?;
    page::html(&Page::new(&app, &visit, &seat, document))
}

async fn sign(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    network: Network,
    Path(reference): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let mut problems = Problems::default();
    let missing = "Type your full name: it stands as your signature.";
    let typed_name = fields.text("typed_name", LONGEST_NAME, missing, &mut problems);
    let is_other = !typed_name.is_empty() && !same_name(&typed_name, &seat.account.name);
    if is_other && !fields.ticked("name_confirmed") {
        let sentence = format!(
            "Your account is called “{}”. Sign with that name, or confirm below that this one is yours.",
            seat.account.name
        );
        problems.add("typed_name", sentence);
    }
    if !fields.ticked("consent") {
        problems.add("consent", "Confirm that you agree to sign electronically.");
    }
    if !problems.is_empty() {
        let document = Document::load(&mut app.db.read().await?.conn(), &seat).await?;
        let mut page = Page::new(&app, &visit, &seat, document);
        page.shell = page.shell.with_problems(true);
        page.typed_name = typed_name;
        page.other_name = if is_other { seat.account.name.clone() } else { String::new() };
        page.name_confirmed = fields.ticked("name_confirmed");
        page.consent = fields.ticked("consent");
        page.key = fields.get("key").to_owned();
        page.problems = problems;
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let version = fields.get("version").parse().unwrap_or_default();
    let document = fields.get("document").to_owned();
    let (command, evidence) = signature(&app, &network, &headers, typed_name, version, document);
    let outcome = send(&app, &seat, &fields, command, Some(evidence)).await?;
    answer(outcome, &seat.path(), Flash::Signed)
}

/// The command that signs a version, and what is kept as evidence of it.
fn signature(
    app: &App,
    network: &Network,
    headers: &HeaderMap,
    typed_name: String,
    version: u32,
    document_sha256: String,
) -> (Command, Evidence) {
    let salt = app.clock.random::<16>().to_vec();
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let user_agent: String = agent.chars().filter(|sign| !sign.is_control()).take(400).collect();
    let ip = network.ip();
    let evidence_sha256 = evidence::of_signature(&salt, &typed_name, &ip, &user_agent);
    let command = Command::Sign { version, document_sha256, evidence_sha256 };
    (command, Evidence::Signature { typed_name, ip, user_agent, salt })
}

/// Signs what its reader has just sent, by the name of his account. Whether it was done: what somebody else
/// changed in between stays unsigned, and the next page asks for the signature as ever.
///
/// # Errors
/// The database's.
pub async fn sign_sent(
    app: &App,
    account: &Account,
    escrow: Uuid,
    key: &str,
    network: &Network,
    headers: &HeaderMap,
) -> Result<bool, Error> {
    let sent = escrows::by_id(&mut app.db.read().await?.conn(), escrow).await?.ok_or(Error::NotFound)?;
    if sent.proposer() != account.id {
        return Ok(false);
    }
    let name = account.name.clone();
    let (command, evidence) = signature(app, network, headers, name, sent.version, sent.document_sha256);
    let (key, evidence) = (Some(format!("{key}/sign")), Some(evidence));
    let request = Request { key, evidence, ..Request::new(escrow, Who::User(account.id), command) };
    Ok(app.execute(&request).await? == Outcome::Done)
}
