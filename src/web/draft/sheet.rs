//! The money sheet: what each party pays in and receives, for each milestone and in all. Every number is
//! the plan's, which later moves the money.

use crate::engine::party::{Role, UserId};
use crate::engine::plan::{MilestonePlan, Plan, Share, commission_of};
use crate::engine::terms::{CommissionPayer, FeePayer, Kind, Terms};
use crate::web::escrow::gets::Gets;
use crate::web::escrow::rates;
use crate::web::view::MoneyView;

/// Who pays and receives what.
pub struct Sheet {
    /// One a milestone; none for a one-off deal, whose sums are the whole.
    pub rows: Vec<SheetRow>,
    pub whole: SheetRow,
    pub has_broker: bool,
    pub has_payees: bool,
    /// Each one's whole, where more than the seller are paid out of the price.
    pub gets: Option<Gets>,
    /// Where the differences come from: "Broker’s commission, 5 %, paid by the seller" and the sum.
    pub notes: Vec<(String, MoneyView)>,
}

/// One milestone, or the whole.
pub struct SheetRow {
    pub heading: String,
    pub buyer_pays: MoneyView,
    pub seller_receives: MoneyView,
    pub broker_receives: MoneyView,
    /// All payees together.
    pub others_receive: MoneyView,
    pub fee: MoneyView,
}

impl Sheet {
    #[must_use]
    pub fn of(terms: &Terms, plan: &Plan, hides_commission: bool, names: &Names<'_>) -> Self {
        let row = |heading: String, charge, receives: &dyn Fn(Share) -> i64, fee| SheetRow {
            heading,
            buyer_pays: terms.money(charge).into(),
            seller_receives: terms.money(receives(Share::Seller)).into(),
            broker_receives: terms.money(receives(Share::Broker) + receives(Share::BrokerOnTop)).into(),
            others_receive: terms.money(payees(terms).map(receives).sum()).into(),
            fee: terms.money(fee).into(),
        };
        let one =
            |(number, (part, plan)): (usize, (&crate::engine::terms::MilestoneTerms, &MilestonePlan))| {
                row(
                    format!("{number}. {}", part.title),
                    plan.charge_minor,
                    &|share| plan.line(share),
                    plan.fee_minor(),
                )
            };
        let rows = match terms.kind {
            Kind::OneOff => Vec::new(),
            Kind::Milestone => (1..).zip(terms.milestones.iter().zip(&plan.milestones)).map(one).collect(),
        };
        let whole = |share| plan.receives_minor(share);
        Self {
            rows,
            whole: row("In all".to_owned(), plan.charge_minor(), &whole, plan.fee_minor()),
            has_payees: terms.payees().next().is_some(),
            gets: Gets::of(terms, plan, hides_commission, names.you, names.name),
            has_broker: terms.party(Role::Broker).is_some() && !hides_commission,
            notes: notes(terms, plan, hides_commission),
        }
    }
}

/// Whose sheet it is, and what people are called in it.
pub struct Names<'a> {
    pub you: UserId,
    pub name: &'a dyn Fn(UserId) -> String,
}

/// The shares of those who are paid too.
fn payees(terms: &Terms) -> impl Iterator<Item = Share> {
    (0..=u8::MAX).zip(terms.payees()).map(|(place, _)| Share::Payee(place))
}

fn notes(terms: &Terms, plan: &Plan, hides_commission: bool) -> Vec<(String, MoneyView)> {
    let mut notes = vec![("Price".to_owned(), terms.money(terms.amount_minor).into())];
    let payer = match terms.fee_payer {
        FeePayer::Buyer => "paid by the buyer on top",
        FeePayer::Seller => "paid by the seller out of the price",
        FeePayer::Split => "split 50/50 between buyer and seller",
        FeePayer::Broker => "paid by the broker",
    };
    notes.push((
        format!("Platform fee of {}, {payer}", rates::of_fee(terms)),
        terms.money(plan.fee_minor()).into(),
    ));
    if let Some(commission) = terms.commission.as_ref().filter(|_| !hides_commission) {
        let rate = rates::of_commission(commission).map(|rate| format!(" of {rate}")).unwrap_or_default();
        let payer = match commission.payer {
            CommissionPayer::Buyer => "paid by the buyer on top",
            CommissionPayer::Seller => "paid by the seller out of the price",
            CommissionPayer::Split => "split 50/50 between buyer and seller",
        };
        notes.push((format!("Commission{rate}, {payer}"), terms.money(commission_of(terms)).into()));
    }
    notes
}
