//! Conversations with the mail server, and the few connections that are kept for the next one.
//!
//! Each try has one limit for all of it. A connection that is left in the middle of something is closed
//! and never used again: its next answer would be read as the answer to another question. (lettre's own
//! pool limits only the connecting, and takes such a connection back.)

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::mail::transport::Failure;

/// A connection that has waited longer is not used again: most servers have closed it by then.
const FRESH: Duration = Duration::from_secs(30);
/// How many are kept. More may be open while more mails are under way.
const KEPT: usize = 16;
/// How long the server may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// The mail server of the settings. Cheap to clone.
#[derive(Clone)]
pub struct Smtp {
    server: Arc<Server>,
    kept: Arc<Mutex<Vec<Kept>>>,
}

struct Server {
    host: String,
    port: u16,
    tls: Tls,
    hello: ClientId,
    credentials: Option<Credentials>,
    /// How long one try may take, connecting included.
    patience: Duration,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// The server at `url`, to which we say that we are `host`. Nothing is connected yet.
    ///
    /// # Errors
    /// An address that cannot be used; the sentence holds no password.
    pub fn new(url: &str, host: &str, patience: Duration) -> Result<Self, String> {
        let server = server(url, host, patience)
            .ok_or("smtp_url cannot be used: it must look like smtp://user:password@host:587?tls=required")?;
        Ok(Self { server: Arc::new(server), kept: Arc::default() })
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// Why the server did not take it, or that it did not say so in time. It may have it then all the same.
    pub async fn send(&self, envelope: &Envelope, message: Vec<u8>) -> Result<(), Failure> {
        let body = body(message)?;
        timeout(self.server.patience, self.try_to_send(envelope, &body)).await.unwrap_or_else(|_| {
            let seconds = self.server.patience.as_secs();
            Err(Failure::ForNow(format!("The mail server did not answer within {seconds} seconds.")))
        })
    }

    /// Says goodbye to the server, on each connection that waits.
    pub async fn close(&self) {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let goodbyes = kept.into_iter().map(|mut kept| async move { kept.connection.abort().await });
        let _ = timeout(GOODBYE, futures_util::future::join_all(goodbyes)).await;
    }

    async fn try_to_send(&self, envelope: &Envelope, body: &str) -> Result<(), Failure> {
        let mut connection = self.connection().await.map_err(|error| failure(&error))?;
        match converse(&mut connection, envelope, body).await {
            Ok(()) => {
                self.keep(connection);
                Ok(())
            }
            Err(Stop::Said(error)) => {
                let failed = failure(&error);
                // What the server has refused in so many words leaves a connection that both understand.
                if error.status().is_some() && connection.command(Rset).await.is_ok() {
                    self.keep(connection);
                }
                Err(failed)
            }
            Err(Stop::Cannot(why)) => {
                self.keep(connection);
                Err(Failure::ForGood(why.to_owned()))
            }
        }
    }

    /// One that waits and still answers, else a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        loop {
            let Some(kept) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                return self.server.connect().await;
            };
            let mut connection = kept.connection;
            if kept.since.elapsed() < FRESH && connection.command(Noop).await.is_ok() {
                return Ok(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(Kept { connection, since: Instant::now() });
        }
    }
}

impl Server {
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let from_the_start = match &self.tls {
            Tls::Wrapper(tls) => Some(tls.clone()),
            Tls::None | Tls::Opportunistic(_) | Tls::Required(_) => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(self.patience),
            &self.hello,
            from_the_start,
            None,
        )
        .await?;
        match &self.tls {
            Tls::Opportunistic(tls) if connection.can_starttls() => {
                connection.starttls(tls.clone(), &self.hello).await?;
            }
            Tls::Required(tls) => connection.starttls(tls.clone(), &self.hello).await?,
            Tls::None | Tls::Opportunistic(_) | Tls::Wrapper(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// Why a conversation ended without the mail being taken.
enum Stop {
    Said(Error),
    /// The server can't take such a mail, by its own list of what it can.
    Cannot(&'static str),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

async fn converse(connection: &mut AsyncSmtpConnection, to: &Envelope, body: &str) -> Result<(), Stop> {
    let mut options = Vec::new();
    let can =
        |connection: &AsyncSmtpConnection, extension| connection.server_info().supports_feature(extension);
    if to.from().into_iter().chain(to.to()).any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
        if !can(connection, Extension::SmtpUtfEight) {
            return Err(Stop::Cannot("The mail server takes no address with letters outside of ASCII."));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !body.is_ascii() {
        if !can(connection, Extension::EightBitMime) {
            return Err(Stop::Cannot("The mail server takes no text outside of ASCII."));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(to.from().cloned(), options)).await?;
    for address in to.to() {
        connection.command(Rcpt::new(address.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    // One write: its end in a packet of its own would wait for the first one to be acknowledged.
    connection.command(body).await?;
    Ok(())
}

/// A message as it goes over the line: no line of it is taken for the end, and then the end.
fn body(message: Vec<u8>) -> Result<String, Failure> {
    let text = String::from_utf8(message).map_err(|error| Failure::ForGood(error.to_string()))?;
    let mut body = text.replace("\r\n.", "\r\n..");
    if body.starts_with('.') {
        body.insert(0, '.');
    }
    if !body.ends_with("\r\n") {
        body.push_str("\r\n");
    }
    body.push_str(".\r\n");
    Ok(body)
}

fn server(url: &str, host: &str, patience: Duration) -> Option<Server> {
    let url = Url::parse(url).ok()?;
    let name = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
    let parameters = || TlsParameters::new(name.clone()).ok();
    let (port, tls) = match (url.scheme(), tls.as_deref()) {
        ("smtp", None) => (25, Tls::None),
        ("smtp", Some("required")) => (587, Tls::Required(parameters()?)),
        ("smtp", Some("opportunistic")) => (587, Tls::Opportunistic(parameters()?)),
        ("smtps", _) => (465, Tls::Wrapper(parameters()?)),
        _ => return None,
    };
    let plain = |text| percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Into::into);
    let credentials = match url.password() {
        Some(password) => Some(Credentials::new(plain(url.username())?, plain(password)?)),
        None => None,
    };
    let hello = match url.path().trim_matches('/') {
        "" => host,
        named => named,
    };
    let hello = ClientId::Domain(hello.to_owned());
    Some(Server { port: url.port().unwrap_or(port), host: name, tls, hello, credentials, patience })
}

/// A refused connection is neither "transient" nor "permanent" to lettre; it is worth another try. So
/// is a failed sign-in at the server: it is our setting that is wrong, and not the mail.
fn failure(error: &Error) -> Failure {
    let ours = error.status().is_some_and(|code| ["530", "534", "535", "538"].contains(&&*code.to_string()));
    let mut text = error.to_string();
    let mut inner = std::error::Error::source(error);
    while let Some(error) = inner {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        inner = error.source();
    }
    if error.is_permanent() && !ours { Failure::ForGood(text) } else { Failure::ForNow(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, u16, bool)> {
        let server = server(url, "pay.example", Duration::from_secs(1))?;
        Some((server.host, server.port, server.credentials.is_some()))
    }

    #[test]
    fn a_password_in_a_bad_setting_is_not_repeated() {
        for url in ["smtp://u:hunter2@[", "smtp://u:hunter2@h?tls=maybe", "smtp:hunter2"] {
            let error = Smtp::new(url, "h", Duration::from_secs(1)).err().unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("hunter2"), "{url}: {error}");
        }
    }

    #[test]
    fn an_address_says_the_port_and_who_we_are() {
        assert_eq!(read("smtp://mail.example"), Some(("mail.example".into(), 25, false)));
        assert_eq!(
            read("smtp://a%40b:c@mail.example?tls=required"),
            Some(("mail.example".into(), 587, true))
        );
        assert_eq!(read("smtps://[::1]:2465"), Some(("::1".into(), 2465, false)));
        assert!(read("http://mail.example").is_none());
    }

    #[test]
    fn no_line_of_a_message_is_taken_for_its_end() {
        let sent = |text: &str| body(text.as_bytes().to_vec()).unwrap();
        assert_eq!(sent("a"), "a\r\n.\r\n");
        assert_eq!(sent(".a\r\n.\r\n..b\r\n"), "..a\r\n..\r\n...b\r\n.\r\n");
    }
}
