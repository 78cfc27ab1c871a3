//! Actions as links: the page below the escrow's own where each is done, and its words.

use super::seat::Seat;
use crate::engine::offers::{Action, offered};
use crate::engine::party::Role;

/// An action as a link to its page.
pub struct Button {
    pub href: String,
    pub words: String,
}

/// The page of an action.
#[must_use]
pub fn button(seat: &Seat, action: Action) -> Button {
    let words = match action {
        Action::Accept => "Read the terms and accept".to_owned(),
        Action::Sign => "Read and sign".to_owned(),
        Action::Pay => format!("Pay {}", seat.amount(seat.escrow.to_pay_minor())),
        Action::Approve(_) => "Inspect the delivery".to_owned(),
        Action::Cancel(_) => "Cancel and get the money back".to_owned(),
        Action::PayOut(_) => "Move to my wallet".to_owned(),
        Action::Close => "Close the escrow".to_owned(),
        // Agreeing stands on the same page.
        Action::RefuseCancellation => "Answer the request".to_owned(),
        // Both stand on one page.
        Action::RetryRefund(_) | Action::RefundToWallet(_) => "Decide about the refund".to_owned(),
        other => words_of(other).to_owned(),
    };
    Button { href: format!("{}{}", seat.path(), below(action)), words }
}

/// Where below the escrow's page it is done.
fn below(action: Action) -> String {
    match action {
        Action::Accept => "/accept".to_owned(),
        Action::Sign => "/contract/sign".to_owned(),
        Action::Decline => "/decline".to_owned(),
        Action::Counter => "/terms/propose".to_owned(),
        Action::InviteAgain(place) | Action::CorrectParty(place) => format!("/parties/{place}/invitation"),
        Action::Nudge(waiting, milestone) => {
            let of = milestone.map(|number| format!("&milestone={number}")).unwrap_or_default();
            format!("/reminder?of={}{of}", waiting.name())
        }
        Action::Withdraw => "/withdraw".to_owned(),
        Action::Pay => "/pay".to_owned(),
        Action::SubmitProof(_) | Action::AcceptProof(_) => "/proof".to_owned(),
        Action::RequestCorrections(_) => "/proof#corrections".to_owned(),
        Action::Deliver(number) => format!("/milestones/{number}/deliver"),
        Action::Approve(number) => format!("/milestones/{number}/inspect"),
        Action::RequestChanges(number) => format!("/milestones/{number}/inspect#changes"),
        Action::ExtendInspection(number) => format!("/milestones/{number}/inspect#longer"),
        Action::AskExtension(number) | Action::GrantExtension(number) | Action::RefuseExtension(number) => {
            format!("/milestones/{number}/extension")
        }
        Action::Cancel(number) => format!("/milestones/{number}/cancel"),
        Action::Refund(number) => format!("/milestones/{number}/refund"),
        Action::RequestCancellation
        | Action::WithdrawCancellation
        | Action::CancelAll
        | Action::RefuseCancellation => "/cancel".to_owned(),
        Action::OfferSettlement
        | Action::AcceptSettlement(_)
        | Action::RefuseSettlement(_)
        | Action::WithdrawSettlement(_) => "/settlement".to_owned(),
        Action::OpenDispute => "/disputes/new".to_owned(),
        Action::Statement(number)
        | Action::WithdrawDispute(number)
        | Action::Concede(number)
        | Action::Rule(number)
        | Action::ConfirmRuling(number)
        | Action::ReturnRuling(number) => format!("/disputes/{number}"),
        // The arbiter has pages of his own.
        Action::DeclineArbitration => "/refusal".to_owned(),
        Action::Say => "/messages".to_owned(),
        Action::PayOut(number) => format!("/milestones/{number}/payout"),
        Action::RetryRefund(number) | Action::RefundToWallet(number) => format!("/refunds/{number}"),
        Action::Close => "/close".to_owned(),
    }
}

/// The ways out and the talk that are open besides what the next-panel offers.
#[must_use]
pub fn ways(seat: &Seat, shown: &[&Button]) -> Vec<Button> {
    let offers = seat.offers();
    let standing = [
        (seat.escrow.cancellation.is_some(), "/cancel", "The request to cancel"),
        (!seat.escrow.settlements.is_empty(), "/settlement", "The offer to settle"),
        (seat.escrow.disputes_opened > 0, "/disputes", "The dispute"),
    ];
    let link = |below: &str, words: &str| Button {
        href: format!("{}{below}", seat.path()),
        words: words.to_owned(),
    };
    let standing = standing.into_iter().filter(|(stands, _, _)| *stands && seat.role != Role::Payee);
    let mut ways: Vec<Button> = standing.map(|(_, below, words)| link(below, words)).collect();
    let open = [Action::RequestCancellation, Action::CancelAll, Action::OfferSettlement, Action::OpenDispute];
    // Whoever can cancel all that is open need not ask for it.
    let cancels = |number: &u16| offered(&offers, Action::Cancel(*number));
    let may_cancel = seat.escrow.open_milestones().iter().all(cancels);
    let open = open.into_iter().filter(|action| *action != Action::RequestCancellation || !may_cancel);
    let open = open.filter(|action| offered(&offers, *action));
    ways.extend(open.map(|action| button(seat, action)));
    let mut known: Vec<String> = shown.iter().map(|button| button.href.clone()).collect();
    ways.retain(|way| {
        let new = !known.contains(&way.href);
        known.push(way.href.clone());
        new
    });
    ways
}

/// What an action is called.
#[must_use]
pub fn words_of(action: Action) -> &'static str {
    match action {
        Action::Accept => "Accept",
        Action::Sign => "Sign",
        Action::Decline => "Decline",
        Action::Counter => "Propose changes",
        Action::InviteAgain(_) | Action::CorrectParty(_) => "Look at the invitation",
        Action::Nudge(..) => "Send a reminder",
        Action::Withdraw => "Withdraw",
        Action::Pay => "Pay",
        Action::SubmitProof(_) => "Send the proof",
        Action::AcceptProof(_) => "Look at the proof",
        Action::RequestCorrections(_) => "Ask for corrections",
        Action::Deliver(_) => "Deliver",
        Action::Approve(_) => "Approve",
        Action::RequestChanges(_) => "Ask for changes",
        Action::ExtendInspection(_) => "Take longer to check",
        Action::AskExtension(_) => "Ask for more time",
        Action::GrantExtension(_) => "Answer the request",
        Action::RefuseExtension(_) => "Don't grant it",
        Action::Cancel(_) => "Cancel",
        Action::Refund(_) => "Give money back",
        Action::RequestCancellation => "Ask to cancel",
        Action::WithdrawCancellation => "Take back the request",
        Action::CancelAll => "Cancel and refund",
        Action::RefuseCancellation => "Don't agree",
        Action::OfferSettlement => "Offer a settlement",
        Action::AcceptSettlement(_) => "See the offer",
        Action::RefuseSettlement(_) => "Don't accept",
        Action::WithdrawSettlement(_) => "Take back the offer",
        Action::OpenDispute => "Open a dispute",
        Action::Statement(_) => "Answer in the dispute",
        Action::WithdrawDispute(_) => "Withdraw the dispute",
        Action::Concede(_) => "Give what is sought",
        Action::Rule(_) => "Decide",
        Action::ConfirmRuling(_) => "Confirm the decision",
        Action::ReturnRuling(_) => "Send it back",
        Action::DeclineArbitration => "I don’t want to decide",
        Action::Say => "Write a message",
        Action::PayOut(_) => "Move money to your wallet",
        Action::RetryRefund(_) => "Send it again",
        Action::RefundToWallet(_) => "Take it to my wallet",
        Action::Close => "Close",
    }
}
