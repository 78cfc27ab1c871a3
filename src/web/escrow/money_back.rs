//! One refund by the way on which the money came: how far it is, and what the buyer, or an operator in his
//! stead, does about one that failed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::act::{answer, send};
use super::seat::{Scene, Seat};
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::deadlines::{self, FAILED_REFUND_DAYS, Waiting};
use crate::engine::party::Role;
use crate::engine::refund::{Refund, RefundState};
use crate::engine::seen::Scope;
use crate::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Icon, MoneyView, PillView, TimeView, Tone};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

/// How soon the page looks again while the provider's answer is waited for.
const REFRESH_SECONDS: u32 = 5;

pub fn routes() -> Routes {
    Routes::new()
        .get("/escrows/{reference}/refunds/{number}", Access::Party, show)
        .post("/escrows/{reference}/refunds/{number}/again", Access::Party, again)
        .post("/escrows/{reference}/refunds/{number}/wallet", Access::Party, to_wallet)
        .get("/g/{token}/refunds/{number}", Access::Guest, show)
        .post("/g/{token}/refunds/{number}/again", Access::Guest, again)
}

/// The page, for the buyer and for operators.
#[derive(Template)]
#[template(path = "pages/escrow/money_back.html")]
pub struct MoneyBack {
    shell: Shell,
    /// Where it leads back to, and where its forms are sent below.
    back: String,
    path: String,
    reference: String,
    heading: String,
    pill: PillView,
    tone: Tone,
    icon: Icon,
    /// Where the money is.
    money: String,
    reason: String,
    then: String,
    /// Whose wallet it is: "your", or the buyer's.
    whose: String,
    amount: String,
    can_send_again: bool,
    can_take: bool,
    lines: Vec<(&'static str, Line)>,
    seen: String,
    key: String,
}

/// A value of the summary.
enum Line {
    Text(String),
    Money(MoneyView),
    Time(TimeView),
}

/// For whom the page is drawn, and where it stands.
pub struct Standing<'a> {
    pub shell: Shell,
    pub scene: Scene<'a>,
    pub back: String,
    pub path: String,
    /// The buyer himself, or an operator.
    pub own: bool,
    /// The provider's name, or what stands for it.
    pub company: &'static str,
    pub key: String,
}

impl MoneyBack {
    /// A refund as its reader sees it.
    #[must_use]
    pub fn of(refund: &Refund, place: Standing<'_>) -> Self {
        let Standing { shell, scene, back, path, own, company, key } = place;
        let amount = scene.amount(refund.sum_minor());
        let failed = refund.failed_at().is_some();
        let buyer = scene.escrow.party(Role::Buyer).filter(|_| !refund.late);
        // Who paid too late need not be anybody here.
        let buyer = buyer.map_or_else(|| "the payer".to_owned(), |party| scene.name(party.user));
        let whose = if own { "your".to_owned() } else { format!("{buyer}’s") };
        let said = said(refund, &scene, own, company, &whose);
        let title = scene.title_of(refund.milestone).to_owned();
        let time = |at| Line::Time(scene.reader.time(at).plain());
        let mut lines = vec![
            ("Amount", Line::Money(amount.into())),
            ("For", Line::Text(title)),
            ("Goes back by", Line::Text(company.to_owned())),
            ("Decided", time(refund.decided_at)),
        ];
        match &refund.state {
            RefundState::Pending { since, .. } => lines.push(("Sent", time(*since))),
            RefundState::Failed { at, .. } => lines.push(("Failed", time(*at))),
            RefundState::Successful { at, .. } => lines.push(("Sent back", time(*at))),
            RefundState::ToWallet { at } => lines.push(("Into the wallet", time(*at))),
        }
        if refund.late {
            lines.push(("Why", Line::Text("The payment came too late".to_owned())));
        }
        if refund.attempt > 1 {
            lines.push(("Attempt", Line::Text(refund.attempt.to_string())));
        }
        Self {
            shell,
            back,
            path,
            reference: scene.escrow.reference.clone(),
            heading: said.heading.to_owned(),
            pill: PillView::new(said.tone, said.icon, said.pill),
            tone: said.tone,
            icon: said.icon,
            money: said.money,
            reason: said.reason,
            then: said.then,
            whose,
            amount: amount.to_string(),
            can_send_again: failed,
            can_take: failed && scene.escrow.refund_has_wallet(refund),
            lines,
            seen: scene.escrow.seen(Scope::Refund(refund.number)),
            key,
        }
    }
}

/// Words for a state.
struct Said {
    heading: &'static str,
    pill: &'static str,
    tone: Tone,
    icon: Icon,
    money: String,
    reason: String,
    then: String,
}

fn said(refund: &Refund, scene: &Scene<'_>, own: bool, company: &str, whose: &str) -> Said {
    let amount = scene.amount(refund.sum_minor());
    let from = match (own, refund.late) {
        (true, _) => "you paid from",
        (false, true) => "it was paid from",
        (false, false) => "the buyer paid from",
    };
    match &refund.state {
        RefundState::Pending { answer_by, .. } => Said {
            heading: "Refund under way",
            pill: "Under way",
            tone: Tone::Info,
            icon: Icon::Hourglass,
            money: format!("{amount} goes back to the card or account {from}, by {company}."),
            reason: String::new(),
            then: format!(
                "Nothing is to be done. {company} has until {} to answer; without an answer the refund counts as failed and \
                 can be sent again. Until then the money is reserved here, and nobody else can have it.",
                scene.reader.time(*answer_by).absolute
            ),
        },
        RefundState::Failed { reason, .. } => Said {
            heading: "Refund failed",
            pill: "Failed",
            tone: Tone::Bad,
            icon: Icon::CircleX,
            money: format!("{amount} could not go back to the card or account {from}. It is reserved here."),
            reason: reason.clone(),
            then: left_alone(refund, scene, whose),
        },
        RefundState::Successful { .. } => Said {
            heading: "Refunded",
            pill: "Sent back",
            tone: Tone::Good,
            icon: Icon::CircleCheck,
            money: format!("{company} has sent {amount} back to the card or account {from}."),
            reason: String::new(),
            then: "The bank’s statement shows two lines: the payment, and its refund. Banks usually take 3 to 10 working \
                   days to show a refund."
                .to_owned(),
        },
        RefundState::ToWallet { .. } => Said {
            heading: "Refunded to the wallet",
            pill: "In the wallet",
            tone: Tone::Good,
            icon: Icon::Wallet,
            money: format!("{amount} is in {whose} wallet instead of on the card or account {from}."),
            reason: String::new(),
            then: "It can be used for payments into escrows of the same currency.".to_owned(),
        },
    }
}

/// What follows if nobody does anything.
fn left_alone(refund: &Refund, scene: &Scene<'_>, whose: &str) -> String {
    let clocks = deadlines::of_refund(scene.escrow, refund);
    let at = |waiting: Waiting| clocks.iter().find(|clock| clock.waiting == waiting);
    let when = |waiting: Waiting| at(waiting).map(|clock| scene.reader.time(clock.at).absolute);
    let mut then = String::new();
    if let Some(again) = when(Waiting::RefundAgain) {
        then = format!("It is sent once more by itself on {again}. ");
    }
    if let Some(to_wallet) = when(Waiting::FailedRefund) {
        then.push_str(&format!(
            "If nothing works, the money goes to {whose} wallet by itself, {FAILED_REFUND_DAYS} days after it failed last: now that is {to_wallet}.",
        ));
    } else {
        then.push_str("If nothing works, our operators look for another way and write about it.");
    }
    then
}

/// What a provider is called on pages.
#[must_use]
pub fn company(app: &App, rail: &str) -> &'static str {
    app.rails.get(rail).map_or("the payment provider", |rail| rail.words().company)
}

/// The number of an address, if it is written as we write it.
#[must_use]
pub fn number(typed: &str) -> Option<u16> {
    typed.parse::<u16>().ok().filter(|number| number.to_string() == typed)
}

async fn load(
    app: &App,
    account: crate::store::users::Account,
    at: &(String, String),
) -> Result<(Seat, Refund), Error> {
    let seat = Seat::load(app, &mut app.db.read().await?.conn(), account, &at.0).await?;
    let refund = number(&at.1).and_then(|number| seat.escrow.refund(number)).cloned();
    // It is the buyer's money, and where it goes is nobody else's business.
    let own = |refund: &Refund| seat.role == Role::Buyer && seat.escrow.refund_is_of(refund, seat.account.id);
    let refund = refund.filter(own).ok_or(Error::NotFound)?;
    Ok((seat, refund))
}

async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let (seat, refund) = load(&app, account, &at).await?;
    let mut shell = Shell::new(&app, &visit, "Refund").at(Place::Escrows);
    if refund.pending() {
        shell = shell.refreshing(REFRESH_SECONDS);
    }
    page::html(&MoneyBack::of(
        &refund,
        Standing {
            shell,
            scene: seat.scene(),
            back: seat.path(),
            path: format!("{}/refunds/{}", seat.path(), refund.number),
            own: true,
            company: company(&app, &refund.rail),
            key: app.clock.id().to_string(),
        },
    ))
}

async fn again(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let (seat, refund) = load(&app, account, &at).await?;
    let command = Command::RetryRefund { refund: refund.number };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    answer(outcome, &format!("{}/refunds/{}", seat.path(), refund.number), Flash::RefundSentAgain)
}

async fn to_wallet(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let (seat, refund) = load(&app, account, &at).await?;
    let command = Command::RefundToWallet { refund: refund.number };
    let outcome = send(&app, &seat, &fields, command, None).await?;
    answer(outcome, &format!("{}/refunds/{}", seat.path(), refund.number), Flash::RefundInWallet)
}
