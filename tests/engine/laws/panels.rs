//! Each status that can be shown, to each role: who must do what by when, what happens otherwise, and one thing
//! to press or somebody who is waited for. What a page offers is what the engine accepts, and nothing is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use holdfast::engine::deadlines::Waiting;
use holdfast::engine::decide::{Decision, decide};
use holdfast::engine::escrow::Escrow;
use holdfast::engine::next::{self, Next};
use holdfast::engine::offers::{self, Action};
use holdfast::engine::party::{Actor, Role};
use holdfast::engine::status;
use holdfast::engine::terms::Mode;

use super::statuses::statuses;
use super::steps::parties;
use crate::dsl::*;

type Law = Result<(), String>;

/// How often each status was shown to each role. The dear questions are asked the first few times only.
static SHOWN: LazyLock<Mutex<Shown>> = LazyLock::new(Mutex::default);

/// By mode (as its place), status and role.
type Shown = BTreeMap<(u8, &'static str, Option<Role>), u32>;

const OFTEN: u32 = 6;

/// The laws of what everyone is shown of a state.
pub fn of_state(world: &World) -> Law {
    let escrow = world.escrow();
    let status = status::of(escrow).words;
    let mode = escrow.terms.mode;
    let operators = if escrow.disputes.is_empty() { vec![] } else { vec![operator(), second_operator()] };
    for actor in parties(world).into_iter().chain(operators) {
        if let (Some(user), Some(role)) = (actor.user(), actor.role()) {
            let panel = next::panel(escrow, user, role, world.now);
            says_enough(escrow, &panel, role)
                .map_err(|wrong| format!("{wrong}, {status}, to the {}: {panel:?}", role.word()))?;
        }
        let mut shown = SHOWN.lock().map_err(|error| error.to_string())?;
        let times = shown.entry((mode as u8, status, actor.role())).or_default();
        *times += 1;
        let asks = *times <= OFTEN;
        drop(shown);
        if asks {
            nothing_is_missing(world, &actor)?;
        }
    }
    Ok(())
}

fn says_enough(escrow: &Escrow, panel: &Next, role: Role) -> Law {
    let hold = |holds: bool, otherwise: &str| if holds { Ok(()) } else { Err(otherwise.to_owned()) };
    let ends_open = !panel.headline.ends_with(['.', ',', ' ']);
    hold(!panel.headline.is_empty() && ends_open, "a headline without words, or with a full stop")?;
    let silence = panel.otherwise.as_deref().is_some_and(|text| text.ends_with('.'));
    hold(silence, "nothing is said about silence")?;
    if escrow.over() {
        return hold(!panel.yours && panel.primary.is_none(), "something is to be done in the end");
    }
    // A payee only receives: his panel says that nothing is asked of him, and no moment of what others do.
    if role == Role::Payee && !panel.yours {
        return hold(panel.primary.is_none(), "a button for a payee who has nothing to do");
    }
    // Operators see to what a guest can't be sent, and no clock runs for them.
    hold(panel.by.is_some() || escrow.refund_failed(), "no moment is named")?;
    if panel.yours {
        // Whoever may cancel may as well wait: neither is the one thing to do.
        let may_cancel =
            role == Role::Buyer && panel.secondary.iter().any(|it| matches!(it, Action::Cancel(_)));
        return hold(panel.primary.is_some() != may_cancel, "no button, or one too many");
    }
    let who = [
        "buyer",
        "seller",
        "broker",
        "receiver",
        "provider",
        "operator",
        "arbiter",
        "being decided",
        "We send",
    ];
    hold(who.iter().any(|who| panel.headline.contains(who)), "nobody is waited for")?;
    hold(panel.primary.is_none(), "a button for somebody else")
}

/// Of everything that can be tried, what the engine accepts is offered, and what it refuses is not.
fn nothing_is_missing(world: &World, actor: &Actor) -> Law {
    let (escrow, facts) = (world.escrow(), world.facts(actor));
    let accepted = |action: &Action| {
        let probe = offers::probe(escrow, *action, world.now);
        matches!(decide(Some(escrow), &probe, actor, &facts, world.now), Ok(Decision::Done(_)))
    };
    let possible: BTreeSet<String> =
        every_action(escrow).iter().filter(|action| accepted(action)).map(|it| format!("{it:?}")).collect();
    let offers = offers::offers(escrow, actor, &facts, world.now);
    let open = offers.iter().filter(|offer| offer.refusal.is_none());
    let offered: BTreeSet<String> = open.map(|offer| format!("{:?}", offer.action)).collect();
    let missing: Vec<_> = possible.difference(&offered).collect();
    let empty: Vec<_> = offered.difference(&possible).collect();
    if missing.is_empty() && empty.is_empty() {
        return Ok(());
    }
    Err(format!("{actor:?} could {missing:?} and is not offered it; {empty:?} is offered and refused"))
}

/// Every action with every number that it can have here, and one number more.
fn every_action(escrow: &Escrow) -> Vec<Action> {
    let mut all = vec![
        Action::Accept,
        Action::Sign,
        Action::Decline,
        Action::Counter,
        Action::Withdraw,
        Action::Pay,
        Action::RequestCancellation,
        Action::WithdrawCancellation,
        Action::CancelAll,
        Action::RefuseCancellation,
        Action::OfferSettlement,
        Action::OpenDispute,
        Action::Say,
        Action::DeclineArbitration,
        Action::Close,
    ];
    for place in 0..=u8::try_from(escrow.parties.len()).unwrap_or(u8::MAX) {
        all.extend([Action::InviteAgain(place), Action::CorrectParty(place)]);
    }
    let milestones = u16::try_from(escrow.milestones.len()).unwrap_or(u16::MAX);
    for number in 0..=milestones + 1 {
        all.extend([
            Action::SubmitProof(number),
            Action::AcceptProof(number),
            Action::RequestCorrections(number),
            Action::Deliver(number),
            Action::Approve(number),
            Action::RequestChanges(number),
            Action::ExtendInspection(number),
            Action::AskExtension(number),
            Action::GrantExtension(number),
            Action::RefuseExtension(number),
            Action::Cancel(number),
            Action::Refund(number),
            Action::PayOut(number),
        ]);
    }
    for number in 0..=escrow.settlements_offered + 1 {
        all.extend([
            Action::AcceptSettlement(number),
            Action::RefuseSettlement(number),
            Action::WithdrawSettlement(number),
        ]);
    }
    for number in 0..=escrow.disputes_opened + 1 {
        all.extend([
            Action::Statement(number),
            Action::WithdrawDispute(number),
            Action::Concede(number),
            Action::Rule(number),
            Action::ConfirmRuling(number),
            Action::ReturnRuling(number),
        ]);
    }
    for number in 0..=u16::try_from(escrow.refunds.len()).unwrap_or(u16::MAX) + 1 {
        all.extend([Action::RetryRefund(number), Action::RefundToWallet(number)]);
    }
    for name in unit_variants::<Waiting>() {
        let Some(waiting) = Waiting::from_name(&name) else { continue };
        let milestones = (1..=milestones).map(Some).chain([None]);
        all.extend(milestones.map(|milestone| Action::Nudge(waiting, milestone)));
    }
    all.iter().for_each(|action| is_listed(*action));
    all
}

/// Does not compile while an action is missing here, and so reminds of the list above.
fn is_listed(action: Action) {
    match action {
        Action::Accept
        | Action::Sign
        | Action::Decline
        | Action::Counter
        | Action::InviteAgain(_)
        | Action::CorrectParty(_)
        | Action::Nudge(..)
        | Action::Withdraw
        | Action::Pay
        | Action::SubmitProof(_)
        | Action::AcceptProof(_)
        | Action::RequestCorrections(_)
        | Action::Deliver(_)
        | Action::Approve(_)
        | Action::RequestChanges(_)
        | Action::ExtendInspection(_)
        | Action::AskExtension(_)
        | Action::GrantExtension(_)
        | Action::RefuseExtension(_)
        | Action::Cancel(_)
        | Action::Refund(_)
        | Action::RetryRefund(_)
        | Action::RefundToWallet(_)
        | Action::RequestCancellation
        | Action::WithdrawCancellation
        | Action::CancelAll
        | Action::RefuseCancellation
        | Action::OfferSettlement
        | Action::AcceptSettlement(_)
        | Action::RefuseSettlement(_)
        | Action::WithdrawSettlement(_)
        | Action::OpenDispute
        | Action::Statement(_)
        | Action::WithdrawDispute(_)
        | Action::Concede(_)
        | Action::Rule(_)
        | Action::ConfirmRuling(_)
        | Action::ReturnRuling(_)
        | Action::Say
        | Action::DeclineArbitration
        | Action::PayOut(_)
        | Action::Close => {}
    }
}

/// An instant escrow has no buyer before it is paid; and that somebody declines what was paid by a provider who sends
/// it back later is so rare that the stories of the refunds tell it.
const SELDOM: [(&str, Role); 3] = [
    ("Awaiting payment", Role::Buyer),
    ("Declined, refunding", Role::Buyer),
    ("Declined, refunding", Role::Seller),
];

/// What was shown so far to no buyer or to no seller, in whatever mode.
pub fn unseen() -> BTreeSet<(&'static str, &'static str)> {
    let shown = SHOWN.lock().unwrap();
    let modes = [Mode::Standard, Mode::Quick, Mode::QuickProof, Mode::Instant];
    let all: BTreeSet<&str> = modes.into_iter().flat_map(statuses).collect();
    let sides = [Role::Buyer, Role::Seller];
    let pairs = all.into_iter().flat_map(|status| sides.map(|role| (status, role)));
    let seen =
        |status: &str, role: Role| shown.keys().any(|(_, was, to)| *was == status && *to == Some(role));
    pairs
        .filter(|(status, role)| !seen(status, *role) && !SELDOM.contains(&(*status, *role)))
        .map(|(status, role)| (status, role.word()))
        .collect()
}

/// What was shown of a mode and stands in no list.
pub fn unlisted() -> BTreeSet<String> {
    let shown = SHOWN.lock().unwrap();
    let modes = [Mode::Standard, Mode::Quick, Mode::QuickProof, Mode::Instant];
    let of = |place: u8| modes.into_iter().find(|mode| *mode as u8 == place);
    let wrong = shown.keys().filter_map(|(place, status, _)| {
        let mode = of(*place)?;
        (!statuses(mode).contains(status)).then(|| format!("{mode:?}: {status}"))
    });
    wrong.collect()
}
