//! A draft that is being worked on, loaded for its owner.

use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::answers::Answers;
use super::steps::Step;
use super::terms::{Given, Reading, read};
use crate::app::App;
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::files::{self, FileRow};
use crate::store::users::Account;
use crate::store::{drafts, users};

/// A draft, its owner and its files.
pub struct Opened {
    pub id: Uuid,
    pub account: Account,
    /// As it is stored.
    pub fields: String,
    pub answers: Answers,
    pub files: Vec<FileRow>,
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
    Ok(Found::Draft(Box::new(Opened {
        id,
        account,
        answers: Answers::new(&draft.pairs()?),
        files: files::of_draft(conn, id).await?,
        fields: draft.fields,
        now: app.clock.now(),
    })))
}

impl Opened {
    /// Where its pages are.
    #[must_use]
    pub fn path(&self) -> String {
        path(self.id)
    }

    /// The draft as terms.
    #[must_use]
    pub fn read(&self) -> Reading {
        let email = users::address(self.account.address()).unwrap_or_default();
        let given = Given {
            creator: self.account.id,
            email: &email,
            zone: &self.account.time_zone,
            now: self.now,
            files: self.files.iter().map(FileRow::reference).collect(),
        };
        read(&self.answers, &given)
    }

    /// The currency of its amounts: the chosen one, else the one of the creator's country or time zone.
    #[must_use]
    pub fn currency(&self) -> crate::money::Currency {
        use crate::money::Currency;
        let chosen = Currency::from_code(self.answers.get("currency"));
        let local = || crate::web::currencies::local(self.account.country.as_deref().unwrap_or_default());
        let by_zone = || crate::web::currencies::of_zone(&self.account.time_zone);
        chosen.or_else(local).or_else(by_zone).unwrap_or(Currency::USD)
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
