//! Random terms: any that a form could send, and most of them good.

use holdfast::engine::check;
use holdfast::engine::party::{Role, UserId};
use holdfast::engine::terms::{CommissionPayer, FeePayer, FeeSchedule, Funding, Kind, Mode, Rate, Terms};
use holdfast::engine::veil;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::dsl::deal::{commission, currency, line, milestone, name_arbiter, party, start};
use crate::dsl::*;

/// What a deal is made of.
#[derive(Clone, Debug)]
pub struct Deal {
    pub amounts: Vec<i64>,
    /// The mode of a deal with one delivery; several need a contract.
    pub mode: Mode,
    /// The buyer pays before the seller answers, or milestone by milestone.
    pub early: bool,
    pub code: &'static str,
    pub broker: bool,
    pub payees: u8,
    pub fee: FeeSchedule,
    pub fee_payer: FeePayer,
    pub commission: Option<(Rate, CommissionPayer)>,
    /// Where recipients' lines are cut, in thousandths.
    pub cuts: Vec<u16>,
    pub gap_days: u8,
    pub inspection_days: u8,
    pub criteria: u8,
    pub sent_by: Role,
    /// The buyer's wallet when it starts, in thousandths of the amount.
    pub wallet: u16,
    pub at_once: (bool, bool),
    /// Whether money goes back as it came.
    pub as_it_came: bool,
    /// Whether the commission is hidden, where it can be.
    pub hidden: bool,
    /// Whether an outside arbiter decides.
    pub arbiter: bool,
}

/// Amounts from a few units to as much as there can be.
fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1..=60_i64, 50..=20_000_i64, 1_000..=10_000_000_i64, 1..=20_000_000_000_000_i64]
}

/// Per cent with up to four decimals.
fn percent() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (0..=10_i64).prop_map(Decimal::from),
        (0..=100_000_i64).prop_map(|ten_thousandths| Decimal::new(ten_thousandths, 4)),
    ]
}

fn schedule() -> impl Strategy<Value = FeeSchedule> {
    let fixed = prop_oneof![4 => Just(0), 1 => 0..=500_i64];
    (percent(), fixed.clone(), fixed, option::of(0..=2_000_i64)).prop_map(|(percent, fixed, min, above)| {
        let max_minor = above.map(|above| min + above);
        FeeSchedule { percent, fixed_minor: fixed, min_minor: min, max_minor }
    })
}

fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![percent().prop_map(Rate::Percent), (1..=5_000_i64).prop_map(Rate::FixedMinor)]
}

pub fn deal(milestones: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Deal> {
    let fee_payer = select(vec![FeePayer::Buyer, FeePayer::Seller, FeePayer::Split, FeePayer::Broker]);
    let payer = select(vec![CommissionPayer::Buyer, CommissionPayer::Seller, CommissionPayer::Split]);
    let who = (any::<bool>(), 0..=3_u8, select(vec![Role::Buyer, Role::Seller, Role::Broker]));
    let money = (schedule(), fee_payer, option::of((rate(), payer)), vec(0..=1_000_u16, 4));
    let days = (1..=25_u8, 1..=30_u8, 0..=3_u8);
    let start = (
        prop_oneof![Just(0_u16), 0..=3_000_u16],
        any::<(bool, bool)>(),
        any::<bool>(),
        any::<(bool, bool)>(),
    );
    let modes = select(vec![Mode::Standard, Mode::Quick, Mode::QuickProof, Mode::Instant]);
    let what = (vec(amount(), milestones), modes, any::<bool>(), select(vec!["TND", "KES", "JPY"]));
    (what, who, money, days, start).prop_map(|(what, who, money, days, start)| Deal {
        amounts: what.0,
        mode: what.1,
        early: what.2,
        code: what.3,
        broker: who.0,
        payees: who.1,
        sent_by: who.2,
        fee: money.0,
        fee_payer: money.1,
        commission: money.2,
        cuts: money.3,
        gap_days: days.0,
        inspection_days: days.1,
        criteria: days.2,
        wallet: start.0,
        at_once: start.1,
        hidden: start.2,
        as_it_came: start.3.0,
        arbiter: start.3.1,
    })
}

pub fn payee_id(place: u8) -> UserId {
    Uuid::from_u128(0xE1 + u128::from(place))
}

impl Deal {
    /// The terms as the deal has them, good or bad.
    pub fn terms(&self) -> Terms {
        let one_off = self.amounts.len() == 1;
        case4().with(|terms| {
            terms.currency = currency(self.code);
            terms.kind = if one_off { Kind::OneOff } else { Kind::Milestone };
            if one_off && self.mode != Mode::Standard {
                terms.mode = self.mode;
                terms.contract_terms = None;
                terms.pay_first = self.early;
            }
            if !one_off && self.early {
                terms.funding = Funding::PerMilestone;
            }
            terms.delivery_days = one_off.then_some(u16::from(self.gap_days));
            terms.amount_minor = self.amounts.iter().sum();
            terms.parties.truncate(if self.broker { 3 } else { 2 });
            terms.parties.extend((0..self.payees).map(|place| party(Role::Payee, payee_id(place))));
            terms.fee = self.fee.clone();
            terms.fee_payer = self.fee_payer;
            if !self.broker && self.fee_payer == FeePayer::Broker {
                terms.fee_payer = FeePayer::Split;
            }
            let paid = self.commission.clone().filter(|_| self.broker);
            terms.commission = paid.and_then(|(rate, payer)| commission(rate, payer));
            terms.milestones.clear();
            for (number, amount) in (1_i64..).zip(&self.amounts) {
                let mut part = milestone(&format!("Part {number}"), *amount);
                part.due = (!one_off).then(|| start().plus_days(number * i64::from(self.gap_days)));
                part.inspection_days = self.inspection_days;
                part.criteria.truncate(usize::from(self.criteria).max(usize::from(!one_off)));
                terms.milestones.push(part);
            }
            self.by_link(terms);
            if self.arbiter {
                name_arbiter(terms);
            }
            self.share_out(terms);
            self.hide(terms);
        })
    }

    /// Behind a pay link stands the seller alone.
    fn by_link(&self, terms: &mut Terms) {
        if terms.mode != Mode::Instant {
            return;
        }
        terms.parties.retain(|party| party.role == Role::Seller);
        terms.pay_first = false;
        terms.commission = None;
        if terms.fee_payer == FeePayer::Broker {
            terms.fee_payer = FeePayer::Split;
        }
        if self.early {
            terms.delivery_days = None;
        }
    }

    /// Hides the commission, where nothing gives it away and its sender may see it.
    fn hide(&self, terms: &mut Terms) {
        let is_shared = terms.milestones.iter().any(|part| !part.recipients.is_empty());
        let by_broker = terms.fee_payer == FeePayer::Broker;
        let sent_by = terms.party(self.sent_by).map_or(Role::Buyer, |party| party.role);
        let Some(commission) = &mut terms.commission else { return };
        let payer = commission.payer;
        if payer == CommissionPayer::Split || by_broker || (is_shared && payer == CommissionPayer::Seller) {
            return;
        }
        commission.hidden = self.hidden;
        commission.salt = if self.hidden { "5a".repeat(16) } else { String::new() };
        if veil::hides_from(terms, sent_by) {
            terms.commission = None;
        }
    }

    /// Cuts each amount into lines for the seller, a broker without a commission, and the payees.
    fn share_out(&self, terms: &mut Terms) {
        let broker = (self.broker && terms.commission.is_none()).then_some(BROKER);
        let others = broker.into_iter().chain((0..self.payees).map(payee_id));
        let others: Vec<UserId> = others.filter(|user| terms.role_of(*user).is_some()).collect();
        for part in &mut terms.milestones {
            let mut rest = part.amount_minor;
            let mut lines = Vec::new();
            for (user, cut) in others.iter().zip(&self.cuts) {
                let amount = rest / 1_000 * i64::from(*cut) / 2;
                if amount > 0 {
                    rest -= amount;
                    lines.push(line(*user, amount));
                }
            }
            if !lines.is_empty() {
                lines.push(line(SELLER, rest));
                part.recipients = lines;
            }
        }
    }

    /// Terms that can be sent: where the fee eats a milestone up, it is left out, then the commission.
    pub fn good_terms(&self) -> Terms {
        let faulty = |terms: &Terms| !check::faults(terms, 0, start()).is_empty();
        let mut terms = self.terms();
        if faulty(&terms) {
            terms.fee = crate::dsl::deal::fixed_fee(0);
        }
        if faulty(&terms) {
            terms.commission = None;
        }
        if terms.mode != Mode::Standard {
            return terms;
        }
        terms.milestones.iter_mut().filter(|part| part.criteria.is_empty()).for_each(|part| {
            part.criteria.push("It is whole".to_owned());
        });
        terms
    }
}
