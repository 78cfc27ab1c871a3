//! The page of an escrow: where it stands, what happens next, its money, milestones and people.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::actions::{Button, button, ways};
use super::beside::{Also, also};
use super::gets::Gets;
use super::rates;
use super::seat::{Scene, Seat, pill, pill_of, role_title};
use super::sign::same_name;
use super::timeline;
use crate::address;
use crate::app::App;
use crate::engine::deadlines::{Deadline, Waiting};
use crate::engine::escrow::{ChargeState, Escrow, Milestone, Stage};
use crate::engine::next::{self, Next};
use crate::engine::offers::Action;
use crate::engine::party::{Party, PartyStatus, Role};
use crate::engine::plan::Share;
use crate::engine::refund::Refund;
use crate::engine::status::{self, StepState as EngineStep, capital};
use crate::engine::sums::Sums;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::{history, ledger};
use crate::web::draft::handler::Called;
use crate::web::guest::{self, Beside};
use crate::web::labels;
use crate::web::left;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{
    EventView, MilestoneRow, MoneyView, PartyView, PillView, StepState, StepView, StepperView, Tick, TimeView,
};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// How many events the page itself shows; the rest stands on the history page.
const NEWEST: i64 = 8;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}", Access::Party, show).get("/g/{token}", Access::Guest, show)
}

#[derive(Template)]
#[template(path = "pages/escrow/show.html")]
struct Show {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    description: String,
    pill: PillView,
    stepper: StepperView,
    next: NextView,
    money: MoneyCard,
    ways: Vec<Button>,
    milestones: Vec<MilestoneRow>,
    parties: Vec<PartyView>,
    /// Who gets what in all, where that is not the seller alone.
    gets: Option<Gets>,
    terms: Vec<(&'static str, String)>,
    files: usize,
    has_contract: bool,
    /// Payees take no part in the conversation.
    talks: bool,
    version: u32,
    events: Vec<EventView>,
    more_events: bool,
    can_start_again: bool,
    /// The seller's own page of the pay link, as long as it can be paid by.
    link: String,
    /// A guest has fewer pages.
    guest: bool,
    has_receipt: bool,
    /// Whoever is signed in can put the purchase into the account of the same address.
    can_take_over: bool,
}

/// The next-panel as the template draws it.
pub struct NextView {
    pub headline: String,
    pub until: Option<TimeView>,
    pub otherwise: String,
    pub note: String,
    /// What stands beside it: a clock that stands still, a request that waits.
    pub also: Vec<Also>,
    pub waits_for: String,
    pub primary: Option<Button>,
    pub secondary: Vec<Button>,
}

struct MoneyCard {
    heading: &'static str,
    big: MoneyView,
    lines: Vec<(String, MoneyView)>,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    beside: Option<Extension<Beside>>,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let by_link = account.by_link.as_ref().map(|link| (account.clone(), link.escrow));
    let seat = match (Seat::load_receiving(&app, &mut conn, account, &reference).await, by_link) {
        // Somebody else has bought it meanwhile.
        (Err(Error::NotFound), Some((account, escrow))) => {
            return left::draw(&app, &visit, &mut conn, &account, escrow).await;
        }
        (seat, _) => seat?,
    };
    if seat.role == Role::Payee {
        return super::payee::draw(&app, &visit, &mut conn, &seat).await;
    }
    let stored = history::newest(&mut conn, seat.escrow.id, seat.hides(), None, NEWEST + 1).await?;
    let to_broker = to_broker(&mut conn, &seat).await?;
    let newest = usize::try_from(NEWEST).unwrap_or_default();
    let mut shell = Shell::new(&app, &visit, seat.escrow.terms.title.clone()).at(Place::Escrows);
    if seat.escrow.charge_pending() {
        shell = shell.refreshing(5);
    }
    let next = next_view(&seat);
    page::html(&Show {
        shell,
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        description: seat.escrow.terms.description.clone(),
        pill: pill_of(&seat.escrow),
        stepper: stepper(&seat.escrow),
        ways: ways(&seat, &next.primary.iter().chain(&next.secondary).collect::<Vec<_>>()),
        next,
        money: money_card(&seat, to_broker),
        milestones: milestone_rows(&seat),
        parties: party_cards(&seat),
        gets: seat.gets(),
        terms: term_lines(&seat),
        files: seat.escrow.terms.files.len(),
        talks: seat.role != Role::Payee && seat.account.by_link.is_none(),
        link: link(&seat),
        guest: seat.account.by_link.is_some(),
        has_receipt: seat.account.by_link.is_some() && seat.escrow.funded(),
        can_take_over: beside.is_some_and(|Extension(beside)| guest::is_same_person(&seat.account, &beside)),
        has_contract: seat.escrow.terms.contract_terms.is_some(),
        version: seat.escrow.version,
        events: timeline::entries(&seat, &stored[..stored.len().min(newest)]),
        more_events: stored.len() > newest,
        can_start_again: seat.account.by_link.is_none() && super::anew::is_open(&seat),
    })
}

fn stepper(escrow: &Escrow) -> StepperView {
    let state = |state| match state {
        EngineStep::Done => StepState::Done,
        EngineStep::Current => StepState::Current,
        EngineStep::ToDo => StepState::Ahead,
    };
    let steps = status::steps(escrow);
    let steps = steps.into_iter().map(|(words, at)| StepView::new(words, state(at))).collect();
    StepperView { label: "Progress of this escrow".into(), steps }
}

/// Where the seller finds the pay link.
fn link(seat: &Seat) -> String {
    let shown = seat.role == Role::Seller && seat.escrow.for_sale();
    if shown { format!("{}/link", seat.path()) } else { String::new() }
}

/// The panel for this viewer. Buttons lead to the page of their action; what the engine would refuse is
/// not offered.
#[must_use]
pub fn next_view(seat: &Seat) -> NextView {
    let mut view = view_of(seat, next::panel(&seat.escrow, seat.account.id, seat.role, seat.reader.now));
    view.also = (1_u16..).zip(&seat.escrow.milestones).flat_map(|(number, _)| also(seat, number)).collect();
    // What was shown before the delivery stays in reach.
    let proof = format!("{}/proof", seat.path());
    let shown = view.primary.iter().chain(&view.secondary).any(|known| known.href == proof);
    if !shown && seat.escrow.milestones.iter().any(sent_proof) {
        view.secondary.push(Button { href: proof, words: "See the proof".to_owned() });
    }
    // Whoever left the provider's page, or never got there, finds it again.
    if let Some(charge) = seat.escrow.charge.as_ref().filter(|_| seat.escrow.charge_pending()) {
        let href = format!("{}/pay/{}", seat.path(), charge.payment);
        match seat.role {
            Role::Buyer => view.secondary.insert(0, Button { href, words: "Look at the payment".to_owned() }),
            Role::Seller => {
                let words = "End the open payment".to_owned();
                view.secondary.push(Button { href: format!("{href}/end"), words });
            }
            Role::Broker | Role::Payee => {}
        }
    }
    add_refunds(seat, &mut view, seat.escrow.refunds.iter().filter(|refund| refund.open()));
    view
}

fn sent_proof(part: &Milestone) -> bool {
    part.proof.as_ref().is_some_and(|proof| proof.sent.is_some())
}

/// Where the buyer sees how far his refunds are.
pub fn add_refunds<'a>(seat: &Seat, view: &mut NextView, refunds: impl Iterator<Item = &'a Refund>) {
    let own = |refund: &&Refund| seat.escrow.refund_is_of(refund, seat.account.id);
    for refund in refunds.filter(|_| seat.role == Role::Buyer).filter(own) {
        let href = format!("{}/refunds/{}", seat.path(), refund.number);
        if !view.primary.iter().chain(&view.secondary).any(|known| known.href == href) {
            let amount = seat.amount(refund.sum_minor());
            view.secondary.push(Button { href, words: format!("See the refund of {amount}") });
        }
    }
}

/// Any panel as the template draws it.
#[must_use]
pub fn view_of(seat: &Seat, next: Next) -> NextView {
    let offers = seat.offers();
    // A guest has no page for closing: that happens by itself.
    let has_page = |action: &Action| seat.account.by_link.is_none() || *action != Action::Close;
    let offered = |action: &Action| has_page(action) && crate::engine::offers::offered(&offers, *action);
    let headline = match next.by {
        Some(by) => format!("{} by {}.", next.headline, seat.reader.time(by).absolute),
        None => format!("{}.", next.headline),
    };
    let waits_for =
        if next.yours || seat.escrow.over() { String::new() } else { waited_for(seat, next.milestone) };
    let primary = next.primary.filter(offered).map(|action| button(seat, action));
    // Two answers to one question stand on one page, and one link leads there.
    let other = |button: &Button| primary.as_ref().is_none_or(|primary| primary.href != button.href);
    let secondary = next.secondary.into_iter().filter(offered).map(|action| button(seat, action));
    NextView {
        headline,
        until: next.by.map(|by| seat.reader.time(by)),
        otherwise: next.otherwise.unwrap_or_default(),
        note: next.note.unwrap_or_default(),
        also: Vec::new(),
        waits_for,
        secondary: secondary.filter(other).collect(),
        primary,
    }
}

/// The names of those whom the first clock waits for, the first one of a milestone if about one.
fn waited_for(seat: &Seat, milestone: Option<u16>) -> String {
    let clocks = crate::engine::deadlines::all(&seat.escrow);
    let of_it = |clock: &&Deadline| milestone.is_none() || clock.milestone == milestone;
    let Some(clock) = clocks.iter().find(of_it) else { return String::new() };
    let users = crate::engine::deadlines::waits_for(&seat.escrow, clock);
    let mut names: Vec<String> = users.into_iter().map(|user| seat.name(user)).collect();
    let provider = seat.escrow.charge_pending() || clock.waiting == Waiting::RefundAnswer;
    if names.is_empty() && provider {
        names.push("the payment provider".to_owned());
    }
    names.join(", ")
}

/// What was released to the broker out of the balance, as far as this viewer may know of a commission.
async fn to_broker(conn: &mut Conn<'_>, seat: &Seat) -> Result<i64, Error> {
    let escrow = &seat.escrow;
    let any = escrow.milestones.iter().any(|part| part.released_minor > 0);
    match &escrow.terms.commission {
        Some(_) if any && !seat.hides() => Ok(ledger::released_to_broker(conn, escrow.id).await?),
        Some(_) | None => Ok(0),
    }
}

/// What the viewer may know of the money: everyone sees what is held and what became of the rest, which together are
/// what was paid in; a party who receives sees their own part too.
fn money_card(seat: &Seat, to_broker: i64) -> MoneyCard {
    let escrow = &seat.escrow;
    let line = |words: &str, minor: i64| (words.to_owned(), seat.money(minor));
    let sums = Sums::of(escrow, to_broker);
    let fee = rates::beside("Platform fee", Some(&rates::of_fee(&escrow.terms)));
    let agreed = escrow.terms.commission.as_ref().filter(|_| !seat.hides());
    let commission =
        agreed.map(|agreed| rates::beside("Commission", rates::of_commission(agreed).as_deref()));
    let mut lines = Vec::new();
    if sums.paid_in == 0 {
        lines.push(line("The buyer pays", sums.charge));
    } else {
        lines.push(line("Paid in", sums.paid_in));
        lines.push(line(released_to(seat, &sums), sums.to_receivers));
        if sums.released() > 0 {
            lines.push(line("Platform fee earned", sums.fee_earned));
            if sums.commission_earned > 0 {
                lines.push(line("Commission earned", sums.commission_earned));
            }
        }
        if sums.refunded > 0 {
            lines.push(line("Refunded", sums.refunded));
        }
    }
    if seat.role != Role::Buyer {
        let words = if sums.refunded > 0 { "Agreed for you in all" } else { "You receive in all" };
        lines.push(line(words, received_by(seat)));
    }
    if sums.released() == 0 && !(escrow.over() && sums.refunded > 0) {
        lines.push(line(&fee, sums.fee));
        lines.extend(commission.map(|words| (words, seat.money(sums.commission))));
    }
    let reserved = escrow.milestones.iter().map(Milestone::reserved_minor).sum();
    if reserved > 0 {
        let whom = if seat.role == Role::Buyer { "you" } else { "the buyer" };
        lines.push(line(&format!("Of what is held, goes back to {whom}"), reserved));
    }
    MoneyCard { heading: "Held now", big: seat.money(sums.held), lines }
}

/// Who has what was released, where a commission stands beside it.
pub(super) fn released_to(seat: &Seat, sums: &Sums) -> &'static str {
    let payees = seat.escrow.parties.iter().any(|party| party.role == Role::Payee);
    match (sums.commission_earned > 0, payees) {
        (false, _) => "Released",
        (true, false) => "Released to the seller",
        (true, true) => "Released to the seller and the payees",
    }
}

/// What the viewer receives if everything is released.
#[must_use]
pub fn received_by(seat: &Seat) -> i64 {
    let plan = &seat.escrow.plan;
    let mut shares: Vec<Share> =
        plan.milestones.iter().flat_map(|part| &part.lines).map(|line| line.share).collect();
    shares.sort();
    shares.dedup();
    shares.retain(|share| seat.escrow.receiver(*share) == Some(seat.account.id));
    shares.into_iter().map(|share| plan.receives_minor(share)).sum()
}

fn milestone_rows(seat: &Seat) -> Vec<MilestoneRow> {
    let terms = seat.escrow.terms.milestones.iter();
    let row = |(number, terms): (u16, &crate::engine::terms::MilestoneTerms)| MilestoneRow {
        prefix: seat.prefix(number),
        title: terms.title.clone(),
        href: format!("{}/milestones/{number}", seat.path()),
        due: seat.due_of(number).map(|due| seat.reader.day(due)),
        due_words: seat.due_words(),
        pill: pill(status::of_milestone(&seat.escrow, number)),
        amount: seat.money(terms.amount_minor),
    };
    (1_u16..).zip(terms).map(row).collect()
}

fn party_cards(seat: &Seat) -> Vec<PartyView> {
    let card = |(place, party): (u8, &Party)| {
        let email = seat.people.iter().find(|person| person.user_id == party.user);
        PartyView {
            role: role_title(party.role).into(),
            name: seat.name(party.user),
            email: email.and_then(|person| person.email.as_deref().map(address::shown)).unwrap_or_default(),
            is_you: party.user == seat.account.id,
            ticks: ticks(seat, party),
            invitation: if has_invitation(seat, party) {
                format!("{}/parties/{place}/invitation", seat.path())
            } else {
                String::new()
            },
        }
    };
    (1_u8..).zip(&seat.escrow.parties).map(card).collect()
}

/// Whether there is something to do about a party's invitation.
fn has_invitation(seat: &Seat, party: &Party) -> bool {
    let open = matches!(party.status, PartyStatus::Created | PartyStatus::Disowned) && !party.joined;
    let proposed = matches!(seat.escrow.stage, Stage::Proposed { .. });
    open && proposed && seat.role.must_agree() && party.user != seat.account.id
}

fn ticks(seat: &Seat, party: &Party) -> Vec<Tick> {
    let mut ticks = Vec::new();
    if party.status == PartyStatus::Disowned {
        return vec![Tick::new(false, "Says this is the wrong person")];
    }
    if party.role.must_agree() {
        let agreed = seat.escrow.has_agreed(party);
        let signs = seat.escrow.terms.contract_terms.is_some();
        ticks.push(match (agreed, signs) {
            (true, true) => Tick::new(true, signed(seat, party)),
            (false, _) if declined(seat, party) => Tick::new(false, "Declined"),
            (false, _) if seat.escrow.over() => Tick::new(false, "Did not answer"),
            (false, true) => Tick::new(false, "Not signed yet"),
            (true, false) => Tick::new(true, "Accepted"),
            (false, false) => Tick::new(false, "Not accepted yet"),
        });
    }
    if party.role == Role::Buyer {
        let charge = seat.escrow.charge.as_ref().map(|charge| &charge.state);
        ticks.push(match (&seat.escrow.stage, charge) {
            (_, Some(ChargeState::Pending { .. })) => Tick::new(false, "Payment processing"),
            _ if seat.escrow.funded() => paid_tick(seat),
            (Stage::Ended { .. } | Stage::Closed { .. }, _) => Tick::new(false, "Not paid"),
            _ => Tick::new(false, "Not paid yet"),
        });
    }
    ticks
}

fn declined(seat: &Seat, party: &Party) -> bool {
    let after_paying = seat.escrow.rejected.as_ref().is_some_and(|rejected| rejected.by == party.role);
    party.status == PartyStatus::Declined || after_paying
}

/// "Paid", or for how many of the milestones where each is paid by itself.
fn paid_tick(seat: &Seat) -> Tick {
    let parts = &seat.escrow.milestones;
    match parts.iter().filter(|part| part.funded()).count() {
        paid if paid == parts.len() => Tick::new(true, "Paid"),
        paid => Tick::new(true, format!("Paid for {paid} of {} milestones", parts.len())),
    }
}

/// "Signed version 1", and the name that was typed where it is not the one shown above it.
fn signed(seat: &Seat, party: &Party) -> String {
    let version = seat.escrow.version;
    match seat.signed_as(party).filter(|typed| !same_name(typed, &seat.name(party.user))) {
        Some(typed) => format!("Signed version {version} as “{typed}”"),
        None => format!("Signed version {version}"),
    }
}

/// Who decides a dispute, by name.
fn decided_by(scene: &Scene<'_>) -> String {
    const OPERATORS: &str = "Holdfast’s operators";
    let Some(arbiter) = &scene.escrow.terms.arbiter else { return OPERATORS.to_owned() };
    let called = Called::among(scene.people);
    let called = called.map_or_else(|| scene.name(arbiter.user), |called| called.words());
    match scene.escrow.arbiter() {
        Some(_) => format!("{called}, as the arbiter"),
        None => format!("{OPERATORS}, since {called} declined"),
    }
}

/// The terms in short; the whole of them is the contract.
#[must_use]
pub fn term_lines(seat: &Seat) -> Vec<(&'static str, String)> {
    lines_of(&seat.scene(), seat.hides())
}

/// The same for any reader; `hides` the commission from whoever must not know it.
#[must_use]
pub fn lines_of(scene: &Scene<'_>, hides: bool) -> Vec<(&'static str, String)> {
    use crate::engine::terms::{CommissionPayer, FeePayer};
    let terms = &scene.escrow.terms;
    let mut lines = vec![(labels::PRICE, scene.amount(terms.amount_minor).to_string())];
    let payer = match terms.fee_payer {
        FeePayer::Buyer => "paid by the buyer",
        FeePayer::Seller => "paid by the seller",
        FeePayer::Split => "shared by buyer and seller",
        FeePayer::Broker => "paid by the broker",
    };
    let fee = scene.amount(scene.escrow.plan.fee_minor()).to_string();
    lines.push(("Platform fee", format!("{}, {payer}", rates::beside(&fee, Some(&rates::of_fee(terms))))));
    let seen = terms.commission.as_ref().filter(|_| !hides);
    if let Some(commission) = seen {
        let payer = match commission.payer {
            CommissionPayer::Buyer => "paid by the buyer",
            CommissionPayer::Seller => "paid by the seller",
            CommissionPayer::Split => "shared by buyer and seller",
        };
        let sum = scene.amount(crate::engine::plan::commission_of(terms));
        let sum = rates::beside(&sum.to_string(), rates::of_commission(commission).as_deref());
        let hidden = if commission.hidden { ", in a side agreement" } else { "" };
        lines.push(("Commission", format!("{sum}, {payer}{hidden}")));
    }
    let outcome = capital(terms.default_outcome.words());
    lines.push((labels::DECIDED_BY, decided_by(scene)));
    lines.push((labels::NOBODY_DECIDES, outcome));
    if let Some(reference) = &terms.external_reference {
        lines.push((labels::OWN_REFERENCE, reference.clone()));
    }
    lines
}
