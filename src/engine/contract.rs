//! The contract: the terms of one version as a text that people read and sign.
//!
//! The text is written once, with the version that it belongs to, and stored; its SHA-256 stands in the event
//! and is what a signature binds to. Afterwards it is only read back: a later change of our wording never
//! touches an old deal. So everything that goes into it comes in here: the terms, the moment, and what people
//! and files are called, which the engine knows nothing of.

pub mod blocks;
pub mod clauses;
mod dates;
mod first;
mod rules;

use uuid::Uuid;

use super::chain::sha256_hex;
use super::escrow::Escrow;
use super::party::{Role, UserId};
use super::terms::Terms;
use super::time::Time;
use super::veil;

/// The generation of our wording that writes new texts.
const FORMAT: u16 = 2;
/// The language of every text that we write.
pub const LANGUAGE: &str = "en";

/// A text as it is stored and signed: UTF-8, `\n` at each line's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Which generation of our wording wrote it, from 1.
    pub format: u16,
    /// IETF language tag.
    pub language: &'static str,
    pub text: String,
}

impl Text {
    /// SHA-256 of its exact bytes, in hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_hex(self.text.as_bytes())
    }
}

/// What somebody is called in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub user: UserId,
    /// Empty where nobody has said it yet.
    pub name: String,
    pub address: String,
}

/// What the engine does not know of people and files, and a salt that keeps a text's hash from being guessed at
/// once the text is erased. It comes with the command that makes a version, from rows that can be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    pub people: Vec<Named>,
    /// Names of the terms' files, by their ids.
    pub files: Vec<(Uuid, String)>,
    /// In hex.
    pub salt: String,
}

/// All that a text is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub terms: &'a Terms,
    pub reference: &'a str,
    pub version: u32,
    /// When this version was sent.
    pub at: Time,
    pub naming: &'a Naming,
}

/// The texts of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    pub contract: Text,
    /// The side agreement on a commission that the contract keeps quiet about.
    pub side: Option<Text>,
}

impl Texts {
    /// The texts of a new version, in the present wording.
    #[must_use]
    pub fn write(source: &Source<'_>) -> Self {
        let text = |blocks: &[blocks::Block]| Text {
            format: FORMAT,
            language: LANGUAGE,
            text: blocks::write(blocks),
        };
        let contract = text(&clauses::contract(source));
        let side = clauses::side(source, &contract.sha256()).map(|blocks| text(&blocks));
        Self { contract, side }
    }

    /// The texts of a version from before texts were stored. For filling those in, and for nothing else.
    #[must_use]
    pub fn first(terms: &Terms, reference: &str, version: u32) -> Self {
        let text = |text| Text { format: 1, language: LANGUAGE, text };
        Self {
            contract: text(first::text(terms, reference, version)),
            side: first::side_text(terms, reference, version).map(text),
        }
    }

    /// SHA-256 of the side agreement, in hex.
    #[must_use]
    pub fn side_sha256(&self) -> Option<String> {
        self.side.as_ref().map(Text::sha256)
    }
}

/// Whether a text can be a SHA-256 in hex, as we write it.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|sign| sign.is_ascii_digit() || (b'a'..=b'f').contains(&sign))
}

/// The digest of the side agreement that a party in a role agrees to; nothing for those who don't see it.
#[must_use]
pub fn side_sha256_for(escrow: &Escrow, role: Role) -> Option<String> {
    if veil::hides_from(&escrow.terms, role) {
        return None;
    }
    // Versions from before texts were stored name only the contract's in their event.
    let of_old = || Texts::first(&escrow.terms, &escrow.reference, escrow.version).side_sha256();
    escrow.side_sha256.clone().or_else(of_old)
}
