//! What the security log says, as its owner and operators read it.

use super::view::{Reader, TimeView};
use crate::store::security::{Kind, Line};

/// A row of the log, ready to be drawn.
pub struct Row {
    pub at: TimeView,
    /// Whose account; empty where nobody is known.
    pub who: String,
    /// Where that account stands in the console; empty for none.
    pub href: String,
    pub what: &'static str,
    pub from: String,
    pub note: String,
}

impl Row {
    /// Draws a row for a reader.
    #[must_use]
    pub fn new(line: Line, reader: &Reader) -> Self {
        let Line { at, kind, user_id, email, ip, device, note, .. } = line;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
        let from = match (device.is_empty(), ip.is_empty()) {
            (true, true) => "The portal".to_owned(),
            (true, false) => ip,
            (false, true) => device,
            (false, false) => format!("{device}, {ip}"),
        };
        Self {
            at: reader.time(at).plain(),
            who: email.unwrap_or_default(),
            href: user_id.map(|id| format!("/admin/users/{id}")).unwrap_or_default(),
            what: kind.map_or("Something that this version does not know", words),
            from,
            note,
        }
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::SignedIn => "Signed in",
        Kind::NewDevice => "Signed in on a new device",
        Kind::SignInFailed => "Sign-in failed: wrong password, or the address is not confirmed",
        Kind::SignInSlowed => "Sign-in refused: too many tries",
        Kind::SignedOut => "Signed out",
        Kind::SessionEnded => "One device was signed out",
        Kind::OthersSignedOut => "Every other device was signed out",
        Kind::PasswordChanged => "The password was changed",
        Kind::ResetAsked => "A link for a new password was asked for",
        Kind::AddressAsked => "Another email address was asked for",
        Kind::AddressChanged => "The email address was changed",
        Kind::OperatorAdded => "Became an operator of this portal",
        Kind::OperatorRemoved => "Is no longer an operator of this portal",
        Kind::Frozen => "The portal froze this account",
        Kind::Unfrozen => "The portal unfroze this account",
        Kind::FrozenAct => "Refused: the account is frozen",
        Kind::ForeignPage => "Refused: a page that is not this person’s",
        Kind::CrossSite => "Refused: a form that another site sent",
        Kind::UnsignedNotice => "Refused: a payment notice without a good signature",
    }
}
