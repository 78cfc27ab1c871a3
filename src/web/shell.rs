//! What the layout around every page needs.

use super::assets;
use super::escrow::beside::left_in_words;
use super::flash::Flash;
use super::visit::{Person, Visit};
use crate::app::App;

/// The item of the navigation that the page stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Escrows,
    Balances,
    Notifications,
    Settings,
    Admin,
    Welcome,
    HowItWorks,
    Fees,
    Terms,
    SignIn,
    SignUp,
    /// A page that no item leads to.
    Elsewhere,
}

/// Every full page has one as its field `shell` and extends `layouts/page.html`.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's title, without the name of the portal.
    pub title: String,
    pub place: Place,
    pub person: Option<Person>,
    pub flash: Option<Flash>,
    /// No real money moves: the banner says so on every page.
    pub test_mode: bool,
    /// Operators can move the clock on.
    pub rehearsal: bool,
    /// How far the clock of a rehearsal is ahead, in words; empty where it is not.
    pub ahead: String,
    /// As whom an operator of a rehearsal sees the page.
    pub looks_as: Option<String>,
    /// There is no mail server: mails stay here, for operators to read.
    pub mails_stay: bool,
    /// The page shows problems of a form: its title begins with "Error: ".
    pub has_problems: bool,
    /// The page waits for something and looks again after this many seconds.
    pub refresh_seconds: Option<u32>,
    /// One sentence for search engines and previews; empty for none.
    pub description: &'static str,
}

impl Shell {
    /// The frame of a page for this request.
    #[must_use]
    pub fn new(app: &App, visit: &Visit, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            place: Place::Elsewhere,
            person: visit.person().cloned(),
            flash: visit.flash(),
            test_mode: app.config.test_mode,
            rehearsal: app.config.rehearsal,
            ahead: ahead(app),
            looks_as: visit.looks_as().map(str::to_owned),
            mails_stay: !app.mailer.sends(),
            has_problems: false,
            refresh_seconds: None,
            description: "",
        }
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    #[must_use]
    pub fn with_problems(mut self, has_problems: bool) -> Self {
        self.has_problems = has_problems;
        self
    }

    #[must_use]
    pub fn refreshing(mut self, seconds: u32) -> Self {
        self.refresh_seconds = Some(seconds);
        self
    }

    #[must_use]
    pub fn describing(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The address of an asset, which changes with its content.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::href(name)
    }

    /// The items of the navigation for this reader, in order.
    #[must_use]
    pub fn items(&self) -> &'static [Item] {
        match &self.person {
            None => PUBLIC,
            Some(person) if person.is_operator => OPERATORS,
            Some(_) => MEMBERS,
        }
    }

    /// How many notices wait, as the header writes it: nothing for none, and no endless number.
    #[must_use]
    pub fn unread(&self) -> String {
        match self.person.as_ref().map_or(0, |person| person.unread) {
            0 => String::new(),
            n @ 1..=99 => n.to_string(),
            _ => "99+".to_owned(),
        }
    }
}

/// "3 days 4 hours", once a rehearsal has begun.
fn ahead(app: &App) -> String {
    let ahead = app.clock.ahead_by();
    if app.config.rehearsal && ahead.is_positive() { left_in_words(ahead) } else { String::new() }
}

/// One item of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub place: Place,
    pub href: &'static str,
    pub words: &'static str,
}

const fn item(place: Place, href: &'static str, words: &'static str) -> Item {
    Item { place, href, words }
}

const PUBLIC: &[Item] =
    &[item(Place::HowItWorks, "/how-it-works", "How it works"), item(Place::Fees, "/fees", "Fees")];

const MEMBERS: &[Item] = &[
    item(Place::Home, "/home", "Home"),
    item(Place::Escrows, "/escrows", "Escrows"),
    item(Place::Balances, "/balances", "Balances"),
];

const OPERATORS: &[Item] = &[
    item(Place::Home, "/home", "Home"),
    item(Place::Escrows, "/escrows", "Escrows"),
    item(Place::Balances, "/balances", "Balances"),
    item(Place::Admin, "/admin", "Admin"),
];
