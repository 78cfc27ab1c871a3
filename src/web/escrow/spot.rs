//! A milestone as one party of its escrow sees it, and what several of its pages show of it.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::Response;

use super::seat::{Scene, Seat};
use crate::app::App;
use crate::engine::command::Facts;
use crate::engine::decide::{Decision, decide};
use crate::engine::escrow::Milestone;
use crate::engine::offers::{self, Action};
use crate::engine::party::Role;
use crate::engine::plan::{MilestonePlan, Share};
use crate::engine::refusal::Refusal;
use crate::engine::terms::{FeePayer, MilestoneTerms};
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::users::Account;
use crate::web::page;
use crate::web::shell::{Place, Shell};
use crate::web::view::TimeView;
use crate::web::visit::Visit;

/// One milestone of an escrow, and the viewer's seat there.
pub struct Spot {
    pub seat: Seat,
    /// From 1.
    pub number: u16,
    pub terms: MilestoneTerms,
    pub plan: MilestonePlan,
    pub state: Milestone,
}

/// What would be said to an action now.
pub enum Standing {
    Open,
    AlreadyDone,
    Refused(Refusal),
}

impl Spot {
    /// Loads the milestone of an address for one of the escrow's parties.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such escrow or milestone, or where this viewer takes no part.
    pub async fn load(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        (reference, number): &(String, String),
    ) -> Result<Self, Error> {
        Self::of(Seat::load(app, conn, account, reference).await?, number)
    }

    /// The same for a payee too, who sees his own line of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such escrow or milestone, or where this viewer takes no part.
    pub async fn load_receiving(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        (reference, number): &(String, String),
    ) -> Result<Self, Error> {
        Self::of(Seat::load_receiving(app, conn, account, reference).await?, number)
    }

    fn of(seat: Seat, number: &str) -> Result<Self, Error> {
        let typed = number.parse::<u16>().ok().filter(|typed| typed.to_string() == *number);
        let number = typed.ok_or(Error::NotFound)?;
        let index = usize::from(number).checked_sub(1).ok_or(Error::NotFound)?;
        let terms = seat.escrow.terms.milestones.get(index).cloned().ok_or(Error::NotFound)?;
        let plan = seat.escrow.plan.milestones.get(index).cloned().ok_or(Error::NotFound)?;
        let state = seat.escrow.milestone(number).cloned().ok_or(Error::NotFound)?;
        Ok(Self { seat, number, terms, plan, state })
    }

    /// The same for the pages that say where money goes back to.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn load_with_ways_back(
        app: &App,
        conn: &mut Conn<'_>,
        account: Account,
        at: &(String, String),
    ) -> Result<Self, Error> {
        let mut spot = Self::load(app, conn, account, at).await?;
        spot.seat = spot.seat.with_ways_back(conn).await?;
        Ok(spot)
    }

    /// Where whoever moves his money goes on: a payee has no page of the milestone.
    #[must_use]
    pub fn money_page(&self) -> String {
        if self.seat.role == Role::Payee { self.seat.path() } else { self.path() }
    }

    /// Where the milestone's own page is.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/milestones/{}", self.seat.path(), self.number)
    }

    /// The fingerprint of what a page shows of it, for the form that changes it.
    #[must_use]
    pub fn seen(&self) -> String {
        // It tells how much is left of the whole, which is no payee's business; what he moves is his own.
        if self.seat.role == Role::Payee {
            return String::new();
        }
        self.seat.escrow.seen(Some(self.number))
    }

    /// "1. Design", and the title alone where there is only one.
    #[must_use]
    pub fn heading(&self) -> String {
        format!("{}{}", self.seat.prefix(self.number), self.terms.title)
    }

    /// Why less than the price can be released, where that is so: a fee that is paid out of the price stays
    /// in escrow until the price moves.
    #[must_use]
    pub fn held_back(&self) -> Option<String> {
        let price = self.terms.amount_minor;
        let whose = match self.seat.escrow.terms.fee_payer {
            FeePayer::Buyer => return None,
            FeePayer::Seller => "the platform fee",
            FeePayer::Split => "the seller’s half of the platform fee",
            FeePayer::Broker => "the platform fee that the broker pays",
        };
        let price = (self.plan.balance_minor() < price).then(|| self.seat.amount(price))?;
        Some(format!("Of {price}, {whose} is kept aside and follows by itself."))
    }

    /// What the engine would say to an action now. It is asked itself and not its list of offers, which
    /// tells nothing of milestones that are over.
    #[must_use]
    pub fn standing(&self, action: Action) -> Standing {
        let (escrow, now) = (&self.seat.escrow, self.seat.reader.now);
        let probe = offers::probe(escrow, action, now);
        match decide(Some(escrow), &probe, &self.seat.actor(), &Facts::default(), now) {
            Ok(Decision::Done(_)) => Standing::Open,
            Ok(Decision::AlreadyDone) => Standing::AlreadyDone,
            Err(refusal) => Standing::Refused(refusal),
        }
    }

    /// Why an action is not possible now; nothing where it is.
    #[must_use]
    pub fn why_not(&self, action: Action) -> Option<String> {
        match self.standing(action) {
            Standing::Open => None,
            Standing::AlreadyDone => Some("This has already been done.".to_owned()),
            Standing::Refused(refusal) => Some(refusal.sentence()),
        }
    }

    /// The page that stands in the place of a form that could not work: what is not possible, and why.
    /// Nothing where the action is open.
    ///
    /// # Errors
    /// When the template cannot be drawn.
    pub fn blocked(
        &self,
        app: &App,
        visit: &Visit,
        action: Action,
        words: &'static str,
    ) -> Result<Option<Response>, Error> {
        let Some(reason) = self.why_not(action) else { return Ok(None) };
        let shell = Shell::new(app, visit, format!("{words}: {}", self.terms.title)).at(Place::Escrows);
        let page = Blocked { shell, back: self.money_page(), title: self.terms.title.clone(), words, reason };
        page::html(&page).map(Some)
    }

    /// What was agreed about it.
    #[must_use]
    pub fn agreed(&self) -> Agreed {
        Agreed::of(&self.seat.scene(), self.number, &self.terms)
    }

    /// Whom a share belongs to, by name; nobody for the platform's.
    #[must_use]
    pub fn name_of(&self, share: Share) -> Option<String> {
        self.seat.escrow.receiver(share).map(|user| self.seat.name(user))
    }

    /// What a share is called where its owner's name stands beside it.
    #[must_use]
    pub fn role_of(share: Share) -> &'static str {
        match share {
            Share::Seller => "seller",
            Share::Broker | Share::BrokerOnTop => "broker",
            Share::Payee(_) => "payee",
            Share::Platform => "",
        }
    }

    /// The same where one line stands for the share alone: a broker whom both sides pay has two.
    #[must_use]
    pub fn role_in(&self, share: Share) -> String {
        format!("{}{}", Self::role_of(share), self.seat.scene().source_of(share))
    }
}

#[derive(Template)]
#[template(path = "pages/escrow/blocked.html")]
struct Blocked {
    shell: Shell,
    back: String,
    title: String,
    words: &'static str,
    reason: String,
}

/// What is to be delivered, quoted from the terms.
#[derive(Template)]
#[template(path = "pages/escrow/agreed.html")]
pub struct Agreed {
    pub description: String,
    pub criteria: Vec<Criterion>,
    /// Nothing where it counts from a payment that has not come.
    pub due: Option<TimeView>,
    /// What stands there until then: "5 days after payment".
    pub due_words: String,
    /// None where nobody inspects: delivering is enough.
    pub inspection_days: Option<u8>,
}

impl HtmlSafe for Agreed {}

impl Agreed {
    /// What was agreed about a milestone, and what of it the last delivery did not meet.
    #[must_use]
    pub fn of(scene: &Scene<'_>, number: u16, terms: &MilestoneTerms) -> Self {
        let delivery = scene.escrow.milestone(number).and_then(|part| part.delivery.as_ref());
        let changes = delivery.and_then(|delivery| delivery.changes.as_ref());
        let criterion = |(place, words): (u16, &String)| Criterion {
            words: words.clone(),
            has_failed: changes.is_some_and(|changes| changes.failed.contains(&place)),
        };
        Self {
            description: terms.description.clone(),
            criteria: (0_u16..).zip(&terms.criteria).map(criterion).collect(),
            due: scene.due_of(number).map(|due| scene.reader.time(due)),
            due_words: scene.due_words(),
            inspection_days: Some(terms.inspection_days).filter(|_| !scene.escrow.instant()),
        }
    }
}

/// One condition of acceptance.
pub struct Criterion {
    pub words: String,
    /// Whether the last delivery did not meet it, as the buyer sees it.
    pub has_failed: bool,
}
