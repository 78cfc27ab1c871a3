//! A refund that failed, for an operator who does something about it.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::App;
use crate::engine::command::Command;
use crate::engine::escrow::Escrow;
use crate::engine::refund::Refund;
use crate::error::Error;
use crate::store::escrows;
use crate::store::execute::{Request, Who};
use crate::store::users::Account;
use crate::web::escrow::act::answer;
use crate::web::escrow::money_back::{MoneyBack, Standing, company, number};
use crate::web::escrow::seat::Scene;
use crate::web::flash::Flash;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

const PATH: &str = "/admin/escrows/{reference}/refunds/{number}";

pub fn routes() -> Routes {
    Routes::new()
        .get(PATH, Access::Operator, show)
        .post("/admin/escrows/{reference}/refunds/{number}/again", Access::Operator, again)
        .post("/admin/escrows/{reference}/refunds/{number}/wallet", Access::Operator, to_wallet)
}

async fn load(app: &App, (reference, typed): &(String, String)) -> Result<(Escrow, Refund), Error> {
    let escrow = escrows::by_reference(&mut app.db.read().await?.conn(), reference).await?;
    let escrow = escrow.ok_or(Error::NotFound)?;
    let refund = number(typed).and_then(|number| escrow.refund(number)).cloned();
    refund.map(|refund| (escrow, refund)).ok_or(Error::NotFound)
}

fn path(escrow: &Escrow, refund: &Refund) -> String {
    format!("/admin/escrows/{}/refunds/{}", escrow.reference, refund.number)
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
    Path(at): Path<(String, String)>,
) -> Result<Response, Error> {
    let (escrow, refund) = load(&app, &at).await?;
    let people = escrows::people(&mut app.db.read().await?.conn(), escrow.id).await?;
    let reader = operator.reader(&app);
    page::html(&MoneyBack::of(
        &refund,
        Standing {
            shell: Shell::new(&app, &visit, "Refund").at(Place::Admin),
            scene: Scene { escrow: &escrow, people: &people, reader: &reader },
            back: format!("/admin/escrows/{}", escrow.reference),
            path: path(&escrow, &refund),
            own: false,
            company: company(&app, &refund.rail),
            key: app.clock.id().to_string(),
        },
    ))
}

async fn send(
    app: &App,
    operator: &Account,
    at: &(String, String),
    fields: &Fields,
    command: fn(u16) -> Command,
    flash: Flash,
) -> Result<Response, Error> {
    let (escrow, refund) = load(app, at).await?;
    let key = Some(fields.get("key").to_owned()).filter(|key| !key.is_empty() && key.len() <= 100);
    let command = command(refund.number);
    let request = Request { key, ..Request::new(escrow.id, Who::Operator(operator.id), command) };
    answer(app.execute(&request).await?, &path(&escrow, &refund), flash)
}

async fn again(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |refund| Command::RetryRefund { refund };
    send(&app, &operator, &at, &fields, command, Flash::RefundSentAgain).await
}

async fn to_wallet(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let command = |refund| Command::RefundToWallet { refund };
    send(&app, &operator, &at, &fields, command, Flash::RefundInWallet).await
}
