//! "Start again from these terms": a draft with the terms of an escrow that is over.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::propose::others;
use super::seat::Seat;
use crate::app::App;
use crate::calendar::Zone;
use crate::error::Error;
use crate::store::drafts::{self, MOST_DRAFTS};
use crate::web::draft::handler::Called;
use crate::web::draft::open::path;
use crate::web::draft::refill::{Refill, pairs};
use crate::web::routes::{Access, Routes};
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().post("/escrows/{reference}/again", Access::Party, begin)
}

/// Whether this viewer can start again from the terms: somebody with a say, once it is over.
#[must_use]
pub fn is_open(seat: &Seat) -> bool {
    seat.escrow.over() && seat.role.must_agree()
}

async fn begin(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    if !is_open(&seat) {
        let sentence = "An escrow that still runs is not started again: propose changes to it instead.";
        return Err(Error::Conflict(sentence.to_owned()));
    }
    let terms = &seat.escrow.terms;
    let zone = Zone::from_name(&terms.time_zone).unwrap_or_else(Zone::utc);
    // Dates that have passed are to be chosen anew.
    let refill = Refill {
        role: seat.role,
        others: others(&seat),
        payees: Called::payees(&seat.escrow, &seat.people),
        arbiter: Called::among(&seat.people),
        zone: &zone,
        since: Some(seat.reader.now),
    };
    let fields = pairs(terms, &refill);
    let files: Vec<_> = terms.files.iter().map(|file| file.id).collect();
    let draft = drafts::again(&app.db, &app.clock, seat.account.id, &terms.title, &fields, &files).await?;
    let draft = draft.ok_or_else(|| {
        Error::Conflict(format!("You have {MOST_DRAFTS} drafts. Send or delete one of them first."))
    })?;
    Ok(Redirect::to(&path(draft)).into_response())
}
