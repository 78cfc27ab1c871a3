//! Who is at the other end: the gate in front of every route, and what handlers ask it.
//!
//! A page view writes nothing, but that a visit is noted every few minutes, which also moves the end
//! of the session. It knows the session and the person, and no page.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Error as SessionError;
use tower_sessions::session_store::Error as StoreError;
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use uuid::Uuid;

use super::escrow::act::refused;
use super::guard;
use super::guest;
use super::looks_as::{self, LooksAs};
use super::network::Network;
use super::routes::Access;
use super::share;
use super::unsent;
use super::view::{Reader, Zone};
use super::visit::{Person, Visit};
use crate::accounts;
use crate::app::App;
use crate::config::Config;
use crate::engine::refusal::Refusal;
use crate::error::Error;
use crate::store::hash;
use crate::store::security::{self, Kind};
use crate::store::sessions::{self, Sessions, key};
use crate::store::users::{self, Account, Visiting};

/// A browser is told from others by a cookie that outlives its sessions (browsers keep none longer).
const DEVICE_DAYS: u32 = 400;

/// Whoever is there, signed in or not.
#[derive(Clone, Debug, Default)]
pub struct Visitor(pub Option<Account>);

/// Somebody who is signed in, with a confirmed address.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Account);

/// An operator.
#[derive(Clone, Debug)]
pub struct OperatorOnly(pub Account);

impl Account {
    /// For whom pages are drawn: times in this person's zone.
    #[must_use]
    pub fn reader(&self, app: &App) -> Reader {
        Reader::new(app.clock.now(), Zone::from_name(&self.time_zone).unwrap_or_else(Zone::utc))
    }
}

impl Visitor {
    /// For whom pages are drawn: times in this person's zone, or in UTC.
    #[must_use]
    pub fn reader(&self, app: &App) -> Reader {
        match &self.0 {
            Some(account) => account.reader(app),
            None => Reader::new(app.clock.now(), Zone::utc()),
        }
    }
}

/// The layer that carries the session's cookie.
pub fn session_layer(app: &App) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(app.db.clone(), app.clock.clone()))
        .with_name(cookie_name(&app.config, "holdfast"))
        .with_secure(app.config.is_https())
        .with_http_only(true)
        // Not `Strict`: who follows a link of a mail shall still be signed in.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        // The row says when the session ends; the cookie only must not go before it.
        .with_expiry(Expiry::OnInactivity(sessions::LONGEST))
}

/// Cookies with this prefix are taken from the very host alone; browsers grant it over https only.
fn cookie_name(config: &Config, name: &str) -> String {
    if config.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

fn cookie(config: &Config, name: &str, value: &str, max_age_seconds: u32) -> String {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let name = cookie_name(config, name);
    format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// Stands in front of every route: finds out who is there, and lets through whom the route is for.
pub async fn gate(
    State((app, access)): State<(App, Access)>,
    session: Session,
    visit: Visit,
    mut request: Request,
    next: Next,
) -> Response {
    if access != Access::SignedNotice
        && !request.method().is_safe()
        && !guard::says_where_from(request.headers())
    {
        return Error::FromNowhere.into_response();
    }
    if access == Access::Bare {
        return next.run(request).await;
    }
    let found = visitor(&app, &session, &visit, request.method()).await;
    let found = found.and_then(|visitor| Ok((share::place(&app, visitor.0.as_ref())?, visitor)));
    let (_place, visitor) = match found {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    if access == Access::SignedNotice {
        return next.run(request).await;
    }
    if access == Access::Guest {
        return guest::gate(&app, &visit, visitor, request, next).await;
    }
    let is_operator = visitor.0.as_ref().is_some_and(|account| account.operator);
    match access {
        Access::SignedIn | Access::Party if visitor.0.is_none() => {
            return match request.method().is_safe() {
                true => to_sign_in(request.method(), request.uri()),
                false => unsent::ask(&app, &visit, request).await,
            };
        }
        // Whoever was signed in here may have been an operator, and has written something.
        Access::Operator
            if visitor.0.is_none()
                && !request.method().is_safe()
                && last_signed_in(&app, request.headers()).is_some() =>
        {
            return unsent::ask(&app, &visit, request).await;
        }
        Access::Operator if !is_operator => {
            tell_foreign(&app, &visitor, request.uri()).await;
            return Error::NotFound.into_response();
        }
        Access::Bare
        | Access::Public
        | Access::SignedIn
        | Access::Party
        | Access::Operator
        | Access::Token
        | Access::Guest
        | Access::SignedNotice => {}
    }
    if visitor.0.as_ref().is_some_and(|account| account.frozen_at.is_some()) && acts(&request, access) {
        tell(&app, &visitor, Kind::FrozenAct, request.uri()).await;
        return refused(&Refusal::AccountFrozen).into_response();
    }
    request.extensions_mut().insert(visitor.clone());
    let uri = request.uri().clone();
    let response = next.run(request).await;
    if access == Access::Party && response.status() == StatusCode::NOT_FOUND {
        tell_foreign(&app, &visitor, &uri).await;
    }
    if access == Access::Token { unlisted(response) } else { response }
}

/// Notes that somebody signed in asked for a page that is not theirs, or that there is none.
async fn tell_foreign(app: &App, visitor: &Visitor, uri: &Uri) {
    tell(app, visitor, Kind::ForeignPage, uri).await;
}

/// What is refused is refused, whether or not it can be written down.
async fn tell(app: &App, visitor: &Visitor, kind: Kind, uri: &Uri) {
    let Some(account) = &visitor.0 else { return };
    if let Err(error) = security::tell(&app.db, &app.clock, kind, Some(account.id), uri.path()).await {
        tracing::error!("the security log: {error}");
    }
}

/// What somebody whose account is frozen may send all the same: what keeps the account his, and what only reads.
const OF_THE_FROZEN: [&str; 4] =
    ["/sign-out", "/settings/security/password", "/settings/sessions/", "/notifications/read"];

/// Whether a request does something in the name of whoever is signed in, beside what everybody may.
fn acts(request: &Request, access: Access) -> bool {
    let his = matches!(access, Access::SignedIn | Access::Party | Access::Operator);
    let path = request.uri().path();
    his && !request.method().is_safe() && !OF_THE_FROZEN.iter().any(|start| path.starts_with(start))
}

/// An address that holds a secret belongs into no search engine.
pub fn unlisted(mut response: Response) -> Response {
    let name = header::HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(name, header::HeaderValue::from_static("noindex, nofollow"));
    response
}

async fn visitor(app: &App, session: &Session, visit: &Visit, method: &Method) -> Result<Visitor, Error> {
    // Without a cookie there is nothing to look up.
    if session.id().is_none() {
        return Ok(Visitor(None));
    }
    let Some(id) = session.get::<Uuid>(key::USER).await? else { return Ok(Visitor(None)) };
    let Some(Visiting { account, unread }) = confirmed(app, id).await? else { return Ok(Visitor(None)) };
    let seen = session.get::<i64>(key::SEEN).await?.unwrap_or_default();
    let now = app.clock.now();
    if method.is_safe() && now.micros() - seen > sessions::NOTED_EVERY.whole_microseconds() as i64 {
        // Whoever only reads is shown the page, even when nothing can be saved at the moment.
        if let Some(id) = session.id() {
            sessions::note_visit(&app.db, id, now).await;
        }
    }
    let (account, unread) = match looks_as::of(app, session, &account).await? {
        None => (account, unread),
        Some(looks_as) => {
            visit.look_as(looks_as.name);
            let Some(user) = looks_as.user else { return Ok(Visitor(None)) };
            let other = confirmed(app, user).await?;
            let Some(other) = other.filter(|other| !other.account.operator) else {
                return Ok(Visitor(None));
            };
            (other.account, other.unread)
        }
    };
    greet(visit, &account, unread);
    Ok(Visitor(Some(account)))
}

async fn confirmed(app: &App, id: Uuid) -> Result<Option<Visiting>, Error> {
    let visiting = users::visiting(&mut app.db.read().await?.conn(), id).await?;
    Ok(visiting.filter(|visiting| visiting.account.is_confirmed()))
}

fn greet(visit: &Visit, account: &Account, unread: i64) {
    let unread = u32::try_from(unread).unwrap_or_default();
    let frozen = account.frozen_because.clone();
    visit.greet(Person { name: account.name.clone(), is_operator: account.operator, unread, frozen });
}

/// The account of somebody who has just signed in, whom the header greets from now on.
///
/// # Errors
/// The database did not answer.
pub async fn greeted(app: &App, visit: &Visit, id: Uuid) -> Result<Option<Account>, Error> {
    let Some(Visiting { account, unread }) = confirmed(app, id).await? else { return Ok(None) };
    greet(visit, &account, unread);
    Ok(Some(account))
}

/// To the sign-in page, which leads back to the page that was asked for.
fn to_sign_in(method: &Method, uri: &Uri) -> Response {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    if method.is_safe() {
        let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
        Redirect::to(&format!("/sign-in?{next}")).into_response()
    } else {
        Redirect::to("/sign-in").into_response()
    }
}

/// Somebody whose password was just found right, or just set.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    pub user: Uuid,
    /// The stored one. If it is another by the time that the session begins, none begins.
    pub password_hash: &'a str,
}

/// The value of the cookie that tells this browser from others, if it has one.
fn device_cookie<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    read_cookie(headers, &cookie_name(&app.config, "holdfast-device")).filter(|value| value.len() == 43)
}

/// The hash by which this browser is known, if it is.
pub fn device_hash(app: &App, headers: &HeaderMap) -> Option<Vec<u8>> {
    device_cookie(app, headers).map(hash)
}

/// Signs somebody in on this browser: a session of its own with a new id, and a mail when the browser is
/// a new one. The returned response is the one given, with the cookie that tells this browser from
/// others.
///
/// # Errors
/// `Conflict` when the password was changed meanwhile, or the database did not answer.
pub async fn sign_in(
    app: &App,
    session: &Session,
    network: &Network,
    headers: &HeaderMap,
    proven: Proven<'_>,
    mut response: Response,
) -> Result<Response, Error> {
    let device = device_cookie(app, headers).map_or_else(|| app.clock.secret(), str::to_owned);
    let device_hash = hash(&device);
    let agent = user_agent(headers);
    let (ip, name) = (network.ip(), device_name(&agent));
    let known_as = accounts::Device { hash: &device_hash, ip: &ip, name: &name };
    let Proven { user, password_hash } = proven;
    if looks_as::takes_over(app, session, user).await? {
        return Ok(response);
    }
    if !accounts::note_sign_in(&app.db, &app.clock, user, password_hash, known_as).await? {
        return Err(password_changed());
    }
    session.clear().await;
    session.insert(key::USER, user).await?;
    session.insert(key::SEEN, app.clock.now().micros()).await?;
    session.insert(key::IP, ip).await?;
    session.insert(key::USER_AGENT, agent).await?;
    session.insert(key::DEVICE, data_encoding::HEXLOWER.encode(&device_hash)).await?;
    if session.id().is_some() {
        session.cycle_id().await?;
    }
    session.insert(key::PASSWORD, password_hash).await?;
    session.save().await.map_err(|error| match error {
        SessionError::Store(StoreError::Backend(why)) if why == sessions::PASSWORD_CHANGED => {
            password_changed()
        }
        error => error.into(),
    })?;
    let cookie = cookie(&app.config, "holdfast-device", &device, DEVICE_DAYS * 86_400);
    append_cookie(&mut response, &cookie);
    let last = self::cookie(&app.config, LAST, &unsent::mark(user), DEVICE_DAYS * 86_400);
    append_cookie(&mut response, &last);
    Ok(response)
}

/// The cookie by which a form that comes too late is known to be of whoever signs in again.
const LAST: &str = "holdfast-last";

/// As whom this browser was last signed in, as [`unsent::mark`] writes it.
pub fn last_signed_in<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    read_cookie(headers, &cookie_name(&app.config, LAST)).filter(|value| value.len() == 32)
}

fn password_changed() -> Error {
    Error::Conflict(
        "The password of this account was changed a moment ago. Sign in with the new one.".to_owned(),
    )
}

/// Signs this browser out. The returned response is the one given, with the cookie's removal.
///
/// # Errors
/// The database did not answer.
pub async fn sign_out(app: &App, session: &Session, mut response: Response) -> Result<Response, Error> {
    // Whoever looks as somebody else stays signed in below that.
    if session.id().is_some() && session.remove::<LooksAs>(key::LOOKS_AS).await?.is_some() {
        return Ok(response);
    }
    if session.id().is_some() {
        if let Some(user) = session.get::<Uuid>(key::USER).await? {
            security::tell(&app.db, &app.clock, Kind::SignedOut, Some(user), "").await?;
        }
        session.flush().await?;
    }
    // The removal of `tower-sessions` lacks `Secure`, without which Chromium keeps a `__Host-` cookie.
    append_cookie(&mut response, &cookie(&app.config, "holdfast", "", 0));
    Ok(response)
}

/// The cookie by which a browser knows what its owner has just bought as a guest: the secret of his pages. It
/// lasts for a day; the mail lasts longer.
pub fn remember_guest(app: &App, mut response: Response, secret: &str) -> Response {
    append_cookie(&mut response, &cookie(&app.config, "holdfast-guest", secret, 86_400));
    response
}

/// What that cookie holds.
pub fn remembered_guest<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    read_cookie(headers, &cookie_name(&app.config, "holdfast-guest")).filter(|value| value.len() <= 100)
}

fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.chars().filter(|sign| !sign.is_control()).take(400).collect()
}

/// What people call the device of a `User-Agent`: "Firefox on Linux". The order matters, since each
/// browser also claims to be its elders.
#[must_use]
pub fn device_name(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "an unknown device".to_owned(),
    }
}

/// Where to go after signing in: a path of this portal, whatever the address says.
#[must_use]
pub fn local_path(next: &str) -> Option<&str> {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= 2_000
        // Browsers read a backslash as a slash, and skip tabs and line breaks.
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_local.then_some(next)
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let account = parts.extensions.get::<Visitor>().and_then(|visitor| visitor.0.clone());
        account.map(Self).ok_or_else(|| to_sign_in(&parts.method, &parts.uri))
    }
}

impl<S: Sync> FromRequestParts<S> for OperatorOnly {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let account = parts.extensions.get::<Visitor>().and_then(|visitor| visitor.0.clone());
        account.filter(|account| account.operator).map(Self).ok_or(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_away_from_here() {
        for good in ["/", "/escrows/ESC-7K2M-9QXA?tab=money", "/a/b#c"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "escrows",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "/\t/evil",
            "/ü",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_device_has_the_name_that_people_know() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
            Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 \
            (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
        assert_eq!(device_name(firefox), "Firefox on Linux");
        assert_eq!(device_name(edge), "Edge on Windows");
        assert_eq!(device_name(phone), "Safari on iPhone");
        assert_eq!(device_name("curl/8"), "an unknown device");
    }
}
