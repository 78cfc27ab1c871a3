//! The contract: a reading copy with names, and the exact text that signatures bind to.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::gets::Gets;
use super::seat::{Scene, Seat, role_title};
use super::show::{received_by, term_lines};
use crate::app::App;
use crate::engine::contract;
use crate::engine::offers::Action;
use crate::engine::party::{Party, Role, UserId};
use crate::engine::status::capital;
use crate::engine::terms::{MilestoneTerms, Recipient};
use crate::error::Error;
use crate::store::db::{Conn, DbError};
use crate::store::files::{self, FileRow};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/contract", Access::Party, read)
        .get("/escrows/{reference}/contract.txt", Access::Party, download)
        .get("/escrows/{reference}/side-agreement.txt", Access::Party, download_side)
}

/// The contract for people, in every place where it is shown.
#[derive(Template)]
#[template(path = "pages/escrow/document.html")]
pub struct Document {
    pub title: String,
    pub reference: String,
    pub version: u32,
    pub sha256: String,
    pub description: String,
    pub parties: Vec<NamedParty>,
    pub total: MoneyView,
    pub milestones: Vec<MilestoneText>,
    /// Who gets what in all, where that is not the seller alone.
    pub gets: Option<Gets>,
    pub lines: Vec<(&'static str, String)>,
    pub own_terms: String,
    pub files: Vec<NamedFile>,
    /// The side agreement that this viewer sees, and its digest.
    pub side: Option<(String, String)>,
    /// "You pay" or "You receive", and how much in all; nothing for whoever does neither.
    pub yours: Option<(&'static str, MoneyView)>,
}

impl askama::filters::HtmlSafe for Document {}

/// A file of the terms. Whoever has no account yet gets its name, and no address to load it from.
pub struct NamedFile {
    pub name: String,
    pub href: String,
    pub size: String,
    pub sha256: String,
}

pub struct NamedParty {
    /// "Buyer", and "Payee 2" where there are several: as the exact text has it.
    pub role: String,
    pub name: String,
    pub identity_sha256: String,
    pub signed: Option<TimeView>,
    /// The name that was typed as the signature; empty without one.
    pub signed_as: String,
}

pub struct MilestoneText {
    pub prefix: String,
    pub title: String,
    pub description: String,
    pub amount: MoneyView,
    pub due: String,
    /// None where nobody inspects: delivering is enough.
    pub inspection_days: Option<u8>,
    pub criteria: Vec<String>,
    /// Who gets what of it before fees, by name and role; none where the seller gets all of it.
    pub shares: Vec<(String, &'static str, MoneyView)>,
}

impl Document {
    /// The contract of an escrow as this viewer reads it.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn<'_>, seat: &Seat) -> Result<Self, DbError> {
        let files = match seat.escrow.terms.files.is_empty() {
            true => Vec::new(),
            false => files::of_escrow(conn, seat.escrow.id).await?,
        };
        Ok(Self::of(seat, &files))
    }

    /// The same with the rows of the files that the terms name.
    #[must_use]
    pub fn of(seat: &Seat, rows: &[FileRow]) -> Self {
        let escrow = &seat.escrow;
        let files_at = seat.account.is_confirmed().then(|| format!("{}/files", seat.path()));
        let name = |user| seat.name(user);
        let mut document = Self::draw(&seat.scene(), rows, files_at.as_deref(), &name, term_lines(seat));
        document.side = side(seat);
        document.gets = seat.gets();
        document.yours = Some(match seat.role {
            Role::Buyer => ("You pay in all", seat.money(escrow.plan.charge_minor())),
            Role::Seller | Role::Broker | Role::Payee => {
                ("You receive in all", seat.money(received_by(seat)))
            }
        });
        document
    }

    /// The contract for whoever takes no part in the deal. Files are offered where he may have them.
    #[must_use]
    pub fn draw(
        scene: &Scene<'_>,
        rows: &[FileRow],
        files_at: Option<&str>,
        name: &dyn Fn(UserId) -> String,
        lines: Vec<(&'static str, String)>,
    ) -> Self {
        let (escrow, terms) = (scene.escrow, &scene.escrow.terms);
        let file = |file: &crate::engine::terms::FileRef| {
            let bytes = u64::try_from(file.size_bytes).unwrap_or_default();
            let row = rows.iter().find(|row| row.id == file.id);
            let path = files_at.filter(|_| row.is_some()).map(|at| format!("{at}/{}", file.id));
            NamedFile {
                name: row.map_or_else(|| "A file that was erased".to_owned(), |row| row.name.clone()),
                href: path.unwrap_or_default(),
                size: crate::web::view::file_size(bytes),
                sha256: file.sha256.clone(),
            }
        };
        Self {
            title: terms.title.clone(),
            reference: escrow.reference.clone(),
            version: escrow.version,
            sha256: escrow.document_sha256.clone(),
            description: terms.description.clone(),
            parties: escrow.parties.iter().map(|party| named(scene, party, name)).collect(),
            total: scene.amount(terms.amount_minor).into(),
            milestones: (1..)
                .zip(&terms.milestones)
                .map(|(n, text)| milestone(scene, n, text, name))
                .collect(),
            gets: None,
            lines,
            own_terms: terms.contract_terms.clone().unwrap_or_default(),
            files: terms.files.iter().map(file).collect(),
            side: None,
            yours: None,
        }
    }
}

/// The side agreement, for those who see it.
fn side(seat: &Seat) -> Option<(String, String)> {
    let escrow = &seat.escrow;
    let sha256 = contract::side_sha256_for(escrow, seat.role)?;
    Some((contract::side_text(&escrow.terms, &escrow.reference, escrow.version)?, sha256))
}

fn named(scene: &Scene<'_>, party: &Party, name: &dyn Fn(UserId) -> String) -> NamedParty {
    let named = scene.escrow.terms.parties.iter().find(|named| named.user == party.user);
    let signature = party.signature.as_ref().filter(|mark| mark.version == scene.escrow.version);
    NamedParty {
        role: capital(&scene.escrow.terms.called(party.user)),
        name: name(party.user),
        identity_sha256: named.map(|named| named.identity_sha256.clone()).unwrap_or_default(),
        signed: signature.map(|mark| scene.reader.time(mark.at).plain()),
        signed_as: scene.signed_as(party).unwrap_or_default(),
    }
}

fn milestone(
    scene: &Scene<'_>,
    number: u16,
    terms: &MilestoneTerms,
    name: &dyn Fn(UserId) -> String,
) -> MilestoneText {
    let share = |line: &Recipient| {
        let role = scene.escrow.terms.role_of(line.user).map_or("", role_title);
        (name(line.user), role, scene.amount(line.amount_minor).into())
    };
    let due = match terms.due {
        Some(due) => scene.reader.time(due).absolute,
        None => scene.due_words(),
    };
    MilestoneText {
        prefix: scene.prefix(number),
        title: terms.title.clone(),
        description: terms.description.clone(),
        amount: scene.amount(terms.amount_minor).into(),
        due,
        inspection_days: Some(terms.inspection_days).filter(|_| !scene.escrow.instant()),
        criteria: terms.criteria.clone(),
        shares: terms.recipients.iter().map(share).collect(),
    }
}

#[derive(Template)]
#[template(path = "pages/escrow/contract.html")]
struct Page {
    shell: Shell,
    path: String,
    document: Document,
    can_sign: bool,
    can_accept: bool,
    text: String,
}

async fn read(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, &reference).await?;
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("Contract: {}", seat.escrow.terms.title)).at(Place::Escrows),
        path: seat.path(),
        document: Document::load(&mut reader.conn(), &seat).await?,
        can_sign: seat.offered(Action::Sign),
        can_accept: seat.offered(Action::Accept),
        text: contract::text(&seat.escrow.terms, &seat.escrow.reference, seat.escrow.version),
    })
}

/// The exact bytes whose SHA-256 is signed.
async fn download(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let escrow = &seat.escrow;
    let text = contract::text(&escrow.terms, &escrow.reference, escrow.version);
    Ok(attached(&format!("{}-v{}", escrow.reference, escrow.version), text))
}

/// The same of the side agreement, for those who see it.
async fn download_side(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    let (text, _) = side(&seat).ok_or(Error::NotFound)?;
    Ok(attached(&format!("{}-v{}-side-agreement", seat.escrow.reference, seat.escrow.version), text))
}

fn attached(name: &str, text: String) -> Response {
    let name = format!("attachment; filename=\"{name}.txt\"");
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, text).into_response()
}
