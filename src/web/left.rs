//! What somebody finds behind the link of his mail who paid by a pay link, or tried to, and is not the buyer: what
//! became of his payment, and of the sale. Nothing of the deal itself is his to see.

use askama::Template;
use axum::response::Response;
use uuid::Uuid;

use super::escrow::money_back::company;
use super::page;
use super::shell::Shell;
use super::view::{Icon, Tone};
use super::visit::Visit;
use crate::app::App;
use crate::engine::deadlines::{self, Waiting};
use crate::engine::escrow::{Charge, ChargeState, Escrow};
use crate::engine::late::TooLate;
use crate::engine::refund::{Refund, RefundState};
use crate::engine::time::Time;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::users::Account;
use crate::store::{escrows, links};

/// How soon the page looks again while his money is on its way back.
const REFRESH_SECONDS: u32 = 10;

#[derive(Template)]
#[template(path = "pages/link/left.html")]
struct Left {
    shell: Shell,
    reference: String,
    title: String,
    tone: Tone,
    icon: Icon,
    money: String,
    reason: String,
    then: String,
    /// What became of the sale.
    sale: &'static str,
    /// Where it can still be bought; empty where it can't.
    buy: String,
}

/// Where his money is.
struct Money {
    tone: Tone,
    icon: Icon,
    money: String,
    reason: String,
    then: String,
}

/// The page.
///
/// # Errors
/// [`Error::NotFound`] for who never tried to pay.
pub async fn draw(
    app: &App,
    visit: &Visit,
    conn: &mut Conn<'_>,
    account: &Account,
    escrow: Uuid,
) -> Result<Response, Error> {
    let escrow = escrows::by_id(conn, escrow).await?.ok_or(Error::NotFound)?;
    let own = |charge: &&Charge| escrow.payer(charge.payment) == Some(account.id);
    let attempts: Vec<&Charge> = escrow.given_up.iter().chain(&escrow.charge).filter(own).collect();
    // Of several attempts the one that brought money is what he wants to know about.
    let brought = attempts.iter().rfind(|charge| charge.returned_at.is_some());
    let charge = brought.or(attempts.last()).ok_or(Error::NotFound)?;
    let refund = escrow.late_refunds().find(|refund| refund.charge == charge.payment);
    let Money { tone, icon, money, reason, then } = money(app, &escrow, charge, refund, account);
    let (sale, open) = match escrow.too_late(account.id) {
        _ if escrow.for_sale() => ("It is still for sale, and can be paid again.", true),
        TooLate::Over => ("This sale is over. Nobody owes anything.", false),
        TooLate::Taken | TooLate::PaidAgain | TooLate::GivenUp => {
            ("Somebody else has paid by the same link, which is good for one sale.", false)
        }
    };
    let secret = if open { links::secret(conn, app.db.keys(), escrow.id).await? } else { None };
    let mut shell = Shell::new(app, visit, "Your payment");
    if refund.is_some_and(Refund::pending) {
        shell = shell.refreshing(REFRESH_SECONDS);
    }
    page::html(&Left {
        shell,
        reference: escrow.reference.clone(),
        title: escrow.terms.title.clone(),
        tone,
        icon,
        money,
        reason,
        then,
        sale,
        buy: secret.map(|secret| format!("/pay/{secret}")).unwrap_or_default(),
    })
}

fn money(app: &App, escrow: &Escrow, charge: &Charge, refund: Option<&Refund>, account: &Account) -> Money {
    let amount = escrow.terms.money(charge.amount_minor);
    let reader = account.reader(app);
    let (nothing, plain) = (String::new, |text: &str| text.to_owned());
    let Some(refund) = refund else { return without_refund(charge, &amount.to_string()) };
    let company = company(app, &refund.rail);
    let bank = "Your bank’s statement shows two lines: the payment, and its refund. Banks usually take 3 to 10 working days to show a refund.";
    match &refund.state {
        RefundState::Pending { answer_by, .. } => Money {
            tone: Tone::Info,
            icon: Icon::Hourglass,
            money: format!(
                "Your payment of {amount} came too late. All of it goes back to the card or account you paid from."
            ),
            reason: nothing(),
            then: format!(
                "Nothing is to be done. {company} has until {} to answer; without an answer it is sent again.",
                reader.time(*answer_by).absolute
            ),
        },
        RefundState::Failed { reason, .. } => Money {
            tone: Tone::Bad,
            icon: Icon::CircleX,
            money: format!(
                "{amount} could not go back to the card or account you paid from. It is yours and stays reserved for you."
            ),
            reason: reason.clone(),
            then: after_failure(escrow, refund, &|at| reader.time(at).absolute),
        },
        RefundState::Successful { .. } => Money {
            tone: Tone::Good,
            icon: Icon::CircleCheck,
            money: format!(
                "Your payment of {amount} came too late. {company} has sent all of it back to the card or account you paid from."
            ),
            reason: nothing(),
            then: plain(bank),
        },
        RefundState::ToWallet { .. } => in_wallet(&amount.to_string()),
    }
}

/// What follows if nobody does anything.
fn after_failure(escrow: &Escrow, refund: &Refund, at: &dyn Fn(Time) -> String) -> String {
    let mut clocks = deadlines::of_refund(escrow, refund).into_iter();
    let again =
        if refund.sent_again { "" } else { "It is sent once more by itself, a day after it failed. " };
    match clocks.find(|clock| clock.waiting == Waiting::FailedRefund) {
        Some(clock) => {
            format!("{again}If nothing works, it moves to your wallet by itself on {}.", at(clock.at))
        }
        None => format!("{again}If nothing works, our operators get in touch with you by mail."),
    }
}

fn in_wallet(amount: &str) -> Money {
    Money {
        tone: Tone::Good,
        icon: Icon::Wallet,
        money: format!("Your payment of {amount} came too late. All of it is in your wallet."),
        reason: String::new(),
        then: "Sign in to use it.".to_owned(),
    }
}

/// It never came, or somebody with an account has it in his wallet.
fn without_refund(charge: &Charge, amount: &str) -> Money {
    if charge.returned_at.is_some() {
        return in_wallet(amount);
    }
    let reason = match &charge.state {
        ChargeState::Failed { reason, .. } => reason.clone(),
        ChargeState::Pending { .. } | ChargeState::Successful { .. } => String::new(),
    };
    Money {
        tone: Tone::Neutral,
        icon: Icon::Info,
        money: format!("Your payment of {amount} did not go through."),
        reason,
        then: "If the money should arrive after all, it goes back by itself, and we write to you.".to_owned(),
    }
}
