//! A world with one escrow in it, run as the store will run it.

use holdfast::engine::command::{Command, Facts};
use holdfast::engine::deadlines;
use holdfast::engine::decide::{Decision, decide};
use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::{Escrow, Method, Milestone, Stage};
use holdfast::engine::event::Event;
use holdfast::engine::evolve::evolve;
use holdfast::engine::party::{Actor, Role, UserId};
use holdfast::engine::proof::ProofKind;
use holdfast::engine::refusal::Refusal;
use holdfast::engine::status;
use holdfast::engine::terms::{Mode, Terms};
use holdfast::engine::time::Time;
use holdfast::money::Money;
use uuid::Uuid;

use super::books::Books;
use super::deal::start;
use super::given::sandbox;
use super::model::Model;
use super::orders;
use super::outcome::Outcome;
use super::people::{buyer, of_role};

#[derive(Clone)]
pub struct World {
    pub terms: Terms,
    pub escrow: Option<Escrow>,
    pub now: Time,
    pub history: Vec<(Time, Event)>,
    pub books: Books,
    /// What the money must be, by itself.
    pub model: Model,
    /// Users whose released money goes to their wallet at once.
    pub at_once: Vec<UserId>,
    /// Whether money goes back as it came; else it goes to the buyer's wallet.
    pub as_it_came: bool,
    /// Above what is at stake a second operator has to agree, in minor units.
    pub second_above: i64,
    /// Laws of the ledger that did not hold. Stories fail on the first one; the random runs report it.
    pub broken: Vec<String>,
    /// Who pays without an account.
    pub guests: Vec<UserId>,
    payments: u128,
}

/// More than any escrow's clocks can have to say at one moment.
const MOST_WAKE_UPS: usize = 500;

impl World {
    /// Terms are drafted and nobody has seen them.
    pub fn of(terms: Terms) -> Self {
        Self {
            terms,
            escrow: None,
            now: start(),
            history: Vec::new(),
            books: Books::default(),
            model: Model::default(),
            at_once: Vec::new(),
            as_it_came: false,
            second_above: i64::MAX,
            broken: Vec::new(),
            guests: Vec::new(),
            payments: 0,
        }
    }

    /// Sent by the buyer, or by the seller of what is sold by a link.
    pub fn sent(terms: Terms) -> Self {
        let mut world = Self::of(terms);
        let sender = if world.terms.mode == Mode::Instant { Role::Seller } else { Role::Buyer };
        world.person(of_role(sender)).proposes().is_done();
        world
    }

    pub fn agreed(terms: Terms) -> Self {
        let mut world = Self::sent(terms);
        world.everyone_agrees();
        world
    }

    pub fn paid(terms: Terms) -> Self {
        let mut world = Self::agreed(terms);
        world.buyer().pays().is_done();
        world.provider().settles().is_done();
        world
    }

    pub fn delivered(terms: Terms, number: u16) -> Self {
        let mut world = Self::paid(terms);
        world.seller().delivers(number).is_done();
        world
    }

    pub fn everyone_agrees(&mut self) {
        let open: Vec<Role> = {
            let escrow = self.escrow();
            let parties = escrow.parties.iter().filter(|party| party.role.must_agree());
            parties.filter(|party| !escrow.has_agreed(party)).map(|party| party.role).collect()
        };
        for role in open {
            let person = Person { world: self, actor: of_role(role) };
            match person.world.terms.mode {
                Mode::Standard => person.signs().is_done(),
                Mode::Quick | Mode::QuickProof | Mode::Instant => person.accepts().is_done(),
            }
        }
    }

    pub fn buyer(&mut self) -> Person<'_> {
        self.person(buyer())
    }

    pub fn seller(&mut self) -> Person<'_> {
        self.person(super::seller())
    }

    pub fn broker(&mut self) -> Person<'_> {
        self.person(super::broker())
    }

    pub fn payee(&mut self) -> Person<'_> {
        self.person(super::payee())
    }

    pub fn provider(&mut self) -> Person<'_> {
        self.person(Actor::Rail)
    }

    pub fn person(&mut self, actor: Actor) -> Person<'_> {
        Person { world: self, actor }
    }

    #[track_caller]
    pub fn escrow(&self) -> &Escrow {
        self.escrow.as_ref().expect("nothing has been proposed")
    }

    #[track_caller]
    pub fn milestone(&self, number: u16) -> &Milestone {
        self.escrow().milestone(number).unwrap()
    }

    pub fn stage(&self) -> &Stage {
        &self.escrow().stage
    }

    /// What people read of it.
    pub fn status(&self) -> &'static str {
        status::of(self.escrow()).words
    }

    pub fn money(&self, minor: i64) -> String {
        self.terms.money(minor).plain()
    }

    pub fn wallet(&self, user: UserId) -> String {
        self.money(self.books.wallet(user))
    }

    pub fn fees(&self) -> String {
        self.money(self.books.fees())
    }

    pub fn held(&self) -> String {
        self.money(self.books.held())
    }

    /// Cashless' balance: held and payable, without what follows.
    pub fn balance(&self) -> String {
        self.money(self.escrow().balance_minor())
    }

    /// The sum of what is held for a user or payable to him: Cashless' seller balance.
    pub fn stands_in_for(&self, user: UserId) -> String {
        let escrow = self.escrow();
        let holdings = escrow.milestones.iter().flat_map(|part| &part.holdings);
        let mine = holdings.filter(|held| escrow.receiver(held.share) == Some(user));
        self.money(mine.map(|held| held.held_minor + held.payable_minor).sum())
    }

    pub fn facts(&self, actor: &Actor) -> Facts {
        let wallet = actor.user().map(|user| self.terms.money(self.books.wallet(user)));
        Facts {
            wallet_available: wallet,
            rails_that_refund: if self.as_it_came { vec!["sandbox".to_owned()] } else { Vec::new() },
            to_wallet_at_once: self.at_once.clone(),
            second_operator_above_minor: self.second_above,
            ..Facts::default()
        }
    }

    /// The write path: what has come due first, then the command.
    pub fn attempt(&mut self, actor: &Actor, command: &Command) -> Result<Decision, Refusal> {
        self.wake_up();
        self.decide(actor, command)
    }

    /// Everything that is due is carried out.
    pub fn wake_up(&mut self) {
        for _ in 0..MOST_WAKE_UPS {
            let due = self.escrow.as_ref().and_then(|escrow| deadlines::due(escrow, self.now));
            let Some(command) = due else { return };
            self.by_clock(&command);
        }
        self.broken.push("the clocks never rest".to_owned());
    }

    fn by_clock(&mut self, command: &Command) {
        let decision = self.decide(&Actor::Clock, command);
        if !matches!(decision, Ok(Decision::Done(_))) {
            self.broken.push(format!("{command:?} was due and came to {decision:?}"));
        }
    }

    /// Decides and books, without looking at the clocks.
    pub fn decide(&mut self, actor: &Actor, command: &Command) -> Result<Decision, Refusal> {
        let decision = decide(self.escrow.as_ref(), command, actor, &self.facts(actor), self.now)?;
        if let Decision::Done(events) = &decision {
            let (ordered, moved) = (self.model.ordered(command, events), orders::moved(events));
            if ordered != moved {
                self.broken.push(format!("{command:?} orders {ordered:?}, and {moved:?} was moved"));
            }
            for event in events {
                self.apply(event);
            }
            let unpaid = self.model.unpaid(command, actor.user(), &self.at_once, events);
            if !unpaid.is_empty() {
                self.broken.push(format!("{unpaid:?} are still owed something after {command:?}"));
            }
        }
        Ok(decision)
    }

    /// Something happens that no command asks for yet.
    #[track_caller]
    pub fn happens(&mut self, event: &Event) {
        self.apply(event);
        self.is_sound();
    }

    fn apply(&mut self, event: &Event) {
        let booked = self.escrow.as_ref().map_or(Ok(()), |escrow| self.books.book(escrow, event));
        self.escrow = evolve(self.escrow.take(), event, self.now);
        self.history.push((self.now, event.clone()));
        let checked = self.books.check(self.escrow());
        let modelled = self.model.hear(event).and_then(|()| self.model.check(&self.books));
        for wrong in [booked, checked, modelled].into_iter().filter_map(Result::err) {
            self.broken.push(format!("{wrong}, after {event:?}"));
        }
    }

    #[track_caller]
    fn is_sound(&self) {
        assert!(self.broken.is_empty(), "{:#?}", self.broken);
    }

    /// Time passes on a server that runs: every deadline and reminder at its moment.
    pub fn days_pass(&mut self, days: i64) {
        self.time_passes_to(self.now.plus_days(days));
    }

    pub fn hours_pass(&mut self, hours: i64) {
        self.time_passes_to(self.now.plus_hours(hours));
    }

    fn time_passes_to(&mut self, end: Time) {
        loop {
            let next = self.escrow.as_ref().and_then(deadlines::next_at);
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.wake_up();
            self.is_sound();
        }
        self.now = end;
    }

    /// The server was down; now it starts again.
    pub fn outage_of_days(&mut self, days: i64) {
        self.now = self.now.plus_days(days);
        self.wake_up();
        self.is_sound();
    }

    /// The kinds of the events so far, in their order.
    pub fn events(&self) -> Vec<&'static str> {
        self.history.iter().map(|(_, event)| event.kind()).collect()
    }

    /// The kinds of the events since a place in the history.
    pub fn events_since(&self, place: usize) -> Vec<&'static str> {
        self.events().split_off(place)
    }

    pub fn count(&self, wanted: &str) -> usize {
        self.events().iter().filter(|kind| **kind == wanted).count()
    }

    pub fn last_payment(&self) -> Uuid {
        Uuid::from_u128(self.payments)
    }

    pub fn new_payment(&mut self) -> Uuid {
        self.payments += 1;
        self.last_payment()
    }
}

/// Someone who acts in a world.
pub struct Person<'w> {
    pub world: &'w mut World,
    actor: Actor,
}

impl Person<'_> {
    pub fn does(self, command: Command) -> Outcome {
        let result = self.world.attempt(&self.actor, &command);
        self.world.is_sound();
        Outcome { command, result }
    }

    pub fn proposes(self) -> Outcome {
        let terms = Box::new(self.world.terms.clone());
        let reference = "ESC-7K2M-9QXA".to_owned();
        self.does(Command::Propose { id: Uuid::from_u128(0xE5), reference, terms })
    }

    /// Other terms than those that stand.
    pub fn counters(self, change: impl FnOnce(&mut Terms)) -> Outcome {
        let escrow = self.world.escrow();
        let mut terms = escrow.terms.clone();
        change(&mut terms);
        let version = escrow.version;
        self.does(Command::Counter { version, terms: Box::new(terms) })
    }

    /// Names another user in the place of one.
    pub fn corrects(self, user: UserId, to: UserId) -> Outcome {
        let identity_sha256 = format!("{:064x}", to.as_u128());
        self.does(Command::CorrectParty { user, to, identity_sha256 })
    }

    pub fn invites_again(self, user: UserId) -> Outcome {
        self.does(Command::InviteAgain { user })
    }

    pub fn nudges(self) -> Outcome {
        let clock = deadlines::all(self.world.escrow())[0];
        self.does(Command::Nudge { waiting: clock.waiting, milestone: clock.milestone })
    }

    pub fn accepts(self) -> Outcome {
        let version = self.world.escrow().version;
        self.does(Command::Accept { version })
    }

    pub fn signs(self) -> Outcome {
        let escrow = self.world.escrow();
        let (version, document_sha256) = (escrow.version, escrow.document_sha256.clone());
        self.does(Command::Sign { version, document_sha256, evidence_sha256: "e".repeat(64) })
    }

    pub fn declines(self, reason: &str) -> Outcome {
        self.does(Command::Decline { reason: reason.to_owned() })
    }

    pub fn disowns(self) -> Outcome {
        self.does(Command::Disown)
    }

    pub fn withdraws(self) -> Outcome {
        self.does(Command::Withdraw)
    }

    /// By the sandbox's rail, in a new attempt.
    pub fn pays(self) -> Outcome {
        self.pays_by(sandbox())
    }

    pub fn pays_from_the_wallet(self) -> Outcome {
        self.pays_by(Method::Wallet)
    }

    fn pays_by(self, method: Method) -> Outcome {
        let payment = self.world.new_payment();
        if self.world.terms.mode == Mode::Instant {
            let user = self.actor.user().unwrap_or_default();
            let identity_sha256 = format!("{:064x}", user.as_u128());
            let guest = self.world.guests.contains(&user);
            return self.does(Command::BuyByLink { payment, method, identity_sha256, guest });
        }
        let milestones = self.world.escrow().to_pay();
        self.does(Command::StartCharge { payment, milestones, method })
    }

    /// What was bought as a guest passes to an account.
    pub fn hands_over_to(self, to: UserId) -> Outcome {
        let identity_sha256 = format!("{:064x}", to.as_u128());
        self.does(Command::Claim { to, identity_sha256 })
    }

    /// The provider says that the last payment arrived.
    pub fn settles(self) -> Outcome {
        let payment = self.world.last_payment();
        self.settles_payment(payment)
    }

    pub fn settles_payment(self, payment: Uuid) -> Outcome {
        self.does(Command::ChargeSettled { payment })
    }

    pub fn fails(self, reason: &str) -> Outcome {
        let payment = self.world.last_payment();
        self.does(Command::ChargeFailed { payment, reason: reason.to_owned() })
    }

    pub fn sends_proof(self) -> Outcome {
        let note = "Bought today.".to_owned();
        self.does(Command::SubmitProof { milestone: 1, kind: ProofKind::Receipt, note, files: Vec::new() })
    }

    pub fn accepts_proof(self) -> Outcome {
        self.does(Command::AcceptProof { milestone: 1 })
    }

    pub fn requests_corrections(self) -> Outcome {
        self.does(Command::RequestCorrections { milestone: 1, note: "The date is cut off.".to_owned() })
    }

    pub fn delivers(self, milestone: u16) -> Outcome {
        self.does(Command::MarkDone { milestone, note: "Here it is.".to_owned(), files: Vec::new() })
    }

    pub fn approves(self, milestone: u16) -> Outcome {
        self.does(Command::Approve { milestone, part_minor: None })
    }

    /// The amount is written as people write it: `50.00`.
    pub fn approves_part(self, milestone: u16, amount: &str) -> Outcome {
        let part = Money::parse(amount, self.world.terms.currency).unwrap();
        self.does(Command::Approve { milestone, part_minor: Some(part.minor) })
    }

    pub fn requests_changes(self, milestone: u16) -> Outcome {
        self.does(Command::RequestChanges {
            milestone,
            failed: vec![0],
            reason: "The door sticks.".to_owned(),
        })
    }

    pub fn cancels(self, milestone: u16) -> Outcome {
        self.does(Command::Cancel { milestone })
    }

    pub fn pays_out(self, milestone: u16) -> Outcome {
        self.does(Command::PayOut { milestone })
    }

    /// Seeks everything back of one milestone (buyer), or all of it (seller).
    pub fn disputes(self, milestone: u16) -> Outcome {
        let left = self.world.milestone(milestone).left_minor();
        let release_minor = if self.actor == buyer() { 0 } else { left };
        let claims = vec![Split { milestone, release_minor, refund_minor: left - release_minor }];
        let (reason, failed, files) = ("It leaks.".to_owned(), Vec::new(), Vec::new());
        self.does(Command::OpenDispute { claims, reason, failed, files })
    }

    pub fn offers(self, splits: Vec<Split>) -> Outcome {
        self.does(Command::OfferSettlement { splits, note: "Let us end it.".to_owned() })
    }

    /// The provider says that a refund is done, by its last attempt.
    pub fn refunded(self, refund: u16) -> Outcome {
        let attempt = self.world.escrow().refund(refund).map_or(1, |refund| refund.attempt);
        self.does(Command::RefundSettled { refund, attempt })
    }

    pub fn could_not_refund(self, refund: u16) -> Outcome {
        let attempt = self.world.escrow().refund(refund).map_or(1, |refund| refund.attempt);
        self.does(Command::RefundFailed { refund, attempt, reason: "The card is closed.".to_owned() })
    }

    pub fn retries(self, refund: u16) -> Outcome {
        self.does(Command::RetryRefund { refund })
    }

    pub fn takes_to_wallet(self, refund: u16) -> Outcome {
        self.does(Command::RefundToWallet { refund })
    }

    pub fn closes(self) -> Outcome {
        self.does(Command::Close)
    }
}
