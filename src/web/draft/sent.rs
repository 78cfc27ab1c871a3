//! The page after sending: the reference, what was mailed to whom, and what comes next.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::App;
use crate::engine::party::Role;
use crate::error::Error;
use crate::store::escrows::Person;
use crate::web::escrow::seat::{Seat, role_title};
use crate::web::escrow::show::{NextView, next_view};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/sent", Access::Party, sent)
}

#[derive(Template)]
#[template(path = "pages/draft/sent.html")]
struct Page {
    shell: Shell,
    path: String,
    reference: String,
    title: String,
    mails: Vec<Mailed>,
    next: NextView,
}

struct Mailed {
    role: &'static str,
    /// The name of those who have one here, else the address.
    email: String,
    what: &'static str,
}

async fn sent(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Error> {
    let seat = Seat::load(&app, &mut app.db.read().await?.conn(), account, &reference).await?;
    // To the others nothing was sent by themselves.
    if seat.escrow.creator != seat.account.id {
        return Err(Error::NotFound);
    }
    // What is sold by a link was sent to nobody.
    if seat.escrow.instant() {
        return Ok(page::redirect(&format!("{}/link", seat.path())));
    }
    let others = seat.escrow.parties.iter().filter(|party| party.user != seat.account.id);
    let mailed = |role: Role, person: &Person| Mailed {
        role: role_title(role),
        email: person.email.clone().unwrap_or_default(),
        // The same for all: whether an address has an account is nobody's business.
        what: match role {
            Role::Payee => "A mail that says what they are to receive",
            Role::Buyer | Role::Seller | Role::Broker => "An invitation with a link to the terms",
        },
    };
    let mails = others.filter_map(|party| {
        let person = seat.people.iter().find(|person| person.user_id == party.user)?;
        Some(mailed(party.role, person))
    });
    page::html(&Page {
        shell: Shell::new(&app, &visit, "Sent").at(Place::Escrows),
        path: seat.path(),
        reference: seat.escrow.reference.clone(),
        title: seat.escrow.terms.title.clone(),
        mails: mails.collect(),
        next: next_view(&seat),
    })
}
