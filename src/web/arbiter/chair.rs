//! An escrow as its arbiter sees it.

use crate::app::App;
use crate::engine::command::{Command, Facts};
use crate::engine::deadlines;
use crate::engine::escrow::Escrow;
use crate::engine::event::{Event, Record};
use crate::engine::next;
use crate::engine::offers::{self, Action};
use crate::engine::party::{Actor, Capacity};
use crate::engine::veil;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::escrows::{self, Person};
use crate::store::execute::{Outcome, Request, Who};
use crate::store::history::{self, Stored};
use crate::store::users::Account;
use crate::web::escrow::act::not_unsent;
use crate::web::escrow::actions::Button;
use crate::web::escrow::room::claimed;
use crate::web::escrow::seat::Scene;
use crate::web::escrow::show::NextView;
use crate::web::form::Fields;
use crate::web::view::Reader;

/// The escrow without what the arbiter must not know, and who the parties are by name.
pub struct Chair {
    pub escrow: Escrow,
    pub account: Account,
    pub people: Vec<Person>,
    pub reader: Reader,
}

impl Chair {
    /// Loads the escrow of a reference for its arbiter, whether he has declined or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, and for him too as long as nobody has told him.
    pub async fn load(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        reference: &str,
    ) -> Result<Self, Error> {
        let escrow = escrows::by_reference(conn, reference).await?.ok_or(Error::NotFound)?;
        let named = escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == account.id);
        if !named || !escrow.all_agreed() {
            return Err(Error::NotFound);
        }
        let mut people = escrows::people(conn, escrow.id).await?;
        people.iter_mut().for_each(without_address);
        let escrow = veil::for_arbiter(escrow);
        let reader = account.reader(app);
        Ok(Self { escrow, account, people, reader })
    }

    /// The same for everything that whoever has declined no longer sees.
    ///
    /// # Errors
    /// [`Error::NotFound`] once he has.
    pub async fn load_sitting(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        reference: &str,
    ) -> Result<Self, Error> {
        let chair = Self::load(app, conn, account, reference).await?;
        if chair.escrow.arbiter().is_some() { Ok(chair) } else { Err(Error::NotFound) }
    }

    /// Where his own page of it is.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/arbitration/{}", self.escrow.reference)
    }

    /// Where he gets its files.
    #[must_use]
    pub fn files_at(&self) -> String {
        format!("{}/files", self.path())
    }

    #[must_use]
    pub fn scene(&self) -> Scene<'_> {
        Scene { escrow: &self.escrow, people: &self.people, reader: &self.reader }
    }

    /// The case as it stands in the history, without what is hidden from him.
    ///
    /// # Errors
    /// The database's.
    pub async fn records(&self, conn: &mut Conn<'_>) -> Result<Vec<Record>, Error> {
        let stored = history::of_case(conn, self.escrow.id).await?;
        Ok(stored.iter().filter_map(|stored| self.record(stored).ok()).collect())
    }

    /// A stored event as he may see it.
    ///
    /// # Errors
    /// Bytes that this version of the program cannot read.
    pub fn record(&self, stored: &Stored) -> Result<Record, serde_json::Error> {
        Ok(veil::record_for_arbiter(stored.record()?, &self.escrow))
    }

    /// Whether a dispute is or was his to decide.
    #[must_use]
    pub fn reached(&self, dispute: u16) -> bool {
        self.escrow.arbitrated.contains(&dispute)
    }

    /// Whether an event is about what was laid before him, or about the deal as a whole.
    #[must_use]
    pub fn concerns(&self, event: &Event, records: &[Record]) -> bool {
        let dispute = match event {
            Event::DisputeOpened { dispute, .. }
            | Event::Stated { dispute, .. }
            | Event::DisputeMoved { dispute, .. }
            | Event::Ruled { dispute, .. }
            | Event::RulingReturned { dispute, .. }
            | Event::DisputeEnded { dispute, .. } => Some(*dispute),
            _ => None,
        };
        let mut disputed = self.escrow.arbitrated.iter().flat_map(|number| claimed(records, *number));
        match (dispute, event.milestone()) {
            (Some(dispute), _) => self.reached(dispute),
            (None, Some(milestone)) => disputed.any(|number| number == milestone),
            (None, None) => true,
        }
    }

    /// Whether an action would be accepted now.
    #[must_use]
    pub fn offered(&self, action: Action) -> bool {
        let facts = Facts { frozen: self.account.frozen_at.is_some(), ..Facts::default() };
        let actor = Actor::Arbiter { user: self.account.id };
        offers::offered(&offers::offers(&self.escrow, &actor, &facts, self.reader.now), action)
    }

    /// What happens next, for him.
    #[must_use]
    pub fn next(&self) -> NextView {
        let next = next::of_arbiter(&self.escrow);
        let headline = match next.by {
            Some(by) => format!("{} by {}.", next.headline, self.reader.time(by).absolute),
            None => format!("{}.", next.headline),
        };
        let button = |action: Action| match action {
            Action::Rule(number) => Button {
                href: format!("{}/disputes/{number}", self.path()),
                words: "Read the case and decide".to_owned(),
            },
            _ => Button {
                href: format!("{}/refusal", self.path()),
                words: "I don’t want to decide".to_owned(),
            },
        };
        let offered = |action: &Action| self.offered(*action);
        NextView {
            headline,
            until: next.by.map(|by| self.reader.time(by)),
            otherwise: next.otherwise.unwrap_or_default(),
            note: String::new(),
            also: Vec::new(),
            waits_for: if next.yours || next.by.is_none() {
                String::new()
            } else {
                self.waited_for(next.milestone)
            },
            primary: next.primary.filter(offered).map(button),
            secondary: next.secondary.into_iter().filter(offered).map(button).collect(),
        }
    }

    fn waited_for(&self, milestone: Option<u16>) -> String {
        let clocks = deadlines::all(&self.escrow);
        let open = milestone.and_then(|number| self.escrow.dispute_over(number));
        let until = open.map(|open| open.step.times());
        let clock = clocks
            .iter()
            .find(|clock| clock.milestone == milestone && until == Some((clock.since, clock.at)));
        let users = clock.map(|clock| deadlines::waits_for(&self.escrow, clock)).unwrap_or_default();
        let names: Vec<String> = users.into_iter().map(|user| self.scene().name(user)).collect();
        if names.is_empty() { "Holdfast’s operators".to_owned() } else { names.join(", ") }
    }

    /// Sends a command of his with the form's key.
    ///
    /// # Errors
    /// The database's; nothing was written then.
    pub async fn send(&self, app: &App, fields: &Fields, command: Command) -> Result<Outcome, Error> {
        not_unsent(fields)?;
        let key = Some(fields.get("key").to_owned()).filter(|key| !key.is_empty() && key.len() <= 100);
        let request = Request::new(self.escrow.id, Who::User(self.account.id), command);
        Ok(app.execute(&Request { key, ..request }).await?)
    }
}

/// Leaves a name, or what stands for it where nobody has given one, and takes the address away.
fn without_address(person: &mut Person) {
    if person.name.is_empty() {
        let role = Capacity::from_word(&person.role).map_or("somebody", Capacity::word);
        person.name = format!("The {role}");
    }
    if person.role != Capacity::Arbiter.word() {
        person.email = None;
    }
}
