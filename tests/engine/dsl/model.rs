//! The money by itself: the domain's section 4 and 5 written a second time, apart from the engine's plan, steps
//! and postings, in fractions of whole numbers.
//!
//! It hears what was decided (these terms stand, this was charged, x of a milestone is released or refunded,
//! this user is paid out) and says itself what each of that comes to for everyone. Events and books must say
//! the same after every command of every story and random run.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::engine::dispute::Split;
use holdfast::engine::escrow::Method;
use holdfast::engine::event::Event;
use holdfast::engine::party::{Role, UserId};
use holdfast::engine::plan::{MilestonePlan, Part, Share};
use holdfast::engine::terms::{CommissionPayer, FeePayer, Mode, Rate, Terms};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;

/// What each has of one milestone.
type Lines = BTreeMap<Share, i128>;
type Wrong = Result<(), String>;

#[derive(Clone, Debug, Default)]
pub struct Model {
    terms: Option<Terms>,
    /// Attempts to pay: what for, by what, how much, by whom.
    attempts: BTreeMap<Uuid, (Vec<u16>, Method, i128, UserId)>,
    /// Whether the buyer has no account, and the attempts that were made without one.
    guest: bool,
    guests: BTreeSet<Uuid>,
    suspense: i128,
    /// Refunds of what came too late: of which payment, and how much.
    late: BTreeMap<u16, (Uuid, i128)>,
    /// Whoever pays by a link, which the terms do not name.
    buyer: Option<UserId>,
    /// By which of them each milestone was paid.
    paid_by: BTreeMap<u16, Uuid>,
    /// Refunds on their way: of which milestone, and what goes back for each.
    reserved: BTreeMap<u16, (u16, Lines)>,
    /// What is held and not decided.
    held: BTreeMap<u16, Lines>,
    payable: BTreeMap<u16, Lines>,
    wallets: BTreeMap<UserId, i128>,
    fees: i128,
    came_in: i128,
    /// What stands to be carried out, as it was said when it was offered, claimed or ruled.
    pub(super) offers: BTreeMap<u16, Vec<Split>>,
    pub(super) claims: BTreeMap<u16, Vec<Split>>,
    pub(super) rulings: BTreeMap<u16, Vec<Split>>,
}

fn balance(share: Share) -> bool {
    matches!(share, Share::Seller | Share::Broker | Share::Payee(_))
}

/// The fraction rounded to the nearest whole number, halves to the even one. Nothing here is negative.
fn round(above: i128, below: i128) -> i128 {
    let (whole, rest) = (above / below, above % below);
    match (2 * rest).cmp(&below) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + whole % 2,
        std::cmp::Ordering::Greater => whole + 1,
    }
}

fn per_cent(amount: i128, percent: Decimal) -> i128 {
    round(amount * percent.mantissa(), 100 * 10_i128.pow(percent.scale()))
}

/// What one payer pays of something for one milestone: what he pays up to its end, less up to its beginning.
fn part(whole: i128, index: usize, terms: &Terms) -> i128 {
    let all = i128::from(terms.amount_minor);
    let upto = |count: usize| -> i128 {
        terms.milestones[..count].iter().map(|part| i128::from(part.amount_minor)).sum()
    };
    round(whole * upto(index + 1), all) - round(whole * upto(index), all)
}

fn gross(terms: &Terms, index: usize, user: UserId) -> i128 {
    let milestone = &terms.milestones[index];
    let is_seller = terms.parties.iter().any(|party| party.user == user && party.role == Role::Seller);
    match &milestone.recipients[..] {
        [] if is_seller => milestone.amount_minor.into(),
        lines => {
            lines.iter().filter(|line| line.user == user).map(|line| i128::from(line.amount_minor)).sum()
        }
    }
}

/// What one milestone holds for each once it is paid. All of it together is what the buyer pays.
fn lines(terms: &Terms, index: usize) -> Lines {
    let amount = i128::from(terms.amount_minor);
    let schedule = &terms.fee;
    let mut fee = per_cent(amount, schedule.percent) + i128::from(schedule.fixed_minor);
    fee = fee.max(schedule.min_minor.into());
    fee = schedule.max_minor.map_or(fee, |most| fee.min(most.into()));
    let commission = match terms.commission.as_ref().map(|it| (&it.rate, it.payer)) {
        None => (0, CommissionPayer::Buyer),
        Some((Rate::FixedMinor(minor), payer)) => (i128::from(*minor), payer),
        Some((Rate::Percent(percent), payer)) => (per_cent(amount, *percent), payer),
    };
    let share = |whole: i128| part(whole, index, terms);
    let upper_half = |whole: i128| (whole + 1) / 2;
    let (by_buyer, by_seller, by_broker) = match terms.fee_payer {
        FeePayer::Buyer => (share(fee), 0, 0),
        FeePayer::Seller => (0, share(fee), 0),
        FeePayer::Broker => (0, 0, share(fee)),
        FeePayer::Split => (share(upper_half(fee)), share(fee / 2), 0),
    };
    let (on_top, from_seller) = match commission {
        (whole, CommissionPayer::Buyer) => (share(whole), 0),
        (whole, CommissionPayer::Seller) => (0, share(whole)),
        (whole, CommissionPayer::Split) => (share(upper_half(whole)), share(whole / 2)),
    };
    // The broker's fee comes first out of what the buyer adds for him.
    let fee_from_top = by_broker.min(on_top);
    let mut lines = Lines::new();
    let mut place = 0;
    for party in &terms.parties {
        let line = gross(terms, index, party.user);
        match party.role {
            Role::Buyer => {}
            Role::Seller => _ = lines.insert(Share::Seller, line - by_seller - from_seller),
            Role::Broker => {
                lines.insert(Share::Broker, line + from_seller - (by_broker - fee_from_top));
                lines.insert(Share::BrokerOnTop, on_top - fee_from_top);
            }
            Role::Payee => {
                lines.insert(Share::Payee(place), line);
                place += 1;
            }
        }
    }
    lines.insert(Share::Platform, by_buyer + by_seller + by_broker);
    lines.retain(|_, minor| *minor != 0);
    lines
}

fn listed(parts: &[Part]) -> Lines {
    let mut lines = Lines::new();
    for part in parts {
        *lines.entry(part.share).or_default() += i128::from(part.amount_minor);
    }
    lines
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, said: &T, expected: &T) -> Wrong {
    if said == expected { Ok(()) } else { Err(format!("{what}: {said:?} instead of {expected:?}")) }
}

impl Model {
    fn terms(&self) -> Result<&Terms, String> {
        self.terms.as_ref().ok_or_else(|| "money without terms".to_owned())
    }

    fn user(&self, role: Role, place: usize) -> Result<UserId, String> {
        if let (Role::Buyer, Some(user)) = (role, self.buyer) {
            return Ok(user);
        }
        let mut of_role = self.terms()?.parties.iter().filter(|party| party.role == role);
        of_role.nth(place).map(|party| party.user).ok_or_else(|| format!("there is no {role:?} {place}"))
    }

    fn receiver(&self, share: Share) -> Result<UserId, String> {
        match share {
            Share::Seller => self.user(Role::Seller, 0),
            Share::Broker | Share::BrokerOnTop => self.user(Role::Broker, 0),
            Share::Payee(place) => self.user(Role::Payee, place.into()),
            Share::Platform => Err("the platform is no user".to_owned()),
        }
    }

    /// What is left of a milestone's balance.
    pub fn left(&self, number: u16) -> i128 {
        let held = self.held.get(&number).into_iter().flatten();
        held.filter(|(share, _)| balance(**share)).map(|(_, minor)| minor).sum()
    }

    /// Whether whoever pays by a link is the buyer.
    pub fn by_link(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.mode == Mode::Instant)
    }

    /// The milestones of whose balance something is left.
    pub fn open(&self) -> Vec<u16> {
        self.held.keys().copied().filter(|number| self.left(*number) > 0).collect()
    }

    /// The disputes and what is sought in them, as far as it is still there.
    pub fn disputed(&self, number: u16) -> bool {
        self.claims.values().flatten().any(|claim| claim.milestone == number)
    }

    pub fn default_outcome(&self) -> Option<holdfast::engine::terms::DefaultOutcome> {
        self.terms.as_ref().map(|terms| terms.default_outcome)
    }

    /// Everyone who takes part.
    pub fn receivers(&self) -> Vec<UserId> {
        self.terms.iter().flat_map(|terms| &terms.parties).map(|party| party.user).collect()
    }

    /// Whether something is payable to a user in a milestone.
    pub fn owes(&self, number: u16, user: UserId) -> bool {
        let payable = self.payable.get(&number).into_iter().flatten();
        payable.clone().any(|(share, minor)| *minor > 0 && self.receiver(*share) == Ok(user))
    }

    /// Who gets what of a step, which leaves the balance smaller by `x`.
    fn step(&self, number: u16, x: i128) -> Result<Lines, String> {
        let held = self.held.get(&number).cloned().unwrap_or_default();
        let left = self.left(number);
        if x <= 0 || x > left {
            return Err(format!("a step of {x} where {left} is left"));
        }
        let mut parts = Lines::new();
        let mut fractions = Vec::new();
        // By share: the seller, the broker, then the payees in order.
        for (share, rest) in held.iter().filter(|(share, _)| balance(**share)) {
            parts.insert(*share, x * rest / left);
            fractions.push((x * rest % left, *share));
        }
        for _ in 0..x - parts.values().sum::<i128>() {
            let largest = fractions.iter().map(|(fraction, _)| *fraction).max().unwrap_or_default();
            let first = fractions.iter().position(|(fraction, _)| *fraction == largest).unwrap_or_default();
            let (_, share) = fractions.remove(first);
            *parts.entry(share).or_default() += 1;
        }
        let all = lines(self.terms()?, usize::from(number) - 1);
        let first: i128 = all.iter().filter(|(share, _)| balance(**share)).map(|(_, minor)| minor).sum();
        for (share, whole) in all.iter().filter(|(share, _)| !balance(**share)) {
            let moved = whole - held.get(share).copied().unwrap_or_default();
            parts.insert(*share, round(whole * (first - left + x), first) - moved);
        }
        parts.retain(|_, minor| *minor != 0);
        if parts.values().any(|minor| *minor < 0) {
            return Err(format!("a step of {x} takes from somebody: {parts:?}"));
        }
        Ok(parts)
    }

    /// Takes a step's parts from what is held, and says whether that was all.
    fn take(&mut self, number: u16, x: i128, said: &[Part], whole: bool) -> Result<Lines, String> {
        let parts = self.step(number, x)?;
        same(&format!("the parts of {x} of milestone {number}"), &listed(said), &parts)?;
        let held = self.held.entry(number).or_default();
        for (share, minor) in &parts {
            *held.entry(*share).or_default() -= minor;
        }
        held.retain(|_, minor| *minor != 0);
        same("that it is the whole", &whole, &held.is_empty())?;
        Ok(parts)
    }

    /// Hears an event, and says what in it is wrong.
    pub fn hear(&mut self, event: &Event) -> Wrong {
        match event {
            Event::Proposed { terms, plan, .. } | Event::Countered { terms, plan, .. } => {
                self.terms = Some((**terms).clone());
                planned(terms, &plan.milestones)
            }
            Event::BuyerJoined { .. } => {
                self.seat(event);
                Ok(())
            }
            Event::PartyCorrected { from, to, .. } => {
                let Some(terms) = &mut self.terms else { return Ok(()) };
                let named = terms.parties.iter_mut().map(|party| &mut party.user);
                let lines = terms.milestones.iter_mut().flat_map(|part| &mut part.recipients);
                for user in named.chain(lines.map(|line| &mut line.user)).filter(|user| **user == *from) {
                    *user = *to;
                }
                Ok(())
            }
            Event::ChargeStarted { payment, milestones, method, amount_minor, .. } => {
                let mut sum = 0;
                for number in milestones {
                    sum += lines(self.terms()?, usize::from(*number) - 1).values().sum::<i128>();
                }
                let payer = self.user(Role::Buyer, 0)?;
                self.attempts.insert(*payment, (milestones.clone(), method.clone(), sum, payer));
                self.guests.extend(self.guest.then_some(*payment));
                same("what is charged", &i128::from(*amount_minor), &sum)
            }
            Event::ChargeSettled { payment, .. } => self.settled(*payment),
            Event::ChargeReturned { payment, amount_minor, back, .. } => {
                let (_, _, sum, payer) = self.attempts.get(payment).cloned().ok_or("an unknown payment")?;
                if back.is_none() && self.guests.contains(payment) {
                    return Err("a guest has no wallet".to_owned());
                }
                if let Some(back) = back {
                    self.suspense += sum;
                    self.late.insert(back.refund, (*payment, sum));
                } else {
                    *self.wallets.entry(payer).or_default() += sum;
                }
                self.came_in += sum;
                same("what came too late", &i128::from(*amount_minor), &sum)
            }
            Event::Released { milestone, amount_minor, parts, whole, .. } => {
                for (share, minor) in self.take(*milestone, i128::from(*amount_minor), parts, *whole)? {
                    match share {
                        Share::Platform => self.fees += minor,
                        _ => *self.payable.entry(*milestone).or_default().entry(share).or_default() += minor,
                    }
                }
                Ok(())
            }
            Event::Refunded { milestone, amount_minor, parts, whole, .. } => {
                let back = self.take(*milestone, i128::from(*amount_minor), parts, *whole)?;
                *self.wallets.entry(self.user(Role::Buyer, 0)?).or_default() += back.values().sum::<i128>();
                Ok(())
            }
            Event::RefundStarted { .. } | Event::RefundSettled { .. } | Event::RefundedToWallet { .. } => {
                self.hear_refund(event)
            }
            Event::PaidOut { milestone, share, user, amount_minor } => {
                same("who is paid", user, &self.receiver(*share)?)?;
                let payable = self.payable.entry(*milestone).or_default().remove(share).unwrap_or_default();
                *self.wallets.entry(*user).or_default() += payable;
                same("what is paid out", &i128::from(*amount_minor), &payable)
            }
            _ => self.hear_quarrel(event),
        }
    }

    /// Somebody takes the buyer's place; the same person by another user keeps what was paid.
    fn seat(&mut self, event: &Event) {
        let Event::BuyerJoined { user, instead_of, claimed, guest, .. } = event else { return };
        (self.buyer, self.guest) = (Some(*user), *guest);
        for (payment, (_, _, _, payer)) in &mut self.attempts {
            if *claimed && Some(*payer) == *instead_of {
                *payer = *user;
                self.guests.remove(payment);
            }
        }
    }

    fn settled(&mut self, payment: Uuid) -> Wrong {
        let (milestones, method, sum, _) =
            self.attempts.get(&payment).cloned().ok_or("an unknown payment")?;
        for number in milestones {
            self.paid_by.insert(number, payment);
            let lines = lines(self.terms()?, usize::from(number) - 1);
            if self.held.insert(number, lines).is_some() {
                return Err(format!("milestone {number} is paid for twice"));
            }
        }
        match method {
            Method::Rail { .. } => self.came_in += sum,
            Method::Wallet => *self.wallets.entry(self.user(Role::Buyer, 0)?).or_default() -= sum,
        }
        Ok(())
    }

    /// Money that goes back as it came: kept aside, then gone, and gone once.
    fn hear_refund(&mut self, event: &Event) -> Wrong {
        match event {
            Event::RefundStarted { refund, milestone, amount_minor, parts, whole, charge, rail, .. } => {
                let paid_by = self.paid_by.get(milestone).ok_or("nobody paid for it")?;
                same("the payment it goes back on", charge, paid_by)?;
                let rail = Method::Rail { rail: rail.clone() };
                same(
                    "the way it came",
                    &Some(&rail),
                    &self.attempts.get(charge).map(|(_, method, _, _)| method),
                )?;
                let back = self.take(*milestone, i128::from(*amount_minor), parts, *whole)?;
                match self.reserved.insert(*refund, (*milestone, back)) {
                    None => Ok(()),
                    Some(_) => Err(format!("refund {refund} was under way already")),
                }
            }
            Event::RefundSettled { refund, .. } | Event::RefundedToWallet { refund, .. }
                if self.late.contains_key(refund) =>
            {
                let (payment, sum) = self.late.remove(refund).ok_or("it went back twice")?;
                self.suspense -= sum;
                let payer = self.attempts.get(&payment).map(|(_, _, _, payer)| *payer);
                match (event, payer) {
                    (Event::RefundedToWallet { .. }, Some(payer)) => {
                        *self.wallets.entry(payer).or_default() += sum;
                    }
                    _ => self.came_in -= sum,
                }
                Ok(())
            }
            Event::RefundSettled { refund, .. } | Event::RefundedToWallet { refund, .. } => {
                let (_, back) = self.reserved.remove(refund).ok_or("a refund that is not under way")?;
                let sum = back.values().sum::<i128>();
                match event {
                    Event::RefundSettled { .. } => self.came_in -= sum,
                    _ => *self.wallets.entry(self.user(Role::Buyer, 0)?).or_default() += sum,
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What was said of sums that may be carried out later.
    fn hear_quarrel(&mut self, event: &Event) -> Wrong {
        match event {
            Event::SettlementOffered { settlement, splits, .. } => {
                self.offers.insert(*settlement, splits.clone());
            }
            Event::DisputeOpened { dispute, claims, .. } => {
                self.claims.insert(*dispute, claims.clone());
            }
            Event::DisputeEnded { dispute, .. } => {
                self.claims.remove(dispute);
            }
            Event::Ruled { dispute, splits, second: true, .. } => {
                self.rulings.insert(*dispute, splits.clone());
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the ledger holds the same, account by account.
    pub fn check(&self, books: &Books) -> Wrong {
        let flat = |side: &BTreeMap<u16, Lines>| -> BTreeMap<(u16, Share), i128> {
            let lines = side.iter().flat_map(|(number, lines)| lines.iter().map(move |line| (*number, line)));
            let lines = lines.filter(|(_, (_, minor))| **minor != 0);
            lines.map(|(number, (share, minor))| ((number, *share), *minor)).collect()
        };
        let mut held = flat(&self.held);
        for (number, lines) in self.reserved.values() {
            for (share, minor) in lines {
                *held.entry((*number, *share)).or_default() += minor;
            }
        }
        same("what is held", &books.all_held(), &held)?;
        same("what is payable", &books.all_payable(), &flat(&self.payable))?;
        same("the fees", &i128::from(books.fees()), &self.fees)?;
        same("what nobody knows where to put", &i128::from(books.suspense()), &self.suspense)?;
        let wallets = self.wallets.iter().filter(|(_, minor)| **minor != 0);
        let wallets = wallets.map(|(user, minor)| (*user, *minor)).collect();
        same("the wallets", &books.wallets_without_top_ups(), &wallets)?;
        same("what came in from outside", &i128::from(books.came_in()), &(self.came_in + books.topped_up()))
    }
}

/// The plan that goes with the terms says what these lines say.
fn planned(terms: &Terms, plan: &[MilestonePlan]) -> Wrong {
    same("the milestones of the plan", &plan.len(), &terms.milestones.len())?;
    for (index, planned) in plan.iter().enumerate() {
        let expected = lines(terms, index);
        same("a charge", &i128::from(planned.charge_minor), &expected.values().sum())?;
        same("the lines of a milestone", &listed(&planned.lines), &expected)?;
    }
    Ok(())
}
