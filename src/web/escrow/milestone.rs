//! The page of one milestone: what was agreed, how it stands, its money, and every round of delivery.
//! After a delivery it is the receipt. A payee sees the money of his own line and no other.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::actions::{button, words_of};
use super::beside::also;
use super::rounds::{Round, Story};
use super::seat::pill;
use super::show::{NextView, add_refunds, next_view, released_to, view_of};
use super::spot::{Agreed, Spot, Standing};
use crate::app::App;
use crate::engine::escrow::{How, MilestoneEnd, MilestoneStage, Stage};
use crate::engine::next;
use crate::engine::offers::Action;
use crate::engine::party::{Role, UserId};
use crate::engine::plan::Share;
use crate::engine::status;
use crate::engine::sums::Sums;
use crate::engine::terms::Mode;
use crate::error::Error;
use crate::web::labels;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{MoneyView, PillView};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/milestones/{number}", Access::Party, show).get(
        "/g/{token}/milestones/{number}",
        Access::Guest,
        show,
    )
}

#[derive(Template)]
#[template(path = "pages/escrow/milestone.html")]
struct Page {
    shell: Shell,
    back: String,
    back_words: String,
    reference: String,
    heading: String,
    pill: PillView,
    next: NextView,
    blocked: Vec<(String, String)>,
    agreed: Agreed,
    rounds: Vec<Round>,
    /// Where the rounds are that are not shown; empty if all are.
    older: String,
    held: MoneyView,
    lines: Vec<(&'static str, MoneyView)>,
    shares: Vec<ShareRow>,
    /// Whether others than the seller are paid out of it, so that what each gets before fees is told.
    is_shared: bool,
}

/// What one person, or the platform, has of a milestone.
struct ShareRow {
    /// Empty for the platform's fee.
    name: String,
    role: &'static str,
    is_you: bool,
    /// Nothing for the platform, and for a broker with a commission.
    gross: Option<MoneyView>,
    planned: MoneyView,
    released: MoneyView,
    held: MoneyView,
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let spot = Spot::load(&app, &mut conn, account, &at).await?;
    let story = Story::load(&mut conn, &spot).await?;
    let escrow = &spot.seat.escrow;
    let next = next_of(&spot);
    let mine = |share| spot.seat.role != Role::Payee || escrow.receiver(share) == Some(spot.seat.account.id);
    let held = spot.state.holdings.iter().filter(|held| mine(held.share)).map(|held| held.held_minor).sum();
    page::html(&Page {
        shell: Shell::new(&app, &visit, spot.terms.title.clone()).at(Place::Escrows),
        back: spot.seat.path(),
        back_words: escrow.terms.title.clone(),
        reference: escrow.reference.clone(),
        heading: spot.heading(),
        pill: pill(status::of_milestone(escrow, spot.number)),
        blocked: blocked(&spot),
        next,
        agreed: spot.agreed(),
        held: spot.seat.money(held),
        lines: lines(&spot, &story),
        shares: shares(&spot, &story),
        is_shared: !spot.terms.recipients.is_empty(),
        older: if story.has_older { format!("{}/history", spot.seat.path()) } else { String::new() },
        rounds: story.rounds,
    })
}

/// What the viewer's role may do with a milestone, in the order of its life. What answers a request is
/// there while the request is.
fn actions(spot: &Spot) -> Vec<Action> {
    let number = spot.number;
    let asked = spot.state.extension.as_ref().map(|_| Action::GrantExtension(number));
    let proof = match (spot.seat.escrow.terms.mode, spot.seat.role) {
        (Mode::QuickProof, Role::Buyer) => {
            vec![Action::AcceptProof(number), Action::RequestCorrections(number)]
        }
        (Mode::QuickProof, Role::Seller) => vec![Action::SubmitProof(number)],
        _ => Vec::new(),
    };
    let rest: Vec<Action> = match spot.seat.role {
        Role::Buyer => asked
            .into_iter()
            .chain([
                Action::Approve(number),
                Action::RequestChanges(number),
                Action::ExtendInspection(number),
                Action::Cancel(number),
            ])
            .collect(),
        Role::Seller => vec![
            Action::Deliver(number),
            Action::AskExtension(number),
            Action::Refund(number),
            Action::PayOut(number),
        ],
        Role::Broker => vec![Action::AskExtension(number), Action::PayOut(number)],
        Role::Payee => vec![Action::PayOut(number)],
    };
    proof.into_iter().chain(rest).collect()
}

/// The panel: the milestone's own clock, or else what the whole escrow waits for, or how it ended.
fn next_of(spot: &Spot) -> NextView {
    let seat = &spot.seat;
    let panel = next::of_milestone(&seat.escrow, seat.account.id, seat.role, spot.number, seat.reader.now);
    let mut view = match (panel, &seat.escrow.stage) {
        (Some(panel), _) => view_of(seat, panel),
        (None, Stage::Proposed { .. } | Stage::Agreed { .. }) => {
            let whole = next_view(seat);
            NextView { secondary: Vec::new(), ..whole }
        }
        (None, Stage::Active { .. } | Stage::Ended { .. } | Stage::Closed { .. }) => NextView {
            headline: at_rest(spot).to_owned(),
            until: None,
            otherwise: String::new(),
            note: String::new(),
            also: Vec::new(),
            waits_for: String::new(),
            primary: None,
            secondary: Vec::new(),
        },
    };
    view.also = also(seat, spot.number);
    add_refunds(seat, &mut view, spot.seat.escrow.open_refunds(spot.number));
    for action in actions(spot) {
        let offered = button(seat, action);
        let mut shown = view.primary.iter().chain(&view.secondary);
        if !shown.any(|known| known.href == offered.href) && matches!(spot.standing(action), Standing::Open) {
            view.secondary.push(offered);
        }
    }
    view
}

/// What is said of a milestone in which no clock runs.
fn at_rest(spot: &Spot) -> &'static str {
    let is_buyer = spot.seat.role == Role::Buyer;
    match spot.state.stage {
        MilestoneStage::Ended { end: MilestoneEnd::Released, how: How::ByClock, .. } => {
            "The time to inspect it ended, so it counts as approved. The money is released."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Released, how: How::Delivered, .. } => {
            "It is delivered, and that completed the sale. The money is released."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Released, .. } if is_buyer => {
            "You approved it. The money is released."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Released, .. } => {
            "The buyer approved it. The money is released."
        }
        MilestoneStage::Ended { how: How::Ruled, .. } => {
            "A dispute about it was decided, and that is carried out."
        }
        MilestoneStage::Ended { how: How::Settled, .. } => "Both sides settled it, and that is carried out.",
        MilestoneStage::Ended { end: MilestoneEnd::Refunded, how: How::Cancelled, .. } => {
            "It was cancelled. The money went back to the buyer."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Refunded, how: How::Refunded, .. } => {
            "The seller gave it back. The money went back to the buyer."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Refunded, .. } => {
            "It was not delivered in time. The money went back to the buyer."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Split, .. } => {
            "A part was released, and the rest went back to the buyer."
        }
        MilestoneStage::Ended { end: MilestoneEnd::Dropped, .. } => {
            "It was never paid for, so nobody owes anything."
        }
        MilestoneStage::Unfunded => "It is not paid for yet. Work starts when its money is held.",
        MilestoneStage::InProgress { .. }
        | MilestoneStage::Delivered { .. }
        | MilestoneStage::ChangesRequested { .. }
        | MilestoneStage::Settling { .. } => "Nothing is to be done here now.",
    }
}

/// What the viewer's role can do but not now, and why; one line for each reason.
fn blocked(spot: &Spot) -> Vec<(String, String)> {
    let over = matches!(spot.state.stage, MilestoneStage::Settling { .. } | MilestoneStage::Ended { .. });
    let mut lines: Vec<(String, String)> = Vec::new();
    for action in actions(spot) {
        let Standing::Refused(refusal) = spot.standing(action) else { continue };
        if over {
            continue;
        }
        let (words, reason) = (words_of(action), refusal.sentence());
        match lines.iter_mut().find(|(_, known)| *known == reason) {
            Some((known, _)) => *known = format!("{known} · {words}"),
            None => lines.push((words.to_owned(), reason)),
        }
    }
    lines
}

/// The money of the milestone, in the viewer's own figures.
fn lines(spot: &Spot, story: &Story) -> Vec<(&'static str, MoneyView)> {
    let (seat, state) = (&spot.seat, &spot.state);
    let mut lines = Vec::new();
    let mut add = |words, minor: i64| lines.push((words, seat.money(minor)));
    if seat.role != Role::Payee {
        add(labels::PRICE, spot.terms.amount_minor);
    }
    if seat.role == Role::Buyer {
        add(if state.funded() { "You paid in" } else { "You pay" }, spot.plan.charge_minor);
        if state.funded() {
            let to_broker = story.released.get(&Share::Broker).copied().unwrap_or_default();
            let sums = Sums::of_milestone(&seat.escrow, spot.number, to_broker);
            add(released_to(seat, &sums), sums.to_receivers);
            if sums.fee_earned > 0 {
                add("Platform fee earned", sums.fee_earned);
            }
            if sums.commission_earned > 0 {
                add("Commission earned", sums.commission_earned);
            }
        }
        if story.refunded_minor > 0 {
            add("Back to you", story.refunded_minor);
        }
        if state.reserved_minor() > 0 {
            add("Of what is held, goes back to you", state.reserved_minor());
        }
        return lines;
    }
    let own = |minor: &dyn Fn(Share) -> i64| {
        let shares = spot.plan.lines.iter().map(|line| line.share);
        let shares = shares.filter(|share| seat.escrow.receiver(*share) == Some(seat.account.id));
        shares.map(minor).sum::<i64>()
    };
    let payable = own(&|share| {
        state.holdings.iter().filter(|held| held.share == share).map(|held| held.payable_minor).sum()
    });
    let agreed = if story.refunded_minor > 0 { "Agreed for you" } else { "You receive in all" };
    add(agreed, own(&|share| spot.plan.line(share)));
    if state.funded() {
        add("Released to you", own(&|share| story.released.get(&share).copied().unwrap_or_default()));
        add("Moved to your wallet", own(&|share| story.paid_out.get(&share).copied().unwrap_or_default()));
    }
    if payable > 0 {
        add("Waits for you to move it", payable);
    }
    if story.refunded_minor > 0 && seat.role != Role::Payee {
        add("Back to the buyer", story.refunded_minor);
    }
    if state.reserved_minor() > 0 && seat.role != Role::Payee {
        add("Of what is held, goes back to the buyer", state.reserved_minor());
    }
    lines
}

/// Who gets what, a person a row: a broker's two kinds of commission are one to read.
fn shares(spot: &Spot, story: &Story) -> Vec<ShareRow> {
    struct Sum {
        user: Option<UserId>,
        role: &'static str,
        planned: i64,
        released: i64,
        held: i64,
    }
    let seat = &spot.seat;
    let mut sums: Vec<Sum> = Vec::new();
    for line in &spot.plan.lines {
        let user = seat.escrow.receiver(line.share);
        if seat.role == Role::Payee && user != Some(seat.account.id) {
            continue;
        }
        let held = spot.state.holdings.iter().filter(|held| held.share == line.share);
        let held: i64 = held.map(|held| held.held_minor).sum();
        let released = story.released.get(&line.share).copied().unwrap_or_default();
        match sums.iter_mut().find(|sum| sum.user == user) {
            Some(sum) => {
                sum.planned += line.amount_minor;
                sum.released += released;
                sum.held += held;
            }
            None => {
                let role = Spot::role_of(line.share);
                sums.push(Sum { user, role, planned: line.amount_minor, released, held });
            }
        }
    }
    let row = |sum: Sum| ShareRow {
        name: sum.user.map_or_else(String::new, |user| seat.name(user)),
        role: sum.role,
        is_you: sum.user == Some(seat.account.id),
        gross: spot
            .terms
            .recipients
            .iter()
            .find(|line| Some(line.user) == sum.user)
            .map(|line| seat.money(line.amount_minor)),
        planned: seat.money(sum.planned),
        released: seat.money(sum.released),
        held: seat.money(sum.held),
    };
    sums.into_iter().map(row).collect()
}
