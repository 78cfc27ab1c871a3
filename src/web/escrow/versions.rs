//! The versions of the terms: which there are, each of them to read, and two of them compared.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::changes::{Changes, Kept, Run, Viewer, diff};
use super::contract::Document;
use super::seat::Seat;
use super::texts::Texts;
use crate::app::App;
use crate::engine::contract::clauses::without_technical;
use crate::engine::escrow::Escrow;
use crate::engine::offers::Action;
use crate::engine::party::Actor;
use crate::engine::terms::Arbiter;
use crate::engine::veil;
use crate::engine::versions::{self, Origin, Version};
use crate::error::Error;
use crate::store::contracts::{self, Stored};
use crate::store::files::{self, FileRow};
use crate::store::history;
use crate::store::users::Account;
use crate::web::draft::handler::Called;
use crate::web::form::Search;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/terms", Access::Party, list)
        .get("/escrows/{reference}/terms/compare", Access::Party, compare)
        .get("/escrows/{reference}/terms/{v}", Access::Party, show)
}

/// The seat, every version as this viewer sees it, and the files that the terms name.
struct Loaded {
    seat: Seat,
    versions: Vec<Version>,
    texts: Vec<Stored>,
    files: Vec<FileRow>,
}

async fn load(app: &App, account: Account, reference: &str) -> Result<Loaded, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let seat = Seat::load(app, &mut conn, account, reference).await?;
    let mut versions = versions::versions(&history::of_terms(&mut conn, seat.escrow.id).await?);
    for version in &mut versions {
        version.escrow = veil::escrow(version.escrow.clone(), seat.role);
    }
    let has_files = versions.iter().any(|version| !version.escrow.terms.files.is_empty());
    let files = if has_files { files::of_escrow(&mut conn, seat.escrow.id).await? } else { Vec::new() };
    let texts = contracts::of_escrow(&mut conn, seat.escrow.id).await?;
    Ok(Loaded { seat, versions, texts, files })
}

impl Loaded {
    /// The version of a number as it was typed.
    fn version(&self, typed: &str) -> Result<&Version, Error> {
        let number = typed.parse::<u32>().ok().filter(|number| number.to_string() == typed);
        let number = number.ok_or(Error::NotFound)?;
        self.versions.iter().find(|version| version.number == number).ok_or(Error::NotFound)
    }

    fn text(&self, version: &Version) -> String {
        without_technical(&Texts::of(&self.texts, version.number).contract())
    }

    fn told(&self, version: &Version) -> Told {
        let who = match version.by {
            Actor::Party { user, .. } => self.seat.name(user),
            Actor::Operator { .. } | Actor::Arbiter { .. } | Actor::Rail | Actor::Clock => {
                "Somebody".to_owned()
            }
        };
        let what = match version.origin {
            Origin::Sent => format!("{who} sent the terms"),
            Origin::Countered => format!("{who} proposed other terms"),
            Origin::Corrected(role) => format!("{who} corrected the address of the {}", role.word()),
        };
        Told {
            number: version.number,
            stands: version.number == self.seat.escrow.version,
            what,
            at: self.seat.reader.time(version.at).plain(),
            sha256: version.escrow.document_sha256.clone(),
        }
    }
}

/// A version as it is listed.
struct Told {
    number: u32,
    stands: bool,
    what: String,
    at: TimeView,
    sha256: String,
}

#[derive(Template)]
#[template(path = "pages/escrow/versions.html")]
struct List {
    shell: Shell,
    path: String,
    reference: String,
    versions: Vec<Told>,
    can_counter: bool,
}

async fn list(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let loaded = load(&app, account, &reference).await?;
    page::html(&List {
        shell: Shell::new(&app, &visit, "Versions of the terms").at(Place::Escrows),
        path: loaded.seat.path(),
        reference: loaded.seat.escrow.reference.clone(),
        versions: loaded.versions.iter().rev().map(|version| loaded.told(version)).collect(),
        can_counter: loaded.seat.offered(Action::Counter),
    })
}

#[derive(Template)]
#[template(path = "pages/escrow/version.html")]
struct One {
    shell: Shell,
    path: String,
    told: Told,
    document: Document,
    text: String,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path((reference, number)): Path<(String, String)>,
) -> Result<Response, Error> {
    let mut loaded = load(&app, account, &reference).await?;
    let version = loaded.version(&number)?.clone();
    let told = loaded.told(&version);
    loaded.seat.escrow = version.escrow;
    let texts = Texts::of(&loaded.texts, loaded.seat.escrow.version);
    page::html(&One {
        shell: Shell::new(&app, &visit, format!("Terms, version {number}")).at(Place::Escrows),
        path: loaded.seat.path(),
        text: texts.contract(),
        document: Document::of(&loaded.seat, &texts),
        told,
    })
}

#[derive(Template)]
#[template(path = "pages/escrow/compare.html")]
struct Compare {
    shell: Shell,
    path: String,
    from: Told,
    to: Told,
    changes: Changes,
    words: Vec<Run>,
    /// Numbers of all versions, to choose from.
    numbers: Vec<u32>,
    can_sign: bool,
    can_accept: bool,
    can_counter: bool,
    can_decline: bool,
}

async fn compare(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
    Search(search): Search,
) -> Result<Response, Error> {
    let loaded = load(&app, account, &reference).await?;
    let seat = &loaded.seat;
    if !search.has("from") || !search.has("to") {
        let (to, from) = (seat.escrow.version, seat.escrow.version.saturating_sub(1).max(1));
        let to = format!("{}/terms/compare?from={from}&to={to}", seat.path());
        return Ok(Redirect::to(&to).into_response());
    }
    let (from, to) = (loaded.version(search.get("from"))?, loaded.version(search.get("to"))?);
    let standing = Called::among(&seat.people);
    let called = |arbiter: &Arbiter| {
        let stands = seat.escrow.terms.arbiter.as_ref() == Some(arbiter);
        standing.as_ref().filter(|_| stands).map(Called::words)
    };
    let (user, role) = (seat.account.id, seat.role);
    // Whoever is named no longer is not known by name either.
    let name =
        |_: &Escrow, user| seat.people.iter().any(|person| person.user_id == user).then(|| seat.name(user));
    let viewer =
        Viewer { user, role, reader: &seat.reader, files: &loaded.files, called: &called, name: &name };
    let stands = to.number == seat.escrow.version;
    let title = format!("Version {} against version {}", to.number, from.number);
    page::html(&Compare {
        shell: Shell::new(&app, &visit, title).at(Place::Escrows),
        path: seat.path(),
        changes: viewer.changes(&from.escrow, &to.escrow),
        words: diff(&loaded.text(from), &loaded.text(to)),
        from: loaded.told(from),
        to: loaded.told(to),
        numbers: loaded.versions.iter().map(|version| version.number).collect(),
        can_sign: stands && seat.offered(Action::Sign),
        can_accept: stands && seat.offered(Action::Accept),
        can_counter: stands && seat.offered(Action::Counter),
        can_decline: stands && seat.offered(Action::Decline),
    })
}
