//! The contract: a reading copy with names, and the exact text that signatures bind to.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::gets::Gets;
use super::seat::{Scene, Seat};
use super::show::received_by;
use super::texts::Texts;
use crate::app::App;
use crate::engine::contract::blocks::{self, Block};
use crate::engine::contract::clauses::{ADDRESS, TECHNICAL};
use crate::engine::escrow::Escrow;
use crate::engine::offers::Action;
use crate::engine::party::{Party, Role, UserId};
use crate::engine::status::capital;
use crate::engine::terms::Mode;
use crate::error::Error;
use crate::store::db::{Conn, DbError};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, TimeView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/contract", Access::Party, show)
        .get("/escrows/{reference}/contract.txt", Access::Party, download)
        .get("/escrows/{reference}/side-agreement.txt", Access::Party, download_side)
        .get("/escrows/{reference}/signatures.txt", Access::Party, download_signatures)
}

/// The reading copy: the stored text, drawn block by block, so that it says what the text says and nothing else.
/// Beside it stand what each party typed as a signature, and the viewer's own sums.
///
/// Whoever may know no address gets the same without the lines that hold one: an arbiter, and whoever holds a link
/// to something that they have no account for yet.
#[derive(Template)]
#[template(path = "pages/escrow/document.html")]
pub struct Document {
    pub title: String,
    pub reference: String,
    pub sha256: String,
    /// Without a heading first: what stands before the first section.
    pub sections: Vec<Section>,
    pub without_addresses: bool,
    pub signs: bool,
    pub parties: Vec<NamedParty>,
    /// Who gets what in all, where that is not the seller alone.
    pub gets: Option<Gets>,
    /// The side agreement that this viewer sees, and its digest.
    pub side: Option<(String, String)>,
    /// "You pay" or "You receive", and how much in all; nothing for whoever does neither.
    pub yours: Option<(&'static str, MoneyView)>,
}

impl askama::filters::HtmlSafe for Document {}

pub struct Section {
    /// "3. Price and fees"; empty before the first one.
    pub heading: String,
    /// Nothing that people need to read.
    pub technical: bool,
    pub parts: Vec<Part>,
}

pub enum Part {
    /// A clause with its number, empty for a line that has none.
    Clause(String, String),
    Items(Vec<Item>),
    /// What people wrote themselves.
    Quote(String),
}

pub struct Item {
    pub label: String,
    pub value: String,
    /// Of a file that the viewer may load.
    pub href: String,
}

pub struct NamedParty {
    /// "Buyer", and "Payee 2" where there are several: as the exact text has it.
    pub role: String,
    pub name: String,
    pub signed: Option<TimeView>,
    /// The name that was typed as the signature; empty without one.
    pub signed_as: String,
}

impl Document {
    /// The contract of an escrow as this viewer reads it.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn<'_>, seat: &Seat) -> Result<Self, DbError> {
        let texts = Texts::load(conn, &seat.escrow).await?;
        Ok(Self::of(seat, &texts))
    }

    /// The same where the texts are loaded.
    #[must_use]
    pub fn of(seat: &Seat, texts: &Texts) -> Self {
        let escrow = &seat.escrow;
        let knows_all = seat.account.is_confirmed();
        let files_at = knows_all.then(|| format!("{}/files", seat.path()));
        let name = |user| seat.name(user);
        let mut document = Self::draw(&seat.scene(), texts, files_at.as_deref(), &name, knows_all);
        document.side = texts.side(escrow, seat.role);
        document.gets = seat.gets();
        document.yours = Some(match seat.role {
            Role::Buyer => ("You pay in all", seat.money(escrow.plan.charge_minor())),
            Role::Seller | Role::Broker | Role::Payee => {
                ("You receive in all", seat.money(received_by(seat)))
            }
        });
        document
    }

    /// The contract for whoever takes no part in the deal. Files are offered where they may have them, and addresses
    /// stand where they may know them.
    #[must_use]
    pub fn draw(
        scene: &Scene<'_>,
        texts: &Texts,
        files_at: Option<&str>,
        name: &dyn Fn(UserId) -> String,
        with_addresses: bool,
    ) -> Self {
        let escrow = scene.escrow;
        let files = escrow.terms.files.iter();
        let hrefs: Vec<String> =
            files.map(|file| files_at.map(|at| format!("{at}/{}", file.id)).unwrap_or_default()).collect();
        let (title, sections) = read(&texts.contract(), &hrefs, with_addresses);
        Self {
            title,
            reference: escrow.reference.clone(),
            sha256: escrow.document_sha256.clone(),
            sections,
            without_addresses: !with_addresses,
            signs: escrow.terms.mode == Mode::Standard,
            parties: escrow.parties.iter().map(|party| named(scene, party, name)).collect(),
            gets: None,
            side: None,
            yours: None,
        }
    }
}

/// The title of a text and its sections.
#[must_use]
pub fn read(text: &str, files: &[String], with_addresses: bool) -> (String, Vec<Section>) {
    let mut blocks = blocks::read(text).into_iter();
    let title = match blocks.next() {
        Some(Block::Title(title)) => title,
        Some(_) | None => String::new(),
    };
    let mut sections = vec![Section { heading: String::new(), technical: false, parts: Vec::new() }];
    for block in blocks {
        if let Block::Section { number, title } = &block {
            let (heading, technical) = (format!("{number}. {title}"), title == TECHNICAL);
            sections.push(Section { heading, technical, parts: Vec::new() });
            continue;
        }
        if let Some(section) = sections.last_mut() {
            section.add(block, files, with_addresses);
        }
    }
    (title, sections)
}

impl Section {
    fn add(&mut self, block: Block, files: &[String], with_addresses: bool) {
        match block {
            Block::Title(line) => self.parts.push(Part::Clause(String::new(), line)),
            Block::Section { .. } => {}
            Block::Clause { section, number, text } => {
                self.parts.push(Part::Clause(format!("{section}.{number}"), text));
            }
            Block::Quote(text) => self.parts.push(Part::Quote(text)),
            Block::Item { label, .. } if label == ADDRESS && !with_addresses => {}
            Block::Item { label, value } => {
                let number = label.strip_prefix("File ").and_then(|number| number.parse::<usize>().ok());
                let href = number.and_then(|number| files.get(number.checked_sub(1)?)).cloned();
                let item = Item { label, value, href: href.unwrap_or_default() };
                match self.parts.last_mut() {
                    Some(Part::Items(items)) => items.push(item),
                    _ => self.parts.push(Part::Items(vec![item])),
                }
            }
        }
    }
}

fn named(scene: &Scene<'_>, party: &Party, name: &dyn Fn(UserId) -> String) -> NamedParty {
    let signature = party.signature.as_ref().filter(|mark| mark.version == scene.escrow.version);
    NamedParty {
        role: capital(&scene.escrow.terms.called(party.user)),
        name: name(party.user),
        signed: signature.map(|mark| scene.reader.time(mark.at).plain()),
        signed_as: scene.signed_as(party).unwrap_or_default(),
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

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, &reference).await?;
    let texts = Texts::load(&mut reader.conn(), &seat.escrow).await?;
    page::html(&Page {
        shell: Shell::new(&app, &visit, format!("Contract: {}", seat.escrow.terms.title)).at(Place::Escrows),
        path: seat.path(),
        document: Document::of(&seat, &texts),
        can_sign: seat.offered(Action::Sign),
        can_accept: seat.offered(Action::Accept),
        text: texts.contract(),
    })
}

/// The exact bytes whose SHA-256 is signed.
async fn download(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, &reference).await?;
    let escrow = &seat.escrow;
    let text = Texts::load(&mut reader.conn(), escrow).await?.exact()?;
    Ok(attached(&format!("{}-v{}", escrow.reference, escrow.version), text))
}

/// The same of the side agreement, for those who see it.
async fn download_side(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let seat = Seat::load(&app, &mut reader.conn(), account, &reference).await?;
    if !seat.escrow.terms.commission.as_ref().is_some_and(|commission| commission.hidden) {
        return Err(Error::NotFound);
    }
    let texts = Texts::load(&mut reader.conn(), &seat.escrow).await?;
    let (text, _) = texts.side(&seat.escrow, seat.role).ok_or(Error::NotFound)?;
    Ok(attached(&format!("{}-v{}-side-agreement", seat.escrow.reference, seat.escrow.version), text))
}

/// Who signed the version that stands, to be kept beside its exact text.
async fn download_signatures(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    if seat.escrow.terms.mode != Mode::Standard {
        return Err(Error::NotFound);
    }
    Ok(attached(
        &format!("{}-v{}-signatures", seat.escrow.reference, seat.escrow.version),
        certificate(&seat),
    ))
}

fn certificate(seat: &Seat) -> String {
    let Escrow { reference, version, document_sha256, .. } = &seat.escrow;
    let mut lines = vec![
        "Certificate of signatures".to_owned(),
        format!("Reference: {reference}"),
        format!("Version: {version}"),
        format!("SHA-256 of the signed text: {document_sha256}"),
    ];
    for party in seat.escrow.parties.iter().filter(|party| party.role.must_agree()) {
        let role = capital(party.role.word());
        let signature = party.signature.as_ref().filter(|mark| mark.version == *version);
        lines.push(match (signature, seat.signed_as(party)) {
            (Some(mark), Some(typed)) => {
                format!("{role}: signed as “{}” at {}", blocks::one_line(&typed), mark.at.rfc3339())
            }
            (Some(mark), None) => {
                format!("{role}: signed at {}; the name is kept no longer", mark.at.rfc3339())
            }
            (None, _) => format!("{role}: has not signed"),
        });
    }
    lines.join("\n") + "\n"
}

fn attached(name: &str, text: String) -> Response {
    let name = format!("attachment; filename=\"{name}.txt\"");
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, text).into_response()
}
