//! A world to look at: seven people and escrows in every state there is, made through the engine alone.
//!
//! Each deal has a clock of its own that starts in the past and is moved to the present, so that its
//! history reads as a real one and its deadlines lie where they would. Nothing here is special to the demo:
//! the same requests go through the same write path.

mod deals;
mod every;
mod links;
mod modes;

use time::Duration;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::command::Command;
use crate::engine::escrow::{Escrow, Method};
use crate::engine::party::Role;
use crate::engine::terms::{DisputeHandler, Mode, Terms};
use crate::engine::time::Time;
use crate::store::db::{Db, DbError, opt};
use crate::store::execute::{Evidence, Outcome, Request, Who, execute, tick};
use crate::store::proposals::{Named, Proposal, propose};
use crate::store::terms_of_service::FIRST;
use crate::store::users::{self, Profile, Registration};
use crate::store::{audit, drafts, escrows, evidence, rights};

/// Their addresses, in the order buyer, seller, broker, operator, arbiter, and two who are paid too.
pub const PEOPLE: [(&str, &str); 7] = [
    ("buyer@example.com", "Amel Trabelsi"),
    ("seller@example.com", "Karim Ben Salah"),
    ("broker@example.com", "Bilal Haddad"),
    ("operator@example.com", "Olfa Mansour"),
    ("arbiter@example.com", "Nadia Gharbi"),
    ("carpenter@example.com", "Salma Ferchichi"),
    ("printer@example.com", "Moez Jaziri"),
];

/// The people of the demo.
#[derive(Clone, Copy)]
pub struct Cast {
    pub buyer: Uuid,
    pub seller: Uuid,
    pub broker: Uuid,
    operator: Uuid,
    /// The address and the name of whom the terms name as the arbiter.
    arbiter: (&'static str, &'static str),
    /// Those who are paid too.
    pub payees: [Uuid; 2],
}

/// Whether a database holds people already. One that has no such table is as empty as one without any.
pub async fn is_taken(db: &Db) -> bool {
    let found = async { opt!(&mut db.read().await?.conn(), (String,), "SELECT name FROM users LIMIT 1") };
    matches!(found.await, Ok(Some(_)))
}

/// Fills an empty database with the demo's world as of `now`.
///
/// # Errors
/// The database's, or a command of the script that was not carried out.
pub async fn fill(db: &Db, now: Time, password_hash: &str) -> Result<(), DbError> {
    let clock = Clock::fixed(now.plus_days(-90));
    let mut ids = Vec::new();
    let mut tx = db.write().await?;
    for (email, name) in PEOPLE {
        let new = Registration {
            email,
            name,
            password_hash,
            time_zone: "Africa/Tunis",
            terms_of_service_version: FIRST,
        };
        let id = users::register(&mut tx.conn(), &clock, &new).await?;
        let id = id.ok_or_else(|| DbError::Broken(format!("{email} is there already")))?;
        users::confirm(&mut tx.conn(), clock.now(), id, email).await?;
        ids.push(id);
    }
    // The last one moves his money himself, so that some waits for it.
    let by_hand = Profile {
        name: PEOPLE[6].1,
        time_zone: "Africa/Tunis",
        country: None,
        to_wallet_at_once: false,
        refunds_to_wallet: false,
    };
    users::set_profile(&mut tx.conn(), ids[6], &by_hand).await?;
    rights::make_operator(&mut tx.conn(), &clock, audit::Who::Machine, ids[3], "").await?;
    tx.commit().await?;
    let [buyer, seller, broker, operator] = [ids[0], ids[1], ids[2], ids[3]];
    let payees = [ids[5], ids[6]];
    let cast = Cast { buyer, seller, broker, operator, arbiter: PEOPLE[4], payees };
    deals::all(db, cast, now).await?;
    let title = "Logo and stationery";
    let fields = [("role", "seller"), ("kind", "one_off"), ("mode", "standard"), ("title", title)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    drafts::start(db, &Clock::fixed(now), cast.seller, title, &fields).await?;
    Ok(())
}

/// One deal of the script under way.
struct Deal<'a> {
    db: &'a Db,
    clock: Clock,
    now: Time,
    cast: Cast,
    id: Uuid,
}

impl<'a> Deal<'a> {
    /// Proposes terms `hours_ago`, by the party in the role. No two deals start at the same hour: their
    /// clocks would draw the same ids. As many milliseconds keep the clocks apart for ever after.
    async fn proposed(
        db: &'a Db,
        cast: Cast,
        now: Time,
        hours_ago: i64,
        by: Role,
        terms: &dyn Fn(Time) -> Terms,
    ) -> Result<Self, DbError> {
        let start = now.plus_hours(-hours_ago).plus(Duration::milliseconds(hours_ago));
        let clock = Clock::fixed(start);
        let terms = terms(clock.now());
        let mut parties = vec![(Role::Seller, PEOPLE[1].0.to_owned())];
        // Who buys by a link is not known before.
        if terms.mode != Mode::Instant {
            parties.insert(0, (Role::Buyer, PEOPLE[0].0.to_owned()));
        }
        if by == Role::Broker {
            parties.push((Role::Broker, PEOPLE[2].0.to_owned()));
        }
        if terms.milestones.iter().any(|part| !part.recipients.is_empty()) {
            parties.extend(PEOPLE[5..].iter().map(|(email, _)| (Role::Payee, (*email).to_owned())));
        }
        let creator = Self::user(cast, by);
        let key = clock.id().to_string();
        let arbiter = match terms.dispute_handler {
            DisputeHandler::Platform => None,
            DisputeHandler::Arbitration => Some(cast.arbiter.0.to_owned()),
        };
        let names = PEOPLE[5..].iter().chain([&cast.arbiter]);
        let names = names.map(|(email, name)| ((*email).to_owned(), (*name).to_owned())).collect();
        let named = Named { arbiter, names };
        let proposal = Proposal { creator, parties, terms, named, key, draft: None };
        let proposed = propose(db, &clock, &proposal).await?;
        expect_done(&proposed.executed.outcome, "propose")?;
        Ok(Self { db, clock, now, cast, id: proposed.escrow })
    }

    fn user(cast: Cast, role: Role) -> Uuid {
        match role {
            Role::Buyer => cast.buyer,
            Role::Seller => cast.seller,
            Role::Broker => cast.broker,
            Role::Payee => cast.payees[0],
        }
    }

    async fn escrow(&self) -> Result<Escrow, DbError> {
        let found = escrows::by_id(&mut self.db.read().await?.conn(), self.id).await?;
        found.ok_or_else(|| DbError::Broken("a deal of the demo is gone".to_owned()))
    }

    async fn send(&self, who: Who, command: Command, evidence: Option<Evidence>) -> Result<(), DbError> {
        let what = format!("{command:?}");
        let request = Request { evidence, ..Request::new(self.id, who, command) };
        let executed = execute(self.db, &self.clock, &request).await?;
        expect_done(&executed.outcome, &what)
    }

    async fn by(&self, role: Role, command: Command) -> Result<(), DbError> {
        self.send(Who::User(Self::user(self.cast, role)), command, None).await
    }

    /// Other terms than those that stand.
    async fn counters(&self, role: Role, change: impl FnOnce(&mut Terms)) -> Result<(), DbError> {
        let escrow = self.escrow().await?;
        let mut terms = escrow.terms;
        change(&mut terms);
        self.by(role, Command::Counter { version: escrow.version, terms: Box::new(terms) }).await
    }

    async fn signs(&self, role: Role) -> Result<(), DbError> {
        let escrow = self.escrow().await?;
        let name = match role {
            Role::Buyer => PEOPLE[0].1,
            Role::Seller => PEOPLE[1].1,
            Role::Broker | Role::Payee => PEOPLE[2].1,
        };
        let (ip, user_agent) = ("127.0.0.1".to_owned(), "the demo".to_owned());
        let salt = self.clock.random::<16>().to_vec();
        let evidence_sha256 = evidence::of_signature(&salt, name, &ip, &user_agent);
        let command = Command::Sign {
            version: escrow.version,
            document_sha256: escrow.document_sha256,
            evidence_sha256,
        };
        let typed_name = name.to_owned();
        let evidence = Evidence::Signature { typed_name, ip, user_agent, salt };
        self.send(Who::User(Self::user(self.cast, role)), command, Some(evidence)).await
    }

    /// Everyone with a role signs, a few hours apart.
    async fn signed(&self) -> Result<(), DbError> {
        let parties = self.escrow().await?.parties;
        for party in parties.into_iter().filter(|party| party.role.must_agree()) {
            self.later(2);
            self.signs(party.role).await?;
        }
        Ok(())
    }

    async fn starts_paying(&self) -> Result<Uuid, DbError> {
        let payment = self.clock.id();
        let milestones = self.escrow().await?.to_pay();
        let method = Method::Rail { rail: "sandbox".to_owned() };
        self.by(Role::Buyer, Command::StartCharge { payment, milestones, method }).await?;
        Ok(payment)
    }

    async fn paid(&self) -> Result<(), DbError> {
        let payment = self.starts_paying().await?;
        self.clock.advance(Duration::minutes(3));
        self.send(Who::Rail, Command::ChargeSettled { payment }, None).await
    }

    async fn delivers(&self, milestone: u16, note: &str) -> Result<(), DbError> {
        let command = Command::MarkDone { milestone, note: note.to_owned(), files: Vec::new() };
        self.by(Role::Seller, command).await
    }

    async fn approves(&self, milestone: u16) -> Result<(), DbError> {
        self.by(Role::Buyer, Command::Approve { milestone, part_minor: None }).await
    }

    fn later(&self, hours: i64) {
        self.clock.advance(Duration::hours(hours));
    }

    /// Lets every deadline and reminder up to the present happen at its own time.
    async fn until_now(&self) -> Result<(), DbError> {
        loop {
            let next = crate::engine::deadlines::next_at(&self.escrow().await?);
            let Some(at) = next.filter(|at| *at <= self.now) else { return Ok(()) };
            self.clock.advance(at.since(self.clock.now()).max(Duration::ZERO));
            tick(self.db, &self.clock, self.id).await?;
        }
    }
}

fn expect_done(outcome: &Outcome, what: &str) -> Result<(), DbError> {
    if *outcome == Outcome::Done {
        return Ok(());
    }
    Err(DbError::Broken(format!("the demo's {what} was not carried out: {outcome:?}")))
}
