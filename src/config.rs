//! The settings: `holdfast.toml`, and over it the environment. Nobody else reads the environment.
//!
//! A key that is not known and a value that makes no sense stop the start with one line, since a
//! setting that is silently ignored is worse than none.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::Uri;
use lettre::message::Mailbox;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

/// Variables of this kind belong to the tests and are nobody else's business.
const FOR_TESTS: &str = "HOLDFAST_TEST_";

/// Everything that can be set. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Config {
    /// Where the portal listens.
    pub listen: SocketAddr,
    /// The database (when it is SQLite) and the files of the escrows.
    pub data_dir: PathBuf,
    /// Whether somebody chose that folder.
    pub data_dir_is_set: bool,
    /// The key that signs checkpoints; without one, `checkpoint.key` in the data folder.
    pub checkpoint_key: Option<PathBuf>,
    /// `postgres://…` or `sqlite:PATH`; without one, SQLite in the data folder.
    pub database_url: Option<String>,
    /// What people type to get here: scheme, host and port, without a slash at the end.
    pub public_url: String,
    /// `smtp://…` or `smtps://…`; without one, mails can be read at `/admin/mail`.
    pub smtp_url: Option<String>,
    /// Who mails come from.
    pub mail_from: Mailbox,
    /// The least important lines that are still logged.
    pub log: LevelFilter,
    /// How much and how long anybody at the other end of a connection may keep us.
    pub limits: Limits,
    /// No real money: every page says so. It stays on while the sandbox is the only way to pay.
    pub test_mode: bool,
    /// Operators can move the clock on, to rehearse a deal. Never with real money.
    pub rehearsal: bool,
}

/// What keeps one caller from keeping all others out. Only the number of connections can be set; the rest is
/// what pages and forms need.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many there are at a time; the next one waits for its turn.
    pub connections: usize,
    /// How long a request's head may take to arrive, and a connection wait for its next request.
    pub header: Duration,
    /// How long an answer may wait to be taken, even if only a part of it.
    pub stall: Duration,
    /// How long a form may keep us waiting for its bytes in all, and an answer for being taken, apart from the
    /// seconds that [`Self::least_rate`] pays for.
    pub slack: Duration,
    /// How many bytes must come, or be taken, for each second of waiting beyond that.
    pub least_rate: u32,
    /// How long a page may take, with the form that is sent to it.
    pub page: Duration,
    /// The same for a form with files.
    pub upload: Duration,
    /// How long somebody whom we ask may take to answer: a mail server, a provider.
    pub outside: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            header: Duration::from_secs(15),
            stall: Duration::from_secs(60),
            slack: Duration::from_secs(20),
            least_rate: 1_024,
            page: Duration::from_secs(30),
            upload: Duration::from_secs(15 * 60),
            outside: Duration::from_secs(20),
        }
    }
}

/// A setting that cannot be used. `Display` is the one line to print.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}: cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    File(PathBuf, String),
    #[error("{0} is not a setting that Holdfast knows")]
    UnknownVariable(String),
    #[error("{name} is {value:?}, but must be {wanted}")]
    BadValue { name: &'static str, value: String, wanted: &'static str },
}

/// The file as it stands, before anything was checked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<String>,
    data_dir: Option<String>,
    checkpoint_key: Option<String>,
    database_url: Option<String>,
    public_url: Option<String>,
    smtp_url: Option<String>,
    mail_from: Option<String>,
    log: Option<String>,
    connections: Option<Number>,
    rehearsal: Option<String>,
}

/// A number as it is written in the file, or a text as it comes from the environment.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u32),
    Text(String),
}

impl Config {
    /// Reads `file`, or `holdfast.toml` in the working folder if there is one, and the environment.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut raw = match file {
            Some(path) => read(path)?,
            None => match Path::new("holdfast.toml") {
                path if path.exists() => read(path)?,
                _ => Raw::default(),
            },
        };
        raw.overlay(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into()))),
        )?;
        raw.check()
    }

    /// The settings of a portal that nobody configured, with its data in `data_dir`.
    ///
    /// # Errors
    /// None that can happen.
    pub fn in_folder(data_dir: &Path) -> Result<Self, ConfigError> {
        Raw { data_dir: Some(data_dir.to_string_lossy().into()), ..Raw::default() }.check()
    }

    /// The database to open.
    #[must_use]
    pub fn database(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("holdfast.db").display()))
    }

    /// The file of the key that signs checkpoints.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.checkpoint_key.clone().unwrap_or_else(|| self.data_dir.join("checkpoint.key"))
    }

    /// Whether people come by https, so that cookies must be `Secure`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }

    /// `path` (with its slash) as an address that can be mailed.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data_dir", &self.data_dir)
            .field("checkpoint_key", &self.checkpoint_key)
            .field("database_url", &self.database_url.as_ref().map(|_| "…"))
            .field("public_url", &self.public_url)
            .field("smtp_url", &self.smtp_url.as_ref().map(|_| "…"))
            .field("mail_from", &self.mail_from)
            .field("log", &self.log)
            .field("limits", &self.limits)
            .field("test_mode", &self.test_mode)
            .field("rehearsal", &self.rehearsal)
            .finish()
    }
}

fn read(path: &Path) -> Result<Raw, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(path.into(), e))?;
    toml::from_str(&text).map_err(|error| {
        // The parser's own message draws the line with a caret below; one line must do here.
        let line = error
            .span()
            .map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        let what = error.message().lines().next().unwrap_or_default().to_owned();
        ConfigError::File(path.into(), format!("line {line}: {what}"))
    })
}

impl Raw {
    fn overlay(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, value) in variables {
            if !name.starts_with("HOLDFAST_") || name.starts_with(FOR_TESTS) {
                continue;
            }
            // An empty variable is how shells and containers say "not set".
            let value = Some(value).filter(|value| !value.is_empty());
            let field = match name.as_str() {
                "HOLDFAST_CONNECTIONS" => {
                    self.connections = value.map(Number::Text);
                    continue;
                }
                "HOLDFAST_LISTEN" => &mut self.listen,
                "HOLDFAST_DATA_DIR" => &mut self.data_dir,
                "HOLDFAST_CHECKPOINT_KEY" => &mut self.checkpoint_key,
                "HOLDFAST_DATABASE_URL" => &mut self.database_url,
                "HOLDFAST_PUBLIC_URL" => &mut self.public_url,
                "HOLDFAST_SMTP_URL" => &mut self.smtp_url,
                "HOLDFAST_MAIL_FROM" => &mut self.mail_from,
                "HOLDFAST_LOG" => &mut self.log,
                "HOLDFAST_REHEARSAL" => &mut self.rehearsal,
                _ => return Err(ConfigError::UnknownVariable(name)),
            };
            *field = value;
        }
        Ok(())
    }

    fn check(self) -> Result<Config, ConfigError> {
        let listen: SocketAddr = parsed(
            "listen",
            self.listen.as_deref().unwrap_or("127.0.0.1:8080"),
            "an address and a port, like 127.0.0.1:8080",
        )?;
        let public_url = match self.public_url {
            Some(url) => public_url(&url)?,
            None => format!("http://{listen}"),
        };
        let schemes = |name, url: Option<String>, schemes: &[&str], wanted| match url {
            Some(url) if schemes.iter().any(|scheme| url.starts_with(scheme)) => Ok(Some(url)),
            // The value may hold a password and is not repeated.
            Some(_) => Err(ConfigError::BadValue { name, value: "…".into(), wanted }),
            None => Ok(None),
        };
        Ok(Config {
            listen,
            data_dir_is_set: self.data_dir.is_some(),
            data_dir: self.data_dir.unwrap_or_else(|| "data".into()).into(),
            checkpoint_key: self.checkpoint_key.map(PathBuf::from),
            database_url: schemes(
                "database_url",
                self.database_url,
                &["postgres://", "postgresql://", "sqlite:"],
                "an address that starts with postgres:// or sqlite:",
            )?,
            public_url,
            smtp_url: schemes(
                "smtp_url",
                self.smtp_url,
                &["smtp://", "smtps://"],
                "an address that starts with smtp:// or smtps://",
            )?,
            mail_from: parsed(
                "mail_from",
                self.mail_from.as_deref().unwrap_or("Holdfast <holdfast@localhost>"),
                "an email address, like Holdfast <holdfast@example.com>",
            )?,
            log: match self.log.as_deref().unwrap_or("info") {
                "error" => LevelFilter::ERROR,
                "warn" => LevelFilter::WARN,
                "info" => LevelFilter::INFO,
                "debug" => LevelFilter::DEBUG,
                "trace" => LevelFilter::TRACE,
                other => {
                    let wanted = "error, warn, info, debug or trace";
                    return Err(ConfigError::BadValue { name: "log", value: other.into(), wanted });
                }
            },
            limits: Limits { connections: connections(self.connections)?, ..Limits::default() },
            test_mode: true,
            rehearsal: match self.rehearsal.as_deref() {
                None | Some("0") => false,
                Some("1") => true,
                Some(other) => {
                    let (value, wanted) = (other.to_owned(), "1 or 0");
                    return Err(ConfigError::BadValue { name: "rehearsal", value, wanted });
                }
            },
        })
    }
}

fn connections(set: Option<Number>) -> Result<usize, ConfigError> {
    let (number, value) = match set {
        None => return Ok(Limits::default().connections),
        Some(Number::Number(number)) => (Some(number), number.to_string()),
        Some(Number::Text(text)) => (text.parse().ok(), text),
    };
    let wanted = "a whole number from 1 to 100000";
    number
        .filter(|number| (1..=100_000).contains(number))
        .and_then(|number| usize::try_from(number).ok())
        .ok_or(ConfigError::BadValue { name: "connections", value, wanted })
}

fn parsed<T: std::str::FromStr>(
    name: &'static str,
    value: &str,
    wanted: &'static str,
) -> Result<T, ConfigError> {
    value.parse().map_err(|_| ConfigError::BadValue { name, value: value.into(), wanted })
}

/// Scheme, host and port in the form in which browsers send them as `Origin`, since the guard against
/// forged requests compares byte for byte.
fn public_url(url: &str) -> Result<String, ConfigError> {
    let bad = || ConfigError::BadValue {
        name: "public_url",
        value: url.into(),
        wanted: "http:// or https:// with a host, and no path",
    };
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(bad)?;
    let authority = uri.authority().ok_or_else(bad)?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
        return Err(bad());
    }
    let host = authority.host().to_ascii_lowercase();
    let default = if scheme == "https" { 443 } else { 80 };
    Ok(match authority.port_u16() {
        Some(port) if port != default => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let mut raw = Raw::default();
        raw.overlay(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
            .and_then(|()| raw.check())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_the_portal_listens_at_home_and_keeps_its_data_beside_it() {
        let config = with(&[("PATH", "/bin"), ("HOLDFAST_TEST_POSTGRES_URL", "x")]).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.database(), "sqlite:data/holdfast.db");
        assert!(!config.is_https() && !config.rehearsal);
        assert!(with(&[("HOLDFAST_REHEARSAL", "1")]).unwrap().rehearsal);
    }

    #[test]
    fn a_setting_that_nobody_knows_stops_the_start() {
        assert_eq!(
            with(&[("HOLDFAST_LISTNE", "x")]).unwrap_err(),
            "HOLDFAST_LISTNE is not a setting that Holdfast knows"
        );
        let toml: Result<Raw, _> = toml::from_str("listne = \"x\"");
        assert!(toml.is_err());
    }

    #[test]
    fn a_bad_value_stops_the_start_and_no_secret_is_repeated() {
        for (name, value) in [
            ("HOLDFAST_LISTEN", "8080"),
            ("HOLDFAST_PUBLIC_URL", "example.com"),
            ("HOLDFAST_PUBLIC_URL", "https://example.com/app"),
            ("HOLDFAST_PUBLIC_URL", "ftp://example.com"),
            ("HOLDFAST_MAIL_FROM", "nobody"),
            ("HOLDFAST_LOG", "loud"),
            ("HOLDFAST_CONNECTIONS", "many"),
            ("HOLDFAST_CONNECTIONS", "0"),
            ("HOLDFAST_REHEARSAL", "yes"),
        ] {
            let error = with(&[(name, value)]).unwrap_err();
            assert!(error.contains(value) && !error.contains('\n'), "{error}");
        }
        for name in ["HOLDFAST_DATABASE_URL", "HOLDFAST_SMTP_URL"] {
            assert!(!with(&[(name, "mysql://u:hunter2@h")]).unwrap_err().contains("hunter2"));
        }
        let config = with(&[("HOLDFAST_SMTP_URL", "smtp://u:hunter2@h")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_number_may_come_from_the_file_or_from_the_environment() {
        let connections = |raw: Raw| raw.check().unwrap().limits.connections;
        assert_eq!(connections(Raw::default()), 512);
        assert_eq!(connections(toml::from_str("connections = 64").unwrap()), 64);
        let config = with(&[("HOLDFAST_CONNECTIONS", "64")]).unwrap();
        assert_eq!(config.limits.connections, 64);
    }

    #[test]
    fn the_public_address_is_the_origin_that_browsers_send() {
        let url = |url| with(&[("HOLDFAST_PUBLIC_URL", url)]).unwrap().public_url;
        assert_eq!(url("https://Pay.Example.com:443/"), "https://pay.example.com");
        assert_eq!(url("http://localhost:3000"), "http://localhost:3000");
    }
}
