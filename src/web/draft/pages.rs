//! The pages of a new escrow as views: each step's fields with what was typed into them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::choices;
use super::open::{Opened, step_path};
use super::parts::{INSPECTION_DAYS, running_total};
use super::rows::{
    BrokerField, DeliveryRow, PayeeField, PersonField, PriceRow, Shared, broker_lines, deliveries, payees,
    people, prices,
};
use super::shares::broker_has_line;
use super::steps::Step;
use super::{attach, check};
use crate::app::App;
use crate::engine::check::{MOST_MILESTONES, MOST_PAYEES};
use crate::engine::party as engine;
use crate::engine::plan::fee_of;
use crate::engine::proof::WINDOW_HOURS;
use crate::engine::terms::{Kind, Mode};
use crate::error::Error;
use crate::web::escrow::rates;
use crate::web::form::{Fields, Problems};
use crate::web::shell::{Place, Shell};
use crate::web::view::{Choice, MoneyView};
use crate::web::visit::Visit;
use crate::web::{currencies, page, places};

/// What stands around the fields of every page.
pub struct Frame {
    pub path: String,
    pub slug: &'static str,
    pub title: &'static str,
    pub number: usize,
    pub last: usize,
    pub back: String,
    pub from_check: bool,
    /// What the page shows of what is saved.
    pub seen: String,
    /// "Other terms for ESC-7K2M-9QXA"; empty for a new escrow.
    pub counters: String,
}

impl Frame {
    #[must_use]
    pub fn new(opened: &Opened, step: Step, from_check: bool) -> Self {
        let mode = opened.answers.mode();
        let skipped = usize::from(mode == Some(Mode::Instant));
        let back = match step.before_of(mode) {
            _ if let (Step::Check, Some(base)) = (step, &opened.base) => {
                format!("/escrows/{}", base.escrow.reference)
            }
            _ if from_check || opened.base.is_some() => step_path(opened.id, Step::Check, false),
            Some(before) => step_path(opened.id, before, false),
            None => "/escrows/new".to_owned(),
        };
        Self {
            path: opened.path(),
            slug: step.slug(),
            title: step.title(),
            number: if step > Step::Parties { step.number() - skipped } else { step.number() },
            last: Step::ALL.len() - skipped,
            back,
            from_check: from_check || opened.base.is_some(),
            seen: opened.saved().seen(step),
            counters: opened
                .base
                .as_ref()
                .map_or_else(String::new, |base| format!("Other terms for {}", base.escrow.reference)),
        }
    }
}

/// The frame of the layout for a page of a draft.
#[must_use]
pub fn shell(app: &App, visit: &Visit, step: Step, problems: &Problems) -> Shell {
    Shell::new(app, visit, step.title()).at(Place::Escrows).with_problems(!problems.is_empty())
}

/// One page with its problems.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    step: Step,
    problems: Problems,
    from_check: bool,
    status: StatusCode,
) -> Result<Response, Error> {
    let shell = shell(app, visit, step, &problems);
    let frame = Frame::new(opened, step, from_check);
    let typed = opened.answers.fields().clone();
    match step {
        Step::Role => {
            page::with_status(status, &Role { shell, frame, problems, typed, roles: choices::roles() })
        }
        Step::Kind => {
            let (kinds, modes, payments) = (choices::kinds(), choices::modes(), choices::payments());
            let payment = opened.answers.or("payment", "agreed");
            page::with_status(
                status,
                &KindOf { shell, frame, problems, typed, kinds, modes, payments, payment },
            )
        }
        Step::Parties => {
            // Of a counter-offer those with a say stay who they are.
            let people = if opened.base.is_some() { Vec::new() } else { people(&opened.answers) };
            let countries = places::countries();
            let payees = payees(&opened.answers);
            let can_name = payees.len() < MOST_PAYEES;
            page::with_status(
                status,
                &Parties { shell, frame, problems, people, countries, payees, can_name },
            )
        }
        Step::Work => {
            let has_contract =
                !matches!(opened.answers.mode(), Some(Mode::Quick | Mode::QuickProof | Mode::Instant));
            page::with_status(status, &Work { shell, frame, problems, typed, has_contract })
        }
        Step::Price => page::with_status(status, &Price::of(opened, shell, frame, problems)),
        Step::Delivery => page::with_status(status, &Delivery::of(opened, shell, frame, problems)),
        Step::Fees => page::with_status(status, &Fees::of(opened, shell, frame, problems)),
        Step::Disputes => page::with_status(
            status,
            &Disputes {
                handler: opened.answers.or("dispute_handler", "platform"),
                handlers: choices::handlers(),
                shell,
                frame,
                problems,
                typed,
                outcomes: choices::outcomes(),
            },
        ),
        Step::Files => attach::draw(opened, shell, frame, problems, status),
        Step::Check => check::draw(app, opened, shell, status),
    }
}

#[derive(Template)]
#[template(path = "pages/draft/role.html")]
struct Role {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    roles: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pages/draft/kind.html")]
struct KindOf {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    kinds: Vec<Choice>,
    modes: Vec<Choice>,
    payments: Vec<Choice>,
    payment: String,
}

#[derive(Template)]
#[template(path = "pages/draft/parties.html")]
struct Parties {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    people: Vec<PersonField>,
    countries: Vec<Choice>,
    /// Those who are paid too.
    payees: Vec<PayeeField>,
    can_name: bool,
}

#[derive(Template)]
#[template(path = "pages/draft/work.html")]
struct Work {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    has_contract: bool,
}

#[derive(Template)]
#[template(path = "pages/draft/price.html")]
struct Price {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    currencies: Vec<Choice>,
    currency: &'static str,
    /// Empty for a one-off deal.
    rows: Vec<PriceRow>,
    /// What others get of a one-off deal.
    shared: Shared,
    total: MoneyView,
    /// "milestone 2 and 3": the amounts that the total leaves out.
    unread: String,
    can_add: bool,
    can_remove: bool,
}

impl Price {
    fn of(opened: &Opened, shell: Shell, frame: Frame, problems: Problems) -> Self {
        let (answers, currency) = (&opened.answers, opened.currency());
        let rows = match answers.kind() {
            Some(Kind::Milestone) => prices(answers, currency),
            Some(Kind::OneOff) | None => Vec::new(),
        };
        let (sum, unread) = running_total(answers, currency);
        let unread: Vec<String> = unread.iter().map(usize::to_string).collect();
        Self {
            shell,
            frame,
            problems,
            typed: answers.fields().clone(),
            currencies: currencies::choices(),
            currency: currency.code(),
            can_add: rows.len() < MOST_MILESTONES,
            can_remove: rows.len() > super::answers::FEWEST_MILESTONES,
            shared: Shared::of(answers, 1, currency),
            rows,
            total: currency.of(sum).into(),
            unread: unread.join(", "),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/draft/delivery.html")]
struct Delivery {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    is_one_off: bool,
    /// Sold by a link: delivering is enough, so nobody inspects it.
    is_instant: bool,
    days_hint: &'static str,
    /// The windows for a proof, in hours, where one comes before the delivery.
    windows: Option<(String, String)>,
    rows: Vec<DeliveryRow>,
    /// Whose midnight a date means.
    city: String,
}

impl Delivery {
    fn of(opened: &Opened, shell: Shell, frame: Frame, problems: Problems) -> Self {
        let zone = crate::calendar::Zone::from_name(opened.zone());
        Self {
            shell,
            frame,
            problems,
            typed: opened.answers.fields().clone(),
            days_hint: match opened.answers.mode() {
                Some(Mode::Instant) => "Counted from the payment. Leave it empty for one day.",
                _ => "Counted from the day on which the money is in.",
            },
            is_instant: opened.answers.mode() == Some(Mode::Instant),
            is_one_off: opened.answers.kind() != Some(Kind::Milestone),
            windows: (opened.answers.mode() == Some(Mode::QuickProof)).then(|| {
                let hours = WINDOW_HOURS.to_string();
                let typed = |name| opened.answers.or(name, &hours);
                (typed("proof_upload_hours"), typed("proof_review_hours"))
            }),
            rows: deliveries(opened, INSPECTION_DAYS),
            city: zone.unwrap_or_else(crate::calendar::Zone::utc).city().to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/draft/fees.html")]
struct Fees {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    has_broker: bool,
    earns: &'static str,
    /// "1%", with what its schedule adds.
    schedule: String,
    /// The fee of this deal, once its price is known.
    fee: Option<MoneyView>,
    fee_payers: Vec<Choice>,
    commission_kinds: Vec<Choice>,
    commission_payers: Vec<Choice>,
    commission_seen_by: Vec<Choice>,
    seen_by: String,
    currency: &'static str,
    /// What the broker gets from each milestone, once that was chosen.
    broker_lines: Vec<BrokerField>,
}

impl Fees {
    fn of(opened: &Opened, shell: Shell, frame: Frame, problems: Problems) -> Self {
        let answers = &opened.answers;
        let terms = opened.read().terms;
        let has_price = terms.amount_minor > 0;
        let has_broker = answers.has_broker() && !opened.hides_commission();
        Self {
            shell,
            frame,
            problems,
            typed: answers.fields().clone(),
            has_broker,
            earns: match answers.role() {
                Some(engine::Role::Broker) => "What do you earn?",
                Some(engine::Role::Buyer | engine::Role::Seller | engine::Role::Payee) | None => {
                    "What does the broker earn?"
                }
            },
            schedule: rates::of_fee(&terms),
            fee: has_price.then(|| terms.money(fee_of(&terms.fee, terms.amount_minor)).into()),
            fee_payers: choices::fee_payers(has_broker),
            commission_kinds: choices::commission_kinds(),
            commission_payers: choices::commission_payers(),
            commission_seen_by: choices::commission_seen_by(),
            seen_by: answers.or("commission_hidden", "no"),
            currency: terms.currency.code(),
            broker_lines: match has_broker && broker_has_line(answers) {
                true => broker_lines(answers, terms.currency),
                false => Vec::new(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "pages/draft/disputes.html")]
struct Disputes {
    shell: Shell,
    frame: Frame,
    problems: Problems,
    typed: Fields,
    handlers: Vec<Choice>,
    handler: String,
    outcomes: Vec<Choice>,
}
