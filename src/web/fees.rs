//! What a deal costs, and a calculator whose address can be shared. It asks the same plan that later
//! moves the money.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::currencies;
use super::escrow::rates;
use super::form::{Fields, Problems, Search};
use super::page;
use super::routes::{Access, Routes};
use super::shell::{Place, Shell};
use super::view::{Choice, Icon, MoneyView};
use super::visit::Visit;
use crate::app::App;
use crate::engine::party::Role;
use crate::engine::plan::{Plan, PlanError, Share, commission_of};
use crate::engine::terms::{
    Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FeeSchedule, Funding, Kind,
    MilestoneTerms, Mode, Rate, Terms, TermsParty,
};
use crate::error::Error;
use crate::money::{Currency, Money};
use crate::store::fees::{self, Current};

pub fn routes() -> Routes {
    Routes::new().get("/fees", Access::Public, show)
}

#[derive(Template)]
#[template(path = "pages/fees.html")]
struct Fees {
    shell: Shell,
    problems: Problems,
    /// "1%": of the chosen currency.
    rate: String,
    form: Entries,
    currencies: Vec<Choice>,
    fee_payers: Vec<Choice>,
    commissions: Vec<Choice>,
    commission_payers: Vec<Choice>,
    sheet: Option<Sheet>,
}

/// The form as it was typed.
struct Entries {
    amount: String,
    currency: String,
    fee_payer: String,
    commission_kind: String,
    commission: String,
    commission_payer: String,
}

/// What everybody pays and receives.
struct Sheet {
    price: MoneyView,
    fee: MoneyView,
    commission: Option<MoneyView>,
    buyer_pays: MoneyView,
    seller_receives: MoneyView,
    broker_receives: Option<MoneyView>,
}

async fn show(State(app): State<App>, visit: Visit, Search(fields): Search) -> Result<Response, Error> {
    let mut problems = Problems::new();
    let form = Entries::of(&fields);
    let current = fees::current(&mut app.db.read().await?.conn(), app.clock.now()).await?;
    let sheet = if fields.has("amount") { form.sheet(&fields, &current, &mut problems) } else { None };
    let currency = Currency::typed(&form.currency).unwrap_or(Currency::USD);
    let has_problems = !problems.is_empty();
    let status = if has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shell =
        Shell::new(&app, &visit, "What a deal costs").at(Place::Fees).with_problems(has_problems).describing(
            "The fee of an escrow, who pays it, and a calculator for what everybody pays and receives.",
        );
    page::with_status(
        status,
        &Fees {
            shell,
            problems,
            rate: rates::of_schedule(&current.of(currency), currency),
            form,
            currencies: currencies::choices(),
            fee_payers: vec![
                Choice::new("buyer", "The buyer"),
                Choice::new("seller", "The seller"),
                Choice::new("split", "Both, one half each"),
                Choice::new("broker", "The broker"),
            ],
            commissions: vec![
                Choice::new("none", "There is no broker"),
                Choice::new("percent", "A percentage of the price"),
                Choice::new("fixed", "A fixed amount"),
            ],
            commission_payers: vec![
                Choice::new("seller", "The seller, out of the price"),
                Choice::new("buyer", "The buyer, on top of the price"),
                Choice::new("split", "Both, one half each"),
            ],
            sheet,
        },
    )
}

impl Entries {
    /// What was typed; where nothing was, what most deals choose.
    fn of(fields: &Fields) -> Self {
        let or = |name, otherwise: &str| match fields.get(name) {
            "" => otherwise.to_owned(),
            typed => typed.to_owned(),
        };
        Self {
            amount: fields.get("amount").to_owned(),
            currency: or("currency", "TND"),
            fee_payer: or("fee-payer", "buyer"),
            commission_kind: or("commission-kind", "none"),
            commission: fields.get("commission").to_owned(),
            commission_payer: or("commission-payer", "seller"),
        }
    }

    fn sheet(&self, fields: &Fields, current: &Current, problems: &mut Problems) -> Option<Sheet> {
        let Some(currency) = Currency::typed(&self.currency) else {
            problems.add("currency", "Choose a currency of the list.");
            return None;
        };
        let price = fields.money("amount", currency, problems);
        let smallest = currency.of(current.limits(currency).smallest_of(Mode::Standard, currency));
        if price.is_some_and(|price| price.minor < smallest.minor) {
            problems.add("amount", format!("The smallest amount in this currency is {smallest}."));
        }
        let commission = self.commission(fields, currency, problems);
        let fee_payer = self.fee_payer(problems);
        if !problems.is_empty() {
            return None;
        }
        let terms = terms(price?, fee_payer?, commission, current.of(currency));
        match Plan::of(&terms) {
            Ok(plan) => Some(Sheet::of(&terms, &plan)),
            Err(PlanError::SellerReceivesNothing(_)) => {
                problems
                    .add("commission", "Nothing would be left for the seller. Enter a smaller commission.");
                None
            }
            Err(PlanError::BrokerPaysMore(_)) => {
                problems.add("fee-payer", "The fee is more than the broker earns. Choose who else pays it.");
                None
            }
        }
    }

    fn fee_payer(&self, problems: &mut Problems) -> Option<FeePayer> {
        match self.fee_payer.as_str() {
            "buyer" => Some(FeePayer::Buyer),
            "seller" => Some(FeePayer::Seller),
            "split" => Some(FeePayer::Split),
            "broker" if self.commission_kind != "none" => Some(FeePayer::Broker),
            "broker" => {
                problems.add("fee-payer", "Without a broker, choose who else pays the platform fee.");
                None
            }
            _ => {
                problems.add("fee-payer", "Choose who pays the platform fee.");
                None
            }
        }
    }

    fn commission(&self, fields: &Fields, currency: Currency, problems: &mut Problems) -> Option<Commission> {
        let rate = match self.commission_kind.as_str() {
            "percent" => Rate::Percent(fields.percent("commission", problems)?),
            "fixed" => Rate::FixedMinor(fields.money("commission", currency, problems)?.minor),
            "none" => return None,
            _ => {
                problems.add("commission-kind", "Choose whether there is a broker.");
                return None;
            }
        };
        let payer = match self.commission_payer.as_str() {
            "seller" => CommissionPayer::Seller,
            "buyer" => CommissionPayer::Buyer,
            "split" => CommissionPayer::Split,
            _ => {
                problems.add("commission-payer", "Choose who pays the broker.");
                return None;
            }
        };
        Some(Commission { rate, payer, hidden: false, salt: String::new() })
    }
}

impl Sheet {
    fn of(terms: &Terms, plan: &Plan) -> Self {
        let money = |minor| MoneyView::from(terms.money(minor));
        let broker = plan.receives_minor(Share::Broker) + plan.receives_minor(Share::BrokerOnTop);
        let has_broker = terms.commission.is_some();
        Self {
            price: money(terms.amount_minor),
            fee: money(plan.fee_minor()),
            commission: has_broker.then(|| money(commission_of(terms))),
            buyer_pays: money(plan.charge_minor()),
            seller_receives: money(plan.receives_minor(Share::Seller)),
            broker_receives: has_broker.then(|| money(broker)),
        }
    }
}

/// Terms of nobody in particular that have this price.
fn terms(price: Money, fee_payer: FeePayer, commission: Option<Commission>, fee: FeeSchedule) -> Terms {
    let party = |role, id| TermsParty { role, user: Uuid::from_u128(id), identity_sha256: String::new() };
    let mut parties = vec![party(Role::Buyer, 1), party(Role::Seller, 2)];
    if commission.is_some() {
        parties.push(party(Role::Broker, 3));
    }
    Terms {
        title: String::new(),
        description: String::new(),
        mode: Mode::Standard,
        kind: Kind::OneOff,
        currency: price.currency,
        amount_minor: price.minor,
        parties,
        milestones: vec![MilestoneTerms {
            title: String::new(),
            description: String::new(),
            amount_minor: price.minor,
            due: None,
            inspection_days: 3,
            criteria: Vec::new(),
            recipients: Vec::new(),
        }],
        fee,
        fee_payer,
        commission,
        dispute_handler: DisputeHandler::Platform,
        default_outcome: DefaultOutcome::RefundBuyer,
        arbiter: None,
        contract_terms: None,
        delivery_days: None,
        proof_upload_hours: None,
        proof_review_hours: None,
        funding: Funding::Whole,
        pay_first: false,
        external_reference: None,
        files: Vec::new(),
        time_zone: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calculate(query: &str) -> (Option<Sheet>, Problems) {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let fields = Fields::new(pairs).unwrap();
        let mut problems = Problems::new();
        let sheet = Entries::of(&fields).sheet(&fields, &Current::default(), &mut problems);
        (sheet, problems)
    }

    #[test]
    fn the_worked_case_of_a_brokered_deal_comes_out_exactly() {
        let (sheet, _) = calculate(
            "amount=1000&currency=TND&fee-payer=buyer&commission-kind=percent&commission=5&commission-payer=seller",
        );
        let sheet = sheet.unwrap();
        assert_eq!(sheet.buyer_pays.figures, "1,010.000");
        assert_eq!(sheet.seller_receives.figures, "950.000");
        assert_eq!(sheet.broker_receives.unwrap().figures, "50.000");
        assert_eq!(sheet.fee.figures, "10.000");
    }

    #[test]
    fn a_commission_on_top_is_paid_by_the_buyer() {
        let (sheet, _) = calculate(
            "amount=600&currency=KES&fee-payer=broker&commission-kind=fixed&commission=30&commission-payer=buyer",
        );
        let sheet = sheet.unwrap();
        assert_eq!(sheet.buyer_pays.figures, "630.00");
        assert_eq!(sheet.seller_receives.figures, "600.00");
        assert_eq!(sheet.broker_receives.unwrap().figures, "24.00");
    }

    #[test]
    fn what_cannot_be_a_deal_is_told_at_its_field() {
        for (query, field) in [
            ("amount=", "amount"),
            ("amount=4.999", "amount"),
            ("amount=1000.0001", "amount"),
            ("amount=10&currency=XXX", "currency"),
            ("amount=10&fee-payer=broker", "fee-payer"),
            ("amount=10&fee-payer=nobody", "fee-payer"),
            ("amount=10&commission-kind=percent", "commission"),
            ("amount=10&commission-kind=percent&commission=100", "commission"),
            ("amount=10&commission-kind=fixed&commission=10.0000", "commission"),
            ("amount=10&commission-kind=fixed&commission=1&commission-payer=x", "commission-payer"),
            ("amount=1000&fee-payer=broker&commission-kind=fixed&commission=1", "fee-payer"),
        ] {
            let (sheet, problems) = calculate(query);
            assert!(sheet.is_none() && problems.get(field).is_some(), "{query}: {problems:?}");
        }
    }
}
