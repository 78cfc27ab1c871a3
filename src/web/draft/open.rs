//! A draft that is being worked on, loaded for its owner.

use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::answers::Answers;
use super::base::Base;
use super::handler::Called;
use super::steps::Step;
use super::summary::is_abroad;
use super::terms::{Given, Reading, read};
use crate::app::App;
use crate::engine::time::Time;
use crate::engine::veil;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::fees::{self, Current};
use crate::store::files::{self, FileRow};
use crate::store::users::Account;
use crate::store::{drafts, escrows};

/// A draft, its owner and its files.
pub struct Opened {
    pub id: Uuid,
    pub account: Account,
    /// As it is stored.
    pub fields: String,
    pub answers: Answers,
    /// Files that were attached to the draft itself.
    pub files: Vec<FileRow>,
    pub base: Option<Base>,
    /// The fees that apply now.
    pub fees: Current,
    pub now: Time,
}

/// What stands at a draft's address.
pub enum Found {
    Draft(Box<Opened>),
    /// It was sent: where its escrow is.
    Sent(Response),
}

/// The id of a draft's address.
///
/// # Errors
/// [`Error::NotFound`] for what can be none.
pub fn id(typed: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(typed).map_err(|_| Error::NotFound)
}

/// Loads a draft for its owner.
///
/// # Errors
/// [`Error::NotFound`] for what is not there or somebody else's.
pub async fn find(app: &App, account: Account, id: Uuid) -> Result<Found, Error> {
    let mut reader = app.db.read().await?;
    let conn = &mut reader.conn();
    let Some(draft) = drafts::by_id(conn, id, account.id).await? else {
        let reference = drafts::sent_as(conn, id, account.id).await?.ok_or(Error::NotFound)?;
        return Ok(Found::Sent(Redirect::to(&format!("/escrows/{reference}")).into_response()));
    };
    let (files, old_files) = files::of_draft_and_escrow(conn, id, draft.counters).await?;
    let base = match draft.counters {
        Some(escrow) => Some(base(conn, &account, escrow, draft.counters_version, old_files).await?),
        None => None,
    };
    let now = app.clock.now();
    Ok(Found::Draft(Box::new(Opened {
        id,
        account,
        answers: Answers::new(&draft.pairs()?),
        files,
        fees: fees::current(conn, now).await?,
        base,
        fields: draft.fields,
        now,
    })))
}

/// The escrow that a draft counters, for one of its parties.
async fn base(
    conn: &mut Conn<'_>,
    account: &Account,
    escrow: Uuid,
    version: Option<i64>,
    files: Vec<FileRow>,
) -> Result<Base, Error> {
    let escrow = escrows::by_id(conn, escrow).await?.ok_or(Error::NotFound)?;
    let role = escrow.party_of(account.id).ok_or(Error::NotFound)?.role;
    let escrow = veil::escrow(escrow, role);
    let people = match (&escrow.terms.arbiter, escrow.payees().is_empty()) {
        (None, true) => Vec::new(),
        (_, _) => escrows::people(conn, escrow.id).await?,
    };
    let arbiter = escrow.terms.arbiter.as_ref().and_then(|_| Called::among(&people));
    let payees = Called::payees(&escrow, &people);
    let version = version.and_then(|version| u32::try_from(version).ok()).unwrap_or_default();
    Ok(Base { escrow, version, files, arbiter, payees })
}

impl Opened {
    /// What is saved, whatever a page that came back shows.
    #[must_use]
    pub fn saved(&self) -> Answers {
        let pairs = serde_json::from_str::<drafts::Pairs>(&self.fields);
        pairs.map_or_else(|_| self.answers.clone(), |pairs| Answers::new(&pairs))
    }

    /// Where its pages are.
    #[must_use]
    pub fn path(&self) -> String {
        path(self.id)
    }

    /// The draft as terms.
    #[must_use]
    pub fn read(&self) -> Reading {
        let email = self.account.address().to_owned();
        let mut files = self.base.as_ref().map(|base| base.kept(&self.answers)).unwrap_or_default();
        files.extend(self.files.iter().map(FileRow::reference));
        let given = Given {
            creator: self.account.id,
            email: &email,
            zone: self.zone(),
            now: self.now,
            files,
            base: self.base.as_ref(),
            fees: &self.fees,
        };
        read(&self.answers, &given)
    }

    /// The zone in which its dates are meant: that of the terms which it counters, else its writer's.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.base.as_ref().map_or(&self.account.time_zone, |base| &base.escrow.terms.time_zone)
    }

    /// Whether a page has nothing to ask here: who has a say in what is countered does not change. Whoever is paid too
    /// may.
    #[must_use]
    pub fn is_settled(&self, step: Step) -> bool {
        self.base.is_some() && step == Step::Role
    }

    /// Whether the commission is none of this writer's business.
    #[must_use]
    pub fn hides_commission(&self) -> bool {
        let role = self.answers.role();
        let hides = |base: &Base| role.is_some_and(|role| veil::hides_from(&base.escrow.terms, role));
        self.base.as_ref().is_some_and(hides)
    }

    /// The currency of its amounts: the chosen one, else the one of everybody's country or of the creator's time zone,
    /// and the dollar between countries.
    #[must_use]
    pub fn currency(&self) -> crate::money::Currency {
        use crate::money::Currency;
        let chosen = Currency::typed(self.answers.get("currency"));
        let local = || crate::web::currencies::local(self.account.country.as_deref().unwrap_or_default());
        let by_zone = || crate::web::currencies::of_zone(&self.account.time_zone);
        let own = self.account.country.as_deref().unwrap_or_default();
        let abroad = self.answers.role().is_some_and(|role| is_abroad(&self.answers, role, own));
        let usual = || if abroad { None } else { local().or_else(by_zone) };
        chosen.or_else(usual).unwrap_or(Currency::USD)
    }
}

/// Where the pages of a draft are.
#[must_use]
pub fn path(id: Uuid) -> String {
    format!("/escrows/new/{}", id.simple())
}

/// The address of one of its pages.
#[must_use]
pub fn step_path(id: Uuid, step: Step, from_check: bool) -> String {
    let from = if from_check { "?from=check" } else { "" };
    format!("{}/{}{from}", path(id), step.slug())
}
