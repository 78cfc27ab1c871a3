//! The buyer gives himself longer to check a delivery, once for each. The form stands on the page of the
//! inspection (`inspect.rs`); this is where it is sent.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::{answer, send};
use super::inspect::{self, Typed};
use super::spot::Spot;
use crate::app::App;
use crate::engine::command::Command;
use crate::engine::decide::MOST_INSPECTION_DAYS;
use crate::engine::offers::Action;
use crate::error::Error;
use crate::store::execute::Outcome;
use crate::web::flash::Flash;
use crate::web::form::{Fields, Problems};
use crate::web::routes::{Access, Routes};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/escrows/{reference}/milestones/{number}/inspection";

pub fn routes() -> Routes {
    Routes::new().post(PATH, Access::Party, extend)
}

async fn extend(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(at): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let spot = Spot::load(&app, &mut app.db.read().await?.conn(), account.clone(), &at).await?;
    let mut problems = Problems::new();
    let days = fields.number("days", 1, i64::from(MOST_INSPECTION_DAYS), &mut problems);
    let days = days.and_then(|days| u8::try_from(days).ok());
    let typed = |problems| Typed { days: fields.get("days").to_owned(), problems, ..Typed::default() };
    let is_open = spot.why_not(Action::ExtendInspection(spot.number)).is_none();
    if days.is_none() && is_open {
        return inspect::draw(&app, &visit, account, &at, StatusCode::UNPROCESSABLE_ENTITY, typed(problems))
            .await;
    }
    let command = Command::ExtendInspection { milestone: spot.number, days: days.unwrap_or_default() };
    let outcome = send(&app, &spot.seat, &fields, command, None).await?;
    if outcome == Outcome::Stale {
        problems.add("", inspect::STALE);
        return inspect::draw(&app, &visit, account, &at, StatusCode::CONFLICT, typed(problems)).await;
    }
    answer(outcome, &spot.path(), Flash::InspectionExtended)
}
