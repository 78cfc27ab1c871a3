//! Forms that arrive after their sender's session has ended. Nothing of them is carried out; what was typed goes
//! along through the sign-in page and comes back as a form, so that nobody has to write it twice.
//!
//! It travels in the pages alone and is believed as little as any form: what is sent in the end is checked like
//! everything that is sent. Nothing is kept here, and no password and no file goes along.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, REFERER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::flash::Flash;
use super::form::{Fields, Problems, SECRETS, UNSENT};
use super::page;
use super::paging;
use super::shell::{Place, Shell};
use super::sign_in::SignIn;
use super::upload::{self, MOST_BYTES};
use super::visit::Visit;
use super::visitor::{self, local_path};
use crate::app::App;
use crate::engine::check::MOST_FILES;
use crate::error::Error;
use crate::files::clean_name;
use crate::store::users::Account;
use crate::text::is_blank;

/// What may go along: names and texts, in bytes as they are. No text of ours is longer; written as a form it is
/// up to three times as long, which the sign-in page still takes.
const MOST_KEPT_BYTES: usize = 72 * 1024;

/// What is written by hand and would be lost, by the names of its fields.
const PROSE: [&str; 6] = ["note", "reason", "reasons", "correction", "text", "typed"];

/// What a form carries beside what was typed or chosen in it.
const CARRIED: [&str; 4] = ["seen", "key", "do", "from"];

/// Everything below stands in the sign-in form beside its own fields.
const BEFORE: &str = "unsent:";
const TO: &str = "unsent-to";
const BACK: &str = "unsent-back";
const WHOSE: &str = "unsent-whose";
const FILES: &str = "unsent-files[]";

/// A form that was not carried out.
#[derive(Clone, Debug, Default)]
pub struct Unsent {
    /// Where it was sent, and where it stands; paths of this portal. The second may be empty.
    to: String,
    back: String,
    /// As whom this browser was last signed in; empty if that is not known.
    whose: String,
    fields: Vec<(String, String)>,
    files: Vec<String>,
    /// What was typed is more than goes along.
    is_too_long: bool,
}

#[derive(Template)]
#[template(path = "pages/unsent.html")]
struct Again {
    shell: Shell,
    name: String,
    back: String,
    to: String,
    hidden: Vec<(String, String)>,
    texts: Vec<String>,
    files: Vec<String>,
    /// Somebody else wrote it.
    is_anothers: bool,
}

/// The answer to a form that came without a session: the sign-in page, with what was typed.
pub async fn ask(app: &App, visit: &Visit, request: Request) -> Response {
    let is_fetched = request.headers().contains_key("x-drawn");
    let unsent = Unsent::receive(app, request).await;
    if unsent.fields.is_empty() && !unsent.is_too_long && !is_fetched {
        let to = paging::address("/sign-in", &[("next", &unsent.back)]);
        return page::see_other(&to, Flash::NothingSent);
    }
    let shell = Shell::new(app, visit, "You were signed out").at(Place::SignIn);
    let next = unsent.back.clone();
    let page = SignIn { shell, problems: Problems::new(), email: String::new(), next, unsent: Some(unsent) };
    page::with_status(StatusCode::UNAUTHORIZED, &page).unwrap_or_else(IntoResponse::into_response)
}

impl Unsent {
    /// Reads a form to its end, since a browser whose sending is cut off shows its own words and not ours.
    async fn receive(app: &App, mut request: Request) -> Self {
        let to = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let whose = visitor::last_signed_in(app, request.headers()).unwrap_or_default().to_owned();
        let mut unsent = Self { to, back: back(request.headers()), whose, ..Self::default() };
        let kind = request.headers().get(CONTENT_TYPE);
        let is_multipart = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
        let pairs = if is_multipart {
            DefaultBodyLimit::max(MOST_BYTES).apply(&mut request);
            unsent.parts(app, request).await
        } else {
            let fields = Fields::from_request(request, app).await;
            fields.map(|fields| fields.iter().map(owned).collect())
        };
        // What can't be read is no form of ours.
        unsent.keep(pairs.unwrap_or_default());
        unsent
    }

    async fn parts(&mut self, app: &App, request: Request) -> Result<Vec<(String, String)>, Error> {
        let unreadable = || Error::BadRequest(String::new());
        let mut form = Multipart::from_request(request, app).await.map_err(|_| unreadable())?;
        let (mut pairs, mut left) = (Vec::new(), MOST_KEPT_BYTES);
        // Asking for the next part reads what is left of the one before, and keeps nothing of it.
        while let Some(part) = form.next_field().await.map_err(|_| unreadable())? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = upload::file_name(&part) {
                if !file.is_empty() && self.files.len() < MOST_FILES {
                    self.files.push(clean_name(&file));
                }
                continue;
            }
            let text = upload::text(part, left).await;
            let weight = text.as_ref().map_or(usize::MAX, |text| name.len() + text.len());
            match (text, left.checked_sub(weight)) {
                (Ok(text), Some(rest)) => {
                    left = rest;
                    pairs.push((name, text));
                }
                (Ok(_) | Err(_), _) => self.is_too_long = true,
            }
        }
        Ok(Fields::new(pairs)?.iter().map(owned).collect())
    }

    /// What goes along of the fields: all of them where something was written by hand, and nothing else where it
    /// is enough to press again.
    fn keep(&mut self, mut pairs: Vec<(String, String)>) {
        pairs.retain(|(name, _)| !SECRETS.contains(&name.as_str()));
        let weight: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.is_too_long |= weight > MOST_KEPT_BYTES;
        let has_secrets = self.to.starts_with("/settings/security");
        let is_worth_it = pairs.iter().any(|pair| self.was_typed(pair));
        if is_worth_it && !self.is_too_long && !has_secrets {
            self.fields = pairs;
        }
        self.is_too_long &= !has_secrets;
    }

    /// Whether something was written by hand. Of the pages of a draft everything is: they only keep it.
    fn was_typed(&self, (name, value): &(String, String)) -> bool {
        let is_of_draft = self.to.starts_with("/escrows/new/") && !self.to.ends_with("/send");
        let may_be = PROSE.contains(&name.as_str()) || is_of_draft && !CARRIED.contains(&name.as_str());
        may_be && !is_blank(value)
    }

    /// What a sign-in form brought along; nothing if it did not.
    #[must_use]
    pub fn of(fields: &Fields) -> Option<Self> {
        let to = local_path(fields.get(TO))?.to_owned();
        let kept = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(BEFORE)?, value)));
        Some(Self {
            back: local_path(fields.get(BACK)).unwrap_or_default().to_owned(),
            whose: fields.get(WHOSE).to_owned(),
            fields: kept.map(owned).collect(),
            files: fields.all(FILES).map(str::to_owned).collect(),
            is_too_long: false,
            to,
        })
    }

    /// The hidden fields of the sign-in page.
    #[must_use]
    pub fn hidden(&self) -> Vec<(String, &str)> {
        let kept = self.fields.iter().map(|(name, value)| (format!("{BEFORE}{name}"), value.as_str()));
        let files = self.files.iter().map(|name| (FILES.to_owned(), name.as_str()));
        let own = [(TO, &self.to), (BACK, &self.back), (WHOSE, &self.whose)];
        own.map(|(name, value)| (name.to_owned(), value.as_str()))
            .into_iter()
            .chain(kept)
            .chain(files)
            .collect()
    }

    /// Whether what was typed goes along.
    #[must_use]
    pub fn goes_along(&self) -> bool {
        !self.fields.is_empty()
    }

    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// The page after the sign-in: what was typed, and the way to its form. To anybody but its writer it says only
    /// that it was not sent.
    ///
    /// # Errors
    /// A page that can't be drawn.
    pub fn again(&self, app: &App, visit: &Visit, account: &Account) -> Result<Response, Error> {
        let is_anothers = !self.whose.is_empty() && self.whose != mark(account.id);
        // Of a draft's page the short answers are left out: they go along all the same.
        let is_text = |name: &str, value: &str| PROSE.contains(&name) || value.contains(char::is_whitespace);
        let typed = self.fields.iter().filter(|(name, value)| is_text(name, value) && !is_blank(value));
        let mut hidden: Vec<(String, String)> = self.fields.clone();
        if !self.to.starts_with("/escrows/new/") {
            // The form is drawn again with it, and not carried out: see `Fields`.
            hidden.push((UNSENT.to_owned(), format!("yes{}", self.files.join(", "))));
        }
        let page = Again {
            shell: Shell::new(
                app,
                visit,
                if is_anothers { "This was not sent" } else { "You are signed in again" },
            ),
            name: account.name.clone(),
            back: if self.back.is_empty() || is_anothers { "/home".to_owned() } else { self.back.clone() },
            to: self.to.clone(),
            texts: typed.map(|(_, value)| value.clone()).collect(),
            files: self.files.clone(),
            hidden,
            is_anothers,
        };
        page::html(&page)
    }
}

/// How the cookie of a browser tells who was last signed in there.
#[must_use]
pub fn mark(user: Uuid) -> String {
    let hash = crate::store::hash(&format!("last signed in: {user}"));
    data_encoding::HEXLOWER.encode(hash.get(..16).unwrap_or_default())
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The page of ours on which the form stood.
fn back(headers: &HeaderMap) -> String {
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = referer.parse::<Uri>().ok().and_then(|uri| uri.path_and_query().map(ToString::to_string));
    path.as_deref().and_then(local_path).unwrap_or_default().to_owned()
}
