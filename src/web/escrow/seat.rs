//! An escrow as one of its parties sees it.

use uuid::Uuid;

use crate::address;
use crate::app::App;
use crate::calendar::Zone;
use crate::engine::command::Facts;
use crate::engine::decide::decide;
use crate::engine::escrow::{ChargeState, Escrow};
use crate::engine::event::Record;
use crate::engine::offers::{self, Action, Offer};
use crate::engine::party::{Actor, Party, Role};
use crate::engine::plan::Share;
use crate::engine::refusal::Refusal;
use crate::engine::status::{self, Status};
use crate::engine::time::Time;
use crate::engine::veil;
use crate::error::Error;
use crate::money::Money;
use crate::store::db::Conn;
use crate::store::escrows::{self, Person};
use crate::store::history::Stored;
use crate::store::payments;
use crate::store::users::Account;
use crate::text::names::shown;
use crate::web::view::{MoneyView, PillView, Reader};

/// The escrow, the viewer's role in it, and who the others are.
pub struct Seat {
    pub escrow: Escrow,
    pub account: Account,
    pub role: Role,
    pub people: Vec<Person>,
    pub reader: Reader,
    /// The providers by which money goes back to this buyer as it came; read for the pages that ask.
    pub rails_that_refund: Vec<String>,
}

impl Seat {
    /// Loads the escrow of a reference for one of its parties.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none, or where this viewer takes no part in it.
    pub async fn load_receiving(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        reference: &str,
    ) -> Result<Self, Error> {
        // A guest's address holds a secret where that of others holds the reference.
        let escrow = match &account.by_link {
            Some(link) => escrows::by_id(conn, link.escrow).await?,
            None => escrows::by_reference(conn, reference).await?,
        };
        let escrow = escrow.ok_or(Error::NotFound)?;
        let role = escrow.party_of(account.id).ok_or(Error::NotFound)?.role;
        let people = escrows::people(conn, escrow.id).await?;
        // Nothing drawn from a seat can tell what is hidden from it.
        let escrow = match role {
            Role::Payee => veil::for_payee(escrow, account.id),
            Role::Buyer | Role::Seller | Role::Broker => veil::escrow(escrow, role),
        };
        let reader = account.reader(app);
        Ok(Self { escrow, account, role, people, reader, rails_that_refund: Vec::new() })
    }

    /// The same for pages that payees, who decide nothing and see their own lines only, do not see.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a payee too.
    pub async fn load(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        reference: &str,
    ) -> Result<Self, Error> {
        let seat = Self::load_receiving(app, conn, account, reference).await?;
        if seat.role == Role::Payee { Err(Error::NotFound) } else { Ok(seat) }
    }

    /// Reads by which ways money goes back.
    ///
    /// # Errors
    /// The database's.
    pub async fn with_ways_back(mut self, conn: &mut Conn<'_>) -> Result<Self, Error> {
        self.rails_that_refund = payments::rails_that_refund(conn, self.escrow.id, None).await?;
        Ok(self)
    }

    /// Whether a milestone's money goes back by the way on which it came, and not to the buyer's wallet.
    #[must_use]
    pub fn goes_back_as_it_came(&self, milestone: u16) -> bool {
        let way = self.escrow.paid_through(milestone);
        let able = |way| self.rails_that_refund.iter().any(|rail| rail == way);
        way.is_some_and(|way| !self.escrow.buyer_has_wallet() || able(way))
    }

    /// Whether the broker's commission is hidden from the viewer.
    #[must_use]
    pub fn hides(&self) -> bool {
        veil::hides_from(&self.escrow.terms, self.role)
    }

    /// Where the escrow's own page is.
    #[must_use]
    pub fn path(&self) -> String {
        match &self.account.by_link {
            Some(link) => format!("/g/{}", link.secret),
            None => format!("/escrows/{}", self.escrow.reference),
        }
    }

    /// Where its files are downloaded from.
    #[must_use]
    pub fn files_at(&self) -> String {
        format!("{}/files", self.path())
    }

    /// The viewer as the engine knows him.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Party { user: self.account.id, role: self.role }
    }

    /// What the engine would say to every action now. Its facts are those that a signed-in party
    /// meets (whoever is signed in has confirmed his address); the write asks again with the real ones.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        let facts = Facts { frozen: self.account.frozen_at.is_some(), ..Facts::default() };
        offers::offers(&self.escrow, &self.actor(), &facts, self.reader.now)
    }

    /// Whether an action would be accepted now.
    #[must_use]
    pub fn offered(&self, action: Action) -> bool {
        offers::offered(&self.offers(), action)
    }

    /// Why an action is refused now; nothing where it is not.
    #[must_use]
    pub fn refusal(&self, action: Action) -> Option<Refusal> {
        let (escrow, now) = (&self.escrow, self.reader.now);
        decide(Some(escrow), &offers::probe(escrow, action, now), &self.actor(), &Facts::default(), now).err()
    }

    /// Why an action is not possible now, in a sentence.
    #[must_use]
    pub fn why_not(&self, action: Action) -> Option<String> {
        let done = || "This has already been done.".to_owned();
        match self.refusal(action) {
            Some(refusal) => Some(refusal.sentence()),
            None => (!self.offered(action)).then(done),
        }
    }

    /// A stored event as this viewer may see it.
    ///
    /// # Errors
    /// Bytes that this version of the program cannot read.
    pub fn record(&self, stored: &Stored) -> Result<Record, serde_json::Error> {
        Ok(veil::record(stored.record()?, &self.escrow, self.role))
    }

    /// What the history is told with.
    #[must_use]
    pub fn scene(&self) -> Scene<'_> {
        Scene { escrow: &self.escrow, people: &self.people, reader: &self.reader }
    }

    /// What a user is called: the name, else the address, for those who have not registered yet.
    #[must_use]
    pub fn name(&self, user: Uuid) -> String {
        let is_me = user == self.account.id && self.account.is_confirmed();
        if is_me { self.account.name.clone() } else { self.scene().name(user) }
    }

    /// What a party typed as its signature under the present version, if it signed that.
    #[must_use]
    pub fn signed_as(&self, party: &Party) -> Option<String> {
        self.scene().signed_as(party)
    }

    /// What the party in a role is called.
    #[must_use]
    pub fn name_of(&self, role: Role) -> String {
        self.escrow.party(role).map_or_else(|| role.word().to_owned(), |party| self.name(party.user))
    }

    /// Those who agreed to the terms besides the viewer: "the seller and the broker".
    #[must_use]
    pub fn the_others(&self) -> String {
        let roles = self.escrow.parties.iter().map(|party| party.role);
        let others: Vec<Role> = roles.filter(|role| role.must_agree() && *role != self.role).collect();
        status::roles_in_words(&others)
    }

    /// Minor units of the escrow's currency, ready for a page.
    #[must_use]
    pub fn money(&self, minor: i64) -> MoneyView {
        self.amount(minor).into()
    }

    /// Minor units as money.
    #[must_use]
    pub fn amount(&self, minor: i64) -> Money {
        self.escrow.terms.money(minor)
    }

    /// A milestone's title, from its number.
    #[must_use]
    pub fn title_of(&self, number: u16) -> &str {
        title_of(&self.escrow, number)
    }

    /// "2. " before what belongs to a milestone; nothing where there is only one.
    #[must_use]
    pub fn prefix(&self, number: u16) -> String {
        self.scene().prefix(number)
    }

    /// When a milestone is due, once that is known: a one-off deal counts its days from payment.
    #[must_use]
    pub fn due_of(&self, number: u16) -> Option<Time> {
        self.scene().due_of(number)
    }

    /// When a one-off deal is due, as long as nothing is paid.
    #[must_use]
    pub fn due_words(&self) -> String {
        self.scene().due_words()
    }
}

/// An escrow and its people for a reader who need not take part in it: an operator has no seat.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub escrow: &'a Escrow,
    pub people: &'a [Person],
    pub reader: &'a Reader,
}

impl Scene<'_> {
    /// What a user is called: the name, else the address, for those who have not registered yet.
    #[must_use]
    pub fn name(&self, user: Uuid) -> String {
        let person = self.people.iter().find(|person| person.user_id == user);
        // Until somebody has answered, others know him by what they typed: proposing a deal to an address must not
        // tell who is behind it.
        let party = self.escrow.party_of(user);
        let answers = |party: &Party| self.escrow.has_agreed(party) || party.joined;
        let sends = user == self.escrow.creator || user == self.escrow.proposer();
        // The arbiter and payees are called what the terms' writer calls them.
        let decides = self.escrow.terms.arbiter.as_ref().is_some_and(|arbiter| arbiter.user == user);
        let receives = party.is_some_and(|party| party.role == Role::Payee);
        let answered = sends || decides || receives || party.is_some_and(answers);
        person.map_or_else(|| "Somebody".to_owned(), |person| shown(&called(person, answered)))
    }

    /// Minor units as money.
    #[must_use]
    pub fn amount(&self, minor: i64) -> Money {
        self.escrow.terms.money(minor)
    }

    /// A milestone's title, from its number.
    #[must_use]
    pub fn title_of(&self, number: u16) -> &str {
        title_of(self.escrow, number)
    }

    /// What a party typed as its signature under the present version, if it signed that.
    #[must_use]
    pub fn signed_as(&self, party: &Party) -> Option<String> {
        let signed = party.signature.as_ref().is_some_and(|mark| mark.version == self.escrow.version);
        let person = self.people.iter().find(|person| signed && person.user_id == party.user)?;
        person.signed_as.clone()
    }

    /// Out of what a broker gets a share, where both sides pay them; nothing where it needs no saying.
    #[must_use]
    pub fn source_of(&self, share: Share) -> &'static str {
        let all = [Share::Broker, Share::BrokerOnTop].map(|share| self.escrow.plan.receives_minor(share));
        match share {
            Share::Broker if all[1] > 0 => ", out of the price",
            Share::BrokerOnTop if all[0] > 0 => ", on top of the price",
            Share::Seller | Share::Broker | Share::BrokerOnTop | Share::Payee(_) | Share::Platform => "",
        }
    }

    /// "2. " before what belongs to a milestone; nothing where there is only one.
    #[must_use]
    pub fn prefix(&self, number: u16) -> String {
        if self.escrow.terms.milestones.len() == 1 { String::new() } else { format!("{number}. ") }
    }

    /// When a milestone is due, once that is known: a one-off deal counts its days from payment.
    #[must_use]
    pub fn due_of(&self, number: u16) -> Option<Time> {
        let paid_at = match self.escrow.charge.as_ref().map(|charge| &charge.state) {
            Some(ChargeState::Successful { at }) => Some(*at),
            Some(ChargeState::Pending { .. } | ChargeState::Failed { .. }) | None => None,
        };
        if let Some(due) = self.escrow.milestone(number).and_then(|part| part.due().or(part.was_due)) {
            return Some(due);
        }
        let agreed = self.escrow.terms.milestones.get(usize::from(number).checked_sub(1)?)?.due;
        let zone = || Zone::from_name(&self.escrow.terms.time_zone).unwrap_or_else(Zone::utc);
        agreed.or_else(|| Some(zone().days_later(paid_at?, self.escrow.terms.days_to_deliver())))
    }

    /// When a one-off deal is due, as long as nothing is paid.
    #[must_use]
    pub fn due_words(&self) -> String {
        let days = self.escrow.terms.days_to_deliver();
        format!("{days} day{} after payment", if days == 1 { "" } else { "s" })
    }
}

fn title_of(escrow: &Escrow, number: u16) -> &str {
    let index = usize::from(number).saturating_sub(1);
    escrow.terms.milestones.get(index).map_or("", |terms| terms.title.as_str())
}

fn called(person: &Person, by_name: bool) -> String {
    match &person.email {
        _ if by_name && !person.name.is_empty() => person.name.clone(),
        Some(email) => address::shown(email),
        // The arbiter knows nobody's address.
        None if !person.name.is_empty() => person.name.clone(),
        None => "Somebody who left".to_owned(),
    }
}

/// A status as a pill.
#[must_use]
pub fn pill(status: Status) -> PillView {
    status.into()
}

/// The pill of an escrow.
#[must_use]
pub fn pill_of(escrow: &Escrow) -> PillView {
    pill(status::of(escrow))
}

/// "Buyer", "Seller", "Broker", "Payee".
#[must_use]
pub fn role_title(role: Role) -> &'static str {
    match role {
        Role::Buyer => "Buyer",
        Role::Seller => "Seller",
        Role::Broker => "Broker",
        Role::Payee => "Payee",
    }
}
