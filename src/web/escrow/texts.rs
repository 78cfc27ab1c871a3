//! The stored texts of one version, as a page shows them. They are read back and never written anew.

use crate::engine::escrow::Escrow;
use crate::engine::party::Role;
use crate::engine::veil;
use crate::error::Error;
use crate::store::contracts::{self, Kind, Stored};
use crate::store::db::{Conn, DbError};

/// Stands where a text was, once its retention is over.
const ERASED: &str = "The text of this version is kept no longer. Its fingerprint stays in the history.\n";

/// The texts of one version.
#[derive(Clone, Debug)]
pub struct Texts(Vec<Stored>);

impl Texts {
    /// Those of the version that an escrow stands in.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn<'_>, escrow: &Escrow) -> Result<Self, DbError> {
        Ok(Self(contracts::of_version(conn, escrow.id, escrow.version).await?))
    }

    /// Those of a version, out of all of an escrow.
    #[must_use]
    pub fn of(all: &[Stored], version: u32) -> Self {
        let same = |text: &&Stored| u32::try_from(text.version) == Ok(version);
        Self(all.iter().filter(same).cloned().collect())
    }

    fn get(&self, kind: Kind) -> Option<&Stored> {
        self.0.iter().find(|text| text.kind == kind.name())
    }

    /// The contract for a page.
    #[must_use]
    pub fn contract(&self) -> String {
        let text = self.get(Kind::Contract).and_then(|text| text.text.clone());
        text.unwrap_or_else(|| ERASED.to_owned())
    }

    /// The contract's exact bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`] once they are kept no longer.
    pub fn exact(&self) -> Result<String, Error> {
        self.get(Kind::Contract).and_then(|text| text.text.clone()).ok_or(Error::NotFound)
    }

    /// The side agreement and its SHA-256, for a role that sees it.
    #[must_use]
    pub fn side(&self, escrow: &Escrow, role: Role) -> Option<(String, String)> {
        let side = self.get(Kind::Side).filter(|_| !veil::hides_from(&escrow.terms, role))?;
        Some((side.text.clone()?, side.sha256.clone()))
    }
}
