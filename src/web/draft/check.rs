//! Everything once more before it is sent: the answers, what is wrong, the money, the exact text; and the
//! sending.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::answers;
use super::base::Base;
use super::handler::Called;
use super::open::{self, Found, Opened, find, step_path};
use super::pages::{Frame, shell};
use super::people::payee_name;
use super::sheet::{Names, Sheet};
use super::steps::Step;
use super::summary::{Fault, Group, faults, groups, warning};
use super::terms::Reading;
use crate::address::shown;
use crate::app::App;
use crate::engine::chain::sha256_hex;
use crate::engine::contract::{Named as Person, Naming, Source as Paper, Texts, clauses};
use crate::engine::deadlines::accept_by;
use crate::engine::escrow::Escrow;
use crate::engine::next;
use crate::engine::party::Role;
use crate::engine::refusal::Refusal;
use crate::engine::status::roles_in_words;
use crate::engine::terms::{Arbiter, Mode};
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::store::proposals::{CounterOffer, Proposal, Proposed, Source, counter, propose_within_limits};
use crate::store::strangers::TooMany;
use crate::store::throttle::PROPOSALS_BY_USER;
use crate::web::escrow::act::refused;
use crate::web::escrow::changes::{Changes, Viewer};
use crate::web::escrow::rates;
use crate::web::escrow::sign::sign_sent;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::network::Network;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::Shell;
use crate::web::view::{Icon, Reader, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// Stands in the preview where the reference will be.
const REFERENCE: &str = "ESC-····-···· (given when it is sent)";

pub fn routes() -> Routes {
    Routes::new().post("/escrows/new/{draft}/send", Access::SignedIn, send)
}

#[derive(Template)]
#[template(path = "pages/draft/check.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    faults: Vec<Fault>,
    groups: Vec<Group>,
    warning: String,
    sheet: Option<Sheet>,
    has_contract: bool,
    /// Whoever sends it, as his signature would read.
    own_name: String,
    /// The exact text, but for what is only known when it is sent.
    text: String,
    to: String,
    /// Of those who are to answer.
    addresses: Vec<String>,
    /// Who is told what he receives, and answers nothing.
    told: Vec<String>,
    answer_by: TimeView,
    /// When the buyer pays, and until when it can be withdrawn.
    then: String,
    /// Of a counter-offer: what differs from the version that stands.
    changes: Option<Changes>,
    /// The version that it will be.
    version: u32,
    seen: String,
    key: String,
}

/// The page.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(app: &App, opened: &Opened, shell: Shell, status: StatusCode) -> Result<Response, Error> {
    draw_with(app, opened, shell, status, None)
}

/// The same with what keeps it from being sent just now.
fn draw_with(
    app: &App,
    opened: &Opened,
    shell: Shell,
    status: StatusCode,
    too_many: Option<&TooMany>,
) -> Result<Response, Error> {
    let mut reading = opened.read();
    if let Some(too_many) = too_many {
        reading.problems.add(field_of(opened, &reading, too_many), too_many.sentence());
    }
    let reader = opened.account.reader(app);
    let terms = &reading.terms;
    let own = opened.answers.role().unwrap_or(Role::Seller);
    let country = opened.account.country.as_deref().unwrap_or_default();
    let others: Vec<_> = reading.parties.iter().filter(|(role, _)| *role != own).collect();
    let first_due = terms.milestones.first().and_then(|part| part.due);
    let version = opened.base.as_ref().map_or(1, |base| base.escrow.version + 1);
    let page = Page {
        shell: shell.with_problems(!reading.problems.is_empty()),
        frame: Frame::new(opened, Step::Check, false),
        problems: Problems::new(),
        changes: changes(opened, &reading, &reader),
        version,
        faults: faults(opened, &reading.problems),
        groups: groups(opened, &reading, &reader),
        warning: warning(&opened.answers, own, country, terms.currency).unwrap_or_default(),
        sheet: sheet(opened, &reading),
        has_contract: terms.mode == Mode::Standard,
        own_name: opened.account.name.clone(),
        text: preview(opened, &reading, reader.now),
        to: match others.is_empty() {
            true => "everyone".to_owned(),
            false => roles_in_words(&others.iter().map(|(role, _)| *role).collect::<Vec<_>>()),
        },
        addresses: others
            .iter()
            .filter(|(role, _)| role.must_agree())
            .map(|(_, email)| shown(email))
            .collect(),
        told: (1..=terms.payees().count()).map(|number| payee_name(&opened.answers, number)).collect(),
        answer_by: reader.time(accept_by(first_due, reader.now)).plain(),
        then: next::of_sent(terms),
        seen: seen(opened),
        key: app.clock.id().to_string(),
    };
    page::with_status(status, &page)
}

/// The exact text, but for what is only known when it is sent: the reference, and the fingerprints at its end.
fn preview(opened: &Opened, reading: &Reading, at: Time) -> String {
    let terms = &reading.terms;
    let (reference, version) = match &opened.base {
        Some(base) => (base.escrow.reference.as_str(), base.escrow.version + 1),
        None => (REFERENCE, 1),
    };
    let naming = Naming { people: called(opened, reading), files: Vec::new(), salt: String::new() };
    let files = opened.files.iter().map(|file| (file.id, file.name.clone()));
    let kept = opened.base.iter().flat_map(|base| &base.files).map(|file| (file.id, file.name.clone()));
    let naming = Naming { files: files.chain(kept).collect(), ..naming };
    let text = Texts::write(&Paper { terms, reference, version, at, naming: &naming }).contract.text;
    clauses::without_technical(&text)
}

/// What everybody will be called in it, as far as its writer knows.
fn called(opened: &Opened, reading: &Reading) -> Vec<Person> {
    let given = |address: &str| {
        let named = reading.named.names.iter().find(|(known, _)| known == address);
        named.map_or_else(String::new, |(_, name)| name.clone())
    };
    let mut people = Vec::new();
    for (party, (_, address)) in reading.terms.parties.iter().zip(&reading.parties) {
        let own = party.user == opened.account.id;
        let name = if own { opened.account.name.clone() } else { given(address) };
        people.push(Person { user: party.user, name, address: address.clone() });
    }
    if let Some(arbiter) = &reading.terms.arbiter {
        let standing = opened.base.as_ref().and_then(|base| base.arbiter.clone());
        let typed = reading.named.arbiter.clone().map(|email| Called { name: given(&email), email });
        if let Some(Called { email, name }) = typed.or(standing) {
            people.push(Person { user: arbiter.user, name, address: email });
        }
    }
    people
}

/// The money, once it can be said. People are called what they were called on the pages.
fn sheet(opened: &Opened, reading: &Reading) -> Option<Sheet> {
    let (terms, plan) = (&reading.terms, reading.plan.as_ref()?);
    let address = |user| {
        let place = terms.parties.iter().position(|party| party.user == user)?;
        reading.parties.get(place).map(|(_, email)| email.clone())
    };
    let name = |user| {
        if user == opened.account.id {
            return opened.account.name.clone();
        }
        match terms.payees().position(|payee| payee.user == user) {
            Some(place) => payee_name(&opened.answers, place + 1),
            None => address(user).unwrap_or_default(),
        }
    };
    let names = Names { you: opened.account.id, name: &name };
    Some(Sheet::of(terms, plan, opened.hides_commission(), &names))
}

/// What differs from the version that stands, once the terms can be read.
fn changes(opened: &Opened, reading: &Reading, reader: &Reader) -> Option<Changes> {
    let (base, plan) = (opened.base.as_ref()?, reading.plan.as_ref()?);
    let mut after = base.escrow.clone();
    after.terms = reading.terms.clone();
    after.plan = plan.clone();
    after.version += 1;
    let mut files = base.files.clone();
    files.extend(opened.files.iter().cloned());
    let role = base.escrow.party_of(opened.account.id)?.role;
    let called = |arbiter: &Arbiter| {
        let standing = base.escrow.terms.arbiter.as_ref() == Some(arbiter);
        let typed = reading
            .named
            .arbiter
            .clone()
            .map(|email| Called { name: opened.answers.get("arbiter_name").to_owned(), email });
        let called = if standing { base.arbiter.clone() } else { typed };
        called.map(|called| called.words())
    };
    let name = |escrow: &Escrow, user| {
        let place = escrow.terms.payees().position(|payee| payee.user == user)?;
        match escrow.version == base.escrow.version {
            true => base.payees.get(place).map(|called| called.name.clone()),
            false => Some(payee_name(&opened.answers, place + 1)),
        }
    };
    let viewer =
        Viewer { user: opened.account.id, role, reader, files: &files, called: &called, name: &name };
    Some(viewer.changes(&base.escrow, &after))
}

/// A fingerprint of what the page showed, the fee included: a new one may begin while the page is open.
fn seen(opened: &Opened) -> String {
    let fee = rates::of_fee(&opened.read().terms);
    let files: Vec<String> = opened.files.iter().map(|file| file.id.to_string()).collect();
    let digest = sha256_hex(format!("{}\n{fee}\n{}", opened.fields, files.join("\n")).as_bytes());
    digest.chars().take(32).collect()
}

async fn send(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    network: Network,
    Path(draft): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let opened = match find(&app, account, open::id(&draft)?).await? {
        Found::Draft(opened) => opened,
        Found::Sent(response) => return Ok(response),
    };
    if fields.get("seen") != seen(&opened) {
        return Err(stale(&opened));
    }
    let reading = opened.read();
    if !reading.problems.is_empty() {
        let shell = shell(&app, &visit, Step::Check, &reading.problems);
        return draw(&app, &opened, shell, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let signs = fields.ticked("sign_now");
    if signs && reading.terms.mode != Mode::Standard {
        return Err(refused(&Refusal::QuickEscrowNoContract));
    }
    page::slow_down(&app, &[(&PROPOSALS_BY_USER, &opened.account.id.to_string())]).await?;
    if let Some(base) = &opened.base {
        let countered = counter(&app.db, &app.clock, &offer(&opened, base, reading, &fields)).await?;
        let executed = match countered {
            Ok(executed) => executed,
            Err(too_many) => return turned_away(&app, &visit, &opened, &too_many),
        };
        if executed.wake {
            app.wake.up();
        }
        if signs && executed.outcome == Outcome::Done {
            let key = fields.get("key");
            sign_sent(&app, &opened.account, base.escrow.id, key, &network, &headers).await?;
        }
        return answer_countered(&opened, base, executed.outcome);
    }
    let proposal = proposal(&opened, reading, &fields);
    let proposed = match propose_within_limits(&app.db, &app.clock, &proposal).await? {
        Ok(proposed) => proposed,
        Err(too_many) => return turned_away(&app, &visit, &opened, &too_many),
    };
    if proposed.executed.wake {
        app.wake.up();
    }
    if signs && proposed.executed.outcome == Outcome::Done {
        sign_sent(&app, &opened.account, proposed.escrow, fields.get("key"), &network, &headers).await?;
    }
    answer(&opened, proposed)
}

/// Too many strangers for one day: nothing was written, and the page says where it lies.
fn turned_away(app: &App, visit: &Visit, opened: &Opened, too_many: &TooMany) -> Result<Response, Error> {
    let shell = shell(app, visit, Step::Check, &opened.read().problems);
    draw_with(app, opened, shell, StatusCode::UNPROCESSABLE_ENTITY, Some(too_many))
}

/// The field of the address that it is about, else of the first person who is named.
fn field_of(opened: &Opened, reading: &Reading, too_many: &TooMany) -> String {
    let own = opened.answers.role();
    let address = too_many.address();
    if address.is_some() && address == reading.named.arbiter.as_deref() {
        return "arbiter".to_owned();
    }
    let payees = reading.parties.iter().filter(|(role, _)| *role == Role::Payee);
    let payee = payees.zip(1..).find(|((_, email), _)| Some(email.as_str()) == address);
    if let Some((_, number)) = payee {
        return answers::payee(number, "email");
    }
    let mut others = reading.parties.iter().filter(|(role, _)| Some(*role) != own && *role != Role::Payee);
    let named = others.clone().find(|(_, email)| Some(email.as_str()) == address).or_else(|| others.next());
    named.map_or("payees", |(role, _)| role.word()).to_owned()
}

fn proposal(opened: &Opened, reading: Reading, fields: &Fields) -> Proposal {
    let key = Some(fields.get("key")).filter(|key| (1..=100).contains(&key.len()));
    Proposal {
        creator: opened.account.id,
        parties: reading.parties,
        terms: reading.terms,
        named: reading.named,
        key: key.map_or_else(|| opened.id.to_string(), str::to_owned),
        draft: Some(Source { id: opened.id, fields: opened.fields.clone() }),
    }
}

fn offer(opened: &Opened, base: &Base, reading: Reading, fields: &Fields) -> CounterOffer {
    let key = Some(fields.get("key")).filter(|key| (1..=100).contains(&key.len()));
    CounterOffer {
        by: opened.account.id,
        escrow: base.escrow.id,
        version: base.version,
        terms: reading.terms,
        payees: reading.new_payees,
        named: reading.named,
        key: key.map_or_else(|| opened.id.to_string(), str::to_owned),
        draft: Source { id: opened.id, fields: opened.fields.clone() },
    }
}

fn answer_countered(opened: &Opened, base: &Base, outcome: Outcome) -> Result<Response, Error> {
    let escrow = format!("/escrows/{}", base.escrow.reference);
    match outcome {
        Outcome::Stale => Err(stale(opened)),
        other => crate::web::escrow::act::answer(other, &escrow, Flash::Countered),
    }
}

fn answer(opened: &Opened, proposed: Proposed) -> Result<Response, Error> {
    let escrow = format!("/escrows/{}", proposed.reference);
    match proposed.executed.outcome {
        Outcome::Done => Ok(Redirect::to(&format!("{escrow}/sent")).into_response()),
        Outcome::AlreadyDone => Ok(page::see_other(&escrow, Flash::AlreadyDone)),
        Outcome::Refused { refusal } => Err(refused(&refusal)),
        Outcome::Stale => Err(stale(opened)),
        Outcome::KeyReused => Err(Error::Conflict(
            "This form was sent before with other entries, so nothing was sent this time. Open the page again.".to_owned(),
        )),
        Outcome::Unknown => Err(Error::NotFound),
    }
}

fn stale(opened: &Opened) -> Error {
    Error::Stale {
        sentence: "The draft was changed in another window while this page was open, so nothing was sent. \
            Look at it as it stands now, then send it."
            .to_owned(),
        back: step_path(opened.id, Step::Check, false),
    }
}
