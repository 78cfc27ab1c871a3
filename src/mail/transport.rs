//! How a mail leaves: by SMTP when there is a server, else it stays in the house and can be read at
//! `/admin/mail`, so that a first run needs nothing.

use std::time::SystemTime;

use axum::http::Uri;
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use uuid::Uuid;

use crate::address;
use crate::config::Config;
use crate::engine::time::Time;
use crate::mail::sheet::{Mail, one_line};
use crate::mail::smtp::Smtp;

/// Sends mails. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    host: String,
    smtp: Option<Smtp>,
}

/// A mail, ready to go, to one reader.
pub struct Parcel<'a> {
    /// The outbox row: the Message-ID is made of it, so that a mail sent twice is known as one.
    pub id: Uuid,
    pub escrow_id: Option<Uuid>,
    pub to_name: &'a str,
    pub to_address: &'a str,
    pub at: Time,
    pub mail: &'a Mail,
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server did not answer, or asked to come back: worth another try.
    #[error("{0}")]
    ForNow(String),
    /// The server, or the address itself, says that this mail will never arrive.
    #[error("{0}")]
    ForGood(String),
}

impl Failure {
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        matches!(self, Self::ForGood(_))
    }
}

impl Mailer {
    /// The mailer that the settings ask for.
    ///
    /// # Errors
    /// An SMTP address that cannot be used; the sentence holds no password.
    pub fn new(config: &Config) -> Result<Self, String> {
        let public: Option<Uri> = config.public_url.parse().ok();
        let host = public.as_ref().and_then(Uri::host).unwrap_or("localhost").to_owned();
        let connect = |url| Smtp::new(url, &host, config.limits.outside);
        let smtp = config.smtp_url.as_deref().map(connect).transpose()?;
        Ok(Self { from: config.mail_from.clone(), host, smtp })
    }

    /// Whether mails leave the house.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.smtp.is_some()
    }

    /// Sends it; without a server this does nothing, for the row in the outbox is the mail.
    ///
    /// # Errors
    /// Why it did not leave.
    pub async fn send(&self, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let Some(smtp) = &self.smtp else { return Ok(()) };
        let message = self.message(parcel)?;
        smtp.send(message.envelope(), message.formatted()).await
    }

    /// Says goodbye to the server.
    pub async fn close(&self) {
        if let Some(smtp) = &self.smtp {
            smtp.close().await;
        }
    }

    fn message(&self, parcel: &Parcel<'_>) -> Result<Message, Failure> {
        // As the name service knows the domain, whatever an earlier version stored.
        let known = address::canonical(parcel.to_address);
        let address =
            known.as_deref().unwrap_or(parcel.to_address).parse().map_err(|error: AddressError| {
                Failure::ForGood(format!("{:?} is no email address: {error}", parcel.to_address))
            })?;
        let name = Some(one_line(parcel.to_name)).filter(|name| !name.is_empty());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(&parcel.mail.subject)
            .date(SystemTime::from(parcel.at.utc()))
            .message_id(Some(format!("<{}@{}>", parcel.id.simple(), self.host)))
            // Asks vacation notes and the like not to answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(escrow) = parcel.escrow_id {
            // No mail has this id, but programs show all mails that refer to it as one conversation.
            builder = builder.references(format!("<escrow.{}@{}>", escrow.simple(), self.host));
        }
        let both = MultiPart::alternative_plain_html(parcel.mail.text.clone(), parcel.mail.html.clone());
        builder.multipart(both).map_err(|error| Failure::ForGood(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        Mailer {
            from: "Holdfast <holdfast@example.com>".parse().unwrap(),
            host: "pay.example".into(),
            smtp: None,
        }
    }

    fn parcel<'a>(mail: &'a Mail, to_name: &'a str, to_address: &'a str) -> Parcel<'a> {
        Parcel {
            id: Uuid::from_u128(7),
            escrow_id: Some(Uuid::from_u128(9)),
            to_name,
            to_address,
            at: Time::from_micros(0),
            mail,
        }
    }

    #[test]
    fn the_same_mail_sent_twice_has_one_name() {
        let mail = Mail { subject: "Δ".into(), text: "text".into(), html: "<p>html".into() };
        let made = || {
            let message =
                mailer().message(&parcel(&mail, "Amel, \"x\"\r\nBcc: a@b.c", "amel@example.com")).unwrap();
            String::from_utf8(message.formatted()).unwrap()
        };
        let message = made();
        for header in [
            "Message-ID: <00000000000000000000000000000007@pay.example>\r\n",
            "References: <escrow.00000000000000000000000000000009@pay.example>\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
        ] {
            assert!(message.contains(header), "{header} is not in {message}");
            assert!(made().contains(header));
        }
        assert!(!message.contains("\r\nBcc:"), "{message}");
    }

    #[test]
    fn no_name_that_a_person_can_type_stops_a_mail() {
        let mail = Mail { subject: "s".into(), text: "t".into(), html: "h".into() };
        let long = "Ω ".repeat(200);
        for name in
            ["", "\0", "\u{7f}\u{85}", "a\\\"b", "\u{202e}x", "👩‍👩‍👧", "=?utf-8?q?x?=", "<a@b.c>,", &long]
        {
            let message = mailer().message(&parcel(&mail, name, "amel@example.com")).unwrap();
            assert_eq!(message.envelope().to().len(), 1, "{name:?}");
            assert!(String::from_utf8(message.formatted()).unwrap().contains("amel@example.com"), "{name:?}");
        }
    }

    #[test]
    fn a_domain_in_other_letters_is_sent_to_as_the_name_service_knows_it() {
        let mail = Mail { subject: "s".into(), text: "t".into(), html: "h".into() };
        let message = mailer().message(&parcel(&mail, "Xaver", "x@münchen.de")).unwrap();
        assert_eq!(message.envelope().to()[0].to_string(), "x@xn--mnchen-3ya.de");
    }

    #[test]
    fn what_is_no_address_is_refused_for_good() {
        let mail = Mail { subject: String::new(), text: String::new(), html: String::new() };
        assert!(
            mailer().message(&parcel(&mail, "", "not an address")).is_err_and(|error| error.is_for_good())
        );
    }
}
