//! What the portal writes to people, letter by letter. A letter is kept as its few facts and put into
//! words when it is sent, in the reader's time zone; a secret for its link is made at that moment too,
//! so that none lies in the database.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar::Zone;
use crate::engine::notices::{Deciding, EscrowNews, News};
use crate::engine::party::Capacity;
use crate::engine::time::Time;
use crate::mail::sheet::{Button, Sheet};
use crate::mail::{escrow, voice};
use crate::store::outbox::{NewMail, To};
use crate::store::tokens::Purpose;

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// To whoever signed up: is this address yours?
    ConfirmAddress,
    /// Somebody signed up with an address that has an account. The page said the same to them as to
    /// everyone, so that it tells no stranger who has an account; the owner is told here.
    AlreadyRegistered,
    ResetPassword,
    PasswordChanged {
        at: Time,
    },
    /// To the address that an account shall have from now on: is it yours?
    NewAddress,
    /// To the address that an account is about to leave: may it?
    OldAddress {
        new: String,
    },
    /// The address was changed; goes to the one that was left, with a link to undo it.
    AddressChanged {
        at: Time,
    },
    /// An operator lets this person read and do nothing else.
    Frozen {
        at: Time,
        reason: String,
    },
    Unfrozen {
        at: Time,
    },
    /// News of an escrow, written by `store/notifications.rs`.
    Escrow(EscrowNews),
    /// A guest's new link, asked for because the old one had run out.
    GuestLink {
        title: String,
        reference: String,
    },
    /// A seller has his pay link mailed.
    PayLink {
        title: String,
        reference: String,
        seller: String,
        amount: String,
    },
    /// To operators: a checkpoint, to be kept.
    Checkpoint {
        number: i64,
        at: Time,
        root: String,
        /// The public key that signed it.
        key: String,
        /// The ledger, a sentence a currency.
        totals: Vec<String>,
        /// What was signed and the signature, as a line to be kept as a file.
        copy: String,
    },
    /// A sign-in from a device that was not seen before.
    NewSignIn {
        at: Time,
        ip: String,
        device: String,
    },
}

/// What the words of a letter depend on beside its own facts.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub zone: &'a Zone,
    /// The address that the letter goes to.
    pub address: &'a str,
    /// The portal's public address, without a slash at its end.
    pub home: &'a str,
    /// The address of the button when it carries a secret, else empty.
    pub secret_link: &'a str,
    /// Who made the escrow that the letter is about, by name and address; empty where it says nothing of that.
    pub inviter: &'a str,
    /// The same by name alone, for the subject.
    pub inviter_name: &'a str,
    /// Whether the reader has dealt with whoever sends it. Else the sender's words stand neither in the subject nor
    /// in the headline: there they would be taken for ours.
    pub knows: bool,
}

/// The page that takes a secret of this purpose.
#[must_use]
pub fn path(purpose: Purpose, secret: &str) -> String {
    match purpose {
        Purpose::ConfirmAddress => format!("/verify-email/{secret}"),
        Purpose::NewAddress => format!("/settings/address/{secret}"),
        Purpose::OldAddress => format!("/settings/address/{secret}"),
        Purpose::UndoAddress => format!("/address-undo/{secret}"),
        Purpose::Reset => format!("/reset/{secret}"),
        Purpose::Setup => format!("/setup/{secret}"),
        Purpose::Invitation => format!("/invitations/{secret}"),
        Purpose::Arbiter => format!("/arbiter/{secret}"),
        Purpose::Guest => format!("/g/{secret}"),
    }
}

impl Letter {
    /// The letter to a user at the address on record, ready for the outbox.
    #[must_use]
    pub fn to_user(&self, user: Uuid) -> NewMail {
        self.to(To::User(user))
    }

    /// The letter, ready for the outbox. All but news of an escrow go first.
    #[must_use]
    pub fn to(&self, to: To) -> NewMail {
        let payload = serde_json::json!(self);
        let kind = payload["letter"].as_str().unwrap_or("letter").to_owned();
        NewMail { to, kind, payload: payload.to_string(), escrow_id: None, urgent: true }
    }

    /// The letter of an outbox row.
    ///
    /// # Errors
    /// A payload that this version of the program cannot read.
    pub fn read(payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }

    /// What must be made for its link when it is sent. To somebody without an account every letter about
    /// an escrow carries an invitation, since without one none of its pages can be read.
    #[must_use]
    pub fn purpose(&self, has_account: bool) -> Option<Purpose> {
        match self {
            Self::Escrow(news) if news.notice.role == Capacity::Arbiter => {
                (!has_account).then_some(Purpose::Arbiter)
            }
            Self::Escrow(news) if news.guest => (!has_account).then_some(Purpose::Guest),
            // Of what he is not in any more there is nothing to show.
            Self::Escrow(news) if matches!(news.notice.news, News::NoLongerPayee { .. }) => None,
            Self::Escrow(_) => (!has_account).then_some(Purpose::Invitation),
            Self::GuestLink { .. } => Some(Purpose::Guest),
            Self::ConfirmAddress => Some(Purpose::ConfirmAddress),
            Self::NewAddress => Some(Purpose::NewAddress),
            Self::OldAddress { .. } => Some(Purpose::OldAddress),
            Self::AddressChanged { .. } => Some(Purpose::UndoAddress),
            Self::ResetPassword => Some(Purpose::Reset),
            Self::PayLink { .. }
            | Self::AlreadyRegistered
            | Self::PasswordChanged { .. }
            | Self::Frozen { .. }
            | Self::Unfrozen { .. }
            | Self::Checkpoint { .. }
            | Self::NewSignIn { .. } => None,
        }
    }

    /// Whether it tells somebody of an escrow for the first time, and so must say who is behind it.
    #[must_use]
    pub fn invites(&self) -> bool {
        let Self::Escrow(news) = self else { return false };
        matches!(
            news.notice.news,
            News::Invited { .. }
                | News::InvitedAgain { .. }
                | News::NamedAsPayee { .. }
                | News::Deciding(Deciding::Named)
        )
    }

    /// Whether its reader may know no address of a party.
    #[must_use]
    pub fn keeps_addresses(&self) -> bool {
        matches!(self, Self::Escrow(news) if news.notice.role == Capacity::Arbiter)
    }

    /// The letter in words.
    #[must_use]
    pub fn sheet(&self, reader: &Reader<'_>) -> Sheet {
        let page = |label: &str, path: &str| button(label, format!("{}{path}", reader.home));
        let mine = "You get this mail because this address belongs to a Holdfast account. \
                    Mails about your sign-in cannot be switched off.";
        match self {
            Self::Escrow(news) => escrow::sheet(news, reader),
            Self::GuestLink { title, reference } => guest_link(reader, title, reference),
            Self::PayLink { title, reference, seller, amount } => pay_link(reader, title, reference, seller)
                .fact("To pay", amount.as_str())
                .fact("Reference", reference.as_str()),
            Self::ConfirmAddress => confirm_address(reader),
            Self::NewAddress => new_address(reader),
            Self::OldAddress { new } => old_address(reader, new),
            Self::AlreadyRegistered => Sheet {
                subject: "You already have a Holdfast account".into(),
                headline: "You already have an account".into(),
                paragraphs: vec![
                    "Somebody, probably you, tried to sign up at Holdfast with this address. It has an account already, so nothing was changed.".into(),
                    "Sign in with it. If you no longer know your password, the sign-in page helps you to a new one.".into(),
                ],
                button: page("Sign in", "/sign-in"),
                why: mine.into(),
                ..Sheet::default()
            },
            Self::ResetPassword => reset_password(reader),
            Self::PasswordChanged { at } => Sheet {
                subject: "Your Holdfast password was changed".into(),
                headline: "Your password was changed".into(),
                paragraphs: vec!["The password of your account was changed, and every other device was signed out.".into()],
                button: page("I did not do this", "/reset"),
                afterwards: vec!["If it was you, there is nothing to do. If not, choose a new password at once.".into()],
                why: mine.into(),
                ..Sheet::default()
            }
            .fact("When", reader.zone.moment(*at)),
            Self::AddressChanged { at } => address_changed(reader).fact("When", reader.zone.moment(*at)),
            Self::Frozen { at, reason } => frozen(reader, reason).fact("When", reader.zone.moment(*at)),
            Self::Unfrozen { at } => Sheet {
                subject: "Your Holdfast account works again".into(),
                headline: "Your account works again".into(),
                paragraphs: vec!["The operators of this portal have unfrozen your account. You can answer, pay and be paid as before.".into()],
                button: page("Sign in", "/sign-in"),
                afterwards: vec!["Deadlines went on meanwhile: look at your escrows first.".into()],
                why: mine.into(),
                ..Sheet::default()
            }
            .fact("When", reader.zone.moment(*at)),
            Self::Checkpoint { number, at, root, key, totals, copy } => {
                checkpoint(*number, copy, totals)
                    .fact("When", reader.zone.moment(*at))
                    .fact("Root", root.as_str())
                    .fact("Public key", key.as_str())
            }
            Self::NewSignIn { at, ip, device } => Sheet {
                subject: "A new sign-in to your Holdfast account".into(),
                headline: "A new device signed in".into(),
                paragraphs: vec!["Somebody signed in to your account from a device that we had not seen before.".into()],
                button: page("See your devices", "/settings/sessions"),
                afterwards: vec!["If it was you, there is nothing to do. If not, sign that device out there and choose a new password.".into()],
                why: mine.into(),
                ..Sheet::default()
            }
            .fact("When", reader.zone.moment(*at))
            .fact("Device", device.as_str())
            .fact("Network address", ip.as_str()),
        }
    }
}

fn checkpoint(number: i64, copy: &str, totals: &[String]) -> Sheet {
    let mut paragraphs = vec![
        "Keep this mail. It seals how far the history of every escrow and of the audit had come, and shows later whether anything was changed.".to_owned(),
        "To compare: save the line that begins with { as a file, and run “holdfast doctor --against FILE”.".to_owned(),
    ];
    paragraphs.extend(totals.iter().map(|sums| format!("The ledger: {sums}.")));
    Sheet {
        subject: format!("Checkpoint {number}"),
        headline: format!("Checkpoint {number}"),
        paragraphs,
        afterwards: vec![copy.to_owned()],
        why: "You get this mail because you are an operator of this portal.".into(),
        ..Sheet::default()
    }
}

fn guest_link(reader: &Reader<'_>, title: &str, reference: &str) -> Sheet {
    Sheet {
        subject: voice::subject("A new link to your purchase", title, reference),
        headline: "A new link to your purchase".into(),
        paragraphs: vec![format!("Here you follow “{title}”, find your receipt, and do what is to be done.")],
        button: button("Follow your purchase", reader.secret_link.to_owned()),
        afterwards: vec!["The link is yours alone: don’t pass it on. It is good for 90 days.".into()],
        why: "You get this mail because a new link was asked for with this address.".into(),
        ..Sheet::default()
    }
}

fn pay_link(reader: &Reader<'_>, title: &str, reference: &str, seller: &str) -> Sheet {
    Sheet {
        subject: format!("You are asked to pay · {reference}"),
        headline: "You are asked to pay".into(),
        paragraphs: vec![
            format!("A seller who calls themselves “{seller}” asks you to pay for “{title}”."),
            "Holdfast holds your money until it is delivered. You need no account, and nothing binds you unless you pay.".into(),
        ],
        button: button("See it and pay", reader.secret_link.to_owned()),
        afterwards: vec!["The link is good for one sale: whoever pays by it first is the buyer. If you expect no such mail, ignore it.".into()],
        why: "You get this mail because the seller typed this address.".into(),
        ..Sheet::default()
    }
}

fn frozen(reader: &Reader<'_>, reason: &str) -> Sheet {
    Sheet {
        subject: "Your Holdfast account is frozen".into(),
        headline: "Your account is frozen".into(),
        paragraphs: vec![
            "The operators of this portal have frozen your account. You can sign in and read everything, but you can’t answer, pay or be paid until they end that.".into(),
            format!("Their reason: {reason}"),
        ],
        button: button("Read your escrows", format!("{}/escrows", reader.home)),
        afterwards: vec![
            "Money that is held stays safe, and deadlines of your escrows go on. To clear this up, answer to this mail.".into(),
        ],
        why: "You get this mail because this address belongs to a Holdfast account. Mails about what your account may do cannot be switched off.".into(),
        ..Sheet::default()
    }
}

fn confirm_address(reader: &Reader<'_>) -> Sheet {
    Sheet {
        subject: "Confirm your address for Holdfast".into(),
        headline: "Confirm your address".into(),
        paragraphs: vec![format!(
            "Somebody, probably you, signed up at Holdfast with {}. Confirm that this address is yours, and you can make and accept escrows.",
            reader.address
        )],
        button: button("Confirm my address", reader.secret_link.to_owned()),
        afterwards: vec![
            good_once(Purpose::ConfirmAddress),
            "If it was not you, ignore this mail: without the confirmation nothing can be done in your name."
                .into(),
        ],
        why: "You get this mail because this address was typed at a sign-up.".into(),
        ..Sheet::default()
    }
}

fn new_address(reader: &Reader<'_>) -> Sheet {
    Sheet {
        subject: "Use this address for your Holdfast account".into(),
        headline: "Is this your new address?".into(),
        paragraphs: vec![format!(
            "Somebody, probably you, asked that a Holdfast account be moved to {}. Open the link while you are signed in to that account, and the one in the mail to its present address too.",
            reader.address
        )],
        button: button("Use this address", reader.secret_link.to_owned()),
        afterwards: vec![
            good_once(Purpose::NewAddress),
            "If it was not you, ignore this mail: nothing changes.".into(),
        ],
        why: "You get this mail because this address was typed in the settings of a Holdfast account.".into(),
        ..Sheet::default()
    }
}

fn old_address(reader: &Reader<'_>, new: &str) -> Sheet {
    Sheet {
        subject: "Move your Holdfast account to another address?".into(),
        headline: "Move your account to another address?".into(),
        paragraphs: vec![format!(
            "Somebody who knows your password asked that your Holdfast account be moved from {} to {}. Open the link while you are signed in, and the one in the mail to the new address too.",
            reader.address,
            crate::address::shown(new)
        )],
        button: button("Let it move", reader.secret_link.to_owned()),
        afterwards: vec![
            good_once(Purpose::OldAddress),
            "If it was not you, don’t open the link, and choose a new password at once: nothing moves without this mailbox.".into(),
        ],
        why: "You get this mail because this address belongs to a Holdfast account. Mails about your sign-in cannot be switched off.".into(),
        ..Sheet::default()
    }
}

fn address_changed(reader: &Reader<'_>) -> Sheet {
    Sheet {
        subject: "The address of your Holdfast account was changed".into(),
        headline: "Your account has a new address".into(),
        paragraphs: vec!["Both mailboxes confirmed it. Mails about your account now go to another address, you sign in with that one, and other devices were signed out.".into()],
        button: button("Undo it", reader.secret_link.to_owned()),
        afterwards: vec![
            good_once(Purpose::UndoAddress),
            "If it was you, there is nothing to do. If not, open the link: your account gets this address back and every device is signed out.".into(),
        ],
        why: "You get this mail because this was the address of a Holdfast account until now.".into(),
        ..Sheet::default()
    }
}

fn reset_password(reader: &Reader<'_>) -> Sheet {
    Sheet {
        subject: "Choose a new password for Holdfast".into(),
        headline: "Choose a new password".into(),
        paragraphs: vec![format!(
            "Somebody, probably you, asked for a new password for the account of {}.",
            reader.address
        )],
        button: button("Choose a new password", reader.secret_link.to_owned()),
        afterwards: vec![
            good_once(Purpose::Reset),
            "If it was not you, ignore this mail: your password stays as it is.".into(),
        ],
        why: "You get this mail because a new password was asked for with this address.".into(),
        ..Sheet::default()
    }
}

fn good_once(purpose: Purpose) -> String {
    let minutes = purpose.lifetime().whole_minutes();
    let time = match (minutes / (24 * 60), minutes / 60) {
        (days @ 2.., _) => format!("{days} days"),
        (_, hours @ 2..) => format!("{hours} hours"),
        _ => format!("{minutes} minutes"),
    };
    format!("The link works once, for {time}.")
}

fn button(label: &str, address: String) -> Option<Button> {
    Some(Button { label: label.to_owned(), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Letter> {
        let at = Time::from_micros(1_777_933_800_000_000);
        vec![
            Letter::ConfirmAddress,
            Letter::AlreadyRegistered,
            Letter::ResetPassword,
            Letter::NewAddress,
            Letter::OldAddress { new: "amel@example.org".into() },
            Letter::PasswordChanged { at },
            Letter::AddressChanged { at },
            Letter::NewSignIn { at, ip: "192.0.2.7".into(), device: "Firefox on Linux".into() },
        ]
    }

    #[test]
    fn a_letter_comes_out_of_the_outbox_as_it_went_in() {
        for letter in all() {
            let mail = letter.to_user(Uuid::nil());
            assert_eq!(Letter::read(&mail.payload).unwrap(), letter);
            assert!(!mail.kind.is_empty() && mail.kind.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        }
        assert!(Letter::read("{\"letter\":\"unknown\"}").is_err());
    }

    #[test]
    fn every_letter_has_its_words_and_says_why_it_was_sent() {
        let link = "https://h.example/verify-email/SECRET";
        for letter in all() {
            let reader = Reader {
                zone: &Zone::utc(),
                address: "amel@example.com",
                home: "https://h.example",
                secret_link: link,
                inviter: "",
                inviter_name: "",
                knows: true,
            };
            let sheet = letter.sheet(&reader);
            for text in [&sheet.subject, &sheet.headline, &sheet.why, &sheet.paragraphs[0]] {
                assert!(!text.is_empty() && !text.contains("  "), "{letter:?}: {text:?}");
            }
            assert!(sheet.why.starts_with("You get this mail because"));
            let carries = sheet.button.as_ref().is_some_and(|button| button.address == link);
            assert_eq!(carries, letter.purpose(true).is_some(), "{letter:?}");
        }
    }

    #[test]
    fn times_are_told_in_the_readers_zone() {
        let zone = Zone::from_name("Africa/Tunis").unwrap();
        let reader = Reader {
            zone: &zone,
            address: "a@b.c",
            home: "https://h.example",
            secret_link: "",
            inviter: "",
            inviter_name: "",
            knows: true,
        };
        let sheet = Letter::PasswordChanged { at: Time::from_micros(1_777_933_800_000_000) }.sheet(&reader);
        assert_eq!(sheet.facts[0].value, "Mon 4 May 2026, 23:30 (Tunis)");
    }
}
