//! What is said while the terms are talked about.

use super::{OPEN, Said, by, for_price};
use crate::engine::notices::News;
use crate::engine::time::Time;

/// "sign it" or "accept it".
fn act(signs: bool) -> &'static str {
    if signs { "sign it" } else { "accept it" }
}

impl News {
    #[allow(clippy::wildcard_enum_match_arm, reason = "`say` sorts them and names every one")]
    pub(super) fn negotiation(&self, title: &str, at: &dyn Fn(Time) -> String) -> Said {
        match self {
            Self::NewTerms { by: role, version, expires_at, signs } => (
                format!("New terms, version {version}: {title}"),
                vec![
                    format!(
                        "{} proposes other terms for “{title}”. They are version {version} now. What anybody agreed to before no longer counts.",
                        by(*role)
                    ),
                    format!(
                        "Read what changed. Then {}, decline, or propose changes yourself, by {}. After that the escrow expires and nobody owes anything.",
                        act(*signs),
                        at(*expires_at)
                    ),
                ],
                "See what changed",
                format!("/terms/compare?from={}&to={version}", version.saturating_sub(1)),
            ),
            Self::PartyCorrected { role, version, expires_at, signs } => (
                format!("An address was corrected: {title}"),
                vec![
                    format!(
                        "The {} of “{title}” had been named by a wrong address. It was corrected, so the contract names somebody else and is version {version} now. Nothing else changed.",
                        role.word()
                    ),
                    format!(
                        "What you agreed to before no longer counts. Read it and {} by {}.",
                        act(*signs),
                        at(*expires_at)
                    ),
                ],
                "Read the terms",
                "/contract".to_owned(),
            ),
            Self::InvitedAgain { by: role, expires_at, signs, price } => {
                let act =
                    if *signs { "read the contract and sign it" } else { "read the terms and accept them" };
                (
                    format!("Invitation to an escrow, once more: {title}"),
                    vec![
                        format!(
                            "{} still waits for your answer to “{title}”{}. Links of earlier mails about it no longer open anything.",
                            by(*role),
                            for_price(*price)
                        ),
                        format!(
                            "Nothing binds you until you agree. To take part, {act} by {}. After that the invitation expires, and nobody owes anything.",
                            at(*expires_at)
                        ),
                    ],
                    "Read the terms",
                    "/invitation".to_owned(),
                )
            }
            Self::Nudged { .. } => self.reminds(title, at),
            _ => (String::new(), Vec::new(), OPEN, String::new()),
        }
    }
}
